"""The hours of a day at one place: what is burnt, what terminals send out, what the pipes hold, who is cut at the peak.

Gas from afar comes evenly, less what is turned back by night. Terminals next door follow the hours, and the line pack,
the gas that the pipes hold more or less than they should, takes the rest. It knows no network: a day's flows are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exchange.units import HOURS_PER_DAY

Hourly = np.ndarray
"""An array of shape (24,)."""

TOLERANCE_M3 = 1e-3
"""What an hour may miss in its balance, in m3 of gas: sums of floats."""


@dataclass(frozen=True, eq=False)
class Hours:
    """One place's day, in m3 of gas by hour. `line_pack_m3` is that at the end of each hour, over what it should be.

    In each hour from afar + send-out - turned back = demand - unserved + the change of the line pack.
    """

    demand_m3: Hourly
    from_afar_m3: Hourly
    send_out_m3: Hourly
    most_m3: float
    line_pack_m3: Hourly
    unserved_m3: Hourly
    turned_back_m3: Hourly

    def check(self) -> None:
        """Raise ArithmeticError where an hour does not balance, or sends out what it cannot."""
        change = np.diff(self.line_pack_m3, prepend=0.0)
        inflow = self.from_afar_m3 + self.send_out_m3 - self.turned_back_m3
        left = inflow - (self.demand_m3 - self.unserved_m3) - change
        low, high = self.send_out_m3.min(), self.send_out_m3.max()
        if np.abs(left).max() > TOLERANCE_M3 or low < -TOLERANCE_M3 or high > self.most_m3 + TOLERANCE_M3:
            raise ArithmeticError(f"an hour does not balance: {left.tolist()}")


def hours(demand_m3: Hourly, from_afar_m3: Hourly, most_m3: float, line_pack_m3: float) -> Hours:
    """Return the day that serves most of the demand, and of those the one whose send-out varies least.

    Terminals next door send out what the day lacks, at most `most_m3` an hour; the line pack stays within half of
    `line_pack_m3` to each side and ends the day as it began. Where that cannot be, demand is cut in the hour in which
    there is no help, and gas from afar turned back that no pipe can hold. Then the send-out of the day is less by the
    one, more by the other. All flows are in m3 of gas.
    """
    half = line_pack_m3 / 2
    unserved, turned_back = np.zeros(HOURS_PER_DAY), np.zeros(HOURS_PER_DAY)
    need = low = high = 0.0
    needs = np.zeros(HOURS_PER_DAY + 1)
    for hour, wanted in enumerate(demand_m3.tolist()):
        room = 0.0 if hour == HOURS_PER_DAY - 1 else half
        need += wanted - from_afar_m3[hour]
        high += most_m3
        if need - room > high:
            unserved[hour] = need - room - high
            need = high + room
        elif need + room < low:
            turned_back[hour] = low - need - room
            need = low - room
        low, high = max(low, need - room), min(high, need + room)
        needs[hour + 1] = need
    rooms = np.full(HOURS_PER_DAY + 1, half)
    rooms[[0, -1]] = 0.0
    total = taut(needs - rooms, needs + rooms)
    sent = np.diff(total)
    return Hours(demand_m3, from_afar_m3, sent, most_m3, total[1:] - needs[1:], unserved, turned_back)


def taut(low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the path within a corridor whose steps vary least: a string pulled tight from end to end.

    It minimises every convex sum over its steps, the largest one and the smallest one too. Both arrays have shape
    (n + 1,) and agree at both ends.
    """
    path = [float(low[0])]
    last = len(low) - 1
    while len(path) <= last:
        at, level = len(path) - 1, path[-1]
        slope, until = _straight(low, high, at, level, last)
        path += [level + slope * (k - at) for k in range(at + 1, until + 1)]
    return np.array(path)


def _straight(
    low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray, at: int, level: float, last: int
) -> tuple[float, int]:
    """Return the slope of the next straight piece and where it ends."""
    steepest, flattest = np.inf, -np.inf
    steep_at = flat_at = at + 1
    for k in range(at + 1, last + 1):
        over, under = (high[k] - level) / (k - at), (low[k] - level) / (k - at)
        if under > steepest:
            return steepest, steep_at
        if over < flattest:
            return flattest, flat_at
        if over <= steepest:
            steepest, steep_at = over, k
        if under >= flattest:
            flattest, flat_at = under, k
    return (steepest, steep_at) if steep_at == last else (flattest, flat_at)


def profile(shares: Sequence[float]) -> Hourly:
    """Return the shares of a day by hour, which sum to 1, from factors around 1."""
    found = np.asarray(shares, float)
    return np.asarray(found / found.sum())
