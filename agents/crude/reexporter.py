"""The re-exporter: it buys SC, takes delivery and ships the oil out when SC is cheaper than the region pays.

It is the lower bound of SC as the importer is the upper one. It owns no oil but what a delivery gives it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import simpy

from agents.crude.bases import DeliveryBases
from agents.crude.market import CrudeMarket
from agents.crude.parameters import CrudeParameters, Group
from agents.crude.parity import Parities
from agents.crude.trades import Account
from exchange.codes import Side, Venue
from exchange.units import BBL_PER_SC_LOT, NS_PER_DAY, NS_PER_HOUR


class ReexportArbitrageur:
    """Buy SC below re-export parity, hedged by selling Oman, up to the oil that could be delivered.

    At expiry the lots turn into oil in tank, which leaves by the berths; a remainder goes on to the next
    month.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: CrudeParameters,
        market: CrudeMarket,
        bases: Mapping[Group, DeliveryBases],
    ) -> None:
        self._env, self._market, self._bases = env, market, bases
        self._own, self._shipping = parameters.reexporter, parameters.shipping
        self._costs = parameters.costs
        self.account = Account("reexporter", market)
        self.received_lots = 0

    @property
    def open_long_lots(self) -> int:
        """SC lots bought and not delivered yet."""
        return self.account.lots[Venue.SC]

    def decide(self, lines: Parities, fx_cny_per_usd: float) -> None:
        """Take one decision: read fills, buy a slice at parity less margin or better, sell Oman for it."""
        self.account.read_fills(fx_cny_per_usd)
        ask = self._market.quote(Venue.SC)[1]
        oman_bid = self._market.quote(Venue.OMAN)[0]
        trigger = lines.reexport.cny_per_bbl(oman_bid) - self._own.margin_cny_per_bbl
        deliverable_lots = sum(base.commercial_bbl for base in self._bases.values()) // BBL_PER_SC_LOT
        room_lots = min(self._own.max_open_lots, deliverable_lots) - self.open_long_lots
        if ask < trigger and room_lots > 0:
            self.account.submit(Venue.SC, Side.BUY, min(self._own.slice_lots, room_lots), trigger)
        self.account.hedge(Venue.OMAN, -self.open_long_lots, self._own.slice_lots)

    def take_delivery(self, reexport_revenue_cny_per_bbl: float) -> int:
        """Take delivery at expiry from the fullest bases, ship it out, and return the lots received.

        `reexport_revenue_cny_per_bbl` is what the buyer pays over the Oman price at which the hedge was sold.
        """
        received = 0
        for base in sorted(self._bases.values(), key=lambda each: (-each.commercial_bbl, each.name)):
            lots = base.take_delivery(self.open_long_lots - received)
            received += lots
            if lots:
                self._env.process(self._ship_out(base, lots * BBL_PER_SC_LOT))
        self.account.move(Venue.SC, -received)
        self.account.move(Venue.OMAN, min(received, -self.account.lots[Venue.OMAN]))
        self.account.pay(-reexport_revenue_cny_per_bbl, received * BBL_PER_SC_LOT)
        self.received_lots += received
        return received

    def check(self) -> None:
        """Raise AssertionError unless lots and barrels balance."""
        self.account.check()
        bbl = sum(base.export_bbl + base.exported_bbl for base in self._bases.values())
        if bbl != self.received_lots * BBL_PER_SC_LOT:
            raise AssertionError(f"reexporter: {self.received_lots:,} lots received, {bbl:,} bbl found")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.account.integers(), self.received_lots]

    def _ship_out(self, base: DeliveryBases, bbl: int) -> Generator[simpy.Event, Any, None]:
        left_bbl = bbl
        while left_bbl > 0:
            parcel_bbl = min(left_bbl, self._shipping.cargo_bbl)
            with base.berths.request() as berth:
                yield berth
                yield self._env.timeout(parcel_bbl * NS_PER_DAY // self._shipping.discharge_bbl_per_day)
                base.export(parcel_bbl)
            left_bbl -= parcel_bbl
            yield self._env.timeout(self._shipping.berth_poll_hours * NS_PER_HOUR)
