"""Causal pass-through: what a push at one venue does to the price of every venue, and for how long.

A push is a programme of buying or a piece of news. It compares worlds that share all random streams and differ in the
push alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from exchange.clock import ns
from exchange.codes import Venue
from exchange.units import NS_PER_MINUTE, NS_PER_SECOND, log_return_to_bps
from scenarios.ensemble import Job, Key
from scenarios.fork import can_fork, in_forks
from scenarios.results import Column, Estimate, interval, ratio
from scenarios.spec import LoadedScenario, Measurement
from scenarios.streams import Streams
from scenarios.tables import samples_frame
from scenarios.world import NAMES, News, Programme, World, build

Kind = Literal["flow", "news"]
Paths = tuple[tuple[float, ...], ...]

PUSHES: tuple[tuple[Kind, Venue], ...] = tuple((kind, venue) for kind in ("flow", "news") for venue in Venue)
"""Every push: what, and where."""

COLUMNS = {
    "sample": Column("", "number of the sample, from 0; all pushes of one number share all random streams"),
    "kind": Column("", "flow: a programme of buying; news: permanent news first seen there"),
    "pushed": Column("", "venue of the push"),
    "moved": Column("", "venue whose price is read"),
    "horizon_minutes": Column("minutes", "wall clock since the push began"),
    "impact_bps": Column("bps", "change of the log mid against the twin without the push"),
}
"""Documentation of the columns of `Impacts.to_frame`."""

_START = time(10, 35)
"""Ten thirty-five: all venues trade, and SC's morning break has just ended."""
_CLOSE = time(15)
_EARLY_MINUTES = (1, 5, 30)
_STEADY_MINUTES = 60
_WINDOW_MINUTES = 10
_CLOCK_NS = 10 * NS_PER_SECOND
_OLDEST_TICKS = 30
_FIRST_SAMPLE = 2_000_000


