"""The base scenario lies in the bands that SC kept to in calm years.

Bands: daily figures of SC's main month, 2018-19, 2021 and 2023-25; figures within the day are assumptions. Level
moments are means over replications of the scenario's own 20 days. Kurtosis and autocorrelations of 20 returns say
nothing (their standard errors are near 1 and 0.2): they are taken from the pooled returns of all replications, with
room for the standard error that the pooled number still has.
"""

from __future__ import annotations

import numpy as np
import pytest
from worlds import run, scenario

from scenarios.moments import sc_moments

pytestmark = pytest.mark.xdist_group("base_bands")  # its fixtures are long: one worker makes them once

REPLICATIONS = 4
DAYS = 20
BANDS = {
    "daily_volatility_percent": (25.0, 34.0),
    "volume_lots": (90_000, 150_000),
    "open_interest_lots": (17_000, 41_000),
    "quarter_hour_volatility_percent": (22.0, 34.0),
    "spread_ticks": (1.0, 2.0),
    "best_lots": (5.0, 30.0),
    "close_from_settlement_percent": (0.5, 1.0),
    "premium_to_oman_usd_per_bbl": (-1.1, 2.1),
}


@pytest.fixture(scope="module")
def worlds():
    """Replications of the base scenario's crude side."""
    return [run(scenario("base"), DAYS, replication=replication) for replication in range(REPLICATIONS)]


@pytest.fixture(scope="module")
def moments(worlds) -> dict[str, float]:
    """SC's moments, mean over replications."""
    found = [sc_moments(world) for world in worlds]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


@pytest.mark.parametrize("name", BANDS)
def test_a_calm_month_lies_in_the_band(moments, name):
    low, high = BANDS[name]
    assert low <= moments[name] <= high, f"{name}: {moments[name]:.4g} is outside {low} to {high}"


@pytest.fixture(scope="module")
def returns(worlds) -> list[np.ndarray]:
    """Daily returns of SC from close to close, by replication, less the mean of all."""
    found = []
    for world in worlds:
        days = world.days()
        found.append(np.diff(np.log(days.loc[days["venue"] == "SC", "close"].to_numpy())))
    mean = np.concatenate(found).mean()
    return [one - mean for one in found]


def test_pooled_tails_are_not_outside_what_calm_years_show(returns):
    pooled = np.concatenate(returns)
    excess = (pooled**4).mean() / (pooled**2).mean() ** 2 - 3
    error = np.sqrt(24 / len(pooled))  # of a normal sample; fat tails make it wider
    assert 0.6 - 3 * error < excess < 5.6 + 3 * error


@pytest.mark.parametrize(("kind", "low", "high"), [("returns", -0.11, 0.06), ("sizes", -0.08, 0.18)])
def test_pooled_autocorrelations_are_not_outside_what_calm_years_show(returns, kind, low, high):
    values = returns if kind == "returns" else [np.abs(one) for one in returns]
    centre = np.concatenate(values).mean()
    products = sum(((one[1:] - centre) * (one[:-1] - centre)).sum() for one in values)
    squares = sum(((one - centre) ** 2).sum() for one in values)
    error = 1 / np.sqrt(sum(len(one) - 1 for one in values))
    assert low - 3 * error < products / squares < high + 3 * error
