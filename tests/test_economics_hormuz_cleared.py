"""The strait shut, with clearing on: at its end a month of SC leaves the worth of imported oil, for oil is short.

What lifts it is oil in the tanks and on its way, against calm times: where refiners lift little, tanks last and nothing
is short.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from worlds import events, run, scenario

from agents.crude.levers import LoadOutCut
from exchange.units import NS_PER_MINUTE
from scenarios.world import World

TO_THE_END_OF_MARCH = 24
LAST_DAYS = 3
"""In which accounts without oil only close."""


SLACK = LoadOutCut(
    kind="load_out_cut", start_day=2, share_lost=0.9, duration_days=60, source="assumption: test"
)
"""Refiners lift a tenth of what they did: what is in tank lasts."""


@cache
def world(days: int | None, closed: bool, *others: LoadOutCut) -> World:
    """Run the episode's world with the closure alone of its shocks, or without, and with others."""
    loaded = scenario("hormuz-2026")
    shocks = [shock for shock in loaded.scenario.shocks if closed and shock.kind == "strait_closure"]
    shocks += others
    return run(events(loaded, *shocks), days, changed=True, sample_ns=NS_PER_MINUTE)


def gap_and_half_band(found: World, month: str) -> tuple[float, float]:
    """Return the last days' mean of settlement less oil in tank, and half the band in which no cargo moves, CNY/bbl."""
    last = [each for each in found.month_settlements["sc"] if str(each.month) == month][-LAST_DAYS:]
    gaps = [
        each.settlement_ticks * 0.1 - found.deliverable_spot_cny_per_bbl(each.trading_day) for each in last
    ]
    day = last[-1].trading_day
    parity = found.crude.parity_usd_per_bbl(day)
    return float(np.mean(gaps)), (parity.lowest - parity.neutral) * found.prices["fx"].on(day)


def test_a_month_of_closure_lifts_the_month_that_ends_over_oil_in_tank():
    calm, half_band = gap_and_half_band(world(TO_THE_END_OF_MARCH, False), "2604")
    shut, _ = gap_and_half_band(world(TO_THE_END_OF_MARCH, True), "2604")
    assert abs(calm) < half_band
    assert shut > calm + 8


@pytest.mark.slow
def test_two_months_of_closure_drive_it_beyond_the_cost_of_delivery():
    calm, half_band = gap_and_half_band(world(None, False), "2605")
    shut, _ = gap_and_half_band(world(None, True), "2605")
    assert abs(calm) < half_band < shut
    assert shut > calm + 20


@pytest.mark.slow
def test_with_slack_tanks_the_same_closure_moves_nothing():
    calm, half_band = gap_and_half_band(world(TO_THE_END_OF_MARCH, False), "2604")
    shut, _ = gap_and_half_band(world(TO_THE_END_OF_MARCH, True, SLACK), "2604")
    assert abs(shut - calm) < 5 and abs(shut) < half_band
