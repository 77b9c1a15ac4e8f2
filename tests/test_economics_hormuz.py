"""The strait of Hormuz shut: grades inside it stop, the way costs more, and SC goes to its upper limit."""

from __future__ import annotations

from datetime import date
from functools import cache

import pandas as pd
from worlds import events, run, scenario

from exchange.codes import Venue
from exchange.units import NS_PER_MINUTE
from scenarios.world import World

DAYS = 28
"""To 7 April."""

SHUT = date(2026, 3, 2)
OUTSIDE = {"oman", "murban"}


@cache
def world(*kinds: str) -> World:
    """Run the episode with these kinds of its shocks alone."""
    loaded = scenario("hormuz-2026", {"clearing.enabled": False})
    shocks = [shock for shock in loaded.scenario.shocks if shock.kind in kinds]
    return run(events(loaded, *shocks), DAYS, changed=True, sample_ns=NS_PER_MINUTE)


def gap(found: World) -> pd.Series:
    """Return SC less Oman by trading day, in USD/bbl."""
    days = found.days()
    return days[days["venue"] == "SC"].set_index("trading_day")["premium_to_oman_usd_per_bbl"]


def locked_days(found: World) -> list[date]:
    return [each.trading_day for each in found.settlements[Venue.SC] if each.figures.locked > 0]


def test_closure_and_freight_lift_sc_over_oman_and_lock_it_at_its_limit():
    calm, shut = world(), world("strait_closure", "freight_path")
    effect = (gap(shut) - gap(calm)).dropna()
    assert effect[effect.index < SHUT].abs().max() < 0.2
    assert effect[effect.index > date(2026, 3, 6)].min() > 3.0
    assert not locked_days(calm)
    assert locked_days(shut) and min(locked_days(shut)) >= SHUT


def test_given_imports_of_the_grades_inside_stop_and_the_tanks_drain():
    calm, shut = world(), world("strait_closure")
    lost = {cargo.grade for cargo in shut.crude.fleet.cargoes if cargo.lost}
    assert lost and not lost & OUTSIDE
    stock = [sum(base.stock_bbl for base in each.crude.bases.values()) for each in (calm, shut)]
    coming = [sum(base.committed_bbl for base in each.crude.bases.values()) for each in (calm, shut)]
    assert stock[1] + coming[1] < 0.7 * (stock[0] + coming[0])


def test_refiners_short_of_oil_buy_more_sc_and_lift_it():
    bought = [
        sum(r.account.traded_lots[Venue.SC, 0] for r in each.crude.refiners.all.values())
        for each in (world(), world("strait_closure"))
    ]
    assert bought[1] > 2 * bought[0] + 1_000
    late = gap(world("strait_closure")) - gap(world())
    assert late[late.index >= date(2026, 3, 30)].mean() > 0.0
