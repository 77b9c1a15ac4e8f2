"""The figures of gas: they load, meet their sources, and bad ones are refused."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simpy
from pydantic import TypeAdapter, ValidationError
from test_gas_case import PART, base_parameters

from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.parameters import GasParameters
from agents.gas.shocks import GasShock, LngSupplyOutage
from agents.gas.terminals import Terminal

GOLDEN = tomllib.loads((Path(__file__).parent / "golden/gas_east_china.toml").read_text())
BY_NAME = (
    ".source",
    ".exports",
    "_per_year",
    "_mtpa",
    "working_gas_bcm",
    ".open_share_of_capacity",
    ".line_pack_m3",
    ".profiles",
    "_kj_per_m3",
    ".destination_free",
    ".carries",
    ".yearly_m3",
)


def raw() -> dict[str, Any]:
    return deepcopy(tomllib.loads(PART.read_text())["gas"])


def in_use(day: date) -> dict[str, Terminal]:
    env = simpy.Environment()
    return {name: Terminal(env, name, own, day) for name, own in base_parameters().terminals.items()}


@pytest.mark.parametrize("day", [date(2024, 5, 31), date(2025, 3, 31)])
def test_terminals_have_the_published_capacity(day: date) -> None:
    terminals = in_use(day)
    mtpa = {name: terminal.capacity_mtpa for name, terminal in terminals.items()}
    assert mtpa == pytest.approx(GOLDEN["terminals_mtpa"])
    yangshan = terminals["yangshan"]
    assert yangshan.tank_m3 == GOLDEN["yangshan"]["tank_m3"]
    assert yangshan.max_send_out_m3 == 24 * GOLDEN["yangshan"]["send_out_m3_per_hour"] // GAS_PER_LIQUID


def test_what_was_building_in_2024_is_there_at_the_end_of_2025() -> None:
    terminals, later = in_use(date(2025, 12, 1)), GOLDEN["at_the_end_of_2025"]
    mtpa = {name: terminal.capacity_mtpa for name, terminal in terminals.items()}
    assert mtpa == pytest.approx(GOLDEN["terminals_mtpa"] | later["mtpa"])
    yangshan, binhai = terminals["yangshan"], terminals["binhai"]
    assert yangshan.tank_m3 == later["yangshan"]["tank_m3"]
    assert yangshan.max_send_out_m3 == 24 * later["yangshan"]["send_out_m3_per_hour"] // GAS_PER_LIQUID
    assert binhai.tank_m3 == later["binhai"]["tank_m3"]


def test_the_landed_share_is_the_terminals_part_of_chinas_capacity() -> None:
    parameters = base_parameters()
    mtpa = sum(t.capacity_mtpa for t in in_use(date(2024, 5, 31)).values() if not t.peak_shaving)
    assert parameters.shipping.landed_share == pytest.approx(mtpa / GOLDEN["china_operating_mtpa"], abs=1e-4)


def test_suppliers_sum_to_chinas_imports() -> None:
    suppliers = base_parameters().suppliers
    imports = GOLDEN["imports_2024_mt"]
    for name in ("qatar", "australia", "russia"):
        assert suppliers[name].china_imports_mtpa == imports[name]
    assert sum(s.china_imports_mtpa for s in suppliers.values()) == pytest.approx(imports["all"])
    assert sum(s.world_supply_share for s in suppliers.values()) == pytest.approx(1.0)


def test_sectors_add_up_to_the_season_of_all_demand() -> None:
    sectors = base_parameters().demand.sectors.values()
    total = sum(sector.share * np.array(sector.monthly_factors) for sector in sectors)
    assert total == pytest.approx(GOLDEN["season"]["monthly"], abs=0.002)


def test_demand_is_what_pipes_and_cargoes_bring() -> None:
    parameters = base_parameters()
    landed_mt = parameters.shipping.landed_share * GOLDEN["imports_2024_mt"]["all"]
    supply = parameters.pipeline.flow_bcm_per_year + landed_mt * 1.4
    assert supply == pytest.approx(parameters.demand.demand_bcm_per_year, rel=0.01)


def tables(node: Any, path: str = "gas") -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(node, dict) or path.endswith(BY_NAME) or ".monthly_mean_" in path:
        return []
    found = [(path, node)] if any(not isinstance(value, dict) for value in node.values()) else []
    for key, value in node.items():
        found += tables(value, f"{path}.{key}")
    return found


def test_every_table_says_its_source_and_none_points_inside_the_house() -> None:
    for path, table in tables(raw()):
        assert "source" in table, path
        said = table["source"]
        for text in said.values() if isinstance(said, dict) else [said]:
            assert "facts" not in text, path
            assert len(text) > 7, path


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("terminals", "yangshan", "tanks_m3"), 1, "Extra inputs are not permitted"),
        (("terminals", "yangshan", "tank_m3"), 0, "greater than 0"),
        (("terminals", "yangshan", "importer"), "nobody", "'nobody' is no importer"),
        (("suppliers", "qatar", "term_buyers"), ["nobody"], "'nobody' is no importer"),
        (("suppliers", "qatar", "spot_share_of_window"), 0.2, "must sum to 1"),
        (("demand", "sectors", "power", "share"), 0.3, "must sum to 1"),
        (("demand", "sectors", "power", "price_elasticity"), 0.3, "less than or equal to 0"),
        (("demand", "sectors", "power", "monthly_factors"), [1.0] * 11, "at least 12"),
        (("shipping", "source"), "", "must name a source"),
    ],
)
def test_bad_figures_are_refused(path: tuple[str, ...], value: Any, message: str) -> None:
    figures = raw()
    table = figures
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    with pytest.raises(ValidationError, match=message):
        GasParameters(**figures)


def test_shocks_are_told_apart_by_kind() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(GasShock)
    shock = adapter.validate_python(
        {
            "kind": "lng_supply_outage",
            "source": "a test",
            "start_day": 3,
            "supplier": "qatar",
            "lost_share": 1.0,
            "duration_days": 4,
            "restart_ramp_days": 3,
        }
    )
    assert isinstance(shock, LngSupplyOutage)
    assert [shock.lost_after(day) for day in (-1, 0, 3, 4, 5, 6, 7)] == [0, 1, 1, 0.75, 0.5, 0.25, 0]
    with pytest.raises(ValidationError):
        adapter.validate_python({"kind": "lng_supply_outage", "source": "a test", "start_day": 3})
