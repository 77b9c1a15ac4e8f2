"""The SHPGX listing board: first come, first served, nothing made or lost, and clear refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.listing import Listing, ListingBoard, ListingRefused, Refusal


def post(board: ListingBoard, seller: str = "cnooc", **changes: Any) -> Listing:
    figures = {"price_fen_per_t": 460_000, "quantity_t": 100, "minimum_take_t": 20} | changes
    return board.post(0, seller=seller, place="ningbo", delivery="tomorrow", **figures)


def test_takes_come_off_the_listing_in_their_order() -> None:
    board = ListingBoard()
    listing = post(board)
    board.take(1, listing.number, buyer="a", quantity_t=60)
    board.take(2, listing.number, buyer="b", quantity_t=40)
    assert [(t.buyer, t.quantity_t, t.amount_fen) for t in board.trades] == [
        ("a", 60, 60 * 460_000),
        ("b", 40, 40 * 460_000),
    ]
    assert board.open_listings() == []
    with pytest.raises(ListingRefused, match="no listing with this number"):
        board.take(3, listing.number, buyer="c", quantity_t=20)


def test_the_last_part_may_be_smaller_than_the_smallest_take() -> None:
    board = ListingBoard()
    listing = post(board)
    board.take(1, listing.number, buyer="a", quantity_t=90)
    assert board.left_t(listing.number) == 10
    board.take(2, listing.number, buyer="b", quantity_t=10)
    assert board.left_t(listing.number) == 0


def test_a_withdrawn_listing_keeps_its_trades() -> None:
    board = ListingBoard()
    listing = post(board)
    board.take(1, listing.number, buyer="a", quantity_t=30)
    assert board.withdraw(listing.number, seller="cnooc") == 70
    assert board.open_listings() == []
    assert board.cash_fen == {"a": -30 * 460_000, "cnooc": 30 * 460_000}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity_t": 0}, Refusal.BAD_QUANTITY),
        ({"quantity_t": 1.5}, Refusal.BAD_QUANTITY),
        ({"quantity_t": True}, Refusal.BAD_QUANTITY),
        ({"price_fen_per_t": 0}, Refusal.BAD_PRICE),
        ({"price_fen_per_t": 4600.5}, Refusal.BAD_PRICE),
        ({"minimum_take_t": 0}, Refusal.BAD_MINIMUM),
        ({"minimum_take_t": 101}, Refusal.BAD_MINIMUM),
    ],
)
def test_a_bad_listing_is_refused(changes: dict[str, Any], reason: Refusal) -> None:
    board = ListingBoard()
    with pytest.raises(ListingRefused) as refused:
        post(board, **changes)
    assert refused.value.reason is reason
    assert board.open_listings() == []


@pytest.mark.parametrize(
    ("buyer", "quantity_t", "reason"),
    [
        ("a", 0, Refusal.BAD_QUANTITY),
        ("a", 19, Refusal.TOO_LITTLE),
        ("a", 101, Refusal.TOO_MUCH),
        ("cnooc", 20, Refusal.OWN_LISTING),
    ],
)
def test_a_bad_take_is_refused_and_changes_nothing(buyer: str, quantity_t: int, reason: Refusal) -> None:
    board = ListingBoard()
    listing = post(board)
    with pytest.raises(ListingRefused) as refused:
        board.take(1, listing.number, buyer=buyer, quantity_t=quantity_t)
    assert refused.value.reason is reason
    assert board.left_t(listing.number) == 100
    assert board.trades == []
    assert board.cash_fen == {}


def test_only_the_seller_withdraws() -> None:
    board = ListingBoard()
    listing = post(board)
    with pytest.raises(ListingRefused) as refused:
        board.withdraw(listing.number, seller="enn")
    assert refused.value.reason is Refusal.NOT_OWNER


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["post", "take", "withdraw"]),
        st.integers(0, 8),
        st.integers(-5, 200),
        st.sampled_from(["a", "b", "cnooc", "enn"]),
    ),
    max_size=60,
)


@given(ACTIONS)
def test_tonnes_and_money_are_conserved(actions: list[tuple[str, int, int, str]]) -> None:
    board = ListingBoard()
    posted_t = withdrawn_t = 0
    for action, number, quantity_t, who in actions:
        try:
            if action == "post":
                post(board, seller=who, quantity_t=quantity_t, minimum_take_t=1, price_fen_per_t=number)
                posted_t += quantity_t
            elif action == "take":
                board.take(0, number, buyer=who, quantity_t=quantity_t)
            else:
                withdrawn_t += board.withdraw(number, seller=who)
        except ListingRefused:
            continue
    left_t = sum(board.left_t(listing.number) for listing in board.open_listings())
    assert posted_t == withdrawn_t + left_t + sum(trade.quantity_t for trade in board.trades)
    assert sum(board.cash_fen.values()) == 0
    assert sum(c for c in board.cash_fen.values() if c > 0) <= sum(t.amount_fen for t in board.trades)
