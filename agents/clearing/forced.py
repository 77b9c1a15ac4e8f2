"""Forced orders on their way to the market: in slices each minute, at any price within the day's limits.

It does not decide who is closed (exchange/clearing/closing.py); it never opens a position.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from agents.traders.population import TraderPopulation
from exchange.clearing.closing import Reason
from exchange.clearing.rules import Array
from exchange.codes import Phase, Side
from exchange.venue import Month

Key = tuple[str, Month]
"""A product's name and a delivery month, None where the product is one series."""


@dataclass
class ForcedOrder:
    """One account's lots of a month to be closed; `long` says which position, `left_lots` what is not filled yet.

    `price_ticks` is the worst price at which it is sent, 0: any.
    """

    account: int
    key: Key
    long: bool
    left_lots: int
    reason: Reason
    price_ticks: int = 0


def orders_of(rows: Array, keys: Mapping[int, Key]) -> list[ForcedOrder]:
    """Return the orders of FORCED rows, in their sequence; `keys` names the month of each place at the house.

    Rows of one account and position are one order: the larger of them, for the reason that comes first.
    """
    orders: dict[tuple[int, int, bool], ForcedOrder] = {}
    parts: dict[tuple[int, int, bool, int], int] = {}
    for row in rows:
        account, place, long = int(row["account"]), int(row["contract"]), int(row["side"]) == Side.SELL
        if place not in keys:
            continue
        reason, position = int(row["reason"]), (account, place, long)
        lots = parts[*position, reason] = parts.get((*position, reason), 0) + int(row["lots"])
        order = orders.setdefault(position, ForcedOrder(account, keys[place], long, 0, Reason(reason)))
        order.left_lots = max(order.left_lots, lots)
    return list(orders.values())


class ForcedOrders:
    """Send forced orders to a population, and count by product and reason what was asked and filled.

    `book_of` gives the book of a month, which may change between two days.
    """

    def __init__(
        self, population: TraderPopulation, book_of: Callable[[Key], int], lots_per_minute: int
    ) -> None:
        self._population, self._book_of, self._most = population, book_of, lots_per_minute
        self._waiting: dict[tuple[Key, bool], deque[ForcedOrder]] = {}
        self.asked_lots: dict[tuple[str, Reason], int] = {}
        self.filled_lots: dict[tuple[str, Reason], int] = {}

    @property
    def pending(self) -> bool:
        """Whether an order is left to send."""
        return any(self._waiting.values())

    def replace(self, orders: Iterable[ForcedOrder]) -> None:
        """Take the orders of a new day; what the old ones have not filled is dropped, and the counts begin at 0."""
        self._waiting, self.asked_lots, self.filled_lots = {}, {}, {}
        for order in orders:
            self._waiting.setdefault((order.key, order.long), deque()).append(order)
            _count(self.asked_lots, order, order.left_lots)

    def unfilled_lots(self, key: Key, *, long: bool) -> Array:
        """Return each account's unfilled lots of one side of a month."""
        lots = np.zeros(self._population.state["positions"].shape[1], np.int64)
        for order in self._waiting.get((key, long), ()):
            lots[order.account] += order.left_lots
        return lots

    def send(self) -> int:
        """Send a minute's slice of each side of each month, in the orders' sequence; return the lots filled.

        What the account has closed itself is not sent. A side at which nobody is left waits for the next minute.
        """
        done = 0
        for (key, long), orders in self._waiting.items():
            book = self._book_of(key)
            if self._population.book(book)["phase"] != Phase.CONTINUOUS:
                continue
            side, room = Side.SELL if long else Side.BUY, self._most
            while orders and room:
                order = orders[0]
                held = int(self._population.state["positions"][book, order.account])
                order.left_lots = min(order.left_lots, max(0, held if long else -held))
                lots = min(order.left_lots, room)
                filled = self._sent(order, book, side, lots) if lots else 0
                order.left_lots -= filled
                _count(self.filled_lots, order, filled)
                done += filled
                room -= lots
                if not order.left_lots:
                    orders.popleft()
                elif filled < lots:
                    break
        return done

    def _sent(self, order: ForcedOrder, book: int, side: Side, lots: int) -> int:
        low, high = self._population.limits_ticks(book)
        price = min(max(order.price_ticks, low), high) if order.price_ticks else 0
        return self._population.send_for(order.account, book, side, lots, price)


def _count(lots: dict[tuple[str, Reason], int], order: ForcedOrder, more: int) -> None:
    place = order.key[0], order.reason
    lots[place] = lots.get(place, 0) + more
