from __future__ import annotations

import math
import shutil

import numpy as np
import pandas as pd
import pytest

from scenarios import cli, summary
from scenarios.compare import compare, replication_values, unpaired, variance_cut
from scenarios.replication import Replication
from scenarios.results import Column, Row, RunFolder, digest, interval, read_run
from scenarios.run import stacked
from scenarios.spec import load_scenario
from scenarios.structural.origin import COLUMNS as ORIGIN_COLUMNS
from scenarios.structural.origin import OriginShare
from scenarios.structural.pass_through import COLUMNS as IMPACT_COLUMNS
from scenarios.structural.pass_through import Impacts, horizons_minutes
from scenarios.structural.sobol import designs, parts
from scenarios.tables import documented
from scenarios.tomlfile import BadInput

VENUES = ("SC", "Oman", "Brent")


def world(number, seed, shift):
    """What one replication leaves: prices that share a draw of (seed, number), moved by `shift`."""
    rng = np.random.default_rng([seed, number])
    level, own = rng.normal(70, 3), rng.normal(0, 0.1)
    dates = pd.date_range("2024-11-04", periods=3)
    days = pd.DataFrame([{"trading_day": day, "venue": venue} for day in dates for venue in VENUES])
    price = level + rng.normal(0, 1, len(days)).cumsum() + shift * (1 + own)
    days = days.assign(settlement=price, close=price, volume_lots=1000 + 10 * number)
    days = days.assign(premium_usd_per_bbl=price - 70, premium_to_oman_usd_per_bbl=price - 69)
    tanks = pd.DataFrame(
        {"day": days["trading_day"][:3], "group": "south", "stock_bbl": 5.0, "capacity_bbl": 10.0}
    )
    shares = pd.DataFrame(
        {v: [0.2, 0.3 + 0.01 * number, 0.4, 0.3, 0.35, 0.25, 0.15] for v in VENUES},
        index=["IS_low", "IS", "IS_high", "CS", "day", "night", "whole_day"],
    )
    frames = {"days": days, "tanks": tanks, "importer": pd.DataFrame({"open_short_lots": [100.0 + number]})}
    return Replication(frames, None if number == 2 else shares, "", "", (), 0, 0.0)


def influence(seed, shift, samples):
    """Origin shares and impacts whose samples share the draws of a seed, SC's news made larger by `shift`."""
    rng = np.random.default_rng([seed, 99])
    weights = np.array([1.0 + 0.2 * shift, 0.5, 2.0, 0.3, 0.0, 0.7])
    orders = np.array([rng.permutation(6) for _ in range(samples)])
    draws = rng.standard_normal((samples, 2, 6))
    values = [
        [weights @ d[list(run), range(6)] for run in designs(o)] for o, d in zip(orders, draws, strict=True)
    ]
    bps = rng.normal(30, 5, (samples, 6, 6, 3)) + shift
    horizons = horizons_minutes(load_scenario("base"))
    return summary.Influence({5: OriginShare(parts(np.array(values), orders), 5)}, Impacts(bps, horizons))


def write(path, *, seed=1, replications=4, shift=0.0, change=None):
    """Write a run folder as `yangshan run` does; with a changed arm moved by `change` more."""
    loaded = load_scenario("base")
    found = {"base": [world(k, seed, shift) for k in range(replications)]}
    if change is not None:
        found["changed"] = [world(k, seed, shift + change) for k in range(replications)]
    rows = summary.rows(loaded, found, {arm: influence(seed, shift, replications) for arm in found})
    known = [interval([0.4, 0.5, 0.6 + shift], "ratio")] * len(found)
    speed = Row("Who", "speed.SC.Oman", "speed of SC over Oman", "ratio", *known)
    with RunFolder(path) as folder:
        folder.write_scenario(loaded.values)
        for name in ("days", "tanks", "importer"):
            frame = stacked(found, name)
            folder.write_table(name, frame, documented(frame))
        tables = [
            r.information.rename_axis("figure").reset_index().assign(arm=arm, replication=k)
            for arm, several in found.items() for k, r in enumerate(several) if r.information is not None
        ]  # fmt: skip
        columns = {c: Column("", "") for c in ("figure", *VENUES)}
        folder.write_table("information_shares", pd.concat(tables, ignore_index=True), columns)
        folder.write_summary([*rows, speed])
        origin = next(iter(influence(seed, shift, replications).origin.values())).samples_frame()
        impacts = influence(seed, shift, replications).impacts.to_frame()
        for name, frame, told in (
            ("origin_samples", origin, ORIGIN_COLUMNS), ("pass_through", impacts, IMPACT_COLUMNS),
        ):  # fmt: skip
            every = pd.concat([frame.assign(arm=arm) for arm in found], ignore_index=True)
            folder.write_table(name, every, documented(every) | told)
        folder.write_manifest(seed=seed, replications=replications, scenario_digest=digest({"shift": shift}))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    home = tmp_path_factory.mktemp("runs")
    return {
        "a": write(home / "a"),
        "b": write(home / "b", shift=2.0),
        "more": write(home / "more", shift=2.0, replications=6),
        "other": write(home / "other", seed=7, shift=2.0),
        "changed": write(home / "changed", change=5.0),
    }


