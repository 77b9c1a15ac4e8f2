"""A session of LNG at SHPGX before it is cleared: what is on sale at what cost, and what it is worth to whom.

It is data for the mechanisms, the planner and the measures; nobody bids here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import log

import numpy as np

from exchange.mechanisms import Deal, Outcome
from exchange.units import FEN_PER_CNY


@dataclass(frozen=True)
class Lot:
    """Offer tonnes at a terminal: the price at which they are listed, and what it costs to give the gas away.

    The seller owns the terminal, or is a `guest` with gas in its tanks.
    """

    place: str
    seller: str
    quantity_t: int
    list_fen_per_t: int
    cost_fen_per_t: int
    guest: bool = False

    @property
    def stand(self) -> str:
        """Who sells where: the terminal, or a third party's stand at it. Deals name it as their seller."""
        return stand(self.place, self.seller) if self.guest else self.place


def stand(place: str, guest: str) -> str:
    """Return the name of a third party's stand at a terminal."""
    return f"{place}/{guest}"


def place_of(stand: str) -> str:
    """Return the terminal of a stand."""
    return stand.partition("/")[0]


@dataclass(frozen=True, eq=False)
class Want:
    """Want tonnes at falling worth: `tonnes[k]` more at `worth_fen_per_t[k]` at the nearest terminal.

    `detour_fen_per_t` is what a tonne costs to haul from each terminal beyond the nearest.
    """

    buyer: str
    worth_fen_per_t: np.ndarray
    tonnes: np.ndarray
    detour_fen_per_t: Mapping[str, int]

    @property
    def mean_detour_fen_per_t(self) -> int:
        """The detour that a buyer expects before it knows from where it will load."""
        return round(sum(self.detour_fen_per_t.values()) / len(self.detour_fen_per_t))

    def worth_fen(self, quantity_t: int) -> int:
        """Return what `quantity_t` tonnes are worth, the dearest use first."""
        before = np.cumsum(self.tonnes) - self.tonnes
        used = np.clip(quantity_t - before, 0, self.tonnes)
        return int(used @ self.worth_fen_per_t)

    def wanted_t(self, price_fen_per_t: int) -> int:
        """Return the tonnes worth more than a price."""
        return int(self.tonnes[self.worth_fen_per_t > price_fen_per_t].sum())

    def after(self, quantity_t: int) -> Want:
        """Return what is wanted when `quantity_t` tonnes are there already."""
        before = np.cumsum(self.tonnes) - self.tonnes
        left = self.tonnes - np.clip(quantity_t - before, 0, self.tonnes)
        return Want(self.buyer, self.worth_fen_per_t[left > 0], left[left > 0], self.detour_fen_per_t)


@dataclass(frozen=True, eq=False)
class Session:
    """Hold what a session starts from. Buyers stand in the order in which they come.

    `last_fen_per_t` is the index in force, `month_fen_per_t` its mean of the last month. `rounds` has, for each round
    of a book, the order in which all traders come, buyers first and then lots, and how much of its margin each asks.
    """

    day: date
    time_ns: int
    days: int
    last_fen_per_t: int
    month_fen_per_t: int
    lots: tuple[Lot, ...]
    wants: tuple[Want, ...]
    rounds: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...] = ()

    def after(self, deals: Sequence[Deal]) -> Session:
        """Return what is left of the session when `deals` have been made: smaller lots, and the dearest uses served."""
        if not deals:
            return self
        sold, bought = Outcome(tuple(deals)).sold, Outcome(tuple(deals)).bought
        lots = [replace(lot, quantity_t=lot.quantity_t - sold.get(lot.stand, 0)) for lot in self.lots]
        return replace(
            self,
            lots=tuple(lot for lot in lots if lot.quantity_t > 0),
            wants=tuple(want.after(bought.get(want.buyer, 0)) for want in self.wants),
        )


def price_grid_fen(lowest_cny_per_t: float, highest_cny_per_t: float, step: float) -> np.ndarray:
    """Return prices from the highest to the lowest in equal steps of their logarithm."""
    count = int(log(highest_cny_per_t / lowest_cny_per_t) / step) + 1
    return np.rint(FEN_PER_CNY * highest_cny_per_t * np.exp(-step * np.arange(count)))


def make_want(
    buyer: str,
    need_t: np.ndarray,
    grid_fen: np.ndarray,
    size: float,
    value: float,
    haul_fen_per_t: Mapping[str, int],
) -> Want:
    """Return the want of a buyer with its part `size` of the market's need on a grid of prices, the highest first.

    Gas is worth `value` x the grid's price to it.
    """
    asked = (size * need_t).astype(np.int64)
    tonnes = np.diff(asked, prepend=0)
    worth = np.rint(value * grid_fen).astype(np.int64)
    nearest = min(haul_fen_per_t.values())
    kept = tonnes > 0
    return Want(
        buyer, worth[kept], tonnes[kept], {place: haul - nearest for place, haul in haul_fen_per_t.items()}
    )
