"""The early-warning controller: it watches volatility, open interest and price gaps, and tightens the rules of a day.

It is a policy that a scenario switches and sizes, not a rule of the exchange's book; it trades nothing and knows no
account. Readings are floats, since they are measured; what it changes are whole points and lots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exchange.clearing.rules import ContractRules

TRADING_DAYS_A_YEAR = 243


@dataclass(frozen=True)
class Threshold:
    """State from which value on a reading warns, and below which it is calm again; between them nothing changes."""

    warns_from: float
    calm_below: float

    def __post_init__(self) -> None:
        if self.calm_below > self.warns_from:
            raise ValueError(f"calm below {self.calm_below} is above the warning from {self.warns_from}")


@dataclass(frozen=True)
class WarningRule:
    """State when the controller warns and what a level of warning does; None of a threshold is not watched.

    `volatility`: annualised, of daily settlements, with `volatility_half_life_days`. `interest_growth`: open
    interest over its own mean of that half-life, less 1. `gap`: |settlement / previous - 1|. Each level adds points
    to margin and limit and halves the opening cap of level 1; a level is left after `calm_days` calm days in a row.
    Source: assumption: no exchange publishes its thresholds; levels are sized after SC's circulars of March 2026
    (9 to 20 % limit, 11 to 22 % margin, 3,200 to 400 lots).
    """

    enabled: bool = True
    volatility: Threshold | None = Threshold(0.45, 0.35)
    interest_growth: Threshold | None = Threshold(0.8, 0.4)
    gap: Threshold | None = Threshold(0.06, 0.03)
    volatility_half_life_days: float = 5.0
    levels: int = 4
    calm_days: int = 5
    margin_points: int = 3
    limit_points: int = 3
    opening_lots: int | None = 3_200
    largest_limit_percent: int = 20


@dataclass(frozen=True)
class Reading:
    """Hold a day's figures of the product: settlement and previous settlement in ticks, open interest in lots."""

    settlement_ticks: int
    previous_ticks: int
    open_interest_lots: int


@dataclass(frozen=True)
class Watch:
    """Hold what the controller remembers: its level, its calm days, and the two running means."""

    level: int = 0
    calm_days: int = 0
    variance: float | None = None
    mean_interest: float | None = None

    @property
    def volatility(self) -> float:
        """The annualised volatility, 0 before the first reading."""
        return float((self.variance or 0.0) * TRADING_DAYS_A_YEAR) ** 0.5


def observe(rule: WarningRule, watch: Watch, reading: Reading) -> Watch:
    """Return the watch after a day: a level up when a reading warns, one down after enough calm days.

    variance = (1 - a) variance + a (settlement / previous - 1)^2 with a = 1 - 2^(-1 / half-life). Days that neither
    warn nor are calm leave the level and start the count of calm days anew.
    """
    if not rule.enabled:
        return Watch()
    weight = 1.0 - 2.0 ** (-1.0 / rule.volatility_half_life_days)
    change = reading.settlement_ticks / reading.previous_ticks - 1.0
    square = change * change
    variance = square if watch.variance is None else watch.variance + weight * (square - watch.variance)
    interest = float(reading.open_interest_lots)
    mean = interest if watch.mean_interest is None else watch.mean_interest
    growth = interest / mean - 1.0 if mean > 0 else 0.0
    seen = replace(watch, variance=variance, mean_interest=mean + weight * (interest - mean))
    values = (
        (rule.volatility, seen.volatility),
        (rule.interest_growth, growth),
        (rule.gap, abs(change)),
    )
    watched = [(threshold, value) for threshold, value in values if threshold is not None]
    if any(value >= threshold.warns_from for threshold, value in watched):
        return replace(seen, level=min(rule.levels, seen.level + 1), calm_days=0)
    if not all(value < threshold.calm_below for threshold, value in watched):
        return replace(seen, calm_days=0)
    calm = seen.calm_days + 1
    if calm < rule.calm_days or seen.level == 0:
        return replace(seen, calm_days=calm)
    return replace(seen, level=seen.level - 1, calm_days=0)


def tightened(rules: Sequence[ContractRules], rule: WarningRule, watch: Watch) -> tuple[ContractRules, ...]:
    """Return the day's rules at the controller's level: more margin, a smaller opening cap; level 0 changes nothing."""
    if not rule.enabled or watch.level == 0:
        return tuple(rules)
    points, cap = watch.level * rule.margin_points, None
    if rule.opening_lots is not None:
        cap = max(1, rule.opening_lots >> (watch.level - 1))
    changed = []
    for each in rules:
        margin = replace(
            each.margin,
            spec_percent=each.margin.spec_percent + points,
            hedge_percent=each.margin.hedge_percent + points,
        )
        caps = [lots for lots in (cap, each.limits.opening_lots) if lots is not None]
        limits = replace(each.limits, opening_lots=min(caps) if caps else None)
        changed.append(replace(each, margin=margin, limits=limits))
    return tuple(changed)


def widened_limit_percent(percent: int, rule: WarningRule, watch: Watch) -> int:
    """Return the price limit at the controller's level: so many points more, to 20 % at most unless it was above."""
    if not rule.enabled:
        return percent
    return max(percent, min(rule.largest_limit_percent, percent + watch.level * rule.limit_points))
