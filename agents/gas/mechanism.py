"""How each mechanism clears a session at SHPGX: who says what, by which stated strategy, and who sells to whom.

The rules of a mechanism are in exchange/mechanisms; listing and pre-sale go through a board and a month, so they stand
in agents/gas/shpgx.py and presales.py. Bids say what gas is worth at a mean detour. Sellers ask for their cost. With
more than one unit truth is not dominant anywhere; at one price the gain from shading is small for one of many buyers.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from agents.gas.bidders import AdaptiveShading
from agents.gas.sales_parameters import MechanismName, SalesParameters
from agents.gas.sessions import Session, Want, place_of
from exchange.codes import Side
from exchange.mechanisms import (
    Bid,
    Deal,
    Message,
    Offer,
    Outcome,
    SaleName,
    bidding_rules,
    cap_fen,
    hold_sale,
    trade_continuously,
)

_LEVELS: Final = 41
_LOW_OVER_LAST: Final = 0.9
_NARROW: Final = 0.1
"""Steps of a want within 10 % of the last price are orders of their own in a book; those above are one order."""


class LorrySales:
    """Clear sessions. It remembers the last cut-off and what each buyer has learnt in sealed tenders.

    `step_fen` is the price step. Draws of learning come from `rng`, and only where bidders learn.
    """

    def __init__(self, parameters: SalesParameters, step_fen: int, rng: np.random.Generator) -> None:
        self._parameters = parameters
        self._step_fen = step_fen
        self._rng = rng
        self._learners: dict[str, AdaptiveShading] = {}
        self._cutoff_fen: int | None = None

    def clear(self, name: MechanismName, session: Session) -> tuple[Deal, ...]:
        """Return the deals of a session; their sellers are terminals. Raises ValueError for listing and pre-sale."""
        if not session.lots or not session.wants:
            return ()
        offers = [Offer(lot.stand, lot.cost_fen_per_t, lot.quantity_t) for lot in session.lots]
        if name == "book":
            return self._book(session)
        if name in ("tender_own_price", "tender_learnt"):
            tops = {want.buyer: self._top_fen(name, want, session) for want in session.wants}
            bids = [bid for want in session.wants for bid in _bids(want, session, tops[want.buyer])]
            deals = hold_sale("tender_own_price", bids, offers, step_fen=self._step_fen).deals
            self._observe(name, session, deals, offers)
            return load_nearest(session, deals)
        bids = [bid for want in session.wants for bid in _bids(want, session)]
        base_fen = highest_fen = None
        sale: SaleName
        match name:
            case "uplift" | "downward" | "tender_one_price":
                sale = name
            case "uplift_capped":
                sale = "uplift"
                base_fen = round(self._parameters.base_over_index * session.month_fen_per_t)
                highest_fen = cap_fen(base_fen, bidding_rules("shpgx_png", session.day))
            case _:
                raise ValueError(f"{name} is not cleared here")
        outcome = hold_sale(
            sale, bids, offers, step_fen=self._step_fen, base_fen=base_fen, cap_fen=highest_fen
        )
        return load_nearest(session, outcome.deals)

    def _top_fen(self, name: str, want: Want, session: Session) -> int:
        """Return the most that a buyer bids for any tonne in a tender at own prices."""
        last = self._cutoff_fen or session.last_fen_per_t
        value = _mean_worth_fen(want, last)
        if name == "tender_own_price":
            return best_response_fen(value, last, self._parameters.cutoff_sd)
        return max(1, int(self._learner(want.buyer, last).bid(value, _LOW_OVER_LAST * last)))

    def _learner(self, buyer: str, last_fen: int) -> AdaptiveShading:
        if buyer not in self._learners:
            self._learners[buyer] = AdaptiveShading(
                self._rng, scale=(1.0 - _LOW_OVER_LAST) * last_fen, factors=_LEVELS
            )
        return self._learners[buyer]

    def _observe(self, name: str, session: Session, deals: Sequence[Deal], offers: Sequence[Offer]) -> None:
        """Let buyers see the lowest bid that was taken, which is what a bid had to reach."""
        last = self._cutoff_fen or session.last_fen_per_t
        self._cutoff_fen = min(
            (deal.price_fen for deal in deals), default=min(offer.reserve_fen for offer in offers)
        )
        if name == "tender_learnt":
            for want in session.wants:
                value = _mean_worth_fen(want, last)
                self._learner(want.buyer, last).learn(value, self._cutoff_fen, _LOW_OVER_LAST * last)

    def _book(self, session: Session) -> tuple[Deal, ...]:
        """Trade in rounds: all come in a new order and ask for a margin that shrinks to nothing.

        Third parties, for whom no place in the order is drawn, come last and ask for their price.
        """
        messages = []
        buyers, count = len(session.wants), len(session.rounds)
        orders = [_orders(want, session) for want in session.wants]
        for done, (order, margins) in enumerate(session.rounds, 1):
            largest = self._parameters.book_margin * (count - done) / count
            for trader in order:
                margin = largest * margins[trader]
                if trader < buyers:
                    messages += [
                        Message(name, Side.BUY, max(1, int(limit * (1.0 - margin))), quantity)
                        for name, limit, quantity in orders[trader]
                    ]
                elif trader - buyers < len(session.lots):
                    lot = session.lots[trader - buyers]
                    ask = int(lot.cost_fen_per_t * (1.0 + margin))
                    messages.append(Message(lot.stand, Side.SELL, ask, lot.quantity_t))
            messages += [
                Message(lot.stand, Side.SELL, lot.cost_fen_per_t, lot.quantity_t)
                for lot in session.lots[len(order) - buyers :]
            ]
        if not messages:
            return ()
        limits = [message.limit_fen for message in messages]
        outcome = trade_continuously(
            messages, low_fen=min(limits), high_fen=max(limits), step_fen=self._step_fen
        )
        merged: dict[tuple[str, str, int], int] = {}
        for deal in outcome.deals:
            key = deal.seller, deal.buyer.split("/")[0], deal.price_fen
            merged[key] = merged.get(key, 0) + deal.quantity
        return tuple(Deal(*key, quantity) for key, quantity in merged.items())


def best_response_fen(value_fen: float, expected_cutoff_fen: float, sd: float) -> int:
    """Return the bid that earns most against a cut-off that is expected with a normal error of `sd` x itself.

    max over b of (value - b) x P(cut-off < b), b on a grid from 4 sd below the expected cut-off to 4 above.
    """
    cutoff = NormalDist(expected_cutoff_fen, sd * expected_cutoff_fen)
    reach = 4.0 * sd * expected_cutoff_fen
    bids = np.linspace(expected_cutoff_fen - reach, expected_cutoff_fen + reach, _LEVELS)
    gains = [(value_fen - bid) * cutoff.cdf(bid) for bid in bids.tolist()]
    return max(1, round(float(bids[int(np.argmax(gains))])))


def load_nearest(session: Session, deals: Sequence[Deal]) -> tuple[Deal, ...]:
    """Let winners choose where to load, in the order in which they came: the nearest place with gas sold there left.

    What each buyer pays and what each terminal sells in all stay as they are; a seller gets the prices of those who
    load from it.
    """
    left = Outcome(tuple(deals)).sold
    won: dict[str, dict[int, int]] = {want.buyer: {} for want in session.wants}
    for deal in deals:
        own = won[deal.buyer]
        own[deal.price_fen] = own.get(deal.price_fen, 0) + deal.quantity
    found = []
    for want in session.wants:
        places = sorted(left, key=lambda at: (want.detour_fen_per_t[place_of(at)], at))
        for price_fen, wanted in won[want.buyer].items():
            for place in places:
                quantity = min(wanted, left[place])
                if quantity:
                    found.append(Deal(place, want.buyer, price_fen, quantity))
                    left[place] -= quantity
                    wanted -= quantity
    return tuple(found)


def unmet(session: Session, deals: Sequence[Deal], step_fen: int) -> int:
    """Return the tonnes worth more than a step above the dearest price of a session that were not sold.

    Without a deal the last price stands in. Gas for which its buyer bid too low is counted.
    """
    price_fen = step_fen + max((deal.price_fen for deal in deals), default=session.last_fen_per_t)
    bought = Outcome(tuple(deals)).bought
    return sum(
        max(0, want.wanted_t(price_fen + want.mean_detour_fen_per_t) - bought.get(want.buyer, 0))
        for want in session.wants
    )


def _bids(want: Want, session: Session, top_fen: int | None = None) -> list[Bid]:
    """Return a buyer's bids, one a step, none above `top_fen`; those that no seller could take are left out."""
    floor = min(lot.cost_fen_per_t for lot in session.lots)
    limits = want.worth_fen_per_t - want.mean_detour_fen_per_t
    if top_fen is not None:
        limits = np.minimum(limits, top_fen)
    return [
        Bid(want.buyer, limit, quantity)
        for limit, quantity in zip(limits.tolist(), want.tonnes.tolist(), strict=True)
        if limit >= floor
    ]


def _orders(want: Want, session: Session) -> list[tuple[str, int, int]]:
    """Return a buyer's orders in a book: what is worth clearly more than the last price is one order."""
    orders: list[tuple[str, int, int]] = []
    clear_t, clear_fen = 0, 0
    for bid in _bids(want, session):
        if bid.limit_fen > (1.0 + _NARROW) * session.last_fen_per_t:
            clear_t, clear_fen = clear_t + bid.quantity, bid.limit_fen
        else:
            orders.append((f"{want.buyer}/{len(orders) + 1}", bid.limit_fen, bid.quantity))
    return [(f"{want.buyer}/0", clear_fen, clear_t), *orders] if clear_t else orders


def _mean_worth_fen(want: Want, price_fen: int) -> float:
    """Return the mean worth of what a buyer wants at a price, at its mean detour."""
    worth = want.worth_fen_per_t - want.mean_detour_fen_per_t
    wanted = worth > price_fen
    if not wanted.any():
        return float(price_fen)
    return float(np.average(worth[wanted], weights=want.tonnes[wanted]))
