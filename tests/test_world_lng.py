"""The world's LNG: what is made is received, taken by China, unsold or afloat, whatever buyers leave and send away."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, gas_world, routes_of, streams

from agents.gas.basins import Basins, ChinasCargoes
from agents.gas.jkm import Assessment
from agents.gas.parameters import GasParameters
from agents.gas.shocks import CanalRestriction, DatedShock, EuropePull
from exchange.clock import ns

PULL = EuropePull(kind="europe_pull", ttf_usd_per_mmbtu=30.0, duration_days=70, source="a test", start_day=0)
CONTRACT_M3 = 300_000


def basins() -> Basins:
    return Basins(base_parameters().abroad, 60.0, START, streams(1)("gas.basins"), 0.8)


def open_day(made: Basins, ahead: int, late_share: float = 0.0) -> date:
    day = START + timedelta(days=ahead)
    made.open(
        day, 0.0, lambda _, days: np.zeros(days), lambda _, days: np.full(days, late_share), 0.0, CONTRACT_M3
    )
    return day


def path() -> np.ndarray:
    return np.zeros(base_parameters().abroad.look_ahead_days)


def test_what_china_leaves_is_offered_and_what_it_takes_on_top_is_missing_by_hand() -> None:
    """Of 300,000 m3 that its contracts give China loads 100,000, all or 500,000.

    Sellers offer 7/5 of a tenth of what is unsold a window: 28,000 m3 more or less.
    """
    offered = []
    for lifted in (100_000, 300_000, 500_000):
        made = basins()
        open_day(made, 0)
        made.hand_over(ChinasCargoes(lifted=lifted, path=path()))
        offered.append(made.offered_m3())
        assert not any(made.imbalances().values())
    assert offered[0] - offered[1] == pytest.approx(28_000, abs=1)
    assert offered[1] - offered[2] == pytest.approx(28_000, abs=1)


def test_a_lost_cargo_was_not_made_and_is_offered_to_nobody() -> None:
    made, calm = basins(), basins()
    for own, cargoes in (
        (made, ChinasCargoes(lost=200_000, path=path())),
        (calm, ChinasCargoes(200_000, path=path())),
    ):
        open_day(own, 0)
        own.hand_over(cargoes)
    assert made.offered_m3() == calm.offered_m3()
    assert calm.world()["made"] - made.world()["made"] == 200_000


def test_a_diverted_cargo_lands_in_europe_once_and_without_what_boils_off() -> None:
    made = basins()
    for ahead, cargoes in enumerate(
        (
            ChinasCargoes(lifted=170_000, diverted=170_000, path=path()),
            ChinasCargoes(lifted=170_000, diverted=170_000, landed=168_000, boiled_off=2_000, path=path()),
            ChinasCargoes(lifted=170_000, diverted=170_000, landed=168_000, boiled_off=2_000, path=path()),
        )
    ):
        day = open_day(made, ahead)
        made.hand_over(cargoes)
        assert not any(made.imbalances().values())
        made.serve(day, 10.0, 10.0)
    landed = [found.diverted_m3 for _, found in made.members["europe"].days]
    assert landed == [0, 168_000, 0]
    assert not any(made.imbalances().values())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 400_000)] * 6, st.floats(-1.0, 1.0), st.floats(0.5, 4.0)),
        min_size=1,
        max_size=40,
    )
)
def test_the_world_balances_whatever_china_does(days: list[tuple]) -> None:
    """Random days: loaded, lost, diverted, landed, bought, sold on; late cargoes and dear days."""
    made, total = basins(), ChinasCargoes(path=path())
    for ahead, (lifted, lost, diverted, landed, bought, resold, late_share, dear) in enumerate(days):
        day = open_day(made, ahead, late_share)
        landed = min(landed, total.diverted - total.landed - total.boiled_off)
        total = ChinasCargoes(
            lifted=total.lifted + lifted,
            lost=total.lost + lost,
            lost_spot=total.lost_spot + lost // 2,
            diverted=total.diverted + min(diverted, lifted),
            landed=total.landed + landed - landed // 100,
            boiled_off=total.boiled_off + landed // 100,
            path=path(),
        )
        made.hand_over(total)
        if made.offered_m3() > 2_000_000 > 0 < bought:
            sold = {"north_east_asia": bought + resold, "europe": bought // 2}
            volume = sum(sold.values()) + bought
            made.settle(
                Assessment(
                    day, 10.0, False, volume, bought, bought, 0, 0, 10.0, 0.0, sold, (), resold_m3=resold
                )
            )
        assert not any(made.imbalances().values())
        made.serve(day, 10.0 * dear, 10.0)
        assert not any(made.imbalances().values())


@settings(max_examples=3, deadline=None)
@given(st.integers(1, 99), st.floats(0.0, 0.3), st.floats(0.0, 0.3), st.floats(10.0, 60.0))
def test_a_world_balances_under_any_tolerance_and_pull(
    seed: int, more: float, less: float, ttf: float
) -> None:
    """Fleets' cargoes one by one are the naive twin of what basins were told; dropping any flow breaks the balance."""
    table = base_parameters().model_dump()
    table["lifting"] |= {"upward_tolerance": more, "downward_tolerance": less, "price_response": 1.0}
    pull = PULL.model_copy(update={"ttf_usd_per_mmbtu": ttf})
    world = gas_world(seed, 110, [DatedShock(START, pull)], GasParameters.model_validate(table))
    books, midnight_ns = world.basins, ns(START + timedelta(days=109))
    diverted = [*world.fleet.diverted, *world.rest.fleet.diverted]
    everywhere = [*world.fleet.cargoes, *world.rest.fleet.cargoes, *diverted]
    loaded = [c for c in everywhere if c.loaded_ns is not None and not c.spot]
    twin = sum(c.loaded_m3 - c.heel_m3 for c in loaded if ns(START) <= c.loaded_ns < midnight_ns)
    assert books.world()["lifted by China"] == twin
    europe = [c for c in diverted if c.destination == "Europe" and c.discharged_ns is not None]
    landed = sum(found.diverted_m3 for _, found in books.members["europe"].days)
    assert landed == sum(c.delivered_m3 for c in europe if c.discharged_ns < midnight_ns)
    flows = books.world()
    made = flows.pop("made")
    assert made == sum(flows.values())
    for name, volume in flows.items():
        assert volume == 0 or made != sum(other for own, other in flows.items() if own != name)


def test_a_pull_fills_europe_with_what_china_sends_there() -> None:
    calm, pulled = gas_world(1, 110), gas_world(1, 110, [DatedShock(START, PULL)])
    assert calm.basins.world()["diverted from China"] == 0
    got = sum(found.diverted_m3 for _, found in pulled.basins.members["europe"].days)
    assert got > 150_000
    assert -pulled.basins.world()["diverted from China"] >= got


def test_who_went_round_comes_when_the_canal_is_open_again() -> None:
    """Half the slots for 60 days: 13 days late at first, as many at once after the end; nothing is lost."""
    parameters = base_parameters()
    routes = routes_of(parameters)
    event = CanalRestriction(
        kind="canal_restriction",
        canal="panama",
        lost_slots_share=0.5,
        duration_days=60,
        source="a test",
        start_day=0,
    )
    routes.begin(DatedShock(START, event))
    late = [routes.newly_lost_share("panama", START + timedelta(days=ahead), 13.0) for ahead in range(90)]
    assert late[:13] == [0.5] * 13 and late[60:73] == [-0.5] * 13
    assert sum(late) == 0.0
