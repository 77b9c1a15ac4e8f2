"""Delivery months beside each other: seats, rolls, expiry, entry limits, and what arbitrage between months does."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from populations import BRENT_TICKS, SC_LIMITS, SC_TICK_USD, SC_TICKS, check_books, go, population
from worlds import library, run, scenario

from agents.traders.curve import Seat, whole_lots
from agents.traders.kernel.orders import admitted_lots
from agents.traders.state import (
    ARBITRAGE_ACCOUNT,
    EXTERNAL_ACCOUNT,
    INFORMED_ACCOUNT,
    MAKER_ACCOUNT,
    NO_LIMIT,
    NOISE_ACCOUNTS,
    OPENING,
    PAIRS,
)
from exchange.clearing.codes import Participant, Refusal
from exchange.codes import Phase, Side, Venue
from exchange.contracts import ContractMonth

DECEMBER = ContractMonth(2024, 12)
MONTHS = [DECEMBER.plus(k) for k in range(5)]
NO_SPREADS = {"traders.curve.spread_capital_lots": 0}


def seats(months, first_days_left: int = 19) -> list[Seat]:
    """Return seats of months in a row, 21 trading days apart."""
    return [Seat(month, first_days_left + 21 * k, SC_TICKS + k) for k, month in enumerate(months)]


def seated(figures=None, *, seed: int = 1, first_days_left: int = 19):
    """Build a population with four months of SC, their books open, December the main month."""
    made = population(figures, seed=seed)
    curve = made.curves["sc"]
    curve.seat(seats(MONTHS[:4], first_days_left), DECEMBER)
    for book in curve.books:
        made.set_basis(book, float(np.log(SC_TICKS * SC_TICK_USD / (BRENT_TICKS * 0.01))), SC_TICK_USD)
        made.set_limits(book, *SC_LIMITS)
        made.start_day(book, SC_TICKS)
        made.set_phase(book, Phase.CONTINUOUS)
    for venue in (Venue.OMAN, Venue.BRENT):
        made.set_phase(venue, Phase.CONTINUOUS)
    return made, curve


def shut(made, curve) -> None:
    """Shut and empty the product's books, as at a day's end."""
    for book in curve.books:
        made.set_phase(book, Phase.CLOSED)
        made.set_limits(book, *SC_LIMITS)


def test_the_main_month_has_the_first_book_and_the_others_follow_nearest_first():
    made, curve = seated()
    assert [curve.book(month) for month in MONTHS[:4]] == [0, 3, 4, 5]
    assert curve.main == DECEMBER and curve.months == tuple(MONTHS[:4]) and made.books == 6
    assert curve.book(None) == int(Venue.SC)
    with pytest.raises(LookupError, match="sc2504 has no book; there are 2412, 2501, 2502, 2503"):
        curve.book(MONTHS[4])


def test_a_roll_moves_positions_and_holdings_with_their_month_and_leaves_beliefs_with_the_role():
    made, curve = seated()
    go(made, 600)
    shut(made, curve)
    s = made.state
    before = {month: s["positions"][curve.book(month)].copy() for month in curve.months}
    money = {month: s["cash"][curve.book(month)].copy() for month in curve.months}
    last = {month: int(made.book(curve.book(month))["last"]) for month in curve.months}
    belief = float(s["maker_value"][0])
    curve.seat(seats(MONTHS[:4], 7), MONTHS[1])
    assert [curve.book(month) for month in MONTHS[:4]] == [3, 0, 4, 5]
    for month in curve.months:
        np.testing.assert_array_equal(s["positions"][curve.book(month)], before[month])
        np.testing.assert_array_equal(s["cash"][curve.book(month)], money[month])
        assert made.book(curve.book(month))["last"] == last[month]
    assert float(s["maker_value"][0]) == belief
    made.check_conservation()


def test_a_month_expires_flat_at_its_price_and_the_next_takes_its_book():
    made, curve = seated(first_days_left=2)
    go(made, 600)
    shut(made, curve)
    s, book = made.state, curve.book(DECEMBER)
    positions, cash = s["positions"][book].copy(), s["cash"][book].copy()
    with pytest.raises(ValueError, match="sc2412 leaves with open positions"):
        curve.seat(seats(MONTHS[1:], 20), MONTHS[1])
    taken = curve.expire(DECEMBER, 5000)
    np.testing.assert_array_equal(taken, positions)
    np.testing.assert_array_equal(s["cash"][book], cash + positions * 5000)
    curve.seat(seats(MONTHS[1:], 20), MONTHS[1])
    assert curve.months == tuple(MONTHS[1:]) and curve.main == MONTHS[1]
    assert not s["positions"][curve.book(MONTHS[4])].any()  # a later month begins without positions
    made.check_conservation()


def test_an_arbitrageur_whose_near_month_has_gone_leaves_the_far_one():
    made, curve = seated(NO_SPREADS)
    go(made, 60)
    s, pair = made.state, len(PAIRS) + (12 * 2024 + 12) % 4
    account, far = ARBITRAGE_ACCOUNT + pair, curve.book(MONTHS[1])
    assert tuple(s["pair_books"][pair]) == (0, far)
    for book, lots in ((0, -7), (far, 7)):
        s["positions"][book, account] += lots
        s["positions"][book, 0] -= lots
    s["pair_lots"][pair] = -7
    curve.expire(DECEMBER, SC_TICKS)
    for book in curve.books:
        made.set_phase(book, Phase.CLOSED)
    curve.seat(seats(MONTHS[1:], 20), MONTHS[1])
    for book in curve.books:
        made.set_limits(book, *SC_LIMITS)
        made.set_phase(book, Phase.CONTINUOUS)
    go(made, 120)
    assert s["positions"][curve.book(MONTHS[1]), account] == 7
    assert curve.unwind() == 7
    assert not s["positions"][:, account].any()


@given(st.integers(0, 5000), st.integers(1, 30), st.integers(0, 100))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_whole_lots_are_shared_out_and_sum_to_nothing(lots, accounts, seed):
    drawn = np.random.default_rng(seed).dirichlet(np.ones(accounts), 2)
    shared = whole_lots(np.concatenate([drawn[0], -drawn[1]]), lots)
    assert shared[shared > 0].sum() == lots and shared.sum() == 0
    assert (np.abs(np.abs(shared[:accounts]) - drawn[0] * lots) <= 1).all()


@cache
def main_path(months: int, capital: int):
    """Return settlements, volumes and open interest of SC's main month over three days, with and without others."""
    figures = {"traders.curve.sc_active_months": months, "traders.curve.spread_capital_lots": capital}
    figures["clearing.enabled"] = False  # calls depend on all months that an account holds
    world = run(scenario("base", figures), 3)
    days = world.settlements[Venue.SC]
    return [(s.settlement_ticks, s.figures.volume_lots, s.figures.open_interest_lots) for s in days], world


