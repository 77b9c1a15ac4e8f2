"""What a sound model of influence shows, and its negative controls, on the simulator itself.

The same controls on analytic designs stand in test_audit_designs.py. Worlds of one seed share all random streams,
so that a change of one figure shows in few of them.
"""

from __future__ import annotations

import dataclasses
from datetime import date, time

import numpy as np
import pandas as pd
import pytest
from worlds import ONE_MONTH, library, run, scenario

from exchange.clock import ns
from exchange.units import NS_PER_MINUTE, NS_PER_SECOND
from scenarios.ensemble import run_jobs
from scenarios.influence.information import InformationShares, information_shares
from scenarios.influence.spillover import spillover
from scenarios.information import common_clock
from scenarios.replication import replicate
from scenarios.structural.origin import collect, plan
from scenarios.tables import samples_frame

CHINA = "traders.news.china_share"
BRENT_CLOSES_LATER_NS = (12 * 60 + 30) * NS_PER_MINUTE
FOLLOWER = {
    CHINA: 0.0,
    "traders.cross_learning.brent_follows_sc": 0.0,
    "traders.cross_learning.oman_follows_sc": 0.0,
    "traders.arbitrage.sc_oman.capital_lots": 0,
    "traders.arbitrage.sc_brent.capital_lots": 0,
}
"""SC has no news, and nobody elsewhere reads its tape or trades against it."""


def sc_against_brent(figures: dict, replication: int, lags: int) -> InformationShares:
    """Estimate SC and Brent on a clock of five seconds over four days."""
    world = run(
        scenario("base", ONE_MONTH | figures), 4, replication=replication, sample_ns=5 * NS_PER_SECOND
    )
    logs, days = common_clock(world, samples_frame(world))
    return information_shares(logs[["SC", "Brent"]], days=days, lags=lags, beta="unit", bootstrap=0)


def figure(shares: InformationShares, name: str) -> float:
    return float(shares.share(name).loc["SC", "estimate"])


def test_a_follower_without_news_has_no_information_share_whatever_its_volume():
    late = FOLLOWER | {"traders.cross_learning.sc_from_brent_half_life_minutes": 3.0}
    own = library("base").scenario.traders.sc
    found = []
    for volume in (1, 2, 4):
        rates = {
            f"traders.sc.{key}": volume * getattr(own, key)
            for key in ("noise_limit_per_s", "noise_market_per_s")
        }
        found += [figure(sc_against_brent(late | rates, k, 24), "IS") for k in range(2)]
    assert max(found) < 0.2 and np.mean(found) < 0.08


def test_a_follower_without_delay_has_an_information_share_although_no_news_is_its_own():
    quick = {
        "traders.cross_learning.sc_follows_brent": 1.0,
        "traders.cross_learning.sc_follows_oman": 0.0,
        "traders.cross_learning.sc_from_brent_half_life_minutes": 0.05,
        "traders.cross_learning.tape_half_life_seconds": 0.2,
    }
    noisy = {"traders.brent.maker_half_spread_ticks": 6.0}
    for k in range(2):
        quiet, loud = (sc_against_brent(FOLLOWER | quick | more, k, 12) for more in ({}, noisy))
        assert figure(loud, "IS_high") > figure(quiet, "IS_high") + 0.15
        assert figure(loud, "CS") > 0.4 > 0.3 > figure(quiet, "CS")
    same, resampled = (
        run(scenario("base", FOLLOWER | quick | noisy), 1, draws=draws).state_hash()
        for draws in ({}, {"news.*.sc": 1})
    )
    assert same == resampled  # so that the news part of its origin share is exactly nothing


@pytest.mark.slow
def test_wide_quotes_at_sc_lower_its_information_share_and_raise_its_leadership_share():
    """Of one day's path the effect is as large as its scatter: the means of ten, two standard errors from nothing."""
    effects = []
    for k in range(10):
        narrow, wide = (
            sc_against_brent({"traders.sc.maker_half_spread_ticks": h}, k, 24) for h in (0.7, 2.5)
        )
        effects.append([figure(wide, name) - figure(narrow, name) for name in ("IS", "CS", "PILS")])
    mean = np.mean(effects, axis=0)
    error = np.std(effects, axis=0, ddof=1) / np.sqrt(len(effects))
    assert (mean[:2] + 2 * error[:2] < 0).all()
    assert mean[2] - 2 * error[2] > 0


