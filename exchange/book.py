"""An order book: owns the arrays, calls the kernels, returns records.

It is one instrument at one venue. It keeps no accounts, knows no calendar, and forms no opinion on who may trade.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from exchange.codes import Code, Kind, Phase, PriceRule, Side
from exchange.matching import batch, ids, ladder
from exchange.matching.memory import allocate, views
from exchange.records import EVENT, MESSAGE, QUOTE, TRADE

Array = np.ndarray[Any, np.dtype[Any]]
_CODES = tuple(Code)
_CANCEL = int(Kind.CANCEL)
_NO_TRADES = np.zeros(0, TRADE)
_ROWS = 64


@dataclass(frozen=True)
class BatchResult:
    """What a batch did: `events` and `quotes`, one row a message, and `trades` in the order they happened.

    An output that was not asked for is empty.
    """

    events: Array
    trades: Array
    quotes: Array


class Buffers:
    """Hold room for the outputs of batches of up to `messages` rows, used over and over.

    A long run then takes constant memory; a result that was written here is overwritten by the next batch.
    """

    def __init__(self, messages: int) -> None:
        self.events = np.zeros(messages, EVENT)
        self.quotes = np.zeros(messages, QUOTE)
        self.trades = np.zeros(messages + 1024, TRADE)


@dataclass(frozen=True)
class AuctionResult:
    """What an auction did: its price in ticks (None when nothing traded), lots and trades.

    `cancelled_ids` are the market orders that it could not fill.
    """

    price_ticks: int | None
    volume_lots: int
    trades: Array
    cancelled_ids: Array


class OrderBook:
    """Match orders by price, then time, on a dense ladder of prices.

    The ladder holds the prices `low_ticks` to `high_ticks`, which are the day's price limits or, where there are
    none, a wide band. `rule` says how a continuous trade is priced, `kinds` which orders the venue has (cancels
    always), `prevent_self_trade` whether an order stops before one of its owner's own. `capacity` orders can rest; it
    doubles when it must, and no order loses its place by that. Raises ValueError for a ladder that is upside down or
    longer than 64**3 ticks.
    """

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
        self._hold(allocate(ticks, capacity + 1))
        head = self._head
        head["base_tick"] = low_ticks
        head["low"], head["high"] = 0, ticks - 1
        head["rule"], head["phase"] = int(rule), int(Phase.CONTINUOUS)
        head["kinds"] = sum(1 << kind for kind in {*kinds, Kind.CANCEL})
        head["self_trade"] = int(prevent_self_trade)
        head["previous_settlement"] = head["last"] = settled
        head["largest_order"] = largest_order_lots
        ladder.clear(head, self._levels, self._orders, self._words)
        self._trade_room(_ROWS)
        self._submit_one = batch.direct_submit_one()

    def _hold(self, memory: Array) -> None:
        self._memory = memory
        heads, self._levels, self._orders, self._words, self._index = views(memory)
        self._head = heads[0]

    @property
    def phase(self) -> Phase:
        """The phase that decides which messages are taken."""
        return Phase(int(self._head["phase"]))

    @phase.setter
    def phase(self, phase: Phase) -> None:
        self._head["phase"] = int(phase)

    @property
    def last_ticks(self) -> int:
        """The price of the last trade, or the previous settlement before the first."""
        return int(self._head["last"])

    @property
    def volume_lots(self) -> int:
        """Lots traded since the book was made."""
        return int(self._head["volume"])

    @property
    def turnover_tick_lots(self) -> int:
        """Price times quantity, summed over all trades."""
        return int(self._head["turnover"])

    @property
    def resting(self) -> int:
        """How many orders rest in the book."""
        return int(self._head["resting"])

    @property
    def state_bytes(self) -> int:
        """The size of the book's state in memory."""
        return self._memory.nbytes + self._rows.nbytes

    def process(
        self,
        messages: Array,
        *,
        events: bool = True,
        trades: bool = True,
        quotes: bool = True,
        buffers: Buffers | None = None,
    ) -> BatchResult:
        """Apply MESSAGE records in their order; return EVENT and QUOTE rows for each, and all TRADE rows.

        An output that is not asked for costs nothing and comes back empty. With `buffers` the outputs are views of
        them. Raises ValueError for more messages than the buffers were made for.
        """
        count = len(messages)
        if buffers is not None and count > len(buffers.events):
            raise ValueError(f"{count} messages, but the buffers were made for {len(buffers.events)}")
        event_rows = np.empty(count, EVENT) if buffers is None else buffers.events[:count]
        quote_rows = np.empty(count, QUOTE) if buffers is None else buffers.quotes[:count]
        event_rows, quote_rows = event_rows[: events * count], quote_rows[: quotes * count]
        if not trades:
            rows = self._trades
        else:
            rows = np.empty(max(_ROWS, count // 4), TRADE) if buffers is None else buffers.trades
        full: list[Array] = []
        done = used = 0
        while True:
            more, written = batch.process(
                self._memory, messages[done:], event_rows[done:], rows[used:], trades, quote_rows[done:]
            )
            done, used = done + more, used + written
            if done == count:
                break
            if self._head["free"] == 0:
                self._grow()
            else:
                full.append(rows[:used])
                rows, used = np.empty(2 * len(rows), TRADE), 0
        return BatchResult(
            event_rows, np.concatenate([*full, rows[:used]]) if full else rows[:used], quote_rows
        )

    def submit(
        self,
        order_id: int,
        side: Side,
        price_ticks: int,
        quantity_lots: int,
        owner: int = 0,
        kind: Kind = Kind.LIMIT,
        at_ns: int = 0,
        peak_lots: int = 0,
        closes: bool = False,
    ) -> tuple[Code, Array]:
        """Apply one order and return its outcome code and its trades (a view, valid until the next call)."""
        if peak_lots or closes:
            message = np.array(
                [(at_ns, order_id, price_ticks, quantity_lots, owner, peak_lots, kind, side, closes)], MESSAGE
            )
            result = self.process(message, quotes=False)
            return _CODES[result.events["code"][0]], result.trades
        answer = self._submit_one(
            self._memory, self._rows, at_ns, order_id, price_ticks, quantity_lots, owner, kind, side
        )
        if answer < 256:
            if answer >= 0:
                return _CODES[answer], _NO_TRADES
            if self._head["free"] == 0:
                self._grow()
            else:
                self._trade_room(2 * len(self._rows))
            return self.submit(order_id, side, price_ticks, quantity_lots, owner, kind, at_ns)
        return _CODES[answer & 255], self._trades[: answer >> 8]

    def cancel(self, order_id: int, owner: int = 0, at_ns: int = 0) -> Code:
        """Cancel a resting order and return the outcome code."""
        return _CODES[self._submit_one(self._memory, self._rows, at_ns, order_id, 0, 0, owner, _CANCEL, 0)]

    def uncross(self, at_ns: int = 0) -> AuctionResult:
        """Trade what rests at the auction's price, and cancel the market orders that are left."""
        trades = np.empty(self.resting + int(self._head["hidden"]), TRADE)
        cancelled = np.empty(self.resting, np.int64)
        price, volume, count, withdrawn = batch.uncross(self._memory, at_ns, trades, cancelled)
        return AuctionResult(
            int(price) if volume else None, int(volume), trades[:count], cancelled[:withdrawn]
        )

    def quote(self) -> tuple[int | None, int, int | None, int]:
        """Return best bid, its lots, best ask, its lots; None for an empty side."""
        found: list[Any] = []
        for levels, best in zip(self._levels, (self._head["best_bid"], self._head["best_ask"]), strict=True):
            found += (
                [int(self._head["base_tick"] + best), int(levels[best]["quantity"])]
                if best >= 0
                else [None, 0]
            )
        return tuple(found)  # type: ignore[return-value]

    def resting_orders(self) -> Array:
        """Return the resting orders as ORDER rows, bids from the best, then asks from the best, each in time."""
        slots = np.empty(self.resting, np.int64)
        ladder.in_priority(self._head, self._levels, self._orders, self._words, slots)
        result = self._orders[slots]
        result["price"] += np.int32(self._head["base_tick"])
        return result

    def state_hash(self) -> str:
        """Return a digest of the resting orders in priority, the last price, volume and turnover."""
        orders = self.resting_orders()
        columns = [
            orders[name].astype(np.int64) for name in ("id", "side", "price", "quantity", "owner", "hidden")
        ]
        sums = np.array([self.last_ticks, self.volume_lots, self.turnover_tick_lots], np.int64)
        return digest(np.concatenate([*columns, sums]))

    def copy(self) -> OrderBook:
        """Return an independent book in the same state."""
        twin = object.__new__(OrderBook)
        twin._hold(self._memory.copy())
        twin._trade_room(len(self._rows))
        twin._submit_one = self._submit_one
        return twin

    def _trade_room(self, rows: int) -> None:
        self._rows = np.zeros((rows, TRADE.itemsize // 8), np.int64)
        self._trades = self._rows.view(TRADE).ravel()

    def _grow(self) -> None:
        """Double the number of orders that can rest."""
        old_head, levels, orders, words, _ = views(self._memory)
        capacity = len(orders)
        self._hold(allocate(levels.shape[1], 2 * capacity))
        head = self._head
        for name in head.dtype.names or ():
            if name not in ("capacity", "places"):
                head[name] = old_head[0][name]
        self._levels[:], self._words[:], self._orders[:capacity] = levels, words, orders
        ladder.chain_free(head, self._orders, capacity)
        ids.rebuild(self._index, self._orders)


def digest(integers: Array) -> str:
    """Return the hex digest of an int64 array, the state hash of books and worlds."""
    return hashlib.blake2b(np.ascontiguousarray(integers, "<i8").tobytes(), digest_size=16).hexdigest()
