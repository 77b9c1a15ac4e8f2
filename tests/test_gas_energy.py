"""The energy beside the volumes: a cargo by hand, mixing along pipes, and a balance that finds what is missing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters
from test_gas_hours import COLD, serve
from test_gas_network import base_network
from test_gas_ships import calm, cargo

from agents.gas.energy import EnergyBook, Pool, delivered_kj
from agents.gas.terminals import Terminal

DAY = date(2025, 1, 15)


def test_boil_off_raises_the_heating_value_of_what_stays_by_hand() -> None:
    own = cargo(1, "sabine_pass", 10)
    own.supplier, own.loaded_m3, own.boil_off_m3, own.heel_m3 = "usa", 170_000, 4_000, 5_000
    loaded, boiled_off, heel, delivered = delivered_kj(own, base_parameters().energy)
    # 170,000 x 23.1 GJ = 3,927,000 GJ; 4,000 x 22.3 = 89,200; 3,837,800 GJ are left in 166,000 m3: 23.1193 GJ a m3.
    assert (loaded, boiled_off) == (3_927_000 * 10**6, 89_200 * 10**6)
    assert heel == pytest.approx(5_000 * 3_837_800 / 166_000 * 1e6, abs=1)
    assert loaded == boiled_off + heel + delivered
    assert delivered / 161_000 == pytest.approx(23_119_277, abs=1) and delivered / 161_000 > 23_100_000


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(20_000, 40_000)), min_size=1, max_size=5), st.data()
)
def test_a_pool_gives_its_mean_and_loses_nothing(parts: list[tuple[int, int]], data: st.DataObject) -> None:
    pool = Pool(0, 0)
    for volume, quality in parts:
        pool.add(volume, volume * quality)
    whole, total = pool.energy_kj, pool.volume_m3
    first = pool.take(data.draw(st.integers(0, total)))
    rest = pool.take(pool.volume_m3)
    assert first + rest == whole and (pool.volume_m3, pool.energy_kj) == (0, 0)
    low, high = min(q for _, q in parts), max(q for _, q in parts)
    assert low * (total - 1) <= whole <= high * total


@given(st.tuples(*(st.integers(0, 130_000_000) for _ in COLD)), st.integers(0, 160_000_000))
def test_a_days_energy_is_conserved_along_the_pipes(wanted: tuple[int, ...], pipeline_m3: int) -> None:
    demand = dict(zip(base_parameters().demand.sectors, wanted, strict=True))
    grid, parameters = base_network(limited=True), base_parameters()
    terminals = [Terminal(None, name, own, DAY) for name, own in parameters.terminals.items()]  # type: ignore[arg-type]
    found, delivery = serve(demand, None, pipeline_m3)
    assert delivery.hours is not None and found.hours is not None
    first = {place: limit // 2 for place, limit in parameters.hours.line_pack_m3.items()}
    book = EnergyBook(parameters.energy, grid, terminals, first)
    served = {place: int(own.served_m3.sum()) for place, own in found.hours.places.items()}
    book.deliver(DAY, delivery.arcs, found.flow_m3, found.send_out_m3, served)
    for terminal in terminals:
        terminal.send_out(found.send_out_m3[terminal.name])
    assert not any(book.imbalances(terminals, delivery.hours.pack_m3).values())
    for _, _, volume, energy_kj in book.days:
        assert volume == 0 or 37_000 * volume < energy_kj < 39_600 * volume


def test_places_burn_what_reaches_them() -> None:
    """Shanghai burns Yangshan's liquid with gas of the west; Anhui mostly gas of the west and of Sichuan."""
    energy = calm().tables()["gas_energy"].groupby("place").mj_per_m3.mean()
    assert energy.min() > 37.5 and energy.max() < 39.6
    assert energy["shanghai"] != pytest.approx(energy["anhui"], abs=0.01)


def test_a_joule_that_is_lost_is_found() -> None:
    world = calm()
    world.energy.served_kj -= 1
    with pytest.raises(ArithmeticError, match="energy: first"):
        world.check_conservation()
    world.energy.served_kj += 1
    world.check_conservation()