def named(found, measure):
    return next(m for m in found.measures if m.row.measure == measure)


def test_values_read_again_average_to_what_the_run_said(runs):
    for name, arm in (("a", "base"), ("changed", "changed")):
        run = read_run(runs[name])
        values = replication_values(run, arm)
        said = {row.measure: row.base if arm == "base" else row.changed for row in run.rows}
        kept_apart = {m for m in said if m.startswith(("origin_share.", "speed."))}
        assert set(said) - set(values) == kept_apart and len(kept_apart) == 12
        for measure, by_number in values.items():
            assert np.mean(list(by_number.values())) == pytest.approx(said[measure].value, rel=1e-8), measure
    assert set(values["information_share.mean.SC"]) == {0, 1, 3}


def test_runs_of_one_seed_are_paired_by_number(runs):
    found = compare(read_run(runs["a"]), read_run(runs["b"]))
    assert found.paired and found.arms == ("base", "base")
    price = named(found, "settlement.SC")
    assert price.pairs == 4 and price.row.effect.value == pytest.approx(2, abs=0.3)
    assert price.row.effect.low > 1 and price.variance_cut > 0.95
    assert named(found, "information_share.mean.SC").pairs == 3
    same = named(found, "tank_use.south")
    assert (same.row.effect.value, same.row.effect.low, same.variance_cut) == (0, 0, None)


def test_pairing_narrows_what_other_seeds_leave_wide(runs):
    pairs = named(compare(read_run(runs["a"]), read_run(runs["b"])), "settlement.SC").row.effect
    apart = compare(read_run(runs["a"]), read_run(runs["other"]))
    assert (
        not apart.paired
        and "cannot be paired" in apart.notes[0]
        and "Seeds differ (1 and 7)" in apart.notes[0]
    )
    wide = named(apart, "settlement.SC")
    assert wide.pairs == 0 and wide.variance_cut is None
    assert wide.row.effect.high - wide.row.effect.low > 10 * (pairs.high - pairs.low)


def test_common_numbers_are_paired_when_one_run_has_more(runs):
    found = compare(read_run(runs["a"]), read_run(runs["more"]))
    assert named(found, "settlement.SC").pairs == 4 and "Replications differ (4 and 6)" in found.notes[0]
    assert named(found, "settlement.SC") == named(
        compare(read_run(runs["a"]), read_run(runs["b"])), "settlement.SC"
    )


def test_measures_without_replications_are_compared_by_their_intervals(runs):
    found = compare(read_run(runs["a"]), read_run(runs["b"]))
    speed = named(found, "speed.SC.Oman")
    a, b = speed.row.base, speed.row.changed
    assert speed.pairs == 0 and speed.row.effect.value == pytest.approx(b.value - a.value)
    assert speed.row.effect.high == pytest.approx(
        b.value - a.value + math.hypot(b.high - b.value, a.value - a.low)
    )
    assert any(note.startswith("No pairs") for note in found.notes)


