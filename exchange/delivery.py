"""The five days of physical delivery of one expired month: warrants and intentions, matching, payment, invoices.

It knows no ship and no tank: oil is warrants (exchange/warrants.py), money and positions are the clearing house's.
Whoever must leave before expiry, or be closed by force, is told by exchange/expiry.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from exchange.clearing.closing import closing_fills
from exchange.clearing.house import FILL, ClearingHouse
from exchange.clearing.rules import Array
from exchange.codes import Side
from exchange.contracts import ContractSpec
from exchange.units import FEN_PER_CNY
from exchange.warrants import Warrant, WarrantRegistry


def base_key(base: str) -> str:
    """Return a delivery base's name as rules write it: "Zhoushan (Cezi)" is zhoushan_cezi."""
    return re.sub(r"[^a-z0-9]+", "_", base.lower()).strip("_")


class DeliveryDay(IntEnum):
    """The days of the procedure. ENDED: invoices are settled, nothing is left to do."""

    PRESENT = 1
    MATCH = 2
    PAY = 3
    INVOICE = 4
    SETTLE = 5
    ENDED = 6


@dataclass(frozen=True)
class DeliveryRule:
    """State the figures of delivery.

    `fee_fen_per_lot` from each side. A defaulting side pays `penalty_percent` of the undelivered value to the other.
    The seller gets `first_payment_percent` when the warrants pass, the rest with the invoice. Source: assumption:
    domain knowledge of SHFE's and INE's delivery rules (0.05 yuan/bbl, 20 %, 80 %).
    """

    fee_fen_per_lot: int = 5_000
    penalty_percent: int = 20
    first_payment_percent: int = 80
    grade_fen_per_bbl: Mapping[str, int] = field(default_factory=dict)
    base_fen_per_bbl: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: ContractSpec) -> DeliveryRule:
        """Read fee and differentials from a rulebook; a grade or a base without a differential is taken at 0."""
        grades = {
            name: round((grade.differential_cny_per_bbl or 0.0) * FEN_PER_CNY)
            for name, grade in spec.deliverable_grades.items()
        }
        bases = {
            name: round(each * FEN_PER_CNY) for name, each in spec.location_differential_cny_per_bbl.items()
        }
        fee_fen = round((spec.delivery_fee_cny_per_bbl or 0.0) * FEN_PER_CNY * spec.lot_bbl)
        return cls(fee_fen_per_lot=fee_fen, grade_fen_per_bbl=grades, base_fen_per_bbl=bases)

    def differential_fen_per_bbl(self, base: str, grade: str) -> int:
        """Return what a grade at a base is worth beyond the standard, in fen a barrel; 0 where nothing is said."""
        return self.grade_fen_per_bbl.get(grade, 0) + self.base_fen_per_bbl.get(base_key(base), 0)


@dataclass(frozen=True)
class Intention:
    """State what a buyer wishes: bases and grades in order of preference, and when it said so."""

    account: int
    at_ns: int
    bases: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()

    def rank(self, warrant: Warrant) -> tuple[int, int]:
        """Return how well a warrant fits, the smallest first: by base, then grade; what is not named comes last."""
        base = self.bases.index(warrant.base) if warrant.base in self.bases else len(self.bases)
        grade = self.grades.index(warrant.grade) if warrant.grade in self.grades else len(self.grades)
        return base, grade


@dataclass(frozen=True)
class Match:
    """Pair a buyer and a pledged warrant of a seller; `amount_fen` is the price of all lots with differentials."""

    buyer: int
    seller: int
    warrant: int
    base: str
    grade: str
    lots: int
    amount_fen: int


@dataclass(frozen=True)
class Failure:
    """Record lots that were not delivered: who failed, who was compensated, and with how much."""

    at_fault: int
    compensated: int
    lots: int
    penalty_fen: int


