"""Owners of commercial oil in tank who sell an expiring month dear: they have the oil and can deliver it.

They are no traders: they offer what they could put under warrant, over the worth of oil in tank and not below what the
refiner who needs it most would give for it, and wait.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from agents.traders.market import FastMarket
from exchange.codes import Venue
from exchange.contracts import ContractMonth
from exchange.units import NS_PER_MINUTE

NAME = "holders"
"""The account's name among those of the SimPy side."""


class OilHolders:
    """Offer oil in tank in the last days of each month of SC, once a session; what rests ends with the day.

    `expiring` gives the month that is in its last days, None on other days; `room_lots` what commercial owners could
    still deliver, `ask` their price in CNY/bbl.
    """

    def __init__(
        self,
        env: simpy.Environment,
        market: FastMarket,
        *,
        expiring: Callable[[], ContractMonth | None],
        room_lots: Callable[[], int],
        ask: Callable[[], float],
    ) -> None:
        self._env, self._market = env, market
        self._expiring, self._room_lots, self._ask = expiring, room_lots, ask
        env.process(self._run())

    def _run(self) -> Generator[simpy.Event, Any, None]:
        env, market, was_open = self._env, self._market, False
        while True:
            is_open = market.is_open(Venue.SC)
            month = self._expiring() if is_open and not was_open else None
            if month is not None and month in market.months(Venue.SC):
                short = -market.held_lots(NAME, month)
                lots = self._room_lots() - short - market.resting_lots(NAME, month)
                market.rest_sale(NAME, month, lots, self._ask())
            was_open = is_open
            yield env.timeout(NS_PER_MINUTE - env.now % NS_PER_MINUTE)
