"""The figures of a run: functions from frames or rows to matplotlib figures, in one style.

They draw what was measured and measure nothing, but for the mean over replications and its interval.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import matplotlib
import numpy as np
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from exchange.units import NS_PER_HOUR
from scenarios.results import Estimate, Row, interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_POINTS: Final = 4_000  # of a line, more than a page can show
VENUES: Final = ("SC", "Oman", "Brent")
# Okabe and Ito's colours, which stay apart for colour-blind readers and in grey
VENUE_COLOURS: Final = {"SC": "#D55E00", "Oman": "#009E73", "Brent": "#0072B2"}
ARM_COLOURS: Final = {"base": "#4D4D4D", "changed": "#AA3377"}
_TANKAGE: Final[Any] = {"linestyle": (0, (4, 2)), "linewidth": 1.2, "drawstyle": "steps-post"}
_STYLE: Final[Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 9,
    "axes.edgecolor": "#888888",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.5,
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "svg.hashsalt": "yangshan",
}


def influence_bars(rows: Sequence[Row]) -> Figure:
    """Draw each venue's origin share, split into news and flow, beside the bounds of its information share.

    It takes the base of rows named `origin_share.news.<venue>`, `origin_share.flow.<venue>` and
    `information_share.<low, mean or high>.<venue>`, in shares of 1.
    """
    found = {row.measure: row.base for row in rows if row.base}
    with _figure("Who sets the price of crude", 7.2, 4.0) as figure:
        axes = figure.subplots()
        heights: list[float] = []
        for place, venue in enumerate(VENUES):
            colour = VENUE_COLOURS[venue]
            bottom = 0.0
            for part, hatch, alpha in (("news", "", 1.0), ("flow", "////", 0.45)):
                estimate = found.get(f"origin_share.{part}.{venue}")
                if estimate is None:
                    continue
                value = 100 * estimate.value
                axes.bar(
                    place - 0.16,
                    value,
                    0.3,
                    bottom,
                    color=colour,
                    alpha=alpha,
                    hatch=hatch,
                    edgecolor="white",
                )
                shift = -0.05 if part == "news" else 0.05  # the two intervals stand apart
                heights.append(_whisker(axes, place - 0.16 + shift, bottom, estimate, 100))
                bottom += value
            low, middle, high = (
                found.get(f"information_share.{edge}.{venue}") for edge in ("low", "mean", "high")
            )
            if low is not None and middle is not None and high is not None:
                ends = [100 * low.value, 100 * high.value]
                axes.plot(
                    [place + 0.2] * 2, ends, color=colour, linewidth=7, solid_capstyle="butt", alpha=0.8
                )
                axes.plot(
                    place + 0.2, 100 * middle.value, "o", color="white", markeredgecolor=colour, markersize=7
                )
                heights += [_whisker(axes, place + 0.27, 0.0, edge, 100) for edge in (low, high)]
        axes.axhline(0, color="#888888", linewidth=0.8)
        axes.set_xticks(range(len(VENUES)), VENUES, fontsize=11)
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.5, len(VENUES) - 0.5)
        axes.set_ylim(min(0.0, axes.get_ylim()[0]), max([*heights, 10.0]) * 1.08)
        axes.set_ylabel("share of permanent price change, %")
        grey = "#777777"
        axes.bar(0, 0, color=grey, label="origin: news first seen there")
        axes.bar(
            0, 0, color=grey, alpha=0.45, hatch="////", edgecolor="white", label="origin: its own order flow"
        )
        axes.bar(0, 0, color=grey, width=0.1, label="information share: bounds, mean of orderings")
        axes.errorbar([], [], [], color="black", linewidth=1, capsize=3, label="95 % intervals")
        _legend_below(figure, axes, 2)
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
    arms = [arm for arm in ("base", "changed") if any(getattr(row, arm) for row in wanted.values())]
    unit = next(iter(wanted.values())).unit if wanted else ""
    values = {arm: np.full((len(pushed), len(moved)), np.nan) for arm in arms}
    for (source, target), row in wanted.items():
        for arm in arms:
            if (estimate := getattr(row, arm)) is not None:
                values[arm][pushed.index(source), moved.index(target)] = estimate.value
    top = max((float(np.nanmax(np.abs(grid))) for grid in values.values()), default=1.0) or 1.0
    with _figure(
        "What a push leaves behind", 1.6 + 3.4 * max(1, len(arms)), 1.6 + 0.9 * len(pushed)
    ) as figure:
        for axes, arm in zip(np.ravel(figure.subplots(1, max(1, len(arms)))), arms, strict=False):
            axes.imshow(values[arm], cmap="PuOr", vmin=-2 * top, vmax=2 * top, aspect="auto")
            for (source, target), row in wanted.items():
                if (estimate := getattr(row, arm)) is not None:
                    axes.text(
                        moved.index(target), pushed.index(source), _short(estimate), ha="center", va="center"
                    )
            axes.set_title(f"{arm}, {unit}" if len(arms) > 1 else unit)
            axes.set_xticks(range(len(moved)), [f"moves {venue}" for venue in moved])
            axes.set_yticks(range(len(pushed)), [f"buying at {venue}" for venue in pushed])
            axes.tick_params(length=0)
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
    return figure


def price_paths(quotes: pd.DataFrame) -> Figure:
    """Draw the mid prices of each venue, base against changed, of the first replication.

    It takes `arm`, `replication`, `venue`, `at_ns`, `mid` (USD/bbl). Hours without quotes stay empty.
    """
    first = quotes[quotes["replication"] == quotes["replication"].min()]
    venues, arms = _present(first, "venue", VENUES), _present(first, "arm", ARM_COLOURS)
    with _figure("Prices, first replication", 7.2, 1.0 + 1.8 * len(venues)) as figure:
        grid = np.ravel(figure.subplots(len(venues), 1, sharex=True))
        for axes, venue in zip(grid, venues, strict=True):
            for arm in arms:
                one = first[(first["venue"] == venue) & (first["arm"] == arm)].sort_values("at_ns")
                one = one.iloc[:: max(1, len(one) // _POINTS)]
                at, mid = one["at_ns"].to_numpy("int64"), one["mid"].to_numpy(float).copy()
                step = np.diff(at, prepend=at[:1])
                pause = max(NS_PER_HOUR, 3 * np.median(step)) if len(step) else 0
                mid[step > pause] = np.nan  # a line across a closed market would be a price nobody saw
                colour = VENUE_COLOURS[venue] if arm == arms[-1] else ARM_COLOURS["base"]
                axes.plot(at.astype("datetime64[ns]"), mid, color=colour, linewidth=1.0, label=arm)
            axes.set_title(f"{venue}, USD/bbl")
            axes.yaxis.set_major_locator(MaxNLocator(4))
            if len(arms) > 1:
                axes.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 1.2))
        _date_axis(grid[-1])
    return figure


def premium_path(days: pd.DataFrame) -> Figure:
    """Draw SC's premium over import parity by trading day: the mean over replications and its 95 % interval.

    It takes `arm`, `replication`, `trading_day`, `premium_usd_per_bbl`.
    """
    with _figure("SC's premium over import parity", 7.2, 3.2) as figure:
        axes = figure.subplots()
        _arms(axes, days, "trading_day", "premium_usd_per_bbl", 1.0)
        axes.axhline(0, color="#888888", linewidth=0.8)
        axes.set_ylabel("USD/bbl")
        _date_axis(axes)
        _arm_legend(figure, axes, days)
    return figure


def tanks(frame: pd.DataFrame) -> Figure:
    """Draw the crude in each group of delivery bases, with the room promised to cargoes, against the tankage.

    It takes `arm`, `replication`, `day`, `group`, `stock_bbl`, `capacity_bbl`, `committed_bbl`; means over
    replications, in million barrels.
    """
    groups = sorted(frame["group"].unique())
    with _figure("Crude in the delivery bases", 7.2, 1.2 + 1.8 * len(groups)) as figure:
        grid = np.ravel(figure.subplots(len(groups), 1, sharex=True))
        for axes, group in zip(grid, groups, strict=True):
            mine = frame[frame["group"] == group]
            for arm in _present(mine, "arm", ARM_COLOURS):
                columns = ["stock_bbl", "capacity_bbl", "committed_bbl"]
                mean = mine[mine["arm"] == arm].groupby("day")[columns].mean().sort_index() / 1e6
                at, colour = _dates(mean.index), ARM_COLOURS[arm]
                with_cargoes = mean["stock_bbl"] + mean["committed_bbl"]
                axes.fill_between(at, mean["stock_bbl"], with_cargoes, color=colour, alpha=0.18, linewidth=0)
                axes.plot(at, mean["stock_bbl"], color=colour)
                axes.plot(at, mean["capacity_bbl"], color=colour, **_TANKAGE)
            axes.set_title(f"{group.replace('_', ' ')}, million bbl")
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MaxNLocator(4))
        for arm in _present(frame, "arm", ARM_COLOURS):
            grid[-1].plot([], [], color=ARM_COLOURS[arm], label=f"{arm}: in tank")
        grid[-1].fill_between([], [], [], color="#999999", alpha=0.4, label="promised to cargoes at sea")
        grid[-1].plot([], [], color="#777777", label="tankage", **_TANKAGE)
        _date_axis(grid[-1])
        _legend_below(figure, grid[-1], 4)
    return figure


def gas_prices(gas_days: pd.DataFrame) -> Figure:
    """Draw SHPGX's LNG price, JKM, the LNG in tank and the demand not served.

    It takes `arm`, `replication`, `day`, `shpgx_lng_cny_per_t`, `jkm_usd_per_mmbtu`,
    `stock_m3`, `unserved_m3`; the bands are 95 % intervals over replications.
    """
    panels = [
        ("shpgx_lng_cny_per_t", 1.0, "SHPGX LNG, CNY/t"),
        ("jkm_usd_per_mmbtu", 1.0, "JKM, USD/MMBtu"),
        ("stock_m3", 1e-6, "LNG in tank, million m3 of gas"),
        ("unserved_m3", 1e-6, "demand not served, million m3 a day"),
    ]
    with _figure("Gas in the Yangtze delta", 7.6, 5.0) as figure:
        grid = np.ravel(figure.subplots(2, 2, sharex=True))
        for axes, (column, scale, title) in zip(grid, panels, strict=True):
            _arms(axes, gas_days, "day", column, scale)
            axes.set_title(title)
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
            if column.endswith("m3"):
                axes.set_ylim(bottom=0)
        for axes in grid[-2:]:
            _date_axis(axes)
        if not gas_days["unserved_m3"].any():
            grid[-1].set_ylim(0, 1)
        _arm_legend(figure, grid[-1], gas_days)
    return figure


def effects_forest(rows: Sequence[Row]) -> Figure:
    """Draw the effect of the change on each measure, with its interval, one panel for each unit.

    It takes rows that have an effect. A filled point has an interval without zero.
    """
    having = [row for row in rows if row.effect is not None]
    units = list(dict.fromkeys(row.unit for row in having))
    by_unit = [[row for row in having if row.unit == unit] for unit in units]
    with _figure(
        "What the change does (changed - base)", 7.6, 0.8 + 0.6 * len(units) + 0.3 * len(having)
    ) as figure:
        if not having:
            return figure
        heights = [len(group) + 0.8 for group in by_unit]
        grid = np.ravel(figure.subplots(len(units), 1, gridspec_kw={"height_ratios": heights}))
        for axes, unit, group in zip(grid, units, by_unit, strict=True):
            axes.axvline(0, color="#888888", linewidth=0.8)
            for place, row in enumerate(group):
                effect = row.effect
                assert effect is not None
                low, high = _edges(effect)
                apart = effect.low is not None and (low > 0 or high < 0)
                colour = ARM_COLOURS["changed"]
                axes.plot([low, high], [place, place], color=colour, linewidth=1.5)
                axes.plot(
                    effect.value, place, "o", color=colour, markerfacecolor=colour if apart else "white"
                )
                axes.annotate(
                    f"{_signed(effect.value)}",
                    (1.01, place),
                    xycoords=("axes fraction", "data"),
                    va="center",
                    fontsize=9,
                    annotation_clip=False,
                )
            axes.set_yticks(range(len(group)), [row.label for row in group])
            axes.set_ylim(len(group) - 0.4, -0.6)
            axes.tick_params(axis="y", length=0)
            axes.xaxis.set_major_locator(MaxNLocator(6))
            axes.grid(visible=True, axis="x")
            axes.grid(visible=False, axis="y")
            axes.margins(x=0.08)
            axes.set_title(unit, fontsize=9)
    return figure


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG text: the same figure, the same text."""
    with matplotlib.rc_context(_STYLE):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


