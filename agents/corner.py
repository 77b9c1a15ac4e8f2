"""A corner attempt: one owner buys a delivery month through many accounts' limits and stands for its oil.

It knows no delivery and no rule: limits are checked at order entry, margin by the clearing house.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from agents.traders.market import FastMarket
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth
from exchange.units import NS_PER_MINUTE

NAME = "corner"
"""The account's name among those of the SimPy side."""


class Corner:
    """Buy `lots` of a month evenly over the trading minutes of a span, at any price; then hold.

    What a thin, locked or limited book refuses is asked for again in the next minute. In the month's last days all that
    is held is offered each day at `ask_on(day)` CNY/bbl, or at the day's upper limit if that is lower.
    """

    def __init__(
        self,
        env: simpy.Environment,
        market: FastMarket,
        month: ContractMonth,
        lots: int,
        *,
        start_ns: int,
        trading_minutes: int,
        offer_ns: int,
        ask_on: Callable[[], float],
    ) -> None:
        self._env, self._market, self.month, self.lots = env, market, month, lots
        self._minutes = trading_minutes
        self.bought_lots = self.sold_lots = 0
        self.cost_cny_per_bbl_lots = 0.0
        env.process(self._buy(start_ns))
        env.process(self._offer(offer_ns, ask_on))

    @property
    def mean_cost_cny_per_bbl(self) -> float:
        """The mean price of what was bought, 0 before the first lot."""
        return self.cost_cny_per_bbl_lots / self.bought_lots if self.bought_lots else 0.0

    def _buy(self, start_ns: int) -> Generator[simpy.Event, Any, None]:
        env, market, traded = self._env, self._market, 0
        yield env.timeout(max(0, start_ns - env.now))
        while traded < self._minutes:
            yield env.timeout(NS_PER_MINUTE - env.now % NS_PER_MINUTE)
            self.read_fills()
            if self.month not in market.months(Venue.SC):
                return
            if market.is_open(Venue.SC):
                traded += 1
                wanted = int(self.lots * traded / self._minutes - self.bought_lots)
                if wanted > 0:
                    market.submit(NAME, Venue.SC, Side.BUY, wanted, None, self.month)
        self.read_fills()

    def _offer(self, from_ns: int, ask_on: Callable[[], float]) -> Generator[simpy.Event, Any, None]:
        """Offer what is held once in each session, from a moment on; an order rests until the day's end."""
        env, market = self._env, self._market
        yield env.timeout(max(0, from_ns - env.now))
        was_open = False
        while self.month in market.months(Venue.SC):
            is_open = market.is_open(Venue.SC)
            if is_open and not was_open:
                market.offer(NAME, self.month, ask_on())
            was_open = is_open
            yield env.timeout(NS_PER_MINUTE - env.now % NS_PER_MINUTE)

    def read_fills(self) -> None:
        """Count what has been bought and sold since the last look."""
        for fill in self._market.fills(NAME):
            if fill.side is Side.BUY:
                self.bought_lots += fill.quantity_lots
                self.cost_cny_per_bbl_lots += fill.quantity_lots * fill.price
            else:
                self.sold_lots += fill.quantity_lots
