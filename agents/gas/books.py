"""The books of a gas world as a whole: its frames, and the balances of all its parts.

It reads the parts and moves nothing; what a part must conserve is said in that part.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from agents.gas import payments
from agents.gas.records import cargo_frame
from exchange.clock import ns, wall_clock

if TYPE_CHECKING:
    from agents.gas.world import GasWorld


def tables(world: GasWorld) -> dict[str, pd.DataFrame]:
    """Return all frames: what the records keep, ships, contracts, energy, other China, basins, SHPGX and indices."""
    rest, energy = pd.DataFrame(world.rest.rows()), pd.DataFrame(world.energy.rows())
    lines = pd.DataFrame(world.pipeline.lines.rows())
    basins = pd.DataFrame(world.basins.rows())
    diverted = [*world.fleet.diverted, *world.rest.fleet.diverted]
    everywhere = [*world.fleet.cargoes, *world.rest.fleet.cargoes, *diverted]
    paid = payments.payments(world.lifting, everywhere, world.lifting.day or date.min)
    plants = pd.DataFrame(world.plants.rows())
    for frame in (rest, energy, lines, plants, basins):
        if "date" in frame:
            frame["date"] = pd.to_datetime(frame["date"])
    own = world.market.index.values
    found = world.records.tables(world.fleet.cargoes, world.market.trades) | world.products.frames()
    return found | {
        "gas_basins": basins,
        "gas_energy": energy,
        "gas_index_quality": world.indices.quality_frame(own),
        "gas_indices": world.indices.frame(own, world.jkm, world.fx, world.parameters.shpgx),
        "gas_lines": lines,
        "gas_mechanism": world.market.frame(),
        "gas_plants": plants,
        "lng_cargoes_diverted": cargo_frame(diverted),
        "lng_cargoes_rest": cargo_frame(world.rest.fleet.cargoes),
        "lng_contracts": pd.DataFrame(world.lifting.rows(everywhere)),
        "lng_payments": payments.frame(paid),
        "lng_ships": pd.DataFrame(world.fleet.ships.rows(wall_clock)),
        "rest_of_china": rest,
    }


def imbalances(world: GasWorld) -> dict[str, int]:
    """Return what is missing from each balance; all are 0 when nothing was made or lost."""
    world.energy.receive(world.fleet.recent)
    pack = {} if world.delivery.hours is None else world.delivery.hours.pack_m3
    diverted = [*world.fleet.diverted, *world.rest.fleet.diverted]
    everywhere = [*world.fleet.cargoes, *world.rest.fleet.cargoes, *diverted]
    start_ns = ns(world.basins.start)
    return (
        world.ledger().imbalances()
        | world.rest.imbalances()
        | world.pipeline.lines.imbalances(*world.rest.pipeline_books())
        | world.basins.imbalances()
        | world.energy.imbalances(list(world.terminals.values()), pack)
        | world.plants.imbalances(world.pipeline.lines.near_m3)
        | world.lifting.imbalances()
        | payments.imbalances(world.lifting, everywhere)
        | world.products.slots.imbalances()
        | {
            "China's term cargoes: lifted - loaded": world.fleet.lifted_m3
            + world.rest.fleet.lifted_m3
            - sum(
                cargo.loaded_m3 - cargo.heel_m3
                for cargo in everywhere
                if not cargo.spot and cargo.loaded_ns is not None and cargo.loaded_ns >= start_ns
            )
        }
        | {"diverted cargoes": sum(cargo.imbalance_m3 for cargo in diverted)}
    )
