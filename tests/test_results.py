from __future__ import annotations

import functools
import json
import re
import signal
import subprocess
import sys
import tomllib
import types
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scenarios import cli
from scenarios.report import estimate_text, render
from scenarios.results import (
    COLUMNS,
    Column,
    Estimate,
    Row,
    RunFolder,
    digest,
    interval,
    next_folder,
    paired,
    read_run,
    software,
)
from scenarios.tomlfile import BadInput, load

ROWS = [
    Row(
        "Crude", "premium", "SC over parity", "USD/bbl", Estimate(1 / 3, 0.1, 0.5, 8, "USD/bbl"), note="mean"
    ),
    Row("Gas", "shpgx", "SHPGX LNG", "CNY/t", Estimate(4600.0, None, None, 1, "CNY/t")),
]
FRAME = pd.DataFrame(
    {"arm": ["base", "base"], "replication": [0, 1], "day": pd.to_datetime(["2024-11-04"] * 2)}
)


def write(path, rows=ROWS, frame=FRAME):
    with RunFolder(path) as folder:
        folder.write_scenario({"name": "toy", "shocks": [{"start_day": 1}]})
        folder.write_table("tanks", frame.assign(stock_bbl=[1.5, np.nan]))
        folder.write_summary(rows)
        folder.write_report("<p>")
        folder.write_manifest(seed=1, wall_s=np.float64(1.25))
    return path


def test_an_interval_is_students():
    values = [1.0, 2.0, 4.0, 8.0]
    found = interval(values, "bps", 0.9)
    expected = stats.t.interval(0.9, 3, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected) and found.n == 4 and found.unit == "bps"


def test_an_interval_of_one_value_is_none_and_of_none_an_error():
    assert interval([3.0], "bps") == Estimate(3.0, None, None, 1, "bps")
    with pytest.raises(ValueError, match="at least one"):
        interval([], "bps")


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    found = [interval(rng.standard_normal(5).tolist(), "") for _ in range(2000)]
    assert np.mean([e.low <= 0 <= e.high for e in found]) == pytest.approx(0.95, abs=0.015)


def test_pairs_cancel_what_they_share():
    shared = np.random.default_rng(1).standard_normal(20) * 100
    effect = paired(shared.tolist(), (shared + 1).tolist(), "bps")
    assert effect.value == pytest.approx(1) and effect.high - effect.low < 1e-9
    with pytest.raises(ValueError):
        paired([1.0], [1.0, 2.0], "bps")


def test_a_run_is_read_back(tmp_path):
    run = read_run(write(tmp_path / "runs" / "toy"))
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["toy"]
    assert tomllib.loads((run.path / "scenario.toml").read_text())["shocks"] == [{"start_day": 1}]
    assert (
        run.manifest["seed"] == 1
        and run.manifest["wall_s"] == 1.25
        and run.manifest["versions"] == software()
    )
    assert "numpy" in run.manifest["versions"]
    assert run.rows[0].base.value == 0.3333333333 and run.rows[1].base.low is None
    assert run.summary.loc[0, "base_high"] == 0.5 and np.isnan(run.summary.loc[0, "effect"])
    assert run.tables == ["tanks"] and run.table("tanks")["stock_bbl"].iloc[0] == 1.5
    assert run.columns("tanks")["stock_bbl"] == COLUMNS["stock_bbl"]
    with pytest.raises(BadInput, match="no table 'gas' among tanks"):
        run.table("gas")


