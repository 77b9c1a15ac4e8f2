"""Forced reduction after days locked the same way: losers who ask to close meet winners who have not asked to.

It decides on no day (ladder.py) and books nothing: the fills that it returns go to the house.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exchange.clearing.closing import closing_fills
from exchange.clearing.house import FILL, ClearingHouse
from exchange.clearing.rules import Array
from exchange.clearing.shares import pro_rata
from exchange.codes import Side
from exchange.contracts import ContractSpec


@dataclass(frozen=True)
class ReductionRule:
    """State the thresholds of a forced reduction in percent of the settlement price, per lot of net position.

    Losers count from `loss_percent` on. Winners are taken in tiers: speculative ones with a gain of at least each of
    `gain_percents` in turn (0: any gain), then hedging ones from `hedge_gain_percent` on.
    Source: assumption: domain knowledge of SHFE's and INE's risk rules; 8 % is a reading for energy, base metals
    have 6 %.
    """

    loss_percent: int = 8
    gain_percents: tuple[int, ...] = (8, 4, 0)
    hedge_gain_percent: int = 8

    @classmethod
    def of(cls, spec: ContractSpec) -> ReductionRule:
        """Read the thresholds from a rulebook; what it does not state stays as above."""
        read: dict[str, Any] = {
            "loss_percent": spec.forced_reduction_loss_percent,
            "gain_percents": spec.forced_reduction_profit_tiers_percent,
            "hedge_gain_percent": spec.forced_reduction_hedge_profit_percent,
        }
        return replace(cls(), **{name: value for name, value in read.items() if value is not None})


@dataclass(frozen=True)
class Reduction:
    """Hold the fills of a reduction and how it came to them, in lots.

    `asked_lots` by losers who count, `own_lots` closed against their own other side, `tier_lots` taken from each
    tier, `left_lots` that no winner was there for.
    """

    fills: Array
    asked_lots: int
    own_lots: int
    tier_lots: tuple[int, ...]
    left_lots: int


def reduce_by_force(
    house: ClearingHouse,
    contract: int,
    way: int,
    asked_lots: Array,
    limit_ticks: int,
    rule: ReductionRule = ReductionRule(),
    *,
    spared: Array | None = None,
) -> Reduction:
    """Match a locked month's unfilled closing orders with winners, at the day's limit price.

    `way` is +1 for a month locked up (shorts ask), -1 down (longs ask). `asked_lots` are each account's unfilled
    closing orders at the limit price. A loser's order is cut to what it holds; what exceeds its net position
    closes against its own other side. A tier that is larger than what is left to match is taken pro rata; if all
    tiers are smaller, losers are served pro rata. Rounding by largest remainder. Winners marked `spared` keep what
    they hold.
    """
    loser, winner = (Side.BUY, Side.SELL) if way < 0 else (Side.SELL, Side.BUY)
    net = house.held_lots[loser, contract] - house.held_lots[winner, contract]
    counts = (asked_lots > 0) & (net > 0) & _loses(house, contract, loser, rule.loss_percent)
    asked = np.where(counts, np.minimum(asked_lots, house.held_lots[loser, contract]), 0)
    own = np.where(counts, np.maximum(asked - net, 0), 0)
    wanted = asked - own

    taken, tiers, left = np.zeros_like(wanted), [], int(wanted.sum())
    winners = np.maximum(-net, 0) if spared is None else np.where(spared, 0, np.maximum(-net, 0))
    for tier in _tiers(house, contract, winner, winners, rule):
        lots = min(left, int(tier.sum()))
        taken += pro_rata(lots, tier)
        tiers.append(lots)
        left -= lots
    served = pro_rata(int(taken.sum()), wanted)
    fills = []
    for position, closed in ((loser, served + own), (winner, taken + own)):
        for account in np.flatnonzero(closed).tolist():
            fills += closing_fills(house, account, contract, int(position), int(closed[account]), limit_ticks)
    return Reduction(np.array(fills, FILL), int(asked.sum()), int(own.sum()), tuple(tiers), left)


def _tiers(
    house: ClearingHouse, contract: int, winner: Side, net_lots: Array, rule: ReductionRule
) -> list[Array]:
    """Return the winners' net lots tier by tier; nobody stands in two of them."""
    hedge, free = house.roster.hedge, net_lots.copy()
    masks = [~hedge & _gains(house, contract, winner, percent) for percent in rule.gain_percents]
    masks.append(hedge & _gains(house, contract, winner, rule.hedge_gain_percent))
    tiers = []
    for mask in masks:
        tiers.append(np.where(mask, free, 0))
        free = np.where(mask, 0, free)
    return tiers


def _gain_and_value(house: ClearingHouse, contract: int, position: Side) -> tuple[Array, Array]:
    """Return the gain of a side's lots since they were opened, and their value, both in tick x lot."""
    value = int(house.settled_ticks[contract]) * house.held_lots[position, contract]
    gain = value - house.cost_tick_lots[position, contract]
    return (gain if position is Side.BUY else -gain), value


def _gains(house: ClearingHouse, contract: int, position: Side, percent: int) -> Array:
    gain, value = _gain_and_value(house, contract, position)
    return (gain > 0) & (gain * 100 >= percent * value)


def _loses(house: ClearingHouse, contract: int, position: Side, percent: int) -> Array:
    gain, value = _gain_and_value(house, contract, position)
    return (gain < 0) & (-gain * 100 >= percent * value)
