"""Who buys whose LNG by contract: the importers and suppliers of a world at its start.

An importer takes term cargoes once a terminal of its own is open; what it cannot take goes to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import simpy

from agents.gas.abroad import by_month
from agents.gas.basins import Basins
from agents.gas.fleet import Fleet
from agents.gas.freight import Freight
from agents.gas.importers import Importer
from agents.gas.maintenance import working, world_at_work
from agents.gas.parameters import GasParameters, ImporterParameters, TerminalParameters
from agents.gas.rest import NAME, RestOfChina
from agents.gas.routes import Routes
from agents.gas.suppliers import HenryHub, Supplier
from agents.gas.terminals import Terminal
from agents.prices import PriceHistory


def make_importers(parameters: GasParameters, terminals: Mapping[str, Terminal]) -> dict[str, Importer]:
    """Return the importers, each with its terminals and its part of LNG demand at the start: that of term supply."""
    able = {terminal.importer for terminal in terminals.values() if terminal.tank_m3 > 0}
    shares = _term_shares(parameters, able)
    return {
        name: Importer(
            name,
            own,
            parameters.importers,
            parameters.shpgx,
            [t for t in terminals.values() if t.importer == name and not t.peak_shaving],
            shares[name],
        )
        for name, own in parameters.importers.members.items()
    }


def make_suppliers(
    parameters: GasParameters,
    start: date,
    rng: Callable[[str], np.random.Generator],
    freight: Freight,
    routes: Routes,
) -> dict[str, Supplier]:
    """Return the suppliers. Raises ValueError for one whose buyers have no terminal at the start."""
    weights = {name: own.term_weight for name, own in parameters.importers.members.items()}
    opens = {
        name: min(_opens(t) for t in parameters.terminals.values() if t.importer == name) for name in weights
    }
    for name, table in parameters.suppliers.items():
        if all(opens[buyer] > start for buyer in table.term_buyers):
            raise ValueError(f"suppliers.{name}.term_buyers: none has a terminal on {start}")
    monthly = by_month("henry_hub_usd_per_mmbtu", parameters.henry_hub.monthly_mean_usd_per_mmbtu)
    henry_hub = HenryHub(parameters.henry_hub, monthly, freight)
    return {
        name: Supplier(
            name,
            table,
            parameters.shipping,
            weights,
            start,
            rng(f"gas.voyages.{name}"),
            henry_hub,
            routes,
            opens,
        )
        for name, table in parameters.suppliers.items()
    }


def make_rest(
    env: simpy.Environment,
    parameters: GasParameters,
    start: date,
    rng: Callable[[str], np.random.Generator],
    delta: Fleet,
    freight: Freight,
    brent: PriceHistory,
) -> RestOfChina:
    """Return the rest of China: the contracts that do not land in the delta, carried by the same ships."""
    own = parameters.rest_of_china
    terminal = Terminal(env, NAME, own.terminal, start)
    common = parameters.importers.model_copy(update={"max_tenders_per_day": own.tenders_per_day})
    member = ImporterParameters(term_weight=1.0, security_weight=own.security_weight, source="rest_of_china")
    monthly = by_month("henry_hub_usd_per_mmbtu", parameters.henry_hub.monthly_mean_usd_per_mmbtu)
    henry_hub = HenryHub(parameters.henry_hub, monthly, freight)
    elsewhere = parameters.shipping.model_copy(
        update={"landed_share": 1.0 - parameters.shipping.landed_share}
    )
    suppliers = {
        name: Supplier(
            name,
            table.model_copy(update={"term_buyers": (NAME,)}),
            elsewhere,
            {NAME: 1.0},
            start,
            rng(f"gas.rest.voyages.{name}"),
            henry_hub,
            delta.routes,
        )
        for name, table in parameters.suppliers.items()
    }
    fleet = Fleet(
        env, elsewhere, common, delta.routes, freight, suppliers, {NAME: terminal}, brent, sister=delta
    )
    importer = Importer(NAME, member, common, parameters.shpgx, [terminal], 1.0)
    return RestOfChina(own, importer, terminal, suppliers, fleet, start)


def make_basins(parameters: GasParameters, start: date, rng: Callable[[str], np.random.Generator]) -> Basins:
    """Return the basins of the rest of the world; all suppliers' plants make what they have by contract and spot."""
    suppliers = parameters.suppliers.values()
    plants = [working(own.maintenance) for own in suppliers]
    return Basins(
        parameters.abroad,
        sum(own.china_imports_mtpa * own.term_share for own in suppliers),
        start,
        rng("gas.basins"),
        parameters.demand.temperature_persistence,
        working=world_at_work([own.world_supply_share for own in suppliers], plants),
        working_spot=world_at_work([own.spot_share_of_window for own in suppliers], plants),
    )


def _opens(terminal: TerminalParameters) -> date:
    """Return when a terminal's first tank is there; the first of all days if it has always been."""
    if sum(stage.tank_m3 for stage in terminal.stages) < terminal.tank_m3:
        return date.min
    return min(stage.from_date for stage in terminal.stages)


def _term_shares(parameters: GasParameters, able: set[str]) -> dict[str, float]:
    """Return each importer's part of term supply, among those that can take any."""
    members = parameters.importers.members
    volume = dict.fromkeys(members, 0.0)
    for supplier in parameters.suppliers.values():
        weights = {buyer: members[buyer].term_weight for buyer in supplier.term_buyers if buyer in able}
        term_mtpa = supplier.china_imports_mtpa * supplier.term_share
        for buyer, weight in weights.items():
            volume[buyer] += term_mtpa * weight / sum(weights.values())
    total = sum(volume.values())
    return {name: part / total for name, part in volume.items()}
