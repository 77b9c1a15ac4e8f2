"""Named refiners: they lift oil from the bases, and buy SC to be delivered where it is cheaper than a cargo.

Their term imports are given (shipping.BaseLoad) and lie in tank as commercial oil; they know no product price.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

import numpy as np

from agents.crude.bases import DeliveryBase
from agents.crude.market import CrudeMarket
from agents.crude.parameters import COMMERCIAL, CrudeParameters, Group, RefinerParameters
from agents.crude.parity import Parities
from agents.crude.taker import DeliveryTaker
from exchange.codes import Venue

SLICE_LOTS = 100


class Refiner(DeliveryTaker):
    """Buy SC below the cheapest import parity, less when its tanks are full, up to so many lots a day, hour by hour."""

    def __init__(self, name: str, own: RefinerParameters, market: CrudeMarket) -> None:
        super().__init__(name, market, slice_lots=SLICE_LOTS, max_open_lots=own.max_open_lots)
        self.name, self._own = name, own
        self._left_lots, self._shortage = 0, 0.0

    def begin_day(self, shortage: float) -> None:
        """Let a day's purchases begin anew, at the shortage of the day."""
        self._left_lots, self._shortage = self._own.lots_per_day, shortage

    def decide(self, lines: Parities, fx_cny_per_usd: float) -> None:
        """Take one decision: read fills, buy a slice of what is left of the day's lots, sell Oman for it.

        Who is short of oil buys the nearest month first, whose oil comes soonest.
        """
        self.account.read_fills(fx_cny_per_usd)
        oman_ask = self._market.quote(Venue.OMAN)[1]
        worth = self.worth_cny_per_bbl(min(line.cny_per_bbl(oman_ask) for line in lines.imports.values()))
        nearest, bought = self._market.months(Venue.SC)[:1], 0
        if nearest and self._shortage > 0:
            bought = self.buy(worth, self._left_lots, nearest[0])
        self._left_lots -= bought or self.buy(worth, self._left_lots)
        self.hedge()

    def worth_cny_per_bbl(self, parity_cny_per_bbl: float) -> float:
        """Return what a barrel in tank is worth to it, where the cheapest cargo would come at a parity."""
        scarcity = self._own.scarcity_cny_per_bbl * self._shortage
        return parity_cny_per_bbl - self._own.discount_cny_per_bbl + scarcity

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*super().integers(), self._left_lots]


class Refiners:
    """Lift oil from each base once a day, by refiner; one normal draw a base and day, whatever happens."""

    def __init__(self, parameters: CrudeParameters, market: CrudeMarket, rng: np.random.Generator) -> None:
        self._own, self._parameters, self._rng = parameters.load_out, parameters, rng
        self.all = {name: Refiner(name, own, market) for name, own in parameters.refiners.items()}
        self.lifted_bbl = dict.fromkeys(self.all, 0)

    def shortage(
        self, name: str, bases: Mapping[str, DeliveryBase], calm_coming_days: Mapping[Group, float]
    ) -> float:
        """Return how much less oil than in calm times is in a refiner's tanks and on its way there, as a share.

        Calm are `calm_fill` of the tanks that there were at the start, and the base load of so many days by group.
        """
        oil_bbl = calm_bbl = 0.0
        for base, tanks in bases.items():
            share = self._parameters.refiners[name].load_out_shares.get(tanks.group, 0.0)
            given = self._parameters.part(base, self._parameters.groups[tanks.group].base_load_bbl_per_day)
            oil_bbl += share * (tanks.stock_bbl + tanks.committed_bbl)
            calm_bbl += share * (
                self._own.calm_fill * tanks.first_capacity_bbl + given * calm_coming_days[tanks.group]
            )
        return max(0.0, 1 - oil_bbl / calm_bbl) if calm_bbl else 0.0

    def lift(self, bases: Mapping[str, DeliveryBase], premium_usd: float, share_left: float) -> None:
        """Lift a day's oil, at SC's premium over its neutral basis in USD/bbl; cuts leave `share_left`.

        A refiner takes what it has received by delivery first, then the commercial oil.
        """
        own = self._own
        for name, base in bases.items():
            base.lifted_today_bbl = 0
            noise = exp(own.daily_noise * float(self._rng.standard_normal()))
            fill = base.stock_bbl / base.capacity_bbl if base.capacity_bbl else 0.0
            fuller = own.fill_response * (fill / own.calm_fill - 1)
            bottom_bbl = int(own.tank_bottom_share * base.capacity_bbl)
            given = self._parameters.groups[base.group].base_load_bbl_per_day
            for refiner, figures in self._parameters.refiners.items():
                share = figures.load_out_shares.get(base.group, 0.0)
                wish = noise * (1 + fuller - figures.premium_response_per_usd * premium_usd)
                multiple = min(max(wish, 0.0), own.max_multiple) * share_left
                bbl = int(multiple * share * self._parameters.part(name, given))
                lifted = base.lift(refiner, bbl, bottom_bbl)
                self.lifted_bbl[refiner] += lifted + base.lift(COMMERCIAL, bbl - lifted, bottom_bbl)

    def check(self) -> None:
        """Raise AssertionError unless lots balance."""
        for refiner in self.all.values():
            refiner.account.check()

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [value for refiner in self.all.values() for value in refiner.integers()]
