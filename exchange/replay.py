"""Replaying recorded order flow: LOBSTER's CSV files and our own Parquet, as messages and the quotes to expect.

The matching engine then has to arrive at the quotes of the file by itself. The module computes no price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exchange.book import OrderBook
from exchange.codes import Kind, Side
from exchange.records import MESSAGE, QUOTE
from exchange.units import NS_PER_SECOND

Array = np.ndarray[Any, np.dtype[Any]]
_SUBMIT, _REDUCE, _DELETE, _EXECUTE = 1, 2, 3, 4
_SILENT = (5, 6, 7)  # hidden executions, crosses and halts leave the displayed book as it is
_EMPTY = 9_999_999_999  # LOBSTER's price of an empty side
_FIRST_FOREIGN_ID = 2**61  # ids of orders that rest before the file begins, one for each price and side


@dataclass(frozen=True)
class Recording:
    """Hold messages and the best quotes that the source saw after each; `rows` are the source's row numbers from 1.

    `opening` are the orders that rested before the first message. A recording without quotes expects none.
    """

    opening: Array
    messages: Array
    quotes: Array
    rows: Array


@dataclass(frozen=True)
class Replay:
    """Tell how a replay went: messages, rows whose best quotes equal the source's, the first row that differs."""

    messages: int
    compared: int
    equal: int
    first_difference: int | None


def read_lobster(messages: Path, orderbook: Path, ticks_of: int = 100) -> Recording:
    """Read LOBSTER's message and order book files (CSV without header).

    A message row is: seconds after midnight, type, order id, size, price, direction; the order book row after it is ask
    price, ask size, bid price, bid size, and so on for each level. `ticks_of` is a tick in the file's price unit
    (USD 0.0001: 100 for a cent). An execution becomes a FAK of the opposite side; orders that rest before the file
    begins are taken from its first order book row, one for each price. Raises ValueError, with file and row, for what
    cannot be read, an unknown type, a price off the tick, or files of different length.
    """
    told, books = _rows(messages), _rows(orderbook)
    if len(told) != len(books):
        raise ValueError(f"{messages} has {len(told)} rows and {orderbook} has {len(books)}")
    if not told:
        raise ValueError(f"{messages}: no rows")
    known: dict[int, tuple[int, int, int]] = {}  # order id -> side, price, quantity
    opening = _opening(told[0], books[0], orderbook, ticks_of, known)
    found, quotes, rows = [], [], []
    for number, (row, book) in enumerate(zip(told, books, strict=True), 1):
        at = f"{messages}:{number}"
        if len(row) < 6:
            raise ValueError(f"{at}: {len(row)} columns; a message has 6")
        kind = int(row[1])
        if kind in _SILENT:
            continue
        if kind not in (_SUBMIT, _REDUCE, _DELETE, _EXECUTE):
            raise ValueError(f"{at}: type {kind}; LOBSTER's types are 1 to 7")
        found.append(_message(at, row, kind, ticks_of, known))
        quotes.append(_quote(book, f"{orderbook}:{number}", ticks_of))
        rows.append(number)
    return Recording(opening, np.array(found, MESSAGE), np.array(quotes, QUOTE), np.array(rows))


def read_parquet(path: Path) -> Recording:
    """Read a Parquet file with the columns of MESSAGE and, where it has them, of QUOTE. Raises ValueError."""
    frame = pd.read_parquet(path)
    missing = [
        name for name in ("at_ns", "order_id", "price", "quantity", "kind", "side") if name not in frame
    ]
    if missing:
        raise ValueError(f"{path}: no column {missing[0]!r}; columns are those of exchange.records.MESSAGE")
    with_quotes = all(name in frame for name in QUOTE.names or ())
    quotes = _records(frame, QUOTE) if with_quotes else np.zeros(0, QUOTE)
    return Recording(np.zeros(0, MESSAGE), _records(frame, MESSAGE), quotes, np.arange(1, len(frame) + 1))


def write_parquet(path: Path, messages: Array, quotes: Array | None = None) -> None:
    """Write messages, and the quotes after each, as `read_parquet` reads them."""
    columns = {name: messages[name] for name in MESSAGE.names or ()}
    if quotes is not None:
        columns |= {name: quotes[name] for name in QUOTE.names or ()}
    pd.DataFrame(columns).to_parquet(path, index=False)


