"""The sale of a terminal slot: the price of regasification falls from a ceiling until somebody says yes.

A slot is a window of days with its volume; buyers may come as a group, which shares it out among its members. The gas
itself is not sold here, and no ship is berthed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from exchange.mechanisms.deals import Bid, Deal, Offer, Outcome, check
from exchange.mechanisms.rationing import Rationing, ration


@dataclass(frozen=True)
class Slot:
    """Offer `quantity` units of gas through a terminal in a window of days, at `floor_fen` a unit or more."""

    terminal: str
    first_day: date
    last_day: date
    quantity: int
    ceiling_fen: int
    floor_fen: int


def sell_slot(slot: Slot, bids: Sequence[Bid], *, step_fen: int = 1) -> Outcome:
    """Let the price fall by `step_fen`; who says yes takes what it asks for at that price, the rest goes on falling.

    A bid's limit is the price at which it says yes, so the sale is that of a sealed tender at own prices with the
    floor as reserve. Of those who say yes together the one who came first is served first. Raises ValueError for bids
    that `check` refuses, a floor above the ceiling, and days in the wrong order.
    """
    check(bids, [Offer(slot.terminal, slot.floor_fen, slot.quantity)])
    if slot.floor_fen > slot.ceiling_fen or slot.first_day > slot.last_day:
        raise ValueError(f"{slot.terminal}: the floor is above the ceiling, or the last day before the first")
    if step_fen < 1:
        raise ValueError(f"the step must be 1 fen or more, not {step_fen}")
    left, deals = slot.quantity, []
    steps = [max(0, -((bid.limit_fen - slot.ceiling_fen) // step_fen)) for bid in bids]
    for i in sorted(range(len(bids)), key=lambda i: steps[i]):
        price_fen = slot.ceiling_fen - steps[i] * step_fen
        if price_fen < slot.floor_fen or not left:
            break
        deals.append(Deal(slot.terminal, bids[i].buyer, price_fen, min(left, bids[i].quantity)))
        left -= deals[-1].quantity
    return Outcome(tuple(deals))


def split(deal: Deal, shares_percent: Mapping[str, int]) -> tuple[Deal, ...]:
    """Share a group's deal among its members, in whole units that sum to the whole, by largest remainder.

    Raises ValueError for shares that do not sum to 100.
    """
    if sum(shares_percent.values()) != 100 or min(shares_percent.values()) < 0:
        raise ValueError(f"shares must sum to 100, not {sum(shares_percent.values())}")
    weights = [deal.quantity * share for share in shares_percent.values()]
    parts = ration(weights, deal.quantity, Rationing.PRO_RATA)
    return tuple(
        Deal(deal.seller, member, deal.price_fen, part)
        for member, part in zip(shares_percent, parts, strict=True)
        if part
    )
