from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios import cli
from scenarios.estimate import estimate, estimate_run, estimates_of
from scenarios.estimate_text import advice, audited, facts, tables
from scenarios.influence.information import information_shares
from scenarios.results import Estimate, Row, RunFolder, read_run
from scenarios.tomlfile import BadInput
from scenarios.user_prices import UserPrices, read_user_prices

OIL = Path(__file__).parents[2] / "shared" / "data" / "oil-prices"


def walk(rows, *, news=(1.0, 0.0), noise=0.3, delay=1, seed=0):
    """Two log prices around one random walk: news enters at the first or the second, the other learns it late."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((rows, 2)) * news * 1e-3
    total = own.cumsum(axis=0)
    late = np.vstack([np.zeros((delay, 2)), total[:-delay]])
    prices = np.column_stack([total[:, 0] + late[:, 1], late[:, 0] + total[:, 1]])
    return 4 + prices + rng.standard_normal((rows, 2)) * noise * 1e-3


def minutes(days=10, brent_hours=10, **design):
    """A leads at the minute from 09:00 to 13:00, B trades for longer."""
    stamps = [
        pd.Timestamp("2024-11-04 09:00") + pd.Timedelta(days=d + 2 * (d // 5), minutes=m)
        for d in range(days)
        for m in range(brent_hours * 60)
    ]
    frame = pd.DataFrame(
        np.exp(walk(len(stamps), **design)), index=pd.DatetimeIndex(stamps), columns=["A", "B"]
    )
    return frame


def prices_of(frame, hours_of_a=None, **more):
    a = frame["A"] if hours_of_a is None else frame["A"].between_time("09:00", hours_of_a)
    return UserPrices("toy.csv", {"A": a, "B": frame["B"]}, daily=False, **more)


@pytest.fixture(scope="module")
def leader():
    return estimate(prices_of(minutes(), "12:59"), lags=3, bootstrap=50)


def test_the_leader_is_found_on_one_clock_by_every_estimator(leader):
    shares = leader.shares
    assert shares.gate.passed and shares.days == 10
    assert shares.share("IS").loc["A", "estimate"] > 0.9 and shares.share("PILS").loc["A", "estimate"] > 0.9
    assert leader.spillover.directional.loc[("NET", "A"), "low"] > 0
    assert leader.granger.table.loc[("A", "B"), "p"] < 1e-6 < leader.granger.table.loc[("B", "A"), "p"]
    assert leader.lead_lags["A", "B"].figures.loc["lag", "estimate"] == 60
    assert abs(shares.alpha.loc["B", "t"].iloc[0]) > 10 > abs(shares.alpha.loc["A", "t"].iloc[0])


def test_the_whole_day_counts_the_hours_in_which_one_is_shut(leader):
    assert leader.whole_day is not None and set(leader.whole_day.weights.index) == {"A+B", "B"}
    weight = leader.whole_day.weights["A+B"]
    assert weight == pytest.approx(0.4, abs=0.1)
    share = leader.whole_day.table.loc["A"]
    assert share["estimate"] == pytest.approx(
        weight * leader.shares.share("IS").loc["A", "estimate"], abs=0.02
    )
    assert share["low"] < share["estimate"] < share["high"]


def test_estimates_draw_their_shares(leader):
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert leader.plot(ax) is ax and len(ax.lines) == 2


def test_every_result_says_on_what_it_stands(leader):
    told = "\n".join(facts(leader))
    for part in (
        "Clock: 60 s",
        "Rows: 2,3",
        "10 trading days",
        "stale quote",
        "K = 3",
        "beta estimate (1, -1)",
    ):
        assert part in told
    assert "one common trend" in told
    frame = leader.to_frame()
    assert {"information share", "alpha", "spillover", "whole-day share", "lead and lag"} == set(
        frame["measure"]
    )
    shown = tables(leader)
    assert next(iter(shown)) == "Information shares" and "PILS (speed)" in shown["Information shares"].index


def test_the_same_seed_gives_the_same_intervals():
    data = prices_of(minutes(days=6, brent_hours=2))
    one, two = (estimate(data, lags=2, bootstrap=20).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_hours_that_do_not_differ_have_no_whole_day_share():
    found = estimate(prices_of(minutes(days=6, brent_hours=2)), lags=2, bootstrap=0)
    assert found.whole_day is None and "so it is IS" in found.whole_day_reason


def test_unrelated_prices_get_a_statement_and_no_share():
    rng = np.random.default_rng(3)
    frame = minutes(days=6, brent_hours=4)
    frame["B"] = np.exp(4 + rng.standard_normal(len(frame)).cumsum() * 1e-3)
    found = estimate(prices_of(frame, "10:59"), bootstrap=10)
    assert found.whole_day_reason == "the common hours hold no common trend"
    assert not found.shares.gate.passed and found.shares.table["estimate"].isna().all()
    assert found.grid is None and found.whole_day is None and "Information shares" not in tables(found)
    assert any("more than one common trend" in line for line in facts(found))
    assert any("no share" in line for line in advice(found))


def test_a_currency_is_taken_out():
    frame = minutes(days=6, brent_hours=4)
    rate = pd.Series(np.exp(np.linspace(1.9, 2.1, len(frame))), index=frame.index)
    plain = estimate(prices_of(frame), lags=2, bootstrap=0)
    dear = estimate(prices_of(frame.assign(A=frame["A"] * rate), rates={"A": rate}), lags=2, bootstrap=0)
    pd.testing.assert_frame_equal(plain.shares.table, dear.shares.table, rtol=1e-6)
    days = pd.bdate_range("2020-01-01", periods=len(frame))
    dated = [
        estimate(UserPrices("toy.csv", markets, daily=True, rates=rates), lags=2, bootstrap=0).shares.table
        for markets, rates in (
            ({"A": frame["A"].set_axis(days), "B": frame["B"].set_axis(days)}, {}),
            (
                {"A": (frame["A"] * rate).set_axis(days), "B": frame["B"].set_axis(days)},
                {"A": rate.set_axis(days)},
            ),
        )
    ]
    pd.testing.assert_frame_equal(*dated, rtol=1e-6)


def test_correlated_innovations_bring_the_advice_to_leave_ils():
    frame = minutes(days=6, brent_hours=4, news=(1.0, 0.0), noise=0.5)
    slow = estimate(prices_of(frame), step="5min", lags=2, bootstrap=0)
    assert slow.correlation > 0.2
    told = " ".join(advice(slow))
    assert "ILS is wrong; for speed take PILS" in told and "sample finer" in told
    lines = audited(slow)
    assert lines[0].startswith("Share: ") and lines[1].startswith("Speed: trust PILS")
    assert any("simulated worlds" in line for line in lines)


def test_quotes_that_come_at_odd_times_keep_their_hours_and_their_leader():
    frame = minutes(days=6, brent_hours=4)
    rng = np.random.default_rng(5)
    late = {m: pd.to_timedelta(rng.integers(0, 55, len(frame)), unit="s") for m in frame}
    markets = {m: frame[m].set_axis(frame.index + late[m])[rng.random(len(frame)) < 0.9] for m in frame}
    found = estimate(UserPrices("toy.csv", markets, daily=False), step="2min", lags=3, bootstrap=0)
    assert found.sample.days.nunique() == 6 and found.shares.share("IS").loc["A", "estimate"] > 0.6
    assert "each price less than 600 s old" in found.clock


def test_few_days_give_no_intervals_and_say_so():
    found = estimate(prices_of(minutes(days=3, brent_hours=4)), lags=2, bootstrap=100)
    assert found.shares.table["low"].isna().all()
    assert any("no intervals: 3 trading days are too few" in line for line in facts(found))


def test_dates_are_joined_and_gaps_break_the_sample():
    days = pd.bdate_range("2020-01-01", periods=500)
    frame = pd.DataFrame(np.exp(walk(500)), index=days, columns=["A", "B"])
    frame.loc[days[100:140], "A"] = np.nan
    markets = {m: frame[m].dropna() for m in frame}
    found = estimate(UserPrices("toy.csv", markets, daily=True), lags=2, bootstrap=50)
    assert found.sample.segments.nunique() == 2 and found.sample.drops.to_dict() == {"no price of A": 40}
    assert found.shares.share("IS").loc["A", "low"] > 0.5 and not found.lead_lags
    assert found.granger.rows == 460 - 2 * (1 + found.granger.lags)  # no return and no lag crosses the gap
    assert found.whole_day is None and "One clock" in advice(found)[0]
    assert "daily, 2020-01-01 to" in found.clock
    with pytest.raises(BadInput, match="sample too short: 20 of 20 dates"):
        estimate(UserPrices("toy.csv", {m: series[:20] for m, series in markets.items()}, daily=True))


@pytest.mark.parametrize(
    ("change", "more", "told"),
    [
        (lambda f: f, {"step": "1s"}, "toy.csv: step: 1 s is finer than the prices of A, which come every 60 s"),
        (lambda f: f.assign(B=80.0), {}, "toy.csv: B: the price is constant"),
        (lambda f: f.assign(B=f["A"] * 2), {}, "toy.csv: .*'B' moves exactly with 'A'"),
        (lambda f: f[:40], {"lags": 12}, "toy.csv: too few rows"),
        (lambda f: f[:20], {}, "toy.csv: sample too short: 1. of 20 ticks"),
        (lambda f: f.assign(B=f["A"].shift(1).bfill()), {"lags": 2}, "toy.csv: .*'B' follows exactly from the past"),
    ],
)  # fmt: skip
def test_bad_prices_never_give_a_number(change, more, told):
    with pytest.raises(BadInput, match=told):
        estimate(prices_of(change(minutes(days=6, brent_hours=4))), bootstrap=0, **more)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"lags": "many"}, "--lags many: must be aic, bic or a whole number"),
        ({"lags": "0"}, "--lags 0"),
        ({"beta": "both"}, "--beta both: must be unit or estimate"),
        ({"step": "soon"}, "--step soon: must be a duration"),
        ({"max_age": "-5s"}, "--max-age -5s: must be above 0"),
        ({"bootstrap": 1}, "--bootstrap 1: must be 0"),
        ({"fx": ["CNY"]}, "--fx CNY: must be MARKET=RATE"),
    ],
)
def test_wrong_options_are_told_before_anything_is_read(options, told):
    with pytest.raises(BadInput, match=told):
        estimates_of(["nothing.csv"], **options)


def kept(frame, arm="base", replication=0):
    """The rows that a run keeps of one replication."""
    at = frame.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    parts = []
    for venue in frame:
        mid = frame[venue].to_numpy()
        columns = {"arm": arm, "replication": replication, "at_ns": at, "venue": venue}
        parts.append(pd.DataFrame(columns | {"bid": mid - 0.01, "ask": mid + 0.01, "mid": mid}))
    return pd.concat(parts, ignore_index=True)


def folder_of(path, quotes):
    with RunFolder(path) as folder:
        folder.write_scenario({"title": "toy"})
        folder.write_table("quotes", quotes)
        folder.write_summary([Row("s", "m", "l", "u", Estimate(1.0, None, None, 1, "u"))])
        folder.write_manifest(seed=1)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with quotes of two arms: in the changed arm the other venue leads."""
    parts = [
        kept(minutes(days=6, brent_hours=4, news=news), arm)
        for arm, news in (("base", (1.0, 0.0)), ("changed", (0.0, 1.0)))
    ]
    return folder_of(tmp_path_factory.mktemp("runs") / "toy", pd.concat(parts, ignore_index=True))


