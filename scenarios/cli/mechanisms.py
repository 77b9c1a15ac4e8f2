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
        typer.Option("--set", metavar="KEY=VALUE", help="Override a figure of the market, as buyers=30."),
    ] = None,
    jobs: Jobs = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; runs/mechanisms-1, -2 ... if not given.")
    ] = None,
) -> None:
    """Clear the same supply and demand by listing, bidding, tender, pre-sale and a book; compare what comes of it."""
    with interruptible():
        _mechanisms(draws, sets or [], jobs, seed, out)


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
    for title, frame in text.tables(found).items():
        print_frame(title, [frame], console)
    console.print(
        f"{seconds:.0f} s. Tables and figure: {folder}. Next: yangshan mechanisms --set cost_half_width_cny_per_t=0",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
