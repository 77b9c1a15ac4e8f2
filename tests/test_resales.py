"""Term cargoes sold on in the JKM window: who offers what at which limit, and where a cargo is when it is sold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from math import exp

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, brent_history, gas_world, streams

from agents.gas.importers import Outlook
from agents.gas.jkm import Assessment, JkmWindow, Tender, Want
from agents.gas.parameters import GasParameters
from agents.gas.published import PublishedPrices
from agents.gas.resales import Resales
from agents.gas.shocks import DatedShock, DemandShift, EuropePull, LngSupplyOutage
from agents.gas.world import GasWorld
from agents.prices import PriceHistory

CARGO_M3 = 166_170
DAY = date(2024, 11, 4)
SLUMP = DatedShock(
    START + timedelta(days=20),
    DemandShift(kind="demand_shift", change_share=-0.25, duration_days=120, start_day=0, source="a test"),
)
"""A quarter of the delta's demand goes, and cargoes keep coming."""


def parameters(**changes: object) -> GasParameters:
    base = base_parameters()
    return base.model_copy(update={"lifting": base.lifting.model_copy(update=changes)})


@cache
def slump() -> GasWorld:
    return gas_world(3, 150, [SLUMP])


def window(limits: list[float]) -> Assessment:
    own = JkmWindow(base_parameters().jkm, brent_history(), streams(5)("gas.jkm"))
    usual_m3 = int(5.2 * CARGO_M3)
    return own.assess(
        DAY,
        [],
        [Want("others", usual_m3)],
        usual_m3,
        resales=[Tender("cnooc", limit, CARGO_M3) for limit in limits],
    )


# --- the window


def test_more_on_offer_lowers_the_price_and_a_dear_offer_changes_nothing() -> None:
    prices = [window([1.0] * count).price_usd_per_mmbtu for count in (0, 3, 6)]
    assert prices[0] > prices[1] > prices[2]
    assert window([1.0] * 3).resold == (True, True, True) and window([1.0] * 3).resold_m3 == 3 * CARGO_M3
    dear = window([99.0] * 3)
    assert dear.resold == (False, False, False) and dear.resold_m3 == 0
    assert dear.price_usd_per_mmbtu == prices[0]


@given(st.lists(st.floats(5.0, 20.0), max_size=6))
def test_no_cargo_is_sold_below_its_limit(limits: list[float]) -> None:
    found = window(limits)
    assert len(found.resold) == len(limits)
    for limit, gone in zip(limits, found.resold, strict=True):
        assert not gone or found.price_usd_per_mmbtu >= limit - 0.005
    assert found.resold_m3 == CARGO_M3 * sum(found.resold)


# --- who offers


def resales(own: GasParameters, shocks: Sequence[DatedShock] = ()) -> Resales:
    """Return resales in a young world where LNG on the lorry is worth 10 USD/MMBtu DES.

    10 x 51.7 x 7.2 = 3,722.40 CNY/t; x 1.09 = 4,057.42; + .25 x 1,400 = 4,407.42.
    """
    index, fx = PriceHistory("index"), PriceHistory("fx")
    index.publish(DAY, 4_407.416)
    fx.publish(DAY, 7.2)
    world = gas_world(1, 5, shocks)
    return Resales(own, world.fleet, world.abroad, PublishedPrices(index, index, index, fx))


def test_the_limit_by_hand() -> None:
    """Netback at home 10 USD/MMBtu, scarcity -.4 at elasticity .3: 10 x exp(-.12) = 8.869; + .5 of margin = 9.369."""
    offers = resales(base_parameters()).offers(
        DAY, {"petrochina": Outlook(-0.4, 0.0, 10.0, room_m3=-200_000.0)}
    )
    ((cargo, tender),) = offers
    assert tender.limit_usd_per_mmbtu == pytest.approx(10.0 * exp(-0.12) + 0.5)
    assert (tender.importer, tender.volume_m3) == ("petrochina", cargo.contract_m3)
    assert cargo.importer == "petrochina" and not cargo.spot and cargo.loaded_ns is None
    assert cargo.supplier in base_parameters().lifting.destination_free