def test_replications_are_pooled_and_no_lag_or_day_crosses_from_one_to_the_next(tmp_path):
    frames = [minutes(days=6, brent_hours=4, seed=seed) * (1 + 0.4 * seed) for seed in (0, 1, 2)]
    quotes = pd.concat([kept(frame, replication=r) for r, frame in enumerate(frames)])
    (found,) = estimate_run(read_run(folder_of(tmp_path / "pool", quotes)), lags=3, bootstrap=20)
    singles = [
        estimate_run(read_run(folder_of(tmp_path / f"one-{r}", kept(frame))), lags=3, bootstrap=20)[0]
        for r, frame in enumerate(frames)
    ]
    assert found.shares.rows == sum(one.shares.rows for one in singles)
    assert found.shares.days == found.spillover.blocks == 18
    assert found.sample.segments.nunique() == sum(one.sample.segments.nunique() for one in singles)
    stacked = pd.concat([one.sample.log_prices for one in singles], ignore_index=True)
    segments = np.concatenate([one.sample.segments + 100 * r for r, one in enumerate(singles)])
    twin = information_shares(stacked, 3, segments=segments, bootstrap=0)
    assert found.shares.table["estimate"].to_numpy() == pytest.approx(twin.table["estimate"].to_numpy())
    assert found.shares.alpha["estimate"].to_numpy() == pytest.approx(twin.alpha["estimate"].to_numpy())
    lead = found.lead_lags["A", "B"]
    assert lead.blocks == 18 and lead.figures.loc["lag", "estimate"] == 60
    clock, alone = found.sample.log_prices.index, singles[0].sample.log_prices.index
    assert set(zip(clock.day_of_week, clock.time, strict=True)) == set(
        zip(alone.day_of_week, alone.time, strict=True)
    )
    assert any("3 replications pooled" in line for line in facts(found))
    assert any("replication 0; mid quotes" in line for line in facts(singles[0]))


