"""Default and the waterfall: who pays when an account has lost more than it has.

It closes no position (closing.py, reduction.py) and makes no money: what no layer can pay stays owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from exchange.clearing.house import ClearingHouse
from exchange.clearing.shares import pro_rata


class Layer(IntEnum):
    """Where money comes from after a defaulter's own, which always goes first.

    MEMBER_OWN: the capital of its broker. MEMBER_GUARANTEE: that member's part of the guarantee fund. RESERVE: the
    exchange's risk reserve. OTHER_GUARANTEE: the other members' parts, pro rata. CAPITAL: the exchange's own.
    """

    MEMBER_OWN = 0
    MEMBER_GUARANTEE = 1
    RESERVE = 2
    OTHER_GUARANTEE = 3
    CAPITAL = 4


WATERFALL = tuple(Layer)
"""The order of the layers. Source: assumption: domain knowledge of Chinese futures law (the defaulter, its member, the
guarantee fund, the risk reserve, the exchange's own funds); mutual parts after the reserve are a choice."""


@dataclass(frozen=True)
class Loss:
    """Record a default: what was owed, what dollars brought, what each layer paid, and what nobody could."""

    account: int
    member: int
    owed_fen: int
    dollars_fen: int
    paid_fen: dict[Layer, int]

    @property
    def uncovered_fen(self) -> int:
        """What stays owed."""
        return self.owed_fen - self.dollars_fen - sum(self.paid_fen.values())


def cover_deficits(
    house: ClearingHouse, layers: Sequence[Layer] = WATERFALL, *, with_positions: bool = False
) -> list[Loss]:
    """Bring accounts with negative cash to nothing, as far as the layers reach, in the order of their numbers.

    Dollars are changed first. An account that still holds positions waits for their liquidation unless
    `with_positions`.
    """
    deficits = house.cash_fen < 0
    if not with_positions:
        deficits &= ~house.held_lots.any(axis=(0, 1))
    losses = []
    for account in np.flatnonzero(deficits).tolist():
        owed = -int(house.cash_fen[account])
        dollars = _change_dollars(house, account, owed)
        member = int(house.roster.member[account])
        paid: dict[Layer, int] = {}
        for layer in layers:
            missing = max(0, -int(house.cash_fen[account]))
            paid[layer] = _pay(house, layer, member, missing)
            house.cash_fen[account] += paid[layer]
        losses.append(Loss(account, member, owed, min(dollars, owed), paid))
    return losses


def _change_dollars(house: ClearingHouse, account: int, owed_fen: int) -> int:
    """Change no more dollars than are needed; return what they brought, at most a cent's worth too much."""
    needed_cents = -(-owed_fen * 10_000 // house.fx_e4)
    return house.exchange_usd(account, min(needed_cents, int(house.usd_cents[account])))


def _pay(house: ClearingHouse, layer: Layer, member: int, missing_fen: int) -> int:
    """Take up to the missing money out of a layer and return it."""
    funds = house.funds
    if layer is Layer.RESERVE:
        paid = min(missing_fen, max(0, funds.reserve_fen))
        funds.reserve_fen -= paid
    elif layer is Layer.CAPITAL:
        paid = min(missing_fen, max(0, funds.capital_fen))
        funds.capital_fen -= paid
    elif layer is Layer.OTHER_GUARANTEE:
        others = np.maximum(funds.guarantee_fen, 0)
        others[member] = 0
        paid = min(missing_fen, int(others.sum()))
        funds.guarantee_fen -= pro_rata(paid, others)
    else:
        fund = funds.member_own_fen if layer is Layer.MEMBER_OWN else funds.guarantee_fen
        paid = min(missing_fen, max(0, int(fund[member])))
        fund[member] -= paid
    return paid
