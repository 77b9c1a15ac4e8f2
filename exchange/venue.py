"""A venue on the clock: it leads one product through the phases of its trading days and settles each of them.

It holds no book: a floor does, whether compiled or plain. This is the only module here that knows SimPy.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import simpy

from exchange.clearing.prices import MonthDay, settle_months
from exchange.clock import OverseasSessions, Sessions, TradingCalendar, day_of
from exchange.codes import Phase
from exchange.contracts import ContractMonth, Rulebook
from exchange.limits import price_limits, settlement_price_ticks


@dataclass(frozen=True)
class DayFigures:
    """What a floor counted in a trading day, in ticks and lots; prices are 0 when nothing traded.

    `locked` is +1 when the day's last minutes stood at its upper limit with no seller, -1 at the lower with no buyer,
    else 0.
    """

    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    turnover_tick_lots: int
    open_interest_lots: int
    locked: int


NO_TRADES = DayFigures(0, 0, 0, 0, 0, 0, 0, 0)
"""The figures of a month in which nobody traded."""


@dataclass(frozen=True)
class Settlement:
    """The outcome of a trading day of a month, or of a venue's only series (`month` is None).

    `limits_ticks` is None at a venue without price limits. `locked_days` counts days that closed locked the same way,
    the last of them this one, negative at the lower limit; `first_limit_percent` was the usual limit on the first.
    """

    trading_day: date
    figures: DayFigures
    settlement_ticks: int
    limits_ticks: tuple[int, int] | None
    limit_percent: int | None
    month: ContractMonth | None = None
    previous_settlement_ticks: int = 0
    locked_days: int = 0
    first_limit_percent: int = 0


@dataclass(frozen=True)
class Terms:
    """How a month opens its day: its previous settlement price and its price limits, None where there are none.

    `usual_percent` is the limit that would hold without locked days before. A month that is `halted` has a day like
    the others, but no phase of it trades.
    """

    previous_settlement_ticks: int
    limits_ticks: tuple[int, int] | None
    limit_percent: int | None = None
    halted: bool = False
    usual_percent: int = 0


class Floor(Protocol):
    """Where one series trades: it opens days, changes phases, counts."""

    def open_day(self, previous_settlement_ticks: int, limits_ticks: tuple[int, int] | None) -> None:
        """Begin a trading day with an empty book between the limits, or in a wide band where there are none."""
        ...

    def set_phase(self, phase: Phase) -> None:
        """Change the phase; leaving an auction uncrosses it."""
        ...

    def close_day(self) -> DayFigures:
        """Cancel what rests and return what the day counted."""
        ...


Month = ContractMonth | None


class ProductFloor(Protocol):
    """Where the months of a product trade. The key None stands for a product that trades as one series."""

    def open_day(self, day: date, terms: Mapping[Month, Terms]) -> None:
        """Begin a trading day with an empty book for each month that has traders."""
        ...

    def set_phase(self, phase: Phase) -> None:
        """Change the phase of all books; leaving an auction uncrosses them."""
        ...

    def close_day(self) -> Mapping[Month, DayFigures]:
        """Cancel what rests and return what the day counted, for the months that have a book."""
        ...


class OneSeries:
    """Let a floor with one book stand as a product's: its front contract, rolled without a spread."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._halted = floor, False

    def open_day(self, day: date, terms: Mapping[Month, Terms]) -> None:
        """Begin the day of the only series."""
        self._halted = terms[None].halted
        self._floor.open_day(terms[None].previous_settlement_ticks, terms[None].limits_ticks)

    def set_phase(self, phase: Phase) -> None:
        """Change the phase; a halted day has none."""
        self._floor.set_phase(Phase.CLOSED if self._halted else phase)

    def close_day(self) -> Mapping[Month, DayFigures]:
        """Return what the day counted."""
        return {None: self._floor.close_day()}


Publish = Callable[[Settlement], None]


