"""Auction theory's known answers, held against the mechanisms themselves: revenue, truth, shading, learning."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.gas.bidders import (
    AdaptiveShading,
    Sale,
    equilibrium_bid,
    learnt_factor,
    price_to_beat,
    step_bids,
    truthful_bid,
)
from exchange.mechanisms import Bid, Offer, Outcome, Pricing, Slot, downward, sell_slot, tender, uplift
from scenarios.results import interval
from scenarios.streams import Streams

SLOT_DAYS = (date(2018, 10, 24), date(2018, 10, 26))
HIGH = 1_000_000
"""Values are uniform on 0 to this, in fen: fine enough that rounding is far below any interval."""


def sealed(bids: list[int], pricing: Pricing, units: int = 1, reserve: int = 1) -> Outcome:
    asked = [Bid(f"b{i}", max(1, bid), 1) for i, bid in enumerate(bids)]
    return tender(asked, [Offer("s", reserve, units)], pricing)


def draws(count: int, bidders: int, name: str) -> np.ndarray:
    return Streams(1).generator(name).integers(1, HIGH, size=(count, bidders))


@pytest.mark.parametrize(
    ("bidders", "units", "reserve"), [(2, 1, 1), (5, 1, 1), (5, 1, 500_000), (6, 3, 1), (6, 3, 400_000)]
)
def test_first_price_second_price_and_ascending_bring_the_same_revenue(bidders, units, reserve):
    less_second, less_rising, dutch_less_sealed = [], [], []
    for values in draws(6_000, bidders, f"equivalence.{bidders}.{units}").tolist():
        shaded = [
            round(equilibrium_bid(v, 0, HIGH, bidders=bidders, units=units, reserve=reserve)) for v in values
        ]
        first = sealed(shaded, Pricing.PAY_AS_BID, units, reserve)
        second = sealed(values, Pricing.UNIFORM, units, reserve)
        rising = uplift(
            [Bid(f"b{i}", v, 1) for i, v in enumerate(values)], [Offer("s", reserve, units)],
            base_fen=reserve, step_fen=100,
        )  # fmt: skip
        assert first.bought == second.bought
        less_second.append((first.amount_fen - second.amount_fen) / HIGH)
        less_rising.append((second.amount_fen - rising.amount_fen) / HIGH)
        if units == 1:
            slot = sell_slot(
                Slot("s", *SLOT_DAYS, 1, HIGH, reserve),
                [Bid(f"b{i}", max(1, b), 1) for i, b in enumerate(shaded)],
            )
            dutch_less_sealed.append(slot.amount_fen - first.amount_fen)
    paired = interval(less_second, "share")
    assert paired.low is not None and paired.high is not None
    assert paired.low < 0 < paired.high and paired.high - paired.low < 0.02 * units
    assert all(
        -1e-9 <= difference <= 1e-4 * units for difference in less_rising
    )  # within a step of the clock
    assert not any(dutch_less_sealed)


def test_shading_too_little_or_too_much_costs_the_bidder():
    """In first price against equilibrium bidders, (n - 1) / n is the best factor, and truth brings nothing."""
    bidders = 4
    values = draws(20_000, bidders, "best reply")
    rivals = [round(equilibrium_bid(float(v), 0, HIGH, bidders=bidders)) for v in values[:, 1:].max(axis=1)]
    payoff = {}
    for factor in (0.6, 0.75, 0.9, 1.0):
        gains = []
        for value, rival in zip(values[:, 0].tolist(), rivals, strict=True):
            outcome = sealed([round(factor * value), rival], Pricing.PAY_AS_BID)
            gains.append(sum(value - deal.price_fen for deal in outcome.deals if deal.buyer == "b0"))
        payoff[factor] = float(np.mean(gains)) / HIGH
    assert payoff[0.75] > max(payoff[0.6], payoff[0.9]) > payoff[1.0] == 0.0
    assert payoff[0.75] == pytest.approx(1 / (bidders * (bidders + 1)), abs=0.003)  # E[v^n] / n


@given(
    st.integers(2, 100), st.lists(st.integers(1, 100), min_size=1, max_size=5), st.integers(1, 120),
    st.integers(1, 4), st.integers(1, 60),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_truth_is_dominant_where_the_own_bid_sets_no_price(value, others, lie, units, reserve):
    """Whatever the others bid, no lie beats the truth in a tender at one price, nor staying in to the value."""

    def gain(bid: int, ascending: bool) -> int:
        if ascending:
            asked = [Bid(f"b{i}", b, 1) for i, b in enumerate([bid, *others])]
            outcome = uplift(asked, [Offer("s", reserve, units)], base_fen=1, step_fen=1)
        else:
            outcome = sealed([bid, *others], Pricing.UNIFORM, units, reserve)
        return sum(value - deal.price_fen for deal in outcome.deals if deal.buyer == "b0")

    for ascending in (False, True):
        honest = gain(round(truthful_bid(value)), ascending)
        assert honest >= max(0, gain(lie, ascending))


@given(st.integers(1, 100), st.lists(st.integers(1, 100), min_size=1, max_size=5), st.integers(1, 120))
@settings(max_examples=300, deadline=None)
def test_truth_is_dominant_for_a_seller_of_one_unit_in_downward_bidding(cost, others, lie):
    def gain(reserve: int) -> int:
        offers = [Offer(f"s{k}", r, 1) for k, r in enumerate([reserve, *others])]
        outcome = downward([Bid("b", 80, 2)], offers, ceiling_fen=80, step_fen=1)
        return sum(deal.price_fen - cost for deal in outcome.deals if deal.seller == "s0")

    assert gain(cost) >= max(0, gain(lie))


@pytest.mark.parametrize("bidders", [2, 3, 8])
def test_the_equilibrium_bid_of_one_unit_is_the_textbook_one(bidders):
    for value in (10.0, 55.0, 100.0):
        bid = equilibrium_bid(value, 0.0, 100.0, bidders=bidders)
        assert bid == pytest.approx(value * (bidders - 1) / bidders)
        assert equilibrium_bid(value + 40, 40.0, 140.0, bidders=bidders) == pytest.approx(40 + bid)
    # with a reserve r, the textbook has v - (v^n - r^n) / (n v^(n-1))
    n, v, r = bidders, 0.8, 0.5
    expected = v - (v**n - r**n) / (n * v ** (n - 1))
    assert equilibrium_bid(v, 0.0, 1.0, bidders=n, reserve=r) == pytest.approx(expected)


@pytest.mark.parametrize(("bidders", "units"), [(5, 2), (18, 12)])
def test_the_equilibrium_bid_of_many_units_is_the_mean_of_what_it_beats(bidders, units):
    others = np.sort(np.random.default_rng(3).uniform(size=(400_000, bidders - 1)), axis=1)[:, -units]
    for value, reserve in ((0.4, 0.1), (0.7, 0.5), (1.0, 0.2)):
        beaten = np.maximum(others[others < value], reserve)
        error = beaten.std() / np.sqrt(len(beaten))
        bid = equilibrium_bid(value, 0.0, 1.0, bidders=bidders, units=units, reserve=reserve)
        assert bid == pytest.approx(beaten.mean(), abs=4 * error)


def test_bids_at_the_edges():
    assert equilibrium_bid(0.3, 0.0, 1.0, bidders=3, reserve=0.4) == 0.3  # cannot win
    assert equilibrium_bid(0.9, 0.0, 1.0, bidders=3, units=3, reserve=0.4) == 0.4  # nobody to beat
    assert equilibrium_bid(0.0, 0.0, 1.0, bidders=3) == 0.0
    assert equilibrium_bid(1.5, 0.0, 1.0, bidders=3, reserve=1.2) == pytest.approx(1.2)
    for bad in ({"bidders": 0}, {"bidders": 2, "units": 0}):
        with pytest.raises(ValueError, match="an equilibrium needs"):
            equilibrium_bid(0.5, 0.0, 1.0, **bad)
    with pytest.raises(ValueError, match="low < high"):
        equilibrium_bid(0.5, 1.0, 1.0, bidders=2)
    with pytest.raises(ValueError, match="learning needs"):
        AdaptiveShading(np.random.default_rng(1), scale=0.0)


@pytest.mark.parametrize("bidders", [2, 3, 5])
def test_learners_among_learners_come_near_the_equilibrium(bidders):
    rng = Streams(2).generator("learning")
    sales = (Sale(rng.uniform(size=bidders).tolist(), [0.0]) for _ in range(8_000))
    learnt = learnt_factor(rng, sales, scale=1.0)
    assert learnt == pytest.approx((bidders - 1) / bidders, abs=0.05)


@pytest.mark.parametrize("bidders", [2, 3, 5, 10])
def test_a_learner_among_equilibrium_bidders_finds_the_equilibrium(bidders):
    rng = Streams(3).generator("learning")
    learner = AdaptiveShading(rng, scale=1.0)
    assert learner.mean_factor == pytest.approx(0.5)
    for values in rng.uniform(size=(6_000, bidders)):
        learner.learn(float(values[0]), (bidders - 1) / bidders * float(values[1:].max()))
    assert learner.mean_factor == pytest.approx((bidders - 1) / bidders, abs=0.03)
    assert learner.bid(0.5) == pytest.approx(0.5 * (bidders - 1) / bidders, abs=0.05)


@given(st.lists(st.integers(1, 60), max_size=6), st.lists(st.integers(1, 60), max_size=6))
@settings(max_examples=300, deadline=None)
def test_the_price_to_beat_is_the_one_that_parts_winning_from_losing(others, reserves):
    to_beat = price_to_beat(others, reserves)

    def wins(bid: int) -> bool:
        asked = [*(Bid(f"b{i}", b, 1) for i, b in enumerate(others)), Bid("me", bid, 1)]
        offered = [Offer(f"s{k}", r, 1) for k, r in enumerate(reserves)]
        return "me" in tender(asked, offered, Pricing.PAY_AS_BID).bought

    if not reserves:
        assert to_beat == np.inf and not wins(100)
        return
    assert wins(int(to_beat) + 1)
    assert to_beat == 1 or not wins(int(to_beat) - 1)


@given(st.integers(0, 30), st.integers(1, 5), st.integers(0, 40), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_an_elastic_buyer_gets_what_it_needs_at_the_price_that_comes_about(most, slope, on_sale, reserve):
    def need(price_fen: float) -> float:
        return max(0.0, most + 0.5 - price_fen / slope)

    bids = step_bids("b", need, range(1, 160))
    assert [bid.limit_fen for bid in bids] == sorted({bid.limit_fen for bid in bids}, reverse=True)
    assert sum(bid.quantity for bid in bids) == int(need(1))
    offers = [Offer("s", reserve, on_sale)] if on_sale else []
    outcome = tender(bids, offers, Pricing.UNIFORM)
    if outcome.quantity:
        price = outcome.deals[0].price_fen
        assert int(need(price + 1)) <= outcome.quantity <= int(need(price))
    else:
        assert not on_sale or int(need(reserve)) == 0
