"""The terms of a futures contract, in groups: what a rulebook may say of trading, risk, delivery and access.

Names, units and meanings only. The figures stand in rulebook/*.toml; what follows from them on a day is worked out in
contracts.py and limits.py. None: the venue has no such rule.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from exchange.clock import Interval, OverseasSessions, Sessions
from exchange.codes import PriceRule
from exchange.parameters import Parameters

Percent = Annotated[int, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]


class Entry(BaseModel):
    """Hold one named entry of a table of terms. The rulebook gives each entry its date and source."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Grade(Entry):
    """Describe a deliverable stream: the least API gravity, the most sulphur, and its differential to the standard.

    `differential_cny_per_bbl` is None where the list at hand does not give it.
    """

    min_api: float
    max_sulphur_percent: float
    differential_cny_per_bbl: float | None = None
    load_ports: tuple[str, ...] = ()
    inside_hormuz: bool = False


class DepotListing(Entry):
    """Describe a delivery depot: the capacity that is approved, and the capacity that is switched on.

    Two units, as printed. `remark` flags what does not fit together.
    """

    operator: str
    approved_m3: int = Field(ge=0)
    active_bbl: int = Field(ge=0)
    yangtze_delta: bool = False
    remark: str = ""


class ListingBenchmark(Entry):
    """Give the price from which the limits of the first day are counted, for the months `first` to `last`."""

    first: str
    last: str
    price: float = Field(gt=0)


class TradingTerms(Parameters):
    """When and how the contract trades."""

    price_rule: PriceRule = Field(description="how a continuous trade is priced")
    order_kinds: tuple[str, ...] = Field(description="orders that the venue takes")
    max_order_lots: int = Field(gt=0, description="largest order")
    sessions: Sessions | OverseasSessions = Field(description="hours of a trading day, with its auctions")
    priority_rule: Literal["price_time"] | None = Field(None, description="who trades first")
    priority_at_limit_rule: Literal["close_out_then_time"] | None = Field(
        None,
        description="who trades first at the limit price (what was opened the same day has no such priority)",
    )
    auction_price_rule: Literal["largest_volume"] | None = Field(None, description="price of a call auction")
    auction_tie_rule: Literal["nearest_previous_settlement"] | None = Field(
        None, description="which of several auction prices of equal volume"
    )
    auction_first_continuous_price_rule: Literal["previous_settlement"] | None = Field(
        None, description="what stands for the last price when the auction made no trade"
    )
    settlement_rule: Literal["volume_weighted_mean_of_day"] | None = Field(
        None, description="daily settlement price, night and day together"
    )
    settlement_without_trades_rule: Literal["moves_of_neighbouring_months"] | None = Field(
        None, description="daily settlement price of a month without a trade"
    )
    reference_price_windows: tuple[Interval, ...] | None = Field(
        None, description="intervals whose volume-weighted mean is published as reference price"
    )
    reference_price_months: int | None = Field(
        None, ge=1, description="nearest months with a reference price"
    )
    sides_counted_in_volume: int | None = Field(
        None, ge=1, le=2, description="sides of a trade in published volume and open interest"
    )
    tas_widest_ticks: int | None = Field(
        None, ge=0, description="trading at settlement: largest difference from it"
    )
    tas_hours: tuple[Interval, ...] | None = Field(
        None, description="trading at settlement: its hours within the sessions"
    )
    tas_months: int | None = Field(
        None, ge=1, description="trading at settlement: nearest months that have it"
    )
    tas_ends_trading_days: int | None = Field(
        None, ge=0, description="trading at settlement ends so many trading days before the last one"
    )
    tas_beyond_limit_rule: Literal["at_limit"] | None = Field(
        None, description="trading at settlement: price of a trade that settles beyond the limit"
    )
    options: Literal["american"] | None = Field(None, description="options on the contract")


