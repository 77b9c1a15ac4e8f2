"""An account of a physical trader on the order books: what it has sold and bought, in lots and in money.

It decides nothing. Money is whole fen, so that it can be hashed; dollars turn at the day's exchange rate.
"""

from __future__ import annotations

from agents.crude.market import CrudeMarket
from exchange.codes import Side, Venue
from exchange.units import BBL_PER_SC_LOT, FEN_PER_CNY, cny_per_bbl


class Account:
    """Keep an account's lots by venue, bought less sold, and the money that its trades took in.

    `traded_lots` counts all lots by venue and side; `moved_lots` what left by delivery or against a cargo.
    """

    def __init__(self, name: str, market: CrudeMarket) -> None:
        self.name = name
        self._market = market
        self.lots: dict[Venue, int] = dict.fromkeys(Venue, 0)
        self.traded_lots = {(venue, side): 0 for venue in Venue for side in Side}
        self.moved_lots: dict[Venue, int] = dict.fromkeys(Venue, 0)
        self.cash_fen = 0

    def read_fills(self, fx_cny_per_usd: float) -> None:
        """Take in the fills since the last reading."""
        for fill in self._market.fills(self.name):
            sign = 1 if fill.side == Side.BUY else -1
            price_cny = fill.price if fill.venue == Venue.SC else cny_per_bbl(fill.price, fx_cny_per_usd)
            self.lots[fill.venue] += sign * fill.quantity_lots
            self.traded_lots[fill.venue, fill.side] += fill.quantity_lots
            self.cash_fen -= sign * money_fen(price_cny, fill.quantity_lots * BBL_PER_SC_LOT)

    def submit(self, venue: Venue, side: Side, quantity_lots: int, limit_price: float | None) -> None:
        """Send an order."""
        self._market.submit(self.name, venue, side, quantity_lots, limit_price)

    def hedge(self, venue: Venue, target_lots: int, largest_lots: int) -> None:
        """Send an order, at any price, that brings the position toward a target."""
        wanted = target_lots - self.lots[venue]
        if wanted and self._market.is_open(venue):
            side = Side.BUY if wanted > 0 else Side.SELL
            self.submit(venue, side, min(abs(wanted), largest_lots), None)

    def move(self, venue: Venue, lots: int) -> None:
        """Change a position without a trade: by delivery, or against a physical cargo."""
        self.lots[venue] += lots
        self.moved_lots[venue] += lots

    def pay(self, price_cny_per_bbl: float, bbl: int) -> None:
        """Pay for barrels; negative barrels are paid for."""
        self.cash_fen -= money_fen(price_cny_per_bbl, bbl)

    def check(self) -> None:
        """Raise AssertionError unless each position is what was traded and moved."""
        for venue in Venue:
            traded = self.traded_lots[venue, Side.BUY] - self.traded_lots[venue, Side.SELL]
            if traded + self.moved_lots[venue] != self.lots[venue]:
                raise AssertionError(f"{self.name}: {self.lots[venue]} lots at {venue.name}, {traded} traded")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.lots.values(), *self.traded_lots.values(), *self.moved_lots.values(), self.cash_fen]


def money_fen(price_cny_per_bbl: float, bbl: int) -> int:
    """Return the value of barrels in fen, the price taken to the nearest fen."""
    return round(price_cny_per_bbl * FEN_PER_CNY) * bbl
