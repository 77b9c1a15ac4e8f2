"""The LNG carriers by name: where each one is, what it is booked for, what is aboard.

A ship lies in a place or is on a leg; it goes where its cargo's voyage sends it (agents/gas/cargoes.py). Which ship
carries a cargo is decided here: the term fleet first, then ships on charter, then whoever can be there first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import simpy

from agents.gas.cargoes import Cargo
from agents.gas.routes import CHINA, WORLD, Routes
from agents.gas.sea import ShipClassParameters
from exchange.clock import day_of
from exchange.units import NS_PER_DAY

_PPB = 1_000_000_000


@dataclass(frozen=True)
class Leg:
    """A ship's way from one place to another, laden or in ballast; moments are ns, `boil_off_m3` that of the heel."""

    origin: str
    destination: str
    way: str
    laden: bool
    cargo: int
    departed_ns: int
    arrives_ns: int
    boil_off_m3: int = 0


@dataclass
class Ship:
    """One ship. `cargo` is what it carries or goes to fetch, `following` what it is booked for after that."""

    name: str
    kind: str
    term: bool
    parameters: ShipClassParameters
    place: str
    heel_m3: int
    legs: list[Leg] = field(default_factory=list)
    arrives_ns: int | None = None
    cargo: Cargo | None = None
    following: Cargo | None = None
    free: simpy.Event | None = None

    @property
    def loaded_m3(self) -> int:
        """Return what is aboard when it is full."""
        return int(self.parameters.capacity_m3 * self.parameters.fill)

    @property
    def full_heel_m3(self) -> int:
        """Return the heel that it keeps when it has discharged."""
        return int(self.parameters.capacity_m3 * self.parameters.heel)

    @property
    def nominal_m3(self) -> int:
        """Return the liquid that it hands over, boil-off aside."""
        return self.loaded_m3 - self.full_heel_m3

    def boil_off_m3(self, volume_m3: int, time_ns: int) -> int:
        """Return what a time at sea takes of a volume."""
        rate = round(self.parameters.boil_off_per_day * _PPB)
        return volume_m3 * rate * time_ns // (_PPB * NS_PER_DAY)


