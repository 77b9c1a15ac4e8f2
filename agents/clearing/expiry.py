"""Months after their last trading day: the delivery settlement price, and five days of delivery where there is oil.

Without a registry of warrants there is no oil: a month then ends in cash at its delivery settlement price. That is no
rule of INE's but the fallback of a world without a physical side. It moves no tank: who received how much, it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.clearing.parameters import ShortCustoms
from agents.clearing.shorts import ANY_PRICE, Buyback, default_cost_ticks, leaving_lots
from exchange.clearing.closing import FORCED
from exchange.clearing.house import ClearingHouse
from exchange.clearing.rules import Array, Participant
from exchange.contracts import ContractMonth, ContractSpec
from exchange.delivery import Delivery, DeliveryDay, DeliveryRule, Match
from exchange.expiry import ExpiryRule, excess_shorts_liquidation, undeliverable_lots
from exchange.limits import delivery_settlement_ticks
from exchange.venue import Month
from exchange.warrants import WarrantRegistry

Delivered = Callable[[ContractMonth, Sequence[Match]], None]
"""What the physical side is told when a month's warrants have passed: the month and its matches."""


_MEAN_OF_DAYS = 5
"""Settlements in the delivery settlement price where a rulebook has no figure (assumption: as for SC)."""


@dataclass
class _Running:
    month: ContractMonth
    place: int
    delivery: Delivery


