"""Adoption: what is counted, how contracts adopt an index, and the slow choice of a pricing basis by year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, gas_world
from worlds import common_closes, events, library, run

from agents.adoption import AdoptionParameters, ReferenceInputs, adoption_path, choices, hedge_effectiveness
from agents.crude.levers import ReferenceAdoption
from agents.crude.references import COLUMNS, ImportReferences
from agents.gas.importers import netback_usd_per_mmbtu
from agents.gas.shocks import DatedShock, IndexAdoption
from agents.gas.world import GasWorld
from exchange.clock import ns
from exchange.units import TONNES_PER_M3_LNG
from scenarios.spec import load_scenario
from scenarios.streams import Streams
from scenarios.structural.adoption import adoption, crude_inputs, lng_inputs, share
from scenarios.tables import physical_frames, quotes_frame, samples_frame, trading_days_frame
from scenarios.tomlfile import BadInput
from scenarios.world import build, gas_twin

SINCE = date(2024, 11, 4)
DAYS = (date(2024, 12, 31) - START).days


def lever(index: str, adopted_share: float, supplier: str | None = None, day: date = SINCE) -> DatedShock:
    event = IndexAdoption(
        kind="index_adoption",
        index=index,
        adopted_share=adopted_share,
        supplier=supplier,
        start_day=0,
        source="a test",
    )  # type: ignore[arg-type]
    return DatedShock(day, event)


def jkm_half() -> DatedShock:
    return lever("jkm", 0.5)


def shpgx_half() -> DatedShock:
    return lever("shpgx", 0.5)


@cache
def calm() -> GasWorld:
    return gas_world(1, DAYS)


def by_lever(*levers: DatedShock) -> GasWorld:
    return gas_world(1, DAYS, levers)


def given_glut() -> Callable[..., GasWorld]:
    """Return a maker of worlds in which JKM stands under the oil formula."""
    base = base_parameters()
    jkm = base.jkm.model_copy(update={"first_price_usd_per_mmbtu": 6.0, "constant_usd_per_mmbtu": -1.5})
    parameters = base.model_copy(update={"jkm": jkm})
    return lambda *levers: gas_world(1, DAYS, levers, parameters)


def frames_of(world: GasWorld) -> dict[str, pd.DataFrame]:
    """Return the tables under the names of a run's."""
    tables = world.tables()
    return {
        "gas_days": tables["gas_days"].rename(columns={"date": "day"}),
        "lng_cargoes": tables["lng_cargoes"],
        "shpgx_listings": tables["listings"],
        "jkm_windows": tables["jkm"],
    }


def adopted(frames: dict[str, pd.DataFrame], commodity: str, reference: str) -> float:
    return share(adoption(frames, SINCE), commodity, reference)


# --- Counting


