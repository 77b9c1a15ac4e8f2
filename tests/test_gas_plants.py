"""Plants inland in the books: gas in is gas made liquid and own use, what is sold is made, out of what basins keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters, streams
from test_gas_ships import calm

from agents.gas.parameters import GasParameters
from agents.gas.plants import Plants

MONDAY = date(2024, 11, 4)
PLENTY = dict.fromkeys(base_parameters().rest_of_china.sources, 10**9)


def plants() -> Plants:
    made = Plants(base_parameters().plants, streams(1)("gas.plants"))
    made.advance()
    return made


def test_a_weekend_by_hand() -> None:
    own = plants()
    sold = sum(trade.quantity_t for trade in own.trade(MONDAY, 3, 4_600.0) if trade.place == "sichuan")
    for ahead in range(3):
        own.run(MONDAY + timedelta(days=ahead), PLENTY)
    days = [found["sichuan"] for _, found in own.days]
    assert [day.made_t for day in days] == [sold // 3, 2 * sold // 3 - sold // 3, sold - 2 * sold // 3]
    # 1,400 m3 of gas make a tonne, and 70 m3 are burnt beside it.
    assert [day.gas_in_m3 for day in days] == [1_470 * day.made_t for day in days]
    assert [day.own_use_m3 for day in days] == [70 * day.made_t for day in days]
    own.run(MONDAY + timedelta(days=3), PLENTY)
    assert own.days[-1][1]["sichuan"].made_t == 0


def test_where_feed_gas_is_short_plants_deliver_later() -> None:
    own = plants()
    sold = sum(
        t.quantity_t for t in own.trade(MONDAY, 1, 4_600.0) if t.place in ("inner_mongolia", "shaanxi")
    )
    first = sum(t.quantity_t for t in plants().trade(MONDAY, 1, 4_600.0) if t.place == "inner_mongolia")
    own.run(MONDAY, PLENTY | {"ordos": 1_470 * (first + 100)})
    _, found = own.days[-1]
    assert (found["inner_mongolia"].made_t, found["shaanxi"].made_t) == (first, 100)
    assert found["shaanxi"].owed_t == sold - first - 100 > 0
    own.run(MONDAY + timedelta(days=1), PLENTY)
    assert own.days[-1][1]["shaanxi"].made_t == sold - first - 100
    assert own.days[-1][1]["shaanxi"].owed_t == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(2_500.0, 9_000.0), st.integers(0, 40_000_000)), max_size=12
    )
)
def test_gas_and_sales_balance_whatever_basins_keep(days: list[tuple[int, float, int]]) -> None:
    own = plants()
    kept = dict.fromkeys(PLENTY, 0)
    for at, (session, price, gas) in enumerate(days):
        own.advance()
        if session:
            own.trade(MONDAY + timedelta(days=at), session, price)
        given_m3 = dict.fromkeys(PLENTY, gas)
        own.run(MONDAY + timedelta(days=at), given_m3)
        kept = {basin: volume + gas for basin, volume in kept.items()}
        for basin in PLENTY:
            regions = [name for name, plant in base_parameters().plants.items() if plant.basin == basin]
            assert sum(own.days[-1][1][name].gas_in_m3 for name in regions) <= gas
    assert not any(own.imbalances(kept).values())


def test_a_tonne_out_of_nothing_is_found_in_the_world() -> None:
    world = calm()
    _, found = world.plants.days[20]
    was = found["sichuan"]
    found["sichuan"] = replace(was, made_t=was.made_t + 1)
    with pytest.raises(ArithmeticError, match="plants of sichuan: sold - made"):
        world.check_conservation()
    found["sichuan"] = was
    world.check_conservation()
    table = world.tables()["gas_plants"]
    assert len(table) == len(world.plants.days) * len(base_parameters().plants)
    # 57,000 t a day in all; plants run at more than a third and less than all of it over a year.
    assert 0.33 * 57_000 < table.groupby("date").made_t.sum().mean() < 57_000
    assert table.owed_t.max() == 0


def test_their_basin_must_be_a_source() -> None:
    table = base_parameters().model_dump()
    table["plants"]["sichuan"]["basin"] = "siberia"
    with pytest.raises(ValueError, match=r"plants.sichuan: no basin 'siberia'; there are tarim"):
        GasParameters.model_validate(table)
