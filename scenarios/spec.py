"""The scenario: everything that a run is told, read from TOML and checked as a whole.

It declares and checks; it builds no world. The figures of each domain are declared beside the domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from agents.clearing.parameters import ClearingParameters
from agents.crude.levers import DeliveryBaseExpansion
from agents.crude.parameters import CrudeParameters
from agents.gas.network import Network
from agents.gas.parameters import GasParameters
from agents.gas.shocks import PipelineEdge, unknown_names
from agents.prices import PriceHistory
from agents.shocks import Event
from agents.traders.parameters import TraderParameters
from agents.world_price import Price, WorldPrice
from agents.world_price import history as published
from exchange.clock import TradingCalendar
from exchange.contracts import Rulebook
from exchange.delivery import base_key
from exchange.parameters import Parameters
from exchange.rows import RulebookError
from scenarios.counterfactual import Counterfactual, what_if
from scenarios.levers import (
    AnyEvent,
    CrudeEvent,
    GasEvent,
    NightSessionSuspension,
    RuleChange,
    VenueEvent,
)
from scenarios.prices_file import read_prices
from scenarios.recorded import Recorded, measures
from scenarios.rulebooks import OF_PRODUCTS, idle_rules
from scenarios.shocks import FIELDS, resolve
from scenarios.tomlfile import BadInput, Document, did_you_mean, load
from scenarios.validation import validate


class Period(Parameters):
    """The days of a run. The slow world starts early, so that stocks, fleets and contracts settle."""

    slow_start: date
    first_trading_day: date
    trading_days: int = Field(
        ge=0, le=2000, description="days of full order flow; 0 leaves crude prices given"
    )
    slow_end: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if not self.slow_start < self.first_trading_day <= self.slow_end:
            raise ValueError("slow_start < first_trading_day <= slow_end must hold")
        return self


class Measurement(Parameters):
    """How influence is measured, and how much work the quick profile spends on it."""

    replications: int = Field(ge=1, le=10_000)
    origin_samples: int = Field(ge=0, le=10_000, description="0 leaves the origin share out")
    origin_horizon_trading_days: int = Field(ge=1, le=20)
    pass_through_samples: int = Field(ge=0, le=10_000, description="0 leaves pass-through out")
    marker_samples: int = Field(default=0, ge=0, le=10_000, description="0 leaves the marker's measure out")
    programme_lots_sc: int = Field(ge=1)
    programme_lots_oman: int = Field(ge=1)
    programme_lots_brent: int = Field(ge=1)
    programme_minutes: int = Field(ge=1, le=240)
    pass_through_horizon_minutes: int = Field(ge=1, le=1440)
    pass_through_days: int = Field(ge=1, le=20, description="trading days for which a push is followed")
    pass_through_start_day: int = Field(
        default=0, ge=0, description="trading days after the first one, to the day of the push"
    )
    news_bps: float = Field(gt=0, le=1000, description="size of the news whose pass-through is measured")
    clock_seconds: int = Field(ge=1, le=3600, description="the common clock of information shares")
    lags: int = Field(ge=1, le=60, description="order K of the vector error correction")
    beta: Literal["unit", "estimate"]

    @model_validator(mode="after")
    def _while_sc_trades(self) -> Measurement:
        """Hold the programme, from 10:35 on, and the ten minutes before its horizon to SC's hours."""
        horizon = self.pass_through_horizon_minutes
        if self.programme_minutes > 55:
            raise ValueError(
                "programme_minutes must be 55 or less: it starts at 10:35, SC's morning ends at 11:30"
            )
        if not (self.programme_minutes <= horizon <= 55 or 185 <= horizon <= 265):
            raise ValueError(
                "pass_through_horizon_minutes must fall into SC's hours after 10:35: from programme_minutes to 55, or "
                "from 185 to 265"
            )
        return self


class Scenario(Parameters):
    """A whole scenario. Base arm: without `shocks` and `levers`; changed arm: with them.

    `conditions` are events of both arms: the winter in which a lever is tried.
    """

    title: str
    description: str = ""
    period: Period
    world_price: WorldPrice
    traders: TraderParameters
    clearing: ClearingParameters
    crude: CrudeParameters
    gas: GasParameters
    measurement: Measurement
    user_prices_brent_usd_per_bbl: dict[date, Price] = Field(
        default={}, description="a user's own daily prices: what --prices reads from a file"
    )
    conditions: tuple[AnyEvent, ...] = ()
    shocks: tuple[AnyEvent, ...] = ()
    levers: tuple[AnyEvent, ...] = ()
    counterfactuals: dict[str, Counterfactual] = Field(
        default={}, description="questions to this scenario, asked by --counterfactual NAME"
    )
    recorded: tuple[Recorded, ...] = Field(default=(), description="what is known of the period from outside")

    @property
    def events(self) -> tuple[Event, ...]:
        """All shocks and levers, in the order of the file."""
        return (*self.shocks, *self.levers)

    def happenings(self, *, changed: bool) -> tuple[Event, ...]:
        """Return what happens in an arm: the conditions of both, and in the changed one the events."""
        return (*self.conditions, *(self.events if changed else ()))

    @property
    def touches_crude(self) -> bool:
        """Whether any event can move the crude side; gas does not feed back on crude."""
        return any(isinstance(event, VenueEvent | CrudeEvent) for event in self.events)


