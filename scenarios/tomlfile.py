"""A TOML file whose every key knows its file and line: loaded, extended, overridden, written.

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
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

KeyPath = tuple[str | int, ...]

LIBRARY = Path(__file__).parent / "library"
SET_LAYER = "--set"


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
    start = f"{asked_at}: extends = {toml_text(name)}" if asked_at else name
    if name.endswith(".toml"):
        raise BadInput([f"{start}: no such file"])
    known = library_names()
    nearest = did_you_mean(name, known + library_names("parts"))
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
        raise BadInput([f"{asked_at}: extends = {toml_text(bases)}: must be a name or a list of names"])
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
                raise ValueError(f"{dotted(path[:depth])} has {len(into)} entries; name one, from [0]")
        elif not isinstance(into, dict) or isinstance(key, int):
            raise ValueError(f"{dotted(path[:depth])} is no {'list' if isinstance(key, int) else 'table'}")
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


def did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f". Did you mean '{close[0]}'?" if close else ""


def dotted(path: KeyPath) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in path)
    return text.removeprefix(".") or "the file"


def dumps(values: Mapping[str, Any]) -> str:
    """Write a table as TOML: plain keys first, then tables. A key that is None is left out."""
    return "\n".join(_table_lines(values, ())).strip("\n") + "\n"


def _table_lines(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    nested = {k: v for k, v in values.items() if isinstance(v, Mapping) or _is_array_of_tables(v)}
    for key, value in values.items():
        if key not in nested and value is not None:
            yield f"{_key(key)} = {toml_text(value)}"
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
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_text(key)


def toml_text(value: Any) -> str:
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
        return "{" + ", ".join(f"{_key(k)} = {toml_text(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_text(entry) for entry in value) + "]"
    raise TypeError(f"{type(value).__name__} has no TOML form")
