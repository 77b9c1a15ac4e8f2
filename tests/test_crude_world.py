"""The physical crude world against a market that quotes what it is told."""

import math
import tomllib
from datetime import date, time, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.crude.expiry import Passed
from agents.crude.levers import DeliveryBaseExpansion, FreightSpike, LoadOutCut, LocalBuying, StraitClosure
from agents.crude.market import Fill
from agents.crude.parameters import ACCOUNTS, COMMERCIAL, CrudeParameters
from agents.crude.world import CrudeWorld
from agents.prices import PriceHistory
from exchange.clock import NS_PER_DAY, TradingCalendar, day_of, ns
from exchange.codes import Side, Venue
from exchange.contracts import Rulebook
from exchange.units import NS_PER_HOUR, NS_PER_MINUTE

FIGURES = Path(__file__).parents[1] / "scenarios" / "library" / "parts" / "crude.toml"
START, FLOW_START = date(2024, 8, 1), date(2024, 9, 2)
OMAN, FX = 75.0, 7.1
SOURCE = "assumption: test"


class GivenMarket:
    """Fill every order at the quote, one minute later, up to `depth_lots`; SC, one series, is open from 9 to 15."""

    def __init__(self, env, sc_premium_usd, depth_lots=1_000):
        self.env, self.sc_premium_usd, self.depth_lots = env, sc_premium_usd, depth_lots
        self.waiting = {}

    def is_open(self, venue):
        hour = self.env.now % NS_PER_DAY / NS_PER_HOUR
        return day_of(self.env.now).weekday() < 5 and (venue != Venue.SC or 9 <= hour < 15)

    def months(self, venue):
        return ()

    def quote(self, venue, month=None):
        if venue == Venue.OMAN:
            return OMAN - 0.01, OMAN + 0.01
        middle = (OMAN + self.sc_premium_usd) * FX
        return middle - 0.1, middle + 0.1

    def submit(self, account, venue, side, quantity_lots, limit_price, month=None):
        assert quantity_lots > 0
        bid, ask = self.quote(venue)
        price = ask if side == Side.BUY else bid
        if limit_price is not None and (price > limit_price if side == Side.BUY else price < limit_price):
            return
        lots = min(quantity_lots, self.depth_lots)
        fill = Fill(venue, side, lots, price, self.env.now + NS_PER_MINUTE)
        self.waiting.setdefault(account, []).append(fill)

    def fills(self, account):
        known = [fill for fill in self.waiting.get(account, []) if fill.at_ns <= self.env.now]
        self.waiting[account] = [fill for fill in self.waiting.get(account, []) if fill.at_ns > self.env.now]
        return known


@pytest.fixture(scope="module")
def calendar():
    return TradingCalendar()


@pytest.fixture(scope="module")
def rulebook():
    return Rulebook.load("ine_sc")


@pytest.fixture(scope="module")
def figures():
    """The library's figures, but that no capacity is approved: a test that wants more tanks adds them."""
    figures = CrudeParameters.model_validate(tomllib.loads(FIGURES.read_text(encoding="utf-8"))["crude"])
    return changed(figures, approval={"enabled": False})


def changed(figures, **tables):
    """Change keys of tables: changed(figures, load_out={"initial_fill": 1.0})."""
    update = {name: getattr(figures, name).model_copy(update=keys) for name, keys in tables.items()}
    return figures.model_copy(update=update)


@pytest.fixture(scope="module")
def build(calendar, rulebook, figures):
    """Return a function that builds a world in which SC stands `premium_usd` over Oman."""

    def build(premium_usd, *, parameters=None, levers=(), seed=0, depth_lots=1_000, moving=False):
        env = simpy.Environment(initial_time=ns(START))
        histories = {}
        for name, value in (("oman", OMAN), ("sc", (OMAN + premium_usd) * FX), ("fx", FX)):
            histories[name] = PriceHistory(name)
            histories[name].publish(START - timedelta(days=10), value)
        world = CrudeWorld(
            env,
            parameters or figures,
            start=START,
            calendar=calendar,
            rulebook=rulebook,
            sessions_on=lambda day: rulebook.on(day).sessions,
            market=(MovingMarket if moving else GivenMarket)(env, premium_usd, depth_lots),
            rng=lambda name: np.random.Generator(np.random.Philox(key=[seed, crc32(name.encode())])),
            levers=levers,
            flow_start=FLOW_START,
            **histories,
        )
        return env, world

    return build


