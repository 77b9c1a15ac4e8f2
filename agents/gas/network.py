"""The delta's gas network: its nodes, and the edges between them with the capacity of a day.

It says what could flow; what flows is decided by the dispatch (agents/gas/flows.py). Pressure, line pack and
the hours of a day are left out: an edge has a capacity a day and no loss. A place is one node, without
bottlenecks inside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from agents.gas.dispatch import split
from agents.gas.grid import EdgeParameters, NetworkParameters

_PPM = 1_000_000


@dataclass(frozen=True)
class Arc:
    """One direction of an edge."""

    edge: str
    tail: str
    head: str
    transport_cny_per_m3: float


class Network:
    """Keep places, entries, terminals, junctions and the edges between them, as levers change them.

    `arcs` are the directions in which gas can flow, in the order of the edges; `version` rises when they change.
    Of the terminals those `for_peaks` send out last.
    """

    def __init__(
        self,
        parameters: NetworkParameters,
        terminals: Iterable[str],
        sectors: Iterable[str],
        for_peaks: Iterable[str] = (),
    ) -> None:
        self.places = tuple(parameters.places)
        self.entries = tuple(parameters.entries)
        self.terminals = tuple(terminals)
        self.for_peaks = frozenset(for_peaks)
        self.junctions = tuple(parameters.junctions)
        self.nodes = (*self.places, *self.junctions, *self.entries, *self.terminals)
        self.sectors = tuple(sectors)
        self.version = 0
        self._edges = dict(parameters.edges)
        self.arcs = self._make_arcs()
        self._entry_weights = [round(_PPM * entry.share) for entry in parameters.entries.values()]
        self._place_weights = {
            sector: [round(_PPM * place.sector_shares[at]) for place in parameters.places.values()]
            for at, sector in enumerate(self.sectors)
        }

    def capacity_m3(self, edge: str, day: date) -> int | None:
        """Return what an edge can carry on a day, each way; None is without limit, 0 before its date."""
        own = self._edges[edge]
        return 0 if own.from_date is not None and day < own.from_date else own.capacity_m3_per_day

    def capacity_path_m3(self, edge: str, day: date, days: int) -> np.ndarray:
        """Return what an edge can carry on days from `day` on, each way; infinite without limit; shape (days,)."""
        own = self._edges[edge]
        path = np.full(days, np.inf if own.capacity_m3_per_day is None else float(own.capacity_m3_per_day))
        if own.from_date is not None:
            path[: max(0, (own.from_date - day).days)] = 0.0
        return path

    def capacities_m3(self, day: date) -> list[int | None]:
        """Return the capacity of each arc on a day."""
        return [self.capacity_m3(arc.edge, day) for arc in self.arcs]

    def set_edge(
        self, edge: str, capacity_m3_per_day: int, from_node: str | None, to_node: str | None, both_ways: bool
    ) -> None:
        """Resize an edge, whatever its date, or add it between two nodes. Raises ValueError as `check_edge`."""
        self.check_edge(edge, from_node, to_node)
        update = {"capacity_m3_per_day": capacity_m3_per_day, "from_date": None}
        if edge in self._edges:
            self._edges[edge] = self._edges[edge].model_copy(update=update)
            return
        self._edges[edge] = EdgeParameters(
            from_node=str(from_node),
            to_node=str(to_node),
            capacity_m3_per_day=capacity_m3_per_day,
            both_ways=both_ways,
            source="a lever",
        )
        self.arcs = self._make_arcs()
        self.version += 1

    def check_edge(self, edge: str, from_node: str | None, to_node: str | None) -> None:
        """Raise ValueError for a new edge without known ends, or an old one with other ends than its own."""
        if edge in self._edges:
            own = self._edges[edge]
            if (from_node, to_node) not in {(None, None), (own.from_node, own.to_node)}:
                raise ValueError(f"edge '{edge}' runs from {own.from_node} to {own.to_node}")
            return
        if from_node is None or to_node is None:
            known = ", ".join(self._edges)
            raise ValueError(f"no edge '{edge}'; there are {known}; a new one needs from_node and to_node")
        for node in (from_node, to_node):
            if node not in self.nodes:
                raise ValueError(f"edge '{edge}': no node '{node}'; there are {', '.join(self.nodes)}")
        if from_node == to_node:
            raise ValueError(f"edge '{edge}' leads nowhere")

    def at_entries(self, volume_m3: int) -> dict[str, int]:
        """Split pipeline gas over the entries."""
        return dict(zip(self.entries, split(volume_m3, self._entry_weights), strict=True))

    def at_places(self, by_sector_m3: dict[str, int]) -> dict[str, dict[str, int]]:
        """Split volumes by sector over the places: place, then sector."""
        parts = {name: split(volume, self._place_weights[name]) for name, volume in by_sector_m3.items()}
        return {
            place: {sector: parts[sector][at] for sector in by_sector_m3}
            for at, place in enumerate(self.places)
        }

    def piped_at_places(self, by_sector_m3: np.ndarray) -> dict[str, np.ndarray]:
        """Return expected volumes of places; `by_sector_m3` has shape (days, sectors), each result (days,)."""
        weights = np.array([self._place_weights[sector] for sector in self.sectors]) / _PPM
        return dict(zip(self.places, (by_sector_m3 @ weights).T, strict=True))

    def _make_arcs(self) -> tuple[Arc, ...]:
        """Return the directions in which gas can flow, in the order of the edges."""
        found = []
        for name, edge in self._edges.items():
            ends = [(edge.from_node, edge.to_node)]
            if edge.both_ways:
                ends.append((edge.to_node, edge.from_node))
            found += [Arc(name, tail, head, edge.transport_cny_per_m3) for tail, head in ends]
        return tuple(found)
