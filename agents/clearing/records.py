"""What the clearing of a market leaves day by day: money, calls and forced lots, months, reports, and who traded.

They are plain records; scenarios/tables.py makes frames of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from exchange.clearing.closing import Reason
from exchange.clearing.codes import Refusal
from exchange.clearing.rules import Array, Participant
from exchange.codes import Side
from exchange.venue import Month


@dataclass(frozen=True)
class ProductDay:
    """One product's day at the house. An account counts at the product in which most of its margin is.

    `forced_...` are the orders that the day's sessions were to fill; calls are those of the day's settlement.
    """

    trading_day: date
    product: str
    margin_fen: int
    fees_fen: int
    holders: int
    called_accounts: int
    call_fen: int
    paid_fen: int
    suspended_accounts: int
    forced_asked_lots: dict[Reason, int]
    forced_filled_lots: dict[Reason, int]
    defaults: int
    deficit_fen: int
    uncovered_fen: int
    reduced_lots: int
    cash_settled_lots: int
    warning_level: int


@dataclass(frozen=True)
class MonthDay:
    """One month's day: the limit of its trading, and the margins at which its close was cleared."""

    trading_day: date
    product: str
    month: str
    settlement_ticks: int
    volume_lots: int
    open_interest_lots: int
    limit_percent: int | None
    margin_spec_percent: int
    margin_hedge_percent: int
    locked_days: int


@dataclass(frozen=True)
class LargePosition:
    """A position that had to be reported after a close: `lots` of a side, of a limit of `limit_lots`."""

    trading_day: date
    product: str
    month: str
    account: int
    kind: Participant
    side: Side
    lots: int
    limit_lots: int


@dataclass(frozen=True)
class RefusedOrders:
    """Orders of a day that a limit at entry refused or cut, in one month for one reason."""

    trading_day: date
    product: str
    month: str
    reason: Refusal
    orders: int


class Refusals:
    """Keep the refused orders of each day, from a count by book and reason that only grows."""

    def __init__(self, counted: Array) -> None:
        self._before = counted.copy()
        self.rows: list[RefusedOrders] = []

    def add(self, day: date, product: str, month: str, book: int, counted: Array) -> None:
        """Keep what a book's count has grown by since it was last asked for."""
        new = counted[book] - self._before[book]
        self._before[book] = counted[book]
        self.rows += [
            RefusedOrders(day, product, month, Refusal(code), int(new[code]))
            for code in np.flatnonzero(new).tolist()
        ]


@dataclass
class _Sums:
    volume: Array = field(default_factory=lambda: np.zeros(len(Participant), np.int64))
    held: Array = field(default_factory=lambda: np.zeros(len(Participant), np.int64))


class Participation:
    """Sum lots traded and lots held over the days of a calendar month, by kind of account, both sides counted."""

    def __init__(self, kind: Array) -> None:
        self._kind = kind
        self._sums: dict[tuple[str, str], _Sums] = {}

    def add(self, day: date, product: str, traded_lots: Array, net_lots: Array) -> None:
        """Add what all accounts traded and held of one delivery month on a day."""
        sums = self._sums.setdefault((f"{day:%Y-%m}", product), _Sums())
        np.add.at(sums.volume, self._kind, traded_lots)
        np.add.at(sums.held, self._kind, np.abs(net_lots))

    def rows(self) -> Iterator[tuple[str, str, Participant, int, int]]:
        """Yield month, product, kind, lots traded and lot-days held."""
        for (month, product), sums in self._sums.items():
            for kind in Participant:
                yield month, product, kind, int(sums.volume[kind]), int(sums.held[kind])


def name_of(month: Month, main: str) -> str:
    """Return a month's name, `main` for a product that trades as one series."""
    return main if month is None else str(month)
