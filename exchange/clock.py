"""The clock: int nanoseconds of Shanghai wall time, trading days, and the sessions of a trading day.

A moment is the Shanghai wall clock read as if it were UTC, counted in nanoseconds from 1970-01-01. The module
holds no hours of any venue (the rulebook does) and starts nothing: `TradingCalendar.phases` is a list to
follow.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from exchange.codes import Phase
from exchange.parameters import Parameters
from exchange.units import NS_PER_DAY, NS_PER_SECOND

_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = date(2010, 1, 1), date(2026, 12, 31)
_YEARS_AHEAD = 4


def ns(day: date, at: time = time(0)) -> int:
    """Return the nanoseconds of a Shanghai date and wall-clock time."""
    seconds = (at.hour * 60 + at.minute) * 60 + at.second
    return (day - _EPOCH).days * NS_PER_DAY + seconds * NS_PER_SECOND + at.microsecond * 1_000


def wall_clock(at_ns: int) -> datetime:
    """Return the naive Shanghai date and time of a moment, to the microsecond."""
    return datetime(1970, 1, 1) + timedelta(microseconds=at_ns // 1_000)


def day_of(at_ns: int) -> date:
    """Return the Shanghai calendar date of a moment."""
    return _EPOCH + timedelta(days=at_ns // NS_PER_DAY)


def is_weekend(day: date) -> bool:
    """Tell whether a day is a Saturday or a Sunday."""
    return day.weekday() >= 5


def _interval(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    start, _, end = value.partition("-")
    return time.fromisoformat(start.strip()), time.fromisoformat(end.strip())


Interval = Annotated[
    tuple[time, time],
    BeforeValidator(_interval),
    PlainSerializer(lambda pair: f"{pair[0]:%H:%M}-{pair[1]:%H:%M}", return_type=str),
]
"""Start and end on the wall clock, written "21:00-02:30"; an end before the start falls on the next day."""


def _minutes(start: time, end: time) -> int:
    return (60 * (end.hour - start.hour) + end.minute - start.minute) % (24 * 60)


class Session(BaseModel):
    """Give the hours of one session of a trading day: its auction, if any, and its continuous intervals.

    `evening_before`: the session opens on the evening of the previous trading day.
    `auction`: "always", "never", or "without_night" (only on days that no night session opened).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    evening_before: bool = False
    auction: Literal["always", "without_night", "never"] = "never"
    auction_entry: time | None = None
    auction_match: time | None = None
    hours: tuple[Interval, ...]


class Sessions(Parameters):
    """List the sessions of a Shanghai trading day, in order. No night session: leave it out."""

    parts: tuple[Session, ...]

    def without_night(self) -> Sessions:
        """Return the same hours with every session of the evening before taken out."""
        parts = tuple(part for part in self.parts if not part.evening_before)
        return self.model_copy(update={"parts": parts})

    @property
    def open_minutes(self) -> int:
        """The minutes of continuous trading of a day that has all of these sessions."""
        return sum(_minutes(start, end) for part in self.parts for start, end in part.hours)


class OverseasSessions(Parameters):
    """Give the daily hours of an overseas venue in its own time zone, Monday to Friday.

    `opens` after `closes` means that the venue opens on the evening before. Its own holidays are left out.
    """

    time_zone: str
    opens: time
    closes: time

    def intervals(self, start_day: date, end_day: date) -> tuple[tuple[int, int], ...]:
        """Return (open_ns, close_ns), Shanghai wall time, of the sessions dated `start_day` to `end_day`.

        Both days are the venue's own dates and included; a session is dated by the day on which it closes.
        """
        days = (start_day + timedelta(days=k) for k in range((end_day - start_day).days + 1))
        zone, overnight = self.time_zone, timedelta(days=1 if self.opens >= self.closes else 0)
        return tuple(
            (_from_zone(day - overnight, self.opens, zone), _from_zone(day, self.closes, zone))
            for day in days
            if not is_weekend(day)
        )


def _from_zone(day: date, at: time, zone: str) -> int:
    local = datetime.combine(day, at, tzinfo=ZoneInfo(zone))
    shanghai = local.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=8)
    return ns(shanghai.date(), shanghai.time())


@dataclass(frozen=True)
class PhaseChange:
    """From `at_ns` on, the venue is in `phase`; `ends_trading_day` marks the last close of the day."""

    at_ns: int
    phase: Phase
    segment: str
    ends_trading_day: bool = False


