"""Investors who buy SC and hold it, whatever it costs: the pressure that opens a premium when tanks are full.

They know no parity and never sell; a scenario sets how many lots a day they want.
"""

from __future__ import annotations

from agents.crude.market import CrudeMarket
from agents.crude.parameters import LocalBuyerParameters
from agents.crude.trades import Account
from exchange.codes import Side, Venue


class LocalBuyer:
    """Buy a given number of lots a day, spread evenly over the minutes that SC is open.

    Lots that an emptied or locked book does not sell are not made up for. What is held of an expired month is gone, at
    its settlement.
    """

    def __init__(self, parameters: LocalBuyerParameters, market: CrudeMarket, decision_minutes: int) -> None:
        self._own, self._decision_minutes = parameters, decision_minutes
        self.account = Account("local_buyer", market)
        self._owed_lot_minutes = 0

    def decide(self, added_lots_per_day: int, open_minutes_per_day: int) -> None:
        """Take one decision: read fills and buy what is due since the last one, without a limit."""
        self.account.read_fills(1.0)  # it trades yuan only
        lots_per_day = self._own.lots_per_day + added_lots_per_day
        self._owed_lot_minutes += lots_per_day * self._decision_minutes
        due, self._owed_lot_minutes = divmod(self._owed_lot_minutes, open_minutes_per_day)
        if due:
            self.account.submit(Venue.SC, Side.BUY, due, None)

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [*self.account.integers(), self._owed_lot_minutes]
