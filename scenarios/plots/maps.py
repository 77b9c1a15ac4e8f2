"""The figures of a sweep: lines over one key of a scenario, maps over two.

They draw the table of a sweep (point, keys, measure, unit, value, low, high, n) and measure nothing; between the
points of a map they draw straight lines.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scenarios.plots.style import VENUE_COLOURS, figure_in_style, legend_below
from scenarios.report import number_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INFLUENCE: Final = "origin_share.SC"
_TITLES: Final = {
    INFLUENCE: "Origin share of SC: news and order flow",
    "origin_share.news.SC": "origin share, news",
    "origin_share.flow.SC": "origin share, order flow",
    "information_share.mean.SC": "Information share of SC",
    "whole_day_share.SC": "Whole-day share of SC",
    "premium.import_parity": "SC's premium over import parity",
    "volatility.SC": "Volatility of SC",
}
_OTHERS: Final = ("information_share.mean.SC", "whole_day_share.SC", "premium.import_parity", "volatility.SC")
# blue where other venues lead, white where half is SC's, orange where SC leads; black numbers are read on all of it
_WHO: Final = LinearSegmentedColormap.from_list(
    "who", ["#4C9FD1", "#A9D2EA", "#F7F7F7", "#F4B68E", "#E5792F"]
)
_LEVEL: Final = LinearSegmentedColormap.from_list("level", ["#FBFAEE", "#A8D8C0", "#57A79B"])
_FLAT: Final = LinearSegmentedColormap.from_list("flat", ["#F0F0F0", "#F0F0F0"])
_HALF: Final = 50.0
_MOST_NUMBERS: Final = 42  # points of a map that get a number
_MOST_MAPS: Final = 12
_LOG_FROM: Final = 30.0  # ratio of the last to the first value of an axis
_GREY: Final = "#555555"


def sweep_figures(
    frame: pd.DataFrame,
    keys: Sequence[str],
    base: Mapping[str, Any] | None = None,
    meanings: Mapping[str, str] | None = None,
) -> dict[str, Figure]:
    """Draw what a sweep over `keys` shows: figures by name.

    One key: `lines`. Two: `map` of SC's origin share and `maps` of the other measures. More: the first two, one map for
    each setting of the rest, up to twelve. `base`: the scenario's own settings; `meanings`: descriptions of keys.
    """
    base, meanings = base or {}, meanings or {}
    if len(keys) == 1:
        return {"lines": influence_lines(frame, keys[0], base, meanings)}
    x, y, *rest = keys
    if not rest:
        return _maps(frame, x, y, base, meanings, "")
    found: dict[str, Figure] = {}
    settings = frame[rest].drop_duplicates()
    for number, values in enumerate(itertools.islice(settings.itertuples(index=False), _MOST_MAPS), 1):
        here = frame[(frame[rest] == list(values)).all(axis=1)]
        told = ", ".join(f"{key} = {_text(value)}" for key, value in zip(rest, values, strict=True))
        at_base = all(base.get(key) == value for key, value in zip(rest, values, strict=True))
        one = _maps(here, x, y, base if at_base else {}, meanings, told)
        found |= {f"{name}-{number}": figure for name, figure in one.items()}
    return found


def _maps(
    frame: pd.DataFrame, x: str, y: str, base: Mapping[str, Any], meanings: Mapping[str, str], where: str
) -> dict[str, Figure]:
    found = {"map": influence_map(frame, x, y, base, meanings, where)}
    if any((frame["measure"] == name).any() for name in _OTHERS):
        found["maps"] = measure_maps(frame, x, y, base, meanings, where)
    return found


def influence_map(
    frame: pd.DataFrame,
    x: str,
    y: str,
    base: Mapping[str, Any] | None = None,
    meanings: Mapping[str, str] | None = None,
    where: str = "",
) -> Figure:
    """Draw SC's origin share over two keys, the line of 50 % drawn heavier, and where its interval would put it.

    Dots are the points that were run; a diamond is the base case where it lies in the grid. Two numeric keys of two
    values or more make a filled map, others a board of cells.
    """
    base, meanings = base or {}, meanings or {}
    with figure_in_style("Where Shanghai would lead: SC's origin share", 7.2, 5.6) as figure:
        axes = figure.subplots()
        table = _table(frame, x, y, INFLUENCE, "value") * 100
        if table.isna().all(axis=None):
            _empty(axes, "no origin share was measured")
            return figure
        drawn = _fill(axes, table, _WHO, np.linspace(0, 100, 11))
        bar = figure.colorbar(drawn, ax=axes, ticks=range(0, 101, 10), pad=0.02, aspect=30)
        bar.set_label("share of the permanent price change that enters at SC, %")
        bar.outline.set_visible(False)  # type: ignore[operator]
        if _is_map(table):
            bar.ax.axhline(_HALF, color="black", linewidth=2.4)
            told = _half(axes, frame, x, y, table)
        else:
            told = ""
        _dots(axes, table, base, x, y, "{:.0f} %")
        _name(axes, x, y, meanings)
        low, high = np.nanmin(table.to_numpy()), np.nanmax(table.to_numpy())
        spread = (
            f"{low:.0f} % to {high:.0f} % over the points{_precision(frame)}; {_samples(frame, INFLUENCE)}"
        )
        _subtitle(axes, "\n".join(filter(None, [where, f"{told}{spread}"])))
        if axes.get_legend_handles_labels()[1]:
            legend_below(figure, axes, 3)
    return figure


def measure_maps(
    frame: pd.DataFrame,
    x: str,
    y: str,
    base: Mapping[str, Any] | None = None,
    meanings: Mapping[str, str] | None = None,
    where: str = "",
) -> Figure:
    """Draw the other measures over the same two keys, a panel for each: shares in %, premium, volatility.

    A premium or a volatility whose differences are all within their intervals gets numbers and no contours.
    """
    base, meanings = base or {}, meanings or {}
    names = [name for name in _OTHERS if (frame["measure"] == name).any()]
    with figure_in_style(
        "What else moves over the grid", 9.4, 1.2 + 3.4 * math.ceil(len(names) / 2)
    ) as figure:
        grid = np.ravel(figure.subplots(math.ceil(len(names) / 2), 2, sharex=True, sharey=True))
        for axes, name in zip(grid, names, strict=False):
            unit, scale = _unit(frame, name)
            table = _table(frame, x, y, name, "value") * scale
            axes.set_title(f"{_TITLES[name]}, {unit}")
            if table.isna().all(axis=None):
                _empty(axes, "could not be measured")
                continue
            share = unit == "%"
            values = table.to_numpy()
            if not share and not _is_clear(frame, name):
                axes.set_title(f"{_TITLES[name]}, {unit}\nno difference that is clear of its interval")
                _fill(axes, table, _FLAT, np.array([np.nanmin(values) - 1, np.nanmax(values) + 1]))
                _dots(axes, table, base, x, y, "{:.3g}")
                continue
            levels = np.linspace(0, 100, 11) if share else _levels(table)
            drawn = _fill(axes, table, _WHO if share else _LEVEL, levels)
            figure.colorbar(drawn, ax=axes, pad=0.02).outline.set_visible(False)  # type: ignore[operator]
            spread = np.nanmax(values) - np.nanmin(values)
            _dots(axes, table, base, x, y, "{:.0f}" if share or spread > 20 else "{:.3g}")
        for axes in grid[len(names) :]:
            axes.set_visible(False)
        for axes in grid[: len(names)]:
            _name(axes, x, y, {})
            axes.label_outer()
        if where:
            figure.suptitle(f"What else moves over the grid\n{where}", x=0.01, ha="left")
    return figure


def influence_lines(
    frame: pd.DataFrame,
    x: str,
    base: Mapping[str, Any] | None = None,
    meanings: Mapping[str, str] | None = None,
) -> Figure:
    """Draw SC's influence, premium and volatility over one key, with the bands of their 95 % intervals.

    A key that is no number is drawn by points. A dotted line is the base case where it lies in the grid.
    """
    base, meanings = base or {}, meanings or {}
    colour = VENUE_COLOURS["SC"]
    panels: list[tuple[str, list[tuple[str, str, str]]]] = [
        ("Origin share of SC, %", [
            (INFLUENCE, "news and order flow", colour),
            ("origin_share.news.SC", "news", "#0072B2"), ("origin_share.flow.SC", "order flow", "#009E73"),
        ]),
        ("Information share of SC, %", [
            ("information_share.mean.SC", "while all venues trade", colour),
            ("whole_day_share.SC", "over the whole day", "#555555"),
        ]),
        ("SC's premium over import parity, USD/bbl", [("premium.import_parity", "", colour)]),
        ("Volatility of SC, % a year", [("volatility.SC", "", colour)]),
    ]  # fmt: skip
    with figure_in_style("Influence over one lever", 9.4, 6.6) as figure:
        grid = np.ravel(figure.subplots(2, 2, sharex=True))
        for axes, (title, lines) in zip(grid, panels, strict=True):
            axes.set_title(title)
            shown = [line for line in lines if (frame["measure"] == line[0]).any()]
            drawn = [_line(axes, frame, x, *line, wide=k == 0) for k, line in enumerate(shown)]
            if not any(drawn):
                _empty(axes, "could not be measured")
                continue
            if title.endswith("%"):
                _share_axis(axes)
            elif axes.get_ylim()[0] < 0 and title.startswith("Volatility"):
                axes.set_ylim(bottom=0)
            if len(shown) > 1:
                axes.legend(loc="best", fontsize=8)
            axes.yaxis.set_major_locator(MaxNLocator(6))
            _base_line(axes, frame, x, base)
        for axes in grid[2:]:
            axes.set_xlabel(_axis_label(x, meanings))
        samples, worlds = _samples(frame, INFLUENCE), _samples(frame, "premium.import_parity")
        counts = [
            f"{samples} for origin shares" if samples else "",
            f"{worlds} for the others" if worlds else "",
        ]
        note = f"Bands and bars: 95 % intervals; {', '.join(filter(None, counts))}."
        figure.supxlabel(note, x=0.01, ha="left", fontsize=9, color=_GREY)
    return figure


def _line(
    axes: Axes, frame: pd.DataFrame, x: str, measure: str, label: str, colour: str, *, wide: bool
) -> bool:
    """Draw one measure with its interval; return whether there was any value."""
    _, scale = _unit(frame, measure)
    mine = frame[(frame["measure"] == measure) & frame["value"].notna()]
    if mine.empty:
        return False
    every = list(dict.fromkeys(frame[x]))
    if _numeric(frame, x):
        mine = mine.sort_values(x)
        at = mine[x].to_numpy(float)
        value, low, high = (mine[name].to_numpy(float) * scale for name in ("value", "low", "high"))
        if wide:
            axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)
        else:
            axes.errorbar(at, value, np.abs([value - low, high - value]), fmt="none", color=colour, capsize=2.5,
                          linewidth=1)  # fmt: skip
        style = {"linewidth": 2.2 if wide else 1.4, "marker": "o", "markersize": 4}
        axes.plot(at, value, color=colour, label=label, **style)  # type: ignore[arg-type]
        if _is_log(sorted(every)):
            axes.set_xscale("log")
        return True
    at = np.array([every.index(value) for value in mine[x]], float) + (0.0 if wide else 0.12)
    value, low, high = (mine[name].to_numpy(float) * scale for name in ("value", "low", "high"))
    axes.errorbar(
        at, value, np.abs([value - low, high - value]), color=colour, fmt="o", capsize=3, label=label
    )
    axes.set_xticks(range(len(every)), [_text(value) for value in every])
    axes.set_xlim(-0.5, len(every) - 0.5)
    return True


def _share_axis(axes: Axes) -> None:
    """Keep to the shares that can be, and draw the half where it is near."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -15), min(high, 115))
    if axes.get_ylim()[1] > _HALF:
        axes.axhline(_HALF, color="black", linewidth=1.2, zorder=1)
        axes.annotate("50 %", (1.005, _HALF), xycoords=("axes fraction", "data"), va="center", fontsize=8,
                      annotation_clip=False)  # fmt: skip


