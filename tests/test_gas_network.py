"""The network's dispatch: balance to the m3, an independent optimum, more pipes never worse, and the one-place rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest
import simpy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from test_gas_case import base_parameters

from agents.gas.delivery import Delivery
from agents.gas.dispatch import GAS_PER_LIQUID, dispatch
from agents.gas.flows import Day, FlowProblem, Flows, Source
from agents.gas.grid import EdgeParameters, EntryParameters, NetworkParameters, PlaceParameters
from agents.gas.network import Network
from agents.gas.parcels import Parcels
from agents.gas.terminals import Terminal

DAY = date(2025, 1, 15)
CUT_ORDER = ("power", "industry", "city_gas")
PLACES, ENTRIES, TERMINALS = ("a", "b", "c"), ("east", "west"), ("north", "south")
NODES = (*PLACES, "cross", *ENTRIES, *TERMINALS)
LESS_THAN_PARCELS_M3 = GAS_PER_LIQUID * len(TERMINALS)


def network(edges: Mapping[str, EdgeParameters]) -> Network:
    thirds = [0.4, 0.35, 0.25]
    return Network(
        NetworkParameters(
            places={
                name: PlaceParameters(sector_shares=(share,) * 3, source="a test")
                for name, share in zip(PLACES, thirds, strict=True)
            },
            entries={name: EntryParameters(share=0.5, source="a test") for name in ENTRIES},
            junctions=("cross",),
            edges=dict(edges),
            source="a test",
        ),
        TERMINALS,
        CUT_ORDER,
    )


VOLUMES = st.one_of(st.just(0), st.integers(0, 5_000), st.integers(0, 60_000_000))


@st.composite
def edges(draw: st.DrawFn) -> dict[str, EdgeParameters]:
    """Draw a network: any pairs of nodes, any capacities, some without limit, some both ways."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), min_size=1, max_size=14))
    return {
        f"{at}": EdgeParameters(
            from_node=tail, to_node=head, capacity_m3_per_day=draw(st.one_of(st.none(), VOLUMES)),
            both_ways=draw(st.booleans()), transport_cny_per_m3=draw(st.sampled_from([0.0, 0.01, 0.05])),
            source="a test",
        )
        for at, (tail, head) in enumerate(pairs) if tail != head
    }  # fmt: skip


@st.composite
def sources(draw: st.DrawFn) -> dict[str, Source]:
    found = {}
    for name in ENTRIES:
        limit = draw(VOLUMES)
        found[name] = Source(0, draw(st.integers(0, limit)), limit)
    for name in TERMINALS:
        limit = draw(st.integers(0, 60_000))
        nominated = draw(st.integers(0, limit))
        first = draw(st.integers(0, nominated))
        found[name] = Source(
            *(GAS_PER_LIQUID * volume for volume in (first, nominated, limit)), GAS_PER_LIQUID
        )
    return found


