"""Shocks of gas by kind: each acts through ships, terminals, pipes, demand or the window, not before its day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import simpy
from pydantic import TypeAdapter, ValidationError
from test_gas_case import START, base_parameters, freight_of, gas_world, routes_of

from agents.gas.abroad import Abroad
from agents.gas.importers import Importer, Outlook
from agents.gas.parameters import GasParameters, StageParameters
from agents.gas.shocks import (
    CanalRestriction,
    CharterSpike,
    DatedShock,
    DemandAbroad,
    DemandShift,
    EuropePull,
    GasEvent,
    GasShock,
    LngStraitClosure,
    LorriesFromElsewhere,
    PipelineCut,
    PortClosure,
)
from agents.gas.terminals import Terminal
from agents.gas.world import GasWorld
from agents.shocks import Triangle

SEEDS = (1, 2, 3, 4)
WINTER = date(2025, 1, 6)
TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
STRAIT = LngStraitClosure(
    kind="lng_strait_closure", strait="hormuz", lost_share=1.0, duration_days=28, restart_ramp_days=14, **TEST
)
CANAL = CanalRestriction(
    kind="canal_restriction", canal="panama", lost_slots_share=1.0, duration_days=120, **TEST
)
CHARTER = CharterSpike(kind="charter_spike", rate_usd_per_day=300_000.0, duration_days=60, **TEST)
EUROPE = EuropePull(kind="europe_pull", ttf_usd_per_mmbtu=30.0, duration_days=60, **TEST)
ABROAD = DemandAbroad(kind="demand_abroad", added_share=0.08, duration_days=40, **TEST)
COAL_TO_GAS = DemandShift(kind="demand_shift", change_share=0.15, duration_days=60, sector="city_gas", **TEST)
LOCKDOWN = DemandShift(kind="demand_shift", change_share=-0.15, duration_days=60, sector="industry", **TEST)
PORTS = PortClosure(
    kind="port_closure", terminals=("yangshan", "ningbo", "zhoushan"), duration_days=12, **TEST
)
LORRIES = LorriesFromElsewhere(
    kind="lorries_from_elsewhere", added_t_per_day=12_000.0, duration_days=40, **TEST
)
WEST_EAST = PipelineCut(
    kind="pipeline_cut", entry="west_east", cut_m3_per_day=20_000_000, duration_days=30, **TEST
)


@cache
def calm(seed: int) -> dict[str, pd.DataFrame]:
    return gas_world(seed, 250).tables()


@cache
def struck(seed: int, event: GasEvent) -> dict[str, pd.DataFrame]:
    return gas_world(seed, 250, [DatedShock(WINTER, event)]).tables()


def means(event: GasEvent, days: int = 60) -> pd.DataFrame:
    """Return what the shock changes, by seed, as means over the days from its first: prices in logs, volumes in m3."""
    rows = []
    for seed in SEEDS:
        base, changed = (t["gas_days"].set_index("date") for t in (calm(seed), struck(seed, event)))
        early = base.index < pd.Timestamp(WINTER)
        pd.testing.assert_frame_equal(base[early], changed[early])
        after = slice(pd.Timestamp(WINTER), pd.Timestamp(WINTER) + pd.Timedelta(days=days - 1))
        base, changed = base.loc[after], changed.loc[after]
        prices = ["jkm_usd_per_mmbtu", "shpgx_lng_cny_per_t"]
        volumes = ["lng_stock_m3_liquid", "demand_m3", "unserved_m3", "charter_usd_per_day"]
        log_change = (np.log(changed[prices]) - np.log(base[prices])).mean()
        rows.append(pd.concat([log_change, (changed[volumes] - base[volumes]).mean()]))
    return pd.DataFrame(rows, index=list(SEEDS))


def clear(change: pd.Series, sign: int) -> bool:
    """Tell whether a change has its sign by more than two standard errors over paired seeds."""
    return bool(sign * change.mean() > 2 * change.std(ddof=1) / np.sqrt(len(change)))


@pytest.mark.parametrize(
    ("event", "jkm", "lng", "stock"),
    [
        (STRAIT, 1, 1, -1),
        (CANAL, 1, 1, 0),
        (CHARTER, 1, 1, 0),
        (EUROPE, 1, 1, 0),
        (ABROAD, 1, 1, 0),
        (COAL_TO_GAS, 0, 1, -1),
        (LOCKDOWN, 0, -1, 1),
        (WEST_EAST, 0, 1, -1),
        (LORRIES, 0, 1, -1),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_shock_moves_prices_and_stocks_the_way_it_must(
    event: GasEvent, jkm: int, lng: int, stock: int
) -> None:
    found = means(event)
    for column, sign in (
        ("jkm_usd_per_mmbtu", jkm),
        ("shpgx_lng_cny_per_t", lng),
        ("lng_stock_m3_liquid", stock),
    ):
        assert sign == 0 or clear(found[column], sign), (column, found[column].tolist())


def test_a_closed_strait_stops_every_port_behind_it_and_no_other_port_of_their_sellers() -> None:
    day = START + timedelta(days=30)
    world = gas_world(2, 120, [DatedShock(day, STRAIT.model_copy(update={"duration_days": 60}))])
    cargoes = pd.concat([world.tables()[name] for name in ("lng_cargoes", "lng_cargoes_rest")])
    shut = cargoes.planned_loading.between(pd.Timestamp(day), pd.Timestamp(day + timedelta(days=59)))
    behind = cargoes.port.isin(["ras_laffan", "das_island"])
    assert cargoes[shut & behind].port.nunique() == 2
    assert cargoes[shut & behind].loaded.isna().all()
    loaded = cargoes[cargoes.loaded.between(pd.Timestamp(day), pd.Timestamp(day + timedelta(days=59)))]
    assert not loaded.port.isin(["ras_laffan", "das_island"]).any()
    same_seller = cargoes[shut & (cargoes.supplier == "others") & ~behind]
    assert len(same_seller) > 3 and not same_seller.lost.any()


def test_a_restart_leaves_lost_what_cannot_be_repaired() -> None:
    event = LngStraitClosure(
        kind="lng_strait_closure", strait="hormuz", lost_share=1.0, duration_days=2, restart_ramp_days=3,
        lasting_lost_share=0.3, lasting_days=5, **TEST,
    )  # fmt: skip
    # Two days in full; a ramp of 3/4, 2/4, 1/4 that ends at the lasting 0.3; five days from the end of the two.
    found = [event.lost_after(day) for day in range(-1, 9)]
    assert found == [0.0, 1.0, 1.0, 0.75, 0.5, 0.3, 0.3, 0.3, 0.0, 0.0]


def days_at_sea(supplier: str, event: GasEvent | None = None) -> list[float]:
    """Return the days of the term voyages that are to begin within 45 days of the shock, over all seeds."""
    found: list[float] = []
    first, last = pd.Timestamp(WINTER), pd.Timestamp(WINTER) + pd.Timedelta(days=45)
    for seed in SEEDS:
        tables = struck(seed, event) if event else calm(seed)
        sold_on = tables["lng_cargoes_diverted"]  # they sail as far, and which they are may differ
        cargoes = pd.concat([tables["lng_cargoes"], sold_on]) if len(sold_on) else tables["lng_cargoes"]
        cargoes = cargoes[cargoes.importer != "rest_of_china"].sort_values("cargo")
        own = cargoes[
            (cargoes.supplier == supplier) & ~cargoes.spot & cargoes.planned_loading.between(first, last)
        ]
        own = own[own.arrived.notna()]
        found += ((own.arrived - own.loaded).dt.total_seconds() / 86_400).tolist()
    return found


def test_ships_without_a_slot_go_round_and_arrive_later() -> None:
    assert days_at_sea("qatar", CANAL) == days_at_sea("qatar")
    base, changed = days_at_sea("usa"), days_at_sea("usa", CANAL)
    assert len(base) > 4
    # By the Cape 15,500 nm and not 10,050 at 16.75 kn: 5,450 / (16.75 x 24) = 13.557 days more.
    assert np.subtract(changed, base) == pytest.approx(13.557, abs=1e-3)
    half = np.subtract(days_at_sea("usa", CANAL.model_copy(update={"lost_slots_share": 0.5})), base)
    assert set(half.round(3)) == {0.0, 13.557}
    # They take turns from each world's start on: half of them, to a cargo a world.
    assert abs((half > 0).sum() - len(base) / 2) <= len(SEEDS)


def test_freight_by_hand() -> None:
    parameters = base_parameters()
    routes = routes_of(parameters)
    freight = freight_of(parameters, routes)
    # A cargo: 166,170 m3 x 622 / 1,400 t x 51.7 = 3.8169 million MMBtu; 2 x 13 days x 60,000 USD = 1.56 million USD.
    assert freight.usd_per_mmbtu(13.0, WINTER) == pytest.approx(1.56 / 3.8169, rel=1e-4)
    freight.begin(DatedShock(WINTER, CHARTER))
    assert freight.charter_usd_per_day(WINTER + timedelta(days=59)) == 300_000.0
    assert freight.charter_usd_per_day(WINTER + timedelta(days=60)) == 60_000.0
    routes.begin(DatedShock(WINTER, CANAL.model_copy(update={"lost_slots_share": 0.5})))
    # World: 0.21 of supply x 0.35 by the canal x half x 13 days = 0.478 ship-days on a mean voyage; it counts with the
    # ships that are not of this model, and those of the model by count: 9 in 10 of the usual ones are a tenth less.
    mean_days = sum(
        parameters.suppliers[port.supplier].world_supply_share * port.share * routes.usual_days(name)
        for name, port in parameters.ports.items()
    )
    ships = sum(own.term_ships + own.charter_ships for own in parameters.shipping.ships.values())
    own, late = ships / parameters.shipping.world_ships, WINTER + timedelta(days=70)
    world = (1 - own) * 0.477750 / mean_days
    assert freight.charter_usd_per_day(late) == pytest.approx(60_000 * np.exp(20 * world))
    for _ in range(300):
        freight.observe(0.9 * parameters.shipping.normal_employed_share)
    assert freight.charter_usd_per_day(late) == pytest.approx(60_000 * np.exp(20 * (world - 0.1 * own)))
    assert freight.late_share(WINTER + timedelta(days=12)) == pytest.approx(0.21 * 0.35 * 0.5)
    assert freight.late_share(WINTER + timedelta(days=13)) == 0.0


def test_europe_takes_the_place_of_the_oil_formula_where_it_is_given() -> None:
    parameters = base_parameters()
    freight = freight_of(parameters)
    europe = {"monthly_mean_ttf_usd_per_mmbtu": {"2025-01": 14.0, "2025-02": 15.0}, "source": "a test"}
    given = GasParameters.model_validate(parameters.model_dump() | {"europe": europe})
    abroad = Abroad(given.europe, freight, WINTER)
    way = freight.usd_per_mmbtu(13.0, WINTER)
    assert abroad.elsewhere(date(2025, 1, 31)).given_usd_per_mmbtu == pytest.approx(14.0 + way)
    assert abroad.elsewhere(date(2025, 2, 1)).given_usd_per_mmbtu == pytest.approx(15.0 + way)
    abroad.begin(DatedShock(WINTER, EUROPE))
    assert abroad.elsewhere(WINTER).pull_usd_per_mmbtu == pytest.approx(30.0 + way)
    assert Abroad(None, freight, WINTER).elsewhere(WINTER).given_usd_per_mmbtu is None


def test_a_typhoon_holds_ships_at_all_its_ports_and_they_come_in_after_it() -> None:
    tables = struck(1, PORTS)
    waiting = tables["terminals"].set_index("date").loc["2025-01-06":"2025-01-17"]
    waiting = waiting.groupby("terminal").ships_waiting.max()
    assert waiting[["ningbo", "zhoushan"]].min() > 0 and waiting[["rudong", "qidong"]].max() <= 1
    cargoes = tables["lng_cargoes"]
    shut = cargoes[cargoes.terminal.isin(PORTS.terminals)].moored.dropna()
    assert not shut.between(pd.Timestamp(2025, 1, 6, 0, 1), pd.Timestamp(2025, 1, 17, 23)).any()
    assert cargoes[cargoes.moored.isna() & (cargoes.arrived < pd.Timestamp(2025, 2, 15))].empty


def test_a_cut_of_one_entry_takes_no_more_than_it_has_and_leaves_the_others() -> None:
    total = WEST_EAST.model_copy(update={"cut_m3_per_day": 500_000_000})
    edges = struck(1, total)["gas_edges"].set_index("date").loc["2025-01-10"].set_index("edge").flow_m3
    assert all(edges[name] == 0 for name in edges.index if name.startswith("west_east"))
    assert edges["sichuan_east_anhui"] > 0


def test_lorries_from_elsewhere_take_gas_away_and_answer_to_the_price() -> None:
    tables = struck(1, LORRIES)
    days, listings = tables["gas_days"].set_index("date"), tables["listings"]
    away_t = days.trucked_away_m3.loc["2025-01-06":"2025-02-14"] / 1_400
    assert days.trucked_away_m3.loc[:"2025-01-05"].sum() == days.trucked_away_m3.loc["2025-02-20":].sum() == 0
    answer = (4_600 / days.shpgx_lng_cny_per_t.loc["2025-01-06":"2025-02-14"].mean()) ** 0.3
    assert answer < 1.0 and away_t.mean() == pytest.approx(12_000 * answer, rel=0.1)
    assert (calm(1)["gas_days"].trucked_away_m3 == 0).all()
    loaded_t = (days.trucked_m3 + days.trucked_away_m3).loc["2024-09-02":"2025-02-16"].sum() / 1_400
    sold = listings[listings.time.between("2024-09-02", "2025-02-14 23:00")].quantity_t.sum()
    assert loaded_t == pytest.approx(sold, rel=0.01)


def test_prices_climb_while_the_board_is_sold_out_and_fade_when_all_are_served() -> None:
    """3,200 CNY/t whatever happens but the premium: 0.3 x 0.5 a day for two days, then a tenth less a day."""
    parameters = base_parameters()
    common = parameters.importers.model_copy(update={"price_revision_per_day": 1.0, "index_attention": 0.0})
    seller = Importer(
        "cnooc", parameters.importers.members["cnooc"], common, parameters.shpgx,
        [Terminal(simpy.Environment(), "ningbo", parameters.terminals["ningbo"])], 0.3,
    )  # fmt: skip
    outlook = Outlook(scarcity=0.0, missing_m3=0.0, contract_usd_per_mmbtu=10.0)
    prices = [
        seller.list_price_fen_per_t(outlook, 0.0, 10.0, 7.0, unmet) / 100
        for unmet in (0.0, 0.5, 0.5, 0.0, 0.0)
    ]
    premium = np.log(np.array(prices) / prices[0])
    assert premium == pytest.approx([0.0, 0.15, 0.30, 0.27, 0.243], abs=2e-3)  # prices are in tens of yuan


def test_a_shift_of_demand_is_of_its_sector_and_its_days() -> None:
    at_once = pd.Timestamp(WINTER)
    base, changed = (t["gas_days"].set_index("date") for t in (calm(1), struck(1, COAL_TO_GAS)))
    ratio = changed.demand_city_gas_m3 / base.demand_city_gas_m3
    assert ratio[at_once] == pytest.approx(1.15, abs=0.01)
    assert ratio[at_once + pd.Timedelta(days=60)] == pytest.approx(1.0, abs=0.02)
    power = changed.demand_power_m3 / base.demand_power_m3
    assert 0.95 < power[at_once] < 1.0  # the dearer gas only


def test_no_event_is_no_change() -> None:
    nothing = EUROPE.model_copy(update={"ttf_usd_per_mmbtu": 1.0})
    pd.testing.assert_frame_equal(struck(1, nothing)["gas_days"], calm(1)["gas_days"])


# --- terminals by date


def staged() -> GasParameters:
    table = base_parameters().model_dump()
    stage = StageParameters(
        from_date=date(2024, 9, 15), capacity_mtpa=3.0, tank_m3=800_000, berths=1,
        max_send_out_m3_per_day=24_000_000, source="a test",
    )  # fmt: skip
    table["terminals"]["ningbo"] |= {
        "tank_m3": 960_000, "capacity_mtpa": 6.0, "berths": 1, "max_send_out_m3_per_day": 46_000_000,
    }  # fmt: skip
    table["terminals"]["wenzhou"]["stages"] = [stage.model_dump()]
    table["terminals"]["ningbo"]["stages"] = [
        stage.model_copy(update={"berths": 0, "tank_m3": 480_000}).model_dump()
    ]
    return GasParameters.model_validate(table)


def test_a_terminal_is_not_there_before_its_day_and_fills_after_it() -> None:
    world: GasWorld = gas_world(1, 120, parameters=staged())
    terminals = world.tables()["terminals"].pivot(index="date", columns="terminal")
    before = terminals.index < pd.Timestamp(2024, 9, 15)
    for name, tank_m3 in (("wenzhou", 0), ("ningbo", 480_000)):
        assert (terminals.tank_m3_liquid[name][before] == tank_m3).all()
    assert (terminals.tank_m3_liquid["wenzhou"][~before] == 800_000).all()
    assert (terminals.tank_m3_liquid["ningbo"][~before] == 960_000).all()
    cargoes = world.tables()["lng_cargoes"]
    assert (cargoes[cargoes.terminal == "wenzhou"].discharged.dropna() > pd.Timestamp(2024, 9, 15)).all()
    assert terminals.stock_m3_liquid["wenzhou"].iloc[-1] > 0


def test_stages_cannot_be_more_than_the_whole() -> None:
    table = staged().model_dump()
    table["terminals"]["ningbo"]["stages"][0]["tank_m3"] = 960_001
    with pytest.raises(ValidationError, match="tank_m3 is more than the terminal's"):
        GasParameters.model_validate(table)


# --- figures that are drawn


def drawn(**figures: dict[str, float]) -> Any:
    return TypeAdapter(GasShock).validate_python(
        {
            "kind": "pipeline_cut", "source": "a test", "start_day": 0, "cut_m3_per_day": 10, "duration_days": 20,
            "drawn": figures,
        }
    )  # fmt: skip


def test_drawn_figures_keep_to_their_triangle_and_their_mean() -> None:
    event = drawn(duration_days={"low": 10, "central": 20, "high": 60})
    rng = np.random.default_rng(1)
    days = [event.realised(rng).duration_days for _ in range(2_000)]
    assert min(days) >= 10 and max(days) <= 60 and all(isinstance(day, int) for day in days)
    # mean (10 + 20 + 60) / 3 = 30, variance (10^2 + 20^2 + 60^2 - 200 - 600 - 1200) / 18 = 116.7
    assert np.mean(days) == pytest.approx(30, abs=4 * np.sqrt(116.7 / 2_000))
    assert event.realised(np.random.default_rng(2)) == event.realised(np.random.default_rng(2))
    assert event.realised(rng).drawn is None


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"duration_days": {"low": 5, "central": 4, "high": 6}}, "low <= central <= high"),
        ({"duration_days": {"low": -5, "central": 4, "high": 6}}, "greater than or equal to 1"),
        ({"start_day": {"low": 1, "central": 4, "high": 6}}, "no figure of this kind"),
        ({"depth": {"low": 1, "central": 4, "high": 6}}, "no figure of this kind"),
    ],
)
def test_impossible_draws_are_refused(figures: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        drawn(**figures)


def test_a_triangle_of_no_width_is_refused() -> None:
    with pytest.raises(ValidationError):
        Triangle(low=1.0, central=1.0, high=1.0)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (STRAIT.model_copy(update={"strait": "malacca"}), "no strait 'malacca'; there are hormuz"),
        (
            CANAL.model_copy(update={"canal": "kiel"}),
            "no canal 'kiel'; there are malacca, northern_sea, suez, panama",
        ),
        (CANAL.model_copy(update={"canal": "hormuz"}), "no canal 'hormuz'"),  # nobody goes round it
        (PORTS.model_copy(update={"terminals": ("yangshan", "hull")}), "no terminals 'hull'"),
        (COAL_TO_GAS.model_copy(update={"sector": "homes"}), "no sector 'homes'; there are industry"),
        (WEST_EAST.model_copy(update={"entry": "north"}), "no entry 'north'; there are west_east"),
    ],
)
def test_unknown_names_are_refused(event: GasEvent, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gas_world(1, 1, [DatedShock(START, event)])
