"""Liquidity of one venue: what a trade costs and how far it moves the price; not who leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.checks import floats, table
from scenarios.influence.panel import FloatArray, percentiles, resample_blocks
from scenarios.influence.times import Duration, IntArray, duration_ns, nanoseconds, trading_day, zone


@dataclass(frozen=True, eq=False)
class Liquidity:
    """Measures of one venue.

    table: rows kyle_lambda (change of log mid per unit of signed size in a bar), amihud (mean |change of
    log mid| per unit of price x size in a bar), effective_spread, realised_spread and price_impact
    (fractions of the mid, weighted by size; effective = realised + impact), columns estimate, low, high.
    trades, bars, blocks, confidence; dropped: trades without a fresh quote before or after them.
    """

    table: pd.DataFrame
    trades: int
    bars: int
    dropped: int
    blocks: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table

    def plot(self, ax: Any = None) -> Any:
        """Draw effective and realised spread and impact in basis points."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        rows = self.table.loc[["effective_spread", "realised_spread", "price_impact"]] * 1e4
        ax.bar(list(rows.index), rows["estimate"], color="0.7")
        if rows["low"].notna().all():
            ax.vlines(range(3), rows["low"], rows["high"], "k")
        ax.set_ylabel("basis points")
        return ax


def liquidity(
    trades: pd.DataFrame,
    mid: pd.Series,
    *,
    bar: Duration = "5min",
    horizon: Duration = "5min",
    max_age: Duration = "1min",
    days: pd.Series | None = None,
    bootstrap: int | None = None,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Liquidity:
    """Measure Kyle's lambda, Amihud's illiquidity, effective and realised spread and price impact.

    trades: columns time, price, size, side (+1 the buyer was the aggressor, -1 the seller), in order of
    time (equal times allowed); mid: mid quotes with an index of strictly increasing times. effective = 2
    side (price - mid) / mid with the last mid strictly before the trade, realised with the mid `horizon`
    after it, impact = effective - realised. Mids older than max_age do not count. Bars of one length with
    trades: lambda = slope of the change of log mid on signed size (with a constant), amihud = mean |change|
    / (price x size). days: a label for each trade (None: the trading day that rolls at 18:00); no bar and
    no horizon reaches into another day. Raises ValueError for prices or sizes not above 0, sides other than
    1 and -1, unsorted or mixed times, few trades. Sources: Kyle (1985), Econometrica 53:1315; Amihud
    (2002), JFM 5:31; Huang and Stoll (1996), JFE 41:313.
    """
    when, price, size, side = _trades(trades)
    quote = floats(mid, "mid")
    times = nanoseconds(mid.index, "mid")
    if zone(trades["time"]) != zone(mid.index):
        raise ValueError(f"trades and mid: mixed time zones, {zone(trades['time'])} and {zone(mid.index)}")
    if not (np.isfinite(quote) & (quote > 0)).all():
        raise ValueError("mid: quotes must be finite and above 0")
    if len(quote) == 0 or np.ptp(quote) == 0:
        raise ValueError("mid: the quote is constant, or there is none")
    bar_ns, later_ns, age = (
        duration_ns(bar, "bar"),
        duration_ns(horizon, "horizon"),
        duration_ns(max_age, "max_age"),
    )
    if min(bar_ns, later_ns, age) <= 0:
        raise ValueError("bar, horizon and max_age must be above 0")
    label = trading_day(pd.Index(trades["time"])) if days is None else np.asarray(days)
    if len(label) != len(when):
        raise ValueError(f"days: {len(label)} labels for {len(when)} trades")
    day, _ = pd.factorize(label)
    if (day < 0).any():
        raise ValueError(f"days: a label is missing at row {int(np.argmax(day < 0))}")
    ends = np.r_[np.flatnonzero(np.diff(day) != 0), len(day) - 1]
    last_trade = when[ends[np.searchsorted(ends, np.arange(len(day)))]]

    before, fresh = _mid_at(times, quote, when - 1, age)
    after, fresh_after = _mid_at(times, quote, when + later_ns, age)
    good = fresh & fresh_after & (when + later_ns <= last_trade)
    effective = 2 * side * (price - before) / before
    realised = 2 * side * (price - after) / before
    spread = np.column_stack([size, size * effective, size * realised])[good]
    bars = _bars(when, price, size, side, day, bar_ns, times, quote, age)
    if good.sum() < 10 or len(bars) < 10:
        raise ValueError(
            f"trades: too few, {int(good.sum())} with fresh quotes in {len(bars)} bars, 10 are needed"
        )
    if np.ptp(bars[:, 2]) == 0:
        raise ValueError("trades: the signed size is the same in every bar, so that lambda has no value")
    blocks = int(day.max()) + 1
    sums = np.zeros((blocks, 3 + 6))
    np.add.at(sums, day[good], np.column_stack([spread, np.zeros((len(spread), 6))]))
    np.add.at(sums, bars[:, 0].astype(np.int64), np.column_stack([np.zeros((len(bars), 3)), bars[:, 1:]]))
    counts = resample_blocks(blocks, bootstrap, rng)
    drawn = np.array([_figures(c @ sums) for c in counts]).reshape(-1, 5)
    low, high = percentiles(drawn, confidence)
    names = ["kyle_lambda", "amihud", "effective_spread", "realised_spread", "price_impact"]
    table = pd.DataFrame({"estimate": _figures(sums.sum(axis=0)), "low": low, "high": high}, index=names)
    return Liquidity(table, int(good.sum()), len(bars), int((~good).sum()), blocks, confidence)


def _trades(trades: pd.DataFrame) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    frame = table(trades, "trades", "time", "price", "size", "side")
    price, size, side = (floats(frame[c], f"trades: column {c!r}") for c in ("price", "size", "side"))
    for name, good, told in (
        ("price", np.isfinite(price) & (price > 0), "finite and above 0"),
        ("size", np.isfinite(size) & (size > 0), "finite and above 0"),
        ("side", np.isin(side, (1, -1)), "1 or -1"),
    ):
        if not good.all():
            raise ValueError(f"trades: column {name!r} must be {told}, not so at row {int(np.argmin(good))}")
    distinct = trades["time"].drop_duplicates()
    nanoseconds(distinct, "trades")
    at = trades["time"]
    if not at.is_monotonic_increasing:
        row = int(np.argmax(np.diff(at.to_numpy()) < np.array(0, at.to_numpy().dtype.str.replace("M", "m"))))
        raise ValueError(f"trades: times are not sorted, first at row {row + 1}")
    when = at if pd.api.types.is_integer_dtype(at) else pd.Series(pd.DatetimeIndex(at).as_unit("ns").asi8)
    return np.asarray(when, dtype=np.int64), price, size, side


def _mid_at(times: IntArray, quote: FloatArray, when: IntArray, age: int) -> tuple[FloatArray, np.ndarray]:
    at = np.searchsorted(times, when, side="right") - 1
    found = np.maximum(at, 0)
    return quote[found], (at >= 0) & (when - times[found] <= age)


def _bars(
    when: IntArray,
    price: FloatArray,
    size: FloatArray,
    side: FloatArray,
    day: IntArray,
    bar_ns: int,
    times: IntArray,
    quote: FloatArray,
    age: int,
) -> FloatArray:
    """Return a row for each bar with trades: day, 1, q, q^2, change, q change, |change| / turnover."""
    frame = pd.DataFrame({"day": day, "bar": when // bar_ns, "q": side * size, "turnover": price * size})
    grouped = frame.groupby(["day", "bar"], sort=True).sum()
    start = grouped.index.get_level_values("bar").to_numpy(dtype=np.int64) * bar_ns
    opening, fresh = _mid_at(times, quote, start, age)
    closing, fresh_after = _mid_at(times, quote, start + bar_ns, age)
    good = fresh & fresh_after
    q, turnover = grouped["q"].to_numpy()[good], grouped["turnover"].to_numpy()[good]
    change = np.log(closing[good] / opening[good])
    label = grouped.index.get_level_values("day").to_numpy(dtype=np.float64)[good]
    return np.column_stack([label, np.ones(len(q)), q, q * q, change, q * change, np.abs(change) / turnover])


def _figures(sums: FloatArray) -> FloatArray:
    size, effective, realised, bars, q, qq, change, q_change, illiquidity = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (bars * q_change - q * change) / (bars * qq - q * q)
        spreads = np.array([effective, realised, effective - realised]) / size
        return np.array([slope, illiquidity / bars, *spreads])
