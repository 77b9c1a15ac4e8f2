"""LNG cargoes and the voyage of one: a ship, loading, sailing, waiting, discharging.

A cargo belongs to one importer from the day on which it is planned. Which ship carries it and which way it goes
is decided elsewhere (agents/gas/ships.py, agents/gas/routes.py); the voyage lets it happen.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import simpy

from agents.gas.sea import ShippingParameters
from exchange.clock import day_of
from exchange.units import NS_PER_DAY

if TYPE_CHECKING:
    from agents.gas.fleet import Fleet
    from agents.gas.ships import Ship

_LOOK_NS = 5 * NS_PER_DAY  # a ship that waits to set out looks again whether its way has become longer

Reference = Literal["oil-linked", "Henry Hub", "JKM", "SHPGX"]
"""What the price formula of a cargo refers to."""


@dataclass
class Cargo:
    """One cargo and what became of it. Moments are ns of Shanghai wall clock; None until they happen.

    A spot cargo is priced in the window, a term cargo when it loads; `reference` is unknown until then.
    `jitter_ns` is what its voyage takes longer than its way at the ship's speed. `slot_terminal` is where its buyer has
    a slot, if it has no terminal. What is sold on in the window has a `resale_usd_per_mmbtu` and goes as far as China,
    to another coast.
    """

    number: int
    supplier: str
    importer: str
    spot: bool
    planned_loading_ns: int
    planned_arrival_ns: int
    port: str
    route: str = ""
    without: frozenset[str] = frozenset()
    jitter_ns: int = 0
    sailing_ns: int = 0
    destination: str = "China"
    ship: Ship | None = None
    hire_usd_per_day: float | None = None
    window_ns: int = 0
    terminal: str | None = None
    slot_terminal: str | None = None
    price_usd_per_mmbtu: float | None = None
    lost: bool = False
    loaded_ns: int | None = None
    arrived_ns: int | None = None
    moored_ns: int | None = None
    discharged_ns: int | None = None
    loaded_m3: int = 0
    heel_m3: int = 0
    boil_off_m3: int = 0
    delivered_m3: int = 0
    contract_m3: int = 0
    contract_year: int = 0
    make_up: bool = False
    credit_cents: int = 0
    resale_usd_per_mmbtu: float | None = None
    reference: Reference | None = None
    priced_ns: int | None = None

    @property
    def planned_loading_day(self) -> date:
        """Return the day on which it is due to load."""
        return day_of(self.planned_loading_ns)

    @property
    def expected_arrival_ns(self) -> int:
        """Return when it should arrive, or did."""
        if self.arrived_ns is not None:
            return self.arrived_ns
        return self.planned_arrival_ns if self.loaded_ns is None else self.loaded_ns + self.sailing_ns

    @property
    def diverted(self) -> bool:
        """Tell whether it goes to Europe, or was sold on in the JKM window."""
        return self.resale_usd_per_mmbtu is not None

    @property
    def sold_to(self) -> str | None:
        """Return where it was sold on: to Europe, or in the JKM window to Northeast Asia; None if it was not."""
        if not self.diverted:
            return None
        return "Northeast Asia" if self.destination == "China" else self.destination

    @property
    def afloat_m3(self) -> int:
        """Return what is aboard, boil-off not yet booked."""
        if self.loaded_ns is None or self.discharged_ns is not None:
            return 0
        return self.loaded_m3

    @property
    def imbalance_m3(self) -> int:
        """Return what is missing: loaded - delivered - boil-off - heel once discharged, 0 before."""
        if self.discharged_ns is None:
            return 0
        return self.loaded_m3 - self.delivered_m3 - self.boil_off_m3 - self.heel_m3

    @property
    def pending(self) -> bool:
        """Tell whether it is still to be discharged."""
        return not self.lost and self.discharged_ns is None


def nominal_delivery_m3(parameters: ShippingParameters) -> int:
    """Return the liquid that a contract's cargo hands over, boil-off aside."""
    return int(parameters.capacity_m3 * (parameters.fill - parameters.heel))


def voyage(env: simpy.Environment, cargo: Cargo, fleet: Fleet) -> Generator[simpy.Event, Any, None]:
    """Run one cargo from its nomination to the tank (a SimPy process).

    Loaded = delivered + boil-off + heel, in whole m3. Boil-off = loaded x rate of the ship's class x time from loading
    to mooring. A cargo that has its ship already is at sea when the run begins.
    """
    ship, loaded_ns = cargo.ship, cargo.planned_loading_ns
    if ship is None:
        ship = yield from _fetch(env, cargo, fleet)
        if ship is None:
            return
        loaded_ns = int(env.now)
    cargo.ship, cargo.loaded_ns = ship, loaded_ns
    fleet.load(cargo, ship)
    terminal = None if cargo.diverted else fleet.choose_terminal(cargo)
    cargo.terminal = terminal.name if terminal else None
    yield env.timeout(max(0, loaded_ns + cargo.sailing_ns - int(env.now)))
    fleet.ships.arrive(ship)
    cargo.arrived_ns = int(env.now)
    if terminal is None:
        yield env.timeout(fleet.port_ns)
        _discharge(env, cargo, ship, fleet, cargo.arrived_ns)
        return
    yield env.timeout(max(0, cargo.planned_arrival_ns - cargo.window_ns - int(env.now)))
    late = cargo.arrived_ns > cargo.planned_arrival_ns + cargo.window_ns
    yield terminal.moor(cargo.loaded_m3 - cargo.heel_m3, late=late)
    cargo.moored_ns = int(env.now)
    yield env.timeout(terminal.unloading_ns)
    _discharge(env, cargo, ship, fleet, cargo.moored_ns)
    guest = cargo.slot_terminal is not None
    terminal.discharge(cargo.delivered_m3, cargo.loaded_m3 - cargo.heel_m3, guest=guest)


def _discharge(env: simpy.Environment, cargo: Cargo, ship: Ship, fleet: Fleet, moored_ns: int) -> None:
    """Hand over what has not boiled off, and let the ship go with its heel."""
    assert cargo.loaded_ns is not None
    boil_off_m3 = ship.boil_off_m3(cargo.loaded_m3, moored_ns - cargo.loaded_ns)
    cargo.boil_off_m3 = min(boil_off_m3, cargo.loaded_m3 - cargo.heel_m3)
    cargo.delivered_m3 = cargo.loaded_m3 - cargo.heel_m3 - cargo.boil_off_m3
    cargo.discharged_ns = int(env.now)
    fleet.ships.keep_heel(ship, cargo.heel_m3)
    fleet.ships.release(ship, cargo)


def _fetch(env: simpy.Environment, cargo: Cargo, fleet: Fleet) -> Generator[simpy.Event, Any, Ship | None]:
    """Bring a ship to the port of loading; None if the cargo was lost meanwhile."""
    while (ship := fleet.fix(cargo)) is None:
        yield env.timeout(NS_PER_DAY)
        if cargo.lost:
            return None
    ships = fleet.ships
    if (free := ships.until_free(ship, cargo)) is not None:
        yield free
    while not cargo.lost:
        left_ns = cargo.planned_loading_ns - ships.ballast_ns(ship.place, cargo.port, ship) - int(env.now)
        if left_ns <= 0:
            break
        yield env.timeout(min(left_ns, _LOOK_NS))
    if not cargo.lost:
        if ship.place != cargo.port:
            yield env.timeout(ships.go_in_ballast(ship, cargo))
            ships.arrive(ship)
        yield env.timeout(max(0, cargo.planned_loading_ns - int(env.now)))
    if cargo.lost:
        ships.release(ship, cargo)
        return None
    return ship
