"""A checked sample for any estimator: values, breaks and bootstrap blocks; not an estimator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.checks import numbers, table, whole
from scenarios.influence.times import IntArray, nanoseconds, require_rising, trading_day

FloatArray = npt.NDArray[np.float64]
Lags = int | Literal["aic", "bic"]
Labels = pd.Series | npt.NDArray[Any] | None

MIN_BLOCKS = 5
DRAWS = 200
EXACT = 1e-8
CHUNK_ROWS = 65_536
COLLINEAR_R2 = 1 - 1e-10


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows of values with what may be joined to what.

    values: (T, n), NaN in rows that do not count; position: rows since the last break, -1 where the row
    does not count; block: bootstrap block of each row; missing: rows that do not count; centre: mean of the
    values; span: labels of the first and last row that count.
    """

    names: tuple[str, ...]
    values: FloatArray
    position: IntArray
    block: IntArray
    block_labels: tuple[Any, ...]
    missing: int
    centre: FloatArray
    span: tuple[Any, Any]

    def rows(self, lags: int) -> Iterator[tuple[int, IntArray]]:
        """Yield (block, rows) of rows with `lags` predecessors in their segment, in small pieces."""
        usable = np.flatnonzero(self.position >= lags)
        block = self.block[usable]
        if (np.diff(block) < 0).any():
            order = np.argsort(block, kind="stable")
            usable, block = usable[order], block[order]
        edges = (
            np.flatnonzero(np.r_[True, np.diff(block) != 0, True])
            if len(usable)
            else np.zeros(1, dtype=np.int64)
        )
        for first, last in pairwise(edges):
            for start in range(first, last, CHUNK_ROWS):
                yield int(block[first]), usable[start : min(start + CHUNK_ROWS, last)]

    def usable(self, lags: int) -> int:
        """Count the rows that have `lags` predecessors in their segment."""
        return int((self.position >= lags).sum())

    def needed(self, lags: int) -> int:
        """Return the fewest rows for a model with so many lags: three for each of its moments' columns."""
        return 3 * (len(self.names) * (lags + 1) + 1)

    def require(self, lags: int) -> None:
        """Raise ValueError where the rows are too few for so many lags."""
        if self.usable(lags) < self.needed(lags):
            told = (
                f"{self.usable(lags)} have {lags} predecessors in their segment, {self.needed(lags)} needed"
            )
            raise ValueError(f"too few rows: {told}")

    def most_lags(self, most: int) -> int:
        """Return the most lags, up to `most` and at least 1, that leave the rows an estimate needs."""
        enough = (k for k in range(most, 1, -1) if self.usable(k) >= self.needed(k))
        return next(enough, 1)


def panel(
    frame: pd.DataFrame, *, segments: Labels = None, days: Labels = None, name: str = "log_prices"
) -> Panel:
    """Check a frame and say where lags may not cross.

    segments: a label for each row, a change of which is a break (None: unbroken). A row with a missing
    value is left out and is a break too. days: the bootstrap's block of each row (None: the trading day
    where the index holds at least 5 with several times each, otherwise runs of about sqrt(T) rows). Raises
    ValueError naming the column that is not numeric, empty, infinite, constant or a linear combination of
    others, or the row that stands before an earlier one.
    """
    values = numbers(table(frame, name), name)
    _check_order(frame.index, name)
    for column, infinite, missing in zip(frame.columns, np.isinf(values).T, np.isnan(values).T, strict=True):
        if infinite.any():
            at = int(np.argmax(infinite))
            raise ValueError(
                f"{name}: column {column!r} holds an infinite value at row {at} (the log of a price of 0?)"
            )
        if len(missing) and missing.all():
            raise ValueError(f"{name}: column {column!r} holds no value")
    counts: npt.NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1))
    code = _codes(segments, frame.index, "segments")
    starts = counts & np.r_[True, (np.diff(code) != 0) | ~counts[:-1]]
    row = np.arange(len(values), dtype=np.int64)
    opened = np.maximum.accumulate(np.where(starts, row, -1)) if len(row) else row
    position = np.where(counts, row - opened, -1)
    block, labels = _blocks(days, frame.index)
    names = tuple(str(c) for c in frame.columns)
    if int(counts.sum()) < 2 * len(names) + 2:
        raise ValueError(f"{name}: too few rows: {int(counts.sum())} without a missing value")
    centre = values[counts].mean(axis=0)
    used = frame.index[counts]
    span = (used[0], used[-1])
    result = Panel(names, values, position, block, labels, int((~counts).sum()), centre, span)
    _check_variation(result, name)
    return result


def _check_order(index: pd.Index, name: str) -> None:
    """Raise ValueError naming the row where the index does not rise, or that it mixes time zones."""
    kind = pd.api.types.infer_dtype(index)
    if isinstance(index, pd.DatetimeIndex) or (index.dtype == object and kind in ("datetime", "mixed")):
        nanoseconds(index, name)
    elif not isinstance(index, pd.MultiIndex):
        require_rising(np.asarray(index.factorize(sort=True)[0]), name)
    elif not (index.is_monotonic_increasing and index.is_unique):
        raise ValueError(f"{name}: the index must increase and hold no value twice")