def test_a_replication_that_ends_on_a_friday_night_shares_no_trading_day_with_the_next(tmp_path):
    stamps = pd.date_range("2024-11-11 09:00", "2024-11-16 02:30", freq="1min")
    frame = pd.DataFrame(np.exp(walk(len(stamps))), index=stamps, columns=["A", "B"])
    quotes = pd.concat([kept(frame, replication=r) for r in (0, 1)])
    (pooled,) = estimate_run(read_run(folder_of(tmp_path / "nights", quotes)), lags=2, bootstrap=0)
    (single,) = estimate_run(read_run(folder_of(tmp_path / "night", kept(frame))), lags=2, bootstrap=0)
    assert pooled.shares.days == 2 * single.shares.days
    assert pooled.shares.rows == 2 * single.shares.rows


def test_a_run_is_estimated_arm_by_arm(run):
    base, changed = estimate_run(read_run(run), lags=3, bootstrap=20)
    assert (base.name, changed.name) == ("base", "changed")
    assert (
        base.shares.share("IS").loc["A", "estimate"]
        > 0.9
        > 0.1
        > changed.shares.share("IS").loc["A", "estimate"]
    )
    with pytest.raises(BadInput, match="no venue 'WTI' among A, B"):
        estimate_run(read_run(run), columns=["A", "WTI"])
    with pytest.raises(BadInput, match="--tz: is for files of prices"):
        estimates_of([run], tz="Asia/Shanghai")


