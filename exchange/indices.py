"""Published price indices: what a venue says its price was on a day, computed from trades by a rule.

An index is a rule and its published values. It is not a market: it forms no price, and nobody trades it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Priced(Protocol):
    """A trade as an index sees it."""

    @property
    def price_fen_per_t(self) -> int: ...

    @property
    def quantity_t(self) -> int: ...


@dataclass(frozen=True)
class IndexValue:
    """One published value; `carried` says that nothing traded and the value before it stands."""

    day: date
    value_fen_per_t: int
    volume_t: int
    carried: bool


def volume_weighted_fen_per_t(trades: Iterable[Priced]) -> int | None:
    """Return the volume-weighted mean price in whole fen, half a fen rounded up, or None without trades.

    value = sum(price x quantity) / sum(quantity), in integers.
    """
    money_fen = volume_t = 0
    for trade in trades:
        money_fen += trade.price_fen_per_t * trade.quantity_t
        volume_t += trade.quantity_t
    if volume_t == 0:
        return None
    return (2 * money_fen + volume_t) // (2 * volume_t)


Rule = Callable[[list[Priced]], int | None]
"""What turns a day's trades into a value, or None when they do not support one."""


class TradeIndex:
    """Publish one value a day from the day's trades; carry the last value where the rule finds none.

    `first_value_fen_per_t` stands until the first trade: the level at which publication began. Days must be
    published in order, each once; ValueError otherwise.
    """

    def __init__(self, name: str, first_value_fen_per_t: int, rule: Rule = volume_weighted_fen_per_t) -> None:
        if first_value_fen_per_t < 1:
            raise ValueError(f"{name}: the first value must be 1 fen per tonne or more")
        self.name = name
        self.values: list[IndexValue] = []
        self._rule = rule
        self._last_fen_per_t = first_value_fen_per_t

    def publish(self, day: date, trades: Iterable[Priced]) -> IndexValue:
        """Compute, keep and return the value of a day."""
        if self.values and day <= self.values[-1].day:
            raise ValueError(f"{self.name}: {day} is not after the last published day {self.values[-1].day}")
        trades = list(trades)
        value = self._rule(trades)
        if value is not None:
            self._last_fen_per_t = value
        published = IndexValue(
            day, self._last_fen_per_t, sum(trade.quantity_t for trade in trades), carried=value is None
        )
        self.values.append(published)
        return published

    @property
    def last_fen_per_t(self) -> int:
        """Return the value in force."""
        return self._last_fen_per_t
