"""Episodes of gas: what their causes must do against the same worlds without them, and that no record drives a run."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from test_spec import refused

from exchange.clock import ns
from exchange.units import NS_PER_DAY
from scenarios import scorecard
from scenarios.cli import main
from scenarios.recorded import Recorded, measures
from scenarios.scorecard import gas_frames
from scenarios.spec import LoadedScenario, load_scenario
from scenarios.streams import Streams
from scenarios.tomlfile import BadInput, library_names
from scenarios.world import build

SEEDS = (1, 2, 3, 4)
UP, DOWN = 1, -1
EPISODES = {
    "china-shortage-2017": (
        "2017-11-15", "2018-01-31", {"lng.mean": UP, "jkm.mean": UP, "stock.mean": DOWN},
    ),
    "cold-snap-2021": (
        "2020-12-15", "2021-01-31", {"lng.mean": UP, "jkm.mean": UP, "charter.mean": UP, "stock.mean": DOWN},
    ),
    "europe-2022": (
        "2021-10-01", "2022-12-31", {"lng.mean": UP, "jkm.mean": UP, "import_price": UP, "landed": DOWN},
    ),
    "freeport-2022": ("2022-07-15", "2023-01-31", {"jkm.mean": UP, "imports.usa": DOWN}),
    "turkmen-cut": ("2023-01-15", "2023-02-28", {"lng.mean": UP, "stock.mean": DOWN}),
    "panama-drought": ("2023-08-15", "2023-12-31", {"jkm.mean": UP, "lng.mean": UP, "charter.mean": UP}),
    "hormuz-2026-gas": (
        "2026-03-09", "2026-07-15", {"lng.mean": UP, "jkm.mean": UP, "imports.qatar": DOWN, "stock.mean": DOWN},
    ),
}  # fmt: skip

SLOW = ("europe-2022", "freeport-2022", "hormuz-2026-gas", "panama-drought", "turkmen-cut")
"""Episodes that CI leaves out here; of the same kind as others, they take up to a minute of four pairs of worlds."""
BY_NAME = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in EPISODES]


@cache
def loaded(name: str) -> LoadedScenario:
    return load_scenario(name)


@cache
def frames(name: str, seed: int, changed: bool) -> dict[str, pd.DataFrame]:
    """Return the frames of an arm up to the end of the days that the tests look at."""
    world = build(loaded(name), Streams(seed), changed=changed)
    last = (
        date.fromisoformat(EPISODES[name][1]) if name in EPISODES else loaded(name).scenario.period.slow_end
    )
    world.env.run(until=ns(last) + NS_PER_DAY)
    world.check_conservation()
    return world.gas.tables()


def read(name: str, measure: str, seed: int, changed: bool, first: str, last: str) -> float:
    record = Recorded(
        measure=measure, label="a test", first=date.fromisoformat(first), last=date.fromisoformat(last), value=1.0,
        source="a test",
    )  # fmt: skip
    return record.measured(loaded(name).scenario.gas, frames(name, seed, changed))


def changes(name: str, measure: str) -> np.ndarray:
    """Return what the causes change, by seed."""
    first, last, _ = EPISODES[name]
    return np.array(
        [np.diff([read(name, measure, seed, arm, first, last) for arm in (False, True)])[0] for seed in SEEDS]
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_an_episode_moves_prices_stocks_and_cargoes_the_way_its_causes_must(name: str) -> None:
    """On the mean of pairs by more than two standard errors: whole cargoes make single worlds noisy."""
    for measure, sign in EPISODES[name][2].items():
        found = sign * changes(name, measure)
        assert found.mean() > 2 * found.std(ddof=1) / np.sqrt(len(SEEDS)), (measure, found)


def test_the_shortage_of_2017_leaves_towns_without_lorries() -> None:
    assert (changes("china-shortage-2017", "unserved.city_gas") > 0).all()


def test_the_shortage_of_2017_is_that_of_the_whole_country() -> None:
    """The rest of China loses Turkmenistan's gas and heats more: it draws on LNG, ships and JKM."""
    for seed in SEEDS[:2]:
        base, changed = (frames("china-shortage-2017", seed, arm) for arm in (False, True))
        winter = slice("2017-11-15", "2017-12-31")
        rest, shocked = (f["rest_of_china"].set_index("date").loc[winter] for f in (base, changed))
        assert (shocked.central_asia_m3 == rest.central_asia_m3 - 25_000_000).all()
        assert shocked.lng_m3.mean() > rest.lng_m3.mean() + 15e6
        rates = [
            f["gas_days"].set_index("date").charter_usd_per_day.loc[winter].mean() for f in (base, changed)
        ]
        assert rates[1] > 1.2 * rates[0]


