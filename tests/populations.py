"""A trader population on its own, without a calendar: three open books around the base scenario's prices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from worlds import scenario

from agents.traders.population import TraderPopulation, VenueStart
from agents.traders.state import NOISE_ACCOUNTS, NOISE_ORDERS
from exchange.codes import Phase, PriceRule, Venue
from exchange.units import NS_PER_HOUR, NS_PER_SECOND
from scenarios.streams import Streams

START_NS = 1_730_700_000 * NS_PER_SECOND - 1_730_700_000 * NS_PER_SECOND % NS_PER_HOUR
SC_TICK_USD = 0.1 / 7.12
SC_TICKS, OMAN_TICKS, BRENT_TICKS = 5230, 7200, 7350
SC_LIMITS = (SC_TICKS * 90 // 100, SC_TICKS * 110 // 100)


def population(
    figures: Mapping[str, Any] | None = None, *, seed: int = 1, draws: Mapping[str, int] | None = None
) -> TraderPopulation:
    """Build a population with the base scenario's figures, some of them set; every book is empty and shut."""
    streams = Streams(seed, draws=draws)
    brent_usd = BRENT_TICKS * 0.01
    starts = [
        VenueStart(SC_TICK_USD, PriceRule.MEDIAN, SC_TICKS, math.log(SC_TICKS * SC_TICK_USD / brent_usd)),
        VenueStart(0.01, PriceRule.RESTING, OMAN_TICKS, math.log(OMAN_TICKS * 0.01 / brent_usd)),
        VenueStart(0.01, PriceRule.RESTING, BRENT_TICKS, 0.0),
    ]
    traders = scenario("base", figures).scenario.traders
    made = TraderPopulation(traders, starts, START_NS, word=streams.word, rng=streams.generator)
    made.set_limits(Venue.SC, *SC_LIMITS)
    for venue, ticks in zip(Venue, (SC_TICKS, OMAN_TICKS, BRENT_TICKS), strict=True):
        made.start_day(venue, ticks)
    return made


def opened(figures: Mapping[str, Any] | None = None, **options: Any) -> TraderPopulation:
    """Build a population whose venues all trade continuously."""
    made = population(figures, **options)
    for venue in Venue:
        made.set_phase(venue, Phase.CONTINUOUS)
    return made


def go(made: TraderPopulation, seconds: float, step_s: float | None = None) -> TraderPopulation:
    """Advance by some seconds, in steps of `step_s` or at once, and return the population."""
    end_ns = made.now_ns + int(seconds * NS_PER_SECOND)
    step_ns = int((step_s or seconds) * NS_PER_SECOND)
    while made.now_ns < end_ns:
        made.advance(min(made.now_ns + step_ns, end_ns))
    return made


def check_books(made: TraderPopulation) -> None:
    """Raise AssertionError unless every book is whole: levels, best prices, limits, lists of noise orders."""
    made.check_conservation()
    s = made.state
    for venue in Venue:
        book, orders = s["books"][venue], s["orders"][venue]
        resting = orders[orders["id"] > 0]
        assert len(resting) == book["resting"], venue.name
        assert (resting["quantity"] > 0).all(), venue.name
        assert ((resting["price"] >= book["low"]) & (resting["price"] <= book["high"])).all(), venue.name
        levels = np.zeros((2, s["levels"].shape[2]), np.int64)
        np.add.at(levels, (resting["side"], resting["price"]), resting["quantity"])
        np.testing.assert_array_equal(levels, s["levels"][venue]["quantity"], venue.name)
        bids, asks = np.flatnonzero(levels[0]), np.flatnonzero(levels[1])
        assert book["best_bid"] == (bids[-1] if len(bids) else -1), venue.name
        assert book["best_ask"] == (asks[0] if len(asks) else -1), venue.name
        if book["phase"] == Phase.CONTINUOUS and len(bids) and len(asks):
            assert bids[-1] < asks[0], f"{venue.name} is crossed"
        count = int(s["noise_count"][venue])
        slots = s["noise_slots"][venue][:count]
        assert count <= NOISE_ORDERS
        np.testing.assert_array_equal(s["noise_place"][venue][slots], np.arange(count))
        kept = np.flatnonzero(s["noise_place"][venue] >= 0)
        assert sorted(slots) == kept.tolist(), venue.name
        assert (orders["owner"][slots] < NOISE_ACCOUNTS).all() and (orders["id"][slots] > 0).all()
        if s["open"][venue] > 0:
            low, high = book["base_tick"] + book["low"], book["base_tick"] + book["high"]
            assert low <= s["low"][venue] <= s["close"][venue] <= s["high"][venue] <= high, venue.name
