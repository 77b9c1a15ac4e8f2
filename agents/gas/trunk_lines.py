"""The trunk lines from the sources to the delta's entries: what each carries, of whose gas, and who takes it off.

Gas is shared by contract: a line that is short by a fifth brings the delta a fifth less than it nominated, and the rest
of China a fifth less too. No other line or source steps in. Storage along a line puts in what the delta nominates over
the day's gas, as it takes up the gas that nobody nominates; both are the rest of China's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from agents.gas.dispatch import share_out, split
from agents.gas.shocks import DatedShock, TrunkSection
from agents.gas.sources import Sources
from agents.gas.upstream import TrunkLineParameters
from exchange.units import bcm_per_year_to_m3_per_day

_PPM = 1_000_000


@dataclass(frozen=True)
class Carried:
    """A line's day in whole m3: gas by source and from storage = gas to the delta + gas taken off before it."""

    capacity_m3: int
    section_m3: int
    source_m3: dict[str, int]
    put_in_m3: int
    to_delta_m3: int
    taken_off_m3: int

    @property
    def imbalance_m3(self) -> int:
        """Return what is missing from the line's day, or what it carried over a capacity."""
        head = sum(self.source_m3.values())
        over = max(0, head - self.capacity_m3) + max(0, self.to_delta_m3 - self.section_m3)
        return abs(head + self.put_in_m3 - self.to_delta_m3 - self.taken_off_m3) + over


class _Section(NamedTuple):
    """The last section of a line on a day: what it can carry, how much of what is asked comes, what was added."""

    limit_m3: int
    came: float
    added_m3: int


