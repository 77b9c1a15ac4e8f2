"""Messages through one book: validation, matching, and an answer to each, for one message or a million.

It joins the ladder, the index of ids and the venue's rules. Where a message could need more room than there is, a
kernel stops before it; the caller grows the book and goes on.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba.core import types

from exchange.codes import Code, Kind, Phase
from exchange.matching import auction
from exchange.matching._jit import direct, entry, kernel
from exchange.matching.continuous import can_fill, crosses, most_trades, take
from exchange.matching.ids import erase, find, forget, insert
from exchange.matching.ladder import move_ahead, remove, rest
from exchange.matching.memory import parts, trade_rows

_LIMIT, _FAK, _FOK, _MARKET = int(Kind.LIMIT), int(Kind.FAK), int(Kind.FOK), int(Kind.MARKET)
_CANCEL, _REPLACE, _ICEBERG = int(Kind.CANCEL), int(Kind.REPLACE), int(Kind.ICEBERG)
_CONTINUOUS, _ENTRY = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY)
_ACCEPTED, _CANCELLED, _REPLACED = int(Code.ACCEPTED), int(Code.CANCELLED), int(Code.REPLACED)
_KILLED, _SELF_TRADE, _PHASE_CLOSED = int(Code.KILLED), int(Code.SELF_TRADE), int(Code.PHASE_CLOSED)
_DUPLICATE_ID, _UNKNOWN_ID, _BAD_ID = int(Code.DUPLICATE_ID), int(Code.UNKNOWN_ID), int(Code.BAD_ID)
_BAD_QUANTITY, _BAD_PRICE, _BAD_PEAK = int(Code.BAD_QUANTITY), int(Code.BAD_PRICE), int(Code.BAD_PEAK)
_BAD_KIND, _BAD_SIDE, _NOT_OWNER = int(Code.BAD_KIND), int(Code.BAD_SIDE), int(Code.NOT_OWNER)
_LARGEST_ID = 2**62
_LAST_KIND = max(int(kind) for kind in Kind)


@kernel
def check_kind(book, kind):
    """Return ACCEPTED, or why the venue does not take this kind of message now."""
    if kind < 0 or kind > _LAST_KIND or (book["kinds"] >> kind) & 1 == 0:
        return _BAD_KIND if book["phase"] == _CONTINUOUS or book["phase"] == _ENTRY else _PHASE_CLOSED
    if book["phase"] == _CONTINUOUS:
        return _ACCEPTED
    if book["phase"] == _ENTRY and kind != _FAK and kind != _FOK:
        return _ACCEPTED
    return _PHASE_CLOSED


@kernel
def check_order(book, price, quantity, side):
    """Return ACCEPTED, or the first reason why an order's side, quantity or price is refused."""
    if side != 0 and side != 1:
        return _BAD_SIDE
    if quantity < 1 or quantity > book["largest_order"]:
        return _BAD_QUANTITY
    position = price - book["base_tick"]
    if position < book["low"] or position > book["high"]:
        return _BAD_PRICE
    return _ACCEPTED


@kernel
def find_own(index, orders, order_id, owner):
    """Return ACCEPTED and the place of an owner's resting order, or why there is none."""
    if order_id < 1 or order_id > _LARGEST_ID:
        return _UNKNOWN_ID, 0
    place = find(index, orders, order_id)
    if place < 0:
        return _UNKNOWN_ID, 0
    if orders[index[place]["slot"]]["owner"] != owner:
        return _NOT_OWNER, 0
    return _ACCEPTED, place


