"""The dated rules of bidding at SHPGX: how far a price may rise over its base, and by what step.

The figures stand in the product's rulebook file, in its [[bidding]] rows; contracts.py reads the other rows.
"""

from __future__ import annotations

import tomllib
from datetime import date
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field

from exchange.parameters import Parameters


class BiddingRules(Parameters):
    """State the rules of bidding with uplift from a day on. Without a cap: None."""

    effective: date
    confidence: Literal["high", "medium", "low"]
    cap_over_base_percent: Annotated[int, Field(ge=0)] | None = None
    step_fen_per_unit: Annotated[int, Field(gt=0)]


def bidding_rules(product: str, day: date) -> BiddingRules:
    """Return the rules of bidding for a product ("shpgx_png", "shpgx_lng") on a day.

    Raises LookupError for a rulebook that has none on that day.
    """
    file = resources.files("exchange") / "rulebook" / f"{product}.toml"
    if not file.is_file():
        raise LookupError(f"no rulebook '{product}'")
    rows = [
        BiddingRules.model_validate(row)
        for row in tomllib.loads(file.read_text(encoding="utf-8")).get("bidding", [])
    ]
    in_force = [row for row in rows if row.effective <= day]
    if not in_force:
        raise LookupError(f"{product} has no rules of bidding on {day}")
    return max(in_force, key=lambda row: row.effective)


def cap_fen(base_fen: int, rules: BiddingRules) -> int | None:
    """Return the highest price of a sale, base x (1 + cap), rounded down to a fen; None without a cap."""
    if rules.cap_over_base_percent is None:
        return None
    return base_fen * (100 + rules.cap_over_base_percent) // 100