def daily_closes(figures: dict) -> dict[str, pd.DataFrame]:
    """Return 79 days of log prices, SC at its close at 15:00: with Brent at that moment, and at its own close."""
    loaded = scenario("base", figures)
    period = loaded.scenario.period.model_copy(update={"trading_days": 80, "slow_end": date(2025, 3, 31)})
    loaded = dataclasses.replace(loaded, scenario=loaded.scenario.model_copy(update={"period": period}))
    world = run(loaded, None, sample_ns=NS_PER_MINUTE)
    mids = np.log(samples_frame(world)[["SC_mid", "Brent_mid"]].ffill())
    at = [ns(day, time(15)) for day in world.trading_days[:-1]]
    later = [moment + BRENT_CLOSES_LATER_NS for moment in at]
    sc = mids.loc[at, "SC_mid"].to_numpy()
    return {
        name: pd.DataFrame({"SC": sc, "Brent": mids["Brent_mid"].asof(moments).to_numpy()})
        for name, moments in (("one clock", at), ("two clocks", later))
    }


@pytest.mark.slow
def test_two_clocks_make_a_receiver_of_the_venue_that_is_read_first_and_one_clock_does_not():
    even = {CHINA: 0.5, "traders.news.gulf_share": 0.0, "traders.cross_learning.brent_follows_sc": 1.0}
    net = {}
    for name, logs in daily_closes(even).items():
        table = spillover(logs.diff().dropna(), 2, 10, bootstrap=0).directional
        net[name] = float(table.loc[("NET", "SC"), "estimate"])
    assert net["two clocks"] < -15
    assert abs(net["one clock"]) < 2


@pytest.mark.slow
def test_by_the_day_and_at_their_own_closes_sc_does_the_adjusting():
    """As in the literature, which reads daily closes of different hours: SC adjusts, Brent does not."""
    found = information_shares(daily_closes({})["two clocks"], lags=2, beta="unit", bootstrap=0)
    assert found.gate.rank == 1
    t = found.alpha["t"].droplevel("relation")
    assert t["SC"] < -3 and abs(t["Brent"]) < 2.5


def test_sc_leads_by_day_and_not_by_night_and_loses_without_its_night():
    loaded = library("night-session-off")
    base, changed = [], []
    for k in (0, 1, 3):
        found = replicate(loaded, arms=("base", "changed"), seed=1, replication=k)
        for arm, kept in (("base", base), ("changed", changed)):
            setters = found[arm].frames["price_setters"]
            opening = setters.loc[
                (setters["venue"] == "SC") & (setters["setter"] == "opening"), "share"
            ].sum()
            kept.append(found[arm].information["SC"].to_dict() | {"opening": opening})
    with_night, without = pd.DataFrame(base).mean(), pd.DataFrame(changed).mean()
    assert with_night["day"] > with_night["night"] + 0.1
    assert with_night["whole_day"] < with_night["day"] - 0.1
    assert without["whole_day"] < 0.7 * with_night["whole_day"]
    assert without["opening"] > with_night["opening"] + 0.2
    assert pd.DataFrame(changed)["night"].isna().all()


@pytest.mark.slow
def test_errors_of_origin_shares_fall_as_the_square_root_of_the_samples():
    jobs = plan(library("base"), changed=False, seed=3, samples=9, horizon_days=1)
    results = run_jobs(jobs, 1)
    ratios = []
    whole = collect(results, seed=3)[1]
    for part, venue in (("news", 0), ("news", 1), ("flow", 2)):
        few = []
        for first in (0, 3, 6):
            some = {key: value for key, value in results.items() if first <= key[1] < first + 3}
            few.append(collect(some, seed=3)[1].share(venue, part).standard_error ** 2)
        ratios.append(np.sqrt(np.mean(few)) / whole.share(venue, part).standard_error)
    assert 1.2 < np.mean(ratios) < 2.6  # 1.7, but for the scatter of nine samples
    assert whole.share().value - 2 * whole.share().standard_error <= 1.0
