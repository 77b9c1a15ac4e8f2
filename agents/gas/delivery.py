"""A day's delivery through the network: what the rule nominates, what the network lets through, who goes without.

The rule (agents/gas/dispatch.py) nominates as if the delta were one place; the programme (agents/gas/flows.py)
keeps to it where the pipes can, and departs least where they cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agents.gas.dispatch import GAS_PER_LIQUID, nominate
from agents.gas.flows import Day, FlowProblem, Flows, Source
from agents.gas.network import Network
from agents.gas.parcels import Parcels
from agents.gas.terminals import Terminal


@dataclass(frozen=True)
class Delivered:
    """A day's outcome. Gas in m3 of gas; `send_out_m3` is liquid, by terminal; flows by arc of the network."""

    pipeline_taken_m3: int
    send_out_m3: dict[str, int]
    unserved_at_m3: dict[str, dict[str, int]]
    flow_m3: list[int]

    @property
    def send_out_gas_m3(self) -> int:
        """Return the send-out as gas."""
        return GAS_PER_LIQUID * sum(self.send_out_m3.values())

    @property
    def unserved_m3(self) -> dict[str, int]:
        """Return unserved gas by sector."""
        sectors = next(iter(self.unserved_at_m3.values()))
        return {name: sum(own[name] for own in self.unserved_at_m3.values()) for name in sectors}


class Delivery:
    """Serve the places day by day. `cut_order` names the sectors, the first cut first."""

    def __init__(self, network: Network, cut_order: Sequence[str]) -> None:
        self._network = network
        self._cut_order = tuple(cut_order)
        self._version = network.version
        self._problem = FlowProblem(network, self._cut_order)

    def serve(
        self, day: date, demand_m3: dict[str, int], pipeline_m3: int, terminals: Sequence[Terminal]
    ) -> Delivered:
        """Serve a day's piped demand by sector and draw the tanks down.

        Served = pipeline + 622 x send-out, and each node balances, exactly. Raises ArithmeticError otherwise.
        """
        if self._version != self._network.version:
            self._problem = FlowProblem(self._network, self._cut_order)
            self._version = self._network.version
        data = self.day(day, demand_m3, pipeline_m3, terminals)
        flows = self.flows(data)
        sent = {t.name: flows.supply_m3[t.name] // GAS_PER_LIQUID for t in terminals}
        for terminal in terminals:
            terminal.send_out(sent[terminal.name])
        taken = sum(flows.supply_m3[name] for name in self._network.entries)
        return Delivered(taken, sent, flows.unserved_m3, flows.flow_m3)

    def day(
        self, day: date, demand_m3: dict[str, int], pipeline_m3: int, terminals: Sequence[Terminal]
    ) -> Day:
        """Return the programme's data: nominations by the rule, at most what each source has."""
        asked = nominate(demand_m3, pipeline_m3, terminals, self._cut_order)
        sources = {}
        taken = self._network.at_entries(asked.pipeline_taken_m3)
        for name, offered in self._network.at_entries(pipeline_m3).items():
            sources[name] = Source(0, min(taken[name], offered), offered)
        for terminal in terminals:
            limit = min(terminal.available_m3, terminal.max_send_out_m3)
            sent = asked.send_out_m3[terminal.name]
            volumes = (min(terminal.boil_off_m3, sent), sent, limit)
            sources[terminal.name] = Source(*(GAS_PER_LIQUID * volume for volume in volumes), GAS_PER_LIQUID)
        return Day(
            sources,
            self._network.at_places(demand_m3),
            _at_most(self._network.at_places(asked.unserved_m3), self._network.at_places(demand_m3)),
            self._network.capacities_m3(day),
        )

    def flows(self, day: Day) -> Flows:
        """Return the flows of a day in whole m3, send-out in whole m3 of liquid."""
        flows = self._problem.solve(day)
        Parcels(self._problem.arcs, day, flows, self._cut_order).round()
        self._problem.check(day, flows)
        return flows

    def edges_m3(self, day: date, result: Delivered) -> dict[str, tuple[int, int | None]]:
        """Return the net flow and the capacity of each edge."""
        net: dict[str, int] = {}
        for arc, flow in zip(self._problem.arcs, result.flow_m3, strict=True):
            net[arc.edge] = flow if arc.edge not in net else net[arc.edge] - flow
        return {edge: (flow, self._network.capacity_m3(edge, day)) for edge, flow in net.items()}


def _at_most(
    parts: dict[str, dict[str, int]], limits: dict[str, dict[str, int]]
) -> dict[str, dict[str, int]]:
    return {
        place: {sector: min(part, limits[place][sector]) for sector, part in own.items()}
        for place, own in parts.items()
    }
