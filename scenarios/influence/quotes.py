"""Quotes of venues as checked arrays, in one time zone; it samples nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.checks import floats, table
from scenarios.influence.times import IntArray, nanoseconds, zone

Venue = tuple[IntArray, npt.NDArray[np.float64], npt.NDArray[Any] | None]


def by_venue(quotes: pd.DataFrame) -> tuple[dict[str, Venue], str]:
    """Return each venue's times, prices and states (None where there are none), and the time zone.

    quotes: long or wide, as in sampling.sample. Raises ValueError, naming the venue, for fewer than two
    venues, unsorted or doubled times, prices that are not finite and above 0.
    """
    table(quotes, "quotes")
    parts: dict[str, tuple[Any, pd.Series, npt.NDArray[Any] | None]] = {}
    if "venue" not in quotes.columns:
        clock_zone = zone(quotes.index)
        nanoseconds(quotes.index, "quotes")
        for v in quotes.columns:
            parts[str(v)] = quotes.index[quotes[v].notna()], quotes[v].dropna(), None
    else:
        frame = quotes if "time" in quotes.columns else quotes.assign(time=quotes.index)
        clock_zone = zone(frame["time"]) if pd.api.types.is_datetime64_any_dtype(frame["time"]) else "int ns"
        if frame["venue"].isna().any():
            raise ValueError(f"quotes: a venue is missing at row {int(np.argmax(frame['venue'].isna()))}")
        if "price" not in frame.columns:
            if not {"bid", "ask"} <= set(frame.columns):
                raise ValueError("quotes: a long frame needs the column price, or bid and ask")
            bid, ask = (floats(frame[c], f"quotes: column {c!r}") for c in ("bid", "ask"))
            if (bid > ask).any():
                raise ValueError(f"quotes: the bid is above the ask at row {int(np.argmax(bid > ask))}")
            frame = frame.assign(price=(bid + ask) / 2).dropna(subset=["price"])
        if "state" in frame and frame["state"].isna().any():
            raise ValueError(f"quotes: a state is missing at row {int(np.argmax(frame['state'].isna()))}")
        for label, g in frame.groupby("venue", sort=False, observed=True):
            parts[str(label)] = g["time"], g["price"], g["state"].to_numpy() if "state" in g else None
    if len(parts) < 2:
        raise ValueError(f"quotes: at least two venues are needed, got {sorted(parts)}")
    venues: dict[str, Venue] = {}
    for venue, (times, price, state) in parts.items():
        ns = nanoseconds(times, venue)
        values = floats(price, f"{venue}: the price")
        if len(values) == 0:
            raise ValueError(f"{venue}: no quotes")
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(
                f"{venue}: prices must be finite and above 0, not {values.min()} (is it a spread?)"
            )
        venues[venue] = (ns, values, state)
    return venues, clock_zone


def intervals(frame: pd.DataFrame, name: str, clock_zone: str) -> tuple[IntArray, IntArray]:
    """Return the checked columns start and end of a frame, rising and in the quotes' time zone."""
    table(frame, name, "start", "end")
    if zone(frame["start"]) != clock_zone or zone(frame["end"]) != clock_zone:
        raise ValueError(
            f"{name}: times are {zone(frame['start'])}, the quotes' are {clock_zone}: mixed time zones"
        )
    starts, ends = nanoseconds(frame["start"], f"{name}.start"), nanoseconds(frame["end"], f"{name}.end")
    if (ends <= starts).any():
        raise ValueError(f"{name}: the end is not after the start at row {int(np.argmax(ends <= starts))}")
    return starts, ends


def log_rate(
    rate: pd.Series, grid: IntArray, age_ns: int, venue: str, clock_zone: str
) -> npt.NDArray[np.float64]:
    """Return the log of the last rate at or before each tick; raise where it is older than age_ns."""
    values = floats(rate, f"fx[{venue}]")
    if zone(rate.index) != clock_zone:
        raise ValueError(
            f"fx[{venue}]: times are {zone(rate.index)}, the quotes' are {clock_zone}: mixed time zones"
        )
    times = nanoseconds(rate.index, f"fx[{venue}]")
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"fx[{venue}]: rates must be finite and above 0")
    last = np.searchsorted(times, grid, side="right") - 1
    if (last < 0).any() or (grid - times[last] > age_ns).any():
        raise ValueError(f"fx[{venue}]: no rate within {pd.Timedelta(age_ns)} before some ticks")
    return np.log(values[last])
