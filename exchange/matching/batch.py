"""A batch of messages through one book: validation, matching, and an answer to each.

It adds order ids to the ladder: an open-addressed index (linear probing, backward-shift deletion) from id to slot.
"""

from __future__ import annotations

import numpy as np

from exchange.codes import Code, Kind, Phase
from exchange.matching._jit import kernel
from exchange.matching.continuous import take
from exchange.matching.ladder import remove, rest

_LIMIT, _FAK, _CANCEL = int(Kind.LIMIT), int(Kind.FAK), int(Kind.CANCEL)
_CONTINUOUS, _ENTRY = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY)
_ACCEPTED, _CANCELLED = int(Code.ACCEPTED), int(Code.CANCELLED)
_DUPLICATE_ID, _UNKNOWN_ID, _BAD_ID = int(Code.DUPLICATE_ID), int(Code.UNKNOWN_ID), int(Code.BAD_ID)
_BAD_QUANTITY, _BAD_PRICE = int(Code.BAD_QUANTITY), int(Code.BAD_PRICE)
_BAD_KIND, _BAD_SIDE = int(Code.BAD_KIND), int(Code.BAD_SIDE)
_PHASE_CLOSED, _BOOK_FULL, _NOT_OWNER = int(Code.PHASE_CLOSED), int(Code.BOOK_FULL), int(Code.NOT_OWNER)
_LARGEST_ID = 2**62


@kernel
def home(index, order_id):
    """Return the place where the search for an id begins (Fibonacci hashing)."""
    mixed = np.uint64(order_id) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64(mixed >> np.uint64(32)) & (index.shape[0] - 1)


@kernel
def find(index, order_id):
    """Return the place of an id, or the free place where it would stand as -1 - place."""
    mask = index.shape[0] - 1
    place = home(index, order_id)
    while True:
        there = index[place]["id"]
        if there == order_id:
            return place
        if there == 0:
            return -1 - place
        place = (place + 1) & mask


@kernel
def forget(index, order_id):
    """Delete an id that may be there, and move later ones up so that no search breaks."""
    place = find(index, order_id)
    if place < 0:
        return
    mask = index.shape[0] - 1
    hole = place
    while True:
        place = (place + 1) & mask
        order = index[place]["id"]
        if order == 0:
            break
        if ((place - home(index, order)) & mask) >= ((place - hole) & mask):
            index[hole]["id"] = order
            index[hole]["slot"] = index[place]["slot"]
            hole = place
    index[hole]["id"] = 0


@kernel
def rebuild_index(index, orders):
    """Fill an empty index with every resting order."""
    for slot in range(orders.shape[0]):
        order_id = orders[slot]["id"]
        if order_id != 0:
            place = -1 - find(index, order_id)
            index[place]["id"] = order_id
            index[place]["slot"] = slot


@kernel
def check(book, message):
    """Return ACCEPTED, or the first reason why a new order is refused (ids apart)."""
    if book["phase"] == _CONTINUOUS:
        if message["kind"] != _LIMIT and message["kind"] != _FAK:
            return _BAD_KIND
    elif book["phase"] == _ENTRY:
        if message["kind"] != _LIMIT:
            return _BAD_KIND if message["kind"] != _FAK else _PHASE_CLOSED
    else:
        return _PHASE_CLOSED
    if message["side"] != 0 and message["side"] != 1:
        return _BAD_SIDE
    if message["quantity"] < 1 or message["quantity"] > book["largest_order"]:
        return _BAD_QUANTITY
    position = message["price"] - book["base_tick"]
    if position < book["low"] or position > book["high"]:
        return _BAD_PRICE
    if message["order_id"] < 1 or message["order_id"] > _LARGEST_ID:
        return _BAD_ID
    return _ACCEPTED


@kernel
def cancel(book, levels, orders, words, index, message, event):
    """Cancel a resting order on its owner's word."""
    if book["phase"] != _CONTINUOUS and book["phase"] != _ENTRY:
        event["code"] = _PHASE_CLOSED
        return
    place = find(index, message["order_id"]) if message["order_id"] > 0 else -1
    if place < 0:
        event["code"] = _UNKNOWN_ID
        return
    slot = index[place]["slot"]
    if orders[slot]["owner"] != message["owner"]:
        event["code"] = _NOT_OWNER
        return
    event["rested"] = orders[slot]["quantity"]
    event["code"] = _CANCELLED
    remove(book, levels, orders, words, slot)
    forget(index, message["order_id"])


@kernel
def submit(book, levels, orders, words, index, message, event, trades, count):
    """Apply one message: fill in its event, write its trades from `trades[count]` on, return the new count."""
    event["filled"] = 0
    event["rested"] = 0
    event["trades"] = 0
    if message["kind"] == _CANCEL:
        cancel(book, levels, orders, words, index, message, event)
        return count
    code = check(book, message)
    if code != _ACCEPTED:
        event["code"] = code
        return count
    order_id = message["order_id"]
    place = find(index, order_id)
    if place >= 0:
        event["code"] = _DUPLICATE_ID
        return count
    if book["free"] < 0 and message["kind"] == _LIMIT:
        event["code"] = _BOOK_FULL
        return count
    side = np.int64(message["side"])
    position = message["price"] - book["base_tick"]
    quantity = np.int64(message["quantity"])
    left = quantity
    first = count
    if book["phase"] == _CONTINUOUS:
        left, count = take(
            book, levels, orders, words, side, position, quantity, order_id, message["owner"], message["at_ns"],
            trades, count,
        )  # fmt: skip
        for k in range(first, count):
            if trades[k]["maker_left"] == 0:
                forget(index, trades[k]["maker_id"])
    event["filled"] = quantity - left
    event["trades"] = count - first
    event["code"] = _ACCEPTED
    if left > 0 and message["kind"] == _LIMIT:
        event["rested"] = left
        slot = rest(book, levels, orders, words, side, position, left, message["owner"], order_id)
        if count > first:
            place = find(index, order_id)
        index[-1 - place]["id"] = order_id
        index[-1 - place]["slot"] = slot
    return count


@kernel
def best(book, levels, quote):
    """Write best bid and offer with their quantities."""
    bid, ask = book["best_bid"], book["best_ask"]
    quote["bid"] = book["base_tick"] + bid if bid >= 0 else 0
    quote["bid_quantity"] = levels[0, bid]["quantity"] if bid >= 0 else 0
    quote["ask"] = book["base_tick"] + ask if ask >= 0 else 0
    quote["ask_quantity"] = levels[1, ask]["quantity"] if ask >= 0 else 0


@kernel
def process(book, levels, orders, words, index, messages, events, trades, quotes):
    """Apply messages in order, write an event and a quote for each, and return the number of trades."""
    count = 0
    for i in range(messages.shape[0]):
        count = submit(book, levels, orders, words, index, messages[i], events[i], trades, count)
        best(book, levels, quotes[i])
    return count
