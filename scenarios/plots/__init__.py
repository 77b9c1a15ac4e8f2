"""All figures, in one style: functions from frames, rows or results to matplotlib figures; they measure nothing."""

from scenarios.plots.audit import design_scores, worlds_scatter
from scenarios.plots.impulse import impulse_bands
from scenarios.plots.influence import (
    day_and_night,
    influence_by_scenario,
    marginal_setter_bars,
    origin_waterfall,
    pass_through_horizons,
)
from scenarios.plots.maps import influence_lines, influence_map, measure_maps, sweep_figures
from scenarios.plots.mechanisms import mechanisms_side_by_side
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
from scenarios.plots.squeeze import cornered_month
from scenarios.plots.style import to_svg

__all__ = [
    "cornered_month",
    "day_and_night",
    "design_scores",
    "effects_forest",
    "gas_prices",
    "headline",
    "impulse_bands",
    "influence_bars",
    "influence_by_scenario",
    "influence_lines",
    "influence_map",
    "marginal_setter_bars",
    "measure_maps",
    "mechanisms_side_by_side",
    "origin_waterfall",
    "pass_through_horizons",
    "pass_through_matrix",
    "premium_path",
    "price_paths",
    "sweep_figures",
    "tanks",
    "to_svg",
    "worlds_scatter",
]
