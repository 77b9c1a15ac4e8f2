"""The marker: what buying at a venue moves Oman's price of 16:25 to 16:30, which the Gulf's official prices refer to.

SC is shut at that time under its present hours. It compares worlds that differ in one programme of orders; who takes
part in the window for other reasons is not modelled. The window is domain knowledge (facts of the exchange's hours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

import numpy as np

from exchange.clock import ns
from exchange.codes import Venue
from exchange.units import NS_PER_MINUTE, NS_PER_SECOND, log_return_to_bps
from scenarios.ensemble import Job, Key
from scenarios.results import Column
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.structural.pass_through import programme_lots
from scenarios.tables import samples_frame
from scenarios.world import NAMES, Programme, World, build

OPENS: Final = time(16, 25)
CLOSES: Final = time(16, 30)
"""When Oman's marker price is set, Shanghai time, which is Singapore's."""

PUSHES: Final = (
    ("day", Venue.SC, time(14, 50)),
    ("window", Venue.SC, time(16, 20)),
    ("window", Venue.OMAN, time(16, 20)),
    ("window", Venue.BRENT, time(16, 20)),
)
"""The programmes: whether they end with SC's day or with the window, where, and when they begin."""

COLUMNS = {
    "sample": Column("", "number of the sample; the arms of one number share all draws"),
    "at": Column("", "day: the ten minutes before SC's close at 15:00; window: 16:20 to 16:30"),
    "pushed": Column("", "venue at which the programme buys; where it is shut nothing is bought"),
    "bought_lots": Column("lots", "what the programme bought"),
    "marker_bps": Column("bps", "change of Oman's marker price"),
}
"""Documentation of the columns of `Markers.rows`."""

_MINUTES = 10
_DAYS = 2
_CLOCK_NS = 10 * NS_PER_SECOND
_FIRST_SAMPLE = 3_000_000


def marker_price(world: World, day: date) -> float:
    """Return the marker of a calendar day: the mean log mid of Oman over the ticks of the window."""
    mids = samples_frame(world)["Oman_mid"]
    window = mids[(mids.index > ns(day, OPENS)) & (mids.index <= ns(day, CLOSES))].dropna()
    if window.empty:
        raise ValueError(f"Oman is not quoted from {OPENS:%H:%M} to {CLOSES:%H:%M} on {day}")
    return float(np.log(window).mean())


def outcome(
    loaded: LoadedScenario, *, changed: bool, seed: int, sample: int, push: int | None
) -> tuple[float, int]:
    """Run one world and return the marker of the first trading day's afternoon, in logs, and the lots bought."""
    first = loaded.calendar.on_or_after(loaded.scenario.period.first_trading_day)
    programme = None
    if push is not None:
        _, venue, start = PUSHES[push]
        programme = Programme(
            venue, programme_lots(loaded.scenario.measurement, venue), ns(first, start), _MINUTES
        )
    world = build(
        loaded,
        Streams(seed, replication=_FIRST_SAMPLE + sample),
        changed=changed,
        with_gas=False,
        flow_days=_DAYS,
        intervention=programme,
        sample_ns=_CLOCK_NS,
    )
    world.env.run(until=ns(first, CLOSES) + NS_PER_MINUTE)
    assert world.market is not None
    return marker_price(world, first), world.market.position_lots("programme")


def plan(
    loaded: LoadedScenario, *, changed: bool, seed: int, samples: int, key: Key = ("marker",)
) -> list[Job]:
    """Return the jobs: for each sample a world without a programme and one with each. Keys: (*key, sample, push)."""
    if loaded.scenario.period.trading_days < _DAYS:
        return []
    jobs = []
    for sample in range(samples):
        for number in range(-1, len(PUSHES)):
            told = {
                "changed": changed,
                "seed": seed,
                "sample": sample,
                "push": None if number < 0 else number,
            }
            jobs.append(Job((*key, sample, number), outcome, {"loaded": loaded, **told}, weight=1))
    return jobs


@dataclass(frozen=True)
class Markers:
    """What each programme moved the marker: bps and lots bought, by sample and push in the order of PUSHES."""

    bps: np.ndarray[Any, Any]
    bought_lots: np.ndarray[Any, Any]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a sample and programme (see COLUMNS)."""
        return [
            {
                "sample": sample,
                "at": at,
                "pushed": NAMES[venue],
                "bought_lots": int(self.bought_lots[sample, number]),
                "marker_bps": float(self.bps[sample, number]),
            }
            for sample in range(len(self.bps))
            for number, (at, venue, _) in enumerate(PUSHES)
        ]


def collect(results: Mapping[Key, Any], key: Key = ("marker",)) -> Markers | None:
    """Return the effects from the results of `plan`'s jobs under `key`; None where there are none."""
    found = {k[len(key) :]: value for k, value in results.items() if k[: len(key)] == key}
    samples = sorted({sample for sample, _ in found})
    if not samples:
        return None
    bps = [[log_return_to_bps(found[s, n][0] - found[s, -1][0]) for n in range(len(PUSHES))] for s in samples]
    lots = [[found[s, n][1] for n in range(len(PUSHES))] for s in samples]
    return Markers(np.array(bps), np.array(lots))
