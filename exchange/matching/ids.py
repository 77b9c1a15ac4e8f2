"""An open-addressed index from order id to slot: linear probing, deletion by shifting back, no tombstones.

A place holds 32 bits of the id's hash and the slot; the id itself stands in the order. Eight neighbouring ids begin
their search in one cache line, since ids are mostly given in sequence.
"""

from __future__ import annotations

import numpy as np

from exchange.matching._jit import kernel


@kernel
def mark_of(order_id):
    """Return 32 bits that spread ids over the places; signed 64-bit products that cannot overflow."""
    group = order_id >> 3
    mixed = ((group ^ (group >> 32)) & 0xFFFFFFFF) * 0x5851F42D
    return ((mixed >> 24) << 3 | (order_id & 7)) & 0xFFFFFFFF


@kernel
def find(index, orders, order_id):
    """Return the place of an id, or the free place where it would stand as -1 - place."""
    mask = index.shape[0] - 1
    mark = mark_of(order_id)
    place = mark & mask
    while True:
        slot = np.int64(index[place]["slot"])
        if slot == 0:
            return -1 - place
        if index[place]["mark"] == mark and orders[slot - 1]["id"] == order_id:
            return place
        place = (place + 1) & mask


@kernel
def insert(index, place, order_id, slot):
    """Write an id at the free place that `find` gave as -1 - place."""
    index[-1 - place]["mark"] = mark_of(order_id)
    index[-1 - place]["slot"] = slot + 1


@kernel
def erase(index, place):
    """Delete the entry at a place, and move later ones back so that no search breaks."""
    mask = index.shape[0] - 1
    hole = place
    while True:
        place = (place + 1) & mask
        slot = index[place]["slot"]
        if slot == 0:
            break
        mark = np.int64(index[place]["mark"])
        if ((place - mark) & mask) >= ((place - hole) & mask):
            index[hole]["mark"] = mark
            index[hole]["slot"] = slot
            hole = place
    index[hole]["slot"] = 0


@kernel
def forget(index, order_id, slot):
    """Delete the id of an order that has left its slot."""
    mask = index.shape[0] - 1
    place = mark_of(order_id) & mask
    while index[place]["slot"] != slot + 1:
        place = (place + 1) & mask
    erase(index, place)


@kernel
def rebuild(index, orders):
    """Fill an empty index with every order."""
    for slot in range(orders.shape[0]):
        order_id = orders[slot]["id"]
        if order_id != 0:
            insert(index, find(index, orders, order_id), order_id, slot)
