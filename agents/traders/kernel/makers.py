"""Market makers: quotes around a value learnt from flow, leaned against their inventory.

All makers of a venue learn the same value from the same tape; each has its own inventory and its own moments.
"""

from __future__ import annotations

import math

from agents.traders.kernel.draws import uniform
from agents.traders.kernel.orders import place, position_of, withdraw
from agents.traders.state import MAKER_ACCOUNT, MAKER_LEVELS, MAKERS, Class
from exchange.codes import Phase
from exchange.matching._jit import kernel

_CONTINUOUS, _ENTRY, _CLASS = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY), int(Class.MAKER)


@kernel
def alive(s, venue, maker):
    """Return whether every quote of a maker still rests."""
    for k in range(2 * MAKER_LEVELS):
        slot = s["maker_slots"][venue, maker, k]
        if slot < 0 or s["orders"][venue, slot]["id"] != s["maker_ids"][venue, maker, k]:
            return False
    return True


@kernel
def pull(s, venue, maker):
    """Withdraw a maker's quotes."""
    for k in range(2 * MAKER_LEVELS):
        slot = s["maker_slots"][venue, maker, k]
        if slot >= 0 and s["orders"][venue, slot]["id"] == s["maker_ids"][venue, maker, k]:
            withdraw(s, venue, slot)
        s["maker_slots"][venue, maker, k] = -1


@kernel
def quote(s, venue, words, k, trades):
    """Let one maker look at its quotes, and renew them when its prices moved or a quote was hit. Two words."""
    maker = int(uniform(words, k) * MAKERS)
    jitter = uniform(words, k)
    phase = s["books"][venue]["phase"]
    if phase != _CONTINUOUS and phase != _ENTRY:
        return
    p = s["parameters"]
    account = MAKER_ACCOUNT + maker
    centre = position_of(s, venue, s["maker_value"][venue])
    centre -= p["maker_skew_ticks_per_lot"][venue] * s["positions"][venue, account]
    half = p["maker_half_spread_ticks"][venue] * (0.9 + 0.2 * jitter)
    bid = int(math.floor(centre - half))
    ask = max(int(math.ceil(centre + half)), bid + 1)
    quotes = s["maker_quotes"][venue, maker]
    if quotes[0] == bid and quotes[1] == ask and alive(s, venue, maker):
        return
    pull(s, venue, maker)
    quotes[0] = bid
    quotes[1] = ask
    lots = p["maker_lots"][venue]
    held, most = s["positions"][venue, account], p["maker_most_lots"][venue]
    for level in range(MAKER_LEVELS):
        for side in range(2):
            if (side == 0 and held >= most) or (side == 1 and held <= -most):
                s["maker_slots"][venue, maker, 2 * level + side] = -1
                continue
            position = bid - level if side == 0 else ask + level
            order_id = s["next_id"]
            slot, _ = place(s, venue, side, position, lots * (1 + level), account, _CLASS, True, trades)
            s["maker_slots"][venue, maker, 2 * level + side] = slot
            s["maker_ids"][venue, maker, 2 * level + side] = order_id
