"""Bidding with uplift: the price rises from a base until demand fits supply, or until the cap.

The bids are the prices at which bidders leave, as proxies would keep them; the clock itself takes no time. A buyer of
one unit loses nothing by staying in to his value: what he pays is the price at which another left, or a reserve.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.mechanisms.clock import run_clock
from exchange.mechanisms.deals import Bid, Offer, Outcome, check, pair, whole
from exchange.mechanisms.rationing import Rationing


def uplift(
    bids: Sequence[Bid],
    offers: Sequence[Offer],
    *,
    base_fen: int,
    step_fen: int,
    cap_fen: int | None = None,
    rationing: Rationing = Rationing.TIME,
) -> Outcome:
    """Sell at one price that rises from `base_fen` by `step_fen`, no further than `cap_fen`.

    A seller comes in when the price has reached its reserve. At the cap bidders are equals, whatever they would have
    paid more, and `rationing` shares among them (assumption: who bids the cap first is served first; how the exchange
    shared on 12 Sep 2017 is not known). Raises ValueError for bids and offers that `check` refuses, and for a cap
    below the base.
    """
    check(bids, offers)
    whole(base_fen, "the base")
    whole(step_fen, "the step")
    if cap_fen is not None and cap_fen < base_fen:
        raise ValueError(f"the cap {cap_fen} is below the base {base_fen}")
    end = None if cap_fen is None else (cap_fen - base_fen) // step_fen
    last_steps = [(bid.limit_fen - base_fen) // step_fen for bid in bids]
    stop = run_clock(
        last_steps if end is None else [min(last, end) for last in last_steps],
        [bid.quantity for bid in bids],
        [max(0, -((base_fen - offer.reserve_fen) // step_fen)) for offer in offers],
        [offer.quantity for offer in offers],
        rationing,
    )
    price_fen = base_fen + stop.step * step_fen
    return pair(bids, offers, stop.stayed, stop.entered, lambda _: price_fen)
