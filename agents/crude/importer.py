"""The importer: it sells SC and brings a cargo from the Gulf when that pays and a tank has room for it.

It books one cargo at a time, in slices, hedged with Oman lot for lot; the cargo becomes warrants, which are
delivered against its short at expiry. It has no view of the price: room and capital are its only bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import simpy

from agents.crude.bases import DeliveryBases
from agents.crude.market import CrudeMarket
from agents.crude.parameters import CrudeParameters, Group
from agents.crude.parity import Parities
from agents.crude.shipping import Cargo, Fleet, days_ns, voyage_time_ns
from agents.crude.trades import Account
from exchange.codes import Side, Venue
from exchange.units import BBL_PER_SC_LOT


@dataclass(frozen=True)
class Programme:
    """A cargo in the making: the group that keeps room for it, and since when."""

    group: Group
    since_ns: int


class ImportArbitrageur:
    """Sell SC against cargoes while SC stands above import parity.

    A decision: read fills; without a programme, open one for the cheapest group with room when
    SC bid > parity + margin; with one, sell a slice at parity + margin or better; buy Oman for what is sold.
    When a cargo's lots are sold and hedged, book it. After `patience_days` a part cargo sails.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: CrudeParameters,
        market: CrudeMarket,
        bases: Mapping[Group, DeliveryBases],
        fleet: Fleet,
        planned_load_out_bbl: Callable[[Group], int],
        rng: np.random.Generator,
    ) -> None:
        self._env, self._market, self._bases, self._fleet = env, market, bases, fleet
        self._planned_load_out_bbl = planned_load_out_bbl
        self._groups, self._shipping, self._costs = parameters.groups, parameters.shipping, parameters.costs
        self._own = parameters.importer
        self._draw: Callable[[], float] = rng.random
        self._cargo_lots = parameters.shipping.cargo_bbl // BBL_PER_SC_LOT
        self.account = Account("importer", market)
        self.programme: Programme | None = None
        self.cargoes: list[Cargo] = []
        self.cargo_lots = 0
        self.delivered_lots = 0

    @property
    def open_short_lots(self) -> int:
        """SC lots sold and not delivered yet."""
        return -self.account.lots[Venue.SC]

    @property
    def pending_lots(self) -> int:
        """SC lots sold for the cargo in the making."""
        return self.open_short_lots - (self.cargo_lots - self.delivered_lots)

    @property
    def cargoes_outstanding(self) -> int:
        """Capital in use, in cargoes: the one in the making, and all booked oil not delivered, rounded up."""
        undelivered = self.cargo_lots - self.delivered_lots
        return -(-undelivered // self._cargo_lots) + (self.programme is not None)

    def decide(self, lines: Parities, freight_usd_per_bbl: float, fx_cny_per_usd: float) -> None:
        """Take one decision. `freight_usd_per_bbl` is freight and insurance of the day, paid at booking."""
        self.account.read_fills(fx_cny_per_usd)
        bid = self._market.quote(Venue.SC)[0]
        oman_ask = self._market.quote(Venue.OMAN)[1]
        if self.programme is None:
            self.programme = self._opening(lines, bid, oman_ask)
        if self.programme is None:
            return
        trigger = lines.imports[self.programme.group].cny_per_bbl(oman_ask) + self._own.margin_cny_per_bbl
        if self.pending_lots < self._enough_lots(self.programme):
            if bid > trigger:
                wanted_lots = self._cargo_lots - self.pending_lots
                self.account.submit(Venue.SC, Side.SELL, min(self._own.slice_lots, wanted_lots), trigger)
        elif self.account.lots[Venue.OMAN] == self.pending_lots:
            self._book(self.programme, freight_usd_per_bbl, fx_cny_per_usd)
        self.account.hedge(Venue.OMAN, self.pending_lots, self._own.slice_lots)

    def room_bbl(self, group: Group) -> int:
        """Return the room of a group for another cargo, in barrels."""
        return self._bases[group].uncommitted_bbl(self._planned_load_out_bbl(group))

    def deliver(self) -> int:
        """Deliver the warrants at hand against the short at expiry; return the lots delivered.

        The rest of the short goes on to the next month at the settlement price. No money is booked here: what
        the delivery pays and the daily settlement before it add up to the price of the sale, booked then.
        """
        delivered = 0
        for base in self._bases.values():
            delivered += base.deliver_warrants(self.cargo_lots - self.delivered_lots - delivered)
        self.account.move(Venue.SC, delivered)
        self.delivered_lots += delivered
        return delivered

    def pay_storage(self, fee_cny_per_bbl: float) -> None:
        """Pay a day's storage of the oil in tank."""
        self.account.pay(fee_cny_per_bbl, sum(base.importer_bbl for base in self._bases.values()))

    def check(self) -> None:
        """Raise AssertionError unless lots and barrels balance."""
        self.account.check()
        undelivered_bbl = (self.cargo_lots - self.delivered_lots) * BBL_PER_SC_LOT
        found_bbl = sum(cargo.bbl - cargo.discharged_bbl for cargo in self.cargoes)
        found_bbl += sum(base.importer_bbl for base in self._bases.values())
        if undelivered_bbl != found_bbl:
            raise AssertionError(f"importer: {undelivered_bbl:,} bbl bought, {found_bbl:,} at sea or in tank")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.account.integers(), self.cargo_lots, self.delivered_lots, self.programme is not None]

    def _opening(self, lines: Parities, bid: float, oman_ask: float) -> Programme | None:
        if self.cargoes_outstanding >= self._own.max_cargoes_outstanding:
            return None
        # A nan on either side compares as false: without a quote no programme opens.
        costs = {name: line.cny_per_bbl(oman_ask) for name, line in lines.imports.items()}
        paying = [name for name, cost in costs.items() if bid > cost + self._own.margin_cny_per_bbl]
        open_groups = [name for name in paying if self.room_bbl(name) >= self._shipping.cargo_bbl]
        if not open_groups:
            return None
        cheapest = min(open_groups, key=costs.__getitem__)
        self._bases[cheapest].commit(self._shipping.cargo_bbl, importer=True)
        return Programme(cheapest, int(self._env.now))

    def _enough_lots(self, programme: Programme) -> int:
        """Return the lots that make a cargo: a full one, or after some days the least that a base takes."""
        late = self._env.now - programme.since_ns > days_ns(self._own.patience_days)
        return self._shipping.minimum_parcel_bbl // BBL_PER_SC_LOT if late else self._cargo_lots

    def _book(self, programme: Programme, freight_usd_per_bbl: float, fx_cny_per_usd: float) -> None:
        lots = self.pending_lots
        bbl = lots * BBL_PER_SC_LOT
        self._bases[programme.group].commit(bbl - self._shipping.cargo_bbl, importer=True)
        group = self._groups[programme.group]
        freight_usd = freight_usd_per_bbl + group.freight_differential_usd_per_bbl
        self.account.pay(freight_usd * fx_cny_per_usd, bbl)
        self.account.pay(self._costs.inspection_cny_per_bbl + self._costs.load_in_cny_per_bbl, bbl)
        lag, voyage, luck = self._draw(), self._draw(), self._draw()
        lag_days = self._own.loading_lag_days_min
        lag_days += lag * (self._own.loading_lag_days_max - self._own.loading_lag_days_min)
        cargo = self._fleet.book("importer", programme.group, bbl)
        self._env.process(
            self._fleet.sail(
                cargo,
                load_at_ns=int(self._env.now) + days_ns(lag_days),
                voyage_ns=voyage_time_ns(group, voyage),
                luck=luck,
            )
        )
        self.account.move(Venue.OMAN, -lots)
        self.cargoes.append(cargo)
        self.cargo_lots += lots
        self.programme = None
