"""The desk that checks an order against its owner's account before it reaches a book, and keeps what it needs.

It matches nothing: the caller tells it what was filled and what was cancelled. Checks are in the order of `Refusal`.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange.clearing.codes import Refusal as Refusal
from exchange.clearing.house import ClearingHouse, Offset
from exchange.clearing.margin import required_margin_fen
from exchange.clearing.rules import LimitRule, Participant, margin_per_lot_fen
from exchange.codes import Side

_EXPLANATIONS: dict[Refusal, str] = {
    Refusal.ACCEPTED: "accepted",
    Refusal.NOT_HELD: "the order closes more lots than are held and not being closed already, of today's or of earlier",
    Refusal.SUSPENDED: "the account may only close: a margin call is unpaid, or it may not open for now",
    Refusal.PERSON_BEYOND_EXIT: "individuals must leave this month and may only close",
    Refusal.OPENING_LIMIT: "the account would open more lots of this month in a day than is allowed",
    Refusal.POSITION_LIMIT: "the account would hold more lots of this side than its position limit",
    Refusal.BROKER_LIMIT: "the broker's clients would hold more than its share of the open interest",
    Refusal.MARGIN: "the account has not the margin for this order",
}


def explain(refusal: int) -> str:
    """Say in a sentence why an order was refused. Raises ValueError for an unknown code."""
    return _EXPLANATIONS[Refusal(refusal)]


@dataclass(frozen=True)
class Ticket:
    """Name an order at the desk: whose, on which month, which way."""

    account: int
    contract: int
    side: Side
    offset: Offset

    @property
    def position(self) -> int:
        """The side of the position that the order changes."""
        return self.side if self.offset is Offset.OPEN else 1 - self.side


class OrderDesk:
    """Admit orders to one house for a day and keep lots and margin for those that rest.

    Hedge accounts have `hedge_quota_lots` of their own instead of the position limit (None: no quota) and no opening
    limit. Margin for an order is a lot's at the previous settlement, without netting; only gains that are in cash
    count, losses of the day count at once (assumption: domain knowledge of brokers' practice).
    """

    def __init__(self, house: ClearingHouse, *, hedge_quota_lots: int | None = None) -> None:
        self._house, self._quota = house, hedge_quota_lots
        self._resting: dict[Ticket, int] = {}
        self.suspended: set[int] = set()
        self._rates_fen = margin_per_lot_fen(house.rules, house.settled_ticks)
        self._open_interest_lots = house.open_interest_lots

    def admit(self, ticket: Ticket, lots: int) -> Refusal:
        """Check an order and, when it is accepted, keep what it needs until `filled` or `released` says otherwise."""
        refusal = self._check(ticket, lots)
        if refusal is Refusal.ACCEPTED:
            self._resting[ticket] = self._resting.get(ticket, 0) + lots
        return refusal

    def released(self, ticket: Ticket, lots: int) -> None:
        """Let go of lots that were cancelled, or that were filled and are booked at the house."""
        left = self._resting.get(ticket, 0) - lots
        if left < 0:
            raise ValueError(f"{ticket} has only {left + lots} lots resting")
        self._resting[ticket] = left
        if not left:
            del self._resting[ticket]

    def resting_lots(self, ticket: Ticket) -> int:
        """Return the lots of admitted orders that were neither filled nor cancelled."""
        return self._resting.get(ticket, 0)

    def _check(self, ticket: Ticket, lots: int) -> Refusal:
        house, account, contract = self._house, ticket.account, ticket.contract
        held = int(house.held_lots[ticket.position, contract, account])
        today = int(house.today_lots[ticket.position, contract, account])
        if ticket.offset is not Offset.OPEN:
            closable = today if ticket.offset is Offset.CLOSE_TODAY else held - today
            enough = lots + self.resting_lots(ticket) <= closable
            return Refusal.ACCEPTED if enough else Refusal.NOT_HELD
        if account in self.suspended:
            return Refusal.SUSPENDED
        rule = house.rules[contract].limits
        if rule.persons_out and house.roster.kind[account] == Participant.INDIVIDUAL:
            return Refusal.PERSON_BEYOND_EXIT
        sides = [self.resting_lots(Ticket(account, contract, side, Offset.OPEN)) for side in Side]
        hedge = bool(house.roster.hedge[account])
        opened = int(house.opened_lots[contract, account]) + sum(sides) + lots
        clients = int(house.roster.clients[account])
        if rule.opening_lots is not None and not hedge and opened > rule.opening_lots * clients:
            return Refusal.OPENING_LIMIT
        limit = None if rule.position_lots is None else rule.position_lots * clients
        most = self._quota if hedge else limit
        if most is not None and held + sides[ticket.side] + lots > most:
            return Refusal.POSITION_LIMIT
        if self._beyond_broker(rule, ticket, lots):
            return Refusal.BROKER_LIMIT
        needed_fen = lots * int(self._rates_fen[int(hedge), contract])
        return Refusal.ACCEPTED if needed_fen <= self.free_fen(account) else Refusal.MARGIN

    def free_fen(self, account: int) -> int:
        """Return the money for new orders: available, less the day's losses and what resting orders keep."""
        house, own = self._house, slice(account, account + 1)
        held, hedged = house.held_lots[:, :, own], house.roster.hedge[own]
        margin = int(required_margin_fen(held, hedged, self._rates_fen, house.rules, house.netting)[0])
        value = int(house.collateral.value_fen(house.usd_cents[own], house.fx_e4)[0])
        row = int(house.roster.hedge[account])
        kept = sum(
            lots * int(self._rates_fen[row, ticket.contract])
            for ticket, lots in self._resting.items()
            if ticket.account == account and ticket.offset is Offset.OPEN
        )
        losses = min(0, int(house.profit_fen[account])) - int(house.due_fees_fen[account])
        return int(house.cash_fen[account]) + losses - max(0, margin + kept - value)

    def _beyond_broker(self, rule: LimitRule, ticket: Ticket, lots: int) -> bool:
        roster, interest = self._house.roster, int(self._open_interest_lots[ticket.contract])
        if rule.broker_percent is None or interest < rule.broker_from_lots:
            return False
        if roster.kind[ticket.account] == Participant.MEMBER:
            return False
        member = roster.member[ticket.account]
        mine = (roster.member == member) & (roster.kind != Participant.MEMBER)
        together = int(self._house.held_lots[ticket.side, ticket.contract][mine].sum())
        together += sum(
            resting
            for other, resting in self._resting.items()
            if (other.contract, other.side, other.offset) == (ticket.contract, ticket.side, Offset.OPEN)
            and mine[other.account]
        )
        return (together + lots) * 100 > rule.broker_percent * interest
