"""The scenario library: every figure has a source, every scenario is sound, and its worlds are pinned by their hashes.

A hash moves when the model, a figure or a stream does. Renew the pins with

    YANGSHAN_RENEW_HASHES=1 python -m pytest tests/test_library.py

and say why in CHANGELOG.md.
"""

from __future__ import annotations

import json
import os
import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from worlds import library, run, scenario

import scenarios
from exchange.clock import ns
from scenarios.cli import main
from scenarios.streams import Streams
from scenarios.tomlfile import library_names
from scenarios.world import build

FOLDER = Path(scenarios.__file__).parent / "library"
HASHES = Path(__file__).parent / "golden" / "state_hashes.json"
DAYS = 4
"""Days of order flow: the latest event that touches crude begins on the fourth."""
SLOW_DAYS = 120
"""Days of the slow world alone after the first trading day: most causes are at work by then."""

FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.toml"))
ARMS = {"base": False, "changed": True}


def test_the_library_has_the_scenarios_of_its_files():
    assert {"base", "lng-outage", "night-session-off", "delivery-base-expansion"} <= set(library_names())
    assert sorted(library_names()) == sorted(name[:-5] for name in FILES if "/" not in name)


def unsourced(table: dict[str, Any], inherited: bool, where: str) -> list[str]:
    """Return the figures of a table that neither it nor a table around it gives a source for."""
    source = table.get("source")
    found = []
    for key, value in table.items():
        if key == "source":
            continue
        covered = inherited or (key in source if isinstance(source, dict) else bool(source))
        at = f"{where}.{key}"
        if isinstance(value, dict):
            found += unsourced(value, covered and not isinstance(source, dict), at)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for k, item in enumerate(value):
                found += unsourced(item, False, f"{at}[{k}]")
        elif not covered and is_figure(value):
            found.append(at)
    return found


def is_figure(value: Any) -> bool:
    """Tell whether a value is a number or holds one; dates and names need no source."""
    if isinstance(value, list):
        return any(is_figure(item) for item in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


@pytest.mark.parametrize("name", FILES)
def test_each_figure_of_the_library_has_a_source(name):
    table = tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert unsourced(table, False, name) == []


def test_a_figure_without_a_source_is_found():
    assert unsourced({"a": {"source": {"x": "s"}, "x": 1, "y": 2}, "b": {"z": 3}}, False, "f") == [
        "f.a.y",
        "f.b.z",
    ]


@pytest.mark.parametrize("name", library_names())
def test_each_scenario_passes_the_check(name, capsys):
    main_exits_with(["check", name], 0)
    assert capsys.readouterr().out == f"{name}: no problems\n"


@pytest.mark.parametrize("name", library_names())
def test_each_scenario_is_shown_as_text_that_loads_again(name, capsys, tmp_path):
    main_exits_with(["show", name], 0)
    file = tmp_path / "copy.toml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    main_exits_with(["check", str(file)], 0)


def main_exits_with(arguments: list[str], code: int) -> None:
    """Run the command line in this process and hold its exit code against the given one."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert (stopped.value.code or 0) == code


@cache
def found_hashes(name: str) -> dict[str, str]:
    """Run both arms of a scenario with gas, and both without order flow for longer."""
    arms = {"base": False, "changed": True} if library(name).scenario.events else {"base": False}
    hashes = {
        arm: run(library(name), DAYS, changed=changed, with_gas=True).state_hash()
        for arm, changed in arms.items()
    }
    quiet = scenario(name, {"period.trading_days": 0})
    last = quiet.scenario.period.first_trading_day + timedelta(days=SLOW_DAYS)
    for arm, changed in arms.items():
        world = build(quiet, Streams(1), changed=changed)
        world.env.run(until=min(world.end_ns, ns(last)))
        world.check_conservation()
        hashes[f"{arm}, no order flow"] = world.state_hash()
    return hashes


@pytest.mark.parametrize("name", library_names())
def test_the_worlds_of_a_scenario_are_pinned(name):
    found = found_hashes(name)
    if os.environ.get("YANGSHAN_RENEW_HASHES"):
        pinned = json.loads(HASHES.read_text()) if HASHES.exists() else {}
        pinned["renew"] = (
            "YANGSHAN_RENEW_HASHES=1 python -m pytest tests/test_library.py, and say why in CHANGELOG.md"
        )
        pinned[name] = found
        HASHES.write_text(json.dumps(pinned, indent=1, sort_keys=True) + "\n")
    assert found == json.loads(HASHES.read_text())[name]


ELSEWHERE = {"squeeze-short-rule", "typhoon-yangshan"}
"""Scenarios whose arms are told apart in tests of their own: the rule binds after the pinned days, and in the pinned
world no ship comes while the ports are shut."""


@pytest.mark.parametrize(
    "name", [name for name in library_names() if library(name).scenario.events and name not in ELSEWHERE]
)
def test_the_arms_of_a_scenario_differ(name):
    found = found_hashes(name)
    pairs = [(found[arm], found[arm.replace("base", "changed")]) for arm in found if arm.startswith("base")]
    assert any(base != changed for base, changed in pairs)
