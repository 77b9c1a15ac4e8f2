"""A recorded order flow, replayed, gives the quotes of its file. The files are written from the naive book."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from strategies import HIGH, LOW

from exchange.book import OrderBook
from exchange.codes import Code, Kind, Side
from exchange.naive_book import NaiveBook
from exchange.records import MESSAGE
from exchange.replay import book_for, read_lobster, read_parquet, replay, write_parquet

TICK = 100


def write_lobster(folder: Path, count: int, levels: int = 3, before: int = 0) -> tuple[Path, Path]:
    """Write a random session in LOBSTER's layout, leaving out the first `before` rows as if it began later."""
    rng = np.random.default_rng(3)
    book = NaiveBook(LOW, HIGH)
    messages: list[str] = []
    books: list[str] = []

    def note(kind: int, order_id: int, lots: int, price: int, side: int) -> None:
        at = 34_200 + len(messages) / 7
        messages.append(f"{at:.9f},{kind},{order_id},{lots},{price * TICK},{1 if side == Side.BUY else -1}")
        best = []
        for level in range(levels):
            for at_side in (Side.SELL, Side.BUY):
                prices = sorted(book.queues[at_side], reverse=at_side is Side.BUY)
                if level < len(prices):
                    total = sum(order.quantity for order in book.queues[at_side][prices[level]])
                    best.append(f"{prices[level] * TICK},{total}")
                else:
                    best.append(f"{-9999999999 if at_side is Side.BUY else 9999999999},0")
        books.append(",".join(best))

    for order_id in range(1, count + 1):
        live = list(book.by_id.values())
        drawn = rng.random()
        if drawn < 0.3 and live:
            order = live[int(rng.integers(len(live)))]
            lots = order.quantity
            if drawn < 0.1 and lots > 1:
                book.submit(order.order_id, order.side, order.price, lots - 1, 0, Kind.REPLACE)
                note(2, order.order_id, 1, order.price, order.side)
            else:
                book.submit(order.order_id, 0, 0, 0, 0, Kind.CANCEL)
                note(3, order.order_id, lots, order.price, order.side)
            continue
        side = int(rng.integers(2))
        price = int(1000 + rng.integers(-4, 5))
        lots = int(rng.integers(1, 9))
        # one execution at a time, as LOBSTER has it: the market order is split at each resting order
        while lots:
            best = book.best(Side(1 - side))
            if best is None or (best > price if side == Side.BUY else best < price):
                break
            maker = book.queues[1 - side][best][0]
            part = min(lots, maker.quantity)
            book.submit(10**6 + order_id, side, best, part, 0, Kind.FAK)
            note(4, maker.order_id, part, best, 1 - side)
            lots -= part
        if lots:
            book.submit(order_id, side, price, lots, 0, Kind.LIMIT)
            note(1, order_id, lots, price, side)
        if rng.random() < 0.02:
            note(5, 0, 3, 1000, side)
    paths = folder / "message.csv", folder / "orderbook.csv"
    for path, lines in zip(paths, (messages, books), strict=True):
        path.write_text("\n".join(lines[before:]) + "\n")
    return paths


def test_a_lobster_session_gives_its_own_quotes(tmp_path: Path) -> None:
    recording = read_lobster(*write_lobster(tmp_path, 4_000))
    assert len(recording.opening) == 0
    result = replay(book_for(recording), recording)
    assert result.first_difference is None
    assert result.messages == result.equal == result.compared > 3_500


def test_a_session_that_begins_with_a_full_book_is_opened_from_its_first_row(tmp_path: Path) -> None:
    recording = read_lobster(*write_lobster(tmp_path, 4_000, levels=10, before=1_000))
    assert len(recording.opening) > 2
    result = replay(book_for(recording), recording)
    assert result.equal == result.compared, result


def test_a_difference_is_found_in_its_row(tmp_path: Path) -> None:
    messages, books = write_lobster(tmp_path, 500)
    lines = books.read_text().splitlines()
    cells = lines[199].split(",")
    cells[1] = "77"
    lines[199] = ",".join(cells)
    books.write_text("\n".join(lines))
    recording = read_lobster(messages, books)
    assert replay(book_for(recording), recording).first_difference == 200


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("34200.1,1,77,5,100050,1", "message.csv:3: price 100050 is off the tick"),
        ("34200.1,9,77,5,100000,1", "message.csv:3: type 9"),
        ("34200.1,1,77,five,100000,1", "message.csv:3: invalid literal"),
        ("34200.1,1,77", "message.csv:3: 3 columns"),
    ],
)
def test_what_cannot_be_read_is_named(line: str, said: str, tmp_path: Path) -> None:
    messages, books = write_lobster(tmp_path, 50)
    lines = messages.read_text().splitlines()
    lines[2] = line
    messages.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=said):
        read_lobster(messages, books)


def test_files_of_different_length_do_not_belong_together(tmp_path: Path) -> None:
    messages, books = write_lobster(tmp_path, 50)
    books.write_text("\n".join(books.read_text().splitlines()[:-1]))
    with pytest.raises(ValueError, match="rows"):
        read_lobster(messages, books)


def test_stub_quotes_far_from_the_market_do_no_harm(tmp_path: Path) -> None:
    messages, books = write_lobster(tmp_path, 500)
    for path, row in (
        (messages, "34200.9,1,999999,100,1999999900,-1"),
        (books, books.read_text().splitlines()[299]),
    ):
        lines = path.read_text().splitlines()
        path.write_text("\n".join([*lines[:300], row, *lines[300:]]))
    recording = read_lobster(messages, books)
    result = replay(book_for(recording), recording)
    assert result.equal == result.compared


def test_parquet_comes_back_as_it_was(tmp_path: Path) -> None:
    rows = np.zeros(3, MESSAGE)
    rows["order_id"], rows["price"], rows["quantity"] = [1, 2, 3], [99, 101, 99], [5, 6, 7]
    rows["side"] = [0, 1, 0]
    quotes = OrderBook(90, 110).process(rows).quotes
    write_parquet(tmp_path / "flow.parquet", rows, quotes)
    recording = read_parquet(tmp_path / "flow.parquet")
    for name in MESSAGE.names or ():
        np.testing.assert_array_equal(recording.messages[name], rows[name])
    result = replay(OrderBook(90, 110), recording)
    assert (result.compared, result.equal, result.first_difference) == (3, 3, None)


def test_parquet_without_a_column_is_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "flow.parquet", np.zeros(1, MESSAGE))
    import pandas as pd

    frame = pd.read_parquet(tmp_path / "flow.parquet").drop(columns="price")
    frame.to_parquet(tmp_path / "flow.parquet")
    with pytest.raises(ValueError, match="price"):
        read_parquet(tmp_path / "flow.parquet")


def test_nothing_else_than_the_codes_is_needed_to_know_that_all_was_accepted(tmp_path: Path) -> None:
    recording = read_lobster(*write_lobster(tmp_path, 1_000))
    events = book_for(recording).process(recording.messages).events
    assert set(events["code"].tolist()) <= {
        int(code) for code in (Code.ACCEPTED, Code.CANCELLED, Code.REPLACED)
    }
