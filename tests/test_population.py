"""The compiled population: one path whatever the bar, the fork or the mode; nothing appears or vanishes; books hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import simpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from populations import SC_LIMITS, SC_TICKS, START_NS, check_books, go, opened, population
from worlds import NO_ARBITRAGE, NO_TAPE

from agents.traders.market import FastMarket
from agents.traders.population import TraderPopulation
from agents.traders.state import ARBITRAGE_ACCOUNT, EXTERNAL_ACCOUNT, NOISE_ACCOUNTS, Class
from exchange.codes import Phase, Side, Venue
from exchange.units import NS_PER_MINUTE, NS_PER_SECOND

VENUES = ("sc", "oman", "brent")
MODE = """
import sys
sys.path.insert(0, "tests")
from test_population import short_path
print(short_path())
"""


def short_path() -> str:
    """Return the hash of a short path with an auction, continuous trading on three books and orders from outside."""
    made = population()
    made.set_phase(Venue.SC, Phase.AUCTION_ENTRY)
    for venue in (Venue.OMAN, Venue.BRENT):
        made.set_phase(venue, Phase.CONTINUOUS)
    go(made, 40)
    made.set_phase(Venue.SC, Phase.AUCTION_MATCH)
    go(made, 1)
    made.set_phase(Venue.SC, Phase.CONTINUOUS)
    for k in range(4):
        go(made, 25.5)
        made.send(k, Venue.SC, Side(k % 2), 40)
        made.tell(Venue.SC, 0.001)
    made.set_phase(Venue.SC, Phase.BREAK)
    go(made, 10)
    return made.state_hash()


def floats(made: TraderPopulation) -> np.ndarray:
    """Return the beliefs, which the hash of integers leaves out."""
    s = made.state
    names = ("value", "informed_value", "maker_value", "price_value", "imbalance", "log_volatility")
    return np.concatenate([np.ravel(s[name]) for name in names])


@pytest.mark.parametrize("step_s", [1, 7, 60, 0.31])
def test_the_path_is_the_same_for_bars_of_any_length(step_s):
    whole, stepped = go(opened(), 1200), go(opened(), 1200, step_s)
    assert stepped.state_hash() == whole.state_hash()
    np.testing.assert_array_equal(floats(stepped), floats(whole))
    np.testing.assert_array_equal(stepped.samples(), whole.samples())


def test_a_fork_that_changes_nothing_gives_the_same_path():
    made = go(opened(), 600)
    twin = made.copy()
    assert go(twin, 900, 60).state_hash() == go(made, 900).state_hash()
    np.testing.assert_array_equal(twin.samples(), made.samples())


def test_a_fork_lives_on_its_own():
    made = go(opened(), 300)
    alone = go(made.copy(), 600).state_hash()
    twin = made.copy()
    twin.send(0, Venue.SC, Side.BUY, 200)
    assert go(twin, 600).state_hash() != alone
    assert go(made, 600).state_hash() == alone
    assert len(twin.new_fills()) > 0
    assert len(made.new_fills()) == 0


def test_worlds_of_two_seeds_differ():
    assert go(opened(seed=1), 60).state_hash() != go(opened(seed=2), 60).state_hash()


@pytest.mark.parametrize("flag", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_the_path_is_the_same_without_compilation_and_with_bounds_checks(flag, tmp_path):
    environment = {**os.environ, flag: "1", "YANGSHAN_CACHE": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    run = subprocess.run(
        [sys.executable, "-c", MODE],
        env=environment, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == short_path()


class Agent:
    """A SimPy-side trader that acts at odd moments and keeps what it was told."""

    def __init__(self, env: simpy.Environment, market: FastMarket) -> None:
        self.env, self.market, self.fills, self.sent = env, market, [], 0
        env.process(self.run())

    def run(self):
        rng = np.random.default_rng(5)
        while True:
            yield self.env.timeout(int(rng.integers(1, 90)) * NS_PER_SECOND // 2)
            if self.market.is_open(Venue.SC):
                bid, ask = self.market.quote(Venue.SC)
                limit = None if rng.random() < 0.5 else bid + ask - bid
                self.market.submit(
                    "agent", Venue.SC, Side(int(rng.integers(2))), int(rng.integers(1, 60)), limit
                )
                self.sent += 1
            self.fills += self.market.fills("agent")


def on_a_clock(bar_s: int) -> tuple[str, list, int]:
    """Run an agent beside the population for half an hour; return the state hash, its fills and orders."""
    made = opened()
    env = simpy.Environment(initial_time=START_NS)
    ticks = {Venue.SC: 0.1, Venue.OMAN: 0.01, Venue.BRENT: 0.01}
    end_ns = START_NS + 30 * NS_PER_MINUTE
    market = FastMarket(
        env, made, ticks, ("other", "agent"), start_ns=START_NS, end_ns=end_ns, bar_ns=bar_s * NS_PER_SECOND
    )
    agent = Agent(env, market)
    env.run(until=end_ns + 1)
    agent.fills += market.fills("agent")
    lots = sum(fill.quantity_lots if fill.side is Side.BUY else -fill.quantity_lots for fill in agent.fills)
    assert lots == made.state["positions"][Venue.SC, EXTERNAL_ACCOUNT + 1]
    return made.state_hash(), agent.fills, agent.sent


def test_orders_from_the_slow_clock_meet_the_same_path_for_bars_of_one_second_and_of_sixty():
    by_second, by_minute = on_a_clock(1), on_a_clock(60)
    assert by_second == by_minute
    assert by_minute[2] > 50 and len(by_minute[1]) > 50


def test_orders_from_the_slow_clock_enter_on_whole_minutes_in_the_order_of_sending():
    fills = on_a_clock(20)[1]
    assert all(fill.at_ns % NS_PER_MINUTE == 0 for fill in fills)
    assert [fill.at_ns for fill in fills] == sorted(fill.at_ns for fill in fills)


def test_a_bar_that_does_not_divide_a_minute_is_refused():
    with pytest.raises(ValueError, match="must divide a minute"):
        FastMarket(simpy.Environment(), opened(), {}, (), start_ns=0, end_ns=1, bar_ns=7 * NS_PER_SECOND)


Step = st.tuples(
    st.sampled_from([0.2, 3.0, 20.0]),
    st.sampled_from(list(Venue)),
    st.sampled_from(["order", "limited", "phase", "day", "news"]),
    st.integers(0, 2**31 - 1),
)


@given(seed=st.integers(0, 100), steps=st.lists(Step, min_size=5, max_size=40))
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_appears_or_vanishes_and_books_hold_whatever_happens(seed, steps):
    made = opened(seed=seed)
    positions, cash = np.zeros((16, 3), np.int64), np.zeros((16, 3), np.int64)
    for seconds, venue, what, number in steps:
        go(made, seconds)
        book = made.book(venue)
        if what in ("order", "limited"):
            price = int(book["last"]) - 5 + number % 11 if what == "limited" else 0
            before = made.state["positions"][venue].copy()
            filled = made.send(number % 16, venue, Side(number // 16 % 2), 1 + number % 400, price)
            assert 0 <= filled <= 1 + number % 400
            assert filled == abs(made.state["positions"][venue] - before).sum() // 2
        elif what == "phase":
            made.set_phase(venue, Phase(number % 5))
        elif what == "day":
            made.set_phase(venue, Phase.CLOSED)
            last = int(book["last"])
            if venue is Venue.SC:
                made.set_limits(venue, last * 97 // 100, last * 103 // 100)
            else:
                made.set_band(venue, last)
            made.start_day(venue, last)
            made.set_phase(venue, Phase(1 if number % 2 else 3))
        else:
            made.tell(venue, (number % 2001 - 1000) * 1e-5)
        check_books(made)
        for fill in made.new_fills():
            sign = 1 if fill["side"] == Side.BUY else -1
            positions[fill["account"], fill["venue"]] += sign * fill["quantity"]
            cash[fill["account"], fill["venue"]] -= sign * fill["quantity"] * fill["price"]
    external = slice(EXTERNAL_ACCOUNT, EXTERNAL_ACCOUNT + 16)
    np.testing.assert_array_equal(made.state["positions"][:3, external].T, positions)
    np.testing.assert_array_equal(made.state["cash"][:3, external].T, cash)


def test_books_are_never_crossed_and_each_trade_counts_once_for_each_side():
    made = opened()
    for _ in range(900):
        go(made, 1)
        for venue in Venue:
            bid, ask = made.quote_ticks(venue)
            assert bid is None or ask is None or bid < ask
    check_books(made)
    for venue in Venue:
        assert sum(made.class_lots(venue).values()) == 2 * int(made.book(venue)["volume"])
        assert made.open_interest_lots(venue) >= 1


def test_a_big_piece_of_news_locks_the_book_at_its_limit_and_nothing_trades_beyond():
    made = go(opened(), 300)
    made.tell(Venue.SC, 0.3)
    go(made, 1200, 60)
    check_books(made)
    low, high = SC_LIMITS
    bid, ask = made.quote_ticks(Venue.SC)
    assert (bid, ask) == (high, None)
    assert high - 8 <= made.day(Venue.SC)[3] <= made.day(Venue.SC)[1] <= high
    samples = made.samples()
    bids = samples["bid"][samples["bid_quantity"][:, Venue.SC] > 0, Venue.SC]
    assert low <= bids.min() <= bids.max() == high
    lots, worth = (int(made.book(Venue.SC)[name]) for name in ("volume", "turnover"))
    go(made, 600)  # whoever sells now sells at the limit, or a few ticks below, where market orders stop
    more = int(made.book(Venue.SC)["volume"]) - lots
    assert more > 0
    assert high - 8 <= (int(made.book(Venue.SC)["turnover"]) - worth) / more <= high


def test_nobody_waits_beyond_a_limit_and_nobody_sells_below_the_price_asked():
    figures = {
        f"traders.sc.{key}": 0.0 for key in ("informed_per_s", "noise_limit_per_s", "noise_market_per_s")
    }
    made = go(opened(figures | NO_TAPE | NO_ARBITRAGE), 60)
    made.state["maker_value"][Venue.SC] += 0.15  # makers would ask far above the limit
    go(made, 60)
    bid, ask = made.quote_ticks(Venue.SC)
    assert (bid, ask) == (SC_LIMITS[1], None)
    assert made.send(0, Venue.SC, Side.SELL, 5, SC_LIMITS[1] + 1) == 0
    assert made.send(0, Venue.SC, Side.SELL, 5, SC_LIMITS[1]) == 5


def test_a_shut_venue_neither_trades_nor_quotes_while_the_others_go_on():
    made = go(opened(), 120)
    made.set_phase(Venue.SC, Phase.BREAK)
    volume, orders = int(made.book(Venue.SC)["volume"]), made.state["orders"][Venue.SC].copy()
    brent = int(made.book(Venue.BRENT)["volume"])
    go(made, 600)
    assert made.send(0, Venue.SC, Side.BUY, 10) == 0
    assert int(made.book(Venue.SC)["volume"]) == volume
    np.testing.assert_array_equal(made.state["orders"][Venue.SC], orders)
    assert int(made.book(Venue.BRENT)["volume"]) > brent


def test_an_auction_gathers_orders_and_uncrosses_at_one_price():
    made = population()
    made.set_phase(Venue.SC, Phase.AUCTION_ENTRY)
    go(made, 240)
    book = made.book(Venue.SC)
    assert book["best_bid"] >= book["best_ask"] >= 0  # crossed, and nothing traded
    assert book["volume"] == 0
    made.set_phase(Venue.SC, Phase.AUCTION_MATCH)
    resting = int(book["resting"])
    go(made, 60)
    assert book["resting"] == resting
    lots = made.set_phase(Venue.SC, Phase.CONTINUOUS)
    opening, high, low, close = made.day(Venue.SC)
    assert lots == book["volume"] > 0
    assert opening == high == low == close
    assert abs(opening - SC_TICKS) < 20
    check_books(made)


def test_resampling_a_stream_moves_what_it_feeds_and_a_stream_nobody_uses_moves_nothing():
    base = go(opened(), 120).state_hash()
    assert go(opened(draws={"flow.sc.maker": 1}), 120).state_hash() != base
    assert go(opened(draws={"news.china.sc": 1}), 120).state_hash() != base
    assert go(opened(draws={"news.world.sc": 1, "news.gulf.sc": 1}), 120).state_hash() == base


def test_without_links_a_venue_does_not_feel_what_happens_at_another():
    alone = go(opened(NO_TAPE | NO_ARBITRAGE), 300).state
    pushed = opened(NO_TAPE | NO_ARBITRAGE)
    pushed.send(0, Venue.SC, Side.BUY, 400)
    pushed.tell(Venue.SC, 0.01)
    state = go(pushed, 300).state
    for name in ("positions", "cash", "informed_value", "maker_value", "noise_slots"):
        assert np.array_equal(state[name][Venue.BRENT], alone[name][Venue.BRENT])
        assert not np.array_equal(state[name][Venue.SC], alone[name][Venue.SC])
    for name in ("price", "quantity", "owner"):
        assert np.array_equal(state["orders"][name][Venue.BRENT], alone["orders"][name][Venue.BRENT])


def test_arbitrageurs_buy_the_cheap_barrel_and_sell_the_dear_one_up_to_their_capital():
    figures = NO_TAPE | NO_ARBITRAGE | {"traders.arbitrage.sc_brent.capital_lots": 150}
    made = go(opened(figures), 120)
    made.tell(Venue.SC, 0.01)
    account = ARBITRAGE_ACCOUNT + 1  # the pair of SC and Brent
    for _ in range(60):
        go(made, 10)
        assert np.abs(made.state["positions"][:, account]).max() <= 150
    assert made.state["pair_lots"][:3].tolist() == [0, -150, 0]
    assert made.state["positions"][:3, account].tolist() == [-150, 0, 150]


def test_what_an_arbitrageur_could_not_sell_at_once_it_sells_next():
    made = go(opened(NO_TAPE), 60)
    made.tell(Venue.SC, 0.02)
    largest = 0
    for _ in range(600):
        go(made, 1)
        legs = made.state["positions"][:, ARBITRAGE_ACCOUNT : ARBITRAGE_ACCOUNT + 3].sum(axis=0)
        largest = max(largest, int(np.abs(legs).max()))
    assert 0 < largest <= 30


def test_informed_traders_never_pay_more_than_they_believe():
    figures = {f"traders.{venue}.noise_market_per_s": 0.0 for venue in VENUES} | NO_TAPE | NO_ARBITRAGE
    made = go(opened(figures), 60)
    made.tell(Venue.SC, 0.004)
    go(made, 900, 60)
    _, high, _, close = made.day(Venue.SC)
    value = SC_TICKS * np.exp(float(made.state["value"]) - np.log(73.5))
    assert abs(close - value) < 25
    assert high < SC_TICKS * 1.008


def test_holdings_at_the_start_sum_to_the_open_interest_and_to_nothing():
    made = population({"traders.sc.open_interest_lots": 12_345})
    assert made.open_interest_lots(Venue.SC) == 12_345
    assert made.state["positions"][Venue.SC].sum() == 0
    assert (made.state["positions"][Venue.SC, NOISE_ACCOUNTS:] == 0).all()


def test_an_account_that_is_not_of_the_slow_world_is_refused():
    with pytest.raises(ValueError, match="account 16"):
        opened().send(16, Venue.SC, Side.BUY, 1)


def test_fills_that_nobody_reads_are_not_lost_in_silence():
    made = go(opened(), 60)
    made.state["fill_count"] += 5000
    with pytest.raises(OverflowError, match="5000 fills"):
        made.new_fills()


def test_every_class_takes_part():
    made = go(opened(), 300)
    for venue in Venue:
        made.tell(venue, 0.003)
    go(made, 300)
    for venue in Venue:
        lots = made.class_lots(venue)
        for trader_class in (Class.NOISE_LIMIT, Class.NOISE_MARKET, Class.MAKER, Class.INFORMED):
            assert lots[trader_class.name.lower()] > 0