def _base_line(axes: Axes, frame: pd.DataFrame, x: str, base: Mapping[str, Any]) -> None:
    at: Any = base.get(x)
    every = list(dict.fromkeys(frame[x]))
    if _numeric(frame, x):
        if not _is_number(at) or not min(every) <= at <= max(every):
            return
    elif at in every:
        at = every.index(at)
    else:
        return
    axes.axvline(at, color=_GREY, linewidth=1, linestyle=":")
    axes.annotate("base", (at, 1.0), xycoords=("data", "axes fraction"), va="top", ha="left", fontsize=8, color=_GREY,
                  xytext=(3, 0), textcoords="offset points")  # fmt: skip


def _table(frame: pd.DataFrame, x: str, y: str, measure: str, column: str) -> pd.DataFrame:
    """Return a measure by y (rows) and x (columns), numbers in their order, other values in that of the grid."""
    mine = frame[frame["measure"] == measure]
    wide = mine.pivot(index=y, columns=x, values=column)
    rows, columns = (
        sorted(set(frame[key])) if _numeric(frame, key) else list(dict.fromkeys(frame[key])) for key in (y, x)
    )
    return wide.reindex(index=rows, columns=columns)


def _is_map(table: pd.DataFrame) -> bool:
    numbers = all(_is_number(value) for value in (*table.index, *table.columns))
    return numbers and min(table.shape) >= 2


