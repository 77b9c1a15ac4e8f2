"""Quotes of several venues on one clock, cut into segments; not an estimator, and it invents no price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.checks import table
from scenarios.influence.quotes import Venue, by_venue, intervals, log_rate
from scenarios.influence.times import Duration, IntArray, duration_ns, trading_day

MIN_ROWS = 30
MAX_TICKS = 100_000_000
OPEN_STATE = "continuous"
AFTER_BREAK = "after a break"


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
    require: Literal["all", "any"] = "all",
    fx: Mapping[str, pd.Series] | None = None,
    fx_max_age: Duration = "10D",
) -> Sample:
    """Read every venue's last quote at or before each tick of a common clock.

    quotes: long (columns time or an index of times, venue, price or bid and ask, optional state) or wide
    (index of times, a column of prices for each venue, NaN where it does not quote anew). A quote older
    than max_age counts as stale. sessions: columns start, end, day and optionally kind; ticks run from each
    start to its end. Without it the clock runs through and a trading day rolls at 18:00.

    Dropped and counted by cause: ticks without a fresh quote of every venue, ticks where a venue's state is
    not "continuous" (cause = the state), ticks less than `skip` after a session's start (without sessions:
    after a venue's stale stretch at least as long), ticks in an interval of `exclude` (columns start, end,
    cause: limit-locked minutes). require="any" keeps a tick where some venues are open, with NaN for the
    others, and names the open ones in `kinds` ("SC+Brent", "Brent"): the sample for whole-day shares.

    fx: for each venue to convert, units of its currency per unit of the common one; log(fx) is subtracted.
    Times are of one zone, or int nanoseconds of the wall clock, throughout. Raises ValueError for unsorted
    or doubled times, mixed zones, prices not above 0, constant or too short series.
    """
    step_ns, age_ns = duration_ns(step, "step"), duration_ns(max_age, "max_age")
    skip_ns, rate_age = duration_ns(skip, "skip"), duration_ns(fx_max_age, "fx_max_age")
    if step_ns <= 0 or age_ns <= 0 or skip_ns < 0:
        raise ValueError("step and max_age must be above 0, skip at least 0")
    if require not in ("all", "any"):
        raise ValueError(f"require: {require!r} is neither 'all' nor 'any'")
    venues, clock_zone = by_venue(quotes)
    if fx and set(fx) - set(venues):
        raise ValueError(f"fx: no such venue {sorted(set(fx) - set(venues))}; there are {sorted(venues)}")
    grid, session = _grid(venues, step_ns, sessions, clock_zone)

    tally = _Tally(np.ones(len(grid), dtype=bool), {})
    prices: dict[str, npt.NDArray[np.float64]] = {}
    for venue, (times, price, state) in venues.items():
        last = np.searchsorted(times, grid, side="right") - 1
        at = np.maximum(last, 0)
        prices[venue] = np.log(price[at])
        if fx and venue in fx:
            prices[venue] -= log_rate(fx[venue], grid, rate_age, venue, clock_zone)
        stale = (last >= 0) & (grid - times[at] > age_ns)
        causes = {"no quote yet": last < 0, "stale quote": stale}
        if state is not None:
            for name in sorted({str(s) for s in pd.unique(state)} - {OPEN_STATE}):
                causes[name] = state[at] == name
        if sessions is None:
            causes[AFTER_BREAK] = _after_stretch(grid, (last < 0) | stale, skip_ns, step_ns)
        for name, where in causes.items():
            if require == "all":
                tally.drop(where, name)
            else:
                prices[venue][where] = np.nan
    for name, where in _excluded(grid, exclude, clock_zone).items():
        tally.drop(where, name)
    if sessions is not None:
        starts = np.flatnonzero(np.r_[True, np.diff(session) != 0])
        opened = np.repeat(grid[starts], np.diff(np.r_[starts, len(grid)]))
        tally.drop(grid - opened < skip_ns, AFTER_BREAK)
    if require == "any":
        tally.drop(np.logical_and.reduce([np.isnan(p) for p in prices.values()]), "no venue open")
    return _finish(tally, grid, session, prices, sessions, step_ns, clock_zone, require == "any")


def align_currency(log_price: pd.Series, log_rate: pd.Series) -> pd.Series:
    """Return log(price) - log(rate) where both stand at the same times; raises where the times differ."""
    if not log_price.index.equals(log_rate.index):
        raise ValueError("align_currency: the price and the rate must stand at the same times")
    return log_price - log_rate


def _grid(
    venues: dict[str, Venue], step_ns: int, sessions: pd.DataFrame | None, clock_zone: str
) -> tuple[IntArray, IntArray]:
    if sessions is None:
        first = max(v[0][0] for v in venues.values())
        last = max(v[0][-1] for v in venues.values())
        _check_length(last - first, step_ns)
        grid = np.arange(-(-first // step_ns) * step_ns, last + 1, step_ns, dtype=np.int64)
        return grid, np.zeros(len(grid), dtype=np.int64)
    table(sessions, "sessions", "start", "end", "day")
    starts, ends = intervals(sessions, "sessions", clock_zone)
    if (starts[1:] < ends[:-1]).any():
        raise ValueError(
            f"sessions: row {int(np.argmax(starts[1:] < ends[:-1])) + 1} overlaps the one before it"
        )
    _check_length((ends - starts).sum(), step_ns)
    pieces = [np.arange(s, e + 1, step_ns, dtype=np.int64) for s, e in zip(starts, ends, strict=True)]
    label = np.repeat(np.arange(len(pieces)), [len(p) for p in pieces])
    return np.concatenate(pieces), label.astype(np.int64)


def _check_length(span_ns: int, step_ns: int) -> None:
    if span_ns // step_ns > MAX_TICKS:
        raise ValueError(
            f"step: {step_ns / 1e9:g} s makes {span_ns // step_ns:,} ticks, {MAX_TICKS:,} at most (shorten the "
            "sample, or give the sessions)"
        )


@dataclass
class _Tally:
    """Which ticks are still kept, and how many were dropped by the cause that came first."""

    keep: npt.NDArray[np.bool_]
    counts: dict[str, int]

    def drop(self, where: npt.NDArray[np.bool_], cause: str) -> None:
        new = int((self.keep & where).sum())
        if new:
            self.counts[cause] = self.counts.get(cause, 0) + new
            self.keep &= ~where


def _finish(
    tally: _Tally,
    grid: IntArray,
    session: IntArray,
    prices: dict[str, npt.NDArray[np.float64]],
    sessions: pd.DataFrame | None,
    step_ns: int,
    clock_zone: str,
    name_open: bool,
) -> Sample:
    keep = np.flatnonzero(tally.keep)
    drops = pd.Series(tally.counts, name="ticks", dtype=np.int64).rename_axis("cause").sort_index()
    if len(keep) < MIN_ROWS:
        left = f"{len(keep)} of {len(grid)} ticks left"
        raise ValueError(f"sample too short: {left}, dropped {drops.to_dict()}")
    index = _index(grid[keep], clock_zone)
    frame = pd.DataFrame({v: p[keep] for v, p in prices.items()}, index=index)
    for venue in frame:
        values = frame[venue].dropna().to_numpy()
        if len(values) == 0 or np.ptp(values) == 0:
            raise ValueError(f"{venue}: the price is constant over the sample, or never fresh")
    days, kinds = _labels(index, session[keep], sessions)
    breaks = (np.diff(keep) != 1) | (np.diff(session[keep]) != 0)
    if name_open:
        is_open = frame.notna().to_numpy()
        breaks |= (is_open[1:] != is_open[:-1]).any(axis=1)
        kinds = _with_open_venues(kinds, is_open, list(frame.columns))
    segments = pd.Series(np.cumsum(np.r_[True, breaks]) - 1, index=index, name="segment")
    return Sample(frame, segments, days, kinds, step_ns, drops, len(grid))


def _with_open_venues(kinds: pd.Series, is_open: npt.NDArray[np.bool_], venues: list[str]) -> pd.Series:
    """Add to each tick's kind the names of the venues that are open."""
    pattern = is_open @ (1 << np.arange(len(venues)))
    code, labels = pd.factorize(kinds)
    both, rows = np.unique(code * (1 << len(venues)) + pattern, return_inverse=True)
    names = []
    for value in both:
        kind, bits = divmod(int(value), 1 << len(venues))
        open_venues = "+".join(v for k, v in enumerate(venues) if bits >> k & 1)
        names.append(f"{labels[kind]} {open_venues}".strip())
    return pd.Series(np.array(names, dtype=object)[rows], index=kinds.index, name="kind")


