"""The spot market of a day: who tenders, what the basins see coming, the window, and who gets what.

It hands things on between the parts of a world; how the price is found is in agents/gas/jkm.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from agents.gas.basins import ChinasCargoes
from agents.gas.importers import Outlook, netback_usd_per_mmbtu
from agents.gas.jkm import Tender
from agents.gas.routes import EUROPE
from exchange.clock import day_of

if TYPE_CHECKING:
    from agents.gas.world import GasWorld


def open_basins(world: GasWorld, day: date) -> None:
    """Tell the basins the weather of the delta and which loadings are lost or late, outages of today included."""
    suppliers = world.suppliers.values()

    def lost_path(first: date, days: int) -> np.ndarray:
        own = [s.parameters.world_supply_share * s.lost_path(first, days) for s in suppliers]
        return np.minimum(1.0, np.sum(own, axis=0))

    def late_path(first: date, days: int) -> np.ndarray:
        if not world.freight.restricted:
            return np.zeros(days)
        return np.array([world.freight.late_share(first + timedelta(days=ahead)) for ahead in range(days)])

    lost_spot = sum(s.parameters.spot_share_of_window * s.lost_share(day) for s in suppliers)
    contracts_m3 = sum(s.contract_m3(day) for s in (*suppliers, *world.rest.suppliers.values()))
    world.basins.open(day, world.weather.last_draw, lost_path, late_path, min(1.0, lost_spot), contracts_m3)
    world.basins.hand_over(chinas_cargoes(world, day))


def chinas_cargoes(world: GasWorld, day: date) -> ChinasCargoes:
    """Return what became of China's term cargoes since the start; those lost that should have loaded by a day."""
    fleets = (world.fleet, world.rest.fleet)
    lost = [c for fleet in fleets for c in fleet.lost if c.planned_loading_day <= day]
    replaced_m3 = sum(cargo.contract_m3 for cargo in world.resales.sold if cargo.lost)
    found = ChinasCargoes(
        lifted=sum(fleet.lifted_m3 for fleet in fleets) + replaced_m3,
        lost=sum(cargo.contract_m3 for cargo in lost if not cargo.spot),
        lost_spot=sum(cargo.contract_m3 for cargo in lost if cargo.spot),
        path=np.zeros(world.parameters.abroad.look_ahead_days),
    )
    for cargo in (c for fleet in fleets for c in fleet.diverted if c.destination == EUROPE):
        found.diverted += cargo.loaded_m3 - cargo.heel_m3
        if cargo.discharged_ns is not None:
            found.landed += cargo.delivered_m3
            found.boiled_off += cargo.boil_off_m3
        else:
            ahead = max(0, (day_of(cargo.expected_arrival_ns) - day).days)
            found.path[min(ahead, len(found.path) - 1)] += cargo.loaded_m3 - cargo.heel_m3
    return found


def hold_window(world: GasWorld, day: date, outlooks: Mapping[str, Outlook], draws: np.ndarray) -> None:
    """Hold the JKM window of a day: importers of the delta and of the rest of China tender, then winners of slots.

    Basins bid; sellers and importers who sell on offer.
    """
    jkm, cargo_m3 = world.window.price_usd_per_mmbtu, world.fleet.cargo_m3
    netback = netback_usd_per_mmbtu(world.shpgx_lng.on(day), world.fx.on(day), world.parameters.shpgx)
    tenders: list[Tender] = []
    places: list[tuple[int, int]] = []
    for row, (name, importer) in enumerate(world.importers.items()):
        own = importer.tenders(outlooks[name], jkm, netback, cargo_m3)
        tenders += own
        places += [(row, column) for column in range(len(own))]
    rest = world.rest.importer.tenders(world.rest_outlook, jkm, netback, cargo_m3)
    guests, resales = world.products.slots.tenders(day), world.resales.offers(day, outlooks)
    basins, elsewhere = world.basins, world.abroad.elsewhere(day)
    wants = basins.wants(day, price_is_given=elsewhere.of_the_day)
    result = world.window.assess(
        day,
        [*tenders, *rest, *(tender for _, tender in guests)],
        wants,
        basins.offered_m3(),
        elsewhere,
        [offer for _, offer in resales],
    )
    basins.settle(result)
    price = result.price_usd_per_mmbtu
    world.resales.sell(resales, result.resold, price)
    for tender, filled, draw in zip(rest, result.filled[len(tenders) :], world.rest_draws, strict=False):
        if filled:
            world.rest.fleet.buy_spot(tender, price, *draw.tolist())
    for tender, filled, place in zip(tenders, result.filled, places, strict=False):
        if filled:
            which, jitter = draws[place].tolist()
            world.fleet.buy_spot(tender, price, which, jitter)
    world.products.slots.buy(guests, result.filled[len(tenders) + len(rest) :], price)
    world.records.window(result)
