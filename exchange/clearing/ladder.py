"""The days after a locked one: limit, margin, and what comes after the third. It detects no lock (prices.py).

It holds one month's count of days locked the same way, and chooses nothing that the caller has not told it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from exchange.limits import limit_after_locked_days, margin_after_locked_days


class AfterThird(Enum):
    """What the exchange does when a third day has closed locked the same way."""

    TRADE_ON = "the fourth day trades, with the third day's limit and margin"
    HALT_AND_RETURN = "the fourth day is halted, the fifth trades again"
    REDUCE = "positions are reduced by force after the third day's close, and the count begins anew"
    HALT_AND_REDUCE = "the fourth day is halted, and positions are reduced at its close"


@dataclass(frozen=True)
class LockedDays:
    """Count days that closed locked one way: `way` is +1, -1 or 0, `days` how many in a row.

    `halted` says that the halt which may follow the third day is over.
    """

    way: int = 0
    days: int = 0
    halted: bool = False

    def after(self, way: int) -> LockedDays:
        """Return the count after another day; a lock the other way is a first day."""
        if way == 0:
            return LockedDays()
        return LockedDays(way, self.days + 1, self.halted) if way == self.way else LockedDays(way, 1)

    def over_halt(self) -> LockedDays:
        """Return the count after a day on which nothing could trade."""
        return LockedDays(self.way, self.days, True)


@dataclass(frozen=True)
class Terms:
    """State the day's limit and margins in percent, whether it trades, and whether its close reduces positions."""

    limit_percent: int
    margin_spec_percent: int
    margin_hedge_percent: int
    halted: bool = False
    reduce_now: bool = False


def terms_after(
    locked: LockedDays,
    *,
    limit_percent: int,
    margin_spec_percent: int,
    margin_hedge_percent: int,
    steps_percent: Sequence[int] = (3, 5),
    above_percent: int = 2,
    after_third: AfterThird = AfterThird.TRADE_ON,
) -> Terms:
    """Return the terms of the day that follows, given the days locked so far, while the base stays as it is.

    Limit: base + the step of that many days. Margin: that limit + 2 points, or the usual if higher. After the third
    day `after_third` decides; `reduce_now` asks for the reduction before the day that these terms are for, after
    which the caller counts anew.
    Source: limit steps from prints of 2020 and 2026; margin and what follows the third day: assumption: domain
    knowledge of INE's risk rules.
    """
    stepped = limit_after_locked_days(limit_percent, locked.days, steps_percent, first_percent=limit_percent)
    spec, hedge = (
        margin_after_locked_days(percent, stepped, locked.days, above_percent)
        for percent in (margin_spec_percent, margin_hedge_percent)
    )
    if locked.days < 3:
        return Terms(stepped, spec, hedge)
    halts = after_third in (AfterThird.HALT_AND_RETURN, AfterThird.HALT_AND_REDUCE)
    if halts and not locked.halted:
        return Terms(stepped, spec, hedge, halted=True)
    if after_third in (AfterThird.REDUCE, AfterThird.HALT_AND_REDUCE):
        return Terms(limit_percent, margin_spec_percent, margin_hedge_percent, reduce_now=True)
    return Terms(stepped, spec, hedge)