def _fill(axes: Axes, table: pd.DataFrame, colours: Any, levels: np.ndarray[Any, Any]) -> Any:
    axes.grid(visible=False)
    drawn: Any
    if not _is_map(table):
        low, high = levels[0], levels[-1]
        drawn = axes.imshow(
            table.to_numpy(), cmap=colours, vmin=low, vmax=high, aspect="auto", origin="lower"
        )
        axes.set_xticks(range(table.shape[1]), [_text(value) for value in table.columns])
        axes.set_yticks(range(table.shape[0]), [_text(value) for value in table.index])
        return drawn
    at_x, at_y = (np.asarray(axis, float) for axis in (table.columns, table.index))
    held = np.clip(table.to_numpy(), levels[0], levels[-1])  # an estimate of a share can leave 0 to 100 %
    drawn = axes.contourf(at_x, at_y, held, levels=levels, cmap=colours)
    axes.contour(at_x, at_y, held, levels=levels, colors="white", linewidths=0.6, linestyles="solid")
    for axis, scale, at in ((axes.xaxis, axes.set_xscale, at_x), (axes.yaxis, axes.set_yscale, at_y)):
        if _is_log(list(at)):
            scale("log")
        elif len(at) <= 9:
            axis.set_ticks(at, [_text(value) for value in at])
    axes.use_sticky_edges = False
    axes.margins(0.07)  # so that points on the edge and their numbers are inside
    return drawn


