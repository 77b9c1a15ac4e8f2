"""The rulebooks of a world: those of the package, with what the events of a scenario change from their days on.

It reads no rule; what a key means stands in exchange/terms.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from exchange.codes import Venue
from exchange.contracts import Rulebook
from scenarios.levers import OverseasAccess, RuleChange

OF_VENUES = {Venue.SC: "ine_sc", Venue.OMAN: "gme_oman", Venue.BRENT: "ice_brent"}
OF_PRODUCTS = {"sc": "ine_sc", "lu": "ine_lu"}
"""Rulebooks of the venues, and of INE's products."""


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
