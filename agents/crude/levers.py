"""The levers and shocks of the crude world, and what they make of its figures on a day.

A lever says how long and how much; the composing world resolves its start to a date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agents.crude.parameters import Group
from agents.shocks import Event

NotNegative = Annotated[float, Field(ge=0)]


class DeliveryBaseExpansion(Event):
    """Add tank capacity to one delivery base, or to a group of them by listed capacity, in use after the approval.

    Either barrels, or a share of what each base can use on each day: 1.0 doubles it.
    """

    kind: Literal["delivery_base_expansion"] = "delivery_base_expansion"
    group: Group | None = None
    base: str | None = Field(default=None, description="name of a depot, instead of a group")
    added_bbl: int | None = Field(default=None, gt=0)
    added_share: float | None = Field(default=None, gt=0, le=10, description="instead of barrels")
    approval_lag_days: int = Field(ge=0, description="calendar days")

    @model_validator(mode="after")
    def _one_place_and_size(self) -> DeliveryBaseExpansion:
        if (self.group is None) == (self.base is None):
            raise ValueError("give either group or base")
        if (self.added_bbl is None) == (self.added_share is None):
            raise ValueError("give either added_bbl or added_share")
        return self


class FreightSpike(Event):
    """Set the Gulf-China freight, and what insurance costs on top, for a time."""

    kind: Literal["freight_spike"] = "freight_spike"
    freight_worldscale: float = Field(ge=0)
    added_insurance_usd_per_bbl: float = Field(ge=0, default=0.0)
    duration_days: int = Field(gt=0, description="calendar days")


class FreightPath(Event):
    """Let freight from the Gulf, and the war risk on top of insurance, follow dated values.

    A value holds until the next date; before the first, and before the event starts, there is none.
    """

    kind: Literal["freight_path"] = "freight_path"
    freight_worldscale: dict[date, NotNegative] = Field(default={})
    war_risk_usd_per_bbl: dict[date, NotNegative] = Field(default={})


class StraitClosure(Event):
    """Lose a share of the loadings of grades that load inside the strait of Hormuz.

    Given imports of them are lost, cargoes already bought load when it ends, and traders find that much less of them.
    """

    kind: Literal["strait_closure"] = "strait_closure"
    share_lost: float = Field(ge=0, le=1)
    duration_days: int = Field(gt=0, description="calendar days")


class LoadOutCut(Event):
    """Cut what refiners lift from the tanks by a share, for a time."""

    kind: Literal["load_out_cut"] = "load_out_cut"
    share_lost: float = Field(ge=0, le=1)
    duration_days: int = Field(gt=0, description="calendar days")


class LocalBuying(Event):
    """Add buying of SC by investors, for a time."""

    kind: Literal["local_buying"] = "local_buying"
    lots_per_day: int = Field(gt=0)
    duration_days: int = Field(gt=0, description="calendar days")


class ReferenceAdoption(Event):
    """Price a share of China's term cargoes on SC plus a differential, from a day on; a later one replaces it.

    It changes formulas: what is counted and paid. No order at any venue follows from it.
    """

    kind: Literal["reference_adoption"] = "reference_adoption"
    adopted_share: float = Field(ge=0, le=1, description="of term barrels of every origin")
    differential_usd_per_bbl: float = Field(default=0.0, ge=-20, le=20, description="over SC, landed")


Timed = FreightSpike | StraitClosure | LoadOutCut | LocalBuying
CrudeLever = Annotated[
    DeliveryBaseExpansion | FreightPath | ReferenceAdoption | Timed, Field(discriminator="kind")
]


class LeverDays:
    """Answer what a set of dated levers does on a day."""

    def __init__(self, dated: Sequence[tuple[date, CrudeLever]] = ()) -> None:
        self._timed: list[tuple[date, date, Timed]] = []
        self._expansions: list[tuple[date, DeliveryBaseExpansion]] = []
        self._adoptions: list[tuple[date, ReferenceAdoption]] = []
        self._paths: list[tuple[date, FreightPath]] = []
        for start, lever in dated:
            if isinstance(lever, DeliveryBaseExpansion):
                self._expansions.append((start + timedelta(days=lever.approval_lag_days), lever))
            elif isinstance(lever, ReferenceAdoption):
                self._adoptions.append((start, lever))
            elif isinstance(lever, FreightPath):
                self._paths.append((start, lever))
            else:
                self._timed.append((start, start + timedelta(days=lever.duration_days), lever))

    def added_bbl(self, group: Group, day: date) -> int:
        """Return the barrels of capacity added to a group by a day."""
        return sum(x.added_bbl or 0 for ready, x in self._expansions if x.group == group and ready <= day)

    def added_at_base_bbl(self, base: str, day: date) -> int:
        """Return the barrels of capacity added by name to a base by a day."""
        return sum(x.added_bbl or 0 for ready, x in self._expansions if x.base == base and ready <= day)

    def added_share(self, base: str, group: Group, day: date) -> float:
        """Return the share of its own capacity that is added to a base of a group by a day."""
        return sum(
            x.added_share or 0.0
            for ready, x in self._expansions
            if ready <= day and (x.base == base or x.group == group)
        )

    def sc_priced_share(self, day: date) -> float:
        """Return the share of term cargoes priced on SC on a day."""
        adoption = self._adoption(day)
        return adoption.adopted_share if adoption else 0.0

    def sc_differential_usd_per_bbl(self, day: date) -> float:
        """Return what the formulas of term cargoes priced on SC add to it on a day."""
        adoption = self._adoption(day)
        return adoption.differential_usd_per_bbl if adoption else 0.0

    def freight_worldscale(self, day: date, otherwise: float) -> float:
        """Return the freight of a day in Worldscale points: the last spike in force, a path's value, or `otherwise`."""
        for start, path in self._paths:
            otherwise = _in_force(path.freight_worldscale, start, day, otherwise)
        spikes = [x.freight_worldscale for x in self._active(day) if isinstance(x, FreightSpike)]
        return spikes[-1] if spikes else otherwise

    def added_insurance_usd_per_bbl(self, day: date) -> float:
        """Return what spikes and paths in force add to insurance, USD/bbl."""
        war_risk = sum(_in_force(path.war_risk_usd_per_bbl, start, day, 0.0) for start, path in self._paths)
        spikes = (x.added_insurance_usd_per_bbl for x in self._active(day) if isinstance(x, FreightSpike))
        return sum(spikes, war_risk)

    def share_of_loadings_lost(self, day: date) -> float:
        """Return the largest share of loadings inside the strait that a closure in force takes away."""
        return max((x.share_lost for x in self._active(day) if isinstance(x, StraitClosure)), default=0.0)

    def load_out_share(self, day: date) -> float:
        """Return the share of refiners' lifting that cuts in force leave."""
        share = 1.0
        for lever in self._active(day):
            if isinstance(lever, LoadOutCut):
                share *= 1.0 - lever.share_lost
        return share

    def local_lots_per_day(self, day: date) -> int:
        """Return the investors' buying added on a day, in lots."""
        return sum(lever.lots_per_day for lever in self._active(day) if isinstance(lever, LocalBuying))

    def _adoption(self, day: date) -> ReferenceAdoption | None:
        begun = [lever for start, lever in self._adoptions if start <= day]
        return begun[-1] if begun else None

    def _active(self, day: date) -> list[Timed]:
        return [lever for start, end, lever in self._timed if start <= day < end]


def _in_force(path: Mapping[date, float], start: date, day: date, otherwise: float) -> float:
    known = [since for since in path if since <= day]
    return path[max(known)] if known and start <= day else otherwise
