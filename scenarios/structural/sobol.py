"""Variance shares of groups of inputs, found by resampling the groups: functions of outcomes alone.

It runs no world and knows no venue. A sample is a cycle of 2 G runs for G groups: from draw A the groups change to draw
B one after the other, in an order drawn at random for the sample, and then back to A in the same order. So each run has
its complement in the cycle, and each group changes twice, against two sets of other draws that share nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Index = Literal["first", "total", "shapley"]


@dataclass(frozen=True)
class Share:
    """State a share of variance, its jackknife interval and standard error, from `n` samples."""

    value: float
    low: float
    high: float
    standard_error: float
    n: int

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, eq=False)
class Parts:
    """What each sample says of the variances: `first`, `total`, `shapley` (sample, group), `variance` (sample)."""

    first: Array
    total: Array
    shapley: Array
    variance: Array

    def of(self, index: Index) -> Array:
        """Return the parts of one index. Raises ValueError for another name."""
        if index not in ("first", "total", "shapley"):
            raise ValueError(f"index: {index!r} is none of first, total, shapley")
        return np.asarray(getattr(self, index))


def designs(order: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the draws (0 for A, 1 for B) of each group for the 2 G runs of a sample, in the order of the cycle."""
    groups = len(order)
    rank = np.argsort(order)
    forward = [tuple(int(k < changed) for k in rank) for changed in range(groups)]
    return forward + [tuple(1 - draw for draw in run) for run in forward]


def parts(values: Array, orders: np.ndarray[Any, Any]) -> Parts:
    """Return each sample's parts from outcomes `values[sample, run]` over `designs(orders[sample])`.

    With F_k the change that group k makes on the way from A to B, B_k on the way back, and D_i the difference of run i
    from its complement:

    - variance: mean of D_i^2 / 2 over the G pairs of complements.
    - first order, E of the product -F_k B_k / 2. The two changes share nothing but group k, so small shares come with
      small errors, where Jansen's V - E[(f(B) - f(A_B^k))^2] / 2 has an error of the order of V. Source: Owen (2013),
      "Better estimation of small Sobol' sensitivity indices", ACM TOMACS 23:11.
    - total, E of (F_k^2 + B_k^2) / 4: runs that differ in group k alone. Source: Jansen (1999), CPC 117:35.
    - Shapley value: along a random order, what group k adds to E(f - f')^2 / 2; taken from every start of the cycle and
      from both ends it is the mean of s_ik D_i (F_k - B_k) / 4 over pairs i, s_ik = -1 where k changes before i and 1
      otherwise. The values of a sample add up to its variance. Sources: Song, Nelson and Staum (2016), SIAM/ASA JUQ
      4:1060; Goda (2021), RESS 205:107199, "A simple algorithm for global sensitivity analysis with Shapley effects".

    Raises ValueError where shapes do not fit.
    """
    samples, runs = values.shape
    groups = runs // 2
    if runs != 2 * groups or orders.shape != (samples, groups):
        raise ValueError(
            f"outcomes {values.shape} and orders {orders.shape}: 2 G runs for G groups are needed"
        )
    steps = values - np.roll(values, -1, axis=1)
    there, back = steps[:, :groups], steps[:, groups:]
    apart = values[:, :groups] - values[:, groups:]
    earlier = np.arange(groups)[None, :] < np.arange(groups)[:, None]  # (pair i, place k)
    signed = apart @ np.where(earlier, -1.0, 1.0) / groups
    by_place = {
        "first": -there * back / 2,
        "total": (there**2 + back**2) / 4,
        "shapley": (there - back) * signed / 4,
    }
    place_of = np.argsort(orders, axis=1)
    by_group = {name: np.take_along_axis(part, place_of, axis=1) for name, part in by_place.items()}
    return Parts(**by_group, variance=np.asarray((apart**2).mean(axis=1) / 2))


def share(part: Array, variance: Array, confidence: float = 0.95) -> Share:
    """Estimate sum(part) / sum(variance) over samples, with a jackknife over samples and Student's t.

    Raises ValueError for fewer than two samples.
    """
    return _interval(*_jackknife(part, variance), confidence)


def difference(
    part: Array, variance: Array, other_part: Array, other_variance: Array, confidence: float = 0.95
) -> Share:
    """Estimate the other share less this one over samples that share their draws: the jackknife leaves out pairs."""
    value, left_out = _jackknife(part, variance)
    other_value, other_left_out = _jackknife(other_part, other_variance)
    return _interval(other_value - value, other_left_out - left_out, confidence)


def _jackknife(part: Array, variance: Array) -> tuple[float, Array]:
    if len(variance) < 2:
        raise ValueError("a share of variance needs at least two samples")
    left_out = (part.sum() - part) / (variance.sum() - variance)
    return float(part.sum() / variance.sum()), np.asarray(left_out)


def _interval(value: float, left_out: Array, confidence: float) -> Share:
    from scipy.stats import t

    n = len(left_out)
    error = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    half = float(t.ppf(0.5 + confidence / 2, n - 1)) * error
    return Share(value, value - half, value + half, error, n)
