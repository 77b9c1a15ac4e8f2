"""Quotes of several venues on one clock, cut into segments; not an estimator, and it invents no price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.times import Duration, IntArray, duration_ns, nanoseconds, trading_day, zone

MIN_ROWS = 30
OPEN_STATE = "continuous"


@dataclass(frozen=True, eq=False)
class Sample:
    """Log prices of all venues at common times.

    log_prices: rows = ticks kept, columns = venues; segments: int label, a change is a break that no lag
    may cross; days: trading-day label; kinds: the session's kind ("day", "night"; "" where sessions name
    none); step_ns: the clock's step; drops: ticks dropped, by cause; ticks: ticks of the clock before
    drops.
    """

    log_prices: pd.DataFrame
    segments: pd.Series
    days: pd.Series
    kinds: pd.Series
    step_ns: int
    drops: pd.Series
    ticks: int

    def only(self, kind: str) -> Sample:
        """Return the rows of one kind of session (drops stay those of the whole)."""
        rows = (self.kinds == kind).to_numpy()
        if not rows.any():
            raise ValueError(
                f"kind: no rows of kind {kind!r}; there are {sorted(map(str, self.kinds.unique()))}"
            )
        parts = (self.segments[rows], self.days[rows], self.kinds[rows])
        return Sample(self.log_prices[rows], *parts, self.step_ns, self.drops, self.ticks)

    def to_frame(self) -> pd.DataFrame:
        """Return log prices with the columns segment, day and kind beside them."""
        return self.log_prices.assign(segment=self.segments, day=self.days, kind=self.kinds)

    def plot(self, ax: Any = None) -> Any:
        """Draw each venue's log price against the row number, so that breaks take no room."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        for venue in self.log_prices.columns:
            ax.plot(self.log_prices[venue].to_numpy(), label=str(venue), linewidth=0.8)
        ax.set_xlabel(f"tick ({self.step_ns / 1e9:g} s)")
        ax.set_ylabel("log price")
        ax.legend()
        return ax


def sample(
    quotes: pd.DataFrame,
    *,
    step: Duration,
    max_age: Duration,
    sessions: pd.DataFrame | None = None,
    skip: Duration = "1min",
    exclude: pd.DataFrame | None = None,
    fx: Mapping[str, pd.Series] | None = None,
    fx_max_age: Duration = "10D",
) -> Sample:
    """Read every venue's last quote at or before each tick of a common clock.

    quotes: long (columns time or an index of times, venue, price or bid and ask, optional state) or wide
    (index of times, a column of prices for each venue, NaN where it does not quote anew). A quote older
    than max_age counts as stale. sessions: columns start, end, day and optionally kind; ticks run from each
    start to its end. Without it the clock runs through and a trading day rolls at 18:00. Dropped and
    counted by cause: ticks in `skip` after a session's start (without sessions: after a stale stretch at
    least as long), ticks in an interval of `exclude` (columns start, end, cause), ticks where a venue's
    state is not "continuous" (cause = the state), ticks without a fresh quote of every venue. fx: for each
    venue to convert, units of its currency per unit of the common one; log(fx) is subtracted. Times are of
    one zone, or int nanoseconds of the wall clock, throughout. Raises ValueError for unsorted or doubled
    times, mixed zones, prices not above 0, constant or too short series.
    """
    step_ns, age_ns = duration_ns(step, "step"), duration_ns(max_age, "max_age")
    skip_ns = duration_ns(skip, "skip")
    if step_ns <= 0 or age_ns <= 0 or skip_ns < 0:
        raise ValueError("step and max_age must be above 0, skip at least 0")
    venues, clock_zone = _by_venue(quotes)
    grid, session = _grid(venues, step_ns, sessions, clock_zone)

    cause = np.full(len(grid), "", dtype=object)
    prices: dict[str, npt.NDArray[np.float64]] = {}
    unfresh = np.zeros(len(grid), dtype=bool)
    for venue, (times, price, state) in venues.items():
        last = np.searchsorted(times, grid, side="right") - 1
        at = np.maximum(last, 0)
        prices[venue] = np.log(price[at])
        if fx and venue in fx:
            prices[venue] -= _log_rate(
                fx[venue], grid, duration_ns(fx_max_age, "fx_max_age"), venue, clock_zone
            )
        _mark(cause, last < 0, "no quote yet")
        _mark(cause, (last >= 0) & (grid - times[at] > age_ns), "stale quote")
        unfresh |= (last < 0) | (grid - times[at] > age_ns)
        if state is not None:
            at_state = state[at]
            for name in sorted({str(s) for s in state} - {OPEN_STATE}):
                _mark(cause, at_state == name, name)
    if fx and set(fx) - set(venues):
        raise ValueError(f"fx: no such venue {sorted(set(fx) - set(venues))}; there are {sorted(venues)}")
    if exclude is not None:
        _exclude(cause, grid, exclude, clock_zone)
    _mark(cause, _after_break(grid, session, unfresh, skip_ns, sessions is not None), "after a break")

    keep = np.flatnonzero(cause == "")
    names, counts = np.unique(cause[cause != ""].astype(str), return_counts=True)
    drops = pd.Series(counts, index=pd.Index(names, name="cause"), name="ticks", dtype=np.int64)
    if len(keep) < MIN_ROWS:
        raise ValueError(
            f"sample too short: {len(keep)} of {len(grid)} ticks left, dropped {drops.to_dict()}"
        )
    fresh_start = np.r_[True, (np.diff(keep) != 1) | (np.diff(session[keep]) != 0)]
    index = _index(grid[keep], clock_zone)
    frame = pd.DataFrame({v: p[keep] for v, p in prices.items()}, index=index)
    flat = [v for v in frame if np.ptp(frame[v].to_numpy()) == 0]
    if flat:
        raise ValueError(f"{flat[0]}: the price is constant over the sample")
    days, kinds = _labels(index, session[keep], sessions)
    segments = pd.Series(np.cumsum(fresh_start) - 1, index=index, name="segment")
    return Sample(frame, segments, days, kinds, step_ns, drops, len(grid))


