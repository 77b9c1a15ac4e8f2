"""Sweeps: what a grid may say, the same bytes however it is run or interrupted, and what each point measures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from scenarios import sweep as module
from scenarios.grid import Axis, read_axis, read_grid
from scenarios.results import read_run
from scenarios.structural import origin
from scenarios.sweep import sweep
from scenarios.sweep_folder import next_sweep
from scenarios.tomlfile import BadInput

ROOT = Path(__file__).parents[1]
NEWS, FOLLOWS = "traders.news.china_share", "traders.cross_learning.brent_follows_sc"
NOTHING = "measurement.programme_lots_sc"
"""A key that moves nothing of what a sweep measures."""

SMALL = {"samples": 0, "replications": 1, "days": 1}


def problems(*grid: str, name: str = "base", sets: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_grid(name, grid, sets)
    return caught.value.messages


# The grid


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("k=1,2.5,3", (1, 2.5, 3)),
        ("k=0:1:5", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("k=0.1:0.3:3", (0.1, 0.2, 0.3)),
        ("k=10:40:4", (10, 20, 30, 40)),
        ("k = 1e-3:3e-3:3", (0.001, 0.002, 0.003)),
        ("k=unit,estimate", ("unit", "estimate")),
        ('k="a,b",c', ('"a', 'b"', "c")),
        ('k="a,b","c"', ("a,b", "c")),
        ("k=2024-11-04,2024-11-05", (date(2024, 11, 4), date(2024, 11, 5))),
        ("k=true,false", (True, False)),
        ("k=[1,2],[3,4]", ([1, 2], [3, 4])),
        ("shocks[0].start_day=0:2:3", (0, 1, 2)),
    ],
)
def test_an_axis_is_values_or_a_range(text, values):
    axis = read_axis(text)
    assert axis.values == values
    assert [type(value) for value in axis.values] == [type(value) for value in values]
    assert axis.is_numeric == all(type(value) in (int, float) for value in values)


@pytest.mark.parametrize("text", ["k", "k=", "=1", "k=1,,2", "k=0:1:1", "k=0:1", "k=0:1:2.5", "k=1,2,1"])
def test_an_axis_that_is_none_is_refused(text):
    with pytest.raises(ValueError):
        read_axis(text)


def test_all_problems_of_all_points_come_at_once_and_name_the_flag():
    found = problems(f"{NEWS}=0.2,1.4", "traders.news.china_shar=0,1", "measurement.beta=unit,nope")
    assert len(found) == 3
    assert all(message.startswith("--grid") for message in found)
    assert any("Did you mean 'china_share'?" in message for message in found)
    (above,) = [message for message in found if "1.4" in message]
    assert "must be 1.0 or less" in above and "and 3 more points" in above


def test_a_problem_of_some_points_says_where():
    (found,) = problems(f"{NEWS}=0.2,0.9", "traders.news.gulf_share=0.0,0.15")
    assert found.endswith(f"(at {NEWS}=0.9, traders.news.gulf_share=0.15)")


def test_problems_of_the_grid_and_of_the_scenario_come_together():
    found = problems(f"{NEWS}=1:2", f"{NEWS}=0.1,0.2", f"{NEWS}=0.3", "gas.x=1", sets=("traders.nix=1",))
    text = "\n".join(found)
    for part in (
        "a range must be FROM:TO:COUNT",
        "given twice",
        "--grid gas.x: a sweep measures crude",
        "--set: traders.nix: unknown key",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("grid", "sets", "said"),
    [
        ((f"{NEWS}=0.1",), (f"{NEWS}=0.2",), "is given by --set too"),
        (("traders.news={}", f"{NEWS}=0.1"), (), "lies within traders.news"),
        ((f"{NEWS}=0:1:200", f"{FOLLOWS}=0:1:200"), (), "40,000 points"),
        ((), (), "is missing"),
    ],
)
def test_axes_that_clash_are_refused(grid, sets, said):
    assert any(said in message for message in problems(*grid, sets=sets))


def test_points_run_with_the_last_key_fastest_and_know_the_base():
    grid = read_grid("base", [f"{NEWS}=0.2,0.3", f"{FOLLOWS}=0,1"], ["traders.sc.noise_mean_lots=3.5"])
    assert [tuple(point.settings.values()) for point in grid.points] == [
        (0.2, 0),
        (0.2, 1),
        (0.3, 0),
        (0.3, 1),
    ]
    assert [point.loaded.scenario.traders.news.china_share for point in grid.points] == [0.2, 0.2, 0.3, 0.3]
    assert {point.loaded.scenario.traders.sc.noise_mean_lots for point in grid.points} == {3.5}
    assert grid.base_settings() == {NEWS: 0.25, FOLLOWS: 0.5}
    assert "first seen at SC" in grid.meanings()[NEWS]
    assert Axis(NEWS, ()).name == "china share"


# Runs, by the command and by the function


def command(*arguments: str, cwd: Path, hash_seed: str = "0") -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "scenarios", "sweep", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


TOLD = (
    "base", "--grid", f"{NEWS}=0.25", "--grid", f"{FOLLOWS}=0.5,1", "--set", "measurement.clock_seconds=30",
    "--set", "traders.curve.sc_active_months=1",
    "--set", "period.first_trading_day=2024-11-05", "--days", "1", "--samples", "2", "--replications", "1",
    "--seed", "5", "--out", "mine",
)  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, Path, str, str]:
    """A sweep by one worker in one go, and by two after an interrupt: folders, what was printed, what was said then."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("whole", "resumed"))
    process = command(*TOLD, "--jobs", "1", cwd=one)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    process = command(*TOLD, "--jobs", "2", cwd=two, hash_seed="4711")
    for _ in range(1200):
        if (two / "mine.partial" / "points" / "000.json").exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), said
    assert [path.name for path in two.iterdir()] == ["mine.partial"]
    process = command(*TOLD, "--jobs", "2", "--resume", cwd=two, hash_seed="4711")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return one / "mine", two / "mine", out, said


