"""Continuous trading: the one function that matches an incoming order against the resting ones.

The single order, the batch and the trader population all call `take`. It knows nothing of ids, limits or phases.
"""

from __future__ import annotations

from exchange.matching._jit import kernel
from exchange.matching.bits import next_above, next_below
from exchange.matching.ladder import refill, vacate


@kernel
def trade_price(rule, bid, ask, last):
    """Return the price of a trade between `bid` and `ask`, where bid >= ask.

    MEDIAN (1): the middle one of bid, ask and last price. INE's rule; source: INE trading rules, continuous auction.
    """
    if rule == 0:
        return ask
    if last >= bid:
        return bid
    if last <= ask:
        return ask
    return last


@kernel
def take(book, levels, orders, words, side, position, quantity, taker_id, owner, at_ns, trades, count):
    """Match an incoming order against the other side, best price first, then first come.

    Writes one TRADE for each maker from `trades[count]` on, where there must be room for `most_trades`. Returns the
    quantity left and the new count. Prices follow `book["rule"]`. Stops before an order of the same owner where
    `book["self_trade"]` says so.
    """
    other = 1 - side
    base = book["base_tick"]
    while quantity > 0:
        best = book["best_ask"] if side == 0 else book["best_bid"]
        if best < 0 or (best > position if side == 0 else best < position):
            break
        level = levels[other, best]
        slot = level["head"]
        while quantity > 0 and slot != 0:
            order = orders[slot]
            if book["self_trade"] != 0 and order["owner"] == owner:
                return quantity, count
            if book["rule"] == 0:
                price = base + best
            elif side == 0:
                price = trade_price(1, base + position, base + best, book["last"])
            else:
                price = trade_price(1, base + best, base + position, book["last"])
            lots = min(quantity, order["quantity"])
            quantity -= lots
            left = order["quantity"] - lots
            trade = trades[count]
            trade["at_ns"] = at_ns
            trade["taker_id"] = taker_id
            trade["maker_id"] = order["id"]
            trade["taker_owner"] = owner
            trade["maker_owner"] = order["owner"]
            trade["price"] = price
            trade["quantity"] = lots
            trade["taker_left"] = quantity
            trade["maker_left"] = left + order["hidden"]
            trade["taker_slot"] = -1
            trade["maker_slot"] = slot
            trade["aggressor"] = side
            count += 1
            book["last"] = price
            book["volume"] += lots
            book["turnover"] += price * lots
            level["quantity"] -= lots
            order["quantity"] = left
            if left > 0:
                break
            if order["hidden"] > 0:
                slot = refill(book, level, orders, slot)
                continue
            after = order["next"]
            order["id"] = 0
            order["next"] = book["free"]
            book["free"] = slot
            book["resting"] -= 1
            level["orders"] -= 1
            slot = after
            level["head"] = slot
            orders[slot]["previous"] = 0
        if level["orders"] == 0:
            level["tail"] = 0
            vacate(book, words, other, best)
    return quantity, count


@kernel
def most_trades(book, quantity):
    """Return the most trades that an incoming quantity can make: each fills the taker, a maker or what it shows."""
    return min(min(quantity, book["largest_order"]), book["resting"] + book["hidden"])


@kernel
def crosses(book, side, position):
    """Say whether the best price of the other side is within reach of an order at `position`."""
    if side == 0:
        return 0 <= book["best_ask"] <= position
    return book["best_bid"] >= 0 and book["best_bid"] >= position


@kernel
def can_fill(book, levels, orders, words, side, position, quantity, owner):
    """Say whether `take` would fill the whole quantity (FOK). Its cost is the number of orders in reach."""
    other = 1 - side
    at = book["best_ask"] if side == 0 else book["best_bid"]
    while at >= 0 and (at <= position if side == 0 else at >= position):
        slot = levels[other, at]["head"]
        while slot != 0:
            if book["self_trade"] != 0 and orders[slot]["owner"] == owner:
                return False
            quantity -= orders[slot]["quantity"] + orders[slot]["hidden"]
            if quantity <= 0:
                return True
            slot = orders[slot]["next"]
        if side == 0:
            at = next_above(words[other], book["ticks"], at + 1)
        else:
            at = next_below(words[other], book["ticks"], at - 1)
    return False
