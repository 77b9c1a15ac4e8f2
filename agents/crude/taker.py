"""A trader who buys SC to take delivery: its long lots, their hedge in Oman, and what it has received.

It says neither at which price to buy nor what becomes of the oil.
"""

from __future__ import annotations

from agents.crude.market import CrudeMarket
from agents.crude.trades import Account, Month
from exchange.codes import Side, Venue
from exchange.units import BBL_PER_SC_LOT


class DeliveryTaker:
    """Hold SC long against Oman, lot for lot, until oil is received at an expiry."""

    def __init__(self, name: str, market: CrudeMarket, *, slice_lots: int, max_open_lots: int) -> None:
        self._market, self._slice_lots, self._max_open_lots = market, slice_lots, max_open_lots
        self.account = Account(name, market)
        self.received_lots = 0

    @property
    def open_long_lots(self) -> int:
        """SC lots bought and not delivered yet."""
        return self.account.lots[Venue.SC]

    def buy(self, trigger_cny_per_bbl: float, most_lots: int, month: Month = None) -> int:
        """Send an order for a slice where a month of SC is offered below a price; return its lots.

        None is the main month. Capital bounds the order.
        """
        ask = self._market.quote(Venue.SC, month)[1]
        room_lots = min(self._max_open_lots - self.open_long_lots, most_lots)
        lots = min(self._slice_lots, room_lots)
        if not (ask < trigger_cny_per_bbl and lots > 0):
            return 0
        self.account.submit(Venue.SC, Side.BUY, lots, trigger_cny_per_bbl, month)
        return lots

    def hedge(self) -> None:
        """Sell Oman for what is held."""
        self.account.hedge(Venue.OMAN, -self.open_long_lots, self._slice_lots)

    def wanted_lots(self, month: Month) -> int:
        """Return the lots of an expiring month to be received."""
        return max(0, self.account.held(Venue.SC, month))

    def receive(self, month: Month, lots: int, worth_over_oman_cny_per_bbl: float) -> None:
        """Take in delivered lots, which are worth this over the Oman price at which the hedge was sold."""
        self.account.move(Venue.SC, -lots, month)
        self.account.move(Venue.OMAN, min(lots, max(0, -self.account.lots[Venue.OMAN])))
        self.account.pay(-worth_over_oman_cny_per_bbl, lots * BBL_PER_SC_LOT)
        self.received_lots += lots

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.account.integers(), self.received_lots]
