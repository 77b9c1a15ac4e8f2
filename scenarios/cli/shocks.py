"""The verbs that read the library of shocks: shocks list, shocks show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scenarios.shocks import LibraryShock

app = typer.Typer(
    help="Read the library of shocks.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the shocks: kind, figures as low / central / high, and how sure they are."""
    from scenarios.shocks import shock_library

    library = shock_library()
    if as_json:
        _print_json({name: _data(shock) for name, shock in library.items()})
        return
    import pandas as pd

    from scenarios.cli.console import print_frame, terminal

    rows = {
        name: {
            "kind": shock.kind,
            "days": _spread(shock, "duration_days"),
            "figures, low / central / high": _figures(shock),
            "cases": str(len(shock.cases)),
            "confidence": shock.confidence,
        }
        for name, shock in library.items()
    }
    print_frame(f"{len(rows)} shocks", [pd.DataFrame.from_dict(rows, orient="index")], terminal())
    print(
        'Name one in a scenario: [[shocks]] library = "turkmen-cut", start_day = 4; or see `shocks show NAME`.'
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `shocks list` shows.")],
    as_json: Json = False,
) -> None:
    """Show a shock: what it is, when it happened, its figures, and where they come from."""
    from scenarios.shocks import shock_library
    from scenarios.tomlfile import BadInput, did_you_mean, dumps

    library = shock_library()
    if name not in library:
        nearest = did_you_mean(name, list(library)) or "."
        raise BadInput([f"{name}: no such shock{nearest} Shocks: {', '.join(library)}"])
    shock = library[name]
    if as_json:
        _print_json({name: _data(shock)})
        return
    print(f"{name}: {shock.title}")
    for case in shock.cases:
        print(f"  {case}")
    print(f"Confidence {shock.confidence}; source: {shock.source}\n")
    print("In a scenario:\n")
    print(dumps({"shocks": [{"library": name, "start_day": 0, "draw": True}]}))
    print("stands for, but for what it draws:\n")
    print(dumps({"shocks": [shock.figures | {"start_day": 0, "source": shock.source}]}))
    for key in shock.drawn:
        print(f"{key}: {_spread(shock, key)} (low / central / high, triangular)")


def _data(shock: LibraryShock) -> dict[str, Any]:
    return shock.model_dump(mode="json")


def _print_json(values: dict[str, Any]) -> None:
    import json

    print(json.dumps(values, ensure_ascii=False, indent=2))


def _spread(shock: LibraryShock, key: str) -> str:
    triangle = shock.drawn.get(key)
    if triangle is None:
        return ""
    return " / ".join(f"{value:,.10g}" for value in (triangle.low, triangle.central, triangle.high))


def _figures(shock: LibraryShock) -> str:
    words = [str(v) for k, v in shock.figures.items() if k != "kind" and isinstance(v, str)]
    fixed = [
        f"{k} {v:,}" for k, v in shock.figures.items() if isinstance(v, int | float) and k not in shock.drawn
    ]
    sizes = [f"{key} {_spread(shock, key)}" for key in shock.drawn if key != "duration_days"]
    return "; ".join([*words, *fixed, *sizes])