def test_cargoes_are_counted_by_hand() -> None:
    cargoes = pd.DataFrame(
        [
            ("oil-linked", "2024-11-08 06:00", 100_000, False),
            ("JKM", "2024-11-09 16:30", 60_000, False),
            ("SHPGX", "2024-11-11 06:00", 40_000, False),
            ("SHPGX", "2024-11-11 06:00", 70_000, True),  # lost
            (None, None, 70_000, False),  # not priced yet
            ("oil-linked", "2024-11-03 23:00", 70_000, False),  # before
        ],
        columns=["reference", "priced", "contract_m3_liquid", "lost"],
    ).assign(priced=lambda f: pd.to_datetime(f["priced"]))
    listings = pd.DataFrame(
        {"time": pd.to_datetime(["2024-11-01 10:00", "2024-11-04 10:00"]), "quantity_t": [500, 120]}
    )
    # Crude, mn bbl: two days of 3 on Oman/Dubai, 6 on Brent, 1 on SC by contract, and 2 sold on SC; the base-load
    # cargo stands for imports that are counted by origin.
    imports = {
        "imports_oman_dubai_bbl": 3,
        "imports_brent_bbl": 6,
        "imports_murban_bbl": 0,
        "imports_wti_bbl": 0,
    }
    row = {name: bbl * 10**6 for name, bbl in (imports | {"imports_sc_bbl": 1}).items()}
    days = [date(2024, 11, 3), SINCE, date(2024, 11, 5), date(2024, 11, 6)]
    crude = pd.DataFrame(
        [("base_load", "Brent", SINCE, 2_000_000, False), ("importer", "SC", SINCE, 2_000_000, False),
         ("importer", "SC", date(2024, 11, 6), 2_000_000, False)],
        columns=["owner", "reference", "day", "bbl", "lost"],
    ).assign(booked_ns=lambda f: [ns(day) for day in f["day"]])  # fmt: skip
    found = adoption(
        {
            "lng_cargoes": cargoes,
            "shpgx_listings": listings,
            "crude_cargoes": crude,
            "importer": pd.DataFrame([{"day": day} | row for day in days]),
            "days": pd.DataFrame({"trading_day": days[1:3], "venue": "SC"}),  # the sixth is after the flow
        },
        SINCE,
    )
    assert share(found, "LNG", "oil-linked") == pytest.approx(0.5)
    assert share(found, "LNG", "JKM") == pytest.approx(0.3)
    assert share(found, "LNG", "SHPGX") == pytest.approx(0.2)
    assert share(found, "LNG", "Henry Hub") == 0
    lng = found[found["commodity"] == "LNG"]
    assert lng["volume"].sum() == pytest.approx(200_000 * TONNES_PER_M3_LNG)
    assert found[found["commodity"] == "trucked LNG"][["volume", "unit", "share"]].to_numpy().tolist() == [
        [120.0, "t", 1.0]
    ]
    # Of 20 by contract and 2 sold: 6, 12 and 2 + 2.
    assert [share(found, "crude", name) for name in ("Oman/Dubai", "Brent", "SC")] == pytest.approx(
        [6 / 22, 12 / 22, 4 / 22]
    )
    assert share(found, "crude at the delivery bases", "SC") == 0.5
    assert list(found.columns) == ["commodity", "reference", "volume", "unit", "share"]


def test_a_share_that_is_not_there_is_refused_and_one_of_nothing_is_nan() -> None:
    found = adoption(frames_of(calm()), date(2030, 1, 1))
    assert np.isnan(share(found, "LNG", "JKM"))
    with pytest.raises(KeyError, match="TTF"):
        share(found, "LNG", "TTF")


def test_the_base_world_has_the_contracts_of_china() -> None:
    found = adoption(frames_of(calm()), START)
    suppliers = base_parameters().suppliers.values()
    term = sum(s.china_imports_mtpa * s.term_share for s in suppliers)
    henry_hub = sum(s.china_imports_mtpa * s.term_share * s.henry_hub_share for s in suppliers)
    counted = share(found, "LNG", "oil-linked") + share(found, "LNG", "Henry Hub")
    assert share(found, "LNG", "Henry Hub") / counted == pytest.approx(henry_hub / term, abs=0.02)
    assert share(found, "LNG", "SHPGX") == 0
    assert 0.1 < share(found, "LNG", "JKM") < 0.35  # long to spot is about 8 to 2 in the customs index


def test_imports_refer_to_the_prices_of_their_origins() -> None:
    origins = library("base").scenario.crude.origins
    total = sum(origin.imports_bbl_per_day for origin in origins.values())
    assert total == pytest.approx(11_100_000, rel=0.01)
    references = ImportReferences(origins)
    bbl = references.imports_bbl(0.0)
    assert bbl["SC"] == 0
    assert bbl["Oman/Dubai"] == 1_570_000 + 1_280_000 + 820_000 + 320_000
    third = references.imports_bbl(1 / 3)
    assert sum(third.values()) == total
    assert third["SC"] == pytest.approx(total / 3, abs=3)
    assert third["Brent"] == pytest.approx(bbl["Brent"] * 2 / 3, abs=1)


def test_base_load_cargoes_keep_to_the_shares_of_all_imports_in_turns() -> None:
    references = ImportReferences(library("base").scenario.crude.origins)
    daily = references.imports_bbl(0.25)
    wanted = {name: bbl / sum(daily.values()) for name, bbl in daily.items()}
    drawn = [references.next(0.25) for _ in range(40)]
    for count in (10, 25, 40):
        for name in COLUMNS:
            assert abs(drawn[:count].count(name) - count * wanted[name]) < 1.5, (count, name)
    assert drawn.count("SC") == 10


