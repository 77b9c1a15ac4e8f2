"""What a cargo would earn in Europe: the outside option of the JKM window.

It is no agent: prices of Europe are given by month or by an event. Who needs how much is in agents/gas/basins.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from agents.gas.freight import Freight
from agents.gas.jkm import Elsewhere
from agents.gas.parameters import EuropeParameters
from agents.gas.shocks import DatedShock, EuropePull
from agents.prices import PriceHistory


def by_month(name: str, means: Mapping[str, float]) -> PriceHistory:
    """Return monthly means as a published price that holds from the first day of its month on."""
    history = PriceHistory(name)
    for month in sorted(means):
        history.publish(date.fromisoformat(f"{month}-01"), means[month])
    return history


class Abroad:
    """Answer what a cargo would earn elsewhere on a day."""

    def __init__(self, europe: EuropeParameters | None, freight: Freight, start: date) -> None:
        self._ttf = by_month("ttf_usd_per_mmbtu", europe.monthly_mean_ttf_usd_per_mmbtu) if europe else None
        months = europe.monthly_mean_ttf_usd_per_mmbtu if europe else {}
        self._last_month = max(months, default="")
        self._freight = freight
        self._calm_usd_per_mmbtu = freight.diversion_usd_per_mmbtu(start)
        self._shocks: list[DatedShock] = []

    def begin(self, shock: DatedShock) -> None:
        """Begin a pull of Europe's."""
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
            of_the_day=bool(pulls) or f"{day:%Y-%m}" <= self._last_month,
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
