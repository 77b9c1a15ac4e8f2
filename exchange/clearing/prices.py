"""Settlement prices of the months of a product, with and without trades, and whether a month closed at its limit.

It averages no trades: the volume-weighted price of a month that traded is exchange/limits.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exchange.clearing.rules import Array
from exchange.units import NS_PER_MINUTE


@dataclass(frozen=True)
class MonthDay:
    """Hold what is known of a listed month at a day's end, in ticks; `traded_ticks` is None without trades.

    `locked_ticks` is the limit at which bids alone (or offers alone) stood at the close of a day without trades.
    """

    previous_ticks: int
    traded_ticks: int | None = None
    low_ticks: int = 1
    high_ticks: int = 2**31 - 1
    locked_ticks: int | None = None


def settle_months(months: Sequence[MonthDay], *, by_percent: bool = False) -> list[int]:
    """Return the settlement prices of a product's months, nearest delivery first, in ticks.

    Traded: its mean price. Not traded but closed with bids or offers alone at a limit: that limit. Else the previous
    settlement moved by the change of the nearest month that traded, the earlier of two as near: in ticks, or in
    proportion with `by_percent` (half a tick up); within the month's limits. Nothing traded: the previous
    settlement. Source: assumption: domain knowledge (previous settlement plus the change of a benchmark month).
    """
    traded = [place for place, month in enumerate(months) if month.traded_ticks is not None]
    settled = []
    for place, month in enumerate(months):
        if month.traded_ticks is not None:
            settled.append(month.traded_ticks)
        elif month.locked_ticks is not None:
            settled.append(month.locked_ticks)
        elif not traded:
            settled.append(month.previous_ticks)
        else:
            nearest = months[min(traded, key=lambda other: (abs(other - place), other))]
            settled.append(_moved(month, nearest, by_percent))
    return settled


def _moved(month: MonthDay, benchmark: MonthDay, by_percent: bool) -> int:
    assert benchmark.traded_ticks is not None
    price = month.previous_ticks + benchmark.traded_ticks - benchmark.previous_ticks
    if by_percent:
        doubled = 2 * month.previous_ticks * benchmark.traded_ticks + benchmark.previous_ticks
        price = doubled // (2 * benchmark.previous_ticks)
    return max(month.low_ticks, min(month.high_ticks, price))


class LastMinutes:
    """Keep how a month stands at each whole minute of a day, to tell at its close whether it is locked.

    It looks once a minute where `locked_way` looks at every quote; a trade off the limit shows in turnover and volume.
    """

    def __init__(self, limits_ticks: tuple[int, int], minutes: int) -> None:
        self._limits, self._window_ns = limits_ticks, minutes * NS_PER_MINUTE
        self._seen: deque[tuple[int, int, int, int]] = deque(maxlen=minutes + 1)

    def note(
        self,
        at_ns: int,
        bid_ticks: int | None,
        ask_ticks: int | None,
        volume_lots: int,
        turnover_tick_lots: int,
    ) -> None:
        """Note best bid and ask (None: nobody) and the day's volume and turnover so far."""
        low, high = self._limits
        way = 1 if ask_ticks is None and bid_ticks == high else 0
        way = -1 if bid_ticks is None and ask_ticks == low else way
        self._seen.append((at_ns, way, volume_lots, turnover_tick_lots))

    def locked_way(self, close_ns: int) -> int:
        """Tell whether the month closed locked: +1 at its upper limit, -1 at its lower, else 0.

        All of the last minutes, the close with them, stand the same way, and
        turnover = limit x volume of what traded between the first of them and the close.
        """
        seen = [row for row in self._seen if close_ns - self._window_ns <= row[0] <= close_ns]
        if not seen or (seen[0][0], seen[-1][0]) != (close_ns - self._window_ns, close_ns):
            return 0
        (_, way, volume, turnover), (_, _, last_volume, last_turnover) = seen[0], seen[-1]
        limit = self._limits[1 if way > 0 else 0]
        at_limit = last_turnover - turnover == limit * (last_volume - volume)
        return way if at_limit and all(row[1] == way for row in seen) else 0


def locked_way(
    at_ns: Array,
    quotes: Array,
    limits_ticks: tuple[int, int],
    close_ns: int,
    *,
    trades_ns: Array | None = None,
    trades_ticks: Array | None = None,
    window_ns: int = 5 * NS_PER_MINUTE,
) -> int:
    """Tell whether a month closed locked: +1 at its upper limit, -1 at its lower, else 0.

    Up: at every moment of the last five minutes there are bids at the upper limit and no offers, and whatever
    traded did so at the limit, so that an offer was taken at once without opening it. Down is the mirror image.
    `quotes` are QUOTE rows, in force from `at_ns` (int64, rising) to the next; the one in force when the window
    opens counts. Source: assumption: domain knowledge of INE's risk rules.
    """
    start = close_ns - window_ns
    first = int(np.searchsorted(at_ns, start, "right")) - 1
    if first < 0:
        return 0
    seen = quotes[first : int(np.searchsorted(at_ns, close_ns, "right"))]
    prices = np.zeros(0, np.int64)
    if trades_ns is not None and trades_ticks is not None:
        prices = trades_ticks[(trades_ns >= start) & (trades_ns <= close_ns)]
    for way, own, other in ((1, "bid", "ask"), (-1, "ask", "bid")):
        limit = limits_ticks[1] if way > 0 else limits_ticks[0]
        standing = (seen[f"{own}_quantity"] > 0) & (seen[own] == limit)
        if (standing & (seen[f"{other}_quantity"] == 0)).all() and (prices == limit).all():
            return way
    return 0
