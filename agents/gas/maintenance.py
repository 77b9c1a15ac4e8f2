"""Planned maintenance of liquefaction plants: when in a year a supplier makes less, and how much more else.

Everybody knows it ahead. What breaks down, or takes longer than planned, is an outage (agents/gas/shocks.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from agents.gas.sea import Month
from agents.gas.seasons import DailyPattern
from exchange.parameters import Parameters

_FIRST_DAYS = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])


class MaintenanceParameters(Parameters):
    """Stop `lost_share` of a supplier's plants for `days` from the first day of `first_month` on, every year."""

    first_month: Month
    days: Annotated[int, Field(ge=1, le=365)]
    lost_share: Annotated[float, Field(ge=0, lt=1)]


def working(windows: Sequence[MaintenanceParameters], due: np.ndarray | None = None) -> DailyPattern:
    """Return what plants make by day over what they would with no maintenance: (1 - lost) x k.

    k keeps the year's quantity, the sum of `due`, which is the same every day unless it is given; shape (365,).
    Raises ValueError where nothing is left at work.
    """
    left = np.ones(365)
    for window in windows:
        left[(_FIRST_DAYS[window.first_month - 1] + np.arange(window.days)) % 365] -= window.lost_share
    if (left <= 0.0).any():
        raise ValueError("maintenance: nothing is left at work on some day")
    due = np.ones(365) if due is None else due
    return DailyPattern(left * (due.sum() / (due * left).sum()))


def world_at_work(shares: Sequence[float], patterns: Sequence[DailyPattern]) -> DailyPattern:
    """Return what the world makes by day over its mean, from the suppliers' shares of it; the rest is even."""
    world = np.ones(365)
    for share, pattern in zip(shares, patterns, strict=True):
        world = world + share * (pattern.daily - 1.0)
    return DailyPattern(world)
