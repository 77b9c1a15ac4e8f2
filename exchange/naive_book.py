"""The order book as one would write it on a napkin: a dict of deques, the readable twin of book.py.

It serves tests and benchmarks as the truth that the fast book must repeat. It is not for use.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from exchange.book import digest
from exchange.codes import Code, Kind, Phase, PriceRule, Side


@dataclass
class _Order:
    order_id: int
    owner: int
    side: Side
    price: int
    quantity: int


class NaiveBook:
    """Match orders by price, then time, the slow and plain way. Arguments as OrderBook."""

    def __init__(
        self,
        low_ticks: int,
        high_ticks: int,
        *,
        rule: PriceRule = PriceRule.RESTING,
        previous_settlement_ticks: int | None = None,
        largest_order_lots: int = 500,
    ) -> None:
        self.low, self.high, self.rule, self.largest = low_ticks, high_ticks, rule, largest_order_lots
        settled = (
            previous_settlement_ticks
            if previous_settlement_ticks is not None
            else (low_ticks + high_ticks) // 2
        )
        self.settled = self.last = settled
        self.phase = Phase.CONTINUOUS
        self.queues: tuple[dict[int, deque[_Order]], dict[int, deque[_Order]]] = ({}, {})
        self.by_id: dict[int, _Order] = {}
        self.volume = self.turnover = 0

    def submit(
        self, order_id: int, side: int, price: int, quantity: int, owner: int, kind: int
    ) -> tuple[Code, list[tuple[int, int, int, int]]]:
        """Apply one message; return its code and its trades as (taker, maker, price, quantity)."""
        if kind == Kind.CANCEL:
            return self._cancel(order_id, owner), []
        code = self._check(order_id, side, price, quantity, kind)
        if code is not Code.ACCEPTED:
            return code, []
        order = _Order(order_id, owner, Side(side), price, quantity)
        trades = self._match(order) if self.phase is Phase.CONTINUOUS else []
        if order.quantity and kind == Kind.LIMIT:
            self.queues[order.side].setdefault(price, deque()).append(order)
            self.by_id[order_id] = order
        return Code.ACCEPTED, trades

    def best(self, side: Side) -> int | None:
        """Return the best price of a side, None when it is empty."""
        prices = self.queues[side]
        return (max(prices) if side is Side.BUY else min(prices)) if prices else None

    def quote(self) -> tuple[int, int, int, int]:
        """Return bid, ask, bid quantity, ask quantity; zeros for an empty side."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        lots = [
            sum(order.quantity for order in self.queues[side][price]) if price is not None else 0
            for side, price in ((Side.BUY, bid), (Side.SELL, ask))
        ]
        return (bid or 0, ask or 0, lots[0], lots[1])

    def uncross(self) -> tuple[int | None, int, list[tuple[int, int, int, int]]]:
        """Trade what rests at one price; return price, lots and trades as (buyer, seller, price, quantity)."""
        buys, sells = self.queues
        best: list[tuple[int, int]] = []
        most = 0
        for price in range(self.low, self.high + 1):
            wanted = sum(o.quantity for p, queue in buys.items() if p >= price for o in queue)
            offered = sum(o.quantity for p, queue in sells.items() if p <= price for o in queue)
            above = sum(o.quantity for p, queue in buys.items() if p > price for o in queue)
            below = sum(o.quantity for p, queue in sells.items() if p < price for o in queue)
            volume = min(wanted, offered)
            if volume > most:
                most, best = volume, []
            if volume and volume == most and above <= volume and below <= volume:
                best.append((abs(price - self.settled), price))
        if not most:
            return None, 0, []
        price = min(best)[1]
        trades, left = [], most
        while left:
            buy = buys[self.best(Side.BUY)][0]  # type: ignore[index]
            sell = sells[self.best(Side.SELL)][0]  # type: ignore[index]
            lots = min(left, buy.quantity, sell.quantity)
            trades.append((buy.order_id, sell.order_id, price, lots))
            left -= lots
            for order in (buy, sell):
                self._reduce(order, lots)
        self.last = price
        self.volume += most
        self.turnover += price * most
        return price, most, trades

    def state_hash(self) -> str:
        """Return the digest that OrderBook.state_hash gives in the same state."""
        orders = [o for price in sorted(self.queues[0], reverse=True) for o in self.queues[0][price]]
        orders += [o for price in sorted(self.queues[1]) for o in self.queues[1][price]]
        columns = [
            [o.order_id for o in orders],
            [int(o.side) for o in orders],
            [o.price for o in orders],
            [o.quantity for o in orders],
            [o.owner for o in orders],
        ]
        flat = [value for column in columns for value in column]
        return digest(np.array([*flat, self.last, self.volume, self.turnover], np.int64))

    def _check(self, order_id: int, side: int, price: int, quantity: int, kind: int) -> Code:
        if self.phase is Phase.CONTINUOUS:
            if kind not in (Kind.LIMIT, Kind.FAK):
                return Code.BAD_KIND
        elif self.phase is Phase.AUCTION_ENTRY:
            if kind != Kind.LIMIT:
                return Code.PHASE_CLOSED if kind == Kind.FAK else Code.BAD_KIND
        else:
            return Code.PHASE_CLOSED
        if side not in (0, 1):
            return Code.BAD_SIDE
        if not 1 <= quantity <= self.largest:
            return Code.BAD_QUANTITY
        if not self.low <= price <= self.high:
            return Code.BAD_PRICE
        if not 1 <= order_id <= 2**62:
            return Code.BAD_ID
        return Code.DUPLICATE_ID if order_id in self.by_id else Code.ACCEPTED

    def _match(self, taker: _Order) -> list[tuple[int, int, int, int]]:
        trades = []
        other = Side(1 - taker.side)
        while taker.quantity and (best := self.best(other)) is not None:
            if best > taker.price if taker.side is Side.BUY else best < taker.price:
                break
            maker = self.queues[other][best][0]
            bid, ask = (taker.price, best) if taker.side is Side.BUY else (best, taker.price)
            price = best if self.rule is PriceRule.RESTING else sorted((bid, ask, self.last))[1]
            lots = min(taker.quantity, maker.quantity)
            trades.append((taker.order_id, maker.order_id, price, lots))
            taker.quantity -= lots
            self._reduce(maker, lots)
            self.last = price
            self.volume += lots
            self.turnover += price * lots
        return trades

    def _cancel(self, order_id: int, owner: int) -> Code:
        if self.phase not in (Phase.CONTINUOUS, Phase.AUCTION_ENTRY):
            return Code.PHASE_CLOSED
        order = self.by_id.get(order_id)
        if order is None:
            return Code.UNKNOWN_ID
        if order.owner != owner:
            return Code.NOT_OWNER
        self._reduce(order, order.quantity)
        return Code.CANCELLED

    def _reduce(self, order: _Order, lots: int) -> None:
        order.quantity -= lots
        if order.quantity == 0:
            queue = self.queues[order.side][order.price]
            queue.remove(order)
            if not queue:
                del self.queues[order.side][order.price]
            del self.by_id[order.order_id]
