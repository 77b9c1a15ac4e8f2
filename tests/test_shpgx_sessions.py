"""Sessions of LNG at SHPGX cleared in every way: by hand, against the planner, and by theory's known answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from test_gas_case import base_parameters, streams

from agents.gas.mechanism import LorrySales, best_response_fen, load_nearest, unmet
from agents.gas.outcomes import Outcome
from agents.gas.planner import plan
from agents.gas.sales_parameters import MechanismName, SalesParameters
from agents.gas.sessions import Lot, Session, Want
from exchange.mechanisms import Deal, Fault, Members, Performance, settle

DAY = date(2024, 11, 4)
STEP = 1_000
SALES: tuple[MechanismName, ...] = tuple(
    n for n in get_args(MechanismName) if n not in ("listing", "presale")
)


def parameters(**changes: Any) -> SalesParameters:
    return base_parameters().shpgx.sales.model_copy(update=changes)


def clear(name: MechanismName, session: Session, **changes: Any) -> tuple[Deal, ...]:
    return LorrySales(parameters(**changes), STEP, streams(1)("gas.shpgx.learning")).clear(name, session)


def want(buyer: str, steps: list[tuple[int, int]], **detours: int) -> Want:
    steps = sorted(steps, reverse=True)
    worth, tonnes = (np.array(column, np.int64) for column in zip(*steps, strict=True))
    return Want(buyer, worth, tonnes, detours)


def session(lots: list[Lot], wants: list[Want], last: int = 470_000) -> Session:
    count = len(wants) + len(lots)
    rounds = tuple((tuple(range(count)), (0.5,) * count) for _ in range(3))
    return Session(DAY, 0, 1, last, last, tuple(lots), tuple(wants), rounds)


def lot(place: str, tonnes: int, cost: int) -> Lot:
    return Lot(place, f"owner of {place}", tonnes, cost, cost)


def sessions() -> st.SearchStrategy[Session]:
    """Sessions of two terminals and up to four buyers, prices in whole steps of 10 CNY/t."""

    @st.composite
    def draw(pick: st.DrawFn) -> Session:
        price = st.integers(300, 700).map(lambda k: k * STEP)
        lots = [lot(p, pick(st.integers(1, 60)), pick(price)) for p in ("ningbo", "rudong")]
        wants = [
            want(
                f"buyer {i}",
                pick(st.lists(st.tuples(price, st.integers(1, 20)), min_size=1, max_size=4)),
                ningbo=pick(st.sampled_from([0, 1_000, 5_000])),
                rudong=pick(st.sampled_from([0, 2_000])),
            )
            for i in range(pick(st.integers(1, 4)))
        ]
        return session(lots, wants)

    return draw()


def by_hand() -> Session:
    """Two buyers without detours; 30 t at Ningbo cost 4,500 CNY/t, 30 t at Rudong cost 4,600."""
    lots = [lot("ningbo", 30, 450_000), lot("rudong", 30, 460_000)]
    first = want("first", [(500_000, 25), (470_000, 10), (455_000, 10)], ningbo=0, rudong=0)
    second = want("second", [(480_000, 20), (465_000, 15)], ningbo=0, rudong=0)
    return session(lots, [first, second])


def test_a_session_by_hand() -> None:
    """Worth, dearest first: 25 at 5,000, 20 at 4,800, 10 at 4,700, 15 at 4,650, 10 at 4,550.

    The lots have 60 t, so 5 of the 15 t at 4,650 are the last to be served, and the price is 4,650: the worth of the
    tonne that goes without. Planner: 25 x 5,000 + 20 x 4,800 + 10 x 4,700 + 5 x 4,650 - 30 x 4,500 - 30 x 4,600
    = 125,000 + 96,000 + 47,000 + 23,250 - 135,000 - 138,000 = 18,250 CNY.
    """
    best = plan(by_hand())
    assert (best.tonnes, best.surplus_fen) == (60.0, 1_825_000)
    assert best.price_fen_per_t == pytest.approx(465_000)
    for name in ("uplift", "tender_one_price"):
        deals = clear(name, by_hand())
        assert {deal.price_fen for deal in deals} == {465_000}
        assert sum(deal.quantity for deal in deals) == 60
        outcome = Outcome(by_hand(), name, deals, 60, 0, 0)
        buyers, sellers = outcome.rents_fen()
        # Sellers: 30 x 150 + 30 x 50 = 6,000 CNY; buyers have the rest, 25 x 350 + 20 x 150 + 10 x 50 = 12,250.
        assert (buyers, sellers) == (1_225_000, 600_000)
        assert outcome.row()["efficiency"] == pytest.approx(1.0)


def test_forfeited_deposits_move_rents_and_make_none() -> None:
    """Buyers lose 10 CNY to sellers, sellers 3 to buyers; cost, worth and detours are as they were."""
    deals = clear("uplift", by_hand())
    plain = Outcome(by_hand(), "presale", deals, 60, 0, 0)
    moved = Outcome(by_hand(), "presale", deals, 60, 0, 0, 0, 1_000, 300)
    assert moved.rents_fen() == (plain.rents_fen()[0] - 700, plain.rents_fen()[1] + 700)


def test_a_cap_binds_and_leaves_buyers_without_gas_that_they_would_have_paid_for() -> None:
    """Base .9 x 4,200 = 3,780, cap + 20 % = 4,536 CNY/t: Rudong's 4,600 is above it, so 30 t are shared by time."""
    case = by_hand()
    tight = Session(DAY, 0, 1, 470_000, 420_000, case.lots, case.wants)
    deals = clear("uplift_capped", tight)
    assert {(deal.buyer, deal.price_fen) for deal in deals} == {("first", 453_000)}
    assert sum(deal.quantity for deal in deals) == 30
    # At the cap all are equals: the first comes away with 5 t of its second use, the second buyer with nothing.
    assert unmet(tight, deals, STEP) == 35 + 35 + 10 - 30
    loose = Session(DAY, 0, 1, 470_000, 470_000, case.lots, case.wants)
    assert sum(deal.quantity for deal in clear("uplift_capped", loose)) == 60


