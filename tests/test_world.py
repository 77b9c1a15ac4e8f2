"""The composed world: the day at SC, settlement and limits; what is added moves nothing; two futures, one past."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time, timedelta

import numpy as np
import pytest
from worlds import events, library, run, scenario

from agents.crude.parameters import ACCOUNTS
from agents.traders.population import TraderPopulation
from agents.traders.state import EXTERNAL_ACCOUNT
from exchange.clock import ns
from exchange.codes import Phase, Venue
from exchange.contracts import Rulebook
from exchange.limits import price_limits
from exchange.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from scenarios.levers import BuyingProgramme, CrudeNews
from scenarios.streams import Streams
from scenarios.tables import quotes_frame, samples_frame, trading_days_frame
from scenarios.world import Programme, World, build

HOURS = ((21, 0, 26, 30), (9, 0, 10, 15), (10, 30, 11, 30), (13, 30, 15, 0))
"""SC's continuous hours: start and end, hour and minute; the night session ends on the next day."""

PROGRAMME = EXTERNAL_ACCOUNT + len(ACCOUNTS)
"""The account of a buying programme, after those of the crude world."""


def moment(at_ns: int) -> datetime:
    """Return the Shanghai wall clock of a moment."""
    return datetime(1970, 1, 1) + timedelta(microseconds=at_ns // 1000)


@pytest.fixture(scope="module")
def watched() -> tuple[World, list[tuple[int, Phase, int]]]:
    """A world of three days, and each change of SC's phase with the lots of the auction it uncrossed."""
    changes: list[tuple[int, Phase, int]] = []
    whole = TraderPopulation.set_phase

    def noted(self, venue, phase):
        lots = whole(self, venue, phase)
        if venue == Venue.SC:
            changes.append((self.now_ns, Phase(phase), lots))
        return lots

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TraderPopulation, "set_phase", noted)
        world = run(library("base"), 3, sample_ns=10 * NS_PER_SECOND)
    return world, changes


def test_the_day_opens_with_an_auction_in_the_evening_and_another_in_the_morning(watched):
    _, changes = watched
    by_day = {}
    for at_ns, phase, lots in changes:
        by_day.setdefault(str(moment(at_ns).time()), []).append((phase, lots))
    assert set(by_day) == {
        "20:55:00", "20:59:00", "21:00:00", "02:30:00", "08:55:00", "08:59:00", "09:00:00", "10:15:00", "10:30:00",
        "11:30:00", "13:30:00", "15:00:00",
    }  # fmt: skip
    for at in ("20:55:00", "08:55:00"):
        assert by_day[at] == [(Phase.AUCTION_ENTRY, 0)] * 3
    for at in ("21:00:00", "09:00:00"):
        assert all(phase is Phase.CONTINUOUS and lots > 0 for phase, lots in by_day[at]), at
    for at in ("10:30:00", "13:30:00"):
        assert by_day[at] == [(Phase.CONTINUOUS, 0)] * 3


def test_nothing_trades_at_sc_outside_its_hours(watched):
    world, _ = watched
    samples = world.population.samples()
    at_ns, volume = samples["at_ns"], samples["volume"][:, Venue.SC]
    inside = np.zeros(len(at_ns), dtype=bool)
    of_day = at_ns % (24 * NS_PER_HOUR)
    for start_h, start_m, end_h, end_m in HOURS:
        start, end = (
            start_h * NS_PER_HOUR + start_m * NS_PER_MINUTE,
            end_h * NS_PER_HOUR + end_m * NS_PER_MINUTE,
        )
        for shift in (0, 24 * NS_PER_HOUR):
            inside |= (of_day + shift >= start) & (of_day + shift <= end + 10 * NS_PER_SECOND)
    more = np.diff(volume) > 0
    assert more.sum() > 1000
    assert not (more & ~inside[1:]).any()
    brent = np.diff(samples["volume"][:, Venue.BRENT]) > 0
    assert (brent & ~inside[1:]).sum() > 1000  # Brent goes on