def align_currency(log_price: pd.Series, log_rate: pd.Series) -> pd.Series:
    """Return log(price) - log(rate) where both stand at the same times; raises where the times differ."""
    if not log_price.index.equals(log_rate.index):
        raise ValueError("align_currency: the price and the rate must stand at the same times")
    return log_price - log_rate


Venue = tuple[IntArray, npt.NDArray[np.float64], npt.NDArray[Any] | None]


def _by_venue(quotes: pd.DataFrame) -> tuple[dict[str, Venue], str]:
    parts: dict[str, tuple[Any, pd.Series, npt.NDArray[Any] | None]] = {}
    if "venue" not in quotes.columns:
        clock_zone = zone(quotes.index)
        nanoseconds(quotes.index, "quotes")
        for v in quotes.columns:
            parts[str(v)] = quotes.index[quotes[v].notna()], quotes[v].dropna(), None
    else:
        frame = quotes if "time" in quotes.columns else quotes.assign(time=quotes.index)
        clock_zone = zone(frame["time"]) if pd.api.types.is_datetime64_any_dtype(frame["time"]) else "int ns"
        if "price" not in frame.columns:
            if not {"bid", "ask"} <= set(frame.columns):
                raise ValueError("quotes: a long frame needs the column price, or bid and ask")
            frame = frame.assign(price=(frame["bid"] + frame["ask"]) / 2).dropna(subset=["price"])
        for label, g in frame.groupby("venue", sort=False, observed=True):
            parts[str(label)] = g["time"], g["price"], g["state"].to_numpy() if "state" in g else None
    if len(parts) < 2:
        raise ValueError(f"quotes: at least two venues are needed, got {sorted(parts)}")
    venues: dict[str, Venue] = {}
    for venue, (times, price, state) in parts.items():
        ns = nanoseconds(times, venue)
        values = np.asarray(price, dtype=np.float64)
        if len(values) == 0:
            raise ValueError(f"{venue}: no quotes")
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(
                f"{venue}: prices must be finite and above 0, not {values.min()} (is it a spread?)"
            )
        venues[venue] = (ns, values, state)
    return venues, clock_zone


