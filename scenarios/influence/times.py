"""Clock readings as int nanoseconds and their trading day; not a calendar (it knows no holidays)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

IntArray = npt.NDArray[np.int64]
Duration = str | int | pd.Timedelta


def duration_ns(value: Duration, name: str) -> int:
    """Return a duration in nanoseconds: an int is taken as nanoseconds, text as pandas reads it ("1min")."""
    if isinstance(value, bool):
        raise ValueError(f"{name}: expected a duration such as '1min', got {value!r}")
    try:
        if isinstance(value, (int, np.integer)):
            return int(value)
        span = pd.Timedelta(value)
        if span is pd.NaT:
            raise ValueError("no duration")
        return int(span.as_unit("ns").value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{name}: expected a duration such as '1min', got {value!r}") from error


def zone(times: Any) -> str:
    """Name the time zone of an index or series of times: 'int ns', 'naive', the zone's name, or that it has none."""
    if pd.api.types.is_integer_dtype(times):
        return "int ns"
    if not pd.api.types.is_datetime64_any_dtype(times):
        return f"not times but {getattr(times, 'dtype', type(times).__name__)}"
    tz = pd.DatetimeIndex(times).tz
    return "naive" if tz is None else str(tz)


def nanoseconds(times: Any, name: str) -> IntArray:
    """Return times as strictly increasing int64 nanoseconds.

    times: a DatetimeIndex, a datetime series, or integers that are nanoseconds already. Raises ValueError
    where the times are of another type, missing, unsorted, doubled or in mixed time zones.
    """
    if pd.api.types.is_integer_dtype(times):
        ns = np.asarray(times, dtype=np.int64)
    elif pd.api.types.is_datetime64_any_dtype(times):
        index = pd.DatetimeIndex(times)
        if index.hasnans:
            raise ValueError(f"{name}: a time is missing")
        ns = np.asarray(index.as_unit("ns").asi8, dtype=np.int64)
    else:
        raise ValueError(
            f"{name}: times must be of a datetime type with one time zone, or int nanoseconds, "
            f"not {getattr(times, 'dtype', type(times).__name__)} (mixed time zones make such a column)"
        )
    require_rising(ns, name)
    return ns


def require_rising(values: npt.NDArray[Any], name: str) -> None:
    """Raise ValueError naming the first row that does not stand after the one before it."""
    gaps = np.diff(values)
    if (gaps < 0).any():
        raise ValueError(f"{name}: times are not sorted, first at row {int(np.argmax(gaps < 0)) + 1}")
    if (gaps == 0).any():
        raise ValueError(f"{name}: a time stands twice, first at row {int(np.argmax(gaps == 0)) + 1}")


def trading_day(times: pd.Index, *, roll: str = "18:00") -> npt.NDArray[np.datetime64]:
    """Label times with the Chinese trading day they belong to: a night session belongs to the next weekday.

    times: wall-clock times (a DatetimeIndex, or int nanoseconds of the wall clock); roll: the hour from
    which a time counts for the next day. Saturday's small hours belong to Monday. Holidays are not known
    here: before one INE holds no night session, so that none is mislabelled. Returns datetime64[D], one for
    each time.
    """
    wall = pd.DatetimeIndex(times)
    if wall.tz is not None:
        wall = wall.tz_localize(None)
    shifted = wall + (pd.Timedelta(hours=24) - pd.Timedelta(f"{roll}:00"))
    days = np.asarray(shifted.values, dtype="datetime64[D]")
    weekday = (days.view(np.int64) + 3) % 7
    return days + np.where(weekday >= 5, 7 - weekday, 0).astype("timedelta64[D]")
