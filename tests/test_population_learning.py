"""Learning from prices and news, against a plain twin in Python; and the numbers drawn inside the state."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from populations import START_NS, go, opened
from worlds import NO_TAPE

from agents.traders.kernel import draws, news
from agents.traders.state import Stream
from exchange.clock import ns
from exchange.codes import Phase, Venue
from exchange.units import NS_PER_HOUR, NS_PER_MINUTE

MASK = 2**64 - 1
NO_NOISE = {
    f"traders.sc.{key}": 0.0 for key in ("noise_limit_per_s", "noise_market_per_s", "informed_per_s")
} | {"traders.news.volatility_annual": 0.0}
FIGURES = {
    "traders.cross_learning.sc_follows_brent": 0.6,
    "traders.cross_learning.sc_follows_oman": 0.2,
    "traders.cross_learning.brent_follows_sc": 0.3,
    "traders.cross_learning.brent_from_sc_half_life_minutes": 2.0,
    "traders.sc.own_learning_half_life_hours": 0.5,
}


class Twin:
    """Prices, beliefs and what is not read yet, in plain lists; it learns a second at a time, as `news.learn` says."""

    def __init__(self, state) -> None:
        self.prices = state["price_value"][:3].tolist()
        self.makers = state["maker_value"][:3].tolist()
        self.informed = state["informed_value"][:3].tolist()
        self.unread = state["unread"].tolist()

    def learn(self, now: list[float | None], moves: list[float], p) -> None:
        """Take the venues' log prices after the basis (None where a side is empty or shut), and their own moves."""
        for reader in range(3):
            for venue in range(3):
                if venue != reader:
                    waiting = self.unread[reader][venue] + moves[venue]
                    read = p["tape_reading_per_s"] * waiting
                    self.unread[reader][venue] = waiting - read
                    self.makers[reader] += p["cross_following"][reader, venue] * read
                    self.informed[reader] += p["cross_following"][reader, venue] * read
        for venue, price in enumerate(now):
            if price is not None:
                self.prices[venue] = price
                self.informed[venue] += p["own_learning_per_s"][venue] * (price - self.informed[venue])
        for reader in range(3):
            for venue in range(3):
                if now[venue] is not None:
                    rate = p["cross_learning_per_s"][reader, venue]
                    self.makers[reader] += rate * (self.prices[venue] - self.makers[reader])
                    self.informed[reader] += rate * (self.prices[venue] - self.informed[reader])


def test_learning_from_prices_is_that_of_a_plain_twin_through_breaks_and_emptied_sides():
    made = go(opened(FIGURES), 30)
    s, rng = made.state, np.random.default_rng(3)
    s["own_move"][:] = 0.0
    twin = Twin(s)
    for step in range(400):
        if step % 40 == 20:
            venue = Venue(int(rng.integers(3)))
            is_open = s["books"][venue]["phase"] == Phase.CONTINUOUS
            s["books"][venue]["phase"] = int(Phase.BREAK if is_open else Phase.CONTINUOUS)
        now: list[float | None] = []
        for venue in Venue:
            book = s["books"][venue]
            middle = int(book["best_bid"]) if book["best_bid"] > 0 else 2000
            bid = max(1, middle + int(rng.integers(-4, 5)))
            book["best_bid"], book["best_ask"] = bid, bid + 2
            if rng.random() < 0.05:
                book["best_ask"] = -1
            quoted = book["phase"] == Phase.CONTINUOUS and book["best_ask"] >= 0
            usd = (book["base_tick"] + bid + 1.0) * s["tick_usd"][venue]
            now.append(math.log(usd) - s["basis"][venue] if quoted else None)
        moves = (rng.normal(0, 1e-4, 3) * (rng.random(3) < 0.5)).tolist()
        s["own_move"][:3] = moves
        news.learn(s)
        twin.learn(now, moves, s["parameters"])
        np.testing.assert_allclose(s["maker_value"][:3], twin.makers, rtol=0, atol=1e-12)
        np.testing.assert_allclose(s["informed_value"][:3], twin.informed, rtol=0, atol=1e-12)
        np.testing.assert_allclose(s["unread"], twin.unread, rtol=0, atol=1e-12)


