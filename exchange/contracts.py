"""Contract specifications, dated: what the rulebook says of a product on a day.

The figures stand in rulebook/*.toml, their names in terms.py; showing and comparing rules is for rules.py. The module
holds no price and no phase of a venue.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from operator import itemgetter
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from exchange.clock import Sessions, TradingCalendar
from exchange.codes import PriceRule
from exchange.limits import limit_after_locked_days, margin_after_locked_days
from exchange.parameters import Parameters
from exchange.rows import (
    Note,
    Observation,
    Row,
    RulebookError,
    Setting,
    rule_keys,
    settings_of,
    table_keys,
    unknown,
)
from exchange.terms import AccessTerms, DeliveryTerms, ListingTerms, RiskTerms, TradingTerms


@dataclass(frozen=True, order=True)
class ContractMonth:
    """Name a delivery month."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> ContractMonth:
        """Return the calendar month of a day."""
        return cls(day.year, day.month)

    @classmethod
    def named(cls, name: str) -> ContractMonth:
        """Return the month that is named as in "1809". Raises ValueError for another form."""
        if len(name) != 4 or not name.isdecimal() or not 1 <= int(name[2:]) <= 12:
            raise ValueError(f"'{name}' is no delivery month; it must be as 1809, year and month")
        return cls(2000 + int(name[:2]), int(name[2:]))

    @property
    def first_day(self) -> date:
        """The first calendar day of the month."""
        return date(self.year, self.month, 1)

    def plus(self, months: int) -> ContractMonth:
        """Return the month that is `months` later (or earlier, when negative)."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return ContractMonth(year, month + 1)

    def months_to(self, other: ContractMonth) -> int:
        """Count the months from this one to another, negative when that is earlier."""
        return 12 * (other.year - self.year) + other.month - self.month

    def __str__(self) -> str:
        return f"{self.year % 100:02d}{self.month:02d}"


class Specification(Parameters):
    """Hold what every product has: a name, a currency and a tick. `source` names the origin of each key."""

    product: str
    description: str
    currency: Literal["CNY", "USD"]
    minor_units_per_tick: int = Field(gt=0, description="fen or cents")
    confidence: dict[str, str]

    @property
    def tick(self) -> float:
        """The tick in the currency's major unit (yuan or dollars)."""
        return self.minor_units_per_tick / 100

    def to_ticks(self, price: float) -> int:
        """Return the nearest whole tick of a price in the currency's major unit."""
        return round(price * 100 / self.minor_units_per_tick)

    def to_price(self, ticks: int) -> float:
        """Return the price in the currency's major unit of a number of ticks."""
        return ticks * self.minor_units_per_tick / 100


