"""The figures of the physical crude world, as models that check them.

The values stand in a scenario, by default in scenarios/library/parts/crude.toml.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from agents.adoption import AdoptionParameters
from exchange.parameters import Parameters
from exchange.units import BBL_PER_M3, BBL_PER_SC_LOT

Group = Literal["yangtze_delta", "shandong_liaoning", "south"]
GROUPS: tuple[Group, ...] = ("yangtze_delta", "shandong_liaoning", "south")
ACCOUNTS: tuple[str, ...] = (
    "importer", "reexporter", "local_buyer", "bargain", "carry",
    "state_majors", "shandong_teapots", "zhoushan_refinery",
)  # fmt: skip
"""The crude world's accounts in SC: the place of a name is the account's number, and the owner of its warrants."""
COMMERCIAL = "commercial"
"""The tenant of oil that has no account here: refiners' term imports, and what investors receive and sell to them."""

Reference = Literal["Oman/Dubai", "Brent", "Murban", "WTI", "SC"]
"""What the price formula of a barrel refers to."""


class Depot(Parameters):
    """Describe one depot of the exchange's list, a delivery base.

    Fees beyond the common ones of `costs` may be negative.
    """

    name: str
    operator: str
    group: Group
    active_bbl: int = Field(ge=0)
    approved_m3: float = Field(ge=0)
    berths: int = Field(gt=0, description="that serve the base's tanks")
    pumping_bbl_per_day: int = Field(gt=0, description="discharge or loading, at each berth")
    inspection_days: float = Field(ge=0, description="from discharge to warrants")
    added_load_in_cny_per_bbl: float = 0.0
    added_load_out_cny_per_bbl: float = 0.0

    @property
    def approved_bbl(self) -> int:
        """Return the approved capacity in barrels."""
        return int(self.approved_m3 * BBL_PER_M3)


class CapacityStep(Parameters):
    """Say which share of the listed active capacity was in use from a date on; `bases` names those that differ."""

    effective: date
    usable_percent: float = Field(ge=0, le=100)
    bases: dict[str, float] = Field(default={}, description="usable percent of single bases")

    def percent(self, base: str) -> float:
        """Return the usable share of a base's listed capacity in per cent."""
        return self.bases.get(base, self.usable_percent)


class LeasingParameters(Parameters):
    """Describe the leasing of tank room to traders.

    Rent a day = storage fee x (1 + rent_response x max(0, use - rent_from_use) / (1 - rent_from_use)), with use the
    share of the tanks that is full or being filled; it is fixed for the term, and renewed while oil stays.
    """

    term_days: int = Field(gt=0)
    rent_from_use: float = Field(ge=0, lt=1)
    rent_response: float = Field(ge=0)


class ApprovalParameters(Parameters):
    """Describe how a base gets more active capacity, up to the approved one.

    It applies after `pressure_days` days with more than `pressure_from_use` of its tanks full, for `step_share` of its
    active capacity; the lag falls from the longest to the shortest as the use of all bases rises from
    `pressure_from_use` to 1.
    """

    enabled: bool
    pressure_from_use: float = Field(gt=0, lt=1)
    pressure_days: int = Field(gt=0)
    step_share: float = Field(gt=0)
    lag_days_min: int = Field(gt=0)
    lag_days_max: int = Field(gt=0)

    @model_validator(mode="after")
    def _lags_in_order(self) -> ApprovalParameters:
        if self.lag_days_min > self.lag_days_max:
            raise ValueError("lag_days_min must not be more than lag_days_max")
        return self


class GradeParameters(Parameters):
    """Describe the supply of a deliverable grade to China's delivery bases, beside what the rulebook says of it.

    `share` is its part of the given imports; `spot_bbl_per_day` is what traders find of it beyond them, and may run up
    for `spot_days`.
    """

    share: float = Field(ge=0, le=1)
    spot_bbl_per_day: int = Field(ge=0)
    spot_days: int = Field(gt=0)


