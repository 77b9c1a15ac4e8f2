"""A TOML file whose every key knows its file and line: loaded, extended, overridden, validated, written.

It knows the form of a scenario file and nothing of what a scenario means. Values come from tomllib, lines
from a syntax tree.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import re
import tomllib
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import reduce
from operator import getitem
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

KeyPath = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

LIBRARY = Path(__file__).parent / "library"
SET_LAYER = "--set"
_UNIT_WORDS = re.compile(
    "bbl|m3|k?t|mt|kg|tonnes?|mmbtu|mtpa|bcm|mn|bn|mwh|usd|cny|eur|fen|per|[nm]?s|seconds?|min|minutes?|h|hours?"
    "|days?|weeks?|months?|years?|pct|percent|pp|share|fraction|bps|ticks?|lots?|knots|nm|km|mw|sqrt|ws|points?"
)


class BadInput(Exception):
    """Say what is wrong with what the user gave: one message each problem, each ready to print."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = list(messages)
        count = len(self.messages)
        summary = f"{count} problem{'s' if count != 1 else ''}; nothing was run."
        super().__init__("\n".join([*self.messages, summary]))


@dataclass(frozen=True)
class Origin:
    """Where a key was written: a file as the user would name it, and a line from 1 (None for `--set`)."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Document:
    """Hold the merged values of a file and all it extends, and the origin of each key path."""

    name: str
    values: dict[str, Any]
    origins: dict[KeyPath, Origin] = field(repr=False)

    def origin(self, path: KeyPath) -> Origin:
        """Return where `path` was written, or else the nearest table around it."""
        while path and path not in self.origins:
            path = path[:-1]
        return self.origins.get(path, Origin(self.name))

    def value(self, path: KeyPath) -> Any:
        """Return the value at `path`, or None where nothing was written."""
        try:
            return reduce(getitem, path, self.values)  # type: ignore[arg-type]
        except (LookupError, TypeError):
            return None


def library_names(under: str = "") -> list[str]:
    """List the library's scenarios, sorted, or with `under` the files of a folder such as "parts"."""
    return sorted(p.relative_to(LIBRARY).with_suffix("").as_posix() for p in (LIBRARY / under).glob("*.toml"))


def load(name_or_path: str | Path, sets: Sequence[str] = ()) -> Document:
    """Load a library scenario by name or a file by path, with all it extends, then the `key=value` of `sets`.

    Tables merge key by key; anything else, arrays of tables too, replaces. Raises BadInput.
    """
    path = find(str(name_or_path), Path(), None)
    document = _load(path, ())
    problems: list[str] = []
    for item in sets:
        try:
            _override(document, item)
        except ValueError as error:
            problems.append(f"{SET_LAYER} {item}: {error}")
    if problems:
        raise BadInput(problems)
    return document


def find(name: str, folder: Path = Path(), asked_at: Origin | None = None) -> Path:
    """Return the file of a library name, or of a path from `folder`. Raises BadInput: the nearest name."""
    library = LIBRARY / f"{name}.toml"
    if not name.endswith(".toml") and library.is_file():
        return library
    path = folder / name
    if path.is_file():
        return path
    start = f"{asked_at}: extends = {_text(name)}" if asked_at else name
    if name.endswith(".toml"):
        raise BadInput([f"{start}: no such file"])
    known = library_names()
    nearest = _did_you_mean(name, known + library_names("parts"))
    raise BadInput([f"{start}: no such scenario{nearest or '.'} Scenarios: {', '.join(known) or 'none'}"])


def _load(path: Path, chain: tuple[Path, ...]) -> Document:
    if path.resolve() in chain:
        names = " -> ".join(_display(p) for p in (*chain, path))
        raise BadInput([f"{_display(chain[-1])}: extends in a circle: {names}"])
    own = _parse(path)
    bases = own.values.pop("extends", [])
    asked_at = own.origins.pop(("extends",), Origin(own.name))
    if isinstance(bases, str):
        bases = [bases]
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise BadInput([f"{asked_at}: extends = {_text(bases)}: must be a name or a list of names"])
    merged = Document(own.name, {}, {})
    for base in bases:
        _merge(merged, _load(find(base, path.parent, asked_at), (*chain, path.resolve())))
    _merge(merged, own)
    return merged


