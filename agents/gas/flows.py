"""The flows of a day as a linear programme over the network, solved by HiGHS.

Variables: flow on each arc; supply of each source and unserved gas of each place and sector, cut into
segments of rising cost. Minimise, in this order (each level costs more than all below it can save):
unserved gas by the sectors' order, departure from what was nominated, transport. Each node balances.

It looks at one day and knows no price: stock that it draws today is not there tomorrow.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array

from agents.gas.network import Network

UNIT_M3 = 1024
"""The programme counts in a power of two, so that whole m3 stay exact and volumes stay near its tolerances."""

SLICES = 4
"""Parts into which a volume is cut so that sources, and places, give way alike and not one after the other."""

_SLICE_COST = 0.5 / SLICES
_FIRST_COST, _NOMINATED_COST, _MORE_COST = 0.0, (1.0, 2.0, 2.0), (3.0, 4.0, 5.0)  # pipes, LNG, for peaks
_UNSERVED_COST, _MORE_UNSERVED_COST = 100.0, 10.0
_TIE_COST = 1e-3


@dataclass(frozen=True)
class Source:
    """What an entry or a terminal can give on a day, and was asked for, in m3 of gas: first <= nominated <= limit.

    `first_m3` goes out before all other gas (boil-off). `parcel_m3` is what a volume must be a multiple of.
    """

    first_m3: int
    nominated_m3: int
    limit_m3: int
    parcel_m3: int = 1


@dataclass(frozen=True)
class Day:
    """The data of a day: sources by name, demand and nominated cuts by place and sector, capacity by arc."""

    sources: Mapping[str, Source]
    demand_m3: Mapping[str, Mapping[str, int]]
    nominated_unserved_m3: Mapping[str, Mapping[str, int]]
    capacities_m3: Sequence[int | None]


@dataclass
class Flows:
    """Whole m3 of gas: by source, by place and sector, by arc; `cost` is the programme's value, in m3."""

    supply_m3: dict[str, int]
    unserved_m3: dict[str, dict[str, int]]
    flow_m3: list[int]
    cost: float


