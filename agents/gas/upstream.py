"""The figures of gas upstream: what basins and borders give, and the trunk lines that bring it east.

It holds no figure itself; those of the base scenario stand in the scenario library.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from annotated_types import Len
from pydantic import Field, model_validator

from agents.gas.grid import check_sum
from agents.gas.sea import NonNegative, Share
from exchange.parameters import Parameters

Dated = dict[date, NonNegative]


class SourceParameters(Parameters):
    """A source of the country's gas and what it gives by year, at mid-year and in a line between.

    It gives nothing before `from_date`, if one is given.
    """

    bcm_per_year: Annotated[dict[int, NonNegative], Len(1)]
    from_date: date | None = None


class TrunkLineParameters(Parameters):
    """A trunk line: from which day on it can carry how much, and whose gas it carries.

    `carries` is the part of each source's gas that goes into it while all lines of the source are open. Its last
    section leads to an `entry` of the delta, with a capacity of its own, and takes `entry_share` of what the delta
    nominates there; without an entry all of it is burnt outside the delta.
    """

    capacity_bcm_per_year: Annotated[Dated, Len(1)]
    carries: Annotated[dict[str, Share], Len(1)]
    entry: str | None = None
    entry_share: Share = 0.0
    section_bcm_per_year: Dated = Field(default_factory=dict)

    @model_validator(mode="after")
    def _section_leads_somewhere(self) -> TrunkLineParameters:
        if (self.entry is None) != (not self.section_bcm_per_year):
            raise ValueError("a line with an entry needs section_bcm_per_year, one without must have none")
        return self


def check_lines(
    lines: dict[str, TrunkLineParameters], sources: Iterable[str], entries: Iterable[str]
) -> None:
    """Raise ValueError for an unknown source or entry, a source given away twice, or an entry without lines."""
    known = list(sources)
    given = dict.fromkeys(known, 0.0)
    shares: dict[str, list[float]] = {entry: [] for entry in entries}
    for name, line in lines.items():
        for source, share in line.carries.items():
            if source not in given:
                raise ValueError(
                    f"trunk_lines.{name}.carries: no source '{source}'; there are {', '.join(known)}"
                )
            given[source] += share
        if line.entry is not None and line.entry not in shares:
            raise ValueError(f"trunk_lines.{name}: no entry '{line.entry}'; there are {', '.join(shares)}")
        if line.entry is not None:
            shares[line.entry].append(line.entry_share)
    for source, share in given.items():
        if share > 1.0 + 1e-9:
            raise ValueError(f"trunk_lines: {share:.6g} of '{source}' is carried, more than all of it")
    for entry, parts in shares.items():
        check_sum(f"trunk_lines: entry_share of lines to '{entry}'", parts)
