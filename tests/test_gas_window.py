"""The JKM window: its uncrossing against a naive twin, its answer to Chinese bids and to losses."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters, brent_history, streams

from agents.gas.jkm import Assessment, Elsewhere, JkmWindow, Tender, Want
from exchange.window import Interest, uncross

CARGO_M3 = 166_170
DAY = date(2024, 11, 4)


def executable(bids: list[Interest], offers: list[Interest], price: int) -> int:
    demand = sum(bid.volume for bid in bids if bid.limit_ticks >= price)
    supply = sum(offer.volume for offer in offers if offer.limit_ticks <= price)
    return min(demand, supply)


def naive_price(bids: list[Interest], offers: list[Interest], previous: int, top: int) -> int | None:
    volumes = {price: executable(bids, offers, price) for price in range(1, top)}
    best = max(volumes.values())
    if best == 0:
        return None
    return min((p for p, v in volumes.items() if v == best), key=lambda p: abs(p - previous))


INTERESTS = st.lists(st.builds(Interest, st.just("x"), st.integers(1, 30), st.integers(1, 9)), max_size=12)


@given(INTERESTS, INTERESTS, st.integers(1, 39))
def test_the_price_is_the_naive_twins(bids: list[Interest], offers: list[Interest], previous: int) -> None:
    result = uncross(bids, offers, previous)
    expected = naive_price(bids, offers, previous, top=40)
    if expected is None:
        assert result is None
        return
    assert result is not None
    assert result.price_ticks == expected
    assert result.volume == executable(bids, offers, expected)


@given(INTERESTS, INTERESTS, st.integers(1, 39))
def test_what_is_bought_is_sold_within_the_limits(
    bids: list[Interest], offers: list[Interest], previous: int
) -> None:
    result = uncross(bids, offers, previous)
    if result is None:
        return
    assert sum(result.bought) == sum(result.sold) == result.volume
    for bid, got in zip(bids, result.bought, strict=True):
        assert 0 <= got <= bid.volume
        assert got == 0 or bid.limit_ticks >= result.price_ticks
    unfilled = [b for b, got in zip(bids, result.bought, strict=True) if got < b.volume]
    filled = [b for b, got in zip(bids, result.bought, strict=True) if got > 0]
    if unfilled and filled:
        assert max(b.limit_ticks for b in unfilled) <= min(b.limit_ticks for b in filled)


@pytest.mark.parametrize(("previous", "price"), [(1, 10), (15, 15), (40, 20)])
def test_a_tie_goes_to_the_price_nearest_the_last(previous: int, price: int) -> None:
    result = uncross([Interest("b", 20, 5)], [Interest("s", 10, 5)], previous)
    assert result is not None
    assert result.price_ticks == price


def test_nothing_trades_when_the_curves_do_not_meet() -> None:
    assert uncross([Interest("b", 9, 5)], [Interest("s", 10, 5)], 9) is None
    assert uncross([], [Interest("s", 10, 5)], 9) is None


USUAL_M3 = int(5.2 * CARGO_M3)
"""What sellers offer, and others want, at the worth of gas."""


def window() -> JkmWindow:
    return JkmWindow(base_parameters().jkm, brent_history(), streams(5)("gas.jkm"))


def assess(
    tenders: int, log_worth: float = 0.0, offered_m3: int = USUAL_M3, days: int = 1, *, outside: bool = False
) -> list[Assessment]:
    held = window()
    bids = [Tender("cnooc", 30.0, CARGO_M3)] * tenders
    wants = [Want("others", USUAL_M3, log_worth, is_outside_option=outside)]
    return [held.assess(DAY + timedelta(days=i), bids, wants, offered_m3) for i in range(days)]


def test_chinese_bids_lift_the_price_and_the_more_the_higher() -> None:
    prices = [assess(tenders)[0].price_usd_per_mmbtu for tenders in (0, 3, 6)]
    assert prices[0] < prices[1] < prices[2]
    assert 0.02 < prices[2] / prices[0] - 1 < 0.12


def test_a_push_into_the_window_outlasts_the_day() -> None:
    prices = []
    usual = [Want("others", USUAL_M3)]
    for first in (0, 6):
        held = window()
        held.assess(DAY, [Tender("cnooc", 30.0, CARGO_M3)] * first, usual, USUAL_M3)
        later = [held.assess(DAY + timedelta(days=i), [], usual, USUAL_M3) for i in range(1, 6)]
        prices.append(later[-1].price_usd_per_mmbtu)
    assert prices[1] > prices[0] * 1.01


def test_a_tender_below_the_price_buys_nothing() -> None:
    result = window().assess(DAY, [Tender("guanghui", 8.0, CARGO_M3)], [Want("others", USUAL_M3)], USUAL_M3)
    assert result.filled == (False,)
    assert result.chinese_bought_m3 == 0


def test_the_need_of_one_basin_lifts_the_price_at_once_by_what_gas_is_worth_to_it() -> None:
    calm, short = assess(0)[0], assess(0, log_worth=0.4)[0]
    assert short.price_usd_per_mmbtu / calm.price_usd_per_mmbtu == pytest.approx(np.exp(0.4), rel=0.02)
    assert short.log_scarcity == 0.4


def test_a_basin_in_need_buys_before_one_that_is_not() -> None:
    wants = [Want("cold", USUAL_M3 // 2, 0.4), Want("warm", USUAL_M3 // 2)]
    result = window().assess(DAY, [], wants, USUAL_M3)
    assert result.bought_m3["cold"] > 0 == result.bought_m3["warm"]
    assert sum(result.bought_m3.values()) == result.volume_m3


def test_the_outside_option_pulls_the_price_back_and_others_do_not() -> None:
    """Without pull or noise a push stays, unless Europe takes less while gas is dear."""
    own = base_parameters().jkm.model_copy(update={"pull_per_day": 0.0, "noise_per_day": 0.0})
    prices = {}
    for outside in (True, False):
        held = JkmWindow(own, brent_history(), streams(5)("gas.jkm"))
        at = held.elsewhere_usd_per_mmbtu(DAY, Elsewhere())
        wants = [Want("europe", USUAL_M3, is_outside_option=outside)]
        bids = [Tender("cnooc", 30.0, CARGO_M3)] * 8
        days = [held.assess(DAY + timedelta(days=i), bids * (i < 3), wants, USUAL_M3) for i in range(20)]
        prices[outside] = days[-1].price_usd_per_mmbtu / at
    assert prices[True] == pytest.approx(1.0, abs=0.03)
    assert prices[False] > 1.06


def test_nobody_sells_for_less_than_the_lowest_bid_of_the_outside_option() -> None:
    held = window()
    for i in range(15):
        result = held.assess(DAY + timedelta(days=i), [], [Want("others", 10_000)], USUAL_M3)
    at = held.elsewhere_usd_per_mmbtu(DAY, Elsewhere())
    own = base_parameters().jkm
    lowest = np.exp(-own.outside_step * own.steps_per_side)
    assert lowest * 0.99 < result.price_usd_per_mmbtu / at < lowest * 1.05


def test_fewer_offers_lift_the_price() -> None:
    assert assess(0, offered_m3=USUAL_M3 * 7 // 10)[0].price_usd_per_mmbtu > assess(0)[0].price_usd_per_mmbtu


def test_without_sellers_the_last_price_is_judged_by_the_outside_option() -> None:
    first, second = assess(2, offered_m3=0, days=2)
    assert first.judged
    assert second.judged
    assert first.volume_m3 == 0
    ratio = second.outside_option_usd_per_mmbtu / first.outside_option_usd_per_mmbtu
    assert second.price_usd_per_mmbtu / first.price_usd_per_mmbtu == pytest.approx(ratio, abs=0.001)


def test_as_many_numbers_are_drawn_whoever_bids() -> None:
    drawn = []
    for wants in ([], [Want("a", USUAL_M3), Want("b", USUAL_M3, 0.5)]):
        rng = streams(5)("gas.jkm")
        held = JkmWindow(base_parameters().jkm, brent_history(), rng)
        held.assess(DAY, [], wants, USUAL_M3)
        drawn.append(rng.standard_normal())
    assert drawn[0] == drawn[1]