@kernel
def enter(
    book,
    levels,
    orders,
    words,
    index,
    trades,
    count,
    place,
    at_ns,
    order_id,
    price,
    quantity,
    owner,
    peak,
    kind,
    side,
    closes,
):
    """Match a checked order and let what is left rest. Return its code, lots filled, lots rested, and the new count."""
    position = price - book["base_tick"]
    left = quantity
    first = count
    continuous = book["phase"] == _CONTINUOUS
    if continuous:
        if kind == _FOK and not can_fill(book, levels, orders, words, side, position, quantity, owner):
            return _KILLED, 0, 0, count
        left, count = take(
            book, levels, orders, words, side, position, quantity, order_id, owner, at_ns, trades, count
        )
        for k in range(first, count):
            if trades[k]["maker_left"] == 0:
                forget(index, trades[k]["maker_id"], trades[k]["maker_slot"])
        if left == 0 or kind in (_FAK, _MARKET):
            return _ACCEPTED, quantity - left, 0, count
        if book["self_trade"] != 0 and crosses(book, side, position):
            return _SELF_TRADE, quantity - left, 0, count
    shown = min(left, peak) if kind == _ICEBERG else left
    slot = rest(book, levels, orders, words, side, position, shown, owner, order_id)
    if kind != _LIMIT:
        order = orders[slot]
        order["kind"] = kind
        order["peak"] = peak
        order["hidden"] = left - shown
        book["hidden"] += left - shown
    if closes != 0:
        orders[slot]["closes"] = 1
        if position == book["low"] or position == book["high"]:
            move_ahead(levels[side, position], orders, slot)
    if count > first:
        place = find(index, orders, order_id)
    insert(index, place, order_id, slot)
    return _ACCEPTED, quantity - left, left, count


@kernel
def lower(book, levels, order, lots):
    """Lower a resting order by so many lots, what is hidden first, without moving it."""
    unseen = min(lots, np.int64(order["hidden"]))
    order["hidden"] -= unseen
    book["hidden"] -= unseen
    order["quantity"] -= lots - unseen
    levels[order["side"], order["price"]]["quantity"] -= lots - unseen


@kernel
def submit(
    book,
    levels,
    orders,
    words,
    index,
    trades,
    count,
    at_ns,
    order_id,
    price,
    quantity,
    owner,
    peak,
    kind,
    side,
    closes,
):
    """Apply one message. Returns its code, lots filled, lots rested (or cancelled), and the new count of trades."""
    code = check_kind(book, kind)
    if code != _ACCEPTED:
        return code, 0, 0, count
    done = _ACCEPTED
    if kind in (_CANCEL, _REPLACE):
        code, place = find_own(index, orders, order_id, owner)
        if code != _ACCEPTED:
            return code, 0, 0, count
        slot = index[place]["slot"]
        order = orders[slot]
        lots = np.int64(order["quantity"]) + order["hidden"]
        if kind == _REPLACE:
            side = np.int64(order["side"])
            code = check_order(book, price, quantity, side)
            if code != _ACCEPTED:
                return code, 0, 0, count
            if price == book["base_tick"] + order["price"] and quantity <= lots:
                lower(book, levels, order, lots - quantity)
                return _REPLACED, 0, quantity, count
            done, peak, kind = _REPLACED, np.int64(order["peak"]), np.int64(order["kind"])
            closes = np.int64(order["closes"])
        remove(book, levels, orders, words, slot)
        erase(index, place)
        if done == _ACCEPTED:
            return _CANCELLED, 0, lots, count
    else:
        if kind == _MARKET:
            price = book["base_tick"] + (book["high"] if side == 0 else book["low"])
        code = check_order(book, price, quantity, side)
        if code != _ACCEPTED:
            return code, 0, 0, count
        if kind == _ICEBERG and (peak < 1 or peak > quantity):
            return _BAD_PEAK, 0, 0, count
        if order_id < 1 or order_id > _LARGEST_ID:
            return _BAD_ID, 0, 0, count
    place = find(index, orders, order_id)
    if place >= 0:
        return _DUPLICATE_ID, 0, 0, count
    code, filled, rested, count = enter(
        book, levels, orders, words, index, trades, count, place, at_ns, order_id, price, quantity, owner, peak, kind,
        side, closes,
    )  # fmt: skip
    return (done if code == _ACCEPTED else code), filled, rested, count


@kernel
def no_room(book, kind, quantity, room):
    """Say whether a message might need a slot or a trade row that is not there."""
    return (book["free"] == 0 or most_trades(book, quantity) > room) and kind != _CANCEL


@kernel
def best(book, levels, quote):
    """Write best bid and offer with their quantities."""
    bid, ask = book["best_bid"], book["best_ask"]
    quote["bid"] = book["base_tick"] + bid if bid >= 0 else 0
    quote["bid_quantity"] = levels[0, bid]["quantity"] if bid >= 0 else 0
    quote["ask"] = book["base_tick"] + ask if ask >= 0 else 0
    quote["ask_quantity"] = levels[1, ask]["quantity"] if ask >= 0 else 0


