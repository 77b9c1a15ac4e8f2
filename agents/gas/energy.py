"""The energy beside the volumes: heating values of cargoes, tanks, pipes and what consumers burn, in whole kJ.

It follows what happened and decides nothing: gas is sold and dispatched by volume. A ship's heel is taken to be of
the cargo that it is loaded with; a m3 of liquid is 622 m3 of gas whatever its quality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agents.gas.cargoes import Cargo
from agents.gas.grid import EnergyParameters
from agents.gas.network import Arc, Network
from agents.gas.terminals import Terminal


@dataclass
class Pool:
    """A volume and its energy, from which parts are taken at its mean quality."""

    volume_m3: int
    energy_kj: int

    def add(self, volume_m3: int, energy_kj: int) -> None:
        """Mix in a volume."""
        self.volume_m3 += volume_m3
        self.energy_kj += energy_kj

    def take(self, volume_m3: int) -> int:
        """Take a volume out and return its energy; all of it when the pool is emptied."""
        energy_kj = self.energy_kj * volume_m3 // self.volume_m3 if volume_m3 else 0
        self.add(-volume_m3, -energy_kj)
        return energy_kj


def delivered_kj(cargo: Cargo, parameters: EnergyParameters) -> tuple[int, int, int, int]:
    """Return a cargo's energy in kJ: loaded, boiled off, kept as heel and delivered; the first is the sum of the rest.

    What boils off is lighter than what stays, so the heating value of the rest rises.
    """
    loaded = cargo.loaded_m3 * parameters.liquid_kj_per_m3[cargo.supplier]
    boiled_off = cargo.boil_off_m3 * parameters.boil_off_kj_per_m3
    left = Pool(cargo.loaded_m3 - cargo.boil_off_m3, loaded - boiled_off)
    heel = left.take(cargo.heel_m3)
    return loaded, boiled_off, heel, left.energy_kj


class EnergyBook:
    """Follow the delta's energy day by day.

    Tanks and the pipes of each place are pools; gas leaves them at the mean of what came in. Each transfer is booked
    once where it leaves and once where it arrives.
    """

    def __init__(
        self,
        parameters: EnergyParameters,
        network: Network,
        terminals: Sequence[Terminal],
        pack_m3: Mapping[str, int],
    ) -> None:
        self._parameters = parameters
        self._network = network
        first = parameters.first_liquid_kj_per_m3
        self.tanks = {t.name: Pool(t.stock_m3, first * t.stock_m3) for t in terminals}
        gas = parameters.first_gas_kj_per_m3
        self.pipes = {node: Pool(0, 0) for node in network.nodes if node not in self.tanks}
        for place, volume in pack_m3.items():
            self.pipes[place].add(volume, gas * volume)
        self._first_kj = self._held_kj()
        self._booked: set[int] = set()
        self.delivered_kj = self.pipeline_kj = self.trucked_kj = self.bunkered_kj = self.served_kj = 0
        self.days: list[tuple[date, str, int, int]] = []

    def receive(self, cargoes: Sequence[Cargo]) -> None:
        """Put the cargoes into the tanks that have been discharged since the last call."""
        for cargo in cargoes:
            if cargo.discharged_ns is not None and cargo.number not in self._booked:
                self._booked.add(cargo.number)
                energy_kj = delivered_kj(cargo, self._parameters)[-1]
                self.tanks[str(cargo.terminal)].add(cargo.delivered_m3, energy_kj)
                self.delivered_kj += energy_kj

    def load_trucks(self, terminal: str, volume_m3: int) -> None:
        """Take what lorries load out of a tank."""
        self.trucked_kj += self.tanks[terminal].take(volume_m3)

    def bunker(self, terminal: str, volume_m3: int) -> None:
        """Take what bunker ships load out of a tank."""
        self.bunkered_kj += self.tanks[terminal].take(volume_m3)

    def deliver(
        self,
        day: date,
        arcs: Sequence[Arc],
        flow_m3: Sequence[int],
        send_out_m3: Mapping[str, int],
        served_m3: Mapping[str, int],
    ) -> None:
        """Carry a day's energy through the network: each node mixes what comes in, once all of it is there.

        Where gas goes in a circle, the first node of it counts what is still to come at its own quality of before.
        """
        arriving: list[int | None] = [None if flow else 0 for flow in flow_m3]
        out_of: dict[str, list[int]] = {node: [] for node in self._network.nodes}
        into: dict[str, list[int]] = {node: [] for node in self._network.nodes}
        for at, arc in enumerate(arcs):
            if flow_m3[at]:
                out_of[arc.tail].append(at)
                into[arc.head].append(at)
        for terminal, volume in send_out_m3.items():
            gas = Pool(sum(flow_m3[at] for at in out_of[terminal]), self.tanks[terminal].take(volume))
            for at in out_of[terminal]:
                arriving[at] = gas.take(flow_m3[at])
        for entry in self._network.entries:
            for at in out_of[entry]:
                arriving[at] = flow_m3[at] * self._parameters.gas_kj_per_m3[entry]
                self.pipeline_kj += flow_m3[at] * self._parameters.gas_kj_per_m3[entry]
        left = [node for node in self.pipes if node not in self._network.entries]
        while left:
            ready = [node for node in left if all(arriving[at] is not None for at in into[node])]
            node = ready[0] if ready else left[0]
            left.remove(node)
            pool = self.pipes[node]
            quality = (
                pool.energy_kj // pool.volume_m3 if pool.volume_m3 else self._parameters.first_gas_kj_per_m3
            )
            for at in into[node]:
                energy_kj = arriving[at]
                if energy_kj is None:
                    energy_kj = arriving[at] = flow_m3[at] * quality
                pool.add(flow_m3[at], energy_kj)
            for at in out_of[node]:
                known = arriving[at]
                if known is None:
                    arriving[at] = pool.take(flow_m3[at])
                else:
                    pool.add(-flow_m3[at], -known)
            if node in served_m3:
                burnt_kj = pool.take(served_m3[node])
                self.served_kj += burnt_kj
                self.days.append((day, node, served_m3[node], burnt_kj))

    def imbalances(self, terminals: Sequence[Terminal], pack_m3: Mapping[str, int]) -> dict[str, int]:
        """Return what is missing from the balances of energy and of the volumes that it follows."""
        supply_kj = self._first_kj + self.delivered_kj + self.pipeline_kj
        used_kj = self.trucked_kj + self.bunkered_kj + self.served_kj + self._held_kj()
        name = "energy: first + cargoes + pipelines - lorries - bunkers - served - held"
        found = {name: supply_kj - used_kj}
        booked = {t.name: self.tanks[t.name].volume_m3 - t.stock_m3 for t in terminals}
        booked |= {place: self.pipes[place].volume_m3 - volume for place, volume in pack_m3.items()}
        return found | {f"energy, volume of {name}": volume for name, volume in booked.items()}

    def rows(self) -> list[dict[str, object]]:
        """Return what each place burnt by day, and its quality."""
        return [
            {
                "date": day,
                "place": place,
                "piped_m3": volume,
                "burnt_gj": energy_kj / 1e6,
                "mj_per_m3": energy_kj / volume / 1e3 if volume else float("nan"),
            }
            for day, place, volume, energy_kj in self.days
        ]

    def _held_kj(self) -> int:
        return sum(pool.energy_kj for pool in (*self.tanks.values(), *self.pipes.values()))
