"""All figures, in one style: functions from frames, rows or results to matplotlib figures; they measure nothing."""

from scenarios.plots.run import (
    effects_forest,
    gas_prices,
    headline,
    influence_bars,
    pass_through_matrix,
    premium_path,
    price_paths,
    tanks,
)
from scenarios.plots.style import to_svg

__all__ = [
    "effects_forest",
    "gas_prices",
    "headline",
    "influence_bars",
    "pass_through_matrix",
    "premium_path",
    "price_paths",
    "tanks",
    "to_svg",
]
