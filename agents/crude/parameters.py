"""The figures of the physical crude world, as models that check them.

The values stand in a scenario, by default in scenarios/library/parts/crude.toml.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from agents.adoption import AdoptionParameters
from exchange.parameters import Parameters
from exchange.units import BBL_PER_SC_LOT

Group = Literal["yangtze_delta", "shandong_liaoning", "south"]
GROUPS: tuple[Group, ...] = ("yangtze_delta", "shandong_liaoning", "south")


Reference = Literal["Oman/Dubai", "Brent", "Murban", "WTI", "SC"]
"""What the price formula of a barrel refers to."""


class Depot(Parameters):
    """Describe one depot of the exchange's list: its group and its active and approved capacity."""

    name: str
    operator: str
    group: Group
    active_bbl: int = Field(ge=0)
    approved_m3: float = Field(ge=0)


class CapacityStep(Parameters):
    """Say which share of the listed active capacity was in use from a date on, in all groups alike."""

    effective: date
    usable_percent: float = Field(ge=0, le=100)


class GroupParameters(Parameters):
    """Describe a group of delivery bases beside its tanks."""

    berths: int = Field(gt=0)
    base_load_bbl_per_day: int = Field(gt=0, description="given imports, equal to the load-out in calm times")
    voyage_days_min: float = Field(gt=0)
    voyage_days_max: float = Field(gt=0)
    freight_differential_usd_per_bbl: float = 0.0


class ShippingParameters(Parameters):
    """Describe ships and terminals."""

    cargo_bbl: int = Field(gt=0)
    minimum_parcel_bbl: int = Field(gt=0)
    loading_days: float = Field(ge=0)
    discharge_bbl_per_day: int = Field(gt=0)
    inspection_days: float = Field(ge=0)
    base_load_jitter: float = Field(ge=0, lt=0.5, description="share of the loading interval, each way")
    berth_poll_hours: int = Field(gt=0, description="how often a ship at a berth looks for room in the tanks")

    @model_validator(mode="after")
    def _whole_lots(self) -> ShippingParameters:
        if self.cargo_bbl % BBL_PER_SC_LOT or self.minimum_parcel_bbl % BBL_PER_SC_LOT:
            raise ValueError("cargo_bbl and minimum_parcel_bbl must be whole lots of 1,000 bbl")
        if self.minimum_parcel_bbl > self.cargo_bbl:
            raise ValueError("minimum_parcel_bbl must not be more than cargo_bbl")
        return self


class CostParameters(Parameters):
    """Price the way from the Gulf to a warrant, and back out of the tank."""

    freight_worldscale: float = Field(ge=0)
    insurance_usd_per_bbl: float = Field(ge=0)
    inspection_cny_per_bbl: float = Field(ge=0)
    load_in_cny_per_bbl: float = Field(ge=0)
    load_out_cny_per_bbl: float = Field(ge=0)
    storage_days: int = Field(ge=0, description="from discharge to delivery")
    financing_percent_per_year: float = Field(ge=0)
    credit_days: float = Field(ge=0, description="from loading to payment")
    reexport_cost_usd_per_bbl: float = Field(ge=0, description="regional voyage and a buyer's discount")


class OriginParameters(Parameters):
    """Say what China imports from a country under term contracts and what their formula refers to."""

    imports_bbl_per_day: int = Field(ge=0)
    reference: Reference


class BrentRouteParameters(Parameters):
    """Price the way of Brent-priced barrels, which do not come from the Gulf.

    `quality_usd_per_bbl` is what a barrel of SC's grade is worth more than one of Brent's.
    """

    freight_usd_per_bbl: float = Field(ge=0)
    quality_usd_per_bbl: float
    voyage_days: float = Field(gt=0)


class LoadOutParameters(Parameters):
    """Describe how refiners lift oil out of the tanks.

    Lifted a day = base load x exp(noise) x (1 + fill_response x (fill / calm_fill - 1)
    - premium_response_per_usd x premium), between 0 and `max_multiple` x base load; `premium` is SC over its
    neutral basis to Oman, USD/bbl.
    """

    initial_fill: float = Field(ge=0, le=1)
    calm_fill: float = Field(gt=0, le=1, description="at which load-out equals the base load")
    fill_response: float = Field(ge=0)
    premium_response_per_usd: float = Field(ge=0)
    daily_noise: float = Field(ge=0)
    max_multiple: float = Field(ge=1)
    tank_bottom_share: float = Field(ge=0, lt=1)


class ImporterParameters(Parameters):
    """Describe the trader that imports against short SC lots."""

    decision_minutes: int = Field(ge=2, description="longer than the lattice: fills must be known")
    margin_cny_per_bbl: float = Field(ge=0)
    slice_lots: int = Field(gt=0)
    max_cargoes_outstanding: int = Field(ge=0)
    patience_days: float = Field(gt=0, description="after this a part cargo sails")
    loading_lag_days_min: float = Field(ge=0)
    loading_lag_days_max: float = Field(ge=0)


class ReexporterParameters(Parameters):
    """Describe the trader that takes delivery of SC and ships it out again."""

    margin_cny_per_bbl: float = Field(ge=0)
    slice_lots: int = Field(gt=0)
    max_open_lots: int = Field(ge=0)


class LocalBuyerParameters(Parameters):
    """Describe investors who buy SC and hold it, whatever it costs."""

    lots_per_day: int = Field(ge=0)
    open_minutes_per_day: int = Field(gt=0)


class CrudeParameters(Parameters):
    """Hold all figures of the physical crude world."""

    depots: tuple[Depot, ...] = Field(min_length=1)
    capacity: tuple[CapacityStep, ...] = Field(min_length=1)
    groups: dict[Group, GroupParameters]
    shipping: ShippingParameters
    costs: CostParameters
    load_out: LoadOutParameters
    importer: ImporterParameters
    reexporter: ReexporterParameters
    local_buyer: LocalBuyerParameters
    origins: dict[str, OriginParameters] = Field(min_length=1)
    brent_route: BrentRouteParameters
    adoption: AdoptionParameters

    @model_validator(mode="after")
    def _complete(self) -> CrudeParameters:
        missing = [name for name in GROUPS if name not in self.groups]
        if missing:
            raise ValueError(f"no figures for the group {', '.join(missing)}")
        dates = [step.effective for step in self.capacity]
        if dates != sorted(set(dates)):
            raise ValueError("the rows of capacity must be in order of their dates, each date once")
        if not sum(origin.imports_bbl_per_day for origin in self.origins.values()):
            raise ValueError("origins: nothing is imported")
        return self

    def listed_bbl(self, group: Group) -> int:
        """Return the active capacity of a group's depots as listed, in barrels."""
        return sum(depot.active_bbl for depot in self.depots if depot.group == group)

    def capacity_bbl(self, group: Group, day: date) -> int:
        """Return the usable capacity of a group on a day, in barrels; the first row holds before it, too."""
        step = self.capacity[0]
        for row in self.capacity:
            if row.effective <= day:
                step = row
        return int(self.listed_bbl(group) * step.usable_percent / 100)