def _codes(labels: Labels, index: pd.Index, name: str) -> IntArray:
    if labels is None:
        return np.zeros(len(index), dtype=np.int64)
    if np.ndim(labels) != 1 or len(labels) != len(index):
        raise ValueError(f"{name}: {np.size(labels)} labels for {len(index)} rows")
    if isinstance(labels, pd.Series) and not labels.index.equals(index):
        raise ValueError(f"{name}: its index is not that of the prices")
    codes = np.asarray(pd.factorize(np.asarray(labels))[0], dtype=np.int64)
    if (codes < 0).any():
        raise ValueError(f"{name}: a label is missing at row {int(np.argmax(codes < 0))}")
    return codes


def _blocks(days: Labels, index: pd.Index) -> tuple[IntArray, tuple[Any, ...]]:
    if days is not None:
        codes = _codes(days, index, "days")
        return codes, tuple(pd.unique(np.asarray(days)))
    if isinstance(index, pd.DatetimeIndex):
        labels = trading_day(index)
        if MIN_BLOCKS <= len(np.unique(labels)) <= len(labels) / 2:
            codes, unique = pd.factorize(labels)
            return np.asarray(codes, dtype=np.int64), tuple(unique)
    size = max(1, round(len(index) ** 0.5))
    codes = np.arange(len(index), dtype=np.int64) // size
    return codes, tuple(f"rows {k * size}-" for k in range(int(codes[-1]) + 1 if len(codes) else 0))


def _check_variation(data: Panel, name: str) -> None:
    """Name a column whose changes are constant, or are those of other columns."""
    n = len(data.names)
    for j, column in enumerate(data.names):
        range_ = np.nanmax(data.values[:, j]) - np.nanmin(data.values[:, j])
        if not range_ > 1e-13 * max(1.0, abs(data.centre[j])):
            raise ValueError(f"{name}: column {column!r} is constant")
    steps = np.zeros((n, n))
    for _, at in data.rows(1):
        change = data.values[at] - data.values[at - 1]
        steps += change.T @ change
    spread = np.sqrt(np.diag(steps))
    if not (spread > 0).all():
        raise ValueError(
            f"{name}: column {data.names[int(np.argmin(spread))]!r} is constant within every segment"
        )
    correlation = steps / np.outer(spread, spread)
    for j in range(1, n):
        before = correlation[:j, :j]
        explained = correlation[j, :j] @ np.linalg.lstsq(before, correlation[:j, j], rcond=None)[0]
        if explained > COLLINEAR_R2:
            partner = data.names[int(np.argmax(np.abs(correlation[j, :j])))]
            raise ValueError(
                f"{name}: column {data.names[j]!r} moves exactly with {partner!r} or a mix of the "
                "columns before it; leave one of them out"
            )


def resample_blocks(blocks: int, draws: int | None, rng: np.random.Generator | None) -> IntArray:
    """Draw how often each block enters each bootstrap sample: (draws, blocks), rows sum to `blocks`.

    Blocks are drawn with replacement by arch's IIDBootstrap. draws: None takes 200, or none where there are
    fewer than 5 blocks; rng: None takes one of seed 0, so that the same call gives the same numbers. Raises
    ValueError for a number of draws with fewer than 5 blocks.
    """
    if draws is None:
        draws = DRAWS if blocks >= MIN_BLOCKS else 0
    if whole(draws, "bootstrap", 0) == 0:
        return np.zeros((0, blocks), dtype=np.int64)
    if blocks < MIN_BLOCKS:
        raise ValueError(
            f"days: {blocks} blocks are too few to resample, {MIN_BLOCKS} are needed (or bootstrap=0)"
        )
    from arch.bootstrap import IIDBootstrap

    drawn = IIDBootstrap(np.arange(blocks), seed=generator(rng)).bootstrap(draws)
    return np.array([np.bincount(picked, minlength=blocks) for (picked,), _ in drawn], dtype=np.int64)


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """Return the generator given, or one of seed 0; raise ValueError for anything else (a bare seed)."""
    if rng is None:
        return np.random.default_rng(0)
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: expected a numpy Generator, got {type(rng).__name__}")
    return rng


def unexplained(total: FloatArray, n: int) -> FloatArray:
    """Return the part of each of the first n columns' squares that the other columns leave unexplained.

    total: cross moments, regressors from column n on.
    """
    scale = np.sqrt(np.diag(total))
    scaled = total / np.outer(scale, scale)
    slopes = np.linalg.lstsq(scaled[n:, n:], scaled[n:, :n], rcond=None)[0]
    return 1 - np.einsum("ij,ij->j", slopes, scaled[n:, :n])


def require_unexplained(total: FloatArray, names: Sequence[str], name: str) -> None:
    """Raise ValueError naming a column that the past explains without rest."""
    rest = unexplained(total, len(names))
    if rest.min() < EXACT:
        column = names[int(np.argmin(rest))]
        raise ValueError(
            f"{name}: column {column!r} follows exactly from the past (a delayed copy of another?)"
        )


def percentiles(draws: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper percentile bounds over the first axis (NaN where there are no draws)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: {confidence} does not lie between 0 and 1")
    if len(draws) == 0:
        nothing = np.full(draws.shape[1:], np.nan)
        return nothing, nothing.copy()
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high
