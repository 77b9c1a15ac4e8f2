"""Origin share: how much of the common price's long-run variance enters at which venue, as news and as order flow.

It resamples groups of named random streams and compares whole worlds; the arithmetic of shares is sobol.py's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from exchange.codes import Venue
from scenarios.ensemble import Job, Key, run_jobs
from scenarios.results import Column
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.structural.sobol import Index, Parts, Share, designs, difference, parts, share
from scenarios.tables import samples_frame, trading_day_bounds
from scenarios.world import NAMES, build

Part = Literal["news", "flow"]

GROUPS: tuple[tuple[Part, Venue, str], ...] = tuple(
    (part, venue, f"news.*.{venue.name.lower()}" if part == "news" else f"flow.{venue.name.lower()}.*")
    for part in ("news", "flow")
    for venue in Venue
)
"""The groups: part, venue, and the glob of the streams that enter there."""

COLUMNS = {
    "part": Column("", "news: first seen there; flow: the orders of the venue's own traders"),
    "index": Column("", "first: first-order Sobol index; total: total index; shapley: Shapley value"),
    "horizon_days": Column("trading days", "over which the change of the common log price is taken"),
    "share": Column("share", "of the variance of that change"),
    "low": Column("share", "lower end of the 95 % interval"),
    "high": Column("share", "upper end of the 95 % interval"),
    "standard_error": Column("share", "of the estimate, by a jackknife over samples"),
    "sample": Column("", "number of the sample, from 0; the arms of one number share all draws"),
    "first": Column("squared log change", "the sample's estimate of the group's first-order variance"),
    "total": Column("squared log change", "the sample's estimate of the group's total variance"),
    "shapley": Column("squared log change", "the sample's estimate of the group's Shapley value"),
    "variance": Column("squared log change", "the sample's estimate of the whole variance"),
}
"""Documentation of the columns of both frames of an OriginShare."""

_NORMAL_95 = 1.959964
_FIRST_SAMPLE = 1_000_000
"""The replication number of sample 0, out of the way of the replications that tables are made of."""


def order(seed: int, sample: int) -> list[int]:
    """Return the order in which a sample's groups change."""
    rng = Streams(seed, _FIRST_SAMPLE + sample).generator("origin.order")
    return [int(k) for k in rng.permutation(len(GROUPS))]


def outcome(
    loaded: LoadedScenario, *, changed: bool, seed: int, sample: int, draws: Sequence[int], horizon_days: int
) -> list[float]:
    """Run one world and return the common log price at the close of each day up to the horizon.

    The common price is the mean of the venues' log prices in USD/bbl at the last tick of the clock, up to SC's
    close, at which all three are quoted.
    """
    by_group = {glob: draw for (_, _, glob), draw in zip(GROUPS, draws, strict=True)}
    streams = Streams(seed, replication=_FIRST_SAMPLE + sample, draws=by_group)
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


def plan(
    loaded: LoadedScenario,
    *,
    changed: bool,
    seed: int,
    samples: int | range,
    horizon_days: int,
    key: Key = ("origin",),
) -> list[Job]:
    """Return the jobs of the samples: a world of `horizon_days` for each run of each sample's design.

    Keys are (*key, sample, run); both arms of a scenario share all draws of a sample.
    """
    jobs = []
    for sample in range(samples) if isinstance(samples, int) else samples:
        for number, draws in enumerate(designs(order(seed, sample))):
            told = {"changed": changed, "seed": seed, "sample": sample, "draws": draws}
            arguments = {"loaded": loaded, "horizon_days": horizon_days, **told}
            jobs.append(Job((*key, sample, number), outcome, arguments, weight=horizon_days))
    return jobs


