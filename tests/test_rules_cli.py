"""The verbs rules show, rules diff and explain: what they print, and what they say of bad input."""

import json
import subprocess
import sys

import pytest

from scenarios.cli import main


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(words)
    printed = capsys.readouterr()
    return left.value.code or 0, printed.out, printed.err


def test_show_prints_value_day_source_and_confidence(capsys):
    code, out, _ = run(capsys, "rules", "show", "sc", "--date", "2026-03-11")
    line = next(line for line in out.splitlines() if line.startswith("price_limit_percent "))
    assert code == 0 and out.startswith("SC on 2026-03-11")
    assert line.split()[:4] == ["price_limit_percent", "20", "2026-03-11", "high"] and "2026/31" in line
    for section in ("contract", "trading", "risk", "fees and delivery", "access"):
        assert any(line.strip() == section for line in out.splitlines())
    assert "No later circular is at hand" in out
    assert "\x1b" not in out


def test_show_keeps_to_names_with_a_text(capsys):
    code, out, _ = run(capsys, "rules", "show", "lu", "--date", "2024-11-04", "--only", "margin_spec")
    assert code == 0 and [line.split()[0] for line in out.splitlines()[1:]] == [
        "rule",
        "risk",
        "margin_spec_percent",
    ]
    code, _, err = run(
        capsys, "rules", "show", "lu", "--date", "2024-11-04", "--only", "price_limits_percent"
    )
    assert code == 2 and "--only price_limits_percent: unknown. Did you mean 'price_limit_percent'" in err


def test_show_as_json(capsys):
    code, out, _ = run(capsys, "rules", "show", "sc", "--date", "2024-11-04", "--json")
    told = json.loads(out)
    rules = {rule["key"]: rule for rule in told["rules"]}
    assert code == 0 and told["date"] == "2024-11-04"
    assert (
        rules["margin_spec_percent"]["value"] == 9 and rules["margin_spec_percent"]["since"] == "2024-10-09"
    )
    assert rules["deliverable_grades.oman"]["value"]["min_api"] == 30
    assert rules["price_rule"]["value"] == "median" and rules["lot_tonnes"]["value"] is None
    assert rules["sessions"]["value"]["parts"][0]["hours"] == ["21:00-02:30"]
    assert rules["tas_hours"]["value"][0] == "20:55-02:30"
    assert told["notes"][0]["text"]


def test_observed_prints_figures_with_their_day_and_source(capsys):
    code, out, _ = run(capsys, "rules", "observed", "sc")
    line = next(line for line in out.splitlines() if line.startswith("2018-03-26") and "volume_lots" in line)
    assert code == 0 and "40,656" in line and "pemedianetwork" in line
    told = json.loads(run(capsys, "rules", "observed", "lu", "--json")[1])
    assert told["observed"][1]["values"] == {"mean_volume_lots": 127_000, "mean_open_interest_lots": 106_000}
    assert "no observed figure" in run(capsys, "rules", "observed", "oman")[1]


@pytest.mark.parametrize("product", ["sc", "lu", "oman", "brent", "lng"])
def test_show_knows_every_product(capsys, product):
    assert run(capsys, "rules", "show", product, "--date", "2024-11-04")[0] == 0


def test_diff_prints_day_values_and_source(capsys):
    code, out, _ = run(capsys, "rules", "diff", "sc", "2026-03-09", "2026-03-30")
    lines = [line.split() for line in out.splitlines()]
    assert code == 0 and lines[0] == ["SC", "from", "2026-03-09", "to", "2026-03-30"]
    assert ["2026-03-10", "opening_limit_lots_per_day", "3,200", "400", "high", "reportify.cn"] in [
        line[:6] for line in lines
    ]
    _, out, _ = run(capsys, "rules", "diff", "sc", "2026-04-01", "2026-05-01")
    assert out == "SC: no rule changed from 2026-04-01 to 2026-05-01\n"
    _, out, _ = run(capsys, "rules", "diff", "sc", "2026-03-09", "2026-03-10", "--json")
    assert [change["after"] for change in json.loads(out)["changes"]] == ["22", "21", "400"]


def test_explain_names_rule_day_and_source(capsys):
    code, out, _ = run(capsys, "explain", "opening-limit", "--date", "2026-03-10")
    assert code == 0 and out.startswith("opening_limit: the client would open more lots")
    assert (
        "opening_limit_lots_per_day = 400" in out
        and "since 2026-03-10; confidence high; source: reportify" in out
    )
    _, out, _ = run(capsys, "explain", "self_trade", "--date", "2026-03-10")
    assert "No dated rule is behind it." in out
    _, out, _ = run(capsys, "explain", "bad_price", "--date", "2024-11-04", "--json")
    assert json.loads(out)["rules"][0]["value"] == 7


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rules", "show", "brend"), "product 'brend': unknown. Did you mean 'brent'?"),
        (("rules", "show", "xyz"), "product 'xyz': unknown. Known: "),
        (
            ("rules", "show", "sc", "--date", "2024-13-01"),
            "--date 2024-13-01: must be a date such as 2024-11-04",
        ),
        (("rules", "show", "sc", "--date", "2017-01-01"), "--date 2017-01-01: must be 2018-03-26 or later"),
        (
            ("rules", "diff", "sc", "2020-01-02", "yesterday"),
            "TO yesterday: must be a date such as 2024-11-04",
        ),
        (
            ("rules", "diff", "sc", "2020-01-02", "2020-01-02"),
            "FROM 2020-01-02: must be before TO 2020-01-02",
        ),
        (("explain", "bad_prize"), "rule 'bad_prize': unknown. Did you mean 'bad_price'?"),
        (("explain", "bad_price", "--product", "scc"), "product 'scc': unknown. Did you mean 'sc'?"),
    ],
)
def test_bad_input_says_what_is_allowed_and_exits_with_2(capsys, words, message):
    code, out, err = run(capsys, *words)
    assert code == 2 and out == "" and err.startswith(message) and "1 problem; nothing was run." in err


def test_the_verbs_load_nothing_before_they_are_called():
    heavy = "[name for name in ('pydantic', 'numpy', 'rich.table') if name in sys.modules]"
    check = f"import sys, scenarios.cli.rules; print({heavy})"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
