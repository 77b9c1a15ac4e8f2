"""JKM: the daily window in which spot LNG for Asia is priced.

Chinese tenders and the basins of the rest of the world meet the portfolio sellers' supply curve; the price is where
they uncross. How much a basin wants and what it is worth to it comes from its tanks (agents/gas/basins.py); sellers
are one curve, no agents. A spot cargo traded here is delivered by its seller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log

import numpy as np

from agents.gas.parameters import JkmParameters
from agents.prices import PriceHistory
from exchange.window import Interest, uncross

SELLERS = "sellers"


@dataclass(frozen=True)
class Tender:
    """A Chinese bid for one whole cargo."""

    importer: str
    limit_usd_per_mmbtu: float
    volume_m3: int


@dataclass(frozen=True)
class Want:
    """What a basin bids for in a window: a volume at its worth, which is exp(`log_worth`) times the outside option.

    Its bids are steps around that worth, as the market sees it; of a basin that `is_outside_option`, around the outside
    option itself. It buys nothing where gas is dearer than all steps, twice the volume where it is cheaper than all.
    """

    basin: str
    volume_m3: int
    log_worth: float = 0.0
    is_outside_option: bool = False


@dataclass(frozen=True)
class Assessment:
    """A day's window. `judged` says that nothing traded and the last price moved with the outside option.

    `chinese_bought_m3` are whole cargoes: a tender that is filled in part buys nothing. `bought_m3` is by basin.
    """

    day: date
    price_usd_per_mmbtu: float
    judged: bool
    volume_m3: int
    chinese_bid_m3: int
    chinese_bought_m3: int
    world_bid_m3: int
    offered_m3: int
    outside_option_usd_per_mmbtu: float
    log_scarcity: float
    bought_m3: Mapping[str, int]
    filled: tuple[bool, ...]
    resold_m3: int = 0
    resold: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Elsewhere:
    """What a cargo would earn elsewhere, net of the way to Asia, in USD/MMBtu.

    `given`, Europe's price where it is given, takes the place of the oil formula, which else has the freight above
    normal added; `pull` is what Europe pays at least. `of_the_day` tells that Europe's price is given for this very
    day, so that what happens to its supply is in it.
    """

    given_usd_per_mmbtu: float | None = None
    added_freight_usd_per_mmbtu: float = 0.0
    pull_usd_per_mmbtu: float = 0.0
    of_the_day: bool = False


class JkmWindow:
    """Assess JKM once a working day, and keep it in `history` (USD/MMBtu).

    One normal for the anchor and one for each step of a curve are drawn a day, whoever bids.
    """

    def __init__(self, parameters: JkmParameters, brent: PriceHistory, rng: np.random.Generator) -> None:
        self.history = PriceHistory("jkm_usd_per_mmbtu")
        self._parameters = parameters
        self._brent = brent
        self._rng = rng
        side = parameters.steps_per_side
        self._steps = np.arange(-side, side + 1)
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
        wants: Sequence[Want],
        offered_m3: int,
        elsewhere: Elsewhere | None = None,
        resales: Sequence[Tender] = (),
    ) -> Assessment:
        """Hold the window of a day and return its outcome.

        What gas is worth to the basin in greatest need raises what all sides think it is worth. `offered_m3` is
        what sellers offer at that worth or less; they offer about twice as much in all, and nothing for less than the
        lowest bid of the outside option.
        `resales` are whole cargoes that importers sell on, each at its limit or more.
        """
        parameters = self._parameters
        scarcity = max((want.log_worth for want in wants), default=0.0)
        calm = self.elsewhere_usd_per_mmbtu(day, elsewhere or Elsewhere())
        outside = calm * exp(scarcity)
        draws = self._rng.standard_normal(1 + 2 * len(self._steps))
        news = scarcity - self._last_scarcity
        last = log(self.price_usd_per_mmbtu) + news
        anchor = last + parameters.pull_per_day * (log(outside) - last) + parameters.noise_per_day * draws[0]
        quotes = draws[1:].reshape(2, -1) * parameters.quote_noise
        bids = [Interest(t.importer, self._to_ticks(t.limit_usd_per_mmbtu), t.volume_m3) for t in tenders]
        for want in wants:
            middle = (log(calm) if want.is_outside_option else anchor - scarcity) + want.log_worth
            step = parameters.outside_step if want.is_outside_option else parameters.step
            bids += self._curve(want.basin, middle + step * self._steps + quotes[0], want.volume_m3)
        least = log(calm) + parameters.outside_step * self._steps[0]
        asks = np.maximum(anchor + parameters.step * self._steps + quotes[1], least)
        offers = self._curve(SELLERS, asks, offered_m3)
        own = [Interest(t.importer, self._to_ticks(t.limit_usd_per_mmbtu), t.volume_m3) for t in resales]
        result = uncross(bids, [*offers, *own], self._ticks)
        resold: tuple[bool, ...] = (False,) * len(own)
        if result is None:
            moved = 0.0 if self._last_outside is None else log(outside / self._last_outside)
            self._ticks = self._to_ticks(self.price_usd_per_mmbtu * exp(moved))
            filled, china_m3 = (False,) * len(tenders), 0
            got_m3 = dict.fromkeys((want.basin for want in wants), 0)
        else:
            self._ticks = result.price_ticks
            filled = tuple(
                got == tender.volume_m3 for got, tender in zip(result.bought, tenders, strict=False)
            )
            resold = tuple(got == t.volume for got, t in zip(result.sold[len(offers) :], own, strict=True))
            china_m3 = sum(t.volume_m3 for t, whole in zip(tenders, filled, strict=True) if whole)
            got_m3 = {
                want.basin: sum(
                    got for bid, got in zip(bids, result.bought, strict=True) if bid.owner == want.basin
                )
                for want in wants
            }
        self._last_outside, self._last_scarcity = outside, scarcity
        self.history.publish(day, self.price_usd_per_mmbtu)
        return Assessment(
            day=day,
            price_usd_per_mmbtu=self.price_usd_per_mmbtu,
            judged=result is None,
            volume_m3=china_m3 + sum(got_m3.values()),
            chinese_bid_m3=sum(tender.volume_m3 for tender in tenders),
            chinese_bought_m3=china_m3,
            world_bid_m3=sum(bid.volume for bid in bids[len(tenders) :]),
            offered_m3=sum(offer.volume for offer in offers),
            outside_option_usd_per_mmbtu=outside,
            log_scarcity=scarcity,
            bought_m3=got_m3,
            filled=filled,
            resold_m3=sum(t.volume_m3 for t, whole in zip(resales, resold, strict=True) if whole),
            resold=resold,
        )

    def elsewhere_usd_per_mmbtu(self, day: date, elsewhere: Elsewhere) -> float:
        """Return the outside option of a day where nobody is short."""
        parameters = self._parameters
        oil_link = parameters.oil_slope * self._brent.mean(day, parameters.oil_months, 0)
        calm = oil_link + parameters.constant_usd_per_mmbtu + elsewhere.added_freight_usd_per_mmbtu
        given = elsewhere.given_usd_per_mmbtu
        return max(calm if given is None else given, elsewhere.pull_usd_per_mmbtu)

    def _curve(self, owner: str, log_prices: np.ndarray, volume_m3: int) -> list[Interest]:
        """Return steps of one volume at these prices; half of the steps have `volume_m3` together."""
        step_m3 = 2 * volume_m3 // (len(log_prices) + 1)
        if step_m3 == 0:
            return []
        return [Interest(owner, self._to_ticks(float(price)), step_m3) for price in np.exp(log_prices)]

    def _to_ticks(self, price_usd_per_mmbtu: float) -> int:
        return max(1, round(price_usd_per_mmbtu / self._parameters.tick_usd_per_mmbtu))
