"""An open-addressed index from order id to slot: linear probing, deletion by shifting back, no tombstones.

A place holds 32 bits of the id's hash and the slot; the id itself stands in the order.
"""

from __future__ import annotations

import numpy as np

from exchange.matching._jit import kernel


@kernel
def mark_of(order_id):
    """Return 32 bits that spread ids over the places; signed 64-bit products that cannot overflow."""
    mixed = ((order_id ^ (order_id >> 32)) & 0xFFFFFFFF) * 0x5851F42D
    return (mixed >> 20) & 0xFFFFFFFF


@kernel
def find(index, orders, order_id):
    """Return the place of an id, or the free place where it would stand as -1 - place."""
    mask = index.shape[0] - 1
    mark = mark_of(order_id)
    place = mark & mask
    while True:
        there = index[np.uint32(place)]
        slot = there["slot"]
        if slot == 0:
            return -1 - place
        if there["mark"] == mark and orders[slot]["id"] == order_id:
            return place
        place = (place + 1) & mask


@kernel
def insert(index, place, order_id, slot):
    """Write an id at the free place that `find` gave as -1 - place."""
    index[-1 - place]["mark"] = mark_of(order_id)
    index[-1 - place]["slot"] = slot


@kernel
def erase(index, place):
    """Delete the entry at a place, and move later ones back so that no search breaks."""
    mask = index.shape[0] - 1
    hole = place
    while True:
        place = (place + 1) & mask
        there = index[np.uint32(place)]
        slot = there["slot"]
        if slot == 0:
            break
        mark = np.int64(there["mark"])
        if ((place - mark) & mask) >= ((place - hole) & mask):
            index[np.uint32(hole)]["mark"] = mark
            index[np.uint32(hole)]["slot"] = slot
            hole = place
    index[np.uint32(hole)]["slot"] = 0


@kernel
def forget(index, order_id, slot):
    """Delete the id of an order that has left its slot."""
    mask = index.shape[0] - 1
    place = mark_of(order_id) & mask
    while index[np.uint32(place)]["slot"] != slot:
        place = (place + 1) & mask
    erase(index, place)


@kernel
def rebuild(index, orders):
    """Fill an empty index with every order."""
    for slot in range(orders.shape[0]):
        order_id = orders[slot]["id"]
        if order_id != 0:
            insert(index, find(index, orders, order_id), order_id, slot)
