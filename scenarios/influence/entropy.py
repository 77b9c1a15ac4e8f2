"""Shannon transfer entropy between two series of returns: directed predictability, not a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.checks import whole
from scenarios.influence.panel import (
    FloatArray,
    Labels,
    Panel,
    generator,
    panel,
    percentiles,
    resample_blocks,
)
from scenarios.influence.times import IntArray


@dataclass(frozen=True, eq=False)
class TransferEntropy:
    """Transfer entropy in bits, both ways.

    table: rows "x -> y" and "y -> x" (with the columns' names), columns raw, low, high (raw's interval),
    effective (raw less the mean of shuffles), p ((1 + shuffles that reach raw) / (1 + shuffles)). symbols,
    lags (k of the target, l of the source), rows, blocks (of the bootstrap), confidence.
    """

    table: pd.DataFrame
    symbols: int
    lags: tuple[int, int]
    rows: int
    blocks: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table

    def plot(self, ax: Any = None) -> Any:
        """Draw effective transfer entropy both ways (raw where nothing was shuffled)."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        shown = self.table["effective"].fillna(self.table["raw"])
        ax.bar([str(i) for i in self.table.index], shown)
        ax.set_ylabel("bits")
        return ax


def transfer_entropy(
    returns: pd.DataFrame,
    lags: tuple[int, int] = (1, 1),
    quantiles: Sequence[float] = (0.05, 0.95),
    *,
    segments: Labels = None,
    days: Labels = None,
    shuffles: int = 100,
    bootstrap: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> TransferEntropy:
    """Measure what each of two series adds to the prediction of the other, in bits.

    T(x -> y) = sum p(y_t, y_past, x_past) log2 [p(y_t | y_past, x_past) / p(y_t | y_past)] on symbols cut
    at the quantiles (median-unbiased), with lags = (k, l): k past symbols of the target, l of the source. A
    raw value is biased upwards; shuffling the source gives the bias and the p value (1 + shuffles that
    reach raw) / (1 + shuffles), rng: None takes one of seed 0. returns: two columns on one clock; segments:
    no past crosses a break. Intervals (bootstrap > 0) resample days' counts of symbols. Raises ValueError
    for other than two columns, a constant one, bad quantiles or too few rows. Sources: Schreiber (2000),
    PRL 85:461; Dimpfl and Peter (2013), SNDE 17:85.
    """
    data = panel(returns, segments=segments, days=days, name="returns")
    cuts = np.asarray(quantiles, dtype=np.float64)
    if len(data.names) != 2:
        raise ValueError(f"returns: {len(data.names)} columns, must be 2")
    if cuts.ndim != 1 or len(cuts) < 1 or not (np.diff(np.r_[0, cuts, 1]) > 0).all():
        raise ValueError(f"quantiles: {quantiles}, must rise between 0 and 1")
    if not isinstance(lags, (tuple, list)) or len(lags) != 2:
        raise ValueError(f"lags: {lags!r}, must be two whole numbers, of the target and of the source")
    lags = (whole(lags[0], "lags"), whole(lags[1], "lags"))
    whole(shuffles, "shuffles", 0)
    rng = generator(rng)
    symbols, usable = len(cuts) + 1, data.usable(max(lags))
    if usable < 10 * symbols ** (1 + min(lags)):
        raise ValueError(f"returns: too few rows, {usable} for {symbols} symbols with {lags} lags")
    cells = symbols ** (1 + sum(lags))
    if cells > 100_000:
        raise ValueError(f"lags: {lags} with {symbols} symbols give too many states to count")
    coded = _symbols(data, cuts)
    rows = np.flatnonzero(data.position >= max(lags)).astype(np.int64)
    x, y = data.names
    table = {}
    for name, source, target in ((f"{x} -> {y}", 0, 1), (f"{y} -> {x}", 1, 0)):
        own = coded[rows, target] * symbols ** lags[0] + _past(coded[:, target], rows, lags[0], symbols)
        by_block = _count(own, coded[:, source], rows, lags[1], symbols, cells, data)
        raw = entropy_of_counts(by_block.sum(axis=0), symbols, lags)
        noise = []
        for mixed in (_shuffled(coded[:, source], data, rng) for _ in range(shuffles)):
            states = own * symbols ** lags[1] + _past(mixed, rows, lags[1], symbols)
            noise.append(entropy_of_counts(np.bincount(states, minlength=cells), symbols, lags))
        counts = resample_blocks(len(by_block), bootstrap, rng)
        drawn = np.array([entropy_of_counts(c @ by_block, symbols, lags) for c in counts])
        low, high = percentiles(drawn, confidence)
        table[name] = {
            "raw": raw,
            "low": float(low),
            "high": float(high),
            "effective": raw - float(np.mean(noise)) if noise else np.nan,
            "p": (1 + sum(n >= raw for n in noise)) / (1 + len(noise)) if noise else np.nan,
        }
    blocks = len(np.unique(data.block[rows]))
    return TransferEntropy(pd.DataFrame(table).T, symbols, lags, len(rows), blocks, confidence)


def entropy_of_counts(counts: np.ndarray, symbols: int, lags: tuple[int, int]) -> float:
    """Return the transfer entropy of flat counts over (target now, its k past symbols, l of the source)."""
    k, source_lags = lags
    joint = np.asarray(counts, dtype=np.float64).reshape(symbols, symbols**k, symbols**source_lags)
    joint = joint / joint.sum()
    own = joint.sum(axis=2, keepdims=True)
    past = joint.sum(axis=0, keepdims=True)
    own_past = own.sum(axis=0, keepdims=True)
    seen = joint > 0
    ratio = np.ones_like(joint)
    np.divide(joint * own_past, past * own, out=ratio, where=seen)
    return float((joint[seen] * np.log2(ratio[seen])).sum())


def _symbols(data: Panel, cuts: FloatArray) -> IntArray:
    good = data.values[data.position >= 0]
    edges = np.quantile(good, cuts, axis=0, method="median_unbiased")
    if (np.diff(edges, axis=0) <= 0).any():
        raise ValueError("returns: quantiles coincide; too many equal returns for these symbols")
    coded = [np.searchsorted(edges[:, j], np.nan_to_num(data.values[:, j]), side="left") for j in range(2)]
    return np.column_stack(coded).astype(np.int64)


def _past(symbol: IntArray, rows: IntArray, lags: int, symbols: int) -> IntArray:
    code = np.zeros(len(rows), dtype=np.int64)
    for j in range(1, lags + 1):
        code = code * symbols + symbol[rows - j]
    return code


def _count(
    own: IntArray, source: IntArray, rows: IntArray, lags: int, symbols: int, cells: int, data: Panel
) -> FloatArray:
    """Count the states by block, blocks without a row left out."""
    states = own * symbols**lags + _past(source, rows, lags, symbols)
    flat = np.bincount(data.block[rows] * cells + states, minlength=cells * len(data.block_labels))
    by_block = flat.reshape(-1, cells).astype(np.float64)
    return by_block[by_block.sum(axis=1) > 0]


def _shuffled(source: IntArray, data: Panel, rng: np.random.Generator) -> IntArray:
    mixed, counts = source.copy(), data.position >= 0
    mixed[counts] = rng.permutation(source[counts])
    return mixed
