"""What becomes of deals: deposit, payment, delivery, and default.

A buyer puts down a deposit when the deal is made and pays the rest before delivery. It is an escrow of two parties'
money, not a clearing house: it guarantees nothing, and the other side of a default bears what the deposit leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from exchange.mechanisms.deals import Deal


class Fault(Enum):
    """Who is to blame for what was not delivered."""

    BUYER = "buyer"
    SELLER = "seller"


@dataclass(frozen=True)
class Performance:
    """State how much of a deal was delivered, and whose fault the missing part is."""

    delivered: int
    fault: Fault


@dataclass(frozen=True)
class Settlement:
    """Hold the deals as they were delivered, net cash by name, and the forfeited deposits (fen, by who lost them)."""

    delivered: tuple[Deal, ...]
    cash_fen: dict[str, int]
    forfeited_fen: dict[str, int]


def deposit_fen(deal: Deal, deposit_percent: int) -> int:
    """Return the deposit of a deal: its percentage of the amount, rounded up to a fen."""
    return -(-deal.amount_fen * deposit_percent // 100)


def settle(
    deals: Sequence[Deal], deposit_percent: int, performances: Mapping[int, Performance] | None = None
) -> Settlement:
    """Settle deals; `performances` says by a deal's number which were not delivered whole.

    What is delivered is paid for. Of what is missing, the deposit in proportion (rounded down) is forfeited to the
    seller by a buyer in default; a seller in default returns it twice over. Source: China's Civil Code, articles 586
    and 587, on earnest money: at most 20 % of the contract, and doubled by a party that received it and failed; that
    the exchange's deposits are earnest money is an assumption. Raises ValueError for a deposit outside 0 to 20 %, an
    unknown deal, and a delivery outside what was sold.
    """
    if not 0 <= deposit_percent <= 20:
        raise ValueError(f"a deposit is 0 to 20 % of the amount, not {deposit_percent} %")
    performances = performances or {}
    unknown = [number for number in performances if not 0 <= number < len(deals)]
    if unknown:
        raise ValueError(f"no deal has the number {unknown[0]}")
    delivered, cash, forfeited = [], dict[str, int](), dict[str, int]()
    for number, deal in enumerate(deals):
        performance = performances.get(number, Performance(deal.quantity, Fault.BUYER))
        missing = deal.quantity - performance.delivered
        if not 0 <= missing <= deal.quantity:
            raise ValueError(f"deal {number}: {performance.delivered} of {deal.quantity} units delivered")
        if performance.delivered:
            delivered.append(Deal(deal.seller, deal.buyer, deal.price_fen, performance.delivered))
        at_stake = deposit_fen(deal, deposit_percent) * missing // deal.quantity
        at_fault, hurt = (
            (deal.buyer, deal.seller) if performance.fault is Fault.BUYER else (deal.seller, deal.buyer)
        )
        _move(cash, deal.buyer, deal.seller, deal.price_fen * performance.delivered)
        _move(cash, at_fault, hurt, at_stake)
        if at_stake:
            forfeited[at_fault] = forfeited.get(at_fault, 0) + at_stake
    return Settlement(tuple(delivered), cash, forfeited)


def _move(cash: dict[str, int], payer: str, payee: str, amount_fen: int) -> None:
    cash[payer] = cash.get(payer, 0) - amount_fen
    cash[payee] = cash.get(payee, 0) + amount_fen
