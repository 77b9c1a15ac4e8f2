"""The members of SHPGX: registered accounts, what they have signed, and the deposits that are held for it.

It is an escrow of two parties' money over time; settlement.py says the same of deals that are performed at once. It
lends nothing and guarantees nothing: an account may fall as far below zero as its owner pays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exchange.mechanisms.deals import Deal
from exchange.mechanisms.settlement import Fault, deposit_fen


@dataclass
class Signed:
    """A deal under way: its deposit, and what of it has been delivered or missed so far."""

    deal: Deal
    deposit_fen: int
    delivered: int = 0
    missed: int = 0

    @property
    def left(self) -> int:
        """Units still to be performed."""
        return self.deal.quantity - self.delivered - self.missed


class Members:
    """Keep accounts: `cash_fen` by name, `held_fen` in escrow, `forfeited_fen` by who lost it.

    Cash and escrow sum to 0 at any time, as all money comes from members and goes to members.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.cash_fen: dict[str, int] = {}
        self.held_fen = 0
        self.forfeited_fen: dict[str, int] = {}
        self.signed: list[Signed] = []
        for name in names:
            self.register(name)

    def register(self, name: str) -> None:
        """Open an account. Raises ValueError for a name that has one."""
        if name in self.cash_fen:
            raise ValueError(f"{name} is a member already")
        self.cash_fen[name] = self.forfeited_fen[name] = 0

    def sign(self, deal: Deal, deposit_percent: int) -> int:
        """Take the buyer's deposit for a deal and return the deal's number.

        Raises LookupError for a party that is no member, ValueError for a deposit outside 0 to 20 %.
        """
        for name in (deal.seller, deal.buyer):
            if name not in self.cash_fen:
                raise LookupError(f"{name} is no member")
        if not 0 <= deposit_percent <= 20:
            raise ValueError(f"a deposit is 0 to 20 % of the amount, not {deposit_percent} %")
        deposit = deposit_fen(deal, deposit_percent)
        self.cash_fen[deal.buyer] -= deposit
        self.held_fen += deposit
        self.signed.append(Signed(deal, deposit))
        return len(self.signed) - 1

    def perform(self, number: int, delivered: int, missed: int = 0, fault: Fault = Fault.BUYER) -> int:
        """Deliver and pay for a part of a deal, and end another part as missed; return the deposit forfeited, in fen.

        The deposit in proportion to both parts is released, so that it counts toward the price; for what is missed it
        goes to the seller, or comes back twice over (see settlement.settle). Raises ValueError for more than is left.
        """
        signed, done = self.signed[number], delivered + missed
        if delivered < 0 or missed < 0 or done > signed.left:
            raise ValueError(
                f"deal {number}: {delivered} delivered and {missed} missed of {signed.left} left"
            )
        if not done:
            return 0
        deal, before = signed.deal, signed.delivered + signed.missed
        released = (
            signed.deposit_fen * (before + done) // deal.quantity
            - signed.deposit_fen * before // deal.quantity
        )
        at_stake = released * missed // done
        signed.delivered += delivered
        signed.missed += missed
        self.held_fen -= released
        self.cash_fen[deal.buyer] += released
        self._move(deal.buyer, deal.seller, deal.price_fen * delivered)
        at_fault, hurt = (deal.buyer, deal.seller) if fault is Fault.BUYER else (deal.seller, deal.buyer)
        self._move(at_fault, hurt, at_stake)
        self.forfeited_fen[at_fault] += at_stake
        return at_stake

    @property
    def balance_fen(self) -> int:
        """All cash and escrow together: 0."""
        return sum(self.cash_fen.values()) + self.held_fen

    def _move(self, payer: str, payee: str, amount_fen: int) -> None:
        self.cash_fen[payer] -= amount_fen
        self.cash_fen[payee] += amount_fen