# --- Contracts adopt an index


@pytest.mark.parametrize(("index", "name"), [("jkm", "JKM"), ("shpgx", "SHPGX")])
@pytest.mark.parametrize("part", [0.2, 0.5, 1.0])
def test_the_adopted_share_of_term_cargoes_is_priced_on_the_index(index: str, name: str, part: float) -> None:
    world = by_lever(lever(index, part))
    cargoes = world.tables()["lng_cargoes"].query("not spot and not lost")
    loaded = cargoes[cargoes.loaded >= pd.Timestamp(SINCE)]
    for supplier, own in loaded.groupby("supplier"):
        assert abs((own.reference == name).sum() - part * len(own)) <= 1, supplier
    assert abs((loaded.reference == name).sum() - part * len(loaded)) <= 1.5
    assert not (cargoes[cargoes.loaded < pd.Timestamp(SINCE)].reference == name).any()


def test_a_cargo_on_an_index_costs_its_mean_of_the_last_published_month() -> None:
    world = by_lever(lever("jkm", 0.4), lever("shpgx", 0.4))
    cargoes = world.tables()["lng_cargoes"].query("not spot")
    fx, shpgx = 7.13, world.parameters.shpgx
    # SHPGX publishes at 16:00, the window at 16:30; a cargo that loads earlier does not know the day's price.
    for name, history, hour in (("JKM", world.jkm, 16.5), ("SHPGX", world.shpgx_lng, 16.0)):
        own = cargoes[(cargoes.reference == name) & (cargoes.loaded > pd.Timestamp(SINCE))]
        assert len(own) > 10
        for cargo in own.itertuples():
            day = cargo.planned_loading.date()  # the contract's day, though the ship may be late
            published = pd.Timestamp(day) + pd.Timedelta(hours=hour)
            last = day if cargo.loaded >= published else day - timedelta(days=1)
            month = [value for when, value in history.items() if day - timedelta(days=30) < when <= last]
            mean = float(np.mean(month))
            expected = mean if name == "JKM" else netback_usd_per_mmbtu(mean, fx, shpgx)
            assert cargo.price_usd_per_mmbtu == pytest.approx(expected, abs=1e-9)


def test_the_contract_path_moves_by_the_share_of_the_gap_to_the_index() -> None:
    base = calm().tables()["gas_days"].set_index("date")
    half = by_lever(jkm_half()).tables()["gas_days"].set_index("date")
    early, late = base.index < pd.Timestamp(SINCE), base.index >= pd.Timestamp(SINCE)
    pd.testing.assert_frame_equal(base[early], half[early])
    moved = (half.contract_usd_per_mmbtu - base.contract_usd_per_mmbtu)[late]
    history = by_lever(jkm_half()).jkm
    gap = pd.Series({day: history.mean(day.date(), 1, 0) for day in base.index[late]})
    gap -= base.contract_usd_per_mmbtu[late]
    assert (moved > 0).all()
    assert moved.mean() == pytest.approx(0.5 * gap.mean(), rel=0.05)
    assert half.shpgx_lng_cny_per_t[late].mean() > base.shpgx_lng_cny_per_t[late].mean() + 50


def test_no_share_adopted_changes_nothing() -> None:
    nothing = by_lever(lever("jkm", 0.0))
    assert nothing.state_integers() == calm().state_integers()
    found = nothing.tables()["lng_cargoes"]
    pd.testing.assert_frame_equal(found, calm().tables()["lng_cargoes"])


def test_one_supplier_can_adopt_alone() -> None:
    cargoes = by_lever(lever("shpgx", 1.0, "qatar")).tables()["lng_cargoes"].query("not spot")
    assert set(cargoes[cargoes.reference == "SHPGX"].supplier) == {"qatar"}


def test_shares_of_two_indices_add_up_to_all_at_most_and_a_later_lever_replaces_its_share() -> None:
    world = by_lever(lever("jkm", 0.7), lever("shpgx", 0.6), lever("jkm", 0.2, day=date(2024, 12, 2)))
    australia = world.suppliers["australia"].references
    assert set(australia(date(2024, 11, 3))) == {"oil-linked", "Henry Hub"}
    first, later = australia(SINCE), australia(date(2024, 12, 2))
    assert (first["JKM"], first["SHPGX"], first["oil-linked"]) == pytest.approx((0.7, 0.3, 0.0))
    assert (later["JKM"], later["SHPGX"], later["oil-linked"]) == pytest.approx((0.2, 0.6, 0.2))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["jkm", "shpgx"]), st.floats(0, 1)), max_size=4))