@settings(max_examples=60, deadline=None)
@given(sessions(), st.sampled_from(SALES))
def test_no_mechanism_beats_the_planner_or_makes_gas_or_money(case: Session, name: MechanismName) -> None:
    deals = clear(name, case)
    sold = {place.place: 0 for place in case.lots}
    for deal in deals:
        sold[deal.seller] += deal.quantity
    assert all(sold[own.place] <= own.quantity_t for own in case.lots)
    for own in case.wants:
        got = sum(deal.quantity for deal in deals if deal.buyer == own.buyer)
        assert got <= own.tonnes.sum()
    outcome = Outcome(case, name, deals, sum(sold.values()), 0, 0)
    assert sum(outcome.rents_fen()) <= outcome.plan.surplus_fen + 1
    assert unmet(case, deals, STEP) >= 0


@settings(max_examples=40, deadline=None)
@given(sessions())
def test_the_planner_is_the_best_assignment_of_single_tonnes(case: Session) -> None:
    """The naive twin: a row for each tonne wanted, a column for each tonne on sale."""
    rows = [(own, worth) for own in case.wants
            for worth, tonnes in zip(own.worth_fen_per_t, own.tonnes, strict=True) for _ in range(tonnes)]  # fmt: skip
    columns = [own for own in case.lots for _ in range(own.quantity_t)]
    gain = np.array(
        [
            [max(0, worth - own.cost_fen_per_t - buyer.detour_fen_per_t[own.place]) for own in columns]
            for buyer, worth in rows
        ]
    )
    best = gain[linear_sum_assignment(gain, maximize=True)].sum()
    assert plan(case).surplus_fen == pytest.approx(best, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(sessions())
def test_a_rising_price_and_a_tender_at_one_price_sell_alike(case: Session) -> None:
    """With the same bids an open rising price and a sealed tender at one price are one sale, but for a price step.

    That is revenue equivalence where it holds whatever the values: both pay the first bid refused or the last reserve.
    """
    uplift, tender = (clear(name, case) for name in ("uplift", "tender_one_price"))
    assert abs(sum(d.quantity for d in uplift) - sum(d.quantity for d in tender)) == 0 or _tied(case)
    if uplift and tender and not _tied(case):
        assert abs(uplift[0].price_fen - tender[0].price_fen) <= STEP


def _tied(case: Session) -> bool:
    """Tell whether two bids or reserves lie within a price step, which the clock cannot tell apart."""
    prices = [own.cost_fen_per_t for own in case.lots]
    prices += [int(worth) - own.mean_detour_fen_per_t for own in case.wants for worth in own.worth_fen_per_t]
    return bool((np.diff(np.sort(prices)) <= STEP).any())


def test_winners_load_where_it_is_nearest_and_pay_what_they_bid() -> None:
    lots = [lot("ningbo", 20, 400_000), lot("rudong", 20, 400_000)]
    wants = [
        want("first", [(500_000, 15)], ningbo=5_000, rudong=0),
        want("second", [(480_000, 15)], ningbo=3_000, rudong=0),
    ]
    deals = (Deal("ningbo", "first", 450_000, 15), Deal("ningbo", "second", 440_000, 5),
             Deal("rudong", "second", 440_000, 10))  # fmt: skip
    assert load_nearest(session(lots, wants), deals) == (
        Deal("rudong", "first", 450_000, 10),
        Deal("ningbo", "first", 450_000, 5),
        Deal("ningbo", "second", 440_000, 15),
    )


def test_a_sealed_bid_at_its_own_price_is_shaded_below_worth_and_rises_with_doubt() -> None:
    sure, doubting = (best_response_fen(600_000, 470_000, sd) for sd in (0.005, 0.03))
    assert 470_000 < sure < doubting < 600_000
    # Worth less than the cut-off is expected to be, it still pays to bid below one's worth.
    assert best_response_fen(465_000, 470_000, 0.02) < 465_000


def test_learning_brings_the_tender_at_own_prices_near_what_one_price_would_bring() -> None:
    """Sold over and over, the same session ends within half a per cent of the 4,650 that one price brings."""
    sales = LorrySales(parameters(), STEP, streams(2)("gas.shpgx.learning"))
    paid = []
    for _ in range(300):
        deals = sales.clear("tender_learnt", by_hand())
        sold = sum(deal.quantity for deal in deals)
        paid.append(sum(deal.amount_fen for deal in deals) / sold if sold else 0.0)
    early, late = np.mean(paid[:30]), np.mean(paid[-30:])
    assert late == pytest.approx(465_000, rel=0.005)
    assert abs(early - 465_000) > 5 * abs(late - 465_000)


def test_what_is_not_cleared_here_is_refused() -> None:
    with pytest.raises(ValueError, match="presale is not cleared here"):
        clear("presale", by_hand())
    assert clear("uplift", session([], [want("first", [(500_000, 5)], ningbo=0)])) == ()


DEALS = st.lists(
    st.builds(
        Deal,
        st.sampled_from(["s", "t"]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 10**6),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=6,
)


@given(DEALS, st.integers(0, 20), st.data())
def test_members_settle_as_the_rule_says_and_lose_no_money(
    deals: list[Deal], percent: int, data: st.DataObject
) -> None:
    """Performed at once the accounts are those of `settle`; in parts the deposit in all is the same."""
    members, parted = Members("stab"), Members("stab")
    performances = {}
    for number, deal in enumerate(deals):
        delivered = data.draw(st.integers(0, deal.quantity))
        fault = data.draw(st.sampled_from(Fault))
        performances[number] = Performance(delivered, fault)
        assert members.sign(deal, percent) == parted.sign(deal, percent) == number
        assert members.balance_fen == 0
        members.perform(number, delivered, deal.quantity - delivered, fault)
        half = delivered // 2
        parted.perform(number, half)
        parted.perform(number, delivered - half)
        parted.perform(number, 0, deal.quantity - delivered, fault)
        assert members.balance_fen == parted.balance_fen == 0
    whole = settle(deals, percent, performances)
    assert {name: cash for name, cash in members.cash_fen.items() if cash} == {
        name: cash for name, cash in whole.cash_fen.items() if cash
    }
    assert members.held_fen == parted.held_fen == 0
    assert {k: v for k, v in members.forfeited_fen.items() if v} == {
        k: v for k, v in whole.forfeited_fen.items() if v
    }
    for name, cash in members.cash_fen.items():
        assert abs(cash - parted.cash_fen[name]) <= 2 * len(deals)


def test_only_members_trade_and_no_more_is_performed_than_was_signed() -> None:
    members = Members(["seller", "buyer"])
    with pytest.raises(LookupError, match="stranger is no member"):
        members.sign(Deal("seller", "stranger", 100, 1), 5)
    number = members.sign(Deal("seller", "buyer", 100, 10), 20)
    assert (members.cash_fen["buyer"], members.held_fen) == (-200, 200)
    members.perform(number, 4, 2)
    # 4 t are paid for with 400 fen, and the deposit of 2 t, 40 fen, stays with the seller.
    assert members.cash_fen == {"seller": 440, "buyer": -520}
    assert members.held_fen == 80
    with pytest.raises(ValueError, match="of 4 left"):
        members.perform(number, 5)


@pytest.mark.parametrize("name", SALES)
def test_a_third_party_sells_at_its_stand_and_the_terminals_owner_at_its_own(name: MechanismName) -> None:
    """It asks for less than the owner of the same terminal, so it sells first; no turn in the book is drawn for it."""
    drawn = by_hand()
    guest = Lot("ningbo", "zhenhua_oil", 10, 440_000, 440_000, guest=True)
    deals = clear(name, replace(drawn, lots=(*drawn.lots, guest)))
    sold = {
        seller: sum(d.quantity for d in deals if d.seller == seller) for seller in {d.seller for d in deals}
    }
    assert sold["ningbo/zhenhua_oil"] == 10
    assert sum(sold.values()) <= 70 and set(sold) <= {"ningbo", "rudong", "ningbo/zhenhua_oil"}
    outcome = Outcome(replace(drawn, lots=(*drawn.lots, guest)), name, deals, sum(sold.values()), 0, 0)
    assert sum(outcome.rents_fen()) <= outcome.plan.surplus_fen + 1e-6