def test_a_follower_takes_over_its_share_of_a_move_and_no_more():
    made = opened(NO_TAPE | {
        "traders.cross_learning.sc_follows_brent": 0.6, "traders.cross_learning.tape_half_life_seconds": 5.0,
    })  # fmt: skip
    s = made.state
    before = s["maker_value"].copy()
    s["own_move"][Venue.BRENT] = 0.01
    for second in range(200):
        news.learn(s)
        if second == 4:
            assert s["maker_value"][Venue.SC] - before[Venue.SC] == pytest.approx(0.6 * 0.005, rel=1e-9)
    np.testing.assert_allclose((s["maker_value"] - before)[:3], [0.006, 0.0, 0.0], atol=1e-12)


def test_what_arbitrage_or_following_moves_is_no_move_of_its_own():
    made = opened(NO_TAPE | NO_NOISE)
    made.tell(Venue.BRENT, 0.01)  # arbitrageurs carry it to SC, where nobody else trades
    s = made.state
    s["own_move"][:] = 0.0
    read = 0.0
    for _ in range(120):
        go(made, 1)
        read += abs(float(s["own_move"][Venue.SC])) + abs(float(s["unread"][Venue.OMAN, Venue.SC]))
    assert int(made.book(Venue.SC)["volume"]) > 0
    assert read == 0.0


def test_a_gap_closes_by_half_in_its_half_life():
    made = opened({"traders.cross_learning.brent_from_sc_half_life_minutes": 10.0} | {
        f"traders.cross_learning.{key}": 0.0 for key in ("sc_follows_brent", "sc_follows_oman", "oman_follows_brent")
    })  # fmt: skip
    s = made.state
    kept = float(s["parameters"]["cross_learning_per_s"][Venue.BRENT, Venue.SC])
    s["parameters"]["cross_learning_per_s"][:] = 0.0
    s["parameters"]["cross_learning_per_s"][Venue.BRENT, Venue.SC] = kept
    for book in s["books"]:
        book["best_bid"], book["best_ask"] = 100, 102
    news.learn(s)
    s["maker_value"][Venue.BRENT] = s["price_value"][Venue.SC] + 0.01
    for _ in range(600):
        news.learn(s)
    assert s["maker_value"][Venue.BRENT] - s["price_value"][Venue.SC] == pytest.approx(0.005, rel=1e-9)