@dataclass(frozen=True)
class LoadedScenario:
    """A checked scenario with its name, its resolved text, and the user's own prices, if any."""

    name: str
    scenario: Scenario
    values: dict[str, Any]
    prices: PriceHistory | None = None

    @cached_property
    def calendar(self) -> TradingCalendar:
        """The trading calendar of Shanghai."""
        return TradingCalendar()

    def describe(self) -> list[str]:
        """Return what is run in a few lines: title, days, and what changes."""
        period = self.scenario.period
        lines = [f"{self.name}: {self.scenario.title}"]
        lines.append(
            f"{period.trading_days} trading days of order flow from {period.first_trading_day}; cargoes, tanks and "
            f"gas from {period.slow_start} to {period.slow_end}"
        )
        if self.prices is not None:
            lines.append("world price: your own series")
        kinds = (
            ("in both arms", self.scenario.conditions),
            ("shock", self.scenario.shocks),
            ("lever", self.scenario.levers),
        )
        for word, events in kinds:
            for event in events:
                told = event.model_dump(mode="json", exclude={"source", "kind"}, exclude_none=True)
                values = ", ".join(f"{key} {_said(value)}" for key, value in told.items() if value != {})
                lines.append(f"{word}: {getattr(event, 'kind', '')} ({values})")
        return lines

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "calendar"}


