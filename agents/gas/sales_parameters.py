"""The figures of sales at SHPGX: which mechanism, what buyers are like, how they bid, what is put down.

Those of LNG are the same for every mechanism, so that one line of a scenario chooses it and nothing else changes.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from exchange.parameters import Parameters

MechanismName = Literal[
    "listing",
    "uplift",
    "uplift_capped",
    "downward",
    "tender_own_price",
    "tender_learnt",
    "tender_one_price",
    "presale",
    "book",
]
"""The ways to sell, under the names of `yangshan mechanisms` (scenarios/mechanisms)."""

_Share = Annotated[float, Field(ge=0, le=1)]


class SalesParameters(Parameters):
    """How buyers value LNG on the lorry, how they bid, and how deals are secured.

    A buyer's worth of gas is the market's, times exp(`private_value_sd` x a normal of its own each day); gas is worth
    `choke_over_reference` x the reference price at most. Curves are cut into steps of `value_step` (a log price).
    Uplift under a cap starts from `base_over_index` x the last month's mean index. In a sealed tender at own prices
    buyers expect the last cut-off with an error of `cutoff_sd`. In a book they ask for `book_margin` over their worth
    at most, less in each round. A pre-sale sells `presale_share` of what a month is expected to need, in the months
    of `presale_months`, at the listed price within `presale_band` of the last month's mean index.
    """

    private_value_sd: Annotated[float, Field(ge=0, le=0.5)]
    choke_over_reference: Annotated[float, Field(ge=1.5, le=10)]
    value_step: Annotated[float, Field(ge=0.005, le=0.1)]
    deposit_percent: Annotated[int, Field(ge=0, le=20)]
    base_over_index: PositiveFloat
    cutoff_sd: Annotated[float, Field(gt=0, le=0.2)]
    book_margin: _Share
    book_rounds: PositiveInt
    presale_share: _Share
    presale_band: tuple[PositiveFloat, PositiveFloat]
    presale_months: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Len(1)]

    @model_validator(mode="after")
    def _band_has_room(self) -> SalesParameters:
        if self.presale_band[0] > self.presale_band[1]:
            raise ValueError("presale_band: the lower end is above the upper")
        return self


class PipelineGasParameters(Parameters):
    """The sale of pipeline gas.

    Each week `seller` offers `offered_share` of the lines' capacity that neither nominations nor swing will use, from
    `base_cny_per_m3` on, which is its cost; without `capped` the price may rise as far as bidders go. `bidders` have
    each their part of the LNG that the delta is to send out; a tonne of LNG is worth to them what it costs at SHPGX,
    times exp(`private_value_sd` x a normal of their own each week), and each of five parts of what they want 2 % less.
    """

    seller: str
    base_cny_per_m3: PositiveFloat
    offered_share: Annotated[float, Field(gt=0, le=1)]
    capped: bool
    private_value_sd: Annotated[float, Field(ge=0, le=0.5)]
    deposit_percent: Annotated[int, Field(ge=0, le=20)]
    bidders: Annotated[dict[str, Annotated[float, Field(gt=0, le=1)]], Len(1)]


class SlotBuyerParameters(Parameters):
    """A member without a terminal: the part of a cargo that its own customers burn from pipes; lorries get the rest."""

    piped_share: _Share


class TerminalSlotParameters(Parameters):
    """Third parties at the terminals: whose slots are sold, how, and what their buyers do with them.

    From each date of `open_share_of_capacity` on that part of a terminal's yearly capacity is open, a cargo at a time.
    A slot is sold `notice_days` before its window of `window_days`; its cargo is bought `lead_days` before or not at
    all. The price of regasification falls from the ceiling to the floor. A buyer wants `margin_cny_per_m3` for itself,
    and values the slot by up to `private_half_width_cny_per_m3` more or less than others; it holds `most_slots` at a
    time. Its gas is gone in `holding_days`: lorries are asked for the published index, less `concession` x what of the
    cargo should be sold by then and is not, and at the end the owner takes the rest for `concession` less.
    """

    open_share_of_capacity: Annotated[dict[date, _Share], Len(1)]
    window_days: PositiveInt
    notice_days: PositiveInt
    lead_days: PositiveInt
    ceiling_cny_per_m3: PositiveFloat
    floor_cny_per_m3: PositiveFloat
    deposit_percent: Annotated[int, Field(ge=0, le=20)]
    margin_cny_per_m3: Annotated[float, Field(ge=0)]
    private_half_width_cny_per_m3: PositiveFloat
    most_slots: PositiveInt
    holding_days: PositiveInt
    concession: Annotated[float, Field(ge=0, le=0.5)]
    buyers: Annotated[dict[str, SlotBuyerParameters], Len(1)]

    @model_validator(mode="after")
    def _in_order(self) -> TerminalSlotParameters:
        if self.floor_cny_per_m3 > self.ceiling_cny_per_m3:
            raise ValueError("floor_cny_per_m3 must not be above ceiling_cny_per_m3")
        if self.lead_days >= self.notice_days:
            raise ValueError("lead_days must be below notice_days: a slot is sold before its cargo is bought")
        return self
