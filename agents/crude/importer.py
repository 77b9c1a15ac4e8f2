"""The importer: it sells SC and brings a cargo from the Gulf when that pays and a tank has room for it.

It books one cargo at a time, in slices, hedged with Oman lot for lot, into leased room; the cargo becomes warrants,
which are delivered against its short at expiry. It has no view of the price: room, supply and capital are its only
bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

import numpy as np
import simpy

from agents.crude.bases import DeliveryBase, Lease
from agents.crude.grades import GradeSupply
from agents.crude.market import CrudeMarket
from agents.crude.parameters import CrudeParameters
from agents.crude.parity import Parities
from agents.crude.shipping import Cargo, Fleet, days_ns, largest_cargo_bbl, voyage_time_ns
from agents.crude.trades import Account, Month
from exchange.clock import day_of
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth
from exchange.tanks import gross_bbl, lost_bbl
from exchange.terms import Grade
from exchange.units import BBL_PER_SC_LOT

NAME = "importer"


@dataclass(frozen=True)
class Programme:
    """A cargo in the making: the room leased for it, its grade, the month it is sold in, and since when."""

    base: str
    lease: Lease
    lots: int
    grade: str
    month: Month
    since_ns: int


@dataclass(frozen=True)
class Today:
    """What the importer needs to know of a day; `freight_usd_per_bbl` is with insurance, `share_lost` of the strait."""

    lines: Parities
    freight_usd_per_bbl: float
    fx_cny_per_usd: float
    storage_fee_cny_per_bbl_day: float
    grades: Mapping[str, Grade]
    share_lost: float


class ImportArbitrageur:
    """Sell SC against cargoes while SC stands above import parity.

    A decision: read fills; without a programme, open one for the cheapest base with room when
    SC bid > parity + rent beyond the fee + margin; with one, sell a slice at that or better; buy Oman for what is sold.
    When a cargo's lots are sold and hedged, book it. After `patience_days` a part cargo sails. It sells the nearest
    month in which the cargo can be delivered, of `last_day` on; a short that expires before its oil is in tank is
    sold again.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: CrudeParameters,
        market: CrudeMarket,
        bases: Mapping[str, DeliveryBase],
        fleet: Fleet,
        supply: GradeSupply,
        planned_load_out_bbl: Callable[[str], int],
        last_day: Callable[[ContractMonth], date],
        rng: np.random.Generator,
    ) -> None:
        self._env, self._market, self._bases, self._fleet, self._supply = env, market, bases, fleet, supply
        self._planned_load_out_bbl, self._last_day = planned_load_out_bbl, last_day
        self._groups, self._shipping, self._costs = parameters.groups, parameters.shipping, parameters.costs
        self._own, self._term_days = parameters.importer, parameters.leasing.term_days
        self._draw: Callable[[], float] = rng.random
        self._full_lots = parameters.shipping.cargo_bbl // BBL_PER_SC_LOT
        self.account = Account(NAME, market)
        self.programme: Programme | None = None
        self.cargoes: list[Cargo] = []
        self.cargo_lots = 0
        self.delivered_lots = 0
        self.unsold_lots = 0
        """Lots of booked cargoes whose short has expired and is to be sold again."""

    @property
    def open_short_lots(self) -> int:
        """SC lots sold and not delivered yet."""
        return -self.account.lots[Venue.SC]

    @property
    def pending_lots(self) -> int:
        """SC lots sold for the cargo in the making."""
        return self.open_short_lots + self.unsold_lots - (self.cargo_lots - self.delivered_lots)

    @property
    def cargoes_outstanding(self) -> int:
        """Capital in use, in cargoes of full size, rounded up: the one in the making, and booked oil not delivered."""
        making = self.programme.lots if self.programme is not None else 0
        return -(-(self.cargo_lots - self.delivered_lots + making) // self._full_lots)

    def decide(self, today: Today) -> None:
        """Take one decision. Freight and insurance of the day are paid at booking."""
        self.read_fills(today.fx_cny_per_usd)
        oman_ask = self._market.quote(Venue.OMAN)[1]
        if self.unsold_lots:
            self._sell_again()
            self.account.hedge(Venue.OMAN, self.pending_lots, self._own.slice_lots)
            return
        if self.programme is None:
            self.programme = self._opening(today, oman_ask)
        if self.programme is None:
            return
        programme = self.programme
        trigger = self._trigger(today, programme.base, oman_ask, programme.lease.premium_cny_per_bbl_day)
        if self.pending_lots < self._enough_lots(programme):
            if self._market.quote(Venue.SC, programme.month)[0] > trigger:
                lots = min(self._own.slice_lots, programme.lots - self.pending_lots)
                self.account.submit(Venue.SC, Side.SELL, lots, trigger, programme.month)
        elif self.account.lots[Venue.OMAN] == self.pending_lots:
            self._book(programme, today)
        self.account.hedge(Venue.OMAN, self.pending_lots, self._own.slice_lots)

    def read_fills(self, fx_cny_per_usd: float) -> None:
        """Take in fills; what is sold while cargoes stand unsold is sold for them."""
        before = self.open_short_lots
        self.account.read_fills(fx_cny_per_usd)
        self.unsold_lots -= min(self.unsold_lots, max(0, self.open_short_lots - before))

    def room_bbl(self, base: str) -> int:
        """Return the room of a base for another cargo, in barrels."""
        return self._bases[base].uncommitted_bbl(self._planned_load_out_bbl(base))

    def deliverable_lots(self, month: Month) -> int:
        """Return the lots of an expiring month that a booked cargo stands for."""
        return max(0, min(-self.account.held(Venue.SC, month), self.cargo_lots - self.delivered_lots))

    def deliver(self, month: Month, lots: int) -> None:
        """Take lots that have been delivered off the short.

        No money is booked here: what the delivery pays and the daily settlement before it add up to the price of the
        sale, booked then.
        """
        self.account.move(Venue.SC, lots, month)
        self.delivered_lots += lots

    def expire(self, month: ContractMonth, price_cny_per_bbl: float) -> None:
        """Close what could not be delivered, and keep in mind to sell again what cargoes stand for."""
        pending = self.pending_lots if self.programme is not None and self.programme.month == month else 0
        closed = -self.account.close_out(month, price_cny_per_bbl)
        self.unsold_lots += max(0, closed - pending)
        if pending:
            self._give_up()

    def check(self) -> None:
        """Raise AssertionError unless lots and barrels balance."""
        self.account.check()
        undelivered_bbl = (self.cargo_lots - self.delivered_lots) * BBL_PER_SC_LOT
        found_bbl = sum(cargo.bbl - cargo.discharged_bbl for cargo in self.cargoes)
        found_bbl += sum(base.holdings[NAME].stock_bbl for base in self._bases.values())
        # What is still to be lost when it lands was loaded on top of the lots.
        to_lose_bbl = sum(
            lost_bbl(cargo.bbl, self._shipping.loss_ppm) - cargo.lost_bbl for cargo in self.cargoes
        )
        if undelivered_bbl != found_bbl - to_lose_bbl:
            raise AssertionError(f"importer: {undelivered_bbl:,} bbl bought, {found_bbl:,} at sea or in tank")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        state = [*self.account.integers(), self.cargo_lots, self.delivered_lots, self.unsold_lots]
        return [*state, self.programme is not None]

    def _trigger(self, today: Today, base: str, oman_ask: float, rent_premium: float) -> float:
        parity = today.lines.imports[base].cny_per_bbl(oman_ask)
        return parity + rent_premium * self._term_days + self._own.margin_cny_per_bbl

    def _opening(self, today: Today, oman_ask: float) -> Programme | None:
        capital_lots = self._own.max_cargoes_outstanding * self._full_lots
        capital_lots -= self.cargo_lots - self.delivered_lots
        costs = {}
        bids: dict[Month, float] = {}
        for name, base in self._bases.items():
            rent = base.rent_premium(today.storage_fee_cny_per_bbl_day)
            month = self._month(name)
            if month not in bids:
                bids[month] = self._market.quote(Venue.SC, month)[0]
            trigger = self._trigger(today, name, oman_ask, rent)
            # A nan on either side compares as false: without a quote no programme opens.
            if bids[month] > trigger:
                costs[name] = trigger - bids[month]
        for name in sorted(costs, key=costs.__getitem__):
            lots = largest_cargo_bbl(self._bases[name], self._shipping) // BBL_PER_SC_LOT
            bbl = gross_bbl(lots * BBL_PER_SC_LOT, self._shipping.loss_ppm)
            if lots > capital_lots or self.room_bbl(name) < bbl:
                continue
            grade = self._supply.find(bbl, today.grades, today.share_lost)
            if grade is None:
                return None
            return self._open(name, lots, bbl, grade, today)
        return None

    def _open(self, name: str, lots: int, bbl: int, grade: str, today: Today) -> Programme:
        base, day = self._bases[name], day_of(int(self._env.now)).toordinal()
        rent = base.rent_premium(today.storage_fee_cny_per_bbl_day)
        lease = base.lease(NAME, bbl, day + self._latest_days(name) + self._term_days, rent)
        base.commit(NAME, bbl)
        self._supply.take(grade, bbl)
        return Programme(name, lease, lots, grade, self._month(name), int(self._env.now))

    def _latest_days(self, name: str) -> int:
        """Return the days from a booking to warrants, at the latest but for queues."""
        base = self._bases[name]
        group = self._groups[base.group]
        days = self._own.loading_lag_days_max + self._shipping.loading_days + group.voyage_days_max
        return ceil(
            days + self._shipping.cargo_bbl / base.depot.pumping_bbl_per_day + base.depot.inspection_days
        )

    def _month(self, name: str) -> Month:
        """Return the nearest month in which a cargo for a base can be delivered; else the main one, None."""
        months = self._market.months(Venue.SC)
        ready = day_of(int(self._env.now)) + timedelta(days=self._latest_days(name))
        return next((month for month in months if self._last_day(month) >= ready), None)

    def _enough_lots(self, programme: Programme) -> int:
        """Return the lots that make a cargo: a full one, or after some days the least that a base takes."""
        late = self._env.now - programme.since_ns > days_ns(self._own.patience_days)
        return self._shipping.minimum_parcel_bbl // BBL_PER_SC_LOT if late else programme.lots

    def _sell_again(self) -> None:
        """Sell the main month for oil that missed its month; it may still be on its way."""
        self.account.submit(Venue.SC, Side.SELL, min(self._own.slice_lots, self.unsold_lots), None)

    def _book(self, programme: Programme, today: Today) -> None:
        lots = self.pending_lots
        base = self._bases[programme.base]
        bbl = gross_bbl(lots * BBL_PER_SC_LOT, self._shipping.loss_ppm)
        self._shrink(programme, bbl)
        group = self._groups[base.group]
        freight_usd = today.freight_usd_per_bbl + group.freight_differential_usd_per_bbl
        self.account.pay(freight_usd * today.fx_cny_per_usd, bbl)
        load_in_cny = self._costs.load_in_cny_per_bbl + base.depot.added_load_in_cny_per_bbl
        self.account.pay(self._costs.inspection_cny_per_bbl + load_in_cny, bbl)
        self.account.pay(programme.lease.premium_cny_per_bbl_day * self._term_days, bbl)
        lag, voyage, luck = self._draw(), self._draw(), self._draw()
        lag_days = self._own.loading_lag_days_min
        lag_days += lag * (self._own.loading_lag_days_max - self._own.loading_lag_days_min)
        cargo = self._fleet.book(NAME, programme.base, bbl, programme.grade)
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

    def _give_up(self) -> None:
        """End a programme whose month has expired with nothing booked; its Oman is sold by the next hedge."""
        if self.programme is not None:
            self._shrink(self.programme, 0)
            self.programme = None

    def _shrink(self, programme: Programme, bbl: int) -> None:
        base, gone = self._bases[programme.base], programme.lease.bbl - bbl
        base.commit(NAME, -gone)
        self._supply.take(programme.grade, -gone)
        base.resize(programme.lease, bbl)
