"""All cargoes for a region, the delta as a rule: planned, at sea and done, and the rules that send them on their way.

It decides when and where to, not what is bought. Term cargoes come from the suppliers' schedules, spot cargoes from
the JKM window; ships from agents/gas/ships.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

import numpy as np
import simpy

from agents.gas.cargoes import Cargo, nominal_delivery_m3, voyage
from agents.gas.freight import Freight
from agents.gas.jkm import Tender
from agents.gas.parameters import ImportersParameters
from agents.gas.routes import EUROPE, Routes
from agents.gas.sea import ShippingParameters
from agents.gas.ships import Ship, Ships
from agents.gas.suppliers import Supplier
from agents.gas.terminals import Terminal
from agents.prices import PriceHistory
from exchange.clock import day_of
from exchange.units import NS_PER_DAY

_QUARTER_NS = 365 * NS_PER_DAY // 4


class Fleet:
    """Keep every cargo, and start the voyage of each as soon as it is planned.

    A cargo is sent, when it loads, to that terminal of its importer whose tanks are emptiest, cargoes on the
    way counted in, one for peaks only once it has room; or to its first one, where all are still being built.
    Terminals that would land more in a quarter than their yearly capacity allows are left out as long as there is
    another. Two regions can share the ships and the numbers of cargoes. `resale` gives the price at which a cargo that
    loads is sold to Europe instead, if it is. `lifted_m3` is what term cargoes loaded since the start, heels aside.
    """

    def __init__(
        self,
        env: simpy.Environment,
        shipping: ShippingParameters,
        common: ImportersParameters,
        routes: Routes,
        freight: Freight,
        suppliers: Mapping[str, Supplier],
        terminals: Mapping[str, Terminal],
        brent: PriceHistory,
        *,
        sister: Fleet | None = None,
    ) -> None:
        self.cargoes: list[Cargo] = []
        self.diverted: list[Cargo] = []
        self.lost: list[Cargo] = []
        self.lifted_m3 = 0
        self.resale: Callable[[Cargo], float | None] | None = None
        self.port_ns = int(shipping.port_days * NS_PER_DAY)
        self.cargo_m3 = nominal_delivery_m3(shipping)
        self._env = env
        self.routes = routes
        self.ships: Ships
        self._numbers: Iterator[int]
        if sister is None:
            self.ships = Ships(env, shipping.ships, routes, shipping.port_days)
            self._numbers = itertools.count(1)
        else:
            self.ships, self._numbers = sister.ships, sister._numbers
        self._freight = freight
        self._window_ns = int(shipping.window_days * NS_PER_DAY)
        self._common = common
        self._look_ahead_days, self._nomination_days = common.look_ahead_days, shipping.nomination_days
        self._suppliers = suppliers
        self._terminals = terminals
        self._brent = brent
        self._pending: list[Cargo] = []

    def plan(self, day: date) -> None:
        """Plan the term cargoes that are nominated by a day, or in sight, and forget those that are done."""
        self.lost += [cargo for cargo in self._pending if cargo.lost]
        self._pending = [cargo for cargo in self._pending if cargo.pending]
        self.ships.drop_lost()
        for supplier in self._suppliers.values():
            ahead_days = max(self._look_ahead_days, int(self._nomination_days + supplier.longest_days))
            for cargo in supplier.schedule(day + timedelta(days=ahead_days), self._next_number):
                self._put_to_sea(cargo)

    def buy_spot(
        self,
        tender: Tender,
        price_usd_per_mmbtu: float,
        which: float,
        jitter: float,
        *,
        slot_terminal: str | None = None,
        arrival_ns: int | None = None,
    ) -> Cargo:
        """Plan a cargo bought in the window and return it.

        `which`, uniform, picks the supplier by what each can still sell; `jitter`, normal, moves the day of
        arrival. A cargo for a slot is to arrive at `arrival_ns`, or as soon as a ship can.
        """
        now_ns = int(self._env.now)
        able = {
            name: supplier.spot_share_of_window(day_of(now_ns)) for name, supplier in self._suppliers.items()
        }
        cumulative = np.cumsum(list(able.values()))
        position = int(np.searchsorted(cumulative, which * cumulative[-1], side="right"))
        supplier = self._suppliers[list(able)[min(position, len(able) - 1)]]
        port = supplier.next_port(day_of(now_ns), spot=True)
        lead_days = self._common.spot_lead_days + self._common.spot_lead_sd_days * jitter
        lead_ns = int(lead_days * NS_PER_DAY) if arrival_ns is None else arrival_ns - now_ns
        sailing_ns = supplier.sailing_ns(port, day_of(now_ns + lead_ns))
        arrival_ns = now_ns + max(lead_ns, sailing_ns + 3 * NS_PER_DAY)
        cargo = Cargo(
            number=self._next_number(),
            supplier=supplier.name,
            importer=tender.importer,
            spot=True,
            port=port,
            planned_loading_ns=arrival_ns - sailing_ns,
            planned_arrival_ns=arrival_ns,
            price_usd_per_mmbtu=price_usd_per_mmbtu,
            contract_m3=tender.volume_m3,
            reference="JKM",
            priced_ns=now_ns,
            slot_terminal=slot_terminal,
        )
        supplier.route([cargo])
        self._put_to_sea(cargo)
        return cargo

    def fix(self, cargo: Cargo) -> Ship | None:
        """Book a ship for a cargo, on charter at the day's rate; None if there is none to book."""
        ship = self.ships.book(cargo)
        if ship is not None and not ship.term:
            cargo.hire_usd_per_day = self._freight.charter_usd_per_day(day_of(int(self._env.now)))
        return ship

    def load(self, cargo: Cargo, ship: Ship) -> None:
        """Fill a ship, price its cargo and send it by the quickest open way, or to Europe.

        What was sold on in the window goes as far as Shanghai, to another coast.
        """
        assert cargo.loaded_ns is not None
        cargo.loaded_m3, cargo.heel_m3 = ship.loaded_m3, ship.full_heel_m3
        if cargo.price_usd_per_mmbtu is None:
            cargo.price_usd_per_mmbtu = self._suppliers[cargo.supplier].fix_price(cargo, self._brent)
            cargo.priced_ns = cargo.loaded_ns
        if not cargo.spot and cargo.loaded_ns == int(self._env.now):
            self.lifted_m3 += cargo.loaded_m3 - cargo.heel_m3
        day = day_of(cargo.loaded_ns)
        if not cargo.diverted:
            resale = None if self.resale is None else self.resale(cargo)
            if resale is not None:
                cargo.destination, cargo.resale_usd_per_mmbtu = EUROPE, resale
        if cargo.diverted:
            self.cargoes.remove(cargo)
            self._pending.remove(cargo)
            self.diverted.append(cargo)
        if cargo.destination == EUROPE:
            way = self.routes.ballast_way(cargo.port, EUROPE, day)
        else:
            way = self.routes.way(cargo.port, day, cargo.without)
        days_ns = int(way.days(ship.parameters.speed_knots) * NS_PER_DAY)
        cargo.route, cargo.sailing_ns = way.name, max(days_ns // 2, days_ns + cargo.jitter_ns)
        self.ships.go_laden(ship, cargo, cargo.destination, cargo.loaded_ns, cargo.sailing_ns)

    @property
    def recent(self) -> list[Cargo]:
        """Return the cargoes that were still to be discharged at the last planning."""
        return self._pending

    def coming_to(self, importer: str) -> list[Cargo]:
        """Return an importer's cargoes still to be discharged, planned ones included."""
        return [
            cargo
            for cargo in self._pending
            if cargo.pending and cargo.importer == importer and not cargo.diverted
        ]

    def to_load(self, supplier: str | None = None) -> list[Cargo]:
        """Return the cargoes still to load, of one supplier or of all, in the order of loading."""
        waiting = [
            cargo
            for cargo in self._pending
            if cargo.pending and cargo.ship is None and supplier in (None, cargo.supplier)
        ]
        return sorted(waiting, key=lambda cargo: (cargo.planned_loading_ns, cargo.number))

    def afloat_m3(self) -> int:
        """Return the liquid aboard all ships."""
        return sum(cargo.afloat_m3 for cargo in self._pending)

    def _next_number(self) -> int:
        return next(self._numbers)

    def _put_to_sea(self, cargo: Cargo) -> None:
        self.cargoes.append(cargo)
        self._pending.append(cargo)
        cargo.window_ns = self._window_ns
        # What left before the run began has its ship at once: nothing stops it any more.
        if cargo.planned_loading_ns < int(self._env.now):
            cargo.ship = self.ships.book_at_sea(cargo)
        self._env.process(voyage(self._env, cargo, self))

    def choose_terminal(self, cargo: Cargo) -> Terminal:
        """Return the terminal to which a cargo goes that loads."""
        if cargo.slot_terminal is not None:
            return self._terminals[cargo.slot_terminal]

        def coming_m3(terminal: Terminal) -> int:
            return sum(c.afloat_m3 for c in self._pending if c.terminal == terminal.name)

        def fill(terminal: Terminal) -> float:
            return (terminal.stock_m3 + coming_m3(terminal)) / max(1, terminal.tank_m3)

        cargo_m3 = cargo.loaded_m3 - cargo.heel_m3
        own = [terminal for terminal in self._terminals.values() if terminal.importer == cargo.importer]
        able = [
            t
            for t in own
            if t.tank_m3 > 0 and (not t.peak_shaving or t.has_room_for(cargo_m3 + coming_m3(t)))
        ]
        if len(able) > 1:
            paced = [t for t in able if self._lands_m3(t, cargo) + cargo_m3 <= t.capacity_m3_per_year / 4]
            able = paced or able
        return min(able or own[:1], key=fill)

    def _lands_m3(self, terminal: Terminal, before: Cargo) -> int:
        """Return what a terminal lands in the quarter that ends with a cargo's arrival, or is to land later."""
        since_ns = before.planned_arrival_ns - _QUARTER_NS
        return sum(
            cargo.loaded_m3 - cargo.heel_m3 - cargo.boil_off_m3
            for cargo in self.cargoes
            if cargo.terminal == terminal.name and cargo.planned_arrival_ns > since_ns
        )
