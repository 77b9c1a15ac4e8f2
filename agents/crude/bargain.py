"""Individuals who buy SC when the world's crude has fallen far below its own past, and sell when it has come back.

They look at the world's price alone, never at SC's, and know neither parity nor tanks.
"""

from __future__ import annotations

from datetime import date

from agents.crude.market import CrudeMarket
from agents.crude.parameters import BargainParameters
from agents.crude.trades import Account
from agents.prices import PriceHistory
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth


class BargainBuyers:
    """Bring the holding toward what the fall of the world price calls for, at so many lots a day.

    Another month than the one to hold is rolled at the same pace: what is sold of it is wanted again in that one.
    """

    def __init__(
        self, own: BargainParameters, market: CrudeMarket, world_price: PriceHistory, decision_minutes: int
    ) -> None:
        self._own, self._market, self._world_price = own, market, world_price
        self._decision_minutes = decision_minutes
        self.account = Account("bargain", market)
        self._owed_lot_minutes = 0
        self._wanted: tuple[date, int] = (date.min, 0)

    def wanted_lots(self, day: date) -> int:
        """Return the holding that the last known price calls for."""
        if self._wanted[0] != day:
            own = self._own
            mean = self._world_price.mean(day, own.mean_months, 0)
            fall = 1 - self._world_price.on(day) / mean
            part = min(max((fall - own.fall_from) / (own.fall_to - own.fall_from), 0.0), 1.0)
            self._wanted = day, int(own.accounts * own.lots_per_account * part)
        return self._wanted[1]

    def decide(self, day: date, month: ContractMonth | None, open_minutes_per_day: int) -> None:
        """Take one decision: read fills, roll to `month`, and buy or sell of it what is due since the last one."""
        if not self._own.accounts:
            return
        self.account.read_fills(1.0)  # they trade yuan only
        self._owed_lot_minutes += self._own.lots_per_day * self._decision_minutes
        due, self._owed_lot_minutes = divmod(self._owed_lot_minutes, open_minutes_per_day)
        rolled = 0
        for other in self._market.months(Venue.SC):
            old = self.account.held(Venue.SC, other)
            if other != month and old > 0:
                rolled = min(due, old)
                self.account.submit(Venue.SC, Side.SELL, rolled, None, other)
        short = self.wanted_lots(day) - self.account.lots[Venue.SC]
        if short > 0 and due:
            self.account.submit(Venue.SC, Side.BUY, min(due, short), None, month)
        elif short < 0 and due > rolled:
            self.account.submit(Venue.SC, Side.SELL, min(due - rolled, -short), None, month)

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.account.integers(), self._owed_lot_minutes]