@contextmanager
def _figure(title: str, width: float, height: float) -> Iterator[Figure]:
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left")
        yield figure


def _arms(axes: Axes, frame: pd.DataFrame, x: str, y: str, scale: float) -> None:
    """Draw the mean over replications of each arm, and its 95 % interval as a band."""
    for arm in _present(frame, "arm", ARM_COLOURS):
        known = frame[(frame["arm"] == arm) & frame[y].notna()]
        if known.empty:
            continue
        wide = known.pivot_table(y, x, "replication").sort_index() * scale
        estimates = [interval([v for v in values if v == v], "") for values in wide.to_numpy().tolist()]
        at, edges = _dates(wide.index), np.array([_edges(estimate) for estimate in estimates]).T
        axes.fill_between(at, edges[0], edges[1], color=ARM_COLOURS[arm], alpha=0.2, linewidth=0)
        axes.plot(at, [e.value for e in estimates], color=ARM_COLOURS[arm], zorder=2 if arm == "base" else 3)


def _arm_legend(figure: Figure, axes: Axes, frame: pd.DataFrame) -> None:
    for arm in _present(frame, "arm", ARM_COLOURS):
        axes.plot([], [], color=ARM_COLOURS[arm], label=arm)
    count = frame["replication"].nunique()
    if count > 1:
        axes.fill_between(
            [], [], [], color="#999999", alpha=0.5, label=f"95 % interval, {count} replications"
        )
    _legend_below(figure, axes, 3)


