"""The verb that holds gas against what is recorded of a period."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.cli.console import interruptible, print_frame, progress_bar, terminal
from scenarios.cli.options import Sets


def validate(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario with [[recorded]] figures.")
    ] = "calm-2024",
    sets: Sets = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    replications: Annotated[int, typer.Option(min=1, help="Worlds in each arm.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold gas against the records of a calm year, or of an episode: inside or outside, and by how much it misses."""
    with interruptible():
        _validate(scenario, sets or [], seed, replications, as_json)


def _validate(scenario: str, sets: list[str], seed: int, replications: int, as_json: bool) -> None:
    import json

    from scenarios import scorecard
    from scenarios.spec import load_scenario

    loaded = load_scenario(scenario, ["period.trading_days=0", *sets])
    console = terminal()
    with progress_bar(console) as progress:
        scores = scorecard.score(loaded, seed=seed, replications=replications, progress=progress)
    if as_json:
        print(json.dumps(scorecard.data(scores), ensure_ascii=False, indent=2))
        return
    worlds = f"{replications} worlds" if replications > 1 else "1 world"
    console.print(f"{loaded.name}: {loaded.scenario.title}", highlight=False, markup=False)
    print_frame(f"model: mean of {worlds} [lowest, highest]", [scorecard.frame(scores)], console)
    for words, rows in (
        ("that the model finds", [one for one in scores if one.verdict and not one.given]),
        ("whose figures it is given", [one for one in scores if one.verdict and one.given]),
    ):
        if rows:
            held = sum(one.verdict == "inside" for one in rows)
            console.print(f"{held} of {len(rows)} bands {words} held.", highlight=False)
    print("Sources:")
    for one in scores:
        print(f"  {one.label}: {one.source}")
