"""Book states as tables: what rests before, what is sent, what rests after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from exchange.book import OrderBook
from exchange.codes import Code, Kind, PriceRule, Side
from exchange.records import MESSAGE

Levels = Sequence[tuple[int, Sequence[int]]]


def book(
    bids: Levels = (), asks: Levels = (), rule: PriceRule = PriceRule.RESTING, last: int = 100
) -> OrderBook:
    """Return a book with these resting orders; ids count from 1, bids first, owner is the id."""
    result = OrderBook(90, 110, rule=rule, previous_settlement_ticks=last)
    order_id = 0
    for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
        for price, quantities in levels:
            for quantity in quantities:
                order_id += 1
                code, trades = result.submit(order_id, side, price, quantity, owner=order_id)
                assert code is Code.ACCEPTED and len(trades) == 0
    return result


def table(shown: OrderBook) -> str:
    """Print a book, best prices in the middle: quantities of each price in time."""
    queues: dict[int, dict[int, list[int]]] = {}
    for order in shown.resting_orders():
        queues.setdefault(int(order["price"]), {0: [], 1: []})[int(order["side"])].append(
            int(order["quantity"])
        )
    rows = ["| bid | price | ask |"]
    for price in sorted(queues, reverse=True):
        bid, ask = (" ".join(map(str, queues[price][side])) for side in (0, 1))
        rows.append(f"| {bid} | {price} | {ask} |".replace("|  |", "| |"))
    return "\n".join(rows)


def fills(trades: object) -> list[tuple[int, int, int, int]]:
    """Return trades as (taker, maker, price, quantity)."""
    return [tuple(int(t[n]) for n in ("taker_id", "maker_id", "price", "quantity")) for t in trades]  # type: ignore[attr-defined,misc]


BIDS, ASKS = [(99, [10, 20]), (98, [5])], [(101, [30]), (102, [7, 7])]


def test_a_book_as_a_table() -> None:
    assert table(book(BIDS, ASKS)) == (
        "| bid | price | ask |\n"
        "| | 102 | 7 7 |\n"
        "| | 101 | 30 |\n"
        "| 10 20 | 99 | |\n"
        "| 5 | 98 | |"
    )  # fmt: skip
    assert book(BIDS, ASKS).quote() == (99, 30, 101, 30)
    assert book().quote() == (None, 0, None, 0)


def test_price_before_time_and_the_rest_stands() -> None:
    shown = book(BIDS, ASKS)
    code, trades = shown.submit(50, Side.SELL, 98, 40)
    assert code is Code.ACCEPTED
    assert fills(trades) == [(50, 1, 99, 10), (50, 2, 99, 20), (50, 3, 98, 5)]
    assert [int(t["taker_left"]) for t in trades] == [30, 10, 5]
    assert table(shown) == (
        "| bid | price | ask |\n"
        "| | 102 | 7 7 |\n"
        "| | 101 | 30 |\n"
        "| | 98 | 5 |"
    )  # fmt: skip


def test_time_decides_at_one_price() -> None:
    shown = book(asks=[(101, [3, 4])])
    shown.submit(9, Side.SELL, 101, 5)
    assert fills(shown.submit(50, Side.BUY, 105, 8)[1]) == [(50, 1, 101, 3), (50, 2, 101, 4), (50, 9, 101, 1)]
    assert table(shown) == "| bid | price | ask |\n| | 101 | 4 |"


def test_fak_never_rests() -> None:
    shown = book(BIDS, ASKS)
    code, trades = shown.submit(50, Side.BUY, 101, 99, kind=Kind.FAK)
    assert (code, fills(trades)) == (Code.ACCEPTED, [(50, 1 + 3, 101, 30)])
    assert shown.quote() == (99, 30, 102, 14)
    assert shown.submit(51, Side.BUY, 101, 99, kind=Kind.FAK)[0] is Code.ACCEPTED
    assert shown.resting == 5


def test_cancel_from_the_head_the_middle_and_the_tail() -> None:
    for order_id, left in ((1, "2 3"), (2, "1 3"), (3, "1 2")):
        shown = book(bids=[(99, [1, 2, 3])])
        assert shown.cancel(order_id, owner=order_id) is Code.CANCELLED
        assert table(shown) == f"| bid | price | ask |\n| {left} | 99 | |"
        assert shown.cancel(order_id, owner=order_id) is Code.UNKNOWN_ID


def test_only_the_owner_cancels() -> None:
    shown = book(bids=[(99, [1])])
    assert shown.cancel(1, owner=2) is Code.NOT_OWNER
    assert shown.resting == 1


def test_best_price_moves_to_the_next_level_however_far() -> None:
    shown = book(bids=[(99, [1]), (90, [2])], asks=[(101, [1]), (110, [2])])
    shown.cancel(1, owner=1)
    shown.submit(50, Side.BUY, 101, 1)
    assert shown.quote() == (90, 2, 110, 2)


MEDIAN_CASES = [
    # resting side and price, incoming price, last price -> price of the trade
    (Side.SELL, 100, 104, 98, 100),  # bid >= ask >= last: the ask
    (Side.SELL, 100, 104, 102, 102),  # bid >= last >= ask: the last price
    (Side.SELL, 100, 104, 107, 104),  # last >= bid >= ask: the bid
    (Side.SELL, 100, 104, 105, 104),
    (Side.SELL, 100, 104, 99, 100),
    (Side.BUY, 104, 100, 98, 100),
    (Side.BUY, 104, 100, 102, 102),
    (Side.BUY, 104, 100, 107, 104),
    (Side.SELL, 102, 102, 95, 102),
]


@pytest.mark.parametrize(("side", "resting", "incoming", "last", "price"), MEDIAN_CASES)
def test_continuous_price_is_the_median(
    side: Side, resting: int, incoming: int, last: int, price: int
) -> None:
    shown = book(rule=PriceRule.MEDIAN, last=last)
    shown.submit(1, side, resting, 5)
    assert fills(shown.submit(2, Side(1 - side), incoming, 5)[1]) == [(2, 1, price, 5)]
    assert shown.last_ticks == price


def test_each_trade_of_a_sweep_moves_the_last_price() -> None:
    shown = book(asks=[(100, [1]), (103, [1])], rule=PriceRule.MEDIAN, last=95)
    assert fills(shown.submit(9, Side.BUY, 105, 2)[1]) == [(9, 1, 100, 1), (9, 2, 103, 1)]
    assert shown.volume_lots == 2 and shown.turnover_tick_lots == 203


# ---- kinds that only some venues have -------------------------------------------------------------------------------


def test_fok_fills_whole_or_not_at_all() -> None:
    shown = book(BIDS, ASKS)
    before = shown.state_hash()
    assert shown.submit(50, Side.BUY, 101, 31, kind=Kind.FOK)[0] is Code.KILLED
    assert shown.state_hash() == before
    assert fills(shown.submit(50, Side.BUY, 102, 37, kind=Kind.FOK)[1]) == [(50, 4, 101, 30), (50, 5, 102, 7)]


def test_a_market_order_takes_any_price_and_never_rests() -> None:
    shown = book(BIDS, ASKS)
    code, trades = shown.submit(50, Side.SELL, 0, 99, kind=Kind.MARKET)
    assert code is Code.ACCEPTED
    assert [(t["price"], t["quantity"]) for t in trades] == [(99, 10), (99, 20), (98, 5)]
    assert table(shown) == "| bid | price | ask |\n| | 102 | 7 7 |\n| | 101 | 30 |"


@pytest.mark.parametrize(
    ("price", "lots", "queue"),
    [
        (99, 4, "| 4 2 3 | 99 | |"),  # only lower: it keeps its place
        (99, 9, "| 2 3 9 | 99 | |"),  # more lots: to the back
        (98, 5, "| 2 3 | 99 | |\n| 5 | 98 | |"),  # another price
    ],
)
def test_replace(price: int, lots: int, queue: str) -> None:
    shown = book(bids=[(99, [5, 2, 3])])
    assert shown.submit(1, Side.BUY, price, lots, owner=1, kind=Kind.REPLACE)[0] is Code.REPLACED
    assert table(shown) == f"| bid | price | ask |\n{queue}"


def test_replace_can_trade_and_refuses_as_a_new_order_would() -> None:
    shown = book(bids=[(99, [5])], asks=[(101, [3])])
    code, trades = shown.submit(1, Side.BUY, 101, 5, owner=1, kind=Kind.REPLACE)
    assert (code, fills(trades)) == (Code.REPLACED, [(1, 2, 101, 3)])
    assert table(shown) == "| bid | price | ask |\n| 2 | 101 | |"
    for price, lots, owner, code in (
        (101, 0, 1, Code.BAD_QUANTITY),
        (111, 5, 1, Code.BAD_PRICE),
        (101, 1, 2, Code.NOT_OWNER),
    ):
        assert shown.submit(1, Side.BUY, price, lots, owner=owner, kind=Kind.REPLACE)[0] is code
    assert shown.submit(7, Side.BUY, 101, 1, kind=Kind.REPLACE)[0] is Code.UNKNOWN_ID
    assert table(shown) == "| bid | price | ask |\n| 2 | 101 | |"


def test_an_iceberg_shows_its_peak_and_queues_again() -> None:
    shown = book()
    shown.submit(1, Side.SELL, 101, 10, kind=Kind.ICEBERG, peak_lots=3)
    shown.submit(2, Side.SELL, 101, 4)
    assert table(shown) == "| bid | price | ask |\n| | 101 | 3 4 |"
    assert fills(shown.submit(9, Side.BUY, 101, 4)[1]) == [(9, 1, 101, 3), (9, 2, 101, 1)]
    assert table(shown) == "| bid | price | ask |\n| | 101 | 3 3 |"  # the other's 3 come first now
    assert shown.submit(10, Side.BUY, 101, 12, kind=Kind.FOK)[0] is Code.KILLED
    assert fills(shown.submit(10, Side.BUY, 101, 10, kind=Kind.FOK)[1]) == [
        (10, 2, 101, 3), (10, 1, 101, 3), (10, 1, 101, 3), (10, 1, 101, 1),
    ]  # fmt: skip
    assert shown.resting == 0


@pytest.mark.parametrize("peak", [0, -1, 11])
def test_an_iceberg_shows_something_and_not_more_than_it_has(peak: int) -> None:
    message = np.zeros(1, MESSAGE)
    message[0] = (0, 1, 101, 10, 0, peak, int(Kind.ICEBERG), int(Side.SELL), 0)
    assert book().process(message).events["code"] == Code.BAD_PEAK


def test_at_the_limit_price_closing_orders_come_first() -> None:
    shown = book()
    for order_id, price, closes in (
        (1, 110, 0),
        (2, 110, 0),
        (3, 110, 1),
        (4, 110, 1),
        (5, 109, 0),
        (6, 109, 1),
    ):
        shown.submit(order_id, Side.BUY, price, order_id, closes=bool(closes))
    assert table(shown) == "| bid | price | ask |\n| 3 4 1 2 | 110 | |\n| 5 6 | 109 | |"
    assert fills(shown.submit(9, Side.SELL, 110, 8)[1]) == [(9, 3, 110, 3), (9, 4, 110, 4), (9, 1, 110, 1)]


def test_an_order_stops_before_its_owners_own_where_that_is_asked_for() -> None:
    shown = OrderBook(90, 110, prevent_self_trade=True)
    for order_id, owner in ((1, 7), (2, 8), (3, 7)):
        shown.submit(order_id, Side.SELL, 101, 5, owner=owner)
    assert shown.submit(9, Side.BUY, 101, 15, owner=8, kind=Kind.FOK)[0] is Code.KILLED
    code, trades = shown.submit(9, Side.BUY, 101, 15, owner=8)
    assert (code, fills(trades)) == (Code.SELF_TRADE, [(9, 1, 101, 5)])
    assert table(shown) == "| bid | price | ask |\n| | 101 | 5 5 |"


def test_a_venue_takes_only_the_kinds_it_has() -> None:
    ine = OrderBook(90, 110, kinds=[Kind.LIMIT, Kind.FAK, Kind.FOK])
    for kind in (Kind.MARKET, Kind.REPLACE, Kind.ICEBERG):
        assert ine.submit(1, Side.BUY, 100, 5, kind=kind)[0] is Code.BAD_KIND
    assert ine.submit(1, Side.BUY, 100, 5)[0] is Code.ACCEPTED
    assert ine.cancel(1) is Code.CANCELLED
