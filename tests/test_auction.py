"""The call auction: worked examples, and any book of orders against the naive auction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_book_tables import fills, table

from exchange.book import OrderBook
from exchange.codes import Code, Kind, Phase, Side
from exchange.naive_book import NaiveBook

Order = tuple[int, int, int]


def auction(orders: list[Order], settled: int = 100) -> OrderBook:
    """Return a book in its auction with orders (side, price, lots); ids count from 1."""
    book = OrderBook(90, 110, previous_settlement_ticks=settled)
    book.phase = Phase.AUCTION_ENTRY
    for order_id, (side, price, lots) in enumerate(orders, 1):
        code, trades = book.submit(order_id, Side(side), price, lots)
        assert code is Code.ACCEPTED and len(trades) == 0
    return book


B, S = int(Side.BUY), int(Side.SELL)
EXAMPLES = [
    # orders, previous settlement -> price, lots
    ([(B, 99, 5), (S, 100, 5)], 100, None, 0),  # nothing crosses
    ([(B, 102, 5), (S, 98, 5)], 100, 100, 5),  # any price from 98 to 102 would do: the previous settlement
    ([(B, 102, 5), (S, 98, 5)], 95, 98, 5),  # the price nearest to it from below
    ([(B, 102, 5), (S, 98, 5)], 109, 102, 5),  # and from above
    ([(B, 102, 5), (S, 98, 4)], 95, 102, 4),  # a buy above the price must fill, so only 102 is left
    ([(B, 102, 4), (S, 98, 5)], 109, 98, 4),  # a sell below the price must fill, so only 98 is left
    ([(B, 103, 2), (B, 101, 6), (S, 99, 3), (S, 101, 4)], 100, 101, 7),  # most lots trade at 101
    ([(B, 103, 2), (B, 101, 3), (S, 99, 9)], 109, 99, 5),  # buys are short: the heavy side's best price
    ([(B, 105, 5), (B, 101, 5), (S, 101, 5), (S, 103, 5)], 100, 101, 5),  # 101, 102 and 103 would all do
]


@pytest.mark.parametrize(("orders", "settled", "price", "lots"), EXAMPLES)
def test_worked_examples(orders: list[Order], settled: int, price: int | None, lots: int) -> None:
    result = auction(orders, settled).uncross()
    assert (result.price_ticks, result.volume_lots) == (price, lots)


def test_all_buys_above_fill_and_the_short_side_fills() -> None:
    book = auction([(B, 104, 3), (B, 101, 6), (B, 101, 5), (S, 98, 4), (S, 101, 6), (S, 106, 9)])
    result = book.uncross(at_ns=7)
    assert (result.price_ticks, result.volume_lots) == (101, 10)
    assert fills(result.trades) == [(1, 4, 101, 3), (2, 4, 101, 1), (2, 5, 101, 5), (3, 5, 101, 1)]
    assert set(result.trades["aggressor"]) == {-1} and set(result.trades["at_ns"]) == {7}
    assert table(book) == "| bid | price | ask |\n| | 106 | 9 |\n| 4 | 101 | |"
    assert (book.last_ticks, book.volume_lots, book.turnover_tick_lots) == (101, 10, 1010)


def test_filled_ids_can_be_used_again_and_unfilled_ones_are_known() -> None:
    book = auction([(B, 101, 5), (S, 99, 3)])
    book.uncross()
    book.phase = Phase.CONTINUOUS
    assert book.submit(2, Side.BUY, 95, 1)[0] is Code.ACCEPTED
    assert book.submit(1, Side.BUY, 95, 1)[0] is Code.DUPLICATE_ID
    assert book.cancel(1) is Code.CANCELLED


def test_entry_takes_limit_orders_and_cancels_only() -> None:
    book = auction([(B, 101, 5)])
    assert book.submit(9, Side.SELL, 90, 1, kind=Kind.FAK)[0] is Code.PHASE_CLOSED
    assert book.cancel(1) is Code.CANCELLED
    book.phase = Phase.AUCTION_MATCH
    assert book.submit(9, Side.SELL, 101, 1)[0] is Code.PHASE_CLOSED


def test_without_an_auction_trade_the_previous_settlement_is_the_last_price() -> None:
    book = auction([(B, 99, 5), (S, 103, 5)], settled=97)
    assert book.uncross().trades.size == 0
    assert book.last_ticks == 97


ORDERS = st.lists(st.tuples(st.integers(0, 1), st.integers(94, 106), st.integers(1, 9)), max_size=40)
KINDS = st.sampled_from([Kind.LIMIT, Kind.LIMIT, Kind.MARKET, Kind.ICEBERG])


@given(ORDERS, st.integers(90, 110), st.data())
@settings(max_examples=300, deadline=None)
def test_any_auction_equals_the_naive_one(orders: list[Order], settled: int, data: st.DataObject) -> None:
    book, naive = auction([], settled), NaiveBook(90, 110, previous_settlement_ticks=settled)
    naive.phase = Phase.AUCTION_ENTRY
    for order_id, (side, price, lots) in enumerate(orders, 1):
        kind, peak = data.draw(KINDS), data.draw(st.integers(1, lots))
        code, _ = book.submit(order_id, Side(side), price, lots, kind=kind, peak_lots=peak)
        assert code == naive.submit(order_id, side, price, lots, 0, kind, peak)[0] == Code.ACCEPTED
    result, wanted = book.uncross(), naive.uncross()
    assert (result.price_ticks, result.volume_lots, fills(result.trades)) == wanted
    assert book.state_hash() == naive.state_hash()
    assert Kind.MARKET not in book.resting_orders()["kind"]
    bid, _, ask, _ = book.quote()
    assert bid is None or ask is None or bid < ask


@given(ORDERS, st.integers(90, 110))
@settings(max_examples=200, deadline=None)
def test_what_the_rules_say_of_any_auction(orders: list[Order], settled: int) -> None:
    book = auction(orders, settled)
    result = book.uncross()
    left = book.resting_orders()
    buys, sells = left[left["side"] == B]["price"], left[left["side"] == S]["price"]
    assert not len(buys) or not len(sells) or buys.max() < sells.min()
    price = result.price_ticks
    if price is None:
        return
    assert not (buys > price).any() and not (sells < price).any()
    assert not ((buys == price).any() and (sells == price).any())
    volumes = [
        min(
            sum(lots for side, at, lots in orders if side == B and at >= p),
            sum(lots for side, at, lots in orders if side == S and at <= p),
        )
        for p in range(90, 111)
    ]
    assert result.volume_lots == max(volumes) == int(np.sum(result.trades["quantity"]))