@st.composite
def days(draw: st.DrawFn) -> tuple[Network, Day]:
    """Draw a network and the data of a day on it."""
    drawn = draw(edges())
    assume(drawn)
    demand = {place: {sector: draw(VOLUMES) for sector in CUT_ORDER} for place in PLACES}
    nominated = {
        place: {sector: draw(st.sampled_from([0, wanted // 3, wanted])) for sector, wanted in own.items()}
        for place, own in demand.items()
    }
    grid = network(drawn)
    return grid, Day(draw(sources()), demand, nominated, grid.capacities_m3(DAY))


def solve(grid: Network, day: Day, *, rounded: bool = True) -> Flows:
    problem = FlowProblem(grid, CUT_ORDER)
    flows = problem.solve(day)
    if rounded:
        Parcels(grid.arcs, day, flows, CUT_ORDER).round()
    return flows


def unserved(flows: Flows) -> int:
    return sum(sum(own.values()) for own in flows.unserved_m3.values())


# --- balance


@settings(max_examples=150, deadline=None)
@given(days())
def test_every_node_balances_and_nothing_passes_its_bound(case: tuple[Network, Day]) -> None:
    grid, day = case
    flows = solve(grid, day)
    for node in NODES:
        inflow = sum(v for arc, v in zip(grid.arcs, flows.flow_m3, strict=True) if arc.head == node)
        outflow = sum(v for arc, v in zip(grid.arcs, flows.flow_m3, strict=True) if arc.tail == node)
        wanted, without = (sum(table.get(node, {}).values()) for table in (day.demand_m3, flows.unserved_m3))
        assert inflow + flows.supply_m3.get(node, 0) == wanted - without + outflow
    for volume, limit in zip(flows.flow_m3, day.capacities_m3, strict=True):
        assert volume >= 0 and (limit is None or volume <= limit)
    for name, source in day.sources.items():
        assert 0 <= flows.supply_m3[name] <= source.limit_m3
        assert flows.supply_m3[name] % source.parcel_m3 == 0
    for place, own in day.demand_m3.items():
        assert all(0 <= flows.unserved_m3[place][sector] <= wanted for sector, wanted in own.items())


@settings(max_examples=150, deadline=None)
@given(days())
def test_rounding_costs_less_than_a_parcel_for_each_terminal(case: tuple[Network, Day]) -> None:
    grid, day = case
    exact, rounded = solve(grid, day, rounded=False), solve(grid, day)
    assert 0 <= unserved(rounded) - unserved(exact) < LESS_THAN_PARCELS_M3


# --- the optimum


def served_at_most(grid: Network, day: Day, sectors: Sequence[str]) -> int:
    """Return the largest volume that these sectors can be served: a maximum flow, on whole numbers."""
    at = {name: 1 + row for row, name in enumerate(NODES)}
    end, much = len(NODES) + 1, 2**30
    capacity = np.zeros((end + 1, end + 1), np.int64)
    for name, source in day.sources.items():
        capacity[0, at[name]] = source.limit_m3
    for arc, limit in zip(grid.arcs, day.capacities_m3, strict=True):
        capacity[at[arc.tail], at[arc.head]] += much if limit is None else limit
    for place, own in day.demand_m3.items():
        capacity[at[place], end] = sum(own[sector] for sector in sectors)
    whole = csr_array(np.minimum(capacity, much).astype(np.int32))
    return int(maximum_flow(whole, 0, end).flow_value)


@settings(max_examples=150, deadline=None)
@given(days())
def test_each_sector_gets_what_a_maximum_flow_finds_for_it_and_those_before_it(
    case: tuple[Network, Day],
) -> None:
    grid, day = case
    flows = solve(grid, day, rounded=False)
    for last in range(len(CUT_ORDER)):
        kept = CUT_ORDER[last:]
        served = sum(
            day.demand_m3[place][sector] - flows.unserved_m3[place][sector]
            for place in PLACES for sector in kept
        )  # fmt: skip
        assert served == served_at_most(grid, day, kept)


def dense_cost(grid: Network, day: Day) -> float:
    """Return the optimum of the problem as inequalities in dense form, by interior points, in units of 1,024 m3.

    A variable for each volume and one for each slice above it: written from the words of agents/gas/flows.py.
    """
    costs: list[float] = []
    limits: list[float] = []
    columns: list[np.ndarray] = []
    row = {name: np.eye(len(NODES))[at] for at, name in enumerate(NODES)}

    def add(cost: float, limit: float, *ends: np.ndarray) -> None:
        costs.append(cost), limits.append(limit), columns.append(sum(ends))

    def slices(volume: int) -> list[int]:
        return [volume * (k + 1) // 4 - volume * k // 4 for k in range(4)]

    for at, (arc, limit) in enumerate(zip(grid.arcs, day.capacities_m3, strict=True)):
        tie = 1e-3 * ((0.6180339887 * (at + 1)) % 1.0)
        add(arc.transport_cny_per_m3 + tie, np.inf if limit is None else limit, row[arc.head], -row[arc.tail])
    for at, name in enumerate((*ENTRIES, *TERMINALS)):
        own, lng, tie = day.sources[name], name in TERMINALS, 1e-3 * (at + 1) / 4
        add(tie, own.first_m3, row[name])
        for k, part in enumerate(slices(own.nominated_m3 - own.first_m3)):
            add((2.0 if lng else 1.0) + k / 8 + tie, part, row[name])
        for k, part in enumerate(slices(own.limit_m3 - own.nominated_m3)):
            add((4.0 if lng else 3.0) + k / 8 + tie, part, row[name])
    for at, (place, sector) in enumerate((place, sector) for place in PLACES for sector in CUT_ORDER):
        cost = 100.0 * (1 + CUT_ORDER.index(sector)) + 1e-3 * (at + 1) / 9
        nominated = day.nominated_unserved_m3[place][sector]
        add(cost, nominated, row[place])
        for k, part in enumerate(slices(day.demand_m3[place][sector] - nominated)):
            add(cost + 10.0 * (1 + k / 4), part, row[place])
    wanted = np.array([sum(day.demand_m3.get(node, {}).values()) for node in NODES]) / 1024
    balance = np.array(columns).T
    found = linprog(
        costs,
        A_ub=np.vstack([balance, -balance]),
        b_ub=np.concatenate([wanted, -wanted]),
        bounds=[(0, limit / 1024) for limit in limits],
        method="highs-ipm",
    )
    assert found.status == 0, found.message
    return float(found.fun) * 1024


@settings(max_examples=80, deadline=None)
@given(days())
def test_the_cost_is_that_of_a_dense_programme(case: tuple[Network, Day]) -> None:
    grid, day = case
    assert solve(grid, day, rounded=False).cost == pytest.approx(dense_cost(grid, day), rel=1e-7, abs=1.0)


@settings(max_examples=50, deadline=None)
@given(days())
def test_the_solution_is_one_whatever_the_method(case: tuple[Network, Day]) -> None:
    grid, day = case
    problem = FlowProblem(grid, CUT_ORDER)
    flows = problem.solve(day)
    bounds = np.column_stack([np.zeros(len(problem.costs)), problem.bounds_m3(day) / 1024])
    by_points = linprog(
        problem.costs, A_eq=problem.matrix, b_eq=problem.balance_m3(day) / 1024, bounds=bounds,
        method="highs-ipm", options={"presolve": True},
    )  # fmt: skip
    assert [round(value * 1024) for value in by_points.x[: len(grid.arcs)]] == flows.flow_m3


# --- more pipes


@settings(max_examples=150, deadline=None)
@given(days(), st.sampled_from(NODES), st.sampled_from(NODES), VOLUMES)
def test_a_pipe_more_never_leaves_more_unserved(
    case: tuple[Network, Day], tail: str, head: str, capacity_m3: int
) -> None:
    grid, day = case
    assume(tail != head)
    before = solve(grid, day)
    grid.set_edge("new", capacity_m3, tail, head, False)
    more = Day(day.sources, day.demand_m3, day.nominated_unserved_m3, grid.capacities_m3(DAY))
    exact = solve(grid, more, rounded=False)
    assert unserved(exact) <= unserved(before)
    for last in range(len(CUT_ORDER)):
        kept = [(place, sector) for place in PLACES for sector in CUT_ORDER[last:]]
        assert sum(exact.unserved_m3[p][s] for p, s in kept) <= sum(before.unserved_m3[p][s] for p, s in kept)
    assert unserved(solve(grid, more)) < unserved(before) + LESS_THAN_PARCELS_M3


@settings(max_examples=100, deadline=None)
@given(days(), st.data())
def test_a_wider_pipe_never_leaves_more_unserved(case: tuple[Network, Day], data: st.DataObject) -> None:
    grid, day = case
    wide = data.draw(st.sampled_from(range(len(grid.arcs))))
    capacities = list(day.capacities_m3)
    if capacities[wide] is not None:
        capacities[wide] += data.draw(VOLUMES)
    more = Day(day.sources, day.demand_m3, day.nominated_unserved_m3, capacities)
    assert unserved(solve(grid, more, rounded=False)) <= unserved(solve(grid, day))


# --- the one-place rule


FOR_PEAKS = [name for name, own in base_parameters().terminals.items() if own.peak_shaving]


def base_network(*, limited: bool) -> Network:
    parameters = base_parameters()
    table = parameters.network
    if not limited:
        free = {"capacity_m3_per_day": None, "from_date": None}
        wide = {name: edge.model_copy(update=free) for name, edge in table.edges.items()}
        table = table.model_copy(update={"edges": wide})
    return Network(table, parameters.terminals, parameters.demand.sectors, FOR_PEAKS)


def tanks(drawn: Sequence[int]) -> list[Terminal]:
    own = base_parameters().terminals.items()
    found = [Terminal(simpy.Environment(), name, table, DAY) for name, table in own]
    for terminal, volume in zip(found, drawn, strict=True):
        for _ in range(4):  # a day's send-out can be less than the tanks hold
            terminal.send_out(min(volume // 4, terminal.available_m3, terminal.max_send_out_m3))
    return found


SECTORS = tuple(base_parameters().demand.sectors)
ORDER = ("power", "industry", "chemicals", "city_gas")
DEMANDS = st.tuples(*(st.integers(0, 120_000_000) for _ in SECTORS))
DRAWN = st.tuples(*(st.integers(0, 600_000) for _ in base_parameters().terminals))


@settings(max_examples=150, deadline=None)
@given(DEMANDS, st.integers(GAS_PER_LIQUID, 160_000_000), DRAWN)
def test_without_limits_the_network_does_what_the_rule_does(
    wanted: tuple[int, ...], pipeline_m3: int, drawn: tuple[int, ...]
) -> None:
    demand = dict(zip(SECTORS, wanted, strict=True))
    rule = dispatch(demand, pipeline_m3, tanks(drawn), ORDER)
    grid = base_network(limited=False)
    network = Delivery(grid, ORDER).serve(DAY, demand, grid.at_entries(pipeline_m3), tanks(drawn))
    assert network.unserved_m3 == rule.unserved_m3
    assert network.send_out_m3 == rule.send_out_m3
    assert network.pipeline_taken_m3 == rule.pipeline_taken_m3


@settings(max_examples=50, deadline=None)
@given(DEMANDS, st.integers(0, GAS_PER_LIQUID - 1), DRAWN)
def test_without_gas_by_pipe_it_does_so_to_the_parcel(
    wanted: tuple[int, ...], pipeline_m3: int, drawn: tuple[int, ...]
) -> None:
    demand = dict(zip(SECTORS, wanted, strict=True))
    rule = dispatch(demand, pipeline_m3, tanks(drawn), ORDER)
    grid = base_network(limited=False)
    network = Delivery(grid, ORDER).serve(DAY, demand, grid.at_entries(pipeline_m3), tanks(drawn))
    for sector, volume in network.unserved_m3.items():
        assert abs(volume - rule.unserved_m3[sector]) < GAS_PER_LIQUID * len(rule.send_out_m3)


@settings(max_examples=150, deadline=None)
@given(DEMANDS, st.integers(0, 160_000_000), DRAWN)
def test_the_default_network_serves_no_more_than_the_rule_and_keeps_the_heel(
    wanted: tuple[int, ...], pipeline_m3: int, drawn: tuple[int, ...]
) -> None:
    demand = dict(zip(SECTORS, wanted, strict=True))
    rule = dispatch(demand, pipeline_m3, tanks(drawn), ORDER)
    terminals = tanks(drawn)
    grid = base_network(limited=True)
    found = Delivery(grid, ORDER, {"power": 0.3, "industry": 0.1}).serve(
        DAY, demand, grid.at_entries(pipeline_m3), terminals
    )
    assert sum(found.unserved_m3.values()) >= sum(rule.unserved_m3.values())
    served = sum(wanted) - sum(found.unserved_m3.values())
    assert served == found.pipeline_taken_m3 + found.send_out_gas_m3
    assert all(terminal.stock_m3 >= terminal.heel_m3 for terminal in terminals)
    assert found.interrupted_m3 <= sum(found.unserved_m3.values())


def test_what_is_kept_for_peaks_goes_out_last() -> None:
    """Yangshan sends all it can before Wuhaogou gives more than boil-off, and that before Shanghai is cut."""
    peaks = {}
    for towns_m3 in (80_000_000, 180_000_000, 230_000_000):
        demand = {"industry": 80_000_000, "power": 40_000_000, "city_gas": towns_m3, "chemicals": 10_000_000}
        grid, terminals = base_network(limited=True), tanks([0] * len(base_parameters().terminals))
        boil_off_m3 = {terminal.name: terminal.boil_off_m3 for terminal in terminals}
        yangshan = next(terminal for terminal in terminals if terminal.name == "yangshan")
        yangshan.max_send_out_m3 = 25_000_000 // GAS_PER_LIQUID
        found = Delivery(grid, ORDER).serve(DAY, demand, grid.at_entries(140_000_000), terminals)
        more = {name: sent - boil_off_m3[name] for name, sent in found.send_out_m3.items()}
        peaks[towns_m3] = more["wuhaogou"]
        assert more["wuhaogou"] == 0 or found.send_out_m3["yangshan"] == yangshan.max_send_out_m3
        full = found.send_out_m3["wuhaogou"] * GAS_PER_LIQUID > 11_990_000
        assert full or not any(found.unserved_at_m3["shanghai"].values())
    assert [volume > 0 for volume in peaks.values()] == [False, True, True]


# --- who goes without


def short(shanghai_gas_m3: int) -> dict[str, dict[str, int]]:
    """Serve a cold day with nothing to send out at Yangshan and this much capacity into Shanghai."""
    grid = base_network(limited=False)
    for name, edge in base_parameters().network.edges.items():
        if edge.to_node == "shanghai" and edge.from_node != "yangshan":
            grid.set_edge(name, 0, None, None, False)
    grid.set_edge("test", shanghai_gas_m3, "jiangsu", "shanghai", False)
    terminals = tanks([0] * len(base_parameters().terminals))
    terminals[0].sell(terminals[0].available_m3)
    demand = {"industry": 80_000_000, "power": 40_000_000, "city_gas": 100_000_000, "chemicals": 10_000_000}
    delivery = Delivery(grid, ORDER, {"power": 0.5, "industry": 0.5})
    return delivery.serve(DAY, demand, grid.at_entries(140_000_000), terminals).unserved_at_m3


def test_a_bottleneck_cuts_behind_it_and_in_the_order_of_sectors() -> None:
    found = short(30_000_000)
    assert sum(found["shanghai"].values()) > 0
    assert all(sum(found[place].values()) == 0 for place in ("jiangsu", "zhejiang", "anhui"))
    # Shanghai wants 6.4 industry, 5.2 power, 25 city gas, 0.7 chemicals: 37.3 million m3, of which 7.3 miss.
    assert found["shanghai"] == {
        "industry": 3_200_000, "power": 4_100_000, "city_gas": 0, "chemicals": 0,
    }  # fmt: skip


def test_places_behind_one_bottleneck_give_way_alike() -> None:
    grid = network(
        {
            "in": EdgeParameters(from_node="east", to_node="cross", capacity_m3_per_day=60_000_000, source="a test"),
            "a": EdgeParameters(from_node="cross", to_node="a", source="a test"),
            "b": EdgeParameters(from_node="cross", to_node="b", source="a test"),
        }
    )  # fmt: skip
    demand = {
        place: {"power": 0, "industry": 0, "city_gas": 40_000_000 if place != "c" else 0} for place in PLACES
    }
    none = {place: dict.fromkeys(own, 0) for place, own in demand.items()}
    day = Day(
        {"east": Source(0, 0, 90_000_000), **{name: Source(0, 0, 0) for name in ("west", *TERMINALS)}},
        demand, none, grid.capacities_m3(DAY),
    )  # fmt: skip
    assert {place: own["city_gas"] for place, own in solve(grid, day).unserved_m3.items()} == {
        "a": 10_000_000, "b": 10_000_000, "c": 0,
    }  # fmt: skip


# --- edges


def test_an_edge_opens_on_its_date() -> None:
    grid = base_network(limited=True)
    assert grid.capacity_m3("east_line_shanghai", date(2024, 11, 17)) == 0
    assert grid.capacity_m3("east_line_shanghai", date(2024, 11, 18)) == 10_000_000


def test_a_lever_builds_resizes_and_takes_away() -> None:
    grid = base_network(limited=True)
    before = grid.version
    grid.set_edge("chongming_wuhaogou", 4_930_000, None, None, False)
    assert grid.capacity_m3("chongming_wuhaogou", DAY) == 4_930_000 and grid.version == before
    grid.set_edge("ningbo_shanghai", 1_000_000, "ningbo", "shanghai", True)
    assert grid.version == before + 1
    assert [arc.head for arc in grid.arcs if arc.edge == "ningbo_shanghai"] == ["shanghai", "ningbo"]
    grid.set_edge("ningbo_shanghai", 0, None, None, False)
    assert grid.capacity_m3("ningbo_shanghai", DAY) == 0


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (("x", None, None), "no edge 'x'; there are west_east_jiangsu"),
        (("x", "shanghai", "atlantis"), "no node 'atlantis'"),
        (("x", "shanghai", "shanghai"), "leads nowhere"),
        (("chongming_wuhaogou", "jiangsu", "shanghai"), "runs from chongming to wuhaogou_gate"),
    ],
)
def test_impossible_edges_are_refused(ends: tuple[str, str | None, str | None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        base_network(limited=True).set_edge(ends[0], 1, ends[1], ends[2], False)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"edges": {}}, "no edge leads from 'west_east'"),
        ({"junctions": ("shanghai",)}, "shanghai named twice"),
    ],
)
def test_a_network_that_cannot_be_is_refused(update: dict[str, object], message: str) -> None:
    parameters = base_parameters()
    with pytest.raises(ValueError, match=message):
        parameters.network.model_copy(update=update).check_nodes(parameters.terminals)
