"""The gas world as a whole: nothing made or lost, the same seed the same run, and arms that stay in step."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, gas_world, streams

from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.shocks import (
    BunkeringGrowth,
    CanalRestriction,
    ColdWave,
    DatedShock,
    DemandAbroad,
    DemandShift,
    EuropePull,
    GasEvent,
    LngStraitClosure,
    LngSupplyOutage,
    LorriesFromElsewhere,
    LostCargoes,
    PipelineCut,
    PortClosure,
    TerminalClosure,
    TerminalExpansion,
    TrunkSection,
)

TEST: dict[str, Any] = {"source": "a test", "start_day": 0}


def outage(day: date, days: int = 28, share: float = 1.0) -> DatedShock:
    event = LngSupplyOutage(
        kind="lng_supply_outage",
        supplier="qatar",
        lost_share=share,
        duration_days=days,
        restart_ramp_days=14,
        **TEST,
    )
    return DatedShock(day, event)


EVENTS: st.SearchStrategy[GasEvent] = st.one_of(
    st.builds(
        LngSupplyOutage,
        kind=st.just("lng_supply_outage"),
        supplier=st.sampled_from(["qatar", "australia", "others"]),
        lost_share=st.floats(0.1, 1.0),
        duration_days=st.integers(1, 60),
        restart_ramp_days=st.integers(0, 30),
        source=st.just("a test"),
        start_day=st.just(0),
    ),
    st.builds(
        LostCargoes, kind=st.just("lost_cargoes"), lost_cargoes=st.integers(1, 50), source=st.just("a test"),
        start_day=st.just(0),
    ),
    st.builds(
        ColdWave, kind=st.just("cold_wave"), temperature_drop_degc=st.floats(1, 20), duration_days=st.integers(1, 30),
        source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        PipelineCut, kind=st.just("pipeline_cut"), cut_m3_per_day=st.integers(1, 200_000_000),
        duration_days=st.integers(1, 60), source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        TerminalClosure, kind=st.just("terminal_closure"), terminal=st.sampled_from(["yangshan", "rudong"]),
        duration_days=st.integers(1, 40), source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        TerminalExpansion, kind=st.just("terminal_expansion"), terminal=st.sampled_from(["yangshan", "qidong"]),
        added_tank_m3=st.integers(0, 10**6), added_berths=st.integers(0, 2), source=st.just("a test"),
        start_day=st.just(0),
    ),
    st.builds(
        BunkeringGrowth, kind=st.just("bunkering_growth"), volume_multiple=st.floats(0, 60), source=st.just("a test"),
        start_day=st.just(0),
    ),
    st.builds(
        LngStraitClosure, kind=st.just("lng_strait_closure"), strait=st.just("hormuz"), lost_share=st.floats(0.5, 1.0),
        duration_days=st.integers(1, 60), lasting_lost_share=st.floats(0, 0.5), lasting_days=st.integers(0, 60),
        source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        PipelineCut, kind=st.just("pipeline_cut"), cut_m3_per_day=st.integers(1, 200_000_000),
        entry=st.sampled_from(["west_east", "sichuan_east", "east_line"]), duration_days=st.integers(1, 60),
        source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        PipelineCut, kind=st.just("pipeline_cut"), cut_m3_per_day=st.integers(1, 400_000_000),
        origin=st.sampled_from(list(base_parameters().rest_of_china.sources)), duration_days=st.integers(1, 60),
        source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        TrunkSection, kind=st.just("trunk_section"), capacity_m3_per_day=st.integers(0, 80_000_000),
        line=st.sampled_from(["west_east_1", "sichuan_east", "sino_russian_east"]),
        contract_m3_per_day=st.integers(0, 40_000_000), source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        PortClosure, kind=st.just("port_closure"), duration_days=st.integers(1, 40), source=st.just("a test"),
        terminals=st.sampled_from([("yangshan", "ningbo"), ("yangshan", "ningbo", "zhoushan", "rudong", "qidong")]),
        start_day=st.just(0),
    ),
    st.builds(
        CanalRestriction, kind=st.just("canal_restriction"), canal=st.just("panama"), start_day=st.just(0),
        lost_slots_share=st.floats(0.1, 1.0), duration_days=st.integers(1, 60), source=st.just("a test"),
    ),
    st.builds(
        DemandShift, kind=st.just("demand_shift"), change_share=st.floats(-1.0, 1.0), source=st.just("a test"),
        sector=st.sampled_from([None, "power", "industry"]), duration_days=st.integers(1, 60), start_day=st.just(0),
    ),
    st.builds(
        LorriesFromElsewhere, kind=st.just("lorries_from_elsewhere"), added_t_per_day=st.floats(10.0, 40_000.0),
        duration_days=st.integers(1, 60), source=st.just("a test"), start_day=st.just(0),
    ),
    st.builds(
        EuropePull, kind=st.just("europe_pull"), ttf_usd_per_mmbtu=st.floats(1.0, 100.0), source=st.just("a test"),
        duration_days=st.integers(1, 60), start_day=st.just(0),
    ),
    st.builds(
        DemandAbroad, kind=st.just("demand_abroad"), added_share=st.floats(0.01, 0.5), source=st.just("a test"),
        duration_days=st.integers(1, 60), start_day=st.just(0),
    ),
)  # fmt: skip
SHOCKS = st.lists(st.tuples(st.integers(0, 60), EVENTS), max_size=4)

# Tanks that are added while a shut port has drawn the old ones down.
ADDED_AT_HEEL: list[tuple[int, GasEvent]] = [
    (15, PortClosure(kind="port_closure", terminals=("qidong",), duration_days=30, **TEST)),
    (
        40,
        TerminalExpansion(
            kind="terminal_expansion", terminal="qidong", added_tank_m3=10**6, added_berths=0, **TEST
        ),
    ),
]


# A failing world is slow to shrink, and its shocks are few: it is shown as found.
@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.integers(0, 2**31), SHOCKS)
@example(1, ADDED_AT_HEEL)
def test_nothing_is_made_or_lost_whatever_happens(seed: int, shocks: list[tuple[int, GasEvent]]) -> None:
    dated = [DatedShock(START + timedelta(days=day), event) for day, event in shocks]
    world = gas_world(seed, 90, dated)
    assert set(world.ledger().imbalances().values()) == {0}
    days, terminals = world.tables()["gas_days"], world.tables()["terminals"]
    assert (days.served_m3 + days.unserved_m3 == days.demand_m3).all()
    pack = days.line_pack_m3.diff().fillna(days.line_pack_m3.iloc[0] - world.delivery.initial_pack_m3)
    assert (days.served_m3 + pack == days.pipeline_taken_m3 + days.send_out_m3 + days.trucked_m3).all()
    trucked = GAS_PER_LIQUID * terminals.groupby("date").trucked_m3_liquid.sum()
    assert (days.trucked_m3.to_numpy() + days.trucked_away_m3.to_numpy() == trucked.to_numpy()).all()
    assert (
        terminals.groupby("date").bunkered_m3_liquid.sum().to_numpy() == days.bunkered_m3_liquid.to_numpy()
    ).all()
    assert (days.pipeline_taken_m3 <= days.pipeline_available_m3).all()
    assert (terminals.stock_m3_liquid >= 0).all()
    assert (terminals.stock_m3_liquid <= terminals.tank_m3_liquid).all()
    assert (terminals.stock_m3_liquid >= terminals.heel_m3_liquid).all()
    for name, rows in terminals.groupby("terminal"):
        own, expanded = base_parameters().terminals[str(name)], {shock.event.kind for shock in dated}
        whole = (rows.tank_m3_liquid * own.heel).astype(int)
        assert rows.heel_m3_liquid.is_monotonic_increasing and (rows.heel_m3_liquid <= whole).all()
        assert "terminal_expansion" in expanded or (rows.heel_m3_liquid == whole).all()
    lines = world.tables()["gas_lines"]
    assert (lines.to_delta_m3 <= lines.section_m3).all()
    assert (lines.groupby("date").to_delta_m3.sum().to_numpy() == days.pipeline_taken_m3.to_numpy()).all()
    edges = world.tables()["gas_edges"].dropna()
    assert (edges.flow_m3.abs() <= edges.capacity_m3).all()
    cargoes = world.tables()["lng_cargoes"]
    assert (cargoes.loaded <= cargoes.arrived).sum() == cargoes.arrived.notna().sum()
    assert (cargoes.lost & cargoes.loaded.notna()).sum() == 0


def test_tables_agree_with_one_another() -> None:
    tables = gas_world(3, 120).tables()
    days, terminals, cargoes = tables["gas_days"], tables["terminals"], tables["lng_cargoes"]
    stock = terminals.groupby("date").stock_m3_liquid.sum()
    assert (stock.to_numpy() == days.lng_stock_m3_liquid.to_numpy()).all()
    done = cargoes[cargoes.discharged.notna()]
    parts = done.delivered_m3_liquid + done.boil_off_m3_liquid + done.heel_m3_liquid
    assert (parts == done.loaded_m3_liquid).all()
    assert (done.loaded <= done.arrived).all()
    assert (done.arrived <= done.moored).all()
    assert (done.moored < done.discharged).all()
    listings = tables["listings"]
    assert (listings.price_fen_per_t * listings.quantity_t == listings.amount_fen).all()
    assert len(days) == 120
    assert len(terminals) == 120 * len(base_parameters().terminals)


def test_the_index_is_the_volume_weighted_price_of_its_day() -> None:
    tables = gas_world(3, 60).tables()
    listings, days = tables["listings"], tables["gas_days"].set_index("date")
    by_day = listings.groupby(listings.time.dt.normalize())
    mean = by_day.amount_fen.sum() / by_day.quantity_t.sum() / 100
    published = days.shpgx_lng_cny_per_t[mean.index]
    assert np.abs(mean - published).max() <= 0.005 + 1e-9
    holidays = days.index.difference(mean.index)
    carried = days.shpgx_lng_cny_per_t.ffill().shift(1)[holidays]
    assert (days.shpgx_lng_cny_per_t[holidays] == carried).all()


def test_the_same_seed_gives_the_same_run_and_another_does_not() -> None:
    first, second, other = gas_world(4, 60), gas_world(4, 60), gas_world(5, 60)
    assert first.state_integers() == second.state_integers()
    assert first.state_integers() != other.state_integers()
    for name, table in first.tables().items():
        pd.testing.assert_frame_equal(table, second.tables()[name])


def test_the_state_is_made_of_integers() -> None:
    assert {type(value) for value in gas_world(4, 30).state_integers()} == {int}


def test_each_stream_is_asked_for_once() -> None:
    import simpy

    from agents.gas.world import GasWorld
    from agents.prices import PriceHistory

    asked: list[str] = []

    def rng(name: str) -> np.random.Generator:
        asked.append(name)
        return streams(1)(name)

    history = PriceHistory("any")
    history.publish(START, 75.0)
    GasWorld(
        simpy.Environment(), base_parameters(), start=START, rng=rng, brent=history, fx=history,
        is_trading_day=lambda day: True,
    )  # fmt: skip
    assert len(asked) == len(set(asked))
    assert all(name.startswith("gas.") for name in asked)


def test_arms_are_equal_before_the_shock_and_share_their_draws_after_it() -> None:
    day = date(2024, 8, 12)
    base, shocked = gas_world(6, 120), gas_world(6, 120, [outage(day)])
    before, after = base.tables(), shocked.tables()
    early = before["gas_days"].date < pd.Timestamp(day)
    pd.testing.assert_frame_equal(before["gas_days"][early], after["gas_days"][early])
    assert not before["gas_days"].equals(after["gas_days"])
    assert (before["gas_days"].temperature_anomaly_degc == after["gas_days"].temperature_anomaly_degc).all()

    def sailings(tables: dict[str, pd.DataFrame]) -> pd.Series:
        sold_on = tables["lng_cargoes_diverted"]  # which cargoes are sold on differs between arms
        all_cargoes = [tables["lng_cargoes"], *([sold_on] if len(sold_on) else [])]
        term = pd.concat(all_cargoes).query("not spot and importer != 'rest_of_china'")
        term = term.sort_values(["supplier", "planned_arrival"])
        term = term.set_index(["supplier", term.groupby("supplier").cumcount()])
        return (term.arrived - term.loaded).where(term.loaded.notna())

    both = pd.concat([sailings(before), sailings(after)], axis=1).dropna()
    assert len(both) > 60
    assert ((both[0] - both[1]).abs() <= pd.Timedelta(microseconds=1)).all(), "tables round to it"


def test_a_lost_cargo_never_loads() -> None:
    cargoes = gas_world(6, 120, [outage(date(2024, 9, 2))]).tables()["lng_cargoes"]
    lost = cargoes[cargoes.lost]
    assert 4 <= len(lost) <= 10
    assert lost.loaded.isna().all()
    assert set(lost.supplier) == {"qatar"}


def test_the_next_cargoes_are_lost() -> None:
    event = LostCargoes(kind="lost_cargoes", lost_cargoes=4, **TEST)
    day = date(2024, 9, 2)
    cargoes = gas_world(6, 60, [DatedShock(day, event)]).tables()["lng_cargoes"]
    term = cargoes[~cargoes.spot & (cargoes.planned_loading >= pd.Timestamp(day))].sort_values(
        "planned_loading"
    )
    assert term.lost.head(4).all()
    assert not term.lost.iloc[4:].any()


def test_what_is_at_sea_when_the_run_begins_is_not_lost() -> None:
    event = LostCargoes(kind="lost_cargoes", lost_cargoes=10, **TEST)
    world = gas_world(3, 40, [DatedShock(START, event)])
    cargoes = world.tables()["lng_cargoes"]
    assert cargoes.lost.sum() == 10
    assert (cargoes[cargoes.lost].planned_loading >= pd.Timestamp(START)).all()
    assert set(world.ledger().imbalances().values()) == {0}


def test_an_expansion_adds_room_and_a_closure_holds_ships() -> None:
    expansion = TerminalExpansion(
        kind="terminal_expansion", terminal="yangshan", added_tank_m3=880_000, added_berths=1, **TEST
    )
    terminals = gas_world(6, 60, [DatedShock(date(2024, 9, 2), expansion)]).tables()["terminals"]
    tanks = terminals[terminals.terminal == "yangshan"].set_index("date").tank_m3_liquid
    assert tanks[pd.Timestamp(2024, 9, 1)] == 895_000
    assert tanks[pd.Timestamp(2024, 9, 2)] == 1_775_000
    closure = TerminalClosure(kind="terminal_closure", terminal="rudong", duration_days=10, **TEST)
    cargoes = gas_world(6, 60, [DatedShock(date(2024, 9, 2), closure)]).tables()["lng_cargoes"]
    moored = cargoes[cargoes.terminal == "rudong"].moored.dropna()
    assert not moored.between(pd.Timestamp(2024, 9, 2, 0, 1), pd.Timestamp(2024, 9, 11, 23)).any()
    assert moored.max() > pd.Timestamp(2024, 9, 12)


@pytest.mark.parametrize(
    ("shock", "message"),
    [
        (DatedShock(START - timedelta(days=1), outage(START).event), "before the start"),
        (
            DatedShock(START, LostCargoes(kind="lost_cargoes", lost_cargoes=1, supplier="katar", **TEST)),
            "katar",
        ),
        (
            DatedShock(
                START, TerminalClosure(kind="terminal_closure", terminal="x", duration_days=1, **TEST)
            ),
            "no terminal 'x'",
        ),
    ],
)
def test_impossible_shocks_are_refused(shock: DatedShock, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gas_world(1, 1, [shock])
