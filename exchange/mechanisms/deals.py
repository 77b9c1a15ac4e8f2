"""Bids, offers and deals: what every mechanism takes and what it gives.

They are words for quantities at prices; how a price comes about is the mechanisms' business, and who pays when is
settlement.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bid:
    """Buy up to `quantity` units at `limit_fen` a unit or less."""

    buyer: str
    limit_fen: int
    quantity: int


@dataclass(frozen=True)
class Offer:
    """Sell up to `quantity` units at `reserve_fen` a unit or more."""

    seller: str
    reserve_fen: int
    quantity: int


@dataclass(frozen=True)
class Deal:
    """Record that `seller` sells `quantity` units to `buyer` at `price_fen` a unit."""

    seller: str
    buyer: str
    price_fen: int
    quantity: int

    @property
    def amount_fen(self) -> int:
        """The money of the deal, in fen."""
        return self.price_fen * self.quantity


@dataclass(frozen=True)
class Outcome:
    """Hold the deals that a mechanism made, best bid first, or in time where the mechanism goes by time."""

    deals: tuple[Deal, ...]

    @property
    def quantity(self) -> int:
        """Units sold."""
        return sum(deal.quantity for deal in self.deals)

    @property
    def amount_fen(self) -> int:
        """What buyers pay, which is what sellers get."""
        return sum(deal.amount_fen for deal in self.deals)

    @property
    def mean_price_fen(self) -> int | None:
        """The volume-weighted mean price in whole fen, half a fen rounded up, or None without deals."""
        quantity = self.quantity
        return (2 * self.amount_fen + quantity) // (2 * quantity) if quantity else None

    @property
    def bought(self) -> dict[str, int]:
        """Units by buyer."""
        return _sums((deal.buyer, deal.quantity) for deal in self.deals)

    @property
    def sold(self) -> dict[str, int]:
        """Units by seller."""
        return _sums((deal.seller, deal.quantity) for deal in self.deals)


def check(bids: Sequence[Bid], offers: Sequence[Offer]) -> None:
    """Refuse bids and offers that no mechanism takes.

    Raises ValueError for a price or a quantity that is no whole number of 1 or more, and for a name on both sides.
    """
    for bid in bids:
        whole(bid.limit_fen, f"the limit of {bid.buyer}")
        whole(bid.quantity, f"the quantity of {bid.buyer}")
    for offer in offers:
        whole(offer.reserve_fen, f"the reserve of {offer.seller}")
        whole(offer.quantity, f"the quantity of {offer.seller}")
    both = {bid.buyer for bid in bids} & {offer.seller for offer in offers}
    if both:
        raise ValueError(f"{', '.join(sorted(both))}: must not buy and sell in one sale")


def whole(value: int, what: str) -> None:
    """Refuse what is no whole number of 1 or more with a ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{what} must be a whole number, 1 or more, not {value!r}")


def pair(
    bids: Sequence[Bid],
    offers: Sequence[Offer],
    bought: Sequence[int],
    sold: Sequence[int],
    price_fen: Callable[[int], int],
) -> Outcome:
    """Make deals of what bids and offers got: the best bid meets the lowest reserve, and so on down.

    `price_fen` gives the price of a deal from the number of its bid. Where the totals are a merit order's, no bid
    meets a reserve above it. Raises ValueError where the totals differ.
    """
    if sum(bought) != sum(sold):
        raise ValueError(f"{sum(bought)} units bought, {sum(sold)} sold")
    sellers = iter(sorted((k for k in range(len(offers)) if sold[k]), key=lambda k: offers[k].reserve_fen))
    deals, left, seller = [], 0, 0
    for i in sorted((i for i in range(len(bids)) if bought[i]), key=lambda i: -bids[i].limit_fen):
        wanted = bought[i]
        while wanted:
            if not left:
                seller = next(sellers)
                left = sold[seller]
            quantity = min(wanted, left)
            deals.append(Deal(offers[seller].seller, bids[i].buyer, price_fen(i), quantity))
            wanted, left = wanted - quantity, left - quantity
    return Outcome(tuple(deals))


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, quantity in pairs:
        sums[name] = sums.get(name, 0) + quantity
    return sums
