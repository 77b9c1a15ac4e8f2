"""The rulebooks of a world: those of the package, with what the events of a scenario change from their days on.

It reads no rule; what a key means stands in exchange/terms.py. Here is also which rules a world acts on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from exchange.codes import Venue
from exchange.contracts import ContractSpec, Rulebook
from scenarios.levers import OverseasAccess, RuleChange
from scenarios.tomlfile import did_you_mean

OF_VENUES = {Venue.SC: "ine_sc", Venue.OMAN: "gme_oman", Venue.BRENT: "ice_brent"}
OF_PRODUCTS = {"sc": "ine_sc", "lu": "ine_lu"}
"""Rulebooks of the venues, and of INE's products."""


_OF_THE_MARKET = {
    "sessions",
    "max_order_lots",
    "price_limit_percent",
    "listing_day_limit_multiple",
    "limit_steps_after_locked_days_percent",
    "limit_ceiling_percent",
    "limit_locked_minutes",
    "locked_days_before_choice",
    "forced_reduction_loss_percent",
    "forced_reduction_profit_tiers_percent",
    "forced_reduction_hedge_profit_percent",
    "margin_spec_percent",
    "margin_hedge_percent",
    "margin_above_stepped_limit_percent",
    "margin_month_before_delivery_percent",
    "margin_near_expiry_percent",
    "near_expiry_trading_days",
    "position_limits_lots",
    "person_exit_trading_days",
    "opening_limit_lots_per_day",
    "report_percent_of_limit",
    "report_percent_of_limit_intermediary",
    "fee_cny_per_lot",
    "fee_ppm_of_turnover",
    "fee_close_today_cny_per_lot",
    "delivery_settlement_trading_days",
    "listed_consecutive_months",
    "listed_quarterly_months",
    "first_contract",
    "last_trading_day_rule",
    "last_trading_day_exceptions",
    "roll_trading_days",
}
_OF_DELIVERY = {
    "deliverable_short_trading_days",
    "deliverable_short_closed_from_trading_days",
    "delivery_fee_cny_per_bbl",
    "storage_fee_cny_per_bbl_day",
    "efp_ends_trading_days",
    "deliverable_grades",
    "location_differential_cny_per_bbl",
    "collateral_fx_haircut_percent",
}
_AT_START = {"price_rule"}
ACTING = {
    "sc": frozenset(_OF_THE_MARKET | _OF_DELIVERY | _AT_START),
    "lu": frozenset(_OF_THE_MARKET),
}
"""The rules of each product on which something in a world acts; LU ends in cash, and the haircut is SC's for both."""


def idle_rules(change: RuleChange) -> list[tuple[str, str]]:
    """Return the keys of a rule change that the rulebook has but nothing acts on, each with what to say of it."""
    acting = sorted(ACTING[change.product])
    absent = change.rules.get("absent", ())
    asked = [*change.rules, *([absent] if isinstance(absent, str) else absent)]
    found = []
    for asked_key in asked:
        key = str(asked_key).partition(".")[0]
        if key in _AT_START & set(acting) and change.start_day:
            found.append((key, "is read when trading begins: give it with start_day = 0"))
        elif key in ContractSpec.model_fields and key not in acting:
            near = did_you_mean(key, acting)
            text = f"`yangshan rules show {change.product}` shows it, but nothing acts on it{near or '.'}"
            found.append((key, f"{text} Acting keys: {', '.join(acting)}"))
    return found


def venue_rulebooks(events: Sequence[tuple[date, Any]]) -> dict[Venue, Rulebook]:
    """Return the venues' rulebooks, SC's as `product_rulebook` gives it."""
    written = {venue: Rulebook.load(name) for venue, name in OF_VENUES.items()}
    return written | {Venue.SC: product_rulebook("sc", events)}


def product_rulebook(product: str, events: Sequence[tuple[date, Any]]) -> Rulebook:
    """Return the rulebook of a product of INE's with the rules that events change, each from its day on."""
    book = Rulebook.load(OF_PRODUCTS[product])
    for day, event in events:
        rules = _changed(product, event)
        if rules:
            book = book.with_overrides(rules, day, source=f"what-if: {event.source}")
    return book


def _changed(product: str, event: Any) -> Mapping[str, Any]:
    if isinstance(event, RuleChange) and event.product == product:
        return event.rules
    if isinstance(event, OverseasAccess) and product == "sc":
        return {"collateral_fx_haircut_percent": event.fx_haircut_percent}
    return {}
