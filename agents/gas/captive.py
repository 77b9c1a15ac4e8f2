"""Captive demand: what a place burns beyond all that its lines can bring, which only terminals at the place can give.

It is what importers expect of places; what flows is decided by the dispatch (agents/gas/flows.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from agents.gas.network import Network
from agents.gas.terminals import Terminal


class CaptiveDemand:
    """Tell importers what their places need of them, whatever part of the delta's LNG they usually serve."""

    def __init__(self, network: Network, terminals: Mapping[str, Terminal]) -> None:
        self._network, self._terminals = network, terminals

    def by_importer(self, day: date, piped_m3: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gas a day that importers have to give on days from `day` on, in m3; shape (days,) each.

        At each place: max(0, demand by pipe - capacity of the lines into it), split over the importers with terminals
        there by their tanks. `piped_m3` is the delta's by sector; shape (days, sectors).
        """
        found: dict[str, np.ndarray] = {}
        for place, demand_m3 in self._network.piped_at_places(piped_m3).items():
            at_place, lines_m3 = self._into(place, day, len(piped_m3))
            tanks_m3 = sum(terminal.tank_m3 for terminal in at_place)
            for terminal in at_place if tanks_m3 else ():
                part = terminal.tank_m3 / tanks_m3 * np.maximum(0.0, demand_m3 - lines_m3)
                found[terminal.importer] = found.get(terminal.importer, 0.0) + part
        return found

    def _into(self, place: str, day: date, days: int) -> tuple[list[Terminal], np.ndarray]:
        """Return the terminals at a place and what its lines can bring on each day; infinite where one has no limit."""
        terminals, lines_m3 = [], np.zeros(days)
        for arc in self._network.arcs:
            if arc.head != place:
                continue
            if arc.tail in self._terminals:
                terminals.append(self._terminals[arc.tail])
            else:
                lines_m3 += self._network.capacity_path_m3(arc.edge, day, days)
        return terminals, lines_m3
