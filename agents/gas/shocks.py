"""The shocks and levers of gas: what may happen to supply, weather, pipelines and terminals.

They are declarations; what they do is done by the part of the world that they strike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from agents.gas.parameters import GasParameters
from agents.gas.sales_parameters import MechanismName
from agents.shocks import Event


class Stoppage(Event):
    """Stop `lost_share` of loadings for a time, then restart over `restart_ramp_days`.

    What cannot be repaired, `lasting_lost_share`, stays lost for `lasting_days` more. How long it lasts is said at
    once (force majeure): importers and the JKM window expect it from the first day on.
    """

    lost_share: float = Field(gt=0, le=1)
    duration_days: int = Field(ge=1)
    restart_ramp_days: int = Field(default=0, ge=0)
    lasting_lost_share: float = Field(default=0.0, ge=0, le=1)
    lasting_days: int = Field(default=0, ge=0, description="counted from the end of duration_days")

    @model_validator(mode="after")
    def _restarts(self) -> Self:
        if self.lasting_lost_share > self.lost_share:
            raise ValueError("lasting_lost_share must be lost_share or less")
        return self

    def lost_after(self, days: int) -> float:
        """Return the share of loadings lost `days` days after the start."""
        if days < 0:
            return 0.0
        into_ramp = days - self.duration_days + 1
        if into_ramp <= 0:
            return self.lost_share
        lasting = self.lasting_lost_share if into_ramp <= self.lasting_days else 0.0
        ramp = max(0.0, 1.0 - into_ramp / (self.restart_ramp_days + 1))
        return max(lasting, self.lost_share * ramp)


class LngSupplyOutage(Stoppage):
    """Stop a supplier's loadings: a plant, a field, a strike."""

    kind: Literal["lng_supply_outage"]
    supplier: str


class LngStraitClosure(Stoppage):
    """Stop the loadings of the ports that no ship leaves but through a strait."""

    kind: Literal["lng_strait_closure"]
    strait: str


class LostCargoes(Event):
    """Lose the next term cargoes to load, of one supplier or of any; at most those planned by then."""

    kind: Literal["lost_cargoes"]
    lost_cargoes: int = Field(ge=1)
    supplier: str | None = None


class ColdWave(Event):
    """Lower the temperature by `temperature_drop_degc` for `duration_days`: in China, or in a basin abroad."""

    kind: Literal["cold_wave"]
    basin: str | None = None
    temperature_drop_degc: float = Field(gt=0, le=40)
    duration_days: int = Field(ge=1)


class PipelineCut(Event):
    """Take `cut_m3_per_day` off pipeline gas for `duration_days`.

    With `origin` it is taken off what a source of the country gives, and the delta bears what the lines that carry its
    gas pass on by contract. Else it is taken off what reaches the delta, or with `entry` one entry of its network, at
    most all of it, and the rest of China keeps it.
    """

    kind: Literal["pipeline_cut"]
    entry: str | None = None
    cut_m3_per_day: int = Field(ge=1)
    duration_days: int = Field(ge=1)
    origin: str | None = Field(default=None, description="a source of the country's gas")

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if self.entry is not None and self.origin is not None:
            raise ValueError("a cut is at an entry or at an origin, not both")
        return self


class TerminalClosure(Event):
    """Close a terminal's berths for `duration_days` (a typhoon); its tanks still send out."""

    kind: Literal["terminal_closure"]
    terminal: str
    duration_days: int = Field(ge=1)


class PortClosure(Event):
    """Close the berths of several terminals for `duration_days` (a typhoon); their tanks still send out."""

    kind: Literal["port_closure"]
    terminals: tuple[str, ...] = Field(min_length=1)
    duration_days: int = Field(ge=1)


class CanalRestriction(Event):
    """Take `lost_slots_share` of a canal's slots: so many of the ships that would pass it go round for a time.

    Ships that load in the time take turns; the market learns of it on the first day.
    """

    kind: Literal["canal_restriction"]
    canal: str
    lost_slots_share: float = Field(gt=0, le=1)
    duration_days: int = Field(ge=1)


class PassageClosure(Event):
    """Close a canal, a strait or an icy sea to ships that load within `duration_days`: they go by another way.

    Where there is no other way a supplier stops: see LngStraitClosure.
    """

    kind: Literal["passage_closure"]
    passage: str
    duration_days: int = Field(ge=1)


class CharterSpike(Event):
    """Raise the charter rate of LNG ships to at least `rate_usd_per_day` for `duration_days`."""

    kind: Literal["charter_spike"]
    rate_usd_per_day: float = Field(gt=0)
    duration_days: int = Field(ge=1)


class EuropePull(Event):
    """Let Europe pay at least `ttf_usd_per_mmbtu` for gas for `duration_days`: what a cargo earns elsewhere."""

    kind: Literal["europe_pull"]
    ttf_usd_per_mmbtu: float = Field(gt=0)
    duration_days: int = Field(ge=1)


class DemandAbroad(Event):
    """Raise a basin's need of LNG by a share of world supply for `duration_days` (other fuels fail, nuclear stops)."""

    kind: Literal["demand_abroad"]
    basin: str = "north_east_asia"
    added_share: float = Field(gt=0, le=1, description="of world supply")
    duration_days: int = Field(ge=1)


