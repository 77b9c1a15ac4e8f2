"""A daily assessment window: bids and offers uncross once, at one price.

It is a pure function of two lists; it knows no agent, and it is not the call auction of the futures books,
which works on the book's arrays. Prices are integer ticks; volumes are integers of any unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interest:
    """One bid or offer: buy at `limit_ticks` or lower, or sell at it or higher."""

    owner: str
    limit_ticks: int
    volume: int


@dataclass(frozen=True)
class Uncrossing:
    """The outcome: one price, and what each bid and offer got, in the order in which they were given."""

    price_ticks: int
    volume: int
    bought: tuple[int, ...]
    sold: tuple[int, ...]


def uncross(bids: Sequence[Interest], offers: Sequence[Interest], previous_ticks: int) -> Uncrossing | None:
    """Return the uncrossing at the price of the largest executable volume, or None when nothing trades.

    Executable volume at p = min(sum of bids with limit >= p, sum of offers with limit <= p). It is largest on
    one interval of ticks; the price is the tick of it nearest to `previous_ticks`. Better limits fill first,
    equal limits in the order given. Raises ValueError for a volume below 1.
    """
    if any(interest.volume < 1 for interest in (*bids, *offers)):
        raise ValueError("a bid or an offer must have a volume of 1 or more")
    by_bid = sorted(range(len(bids)), key=lambda i: -bids[i].limit_ticks)
    by_offer = sorted(range(len(offers)), key=lambda i: offers[i].limit_ticks)
    # Volume steps down just above a bid's limit and up at an offer's, so that it is largest between two limits, ends
    # included.
    limits = sorted({interest.limit_ticks for interest in (*bids, *offers)})
    demand = sum(bid.volume for bid in bids)
    supply, best = 0, 0
    low = high = previous_ticks
    next_bid, next_offer = len(by_bid) - 1, 0
    for limit in limits:
        while next_offer < len(by_offer) and offers[by_offer[next_offer]].limit_ticks <= limit:
            supply += offers[by_offer[next_offer]].volume
            next_offer += 1
        at_limit = min(demand, supply)
        if at_limit > best:
            best, low, high = at_limit, limit, limit
        elif at_limit == best and best > 0:
            high = limit
        while next_bid >= 0 and bids[by_bid[next_bid]].limit_ticks <= limit:
            demand -= bids[by_bid[next_bid]].volume
            next_bid -= 1
    if best == 0:
        return None
    price = min(max(previous_ticks, low), high)
    bought = _fill(bids, [i for i in by_bid if bids[i].limit_ticks >= price], best)
    sold = _fill(offers, [i for i in by_offer if offers[i].limit_ticks <= price], best)
    return Uncrossing(price, best, bought, sold)


def _fill(interests: Sequence[Interest], order: Sequence[int], volume: int) -> tuple[int, ...]:
    filled = [0] * len(interests)
    for i in order:
        filled[i] = min(volume, interests[i].volume)
        volume -= filled[i]
    return tuple(filled)
