"""Delivery bases: more tanks lower SC's premium where tanks are short, and do nothing where they are not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from worlds import run, scenario

from scenarios.world import World

DAYS = 12
BUYING = {"crude.local_buyer.lots_per_day": 24_000, "traders.premium_half_life_days": 1.0}
"""Strong buying that traders soon take for normal: the premium passes import parity within days, not weeks."""

ROOM = {"crude.load_out.initial_fill": 0.15, "crude.load_out.calm_fill": 0.15}

SMALL_CAPITAL = {"crude.importer.max_cargoes_outstanding": 5}
"""Capital of 10 mn bbl, for which the cheapest bases have room; beyond it the next dearer ones would be filled."""

FIGURES = {"short": BUYING, "roomy": BUYING | ROOM, "small capital": BUYING | ROOM | SMALL_CAPITAL}


@cache
def arm(tanks: str, changed: bool, replication: int = 0) -> World:
    """Run an arm of the expansion with nearly full tanks, or with tanks that are nearly empty."""
    loaded = scenario("delivery-base-expansion", FIGURES[tanks])
    return run(loaded, DAYS, changed=changed, replication=replication)


def arms(tanks: str, replication: int = 0) -> tuple[World, World]:
    return arm(tanks, False, replication), arm(tanks, True, replication)


def premium(world: World) -> np.ndarray:
    """Return SC's premium over import parity by trading day, in USD/bbl."""
    days = world.days()
    return days.loc[days["venue"] == "SC", "premium_usd_per_bbl"].to_numpy()


@pytest.mark.parametrize("replication", [0])
def test_where_tanks_are_short_more_tanks_lower_the_premium_through_more_sales_of_sc(replication):
    base, changed = arms("short", replication)
    effect = premium(changed) - premium(base)
    assert (effect[:3] == 0).all()  # the new tanks open on the fourth day
    assert effect[3:].mean() < -0.04
    assert effect[3:].min() < -0.15 and (effect < 0.05).all()
    assert base.crude.importer.open_short_lots < 3000  # no room, no sale
    assert changed.crude.importer.open_short_lots > base.crude.importer.open_short_lots + 4000
    assert premium(base)[-1] > 0.5 > premium(base)[0]


def test_where_tanks_are_not_short_more_tanks_change_nothing():
    base, changed = arms("small capital")
    np.testing.assert_array_equal(premium(changed), premium(base))
    assert base.crude.importer.open_short_lots > 4000  # the importer sells all that it has capital for
    assert changed.crude.importer.integers() == base.crude.importer.integers()
    assert changed.population.state_hash() == base.population.state_hash()


def test_room_lowers_the_premium_as_the_new_tanks_do():
    assert premium(arm("roomy", False))[-1] < premium(arm("short", False))[-1] - 0.1
