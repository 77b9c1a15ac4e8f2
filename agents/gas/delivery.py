"""A day's delivery through the network: what the rule nominates, what the network lets through, who goes without.

The rule (agents/gas/dispatch.py) nominates as if the delta were one place; the programme (agents/gas/flows.py)
keeps to it where the pipes can, and departs least where they cannot. Users with interruptible contracts are
cut first, in the order of their sectors, then the firm ones in the same order. A day whose hours cannot be served
(agents/gas/hours.py) is cut by what its peaks lack, and solved again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from math import ceil

import numpy as np

from agents.gas.dispatch import GAS_PER_LIQUID, nominate, split
from agents.gas.flows import Day, FlowProblem, Flows, Source
from agents.gas.hours import TOLERANCE_M3, Hourly, Hours, hours, profile
from agents.gas.network import Network
from agents.gas.parcels import Parcels
from agents.gas.terminals import Terminal
from exchange.units import HOURS_PER_DAY

_INTERRUPTIBLE = " interruptible"
_PPM = 1_000_000
_ROUNDS = 80
_SETTLED_SHARE = 1e-4
"""Of a place's day: what its hours may lack, or have too much, in all. Send-out comes in whole m3 of liquid."""


@dataclass(frozen=True)
class Delivered:
    """A day's outcome. Gas in m3 of gas; `send_out_m3` is liquid, by terminal; flows by arc of the network.

    `interrupted_m3` is the part of unserved gas whose contracts allow it, `peak_cut_m3` what of it only the hours asked
    for; `hours` are those of each place, none where no profile of a day is known.
    """

    pipeline_taken_m3: int
    send_out_m3: dict[str, int]
    unserved_at_m3: dict[str, dict[str, int]]
    interrupted_m3: int
    flow_m3: list[int]
    peak_cut_m3: dict[str, int] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)

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
    first; `hourly_factors` how each sector's day is spread over its hours, `line_pack_m3` what each place's pipes hold
    between their bounds. Without factors the hours of a day are not looked at.
    """

    def __init__(
        self,
        network: Network,
        cut_order: Sequence[str],
        interruptible: Mapping[str, float] | None = None,
        hourly_factors: Mapping[str, Sequence[float]] | None = None,
        line_pack_m3: Mapping[str, float] | None = None,
    ) -> None:
        self._network = network
        self._shares = {
            name: round(_PPM * share) for name, share in (interruptible or {}).items() if share > 0
        }
        first = [name + _INTERRUPTIBLE for name in cut_order if name in self._shares]
        self.cut_order = (*first, *cut_order)
        self._profiles = {name: profile(own) for name, own in (hourly_factors or {}).items()}
        self._line_pack_m3 = dict(line_pack_m3 or {})
        self._version = network.version
        self._problem = FlowProblem(network, self.cut_order)

    def serve(
        self,
        day: date,
        demand_m3: dict[str, int],
        offers_m3: Mapping[str, int],
        terminals: Sequence[Terminal],
    ) -> Delivered:
        """Serve a day's piped demand by sector from what each entry offers, and draw the tanks down.

        Served = pipeline + 622 x send-out, and each node balances, exactly. Raises ArithmeticError otherwise.
        """
        if self._version != self._network.version:
            self._problem = FlowProblem(self._network, self.cut_order)
            self._version = self._network.version
        flows, by_hour, cut_m3 = self._settle(self.day(day, demand_m3, offers_m3, terminals), terminals)
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
        return Delivered(taken, sent, unserved, interrupted, flows.flow_m3, cut_m3, by_hour)

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

    def _settle(
        self, told: Day, terminals: Sequence[Terminal]
    ) -> tuple[Flows, dict[str, Hours], dict[str, int]]:
        """Return flows under which every hour is served, the hours, and what had to be cut at peaks by place."""
        flows = self.flows(told)
        if not self._profiles:
            return flows, {}, {}
        at_first = {place: sum(own.values()) for place, own in flows.unserved_m3.items()}
        cuts = {place: dict.fromkeys(own, 0) for place, own in told.demand_m3.items()}
        shed = {place: np.zeros(HOURS_PER_DAY) for place in cuts}
        turned = {place: np.zeros(HOURS_PER_DAY) for place in cuts}
        now = told
        for _ in range(_ROUNDS):
            found = {
                place: self._hours(place, told, flows, shed[place], turned[place], terminals)
                for place in cuts
            }
            missing = {place: float(own.unserved_m3.sum()) for place, own in found.items()}
            surplus = {place: float(own.turned_back_m3.sum()) for place, own in found.items()}
            wrong = {
                place: max(missing[place], surplus[place]) / max(1.0, float(own.demand_m3.sum()))
                for place, own in found.items()
            }
            if max(wrong.values()) <= _SETTLED_SHARE:
                for place, own in cuts.items():
                    for part, volume in own.items():
                        flows.unserved_m3[place][part] += volume
                more = {p: sum(own.values()) - at_first[p] for p, own in flows.unserved_m3.items()}
                return flows, found, more
            for place, lacking in missing.items():
                cut = self._cut(cuts[place], told.demand_m3[place], flows.unserved_m3[place], lacking)
                shed[place] = shed[place] + found[place].unserved_m3 * (cut / max(lacking, TOLERANCE_M3))
                turned[place] = turned[place] + found[place].turned_back_m3
            now = self._less(now, flows, told, cuts, surplus)
            flows = self.flows(now)
        raise ArithmeticError(f"the hours of a day did not settle: {wrong}")

    def _less(
        self,
        now: Day,
        flows: Flows,
        told: Day,
        cuts_m3: Mapping[str, Mapping[str, int]],
        surplus_m3: Mapping[str, float],
    ) -> Day:
        """Return a day without the demand that was cut, and without room for even gas that was turned back."""
        demand = {
            place: {part: volume - cuts_m3[place][part] for part, volume in own.items()}
            for place, own in told.demand_m3.items()
        }
        nominated = {
            place: {part: min(volume, demand[place][part]) for part, volume in own.items()}
            for place, own in told.nominated_unserved_m3.items()
        }
        arcs = [
            (arc.head, flow if arc.tail not in self._network.terminals else 0)
            for arc, flow in zip(self._problem.arcs, flows.flow_m3, strict=True)
        ]
        even = {place: sum(flow for head, flow in arcs if head == place) for place in surplus_m3}
        capacities = list(now.capacities_m3)
        for at, (head, flow) in enumerate(arcs):
            if surplus_m3.get(head, 0.0) > TOLERANCE_M3 and flow:
                capacities[at] = max(0, flow - ceil(surplus_m3[head] * flow / even[head]))
        return replace(now, demand_m3=demand, nominated_unserved_m3=nominated, capacities_m3=capacities)

    def _cut(
        self,
        cuts: dict[str, int],
        demand_m3: Mapping[str, int],
        unserved_m3: Mapping[str, int],
        lacking_m3: float,
    ) -> int:
        """Cut what a place lacks, in whole m3, in the order of its parts; return what was cut."""
        left = wanted = max(0, ceil(lacking_m3 - TOLERANCE_M3))
        for part in self.cut_order:
            more = min(left, demand_m3[part] - cuts[part] - unserved_m3[part])
            cuts[part] += more
            left -= more
        return wanted - left

    def _hours(
        self,
        place: str,
        told: Day,
        flows: Flows,
        shed_m3: Hourly,
        turned_m3: Hourly,
        terminals: Sequence[Terminal],
    ) -> Hours:
        """Return the hours of a place under a day's flows, `shed_m3` cut and `turned_m3` turned back before."""
        wanted = -shed_m3
        for part, demand in told.demand_m3[place].items():
            served = demand - flows.unserved_m3[place][part]
            wanted = wanted + served * self._profiles[part.removesuffix(_INTERRUPTIBLE)]
        capacity = {t.name: GAS_PER_LIQUID * t.max_send_out_m3 / HOURS_PER_DAY for t in terminals}
        even = most = 0.0
        for arc, flow, limit in zip(self._problem.arcs, flows.flow_m3, told.capacities_m3, strict=True):
            if arc.head == place and arc.tail in capacity:
                part_of_it = flow / max(1, flows.supply_m3[arc.tail])
                pipe = np.inf if limit is None else limit / HOURS_PER_DAY
                most += min(pipe, capacity[arc.tail] * part_of_it)
            elif place in (arc.head, arc.tail):
                even += flow if arc.head == place else -flow
        from_afar = (even + turned_m3.sum()) / HOURS_PER_DAY - turned_m3
        return hours(wanted, from_afar, most, self._line_pack_m3[place])

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
