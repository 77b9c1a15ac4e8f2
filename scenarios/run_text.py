"""What a finished run knows of influence by its own structure, as tables ready to print; it estimates nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scenarios.report import estimate_text, number_text
from scenarios.results import Estimate, Row, Run, interval

_SECTIONS = ("Who sets the price", "Whose orders set it", "Adoption and terms")
_INDICES = {"first": "first order", "total": "total", "shapley": "Shapley"}


def structural_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return, by title: origin shares by index and horizon, pass-through by horizon, setters, adoption and terms.

    Each figure with its 95 % interval; a row for each arm where the arms differ. A measure that the run did not take
    is left out.
    """
    found: dict[str, pd.DataFrame] = {}
    if "origin_shares" in run.tables:
        found |= _origin(run.table("origin_shares"))
    if "pass_through" in run.tables:
        found |= _pass_through(run.table("pass_through"))
    for section in _SECTIONS[1:]:
        rows = [row for row in run.rows if row.section == section]
        if rows:
            found[section] = _rows(rows)
    return found


def _origin(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    found = {}
    for horizon in sorted({1, int(table["horizon_days"].max())}):
        own = table[table["horizon_days"] == horizon]
        cells: dict[str, dict[str, str]] = {}
        for row in own.to_dict("records"):
            label = f"{row['part']} at {row['venue']}"
            column = f"{_INDICES[row['index']]}, {row['arm']}"
            estimate = Estimate(row["share"], row["low"], row["high"], 2, "share")
            cells.setdefault(label, {})[column] = estimate_text(estimate)
        days = "day" if horizon == 1 else "days"
        found[f"Origin shares, change over {horizon} {days}"] = _alike(pd.DataFrame(cells).T)
    return found


def _pass_through(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    found = {}
    words = {"flow": "a programme of buying", "news": "news"}
    for kind, of_kind in table.groupby("kind", sort=False):
        cells: dict[str, dict[str, str]] = {}
        for (arm, pushed, moved, minutes), own in of_kind.groupby(
            ["arm", "pushed", "moved", "horizon_minutes"], sort=False
        ):
            text = estimate_text(interval(own["impact_bps"].tolist(), "bps"))
            cells.setdefault(f"at {pushed}, moves {moved}, {arm}", {})[_duration(int(str(minutes)))] = text
        frame = pd.DataFrame(cells).T
        bases = [label for label in frame.index if label.endswith(", base")]
        changed = [label for label in frame.index if label.endswith(", changed")]
        if changed and frame.loc[bases].to_numpy().tolist() == frame.loc[changed].to_numpy().tolist():
            frame = frame.loc[bases]
        if not changed or len(frame) == len(bases):
            frame.index = pd.Index([label.removesuffix(", base") for label in frame.index])
        found[f"Pass-through of {words[str(kind)]}, bps by time since it began"] = frame
    return found


def _rows(rows: Sequence[Row]) -> pd.DataFrame:
    arms = [arm for arm in ("base", "changed", "effect") if any(getattr(row, arm) for row in rows)]
    cells = {
        row.label: {arm: estimate_text(getattr(row, arm)) for arm in arms} | {"": row.unit} for row in rows
    }
    return pd.DataFrame(cells).T


def _alike(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop the columns of the changed arm where all are those of the base, and the arm's name then."""
    bases = [c for c in frame.columns if c.endswith(", base")]
    changed = [c for c in frame.columns if c.endswith(", changed")]
    if changed and frame[bases].to_numpy().tolist() != frame[changed].to_numpy().tolist():
        return frame[[c for base in bases for c in (base, base.replace(", base", ", changed"))]]
    return frame[bases].set_axis([c.removesuffix(", base") for c in bases], axis=1)


def _duration(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 1440:
        return f"{number_text(minutes / 60, 1.0)} h"
    return f"{number_text(minutes / 1440, 1.0)} days"