def told(made, seconds: int) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Let news arrive for some seconds and return the changes of the value and of beliefs."""
    s, found = made.state, []
    for _ in range(seconds):
        s["now_ns"] += 10**9
        before = float(s["value"]), s["informed_value"][:3].copy(), s["maker_value"][:3].copy()
        news.arrive(s)
        found.append(
            (
                float(s["value"]) - before[0],
                s["informed_value"][:3] - before[1],
                s["maker_value"][:3] - before[2],
            )
        )
    return found


def test_news_adds_up_over_the_venues_where_it_enters_and_makers_see_its_public_share():
    made = opened({"traders.news.public_share": 0.25, "traders.news.gulf_share": 0.3})
    for step, informed, makers in told(made, 200):
        assert informed.sum() == pytest.approx(step, abs=1e-15)
        np.testing.assert_allclose(makers, 0.25 * informed, rtol=0, atol=1e-15)
        assert (informed != 0).all()  # each stream at its home


def test_news_of_a_shut_home_enters_at_brent():
    made = opened()
    made.set_phase(Venue.SC, Phase.BREAK)
    steps = told(made, 50)
    assert all(informed[Venue.SC] == 0 for _, informed, _ in steps)
    assert all(informed.sum() == pytest.approx(step, abs=1e-15) for step, informed, _ in steps)


def test_a_stream_has_its_share_of_the_variance_and_the_year_its_volatility():
    figures = {
        "traders.news.china_share": 0.3, "traders.news.gulf_share": 0.2, "traders.news.jumps_per_day": 0.0,
        "traders.news.volatility_shock_hourly": 0.0, "traders.news.volatility_annual": 0.3,
        "traders.news.activity_by_hour": [1.0] * 24, "traders.news.china_activity_by_hour": [1.0] * 24,
    }  # fmt: skip
    made = opened(figures)
    steps = np.array([informed for _, informed, _ in told(made, 20_000)])
    variance = (steps**2).mean(axis=0)
    np.testing.assert_allclose(variance / variance.sum(), [0.3, 0.2, 0.5], atol=0.01)
    assert math.sqrt(variance.sum() * 86_400 * 243) == pytest.approx(0.3, rel=0.02)


def test_volatility_of_news_clusters_and_jumps_come_at_their_rate():
    made = opened({"traders.news.jumps_per_day": 86.4, "traders.news.jump_scale": 1000.0})
    s = made.state
    jumps = 0
    for _ in range(20_000):
        s["now_ns"] += 10**9
        before = float(s["value"])
        news.arrive(s)
        jumps += abs(float(s["value"]) - before) > 100 * float(s["news_scale"].max())
    assert 35 <= jumps <= 90  # 20,000 s x 3 streams / 1,000 s
    scales = []
    for _ in range(500):
        s["now_ns"] = (s["now_ns"] // NS_PER_HOUR + 24) * NS_PER_HOUR  # the same hour, a day later
        news.turn_the_hour(s)
        scales.append(float(s["log_volatility"][Stream.WORLD]))
    scales = np.array(scales)
    assert np.corrcoef(scales[1:], scales[:-1])[0, 1] > 0.9


def test_a_weekend_is_quiet():
    made = opened({"traders.news.volatility_shock_hourly": 0.0, "traders.news.weekend_activity": 0.25})
    s = made.state
    thursday = ns(date(2024, 11, 7))
    scales = {}
    for day, name in ((1, "friday"), (2, "saturday"), (3, "sunday"), (4, "monday")):
        s["now_ns"] = thursday + day * 24 * NS_PER_HOUR + 10 * NS_PER_HOUR
        news.turn_the_hour(s)
        scales[name] = float(s["news_scale"][Stream.WORLD])
    assert scales["friday"] == scales["monday"] > 0
    assert scales["saturday"] == scales["sunday"] == pytest.approx(0.5 * scales["monday"])


def test_value_is_driven_to_its_target_by_the_time_it_is_set_for():
    made = opened()
    s = made.state
    at_ns = START_NS + 30 * NS_PER_MINUTE
    made.set_target(math.log(80.0), at_ns)
    while s["now_ns"] < at_ns:
        s["now_ns"] += 10**9
        news.arrive(s)
    assert math.exp(float(s["informed_value"][Venue.BRENT])) == pytest.approx(80.0, rel=0.005)
    left = float(s["informed_value"][Venue.BRENT])
    s["now_ns"] += 10**9
    news.arrive(s)
    assert abs(float(s["informed_value"][Venue.BRENT]) - left) < 0.002  # the pull has ended


def splitmix64(word: int) -> tuple[int, int]:
    """Return the next state and output of the generator, in plain integers (Steele, Lea and Flood 2014)."""
    word = (word + 0x9E3779B97F4A7C15) & MASK
    z = word
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return word, z ^ (z >> 31)


def test_numbers_are_those_of_splitmix64():
    assert splitmix64(1234567)[1] == 6457827717110365317  # published with the reference code
    words, plain = np.array([1234567], np.uint64), 1234567
    for _ in range(200):
        plain, z = splitmix64(plain)
        assert draws.uniform(words, 0) == ((z >> 11) + 0.5) / 2**53
        assert int(words[0]) == plain


@pytest.mark.parametrize(
    ("draw", "arguments", "used"),
    [("uniform", (), 1), ("normal", (), 2), ("waiting_ns", (0.5,), 1), ("waiting_ns", (0.0,), 1),
     ("geometric", (3.0,), 1), ("geometric", (1.0,), 1)],
)  # fmt: skip
def test_each_draw_uses_a_fixed_number_of_words(draw, arguments, used):
    words, plain = np.array([7, 99], np.uint64), 99
    for _ in range(used):
        plain, _ = splitmix64(plain)
    getattr(draws, draw)(words, 1, *arguments)
    assert words.tolist() == [7, plain]


def test_draws_have_their_moments():
    words = np.array([5], np.uint64)
    normal = np.array([draws.normal(words, 0) for _ in range(40_000)])
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    waits = np.array([draws.waiting_ns(words, 0, 4.0) for _ in range(40_000)])
    assert waits.min() >= 1 and abs(waits.mean() - 0.25e9) < 0.005e9
    lots = np.array([draws.geometric(words, 0, 3.4) for _ in range(40_000)])
    assert lots.min() == 1 and abs(lots.mean() - 3.4) < 0.07
    assert draws.waiting_ns(words, 0, 0.0) > 10**18
