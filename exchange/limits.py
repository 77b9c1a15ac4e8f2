"""Price limits and settlement prices in integer ticks.

It holds the arithmetic, not the figures (the rulebook) and not the moment at which they apply (the venue).
"""

from __future__ import annotations

from collections.abc import Sequence


def price_limits(previous_settlement_ticks: int, percent: int) -> tuple[int, int]:
    """Return the lowest and the highest price of a day, in ticks.

    floor(settlement x (100 -+ percent) / 100), both floored to the tick, so that the low may be a little
    further away than `percent`. Integers throughout: in floats one price in seventy is a tick off.
    Source: twelve limit prints of SC, 2020-2026.
    """
    low = previous_settlement_ticks * (100 - percent) // 100
    high = previous_settlement_ticks * (100 + percent) // 100
    return low, high


def limit_after_locked_days(
    percent: int,
    locked_days: int,
    steps_percent: Sequence[int],
    *,
    first_percent: int,
    ceiling_percent: int = 20,
) -> int:
    """Return the limit, in percent, of the day after `locked_days` days locked the same way.

    max(percent, min(ceiling, x + step)): `percent` is the day's usual limit, x the usual one of the first locked day
    (`first_percent`), step the first after one day, the last after more. After none the usual limit.
    """
    if locked_days == 0 or not steps_percent:
        return percent
    step = steps_percent[min(locked_days, len(steps_percent)) - 1]
    return max(percent, min(ceiling_percent, first_percent + step))


def margin_after_locked_days(
    percent: int, stepped_limit_percent: int, locked_days: int, above_percent: int
) -> int:
    """Return the margin, in percent, after `locked_days` days locked the same way: the next limit + `above_percent`.

    Never less than the usual margin; that alone after a day that was not locked.
    """
    return max(percent, stepped_limit_percent + above_percent) if locked_days else percent


def settlement_price_ticks(turnover_ticks_lots: int, volume_lots: int, previous_settlement_ticks: int) -> int:
    """Return the day's settlement price: the mean price of all trades weighted by volume, in whole ticks.

    `turnover_ticks_lots` is the sum of price x quantity. Half a tick rounds up (an assumption). The previous
    settlement stands in when nothing traded.
    """
    if volume_lots == 0:
        return previous_settlement_ticks
    return (2 * turnover_ticks_lots + volume_lots) // (2 * volume_lots)


def delivery_settlement_ticks(last_settlements_ticks: Sequence[int], days: int = 5) -> int:
    """Return the delivery settlement price: the mean of the settlements of the last days, half a tick rounded up.

    Source: domain knowledge of INE's delivery rules (five days). Raises ValueError when there are none.
    """
    last = list(last_settlements_ticks)[-days:]
    if not last:
        raise ValueError("no settlement price to average")
    return settlement_price_ticks(sum(last), len(last), 0)
