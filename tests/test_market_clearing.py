"""Clearing joined to a population: days by hand, calls, forced orders, defaults, and a twin in plain Python."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import simpy
from populations import SC_LIMITS, SC_TICKS, check_books, opened, population
from worlds import run, scenario

import scenarios.clearing
from agents.clearing.expiry import Expiries
from agents.clearing.forced import ForcedOrder, ForcedOrders
from agents.clearing.market import MarketClearing
from agents.clearing.parameters import ClearingParameters
from agents.traders.market import CompiledFloor, FastMarket
from agents.traders.state import NOISE_ACCOUNTS
from exchange.clearing.closing import Reason
from exchange.clearing.default import Layer
from exchange.clearing.naive import Holding, NaiveHouse
from exchange.clearing.rules import Participant
from exchange.clock import TradingCalendar
from exchange.codes import Phase, Side, Venue
from exchange.contracts import Rulebook
from exchange.units import NS_PER_HOUR, NS_PER_MINUTE
from exchange.venue import DayFigures, Settlement, Terms

MONDAY, TUESDAY = date(2024, 11, 4), date(2024, 11, 5)
KINDS = ("individual", "firm", "fund", "overseas", "member")
ONE_SERIES = {"traders.curve.sc_active_months": 1}
PAYS_NOTHING = {
    "capital_over_margin": 1.2, "capital_cny_per_client": 0.0, "pays_probability": 0.0, "wealth_over_capital": 0.0,
}  # fmt: skip


def told(**means) -> ClearingParameters:
    """Return the library's parameters with the same means for all kinds of account, none of them in dollars."""
    values = scenario("base").scenario.clearing.model_dump()
    values |= {"capital_log_sd": 0.0, "overseas_dollar_part": 0.0, "renewal_trading_days": 1e15}
    for kind in KINDS:
        values[kind] |= PAYS_NOTHING | means
    return ClearingParameters.model_validate(values)


class Bench:
    """One series of SC over a live population whose accounts hold what a test gives them."""

    def __init__(self, held: dict[int, int], **means) -> None:
        self.population = opened(ONE_SERIES)
        self.state = self.population.state
        self.state["positions"][0] = 0
        self.state["endowments"][0] = 0
        for account, lots in held.items():
            self.state["positions"][0, account] = lots
            self.state["endowments"][0, account] = lots
        self.state["kind"][:3] = Participant.INDIVIDUAL, Participant.FUND, Participant.OVERSEAS
        self.env = simpy.Environment(initial_time=self.population.now_ns)
        end_ns = self.population.now_ns + 40 * NS_PER_HOUR
        self.market = FastMarket(
            self.env,
            self.population,
            dict.fromkeys(Venue, 0.1),
            ["nobody"],
            start_ns=self.population.now_ns,
            end_ns=end_ns,
        )
        self.clearing = MarketClearing(
            self.env, self.market, told(**means), {"sc": Rulebook.load("ine_sc")}, TradingCalendar(),
            fx=lambda day: 7.0, rng=lambda name: np.random.default_rng(1),
        )  # fmt: skip
        self.house = self.clearing.house

    def open(self, day: date, previous: int) -> None:
        self.state["opened_lots"][0] = 0
        self.clearing.opened("sc", day, {None: Terms(previous, SC_LIMITS)})

    def trade(self, buyer: int, seller: int, price: int, lots: int) -> None:
        """Write a trade into the population's state, as its books would."""
        for account, signed in ((buyer, lots), (seller, -lots)):
            held = int(self.state["positions"][0, account])
            closing = min(lots, max(0, -held if signed > 0 else held))
            self.state["opened_lots"][0, account] += lots - closing
            self.state["positions"][0, account] += signed
            self.state["cash"][0, account] -= signed * price

    def close(
        self,
        day: date,
        previous: int,
        settled: int,
        volume: int,
        turnover: int,
        locked: int = 0,
        first: int = 0,
    ) -> None:
        figures = DayFigures(settled, settled, settled, settled, volume, turnover, 0, 0)
        outcome = Settlement(day, figures, settled, SC_LIMITS, 7, None, previous, locked, first)
        self.clearing.closed("sc", day, {None: outcome})
        self.clearing.check_conservation()


