"""One message: validation, matching, and an answer. The single order and the batch both come through `submit`.

It joins the ladder, the index of ids and the venue's rules. It knows no Python object and no block of memory.
"""

from __future__ import annotations

import numpy as np

from exchange.codes import Code, Kind, Phase
from exchange.matching._jit import kernel
from exchange.matching.continuous import can_fill, crosses, take
from exchange.matching.ids import erase, find, forget, insert
from exchange.matching.ladder import move_ahead, remove, rest, unpark

_LIMIT, _FAK, _FOK, _MARKET = int(Kind.LIMIT), int(Kind.FAK), int(Kind.FOK), int(Kind.MARKET)
_CANCEL, _REPLACE, _ICEBERG = int(Kind.CANCEL), int(Kind.REPLACE), int(Kind.ICEBERG)
_CONTINUOUS, _ENTRY, _HALTED = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY), int(Phase.HALTED)
_ACCEPTED, _CANCELLED, _REPLACED = int(Code.ACCEPTED), int(Code.CANCELLED), int(Code.REPLACED)
_KILLED, _SELF_TRADE, _PHASE_CLOSED = int(Code.KILLED), int(Code.SELF_TRADE), int(Code.PHASE_CLOSED)
_DUPLICATE_ID, _UNKNOWN_ID, _BAD_ID = int(Code.DUPLICATE_ID), int(Code.UNKNOWN_ID), int(Code.BAD_ID)
_BAD_QUANTITY, _BAD_PRICE, _BAD_PEAK = int(Code.BAD_QUANTITY), int(Code.BAD_PRICE), int(Code.BAD_PEAK)
_BAD_KIND, _BAD_SIDE, _NOT_OWNER = int(Code.BAD_KIND), int(Code.BAD_SIDE), int(Code.NOT_OWNER)
LARGEST_ID = 2**62
_LAST_KIND = max(int(kind) for kind in Kind)


@kernel
def check_kind(book, kind):
    """Return ACCEPTED, or why the venue does not take this kind of message now."""
    if book["phase"] == _HALTED:
        return _ACCEPTED if kind == _CANCEL else _PHASE_CLOSED
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
    if order_id < 1 or order_id > LARGEST_ID:
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
        if order["parked"] != 0:
            unpark(book, orders, slot)
        else:
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
        if order_id < 1 or order_id > LARGEST_ID:
            return _BAD_ID, 0, 0, count
    place = find(index, orders, order_id)
    if place >= 0:
        return _DUPLICATE_ID, 0, 0, count
    code, filled, rested, count = enter(
        book, levels, orders, words, index, trades, count, place, at_ns, order_id, price, quantity, owner, peak, kind,
        side, closes,
    )  # fmt: skip
    return (done if code == _ACCEPTED else code), filled, rested, count
