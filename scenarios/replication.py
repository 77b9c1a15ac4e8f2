"""One replication: run the whole world of each arm and keep what tables, figures and measures need.

It is a job of the ensemble: a public function of plain arguments with a picklable result.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from scenarios.information import information_of
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.structural.adoption import adoption
from scenarios.structural.impulse import responses
from scenarios.structural.marginal import marginal_setter
from scenarios.structural.terms import terms
from scenarios.tables import (
    Frames,
    clearing_frames,
    physical_frames,
    quotes_frame,
    samples_frame,
    trading_days_frame,
)
from scenarios.world import World, build, gas_twin

_OF_FLOW = (
    "days",
    "quotes",
    "price_setters",
    "clearing",
    "months",
    "participants",
    "large_positions",
    "exchanges",
    "refusals",
)


@dataclass(frozen=True)
class Replication:
    """What one world left: its tables, information shares, state hash, stream names and rates.

    `information` has rows IS_low, IS, IS_high, CS, day, night and whole_day, a column for each venue; it is None
    where the venues had not one common trend, or where no order flow was simulated, and `reason` says so.
    """

    frames: Frames
    information: pd.DataFrame | None
    reason: str
    state_hash: str
    streams: tuple[str, ...]
    messages: int
    seconds: float


def replicate(
    loaded: LoadedScenario, *, arms: Sequence[str], seed: int, replication: int, fork_ns: int | None = None
) -> dict[str, Replication]:
    """Run a world of each arm with the same random numbers and return what is kept of them.

    Where no event touches crude, the changed arm takes its crude side from the base arm. With `fork_ns`, both arms
    replay the past up to that moment, which must leave them in one state, and the changed arm's tables get `responses`.
    Raises RuntimeError where it does not.
    """
    base = build(loaded, Streams(seed, replication), changed=False)
    kept = {"base": _kept(base, _ran(base, fork_ns))}
    if "changed" not in arms:
        return kept
    if loaded.scenario.touches_crude:
        changed = build(loaded, Streams(seed, replication), changed=True)
        found = _kept(changed, _ran(changed, fork_ns))
    else:
        changed = gas_twin(base)
        found = _kept(changed, _ran(changed, fork_ns), crude_of=kept["base"])
    kept["changed"] = found
    if fork_ns is not None:
        if changed.past != base.past and (loaded.scenario.touches_crude or changed.past[1:] != base.past[1:]):
            raise RuntimeError(f"replication {replication}: the arms are not in one state when they part")
        found.frames["responses"] = responses(base, changed, (kept["base"].frames, found.frames), fork_ns)
    return kept


def _ran(world: World, fork_ns: int | None) -> float:
    """Run a world, keeping its digests at the fork; return the seconds that it took."""
    began = time.perf_counter()
    if fork_ns is not None:
        world.run_to(fork_ns)
    world.run()
    return time.perf_counter() - began


def _kept(world: World, seconds: float, *, crude_of: Replication | None = None) -> Replication:
    """Keep what a world leaves; of a gas twin, what its base arm left of the order flow."""
    frames = physical_frames(world)
    information, reason, messages = None, "no order flow was simulated", 0
    if crude_of is not None:
        information, reason = crude_of.information, crude_of.reason
        frames |= {name: crude_of.frames[name] for name in _OF_FLOW if name in crude_of.frames}
    elif world.market is not None:
        samples = samples_frame(world)
        frames["days"] = trading_days_frame(world, samples)
        frames["quotes"] = quotes_frame(samples)
        frames["price_setters"] = marginal_setter(world)
        if world.squeeze is not None:
            frames |= world.squeeze.frames()
        frames |= clearing_frames(world)
        messages = int(world.population.state["messages"])
        information, reason = information_of(world, samples)
    since = world.loaded.scenario.period.first_trading_day
    frames["adoption"], frames["terms"] = adoption(frames, since), terms(frames, since)
    names = tuple(world.streams.names())
    return Replication(frames, information, reason, world.state_hash(), names, messages, seconds)