def _grid(
    venues: dict[str, Venue], step_ns: int, sessions: pd.DataFrame | None, clock_zone: str
) -> tuple[IntArray, IntArray]:
    if sessions is None:
        first = max(v[0][0] for v in venues.values())
        last = max(v[0][-1] for v in venues.values())
        grid = np.arange(-(-first // step_ns) * step_ns, last + 1, step_ns, dtype=np.int64)
        return grid, np.zeros(len(grid), dtype=np.int64)
    missing = {"start", "end", "day"} - set(sessions.columns)
    if missing:
        raise ValueError(f"sessions: columns missing: {sorted(missing)}")
    starts, ends = _interval(sessions, "sessions", clock_zone)
    if (starts[1:] < ends[:-1]).any():
        raise ValueError("sessions: must not overlap")
    pieces = [np.arange(s, e + 1, step_ns, dtype=np.int64) for s, e in zip(starts, ends, strict=True)]
    label = np.repeat(np.arange(len(pieces)), [len(p) for p in pieces])
    return np.concatenate(pieces), label.astype(np.int64)


def _interval(frame: pd.DataFrame, name: str, clock_zone: str) -> tuple[IntArray, IntArray]:
    if zone(frame["start"]) != clock_zone or zone(frame["end"]) != clock_zone:
        raise ValueError(
            f"{name}: times are {zone(frame['start'])}, the quotes' are {clock_zone}: mixed time zones"
        )
    starts, ends = nanoseconds(frame["start"], f"{name}.start"), nanoseconds(frame["end"], f"{name}.end")
    if (ends <= starts).any():
        raise ValueError(f"{name}: an end is not after its start")
    return starts, ends


def _mark(cause: npt.NDArray[Any], where: npt.NDArray[np.bool_], name: str) -> None:
    cause[where & (cause == "")] = name


def _exclude(cause: npt.NDArray[Any], grid: IntArray, exclude: pd.DataFrame, clock_zone: str) -> None:
    starts, ends = _interval(exclude, "exclude", clock_zone)
    for start, end, name in zip(starts, ends, exclude["cause"], strict=True):
        rows = slice(int(np.searchsorted(grid, start)), int(np.searchsorted(grid, end, side="right")))
        _mark(cause[rows], np.ones(rows.stop - rows.start, dtype=bool), str(name))


def _after_break(
    grid: IntArray, session: IntArray, unfresh: npt.NDArray[np.bool_], skip_ns: int, cut: bool
) -> npt.NDArray[np.bool_]:
    """Say which ticks come less than `skip` after a session's start or (without any) a stale stretch."""
    row = np.arange(len(grid))
    if cut:
        first = np.r_[True, np.diff(session) != 0]
    else:
        fresh_row = np.maximum.accumulate(np.where(unfresh, -1, row))
        previous = np.r_[-1, fresh_row[:-1]]
        first = ~unfresh & ((previous < 0) | (grid - grid[np.maximum(previous, 0)] > skip_ns))
    opened = np.maximum.accumulate(np.where(first, row, -1))
    return (opened >= 0) & (grid - grid[np.maximum(opened, 0)] < skip_ns)


def _log_rate(
    rate: pd.Series, grid: IntArray, age_ns: int, venue: str, clock_zone: str
) -> npt.NDArray[np.float64]:
    if zone(rate.index) != clock_zone:
        raise ValueError(
            f"fx[{venue}]: times are {zone(rate.index)}, the quotes' are {clock_zone}: mixed time zones"
        )
    times, values = nanoseconds(rate.index, f"fx[{venue}]"), rate.to_numpy(dtype=np.float64)
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"fx[{venue}]: rates must be finite and above 0")
    last = np.searchsorted(times, grid, side="right") - 1
    if (last < 0).any() or (grid - times[last] > age_ns).any():
        raise ValueError(f"fx[{venue}]: no rate within {pd.Timedelta(age_ns)} before some ticks")
    return np.log(values[last])


def _index(grid: IntArray, clock_zone: str) -> pd.Index:
    if clock_zone == "int ns":
        return pd.Index(grid, name="time")
    index = pd.DatetimeIndex(grid, name="time")
    return index if clock_zone == "naive" else index.tz_localize("UTC").tz_convert(clock_zone)


def _labels(index: pd.Index, session: IntArray, sessions: pd.DataFrame | None) -> tuple[pd.Series, pd.Series]:
    if sessions is None:
        return pd.Series(trading_day(index), index=index, name="day"), pd.Series("", index=index, name="kind")
    days = sessions["day"].to_numpy()[session]
    kinds = (
        sessions["kind"].to_numpy()[session] if "kind" in sessions else np.full(len(index), "", dtype=object)
    )
    return pd.Series(days, index=index, name="day"), pd.Series(kinds, index=index, name="kind")
