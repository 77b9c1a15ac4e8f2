"""How each mechanism clears a draw: who says what, by which stated strategy, and what comes of it.

Sellers offer at cost wherever reserves are asked for; a mechanism's rules are in exchange/mechanisms. Nothing is drawn
and nothing measured here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from agents.gas.bidders import equilibrium_bid
from exchange.codes import Side
from exchange.contracts import ContractMonth
from exchange.listing import ListingBoard
from exchange.mechanisms import (
    Band,
    Bid,
    Deal,
    Fault,
    Message,
    Offer,
    Performance,
    PresaleOffer,
    PresaleOrder,
    SaleName,
    Settlement,
    Want,
    bidding_rules,
    cap_fen,
    hold_sale,
    presale,
    settle,
    take_best,
    trade_continuously,
)
from exchange.units import FEN_PER_CNY
from scenarios.mechanisms.market import Draw, Market, fen

_PIPELINE_GAS: Final = bidding_rules("shpgx_png", date(2024, 11, 1))  # LNG itself has no cap
_MONTH: Final = ContractMonth(2018, 11)  # any month will do; the sale of 2018 had it
_PLACE: Final = "delta"


@dataclass(frozen=True)
class Cleared:
    """What was signed, and what came of it on the day of delivery."""

    signed: tuple[Deal, ...]
    settlement: Settlement


def listing(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Sellers post the price at which they expect all lots to go, buyers come one by one and take the cheapest.

    Posted: signal + half width x (1 - 2 (lots + 1) / (buyers + 1)), the expected value of the first buyer to go
    without, and cost at least.
    """
    board = ListingBoard()
    for k, (cost, signal) in enumerate(zip(draw.costs_fen, draw.signals_fen, strict=True)):
        board.post(
            0, seller=_seller(k), place=_PLACE, delivery=str(_MONTH), quantity_t=market.lots_per_seller * market.lot_t,
            price_fen_per_t=_up(max(cost, signal + _first_without(market)), market),
        )  # fmt: skip
    for at, i in enumerate(draw.arrivals, 1):
        take_best(board, at, Want(_buyer(i), _MONTH, draw.values_fen[i], market.lot_t, {_PLACE: 0}))
    return _settled(
        market, tuple(Deal(t.seller, t.buyer, t.price_fen_per_t, t.quantity_t) for t in board.trades)
    )


