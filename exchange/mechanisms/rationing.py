"""Who gets what where more is wanted than there is at one price: by time, or in proportion.

It shares whole units; it sets no price.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum


class Rationing(Enum):
    """How units are shared among equals.

    TIME: whole, to those who came first. PRO_RATA: in proportion to what was asked for, whole units by largest
    remainder, of equal remainders to those who came first.
    """

    TIME = "time"
    PRO_RATA = "pro_rata"


def ration(wanted: Sequence[int], total: int, rule: Rationing = Rationing.TIME) -> list[int]:
    """Share `total` units among equals who want `wanted`, in the order in which they came.

    Nobody gets more than he wants, and all is shared out. Raises ValueError where more is shared than is wanted.
    """
    asked = sum(wanted)
    if not 0 <= total <= asked:
        raise ValueError(f"{total} units to share, but {asked} are wanted")
    if rule is Rationing.TIME:
        shares = []
        for quantity in wanted:
            shares.append(min(quantity, total))
            total -= shares[-1]
        return shares
    if total == 0:
        return [0] * len(wanted)
    shares = [total * quantity // asked for quantity in wanted]
    remainders = sorted(range(len(wanted)), key=lambda i: (-(total * wanted[i] % asked), i))
    for i in remainders[: total - sum(shares)]:
        shares[i] += 1
    return shares


def fill(
    ranks: Sequence[int], wanted: Sequence[int], total: int, rule: Rationing = Rationing.TIME
) -> list[int]:
    """Share `total` units: the lowest rank first, each rank whole while it lasts, the last one by `rule`.

    Raises ValueError where more is shared than is wanted.
    """
    filled = [0] * len(wanted)
    of_rank: dict[int, list[int]] = {}
    for i, rank in enumerate(ranks):
        of_rank.setdefault(rank, []).append(i)
    for _, members in sorted(of_rank.items()):
        share = min(total, sum(wanted[i] for i in members))
        for i, got in zip(members, ration([wanted[i] for i in members], share, rule), strict=True):
            filled[i] = got
        total -= share
    if total:
        raise ValueError(f"{total} units more to share than are wanted")
    return filled
