"""An order book: owns the arrays, calls the kernels, returns records.

It is one instrument at one venue. It keeps no accounts, knows no calendar, and forms no opinion on who may trade.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from exchange.codes import Code, Kind, Phase, PriceRule, Side
from exchange.matching import auction, batch, bits, ladder
from exchange.records import BOOK, EVENT, LEVEL, MESSAGE, ORDER, QUOTE, SLOT, TRADE

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class BatchResult:
    """What a batch did: `events` and `quotes`, one row a message, and `trades` in the order they happened."""

    events: Array
    trades: Array
    quotes: Array


@dataclass(frozen=True)
class AuctionResult:
    """What an auction did: its price in ticks (None when nothing traded), lots and trades."""

    price_ticks: int | None
    volume_lots: int
    trades: Array


class OrderBook:
    """Match orders by price, then time, on a dense ladder of prices.

    The ladder holds the prices `low_ticks` to `high_ticks`, which are the day's price limits or, where there are
    none, a wide band. `rule` says how a continuous trade is priced. `capacity` orders can rest; it grows by itself
    between batches, and no order loses its place by that.
    """

    def __init__(
        self,
        low_ticks: int,
        high_ticks: int,
        *,
        rule: PriceRule = PriceRule.RESTING,
        previous_settlement_ticks: int | None = None,
        largest_order_lots: int = 500,
        capacity: int = 1024,
    ) -> None:
        if high_ticks < low_ticks:
            raise ValueError(f"the highest price {high_ticks} is below the lowest {low_ticks}")
        ticks = high_ticks - low_ticks + 1
        settled = (
            previous_settlement_ticks
            if previous_settlement_ticks is not None
            else (low_ticks + high_ticks) // 2
        )
        self._book = np.zeros(1, BOOK)
        head = self._book[0]
        head["base_tick"], head["ticks"] = low_ticks, ticks
        head["low"], head["high"] = 0, ticks - 1
        head["rule"], head["phase"] = int(rule), int(Phase.CONTINUOUS)
        head["previous_settlement"] = head["last"] = settled
        head["largest_order"] = largest_order_lots
        self._levels = np.zeros((2, ticks), LEVEL)
        self._orders = np.zeros(capacity, ORDER)
        self._words = np.zeros((2, bits.words_for(ticks)), np.uint64)
        self._index = np.zeros(_index_size(capacity), SLOT)
        ladder.clear(head, self._levels, self._orders, self._words)
        self._one = (np.zeros(1, MESSAGE), np.zeros(1, EVENT), np.zeros(capacity + 1, TRADE))

    @property
    def phase(self) -> Phase:
        """The phase that decides which messages are taken."""
        return Phase(int(self._book[0]["phase"]))

    @phase.setter
    def phase(self, phase: Phase) -> None:
        self._book[0]["phase"] = int(phase)

    @property
    def last_ticks(self) -> int:
        """The price of the last trade, or the previous settlement before the first."""
        return int(self._book[0]["last"])

    @property
    def volume_lots(self) -> int:
        """Lots traded since the book was made."""
        return int(self._book[0]["volume"])

    @property
    def turnover_tick_lots(self) -> int:
        """Price times quantity, summed over all trades."""
        return int(self._book[0]["turnover"])

    @property
    def resting(self) -> int:
        """How many orders rest in the book."""
        return int(self._book[0]["resting"])

    def process(self, messages: Array) -> BatchResult:
        """Apply MESSAGE records in their order and return the events, trades and quotes."""
        count = len(messages)
        self._reserve(count)
        events, quotes = np.empty(count, EVENT), np.empty(count, QUOTE)
        trades = np.empty(self.resting + count, TRADE)
        traded = batch.process(*self._arrays(), messages, events, trades, quotes)
        return BatchResult(events, trades[:traded], quotes)

    def submit(
        self,
        order_id: int,
        side: Side,
        price_ticks: int,
        quantity_lots: int,
        *,
        owner: int = 0,
        kind: Kind = Kind.LIMIT,
        at_ns: int = 0,
    ) -> tuple[Code, Array]:
        """Apply one order and return its outcome code and its trades (a view, valid until the next call)."""
        if self._book[0]["free"] < 0:
            self._reserve(1)
        messages, events, trades = self._one
        messages[0] = (at_ns, order_id, price_ticks, quantity_lots, owner, int(kind), int(side), 0)
        traded = batch.submit(*self._arrays(), messages[0], events[0], trades, 0)
        return Code(int(events[0]["code"])), trades[:traded]

    def cancel(self, order_id: int, *, owner: int = 0, at_ns: int = 0) -> Code:
        """Cancel a resting order and return the outcome code."""
        return self.submit(order_id, Side.BUY, 0, 0, owner=owner, kind=Kind.CANCEL, at_ns=at_ns)[0]

    def uncross(self, at_ns: int = 0) -> AuctionResult:
        """Trade what rests at the auction's price."""
        trades = np.empty(self.resting, TRADE)
        head = self._book[0]
        price, volume, count = auction.uncross(head, self._levels, self._orders, self._words, at_ns, trades)
        for trade in trades[:count]:
            if trade["taker_left"] == 0:
                batch.forget(self._index, trade["taker_id"])
            if trade["maker_left"] == 0:
                batch.forget(self._index, trade["maker_id"])
        return AuctionResult(int(price) if volume else None, int(volume), trades[:count])

    def quote(self) -> tuple[int | None, int, int | None, int]:
        """Return best bid, its lots, best ask, its lots; None for an empty side."""
        quote = np.zeros(1, QUOTE)
        batch.best(self._book[0], self._levels, quote[0])
        bid, ask, bid_quantity, ask_quantity = (int(value) for value in quote[0])
        return (bid if bid_quantity else None), bid_quantity, (ask if ask_quantity else None), ask_quantity

    def resting_orders(self) -> Array:
        """Return the resting orders as ORDER rows, bids from the best, then asks from the best, each in time."""
        head = self._book[0]
        rows = []
        for side in (Side.BUY, Side.SELL):
            positions = np.flatnonzero(self._levels[side]["orders"])
            for position in positions[::-1] if side is Side.BUY else positions:
                slot = int(self._levels[side, position]["head"])
                while slot >= 0:
                    rows.append(self._orders[slot].copy())
                    slot = int(self._orders[slot]["next"])
        result = np.array(rows, ORDER) if rows else np.zeros(0, ORDER)
        result["price"] += int(head["base_tick"])
        return result

    def state_hash(self) -> str:
        """Return a digest of the resting orders in priority, the last price, volume and turnover."""
        orders = self.resting_orders()
        columns = [orders[name].astype(np.int64) for name in ("id", "side", "price", "quantity", "owner")]
        sums = np.array([self.last_ticks, self.volume_lots, self.turnover_tick_lots], np.int64)
        return digest(np.concatenate([*columns, sums]))

    def copy(self) -> OrderBook:
        """Return an independent book in the same state."""
        twin = object.__new__(OrderBook)
        for name in ("_book", "_levels", "_orders", "_words", "_index"):
            setattr(twin, name, getattr(self, name).copy())
        twin._one = tuple(array.copy() for array in self._one)  # type: ignore[assignment]
        return twin

    def _arrays(self) -> tuple[Any, Array, Array, Array, Array]:
        return self._book[0], self._levels, self._orders, self._words, self._index

    def _reserve(self, more: int) -> None:
        """Make room for `more` resting orders, at least doubling when there is not enough."""
        capacity = len(self._orders)
        if self.resting + more <= capacity:
            return
        larger = max(2 * capacity, self.resting + more)
        orders = np.zeros(larger, ORDER)
        orders[:capacity] = self._orders
        self._orders = orders
        ladder.chain_free(self._book[0], orders, capacity)
        self._index = np.zeros(_index_size(larger), SLOT)
        batch.rebuild_index(self._index, orders)
        self._one = (*self._one[:2], np.zeros(larger + 1, TRADE))


def digest(integers: Array) -> str:
    """Return the hex digest of an int64 array, the state hash of books and worlds."""
    return hashlib.blake2b(np.ascontiguousarray(integers, "<i8").tobytes(), digest_size=16).hexdigest()


def _index_size(capacity: int) -> int:
    return 1 << (2 * capacity - 1).bit_length()