def test_two_days_by_hand_with_a_call_a_suspension_and_a_default():
    # Yesterday settled at 500.0 yuan a barrel. A tick of 0.1 yuan is worth 100 yuan a lot of 1,000 barrels. SC2412, in
    # November the month before delivery, has a margin of 10 %: 50,000 yuan a lot. Capital: 1.2 x margin.
    bench = Bench({0: 10, 1: -10})
    bench.open(MONDAY, 5_000)
    assert bench.house.cash_fen[:3].tolist() == [60_000_000, 60_000_000, 0]
    bench.trade(2, 0, 4_990, 2)  # the individual sells 2 lots at 499.0 to an overseas account without money
    bench.close(MONDAY, 5_000, 4_960, 2, 2 * 4_990)  # settled at 496.0: 4,000 yuan a lot down
    # Individual: 8 x -4,000 = -32,000; 2 sold at 499.0: 2 x -1,000 = -2,000; fee 2 x 20 = 40: cash 565,960 yuan.
    # Fund, short 10: +40,000, no trade: 640,000. Overseas: 2 x (496.0 - 499.0) x 1,000 = -6,000, fee 40: -6,040 yuan;
    # margin 2 x 49,600 = 99,200, so it is called for 105,240 yuan, pays nothing and has to sell both lots.
    assert bench.house.cash_fen[:3].tolist() == [56_596_000, 64_000_000, -604_000]
    assert bench.house.margin_fen()[:3].tolist() == [8 * 4_960_000, 10 * 4_960_000, 2 * 4_960_000]
    row = bench.clearing.days[-1]
    assert (row.called_accounts, row.call_fen, row.paid_fen, row.suspended_accounts) == (1, 10_524_000, 0, 1)
    assert (row.fees_fen, row.holders, row.margin_fen) == (8_000, 3, 20 * 4_960_000)
    assert bench.state["suspended"].tolist()[:3] == [0, 0, 1] and not row.defaults

    bench.open(TUESDAY, 4_960)
    bench.trade(1, 2, 4_950, 2)  # what the forced order does: the fund buys back 2 lots
    bench.close(TUESDAY, 4_960, 4_955, 2, 2 * 4_950)
    # Overseas: 2 x (495.0 - 496.0) x 1,000 = -2,000, fee 40: it owes 6,040 + 2,040 = 8,080 yuan and holds nothing.
    # Its broker pays. Fund: 8 x 500 + 2 x 1,000 = 6,000, fee 40.
    (day, loss), row = bench.clearing.losses[-1], bench.clearing.days[-1]
    assert (day, loss.account, loss.owed_fen) == (TUESDAY, 2, 808_000)
    assert loss.paid_fen[Layer.MEMBER_OWN] == 808_000 and loss.uncovered_fen == 0
    assert (row.defaults, row.deficit_fen, row.uncovered_fen) == (1, 808_000, 0)
    assert bench.house.cash_fen[:3].tolist() == [56_596_000 - 8 * 50_000, 64_000_000 + 596_000, 0]
    assert bench.state["suspended"].tolist()[:3] == [0, 0, 1]  # who has defaulted does not open again
    assert row.forced_asked_lots[Reason.MARGIN] == 2


@pytest.mark.parametrize(
    ("day", "locked", "percent"),
    [
        # The circular of 9 April 2025 has margins of 11 % from the settlement of the 10th, 9 % before it. SC2505, in
        # April the month before delivery, has 10 % at least.
        (date(2025, 4, 9), 0, 10),
        (date(2025, 4, 10), 0, 11),
        # SC2412 enters the month before delivery on 1 November 2024: the close before that has its 10 %.
        (date(2024, 10, 30), 0, 9),
        (date(2024, 10, 31), 0, 10),
        # Locked from 2 March 2026 on, when the limit was 9 %: 12 % on the 3rd, 14 % on the 4th, and 2 points more.
        (date(2026, 3, 2), 1, 14),
        (date(2026, 3, 3), 2, 16),
        # The row of the 5th makes 14 % the usual limit, which is no new base for the ladder: 9 + 5 %, and 2 points.
        (date(2026, 3, 4), 3, 16),
    ],
)
def test_a_close_is_cleared_at_its_own_days_base_or_the_next_days_step(day, locked, percent):
    bench = Bench({0: 10, 1: -10})
    bench.open(day, 5_000)
    bench.close(day, 5_000, 5_000, 0, 0, locked, 9)
    a_lot_fen = 5_000 * 10_000 * percent // 100  # twin: ticks x fen a tick and lot x per cent
    assert bench.house.margin_fen()[:2].tolist() == [10 * a_lot_fen] * 2
    row = bench.clearing.months[-1]
    assert (row.trading_day, row.margin_spec_percent) == (day, percent)
    assert bench.clearing.days[-1].margin_fen == 20 * a_lot_fen


