"""What importers see coming on a day: LNG demand, their stocks, and what the pipelines are asked for beyond their plan.

Each importer's outlook is its own (agents/gas/importers.py); this hands the parts of a world what they need for it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from agents.gas.importers import Outlook, market_scarcity
from exchange.units import GAS_M3_PER_M3_LNG

if TYPE_CHECKING:
    from agents.gas.world import GasWorld


def look_ahead(world: GasWorld, day: date) -> tuple[np.ndarray, dict[str, Outlook]]:
    """Return the delta's LNG demand, liquid a day from `day` on, and its importers' outlooks.

    The rest of China's outlook and the call on the pipelines' swing move with them.
    """
    days = world.parameters.importers.look_ahead_days
    price = world.shpgx_lng.on(day)
    wanted_m3 = world.demand.at_reference_m3(day, world.weather.forecast_degc(day, days))
    piped_m3 = world.demand.piped_m3(wanted_m3, price)
    gas_m3 = piped_m3 + world.demand.trucked_m3(wanted_m3, price)
    pipeline_m3 = world.pipeline.forecast_m3(day, days, world.swing_call)
    bunkers_m3 = world.bunkering.forecast_m3(day, days)
    lng_demand_m3 = np.maximum(0.0, gas_m3.sum(axis=1) - pipeline_m3) / GAS_M3_PER_M3_LNG + bunkers_m3
    calm_m3 = wanted_m3.sum(axis=1) - world.pipeline.forecast_m3(day, days, 0.0)
    calm_lng_m3 = np.maximum(0.0, calm_m3) / GAS_M3_PER_M3_LNG + bunkers_m3
    today = {
        name: supplier.contract_price_usd_per_mmbtu(day, world.brent)
        for name, supplier in world.suppliers.items()
    }
    captive_m3 = {
        name: volume / GAS_M3_PER_M3_LNG for name, volume in world.captive.by_importer(day, piped_m3).items()
    }
    bunkerer = world.terminals[world.bunkering.terminal].importer
    captive_m3[bunkerer] = captive_m3.get(bunkerer, 0.0) + bunkers_m3
    outlooks = {}
    for name, importer in world.importers.items():
        coming = world.fleet.coming_to(name)
        prices = [today[cargo.supplier] for cargo in coming if not cargo.spot] or list(today.values())
        contract = float(np.mean(prices))
        captive = captive_m3.get(name, 0.0)
        outlooks[name] = importer.outlook(
            day, lng_demand_m3, calm_lng_m3, coming, contract, world.fleet.cargo_m3, captive
        )
    scarcity = market_scarcity(world.importers, outlooks)
    world.rest_outlook = _of_the_rest(world, day, price, pipeline_m3)
    spare = world.rest.spare(world.rest_outlook.scarcity, scarcity)
    seen = outlooks | {world.rest.importer.name: world.rest_outlook}
    world.lifting.observe(day, seen, world.window.price_usd_per_mmbtu)
    revision = world.parameters.pipeline.swing_call_revision_per_day
    world.swing_call += revision * (world.pipeline.swing_call(scarcity) * spare - world.swing_call)
    return lng_demand_m3, outlooks


def _of_the_rest(world: GasWorld, day: date, price_cny_per_t: float, pipeline_m3: np.ndarray) -> Outlook:
    anomaly = world.weather.forecast_degc(day, len(pipeline_m3))
    wanted_m3, calm_m3 = world.rest.lng_demand_m3(
        day, anomaly, world.price_ratio(price_cny_per_t), pipeline_m3
    )
    suppliers = world.rest.suppliers.values()
    contract = float(np.mean([s.contract_price_usd_per_mmbtu(day, world.brent) for s in suppliers]))
    importer = world.rest.importer
    coming = world.rest.fleet.coming_to(importer.name)
    return importer.outlook(day, wanted_m3, calm_m3, coming, contract, world.fleet.cargo_m3)
