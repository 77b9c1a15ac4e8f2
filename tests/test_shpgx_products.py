"""What SHPGX sells beside LNG by lorry, in the gas world: pipeline gas by the week, and LNG cargoes in yuan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from test_gas_case import base_parameters, gas_world

from agents.gas.parameters import GasParameters
from agents.gas.sales_parameters import PipelineGasParameters
from agents.gas.shocks import DatedShock, PipelineCut, RmbCargoShare
from scenarios.spec import load_scenario
from scenarios.tomlfile import BadInput

DAYS = 100


def with_pipeline_gas(**changes: Any) -> GasParameters:
    own = PipelineGasParameters(
        seller="petrochina", base_cny_per_m3=2.08, offered_share=0.5, capped=True, private_value_sd=0.05,
        deposit_percent=10, bidders={"shanghai": 0.3, "jiangsu": 0.4, "zhejiang": 0.3}, source="a test",
    )  # fmt: skip
    return base_parameters().model_copy(update={"pipeline_gas": own.model_copy(update=changes)})


def sales(shocks: list[DatedShock] | None = None, **changes: Any) -> pd.DataFrame:
    world = gas_world(3, DAYS, shocks or [], parameters=with_pipeline_gas(**changes))
    return world.tables()["gas_pipeline_sales"]


def test_the_cap_binds_as_in_the_first_sale_of_pipeline_gas() -> None:
    """12 September 2017: base 2.08, all sold at 2.496 yuan/m3, as far as 20 % allows; LNG cost 3.3 and more."""
    capped = sales()
    assert (capped.price_cny_per_m3 == 2.496).all() and capped.at_cap.all()
    assert (capped.sold_m3 == capped.offered_m3).all() and (capped.sold_m3 < capped.bid_m3).all()
    first = capped.iloc[0]
    assert first.seller_rent_mn_cny == pytest.approx((2.496 - 2.08) * first.sold_m3 / 1e6)
    # Without the cap the price rises to what LNG costs, and gas goes to those who gain most from it.
    free = sales(capped=False)
    assert (free.price_cny_per_m3 > 2.6).all() and not free.at_cap.any()
    assert free.efficiency.min() > 0.999 and capped.efficiency.mean() < 0.97
    assert free.buyer_rent_mn_cny.sum() < 0.5 * capped.buyer_rent_mn_cny.sum()
    assert (free.optimum_mn_cny.iloc[0]) == pytest.approx(capped.optimum_mn_cny.iloc[0])


def test_where_lng_is_cheap_nobody_bids_over_the_base_or_at_all() -> None:
    assert sales(base_cny_per_m3=4.5).sold_m3.sum() == 0
    plenty = sales(base_cny_per_m3=2.9, capped=False, bidders={"shanghai": 0.01})
    assert (plenty.price_cny_per_m3 == 2.9).all() and (plenty.sold_m3 < plenty.offered_m3).all()


def test_what_is_sold_comes_through_the_lines_and_stays_in_the_tanks() -> None:
    without, world = gas_world(3, DAYS), gas_world(3, DAYS, parameters=with_pipeline_gas())
    sold, before, after = (
        world.tables()["gas_pipeline_sales"],
        without.tables()["gas_days"],
        world.tables()["gas_days"],
    )
    week = slice(1, 8)  # the first sale is for the seven days after 1 August
    assert sold.day[0] == pd.Timestamp(2024, 8, 1)
    came = after.pipeline_available_m3[week] - before.pipeline_available_m3[week]
    assert (
        0.8 * sold.sold_m3[0] < came.sum() < 1.03 * sold.sold_m3[0]
    )  # swing is called less with fuller tanks
    assert after.send_out_m3[week].sum() < before.send_out_m3[week].sum()
    assert (after.pipeline_available_m3 <= base_parameters().pipeline.capacity_m3_per_day * 1.05).all()
    done = sold.iloc[:-2]
    assert (done.delivered_m3 == done.sold_m3).all() and done.forfeited_mn_cny.sum() == 0
    assert sum(world.market.balances_fen()) == 0


def test_a_cut_makes_the_seller_default_and_pay_the_deposit_twice_over() -> None:
    cut = PipelineCut(
        kind="pipeline_cut", cut_m3_per_day=60_000_000, duration_days=14, start_day=0, source="a test"
    )
    struck = sales([DatedShock(date(2024, 8, 20), cut)])
    hit = struck[struck.day.between(pd.Timestamp(2024, 8, 10), pd.Timestamp(2024, 9, 3))]
    assert hit.missed_m3.sum() > 0.3 * hit.sold_m3.sum()
    assert hit.forfeited_mn_cny.sum() == pytest.approx(
        0.1 * (hit.missed_m3 * hit.price_cny_per_m3).sum() / 1e6, rel=0.01
    )
    assert struck[struck.day < pd.Timestamp(2024, 8, 10)].missed_m3.sum() == 0
    world = gas_world(3, DAYS, [DatedShock(date(2024, 8, 20), cut)], parameters=with_pipeline_gas())
    assert sum(world.market.balances_fen()) == 0
    lost = {name: fen for name, fen in world.market.members.forfeited_fen.items() if fen}
    assert lost["petrochina"] > 0.99 * sum(lost.values())  # a buyer who needs a parcel less loses it, too


def test_cargoes_in_yuan_are_priced_by_the_window_at_the_rate_of_the_day() -> None:
    share = base_parameters().shpgx.model_copy(update={"rmb_cargo_share": 0.05})
    world = gas_world(3, 240, parameters=base_parameters().model_copy(update={"shpgx": share}))
    tables = world.tables()
    settled, cargoes = tables["gas_rmb_cargoes"], tables["lng_cargoes"].set_index("cargo")
    # 51.7 MMBtu a tonne at 7.13 CNY a dollar, to a fen.
    expected = settled.price_usd_per_mmbtu * 51.7 * 7.13
    assert (settled.price_cny_per_t - expected).abs().max() <= 0.005 + 1e-9
    assert cargoes.spot[settled.cargo].all()
    priced = cargoes.price_usd_per_mmbtu.notna().sum()
    assert len(settled) == pytest.approx(0.05 * priced, abs=2)
    landed = settled.dropna(subset="discharged")
    assert (landed.delivered_t > 0.93 * landed.quantity_t).all() and len(landed) >= 3  # the rest boils off
    assert sum(world.market.balances_fen()) == 0
    assert world.market.members.held_fen == 0
    # At the share of 2023 there is a cargo or none in eight months, and nothing else differs.
    few = gas_world(3, 240)
    assert len(few.tables()["gas_rmb_cargoes"]) <= 1
    pd.testing.assert_frame_equal(few.tables()["gas_days"], tables["gas_days"])


def test_a_lever_moves_the_share_in_yuan_from_its_day_on_and_nothing_else() -> None:
    day = date(2024, 10, 8)
    event = RmbCargoShare(kind="rmb_cargo_share", share=0.2, start_day=0, source="a test")
    plain, changed = gas_world(3, 150), gas_world(3, 150, [DatedShock(day, event)])
    settled = changed.tables()["gas_rmb_cargoes"]
    later = settled[settled.day >= pd.Timestamp(day)]
    assert len(settled) - len(later) == (plain.tables()["gas_rmb_cargoes"].day < pd.Timestamp(day)).sum()
    assert len(later) >= 5
    pd.testing.assert_frame_equal(plain.tables()["gas_days"], changed.tables()["gas_days"])


def test_the_scenario_sells_pipeline_gas_and_can_lift_the_cap() -> None:
    loaded = load_scenario("shpgx-mechanism", ["gas.pipeline_gas.capped=false"])
    assert loaded.scenario.gas.pipeline_gas is not None
    assert not loaded.scenario.gas.pipeline_gas.capped
    assert load_scenario("base").scenario.gas.pipeline_gas is None
    with pytest.raises(BadInput, match="'gazprom' is no importer"):
        load_scenario("shpgx-mechanism", ["gas.pipeline_gas.seller=gazprom"])
