"""The basins beside China: cover and price by hand, balances, and what cold, tanks and China's tenders do to JKM."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_gas_case import START, base_parameters, gas_world, streams

from agents.gas.basin import Basin, log_worth, m3_per_day, share_to_save
from agents.gas.basins import Basins, carried_share
from agents.gas.foreign import ForeignParameters
from agents.gas.importers import Importer
from agents.gas.jkm import Assessment
from agents.gas.parameters import GasParameters
from agents.gas.shocks import ColdWave, DatedShock, DemandAbroad, GasEvent

JANUARY = date(2025, 1, 6)
TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
NEA = "north_east_asia"
COLD = ColdWave(kind="cold_wave", basin=NEA, temperature_drop_degc=6.0, duration_days=20, **TEST)


def foreign(**update: object) -> ForeignParameters:
    """Return the base's figures with other ones for north-east Asia."""
    table = base_parameters().abroad.model_dump()
    table["basins"][NEA] |= update
    return ForeignParameters.model_validate(table)


def basin(start: date = START, **update: object) -> Basin:
    parameters = foreign(**update)
    return Basin(NEA, parameters.basins[NEA], parameters, start)


# --- by hand


def test_cover_makes_the_price_by_hand() -> None:
    """Burn 10 a day; stock falls by 4 a day from 120: 100 on day 5, 80 on day 10. Least cover is 9 days: 90.

    From day 5 on: day 5 has 10 too many, day 10 lacks 10 of the 100 burnt until then. To save a tenth at an elasticity
    of -0.1 takes (1 - 0.1) ^ (1 / -0.1) = 2.868 times the price elsewhere.
    """
    stock = 120.0 - 4.0 * np.arange(1, 11)
    saved = share_to_save(stock, np.full(10, 10.0), least_cover_days=9.0, prompt_days=5)
    assert saved == pytest.approx(0.1)
    assert np.exp(log_worth(saved, -0.1)) == pytest.approx(2.868, abs=1e-3)


def test_what_cannot_be_helped_any_more_is_not_priced() -> None:
    """A lack before the first day on which a cargo could come, made good by then, has no price."""
    stock = np.array([0.0, 0.0, 0.0, 100.0, 100.0])
    assert share_to_save(stock, np.full(5, 10.0), 9.0, prompt_days=4) == 0.0
    assert share_to_save(stock, np.full(5, 30.0), 1.0, prompt_days=3) == pytest.approx(30 / 90)


def test_worth_rises_ever_faster_as_cover_falls() -> None:
    covers = np.array([10.0, 8.0, 6.0, 4.0, 2.0])
    worth = np.exp(
        [log_worth(share_to_save(np.full(20, 10.0 * c), np.full(20, 10.0), 9.0, 20), -0.12) for c in covers]
    )
    assert worth[0] == 1.0
    assert (np.diff(worth) > 0).all() and (np.diff(np.diff(worth)) > 0).all()


def test_stocks_carry_a_short_loss_and_a_long_one_counts_in_full() -> None:
    lost = np.zeros(121)
    assert carried_share(lost, 60) == 0.0
    lost[60:90] = 0.2
    assert carried_share(lost, 60) == pytest.approx(0.1)
    lost[60:121] = 0.2
    assert carried_share(lost, 60) == pytest.approx(0.2)
    lost[:] = 0.2
    assert carried_share(lost, 60) == pytest.approx(0.2)


def test_a_degree_of_cold_burns_what_is_said() -> None:
    calm, cold = basin(JANUARY), basin(JANUARY)
    cold.begin(DatedShock(JANUARY, COLD))
    ratio = cold.demand_m3(JANUARY, 30) / calm.demand_m3(JANUARY, 30)
    assert ratio[:20] == pytest.approx(1 + 6.0 * base_parameters().abroad.basins[NEA].heating_per_degc)
    assert (ratio[20:] == 1.0).all()


def test_a_need_is_a_share_of_what_the_world_makes() -> None:
    node, event = (
        basin(JANUARY),
        DemandAbroad(kind="demand_abroad", added_share=0.01, duration_days=5, **TEST),
    )
    before = node.demand_m3(JANUARY, 10)
    node.begin(DatedShock(JANUARY, event))
    # 411 Mt in mid 2024, 430 in mid 2025; 6 January lies 188 of 365 days between them.
    added = m3_per_day(0.01 * (411 + 19 * 188 / 365))
    assert node.demand_m3(JANUARY, 10) - before == pytest.approx(added * (np.arange(10) < 5), rel=1e-3)


# --- balances


DAY = st.tuples(st.integers(0, 3_000_000), st.floats(0.3, 5.0), st.floats(0.0, 1.0))


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2017, 6, 1), date(2026, 12, 31)), st.lists(DAY, min_size=1, max_size=60))
def test_every_day_of_a_basin_balances(start: date, days: list[tuple[int, float, float]]) -> None:
    node = basin(start, tank_m3=14_000_000)
    for ahead, (bought, dear, arriving) in enumerate(days):
        before = node.stock_m3
        node.advance(0.0, 0.0, 0.8)
        node.buy(bought)
        found = node.serve(start + timedelta(days=ahead), 10.0 * dear, 10.0, arriving)
        assert 0 <= found.served_m3 <= found.demand_m3
        assert 0 <= found.stock_m3 <= 14_000_000
        assert found.served_m3 == found.demand_m3 or found.stock_m3 == 0
        assert found.waiting_m3 == 0 or found.stock_m3 == 14_000_000
        assert found.stock_m3 - before <= found.term_m3 + found.spot_m3 + 14_000_000
        assert node.imbalance_m3 == 0