def sold_lots(world):
    return world.importer.account.traded_lots[Venue.SC, Side.SELL]


def until(day):
    return ns(day, time(17))


def test_calm_tanks_stay_near_their_initial_fill(build, figures):
    env, world = build(1.2)
    env.run(until=until(date(2024, 11, 29)))
    world.check_conservation()
    tanks = world.tables()["tanks"]
    assert tanks["base"].nunique() == 15
    fill = tanks.groupby("group")[["stock_bbl", "capacity_bbl"]].mean()
    assert ((fill.stock_bbl / fill.capacity_bbl - figures.load_out.initial_fill).abs() < 0.12).all()
    assert sold_lots(world) == 0 and world.reexporter.account.traded_lots[Venue.SC, Side.BUY] == 0
    assert figures.listed_bbl("yangtze_delta") == 9_180_000
    assert sum(figures.listed_bbl(name) for name in figures.groups) == 72_740_000


def test_nobody_trades_before_the_flow_starts(build):
    env, world = build(8.0)
    env.run(until=ns(date(2024, 8, 30), time(20)))
    assert sold_lots(world) == 0
    env.run(until=until(FLOW_START))
    assert sold_lots(world) > 0


def test_premium_brings_cargoes_that_are_delivered_at_expiry(build, figures):
    env, world = build(6.0)
    env.run(until=until(date(2024, 10, 30)))
    world.check_conservation()
    cargoes = world.tables()["crude_cargoes"].query("owner == 'importer'")
    assert len(cargoes) >= 3
    # Loaded on top of whole lots is what is lost on the way in; a cargo is at most a fifth of a base's tanks.
    assert ((cargoes.bbl - cargoes.lost_bbl)[cargoes.discharged_ns.notna()] % 1_000 == 0).all()
    tanks = {depot.name: depot.active_bbl for depot in figures.depots}
    assert (cargoes.bbl <= [max(200_200, 0.2007 * tanks[name]) for name in cargoes.base]).all()
    days_at_sea = (cargoes.arrived_ns - cargoes.loaded_ns).dropna() / NS_PER_DAY - 1.5
    assert days_at_sea.between(16, 23).all()
    before_lots = world.importer.delivered_lots
    warrants_lots = world.registry.lots_of(ACCOUNTS.index("importer"))
    assert warrants_lots > 0
    env.run(until=until(date(2024, 10, 31)))
    assert world.importer.delivered_lots == before_lots + warrants_lots
    assert world.registry.lots_of(ACCOUNTS.index("importer")) == 0
    assert world.importer.open_short_lots == sold_lots(world) - world.importer.delivered_lots
    world.check_conservation()


def full(figures, fill=1.0):
    return changed(figures, load_out={"initial_fill": fill})


def no_load_out():
    return START, LoadOutCut(start_day=0, share_lost=1.0, duration_days=400, source=SOURCE)


def expansion(day, lag_days=0, added_bbl=8_000_000):
    lever = DeliveryBaseExpansion(
        start_day=0, group="yangtze_delta", added_bbl=added_bbl, approval_lag_days=lag_days, source=SOURCE
    )
    return day, lever


def test_full_tanks_stop_the_arbitrage_however_high_the_premium(build, figures):
    env, world = build(20.0, parameters=full(figures), levers=[no_load_out()])
    env.run(until=until(date(2024, 10, 31)))
    assert sold_lots(world) == 0
    world.check_conservation()


