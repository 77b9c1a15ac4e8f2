"""A loaded scenario file held against a model: every problem at once, each with file, line, key and what is allowed.

It knows pydantic's errors and nothing of what a scenario means.
"""

from __future__ import annotations

import difflib
import json
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from scenarios.tomlfile import BadInput, Document, KeyPath, did_you_mean, dotted, toml_text

Model = TypeVar("Model", bound=BaseModel)
_UNIT_WORDS = re.compile(
    "bbl|m3|k?t|mt|kg|tonnes?|mmbtu|mtpa|bcm|mn|bn|mwh|usd|cny|eur|fen|per|[nm]?s|seconds?|min|minutes?|h|hours?"
    "|days?|weeks?|months?|years?|pct|percent|pp|share|fraction|bps|ticks?|lots?|knots|nm|km|mw|sqrt|ws|points?"
)


def validate(model: type[Model], document: Document) -> Model:
    """Return `document` as a `model`. Raises BadInput with every problem, each with file, line and key.

    It is strict as JSON is: text or true is no number, but a list is a tuple and "2024-11-04" a date.
    """
    try:
        return model.model_validate_json(json.dumps(document.values, default=toml_text), strict=True)
    except ValidationError as error:
        raise BadInput(_messages(model, document, error)) from None


@dataclass(frozen=True)
class _Problem:
    """One pydantic error, placed: its path without union tags, its field and the model around it."""

    kind: str
    path: KeyPath
    word: str
    said: str
    context: Mapping[str, Any]
    owner: type[BaseModel] | None
    about: FieldInfo | None
    in_union: bool
    in_key: bool


def _messages(model: type[BaseModel], document: Document, error: ValidationError) -> list[str]:
    problems = [_place(model, item) for item in error.errors(include_url=False)]
    near = {p.path: _nearest_key(p) for p in problems if p.kind == "extra_forbidden"}
    explained = {(*path[:-1], name) for path, (name, _) in near.items() if name}
    bad_keys = {p.path for p in problems if p.in_key}
    groups: dict[KeyPath, list[_Problem]] = {}
    for problem in problems:
        if problem.kind == "missing" and problem.path in explained:
            continue  # the misspelled key beside it says so
        if any(problem.path[:depth] in bad_keys for depth in range(len(problem.path))):
            continue  # what is inside a table of the wrong name tells nothing
        deeper = any(p.path[: len(problem.path)] == problem.path != p.path for p in problems)
        if problem.in_union and deeper and problem.kind.endswith("_type"):
            continue  # another form of the same key fits better and says what is wrong in it
        groups.setdefault(problem.path, []).append(problem)
    found: list[tuple[tuple[bool, str, int], str]] = []
    for path, group in groups.items():
        first = group[0]
        at = document.origin(path[:-1] if first.kind == "missing" else path)
        key = dotted(path)
        if first.kind == "extra_forbidden":
            text = f"{key}: {near[path][1]}"
        elif first.kind == "missing":
            text = f"{key}: is missing{_described(first.about)}"
        else:
            value = document.value(path)
            shown = "" if first.in_key or isinstance(value, dict | list | None) else f" = {toml_text(value)}"
            must = " or ".join(dict.fromkeys(_must(p) for p in group)).replace(" or must be ", " or ")
            text = f"{key}{shown}: {must}{_described(first.about)}" if path else must
        found.append(((at.file != document.name, at.file, at.line or 0), f"{at}: {text}"))
    return [text for _, text in sorted(found, key=lambda pair: pair[0])]