def _said(value: Any) -> str:
    """Return a value of an event in words: a path by date as 2020-02-03 40, 2020-03-11 110."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {_said(part)}" for key, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def load_scenario(
    name_or_path: str | Path,
    sets: list[str] | None = None,
    prices: Path | None = None,
    counterfactual: str | None = None,
) -> LoadedScenario:
    """Read and check a scenario of the library or a file, or one of its counterfactuals.

    Raises BadInput with every problem at once.
    """
    document = resolve(load(name_or_path, sets or []))
    scenario = validate(Scenario, document)
    problems = _places_and_dates(scenario, document, own_prices=prices is not None)
    if problems:
        raise BadInput(problems)
    name = Path(name_or_path).stem
    if counterfactual is not None:
        values = what_if(name, document.values, counterfactual)
        document, name = Document(document.name, values, {}), f"{name}-{counterfactual}"
        scenario = validate(Scenario, document)
    own = sorted(scenario.user_prices_brent_usd_per_bbl.items())
    history = published("brent_usd_per_bbl", own) if own else None
    if prices is not None:
        history = read_prices(prices, scenario.period.slow_start, scenario.period.slow_end)
    return LoadedScenario(name, scenario, document.values, history)


def _places_and_dates(scenario: Scenario, document: Document, *, own_prices: bool) -> list[str]:
    """Return what is wrong with the dates, and with names that an event gives; `own_prices` come from a file."""
    problems: list[str] = []
    period, told = scenario.period, scenario.measurement
    calendar = TradingCalendar()

    def at(*path: str | int) -> str:
        return f"{document.origin(path)}: {_dotted(path)}"

    for key in ("slow_start", "first_trading_day", "slow_end"):
        day = getattr(period, key)
        if not calendar.first_day <= day <= calendar.last_day:
            problems.append(
                f"{at('period', key)} = {day}: is outside the trading calendar, "
                f"{calendar.first_day} to {calendar.last_day}"
            )
    if problems:
        return problems
    begins = Rulebook.load("ine_sc").first_day
    if period.trading_days and period.first_trading_day < begins:
        problems.append(
            f"{at('period', 'first_trading_day')} = {period.first_trading_day}: SC has rules from {begins} on"
        )
    try:
        days = calendar.trading_days(period.first_trading_day, max(1, period.trading_days))
    except LookupError as error:
        return [*problems, f"{at('period', 'trading_days')} = {period.trading_days}: {error}"]
    if days[-1] > period.slow_end:
        problems.append(
            f"{at('period', 'trading_days')} = {period.trading_days}: the last trading day {days[-1]} is after "
            f"slow_end {period.slow_end}"
        )
    if told.pass_through_start_day and told.pass_through_start_day >= period.trading_days:
        problems.append(
            f"{at('measurement', 'pass_through_start_day')} = {told.pass_through_start_day}: must be less than "
            f"period.trading_days, {period.trading_days}"
        )
    if not own_prices and not problems:
        problems += [f"{at(key)}: {text}" for key, text in _uncovered(scenario)]
    events: list[tuple[tuple[str | int, ...], Event]]
    events = [((field, k), event) for field in FIELDS for k, event in enumerate(getattr(scenario, field))]
    for name, asked in scenario.counterfactuals.items():
        events += [(("counterfactuals", name, "levers", k), event) for k, event in enumerate(asked.levers)]
    for place, event in events:
        problems += [
            f"{at(*place, key)} = {text}" for key, text in _event_problems(scenario, event, calendar)
        ]
    known = list(measures(scenario.gas)) if scenario.recorded else []
    for k, record in enumerate(scenario.recorded):
        if record.measure not in known:
            text = f'"{record.measure}": no such measure{did_you_mean(record.measure, known)}'
            problems.append(f"{at('recorded', k, 'measure')} = {text}")
        if not period.slow_start <= record.first <= record.last <= period.slow_end:
            problems.append(
                f"{at('recorded', k, 'first')} = {record.first}: its days must lie within the slow world"
            )
    return problems


def _uncovered(scenario: Scenario) -> list[tuple[str, str]]:
    """Return what is missing of the given prices: they must reach to the order flow, or to the end without one."""
    period = scenario.period
    first, last = period.slow_start, period.first_trading_day if period.trading_days else period.slow_end
    gas = {"gas.henry_hub": scenario.gas.henry_hub.monthly_mean_usd_per_mmbtu}
    if scenario.gas.europe is not None:
        gas["gas.europe"] = scenario.gas.europe.monthly_mean_ttf_usd_per_mmbtu
    for table, means in gas.items():
        if min(means) > f"{period.slow_start:%Y-%m}":
            text = f"monthly means begin in {min(means)}, needed from {period.slow_start:%Y-%m} on"
            return [(table, text)]
    months = sorted(scenario.world_price.monthly_mean_brent_usd_per_bbl)
    own = sorted(scenario.user_prices_brent_usd_per_bbl)
    if own and not own[0] <= first <= last <= own[-1]:
        return [
            ("user_prices_brent_usd_per_bbl", f"reach from {own[0]} to {own[-1]}, needed {first} to {last}")
        ]
    if not own and not months[0] <= f"{first:%Y-%m}" <= f"{last:%Y-%m}" <= months[-1]:
        text = f"monthly means reach from {months[0]} to {months[-1]}, needed {first:%Y-%m} to {last:%Y-%m}"
        return [("world_price", f"{text}; add months, or give your own with --prices")]
    return []


def _event_problems(scenario: Scenario, event: Event, calendar: TradingCalendar) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    try:
        day = calendar.trading_days(scenario.period.first_trading_day, event.start_day + 1)[-1]
        if day > scenario.period.slow_end:
            found.append(
                ("start_day", f"{event.start_day}: that is {day}, after slow_end {scenario.period.slow_end}")
            )
    except LookupError as error:
        return [("start_day", f"{event.start_day}: {error}")]
    if isinstance(event, NightSessionSuspension):
        try:
            calendar.trading_days(day, event.duration_trading_days)
        except LookupError as error:
            found.append(("duration_trading_days", f"{event.duration_trading_days}: {error}"))
    if isinstance(event, RuleChange):
        if event.product == "lu" and not scenario.traders.curve.lu_active_months:
            found.append(("product", '"lu": nobody trades it here; give traders.curve.lu_active_months'))
        problems = idle_rules(event)
        try:
            Rulebook.load(OF_PRODUCTS[event.product]).with_overrides(event.rules, day)
        except RulebookError as error:
            problems += error.problems
        known = [base_key(depot.name) for depot in scenario.crude.depots]
        differentials = "location_differential_cny_per_bbl"
        named = [*event.rules.get(differentials, ())]
        named += [key.partition(".")[2] for key in event.rules if key.startswith(f"{differentials}.")]
        problems += [
            (
                f"{differentials}.{base}",
                f"no such base{did_you_mean(base, known) or '.'} Bases: {', '.join(known)}",
            )
            for base in named
            if base not in known
        ]
        found += [("rules", f"{key}: {text}") for key, text in problems]
    if isinstance(event, DeliveryBaseExpansion) and event.base is not None:
        names = [depot.name for depot in scenario.crude.depots]
        if event.base not in names:
            near = did_you_mean(event.base, names)
            found.append(
                ("base", f'"{event.base}": no such delivery base{near or "."} Bases: {", ".join(names)}')
            )
    if isinstance(event, GasEvent):
        for key, name, known in unknown_names(event, scenario.gas):
            found.append((key, f'"{name}": must be one of {", ".join(known) or "none"}'))
    if isinstance(event, PipelineEdge):
        network = Network(scenario.gas.network, scenario.gas.terminals, scenario.gas.demand.sectors)
        try:
            network.check_edge(event.edge, event.from_node, event.to_node)
        except ValueError as error:
            found.append(("edge", f'"{event.edge}": {error}'))
    return found


def _dotted(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
