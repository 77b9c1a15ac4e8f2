"""The marker window and overseas access: hours, what a programme moves, and what a wider access changes."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest
from worlds import ONE_MONTH, events, library, run, scenario

from agents.traders.state import Class
from exchange.clock import ns, wall_clock
from exchange.codes import Phase, Venue
from exchange.units import NS_PER_MINUTE
from scenarios.ensemble import run_jobs
from scenarios.levers import OverseasAccess
from scenarios.structural.marker import CLOSES, PUSHES, Markers, collect, marker_price, plan

FIRST = date(2024, 11, 4)


@cache
def markers(changed: bool) -> Markers:
    """Measure the marker of two samples in an arm of marker-window."""
    found = collect(
        run_jobs(plan(scenario("marker-window", ONE_MONTH), changed=changed, seed=1, samples=2), 1)
    )
    assert found is not None
    return found


def sc_is_open(changed: bool) -> set[str]:
    """Return the minutes of a Tuesday at which SC trades continuously."""
    world = run(library("marker-window"), 2, changed=changed)
    samples = world.population.samples()
    inside = (samples["at_ns"] >= ns(FIRST)) & (samples["at_ns"] < ns(date(2024, 11, 5)))
    open_ns = samples["at_ns"][inside & (samples["phase"][:, Venue.SC] == Phase.CONTINUOUS)]
    return {f"{wall_clock(int(at)):%H:%M}" for at in open_ns}


def test_the_window_adds_a_session_of_fifteen_minutes_and_takes_nothing_away():
    before, after = sc_is_open(False), sc_is_open(True)
    assert before < after
    assert after - before == {f"16:{minute}" for minute in range(20, 35)}


def test_buying_at_sc_in_the_window_moves_the_marker_only_where_sc_is_open():
    place = PUSHES.index(("window", Venue.SC, PUSHES[1][2]))
    shut, opened = markers(False), markers(True)
    assert not shut.bps[:, place].any() and not shut.bought_lots[:, place].any()
    assert (opened.bps[:, place] > 5).all() and (opened.bought_lots[:, place] > 500).all()


def test_what_is_bought_by_day_moves_the_marker_in_both_arms():
    for found in (markers(False), markers(True)):
        assert (found.bps[:, 0] > 5).all() and (found.bps[:, 3] > 5).all()


def test_the_marker_is_the_mean_of_the_window():
    world = run(library("base"), 2, sample_ns=NS_PER_MINUTE)
    samples = world.population.samples()
    ticks = samples[
        [int(at) in {ns(FIRST, CLOSES) - k * NS_PER_MINUTE for k in range(5)} for at in samples["at_ns"]]
    ]
    assert len(ticks) == 5
    mids = (ticks["bid"][:, Venue.OMAN] + ticks["ask"][:, Venue.OMAN]) / 2 * 0.01
    assert marker_price(world, FIRST) == pytest.approx(float(np.log(mids).mean()), abs=1e-12)
    with pytest.raises(ValueError, match="not quoted from 16:25 to 16:30 on 2024-12-01"):
        marker_price(world, date(2024, 12, 1))


def test_one_trading_day_has_no_marker():
    assert plan(scenario("base", {"period.trading_days": 1}), changed=False, seed=1, samples=3) == []


def access(multiple: float, band_bps: float, haircut: int = 5) -> OverseasAccess:
    """Return the lever from the first day on."""
    return OverseasAccess(
        kind="overseas_access", start_day=0, source="assumption", participation_multiple=multiple,
        band_bps=band_bps, fx_haircut_percent=haircut,
    )  # fmt: skip


def test_the_access_there_is_changes_nothing():
    loaded = events(library("base"), access(1.0, 15.0))
    base, changed = (run(loaded, 1, changed=arm) for arm in (False, True))
    assert changed.state_hash() == base.state_hash()


def test_wider_access_is_more_capital_at_a_narrower_band_and_more_informed_orders():
    loaded = events(library("base"), access(2.0, 8.0, haircut=0))
    world = run(loaded, 1, changed=True)
    p = world.population.state["parameters"]
    # Half of the capital is overseas and doubles, and dollars count 100 instead of 95: 3000 (.5 + .5 x 2 x 100/95).
    assert p["arbitrage_most_lots"][:3].tolist() == [4658, 4658, 3000]
    assert world.clearing.house.collateral.fx_haircut_percent == 0  # the house's rule, too
    assert p["arbitrage_band"][:3].tolist() == pytest.approx([8e-4, 8e-4, 8e-4])
    told = loaded.scenario.traders.sc
    assert p["informed_per_s"][Venue.SC] == pytest.approx(
        1.25 * told.informed_per_s
    )  # a quarter overseas, doubled
    assert p["overseas_share"][Venue.SC, Class.INFORMED] == pytest.approx(0.5 / 1.25)


def test_wider_access_ties_sc_to_the_world():
    def gap(changed: bool) -> float:
        loaded = events(library("base"), access(3.0, 4.0, haircut=0))
        found = []
        for replication in range(3):
            world = run(loaded, 2, changed=changed, replication=replication)
            samples = world.population.samples()
            both = (samples["phase"][:, : Venue.BRENT + 1] == Phase.CONTINUOUS).all(axis=1)
            both &= (samples["bid_quantity"] > 0).all(axis=1) & (samples["ask_quantity"] > 0).all(axis=1)
            mids = np.log((samples["bid"] + samples["ask"])[both] / 2.0)
            found.append(np.std(np.diff(mids[:, Venue.SC] - mids[:, Venue.BRENT], n=1)))
        return float(np.mean(found))

    assert gap(True) < gap(False)


def test_access_lost_takes_the_overseas_capital_away():
    world = run(events(library("base"), access(0.0, 15.0)), 1, changed=True)
    p = world.population.state["parameters"]
    assert p["arbitrage_most_lots"][:2].tolist() == [1500, 1500]
    assert p["overseas_share"][Venue.SC, Class.ARBITRAGE] == 0.0
