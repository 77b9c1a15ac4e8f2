"""The message streams of the benchmarks: a mixed flow whose number of resting orders stays where it is asked to."""

from __future__ import annotations

from typing import Any

import numpy as np

from exchange.book import OrderBook
from exchange.codes import Kind
from exchange.records import MESSAGE

Array = np.ndarray[Any, np.dtype[Any]]
LOW, HIGH, CENTRE = 0, 8_191, 4_096


def empty_book(capacity: int = 8_192) -> OrderBook:
    """Return an empty book on the ladder of the streams."""
    return OrderBook(LOW, HIGH, previous_settlement_ticks=CENTRE, capacity=capacity)


def mixed_stream(
    count: int, resting: int = 3_500, width_ticks: float = 40.0, seed: int = 1
) -> tuple[Array, Array]:
    """Return MESSAGE rows that build a book of `resting` orders, and `count` rows that keep it there.

    About half are limit orders that rest at the best price or behind it, two fifths cancels of orders that rest, a
    tenth marketable limit orders of a few lots, in random order. The book itself is run to know what rests.
    """
    rng = np.random.default_rng(seed)
    book = empty_book(4 * resting)
    setup = _limit_orders(rng, 1, resting, CENTRE, CENTRE, width_ticks)
    book.process(setup, events=False, trades=False, quotes=False)
    parts, next_id = [], resting + 1
    size = max(4, min(resting // 8, 256 if resting < 50_000 else 8_192))
    for start in range(0, count, size):
        rows = _one_round(rng, book, next_id, min(size, count - start), resting, width_ticks)
        book.process(rows, events=False, trades=False, quotes=False)
        next_id += len(rows)
        parts.append(rows)
    return setup, np.concatenate([np.zeros(0, MESSAGE), *parts])


def _limit_orders(rng: Any, first_id: int, count: int, bid: int, ask: int, width_ticks: float) -> Array:
    rows = np.zeros(count, MESSAGE)
    rows["order_id"] = np.arange(first_id, first_id + count)
    rows["at_ns"] = rows["order_id"] * 1_000
    rows["owner"] = rng.integers(0, 100, count)
    rows["kind"] = Kind.LIMIT
    rows["side"] = rng.integers(0, 2, count)
    away = np.minimum(rng.exponential(width_ticks, count).astype(np.int32), CENTRE // 4)
    rows["price"] = np.where(rows["side"] == 0, ask - 1 - away, bid + 1 + away)
    rows["quantity"] = rng.integers(1, 11, count)
    return rows


def _one_round(
    rng: Any, book: OrderBook, next_id: int, count: int, resting: int, width_ticks: float
) -> Array:
    """Return one round of messages; more or fewer are cancels as the book is above or below its target."""
    bid, _, ask, _ = book.quote()
    bid, ask = (bid if bid is not None else CENTRE - 1), (ask if ask is not None else CENTRE + 1)
    rows = _limit_orders(rng, next_id, count, bid, ask, width_ticks)
    drawn = rng.random(count)
    marketable = drawn < 0.1
    buys = rows["side"] == 0
    rows["price"][marketable] = np.where(buys, ask + 2, bid - 2)[marketable]
    live = book.resting_orders()
    share = 0.4 + np.clip((len(live) - resting) / resting, -0.2, 0.2)
    cancels = np.flatnonzero(drawn > 1.0 - share)[: len(live)]
    chosen = rng.choice(len(live), len(cancels), replace=False)
    rows["kind"][cancels] = Kind.CANCEL
    rows["order_id"][cancels] = live["id"][chosen]
    rows["owner"][cancels] = live["owner"][chosen]
    return rows