def _half(axes: Axes, frame: pd.DataFrame, x: str, y: str, table: pd.DataFrame) -> str:
    """Draw the line of 50 % and those of the interval's ends; return a note."""
    at_x, at_y = (np.asarray(axis, float) for axis in (table.columns, table.index))
    for column in ("low", "high"):
        bound = _table(frame, x, y, INFLUENCE, column).to_numpy() * 100
        if np.nanmin(bound, initial=math.inf) < _HALF < np.nanmax(bound, initial=-math.inf):
            told = "" if axes.get_legend_handles_labels()[1] else "50 % at the ends of the 95 % interval"
            axes.contour(at_x, at_y, bound, levels=[_HALF], colors="black", linewidths=1, linestyles="dashed")
            axes.plot([], [], color="black", linewidth=1, linestyle="dashed", label=told)
    values = table.to_numpy()
    if not np.nanmin(values) < _HALF < np.nanmax(values):
        return "No 50 % within the grid: "
    lines = axes.contour(at_x, at_y, values, levels=[_HALF], colors="black", linewidths=2.8)
    axes.plot([], [], color="black", linewidth=2.8, label="half of the price is set at SC")
    place = _emptiest(lines.allsegs[0], at_x, at_y)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.annotate("50 %", place, ha="center", va="center", fontweight="bold", bbox=box, zorder=6)
    return ""


def _emptiest(
    lines: Sequence[np.ndarray[Any, Any]], at_x: np.ndarray[Any, Any], at_y: np.ndarray[Any, Any]
) -> tuple[float, float]:
    """Return the place on the lines that is farthest from every point, measured in steps of the grid."""
    share = np.linspace(0, 1, 9)[:, None]
    along = [a * (1 - share) + b * share for line in lines for a, b in itertools.pairwise(line)]
    places = np.concatenate(along or list(lines))
    steps = np.array([np.ptp(at_x) / (len(at_x) - 1), np.ptp(at_y) / (len(at_y) - 1)])
    points = np.array(list(itertools.product(at_x, at_y)))
    apart = np.abs(places[:, None, :] - points[None, :, :]) / steps
    best = int(np.argmax(np.hypot(apart[:, :, 0], apart[:, :, 1]).min(axis=1)))
    return float(places[best, 0]), float(places[best, 1])