class FlowProblem:
    """Keep the matrix of a network and solve it for a day's bounds.

    `cut_order` names the sectors, or their parts by contract, the first cut first.
    """

    def __init__(self, network: Network, cut_order: Sequence[str]) -> None:
        self.arcs = network.arcs
        self._network = network
        self._sources = (*network.entries, *network.terminals)
        self._sinks = [(place, sector) for place in network.places for sector in cut_order]
        node = {name: row for row, name in enumerate(network.nodes)}
        tails, heads = ([node[name] for name in names] for names in zip(*self._ends(), strict=True))
        into = [node[name] for name in self._sources for _ in range(1 + 2 * SLICES)]
        into += [node[place] for place, _ in self._sinks for _ in range(1 + SLICES)]
        arcs = len(self.arcs)
        columns = [*range(arcs), *range(arcs + len(into))]
        values = [-1.0] * arcs + [1.0] * (arcs + len(into))
        self.matrix = csc_array(
            (values, (tails + heads + into, columns)), shape=(len(node), arcs + len(into))
        )
        self.costs = np.array([*self._arc_costs(), *self._source_costs(), *self._sink_costs(cut_order)])

    def _ends(self) -> list[tuple[str, str]]:
        return [(arc.tail, arc.head) for arc in self.arcs]

    def _arc_costs(self) -> list[float]:
        """Return transport and a tie-break: multiples of the golden ratio modulo 1 have no equal sums."""
        return [
            arc.transport_cny_per_m3 + _TIE_COST * ((0.6180339887 * (at + 1)) % 1.0)
            for at, arc in enumerate(self.arcs)
        ]

    def _source_costs(self) -> list[float]:
        found: list[float] = []
        slices = _SLICE_COST * np.arange(SLICES)
        for at, name in enumerate(self._sources):
            kind = int(name in self._network.terminals) + int(name in self._network.for_peaks)
            tie = _TIE_COST * (at + 1) / len(self._sources)
            found.append(_FIRST_COST + tie)
            found += [*(_NOMINATED_COST[kind] + slices + tie), *(_MORE_COST[kind] + slices + tie)]
        return found

    def _sink_costs(self, cut_order: Sequence[str]) -> list[float]:
        found: list[float] = []
        slices = _MORE_UNSERVED_COST * (1.0 + np.arange(SLICES) / SLICES)
        for at, (_, sector) in enumerate(self._sinks):
            cost = _UNSERVED_COST * (1 + cut_order.index(sector)) + _TIE_COST * (at + 1) / len(self._sinks)
            found += [cost, *(cost + slices)]
        return found

    def bounds_m3(self, day: Day) -> np.ndarray:
        """Return the upper bound of each variable; without limit is infinity."""
        bounds: list[float] = [np.inf if limit is None else limit for limit in day.capacities_m3]
        for name in self._sources:
            own = day.sources[name]
            nominated, more = own.nominated_m3 - own.first_m3, own.limit_m3 - own.nominated_m3
            bounds += [own.first_m3, *_slices(nominated), *_slices(more)]
        for place, sector in self._sinks:
            nominated = day.nominated_unserved_m3[place][sector]
            bounds += [nominated, *_slices(day.demand_m3[place][sector] - nominated)]
        return np.array(bounds)

    def balance_m3(self, day: Day) -> np.ndarray:
        """Return what each node keeps: the demand of places."""
        return np.array([float(sum(day.demand_m3.get(node, {}).values())) for node in self._network.nodes])

    def solve(self, day: Day) -> Flows:
        """Return the optimum: whole m3, as a vertex of a network programme with whole bounds is whole.

        Raises ArithmeticError when the solver fails or does not balance to the m3.
        """
        found = linprog(
            self.costs,
            A_eq=self.matrix,
            b_eq=self.balance_m3(day) / UNIT_M3,
            bounds=np.column_stack([np.zeros(len(self.costs)), self.bounds_m3(day) / UNIT_M3]),
            method="highs-ds",
            options={"presolve": False},
        )
        if found.status != 0:
            raise ArithmeticError(f"no dispatch found: {found.message}")
        whole = [int(value) for value in np.rint(found.x * UNIT_M3)]
        arcs, step = len(self.arcs), 1 + 2 * SLICES
        sinks_at = arcs + step * len(self._sources)
        unserved: dict[str, dict[str, int]] = {place: {} for place in self._network.places}
        for at, (place, sector) in enumerate(self._sinks):
            first = sinks_at + (1 + SLICES) * at
            unserved[place][sector] = sum(whole[first : first + 1 + SLICES])
        flows = Flows(
            {
                name: sum(whole[arcs + step * at : arcs + step * (at + 1)])
                for at, name in enumerate(self._sources)
            },
            unserved,
            whole[:arcs],
            float(found.fun) * UNIT_M3,
        )
        self.check(day, flows)
        return flows

    def check(self, day: Day, flows: Flows) -> None:
        """Raise ArithmeticError where a node does not balance or a bound is passed, to the m3."""
        left = dict.fromkeys(self._network.nodes, 0)
        for name, volume in flows.supply_m3.items():
            left[name] += volume
            _within(name, volume, day.sources[name].limit_m3)
        for place, sectors in day.demand_m3.items():
            for sector, wanted in sectors.items():
                left[place] -= wanted - flows.unserved_m3[place][sector]
                _within(f"{place} {sector}", flows.unserved_m3[place][sector], wanted)
        for arc, volume, limit in zip(self.arcs, flows.flow_m3, day.capacities_m3, strict=True):
            left[arc.tail] -= volume
            left[arc.head] += volume
            _within(arc.edge, volume, limit)
        wrong = {name: volume for name, volume in left.items() if volume}
        if wrong:
            raise ArithmeticError(f"nodes do not balance: {wrong}")


def _slices(volume: int) -> list[int]:
    """Cut a volume into whole slices that differ by 1 at most."""
    ends = [volume * at // SLICES for at in range(SLICES + 1)]
    return [end - start for start, end in itertools.pairwise(ends)]


def _within(what: str, volume: int, limit: int | None) -> None:
    if volume < 0 or (limit is not None and volume > limit):
        raise ArithmeticError(f"{what}: {volume} m3 is not within 0 and {limit}")
