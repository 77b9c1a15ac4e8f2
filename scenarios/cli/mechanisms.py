"""The verb that sells the same gas in every way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.console import interruptible, print_frame, progress_bar, terminal
from scenarios.cli.options import Jobs


def mechanisms(
    draws: Annotated[int, typer.Option(min=1, help="Months of supply and demand.")] = 1000,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a figure of the market (buyers=30), or of the scenario.",
        ),
    ] = None,
    jobs: Jobs = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    scenario: Annotated[
        str | None,
        typer.Option(help="Sell in the gas world of a scenario, as shpgx-mechanism, not in drawn months."),
    ] = None,
    replications: Annotated[int, typer.Option(min=1, help="Gas worlds, with --scenario.")] = 4,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; runs/mechanisms-1, -2 ... if not given.")
    ] = None,
) -> None:
    """Clear the same supply and demand by listing, bidding, tender, pre-sale and a book; compare what comes of it."""
    with interruptible():
        if scenario is None:
            _mechanisms(draws, sets or [], jobs, seed, out)
        else:
            _winter(scenario, replications, sets or [], jobs, seed, out)


def _mechanisms(draws: int, sets: list[str], jobs: int | None, seed: int, out: Path | None) -> None:
    import os
    import time

    from scenarios.mechanisms import bench, load_market, text
    from scenarios.results import next_folder
    from scenarios.tomlfile import BadInput

    market = load_market(sets)
    folder = out or next_folder("runs", "mechanisms")
    if folder.exists():
        raise BadInput([f"{folder}: exists already; give another folder with --out"])
    console = terminal()
    console.print(f"Mechanisms of SHPGX, {draws} draws; seed {seed}; writing {folder}", highlight=False)
    began = time.perf_counter()
    with progress_bar(console) as progress:
        found = bench(market, draws=draws, seed=seed, jobs=jobs or os.cpu_count() or 1, progress=progress)
    seconds = time.perf_counter() - began
    settings = "".join(f" --set {item}" for item in sets)
    found.write(
        folder, command=f"yangshan mechanisms --draws {draws} --seed {seed}{settings}", seconds=seconds
    )
    for fact in text.facts(found):
        console.print(fact, highlight=False, markup=False, soft_wrap=True)
    for title, frame in text.tables(found.rows()).items():
        print_frame(title, [frame], console)
    console.print(
        f"{seconds:.0f} s. Tables and figure: {folder}. Next: yangshan mechanisms --set cost_half_width_cny_per_t=0",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


def _winter(
    scenario: str, replications: int, sets: list[str], jobs: int | None, seed: int, out: Path | None
) -> None:
    import os
    import time

    from scenarios.mechanisms import text
    from scenarios.mechanisms.winter import winter
    from scenarios.results import next_folder
    from scenarios.spec import load_scenario
    from scenarios.tomlfile import BadInput

    loaded = load_scenario(scenario, ["period.trading_days=0", *sets])
    folder = out or next_folder("runs", "mechanisms")
    if folder.exists():
        raise BadInput([f"{folder}: exists already; give another folder with --out"])
    console = terminal()
    began = time.perf_counter()
    with progress_bar(console) as progress:
        found = winter(
            loaded, replications=replications, seed=seed, jobs=jobs or os.cpu_count() or 1, progress=progress
        )
    seconds = time.perf_counter() - began
    settings = "".join(f" --set {item}" for item in sets)
    command = (
        f"yangshan mechanisms --scenario {scenario} --replications {replications} --seed {seed}{settings}"
    )
    found.write(folder, command=command, seconds=seconds)
    for fact in found.facts():
        console.print(fact, highlight=False, markup=False, soft_wrap=True)
    for title, frame in text.tables(found.rows()).items():
        print_frame(title, [frame], console)
    console.print(f"{seconds:.0f} s. Tables and figure: {folder}.", highlight=False, soft_wrap=True)
