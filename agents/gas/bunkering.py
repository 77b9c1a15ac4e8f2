"""LNG as ships' fuel: bunker ships that load at a terminal's quay, as many as a year's recorded volume asks for.

What they load leaves the delta. Who sells it and at what price is not said: it enters no price and no account.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from annotated_types import Len
from pydantic import Field, PositiveInt, model_validator

from agents.gas.sea import NonNegative
from exchange.parameters import Parameters

if TYPE_CHECKING:
    from agents.gas.terminals import Terminal


class BunkeringParameters(Parameters):
    """Bunkering at a terminal: liquid by year from `from_date` on, fetched in calls of one size.

    Before the first year there is none; after the last one it grows by `growth_per_year`.
    """

    terminal: str
    from_date: date
    call_m3: PositiveInt
    yearly_m3: Annotated[dict[int, Annotated[int, Field(ge=0)]], Len(1)]
    growth_per_year: NonNegative

    @model_validator(mode="after")
    def _no_year_is_missing(self) -> Self:
        if sorted(self.yearly_m3) != list(range(min(self.yearly_m3), max(self.yearly_m3) + 1)):
            raise ValueError("yearly_m3: a year is missing")
        return self


class Bunkering:
    """Call ships as the year's volume falls due, evenly over its days; `multiple`, set by a lever, scales it.

    A ship comes on the day on which anything is due beyond what the last one took, and waits while the port is shut,
    the berths are taken or the owner's stock is less than a call: the day's send-out and lorries come first.
    """

    def __init__(self, parameters: BunkeringParameters) -> None:
        self.multiple = 1.0
        self.due_m3 = 0
        self._parameters = parameters

    @property
    def terminal(self) -> str:
        """Return the terminal at which ships load."""
        return self._parameters.terminal

    @property
    def waiting(self) -> int:
        """Return the number of ships that wait."""
        return max(0, -(-self.due_m3 // self._parameters.call_m3))

    def wanted_m3(self, day: date) -> int:
        """Return what falls due on a day: the year's volume over its days, in whole m3 that sum to it."""
        own = self._parameters
        if day < own.from_date or day.year < min(own.yearly_m3):
            return 0
        last = max(own.yearly_m3)
        growth = (1.0 + own.growth_per_year) ** max(0, day.year - last)
        volume = round(own.yearly_m3[min(day.year, last)] * growth)
        first = max(own.from_date, date(day.year, 1, 1))
        days, at = (date(day.year + 1, 1, 1) - first).days, (day - first).days
        return round(self.multiple * (volume * (at + 1) // days - volume * at // days))

    def forecast_m3(self, day: date, days: int) -> np.ndarray:
        """Return what falls due on consecutive days from `day` on; shape (days,)."""
        return np.array([self.wanted_m3(day + timedelta(days=ahead)) for ahead in range(days)], dtype=float)

    def load(self, day: date, terminal: Terminal) -> int:
        """Let the ships of a day, and those that waited, load what they can; return it in m3 of liquid."""
        call_m3, loaded_m3 = self._parameters.call_m3, 0
        self.due_m3 += self.wanted_m3(day)
        while self.due_m3 > 0 and terminal.has_free_berth and terminal.available_m3 >= call_m3:
            terminal.bunker(call_m3)
            self.due_m3 -= call_m3
            loaded_m3 += call_m3
        return loaded_m3