def _parse(path: Path) -> Document:
    name = _display(path)
    try:
        source = path.read_bytes()
    except OSError as error:
        raise BadInput([f"{name}: cannot be read: {error.strerror}"]) from None
    try:
        values = tomllib.loads(source.decode())
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise BadInput([f"{name}:{line}: must be UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
        line = int(found[2]) if found else source.rstrip().count(b"\n") + 1
        text = f"{found[1]} (column {found[3]})" if found else str(error)
        raise BadInput([f"{name}:{line}: {text}"]) from None
    lines = {(): 1} | key_lines(source)
    return Document(name, values, {key: Origin(name, line) for key, line in lines.items()})


def _display(path: Path) -> str:
    absolute = path.resolve()
    return os.path.relpath(absolute) if absolute.is_relative_to(Path.cwd()) else str(path)


def _merge(document: Document, layer: Document) -> None:
    """Merge `layer` over `document`, in place."""

    def merge(into: dict[str, Any], values: dict[str, Any], path: KeyPath) -> None:
        for key, value in values.items():
            here = (*path, key)
            if isinstance(value, dict) and isinstance(into.get(key), dict):
                merge(into[key], value, here)
            else:
                _forget(document, here)
                into[key] = deepcopy(value)

    merge(document.values, layer.values, ())
    document.origins.update(layer.origins)


def _forget(document: Document, path: KeyPath) -> None:
    for known in [known for known in document.origins if known[: len(path)] == path]:
        del document.origins[known]


def _override(document: Document, item: str) -> None:
    """Apply one `key.path=value`, in place. Raises ValueError with what is wrong."""
    keys, equals, text = item.partition("=")
    if not equals:
        raise ValueError("must be key.path=value")
    path = _key_path(keys.strip())
    try:
        value = tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word is text
    into: Any = document.values
    for depth, key in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(into, list):
            if not isinstance(key, int) or key >= len(into):
                raise ValueError(f"{_dotted(path[:depth])} has {len(into)} entries; name one, from [0]")
        elif not isinstance(into, dict) or isinstance(key, int):
            raise ValueError(f"{_dotted(path[:depth])} is no {'list' if isinstance(key, int) else 'table'}")
        elif not last:
            into.setdefault(key, {})
        if not last:
            into = into[key]
    into[path[-1]] = value
    _forget(document, path)
    for depth in range(1, len(path) + 1):
        if depth == len(path) or path[:depth] not in document.origins:
            document.origins[path[:depth]] = Origin(SET_LAYER)


def _key_path(text: str) -> KeyPath:
    parts = re.findall(r'"([^"]*)"|([^.\[\]"]+)|\[(\d+)\]', text)
    if not parts or re.sub(r'"[^"]*"|[^.\[\]"]+|\[\d+\]|\.', "", text):
        raise ValueError("must be key.path=value, a list's entry as shocks[0].magnitude")
    return tuple(int(index) if index else quoted or bare for quoted, bare, index in parts)


def key_lines(source: bytes) -> dict[KeyPath, int]:
    """Return the line, from 1, of every table, key and array entry of a TOML text that tomllib accepts."""
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_toml.language())).parse(source).root_node
    lines: dict[KeyPath, int] = {}
    lengths: dict[KeyPath, int] = {}  # of the arrays of tables so far

    def note(path: KeyPath, node: Any) -> None:
        lines.setdefault(path, node.start_point[0] + 1)

    def table_path(keys: list[str], node: Any, opens_entry: bool) -> KeyPath:
        path: KeyPath = ()
        for depth, key in enumerate(keys, 1):
            path = (*path, key)
            note(path, node)
            if opens_entry and depth == len(keys):
                lengths[path] = lengths.get(path, 0) + 1
            if path in lengths:
                path = (*path, lengths[path] - 1)
                note(path, node)
        return path

    def walk_pair(pair: Any, prefix: KeyPath) -> None:
        path = prefix
        for key in _keys(pair.children[0]):
            path = (*path, key)
            note(path, pair)
        walk_value(pair.children[2], path)  # after key and '='; a remark may follow

    def walk_value(node: Any, path: KeyPath) -> None:
        if node.type == "inline_table":
            for pair in node.children:
                if pair.type == "pair":
                    walk_pair(pair, path)
        elif node.type == "array":
            entries = [child for child in node.named_children if child.type != "comment"]
            for index, entry in enumerate(entries):
                note((*path, index), entry)
                walk_value(entry, (*path, index))

    for node in root.children:
        if node.type == "pair":
            walk_pair(node, ())
        elif node.type in ("table", "table_array_element"):
            prefix = table_path(_keys(node.named_children[0]), node, node.type == "table_array_element")
            for child in node.named_children[1:]:
                if child.type == "pair":
                    walk_pair(child, prefix)
    return lines


