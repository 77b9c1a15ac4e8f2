"""Batches, and what else Python asks of the book in a block of memory: the entries of the engine.

Where a message could need more room than there is, a kernel stops before it; the caller makes room and goes on.
"""

from __future__ import annotations

from functools import cache

import numba
import numpy as np
from numba.core import types

from exchange.codes import Kind
from exchange.matching import auction
from exchange.matching._jit import direct, entry, kernel
from exchange.matching.continuous import most_trades
from exchange.matching.ids import find, forget, rebuild
from exchange.matching.ladder import append, in_priority, park, remove
from exchange.matching.memory import parts, trade_rows
from exchange.matching.message import LARGEST_ID, submit
from exchange.records import EVENT, MESSAGE, QUOTE, TRADE

_CANCEL, _MARKET = int(Kind.CANCEL), int(Kind.MARKET)


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
def direct_entries():
    """Return `submit_one` and `process` without numba's dispatch (see _jit.direct): arrays must be contiguous."""
    memory, rows = types.int64[::1], types.int64[:, ::1]
    messages, events, trades, quotes = (
        numba.from_dtype(dtype)[::1] for dtype in (MESSAGE, EVENT, TRADE, QUOTE)
    )
    return (
        direct(submit_one, memory, rows, *[types.int64] * 7),
        direct(process, memory, messages, events, trades, types.boolean, quotes),
    )


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


@entry
def priority(memory, slots):
    """Write the slots of all orders in priority, parked ones last, and return how many there are."""
    head, levels, orders, words, _ = parts(memory)
    return in_priority(head[0], levels, orders, words, slots)


@kernel
def run_lay_out(book, levels, orders, words, index, slots, shift):
    """Lay orders out anew, in the order of `slots`, on an empty ladder whose base is `shift` ticks higher."""
    for k in range(slots.shape[0]):
        slot = np.uint32(slots[k])
        order = orders[slot]
        position = np.int64(order["price"]) - shift
        order["price"] = position
        if book["low"] <= position <= book["high"]:
            append(book, levels, orders, words, slot, np.int64(order["side"]), position)
        else:
            park(book, orders, slot)
    rebuild(index, orders)


@entry
def lay_out(memory, slots, shift):
    """Lay out the orders of a block whose ladder and index are empty. Arguments as `run_lay_out`."""
    head, levels, orders, words, index = parts(memory)
    run_lay_out(head[0], levels, orders, words, index, slots, shift)


@kernel
def run_queue_position(orders, index, order_id):
    """Return how many orders and lots stand before an order at its price, or (-1, 0) where it does not rest."""
    place = find(index, orders, order_id) if 1 <= order_id <= LARGEST_ID else -1
    if place < 0 or orders[index[place]["slot"]]["parked"] != 0:
        return -1, 0
    slot = orders[index[place]["slot"]]["previous"]
    ahead, lots = 0, 0
    while slot != 0:
        ahead += 1
        lots += orders[slot]["quantity"]
        slot = orders[slot]["previous"]
    return ahead, lots


@entry
def queue_position(memory, order_id):
    """Return an order's place in the queue of the book in a block of memory, as `run_queue_position`."""
    _, _, orders, _, index = parts(memory)
    return run_queue_position(orders, index, order_id)
