"""The rest of the world as the JKM window sees it: what Europe pays, what others need more of, what is late at sea.

It is no agent: prices of Europe are given by month or by an event, and needs are events. What a cargo earns there,
net of its way, is its outside option.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from agents.gas.freight import Freight
from agents.gas.jkm import Elsewhere
from agents.gas.parameters import EuropeParameters
from agents.gas.shocks import DatedShock, DemandAbroad, EuropePull
from agents.prices import PriceHistory


def by_month(name: str, means: Mapping[str, float]) -> PriceHistory:
    """Return monthly means as a published price that holds from the first day of its month on."""
    history = PriceHistory(name)
    for month in sorted(means):
        history.publish(date.fromisoformat(f"{month}-01"), means[month])
    return history


class Abroad:
    """Answer what a cargo would earn elsewhere on a day, and what the rest of the world lacks."""

    def __init__(self, europe: EuropeParameters | None, freight: Freight, start: date) -> None:
        self._ttf = by_month("ttf_usd_per_mmbtu", europe.monthly_mean_ttf_usd_per_mmbtu) if europe else None
        self._freight = freight
        self._calm_usd_per_mmbtu = freight.diversion_usd_per_mmbtu(start)
        self._shocks: list[DatedShock] = []

    def begin(self, shock: DatedShock) -> None:
        """Begin a pull of Europe's or a need of others."""
        self._shocks.append(shock)

    def elsewhere(self, day: date) -> Elsewhere:
        """Return what a cargo would earn elsewhere: Europe's price plus what Asia is farther."""
        diversion = self._freight.diversion_usd_per_mmbtu(day)
        pulls = [
            shock.event.ttf_usd_per_mmbtu + diversion
            for shock in self._shocks
            if isinstance(shock.event, EuropePull) and shock.in_force(day)
        ]
        return Elsewhere(
            None if self._ttf is None else self._ttf.on(day) + diversion,
            diversion - self._calm_usd_per_mmbtu,
            max(pulls, default=0.0),
        )

    def ttf_usd_per_mmbtu(self, day: date) -> float | None:
        """Return what Europe pays on a day: its given price or what it pulls with; None where neither is told."""
        pulls = [
            shock.event.ttf_usd_per_mmbtu
            for shock in self._shocks
            if isinstance(shock.event, EuropePull) and shock.in_force(day)
        ]
        given = [] if self._ttf is None else [self._ttf.on(day)]
        return max(pulls + given, default=None)

    def missing_path(self, first: date, days: int) -> np.ndarray:
        """Return the share of world supply that others need more, or that is late, on each of `days` days."""
        if not self._shocks and not self._freight.restricted:
            return np.zeros(days)
        return np.array([self._missing(first + timedelta(days=i)) for i in range(days)])

    def _missing(self, day: date) -> float:
        """Return 1 - (1 - late) / (1 + added): a need more counts like supply that is short of all by its factor."""
        added = sum(
            shock.event.added_share
            for shock in self._shocks
            if isinstance(shock.event, DemandAbroad) and shock.in_force(day)
        )
        return 1.0 - (1.0 - self._freight.late_share(day)) / (1.0 + added)
