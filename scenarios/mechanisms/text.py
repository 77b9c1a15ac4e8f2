"""A bench in words: tables ready to print, and what was drawn; nothing is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from scenarios.mechanisms.bench import Bench
from scenarios.mechanisms.clearing import LABELS
from scenarios.report import estimate_text
from scenarios.results import Estimate, Row

_TABLES: Final = {
    "Price and volume": ("price_cny_per_t", "delivered_kt", "unmet_kt", "level_r2", "told_r2"),
    "Rents and efficiency": (
        "buyer_rent_mn_cny",
        "seller_rent_mn_cny",
        "lost_mn_cny",
        "efficiency",
        "defaulted",
    ),
}
_DIFFERENCES: Final = (
    "price_cny_per_t",
    "buyer_rent_mn_cny",
    "seller_rent_mn_cny",
    "lost_mn_cny",
    "efficiency",
    "told_r2",
)
_HEADINGS: Final = {
    "price_cny_per_t": "price, CNY/t",
    "delivered_kt": "volume, kt",
    "unmet_kt": "wanted, not sold, kt",
    "level_r2": "level told by price, R2",
    "told_r2": "next session told by price, R2",
    "lost_mn_cny": "lost to the optimum, mn CNY",
    "buyer_rent_mn_cny": "buyers' rent, mn CNY",
    "seller_rent_mn_cny": "sellers' rent, mn CNY",
    "efficiency": "efficiency",
    "defaulted": "defaulted",
}


def tables(rows: Sequence[Row]) -> dict[str, pd.DataFrame]:
    """Return the rows as text by title: a line for each mechanism, each figure that is there with its 95 % interval."""
    cells: dict[str, dict[str, Estimate | None]] = {}
    effects: dict[str, dict[str, Estimate | None]] = {}
    for row in rows:
        mechanism, name = row.measure.split(".")
        cells.setdefault(name, {})[LABELS[mechanism]] = row.base
        effects.setdefault(name, {})[LABELS[mechanism]] = row.effect
    found = {
        title: pd.DataFrame(
            {
                _HEADINGS[n]: {k: estimate_text(e) or "-" for k, e in cells[n].items()}
                for n in names
                if n in cells
            }
        )
        for title, names in _TABLES.items()
    }
    against = {
        _HEADINGS[n]: {k: estimate_text(e) or "-" for k, e in effects[n].items() if k != LABELS["listing"]}
        for n in _DIFFERENCES
        if n in effects
    }
    found["Less listing, same draws"] = pd.DataFrame(against)
    return found


def facts(of: Bench) -> list[str]:
    """Say, a line each, on what the figures stand."""
    market, draws = of.market, of.draws
    one = draws[draws["mechanism"] == "listing"]
    return [
        f"Each draw: {market.buyers} buyers of {market.lot_t / 1e3:g} kt each, {market.sellers} sellers of "
        f"{market.lots_per_seller} such lots; level {market.level_cny_per_t:,.0f} CNY/t, sd "
        f"{market.level_sd_cny_per_t:,.0f}; values level +- {market.value_half_width_cny_per_t:,.0f}",
        f"Optimum of a planner who knows all: {one['optimum_mn_cny'].mean():.3g} mn CNY a draw",
        f"Learnt in {market.learning_sales:,} tenders at own prices: bid low end + {of.learnt:.2f} x (value - low end)",
    ]