class ContractSpec(ListingTerms, TradingTerms, RiskTerms, DeliveryTerms, AccessTerms, Specification):
    """State the rules of a futures contract on one day.

    Percentages are whole numbers of the previous settlement; lots are one-sided. None: the venue has no such
    rule. `*_trading_days` count back from the last trading day, which is 0. Price limits hold in the trading of the
    day, margins from its clearing on: a circular "from the settlement of the 10th" sets margins of the 10th and the
    limits of the trading day after it.
    """

    @field_validator("price_rule", mode="before")
    @classmethod
    def _rule_by_name(cls, value: Any) -> Any:
        return PriceRule[value] if isinstance(value, str) and value in PriceRule.__members__ else value

    @model_validator(mode="after")
    def _lot_has_one_unit(self) -> ContractSpec:
        if bool(self.lot_bbl) == bool(self.lot_tonnes):
            raise ValueError("one of lot_bbl and lot_tonnes must be given, and only one")
        return self

    @property
    def unit(self) -> Literal["bbl", "tonne"]:
        """The unit of the quoted price."""
        return "bbl" if self.lot_bbl else "tonne"

    @property
    def lot_units(self) -> int:
        """Barrels or tonnes in a lot."""
        return self.lot_bbl or self.lot_tonnes or 0

    @property
    def minor_units_per_tick_and_lot(self) -> int:
        """What a move of one tick is worth a lot, in fen or cents."""
        return self.minor_units_per_tick * self.lot_units

    def last_trading_day(self, month: ContractMonth, calendar: TradingCalendar) -> date:
        """Return the last trading day of a delivery month; provisional after the calendar's end."""
        if self.last_trading_day_exceptions and str(month) in self.last_trading_day_exceptions:
            return self.last_trading_day_exceptions[str(month)]
        months_ahead = 0 if self.last_trading_day_rule == "last_of_month_before_delivery" else -1
        return calendar.on_or_before(month.plus(months_ahead).first_day - timedelta(days=1))

    def days_to_expiry(self, month: ContractMonth, day: date, calendar: TradingCalendar) -> int:
        """Count the trading days from `day` to the last trading day, which is 0; negative after it."""
        return calendar.trading_days_between(day, self.last_trading_day(month, calendar))

    def main_contract(self, day: date, calendar: TradingCalendar) -> ContractMonth:
        """Return the front contract: the nearest listed whose last trading day is at least `roll_trading_days` away.

        The first day on which the next month is main is therefore the day after that count is reached.
        """
        listed = self.listed_months(day, calendar)
        return next(m for m in listed if self.days_to_expiry(m, day, calendar) >= self.roll_trading_days)

    def listed_months(self, day: date, calendar: TradingCalendar) -> tuple[ContractMonth, ...]:
        """Return the delivery months that trade on a day, nearest first.

        The nearest consecutive months whose last trading day has not passed, then quarterly ones, none before
        `first_contract`.
        """
        nearest = ContractMonth.of(day).plus(1)
        while self.last_trading_day(nearest, calendar) < day:
            nearest = nearest.plus(1)
        months = [nearest.plus(k) for k in range(self.listed_consecutive_months)]
        later = months[-1]
        while len(months) < self.listed_consecutive_months + (self.listed_quarterly_months or 0):
            later = later.plus(1)
            if later.month % 3 == 0:
                months.append(later)
        first = ContractMonth.named(self.first_contract) if self.first_contract else nearest
        return tuple(month for month in months if month >= first)

    def is_listing_day(self, month: ContractMonth, day: date, calendar: TradingCalendar) -> bool:
        """Tell whether a delivery month trades for the first time on a trading day."""
        if month not in self.listed_months(day, calendar):
            return False
        before = calendar.previous(day)
        if self.launched is not None and before < self.launched:
            return True
        return month not in self.listed_months(before, calendar)

    def limit_percent(self, month: ContractMonth, day: date, calendar: TradingCalendar) -> int | None:
        """Return the usual price limit of a delivery month in percent, None at a venue without limits.

        On its listing day it is a multiple of that of other days.
        """
        base = self.price_limit_percent
        if base is None:
            return None
        if self.listing_day_limit_multiple is not None and self.is_listing_day(month, day, calendar):
            return base * self.listing_day_limit_multiple
        return base

    def stepped_limit_percent(self, usual_percent: int, locked_days: int, first_percent: int) -> int:
        """Return the price limit in percent of the day after `locked_days` days locked the same way.

        `usual_percent` is the day's limit without them, `first_percent` was that of the first of them.
        """
        ceiling = 100 if self.limit_ceiling_percent is None else self.limit_ceiling_percent
        steps = self.limit_steps_after_locked_days_percent
        return limit_after_locked_days(
            usual_percent, locked_days, steps, first_percent=first_percent, ceiling_percent=ceiling
        )

    def least_margin_percent(self, locked_days: int, next_limit_percent: int) -> int:
        """Return the least margin after so many days locked the same way: above the next day's limit."""
        above = self.margin_above_stepped_limit_percent
        return 0 if above is None else margin_after_locked_days(0, next_limit_percent, locked_days, above)

    def margin_percent(
        self, month: ContractMonth, day: date, calendar: TradingCalendar, *, hedge: bool = False
    ) -> int | None:
        """Return the margin in percent: the base, or a step of the ladder to delivery if higher.

        `day` says how far delivery is. At a close the base is that of the day which ends, and the step already that
        of the next one: these rules are asked with the next day.
        """
        base = self.margin_hedge_percent if hedge else self.margin_spec_percent
        if base is None:
            return None
        steps = [base]
        if ContractMonth.of(day) >= month.plus(-1):
            steps.append(self.margin_month_before_delivery_percent or 0)
        near = self.near_expiry_trading_days
        if near is not None and self.days_to_expiry(month, day, calendar) <= near:
            steps.append(self.margin_near_expiry_percent or 0)
        return max(steps)

    def position_limit_lots(self, month: ContractMonth, day: date) -> int | None:
        """Return the largest position of a client in a delivery month on a day, in lots.

        It is also that of a member or an overseas special participant that is no broker; hedgers have quotas.
        """
        if self.position_limits_lots is None:
            return None
        far, second_month, month_before = self.position_limits_lots
        if ContractMonth.of(day) >= month.plus(-1):
            return month_before
        return second_month if ContractMonth.of(day) == month.plus(-2) else far

    def broker_limit_lots(self, open_interest_lots: int) -> int | None:
        """Return the largest position of a broker's clients together in a month, in lots; None below its threshold.

        floor(open interest x percent / 100), one-sided.
        """
        percent, threshold = self.position_limit_broker_percent, self.position_limit_broker_from_lots
        if percent is None or threshold is None or open_interest_lots < threshold:
            return None
        return open_interest_lots * percent // 100


