"""The rest of China: a day by hand, its balances, and gas that goes where it is needed more."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_case import base_parameters, gas_world, streams
from test_gas_ships import calm

from agents.gas.contracts import make_rest
from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.importers import Outlook
from agents.gas.parameters import GasParameters
from agents.gas.rest import RestOfChina
from agents.gas.world import GasWorld
from exchange.units import TONNES_PER_M3_LNG

JANUARY, JULY = date(2025, 1, 15), date(2024, 7, 15)
DOMESTIC = ("tarim", "ordos", "sichuan", "east_china_sea", "others")
NEUTRAL = Outlook(0.0, 0.0, 10.0)


@cache
def world() -> GasWorld:
    return gas_world(1, 1)


def rest(start: date, **update: object) -> RestOfChina:
    parameters = base_parameters()
    own = parameters.rest_of_china.model_copy(update=update)
    whole = parameters.model_copy(update={"rest_of_china": own})
    made = world()
    return make_rest(simpy.Environment(), whole, start, streams(1), made.fleet, made.freight, made.brent)


def test_a_winters_day_by_hand() -> None:
    node = rest(JANUARY)
    sources = node.sources.given_m3(JANUARY)
    # Domestic: 246.4 in mid 2024 to 258.0 in mid 2025; 15 January lies 197 of 365 days on: 252.7 bcm a year.
    assert sum(sources[name] for name in DOMESTIC) == pytest.approx(
        1e9 * (246.4 + 11.6 * 197 / 365) / 365, rel=1e-3
    )
    demand = float(node.demand_m3(JANUARY, np.zeros(1), 1.0)[0])
    assert demand == pytest.approx(1e9 * (355 + 19 * 197 / 365) / 365 * 1.26, rel=1e-3)
    # Storage plans 0.31 of its 26.3 bcm of working gas for January: 268 million m3 a day.
    plan = 0.31 * 1e9 * (25 + 5 * 197 / 730) / (365 / 12)
    found = node.serve(JANUARY, 0.0, 1.0, 130_000_000, NEUTRAL)
    assert found.lng_m3 == pytest.approx(demand + 130e6 - sum(sources.values()) - plan, abs=1e3)
    assert found.stored_m3 == pytest.approx(-plan, abs=1e3)
    assert found.unserved_m3 == found.shut_in_m3 == found.imbalance_m3 == 0


def test_cold_is_met_by_storage_then_tanks_then_no_one() -> None:
    """The control: without storage to give, the same cold leaves consumers without gas."""
    cold = -60.0
    full, empty = rest(JANUARY), rest(JANUARY, withdrawal_share_per_day=0.0)
    found = [node.serve(JANUARY, cold, 1.0, 130_000_000, NEUTRAL) for node in (full, empty)]
    assert found[0].lng_m3 <= found[1].lng_m3 == GAS_PER_LIQUID * empty.terminal.sent_out_m3
    assert found[1].lng_m3 == GAS_PER_LIQUID * empty.terminal.max_send_out_m3
    assert found[0].unserved_m3 < found[1].unserved_m3
    assert found[1].unserved_m3 > 0 == found[1].stored_m3


def test_a_surplus_fills_storage_and_then_shuts_wells() -> None:
    found = [
        rest(JULY, injection_share_per_day=share).serve(JULY, 0.0, 1.0, 0, NEUTRAL) for share in (0.05, 0.0)
    ]
    assert found[0].stored_m3 > 0 == found[0].shut_in_m3
    assert found[1].stored_m3 == 0 < found[1].shut_in_m3


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2017, 6, 1), date(2026, 12, 31)), st.floats(-30, 10), st.floats(0.3, 4.0),
    st.integers(0, 400_000_000),
)  # fmt: skip
def test_every_day_balances(day: date, anomaly: float, ratio: float, to_delta_m3: int) -> None:
    node = rest(day)
    for _ in range(3):
        found = node.serve(day, anomaly, ratio, to_delta_m3, NEUTRAL)
        assert found.imbalance_m3 == 0
        assert 0 <= found.unserved_m3 <= found.demand_m3 + to_delta_m3
        assert found.unserved_m3 == 0 or found.shut_in_m3 == 0
        assert found.storage_m3 >= 0
    assert node.terminal.stock_m3 >= node.terminal.heel_m3
    assert not any(node.imbalances().values())


def test_what_the_delta_takes_by_pipe_the_rest_gives() -> None:
    tables = calm().tables()
    days, others = tables["gas_days"], tables["rest_of_china"]
    assert (days.pipeline_taken_m3 == others.to_delta_m3).all()
    served = others.demand_m3 - others.unserved_m3
    names = (*DOMESTIC, "central_asia", "russia_east", "myanmar", "lng")
    supply = others[[f"{name}_m3" for name in names]].sum(axis=1)
    assert (supply == served + others.to_delta_m3 + others.stored_m3 + others.shut_in_m3).all()
    assert others.unserved_m3.sum() == 0


def test_imports_by_origin_come_out_without_scaling() -> None:
    tables = calm().tables()
    cargoes = pd.concat([tables["lng_cargoes"], tables["lng_cargoes_rest"]])
    mt = cargoes.groupby("supplier").delivered_m3_liquid.sum() * TONNES_PER_M3_LNG / 1e6
    for name, own in base_parameters().suppliers.items():
        if (
            name == "others"
        ):  # whose spot cargoes are what the rest of the world's sellers are given in the window
            continue
        assert mt[name] == pytest.approx(own.china_imports_mtpa, rel=0.3), name
    assert mt.sum() == pytest.approx(76.65, rel=0.08)


def hungry(factor: float) -> GasParameters:
    table = base_parameters().model_dump()
    demand = table["rest_of_china"]["demand_bcm_per_year"]
    table["rest_of_china"]["demand_bcm_per_year"] = {year: factor * own for year, own in demand.items()}
    return GasParameters.model_validate(table)


def test_need_elsewhere_takes_swing_from_the_delta_and_raises_jkm() -> None:
    base, tight = (gas_world(2, 200, parameters=hungry(factor)).tables() for factor in (1.0, 1.06))
    jkm = [tables["jkm"].price_usd_per_mmbtu.iloc[60:].mean() for tables in (base, tight)]
    assert jkm[1] > 1.03 * jkm[0]
    need = [tables["rest_of_china"].scarcity.iloc[60:].mean() for tables in (base, tight)]
    assert need[1] > need[0] + 0.05
    node = rest(JANUARY)
    assert (
        node.spare(0.1, 0.3) == 1.0
        and node.spare(0.5, 0.1) == pytest.approx(0.6)
        and node.spare(2.0, 0.0) == 0.0
    )


def test_storage_that_is_not_filled_again_is_refused() -> None:
    table = base_parameters().model_dump()
    table["rest_of_china"]["withdrawal_share_by_month"] = [0.1] * 12
    with pytest.raises(ValueError, match="must sum to 0"):
        GasParameters.model_validate(table)
