"""Spring 2020: what full tanks, refiners' cut and the world's contango do to SC, against worlds without them.

No number of SC's own of those months stands in the scenario or here.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd
import pytest
from worlds import events, run, scenario

from agents.crude.levers import DeliveryBaseExpansion
from agents.traders.state import ANCHORED_ACCOUNT, INFORMED_ACCOUNT
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth
from exchange.units import NS_PER_MINUTE
from scenarios.world import World

DAYS = 60
"""To 29 April."""

APRIL = date(2020, 4, 1)
FIGURES = {"clearing.enabled": False}
NO_GLUT = FIGURES | {
    "world_price.forward_slope_usd_per_bbl_month": {date(2019, 8, 1): 0.0},
    "crude.bargain.accounts": 0,
}


@cache
def world(name: str) -> World:
    """Run the episode: as it was, with tanks twice as large everywhere, or without cut, contango and bargain buyers."""
    loaded = scenario("storage-glut-2020", NO_GLUT if name == "no glut" else FIGURES)
    shocks = loaded.scenario.shocks
    if name == "no glut":
        shocks = tuple(shock for shock in shocks if shock.kind != "load_out_cut")
    if name == "twice":
        crude = loaded.scenario.crude
        shocks += tuple(
            DeliveryBaseExpansion(
                start_day=0,
                group=group,
                added_share=1.0,
                approval_lag_days=0,
                source="assumption: test",
            )
            for group in crude.groups
        )
    return run(events(loaded, *shocks), DAYS, changed=True, sample_ns=NS_PER_MINUTE)


def premium(name: str) -> pd.Series:
    """Return SC's premium over import parity by trading day, in USD/bbl."""
    days = world(name).days()
    return days[days["venue"] == "SC"].set_index("trading_day")["premium_usd_per_bbl"]


def room_bbl(name: str, day: date) -> int:
    tanks = world(name).crude.tables()["tanks"]
    today = tanks[pd.to_datetime(tanks["day"]) == pd.Timestamp(day)]
    return int((today["capacity_bbl"] - today["stock_bbl"] - today["committed_bbl"]).sum())


def test_premium_opens_as_the_room_is_spoken_for():
    path = premium("as it was")
    calm = path[path.index < date(2020, 3, 1)]
    assert calm.max() < -0.5  # inside the band between import and re-export
    assert path[path.index >= date(2020, 4, 15)].mean() > 0.5
    assert room_bbl("as it was", date(2020, 2, 10)) > 0 > room_bbl("as it was", date(2020, 4, 24))


def test_without_cut_contango_and_bargain_buyers_no_premium_opens():
    path = premium("no glut")
    assert path[path.index >= APRIL].max() < 0.0


def test_twice_the_tanks_lower_the_premium_through_more_sales_against_cargoes():
    was, twice = premium("as it was"), premium("twice")
    effect = (twice - was)[was.index >= APRIL]
    assert effect.mean() < -0.2
    sold = [
        world(name).crude.importer.account.traded_lots[Venue.SC, Side.SELL] for name in ("as it was", "twice")
    ]
    assert sold[1] > 1.3 * sold[0]


@pytest.mark.parametrize("name", ["as it was", "twice", "no glut"])
def test_nothing_appears_or_vanishes(name):
    crude = world(name).crude
    crude.check_conservation()
    lost = sum(base.lost_bbl for base in crude.bases.values())
    moved = sum(h.landed_bbl + h.lifted_bbl for b in crude.bases.values() for h in b.holdings.values())
    assert lost == pytest.approx(600e-6 * moved, rel=0.05)


def test_bargain_buyers_hold_most_when_the_price_has_fallen_most():
    buyers = world("as it was").crude.bargain
    assert buyers.account.lots[Venue.SC] > 20_000


def test_bargain_buyers_have_left_a_month_before_it_ends():
    account = world("as it was").crude.bargain.account
    ending = ContractMonth(2020, 5)  # its last trading day is 30 April, one day on
    assert account.held(Venue.SC, ending) == 0 < account.lots[Venue.SC]


def test_informed_traders_hold_no_more_than_their_capital_and_come_to_it():
    found = world("as it was")
    held = found.population.state["positions"][:, [INFORMED_ACCOUNT, ANCHORED_ACCOUNT]]
    most = found.loaded.scenario.traders.sc.informed_capital_lots
    books = [found.population.curves["sc"].book(month) for month in found.population.curves["sc"].months]
    assert abs(held[books]).max() == most
