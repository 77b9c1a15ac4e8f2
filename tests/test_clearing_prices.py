"""Settlement of months without trades, detection of locked closes, and the days that follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.clearing.ladder import AfterThird, LockedDays, Terms, terms_after
from exchange.clearing.prices import LastMinutes, MonthDay, locked_way, settle_months
from exchange.records import QUOTE
from exchange.units import NS_PER_MINUTE


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        # (previous, traded); None: no trades
        ([(5_000, 5_050)], [5_050]),
        ([(5_000, None), (4_900, None)], [5_000, 4_900]),
        ([(5_000, 5_050), (4_900, None)], [5_050, 4_950]),
        ([(5_000, None), (4_900, 4_850)], [4_950, 4_850]),
        # the nearer of two months that traded
        ([(5_000, 5_050), (4_900, None), (4_800, None), (4_700, 4_600)], [5_050, 4_950, 4_700, 4_600]),
        # the earlier of two as near
        ([(5_000, 5_050), (4_900, None), (4_800, 4_700)], [5_050, 4_950, 4_700]),
    ],
)
def test_a_month_without_trades_moves_with_its_nearest(months, expected):
    assert settle_months([MonthDay(previous, traded) for previous, traded in months]) == expected


def test_moved_prices_stay_within_limits_and_may_move_in_proportion():
    front = MonthDay(5_000, 5_500)
    assert settle_months([front, MonthDay(2_000, None, 1_840, 2_160)])[1] == 2_160
    assert settle_months([front, MonthDay(2_003, None)], by_percent=True)[1] == 2_203  # 2,203.3
    assert settle_months([front, MonthDay(2_005, None)], by_percent=True)[1] == 2_206  # 2,205.5
    assert settle_months([front, MonthDay(2_000, None, 1_840, 2_160, locked_ticks=1_840)])[1] == 1_840


CLOSE_NS, LIMITS = 100 * NS_PER_MINUTE, (4_500, 5_500)
ONLY_BIDS, BOTH, LOWER = (5_500, 0, 90, 0), (5_480, 5_500, 5, 5), (5_499, 0, 90, 0)
ONLY_ASKS, EMPTY = (0, 4_500, 0, 70), (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("quotes", "trades", "expected"),
    [
        ([(-60, ONLY_BIDS)], [], +1),  # locked an hour before
        ([(-60, ONLY_ASKS)], [], -1),
        ([(-60, BOTH), (-6, ONLY_BIDS)], [], +1),
        ([(-60, BOTH), (-4, ONLY_BIDS)], [], 0),  # opened within the last five minutes
        ([(-60, ONLY_BIDS), (-3, BOTH), (-2, ONLY_BIDS)], [], 0),
        ([(-60, ONLY_BIDS)], [(-2, 5_500)], +1),  # an offer was taken at once
        ([(-60, ONLY_BIDS)], [(-2, 5_499)], 0),  # the limit opened for a moment
        ([(-60, ONLY_BIDS)], [(-9, 5_400)], +1),  # before the window
        ([(-60, LOWER)], [], 0),  # bids alone, but not at the limit
        ([(-60, EMPTY)], [], 0),
        ([], [], 0),
        ([(-4, ONLY_BIDS)], [], 0),  # nothing is known of the first minute
    ],
)
def test_locked_closes(quotes, trades, expected):
    at_ns = np.array([CLOSE_NS + minute * NS_PER_MINUTE for minute, _ in quotes], np.int64)
    trades_ns = np.array([CLOSE_NS + minute * NS_PER_MINUTE for minute, _ in trades], np.int64)
    prices = np.array([price for _, price in trades], np.int64)
    rows = np.array([quote for _, quote in quotes], QUOTE)
    mirrored = rows.copy()
    for own, other in (("bid", "ask"), ("ask", "bid")):
        mirrored[own] = np.where(rows[f"{other}_quantity"] > 0, sum(LIMITS) - rows[other], 0)
        mirrored[f"{own}_quantity"] = rows[f"{other}_quantity"]
    for way, seen, ticks in ((expected, rows, prices), (-expected, mirrored, sum(LIMITS) - prices)):
        assert locked_way(at_ns, seen, LIMITS, CLOSE_NS, trades_ns=trades_ns, trades_ticks=ticks) == way


@given(st.data())
def test_a_look_each_minute_finds_what_a_look_at_every_quote_does(data):
    """Quotes change on whole minutes, trades fall between them: both readings know the same."""
    minutes, window = data.draw(st.integers(0, 9)), data.draw(st.sampled_from([1, 3, 5]))
    shown = [data.draw(st.sampled_from([ONLY_BIDS, ONLY_BIDS, ONLY_BIDS, BOTH, ONLY_ASKS, LOWER, EMPTY]))]
    shown += [data.draw(st.sampled_from([shown[0], shown[0], shown[0], BOTH])) for _ in range(minutes)]
    times = [CLOSE_NS - (minutes - k) * NS_PER_MINUTE for k in range(len(shown))]
    trades = data.draw(
        st.lists(st.tuples(st.integers(0, 9), st.sampled_from([5_500, 5_500, 5_499, 4_500])), max_size=3)
    )
    trades = sorted((CLOSE_NS - minute * NS_PER_MINUTE - 1, price) for minute, price in trades)
    last = LastMinutes(LIMITS, window)
    for at_ns, (bid, ask, bids, asks) in zip(times, shown, strict=True):
        past = [price for when, price in trades if when < at_ns]
        last.note(at_ns, bid if bids else None, ask if asks else None, 2 * len(past), 2 * sum(past))
    expected = locked_way(
        np.array(times, np.int64),
        np.array(shown, QUOTE),
        LIMITS,
        CLOSE_NS,
        trades_ns=np.array([when for when, _ in trades], np.int64),
        trades_ticks=np.array([price for _, price in trades], np.int64),
        window_ns=window * NS_PER_MINUTE,
    )
    assert last.locked_way(CLOSE_NS) == expected


def test_a_trade_off_the_limit_between_two_looks_is_seen_in_turnover():
    for price, way in ((5_500, 1), (5_499, 0)):
        last = LastMinutes(LIMITS, 5)
        for minute in range(6):
            lots = 3 if minute >= 3 else 0
            last.note(CLOSE_NS - (5 - minute) * NS_PER_MINUTE, 5_500, None, lots, lots * price)
        assert last.locked_way(CLOSE_NS) == way
        assert last.locked_way(CLOSE_NS + NS_PER_MINUTE) == 0  # nobody has looked at that close


def test_days_locked_the_same_way_are_counted():
    days = LockedDays()
    seen = []
    for way in (+1, +1, -1, -1, 0, -1, -1, -1, -1):
        days = days.after(way)
        seen.append((days.way, days.days))
    assert seen == [(1, 1), (1, 2), (-1, 1), (-1, 2), (0, 0), (-1, 1), (-1, 2), (-1, 3), (-1, 4)]


BASE = {"limit_percent": 9, "margin_spec_percent": 11, "margin_hedge_percent": 10}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        # the day after each: first, second and third locked day, and the day after a halt
        (AfterThird.TRADE_ON, [(12, 14, 14), (14, 16, 16), (14, 16, 16), (14, 16, 16)]),
        (AfterThird.HALT_AND_RETURN, [(12, 14, 14), (14, 16, 16), (14, 16, 16, True), (14, 16, 16)]),
        (AfterThird.REDUCE, [(12, 14, 14), (14, 16, 16), (9, 11, 10, False, True), None]),
        (
            AfterThird.HALT_AND_REDUCE,
            [(12, 14, 14), (14, 16, 16), (14, 16, 16, True), (9, 11, 10, False, True)],
        ),
    ],
)
def test_the_three_days_and_what_follows(choice, expected):
    days, seen = LockedDays(), []
    assert terms_after(days, **BASE) == Terms(9, 11, 10)
    for _ in range(3):
        days = days.after(-1)
        seen.append(terms_after(days, **BASE, after_third=choice))
    seen.append(terms_after(days.over_halt(), **BASE, after_third=choice))
    for terms, numbers in zip(seen, expected, strict=True):
        assert numbers is None or terms == Terms(*numbers)


def test_a_margin_above_the_step_stays():
    terms = terms_after(LockedDays(+1, 1), limit_percent=5, margin_spec_percent=15, margin_hedge_percent=9)
    assert terms == Terms(8, 15, 10)


def test_march_2026_up_to_the_third_locked_day():
    # 2-4 March 2026: limits of 9, 12 and 14 % were hit; margins of 11, 14 and 16 % follow from the rule
    days = LockedDays()
    terms = [terms_after(days, **BASE)]
    for _ in range(2):
        days = days.after(+1)
        terms.append(terms_after(days, **BASE))
    assert [(t.limit_percent, t.margin_spec_percent) for t in terms] == [(9, 11), (12, 14), (14, 16)]
