"""A hierarchical bitmap of occupied price levels: the next best level in three looks, however wide the ladder.

Words of 64 bits; each bit of an upper word says whether a lower word has any bit set. One flat array holds the three
layers of one side: layer 0 first, then layer 1, then layer 2 (one word), for ladders up to 64**3 ticks.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from exchange.matching._jit import kernel

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def lowest_bit(word: Any) -> int:
        """Return the position of the lowest set bit of a non-zero word."""
        value = int(word)
        return (value & -value).bit_length() - 1

    def highest_bit(word: Any) -> int:
        """Return the position of the highest set bit of a non-zero word."""
        return int(word).bit_length() - 1

else:

    @intrinsic
    def lowest_bit(typing_context: Any, word: Any) -> Any:
        """Return the position of the lowest set bit of a non-zero word."""

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            flag = context.get_constant(types.boolean, 1)
            return builder.cttz(arguments[0], flag)

        return types.int64(types.uint64), emit

    @intrinsic
    def highest_bit(typing_context: Any, word: Any) -> Any:
        """Return the position of the highest set bit of a non-zero word."""

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            flag = context.get_constant(types.boolean, 1)
            zeros = builder.ctlz(arguments[0], flag)
            return builder.sub(context.get_constant(types.int64, 63), zeros)

        return types.int64(types.uint64), emit


def words_for(ticks: int) -> int:
    """Return how many words the three layers of a ladder of `ticks` positions take. Raises ValueError above 64**3."""
    if not 0 < ticks <= 64**3:
        raise ValueError(f"a ladder has from 1 to {64**3} ticks, not {ticks}")
    layer0 = -(-ticks // 64)
    return layer0 + -(-layer0 // 64) + 1


@kernel
def set_bit(words, ticks, position):
    """Mark a position as occupied."""
    layer0 = (ticks + 63) >> 6
    layer1 = (layer0 + 63) >> 6
    one = np.uint64(1)
    word = position >> 6
    words[word] |= one << np.uint64(position & 63)
    upper = word >> 6
    words[layer0 + upper] |= one << np.uint64(word & 63)
    words[layer0 + layer1] |= one << np.uint64(upper & 63)


@kernel
def clear_bit(words, ticks, position):
    """Mark a position as empty."""
    layer0 = (ticks + 63) >> 6
    layer1 = (layer0 + 63) >> 6
    one = np.uint64(1)
    word = position >> 6
    words[word] &= ~(one << np.uint64(position & 63))
    if words[word] == 0:
        upper = word >> 6
        words[layer0 + upper] &= ~(one << np.uint64(word & 63))
        if words[layer0 + upper] == 0:
            words[layer0 + layer1] &= ~(one << np.uint64(upper & 63))


@kernel
def next_above(words, ticks, position):
    """Return the lowest occupied position at or above `position`, or -1."""
    if position >= ticks:
        return -1
    layer0 = (ticks + 63) >> 6
    layer1 = (layer0 + 63) >> 6
    full = ~np.uint64(0)
    word = position >> 6
    bits = words[word] & (full << np.uint64(position & 63))
    if bits != 0:
        return (word << 6) + lowest_bit(bits)
    word += 1
    if word >= layer0:
        return -1
    upper = word >> 6
    bits = words[layer0 + upper] & (full << np.uint64(word & 63))
    if bits == 0:
        upper += 1
        if upper >= layer1:
            return -1
        bits = words[layer0 + layer1] & (full << np.uint64(upper & 63))
        if bits == 0:
            return -1
        upper = lowest_bit(bits)
        bits = words[layer0 + upper]
    word = (upper << 6) + lowest_bit(bits)
    return (word << 6) + lowest_bit(words[word])


@kernel
def next_below(words, ticks, position):
    """Return the highest occupied position at or below `position`, or -1."""
    if position < 0:
        return -1
    layer0 = (ticks + 63) >> 6
    layer1 = (layer0 + 63) >> 6
    full = ~np.uint64(0)
    word = position >> 6
    bits = words[word] & (full >> np.uint64(63 - (position & 63)))
    if bits != 0:
        return (word << 6) + highest_bit(bits)
    word -= 1
    if word < 0:
        return -1
    upper = word >> 6
    bits = words[layer0 + upper] & (full >> np.uint64(63 - (word & 63)))
    if bits == 0:
        upper -= 1
        if upper < 0:
            return -1
        bits = words[layer0 + layer1] & (full >> np.uint64(63 - (upper & 63)))
        if bits == 0:
            return -1
        upper = highest_bit(bits)
        bits = words[layer0 + upper]
    word = (upper << 6) + highest_bit(bits)
    return (word << 6) + highest_bit(words[word])
