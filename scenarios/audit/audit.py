"""The whole audit: designs and worlds run, scored, told in tables and kept in a folder; the scores are score.py's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from scenarios.audit import draws, score, worlds
from scenarios.audit.designs import all_designs, quick_designs
from scenarios.audit.estimators import CLAIMS
from scenarios.audit.linear import Design
from scenarios.ensemble import Progress, run_jobs
from scenarios.results import Column, Estimate, Row, RunFolder

_WORLD_WEIGHT: Final = 100.0  # of one world in the progress, where a draw of a design weighs 1
REGIONS: Final = ("IS", "PDS", "CWIS")

COLUMNS: Final = {
    "design": Column("", "name of the design"),
    "title": Column("", "the design in words"),
    "estimator": Column("", "name of the estimator; of the first venue (SC) where no venue is named"),
    "claim": Column("", "what it is read as: origin share, speed share, or leader (its sign)"),
    "truth": Column("share", "the truth; 1, 0 or -1 for a leader: SC, none, the other"),
    "truth_se": Column("share", "standard error of the truth, which is itself simulated"),
    "own_value": Column("own unit", "what the estimator tends to with endless data"),
    "mean": Column("share", "mean of the estimates, or of the signs that are clear from their interval"),
    "bias": Column("share", "mean less truth"),
    "bias_se": Column("share", "standard error of the bias over draws, or over worlds"),
    "rmse": Column("share", "root of the mean squared miss of the truth"),
    "less_noise": Column("share", "rmse without the error of the truth itself"),
    "is_rmse": Column("share", "rmse of IS over the worlds that this estimator does not refuse"),
    "coverage": Column(
        "share", "of 95 % intervals that hold the truth, or of draws that name the right leader"
    ),
    "coverage_se": Column("share", "Monte Carlo standard error of the coverage"),
    "with_truth_error": Column(
        "share", "of intervals, widened by the truth's own error, that hold the truth"
    ),
    "wrong": Column("share", "of draws that name a leader who is none"),
    "own_bias": Column("own unit", "mean of the estimates less own_value"),
    "own_coverage": Column("share", "of 95 % intervals that hold own_value"),
    "draws": Column("", "samples drawn of the design"),
    "refused": Column("", "draws, or worlds, without an estimate: no single common trend was found"),
    "world": Column("", "name of the world of the grid"),
    "estimate": Column("own unit", "the estimate"),
    "low": Column("own unit", "lower end of the 95 % interval (lower bound for IS bounds)"),
    "high": Column("own unit", "upper end of the 95 % interval (upper bound for IS bounds)"),
    "rank": Column("", "Spearman's rank correlation of estimate and truth over worlds"),
    "rank_low": Column("", "lower end of its 95 % interval, worlds drawn with replacement"),
    "rank_high": Column("", "upper end of the same"),
    "failed": Column("share", f"of worlds in which the miss exceeds {score.FAILURE:g}"),
    "worlds": Column("", "number of worlds"),
    "parameter": Column("", "parameter of the grid"),
    "level": Column("own unit", "its level"),
    "correlation": Column("", "largest correlation between the venues' innovations"),
    "noise_ratio": Column("", "largest sd of innovations over the smallest"),
    "width": Column("share", "largest distance between the bounds of IS"),
    "lags": Column("", "K, the order in levels"),
    "reason": Column("", "why there are no shares"),
    "identified": Column("", "whether prices tell the origin of the news at all"),
    "venues": Column("", "number of venues"),
} | {name: Column("own unit", f"level of: {name}") for name in worlds.PARAMETERS}
"""Documentation of the columns of all tables."""


@dataclass(frozen=True)
class Depth:
    """How much of the audit is done."""

    name: str
    designs: tuple[Design, ...]
    size: draws.Size
    world_count: int
    effort: worlds.Effort


def quick() -> Depth:
    """Return the audit of a few minutes: half of the designs, 20 draws of each, twelve worlds."""
    size = draws.Size(draws=20, bootstrap=60, own_rows=100_000)
    return Depth("quick", quick_designs(), size, 12, worlds.Effort(samples=8, days=10))


def full() -> Depth:
    """Return the audit for publication: all designs, 200 draws of each, 48 worlds."""
    size = draws.Size(draws=200)
    return Depth("full", all_designs(), size, 48, worlds.Effort(samples=12, days=20))


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found.

    designs: a row for each design and estimator (score.DESIGN_COLUMNS); cells: what samples of each design look like
    (design, title, venues, identified, correlation, noise_ratio, width; means over draws); worlds: a row for each
    world, venue and estimator (worlds.COLUMNS); levels: each world's parameters and diagnostics; scores: a row for
    each estimator and venue over the worlds; regions: misses by the level of each parameter, at SC. ran: worlds that
    were run, the others came from the cache.
    """

    designs: pd.DataFrame
    cells: pd.DataFrame
    worlds: pd.DataFrame
    levels: pd.DataFrame
    scores: pd.DataFrame
    regions: pd.DataFrame
    depth: Depth
    seed: int
    ran: int

    def to_frame(self) -> pd.DataFrame:
        """Return both kinds of scores in one frame, told apart by the column design ("worlds" for the grid)."""
        grid = self.scores.assign(design="worlds", claim=self.scores["estimator"].map(CLAIMS))
        return pd.concat([self.designs.assign(venue="SC"), grid], ignore_index=True)

    def rows(self) -> list[Row]:
        """Return bias, coverage and rank correlation as rows of a summary."""
        rows = [
            Row(
                f"design {r['design']}", f"{r['design']}.{r['estimator']}.{what}", f"{r['estimator']}, {what}", "share",
                base=_estimate(float(r[what]), float(r[f"{what}_se"]), int(r['draws'])),
            )
            for r in self.designs.to_dict("records")
            for what in ("bias", "coverage")
            if np.isfinite(r[what])
        ]  # fmt: skip
        for r in self.scores.to_dict("records"):
            label, key = f"{r['estimator']} of {r['venue']}", f"worlds.{r['estimator']}.{r['venue']}"
            if np.isfinite(r["bias"]):
                bias = _estimate(float(r["bias"]), float(r["bias_se"]), int(r["worlds"]))
                rows.append(Row("worlds", f"{key}.bias", f"{label}, bias", "share", base=bias))
            if np.isfinite(r["rank"]):
                rank = Estimate(
                    float(r["rank"]), float(r["rank_low"]), float(r["rank_high"]), int(r["worlds"]), ""
                )
                rows.append(Row("worlds", f"{key}.rank", f"{label}, rank correlation", "", base=rank))
        return rows

    def write(self, folder: Path, **manifest: Any) -> None:
        """Write the audit's folder: tables, figures, summary.json, manifest.json. Raises BadInput where it exists."""
        from scenarios.plots.audit import design_scores, worlds_scatter

        told = {
            "audit": self.depth.name,
            "seed": self.seed,
            "worlds_run": self.ran,
            "worlds": self.depth.world_count,
        }
        told |= {"draws": asdict(self.depth.size), "effort": asdict(self.depth.effort)}
        titles = dict(zip(self.cells["design"], self.cells["title"], strict=True))
        with RunFolder(folder) as out:
            for name in ("designs", "cells", "worlds", "levels", "scores", "regions"):
                out.write_table(f"audit_{name}", getattr(self, name), COLUMNS)
            out.write_figure("audit_designs", design_scores(self.designs, titles))
            out.write_figure("audit_worlds", worlds_scatter(self.worlds, self.scores))
            out.write_summary(self.rows())
            out.write_manifest(**told, **manifest)


