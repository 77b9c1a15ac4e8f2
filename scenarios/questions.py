"""All questions that a scenario names, asked in one go and told in one table and one figure.

Each question is a run of its own, in a folder of its own; their base arms are the same worlds. It estimates nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from scenarios.report import estimate_text
from scenarios.results import Row, read_run
from scenarios.run import run
from scenarios.spec import load_scenario
from scenarios.tomlfile import BadInput

ALL = "all"
"""What `--counterfactual` takes for every question."""

MEASURES = {
    "premium.import_parity": "SC's premium over import parity",
    "origin_share.SC": "origin share of SC",
    "information_share.mean.SC": "information share of SC, mean of orderings",
    "unserved_gas": "gas not served",
    "unserved_gas.shanghai": "gas not served in Shanghai",
    "shpgx_lng.peak": "SHPGX LNG, peak",
    "jkm.peak": "JKM, peak",
    "import_cost.net_of_stock": "LNG paid DES, less what stocks grew by",
}
"""What is told of each question where its run has it, and under which label."""


def ask_all(
    scenario: str | Path,
    sets: Sequence[str] = (),
    prices: Path | None = None,
    *,
    out: Path,
    say: Callable[[str], Any] = lambda text: None,
    **how: Any,
) -> dict[str, list[Row]]:
    """Run every question of a scenario into OUT/NAME; return the rows of each.

    how: as scenarios.run.run takes it. Leaves OUT/questions.csv and OUT/questions.svg beside the runs. Raises BadInput
    for a scenario without questions and for a folder that is there.
    """
    names = list(load_scenario(scenario, list(sets), prices).scenario.counterfactuals)
    if not names:
        raise BadInput([f"--counterfactual {ALL}: {Path(scenario).stem} asks no question"])
    if out.exists():
        raise BadInput([f"{out}: exists already; give another folder with --out"])
    out.mkdir(parents=True)
    found: dict[str, list[Row]] = {}
    bases = set()
    for name in names:
        say(f"{name} ...")
        loaded = load_scenario(scenario, list(sets), prices, name)
        path, found[name] = run(loaded, out=out / name, **how)
        bases.add(str(read_run(path).manifest["state_hash"]["base"]))
    if len(bases) != 1:
        raise RuntimeError("the base arms of the questions differ")
    effects(found).to_csv(out / "questions.csv", index=False)
    (out / "questions.svg").write_text(_figure(found), encoding="utf-8")
    return found


def effects(found: Mapping[str, Sequence[Row]]) -> pd.DataFrame:
    """Return a row for each question and measure: base, changed, and the paired effect with its interval."""
    records = []
    for name, rows in found.items():
        for row in _told(rows):
            assert row.base is not None and row.changed is not None and row.effect is not None
            records.append(
                {
                    "question": name,
                    "measure": row.measure,
                    "unit": row.unit,
                    "base": row.base.value,
                    "changed": row.changed.value,
                    "effect": row.effect.value,
                    "low": row.effect.low,
                    "high": row.effect.high,
                    "pairs": row.effect.n,
                }
            )
    return pd.DataFrame(records)


def side_by_side(found: Mapping[str, Sequence[Row]]) -> pd.DataFrame:
    """Return the effects as text: a row for each measure, the base, then a column for each question."""
    first = {row.measure: row for row in _told(next(iter(found.values())))}
    columns = {"base": {key: estimate_text(row.base) for key, row in first.items()}}
    for name, rows in found.items():
        columns[name] = {row.measure: estimate_text(row.effect) for row in _told(rows)}
    frame = pd.DataFrame(columns)
    return frame.set_axis([f"{MEASURES[key]}, {first[key].unit}" for key in frame.index], axis=0)


def forest_rows(found: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Return the rows by measure, each labelled by its question: what a forest plot draws as a panel each."""
    return [
        replace(row, section=MEASURES[measure], label=name)
        for measure in MEASURES
        for name, rows in found.items()
        for row in _told(rows)
        if row.measure == measure
    ]


def _told(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.measure in MEASURES and row.effect is not None]


def _figure(found: Mapping[str, Sequence[Row]]) -> str:
    from scenarios import plots

    return plots.to_svg(plots.effects_forest(forest_rows(found), whole=True))
