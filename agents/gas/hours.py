"""The hours of a day: consumers want gas by the hour, pipes bring it evenly, terminals follow, line pack evens out.

The day's flows are decided elsewhere (agents/gas/flows.py); here they are laid over 24 hours. A place whose pack is
empty cuts consumers for the hour; one whose pack is full shuts gas in at the entries. It looks at no other day.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.grid import HoursParameters
from agents.gas.network import Arc, Network
from agents.gas.terminals import Terminal

HOURS = 24
_PPM = 1_000_000
_HOURS_DONE = np.arange(1, HOURS + 1)


@dataclass(frozen=True)
class PlaceHours:
    """A place's day in whole m3 of gas an hour, each of shape (24,).

    Pack at the end of an hour = pack before it + pipeline + lng + through - served. `through_m3` is net from other
    places.
    """

    wanted_m3: np.ndarray
    unserved_m3: np.ndarray
    pipeline_m3: np.ndarray
    lng_m3: np.ndarray
    through_m3: np.ndarray
    pack_m3: np.ndarray

    @property
    def served_m3(self) -> np.ndarray:
        """Return what consumers burnt."""
        return self.wanted_m3 - self.unserved_m3


@dataclass(frozen=True)
class DayHours:
    """All places of a day, and what the hours changed: cuts by place and sector, gas shut in by arc.

    `junctions` is what comes into each junction and what leaves it by the hour: the same, as it holds no gas.
    """

    places: dict[str, PlaceHours]
    junctions: dict[str, tuple[np.ndarray, np.ndarray]]
    cut_m3: dict[str, dict[str, int]]
    shut_in_m3: dict[int, int]


class Hours:
    """Lay the flows of each day over its hours. `pack_m3` is the usable line pack of each place."""

    def __init__(self, parameters: HoursParameters, network: Network, cut_order: Sequence[str]) -> None:
        self._network = network
        self._cut_order = tuple(cut_order)
        self._limit_m3 = {place: parameters.line_pack_m3[place] for place in network.places}
        self.pack_m3 = {place: limit // 2 for place, limit in self._limit_m3.items()}
        self._cumulative = {
            sector: np.rint(_PPM * np.cumsum(profile) / sum(profile)).astype(np.int64)
            for sector, profile in parameters.profiles.items()
        }

    def lay_out(
        self,
        arcs: Sequence[Arc],
        flow_m3: Sequence[int],
        served_m3: Mapping[str, Mapping[str, int]],
        terminals: Sequence[Terminal],
    ) -> DayHours:
        """Lay a day out: flows by arc, served gas by place and sector, both as the day has them.

        Pipes are even over the day, and a junction passes on in each hour what comes in; terminals follow the hour as
        far as they can send out; the rest is line pack. A terminal that feeds two places is counted with all its hourly
        send-out in each.
        """
        hourly, junctions = self._pipes(arcs, flow_m3)
        most = {t.name: -(-GAS_PER_LIQUID * t.max_send_out_m3 // HOURS) for t in terminals}
        places: dict[str, PlaceHours] = {}
        cuts: dict[str, dict[str, int]] = {}
        shut_in: dict[int, int] = {}
        for place in self._network.places:
            pipeline, through = np.zeros(HOURS, np.int64), np.zeros(HOURS, np.int64)
            lng_m3, lng_most_m3 = 0, 0
            entries: list[int] = []
            for at, (arc, flow) in enumerate(zip(arcs, flow_m3, strict=True)):
                if arc.tail == place:
                    through -= hourly[at]
                elif arc.head == place:
                    if arc.tail in most:
                        lng_m3, lng_most_m3 = lng_m3 + flow, lng_most_m3 + most[arc.tail]
                    elif arc.tail in self._network.entries:
                        pipeline += hourly[at]
                        entries.append(at)
                    else:
                        through += hourly[at]
            by_sector = {sector: self._by_hour(sector, own) for sector, own in served_m3[place].items()}
            wanted = np.sum(list(by_sector.values()), axis=0)
            lng = follow(wanted - pipeline - through, lng_m3, lng_most_m3)
            pack = self.pack_m3[place] + np.cumsum(pipeline + lng + through - wanted)
            unserved = np.zeros(HOURS, np.int64)
            if pack.min() < 0 or pack.max() > self._limit_m3[place]:
                before = pipeline.copy()
                pack, unserved = self._within(place, wanted, pipeline, lng + through)
                cuts[place] = self._by_sector(unserved, by_sector)
                _share_out(int((before - pipeline).sum()), entries, flow_m3, shut_in)
            self.pack_m3[place] = int(pack[-1])
            places[place] = PlaceHours(wanted, unserved, pipeline, lng, through, pack)
        return DayHours(places, junctions, cuts, shut_in)

    def _pipes(
        self, arcs: Sequence[Arc], flow_m3: Sequence[int]
    ) -> tuple[list[np.ndarray], dict[str, tuple[np.ndarray, np.ndarray]]]:
        """Return each arc's gas by the hour, and what comes into each junction and leaves it."""
        hourly = [_even(flow) for flow in flow_m3]
        into: dict[str, list[int]] = {name: [] for name in self._network.junctions}
        out_of: dict[str, list[int]] = {name: [] for name in self._network.junctions}
        for at, arc in enumerate(arcs):
            if arc.head in into and flow_m3[at]:
                into[arc.head].append(at)
            if arc.tail in out_of and flow_m3[at]:
                out_of[arc.tail].append(at)
        left = list(into)
        while left:  # one that is fed by another comes after it; gas goes in no circle, as transport costs
            ready = (name for name in left if not any(arcs[at].tail in left for at in into[name]))
            name = next(ready, left[0])
            left.remove(name)
            parts = _pass_on(_sum(hourly, into[name]), [flow_m3[at] for at in out_of[name]])
            for at, part in zip(out_of[name], parts, strict=True):
                hourly[at] = part
        return hourly, {name: (_sum(hourly, into[name]), _sum(hourly, out_of[name])) for name in into}

    def _by_hour(self, sector: str, volume_m3: int) -> np.ndarray:
        return _parts(volume_m3 * self._cumulative[sector] // _PPM)

    def _within(
        self, place: str, wanted: np.ndarray, pipeline: np.ndarray, other: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Go through the hours and keep the pack in its range; shut in pipeline gas in place."""
        pack_m3, limit_m3 = self.pack_m3[place], self._limit_m3[place]
        pack, unserved = np.zeros(HOURS, np.int64), np.zeros(HOURS, np.int64)
        for hour in range(HOURS):
            pack_m3 += int(pipeline[hour] + other[hour] - wanted[hour])
            unserved[hour] = min(max(0, -pack_m3), int(wanted[hour]))
            shut_in_m3 = min(max(0, pack_m3 - limit_m3), int(pipeline[hour]))
            pipeline[hour] -= shut_in_m3
            pack_m3 += int(unserved[hour]) - shut_in_m3
            pack[hour] = pack_m3
        return pack, unserved

    def _by_sector(self, unserved: np.ndarray, by_sector: Mapping[str, np.ndarray]) -> dict[str, int]:
        """Return who is cut, hour by hour in the order of the sectors."""
        left, cut = unserved.copy(), {}
        for sector in self._cut_order:
            own = np.minimum(left, by_sector[sector])
            left, cut[sector] = left - own, int(own.sum())
        return cut


def follow(need: np.ndarray, total_m3: int, most_m3: int) -> np.ndarray:
    """Return how a day's send-out follows the hours' need: need + a constant, within 0 and the most of an hour.

    The constant is such that the day's sum is the total. Whole m3; an hour is over the most by less than 1.
    """
    total_m3 = min(total_m3, HOURS * most_m3)
    if need.min() >= 0 and need.max() <= most_m3 and need.sum() == total_m3:
        return need
    corners = np.sort(np.concatenate([-need, most_m3 - need])).astype(float)
    sums = np.clip(need[None, :] + corners[:, None], 0, most_m3).sum(axis=1)
    level = float(np.interp(total_m3, sums, corners))
    cumulative = np.floor(np.cumsum(np.clip(need + level, 0, most_m3)) + 1e-6).astype(np.int64)
    cumulative[-1] = total_m3
    return _parts(np.minimum(cumulative, total_m3))


def _even(volume_m3: int) -> np.ndarray:
    """Cut a volume into 24 whole parts that differ by 1 at most."""
    return _parts(volume_m3 * _HOURS_DONE // HOURS)


def _sum(hourly: Sequence[np.ndarray], which: Sequence[int]) -> np.ndarray:
    """Return the sum by the hour of some arcs."""
    return sum((hourly[at] for at in which), np.zeros(HOURS, np.int64))


def _pass_on(coming: np.ndarray, flow_m3: Sequence[int]) -> list[np.ndarray]:
    """Split what comes by the hour over flows of the day, in whole m3 that sum to it in each hour."""
    ends = np.cumsum([0, *flow_m3])
    cumulative = [end * np.cumsum(coming) // max(1, ends[-1]) for end in ends]
    return [_parts(upper - lower) for lower, upper in itertools.pairwise(cumulative)]


def _parts(cumulative: np.ndarray) -> np.ndarray:
    """Return what each hour adds to a sum over hours."""
    parts = cumulative.copy()
    parts[1:] -= cumulative[:-1]
    return parts


def _share_out(volume_m3: int, arcs: Sequence[int], flow_m3: Sequence[int], into: dict[int, int]) -> None:
    """Take a volume off arcs, the first ones first, as far as their flows reach."""
    for at in arcs:
        part = min(volume_m3, flow_m3[at])
        if part:
            into[at] = into.get(at, 0) + part
        volume_m3 -= part
