"""The audit end to end on two worlds: cache, determinism, folder, command line, and the shipped figures."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from scenarios.audit import audit as audits
from scenarios.audit import measured, text, worlds
from scenarios.audit.advice import advise
from scenarios.audit.designs import all_designs, quick_designs
from scenarios.audit.draws import Size, draw_many
from scenarios.cli.app import main
from scenarios.results import read_run
from scenarios.spec import load_scenario

pytestmark = pytest.mark.xdist_group("audit_run")  # its fixtures are long: one worker makes them once

TINY = audits.Depth(
    "tiny",
    tuple(d for d in quick_designs() if d.name in ("quarter", "clocks-11h")),
    Size(draws=2, days=10, rows=100, bootstrap=10, own_rows=5_000),
    2,
    worlds.Effort(samples=2, days=5, bootstrap=10, max_lags=3),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("audit") / "cache"


@pytest.fixture(scope="module")
def found(cache):
    return audits.audit(TINY, seed=1, jobs=1, cache=cache)


def test_the_grid_is_balanced_and_every_world_is_valid():
    grid = worlds.grid(12)
    for parameter, (_, levels) in worlds.PARAMETERS.items():
        counts = Counter(dict(world.levels)[parameter] for world in grid)
        assert counts == {level: 12 // len(levels) for level in levels}
    for world in grid[:4]:
        loaded = load_scenario("base", world.sets())
        assert loaded.scenario.traders.news.jumps_per_day == 0
        assert loaded.scenario.traders.news.china_share == dict(world.levels)["China's part of news"]
    assert worlds.grid(12) == grid


def test_a_second_audit_takes_its_worlds_from_the_cache(found, cache, monkeypatch):
    assert found.ran == 2
    monkeypatch.setattr(worlds, "build", None)
    again = audits.audit(TINY, seed=1, jobs=1, cache=cache)
    assert again.ran == 0
    for name in ("designs", "cells", "worlds", "levels", "scores", "regions"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name))
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".json"]


def test_another_seed_or_source_is_another_record(found, cache, tmp_path):
    one = worlds.source_digest()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "world.py").write_text("a")
    before = worlds.source_digest(tmp_path)
    (tmp_path / "scenarios" / "world.py").write_text("b")
    assert len({one, before, worlds.source_digest(tmp_path)}) == 3


def test_truths_of_the_venues_add_up_and_have_errors(found):
    by_world = found.worlds.drop_duplicates(["world", "venue"]).groupby("world")
    assert by_world["truth"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert (found.worlds["truth_se"] > 0).all()
    assert set(found.worlds["venue"]) == {"SC", "Oman", "Brent"}


def test_a_world_measured_again_gives_the_same_record(found):
    world = worlds.grid(2)[1]
    loaded = load_scenario("base", world.sets())
    again = worlds.read_world(loaded, seed=1, number=1, effort=TINY.effort).table
    kept = found.worlds[found.worlds["world"] == world.name]["estimate"].to_numpy()
    assert np.array_equal(kept, again["estimate"].to_numpy(), equal_nan=True)


def test_the_clock_parts_day_night_and_the_hours_in_which_sc_is_shut():
    world = worlds.build(
        load_scenario("base"), worlds.Streams(1, 0), changed=False, with_gas=False, flow_days=2
    )
    world.run()
    sample = worlds.on_clock(world)
    assert set(sample.kinds) == {"day", "night", "shut"}
    shut = (sample.kinds == "shut").to_numpy()
    assert sample.log_prices["SC"].isna().to_numpy().tolist() == shut.tolist()
    at_ns = sample.log_prices.index.to_numpy()
    inside = sample.segments.diff().to_numpy()[1:] == 0
    assert (np.diff(at_ns)[inside] == 10 * 10**9).all()
    assert (sample.kinds.to_numpy()[1:][inside] == sample.kinds.to_numpy()[:-1][inside]).all()


def test_the_folder_holds_documented_tables_and_figures(found, tmp_path):
    found.write(tmp_path / "out", seconds=1.0)
    run = read_run(tmp_path / "out")
    assert run.tables == [
        "audit_cells",
        "audit_designs",
        "audit_levels",
        "audit_regions",
        "audit_scores",
        "audit_worlds",
    ]
    for name in run.tables:
        assert all(column.text for column in run.columns(name).values())
    assert (tmp_path / "out" / "figures" / "audit_worlds.svg").stat().st_size > 10_000
    assert (tmp_path / "out" / "figures" / "audit_designs.svg").stat().st_size > 10_000
    assert any(row.measure == "quarter.IS.bias" for row in run.rows)
    pd.testing.assert_frame_equal(run.table("audit_scores"), found.scores)
    found.write(tmp_path / "again", seconds=2.0)
    for file in ("summary.json", "figures/audit_worlds.svg", "tables/audit_worlds.parquet"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_it_tells_tables_and_advice(found):
    told = text.tables(found)
    assert any(title.startswith("Designs") for title in told)
    assert any(title.startswith("Worlds, SC") for title in told)
    assert not any(frame.isna().any(axis=None) for frame in told.values())
    lines = text.advice_by_case(found)
    assert any("one clock first" in line for line in lines)
    assert {"SC", "worlds"} <= set(found.to_frame()["venue"]) | set(found.to_frame()["design"])


def test_the_command_line_prints_and_leaves_a_folder(found, cache, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(audits, "quick", lambda: TINY)
    out, figures = tmp_path / "run", tmp_path / "measured.json"
    options = ["--jobs", "1", "--cache", str(cache), "--out", str(out), "--measured", str(figures)]
    with pytest.raises(SystemExit) as ended:
        main(["audit", *options])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "Coverage of the estimator's own value" in printed
    assert "Put all prices on one clock first" in printed
    assert (out / "summary.json").exists()
    assert figures.exists()
    with pytest.raises(SystemExit) as ended:
        main(["audit", *options])
    assert ended.value.code == 2
    assert "exists already" in capsys.readouterr().err


def test_the_shipped_figures_are_those_of_the_designs():
    kept = measured.shipped()
    assert {"command", "seed", "commit"} <= set(kept["made"])
    cells = {c["design"]: c for c in kept["designs"]}
    designs = {d.name: d for d in all_designs()}
    assert set(cells) <= set(designs)
    for name, kept_cell in cells.items():
        exact = designs[name].population().iloc[0]
        for figure in ("IS", "PDS"):
            assert kept_cell["estimators"][figure]["own_value"] == pytest.approx(
                exact[figure], rel=1e-3, abs=1e-5
            )
    for name, figure in (("quiet", "ILS"), ("quarter", "CS")):
        drawn = draw_many(designs[name], seed=1, size=audits.full().size, first=0, count=5)
        mean = drawn.loc[drawn["estimator"] == figure, "estimate"].mean()
        assert cells[name]["estimators"][figure]["mean"] == pytest.approx(mean, abs=0.03)


def test_shipped_advice_says_something_for_any_data():
    for correlation in (0.0, 0.3, 0.9):
        for ratio in (1.0, 3.0):
            lines = advise(correlation, 3, ratio, width=correlation, whole_day=False)
            assert len(lines) >= 4
            assert all(lines)
