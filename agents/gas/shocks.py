"""The shocks and levers of gas: what may happen to supply, weather, pipelines and terminals.

They are declarations; what they do is done by the part of the world that they strike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from agents.shocks import Event


class LngSupplyOutage(Event):
    """Stop `lost_share` of a supplier's loadings for a time, then restart over `restart_ramp_days`.

    The supplier says at once how long it will last (force majeure): importers and the JKM window expect it
    from the first day on.
    """

    kind: Literal["lng_supply_outage"]
    supplier: str
    lost_share: float = Field(gt=0, le=1)
    duration_days: int = Field(ge=1)
    restart_ramp_days: int = Field(default=0, ge=0)

    def lost_after(self, days: int) -> float:
        """Return the share of loadings lost `days` days after the start."""
        if days < 0:
            return 0.0
        if days < self.duration_days:
            return self.lost_share
        into_ramp = days - self.duration_days + 1
        return self.lost_share * max(0.0, 1.0 - into_ramp / (self.restart_ramp_days + 1))


class LostCargoes(Event):
    """Lose the next term cargoes to load, of one supplier or of any; at most those planned by then."""

    kind: Literal["lost_cargoes"]
    lost_cargoes: int = Field(ge=1)
    supplier: str | None = None


class ColdWave(Event):
    """Lower the temperature by `temperature_drop_degc` for `duration_days`."""

    kind: Literal["cold_wave"]
    temperature_drop_degc: float = Field(gt=0, le=40)
    duration_days: int = Field(ge=1)


class PipelineCut(Event):
    """Take `cut_m3_per_day` of gas off the pipelines into the delta for `duration_days`."""

    kind: Literal["pipeline_cut"]
    cut_m3_per_day: int = Field(ge=1)
    duration_days: int = Field(ge=1)


class TerminalClosure(Event):
    """Close a terminal's berths for `duration_days` (a typhoon); its tanks still send out."""

    kind: Literal["terminal_closure"]
    terminal: str
    duration_days: int = Field(ge=1)


class TerminalExpansion(Event):
    """Add tanks, berths, send-out and yearly capacity to a terminal for good (a lever)."""

    kind: Literal["terminal_expansion"]
    terminal: str
    added_tank_m3: int = Field(default=0, ge=0)
    added_berths: int = Field(default=0, ge=0)
    added_send_out_m3_per_day: int = Field(default=0, ge=0)
    added_capacity_mtpa: float = Field(default=0.0, ge=0)


class PipelineEdge(Event):
    """Give a pipeline of the network another capacity for good, or add one (a lever).

    0 takes it away. An edge that the network does not have needs both its nodes.
    """

    kind: Literal["pipeline_edge"]
    edge: str
    capacity_m3_per_day: int = Field(ge=0)
    from_node: str | None = None
    to_node: str | None = None
    both_ways: bool = Field(default=False, description="of a new edge")


class IndexAdoption(Event):
    """Price a share of the term volume that loads from a day on by an index, not by the oil formula (a lever).

    `index` is "jkm" (DES) or "shpgx" (SHPGX's LNG index, netted back to DES); the price is its mean over the
    `averaging_months` published before loading. `supplier` keeps it to one supplier's contracts. A later lever
    on the same index replaces the share; shares of two indices add up, the earlier index first, at most to all.
    """

    kind: Literal["index_adoption"]
    index: Literal["jkm", "shpgx"]
    adopted_share: float = Field(ge=0, le=1, description="of term volume")
    averaging_months: int = Field(default=1, ge=1, le=12)
    supplier: str | None = None


GasEvent = (
    LngSupplyOutage
    | LostCargoes
    | ColdWave
    | PipelineCut
    | TerminalClosure
    | TerminalExpansion
    | PipelineEdge
    | IndexAdoption
)
GasShock = Annotated[GasEvent, Field(discriminator="kind")]
"""Any shock or lever of gas, told apart by `kind`."""


@dataclass(frozen=True)
class DatedShock:
    """A shock with its calendar date, which the world that counts trading days has resolved."""

    day: date
    event: GasEvent

    def days_since(self, day: date) -> int:
        """Return how many days `day` lies after the start; negative before it."""
        return (day - self.day).days
