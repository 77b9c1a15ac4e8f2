"""The way to the last trading day: who must be out, which shorts have no oil, and which phase a month is in.

It delivers nothing (exchange/delivery.py); the orders that it returns go to the market like any forced liquidation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exchange.clearing.closing import FORCED, Reason, closing_fills, in_sequence
from exchange.clearing.house import ClearingHouse
from exchange.clearing.rules import Array
from exchange.codes import Side
from exchange.contracts import ContractSpec


@dataclass(frozen=True)
class ExpiryRule:
    """State the days that count back from the last trading day, which is 0; None: there is no such rule.

    Individuals are out by the close of `person_exit_days`. After the close of the day before
    `deliverable_short_days` a short may not exceed warrants and recognised cargo, and from that day on the excess is
    closed by force (in force from 2026-03-30: notice of 13 March 2026). The last day on which futures may be
    exchanged for physical oil is `efp_last_days` (assumption).
    """

    person_exit_days: int | None = 8
    deliverable_short_days: int | None = None
    efp_last_days: int = 2

    @classmethod
    def of(cls, spec: ContractSpec) -> ExpiryRule:
        """Read the days from a rulebook: nothing is closed before the close after which it is checked."""
        efp, checked = spec.efp_ends_trading_days, spec.deliverable_short_trading_days
        closed_from = spec.deliverable_short_closed_from_trading_days
        if closed_from is not None and checked is not None:
            closed_from = max(0, min(closed_from, checked - 1))
        return cls(spec.person_exit_trading_days, closed_from, cls.efp_last_days if efp is None else efp)

    def persons_out(self, days_left: int) -> bool:
        """Tell whether individuals had to be out before this day: they may not open, and are closed by force."""
        return self.person_exit_days is not None and days_left < self.person_exit_days

    def shorts_checked(self, days_left: int) -> bool:
        """Tell whether shorts without oil are closed by force on this day."""
        return self.deliverable_short_days is not None and days_left <= self.deliverable_short_days

    def efp_allowed(self, days_left: int) -> bool:
        """Tell whether positions may still be exchanged for physical oil on this day."""
        return days_left >= self.efp_last_days


def undeliverable_lots(house: ClearingHouse, contract: int, warrants_lots: Array, cargo_lots: Array) -> Array:
    """Return each account's short beyond its warrants and recognised cargo, in lots.

    The account's own long counts against its short (an assumption). All shapes (accounts,).
    """
    short = -np.minimum(house.net_lots[contract], 0)
    return np.maximum(short - warrants_lots - cargo_lots, 0)


def undeliverable_liquidation(
    house: ClearingHouse, contract: int, warrants_lots: Array, cargo_lots: Array, high_ticks: int
) -> Array:
    """Return FORCED rows that buy back, at the upper limit, the shorts that have no oil."""
    excess = undeliverable_lots(house, contract, warrants_lots, cargo_lots)
    return excess_shorts_liquidation(house, contract, excess, high_ticks)


def excess_shorts_liquidation(house: ClearingHouse, contract: int, excess: Array, high_ticks: int) -> Array:
    """Return FORCED rows that buy back `excess` lots of each account's short, shape (accounts,), at the upper limit."""
    rows = []
    for account in np.flatnonzero(excess).tolist():
        fills = closing_fills(house, account, contract, Side.SELL, int(excess[account]), high_ticks)
        rows += [(*fill, Reason.NOT_DELIVERABLE) for fill in fills]
    return in_sequence(house, np.array(rows, FORCED))
