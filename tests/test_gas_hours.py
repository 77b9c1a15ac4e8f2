"""The hours of a day and the energy in the gas: an independent optimum, worked cases, balances that a fault breaks."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from test_gas_case import base_parameters
from test_gas_network import ORDER, base_network, tanks
from worlds import scenario

from agents.gas.delivery import Delivery
from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.energy import EnergyBook
from agents.gas.hours import hours, taut
from agents.gas.network import Arc
from agents.gas.parameters import EnergyParameters
from scenarios.streams import Streams
from scenarios.world import build

HOURS = 24
VOLUMES = st.lists(st.integers(0, 1000), min_size=HOURS, max_size=HOURS)


@st.composite
def days(draw: st.DrawFn) -> tuple[np.ndarray, float, float, float, float]:
    """Draw demand by hour, even gas an hour, send-out of the day, most of an hour, line pack."""
    demand = np.array(draw(VOLUMES), float)
    sent = draw(st.sampled_from([0.0, 0.1, 0.5, 0.9])) * demand.sum()
    most = sent / HOURS * draw(st.floats(1.0, 2.5))
    return demand, (demand.sum() - sent) / HOURS, sent, most, draw(st.sampled_from([0.0, 300.0, 2000.0]))


def fewest_cut(
    demand: np.ndarray, even: float, most: float, pack: float, *, peak: bool = False
) -> tuple[float, float]:
    """Return the least that must be cut and, of the days that cut it, the least peak of send-out: a linear programme.

    Variables by hour: send-out, unserved, turned back, line pack; then the peak.
    """
    eye, zero = np.eye(HOURS), np.zeros((HOURS, HOURS))
    balance = np.hstack([eye, eye, -eye, -eye + np.eye(HOURS, k=-1), np.zeros((HOURS, 1))])
    under_peak = np.hstack([eye, zero, zero, zero, -np.ones((HOURS, 1))])
    bounds = [(0, most)] * HOURS + [(0, None)] * (2 * HOURS)
    bounds += [(-pack / 2, pack / 2)] * (HOURS - 1) + [(0, 0), (0, None)]
    cut = np.r_[np.zeros(HOURS), np.ones(HOURS), np.zeros(2 * HOURS + 1)]
    found = linprog(cut, A_eq=balance, b_eq=demand - even, bounds=bounds)
    if not peak:
        return float(found.fun), 0.0
    last = np.r_[np.zeros(4 * HOURS), 1.0]
    again = linprog(
        last, A_ub=np.vstack([under_peak, cut]), b_ub=np.r_[np.zeros(HOURS), found.fun + 1e-6],
        A_eq=balance, b_eq=demand - even, bounds=bounds,
    )  # fmt: skip
    return float(found.fun), float(again.fun)


@settings(max_examples=60, deadline=None)
@given(days())
def test_no_other_day_cuts_less_and_none_that_cuts_nothing_has_a_lower_peak(day) -> None:
    demand, even, sent, most, pack = day
    found = hours(demand, np.full(HOURS, even), most, pack)
    found.check()
    assert np.abs(found.line_pack_m3).max() <= pack / 2 + 1e-6 and abs(found.line_pack_m3[-1]) < 1e-6
    cut = float(found.unserved_m3.sum())
    whole = sent - cut + float(found.turned_back_m3.sum())
    assert found.send_out_m3.sum() == pytest.approx(whole, abs=1e-6)
    fewest, peak = fewest_cut(demand, even, most, pack, peak=cut < 1e-9)
    assert cut == pytest.approx(fewest, abs=1e-5)
    if cut < 1e-9 and found.turned_back_m3.sum() < 1e-9:
        assert found.send_out_m3.max() == pytest.approx(peak, abs=1e-4)


def test_a_day_by_hand() -> None:
    # 10 an hour by night, 30 by day, 12 hours each: 480. Even gas brings 10 an hour, terminals the other 240, 15 at
    # most.
    # The day's half needs 20 an hour more than comes, terminals give 15 at most: 60 must come out of the pipes, and go
    # in by night at 5 an hour. So the pipes must hold 60; with 40 they lack 20, cut in the last hours of the day.
    demand = np.r_[np.full(12, 10.0), np.full(12, 30.0)]
    enough = hours(demand, np.full(HOURS, 10.0), 15.0, 120.0)
    assert enough.unserved_m3.sum() == 0 and enough.line_pack_m3.max() == pytest.approx(60.0)
    assert enough.send_out_m3[:12] == pytest.approx(np.full(12, 5.0))
    assert enough.send_out_m3[12:] == pytest.approx(np.full(12, 15.0))
    less = hours(demand, np.full(HOURS, 10.0), 15.0, 80.0)
    assert less.unserved_m3.sum() == pytest.approx(20.0) and less.line_pack_m3.max() == pytest.approx(40.0)
    assert less.unserved_m3[:20].sum() == 0
    # Without terminals the pipes must take half a swing of 120; what they cannot hold is turned back by night.
    alone = hours(demand, np.full(HOURS, 20.0), 0.0, 100.0)
    assert alone.turned_back_m3.sum() == pytest.approx(70.0) == alone.unserved_m3.sum()


def test_a_string_is_pulled_tight_from_end_to_end() -> None:
    low, high = [0.0, -9.0, 4.0, -9.0, 6.0], [0.0, 9.0, 9.0, 9.0, 6.0]
    assert taut(low, high).tolist() == [0.0, 2.0, 4.0, 5.0, 6.0]
    assert taut([0.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist() == [0.0, 0.0, 0.0]


def test_an_hour_that_does_not_balance_is_found() -> None:
    found = hours(np.full(HOURS, 10.0), np.full(HOURS, 5.0), 10.0, 40.0)
    found.check()
    for change in (
        {"from_afar_m3": np.full(HOURS, 5.1)},
        {"most_m3": 4.0},
        {"send_out_m3": found.send_out_m3 * 1.01},
    ):
        with pytest.raises(ArithmeticError):
            dataclasses.replace(found, **change).check()


# --- in the network

FACTORS = {name: own.hourly_factors for name, own in base_parameters().demand.sectors.items()}
PACK = {name: own.line_pack_m3 for name, own in base_parameters().network.places.items()}
DAY = date(2025, 1, 15)
COLD = {"industry": 85_000_000, "power": 30_000_000, "city_gas": 120_000_000, "chemicals": 10_000_000}


def serve(pack_share: float, yangshan_m3: int | None = None):
    """Serve a cold day whose pipes hold a share of their line pack, with so much send-out a day at Yangshan."""
    terminals = tanks([0] * 7)
    if yangshan_m3 is not None:
        terminals[0].max_send_out_m3 = yangshan_m3 // GAS_PER_LIQUID
    grid = base_network(limited=True)
    pack = {place: pack_share * volume for place, volume in PACK.items()}
    delivery = Delivery(grid, ORDER, {}, FACTORS, pack)
    return delivery.serve(DAY, COLD, grid.at_entries(150_000_000), terminals)


def test_a_peak_that_neither_pipes_nor_terminals_can_serve_is_cut_and_the_day_still_balances() -> None:
    ample, tight = serve(1.0), serve(0.05, 12_000_000)
    assert not any(ample.peak_cut_m3.values())
    assert tight.peak_cut_m3["shanghai"] > 100_000
    for found in (ample, tight):
        served = sum(COLD.values()) - sum(found.unserved_m3.values())
        assert served == found.pipeline_taken_m3 + found.send_out_gas_m3
        for place, own in found.hours.items():
            own.check()
            wanted = sum(base_network(limited=True).at_places(COLD)[place].values())
            burnt = float((own.demand_m3 - own.unserved_m3).sum())
            unserved = sum(found.unserved_at_m3[place].values())
            assert burnt == pytest.approx(wanted - unserved, abs=1e-4 * wanted)
    before, after = (found.hours["shanghai"].demand_m3 for found in (ample, tight))
    assert (before - after)[17:22].sum() > 10 * abs(
        (before - after)[0:4].sum()
    )  # cut in the evening, not by night


def test_with_wide_pipes_the_hours_change_nothing_of_the_day() -> None:
    grid = base_network(limited=True)
    plain = Delivery(grid, ORDER, {}).serve(DAY, COLD, grid.at_entries(150_000_000), tanks([0] * 7))
    wide = serve(10.0)
    assert (plain.flow_m3, plain.unserved_at_m3) == (wide.flow_m3, wide.unserved_at_m3)


# --- energy


def test_energy_by_hand() -> None:
    # A tank of 10 m3 of liquid at 40 takes 30 m3 at 36: 37 MJ/m3 of gas. Half of it goes out, and meets as much gas of
    # 35 at a junction: 36. One place gets that; another is next to the entry.
    told = EnergyParameters(
        source="a test", lng_mj_per_m3=40.0, pipeline_mj_per_m3=35.0, suppliers_mj_per_m3={"lean": 36.0}
    )
    book = EnergyBook(told, {"north": 10})
    cargo = type("Cargo", (), {"discharged_ns": None, "terminal": "north", "supplier": "lean"})()
    cargo.delivered_m3, cargo.lost = 30, False
    book.land([cargo])
    assert book.landed_mj == 0.0
    cargo.discharged_ns = 1
    book.land([cargo])
    book.land([cargo])
    assert book.landed_mj == 30 * GAS_PER_LIQUID * 36.0
    gas = 20 * GAS_PER_LIQUID
    arcs = [
        Arc("1", "north", "x", 0.0),
        Arc("2", "east", "x", 0.0),
        Arc("3", "x", "a", 0.0),
        Arc("4", "east", "b", 0.0),
    ]
    found = book.day(arcs, [gas, gas, 2 * gas, 500], {"a": 2 * gas, "b": 500, "c": 0}, {"north": 20}, {})
    assert found["a"].mj_per_m3 == pytest.approx(36.0) and found["b"].mj_per_m3 == 35.0
    assert found["c"].mj_per_m3 == 0.0
    assert book.tanks_mj["north"] == pytest.approx(20 * GAS_PER_LIQUID * 37.0)
    book.check()
    book.served_mj *= 1.001
    with pytest.raises(ArithmeticError, match="energy is not conserved"):
        book.check()


def test_a_world_conserves_energy_and_shows_its_peaks() -> None:
    usual, narrow = (
        build(scenario("china-shortage-2017", figures), Streams(1), changed=True)
        for figures in ({}, {"gas.network.places.shanghai.line_pack_m3": 1_500_000.0})
    )
    for world in (usual, narrow):
        world.run()
        world.gas.energy.check()
    tables = narrow.gas.tables()
    energy, peaks, days = tables["gas_energy"], tables["gas_peaks"], tables["gas_days"]
    assert energy["mj_per_m3"].between(35.9, 40.0).all()
    assert len(energy) == len(peaks) == 4 * len(days)
    assert (peaks["peak_send_out_m3"] <= peaks["most_send_out_m3"] + 1e-3).all()
    assert peaks.loc[peaks["place"] == "shanghai", "peak_cut_m3"].sum() > 1e6
    assert usual.gas.tables()["gas_peaks"]["peak_cut_m3"].sum() == 0
