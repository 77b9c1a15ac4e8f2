"""What-if rules: a rulebook in which some keys have other values from a day on.

It writes rows over rows; what a key means and allows is checked as for the file, in contracts.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from exchange.contracts import Rulebook
from exchange.rows import Row, RulebookError, rule_keys, settings_of, table_keys, unknown

Problems = list[tuple[str, str]]


def overridden(book: Rulebook, figures: Mapping[str, Any], since: date, source: str) -> Rulebook:
    """Return `book` with `figures` in force from `since` on; `Rulebook.with_overrides` says how they are written.

    Raises RulebookError with every problem.
    """
    changes, problems = _changes(book, figures, since)
    if since < book.first_day:
        raise RulebookError(book.name, problems)
    before = book.in_force(since)
    rows: list[Row] = []
    for row in book.rows:
        if row.effective < since:
            rows.append(row)
            continue
        settings = dict(settings_of(book.model, row))
        kept = {key: value for key, value in settings.items() if not _hit(key, changes)}
        if kept:
            rows.append(_row(row.effective, row.source, row.confidence, kept))
        if row.effective == since:
            continue
        again = {
            k: {**settings[k], **changes[k]} for k in changes if _both_tables(settings.get(k), changes[k])
        }
        again |= {k: v for k, v in changes.items() if k.partition(".")[0] in kept and "." in k}
        if again:
            rows.append(_row(row.effective, source, "what-if", again))
    first: dict[str, Any] = {}
    for key, change in changes.items():
        old: Any = before[key].value if key in before else None
        first[key] = {**old, **change} if "." in key and _both_tables(old, change) else change
    rows.append(_row(since, source, "what-if", first))
    try:
        changed = Rulebook.of(book.name, rows, book.model, book.hours, book.notes, book.observed)
    except RulebookError as error:
        entries = [key for key in before if "." in key]
        problems += dict.fromkeys(_told(key, text, changes, entries) for key, text in error.problems)
    if problems:
        raise RulebookError(book.name, problems)
    return changed


def _hit(key: str, changes: Mapping[str, Any]) -> bool:
    return key in changes or key.partition(".")[0] in changes


def _both_tables(value: Any, change: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(change, Mapping)


def _told(key: str, text: str, changes: Mapping[str, Any], entries: list[str]) -> tuple[str, str]:
    """Return a problem as the user should read it: a new entry that lacks figures is most likely a misspelled one."""
    table, dot, rest = key.partition(".")
    entry = f"{table}.{rest.partition('.')[0]}"
    if dot and entry in changes and entry not in entries and "required" in text:
        alike = [name for name in entries if name.startswith(f"{table}.")]
        return entry, f"{unknown(entry, alike)} (a new entry needs all its figures)"
    return key, text


def _changes(book: Rulebook, figures: Mapping[str, Any], since: date) -> tuple[dict[str, Any], Problems]:
    """Return overrides by key or "table.entry", None where a rule is to end, and what is wrong with them."""
    if since < book.first_day:
        return {}, [("since", f"{since}: {book.name} has rules from {book.first_day} on")]
    changes: dict[str, Any] = {}
    problems: Problems = []
    known, tables = rule_keys(book.model), table_keys(book.model)
    for path, value in _leaves(figures):
        key, *rest = path
        dotted = ".".join(path)
        if path == ("absent",):
            names = value if isinstance(value, list | tuple) else [value]
            in_force = [*known, *(name for name in book.in_force(since) if "." in name)]
            problems += [
                (f"absent: {name}", unknown(str(name), in_force)) for name in names if name not in in_force
            ]
            changes |= dict.fromkeys(name for name in names if name in in_force)
        elif key not in known:
            problems.append((dotted, unknown(key, known)))
        elif key == "sessions" and isinstance(value, str) and not rest:
            if value in book.hours:
                changes[key] = book.hours[value]
            else:
                problems.append((key, f"'{value}': {unknown(value, list(book.hours))}"))
        elif key in tables and not rest:
            problems.append((key, "must be a table of named entries"))
        elif key in tables:
            _put(changes, [f"{key}.{rest[0]}", *rest[1:]], value)
        elif rest and key != "sessions":
            problems.append((dotted, f"{key} is one figure, not a table"))
        else:
            _put(changes, list(path), value)
    return changes, problems


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        into = into.setdefault(part, {})
    into[path[-1]] = value


def _leaves(figures: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in figures.items():
        path = (*above, *str(key).split("."))
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        else:
            yield path, value


def _row(effective: date, source: str, confidence: str, settings: Mapping[str, Any]) -> Row:
    figures: dict[str, Any] = {}
    for key, value in settings.items():
        if value is not None:
            _put(figures, key.split(".", 1), value)
    absent = [key for key, value in settings.items() if value is None]
    return Row.model_validate(
        {**figures, "effective": effective, "source": source, "confidence": confidence, "absent": absent}
    )
