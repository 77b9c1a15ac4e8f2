"""A reserve for peaks, which calm days leave alone, and yearly capacity, which says where cargoes land."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pandas as pd
import pytest
from test_gas_case import base_parameters, gas_world

from agents.gas.parameters import GasParameters
from agents.gas.shocks import ColdWave, DatedShock, TerminalClosure
from agents.gas.world import GasWorld
from exchange.units import TONNES_PER_M3_LNG

TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
COLD = ColdWave(kind="cold_wave", temperature_drop_degc=10.0, duration_days=25, **TEST)
SHUT = TerminalClosure(kind="terminal_closure", terminal="yangshan", duration_days=35, **TEST)
SIEGE = [DatedShock(date(2024, 12, 20), SHUT), DatedShock(date(2024, 12, 28), COLD)]


def with_terminal(name: str, **figures: Any) -> GasParameters:
    parameters = base_parameters()
    own = parameters.terminals[name].model_copy(update=figures)
    return parameters.model_copy(update={"terminals": parameters.terminals | {name: own}})


@cache
def besieged(tank_m3: int = 320_000) -> GasWorld:
    return gas_world(2, 330, SIEGE, parameters=with_terminal("wuhaogou", tank_m3=tank_m3))


def reserve(world: GasWorld) -> pd.DataFrame:
    terminals = world.tables()["terminals"]
    return terminals[terminals.terminal == "wuhaogou"].set_index("date")


def test_calm_days_leave_the_reserve_alone() -> None:
    """Only boil-off leaves it, 0.05 % a day; it takes no cargo and loads no lorry."""
    calm = gas_world(2, 120)
    own = reserve(calm)
    assert own.send_out_m3_liquid.max() <= 0.0005 * 0.85 * 320_000
    assert own.trucked_m3_liquid.sum() == 0
    assert "wuhaogou" not in set(calm.tables()["lng_cargoes"].terminal)
    assert "wuhaogou" not in set(calm.tables()["gas_slots"].get("terminal", pd.Series(dtype=object)))


def test_a_siege_draws_the_reserve_and_a_cargo_fills_it_again() -> None:
    world = besieged()
    own = reserve(world)
    drawn = own.stock_m3_liquid.loc["2024-12-20":"2025-02-15"]
    assert drawn.min() < 0.5 * drawn.iloc[0]
    assert (own.stock_m3_liquid >= own.heel_m3_liquid).all()
    landed = world.tables()["lng_cargoes"].query("terminal == 'wuhaogou'").discharged.dropna()
    assert len(landed) and landed.min() > pd.Timestamp(2024, 12, 28)
    assert own.stock_m3_liquid.max() <= 320_000
    # Yangshan gives all that it has before: what it holds is at its heel, or less than a day's send-out.
    yangshan = world.tables()["terminals"].query("terminal == 'yangshan'").set_index("date")
    at = own.send_out_m3_liquid.idxmax()
    full = yangshan.send_out_m3_liquid[at] >= world.terminals["yangshan"].max_send_out_m3
    assert full or yangshan.stock_m3_liquid[at] - yangshan.heel_m3_liquid[at] < 10_000


def test_without_the_reserve_shanghai_goes_short_of_more() -> None:
    """Control: tanks of a tenth. What the reserve gave is missing in Shanghai, to a few days' difference in stocks."""
    with_it, without = (
        world.tables()["gas_days"].set_index("date").unserved_shanghai_m3.sum()
        for world in (besieged(), besieged(32_000))
    )
    assert without > with_it + 50_000_000


def landed_mt(parameters: GasParameters) -> pd.Series:
    cargoes = gas_world(1, 360, parameters=parameters).tables()["lng_cargoes"].query("discharged.notna()")
    return cargoes.groupby("terminal").delivered_m3_liquid.sum() * TONNES_PER_M3_LNG / 1e6


def test_cargoes_go_elsewhere_once_a_terminal_has_landed_its_year() -> None:
    """CNOOC fills Binhai's larger tanks first; past 3 Mt they go to Ningbo. Control: with 6 Mtpa Binhai lands more."""
    bound, free = (
        landed_mt(base_parameters()),
        landed_mt(with_terminal("binhai", capacity_mtpa=9.0)),
    )
    assert bound["binhai"] <= 3.0 < 3.3 < free["binhai"]
    assert bound["ningbo"] > free["ningbo"]
    assert bound.sum() == pytest.approx(free.sum(), rel=0.03)
