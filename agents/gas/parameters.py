"""The figures of gas: one frozen table for each part of the model, every one with its source.

It holds no figure itself; those of the base scenario stand in the scenario library.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from annotated_types import Len
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from agents.adoption import AdoptionParameters
from agents.gas.bunkering import BunkeringParameters
from agents.gas.foreign import ForeignParameters
from agents.gas.grid import EnergyParameters, HoursParameters, NetworkParameters, check_sum
from agents.gas.maintenance import MaintenanceParameters, working
from agents.gas.plants import PlantParameters
from agents.gas.sales_parameters import (
    MechanismName,
    PipelineGasParameters,
    SalesParameters,
    TerminalSlotParameters,
)
from agents.gas.sea import (
    Monthly,
    NonNegative,
    PassageParameters,
    PortParameters,
    Share,
    ShippingParameters,
    check_sea,
)
from agents.gas.upstream import SourceParameters, TrunkLineParameters, check_lines
from agents.world_price import Month
from exchange.parameters import Parameters


class SupplierParameters(Parameters):
    """A country's LNG: what China took of it, how its contracts are priced, how far away it is.

    Contract price = oil_slope x mean Brent of `averaging_months` that end `lag_months` before loading +
    constant. `henry_hub_share` of its term volume is priced on Henry Hub instead (see HenryHubParameters).
    `spot_share_of_window` is its part of the offers in the JKM window; the parts of all suppliers sum to 1. Its ports
    and their routes stand in `ports`. In its yearly `maintenance` it loads less, and more in the rest of the year.
    """

    china_imports_mtpa: PositiveFloat
    term_share: Share
    oil_slope: PositiveFloat
    constant_usd_per_mmbtu: NonNegative
    averaging_months: PositiveInt
    lag_months: Annotated[int, Field(ge=0)]
    henry_hub_share: Share
    world_supply_share: Share
    spot_share_of_window: Share
    term_buyers: Annotated[tuple[str, ...], Len(1)]
    maintenance: tuple[MaintenanceParameters, ...] = ()

    @model_validator(mode="after")
    def _works_on(self) -> SupplierParameters:
        working(self.maintenance)
        return self


class HenryHubParameters(Parameters):
    """Henry Hub and the formula on it: price DES = slope x Henry Hub + fee + freight of the voyage.

    The monthly means are a given world price; the mean of the month of loading is the price's.
    """

    slope: PositiveFloat
    fee_usd_per_mmbtu: NonNegative
    monthly_mean_usd_per_mmbtu: Annotated[dict[Month, PositiveFloat], Len(1)]


class EuropeParameters(Parameters):
    """Europe's gas price (TTF), where it is given: a cargo's outside option is TTF plus what Asia is farther.

    The mean of a month holds from its first day on.
    """

    monthly_mean_ttf_usd_per_mmbtu: Annotated[dict[Month, PositiveFloat], Len(1)]


class NewContractParameters(Parameters):
    """The oil formula that a new long-term contract would have: what a buyer could sign instead."""

    oil_slope: PositiveFloat
    constant_usd_per_mmbtu: NonNegative
    averaging_months: PositiveInt
    lag_months: Annotated[int, Field(ge=0)]


class StageParameters(Parameters):
    """A part of a terminal that came into use on a date: it is not there before."""

    from_date: date
    capacity_mtpa: NonNegative
    tank_m3: Annotated[int, Field(ge=0)]
    berths: Annotated[int, Field(ge=0)]
    max_send_out_m3_per_day: Annotated[int, Field(ge=0)]


class TerminalParameters(Parameters):
    """An LNG terminal and whose it is. Send-out is gas; tanks, heel and loading arms handle liquid.

    Its figures are those of the whole; `stages` are the parts of it that came with a date. One for `peak_shaving` is a
    reserve: it sends out after all others can send no more, is refilled when there is room for a whole cargo, loads no
    lorries and has no slots; its owner plans as if it were not there.
    """

    importer: str
    capacity_mtpa: PositiveFloat
    tank_m3: PositiveInt
    berths: PositiveInt
    unloading_hours: PositiveInt
    max_send_out_m3_per_day: PositiveInt
    max_trucks_t_per_day: PositiveInt
    heel: Share
    boil_off_per_day: Share
    initial_fill: Share
    peak_shaving: bool = False
    stages: tuple[StageParameters, ...] = ()

    @model_validator(mode="after")
    def _stages_are_parts(self) -> TerminalParameters:
        for key in ("capacity_mtpa", "tank_m3", "berths", "max_send_out_m3_per_day"):
            if sum(getattr(stage, key) for stage in self.stages) > getattr(self, key) * (1 + 1e-9):
                raise ValueError(f"stages: their {key} is more than the terminal's")
        return self


class PipelineParameters(Parameters):
    """Gas that reaches the delta by pipe: a yearly flow with a season and noise, and swing up to capacity.

    Swing is gas that would else be put underground upstream: importers call `swing_share` of the free
    capacity when the share of wanted cover that is missing reaches `full_swing_scarcity`, and less in
    proportion below it.
    """

    flow_bcm_per_year: PositiveFloat
    monthly_factors: Monthly
    noise: NonNegative
    capacity_m3_per_day: PositiveInt
    swing_share: Share
    swing_call_revision_per_day: Share
    full_swing_scarcity: PositiveFloat


class SectorParameters(Parameters):
    """A consuming sector.

    Demand = yearly share x month factor x weather x (LNG price / reference) ^ elasticity.

    Weather adds `heating_per_degc` for each degree below the season's normal from November to March, and
    `cooling_per_degc` for each degree above it from June to September. `trucked_share` is bought as liquid at
    SHPGX. Sectors are cut off in the order of `interrupted_rank`, lowest first; `interruptible_share` of what is
    burnt from pipes has a contract that allows it, and is cut before all firm users.
    """

    share: Share
    monthly_factors: Monthly
    price_elasticity: Annotated[float, Field(le=0)]
    heating_per_degc: NonNegative
    cooling_per_degc: NonNegative
    trucked_share: Share
    interruptible_share: Share
    interrupted_rank: int


class RestOfChinaParameters(Parameters):
    """The rest of China: all the country's sources but LNG, and what is burnt, stored and landed outside the delta.

    Storage gives `withdrawal_share_by_month` of its working gas (below 0: takes), which sums to 0 over a year, and
    more or less as the day needs, up to a share of it a day. `terminal` is all its terminals as one.
    """

    sources: Annotated[dict[str, SourceParameters], Len(1)]
    demand_bcm_per_year: Annotated[dict[int, PositiveFloat], Len(1)]
    monthly_factors: Monthly
    heating_per_degc: NonNegative
    price_elasticity: Annotated[float, Field(le=0)]
    working_gas_bcm: Annotated[dict[int, PositiveFloat], Len(1)]
    withdrawal_share_by_month: Annotated[tuple[float, ...], Len(12, 12)]
    withdrawal_share_per_day: Share
    injection_share_per_day: Share
    security_weight: Share
    tenders_per_day: PositiveInt
    terminal: TerminalParameters

    @model_validator(mode="after")
    def _storage_is_filled_again(self) -> RestOfChinaParameters:
        if abs(sum(self.withdrawal_share_by_month)) > 1e-9:
            raise ValueError("withdrawal_share_by_month must sum to 0")
        return self


class DemandParameters(Parameters):
    """All gas demand of the delta, its sectors and its weather (a daily AR(1) anomaly of temperature)."""

    demand_bcm_per_year: PositiveFloat
    reference_price_cny_per_t: PositiveFloat
    price_pass_through_by_pipe: Share
    temperature_persistence: Share
    temperature_sd_degc: NonNegative
    sectors: dict[str, SectorParameters]

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> DemandParameters:
        check_sum("sectors.share", [sector.share for sector in self.sectors.values()])
        return self


class ImporterParameters(Parameters):
    """An importer: its part of term supply, and how far security outweighs money when it bids for spot."""

    term_weight: NonNegative
    security_weight: Share


class ImportersParameters(Parameters):
    """How all importers plan, price and bid.

    They look `look_ahead_days` ahead, want `target_cover_days` of the send-out of that day but at most
    `max_fill` of their tanks, and bid for cargoes that arrive `spot_lead_days` later. A listed price moves
    `price_revision_per_day` of the way to what the seller's outlook asks for. While buyers find nothing left on the
    board, sellers ask more: the log premium grows by `sold_out_response` times the share that went without, and
    fades by `sold_out_fade_per_day` when all are served.
    """

    look_ahead_days: PositiveInt
    target_cover_days: Monthly
    max_fill: Share
    spot_lead_days: PositiveInt
    spot_lead_sd_days: NonNegative
    max_tenders_per_day: PositiveInt
    bid_premium: NonNegative
    bid_urgency: NonNegative
    margin: float
    spot_weight: Share
    spot_weight_per_scarcity: NonNegative
    scarcity_elasticity: NonNegative
    price_revision_per_day: Share
    sold_out_response: NonNegative
    sold_out_fade_per_day: Share
    index_attention: Share
    send_out_share_memory_days: PositiveFloat
    members: dict[str, ImporterParameters]


class LiftingParameters(Parameters):
    """What a buyer may take of a contract, and how it decides (agents/gas/lifting.py).

    It may take up to `upward_tolerance` more and `downward_tolerance` less than the yearly quantity without a charge,
    but pays for `take_or_pay_share` of it. `destination_free` is the part of a supplier's term cargoes that may go
    elsewhere.
    """

    take_or_pay_share: Share
    upward_tolerance: Share
    downward_tolerance: Share
    lowest_share: Share
    price_response: NonNegative
    stock_response: NonNegative
    full_scarcity: Annotated[float, Field(gt=0, lt=1)]
    destination_free: dict[str, Share]
    diversion_margin_usd_per_mmbtu: NonNegative

    @model_validator(mode="after")
    def _in_order(self) -> LiftingParameters:
        if self.lowest_share > 1.0 - self.downward_tolerance:
            raise ValueError("lowest_share must not be above 1 - downward_tolerance")
        return self


class JkmParameters(Parameters):
    """The JKM window.

    Outside option = oil_slope x mean Brent of `oil_months` + constant + freight above normal (or TTF + diversion
    where Europe's price is given), times what the basin in greatest need adds to it (agents/gas/basins.py). Each day
    the curves are drawn around an anchor, which closes `pull_per_day` of its log distance to the outside option and
    moves by noise. A curve has `steps_per_side` steps of `step` (a log price) on each side, that of the outside
    option of `outside_step`.
    """

    first_price_usd_per_mmbtu: PositiveFloat
    tick_usd_per_mmbtu: PositiveFloat
    oil_slope: PositiveFloat
    oil_months: PositiveInt
    constant_usd_per_mmbtu: float
    pull_per_day: Share
    noise_per_day: NonNegative
    quote_noise: NonNegative
    steps_per_side: PositiveInt
    step: PositiveFloat
    outside_step: PositiveFloat


class ShpgxParameters(Parameters):
    """LNG at SHPGX: how it is sold, what an imported tonne costs on the lorry, how sellers list, who buys.

    Cost on the lorry = DES price x (1 + VAT) + terminal fee.
    """

    mechanism: MechanismName = "listing"
    first_price_cny_per_t: PositiveFloat
    vat: Share
    terminal_fee_cny_per_m3_gas: NonNegative
    price_step_cny_per_t: PositiveInt
    minimum_take_t: PositiveInt
    listed_over_expected: PositiveFloat
    buyers: PositiveInt
    haul_sd_cny_per_t: NonNegative
    rmb_cargo_share: Share
    sales: SalesParameters
    terminal_slots: TerminalSlotParameters


class GasParameters(Parameters):
    """All figures of gas."""

    suppliers: dict[str, SupplierParameters]
    henry_hub: HenryHubParameters
    europe: EuropeParameters | None = None
    abroad: ForeignParameters
    new_contract: NewContractParameters
    adoption: AdoptionParameters
    shipping: ShippingParameters
    ports: dict[str, PortParameters]
    passages: dict[str, PassageParameters]
    terminals: dict[str, TerminalParameters]
    bunkering: BunkeringParameters
    pipeline: PipelineParameters
    demand: DemandParameters
    rest_of_china: RestOfChinaParameters
    trunk_lines: dict[str, TrunkLineParameters]
    network: NetworkParameters
    hours: HoursParameters
    energy: EnergyParameters
    importers: ImportersParameters
    lifting: LiftingParameters
    jkm: JkmParameters
    shpgx: ShpgxParameters
    plants: dict[str, PlantParameters]
    pipeline_gas: PipelineGasParameters | None = None

    def ports_behind(self, passage: str) -> list[str]:
        """Return the ports that no ship leaves but by a passage."""
        return [
            name
            for name, port in self.ports.items()
            if all(passage in route.passages for route in port.routes.values())
        ]

    @model_validator(mode="after")
    def _names_meet(self) -> GasParameters:
        members = self.importers.members
        owners = [terminal.importer for terminal in self.terminals.values()]
        for name, supplier in self.suppliers.items():
            for buyer in supplier.term_buyers:
                if buyer not in members:
                    raise ValueError(f"suppliers.{name}.term_buyers: '{buyer}' is no importer")
        for owner in owners:
            if owner not in members:
                raise ValueError(f"terminals: '{owner}' is no importer")
        if self.bunkering.terminal not in self.terminals:
            there = ", ".join(self.terminals)
            raise ValueError(
                f"bunkering.terminal: no terminal '{self.bunkering.terminal}'; there are {there}"
            )
        for member in members:
            if member not in owners:
                raise ValueError(f"importers.members.{member} has no terminal")
        for buyer in self.shpgx.terminal_slots.buyers:
            if buyer in members:
                raise ValueError(f"shpgx.terminal_slots.buyers: '{buyer}' is an importer and has a terminal")
        if self.pipeline_gas is not None and self.pipeline_gas.seller not in members:
            raise ValueError(f"pipeline_gas.seller: '{self.pipeline_gas.seller}' is no importer")
        if self.shipping.marginal_supplier not in self.suppliers:
            raise ValueError(
                f"shipping.marginal_supplier: '{self.shipping.marginal_supplier}' is no supplier"
            )
        for name in self.lifting.destination_free:
            if name not in self.suppliers:
                raise ValueError(f"lifting.destination_free: '{name}' is no supplier")
        check_sea(self.ports, self.passages, self.suppliers)
        self.network.check_nodes(self.terminals)
        check_lines(self.trunk_lines, self.rest_of_china.sources, self.network.entries)
        for region, plant in self.plants.items():
            if plant.basin not in self.rest_of_china.sources:
                basins = ", ".join(self.rest_of_china.sources)
                raise ValueError(f"plants.{region}: no basin '{plant.basin}'; there are {basins}")
        for name, place in self.network.places.items():
            if len(place.sector_shares) != len(self.demand.sectors):
                raise ValueError(f"network.places.{name}.sector_shares must have a share for each sector")
        for what, names, known in (
            ("hours.profiles", self.hours.profiles, self.demand.sectors),
            ("hours.line_pack_m3", self.hours.line_pack_m3, self.network.places),
            ("energy.liquid_kj_per_m3", self.energy.liquid_kj_per_m3, self.suppliers),
            ("energy.gas_kj_per_m3", self.energy.gas_kj_per_m3, self.network.entries),
        ):
            if set(names) != set(known):
                raise ValueError(f"{what} must have an entry for each of {', '.join(known)}")
        check_sum("spot_share_of_window", [s.spot_share_of_window for s in self.suppliers.values()])
        return self
