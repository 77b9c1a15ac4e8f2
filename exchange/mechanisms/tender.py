"""The sealed tender: bids are opened together, the best are taken, at their own price or at one price.

There is no second round and no clock. With one unit on sale the two prices are the first and the second price of
auction theory.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from exchange.mechanisms.deals import Bid, Offer, Outcome, check, pair


class Pricing(Enum):
    """What a winner pays.

    PAY_AS_BID: its own bid. UNIFORM: the same for all, the higher of the best bid refused and the highest reserve
    taken; so a bid for one unit does not set its own price.
    """

    PAY_AS_BID = "pay_as_bid"
    UNIFORM = "uniform"


def tender(bids: Sequence[Bid], offers: Sequence[Offer], pricing: Pricing) -> Outcome:
    """Take the best bids and the lowest reserves while a bid covers a reserve.

    Of equal bids the one that came first is taken, whole or in part. Raises ValueError for bids and offers that
    `check` refuses.
    """
    check(bids, offers)
    by_bid = sorted(range(len(bids)), key=lambda i: -bids[i].limit_fen)
    by_offer = sorted(range(len(offers)), key=lambda k: offers[k].reserve_fen)
    bought, sold = [0] * len(bids), [0] * len(offers)
    at_bid = at_offer = 0
    highest_reserve = 0
    while at_bid < len(by_bid) and at_offer < len(by_offer):
        i, k = by_bid[at_bid], by_offer[at_offer]
        if bids[i].limit_fen < offers[k].reserve_fen:
            break
        quantity = min(bids[i].quantity - bought[i], offers[k].quantity - sold[k])
        bought[i] += quantity
        sold[k] += quantity
        highest_reserve = offers[k].reserve_fen
        at_bid += bought[i] == bids[i].quantity
        at_offer += sold[k] == offers[k].quantity
    if pricing is Pricing.PAY_AS_BID:
        return pair(bids, offers, bought, sold, lambda i: bids[i].limit_fen)
    refused_fen = bids[by_bid[at_bid]].limit_fen if at_bid < len(by_bid) else 0
    price_fen = max(highest_reserve, refused_fen)
    return pair(bids, offers, bought, sold, lambda _: price_fen)
