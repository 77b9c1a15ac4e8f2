"""The figure of a month that somebody tries to corner; it draws what the laboratory recorded, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from scenarios.plots.style import arm_labels, date_axis, draw_arms, figure_in_style, label_arms, legend_below

if TYPE_CHECKING:
    import pandas as pd


def cornered_month(days: pd.DataFrame) -> Figure:
    """Draw a month over the next one and over oil in tank, its open interest with what the attempt holds, and cover.

    days: the table `corner` of all arms and replications, columns arm and replication in front.
    """
    days = days.assign(
        over_next=days["settlement_cny_per_bbl"] - days["next_settlement_cny_per_bbl"],
        over_spot=days["settlement_cny_per_bbl"] - days["spot_cny_per_bbl"],
    )
    month = str(days["month"].iloc[0])
    with figure_in_style(f"SC{month} on its way to delivery", 10.6, 6.0) as figure:
        panels = figure.subplots(2, 2, sharex=True).ravel()
        told = (
            ("over_next", "Over the next month, CNY/bbl", 1.0),
            ("over_spot", "Over oil in tank, CNY/bbl", 1.0),
            ("open_interest_lots", "Open interest; dashed: the attempt's, thousand lots", 1e-3),
            ("warrant_lots", "Warrants, thousand lots", 1e-3),
        )
        for axes, (column, title, scale) in zip(panels, told, strict=True):
            axes.set_title(title)
            draw_arms(axes, days, "day", column, scale)
            axes.axhline(0, color="#888888", linewidth=0.8, zorder=1)
        for arm in arm_labels(days, ["held_lots"]):
            held = days[days["arm"] == arm].groupby("day")["held_lots"].mean() * 1e-3
            if held.abs().max() > 0:
                panels[2].plot(
                    held.index.to_numpy().astype("datetime64[D]"),
                    held,
                    color="#AA3377",
                    linestyle=(0, (4, 2)),
                )
        for axes in panels[2:]:
            date_axis(axes)
        label_arms(panels[0], days, ["over_next"])
        legend_below(figure, panels[0], 4)
    return figure
