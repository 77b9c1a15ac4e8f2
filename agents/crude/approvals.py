"""The approval of new capacity: a base under pressure applies, and the exchange lets it wait.

It decides no construction: approved capacity is there, and becomes active. Where dated capacity is given, it is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from agents.crude.bases import DeliveryBase
from agents.crude.parameters import ApprovalParameters


@dataclass(frozen=True)
class Application:
    """Record what a base applied for, and when it is approved."""

    base: str
    applied: date
    approved: date
    bbl: int


class Approvals:
    """Count each base's days under pressure, take its application, approve it after the lag.

    lag = longest - (longest - shortest) x (use of all bases - pressure_from_use) / (1 - pressure_from_use), held
    between the two; one application a base at a time.
    """

    def __init__(self, parameters: ApprovalParameters, bases: Mapping[str, DeliveryBase]) -> None:
        self._own, self._bases = parameters, bases
        self._days: dict[str, int] = {}
        self.applications: list[Application] = []

    def added_bbl(self, base: str, day: date) -> int:
        """Return the capacity of a base that has been approved by a day, in barrels."""
        return sum(each.bbl for each in self.applications if each.base == base and each.approved <= day)

    def pass_day(self, day: date) -> None:
        """Look at each base's tanks on a day, and take its application when it has been full for long."""
        if not self._own.enabled:
            return
        for name, base in self._bases.items():
            full = base.use > self._own.pressure_from_use
            self._days[name] = self._days.get(name, 0) + 1 if full else 0
            waiting = any(each.base == name and each.approved >= day for each in self.applications)
            if self._days[name] >= self._own.pressure_days and not waiting:
                bbl = min(
                    int(self._own.step_share * base.capacity_bbl), base.depot.approved_bbl - base.capacity_bbl
                )
                if bbl > 0:
                    self.applications.append(
                        Application(name, day, day + timedelta(days=self._lag_days()), bbl)
                    )

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self._days.values(), *(each.bbl for each in self.applications)]

    def _lag_days(self) -> int:
        own = self._own
        capacity = sum(base.capacity_bbl for base in self._bases.values())
        room = sum(base.room_bbl for base in self._bases.values())
        pressure = (1 - room / capacity - own.pressure_from_use) / (1 - own.pressure_from_use)
        longest = own.lag_days_max
        return round(longest - (longest - own.lag_days_min) * min(max(pressure, 0.0), 1.0))