class Ships:
    """Keep the ships and book them.

    `booked`, `free` and `depart` are called by voyages. The heel of all is conserved: first heel + left by
    cargoes = boiled off in ballast + loaded over + aboard.
    """

    def __init__(
        self,
        env: simpy.Environment,
        classes: Mapping[str, ShipClassParameters],
        routes: Routes,
        port_days: float,
    ) -> None:
        self._env = env
        self._routes = routes
        self._port_ns = int(port_days * NS_PER_DAY)
        self.all: list[Ship] = []
        for kind, own in classes.items():
            for number in range(own.term_ships + own.charter_ships):
                heel_m3 = int(own.capacity_m3 * own.heel)
                term = number < own.term_ships
                place = CHINA if term else WORLD
                self.all.append(Ship(f"{kind} {number + 1:03}", kind, term, own, place, heel_m3))
        self.initial_heel_m3 = sum(ship.heel_m3 for ship in self.all)
        self.left_m3 = self.boiled_off_m3 = self.loaded_over_m3 = 0

    def employed_share(self) -> float:
        """Return the share of all ships that carry or fetch a cargo."""
        return sum(ship.cargo is not None for ship in self.all) / len(self.all)

    def book(self, cargo: Cargo) -> Ship | None:
        """Book a ship for a cargo; None if each has its next voyage already.

        Of those that can be at the port by the planned day, the nearest of the term fleet, or else of those on
        charter, and of these the one longest idle; if none can, whoever is there first: the cargo loads late.
        """
        now, due = int(self._env.now), cargo.planned_loading_ns
        way_ns: dict[tuple[str, float], int] = {}
        best: tuple[tuple[bool, bool, int, int, int], Ship] | None = None
        for at, ship in enumerate(self.all):
            before = ship.cargo
            if ship.following is not None or (before is None and ship.arrives_ns is not None):
                continue
            place, ready = ship.place, now
            if before is not None:
                place, ready = before.destination, max(now, before.expected_arrival_ns + self._port_ns)
            key = (place, ship.parameters.speed_knots)
            if key not in way_ns:
                way_ns[key] = self.ballast_ns(place, cargo.port, ship)
            ready += way_ns[key]
            late = ready > due
            since = ship.legs[-1].arrives_ns if ship.legs else 0
            rank = (late, not late and not ship.term, ready if late else way_ns[key], since, at)
            if best is None or rank < best[0]:
                best = rank, ship
        if best is None:
            return None
        ship = best[1]
        if ship.cargo is None:
            ship.cargo = cargo
        else:
            ship.following = cargo
        return ship

    def book_at_sea(self, cargo: Cargo) -> Ship | None:
        """Book an idle ship that left with its cargo before the start; None if all are at sea by then."""
        for ship in self.all:
            if ship.cargo is None and not ship.legs:
                ship.cargo, ship.place = cargo, cargo.port
                return ship
        return None

    def until_free(self, ship: Ship, cargo: Cargo) -> simpy.Event | None:
        """Return the event of the ship's taking up a cargo, None if it has."""
        if ship.cargo is cargo:
            return None
        ship.free = self._env.event()
        return ship.free

    def release(self, ship: Ship, cargo: Cargo) -> None:
        """End a ship's work for a cargo, if it has any; the one that follows takes its place."""
        if ship.following is cargo:
            ship.following = None
        elif ship.cargo is cargo:
            ship.cargo, ship.following = ship.following, None
            if ship.free is not None:
                ship.free.succeed()
                ship.free = None
            if ship.cargo is None and not ship.term and ship.place != WORLD:
                self._env.process(self._redeliver(ship))

    def drop_lost(self) -> None:
        """Release the ships that have not set out for a cargo that is lost by now."""
        for ship in self.all:
            if ship.following is not None and ship.following.lost:
                self.release(ship, ship.following)
            if ship.cargo is not None and ship.cargo.lost and ship.arrives_ns is None:
                self.release(ship, ship.cargo)

    def ballast_ns(self, place: str, port: str, ship: Ship) -> int:
        """Return how long a ship must reckon with from a place to a port, if it left today.

        Where slots are short it reckons with the way round.
        """
        day = day_of(int(self._env.now))
        way = self._routes.ballast_way(place, port, day, without=self._routes.short_of_slots(day))
        return int(way.days(ship.parameters.speed_knots) * NS_PER_DAY)

    def go_in_ballast(self, ship: Ship, cargo: Cargo) -> int:
        """Send an empty ship to its cargo's port; return how long it takes, in ns. Its heel boils off in part."""
        return self._go_empty(ship, cargo.port, cargo.number)

    def go_laden(self, ship: Ship, cargo: Cargo, destination: str, departed_ns: int, sailing_ns: int) -> None:
        """Send a full ship to where its cargo goes; the heel is a part of the cargo now."""
        self.loaded_over_m3 += ship.heel_m3
        ship.heel_m3 = 0
        leg = Leg(
            ship.place, destination, cargo.route, True, cargo.number, departed_ns, departed_ns + sailing_ns
        )
        self._depart(ship, leg)

    def arrive(self, ship: Ship) -> None:
        """Let a ship end its leg. Raises ArithmeticError before its time."""
        if ship.arrives_ns is None or ship.arrives_ns > int(self._env.now):
            raise ArithmeticError(f"ship {ship.name} cannot have arrived")
        ship.place, ship.arrives_ns = ship.legs[-1].destination, None

    def keep_heel(self, ship: Ship, heel_m3: int) -> None:
        """Keep what is left of a cargo for the way back."""
        ship.heel_m3 += heel_m3
        self.left_m3 += heel_m3

    def imbalance_m3(self) -> int:
        """Return what is missing from the heels' balance."""
        aboard_m3 = sum(ship.heel_m3 for ship in self.all)
        return self.initial_heel_m3 + self.left_m3 - self.boiled_off_m3 - self.loaded_over_m3 - aboard_m3

    def check(self) -> None:
        """Raise ArithmeticError for a ship that was in two places: legs that overlap or do not join."""
        for ship in self.all:
            for before, after in zip(ship.legs, ship.legs[1:], strict=False):
                if before.destination != after.origin or before.arrives_ns > after.departed_ns:
                    raise ArithmeticError(f"ship {ship.name} is in two places: {before}, {after}")
            last = ship.legs[-1] if ship.legs else None
            if last is not None and ship.arrives_ns is None and ship.place != last.destination:
                raise ArithmeticError(f"ship {ship.name} is in {ship.place}, not in {last.destination}")

    def rows(self, moment: Callable[[int], Any]) -> list[dict[str, Any]]:
        """Return the legs of all ships, one row each."""
        return [
            {
                "ship": ship.name,
                "class": ship.kind,
                "hire": _HIRE[ship.term],
                "cargo": leg.cargo,
                "laden": leg.laden,
                "origin": leg.origin,
                "destination": leg.destination,
                "way": leg.way,
                "departed": moment(leg.departed_ns),
                "arrives": moment(leg.arrives_ns),
                "heel_boil_off_m3_liquid": leg.boil_off_m3,
            }
            for ship in self.all
            for leg in ship.legs
        ]

    def _go_empty(self, ship: Ship, destination: str, cargo: int | None) -> int:
        way = self._routes.ballast_way(ship.place, destination, day_of(int(self._env.now)), cargo)
        sailing_ns = int(way.days(ship.parameters.speed_knots) * NS_PER_DAY)
        rate = ship.parameters.ballast_boil_off
        lost_m3 = min(ship.heel_m3, int(rate * ship.boil_off_m3(ship.loaded_m3, sailing_ns)))
        ship.heel_m3 -= lost_m3
        self.boiled_off_m3 += lost_m3
        now = int(self._env.now)
        self._depart(
            ship, Leg(ship.place, destination, way.name, False, cargo or 0, now, now + sailing_ns, lost_m3)
        )
        return sailing_ns

    def _redeliver(self, ship: Ship) -> Generator[simpy.Event, Any, None]:
        """Give a ship back to the trade of others; it can be chartered again when it is there."""
        yield self._env.timeout(self._go_empty(ship, WORLD, None))
        self.arrive(ship)

    def _depart(self, ship: Ship, leg: Leg) -> None:
        last = ship.legs[-1].arrives_ns if ship.legs else leg.departed_ns
        if ship.arrives_ns is not None or ship.place != leg.origin or last > leg.departed_ns:
            raise ArithmeticError(f"ship {ship.name} cannot leave {leg.origin}: it is elsewhere")
        ship.arrives_ns = leg.arrives_ns
        ship.legs.append(leg)


_HIRE: dict[bool, Literal["term", "charter"]] = {True: "term", False: "charter"}
