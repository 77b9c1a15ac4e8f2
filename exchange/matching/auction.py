"""The call auction: one price for all, at which the most lots trade.

Among the prices of maximum volume at which every buy above and every sell below is filled, the one nearest to the
previous settlement is taken. It matches what rests; it takes no orders.
"""

from __future__ import annotations

import numpy as np

from exchange.matching._jit import kernel
from exchange.matching.bits import next_below
from exchange.matching.ladder import refill, remove


@kernel
def lots_at(book, levels, orders, side, position):
    """Return the lots of one price, with what icebergs hide."""
    lots = np.int64(levels[side, position]["quantity"])
    if book["hidden"] > 0:
        slot = levels[side, position]["head"]
        while slot != 0:
            lots += orders[slot]["hidden"]
            slot = orders[slot]["next"]
    return lots


@kernel
def auction_price(book, levels, orders, words):
    """Return the ladder position of the uncrossing price and the lots that trade there; (-1, 0) when none do."""
    top, bottom = book["best_bid"], book["best_ask"]
    if top < 0 or bottom < 0 or top < bottom:
        return -1, 0
    buys = 0
    position = top
    while position >= bottom and position >= 0:
        buys += lots_at(book, levels, orders, 0, position)
        position = next_below(words[0], book["ticks"], position - 1)
    settled = book["previous_settlement"] - book["base_tick"]
    most = 0
    chosen, distance = -1, 0
    for finding_volume in (True, False):
        buys_here, sells_below = buys, 0
        for position in range(bottom, top + 1):
            buys_at = lots_at(book, levels, orders, 0, position)
            sells = sells_below + lots_at(book, levels, orders, 1, position)
            volume = min(buys_here, sells)
            if finding_volume:
                most = max(most, volume)
            elif volume == most and buys_here - buys_at <= most and sells_below <= most:
                away = abs(position - settled)
                if chosen < 0 or away < distance:
                    chosen, distance = position, away
            buys_here -= buys_at
            sells_below = sells
    return chosen, most


@kernel
def uncross(book, levels, orders, words, at_ns, trades):
    """Trade the auction's volume at its price, price then time on both sides.

    Writes TRADE rows (taker = buyer, maker = seller, aggressor = -1) into `trades`, which must have room for every
    resting order. Returns the price in ticks (-1 when nothing trades), the lots and the number of trades.
    """
    position, volume = auction_price(book, levels, orders, words)
    if volume == 0:
        return -1, 0, 0
    price = book["base_tick"] + position
    left = volume
    count = 0
    while left > 0:
        bid = levels[0, book["best_bid"]]["head"]
        ask = levels[1, book["best_ask"]]["head"]
        buy, sell = orders[bid], orders[ask]
        lots = min(left, min(buy["quantity"], sell["quantity"]))
        trade = trades[count]
        trade["at_ns"] = at_ns
        trade["taker_id"] = buy["id"]
        trade["maker_id"] = sell["id"]
        trade["taker_owner"] = buy["owner"]
        trade["maker_owner"] = sell["owner"]
        trade["price"] = price
        trade["quantity"] = lots
        trade["taker_left"] = buy["quantity"] - lots + buy["hidden"]
        trade["maker_left"] = sell["quantity"] - lots + sell["hidden"]
        trade["taker_slot"] = bid
        trade["maker_slot"] = ask
        trade["aggressor"] = -1
        count += 1
        left -= lots
        reduce(book, levels, orders, words, bid, lots)
        reduce(book, levels, orders, words, ask, lots)
    book["last"] = price
    book["volume"] += volume
    book["turnover"] += price * volume
    return price, volume, count


@kernel
def reduce(book, levels, orders, words, slot, lots):
    """Lower the quantity of the first order of a level, and remove it when nothing is left."""
    order = orders[slot]
    if order["quantity"] == lots and order["hidden"] == 0:
        remove(book, levels, orders, words, slot)
        return
    level = levels[order["side"], order["price"]]
    order["quantity"] -= lots
    level["quantity"] -= lots
    if order["quantity"] == 0:
        refill(book, level, orders, slot)
