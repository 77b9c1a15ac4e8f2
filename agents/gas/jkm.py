"""JKM: the daily window in which spot LNG for Asia is priced.

Chinese tenders meet the rest of the world's demand curve and the portfolio sellers' supply curve; the price
is where they uncross. The rest of the world is two curves, not agents. A spot cargo traded here is delivered
by its seller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log

import numpy as np

from agents.gas.parameters import JkmParameters
from agents.gas.seasons import Season
from agents.prices import PriceHistory
from exchange.window import Interest, uncross

SELLERS = "sellers"
WORLD = "rest of the world"
_LARGEST_LOSS = 0.95


@dataclass(frozen=True)
class Tender:
    """A Chinese bid for one whole cargo."""

    importer: str
    limit_usd_per_mmbtu: float
    volume_m3: int


@dataclass(frozen=True)
class Assessment:
    """A day's window. `judged` says that nothing traded and the last price moved with the outside option."""

    day: date
    price_usd_per_mmbtu: float
    judged: bool
    volume_m3: int
    chinese_bid_m3: int
    chinese_bought_m3: int
    world_bid_m3: int
    offered_m3: int
    outside_option_usd_per_mmbtu: float
    world_lost_share: float
    filled: tuple[bool, ...]
    resold_m3: int = 0
    resold: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Elsewhere:
    """What a cargo would earn elsewhere, net of the way to Asia, in USD/MMBtu.

    `given`, Europe's price where it is given, takes the place of the oil formula, which else has the freight above
    normal added; `pull` is what Europe pays at least.
    """

    given_usd_per_mmbtu: float | None = None
    added_freight_usd_per_mmbtu: float = 0.0
    pull_usd_per_mmbtu: float = 0.0


def world_lost_share(lost: np.ndarray, buffer_days: int) -> float:
    """Return the loss of world supply as the market counts it, from the daily lost shares around today.

    = min(largest day, sum of all days / buffer_days): stocks carry a short loss, and a loss as long as the
    buffer counts in full. `lost` holds the known past and the announced future, `buffer_days` to each side.
    """
    if not lost.any():
        return 0.0
    return min(float(lost.max()), float(lost.sum()) / buffer_days)


class JkmWindow:
    """Assess JKM once a working day, and keep it in `history` (USD/MMBtu).

    `cargo_m3` is the size of a cargo. One normal for the anchor and one for each quote are drawn a day,
    whoever bids.
    """

    def __init__(
        self, parameters: JkmParameters, cargo_m3: int, brent: PriceHistory, rng: np.random.Generator
    ) -> None:
        self.history = PriceHistory("jkm_usd_per_mmbtu")
        self._parameters = parameters
        self._brent = brent
        self._rng = rng
        self._elasticity = Season(parameters.world_demand_elasticity)
        side = parameters.steps_per_side
        self._levels = parameters.step * np.arange(-side, side + 1)
        self._slice_m3 = int(parameters.window_cargoes_per_day * cargo_m3 / (side + 1))
        self._ticks = round(parameters.first_price_usd_per_mmbtu / parameters.tick_usd_per_mmbtu)
        self._last_outside: float | None = None
        self._last_scarcity = 0.0

    @property
    def ticks(self) -> int:
        """Return the last price in ticks."""
        return self._ticks

    @property
    def price_usd_per_mmbtu(self) -> float:
        """Return the last price."""
        return self._ticks * self._parameters.tick_usd_per_mmbtu

    def assess(
        self,
        day: date,
        tenders: Sequence[Tender],
        lost_share: float,
        lost_spot_share: float,
        elsewhere: Elsewhere | None = None,
        resales: Sequence[Tender] = (),
    ) -> Assessment:
        """Hold the window of a day and return its outcome.

        `lost_share` of world supply raises what both sides think the gas is worth; `lost_spot_share` of the
        sellers' volume is missing from every step of the supply curve. `resales` are whole cargoes that importers sell
        on, each at its limit or more.
        """
        parameters = self._parameters
        scarcity = -log(1.0 - min(lost_share, _LARGEST_LOSS)) / self._elasticity.on(day)
        outside = self._outside_usd_per_mmbtu(day, elsewhere or Elsewhere()) * exp(scarcity)
        draws = self._rng.standard_normal(1 + 2 * len(self._levels))
        news = scarcity - self._last_scarcity
        last = log(self.price_usd_per_mmbtu) + news
        anchor = last + parameters.pull_per_day * (log(outside) - last) + parameters.noise_per_day * draws[0]
        quotes = draws[1:].reshape(2, -1) * parameters.quote_noise
        offered_m3 = int(self._slice_m3 * (1.0 - lost_spot_share))
        bids = [Interest(t.importer, self._to_ticks(t.limit_usd_per_mmbtu), t.volume_m3) for t in tenders]
        bids += self._curve(WORLD, anchor, quotes[0], self._slice_m3)
        offers = self._curve(SELLERS, anchor, quotes[1], offered_m3)
        own = [Interest(t.importer, self._to_ticks(t.limit_usd_per_mmbtu), t.volume_m3) for t in resales]
        result = uncross(bids, [*offers, *own], self._ticks)
        resold: tuple[bool, ...] = (False,) * len(own)
        if result is None:
            moved = 0.0 if self._last_outside is None else log(outside / self._last_outside)
            self._ticks = self._to_ticks(self.price_usd_per_mmbtu * exp(moved))
            filled, bought_m3, volume_m3 = (False,) * len(tenders), 0, 0
        else:
            self._ticks = result.price_ticks
            filled = tuple(
                got == tender.volume_m3 for got, tender in zip(result.bought, tenders, strict=False)
            )
            resold = tuple(got == t.volume for got, t in zip(result.sold[len(offers) :], own, strict=True))
            bought_m3 = sum(t.volume_m3 for t, whole in zip(tenders, filled, strict=True) if whole)
            volume_m3 = result.volume
        self._last_outside, self._last_scarcity = outside, scarcity
        self.history.publish(day, self.price_usd_per_mmbtu)
        return Assessment(
            day=day,
            price_usd_per_mmbtu=self.price_usd_per_mmbtu,
            judged=result is None,
            volume_m3=volume_m3,
            chinese_bid_m3=sum(tender.volume_m3 for tender in tenders),
            chinese_bought_m3=bought_m3,
            world_bid_m3=self._slice_m3 * len(self._levels),
            offered_m3=offered_m3 * len(self._levels),
            outside_option_usd_per_mmbtu=outside,
            world_lost_share=lost_share,
            filled=filled,
            resold_m3=sum(t.volume_m3 for t, whole in zip(resales, resold, strict=True) if whole),
            resold=resold,
        )

    def _outside_usd_per_mmbtu(self, day: date, elsewhere: Elsewhere) -> float:
        parameters = self._parameters
        oil_link = parameters.oil_slope * self._brent.mean(day, parameters.oil_months, 0)
        calm = oil_link + parameters.constant_usd_per_mmbtu + elsewhere.added_freight_usd_per_mmbtu
        given = elsewhere.given_usd_per_mmbtu
        return max(calm if given is None else given, elsewhere.pull_usd_per_mmbtu)

    def _curve(self, owner: str, anchor: float, noise: np.ndarray, volume_m3: int) -> list[Interest]:
        if volume_m3 == 0:
            return []
        prices = np.exp(anchor + self._levels + noise)
        return [Interest(owner, self._to_ticks(float(price)), volume_m3) for price in prices]

    def _to_ticks(self, price_usd_per_mmbtu: float) -> int:
        return max(1, round(price_usd_per_mmbtu / self._parameters.tick_usd_per_mmbtu))