def test_equal_results_give_equal_bytes(tmp_path):
    one, two = write(tmp_path / "one"), write(tmp_path / "two", frame=FRAME.set_index([[7, 9]]))
    for name in ("summary.json", "tables/tanks.parquet", "scenario.toml"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_a_summary_has_ten_digits_sorted_keys_and_no_nan(tmp_path):
    row = Row("a", "b", "c", "bps", Estimate(float("nan"), 1e-17, 123456.7890123, 2, "bps"))
    text = (write(tmp_path / "run", [row]) / "summary.json").read_text()
    base = json.loads(text)["rows"][0]["base"]
    assert list(base) == sorted(base)
    assert base["value"] is None and base["low"] == 1e-17 and base["high"] == 123456.789


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_interrupted_run_leaves_nothing(tmp_path, error):
    def interrupted() -> None:
        with RunFolder(tmp_path / "run") as folder:
            folder.write_scenario({})
            assert not (tmp_path / "run").exists(), "nothing that looks finished"
            raise error

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_overwritten(tmp_path):
    write(tmp_path / "run")
    with pytest.raises(BadInput, match="exists already"):
        write(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be made"):
        write(tmp_path / "file" / "run")
    assert next_folder(tmp_path, "run") == tmp_path / "run-1"
    write(tmp_path / "run-1")
    assert next_folder(tmp_path, "run") == tmp_path / "run-2"


def test_every_column_is_documented(tmp_path):
    with pytest.raises(KeyError, match="no documentation of odd"), RunFolder(tmp_path / "run") as folder:
        folder.write_table("days", pd.DataFrame({"odd": [1]}))
    with RunFolder(tmp_path / "run") as folder:
        folder.write_table("days", pd.DataFrame({"odd": [1]}), {"odd": Column("lots", "an odd lot")})


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(BadInput, match="no finished run"):
        read_run(tmp_path)


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def scenario_run(folder, loaded, seed, replications, jobs, out, progress, **told):
    """Stand in for scenarios.run.run: a run that writes a small folder, or stops as the seed says."""
    with RunFolder(out) as run:
        progress(1, 2)
        if seed == 130:
            raise KeyboardInterrupt
        if seed == 99:
            raise RuntimeError("a defect")
        run.write_summary(ROWS)
        run.write_manifest(seed=seed, replications=replications, jobs=jobs, rates={"messages_per_s": 3.1e6})
    return run.path, ROWS


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    """Run the command line on a toy scenario model in an empty folder; give its code, output and errors."""
    spec, run = types.ModuleType("scenarios.spec"), types.ModuleType("scenarios.run")
    spec.load_scenario = lambda name, sets, prices, counterfactual=None: types.SimpleNamespace(
        name=load(name, sets).values["name"],
        describe=lambda: [f"Scenario {name}"],
        scenario=types.SimpleNamespace(counterfactuals={}),
    )
    run.run = functools.partial(scenario_run, tmp_path)
    monkeypatch.setitem(sys.modules, "scenarios.spec", spec)
    monkeypatch.setitem(sys.modules, "scenarios.run", run)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text('name = "toy"\n')

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main(arguments)
        return exit_.value.code or 0, *capsys.readouterr()

    return call


def test_a_run_prints_its_results_and_where_the_report_is(shell, tmp_path):
    code, out, _ = shell("run", "my.toml", "--replications", "3", "--jobs", "1")
    assert code == 0
    assert "Seed 1; writing runs" in out and "SC over parity" in out and "0.33 [0.10, 0.50]" in out
    assert "messages per s: 3.1e+06" in out and "runs/toy-1/report.html" in out
    assert json.loads((tmp_path / "runs" / "toy-1" / "manifest.json").read_text())["replications"] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "none.toml"], 2, "none.toml: no such file\n1 problem; nothing was run.\n"),
        (["check", "my.toml", "--set", "name"], 2, "must be key.path=value"),
        (["run", "my.toml", "--out", "."], 2, "exists already"),
        (["run", "my.toml", "--seed", "130"], 130, "Interrupted; nothing was left behind.\n"),
        (["run", "my.toml", "--jobs", "0"], 2, "--jobs"),
        (["ruin"], 2, "ruin"),
    ],
)
def test_exit_codes(shell, tmp_path, arguments, code, said):
    found, _, errors = shell(*arguments)
    assert found == code and said in errors and "Traceback" not in errors
    assert not list((tmp_path / "runs").glob("*")), "no folder is left"


def test_a_defect_is_no_bad_input(shell, tmp_path):
    with pytest.raises(RuntimeError, match="a defect"):
        cli.main(["run", "my.toml", "--seed", "99"])
    assert not list((tmp_path / "runs").glob("*"))


