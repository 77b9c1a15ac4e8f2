"""The supply of deliverable grades: which grade a cargo is, and what traders find beside the given imports.

Which grades there are on a day, where they load and whether inside the strait, the rulebook says; a price difference
between grades is taken to be the exchange's differential.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.crude.parameters import GradeParameters
from exchange.terms import Grade


class GradeSupply:
    """Deal grades to given imports in turns, by share, and count what has run up for traders.

    A grade's spot supply grows by `spot_bbl_per_day` to `spot_days` of it, less what a closed strait holds back.
    """

    def __init__(self, figures: Mapping[str, GradeParameters]) -> None:
        self._figures = figures
        self._due = dict.fromkeys(figures, 0.0)
        self._spot_bbl = {name: each.spot_bbl_per_day * each.spot_days for name, each in figures.items()}

    def next_import(self, listed: Mapping[str, Grade]) -> str:
        """Return the grade of the next given cargo: the listed one most in arrears to its share."""
        shares = {name: each.share for name, each in self._figures.items() if name in listed and each.share}
        if not shares:
            raise LookupError("no grade that can be delivered has a share of imports")
        total = sum(shares.values())
        for name, share in shares.items():
            self._due[name] += share / total
        chosen = max(shares, key=self._due.__getitem__)
        self._due[chosen] -= 1.0
        return chosen

    def find(self, bbl: int, listed: Mapping[str, Grade], share_lost: float) -> str | None:
        """Return the listed grade of which most is to be had, if it makes a cargo of `bbl`."""
        left = {name: self._left(name, share_lost, listed) for name in self._figures if name in listed}
        best = max(left, key=left.__getitem__, default=None)
        return best if best is not None and left[best] >= bbl else None

    def take(self, grade: str, bbl: int) -> None:
        """Count barrels that a trader has bought; negative to give them back."""
        self._spot_bbl[grade] -= bbl

    def pass_day(self, listed: Mapping[str, Grade], share_lost: float) -> None:
        """Let a day's supply run up."""
        for name, each in self._figures.items():
            lost = share_lost if name in listed and listed[name].inside_hormuz else 0.0
            grown = self._spot_bbl[name] + int(each.spot_bbl_per_day * (1 - lost))
            self._spot_bbl[name] = min(grown, each.spot_bbl_per_day * each.spot_days)

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return list(self._spot_bbl.values())

    def _left(self, name: str, share_lost: float, listed: Mapping[str, Grade]) -> int:
        open_share = 1 - share_lost if listed[name].inside_hormuz else 1.0
        return int(self._spot_bbl[name] * open_share)
