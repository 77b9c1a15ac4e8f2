"""A published daily price: what an agent may know of a market on a given day.

It is a history with dates, not a market: it forms no price. An agent sees a value from the day on which it was
published.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta


class PriceHistory:
    """Keep the published values of one price, by date.

    `name` carries the unit, for example `brent_usd_per_bbl`. Dates must be published in order; publishing the same
    date again replaces its value.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._dates: list[date] = []
        self._values: list[float] = []

    def publish(self, day: date, value: float) -> None:
        """Publish the value of `day`. Raises ValueError for a day before the last one."""
        if self._dates and day < self._dates[-1]:
            raise ValueError(f"{self.name}: {day} is before the last published day {self._dates[-1]}")
        if self._dates and day == self._dates[-1]:
            self._values[-1] = value
        else:
            self._dates.append(day)
            self._values.append(value)

    def on(self, day: date) -> float:
        """Return the value in force on `day`: the last one published on or before it. Raises LookupError if none."""
        position = bisect_right(self._dates, day)
        if position == 0:
            raise LookupError(f"{self.name}: nothing published on or before {day}")
        return self._values[position - 1]

    def mean(self, day: date, months: int, lag_months: int) -> float:
        """Return the mean of what was published in `months` x 30 days that end `lag_months` x 30 days before `day`.

        Where the history does not reach so far back, the earliest value in force stands in.
        """
        end = day - timedelta(days=30 * lag_months)
        start = end - timedelta(days=30 * months)
        first, last = bisect_right(self._dates, start), bisect_right(self._dates, end)
        if last > first:
            return sum(self._values[first:last]) / (last - first)
        return self._values[max(0, first - 1)]

    def items(self) -> list[tuple[date, float]]:
        """Return all published (day, value) pairs in order."""
        return list(zip(self._dates, self._values, strict=True))
