"""The order book as one would write it on a napkin: a dict of deques, the readable twin of book.py.

It serves tests and benchmarks as the truth that the fast book must repeat. It is not for use.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from exchange.book import digest
from exchange.codes import Code, Kind, Phase, PriceRule, Side

Trades = list[tuple[int, int, int, int]]


@dataclass
class _Order:
    order_id: int
    owner: int
    side: Side
    price: int
    quantity: int
    kind: Kind = Kind.LIMIT
    peak: int = 0
    hidden: int = 0
    closes: bool = False

    @property
    def lots(self) -> int:
        return self.quantity + self.hidden


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
        kinds: Iterable[Kind] = Kind,
        prevent_self_trade: bool = False,
    ) -> None:
        self.low, self.high, self.rule, self.largest = low_ticks, high_ticks, rule, largest_order_lots
        self.kinds, self.prevent_self_trade = {*kinds, Kind.CANCEL}, prevent_self_trade
        settled = (
            previous_settlement_ticks
            if previous_settlement_ticks is not None
            else (low_ticks + high_ticks) // 2
        )
        self.settled = self.last = settled
        self.phase = Phase.CONTINUOUS
        self.queues: tuple[dict[int, deque[_Order]], dict[int, deque[_Order]]] = ({}, {})
        self.by_id: dict[int, _Order] = {}
        self.parked: list[_Order] = []
        self.volume = self.turnover = 0

    def submit(
        self,
        order_id: int,
        side: int,
        price: int,
        quantity: int,
        owner: int,
        kind: int,
        peak: int = 0,
        closes: bool = False,
    ) -> tuple[Code, Trades]:
        """Apply one message; return its code and its trades as (taker, maker, price, quantity)."""
        code = self._check_kind(kind)
        if code is not Code.ACCEPTED:
            return code, []
        if kind == Kind.CANCEL:
            return self._cancel(order_id, owner), []
        if kind == Kind.REPLACE:
            return self._replace(order_id, owner, price, quantity)
        if kind == Kind.MARKET:
            price = self.high if side == Side.BUY else self.low
        code = self._check(side, price, quantity)
        if code is not Code.ACCEPTED:
            return code, []
        if kind == Kind.ICEBERG and not 1 <= peak <= quantity:
            return Code.BAD_PEAK, []
        if not 1 <= order_id <= 2**62:
            return Code.BAD_ID, []
        if order_id in self.by_id:
            return Code.DUPLICATE_ID, []
        return self._enter(
            _Order(order_id, owner, Side(side), price, quantity, Kind(kind), peak, closes=closes)
        )

    def set_limits(self, low: int, high: int, settled: int | None = None) -> None:
        """Change the price limits; orders beyond them are parked, and those within them rest again."""
        orders = [*self._in_priority(), *self.parked]
        self.low, self.high, self.parked = low, high, []
        self.settled = self.settled if settled is None else settled
        self.queues = ({}, {})
        for order in orders:
            if low <= order.price <= high:
                self.queues[order.side].setdefault(order.price, deque()).append(order)
            else:
                self.parked.append(order)

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

    def uncross(self) -> tuple[int | None, int, Trades]:
        """Trade what rests at one price; return price, lots and trades as (buyer, seller, price, quantity)."""
        buys, sells = self.queues
        best: list[tuple[int, int]] = []
        most = 0
        for price in range(self.low, self.high + 1):
            wanted = sum(o.lots for p, queue in buys.items() if p >= price for o in queue)
            offered = sum(o.lots for p, queue in sells.items() if p <= price for o in queue)
            above = sum(o.lots for p, queue in buys.items() if p > price for o in queue)
            below = sum(o.lots for p, queue in sells.items() if p < price for o in queue)
            volume = min(wanted, offered)
            if volume > most:
                most, best = volume, []
            if volume and volume == most and above <= volume and below <= volume:
                best.append((abs(price - self.settled), price))
        if not most:
            self._cancel_market_orders()
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
                self._fill(order, lots)
        self.last = price
        self.volume += most
        self.turnover += price * most
        self._cancel_market_orders()
        return price, most, trades

    def state_hash(self) -> str:
        """Return the digest that OrderBook.state_hash gives in the same state."""
        orders = [*self._in_priority(), *self.parked]
        columns = [
            [o.order_id for o in orders],
            [int(o.side) for o in orders],
            [o.price for o in orders],
            [o.quantity for o in orders],
            [o.owner for o in orders],
            [o.hidden for o in orders],
        ]
        flat = [value for column in columns for value in column]
        return digest(np.array([*flat, self.last, self.volume, self.turnover], np.int64))

    def _in_priority(self) -> list[_Order]:
        buys, sells = self.queues
        orders = [order for price in sorted(buys, reverse=True) for order in buys[price]]
        return orders + [order for price in sorted(sells) for order in sells[price]]

    def _check_kind(self, kind: int) -> Code:
        if self.phase is Phase.HALTED and kind == Kind.CANCEL:
            return Code.ACCEPTED
        if self.phase not in (Phase.CONTINUOUS, Phase.AUCTION_ENTRY):
            return Code.PHASE_CLOSED
        if kind not in self.kinds:
            return Code.BAD_KIND
        if self.phase is Phase.AUCTION_ENTRY and kind in (Kind.FAK, Kind.FOK):
            return Code.PHASE_CLOSED
        return Code.ACCEPTED

    def _check(self, side: int, price: int, quantity: int) -> Code:
        if side not in (0, 1):
            return Code.BAD_SIDE
        if not 1 <= quantity <= self.largest:
            return Code.BAD_QUANTITY
        return Code.ACCEPTED if self.low <= price <= self.high else Code.BAD_PRICE

    def _enter(self, order: _Order) -> tuple[Code, Trades]:
        trades: Trades = []
        if self.phase is Phase.CONTINUOUS:
            reached = self._reached(order)
            if order.kind is Kind.FOK and sum(maker.lots for maker in reached) < order.quantity:
                return Code.KILLED, []
            trades, stopped = self._match(order)
            if order.quantity and stopped and order.kind not in (Kind.FAK, Kind.MARKET):
                return Code.SELF_TRADE, trades
            if order.kind in (Kind.FAK, Kind.FOK, Kind.MARKET):
                return Code.ACCEPTED, trades
        if order.quantity:
            if order.kind is Kind.ICEBERG:
                order.hidden = max(order.quantity - order.peak, 0)
                order.quantity -= order.hidden
            queue = self.queues[order.side].setdefault(order.price, deque())
            place = len(queue)
            while (
                order.closes
                and order.price in (self.low, self.high)
                and place
                and not queue[place - 1].closes
            ):
                place -= 1
            queue.insert(place, order)
            self.by_id[order.order_id] = order
        return Code.ACCEPTED, trades

    def _reached(self, taker: _Order) -> list[_Order]:
        """Return the orders that a taker may trade with, best first, up to the first of its own where that stops it."""
        makers: list[_Order] = []
        queues = self.queues[1 - taker.side]
        for price in sorted(queues, reverse=taker.side is Side.SELL):
            if price > taker.price if taker.side is Side.BUY else price < taker.price:
                break
            for maker in queues[price]:
                if self.prevent_self_trade and maker.owner == taker.owner:
                    return makers
                makers.append(maker)
        return makers

    def _match(self, taker: _Order) -> tuple[Trades, bool]:
        """Trade a taker; say whether an order of its own stopped it."""
        trades: Trades = []
        other = Side(1 - taker.side)
        while taker.quantity and (best := self.best(other)) is not None:
            if best > taker.price if taker.side is Side.BUY else best < taker.price:
                break
            maker = self.queues[other][best][0]
            if self.prevent_self_trade and maker.owner == taker.owner:
                return trades, True
            bid, ask = (taker.price, best) if taker.side is Side.BUY else (best, taker.price)
            price = best if self.rule is PriceRule.RESTING else sorted((bid, ask, self.last))[1]
            lots = min(taker.quantity, maker.quantity)
            trades.append((taker.order_id, maker.order_id, price, lots))
            taker.quantity -= lots
            self._fill(maker, lots)
            self.last = price
            self.volume += lots
            self.turnover += price * lots
        return trades, False

    def _cancel_market_orders(self) -> None:
        for order in [order for order in self.by_id.values() if order.kind is Kind.MARKET]:
            self._remove(order)

    def _cancel(self, order_id: int, owner: int) -> Code:
        order = self.by_id.get(order_id)
        if order is None:
            return Code.UNKNOWN_ID
        if order.owner != owner:
            return Code.NOT_OWNER
        self._remove(order)
        return Code.CANCELLED

    def _replace(self, order_id: int, owner: int, price: int, quantity: int) -> tuple[Code, Trades]:
        order = self.by_id.get(order_id)
        if order is None:
            return Code.UNKNOWN_ID, []
        if order.owner != owner:
            return Code.NOT_OWNER, []
        code = self._check(order.side, price, quantity)
        if code is not Code.ACCEPTED:
            return code, []
        if price == order.price and quantity <= order.lots:
            order.hidden = max(quantity - order.quantity, 0)
            order.quantity = quantity - order.hidden
            return Code.REPLACED, []
        self._remove(order)
        new = _Order(
            order_id, owner, order.side, price, quantity, order.kind, order.peak, closes=order.closes
        )
        code, trades = self._enter(new)
        return (Code.REPLACED if code is Code.ACCEPTED else code), trades

    def _fill(self, order: _Order, lots: int) -> None:
        """Take lots off an order; an iceberg shows its next lots at the back of the queue."""
        order.quantity -= lots
        if order.quantity == 0:
            self._remove(order)
            if order.hidden:
                order.quantity = min(order.peak, order.hidden)
                order.hidden -= order.quantity
                self.queues[order.side].setdefault(order.price, deque()).append(order)
                self.by_id[order.order_id] = order

    def _remove(self, order: _Order) -> None:
        if order in self.parked:
            self.parked.remove(order)
            del self.by_id[order.order_id]
            return
        queue = self.queues[order.side][order.price]
        queue.remove(order)
        if not queue:
            del self.queues[order.side][order.price]
        del self.by_id[order.order_id]