def test_check_and_show(shell):
    assert shell("check", "my.toml") == (0, "my.toml: no problems\n", "")
    assert shell("show", "my.toml", "--set", "name=new")[1] == 'name = "new"\n'
    assert shell("show", "my.toml", "--as-written")[1] == 'name = "toy"\n'


def test_help_is_fast():
    def seconds() -> float:
        start = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-m", "scenarios", "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "bench" in done.stdout
        end = getrusage(RUSAGE_CHILDREN)  # processor time: others may be busy on the machine
        return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime

    code = (
        "import sys, scenarios.cli; print([m for m in ('numpy', 'pandas', 'pydantic') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
    assert min(seconds() for _ in range(5)) < 0.3


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.12345, 0.1, 0.15, 8, ""), "0.123 [0.100, 0.150]"),
        (Estimate(4612.3, 4500.0, 4690.0, 8, ""), "4,612 [4,500, 4,690]"),
        (Estimate(117_654.3, 98_123.4, 137_456.7, 8, ""), "118,000 [98,000, 137,000]"),
        (Estimate(-0.00004, -0.0009, 0.0007, 8, ""), "0.000 [-0.001, 0.001]"),
        (Estimate(0.0, 0.0, 0.0, 8, ""), "0"),
        (Estimate(4612.3, None, None, 1, ""), "4,612"),
        (None, ""),
    ],
)
def test_an_estimate_is_written_to_two_digits_of_its_half_width(estimate, text):
    assert estimate_text(estimate) == text


def test_a_report_needs_nothing_beside_itself():
    svg = '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg id="x"></svg>'
    html = render("toy & co", ROWS, {"gas": svg}, {"seed": 7, "versions": {"numpy": "2"}}, 'name = "<toy>"')
    assert "toy &amp; co" in html and '<svg id="x">' in html and "<?xml" not in html and "&lt;toy&gt;" in html
    assert "0.33 [0.10, 0.50]" in html and "--seed 7" in html and ">effect<" not in html
    assert not re.findall(r'(?:src|href)="', html)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_run_and_leaves_nothing(tmp_path, sent):
    code = """
import sys, time, types
from scenarios import cli
from scenarios.results import RunFolder

def run(loaded, *, out, **_):
    with RunFolder(out) as folder:
        folder.write_scenario({})
        print("started", flush=True)
        time.sleep(60)

spec = types.SimpleNamespace(load_scenario=lambda *_: types.SimpleNamespace(name="toy", describe=list))
sys.modules |= {"scenarios.spec": spec, "scenarios.run": types.SimpleNamespace(run=run)}
cli.main(["run", "toy"])
"""
    pipe = subprocess.PIPE
    command = [sys.executable, "-u", "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as process:
        while "started" not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        assert [path.name[:8] for path in (tmp_path / "runs").iterdir()] == [".toy-1.p"]
        process.send_signal(sent)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and errors == "Interrupted; nothing was left behind.\n"
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_page_over_several_runs_draws_each_scenario_once(tmp_path, capsys):
    def row(measure, value):
        told = Estimate(value, value - 0.1, value + 0.1, 4, "share")
        return Row("Who sets the price", measure, f"label of {measure}", "share", told, told, told)

    for name, value in (("quiet", 0.2), ("loud", 0.4)):
        with RunFolder(tmp_path / name) as folder:
            folder.write_summary([row("origin_share.SC", value), row("terms.crude", value)])
            folder.write_manifest(scenario=name, seed=1)
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as stop:
        cli.main(["report", str(tmp_path / "quiet"), str(tmp_path / "loud"), "--out", str(page)])
    assert stop.value.code == 0
    html = page.read_text()
    assert html.count("<svg") == 1 and "label of terms.crude" in html and "0.40 [0.30, 0.50]" in html
    assert f"Report: {page}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        cli.main(["report", str(tmp_path / "quiet"), "--out", str(page)])
    assert stop.value.code == 2 and page.read_text() == html