class RiskTerms(Parameters):
    """Price limits, margin, position limits, and what the exchange does when they are reached."""

    price_limit_percent: int | None = Field(
        None, gt=0, lt=100, description="daily price limit either way, per cent of the previous settlement"
    )
    limit_rounding: Literal["floor"] | None = Field(
        None, description="how limit prices are brought to the tick"
    )
    statutory_limit_percent: Percent | None = Field(None, description="price limit of the contract text")
    statutory_margin_percent: Percent | None = Field(None, description="margin of the contract text")
    listing_day_limit_multiple: int | None = Field(
        None, ge=1, description="listing day: limit as a multiple of the usual one"
    )
    limit_steps_after_locked_days_percent: tuple[Count, ...] = Field(
        (), description="points added to the limit after one day locked at it, after two, ..."
    )
    limit_ceiling_percent: Percent | None = Field(None, description="no step lifts the limit above this")
    limit_locked_minutes: int | None = Field(
        None, ge=1, description="last minutes of the day with one side only that make a limit-locked day"
    )
    locked_days_before_choice: int | None = Field(
        None, ge=1, description="locked days in a row after which the exchange chooses what to do"
    )
    choices_after_locked_days: tuple[Literal["trade_on", "halt", "forced_reduction"], ...] | None = Field(
        None, description="what it may choose"
    )
    forced_reduction_loss_percent: Percent | None = Field(
        None,
        description="forced reduction: least loss of those who queue to close, per cent of the settlement",
    )
    forced_reduction_profit_tiers_percent: tuple[Percent, ...] | None = Field(
        None, description="forced reduction: tiers of speculative profit that give up positions, in order"
    )
    forced_reduction_hedge_profit_percent: Percent | None = Field(
        None, description="forced reduction: hedgers with this profit come last"
    )
    margin_spec_percent: Percent | None = Field(None, description="margin of speculative positions")
    margin_hedge_percent: Percent | None = Field(None, description="margin of hedge positions")
    margin_above_stepped_limit_percent: Percent | None = Field(
        None, description="points by which margin exceeds the stepped limit after a locked day"
    )
    margin_month_before_delivery_percent: Percent | None = Field(
        None, description="least margin from the first trading day of the month before delivery"
    )
    margin_near_expiry_percent: Percent | None = Field(
        None, description="least margin near the last trading day"
    )
    near_expiry_trading_days: int | None = Field(
        None, ge=0, description="trading days before the last one that count as near"
    )
    position_limits_lots: tuple[Count, Count, Count] | None = Field(
        None,
        description="largest position of a client, a non-broker member or an overseas special non-broker: to the end "
        "of the third month before delivery, in the second, in the one before",
    )
    position_limit_broker_percent: Percent | None = Field(
        None, description="largest position of a broker's clients together, per cent of open interest"
    )
    position_limit_broker_from_lots: int | None = Field(
        None, ge=0, description="one-sided open interest from which a broker's limit holds"
    )
    hedge_quota_rule: Literal["on_application"] | None = Field(
        None, description="how hedgers come to hold more than the position limit"
    )
    person_exit_trading_days: int | None = Field(
        None,
        ge=0,
        description="natural persons hold nothing after the close of so many trading days before the last one",
    )
    opening_limit_lots_per_day: int | None = Field(
        None, gt=0, description="most lots that a client may open in a month in a day"
    )
    opening_limit_exempt: tuple[str, ...] | None = Field(None, description="who is free of the opening limit")
    opening_ban_trading_days: int | None = Field(
        None, ge=1, description="least ban on opening after the first breach of the opening limit"
    )
    repeat_opening_ban_months: tuple[int, ...] | None = Field(
        None, description="least ban after the second breach, the third"
    )
    deliverable_short_trading_days: int | None = Field(
        None,
        ge=0,
        description="after the close of so many trading days before the last one a client is short no more than its "
        "warrants and recognised cargo",
    )
    deliverable_short_closed_from_trading_days: int | None = Field(
        None, ge=0, description="trading days before the last one from which the excess is closed by force"
    )
    report_percent_of_limit: Percent | None = Field(
        None, description="large position report of members and clients: share of the position limit"
    )
    report_percent_of_limit_intermediary: Percent | None = Field(
        None, description="large position report of overseas intermediaries: share of the position limit"
    )
    report_due: str | None = Field(None, description="when a large position must be reported")
    risk_measures: tuple[str, ...] | None = Field(None, description="what the exchange may do in warning")