def settled(**volumes: int) -> Basins:
    """Return basins after a window that sold these volumes, to China as `china`."""
    made = Basins(foreign(), 60.0, START, streams(1)("gas.basins"), 0.8)
    china = volumes.pop("china")
    made.settle(
        Assessment(START, 10.0, False, china + sum(volumes.values()), china, china, 0, 0, 10.0, 0.0, volumes, ())
    )  # fmt: skip
    return made


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000), st.integers(0, 900_000))
def test_what_is_sold_is_bought(asia: int, europe: int, china: int) -> None:
    assert not any(settled(north_east_asia=asia, europe=europe, china=china).imbalances().values())


def test_sellers_cannot_sell_what_they_have_not() -> None:
    with pytest.raises(ArithmeticError, match="more spot LNG was sold"):
        settled(north_east_asia=10**9, china=0)


def test_a_basin_without_gas_leaves_consumers_without() -> None:
    node = basin(JANUARY)
    days = [JANUARY + timedelta(days=ahead) for ahead in range(40)]
    found = [node.serve(day, 10.0, 10.0, 1.0) for day in days]
    assert found[0].served_m3 == found[0].demand_m3
    assert found[-1].stock_m3 == 0 and found[-1].served_m3 < 0.3 * found[-1].demand_m3
    assert node.imbalance_m3 == 0


# --- in the world


@cache
def tables(event: GasEvent | None, tank_days: float = 0.0, tenders: bool = True) -> dict[str, pd.DataFrame]:
    """Return a winter; `tank_days` are added to north-east Asia's cover, without `tenders` China bids for nothing."""
    table = base_parameters().model_dump()
    asia = table["abroad"]["basins"][NEA]
    asia["target_cover_days"] = [days + tank_days for days in asia["target_cover_days"]]
    shocks = [] if event is None else [DatedShock(JANUARY, event)]
    if not tenders:  # nor does who has bought a slot
        slots = table["shpgx"]["terminal_slots"]
        slots["open_share_of_capacity"] = dict.fromkeys(slots["open_share_of_capacity"], 0.0)
    with nullcontext() if tenders else patch.object(Importer, "tenders", lambda *_: []):
        return gas_world(1, 220, shocks, GasParameters.model_validate(table)).tables()


def rise(event: GasEvent, tank_days: float = 0.0) -> float:
    """Return by how much an event lifts JKM over its first month, as a log."""
    month = slice("2025-01-06", "2025-02-05")
    base, changed = (
        np.log(tables(one, tank_days)["jkm"].set_index("date").price_usd_per_mmbtu.loc[month]).mean()
        for one in (None, event)
    )
    return float(changed - base)


def test_cold_in_north_east_asia_lifts_jkm_and_hardly_where_tanks_are_full() -> None:
    short, ample = rise(COLD), rise(COLD, tank_days=10.0)
    assert short > 0.25
    assert abs(ample) < 0.3 * short


def test_the_outside_option_and_the_poor_let_go_what_the_cold_basin_buys() -> None:
    """In the first fortnight; covered again, it waits for lower prices."""
    base, changed = (
        tables(event)["gas_basins"]
        .pivot(index="date", columns="basin", values="bought_m3_liquid")
        .loc["2025-01-06":"2025-01-17"]
        .sum()
        for event in (None, COLD)
    )
    assert changed[NEA] > 1.3 * base[NEA]
    assert changed["south_asia_and_others"] < 0.5 * base["south_asia_and_others"]
    assert changed.sum() < 1.1 * base.sum()


def test_a_chinese_cold_wave_reaches_jkm_by_chinas_tenders() -> None:
    """The control: where China bids for nothing, the same cold moves JKM by nothing."""
    wave = ColdWave(kind="cold_wave", temperature_drop_degc=8.0, duration_days=25, **TEST)
    month = slice("2025-01-06", "2025-02-20")
    lifts = []
    for tenders in (True, False):
        base, changed = (
            tables(event, tenders=tenders)["jkm"].set_index("date").loc[month] for event in (None, wave)
        )
        lifts.append(np.log(changed.price_usd_per_mmbtu / base.price_usd_per_mmbtu).mean())
        assert (changed.chinese_bought_m3_liquid.sum() > 0) == tenders
    assert lifts[0] > 0.01
    assert abs(lifts[1]) < 1e-3  # sellers of what China leaves feel it by a hair


def test_nothing_happens_abroad_before_the_shock() -> None:
    base, changed = (tables(event)["gas_basins"] for event in (None, COLD))
    early = base.date < pd.Timestamp(JANUARY)
    pd.testing.assert_frame_equal(base[early], changed[changed.date < pd.Timestamp(JANUARY)])


def test_a_calm_winter_abroad_is_calm() -> None:
    found = tables(None)["gas_basins"]
    assert (found.unserved_m3_liquid == 0).all()
    asia = found[found.basin == NEA]
    assert 11 < asia.cover_days.min() < asia.cover_days.max() < 21
    assert asia.saved_share.mean() < 0.005


# --- figures


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"lead_days": 60}, "lead_days must be prompt_days or more and below look_ahead_days"),
        ({"lead_days": 10}, "lead_days must be prompt_days or more and below look_ahead_days"),
        ({"voyage_days": 61}, "voyage_days must not be above look_ahead_days"),
        ({"saving_elasticity": [0.1] * 12}, "less than 0"),
    ],
)
def test_impossible_basins_are_refused(update: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        foreign(**update)


def test_cold_in_an_unknown_basin_is_refused() -> None:
    event = COLD.model_copy(update={"basin": "atlantis"})
    with pytest.raises(ValueError, match="no basin 'atlantis'; there are north_east_asia"):
        gas_world(1, 1, [DatedShock(START, event)])
