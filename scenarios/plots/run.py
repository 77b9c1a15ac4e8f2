"""The figures of a run: functions from frames or rows to matplotlib figures, in one style.

They draw what was measured and measure nothing, but for the mean over replications and its interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from exchange.units import NS_PER_HOUR
from scenarios.plots.style import (
    ALIKE,
    ARM_COLOURS,
    SHARES,
    VENUE_COLOURS,
    VENUES,
    arm_labels,
    date_axis,
    dates,
    draw_arms,
    ends_of,
    figure_in_style,
    label_arms,
    legend_below,
    percent,
    present,
    whisker,
)
from scenarios.report import estimate_text, number_text
from scenarios.results import Row

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_POINTS: Final = 4_000  # of a line, more than a page can show
_GROUPS: Final = {
    "yangtze_delta": "Yangtze delta",
    "shandong_liaoning": "Shandong and Liaoning",
    "south": "South",
}
_NIGHT_HOURS: Final = (20, 8)
_INFLUENCE: Final = ("origin_share", "information_share")
_NEGLIGIBLE: Final = 1e-3  # of the base: an effect within it is not drawn
_DIAMOND: Final[Any] = {"color": "#AA3377", "markersize": 5, "linestyle": "none", "marker": "D"}
_TANKAGE: Final[Any] = {"linestyle": (0, (4, 2)), "linewidth": 1.2, "drawstyle": "steps-post"}


def influence_bars(rows: Sequence[Row]) -> Figure:
    """Draw each venue's origin share, news and flow apart, beside the bounds of its information share.

    It takes the base of rows named `origin_share.news.<venue>`, `origin_share.flow.<venue>` and
    `information_share.<low, mean or high>.<venue>`, in shares of 1; diamonds show the changed run where it differs.
    """
    with figure_in_style("Who sets the price of crude", 7.2, 4.2) as figure:
        axes = figure.subplots()
        _influence(axes, rows)
        legend_below(figure, axes, 2)
    return figure


def headline(rows: Sequence[Row], gas_days: pd.DataFrame) -> Figure:
    """Draw the one figure of a gas shock: who sets the price of crude, and what the shock does to LNG at SHPGX.

    It takes the rows of `influence_bars` and `shpgx_lng.mean`, and the frame of `gas_prices`.
    """
    effect = next((row.effect for row in rows if row.measure == "shpgx_lng.mean"), None)
    with figure_in_style("", 10.4, 4.2) as figure:
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
        left.set_title("Who sets the price of crude")
        _influence(left, rows)
        right.set_title("LNG at SHPGX, CNY/t")
        if effect:
            text = f"the change adds\n{estimate_text(effect)}\non average"
            right.text(0.04, 0.95, text, color=ARM_COLOURS["changed"], va="top", transform=right.transAxes)
        draw_arms(right, gas_days, "day", "shpgx_lng_cny_per_t", 1.0)
        right.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        date_axis(right)
        label_arms(right, gas_days, ["shpgx_lng_cny_per_t"])
        for axes in (left, right):
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.13), fontsize=8)
    return figure


def pass_through_matrix(rows: Sequence[Row]) -> Figure:
    """Draw how far a push at one venue (row) moves each venue (column) for good, base and changed.

    It takes rows named `pass_through.<pushed>.<moved>`.
    """
    wanted = {
        tuple(row.measure.split(".")[1:3]): row for row in rows if row.measure.startswith("pass_through.")
    }
    pushed = [venue for venue in VENUES if any(key[0] == venue for key in wanted)]
    moved = [venue for venue in VENUES if any(key[1] == venue for key in wanted)]
    arms = [arm for arm in ARM_COLOURS if any(getattr(row, arm) for row in wanted.values())]
    alike = len(arms) > 1 and all(row.base == row.changed for row in wanted.values())
    arms = arms[:1] if alike else arms
    unit = next(iter(wanted.values())).unit if wanted else ""
    values = {arm: np.full((len(pushed), len(moved)), np.nan) for arm in arms}
    for (source, target), row in wanted.items():
        for arm in arms:
            if (estimate := getattr(row, arm)) is not None:
                values[arm][pushed.index(source), moved.index(target)] = estimate.value
    top = max((float(np.nanmax(np.abs(grid))) for grid in values.values()), default=1.0) or 1.0
    with figure_in_style(
        "What a push leaves behind", 1.6 + 3.4 * max(1, len(arms)), 1.6 + 0.9 * len(pushed)
    ) as figure:
        for axes, arm in zip(np.ravel(figure.subplots(1, max(1, len(arms)))), arms, strict=False):
            axes.imshow(values[arm], cmap="PuOr", vmin=-2 * top, vmax=2 * top, aspect="auto")
            for (source, target), row in wanted.items():
                if (estimate := getattr(row, arm)) is not None:
                    text = estimate_text(estimate).replace(" [", "\n[")
                    axes.text(moved.index(target), pushed.index(source), text, ha="center", va="center")
            axes.set_title(f"{ALIKE if alike else arm}, {unit}")
            axes.set_xticks(range(len(moved)), [f"moves {venue}" for venue in moved])
            axes.set_yticks(range(len(pushed)), [f"buying at {venue}" for venue in pushed])
            axes.tick_params(labelleft=arm == arms[0])
            axes.tick_params(length=0)
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
    return figure


def price_paths(quotes: pd.DataFrame) -> Figure:
    """Draw the mid prices of each venue, base against changed, of the first replication.

    It takes `arm`, `replication`, `venue`, `at_ns`, `mid` (USD/bbl). Hours without quotes stay empty.
    """
    first = quotes[quotes["replication"] == quotes["replication"].min()]
    venues, arms = present(first, "venue", VENUES), arm_labels(first, ["mid"])
    with figure_in_style("Prices, first replication", 7.2, 1.2 + 1.7 * len(venues)) as figure:
        grid = np.ravel(figure.subplots(len(venues), 1, sharex=True))
        for axes, venue in zip(grid, venues, strict=True):
            for arm, label in arms.items():
                one = first[(first["venue"] == venue) & (first["arm"] == arm)].sort_values("at_ns")
                one = one.iloc[:: max(1, len(one) // _POINTS)]
                at, mid = one["at_ns"].to_numpy("int64"), one["mid"].to_numpy(float).copy()
                step = np.diff(at, prepend=at[:1])
                pause = max(NS_PER_HOUR, 3 * np.median(step)) if len(step) else 0
                mid[step > pause] = np.nan  # a line across a closed market would be a price nobody saw
                colour = ARM_COLOURS[arm]
                axes.plot(at.astype("datetime64[ns]"), mid, color=colour, linewidth=1.0, label=label)
            axes.set_title(f"{venue}, USD/bbl")
            axes.yaxis.set_major_locator(MaxNLocator(4))
            _shade_nights(axes, first["at_ns"].to_numpy("int64"))
        date_axis(grid[-1])
        legend_below(figure, grid[-1], 3)
    return figure


def premium_path(days: pd.DataFrame) -> Figure:
    """Draw SC's premium over import parity by trading day: the mean over replications and its 95 % interval.

    It takes `arm`, `replication`, `trading_day`, `premium_usd_per_bbl`.
    """
    with figure_in_style("SC's premium over import parity", 7.2, 3.2) as figure:
        axes = figure.subplots()
        draw_arms(axes, days, "trading_day", "premium_usd_per_bbl", 1.0)
        axes.axhline(0, color="#888888", linewidth=0.8)
        axes.set_ylabel("USD/bbl")
        date_axis(axes)
        label_arms(axes, days, ["premium_usd_per_bbl"])
        legend_below(figure, axes, 3)
    return figure


def tanks(frame: pd.DataFrame) -> Figure:
    """Draw the crude in each group of delivery bases, with the room promised to cargoes, against the tankage.

    It takes `arm`, `replication`, `day`, `group`, `stock_bbl`, `capacity_bbl`, `committed_bbl`; means over
    replications, in million barrels.
    """
    groups, columns = sorted(frame["group"].unique()), ["stock_bbl", "capacity_bbl", "committed_bbl"]
    arms = arm_labels(frame, columns)
    with figure_in_style("Crude in the delivery bases", 7.2, 1.2 + 1.8 * len(groups)) as figure:
        grid = np.ravel(figure.subplots(len(groups), 1, sharex=True))
        for axes, group in zip(grid, groups, strict=True):
            mine = frame[frame["group"] == group]
            mine = mine.groupby(["arm", "replication", "day"], as_index=False)[columns].sum()
            for arm in arms:
                mean = mine[mine["arm"] == arm].groupby("day")[columns].mean().sort_index() / 1e6
                at, colour = dates(mean.index), ARM_COLOURS[arm]
                with_cargoes = mean["stock_bbl"] + mean["committed_bbl"]
                axes.fill_between(at, mean["stock_bbl"], with_cargoes, color=colour, alpha=0.18, linewidth=0)
                width = 3.0 if arm == "base" else 1.3  # the base shows beneath where they agree
                axes.plot(at, mean["stock_bbl"], color=colour, linewidth=width)
                axes.plot(at, mean["capacity_bbl"], color=colour, **_TANKAGE)
            axes.set_title(f"{_GROUPS.get(group, group.replace('_', ' '))}, million bbl")
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(4))
        for arm, label in arms.items():
            grid[-1].plot([], [], color=ARM_COLOURS[arm], label=f"in tank, {label}")
        grid[-1].fill_between([], [], [], color="#999999", alpha=0.4, label="cargoes on their way")
        grid[-1].plot([], [], color="#777777", label="tankage", **_TANKAGE)
        date_axis(grid[-1])
        legend_below(figure, grid[-1], 2)
    return figure


def gas_prices(gas_days: pd.DataFrame) -> Figure:
    """Draw SHPGX's LNG price, JKM, the LNG in tank and, where there is any, the demand not served.

    It takes `arm`, `replication`, `day`, `shpgx_lng_cny_per_t`, `jkm_usd_per_mmbtu`,
    `stock_m3`, `unserved_m3`; the bands are 95 % intervals over replications.
    """
    panels = [
        ("shpgx_lng_cny_per_t", 1.0, "SHPGX LNG, CNY/t"),
        ("jkm_usd_per_mmbtu", 1.0, "JKM, USD/MMBtu"),
        ("stock_m3", 1e-6, "LNG in tank, million m3 of gas"),
        ("unserved_m3", 1e-6, "demand not served, million m3 a day"),
    ]
    with figure_in_style("Gas in the Yangtze delta", 7.6, 5.0) as figure:
        grid = np.ravel(figure.subplots(2, 2, sharex=True))
        for axes, (column, scale, title) in zip(grid, panels, strict=True):
            axes.set_title(title)
            if column == "unserved_m3" and not gas_days[column].any():
                axes.text(0.02, 0.9, "none on any day", transform=axes.transAxes, va="top")
                axes.grid(visible=False)
                axes.set_yticks([])
                continue
            draw_arms(axes, gas_days, "day", column, scale)
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            if column.endswith("m3"):
                axes.set_ylim(bottom=0)
        for axes in grid[-2:]:
            date_axis(axes)
        label_arms(grid[0], gas_days, [column for column, _, _ in panels])
        legend_below(figure, grid[0], 3)
    return figure


def effects_forest(rows: Sequence[Row], *, whole: bool = False) -> Figure:
    """Draw the effect of the change on each measure, with its interval, one panel for each section and unit.

    It takes rows that have an effect, and leaves out those whose whole interval is within a thousandth of the base,
    unless asked for the `whole`. A filled point has an interval without zero.
    """
    known = [row for row in rows if row.effect is not None]
    having = [row for row in known if whole or not _negligible(row)]
    panels: dict[tuple[str, str], list[Row]] = {}
    for row in having:
        panels.setdefault((row.section, row.unit), []).append(row)
    height = 1.0 + 0.6 * len(panels) + 0.27 * len(having)
    with figure_in_style("What the change does (changed less base)", 7.6, height) as figure:
        if len(known) > len(having):
            count = f"{len(known) - len(having)} of {len(known)} measures"
            text = f"Left out: {count}, moved by less than {100 * _NEGLIGIBLE:g} % of their base if at all."
            figure.supxlabel(text, x=0.01, ha="left", fontsize=9)
        if not having:
            return figure
        heights = [len(group) + 0.8 for group in panels.values()]
        grid = np.ravel(figure.subplots(len(panels), 1, gridspec_kw={"height_ratios": heights}))
        for axes, ((section, unit), group) in zip(grid, panels.items(), strict=True):
            _forest(axes, group, limit=1.0 if unit == "share" else math.inf)
            axes.set_title(f"{section}, {unit}", fontsize=9)
    return figure


def _negligible(row: Row) -> bool:
    effect, base = row.effect, row.base
    if effect is None or effect.value == 0:
        return True
    return base is not None and max(map(abs, ends_of(effect))) < _NEGLIGIBLE * abs(base.value)


def _forest(axes: Axes, rows: Sequence[Row], limit: float) -> None:
    """Draw one panel of effects; an interval beyond `limit` ends in an arrow there."""
    colour = ARM_COLOURS["changed"]
    axes.axvline(0, color="#888888", linewidth=0.8)
    for place, effect in enumerate(row.effect for row in rows):
        assert effect is not None
        low, high = ends_of(effect)
        apart = effect.low is not None and (low > 0 or high < 0)
        axes.plot([max(low, -limit), min(high, limit)], [place, place], color=colour, linewidth=1.5)
        for beyond, at, marker in ((low < -limit, -limit, "<"), (high > limit, limit, ">")):
            if beyond:
                axes.plot(at, place, marker, color=colour, markersize=5)
        middle = min(max(effect.value, -limit), limit)
        axes.plot(middle, place, "o", color=colour, markerfacecolor=colour if apart else "white")
        text = number_text(effect.value, (high - low) / 2 or effect.value / 100, most=6)
        text = f"+{text}" if effect.value > 0 and text.strip("0.") else text
        axes.annotate(
            text,
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.08)


def _influence(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw three bars a venue: origin share by news, by flow, and the bounds of the information share."""
    found = {row.measure: row for row in rows if row.base and row.measure.split(".")[0] in _INFLUENCE}
    ends: list[float] = [0.0, 10.0]
    places: list[float] = []
    numbers: list[str] = []
    styles: dict[str, Any] = {"news": {}, "flow": {"alpha": 0.5, "hatch": "////", "edgecolor": "white"}}
    for centre, venue in enumerate(VENUES):
        colour = VENUE_COLOURS[venue]
        for part, x in (("news", centre - 0.27), ("flow", centre)):
            row = found.get(f"origin_share.{part}.{venue}")
            if row is not None and row.base is not None:
                axes.bar(x, 100 * row.base.value, 0.22, color=colour, **styles[part])
                ends += whisker(axes, x, *ends_of(row.base), shown=row.base.low is not None)
                _diamond(axes, x, row)
                places, numbers = [*places, x], [*numbers, percent(row.base)]
        bounds = [found.get(f"information_share.{edge}.{venue}") for edge in ("low", "mean", "high")]
        low, mean, high = (row.base if row else None for row in bounds)
        if low and mean and high and bounds[1]:
            x = centre + 0.27
            height = 100 * (high.value - low.value)
            axes.bar(x, height, 0.22, 100 * low.value, facecolor="white", edgecolor=colour, linewidth=1.5)
            axes.plot(x, 100 * mean.value, "o", color=colour, markersize=6, zorder=4)
            ends += whisker(axes, x, ends_of(low)[0], ends_of(high)[1], shown=low.low is not None)
            _diamond(axes, x, bounds[1])
            places, numbers = [*places, x], [*numbers, percent(mean)]
    axes.axhline(0, color="#888888", linewidth=0.8)
    axes.set_xticks(range(len(VENUES)), [f"\n{venue}" for venue in VENUES], fontsize=11)
    axes.set_xticks(places, numbers, minor=True, fontsize=9)
    axes.xaxis.remove_overlapping_locs = False
    axes.tick_params(axis="x", which="both", length=0)
    axes.set_xlim(-0.5, len(VENUES) - 0.5)
    axes.set_ylim(max(SHARES[0], 1.1 * min(ends)), min(SHARES[1], 1.08 * max(ends)))
    axes.set_ylabel("share of permanent price change, %")
    grey = "#777777"
    axes.bar(0, 0, 0, color=grey, label="origin share: news first seen there")
    axes.bar(0, 0, 0, color=grey, label="origin share: its own order flow", **styles["flow"])
    outline: Any = {"facecolor": "white", "edgecolor": grey, "linewidth": 1.5}
    axes.bar(0, 0, 0, label="information share: bounds, mean of orderings", **outline)
    axes.errorbar([], [], [], color="black", linewidth=1, capsize=3, label="95 % interval")
    if any(row.changed is not None and row.changed != row.base for row in found.values()):
        axes.plot([], [], label="changed", **_DIAMOND)


def _diamond(axes: Axes, x: float, row: Row) -> None:
    """Mark the changed run beside a bar, where it differs."""
    if row.changed is not None and row.changed != row.base:
        axes.plot(x + 0.08, min(max(100 * row.changed.value, SHARES[0]), SHARES[1]), **_DIAMOND)


def _shade_nights(axes: Axes, at_ns: np.ndarray) -> None:
    """Shade the nights of Shanghai in which there were quotes."""
    from_hour, to_hour = _NIGHT_HOURS
    hours = (at_ns // NS_PER_HOUR) % 24
    dark = at_ns[(hours >= from_hour) | (hours < to_hour)]
    evenings = np.unique(
        (dark - to_hour * NS_PER_HOUR) // (24 * NS_PER_HOUR)
    )  # a night belongs to its evening
    label = f"night in Shanghai, {from_hour}:00-{to_hour:02}:00"
    for k, evening in enumerate(evenings):
        start, end = (
            evening + from_hour / 24,
            evening + 1 + to_hour / 24,
        )  # days since 1970, as matplotlib counts
        axes.axvspan(start, end, color="#EEF1F7", zorder=0, linewidth=0, label="" if k else label)