def audit(
    depth: Depth,
    *,
    seed: int,
    jobs: int,
    cache: Path,
    progress: Progress = lambda done, total: None,
) -> Audit:
    """Run the audit: draws of all designs, then the worlds that the cache lacks, and score them.

    The same depth, seed and sources give the same figures, on any number of processes. The cache holds a small file
    for each world.
    """
    cells, scored = [], []
    planned = draws.plan(depth.designs, seed=seed, size=depth.size)
    first = sum(job.weight for job in planned)
    total = first + _WORLD_WEIGHT * depth.world_count
    results = run_jobs(planned, jobs, lambda done, _: progress(done, total))
    drawn, own = draws.collect(depth.designs, results)
    for design in depth.designs:
        of = drawn[design.name]
        scored.append(score.score_design(design.name, of, draws.truths(design), own[design.name]))
        cells.append(cell(design, of))
    grid = worlds.grid(depth.world_count)
    records, ran = worlds.measure_worlds(
        grid, seed=seed, effort=depth.effort, cache=cache, jobs=jobs,
        progress=lambda done, of: progress(first + _WORLD_WEIGHT * (depth.world_count - of + done), total),
    )  # fmt: skip
    table, levels = worlds.worlds_table(grid, records), worlds.levels_table(grid, records)
    rng = np.random.Generator(np.random.Philox(seed))
    regions = score.failure_regions(table, levels.set_index("world")[list(worlds.PARAMETERS)], "SC", REGIONS)
    return Audit(
        pd.concat(scored, ignore_index=True),
        pd.DataFrame(cells),
        table,
        levels,
        score.score_worlds(table, rng),
        regions,
        depth,
        seed,
        ran,
    )


def cell(design: Design, drawn: pd.DataFrame) -> dict[str, Any]:
    """Return what samples of a design look like: the means of their diagnostics over draws."""
    told = drawn.drop_duplicates("draw")[["correlation", "noise_ratio", "width"]].mean()
    return {
        "design": design.name,
        "title": design.title,
        "venues": len(design.venues),
        "identified": design.identified,
        **{str(k): float(v) for k, v in told.items()},
    }


def _estimate(value: float, error: float, n: int) -> Estimate:
    known = np.isfinite(error)
    low, high = (value - 1.96 * error, value + 1.96 * error) if known else (None, None)
    return Estimate(value, low, high, n, "share")
