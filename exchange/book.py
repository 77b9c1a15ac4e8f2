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
from exchange.matching import batch
from exchange.matching.memory import allocate, views
from exchange.records import DEPTH, EVENT, MESSAGE, QUOTE, TRADE

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
    none, a wide band; both move by `set_limits`. `rule` says how a continuous trade is priced, `kinds` which orders the
    venue has (cancels always), `prevent_self_trade` whether an order stops before one of its owner's own. `capacity`
    orders can rest; it doubles when it must, and no order loses its place by that. Raises ValueError for a ladder that
    is upside down or longer than 64**3 ticks.
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
        head["best_bid"] = head["best_ask"] = -1
        self._free_slots(1)
        self._trade_room(_ROWS)
        self._submit_one, self._process = batch.direct_entries()

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
        bid, _, ask, _ = self.quote()
        if phase is Phase.CONTINUOUS and bid is not None and ask is not None and bid >= ask:
            raise ValueError(f"the best bid {bid} meets the best ask {ask}: uncross the auction first")
        self._head["phase"] = int(phase)

    @property
    def limits_ticks(self) -> tuple[int, int]:
        """The lowest and the highest price that the book takes today."""
        return tuple(int(self._head["base_tick"] + self._head[name]) for name in ("low", "high"))  # type: ignore[return-value]

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
        them. Raises TypeError for other records, ValueError for more messages than the buffers were made for.
        """
        if messages.dtype != MESSAGE:
            raise TypeError(f"messages must be records of exchange.records.MESSAGE, not {messages.dtype}")
        left, count = np.ascontiguousarray(messages), len(messages)
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
        events_left, quotes_left, rows_left, used = event_rows, quote_rows, rows, 0
        while True:
            done, written = self._process(self._memory, left, events_left, rows_left, trades, quotes_left)
            used += written
            if done == len(left):
                break
            left, events_left, quotes_left = left[done:], events_left[done:], quotes_left[done:]
            if self._head["free"] == 0:
                self._grow()
            else:
                full.append(rows[:used])
                rows, used = np.empty(2 * len(rows), TRADE), 0
            rows_left = rows[used:]
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

    def depth(self, levels: int = 5) -> tuple[Array, Array]:
        """Return the best bids and the best asks as DEPTH rows, best first, at most `levels` of each."""
        found = []
        for side in Side:
            places = np.flatnonzero(self._levels[side]["orders"])
            places = places[::-1][:levels] if side is Side.BUY else places[:levels]
            rows = np.zeros(len(places), DEPTH)
            rows["price"] = places + self._head["base_tick"]
            for name in ("quantity", "orders"):
                rows[name] = self._levels[side][name][places]
            found.append(rows)
        return found[0], found[1]

    def queue_position(self, order_id: int) -> tuple[int, int] | None:
        """Return how many orders and shown lots stand before an order at its price; None where it does not rest."""
        ahead, lots = batch.queue_position(self._memory, order_id)
        return (int(ahead), int(lots)) if ahead >= 0 else None

    def resting_orders(self) -> Array:
        """Return the resting orders as ORDER rows, bids from the best, then asks from the best, each in time."""
        return self._orders_at(self._slots()[: self.resting])

    def parked_orders(self) -> Array:
        """Return the orders beyond the price limits as ORDER rows, in the order in which they were parked."""
        return self._orders_at(self._slots()[self.resting :])

    def set_limits(
        self,
        low_ticks: int,
        high_ticks: int,
        previous_settlement_ticks: int | None = None,
        *,
        cancel: bool = False,
    ) -> Array:
        """Change the price limits between sessions, and return the orders that are beyond them, as ORDER rows.

        They are parked, out of reach but still their owner's, until limits that take them in again; they keep their
        priority. With `cancel` they are cancelled. Raises ValueError in continuous trading and for limits that are
        upside down.
        """
        if self.phase is Phase.CONTINUOUS:
            raise ValueError("price limits change between sessions, not in continuous trading")
        if high_ticks < low_ticks:
            raise ValueError(f"the highest price {high_ticks} is below the lowest {low_ticks}")
        if previous_settlement_ticks is not None:
            self._head["previous_settlement"] = previous_settlement_ticks
        self._lay_out(len(self._orders), low_ticks, high_ticks - low_ticks + 1)
        beyond = self.parked_orders()
        if cancel:
            self._withdraw(beyond["id"])
        return beyond

    def clear(self) -> Array:
        """Cancel every order, as at the end of a trading day, and return them as ORDER rows."""
        orders = self._orders_at(self._slots())
        self._withdraw(orders["id"])
        return orders

    def state_hash(self) -> str:
        """Return a digest of the resting orders in priority, the last price, volume and turnover."""
        orders = self._orders_at(self._slots())
        columns = [
            orders[name].astype(np.int64) for name in ("id", "side", "price", "quantity", "owner", "hidden")
        ]
        sums = np.array([self.last_ticks, self.volume_lots, self.turnover_tick_lots], np.int64)
        return digest(np.concatenate([*columns, sums]))

    def copy(self) -> OrderBook:
        """Return an independent book in the same state: a fork, or a state to come back to."""
        twin = object.__new__(OrderBook)
        twin.__setstate__(self._memory.copy())
        return twin

    def __getstate__(self) -> Array:
        """Return the block of memory, which is the whole state: what pickle saves."""
        return self._memory

    def __setstate__(self, memory: Array) -> None:
        self._hold(memory)
        self._trade_room(_ROWS)
        self._submit_one, self._process = batch.direct_entries()

    def _trade_room(self, rows: int) -> None:
        self._rows = np.zeros((rows, TRADE.itemsize // 8), np.int64)
        self._trades = self._rows.view(TRADE).ravel()

    def _slots(self) -> Array:
        slots = np.empty(self.resting + int(self._head["parked"]), np.int64)
        batch.priority(self._memory, slots)
        return slots

    def _orders_at(self, slots: Array) -> Array:
        rows = self._orders[slots]
        rows["price"] += np.int32(self._head["base_tick"])
        return rows

    def _withdraw(self, order_ids: Array) -> None:
        phase, self._head["phase"] = int(self._head["phase"]), int(Phase.HALTED)
        owners = {int(order["id"]): int(order["owner"]) for order in self._orders_at(self._slots())}
        for order_id in order_ids.tolist():
            self.cancel(order_id, owners[order_id])
        self._head["phase"] = phase

    def _grow(self) -> None:
        """Double the number of orders that can rest."""
        capacity = len(self._orders)
        self._lay_out(2 * capacity, int(self._head["base_tick"]), int(self._head["ticks"]))
        self._free_slots(capacity)

    def _free_slots(self, first: int) -> None:
        """Chain the slots from `first` on as free, where none was."""
        self._orders["next"][first:-1] = np.arange(first + 1, len(self._orders))
        self._head["free"] = first

    def _lay_out(self, capacity: int, base_tick: int, ticks: int) -> None:
        """Move the book to a block with these sizes; every order keeps its slot and its priority."""
        slots, old_head, old_orders = self._slots(), self._head.copy(), self._orders
        self._hold(allocate(ticks, capacity))
        head = self._head
        for name in head.dtype.names or ():
            if name not in ("ticks", "capacity", "places", "resting", "parked", "parked_head", "parked_tail"):
                head[name] = old_head[name]
        head["base_tick"], head["low"], head["high"] = base_tick, 0, ticks - 1
        head["best_bid"] = head["best_ask"] = -1
        self._orders[: len(old_orders)] = old_orders
        batch.lay_out(self._memory, slots, base_tick - int(old_head["base_tick"]))


def digest(integers: Array) -> str:
    """Return the hex digest of an int64 array, the state hash of books and worlds."""
    return hashlib.blake2b(np.ascontiguousarray(integers, "<i8").tobytes(), digest_size=16).hexdigest()
