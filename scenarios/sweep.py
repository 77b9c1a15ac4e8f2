"""A sweep: influence at every point of a grid, with intervals, under the same random numbers everywhere.

It plans, runs and measures crude alone, in the scenario as written; sweep_folder.py keeps what is done.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.grid import Axis, Grid, Point
from scenarios.results import Column, Estimate, Row, RunFolder, digest
from scenarios.sweep_folder import SweepFolder
from scenarios.sweep_measures import (
    HEADLINES,
    attempt,
    measured,
    measures,
    paired_difference,
    world_measures,
)
from scenarios.tomlfile import BadInput, toml_text

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.ensemble import Job
    from scenarios.spec import LoadedScenario

DAYS = 5
"""Trading days of order flow in each world, if nothing else is said."""

_JOBS_EACH = 8  # that a process has before it at least: small points are run together on several processes
COLUMNS = {
    "point": Column("", "number of the point, from 0; the last key runs fastest"),
    "measure": Column("", "name of the measure, as in the summary of a run"),
    "unit": Column("", "unit of value, low and high"),
    "value": Column("see unit", "the estimate; missing where the note says why"),
    "low": Column("see unit", "lower end of the 95 % interval"),
    "high": Column("see unit", "upper end of the 95 % interval"),
    "difference": Column(
        "see unit", "the estimate less that of the reference point, whose worlds share all numbers"
    ),
    "difference_low": Column("see unit", "lower end of the difference's 95 % interval, by pairs"),
    "difference_high": Column("see unit", "upper end of the difference's 95 % interval, by pairs"),
    "n": Column("", "samples (origin shares) or worlds (all others) behind the estimate"),
    "note": Column("", "why there is no value, or what was left out"),
    "replication": Column("", "number of the world, from 0; worlds of one number share all random streams"),
}


@dataclass(frozen=True)
class Size:
    """How much work each point is: samples of the origin share, worlds of everything else, days of order flow."""

    samples: int
    replications: int
    days: int
    horizon_days: int


def sweep(
    grid: Grid,
    *,
    seed: int = 1,
    samples: int | None = None,
    replications: int | None = None,
    days: int = DAYS,
    jobs: int = 1,
    out: Path,
    resume: bool = False,
    progress: Callable[[float, float], Any] = lambda done, total: None,
    tell: Callable[[str], Any] = lambda line: None,
) -> tuple[Path, pd.DataFrame]:
    """Measure every point of the grid and return the folder and its table (see COLUMNS and the grid's keys).

    `samples` and `replications` are the scenario's own if not given; `days` cuts the order flow short. Until the sweep
    is whole its folder is named OUT.partial; with `resume` the points that are there are kept. Raises BadInput when a
    folder is in the way, or is that of another sweep.
    """
    from scenarios.ensemble import one_blas_thread

    one_blas_thread()
    began = time.perf_counter()
    size = _size(grid, samples, replications, days)
    told = _identity(grid, seed, size)
    with SweepFolder(out, told, resume=resume) as folder:
        tell(folder.opened(len(grid.points)))
        for note in _notes(grid, size):
            tell(note)
        _run(grid, size, seed, jobs, folder, progress, tell)
        points = [folder.point(point) for point in grid.points]
        frame = _frame(grid, points)
        if frame["value"].isna().all():
            raise RuntimeError(f"nothing could be measured at any point: {frame['note'].iloc[0]}")
        folder.write_scenario(grid.base.values)
        folder.write_table("sweep", frame, COLUMNS | _key_columns(grid))
        folder.write_table("worlds", _worlds(points), COLUMNS)
        rows = _rows(grid, points)
        folder.write_summary(rows)
        _draw(folder, grid, frame)
        manifest = folder.finish(jobs=jobs, seconds=time.perf_counter() - began)
        folder.write_report(_report(grid, rows, folder.figures, manifest))
    return folder.path, frame


def _size(grid: Grid, samples: int | None, replications: int | None, days: int) -> Size:
    """Return the work of a point. Raises BadInput where it cannot be measured."""
    told = grid.base.scenario.measurement
    count = told.origin_samples if samples is None else samples
    problems = []
    if count == 1:
        problems.append("--samples 1: must be 0 (no origin shares), or 2 or more")
    if days < 1:
        problems.append(f"--days {days}: must be 1 or more")
    for point in grid.points:
        if not point.loaded.scenario.period.trading_days:
            problems.append(
                f"{point.label}: period.trading_days = 0: a sweep measures order flow; give 1 or more"
            )
    if problems:
        raise BadInput(list(dict.fromkeys(problems)))
    worlds = told.replications if replications is None else replications
    return Size(count, worlds, days, min(days, told.origin_horizon_trading_days))


def _identity(grid: Grid, seed: int, size: Size) -> dict[str, Any]:
    """Return what a sweep is: equal for two that must give the same bytes."""
    return {
        "scenario": grid.base.name,
        "scenario_digest": digest(grid.base.values),
        "grid": {axis.key: [toml_text(value) for value in axis.values] for axis in grid.axes},
        "seed": seed,
        "samples": size.samples,
        "replications": size.replications,
        "days": size.days,
        "arm": arm_of(grid.base),
        "reference": reference_of(grid),
    }


def arm_of(loaded: LoadedScenario) -> str:
    """Return the arm that is measured: the scenario as written."""
    return "changed" if loaded.scenario.events else "base"


def _notes(grid: Grid, size: Size) -> list[str]:
    """Say what of the scenario the sweep does not see."""
    from scenarios.levers import GasEvent

    late, gas = [], []
    for event in grid.base.scenario.events:
        kind = getattr(event, "kind", "")
        if isinstance(event, GasEvent):
            gas.append(kind)
        elif event.start_day >= size.days:
            late.append(f"{kind} on day {event.start_day}")
    notes = []
    if gas:
        notes.append(f"Note: a sweep measures crude, which {', '.join(gas)} does not move.")
    if late:
        notes.append(f"Note: {', '.join(late)} begins after the {size.days} days that are run; see --days.")
    return notes


# Running


def _run(
    grid: Grid,
    size: Size,
    seed: int,
    jobs: int,
    folder: SweepFolder,
    progress: Callable[[float, float], Any],
    tell: Callable[[str], Any],
) -> None:
    """Run the points that are not there yet and write each as soon as it is measured."""
    from scenarios.ensemble import run_jobs

    pending = [point for point in grid.points if not folder.has(point)]
    if not pending:
        return
    _compile()
    first = _plan(pending[0], size, seed)[0]
    started = time.perf_counter()
    known = {first.key: first.function(**first.arguments)}
    seconds = time.perf_counter() - started
    each = sum(job.weight for job in _plan(pending[0], size, seed))
    total = each * len(pending)
    worlds = len(_plan(pending[0], size, seed))
    left = seconds * (total / first.weight - 1) / min(jobs, os.cpu_count() or 1)
    points = f"{len(pending)} point{'s' if len(pending) > 1 else ''}"
    tell(
        f"{points} of {worlds} worlds, {worlds * len(pending):,} in all; one takes {seconds:.2g} s: about "
        f"{_duration(left)} on {jobs} process{'es' if jobs > 1 else ''}"
    )

    def moved_from(start: float) -> Callable[[float, float], Any]:
        return lambda moved, _: progress(start + moved, total)

    done = 0.0
    together = 1 if jobs == 1 else math.ceil(_JOBS_EACH * jobs / worlds)
    for k in range(0, len(pending), together):
        batch = pending[k : k + together]
        planned = [job for point in batch for job in _plan(point, size, seed) if job.key not in known]
        start = done + each * len(batch) - sum(job.weight for job in planned)
        results = known | run_jobs(planned, jobs, moved_from(start))
        done += each * len(batch)
        known = {}
        for point in batch:
            mine = {key[1:]: value for key, value in results.items() if key[0] == point.number}
            folder.write_point(point, measured(mine, seed))


def _compile() -> None:
    from agents.traders.warm_up import warm_up

    warm_up()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{round(minutes)} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def _plan(point: Point, size: Size, seed: int) -> list[Job]:
    """Return the jobs of a point: keys are (point, "origin", sample, run) and (point, "world", replication)."""
    from scenarios.ensemble import Job
    from scenarios.structural import origin

    loaded = point.loaded
    changed = arm_of(loaded) == "changed"
    days = min(size.days, loaded.scenario.period.trading_days)
    planned = []
    for job in origin.plan(
        loaded, changed=changed, seed=seed, samples=size.samples, horizon_days=min(size.horizon_days, days),
        key=(point.number, "origin"),
    ):  # fmt: skip
        wrapped = {"function": job.function, "arguments": job.arguments}
        planned.append(Job(job.key, attempt, wrapped, job.weight))
    for replication in range(size.replications):
        arguments = {
            "loaded": loaded, "changed": changed, "seed": seed, "replication": replication, "days": days,
        }  # fmt: skip
        wrapped = {"function": world_measures, "arguments": arguments}
        planned.append(Job((point.number, "world", replication), attempt, wrapped, weight=days))
    return planned


def _frame(grid: Grid, points: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each point and measure."""
    import pandas as pd

    rows = []
    reference = points[reference_of(grid)]
    for point, found in zip(grid.points, points, strict=True):
        for finding in found["findings"]:
            estimate = finding.estimate or Estimate(math.nan, None, None, 0, finding.unit)
            told = {"measure": finding.measure, "unit": finding.unit, **_ends("", estimate)}
            told |= _ends("difference", paired_difference(finding.measure, found, reference))
            keys = {axis.key: _cell(axis, point.settings[axis.key]) for axis in grid.axes}
            rows.append({"point": point.number, **keys, **told, "n": estimate.n, "note": finding.note})
    return pd.DataFrame(rows)


def reference_of(grid: Grid) -> int:
    """Return the point from which differences are taken: the scenario's own settings, or else the first."""
    base = grid.base_settings()
    return next((point.number for point in grid.points if point.settings == base), 0)


def _ends(name: str, estimate: Estimate | None) -> dict[str, float]:
    """Return an estimate as three columns, missing where there is none."""
    names = (name, f"{name}_low", f"{name}_high") if name else ("value", "low", "high")
    values = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    return {key: math.nan if value is None else value for key, value in zip(names, values, strict=True)}


def _cell(axis: Axis, value: Any) -> Any:
    """Return a value as the table has it: a number, or else text."""
    if axis.is_numeric:
        return float(value)
    return value if isinstance(value, str) else toml_text(value)


def _worlds(points: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each point, world and measure: pairs of a number differ by the grid's keys alone."""
    import pandas as pd

    known = measures()
    rows = [
        {
            "point": found["point"],
            "replication": k,
            "measure": name,
            "unit": known[name][1],
            "value": world[name],
        }
        for found in points
        for k, world in enumerate(found["worlds"])
        for name in known
        if name in world
    ]
    return pd.DataFrame(rows, columns=["point", "replication", "measure", "unit", "value"])


def _key_columns(grid: Grid) -> dict[str, Column]:
    return {
        key: Column("", f"setting of this key; {text}".strip("; ")) for key, text in grid.meanings().items()
    }


def _rows(grid: Grid, points: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the rows of the summary: a section for each measure, a row for each point."""
    arm = arm_of(grid.base)
    rows = []
    for name, (label, unit) in measures().items():
        for point, found in zip(grid.points, points, strict=True):
            for finding in found["findings"]:
                if finding.measure == name:
                    told = {arm: finding.estimate, "note": finding.note}
                    section = label[0].upper() + label[1:]
                    rows.append(Row(section, f"{name}@{point.number}", point.label, unit, **told))
    return rows


def _draw(folder: RunFolder, grid: Grid, frame: pd.DataFrame) -> None:
    from scenarios import plots

    for name, figure in plots.sweep_figures(frame, [axis.key for axis in grid.axes], grid.base_settings(),
                                            grid.meanings()).items():  # fmt: skip
        folder.write_figure(name, figure)


def _report(grid: Grid, rows: Sequence[Row], figures: Mapping[str, str], manifest: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from scenarios.report import estimate_text

    arm = arm_of(grid.base)
    headlines = [name for name in HEADLINES if any(row.measure.startswith(f"{name}@") for row in rows)]
    known = measures()
    cells = {row.measure: estimate_text(getattr(row, arm)) for row in rows}
    environment = Environment(loader=PackageLoader("scenarios"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("sweep.html.j2").render(
        title=grid.base.scenario.title,
        keys=[(axis.key, grid.meanings()[axis.key]) for axis in grid.axes],
        columns=[(known[name][0], known[name][1]) for name in headlines],
        points=[
            ([toml_text(value) for value in point.settings.values()],
             [cells.get(f"{name}@{point.number}", "") for name in headlines])
            for point in grid.points
        ],
        notes=sorted({row.note for row in rows if row.note}),
        figures=[svg[svg.index("<svg") :] for svg in figures.values()],
        manifest=manifest,
    )  # fmt: skip