def test_the_verb_prints_the_arms_beside_each_other(run, capsys):
    arguments = ["influence", str(run), "--lags", "3", "--bootstrap", "20", "--columns", "B,A"]
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "B, base" in out and "A, changed" in out and "IS, mean of orderings" in out
    assert "Clock: 60 s" in out and "ILS is wrong" not in out


def test_the_verb_refuses_bad_files_with_two(tmp_path, capsys):
    (tmp_path / "p.csv").write_text("date,A,B\n2024-11-04,1,-2\n")
    with pytest.raises(SystemExit) as ended:
        cli.main(["influence", str(tmp_path / "p.csv")])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert "p.csv:2: B = -2: must be above 0" in told.err and told.out == ""


def test_help_waits_for_nothing_heavy():
    code = "import sys, scenarios.cli; print([m for m in ('numpy', 'pandas', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_monthly_brent_and_wti_of_the_package():
    from arch.data import crude

    frame = crude.load()
    markets = {"Brent": frame["Brent"], "WTI": frame["WTI"]}
    found = estimate(UserPrices("crude", markets, daily=True), lags=2, bootstrap=20)
    assert found.clock.startswith("every 3") and found.shares.rows > 300


@pytest.mark.skipif(not OIL.is_dir(), reason="the shared data are not here")
def test_daily_brent_and_wti():
    files = [OIL / "brent-daily.csv", OIL / "wti-daily.csv"]
    with pytest.raises(BadInput, match=r"wti-daily\.csv:8645: wti-daily = -36\.98: must be above 0"):
        read_user_prices(files)
    found = estimate(read_user_prices(files, first="2021-01-01", last="2025-12-31"), lags=5, bootstrap=20)
    assert found.shares.gate.passed and found.shares.rows > 1000
    assert 0.2 < found.shares.share("IS").loc["brent-daily", "estimate"] < 0.8
