"""The energy in the gas: what each source brings, what tanks and nodes mix, what each place gets. It moves no gas.

Volumes are those of the day; a calorific value is in MJ/m3 of gas (gross, at 20 C). A tank is well mixed, and so is a
node: all that leaves it in a day has the mean of what came in. What boils off at sea is taken to be like the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.gas.cargoes import Cargo
from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.network import Arc
from agents.gas.parameters import EnergyParameters

MJ_PER_TJ = 1e6
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class PlaceDay:
    """What a place got in a day by pipe."""

    mj_per_m3: float
    served_mj: float


class EnergyBook:
    """Keep the energy in each tank, and the sums of what came in and went out, in MJ.

    `initial_m3` is the liquid in each terminal's tanks at the start, of the mean of LNG.
    """

    def __init__(self, parameters: EnergyParameters, initial_m3: Mapping[str, int]) -> None:
        self._own = parameters
        self.tanks_mj = {
            name: volume * GAS_PER_LIQUID * parameters.lng_mj_per_m3 for name, volume in initial_m3.items()
        }
        self._tanks_m3 = dict(initial_m3)
        self.initial_mj = sum(self.tanks_mj.values())
        self.landed_mj = self.pipeline_mj = self.served_mj = self.trucked_mj = 0.0
        self._known = 0
        self._afloat: list[Cargo] = []

    def land(self, cargoes: Sequence[Cargo]) -> None:
        """Take in what has been discharged since the last call; `cargoes` are all there have been, in one order."""
        self._afloat += cargoes[self._known :]
        self._known = len(cargoes)
        for cargo in self._afloat:
            if cargo.discharged_ns is not None and cargo.terminal is not None:
                value = self._own.suppliers_mj_per_m3.get(cargo.supplier, self._own.lng_mj_per_m3)
                energy = cargo.delivered_m3 * GAS_PER_LIQUID * value
                self.tanks_mj[cargo.terminal] += energy
                self._tanks_m3[cargo.terminal] += cargo.delivered_m3
                self.landed_mj += energy
        self._afloat = [cargo for cargo in self._afloat if not cargo.lost and cargo.discharged_ns is None]

    def day(
        self,
        arcs: Sequence[Arc],
        flow_m3: Sequence[int],
        served_m3: Mapping[str, int],
        send_out_m3: Mapping[str, int],
        trucked_m3: Mapping[str, int],
    ) -> dict[str, PlaceDay]:
        """Book a day and return it by place: flows by arc and gas served in m3 of gas, the rest in m3 of liquid."""
        values = {
            arc.tail: self._own.entries_mj_per_m3.get(arc.tail, self._own.pipeline_mj_per_m3) for arc in arcs
        }
        for terminal, tank_m3 in self._tanks_m3.items():
            values[terminal] = self.tanks_mj[terminal] / tank_m3 / GAS_PER_LIQUID if tank_m3 else 0.0
            mj_per_m3_liquid = GAS_PER_LIQUID * values[terminal]
            sent, trucked = send_out_m3.get(terminal, 0), trucked_m3.get(terminal, 0)
            self.tanks_mj[terminal] -= (sent + trucked) * mj_per_m3_liquid
            self._tanks_m3[terminal] -= sent + trucked
            self.trucked_mj += trucked * mj_per_m3_liquid
        mixing = [*dict.fromkeys([*served_m3, *(arc.head for arc in arcs)])]
        mixed = _mixed(mixing, arcs, flow_m3, values)
        sources = {arc.tail for arc in arcs} - set(mixing) - set(self._tanks_m3)
        self.pipeline_mj += sum(
            flow * values[arc.tail] for arc, flow in zip(arcs, flow_m3, strict=True) if arc.tail in sources
        )
        found = {place: PlaceDay(mixed[place], mixed[place] * volume) for place, volume in served_m3.items()}
        self.served_mj += sum(place.served_mj for place in found.values())
        return found

    def check(self) -> None:
        """Raise ArithmeticError unless initial + landed + pipeline = tanks + served + trucked, to a billionth."""
        came = self.initial_mj + self.landed_mj + self.pipeline_mj
        there = sum(self.tanks_mj.values()) + self.served_mj + self.trucked_mj
        if abs(came - there) > _TOLERANCE * came:
            raise ArithmeticError(
                f"energy is not conserved: {came:.0f} MJ came, {there:.0f} MJ are there or went"
            )


def _mixed(
    nodes: Sequence[str], arcs: Sequence[Arc], flow_m3: Sequence[int], values: Mapping[str, float]
) -> dict[str, float]:
    """Return the calorific value at nodes that mix: inflow x value = sum of flow x value where it comes from.

    It is 0 at a node that nothing reaches.
    """
    row = {node: at for at, node in enumerate(nodes)}
    matrix, right = np.zeros((len(nodes), len(nodes))), np.zeros(len(nodes))
    for arc, flow in zip(arcs, flow_m3, strict=True):
        if arc.head not in row:
            continue
        matrix[row[arc.head], row[arc.head]] += flow
        if arc.tail in row:
            matrix[row[arc.head], row[arc.tail]] -= flow
        else:
            right[row[arc.head]] += flow * values[arc.tail]
    dry = ~matrix.any(axis=1)
    matrix[dry, dry] = 1.0
    found = np.linalg.solve(matrix, right)
    return dict(zip(nodes, found.tolist(), strict=True))
