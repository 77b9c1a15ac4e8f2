"""The pre-sale of LNG by lorry: a month's gas sold in the month before at posted prices, fetched day by day.

A buyer that would rather leave its deposit than fetch, leaves it: it compares what it owes with what gas is worth to it
and costs elsewhere on the day. Sellers deliver while they have gas. Sold only in winter and within the guided band, it
is the sale of the winter's supply.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agents.gas.sales_parameters import SalesParameters
from agents.gas.sessions import Lot, Want
from exchange.contracts import ContractMonth
from exchange.mechanisms import (
    Band,
    Deal,
    Fault,
    Members,
    PresaleOffer,
    PresaleOrder,
    presale,
)


@dataclass
class Called:
    """What came of pre-sold gas in a session: tonnes due, deals as delivered, and deposits forfeited by either side."""

    due_t: int = 0
    delivered: tuple[Deal, ...] = ()
    forfeited_by_buyers_fen: int = 0
    forfeited_by_sellers_fen: int = 0

    def bought_t(self, buyer: str) -> int:
        """Return what a buyer fetched."""
        return sum(deal.quantity for deal in self.delivered if deal.buyer == buyer)


class Presales:
    """Keep what was sold ahead, by the month of delivery; money goes through `members`.

    Sellers of deals are terminals; `owners` says whose they are, for the accounts.
    """

    def __init__(self, parameters: SalesParameters, members: Members, owners: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._members = members
        self._owners = owners
        self._numbers: dict[ContractMonth, list[tuple[int, Deal]]] = {}

    def due(self, day: date) -> ContractMonth | None:
        """Return the month whose pre-sale is to be held on a trading day: the next one, once, if it is one to sell."""
        month = ContractMonth.of(day).plus(1)
        return None if month in self._numbers or month.month not in self._parameters.presale_months else month

    def hold(
        self,
        month: ContractMonth,
        lots: Sequence[Lot],
        orders_t: Sequence[tuple[str, int, int]],
        month_fen: int,
    ) -> tuple[Deal, ...]:
        """Sell a month: lots at their listed price within the band, orders as (buyer, limit in fen/t, tonnes)."""
        low, high = (round(end * month_fen) for end in self._parameters.presale_band)
        offers = [
            PresaleOffer(lot.place, month, min(max(lot.list_fen_per_t, low), high), lot.quantity_t)
            for lot in lots
            if lot.quantity_t > 0 and lot.cost_fen_per_t <= high
        ]
        orders = [
            PresaleOrder(buyer, month, limit, tonnes) for buyer, limit, tonnes in orders_t if tonnes > 0
        ]
        deals = presale(offers, orders, Band(low, high))[month].deals if offers and orders else ()
        self._numbers[month] = [
            (
                self._members.sign(
                    Deal(self._owners[deal.seller], deal.buyer, deal.price_fen, deal.quantity),
                    self._parameters.deposit_percent,
                ),
                deal,
            )
            for deal in deals
        ]
        return deals

    def call(
        self, day: date, days: int, wants: Sequence[Want], room_t: Mapping[str, int], index_fen_per_t: int
    ) -> Called:
        """Perform what is due on `days` days from `day` on; `room_t` is what each terminal can load at most.

        A buyer leaves its gas and its deposit where the price is above the index in force by more than the deposit, as
        it can buy on the day then; and what it has no use for at that price.
        """
        found, delivered = Called(), []
        room = dict(room_t)
        by_buyer = {want.buyer: want for want in wants}
        fetched = dict.fromkeys(by_buyer, 0)
        for number, deal, tonnes in self._due_parts(day, days):
            want = by_buyer[deal.buyer]
            worth_it = deal.price_fen * (100 - self._parameters.deposit_percent) // 100
            use = 0 if index_fen_per_t < worth_it else want.wanted_t(worth_it) - fetched[deal.buyer]
            asked = max(0, min(tonnes, use))
            got = min(asked, room.get(deal.seller, 0))
            found.due_t += tonnes
            found.forfeited_by_sellers_fen += self._members.perform(number, got, asked - got, Fault.SELLER)
            found.forfeited_by_buyers_fen += self._members.perform(number, 0, tonnes - asked, Fault.BUYER)
            if got:
                delivered.append(Deal(deal.seller, deal.buyer, deal.price_fen, got))
                room[deal.seller] -= got
                fetched[deal.buyer] += got
        found.delivered = tuple(delivered)
        return found

    def _due_parts(self, day: date, days: int) -> list[tuple[int, Deal, int]]:
        """Return the open deals with the tonnes due on `days` days from `day`, evenly over the rest of the month."""
        due = []
        for month in dict.fromkeys(ContractMonth.of(day + timedelta(days=ahead)) for ahead in range(days)):
            own = [day + timedelta(days=ahead) for ahead in range(days)]
            count = sum(ContractMonth.of(one) == month for one in own)
            first = next(one for one in own if ContractMonth.of(one) == month)
            left = calendar.monthrange(first.year, first.month)[1] - first.day + 1
            for number, deal in self._numbers.get(month, ()):
                tonnes = self._members.signed[number].left * count // left
                if tonnes:
                    due.append((number, deal, tonnes))
        return due