def rising(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Bidding with uplift from the base, without a cap; buyers stay in to their values, which is dominant."""
    return _sale("uplift", market, draw, draw.values_fen)


def capped(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Bidding with uplift under pipeline gas's cap, the base + 20 %; at the cap, who comes first is served first."""
    highest_fen = cap_fen(fen(market.base_price_cny_per_t), _PIPELINE_GAS)
    return _sale("uplift", market, draw, draw.values_fen, highest_fen)


def falling(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Downward bidding for the buyers' tenders, whose ceilings are their values; sellers stay in to their costs."""
    return _sale("downward", market, draw, draw.values_fen)


def own_price(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Sealed tender, each winner pays its bid; shaded as in equilibrium, with the mean of the reserves as the reserve.

    It is the equilibrium where all reserves are one, and near it where they are close.
    """
    low, high = _support(market, draw)
    reserve = sum(draw.costs_fen) / len(draw.costs_fen)
    bids = [
        int(
            equilibrium_bid(v, low, high, bidders=market.buyers, units=market.lots, reserve=max(low, reserve))
        )
        for v in draw.values_fen
    ]
    return _sale("tender_own_price", market, draw, bids)


def own_price_learnt(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Sealed tender, each winner pays its bid; shaded by the factor that bidders have learnt in earlier sales."""
    low, _ = _support(market, draw)
    bids = [low + int(learnt * (v - low)) for v in draw.values_fen]
    return _sale("tender_own_price", market, draw, bids)


def one_price(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Sealed tender, all pay the best bid refused or the highest reserve taken; bids are values, which is dominant."""
    return _sale("tender_one_price", market, draw, draw.values_fen)


def ahead(market: Market, draw: Draw, learnt: float) -> Cleared:
    """Pre-sale within the band: price and orders go by the forecast; on the day a buyer may leave its deposit instead.

    Posted as listings are, on the forecast. A buyer expects the forecast and what it knows of itself. It fetches what
    it ordered unless its value falls short of the price by more than the deposit. Sellers deliver.
    """
    low, high = (fen(end) for end in market.presale_band_cny_per_t)
    wanted = draw.forecast_fen + _first_without(market)
    prices = [_up(max(cost, wanted), market) for cost in draw.costs_fen]
    offers = [
        PresaleOffer(_seller(k), _MONTH, min(max(price, low), high), market.lots_per_seller * market.lot_t)
        for k, price in enumerate(prices)
        if draw.costs_fen[k] <= high
    ]
    orders = [
        PresaleOrder(_buyer(i), _MONTH, draw.forecast_fen + draw.values_fen[i] - draw.level_fen, market.lot_t)
        for i in draw.arrivals
    ]
    deals = presale(offers, orders, Band(low, high))[_MONTH].deals if offers else ()
    values = {_buyer(i): value for i, value in enumerate(draw.values_fen)}
    left = {
        number: Performance(0, Fault.BUYER)
        for number, deal in enumerate(deals)
        if 100 * (deal.price_fen - values[deal.buyer]) > market.deposit_percent * deal.price_fen
    }
    return Cleared(deals, settle(deals, market.deposit_percent, left))


def book(market: Market, draw: Draw, learnt: float) -> Cleared:
    """A continuous book: in each round all come in a new order and revise their limit by a margin that shrinks to 0.

    Limit = value - margin or cost + margin; margin = the largest x a uniform x the share of rounds still to come.
    """
    messages = []
    for done, (arrivals, margins) in enumerate(zip(draw.book_arrivals, draw.book_margins, strict=True), 1):
        largest = fen(market.book_margin_cny_per_t) * (market.book_rounds - done) / market.book_rounds
        for trader in arrivals:
            margin = round(largest * margins[trader])
            if trader < market.buyers:
                limit = max(1, draw.values_fen[trader] - margin)
                messages.append(Message(_buyer(trader), Side.BUY, limit, market.lot_t))
            else:
                k = trader - market.buyers
                message = Message(
                    _seller(k), Side.SELL, draw.costs_fen[k] + margin, market.lots_per_seller * market.lot_t
                )
                messages.append(message)
    limits = [message.limit_fen for message in messages]
    outcome = trade_continuously(messages, low_fen=min(limits), high_fen=max(limits), step_fen=_step(market))
    return _settled(market, outcome.deals)


Clearing = Callable[[Market, Draw, float], Cleared]

MECHANISMS: Final[Mapping[str, Clearing]] = {
    "listing": listing,
    "uplift": rising,
    "uplift_capped": capped,
    "downward": falling,
    "tender_own_price": own_price,
    "tender_learnt": own_price_learnt,
    "tender_one_price": one_price,
    "presale": ahead,
    "book": book,
}
"""The mechanisms by name; the third argument is the learnt factor, which only tender_learnt looks at."""

LABELS: Final[Mapping[str, str]] = {
    "listing": "listing",
    "uplift": "bidding, uplift",
    "uplift_capped": "uplift, cap 20 %",
    "downward": "bidding, downward",
    "tender_own_price": "tender, own price",
    "tender_learnt": "tender, own price, learnt",
    "tender_one_price": "tender, one price",
    "presale": "pre-sale",
    "book": "continuous book",
}
"""The mechanisms in words."""


def _sale(
    name: SaleName, market: Market, draw: Draw, limits: Sequence[int], highest_fen: int | None = None
) -> Cleared:
    bids = [Bid(_buyer(i), limits[i], market.lot_t) for i in draw.arrivals]
    outcome = hold_sale(
        name,
        bids,
        _offers(market, draw),
        step_fen=_step(market),
        base_fen=fen(market.base_price_cny_per_t),
        cap_fen=highest_fen,
    )
    return _settled(market, outcome.deals)


def _offers(market: Market, draw: Draw) -> list[Offer]:
    quantity = market.lots_per_seller * market.lot_t
    return [Offer(_seller(k), cost, quantity) for k, cost in enumerate(draw.costs_fen)]


def _support(market: Market, draw: Draw) -> tuple[int, int]:
    width = fen(market.value_half_width_cny_per_t)
    return draw.level_fen - width, draw.level_fen + width


def _first_without(market: Market) -> int:
    """Return the expected value of the first buyer to go without, over the level, in fen."""
    rank = min(market.lots, market.buyers) + 1
    return fen(market.value_half_width_cny_per_t * (1 - 2 * rank / (market.buyers + 1)))


def _settled(market: Market, deals: tuple[Deal, ...]) -> Cleared:
    return Cleared(deals, settle(deals, market.deposit_percent))


def _step(market: Market) -> int:
    return FEN_PER_CNY * market.price_step_cny_per_t


def _up(price_fen: int, market: Market) -> int:
    return -(-price_fen // _step(market)) * _step(market)


def _buyer(i: int) -> str:
    return f"buyer {i + 1}"


def _seller(k: int) -> str:
    return f"seller {k + 1}"
