"""At expiry a month of SC comes to the worth of oil in tank, within what delivery costs; a corner keeps it away.

That oil short behind a shut strait keeps it away too is held by test_economics_hormuz_cleared.py. Full tanks do
not: what they lift is the main month (test_economics_glut.py, _glut_cleared.py).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from worlds import library, run

from scenarios.world import World

pytestmark = pytest.mark.xdist_group("squeeze")

REPLICATIONS = (0, 1)


@cache
def world(replication: int, changed: bool = False) -> World:
    """Run the month of the squeeze laboratory, as it is without an attempt or with it."""
    return run(library("squeeze"), None, replication=replication, changed=changed)


def gap_and_half_band(found: World) -> tuple[float, float]:
    """Return the last three days' mean of settlement less oil in tank, and half the band in which no cargo moves."""
    assert found.squeeze is not None
    days = found.squeeze.frame().tail(3)
    gap = float((days["settlement_cny_per_bbl"] - days["spot_cny_per_bbl"]).mean())
    parity = found.crude.parity_usd_per_bbl(days["day"].iloc[-1])
    return gap, (parity.lowest - parity.neutral) * found.prices["fx"].on(days["day"].iloc[-1])


def test_in_calm_months_futures_come_to_the_deliverable_spot_within_the_cost_of_delivery():
    for replication in REPLICATIONS:
        gap, half_band = gap_and_half_band(world(replication))
        assert abs(gap) < half_band, f"replication {replication}: {gap:.1f} beyond {half_band:.1f} CNY/bbl"


def test_a_corner_keeps_the_month_beyond_it():
    gap, half_band = gap_and_half_band(world(0, changed=True))
    assert gap > half_band


def test_the_expiring_month_and_the_next_one_agree_in_calm_days():
    for replication in REPLICATIONS:
        days = world(replication).squeeze.frame().tail(5)
        apart = np.abs(days["settlement_cny_per_bbl"] / days["next_settlement_cny_per_bbl"] - 1)
        assert apart.max() < 0.02


def test_what_is_left_at_expiry_is_delivered():
    for replication in REPLICATIONS:
        (delivery,) = world(replication).clearing.expiries.ended
        delivered = sum(match.lots for match in delivery.delivered)
        failed = sum(failure.lots for failure in delivery.failures)
        assert delivered > 100 and failed <= 0.05 * delivered
