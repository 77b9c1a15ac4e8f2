"""An audit in words: on what it stands, tables ready to print, and the advice that follows; nothing is measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from scenarios.audit.advice import advise
from scenarios.audit.audit import REGIONS, Audit
from scenarios.audit.estimators import CLAIMS
from scenarios.audit.measured import extract
from scenarios.audit.score import FAILURE

Rows = Mapping[str, Mapping[Any, Any]]


def tables(of: Audit) -> dict[str, pd.DataFrame]:
    """Return the figures as text by title, ready to print."""
    shares = [e for e, claim in CLAIMS.items() if claim != "leader" and e != "IS bounds"]
    leads = [e for e, claim in CLAIMS.items() if claim == "leader"]
    bias, lead = {}, {}
    for name, title in zip(of.cells["design"], of.cells["title"], strict=True):
        records = of.designs[of.designs["design"] == name].to_dict("records")
        rows = {str(r["estimator"]): r for r in records}
        truth = {"origin": rows["IS"]["truth"], "speed": rows["ILS"]["truth"]}
        bias[title] = {k: number(v) for k, v in truth.items()} | {e: _bias(rows, e) for e in shares}
        who = {1.0: "SC", -1.0: "Brent", 0.0: "none"}[float(rows["TE"]["truth"])]
        lead[title] = {"truth": who} | {e: _lead(rows, e) for e in leads}
    own = of.designs.dropna(subset=["own_coverage"]).groupby("estimator", sort=False)["own_coverage"]
    held = pd.DataFrame({"mean": own.mean(), "lowest": own.min()}).map(lambda v: f"{100 * v:.0f} %")
    found = {
        f"Designs: bias (coverage of the 95 % interval), {of.depth.size.draws} draws": pd.DataFrame(bias).T,
        "Who leads: draws that say so, % right / wrong": pd.DataFrame(lead).T,
        "Coverage of the estimator's own value, over designs": held,
    }
    for venue in ("SC", "Brent"):
        scores = of.scores[(of.scores["venue"] == venue) & (of.scores["estimator"].map(CLAIMS) != "leader")]
        found_scores = scores.to_dict("records")
        found[f"Worlds, {venue}: against the origin share, {of.depth.world_count} worlds"] = pd.DataFrame(
            {
                "bias": [_with_error(r["bias"], r["bias_se"]) for r in found_scores],
                "rmse": [number(r["rmse"]) for r in found_scores],
                "rmse of IS there": [number(r["is_rmse"]) for r in found_scores],
                "less truth's error": [number(r["less_noise"]) for r in found_scores],
                "rank correlation": [
                    _interval(r["rank"], r["rank_low"], r["rank_high"]) for r in found_scores
                ],
                "coverage": [_percent(r["coverage"]) for r in found_scores],
                f"off by > {FAILURE:g}": [_percent(r["failed"]) for r in found_scores],
                "refused": [str(r["refused"]) for r in found_scores],
            },
            index=[str(r["estimator"]) for r in found_scores],
        )
    regions = of.regions.assign(
        row=[f"{r['parameter']} = {r['level']:g}" for r in of.regions.to_dict("records")],
        text=[f"{_signed(r['bias'])} ({_percent(r['failed'])})" for r in of.regions.to_dict("records")],
    )
    if len(regions):
        table = regions.pivot(index="row", columns="estimator", values="text").reindex(
            pd.unique(regions["row"])
        )
        table.columns.name = table.index.name = None
        title = f"Where SC's share fails: bias (worlds off by > {FAILURE:g})"
        found[title] = table[[e for e in REGIONS if e in table]].fillna("-")
    return found


def facts(of: Audit) -> list[str]:
    """Say, a line each, on what the figures stand."""
    size, effort = of.depth.size, of.depth.effort
    spread = of.worlds.drop_duplicates(["world", "venue"])
    spread = spread[spread["venue"] == "SC"]
    bound = int((of.levels["lags"] == effort.max_lags).sum())
    return [
        f"Designs: {len(of.depth.designs)}, {size.draws} draws each of {size.days} days of {size.rows} rows; "
        f"{size.bootstrap} draws of days for each interval; K by AIC up to 10, beta estimated",
        f"Worlds: {of.depth.world_count} of the scenario base without jumps, {of.ran} run now, the others from the "
        f"cache; truth: origin share over one trading day (news and flow of a venue together, Shapley value) from "
        f"{effort.samples} samples; estimates: {effort.days} trading days, K by AIC up to {effort.max_lags}",
        f"SC's origin share runs from {spread['truth'].min():.2f} to {spread['truth'].max():.2f} over the worlds; "
        f"its own standard error is {spread['truth_se'].mean():.2f} on average; in {bound} K is at its bound",
    ]


def advice_by_case(of: Audit) -> list[str]:
    """Say what advice follows from these very figures: for data like the grid's worlds, and for two plain cases."""
    told = extract(of, {})
    mean = {name: float(of.levels[name].mean()) for name in ("correlation", "noise_ratio", "width")}
    like = f"correlation {mean['correlation']:.2f}, noise ratio {mean['noise_ratio']:.1f}"
    cases = {
        f"Data like these worlds ({like})": advise(
            mean["correlation"], 3, mean["noise_ratio"], width=mean["width"], whole_day=False, measured=told
        ),
        "Two markets whose innovations hardly correlate (.05)": advise(0.05, measured=told)[:3],
        "Two markets whose innovations correlate (.60), one twice as noisy": advise(
            0.6, noise_ratio=2.0, measured=told
        )[:3],
        "Prices read at different hours": advise(0.5, one_clock=False, measured=told),
    }
    return [line for case, lines in cases.items() for line in (f"{case}:", *(f"  {text}" for text in lines))]


def _bias(rows: Rows, estimator: str) -> str:
    row = rows.get(estimator)
    if row is None:
        return ""
    return f"{_signed(row['bias'])} ({_percent(row['coverage'])})" if np.isfinite(row["bias"]) else "-"


def _lead(rows: Rows, estimator: str) -> str:
    row = rows.get(estimator)
    if row is None or not np.isfinite(row["coverage"]):
        return "-"
    return f"{100 * row['coverage']:.0f} / {100 * row['wrong']:.0f}"


def number(value: Any) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"


def _signed(value: Any) -> str:
    return f"{value + 1e-9:+.2f}" if np.isfinite(value) else "-"


def _percent(value: Any) -> str:
    return f"{100 * value:.0f} %" if np.isfinite(value) else "-"


def _with_error(value: Any, error: Any) -> str:
    return f"{value:+.2f} ± {error:.2f}" if np.isfinite(value) else "-"


def _interval(value: Any, low: Any, high: Any) -> str:
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(value) else "-"