def test_months_beside_it_move_the_main_month_through_arbitrage_alone():
    """The main month is at its height (part 1) on these days, so that nothing else of it differs."""
    alone, _ = main_path(1, 0)
    beside, world = main_path(4, 0)
    assert beside == alone
    assert all(s.figures.volume_lots > 1000 for s in world.month_settlements["sc"][1:4])
    assert main_path(4, 2000)[0] != alone


def test_arbitrage_between_months_pulls_a_pushed_month_back():
    def gap_after(capital: int) -> float:
        figures = {
            "traders.curve.spread_capital_lots": capital,
            "traders.curve.follows_main_half_life_seconds": 1e9,
        }
        made, curve = seated(figures)
        go(made, 300)
        far = curve.book(MONTHS[1])
        for _ in range(20):
            made.send(0, far, Side.BUY, 60)
            go(made, 30)
        s = made.state
        return float(s["price_value"][far] - s["price_value"][0])

    free, tied = gap_after(0), gap_after(2000)
    assert free > 0.0015
    assert tied < 0.5 * free


def test_a_further_month_follows_the_main_one():
    made, curve = seated(NO_SPREADS)
    go(made, 120)
    made.tell(Venue.SC, 0.01)
    go(made, 600)
    s = made.state
    for month in MONTHS[1:4]:
        assert abs(float(s["price_value"][curve.book(month)] - s["price_value"][0])) < 0.002
    check_books(made)


