"""The memory of one book: a single block of int64 that holds its head, bitmap, levels, orders and index.

A call from Python pays for every array that it passes, so a kernel is passed the block and finds the arrays in it.
A copy of a book is one copy of memory.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from exchange.matching._jit import entry
from exchange.matching.bits import words_for
from exchange.records import BOOK, LEVEL, ORDER, SLOT, TRADE

Array = np.ndarray[Any, np.dtype[Any]]
_HEAD, _LEVEL, _ORDER = BOOK.itemsize // 8, LEVEL.itemsize // 8, ORDER.itemsize // 8


def allocate(ticks: int, capacity: int) -> Array:
    """Return the block of an empty book of `ticks` prices and room for `capacity` orders; its sizes are set.

    Raises ValueError when the ladder is too long (bits.py).
    """
    places = 1 << (2 * capacity - 1).bit_length()
    memory = np.zeros(
        _HEAD + 2 * words_for(ticks) + 2 * ticks * _LEVEL + capacity * _ORDER + places, np.int64
    )
    head = memory[:_HEAD].view(BOOK)[0]
    head["ticks"], head["capacity"], head["places"] = ticks, capacity, places
    return memory


def views(memory: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Return the head (one BOOK), levels, orders, words and index that stand in a block."""
    head = memory[:_HEAD].view(BOOK)
    ticks, capacity = int(head[0]["ticks"]), int(head[0]["capacity"])
    words_end = _HEAD + 2 * words_for(ticks)
    levels_end = words_end + 2 * ticks * _LEVEL
    orders_end = levels_end + capacity * _ORDER
    return (
        head,
        memory[words_end:levels_end].view(LEVEL).reshape(2, ticks),
        memory[levels_end:orders_end].view(ORDER),
        memory[_HEAD:words_end].view(np.uint64).reshape(2, -1),
        memory[orders_end:].view(SLOT),
    )


if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    parts = views

    def trade_rows(rows: Array) -> Array:
        """Return TRADE rows over an int64 array of eight columns."""
        return rows.view(TRADE).reshape(-1)

else:

    @intrinsic
    def _pointer(typing_context: Any, address: Any) -> Any:
        """Turn an address into a pointer."""

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

        return types.voidptr(types.intp), emit

    @entry
    def parts(memory):
        """Return what `views` returns, without its cost (a NumPy view costs a hundred times more in a kernel)."""
        address = memory.ctypes.data
        head = numba.carray(_pointer(address), (1,), BOOK)
        ticks = np.int64(head[0]["ticks"])
        capacity = np.int64(head[0]["capacity"])
        layer0 = (ticks + 63) >> 6
        columns = layer0 + ((layer0 + 63) >> 6) + 1
        words_at = address + 8 * _HEAD
        levels_at = words_at + 16 * columns
        orders_at = levels_at + 16 * ticks * _LEVEL
        index_at = orders_at + 8 * capacity * _ORDER
        return (
            head,
            numba.carray(_pointer(levels_at), (2, ticks), LEVEL),
            numba.carray(_pointer(orders_at), (capacity,), ORDER),
            numba.carray(_pointer(words_at), (2, columns), np.uint64),
            numba.carray(_pointer(index_at), (np.int64(head[0]["places"]),), SLOT),
        )

    @entry
    def trade_rows(rows):
        """Return TRADE rows over an int64 array of eight columns."""
        return numba.carray(_pointer(rows.ctypes.data), (rows.shape[0],), TRADE)
