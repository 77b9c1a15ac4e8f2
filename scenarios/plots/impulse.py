"""Impulse responses with bands: what a shock does to prices and stocks over minutes and days; they measure nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from scenarios.plots.style import VENUE_COLOURS, figure_in_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MINUTES: Final = {
    1: "1 min", 10: "10 min", 60: "1 h", 360: "6 h", 1440: "1 day", 7200: "5 days", 43200: "30 days",
}  # fmt: skip
_OTHERS: Final = ("#AA3377", "#4D4D4D", "#E69F00", "#56B4E9", "#117733", "#882255")
_LOG_FROM: Final = 20.0  # ratio of the last to the first horizon
_MOST_LINES: Final = 3  # in a panel


def impulse_bands(responses: pd.DataFrame) -> Figure:
    """Draw responses to a shock with bands: a panel for series of one unit and one clock, three lines at most in each.

    It takes `series`, `unit`, `horizon`, `horizon_unit` ("minutes" or "days"), `mean`, `low`, `high`, `n`. Minutes
    stand on a logarithmic axis where they reach from minutes to days.
    """
    panels = _panels(responses)
    columns = min(3, max(1, len(panels)))
    lines = math.ceil(max(1, len(panels)) / columns)
    with figure_in_style(
        "What the change does, and for how long", 1.0 + 3.3 * columns, 0.9 + 2.5 * lines
    ) as figure:
        grid = np.ravel(figure.subplots(lines, columns, squeeze=False))
        for axes, (unit, clock, names) in zip(grid, panels, strict=False):
            here = responses[(responses["unit"] == unit) & (responses["horizon_unit"] == clock)]
            axes.axhline(0, color="#888888", linewidth=0.8)
            for k, name in enumerate(names):
                mine = here[here["series"] == name].sort_values("horizon")
                colour = VENUE_COLOURS.get(name, _OTHERS[k])
                at = mine["horizon"].to_numpy(float)
                axes.fill_between(at, mine["low"], mine["high"], color=colour, alpha=0.18, linewidth=0)
                axes.plot(
                    at,
                    mine["mean"],
                    color=colour,
                    label=name,
                    marker="o" if len(at) < 12 else "",
                    markersize=3,
                )
            axes.set_title(f"{', '.join(names)}, {unit}")
            if len(names) > 1:
                axes.legend(loc="best", fontsize=8)
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            time_axis(axes, here.loc[here["series"].isin(names), "horizon"], clock, "shock")
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        counts = sorted({int(n) for n in responses["n"]})
        if counts:
            many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
            figure.supxlabel(
                f"Bands: 95 % intervals over {many} pairs of worlds.", x=0.01, ha="left", fontsize=9
            )
    return figure


def time_axis(axes: Axes, horizons: Any, unit: str, start: str) -> None:
    """Label horizons in minutes as "1 min" to "30 days", logarithmically where they reach far, or count days."""
    at = np.unique(np.asarray(horizons, float))
    at = at[np.isfinite(at)]
    if not len(at):
        return
    if unit != "minutes":
        axes.set_xlabel(f"{unit} after the {start}")
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        return
    ahead = at[at > 0]
    if len(ahead) and ahead[-1] / ahead[0] >= _LOG_FROM:
        if at[0] > 0:
            axes.set_xscale("log")
        else:
            axes.set_xscale("symlog", linthresh=float(ahead[0]))
        inside = [minutes for minutes in _MINUTES if ahead[0] <= minutes <= ahead[-1]]
        axes.xaxis.set_major_locator(FixedLocator(inside))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _MINUTES.get(round(value), "")))
        axes.set_xlabel(f"time after the {start}")
        return
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel(f"minutes after the {start}")


def _panels(responses: pd.DataFrame) -> list[tuple[str, str, list[str]]]:
    """Return unit, clock and series of each panel, in the order of the frame."""
    groups: dict[tuple[str, str], list[str]] = {}
    for series, unit, clock in responses[["series", "unit", "horizon_unit"]].drop_duplicates().to_numpy():
        groups.setdefault((str(unit), str(clock)), []).append(str(series))
    return [
        (unit, clock, names[k : k + _MOST_LINES])
        for (unit, clock), names in groups.items()
        for k in range(0, len(names), _MOST_LINES)
    ]
