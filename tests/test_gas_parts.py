"""The parts of the gas world, one by one: seasons, terminals, dispatch, suppliers, demand, lorries."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters, freight_of, routes_of, streams

from agents.gas.abroad import by_month
from agents.gas.demand import Demand, Weather
from agents.gas.dispatch import GAS_PER_LIQUID, dispatch, share_out, split
from agents.gas.importers import landed_cny_per_t, netback_usd_per_mmbtu
from agents.gas.lorries import LorryBuyers, spread
from agents.gas.pipelines import Pipeline, make_pipeline
from agents.gas.seasons import Season
from agents.gas.shocks import ColdWave, DatedShock, LngSupplyOutage, PipelineCut
from agents.gas.sources import Sources
from agents.gas.suppliers import HenryHub, Supplier
from agents.gas.terminals import Terminal
from exchange.listing import ListingBoard
from exchange.units import NS_PER_DAY, TONNES_PER_M3_LNG

START = date(2024, 8, 1)
FACTORS = [1.25, 1.12, 1.00, 0.88, 0.85, 0.93, 1.02, 1.03, 0.90, 0.87, 1.00, 1.15]


def terminal(name: str = "yangshan") -> Terminal:
    return Terminal(simpy.Environment(), name, base_parameters().terminals[name], START)


# --- seasons


def test_a_season_has_its_values_at_mid_month_and_keeps_its_mean() -> None:
    season = Season(FACTORS)
    assert [season.on(date(2025, month, 15)) for month in range(1, 13)] == pytest.approx(FACTORS)
    assert season.path(date(2025, 1, 1), 365).mean() == pytest.approx(1.0, abs=0.005)
    assert season.on(date(2024, 2, 29)) == season.on(date(2024, 2, 28))


def test_a_season_runs_on_over_new_year() -> None:
    season = Season(FACTORS)
    path = season.path(date(2024, 12, 30), 4)
    assert path == pytest.approx([season.on(date(2024, 12, 30) + timedelta(days=i)) for i in range(4)])


# --- terminals


def test_ships_wait_for_the_berth_in_turn() -> None:
    yangshan = terminal()
    first, second = yangshan.moor(100_000), yangshan.moor(100_000)
    assert first.triggered
    assert not second.triggered
    assert yangshan.waiting == 1
    yangshan.discharge(99_000, 100_000)
    assert second.triggered
    assert yangshan.waiting == 0


def test_a_ship_waits_for_room_in_the_tanks() -> None:
    yangshan = terminal()
    yangshan.discharge(400_000, 0)
    too_much = yangshan.tank_m3 - yangshan.stock_m3 + 10_000
    ship = yangshan.moor(too_much)
    assert not ship.triggered
    yangshan.send_out(10_000)
    assert ship.triggered
    assert yangshan.stock_m3 + too_much <= yangshan.tank_m3


def test_room_is_kept_for_a_ship_alongside() -> None:
    zhoushan = terminal("zhoushan")
    room = zhoushan.tank_m3 - zhoushan.stock_m3
    first, second = zhoushan.moor(room - 50_000), zhoushan.moor(60_000)
    assert first.triggered
    assert not second.triggered


def test_a_closed_port_takes_no_ship_and_still_sends_out() -> None:
    yangshan = terminal()
    yangshan.close()
    ship = yangshan.moor(100_000)
    yangshan.send_out(1_000)
    assert not ship.triggered
    yangshan.reopen()
    assert ship.triggered


def test_what_lorries_paid_for_is_not_sent_out() -> None:
    yangshan = terminal()
    yangshan.sell(yangshan.available_m3)
    with pytest.raises(ValueError, match="cannot send out"):
        yangshan.send_out(1)
    with pytest.raises(ValueError, match="available"):
        yangshan.sell(1)
    with pytest.raises(ValueError, match="to load"):
        yangshan.load_trucks(yangshan.sold_m3 + 1)


def test_new_tanks_fill_their_heel_from_the_first_cargoes() -> None:
    """By hand: the heel of 1,000,000 m3 more is 80,000; of the cargoes of 50,000 and 100,000 m3 70,000 can go out."""
    yangshan = terminal()
    heel_m3, available_m3 = yangshan.heel_m3, yangshan.available_m3
    yangshan.expand(tank_m3=1_000_000, berths=0, send_out_m3=0, capacity_mtpa=0.0)
    assert (yangshan.heel_m3, yangshan.available_m3) == (heel_m3, available_m3)
    yangshan.discharge(50_000, 0)
    assert (yangshan.heel_m3, yangshan.available_m3) == (heel_m3 + 50_000, available_m3)
    yangshan.discharge(20_000, 0, guest=True)
    assert (yangshan.heel_m3, yangshan.available_m3) == (heel_m3 + 50_000, available_m3)
    yangshan.discharge(100_000, 0)
    assert (yangshan.heel_m3, yangshan.available_m3) == (heel_m3 + 80_000, available_m3 + 70_000)
    yangshan.discharge(100_000, 0)
    assert (yangshan.heel_m3, yangshan.available_m3) == (heel_m3 + 80_000, available_m3 + 170_000)


# --- dispatch


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_a_split_sums_to_the_whole(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert part == pytest.approx(total * weight / max(1, sum(weights)), abs=1)


@given(
    st.integers(0, 10**7),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=8),
)
def test_shares_stay_within_their_limits(total: int, pairs: list[tuple[int, int]]) -> None:
    weights, limits = [w for w, _ in pairs], [limit for _, limit in pairs]
    parts = share_out(total, weights, limits)
    assert all(0 <= part <= limit for part, limit in zip(parts, limits, strict=True))
    assert sum(parts) == min(total, sum(limits))


ORDER = ("power", "industry", "chemicals", "city_gas")


@given(
    st.lists(st.integers(0, 80_000_000), min_size=4, max_size=4),
    st.integers(0, 150_000_000),
    st.integers(0, 480_000),
)
def test_gas_served_is_gas_supplied(demand: list[int], pipeline_m3: int, drawn_m3: int) -> None:
    wanted = dict(zip(ORDER, demand, strict=True))
    yangshan, zhoushan = terminal(), terminal("zhoushan")
    for place in (yangshan, zhoushan):
        place.send_out(min(drawn_m3, place.available_m3, place.max_send_out_m3))
    before = yangshan.stock_m3 + zhoushan.stock_m3
    result = dispatch(wanted, pipeline_m3, [yangshan, zhoushan], ORDER)
    sent_m3 = before - yangshan.stock_m3 - zhoushan.stock_m3
    served = sum(wanted.values()) - sum(result.unserved_m3.values())
    assert result.send_out_gas_m3 == GAS_PER_LIQUID * sent_m3
    assert served == result.pipeline_taken_m3 + GAS_PER_LIQUID * sent_m3
    assert 0 <= result.pipeline_taken_m3 <= pipeline_m3
    assert all(0 <= result.unserved_m3[name] <= wanted[name] for name in ORDER)


def test_sectors_are_cut_in_their_order() -> None:
    wanted = {"city_gas": 30_000_000, "chemicals": 5_000_000, "industry": 40_000_000, "power": 20_000_000}
    yangshan = terminal()
    supply = 60_000_000 - yangshan.max_send_out_m3 * GAS_PER_LIQUID
    result = dispatch(wanted, supply, [yangshan], ORDER)
    assert result.unserved_m3 == {
        "power": 20_000_000, "industry": 15_000_000, "chemicals": 0, "city_gas": 0,
    }  # fmt: skip


def test_lng_serves_only_what_pipes_do_not_beyond_its_boil_off() -> None:
    yangshan = terminal()
    boil_off = yangshan.boil_off_m3
    assert boil_off > 0
    result = dispatch({"city_gas": 10_000_000}, 50_000_000, [yangshan], ["city_gas"])
    assert result.send_out_m3 == {"yangshan": boil_off}
    assert result.pipeline_taken_m3 == 10_000_000 - GAS_PER_LIQUID * boil_off


# --- suppliers


def supplier(name: str = "qatar", seed: int = 1) -> Supplier:
    parameters = base_parameters()
    weights = {member: own.term_weight for member, own in parameters.importers.members.items()}
    routes = routes_of(parameters)
    freight = freight_of(parameters, routes)
    hub = HenryHub(parameters.henry_hub, by_month("hub", {"2024-01": 2.0}), freight)
    return Supplier(
        name,
        parameters.suppliers[name],
        parameters.shipping,
        weights,
        START,
        streams(seed)(name),
        hub,
        routes,
    )


def year_of_cargoes(of: Supplier) -> list:  # type: ignore[type-arg]
    numbers = iter(range(10_000))
    return of.schedule(START + timedelta(days=364), lambda: next(numbers))


def test_a_year_of_cargoes_is_the_years_contract() -> None:
    qatar = supplier()
    cargo_t = 166_170 * TONNES_PER_M3_LNG
    assert len(year_of_cargoes(qatar)) == pytest.approx(18.35e6 * 0.2944 * 0.9 / cargo_t, abs=1)


def test_buyers_take_in_proportion_to_their_weights() -> None:
    cargoes = year_of_cargoes(supplier())
    weights = {m: own.term_weight for m, own in base_parameters().importers.members.items()}
    buyers = base_parameters().suppliers["qatar"].term_buyers
    for buyer in buyers:
        share = sum(cargo.importer == buyer for cargo in cargoes) / len(cargoes)
        assert share == pytest.approx(weights[buyer] / sum(weights[b] for b in buyers), abs=0.03)


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_an_outage_strikes_its_share_of_loadings_and_no_other(share: float) -> None:
    qatar = supplier()
    cargoes = year_of_cargoes(qatar)
    first = date(2025, 1, 1)
    outage = LngSupplyOutage(
        kind="lng_supply_outage",
        source="a test",
        start_day=0,
        supplier="qatar",
        lost_share=share,
        duration_days=60,
    )
    qatar.stop(DatedShock(first, outage), cargoes)
    inside = [c for c in cargoes if first <= c.planned_loading_day < first + timedelta(days=60)]
    lost = [c for c in cargoes if c.lost]
    assert len(lost) == pytest.approx(share * len(inside), abs=1)
    assert all(cargo in inside for cargo in lost)


def test_cargoes_planned_after_the_start_of_an_outage_are_struck_too() -> None:
    early, late = supplier(), supplier()
    outage = LngSupplyOutage(
        kind="lng_supply_outage",
        source="a test",
        start_day=0,
        supplier="qatar",
        lost_share=0.5,
        duration_days=90,
    )
    shock = DatedShock(date(2024, 9, 1), outage)
    numbers = iter(range(10_000))
    planned = early.schedule(START + timedelta(days=364), lambda: next(numbers))
    early.stop(shock, planned)
    numbers = iter(range(10_000))
    first = late.schedule(date(2024, 10, 1), lambda: next(numbers))
    late.stop(shock, first)
    second = late.schedule(START + timedelta(days=364), lambda: next(numbers))
    assert [cargo.lost for cargo in planned] == [cargo.lost for cargo in first + second]


# --- demand and weather


def test_cold_raises_demand_in_january_and_heat_in_july() -> None:
    demand = Demand(base_parameters().demand)

    def total(day: date, anomaly: float) -> float:
        return float(demand.at_reference_m3(day, np.array([anomaly])).sum())

    assert total(date(2025, 1, 15), -5.0) > 1.04 * total(date(2025, 1, 15), 0.0)
    assert total(date(2025, 7, 15), 5.0) > 1.02 * total(date(2025, 7, 15), 0.0)
    assert total(date(2025, 5, 15), -5.0) == total(date(2025, 5, 15), 0.0)


def test_demand_answers_to_price_and_lorries_more_than_pipes() -> None:
    demand = Demand(base_parameters().demand)
    wanted = demand.at_reference_m3(date(2025, 1, 15), np.zeros(1))
    reference = base_parameters().demand.reference_price_cny_per_t
    for volumes in (demand.piped_m3, demand.trucked_m3):
        assert volumes(wanted, 1.5 * reference).sum() < volumes(wanted, reference).sum()
    industry = demand.sectors.index("industry")
    ratio = [v(wanted, 2 * reference)[0, industry] / v(wanted, reference)[0, industry] for v in (
        demand.piped_m3, demand.trucked_m3)]  # fmt: skip
    assert ratio == pytest.approx([2**-0.15, 2**-0.3])


def test_the_weather_has_the_spread_and_memory_that_it_claims() -> None:
    parameters = base_parameters().demand
    weather = Weather(parameters, streams(3)("gas.weather"))
    path = []
    for _ in range(20_000):
        weather.advance()
        path.append(weather.anomaly_degc(START))
    assert np.std(path) == pytest.approx(parameters.temperature_sd_degc, rel=0.05)
    assert np.corrcoef(path[:-1], path[1:])[0, 1] == pytest.approx(0.8, abs=0.02)


def test_a_cold_wave_is_felt_and_foreseen() -> None:
    weather = Weather(base_parameters().demand, streams(3)("gas.weather"))
    mild = weather.forecast_degc(START, 10)
    wave = ColdWave(kind="cold_wave", source="a test", start_day=0, temperature_drop_degc=8, duration_days=5)
    weather.begin(DatedShock(START, wave))
    assert mild - weather.forecast_degc(START, 10) == pytest.approx([8.0] * 5 + [0.0] * 5)


# --- pipelines


def a_pipeline() -> Pipeline:
    parameters = base_parameters()
    return make_pipeline(parameters, Sources(parameters.rest_of_china.sources), streams(3))


def test_a_cut_is_felt_and_foreseen_and_ends() -> None:
    pipeline = a_pipeline()
    whole, now = pipeline.forecast_m3(START, 10, 0.0), pipeline.available_m3(START, 0.0)
    cut = PipelineCut(
        kind="pipeline_cut", source="a test", start_day=0, cut_m3_per_day=30_000_000, duration_days=4
    )
    pipeline.begin(DatedShock(START, cut))
    assert now - pipeline.available_m3(START, 0.0) == 30_000_000
    assert whole - pipeline.forecast_m3(START, 10, 0.0) == pytest.approx([30e6] * 4 + [0.0] * 6)


def test_swing_fills_a_part_of_the_free_capacity() -> None:
    parameters = base_parameters().pipeline
    pipeline = a_pipeline()
    may = date(2025, 5, 15)
    free = parameters.capacity_m3_per_day - pipeline.available_m3(may, 0.0)
    swing = pipeline.available_m3(may, 1.0) - pipeline.available_m3(may, 0.0)
    assert swing == pytest.approx(parameters.swing_share * free, abs=2)
    assert pipeline.swing_call(-1.0) == 0.0
    assert pipeline.swing_call(parameters.full_swing_scarcity) == 1.0
    assert pipeline.swing_call(1.0) == 1.0


# --- lorries and prices


def test_lorry_buyers_take_the_cheapest_first_and_no_more_than_they_need() -> None:
    parameters = base_parameters().shpgx.model_copy(update={"haul_sd_cny_per_t": 0.0})
    buyers = LorryBuyers(parameters, ["ningbo", "rudong"], streams(1)("gas.buyers"))
    board = ListingBoard()
    for place, price in (("ningbo", 470_000), ("rudong", 460_000)):
        board.post(
            0,
            seller=place,
            place=place,
            delivery="today",
            price_fen_per_t=price,
            quantity_t=5_000,
            minimum_take_t=20,
        )
    bought = buyers.buy(1, board, lambda price: 8_000.0, 4_700.0)
    assert bought.bought_t["rudong"] == 5_000
    assert 7_700 <= sum(bought.bought_t.values()) <= 8_000
    assert bought.unmet_t == 0


def test_buyers_without_listings_go_unmet() -> None:
    buyers = LorryBuyers(base_parameters().shpgx, ["ningbo"], streams(1)("gas.buyers"))
    bought = buyers.buy(1, ListingBoard(), lambda price: 8_000.0, 4_700.0)
    assert bought.bought_t == {}
    assert 7_900 <= bought.unmet_t <= 8_000


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5), st.integers(1, 12))
def test_purchases_are_spread_over_days_without_loss(a: int, b: int, unmet: int, days: int) -> None:
    plan = spread({"ningbo": a, "rudong": b}, unmet, days)
    assert len(plan) == days
    assert sum(day.loads_m3["ningbo"] for day in plan) == a
    assert sum(day.wanted_m3 for day in plan) == a + b + unmet


def test_netback_undoes_the_landed_cost() -> None:
    shpgx = base_parameters().shpgx
    # 10 USD/MMBtu x 51.7 x 7.13 = 3,686.2; x 1.09 = 4,018.0; + 0.25 x 1,400 = 350 -> 4,368.0 CNY/t
    assert landed_cny_per_t(10.0, 7.13, shpgx) == pytest.approx(4_368.0, abs=0.1)
    assert netback_usd_per_mmbtu(landed_cny_per_t(10.0, 7.13, shpgx), 7.13, shpgx) == pytest.approx(10.0)


def test_a_day_is_a_day() -> None:
    assert terminal().unloading_ns == NS_PER_DAY
