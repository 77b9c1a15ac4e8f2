"""Captive demand: what a place burns beyond all that its lines can bring, which only terminals at the place can give.

It is what importers expect of places; what flows is decided by the dispatch (agents/gas/flows.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from agents.gas.network import Arc, Network
from agents.gas.terminals import Terminal


class CaptiveDemand:
    """Tell importers what their places need of them, whatever part of the delta's LNG they usually serve."""

    def __init__(self, network: Network, terminals: Mapping[str, Terminal]) -> None:
        self._network, self._terminals = network, terminals

    def by_importer(self, day: date, piped_m3: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gas a day that importers have to give on days from `day` on, in m3; shape (days,) each.

        At each place: max(0, demand by pipe - what the lines into it can bring), split over the importers with
        terminals there by their tanks. Terminals for peaks are no help that anyone plans with. `piped_m3` is the
        delta's by sector; shape (days, sectors).
        """
        found: dict[str, np.ndarray] = {}
        for place, demand_m3 in self._network.piped_at_places(piped_m3).items():
            own = [self._terminals[arc.tail] for arc in self._network.arcs if self._is_own(arc, place)]
            tanks_m3 = sum(terminal.tank_m3 for terminal in own)
            if tanks_m3 == 0:
                continue
            needed_m3 = np.maximum(0.0, demand_m3 - self._lines_m3(place, day, len(piped_m3), frozenset()))
            for terminal in own:
                part = terminal.tank_m3 / tanks_m3 * needed_m3
                found[terminal.importer] = found.get(terminal.importer, 0.0) + part
        return found

    def _is_own(self, arc: Arc, place: str) -> bool:
        return arc.head == place and arc.tail in self._terminals and arc.tail not in self._network.for_peaks

    def _lines_m3(self, node: str, day: date, days: int, beyond: frozenset[str]) -> np.ndarray:
        """Return what lines can bring to a node from elsewhere, infinite without limit; shape (days,).

        A junction passes on what reaches it, but for what came by way of `beyond`.
        """
        network, found = self._network, np.zeros(days)
        for arc in network.arcs:
            if arc.head != node or arc.tail in beyond or arc.tail in network.for_peaks:
                continue
            if node in network.places and arc.tail in self._terminals:
                continue
            limit_m3 = network.capacity_path_m3(arc.edge, day, days)
            if arc.tail in network.junctions:
                limit_m3 = np.minimum(limit_m3, self._lines_m3(arc.tail, day, days, beyond | {node}))
            found += limit_m3
        return found
