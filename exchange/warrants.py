"""The registry of standard warrants: inspected oil in a base's tank, in whole lots, and whose it is.

It moves no oil and no money. What is in the tanks it is told by `oil_bbl`, and never holds more warrants than that.
Owners are numbers of accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from exchange.clearing.rules import Array
from exchange.clearing.shares import pro_rata
from exchange.units import BBL_PER_SC_LOT


class WarrantRefused(ValueError):
    """Say why the registry refused; nothing has changed in it."""


@dataclass(frozen=True)
class Warrant:
    """Hold lots of one grade at one base under one number; `pledged` while they are presented for delivery."""

    number: int
    owner: int
    base: str
    grade: str
    lots: int
    pledged: bool = False


class WarrantRegistry:
    """Register, split, hand over, pledge and cancel warrants.

    `oil_bbl` gives the inspected oil in the tanks of a base, in barrels. Counts of lots by way of life:
    registered - cancelled = outstanding, always.
    """

    def __init__(self, oil_bbl: Callable[[str], int], *, lot_bbl: int = BBL_PER_SC_LOT) -> None:
        self._oil_bbl, self.lot_bbl = oil_bbl, lot_bbl
        self._warrants: dict[int, Warrant] = {}
        self._next = 1
        self.registered_lots = self.cancelled_lots = 0

    def register(self, owner: int, base: str, grade: str, lots: int) -> Warrant:
        """Issue a warrant for oil in tank. Raises WarrantRefused when the tanks have not so much beyond warrants."""
        if lots < 1:
            raise WarrantRefused("a warrant is for 1 lot or more")
        free = self._oil_bbl(base) - self.lots_at(base) * self.lot_bbl
        if lots * self.lot_bbl > free:
            raise WarrantRefused(
                f"{base}: {free:,} bbl without warrant, {lots * self.lot_bbl:,} bbl asked for"
            )
        self.registered_lots += lots
        return self._add(owner, base, grade, lots)

    def transfer(self, number: int, to: int, lots: int | None = None) -> Warrant:
        """Hand lots of a warrant (all: None) to another owner, free of any pledge; return what that owner now has.

        The price between the two is theirs. A part gets a number of its own.
        """
        part = self._take(number, lots)
        return self._add(to, part.base, part.grade, part.lots)

    def cancel(self, number: int, lots: int | None = None) -> int:
        """End lots of a warrant (all: None), so that the oil can be loaded out; return the barrels."""
        if self[number].pledged:
            raise WarrantRefused(f"warrant {number} is pledged for delivery")
        lots = self._take(number, lots).lots
        self.cancelled_lots += lots
        return lots * self.lot_bbl

    def pledge(self, number: int, lots: int | None = None) -> Warrant:
        """Present lots of a warrant for delivery: they cannot be cancelled or pledged again. Return them."""
        old = self[number]
        if old.pledged:
            raise WarrantRefused(f"warrant {number} is pledged for delivery")
        part = self._take(number, lots)
        return self._add(part.owner, part.base, part.grade, part.lots, pledged=True)

    def free(self, number: int) -> Warrant:
        """Give a pledged warrant back to its owner's free use."""
        self._warrants[number] = replace(self[number], pledged=False)
        return self._warrants[number]

    def write_down(self, base: str) -> int:
        """Cancel lots until warrants are covered by the oil in tank again; return how many.

        All warrants at the base lose in proportion to their lots, by largest remainder (an assumption; a base that
        keeps its bond makes losses good).
        """
        here = [warrant for warrant in self._warrants.values() if warrant.base == base]
        held = np.array([warrant.lots for warrant in here], np.int64)
        excess = max(0, int(held.sum()) - self._oil_bbl(base) // self.lot_bbl)
        for warrant, lots in zip(here, pro_rata(excess, held).tolist(), strict=True):
            if lots:
                self._warrants[warrant.number] = replace(warrant, lots=warrant.lots - lots)
                if lots == warrant.lots:
                    del self._warrants[warrant.number]
        self.cancelled_lots += excess
        return excess

    def __contains__(self, number: int) -> bool:
        return number in self._warrants

    def __getitem__(self, number: int) -> Warrant:
        if number not in self._warrants:
            raise WarrantRefused(f"no warrant has the number {number}")
        return self._warrants[number]

    def all(self) -> list[Warrant]:
        """Return all warrants, oldest number first."""
        return [self._warrants[number] for number in sorted(self._warrants)]

    def of(self, owner: int) -> list[Warrant]:
        """Return an owner's warrants, oldest number first."""
        return [warrant for warrant in self.all() if warrant.owner == owner]

    def lots_at(self, base: str) -> int:
        """Return the lots outstanding at a base."""
        return sum(warrant.lots for warrant in self._warrants.values() if warrant.base == base)

    def lots_of(self, owner: int) -> int:
        """Return an owner's lots."""
        return sum(warrant.lots for warrant in self._warrants.values() if warrant.owner == owner)

    def lots_by_owner(self, accounts: int) -> Array:
        """Return the lots of each account, shape (accounts,)."""
        lots = np.zeros(accounts, np.int64)
        for warrant in self._warrants.values():
            lots[warrant.owner] += warrant.lots
        return lots

    def check(self) -> None:
        """Raise AssertionError unless lots balance and every base has the oil of its warrants."""
        outstanding = sum(warrant.lots for warrant in self._warrants.values())
        if self.registered_lots - self.cancelled_lots != outstanding:
            raise AssertionError(
                f"{outstanding} lots, registered {self.registered_lots}, cancelled {self.cancelled_lots}"
            )
        for base in sorted({warrant.base for warrant in self._warrants.values()}):
            if self.lots_at(base) * self.lot_bbl > self._oil_bbl(base):
                raise AssertionError(f"{base}: more warrants than oil in tank")

    def _add(self, owner: int, base: str, grade: str, lots: int, *, pledged: bool = False) -> Warrant:
        warrant = Warrant(self._next, owner, base, grade, lots, pledged)
        self._warrants[self._next] = warrant
        self._next += 1
        return warrant

    def _take(self, number: int, lots: int | None) -> Warrant:
        warrant = self[number]
        lots = warrant.lots if lots is None else lots
        if not 1 <= lots <= warrant.lots:
            raise WarrantRefused(f"warrant {number} has {warrant.lots} lots, {lots} asked for")
        if lots == warrant.lots:
            del self._warrants[number]
        else:
            self._warrants[number] = replace(warrant, lots=warrant.lots - lots)
        return replace(warrant, lots=lots)
