"""Rules as a reader wants them: what is in force on a day, what changed between two, why an order was refused.

It reads rulebooks and words them; it holds no figure and no layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import Any

from pydantic import BaseModel

from exchange.clock import OverseasSessions, Session, Sessions
from exchange.codes import Code
from exchange.codes import explain as explain_code
from exchange.contracts import Rulebook, Specification, rulebook_names
from exchange.rows import Note, unknown
from exchange.terms import (
    AccessTerms,
    DeliveryTerms,
    DepotListing,
    Grade,
    ListingBenchmark,
    ListingTerms,
    RiskTerms,
    TradingTerms,
)

_SECTIONS: tuple[tuple[type, str], ...] = (
    (ListingTerms, "contract"),
    (TradingTerms, "trading"),
    (RiskTerms, "risk"),
    (DeliveryTerms, "fees and delivery"),
    (AccessTerms, "access"),
)

REASONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bad_price": (
        explain_code(Code.BAD_PRICE),
        ("price_limit_percent", "listing_day_limit_multiple", "limit_steps_after_locked_days_percent"),
    ),
    "bad_quantity": (explain_code(Code.BAD_QUANTITY), ("max_order_lots",)),
    "bad_kind": (explain_code(Code.BAD_KIND), ("order_kinds",)),
    "phase_closed": (explain_code(Code.PHASE_CLOSED), ("sessions",)),
    "position_limit": (
        "the position would be larger than the limit of a client in this month",
        ("position_limits_lots",),
    ),
    "broker_limit": (
        "the positions of a broker's clients together would be larger than its share of open interest",
        ("position_limit_broker_percent", "position_limit_broker_from_lots"),
    ),
    "opening_limit": (
        "the client would open more lots in this month today than it may",
        ("opening_limit_lots_per_day", "opening_limit_exempt", "opening_ban_trading_days"),
    ),
    "not_held": ("the order closes more lots than are held", ()),
    "suspended": (
        "the account may not open positions",
        ("opening_ban_trading_days", "repeat_opening_ban_months"),
    ),
    "person_exit": (
        "natural persons may only close: the month is too near to delivery",
        ("person_exit_trading_days",),
    ),
    "person_beyond_exit": (
        "natural persons may only close: the month is too near to delivery",
        ("person_exit_trading_days",),
    ),
    "not_deliverable": (
        "the short position is larger than what its holder can deliver",
        ("deliverable_short_trading_days", "deliverable_short_closed_from_trading_days"),
    ),
    "margin": (
        "there is not enough free money for the margin",
        (
            "margin_spec_percent",
            "margin_hedge_percent",
            "margin_month_before_delivery_percent",
            "margin_near_expiry_percent",
            "margin_above_stepped_limit_percent",
        ),
    ),
    "forced_reduction": (
        "positions are closed against one another at the limit price after days locked the same way",
        (
            "locked_days_before_choice",
            "choices_after_locked_days",
            "forced_reduction_loss_percent",
            "forced_reduction_profit_tiers_percent",
        ),
    ),
}
"""Reasons for which an order is refused or a position closed, each with a sentence and the rules behind it."""


@dataclass(frozen=True)
class Rule:
    """One rule, or one entry of a table, in force on a day. `value` is None where a row says that there is none."""

    key: str
    section: str
    description: str
    value: Any
    since: date
    source: str
    confidence: str

    @property
    def text(self) -> str:
        """The value in words."""
        return value_text(self.value)


@dataclass(frozen=True)
class Change:
    """One rule that another row set: `before` and `after` in words, None where an entry was not there."""

    key: str
    day: date
    before: str | None
    after: str | None
    source: str
    confidence: str


@dataclass(frozen=True)
class Explanation:
    """Why something was refused: a sentence, and the rules behind it as they were on a day; none: no dated rule is."""

    name: str
    sentence: str
    rules: tuple[Rule, ...]
    notes: tuple[Note, ...]


def products() -> dict[str, str]:
    """Return the rulebooks by the short name of their product: sc is ine_sc."""
    return {name.partition("_")[2]: name for name in rulebook_names()}


def rulebook_of(product: str) -> Rulebook:
    """Return the rulebook of a product, by its short name or the rulebook's. Raises LookupError: the nearest name."""
    known = products()
    word = product.lower()
    name = known.get(word, word)
    if name not in known.values():
        raise LookupError(f"product '{product}': {unknown(word, list(known))}")
    return Rulebook.load(name)


def rules(book: Rulebook, day: date) -> tuple[Rule, ...]:
    """Return every rule in force on a day, by section; the entries of a table one by one.

    Raises LookupError before the book's first day.
    """
    specification = book.specification(day)
    settings = book.in_force(day)
    found = []
    for section, field in _ordered(book.model):
        table = getattr(specification, field)
        about = book.model.model_fields[field].description or ""
        keys = [field] if field in settings else [key for key in settings if key.startswith(f"{field}.")]
        for key in keys:
            setting = settings[key]
            value = table if key == field else table[key.partition(".")[2]]
            told = None if setting.value is None else value
            found.append(
                Rule(key, section, about, told, setting.effective, setting.source, setting.confidence)
            )
    return tuple(found)