def test_the_same_bytes_by_any_number_of_jobs_and_when_resumed(folders):
    one, two, _, _ = folders
    names = sorted(path.relative_to(one).as_posix() for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(two).as_posix() for path in two.rglob("*") if path.is_file())
    assert {"tables/sweep.parquet", "tables/worlds.parquet", "summary.json", "points/001.json", "figures/map.svg",
            "figures/maps.svg", "report.html", "scenario.toml"} <= set(names)  # fmt: skip
    for name in names:
        if name not in ("manifest.json", "report.html"):  # these tell the commands and the time
            assert (one / name).read_bytes() == (two / name).read_bytes(), name
    assert [path.name for path in two.parent.iterdir()] == ["mine"]
    assert len(json.loads((two / "manifest.json").read_text())["sessions"]) == 2


def test_an_interrupt_says_how_to_go_on(folders):
    said = folders[3]
    assert "Interrupted; resume with\n  yangshan sweep base" in said
    assert said.rstrip().endswith("--resume") and "Traceback" not in said


def test_the_command_says_how_long_it_takes_and_prints_a_row_for_each_point(folders):
    out = folders[2]
    assert "2 points of 25 worlds, 50 in all; one takes " in out
    assert "0.25, 0.5" in out and "0.25, 1" in out
    assert "Figure: mine/figures/map.svg" in out and "Report: mine/report.html" in out


def test_the_table_documents_its_columns_and_holds_every_measure(folders):
    run = read_run(folders[0])
    table, columns = run.table("sweep"), run.columns("sweep")
    columns_of_values = ["value", "low", "high", "difference", "difference_low", "difference_high"]
    assert list(table.columns) == ["point", NEWS, FOLLOWS, "measure", "unit", *columns_of_values, "n", "note"]
    assert all(column.text for column in columns.values()) and "first seen at SC" in columns[NEWS].text
    assert set(table["measure"]) == set(module.measures())
    assert (table.groupby("point").size() == len(module.measures())).all()
    known = table.dropna(subset=["value", "low"])
    assert ((known["low"] <= known["value"]) & (known["value"] <= known["high"])).all()
    parts = table.pivot(index="point", columns="measure", values="value")
    whole = parts["origin_share.news.SC"] + parts["origin_share.flow.SC"]
    pd.testing.assert_series_equal(whole, parts["origin_share.SC"], check_names=False)
    absent = table[table["measure"] == "volatility.SC"]
    assert absent["value"].isna().all() and absent["note"].str.contains("two trading days").all()


def test_the_summary_reads_as_that_of_a_run(folders):
    rows = read_run(folders[0]).rows
    assert {f"origin_share.SC@{k}" for k in range(2)} <= {row.measure for row in rows}
    assert all(row.changed is None for row in rows), "base has no events"