def test_sales_resume_when_full_bases_grow_after_the_approval(build, figures):
    levers = [no_load_out(), expansion(date(2024, 9, 2), lag_days=30, added_bbl=40_000_000)]
    env, world = build(20.0, parameters=full(figures), levers=levers)
    env.run(until=until(date(2024, 10, 1)))
    assert sold_lots(world) == 0
    env.run(until=until(date(2024, 10, 9)))
    assert sold_lots(world) > 0
    world.check_conservation()


def test_expansion_of_bases_with_room_changes_no_sale(build, figures):
    roomy = changed(figures, load_out={"initial_fill": 0.3}, importer={"max_cargoes_outstanding": 3})
    runs = []
    for levers in ([], [expansion(date(2024, 9, 2), added_bbl=1_000)]):
        env, world = build(6.0, parameters=roomy, levers=levers)
        env.run(until=until(date(2024, 9, 20)))
        runs.append((sold_lots(world), [cargo.booked_ns for cargo in world.importer.cargoes]))
    assert runs[0] == runs[1] and runs[0][0] > 0


def test_capital_bounds_the_cargoes_outstanding(build, figures):
    small = changed(figures, importer={"max_cargoes_outstanding": 2}, load_out={"initial_fill": 0.3})
    env, world = build(8.0, parameters=small)
    env.run(until=until(date(2024, 9, 27)))
    assert 3_800 < sold_lots(world) <= 4_000 and world.importer.cargoes_outstanding == 2


def test_part_cargo_sails_when_the_book_gives_too_little(build):
    env, world = build(8.0, depth_lots=2)  # 72 decisions a day: 144 lots
    env.run(until=until(date(2024, 9, 10)))
    first = world.importer.cargoes[0]
    assert 200_000 <= first.bbl < 2_000_000
    assert first.booked_ns - ns(FLOW_START, time(9)) >= 3 * NS_PER_DAY
    world.check_conservation()


def test_less_room_means_fewer_sales(build, figures):
    sales = []
    for fill in (0.6, 0.8, 0.9, 0.99):
        env, world = build(8.0, parameters=full(figures, fill))
        env.run(until=until(date(2024, 9, 30)))
        world.check_conservation()
        sales.append(sold_lots(world))
    assert sales[0] > sales[1] > sales[2] > sales[3]


class MovingMarket(GivenMarket):
    """Move SC's premium by every order of the crude world; a twentieth of it decays a day."""

    usd_per_lot, decay_per_day = 0.002, 0.05

    def quote(self, venue, month=None):
        if venue == Venue.SC:
            days = (self.env.now - getattr(self, "quoted_ns", self.env.now)) / NS_PER_DAY
            self.sc_premium_usd = NEUTRAL + (self.sc_premium_usd - NEUTRAL) * (1 - self.decay_per_day) ** days
            self.quoted_ns = self.env.now
        return super().quote(venue)

    def submit(self, account, venue, side, quantity_lots, limit_price, month=None):
        before = len(self.waiting.get(account, []))
        super().submit(account, venue, side, quantity_lots, limit_price)
        if venue == Venue.SC and len(self.waiting.get(account, [])) > before:
            self.sc_premium_usd += self.usd_per_lot * quantity_lots * (1 if side == Side.BUY else -1)


NEUTRAL = 1.14


def premium_path(build, figures, fill, levers):
    """Return SC's premium over Oman on three days under local buying of some 400 lots a day."""
    buying = (FLOW_START, LocalBuying(start_day=0, lots_per_day=600, duration_days=90, source=SOURCE))
    env, world = build(NEUTRAL, parameters=full(figures, fill), levers=[*levers, buying], moving=True)
    path = []
    for day in (date(2024, 9, 10), date(2024, 9, 27), date(2024, 10, 30)):
        env.run(until=until(day))
        path.append(world.importer._market.sc_premium_usd)
    world.check_conservation()
    return path