class Expiries:
    """Lead SC's expired months through delivery with warrants of `registry`, whose owners are numbers of accounts.

    `cargo_lots` gives the recognised cargo of each account, which counts as oil in the rule on shorts of 30 March 2026.
    `cover` is told the shorts of a month, by account, before they are checked and before they deliver: whoever has oil
    without a warrant may register it then.
    """

    def __init__(
        self,
        registry: WarrantRegistry | None = None,
        *,
        delivered: Delivered = lambda month, matches: None,
        cargo_lots: Callable[[int], Array] = lambda accounts: np.zeros(accounts, np.int64),
        cover: Callable[[Mapping[int, int]], None] = lambda shorts: None,
        shorts: ShortCustoms | None = None,
    ) -> None:
        self._registry, self._delivered, self._cargo_lots = registry, delivered, cargo_lots
        self._cover, self._shorts = cover, shorts
        self._settled: dict[tuple[str, Month], list[int]] = {}
        self._mean_of_days: dict[tuple[str, Month], int] = {}
        self._running: list[_Running] = []
        self.ended: list[Delivery] = []
        self._by_month: dict[ContractMonth, Delivery] = {}

    def note(self, product: str, month: Month, settlement_ticks: int, spec: ContractSpec) -> None:
        """Keep a day's settlement price, and of how many of them delivery takes the mean by the day's rules."""
        self._mean_of_days[product, month] = spec.delivery_settlement_trading_days or _MEAN_OF_DAYS
        self._settled.setdefault((product, month), []).append(settlement_ticks)

    def settlement_ticks(self, product: str, month: Month) -> int:
        """Return the delivery settlement price: the mean of a month's last settlements, by the rules of the last."""
        key = product, month
        return delivery_settlement_ticks(self._settled[key], self._mean_of_days[key])

    def delivery_of(self, month: ContractMonth) -> Delivery | None:
        """Return the delivery of a month that has ended, None before."""
        return self._by_month.get(month)

    def in_kind(self, product: str) -> bool:
        """Tell whether a product's months are delivered, not settled in cash."""
        return self._registry is not None and product == "sc"

    @property
    def places(self) -> set[int]:
        """The places at the house that months in delivery occupy."""
        return {running.place for running in self._running}

    def begin(
        self, house: ClearingHouse, month: ContractMonth, place: int, ticks: int, spec: ContractSpec
    ) -> None:
        """Begin the five days of a month; individuals cannot deliver or receive."""
        assert self._registry is not None
        capable = house.roster.kind != Participant.INDIVIDUAL
        delivery = Delivery(house, place, self._registry, ticks, rule=DeliveryRule.of(spec), capable=capable)
        self._cover(_shorts(house, place, capable))
        self._running.append(_Running(month, place, delivery))

    def next_day(self, house: ClearingHouse) -> None:
        """End a trading day for all months in delivery.

        Sellers present all they have on the first day. Who is to receive pays in what it lacks before the third
        ends: it had the money all along, outside the market (an assumption).
        """
        for running in list(self._running):
            delivery = running.delivery
            if delivery.day is DeliveryDay.PRESENT:
                self._present(delivery)
            elif delivery.day is DeliveryDay.PAY:
                _pay_in(house, running)
                delivery.next_day()
                self._delivered(running.month, tuple(delivery.delivered))
                continue
            delivery.next_day()
            if delivery.day is DeliveryDay.ENDED:
                self._running.remove(running)
                self.ended.append(delivery)
                self._by_month[running.month] = delivery

    def without_oil(
        self, house: ClearingHouse, month: ContractMonth, place: int, spec: ContractSpec, days_left: int
    ) -> tuple[Array, list[Buyback]]:
        """Return what becomes of SC's shorts without oil on a day: FORCED rows, and what they buy back by themselves.

        Where the rule of 30 March 2026 is in force it closes them from its day on. Before it looks, and before the
        last trading day where there is no such rule, some leave by themselves (agents/clearing/shorts.py) and some
        brokers close their clients.
        """
        none: tuple[Array, list[Buyback]] = np.zeros(0, FORCED), []
        rule, customs = ExpiryRule.of(spec), self._shorts
        closed_from = rule.deliverable_short_days
        end = 0 if closed_from is None else closed_from + 1
        if self._registry is None or customs is None:
            return none
        if days_left >= end + (
            customs.cover_trading_days if closed_from is None else customs.lead_trading_days
        ):
            return none
        accounts = len(house.roster)
        self._cover(_shorts(house, place, house.roster.kind != Participant.INDIVIDUAL))
        owned, cargo = self._registry.lots_by_owner(accounts), self._cargo_lots(accounts)
        excess = undeliverable_lots(house, place, owned, cargo)
        if rule.shorts_checked(days_left):
            return excess_shorts_liquidation(house, place, excess, high_ticks=0), []
        brokers = int(house.roster.member.max()) + 1
        closed = np.where(house.roster.member < customs.cover_part * brokers, excess, 0)
        most = ANY_PRICE
        if closed_from is None:
            penalty = DeliveryRule.of(spec).penalty_percent + customs.default_charge_percent
            key = "sc", month
            most = default_cost_ticks(self._settled[key], self._mean_of_days[key], days_left, penalty)
        leaving = leaving_lots(excess - closed, days_left - end)
        own = [Buyback(a, int(leaving[a]), most) for a in np.flatnonzero(leaving).tolist()]
        return excess_shorts_liquidation(house, place, closed, high_ticks=0), own

    def _present(self, delivery: Delivery) -> None:
        """Let sellers present their warrants, first those that are paid most at their base, the oldest of them first.

        Grades are not weighed: a better grade is worth its differential to whoever keeps it.
        """
        assert self._registry is not None
        for account in np.flatnonzero(delivery.shorts_lots).tolist():
            room = int(delivery.shorts_lots[account])
            owned = self._registry.of(account)
            for warrant in sorted(owned, key=lambda each: -delivery.base_fen_per_bbl(each.base)):
                lots = min(room, warrant.lots)
                if lots and not warrant.pledged and delivery.can_deliver(account):
                    delivery.present(account, warrant.number, lots)
                    room -= lots


def _shorts(house: ClearingHouse, place: int, capable: Array) -> dict[int, int]:
    """Return the lots that accounts who can deliver are short of a month."""
    short = np.where(capable, -np.minimum(house.net_lots[place], 0), 0)
    return {int(account): int(short[account]) for account in np.flatnonzero(short)}


def _pay_in(house: ClearingHouse, running: _Running) -> None:
    """Let matched buyers pay in the price and fee of their oil beyond what they can spare."""
    due: dict[int, int] = {}
    for match in running.delivery.matches:
        fee = match.lots * running.delivery.fee_fen_per_lot
        due[match.buyer] = due.get(match.buyer, 0) + match.amount_fen + fee
    for buyer, fen in due.items():
        missing = fen - house.spare_fen(buyer, without=running.place)
        if missing > 0:
            house.deposit(buyer, missing)
