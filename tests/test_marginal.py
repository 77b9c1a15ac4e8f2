"""The marginal price setter: what the kernel books, and the shares that come of it."""

from __future__ import annotations

import numpy as np
import pytest
from populations import go, opened
from worlds import VENUE_NAMES, run, scenario

from agents.traders.state import OPENING, SETTERS, Class
from exchange.codes import Phase, Side, Venue
from exchange.units import NS_PER_SECOND
from scenarios.structural.marginal import marginal_setter, moved_bps
from scenarios.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return run(scenario("base"), 2)


def mid_half_ticks(row, venue: Venue) -> int:
    return int(row["bid"][venue]) + int(row["ask"][venue])


def quoted(samples, venue: Venue):
    both = (samples["bid_quantity"][:, venue] > 0) & (samples["ask_quantity"][:, venue] > 0)
    return samples[both & (samples["phase"][:, venue] == Phase.CONTINUOUS)]


@pytest.mark.parametrize("venue", list(Venue))
def test_what_all_setters_moved_is_the_change_of_the_mid_to_the_half_tick(world, venue):
    rows = quoted(world.population.samples(), venue)
    mids = [mid_half_ticks(row, venue) for row in rows]
    moved = rows["moved"][:, venue].sum(axis=(1, 2))
    assert len(rows) > 1000
    np.testing.assert_array_equal(np.diff(mids), np.diff(moved))


@pytest.mark.parametrize("venue", list(Venue))
def test_shares_add_up_to_one(world, venue):
    table = marginal_setter(world)
    own = table[table["venue"] == venue.name.capitalize().replace("Sc", "SC")]
    assert len(own) == 14 and own["share"].sum() == pytest.approx(1.0)


def test_an_order_is_booked_on_the_class_that_sent_it():
    made = go(opened(), 600)
    state = made.state
    venue = Venue.BRENT
    bid, ask = made.quote_ticks(venue)
    before = state["moved"][venue].sum(axis=1).copy()
    lots = int(state["levels"][venue, 1, ask - int(state["books"][venue]["base_tick"])]["quantity"])
    assert made.send(0, venue, Side.BUY, lots, ask) == lots  # takes all of the best ask
    after = state["moved"][venue].sum(axis=1)
    gained = after - before
    assert made.quote_ticks(venue)[0] == bid
    assert gained[Class.EXTERNAL] == made.quote_ticks(venue)[1] - ask > 0
    assert gained.sum() == gained[Class.EXTERNAL]


def test_the_first_quotes_of_a_session_are_booked_on_the_opening(world):
    rows = quoted(world.population.samples(), Venue.SC)
    gaps = np.flatnonzero(np.diff(rows["at_ns"]) > 3600 * NS_PER_SECOND)
    assert len(gaps) >= 4
    opening = rows["moved"][:, Venue.SC, OPENING].sum(axis=1)
    inside = np.ones(len(rows) - 1, dtype=bool)
    inside[np.flatnonzero(np.diff(rows["at_ns"]) > 11 * NS_PER_SECOND)] = False
    assert (np.diff(opening)[inside] == 0).all()
    assert (np.diff(opening)[gaps] != 0).any()


def test_a_class_that_is_not_there_sets_no_price():
    absent = {f"traders.{venue}.informed_per_s": 0.0 for venue in VENUE_NAMES}
    table = marginal_setter(run(scenario("base", absent), 1))
    assert (table.loc[table["setter"].isin(["informed", "anchored"]), "share"] == 0).all()
    assert (table.loc[table["setter"] == "makers", "share"].groupby(table["venue"]).sum() > 0.2).all()


def test_owners_are_split_by_their_share_and_move_nothing():
    figures = {f"traders.sc.overseas.{key}": 1.0 for key in ("noise", "makers", "informed", "arbitrage")}
    mixed, foreign = run(scenario("base"), 1), run(scenario("base", figures), 1)
    assert mixed.state_hash() == foreign.state_hash()
    state = foreign.population.state
    assert (state["moved"][Venue.SC, : Class.ANCHORED + 1, 0] == 0).all()
    told = mixed.population.state
    makers = told["credited"][Venue.SC, Class.MAKER]
    assert makers > 1000
    a, b = (marginal_setter(w).groupby(["venue", "setter"])["share"].sum() for w in (mixed, foreign))
    np.testing.assert_allclose(a, b)


def test_moves_in_bps_add_up_to_the_move_of_the_log_mid(world):
    moved = moved_bps(world.population.samples(), Venue.SC)
    rows = quoted(world.population.samples(), Venue.SC)
    log_mid = np.log([mid_half_ticks(row, Venue.SC) for row in rows])
    total = moved.sum(axis=1).to_numpy()
    assert total[-1] - total[0] == pytest.approx(1e4 * (log_mid[-1] - log_mid[0]), abs=5)
    assert len(moved.columns) == 7 and len(Class) + 1 == SETTERS
