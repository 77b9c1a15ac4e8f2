"""LNG cargoes and the voyage of one: loading, sailing, waiting, discharging.

A cargo belongs to one importer from the day on which it is planned. It has no route of its own and no fleet
behind it: its voyage takes the supplier's days, and a ship is there when it is due to load.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import simpy

from agents.gas.parameters import ShippingParameters
from agents.gas.terminals import Terminal
from exchange.clock import day_of
from exchange.units import NS_PER_DAY

Reference = Literal["oil-linked", "Henry Hub", "JKM", "SHPGX"]
"""What the price formula of a cargo refers to."""


@dataclass
class Cargo:
    """One cargo and what became of it. Moments are ns of Shanghai wall clock; None until they happen.

    A spot cargo is priced in the window, a term cargo when it loads; `reference` is unknown until then.
    """

    number: int
    supplier: str
    importer: str
    spot: bool
    planned_loading_ns: int
    planned_arrival_ns: int
    sailing_ns: int
    terminal: str | None = None
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
    reference: Reference | None = None
    priced_ns: int | None = None

    @property
    def planned_loading_day(self) -> date:
        """Return the day on which it is due to load."""
        return day_of(self.planned_loading_ns)

    @property
    def afloat_m3(self) -> int:
        """Return what is aboard, boil-off not yet booked."""
        if self.loaded_ns is None or self.discharged_ns is not None:
            return 0
        return self.loaded_m3

    @property
    def pending(self) -> bool:
        """Tell whether it is still to be discharged."""
        return not self.lost and self.discharged_ns is None


def nominal_delivery_m3(parameters: ShippingParameters) -> int:
    """Return the liquid that a ship hands over, boil-off aside."""
    return int(parameters.capacity_m3 * (parameters.fill - parameters.heel))


def voyage(
    env: simpy.Environment,
    cargo: Cargo,
    parameters: ShippingParameters,
    choose_terminal: Callable[[Cargo], Terminal],
    price: Callable[[Cargo], float],
) -> Generator[simpy.Event, Any, None]:
    """Run one cargo from loading to the tank (a SimPy process).

    Loaded = delivered + boil-off + heel, in whole m3. Boil-off = loaded x rate x time from loading to
    mooring. A cargo whose loading lies before the start is at sea when the run begins.
    """
    yield env.timeout(max(0, cargo.planned_loading_ns - int(env.now)))
    if cargo.lost:
        return
    cargo.loaded_ns = cargo.planned_loading_ns
    cargo.loaded_m3 = int(parameters.capacity_m3 * parameters.fill)
    cargo.heel_m3 = int(parameters.capacity_m3 * parameters.heel)
    if cargo.price_usd_per_mmbtu is None:
        cargo.price_usd_per_mmbtu = price(cargo)
        cargo.priced_ns = cargo.loaded_ns
    terminal = choose_terminal(cargo)
    cargo.terminal = terminal.name
    yield env.timeout(max(0, cargo.loaded_ns + cargo.sailing_ns - int(env.now)))
    cargo.arrived_ns = int(env.now)
    yield terminal.moor(cargo.loaded_m3 - cargo.heel_m3)
    cargo.moored_ns = int(env.now)
    rate_ppm = round(parameters.boil_off_per_day * 1_000_000)
    at_sea_ns = cargo.moored_ns - cargo.loaded_ns
    boil_off_m3 = cargo.loaded_m3 * rate_ppm * at_sea_ns // (1_000_000 * NS_PER_DAY)
    boil_off_m3 = min(boil_off_m3, cargo.loaded_m3 - cargo.heel_m3)
    yield env.timeout(terminal.unloading_ns)
    cargo.boil_off_m3 = boil_off_m3
    cargo.delivered_m3 = cargo.loaded_m3 - cargo.heel_m3 - boil_off_m3
    cargo.discharged_ns = int(env.now)
    terminal.discharge(cargo.delivered_m3, cargo.loaded_m3 - cargo.heel_m3)
