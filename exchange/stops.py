"""Stop orders as a broker keeps them: beside the book, since INE has none.

They rest with the broker, unseen by the market, and are sent as ordinary orders once the last price reaches them. The
broker sees prices only after the exchange has made them, so a stop is never ahead of what triggered it.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange.book import Array, OrderBook
from exchange.codes import Code, Kind, Side


@dataclass(frozen=True)
class Stop:
    """Hold one stop order: what is sent at `limit_ticks` when the last price reaches `trigger_ticks`."""

    order_id: int
    side: Side
    trigger_ticks: int
    quantity_lots: int
    limit_ticks: int
    owner: int = 0
    kind: Kind = Kind.FAK

    def reached(self, last_ticks: int) -> bool:
        """Tell whether a last price triggers it: at or above the trigger for a buy, at or below for a sell."""
        if self.side is Side.BUY:
            return last_ticks >= self.trigger_ticks
        return last_ticks <= self.trigger_ticks


@dataclass(frozen=True)
class Sent:
    """Hold what became of a triggered stop: the book's outcome code and its trades."""

    stop: Stop
    code: Code
    trades: Array


class StopService:
    """Keep stop orders for one book and send those that its last price reaches."""

    def __init__(self) -> None:
        self._stops: dict[int, Stop] = {}

    def __len__(self) -> int:
        return len(self._stops)

    def add(self, stop: Stop) -> None:
        """Keep a stop order. Raises ValueError for an id that is kept already."""
        if stop.order_id in self._stops:
            raise ValueError(f"stop order {stop.order_id} is kept already")
        self._stops[stop.order_id] = stop

    def cancel(self, order_id: int) -> Code:
        """Drop a stop order that has not been sent, and return CANCELLED or UNKNOWN_ID."""
        return Code.CANCELLED if self._stops.pop(order_id, None) else Code.UNKNOWN_ID

    def send(self, book: OrderBook, at_ns: int = 0) -> list[Sent]:
        """Send every stop that the last price reaches, and those that their trades reach in turn.

        Of several at once the nearest trigger goes first, then the one that was kept first.
        """
        sent = []
        while reached := [stop for stop in self._stops.values() if stop.reached(book.last_ticks)]:
            last = book.last_ticks
            stop = max(reached, key=lambda one: abs(last - one.trigger_ticks))
            del self._stops[stop.order_id]
            code, trades = book.submit(
                stop.order_id,
                stop.side,
                stop.limit_ticks,
                stop.quantity_lots,
                owner=stop.owner,
                kind=stop.kind,
                at_ns=at_ns,
            )
            sent.append(Sent(stop, code, trades.copy()))
        return sent
