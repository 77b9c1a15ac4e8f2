"""One replication: run the whole world of each arm and keep what tables, figures and measures need.

It is a job of the ensemble: a public function of plain arguments with a picklable result.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exchange.units import NS_PER_MINUTE
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.tables import (
    Frames,
    physical_frames,
    quotes_frame,
    samples_frame,
    trading_day_bounds,
    trading_days_frame,
)
from scenarios.world import NAMES, World, build, gas_twin

_BREAK_NS = 5 * NS_PER_MINUTE
"""A stretch without common quotes as long as this is a break; a shorter one is an emptied side."""


@dataclass(frozen=True)
class Replication:
    """What one world left: its tables, information shares, state hash, stream names and rates.

    `information` has rows IS_low, IS, IS_high, CS and whole_day (CWIS, SC only), a column for each venue; it is None
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
    loaded: LoadedScenario, *, arms: Sequence[str], seed: int, replication: int
) -> dict[str, Replication]:
    """Run a world of each arm with the same random numbers and return what is kept of them.

    Where no event touches crude, the changed arm takes its crude side from the base arm.
    """
    found: dict[str, Replication] = {}
    base, found["base"] = _ran(build(loaded, Streams(seed, replication), changed=False))
    if "changed" in arms and loaded.scenario.touches_crude:
        _, found["changed"] = _ran(build(loaded, Streams(seed, replication), changed=True))
    elif "changed" in arms:
        _, found["changed"] = _ran(gas_twin(base), simulated_flow=False)
    return found


def _ran(world: World, *, simulated_flow: bool = True) -> tuple[World, Replication]:
    began = time.perf_counter()
    world.run()
    return world, _kept(world, time.perf_counter() - began, simulated_flow=simulated_flow)


def _kept(world: World, seconds: float, *, simulated_flow: bool) -> Replication:
    frames = physical_frames(world)
    information, reason, messages = None, "no order flow was simulated", 0
    if world.market is not None:
        samples = samples_frame(world)
        frames["days"] = trading_days_frame(world, samples)
        frames["quotes"] = quotes_frame(samples)
        messages = int(world.population.state["messages"]) if simulated_flow else 0
        information, reason = _information(world, samples)
    names = tuple(world.streams.names())
    return Replication(frames, information, reason, world.state_hash(), names, messages, seconds)


def common_clock(world: World, samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return log prices in USD at the ticks at which all venues are quoted, and the trading day of each tick.

    Ticks of the first minute after a break are dropped; a dropped tick is NaN, so that no lag crosses it.
    """
    mids = samples[[f"{name}_mid" for name in NAMES.values()]].set_axis(list(NAMES.values()), axis=1)
    logs = mids.transform(np.log)
    quoted = logs.notna().all(axis=1).to_numpy()
    at_ns = samples.index.to_numpy()
    places = np.flatnonzero(quoted)
    after_break = np.r_[True, np.diff(at_ns[places]) >= _BREAK_NS] if len(places) else np.zeros(0, dtype=bool)
    fresh = np.zeros(len(quoted), dtype=bool)
    for start in places[after_break]:
        fresh[start : np.searchsorted(at_ns, at_ns[start] + NS_PER_MINUTE)] = True
    logs = logs.where(pd.Series(quoted & ~fresh, index=logs.index), other=np.nan)
    labels = pd.Series("", index=samples.index, dtype=object)
    for day, opens, closes in trading_day_bounds(world):
        labels[(labels.index >= opens) & (labels.index <= closes)] = str(day)
    inside = (labels != "").to_numpy()
    return logs[inside], labels[inside]


def _information(world: World, samples: pd.DataFrame) -> tuple[pd.DataFrame | None, str]:
    from scenarios.influence.information import information_shares

    told = world.loaded.scenario.measurement
    logs, days = common_clock(world, samples)
    try:
        shares = information_shares(logs, days=days, lags=told.lags, beta=told.beta, bootstrap=0)
    except ValueError as error:
        return None, str(error)
    table = (
        shares.table["estimate"].unstack("venue").loc[["IS_low", "IS", "IS_high", "CS"], list(NAMES.values())]
    )
    if table.isna().any(axis=None):
        return None, shares.gate.reason
    share = whole_day_share_of_sc(samples, table.to_numpy()[1, 0])
    table.loc["whole_day"] = [share, np.nan, np.nan]
    return table, ""


def whole_day_share_of_sc(samples: pd.DataFrame, share_while_open: float) -> float:
    """Return SC's information share over all hours in which Brent trades: 0 while SC is shut.

    CWIS = w x IS, with w the part of Brent's realised variance that falls into SC's hours; returns of five minutes, or
    of one step of a slower clock. Source: Dimpfl and Schweikert (2023).
    """
    from scenarios.influence.whole_day import whole_day_share

    clock_ns = int(np.diff(samples.index.to_numpy()).min())
    step_ns = clock_ns * max(1, 5 * NS_PER_MINUTE // clock_ns)
    clock = samples.index.to_numpy() % step_ns == 0
    brent = samples.loc[clock, ["Brent_mid"]].transform(np.log)["Brent_mid"]
    steps = np.diff(brent.index.to_numpy()) == step_ns
    squared = brent.diff().iloc[1:].where(steps) ** 2
    open_ = samples.loc[clock, "SC_mid"].notna().iloc[1:]
    variance = pd.Series({"SC open": squared[open_].sum(), "SC shut": squared[~open_].sum()})
    shares = pd.DataFrame(
        [[share_while_open, 1 - share_while_open], [0.0, 1.0]], variance.index, ["SC", "elsewhere"]
    )
    return float(whole_day_share(shares, variance).table["estimate"].to_numpy()[0])


def clock_note(loaded: LoadedScenario) -> str:
    """Say on which clock and with which choices the information shares were estimated."""
    told = loaded.scenario.measurement
    return f"clock of {told.clock_seconds} s while all three trade, K = {told.lags}, beta {told.beta}"
