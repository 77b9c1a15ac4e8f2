"""What clearing has to know of a listed month on a day: margin, fees and limits, as plain frozen figures.

It reads no rulebook but through `rules_on`, holds no account and decides nothing. Percentages are whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from typing import Any

import numpy as np

from exchange.clearing.codes import Participant as Participant
from exchange.clock import TradingCalendar
from exchange.contracts import ContractMonth, ContractSpec
from exchange.units import FEN_PER_CNY

Array = np.ndarray[Any, Any]


class Netting(IntEnum):
    """How the margins of an account's long and short positions add up.

    GROSS: long + short. CONTRACT: the larger of the two in each month. PRODUCT: the larger of the two sums over all
    months of a product, as at SHFE and INE. Months marked `both_sides` are always gross.
    Source: assumption: domain knowledge of SHFE's and INE's risk rules (the larger side of a product).
    """

    GROSS = 0
    CONTRACT = 1
    PRODUCT = 2


@dataclass(frozen=True)
class MarginRule:
    """State the margin in percent of the settlement price; `both_sides` ends netting in this month."""

    spec_percent: int
    hedge_percent: int
    both_sides: bool = False


@dataclass(frozen=True)
class FeeRule:
    """State the exchange's fees for opening, closing, and closing what was opened the same day.

    In fen a lot, and in millionths of the value traded.
    """

    open_fen: int = 0
    close_fen: int = 0
    close_today_fen: int = 0
    open_ppm: int = 0
    close_ppm: int = 0
    close_today_ppm: int = 0


@dataclass(frozen=True)
class LimitRule:
    """State what an account may hold and open in a month; None is no limit.

    `position_lots`: of each side, for a client or a member that is no broker (hedge accounts have a quota of their
    own). A broker's clients together may hold `broker_percent` of the open interest once that is
    `broker_from_lots` or more. `opening_lots`: opened in a day, both sides together, hedging exempt. Where
    `persons_out` holds, individuals may only close.
    """

    position_lots: int | None = None
    opening_lots: int | None = None
    broker_percent: int | None = None
    broker_from_lots: int = 0
    persons_out: bool = False


@dataclass(frozen=True)
class ContractRules:
    """State all that clearing has to know of one listed month on one day.

    `product` numbers the product for netting. A price of one tick is worth `fen_per_tick` a lot.
    """

    name: str
    fen_per_tick: int
    margin: MarginRule
    fees: FeeRule = FeeRule()
    limits: LimitRule = LimitRule()
    product: int = 0

    def with_margin_from(self, percent: int) -> ContractRules:
        """Return the rules with margins of `percent` at least."""
        spec, hedge = (max(percent, own) for own in (self.margin.spec_percent, self.margin.hedge_percent))
        return replace(self, margin=replace(self.margin, spec_percent=spec, hedge_percent=hedge))


@dataclass(frozen=True)
class CollateralRule:
    """State what foreign cash counts for as margin; gains and losses are in renminbi only.

    Value = cents x FX x (100 - haircut) / 100. Source: assumption: domain knowledge (INE takes dollars at the midpoint
    less about 5 %).
    """

    fx_haircut_percent: int = 5

    @classmethod
    def of(cls, spec: ContractSpec) -> CollateralRule:
        """Read the haircut from a rulebook that has one."""
        haircut = spec.collateral_fx_haircut_percent
        return cls() if haircut is None else cls(haircut)

    def value_fen(self, usd_cents: Array, fx_e4: int) -> Array:
        """Return the collateral value in fen, rounded down; `fx_e4` is CNY per USD x 10,000."""
        return usd_cents * fx_e4 // 10_000 * (100 - self.fx_haircut_percent) // 100


def margin_per_lot_fen(rules: Sequence[ContractRules], settled_ticks: Array) -> Array:
    """Return the margin of a lot in fen, shape (2, contracts), speculative first: settlement x percent, rounded up."""
    percents = np.array(
        [[r.margin.spec_percent for r in rules], [r.margin.hedge_percent for r in rules]], np.int64
    )
    value_fen = settled_ticks * np.array([r.fen_per_tick for r in rules], np.int64)
    return -(-value_fen * percents // 100)


def rules_on(
    spec: ContractSpec,
    month: ContractMonth,
    day: date,
    calendar: TradingCalendar,
    *,
    product: int = 0,
    cleared: ContractSpec | None = None,
    both_sides_trading_days: int = 5,
) -> ContractRules:
    """Read a month's rules from the rulebook of a day.

    Margins have the base that was in force when the day before was cleared, by its rules `cleared` (those of the day
    if left out), and the day's own step to delivery.
    Closing the same day is free where the rulebook does not say otherwise (for long stretches it was). Netting ends
    after the 5th trading day before the last one (assumption: domain knowledge of SHFE's and INE's risk rules).
    """
    left = spec.days_to_expiry(month, day, calendar)
    exit_days, margins = spec.person_exit_trading_days, cleared or spec
    fee_fen = round((spec.fee_cny_per_lot or 0.0) * FEN_PER_CNY)
    close_today_fen = round((spec.fee_close_today_cny_per_lot or 0.0) * FEN_PER_CNY)
    ppm = round(spec.fee_ppm_of_turnover or 0.0)
    return ContractRules(
        name=f"{spec.product}{month}",
        fen_per_tick=spec.minor_units_per_tick_and_lot,
        margin=MarginRule(
            margins.margin_percent(month, day, calendar) or 0,
            margins.margin_percent(month, day, calendar, hedge=True) or 0,
            both_sides=left <= both_sides_trading_days,
        ),
        fees=FeeRule(fee_fen, fee_fen, close_today_fen, ppm, ppm),
        limits=LimitRule(
            position_lots=spec.position_limit_lots(month, day),
            opening_lots=spec.opening_limit_lots_per_day,
            broker_percent=spec.position_limit_broker_percent,
            broker_from_lots=spec.position_limit_broker_from_lots or 0,
            persons_out=exit_days is not None and left < exit_days,
        ),
        product=product,
    )
