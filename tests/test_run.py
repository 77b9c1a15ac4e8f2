"""A whole run by its command: the same bytes in any process and with any workers; a folder that is whole or absent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import scenario

import scenarios.run
from exchange.clock import ns
from exchange.units import NS_PER_DAY, NS_PER_MINUTE
from scenarios.ensemble import Job, run_jobs
from scenarios.results import read_run
from scenarios.run import run as run_scenario
from scenarios.run_text import structural_tables

pytestmark = pytest.mark.xdist_group("run")  # its fixtures are long: one worker makes them once

ROOT = Path(__file__).parents[1]
SMALL = {
    "period.first_trading_day": "2024-11-05",  # a Tuesday: its flow is shorter than that of a Monday
    "period.trading_days": 1,
    "period.slow_end": "2025-01-10",
    "traders.curve.sc_active_months": 1,  # a third of the work
    "measurement.replications": 2,
    "measurement.origin_samples": 2,
    "measurement.origin_horizon_trading_days": 1,
    "measurement.pass_through_samples": 2,
}


def yangshan(*arguments: str, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "scenarios", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": path} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def sets(figures: dict) -> list[str]:
    return [word for key, value in figures.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[tuple[Path, str]]:
    """The same scenario and seed by one worker and by two, under two hash seeds: folders and what was printed."""
    found = []
    for jobs, hash_seed in (("1", "0"), ("2", "4711")):
        cwd = tmp_path_factory.mktemp(f"jobs{jobs}")
        process = yangshan(
            "run", "lng-outage", *sets(SMALL), "--seed", "5", "--jobs", jobs, "--out", "mine",
            cwd=cwd, PYTHONHASHSEED=hash_seed,
        )  # fmt: skip
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert "Traceback" not in err
        assert [path.name for path in cwd.iterdir()] == ["mine"]
        found.append((cwd / "mine", out))
    return found


def test_tables_and_summary_have_the_same_bytes_whatever_the_workers_and_the_hash_seed(folders):
    (one, _), (two, _) = folders
    names = sorted(path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(two).as_posix() for path in two.rglob("*") if path.is_file())
    assert sum(name.startswith("tables/") for name in names) >= 10
    for name in names:
        if name not in ("manifest.json", "report.html"):  # these tell the time that the run took
            assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_the_manifest_says_how_to_make_the_run_again(folders):
    (one, _), (two, _) = folders
    manifest, other = (json.loads((path / "manifest.json").read_text()) for path in (one, two))
    assert manifest["seed"] == 5
    assert manifest["scenario"] == "lng-outage"
    for key in ("scenario_digest", "state_hash", "streams", "replications"):
        assert manifest[key] == other[key]
    assert len(manifest["state_hash"]["base"]) == len(manifest["state_hash"]["changed"]) == 2
    assert manifest["state_hash"]["base"] != manifest["state_hash"]["changed"]
    assert {"news.china.sc", "flow.brent.maker", "crude.importer"} <= set(manifest["streams"])
    assert manifest["command"].startswith("yangshan run lng-outage")


def test_the_summary_has_intervals_and_the_headline_measures(folders):
    rows = json.loads((folders[0][0] / "summary.json").read_text())
    rows = rows["rows"] if isinstance(rows, dict) else rows
    by_name = {row["measure"]: row for row in rows}
    for name in (
        "origin_share.news.SC", "origin_share.flow.Brent", "pass_through.SC.Brent", "pass_through.Brent.SC",
        "premium.import_parity", "shpgx_lng.mean", "jkm.mean", "lng_stock.mean", "unserved_gas",
    ):  # fmt: skip
        base = by_name[name]["base"]
        assert base["low"] <= base["value"] <= base["high"], name
    effect = by_name["shpgx_lng.mean"]["effect"]
    assert effect["value"] > 0
    assert any(name.startswith("tank_use.") for name in by_name)


def test_the_command_prints_the_results_and_where_the_report_is(folders):
    for folder, out in folders:
        assert out.startswith("lng-outage: ") and "2024-11-05" in out
        assert "SHPGX LNG, mean" in out and "[" in out
        assert "Report:" in out and (folder / "report.html").stat().st_size > 10_000
        assert len(list((folder / "figures").glob("*.svg"))) >= 4


def test_two_runs_in_one_process_leave_the_same_bytes_and_another_seed_leaves_others(tmp_path):
    quiet = scenario("base", {"period.trading_days": 0, "period.slow_end": date(2024, 11, 20)})
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run_scenario(quiet, seed=seed, replications=2, out=tmp_path / name)
    summaries = [(tmp_path / name / "summary.json").read_bytes() for name in "abc"]
    assert summaries[0] == summaries[1] != summaries[2]


def test_a_run_that_fails_leaves_no_folder(tmp_path, monkeypatch):
    def fails(**arguments):
        raise RuntimeError("a world that fails")

    monkeypatch.setattr(scenarios.run, "replicate", fails)
    quiet = scenario("base", {"period.trading_days": 0})
    with pytest.raises(RuntimeError, match="a world that fails"):
        run_scenario(quiet, out=tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_leaves_no_folder(stop, tmp_path):
    process = yangshan("run", "base", "--jobs", "1", "--out", "mine", cwd=tmp_path)
    for _ in range(600):
        if any(tmp_path.iterdir()):
            break
        time.sleep(0.1)
    time.sleep(0.5)
    process.send_signal(stop)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), err  # a shell shows 130 for both
    assert err == "Interrupted; nothing was left behind.\n"
    assert list(tmp_path.iterdir()) == []


def test_brent_starts_from_and_ends_at_the_prices_of_the_user(tmp_path):
    days = [date(2024, 8, 1) + timedelta(k) for k in range(153)]
    given = {day: 90.0 + day.toordinal() % 5 for day in days if day.weekday() < 5}
    rows = [f"{day},{value}" for day, value in given.items()]
    (tmp_path / "my.csv").write_text("\n".join(["date,brent_usd_per_bbl", *rows]) + "\n", encoding="utf-8")
    figures = SMALL | {
        "period.trading_days": 4, "measurement.origin_samples": 0, "measurement.pass_through_samples": 0,
        "measurement.replications": 1,
    }  # fmt: skip
    process = yangshan(
        "run", "base", *sets(figures), "--prices", "my.csv", "--jobs", "1", "--out", "mine", cwd=tmp_path
    )
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    quotes = pd.read_parquet(tmp_path / "mine" / "tables" / "quotes.parquet")
    brent = quotes[quotes["venue"] == "Brent"].set_index("at_ns")["mid"]
    assert brent.iloc[0] == pytest.approx(given[date(2024, 11, 4)], rel=0.01)
    for day in (date(2024, 11, 5), date(2024, 11, 6), date(2024, 11, 7)):
        settles_ns = ns(day) + NS_PER_DAY + 210 * NS_PER_MINUTE
        assert brent[brent.index >= settles_ns].iloc[0] == pytest.approx(given[day], rel=0.015)
    assert "user_prices_brent_usd_per_bbl" in (tmp_path / "mine" / "scenario.toml").read_text()


def fake_world(*, sample, draws, **told):
    """Stand in for origin.outcome: a price to which the groups add, SC's news a quarter of the variance."""
    rng = np.random.default_rng(sample)
    normal = rng.standard_normal((2, 6))
    weights = np.array([1.0, 0.5, 1.5, 0.5, 0.0, 0.5])
    return [float(4.2 + 0.01 * weights @ normal[list(draws), range(6)])] * told["horizon_days"]


