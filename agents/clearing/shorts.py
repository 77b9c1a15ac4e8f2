"""Shorts without oil as a month ends: when they buy back by themselves, and what they would pay at most.

A short who cannot deliver has one other choice, default, and its price is known: the delivery settlement price and the
penalty on it. It closes nobody by force (exchange/expiry.py) and trades nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exchange.clearing.rules import Array
from exchange.limits import delivery_settlement_ticks

ANY_PRICE = 0
"""A highest price that is none: default is no choice, or the account is closed by force."""


@dataclass(frozen=True)
class Buyback:
    """State what an account wants to buy back on a day, and up to which price (ANY_PRICE: any)."""

    account: int
    lots: int
    most_ticks: int


def leaving_lots(excess_lots: Array, days_left: int) -> Array:
    """Return the part of shorts without oil that buys back on a day, so that as many leave on each of the days left.

    = ceil(excess / (days_left + 1)): all that is left on the last day, whose days_left is 0.
    """
    return np.asarray(-(-excess_lots // (days_left + 1)))


def default_cost_ticks(
    settled_ticks: Sequence[int], mean_of_days: int, days_left: int, penalty_percent: float
) -> int:
    """Return what default would cost, the highest price at which buying back is the better choice.

    = expected delivery settlement price x (1 + penalty / 100). The `days_left` + 1 settlements to come are expected
    at the last one; the delivery settlement price is the mean of the last `mean_of_days`.
    """
    to_come = [settled_ticks[-1]] * (days_left + 1)
    expected = delivery_settlement_ticks([*settled_ticks, *to_come], mean_of_days)
    return int(expected * (1 + penalty_percent / 100))