def test_the_references_of_a_supplier_sum_to_one(levers: list[tuple[str, float]]) -> None:
    world = gas_world(1, 1, [lever(index, part, day=START) for index, part in levers])
    for supplier in world.suppliers.values():
        shares = supplier.references(START)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert min(shares.values()) >= -1e-12


# --- What adoption must not move


def test_gas_contracts_leave_crude_and_its_measures_alone() -> None:
    loaded = library("index-adoption")
    assert not loaded.scenario.touches_crude
    base, changed = (run(loaded, 10, changed=arm, with_gas=True) for arm in (False, True))
    assert changed.crude.state_integers() == base.crude.state_integers()
    assert changed.population.state_integers() == base.population.state_integers()
    assert (common_closes(changed) == common_closes(base)).all()
    assert changed.gas.state_integers() != base.gas.state_integers()
    counted = [share(adoption(physical_frames(world), SINCE), "LNG", "SHPGX") for world in (base, changed)]
    assert counted[0] == 0 < counted[1]


def test_the_gas_twin_is_the_whole_changed_arm() -> None:
    loaded = library("index-adoption")
    base, whole = (build(loaded, Streams(1, 0), changed=arm, flow_days=1) for arm in (False, True))
    for world in (base, whole):
        world.run()
    twin = gas_twin(base)
    twin.run()
    assert twin.state_hash() == whole.state_hash()


@pytest.mark.parametrize("part", [0.4, 0.9])
def test_a_benchmark_can_be_adopted_that_discovers_no_more(part: float) -> None:
    loaded = events(library("base"), ReferenceAdoption(start_day=0, adopted_share=part, source="a test"))
    for draws in (None, {"news.*.sc": 1}):  # the worlds that the origin share compares
        base, changed = (run(loaded, 2, changed=arm, draws=draws) for arm in (False, True))
        assert changed.state_hash() == base.state_hash()
        assert (common_closes(changed) == common_closes(base)).all()
    before, after = (adoption(physical_frames(world), SINCE) for world in (base, changed))
    assert share(before, "crude", "SC") == 0
    assert share(after, "crude", "SC") == pytest.approx(part)


def test_reference_adoption_begins_on_its_day() -> None:
    loaded = events(library("base"), ReferenceAdoption(start_day=1, adopted_share=1.0, source="a test"))
    world = run(loaded, 3, changed=True)
    frames = physical_frames(world)
    imports = frames["importer"].set_index("day")["imports_sc_bbl"]
    assert imports[date(2024, 11, 4)] == 0 < imports[date(2024, 11, 5)]
    cargoes = frames["crude_cargoes"]
    early = cargoes["booked_ns"] < ns(date(2024, 11, 5))
    assert not (cargoes[early & (cargoes["owner"] == "base_load")]["reference"] == "SC").any()
    assert set(cargoes[~early]["reference"]) <= {"SC"}


LEVER = """
extends = "base"
[[levers]]
kind = "{kind}"
start_day = 0
source = "test"
{rest}
"""


