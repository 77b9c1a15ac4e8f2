"""Cargoes at sea and at the berth, and the given base-load imports.

A voyage is a SimPy process: load, sail, queue for a berth, discharge as the tanks have room, inspect. It
trades nothing; who owns the oil is said when the cargo is booked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
import simpy

from agents.crude.bases import DeliveryBases
from agents.crude.levers import LeverDays
from agents.crude.parameters import Group, GroupParameters, Reference, ShippingParameters
from agents.crude.references import ImportReferences
from exchange.clock import day_of
from exchange.units import NS_PER_DAY, NS_PER_HOUR

Process = Generator[simpy.Event, Any, None]
Owner = Literal["base_load", "importer"]


@dataclass
class Cargo:
    """Follow one cargo. Times are nanoseconds, None until they are reached.

    `reference` is what its buyer's price refers to: SC for the importer's, which is sold there and delivered as
    warrants; for base load, what China's term imports refer to, in turns.
    """

    number: int
    owner: Owner
    group: Group
    bbl: int
    reference: Reference
    booked_ns: int
    loaded_ns: int | None = None
    arrived_ns: int | None = None
    berthed_ns: int | None = None
    discharged_ns: int | None = None
    warrants_ns: int | None = None
    discharged_bbl: int = 0
    lost: bool = False

    def afloat_bbl(self) -> int:
        """Return the barrels loaded and not yet in a tank."""
        return 0 if self.loaded_ns is None or self.lost else self.bbl - self.discharged_bbl


class Fleet:
    """Sail every cargo, whoever owns it, and keep the record of them."""

    def __init__(
        self,
        env: simpy.Environment,
        parameters: ShippingParameters,
        bases: dict[Group, DeliveryBases],
        levers: LeverDays,
        references: ImportReferences,
    ) -> None:
        self._env, self._parameters, self._bases, self._levers = env, parameters, bases, levers
        self._references = references
        self.cargoes: list[Cargo] = []

    def book(self, owner: Owner, group: Group, bbl: int) -> Cargo:
        """Enter a cargo into the record."""
        now_ns = int(self._env.now)
        reference: Reference = "SC"
        if owner == "base_load":
            reference = self._references.next(self._levers.sc_priced_share(day_of(now_ns)))
        cargo = Cargo(len(self.cargoes), owner, group, bbl, reference, now_ns)
        self.cargoes.append(cargo)
        return cargo

    def sail(self, cargo: Cargo, *, load_at_ns: int, voyage_ns: int, luck: float) -> Process:
        """Run a cargo from its loading to its warrants.

        `luck` in [0, 1) below the share of loadings that a strait's closure takes away: this one cannot load.
        Base load is then lost; the importer's cargo waits for the end of the closure.
        """
        env, base, shipping = self._env, self._bases[cargo.group], self._parameters
        importer = cargo.owner == "importer"
        yield env.timeout(max(0, load_at_ns - env.now))
        while luck < self._levers.share_of_loadings_lost(day_of(load_at_ns)):
            if not importer:
                cargo.lost = True
                base.commit(-cargo.bbl, importer=False)
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
        if importer:
            yield env.timeout(days_ns(shipping.inspection_days))
            cargo.warrants_ns = int(env.now)
            base.register_warrants(cargo.bbl)

    def _discharge(self, cargo: Cargo, base: DeliveryBases) -> Process:
        env, shipping = self._env, self._parameters
        while cargo.discharged_bbl < cargo.bbl:
            left_bbl = cargo.bbl - cargo.discharged_bbl
            parcel_bbl = min(left_bbl, base.room_bbl)
            if parcel_bbl < min(left_bbl, shipping.minimum_parcel_bbl):
                yield env.timeout(shipping.berth_poll_hours * NS_PER_HOUR)
                continue
            base.begin_landing(parcel_bbl)
            yield env.timeout(parcel_bbl * NS_PER_DAY // shipping.discharge_bbl_per_day)
            base.end_landing(parcel_bbl, importer=cargo.owner == "importer")
            cargo.discharged_bbl += parcel_bbl

    def columns(self) -> dict[str, list[Any]]:
        """Return the record as columns, one row a cargo."""
        names = [field.name for field in fields(Cargo)]
        return {name: [getattr(cargo, name) for cargo in self.cargoes] for name in names}


class BaseLoad:
    """Bring the given imports of a group: cargoes at regular times with jitter, whatever the price.

    The first cargoes are already at sea at the start, so that the flow is steady from the first day.
    """

    def __init__(
        self,
        env: simpy.Environment,
        fleet: Fleet,
        base: DeliveryBases,
        group: GroupParameters,
        shipping: ShippingParameters,
        rng: np.random.Generator,
    ) -> None:
        self._env, self._fleet, self._base, self._group, self._shipping = env, fleet, base, group, shipping
        self._draw: Callable[[], float] = rng.random
        env.process(self._load())

    def _load(self) -> Process:
        env, shipping = self._env, self._shipping
        start_ns = int(env.now)
        interval_ns = shipping.cargo_bbl * NS_PER_DAY // self._group.base_load_bbl_per_day
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
            cargo = self._fleet.book("base_load", self._base.name, shipping.cargo_bbl)
            self._base.commit(cargo.bbl, importer=False)
            env.process(self._fleet.sail(cargo, load_at_ns=load_at_ns, voyage_ns=voyage_ns, luck=luck))


def voyage_time_ns(group: GroupParameters, draw: float) -> int:
    """Return the time at sea: the shortest voyage for a draw of 0, the longest for 1."""
    return days_ns(group.voyage_days_min + draw * (group.voyage_days_max - group.voyage_days_min))


def days_ns(days: float) -> int:
    """Return a number of days in whole nanoseconds."""
    return int(days * NS_PER_DAY)
