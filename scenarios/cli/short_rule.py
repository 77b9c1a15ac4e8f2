"""The verb that holds the old and the new rule on shorts against each other in a cornered month."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.cli.console import interruptible, print_frame, progress_bar, terminal
from scenarios.cli.options import Sets


def short_rule(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="One with a corner and a rule_change.")
    ] = "squeeze-short-rule",
    sets: Sets = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    replications: Annotated[int, typer.Option(min=1, help="Worlds in each arm.")] = 4,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Hold the old and the new rule on shorts against each other, with a corner and without, in the same worlds."""
    from scenarios import short_rule as laboratory
    from scenarios.spec import load_scenario
    from scenarios.tomlfile import BadInput

    loaded = load_scenario(scenario, sets or [])
    console = terminal()
    with interruptible(), progress_bar(console) as progress:
        try:
            found, days = laboratory.compare(
                loaded, seed=seed, replications=replications, workers=workers, progress=progress
            )
        except ValueError as error:
            raise BadInput([str(error)]) from error
    for title, frame in found.items():
        print_frame(title, [frame], console)
    for title, frame in laboratory.by_day(days).items():
        print_frame(title, [frame], console)