def test_without_lorries_from_the_north_the_price_of_2017_hardly_moves() -> None:
    """The control: with the cut and the boilers alone, bays keep up, and the price stays within a tenth."""
    one = loaded("china-shortage-2017")
    shocks = tuple(event for event in one.scenario.shocks if event.kind != "lorries_from_elsewhere")
    assert len(shocks) == len(one.scenario.shocks) - 1
    without = dataclasses.replace(one, scenario=one.scenario.model_copy(update={"shocks": shocks}))
    days = gas_frames(without, seed=1, changed=True)["gas_days"].set_index("date").shpgx_lng_cny_per_t
    calm = frames("china-shortage-2017", 1, False)["gas_days"].set_index("date").shpgx_lng_cny_per_t
    winter = slice("2017-12-01", "2018-01-31")
    assert 1.0 < days.loc[winter].mean() / calm.loc[winter].mean() < 1.1


@pytest.mark.parametrize("name", BY_NAME)
def test_an_episode_changes_nothing_before_it_begins(name: str) -> None:
    period, shocks = loaded(name).scenario.period, loaded(name).scenario.shocks
    start_day = min(event.start_day for event in shocks)
    begins = pd.Timestamp(loaded(name).calendar.trading_days(period.first_trading_day, start_day + 1)[-1])
    base, changed = (frames(name, 1, arm)["gas_days"] for arm in (False, True))
    pd.testing.assert_frame_equal(base[base.date < begins], changed[changed.date < begins])
    assert not base[base.date >= begins].equals(changed[changed.date >= begins])


@pytest.mark.slow
def test_cargoes_stay_away_as_in_2022() -> None:
    """China's LNG fell by 19.6 % in 2022; the model is told Europe's price and finds by itself that buyers wait.

    The delta's fall comes near it, the country's is about half of it: term cargoes of the rest keep coming.
    """
    falls = []
    for seed in SEEDS[:2]:
        whole, delta = (
            [
                read("europe-2022", measure, seed, True, *days)
                for days in (("2021-03-01", "2021-12-31"), ("2022-01-01", "2022-12-31"))
            ]
            for measure in ("imports.all", "landed")
        )
        falls.append((whole[1] / whole[0] - 1.0, delta[1] / 365 / (delta[0] / 306) - 1.0))
    country, own = np.mean(falls, axis=0)
    assert -0.30 < country < -0.05
    assert -0.30 < own < -0.10


def test_a_typhoon_holds_ships_and_loses_none() -> None:
    name, shut = "typhoon-yangshan", (pd.Timestamp(2024, 9, 13, 0, 1), pd.Timestamp(2024, 9, 17, 23))
    ports, waited = ("yangshan", "ningbo", "zhoushan"), []
    for seed in range(1, 7):
        base, changed = (frames(name, seed, arm)["lng_cargoes"] for arm in (False, True))
        there = changed[changed.terminal.isin(ports)]
        assert not there.moored.between(*shut).any()
        assert changed.lost.sum() == base.lost.sum() == 0
        waited.append(
            ((changed.moored - changed.arrived) - (base.moored - base.arrived)).dt.total_seconds().sum()
        )
    assert sum(waited) > 86_400


# --- records


RECORDED = [name for name in library_names() if loaded(name).scenario.recorded]


def test_episodes_and_the_calm_year_have_records() -> None:
    assert set(RECORDED) == {*EPISODES, "typhoon-yangshan", "calm-2024"}


def test_no_record_reaches_the_model() -> None:
    with_records = loaded("cold-snap-2021")
    without = dataclasses.replace(
        with_records, scenario=with_records.scenario.model_copy(update={"recorded": ()})
    )
    hashes = set()
    for one in (with_records, without):
        world = build(one, Streams(1), changed=True)
        world.run()
        hashes.add(world.state_hash())
    assert len(hashes) == 1


