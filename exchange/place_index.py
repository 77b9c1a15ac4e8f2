"""A daily index over places: each place's own mean price, weighted by what the place has sold of late.

A place with much trade on one day does not move it more than its weight; one without trade keeps its last price for a
while and then drops out. It is a rule and its published values, not a market.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from exchange.indices import volume_weighted_fen_per_t


class PlacedTrade(Protocol):
    """A trade as an index over places sees it."""

    @property
    def place(self) -> str: ...

    @property
    def price_fen_per_t(self) -> int: ...

    @property
    def quantity_t(self) -> int: ...


@dataclass(frozen=True)
class PlaceValue:
    """One published value; `traded_weight` is the part of the weights whose places traded on the day."""

    published: date
    value_fen_per_t: int
    volume_t: int
    trades: int
    traded_weight: float

    @property
    def carried(self) -> bool:
        """Whether nothing traded anywhere."""
        return self.trades == 0


class PlaceIndex:
    """Publish sum(w p) / sum(w) over places on each trading day, in whole fen, half a fen rounded up.

    p is the volume-weighted mean price of the place's last day with trades, if that is `stale_days` ago at most; w the
    tonnes that it sold in the `weight_days` up to today. Where no place has a price the value before stands; before
    the first trade nothing is published.
    """

    def __init__(self, name: str, *, weight_days: int = 30, stale_days: int = 7) -> None:
        if not 0 < stale_days <= weight_days:
            raise ValueError(f"{name}: a price must go stale within the days that weigh")
        self.name = name
        self.values: list[PlaceValue] = []
        self._weight_days, self._stale_days = weight_days, stale_days
        self._sold: list[tuple[date, str, int]] = []
        self._prices: dict[str, tuple[date, int]] = {}

    def publish(self, day: date, trades: Iterable[PlacedTrade]) -> PlaceValue | None:
        """Compute, keep and return the value of a day. Raises ValueError for a day that is not after the last one."""
        if self.values and day <= self.values[-1].published:
            raise ValueError(f"{self.name}: {day} is not after the last published day")
        by_place: dict[str, list[PlacedTrade]] = {}
        for trade in trades:
            by_place.setdefault(trade.place, []).append(trade)
        for place, own in by_place.items():
            price = volume_weighted_fen_per_t(own)
            if price is not None:
                self._prices[place] = day, price
                self._sold.append((day, place, sum(trade.quantity_t for trade in own)))
        oldest = day - timedelta(days=self._weight_days)
        self._sold = [row for row in self._sold if row[0] > oldest]
        weights = self._weights(day)
        whole = sum(weights.values())
        if not whole and not self.values:
            return None
        money = sum(weight * self._prices[place][1] for place, weight in weights.items())
        found = PlaceValue(
            day,
            (2 * money + whole) // (2 * whole) if whole else self.values[-1].value_fen_per_t,
            sum(trade.quantity_t for own in by_place.values() for trade in own),
            sum(len(own) for own in by_place.values()),
            sum(weights.get(place, 0) for place in by_place) / whole if whole else 0.0,
        )
        self.values.append(found)
        return found

    def _weights(self, day: date) -> Mapping[str, int]:
        fresh = {place for place, (last, _) in self._prices.items() if (day - last).days <= self._stale_days}
        weights: dict[str, int] = {}
        for _, place, tonnes in self._sold:
            if place in fresh:
                weights[place] = weights.get(place, 0) + tonnes
        return weights
