"""Pre-sale: gas of a later month, sold now at posted prices, first come, first served.

The winter's supply is sold so at prices within a guided band. It makes deals for later; what becomes of them on the
day, settlement.py says. It is no future: nothing is marked to market and nobody trades out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.contracts import ContractMonth
from exchange.mechanisms.deals import Bid, Deal, Offer, Outcome, check


@dataclass(frozen=True)
class Band:
    """Bound the prices of a sale, both ends included: the guidance of the authorities."""

    low_fen: int
    high_fen: int


@dataclass(frozen=True)
class PresaleOffer:
    """Post a quantity of a month at a price."""

    seller: str
    month: ContractMonth
    price_fen: int
    quantity: int


@dataclass(frozen=True)
class PresaleOrder:
    """Order a quantity of a month at `limit_fen` a unit or less."""

    buyer: str
    month: ContractMonth
    limit_fen: int
    quantity: int


def presale(
    offers: Sequence[PresaleOffer], orders: Sequence[PresaleOrder], band: Band | None = None
) -> dict[ContractMonth, Outcome]:
    """Serve the orders in their order, each from the cheapest offer of its month on, and return the deals by month.

    Of equal prices the offer that was posted first goes first. An order takes what there is within its limit and does
    not wait for more. Raises ValueError for an offer outside the band, and for what `check` refuses.
    """
    check(
        [Bid(order.buyer, order.limit_fen, order.quantity) for order in orders],
        [Offer(offer.seller, offer.price_fen, offer.quantity) for offer in offers],
    )
    for offer in offers:
        if band is not None and not band.low_fen <= offer.price_fen <= band.high_fen:
            raise ValueError(
                f"{offer.seller}: {offer.price_fen} fen is outside the band, {band.low_fen} to {band.high_fen}"
            )
    left = [offer.quantity for offer in offers]
    cheapest_first = sorted(range(len(offers)), key=lambda k: offers[k].price_fen)
    deals: dict[ContractMonth, list[Deal]] = {offer.month: [] for offer in offers}
    for order in orders:
        wanted = order.quantity
        for k in cheapest_first:
            offer = offers[k]
            if offer.month != order.month or offer.price_fen > order.limit_fen:
                continue
            quantity = min(wanted, left[k])
            if quantity:
                deals[order.month].append(Deal(offer.seller, order.buyer, offer.price_fen, quantity))
                left[k] -= quantity
                wanted -= quantity
    return {month: Outcome(tuple(found)) for month, found in sorted(deals.items())}
