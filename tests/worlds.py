"""Worlds of the scenario library, cut to the size of a test, and what tests of the economics read off them.

Worlds of one seed share all random streams, so that a difference between two of them is the effect of the figure that
differs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from agents.shocks import Event
from agents.traders.parameters import CrossLearning
from exchange.codes import Venue
from exchange.units import NS_PER_MINUTE
from scenarios.spec import LoadedScenario, Scenario, load_scenario
from scenarios.streams import Streams
from scenarios.structural import pass_through
from scenarios.tables import samples_frame, trading_day_bounds
from scenarios.world import NAMES, World, build

NO_TAPE = {"traders.cross_learning": CrossLearning(source="assumption")}
"""Nobody learns from another venue's tape."""

VENUE_NAMES = ("sc", "oman", "brent")

ONE_MONTH = {"traders.curve.sc_active_months": 1}
"""SC's main month alone: a third of the work where the other months are not the question."""

NO_ARBITRAGE = {f"traders.arbitrage.{pair}.capital_lots": 0 for pair in ("sc_oman", "sc_brent", "oman_brent")}


@cache
def library(name: str) -> LoadedScenario:
    """Load a scenario of the library."""
    return load_scenario(name)


def scenario(name: str = "base", figures: Mapping[str, Any] | None = None) -> LoadedScenario:
    """Load a scenario of the library and set figures by their dotted keys, checked like a file's."""
    loaded = library(name)
    values = loaded.scenario.model_dump()
    for key, value in (figures or {}).items():
        *path, last = key.split(".")
        table = values
        for part in path:
            table = table[part]
        if last not in table:
            raise KeyError(key)
        table[last] = value.model_dump() if hasattr(value, "model_dump") else value
    return dataclasses.replace(loaded, scenario=Scenario.model_validate(values))


def events(loaded: LoadedScenario, *happens: Event) -> LoadedScenario:
    """Return the scenario with these events in its changed arm instead of its own."""
    return dataclasses.replace(
        loaded, scenario=loaded.scenario.model_copy(update={"shocks": happens, "levers": ()})
    )


def run(
    loaded: LoadedScenario,
    days: int | None = 1,
    *,
    changed: bool = False,
    seed: int = 1,
    replication: int = 0,
    draws: Mapping[str, int] | None = None,
    **options: Any,
) -> World:
    """Build and run a world of crude without gas for some days of order flow."""
    options = {"with_gas": False} | options
    world = build(loaded, Streams(seed, replication, draws), changed=changed, flow_days=days, **options)
    world.run()
    return world


def common_closes(world: World) -> np.ndarray[Any, Any]:
    """Return the common log price, the mean of the venues', at the close of each day."""
    samples = samples_frame(world)
    mids = samples[[f"{name}_mid" for name in NAMES.values()]]
    common = np.log(mids).mean(axis=1, skipna=False).dropna()
    return np.array(
        [
            common[(common.index > start) & (common.index <= end)].iloc[-1]
            for _, start, end in trading_day_bounds(world)
        ]
    )


@dataclasses.dataclass(frozen=True)
class NewsAt:
    """What a venue's own news is and does, from pairs of worlds that differ in its streams alone.

    `entered`: its share of the variance of the permanent value, by pair. `response`: how much of it the common price
    takes in, the slope of differences of the price on differences of the value at the days' closes. `share`: the share
    of the value's variance that comes into the common price through the venue, entered x response^2.
    """

    entered: np.ndarray[Any, Any]
    response: float
    response_error: float

    @property
    def share(self) -> float:
        """The news part of the venue's origin share, but for what order flow does meanwhile."""
        return float(self.entered.mean()) * self.response**2


def news_at_sc(
    loaded: LoadedScenario, *, days: int = 4, replications: int = 4, changed: bool = False
) -> NewsAt:
    """Measure SC's own news. The response has a jackknife's standard error over pairs."""
    value, price, entered = [], [], []
    for replication in range(replications):
        pair = [
            run(loaded, days, changed=changed, replication=replication, draws=draws, sample_ns=NS_PER_MINUTE)
            for draws in (None, {"news.*.sc": 1})
        ]
        paths = [world.population.samples()["value"] for world in pair]
        steps = [np.diff(path) for path in paths]
        entered.append(
            np.square(steps[1] - steps[0]).sum() / (np.square(steps[0]) + np.square(steps[1])).sum()
        )
        at_ns = pair[0].population.samples()["at_ns"]
        ends = np.searchsorted(at_ns, [end for _, _, end in trading_day_bounds(pair[0])][1:]) - 1
        value.append((paths[1] - paths[0])[ends])
        price.append((common_closes(pair[1]) - common_closes(pair[0]))[1:])
    value, price = np.array(value), np.array(price)
    products, squares = (value * price).sum(axis=1), (value * value).sum(axis=1)
    left_out = (products.sum() - products) / (squares.sum() - squares)
    error = np.sqrt((replications - 1) / replications * np.square(left_out - left_out.mean()).sum())
    return NewsAt(np.array(entered), float(products.sum() / squares.sum()), float(error))


def impacts(
    loaded: LoadedScenario, pushed: Venue, samples: Sequence[int], *, changed: bool = False
) -> np.ndarray[Any, Any]:
    """Return what the scenario's buying programme at a venue moves, in bps: by sample, horizon and venue.

    The horizons are the end of the programme and the headline of the scenario; the push is followed for a day.
    """
    told = loaded.scenario.measurement
    measurement = told.model_copy(update={"pass_through_days": 1})
    loaded = dataclasses.replace(
        loaded, scenario=loaded.scenario.model_copy(update={"measurement": measurement})
    )
    horizons = pass_through.horizons_minutes(loaded)
    rows = [horizons.index(m) for m in (told.programme_minutes, told.pass_through_horizon_minutes)]
    found = []
    for sample in samples:
        with_push, without = (
            pass_through.paths(loaded, changed=changed, seed=1, sample=sample, push=push)
            for push in (("flow", pushed), None)
        )
        found.append(np.array(pass_through.impact_bps(with_push, without))[rows])
    return np.array(found)