class TradingCalendar:
    """Know the trading days of Shanghai, 2010-01-01 to 2026-12-31.

    Source: the XSHG calendar of exchange_calendars, which holds no holidays after 2026; SC trades on the same
    days. `days` stands in for it in tests and what-ifs; then the calendar reaches from the first to the last.

    Months are listed for three years, so that many of their last trading days lie after the calendar's end. There
    `on_or_before` and `trading_days_between`, and no other method, take each weekday for a trading day (assumption:
    holidays are announced year by year; a date found so is provisional).
    """

    def __init__(self, days: Sequence[date] | None = None) -> None:
        if days is None:
            import exchange_calendars  # takes two seconds

            xshg = exchange_calendars.get_calendar("XSHG", start=f"{_FIRST_DAY}", end=f"{_LAST_DAY}")
            self._days = [timestamp.date() for timestamp in xshg.sessions]
            self.first_day, self.last_day = _FIRST_DAY, _LAST_DAY
        else:
            self._days = sorted(days)
            self.first_day, self.last_day = self._days[0], self._days[-1]
        self._foreseen_to = date(self.last_day.year + _YEARS_AHEAD, 12, 31)
        after = (
            self.last_day + timedelta(days=k) for k in range(1, (self._foreseen_to - self.last_day).days + 1)
        )
        self._foreseen = [*self._days, *(day for day in after if not is_weekend(day))]

    def is_trading_day(self, day: date) -> bool:
        """Tell whether Shanghai trades on `day`. Raises LookupError outside the calendar."""
        position = bisect_left(self._days, self._known(day))
        return position < len(self._days) and self._days[position] == day

    def next(self, day: date, count: int = 1) -> date:
        """Return the trading day that is `count` after `day`. Raises LookupError outside the calendar."""
        return self._at(bisect_right(self._days, self._known(day)) + count - 1, day)

    def previous(self, day: date, count: int = 1) -> date:
        """Return the trading day that is `count` before `day`. Raises LookupError outside the calendar."""
        return self._at(bisect_left(self._days, self._known(day)) - count, day)

    def on_or_after(self, day: date) -> date:
        """Return `day` if Shanghai trades on it, else the next trading day."""
        return self._at(bisect_left(self._days, self._known(day)), day)

    def on_or_before(self, day: date) -> date:
        """Return `day` if Shanghai trades on it, else the trading day before; provisional after the calendar's end."""
        position = self._count(day) - 1
        return self._foreseen[position] if position >= len(self._days) else self._at(position, day)

    def trading_days(self, start: date, count: int) -> tuple[date, ...]:
        """Return `count` trading days, the first of them on or after `start`."""
        first = bisect_left(self._days, self._known(start))
        self._at(first + count - 1, start)
        return tuple(self._days[first : first + count])

    def trading_days_between(self, start: date, end: date) -> int:
        """Count the trading days after `start` up to and with `end`; negative when `end` is earlier.

        Those after the calendar's end are provisional.
        """
        return self._count(end) - self._count(start)

    def trading_day_at(self, at_ns: int, night_opens: time = time(16)) -> date:
        """Return the trading day to which a moment belongs: from `night_opens` on, the next one."""
        day = day_of(at_ns)
        evening = at_ns - ns(day) >= ns(_EPOCH, night_opens)
        return self.next(day) if evening else self.on_or_after(day)

    def has_night(self, trading_day: date) -> bool:
        """Tell whether the evening before `trading_day` may have a night session.

        It may when only a weekend lies between the two trading days: there is none on the eve of a holiday.
        """
        evening = self.previous(trading_day)
        gap = (evening + timedelta(days=k) for k in range(1, (trading_day - evening).days))
        return all(is_weekend(day) for day in gap)

    def phases(self, trading_day: date, sessions: Sessions) -> tuple[PhaseChange, ...]:
        """Return the phase changes of a trading day in order of time, its night session first.

        Raises ValueError for a day on which Shanghai does not trade.
        """
        if not self.is_trading_day(trading_day):
            raise ValueError(f"{trading_day} is not a trading day")
        night = self.has_night(trading_day)
        parts = [part for part in sessions.parts if night or not part.evening_before]
        night_opened = any(part.evening_before for part in parts)
        changes: list[PhaseChange] = []
        for part in parts:
            opening_day = self.previous(trading_day) if part.evening_before else trading_day
            auction = part.auction == "always" or (part.auction == "without_night" and not night_opened)
            changes += _session_changes(part, opening_day, auction)
        last = changes[-1]
        changes[-1] = PhaseChange(last.at_ns, last.phase, last.segment, ends_trading_day=True)
        return tuple(changes)

    def _known(self, day: date) -> date:
        if not self.first_day <= day <= self.last_day:
            raise LookupError(f"{day} is outside the trading calendar, {self.first_day} to {self.last_day}")
        return day

    def _count(self, day: date) -> int:
        """Count the trading days to `day` and with it, provisional ones too."""
        if not self.first_day <= day <= self._foreseen_to:
            raise LookupError(
                f"{day} is outside the trading calendar, {self.first_day} to {self.last_day}; after it weekdays "
                f"stand in until {self._foreseen_to}"
            )
        return bisect_right(self._foreseen, day)

    def _at(self, position: int, asked: date) -> date:
        if not 0 <= position < len(self._days):
            raise LookupError(
                f"a trading day counted from {asked} is outside the trading calendar, "
                f"{self.first_day} to {self.last_day}"
            )
        return self._days[position]


def _session_changes(session: Session, opening_day: date, auction: bool) -> list[PhaseChange]:
    midnight = ns(opening_day)
    changes: list[PhaseChange] = []
    if auction:
        if session.auction_entry is None or session.auction_match is None:
            raise ValueError(f"session '{session.name}' has an auction but no times for it")
        for at, phase in (
            (session.auction_entry, Phase.AUCTION_ENTRY),
            (session.auction_match, Phase.AUCTION_MATCH),
        ):
            changes.append(PhaseChange(_at_or_after(midnight, at), phase, session.name))
    for start, end in session.hours:
        opens = _at_or_after(changes[-1].at_ns if changes else midnight, start)
        closes = _at_or_after(opens, end)
        changes.append(PhaseChange(opens, Phase.CONTINUOUS, session.name))
        changes.append(PhaseChange(closes, Phase.BREAK, session.name))
    last = changes[-1]
    changes[-1] = PhaseChange(last.at_ns, Phase.CLOSED, session.name)
    return changes


def _at_or_after(at_ns: int, wall_time: time) -> int:
    moment = ns(day_of(at_ns), wall_time)
    return moment if moment >= at_ns else moment + NS_PER_DAY
