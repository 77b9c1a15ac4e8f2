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


@cache
def arms(short: bool, replication: int) -> tuple[World, World]:
    """Run both arms of the expansion with nearly full tanks, or with tanks that are nearly empty."""
    loaded = scenario("delivery-base-expansion", BUYING if short else BUYING | ROOM)
    return tuple(run(loaded, DAYS, changed=changed, replication=replication) for changed in (False, True))


def premium(world: World) -> np.ndarray:
    """Return SC's premium over import parity by trading day, in USD/bbl."""
    days = world.days()
    return days.loc[days["venue"] == "SC", "premium_usd_per_bbl"].to_numpy()


@pytest.mark.parametrize("replication", [0, 1])
def test_where_tanks_are_short_more_tanks_lower_the_premium_through_more_sales_of_sc(replication):
    base, changed = arms(True, replication)
    effect = premium(changed) - premium(base)
    assert (effect[:3] == 0).all()  # the new tanks open on the fourth day
    assert effect[-3:].mean() < -0.1
    assert (effect < 0.05).all()
    assert base.crude.importer.open_short_lots < 3000  # no room, no sale
    assert changed.crude.importer.open_short_lots > base.crude.importer.open_short_lots + 4000
    assert premium(base)[-1] > 0.5 > premium(base)[0]


def test_where_tanks_are_not_short_more_tanks_change_nothing():
    base, changed = arms(False, 0)
    np.testing.assert_array_equal(premium(changed), premium(base))
    assert base.crude.importer.open_short_lots > 4000  # the importer sells all it wants
    assert changed.crude.importer.integers() == base.crude.importer.integers()
    assert changed.population.state_hash() == base.population.state_hash()


def test_room_lowers_the_premium_as_the_new_tanks_do():
    assert premium(arms(False, 0)[0])[-1] < premium(arms(True, 0)[0])[-1] - 0.1