def _place(model: type[BaseModel], error: Mapping[str, Any]) -> _Problem:
    annotation: Any = model
    path: KeyPath = ()
    owner: type[BaseModel] | None = None
    about: FieldInfo | None = None
    in_union = False
    for part in error["loc"]:
        annotation, members = _plain(annotation)
        if len(members) > 1:
            annotation, in_union = _member(members, str(part)), True
            continue
        if part == "[key]":
            continue
        path, in_union = (*path, part), False
        if _is_model(annotation):
            owner = annotation
            about = annotation.model_fields.get(str(part))
            annotation = about.annotation if about else Any
        else:
            owner = None
            args = typing.get_args(annotation)
            annotation = args[-1] if typing.get_origin(annotation) is dict else args[0] if args else Any
    kind, context, word = error["type"], error.get("ctx", {}), str(error.get("input"))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        path = (*path, context["discriminator"].strip("'"))
        word, kind, about = context.get("tag", ""), "literal_error" if "tag" in context else "missing", None
        if "tag" not in context:
            tags = [tag for m in _plain(annotation)[1] for tag in _tags(m)]
            about = FieldInfo(description="one of " + _listed(tags))
        context = {"expected": context.get("expected_tags", "")}
    return _Problem(kind, path, word, error["msg"], context, owner, about, in_union, "[key]" in error["loc"])


def _plain(annotation: Any) -> tuple[Any, list[Any]]:
    """Strip Annotated and None from an annotation; return it and, for a union, its members."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        members = [m for m in typing.get_args(annotation) if m is not type(None)]
        return _plain(members[0]) if len(members) == 1 else (annotation, members)
    return annotation, [annotation]


def _member(members: Iterable[Any], tag: str) -> Any:
    for member in (_plain(m)[0] for m in members):
        if tag in _tags(member) or tag == getattr(member, "__name__", "") or tag.startswith(str(member)[:5]):
            return member
    return Any


def _tags(member: Any) -> list[str]:
    """Return the values of a model's Literal fields, its `kind` as a rule."""
    member = _plain(member)[0]
    if not _is_model(member):
        return []
    annotations = [info.annotation for info in member.model_fields.values()]
    return [str(tag) for a in annotations if typing.get_origin(a) is Literal for tag in typing.get_args(a)]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _nearest_key(problem: _Problem) -> tuple[str, str]:
    """Return the valid key that an unknown key most likely means, and the sentence that says so."""
    key, known = str(problem.path[-1]), list(problem.owner.model_fields) if problem.owner else []
    stem, unit = _split_unit(key)
    for name in known:
        other_stem, other_unit = _split_unit(name)
        if stem and stem == other_stem and other_unit and unit.rstrip("s") != other_unit.rstrip("s"):
            wrong = "wrong unit" if unit else "the unit is missing"
            return name, f"{wrong}: expected '{name}', in {other_unit.replace('_', ' ')}"
    close = difflib.get_close_matches(key, known, n=1)
    if close:
        return close[0], f"unknown key. Did you mean '{close[0]}'?"
    return "", f"unknown key. Known here: {', '.join(known) or 'none'}"


def _split_unit(key: str) -> tuple[str, str]:
    words = key.split("_")
    cut = len(words)
    while cut > 1 and _UNIT_WORDS.fullmatch(words[cut - 1]):
        cut -= 1
    return "_".join(words[:cut]), "_".join(words[cut:])


_LIMITS = {
    "greater_than_equal": ("ge", "must be {} or more"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than_equal": ("le", "must be {} or less"),
    "less_than": ("lt", "must be less than {}"),
    "too_short": ("min_length", "must have at least {} entries"),
    "too_long": ("max_length", "must have at most {} entries"),
}
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "date": "a date such as 2024-11-04",
    "datetime": "a date and time such as 2024-11-04T09:00:00",
    "time": "a time such as 09:00:00",
    "list": "a list",
    "tuple": "a list",
    "dict": "a table",
    "model": "a table",
}


def _must(problem: _Problem) -> str:
    kind, context = problem.kind, problem.context
    if kind in _LIMITS:
        name, text = _LIMITS[kind]
        return text.format(context[name])
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        return f"must be one of {_listed(allowed)}{did_you_mean(problem.word, allowed)}"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", problem.said))
    base = kind.partition("_")[0]
    if base in _TYPES and kind.endswith(("_type", "_parsing", "_from_float", "_number", "_inexact")):
        return f"must be {_TYPES[base]}"
    return problem.said[:1].lower() + problem.said[1:]


def _described(about: FieldInfo | None) -> str:
    return f" ({about.description})" if about and about.description else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
