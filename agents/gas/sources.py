"""The country's sources of gas but LNG: what each gives on a day, and cuts at the source.

It says how much there is; who gets it is decided by the trunk lines (agents/gas/trunk_lines.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from agents.gas.seasons import by_year
from agents.gas.shocks import DatedShock, PipelineCut
from agents.gas.upstream import SourceParameters
from exchange.units import bcm_per_year_to_m3_per_day


class Sources:
    """Give gas by source, in whole m3 a day. `version` rises when a cut becomes known."""

    def __init__(self, parameters: Mapping[str, SourceParameters]) -> None:
        self.names = tuple(parameters)
        self.version = 0
        self._parameters = parameters
        self._cuts: list[DatedShock] = []
        self._normal: dict[date, dict[str, int]] = {}

    def begin(self, cut: DatedShock) -> None:
        """Begin a cut at a source; one at the delta's entries does nothing here."""
        assert isinstance(cut.event, PipelineCut)
        if cut.event.origin is not None:
            self._cuts.append(cut)
            self.version += 1

    def normal_m3(self, day: date) -> dict[str, int]:
        """Return what each source gives on a day without cuts."""
        if day not in self._normal:
            self._normal[day] = {
                name: int(bcm_per_year_to_m3_per_day(by_year(own.bcm_per_year, day)))
                if own.from_date is None or day >= own.from_date
                else 0
                for name, own in self._parameters.items()
            }
        return dict(self._normal[day])

    def given_m3(self, day: date) -> dict[str, int]:
        """Return what each source gives on a day, cuts taken off."""
        given = self.normal_m3(day)
        for cut in self._cuts:
            event = cut.event
            assert isinstance(event, PipelineCut)
            if event.origin is not None and cut.in_force(day):
                given[event.origin] = max(0, given[event.origin] - event.cut_m3_per_day)
        return given