class GroupParameters(Parameters):
    """Describe what bases of a group share: the way to them, and the flow through all of them together."""

    base_load_bbl_per_day: int = Field(gt=0, description="given imports, equal to the load-out in calm times")
    voyage_days_min: float = Field(gt=0)
    voyage_days_max: float = Field(gt=0)
    freight_differential_usd_per_bbl: float = 0.0


class ShippingParameters(Parameters):
    """Describe ships and terminals."""

    cargo_bbl: int = Field(gt=0)
    minimum_parcel_bbl: int = Field(gt=0)
    largest_share_of_tanks: float = Field(
        gt=0, le=1, description="a parcel for a base is at most this share of its tanks, and a cargo at most"
    )
    loss_ppm: int = Field(ge=0, lt=100_000, description="of oil loaded in, and of oil loaded out")
    loading_days: float = Field(ge=0)
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
    neutral basis to Oman, USD/bbl, and its response each refiner's own.
    """

    initial_fill: float = Field(ge=0, le=1)
    calm_fill: float = Field(gt=0, le=1, description="at which load-out equals the base load")
    fill_response: float = Field(ge=0)
    daily_noise: float = Field(ge=0)
    max_multiple: float = Field(ge=1)
    tank_bottom_share: float = Field(ge=0, lt=1)


class RefinerParameters(Parameters):
    """Describe a refiner: what it lifts of each group's base load, and when it buys SC instead of a cargo.

    It buys up to `lots_per_day` below import parity - discount + scarcity x shortage, CNY/bbl: the discount is for not
    choosing grade and place, the shortage 1 - (oil in the tanks it lifts from and on its way) / what it is in calm
    times, at least 0.
    """

    load_out_shares: dict[Group, float]
    premium_response_per_usd: float = Field(ge=0)
    discount_cny_per_bbl: float = Field(ge=0)
    scarcity_cny_per_bbl: float = Field(ge=0, description="what oil in tank is worth more when there is none")
    lots_per_day: int = Field(ge=0)
    max_open_lots: int = Field(ge=0)


class ImporterParameters(Parameters):
    """Describe the trader that imports against short SC lots."""

    decision_minutes: int = Field(ge=2, description="longer than the lattice: fills must be known")
    margin_cny_per_bbl: float = Field(ge=0)
    slice_lots: int = Field(gt=0)
    max_cargoes_outstanding: int = Field(ge=0, description="capital, in cargoes of full size")
    patience_days: float = Field(gt=0, description="after this a part cargo sails")
    loading_lag_days_min: float = Field(ge=0)
    loading_lag_days_max: float = Field(ge=0)


class ReexporterParameters(Parameters):
    """Describe the trader that takes delivery of SC and ships it out again."""

    margin_cny_per_bbl: float = Field(ge=0)
    slice_lots: int = Field(gt=0)
    max_open_lots: int = Field(ge=0)


class CarryParameters(Parameters):
    """Describe the trader that carries oil from one delivery month to a later one, in leased room."""

    margin_cny_per_bbl: float = Field(ge=0)
    slice_lots: int = Field(gt=0)
    max_open_lots: int = Field(ge=0)


class LocalBuyerParameters(Parameters):
    """Describe investors who buy SC and hold it, whatever it costs."""

    lots_per_day: int = Field(ge=0)


class BargainParameters(Parameters):
    """Describe individuals who buy SC when the world's crude has fallen far below its own past.

    They want to hold accounts x lots_per_account x (fall - fall_from) / (fall_to - fall_from), between none and all,
    with fall = 1 - Oman / its mean of the last `mean_months` months of 30 days; they go there at `lots_per_day` at
    most. They hold the month that will be the main one `roll_ahead_trading_days` later, and so roll before others do.
    """

    accounts: int = Field(ge=0)
    lots_per_account: float = Field(ge=0)
    fall_from: float = Field(ge=0, le=1)
    fall_to: float = Field(gt=0, le=1)
    mean_months: int = Field(gt=0)
    lots_per_day: int = Field(ge=0)
    roll_ahead_trading_days: int = Field(ge=0, le=15)

    @model_validator(mode="after")
    def _falls_in_order(self) -> BargainParameters:
        if self.fall_from >= self.fall_to:
            raise ValueError("fall_from must be less than fall_to")
        return self


class WarrantParameters(Parameters):
    """Say what oil without an account can be delivered: a share of it, put under warrant when its owners are short."""

    commercial_share: float = Field(ge=0, le=1)
    holders_margin_percent: float = Field(
        ge=0, description="over the worth of oil in tank, at which its owners sell"
    )
    exchange_days_ahead: int = Field(
        ge=0, description="from which refiners exchange lots for a warrant; 0: only delivery brings oil"
    )


class CrudeParameters(Parameters):
    """Hold all figures of the physical crude world."""

    depots: tuple[Depot, ...] = Field(min_length=1)
    capacity: tuple[CapacityStep, ...] = Field(min_length=1)
    leasing: LeasingParameters
    approval: ApprovalParameters
    groups: dict[Group, GroupParameters]
    grades: dict[str, GradeParameters] = Field(min_length=1)
    shipping: ShippingParameters
    costs: CostParameters
    warrants: WarrantParameters
    load_out: LoadOutParameters
    refiners: dict[str, RefinerParameters] = Field(min_length=1)
    importer: ImporterParameters
    reexporter: ReexporterParameters
    carry: CarryParameters
    local_buyer: LocalBuyerParameters
    bargain: BargainParameters
    origins: dict[str, OriginParameters] = Field(min_length=1)
    brent_route: BrentRouteParameters
    adoption: AdoptionParameters

    @model_validator(mode="after")
    def _complete(self) -> CrudeParameters:
        missing = [name for name in GROUPS if name not in self.groups]
        if missing:
            raise ValueError(f"no figures for the group {', '.join(missing)}")
        names = [depot.name for depot in self.depots]
        if len(set(names)) < len(names):
            raise ValueError("depots: a name stands twice")
        dates = [step.effective for step in self.capacity]
        if dates != sorted(set(dates)):
            raise ValueError("the rows of capacity must be in order of their dates, each date once")
        unknown = [base for step in self.capacity for base in step.bases if base not in names]
        if unknown:
            raise ValueError(f"capacity: no depot '{unknown[0]}'; there are {', '.join(names)}")
        if not sum(origin.imports_bbl_per_day for origin in self.origins.values()):
            raise ValueError("origins: nothing is imported")
        if not sum(grade.share for grade in self.grades.values()):
            raise ValueError("grades: the shares of all are 0")
        return self

    @model_validator(mode="after")
    def _refiners_lift_the_base_load(self) -> CrudeParameters:
        for name in self.refiners:
            if name not in ACCOUNTS:
                raise ValueError(f"refiners: '{name}' has no account; there are {', '.join(ACCOUNTS)}")
        for group in GROUPS:
            total = sum(refiner.load_out_shares.get(group, 0.0) for refiner in self.refiners.values())
            if abs(total - 1) > 1e-9:
                raise ValueError(f"refiners: load_out_shares of {group} sum to {total:g}, must be 1")
        return self

    def depot(self, base: str) -> Depot:
        """Return a depot by name. Raises LookupError when there is none."""
        for depot in self.depots:
            if depot.name == base:
                return depot
        raise LookupError(f"no depot '{base}'; there are {', '.join(depot.name for depot in self.depots)}")

    def listed_bbl(self, group: Group) -> int:
        """Return the active capacity of a group's depots as listed, in barrels."""
        return sum(depot.active_bbl for depot in self.depots if depot.group == group)

    def part(self, base: str, bbl: int) -> int:
        """Return a base's part of a group's barrels, by listed capacity; the parts of a group sum to the whole."""
        before, group = 0, self.depot(base).group
        total = self.listed_bbl(group)
        for depot in self.depots:
            if depot.name == base:
                return bbl * (before + depot.active_bbl) // total - bbl * before // total if total else 0
            before += depot.active_bbl if depot.group == group else 0
        raise LookupError(base)

    def capacity_bbl(self, base: str, day: date) -> int:
        """Return the usable capacity of a base on a day, in barrels; the first row holds before it, too."""
        step = self.capacity[0]
        for row in self.capacity:
            if row.effective <= day:
                step = row
        return int(self.depot(base).active_bbl * step.percent(base) / 100)
