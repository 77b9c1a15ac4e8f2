"""Causal pass-through: what a programme of buying at one venue does to the price of every venue, and for how long.

It compares two worlds that share all random streams and differ in the programme alone.
"""

from __future__ import annotations

from datetime import time

import numpy as np

from exchange.clock import ns
from exchange.codes import Venue
from exchange.units import NS_PER_MINUTE, log_return_to_bps
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.tables import samples_frame
from scenarios.world import NAMES, Programme, build

_START = time(10, 35)
"""Ten thirty-five on the first trading day: all venues trade, and SC's morning break has just ended."""


def horizons_minutes(programme_minutes: int, last_minutes: int) -> tuple[int, ...]:
    """Return the horizons after the start: the end of the programme, and the last one."""
    return (programme_minutes, last_minutes)


def paths(
    loaded: LoadedScenario, *, changed: bool, seed: int, sample: int, pushed: Venue | None
) -> tuple[tuple[float, ...], ...]:
    """Run one world and return log prices by horizon (rows) and venue (columns).

    `pushed` is the venue of the programme, None for the twin without one. A price is the mean mid of the ten minutes
    before the horizon in which the venue is quoted, so that one bounce of the quotes does not count.
    """
    told = loaded.scenario.measurement
    lots = {
        Venue.SC: told.programme_lots_sc, Venue.OMAN: told.programme_lots_oman, Venue.BRENT: told.programme_lots_brent,
    }  # fmt: skip
    first = loaded.calendar.on_or_after(loaded.scenario.period.first_trading_day)
    start = ns(first, _START)
    programme = None if pushed is None else Programme(pushed, lots[pushed], start, told.programme_minutes)
    streams = Streams(seed, replication=2_000_000 + sample)
    world = build(
        loaded,
        streams,
        changed=changed,
        with_gas=False,
        flow_days=1,
        programme=programme,
        sample_ns=NS_PER_MINUTE,
    )
    world.run()
    samples = samples_frame(world)[[f"{name}_mid" for name in NAMES.values()]].transform(np.log)
    rows = []
    for minutes in horizons_minutes(told.programme_minutes, told.pass_through_horizon_minutes):
        until = start + minutes * NS_PER_MINUTE
        window = samples[(samples.index > until - 10 * NS_PER_MINUTE) & (samples.index <= until)]
        if bool(window.isna().all().any()):
            raise ValueError(f"a venue is not quoted {minutes} minutes after the programme began")
        rows.append(tuple(float(value) for value in window.mean()))
    return tuple(rows)


def impact_bps(
    with_programme: tuple[tuple[float, ...], ...], without: tuple[tuple[float, ...], ...]
) -> list[list[float]]:
    """Return the change in bps by horizon (rows) and venue (columns)."""
    return [
        [log_return_to_bps(after - before) for after, before in zip(row, twin, strict=True)]
        for row, twin in zip(with_programme, without, strict=True)
    ]