@dataclass(frozen=True, eq=False)
class OriginShare:
    """The shares of the groups in the variance of the change of the common log price over `horizon_days`.

    parts: what each sample says, groups in the order of GROUPS.
    """

    parts: Parts
    horizon_days: int

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len(self.parts.variance)

    @property
    def sd(self) -> float:
        """The standard deviation of the change over the horizon, in logs."""
        return float(np.sqrt(self.parts.variance.mean()))

    def share(self, venue: Venue | None = None, part: Part | None = None, index: Index = "first") -> Share:
        """Return the share of what enters at a venue (at any) as a part (as either), with its interval.

        A sum over groups of first-order shares or Shapley values is a share; one of total indices counts interactions
        more than once.
        """
        return share(self._sum(venue, part, index), self.parts.variance)

    def rest(self, index: Index = "first") -> Share:
        """Return what the shares of all groups leave of 1: interactions, and the error of the estimate."""
        return share(self.parts.variance - self._sum(None, None, index), self.parts.variance)

    def effect(
        self,
        changed: OriginShare,
        venue: Venue | None = None,
        part: Part | None = None,
        index: Index = "first",
    ) -> Share:
        """Return the share in `changed`, whose samples share this one's draws, less this one's."""
        mine, theirs = self._sum(venue, part, index), changed._sum(venue, part, index)
        return difference(mine, self.parts.variance, theirs, changed.parts.variance)

    def half_width(self, venue: Venue = Venue.SC) -> float:
        """Return the half-width of the widest interval of a venue's first-order shares: news, flow and their sum."""
        return max(self.share(venue, part).half_width for part in ("news", "flow", None))

    def samples_needed(self, precision: float) -> int:
        """Forecast how many samples bring SC's `half_width` down to `precision`: errors fall as the square root.

        The present error is scaled, and Student's t by then is taken for the normal quantile.
        """
        error = max(self.share(Venue.SC, part).standard_error for part in ("news", "flow", None))
        if self.half_width() <= precision:
            return self.samples
        return max(self.samples + 1, math.ceil(self.samples * (_NORMAL_95 * error / precision) ** 2))

    def to_frame(self) -> pd.DataFrame:
        """Return all shares in long form: part, venue, index, horizon_days, share, low, high, standard_error."""
        rows = []
        for part, venue, _ in GROUPS:
            for index in ("first", "total", "shapley"):
                found = self.share(venue, part, index)
                rows.append((part, NAMES[venue], index, self.horizon_days, found.value, found.low, found.high,
                             found.standard_error))  # fmt: skip
        columns = ["part", "venue", "index", "horizon_days", "share", "low", "high", "standard_error"]
        return pd.DataFrame(rows, columns=columns)

    def samples_frame(self) -> pd.DataFrame:
        """Return the parts of each sample: sample, part, venue, horizon_days, first, total, shapley, variance."""
        frames = []
        for k, (part, venue, _) in enumerate(GROUPS):
            told = {"part": part, "venue": NAMES[venue], "horizon_days": self.horizon_days}
            values = {name: getattr(self.parts, name)[:, k] for name in ("first", "total", "shapley")}
            sample = np.arange(self.samples)
            frames.append(pd.DataFrame({"sample": sample, **told, **values, "variance": self.parts.variance}))
        return pd.concat(frames, ignore_index=True)

    def _sum(self, venue: Venue | None, part: Part | None, index: Index) -> np.ndarray[Any, Any]:
        wanted = [k for k, (p, v, _) in enumerate(GROUPS) if venue in (None, v) and part in (None, p)]
        return np.asarray(self.parts.of(index)[:, wanted].sum(axis=1))


def origin_share(
    loaded: LoadedScenario,
    *,
    changed: bool = False,
    seed: int = 1,
    samples: int = 8,
    horizon_days: int = 5,
    jobs: int = 1,
) -> dict[int, OriginShare]:
    """Measure the shares of one arm of a scenario, for each horizon from one day to `horizon_days`.

    A sample runs twelve worlds. Empty for fewer than two samples.
    """
    planned = plan(loaded, changed=changed, seed=seed, samples=samples, horizon_days=horizon_days)
    return collect(run_jobs(planned, jobs), seed=seed)


def collect(results: Mapping[Key, Any], key: Key = ("origin",), *, seed: int) -> dict[int, OriginShare]:
    """Return the shares for each horizon from one day on, from the results of `plan`'s jobs under `key`.

    Empty for fewer than two samples.
    """
    outcomes: dict[int, dict[int, list[float]]] = {}
    for found, value in results.items():
        if found[: len(key)] == key:
            sample, number = found[len(key) :]
            outcomes.setdefault(sample, {})[number] = value
    if len(outcomes) < 2:
        return {}
    samples = sorted(outcomes)
    orders = np.array([order(seed, sample) for sample in samples])
    values = np.array([[outcomes[s][n] for n in sorted(outcomes[s])] for s in samples])
    days = values.shape[2]
    return {d + 1: OriginShare(parts(values[:, :, d], orders), d + 1) for d in range(days)}