def changes(book: Rulebook, first: date, last: date) -> tuple[Change, ...]:
    """Return what rows after `first` up to and with `last` changed, in order of date.

    A row that only says again what held before is left out. Raises LookupError before the book's first day.
    """
    found: list[Change] = []
    before = {rule.key: rule for rule in rules(book, first)}
    days = sorted({row.effective for row in book.rows if first < row.effective <= last})
    for day in days:
        after = {rule.key: rule for rule in rules(book, day)}
        for key, rule in after.items():
            old = before.get(key)
            if (old is None or old.text != rule.text) and not (old is None and rule.value is None):
                found.append(
                    Change(key, day, old.text if old else None, rule.text, rule.source, rule.confidence)
                )
        for key, rule in before.items():
            if key not in after and rule.value is not None:
                ended = next(s for s in reversed(book.settings()) if s.effective == day and _ends(s.key, key))
                found.append(Change(key, day, rule.text, None, ended.source, ended.confidence))
        before = after
    return tuple(found)


def notes(book: Rulebook, day: date) -> tuple[Note, ...]:
    """Return what the rulebook says of its own record on a day: gaps, and what it cannot express."""
    return tuple(note for note in book.notes if note.first <= day <= note.last)


def explain(reason: str | Enum, book: Rulebook, day: date) -> Explanation:
    """Explain a refusal, or a rule by its key: a sentence, and each rule behind it with its day and source.

    `reason` is a code of the engine or of clearing (a Code, Refusal, Reason, or its name), a reason of REASONS, or the
    key of a rule; small letters and hyphens do. Raises LookupError: the nearest name, or a day before the book's first.
    """
    word = reason.name if isinstance(reason, Enum) else reason
    name = word.strip().lower().replace("-", "_").replace(" ", "_")
    in_force = rules(book, day)
    codes = {code.name.lower(): code for code in Code}
    if name in REASONS:
        sentence, keys = REASONS[name]
    elif name in codes:
        sentence, keys = explain_code(codes[name]), ()
    else:
        keys = tuple(rule.key for rule in in_force if name in (rule.key, rule.key.partition(".")[0]))
        sentence = next((rule.description for rule in in_force if rule.key in keys), "")
        if not keys:
            known = [*REASONS, *codes, *dict.fromkeys(rule.key.partition(".")[0] for rule in in_force)]
            raise LookupError(f"rule '{word}': {_nearest(name, known)}")
    behind = tuple(rule for rule in in_force if rule.key in keys)
    told = tuple(
        note for note in notes(book, day) if {key.partition(".")[0] for key in keys} & set(note.keys)
    )
    return Explanation(name, sentence, behind, told)


def value_text(value: Any) -> str:
    """Return the value of a rule in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Sessions):
        return "; ".join(_session_text(part) for part in value.parts)
    if isinstance(value, OverseasSessions):
        return f"{value.opens:%H:%M}-{value.closes:%H:%M} {value.time_zone}"
    if isinstance(value, float):
        return f"{value:,g}"
    if isinstance(value, Grade):
        return _grade_text(value)
    if isinstance(value, DepotListing):
        where = ", Yangtze delta" if value.yangtze_delta else ""
        remark = f" ({value.remark})" if value.remark else ""
        return f"{value.operator}{where}: {value.approved_m3:,} m3 approved, {value.active_bbl:,} bbl active{remark}"
    if isinstance(value, ListingBenchmark):
        return f"{value.first} to {value.last}: {value.price:g}"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {value_text(item)}" for key, item in value.items()) or "none"
    if isinstance(value, tuple | list):
        if len(value) == 2 and all(isinstance(item, time) for item in value):
            return "-".join(map(value_text, value))
        numbers = all(isinstance(item, int | float) and not isinstance(item, bool | Enum) for item in value)
        return (" / " if numbers else ", ").join(map(value_text, value)) or "none"
    return str(value)


def value_data(value: Any) -> Any:
    """Return the value of a rule as plain data that JSON can hold."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude={"source"})
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, tuple | list):
        if len(value) == 2 and all(isinstance(item, time) for item in value):
            return value_text(value)
        return [value_data(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _ordered(model: type[Specification]) -> list[tuple[str, str]]:
    sections: dict[str, str] = {}
    for terms, section in _SECTIONS:
        if issubclass(model, terms):
            sections |= dict.fromkeys(terms.__annotations__, section)
    fields = [(sections.get(key, "contract"), key) for key in model.model_fields]
    order = [section for _, section in _SECTIONS]
    kept = [pair for pair in fields if pair[1] not in ("source", "confidence")]
    return sorted(kept, key=lambda pair: order.index(pair[0]))


def _grade_text(grade: Grade) -> str:
    differential = grade.differential_cny_per_bbl
    told = "not at hand" if differential is None else f"{differential:+g} yuan/bbl"
    quality = f"API {grade.min_api:g} or more, sulphur {grade.max_sulphur_percent:g} % or less"
    ports = f", loaded at {', '.join(grade.load_ports)}" if grade.load_ports else ""
    return f"{told}: {quality}{ports}{', inside Hormuz' if grade.inside_hormuz else ''}"


def _session_text(part: Session) -> str:
    hours = ", ".join(value_text(pair) for pair in part.hours)
    if part.auction == "never" or part.auction_entry is None:
        return f"{part.name} {hours}"
    when = "" if part.auction == "always" else ", only without a night session"
    return f"{part.name} {hours} (auction from {part.auction_entry:%H:%M}{when})"


def _ends(setting: str, key: str) -> bool:
    return setting == key or setting == key.partition(".")[0] or setting.partition(".")[0] == key


def _nearest(name: str, known: list[str]) -> str:
    return unknown(name, list(dict.fromkeys(known)))
