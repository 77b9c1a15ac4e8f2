"""A yearly pattern given by month, and figures by year, read by day.

They are patterns only; which quantity they shape is said where they are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

_HEATING = np.array([month in (11, 12, 1, 2, 3) for month in range(1, 13)])
_COOLING = np.array([month in (6, 7, 8, 9) for month in range(1, 13)])
_MID_MONTHS = tuple(date(2023, month, 15).timetuple().tm_yday for month in range(1, 13))


class DailyPattern:
    """Repeat a value for each day of a year of 365 days (29 February as 28); `daily` has shape (365,)."""

    def __init__(self, daily: np.ndarray) -> None:
        self.daily = daily

    def on(self, day: date) -> float:
        """Return the value on a day."""
        return float(self.daily[_day_of_year(day) - 1])

    def path(self, day: date, days: int) -> np.ndarray:
        """Return the values of `days` days, the first of which is `day`; shape (days,)."""
        first = _day_of_year(day) - 1
        return self.daily[(first + np.arange(days)) % 365]


EVEN = DailyPattern(np.ones(365))
"""1 on every day."""


class Season(DailyPattern):
    """Interpolate twelve values, which stand at mid-month, over a year."""

    def __init__(self, monthly: Sequence[float]) -> None:
        days = [_MID_MONTHS[-1] - 365, *_MID_MONTHS, _MID_MONTHS[0] + 365]
        values = [monthly[-1], *monthly, monthly[0]]
        super().__init__(np.interp(np.arange(1, 366), days, values))


def by_year(table: Mapping[int, float], day: date) -> float:
    """Return a yearly figure on a day: it stands at mid-year, and moves in a line to the next."""
    years = sorted(table)
    at = day.year + (day.timetuple().tm_yday - 183) / 365.0
    return float(np.interp(at, years, [table[year] for year in years]))


def months(day: date, days: int) -> np.ndarray:
    """Return the months, 1 to 12, of consecutive days; shape (days,)."""
    return (np.datetime64(day) + np.arange(days)).astype("datetime64[M]").astype(int) % 12 + 1


def heating_and_cooling_degc(day: date, anomaly_degc: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much colder than usual the heating days are and how much warmer the cooling days, from `day` on.

    Heating is from November to March and cooling from June to September; shapes of `anomaly_degc`.
    """
    month = months(day, len(anomaly_degc)) - 1
    return np.where(_HEATING[month], -anomaly_degc, 0.0), np.where(_COOLING[month], anomaly_degc, 0.0)


def _day_of_year(day: date) -> int:
    if day.month == 2 and day.day == 29:
        day -= timedelta(days=1)
    return date(2023, day.month, day.day).timetuple().tm_yday