class DomesticVenue:
    """Run an INE product over `days`; `sessions_on` gives the hours in force on a trading day.

    `settled_ticks` are the settlement prices before the first day, by month; its keys say whether months trade apart
    or as one series (None). Limits follow the rulebook of the day, listing days included, and the ladder after days
    locked the same way. Months are published nearest first; `expire` is told of each month on its last trading day.
    `opened` and `closed` are told of a day when its books have opened and when all of it is published; a month that
    `is_halted` keeps its count of locked days.
    """

    def __init__(
        self,
        env: simpy.Environment,
        floor: ProductFloor,
        rulebook: Rulebook,
        calendar: TradingCalendar,
        days: Sequence[date],
        *,
        settled_ticks: Mapping[Month, int],
        sessions_on: Callable[[date], Sessions],
        publish: Publish,
        expire: Publish | None = None,
        limit_on: Callable[[date, int], int] = lambda day, percent: percent,
        opened: Callable[[date, Mapping[Month, Terms]], None] = lambda day, terms: None,
        closed: Callable[[date, Mapping[Month, Settlement]], None] = lambda day, outcomes: None,
        is_halted: Callable[[date, Month], bool] = lambda day, month: False,
    ) -> None:
        self._env, self._floor, self._rulebook, self._calendar = env, floor, rulebook, calendar
        self._sessions_on, self._publish, self._expire = sessions_on, publish, expire
        self._limit_on, self._opened, self._closed, self._is_halted = limit_on, opened, closed, is_halted
        self._settled: dict[Month, int] = dict(settled_ticks)
        self._locked: dict[Month, int] = {}
        self._first_limit_percent: dict[Month, int] = {}
        env.process(self._run(days))

    def _run(self, days: Sequence[date]) -> Generator[simpy.Event, Any, None]:
        for day in days:
            changes = self._calendar.phases(day, self._sessions_on(day))
            yield self._env.timeout(max(0, changes[0].at_ns - self._env.now))
            terms = {month: self._terms(month, day) for month in self._months(day)}
            self._floor.open_day(day, terms)
            self._opened(day, terms)
            for change in changes:
                yield self._env.timeout(max(0, change.at_ns - self._env.now))
                self._floor.set_phase(change.phase)
            self._close(day, terms)

    def count_anew(self, month: Month) -> None:
        """Begin the count of a month's locked days anew, as after a forced reduction."""
        self._locked[month] = 0

    def _months(self, day: date) -> list[Month]:
        """Return the months of a day, nearest first; a new one starts at its neighbour's settlement price."""
        if None in self._settled:
            return [None]
        found: list[Month] = []
        for month in self._rulebook.listed_months(day, self._calendar):
            if month not in self._settled:
                known = [each for each in self._settled if each is not None]
                neighbour = min(known, key=lambda each: (abs(each.months_to(month)), each))
                self._settled[month] = self._settled[neighbour]
            found.append(month)
        return found

    def _terms(self, month: Month, day: date) -> Terms:
        spec, settled = self._rulebook.on(day), self._settled[month]
        percent = spec.price_limit_percent
        if month is not None:
            percent = spec.limit_percent(month, day, self._calendar)
        halted = self._is_halted(day, month)
        if percent is None:
            return Terms(settled, None, halted=halted)
        locked, usual = abs(self._locked.get(month, 0)), self._limit_on(day, percent)
        percent = spec.stepped_limit_percent(usual, locked, self._first_limit_percent.get(month, usual))
        return Terms(settled, price_limits(settled, percent), percent, halted, usual)

    def _close(self, day: date, terms: Mapping[Month, Terms]) -> None:
        counted = self._floor.close_day()
        figures = {month: counted.get(month, NO_TRADES) for month in terms}
        settled = settle_months([_month_day(terms[month], figures[month]) for month in terms])
        outcomes: dict[Month, Settlement] = {}
        for month, ticks in zip(terms, settled, strict=True):
            way, before = figures[month].locked, self._locked.get(month, 0)
            same_way = way != 0 and way * before >= 0
            term = terms[month]
            if not term.halted:
                self._locked[month] = before + way if same_way else way
                if abs(self._locked[month]) == 1:
                    self._first_limit_percent[month] = term.usual_percent
            self._settled[month] = ticks
            outcome = Settlement(
                day, figures[month], ticks, term.limits_ticks, term.limit_percent, month,
                term.previous_settlement_ticks, self._locked[month],
                self._first_limit_percent.get(month, 0),
            )  # fmt: skip
            outcomes[month] = outcome
            self._publish(outcome)
            if self._expires(month, day):
                if self._expire is not None:
                    self._expire(outcome)
                del self._settled[month]
        self._closed(day, outcomes)

    def _expires(self, month: Month, day: date) -> bool:
        if month is None:
            return False
        return self._rulebook.on(day).last_trading_day(month, self._calendar) == day


def _month_day(terms: Terms, figures: DayFigures) -> MonthDay:
    traded = None
    if figures.volume_lots:
        traded = settlement_price_ticks(figures.turnover_tick_lots, figures.volume_lots, 0)
    if terms.limits_ticks is None:
        return MonthDay(terms.previous_settlement_ticks, traded)
    low, high = terms.limits_ticks
    locked = {1: high, -1: low}.get(figures.locked)
    return MonthDay(terms.previous_settlement_ticks, traded, low, high, locked)


class OverseasVenue:
    """Run an overseas product through the sessions that overlap a span; each session is a day of its own.

    A session's settlement is the volume-weighted mean of its trades, an assumption where the venue has another rule.
    """

    def __init__(
        self,
        env: simpy.Environment,
        floor: Floor,
        sessions: OverseasSessions,
        span: tuple[date, date],
        *,
        previous_settlement_ticks: int,
        publish: Publish,
    ) -> None:
        self._env, self._floor = env, floor
        self._publish = publish
        self._settled = previous_settlement_ticks
        env.process(self._run(sessions.intervals(*span)))

    def _run(self, intervals: Sequence[tuple[int, int]]) -> Generator[simpy.Event, Any, None]:
        for opens, closes in intervals:
            if closes <= self._env.now:
                continue
            yield self._env.timeout(max(0, opens - self._env.now))
            self._floor.open_day(self._settled, None)
            self._floor.set_phase(Phase.CONTINUOUS)
            yield self._env.timeout(closes - self._env.now)
            self._floor.set_phase(Phase.CLOSED)
            figures = self._floor.close_day()
            self._settled = settlement_price_ticks(
                figures.turnover_tick_lots, figures.volume_lots, self._settled
            )
            self._publish(Settlement(day_of(opens), figures, self._settled, None, None))
