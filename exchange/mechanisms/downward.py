"""Downward bidding: buyers tender, and the price falls from a ceiling until supply fits demand.

The offers are the prices at which sellers leave. It is the mirror of uplift.py: a seller of one unit loses nothing by
staying in to its cost, while a buyer's ceiling may set the price.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.mechanisms.clock import run_clock
from exchange.mechanisms.deals import Bid, Offer, Outcome, check, pair, whole
from exchange.mechanisms.rationing import Rationing


def downward(
    bids: Sequence[Bid],
    offers: Sequence[Offer],
    *,
    ceiling_fen: int,
    step_fen: int,
    floor_fen: int = 1,
    rationing: Rationing = Rationing.TIME,
) -> Outcome:
    """Buy at one price that falls from `ceiling_fen` by `step_fen`, no further than `floor_fen`.

    A buyer comes in when the price has reached its own ceiling, which is its bid's limit. Sellers who would leave
    together are equals, shared by `rationing`; so they are at the floor. Raises ValueError for bids and offers that
    `check` refuses, and for a floor above the ceiling.
    """
    check(bids, offers)
    whole(floor_fen, "the floor")
    whole(step_fen, "the step")
    if floor_fen > ceiling_fen:
        raise ValueError(f"the floor {floor_fen} is above the ceiling {ceiling_fen}")
    end = (ceiling_fen - floor_fen) // step_fen
    stop = run_clock(
        [min(end, (ceiling_fen - offer.reserve_fen) // step_fen) for offer in offers],
        [offer.quantity for offer in offers],
        [max(0, -((bid.limit_fen - ceiling_fen) // step_fen)) for bid in bids],
        [bid.quantity for bid in bids],
        rationing,
    )
    price_fen = ceiling_fen - stop.step * step_fen
    return pair(bids, offers, stop.entered, stop.stayed, lambda _: price_fen)
