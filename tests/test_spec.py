"""Bad input on the command line: one clear message for each problem, with its file and line; code 2 and nothing run."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from worlds import library, scenario

from scenarios.cli import main
from scenarios.spec import load_scenario
from scenarios.tomlfile import BadInput

EVENT = """
[[shocks]]
kind = "lng_supply_outage"
start_day = 4
supplier = "qatar"
lost_share = 1.0
duration_days = 42
restart_ramp_days = 21
source = "test"
"""

IN_BOTH = EVENT.replace("shocks", "conditions")

BAD = {
    "an unknown key": ("[crude.importer]\nmargin_cny_per_bl = 3.0\n", 3, ["unknown key", "margin_cny_per_bbl"]),
    "a wrong unit": ("[gas.terminals.yangshan]\ntank_bbl = 800_000\n", 3, ["wrong unit", "tank_m3"]),
    "an unknown key of an event": (EVENT.replace("lost_share", "lost_cargo"), 7, ["unknown key"]),
    "a date outside the calendar": ("[period]\nslow_end = 2031-01-03\n", 3, ["calendar", "2026-12-31"]),
    "a negative capacity": ("[gas.terminals.yangshan]\ntank_m3 = -1\n", 3, ["tank_m3", "-1"]),
    "a negative start day": (EVENT.replace("start_day = 4", "start_day = -1"), 5, ["start_day", "0 or more"]),
    "an unknown supplier": (EVENT.replace("qatar", "quatar"), 6, ["quatar", "qatar"]),
    "an unknown supplier in both arms": (IN_BOTH.replace("qatar", "quatar"), 6, ["conditions[0]", "quatar", "qatar"]),
    "a condition after the end": (IN_BOTH.replace("start_day = 4", "start_day = 400"), 5, ["conditions[0].start_day"]),
    "an unknown key of a condition": (IN_BOTH.replace("lost_share", "lost_cargo"), 7, ["conditions[0]", "unknown key"]),
    "an unknown kind": (EVENT.replace("lng_supply_outage", "lng_outage"), 4, ["lng_outage"]),
    "a start after the end": (EVENT.replace("start_day = 4", "start_day = 400"), 5, ["start_day", "400"]),
    "text for a number": ('[traders.news]\nvolatility_annual = "high"\n', 3, ["volatility_annual", "number"]),
    "more days than the slow world has": ("[period]\ntrading_days = 500\n", 3, ["trading_days", "500"]),
    "an SC that does not exist yet": (
        "[period]\nslow_start = 2017-01-03\nfirst_trading_day = 2017-06-01\n", 4, ["2018-03-26"],
    ),
    "days in the wrong order": ("[period]\nslow_start = 2024-12-01\n", None, ["slow_start < first_trading_day"]),
    "shares of more than one": ("[traders.news]\nchina_share = 0.9\n", None, ["china_share + gulf_share"]),
    "text that is no TOML": ("[period\n", 2, []),
    "an unknown parent": ('extends = "bse"\n', None, ["bse"]),
}  # fmt: skip


def refused(arguments: list[str], capsys) -> list[str]:
    """Run the command line, which must refuse with code 2 and without a traceback; return the lines of its message."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr()
    assert stopped.value.code == 2, said
    assert "Traceback" not in said.err + said.out
    return said.err.strip().splitlines()


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_with_its_file_and_line_and_leaves_nothing(
    what, verb, tmp_path, monkeypatch, capsys
):
    text, line, words = BAD[what]
    parent = "" if text.startswith("extends") else 'extends = "base"\n'
    (tmp_path / "my.toml").write_text(parent + text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    lines = refused([verb, "my.toml"], capsys)
    assert lines[-1] == "1 problem; nothing was run.", lines
    assert len(lines) == 2
    assert lines[0].startswith("my.toml:" if line is None else f"my.toml:{line}:"), lines
    assert all(word in lines[0] for word in words), lines
    assert [path.name for path in tmp_path.iterdir()] == ["my.toml"]


def test_all_problems_are_told_at_once(tmp_path, monkeypatch, capsys):
    text = 'extends = "base"\n' + EVENT.replace("qatar", "qtar").replace("restart_ramp", "ramp")
    text += "\n[gas.terminals.yangshan]\ntank_m3 = -1\n"
    (tmp_path / "my.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    lines = refused(["check", "my.toml"], capsys)
    assert lines[-1].startswith("2 problems")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no-such-file.toml"], ["no-such-file.toml"]),
        (["run", "lng-outge"], ["lng-outge", "lng-outage"]),
        (["run", "base", "--set", "period.trading_day=3"], ["--set", "trading_days"]),
        (["run", "base", "--set", "period.trading_days=-3"], ["--set", "-3"]),
        (["run", "base", "--set", "period"], ["--set"]),
        (["run", "base", "--prices", "none.csv"], ["none.csv", "no such file"]),
    ],
)
def test_bad_arguments_are_refused(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = refused(arguments, capsys)
    assert all(word in lines[0] for word in words), lines
    assert list(tmp_path.iterdir()) == []


def days(first: date = date(2024, 8, 1), last: date = date(2024, 12, 31)) -> list[date]:
    """Return the weekdays of a user's file."""
    return [
        first + timedelta(k) for k in range((last - first).days + 1) if (first + timedelta(k)).weekday() < 5
    ]


def csv_text(rows: list[str]) -> str:
    return "\n".join(["date,brent_usd_per_bbl", *rows]) + "\n"


GOOD_ROWS = [f"{day},{80 + k % 7}" for k, day in enumerate(days())]
BAD_CSV = {
    "an empty file": ("", None, ["empty"]),
    "no dates": ("day,brent_usd_per_bbl\n1,2\n", 1, ["date"]),
    "text for a price": (csv_text([*GOOD_ROWS[:3], "2024-08-06,abc", *GOOD_ROWS[4:]]), 5, ["abc"]),
    "a price below zero": (csv_text([*GOOD_ROWS[:3], "2024-08-06,-3", *GOOD_ROWS[4:]]), 5, ["-3"]),
    "a day twice": (csv_text([*GOOD_ROWS[:3], GOOD_ROWS[2], *GOOD_ROWS[3:]]), 5, ["2024-08-05"]),
    "days in no order": (csv_text([*GOOD_ROWS[:2], "2024-07-30,80", *GOOD_ROWS[2:]]), 4, ["ascend"]),
    "a row too short": (csv_text([*GOOD_ROWS[:3], "2024-08-06", *GOOD_ROWS[4:]]), 5, ["1 cells"]),
    "too short a series": (csv_text(GOOD_ROWS[:20]), None, ["too short"]),
    "bytes that are no text": (b"\xff\xfe\x00\x81", None, ["cannot be read"]),
}


@pytest.mark.parametrize("what", BAD_CSV)
def test_a_bad_price_file_is_refused_with_its_line(what, tmp_path, monkeypatch, capsys):
    text, line, words = BAD_CSV[what]
    (tmp_path / "my.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.chdir(tmp_path)
    lines = refused(["run", "base", "--prices", "my.csv"], capsys)
    assert lines[0].startswith("my.csv:" if line is None else f"my.csv:{line}:"), lines
    assert all(word in lines[0] for word in words), lines
    assert [path.name for path in tmp_path.iterdir()] == ["my.csv"]


def test_a_folder_that_exists_is_not_written_over(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    lines = refused(["run", "base", "--out", str(tmp_path / "mine")], capsys)
    assert "exists already" in lines[0]


def test_a_scenario_knows_whether_it_touches_crude():
    touching = {
        name: library(name).scenario.touches_crude for name in ("lng-outage", "night-session-off", "base")
    }
    assert touching == {"lng-outage": False, "night-session-off": True, "base": False}


def test_conditions_happen_in_both_arms_and_are_no_change(tmp_path):
    file = tmp_path / "my.toml"
    lever = '[[levers]]\nkind = "pipeline_edge"\nstart_day = 0\nedge = "chongming_wuhaogou"\n'
    file.write_text(f'extends = "base"\n{IN_BOTH}\n{lever}capacity_m3_per_day = 1\nsource = "test"\n')
    loaded = load_scenario(file)
    base, changed = (loaded.scenario.happenings(changed=arm) for arm in (False, True))
    assert [event.kind for event in base] == ["lng_supply_outage"]
    assert [event.kind for event in changed] == ["lng_supply_outage", "pipeline_edge"]
    assert [event.kind for event in loaded.scenario.events] == ["pipeline_edge"]
    assert any(line.startswith("in both arms: lng_supply_outage") for line in loaded.describe())


def test_a_figure_set_by_a_test_is_checked_as_in_a_file():
    with pytest.raises(ValueError, match="china_share"):
        scenario("base", {"traders.news.china_share": 1.5})
    with pytest.raises(KeyError, match="volatilty"):
        scenario("base", {"traders.news.volatilty": 0.3})


def test_values_set_on_the_command_line_win_over_the_file_and_stand_in_the_resolved_text():
    loaded = load_scenario("base", ["measurement.clock_seconds=5", "traders.sc.anchored_share=0.02"])
    assert loaded.scenario.measurement.clock_seconds == 5
    assert loaded.values["traders"]["sc"]["anchored_share"] == 0.02
    with pytest.raises(BadInput):
        load_scenario("base", ["measurement.clock_seconds=zero"])


def test_prices_of_a_user_are_kept_by_date(tmp_path):
    file = tmp_path / "my.csv"
    file.write_text(csv_text(GOOD_ROWS))
    loaded = load_scenario("base", prices=file)
    assert [f"{day},{value:.0f}" for day, value in loaded.prices.items()] == GOOD_ROWS
    assert all(a < b for (a, _), (b, _) in itertools.pairwise(loaded.prices.items()))
