"""A grid over keys of a scenario: what `--grid` says, and the checked scenario of each point.

It declares and checks; it runs nothing.
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.spec import LoadedScenario, Scenario, load_scenario
from scenarios.tomlfile import SET_LAYER, BadInput, toml_text

FLAG = "--grid"
_MOST_POINTS = 10_000
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*:\s*({_NUMBER})\s*:\s*(\d+)\s*")
_DIGITS = 12  # of a value in a range, so that 0.1 + 2 x 0.1 is 0.3


@dataclass(frozen=True)
class Axis:
    """A dotted key of the scenario and the values that it takes, in the order given."""

    key: str
    values: tuple[Any, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    @property
    def name(self) -> str:
        """The last part of the key, in words."""
        return self.key.rpartition(".")[2].replace("_", " ")


@dataclass(frozen=True)
class Point:
    """A point of the grid: its number from 0, the value of each key, and the scenario there."""

    number: int
    settings: dict[str, Any]
    loaded: LoadedScenario

    @property
    def label(self) -> str:
        """The settings in a few words, by the last part of each key."""
        return ", ".join(f"{Axis(k, ()).name} {setting_text(v)}" for k, v in self.settings.items())


@dataclass(frozen=True)
class Grid:
    """A scenario, the axes over it, and every point, the last axis running fastest."""

    base: LoadedScenario
    axes: tuple[Axis, ...]
    points: tuple[Point, ...]

    def base_settings(self) -> dict[str, Any]:
        """Return what the scenario itself says of each key, None where it says nothing."""
        return {axis.key: _value(self.base.values, axis.key) for axis in self.axes}

    def meanings(self) -> dict[str, str]:
        """Return the description of each key, "" where it has none."""
        return {axis.key: _meaning(axis.key) for axis in self.axes}


def read_grid(name_or_path: str | Path, grid: Sequence[str], sets: Sequence[str] = ()) -> Grid:
    """Read `KEY=V1,V2` or `KEY=FROM:TO:COUNT` of each axis and load the scenario of every point.

    A point's settings come after `sets`. Raises BadInput with every problem of all points at once.
    """
    axes, problems = [], []
    for text in grid:
        try:
            axes.append(read_axis(text))
        except ValueError as error:
            problems.append(f"{FLAG} {text}: {error}")
    if not grid:
        problems.append(f"{FLAG}: is missing: KEY=V1,V2,... or KEY=FROM:TO:COUNT")
    problems += _clashes(axes, sets)
    count = math.prod(len(axis.values) for axis in axes)
    if count > _MOST_POINTS:
        problems.append(f"{FLAG}: {count:,} points; must be {_MOST_POINTS:,} or fewer")
    try:
        base = load_scenario(name_or_path, list(sets))
    except BadInput as error:
        raise BadInput([*problems, *error.messages]) from None
    if problems:
        raise BadInput(problems)
    return Grid(base, tuple(axes), _points(name_or_path, axes, sets, count))


def read_axis(text: str) -> Axis:
    """Read one axis. Raises ValueError with what is wrong.

    Values are TOML, or bare words; a range has COUNT values from FROM to TO, ends included.
    """
    key, equals, told = (part.strip() for part in text.partition("="))
    if not key or not equals or not told:
        raise ValueError("must be KEY=V1,V2,... or KEY=FROM:TO:COUNT")
    found = _RANGE.fullmatch(told)
    if not found and re.fullmatch(rf"{_NUMBER}\s*:.*", told):
        raise ValueError("a range must be FROM:TO:COUNT, as 0:1:5")
    values = _range(found[1], found[2], int(found[3])) if found else _listed(told)
    twice = {toml_text(value) for value in values if values.count(value) > 1}
    if twice:
        raise ValueError(f"{', '.join(sorted(twice))} given twice")
    return Axis(key, tuple(values))


def setting_text(value: Any) -> str:
    """Write a value as a reader wants it: text without quotes, else TOML."""
    return value if isinstance(value, str) else "-" if value is None else toml_text(value)


def _range(first: str, last: str, count: int) -> list[Any]:
    if count < 2:
        raise ValueError("COUNT must be 2 or more")
    start, end = float(first), float(last)
    values = [float(f"{start + (end - start) * k / (count - 1):.{_DIGITS}g}") for k in range(count)]
    whole = first.lstrip("+-").isdigit() and last.lstrip("+-").isdigit()
    return [int(value) for value in values] if whole and all(v.is_integer() for v in values) else values


def _listed(told: str) -> list[Any]:
    try:
        return list(tomllib.loads(f"values = [{told}]")["values"])
    except tomllib.TOMLDecodeError:
        words = [word.strip() for word in told.split(",")]
    if not all(words):
        raise ValueError("a value is missing beside a comma")
    return [_word(word) for word in words]


def _word(word: str) -> Any:
    try:
        return tomllib.loads(f"value = {word}")["value"]
    except tomllib.TOMLDecodeError:
        return word


def _clashes(axes: Sequence[Axis], sets: Sequence[str]) -> list[str]:
    keys = [axis.key for axis in axes]
    problems = [f"{FLAG} {key}: given twice" for key in dict.fromkeys(keys) if keys.count(key) > 1]
    fixed = {item.partition("=")[0].strip() for item in sets}
    problems += [f"{FLAG} {key}: is given by {SET_LAYER} too" for key in keys if key in fixed]
    for outer, inner in itertools.permutations(dict.fromkeys(keys), 2):
        if inner.startswith((f"{outer}.", f"{outer}[")):
            problems.append(f"{FLAG} {inner}: lies within {outer}, another axis")
    for key in keys:
        if key.split(".")[0] == "gas":
            problems.append(f"{FLAG} {key}: a sweep measures crude, which nothing of gas moves")
    return problems


def _points(name: str | Path, axes: Sequence[Axis], sets: Sequence[str], count: int) -> tuple[Point, ...]:
    points: list[Point] = []
    problems: dict[str, list[str]] = {}
    for number, values in enumerate(itertools.product(*(axis.values for axis in axes))):
        settings = {axis.key: value for axis, value in zip(axes, values, strict=True)}
        told = [f"{key}={toml_text(value)}" for key, value in settings.items()]
        try:
            points.append(Point(number, settings, load_scenario(name, [*sets, *told])))
        except BadInput as error:
            for message in error.messages:
                problems.setdefault(message, []).append(", ".join(told))
    if problems:
        raise BadInput([_problem(message, at, count) for message, at in problems.items()])
    return tuple(points)


def _problem(message: str, at: Sequence[str], count: int) -> str:
    """Name the flag that the user gave, and the points where not all have the problem."""
    if message.startswith(SET_LAYER):
        message = FLAG + message.removeprefix(SET_LAYER)
    if len(at) == count:
        return message
    return f"{message} (at {at[0]}{f', and {len(at) - 1} more points' if len(at) > 1 else ''})"


def _value(values: Any, key: str) -> Any:
    for part in _parts(key):
        try:
            values = values[part]
        except (LookupError, TypeError):
            return None
    return values


def _meaning(key: str) -> str:
    model: Any = Scenario
    text = ""
    for part in _parts(key):
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return ""
        model, text = field.annotation, field.description or ""
    return text


def _parts(key: str) -> list[str | int]:
    found = re.findall(r'"([^"]*)"|([^.\[\]"]+)|\[(\d+)\]', key)
    return [int(index) if index else quoted or bare for quoted, bare, index in found]
