"""The verbs that read scenarios and run nothing: list, show, check."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.cli.options import Prices, ScenarioName, Sets


def list_() -> None:
    """List the scenarios of the library."""
    from scenarios.tomlfile import library_names, load

    names = library_names()
    for name in names:
        title = load(name).values.get("title", "")
        print(f"{name:<{max(map(len, names))}}  {title}".rstrip())


def show(
    name: ScenarioName,
    sets: Sets = None,
    as_written: Annotated[bool, typer.Option("--as-written", help="Its own text, with remarks.")] = False,
) -> None:
    """Show a scenario: everything it says, with all it extends."""
    from scenarios.tomlfile import dumps, find, load

    if as_written:
        print(find(name).read_text(encoding="utf-8"), end="")
    else:
        print(dumps(load(name, sets or []).values), end="")


def check(file: ScenarioName, sets: Sets = None, prices: Prices = None) -> None:
    """Check a scenario and run nothing; all problems at once."""
    from scenarios.spec import load_scenario

    load_scenario(file, sets or [], prices)
    print(f"{file}: no problems")