class Delivery:
    """Lead one expired month through its five days; call `next_day` at the end of each.

    It begins after the last trading day's settlement. Positions are first marked to the delivery settlement price,
    and an account's own two sides close against each other. Accounts without capacity to deliver (`capable`) fail
    whatever they hold.
    """

    def __init__(
        self,
        house: ClearingHouse,
        contract: int,
        registry: WarrantRegistry,
        delivery_settlement_ticks: int,
        *,
        rule: DeliveryRule | None = None,
        capable: Array | None = None,
    ) -> None:
        self._house, self._contract, self._registry = house, contract, registry
        self._rule = rule or DeliveryRule()
        self._capable = np.ones(len(house.roster), bool) if capable is None else capable
        self.settlement_ticks = delivery_settlement_ticks
        self.day = DeliveryDay.PRESENT
        self.matches: list[Match] = []
        self.failures: list[Failure] = []
        self.delivered: list[Match] = []
        self._pledged: dict[int, list[int]] = {}
        self._intentions: dict[int, Intention] = {}
        self._owed_fen: dict[int, int] = {}
        self._mark()

    @property
    def longs_lots(self) -> Array:
        """Lots still to be received, by account."""
        return self._house.held_lots[Side.BUY, self._contract]

    @property
    def shorts_lots(self) -> Array:
        """Lots still to be delivered, by account."""
        return self._house.held_lots[Side.SELL, self._contract]

    @property
    def fee_fen_per_lot(self) -> int:
        """The delivery fee of a lot for each side."""
        return self._rule.fee_fen_per_lot

    def can_deliver(self, account: int) -> bool:
        """Tell whether an account has the capacity to deliver or to receive."""
        return bool(self._capable[account])

    def base_fen_per_bbl(self, base: str) -> int:
        """Return what oil at a base is paid beyond the price."""
        return self._rule.base_fen_per_bbl.get(base_key(base), 0)

    @property
    def amount_per_lot_fen(self) -> int:
        """The value of a lot of the standard grade."""
        return self.settlement_ticks * self._house.rules[self._contract].fen_per_tick

    def present(self, account: int, number: int, lots: int | None = None) -> Warrant:
        """Present a seller's warrants on the first day. Raises ValueError for more than it has to deliver."""
        self._must_be(DeliveryDay.PRESENT)
        warrant = self._registry[number]
        lots = warrant.lots if lots is None else lots
        if warrant.owner != account:
            raise ValueError(f"warrant {number} is not account {account}'s")
        room = int(self.shorts_lots[account]) - self.presented_lots(account)
        if lots > room or not self._capable[account]:
            raise ValueError(f"account {account} has {room} lots left to deliver, {lots} presented")
        pledged = self._registry.pledge(number, lots)
        self._pledged.setdefault(account, []).append(pledged.number)
        return pledged

    def presented_lots(self, account: int) -> int:
        """Return the lots that a seller has presented and not handed over."""
        numbers = self._pledged.get(account, [])
        return sum(self._registry[number].lots for number in numbers if number in self._registry)

    def intend(self, intention: Intention) -> None:
        """Take a buyer's wishes on the first day; a later one replaces the earlier and its time."""
        self._must_be(DeliveryDay.PRESENT)
        self._intentions[intention.account] = intention

    def next_day(self) -> None:
        """End the day: match on the second, pay and transfer on the third, settle invoices on the fifth."""
        if self.day is DeliveryDay.ENDED:
            raise ValueError("the delivery has ended")
        if self.day is DeliveryDay.MATCH:
            self._match()
        elif self.day is DeliveryDay.PAY:
            self._pay()
        elif self.day is DeliveryDay.SETTLE:
            self._settle_invoices()
        self.day = DeliveryDay(self.day + 1)

    def _mark(self) -> None:
        house, contract = self._house, self._contract
        change = self.settlement_ticks - int(house.settled_ticks[contract])
        house.cash_fen += house.net_lots[contract] * change * house.rules[contract].fen_per_tick
        house.settled_ticks[contract] = self.settlement_ticks
        for account in np.flatnonzero(house.held_lots[:, contract].min(axis=0)).tolist():
            self._close(account, account, int(house.held_lots[:, contract, account].min()))

    def _match(self) -> None:
        """Match buyers with warrants.

        Buyers in the order of their intentions, those without one last, by account. Each takes the warrants that
        fit its wishes best; of those that fit alike, the largest (fewest sellers), then the oldest.
        Source: assumption: domain knowledge (time first, whole lots, nearest match).
        """
        left = {n: self._registry[n].lots for numbers in self._pledged.values() for n in numbers}
        never = Intention(-1, 2**62)
        buyers = [a for a in np.flatnonzero(self.longs_lots).tolist() if self._capable[a]]
        buyers.sort(key=lambda a: (self._intentions.get(a, never).at_ns, a))
        for buyer in buyers:
            wish, wanted = self._intentions.get(buyer, never), int(self.longs_lots[buyer])
            by_fit = sorted(left, key=lambda n: (*wish.rank(self._registry[n]), -left[n], n))
            for number in by_fit:
                lots = min(wanted, left[number])
                if lots:
                    self.matches.append(self._matched(buyer, number, lots))
                    left[number] -= lots
                    wanted -= lots

    def _matched(self, buyer: int, number: int, lots: int) -> Match:
        warrant = self._registry[number]
        differential = self._rule.differential_fen_per_bbl(warrant.base, warrant.grade)
        amount = lots * (self.amount_per_lot_fen + differential * self._registry.lot_bbl)
        return Match(buyer, warrant.owner, number, warrant.base, warrant.grade, lots, amount)

    def _pay(self) -> None:
        """Let buyers pay, hand over warrants, and close what nobody can deliver or pay for, with its penalty."""
        for match in self.matches:
            lots = self._payable_lots(match)
            if lots:
                self._deliver(match, lots)
            self._fail(match.buyer, match.seller, match.lots - lots, Side.BUY)
        unable = np.flatnonzero((self.longs_lots > 0) & ~self._capable).tolist()
        self._fail_side(Side.BUY, unable)
        self._fail_side(Side.SELL, np.flatnonzero(self.shorts_lots).tolist())
        for number in (n for numbers in self._pledged.values() for n in numbers):
            if number in self._registry:
                self._registry.free(number)

    def _payable_lots(self, match: Match) -> int:
        """Return the lots for which the buyer's cash suffices, beyond the margin of its other months and fees."""
        free = self._house.spare_fen(match.buyer, without=self._contract)
        per_lot = match.amount_fen // match.lots + self._rule.fee_fen_per_lot
        return max(0, min(match.lots, free // max(1, per_lot)))

    def _deliver(self, match: Match, lots: int) -> None:
        cash, funds, rule = self._house.cash_fen, self._house.funds, self._rule
        amount = match.amount_fen // match.lots * lots
        first = amount * rule.first_payment_percent // 100
        cash[match.buyer] -= amount
        cash[match.seller] += first
        funds.escrow_fen += amount - first
        self._owed_fen[match.seller] = self._owed_fen.get(match.seller, 0) + amount - first
        for account in (match.buyer, match.seller):
            cash[account] -= lots * rule.fee_fen_per_lot
            funds.capital_fen += lots * rule.fee_fen_per_lot
        received = self._registry.transfer(match.warrant, match.buyer, lots)
        self._close(match.buyer, match.seller, lots)
        self.delivered.append(
            Match(match.buyer, match.seller, received.number, match.base, match.grade, lots, amount)
        )

    def _fail_side(self, side: Side, at_fault: list[int]) -> None:
        """Close accounts' lots against the other side: who kept oil ready for them first, then by account number."""
        held = self._house.held_lots[:, self._contract]
        others = sorted(np.flatnonzero(held[1 - side]).tolist(), key=lambda a: (-self.presented_lots(a), a))
        for account in at_fault:
            for other in others:
                self._fail(account, other, min(int(held[side, account]), int(held[1 - side, other])), side)

    def _fail(self, at_fault: int, compensated: int, lots: int, side: Side) -> None:
        """Close lots of `at_fault`, who holds `side`, and move its penalty to the other."""
        if not lots:
            return
        penalty = lots * self.amount_per_lot_fen * self._rule.penalty_percent // 100
        self._house.cash_fen[at_fault] -= penalty
        self._house.cash_fen[compensated] += penalty
        self._close(*((at_fault, compensated) if side is Side.BUY else (compensated, at_fault)), lots)
        self.failures.append(Failure(at_fault, compensated, lots, penalty))

    def _settle_invoices(self) -> None:
        for seller, owed in self._owed_fen.items():
            self._house.cash_fen[seller] += owed
            self._house.funds.escrow_fen -= owed
        self._owed_fen = {}

    def _close(self, long: int, short: int, lots: int) -> None:
        house, price = self._house, self.settlement_ticks
        fills = closing_fills(house, long, self._contract, Side.BUY, lots, price)
        fills += closing_fills(house, short, self._contract, Side.SELL, lots, price)
        house.book(np.array(fills, FILL), fees=False)

    def _must_be(self, day: DeliveryDay) -> None:
        if self.day is not day:
            raise ValueError(f"it is delivery day {int(self.day)}, this belongs to day {int(day)}")
