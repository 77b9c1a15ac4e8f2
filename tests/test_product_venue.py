"""A product's months on the clock, with a floor that only says what it is told: limits, locks, listings, slopes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
import simpy
from worlds import run, scenario

from exchange.clock import TradingCalendar, ns
from exchange.codes import Phase
from exchange.contracts import ContractMonth, Rulebook
from exchange.venue import NO_TRADES, DayFigures, DomesticVenue, Month, Settlement, Terms

SC = Rulebook.load("ine_sc")


class Floor:
    """Hold no book: note the terms of each day, and close it as the script says."""

    def __init__(self, locked: list[int]) -> None:
        self.locked, self.terms = list(locked), []

    def open_day(self, day: date, terms: Mapping[Month, Terms]) -> None:
        """Note the day's terms."""
        self.terms.append((day, dict(terms)))

    def set_phase(self, phase: Phase) -> None:
        """Do nothing."""

    def close_day(self) -> dict[Month, DayFigures]:
        """Return no trades, locked as the script says."""
        locked = self.locked.pop(0) if self.locked else 0
        return {month: DayFigures(0, 0, 0, 0, 0, 0, 0, locked) for month in self.terms[-1][1]}


def course(
    days: int, first: date, settled: dict[Month, int], locked: list[int]
) -> tuple[Floor, list[Settlement]]:
    """Lead the floor through trading days and return it with what was published."""
    calendar, published = TradingCalendar(), []
    trading_days = calendar.trading_days(first, days)
    env = simpy.Environment(initial_time=ns(calendar.previous(first)))
    floor = Floor(locked)
    DomesticVenue(
        env, floor, SC, calendar, trading_days, settled_ticks=settled,
        sessions_on=lambda day: SC.on(day).sessions, publish=published.append,
    )  # fmt: skip
    env.run(until=ns(trading_days[-1]) + 20 * 3600 * 10**9)
    return floor, published


def test_a_lock_the_other_way_is_a_first_day():
    floor, published = course(4, date(2024, 11, 4), {None: 5000}, [1, -1, -1, 0])
    assert [outcome.locked_days for outcome in published] == [1, -1, -2, 0]
    assert [terms[None].limit_percent for _, terms in floor.terms] == [7, 10, 10, 12]


@pytest.mark.parametrize(
    ("first", "locked", "limits"),
    [
        # three locked days; the row of 5 March 2026 lifts the base to 14 %, the ladder is still counted from 9 %
        (date(2026, 3, 2), [1, 1, 1, 1, 0], [9, 12, 14, 14, 14]),
        # the first locked day has 6 %: 6 + 3 % and then the row of 12 March 2020, 10 %; 6 + 5 % is above it
        (date(2020, 3, 11), [-1, -1, 0], [6, 10, 11]),
        # a lock the other way counts from its own day
        (date(2026, 3, 4), [1, -1, 0], [9, 14, 17]),
    ],
)
def test_the_ladder_is_counted_from_the_limit_of_the_first_locked_day(first, locked, limits):
    floor, _ = course(len(limits), first, {None: 5000}, locked)
    assert [terms[None].limit_percent for _, terms in floor.terms] == limits


def test_a_new_month_begins_at_its_neighbours_settlement_price_with_twice_the_limit():
    months = SC.listed_months(date(2024, 11, 29), TradingCalendar())
    floor, _ = course(3, date(2024, 11, 29), {month: 5000 + k for k, month in enumerate(months)}, [])
    before, after = floor.terms[0][1], floor.terms[1][1]
    (new,) = set(after) - set(before)
    assert new == ContractMonth(2027, 12) and ContractMonth(2024, 12) not in after
    assert after[new].previous_settlement_ticks == after[ContractMonth(2027, 9)].previous_settlement_ticks
    assert (after[new].limit_percent, floor.terms[2][1][new].limit_percent) == (14, 7)


def test_the_worlds_slope_is_in_the_first_prices_of_the_months():
    base = scenario("base")
    table = base.scenario.world_price.model_copy(
        update={"forward_slope_usd_per_bbl_month": {date(2024, 10, 1): 1.5}}
    )
    sloped = scenario("base", {"world_price": table})
    flat, steep = (run(loaded, 1).month_settlements["sc"][:4] for loaded in (base, sloped))
    gaps = [
        later.previous_settlement_ticks - level.previous_settlement_ticks
        for level, later in zip(flat, steep, strict=True)
    ]
    assert gaps == pytest.approx([0, 107, 214, 320], abs=3)  # 1.5 USD a month at 7.12 CNY/USD, in ticks of .1


def test_no_trades_are_no_trades():
    assert NO_TRADES.volume_lots == 0 and NO_TRADES.locked == 0
