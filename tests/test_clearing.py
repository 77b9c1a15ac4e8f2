"""The clearing house: a day by hand, its naive twin, margin rules, settlement prices, and what is conserved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from houses import BUY, CLOSE, CLOSE_TODAY, FIRM, FUND, INDIVIDUAL, OPEN, OVERSEAS, SC, SELL, house_of, trade
from hypothesis import given
from hypothesis import strategies as st
from strategies import ACCOUNTS, CONTRACTS, fills_wished, random_wishes, wishes

from exchange.book import OrderBook
from exchange.clearing.house import FILL, ClearingHouse, fills_of
from exchange.clearing.naive import NaiveHouse
from exchange.clearing.netting import book_net
from exchange.clearing.reduction import ReductionRule
from exchange.clearing.reports import large_positions, report_percent_of
from exchange.clearing.rules import (
    CollateralRule,
    FeeRule,
    LimitRule,
    MarginRule,
    Netting,
    Participant,
    rules_on,
)
from exchange.clock import TradingCalendar
from exchange.contracts import ContractMonth, Rulebook
from exchange.limits import settlement_price_ticks


def test_a_trading_day_by_hand():
    # SC, 1,000 bbl a lot, tick 0.1 yuan, so a tick is worth 100 yuan a lot. Yesterday settled at 500.0 yuan.
    # Margin 12 % (the hedger 11 %), fee 20 yuan a lot, closing the same day free.
    house = house_of([INDIVIDUAL, FUND, FIRM], hedge=[2])
    for account in range(3):
        house.deposit(account, 100_000_000)  # 1,000,000 yuan
    book = OrderBook(4_500, 5_500, previous_settlement_ticks=5_000)

    def cross(buyer, seller, price, lots, offsets, at):
        book.submit(2 * at, SELL, price, lots, owner=seller)
        _, trades = book.submit(2 * at + 1, BUY, price, lots, owner=buyer)
        house.book(fills_of(trades, 0, *offsets))

    cross(0, 2, 5_010, 4, (OPEN, OPEN), 1)  # the individual buys 4 lots at 501.0 from the hedger
    cross(1, 2, 5_020, 2, (OPEN, OPEN), 2)  # the fund buys 2 lots at 502.0 from the hedger
    cross(1, 0, 5_040, 1, (OPEN, CLOSE_TODAY), 3)  # the individual sells 1 of them at 504.0 to the fund
    # Settlement: (5,010 x 4 + 5,020 x 2 + 5,040 x 1) / 7 = 35,120 / 7 = 5,017.14 -> 501.7 yuan
    assert (book.turnover_tick_lots, book.volume_lots) == (35_120, 7)
    settlement = settlement_price_ticks(book.turnover_tick_lots, book.volume_lots, 5_000)
    assert settlement == 5_017
    statement = house.settle([settlement])
    # Individual: 3 lots x (501.7 - 501.0) + 1 lot x (504.0 - 501.0) = 2.1 + 3.0 = 5.1 yuan/bbl = 5,100 yuan;
    #   fee 4 opened x 20 = 80 yuan, the close is free. Cash 1,005,020 yuan. Margin 3 x 501,700 x 12 % = 180,612 yuan.
    # Fund: 2 x (501.7 - 502.0) + 1 x (501.7 - 504.0) = -0.6 - 2.3 = -2.9 -> -2,900 yuan; fee 3 x 20 = 60.
    #   Cash 997,040 yuan. Margin as the individual's.
    # Hedger, short 6: 4 x (501.0 - 501.7) + 2 x (502.0 - 501.7) = -2.8 + 0.6 = -2.2 -> -2,200 yuan; fee 6 x 20 = 120.
    #   Cash 997,680 yuan. Margin 6 x 501,700 x 11 % = 331,122 yuan.
    assert statement.variation_fen.tolist() == [510_000, -290_000, -220_000]
    assert statement.fees_fen.tolist() == [8_000, 6_000, 12_000]
    assert house.cash_fen.tolist() == [100_502_000, 99_704_000, 99_768_000]
    assert statement.margin_fen.tolist() == [18_061_200, 18_061_200, 33_112_200]
    assert statement.available_fen.tolist() == [82_440_800, 81_642_800, 66_655_800]
    assert statement.call_fen.tolist() == [0, 0, 0]
    assert house.funds.capital_fen == 26_000
    assert house.held_lots[:, 0].tolist() == [[3, 3, 0], [0, 0, 6]]

    # Next day: no fills, and the price falls by 40.0 yuan: each lot held long loses 40,000 yuan.
    house.open_day(house.rules)
    statement = house.settle([4_617])
    assert statement.variation_fen.tolist() == [-12_000_000, -12_000_000, 24_000_000]
    # Margin is now 3 x 461,700 x 12 % = 166,212 yuan.
    assert house.cash_fen[0] == 88_502_000 and statement.margin_fen[0] == 16_621_200
    house.deposit(0, -house.withdrawable_fen(0))
    assert house.cash_fen[0] == 16_621_200
    # After a further 1.0 yuan the individual is called: loss 3,000 yuan, less margin by 360 yuan: 2,640 yuan.
    house.open_day(house.rules)
    assert house.settle([4_607]).call_fen.tolist() == [264_000, 0, 0]


def test_long_and_short_stand_apart_and_the_larger_side_pays():
    near = replace(SC, margin=MarginRule(12, 11, both_sides=True))
    for netting, rules, expected in (
        (Netting.GROSS, (SC, SC), 10 + 4 + 3),
        (Netting.CONTRACT, (SC, SC), 10 + 3),
        (Netting.PRODUCT, (SC, SC), 10),  # 10 long against 4 + 3 short
        (Netting.PRODUCT, (SC, near), 10 + 3),  # the second month is near its end: both sides
        (Netting.PRODUCT, (SC, replace(SC, product=1)), 10 + 3),
    ):
        house = house_of([FUND, FIRM], rules, (5_000, 5_000), netting=netting)
        trade(house, 0, 1, 5_000, 10)
        trade(house, 1, 0, 5_000, 4)
        trade(house, 1, 0, 5_000, 3, contract=1)
        assert house.held_lots[:, 0, 0].tolist() == [10, 4]
        assert house.margin_fen()[0] == expected * 5_000 * 10_000 * 12 // 100


def test_dollars_count_as_margin_less_a_haircut_and_pay_no_losses():
    house = house_of([OVERSEAS, FIRM], fx_e4=71_234)
    house.deposit(0, usd_cents=10_000_000)  # 100,000 USD at 7.1234 less 5 % = 676,723 yuan
    trade(house, 0, 1, 5_000, 10)  # margin 600,000 yuan
    statement = house.settle([5_000])
    assert statement.available_fen[0] == -20_000  # the fees, in renminbi
    statement = house.settle([4_900])
    assert statement.call_fen[0] == 20_000 + 10 * 100 * 10_000
    assert house.exchange_usd(0, 1_500_000) == 10_685_100
    house.check()
    assert house.total_usd_cents == 0 and house.total_fen == 0
    # The haircut: 85,000 USD x 7.1234 x 0.95 = 575,214.55 yuan, the margin 588,000.
    assert house.available_fen()[0] == 10_685_100 - 10_020_000 - (58_800_000 - 57_521_455)


def test_margin_is_rounded_up_to_the_fen():
    odd = replace(SC, fen_per_tick=7, margin=MarginRule(9, 9))
    house = house_of([FUND, FIRM], (odd,), (101,))
    trade(house, 0, 1, 101, 3)
    assert house.margin_fen().tolist() == [3 * 64, 3 * 64]  # 707 x 9 % = 63.63


def test_earlier_lots_and_todays_close_apart():
    house = house_of([FUND, FIRM])
    trade(house, 0, 1, 5_000, 5)
    house.settle([5_000])
    house.open_day(house.rules)
    trade(house, 0, 1, 5_010, 2)
    before = house.state_hash()
    for offset, lots in ((CLOSE_TODAY, 3), (CLOSE, 6)):
        with pytest.raises(ValueError, match="closes more than is held"):
            trade(house, 1, 0, 5_000, lots, offsets=(OPEN, offset))
    for rows in ([(0, 0, BUY, OPEN, 5_000, 1)], [(0, 0, BUY, OPEN, 5_000, 1), (1, 0, SELL, OPEN, 5_001, 1)]):
        with pytest.raises(ValueError, match="must be equal"):
            house.book(np.array(rows, FILL))
    for row, words in (
        ((2, 0, BUY, OPEN, 5_000, 1), "account must be from 0 to 1"),
        ((0, 1, BUY, OPEN, 5_000, 1), "contract must be from 0 to 0"),
        ((0, 0, 2, OPEN, 5_000, 1), "side must be"),
        ((0, 0, BUY, 3, 5_000, 1), "offset must be"),
        ((0, 0, BUY, OPEN, 5_000, 0), "1 lot or more"),
    ):
        with pytest.raises(ValueError, match=words):
            house.book(np.array([row], FILL))
    rows = [(1, 0, BUY, OPEN, 5_000, 9), (0, 0, SELL, OPEN, 5_000, 3), (0, 0, SELL, CLOSE, 5_000, 6)]
    with pytest.raises(ValueError, match="closes more"):  # the openings of the batch are taken back
        house.book(np.array(rows, FILL))
    assert house.state_hash() == before
    trade(house, 1, 0, 5_000, 5, offsets=(CLOSE, CLOSE))
    trade(house, 1, 0, 5_000, 2, offsets=(CLOSE_TODAY, CLOSE_TODAY))
    assert not house.held_lots.any() and not house.cost_tick_lots.any()
    # five opened, two opened, five closed at 20 yuan; today's two closed free
    assert house.settle([5_000]).fees_fen.tolist() == [(2 + 5) * 2_000] * 2


def _twin(house: ClearingHouse) -> NaiveHouse:
    return NaiveHouse(
        house.roster.hedge,
        house.rules,
        house.settled_ticks.tolist(),
        netting=house.netting,
        fx_e4=house.fx_e4,
    )


def _same(house: ClearingHouse, twin: NaiveHouse) -> None:
    accounts = range(len(house.roster))
    assert house.cash_fen.tolist() == twin.cash
    assert house.funds.capital_fen == twin.exchange
    assert house.margin_fen().tolist() == [twin.margin(a) for a in accounts]
    assert house.available_fen().tolist() == [twin.available(a) for a in accounts]
    for contract, side, account in np.argwhere(house.held_lots.transpose(1, 0, 2) >= 0).tolist():
        holding = twin.holdings[account][contract, side]
        mine = [a[side, contract, account] for a in (house.held_lots, house.today_lots, house.cost_tick_lots)]
        assert mine == [holding.lots, holding.today, holding.cost]


RULES = (
    SC,
    replace(SC, margin=MarginRule(20, 19, both_sides=True)),
    replace(SC, product=1, fen_per_tick=1_000, fees=FeeRule(0, 7, 3, 10, 20, 5)),
)


@given(
    days=st.lists(st.tuples(wishes(), st.tuples(*[st.integers(-300, 300)] * CONTRACTS)), max_size=5),
    netting=st.sampled_from(Netting),
)
def test_the_house_and_its_twin_agree(days, netting):
    kinds = [INDIVIDUAL, FIRM, FUND, OVERSEAS, FIRM, FUND]
    house = house_of(kinds, RULES, (5_000, 4_900, 3_000), members=2, hedge=[1, 4], netting=netting)
    twin = _twin(house)
    for account in range(ACCOUNTS):
        house.deposit(account, 10_000_000, usd_cents=1_000 * account)
        twin.cash[account], twin.usd[account] = 10_000_000, 1_000 * account
    for trades, changes in days:
        house.open_day(house.rules)
        twin.open_day(house.rules)
        fills = fills_wished(house, trades)
        house.book(fills)
        twin.book(fills.tolist())
        settlement = house.settled_ticks + np.array(changes)
        house.settle(settlement)
        twin.settle(settlement.tolist())
        _same(house, twin)
        house.check()
        assert house.total_fen == 0 and house.total_usd_cents == 0


def test_long_histories_agree():
    house = house_of([FUND, FIRM] * 20, RULES, (5_000, 4_900, 3_000), hedge=range(0, 40, 3))
    twin = _twin(house)
    for day in range(8):
        house.open_day(house.rules)
        twin.open_day(house.rules)
        for batch in range(3):
            fills = fills_wished(house, random_wishes(400, 10 * day + batch, 40))
            house.book(fills)
            twin.book(fills.tolist())
        settlement = house.settled_ticks + np.array([37, -81, 12]) * (-1) ** day
        house.settle(settlement)
        twin.settle(settlement.tolist())
        _same(house, twin)
    assert house.held_lots.sum() > 1_000


@given(days=st.lists(wishes(accounts=4), min_size=1, max_size=4))
def test_net_accounts_come_to_the_same_money(days):
    fine, net = (house_of([FUND] * 4, (SC,) * CONTRACTS, (5_000,) * CONTRACTS) for _ in range(2))
    for number, trades in enumerate(days):
        trades = [trade for trade in trades if trade[0] != trade[1]]
        fills = fills_wished(fine, trades)
        sign = 1 - 2 * fills["side"]
        cash = np.zeros((CONTRACTS, 4), np.int64)
        np.add.at(cash, (fills["contract"], fills["account"]), -sign * fills["lots"] * fills["price"])
        fine.book(fills, fees=False)
        net.open_day(net.rules)
        for contract in range(CONTRACTS):
            book_net(net, contract, fine.net_lots[contract], cash[contract], opened_at_ticks=5_000)
        fine.open_day(fine.rules)
        settlement = [5_000 + 11 * number, 5_000 - 7 * number, 5_100]
        assert (fine.settle(settlement).variation_fen == net.settle(settlement).variation_fen).all()
        assert (fine.net_lots == net.net_lots).all()
        net.check()
        assert net.total_fen == 0


def test_net_accounts_pay_fees_and_keep_today_apart():
    house = house_of([FUND, FIRM])
    book_net(house, 0, np.array([5, -5]), np.array([-25_050, 25_050]), opened_at_ticks=5_010)
    house.settle([5_000])
    house.open_day(house.rules)
    traded = np.array([8, 8])  # sold 7, bought 1 back: -1 in the end
    book_net(
        house, 0, np.array([-1, 1]), np.array([30_000, -30_000]), opened_at_ticks=5_000, traded_lots=traded
    )
    assert house.held_lots[:, 0].tolist() == [[0, 1], [1, 0]]
    assert house.today_lots[:, 0].tolist() == [[0, 1], [1, 0]]
    assert house.due_fees_fen.tolist() == [16_000, 16_000]
    with pytest.raises(ValueError, match="sum to nothing"):
        book_net(house, 0, np.array([1, 1]), np.zeros(2, np.int64), opened_at_ticks=5_000)


def test_a_place_is_free_for_a_new_month_when_nobody_holds_the_old():
    house = house_of([FUND, FIRM])
    trade(house, 0, 1, 5_000, 1)
    with pytest.raises(ValueError, match="open interest"):
        house.list_month(0, replace(SC, name="SC2512"), 5_200)
    trade(house, 1, 0, 5_000, 1, offsets=(CLOSE_TODAY, CLOSE_TODAY))
    house.list_month(0, replace(SC, name="SC2512"), 5_200)
    assert house.rules[0].name == "SC2512" and house.settled_ticks.tolist() == [5_200]


def test_large_positions_are_reported_by_type():
    rule = replace(SC, limits=LimitRule(position_lots=100))
    house = house_of([FUND, OVERSEAS, FIRM], (rule,))
    trade(house, 0, 2, 5_000, 99)
    trade(house, 1, 2, 5_000, 60)
    assert large_positions(house)[["account", "side", "lots", "limit"]].tolist() == [
        (1, 0, 60, 100),
        (2, 1, 159, 100),
    ]
    everyone_at_80 = dict.fromkeys(Participant, 80)
    assert large_positions(house, everyone_at_80)["account"].tolist() == [0, 2]


def test_rules_come_from_the_rulebook():
    spec, calendar = Rulebook.load("ine_sc").on(date(2024, 11, 4)), TradingCalendar()
    month = ContractMonth(2024, 12)
    far = rules_on(spec, ContractMonth(2025, 3), date(2024, 11, 4), calendar)
    assert (far.name, far.fen_per_tick, far.margin) == ("SC2503", 10_000, MarginRule(9, 8))
    assert far.limits.position_lots == 3_000 and far.limits.opening_lots == 3_200
    assert not far.limits.persons_out and far.fees.open_fen == 2_000
    at_exit = rules_on(spec, month, date(2024, 11, 19), calendar)  # the 8th trading day before the last
    assert not at_exit.limits.persons_out
    assert rules_on(spec, month, date(2024, 11, 20), calendar).limits.persons_out
    assert far.with_margin_from(12).margin == MarginRule(12, 12) and far.with_margin_from(8) == far
    assert CollateralRule.of(spec).fx_haircut_percent == 5
    assert ReductionRule.of(spec) == ReductionRule()
    assert report_percent_of(spec)[Participant.OVERSEAS] <= report_percent_of(spec)[Participant.FUND] == 100
    last = rules_on(spec, month, date(2024, 11, 29), calendar)
    assert last.margin == MarginRule(20, 20, both_sides=True)
    assert last.limits.position_lots == 500
