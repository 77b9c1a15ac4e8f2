"""A sale by the name of its mechanism: what one line of a scenario chooses.

It knows the mechanisms that take bids and offers and give deals at once. Listing goes through its board and a pre-sale
through its months, so they are not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from exchange.mechanisms.deals import Bid, Offer, Outcome
from exchange.mechanisms.downward import downward
from exchange.mechanisms.rationing import Rationing
from exchange.mechanisms.tender import Pricing, tender
from exchange.mechanisms.uplift import uplift

SaleName = Literal["uplift", "downward", "tender_own_price", "tender_one_price"]


def hold_sale(
    name: SaleName,
    bids: Sequence[Bid],
    offers: Sequence[Offer],
    *,
    step_fen: int,
    base_fen: int | None = None,
    cap_fen: int | None = None,
    rationing: Rationing = Rationing.TIME,
) -> Outcome:
    """Sell by the mechanism of this name.

    Uplift starts at `base_fen`, or at the lowest reserve if None; downward at the highest limit or reserve, rounded up
    to a step. Only uplift has a cap. Without a bid or an offer nothing is sold. Raises ValueError for an unknown name,
    and for what the mechanism refuses.
    """
    if not bids or not offers:
        return Outcome(())
    match name:
        case "uplift":
            base_fen = min(offer.reserve_fen for offer in offers) if base_fen is None else base_fen
            return uplift(
                bids, offers, base_fen=base_fen, step_fen=step_fen, cap_fen=cap_fen, rationing=rationing
            )
        case "downward":
            highest = max(*(bid.limit_fen for bid in bids), *(offer.reserve_fen for offer in offers))
            ceiling_fen = -(-highest // step_fen) * step_fen
            return downward(bids, offers, ceiling_fen=ceiling_fen, step_fen=step_fen, rationing=rationing)
        case "tender_own_price":
            return tender(bids, offers, Pricing.PAY_AS_BID)
        case "tender_one_price":
            return tender(bids, offers, Pricing.UNIFORM)
    raise ValueError(f"no sale is called {name!r}")
