"""The figure of mechanisms side by side; it draws estimates and computes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from matplotlib.figure import Figure

from scenarios.mechanisms.clearing import LABELS
from scenarios.plots.style import figure_in_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLOUR: Final = "#4D4D4D"
_BUYERS, _SELLERS = "#0072B2", "#D55E00"


def mechanisms_side_by_side(estimates: pd.DataFrame, of: Literal["draw", "world"] = "draw") -> Figure:
    """Draw price, volume, rents, efficiency and what the price tells, a row for each mechanism, with 95 % intervals.

    estimates: columns mechanism, measure, value, low, high, draws; a dashed line marks listing. Efficiency is of the
    optimum; "level told" is the share of the level's variance that the price explains over draws, "next told" that of
    the planner's price of the next session in a world.
    """
    names = [name for name in LABELS if name in set(estimates["mechanism"])]
    by = estimates.set_index(["measure", "mechanism"])
    draws = int(estimates["draws"].max())
    title = f"The same supply and demand, sold in {len(names)} ways: {draws:,} {of}s, 95 % intervals"
    told, words = ("level_r2", "Level told, R², %") if of == "draw" else ("told_r2", "Next told, R², %")
    with figure_in_style(title, 12.4, 1.7 + 0.34 * len(names)) as figure:
        panels = figure.subplots(1, 5, sharey=True, width_ratios=[1, 0.85, 1.25, 1, 1])
        _dots(panels[0], by, names, "price_cny_per_t", "Price, CNY/t", 1.0)
        _dots(panels[1], by, names, "delivered_kt", "Volume, kt", 1.0)
        _rents(panels[2], by, names, of)
        _dots(panels[3], by, names, "efficiency", "Efficiency, %", 100.0)
        _dots(panels[4], by, names, told, words, 100.0)
        panels[0].set_yticks(range(len(names)), [LABELS[name] for name in names])
        panels[0].invert_yaxis()
        for axes in panels:
            axes.grid(True, axis="x")
            axes.grid(False, axis="y")
            axes.tick_params(axis="y", length=0)
        panels[0].xaxis.set_major_formatter("{x:,.0f}")
        labels = {
            label: handle
            for axes in (panels[2], panels[0])
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(list(labels.values()), list(labels), loc="outside lower right", ncols=len(labels))
    return figure


def _dots(axes: Axes, by: Any, names: list[str], measure: str, title: str, scale: float) -> None:
    axes.set_title(title)
    rows = [k for k, name in enumerate(names) if np.isfinite(by["value"].get((measure, name), np.nan))]
    for k in rows:
        own = by.loc[(measure, names[k])]
        axes.plot([scale * own["low"], scale * own["high"]], [k, k], color=_COLOUR, linewidth=1.5)
        axes.plot(scale * own["value"], k, "o", color=_COLOUR, markersize=5)
    if rows and rows[0] == 0 and names[0] == "listing":
        at = scale * by.at[(measure, "listing"), "value"]
        axes.axvline(at, color="#AAAAAA", linewidth=1, linestyle=(0, (4, 2)), zorder=0, label="listing")
    axes.margins(x=0.12)


def _rents(axes: Axes, by: Any, names: list[str], of: str) -> None:
    axes.set_title(f"Rents, mn CNY a {of}")
    for shift, measure, colour, label in (
        (-0.18, "buyer_rent_mn_cny", _BUYERS, "buyers' rent"),
        (0.18, "seller_rent_mn_cny", _SELLERS, "sellers' rent"),
    ):
        own = [by.loc[(measure, name)] for name in names]
        at = np.arange(len(names)) + shift
        axes.barh(at, [row["value"] for row in own], height=0.34, color=colour, label=label)
        for y, row in zip(at, own, strict=True):
            axes.plot([row["low"], row["high"]], [y, y], color="black", linewidth=1)
