"""The style of all figures: colours, fonts, and the parts that several figures draw; it knows no measure."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import matplotlib
import numpy as np
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from scenarios.results import Estimate, interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VENUES: Final = ("SC", "Oman", "Brent")
# Okabe and Ito's colours, which stay apart for colour-blind readers and in grey
VENUE_COLOURS: Final = {"SC": "#D55E00", "Oman": "#009E73", "Brent": "#0072B2"}
ARM_COLOURS: Final = {"base": "#4D4D4D", "changed": "#AA3377"}
ALIKE: Final = "base and changed alike"
SHARES: Final = (-15.0, 115.0)  # per cent; an interval that reaches further is drawn with an arrow
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


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG text: the same figure, the same text."""
    with matplotlib.rc_context(_STYLE):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


@contextmanager
def figure_in_style(title: str, width: float, height: float) -> Iterator[Figure]:
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left")
        yield figure


def arm_labels(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """Return the arms to draw with their labels: one alone where the change moved none of the columns."""
    arms = present(frame, "arm", ARM_COLOURS)
    parts = [frame.loc[frame["arm"] == arm, list(columns)].to_numpy(float) for arm in arms]
    if len(arms) > 1 and np.array_equal(parts[0], parts[1], equal_nan=True):
        return {arms[0]: ALIKE}
    return {arm: arm for arm in arms}


def draw_arms(axes: Axes, frame: pd.DataFrame, x: str, y: str, scale: float) -> None:
    """Draw the mean over replications of each arm, and its 95 % interval as a band."""
    for arm in arm_labels(frame, [y]):
        known = frame[(frame["arm"] == arm) & frame[y].notna()]
        if known.empty:
            continue
        wide = known.pivot_table(y, x, "replication").sort_index() * scale
        estimates = [interval([v for v in values if v == v], "") for values in wide.to_numpy().tolist()]
        at, band = dates(wide.index), np.array([ends_of(estimate) for estimate in estimates]).T
        axes.fill_between(at, band[0], band[1], color=ARM_COLOURS[arm], alpha=0.2, linewidth=0)
        axes.plot(at, [e.value for e in estimates], color=ARM_COLOURS[arm], zorder=2 if arm == "base" else 3)


def label_arms(axes: Axes, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """Add the legend entries of the arms and of their band."""
    for arm, label in arm_labels(frame, columns).items():
        axes.plot([], [], color=ARM_COLOURS[arm], label=label)
    count = frame["replication"].nunique()
    if count > 1:
        text = f"95 % interval, {count} replications"
        axes.fill_between([], [], [], color="#999999", alpha=0.5, label=text)


def legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=columns)


def ends_of(estimate: Estimate) -> tuple[float, float]:
    if estimate.low is None or estimate.high is None:
        return estimate.value, estimate.value
    return estimate.low, estimate.high


def present(frame: pd.DataFrame, column: str, order: Sequence[str] | Mapping[str, str]) -> list[str]:
    here = set(frame[column].unique())
    return [name for name in order if name in here]


def dates(values: Any) -> np.ndarray:
    return np.asarray(values).astype("datetime64[D]")


def date_axis(axes: Axes) -> None:
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


def percent(estimate: Estimate) -> str:
    value = 100 * estimate.value
    return f"{value:.0f} %" if abs(value) >= 1 or value == 0 else f"{value:.1f} %"


def whisker(axes: Axes, x: float, low: float, high: float, *, shown: bool) -> list[float]:
    """Draw an interval of shares, with an arrow where it leaves the axes; return its ends in per cent."""
    inside = [min(max(100 * edge, SHARES[0]), SHARES[1]) for edge in (low, high)]
    if shown:
        axes.plot([x, x], inside, color="black", linewidth=1)
        for edge, at, arrow in zip((low, high), inside, "v^", strict=True):
            axes.plot(x, at, "_" if 100 * edge == at else arrow, color="black", markersize=6, clip_on=False)
    return inside
