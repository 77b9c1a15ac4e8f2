"""What the exchange does with a month after a third day locked the same way: halt it, reduce positions, or neither.

It counts no locked days (the venue does) and sets no limit. A reduction is at the limit price of the third day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from agents.clearing.forced import ForcedOrders, Key
from agents.traders.population import TraderPopulation
from agents.traders.state import ARBITRAGE_ACCOUNT
from exchange.clearing.house import ClearingHouse
from exchange.clearing.ladder import AfterThird
from exchange.clearing.reduction import Reduction, ReductionRule, reduce_by_force
from exchange.clearing.rules import Array
from exchange.clock import TradingCalendar
from exchange.codes import Side
from exchange.contracts import ContractSpec
from exchange.venue import Settlement

_THIRD = 3
"""Locked days before the choice where a rulebook has no figure."""


class LockedMonths:
    """Decide at each close; a reduction is booked at the house and in the population at once.

    Who asks to close are the forced orders that found nobody, and the orders that rest at the limit and would close.
    Arbitrageurs and the SimPy side's accounts keep what they hold: one leg of theirs would be left alone (an
    assumption).
    """

    def __init__(
        self,
        house: ClearingHouse,
        population: TraderPopulation,
        forced: ForcedOrders,
        choice_on: Callable[[date], AfterThird],
    ) -> None:
        self._house, self._population, self._forced, self._choice_on = house, population, forced, choice_on
        self._halted: dict[Key, tuple[date, Array, int]] = {}
        self.reduced: dict[Key, Reduction] = {}
        self.reduced_on: date | None = None

    def is_halted(self, key: Key, day: date) -> bool:
        """Tell whether a month does not trade on a day."""
        return key in self._halted and self._halted[key][0] == day

    def after(
        self,
        key: Key,
        outcome: Settlement,
        place: int,
        book: int,
        spec: ContractSpec,
        calendar: TradingCalendar,
    ) -> Array | None:
        """Do what follows a month's close; return the fills of a reduction that has been booked, if there was one."""
        day, choice = outcome.trading_day, self._choice_on(outcome.trading_day)
        limits = outcome.limits_ticks
        if (
            abs(outcome.locked_days) != (spec.locked_days_before_choice or _THIRD)
            or choice is AfterThird.TRADE_ON
            or limits is None
        ):
            return None
        way = 1 if outcome.locked_days > 0 else -1
        if self.is_halted(key, day):
            _, asked, limit = self._halted[key]
            reduces = choice is AfterThird.HALT_AND_REDUCE
        else:
            asked, limit = self._asked(key, book, way), limits[1 if way > 0 else 0]
            reduces = choice is AfterThird.REDUCE
            if not reduces:
                self._halted[key] = calendar.next(day), asked, limit
        if not reduces:
            return None
        spared = np.arange(len(self._house.roster)) >= ARBITRAGE_ACCOUNT
        found = reduce_by_force(self._house, place, way, asked, limit, ReductionRule.of(spec), spared=spared)
        self._house.book(found.fills, fees=False)
        if self.reduced_on != day:
            self.reduced, self.reduced_on = {}, day
        self.reduced[key] = found
        return found.fills

    def _asked(self, key: Key, book: int, way: int) -> Array:
        """Return each account's closing lots that wait at the limit: shorts of a month locked up, longs else."""
        state, lots = self._population.state, self._forced.unfilled_lots(key, long=way < 0)
        record, orders = state["books"][book], state["orders"][book]
        side, limit = (Side.BUY, record["high"]) if way > 0 else (Side.SELL, record["low"])
        waiting = (orders["id"] > 0) & (orders["side"] == side) & (orders["price"] == limit)
        np.add.at(lots, orders["owner"][waiting], orders["quantity"][waiting])
        held = state["positions"][book] * -way
        return np.minimum(lots, np.maximum(held, 0))
