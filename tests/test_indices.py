"""Indices from trades: the rule in integers, and what stands when nothing trades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.indices import Priced, TradeIndex, volume_weighted_fen_per_t

MONDAY, TUESDAY = date(2024, 11, 4), date(2024, 11, 5)


@dataclass(frozen=True)
class Trade:
    price_fen_per_t: int
    quantity_t: int


def test_the_value_is_weighted_by_volume() -> None:
    assert volume_weighted_fen_per_t([Trade(400_000, 1), Trade(500_000, 3)]) == 475_000


def test_no_trade_gives_no_value() -> None:
    assert volume_weighted_fen_per_t([]) is None


TRADES = st.lists(st.builds(Trade, st.integers(1, 10**6), st.integers(1, 10**5)), min_size=1, max_size=20)


@given(TRADES)
def test_the_value_is_the_exact_mean_with_half_a_fen_rounded_up(trades: list[Trade]) -> None:
    exact = Fraction(sum(t.price_fen_per_t * t.quantity_t for t in trades), sum(t.quantity_t for t in trades))
    assert volume_weighted_fen_per_t(trades) == floor(exact + Fraction(1, 2))


def test_the_last_value_is_carried_and_says_so() -> None:
    index = TradeIndex("lng", 470_000)
    first = index.publish(MONDAY, [])
    assert (first.value_fen_per_t, first.volume_t, first.carried) == (470_000, 0, True)
    second = index.publish(TUESDAY, [Trade(450_000, 20)])
    assert (second.value_fen_per_t, second.volume_t, second.carried) == (450_000, 20, False)
    assert index.last_fen_per_t == 450_000


def test_days_come_once_and_in_order() -> None:
    index = TradeIndex("lng", 470_000)
    index.publish(TUESDAY, [])
    for day in (MONDAY, TUESDAY):
        with pytest.raises(ValueError, match="not after the last published day"):
            index.publish(day, [])


def test_the_first_value_must_be_a_price() -> None:
    with pytest.raises(ValueError, match="first value"):
        TradeIndex("lng", 0)


def test_another_rule_makes_another_index() -> None:
    def highest(trades: list[Priced]) -> int | None:
        return max((trade.price_fen_per_t for trade in trades), default=None)

    index = TradeIndex("dearest trade", 470_000, highest)
    assert index.publish(MONDAY, [Trade(450_000, 20), Trade(480_000, 1)]).value_fen_per_t == 480_000