def test_an_unpaid_call_is_closed_in_the_next_session_down_to_what_the_money_carries():
    # 1.1 x 50,000 yuan a lot; 20,000 are lost at 480.0, where a lot needs 48,000: 13,000 x 100 lots are missing, and a
    # closed lot frees 48,000: 28 lots.
    bench = Bench({0: 100, 1: -100}, capital_over_margin=1.1)
    bench.open(MONDAY, 5_000)
    bench.close(MONDAY, 5_000, 4_800, 0, 0)
    assert bench.clearing.days[-1].call_fen == 100 * 1_300_000
    bench.env.run(until=bench.env.now + NS_PER_HOUR)
    check_books(bench.population)
    assert 0 <= bench.state["positions"][0, 0] <= 72
    asked, filled = bench.clearing._forced.asked_lots, bench.clearing._forced.filled_lots
    assert asked == {("sc", Reason.MARGIN): 28} and 0 < filled["sc", Reason.MARGIN] <= 28


def test_who_pays_its_call_keeps_its_position_until_its_wealth_is_used_up():
    bench = Bench({0: 100, 1: -100}, capital_over_margin=1.1, pays_probability=1.0, wealth_over_capital=0.4)
    bench.open(MONDAY, 5_000)
    bench.close(MONDAY, 5_000, 4_800, 0, 0)  # 1.3 of 5.5 million: less than the 2.2 million outside
    row = bench.clearing.days[-1]
    assert (row.paid_fen, row.suspended_accounts) == (row.call_fen, 0) and row.call_fen == 130_000_000
    assert not bench.clearing._forced.pending
    bench.open(TUESDAY, 4_800)
    bench.close(
        TUESDAY, 4_800, 4_650, 0, 0
    )  # 1.5 million lost, margin 0.15 million less: 0.9 million are left
    row = bench.clearing.days[-1]
    assert (row.call_fen, row.paid_fen, row.suspended_accounts) == (135_000_000, 90_000_000, 1)
    assert bench.clearing._forced.pending


def test_dollars_carry_margin_after_the_haircut_and_are_changed_for_losses():
    # 3 x 10 lots x 50,000 = 1,500,000 yuan, all in dollars at 7.0: they carry 95 % as margin, 1,425,000 yuan.
    values = told().model_dump() | {"overseas_dollar_part": 1.0}
    values["overseas"] |= {"capital_over_margin": 3.0}
    bench = Bench({2: 10, 1: -10})
    state = bench.state
    bench.clearing = MarketClearing(
        bench.env, bench.market, ClearingParameters.model_validate(values), {"sc": Rulebook.load("ine_sc")},
        TradingCalendar(), fx=lambda day: 7.0, rng=lambda name: np.random.default_rng(1),
    )  # fmt: skip
    house = bench.house = bench.clearing.house
    bench.open(MONDAY, 5_000)
    assert house.cash_fen[2] == 0 and house.usd_cents[2] == 150_000_000 * 10_000 // 70_000
    bench.close(
        MONDAY, 5_000, 4_900, 0, 0
    )  # 100,000 yuan are lost: that many are changed, the margin is carried
    assert bench.clearing.days[-1].called_accounts == 1 and not state["suspended"].any()
    assert 0 <= house.cash_fen[2] < 10 and abs(int(house.usd_cents[2]) * 7 - 140_000_000) < 30
    assert house.funds.bank_usd_cents == -int(house.usd_cents.sum())


