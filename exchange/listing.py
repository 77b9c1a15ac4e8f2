"""The listing mechanism of SHPGX: a seller posts price and quantity, buyers take first come, first served.

It is a board for physical deals, not an order book: nothing crosses, a buyer names the listing that it takes.
It knows no agent and no clock: names are strings, and the caller says what time it is. There is no clearing
house; the money of a trade passes from buyer to seller at once, as SHPGX asks for payment before delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Refusal(Enum):
    """Why the board refuses a message; the value is the sentence that it answers with."""

    BAD_QUANTITY = "the quantity must be a whole number of tonnes, 1 or more"
    BAD_PRICE = "the price must be a whole number of fen per tonne, 1 or more"
    BAD_MINIMUM = "the smallest take must be from 1 tonne to the listed quantity"
    UNKNOWN_LISTING = "no listing with this number is open"
    TOO_MUCH = "the listing has less left than this quantity"
    TOO_LITTLE = "the quantity is below the listing's smallest take"
    OWN_LISTING = "a seller may not take its own listing"
    NOT_OWNER = "only the seller may withdraw a listing"


class ListingRefused(ValueError):
    """Say that the board refused a message, and the `reason`; nothing has changed on the board."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Listing:
    """Offer a quantity at a fixed price, at a place; `delivery` is the notice's own words."""

    number: int
    time_ns: int
    seller: str
    place: str
    delivery: str
    price_fen_per_t: int
    quantity_t: int
    minimum_take_t: int


@dataclass(frozen=True)
class ListingTrade:
    """Record a take. `amount_fen` = price_fen_per_t x quantity_t passes from buyer to seller."""

    number: int
    time_ns: int
    listing: int
    seller: str
    buyer: str
    place: str
    delivery: str
    price_fen_per_t: int
    quantity_t: int

    @property
    def amount_fen(self) -> int:
        """Return the money of the trade, in fen."""
        return self.price_fen_per_t * self.quantity_t


class ListingBoard:
    """Keep the open listings, the trades, and the money that passed, in the order in which they came.

    Quantities are whole tonnes and money whole fen, so both are conserved exactly. Methods raise
    `ListingRefused`.
    """

    def __init__(self) -> None:
        self.trades: list[ListingTrade] = []
        self.cash_fen: dict[str, int] = {}
        self._open: dict[int, Listing] = {}
        self._left_t: dict[int, int] = {}
        self._next_number = 1

    def post(
        self,
        time_ns: int,
        *,
        seller: str,
        place: str,
        delivery: str,
        price_fen_per_t: int,
        quantity_t: int,
        minimum_take_t: int = 1,
    ) -> Listing:
        """Open a listing and return it."""
        if not _is_whole(quantity_t):
            raise ListingRefused(Refusal.BAD_QUANTITY)
        if not _is_whole(price_fen_per_t):
            raise ListingRefused(Refusal.BAD_PRICE)
        if not _is_whole(minimum_take_t) or minimum_take_t > quantity_t:
            raise ListingRefused(Refusal.BAD_MINIMUM)
        listing = Listing(
            self._next_number, time_ns, seller, place, delivery, price_fen_per_t, quantity_t, minimum_take_t
        )
        self._next_number += 1
        self._open[listing.number] = listing
        self._left_t[listing.number] = quantity_t
        return listing

    def take(self, time_ns: int, listing: int, *, buyer: str, quantity_t: int) -> ListingTrade:
        """Take a part or all of a listing, pay for it, and return the trade.

        The last part of a listing may be smaller than its smallest take.
        """
        if listing not in self._open:
            raise ListingRefused(Refusal.UNKNOWN_LISTING)
        offer, left_t = self._open[listing], self._left_t[listing]
        if not _is_whole(quantity_t):
            raise ListingRefused(Refusal.BAD_QUANTITY)
        if buyer == offer.seller:
            raise ListingRefused(Refusal.OWN_LISTING)
        if quantity_t > left_t:
            raise ListingRefused(Refusal.TOO_MUCH)
        if quantity_t < min(offer.minimum_take_t, left_t):
            raise ListingRefused(Refusal.TOO_LITTLE)
        trade = ListingTrade(
            len(self.trades) + 1, time_ns, listing, offer.seller, buyer, offer.place, offer.delivery,
            offer.price_fen_per_t, quantity_t,
        )  # fmt: skip
        self.trades.append(trade)
        self.cash_fen[buyer] = self.cash_fen.get(buyer, 0) - trade.amount_fen
        self.cash_fen[offer.seller] = self.cash_fen.get(offer.seller, 0) + trade.amount_fen
        self._left_t[listing] = left_t - quantity_t
        if quantity_t == left_t:
            self._close(listing)
        return trade

    def withdraw(self, listing: int, *, seller: str) -> int:
        """Close a listing and return the tonnes that nobody took."""
        if listing not in self._open:
            raise ListingRefused(Refusal.UNKNOWN_LISTING)
        if self._open[listing].seller != seller:
            raise ListingRefused(Refusal.NOT_OWNER)
        left_t = self._left_t[listing]
        self._close(listing)
        return left_t

    def open_listings(self) -> list[Listing]:
        """Return what is still open, oldest first."""
        return list(self._open.values())

    def left_t(self, listing: int) -> int:
        """Return the tonnes left of a listing, 0 when it is closed."""
        return self._left_t.get(listing, 0)

    def _close(self, listing: int) -> None:
        del self._open[listing], self._left_t[listing]


def _is_whole(value: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
