"""Cash-and-carry: it buys a month of SC, sells a later one, and keeps the oil in leased room between the two.

Its whole view is the gap between two months against the cost of carrying; where SC is one series it does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise

from agents.crude.bases import DeliveryBase, Lease
from agents.crude.market import CrudeMarket
from agents.crude.parameters import CarryParameters, LeasingParameters
from agents.crude.trades import Account, Month
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth
from exchange.units import BBL_PER_SC_LOT

NAME = "carry"


class CarryTrader:
    """Trade the gap between neighbouring months, near n and far f, up to its capital.

    Carry when bid(f) - ask(n) > cost + margin: buy n, sell f, lease room for the oil that n delivers. Reverse when
    bid(n) - ask(f) > margin - cost saved, for oil in tank that is sold in f: sell n, buy f back. With
    cost = (storage fee + rent premium) x days between the two last trading days + price x rate x days / 365, CNY/bbl.
    """

    def __init__(
        self,
        own: CarryParameters,
        leasing: LeasingParameters,
        market: CrudeMarket,
        bases: Mapping[str, DeliveryBase],
        room_bbl: Callable[[str], int],
        last_day: Callable[[ContractMonth], date],
        financing_percent_per_year: float,
    ) -> None:
        self._own, self._leasing, self._market, self._bases = own, leasing, market, bases
        self._room_bbl, self._last_day = room_bbl, last_day
        self._rate = financing_percent_per_year / 100
        self.account = Account(NAME, market)
        self.received_lots = self.delivered_lots = 0

    @property
    def stock_lots(self) -> int:
        """Lots of oil in tank."""
        return sum(base.holdings[NAME].stock_bbl for base in self._bases.values()) // BBL_PER_SC_LOT

    def decide(self, day: date, storage_fee_cny_per_bbl_day: float) -> None:
        """Take one decision: read fills, mend unequal legs, else trade a slice of the pair that pays."""
        self.account.read_fills(1.0)  # it trades yuan only
        months = self._market.months(Venue.SC)
        if len(months) < 2 or self._mend(months):
            return
        for near, far in pairwise(months):
            near_bid, near_ask = self._market.quote(Venue.SC, near)
            far_bid, far_ask = self._market.quote(Venue.SC, far)
            days = (self._last_day(far) - self._last_day(near)).days
            base = self._roomiest()
            rent = storage_fee_cny_per_bbl_day + base.rent_premium(storage_fee_cny_per_bbl_day)
            cost = (rent + near_ask * self._rate / 365) * days
            if far_bid - near_ask > cost + self._own.margin_cny_per_bbl:
                self._carry(base, day, near, far, storage_fee_cny_per_bbl_day)
                return
            saved = (storage_fee_cny_per_bbl_day + near_bid * self._rate / 365) * days
            kept_lots = self.stock_lots + min(0, self.account.held(Venue.SC, near))
            lots = min(-self.account.held(Venue.SC, far), kept_lots, self._own.slice_lots)
            if near_bid - far_ask > self._own.margin_cny_per_bbl - saved and lots > 0:
                self._trade(near, far, Side.SELL, lots)
                return

    def wanted_lots(self, month: Month) -> int:
        """Return the lots of an expiring month to be received, within the room leased."""
        leased_bbl = sum(base.holdings[NAME].leased_bbl for base in self._bases.values())
        free_lots = max(0, leased_bbl // BBL_PER_SC_LOT - self.stock_lots)
        return max(0, min(self.account.held(Venue.SC, month), free_lots))

    def receive(self, month: Month, lots: int, base: DeliveryBase) -> None:
        """Take in lots delivered at a base: room leased elsewhere is exchanged for room there."""
        self.account.move(Venue.SC, -lots, month)
        self.received_lots += lots
        base.lease(NAME, lots * BBL_PER_SC_LOT, max(lease.until_day for lease in self._leases()), 0.0)

    def deliverable_lots(self, month: Month) -> int:
        """Return the lots of an expiring month that oil in tank stands for."""
        return max(0, min(-self.account.held(Venue.SC, month), self.stock_lots))

    def deliver(self, month: Month, lots: int) -> None:
        """Take lots that have been delivered off the short."""
        self.account.move(Venue.SC, lots, month)
        self.delivered_lots += lots

    def expire(self, month: ContractMonth, price_cny_per_bbl: float) -> None:
        """Close what did not pass."""
        self.account.close_out(month, price_cny_per_bbl)
        if not any(lots > 0 for lots in self.account.by_month.values()):
            for base in self._bases.values():
                base.free_room(NAME)

    def check(self) -> None:
        """Raise AssertionError unless lots and barrels balance."""
        self.account.check()
        if self.received_lots - self.delivered_lots != self.stock_lots:
            raise AssertionError(f"carry: {self.stock_lots} lots in tank, not received less delivered")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.account.integers(), self.received_lots, self.delivered_lots]

    def _carry(
        self, base: DeliveryBase, day: date, near: ContractMonth, far: ContractMonth, fee: float
    ) -> None:
        used = sum(lots for lots in self.account.by_month.values() if lots > 0) + self.stock_lots
        room_lots = self._room_bbl(base.name) // BBL_PER_SC_LOT
        lots = min(self._own.slice_lots, self._own.max_open_lots - used, room_lots)
        if lots <= 0:
            return
        until = self._last_day(far).toordinal()
        premium = base.rent_premium(fee)
        base.lease(NAME, lots * BBL_PER_SC_LOT, until, premium)
        self.account.pay(premium * (until - day.toordinal()), lots * BBL_PER_SC_LOT)
        self._trade(near, far, Side.BUY, lots)

    def _trade(self, near: ContractMonth, far: ContractMonth, side: Side, lots: int) -> None:
        other = Side.SELL if side is Side.BUY else Side.BUY
        self.account.submit(Venue.SC, side, lots, None, near)
        self.account.submit(Venue.SC, other, lots, None, far)

    def _mend(self, months: tuple[ContractMonth, ...]) -> bool:
        """Trade the lots by which shorts differ from longs and oil in tank; return whether there were any."""
        excess = self.account.lots[Venue.SC] + self.stock_lots
        if not excess:
            return False
        side = Side.SELL if excess > 0 else Side.BUY
        held = [month for month in months if self.account.held(Venue.SC, month) * excess > 0]
        month = held[0] if held else months[-1]
        self.account.submit(Venue.SC, side, min(abs(excess), self._own.slice_lots), None, month)
        return True

    def _roomiest(self) -> DeliveryBase:
        return max(self._bases.values(), key=lambda base: (self._room_bbl(base.name), base.name))

    def _leases(self) -> list[Lease]:
        return [lease for base in self._bases.values() for lease in base.leases if lease.tenant == NAME]