@kernel
def run(book, levels, orders, words, index, messages, events, trades, keep_trades, quotes):
    """Apply messages in order until all are done or one might need more room; return how many, and the trades.

    Events and quotes are written where their arrays are not empty. Without `keep_trades` the trade rows are used over
    again for each message.
    """
    with_events, with_quotes = events.shape[0] > 0, quotes.shape[0] > 0
    rows = trades.shape[0]
    count = 0
    for i in range(messages.shape[0]):
        message = messages[i]
        kind, quantity = np.int64(message["kind"]), np.int64(message["quantity"])
        if no_room(book, kind, quantity, rows - count):
            return i, count
        code, filled, rested, after = submit(
            book, levels, orders, words, index, trades, count, message["at_ns"], message["order_id"],
            np.int64(message["price"]), quantity, np.int64(message["owner"]), np.int64(message["peak"]),
            kind, np.int64(message["side"]), np.int64(message["closes"]),
        )  # fmt: skip
        if with_events:
            event = events[i]
            event["filled"] = filled
            event["rested"] = rested
            event["trades"] = after - count
            event["code"] = code
        if with_quotes:
            best(book, levels, quotes[i])
        if keep_trades:
            count = after
    return messages.shape[0], count


@entry
def process(memory, messages, events, trades, keep_trades, quotes):
    """Apply messages to the book in a block of memory. Arguments and result as `run`."""
    head, levels, orders, words, index = parts(memory)
    return run(head[0], levels, orders, words, index, messages, events, trades, keep_trades, quotes)


@kernel
def run_one(book, levels, orders, words, index, trades, at_ns, order_id, price, quantity, owner, kind, side):
    """Apply one message; return code + 256 x trades, or -1 when it might need more room and nothing was done."""
    if no_room(book, kind, quantity, trades.shape[0]):
        return -1
    code, _, _, count = submit(
        book,
        levels,
        orders,
        words,
        index,
        trades,
        0,
        at_ns,
        order_id,
        price,
        quantity,
        owner,
        0,
        kind,
        side,
        0,
    )
    return code + 256 * count


@entry
def submit_one(memory, rows, at_ns, order_id, price, quantity, owner, kind, side):
    """Apply one message to the book in a block of memory. Trades go to `rows`; the result is as of `run_one`."""
    head, levels, orders, words, index = parts(memory)
    trades = trade_rows(rows)
    return run_one(
        head[0], levels, orders, words, index, trades, at_ns, order_id, price, quantity, owner, kind, side
    )


@cache
def direct_submit_one():
    """Return `submit_one` for seven int64 numbers, without numba's dispatch (see _jit.direct)."""
    return direct(submit_one, types.int64[::1], types.int64[:, ::1], *[types.int64] * 7)


@kernel
def run_uncross(book, levels, orders, words, index, at_ns, trades, cancelled):
    """Trade the auction of a book, forget the orders that it fills, and cancel market orders that it leaves.

    Writes the ids of those into `cancelled`. Returns price, lots, number of trades and number of cancelled orders.
    """
    price, volume, count = auction.uncross(book, levels, orders, words, at_ns, trades)
    for k in range(count):
        trade = trades[k]
        if trade["taker_left"] == 0:
            forget(index, trade["taker_id"], trade["taker_slot"])
        if trade["maker_left"] == 0:
            forget(index, trade["maker_id"], trade["maker_slot"])
    withdrawn = 0
    if (book["kinds"] >> _MARKET) & 1:
        for slot in range(orders.shape[0]):
            if orders[slot]["id"] != 0 and orders[slot]["kind"] == _MARKET:
                cancelled[withdrawn] = orders[slot]["id"]
                withdrawn += 1
                forget(index, orders[slot]["id"], slot)
                remove(book, levels, orders, words, slot)
    return price, volume, count, withdrawn


@entry
def uncross(memory, at_ns, trades, cancelled):
    """Trade the auction of the book in a block of memory. Arguments and result as `run_uncross`."""
    head, levels, orders, words, index = parts(memory)
    return run_uncross(head[0], levels, orders, words, index, at_ns, trades, cancelled)
