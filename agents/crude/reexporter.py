"""The re-exporter: it buys SC, takes delivery and ships the oil out when SC is cheaper than the region pays.

It is the lower bound of SC as the importer is the upper one. It owns no oil but what a delivery gives it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import simpy

from agents.crude.bases import DeliveryBase
from agents.crude.market import CrudeMarket
from agents.crude.parameters import COMMERCIAL, CrudeParameters
from agents.crude.parity import Parities
from agents.crude.taker import DeliveryTaker
from exchange.codes import Venue
from exchange.units import BBL_PER_SC_LOT, NS_PER_DAY, NS_PER_HOUR

NAME = "reexporter"


class ReexportArbitrageur(DeliveryTaker):
    """Buy SC below re-export parity, hedged by selling Oman, up to the oil that could be delivered.

    At expiry the lots turn into oil in tank, which leaves by the berths.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: CrudeParameters,
        market: CrudeMarket,
        bases: Mapping[str, DeliveryBase],
    ) -> None:
        own = parameters.reexporter
        super().__init__(NAME, market, slice_lots=own.slice_lots, max_open_lots=own.max_open_lots)
        self._env, self._bases = env, bases
        self._margin_cny_per_bbl, self._shipping = own.margin_cny_per_bbl, parameters.shipping

    def decide(self, lines: Parities, fx_cny_per_usd: float) -> None:
        """Take one decision: read fills, buy a slice at parity less margin or better, sell Oman for it."""
        self.account.read_fills(fx_cny_per_usd)
        oman_bid = self._market.quote(Venue.OMAN)[0]
        trigger = lines.reexport.cny_per_bbl(oman_bid) - self._margin_cny_per_bbl
        oil_bbl = sum(base.holdings[COMMERCIAL].stock_bbl for base in self._bases.values())
        self.buy(trigger, oil_bbl // BBL_PER_SC_LOT - self.open_long_lots)
        self.hedge()

    def ship_out(self, base: DeliveryBase, lots: int) -> None:
        """Load received oil onto ships."""
        base.release(NAME, lots * BBL_PER_SC_LOT)
        self._env.process(self._ship_out(base, lots * BBL_PER_SC_LOT))

    def check(self) -> None:
        """Raise AssertionError unless lots and barrels balance."""
        self.account.check()
        bbl = sum(base.holdings[NAME].received_bbl for base in self._bases.values())
        if bbl != self.received_lots * BBL_PER_SC_LOT:
            raise AssertionError(f"reexporter: {self.received_lots:,} lots received, {bbl:,} bbl found")

    def _ship_out(self, base: DeliveryBase, bbl: int) -> Generator[simpy.Event, Any, None]:
        left_bbl = bbl
        while left_bbl > 0:
            parcel_bbl = min(left_bbl, self._shipping.cargo_bbl)
            with base.berths.request() as berth:
                yield berth
                yield self._env.timeout(parcel_bbl * NS_PER_DAY // base.depot.pumping_bbl_per_day)
                base.lift(NAME, parcel_bbl)
            left_bbl -= parcel_bbl
            yield self._env.timeout(self._shipping.berth_poll_hours * NS_PER_HOUR)
