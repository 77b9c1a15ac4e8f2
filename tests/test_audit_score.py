"""Scores and advice on figures made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from scenarios.audit.advice import advise, nearest, worst
from scenarios.audit.score import (
    decisions,
    failure_regions,
    rank_correlation,
    score_design,
    score_worlds,
    spearman,
)


def drawn(estimator: str, rows: list[tuple[float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["estimate", "low", "high"])
    return frame.assign(draw=range(len(rows)), estimator=estimator)


def test_bias_rmse_and_coverage_by_hand():
    frame = drawn("IS", [(0.3, 0.1, 0.5), (0.5, 0.4, 0.6), (0.4, 0.2, 0.6), (np.nan, np.nan, np.nan)])
    found = score_design("d", frame, {"IS": 0.2}, {"IS": 0.45}).iloc[0]
    assert found["bias"] == pytest.approx(0.2)
    assert found["bias_se"] == pytest.approx(0.1 / np.sqrt(3))
    assert found["rmse"] == pytest.approx(np.sqrt((0.01 + 0.09 + 0.04) / 3))
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["coverage_se"] == pytest.approx(np.sqrt(2 / 9 / 3))
    assert found["own_bias"] == pytest.approx(-0.05)
    assert found["own_coverage"] == pytest.approx(1.0)
    assert (found["draws"], found["refused"]) == (4, 1)


def test_a_leader_is_the_sign_that_its_interval_makes_clear():
    signs = decisions(
        np.array([2.0, -3.0, 1.0, np.nan]), np.array([1.0, -5, -1, np.nan]), np.array([3.0, -1, 2, np.nan])
    )
    assert signs[:3].tolist() == [1.0, -1.0, 0.0]
    assert np.isnan(signs[3])
    frame = drawn("DY NET", [(2, 1, 3), (-3, -5, -1), (1, -1, 2), (-2, -3, -1)])
    found = score_design("d", frame, {"DY NET": -1.0}, {"DY NET": -2.0}).iloc[0]
    assert found["coverage"] == 0.5
    assert found["wrong"] == 0.25
    assert found["bias"] == pytest.approx(-0.25 + 1.0)
    assert found["own_coverage"] == 0.5


def test_without_a_truth_there_is_no_bias_but_an_own_value():
    found = score_design("d", drawn("IS", [(0.3, 0.1, 0.5)]), {"IS": np.nan}, {"IS": 0.3}).iloc[0]
    assert np.isnan(found["bias"])
    assert np.isnan(found["coverage"])
    assert found["own_coverage"] == 1.0


def test_rank_correlation_is_spearmans_with_ties():
    x, y = np.array([1.0, 2, 2, 4, 5]), np.array([2.0, 1, 3, 3, 9])
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic)
    assert np.isnan(spearman(x, np.ones(5)))
    rank, low, high = rank_correlation(np.arange(20.0), np.arange(20.0) ** 3, np.random.default_rng(1))
    assert (rank, low, high) == pytest.approx((1.0, 1.0, 1.0))
    rank, low, high = rank_correlation(
        np.arange(8.0), np.array([1.0, 0, 3, 2, 5, 4, 7, 6]), np.random.default_rng(1)
    )
    assert low < rank < high + 1e-9
    assert np.isnan(rank_correlation(np.arange(2.0), np.arange(2.0), np.random.default_rng(1))).all()


def worlds() -> pd.DataFrame:
    rows = [
        ("a", "SC", 0.1, 0.1, "IS", 0.2, 0.0, 0.4), ("b", "SC", 0.2, 0.1, "IS", 0.5, 0.45, 0.55),
        ("c", "SC", 0.3, 0.1, "IS", 0.6, 0.2, 0.9), ("d", "SC", 0.4, 0.1, "IS", np.nan, np.nan, np.nan),
        ("a", "SC", 0.1, 0.1, "PILS", 0.9, 0.8, 1.0), ("b", "SC", 0.2, 0.1, "PILS", 0.5, 0.4, 0.6),
        ("b", "SC", 0.2, 0.1, "CWIS", 0.3, 0.1, 0.4), ("c", "SC", 0.3, 0.1, "CWIS", 0.3, 0.2, 0.5),
        ("a", "SC", 0.1, 0.1, "CWIS", np.nan, np.nan, np.nan),
        ("c", "SC", 0.3, 0.1, "PILS", 0.4, 0.3, 0.5), ("d", "SC", 0.4, 0.1, "PILS", 0.1, 0.0, 0.2),
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["world", "venue", "truth", "truth_se", "estimator", "estimate", "low", "high"]
    )


def test_scores_over_worlds_by_hand():
    found = score_worlds(worlds(), np.random.default_rng(1)).set_index("estimator")
    own = found.loc["IS"]
    assert own["bias"] == pytest.approx((0.1 + 0.3 + 0.3) / 3)
    assert own["rmse"] == pytest.approx(np.sqrt((0.01 + 0.09 + 0.09) / 3))
    assert own["less_noise"] == pytest.approx(np.sqrt(0.19 / 3 - 0.01))
    assert own["is_rmse"] == own["rmse"]
    assert found.loc["CWIS", "is_rmse"] == pytest.approx(0.3)
    assert own["coverage"] == pytest.approx(2 / 3)
    assert own["with_truth_error"] == pytest.approx(2 / 3)
    assert own["failed"] == pytest.approx(2 / 3)
    assert (own["worlds"], own["refused"], own["rank"]) == (4, 1, pytest.approx(1.0))
    assert found.loc["PILS", "rank"] == pytest.approx(-1.0)
    assert np.isnan(found.loc["PILS", "bias"])


def test_failure_regions_by_hand():
    levels = pd.DataFrame({"noise": [1.0, 2.0, 2.0, 1.0]}, index=list("abcd"))
    found = failure_regions(worlds(), levels, "SC", ["IS"]).set_index("level")
    assert found.loc[1.0, ["worlds", "bias", "failed"]].tolist() == pytest.approx([1, 0.1, 0.0])
    assert found.loc[2.0, ["worlds", "bias", "failed"]].tolist() == pytest.approx([2, 0.3, 1.0])


def cell(name: str, correlation: float, *, identified: bool = True, **bias: float) -> dict:
    plain = {"claim": "", "truth": 0.0, "own_value": -13.0, "mean": 0.0, "coverage": 0.9, "wrong": 0.1}
    figures = {
        e: {**plain, "bias": b, "rmse": abs(b)}
        for e, b in ({"DY NET": 0.0, "HY lag": 0.0} | bias).items()
    }  # fmt: skip
    return {"design": name, "title": name, "venues": 2, "identified": identified, "correlation": correlation,
            "noise_ratio": 1.0, "width": correlation, "estimators": figures}  # fmt: skip


MEASURED = {
    "designs": [
        cell("apart", 0.0, IS=0.01, PDS=0.0, CS=0.25, ILS=0.0, PILS=0.0),
        cell("close", 0.8, identified=False, IS=0.6, PDS=0.7, CS=0.7, ILS=-0.3, PILS=0.0),
        cell("clocks-11h", 0.7, ILS=0.5, PILS=-0.27),
        cell("overlap", 0.0, IS=0.15, CWIS=-0.02),
    ],
    "worlds": {
        "count": 3, "truth": [0.1, 0.3],
        "venues": {"SC": {
            "IS": {"bias": 0.2, "rmse": 0.3, "refused": 0, "is_rmse": 0.3,
                   "rank": 0.5, "rank_low": 0.1, "rank_high": 0.8},
            "PDS": {"bias": 0.1, "rmse": 0.2, "refused": 1, "is_rmse": 0.25,
                    "rank": 0.6, "rank_low": 0.2, "rank_high": 0.9},
        }},
    },
}  # fmt: skip


def test_advice_follows_the_figures_of_the_nearest_design():
    calm = " ".join(advise(0.05, measured=MEASURED))
    assert "trust PDS or IS" in calm
    assert "CS by up to 25 points" in calm
    tight = " ".join(advise(0.8, width=0.8, measured=MEASURED))
    assert "trust none here" in tight
    assert "Sample finer" in tight
    assert "trust PILS" in tight
    assert "ILS by 30 points" in tight
    assert (
        "PDS came nearest (+10; 20 points; in the 2 worlds in which it exists, where IS misses by 25 points)"
        in tight
    )


def test_advice_changes_when_the_figures_do():
    turned = {**MEASURED, "designs": [cell("apart", 0.0, IS=0.3, PDS=0.4, CS=0.02, ILS=0.0, PILS=0.2)]}
    told = " ".join(advise(0.05, measured=turned))
    assert "trust CS" in told
    assert "trust ILS" in told


def test_advice_names_clocks_gates_and_hours():
    assert "one clock first" in advise(0.5, one_clock=False, measured=MEASURED)[0]
    assert "-13.0 points" in advise(0.5, one_clock=False, measured=MEASURED)[0]
    refused = advise(0.5, gate=False, measured=MEASURED)
    assert refused[0].startswith("Without one common trend")
    assert not any(line.startswith("Share") for line in refused)
    assert "take CWIS" in advise(0.0, whole_day=False, measured=MEASURED)[-1]
    assert "two markets at a time" in " ".join(advise(0.0, venues=3, measured=MEASURED))


def test_nearest_cells_and_their_worst_misses():
    near = nearest(MEASURED["designs"][:2], 0.7, 1.0, None)
    assert [c["design"] for c, _ in near] == ["close"]
    assert [(name, miss) for name, miss, _ in worst(near, ["CS", "IS", "TE"])] == [("IS", 0.6), ("CS", 0.7)]
    both = [(c, 0.0) for c in MEASURED["designs"][:2]]
    name, miss, at = worst(both, ["ILS"])[0]
    assert (name, miss, at["design"]) == ("ILS", 0.3, "close")