def test_samples_of_pushes_and_of_origin_shares_are_paired(runs):
    found = compare(read_run(runs["a"]), read_run(runs["more"]))
    pushed = named(found, "news_pass_through.Brent.SC")
    assert pushed.pairs == 4
    news = named(found, "origin_share.news.SC")
    assert news.pairs == 4 and news.row.effect.value > 0
    assert named(found, "origin_share.flow.Oman").row.effect.value == 0
    rest, whole = named(found, "origin_share.rest").row, [
        named(found, f"origin_share.{venue}").row for venue in VENUES
    ]  # fmt: skip
    assert rest.effect.value == pytest.approx(-sum(row.effect.value for row in whole))
    same = named(compare(read_run(runs["a"]), read_run(runs["a"])), "origin_share.SC")
    assert (same.row.effect.value, same.row.effect.low, same.variance_cut) == (0.0, 0.0, 1.0)


def test_pairs_of_samples_cut_the_variance_of_an_effect_on_origin_shares(runs):
    found = named(compare(read_run(runs["a"]), read_run(runs["b"])), "origin_share.news.SC")
    said = named(compare(read_run(runs["a"]), read_run(runs["other"])), "origin_share.news.SC")
    assert found.variance_cut > 0.5 and said.pairs == 0
    assert found.row.effect.high - found.row.effect.low < 0.7 * (said.row.effect.high - said.row.effect.low)


def test_the_scenario_as_written_is_compared_unless_an_arm_is_named(runs):
    a, changed = read_run(runs["a"]), read_run(runs["changed"])
    assert compare(a, changed).arms == ("base", "changed")
    effect = named(compare(a, changed), "settlement.SC").row.effect
    told = next(row for row in changed.rows if row.measure == "settlement.SC").effect
    assert (effect.value, effect.low) == pytest.approx((told.value, told.low), rel=1e-8)
    none = compare(a, changed, arm="base")
    assert named(none, "settlement.SC").row.effect.value == 0
    assert any("one scenario and one seed" in note for note in none.notes)
    with pytest.raises(BadInput, match="has no arm 'changed'; it has base"):
        compare(a, changed, arm="changed")


def test_a_run_that_cannot_be_read_again_is_still_compared(runs, tmp_path):
    old = shutil.copytree(runs["b"], tmp_path / "old")
    (old / "scenario.toml").write_text("extends = 'base'\nold_key = 1\n")
    found = compare(read_run(runs["a"]), read_run(old))
    assert named(found, "settlement.SC").pairs == 0
    assert any("cannot read its scenario" in note for note in found.notes)
    assert compare(read_run(old), read_run(runs["b"])).to_frame()["effect"].abs().max() < 1e-8


def test_an_unpaired_interval_is_welchs():
    from scipy import stats

    x, y = [1.0, 2.0, 4.0], [5.0, 5.5, 9.0, 7.0]
    found = unpaired(x, y, "bps")
    expected = stats.ttest_ind(y, x, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert unpaired([1.0], y, "bps").low is None and unpaired([1.0, 1.0], [3.0, 3.0], "").low == 2


def test_the_variance_cut_is_one_for_a_shift_and_none_for_independence():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(20_000)
    assert variance_cut(x.tolist(), (x + 3).tolist()) == pytest.approx(1)
    assert variance_cut(x.tolist(), rng.standard_normal(20_000).tolist()) == pytest.approx(0, abs=0.03)
    assert variance_cut(x.tolist(), (-x).tolist()) == pytest.approx(-1)
    assert variance_cut([1.0], [2.0]) is None and variance_cut([1.0, 1.0], [2.0, 2.0]) is None


def test_the_verb_prints_effects_and_the_variance_cut(runs, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["compare", str(runs["a"]), str(runs["b"])])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "variance cut" in out and "B - A" in out and "SC, last settlement" in out and "…" not in out


@pytest.mark.parametrize("wrong", ["nothing", "."])
def test_folders_that_are_no_runs_are_named(runs, tmp_path, capsys, wrong):
    with pytest.raises(SystemExit) as ended:
        cli.main(["compare", str(runs["a"]), str(tmp_path / wrong)])
    assert ended.value.code == 2 and "is no finished run" in capsys.readouterr().err


def test_runs_without_a_common_measure_are_refused(runs, tmp_path):
    with RunFolder(tmp_path / "c") as folder:
        folder.write_scenario({"a": 1})
        folder.write_summary([Row("s", "m", "l", "u", interval([1.0], "u"))])
        folder.write_manifest(seed=1)
    with pytest.raises(BadInput, match="no measure stands in both"):
        compare(read_run(runs["a"]), read_run(tmp_path / "c"))
