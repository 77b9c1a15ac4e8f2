"""A checked sample for any estimator: values, breaks and bootstrap blocks; not an estimator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.times import IntArray, nanoseconds, trading_day

FloatArray = npt.NDArray[np.float64]
Labels = pd.Series | npt.NDArray[Any] | None

MIN_BLOCKS = 5
CHUNK_ROWS = 65_536
COLLINEAR_R2 = 1 - 1e-10


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows of values with what may be joined to what.

    values: (T, n), NaN in rows that do not count; position: rows since the last break, -1 where the row
    does not count; block: bootstrap block of each row; missing: rows that do not count; centre: mean of the
    values.
    """

    names: tuple[str, ...]
    values: FloatArray
    position: IntArray
    block: IntArray
    block_labels: tuple[Any, ...]
    missing: int
    centre: FloatArray

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


def panel(
    frame: pd.DataFrame, *, segments: Labels = None, days: Labels = None, name: str = "log_prices"
) -> Panel:
    """Check a frame and say where lags may not cross.

    segments: a label for each row, a change of which is a break (None: unbroken). A row with a missing
    value is left out and is a break too. days: the bootstrap's block of each row (None: the trading day
    where the index holds several times a date, otherwise runs of about sqrt(T) rows). Raises ValueError
    naming the column that is not numeric, infinite, constant or a linear combination of others.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(
            f"{name}: expected a DataFrame with a column for each venue, got {type(frame).__name__}"
        )
    if frame.columns.duplicated().any():
        raise ValueError(f"{name}: column {frame.columns[frame.columns.duplicated()][0]!r} stands twice")
    for column in frame:
        if not pd.api.types.is_numeric_dtype(frame[column]) or pd.api.types.is_bool_dtype(frame[column]):
            raise ValueError(f"{name}: column {column!r} is not numeric but {frame[column].dtype}")
    if isinstance(frame.index, pd.DatetimeIndex):
        nanoseconds(frame.index, name)
    elif not frame.index.is_monotonic_increasing or not frame.index.is_unique:
        raise ValueError(f"{name}: the index must increase and hold no value twice")
    values = frame.to_numpy(dtype=np.float64)
    for column, infinite in zip(frame.columns, np.isinf(values).any(axis=0), strict=True):
        if infinite:
            raise ValueError(f"{name}: column {column!r} holds an infinite value (the log of a price of 0?)")
    counts = np.isfinite(values).all(axis=1)
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
    result = Panel(names, values, position, block, labels, int((~counts).sum()), centre)
    _check_variation(result, name)
    return result


def _codes(labels: Labels, index: pd.Index, name: str) -> IntArray:
    if labels is None:
        return np.zeros(len(index), dtype=np.int64)
    if len(labels) != len(index):
        raise ValueError(f"{name}: {len(labels)} labels for {len(index)} rows")
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
        if len(np.unique(labels)) * 2 <= len(labels):
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


def resample_blocks(blocks: int, draws: int, rng: np.random.Generator | None) -> IntArray:
    """Draw how often each block enters each bootstrap sample: (draws, blocks), rows sum to `blocks`.

    Blocks are drawn one by one with replacement, which is the multinomial law of these counts. Raises
    ValueError without a generator or with fewer than 5 blocks.
    """
    if draws < 0:
        raise ValueError(f"bootstrap: the number of draws is {draws}, must be 0 or more")
    if draws == 0:
        return np.zeros((0, blocks), dtype=np.int64)
    if rng is None:
        raise ValueError("rng: the bootstrap needs a numpy Generator (or bootstrap=0 for no intervals)")
    if blocks < MIN_BLOCKS:
        raise ValueError(
            f"days: {blocks} blocks are too few to resample, {MIN_BLOCKS} are needed (or bootstrap=0)"
        )
    return np.asarray(rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws), dtype=np.int64)


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
