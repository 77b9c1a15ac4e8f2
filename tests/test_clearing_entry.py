"""Order entry: what is refused and why, by tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from houses import BUY, CLOSE, CLOSE_TODAY, FIRM, FUND, INDIVIDUAL, MEMBER, OPEN, SC, SELL, house_of, trade

from exchange.clearing.entry import OrderDesk, Refusal, Ticket, explain
from exchange.clearing.rules import LimitRule

YUAN = 100
LOT_MARGIN_FEN = 5_000 * 10_000 * 12 // 100


NO_LIMITS = LimitRule()


def desk_of(limits=NO_LIMITS, kinds=(INDIVIDUAL, FUND, FIRM), hedge=(2,), quota=None, **more):
    house = house_of(kinds, (replace(SC, limits=limits),), hedge=hedge, **more)
    for account in range(len(kinds)):
        house.deposit(account, 100 * LOT_MARGIN_FEN)
    return house, OrderDesk(house, hedge_quota_lots=quota)


def buy(account, offset=OPEN):
    return Ticket(account, 0, BUY, offset)


def sell(account, offset=OPEN):
    return Ticket(account, 0, SELL, offset)


def test_margin_is_kept_for_resting_orders():
    house, desk = desk_of()
    assert desk.admit(buy(0), 60) is Refusal.ACCEPTED
    assert desk.admit(sell(0), 41) is Refusal.MARGIN
    assert desk.admit(sell(0), 40) is Refusal.ACCEPTED
    desk.released(buy(0), 10)  # ten cancelled
    assert desk.admit(buy(0), 10) is Refusal.ACCEPTED
    assert desk.free_fen(0) == 0
    # 50 are filled at 1.0 yuan above the settlement: 50,000 yuan lost on paper, 1,000 yuan of fees
    trade(house, 0, 1, 5_010, 50)
    desk.released(buy(0), 50)
    assert desk.free_fen(0) == -(50_000 + 1_000) * YUAN
    with pytest.raises(ValueError, match="only 10 lots resting"):
        desk.released(buy(0), 11)


def test_gains_of_the_day_open_nothing_before_they_are_settled():
    house, desk = desk_of()
    trade(house, 0, 1, 4_900, 100, fees=False)
    assert house.profit_fen[0] == 100 * 100 * 10_000 and desk.free_fen(0) == 0
    house.settle([5_000])
    assert OrderDesk(house).free_fen(0) == 100 * 100 * 10_000


def test_only_what_is_held_can_be_closed_earlier_and_todays_lots_apart():
    house, desk = desk_of()
    trade(house, 0, 1, 5_000, 5)
    house.settle([5_000])
    house.open_day(house.rules)
    trade(house, 0, 1, 5_000, 3)
    for offset, held in ((CLOSE, 5), (CLOSE_TODAY, 3)):
        assert desk.admit(sell(0, offset), held + 1) is Refusal.NOT_HELD
        assert desk.admit(sell(0, offset), held - 1) is Refusal.ACCEPTED
        assert desk.admit(sell(0, offset), 2) is Refusal.NOT_HELD
        assert (
            desk.admit(buy(0, offset), 1) is Refusal.NOT_HELD
        )  # the account is long, it has no short to buy back


@pytest.mark.parametrize(
    ("limits", "account", "lots", "expected"),
    [
        (LimitRule(position_lots=20), 0, 15, Refusal.ACCEPTED),  # 5 held
        (LimitRule(position_lots=20), 0, 16, Refusal.POSITION_LIMIT),
        (LimitRule(position_lots=20), 2, 20, Refusal.ACCEPTED),  # a hedger has no limit but its quota
        (LimitRule(opening_lots=30), 0, 25, Refusal.ACCEPTED),  # 5 opened today
        (LimitRule(opening_lots=30), 0, 26, Refusal.OPENING_LIMIT),
        (LimitRule(opening_lots=30), 2, 31, Refusal.ACCEPTED),
        (LimitRule(persons_out=True), 0, 1, Refusal.PERSON_BEYOND_EXIT),
        (LimitRule(persons_out=True), 1, 1, Refusal.ACCEPTED),
    ],
)
def test_limits(limits, account, lots, expected):
    house, desk = desk_of(limits)
    trade(house, 0, 2, 5_000, 5)
    assert desk.admit(buy(account), lots) is expected


def test_opening_counts_both_sides_and_what_rests_and_begins_anew_each_day():
    house, desk = desk_of(LimitRule(opening_lots=30))
    trade(house, 0, 1, 5_000, 10)
    assert desk.admit(sell(0), 15) is Refusal.ACCEPTED
    assert desk.admit(buy(0), 6) is Refusal.OPENING_LIMIT
    trade(house, 1, 0, 5_000, 10, offsets=(CLOSE_TODAY, CLOSE_TODAY))  # closing opens no room
    assert desk.admit(buy(0), 6) is Refusal.OPENING_LIMIT
    house.open_day(house.rules)
    assert OrderDesk(house).admit(buy(0), 30) is Refusal.ACCEPTED


def test_a_hedge_quota():
    _, desk = desk_of(quota=12)
    assert desk.admit(sell(2), 12) is Refusal.ACCEPTED
    assert desk.admit(sell(2), 1) is Refusal.POSITION_LIMIT


def test_a_broker_s_clients_share_a_limit_once_the_month_is_large():
    kinds = (FUND, FUND, FUND, FIRM, MEMBER, FUND)
    limits = LimitRule(broker_percent=25, broker_from_lots=100)
    house, desk = desk_of(limits, kinds, hedge=(), members=2)
    trade(house, 0, 1, 5_000, 10)
    trade(house, 3, 5, 5_000, 89)
    assert OrderDesk(house).admit(buy(2), 60) is Refusal.ACCEPTED  # 99 lots in all: too few for the rule
    trade(house, 3, 5, 5_000, 1)
    desk = OrderDesk(house)  # member 0 has accounts 0, 2 and 4; 25 lots are its most, 10 are held
    assert desk.admit(buy(2), 16) is Refusal.BROKER_LIMIT
    assert desk.admit(buy(2), 8) is Refusal.ACCEPTED
    assert desk.admit(buy(0), 8) is Refusal.BROKER_LIMIT
    assert desk.admit(sell(0), 25) is Refusal.ACCEPTED
    assert desk.admit(buy(4), 40) is Refusal.ACCEPTED  # a member's own account has a limit of its own


def test_a_suspended_account_may_only_close():
    house, desk = desk_of()
    trade(house, 0, 1, 5_000, 1)
    desk.suspended.add(0)
    assert desk.admit(buy(0), 1) is Refusal.SUSPENDED
    assert desk.admit(sell(0, CLOSE_TODAY), 1) is Refusal.ACCEPTED


def test_every_refusal_is_a_sentence():
    assert len({explain(code) for code in Refusal}) == len(Refusal)
    with pytest.raises(ValueError):
        explain(99)
