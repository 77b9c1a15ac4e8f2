"""The quality of a published index, as IOSCO's principles for price reporting ask for it: on what trades it rests.

It judges no value; it counts what stands behind values, period by period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Contribution:
    """A trade or report behind an index: its day, its parties (a buyer where it is known) and its tonnes."""

    day: date
    seller: str
    buyer: str
    volume_t: float


@dataclass(frozen=True)
class PeriodQuality:
    """Tell of a period: values, how many rest on trades of their own, and who stands behind them.

    `trade_backed_share` of the values; `days_without_trades` counts values that were carried; `parties` are different
    sellers and buyers; `seller_hhi` = sum of squared shares of sellers' tonnes, from 1 / sellers to 1 (0 without any);
    `largest_share` is that of the `largest` seller.
    """

    period: str
    values: int
    trade_backed_share: float
    days_without_trades: int
    trades: int
    sellers: int
    parties: int
    seller_hhi: float
    largest: str
    largest_share: float


def by_month(
    values: Sequence[tuple[date, bool]], contributions: Iterable[Contribution]
) -> list[PeriodQuality]:
    """Return the quality of each calendar month in which a value was published.

    `values` are (day to which the value belongs, whether it was carried); a contribution counts in its own month.
    """
    behind: dict[str, list[Contribution]] = {}
    for one in contributions:
        behind.setdefault(f"{one.day:%Y-%m}", []).append(one)
    found = []
    for month in sorted({f"{day:%Y-%m}" for day, _ in values}):
        carried = [carried for day, carried in values if f"{day:%Y-%m}" == month]
        found.append(_quality(month, carried, behind.get(month, [])))
    return found


def _quality(month: str, carried: Sequence[bool], behind: Sequence[Contribution]) -> PeriodQuality:
    by_seller: dict[str, float] = {}
    for one in behind:
        by_seller[one.seller] = by_seller.get(one.seller, 0.0) + one.volume_t
    whole = sum(by_seller.values())
    shares = {name: volume / whole for name, volume in by_seller.items()} if whole > 0 else {}
    largest = max(shares, key=lambda name: (shares[name], name), default="")
    return PeriodQuality(
        period=month,
        values=len(carried),
        trade_backed_share=1.0 - sum(carried) / len(carried),
        days_without_trades=sum(carried),
        trades=len(behind),
        sellers=len(by_seller),
        parties=len(by_seller.keys() | {one.buyer for one in behind if one.buyer}),
        seller_hhi=sum(share**2 for share in shares.values()),
        largest=largest,
        largest_share=shares.get(largest, 0.0),
    )
