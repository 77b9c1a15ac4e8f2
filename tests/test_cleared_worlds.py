"""Whole worlds with clearing: what binds in a calm month, what moves nothing, expiry, delivery, locks, warning."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import events, library, run, scenario

from agents.clearing.expiry import Expiries
from exchange.clearing.closing import Reason
from exchange.clearing.rules import Participant
from exchange.contracts import ContractMonth
from exchange.limits import delivery_settlement_ticks
from exchange.tanks import Tanks
from exchange.warrants import WarrantRegistry
from scenarios.levers import CrudeNews, EarlyWarningControl, LockedDaysPolicy, RuleChange
from scenarios.streams import Streams
from scenarios.tables import clearing_frames
from scenarios.world import World, build

KINDS = ("individual", "firm", "fund", "overseas", "member")
AMPLE = {f"clearing.{kind}.capital_cny_per_client": 1e9 for kind in KINDS}
DECEMBER = ContractMonth(2024, 12)


def figures(world: World) -> list[tuple[int, ...]]:
    """Return settlements, volumes and open interest of all months and days."""
    return [
        (s.settlement_ticks, s.figures.volume_lots, s.figures.open_interest_lots)
        for s in world.month_settlements["sc"]
    ]


def check_positions(world: World) -> None:
    """Raise AssertionError unless the house holds what the population holds."""
    clearing = world.clearing
    clearing.check_conservation()
    for (product, month), series in clearing._series.items():
        book = world.population.curves[product].book(month)
        np.testing.assert_array_equal(
            clearing.house.net_lots[series.place], world.population.state["positions"][book]
        )


@pytest.fixture(scope="module")
def calm() -> World:
    """The base month, 20 days to the last of SC2412."""
    return run(library("base"), None)


def test_a_small_share_of_accounts_is_called_in_a_calm_month_and_the_unpaid_are_closed(calm):
    days = calm.clearing.days
    share = sum(day.called_accounts for day in days) / sum(day.holders for day in days)
    assert 0.001 < share < 0.06
    assert sum(day.paid_fen for day in days) > 0.5 * sum(day.call_fen for day in days)
    asked = sum(day.forced_asked_lots[Reason.MARGIN] for day in days)
    filled = sum(day.forced_filled_lots[Reason.MARGIN] for day in days)
    assert 0 < filled <= asked and filled > 0.9 * asked
    assert sum(day.uncovered_fen for day in days) == 0
    check_positions(calm)


def test_individuals_are_out_of_the_front_month_in_time_and_it_ends_at_the_mean_of_five_days(calm):
    exits = [day for day in calm.clearing.days if day.forced_asked_lots[Reason.PERSON_EXIT]]
    assert [day.trading_day for day in exits] == [date(2024, 11, 20)]
    december = [s for s in calm.month_settlements["sc"] if s.month == DECEMBER]
    assert calm.clearing.days[-1].trading_day == date(2024, 11, 29) == december[-1].trading_day
    expected = delivery_settlement_ticks([s.settlement_ticks for s in december])
    assert calm.clearing.expiries.settlement_ticks("sc", DECEMBER) == expected
    assert DECEMBER not in [month for _, month in calm.clearing._series]


def test_participants_have_the_parts_of_volume_and_open_interest_that_the_exchange_reports(calm):
    parts = clearing_frames(calm)["participants"].set_index("kind")
    for kind, volume, interest in (
        ("individual", 0.65, 0.40),
        ("firm", 0.25, 0.30),
        ("fund", 0.10, 0.30),
        ("overseas", 0.15, 0.20),
    ):  # SHFE, end of 2019; overseas accounts are among the first three there, apart here
        assert parts.loc[kind, "client_volume_share"] == pytest.approx(volume, abs=0.10)
        assert parts.loc[kind, "client_open_interest_share"] == pytest.approx(interest, abs=0.10)
    assert parts[["volume_share", "open_interest_share"]].sum().tolist() == pytest.approx([1.0, 1.0])


def test_the_delivery_settlement_price_is_the_mean_of_as_many_days_as_the_rulebook_says():
    rule = RuleChange(
        kind="rule_change", source="test", start_day=0, rules={"delivery_settlement_trading_days": 2}
    )
    last_days = events(scenario("base", {"period.first_trading_day": date(2024, 11, 27)}), rule)
    world = run(last_days, 3, changed=True)
    settled = [s.settlement_ticks for s in world.month_settlements["sc"] if s.month == DECEMBER]
    assert len(settled) == 3
    found = world.clearing.expiries.settlement_ticks("sc", DECEMBER)
    assert found == (settled[1] + settled[2] + 1) // 2 != (2 * sum(settled) + 3) // 6


def test_tables_have_a_row_for_each_day_and_month(calm):
    frames = clearing_frames(calm)
    assert len(frames["clearing"]) == 20 and len(frames["months"]) == 20 * 4
    december = frames["months"][frames["months"]["month"] == "2412"].set_index("trading_day")
    margins = december["margin_spec_percent"]
    assert margins[date(2024, 11, 4)] == 10 and margins[date(2024, 11, 27)] == 20
    assert (frames["clearing"]["margin_cny"] > 0).all() and (frames["clearing"]["fees_cny"] > 0).all()
    open_lots = frames["months"].groupby("trading_day")["open_interest_lots"].sum()
    assert (open_lots > 20_000).all()


def test_clearing_that_calls_nobody_moves_no_price_and_calls_do():
    # exchanges for physical oil are booked at the house, so that they would tell the two apart
    alone = {"crude.warrants.exchange_days_ahead": 0}
    none = run(scenario("base", alone | {"clearing.enabled": False}), 4)
    idle = run(scenario("base", alone | AMPLE), 4)
    bound = run(library("base"), 4)
    assert none.clearing is None and idle.population.state_hash() == none.population.state_hash()
    assert idle.crude.state_integers() == none.crude.state_integers()
    assert sum(day.called_accounts for day in idle.clearing.days) == 0
    assert sum(day.called_accounts for day in bound.clearing.days) > 0
    assert figures(bound) != figures(none)
    assert clearing_frames(none) == {}


def test_equal_seeds_clear_alike_whatever_the_bar():
    one, other = (run(library("base"), 3, bar_ns=seconds * 10**9) for seconds in (60, 10))
    assert one.clearing.house.state_hash() == other.clearing.house.state_hash()
    assert one.state_hash() == other.state_hash()


def shock(bps: float, day: int = 0) -> CrudeNews:
    return CrudeNews(
        kind="crude_news", source="test", start_day=day, venue="brent", size_bps=bps, minute=13 * 60
    )


@given(
    seed=st.integers(0, 10_000),
    over_margin=st.floats(0.0, 1.5),
    pays=st.floats(0.0, 1.0),
    bps=st.sampled_from([-4500.0, -1500.0, 0.0, 2500.0]),
)
@settings(max_examples=4, deadline=None, derandomize=True)
def test_money_and_lots_are_conserved_through_calls_defaults_and_expiry(seed, over_margin, pays, bps):
    thin = {"clearing.brokers": 3, "clearing.guarantee_cny": 1e6, "clearing.member_own_cny": 1e6}
    thin |= {f"clearing.{kind}.capital_over_margin": over_margin for kind in KINDS[:4]}
    thin |= {f"clearing.{kind}.capital_cny_per_client": 0.0 for kind in KINDS[:4]}
    thin |= {f"clearing.{kind}.pays_probability": pays for kind in KINDS[:4]}
    thin |= {"period.first_trading_day": date(2024, 11, 26)}
    world = run(
        events(scenario("base", thin), shock(bps)), 6, changed=True, seed=seed
    )  # over SC2412's last day
    check_positions(world)
    days = world.clearing.days
    assert DECEMBER not in [month for _, month in world.clearing._series]
    if bps == -4500.0 and pays < 0.5:
        assert sum(day.forced_asked_lots[Reason.MARGIN] for day in days) > 0


def test_losses_beyond_an_accounts_money_go_down_the_waterfall():
    thin = {f"clearing.{kind}.capital_over_margin": 1.1 for kind in KINDS[:4]}
    thin |= {f"clearing.{kind}.capital_cny_per_client": 0.0 for kind in KINDS[:4]}
    thin |= {f"clearing.{kind}.pays_probability": 0.0 for kind in KINDS[:4]}
    world = run(events(scenario("base", thin), shock(-4000.0)), 8, changed=True)
    losses = [loss for _, loss in world.clearing.losses]
    assert len(losses) > 20
    assert all(loss.owed_fen == loss.dollars_fen + sum(loss.paid_fen.values()) for loss in losses)
    check_positions(world)


def test_the_controller_widens_limits_and_raises_margins_while_it_warns_and_off_it_changes_nothing():
    loaded = events(library("base"), shock(500.0, day=1))
    control = EarlyWarningControl(
        kind="early_warning", source="test", start_day=0, gap_warns_from=0.02, limit_points=4, margin_points=5,
        opening_lots=100,
    )  # fmt: skip
    with_control = events(library("base"), shock(500.0, day=1), control)
    off, on = (clearing_frames(run(each, 4, changed=True)) for each in (loaded, with_control))
    far = [frame["months"].query("month == '2503'").set_index("trading_day") for frame in (off, on)]
    days = far[0].index
    assert far[0]["limit_percent"].tolist() == [7, 7, 7, 7] and off["clearing"]["warning_level"].max() == 0
    level = on["clearing"]["warning_level"].tolist()
    assert level[0] == 0 and level[2] >= 1
    for before, day, stands in zip(days, days[1:], level, strict=False):
        assert far[1].loc[day, "limit_percent"] == 7 + 4 * stands, before
        assert (
            far[1].loc[before, "margin_spec_percent"] == 9 + 5 * stands
        )  # its close is cleared at the new level


def locked(choice: str, days: int = 6) -> World:
    policy = LockedDaysPolicy(kind="after_locked_days", source="test", start_day=0, choice=choice)
    world = run(events(library("base"), shock(-5000.0), shock(-4000.0, 1), policy), days, changed=True)
    check_positions(world)
    return world


def test_after_the_third_locked_day_the_exchange_trades_on_halts_or_reduces():
    trade_on, halt, reduce = (locked(choice) for choice in ("trade_on", "halt_and_return", "reduce"))
    paths = []
    for world in (trade_on, halt, reduce):
        december = [s for s in world.month_settlements["sc"] if s.month == DECEMBER]
        assert [s.locked_days for s in december[:3]] == [-1, -2, -3]
        assert [s.limit_percent for s in december[:3]] == [7, 10, 12]
        paths.append(december)
    traded, halted, reduced = paths
    assert traded[3].figures.volume_lots > 0 and traded[3].limit_percent == 12
    assert halted[3].figures.volume_lots == 0 and halted[3].locked_days == -3
    assert halted[4].limit_percent == 12 and halted[4].figures.volume_lots > 0
    assert reduced[3].limit_percent == 7  # the count begins anew
    assert sum(day.reduced_lots for day in reduce.clearing.days) > 0
    assert sum(day.reduced_lots for day in trade_on.clearing.days + halt.clearing.days) == 0
    at_third = locked("reduce", days=3)  # house and population hold the same right after it
    assert at_third.clearing.locked.reduced_on == at_third.trading_days[-1]
    done = reduce.clearing.locked.reduced["sc", DECEMBER]
    assert set(done.fills["price"].tolist()) == {reduced[2].limits_ticks[0]}
    assert sum(done.tier_lots) > 0 and done.asked_lots == done.own_lots + sum(done.tier_lots) + done.left_lots


def test_halt_and_reduce_halts_for_a_day_and_reduces_at_the_price_of_the_third():
    world = locked("halt_and_reduce", days=5)
    december = [s for s in world.month_settlements["sc"] if s.month == DECEMBER]
    assert december[3].figures.volume_lots == 0  # halted
    assert world.clearing.locked.reduced_on == world.trading_days[3]
    done = world.clearing.locked.reduced["sc", DECEMBER]
    assert set(done.fills["price"].tolist()) == {december[2].limits_ticks[0]} and sum(done.tier_lots) > 0
    assert december[4].limit_percent == 7 and december[4].figures.volume_lots > 0  # the count begins anew


def test_refused_orders_are_tabled_with_the_rule_behind_them():
    rule = RuleChange(
        kind="rule_change", source="test", start_day=1, rules={"position_limits_lots": (4, 4, 4)}
    )
    world = run(events(scenario("base"), rule), 3, changed=True)
    table = clearing_frames(world)["refusals"]
    assert table["orders"].sum() == world.population.state["refused"].sum() > 0
    tight = table[table["reason"] == "position_limit"]
    first, *later = world.trading_days
    by_day = tight.groupby("trading_day")["orders"].sum()
    assert by_day.get(first, 0) < by_day[later].min()
    row = tight[tight["trading_day"] == later[0]].iloc[0]
    assert (row["rule"], row["since"]) == ("position_limits_lots = 4 / 4 / 4", later[0])
    assert row["source"] == "what-if: test" and row["month"] in {
        str(m) for m in world.population.curves["sc"].months
    }
    suspended = table[table["reason"] == "suspended"]
    assert suspended["rule"].str.startswith("margin_spec_percent = 9").all()


def test_large_positions_are_tabled_from_their_part_of_the_limit_on():
    loaded = library("base")
    rule = RuleChange(
        kind="rule_change", source="test", start_day=0, rules={"position_limits_lots": (40, 40, 40)}
    )
    few = clearing_frames(run(loaded, 1))["large_positions"]
    many = clearing_frames(run(events(loaded, rule), 1, changed=True))["large_positions"]
    assert len(many) > 10 * max(1, len(few))
    assert set(many["side"]) == {"long", "short"}
    parts = many["lots"] / many["limit_lots"]
    assert parts.min() >= 0.6 and parts[many["kind"] != "overseas"].min() >= 1.0


def test_a_month_is_delivered_in_five_days_with_the_warrants_that_there_are():
    loaded = scenario("base", {"period.first_trading_day": date(2024, 11, 28), "period.trading_days": 8})
    world = build(loaded, Streams(1), changed=False, with_gas=False)
    tanks = Tanks()
    registry = WarrantRegistry(tanks.oil_bbl)
    tanks.load_in("Yangshan", 2_000_000)
    told = []
    world.clearing.expiries = Expiries(
        registry, delivered=lambda month, matches: told.append((month, matches))
    )
    world.run_to(world.flow_start_ns)
    house = world.clearing.house
    world.env.run(until=world.flow_start_ns + 6 * 3_600 * 10**9)
    book = world.population.curves["sc"].book(DECEMBER)
    shorts = np.flatnonzero(
        (world.population.state["positions"][book] < 0) & (house.roster.kind != Participant.INDIVIDUAL)
    )
    owners = shorts[:20].tolist()
    for account in owners:
        registry.register(account, "Yangshan", "Oman", 10)
    world.run()
    check_positions(world)
    registry.check()
    (month, matches), delivery = told[0], world.clearing.expiries.ended[0]
    assert month == DECEMBER and len(told) == 1
    assert 0 < sum(match.lots for match in matches) <= 10 * len(owners)
    assert {match.seller for match in matches} <= set(owners)
    received = registry.lots_by_owner(len(house.roster))
    assert received.sum() == 10 * len(owners)
    assert sum(received[match.buyer] for match in matches) >= sum(match.lots for match in matches)
    assert not delivery.longs_lots.any() and not delivery.shorts_lots.any()
    assert delivery.failures and all(fail.penalty_fen > 0 for fail in delivery.failures)
    assert house.funds.escrow_fen == 0 and not world.clearing.expiries.places
