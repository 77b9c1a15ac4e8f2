"""Who sets the price: every change of a mid quote, booked on the class whose order made it.

Booked are half ticks, so that what all setters moved is the change of the mid, to the unit. Orders of a class are split
between domestic and overseas owners by the class's share, in turns and without a draw; the split moves nothing.
"""

from __future__ import annotations

import math

from agents.traders.state import OPENING
from exchange.codes import Phase
from exchange.matching._jit import kernel

_CONTINUOUS = int(Phase.CONTINUOUS)


@kernel
def open_session(s, venue):
    """Book the next change of the mid on the opening: what the market learnt while it was shut."""
    s["opening"][venue] = 1


@kernel
def credit(s, venue, setter):
    """Book what a setter's order did to the mid. Where a side is empty the mid waits for the order that fills it."""
    book = s["books"][venue]
    bid, ask = book["best_bid"], book["best_ask"]
    if book["phase"] != _CONTINUOUS or bid < 0 or ask < 0:
        return
    mid = 2 * book["base_tick"] + bid + ask
    change = mid - s["mid_half_ticks"][venue]
    if s["opening"][venue] != 0:
        s["opening"][venue] = 0
        setter = OPENING
    if change == 0:
        return
    s["mid_half_ticks"][venue] = mid
    count = s["credited"][venue, setter]
    s["credited"][venue, setter] = count + 1
    share = s["parameters"]["overseas_share"][venue, setter]
    overseas = 1 if math.floor((count + 1) * share) > math.floor(count * share) else 0
    s["moved"][venue, setter, overseas] += change
