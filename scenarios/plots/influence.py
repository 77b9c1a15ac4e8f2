"""Charts of who sets the price: by scenario, by day and night, by entry, by horizon, by class of trader.

They draw rows of summaries and a frame of responses; they measure nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scenarios.plots.impulse import time_axis
from scenarios.plots.style import (
    ARM_COLOURS,
    SHARES,
    VENUE_COLOURS,
    VENUES,
    ends_of,
    figure_in_style,
    legend_below,
    percent,
    present,
    whisker,
)
from scenarios.results import Estimate, Row

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ARMS: Final = tuple(ARM_COLOURS)
_BY_SCENARIO: Final = {
    "origin_share.news.SC": "Origin share: news",
    "origin_share.flow.SC": "Origin share: order flow",
    "information_share.mean.SC": "Information share",
    "whole_day_share.SC": "Whole-day share",
}
_PARTS: Final = {"news": "news", "flow": "order flow"}
_KINDS: Final = {"flow": "order flow", "news": "news"}
_GREY: Final = "#777777"
_DIAMOND: Final[Any] = {
    "color": ARM_COLOURS["changed"], "markersize": 6, "linestyle": "none", "marker": "D", "markeredgecolor": "white",
    "zorder": 5,
}  # fmt: skip


def influence_by_scenario(runs: Mapping[str, Sequence[Row]]) -> Figure:
    """Draw SC's influence in each scenario, base against changed, with intervals: a panel for each measure.

    It takes the rows of each run by its name: `origin_share.news.SC`, `origin_share.flow.SC`,
    `information_share.mean.SC`, `whole_day_share.SC`, in shares of 1. The changed arm is drawn where it differs.
    """
    measures = [name for name in _BY_SCENARIO if any(_row(rows, name) for rows in runs.values())]
    with figure_in_style(
        "SC's share of the permanent price change, %", 9.8, 1.7 + 0.55 * max(1, len(runs))
    ) as figure:
        grid = np.ravel(figure.subplots(1, max(1, len(measures)), sharex=True, sharey=True))
        ends: list[float] = [0.0, 10.0]
        arms: set[str] = set()
        for axes, name in zip(grid, measures, strict=False):
            axes.set_title(_BY_SCENARIO[name])
            axes.axvline(0, color="#888888", linewidth=0.8)
            for place, rows in enumerate(runs.values()):
                row = _row(rows, name)
                drawn = _arms_of(row)
                arms |= drawn.keys()
                for k, (arm, estimate) in enumerate(drawn.items()):
                    at = place + (0.17 * (2 * k - 1) if len(drawn) > 1 else 0.0)
                    reach = _across(axes, at, estimate, ARM_COLOURS[arm])
                    ends += reach
                    axes.annotate(percent(estimate), (reach[1], at), (5, 0), textcoords="offset points", va="center",
                                  fontsize=8, color=ARM_COLOURS[arm])  # fmt: skip
                if not drawn:
                    axes.annotate("not measured", (2, place), va="center", fontsize=8, color=_GREY)
        _shares_across(grid, ends)
        grid[0].set_yticks(range(len(runs)), list(runs))
        grid[0].set_ylim(len(runs) - 0.45, -0.75)
        for arm in (arm for arm in _ARMS if arm in arms):
            grid[0].plot([], [], "o", color=ARM_COLOURS[arm], label=arm)
        if arms:
            grid[0].plot([], [], color=_GREY, label="95 % interval")
            legend_below(figure, grid[0], 3)
    return figure


def day_and_night(rows: Sequence[Row]) -> Figure:
    """Draw each venue's information share by day, by night and over the whole day, with intervals.

    It takes the base of rows `information_share.day.<venue>`, `information_share.night.<venue>` and
    `whole_day_share.<venue>`, in shares of 1; diamonds show the changed run where it differs.
    """
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "information_share.day": ("day session", {"alpha": 0.45}),
        "information_share.night": ("night session", {}),
        "whole_day_share": ("whole day", {"facecolor": "white", "linewidth": 1.5}),
    }  # fmt: skip
    known = {row.measure: row for row in rows}
    with figure_in_style("Who leads by day and by night", 7.2, 4.2) as figure:
        axes = figure.subplots()
        ends: list[float] = [0.0, 10.0]
        ticks: list[tuple[float, str]] = []
        differs = False
        for centre, venue in enumerate(VENUES):
            for k, (kind, (_, told)) in enumerate(kinds.items()):
                row = known.get(f"{kind}.{venue}")
                drawn = _arms_of(row)
                x = centre + 0.27 * (k - 1)
                if "base" in drawn:
                    estimate, style = drawn["base"], {"color": VENUE_COLOURS[venue], **told}
                    if "facecolor" in style:
                        style["edgecolor"] = style.pop("color")
                    axes.bar(x, 100 * estimate.value, 0.22, **style)
                    ends += whisker(axes, x, *ends_of(estimate), shown=estimate.low is not None)
                    ticks.append((x, percent(estimate)))
                if "changed" in drawn:
                    differs = True
                    ends.append(100 * drawn["changed"].value)
                    axes.plot(x + 0.08, min(max(ends[-1], SHARES[0]), SHARES[1]), **_DIAMOND)
        axes.axhline(0, color="#888888", linewidth=0.8)
        axes.set_xticks(range(len(VENUES)), [f"\n{venue}" for venue in VENUES], fontsize=11)
        axes.set_xticks([x for x, _ in ticks], [text for _, text in ticks], minor=True, fontsize=9)
        axes.xaxis.remove_overlapping_locs = False
        axes.tick_params(axis="x", which="both", length=0)
        axes.set_xlim(-0.5, len(VENUES) - 0.5)
        axes.set_ylim(max(SHARES[0], 1.1 * min(ends)), min(SHARES[1], 1.08 * max(ends)))
        axes.set_ylabel("information share, %")
        for label, told in kinds.values():
            style = {"color": _GREY, **told}
            if "facecolor" in style:
                style["edgecolor"] = style.pop("color")
            axes.bar(0, 0, 0, label=label, **style)
        axes.errorbar([], [], [], color="black", linewidth=1, capsize=3, label="95 % interval")
        if differs:
            axes.plot([], [], label="changed", **_DIAMOND)
        legend_below(figure, axes, 3)
    return figure


def origin_waterfall(rows: Sequence[Row]) -> Figure:
    """Draw how the origin shares of news and order flow at each venue, and the rest, add up to 100 %.

    It takes rows `origin_share.news.<venue>`, `origin_share.flow.<venue>` and `origin_share.rest`; a panel for the base
    and one for the changed run where it differs. A whisker is the 95 % interval of the step that ends there.
    """
    known = {row.measure: row for row in rows if row.measure.startswith("origin_share.")}
    steps = [(venue, part, f"origin_share.{part}.{venue}") for venue in VENUES for part in _PARTS]
    steps = [step for step in steps if step[2] in known]
    if "origin_share.rest" in known:
        steps.append(("", "rest", "origin_share.rest"))
    arms = [arm for arm in _ARMS if any(arm in _arms_of(known[name]) for _, _, name in steps)]
    with figure_in_style("Where the price change enters", 7.2, 1.0 + 3.2 * max(1, len(arms))) as figure:
        grid = np.ravel(figure.subplots(max(1, len(arms)), 1, sharex=True, sharey=True))
        ends: list[float] = [0.0, 100.0]
        for axes, arm in zip(grid, arms, strict=False):
            ends += _waterfall(
                axes, steps, {name: getattr(row, arm) or row.base for name, row in known.items()}
            )
            axes.set_ylabel("cumulated share, %")
            if len(arms) > 1:
                axes.set_title(arm)
            axes.axhline(0, color="#888888", linewidth=0.8)
            axes.axhline(100, color="#888888", linewidth=0.8, linestyle=":")
        if steps:
            labels = [_PARTS.get(part, part) for _, part, _ in steps]
            grid[-1].set_xticks(range(len(steps)), labels)
            grid[-1].tick_params(axis="x", length=0)
            grid[0].set_ylim(max(-60.0, min(ends) - 14), min(160.0, max(ends) + 12))
            grid[-1].errorbar(
                [], [], [], color="black", linewidth=1, capsize=3, label="95 % interval of the step"
            )
            legend_below(figure, grid[-1], 2)
    return figure


def pass_through_horizons(responses: pd.DataFrame) -> Figure:
    """Draw what is left of a push over time: a row of panels for each kind, a panel for each venue pushed.

    It takes `kind` ("flow" or "news"), `pushed`, `moved`, `horizon_minutes`, `mean_bps`, `low`, `high`; the bands are
    the intervals.
    """
    kinds = present(responses, "kind", _KINDS)
    venues = present(responses, "pushed", VENUES)
    size = 1.6 + 2.7 * max(1, len(venues)), 1.3 + 2.5 * max(1, len(kinds))
    with figure_in_style("What is left of a push, by time", *size) as figure:
        grid = figure.subplots(
            max(1, len(kinds)), max(1, len(venues)), sharex=True, sharey="row", squeeze=False
        )
        for kind, line in zip(kinds, grid, strict=False):
            for pushed, axes in zip(venues, line, strict=False):
                here = responses[(responses["kind"] == kind) & (responses["pushed"] == pushed)]
                axes.axhline(0, color="#888888", linewidth=0.8)
                axes.set_title(f"{_KINDS[kind]} at {pushed}")
                for moved in present(here, "moved", VENUES):
                    mine = here[here["moved"] == moved].sort_values("horizon_minutes")
                    at, colour = mine["horizon_minutes"].to_numpy(float), VENUE_COLOURS[moved]
                    axes.fill_between(at, mine["low"], mine["high"], color=colour, alpha=0.15, linewidth=0)
                    axes.plot(at, mine["mean_bps"], color=colour, marker="o", markersize=3.5)
                axes.yaxis.set_major_locator(MaxNLocator(5))
            line[0].set_ylabel("price change, bps")
        if len(responses):
            for axes in grid[-1]:
                time_axis(axes, responses["horizon_minutes"], "minutes", "push")
        for moved in present(responses, "moved", VENUES):
            grid[0, 0].plot(
                [], [], color=VENUE_COLOURS[moved], marker="o", markersize=3.5, label=f"price at {moved}"
            )
        if len(responses):
            grid[0, 0].fill_between([], [], [], color="#999999", alpha=0.4, label="95 % interval")
            legend_below(figure, grid[0, 0], 4)
    return figure


def marginal_setter_bars(rows: Sequence[Row]) -> Figure:
    """Draw whose orders move SC's price: the share of each class of trader, and of those from overseas and at home.

    It takes rows `marginal_setter.SC.<class>` and `marginal_setter.SC.overseas` and `.domestic`: shares of the variance
    of price changes, which can be slightly negative. Classes are sorted by their base.
    """
    known = {
        row.measure.split(".")[2]: row
        for row in rows
        if row.measure.startswith("marginal_setter.SC.") and (row.base or row.changed)
    }
    homes = [name for name in ("domestic", "overseas") if name in known]
    classes = sorted((name for name in known if name not in homes), key=lambda name: -_middle(known[name]))
    with figure_in_style("Whose orders move SC's price", 7.2, 1.5 + 0.42 * max(2, len(known))) as figure:
        axes = figure.subplots()
        ends: list[float] = [0.0, 10.0]
        places = [*range(len(classes)), *(len(classes) + 0.6 + k for k in range(len(homes)))]
        arms: set[str] = set()
        for place, name in zip(places, [*classes, *homes], strict=True):
            drawn = _arms_of(known[name])
            arms |= drawn.keys()
            height = 0.7 / max(1, len(drawn))
            for k, (arm, estimate) in enumerate(drawn.items()):
                at = place + height * (k - (len(drawn) - 1) / 2)
                axes.barh(at, 100 * estimate.value, 0.92 * height, color=ARM_COLOURS[arm], alpha=0.6)
                ends += _across(axes, at, estimate, "black", marker=False)
            text = " \N{RIGHTWARDS ARROW} ".join(percent(estimate) for estimate in drawn.values())
            axes.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9,
                          annotation_clip=False)  # fmt: skip
        axes.set_yticks(places, [name.replace("_", " ") for name in (*classes, *homes)])
        axes.tick_params(axis="y", length=0)
        if classes and homes:
            axes.axhline(len(classes) - 0.2, color="#BBBBBB", linewidth=0.8)
        axes.set_ylim((places[-1] if places else 0) + 0.6, -0.6)
        axes.axvline(0, color="#888888", linewidth=0.8)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_xlim(max(SHARES[0], 1.15 * min(ends)), min(SHARES[1], 1.05 * max(ends)))
        axes.set_xlabel("share of the variance of SC's price changes, %")
        for arm in (arm for arm in _ARMS if arm in arms):
            axes.barh(0, 0, 0, color=ARM_COLOURS[arm], alpha=0.6, label=arm)
        if arms:
            axes.plot([], [], color="black", linewidth=1, label="95 % interval")
            legend_below(figure, axes, 3)
    return figure


def _row(rows: Sequence[Row], measure: str) -> Row | None:
    return next((row for row in rows if row.measure == measure), None)


def _arms_of(row: Row | None) -> dict[str, Estimate]:
    """Return the estimates to draw: the changed one only where it differs."""
    if row is None:
        return {}
    found = {arm: getattr(row, arm) for arm in _ARMS if getattr(row, arm) is not None}
    if row.base is not None and row.base == row.changed:
        del found["changed"]
    return found


def _middle(row: Row) -> float:
    estimate = row.base or row.changed
    return estimate.value if estimate else -math.inf


def _across(axes: Axes, at: float, estimate: Estimate, colour: str, *, marker: bool = True) -> list[float]:
    """Draw a share and its interval along x, with an arrow where it leaves SHARES; return its ends in per cent."""
    edges = ends_of(estimate)
    inside = [min(max(100 * edge, SHARES[0]), SHARES[1]) for edge in edges]
    if estimate.low is not None:
        axes.plot(inside, [at, at], color=colour, linewidth=1.6 if marker else 1)
        for edge, x, arrow in zip(edges, inside, "<>", strict=True):
            axes.plot(x, at, "|" if 100 * edge == x else arrow, color=colour, markersize=5, clip_on=False)
    if marker:
        axes.plot(min(max(100 * estimate.value, SHARES[0]), SHARES[1]), at, "o", color=colour, markersize=6)
    return inside


def _shares_across(grid: Iterable[Axes], ends: Sequence[float]) -> None:
    for axes in grid:
        low, high = max(SHARES[0], 1.1 * min(ends)), min(SHARES[1], max(ends))
        axes.set_xlim(low, high + 0.28 * (high - low))  # room for the numbers
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.tick_params(axis="y", length=0)


def _waterfall(
    axes: Axes, steps: Sequence[tuple[str, str, str]], shares: Mapping[str, Estimate | None]
) -> list[float]:
    """Draw the steps from 0 on, a bracket with its sum over those of a venue; return where they reach, in per cent."""
    styles: dict[str, dict[str, Any]] = {"flow": {"alpha": 0.5, "hatch": "////", "edgecolor": "white"}}
    reached = 0.0
    ends: list[float] = []
    tops: dict[str, list[float]] = {}
    sums: dict[str, float] = {}
    for place, (venue, part, name) in enumerate(steps):
        estimate = shares[name]
        if estimate is None:
            continue
        colour = VENUE_COLOURS.get(venue, "#BBBBBB")
        height = 100 * estimate.value
        axes.bar(place, height, 0.72, bottom=reached, color=colour, **styles.get(part, {}))
        top = reached + height
        reach = [reached, top]
        if estimate.low is not None and estimate.high is not None:
            whiskers = [reached + 100 * estimate.low, reached + 100 * estimate.high]
            axes.plot([place, place], whiskers, color="black", linewidth=1)
            axes.plot([place, place], whiskers, "_", color="black", markersize=6)
            reach += whiskers
        axes.annotate(percent(estimate), (place, max(reach)), (0, 3), textcoords="offset points", ha="center",
                      fontsize=9)  # fmt: skip
        if place + 1 < len(steps):
            axes.plot([place + 0.36, place + 0.64], [top, top], color="#888888", linewidth=0.8)
        tops.setdefault(venue, []).extend([place, *reach])
        sums[venue] = sums.get(venue, 0.0) + estimate.value
        reached = top
        ends += reach
    for venue, total in sums.items():
        if venue:
            middle = [place for place, (name, _, _) in enumerate(steps) if name == venue]
            axes.annotate(f"{venue} {100 * total:.0f} %", (float(np.mean(middle)), 0), (0, -4),
                          textcoords="offset points", ha="center", va="top", fontsize=10, fontweight="bold",
                          color=VENUE_COLOURS[venue])  # fmt: skip
    return ends
