"""Scores: bias, spread, coverage, rank correlation and failure regions, from estimates and truths; it runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from scenarios.audit.estimators import CLAIMS
from scenarios.influence.panel import FloatArray

FAILURE: Final = 0.2
"""A share that misses the truth by more than this has failed."""

DESIGN_COLUMNS: Final = (
    "design", "estimator", "claim", "truth", "own_value", "mean", "bias", "bias_se", "rmse", "coverage",
    "coverage_se", "wrong", "own_bias", "own_coverage", "draws", "refused",
)  # fmt: skip


def decisions(estimate: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the sign of each estimate whose interval leaves 0 out, 0 for others and NaN where there is none."""
    sign = np.where((low > 0) | (high < 0), np.sign(estimate), 0.0)
    return np.where(np.isfinite(estimate) & ~np.isnan(low) & ~np.isnan(high), sign, np.nan)


def score_design(
    name: str, drawn: pd.DataFrame, truth: Mapping[str, float], own: Mapping[str, float]
) -> pd.DataFrame:
    """Score the estimators on the draws of one design: a row for each, columns DESIGN_COLUMNS.

    drawn: columns draw, estimator, estimate, low, high. mean: of the estimates, or of the signs that are clear from
    their interval where the claim is who leads; bias = mean - truth with its Monte Carlo standard error; rmse: root of
    the mean squared miss; coverage: share of intervals that hold the truth (of draws that name the right leader);
    wrong: share of draws that name a leader who is none. own_bias, own_coverage: the same against own_value, what
    the estimator tends to with endless data. refused: draws without an estimate.
    """
    rows = []
    for estimator, frame in drawn.groupby("estimator", sort=False):
        label = str(estimator)
        estimate, low, high = (frame[c].to_numpy(float) for c in ("estimate", "low", "high"))
        claim, true, tends = CLAIMS[label], truth[label], own.get(label, np.nan)
        good = np.isfinite(estimate)
        values = decisions(estimate, low, high) if claim == "leader" else estimate
        values = values[good & np.isfinite(values)]
        held = inside(true, low, high)[good] if claim != "leader" else values == true
        n = len(values)
        known = n > 0 and np.isfinite(true)
        rate = float(np.mean(held)) if known else np.nan
        tended = n > 0 and np.isfinite(tends)
        rows.append(
            {
                "design": name,
                "estimator": label,
                "claim": claim,
                "truth": true,
                "own_value": tends,
                "mean": float(values.mean()) if n else np.nan,
                "bias": float(values.mean() - true) if known else np.nan,
                "bias_se": float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan,
                "rmse": float(np.sqrt(np.mean((values - true) ** 2))) if known else np.nan,
                "coverage": rate,
                "coverage_se": float(np.sqrt(rate * (1 - rate) / n)) if known else np.nan,
                "wrong": float(np.mean((values != 0) & (values != true)))
                if known and claim == "leader"
                else np.nan,
                "own_bias": float(estimate[good].mean() - tends) if tended else np.nan,
                "own_coverage": float(inside(tends, low, high)[good].mean()) if tended else np.nan,
                "draws": len(frame),
                "refused": int((~good).sum()),
            }
        )
    return pd.DataFrame(rows, columns=list(DESIGN_COLUMNS))


def inside(truth: float | FloatArray, low: FloatArray, high: FloatArray) -> np.ndarray:
    """Say which intervals hold the truth."""
    return np.asarray((low <= truth) & (truth <= high))


def spearman(x: FloatArray, y: FloatArray) -> float:
    """Return the rank correlation, ties at their mean rank; NaN where one side does not vary."""
    ranks = np.array([pd.Series(v).rank().to_numpy() for v in (x, y)])
    if np.ptp(ranks, axis=1).min() == 0:
        return np.nan
    return float(np.corrcoef(ranks)[0, 1])


def rank_correlation(
    truth: FloatArray, estimate: FloatArray, rng: np.random.Generator, draws: int = 500
) -> tuple[float, float, float]:
    """Return Spearman's correlation across worlds with a 95 % interval from worlds drawn with replacement."""
    good = np.isfinite(truth) & np.isfinite(estimate)
    x, y = truth[good], estimate[good]
    if len(x) < 3:
        return np.nan, np.nan, np.nan
    picks = rng.integers(len(x), size=(draws, len(x)))
    resampled = np.array([spearman(x[p], y[p]) for p in picks])
    resampled = resampled[np.isfinite(resampled)]
    if not len(resampled):
        return spearman(x, y), np.nan, np.nan
    low, high = np.quantile(resampled, [0.025, 0.975])
    return spearman(x, y), float(low), float(high)


