"""Delivery bases as agents: ledger, losses, leases, warrants, approvals, expiry and carry, by hand and at random."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.crude.approvals import Approvals
from agents.crude.bargain import BargainBuyers
from agents.crude.bases import DeliveryBase
from agents.crude.carry import NAME as CARRY
from agents.crude.carry import CarryTrader
from agents.crude.expiry import Offer, Passed, hand_over, match
from agents.crude.grades import GradeSupply
from agents.crude.market import Fill
from agents.crude.parameters import ACCOUNTS, COMMERCIAL, CrudeParameters, GradeParameters
from agents.crude.refiners import Refiners
from agents.prices import PriceHistory
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth
from exchange.tanks import gross_bbl, lost_bbl
from exchange.terms import Grade
from exchange.warrants import WarrantRegistry
from scenarios.spec import load_scenario
from scenarios.tomlfile import BadInput

PART = Path(__file__).parents[1] / "scenarios" / "library" / "parts" / "crude.toml"
FIGURES = CrudeParameters.model_validate(tomllib.loads(PART.read_text(encoding="utf-8"))["crude"])
NUMBERS = {name: number for number, name in enumerate(ACCOUNTS)}
SOURCE = "assumption: test"


def base(name="Yangshan", *, capacity_bbl=1_000_000, stock_bbl=600_000):
    return DeliveryBase(
        simpy.Environment(),
        FIGURES.depot(name),
        ACCOUNTS,
        FIGURES.leasing,
        capacity_bbl=capacity_bbl,
        stock_bbl=stock_bbl,
        loss_ppm=600,
    )


def registry(*bases):
    known = {each.name: each for each in bases}
    return WarrantRegistry(lambda name: known[name].inspected_bbl)


@given(net=st.integers(0, 10**7), ppm=st.integers(0, 99_999))
def test_what_is_loaded_on_top_is_what_is_lost(net, ppm):
    gross = gross_bbl(net, ppm)
    assert gross - lost_bbl(gross, ppm) == net
    assert gross == 0 or gross - 1 - lost_bbl(gross - 1, ppm) < net


def test_no_lease_no_landing_and_losses_by_hand():
    tanks = base()
    with pytest.raises(ValueError, match="no lease, no landing"):
        tanks.begin_landing("importer", 200_000)
    tanks.lease("importer", 200_121, 0, 0.0)
    tanks.commit("importer", 200_121)
    tanks.begin_landing("importer", 200_121)
    assert tanks.room_bbl == 199_879
    tanks.end_landing("importer", 200_121, lost_bbl(200_121, 600))  # 0.06 % is 120.07 bbl, so 121
    assert tanks.holdings["importer"].stock_bbl == 200_000
    assert tanks.lift(COMMERCIAL, 100_000) == 100_000  # 60 bbl of it are lost on the way out
    assert (tanks.holdings[COMMERCIAL].lifted_bbl, tanks.lost_bbl) == (99_940, 121 + 60)
    tanks.check()
    tanks.free_room("importer")
    assert sum(lease.bbl for lease in tanks.leases) == 200_000


def test_rent_rises_as_the_last_tenth_fills_and_is_fixed_for_a_lease():
    tanks = base(stock_bbl=850_000)
    assert tanks.rent_premium(0.3) == 0.0  # from 0.85 on
    lease = tanks.lease("importer", 100_000, until_day=5, premium_cny_per_bbl_day=tanks.rent_premium(0.3))
    tanks.commit(COMMERCIAL, 75_000)
    tanks.begin_landing(COMMERCIAL, 75_000)
    assert tanks.rent_premium(0.3) == pytest.approx(
        0.3 * 2.0 * 0.5
    )  # half way to full: as much again as the fee
    assert lease.premium_cny_per_bbl_day == 0.0
    assert list(tanks.renewals(4, 0.3)) == []
    assert list(tanks.renewals(5, 0.3)) == [lease]
    assert (
        lease.premium_cny_per_bbl_day == pytest.approx(0.3)
        and lease.until_day == 5 + FIGURES.leasing.term_days
    )


def test_oil_under_warrant_cannot_be_lifted_and_warrants_need_oil():
    tanks = base()
    register = registry(tanks)
    tanks.inspect(COMMERCIAL, 550_000)
    register.register(0, tanks.name, "oman", 550)
    with pytest.raises(ValueError, match="0 bbl without warrant"):
        register.register(0, tanks.name, "oman", 1)
    assert tanks.lift(COMMERCIAL, 600_000) == 50_000


def test_expiry_matches_accounts_first_and_the_market_with_the_rest():
    tanks, other = base(), base("Weifang")
    other.grade = "basrah_light"
    register = registry(tanks, other)
    tanks.inspect(COMMERCIAL, 300_000)
    tanks.hand_over(COMMERCIAL, "importer", 300_000)
    warrant = register.register(NUMBERS["importer"], tanks.name, "oman", 300)
    offers = [Offer("importer", warrant.number, tanks.name, "oman", 300)]
    bases = {tanks.name: tanks, other.name: other}
    found = match(offers, {"state_majors": 100, "reexporter": 0}, bases)
    assert found == [
        Passed("importer", "state_majors", "Yangshan", "oman", 100, warrant.number),
        Passed("importer", COMMERCIAL, "Yangshan", "oman", 200, warrant.number),
    ]
    # Without an offer, commercial oil is delivered, from the fullest base first.
    assert match([], {"reexporter": 700}, bases) == [
        Passed(COMMERCIAL, "reexporter", "Weifang", "basrah_light", 600, None),
        Passed(COMMERCIAL, "reexporter", "Yangshan", "", 100, None),
    ]
    for each in found:
        hand_over(each, bases, register, NUMBERS)
        register.check()
        tanks.check()
    assert register.lots_of(NUMBERS["state_majors"]) == 100 and register.lots_of(NUMBERS["importer"]) == 0
    assert tanks.inspected_bbl == 100_000 and tanks.stock_bbl == 600_000


def test_a_full_base_applies_waits_and_gets_capacity_up_to_what_is_approved():
    # Yangshan: approved 0.3 mn m3 = 1,886,943 bbl; a quarter of the active capacity a step.
    tanks = base(capacity_bbl=1_260_000, stock_bbl=1_250_000)
    approvals = Approvals(FIGURES.approval, {tanks.name: tanks})
    start = date(2024, 1, 1)
    for k in range(400):
        day = start + timedelta(days=k)
        approvals.pass_day(day)
        tanks.capacity_bbl = 1_260_000 + approvals.added_bbl(tanks.name, day)
        if tanks.use < 0.95:
            tanks.commit(COMMERCIAL, tanks.room_bbl)
            room = tanks.room_bbl
            tanks.begin_landing(COMMERCIAL, room)
            tanks.end_landing(COMMERCIAL, room, 0)
    first = approvals.applications[0]
    assert first.applied == start + timedelta(days=19) and first.bbl == 315_000
    # Use 0.992: the lag is 180 - 150 x 0.92 = 42 days.
    assert (first.approved - first.applied).days == 42
    assert tanks.capacity_bbl == tanks.depot.approved_bbl == 1_886_943


def test_a_calm_base_and_a_switched_off_exchange_approve_nothing():
    for stock_bbl, enabled in ((1_000_000, True), (1_250_000, False)):
        tanks = base(capacity_bbl=1_260_000, stock_bbl=stock_bbl)
        own = FIGURES.approval.model_copy(update={"enabled": enabled})
        approvals = Approvals(own, {tanks.name: tanks})
        for k in range(100):
            approvals.pass_day(date(2024, 1, 1) + timedelta(days=k))
        assert approvals.applications == []


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 300_000), st.sampled_from(["importer", CARRY])),
        max_size=40,
    )
)
def test_barrels_balance_whatever_happens(history):
    tanks = base(capacity_bbl=2_000_000)
    register = registry(tanks)
    for step, bbl, tenant in history:
        own, lots = tanks.holdings[tenant], bbl // 1_000
        if step == 0 and bbl <= tanks.room_bbl:
            tanks.lease(tenant, bbl, 0, 0.0)
            tanks.commit(tenant, bbl)
            tanks.begin_landing(tenant, bbl)
            tanks.end_landing(tenant, bbl, lost_bbl(bbl, 600))
        elif step == 1 and 0 < lots * 1_000 <= own.stock_bbl - own.inspected_bbl:
            tanks.inspect(tenant, lots * 1_000)
            register.register(NUMBERS[tenant], tanks.name, "oman", lots)
        elif step == 2:
            for warrant in register.of(NUMBERS[tenant])[:1]:
                buyer = COMMERCIAL if lots % 2 else "state_majors"
                passed = Passed(tenant, buyer, tanks.name, "oman", warrant.lots, warrant.number)
                hand_over(passed, {tanks.name: tanks}, register, NUMBERS)
        elif step == 3:
            tanks.lift(COMMERCIAL if lots % 2 else tenant, bbl, 100_000)
        elif step == 4:
            tanks.free_room(tenant)
        tanks.check()
        register.check()
        assert register.lots_at(tanks.name) * 1_000 == tanks.inspected_bbl


GULF = {
    "basrah_light": Grade(min_api=29, max_sulphur_percent=3, inside_hormuz=True),
    "oman": Grade(min_api=30, max_sulphur_percent=1.6),
}


def supply():
    figures = {
        name: GradeParameters(share=share, spot_bbl_per_day=spot, spot_days=10, source=SOURCE)
        for name, share, spot in (
            ("basrah_light", 0.75, 300_000),
            ("oman", 0.25, 100_000),
            ("tupi", 0.5, 900_000),
        )
    }
    return GradeSupply(figures)


def test_given_imports_take_turns_by_share_among_listed_grades():
    dealt = supply()
    grades = [dealt.next_import(GULF) for _ in range(8)]
    assert grades.count("basrah_light") == 6 and grades.count("oman") == 2


def test_a_shut_strait_holds_back_the_spot_supply_inside_it():
    dealt = supply()
    assert dealt.find(2_000_000, GULF, 0.0) == "basrah_light"
    assert dealt.find(1_000_000, GULF, 1.0) == "oman"
    assert dealt.find(1_000_001, GULF, 1.0) is None
    dealt.take("oman", 1_000_000)
    assert dealt.find(200_000, GULF, 1.0) is None
    for _ in range(2):
        dealt.pass_day(GULF, 1.0)
    assert dealt.find(200_000, GULF, 1.0) == "oman"
    assert dealt.find(200_000, GULF, 0.5) == "basrah_light"


NEAR, FAR = ContractMonth(2024, 12), ContractMonth(2025, 1)


class TwoMonths:
    """Two months of SC at given bids and asks; an order fills at once and whole."""

    def __init__(self, near=(500.0, 500.2), far=(500.0, 500.2)):
        self.quotes = {NEAR: near, FAR: far, None: near}
        self.found = []

    def months(self, venue):
        return (NEAR, FAR) if venue is Venue.SC else ()

    def is_open(self, venue):
        return True

    def quote(self, venue, month=None):
        return self.quotes[month]

    def submit(self, account, venue, side, quantity_lots, limit_price, month=None):
        bid, ask = self.quotes[month]
        price = ask if side is Side.BUY else bid
        if limit_price is None or (price <= limit_price if side is Side.BUY else price >= limit_price):
            self.found.append(Fill(venue, side, quantity_lots, price, 0, month or NEAR))

    def fills(self, account):
        found, self.found = self.found, []
        return found


def last_day(month):
    return date(month.year, month.month, 1) - timedelta(days=1)


def carrier(market, tanks, room_bbl=2_000_000):
    return CarryTrader(
        FIGURES.carry, FIGURES.leasing, market, {tanks.name: tanks}, lambda name: room_bbl, last_day, 3.65
    )


def test_carry_opens_when_the_gap_pays_storage_and_money():
    # 31 days: 0.3 a day = 9.3 yuan, and 500.2 at 0.01 % a day = 1.551 yuan; margin 2: from 12.85 yuan on.
    for far_bid, opens in ((513.0, False), (513.1, True)):
        market, tanks = TwoMonths(far=(far_bid, far_bid + 0.2)), base()
        trader = carrier(market, tanks)
        trader.decide(date(2024, 11, 1), 0.3)
        trader.account.read_fills(1.0)
        lots = FIGURES.carry.slice_lots * opens
        assert trader.account.held(Venue.SC, NEAR) == lots == -trader.account.held(Venue.SC, FAR)
        assert sum(lease.bbl for lease in tanks.leases) == lots * 1_000


def test_carry_needs_room_and_stops_at_its_capital():
    market, tanks = TwoMonths(far=(530.0, 530.2)), base()
    trader = carrier(market, tanks, room_bbl=0)
    trader.decide(date(2024, 11, 1), 0.3)
    assert market.found == [] and tanks.leases == []
    trader = carrier(market, tanks)
    for _ in range(300):
        trader.decide(date(2024, 11, 1), 0.3)
    assert trader.account.held(Venue.SC, NEAR) == FIGURES.carry.max_open_lots


def test_carried_oil_is_received_kept_and_delivered_or_sold_sooner_when_the_near_month_pays():
    market, tanks = TwoMonths(far=(530.0, 530.2)), base()
    trader, register = carrier(market, tanks), registry(tanks)
    for _ in range(3):
        trader.decide(date(2024, 11, 1), 0.3)
    trader.account.read_fills(1.0)
    lots = trader.wanted_lots(NEAR)
    assert lots == 3 * FIGURES.carry.slice_lots
    for passed in match([], {CARRY: lots}, {tanks.name: tanks}):
        hand_over(passed, {tanks.name: tanks}, register, NUMBERS)
        trader.receive(NEAR, passed.lots, tanks)
    trader.expire(NEAR, 500.0)
    trader.check()
    tanks.check()
    assert register.lots_of(NUMBERS[CARRY]) == trader.stock_lots == trader.deliverable_lots(FAR) == lots
    assert sum(lease.bbl for lease in tanks.leases) == lots * 1_000
    # The near month now pays more than waiting saves: the short moves to it.
    market.quotes = {NEAR: (540.0, 540.2), FAR: (500.0, 500.2), None: (540.0, 540.2)}
    trader.decide(date(2024, 11, 2), 0.3)
    trader.account.read_fills(1.0)
    assert trader.account.held(Venue.SC, NEAR) == -FIGURES.carry.slice_lots
    assert trader.account.lots[Venue.SC] == -lots


def test_one_series_gives_the_carry_trader_nothing_to_do():
    market, tanks = TwoMonths(), base()
    market.months = lambda venue: ()
    carrier(market, tanks).decide(date(2024, 11, 1), 0.3)
    assert market.found == []


def test_bargain_buyers_want_what_the_fall_calls_for_and_sell_when_it_is_over():
    price = PriceHistory("oman_usd_per_bbl")
    for k in range(200):
        price.publish(date(2024, 1, 1) + timedelta(days=k), 80.0)
    market = TwoMonths()
    buyers = BargainBuyers(FIGURES.bargain, market, price, 5)
    day = date(2024, 1, 1) + timedelta(days=200)
    assert buyers.wanted_lots(day) == 0
    price.publish(day, 40.0)
    day += timedelta(days=1)
    mean = price.mean(day, FIGURES.bargain.mean_months, 0)
    part = (1 - 40.0 / mean - FIGURES.bargain.fall_from) / (
        FIGURES.bargain.fall_to - FIGURES.bargain.fall_from
    )
    assert buyers.wanted_lots(day) == int(100_000 * part) > 40_000
    for _ in range(100):
        buyers.decide(day, NEAR, 555)
    buyers.account.read_fills(1.0)
    assert buyers.account.lots[Venue.SC] == pytest.approx(12_000 * 500 / 555, abs=110)
    price.publish(day, 80.0)
    day += timedelta(days=1)
    assert buyers.wanted_lots(day) == 0
    buyers.decide(day, NEAR, 555)
    assert market.found[-1].side is Side.SELL


def test_refiners_shares_must_lift_the_base_load():
    values = FIGURES.model_dump()
    values["refiners"]["state_majors"]["load_out_shares"]["south"] = 0.9
    with pytest.raises(ValueError, match=r"load_out_shares of south sum to 0\.9"):
        CrudeParameters.model_validate(values)


def test_the_parts_of_a_group_sum_to_the_whole():
    for group in FIGURES.groups:
        parts = [FIGURES.part(depot.name, 1_000_003) for depot in FIGURES.depots if depot.group == group]
        assert sum(parts) == 1_000_003


def test_shortage_is_what_is_missing_of_calm_oil_where_the_refiner_lifts():
    """Yangshan alone: calm are 0.6 x 1,260,000 = 756,000 bbl in tank and 21.5 days of its 19,215 bbl a day."""
    tanks = base(capacity_bbl=1_260_000, stock_bbl=300_000)
    refiners = Refiners(FIGURES, TwoMonths(), np.random.default_rng(0))
    days = {"yangtze_delta": 21.5, "shandong_liaoning": 23.0, "south": 18.5}
    given_bbl = FIGURES.part("Yangshan", 140_000)
    assert given_bbl == 19_216
    calm_bbl = 756_000 + 21.5 * given_bbl
    shortage = refiners.shortage("zhoushan_refinery", {"Yangshan": tanks}, days)
    assert shortage == pytest.approx(1 - 300_000 / calm_bbl)
    tanks.commit(COMMERCIAL, 900_000)
    assert refiners.shortage("zhoushan_refinery", {"Yangshan": tanks}, days) == 0.0
    assert refiners.shortage("shandong_teapots", {"Yangshan": tanks}, days) == 0.0  # it lifts elsewhere


def test_a_lever_that_names_an_unknown_base_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'extends = "base"\n[[levers]]\nkind = "delivery_base_expansion"\nstart_day = 0\nbase = "Yangshn"\n'
        'added_bbl = 1\napproval_lag_days = 0\nsource = "s"\n'
    )
    with pytest.raises(BadInput, match=r"own.toml:5: levers\[0\].base = .*Did you mean 'Yangshan'"):
        load_scenario(path)
