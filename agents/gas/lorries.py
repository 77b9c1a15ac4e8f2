"""Those who buy LNG by the lorry at SHPGX, and what they have still to fetch.

They take listings first come, first served, cheapest first for each buyer's own haul. They hold no stock:
what is bought on a trading day is burnt on the days until the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from agents.gas.parameters import ShpgxParameters
from agents.gas.sessions import Want, make_want
from exchange.listing import Listing, ListingBoard


@dataclass(frozen=True)
class Purchases:
    """What the buyers got, by terminal, and what they wanted at the price but found no listing for."""

    bought_t: dict[str, int]
    unmet_t: int


class LorryBuyers:
    """A fixed set of buyers who come to the board in a new order every day.

    Sizes and hauls are drawn at the start, and one uniform for each buyer every day, trading day or not. With
    `private` each draws every day what gas is worth to it, as a multiple of what it is worth to the market.
    """

    def __init__(
        self,
        parameters: ShpgxParameters,
        terminals: Sequence[str],
        rng: np.random.Generator,
        private: np.random.Generator | None = None,
    ) -> None:
        count = parameters.buyers
        sizes = rng.gamma(2.0, size=count)
        self._sizes = sizes / sizes.sum()
        hauls = np.abs(rng.standard_normal((count, len(terminals)))) * parameters.haul_sd_cny_per_t
        self._haul_fen = [
            dict(zip(terminals, (round(100 * cost) for cost in row), strict=True)) for row in hauls.tolist()
        ]
        self._minimum_take_t = parameters.minimum_take_t
        self._value_sd = parameters.sales.private_value_sd
        self._rng = rng
        self._private = private
        self._order: list[int] = list(range(count))
        self._values = [1.0] * count
        self.names = tuple(_name(buyer) for buyer in range(count))

    def advance(self) -> None:
        """Draw the order of arrival of the next day, and what gas is worth to each."""
        self._order = np.argsort(self._rng.uniform(size=len(self._order))).tolist()
        if self._private is not None:
            normals = self._private.standard_normal(len(self._values))
            self._values = np.exp(self._value_sd * normals).tolist()

    def wants(self, need_t: np.ndarray, grid_fen: np.ndarray) -> tuple[Want, ...]:
        """Return what each wants and what it is worth, in the order of arrival, from all buyers' need on a grid."""
        return tuple(
            make_want(
                self.names[buyer],
                need_t,
                grid_fen,
                self._sizes[buyer],
                self._values[buyer],
                self._haul_fen[buyer],
            )
            for buyer in self._order
        )

    def buy(
        self,
        time_ns: int,
        board: ListingBoard,
        need_t: Callable[[float], float],
        fallback_cny_per_t: float,
        have_t: Mapping[str, int] | None = None,
    ) -> Purchases:
        """Let every buyer take what it needs; `need_t` gives all buyers' tonnes at a price.

        A buyer needs its share of `need_t` at the price of the listing that it takes; a dearer listing later
        means that it needs less. `fallback_cny_per_t` is the price at which a need without any listing is
        counted. `have_t` is what buyers have already, by name.
        """
        bought: dict[str, int] = {}
        unmet_t = 0
        for buyer in self._order:
            got_t, price = (have_t or {}).get(self.names[buyer], 0), fallback_cny_per_t
            while True:
                offer = self._cheapest(buyer, board.open_listings())
                price = offer.price_fen_per_t / 100 if offer else price
                want_t = int(self._sizes[buyer] * need_t(price / self._values[buyer])) - got_t
                if offer is None or want_t < 1:
                    unmet_t += max(0, want_t)
                    break
                left_t = board.left_t(offer.number)
                if want_t < min(offer.minimum_take_t, left_t):
                    break
                trade = board.take(
                    time_ns, offer.number, buyer=self.names[buyer], quantity_t=min(want_t, left_t)
                )
                got_t += trade.quantity_t
                bought[offer.place] = bought.get(offer.place, 0) + trade.quantity_t
        return Purchases(bought, unmet_t)

    def _cheapest(self, buyer: int, listings: Sequence[Listing]) -> Listing | None:
        haul_fen = self._haul_fen[buyer]
        return min(listings, key=lambda o: (o.price_fen_per_t + haul_fen[o.place], o.number), default=None)


def _name(buyer: int) -> str:
    return f"buyer {buyer + 1}"


@dataclass(frozen=True)
class DayOfLorries:
    """Liquid to load on one day by terminal, liquid wanted in all, and third parties' part of the loads, in m3."""

    loads_m3: dict[str, int]
    wanted_m3: int
    guests_m3: Mapping[str, int] = field(default_factory=dict)


def spread(
    loads_m3: dict[str, int], unmet_m3: int, days: int, guests_m3: Mapping[str, int] | None = None
) -> list[DayOfLorries]:
    """Spread purchases over the days until the next trading day, in whole m3 that sum to the whole."""

    def part(total: int, day: int) -> int:
        return total * (day + 1) // days - total * day // days

    plan = []
    for day in range(days):
        loads = {name: part(volume, day) for name, volume in loads_m3.items()}
        guests = {name: part(volume, day) for name, volume in (guests_m3 or {}).items()}
        plan.append(DayOfLorries(loads, sum(loads.values()) + part(unmet_m3, day), guests))
    return plan
