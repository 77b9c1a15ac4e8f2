"""The figures of the audit of the estimators; they draw scores and compute none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure

from scenarios.plots.style import VENUE_COLOURS, figure_in_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_SHARES: Final = ("IS", "MIS", "CS", "PDS", "DY TO share", "CWIS", "IS x hours")
_SPEEDS: Final = ("ILS", "PILS")
_LEADS: Final = ("DY NET", "HY lag", "HY ratio", "TE")
_SPEED_NOTE: Final = "a speed share: rank only"
_EDGE: Final = 1.04
_ACROSS: Final = 3
_HEADROOM: Final = 16.0  # per cent, for a line of text above the points


def worlds_scatter(table: pd.DataFrame, scores: pd.DataFrame, venue: str = "SC") -> Figure:
    """Draw each estimator against the true origin share of a venue, a point with both intervals for each world.

    table: columns world, venue, truth, truth_se, estimator, estimate, low, high; scores: estimator, venue, rank,
    rank_low, rank_high, refused, worlds.
    """
    names = [name for name in (*_SHARES, *_SPEEDS) if name in set(table["estimator"])]
    count = table["world"].nunique()
    title = f"What estimators say of {venue}'s origin share in {count} simulated worlds"
    rows = -(-len(names) // _ACROSS)
    with figure_in_style(title, 8.4, 0.9 + 2.6 * rows) as figure:
        panels = figure.subplots(rows, _ACROSS, sharex=True, sharey=True, squeeze=False)
        for axes in panels.flat[len(names) :]:
            axes.set_visible(False)
        for axes, name in zip(panels.flat, names, strict=False):
            own = table[(table["estimator"] == name) & (table["venue"] == venue)]
            score = scores[(scores["estimator"] == name) & (scores["venue"] == venue)].iloc[0]
            _scatter(axes, own, venue, speed=name in _SPEEDS)
            axes.set_title(f"{name.removesuffix(' share')}: rank corr. {score['rank']:.2f}")
            between = f"[{score['rank_low']:.2f}, {score['rank_high']:.2f}]"
            refused = f", {score['refused']:.0f} without a share" if score["refused"] else ""
            axes.text(0.03, 0.97, between + refused, transform=axes.transAxes, va="top", fontsize=8)
            if name in _SPEEDS:
                axes.text(0.97, 0.03, _SPEED_NOTE, transform=axes.transAxes, ha="right", fontsize=8)
        figure.supxlabel("true origin share, % (bars: 95 % intervals; beyond the edge: at it)", fontsize=9)
        figure.supylabel("estimate, %", fontsize=9)
    return figure


def design_scores(designs: pd.DataFrame, titles: Mapping[str, str]) -> Figure:
    """Draw bias and coverage of shares and speeds by design, and how often the right leader is named.

    designs: columns design, estimator, claim, truth, bias, coverage, wrong; titles: of the designs, in words.
    """
    names = list(dict.fromkeys(designs["design"]))
    shares = [e for e in (*_SHARES, *_SPEEDS) if e in set(designs["estimator"])]
    leads = [e for e in _LEADS if e in set(designs["estimator"])]
    by = designs.set_index(["design", "estimator"])
    with figure_in_style("Estimators against known truth", 11.0, max(3.6, 1.6 + 0.36 * len(names))) as figure:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[len(shares), len(leads)])
        _heat(
            left, by, names, shares, "bias", 0.5, "PuOr_r",
            lambda row: f"{round(100 * row['bias']) + 0:+d}  ({100 * row['coverage']:.0f})",
        )  # fmt: skip
        left.set_title("Bias in points (coverage of the 95 % interval, %)")
        _heat(
            right, by, names, leads, "coverage", 1.0, "Greens",
            lambda row: f"{100 * row['coverage']:.0f} / {100 * row['wrong']:.0f}",
        )  # fmt: skip
        right.set_title("Leader: % right / wrong")
        left.set_yticks(range(len(names)), [_truth_label(by, name, titles[name]) for name in names])
    return figure


def _truth_label(by: pd.DataFrame, name: str, title: str) -> str:
    origin, speed = (by["truth"].get((name, e), np.nan) for e in ("IS", "ILS"))
    leads = {1.0: "SC leads", -1.0: "Brent leads", 0.0: "no leader"}[float(by["truth"][name]["DY NET"])]
    told = [
        f"{word} {value:.2f}" for word, value in (("origin", origin), ("speed", speed)) if np.isfinite(value)
    ]
    return f"{title}\n" + ", ".join([*told, leads])


def _heat(
    axes: Axes,
    by: pd.DataFrame,
    rows: list[str],
    columns: list[str],
    value: str,
    top: float,
    colours: str,
    text: Callable[[Any], str],
) -> None:
    """Draw a table of coloured cells; one that does not apply stays blank."""
    grid = np.full((len(rows), len(columns)), np.nan)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if (row, column) in by.index:
                grid[i, j] = by.at[(row, column), value]
    low = -top if colours != "Greens" else 0.0
    axes.imshow(np.clip(grid, low, top), cmap=colours, vmin=1.4 * low, vmax=1.4 * top, aspect="auto")
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            shown = text(by.loc[(row, column)]) if np.isfinite(grid[i, j]) else "–"
            strong = np.isfinite(grid[i, j]) and abs(grid[i, j]) > 0.75 * top
            axes.text(
                j, i, shown, ha="center", va="center", fontsize=8, color="white" if strong else "#222222"
            )
    axes.set_xticks(range(len(columns)), columns)
    axes.tick_params(length=0, labeltop=False)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(False)
    axes.spines[:].set_visible(False)


def _scatter(axes: Axes, own: pd.DataFrame, venue: str, *, speed: bool) -> None:
    colour = VENUE_COLOURS[venue]
    edges = (-100 * (_EDGE - 1), 100 * _EDGE)
    axes.set_xlim(edges)
    axes.set_ylim(edges[0], edges[1] + _HEADROOM)
    axes.set_aspect("equal")
    axes.grid(True, axis="both")
    axes.set_xticks([0, 50, 100])
    axes.set_yticks([0, 50, 100])
    if not speed:
        axes.plot([0, 100], [0, 100], color="#888888", linewidth=1, linestyle=(0, (4, 2)))
    known = own[np.isfinite(own["estimate"])]
    x, half = 100 * known["truth"].to_numpy(), 196 * known["truth_se"].to_numpy()
    y, low, high = (np.clip(100 * known[c].to_numpy(), *edges) for c in ("estimate", "low", "high"))
    axes.vlines(x, low, high, color=colour, alpha=0.35, linewidth=1)
    axes.hlines(
        y, np.clip(x - half, *edges), np.clip(x + half, *edges), color=colour, alpha=0.35, linewidth=1
    )
    axes.plot(x, y, "o", color=colour, markersize=4, clip_on=False)