class DemandShift(Event):
    """Change the delta's demand by a share for `duration_days`: a policy, a lockdown, a cap (below 0).

    With `sector` it is that of one sector. `rest_change_share` is that of the rest of China. Consumers are believed:
    importers expect it from the first day on.
    """

    kind: Literal["demand_shift"]
    change_share: float = Field(ge=-1, le=2)
    duration_days: int = Field(ge=1)
    sector: str | None = None
    rest_change_share: float = Field(default=0.0, ge=-1, le=2)


class LorriesFromElsewhere(Event):
    """Send buyers from the rest of China to the delta's loading bays for `duration_days`.

    They want `added_t_per_day` at the reference price, and less by `price_elasticity` at a higher one; what they
    load leaves the delta.
    """

    kind: Literal["lorries_from_elsewhere"]
    added_t_per_day: float = Field(gt=0)
    price_elasticity: float = Field(default=-0.3, le=0)
    duration_days: int = Field(ge=1)


class TerminalExpansion(Event):
    """Add tanks, berths, send-out and yearly capacity to a terminal for good (a lever)."""

    kind: Literal["terminal_expansion"]
    terminal: str
    added_tank_m3: int = Field(default=0, ge=0)
    added_berths: int = Field(default=0, ge=0)
    added_send_out_m3_per_day: int = Field(default=0, ge=0)
    added_capacity_mtpa: float = Field(default=0.0, ge=0)


class BunkeringGrowth(Event):
    """Bunker `volume_multiple` times the recorded and expected volume of LNG from a day on (a lever); 0: none."""

    kind: Literal["bunkering_growth"]
    volume_multiple: float = Field(ge=0, le=100)


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


class TrunkSection(Event):
    """Give the last section of a trunk line, the one into the delta, another capacity for good (a lever).

    0 shuts it: its gas stays with the rest of China. `contract_m3_per_day` is what the delta has by contract through it
    beyond its usual nominations, as far as the section's room and the line's gas reach.
    """

    kind: Literal["trunk_section"]
    line: str
    capacity_m3_per_day: int = Field(ge=0)
    contract_m3_per_day: int = Field(default=0, ge=0)


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


class ShpgxMechanism(Event):
    """Sell LNG by lorry at SHPGX by another mechanism from a day on (a lever)."""

    kind: Literal["shpgx_mechanism"]
    mechanism: MechanismName


class RmbCargoShare(Event):
    """Pay for a share of all imported LNG in yuan, cargo by cargo, from a day on (a lever)."""

    kind: Literal["rmb_cargo_share"]
    share: float = Field(ge=0, le=1, description="of the tonnes imported; only spot cargoes can be so paid")


class TerminalAccess(Event):
    """Open a share of every terminal's capacity to third parties from a day on, a slot at a time (a lever); 0: none."""

    kind: Literal["terminal_access"]
    open_share: float = Field(ge=0, le=1, description="of yearly capacity")


GasEvent = (
    LngSupplyOutage
    | LngStraitClosure
    | LostCargoes
    | ColdWave
    | PipelineCut
    | TerminalClosure
    | PortClosure
    | CanalRestriction
    | PassageClosure
    | CharterSpike
    | EuropePull
    | DemandAbroad
    | DemandShift
    | LorriesFromElsewhere
    | TerminalExpansion
    | BunkeringGrowth
    | PipelineEdge
    | TrunkSection
    | IndexAdoption
    | ShpgxMechanism
    | RmbCargoShare
    | TerminalAccess
)
GasShock = Annotated[GasEvent, Field(discriminator="kind")]
"""Any shock or lever of gas, told apart by `kind`."""


def unknown_names(event: Event, parameters: GasParameters) -> list[tuple[str, str, list[str]]]:
    """Return the names in an event that the figures do not know: key, name and what there is."""
    known = {
        "supplier": list(parameters.suppliers),
        "terminal": list(parameters.terminals),
        "terminals": list(parameters.terminals),
        "sector": list(parameters.demand.sectors),
        "entry": list(parameters.network.entries),
        "origin": list(parameters.rest_of_china.sources),
        "line": [name for name, line in parameters.trunk_lines.items() if line.entry is not None],
        "strait": [name for name in parameters.passages if parameters.ports_behind(name)],
        "canal": [name for name in parameters.passages if not parameters.ports_behind(name)],
        "passage": [name for name in parameters.passages if not parameters.ports_behind(name)],
        "basin": list(parameters.abroad.basins),
    }
    found = []
    for key, names in known.items():
        said = getattr(event, key, None)
        for name in said if isinstance(said, tuple) else (said,):
            if name is not None and name not in names:
                found.append((key, name, names))
    return found


@dataclass(frozen=True)
class DatedShock:
    """A shock with its calendar date, which the world that counts trading days has resolved."""

    day: date
    event: GasEvent

    def in_force(self, day: date) -> bool:
        """Return whether an event with `duration_days` is under way on a day."""
        return 0 <= self.days_since(day) < getattr(self.event, "duration_days", 0)

    def days_since(self, day: date) -> int:
        """Return how many days `day` lies after the start; negative before it."""
        return (day - self.day).days
