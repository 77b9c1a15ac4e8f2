"""The verbs that measure what is there: influence, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.console import print_frame, terminal


def compare(
    a: Annotated[Path, typer.Argument(metavar="RUN_A", help="The folder of a run.")],
    b: Annotated[Path, typer.Argument(metavar="RUN_B", help="The folder of another.")],
    arm: Annotated[
        str | None, typer.Option(metavar="base|changed", help="The scenario as written if not given.")
    ] = None,
) -> None:
    """Compare two runs: effects B - A, paired by replication where they share their seed."""
    from scenarios.compare import compare as compare_runs
    from scenarios.results import read_run

    found = compare_runs(read_run(a), read_run(b), arm=arm)
    console = terminal()
    for letter, path, name in zip("AB", (a, b), found.arms, strict=True):
        console.print(f"{letter}: {path}, {name} arm", highlight=False, markup=False, soft_wrap=True)
    for title, frame in found.tables().items():
        print_frame(title, [frame], console)
    for note in found.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def influence(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="RUN-or-FILE...", help="A run folder; or CSV or Parquet of prices."),
    ],
    columns: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Markets to keep, in this order; all if not given.")
    ] = None,
    time: Annotated[str | None, typer.Option(metavar="COLUMN", help="The time column.")] = None,
    tz: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Zone of the times, as Asia/Shanghai.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="The common clock, as 1s; 60s if not given.")] = None,
    max_age: Annotated[str | None, typer.Option(help="How old a price may be on the clock, as 5min.")] = None,
    lags: Annotated[str, typer.Option(metavar="aic|bic|N", help="K, the order in levels.")] = "aic",
    beta: Annotated[str, typer.Option(metavar="unit|estimate", help="Cointegrating vectors.")] = "estimate",
    fx: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MARKET=RATE", help="Divide by a rate: a column, a file, or CNY (ECB, per USD)."
        ),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day to keep.")] = None,
    last: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Last day to keep.")] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="Draws for the intervals.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 1,
) -> None:
    """Estimate who leads, from a run's quotes or from your own prices: shares, spillovers, lead and lag."""
    from scenarios.estimate import estimates_of
    from scenarios.estimate_text import advice, audited, facts, tables

    arms = estimates_of(
        sources, columns=listed(columns), time=time, tz=tz, step=step, max_age=max_age, lags=lags, beta=beta,
        fx=fx or [], first=first, last=last, bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    console = terminal()
    for arm in arms:
        console.print(f"[bold]{arm.name}[/bold]" if len(arms) > 1 else arm.name, highlight=False)
        for fact in facts(arm):
            console.print(f"  {fact}", highlight=False, markup=False, soft_wrap=True)
    told = {arm.name: tables(arm) for arm in arms}
    for title in dict.fromkeys(title for by_title in told.values() for title in by_title):
        having = {name: by_title[title] for name, by_title in told.items() if title in by_title}
        frames = [frame.add_suffix(f", {name}") if len(arms) > 1 else frame for name, frame in having.items()]
        print_frame(title, frames, console)
    if sources[0].is_dir():
        from scenarios.results import read_run
        from scenarios.run_text import structural_tables

        console.print(
            "[bold]What the run itself knows[/bold], by resampling, pushing and counting", highlight=False
        )
        for title, frame in structural_tables(read_run(sources[0])).items():
            print_frame(title, [frame], console)
    for line in dict.fromkeys(line for arm in arms for line in (*advice(arm), *audited(arm))):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def listed(text: str | None) -> list[str]:
    """Split what was given with commas."""
    return [part.strip() for part in text.split(",") if part.strip()] if text else []