class TrunkLines:
    """Bring what the delta nominates, as far as sources and capacities reach, and keep the books of each day.

    A source's gas goes to its open lines by their shares; what would pass a line's capacity stays near the source.
    An entry's nomination goes to its lines by their shares, and what would pass the capacity of one's section to those
    with room. Of what a section is asked for comes the part A / N, where N is the gas of its line in normal times and A
    the gas of the day.
    """

    def __init__(self, parameters: Mapping[str, TrunkLineParameters], sources: Sources) -> None:
        self.days: list[tuple[date, dict[str, Carried]]] = []
        self.local_m3: dict[str, int] = {}
        self._parameters = parameters
        self._sources = sources
        self._levers: list[DatedShock] = []
        self._to_entry: dict[str, list[str]] = {}
        for name, line in parameters.items():
            if line.entry is not None:
                self._to_entry.setdefault(line.entry, []).append(name)
        self._weights = {
            entry: [round(_PPM * parameters[name].entry_share) for name in names]
            for entry, names in self._to_entry.items()
        }
        self._with_section = [name for names in self._to_entry.values() for name in names]
        self._known: dict[date, dict[str, _Section]] = {}
        self._ahead: tuple[date, int, np.ndarray] | None = None
        self._known_version = sources.version
        self._near_m3 = dict.fromkeys(sources.names, 0)
        self._headed_m3 = dict.fromkeys(parameters, 0)

    def begin(self, lever: DatedShock) -> None:
        """Give a line's last section another capacity, and the delta more gas by contract through it."""
        self._levers.append(lever)
        self._forget()

    def bring_m3(self, day: date, nominated_m3: Mapping[str, int]) -> dict[str, dict[str, int]]:
        """Return what comes of nominations at the entries: entry, then line, in whole m3."""
        sections = self._sections(day)
        found = {}
        for entry, volume in nominated_m3.items():
            names = self._to_entry[entry]
            own = [sections[name] for name in names]
            asked = share_out(volume, self._weights[entry], [section.limit_m3 for section in own])
            found[entry] = {
                name: int(section.came * min(section.limit_m3, m3 + section.added_m3))
                for name, section, m3 in zip(names, own, asked, strict=True)
            }
        return found

    def gained_m3(self, day: date, entry: str, nominated_m3: np.ndarray) -> np.ndarray:
        """Return what comes of nominations on the days from `day` on, less what was nominated; shape (days,)."""
        which = [self._with_section.index(name) for name in self._to_entry[entry]]
        limit, came, added = self._path(day, len(nominated_m3))[:, :, which]
        weights = np.array(self._weights[entry]) / sum(self._weights[entry])
        asked = np.minimum(nominated_m3[:, None] * weights, limit)
        room = limit - asked
        left = nominated_m3 - np.minimum(nominated_m3, limit.sum(axis=1))
        over = (nominated_m3[:, None] * weights - asked).sum(axis=1) - left
        whole = np.maximum(1.0, room.sum(axis=1))
        asked += room * (np.clip(over, 0.0, None) / whole)[:, None]
        more = np.minimum(added, limit - asked)
        return (came * more - (1.0 - came) * asked).sum(axis=1) - left

    def carry(
        self, day: date, brought_m3: Mapping[str, Mapping[str, int]], taken_m3: Mapping[str, int]
    ) -> None:
        """Book a day on which the delta took so much of what was brought to each entry."""
        to_delta = dict.fromkeys(self._parameters, 0)
        for entry, volumes in brought_m3.items():
            parts = list(volumes.values())
            to_delta |= dict(zip(volumes, share_out(taken_m3[entry], parts, parts), strict=True))
        given = self._sources.given_m3(day)
        heads, self.local_m3 = self._heads_m3(day, given)
        sections = self._sections(day)
        found = {}
        for name, own in heads.items():
            gap = sum(own.values()) - to_delta[name]
            limit = sections[name].limit_m3 if name in sections else 0
            found[name] = Carried(
                self._capacity_m3(name, day), limit, own, max(0, -gap), to_delta[name], max(0, gap)
            )
            self._headed_m3[name] += sum(own.values())
        for source, volume in self.local_m3.items():
            self._near_m3[source] += volume
        self.days.append((day, found))

    def imbalances(self, rest_source_m3: Mapping[str, int], to_delta_m3: int) -> dict[str, int]:
        """Return what is missing from the balances of lines and sources, and against the books of the rest of China.

        `rest_source_m3` is what its books say that each source gave, `to_delta_m3` what they say that the delta took.
        """
        carried = dict.fromkeys(self._sources.names, 0)
        for _, found in self.days:
            for own in found.values():
                for source, volume in own.source_m3.items():
                    carried[source] += volume
        by_source = {
            f"source {name}: given - carried - near it": rest_source_m3.get(name, 0)
            - carried[name]
            - self._near_m3[name]
            for name in self._sources.names
        }
        by_line = {
            f"trunk line {name}": sum(found[name].imbalance_m3 for _, found in self.days)
            for name in self._parameters
        }
        brought = sum(own.to_delta_m3 for _, found in self.days for own in found.values())
        return by_source | by_line | {"trunk lines: to the delta": brought - to_delta_m3}

    @property
    def near_m3(self) -> dict[str, int]:
        """Return what stayed near each source since the start."""
        return dict(self._near_m3)

    def state_integers(self) -> list[int]:
        """Return what stayed near each source and what entered each line since the start."""
        return [*self._near_m3.values(), *self._headed_m3.values()]

    def rows(self) -> list[dict[str, object]]:
        """Return the days, one row for each line."""
        return [
            {"date": day, "line": name, "capacity_m3": own.capacity_m3, "section_m3": own.section_m3}
            | {f"{source}_m3": own.source_m3.get(source, 0) for source in self._sources.names}
            | {
                "put_in_m3": own.put_in_m3,
                "to_delta_m3": own.to_delta_m3,
                "taken_off_m3": own.taken_off_m3,
            }
            for day, found in self.days
            for name, own in found.items()
        ]

    def _heads_m3(
        self, day: date, given_m3: Mapping[str, int]
    ) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
        """Return what sources put into each line (line, then source), and what stays near each source."""
        limits = {name: self._capacity_m3(name, day) for name in self._parameters}
        heads: dict[str, dict[str, int]] = {name: {} for name in self._parameters}
        local = {}
        for source, volume in given_m3.items():
            shares = {
                n: line.carries[source] for n, line in self._parameters.items() if source in line.carries
            }
            opened = {name: share for name, share in shares.items() if limits[name] > 0}
            whole, now = sum(shares.values()), sum(opened.values())
            parts = [round(_PPM * share * whole / now) for share in opened.values()] if now else []
            *into, local[source] = split(volume, [*parts, max(0, _PPM - sum(parts))])
            for name, part in zip(opened, into, strict=True):
                heads[name][source] = part
        for name, own in heads.items():
            if sum(own.values()) > limits[name]:
                kept = split(limits[name], list(own.values()))
                for (source, volume), part in zip(list(own.items()), kept, strict=True):
                    own[source] = part
                    local[source] += volume - part
        return heads, local

    def _sections(self, day: date) -> dict[str, _Section]:
        """Return the last sections on a day as they are known to be, by line."""
        if self._known_version != self._sources.version:
            self._forget()
            self._known_version = self._sources.version
        if day not in self._known:
            normal, _ = self._heads_m3(day, self._sources.normal_m3(day))
            given, _ = self._heads_m3(day, self._sources.given_m3(day))
            found = {}
            for name, line in self._parameters.items():
                if line.entry is not None:
                    usual, now = sum(normal[name].values()), sum(given[name].values())
                    limit, added = self._section_m3(name, day)
                    found[name] = _Section(limit, min(1.0, now / usual) if usual else 0.0, added)
            self._known[day] = found
        return self._known[day]

    def _path(self, day: date, days: int) -> np.ndarray:
        """Return the last sections on the days from `day` on; shape (3, days, sections), fields as of _Section."""
        today = self._sections(day)
        if self._ahead is None or self._ahead[:2] != (day, days):
            later = [self._sections(day + timedelta(days=ahead)) for ahead in range(1, days)]
            fields = [
                value
                for sections in (today, *later)
                for name in self._with_section
                for value in sections[name]
            ]
            shape = days, len(self._with_section), 3
            self._ahead = day, days, np.moveaxis(np.array(fields, dtype=float).reshape(shape), 2, 0)
        return self._ahead[2]

    def _forget(self) -> None:
        """Work out sections anew, as a cut or a lever became known."""
        self._known, self._ahead = {}, None

    def _section_m3(self, name: str, day: date) -> tuple[int, int]:
        """Return what a line's last section can carry on a day, and what the delta has by contract beyond its own."""
        limit, added = _dated_m3(self._parameters[name].section_bcm_per_year, day), 0
        for lever in self._levers:
            event = lever.event
            assert isinstance(event, TrunkSection)
            if event.line == name and lever.days_since(day) >= 0:
                limit, added = event.capacity_m3_per_day, event.contract_m3_per_day
        return min(limit, self._capacity_m3(name, day)), added

    def _capacity_m3(self, name: str, day: date) -> int:
        return _dated_m3(self._parameters[name].capacity_bcm_per_year, day)


def _dated_m3(table: Mapping[date, float], day: date) -> int:
    """Return a yearly figure, as whole m3 a day, that holds from its date on; 0 before the first."""
    begun = [since for since in table if since <= day]
    return int(bcm_per_year_to_m3_per_day(table[max(begun)])) if begun else 0