def score_worlds(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Score the estimators over the grid of worlds: a row for each estimator and venue.

    table: columns world, venue, truth, truth_se, estimator, estimate, low, high (see worlds.COLUMNS). bias = mean of
    estimate - truth over worlds, with its standard error; rmse as it is, and less_noise: the root of the mean squared
    miss less the mean squared error of the truth itself; rank, rank_low, rank_high: Spearman's correlation; coverage:
    of the truth, by the estimate's interval alone, and with_truth_error: by an interval of the two errors together;
    failed: share of worlds with a miss above FAILURE; refused: worlds without a share; is_rmse: rmse of IS over the
    worlds that this estimator does not refuse, for a comparison of like with like. Speed shares are on another
    scale than origin shares, so that only their rank correlation is given.
    """
    rows = []
    plain = table[table["estimator"] == "IS"].set_index(["world", "venue"])
    squared_is = ((plain["estimate"] - plain["truth"]) ** 2).to_dict()
    for (estimator, venue), frame in table.groupby(["estimator", "venue"], sort=False):
        truth, se, estimate, low, high = (
            frame[c].to_numpy(float) for c in ("truth", "truth_se", "estimate", "low", "high")
        )
        good = np.isfinite(estimate) & np.isfinite(truth)
        n = int(good.sum())
        rank, rank_low, rank_high = rank_correlation(truth, estimate, rng)
        row: dict[str, object] = {
            "estimator": estimator,
            "venue": venue,
            "rank": rank,
            "rank_low": rank_low,
            "rank_high": rank_high,
            "worlds": len(frame),
            "refused": int((~np.isfinite(estimate)).sum()),
        }
        if CLAIMS[str(estimator)] == "origin" and n:
            miss = (estimate - truth)[good]
            squared = float(np.mean(miss**2))
            spread = np.where(np.isnan(low), 0.0, (high - low) / 2)[good]
            joint = np.hypot(spread, 1.96 * se[good])
            beside = [squared_is.get((world, venue), np.nan) for world in frame["world"][good]]
            row |= {
                "is_rmse": float(np.sqrt(np.nanmean(beside))) if np.isfinite(beside).any() else np.nan,
                "bias": float(miss.mean()),
                "bias_se": float(miss.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan,
                "rmse": float(np.sqrt(squared)),
                "less_noise": float(np.sqrt(max(0.0, squared - float(np.mean(se[good] ** 2))))),
                "coverage": float(inside(truth, low, high)[good].mean()),
                "with_truth_error": float((np.abs(miss) <= joint).mean()),
                "failed": float((np.abs(miss) > FAILURE).mean()),
            }
        rows.append(row)
    order = [
        "estimator",
        "venue",
        "bias",
        "bias_se",
        "rmse",
        "less_noise",
        "is_rmse",
        "rank",
        "rank_low",
        "rank_high",
    ]
    order += ["coverage", "with_truth_error", "failed", "worlds", "refused"]
    return pd.DataFrame(rows).reindex(columns=order)


def failure_regions(
    table: pd.DataFrame, levels: pd.DataFrame, venue: str, estimators: Sequence[str]
) -> pd.DataFrame:
    """Tabulate how far estimators miss by the level of each parameter of the grid.

    table: as in score_worlds; levels: index world, columns parameters. A row for each parameter, level and
    estimator: worlds, bias, failed (share of worlds with a miss above FAILURE).
    """
    own = table[(table["venue"] == venue) & table["estimator"].isin(list(estimators))]
    own = own.assign(miss=own["estimate"] - own["truth"]).dropna(subset=["miss"])
    rows = []
    for parameter in levels.columns:
        level = own["world"].map(levels[parameter])
        for (at, estimator), frame in own.groupby([level, "estimator"], sort=True):
            rows.append(
                {
                    "parameter": str(parameter),
                    "level": float(str(at)),
                    "estimator": estimator,
                    "worlds": len(frame),
                    "bias": float(frame["miss"].mean()),
                    "failed": float((frame["miss"].abs() > FAILURE).mean()),
                }
            )
    columns = ["parameter", "level", "estimator", "worlds", "bias", "failed"]
    return pd.DataFrame(rows, columns=columns)