class ListingSpec(Specification):
    """State the rules of a product that is sold by listing, bidding or slots, without an order book."""

    unit: str
    lot_units: int
    deposit_percent_range: tuple[int, int]
    mechanisms: tuple[str, ...]
    sessions: Sessions
    m3_per_tonne: float
    sides_counted_in_volume: int


_KINDS: Mapping[str, type[Specification]] = {"futures": ContractSpec, "listing": ListingSpec}


@dataclass(frozen=True)
class Rulebook:
    """Hold the dated rules of one product: its rows, and the specification from each of their dates on."""

    name: str
    rows: tuple[Row, ...]
    specifications: tuple[tuple[date, Specification], ...]
    model: type[Specification]
    hours: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
    observed: tuple[Observation, ...] = ()

    @classmethod
    def load(cls, name: str) -> Rulebook:
        """Return a rulebook of the package, read and checked once. Raises LookupError (unknown name) or ValueError."""
        if name not in rulebook_names():
            raise LookupError(f"no rulebook '{name}'; there are {', '.join(rulebook_names())}")
        return _load(name)

    @classmethod
    def parse(cls, text: str) -> Rulebook:
        """Read and check a rulebook written in TOML. Raises ValueError with the row at fault."""
        document = tomllib.loads(text)
        hours = document.get("hours", {})
        rows = []
        for entry in document["rows"]:
            if isinstance(entry.get("sessions"), str):
                if entry["sessions"] not in hours:
                    raise ValueError(f"row of {entry['effective']}: no hours named '{entry['sessions']}'")
                entry = {**entry, "sessions": hours[entry["sessions"]]}
            rows.append(Row.model_validate(entry))
        notes = tuple(Note.model_validate(note) for note in document.get("notes", ()))
        observed = tuple(Observation.model_validate(entry) for entry in document.get("observed", ()))
        return cls.of(document["name"], rows, _KINDS[document["kind"]], hours, notes, observed)

    @classmethod
    def of(
        cls,
        name: str,
        rows: Sequence[Row],
        model: type[Specification],
        hours: Mapping[str, Any],
        notes: tuple[Note, ...],
        observed: tuple[Observation, ...] = (),
    ) -> Rulebook:
        """Check rows and put them in order. Raises RulebookError with the day and the keys at fault."""
        ordered = tuple(sorted(rows, key=lambda row: row.effective))
        unknown_keys = [
            (f"observed {each.first}", f"{key}: {unknown(key, rule_keys(model))}")
            for each in observed
            for key in each.keys
            if key not in rule_keys(model)
        ]
        if unknown_keys:
            raise RulebookError(name, unknown_keys)
        return cls(name, ordered, _specifications(name, model, ordered), model, hours, notes, observed)

    @property
    def first_day(self) -> date:
        """The first day on which the product has rules."""
        return self.rows[0].effective

    def on(self, day: date) -> ContractSpec:
        """Return the rules of a futures contract on a day. Raises LookupError before its first day."""
        specification = self.specification(day)
        if not isinstance(specification, ContractSpec):
            raise TypeError(f"{self.name} is no futures contract")
        return specification

    def specification(self, day: date) -> Specification:
        """Return the rules in force on a trading day: the last row on or before it that sets each key."""
        position = bisect_right(self.specifications, day, key=itemgetter(0))
        if position == 0:
            raise LookupError(f"{self.name} has no rules on {day}; they begin on {self.first_day}")
        return self.specifications[position - 1][1]

    def listed_months(self, day: date, calendar: TradingCalendar) -> tuple[ContractMonth, ...]:
        """Return the delivery months that trade on a day, nearest first."""
        return self.on(day).listed_months(day, calendar)

    def settings(self) -> tuple[Setting, ...]:
        """Return what every row sets, in order of date; the entries of a table one by one."""
        return tuple(
            Setting(key, row.effective, value, row.source, row.confidence)
            for row in self.rows
            for key, value in settings_of(self.model, row)
        )

    def in_force(self, day: date) -> dict[str, Setting]:
        """Return the setting of every rule in force on a day, and of every rule that a row has ended, by key.

        A table has one setting for each of its entries, or one of its own when it has none.
        """
        found: dict[str, Setting] = {}
        for setting in self.settings():
            if setting.effective > day:
                break
            table, dot, _ = setting.key.partition(".")
            if dot and setting.value is None:
                found.pop(setting.key, None)
                if not any(key.startswith(f"{table}.") for key in found):
                    found[table] = setting
                continue
            if dot:
                found.pop(table, None)
            elif setting.value is None:
                for key in [key for key in found if key.startswith(f"{table}.")]:
                    del found[key]
            found[setting.key] = setting
        return found

    def with_overrides(self, figures: Mapping[str, Any], since: date, *, source: str = "what-if") -> Rulebook:
        """Return a rulebook in which some keys have other values from a day on, whatever its later rows say.

        `figures` is written as a row of the file: keys or tables, or dotted keys down to one figure of an entry
        ("deliverable_grades.oman.differential_cny_per_bbl"); `sessions` may name hours of the file; `absent` lists
        rules to end. What is not named in an entry stays as it is. Its rows say `source` and have the confidence
        "what-if". Raises RulebookError with every problem: unknown key (nearest name), bad value, bad day.
        """
        from exchange.overrides import overridden

        return overridden(self, figures, since, source)