@pytest.mark.parametrize("name", RECORDED)
def test_every_measure_can_be_read(name: str) -> None:
    gas = loaded(name).scenario.gas
    told = measures(gas)
    whole = gas_frames(loaded(name), seed=1, changed=bool(loaded(name).scenario.events))
    for record in loaded(name).scenario.recorded:
        assert record.measure in told and told[record.measure][0]
        assert np.isfinite(record.measured(gas, whole))


def hand_made() -> dict[str, pd.DataFrame]:
    days = pd.date_range("2024-01-01", "2024-02-29")
    january = days.month == 1
    place = {"date": days, "place": "shanghai", "demand_m3": np.where(january, 40e6, 20e6)}
    return {
        "gas_days": pd.DataFrame(
            {
                "date": days,
                "demand_m3": np.where(january, 300e6, 200e6),
                "unserved_m3": 1_000_000,
                "jkm_usd_per_mmbtu": np.where(january, 10.0, 15.0),
                "lng_stock_m3_liquid": np.arange(60) + 1_000_000,
            }
        ),
        "gas_places": pd.DataFrame(place),
        "terminals": pd.DataFrame(
            {"date": days, "terminal": "yangshan", "capacity_mtpa": 6.0, "send_out_m3_liquid": 20_000}
        ),
        "lng_cargoes": pd.DataFrame(
            {
                "supplier": ["qatar", "usa", "qatar"],
                "terminal": "yangshan",
                "spot": [False, True, False],
                "reference": ["oil-linked", "JKM", "oil-linked"],
                "price_usd_per_mmbtu": [9.0, 12.0, 11.0],
                "arrived": pd.to_datetime(["2024-01-10", "2024-01-20", "2024-02-10"]),
                "moored": pd.to_datetime(["2024-01-10", "2024-01-22", "2024-02-10"]),
                "discharged": pd.to_datetime(["2024-01-11", "2024-01-23", "2024-02-11"]),
                "delivered_m3_liquid": [100_000, 300_000, 200_000],
            }
        ),
        "lng_cargoes_rest": pd.DataFrame(
            {
                "supplier": ["qatar"],
                "discharged": pd.to_datetime(["2024-01-15"]),
                "delivered_m3_liquid": [500_000],
            }
        ),
    }