def _after_stretch(
    grid: IntArray, stale: npt.NDArray[np.bool_], skip_ns: int, step_ns: int
) -> npt.NDArray[np.bool_]:
    """Say which ticks come less than `skip` after the end of a stale stretch at least as long, and as a step."""
    row = np.arange(len(grid))
    before = np.r_[-1, np.maximum.accumulate(np.where(stale, -1, row))[:-1]]
    first = ~stale & ((before < 0) | (grid - grid[np.maximum(before, 0)] > max(skip_ns, step_ns)))
    opened = np.maximum.accumulate(np.where(first, row, -1))
    return (opened >= 0) & (grid - grid[np.maximum(opened, 0)] < skip_ns)


def _excluded(
    grid: IntArray, exclude: pd.DataFrame | None, clock_zone: str
) -> dict[str, npt.NDArray[np.bool_]]:
    found: dict[str, npt.NDArray[np.bool_]] = {}
    if exclude is not None:
        table(exclude, "exclude", "start", "end", "cause")
        starts, ends = intervals(exclude, "exclude", clock_zone)
        for start, end, name in zip(starts, ends, exclude["cause"], strict=True):
            where = found.setdefault(str(name), np.zeros(len(grid), dtype=bool))
            where[np.searchsorted(grid, start) : np.searchsorted(grid, end, side="right")] = True
    return found


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
