"""Cargoes at sea and at the berth, and the given base-load imports.

A voyage is a SimPy process: load, sail, queue for a berth, discharge as the tanks have room, inspect. It
trades nothing; who owns the oil is said when the cargo is booked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import simpy

from agents.crude.bases import DeliveryBase
from agents.crude.grades import GradeSupply
from agents.crude.levers import LeverDays
from agents.crude.parameters import COMMERCIAL, Group, GroupParameters, Reference, ShippingParameters
from agents.crude.references import ImportReferences
from exchange.clock import day_of
from exchange.tanks import lost_bbl
from exchange.terms import Grade
from exchange.units import BBL_PER_SC_LOT, NS_PER_DAY, NS_PER_HOUR

Process = Generator[simpy.Event, Any, None]
BASE_LOAD = "base_load"
"""The owner of given imports in the record; in tank they are `COMMERCIAL`."""


@dataclass
class Cargo:
    """Follow one cargo, or a large carrier's parcel for one base. Times are nanoseconds, None until they are reached.

    `reference` is what its buyer's price refers to: SC for the importer's, which is sold there and delivered as
    warrants; for base load, what China's term imports refer to, in turns.
    """

    number: int
    owner: str
    base: str
    group: Group
    grade: str
    load_port: str
    bbl: int
    reference: Reference
    booked_ns: int
    loaded_ns: int | None = None
    arrived_ns: int | None = None
    berthed_ns: int | None = None
    discharged_ns: int | None = None
    warrants_ns: int | None = None
    discharged_bbl: int = 0
    lost_bbl: int = 0
    lost: bool = False

    @property
    def tenant(self) -> str:
        """Whose oil it is in tank."""
        return COMMERCIAL if self.owner == BASE_LOAD else self.owner

    def afloat_bbl(self) -> int:
        """Return the barrels loaded and not yet in a tank."""
        return 0 if self.loaded_ns is None or self.lost else self.bbl - self.discharged_bbl


class Fleet:
    """Sail every cargo, whoever owns it, and keep the record of them.

    `landed` is told of a trader's cargo when its oil is inspected and can stand under warrant.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: ShippingParameters,
        bases: Mapping[str, DeliveryBase],
        levers: LeverDays,
        references: ImportReferences,
        supply: GradeSupply,
        grades: Callable[[], Mapping[str, Grade]],
        landed: Callable[[Cargo], None],
    ) -> None:
        self._env, self._parameters, self._bases, self._levers = env, parameters, bases, levers
        self._references, self._supply, self._grades, self._landed = references, supply, grades, landed
        self.cargoes: list[Cargo] = []

    def book(self, owner: str, base: str, bbl: int, grade: str | None = None) -> Cargo:
        """Enter a cargo into the record; base load gets the grade and the reference whose turn it is."""
        now_ns, listed = int(self._env.now), self._grades()
        reference: Reference = "SC"
        if owner == BASE_LOAD:
            reference = self._references.next(self._levers.sc_priced_share(day_of(now_ns)))
        if grade is None:
            grade = self._supply.next_import(listed)
        port = next(iter(listed[grade].load_ports), "")
        group = self._bases[base].group
        cargo = Cargo(len(self.cargoes), owner, base, group, grade, port, bbl, reference, now_ns)
        self.cargoes.append(cargo)
        return cargo

    def sail(self, cargo: Cargo, *, load_at_ns: int, voyage_ns: int, luck: float) -> Process:
        """Run a cargo from its loading to its warrants.

        `luck` in [0, 1) below the share of loadings that a strait's closure takes away: this one cannot load, if its
        grade loads inside. Base load is then lost; a trader's cargo waits for the end of the closure.
        """
        env, base, shipping = self._env, self._bases[cargo.base], self._parameters
        inside = self._grades()[cargo.grade].inside_hormuz
        yield env.timeout(max(0, load_at_ns - env.now))
        while inside and luck < self._levers.share_of_loadings_lost(day_of(load_at_ns)):
            if cargo.owner == BASE_LOAD:
                cargo.lost = True
                base.commit(cargo.tenant, -cargo.bbl)
                return
            yield env.timeout(NS_PER_DAY)
            load_at_ns = int(env.now)
        cargo.loaded_ns = load_at_ns
        yield env.timeout(load_at_ns + days_ns(shipping.loading_days) + voyage_ns - int(env.now))
        cargo.arrived_ns = int(env.now)
        with base.berths.request() as berth:
            yield berth
            cargo.berthed_ns = int(env.now)
            yield from self._discharge(cargo, base)
        cargo.discharged_ns = int(env.now)
        if cargo.owner == BASE_LOAD:
            base.grade = cargo.grade
            return
        yield env.timeout(days_ns(base.depot.inspection_days))
        cargo.warrants_ns = int(env.now)
        self._landed(cargo)

    def _discharge(self, cargo: Cargo, base: DeliveryBase) -> Process:
        env, shipping = self._env, self._parameters
        while cargo.discharged_bbl < cargo.bbl:
            left_bbl = cargo.bbl - cargo.discharged_bbl
            parcel_bbl = min(left_bbl, base.room_bbl)
            if parcel_bbl < min(left_bbl, shipping.minimum_parcel_bbl):
                yield env.timeout(shipping.berth_poll_hours * NS_PER_HOUR)
                continue
            base.begin_landing(cargo.tenant, parcel_bbl)
            yield env.timeout(parcel_bbl * NS_PER_DAY // base.depot.pumping_bbl_per_day)
            cargo.discharged_bbl += parcel_bbl
            lost = lost_bbl(cargo.discharged_bbl, shipping.loss_ppm) - cargo.lost_bbl
            base.end_landing(cargo.tenant, parcel_bbl, lost)
            cargo.lost_bbl += lost

    def columns(self) -> dict[str, list[Any]]:
        """Return the record as columns, one row a cargo."""
        names = [field.name for field in fields(Cargo)]
        return {name: [getattr(cargo, name) for cargo in self.cargoes] for name in names}


def largest_cargo_bbl(base: DeliveryBase, shipping: ShippingParameters) -> int:
    """Return the largest cargo for a base, in whole lots: a share of its tanks at the start, or the least parcel."""
    share = int(base.first_capacity_bbl * shipping.largest_share_of_tanks)
    bbl = min(shipping.cargo_bbl, max(shipping.minimum_parcel_bbl, share))
    return bbl // BBL_PER_SC_LOT * BBL_PER_SC_LOT


class BaseLoad:
    """Bring the given imports of a base, `bbl_per_day`: cargoes at regular times with jitter, whatever the price.

    The first cargoes are already at sea at the start, so that the flow is steady from the first day.
    """

    def __init__(
        self,
        env: simpy.Environment,
        fleet: Fleet,
        base: DeliveryBase,
        group: GroupParameters,
        shipping: ShippingParameters,
        bbl_per_day: int,
        rng: np.random.Generator,
    ) -> None:
        self._env, self._fleet, self._base, self._group, self._shipping = env, fleet, base, group, shipping
        self._bbl_per_day = bbl_per_day
        self._draw: Callable[[], float] = rng.random
        if bbl_per_day:
            env.process(self._load())

    def _load(self) -> Process:
        env, shipping = self._env, self._shipping
        start_ns = int(env.now)
        cargo_bbl = largest_cargo_bbl(self._base, shipping)
        interval_ns = cargo_bbl * NS_PER_DAY // self._bbl_per_day
        first_ns = start_ns - days_ns(shipping.loading_days + self._group.voyage_days_max)
        slot_ns = first_ns + int(self._draw() * interval_ns)
        while True:
            jitter, voyage, luck = self._draw(), self._draw(), self._draw()
            load_at_ns = slot_ns + int((2 * jitter - 1) * shipping.base_load_jitter * interval_ns)
            voyage_ns = voyage_time_ns(self._group, voyage)
            slot_ns += interval_ns
            if load_at_ns + days_ns(shipping.loading_days) + voyage_ns < start_ns:
                continue
            # Room is spoken for from the loading on, a voyage ahead: `planned_load_out_bbl` looks as far.
            yield env.timeout(max(0, load_at_ns - env.now))
            cargo = self._fleet.book(BASE_LOAD, self._base.name, cargo_bbl)
            self._base.commit(cargo.tenant, cargo.bbl)
            env.process(self._fleet.sail(cargo, load_at_ns=load_at_ns, voyage_ns=voyage_ns, luck=luck))


def voyage_time_ns(group: GroupParameters, draw: float) -> int:
    """Return the time at sea: the shortest voyage for a draw of 0, the longest for 1."""
    return days_ns(group.voyage_days_min + draw * (group.voyage_days_max - group.voyage_days_min))


def days_ns(days: float) -> int:
    """Return a number of days in whole nanoseconds."""
    return int(days * NS_PER_DAY)