@pytest.mark.parametrize(
    ("kind", "rest", "said"),
    [
        ("index_adoption", 'index = "jkm"\nadopted_share = 1.5', ["adopted_share", "1.5", "1"]),
        ("index_adoption", 'index = "jkm"\nadopted_share = -0.5', ["adopted_share", "-0.5", "0"]),
        ("index_adoption", 'index = "ttf"\nadopted_share = 0.5', ["index", "ttf", "jkm", "shpgx"]),
        ("index_adoption", 'index = "jkm"\nadopted_share = 0.5\nsupplier = "katar"', ["katar", "qatar"]),
        ("index_adoption", 'index = "jkm"\nshare = 0.5', ["share", "adopted_share"]),
        ("reference_adoption", "adopted_share = 1.01", ["adopted_share", "1.01"]),
        ("reference_adoption", 'adopted_share = 0.5\nindex = "sc"', ["index", "unknown key"]),
    ],
)
def test_bad_levers_are_refused(kind, rest, said, tmp_path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(LEVER.format(kind=kind, rest=rest))
    with pytest.raises(BadInput) as refused:
        load_scenario(file)
    text = str(refused.value)
    assert "own.toml:" in text
    for word in said:
        assert word in text, text


# --- The choice of a basis, by year

EVEN = {"oil": 0.5, "index": 0.5}


def weights(**figures: float) -> AdoptionParameters:
    base = {
        "hedge_weight": 2.0, "liquidity_weight": 0.5, "network_weight": 0.0, "switching_cost": 0.0,
        "contract_life_years": 10.0, "source": "a test",
    }  # fmt: skip
    return AdoptionParameters(**(base | figures))  # type: ignore[arg-type]


def offers(
    hedge: float = 0.5, liquidity: float = 1.0, policy: dict[int, float] | None = None
) -> dict[str, ReferenceInputs]:
    return {"oil": ReferenceInputs(0.5, 1.0), "index": ReferenceInputs(hedge, liquidity, policy or {})}


def last(path: pd.DataFrame) -> float:
    return float(path["index"].iloc[-1])


def test_a_year_by_hand() -> None:
    start = {"oil": 1.0, "index": 0.0}
    # Equal references: of the tenth that ends, half goes over.
    path = adoption_path(weights(), offers(), start, first_year=2024, last_year=2025)
    assert path.loc[2025].tolist() == pytest.approx([0.95, 0.05])
    # A switching cost of ln 3 keeps three of four.
    path = adoption_path(
        weights(switching_cost=float(np.log(3))), offers(), start, first_year=2024, last_year=2025
    )
    assert path.loc[2025].tolist() == pytest.approx([0.975, 0.025])
    # The index hedges by .5 more and is 4 times as liquid: its weight is exp(2 x .5) x 4^.5 of oil's.
    path = adoption_path(weights(), offers(1.0, 4.0), start, first_year=2024, last_year=2025)
    chance = np.exp(2 * 0.5) * 2 / (np.exp(2 * 0.5) * 2 + 1)
    assert path.loc[2025, "index"] == pytest.approx(0.1 * chance)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(1e-3, 1), st.floats(-3, 3)), min_size=2, max_size=4),
    st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
    st.floats(0, 8), st.floats(0, 5), st.floats(1, 30),
)  # fmt: skip
def test_shares_sum_to_one_and_move_no_faster_than_contracts_end(
    given_, first, network, switching, life
) -> None:
    inputs = {
        f"r{k}": ReferenceInputs(hedge, liquid, {2026: policy})
        for k, (hedge, liquid, policy) in enumerate(given_)
    }
    initial = {name: part / sum(first[: len(inputs)]) for name, part in zip(inputs, first, strict=False)}
    figures = weights(network_weight=network, switching_cost=switching, contract_life_years=life)
    path = adoption_path(figures, inputs, initial, first_year=2024)
    assert list(path.index) == list(range(2024, 2036))
    assert path.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert path.to_numpy().min() >= 0
    assert path.diff().abs().max(axis=None) <= figures.turnover_per_year + 1e-12
    table = choices(figures, inputs, initial, 2030)
    assert table.sum(axis=1) == pytest.approx(1.0)


def test_adoption_rises_with_hedge_effectiveness_liquidity_and_policy() -> None:
    figures = library("base").scenario.gas.adoption
    start = {"oil": 0.9, "index": 0.1}

    def end(**offer) -> float:
        return last(adoption_path(figures, offers(**offer), start, first_year=2024))

    for better in (
        [end(hedge=hedge) for hedge in (0.0, 0.3, 0.6, 1.0)],
        [end(liquidity=liquid) for liquid in (0.01, 0.1, 1.0)],
        [end(policy={2025: push}) for push in (0.0, 0.5, 2.0)],
        [end(policy={first: 2.0}) for first in (2035, 2030, 2025)],
    ):
        assert all(after > before for before, after in pairwise(better)), better


