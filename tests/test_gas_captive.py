"""Captive demand: what places need of their own terminals, by hand, and what importers make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import simpy
from test_gas_case import START, base_parameters, gas_world

from agents.gas.captive import CaptiveDemand
from agents.gas.network import Network
from agents.gas.terminals import Terminal

MN = 1_000_000


def captive(day: date) -> CaptiveDemand:
    own = base_parameters()
    for_peaks = [name for name, terminal in own.terminals.items() if terminal.peak_shaving]
    network = Network(own.network, own.terminals, own.demand.sectors, for_peaks)
    env = simpy.Environment()
    return CaptiveDemand(network, {name: Terminal(env, name, t, day) for name, t in own.terminals.items()})


def by_sector(**volumes_m3: float) -> np.ndarray:
    return np.array([[volumes_m3.get(sector, 0.0) for sector in base_parameters().demand.sectors]] * 3)


def test_shanghai_needs_of_its_terminals_what_lines_cannot_bring_by_hand() -> None:
    day = date(2024, 9, 2)
    # City gas of 120 million m3 a day is 30 in Shanghai, where two lines bring 10 and 5.2 (two are not built).
    found = captive(day).by_importer(day, by_sector(city_gas=120.0 * MN))
    assert found["shenergy"] == pytest.approx(14.8 * MN, rel=1e-2)
    assert captive(day).by_importer(day, by_sector(city_gas=60.0 * MN))["shenergy"].max() == 0.0
    assert {name for name, volume in found.items() if volume.max() > 0.0} == {"shenergy"}


def test_a_line_counts_from_its_date() -> None:
    day, opens = date(2024, 11, 17), date(2024, 11, 18)
    edges = base_parameters().network.edges
    added = sum(
        own.capacity_m3_per_day or 0
        for own in edges.values()
        if own.to_node == "shanghai" and own.from_date == opens
    )
    before, *after = captive(day).by_importer(day, by_sector(city_gas=160.0 * MN))["shenergy"]
    assert added > 0
    assert before - np.array(after) == pytest.approx(added)


def test_importers_prepare_for_what_only_they_can_give() -> None:
    world = gas_world(3, 60)
    importer = world.importers["shenergy"]
    lng_m3 = np.full(base_parameters().importers.look_ahead_days, 50_000.0)
    usual = importer.outlook(START, lng_m3, lng_m3, [], 10.0, world.fleet.cargo_m3)
    same = importer.outlook(
        START, lng_m3, lng_m3, [], 10.0, world.fleet.cargo_m3, 0.9 * importer.market_share * lng_m3
    )
    more = importer.outlook(
        START, lng_m3, lng_m3, [], 10.0, world.fleet.cargo_m3, 1.5 * importer.market_share * lng_m3
    )
    assert replace(same, captive_m3=0.0) == usual
    assert more.missing_m3 > usual.missing_m3 + world.fleet.cargo_m3