@cache
def _load(name: str) -> Rulebook:
    file = resources.files("exchange") / "rulebook" / f"{name}.toml"
    return Rulebook.parse(file.read_text(encoding="utf-8"))


def _specifications(
    name: str, model: type[Specification], rows: Sequence[Row]
) -> tuple[tuple[date, Specification], ...]:
    figures: dict[str, Any] = {}
    source: dict[str, str] = {}
    confidence: dict[str, str] = {}
    seen: dict[str, date] = {}
    found: list[tuple[date, Specification]] = []
    known = rule_keys(model)
    for position, row in enumerate(rows):
        for key, value in settings_of(model, row):
            table, dot, entry = key.partition(".")
            if table not in known:
                raise RulebookError(f"{name} on {row.effective}", [(key, unknown(table, known))])
            if seen.get(key) == row.effective:
                raise RulebookError(f"{name} on {row.effective}", [(key, "is set twice on this day")])
            seen[key] = row.effective
            if dot:
                entries = {k: v for k, v in figures.get(table, {}).items() if k != entry}
                figures[table] = entries | ({} if value is None else {entry: value})
            elif value is None:
                figures.pop(key, None)
            else:
                figures[key] = value
            source[table], confidence[table] = row.source, row.confidence
        if position + 1 < len(rows) and rows[position + 1].effective == row.effective:
            continue
        try:
            checked = model.model_validate({**figures, "source": source, "confidence": confidence})
        except ValidationError as error:
            raise RulebookError(f"{name} on {row.effective}", _said(model, error)) from error
        found.append((row.effective, checked))
    return tuple(found)


def _said(model: type[Specification], error: ValidationError) -> list[tuple[str, str]]:
    said = []
    for item in error.errors(include_url=False):
        path = [
            str(part) for part in item["loc"] if not str(part)[:1].isupper()
        ]  # without the members of unions
        text = item["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        value = item.get("input")
        shown = f"{value!r}: " if isinstance(value, str | int | float) else ""
        if item["type"] == "extra_forbidden" and path[0] in table_keys(model):
            shown, text = "", unknown(path[-1], list(_entry_fields(model, path[0])))
        said.append((".".join(path) or "the rules", shown + text[:1].lower() + text[1:]))
    return said


def _entry_fields(model: type[Specification], table: str) -> Iterator[str]:
    yield from getattr(get_args(model.model_fields[table].annotation)[1], "model_fields", {})


def rulebook_names() -> list[str]:
    """Return the names of the rulebooks in the package, sorted."""
    folder = resources.files("exchange") / "rulebook"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
