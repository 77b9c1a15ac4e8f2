"""The Hayashi-Yoshida lead-lag in clock time, on quotes as they come; it synchronises and fills nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.checks import floats, table
from scenarios.influence.panel import FloatArray, percentiles, resample_blocks
from scenarios.influence.quotes import intervals
from scenarios.influence.times import Duration, IntArray, duration_ns, nanoseconds, trading_day, zone


@dataclass(frozen=True, eq=False)
class LeadLag:
    """Cross-correlation by lag, and what follows from it.

    curve: index = lag in seconds (above 0: x leads y), columns correlation, low, high; figures: rows lag
    (seconds, where |correlation| is largest), correlation (there) and ratio (LLR = sum of squares over
    positive lags / over negative ones; above 1: x leads; NaN where the lags are not the same both ways),
    columns estimate, low, high. segments, blocks (of the bootstrap), confidence.
    """

    curve: pd.DataFrame
    figures: pd.DataFrame
    segments: int
    blocks: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return lag, correlation and ratio with their intervals."""
        return self.figures

    def plot(self, ax: Any = None) -> Any:
        """Draw the correlation against the lag."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.plot(self.curve.index, self.curve["correlation"])
        if self.curve["low"].notna().all():
            ax.fill_between(self.curve.index, self.curve["low"], self.curve["high"], alpha=0.2)
        ax.axvline(0, color="k", linewidth=0.5)
        ax.set_xlabel("lag, seconds (right: the first venue leads)")
        ax.set_ylabel("correlation")
        return ax


def lead_lag(
    x: pd.Series,
    y: pd.Series,
    lags: Sequence[Duration],
    *,
    sessions: pd.DataFrame | None = None,
    bootstrap: int | None = None,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> LeadLag:
    """Find by how long x leads y, from two irregular series of log mid prices.

    U(l) = sum_ij dX_i dY_j 1{I_i overlaps J_j - l}; correlation = U(l) / sqrt(sum dX^2 sum dY^2). x, y: log
    prices with an index of strictly increasing times of one zone; mid quotes, since bid-ask bounce flattens
    the curve. lags: durations, both signs, e.g. [-2_000_000_000, 0, 2_000_000_000] or ["-2s", "0s", "2s"].
    sessions: columns start, end, day; increments stay within a session and the bootstrap draws days (None:
    a session for each trading day that rolls at 18:00). bootstrap: draws (None: 200, or none with fewer
    than 5 days). Raises ValueError for bad times, constant or infinite prices, too few points. Sources:
    Hayashi and Yoshida (2005), Bernoulli 11:359; Hoffmann, Rosenbaum and Yoshida (2013), Bernoulli 19:426.
    """
    if isinstance(lags, str) or not np.iterable(lags):
        raise ValueError(f"lags: {lags!r}, must be a list of durations")
    shifts = np.array([duration_ns(lag, "lags") for lag in lags], dtype=np.int64)
    if len(shifts) < 1 or (np.diff(shifts) <= 0).any():
        raise ValueError("lags: must rise and hold at least one")
    series = [_points(s, name) for s, name in ((x, "x"), (y, "y"))]
    if zone(x.index) != zone(y.index):
        raise ValueError(f"x and y: mixed time zones, {zone(x.index)} and {zone(y.index)}")
    label_x, label_y, days = _segments(x, y, sessions)
    (times_x, prices_x), (times_y, prices_y) = series
    cross, square_x, square_y = [], [], []
    for of_x, of_y in zip(_rows(label_x, len(days)), _rows(label_y, len(days)), strict=True):
        tx, px, ty, py = times_x[of_x], prices_x[of_x], times_y[of_y], prices_y[of_y]
        enough = len(tx) > 1 and len(ty) > 1
        cross.append(overlap_products(tx, px, ty, py, shifts) if enough else np.zeros(len(shifts)))
        square_x.append((np.diff(px) ** 2).sum() if enough else 0.0)
        square_y.append((np.diff(py) ** 2).sum() if enough else 0.0)
    day_code, labels = pd.factorize(np.asarray(days))
    sums = np.zeros((len(labels), len(shifts) + 2))
    np.add.at(sums, day_code, np.column_stack([cross, square_x, square_y]))
    sums = sums[sums[:, -1] + sums[:, -2] > 0]
    if len(sums) == 0 or sums[:, -1].sum() == 0 or sums[:, -2].sum() == 0:
        raise ValueError("x and y: a price is constant, or no session holds two quotes of both")
    curve = _correlation(sums.sum(axis=0))
    counts = resample_blocks(len(sums), bootstrap, rng)
    drawn = np.array([_correlation(c @ sums) for c in counts]).reshape(-1, len(shifts))
    figures = np.array([_figures(c, shifts) for c in drawn]).reshape(-1, 3)
    low, high = percentiles(drawn, confidence)
    below, above = percentiles(figures, confidence)
    seconds = pd.Index(shifts / 1e9, name="lag")
    return LeadLag(
        pd.DataFrame({"correlation": curve, "low": low, "high": high}, index=seconds),
        pd.DataFrame(
            {"estimate": _figures(curve, shifts), "low": below, "high": above},
            index=pd.Index(["lag", "correlation", "ratio"], name="figure"),
        ),
        len(days),
        len(sums),
        confidence,
    )


def overlap_products(
    tx: IntArray, px: FloatArray, ty: IntArray, py: FloatArray, shifts: IntArray
) -> FloatArray:
    """Return U(l) for each shift l: dX_i times y's move over (t_{i-1}, t_i] + l, widened to y's times."""
    dx = np.diff(px)
    result = np.zeros(len(shifts))
    for k, shift in enumerate(shifts):
        first = np.maximum(np.searchsorted(ty, tx[:-1] + shift, side="right") - 1, 0)
        last = np.minimum(np.searchsorted(ty, tx[1:] + shift, side="left"), len(ty) - 1)
        result[k] = dx @ np.where(last > first, py[last] - py[first], 0.0)
    return result


def _points(series: pd.Series, name: str) -> tuple[IntArray, FloatArray]:
    values = floats(series, name)
    times = nanoseconds(series.index, name)
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: log prices must be finite (a price of 0 or a missing value?)")
    if len(values) < 10:
        raise ValueError(f"{name}: {len(values)} points are too few, 10 are needed")
    if np.ptp(values) == 0:
        raise ValueError(f"{name}: the price is constant")
    return times, values


def _segments(
    x: pd.Series, y: pd.Series, sessions: pd.DataFrame | None
) -> tuple[IntArray, IntArray, Sequence[Any]]:
    """Give each point its session's number (-1: none), and each session its day."""
    if sessions is None:
        both = [trading_day(x.index), trading_day(y.index)]
        code, labels = pd.factorize(np.concatenate(both))
        return code[: len(x)].astype(np.int64), code[len(x) :].astype(np.int64), list(labels)
    start, end = intervals(table(sessions, "sessions", "start", "end", "day"), "sessions", zone(x.index))
    if (start[1:] < end[:-1]).any():
        raise ValueError(
            f"sessions: row {int(np.argmax(start[1:] < end[:-1])) + 1} overlaps the one before it"
        )
    labelled = []
    for series in (x, y):
        times = nanoseconds(series.index, "prices")
        at = np.searchsorted(start, times, side="right") - 1
        labelled.append(np.where((at >= 0) & (times <= end[np.maximum(at, 0)]), at, -1).astype(np.int64))
    return labelled[0], labelled[1], list(sessions["day"])


def _rows(labels: IntArray, segments: int) -> list[IntArray]:
    """Return the rows of each segment, in time order."""
    order = np.argsort(labels, kind="stable")
    edges = np.searchsorted(labels[order], np.arange(segments + 1))
    return [order[a:b] for a, b in pairwise(edges)]


def _correlation(sums: FloatArray) -> FloatArray:
    scale = np.sqrt(sums[-1] * sums[-2])
    return sums[:-2] / scale if scale > 0 else np.full(len(sums) - 2, np.nan)


def _figures(curve: FloatArray, shifts: IntArray) -> FloatArray:
    if np.isnan(curve).any():
        return np.full(3, np.nan)
    best = int(np.argmax(np.abs(curve)))
    ahead, behind = (curve[shifts > 0] ** 2).sum(), (curve[shifts < 0] ** 2).sum()
    fair = behind > 0 and np.array_equal(shifts, -shifts[::-1])
    return np.array([shifts[best] / 1e9, curve[best], ahead / behind if fair else np.nan])
