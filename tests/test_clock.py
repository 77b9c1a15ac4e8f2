"""Trading days, sessions and the phases of a day."""

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from exchange.clock import (
    OverseasSessions,
    Session,
    Sessions,
    TradingCalendar,
    day_of,
    ns,
    wall_clock,
)
from exchange.contracts import Rulebook

SESSIONS_FILE = Path(__file__).parents[2] / "shared/data/xshg-sessions/xshg_sessions_2015_2026.csv"


@pytest.fixture(scope="module")
def calendar() -> TradingCalendar:
    return TradingCalendar()


@pytest.fixture(scope="module")
def sc() -> Rulebook:
    return Rulebook.load("ine_sc")


def table(calendar: TradingCalendar, sc: Rulebook, day: date) -> list[str]:
    changes = calendar.phases(day, sc.on(day).sessions)
    assert [change.at_ns for change in changes] == sorted(change.at_ns for change in changes)
    assert [change.ends_trading_day for change in changes] == [False] * (len(changes) - 1) + [True]
    return [f"{wall_clock(each.at_ns):%m-%d %H:%M} {each.segment} {each.phase.name}" for each in changes]


DAY = ["{} 09:00 day CONTINUOUS", "{} 10:15 day BREAK", "{} 10:30 day CONTINUOUS", "{} 11:30 day BREAK"]
DAY += ["{} 13:30 day CONTINUOUS", "{} 15:00 day CLOSED"]
DAY_AUCTION = ["{} 08:55 day AUCTION_ENTRY", "{} 08:59 day AUCTION_MATCH"]


def night(evening: str, morning: str) -> list[str]:
    return [
        f"{evening} 20:55 night AUCTION_ENTRY",
        f"{evening} 20:59 night AUCTION_MATCH",
        f"{evening} 21:00 night CONTINUOUS",
        f"{morning} 02:30 night CLOSED",
    ]


def day(label: str, *, auction: bool) -> list[str]:
    return [line.format(label) for line in (DAY_AUCTION if auction else []) + DAY]


@pytest.mark.parametrize(
    ("trading_day", "expected"),
    [
        # an ordinary Monday: its night session is Friday's evening
        (date(2024, 11, 4), night("11-01", "11-02") + day("11-04", auction=True)),
        # the day after National Day: no night session on the eve, 2024-09-30
        (date(2024, 10, 8), day("10-08", auction=True)),
        (date(2024, 9, 30), night("09-27", "09-28") + day("09-30", auction=True)),
        # night sessions are suspended from 2020-02-03; each day opens with an auction
        (date(2020, 2, 3), day("02-03", auction=True)),
        (date(2020, 3, 10), day("03-10", auction=True)),
        # 2020-05-06 follows a holiday; the first night session back is its evening
        (date(2020, 5, 6), day("05-06", auction=True)),
        (date(2020, 5, 7), night("05-06", "05-07") + day("05-07", auction=False)),
        # a day auction after a night session from 2023-05-26 only
        (date(2023, 5, 25), night("05-24", "05-25") + day("05-25", auction=False)),
        (date(2023, 5, 26), night("05-25", "05-26") + day("05-26", auction=True)),
        # before 2023 the day auction ran when there had been no night session
        (date(2022, 10, 10), day("10-10", auction=True)),
        # a holiday in the middle of a week (2024-05-01 to 05-05) and the first day of the contract
        (date(2024, 5, 6), day("05-06", auction=True)),
        (date(2018, 3, 26), day("03-26", auction=True)),
        (date(2018, 3, 27), night("03-26", "03-27") + day("03-27", auction=False)),
    ],
)
def test_phases_of_sc(calendar, sc, trading_day, expected):
    assert table(calendar, sc, trading_day) == expected


def test_a_lever_takes_the_night_away_or_gives_other_hours(calendar, sc):
    hours = sc.on(date(2024, 11, 4)).sessions
    assert {change.segment for change in calendar.phases(date(2024, 11, 4), hours.without_night())} == {"day"}
    marker = Session(name="marker", hours=("16:00-17:00",))
    longer = Sessions(source="assumption: what-if", parts=(*hours.parts, marker))
    changes = calendar.phases(date(2024, 11, 4), longer)
    assert (f"{wall_clock(changes[-1].at_ns)}", changes[-1].ends_trading_day) == ("2024-11-04 17:00:00", True)
    assert sum(change.ends_trading_day for change in changes) == 1


def test_hours_are_data_and_come_back_from_it(sc):
    hours = sc.on(date(2024, 11, 4)).sessions
    assert hours.model_dump(mode="json")["parts"][0]["hours"] == ["21:00-02:30"]
    assert Sessions.model_validate(hours.model_dump(mode="json")) == hours
    with pytest.raises(ValueError, match="half past nine"):
        Session(name="day", hours=("half past nine",))


def test_intervals_after_midnight_fall_on_the_next_day(calendar):
    late = Session(name="night", evening_before=True, hours=("21:00-23:30", "00:30-02:30"))
    changes = calendar.phases(date(2024, 11, 5), Sessions(source="assumption: what-if", parts=(late,)))
    assert [f"{wall_clock(change.at_ns):%d %H:%M}" for change in changes] == [
        "04 21:00", "04 23:30", "05 00:30", "05 02:30",
    ]  # fmt: skip