def _dots(axes: Axes, table: pd.DataFrame, base: Mapping[str, Any], x: str, y: str, form: str) -> None:
    """Mark the points that were run, with their numbers where there is room, and the base case."""
    is_map = _is_map(table)
    numbered = table.size <= _MOST_NUMBERS
    xs: list[Any]
    ys: list[Any]
    xs, ys = list(table.columns), list(table.index)
    values = table.to_numpy(float)
    for (row, at_y), (column, at_x) in itertools.product(enumerate(ys), enumerate(xs)):
        value = values[row, column]
        place: tuple[Any, Any]
        place = (at_x, at_y) if is_map else (column, row)
        if is_map:
            axes.plot(*place, "o" if value == value else "x", color="black", markersize=3, clip_on=False)
        if numbered and value == value:
            offset = (0, 5) if is_map else (0, 0)
            axes.annotate(form.format(value + 0.0), place, offset, textcoords="offset points", ha="center",
                          va="bottom" if is_map else "center", fontsize=8, annotation_clip=False)  # fmt: skip
    own = base.get(x), base.get(y)
    inside = [
        _is_number(value) and min(axis) <= value <= max(axis) if is_map else value in list(axis)
        for value, axis in zip(own, (xs, ys), strict=True)
    ]
    if all(inside):
        place = own if is_map else (xs.index(own[0]), ys.index(own[1]) - 0.25)
        axes.plot(*place, "D", color="white", markeredgecolor="black", markersize=8, linestyle="none", zorder=5,
                  label="base case", clip_on=False)  # fmt: skip


def _levels(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    low, high = float(np.nanmin(table.to_numpy())), float(np.nanmax(table.to_numpy()))
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    return np.asarray(MaxNLocator(8).tick_values(low, high))


def _name(axes: Axes, x: str, y: str, meanings: Mapping[str, str]) -> None:
    axes.set_xlabel(_axis_label(x, meanings))
    axes.set_ylabel(_axis_label(y, meanings))


def _axis_label(key: str, meanings: Mapping[str, str]) -> str:
    meaning = meanings.get(key, "")
    return f"{key}\n({meaning})" if meaning else key


def _subtitle(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=9, fontweight="normal", color=_GREY)


def _unit(frame: pd.DataFrame, measure: str) -> tuple[str, float]:
    """Return the unit as drawn and the factor to it."""
    unit = str(frame.loc[frame["measure"] == measure, "unit"].iloc[0])
    return ("%", 100.0) if unit == "share" else (unit, 1.0)


def _samples(frame: pd.DataFrame, measure: str) -> str:
    counts = sorted({int(n) for n in frame.loc[frame["measure"] == measure, "n"] if n})
    word = "samples" if measure.startswith("origin_share") else "worlds"
    if not counts:
        return ""
    return f"{counts[0]} {word} each" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} {word} each"


def _is_clear(frame: pd.DataFrame, measure: str) -> bool:
    """Return whether any point differs from the reference, or from another, by more than its interval."""
    mine = frame[(frame["measure"] == measure) & frame["value"].notna()]
    if "difference_low" in mine:
        return bool((mine["difference_low"] * mine["difference_high"] > 0).any())
    half = (mine["high"] - mine["low"]).median() / 2
    return not mine["value"].max() - mine["value"].min() < half


def _precision(frame: pd.DataFrame) -> str:
    mine = frame[frame["measure"] == INFLUENCE]
    half = float(((mine["high"] - mine["low"]) / 2).median()) * 100
    return f", each give or take {number_text(half, half)} (95 %, median)" if half == half else ""


def _numeric(frame: pd.DataFrame, key: str) -> bool:
    return frame[key].dtype.kind in "iuf"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _is_log(values: Sequence[float]) -> bool:
    return len(values) > 2 and values[0] > 0 and values[-1] / values[0] >= _LOG_FROM


def _text(value: Any) -> str:
    return f"{value:.6g}" if _is_number(value) else str(value)


def _empty(axes: Axes, text: str) -> None:
    axes.text(0.02, 0.9, text, transform=axes.transAxes, va="top")
    axes.grid(visible=False)
    axes.set_yticks([])
