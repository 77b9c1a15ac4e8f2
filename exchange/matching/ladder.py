"""The dense ladder of one book: orders rest in a queue per price, and leave it from anywhere.

It knows nothing of ids, phases or trades. Arrays: `levels[side, position]` (LEVEL), `orders[slot]` (ORDER),
`words[side, word]` (bits.py); `book` is one BOOK record.
"""

from __future__ import annotations

import numpy as np

from exchange.matching._jit import kernel
from exchange.matching.bits import clear_bit, next_above, next_below, set_bit


@kernel
def clear(book, levels, orders, words):
    """Empty the book and chain every slot as free."""
    for side in range(2):
        for position in range(levels.shape[1]):
            level = levels[side, position]
            level["head"] = 0
            level["tail"] = 0
            level["quantity"] = 0
            level["orders"] = 0
        for word in range(words.shape[1]):
            words[side, word] = 0
    chain_free(book, orders, 1)
    book["best_bid"] = -1
    book["best_ask"] = -1
    book["parked_head"] = 0
    book["parked_tail"] = 0
    book["parked"] = 0
    book["resting"] = 0
    book["hidden"] = 0


@kernel
def chain_free(book, orders, first):
    """Chain the slots from `first` on as free, lowest first, before whatever was free already."""
    tail = book["free"] if first > 1 else np.uint32(0)
    count = orders.shape[0]
    for slot in range(count - 1, first - 1, -1):
        order = orders[slot]
        order["id"] = 0
        order["quantity"] = 0
        order["hidden"] = 0
        order["previous"] = 0
        order["next"] = tail
        tail = np.uint32(slot)
    book["free"] = tail


@kernel
def rest(book, levels, orders, words, side, position, quantity, owner, order_id):
    """Append an order to the queue of its price and return its slot, or -1 when no slot is free."""
    slot = book["free"]
    if slot == 0:
        return -1
    order = orders[slot]
    book["free"] = order["next"]
    order["id"] = order_id
    order["price"] = position
    order["quantity"] = quantity
    order["owner"] = owner
    order["hidden"] = 0
    order["side"] = side
    order["closes"] = 0
    order["kind"] = 0
    append(book, levels, orders, words, slot, side, position)
    return np.int64(slot)


@kernel
def append(book, levels, orders, words, slot, side, position):
    """Put an order that is in its slot at the back of the queue of its price."""
    order = orders[slot]
    order["parked"] = 0
    book["resting"] += 1
    level = levels[side, position]
    tail = level["tail"]
    order["previous"] = tail
    order["next"] = 0
    level["tail"] = slot
    level["quantity"] += order["quantity"]
    level["orders"] += 1
    orders[tail]["next"] = slot
    if tail != 0:
        return
    level["head"] = slot
    set_bit(words[side], book["ticks"], position)
    if side == 0:
        if position > book["best_bid"]:
            book["best_bid"] = position
    elif book["best_ask"] < 0 or position < book["best_ask"]:
        book["best_ask"] = position


@kernel
def park(book, orders, slot):
    """Put an order whose price is beyond the limits at the end of the parked ones."""
    order = orders[slot]
    tail = book["parked_tail"]
    order["parked"] = 1
    order["previous"] = tail
    order["next"] = 0
    orders[tail]["next"] = slot
    book["parked_tail"] = slot
    if tail == 0:
        book["parked_head"] = slot
    book["parked"] += 1


@kernel
def unpark(book, orders, slot):
    """Take an order out of the parked ones and free its slot."""
    before, after = orders[slot]["previous"], orders[slot]["next"]
    orders[before]["next"] = after
    orders[after]["previous"] = before
    if before == 0:
        book["parked_head"] = after
    if after == 0:
        book["parked_tail"] = before
    book["parked"] -= 1
    book["hidden"] -= orders[slot]["hidden"]
    release(book, orders, slot)


@kernel
def release(book, orders, slot):
    """Free a slot."""
    order = orders[slot]
    order["id"] = 0
    order["quantity"] = 0
    order["next"] = book["free"]
    book["free"] = slot


@kernel
def move_ahead(level, orders, slot):
    """Move the last order of a queue, one that closes a position, ahead of the opening orders that came just before.

    The cost is their number.
    """
    order = orders[slot]
    last = order["previous"]
    before = last
    while before != 0 and orders[before]["closes"] == 0:
        before = orders[before]["previous"]
    if before == last:
        return
    orders[last]["next"] = 0
    level["tail"] = last
    after = orders[before]["next"] if before != 0 else level["head"]
    order["previous"] = before
    order["next"] = after
    orders[after]["previous"] = slot
    if before != 0:
        orders[before]["next"] = slot
    else:
        level["head"] = slot


@kernel
def refill(book, level, orders, slot):
    """Show the next lots of an iceberg at the head of a level and send it to the back; return the new head."""
    order = orders[slot]
    shown = min(order["peak"], order["hidden"])
    order["quantity"] = shown
    order["hidden"] -= shown
    book["hidden"] -= shown
    level["quantity"] += shown
    after = order["next"]
    if after == 0:
        return slot
    tail = level["tail"]
    orders[tail]["next"] = slot
    order["previous"] = tail
    order["next"] = 0
    level["tail"] = slot
    orders[after]["previous"] = 0
    level["head"] = after
    return after


@kernel
def remove(book, levels, orders, words, slot):
    """Take an order out of its queue, wherever it stands, and free its slot."""
    order = orders[slot]
    side = order["side"]
    position = order["price"]
    before = order["previous"]
    after = order["next"]
    level = levels[side, position]
    level["quantity"] -= order["quantity"]
    book["hidden"] -= order["hidden"]
    level["orders"] -= 1
    head, tail = level["head"], level["tail"]
    level["head"] = after if before == 0 else head
    level["tail"] = before if after == 0 else tail
    orders[before]["next"] = after
    orders[after]["previous"] = before
    release(book, orders, slot)
    book["resting"] -= 1
    if level["orders"] == 0:
        vacate(book, words, side, position)


@kernel
def in_priority(book, levels, orders, words, slots):
    """Write the slots of all orders: bids from the best, then asks from the best, each in time, then parked ones."""
    count = 0
    ticks = book["ticks"]
    for side in range(2):
        at = book["best_bid"] if side == 0 else book["best_ask"]
        while at >= 0:
            slot = levels[side, at]["head"]
            while slot != 0:
                slots[count] = slot
                count += 1
                slot = orders[slot]["next"]
            at = next_below(words[0], ticks, at - 1) if side == 0 else next_above(words[1], ticks, at + 1)
    slot = book["parked_head"]
    while slot != 0:
        slots[count] = slot
        count += 1
        slot = orders[slot]["next"]
    return count


@kernel
def vacate(book, words, side, position):
    """Note that a level is empty, and find the next best one if it was the best."""
    ticks = book["ticks"]
    clear_bit(words[side], ticks, position)
    if side == 0:
        if position == book["best_bid"]:
            book["best_bid"] = next_below(words[0], ticks, position - 1)
    elif position == book["best_ask"]:
        book["best_ask"] = next_above(words[1], ticks, position + 1)
