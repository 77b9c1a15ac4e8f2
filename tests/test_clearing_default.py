"""Margin calls, forced liquidation and its sequence, default and the waterfall, forced reduction by its tiers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from houses import BUY, CLOSE, FIRM, FUND, INDIVIDUAL, OPEN, OVERSEAS, SC, SELL, house_of, trade
from hypothesis import given
from hypothesis import strategies as st

from exchange.clearing.closing import FORCED, Reason, excess_liquidation, margin_liquidation, net_loss_fen
from exchange.clearing.default import Layer, cover_deficits
from exchange.clearing.house import FILL, Funds
from exchange.clearing.reduction import ReductionRule, reduce_by_force
from exchange.clearing.rules import LimitRule, MarginRule, Netting
from exchange.clearing.shares import pro_rata

LIMITS = np.array([[4_500, 5_500]] * 3)
LOT_FEN = 5_000 * 10_000 * 12 // 100  # the margin of a lot, 60,000 yuan


def executed(house, rows, counterparty):
    """Fill forced orders against one account at their prices."""
    for row in rows:
        other = (
            counterparty,
            int(row["contract"]),
            1 - int(row["side"]),
            OPEN,
            int(row["price"]),
            int(row["lots"]),
        )
        mine = tuple(int(row[name]) for name in FILL.names)
        house.book(np.array([mine, other], FILL), fees=False)


def test_a_call_closes_just_enough_of_the_larger_month_on_the_side_that_sets_the_margin():
    house = house_of([FUND, FIRM, INDIVIDUAL], (SC, SC), (5_000, 5_000))
    trade(house, 0, 1, 5_000, 4)
    trade(house, 0, 1, 5_000, 10, contract=1)
    trade(house, 1, 0, 5_000, 6, contract=1)
    trade(house, 2, 1, 5_000, 20)  # month 0 has 24 + lots of open interest, month 1 sixteen
    house.deposit(0, 12 * LOT_FEN)
    house.deposit(1, 100 * LOT_FEN)
    house.deposit(2, 100 * LOT_FEN)
    statement = house.settle([5_000, 5_000])
    # long 14 lots against short 6: margin of 14, cash of 12 less fees of 20 lots, 400 yuan: 3 lots must go
    assert statement.call_fen[0] == 2 * LOT_FEN + 20 * 2_000
    house.open_day(house.rules)
    rows = margin_liquidation(house, [0], LIMITS)
    assert rows[["account", "contract", "side", "offset", "lots", "price", "reason"]].tolist() == [
        (0, 0, SELL, CLOSE, 3, 4_500, Reason.MARGIN)
    ]
    executed(house, rows, 2)
    # At the lower limit, 50.0 yuan below, the forced sale costs 3 x 50,000 yuan, which the margin freed does not cover.
    assert house.settle([5_000, 5_000]).call_fen[0] == 3 * 500 * 10_000 - (LOT_FEN - 20 * 2_000)


def test_closing_turns_to_the_other_side_when_both_are_even():
    house = house_of([FUND, FIRM], (SC, SC), (5_000, 5_000))
    trade(house, 0, 1, 5_000, 10)
    trade(house, 1, 0, 5_000, 8, contract=1)
    house.deposit(0, 5 * LOT_FEN + 18 * 2_000)
    house.deposit(1, 100 * LOT_FEN)
    house.settle([5_000, 5_000])
    house.open_day(house.rules)
    rows = margin_liquidation(house, [0], LIMITS)
    assert rows[["contract", "side", "lots"]].tolist() == [(0, SELL, 5), (1, BUY, 3)]


@pytest.mark.parametrize("netting", Netting)
@given(
    lots=st.lists(st.integers(0, 9), min_size=6, max_size=6),
    cash=st.integers(-5, 30),
    cents=st.sampled_from([0, 1_000_000]),
)
def test_forced_orders_suffice_and_the_last_lot_was_needed(netting, lots, cash, cents):
    rules = (
        SC,
        replace(SC, margin=MarginRule(20, 20, both_sides=True)),
        replace(SC, margin=MarginRule(13, 9)),
    )
    house = house_of([FUND, FIRM], rules, (5_000,) * 3, netting=netting)
    for place, many in enumerate(lots):
        if many:
            sides = (0, 1) if place % 2 else (1, 0)
            trade(house, *sides, 5_000, many, contract=place // 2, fees=False)
    house.deposit(0, cash * LOT_FEN, usd_cents=cents)
    house.settle([5_000] * 3)
    house.open_day(rules)
    rows = margin_liquidation(house, [0], LIMITS)
    rows["price"] = 5_000  # filled at the settlement, so that only margin matters
    executed(house, rows, 1)
    left = int(house.available_fen()[0])
    assert left >= 0 or not house.held_lots[:, :, 0].any() or cash * LOT_FEN == left
    house.check()
    if len(rows):
        assert left < 2 * 5_000 * 10_000 * 20 // 100  # at most a pair of the dearest lots too many


def test_the_sequence_of_forced_orders():
    # Speculators before hedgers; the month with more open interest first; in a month the largest loss first.
    kinds = [FUND, FUND, FUND, FIRM, FIRM]
    house = house_of(kinds, (SC, SC), (5_000, 5_000), hedge=[2])
    trade(house, 0, 3, 5_100, 5, contract=1)
    trade(house, 1, 3, 5_300, 5, contract=1)
    trade(house, 2, 3, 5_400, 5, contract=1)
    trade(house, 0, 4, 5_000, 3)
    house.settle([5_000, 5_000])
    house.open_day(house.rules)
    assert net_loss_fen(house, 1).tolist() == [5_000_000, 15_000_000, 20_000_000, -40_000_000, 0]
    rows = margin_liquidation(house, [0, 1, 2], LIMITS)
    assert rows[["account", "contract"]].tolist() == [(1, 1), (0, 1), (0, 0), (2, 1)]


def test_positions_beyond_limits_and_individuals_who_stayed():
    limited = replace(SC, limits=LimitRule(position_lots=10))
    closing = replace(SC, limits=LimitRule(position_lots=10, persons_out=True))
    house = house_of([INDIVIDUAL, FUND, FIRM, FUND], (limited, closing), (5_000, 5_000), hedge=[2])
    for contract in range(2):
        trade(house, 0, 2, 5_000, 12, contract=contract)
        trade(house, 1, 2, 5_000, 11, contract=contract)
    house.settle([5_000, 5_000])
    house.open_day(house.rules)
    rows = excess_liquidation(house, LIMITS)
    assert rows.dtype == FORCED
    assert sorted(rows[["contract", "account", "side", "lots", "reason"]].tolist()) == [
        (0, 0, SELL, 2, Reason.POSITION_LIMIT),
        (0, 1, SELL, 1, Reason.POSITION_LIMIT),
        (1, 0, SELL, 12, Reason.PERSON_EXIT),
        (1, 1, SELL, 1, Reason.POSITION_LIMIT),
    ]


@pytest.mark.parametrize(
    ("owed", "paid", "uncovered"),
    [
        # member's own 100, its guarantee 50, reserve 80, others' guarantees 40 and 20, capital 30
        (60, (60, 0, 0, 0, 0), 0),
        (120, (100, 20, 0, 0, 0), 0),
        (200, (100, 50, 50, 0, 0), 0),
        (260, (100, 50, 80, 30, 0), 0),
        (310, (100, 50, 80, 60, 20), 0),
        (400, (100, 50, 80, 60, 30), 80),
    ],
)
def test_the_waterfall(owed, paid, uncovered):
    funds = Funds(np.array([100, 7, 7]), np.array([50, 40, 20]), reserve_fen=80, capital_fen=30)
    house = house_of([FUND, FIRM], members=3, funds=funds)
    house.deposit(0, -owed)
    house.deposit(1, 10)
    (loss,) = cover_deficits(house)
    assert tuple(loss.paid_fen.values()) == paid and loss.uncovered_fen == uncovered
    assert house.cash_fen.tolist() == [-uncovered, 10]
    assert house.total_fen == 100 + 14 + 110 + 80 + 30
    if owed == 260:
        assert funds.guarantee_fen.tolist() == [0, 20, 10]


def test_the_order_of_the_layers_is_a_choice():
    funds = Funds(np.array([100, 7]), np.array([50, 40]), reserve_fen=80)
    house = house_of([FUND, FIRM], members=2, funds=funds)
    house.deposit(0, -130)
    (loss,) = cover_deficits(house, [Layer.OTHER_GUARANTEE, Layer.RESERVE, Layer.MEMBER_GUARANTEE])
    assert tuple(loss.paid_fen.values()) == (40, 80, 10)  # the others' part is not the member's own
    assert funds.guarantee_fen.tolist() == [40, 0] and funds.member_own_fen.tolist() == [100, 7]


def test_dollars_go_before_the_funds_and_no_more_than_needed():
    funds = Funds(np.array([1_000_000]), np.array([0]))
    house = house_of([OVERSEAS], funds=funds)
    house.deposit(0, -700_001, usd_cents=150_000)
    (loss,) = cover_deficits(house)
    assert loss.dollars_fen == 700_001 and not any(loss.paid_fen.values())
    assert house.usd_cents[0] == 150_000 - 100_001 and house.cash_fen[0] == 6  # a cent is 7 fen
    house.deposit(0, -1_000_000)
    (loss,) = cover_deficits(house)
    assert house.usd_cents[0] == 0 and house.cash_fen[0] == 0
    assert loss.paid_fen[Layer.MEMBER_OWN] == 1_000_000 - 6 - 49_999 * 7
    assert house.total_usd_cents == 0


def test_an_account_with_positions_waits_for_its_liquidation():
    house = house_of([FUND, FIRM])
    trade(house, 0, 1, 5_000, 1)
    house.settle([4_000])
    assert cover_deficits(house) == []
    assert [loss.account for loss in cover_deficits(house, [Layer.RESERVE], with_positions=True)] == [0]


def reduction_house():
    """Return a month locked down three days at 4,000: longs from 4,400 lose 10 %, shorts gain what they opened at.

    Accounts: 0 and 1 long losers, 2 a long that lost 2 %, 3 and 4 speculative shorts at +10 %, 5 at +5 %, 6 at +1 %,
    7 a hedging short at +10 %, 8 a hedging short at +5 %, 9 took the other sides and hedges at +7 %.
    """
    house = house_of([FUND] * 10, (replace(SC, margin=MarginRule(16, 16)),), (4_000,), hedge=[7, 8, 9])
    for account, price, lots in ((0, 4_400, 60), (1, 4_400, 30), (2, 4_080, 50)):
        trade(house, account, 9, price, lots, fees=False)
    shorts = ((3, 4_400, 20), (4, 4_400, 10), (5, 4_200, 15), (6, 4_040, 5), (7, 4_400, 25), (8, 4_200, 40))
    for account, price, lots in shorts:
        trade(house, 9, account, price, lots, fees=False)
    house.settle([4_000])
    house.open_day(house.rules)
    return house


@pytest.mark.parametrize(
    ("asked", "tiers", "closed", "left"),
    [
        # Tier 1 (accounts 3 and 4, 30 lots) is larger than what is asked: pro rata 2 : 1.
        ({0: 6, 1: 3}, (9, 0, 0, 0), {0: 6, 1: 3, 3: 6, 4: 3}, 0),
        # Largest remainder: 10 x 20/30 = 6.67, 10 x 10/30 = 3.33.
        ({0: 10}, (10, 0, 0, 0), {0: 10, 3: 7, 4: 3}, 0),
        ({0: 40}, (30, 10, 0, 0), {0: 40, 3: 20, 4: 10, 5: 10}, 0),
        ({0: 48}, (30, 15, 3, 0), {0: 48, 3: 20, 4: 10, 5: 15, 6: 3}, 0),
        ({0: 60}, (30, 15, 5, 10), {0: 60, 3: 20, 4: 10, 5: 15, 6: 5, 7: 10}, 0),
        # All tiers are 75 lots: losers are served pro rata, 60 : 30, and account 8 (hedge, +5 %) is never asked.
        ({0: 60, 1: 30}, (30, 15, 5, 25), {0: 50, 1: 25, 3: 20, 4: 10, 5: 15, 6: 5, 7: 25}, 15),
        # A long that lost 2 % has no claim, nor has a winner who asks; an order is cut to what is held.
        ({2: 50, 3: 10}, (0, 0, 0, 0), {}, 0),
        ({1: 99}, (30, 0, 0, 0), {1: 30, 3: 20, 4: 10}, 0),
    ],
)
def test_tiers_of_a_forced_reduction(asked, tiers, closed, left):
    house = reduction_house()
    orders = np.zeros(10, np.int64)
    orders[list(asked)] = list(asked.values())
    before, money = house.held_lots.sum(axis=(0, 1)), house.total_fen
    done = reduce_by_force(house, 0, -1, orders, 3_440)
    assert done.tier_lots == tiers and done.left_lots == left
    assert (done.fills["price"] == 3_440).all()
    house.book(done.fills, fees=False)
    house.check()
    after = house.held_lots.sum(axis=(0, 1))
    assert {int(a): int(before[a] - after[a]) for a in np.flatnonzero(before - after)} == closed
    assert house.total_fen == money


def test_thresholds_of_a_reduction_are_parameters():
    orders = np.zeros(10, np.int64)
    orders[2] = 10  # lost 2 %
    assert not len(reduce_by_force(reduction_house(), 0, -1, orders, 3_440).fills)
    done = reduce_by_force(reduction_house(), 0, -1, orders, 3_440, ReductionRule(2, (12, 6, 0), 20))
    assert done.tier_lots == (0, 10, 0, 0)  # nobody has gained 12 %
    base_metals = ReductionRule(6, (6, 3, 0), 6)
    orders[:] = 0
    orders[0] = 50
    assert reduce_by_force(reduction_house(), 0, -1, orders, 3_440, base_metals).tier_lots == (30, 15, 5, 0)


def test_a_losers_own_other_side_closes_first_and_upward_locks_mirror():
    house = house_of([FUND] * 3, (SC,), (5_000,))
    trade(house, 1, 0, 4_400, 20, fees=False)  # account 0 short from 4,400: it loses 12 %
    trade(house, 0, 2, 4_900, 5, fees=False)  # and long 5
    trade(house, 2, 1, 5_000, 5, fees=False)
    house.settle([5_000])
    house.open_day(house.rules)
    done = reduce_by_force(house, 0, +1, np.array([18, 0, 0]), 5_400)
    assert (done.asked_lots, done.own_lots, done.tier_lots) == (18, 3, (15, 0, 0, 0))
    house.book(done.fills, fees=False)
    assert house.held_lots[:, 0].tolist() == [[2, 5, 0], [2, 5, 0]] or house.held_lots[:, 0, 0].tolist() == [
        2,
        2,
    ]
    house.check()


def test_shares_sum_to_the_whole():
    assert pro_rata(10, np.array([1, 1, 1])).tolist() == [4, 3, 3]
    assert pro_rata(0, np.array([0, 0])).tolist() == [0, 0]
    with pytest.raises(ValueError, match="all weights are 0"):
        pro_rata(1, np.array([0]))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.integers(0, 10**12))
def test_shares_are_within_one_of_the_exact(weights, total):
    weights = np.array(weights)
    if weights.sum() == 0:
        return
    shares = pro_rata(total, weights)
    assert shares.sum() == total
    assert all(
        abs(int(s) * int(weights.sum()) - total * int(w)) < weights.sum()
        for s, w in zip(shares, weights, strict=True)
    )
    assert (shares[weights == 0] == 0).all()
