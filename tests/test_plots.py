from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from scenarios import plots
from scenarios.results import Estimate, Row

ARMS = ("base", "changed")


def estimate(value, half, unit):
    return Estimate(value, value - half, value + half, 8, unit)


def rows() -> list[Row]:
    shares = {"SC": (0.12, 0.06, 0.2), "Oman": (0.17, 0.05, 0.25), "Brent": (0.52, 0.08, 0.55)}
    found = []
    for venue, (news, flow, information) in shares.items():
        for part, value in (("news", news), ("flow", flow)):
            base, changed = estimate(value, 0.05, "share"), estimate(value * 0.7, 0.05, "share")
            effect = estimate(-0.3 * value, 0.05, "share")
            label = f"origin share of {venue}, {part}"
            found.append(
                Row("Influence", f"origin_share.{part}.{venue}", label, "share", base, changed, effect)
            )
        for edge, shift in (("low", -0.04), ("mean", 0.0), ("high", 0.1)):
            share = estimate(information + shift, 0.03, "share")
            label = f"information share of {venue}, {edge}"
            found.append(
                Row("Influence", f"information_share.{edge}.{venue}", label, "share", share, share,
                    estimate(0.0, 0.0, "share"))
            )  # fmt: skip
    pushes = {("SC", "SC"): 73, ("SC", "Brent"): 40, ("Brent", "SC"): 45, ("Brent", "Brent"): 48}
    for (source, target), value in pushes.items():
        base, changed = estimate(value, 9, "bps"), estimate(value * 1.3, 9, "bps")
        effect = estimate(0.3 * value, 9, "bps")
        label = f"buying at {source} moves {target}"
        found.append(
            Row("Pass-through", f"pass_through.{source}.{target}", label, "bps", base, changed, effect)
        )
    for name, value, unit in [("premium.import_parity", 0.8, "USD/bbl"), ("shpgx_lng.mean", 830, "CNY/t")]:
        base, effect = estimate(5 * value, value, unit), estimate(value, value * 0.7, unit)
        found.append(Row("Levels", name, name, unit, base, base, effect))
    return found


def frames(days: int = 60, replications: int = 6, arms=ARMS) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    calendar = pd.date_range("2024-10-01", periods=days).date
    quotes, daily, tanks, gas = [], [], [], []
    for arm in arms:
        lift = np.linspace(0, 1, days) * (arm == "changed")
        for replication in range(replications):
            for venue, level in {"SC": 73, "Oman": 72, "Brent": 74}.items():
                minutes = np.array([d * 1440 + m for d in range(8) for m in range(540, 900, 5)])
                at = np.datetime64("2024-11-04", "ns").astype("int64") + minutes * 60_000_000_000
                walk = np.random.default_rng(replication).standard_normal(len(at)).cumsum() * 0.08
                mid = level + walk + 0.4 * (arm == "changed") * (minutes > 3 * 1440)
                quotes.append(
                    {"arm": arm, "replication": replication, "venue": venue, "at_ns": at, "mid": mid}
                )
            premium = 1 + rng.standard_normal(days) * 0.5 + lift
            daily.append(
                {"arm": arm, "replication": replication, "venue": "SC", "trading_day": calendar}
                | {"premium_usd_per_bbl": premium}
            )
            for group, capacity in {"south": 12e6, "yangtze_delta": 9.2e6, "shandong_liaoning": 50e6}.items():
                stock = capacity * (0.5 + 0.2 * np.linspace(0, 1, days) + 0.02 * rng.standard_normal(days))
                tanks.append(
                    {"arm": arm, "replication": replication, "group": group, "day": calendar}
                    | {"stock_bbl": stock, "committed_bbl": capacity * 0.1}
                    | {"capacity_bbl": capacity * (1 + 0.5 * (lift > 0.5))}
                )
            noise = rng.standard_normal((3, days))
            gas.append(
                {"arm": arm, "replication": replication, "day": calendar}
                | {"shpgx_lng_cny_per_t": 4600 + 60 * noise[0] + 900 * lift}
                | {"jkm_usd_per_mmbtu": 13 + 0.4 * noise[1] + 8 * lift}
                | {"stock_m3": 1.9e9 - 6e8 * lift + 3e7 * noise[2]}
                | {"unserved_m3": np.maximum(0, lift - 0.6) * 2e7}
            )
    return {
        name: pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
        for name, parts in {"quotes": quotes, "days": daily, "tanks": tanks, "gas": gas}.items()
    }