def test_holdings_and_activity_run_down_to_the_last_day():
    made, curve = seated()
    lots = [int(np.abs(curve.holdings(days)).sum()) // 2 for days in (60, 20, 8, 0)]
    assert lots[1] > lots[0] and lots[1] > lots[2] > lots[3] > 0
    rates = made.state["parameters"]["noise_market_per_s"]
    assert rates[0] > rates[3] > rates[4] > rates[5] > 0


CASES = [
    # held, side, lots, position limit, opening limit, opened, persons out, suspended, exempt -> admitted, code
    (0, Side.BUY, 10, NO_LIMIT, NO_LIMIT, 0, 0, 0, 0, 10, None),
    (95, Side.BUY, 10, 100, NO_LIMIT, 0, 0, 0, 0, 5, Refusal.POSITION_LIMIT),
    (-95, Side.SELL, 10, 100, NO_LIMIT, 0, 0, 0, 0, 5, Refusal.POSITION_LIMIT),
    (120, Side.BUY, 10, 100, NO_LIMIT, 0, 0, 0, 0, 0, Refusal.POSITION_LIMIT),
    (120, Side.SELL, 50, 100, NO_LIMIT, 0, 0, 0, 0, 50, None),  # closing is always admitted
    (-30, Side.BUY, 50, 10, NO_LIMIT, 0, 0, 0, 0, 40, Refusal.POSITION_LIMIT),  # 30 close, 10 of 20 may open
    (0, Side.BUY, 10, NO_LIMIT, 25, 20, 0, 0, 0, 5, Refusal.OPENING_LIMIT),
    (-4, Side.BUY, 10, NO_LIMIT, 25, 25, 0, 0, 0, 4, Refusal.OPENING_LIMIT),
    (0, Side.SELL, 10, NO_LIMIT, NO_LIMIT, 0, 1, 0, 0, 0, Refusal.PERSON_BEYOND_EXIT),
    (6, Side.SELL, 10, NO_LIMIT, NO_LIMIT, 0, 1, 0, 0, 6, Refusal.PERSON_BEYOND_EXIT),
    (0, Side.BUY, 10, NO_LIMIT, NO_LIMIT, 0, 0, 1, 0, 0, Refusal.SUSPENDED),
    (95, Side.BUY, 10, 100, 5, 5, 1, 1, 1, 10, None),
]


@pytest.mark.parametrize(
    (
        "held",
        "side",
        "lots",
        "position",
        "opening",
        "opened",
        "out",
        "suspended",
        "exempt",
        "admitted",
        "code",
    ),
    CASES,
)
def test_what_limits_admit(
    held, side, lots, position, opening, opened, out, suspended, exempt, admitted, code
):
    s, account = population().state, NOISE_ACCOUNTS - 1
    s["kind"][account], s["exempt"][account], s["clients"][account] = int(Participant.INDIVIDUAL), exempt, 1
    s["suspended"][account], s["persons_out"][0] = suspended, out
    s["positions"][0, account], s["opened_lots"][0, account] = held, opened
    s["position_limit_lots"][0], s["opening_limit_lots"][0] = position, opening
    assert admitted_lots(s, 0, int(side), account, lots) == admitted
    refused = np.flatnonzero(s["refused"][0]).tolist()
    assert refused == ([] if code is None else [int(code)])


def test_limits_are_a_clients_and_an_account_stands_for_many():
    s = population().state
    s["positions"][0, 3], s["position_limit_lots"][0], s["clients"][3] = 150, 100, 2
    assert admitted_lots(s, 0, 0, 3, 80) == 50


@pytest.mark.parametrize("minutes", [225, 555])
def test_who_delivers_no_oil_has_left_by_the_end_of_the_hours_in_force(minutes, monkeypatch):
    made, curve = seated(
        first_days_left=4
    )  # the fourth day before the last, and the third: then all only close
    s, book, account = made.state, curve.book(DECEMBER), INFORMED_ACCOUNT
    sold = []

    def fill(account, book, side, lots):
        s["positions"][book, account] -= lots
        sold.append(lots)
        return lots

    monkeypatch.setattr(made, "send_for", fill)
    s["positions"][book, MAKER_ACCOUNT:ARBITRAGE_ACCOUNT] = 0
    s["positions"][book, account] = 4000
    held = []
    for _ in range(2):
        curve.open_for(minutes)
        for _ in range(minutes):
            curve.leave()
        held.append(int(s["positions"][book, account]))
        curve.seat(seats(MONTHS[:4], 3), DECEMBER)
    assert held[1] == 0
    assert held[0] == pytest.approx(2000, rel=0.15)  # an even part each minute, in whole lots rounded up


def test_a_firm_may_stay_when_individuals_are_out():
    s = population().state
    s["persons_out"][0], s["kind"][3] = 1, int(Participant.FIRM)
    assert admitted_lots(s, 0, 0, 3, 8) == 8


@cache
def month_world():
    """Run the twenty days of base, in which December's contract expires."""
    return run(library("base"), 20)


def test_individuals_open_nothing_in_a_month_that_they_must_leave():
    world = month_world()
    s = world.population.state
    assert s["refused"][3, int(Refusal.PERSON_BEYOND_EXIT)] > 0
    assert not s["refused"][:3, int(Refusal.PERSON_BEYOND_EXIT)].any()


def test_every_listed_month_is_settled_and_one_without_trades_moves_with_its_neighbour():
    world = month_world()
    day = [s for s in world.month_settlements["sc"] if s.trading_day == date(2024, 11, 6)]
    assert [str(s.month) for s in day] == [
        "2412", "2501", "2502", "2503", "2504", "2505", "2506", "2507", "2508", "2509", "2510", "2511",
        "2512", "2603", "2606", "2609", "2612", "2703", "2706", "2709",
    ]  # fmt: skip
    change = day[3].settlement_ticks - day[3].previous_settlement_ticks
    for month in day[4:]:
        assert month.figures.volume_lots == 0
        assert month.settlement_ticks - month.previous_settlement_ticks == change


def test_the_series_of_the_main_month_rolls_when_individuals_are_out_and_names_its_contract():
    days = month_world().settlements[Venue.SC]
    assert [str(s.month) for s in days] == ["2412"] * 12 + ["2501"] * 8
    for earlier, later in pairwise(days):
        if earlier.month == later.month:
            assert later.previous_settlement_ticks == earlier.settlement_ticks


def test_open_interest_moves_from_the_old_month_to_the_new_one():
    interest = {
        (str(s.month), s.trading_day): s.figures.open_interest_lots
        for s in month_world().month_settlements["sc"]
    }
    first, last = date(2024, 11, 4), date(2024, 11, 29)
    assert interest["2412", last] < 0.5 * interest["2412", first]
    assert interest["2501", last] > 1.5 * interest["2501", first]
    whole = [sum(lots for (_, day), lots in interest.items() if day == when) for when in (first, last)]
    ratios = whole[0] / interest["2412", first], whole[1] / interest["2501", last]
    assert 1.7 <= sum(ratios) / 2 <= 3.5  # all months over the main one, as SC's years


def test_external_accounts_are_held_to_limits_once_they_are_not_exempt():
    made, _ = seated()
    go(made, 120)
    s = made.state
    s["exempt"][EXTERNAL_ACCOUNT], s["position_limit_lots"][0] = 0, 12
    assert made.send(0, 0, Side.BUY, 500) == 12
    assert made.send(0, 0, Side.BUY, 5) == 0
    assert s["refused"][0, int(Refusal.POSITION_LIMIT)] == 2


def test_arbitrage_between_months_leaves_the_month_that_expires_next():
    made, _ = seated(first_days_left=5)
    p = made.state["parameters"]
    near, far = (len(PAIRS) + (12 * month.year + month.month) % 4 for month in MONTHS[:2])
    assert (p["arbitrage_most_lots"][near], p["arbitrage_exit"][near]) == (0, -1.0)
    assert p["arbitrage_most_lots"][far] > 0


def test_what_a_day_opens_is_counted_and_what_it_closes_is_not():
    made, _ = seated()
    go(made, 120)
    opened = made.state["opened_lots"][0]
    assert made.send(0, 0, Side.BUY, 10) == 10 and opened[EXTERNAL_ACCOUNT] == 10
    assert made.send(0, 0, Side.SELL, 15) == 15 and opened[EXTERNAL_ACCOUNT] == 15  # ten closed, five opened
    assert made.send(0, 0, Side.BUY, 5) == 5 and opened[EXTERNAL_ACCOUNT] == 15


def test_the_first_quotes_of_a_session_are_booked_on_its_opening():
    made = population()
    made.state["maker_value"][0] += 0.01
    made.state["informed_value"][0] += 0.01
    before = int(made.state["mid_half_ticks"][0])
    made.set_phase(0, Phase.CONTINUOUS)
    go(made, 60)
    moved = made.state["moved"][0].sum(axis=1)
    assert moved[OPENING] > 50  # a per cent of 5,230 ticks, in half ticks, but for the first noise
    assert moved.sum() == made.state["mid_half_ticks"][0] - before