def test_the_haircut_of_a_day_is_that_of_its_rules():
    bench = Bench({2: 10, 1: -10})
    book = Rulebook.load("ine_sc").with_overrides({"collateral_fx_haircut_percent": 40}, TUESDAY)
    bench.clearing = MarketClearing(
        bench.env, bench.market, told(), {"sc": book}, TradingCalendar(),
        fx=lambda day: 7.0, rng=lambda name: np.random.default_rng(1),
    )  # fmt: skip
    found = []
    for day in (MONDAY, TUESDAY):
        bench.open(day, 5_000)
        found.append(bench.clearing.house.collateral.fx_haircut_percent)
        bench.close(day, 5_000, 5_000, 0, 0)
    assert found == [5, 40]


QUIET = "noise_limit_per_s", "noise_market_per_s", "noise_cancel_per_s", "maker_per_s", "informed_per_s"


@pytest.mark.parametrize(
    ("bid_minute", "sales", "locked"),
    [
        (4, [], 1),  # of ten minutes: bids alone at the limit from the fourth on
        (5, [], 1),
        (6, [], 0),  # within the last five
        (4, [(7, SC_LIMITS[1])], 1),  # whoever sells at the limit is taken at once
        (4, [(7, SC_LIMITS[1] - 5)], 1),  # who asks less gets the limit, too
    ],
)
def test_a_book_closes_locked_by_its_last_five_minutes(bid_minute, sales, locked):
    made = population(ONE_SERIES)
    for name in QUIET:
        made.state["parameters"][name][:] = 0.0
    start = made.now_ns
    env = simpy.Environment(initial_time=start)
    ticks, end = dict.fromkeys(Venue, 0.1), start + 10 * NS_PER_MINUTE
    market = FastMarket(env, made, ticks, ["buyer", "seller"], start_ns=start, end_ns=end)
    floor = CompiledFloor(market, Venue.SC)
    floor.open_day(SC_TICKS, SC_LIMITS)
    floor.set_phase(Phase.CONTINUOUS)
    orders = [(bid_minute, 0, Side.BUY, 100, SC_LIMITS[1])]
    orders += [(minute, 1, Side.SELL, 1, price) for minute, price in sales]
    for minute, account, side, lots, price in orders:
        env.run(until=start + minute * NS_PER_MINUTE - (1 if account == 0 else 0))
        market.synchronise()
        made.rest(account, Venue.SC, side, lots, price)
    env.run(until=end)
    floor.set_phase(Phase.CLOSED)
    figures = floor.close_day()
    assert (figures.locked, figures.volume_lots) == (locked, len(sales))
    assert made.quote_ticks(Venue.SC) == (SC_LIMITS[1], None)


def test_forced_orders_take_turns_in_slices_and_never_open():
    made = opened(ONE_SERIES)
    state = made.state
    state["positions"][0], state["endowments"][0] = 0, 0
    state["positions"][0, :3] = 50, -30, -20
    made.advance(made.now_ns + NS_PER_MINUTE)
    state["positions"][0, 3:NOISE_ACCOUNTS] = 0
    before = state["positions"][0, :3].copy()
    forced = ForcedOrders(made, lambda key: 0, 10)
    forced.replace(
        [
            ForcedOrder(0, ("sc", None), True, 15, Reason.MARGIN),
            ForcedOrder(1, ("sc", None), False, 99, Reason.PERSON_EXIT),
            ForcedOrder(2, ("sc", None), False, 5, Reason.PERSON_EXIT),
        ]
    )
    assert forced.send() <= 20  # 10 of each side
    after = state["positions"][0, :3]
    assert before[0] - after[0] <= 10 and after[1] - before[1] <= 10 and after[2] == before[2]
    for _ in range(60):
        made.advance(made.now_ns + NS_PER_MINUTE)
        forced.send()
    assert not forced.pending
    assert forced.filled_lots["sc", Reason.PERSON_EXIT] <= 104
    assert (forced.unfilled_lots(("sc", None), long=True) == 0).all()