def test_who_could_sell_to_europe_asks_for_no_less() -> None:
    pull = EuropePull(
        kind="europe_pull", ttf_usd_per_mmbtu=60.0, duration_days=200, start_day=0, source="a test"
    )
    ((_, tender),) = resales(base_parameters(), [DatedShock(START, pull)]).offers(
        DAY, {"petrochina": Outlook(-0.4, 0.0, 10.0, room_m3=-200_000.0)}
    )
    assert 58.0 < tender.limit_usd_per_mmbtu < 64.0


@pytest.mark.parametrize(
    ("outlook", "free"),
    [
        (Outlook(0.2, 100_000.0, 10.0, room_m3=50_000.0), {"usa": 1.0}),
        (Outlook(-0.4, 0.0, 10.0, room_m3=-100_000.0), {"usa": 1.0}),
        (Outlook(-0.4, 0.0, 10.0, room_m3=-500_000.0), {}),
        (Outlook(-0.4, 0.0, 10.0, room_m3=-500_000.0), {"usa": 0.001}),
    ],
)
def test_who_has_room_or_no_free_cargo_offers_none(outlook: Outlook, free: dict[str, float]) -> None:
    assert resales(parameters(destination_free=free)).offers(DAY, {"petrochina": outlook}) == []


# --- in the world


def test_importers_with_full_tanks_sell_on_and_the_cargo_leaves_their_lists() -> None:
    world = slump()
    tables = world.tables()
    sold, gone = world.resales.sold, tables["lng_cargoes_diverted"].set_index("cargo")
    assert len(sold) >= 3
    assert tables["jkm"].resold_m3_liquid.sum() == sum(cargo.contract_m3 for cargo in sold)
    loaded = [cargo for cargo in sold if cargo.loaded_ns is not None]
    assert loaded
    for cargo in loaded:
        assert cargo not in world.fleet.cargoes and cargo in world.fleet.diverted
        assert (
            cargo.terminal is None and gone.resale_usd_per_mmbtu[cargo.number] == cargo.resale_usd_per_mmbtu
        )
    for cargo in sold:
        assert cargo not in world.fleet.coming_to(cargo.importer)
        assert cargo.imbalance_m3 == 0
    assert (gone.sold_to == "Northeast Asia").all()
    # The contract's price is still that of its formula, and the ship came as far as China's coast.
    assert all(cargo.reference in ("oil-linked", "Henry Hub") for cargo in loaded)
    done = [cargo for cargo in loaded if cargo.discharged_ns is not None]
    legs = tables["lng_ships"].query("laden").set_index("cargo")
    assert done and (legs.destination[[cargo.number for cargo in done]] == "China").all()


def test_a_calm_autumn_sells_little_and_where_no_cargo_is_free_none_is_sold() -> None:
    assert len(slump().resales.sold) > len(gas_world(3, 150).resales.sold)
    bound = gas_world(3, 150, [SLUMP], parameters=parameters(destination_free={}))
    assert bound.resales.sold == [] and bound.tables()["jkm"].resold_m3_liquid.sum() == 0


def test_no_more_leave_than_are_free() -> None:
    everything = pd.concat([slump().tables()[f"lng_cargoes{of}"] for of in ("", "_diverted")])
    term = everything[~everything.spot & (everything.importer != "rest_of_china")]
    for supplier, share in base_parameters().lifting.destination_free.items():
        own = term[term.supplier == supplier]
        assert own.resale_usd_per_mmbtu.notna().sum() <= share * len(own)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31), st.floats(-0.6, 0.3), st.integers(0, 60))
def test_nothing_is_lost_when_sold_cargoes_are_lost(seed: int, change: float, day: int) -> None:
    shift = DemandShift(
        kind="demand_shift", change_share=change, duration_days=90, start_day=0, source="a test"
    )
    outage = LngSupplyOutage(
        kind="lng_supply_outage",
        supplier="qatar",
        lost_share=1.0,
        duration_days=40,
        start_day=0,
        source="a test",
    )
    dated = [DatedShock(START, shift), DatedShock(START + timedelta(days=day), outage)]
    world = gas_world(seed, 100, dated)
    terminals = world.tables()["terminals"]
    assert (terminals.stock_m3_liquid <= terminals.tank_m3_liquid).all()
