"""Rounding of the day's flows: a terminal sends out whole m3 of liquid, so a multiple of 622 m3 of gas.

It moves the least there is to move; what to send from where was decided by the programme (agents/gas/flows.py).
The rule: in the order of the sources, a volume is rounded up and takes the place of unserved gas, of pipeline
gas or of another terminal's fraction, along pipes that have room. Where it cannot be, it is rounded down, and
pipeline gas, a terminal that is not rounded yet, or at last a consumer makes up for it. So unserved gas is that
of the programme, or more by less than a parcel for each terminal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from agents.gas.flows import Day, Flows
from agents.gas.network import Arc

_MUCH = 2**62


class Parcels:
    """Round the flows of a day in place. `cut_order` names the sectors, the first cut first."""

    def __init__(self, arcs: Sequence[Arc], day: Day, flows: Flows, cut_order: Sequence[str]) -> None:
        self._arcs = arcs
        self._day = day
        self._flows = flows
        self._cut_order = tuple(cut_order)
        self._done: set[str] = set()
        self._near: dict[str, list[int]] = {}
        for at, arc in enumerate(arcs):
            self._near.setdefault(arc.tail, []).append(at)
            self._near.setdefault(arc.head, []).append(at)

    def round(self) -> None:
        """Round every source to its parcel; one that is whole is touched only to make up for another."""
        while (name := self._next()) is not None:
            self._done.add(name)
            source = self._day.sources[name]
            over = self._flows.supply_m3[name] % source.parcel_m3
            if not self._raise(name, source.parcel_m3 - over):
                left = over - self._push(name, over, -1, consumers=False)
                self._push(name, left, -1, consumers=True)
                self._flows.supply_m3[name] -= over

    def _next(self) -> str | None:
        """Return the first source whose volume is not whole; a source is rounded once."""
        for name, source in self._day.sources.items():
            if name not in self._done and self._flows.supply_m3[name] % source.parcel_m3:
                return name
        return None

    def _raise(self, name: str, volume: int) -> bool:
        """Raise a source by a volume if others can give way to all of it, and say whether."""
        if self._flows.supply_m3[name] + volume > self._day.sources[name].limit_m3:
            return False
        before = (
            list(self._flows.flow_m3),
            dict(self._flows.supply_m3),
            {place: dict(sectors) for place, sectors in self._flows.unserved_m3.items()},
        )
        pushed = self._push(name, volume, 1, consumers=True)
        pushed += self._push(name, volume - pushed, 1, consumers=False)
        if pushed < volume:
            self._flows.flow_m3, self._flows.supply_m3, self._flows.unserved_m3 = before
            return False
        self._flows.supply_m3[name] += volume
        return True

    def _push(self, start: str, volume: int, sign: int, *, consumers: bool) -> int:
        """Carry a volume away from a node (sign 1) or to it (-1), path by path; return how much could be."""
        pushed = 0
        while pushed < volume:
            path = self._path(start, sign, consumers)
            if path is None:
                break
            end, steps = path
            part = min([volume - pushed, self._room_at(end, sign, consumers)] + [room for *_, room in steps])
            for at, change, _ in steps:
                self._flows.flow_m3[at] += change * part
            self._settle(end, part, sign, consumers)
            pushed += part
        return pushed

    def _path(self, start: str, sign: int, consumers: bool) -> tuple[str, list[tuple[int, int, int]]] | None:
        """Return the shortest way to a node that can take a volume, as (arc, change of flow, room)."""
        came: dict[str, tuple[str, tuple[int, int, int]] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            if node != start and self._room_at(node, sign, consumers) > 0:
                steps, back = [], came[node]
                while back is not None:
                    steps.append(back[1])
                    back = came[back[0]]
                return node, steps
            for at in self._near.get(node, []):
                arc, flow, limit = self._arcs[at], self._flows.flow_m3[at], self._day.capacities_m3[at]
                along = (arc.tail if sign > 0 else arc.head) == node
                other = arc.head if arc.tail == node else arc.tail
                room = (_MUCH if limit is None else limit - flow) if along else flow
                if room > 0 and other not in came:
                    came[other] = (node, (at, 1 if along else -1, room))
                    waiting.append(other)
        return None

    def _room_at(self, node: str, sign: int, consumers: bool) -> int:
        """Return what a node can take (or give) by other supply or by its consumers."""
        if consumers:
            unserved = self._flows.unserved_m3.get(node, {})
            without = sum(unserved.values())
            return without if sign > 0 else sum(self._day.demand_m3.get(node, {}).values()) - without
        if node not in self._flows.supply_m3 or node in self._done:
            return 0
        supply, source = self._flows.supply_m3[node], self._day.sources[node]
        if source.parcel_m3 > 1 and sign > 0:
            return supply % source.parcel_m3  # what is whole does not give way to rounding up
        return supply if sign > 0 else source.limit_m3 - supply

    def _settle(self, node: str, volume: int, sign: int, consumers: bool) -> None:
        if not consumers:
            self._flows.supply_m3[node] -= sign * volume
            return
        unserved, demand = self._flows.unserved_m3[node], self._day.demand_m3[node]
        for sector in self._cut_order[::-sign]:
            part = min(volume, unserved[sector] if sign > 0 else demand[sector] - unserved[sector])
            unserved[sector] -= sign * part
            volume -= part
