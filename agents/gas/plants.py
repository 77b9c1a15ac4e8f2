"""LNG plants inland: they liquefy pipeline gas, sell to lorries at the gate, and follow the coast when it pays to haul.

A region stands for all plants of it. What they sell is burnt where they stand, or goes to the coast at large: it never
enters the delta's tanks, and their feed gas is taken before the delta. They answer to the delta's published price; the
delta does not answer to theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from exchange.parameters import Parameters
from exchange.units import FEN_PER_CNY

_START_UP_CNY_PER_T: Final = 100.0
_PRICE_STEP_CNY_PER_T: Final = 10


class PlantParameters(Parameters):
    """The plants of a region.

    Output rises from 0 to `capacity_t_per_day` as the price passes `cost_cny_per_t` (feed gas and liquefaction). Local
    lorries want `local_share` of it at `reference_cny_per_t`. To the coast goes up to `outward_share` of it, in full
    where the delta's price pays for `haul_cny_per_t` and `arbitrage_cny_per_t` more. Each day a share of the capacity,
    |`outage_sd` x a normal|, stands still.
    """

    capacity_t_per_day: PositiveInt
    cost_cny_per_t: PositiveFloat
    reference_cny_per_t: PositiveFloat
    price_elasticity: Annotated[float, Field(lt=0)]
    local_share: Annotated[float, Field(gt=0, le=1.5)]
    outward_share: Annotated[float, Field(ge=0, le=1)]
    haul_cny_per_t: PositiveFloat
    arbitrage_cny_per_t: PositiveFloat
    outage_sd: Annotated[float, Field(ge=0, le=0.3)]


@dataclass(frozen=True)
class PlantTrade:
    """Record what a region's plants sold in a session, to lorries of one kind."""

    day: date
    place: str
    seller: str
    buyer: str
    price_fen_per_t: int
    quantity_t: int


class Plants:
    """Trade at the gates of all regions, once a trading day; one normal a region every day."""

    def __init__(self, parameters: Mapping[str, PlantParameters], rng: np.random.Generator) -> None:
        self.hauls_cny_per_t = {name: own.haul_cny_per_t for name, own in parameters.items()}
        self._parameters = parameters
        self._rng = rng
        self._running = dict.fromkeys(parameters, 1.0)

    def advance(self) -> None:
        """Draw what stands still on the next day."""
        normals = self._rng.standard_normal(len(self._parameters)).tolist()
        for (name, own), normal in zip(self._parameters.items(), normals, strict=True):
            self._running[name] = max(0.0, 1.0 - abs(own.outage_sd * normal))

    def trade(self, day: date, days: int, delta_cny_per_t: float) -> list[PlantTrade]:
        """Return the trades of a session for `days` days, when the delta's published price is `delta_cny_per_t`."""
        trades = []
        for name, own in self._parameters.items():
            price = clearing_cny_per_t(own, delta_cny_per_t, self._running[name])
            price = _PRICE_STEP_CNY_PER_T * round(price / _PRICE_STEP_CNY_PER_T)
            wants = (
                ("local lorries", local_t(own, price)),
                ("lorries to the coast", outward_t(own, price, delta_cny_per_t)),
            )
            trades += [
                PlantTrade(
                    day,
                    name,
                    f"plants of {name}",
                    f"{buyer}, {name}",
                    FEN_PER_CNY * price,
                    int(days * tonnes),
                )
                for buyer, tonnes in wants
                if days * tonnes >= 1
            ]
        return trades


def local_t(own: PlantParameters, price_cny_per_t: float) -> float:
    """Return what lorries of the region want in a day."""
    answer = (price_cny_per_t / own.reference_cny_per_t) ** own.price_elasticity
    return own.local_share * own.capacity_t_per_day * float(answer)


def outward_t(own: PlantParameters, price_cny_per_t: float, delta_cny_per_t: float) -> float:
    """Return what lorries haul to the coast in a day: none at parity, most of it at the full margin over it."""
    margin = (delta_cny_per_t - own.haul_cny_per_t - price_cny_per_t) / own.arbitrage_cny_per_t
    return own.outward_share * own.capacity_t_per_day * min(1.0, max(0.0, margin))


def output_t(own: PlantParameters, price_cny_per_t: float, running: float) -> float:
    """Return what the plants make in a day: none half a margin below cost, all half a margin above it."""
    ramp = (price_cny_per_t - own.cost_cny_per_t) / _START_UP_CNY_PER_T + 0.5
    return own.capacity_t_per_day * running * min(1.0, max(0.0, ramp))


def clearing_cny_per_t(own: PlantParameters, delta_cny_per_t: float, running: float) -> float:
    """Return the price at which lorries want what the plants make, found by halving (to a hundredth of a yuan)."""
    low, high = own.cost_cny_per_t - _START_UP_CNY_PER_T, 10.0 * own.reference_cny_per_t
    while high - low > 0.01:
        middle = (low + high) / 2
        wanted = local_t(own, middle) + outward_t(own, middle, delta_cny_per_t)
        low, high = (middle, high) if wanted > output_t(own, middle, running) else (low, middle)
    return (low + high) / 2