def test_premium_opens_when_tanks_are_full_and_closes_when_they_grow(build, figures):
    """The mechanism of April 2020: room, not a scripted premium, bounds SC from above.

    Parity is 2.7 to 2.9 USD over Oman and the importer's margin 0.4: with room the premium stays near 3.
    """
    roomy = premium_path(build, figures, 0.5, [])
    assert max(roomy) < 4.0
    shut = premium_path(build, figures, 1.0, [no_load_out()])
    assert shut[1] > 8.0 and shut[2] > 8.0
    grown = premium_path(build, figures, 1.0, [no_load_out(), expansion(date(2024, 9, 13), 17, 90_000_000)])
    assert grown[:2] == shut[:2]
    assert grown[2] < 4.0


def test_cheap_sc_is_bought_delivered_and_shipped_out(build):
    env, world = build(-4.0)
    env.run(until=until(date(2024, 9, 29)))
    held = world.reexporter.open_long_lots
    assert held == 8_000 and world.reexporter.account.lots[Venue.OMAN] == -held
    env.run(until=until(date(2024, 10, 20)))
    assert world.reexporter.received_lots == held
    owned = [base.holdings["reexporter"] for base in world.bases.values()]
    out, lost = sum(own.lifted_bbl for own in owned), sum(own.lost_bbl for own in owned)
    assert out + lost == held * 1_000
    assert lost == pytest.approx(600 * held * 1_000 / 1e6, abs=20)  # 0.06 % of what is loaded out
    world.check_conservation()


def test_local_buyer_buys_its_lots_and_is_off_by_default(build, figures):
    lever = (date(2024, 9, 9), LocalBuying(start_day=5, lots_per_day=555, duration_days=7, source=SOURCE))
    env, world = build(1.2, levers=[lever])
    env.run(until=until(date(2024, 9, 6)))
    assert world.local_buyer.account.lots[Venue.SC] == 0
    env.run(until=until(date(2024, 9, 27)))
    # the given market is open for 360 minutes on each of five days, at one lot a minute
    assert world.local_buyer.account.lots[Venue.SC] == pytest.approx(5 * 360, abs=5)


OUTSIDE = ("oman", "murban")
"""The Gulf's grades that load outside the strait."""


def closure(first, days, share=1.0):
    return first, StraitClosure(start_day=0, share_lost=share, duration_days=days, source=SOURCE)


def test_closed_strait_loses_the_given_imports_of_the_grades_inside_it(build, figures):
    env, world = build(1.2, levers=[closure(date(2024, 9, 1), 45)])
    env.run(until=until(date(2024, 10, 10)))
    cargoes = world.tables()["crude_cargoes"].query("owner == 'base_load'")
    within = cargoes[cargoes.booked_ns >= ns(date(2024, 9, 1))]
    assert within[~within.grade.isin(OUTSIDE)].lost.all()
    assert not within[within.grade.isin(OUTSIDE)].lost.any()
    assert not cargoes[cargoes.booked_ns < ns(date(2024, 8, 30))].lost.any()
    outside = sum(figures.grades[name].share for name in OUTSIDE)
    assert 1 - within.lost.mean() == pytest.approx(outside, abs=0.1)
    world.check_conservation()


def test_closed_strait_leaves_the_importer_the_grades_outside_it_and_their_supply(build, figures):
    sold = []
    for levers in ([], [closure(date(2024, 9, 1), 45)]):
        env, world = build(6.0, levers=levers)
        env.run(until=until(date(2024, 10, 10)))
        grades = {cargo.grade for cargo in world.importer.cargoes}
        sold.append(sum(cargo.bbl for cargo in world.importer.cargoes))
        world.check_conservation()
    assert grades <= set(OUTSIDE)
    supply = sum(
        figures.grades[name].spot_bbl_per_day * (figures.grades[name].spot_days + 40) for name in OUTSIDE
    )
    assert 0 < sold[1] <= supply
    assert sold[1] < 0.7 * sold[0]