class DeliveryTerms(Parameters):
    """Fees, grades, depots and the steps of delivery."""

    fee_cny_per_lot: float | None = Field(None, ge=0, description="transaction fee")
    fee_ppm_of_turnover: float | None = Field(
        None, ge=0, description="transaction fee in millionths of the value traded"
    )
    fee_close_today_cny_per_lot: float | None = Field(
        None, ge=0, description="transaction fee of closing what was opened the same day"
    )
    delivery_fee_cny_per_bbl: float | None = Field(None, ge=0, description="delivery fee")
    delivery_fee_cny_per_tonne: float | None = Field(None, ge=0, description="delivery fee")
    waived_fees: tuple[str, ...] | None = Field(None, description="fees of delivery that are waived")
    storage_fee_cny_per_bbl_day: float | None = Field(None, ge=0, description="storage fee of warrants")
    storage_fee_cny_per_tonne_day: float | None = Field(None, ge=0, description="storage fee of warrants")
    delivery_period_trading_days: int | None = Field(
        None, ge=1, description="length of the delivery period, after the last trading day"
    )
    delivery_settlement_trading_days: int | None = Field(
        None, ge=1, description="last settlements whose mean is the delivery settlement price"
    )
    delivery_steps: tuple[str, ...] | None = Field(None, description="what happens on each day of delivery")
    delivery_unit_lots: int | None = Field(None, ge=1, description="lots in a warrant")
    warrant_life: str | None = Field(None, description="how long a warrant is good for")
    minimum_load_in_bbl: int | None = Field(
        None, ge=0, description="smallest quantity of a load-in application"
    )
    load_tolerance_percent_range: tuple[Amount, Amount] | None = Field(
        None, description="tolerance of the quantity loaded, either way"
    )
    loss_allowance_percent_each_way: float | None = Field(
        None, ge=0, description="allowance for loss on load-in, and again on load-out"
    )
    handling_cny_per_bbl_range: tuple[Amount, Amount] | None = Field(
        None, description="load-in or load-out, port dues and agency, one way, at the owner's cost"
    )
    inspection_cny_per_bbl_range: tuple[Amount, Amount] | None = Field(None, description="cost of inspection")
    inspection_agencies: tuple[str, ...] | None = Field(
        None, description="inspectors that the exchange accepts"
    )
    efp_ends_trading_days: int | None = Field(
        None,
        ge=0,
        description="exchange of futures for physicals is possible to so many trading days before the last one",
    )
    efp_cargo: tuple[str, ...] | None = Field(None, description="what may be exchanged for futures")
    efp_self_settled: bool | None = Field(
        None, description="whether the parties may settle an exchange themselves"
    )
    deliverable_grades: dict[str, Grade] = Field({}, description="streams that can be delivered")
    depots: dict[str, DepotListing] = Field({}, description="depots on the exchange's list")
    location_differential_cny_per_bbl: dict[str, float] = Field(
        {}, description="what oil at a delivery base is paid beyond the price; a base not named: 0"
    )
    depot_points: int | None = Field(None, ge=0, description="storage points on the list")
    depot_approved_m3: int | None = Field(None, ge=0, description="approved capacity of all depots")
    depot_usable_bbl: int | None = Field(None, ge=0, description="capacity of all depots that is switched on")
    depot_approvals_m3: dict[str, int] = Field({}, description="capacity approved in the month, by depot")


class AccessTerms(Parameters):
    """Who may trade, and what counts as margin."""

    access_routes: tuple[str, ...] | None = Field(None, description="ways in for overseas traders")
    account_balance_person_cny: int | None = Field(
        None, ge=0, description="free balance asked of an individual who opens an account (or equal in FX)"
    )
    account_balance_firm_cny: int | None = Field(
        None, ge=0, description="free balance asked of a firm that opens an account (or equal in FX)"
    )
    account_tests: tuple[str, ...] | None = Field(None, description="what else is asked of a new account")
    profit_currency: Literal["CNY"] | None = Field(
        None, description="currency in which gains and losses are paid"
    )
    collateral_currencies: tuple[str, ...] | None = Field(
        None, description="foreign currencies accepted as margin, at the CFETS midpoint"
    )
    collateral_fx_haircut_percent: Percent | None = Field(
        None, description="discount on foreign currency as margin"
    )
    collateral_other: tuple[str, ...] | None = Field(None, description="what else is accepted as margin")


class ListingTerms(Parameters):
    """What the contract is, and which months of it are listed."""

    launched: date | None = Field(None, description="first trading day of the product")
    lot_bbl: int = Field(0, ge=0, description="barrels in a lot; 0: the lot is in tonnes")
    lot_tonnes: int | None = Field(None, ge=1, description="tonnes in a lot")
    underlying: str | None = Field(None, description="what is delivered against the contract")
    underlying_api: float | None = Field(None, description="API gravity of the standard grade")
    underlying_sulphur_percent: float | None = Field(None, ge=0, description="sulphur of the standard grade")
    price_basis: str | None = Field(None, description="what the quoted price includes")
    listed_consecutive_months: int = Field(ge=1, description="nearest months that are listed")
    listed_quarterly_months: int | None = Field(None, ge=0, description="quarterly months listed after them")
    first_contract: str | None = Field(None, pattern=r"^\d{4}$", description="earliest month ever listed")
    listing_benchmarks: dict[str, ListingBenchmark] = Field(
        {}, description="prices from which the limits of the launch were counted"
    )
    last_trading_day_rule: Literal[
        "last_of_month_before_delivery", "last_of_second_month_before_delivery"
    ] = Field(description="last trading day of a month")
    last_trading_day_exceptions: dict[str, date] = Field(
        {}, description="months whose last trading day the exchange moved"
    )
    roll_trading_days: int = Field(
        ge=0, description="trading days before the last one at which trading moves to the next month"
    )
