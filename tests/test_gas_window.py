"""The JKM window: its uncrossing against a naive twin, its answer to Chinese bids and to losses."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters, brent_history, streams

from agents.gas.jkm import Assessment, JkmWindow, Tender, world_lost_share
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


def assess(tenders: int, lost: float = 0.0, lost_spot: float = 0.0, days: int = 1) -> list[Assessment]:
    window = JkmWindow(base_parameters().jkm, CARGO_M3, brent_history(), streams(5)("gas.jkm"))
    bids = [Tender("cnooc", 30.0, CARGO_M3)] * tenders
    return [window.assess(DAY + timedelta(days=i), bids, lost, lost_spot) for i in range(days)]


def test_chinese_bids_lift_the_price_and_the_more_the_higher() -> None:
    prices = [assess(tenders)[0].price_usd_per_mmbtu for tenders in (0, 3, 6)]
    assert prices[0] < prices[1] < prices[2]
    assert 0.02 < prices[2] / prices[0] - 1 < 0.12


def test_a_push_into_the_window_outlasts_the_day() -> None:
    parameters = base_parameters().jkm
    prices = []
    for first in (0, 6):
        window = JkmWindow(parameters, CARGO_M3, brent_history(), streams(5)("gas.jkm"))
        window.assess(DAY, [Tender("cnooc", 30.0, CARGO_M3)] * first, 0.0, 0.0)
        later = [window.assess(DAY + timedelta(days=i), [], 0.0, 0.0) for i in range(1, 6)]
        prices.append(later[-1].price_usd_per_mmbtu)
    assert prices[1] > prices[0] * 1.01


def test_a_tender_below_the_price_buys_nothing() -> None:
    window = JkmWindow(base_parameters().jkm, CARGO_M3, brent_history(), streams(5)("gas.jkm"))
    result = window.assess(DAY, [Tender("guanghui", 8.0, CARGO_M3)], 0.0, 0.0)
    assert result.filled == (False,)
    assert result.chinese_bought_m3 == 0


def test_a_loss_of_world_supply_lifts_the_price_at_once_by_its_elasticity() -> None:
    parameters = base_parameters().jkm
    calm, short = assess(0)[0], assess(0, lost=0.1)[0]
    elasticity = np.interp(DAY.timetuple().tm_yday, [288, 319], parameters.world_demand_elasticity[9:11])
    expected = (1 - 0.1) ** (-1 / elasticity)
    assert short.price_usd_per_mmbtu / calm.price_usd_per_mmbtu == pytest.approx(expected, rel=0.02)


def test_sellers_missing_from_the_window_lift_the_price() -> None:
    assert assess(0, lost_spot=0.3)[0].price_usd_per_mmbtu > assess(0)[0].price_usd_per_mmbtu


def test_without_sellers_the_last_price_is_judged_by_the_outside_option() -> None:
    first, second = assess(2, lost_spot=1.0, days=2)
    assert first.judged
    assert second.judged
    assert first.volume_m3 == 0
    ratio = second.outside_option_usd_per_mmbtu / first.outside_option_usd_per_mmbtu
    assert second.price_usd_per_mmbtu / first.price_usd_per_mmbtu == pytest.approx(ratio, abs=0.001)


def test_a_short_loss_is_carried_by_stocks_and_a_long_one_counts_in_full() -> None:
    lost = np.zeros(121)
    assert world_lost_share(lost, 60) == 0.0
    lost[60:90] = 0.2
    assert world_lost_share(lost, 60) == pytest.approx(0.1)
    lost[60:121] = 0.2
    assert world_lost_share(lost, 60) == pytest.approx(0.2)
    lost[:] = 0.2
    assert world_lost_share(lost, 60) == pytest.approx(0.2)