def test_measures_by_hand() -> None:
    gas = loaded("calm-2024").scenario.gas
    # January: 400,000 m3 x 622 / 1,400 = 177,714 t in 31 of 365 days; 60 days have 600,000 m3.
    tonnes = 400_000 * 622 / 1_400
    expected = {
        "landed": tonnes / 1e6,
        # With 500,000 m3 of Qatar's in the rest of China: nothing is scaled.
        "imports.all": 2.25 * tonnes / 1e6 * 365 / 31,
        "imports.qatar": 1.5 * tonnes / 1e6 * 365 / 31,
        "utilisation.yangshan": tonnes / 1e6 / (6.0 * 31 / 365),
        "spot_share": 0.5,
        "contract.oil": 9.0,
        "import_price": (9.0 * 1 + 12.0 * 3) / 4,
        "yangshan_share.mean": 20_000 * 622 / 40e6,
        "peak.shanghai": 40.0,
        "unserved.all": 31.0,
        "jkm.highest": 10.0,
        "stock.lowest": 622.0,
        "port_delay": 1.0,
    }
    for measure, value in expected.items():
        record = Recorded(
            measure=measure,
            label="x",
            first=date(2024, 1, 1),
            last=date(2024, 1, 31),
            value=1.0,
            source="a test",
        )
        assert record.measured(gas, hand_made()) == pytest.approx(value), measure
    change = Recorded(
        measure="jkm.mean", label="x", first=date(2024, 2, 1), last=date(2024, 2, 29), value=1.0, source="a test",
        against_first=date(2024, 1, 1), against_last=date(2024, 1, 31),
    )  # fmt: skip
    assert change.measured(gas, hand_made()) == pytest.approx(0.5)
    swing = Recorded(
        measure="swing.demand",
        label="x",
        first=date(2024, 1, 1),
        last=date(2024, 2, 29),
        value=1.0,
        source="a test",
    )
    assert swing.measured(gas, hand_made()) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"value": None}, "give a value, or a band"),
        ({"low": 1.0}, "needs low and high"),
        ({"low": 1.0, "high": 2.0}, "give a value, or a band"),
        ({"last": date(2023, 1, 1)}, "first <= last"),
        ({"against_first": date(2023, 1, 1)}, "needs against_first and against_last"),
    ],
)
def test_a_record_says_one_thing(update: dict[str, object], message: str) -> None:
    good = {
        "measure": "landed", "label": "x", "first": date(2024, 1, 1), "last": date(2024, 1, 31), "value": 1.0,
        "source": "a test",
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        Recorded.model_validate(good | update)


def test_bad_records_are_refused_with_file_and_line(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    record = '[[recorded]]\nmeasure = "{}"\nlabel = "x"\nfirst = {}\nlast = 2024-10-31\nvalue = 1.0\nsource = "t"\n'
    for measure, first, line, words in (
        ("jkm.hihgest", "2024-10-01", 3, ["jkm.hihgest", "Did you mean 'jkm.highest'"]),
        ("jkm.highest", "2023-10-01", 5, ["2023-10-01", "slow world"]),
    ):
        text = 'extends = "base"\n' + record.format(measure, first)
        (tmp_path / "my.toml").write_text(text)
        lines = refused(["check", "my.toml"], capsys)
        assert lines[0].startswith(f"my.toml:{line}:") or (line == 5 and lines[0].startswith("my.toml:5:")), (
            lines
        )
        assert all(word in lines[0] for word in words), lines


# --- the scorecard


def scores(replications: int = 2) -> list[scorecard.Score]:
    return scorecard.score(loaded("typhoon-yangshan"), replications=replications)


def test_scores_are_means_over_worlds_and_say_how_far_they_miss() -> None:
    one = loaded("typhoon-yangshan")
    record = one.scenario.recorded[1]
    values = [
        record.measured(one.scenario.gas, gas_frames(one, seed=1, replication=r, changed=True))
        for r in (0, 1)
    ]
    found = scores()[1]
    assert (found.model, found.model_low, found.model_high) == pytest.approx(
        (np.mean(values), min(values), max(values))
    )
    assert found.without is not None and found.source == record.source
    # 1.5 against a band from 0.5 to 1.0 is half as much again as its upper end.
    band = record.model_copy(update={"low": 0.5, "high": 1.0})
    assert scorecard._judged(band, 1.5) == ("outside", pytest.approx(0.5))
    assert scorecard._judged(band, 0.7) == ("inside", 0.0)
    assert scorecard._judged(band.model_copy(update={"value": 2.0}), 1.5) == ("", pytest.approx(-0.25))


def test_validate_prints_a_table_or_json_and_ends_well_when_rows_are_outside(capsys, tmp_path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(
        'extends = "typhoon-yangshan"\n[[recorded]]\nmeasure = "jkm.mean"\nlabel = "JKM, absurd"\nfirst = 2024-09-10\n'
        'last = 2024-09-20\nlow = 1.0\nhigh = 2.0\nsource = "a test"\n'
    )
    printed = {}
    for words in ([], ["--json"]):
        with pytest.raises(SystemExit) as left:
            main(["validate", str(file), "--replications", "1", *words])
        assert not left.value.code
        printed[bool(words)] = capsys.readouterr().out
    assert "JKM, absurd" in printed[False] and "outside" in printed[False]
    assert "0 of 1 bands that the model finds held." in printed[False] and "a test" in printed[False]
    (row,) = json.loads(printed[True])
    assert row["verdict"] == "outside" and row["miss"] > 1 and row["unit"] == "USD/MMBtu"


def test_a_scenario_without_records_is_refused() -> None:
    with pytest.raises(BadInput, match="no \\[\\[recorded\\]\\] figures"):
        scorecard.score(loaded("base"))


def test_the_calm_year_holds_what_the_model_finds_but_for_a_trace_of_gas_not_served() -> None:
    """One day in four winters, after a holiday without tenders, Shanghai's power plants lack 0.1 million m3."""
    found = {one.measure: one for one in scorecard.score(loaded("calm-2024"))}
    assert {name for name, one in found.items() if one.verdict == "outside"} <= {"unserved.all"}
    gas_days = [frames("calm-2024", seed, False)["gas_days"] for seed in (1, 2)]
    assert all(days.unserved_m3.sum() < 1e-5 * days.demand_m3.sum() for days in gas_days)
