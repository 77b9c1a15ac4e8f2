"""Expiry and delivery: five days by hand, failures and penalties, warrants, EFP, shorts without oil."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from houses import BUY, CLOSE, FIRM, OPEN, house_of, trade
from hypothesis import given
from hypothesis import strategies as st

from exchange.clearing.closing import Reason
from exchange.contracts import Rulebook
from exchange.delivery import Delivery, DeliveryDay, DeliveryRule, Failure, Intention
from exchange.efp import exchange_for_physical
from exchange.expiry import ExpiryRule, undeliverable_liquidation, undeliverable_lots
from exchange.limits import delivery_settlement_ticks
from exchange.tanks import Tanks
from exchange.warrants import Warrant, WarrantRefused, WarrantRegistry

RULE = DeliveryRule(grade_fen_per_bbl={"oman": 0, "basrah": -500}, base_fen_per_bbl={"dalian": 100})
YUAN = 100


def expired(longs, shorts, settled=5_000, cash_yuan=10_000_000):
    """Return a house after its last trading day, and a registry over full tanks; accounts are longs, then shorts."""
    house = house_of([FIRM] * (len(longs) + len(shorts)), settled=(settled,))
    left = [[k, lots] for k, lots in enumerate(shorts, len(longs))]
    for buyer, lots in enumerate(longs):
        while lots:
            seller = next(each for each in left if each[1])
            part = min(lots, seller[1])
            trade(house, buyer, seller[0], settled, part, fees=False)
            seller[1] -= part
            lots -= part
    for account in range(len(house.roster)):
        house.deposit(account, cash_yuan * YUAN)
    house.settle([settled])
    house.open_day(house.rules)
    return house, WarrantRegistry(lambda base: 100_000)


def test_five_days_by_hand():
    # The last five settlements are 500.0, 501.0, 502.0, 503.0 and 504.0: delivery at 502.0 yuan/bbl.
    price = delivery_settlement_ticks([4_990, 5_000, 5_010, 5_020, 5_030, 5_040])
    assert price == 5_020
    house, registry = expired([5, 3], [6, 2], settled=5_040)
    first = registry.register(2, "yangshan", "oman", 4)
    second = registry.register(2, "dalian", "basrah", 2)
    third = registry.register(3, "dalian", "oman", 2)
    delivery = Delivery(house, 0, registry, price, rule=RULE)
    # Positions go from 504.0 to 502.0: 2,000 yuan a lot from longs to shorts.
    assert (house.cash_fen // YUAN).tolist() == [9_990_000, 9_994_000, 10_012_000, 10_004_000]

    # Day 1: warrants in, intentions. Account 1 is the earlier and wishes Yangshan, account 0 has no wish.
    for account, warrant in ((2, first), (2, second), (3, third)):
        delivery.present(account, warrant.number)
    delivery.intend(Intention(0, at_ns=20))
    delivery.intend(Intention(1, at_ns=10, bases=("yangshan",)))
    delivery.next_day()
    # Day 2: account 1 takes 3 of the 4 lots at Yangshan; account 0 the largest left, the older first: 2 Basrah,
    # 2 Oman at Dalian, then the last lot at Yangshan.
    delivery.next_day()
    matched = [(m.buyer, m.seller, m.base, m.grade, m.lots, m.amount_fen // YUAN) for m in delivery.matches]
    assert matched == [
        (1, 2, "yangshan", "oman", 3, 3 * 502_000),
        (0, 2, "dalian", "basrah", 2, 2 * (502_000 - 5_000 + 1_000)),
        (0, 3, "dalian", "oman", 2, 2 * (502_000 + 1_000)),
        (0, 2, "yangshan", "oman", 1, 502_000),
    ]
    assert house.held_lots[:, 0].sum() == 16
    # Day 3: account 0 pays 996,000 + 1,006,000 + 502,000 = 2,504,000, account 1 pays 1,506,000; each 50 yuan a lot of
    # fees. Sellers get 80 %: account 2 of 3,004,000, account 3 of 1,006,000.
    delivery.next_day()
    assert delivery.day is DeliveryDay.INVOICE and not delivery.failures
    assert (house.cash_fen // YUAN).tolist() == [
        9_990_000 - 2_504_000 - 5 * 50,
        9_994_000 - 1_506_000 - 3 * 50,
        10_012_000 + 2_403_200 - 6 * 50,
        10_004_000 + 804_800 - 2 * 50,
    ]
    assert house.funds.escrow_fen == (600_800 + 201_200) * YUAN
    assert not house.held_lots.any() and not house.margin_fen().any()
    assert [registry.lots_of(account) for account in range(4)] == [5, 3, 0, 0]
    assert not any(warrant.pledged for warrant in registry.all())
    # Days 4 and 5: invoices; the remaining 20 % go to the sellers.
    delivery.next_day()
    delivery.next_day()
    assert delivery.day is DeliveryDay.ENDED and house.funds.escrow_fen == 0
    assert (house.cash_fen // YUAN).tolist()[2:] == [13_016_000 - 300, 11_010_000 - 100]
    assert house.funds.capital_fen == 16 * 5_000 and house.total_fen == 0
    registry.check()
    with pytest.raises(ValueError, match="has ended"):
        delivery.next_day()


def run(delivery):
    for _ in range(3):
        delivery.next_day()
    return delivery


def test_a_short_without_warrants_pays_who_goes_without_oil():
    house, registry = expired([3, 2], [5])
    registry.register(2, "yangshan", "oman", 3)
    delivery = Delivery(house, 0, registry, 5_000)
    delivery.present(2, 1)
    delivery.intend(Intention(1, at_ns=5))
    run(delivery)
    # Account 1 asked first and has its 2 lots; account 0 has one, and 20 % of 500,000 yuan for each of two missing.
    assert [(m.buyer, m.lots) for m in delivery.delivered] == [(1, 2), (0, 1)]
    assert delivery.failures == [Failure(2, 0, 2, 200_000 * YUAN)]
    assert house.cash_fen[0] == (10_000_000 - 500_000 - 50 + 200_000) * YUAN
    assert not house.held_lots.any()


def test_a_buyer_that_cannot_pay_loses_its_penalty_and_the_seller_keeps_the_oil():
    house, registry = expired([4], [4])
    house.deposit(0, int(-house.cash_fen[0]) + 1_200_000 * YUAN)
    registry.register(1, "yangshan", "oman", 4)
    delivery = Delivery(house, 0, registry, 5_000)
    delivery.present(1, 1)
    run(delivery)
    # 1,200,000 yuan are two lots at 500,050; for the other two 200,000 yuan are due, and 199,900 are left.
    assert delivery.failures == [Failure(0, 1, 2, 200_000 * YUAN)]
    assert house.cash_fen[0] == (1_200_000 - 2 * 500_050 - 200_000) * YUAN == -100 * YUAN
    assert [registry.lots_of(account) for account in range(2)] == [2, 2]
    assert registry.of(1) == [Warrant(2, 1, "yangshan", "oman", 2)]
    assert not house.held_lots.any()


def test_who_may_not_deliver_fails_whatever_it_holds():
    house, registry = expired([2, 1], [1, 2])
    for seller, lots in ((2, 1), (3, 2)):
        registry.register(seller, "yangshan", "oman", lots)
    capable = np.array([True, False, True, False])
    delivery = Delivery(house, 0, registry, 5_000, capable=capable)
    delivery.present(2, 1)
    with pytest.raises(ValueError, match="lots left to deliver"):
        delivery.present(3, 2)
    run(delivery)
    assert [(m.buyer, m.seller, m.lots) for m in delivery.delivered] == [(0, 2, 1)]
    assert delivery.failures == [Failure(1, 3, 1, 10_000_000), Failure(3, 0, 1, 10_000_000)]


def test_own_sides_close_first_and_only_what_is_short_can_be_presented():
    house, registry = expired([3], [3])
    trade(house, 1, 0, 5_000, 1, fees=False)  # account 0 is now long 3 and short 1
    registry.register(1, "yangshan", "oman", 5)
    registry.register(0, "yangshan", "oman", 5)
    delivery = Delivery(house, 0, registry, 5_000)
    assert house.held_lots[:, 0].tolist() == [[2, 0], [0, 2]]
    with pytest.raises(ValueError, match="is not account 1's"):
        delivery.present(1, 2, 1)
    with pytest.raises(ValueError, match="2 lots left to deliver, 3 presented"):
        delivery.present(1, 1, 3)
    pledged = delivery.present(1, 1, 2)
    with pytest.raises(WarrantRefused, match="is pledged"):
        registry.cancel(pledged.number)
    delivery.next_day()
    with pytest.raises(ValueError, match="delivery day 2, this belongs to day 1"):
        delivery.intend(Intention(0, 1))


def test_the_registry_never_has_more_than_the_tanks():
    tanks = Tanks()
    assert tanks.load_in("yangshan", 1_000_000) == 999_400
    registry = WarrantRegistry(tanks.oil_bbl)
    with pytest.raises(WarrantRefused, match="999,400 bbl without warrant, 1,000,000"):
        registry.register(0, "yangshan", "oman", 1_000)
    a = registry.register(0, "yangshan", "oman", 900)
    with pytest.raises(WarrantRefused, match="99,400 bbl without"):
        registry.register(1, "yangshan", "basrah", 100)
    registry.register(1, "yangshan", "basrah", 99)
    part = registry.transfer(a.number, 2, 300)
    assert registry.lots_by_owner(3).tolist() == [600, 99, 300] and part.number != a.number
    assert tanks.load_out("yangshan", registry.cancel(part.number, 100)) == 99_940
    registry.check()
    tanks.check()
    tanks.lose("yangshan", 90_000)  # 809,400 bbl left for 899 lots
    with pytest.raises(AssertionError, match="more warrants than oil"):
        registry.check()
    assert registry.write_down("yangshan") == 90
    assert registry.lots_by_owner(3).tolist() == [540, 89, 180]  # 60.07, 9.91 and 20.02 go: 60, 10 and 20
    registry.check()
    tanks.check()
    for number, lots in ((99, 1), (a.number, 0), (a.number, 541)):
        with pytest.raises(WarrantRefused):
            registry.cancel(number, lots)


def test_exchange_for_physical_closes_both_and_passes_oil_for_money():
    house, registry = expired([5], [5])
    warrant = registry.register(1, "yangshan", "oman", 4)
    arguments = {"long": 0, "short": 1, "limits_ticks": (4_500, 5_500), "registry": registry}
    before = house.state_hash()
    for wrong, words in (
        ({"lots": 3, "price_ticks": 5_501, "warrants": {warrant.number: 3}}, "beyond the day's limits"),
        ({"lots": 3, "price_ticks": 5_100, "warrants": {warrant.number: 2}}, "2 lots of warrants for 3"),
        ({"lots": 5, "price_ticks": 5_100, "warrants": {warrant.number: 5}}, "has not 5 free lots"),
        ({"lots": 6, "price_ticks": 5_100}, "holds 5 lots, not 6"),
        ({"lots": 3, "price_ticks": 5_100, "warrants": {1: 3}, "goods_fen_per_lot": 10**9}, "cannot pay"),
    ):
        with pytest.raises(ValueError, match=words):
            exchange_for_physical(house, 0, **arguments, **wrong)
    assert house.state_hash() == before and registry.lots_of(0) == 0
    goods = 510_000 * YUAN
    exchange_for_physical(
        house,
        0,
        **arguments,
        lots=3,
        price_ticks=5_100,
        warrants={warrant.number: 3},
        goods_fen_per_lot=goods,
    )
    assert house.held_lots[:, 0].tolist() == [[2, 0], [0, 2]]
    assert registry.lots_by_owner(2).tolist() == [3, 1]
    # The long gains 10,000 yuan a lot on its futures, and pays as much more for the oil.
    assert house.settle([5_000]).variation_fen.tolist() == [3_000_000, -3_000_000]
    assert house.cash_fen[0] == (10_000_000 + 30_000 - 3 * 510_000) * YUAN
    assert house.cash_fen[1] == (10_000_000 - 30_000 + 3 * 510_000) * YUAN
    exchange_for_physical(
        house, 0, **arguments, lots=2, price_ticks=5_000
    )  # a cargo: no warrants, no money here
    assert not house.held_lots.any() and registry.lots_by_owner(2).tolist() == [3, 1]


def test_shorts_without_oil_are_bought_back_from_the_second_day_on():
    rule = ExpiryRule.of(Rulebook.load("ine_sc").on(date(2026, 3, 30)))
    assert [rule.shorts_checked(days) for days in (4, 3, 2, 1, 0)] == [False, False, True, True, True]
    assert [rule.persons_out(days) for days in (9, 8, 7, 0)] == [False, False, True, True]
    assert [rule.efp_allowed(days) for days in (3, 2, 1)] == [True, True, False]
    before = ExpiryRule.of(Rulebook.load("ine_sc").on(date(2026, 3, 27)))
    assert not before.shorts_checked(0)

    house, registry = expired([18], [10, 5, 3])
    trade(house, 2, 0, 5_000, 1, offsets=(OPEN, CLOSE))  # account 2 opens a long of 1 beside its short
    registry.register(1, "yangshan", "oman", 6)
    registry.register(3, "yangshan", "oman", 9)
    cargo = np.array([0, 2, 0, 0])
    warrants = registry.lots_by_owner(4)
    # 10 short less 6 in tank less 2 at sea; 5 short less a long of its own; 3 short with plenty.
    assert undeliverable_lots(house, 0, warrants, cargo).tolist() == [0, 2, 4, 0]
    rows = undeliverable_liquidation(house, 0, warrants, cargo, 5_500)
    assert sorted(rows[["account", "side", "lots", "price", "reason"]].tolist()) == [
        (1, BUY, 2, 5_500, Reason.NOT_DELIVERABLE),
        (2, BUY, 4, 5_500, Reason.NOT_DELIVERABLE),
    ]


def test_differentials_and_fee_come_from_the_rulebook():
    rule = DeliveryRule.of(Rulebook.load("ine_sc").on(date(2022, 1, 4)))
    assert rule.fee_fen_per_lot == 5_000
    assert [rule.differential_fen_per_bbl("yangshan", g) for g in ("oman", "tupi", "basrah_medium")] == [
        0,
        1_000,
        -1_000,
    ]
    assert DeliveryRule.of(Rulebook.load("ine_sc").on(date(2020, 5, 6))).fee_fen_per_lot == 0


def test_location_differentials_are_settable_and_paid():
    """9 lots at 500 yuan/bbl (5,000 ticks): 4 at Zhoushan, which is paid 1.5 yuan less, 5 at Yangshan, 2 yuan more.

    4 x 1,000 x (500 - 1.5) = 1,994,000 yuan; 5 x 1,000 x (500 + 2) = 2,510,000 yuan.
    """
    book = Rulebook.load("ine_sc")
    assert set(book.on(date(2024, 1, 2)).location_differential_cny_per_bbl.values()) == {0.0}
    figures = {"zhoushan_cezi": -1.5, "yangshan": 2.0}
    changed = book.with_overrides({"location_differential_cny_per_bbl": figures}, date(2024, 1, 2))
    rule = DeliveryRule.of(changed.on(date(2024, 1, 2)))
    assert rule.differential_fen_per_bbl("Yangshan", "tupi") == 200 + 1_000  # base and grade
    house = house_of([FIRM, FIRM], settled=(5_000,))
    house.deposit(0, 10**10)
    house.deposit(1, 10**10)
    trade(house, 0, 1, 5_000, 9)
    registry = WarrantRegistry(lambda base: 10_000_000)
    numbers = [
        registry.register(1, *of).number for of in (("Zhoushan (Cezi)", "oman", 4), ("Yangshan", "oman", 5))
    ]
    delivery = Delivery(house, 0, registry, 5_000, rule=rule)
    for number in numbers:
        delivery.present(1, number)
    run(delivery)
    assert not delivery.failures
    assert {m.base: m.amount_fen for m in delivery.delivered} == {
        "Zhoushan (Cezi)": 199_400_000,
        "Yangshan": 251_000_000,
    }


BASES, GRADES = ("yangshan", "dalian"), ("oman", "basrah")


@given(
    longs=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    shorts=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    oil=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(BASES), st.sampled_from(GRADES), st.integers(1, 9))
    ),
    asked=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.permutations(BASES)), max_size=4),
    cash_yuan=st.sampled_from([0, 600_000, 3_000_000, 10_000_000]),
    unable=st.sets(st.integers(0, 7), max_size=2),
    price=st.integers(4_800, 5_200),
)
def test_money_lots_and_oil_are_conserved_through_delivery(
    longs, shorts, oil, asked, cash_yuan, unable, price
):
    whole = min(sum(longs), sum(shorts))
    longs, shorts = ([b - a for a, b in _spans(sides, whole)] for sides in (longs, shorts))
    house, registry = expired(longs, shorts, cash_yuan=cash_yuan)
    count = len(house.roster)
    capable = np.array([account not in unable for account in range(count)])
    for seller, base, grade, lots in oil:
        if registry.lots_at(base) + lots <= 100:
            registry.register(len(longs) + seller % len(shorts), base, grade, lots)
    outstanding = registry.registered_lots
    delivery = Delivery(house, 0, registry, price, rule=RULE, capable=capable)
    for warrant in registry.all():
        room = int(delivery.shorts_lots[warrant.owner]) - delivery.presented_lots(warrant.owner)
        if min(room, warrant.lots) > 0 and capable[warrant.owner]:
            delivery.present(warrant.owner, warrant.number, min(room, warrant.lots))
    presented = sum(delivery.presented_lots(account) for account in range(count))
    for buyer, at_ns, bases in asked:
        delivery.intend(Intention(buyer % len(longs), at_ns, bases=tuple(bases)))
    for _ in range(5):
        delivery.next_day()
        house.check()
        registry.check()
        assert house.total_fen == 0
        assert sum(warrant.lots for warrant in registry.all()) == outstanding
    assert not house.held_lots.any() and house.funds.escrow_fen == 0
    delivered = sum(match.lots for match in delivery.delivered)
    assert delivered <= presented
    assert delivered + sum(failure.lots for failure in delivery.failures) == whole
    assert not any(warrant.pledged for warrant in registry.all())
    received = registry.lots_by_owner(count)[: len(longs)].sum()
    assert received == delivered
    assert [f for f in delivery.failures if f.at_fault == f.compensated] == []


def _spans(lots, whole):
    """Return the spans of the given sizes, cut off at `whole`, without empty ones."""
    ends = np.minimum(np.cumsum([0, *lots]), whole).tolist()
    return [(a, b) for a, b in pairwise(ends) if b > a]
