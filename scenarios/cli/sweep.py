"""The verb that runs a grid of scenarios."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.console import print_frame, progress_bar, terminal
from scenarios.cli.options import Jobs, ScenarioName, Sets

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.grid import Grid

_HEADINGS = {
    "origin_share.SC": "SC's origin share",
    "origin_share.news.SC": "news",
    "origin_share.flow.SC": "order flow",
    "information_share.mean.SC": "information share",
    "whole_day_share.SC": "whole day",
    "premium.import_parity": "premium, USD/bbl",
    "volatility.SC": "volatility, %/y",
}


def sweep(
    scenario: ScenarioName,
    grid: Annotated[
        list[str], typer.Option(metavar="KEY=VALUES", help="V1,V2,... or FROM:TO:COUNT; once for each key.")
    ],
    sets: Sets = None,
    samples: Annotated[
        int | None, typer.Option(min=0, help="Of the origin share; the scenario's own if not given.")
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=1, help="Worlds of the other measures; the scenario's own if not given.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="Trading days of order flow in each world.")] = 5,
    jobs: Jobs = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; runs/NAME-sweep-1, -2 ... if not given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted sweep.")] = False,
) -> None:
    """Map influence over keys of a scenario: every point of a grid, with the same random numbers."""
    import os

    from scenarios.grid import read_grid
    from scenarios.sweep import sweep as run_sweep
    from scenarios.sweep_folder import next_sweep

    read = read_grid(scenario, grid, sets or [])
    folder = out or next_sweep("runs", read.base.name, resume=resume)
    console = terminal()
    console.print(f"{read.base.name}: {read.base.scenario.title}", highlight=False, markup=False)
    for axis, base in zip(read.axes, read.base_settings().values(), strict=True):
        told = ", ".join(map(str, axis.values))
        console.print(f"{axis.key}: {told} (base: {base})", highlight=False, markup=False, soft_wrap=True)

    def tell(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    with _resumable(folder, given=out is not None, resume=resume), progress_bar(console) as progress:
        path, frame = run_sweep(
            read, seed=seed, samples=samples, replications=replications, days=days,
            jobs=jobs or os.cpu_count() or 1, out=folder, resume=resume, progress=progress, tell=tell,
        )  # fmt: skip
    title = ", ".join(axis.name for axis in read.axes)
    print_frame(title, [results(read, frame)], console)
    for line in notes(frame):
        tell(line)
    for figure in sorted((path / "figures").glob("*.svg")):
        tell(f"Figure: {figure}")
    tell(f"Report: {path / 'report.html'}")


def results(grid: Grid, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the headline measures as text: a row for each point, a column for each measure of SC."""
    import pandas as pd

    from scenarios.grid import setting_text
    from scenarios.report import estimate_text
    from scenarios.results import Estimate

    labels = {point.number: ", ".join(map(setting_text, point.settings.values())) for point in grid.points}
    columns: dict[str, dict[str, str]] = {}
    for name, heading in _HEADINGS.items():
        for row in frame[frame["measure"] == name].to_dict("records"):
            value, low, high = (float(row[column]) for column in ("value", "low", "high"))
            ends = (None, None) if low != low else (low, high)
            estimate = Estimate(value, ends[0], ends[1], int(row["n"]), row["unit"])
            text = "-" if value != value else estimate_text(estimate)
            columns.setdefault(heading, {})[labels[row["point"]]] = text
    return pd.DataFrame(columns, index=list(labels.values())).fillna("-")


def notes(frame: pd.DataFrame) -> list[str]:
    """Return what the notes of the table say, each once, with the measures and the number of points."""
    noted = frame[frame["note"] != ""]
    lines = []
    for note, rows in noted.groupby("note", sort=False):
        names = dict.fromkeys(name.split(".")[0].replace("_", " ") for name in rows["measure"])
        points = rows["point"].nunique()
        lines.append(f"{', '.join(names)}: {note} ({points} point{'s' if points > 1 else ''})")
    return lines


@contextmanager
def _resumable(folder: Path, *, given: bool, resume: bool) -> Iterator[None]:
    """Exit with 130 when interrupted, or killed politely, and say how to go on."""
    import shlex
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        words = ["yangshan", *sys.argv[1:]]
        words += [] if given else ["--out", str(folder)]
        words += [] if resume else ["--resume"]
        print(f"Interrupted; resume with\n  {shlex.join(words)}", file=sys.stderr)
        raise typer.Exit(130) from None
