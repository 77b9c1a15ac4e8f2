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
from scenarios import pass_through
from scenarios.spec import LoadedScenario, Scenario, load_scenario
from scenarios.streams import Streams
from scenarios.tables import samples_frame, trading_day_bounds
from scenarios.world import NAMES, World, build

NO_TAPE = {"traders.cross_learning": CrossLearning(source="assumption")}
"""Nobody learns from another venue's tape."""

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
    days: int = 1,
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
    """Return the common log price, the mean of the venues', at the close of each day (see scenarios/origin.py)."""
    samples = samples_frame(world)
    mids = samples[[f"{name}_mid" for name in NAMES.values()]]
    common = np.log(mids).mean(axis=1, skipna=False).dropna()
    return np.array(
        [
            common[(common.index > start) & (common.index <= end)].iloc[-1]
            for _, start, end in trading_day_bounds(world)
        ]
    )


def origin_variance(
    loaded: LoadedScenario, group: str, *, days: int, replications: Sequence[int], changed: bool = False
) -> tuple[float, float]:
    """Return the variance of a day's change of the common price that a group makes, and the whole variance.

    Of two worlds that differ in the group's streams alone, half the mean squared difference of the days' changes is the
    total-effect variance of the group (Jansen 1999).
    """
    differences, changes = [], []
    for replication in replications:
        pair = [
            np.diff(common_closes(run(loaded, days, changed=changed, replication=replication, draws=draws)))
            for draws in (None, {group: 1})
        ]
        differences.append(pair[1] - pair[0])
        changes += pair
    return float(np.mean(np.square(differences)) / 2), float(np.mean(np.square(changes)))


def impacts(
    loaded: LoadedScenario, pushed: Venue, samples: Sequence[int], *, changed: bool = False
) -> np.ndarray[Any, Any]:
    """Return what the scenario's buying programme at a venue moves, in bps: by sample, horizon and venue."""
    told = {"changed": changed, "seed": 1}
    return np.array(
        [
            pass_through.impact_bps(
                pass_through.paths(loaded, sample=sample, pushed=pushed, **told),
                pass_through.paths(loaded, sample=sample, pushed=None, **told),
            )
            for sample in samples
        ]
    )
