"""Arbitrage between two books: buy the cheap barrel, sell the dear one, while capital lasts.

The two are venues, or delivery months of one product. A pair compares prices in one currency after the basis (import
parity, quality, the slope of the curve). It enters beyond its band, leaves when
the gap has closed, and never holds more than its capital allows. What one leg could not sell it sells next.
"""

from __future__ import annotations

import math

from agents.traders.kernel.orders import place
from agents.traders.state import ARBITRAGE_ACCOUNT, Class
from exchange.codes import Phase
from exchange.matching._jit import kernel

_CONTINUOUS, _CLASS = int(Phase.CONTINUOUS), int(Class.ARBITRAGE)
_SLACK_TICKS = 3


@kernel
def gain(s, buy, sell):
    """Return the log gain of buying at one venue's ask and selling at another's bid, after the basis."""
    ask, bid = s["books"][buy]["best_ask"], s["books"][sell]["best_bid"]
    cost = math.log((s["books"][buy]["base_tick"] + ask) * s["tick_usd"][buy]) - s["basis"][buy]
    return math.log((s["books"][sell]["base_tick"] + bid) * s["tick_usd"][sell]) - s["basis"][sell] - cost


@kernel
def tradable(s, venue):
    """Return whether a venue trades continuously and quotes both sides."""
    book = s["books"][venue]
    return book["phase"] == _CONTINUOUS and book["best_bid"] >= 0 and book["best_ask"] >= 0


@kernel
def square(s, pair, venue, wanted, trades):
    """Sell what a leg holds too much, because its other order found too few buyers; return whether it did."""
    account = ARBITRAGE_ACCOUNT + pair
    excess = s["positions"][venue, account] - wanted
    if excess <= 0:
        return False
    bid = s["books"][venue]["best_bid"] - _SLACK_TICKS
    place(
        s,
        venue,
        1,
        bid,
        min(s["parameters"]["arbitrage_slice_lots"][pair], excess),
        account,
        _CLASS,
        False,
        trades,
    )
    return True


@kernel
def act(s, pair, trades):
    """Let one pair look at its two venues once, and trade a slice."""
    left, right = s["pair_books"][pair, 0], s["pair_books"][pair, 1]
    if not tradable(s, left) or not tradable(s, right):
        return
    p = s["parameters"]
    most = p["arbitrage_most_lots"][pair]
    held = s["pair_lots"][pair]
    if most == 0 and held == 0:
        return
    if square(s, pair, left, held, trades) or square(s, pair, right, -held, trades):
        return
    gap = s["price_value"][right] - s["price_value"][left]
    needed = (
        p["arbitrage_band"][pair] if held == 0 else min(p["arbitrage_band"][pair], p["arbitrage_exit"][pair])
    )
    if abs(gap) <= needed:
        return
    for direction in range(2):
        buy = left if direction == 0 else right
        sell = right if direction == 0 else left
        sign = 1 if direction == 0 else -1
        if sign * gap <= needed:
            continue
        profit = gain(s, buy, sell)
        room = most - sign * held
        closing = -sign * held
        if profit > p["arbitrage_band"][pair] and room > 0:
            lots = min(p["arbitrage_slice_lots"][pair], room)
        elif closing > 0 and profit > p["arbitrage_exit"][pair]:
            lots = min(p["arbitrage_slice_lots"][pair], closing)
        else:
            continue
        account = ARBITRAGE_ACCOUNT + pair
        lots = min(lots, s["books"][buy]["largest_order"], s["books"][sell]["largest_order"])
        ask = s["books"][buy]["best_ask"]
        _, bought = place(s, buy, 0, ask, lots, account, _CLASS, False, trades)
        if bought > 0 and s["books"][sell]["best_bid"] >= 0:
            bid = s["books"][sell]["best_bid"] - _SLACK_TICKS
            place(s, sell, 1, bid, bought, account, _CLASS, False, trades)
        s["pair_lots"][pair] = held + sign * bought
        return


@kernel
def act_all(s, trades):
    """Let every pair act once, in their fixed order."""
    for pair in range(s["pairs"]):
        act(s, pair, trades)