def test_cargoes_bought_before_a_closure_wait_for_its_end_if_they_load_inside(build):
    env, world = build(6.0, levers=[closure(date(2024, 9, 7), 30)])
    env.run(until=until(date(2024, 10, 5)))
    early = [cargo for cargo in world.importer.cargoes if cargo.booked_ns < ns(date(2024, 9, 6))]
    waiting = [cargo for cargo in early if cargo.grade not in OUTSIDE and cargo.loaded_ns is None]
    assert waiting
    env.run(until=until(date(2024, 10, 10)))
    assert all(cargo.loaded_ns is not None and not cargo.lost for cargo in waiting)
    world.check_conservation()


def test_freight_spike_lifts_parity_by_its_worldscale_points(build):
    spike = (
        date(2024, 9, 2),
        FreightSpike(start_day=0, freight_worldscale=160.0, duration_days=10, source=SOURCE),
    )
    _, calm = build(1.2)
    _, world = build(1.2, levers=[spike])
    before, after = calm.parity_usd_per_bbl(date(2024, 9, 2)), world.parity_usd_per_bbl(date(2024, 9, 2))
    assert after.reexport - before.reexport == pytest.approx(100 * 0.029)
    assert after.lowest - before.lowest == pytest.approx(100 * 0.029, rel=0.01)
    assert world.parity_usd_per_bbl(date(2024, 9, 12)) == calm.parity_usd_per_bbl(date(2024, 9, 12))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    premium=st.sampled_from([-5.0, -2.0, 1.0, 5.0, 12.0]),
    fill=st.sampled_from([0.05, 0.5, 0.8, 0.97, 1.0]),
    depth=st.sampled_from([3, 70, 1_000]),
    lost=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_barrels_and_lots_balance_every_few_days(build, figures, seed, premium, fill, depth, lost):
    parameters = full(figures, fill)
    levers = [closure(date(2024, 9, 5), 20, lost)]
    env, world = build(premium, parameters=parameters, levers=levers, seed=seed, depth_lots=depth)
    for days in range(5, 100, 7):
        env.run(until=ns(START) + days * NS_PER_DAY)
        world.check_conservation()
    assert all(isinstance(value, int) for value in world.state_integers())


def test_same_seed_same_state_and_levers_leave_the_draws_of_base_load_alone(build):
    states, base_loads = [], []
    for levers in ([], [], [expansion(date(2024, 9, 2))]):
        env, world = build(6.0, levers=levers, seed=7)
        env.run(until=until(date(2024, 10, 31)))
        states.append(world.state_integers())
        base_loads.append([(c.group, c.loaded_ns) for c in world.fleet.cargoes if c.owner == "base_load"])
    assert states[0] == states[1] != states[2]
    assert sorted(base_loads[0]) == sorted(base_loads[2])
    env, world = build(6.0, seed=8)
    env.run(until=until(date(2024, 10, 31)))
    assert world.state_integers() != states[0]


def test_empty_quotes_open_no_trade(build, monkeypatch):
    monkeypatch.setattr(GivenMarket, "quote", lambda self, venue, month=None: (math.nan, math.nan))
    env, world = build(20.0)
    env.run(until=until(date(2024, 9, 10)))
    assert sold_lots(world) == 0 and world.importer.programme is None


def test_oil_that_the_exchange_passes_to_investors_is_sold_in_tank(build):
    """40 lots of the importer's warrants go to bargain buyers: their oil is commercial again, without a warrant."""
    env, world = build(6.0)
    env.run(until=until(date(2024, 10, 30)))
    warrant = world.registry.of(world.numbers["importer"])[0]
    base = world.bases[warrant.base]
    before = base.holdings[COMMERCIAL].stock_bbl
    passed_on = world.registry.transfer(warrant.number, world.numbers["bargain"], 40)
    passed = Passed("importer", "bargain", base.name, warrant.grade, 40, passed_on.number)
    delivered = world.importer.delivered_lots
    world.expire(None, 500.0, [passed])
    assert base.holdings[COMMERCIAL].stock_bbl == before + 40_000
    assert base.holdings["bargain"].stock_bbl == 0 and world.registry.lots_of(world.numbers["bargain"]) == 0
    assert world.importer.delivered_lots == delivered + 40
    world.check_conservation()
