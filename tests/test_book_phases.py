"""A trading day's phases and a change of the price limits: what is taken when, and that no order is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import HIGH, LOW, messages, naive_answers
from test_book_tables import fills, table

from exchange.book import OrderBook
from exchange.codes import Code, Kind, Phase, PriceRule, Side
from exchange.naive_book import NaiveBook

INE = [Kind.LIMIT, Kind.FAK, Kind.FOK]


def night() -> OrderBook:
    """Return an INE book after a night session in which three orders were left over."""
    book = OrderBook(90, 110, rule=PriceRule.MEDIAN, previous_settlement_ticks=100, kinds=INE)
    for order_id, side, price, lots in ((1, Side.BUY, 99, 5), (2, Side.BUY, 98, 7), (3, Side.SELL, 103, 4)):
        book.submit(order_id, side, price, lots)
    return book


def test_unfilled_night_orders_enter_the_day_auction_ahead_of_later_ones() -> None:
    book = night()
    book.phase = Phase.BREAK
    assert book.cancel(1) is Code.PHASE_CLOSED
    book.phase = Phase.AUCTION_ENTRY
    assert book.cancel(2) is Code.CANCELLED
    book.submit(4, Side.BUY, 99, 5)
    book.submit(5, Side.SELL, 97, 6)
    assert book.submit(6, Side.SELL, 97, 6, kind=Kind.FOK)[0] is Code.PHASE_CLOSED
    book.phase = Phase.AUCTION_MATCH
    assert book.cancel(4) is Code.PHASE_CLOSED
    assert book.submit(6, Side.SELL, 97, 6)[0] is Code.PHASE_CLOSED
    with pytest.raises(ValueError, match="uncross"):
        book.phase = Phase.CONTINUOUS
    result = book.uncross()
    assert (result.price_ticks, result.volume_lots) == (99, 6)
    assert fills(result.trades) == [(1, 5, 99, 5), (4, 5, 99, 1)]
    book.phase = Phase.CONTINUOUS
    assert table(book) == "| bid | price | ask |\n| | 103 | 4 |\n| 4 | 99 | |"


def test_orders_beyond_changed_limits_are_parked_and_come_back_in_their_order() -> None:
    book = night()
    book.submit(4, Side.SELL, 103, 6)
    book.submit(5, Side.SELL, 109, 1)
    book.phase = Phase.CLOSED
    parked = book.set_limits(95, 102, 98)
    assert parked["id"].tolist() == [3, 4, 5] and parked["price"].tolist() == [103, 103, 109]
    assert (book.resting, len(book.parked_orders()), book.limits_ticks) == (2, 3, (95, 102))
    book.phase = Phase.CONTINUOUS
    assert book.quote() == (99, 5, None, 0)
    assert book.submit(9, Side.BUY, 103, 1)[0] is Code.BAD_PRICE
    assert book.submit(4, Side.SELL, 100, 1)[0] is Code.DUPLICATE_ID
    assert book.queue_position(4) is None
    assert book.cancel(5) is Code.CANCELLED
    book.phase = Phase.CLOSED
    assert len(book.set_limits(80, 120)) == 0
    book.phase = Phase.CONTINUOUS
    assert table(book) == "| bid | price | ask |\n| | 103 | 4 6 |\n| 5 | 99 | |\n| 7 | 98 | |"
    assert fills(book.submit(9, Side.BUY, 103, 5)[1]) == [(9, 3, 103, 4), (9, 4, 103, 1)]


def test_orders_beyond_changed_limits_can_be_cancelled_instead() -> None:
    book = night()
    book.phase = Phase.BREAK
    assert book.set_limits(99, 101, cancel=True)["id"].tolist() == [2, 3]
    assert (book.phase, book.resting, len(book.parked_orders())) == (Phase.BREAK, 1, 0)


def test_a_halt_takes_cancels_only() -> None:
    book = night()
    book.phase = Phase.HALTED
    assert book.submit(9, Side.BUY, 99, 1)[0] is Code.PHASE_CLOSED
    assert book.cancel(1) is Code.CANCELLED


def test_limits_change_between_sessions_only() -> None:
    book = night()
    with pytest.raises(ValueError, match="between sessions"):
        book.set_limits(80, 120)
    book.phase = Phase.CLOSED
    with pytest.raises(ValueError, match="below"):
        book.set_limits(120, 80)


def test_the_end_of_a_day_cancels_everything() -> None:
    book = night()
    book.phase = Phase.CLOSED
    assert sorted(book.clear()["id"]) == [1, 2, 3]
    assert book.resting == 0 and book.phase is Phase.CLOSED


def test_depth_and_queue_position() -> None:
    book = OrderBook(90, 110)
    for order_id, side, price, lots in (
        (1, 0, 99, 5),
        (2, 0, 99, 7),
        (3, 0, 97, 4),
        (4, 1, 101, 2),
        (5, 0, 99, 1),
    ):
        book.submit(order_id, Side(side), price, lots)
    bids, asks = book.depth(1)
    assert bids.tolist() == [(99, 13, 3)] and asks.tolist() == [(101, 2, 1)]
    assert book.depth()[0].tolist() == [(99, 13, 3), (97, 4, 1)]
    assert [book.queue_position(k) for k in (1, 2, 5, 3, 77)] == [(0, 0), (1, 5), (2, 12), (0, 0), None]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("messages"), messages(15)),
        st.tuples(st.just("phase"), st.sampled_from(list(Phase))),
        st.tuples(
            st.just("limits"), st.tuples(st.integers(LOW - 4, LOW + 4), st.integers(LOW + 4, LOW + 12))
        ),
    ),
    max_size=12,
)


@given(STEPS, st.sampled_from(list(PriceRule)), st.booleans())
@settings(max_examples=250, deadline=None)
def test_any_day_equals_the_naive_day(steps: list[tuple[str, Any]], rule: PriceRule, prevent: bool) -> None:
    book = OrderBook(LOW, HIGH, rule=rule, prevent_self_trade=prevent, capacity=2)
    naive = NaiveBook(LOW, HIGH, rule=rule, prevent_self_trade=prevent)
    for what, value in steps:
        if what == "messages":
            result = book.process(value)
            wanted = naive_answers(naive, value)
            np.testing.assert_array_equal(result.events["code"], wanted["codes"])
        elif what == "limits" and book.phase is not Phase.CONTINUOUS:
            book.set_limits(*value)
            naive.set_limits(*value)
        elif what == "phase":
            if value is Phase.CONTINUOUS:
                auction, (price, lots, trades) = book.uncross(), naive.uncross()
                assert (auction.price_ticks, auction.volume_lots, fills(auction.trades)) == (
                    price,
                    lots,
                    trades,
                )
            book.phase = naive.phase = value
        assert book.state_hash() == naive.state_hash()
        orders = book.resting_orders()
        low, high = book.limits_ticks
        hidden = orders["hidden"].sum() + book.parked_orders()["hidden"].sum()
        assert int(hidden) == book._head["hidden"]
        assert ((orders["price"] >= low) & (orders["price"] <= high)).all() and len(orders) == book.resting
