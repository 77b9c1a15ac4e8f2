"""Gas through the scenario layer: an outage by season, and the twin that saves running crude twice."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from scenarios.spec import load_scenario
from scenarios.streams import Streams
from scenarios.world import build, gas_twin

SEEDS = (1, 2, 3, 4, 5, 6)
PERIODS = {
    "January": ("2024-08-01", "2025-01-06", "2025-04-15"),
    "May": ("2024-08-01", "2025-05-06", "2025-08-15"),
}
"""The world's first day, the first day of the outage, and the last day."""


@cache
def effects(month: str) -> pd.DataFrame:
    """Return the effect of the library's outage by seed: prices in %, mean stock in m3, lowest cover in days."""
    start, first, last = PERIODS[month]
    period = ["trading_days=0", f"slow_start={start}", f"first_trading_day={first}", f"slow_end={last}"]
    loaded = load_scenario("lng-outage", [f"period.{key}" for key in period])
    rows = []
    for seed in SEEDS:
        base, changed = (_days(build(loaded, Streams(seed), changed=arm), first) for arm in (False, True))
        price, jkm = (
            100 * (changed[column].mean() / base[column].mean() - 1)
            for column in ("shpgx_lng_cny_per_t", "jkm_usd_per_mmbtu")
        )
        stock = (changed["lng_stock_m3_liquid"] - base["lng_stock_m3_liquid"]).mean()
        cover = changed["lng_stock_days"].min() - base["lng_stock_days"].min()
        rows.append({"price": price, "jkm": jkm, "stock_m3": stock, "lowest_cover_days": cover})
    return pd.DataFrame(rows, index=list(SEEDS))


def _days(world, first: str) -> pd.DataFrame:
    world.run()
    days = world.gas.tables()["gas_days"]
    return days[days["date"] >= first].reset_index(drop=True)


@pytest.mark.slow
@pytest.mark.parametrize("month", PERIODS)
def test_an_outage_raises_prices_and_lowers_stocks_for_every_seed(month):
    found = effects(month)
    assert (found["price"] > 5).all() and (found["jkm"] > 10).all()
    assert (found["stock_m3"] < 0).all()


@pytest.mark.slow
def test_an_outage_in_january_does_more_than_in_may_to_prices_and_to_stocks():
    more = effects("January") - effects("May")
    assert (more["jkm"] > 0).all()
    for column, sign in (("price", 1), ("stock_m3", -1), ("lowest_cover_days", -1)):
        error = more[column].std() / np.sqrt(len(more))
        assert sign * more[column].mean() > 2 * error, column  # the seeds are pairs


def test_a_world_without_order_flow_keeps_the_given_price():
    loaded = load_scenario("base", ["period.trading_days=0"])
    world = build(loaded, Streams(1), changed=False)
    world.run()
    brent = pd.Series(dict(world.prices["brent"].items()))
    november = brent[[day for day in brent.index if (day.year, day.month) == (2024, 11)]]
    np.testing.assert_allclose(november.mean(), 74.40, rtol=1e-9)  # World Bank, November 2024


def test_the_gas_twin_is_the_changed_arm():
    loaded = load_scenario("lng-outage", ["period.trading_days=2"])
    base = build(loaded, Streams(1), changed=False)
    base.run()
    twin = gas_twin(base)
    twin.run()
    whole = build(loaded, Streams(1), changed=True)
    whole.run()
    assert twin.state_hash() == whole.state_hash() != base.state_hash()
    pd.testing.assert_frame_equal(twin.gas.tables()["gas_days"], whole.gas.tables()["gas_days"])


def test_no_twin_where_an_event_touches_crude():
    loaded = load_scenario("night-session-off", ["period.trading_days=0"])
    base = build(loaded, Streams(1), changed=False)
    with pytest.raises(ValueError, match="touches crude"):
        gas_twin(base)
