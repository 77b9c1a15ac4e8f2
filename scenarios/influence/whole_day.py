"""Shares over the whole day of venues whose hours overlap only in part; combines shares, estimates none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.panel import FloatArray, Labels, panel, percentiles, resample_blocks


@dataclass(frozen=True, eq=False)
class WholeDayShare:
    """Combined share of each venue.

    table: rows venues, columns estimate, low, high; weights: each kind's part of the day's realised
    variance; shares: rows kinds, columns venues, what was combined; confidence.
    """

    table: pd.DataFrame
    weights: pd.Series
    shares: pd.DataFrame
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return the shares with their intervals."""
        return self.table

    def plot(self, ax: Any = None) -> Any:
        """Draw each kind's contribution to the venues' shares, stacked."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        bottom = np.zeros(len(self.table))
        for kind in self.shares.index:
            part = (self.weights[kind] * self.shares.loc[kind]).to_numpy()
            ax.bar([str(v) for v in self.table.index], part, bottom=bottom, label=str(kind))
            bottom = bottom + part
        ax.set_ylabel("share")
        ax.legend()
        return ax


def whole_day_share(
    shares: pd.DataFrame,
    variance: pd.Series | pd.DataFrame,
    *,
    draws: Mapping[str, pd.DataFrame] | None = None,
    bootstrap: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> WholeDayShare:
    """Weigh shares by the realised variance of the part of the day they come from (CWIS).

    CWIS_i = sum_k w_k share_ki with w_k = RV_k / sum RV; where only one venue is open its share is 1.
    shares: rows = kinds ("overlap", "Brent only" ...), columns = venues, rows that sum to 1. variance:
    realised variance of the common price by kind, or by day (rows) and kind (columns). Intervals (bootstrap
    > 0) draw days of the variances and, independently, rows of draws[kind] (columns = venues:
    InformationShares.draws["IS"]); a kind without draws keeps its share. Raises ValueError where kinds do
    not match, shares do not sum to 1 or variances are not above 0. Source: Dimpfl and Schweikert (2023),
    weighted information shares.
    """
    if not np.isfinite(shares.to_numpy()).all() or not np.allclose(shares.sum(axis=1), 1):
        raise ValueError("shares: every row must be finite and sum to 1 (did a rank test fail?)")
    by_day = variance.to_frame().T if isinstance(variance, pd.Series) else variance
    if set(by_day.columns) != set(shares.index) or by_day.columns.duplicated().any():
        raise ValueError(f"variance: kinds {list(by_day.columns)}, shares have {list(shares.index)}")
    values = by_day[list(shares.index)].to_numpy(dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any() or (values.sum(axis=0) <= 0).any():
        raise ValueError("variance: must be finite, nowhere below 0 and above 0 for each kind")
    if set(draws or {}) - set(shares.index):
        raise ValueError(f"draws: kinds {sorted(draws or {})}, shares have {list(shares.index)}")
    drawn = []
    for counts in resample_blocks(len(values), bootstrap, rng):
        resampled = shares.copy()
        for kind, frame in (draws or {}).items():
            if rng is not None and len(frame):
                resampled.loc[kind] = frame[list(shares.columns)].iloc[int(rng.integers(len(frame)))]
        drawn.append(_combine(resampled.to_numpy(), counts @ values))
    low, high = percentiles(np.array(drawn).reshape(-1, shares.shape[1]), confidence)
    total = values.sum(axis=0)
    estimate = _combine(shares.to_numpy(dtype=np.float64), total)
    return WholeDayShare(
        pd.DataFrame({"estimate": estimate, "low": low, "high": high}, index=shares.columns),
        pd.Series(total / total.sum(), index=shares.index, name="weight"),
        shares,
        confidence,
    )


def realised_variance(
    log_prices: pd.DataFrame, kinds: Labels, *, segments: Labels = None, days: Labels = None
) -> pd.DataFrame:
    """Sum squared changes of the columns' mean log price by day (rows) and kind (columns), none over a
    break.

    The mean over venues averages out part of their noise; a coarser clock removes more.
    """
    mean = log_prices.mean(axis=1, skipna=False).to_frame("mean")
    data = panel(mean, segments=segments, days=days)
    rows = np.flatnonzero(data.position >= 1)
    square = (data.values[rows, 0] - data.values[rows - 1, 0]) ** 2
    label = np.asarray(kinds)
    inside = label[rows] == label[rows - 1]
    frame = pd.DataFrame(
        {"day": [data.block_labels[b] for b in data.block[rows[inside]]], "kind": label[rows[inside]]}
    )
    return frame.assign(square=square[inside]).pivot_table(
        index="day", columns="kind", values="square", aggfunc="sum", fill_value=0.0
    )


def _combine(shares: FloatArray, variance: FloatArray) -> FloatArray:
    return np.asarray(variance / variance.sum() @ shares)
