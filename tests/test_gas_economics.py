"""What must emerge from the gas world: a calm base, and what outages, cold and capacity do to it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_gas_case import base_parameters, brent_history, gas_world

from agents.gas.shocks import (
    ColdWave,
    DatedShock,
    LngSupplyOutage,
    LostCargoes,
    PipelineCut,
    TerminalExpansion,
)
from agents.prices import PriceHistory
from exchange.units import TONNES_PER_M3_LNG

SEEDS = (1, 2, 3, 4)
CARGO_M3 = 166_170
GOLDEN = tomllib.loads((Path(__file__).parent / "golden/gas_east_china.toml").read_text())
TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
JANUARY, MAY = date(2025, 1, 13), date(2025, 5, 12)
QATAR = LngSupplyOutage(
    kind="lng_supply_outage", supplier="qatar", lost_share=1.0, duration_days=28, restart_ramp_days=14, **TEST
)


@cache
def base(seed: int) -> dict[str, pd.DataFrame]:
    return gas_world(seed, 365).tables()


@cache
def after_qatar(seed: int, day: date) -> pd.DataFrame:
    return effect(seed, [DatedShock(day, QATAR)])


def effect(seed: int, shocks: Sequence[DatedShock], days: int = 60) -> pd.DataFrame:
    """Return shocked over base less 1 for prices, shocked less base for volumes, from the first shock on."""
    calm = base(seed)["gas_days"].set_index("date")
    shocked = gas_world(seed, 365, shocks).tables()["gas_days"].set_index("date")
    first = pd.Timestamp(shocks[0].day)
    window = slice(first, first + pd.Timedelta(days=days))
    prices = ["shpgx_lng_cny_per_t", "jkm_usd_per_mmbtu"]
    volumes = ["lng_stock_m3_liquid", "unserved_m3", "demand_m3", "scarcity"]
    return (shocked[prices] / calm[prices] - 1).join(shocked[volumes] - calm[volumes]).loc[window]


# --- the base


@pytest.mark.parametrize("seed", SEEDS)
def test_the_base_is_calm(seed: int) -> None:
    tables = base(seed)
    days, terminals = tables["gas_days"].set_index("date"), tables["terminals"]
    assert days.unserved_m3.sum() == 0
    fill = terminals.stock_m3_liquid / terminals.tank_m3_liquid
    assert (fill < 0.09).mean() < 0.005  # near the heel for a day or two at one place
    assert (fill > 0.95).mean() < 0.01
    assert (terminals.ships_waiting > 0).mean() < 0.05
    assert 0.35 < fill.mean() < 0.65
    assert days.lng_stock_days.min() > 7


@pytest.mark.parametrize("seed", SEEDS)
def test_november_2024_has_its_prices(seed: int) -> None:
    november = base(seed)["gas_days"].set_index("date").loc["2024-11"].mean(numeric_only=True)
    assert 4_300 < november.shpgx_lng_cny_per_t < 5_000
    assert november.import_parity_contract_cny_per_t < november.shpgx_lng_cny_per_t
    assert november.shpgx_lng_cny_per_t < november.import_parity_spot_cny_per_t
    published = GOLDEN["prices_nov_2024_usd_per_mmbtu"]
    assert 0.95 * published["lng_japan"] < november.jkm_usd_per_mmbtu < 1.15 * published["ttf"]
    assert 9.0 < november.contract_usd_per_mmbtu < november.jkm_usd_per_mmbtu


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_move_as_calm_markets_do(seed: int) -> None:
    jkm = np.log(base(seed)["jkm"].price_usd_per_mmbtu).diff().std() * np.sqrt(252)
    assert 0.20 < jkm < 0.45
    lng = base(seed)["gas_days"].set_index("date").shpgx_lng_cny_per_t.loc["2024-11":]
    assert 0.05 < np.log(lng[lng.diff() != 0]).diff().std() * np.sqrt(252) < 0.40


@pytest.mark.parametrize("seed", SEEDS)
def test_a_year_of_imports_fits_the_terminals(seed: int) -> None:
    cargoes = base(seed)["lng_cargoes"]
    done = cargoes[cargoes.discharged.notna()]
    landed_mt = done.delivered_m3_liquid.sum() * TONNES_PER_M3_LNG / 1e6
    planned_mt = base_parameters().shipping.landed_share * GOLDEN["imports_2024_mt"]["all"]
    assert landed_mt == pytest.approx(planned_mt, rel=0.08)
    assert landed_mt < 0.75 * sum(GOLDEN["terminals_mtpa"].values())
    assert 0.15 < done.spot.mean() < 0.30
    qatar = done[done.supplier == "qatar"].delivered_m3_liquid.sum() / done.delivered_m3_liquid.sum()
    assert qatar == pytest.approx(18.35 / 76.65, abs=0.04)


def test_stocks_are_built_before_winter_and_drawn_in_it() -> None:
    stock = np.mean([base(seed)["gas_days"].set_index("date").lng_stock_m3_liquid for seed in SEEDS], axis=0)
    stock = pd.Series(stock, base(1)["gas_days"].date)
    assert stock.loc["2024-12"].mean() > 1.15 * stock.loc["2024-09"].mean()
    assert stock.loc["2025-03"].mean() < 0.85 * stock.loc["2024-12"].mean()


def test_dearer_oil_raises_contracts_with_their_lag_and_then_the_price_in_shanghai() -> None:
    calm = base(1)["gas_days"].set_index("date")
    dearer = PriceHistory("brent_usd_per_bbl")
    for day, price in brent_history().items():
        dearer.publish(day, price * (1.3 if day >= date(2024, 11, 1) else 1.0))
    high = gas_world(1, 240, brent=dearer).tables()["gas_days"].set_index("date")
    rise = high / calm.loc[high.index] - 1
    assert rise.contract_usd_per_mmbtu.loc[:"2024-10-31"].abs().max() == 0
    assert rise.contract_usd_per_mmbtu.loc["2024-11-20"] < 0.03
    assert rise.contract_usd_per_mmbtu.loc["2025-03-20"] == pytest.approx(0.3, abs=0.03)
    assert rise.jkm_usd_per_mmbtu.loc["2025-01":].mean() > 0.1
    assert rise.shpgx_lng_cny_per_t.loc["2025-03"].mean() > 0.1


# --- shocks


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("day", [JANUARY, MAY])
def test_an_outage_of_qatar_raises_prices_and_lowers_stocks(seed: int, day: date) -> None:
    change = after_qatar(seed, day)
    assert change.shpgx_lng_cny_per_t.iloc[0] > 0.01, "expectations act on the first trading day"
    assert change.jkm_usd_per_mmbtu.iloc[0] > 0.15
    assert change.shpgx_lng_cny_per_t.mean() > 0.08
    assert change.shpgx_lng_cny_per_t.min() > 0.0
    assert change.jkm_usd_per_mmbtu.mean() > 0.25
    assert change.scarcity.mean() > 0.01
    assert change.demand_m3.sum() < 0
    # No ship of the outage is missing before its voyage of 15 days is over.
    assert change.lng_stock_m3_liquid.iloc[:14].min() > -200_000
    assert change.lng_stock_m3_liquid.iloc[20:].min() < -CARGO_M3


@pytest.mark.parametrize("day", [JANUARY, MAY])
def test_stocks_carry_a_part_of_what_the_outage_takes(day: date) -> None:
    """Consumers, pipelines and the spot market carry the rest.

    A single world tells it to about a cargo only, since cargoes are whole and each arm buys its own; so the mean over
    the seeds is held between one cargo and all that was lost, each with two standard errors.
    """
    qatar, shipping = base_parameters().suppliers["qatar"], base_parameters().shipping
    tonnes_per_day = qatar.china_imports_mtpa * 1e6 * shipping.landed_share * qatar.term_share / 365
    # 28 days in full, then a ramp of 14 days that loses 14/15, 13/15 ... 1/15: 7 days' worth.
    lost_m3 = (28 + 7) * tonnes_per_day / TONNES_PER_M3_LNG * max(shipping.monthly_profile)
    fall = -np.array([after_qatar(seed, day).lng_stock_m3_liquid.iloc[20:].min() for seed in SEEDS])
    error = fall.std(ddof=1) / np.sqrt(len(SEEDS))
    assert fall.mean() - 2 * error > CARGO_M3
    assert fall.mean() + 2 * error < lost_m3


def test_the_outage_bites_more_in_january_than_in_may() -> None:
    pairs = [(after_qatar(seed, JANUARY), after_qatar(seed, MAY)) for seed in SEEDS]
    for january, may in pairs:
        assert january.jkm_usd_per_mmbtu.mean() > may.jkm_usd_per_mmbtu.mean() + 0.05
    january, may = np.mean([[change.shpgx_lng_cny_per_t.mean() for change in pair] for pair in pairs], axis=0)
    assert january > 1.03 * may


def test_a_longer_outage_bites_more() -> None:
    longer = QATAR.model_copy(update={"duration_days": 56})
    for seed in SEEDS[:2]:
        change = effect(seed, [DatedShock(JANUARY, longer)])
        assert change.shpgx_lng_cny_per_t.mean() > 1.3 * after_qatar(seed, JANUARY).shpgx_lng_cny_per_t.mean()


def test_half_an_outage_does_less() -> None:
    half = QATAR.model_copy(update={"lost_share": 0.5})
    change = effect(1, [DatedShock(JANUARY, half)])
    assert 0 < change.shpgx_lng_cny_per_t.mean() < 0.8 * after_qatar(1, JANUARY).shpgx_lng_cny_per_t.mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_larger_terminals_do_not_make_gas(seed: int) -> None:
    expansion = TerminalExpansion(
        kind="terminal_expansion",
        terminal="yangshan",
        added_tank_m3=880_000,
        added_berths=1,
        added_send_out_m3_per_day=51_360_000,
        added_capacity_mtpa=6.0,
        **TEST,
    )
    calm = base(seed)["lng_cargoes"]
    wide = gas_world(seed, 365, [DatedShock(date(2024, 8, 12), expansion)]).tables()["lng_cargoes"]
    term = [int((~cargoes.spot & cargoes.loaded.notna()).sum()) for cargoes in (calm, wide)]
    assert term[1] == pytest.approx(term[0], abs=5), (
        "buyers with more room may take a little more by contract"
    )
    landed = [cargoes.delivered_m3_liquid.sum() for cargoes in (calm, wide)]
    assert landed[1] == pytest.approx(landed[0], rel=0.03)


def test_a_cold_wave_and_a_pipeline_cut_draw_stocks_and_raise_the_price() -> None:
    cold = ColdWave(kind="cold_wave", temperature_drop_degc=8.0, duration_days=14, **TEST)
    cut = PipelineCut(kind="pipeline_cut", cut_m3_per_day=25_000_000, duration_days=30, **TEST)
    lost = LostCargoes(kind="lost_cargoes", lost_cargoes=6, **TEST)
    for event in (cold, cut, lost):
        change = effect(1, [DatedShock(JANUARY, event)], days=45)
        assert change.shpgx_lng_cny_per_t.mean() > 0.01, event.kind
        assert change.lng_stock_m3_liquid.min() < -300_000, event.kind


def test_when_gas_runs_out_power_goes_first_and_homes_last() -> None:
    cut = PipelineCut(kind="pipeline_cut", cut_m3_per_day=90_000_000, duration_days=40, **TEST)
    days = gas_world(1, 230, [DatedShock(JANUARY, cut)]).tables()["gas_days"]
    assert days.unserved_m3.sum() > 0
    short = days[days.unserved_m3 > 0]
    share = {
        s: (short[f"unserved_{s}_m3"] / short[f"demand_{s}_m3"]) for s in ("power", "industry", "city_gas")
    }
    assert (share["power"] >= share["industry"] - 0.2).all()
    assert share["power"].mean() > share["industry"].mean() > share["city_gas"].mean()
    assert days.lng_stock_days[short.index].min() < 2
    assert days.shpgx_lng_cny_per_t[short.index].max() > 1.3 * days.shpgx_lng_cny_per_t.iloc[100]
