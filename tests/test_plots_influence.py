"""Charts of influence, of impulse responses and of sweeps: what they draw, what they leave out, and the same bytes."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.results import Estimate, Row

NEWS, FOLLOWS = "traders.news.china_share", "traders.cross_learning.brent_follows_sc"
SHARES = {
    "SC": (0.12, 0.06, 0.62, 0.41, 0.38),
    "Oman": (0.17, 0.03, 0.12, 0.1, 0.1),
    "Brent": (0.5, 0.08, 0.3, 0.5, 0.5),
}
CLASSES = {"noise": 0.18, "informed": 0.42, "importer": -0.01, "overseas": 0.37, "domestic": 0.63}


def estimate(value: float, half: float = 0.05) -> Estimate:
    return Estimate(value, value - half, value + half, 8, "share")


def row(measure: str, value: float, changed: float | None) -> Row:
    return Row(
        "Influence",
        measure,
        measure,
        "share",
        estimate(value),
        None if changed is None else estimate(changed),
    )


def rows(factor: float | None = 0.7) -> list[Row]:
    """Return rows of all charts; the changed run has `factor` times the base, None for a run without one."""
    names = ("origin_share.news", "origin_share.flow", "information_share.day", "information_share.night",
             "whole_day_share")  # fmt: skip
    shares = {f"{name}.{v}": x for v, values in SHARES.items() for name, x in zip(names, values, strict=True)}
    shares |= {"information_share.mean.SC": 0.52, "origin_share.rest": 0.04}
    shares |= {f"marginal_setter.SC.{name}": share for name, share in CLASSES.items()}
    return [row(name, x, None if factor is None else factor * x) for name, x in shares.items()]


def responses() -> pd.DataFrame:
    found = []
    for kind, pushed, moved in itertools.product(("flow", "news"), ("SC", "Brent"), ("SC", "Oman", "Brent")):
        for minutes in (1, 10, 60, 1440, 7200):
            mean = 10.0 * len(moved) + minutes / 1000
            told = {"kind": kind, "pushed": pushed, "moved": moved, "horizon_minutes": minutes}
            found.append({**told, "mean_bps": mean, "low": mean - 5, "high": mean + 5})
    return pd.DataFrame(found)


def impulses() -> pd.DataFrame:
    found = []
    series = {
        "SC": ("bps", "minutes"),
        "Oman": ("bps", "minutes"),
        "JKM": ("USD/MMBtu", "days"),
        "LNG": ("m3", "days"),
    }
    for name, (unit, clock) in series.items():
        for horizon in (1, 15, 60, 1440, 7200) if clock == "minutes" else range(20):
            told = {"series": name, "unit": unit, "horizon": horizon, "horizon_unit": clock}
            found.append({**told, "mean": 3.0, "low": 1.0, "high": 5.0, "n": 8})
    return pd.DataFrame(found)


def swept(axes: dict[str, list], share=lambda *at: at[0], half: float = 0.1) -> pd.DataFrame:
    """Return the table of a sweep whose origin share is a function of the settings."""
    found = []
    for number, at in enumerate(itertools.product(*axes.values())):
        value = share(*at)
        shares = {
            "origin_share.SC": value, "origin_share.news.SC": 0.7 * value, "origin_share.flow.SC": 0.3 * value,
            "information_share.mean.SC": 0.5, "whole_day_share.SC": 0.4,
        }  # fmt: skip
        others = {"premium.import_parity": (-1.5, "USD/bbl"), "volatility.SC": (25.0, "% a year")}
        for measure, (mean, unit) in ({name: (x, "share") for name, x in shares.items()} | others).items():
            told = {"point": number, **dict(zip(axes, at, strict=True)), "measure": measure, "unit": unit}
            found.append({**told, "value": mean, "low": mean - half, "high": mean + half, "n": 4, "note": ""})
    return pd.DataFrame(found)


PLANE = {NEWS: [0.0, 0.4, 1.0], FOLLOWS: [0.0, 0.5, 1.0]}


def figures() -> dict[str, Figure]:
    found = {
        "by scenario": plots.influence_by_scenario({"base": rows(None), "night-session-off": rows()}),
        "day and night": plots.day_and_night(rows()),
        "waterfall": plots.origin_waterfall(rows()),
        "pass-through": plots.pass_through_horizons(responses()),
        "setter": plots.marginal_setter_bars(rows()),
        "impulse": plots.impulse_bands(impulses()),
    }
    base = {NEWS: 0.25, FOLLOWS: 0.5}
    for keys in ([NEWS], [NEWS, FOLLOWS]):
        found |= plots.sweep_figures(swept({key: PLANE[key] for key in keys}), keys, base)
    return found


def texts(figure: Figure) -> str:
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    found += [axes.get_title(loc="left") for axes in figure.axes]
    found += [label.get_text() for legend in figure.legends for label in legend.get_texts()]
    return "\n".join([*found, *(text.get_text() for text in figure.texts)])


def labels(figure: Figure) -> list[str]:
    return [label.get_text() for legend in figure.legends for label in legend.get_texts()]


def test_the_same_figure_gives_the_same_svg():
    first, second = ({name: plots.to_svg(f) for name, f in figures().items()} for _ in range(2))
    assert first == second
    assert len(first) == 9


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.influence_by_scenario({}),
        lambda: plots.influence_by_scenario({"base": []}),
        lambda: plots.day_and_night([]),
        lambda: plots.origin_waterfall([]),
        lambda: plots.pass_through_horizons(responses().iloc[:0]),
        lambda: plots.marginal_setter_bars([]),
        lambda: plots.impulse_bands(impulses().iloc[:0]),
    ],
)
def test_nothing_measured_is_no_error(draw):
    assert "<svg" in plots.to_svg(draw())


def test_each_measure_of_influence_is_a_panel_and_says_both_arms():
    figure = plots.influence_by_scenario({"base": rows(None), "night-session-off": rows()})
    assert len(figure.axes) == 4
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["base", "night-session-off"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["12 %", "12 %", "8 %"]
    assert labels(figure)[:2] == ["base", "changed"]


def test_a_changed_run_that_is_alike_is_not_drawn_and_a_measure_that_is_absent_is_named():
    some = [r for r in rows(1.0) if not r.measure.startswith("whole_day")]
    figure = plots.influence_by_scenario({"alike": some, "base": rows(None)})
    assert "changed" not in labels(figure)
    assert "not measured" in [text.get_text() for text in figure.axes[3].texts]


def test_an_interval_beyond_all_shares_ends_in_an_arrow():
    wide = Row("I", "origin_share.news.SC", "news", "share", Estimate(0.5, -2.0, 3.0, 2, "share"))
    axes = plots.influence_by_scenario({"base": [wide]}).axes[0]
    assert {"<", ">"} <= {line.get_marker() for line in axes.lines}
    low, high = axes.get_xlim()
    assert -20 < low < 0 and 100 < high < 160


def test_day_night_and_whole_day_are_three_bars_a_venue():
    figure = plots.day_and_night(rows())
    heights = [patch.get_height() for patch in figure.axes[0].patches if patch.get_height()]
    np.testing.assert_allclose(heights, [100 * x for shares in SHARES.values() for x in shares[2:]])
    only = [r for r in rows(None) if r.measure != "whole_day_share.Oman"]
    drawn = [p.get_height() for p in plots.day_and_night(only).axes[0].patches if p.get_height()]
    assert len(drawn) == 8
    assert "changed" in labels(figure) and "changed" not in labels(plots.day_and_night(only))


def test_the_steps_of_the_waterfall_lead_from_nothing_to_a_hundred_per_cent():
    figure = plots.origin_waterfall(rows(None))
    bars = [(p.get_y(), p.get_y() + p.get_height()) for p in figure.axes[0].patches]
    assert bars[0][0] == 0.0 and bars[-1][1] == pytest.approx(100)
    assert [start for start, _ in bars[1:]] == pytest.approx([end for _, end in bars[:-1]])
    assert "SC 18 %" in texts(figure)
    whiskers = [line.get_ydata() for line in figure.axes[0].lines if line.get_marker() == "_"]
    assert [tuple(ends) for ends in whiskers][1] == pytest.approx((12 + 1, 12 + 11))
    assert len(plots.origin_waterfall(rows()).axes) == 2, "base and changed"


def test_a_push_has_a_panel_for_kind_and_venue_and_a_line_for_each_price():
    figure = plots.pass_through_horizons(responses())
    assert texts(figure).count("order flow at") == texts(figure).count("news at") == 2
    panel = next(axes for axes in figure.axes if axes.get_title(loc="left") == "news at Brent")
    lines = [line.get_ydata() for line in panel.lines if len(line.get_xdata()) == 5]
    np.testing.assert_allclose([line[0] for line in lines], [20.001, 40.001, 50.001])
    assert panel.get_xscale() == "log"


def test_the_axis_of_time_reads_from_a_minute_to_days():
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = plots.impulse_bands(impulses())
    FigureCanvasAgg(figure).draw()
    shown = [t.get_text() for t in figure.axes[0].get_xticklabels() if t.get_text()]
    assert shown == ["1 min", "10 min", "1 h", "6 h", "1 day", "5 days"]
    boxes = [t.get_window_extent() for t in figure.axes[0].get_xticklabels() if t.get_text()]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_responses_of_one_unit_share_a_panel_with_bands_and_a_line_at_nothing():
    figure = plots.impulse_bands(impulses())
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == ["SC, Oman, bps", "JKM, USD/MMBtu", "LNG, m3"]
    assert [len(axes.collections) for axes in shown] == [2, 1, 1]
    assert all(list(axes.lines[0].get_ydata()) == [0, 0] for axes in shown)
    assert "8 pairs" in figure.get_supxlabel()


def test_classes_are_sorted_and_overseas_and_domestic_stand_apart():
    axes = plots.marginal_setter_bars(rows()).axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == [
        "informed",
        "noise",
        "importer",
        "domestic",
        "overseas",
    ]
    assert axes.get_xlim()[0] < -1, "a share below nothing is seen"
    assert len([p for p in axes.patches if p.get_width()]) == 10


# Sweeps


def heavy(axes) -> list:
    return [c for c in axes.collections if c.get_linewidth().max() > 2]


def test_the_line_of_half_lies_where_the_share_is_half():
    figure = plots.influence_map(swept(PLANE, lambda news, follows: news), NEWS, FOLLOWS)
    (line,) = heavy(figure.axes[0])
    at = np.concatenate([path.vertices for path in line.get_paths()])
    np.testing.assert_allclose(at[:, 0], 0.5)
    assert "half of the price is set at SC" in labels(figure)
    assert "50 % at the ends of the 95 % interval" in labels(figure)
    assert "50 %" in [text.get_text() for text in figure.axes[0].texts]


def test_a_grid_without_half_says_so():
    figure = plots.influence_map(swept(PLANE, lambda news, follows: 0.3 * news), NEWS, FOLLOWS)
    assert not heavy(figure.axes[0])
    assert "No 50 % within the grid: 0 % to 30 %" in texts(figure)


def test_every_point_is_marked_and_the_base_case_where_it_lies_within():
    frame = swept(PLANE)
    figure = plots.influence_map(frame, NEWS, FOLLOWS, {NEWS: 0.25, FOLLOWS: 0.5})
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sorted((float(d.get_xdata()[0]), float(d.get_ydata()[0])) for d in dots) == sorted(
        itertools.product(*PLANE.values())
    )
    (diamond,) = [line for line in figure.axes[0].lines if line.get_marker() == "D" and len(line.get_xdata())]
    assert (diamond.get_xdata()[0], diamond.get_ydata()[0]) == (0.25, 0.5)
    assert "base case" not in labels(plots.influence_map(frame, NEWS, FOLLOWS, {NEWS: 1.5, FOLLOWS: 0.5}))


def test_a_point_without_a_share_is_left_out_of_the_map():
    frame = swept(PLANE)
    frame.loc[(frame["point"] == 4) & frame["measure"].str.startswith("origin"), ["value", "low", "high"]] = (
        np.nan
    )
    figure = plots.influence_map(frame, NEWS, FOLLOWS)
    assert [line.get_marker() for line in figure.axes[0].lines].count("x") == 1
    assert not any(re.search("nan", text.get_text()) for text in figure.axes[0].texts)
    frame.loc[frame["measure"] == "origin_share.SC", "value"] = np.nan
    assert "no origin share was measured" in texts(plots.influence_map(frame, NEWS, FOLLOWS))


def test_keys_that_are_no_numbers_are_drawn_as_cells_and_points():
    axes = {"measurement.beta": ["unit", "estimate"], FOLLOWS: [0.0, 1.0]}
    frame = swept(axes, lambda beta, follows: 0.2 + 0.1 * follows)
    figure = plots.influence_map(
        frame, "measurement.beta", FOLLOWS, {"measurement.beta": "unit", FOLLOWS: 0.0}
    )
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["unit", "estimate"]
    assert "base case" in labels(figure)
    alone = plots.influence_lines(
        swept({"measurement.beta": ["unit", "estimate"]}, lambda beta: 0.2), "measurement.beta"
    )
    assert [t.get_text() for t in alone.axes[-1].get_xticklabels()] == ["unit", "estimate"]


def test_one_key_is_drawn_as_lines_with_bands_and_the_line_of_half():
    figure = plots.influence_lines(swept({NEWS: PLANE[NEWS]}), NEWS, {NEWS: 0.25})
    panel = figure.axes[0]
    lines = [line for line in panel.lines if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(lines[0].get_ydata(), [0, 40, 100])
    assert len(panel.collections) == 3
    assert {"50 %", "base"} <= {text.get_text() for text in panel.texts}


def test_more_than_two_keys_give_a_map_for_each_setting_of_the_rest():
    third = "traders.news.volatility_annual"
    frame = swept({**PLANE, third: [0.2, 0.3]})
    found = plots.sweep_figures(frame, [NEWS, FOLLOWS, third], {NEWS: 0.25, FOLLOWS: 0.5, third: 0.3})
    assert sorted(found) == ["map-1", "map-2", "maps-1", "maps-2"]
    assert f"{third} = 0.2" in texts(found["map-1"])
    assert "base case" not in labels(found["map-1"]) and "base case" in labels(found["map-2"])


def test_what_moves_by_less_than_its_interval_gets_no_contours():
    frame = swept(PLANE)
    premium = frame["measure"] == "premium.import_parity"
    frame.loc[premium, "value"] += 0.001 * frame["point"]
    flat = plots.measure_maps(frame, NEWS, FOLLOWS)
    assert texts(flat).count("no difference that is clear") == 2, "premium and volatility"
    frame["difference_low"], frame["difference_high"] = 0.0, 0.0
    frame.loc[premium & (frame["point"] == 8), ["difference_low", "difference_high"]] = 0.007, 0.009
    assert texts(plots.measure_maps(frame, NEWS, FOLLOWS)).count("no difference that is clear") == 1