def _legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=columns)


def _whisker(axes: Axes, x: float, bottom: float, estimate: Estimate, scale: float) -> float:
    """Draw the interval of a bar that stands on `bottom`; return its upper edge."""
    low, high = (bottom + scale * edge for edge in _edges(estimate))
    if estimate.low is not None:
        middle = bottom + scale * estimate.value
        axes.errorbar(x, middle, [[middle - low], [high - middle]], color="black", linewidth=1, capsize=3)
    return high


def _edges(estimate: Estimate) -> tuple[float, float]:
    if estimate.low is None or estimate.high is None:
        return estimate.value, estimate.value
    return estimate.low, estimate.high


def _short(estimate: Estimate) -> str:
    text = f"{estimate.value:.3g}"
    return text if estimate.low is None else f"{text}\n{estimate.low:.3g} to {estimate.high:.3g}"


def _signed(value: float) -> str:
    return f"{value:+,.3g}" if abs(value) < 1000 else f"{value:+,.0f}"


def _present(frame: pd.DataFrame, column: str, order: Sequence[str] | Mapping[str, str]) -> list[str]:
    here = set(frame[column].unique())
    return [name for name in order if name in here]


def _dates(values: Any) -> np.ndarray:
    return np.asarray(values).astype("datetime64[D]")


def _date_axis(axes: Axes) -> None:
    """Label days as "4 Nov" with the years below, or years alone where there are many."""
    first, last = (num2date(edge) for edge in axes.get_xlim())
    long = (last - first).days > 900

    def label(at: float, _: int) -> str:
        day = num2date(at)
        return f"{day:%Y}" if long else f"{day.day} {day:%b}"

    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(label))
    if not long:
        axes.set_xlabel(f"{first:%Y}" if first.year == last.year else f"{first:%Y}-{last:%y}")