def _keys(node: Any) -> list[str]:
    if node.type == "dotted_key":
        return [key for child in node.named_children for key in _keys(child)]
    text = node.text.decode()
    return list(tomllib.loads(f"{text} = 0")) if node.type == "quoted_key" else [text]


def validate(model: type[Model], document: Document) -> Model:
    """Return `document` as a `model`. Raises BadInput with every problem, each with file, line and key.

    It is strict as JSON is: text or true is no number, but a list is a tuple and "2024-11-04" a date.
    """
    try:
        return model.model_validate_json(json.dumps(document.values, default=_text), strict=True)
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
        key = _dotted(path)
        if first.kind == "extra_forbidden":
            text = f"{key}: {near[path][1]}"
        elif first.kind == "missing":
            text = f"{key}: is missing{_described(first.about)}"
        else:
            value = document.value(path)
            shown = "" if first.in_key or isinstance(value, dict | list | None) else f" = {_text(value)}"
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
        return f"must be one of {_listed(allowed)}{_did_you_mean(problem.word, allowed)}"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", problem.said))
    base = kind.partition("_")[0]
    if base in _TYPES and kind.endswith(("_type", "_parsing", "_from_float", "_number", "_inexact")):
        return f"must be {_TYPES[base]}"
    return problem.said[:1].lower() + problem.said[1:]


def _described(about: FieldInfo | None) -> str:
    return f" ({about.description})" if about and about.description else ""


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f". Did you mean '{close[0]}'?" if close else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _dotted(path: KeyPath) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in path)
    return text.removeprefix(".") or "the file"


def dumps(values: Mapping[str, Any]) -> str:
    """Write a table as TOML: plain keys first, then tables. A key that is None is left out."""
    return "\n".join(_table_lines(values, ())).strip("\n") + "\n"


def _table_lines(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    nested = {k: v for k, v in values.items() if isinstance(v, Mapping) or _is_array_of_tables(v)}
    for key, value in values.items():
        if key not in nested and value is not None:
            yield f"{_key(key)} = {_text(value)}"
    for key, value in nested.items():
        here = (*path, key)
        header = ".".join(_key(part) for part in here)
        if isinstance(value, Mapping):
            yield f"\n[{header}]"
            yield from _table_lines(value, here)
            continue
        for entry in value:
            yield f"\n[[{header}]]"
            yield from _table_lines(entry, here)


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _text(value: Any) -> str:
    """Write one value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return str(float(value)) if math.isfinite(value) else str(float(value)).replace("infinity", "inf")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_text(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(entry) for entry in value) + "]"
    raise TypeError(f"{type(value).__name__} has no TOML form")
