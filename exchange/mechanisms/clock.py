"""A price clock: it moves by steps, one side leaves, the other enters, and it stops where they balance.

It knows steps, not prices, so that it serves the clock that rises (uplift.py) and the one that falls (downward.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.mechanisms.rationing import Rationing, fill


@dataclass(frozen=True)
class Stop:
    """Where the clock stopped, and what each of those who leave and of those who enter got."""

    step: int
    stayed: tuple[int, ...]
    entered: tuple[int, ...]


def run_clock(
    last_steps: Sequence[int],
    wanted: Sequence[int],
    first_steps: Sequence[int],
    offered: Sequence[int],
    rationing: Rationing,
) -> Stop:
    """Move from step 0 until no more is wanted than offered, and share out what trades.

    One side wants `wanted` units each and is in from step 0 to its last step (negative: never); the other offers
    `offered` from its first step on. Let k be the first step at which wanted <= offered. The sale is struck at k, or
    one step before where at least as much trades there: that is the price that those who left last would still have
    paid. Those who stayed longest are filled first; of those who would have left together, by `rationing`. Those who
    entered first are filled first, of equals the one who came first. Where the clock has an end, nobody stays beyond
    it: the caller cuts their last steps, and at the end they are equals.
    """

    def still_wanted(step: int) -> int:
        return sum(q for last, q in zip(last_steps, wanted, strict=True) if last >= step)

    def on_offer(step: int) -> int:
        return sum(q for first, q in zip(first_steps, offered, strict=True) if first <= step)

    def volume(step: int) -> int:
        return min(still_wanted(step), on_offer(step))

    beyond = max(last_steps, default=-1) + 1
    step = bisect_left(range(max(0, beyond)), True, key=lambda k: still_wanted(k) <= on_offer(k))
    if step > 0 and volume(step) <= volume(step - 1):
        step -= 1
    total = volume(step)
    stayed = fill(
        [-last for last in last_steps],
        [q if last >= step else 0 for last, q in zip(last_steps, wanted, strict=True)],
        total,
        rationing,
    )
    entered = fill(
        first_steps, [q if first <= step else 0 for first, q in zip(first_steps, offered, strict=True)], total
    )
    return Stop(step, tuple(stayed), tuple(entered))