def figures(arms=ARMS, replications=6):
    made, measures = frames(arms=arms, replications=replications), rows()
    return {
        "influence": plots.influence_bars(measures),
        "pass_through": plots.pass_through_matrix(measures),
        "prices": plots.price_paths(made["quotes"]),
        "premium": plots.premium_path(made["days"]),
        "tanks": plots.tanks(made["tanks"]),
        "gas": plots.gas_prices(made["gas"]),
        "effects": plots.effects_forest(measures),
        "headline": plots.headline(measures, made["gas"]),
    }


def test_the_same_figure_gives_the_same_svg_without_a_date():
    first, second = ({name: plots.to_svg(f) for name, f in figures().items()} for _ in range(2))
    assert first == second
    assert not any("<dc:date>" in text for text in first.values())


@pytest.mark.parametrize(("arms", "replications"), [(("base",), 1), (("base",), 3), (ARMS, 1)])
def test_one_arm_or_one_replication_is_drawn_too(arms, replications):
    for name, figure in figures(arms, replications).items():
        assert plots.to_svg(figure).startswith("<?xml"), name


@pytest.mark.parametrize("name", ["prices", "premium", "tanks", "gas", "headline"])
def test_date_labels_do_not_overlap(name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = figures()[name]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for axes in figure.axes:
        boxes = [t.get_window_extent() for t in axes.get_xticklabels() if t.get_text() and t.get_visible()]
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_price_of_a_closed_market_is_not_drawn():
    figure = plots.price_paths(frames()["quotes"])
    line = figure.axes[0].lines[0]
    assert np.isnan(line.get_ydata()).sum() == 7, "one break for each night between eight days"


def test_days_without_a_value_are_left_out():
    made = frames(days=6, replications=2)["gas"]
    made.loc[made["day"] == made["day"].min(), "jkm_usd_per_mmbtu"] = np.nan
    made.loc[made["arm"] == "changed", "unserved_m3"] = np.nan
    figure = plots.gas_prices(made)
    assert [len(line.get_xdata()) for line in figure.axes[1].lines[:2]] == [5, 5]


def test_no_rows_no_error():
    for draw in (plots.influence_bars, plots.pass_through_matrix, plots.effects_forest):
        assert re.search("<svg", plots.to_svg(draw([])))


def texts(figure) -> str:
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    found += [label.get_text() for legend in figure.legends for label in legend.get_texts()]
    found += [text.get_text() for text in figure.texts]
    return "\n".join(found)


def test_an_interval_beyond_all_shares_ends_in_an_arrow_inside_the_axes():
    wide = Estimate(0.5, -2.3, 3.3, 2, "share")
    row = Row("Influence", "origin_share.news.SC", "news at SC", "share", wide)
    figure = plots.influence_bars([row])
    low, high = figure.axes[0].get_ylim()
    assert -20 < low < 0 and 100 < high < 130
    assert {line.get_marker() for line in figure.axes[0].lines} >= {"v", "^"}


def test_the_changed_run_is_marked_only_where_it_differs():
    assert "changed" in texts(plots.influence_bars(rows()))
    same = [Row(r.section, r.measure, r.label, r.unit, r.base, r.base, r.effect) for r in rows()]
    assert "changed" not in texts(plots.influence_bars(same))


def test_effects_that_are_nothing_are_left_out_and_counted():
    figure = plots.effects_forest(rows())
    drawn = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert not any("information share" in label for label in drawn)
    assert f"Left out: 9 of {len(rows())} measures" in figure.get_supxlabel()


def test_arms_that_agree_are_drawn_once_and_named_so():
    made = frames(arms=("base",))
    twins = {name: pd.concat([frame, frame.assign(arm="changed")]) for name, frame in made.items()}
    for figure in (
        plots.price_paths(twins["quotes"]),
        plots.tanks(twins["tanks"]),
        plots.gas_prices(twins["gas"]),
    ):
        assert "base and changed alike" in texts(figure)
    assert len(plots.price_paths(twins["quotes"]).axes[0].lines) == 1


def test_no_demand_left_unserved_is_said_in_words():
    made = frames(days=6, replications=2)["gas"].assign(unserved_m3=0.0)
    assert "none on any day" in texts(plots.gas_prices(made))


def test_the_headline_names_the_effect_on_shpgx():
    assert "830 [250, 1,410]" in texts(plots.headline(rows(), frames()["gas"]))
