"""The figures of LNG outside China: how much the world makes, and the basins that buy it.

It holds no figure itself; what basins do is done in agents/gas/basins.py.
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Len
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from agents.gas.sea import Monthly, NonNegative, Share
from exchange.parameters import Parameters


class BasinParameters(Parameters):
    """A basin that buys LNG: what it burns, what of it comes by contract, what it keeps in tank and how it bids.

    Demand is by year at mid-year, at the price that consumers are used to, `heating_per_degc` more for each degree of
    cold from November to March and `cooling_per_degc` more for each degree of heat from June to September. It answers
    to the price of gas elsewhere by `price_elasticity`, and to what short gas costs more by `saving_elasticity`. A loss
    of loadings is felt `voyage_days` later; a spot cargo comes `lead_days` after it is bought. A basin buys back to
    `target_cover_days` of demand within `restocking_days`, and has its consumers save before its tanks hold less than
    `least_cover_days`. The price of one that `is_outside_option` is what a cargo earns elsewhere: it bids that, and
    lets go by `saving_elasticity` what is worth more where gas is short. Its stocks, underground, carry a loss of
    loadings for `restocking_days`.
    """

    demand_mtpa: Annotated[dict[int, PositiveFloat], Len(1)]
    monthly_factors: Monthly
    heating_per_degc: NonNegative
    cooling_per_degc: NonNegative
    temperature_sd_degc: NonNegative
    correlation_with_delta: Annotated[float, Field(ge=-1, le=1)]
    price_elasticity: Annotated[float, Field(le=0)]
    saving_elasticity: Annotated[tuple[Annotated[float, Field(lt=0)], ...], Len(12, 12)]
    term_share: Share
    voyage_days: PositiveInt
    lead_days: PositiveInt
    tank_m3: PositiveInt
    target_cover_days: Monthly
    least_cover_days: NonNegative
    restocking_days: PositiveInt
    is_outside_option: bool = False


class ForeignParameters(Parameters):
    """LNG outside China: the world's production by year, the sellers' unsold spot volume, and the basins.

    What is made and not under contract is sold in the JKM window, `offer_days` of it at any time. Nobody can be served
    sooner than in `prompt_days`; basins look `look_ahead_days` ahead, and consumers get used to a price within
    `price_memory_days`.
    """

    production_mtpa: Annotated[dict[int, PositiveFloat], Len(1)]
    offer_days: Annotated[int, Field(ge=3)]
    prompt_days: PositiveInt
    look_ahead_days: PositiveInt
    price_memory_days: PositiveInt
    basins: Annotated[dict[str, BasinParameters], Len(1)]

    @model_validator(mode="after")
    def _sees_its_purchases(self) -> ForeignParameters:
        if sum(basin.is_outside_option for basin in self.basins.values()) != 1:
            raise ValueError("one of the basins must be the outside option")
        for name, basin in self.basins.items():
            if not self.prompt_days <= basin.lead_days < self.look_ahead_days:
                raise ValueError(
                    f"basins.{name}.lead_days must be prompt_days or more and below look_ahead_days"
                )
            if basin.voyage_days > self.look_ahead_days:
                raise ValueError(f"basins.{name}.voyage_days must not be above look_ahead_days")
        return self
