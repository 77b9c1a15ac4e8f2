"""The ways over the sea: which is the quickest that is open to a ship on the day on which it loads.

It knows distances, seasons, closures and slots; it moves no ship and knows no price. Distances are those of
ports of loading from China and from Europe; a ship that goes from one port of loading to another passes China.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agents.gas.sea import PassageParameters, PortParameters
from agents.gas.shocks import CanalRestriction, DatedShock, PassageClosure
from exchange.units import NS_PER_DAY, NS_PER_HOUR

CHINA, EUROPE, WORLD = "China", "Europe", "other trades"
"""Where a cargo can go, and where a ship is that is open to charter: in the trade of others."""


@dataclass(frozen=True)
class Way:
    """A way from one place to another, and how long it takes at a speed."""

    name: str
    nm: float
    passages: tuple[str, ...]
    added_days: float

    def days(self, speed_knots: float) -> float:
        """Return nautical miles / knots, in days, + days lost on the way."""
        return self.nm / speed_knots * (NS_PER_HOUR / NS_PER_DAY) + self.added_days


class Routes:
    """Answer by which way a ship can go.

    Ways are compared at `speed_knots`. From the trade of others a ship comes to a port, and goes back to it, in
    `charter_days`. A passage has a number of slots a day for each direction, in which ships
    take turns when a share of them is lost: who has none goes by the next way.
    """

    def __init__(
        self,
        ports: Mapping[str, PortParameters],
        passages: Mapping[str, PassageParameters],
        speed_knots: float,
        charter_days: float,
    ) -> None:
        self.ports = ports
        self._charter_days = charter_days
        self._passages = passages
        self._speed_knots = speed_knots
        self._ways = {
            name: sorted(
                (Way(via, r.nm, r.passages, r.added_days) for via, r in port.routes.items()),
                key=lambda way: (way.days(speed_knots), way.name),
            )
            for name, port in ports.items()
        }
        self._restrictions: list[DatedShock] = []
        self._closures: list[DatedShock] = []
        self._turns: dict[tuple[str, bool], float] = {}
        self._taken: dict[tuple[str, bool, date], set[int]] = {}

    def begin(self, shock: DatedShock) -> None:
        """Begin the restriction or the closure of a passage."""
        (self._closures if isinstance(shock.event, PassageClosure) else self._restrictions).append(shock)

    @property
    def restricted(self) -> bool:
        """Tell whether any shock has restricted or closed a passage up to now."""
        return bool(self._restrictions or self._closures)

    def lost_slots_share(self, passage: str, day: date) -> float:
        """Return the share of a passage's slots that restrictions take on a day, at most 1."""
        lost = 0.0
        for shock in self._restrictions:
            assert isinstance(shock.event, CanalRestriction)
            if shock.event.canal == passage and shock.in_force(day):
                lost += shock.event.lost_slots_share
        return min(1.0, lost)

    def lost_share(self, passage: str, day: date) -> float:
        """Return the share of the ships that would pass on a day and cannot, for lack of slots or a closure.

        What is closed in its season or since a date is usual: no ship would pass.
        """
        own = self._passages[passage]
        if own.closed_from is not None and day >= own.closed_from:
            return 0.0
        return max(self.lost_slots_share(passage, day), float(self._shut(passage, day)))

    def newly_lost_share(self, passage: str, day: date, detour_days: float) -> float:
        """Return the share of ships whose first detours have not yet ended, `detour_days` after each loss began.

        It is below 0 for as long after its end: the last to go round come with the first who need not.
        """
        late = 0.0
        for shock in (*self._restrictions, *self._closures):
            event = shock.event
            duration_days, since = getattr(event, "duration_days", 0), shock.days_since(day)
            gap_days = min(detour_days, duration_days)
            sign = (0 <= since < gap_days) - (0 <= since - duration_days < gap_days)
            if isinstance(event, CanalRestriction) and event.canal == passage:
                late += sign * event.lost_slots_share
            elif isinstance(event, PassageClosure) and event.passage == passage:
                late += sign
        return max(-1.0, min(1.0, late))

    def is_open(self, passage: str, day: date) -> bool:
        """Tell whether ships that set out on a day can pass: by season, since its closure, and by shocks."""
        own = self._passages[passage]
        if day.month not in own.open_months or (own.closed_from is not None and day >= own.closed_from):
            return False
        return not self._shut(passage, day)

    def way(self, port: str, day: date, without: frozenset[str] = frozenset()) -> Way:
        """Return the quickest open way between a port and China but for passages without a slot.

        Where none is open, it is the last one of all: someone has to wait for it, and to sail it.
        """
        for way in self._ways[port]:
            if not without.intersection(way.passages) and all(self.is_open(p, day) for p in way.passages):
                return way
        return self._ways[port][-1]

    def usual_days(self, port: str) -> float:
        """Return the days of the shortest way that is open all the year, or else of the shortest of all."""
        lasting = [
            way
            for way in self._ways[port]
            if all(len(self._passages[p].open_months) == 12 for p in way.passages)
        ]
        return (lasting or self._ways[port])[0].days(self._speed_knots)

    def without_slot(self, port: str, day: date, cargo: int, *, laden: bool) -> frozenset[str]:
        """Book the slots that a cargo's ship needs which sets out on a day; return the passages that refuse it."""
        refused: frozenset[str] = frozenset()
        while True:
            way = self.way(port, day, refused)
            now = frozenset(
                p for p in way.passages if p not in refused and not self._book(p, day, cargo, laden)
            )
            if not now:
                return refused
            refused |= now

    def short_of_slots(self, day: date) -> frozenset[str]:
        """Return the passages that turn ships away on a day."""
        if not self._restrictions:
            return frozenset()
        return frozenset(name for name in self._passages if self.lost_slots_share(name, day) > 0)

    def ballast_way(
        self,
        origin: str,
        destination: str,
        day: date,
        cargo: int | None = None,
        without: frozenset[str] = frozenset(),
    ) -> Way:
        """Return the way of an empty ship, by China where it goes from one port of loading to another.

        With the number of the cargo that it fetches, its slots are booked; else it passes none of `without`.
        """
        if origin == destination:
            return Way("none", 0.0, (), 0.0)
        if WORLD in (origin, destination):
            return Way(WORLD, 0.0, (), self._charter_days)
        if EUROPE in (origin, destination):
            port = destination if origin == EUROPE else origin
            return Way(EUROPE, self.ports[port].europe_nm, (), 0.0)
        if CHINA not in (origin, destination):
            first, second = (
                self.ballast_way(port, CHINA, day, cargo, without) for port in (origin, destination)
            )
            added_days = first.added_days + second.added_days
            return Way("by China", first.nm + second.nm, first.passages + second.passages, added_days)
        port = destination if origin == CHINA else origin
        if cargo is not None:
            without = self.without_slot(port, day, cargo, laden=False)
        return self.way(port, day, without)

    def _book(self, passage: str, day: date, cargo: int, laden: bool) -> bool:
        """Take a slot if it is the ship's turn and one is left, and say whether."""
        slots = self._passages[passage].slots_per_day
        if slots is None and not self._restrictions:
            return True
        taken = self._taken.setdefault((passage, laden, day), set())
        taken.discard(cargo)
        turn = self._turns.get((passage, laden), 0.0) + self.lost_slots_share(passage, day)
        refused = turn >= 1.0 - 1e-9
        self._turns[passage, laden] = turn - refused
        if refused or (slots is not None and len(taken) >= slots):
            return False
        taken.add(cargo)
        return True

    def _shut(self, passage: str, day: date) -> bool:
        return any(
            isinstance(shock.event, PassageClosure) and shock.event.passage == passage and shock.in_force(day)
            for shock in self._closures
        )
