"""Estimates in words: on what they stand, tables ready to print, and which to trust; nothing is computed here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scenarios.estimate import VARIANCE_STEPS, Estimates
from scenarios.influence.shares import FIGURES
from scenarios.report import number_text

_FIGURE_NAMES = {
    "IS_low": "IS, lower bound",
    "IS_high": "IS, upper bound",
    "IS": "IS, mean of orderings",
    "CS": "component share",
    "MIS": "modified IS",
    "PDS": "PDS",
    "ILS": "ILS (speed)",
    "PILS": "PILS (speed)",
    "d": "d, part of news at once",
}


def facts(of: Estimates) -> list[str]:
    """Say, a line each, on what the figures stand: clock, rows, drops, K, beta, rank, and what was noted."""
    found = of.shares
    lost = {cause: int(n) for cause, n in of.sample.drops.items()}
    lost |= {str(cause): int(n) for cause, n in found.dropped.items() if n}
    told = "; ".join(f"{cause} {n:,}" for cause, n in lost.items()) or "none"
    trace = found.gate.trace
    ranks = ", ".join(
        f"r <= {r}: {row.trace:.1f} against {row.critical_5:.1f} (5 %), {row.critical_1:.1f} (1 %)"
        for r, row in zip(trace.index, trace.itertuples(), strict=True)
    )
    verdict = found.gate.reason or "one common trend"
    beta = ", ".join(
        f"({', '.join(f'{round(b, 6) + 0.0:.4g}' for b in found.beta[c].to_numpy()[: len(found.venues)])})"
        for c in found.beta
    )
    blocks = f"{found.days} {'blocks' if of.daily else 'trading days'} in the bootstrap"
    return [
        f"Clock: {of.clock}",
        f"Rows: {found.rows:,} in the regression, of {of.sample.ticks:,} on the clock; {blocks}. Dropped: {told}",
        f"Model: K = {found.lags}, beta {found.beta_mode} {beta}, deterministic {found.deterministic}",
        f"Trace test: {verdict} ({ranks})",
        *([f"No whole-day share: {of.whole_day_reason}"] if of.whole_day is None else []),
        *of.notes,
    ]


def tables(of: Estimates) -> dict[str, pd.DataFrame]:
    """Return the figures as text, ready to print, by title; a table that does not apply is left out."""
    shares, spilled = of.shares, of.spillover
    found: dict[str, pd.DataFrame] = {}
    if shares.gate.passed:
        names = [f for f in FIGURES if shares.share(f)["estimate"].notna().any()]
        found["Information shares"] = pd.DataFrame(
            {v: [_text(shares.table.loc[(f, v)]) for f in names] for v in shares.venues},
            index=[_FIGURE_NAMES[f] for f in names],
        )
        adjustment = {
            v: {
                f"{figure}, {relation}": text
                for relation in shares.beta.columns
                for figure, text in _alpha_text(shares.alpha.loc[(v, relation)]).items()
            }
            for v in shares.venues
        }
        if len(shares.beta.columns) > 1:
            for v, p in shares.adjustment["p"].items():
                adjustment[str(v)]["p that it adjusts to none"] = f"{p:.2g}"
        found["Adjustment to each relation"] = pd.DataFrame(adjustment)
    if of.grid is not None:
        index = [f"K = {lags}, beta {beta}" for lags, beta in of.grid.index]
        found["IS by K and beta"] = of.grid.map("{:.3f}".format).set_axis(index)
    if of.whole_day is not None:
        parts = of.whole_day.shares.map("{:.3f}".format)
        parts.index = pd.Index([f"in {k}, weight {w:.3f}" for k, w in of.whole_day.weights.items()])
        whole = pd.DataFrame({v: [_text(row)] for v, row in of.whole_day.table.iterrows()}, index=["CWIS"])
        title = f"Whole-day share by open hours (variance over {VARIANCE_STEPS} steps)"
        found[title] = pd.concat([whole, parts])
    title = f"Spillover, %: rows receive (K = {spilled.lags}, horizon {spilled.horizon})"
    table = spilled.table.map("{:.1f}".format)
    for figure in ("TO", "NET"):
        rows = spilled.directional.loc[figure]
        table.loc[figure] = [_text(rows.loc[v]) for v in table.columns]
    table.loc["total"] = [_text(spilled.totals.loc["total"]), *[""] * (len(table.columns) - 1)]
    found[title] = table
    p = of.granger.table["p"].unstack("effect").reindex(columns=list(table.columns))
    p = p.reindex(list(table.columns))
    found[f"Granger: p that the row's past does not help the column (K = {of.granger.lags})"] = p.map(
        lambda value: "" if np.isnan(value) else f"{value:.2g}"
    )
    if of.lead_lags:
        units = {"lag": "lag, s", "correlation": "correlation there", "ratio": "ratio (over 1: leads)"}
        found["Lead and lag: first before second (Hayashi-Yoshida)"] = pd.DataFrame(
            {
                f"{x} before {y}": [_text(f.figures.loc[key]) for key in units]
                for (x, y), f in of.lead_lags.items()
            },
            index=list(units.values()),
        )
    return found


def advice(of: Estimates) -> list[str]:
    """Say, a line each, which estimator to trust here and why."""
    said = []
    if of.daily:
        said.append(
            "One clock: prices that are read at different hours of a day make the earlier one look like a follower."
        )
    if not of.shares.gate.passed:
        return [
            *said,
            "Without one common trend no share exists; spillovers and Granger tests still hold.",
        ]
    if of.correlation > 0.2:
        speed = "PILS" if len(of.shares.venues) == 2 else "d"
        said.append(
            f"Innovations correlate (up to {of.correlation:.2f}): IS is not unique and ILS is wrong; "
            f"for speed take {speed}."
        )
    width = float((of.shares.share("IS_high") - of.shares.share("IS_low"))["estimate"].max())
    if width > 0.2:
        said.append(f"The bounds of IS are {100 * width:.0f} points apart: sample finer if the data allow.")
    if of.grid is not None:
        moves = of.grid.max() - of.grid.min()
        if moves.max() > 0.1:
            said.append(
                f"The choice of K and beta moves the IS of {moves.idxmax()} by {100 * moves.max():.0f} points."
            )
    return said


def audited(of: Estimates) -> list[str]:
    """Say, a line each, what the audit against known truth found for data like these (see scenarios/audit)."""
    from scenarios.audit.advice import advise

    omega = of.shares.omega.to_numpy()
    sd = np.sqrt(np.diag(omega))
    passed = of.shares.gate.passed
    bounds = (of.shares.share("IS_high") - of.shares.share("IS_low"))["estimate"]
    return advise(
        of.correlation,
        len(of.shares.venues),
        float(sd.max() / sd.min()),
        width=float(bounds.max()) if passed else None,
        gate=passed,
        whole_day=of.whole_day is None,
    )


def _alpha_text(row: Any) -> dict[str, str]:
    return {"alpha": _text(row, 6), "t (p)": f"{row['t']:.1f} ({row['p']:.2g})"}


def _text(row: Any, most: int = 3) -> str:
    """Write an estimate with its interval, or alone where there is none."""
    value, low, high = (float(row[key]) for key in ("estimate", "low", "high"))
    if np.isnan(low):
        return number_text(value, value / 100, most)
    scale = (high - low) / 2 or value / 100
    return f"{number_text(value, scale, most)} [{number_text(low, scale, most)}, {number_text(high, scale, most)}]"
