"""The verb that runs a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.console import interruptible, print_frame, print_rows, progress_bar, terminal
from scenarios.cli.options import Jobs, Prices, ScenarioName, Sets


def run(
    scenario: ScenarioName,
    sets: Sets = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    replications: Annotated[int | None, typer.Option(min=1, help="Worlds in each arm.")] = None,
    jobs: Jobs = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; runs/NAME-1, -2 ... if not given.")
    ] = None,
    prices: Prices = None,
    counterfactual: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Ask a question that the scenario names, or all; its shocks are then given.",
        ),
    ] = None,
    fork_at: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT", help="When the arms part, as 2024-11-06T10:35; the first shock if not given."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="For publication: until the intervals are narrow.")
    ] = False,
    precision: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=1.0, metavar="SHARE", help="Sample until SC's origin shares are known to +- this."
        ),
    ] = None,
) -> None:
    """Run a scenario beside its counterfactual; print the results and leave a run folder."""
    with interruptible():
        if counterfactual == "all":
            if precision is not None or fork_at is not None:
                from scenarios.tomlfile import BadInput

                raise BadInput(
                    ["--counterfactual all: takes neither --precision nor --fork-at; ask one by name"]
                )
            _ask_all(scenario, sets or [], seed, replications, jobs, out, prices, full)
            return
        _run(
            scenario,
            sets or [],
            seed,
            replications,
            jobs,
            out,
            prices,
            full,
            precision,
            fork_at,
            counterfactual,
        )


def _ask_all(
    scenario: str,
    sets: list[str],
    seed: int,
    replications: int | None,
    jobs: int | None,
    out: Path | None,
    prices: Path | None,
    full: bool,
) -> None:
    import os

    from scenarios.questions import ask_all, side_by_side
    from scenarios.results import next_folder

    folder = out or next_folder("runs", f"{Path(scenario).stem}-questions")
    console = terminal()
    console.print(f"Seed {seed}; writing {folder}", highlight=False)
    with progress_bar(console) as progress:
        found = ask_all(
            scenario,
            sets,
            prices,
            out=folder,
            say=lambda text: console.print(text, highlight=False),
            seed=seed,
            replications=replications,
            jobs=jobs or os.cpu_count() or 1,
            full=full,
            progress=progress,
        )
    print_frame("Effect of each question, paired, 95 % interval", [side_by_side(found)], console)
    console.print(
        f"Table and figure: {folder / 'questions.csv'}, questions.svg", highlight=False, soft_wrap=True
    )


def _run(
    scenario: str,
    sets: list[str],
    seed: int,
    replications: int | None,
    jobs: int | None,
    out: Path | None,
    prices: Path | None,
    full: bool,
    precision: float | None,
    fork_at: str | None,
    counterfactual: str | None,
) -> None:
    import os

    from scenarios.path import path_tables
    from scenarios.results import next_folder, read_run
    from scenarios.spec import load_scenario

    loaded = load_scenario(scenario, sets, prices, counterfactual)
    folder = out or next_folder("runs", loaded.name)
    console = terminal()
    for line in loaded.describe():
        console.print(line, highlight=False)
    console.print(f"Seed {seed}; writing {folder}", highlight=False)

    from scenarios.run import run as run_scenario

    with progress_bar(console) as progress:
        path, rows = run_scenario(
            loaded,
            seed=seed,
            replications=replications,
            jobs=jobs or os.cpu_count() or 1,
            out=folder,
            progress=progress,
            say=lambda text: console.print(text, highlight=False),
            full=full,
            precision=precision,
            fork_at=fork_at,
        )
    print_rows(rows, console)
    done = read_run(path)
    for title, frame in path_tables(done).items():
        print_frame(title, [frame], console)
    rates = done.manifest.get("rates", {})
    for name, value in rates.items():
        console.print(f"{name.replace('_', ' ')}: {value:,.4g}", highlight=False)
    console.print(f"Report: {path / 'report.html'}", highlight=False, soft_wrap=True)
    if loaded.scenario.counterfactuals:
        names = ", ".join(loaded.scenario.counterfactuals)
        console.print(f"Ask it: --counterfactual {names}", highlight=False, soft_wrap=True)
    console.print(
        f"Next: yangshan show {scenario}; run it with --set KEY=VALUE, --seed 2, --full", highlight=False
    )
