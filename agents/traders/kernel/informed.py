"""Informed traders: they know the news of their own venue and learn the rest from its tape.

A small share of them is anchored: these know all news, after a delay. Size grows with the mispricing, within what their
capital holds; nobody pays more than the value he believes in. They stay out of auctions, where a resting order would
outlive its news.
"""

from __future__ import annotations

import math

from agents.traders.kernel.draws import uniform
from agents.traders.kernel.orders import mid_position, place, position_of
from agents.traders.state import ANCHORED_ACCOUNT, INFORMED_ACCOUNT, RING_MINUTES, Class
from exchange.codes import Phase
from exchange.matching._jit import kernel
from exchange.units import NS_PER_MINUTE

_CONTINUOUS = int(Phase.CONTINUOUS)
_INFORMED, _ANCHORED = int(Class.INFORMED), int(Class.ANCHORED)


@kernel
def trade(s, venue, words, k, trades):
    """Trade towards the believed value when it is farther from the mid than the threshold. One word.

    Return the class of the trader who looked: informed or anchored.
    """
    anchored = uniform(words, k) < s["parameters"]["anchored_share"][venue]
    trader_class = _ANCHORED if anchored else _INFORMED
    if s["books"][venue]["phase"] != _CONTINUOUS:
        return trader_class
    p = s["parameters"]
    value = s["informed_value"][venue]
    account = INFORMED_ACCOUNT
    if anchored:
        minute = s["now_ns"] // NS_PER_MINUTE - p["anchored_delay_minutes"]
        value = s["value_ring"][minute % RING_MINUTES]
        account = ANCHORED_ACCOUNT
    target = position_of(s, venue, value)
    gap = target - mid_position(s, venue)
    away = abs(gap)
    if away < p["informed_threshold_ticks"][venue]:
        return trader_class
    lots = min(int(math.ceil(p["informed_lots_per_tick"][venue] * away)), p["informed_most_lots"][venue])
    side = 0 if gap > 0 else 1
    held = s["positions"][venue, account]
    lots = min(lots, p["informed_capital_lots"][venue] - (held if side == 0 else -held))
    if lots <= 0:
        return trader_class
    position = int(math.floor(target)) if side == 0 else int(math.ceil(target))
    place(s, venue, side, position, lots, account, trader_class, False, trades)
    return trader_class