def test_samples_are_added_until_the_shares_of_sc_are_as_narrow_as_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("scenarios.structural.origin.outcome", fake_world)
    short = scenario("base", SMALL | {"measurement.pass_through_samples": 0, "measurement.origin_samples": 4})
    said: list[str] = []
    path, rows = run_scenario(short, replications=1, out=tmp_path / "a", precision=0.08, say=said.append)
    row = next(row for row in rows if row.measure == "origin_share.SC")
    assert 0.04 < (row.base.high - row.base.low) / 2 <= 0.08
    samples = json.loads((path / "manifest.json").read_text())["origin_samples"]
    assert row.base.n == samples > 4 and row.base.value == pytest.approx(1.25 / 4.0, abs=0.1)
    assert said[0].startswith("About") and "until SC's origin shares are known to 0.08" in said[0]
    assert "more minutes" in said[1] and said[-1].endswith("as asked.")
    _, coarse = run_scenario(short, replications=1, out=tmp_path / "b", say=said.append)
    assert next(row for row in coarse if row.measure == "origin_share.SC").base.n == 4


def test_the_full_profile_asks_for_narrow_intervals_and_says_how_long_that_takes(tmp_path, monkeypatch):
    monkeypatch.setattr("scenarios.structural.origin.outcome", fake_world)
    monkeypatch.setattr(scenarios.run, "_MOST_SAMPLES", 40)
    short = scenario("base", SMALL | {"measurement.pass_through_samples": 0, "measurement.replications": 1})
    said: list[str] = []
    path, _ = run_scenario(short, out=tmp_path / "a", full=True, say=said.append)
    assert "until SC's origin shares are known to 0.02" in said[0]
    assert said[-1].endswith("after 40 samples: at the most samples, not the 0.02 asked for.")
    manifest = json.loads((path / "manifest.json").read_text())
    assert (manifest["origin_samples"], manifest["replications"]) == (40, 4)


