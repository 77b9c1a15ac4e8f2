"""The expiry of a month of SC on the physical side: whose warrants can be delivered, and what passed to whom.

It is the seam to the exchange's delivery (exchange/delivery.py): `Offer` says what an account could deliver,
`Passed` what it did. Where no clearing house matches them, `match` does: those of this world first, the rest with
the anonymous sides of the market.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.crude.bases import DeliveryBase
from agents.crude.parameters import COMMERCIAL
from exchange.units import BBL_PER_SC_LOT
from exchange.warrants import WarrantRegistry


@dataclass(frozen=True)
class Offer:
    """Say that an account could deliver lots of a grade at a base under a warrant."""

    account: str
    warrant: int
    base: str
    grade: str
    lots: int


@dataclass(frozen=True)
class Passed:
    """Say that lots went from a seller to a buyer; `COMMERCIAL` is whoever has no account in the crude world.

    `warrant` is None where an anonymous seller delivered commercial oil, under a warrant not yet registered.
    """

    seller: str
    buyer: str
    base: str
    grade: str
    lots: int
    warrant: int | None


def match(
    offers: Sequence[Offer], wanted_lots: Mapping[str, int], bases: Mapping[str, DeliveryBase]
) -> list[Passed]:
    """Match offers with buyers, in their orders; anonymous buyers and sellers take and give the rest.

    An anonymous seller delivers commercial oil from the base that has most of it.
    """
    passed, left = [], dict(wanted_lots)
    for offer in offers:
        lots = offer.lots
        for buyer in left:
            part = min(lots, left[buyer])
            if part and buyer != offer.account:
                passed.append(Passed(offer.account, buyer, offer.base, offer.grade, part, offer.warrant))
                left[buyer] -= part
                lots -= part
        if lots:
            passed.append(Passed(offer.account, COMMERCIAL, offer.base, offer.grade, lots, offer.warrant))
    oil_lots = {name: base.holdings[COMMERCIAL].stock_bbl // BBL_PER_SC_LOT for name, base in bases.items()}
    for buyer, wanted in left.items():
        for name in sorted(oil_lots, key=lambda each: (-oil_lots[each], each)):
            part = min(wanted, oil_lots[name])
            if part:
                passed.append(Passed(COMMERCIAL, buyer, name, bases[name].grade, part, None))
                oil_lots[name] -= part
                wanted -= part
    return passed


def take_over(passed: Passed, bases: Mapping[str, DeliveryBase]) -> None:
    """Move the oil of a delivery whose warrant the exchange has passed already.

    It stays under warrant, an anonymous buyer's too.
    """
    if passed.seller != passed.buyer:
        bases[passed.base].hand_over(passed.seller, passed.buyer, passed.lots * BBL_PER_SC_LOT)


def hand_over(
    passed: Passed, bases: Mapping[str, DeliveryBase], registry: WarrantRegistry, numbers: Mapping[str, int]
) -> int | None:
    """Move the oil of a delivery from seller to buyer, and its warrant; return the buyer's warrant.

    An anonymous buyer has none: its oil is commercial again.
    """
    base, bbl = bases[passed.base], passed.lots * BBL_PER_SC_LOT
    if passed.warrant is None:
        base.inspect(passed.seller, bbl)
        base.hand_over(passed.seller, passed.buyer, bbl)
        return registry.register(numbers[passed.buyer], passed.base, passed.grade, passed.lots).number
    if passed.buyer == COMMERCIAL:
        registry.cancel(passed.warrant, passed.lots)
        base.hand_over(passed.seller, COMMERCIAL, bbl)
        base.release(COMMERCIAL, bbl)
        return None
    base.hand_over(passed.seller, passed.buyer, bbl)
    return registry.transfer(passed.warrant, numbers[passed.buyer], passed.lots).number