def book_for(recording: Recording) -> OrderBook:
    """Return an empty book with room for a recording's prices and for any size.

    A ladder has at most 64**3 ticks: orders further than half of that from the median price are refused by the book,
    which leaves the best quotes as they are. Raises ValueError for a recording without a price.
    """
    prices = np.concatenate([recording.opening["price"], recording.messages["price"]])
    prices = prices[prices > 0]
    if len(prices) == 0:
        raise ValueError("the recording has no price")
    middle = int(np.median(prices))
    low, high = max(int(prices.min()), middle - 64**3 // 2), min(int(prices.max()), middle + 64**3 // 2 - 1)
    return OrderBook(low, high, largest_order_lots=2**31 - 1)


def replay(book: OrderBook, recording: Recording) -> Replay:
    """Send a recording through a book, and compare best prices and their quantities row by row."""
    book.process(recording.opening, trades=False, quotes=False)
    quotes = book.process(recording.messages, events=False, trades=False).quotes
    if len(recording.quotes) == 0:
        return Replay(len(quotes), 0, 0, None)
    same = np.ones(len(quotes), bool)
    for name in QUOTE.names or ():
        same &= quotes[name] == recording.quotes[name]
    different = np.flatnonzero(~same)
    first = int(recording.rows[different[0]]) if len(different) else None
    return Replay(len(quotes), len(quotes), int(same.sum()), first)


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8") as lines:
        return [line.strip().split(",") for line in lines if line.strip()]


def _ticks(value: int, at: str, ticks_of: int) -> int:
    if value % ticks_of:
        raise ValueError(f"{at}: price {value} is off the tick of {ticks_of}")
    return value // ticks_of


def _levels(book: list[str], at: str, ticks_of: int) -> list[tuple[int, int, int]]:
    """Return the levels of an order book row as (side, price, quantity); empty ones are left out."""
    try:
        numbers = [int(value) for value in book]
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from None
    found = []
    for k in range(0, len(numbers) - 1, 2):
        price, quantity = numbers[k], numbers[k + 1]
        if abs(price) != _EMPTY:
            side = Side.SELL if k % 4 == 0 else Side.BUY
            found.append((int(side), _ticks(price, at, ticks_of), quantity))
    return found


def _quote(book: list[str], at: str, ticks_of: int) -> tuple[int, int, int, int]:
    best = {side: (price, quantity) for side, price, quantity in reversed(_levels(book, at, ticks_of))}
    bid, ask = (best.get(int(side), (0, 0)) for side in (Side.BUY, Side.SELL))
    return bid[0], ask[0], bid[1], ask[1]


def _foreign_id(side: int, price: int) -> int:
    return _FIRST_FOREIGN_ID + 2 * price + side


def _opening(
    first: list[str], book: list[str], orderbook: Path, ticks_of: int, known: dict[int, tuple[int, int, int]]
) -> Array:
    """Return the orders that rested before the first message: its order book row, less what the message did."""
    kind, size = int(first[1]), int(first[3])
    price, side = int(first[4]) // ticks_of, int(Side.BUY if int(first[5]) == 1 else Side.SELL)
    lots = {(at_side, at): quantity for at_side, at, quantity in _levels(book, f"{orderbook}:1", ticks_of)}
    change = -size if kind == _SUBMIT else size if kind in (_REDUCE, _DELETE, _EXECUTE) else 0
    lots[side, price] = lots.get((side, price), 0) + change
    rows = np.zeros(len(lots), MESSAGE)
    count = 0
    for (at_side, at), quantity in lots.items():
        if quantity > 0:
            known[_foreign_id(at_side, at)] = (at_side, at, quantity)
            rows[count] = (0, _foreign_id(at_side, at), at, quantity, 0, 0, int(Kind.LIMIT), at_side, 0)
            count += 1
    return rows[:count]


def _message(
    at: str, row: list[str], kind: int, ticks_of: int, known: dict[int, tuple[int, int, int]]
) -> tuple[int, ...]:
    """Return one MESSAGE row, and keep track of what each order still has."""
    try:
        at_ns = int(Decimal(row[0]) * NS_PER_SECOND)
        order_id, size, price, direction = (int(value) for value in row[2:6])
    except (ValueError, InvalidOperation) as error:
        raise ValueError(f"{at}: {error}") from None
    price, side = _ticks(price, at, ticks_of), int(Side.BUY if direction == 1 else Side.SELL)
    if kind == _SUBMIT:
        known[order_id] = (side, price, size)
        return at_ns, order_id, price, size, 0, 0, int(Kind.LIMIT), side, 0
    if order_id not in known:
        order_id = _foreign_id(side, price)
    _, _, quantity = known.get(order_id, (side, price, 0))
    left = quantity - size
    if left > 0:
        known[order_id] = (side, price, left)
    else:
        known.pop(order_id, None)
    if kind == _EXECUTE:
        return at_ns, 2**62, price, size, 0, 0, int(Kind.FAK), 1 - side, 0
    if left > 0:
        return at_ns, order_id, price, left, 0, 0, int(Kind.REPLACE), side, 0
    return at_ns, order_id, price, 0, 0, 0, int(Kind.CANCEL), side, 0


def _records(frame: pd.DataFrame, dtype: np.dtype[Any]) -> Array:
    rows = np.zeros(len(frame), dtype)
    for name in dtype.names or ():
        if name in frame:
            rows[name] = frame[name].to_numpy()
    return rows
