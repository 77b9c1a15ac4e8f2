"""Ships and routes: the quickest open way, one place at a time, heels and hires, and what happens without a ship."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import pandas as pd
import pytest
import simpy
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_gas_case import START, base_parameters, gas_world, routes_of
from test_gas_world import SHOCKS

from agents.gas.cargoes import Cargo
from agents.gas.parameters import GasParameters
from agents.gas.routes import CHINA, WORLD
from agents.gas.ships import Leg, Ships
from agents.gas.shocks import CanalRestriction, DatedShock, GasEvent, PassageClosure
from agents.gas.terminals import Terminal
from agents.gas.world import GasWorld
from exchange.clock import ns
from exchange.units import NS_PER_DAY, NS_PER_HOUR

TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
SUMMER, WINTER, OF_2020 = date(2024, 8, 20), date(2025, 1, 20), date(2020, 12, 20)


@cache
def calm() -> GasWorld:
    return gas_world(2, 365)


def closure(passage: str) -> PassageClosure:
    return PassageClosure(kind="passage_closure", passage=passage, duration_days=60, **TEST)


# --- routes


def test_ways_by_season_and_closure_by_hand() -> None:
    routes, knots = routes_of(base_parameters()), base_parameters().shipping.speed_knots
    # Sabetta in summer: 5,650 nm / (16.75 x 24) = 14.055 days and 5 for the ice.
    northern = routes.way("sabetta", SUMMER)
    assert northern.name == "northern" and northern.days(knots) == pytest.approx(19.055, abs=1e-3)
    assert routes.way("sabetta", OF_2020).name == "suez"
    assert routes.way("sabetta", WINTER).name == "cape", "no LNG ship passes the Red Sea since 2024"
    assert routes.way("sabine_pass", WINTER).name == "panama"
    assert routes.way("sabine_pass", WINTER, frozenset({"panama"})).name == "cape"
    assert routes.way("sabine_pass", OF_2020, frozenset({"panama"})).name == "suez"


@pytest.mark.parametrize(
    ("passage", "port", "day", "way"),
    [
        ("malacca", "ras_laffan", WINTER, "lombok"),
        ("northern_sea", "sabetta", SUMMER, "cape"),
        ("suez", "sabetta", OF_2020, "cape"),
        ("suez", "ras_laffan", WINTER, "malacca"),
    ],
)
def test_a_closed_passage_sends_those_round_that_would_pass_it(
    passage: str, port: str, day: date, way: str
) -> None:
    routes = routes_of(base_parameters())
    before = routes.way(port, day)
    routes.begin(DatedShock(day, closure(passage)))
    assert routes.way(port, day).name == way
    assert routes.way(port, day - timedelta(days=1)) == before or passage == "northern_sea"
    assert routes.way("bintulu", day).name == "direct"


@given(st.floats(0.0, 1.0), st.integers(10, 80))
def test_ships_take_turns_for_the_slots_that_are_left(lost: float, ships: int) -> None:
    routes = routes_of(base_parameters())
    event = CanalRestriction(
        kind="canal_restriction", canal="panama", lost_slots_share=max(lost, 0.01), duration_days=400, **TEST
    )
    routes.begin(DatedShock(START, event))
    refused = sum(
        bool(routes.without_slot("sabine_pass", START + timedelta(days=at), at, laden=True))
        for at in range(ships)
    )
    assert abs(refused - event.lost_slots_share * ships) <= 1.0


def test_a_day_has_so_many_slots_each_way() -> None:
    routes = routes_of(base_parameters())
    assert not routes.without_slot("sabine_pass", WINTER, 1, laden=True)
    assert routes.without_slot("sabine_pass", WINTER, 2, laden=True) == {"panama"}
    assert not routes.without_slot("sabine_pass", WINTER, 1, laden=True), "its own slot is kept"
    assert not routes.without_slot("sabine_pass", WINTER, 3, laden=False), "the other way has its own"
    assert not routes.without_slot("sabine_pass", WINTER + timedelta(days=1), 2, laden=True)


# --- ships


def cargo(number: int, port: str, loading_day: int, lost: bool = False) -> Cargo:
    loading = ns(START) + loading_day * NS_PER_DAY
    return Cargo(
        number=number, supplier="any", importer="any", spot=False, planned_loading_ns=loading,
        planned_arrival_ns=loading + 9 * NS_PER_DAY, port=port, lost=lost,
    )  # fmt: skip


def fleet(term: int, charter: int) -> Ships:
    new = base_parameters().shipping.ships["new"]
    own = new.model_copy(update={"term_ships": term, "charter_ships": charter})
    env = simpy.Environment(initial_time=ns(START))
    return Ships(env, {"new": own}, routes_of(base_parameters()), 1.5)


def test_the_term_fleet_goes_first_then_charter_then_whoever_is_first() -> None:
    ships = fleet(1, 1)
    near, far, third, none = (cargo(at, "bintulu", 10) for at in range(4))
    first = ships.book(near)
    second = ships.book(far)
    assert first is not None and first.term and first.place == CHINA
    assert second is not None and not second.term and second.place == WORLD
    # Both are busy: the term ship, free after 19 days and a half at the port, is there first and late.
    later = ships.book(third)
    assert later is first and first.following is third
    assert ships.book(none) is second and ships.book(cargo(9, "bintulu", 10)) is None
    far.lost = third.lost = True
    ships.drop_lost()
    assert first.following is None and second.cargo is none


def test_a_ship_cannot_be_in_two_places() -> None:
    ships = fleet(1, 0)
    ship, own = ships.all[0], cargo(1, "bintulu", 10)
    ships.book(own)
    ships.go_in_ballast(ship, own)
    with pytest.raises(ArithmeticError, match="it is elsewhere"):
        ships.go_laden(ship, own, CHINA, ns(START), NS_PER_DAY)
    with pytest.raises(ArithmeticError, match="cannot have arrived"):
        ships.arrive(ship)
    ship.legs.append(Leg(CHINA, "bintulu", "direct", False, 1, ns(START) + 1, ns(START) + NS_PER_DAY))
    with pytest.raises(ArithmeticError, match="two places"):
        ships.check()


def test_a_way_in_ballast_costs_heel_by_hand() -> None:
    ships = fleet(1, 0)
    ship, own = ships.all[0], cargo(1, "sabine_pass", 40)
    ships.book(own)
    # 171,390 m3 x 0.085 % x 0.4 a day for 25 days = 1,456 m3 of a heel of 5,220.
    assert ships.go_in_ballast(ship, own) == 25 * NS_PER_DAY
    assert (ship.heel_m3, ships.boiled_off_m3, ships.imbalance_m3()) == (5_220 - 1_456, 1_456, 0)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(0, 2**31), SHOCKS)
def test_no_ship_is_in_two_places_whatever_happens(seed: int, shocks: list[tuple[int, GasEvent]]) -> None:
    """A naive twin of the check: one clock over all legs of a ship, which opens and closes them in turn."""
    dated = [DatedShock(START + timedelta(days=day), event) for day, event in shocks]
    tables = gas_world(seed, 90, dated).tables()
    for _, legs in tables["lng_ships"].groupby("ship"):
        at_sea_until, place = pd.Timestamp.min, None
        for leg in legs.itertuples():
            assert leg.departed >= at_sea_until and place in (None, leg.origin)
            at_sea_until, place = leg.arrives, leg.destination
    cargoes = pd.concat([tables[f"lng_cargoes{of}"] for of in ("", "_rest", "_diverted")])
    laden = tables["lng_ships"].query("laden").set_index("cargo")
    assert laden.index.is_unique
    assert set(laden.index) == set(cargoes[cargoes.loaded.notna()].cargo)


def test_a_calm_year_has_ships_enough_and_few_on_charter() -> None:
    cargoes = calm().tables()["lng_cargoes"].query("loaded.notna()")
    settled = cargoes[cargoes.planned_loading > pd.Timestamp(START) + pd.Timedelta(days=60)]
    late = (settled.loaded - settled.planned_loading) > pd.Timedelta(hours=1)
    assert late.mean() < 0.08
    assert (cargoes.hire_usd_per_day.notna()).mean() < 0.35


def test_boil_off_is_that_of_the_ships_class() -> None:
    cargoes = calm().tables()["lng_cargoes"].query("discharged.notna()")
    days = (cargoes.moored - cargoes.loaded).dt.total_seconds() / 86_400
    rate = cargoes.boil_off_m3_liquid / cargoes.loaded_m3_liquid / days
    for kind, own in base_parameters().shipping.ships.items():
        assert rate[cargoes.ship.str.startswith(kind)].to_numpy() == pytest.approx(
            own.boil_off_per_day, rel=1e-2
        )


def few_ships(term: int) -> GasParameters:
    table = base_parameters().model_dump()
    for own in table["shipping"]["ships"].values():
        own |= {"term_ships": term // 2, "charter_ships": 0}
    return GasParameters.model_validate(table)


def test_without_ships_cargoes_load_late_and_rates_rise() -> None:
    ships = calm().fleet.ships
    tight = gas_world(2, 240, parameters=few_ships(int(0.45 * len(ships.all))))
    cargoes = tight.tables()["lng_cargoes"].query("loaded.notna()")
    late = (cargoes.loaded - cargoes.planned_loading).dt.total_seconds() / 86_400
    assert late.max() > 3.0
    rates = [world.tables()["gas_days"].charter_usd_per_day.iloc[120:240].mean() for world in (calm(), tight)]
    assert rates[1] > 1.2 * rates[0]


# --- windows at the terminal


def test_a_late_ship_loses_its_turn_to_those_on_time() -> None:
    env = simpy.Environment()
    yangshan = Terminal(env, "yangshan", base_parameters().terminals["yangshan"], START)
    yangshan.close()
    late, first, second = (yangshan.moor(100_000, late=late) for late in (True, False, False))
    yangshan.reopen()
    assert (first.triggered, second.triggered, late.triggered) == (True, False, False)
    yangshan.discharge(0, 100_000)
    assert second.triggered and not late.triggered


def test_an_early_ship_waits_for_its_window() -> None:
    cargoes = calm().tables()["lng_cargoes"].query("moored.notna()")
    window = pd.Timedelta(days=base_parameters().shipping.window_days)
    assert (cargoes.arrived < cargoes.planned_arrival - window).any()
    assert (cargoes.moored >= cargoes.planned_arrival - window - pd.Timedelta(nanoseconds=NS_PER_HOUR)).all()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("ports", "dampier", "share"), 0.5, "shares of australia's ports must sum to 1, not 0.9"),
        (("ports", "dampier", "supplier"), "nauru", "'nauru' is no supplier"),
        (("ports", "dampier", "routes", "direct", "passages"), ["kiel"], "no passage 'kiel'"),
        (("passages", "panama", "exports"), {"nauru": 0.1}, "'nauru' is no supplier"),
    ],
)
def test_a_sea_that_cannot_be_is_refused(path: tuple[str, ...], value: Any, message: str) -> None:
    figures = base_parameters().model_dump()
    table = figures
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    with pytest.raises(ValidationError, match=message):
        GasParameters(**figures)
