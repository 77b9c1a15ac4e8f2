"""An account of a physical trader on the order books: what it has sold and bought, in lots and in money.

It decides nothing. Money is whole fen, so that it can be hashed; dollars turn at the day's exchange rate.
"""

from __future__ import annotations

from agents.crude.market import CrudeMarket
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth
from exchange.units import BBL_PER_SC_LOT, FEN_PER_CNY, cny_per_bbl

Month = ContractMonth | None
"""A delivery month; None at a venue that is one series."""


class Account:
    """Keep an account's lots by venue and month, bought less sold, and the money that its trades took in.

    `lots` sums the months of a venue. `traded_lots` counts all lots by venue and side; `moved_lots` what left by
    delivery, at expiry or against a cargo.
    """

    def __init__(self, name: str, market: CrudeMarket) -> None:
        self.name = name
        self._market = market
        self.lots: dict[Venue, int] = dict.fromkeys(Venue, 0)
        self.by_month: dict[tuple[Venue, Month], int] = {}
        self.traded_lots = {(venue, side): 0 for venue in Venue for side in Side}
        self.moved_lots: dict[Venue, int] = dict.fromkeys(Venue, 0)
        self.cash_fen = 0

    def read_fills(self, fx_cny_per_usd: float) -> None:
        """Take in the fills since the last reading."""
        for fill in self._market.fills(self.name):
            sign = 1 if fill.side == Side.BUY else -1
            price_cny = fill.price if fill.venue == Venue.SC else cny_per_bbl(fill.price, fx_cny_per_usd)
            self._add(fill.venue, fill.month, sign * fill.quantity_lots)
            self.traded_lots[fill.venue, fill.side] += fill.quantity_lots
            self.cash_fen -= sign * money_fen(price_cny, fill.quantity_lots * BBL_PER_SC_LOT)

    def held(self, venue: Venue, month: Month) -> int:
        """Return the lots held of a month, short negative."""
        return self.by_month.get((venue, month), 0)

    def submit(
        self, venue: Venue, side: Side, quantity_lots: int, limit_price: float | None, month: Month = None
    ) -> None:
        """Send an order, of the main month for None."""
        self._market.submit(self.name, venue, side, quantity_lots, limit_price, month)

    def hedge(self, venue: Venue, target_lots: int, largest_lots: int) -> None:
        """Send an order, at any price, that brings the position toward a target."""
        wanted = target_lots - self.lots[venue]
        if wanted and self._market.is_open(venue):
            side = Side.BUY if wanted > 0 else Side.SELL
            self.submit(venue, side, min(abs(wanted), largest_lots), None)

    def move(self, venue: Venue, lots: int, month: Month = None) -> None:
        """Change a position without a trade: by delivery, or against a physical cargo."""
        self._add(venue, month, lots)
        self.moved_lots[venue] += lots

    def close_out(self, month: ContractMonth, price_cny_per_bbl: float) -> int:
        """Close what is left of an expired month of SC at its settlement; return the lots that were held."""
        lots = self.held(Venue.SC, month)
        self.move(Venue.SC, -lots, month)
        self.pay(-price_cny_per_bbl, lots * BBL_PER_SC_LOT)
        return lots

    def pay(self, price_cny_per_bbl: float, bbl: int) -> None:
        """Pay for barrels; negative barrels are paid for."""
        self.cash_fen -= money_fen(price_cny_per_bbl, bbl)

    def check(self) -> None:
        """Raise AssertionError unless each position is what was traded and moved, and the sum of its months."""
        for venue in Venue:
            traded = self.traded_lots[venue, Side.BUY] - self.traded_lots[venue, Side.SELL]
            if traded + self.moved_lots[venue] != self.lots[venue]:
                raise AssertionError(f"{self.name}: {self.lots[venue]} lots at {venue.name}, {traded} traded")
            months = sum(lots for (place, _), lots in self.by_month.items() if place is venue)
            if months != self.lots[venue]:
                raise AssertionError(
                    f"{self.name}: {self.lots[venue]} lots at {venue.name}, {months} by month"
                )

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        months = [
            lots for _, lots in sorted(self.by_month.items(), key=lambda item: (item[0][0], str(item[0][1])))
        ]
        return [
            *self.lots.values(),
            *months,
            *self.traded_lots.values(),
            *self.moved_lots.values(),
            self.cash_fen,
        ]

    def _add(self, venue: Venue, month: Month, lots: int) -> None:
        self.lots[venue] += lots
        left = self.held(venue, month) + lots
        self.by_month[venue, month] = left
        if not left:
            del self.by_month[venue, month]


def money_fen(price_cny_per_bbl: float, bbl: int) -> int:
    """Return the value of barrels in fen, the price taken to the nearest fen."""
    return round(price_cny_per_bbl * FEN_PER_CNY) * bbl
