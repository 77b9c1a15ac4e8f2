"""Weekly indices: what cargoes cost on the mean of a week, published by rule some days after its end.

They lag by construction, as the customs index does. An index is a rule and its published values, not a market.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Report:
    """A cargo as it is reported: its day, its price in the index's unit, its tonnes, who sold it."""

    day: date
    price: float
    volume_t: float
    seller: str


@dataclass(frozen=True)
class WeeklyValue:
    """One published value, of the week from `first` to `last`; `carried` says that nothing was reported for it.

    `largest_share` is the part of the largest seller in the week's volume, 0 when carried.
    """

    published: date
    first: date
    last: date
    value: float
    volume_t: float
    reports: int
    carried: bool
    largest_share: float


class WeeklyIndex:
    """Publish sum(price x volume) / sum(volume) of each week from Monday to Sunday, `lag_days` after the Sunday.

    The last value is carried over a week without reports; before the first report nothing is published.
    """

    def __init__(self, name: str, unit: str, lag_days: int) -> None:
        if lag_days < 1:
            raise ValueError(f"{name}: a week cannot be published before it is over")
        self.name, self.unit, self.lag_days = name, unit, lag_days
        self.values: list[WeeklyValue] = []
        self._reports: list[Report] = []

    def report(self, report: Report) -> None:
        """Take a report. Raises ValueError for one without a price or volume, or of a week already published."""
        if report.price <= 0 or report.volume_t <= 0:
            raise ValueError(f"{self.name}: a report needs a price and a volume, not {report}")
        if self.values and report.day <= self.values[-1].last:
            raise ValueError(f"{self.name}: the week of {report.day} is published")
        self._reports.append(report)

    def publish(self, day: date) -> WeeklyValue | None:
        """Publish what is due on a day, if anything is; days must be asked in order."""
        last = day - timedelta(days=self.lag_days)
        if last.weekday() != 6:
            return None
        week = [report for report in self._reports if report.day <= last]
        self._reports = [report for report in self._reports if report.day > last]
        if not week and not self.values:
            return None
        volume_t = sum(report.volume_t for report in week)
        by_seller: dict[str, float] = {}
        for report in week:
            by_seller[report.seller] = by_seller.get(report.seller, 0.0) + report.volume_t
        money = sum(report.price * report.volume_t for report in week)
        found = WeeklyValue(
            published=day,
            first=last - timedelta(days=6),
            last=last,
            value=money / volume_t if week else self.values[-1].value,
            volume_t=volume_t,
            reports=len(week),
            carried=not week,
            largest_share=max(by_seller.values()) / volume_t if week else 0.0,
        )
        self.values.append(found)
        return found


@dataclass(frozen=True)
class Quality:
    """How far values rest on trades, in the sense of IOSCO's principles for oil price reporting agencies (2012).

    `trade_backed_share` of the values, mean `reports_per_value` and mean `largest_share` of those that are backed.
    """

    values: int
    trade_backed_share: float
    reports_per_value: float
    largest_share: float


def quality(values: Sequence[WeeklyValue]) -> Quality:
    """Return the quality of published values. Raises ValueError for none."""
    if not values:
        raise ValueError("no value was published")
    backed = [value for value in values if not value.carried]
    return Quality(
        values=len(values),
        trade_backed_share=len(backed) / len(values),
        reports_per_value=sum(value.reports for value in values) / len(values),
        largest_share=sum(value.largest_share for value in backed) / max(1, len(backed)),
    )
