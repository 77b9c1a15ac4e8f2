"""Origin share: how much of the common price's long-run variance enters at which venue, as news and as order flow.

It resamples groups of named random streams and compares whole worlds; the estimators are pure functions of their
outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from exchange.codes import Venue
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.tables import samples_frame, trading_day_bounds
from scenarios.world import NAMES, build

Array = np.ndarray[Any, np.dtype[np.float64]]
Part = Literal["news", "flow"]

GROUPS: tuple[tuple[Part, Venue, str], ...] = tuple(
    (part, venue, f"news.*.{venue.name.lower()}" if part == "news" else f"flow.{venue.name.lower()}.*")
    for part in ("news", "flow")
    for venue in Venue
)
"""The groups: part, venue, and the glob of the streams that enter there."""


def designs(groups: int) -> list[tuple[int, ...]]:
    """Return the draws (0 or 1) of each group for the runs of one sample.

    A, then the runs that change groups from A to B one after the other, B last; then the complements of the runs in
    between. There are 2 x groups of them.
    """
    forward = [tuple(int(k < changed) for k in range(groups)) for changed in range(groups + 1)]
    backward = [tuple(1 - draw for draw in run) for run in forward[1:-1]]
    return forward + backward


def outcome(
    loaded: LoadedScenario, *, changed: bool, seed: int, sample: int, draws: Sequence[int], horizon_days: int
) -> list[float]:
    """Run one world and return the common log price at the close of each day up to the horizon.

    The common price is the mean of the venues' log prices in USD/bbl at the last tick of the clock, up to SC's
    close, at which all three are quoted.
    """
    by_group = {glob: draw for (_, _, glob), draw in zip(GROUPS, draws, strict=True)}
    streams = Streams(seed, replication=1_000_000 + sample, draws=by_group)
    world = build(
        loaded, streams, changed=changed, with_gas=False, flow_days=horizon_days, sample_ns=60 * 10**9
    )
    world.run()
    samples = samples_frame(world)
    mids = samples[[f"{name}_mid" for name in NAMES.values()]]
    common = mids.transform(np.log).mean(axis=1, skipna=False).dropna()
    closes = []
    for day, start, end in trading_day_bounds(world):
        inside = common[(common.index > start) & (common.index <= end)]
        if inside.empty:
            raise ValueError(f"no moment of {day} at which all venues were quoted")
        closes.append(float(inside.iloc[-1]))
    return closes


@dataclass(frozen=True)
class OriginShare:
    """First-order shares by group, with the bounds of a jackknife interval over samples.

    `share`, `low`, `high`: one entry a group, in the order of GROUPS. `rest` is what the shares leave: interactions and
    the noise of the estimate. `sd` is the standard deviation of the change over the horizon, in logs.
    """

    share: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    standard_error: tuple[float, ...]
    sd: float
    samples: int

    @property
    def rest(self) -> float:
        """One less the sum of the shares."""
        return 1.0 - sum(self.share)


def first_order(values: Array) -> tuple[Array, Array]:
    """Return, for each sample, the estimates of V_k by group and of the variance V.

    `values[sample, run]` are outcomes in the order of `designs`. Along the chain from A to B group k changes with the
    earlier groups at B; in its complement with them at A. The two changes share nothing but group k, so
    E[change x complement change] = 2 V_k: small shares are estimated with small errors, where Jansen's
    V - E[(f(B) - f(A_B^k))^2] / 2 has an error of the order of V. Source: Owen (2013), "Better
    estimation of small Sobol' sensitivity indices", ACM TOMACS 23:11. V comes from the
    pairs of complements, which share nothing.
    """
    _, runs = values.shape
    groups = runs // 2
    if runs != 2 * groups:
        raise ValueError(f"{runs} runs are not twice a number of groups")
    forward = values[:, : groups + 1]
    backward = np.concatenate(
        [values[:, groups : groups + 1], values[:, groups + 1 :], values[:, :1]], axis=1
    )
    parts = -np.diff(forward, axis=1) * np.diff(backward, axis=1) / 2
    total = np.mean((forward - backward) ** 2, axis=1) / 2
    return parts, total


def origin_share(values: Array, confidence: float = 0.95) -> OriginShare:
    """Estimate the shares from outcomes `values[sample, run]` (see `first_order`), with a jackknife over samples.

    S_k = sum V_k / sum V. Raises ValueError for fewer than two samples.
    """
    from scipy.stats import t

    parts, total = first_order(values)
    n = len(total)
    if n < 2:
        raise ValueError("an origin share needs at least two samples")
    share = parts.sum(axis=0) / total.sum()
    left_out = (parts.sum(axis=0) - parts) / (total.sum() - total)[:, None]
    error = np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    half = float(t.ppf(0.5 + confidence / 2, n - 1)) * error
    low, high = share - half, share + half
    as_tuple = tuple[float, ...]
    return OriginShare(
        as_tuple(share.tolist()), as_tuple(low.tolist()), as_tuple(high.tolist()), as_tuple(error.tolist()),
        float(np.sqrt(total.mean())), n,
    )  # fmt: skip
