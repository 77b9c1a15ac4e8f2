"""Trading at settlement: a book of its own beside the outright one, whose prices are differences to the settlement.

INE has it on SC since 2020-10-12, at the settlement price; since 2023-04-24 at up to 2.0 yuan from it. The price of a
trade is known when the day's settlement is: settlement plus difference, and at most the price limit. It computes no
settlement and keeps no calendar. Source: wodefinance cnwvoqbojw; futures.pingan.com (上能发〔2023〕18).
"""

from __future__ import annotations

import numpy as np

from exchange.book import Array, OrderBook
from exchange.codes import Kind, PriceRule
from exchange.records import TRADE


class TasBook:
    """Match orders at differences to the settlement, price then time; trades are priced when the day is settled.

    `widest_ticks` is the largest difference (0 before 2023-04-24, then 20 ticks of 0.1 yuan). Orders go to `book`,
    whose prices are differences in ticks; a trade is made at the resting order's difference (an assumption).
    """

    def __init__(self, widest_ticks: int, *, largest_order_lots: int = 500) -> None:
        if widest_ticks < 0:
            raise ValueError(f"the largest difference is {widest_ticks} ticks; it must be 0 or more")
        self.book = OrderBook(
            -widest_ticks,
            widest_ticks,
            rule=PriceRule.RESTING,
            previous_settlement_ticks=0,
            largest_order_lots=largest_order_lots,
            kinds=[Kind.LIMIT, Kind.FAK, Kind.FOK],
        )
        self._trades: list[Array] = []

    def note(self, trades: Array) -> None:
        """Keep trades of `book` until the day is settled."""
        self._trades.append(trades.copy())

    def settle(self, settlement_ticks: int, low_ticks: int, high_ticks: int) -> Array:
        """Return the noted trades as TRADE rows at their prices in ticks, and forget them.

        A price beyond the day's limits becomes the limit.
        """
        trades = np.concatenate([np.zeros(0, TRADE), *self._trades])
        trades["price"] = np.clip(trades["price"] + settlement_ticks, low_ticks, high_ticks)
        self._trades = []
        return trades
