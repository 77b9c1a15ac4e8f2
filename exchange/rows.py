"""Rows of a rulebook: what each sets from its day on, what it ends, what the record lacks, what was observed.

It knows the form of a rulebook and the names of a model's keys; it knows no rule and no contract.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field

Confidence = Literal["high", "medium", "low", "what-if"]


class Row(BaseModel):
    """Set some keys of a specification from a trading day on; all other keys stay as they were.

    `absent` names rules that are not, or no longer, in force. A table of named entries, such as the depots, is set
    entry by entry: "depots.yangshan".
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    effective: date
    source: str = Field(min_length=1)
    confidence: Confidence
    absent: tuple[str, ...] = ()

    @property
    def figures(self) -> dict[str, Any]:
        """The keys that the row sets."""
        return dict(self.model_extra or {})


class Note(BaseModel):
    """Say of some keys what a reader should know between two days, both included, such as a gap in the record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[str, ...]
    first: date
    last: date
    text: str


class Observation(BaseModel):
    """Give a figure that was observed under the rules, from `first` to `last`; no rule follows from it.

    `values` are figures by name, the unit in the name; `keys` are the rules on which they bear.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: date
    last: date
    what: str = Field(min_length=1)
    keys: tuple[str, ...]
    values: dict[str, float] = Field(min_length=1)
    source: str = Field(min_length=1)
    confidence: Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Setting:
    """One key, or one entry of a table ("table.entry"), set from a day on; the value is None where it ends."""

    key: str
    effective: date
    value: Any
    source: str
    confidence: str


class RulebookError(ValueError):
    """Say what is wrong with rules: one (key, message) each problem."""

    def __init__(self, name: str, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{name}: " + "; ".join(f"{key}: {message}" for key, message in problems))


@cache
def table_keys(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of a specification that hold named entries, each with a date and source of its own."""
    fields = model.model_fields.items()
    return frozenset(k for k, f in fields if get_origin(f.annotation) is dict and k not in _NO_RULES)


def rule_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a specification that a rulebook sets."""
    return tuple(key for key in model.model_fields if key not in _NO_RULES)


_NO_RULES = frozenset({"source", "confidence"})


def settings_of(model: type[BaseModel], row: Row) -> Iterator[tuple[str, Any]]:
    """Yield what a row sets, the entries of a table one by one; None for what it ends."""
    tables = table_keys(model)
    for key, value in row.figures.items():
        if key in tables and isinstance(value, Mapping):
            for name, entry in value.items():
                yield f"{key}.{name}", entry
        else:
            yield key, value
    for key in row.absent:
        yield key, None


def unknown(word: str, known: Sequence[str]) -> str:
    """Return the sentence for a name that is not known: with the nearest known one, or else with all."""
    close = difflib.get_close_matches(word, known, n=1)
    return "unknown" + (f". Did you mean '{close[0]}'?" if close else f". Known: {', '.join(known)}")
