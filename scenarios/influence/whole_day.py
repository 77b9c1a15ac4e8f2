"""Shares over the whole day of venues whose hours overlap only in part; combines shares, estimates none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from scenarios.influence.checks import numbers, table, whole
from scenarios.influence.information import information_shares
from scenarios.influence.panel import FloatArray, Labels, Lags, generator, panel, percentiles, resample_blocks
from scenarios.influence.sampling import Sample
from scenarios.influence.vecm import Deterministic


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
    bootstrap: int | None = 0,
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
    cells = numbers(table(shares, "shares"), "shares")
    if cells.size == 0 or shares.index.duplicated().any():
        raise ValueError(f"shares: kinds {list(shares.index)}, must be one or more and each once")
    if not np.isfinite(cells).all() or not np.allclose(cells.sum(axis=1), 1):
        raise ValueError("shares: every row must be finite and sum to 1 (did a rank test fail?)")
    by_day = table(variance.to_frame().T if isinstance(variance, pd.Series) else variance, "variance")
    if set(by_day.columns) != set(shares.index):
        raise ValueError(f"variance: kinds {list(by_day.columns)}, shares have {list(shares.index)}")
    values = numbers(by_day[list(shares.index)], "variance")
    if not np.isfinite(values).all() or (values < 0).any() or (values.sum(axis=0) <= 0).any():
        raise ValueError("variance: must be finite, nowhere below 0 and above 0 for each kind")
    if set(draws or {}) - set(shares.index):
        raise ValueError(f"draws: kinds {sorted(draws or {})}, shares have {list(shares.index)}")
    others = {}
    for kind, frame in (draws or {}).items():
        rows = numbers(table(frame, f"draws[{kind}]", *shares)[list(shares)], f"draws[{kind}]")
        if not np.isfinite(rows).all():
            raise ValueError(f"draws[{kind}]: must be finite")
        others[list(shares.index).index(kind)] = rows
    drawn = []
    rng = generator(rng)
    for counts in resample_blocks(len(values), bootstrap, rng):
        resampled = cells.copy()
        for k, rows in others.items():
            resampled[k] = rows[int(rng.integers(len(rows)))] if len(rows) else resampled[k]
        drawn.append(_combine(resampled, counts @ values))
    low, high = percentiles(np.array(drawn).reshape(-1, shares.shape[1]), confidence)
    total = values.sum(axis=0)
    estimate = _combine(cells, total)
    return WholeDayShare(
        pd.DataFrame({"estimate": estimate, "low": low, "high": high}, index=shares.columns),
        pd.Series(total / total.sum(), index=shares.index, name="weight"),
        shares,
        confidence,
    )


def whole_day_information_shares(
    sampled: Sample,
    *,
    lags: Lags = "aic",
    max_lags: int = 20,
    beta: Literal["estimate", "unit"] = "estimate",
    deterministic: Deterministic = "ci",
    every: int = 1,
    bootstrap: int | None = None,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> WholeDayShare:
    """Estimate information shares apart for each kind of session and set of open venues, and combine them.

    sampled: from sampling.sample(..., require="any"), whose kinds name the open venues. Where one venue is
    open alone its share is 1. every: steps over which the realised variance of the weights is measured.
    Other arguments as in information_shares. Raises ValueError where a kind fails the rank test, naming the
    kind and the reason.
    """
    prices, kinds = sampled.log_prices, sampled.kinds.to_numpy()
    shares: dict[str, pd.Series] = {}
    draws: dict[str, pd.DataFrame] = {}
    for kind in pd.unique(kinds):
        rows = kinds == kind
        part = prices[rows].dropna(axis="columns", how="all")
        if part.shape[1] == 1:
            shares[str(kind)] = pd.Series(1.0, index=part.columns)
            continue
        found = information_shares(
            part,
            segments=sampled.segments[rows],
            days=sampled.days[rows],
            lags=lags,
            max_lags=max_lags,
            beta=beta,
            deterministic=deterministic,
            bootstrap=bootstrap,
            rng=rng,
            confidence=confidence,
        )
        if not found.gate.passed:
            raise ValueError(f"{kind}: no information share: {found.gate.reason}")
        shares[str(kind)] = found.share("IS")["estimate"]
        drawn = pd.DataFrame(found.draws["IS"])
        draws[str(kind)] = drawn.reindex(columns=prices.columns, fill_value=0.0)
    table = pd.DataFrame(shares).T.reindex(columns=prices.columns).fillna(0.0)
    variance = realised_variance(prices, kinds, segments=sampled.segments, days=sampled.days, every=every)
    variance = variance.reindex(columns=table.index, fill_value=0.0)
    return whole_day_share(table, variance, draws=draws, bootstrap=bootstrap, rng=rng, confidence=confidence)


def realised_variance(
    log_prices: pd.DataFrame,
    kinds: Labels,
    *,
    segments: Labels = None,
    days: Labels = None,
    every: int = 1,
) -> pd.DataFrame:
    """Sum squared changes of the open venues' mean log price by day (rows) and kind (columns).

    A change spans `every` rows and crosses neither a break nor a change of kind; overlapping changes are
    averaged (Zhang, Mykland and Ait-Sahalia 2005). More rows a change let less of the venues' noise into
    the sum.
    """
    whole(every, "every")
    numbers(table(log_prices, "log_prices"), "log_prices")
    mean = log_prices.mean(axis=1).to_frame("mean")
    data = panel(mean, segments=segments, days=days)
    names = np.asarray(kinds)
    code, labels = pd.factorize(names) if names.ndim == 1 else (names, names)
    if np.shape(code) != (len(mean),) or (code < 0).any():
        raise ValueError(f"kinds: one label is needed for each of {len(mean)} rows")
    rows = np.flatnonzero(data.position >= every)
    square = (data.values[rows, 0] - data.values[rows - every, 0]) ** 2 / every
    inside = code[rows] == code[rows - every]
    if not inside.any():
        raise ValueError(f"every: {every} rows fit into no segment")
    sums = np.zeros((len(data.block_labels), len(labels)))
    np.add.at(sums, (data.block[rows[inside]], code[rows[inside]]), square[inside])
    return pd.DataFrame(
        sums, index=pd.Index(data.block_labels, name="day"), columns=pd.Index(labels, name="kind")
    )


def _combine(shares: FloatArray, variance: FloatArray) -> FloatArray:
    return np.asarray(variance / variance.sum() @ shares)
