"""Warrants of oil whose owners have no account in the crude world: registered when they are short, ended afterwards.

It decides no sale: who is short, and of how much, the exchange says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from agents.crude.bases import DeliveryBase
from agents.crude.parameters import COMMERCIAL
from exchange.units import BBL_PER_SC_LOT
from exchange.warrants import WarrantRegistry


class CommercialWarrants:
    """Put commercial oil under warrant for accounts that are not `known` here: at each base a share of it at most."""

    def __init__(
        self,
        bases: Mapping[str, DeliveryBase],
        registry: WarrantRegistry,
        known: set[int],
        share: float,
        paid_at: Callable[[str], float] = lambda base: 0.0,
    ) -> None:
        self._paid_at = paid_at
        self._bases, self._registry, self._known, self._share = bases, registry, known, share

    def room_lots(self, account: int) -> int:
        """Return what could still be put under warrant for an account, with what it has under warrant already."""
        return sum(self._room().values()) + self._registry.lots_of(account)

    def _room(self) -> dict[str, int]:
        return {
            name: int(base.holdings[COMMERCIAL].stock_bbl * self._share) // BBL_PER_SC_LOT
            - base.holdings[COMMERCIAL].inspected_bbl // BBL_PER_SC_LOT
            for name, base in self._bases.items()
        }

    def register(self, wanted_lots: Mapping[int, int]) -> None:
        """Register what each account is short of, as far as there is oil.

        Bases that are paid most come first (`paid_at`, CNY/bbl), of those alike the fullest.
        """
        room = self._room()
        for account, lots in wanted_lots.items():
            if account in self._known:
                continue
            left = lots - self._registry.lots_of(account)
            for name in sorted(room, key=lambda each: (-self._paid_at(each), -room[each], each)):
                part = min(left, room[name])
                if part > 0:
                    base = self._bases[name]
                    base.inspect(COMMERCIAL, part * BBL_PER_SC_LOT)
                    self._registry.register(account, name, base.grade, part)
                    room[name] -= part
                    left -= part

    def release(self, accounts: Iterable[int]) -> None:
        """Cancel the warrants of accounts that are not pledged: their oil can be loaded out again."""
        for account in accounts:
            for warrant in self._registry.of(account):
                if not warrant.pledged:
                    self._registry.cancel(warrant.number)
                    self._bases[warrant.base].release(COMMERCIAL, warrant.lots * BBL_PER_SC_LOT)
