"""The library of shocks: typed events with magnitudes, durations, dated cases and sources, to be named in a scenario.

`[[shocks]] library = "turkmen-cut"` stands for the event with its central figures; what the scenario writes beside the
name takes their place, and `draw = true` draws the others anew for each world. It declares; what a shock does is its
kind's.
"""

from __future__ import annotations

import tomllib
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from agents.shocks import Triangle
from exchange.parameters import Parameters
from scenarios.levers import AnyEvent
from scenarios.tomlfile import LIBRARY, BadInput, Document, did_you_mean, library_names, toml_text

FIELDS = ("conditions", "shocks", "levers")
_OWN = ("title", "cases", "confidence")


class LibraryShock(Parameters):
    """A shock as the library tells it: its event without a date, what happened before, and how sure that is.

    `figures` has the central values; `drawn` the distributions behind them.
    """

    title: str
    cases: tuple[str, ...] = Field(min_length=1)
    confidence: Literal["high", "medium", "low"]
    figures: dict[str, Any]
    drawn: dict[str, Triangle]

    @property
    def kind(self) -> str:
        """Return the kind of its event."""
        return str(self.figures["kind"])

    @model_validator(mode="after")
    def _is_an_event(self) -> LibraryShock:
        """Refuse figures that are no event, central or drawn, and distributions of what they do not have."""
        drawn = {key: triangle.model_dump() for key, triangle in self.drawn.items()}
        TypeAdapter(AnyEvent).validate_python(
            self.figures | {"start_day": 0, "source": self.source, "drawn": drawn}
        )
        return self


def shock_library() -> dict[str, LibraryShock]:
    """Read the shocks of the library, in the order of their files. Raises ValidationError for one that cannot be."""
    found = {}
    for name in library_names("shocks"):
        for key, table in tomllib.loads((LIBRARY / f"{name}.toml").read_text(encoding="utf-8")).items():
            found[key] = _read(table)
    return found


def _read(table: dict[str, Any]) -> LibraryShock:
    own = {key: table[key] for key in (*_OWN, "source", "drawn")}
    figures = {key: value for key, value in table.items() if key not in own}
    return LibraryShock(figures=figures | {key: t["central"] for key, t in table["drawn"].items()}, **own)


@dataclass(frozen=True)
class Named:
    """An entry of a scenario that names a shock of the library."""

    field: str
    index: int
    entry: dict[str, Any]


def resolve(document: Document) -> Document:
    """Return the document with each named shock written out. Raises BadInput with every problem."""
    named = [
        Named(field, index, entry)
        for field in FIELDS
        if isinstance(entries := document.values.get(field), list)
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and "library" in entry
    ]
    if not named:
        return document
    library = shock_library()
    values, problems = deepcopy(document.values), []
    for place in named:
        problem = _problem(place, library)
        if problem is not None:
            key, text = problem
            at = document.origin((place.field, place.index, key))
            problems.append(f"{at}: {place.field}[{place.index}].{key} = {text}")
        else:
            values[place.field][place.index] = _written_out(place.entry, library[place.entry["library"]])
    if problems:
        raise BadInput(problems)
    return Document(document.name, values, document.origins)


def _problem(place: Named, library: dict[str, LibraryShock]) -> tuple[str, str] | None:
    name, draw = place.entry["library"], place.entry.get("draw", False)
    if name not in library:
        nearest = did_you_mean(str(name), list(library)) or "."
        return "library", f"{toml_text(name)}: no such shock{nearest} Shocks: {', '.join(library)}"
    if not isinstance(draw, bool):
        return "draw", f"{toml_text(draw)}: must be true or false"
    kind = place.entry.get("kind", library[name].kind)
    if kind != library[name].kind:
        return "kind", f"{toml_text(kind)}: '{name}' is of the kind '{library[name].kind}'"
    return None


def _written_out(entry: dict[str, Any], shock: LibraryShock) -> dict[str, Any]:
    own = {key: value for key, value in entry.items() if key not in ("library", "draw")}
    told = shock.figures | {"source": shock.source} | own
    if entry.get("draw"):
        drawn = {key: t.model_dump() for key, t in shock.drawn.items() if key not in own}
        told["drawn"] = drawn | own.get("drawn", {})
    return told
