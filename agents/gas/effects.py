"""What a shock or lever does to the parts of the gas world on its day, and whether it can be; where a cargo goes.

It hands an event to the part that it strikes; what follows is that part's own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import simpy

from agents.gas.cargoes import Cargo
from agents.gas.fleet import Fleet
from agents.gas.importers import netback_usd_per_mmbtu
from agents.gas.network import Network
from agents.gas.parameters import GasParameters
from agents.gas.routes import EUROPE
from agents.gas.shocks import (
    BunkeringGrowth,
    CanalRestriction,
    CharterSpike,
    ColdWave,
    DatedShock,
    DemandAbroad,
    DemandShift,
    EuropePull,
    IndexAdoption,
    LngStraitClosure,
    LngSupplyOutage,
    LorriesFromElsewhere,
    LostCargoes,
    PassageClosure,
    PipelineCut,
    PipelineEdge,
    PortClosure,
    RmbCargoShare,
    ShpgxMechanism,
    Stoppage,
    TerminalAccess,
    TerminalClosure,
    TerminalExpansion,
    TrunkSection,
    unknown_names,
)
from agents.gas.suppliers import Supplier
from agents.gas.terminals import Terminal
from exchange.clock import day_of
from exchange.units import GAS_M3_PER_M3_LNG, NS_PER_DAY

if TYPE_CHECKING:
    from agents.gas.world import GasWorld


def strike(world: GasWorld, shock: DatedShock) -> None:
    """Let an event begin in a world, on the present day."""
    event = shock.event
    if isinstance(event, Stoppage):
        for fleet, supplier in _suppliers(world):
            ports = _stopped_ports(event, supplier, world.parameters)
            if ports:
                supplier.stop(shock, fleet.to_load(supplier.name), ports)
    elif isinstance(event, LostCargoes):
        term = [cargo for cargo in world.fleet.to_load(event.supplier) if not cargo.spot]
        for cargo in term[: event.lost_cargoes]:
            cargo.lost = True
    elif isinstance(event, DemandAbroad) or (isinstance(event, ColdWave) and event.basin is not None):
        world.basins.begin(shock)
    elif isinstance(event, ColdWave):
        world.weather.begin(shock)
    elif isinstance(event, PipelineCut):
        world.pipeline.begin(shock)
        world.rest.sources.begin(shock)
    elif isinstance(event, TrunkSection):
        world.pipeline.lines.begin(shock)
    elif isinstance(event, TerminalClosure):
        world.env.process(_closure(world.env, world.terminals[event.terminal], event.duration_days))
    elif isinstance(event, PortClosure):
        for name in event.terminals:
            world.env.process(_closure(world.env, world.terminals[name], event.duration_days))
    elif isinstance(event, CharterSpike):
        world.freight.begin(shock)
    elif isinstance(event, CanalRestriction | PassageClosure):
        world.routes.begin(shock)
        for fleet, supplier in _suppliers(world):
            supplier.route(fleet.to_load(supplier.name))
    elif isinstance(event, EuropePull):
        world.abroad.begin(shock)
    elif isinstance(event, DemandShift):
        world.demand.begin(shock)
        world.rest.begin(shock)
    elif isinstance(event, LorriesFromElsewhere):
        world.market.elsewhere.append(shock)
    elif isinstance(event, RmbCargoShare):
        world.products.rmb_cargoes.share = event.share
    elif isinstance(event, TerminalAccess):
        world.products.slots.open_share = event.open_share
    elif isinstance(event, ShpgxMechanism):
        world.market.mechanism = event.mechanism
    elif isinstance(event, TerminalExpansion):
        world.terminals[event.terminal].expand(
            tank_m3=event.added_tank_m3,
            berths=event.added_berths,
            send_out_m3=int(event.added_send_out_m3_per_day / GAS_M3_PER_M3_LNG),
            capacity_mtpa=event.added_capacity_mtpa,
        )
    elif isinstance(event, BunkeringGrowth):
        world.bunkering.multiple = event.volume_multiple
    elif isinstance(event, PipelineEdge):
        world.network.set_edge(
            event.edge, event.capacity_m3_per_day, event.from_node, event.to_node, event.both_ways
        )
    elif isinstance(event, IndexAdoption):
        index = partial(_jkm_mean, world) if event.index == "jkm" else partial(_shpgx_mean, world)
        adopting = [world.suppliers[event.supplier]] if event.supplier else list(world.suppliers.values())
        for place, supplier in enumerate(adopting):
            supplier.adopt(shock, index, (place + 0.5) / len(adopting) - 0.5)


def resale_usd_per_mmbtu(world: GasWorld, cargo: Cargo) -> float | None:
    """Return what Europe pays for a cargo that loads, if its buyer sends it there; None if it does not.

    Netbacks at the port of loading: Europe's price less freight against what replaces the cargo at home, less freight.
    """
    day = day_of(int(world.env.now))
    ttf, knots = world.abroad.ttf_usd_per_mmbtu(day), world.parameters.shipping.speed_knots
    if ttf is None:
        return None
    to_europe, home = (
        world.freight.usd_per_mmbtu(way.days(knots), day)
        for way in (
            world.routes.ballast_way(cargo.port, EUROPE, day),
            world.routes.way(cargo.port, day, cargo.without),
        )
    )
    netback = world.window.price_usd_per_mmbtu - home
    return ttf if world.lifting.diverts(cargo, ttf - to_europe, netback) else None


def check(shocks: Sequence[DatedShock], start: date, parameters: GasParameters, network: Network) -> None:
    """Raise ValueError for an event at an unknown place or before the start."""
    for shock in shocks:
        event = shock.event
        if shock.day < start:
            raise ValueError(f"{event.kind} on {shock.day} is before the start {start}")
        for key, name, known in unknown_names(event, parameters):
            raise ValueError(f"{event.kind}: no {key} '{name}'; there are {', '.join(known) or 'none'}")
        if isinstance(event, PipelineEdge):
            network.check_edge(event.edge, event.from_node, event.to_node)


def _suppliers(world: GasWorld) -> Iterator[tuple[Fleet, Supplier]]:
    """Give each supplier of the delta, then of the rest of China, with the cargoes that it loads for."""
    for fleet, suppliers in ((world.fleet, world.suppliers), (world.rest.fleet, world.rest.suppliers)):
        for supplier in suppliers.values():
            yield fleet, supplier


def _stopped_ports(event: Stoppage, supplier: Supplier, parameters: GasParameters) -> list[str]:
    if isinstance(event, LngStraitClosure):
        return [port for port in parameters.ports_behind(event.strait) if port in supplier.ports]
    stops = isinstance(event, LngSupplyOutage) and event.supplier == supplier.name
    return list(supplier.ports) if stops else []


def _jkm_mean(world: GasWorld, day: date, months: int) -> float:
    return world.jkm.mean(day, months, 0)


def _shpgx_mean(world: GasWorld, day: date, months: int) -> float:
    """Return what the mean of the index pays for DES, at the mean exchange rate."""
    price, fx = world.shpgx_lng.mean(day, months, 0), world.fx.mean(day, months, 0)
    return netback_usd_per_mmbtu(price, fx, world.parameters.shpgx)


def _closure(env: simpy.Environment, terminal: Terminal, days: int) -> Generator[simpy.Event, Any, None]:
    terminal.close()
    yield env.timeout(days * NS_PER_DAY)
    terminal.reopen()
