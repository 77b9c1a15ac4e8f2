"""What a physical trader sees of the order books, and how its orders reach them.

It is a protocol and holds no book: the composing world answers it from the compiled books.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth


@dataclass(frozen=True)
class Fill:
    """A part of an order that traded. `price` is in the venue's currency per barrel, `month` None for one series."""

    venue: Venue
    side: Side
    quantity_lots: int
    price: float
    at_ns: int
    month: ContractMonth | None = None


class CrudeMarket(Protocol):
    """Give quotes, take orders, return fills."""

    def months(self, venue: Venue) -> tuple[ContractMonth, ...]:
        """Return the delivery months of a venue that trade apart, nearest first; none where it is one series."""
        ...

    def is_open(self, venue: Venue) -> bool:
        """Tell whether the venue trades continuously now."""
        ...

    def quote(self, venue: Venue, month: ContractMonth | None = None) -> tuple[float, float]:
        """Return best bid and best ask of a month (None: the main one) in the venue's currency per barrel.

        nan stands for an empty side.
        """
        ...

    def submit(
        self,
        account: int | str,
        venue: Venue,
        side: Side,
        quantity_lots: int,
        limit_price: float | None,
        month: ContractMonth | None = None,
    ) -> None:
        """Send an order that enters at the next lattice point, fills what it can and kills the rest."""
        ...

    def fills(self, account: int | str) -> list[Fill]:
        """Return the account's fills since the last time it asked."""
        ...
