"""The verb that holds the estimators against known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.console import interruptible, print_frame, progress_bar, terminal
from scenarios.cli.options import Jobs


def audit(
    full: Annotated[
        bool,
        typer.Option("--full/--quick", help="All designs, 200 draws, 48 worlds; or a few minutes' worth."),
    ] = False,
    jobs: Jobs = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; runs/audit-1, -2 ... if not given.")
    ] = None,
    cache: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Keeps each world's result, so that it is not run again.")
    ] = Path("runs/audit-cache"),
    measured: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Also write the figures that advice quotes.")
    ] = None,
) -> None:
    """Audit the estimators: bias, coverage, rank correlation on known-truth designs and simulated worlds."""
    with interruptible():
        _audit(full, jobs, seed, out, cache, measured)


def _audit(
    full: bool, jobs: int | None, seed: int, out: Path | None, cache: Path, measured: Path | None
) -> None:
    import os
    import time

    from scenarios.audit import audit as audits
    from scenarios.audit import measured as figures
    from scenarios.audit import text
    from scenarios.results import git_commit, next_folder
    from scenarios.tomlfile import BadInput

    folder = out or next_folder("runs", "audit")
    if folder.exists():
        raise BadInput([f"{folder}: exists already; give another folder with --out"])
    depth = audits.full() if full else audits.quick()
    console = terminal()
    console.print(f"Audit, {depth.name}; seed {seed}; writing {folder}", highlight=False)
    began = time.perf_counter()
    with progress_bar(console) as progress:
        found = audits.audit(
            depth, seed=seed, jobs=jobs or os.cpu_count() or 1, cache=cache, progress=progress
        )
    seconds = time.perf_counter() - began
    found.write(folder, seconds=seconds)
    for fact in text.facts(found):
        console.print(fact, highlight=False, markup=False, soft_wrap=True)
    for title, frame in text.tables(found).items():
        print_frame(title, [frame], console)
    for line in text.advice_by_case(found):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if measured is not None:
        made = {
            "command": f"yangshan audit --{depth.name} --seed {seed}",
            "seed": seed,
            "commit": git_commit(),
        }
        figures.write(figures.extract(found, made), measured)
    console.print(f"{seconds:.0f} s. Tables and figures: {folder}", highlight=False, soft_wrap=True)