def horizons_minutes(loaded: LoadedScenario) -> tuple[int, ...]:
    """Return the horizons: minutes after the start, the end of the programme, the headline, and later days' closes."""
    told = loaded.scenario.measurement
    first = _day_of_the_push(loaded)
    days = loaded.calendar.trading_days(first, days_followed(loaded))
    closes = [(ns(day, _CLOSE) - ns(first, _START)) // NS_PER_MINUTE for day in days[1:]]
    return tuple(
        sorted({*_EARLY_MINUTES, told.programme_minutes, told.pass_through_horizon_minutes, *closes})
    )


def days_followed(loaded: LoadedScenario) -> int:
    """Return the trading days for which a push is followed."""
    told, days = loaded.scenario.measurement, loaded.scenario.period.trading_days
    return min(told.pass_through_days, days - told.pass_through_start_day)


def _day_of_the_push(loaded: LoadedScenario) -> date:
    count = loaded.scenario.measurement.pass_through_start_day + 1
    return loaded.calendar.trading_days(loaded.scenario.period.first_trading_day, count)[-1]


def paths(
    loaded: LoadedScenario, *, changed: bool, seed: int, sample: int, push: tuple[Kind, Venue] | None
) -> Paths:
    """Run one world and return log prices by horizon (rows) and venue (columns).

    `push` is None for the twin without one. A price is the mean mid of the horizon's minute; from an hour on, of the
    ten minutes before it, so that one bounce of the quotes does not count. Where a push has emptied a side, the last
    mid stands in for up to five minutes.
    """
    start = ns(_day_of_the_push(loaded), _START)
    intervention = None if push is None else _intervention(loaded.scenario.measurement, *push, start)
    return _read(_build(loaded, changed, seed, sample, intervention), start)


def all_paths(loaded: LoadedScenario, *, changed: bool, seed: int, sample: int) -> list[Paths]:
    """Return `paths` of the twin and of every push, in the order of PUSHES.

    Where the push comes days after the start, the worlds share one past: it is run once and forked a minute before.
    """
    pushes = (None, *PUSHES)
    if not can_fork():
        return [paths(loaded, changed=changed, seed=seed, sample=sample, push=push) for push in pushes]
    start = ns(_day_of_the_push(loaded), _START)
    world = _build(loaded, changed, seed, sample)
    world.env.run(until=start - NS_PER_MINUTE)

    def future(push: tuple[Kind, Venue] | None) -> Paths:
        if push is not None:
            world.intervene(_intervention(loaded.scenario.measurement, *push, start))
        return _read(world, start)

    return in_forks([partial(future, push) for push in pushes])


def _build(
    loaded: LoadedScenario,
    changed: bool,
    seed: int,
    sample: int,
    intervention: Programme | News | None = None,
) -> World:
    return build(
        loaded,
        Streams(seed, replication=_FIRST_SAMPLE + sample),
        changed=changed,
        with_gas=False,
        flow_days=loaded.scenario.measurement.pass_through_start_day + days_followed(loaded),
        intervention=intervention,
        sample_ns=_CLOCK_NS,
    )


def _read(world: World, start: int) -> Paths:
    """Run a world to its end and read log prices off it."""
    world.run()
    samples = samples_frame(world)[[f"{name}_mid" for name in NAMES.values()]].transform(np.log)
    samples = samples.ffill(limit=_OLDEST_TICKS)
    rows = []
    for minutes in horizons_minutes(world.loaded):
        until = start + minutes * NS_PER_MINUTE
        width = _WINDOW_MINUTES if minutes >= _STEADY_MINUTES else 1
        window = samples[(samples.index > until - width * NS_PER_MINUTE) & (samples.index <= until)]
        if bool(window.isna().all().any()):
            raise ValueError(f"a venue is not quoted {minutes} minutes after the push began")
        rows.append(tuple(float(value) for value in window.mean()))
    return tuple(rows)


def _intervention(told: Measurement, kind: Kind, venue: Venue, start_ns: int) -> Programme | News:
    if kind == "news":
        return News(venue, told.news_bps, start_ns)
    return Programme(venue, programme_lots(told, venue), start_ns, told.programme_minutes)


def programme_lots(told: Measurement, venue: Venue) -> int:
    """Return the size of the programme at a venue."""
    return int(getattr(told, f"programme_lots_{venue.name.lower()}"))


def plan(
    loaded: LoadedScenario, *, changed: bool, seed: int, samples: int, key: Key = ("pass_through",)
) -> list[Job]:
    """Return the jobs: for each sample a world without a push and one for every push.

    Keys are (*key, sample, number of the push in PUSHES, or -1 for none); where the push comes later than on the first
    day, one job does all of a sample under the key (*key, sample).
    """
    jobs: list[Job] = []
    start_day = loaded.scenario.measurement.pass_through_start_day
    for sample in range(samples):
        if start_day:
            told = {"loaded": loaded, "changed": changed, "seed": seed, "sample": sample}
            weight = start_day + (1 + len(PUSHES)) * days_followed(loaded)
            jobs.append(Job((*key, sample), all_paths, told, weight=weight))
            continue
        for number, push in enumerate([None, *PUSHES], start=-1):
            told = {"loaded": loaded, "changed": changed, "seed": seed, "sample": sample, "push": push}
            jobs.append(Job((*key, sample, number), paths, told, weight=days_followed(loaded)))
    return jobs


@dataclass(frozen=True, eq=False)
class Impacts:
    """What each push moved: `bps` by sample, push (in the order of PUSHES), horizon and venue moved."""

    bps: np.ndarray[Any, Any]
    horizons_minutes: tuple[int, ...]

    def at(self, kind: Kind, pushed: Venue, moved: Venue, horizon_minutes: int) -> list[float]:
        """Return the impacts of one push on one venue at one horizon, a sample each."""
        push, row = PUSHES.index((kind, pushed)), self.horizons_minutes.index(horizon_minutes)
        return [float(value) for value in self.bps[:, push, row, moved]]

    def speed(
        self, venue: Venue, over: Venue, news_shares: Mapping[Venue, float], horizon_minutes: int
    ) -> Estimate:
        """Return the ratio of two venues' immediate responses to permanent news, each by what it moves in the end.

        d_i = sum_s w_s r_is(1 minute) / sum_s w_s r_is(horizon), r_is the response of venue i to news first seen at s
        and w_s the share of s in all news; the ratio is d_venue / d_over. Above 1, `venue` is the faster.
        """
        soon, late = (self._to_news(news_shares, minutes) for minutes in (_EARLY_MINUTES[0], horizon_minutes))
        above, below = (soon[:, venue], late[:, over]), (late[:, venue], soon[:, over])
        return ratio([a.tolist() for a in above], [b.tolist() for b in below], "ratio")

    def _to_news(self, news_shares: Mapping[Venue, float], minutes: int) -> np.ndarray[Any, Any]:
        row = self.horizons_minutes.index(minutes)
        weighed = [share * self.bps[:, PUSHES.index(("news", at)), row] for at, share in news_shares.items()]
        return np.asarray(sum(weighed))

    def to_frame(self) -> pd.DataFrame:
        """Return the impacts in long form: sample, kind, pushed, moved, horizon_minutes, impact_bps."""
        rows = [
            (sample, kind, NAMES[pushed], NAMES[moved], minutes, value)
            for number, (kind, pushed) in enumerate(PUSHES)
            for row, minutes in enumerate(self.horizons_minutes)
            for moved in Venue
            for sample, value in enumerate(self.bps[:, number, row, moved].tolist())
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def summary(self) -> pd.DataFrame:
        """Return means and 95 % intervals over samples: kind, pushed, moved, horizon_minutes, mean_bps, low, high."""
        rows = []
        for (kind, pushed, moved, minutes), own in self.to_frame().groupby(
            ["kind", "pushed", "moved", "horizon_minutes"], sort=False
        ):
            found = interval(own["impact_bps"].tolist(), "bps")
            rows.append((kind, pushed, moved, minutes, found.value, found.low, found.high))
        columns = ["kind", "pushed", "moved", "horizon_minutes", "mean_bps", "low", "high"]
        return pd.DataFrame(rows, columns=columns)


def collect(
    results: Mapping[Key, Any], loaded: LoadedScenario, key: Key = ("pass_through",)
) -> Impacts | None:
    """Return the impacts from the results of `plan`'s jobs under `key`; None where there are none."""
    found: dict[Key, Any] = {}
    for k, value in results.items():
        if k[: len(key)] == key:
            own = k[len(key) :]
            found |= {own: value} if len(own) > 1 else {(*own, n - 1): path for n, path in enumerate(value)}
    samples = sorted({sample for sample, _ in found})
    if not samples:
        return None
    bps = [[impact_bps(found[s, n], found[s, -1]) for n in range(len(PUSHES))] for s in samples]
    return Impacts(np.array(bps), horizons_minutes(loaded))


def impact_bps(with_push: Sequence[Sequence[float]], without: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the change in bps by horizon (rows) and venue (columns)."""
    return [
        [log_return_to_bps(after - before) for after, before in zip(row, twin, strict=True)]
        for row, twin in zip(with_push, without, strict=True)
    ]
