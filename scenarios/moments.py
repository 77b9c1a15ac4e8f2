"""Calm-market moments of SC in one world: the figures that a run is held against (facts and bands in the tests).

It computes; it judges nothing and runs nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from exchange.codes import Phase, Venue
from exchange.units import NS_PER_MINUTE
from scenarios.tables import samples_frame, trading_day_bounds, trading_days_frame
from scenarios.world import World

TRADING_DAYS_PER_YEAR = 243
_QUARTER_HOURS_PER_DAY = 37


def sc_moments(world: World) -> dict[str, float]:
    """Return SC's moments, by name with units; a volatility is annualised with the hours that SC is open.

    Daily: close-to-close volatility, kurtosis, autocorrelations, volume, open interest, |close - settlement|.
    Within the day: quarter-hour volatility, quoted spread in ticks, lots at the best price.
    """
    samples = samples_frame(world)
    days = trading_days_frame(world, samples)
    sc = days[days["venue"] == "SC"]
    returns = np.log(sc["close"].to_numpy())
    returns = np.diff(returns)
    centred = returns - returns.mean()
    raw = world.population.samples()
    quoted = (raw["phase"][:, Venue.SC] == Phase.CONTINUOUS) & (raw["bid_quantity"][:, Venue.SC] > 0)
    quoted &= raw["ask_quantity"][:, Venue.SC] > 0
    spread = raw["ask"][quoted, Venue.SC] - raw["bid"][quoted, Venue.SC]
    return {
        "daily_volatility_percent": _annual(returns),
        "daily_excess_kurtosis": float((centred**4).mean() / (centred**2).mean() ** 2 - 3),
        "daily_autocorrelation": _autocorrelation(returns),
        "daily_absolute_autocorrelation": _autocorrelation(np.abs(returns)),
        "volume_lots": float(sc["volume_lots"].mean()),
        "open_interest_lots": float(sc["open_interest_lots"].mean()),
        "quarter_hour_volatility_percent": _quarter_hours(samples["SC_mid"], world),
        "spread_ticks": float(spread.mean()),
        "best_lots": float(raw["bid_quantity"][quoted, Venue.SC].mean()),
        "close_from_settlement_percent": float((sc["close"] / sc["settlement"] - 1).abs().mean() * 100),
        "premium_to_oman_usd_per_bbl": float(sc["premium_to_oman_usd_per_bbl"].mean()),
    }


def _annual(returns: np.ndarray[Any, Any], per_day: int = 1) -> float:
    return float(np.std(returns) * np.sqrt(per_day * TRADING_DAYS_PER_YEAR) * 100)


def _autocorrelation(values: np.ndarray[Any, Any]) -> float:
    centred = values - values.mean()
    return float((centred[1:] * centred[:-1]).mean() / (centred**2).mean())


def _quarter_hours(mid: pd.Series, world: World) -> float:
    """Return the volatility of quarter-hour returns that no break cuts."""
    at_ns = mid.index.to_numpy()
    rows = at_ns % (15 * NS_PER_MINUTE) == 0
    logs = np.log(mid[rows].to_numpy())
    steps = np.diff(at_ns[rows]) == 15 * NS_PER_MINUTE
    inside = np.zeros(int(rows.sum()), dtype=bool)
    for _, start, end in trading_day_bounds(world):
        inside |= (at_ns[rows] >= start) & (at_ns[rows] <= end)
    returns = np.diff(logs)[steps & inside[1:]]
    return _annual(returns[np.isfinite(returns)], _QUARTER_HOURS_PER_DAY)