def test_settlement_is_the_volume_weighted_mean_of_the_days_trades_rounded_to_the_tick(watched):
    world, _ = watched
    samples = world.population.samples()
    for settlement, day in zip(world.settlements[Venue.SC], world.trading_days, strict=True):
        figures = settlement.figures
        assert settlement.trading_day == day
        exact = figures.turnover_tick_lots / figures.volume_lots
        assert abs(settlement.settlement_ticks - exact) <= 0.5
        start, end = ns(world.loaded.calendar.previous(day), time(20)), ns(day, time(15))
        rows = samples[(samples["at_ns"] >= start) & (samples["at_ns"] <= end)]
        lots = np.diff(rows["volume"][:, Venue.SC], prepend=rows["volume"][0, Venue.SC])
        lots[lots < 0] = 0
        quoted = (rows["last"][:, Venue.SC] * lots).sum() / lots.sum()
        assert abs(settlement.settlement_ticks - quoted) < 2.0
        assert lots.sum() == pytest.approx(figures.volume_lots, rel=0.01)  # the night belongs to the day


def test_prices_keep_to_limits_set_from_the_settlement_before(watched):
    world, _ = watched
    before = None
    for settlement in world.settlements[Venue.SC]:
        spec = Rulebook.load("ine_sc").on(settlement.trading_day)
        low, high = settlement.limits_ticks
        if before is not None:
            assert (low, high) == price_limits(before, spec.price_limit_percent)
        figures = settlement.figures
        assert low <= figures.low_ticks <= figures.open_ticks <= figures.high_ticks <= high
        assert figures.low_ticks <= figures.close_ticks <= figures.high_ticks
        before = settlement.settlement_ticks


def test_the_settlement_is_the_price_that_the_slow_world_sees(watched):
    world, _ = watched
    for settlement in world.settlements[Venue.SC]:
        assert world.prices["sc"].on(settlement.trading_day) == pytest.approx(
            settlement.settlement_ticks * 0.1
        )
    for settlement in world.settlements[Venue.BRENT][-2:]:
        assert world.prices["brent"].on(settlement.trading_day) == pytest.approx(
            settlement.settlement_ticks * 0.01
        )


def test_tables_of_the_day_are_in_dollars_and_agree_with_the_book(watched):
    world, _ = watched
    samples = samples_frame(world)
    days = trading_days_frame(world, samples)
    sc = days[days["venue"] == "SC"]
    assert sc["volume_lots"].tolist() == [s.figures.volume_lots for s in world.settlements[Venue.SC]]
    fx = [world.prices["fx"].on(day) for day in sc["trading_day"]]
    closes = [s.figures.close_ticks * 0.1 for s in world.settlements[Venue.SC]]
    np.testing.assert_allclose(sc["close"] * fx, closes)
    assert (sc["premium_usd_per_bbl"] < sc["premium_to_oman_usd_per_bbl"]).all()
    quotes = quotes_frame(samples)
    assert (quotes["ask"] > quotes["bid"]).all()
    assert set(quotes["venue"]) == {"SC", "Oman", "Brent"}
    assert (quotes["at_ns"] % NS_PER_MINUTE == 0).all()


def test_there_is_no_night_session_on_the_eve_of_a_holiday_and_the_morning_opens_with_an_auction():
    period = {
        "period.first_trading_day": date(2024, 9, 30), "period.trading_days": 2, "period.slow_end": date(2024, 10, 31),
    }  # fmt: skip
    world = run(scenario("base", period), 2)
    assert world.trading_days == (date(2024, 9, 30), date(2024, 10, 8))
    samples = world.population.samples()
    at_ns = samples["at_ns"]
    holiday = (at_ns > ns(date(2024, 9, 30), time(15))) & (at_ns < ns(date(2024, 10, 8), time(8, 54)))
    assert (samples["phase"][holiday, Venue.SC] == Phase.CLOSED).all()
    assert len(set(samples["volume"][holiday, Venue.SC].tolist())) == 1
    entry = (at_ns > ns(date(2024, 10, 8), time(8, 55))) & (at_ns < ns(date(2024, 10, 8), time(8, 59)))
    assert (samples["phase"][entry, Venue.SC] == Phase.AUCTION_ENTRY).all()
    assert all(settlement.figures.volume_lots > 10_000 for settlement in world.settlements[Venue.SC])


