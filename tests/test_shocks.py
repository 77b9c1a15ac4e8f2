"""The library of shocks: sound as shipped, named in scenarios, drawn by world, refused with the nearest name."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from functools import cache
from typing import get_args

import numpy as np
import pytest
from test_gas_case import gas_world
from test_spec import refused

from agents.gas.shocks import DatedShock, GasEvent
from agents.gas.world import GasWorld
from exchange.clock import ns
from scenarios.cli import main
from scenarios.shocks import LibraryShock, shock_library
from scenarios.spec import Scenario, load_scenario
from scenarios.streams import Streams
from scenarios.world import build

LIBRARY = shock_library()
NAMED = '\n[[shocks]]\nlibrary = "turkmen-cut"\nstart_day = 4\n'
GAS_ONLY = "[period]\ntrading_days = 0\n"


def written(tmp_path, text: str):
    file = tmp_path / "my.toml"
    file.write_text(f'extends = "base"\n{text}', encoding="utf-8")
    return file


def load(tmp_path, text: str) -> Scenario:
    return load_scenario(written(tmp_path, text)).scenario


@cache
def calm() -> GasWorld:
    return gas_world(1, 60)


def said(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert not left.value.code
    return capsys.readouterr().out


def test_the_library_covers_what_can_happen_to_gas() -> None:
    assert len(LIBRARY) >= 15
    kinds = {event.model_fields["kind"].annotation for event in get_args(GasEvent)}
    levers = {
        "terminal_expansion", "pipeline_edge", "trunk_section", "index_adoption", "shpgx_mechanism", "rmb_cargo_share",
        "terminal_access", "bunkering_growth",
    }  # fmt: skip
    assert {get_args(kind)[0] for kind in kinds} - levers == {shock.kind for shock in LIBRARY.values()}


@pytest.mark.parametrize("name", LIBRARY)
def test_each_shock_strikes(name: str, tmp_path) -> None:
    scenario = load(tmp_path, f'{GAS_ONLY}[[shocks]]\nlibrary = "{name}"\nstart_day = 4\n')
    (event,) = scenario.shocks
    assert isinstance(event, GasEvent) and event.source == LIBRARY[name].source
    # At the high end: three days without a berth may pass between two ships.
    ends = {key: type(getattr(event, key))(end.high) for key, end in LIBRARY[name].drawn.items()}
    event = event.model_copy(update=ends)
    struck = gas_world(1, 60, [DatedShock(date(2024, 8, 20), event)])
    assert struck.state_integers() != calm().state_integers()


def test_central_figures_stand_and_own_ones_win(tmp_path) -> None:
    (central,) = load(tmp_path, NAMED).shocks
    assert (central.kind, central.origin, central.cut_m3_per_day, central.duration_days, central.drawn) == (
        "pipeline_cut", "central_asia", 25_000_000, 28, None,
    )  # fmt: skip
    (own,) = load(tmp_path, NAMED + 'duration_days = 7\nsource = "mine"\n').shocks
    assert (own.duration_days, own.cut_m3_per_day, own.source) == (7, 25_000_000, "mine")


def test_what_is_run_is_written_out_and_can_be_set(tmp_path) -> None:
    loaded = load_scenario(written(tmp_path, NAMED), ["shocks[0].duration_days=9"])
    assert (
        loaded.values["shocks"][0]["kind"] == "pipeline_cut" and "library" not in loaded.values["shocks"][0]
    )
    assert loaded.scenario.shocks[0].duration_days == 9
    assert "duration_days 9" in "\n".join(loaded.describe())


def cut_of(tmp_path, text: str, seed: int, replication: int = 0, *, changed: bool = True) -> tuple[int, int]:
    loaded = load_scenario(written(tmp_path, GAS_ONLY + text))
    world = build(loaded, Streams(seed, replication), changed=changed)
    world.env.run(until=ns(date(2024, 11, 12)))
    (cut,) = world.gas.rest.sources._cuts
    return cut.event.cut_m3_per_day, cut.event.duration_days


def test_figures_are_drawn_by_world_and_a_condition_is_the_same_in_both_arms(tmp_path) -> None:
    drawn = NAMED + "draw = true\n"
    worlds = [cut_of(tmp_path, drawn, seed, replication) for seed in (1, 2) for replication in (0, 1)]
    assert len(set(worlds)) == 4
    assert cut_of(tmp_path, drawn, 1) == worlds[0]
    for cut, days in worlds:
        assert 20_000_000 <= cut <= 30_000_000 and 14 <= days <= 42
    fixed = [cut_of(tmp_path, drawn + "duration_days = 21\n", seed) for seed in (1, 2)]
    assert fixed[0][1] == fixed[1][1] == 21 and fixed[0][0] != fixed[1][0]
    both = drawn.replace("shocks", "conditions")
    assert cut_of(tmp_path, both, 3, changed=False) == cut_of(tmp_path, both, 3, changed=True)


def test_drawing_takes_from_no_other_stream(tmp_path) -> None:
    """A world whose drawn shock does nothing yet is the world without it."""
    base = build(load_scenario(written(tmp_path, GAS_ONLY)), Streams(1), changed=False)
    drawn = build(
        load_scenario(written(tmp_path, GAS_ONLY + NAMED + "draw = true\n")), Streams(1), changed=True
    )
    for world in (base, drawn):
        world.run_to(world.flow_start_ns)
    assert base.past == drawn.past


BAD = {
    "an unknown shock": (NAMED.replace("turkmen-cut", "turkman-cut"), 4, ["turkman-cut", "Did you mean 'turkmen-cut'"]),
    "another kind": (NAMED + 'kind = "cold_wave"\n', 6, ["cold_wave", "pipeline_cut"]),
    "a draw that is none": (NAMED + 'draw = "yes"\n', 6, ["draw", "true or false"]),
    "an unknown key": (NAMED + "depth_degc = 3\n", 6, ["depth_degc", "unknown key"]),
    "a figure out of range": (NAMED + "duration_days = 0\n", 6, ["duration_days", "1 or more"]),
    "an origin that is not there": (NAMED + 'origin = "north"\n', 6, ["north", "central_asia"]),
    "no day": (NAMED.replace("start_day = 4\n", ""), 3, ["start_day", "missing"]),
    "draw without a library": (
        NAMED.replace('library = "turkmen-cut"', 'kind = "cold_wave"\ntemperature_drop_degc = 1.0\nduration_days = 1')
        + 'draw = true\nsource = "mine"\n', 8, ["draw", "unknown key"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_references_are_refused_with_file_and_line(what, tmp_path, monkeypatch, capsys) -> None:
    text, line, words = BAD[what]
    written(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    lines = refused(["check", "my.toml"], capsys)
    assert len(lines) == 2 and lines[0].startswith(f"my.toml:{line}:"), lines
    assert all(word in lines[0] for word in words), lines


def test_a_library_shock_that_is_no_event_is_refused() -> None:
    good = LIBRARY["typhoon"].model_dump()
    for update in (
        {"figures": {"kind": "typhoon"}},
        {"drawn": {"depth": {"low": 1, "central": 2, "high": 3}}},
    ):
        with pytest.raises(ValueError):
            LibraryShock.model_validate(good | update)


def test_the_list_and_its_json_tell_every_shock(capsys) -> None:
    listed = said(capsys, "shocks", "list")
    data = json.loads(said(capsys, "shocks", "list", "--json"))
    assert set(data) == set(LIBRARY)
    for name, shock in LIBRARY.items():
        line = next(line for line in listed.splitlines() if line.split()[:1] == [name])
        assert shock.kind in line and shock.confidence in line
        assert data[name]["source"] == shock.source
        for key, triangle in shock.drawn.items():
            assert data[name]["drawn"][key] == triangle.model_dump()


def test_show_tells_how_to_name_it_and_an_unknown_name_is_refused(capsys, tmp_path) -> None:
    told = said(capsys, "shocks", "show", "typhoon")
    snippet = told.split("In a scenario:")[1].split("stands for")[0]
    assert tomllib.loads(snippet)["shocks"][0] == {"library": "typhoon", "start_day": 0, "draw": True}
    assert load(tmp_path, snippet).shocks[0].kind == "port_closure"
    assert "2024-09-16: Bebinca" in told and "2 / 3 / 5" in told
    assert "typhoon'" in refused(["shocks", "show", "tyfoon"], capsys)[0]


def test_the_central_value_is_the_most_likely() -> None:
    triangle = LIBRARY["hormuz-closure"].drawn["duration_days"]
    draws = [triangle.draw(np.random.default_rng(seed)) for seed in range(3_000)]
    counts, edges = np.histogram(draws, bins=12)
    assert edges[counts.argmax()] <= triangle.central <= edges[counts.argmax() + 2]