def test_no_phases_on_a_day_without_trading(calendar, sc):
    with pytest.raises(ValueError, match="2024-11-03 is not a trading day"):
        calendar.phases(date(2024, 11, 3), sc.on(date(2024, 11, 3)).sessions)


def test_days_outside_the_calendar_say_so(calendar):
    for ask in (calendar.is_trading_day, calendar.next, lambda day: calendar.trading_days(day, 3)):
        with pytest.raises(LookupError, match="2010-01-01 to 2026-12-31"):
            ask(date(2027, 1, 4))
    with pytest.raises(LookupError, match="2026-12-31"):
        calendar.trading_days(date(2026, 12, 1), 30)


def test_weekdays_stand_in_for_the_trading_days_after_the_calendar(calendar):
    assert calendar.on_or_before(date(2027, 1, 31)) == date(2027, 1, 29)  # a Sunday; the Friday before
    assert calendar.on_or_before(date(2026, 12, 31)) == calendar.last_day == date(2026, 12, 31)
    assert calendar.trading_days_between(date(2026, 12, 30), date(2026, 12, 31)) == 1
    assert calendar.trading_days_between(date(2026, 12, 31), date(2027, 1, 29)) == 21  # 4 weeks and a Friday
    assert calendar.trading_days_between(date(2026, 12, 30), date(2027, 1, 29)) == 22
    days = TradingCalendar([date(2024, 11, 1), date(2024, 11, 4)])
    assert days.trading_days_between(date(2024, 11, 1), date(2024, 11, 11)) == 6
    with pytest.raises(LookupError, match="2010-01-01 to 2026-12-31"):
        calendar.on_or_before(date(2009, 12, 31))
    with pytest.raises(LookupError, match="weekdays stand in until 2030-12-31"):
        calendar.on_or_before(date(2031, 1, 2))


def test_counting_days(calendar):
    assert calendar.trading_days(date(2024, 11, 2), 3) == tuple(date(2024, 11, day) for day in (4, 5, 6))
    assert calendar.next(date(2024, 9, 30)) == date(2024, 10, 8)
    assert calendar.previous(date(2024, 10, 8), 2) == date(2024, 9, 27)
    assert calendar.next(date(2024, 11, 2)) == calendar.on_or_after(date(2024, 11, 2)) == date(2024, 11, 4)
    assert calendar.on_or_before(date(2024, 11, 3)) == date(2024, 11, 1)
    assert calendar.trading_days_between(date(2024, 9, 30), date(2024, 10, 9)) == 2
    assert calendar.trading_day_at(ns(date(2024, 11, 1), time(21))) == date(2024, 11, 4)
    assert calendar.trading_day_at(ns(date(2024, 11, 2), time(1))) == date(2024, 11, 4)
    assert calendar.trading_day_at(ns(date(2024, 11, 4), time(10))) == date(2024, 11, 4)


def test_calendar_has_the_days_of_the_data_file(calendar):
    if not SESSIONS_FILE.exists():
        pytest.skip("the file of trading days is not beside this repository")
    with SESSIONS_FILE.open() as file:
        expected = [date.fromisoformat(row["session"]) for row in csv.DictReader(file)]
    assert list(calendar.trading_days(expected[0], len(expected))) == expected
    assert expected[-1] == calendar.last_day


def test_wall_clock_goes_there_and_back():
    at = ns(date(2024, 11, 4), time(9, 0, 0, 500_000))
    assert at == int(datetime.fromisoformat("2024-11-04T09:00:00.5+00:00").timestamp() * 10) * 100_000_000
    assert wall_clock(at) == datetime(2024, 11, 4, 9, 0, 0, 500_000)
    assert day_of(at) == date(2024, 11, 4) and day_of(ns(date(2024, 11, 4)) - 1) == date(2024, 11, 3)


def shown(sessions: OverseasSessions, start: date, end: date) -> list[str]:
    pairs = sessions.intervals(start, end)
    return [f"{wall_clock(opens):%m-%d %H:%M} to {wall_clock(closes):%m-%d %H:%M}" for opens, closes in pairs]


@pytest.mark.parametrize(
    ("name", "start", "end", "expected"),
    [
        # London leaves summer time on Sunday 2024-10-27, New York on Sunday 2024-11-03
        (
            "ice_brent",
            date(2024, 10, 25),
            date(2024, 10, 28),
            ["10-25 08:00 to 10-26 06:00", "10-28 09:00 to 10-29 07:00"],
        ),
        (
            "gme_oman",
            date(2024, 11, 1),
            date(2024, 11, 4),
            ["11-01 06:00 to 11-02 05:00", "11-04 07:00 to 11-05 06:00"],
        ),
    ],
)
def test_overseas_hours_follow_summer_time(name, start, end, expected):
    sessions = Rulebook.load(name).on(start).sessions
    assert isinstance(sessions, OverseasSessions)
    assert shown(sessions, start, end) == expected
    assert sessions.intervals(start + timedelta(days=1), start + timedelta(days=2)) == ()  # a weekend
