"""Planned maintenance of liquefaction: by hand, the year's quantity kept, and a world without it unchanged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from test_gas_case import START, base_parameters, freight_of, gas_world, routes_of, streams

from agents.gas.contracts import make_suppliers
from agents.gas.maintenance import MaintenanceParameters, working, world_at_work
from agents.gas.parameters import GasParameters, SupplierParameters
from agents.gas.suppliers import Supplier


def window(first_month: int, days: int, lost_share: float) -> MaintenanceParameters:
    return MaintenanceParameters(first_month=first_month, days=days, lost_share=lost_share, source="a test")


def parameters(share: float | None) -> GasParameters:
    """Return the base's figures with a share in each window, or with no windows."""
    table: dict[str, Any] = base_parameters().model_dump()
    for supplier in table["suppliers"].values():
        windows = [own | {"lost_share": share} for own in supplier["maintenance"]]
        supplier["maintenance"] = [] if share is None else windows
    return GasParameters.model_validate(table)


def supplier(name: str, own: GasParameters) -> Supplier:
    routes = routes_of(own)
    return make_suppliers(own, START, streams(1), freight_of(own, routes), routes)[name]


def test_a_window_by_hand() -> None:
    """A tenth for 73 of 365 days, a fifth of the year, is 2 % of it: 0.9 / 0.98 in the window, 1 / 0.98 else."""
    pattern = working([window(5, 73, 0.1)])
    assert pattern.on(date(2025, 4, 30)) == pattern.on(date(2025, 7, 13)) == pytest.approx(1 / 0.98)
    assert pattern.on(date(2025, 5, 1)) == pattern.on(date(2025, 7, 12)) == pytest.approx(0.9 / 0.98)


def test_a_window_may_pass_the_year_and_the_world_bears_a_share() -> None:
    pattern = working([window(12, 62, 0.5)])
    assert pattern.on(date(2025, 1, 31)) == pattern.on(date(2025, 12, 1)) < 1.0 < pattern.on(date(2025, 2, 1))
    world = world_at_work([0.2, 0.3], [pattern, working([])])
    assert world.daily - 1.0 == pytest.approx(0.2 * (pattern.daily - 1.0))
    assert world.daily.mean() == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 365), st.floats(0.0, 0.3)), max_size=3),
    st.lists(st.floats(0.5, 1.5), min_size=365, max_size=365),
)
def test_the_years_quantity_is_kept(windows: list[tuple[int, int, float]], due: list[float]) -> None:
    pattern = working([window(*own) for own in windows], np.array(due))
    assert float(pattern.daily @ due) == pytest.approx(sum(due))
    assert (pattern.daily > 0).all()


@pytest.mark.parametrize("name", ["qatar", "russia", "usa"])
def test_a_contract_year_is_kept_and_fewer_cargoes_load_in_the_window(name: str) -> None:
    own, calm = (supplier(name, parameters(share)) for share in (0.2, None))
    numbers = iter(range(10**6))
    until = date(2026, 12, 31)
    loadings = [
        [c.planned_loading_day for c in s.schedule(until, lambda: next(numbers))] for s in (own, calm)
    ]
    days = [date(2025, 1, 1) + timedelta(days=ahead) for ahead in range(365)]
    assert sum(map(own.contract_m3, days)) == pytest.approx(sum(map(calm.contract_m3, days)))
    assert len(loadings[0]) == pytest.approx(len(loadings[1]), abs=1.01)
    first = base_parameters().suppliers[name].maintenance[0]
    day = date(2025, first.first_month, 15)
    assert own.contract_m3(day) < 0.86 * calm.contract_m3(day)
    assert own.spot_share_of_window(day) < 0.86 * calm.spot_share_of_window(day)


def state(own: GasParameters) -> list[int]:
    return gas_world(1, 60, parameters=own, start=date(2025, 4, 1)).state_integers()


def test_windows_that_lose_nothing_change_no_byte() -> None:
    calm = state(parameters(None))
    assert state(parameters(0.0)) == calm
    assert state(base_parameters()) != calm


def test_the_world_makes_less_in_april_and_everybody_balances() -> None:
    made = []
    for own in (base_parameters(), parameters(None)):
        world = gas_world(1, 30, parameters=own, start=date(2025, 4, 1))
        made.append(world.basins.world()["made"])
    assert 0.93 < made[0] / made[1] < 0.99


def test_plants_that_all_stop_are_refused() -> None:
    table = base_parameters().suppliers["qatar"].model_dump()
    table["maintenance"] = [window(5, 20, 0.6).model_dump()] * 2
    with pytest.raises(ValidationError, match="nothing is left at work"):
        SupplierParameters.model_validate(table)
