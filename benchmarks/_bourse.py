"""The peer of the benchmarks: `bourse`, an order book in Rust, called from Python one message at a time.

It is not a dependency of the project: where it is not installed, `bourse_book` says so with None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from exchange.codes import Kind, Side

Array = np.ndarray[Any, np.dtype[Any]]


def bourse_book() -> Any:
    """Return an empty book of bourse, or None where it is not installed."""
    try:
        from bourse.core import OrderBook as Peer
    except ImportError:
        return None
    return Peer(0, True)


def bourse_calls(
    rows: Array, numbers: dict[int, int] | None = None
) -> tuple[list[tuple[Any, ...]], dict[int, int]]:
    """Return the calls that send these messages to bourse, which numbers orders itself, and its numbers."""
    numbers = {} if numbers is None else numbers
    calls: list[tuple[Any, ...]] = []
    for _, order_id, price, lots, owner, _, kind, side, _ in rows.tolist():
        if kind == Kind.CANCEL:
            calls.append((numbers[order_id],))
        else:
            numbers[order_id] = len(numbers)
            calls.append((side == Side.BUY, lots, owner, price))
    return calls, numbers


def play(book: Any, calls: list[tuple[Any, ...]], start: int = 0) -> None:
    """Make the calls one by one, each at a time of its own: bourse loses an order that has another's price and time."""
    place_order, cancel_order, set_time = book.place_order, book.cancel_order, book.set_time
    for at, call in enumerate(calls, start):
        set_time(at)
        if len(call) == 1:
            cancel_order(call[0])
        else:
            place_order(*call)


def play_untimed(book: Any, calls: list[tuple[Any, ...]]) -> None:
    """Make the calls one by one without telling the time: faster, but bourse then loses orders."""
    place_order, cancel_order = book.place_order, book.cancel_order
    for call in calls:
        if len(call) == 1:
            cancel_order(call[0])
        else:
            place_order(*call)