@pytest.mark.parametrize("first", [MONDAY, date(2024, 11, 27)], ids=["in a calm week", "over an expiry"])
def test_margins_gains_and_fees_of_whole_days_are_those_of_a_twin_in_plain_python(first):
    """Three days of the base world; each account's gain from its own cash and positions, its margin from a dict."""
    figures = {f"clearing.{kind}.pays_probability": 0.0 for kind in KINDS} | {
        "clearing.overseas_dollar_part": 0.0
    }
    figures |= {"clearing.renewal_trading_days": 1e15, "period.first_trading_day": first}
    prices = {}
    last, gains, fees, checked = {}, {}, {}, []  # by month, and by account of the day
    opens, book, settle = MarketClearing.opened, MarketClearing._book, MarketClearing._settle

    def watched_opening(self, product, day, terms):
        opens(self, product, day, terms)
        for month, number in self._products[product].books():
            state, previous = self._population.state, terms[month].previous_settlement_ticks
            held, cash = state["positions"][number].tolist(), state["cash"][number].tolist()
            last.setdefault((product, month), (held, cash, previous))

    def watched_booking(self, key, number, outcome):
        state, (old, old_cash, old_price) = self._population.state, last[key]
        held, cash, opened_lots = (
            state[name][number].tolist() for name in ("positions", "cash", "opened_lots")
        )
        for account, lots in enumerate(held):
            worth, before = lots * outcome.settlement_ticks, old[account] * old_price
            gains[account] = (
                gains.get(account, 0) + (cash[account] - old_cash[account] + worth - before) * 10_000
            )
            same_side = (
                max(0, min(old[account], lots)) if old[account] > 0 else max(0, -max(old[account], lots))
            )
            closed = (
                abs(old[account]) - same_side
            )  # of what was held before: 20 yuan; today's are closed for nothing
            fees[account] = fees.get(account, 0) + 2_000 * (opened_lots[account] + closed)
        last[key] = held, cash, outcome.settlement_ticks
        prices.setdefault(key, []).append(outcome.settlement_ticks)
        book(self, key, number, outcome)

    def watched_settlement(self, day):
        house = self.house
        for key, _ in self._expiring:
            held, _, price = last.pop(key)
            mean = (2 * sum(prices[key]) + len(prices[key])) // (
                2 * len(prices[key])
            )  # of three days, half up
            for account, lots in enumerate(held):
                gains[account] += lots * (mean - price) * 10_000
        expected = [house.cash_fen[a] + gains[a] - fees[a] for a in range(len(house.roster))]
        settle(self, day)
        repaid = {loss.account: loss.owed_fen for when, loss in self.losses if when == day}
        assert house.cash_fen.tolist() == [cash + repaid.get(a, 0) for a, cash in enumerate(expected)]
        naive = NaiveHouse(house.roster.hedge.tolist(), house.rules, house.settled_ticks.tolist())
        for series in self._series.values():
            for account, lots in enumerate(house.net_lots[series.place].tolist()):
                if lots:
                    side = int(Side.BUY if lots > 0 else Side.SELL)
                    naive.holdings[account][series.place, side] = Holding(abs(lots))
        assert house.margin_fen().tolist() == [naive.margin(a) for a in range(len(house.roster))]
        gains.clear()
        fees.clear()
        checked.append(day)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            scenarios.clearing, "_expiries", lambda world, market: Expiries()
        )  # in cash: no oil is paid for
        patch.setattr(MarketClearing, "opened", watched_opening)
        patch.setattr(MarketClearing, "_book", watched_booking)
        patch.setattr(MarketClearing, "_settle", watched_settlement)
        world = run(scenario("base", figures), 3)
    assert tuple(checked) == world.trading_days
    assert sum(row.fees_fen for row in world.clearing.days) > 0


def test_a_population_of_ample_means_is_never_called():
    bench = Bench({0: 100, 1: -100}, capital_over_margin=50.0)
    bench.open(MONDAY, 5_000)
    bench.close(MONDAY, 5_000, SC_TICKS // 2, 0, 0)
    row = bench.clearing.days[-1]
    assert (row.called_accounts, row.suspended_accounts, row.defaults) == (0, 0, 0)
    assert not bench.clearing._forced.pending
