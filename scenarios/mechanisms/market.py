"""The supply and demand of a month, as drawn, and what a planner who knew everything would do with them.

Values and costs are private; what all share is the month's level. No mechanism and no strategy stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from exchange.parameters import Parameters
from exchange.units import FEN_PER_CNY
from scenarios.streams import Streams
from scenarios.tomlfile import load
from scenarios.validation import validate


class Market(Parameters):
    """Say how a month is drawn, and how it is sold.

    Values are uniform on level +- half width, with the level normal; costs are uniform on their mean +- half width,
    one a seller. A signal is the level plus a normal error.
    """

    buyers: PositiveInt
    sellers: PositiveInt
    lots_per_seller: PositiveInt
    lot_t: PositiveInt
    level_cny_per_t: PositiveFloat
    level_sd_cny_per_t: NonNegativeFloat
    value_half_width_cny_per_t: PositiveFloat
    cost_below_level_cny_per_t: float
    cost_half_width_cny_per_t: NonNegativeFloat
    price_step_cny_per_t: PositiveInt
    base_price_cny_per_t: PositiveFloat
    listing_signal_sd_cny_per_t: NonNegativeFloat
    presale_signal_sd_cny_per_t: NonNegativeFloat
    presale_band_cny_per_t: tuple[PositiveFloat, PositiveFloat]
    deposit_percent: Annotated[int, Field(ge=0, le=20)]
    book_margin_cny_per_t: NonNegativeFloat
    book_rounds: PositiveInt
    learning_sales: PositiveInt

    @model_validator(mode="after")
    def _sells_something(self) -> Market:
        if self.presale_band_cny_per_t[0] > self.presale_band_cny_per_t[1]:
            raise ValueError("presale_band_cny_per_t: the lower end is above the upper")
        lowest = self.level_cny_per_t - 6 * self.level_sd_cny_per_t - self.value_half_width_cny_per_t
        cheapest = self.level_cny_per_t - self.cost_below_level_cny_per_t - self.cost_half_width_cny_per_t
        if min(lowest, cheapest) <= self.price_step_cny_per_t:
            raise ValueError("level_cny_per_t: is so low that values or costs would fall below a price step")
        return self

    @property
    def lots(self) -> int:
        """The lots on sale."""
        return self.sellers * self.lots_per_seller


@dataclass(frozen=True)
class Draw:
    """Hold one month: money in fen a tonne, one value a buyer, one cost a seller.

    `level_fen` is what values have in common; `signals_fen` what each seller believes of it when it lists,
    `forecast_fen` what all believe months ahead. `arrivals` is the order in which buyers come, `book_arrivals` and
    `book_margins` (0 to 1) that of all traders in the rounds of a session, buyers first, and how much they ask for.
    """

    level_fen: int
    values_fen: tuple[int, ...]
    costs_fen: tuple[int, ...]
    signals_fen: tuple[int, ...]
    forecast_fen: int
    arrivals: tuple[int, ...]
    book_arrivals: tuple[tuple[int, ...], ...]
    book_margins: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Planned:
    """What the planner would trade, in lots, and the surplus of a tonne in each of them, summed, in fen."""

    lots: int
    surplus_fen: int


def load_market(sets: Sequence[str] = ()) -> Market:
    """Read the market of the library, with `key=value` overrides. Raises BadInput with every problem at once."""
    return validate(Market, load("parts/mechanisms", sets))


def draw_market(market: Market, seed: int, number: int) -> Draw:
    """Draw the month of a number; each part of it has its own random stream, whatever the other parts are."""
    streams = Streams(seed, number)
    level = market.level_cny_per_t + market.level_sd_cny_per_t * float(
        streams.generator("mechanisms.level").standard_normal()
    )
    width = market.value_half_width_cny_per_t
    values = level + width * streams.generator("mechanisms.values").uniform(-1.0, 1.0, market.buyers)
    mean_cost = market.level_cny_per_t - market.cost_below_level_cny_per_t
    costs = mean_cost + market.cost_half_width_cny_per_t * streams.generator("mechanisms.costs").uniform(
        -1.0, 1.0, market.sellers
    )
    errors = streams.generator("mechanisms.signals").standard_normal(market.sellers)
    error = float(streams.generator("mechanisms.forecast").standard_normal())
    variance, noise = market.level_sd_cny_per_t**2, market.presale_signal_sd_cny_per_t**2
    weight = variance / (variance + noise) if variance else 0.0
    signal = level + market.presale_signal_sd_cny_per_t * error
    forecast = market.level_cny_per_t + weight * (signal - market.level_cny_per_t)
    traders, rounds = market.buyers + market.sellers, market.book_rounds
    order = streams.generator("mechanisms.book_arrivals").uniform(size=(rounds, traders))
    return Draw(
        fen(level),
        tuple(fen(value) for value in values.tolist()),
        tuple(fen(cost) for cost in costs.tolist()),
        tuple(fen(s) for s in (level + market.listing_signal_sd_cny_per_t * errors).tolist()),
        fen(forecast),
        tuple(streams.generator("mechanisms.arrivals").permutation(market.buyers).tolist()),
        tuple(tuple(row) for row in order.argsort(axis=1).tolist()),
        tuple(
            tuple(row)
            for row in streams.generator("mechanisms.book_margins").uniform(size=(rounds, traders)).tolist()
        ),
    )


def plan(draw: Draw, lots_per_seller: int) -> Planned:
    """Return the optimum: the dearest values meet the cheapest costs while they cover them (the merit order).

    With one good at one place that is the best assignment of lots to buyers.
    """
    lots, surplus = 0, 0
    costs = sorted(cost for cost in draw.costs_fen for _ in range(lots_per_seller))
    for value, cost in zip(sorted(draw.values_fen, reverse=True), costs, strict=False):
        if value < cost:
            break
        lots, surplus = lots + 1, surplus + value - cost
    return Planned(lots, surplus)


def fen(price_cny_per_t: float) -> int:
    """Return a price in whole fen."""
    return round(FEN_PER_CNY * price_cny_per_t)