def test_a_shock_beyond_the_limit_locks_the_day_and_widens_the_next_ones_limit():
    shock = CrudeNews(
        kind="crude_news", source="test", start_day=0, venue="brent", size_bps=3000, minute=13 * 60
    )
    world = run(events(library("base"), shock), 2, changed=True)
    first, second = world.settlements[Venue.SC]
    assert first.figures.locked == 1
    assert first.limits_ticks[1] - 8 <= first.figures.close_ticks <= first.limits_ticks[1]
    assert second.limit_percent == first.limit_percent + 3
    assert second.limits_ticks == price_limits(first.settlement_ticks, second.limit_percent)


def test_gas_and_a_programme_of_no_lots_move_nothing():
    alone = run(library("base"))
    nothing = Programme(Venue.SC, 0, ns(date(2024, 11, 4), time(10, 35)), 10)
    for beside in (run(library("base"), with_gas=True), run(library("base"), intervention=nothing)):
        assert beside.population.state_hash() == alone.population.state_hash()
        assert beside.crude.state_integers() == alone.crude.state_integers()


def test_the_world_is_the_same_for_bars_of_ten_seconds_and_of_sixty():
    day = {
        "period.first_trading_day": date(2024, 11, 5)
    }  # a Tuesday: its flow is shorter than that of a Monday
    assert (
        run(scenario("base", day), bar_ns=10 * NS_PER_SECOND).state_hash()
        == run(scenario("base", day)).state_hash()
    )


def test_days_that_follow_do_not_move_those_before():
    two, three = run(library("base"), 2), run(library("base"), 3)
    assert three.settlements[Venue.SC][:2] == two.settlements[Venue.SC]


@pytest.mark.parametrize("name", ["lng-outage", "night-session-off"])
def test_without_its_shocks_a_scenario_is_the_base(name):
    assert run(library(name)).population.state_hash() == run(library("base")).population.state_hash()


def test_two_futures_share_one_past():
    push = BuyingProgramme(
        kind="buying_programme",
        source="test",
        start_day=0,
        venue="sc",
        lots=500,
        start_minute=600,
        duration_minutes=10,
    )
    loaded = events(library("base"), push)
    worlds = [
        build(loaded, Streams(1), changed=changed, with_gas=False, flow_days=1) for changed in (False, True)
    ]
    hashes = []
    for hour, minute in ((9, 59), (11, 0)):
        for world in worlds:
            world.env.run(until=ns(date(2024, 11, 4), time(hour, minute)))
            hashes.append(world.state_hash())
    assert hashes[0] == hashes[1]
    assert hashes[2] != hashes[3]
    assert worlds[1].population.state["positions"][Venue.SC, PROGRAMME] == 500
    assert worlds[0].population.state["positions"][Venue.SC, PROGRAMME] == 0


def test_fills_of_the_physical_traders_add_up_to_their_positions():
    world = run(library("delivery-base-expansion"), 2)
    positions = world.population.state["positions"][Venue.SC, EXTERNAL_ACCOUNT:]
    buyer = world.crude.local_buyer.account
    assert buyer.lots[Venue.SC] > 10_000
    assert positions[2] == pytest.approx(buyer.lots[Venue.SC], abs=200)  # its last orders are not read yet
    assert positions[0] == world.crude.importer.account.lots[Venue.SC]


def test_a_world_without_order_flow_has_given_prices_and_no_traders():
    world = run(scenario("base", {"period.trading_days": 0}), 0)
    assert world.market is None
    with pytest.raises(LookupError, match="trading_days is 0"):
        _ = world.population


def test_a_user_price_path_is_where_brent_starts_and_ends():
    from agents.prices import PriceHistory
    from agents.world_price import brent_path

    loaded = library("base")
    path = PriceHistory("brent_usd_per_bbl")
    given = brent_path(loaded.scenario.world_price, np.random.default_rng(3)).items()
    for k, (day, value) in enumerate(given):
        path.publish(day, value * (1.2 + 0.02 * (k % 3)))
    days = 4
    world = run(dataclasses.replace(loaded, prices=path), days)
    calendar = world.loaded.calendar
    samples = samples_frame(world)["Brent_mid"]
    for day in world.trading_days[:-1]:
        at_ns = ns(calendar.on_or_after(day), time(3, 30)) + 24 * NS_PER_HOUR
        found = samples[samples.index >= at_ns].iloc[0]
        assert found == pytest.approx(path.on(day), rel=0.01)