def test_adoption_is_slow_to_2025_and_further_by_2035() -> None:
    figures = library("base").scenario.gas.adoption
    path = adoption_path(figures, offers(1.0, 1.0, {2024: 5.0}), {"oil": 1.0, "index": 0.0}, first_year=2024)
    assert path.loc[2025, "index"] <= 1 / 12
    assert path.loc[2025, "index"] < path.loc[2030, "index"] < path.loc[2035, "index"] < 0.65
    # All that ends going over would leave (11/12)^11 on oil.
    assert path.loc[2035, "oil"] >= (11 / 12) ** 11 - 1e-9


def test_a_strong_network_locks_in_what_there_is_and_a_weak_one_does_not() -> None:
    def ends(network: float) -> list[float]:
        figures = weights(network_weight=network)
        return [
            last(
                adoption_path(figures, offers(), {"oil": 1 - a, "index": a}, first_year=2024, last_year=2424)
            )
            for a in (0.2, 0.45, 0.55, 0.8)
        ]

    assert ends(1.0) == pytest.approx([0.5] * 4, abs=1e-6)
    low, low_too, high, high_too = ends(4.0)  # two stable states, the unstable one between them at one half
    assert low == pytest.approx(low_too, abs=1e-6) and high == pytest.approx(high_too, abs=1e-6)
    assert low < 0.05 and high > 0.95


def test_a_push_that_ends_lasts_where_it_carried_adoption_over_the_hump() -> None:
    figures = weights(network_weight=4.0)
    start = {"oil": 0.98, "index": 0.02}

    def end(until: int) -> float:
        policy = {2025: 4.0, until: 0.0}
        path = adoption_path(figures, offers(policy=policy), start, first_year=2024, last_year=2224)
        return last(path)

    assert end(2027) < 0.05
    assert end(2040) > 0.95


def test_hedge_effectiveness_is_r_squared() -> None:
    generator = np.random.default_rng(1)
    reference = generator.standard_normal(500)
    exposure = 0.7 * reference + generator.standard_normal(500)
    assert hedge_effectiveness(exposure, reference) == pytest.approx(
        np.corrcoef(exposure, reference)[0, 1] ** 2
    )
    assert hedge_effectiveness(-3 * reference, reference) == pytest.approx(1.0)
    assert hedge_effectiveness(reference, np.zeros(500)) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ReferenceInputs(1.2, 1.0), "hedge_effectiveness = 1.2"),
        (lambda: ReferenceInputs(0.5, 0.0), "relative_liquidity = 0.0"),
        (lambda: hedge_effectiveness([0.1, 0.2, float("nan")], [0.1, 0.2, 0.3]), "without gaps"),
        (lambda: hedge_effectiveness([0.1, 0.2], [0.1, 0.2]), "three returns or more"),
        (lambda: adoption_path(weights(), offers(), {"oil": 1.0}, first_year=2024), "initial names oil"),
        (lambda: adoption_path(weights(), offers(), {"oil": 0.5, "index": 0.4}, first_year=2024), "not 0.9"),
        (lambda: adoption_path(weights(), offers(), EVEN, first_year=2036), "before first_year 2036"),
    ],
)
def test_bad_inputs_of_a_path_are_refused(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_run_gives_the_inputs_of_a_path() -> None:
    loaded = library("base")
    world = run(loaded, 6, with_gas=True)
    samples = samples_frame(world)
    frames = physical_frames(world) | {
        "days": trading_days_frame(world, samples), "quotes": quotes_frame(samples),
    }  # fmt: skip
    crude, lng = crude_inputs(frames), lng_inputs(frames)
    assert set(crude) == {"SC", "Oman", "Brent"}
    assert crude["Oman"].hedge_effectiveness > 0.99  # the landed price is Oman and a way that hardly moves
    assert crude["SC"].hedge_effectiveness > 0.5
    assert crude["Brent"].relative_liquidity == 1.0 > crude["SC"].relative_liquidity > 0.1
    assert lng["SHPGX"].hedge_effectiveness == pytest.approx(1.0)
    assert lng["JKM"].relative_liquidity > lng["SHPGX"].relative_liquidity
    start = {"oil-linked": 0.8, "JKM": 0.2, "SHPGX": 0.0}
    path = adoption_path(loaded.scenario.gas.adoption, lng, start, first_year=2024)
    assert 0 < path.loc[2035, "SHPGX"] < 0.2
