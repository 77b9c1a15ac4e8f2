"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or a name that `list` shows.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as gas.demand_m3=1e8.")
]
Prices = Annotated[
    Path | None,
    typer.Option(metavar="FILE.csv", help="Your own daily Brent: columns date, brent_usd_per_bbl."),
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores if not given.")]