def test_arms_part_at_the_moment_that_is_asked_for(tmp_path):
    figures = SMALL | {"measurement.origin_samples": 0, "measurement.pass_through_samples": 0}
    told = ["run", "night-session-off", *sets(figures), "--jobs", "1", "--out", "mine"]
    process = yangshan(*told, "--fork-at", "2024-11-06", cwd=tmp_path)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2 and "night_session_suspension strikes at 2024-11-04T20:00" in err
    process = yangshan(*told, "--fork-at", "2024-11-04T18:00", cwd=tmp_path)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    responses = pd.read_parquet(tmp_path / "mine" / "tables" / "impulse_response.parquet")
    sc = responses[(responses["series"] == "SC") & (responses["setter"] == "")]
    assert sc["horizon"].min() > 180  # from 21:00 on only one arm's SC trades
    assert (tmp_path / "mine" / "figures" / "impulse.svg").stat().st_size > 1000
    process = yangshan("run", "base", "--fork-at", "2024-11-06", cwd=tmp_path)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2 and "base has no shocks or levers" in err


def test_what_a_run_knows_itself_is_printed_beside_the_estimates(folders):
    tables = structural_tables(read_run(folders[0][0]))
    origin = tables["Origin shares, change over 1 day"]
    assert list(origin.columns) == ["first order", "total", "Shapley"] and len(origin) == 6
    pushed = tables["Pass-through of news, bps by time since it began"]
    assert list(pushed.index[:3]) == ["at SC, moves SC", "at SC, moves Oman", "at SC, moves Brent"]
    assert pushed.columns[0] == "1 min" and pushed.shape == (9, 5)
    assert {"Whose orders set it", "Adoption and terms"} <= set(tables)
    assert tables["Adoption and terms"].loc["adoption: crude imports priced on SC", "base"] == "0"


def test_results_of_jobs_come_by_key_whatever_their_weight_and_number_of_workers():
    jobs = [Job((k,), divmod_of, {"a": k, "b": 3}, weight=w) for k, w in ((7, 1.0), (3, 9.0), (5, 4.0))]
    moved: list[tuple[float, float]] = []
    one = run_jobs(jobs, 1, lambda done, total: moved.append((done, total)))
    assert one == {(7,): (2, 1), (3,): (1, 0), (5,): (1, 2)}
    assert list(one) == [(7,), (3,), (5,)]
    assert moved == [(0.0, 14.0), (9.0, 14.0), (13.0, 14.0), (14.0, 14.0)]
    with pytest.raises(ValueError, match="share a key"):
        run_jobs([jobs[0], jobs[0]], 1)


def divmod_of(a: int, b: int) -> tuple[int, int]:
    """Divide; a public function of plain arguments, as a job must be."""
    return divmod(a, b)
