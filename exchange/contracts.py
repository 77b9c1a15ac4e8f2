"""Contract specifications, dated: what the rulebook says of a product on a day.

The figures stand in rulebook/*.toml. The module holds no price and no phase of a venue.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from operator import itemgetter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from exchange.clock import OverseasSessions, Sessions, TradingCalendar
from exchange.codes import PriceRule
from exchange.parameters import Parameters

LastTradingDayRule = Literal["last_of_month_before_delivery", "last_of_second_month_before_delivery"]


@dataclass(frozen=True, order=True)
class ContractMonth:
    """Name a delivery month."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> ContractMonth:
        """Return the calendar month of a day."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        """The first calendar day of the month."""
        return date(self.year, self.month, 1)

    def plus(self, months: int) -> ContractMonth:
        """Return the month that is `months` later (or earlier, when negative)."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return ContractMonth(year, month + 1)

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


class ContractSpec(Specification):
    """State the rules of a futures contract on one day.

    Percentages are whole numbers of the previous settlement; lots are one-sided. None: the venue has no such
    rule. `position_limits_lots`: to the end of the third month before delivery, in the second, and in the one
    before it. `*_trading_days` count back from the last trading day, which is 0.
    """

    lot_bbl: int = Field(gt=0)
    price_rule: PriceRule
    order_kinds: tuple[str, ...]
    max_order_lots: int = Field(gt=0)
    sessions: Sessions | OverseasSessions
    last_trading_day_rule: LastTradingDayRule
    listed_consecutive_months: int
    roll_trading_days: int
    listed_quarterly_months: int | None = None
    price_limit_percent: int | None = None
    statutory_limit_percent: int | None = None
    statutory_margin_percent: int | None = None
    listing_day_limit_multiple: int | None = None
    limit_steps_after_locked_days_percent: tuple[int, ...] = ()
    margin_spec_percent: int | None = None
    margin_hedge_percent: int | None = None
    margin_above_stepped_limit_percent: int | None = None
    margin_month_before_delivery_percent: int | None = None
    margin_near_expiry_percent: int | None = None
    near_expiry_trading_days: int | None = None
    fee_cny_per_lot: float | None = None
    delivery_fee_cny_per_bbl: float | None = None
    delivery_period_trading_days: int | None = None
    storage_fee_cny_per_bbl_day: float | None = None
    position_limits_lots: tuple[int, int, int] | None = None
    person_exit_trading_days: int | None = None
    opening_limit_lots_per_day: int | None = None
    deliverable_short_trading_days: int | None = None
    tas_widest_ticks: int | None = None

    @field_validator("price_rule", mode="before")
    @classmethod
    def _rule_by_name(cls, value: Any) -> Any:
        return PriceRule[value] if isinstance(value, str) and value in PriceRule.__members__ else value

    def last_trading_day(self, month: ContractMonth, calendar: TradingCalendar) -> date:
        """Return the last trading day of a delivery month. Raises LookupError outside the calendar."""
        months_ahead = 0 if self.last_trading_day_rule == "last_of_month_before_delivery" else -1
        return calendar.on_or_before(month.plus(months_ahead).first_day - timedelta(days=1))

    def days_to_expiry(self, month: ContractMonth, day: date, calendar: TradingCalendar) -> int:
        """Count the trading days from `day` to the last trading day, which is 0; negative after it."""
        return calendar.trading_days_between(day, self.last_trading_day(month, calendar))

    def main_contract(self, day: date, calendar: TradingCalendar) -> ContractMonth:
        """Return the front contract: the nearest whose last trading day is at least `roll_trading_days` away.

        The first day on which the next month is main is therefore the day after that count is reached.
        """
        month = ContractMonth.of(day).plus(1)
        while self.days_to_expiry(month, day, calendar) < self.roll_trading_days:
            month = month.plus(1)
        return month

    def margin_percent(
        self, month: ContractMonth, day: date, calendar: TradingCalendar, *, hedge: bool = False
    ) -> int | None:
        """Return the margin in percent: the base, or a step of the ladder to delivery if higher."""
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
        """Return the largest position of a client in a delivery month on a day, in lots."""
        if self.position_limits_lots is None:
            return None
        far, second_month, month_before = self.position_limits_lots
        if ContractMonth.of(day) >= month.plus(-1):
            return month_before
        return second_month if ContractMonth.of(day) == month.plus(-2) else far


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


class Row(BaseModel):
    """Set some keys of a specification from a trading day on; all other keys stay as they were."""

    model_config = ConfigDict(frozen=True, extra="allow")

    effective: date
    source: str = Field(min_length=1)
    confidence: Literal["high", "medium", "low"]

    @property
    def figures(self) -> dict[str, Any]:
        """The keys that the row sets."""
        return dict(self.model_extra or {})


@dataclass(frozen=True)
class Rulebook:
    """Hold the dated rules of one product: its rows, and the specification from each of their dates on."""

    name: str
    rows: tuple[Row, ...]
    specifications: tuple[tuple[date, Specification], ...]

    @classmethod
    def load(cls, name: str) -> Rulebook:
        """Read and check a rulebook of the package. Raises LookupError (unknown name) or ValueError."""
        file = resources.files("exchange") / "rulebook" / f"{name}.toml"
        if name not in rulebook_names():
            raise LookupError(f"no rulebook '{name}'; there are {', '.join(rulebook_names())}")
        return cls.parse(file.read_text(encoding="utf-8"))

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
        rows.sort(key=lambda row: row.effective)
        name, model = document["name"], _KINDS[document["kind"]]
        days = sorted({row.effective for row in rows})
        return cls(name, tuple(rows), tuple((day, _specification(name, model, rows, day)) for day in days))

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


def _specification(name: str, model: type[Specification], rows: Sequence[Row], day: date) -> Specification:
    figures: dict[str, Any] = {}
    source: dict[str, str] = {}
    confidence: dict[str, str] = {}
    for row in rows:
        if row.effective <= day:
            figures |= row.figures
            source |= dict.fromkeys(row.figures, row.source)
            confidence |= dict.fromkeys(row.figures, row.confidence)
    try:
        return model.model_validate({**figures, "source": source, "confidence": confidence})
    except ValidationError as error:
        raise ValueError(f"{name} on {day}: {error}") from error


def rulebook_names() -> list[str]:
    """Return the names of the rulebooks in the package, sorted."""
    folder = resources.files("exchange") / "rulebook"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
