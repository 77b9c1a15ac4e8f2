"""The hours of a day: send-out that follows, line pack that evens out, and cuts of an hour where neither can."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, gas_world
from test_gas_network import base_network
from test_gas_ships import calm

from agents.gas.delivery import Delivered, Delivery
from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.hours import HOURS, Hours, follow
from agents.gas.network import Arc, Network
from agents.gas.parameters import GasParameters
from agents.gas.shocks import DatedShock, PipelineEdge
from agents.gas.terminals import Terminal

DAY = date(2025, 1, 15)
ORDER = ("power", "industry", "chemicals", "city_gas")
COLD = {"industry": 90_000_000, "power": 40_000_000, "city_gas": 110_000_000, "chemicals": 12_000_000}


def naive_follow(need: np.ndarray, total: int, most: int) -> np.ndarray:
    """Halve the interval of the constant until the sum is the total."""
    low, high = -float(np.abs(need).max()) - most - 1.0, float(np.abs(need).max()) + most + 1.0
    for _ in range(200):
        level = (low + high) / 2
        low, high = (level, high) if np.clip(need + level, 0, most).sum() < total else (low, level)
    return np.clip(need + high, 0, most)


@given(
    st.lists(st.integers(-3_000_000, 5_000_000), min_size=24, max_size=24),
    st.integers(0, 40_000_000), st.integers(1, 3_000_000),
)  # fmt: skip
def test_send_out_follows_the_hour_as_the_naive_twin_does(need: list[int], total: int, most: int) -> None:
    hours = np.array(need)
    found = follow(hours, total, most)
    whole = min(total, HOURS * most)
    assert found.sum() == whole
    assert found.min() >= 0 and found.max() <= most + 1
    assert np.abs(found - naive_follow(hours, whole, most)).max() <= 2.0


def serve(
    demand: Mapping[str, int], pack_m3: int | None = None, pipeline_m3: int = 120_000_000
) -> tuple[Delivered, Delivery]:
    parameters = base_parameters()
    hours = parameters.hours
    if pack_m3 is not None:
        hours = hours.model_copy(update={"line_pack_m3": dict.fromkeys(hours.line_pack_m3, pack_m3)})
    grid = base_network(limited=True)
    delivery = Delivery(grid, ORDER, {"power": 0.3, "industry": 0.1}, hours)
    terminals = [Terminal(simpy.Environment(), name, own, DAY) for name, own in parameters.terminals.items()]
    return delivery.serve(DAY, dict(demand), grid.at_entries(pipeline_m3), terminals), delivery


def test_a_day_is_split_into_its_hours_without_loss() -> None:
    found, delivery = serve(COLD)
    assert found.hours is not None
    places = found.hours.places.values()
    served = sum(COLD.values()) - sum(found.unserved_m3.values())
    assert sum(int(own.served_m3.sum()) for own in places) == served
    by_junction_m3 = GAS_PER_LIQUID * found.send_out_m3["wuhaogou"]  # comes in as by pipe
    assert sum(int(own.lng_m3.sum()) for own in places) == found.send_out_gas_m3 - by_junction_m3
    assert sum(int(own.pipeline_m3.sum()) for own in places) == found.pipeline_taken_m3
    gained = delivery.line_pack_m3 - delivery.initial_pack_m3
    assert served + gained == found.pipeline_taken_m3 + found.send_out_gas_m3


def test_towns_make_the_evening_the_peak() -> None:
    found, _ = serve(COLD)
    assert found.hours is not None
    shanghai = found.hours.places["shanghai"].wanted_m3
    assert shanghai.argmax() == 18 and shanghai.argmin() in (2, 3)
    assert shanghai.max() > 1.3 * shanghai.mean()


def test_without_line_pack_inland_places_go_short_at_the_peak_and_shut_in_by_night() -> None:
    """Anhui has no terminal: its pipes are even, its evenings are not. The control has the pack and is served."""
    calm_day, _ = serve(COLD)
    found, delivery = serve(COLD, pack_m3=0)
    assert calm_day.hours is not None and found.hours is not None
    anhui = found.hours.places["anhui"]
    assert calm_day.hours.places["anhui"].unserved_m3.sum() == 0
    assert anhui.unserved_m3[18] > 0 == anhui.unserved_m3[3]
    assert found.pipeline_taken_m3 < calm_day.pipeline_taken_m3
    cut = found.hours.cut_m3["anhui"]
    # Power goes first, hour by hour; homes last.
    assert cut["power"] > 0 and cut["power"] + cut["industry"] == anhui.unserved_m3.sum()
    assert delivery.line_pack_m3 >= 0


@given(
    st.tuples(*(st.integers(0, 130_000_000) for _ in ORDER)),
    st.integers(0, 160_000_000),
    st.integers(24, 5_000_000),  # whole m3: a place that burns nothing can owe a m3 to each pipe for an hour
)
def test_every_hour_balances_whatever_the_day(
    wanted: tuple[int, ...], pipeline_m3: int, pack_m3: int
) -> None:
    demand = dict(zip(base_parameters().demand.sectors, wanted, strict=True))
    found, delivery = serve(demand, pack_m3, pipeline_m3)
    assert found.hours is not None
    for own in found.hours.places.values():
        before = np.concatenate([[pack_m3 // 2], own.pack_m3[:-1]])
        assert (own.pack_m3 - before == own.pipeline_m3 + own.lng_m3 + own.through_m3 - own.served_m3).all()
        assert own.pack_m3.min() >= 0 and own.unserved_m3.min() >= 0 and own.served_m3.min() >= 0
    served = sum(wanted) - sum(found.unserved_m3.values())
    gained = delivery.line_pack_m3 - delivery.initial_pack_m3
    assert served + gained == found.pipeline_taken_m3 + found.send_out_gas_m3


def test_a_calm_year_needs_no_cut_within_a_day_and_terminals_keep_to_their_hour() -> None:
    tables, parameters = calm().tables(), base_parameters()
    hours = tables["gas_hours"]
    assert len(hours) == 365 * HOURS * len(parameters.network.places)
    assert hours.unserved_m3.sum() == 0
    assert (hours.pack_m3 <= hours.place.map(parameters.hours.line_pack_m3)).all()
    yangshan = hours[hours.place == "shanghai"].groupby("date").lng_m3.sum() / GAS_PER_LIQUID
    sent = tables["terminals"].query("terminal == 'yangshan'").set_index("date").send_out_m3_liquid
    assert (yangshan.to_numpy() == sent.to_numpy()).all()
    # 2.14 million m3 an hour (gas.in-en.com 3666024).
    assert hours[hours.place == "shanghai"].lng_m3.max() <= 2_140_001


@given(st.lists(st.integers(0, 9_000_000), min_size=3, max_size=3), st.floats(0, 1), st.floats(0, 1))
def test_junctions_pass_on_in_each_hour_what_comes(into: list[int], first: float, second: float) -> None:
    """Two junctions, of which the one named first is fed by the other: each hour's gas goes on, day sums stand."""
    table = base_parameters().network
    network = Network(table.model_copy(update={"junctions": ("chongming", "hub")}), ["rudong"], ORDER)
    total = sum(into)
    up = round(first * total)
    down = round(second * up)
    arcs = [
        Arc(f"pipe {at}", tail, head, 0.0)
        for at, (tail, head) in enumerate(
            [("west_east", "hub"), ("east_line", "hub"), ("jiangsu", "hub"), ("hub", "chongming"),
             ("hub", "zhejiang"), ("chongming", "shanghai"), ("chongming", "jiangsu")]
        )
    ]  # fmt: skip
    flows = [*into, up, total - up, down, up - down]
    hours = Hours(base_parameters().hours, network, ORDER)
    hourly, junctions = hours._pipes(arcs, flows)
    assert [own.sum() for own in hourly] == flows
    for coming, leaving in junctions.values():
        assert (coming == leaving).all()
    assert (junctions["hub"][0] == hourly[0] + hourly[1] + hourly[2]).all()
    assert (junctions["chongming"][1] == hourly[3]).all()
    assert all(np.abs(own - own.mean()).max() <= 8 for own in hourly), "pipes are even but for whole m3"


def test_a_junctions_hour_that_does_not_balance_is_found() -> None:
    lever = PipelineEdge(
        kind="pipeline_edge",
        edge="chongming_wuhaogou",
        capacity_m3_per_day=4_930_000,
        source="a test",
        start_day=0,
    )
    world = gas_world(1, 40, [DatedShock(START, lever)])
    through = [hours.junctions["chongming"] for _, hours in world.records._hours]
    coming, leaving = next(own for own in through if own[0].any())
    assert (coming == leaving).all()
    leaving[7] += 1
    with pytest.raises(ArithmeticError, match="chongming does not balance in an hour"):
        world.check_conservation()


def test_an_hour_that_does_not_balance_is_found() -> None:
    world = calm()
    _, hours = world.records._hours[10]
    pack = hours.places["anhui"].pack_m3
    pack[5] += 1
    with pytest.raises(ArithmeticError, match="anhui does not balance in an hour"):
        world.check_conservation()
    pack[5] -= 1
    world.check_conservation()


def test_hours_need_every_sector_and_place() -> None:
    table = base_parameters().model_dump()
    del table["hours"]["line_pack_m3"]["anhui"]
    with pytest.raises(ValueError, match="must have an entry for each of shanghai"):
        GasParameters.model_validate(table)
