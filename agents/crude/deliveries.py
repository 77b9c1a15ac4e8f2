"""What passes between SC and oil in tank: deliveries at an expiry, and exchanges of futures for physical before it.

It sets no price, and matches with the anonymous sides only where no clearing house does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.crude.bases import DeliveryBase
from agents.crude.carry import NAME as CARRY
from agents.crude.carry import CarryTrader
from agents.crude.commercial import CommercialWarrants
from agents.crude.expiry import Offer, Passed, hand_over, match, take_over
from agents.crude.importer import NAME as IMPORTER
from agents.crude.importer import ImportArbitrageur
from agents.crude.parameters import COMMERCIAL
from agents.crude.parity import ParityPremiums
from agents.crude.reexporter import NAME as REEXPORTER
from agents.crude.reexporter import ReexportArbitrageur
from agents.crude.taker import DeliveryTaker
from agents.crude.trades import Account, Month
from exchange.units import BBL_PER_SC_LOT
from exchange.warrants import WarrantRegistry


class Deliveries:
    """Let the accounts of the crude world deliver and receive: `others` are accounts that hold lots but no oil."""

    def __init__(
        self,
        bases: Mapping[str, DeliveryBase],
        registry: WarrantRegistry,
        numbers: Mapping[str, int],
        commercial: CommercialWarrants,
        importer: ImportArbitrageur,
        carry: CarryTrader,
        reexporter: ReexportArbitrageur,
        refiners: Mapping[str, DeliveryTaker],
        others: Sequence[Account],
    ) -> None:
        self._bases, self._registry, self._numbers = bases, registry, numbers
        self._commercial = commercial
        self._importer, self._carry, self._reexporter = importer, carry, reexporter
        self._takers = {**refiners, REEXPORTER: reexporter}
        self._others = others

    def offers(self, month: Month) -> list[Offer]:
        """Return the free warrants that each account could deliver against its short of a month, oldest first."""
        found = []
        for name, trader in ((IMPORTER, self._importer), (CARRY, self._carry)):
            left = trader.deliverable_lots(month)
            for warrant in self._registry.of(self._numbers[name]):
                lots = 0 if warrant.pledged else min(left, warrant.lots)
                if lots:
                    found.append(Offer(name, warrant.number, warrant.base, warrant.grade, lots))
                    left -= lots
        return found

    def wanted_lots(self, month: Month) -> dict[str, int]:
        """Return the lots of an expiring month that each account wants to receive."""
        wanted = {name: taker.wanted_lots(month) for name, taker in self._takers.items()}
        return wanted | {CARRY: self._carry.wanted_lots(month)}

    def exchangeable(
        self, month: Month, shorts_lots: Mapping[int, int], fx_cny_per_usd: float
    ) -> list[Passed]:
        """Return what could pass before the expiry, to those who use oil at once, from whoever has a warrant.

        `shorts_lots` are the shorts of accounts without a name here, who may have oil in tank to put under warrant,
        the largest first. A carry trader wants oil at the expiry and not before.
        """
        self._read_fills(fx_cny_per_usd)
        wanted = {name: taker.wanted_lots(month) for name, taker in self._takers.items()}
        offers = self.offers(month)
        left = sum(wanted.values()) - sum(offer.lots for offer in offers)
        for account, lots in sorted(shorts_lots.items(), key=lambda item: (-item[1], item[0])):
            if left <= 0:
                break
            self._commercial.register({account: min(lots, left)})
            for warrant in self._registry.of(account):
                part = 0 if warrant.pledged else min(lots, left, warrant.lots)
                if part:
                    offers.append(Offer(COMMERCIAL, warrant.number, warrant.base, warrant.grade, part))
                    lots, left = lots - part, left - part
        pairs = match(offers, wanted, self._bases)
        return [pair for pair in pairs if pair.warrant is not None and pair.buyer != COMMERCIAL]

    def exchange(
        self, month: Month, passed: Passed, off_cny_per_bbl: float, premium: ParityPremiums, fx: float
    ) -> None:
        """Take in an exchange that is booked: `passed` names the buyer's warrant, `off` is what oil was cheaper."""
        bbl = passed.lots * BBL_PER_SC_LOT
        sellers = {IMPORTER: self._importer.account, CARRY: self._carry.account}
        if passed.seller in sellers:
            sellers[passed.seller].pay(off_cny_per_bbl, bbl)
        self._takers[passed.buyer].account.pay(-off_cny_per_bbl, bbl)
        take_over(passed, self._bases)
        self._pass(month, passed, passed.warrant, premium, fx)

    def expire(
        self,
        month: Month,
        price_cny_per_bbl: float,
        premium: ParityPremiums,
        fx_cny_per_usd: float,
        passed: Sequence[Passed] | None = None,
    ) -> None:
        """Deliver an expiring month: what a clearing house says has passed, else what accounts here offer and want.

        `month` is None where SC is one series: then what is not delivered goes on to the next month; else it is closed
        at the settlement price.
        """
        self._read_fills(fx_cny_per_usd)
        by_house = passed is not None
        if passed is None:
            passed = match(self.offers(month), self.wanted_lots(month), self._bases)
        for each in passed:
            if by_house:
                take_over(each, self._bases)
                warrant = each.warrant
            else:
                warrant = hand_over(each, self._bases, self._registry, self._numbers)
            self._pass(month, each, warrant, premium, fx_cny_per_usd)
        if month is not None:
            self._importer.expire(month, price_cny_per_bbl)
            self._carry.expire(month, price_cny_per_bbl)
            for account in (*(taker.account for taker in self._takers.values()), *self._others):
                account.close_out(month, price_cny_per_bbl)

    def _read_fills(self, fx_cny_per_usd: float) -> None:
        self._importer.read_fills(fx_cny_per_usd)
        for taker in self._takers.values():
            taker.account.read_fills(fx_cny_per_usd)
        for account in (self._carry.account, *self._others):
            account.read_fills(1.0)

    def _pass(
        self, month: Month, each: Passed, warrant: int | None, premium: ParityPremiums, fx: float
    ) -> None:
        """Book a delivery in the accounts, and use what was received: refiners lift it, the re-exporter ships it."""
        base, bbl = self._bases[each.base], each.lots * BBL_PER_SC_LOT
        if each.seller == IMPORTER:
            self._importer.deliver(month, each.lots)
        elif each.seller == CARRY:
            self._carry.deliver(month, each.lots)
        if each.buyer == CARRY:
            self._carry.receive(month, each.lots, base)
        elif warrant is not None and each.buyer not in (COMMERCIAL, *self._takers):
            # Investors sell their oil in tank at the settlement price, at which their lots are closed below.
            self._registry.cancel(warrant)
            base.hand_over(each.buyer, COMMERCIAL, bbl)
            base.release(COMMERCIAL, bbl)
        elif warrant is not None and each.buyer != COMMERCIAL:
            self._registry.cancel(warrant)
            worth = premium.reexport if each.buyer == REEXPORTER else premium.lowest
            self._takers[each.buyer].receive(month, each.lots, worth * fx)
            if each.buyer == REEXPORTER:
                self._reexporter.ship_out(base, each.lots)
            else:
                base.release(each.buyer, bbl)
        if each.seller in (IMPORTER, CARRY):
            base.free_room(each.seller)
