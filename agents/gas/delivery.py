"""A day's delivery through the network: what the rule nominates, what the network lets through, who goes without.

The rule (agents/gas/dispatch.py) nominates as if the delta were one place; the programme (agents/gas/flows.py)
keeps to it where the pipes can, and departs least where they cannot. Users with interruptible contracts are
cut first, in the order of their sectors, then the firm ones in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agents.gas.dispatch import GAS_PER_LIQUID, nominate, split
from agents.gas.flows import Day, FlowProblem, Flows, Source
from agents.gas.grid import HoursParameters
from agents.gas.hours import DayHours, Hours
from agents.gas.network import Arc, Network
from agents.gas.parcels import Parcels
from agents.gas.terminals import Terminal

_INTERRUPTIBLE = " interruptible"
_PPM = 1_000_000


@dataclass(frozen=True)
class Delivered:
    """A day's outcome. Gas in m3 of gas; `send_out_m3` is liquid, by terminal; flows by arc of the network.

    `interrupted_m3` is the part of unserved gas whose contracts allow it. Cuts of an hour are in `unserved_at_m3`;
    `hours` is None where a day is one piece.
    """

    pipeline_taken_m3: int
    send_out_m3: dict[str, int]
    unserved_at_m3: dict[str, dict[str, int]]
    interrupted_m3: int
    flow_m3: list[int]
    hours: DayHours | None = None

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
    """Serve the places day by day.

    `interruptible` gives the interruptible share of each sector's demand, `cut_order` the sectors, the first cut
    first.
    """

    def __init__(
        self,
        network: Network,
        cut_order: Sequence[str],
        interruptible: Mapping[str, float] | None = None,
        hours: HoursParameters | None = None,
    ) -> None:
        self._network = network
        self._shares = {
            name: round(_PPM * share) for name, share in (interruptible or {}).items() if share > 0
        }
        first = [name + _INTERRUPTIBLE for name in cut_order if name in self._shares]
        self.cut_order = (*first, *cut_order)
        self.hours = None if hours is None else Hours(hours, network, cut_order)
        self.initial_pack_m3 = self.line_pack_m3
        self._version = network.version
        self._problem = FlowProblem(network, self.cut_order)

    @property
    def arcs(self) -> tuple[Arc, ...]:
        """Return the directions in which the last day's gas could flow."""
        return self._problem.arcs

    @property
    def line_pack_m3(self) -> int:
        """Return what the pipes hold beyond what they must, 0 where a day is one piece."""
        return 0 if self.hours is None else sum(self.hours.pack_m3.values())

    def serve(
        self,
        day: date,
        demand_m3: dict[str, int],
        offers_m3: Mapping[str, int],
        terminals: Sequence[Terminal],
    ) -> Delivered:
        """Serve a day's piped demand by sector from what each entry offers, and draw the tanks down.

        Served = pipeline + 622 x send-out - what line pack gains, and each node balances, exactly. Raises
        ArithmeticError otherwise.
        """
        if self._version != self._network.version:
            self._problem = FlowProblem(self._network, self.cut_order)
            self._version = self._network.version
        flows = self.flows(self.day(day, demand_m3, offers_m3, terminals))
        sent = {t.name: flows.supply_m3[t.name] // GAS_PER_LIQUID for t in terminals}
        for terminal in terminals:
            terminal.send_out(sent[terminal.name])
        taken = sum(flows.supply_m3[name] for name in self._network.entries)
        interrupted = 0
        unserved = {place: dict.fromkeys(demand_m3, 0) for place in flows.unserved_m3}
        for place, parts in flows.unserved_m3.items():
            for part, volume in parts.items():
                unserved[place][part.removesuffix(_INTERRUPTIBLE)] += volume
                interrupted += volume if part.endswith(_INTERRUPTIBLE) else 0
        if self.hours is None:
            return Delivered(taken, sent, unserved, interrupted, flows.flow_m3)
        wanted = self._network.at_places(demand_m3)
        served = {p: {s: wanted[p][s] - missing for s, missing in own.items()} for p, own in unserved.items()}
        hours = self.hours.lay_out(self._problem.arcs, flows.flow_m3, served, terminals)
        for place, cut in hours.cut_m3.items():
            for sector, volume in cut.items():
                unserved[place][sector] += volume
        for at, volume in hours.shut_in_m3.items():
            flows.flow_m3[at] -= volume
            taken -= volume
        return Delivered(taken, sent, unserved, interrupted, flows.flow_m3, hours)

    def day(
        self,
        day: date,
        demand_m3: dict[str, int],
        offers_m3: Mapping[str, int],
        terminals: Sequence[Terminal],
    ) -> Day:
        """Return the programme's data, with nominations by the rule."""
        demand = {place: self._by_contract(own) for place, own in self._network.at_places(demand_m3).items()}
        total = {part: sum(own[part] for own in demand.values()) for part in self.cut_order}
        asked = nominate(total, sum(offers_m3.values()), terminals, self.cut_order)
        taken = split(asked.pipeline_taken_m3, list(offers_m3.values()))
        sources = {
            name: Source(0, part, offered)
            for (name, offered), part in zip(offers_m3.items(), taken, strict=True)
        }
        for terminal in terminals:
            limit = min(terminal.available_m3, terminal.max_send_out_m3)
            sent = asked.send_out_m3[terminal.name]
            first, asked_m3, most = (
                GAS_PER_LIQUID * v for v in (min(terminal.boil_off_m3, sent), sent, limit)
            )
            sources[terminal.name] = Source(first, asked_m3, most, GAS_PER_LIQUID)
        cuts = {
            part: split(asked.unserved_m3[part], [own[part] for own in demand.values()])
            for part in self.cut_order
        }
        nominated = {place: {part: cuts[part][at] for part in cuts} for at, place in enumerate(demand)}
        return Day(sources, demand, nominated, self._network.capacities_m3(day))

    def flows(self, day: Day) -> Flows:
        """Return the flows of a day in whole m3, send-out in whole m3 of liquid."""
        flows = self._problem.solve(day)
        Parcels(self._problem.arcs, day, flows, self.cut_order).round()
        self._problem.check(day, flows)
        return flows

    def entries_m3(self, result: Delivered) -> dict[str, int]:
        """Return what was taken at each entry."""
        taken = dict.fromkeys(self._network.entries, 0)
        for arc, flow in zip(self._problem.arcs, result.flow_m3, strict=True):
            if arc.tail in taken:
                taken[arc.tail] += flow
        return taken

    def edges_m3(self, day: date, result: Delivered) -> dict[str, tuple[int, int | None]]:
        """Return the net flow and the capacity of each edge."""
        net: dict[str, int] = {}
        for arc, flow in zip(self._problem.arcs, result.flow_m3, strict=True):
            net[arc.edge] = flow if arc.edge not in net else net[arc.edge] - flow
        return {edge: (flow, self._network.capacity_m3(edge, day)) for edge, flow in net.items()}

    def _by_contract(self, demand_m3: Mapping[str, int]) -> dict[str, int]:
        """Split a place's demand by sector into its interruptible and its firm part."""
        loose = {name: demand_m3[name] * share // _PPM for name, share in self._shares.items()}
        firm = {name: volume - loose.get(name, 0) for name, volume in demand_m3.items()}
        return {name + _INTERRUPTIBLE: volume for name, volume in loose.items()} | firm