def small(tmp_path: Path, name: str = "mine", grid: tuple[str, ...] = (f"{NEWS}=0.25,0.55,0.85",), **told):
    told = {**SMALL, "out": tmp_path / name, **told}
    return sweep(read_grid("base", grid), **told)


def test_points_share_all_random_numbers(tmp_path):
    """A key that moves nothing gives the same worlds at every point: so a difference is an effect."""
    _, table = small(tmp_path, grid=(f"{NOTHING}=5000,6000",), days=2)
    one, two = (table[table["point"] == k].drop(columns=["point", NOTHING]) for k in (0, 1))
    pd.testing.assert_frame_equal(one.reset_index(drop=True), two.reset_index(drop=True))
    assert one.set_index("measure")["value"]["volatility.SC"] > 0
    _, other = small(tmp_path, "other", (f"{NOTHING}=5000,6000",), days=2, seed=2)
    assert not other[other["point"] == 0]["value"].equals(one["value"])


def test_an_interrupted_sweep_keeps_its_points_and_runs_only_the_rest(tmp_path, monkeypatch):
    done: list[float] = []
    stops = [KeyboardInterrupt]
    measured = module.world_measures

    def interrupted(**arguments):
        if len(done) == 2 and stops:
            raise stops.pop()
        done.append(arguments["loaded"].scenario.traders.news.china_share)
        return measured(**arguments)

    monkeypatch.setattr(module, "world_measures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path)
    partial = tmp_path / "mine.partial"
    assert sorted(path.name for path in (partial / "points").iterdir()) == ["000.json", "001.json"]
    (partial / "points" / "001.json").write_text('{"point": 1, "fig')  # as if torn by another hand
    (partial / "points" / "002.json.writing-1").write_text("{")
    done.clear()
    told: list[str] = []
    folder, _ = small(tmp_path, resume=True, tell=told.append)
    assert done == [0.55, 0.85]
    assert not partial.exists() and not list(folder.rglob("*writing*"))
    assert "2 points of 1 worlds" in "\n".join(told)


@pytest.fixture
def begun(tmp_path, monkeypatch) -> Path:
    """A sweep that was interrupted before its first point."""

    def stop(**arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "world_measures", stop)
        with pytest.raises(KeyboardInterrupt):
            small(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 2}, "seed: was 1, now 2"),
        ({"replications": 3}, "replications: was 1, now 3"),
        ({"samples": 4}, "samples: was 0, now 4"),
        ({"days": 2}, "days: was 1, now 2"),
        ({"grid": (f"{NEWS}=0.25,0.55",)}, "now traders.news.china_share=0.25,0.55;"),
    ],
)
def test_another_sweep_is_not_resumed(begun, change, said):
    with pytest.raises(BadInput) as caught:
        small(begun, resume=True, **change)
    (message,) = caught.value.messages
    assert said in message and str(begun / "mine.partial") in message


def test_another_scenario_is_not_resumed_and_nothing_is_overwritten(begun):
    with pytest.raises(BadInput, match="another one"):
        sweep(read_grid("base", [f"{NEWS}=0.25,0.55,0.85"], ["traders.sc.noise_mean_lots=3"]), **SMALL,
              out=begun / "mine", resume=True)  # fmt: skip
    with pytest.raises(BadInput, match="go on with --resume"):
        small(begun)
    (begun / "whole").mkdir()
    with pytest.raises(BadInput, match="exists already"):
        small(begun, "whole", resume=True)


def test_a_new_folder_is_none_that_was_begun_and_the_last_begun_is_resumed(tmp_path):
    assert next_sweep(tmp_path, "base").name == "base-sweep-1"
    (tmp_path / "base-sweep-1").mkdir()
    (tmp_path / "base-sweep-2.partial").mkdir()
    assert next_sweep(tmp_path, "base").name == "base-sweep-3"
    assert next_sweep(tmp_path, "base", resume=True).name == "base-sweep-2"


def test_origin_shares_come_from_the_worlds_of_their_point(tmp_path, monkeypatch):
    """Outcomes that one group alone moves: SC's news, SC's order flow, Brent's news, by point."""
    group = {0.25: 0, 0.55: 3, 0.85: 2}

    def outcome(loaded, *, changed, seed, sample, draws, horizon_days):
        moves = group[loaded.scenario.traders.news.china_share]
        return [(1.0 + sample) * draws[moves] + 0.5 * sample] * horizon_days

    monkeypatch.setattr(origin, "outcome", outcome)
    _, table = small(tmp_path, samples=3)
    value = table.pivot(index="point", columns="measure", values="value")
    for name, expected in {
        "news.SC": [1, 0, 0], "flow.SC": [0, 1, 0], "SC": [1, 1, 0], "Brent": [0, 0, 1], "Oman": [0, 0, 0],
        "shapley.SC": [1, 1, 0],
    }.items():  # fmt: skip
        assert list(value[f"origin_share.{name}"]) == pytest.approx(expected), name
    assert (table.loc[table["measure"].str.startswith("origin"), "n"] == 3).all()


