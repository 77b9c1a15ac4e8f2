"""Matching wants to listings by place, month and price, on the board of listing.py.

A want takes the listings that suit it, cheapest delivered first; it does not wait, and no listing changes its price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.contracts import ContractMonth
from exchange.listing import ListingBoard, ListingTrade


@dataclass(frozen=True)
class Want:
    """Want tonnes in a month, delivered at `limit_fen_per_t` or less.

    `haul_fen_per_t`: the cost of haulage from each place that will do.
    """

    buyer: str
    month: ContractMonth
    limit_fen_per_t: int
    quantity_t: int
    haul_fen_per_t: Mapping[str, int]


def take_best(board: ListingBoard, time_ns: int, want: Want) -> list[ListingTrade]:
    """Take from the board what suits, the lowest price plus haulage first, of equals the oldest listing.

    A listing suits if its `delivery` is the month as str(month), its place is one of the want's, it is another's, and
    what is left to want is not below its smallest take.
    """
    suiting = [
        listing
        for listing in board.open_listings()
        if listing.delivery == str(want.month)
        and listing.seller != want.buyer
        and listing.place in want.haul_fen_per_t
        and listing.price_fen_per_t + want.haul_fen_per_t[listing.place] <= want.limit_fen_per_t
    ]
    suiting.sort(key=lambda o: (o.price_fen_per_t + want.haul_fen_per_t[o.place], o.number))
    left_t, trades = want.quantity_t, []
    for listing in suiting:
        on_board_t = board.left_t(listing.number)
        if left_t < 1 or left_t < min(listing.minimum_take_t, on_board_t):
            continue
        trade = board.take(time_ns, listing.number, buyer=want.buyer, quantity_t=min(left_t, on_board_t))
        trades.append(trade)
        left_t -= trade.quantity_t
    return trades
