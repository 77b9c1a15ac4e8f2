"""A venue on the clock: it leads one product through the phases of its trading days and settles each of them.

It holds no book: a floor does, whether compiled or plain. This is the only module here that knows SimPy.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import simpy

from exchange.clock import OverseasSessions, Sessions, TradingCalendar, day_of
from exchange.codes import Phase
from exchange.contracts import Rulebook
from exchange.limits import limit_after_locked_days, price_limits, settlement_price_ticks


@dataclass(frozen=True)
class DayFigures:
    """What a floor counted in a trading day, in ticks and lots; prices are 0 when nothing traded.

    `locked` is +1 when the day closed at its upper limit with no seller, -1 at the lower with no buyer, else 0.
    """

    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    turnover_tick_lots: int
    open_interest_lots: int
    locked: int


@dataclass(frozen=True)
class Settlement:
    """The outcome of a trading day. `limits_ticks` is None at a venue without price limits."""

    trading_day: date
    figures: DayFigures
    settlement_ticks: int
    limits_ticks: tuple[int, int] | None
    limit_percent: int | None


class Floor(Protocol):
    """Where a product trades: it opens days, changes phases, counts."""

    def open_day(self, previous_settlement_ticks: int, limits_ticks: tuple[int, int] | None) -> None:
        """Begin a trading day with an empty book between the limits, or in a wide band where there are none."""
        ...

    def set_phase(self, phase: Phase) -> None:
        """Change the phase; leaving an auction uncrosses it."""
        ...

    def close_day(self) -> DayFigures:
        """Cancel what rests and return what the day counted."""
        ...


Publish = Callable[[Settlement], None]


class DomesticVenue:
    """Run an INE product over `days`; `sessions_on` gives the hours in force on a trading day.

    Limits follow the rulebook of the day, and the ladder after days locked the same way.
    """

    def __init__(
        self,
        env: simpy.Environment,
        floor: Floor,
        rulebook: Rulebook,
        calendar: TradingCalendar,
        days: Sequence[date],
        *,
        previous_settlement_ticks: int,
        sessions_on: Callable[[date], Sessions],
        publish: Publish,
    ) -> None:
        self._env, self._floor, self._rulebook, self._calendar = env, floor, rulebook, calendar
        self._sessions_on, self._publish = sessions_on, publish
        self._settled, self._locked = previous_settlement_ticks, 0
        env.process(self._run(days))

    def _run(self, days: Sequence[date]) -> Generator[simpy.Event, Any, None]:
        for day in days:
            changes = self._calendar.phases(day, self._sessions_on(day))
            spec = self._rulebook.on(day)
            percent = spec.price_limit_percent
            limits = None
            if percent is not None:
                steps = spec.limit_steps_after_locked_days_percent
                percent = limit_after_locked_days(percent, abs(self._locked), steps)
                limits = price_limits(self._settled, percent)
            yield self._env.timeout(max(0, changes[0].at_ns - self._env.now))
            self._floor.open_day(self._settled, limits)
            for change in changes:
                yield self._env.timeout(max(0, change.at_ns - self._env.now))
                self._floor.set_phase(change.phase)
            figures = self._floor.close_day()
            self._settled = settlement_price_ticks(
                figures.turnover_tick_lots, figures.volume_lots, self._settled
            )
            same_way = figures.locked != 0 and figures.locked * self._locked >= 0
            self._locked = self._locked + figures.locked if same_way else figures.locked
            self._publish(Settlement(day, figures, self._settled, limits, percent))


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
