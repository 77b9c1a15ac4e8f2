"""LNG plants inland: they liquefy pipeline gas, sell to lorries at the gate, and follow the coast when it pays to haul.

A region stands for all plants of it. Their feed gas is part of what a basin keeps from the trunk lines. What they sell
is burnt where they stand, or goes to the coast at large: all of it is demand of the rest of China, and none enters the
delta's tanks. They answer to the delta's published price; the delta does not answer to theirs. They make what they have
sold and keep no stock; where feed gas is short they deliver later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from exchange.parameters import Parameters
from exchange.units import FEN_PER_CNY, GAS_M3_PER_TONNE_LNG

_GAS_PER_TONNE: Final = int(GAS_M3_PER_TONNE_LNG)
_PPM: Final = 1_000_000
_START_UP_CNY_PER_T: Final = 100.0
_PRICE_STEP_CNY_PER_T: Final = 10


class PlantParameters(Parameters):
    """The plants of a region.

    Output rises from 0 to `capacity_t_per_day` as the price passes `cost_cny_per_t` (feed gas and liquefaction). Local
    lorries want `local_share` of it at `reference_cny_per_t`. To the coast goes up to `outward_share` of it, in full
    where the delta's price pays for `haul_cny_per_t` and `arbitrage_cny_per_t` more. Each day a share of the capacity,
    |`outage_sd` x a normal|, stands still. Feed gas comes from `basin`; `own_use_share` of the gas made liquid is burnt
    beside it.
    """

    basin: str
    own_use_share: Annotated[float, Field(ge=0, le=0.3)]
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


@dataclass(frozen=True)
class PlantDay:
    """A day of a region's plants: gas in = gas made liquid + own use; owed is what is sold and not made yet."""

    gas_in_m3: int
    own_use_m3: int
    made_t: int
    owed_t: int

    @property
    def imbalance_m3(self) -> int:
        """Return the gas that is missing."""
        return self.gas_in_m3 - self.own_use_m3 - _GAS_PER_TONNE * self.made_t


class Plants:
    """Trade at the gates of all regions, once a trading day, and make every day what lorries fetch.

    One normal a region every day.
    """

    def __init__(self, parameters: Mapping[str, PlantParameters], rng: np.random.Generator) -> None:
        self.hauls_cny_per_t = {name: own.haul_cny_per_t for name, own in parameters.items()}
        self._parameters = parameters
        self._rng = rng
        self._running = dict.fromkeys(parameters, 1.0)
        self.days: list[tuple[date, dict[str, PlantDay]]] = []
        self._sold_t = dict.fromkeys(parameters, 0)
        self._owed_t = dict.fromkeys(parameters, 0)
        self._due_t: dict[str, list[int]] = {name: [] for name in parameters}

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
            sold = sum(trade.quantity_t for trade in trades if trade.place == name)
            self._sold_t[name] += sold
            self._due_t[name] += [sold * (at + 1) // days - sold * at // days for at in range(days)]
        return trades

    def run(self, day: date, basins_m3: Mapping[str, int]) -> None:
        """Make what is due on a day out of what each basin keeps, first come first served."""
        left = dict(basins_m3)
        found = {}
        for name, own in self._parameters.items():
            self._owed_t[name] += self._due_t[name].pop(0) if self._due_t[name] else 0
            burnt = round(_PPM * own.own_use_share)
            most = _PPM * left[own.basin] // (_GAS_PER_TONNE * (_PPM + burnt))
            made = min(self._owed_t[name], most)
            own_use = -(-_GAS_PER_TONNE * made * burnt // _PPM)
            gas_in = _GAS_PER_TONNE * made + own_use
            left[own.basin] -= gas_in
            self._owed_t[name] -= made
            found[name] = PlantDay(gas_in, own_use, made, self._owed_t[name])
        self.days.append((day, found))

    def imbalances(self, basins_m3: Mapping[str, int]) -> dict[str, int]:
        """Return what is missing from the balances of gas (m3) and of sales (t).

        `basins_m3` is what basins kept since the start: the plants took no more of it.
        """
        made = {name: sum(found[name].made_t for _, found in self.days) for name in self._parameters}
        used = dict.fromkeys(basins_m3, 0)
        for _, found in self.days:
            for name, own in found.items():
                used[self._parameters[name].basin] += own.gas_in_m3
        gas = sum(own.imbalance_m3 for _, found in self.days for own in found.values())
        sales = {
            f"plants of {name}: sold - made - owed - due later": self._sold_t[name]
            - made[name]
            - self._owed_t[name]
            - sum(self._due_t[name])
            for name in self._parameters
        }
        over = {
            f"plants: more than {basin} keeps": max(0, used[basin] - kept)
            for basin, kept in basins_m3.items()
        }
        return {"plants: gas in - made liquid - own use": gas} | sales | over

    def state_integers(self) -> list[int]:
        """Return what each region's plants sold and what they took of gas on the last day."""
        last = self.days[-1][1].values() if self.days else ()
        return [*self._sold_t.values(), *(own.gas_in_m3 for own in last)]

    def rows(self) -> list[dict[str, object]]:
        """Return the days, one row for each region."""
        return [
            {"date": day, "place": name, "basin": self._parameters[name].basin}
            | {"gas_in_m3": own.gas_in_m3, "own_use_m3": own.own_use_m3}
            | {"made_t": own.made_t, "owed_t": own.owed_t}
            for day, found in self.days
            for name, own in found.items()
        ]


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