def test_differences_are_those_of_pairs_from_the_base_case(tmp_path, monkeypatch):
    def outcome(loaded, *, changed, seed, sample, draws, horizon_days):
        share = loaded.scenario.traders.news.china_share
        return [share * draws[0] * (1 + sample) + (1 - share) * draws[2] * (1 + sample % 2)]

    def measures(loaded, *, changed, seed, replication, days):
        share = loaded.scenario.traders.news.china_share
        return {
            "premium.oman": 10.0**replication + 2 * share
        } if replication != 1 or share > 0.5 else {}, "none"

    monkeypatch.setattr(origin, "outcome", outcome)
    monkeypatch.setattr(module, "world_measures", measures)
    folder, table = small(tmp_path, grid=(f"{NEWS}=0.55,0.25,0.85",), samples=6, replications=4)
    assert json.loads((folder / "manifest.json").read_text())["reference"] == 1
    premium = table[table["measure"] == "premium.oman"].set_index(NEWS)
    for column in (
        "difference",
        "difference_low",
        "difference_high",
    ):  # the same in every pair: exactly known
        assert list(premium[column]) == pytest.approx([0.6, 0.0, 1.2])
    assert (premium["high"] - premium["low"] > 1).all()
    for name in ("SC", "news.Brent", "shapley.SC", "rest"):
        share = table[table["measure"] == f"origin_share.{name}"].set_index("point")
        expected = share["value"] - share["value"][1]
        assert list(share["difference"]) == pytest.approx(list(expected), abs=1e-12), name
    assert share["difference_low"][1] == share["difference_high"][1] == 0.0


def test_a_world_that_cannot_be_measured_costs_its_sample_and_says_so(tmp_path, monkeypatch):
    def outcome(loaded, *, changed, seed, sample, draws, horizon_days):
        if sample == 1 and loaded.scenario.traders.news.china_share == 0.55:
            raise ValueError("no moment at which all venues were quoted")
        return [float(sum(draws)) + sample]

    monkeypatch.setattr(origin, "outcome", outcome)
    _, table = small(tmp_path, samples=3)
    mine = table[table["measure"] == "origin_share.SC"].set_index("point")
    assert list(mine["n"]) == [3, 2, 3]
    assert mine["note"][1] == "1 of 3 samples left out: no moment at which all venues were quoted"
    assert mine["note"][0] == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [({"samples": 1}, "--samples 1: must be 0"), ({"days": 0}, "--days 0: must be 1 or more")],
)
def test_work_that_measures_nothing_is_refused(tmp_path, change, said):
    with pytest.raises(BadInput, match=said):
        small(tmp_path, **change)
    assert not list(tmp_path.iterdir())


def test_a_sweep_that_measures_nothing_fails_and_keeps_its_points(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "world_measures", lambda **arguments: ({}, "no common trend"))
    with pytest.raises(RuntimeError, match="nothing could be measured at any point: absent in 1 of 1 worlds"):
        small(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.partial"]


def test_points_without_order_flow_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"trading days 0: period\.trading_days = 0"):
        sweep(read_grid("base", ["period.trading_days=0,5"]), **SMALL, out=tmp_path / "mine")


def test_a_scenario_is_measured_as_written_and_what_is_not_seen_is_said(tmp_path):
    told: list[str] = []
    grid = read_grid("night-session-off", ["levers[0].start_day=0,3"])
    folder, _ = sweep(grid, **SMALL, out=tmp_path / "a", tell=told.append)
    assert json.loads((folder / "manifest.json").read_text())["arm"] == "changed"
    rows = [row for row in read_run(folder).rows if row.measure.startswith("premium.oman")]
    assert all(row.base is None and row.changed is not None for row in rows)
    gas = read_grid("lng-outage", [f"{NOTHING}=5000"])
    sweep(gas, **SMALL, out=tmp_path / "b", tell=told.append)
    assert "Note: a sweep measures crude, which lng_supply_outage does not move." in told
