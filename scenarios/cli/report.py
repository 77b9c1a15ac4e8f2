"""The verb that draws several runs on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.console import terminal
from scenarios.tomlfile import BadInput


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="The page to write.")] = Path(
        "scenarios.html"
    ),
) -> None:
    """Draw SC's influence by scenario, over several runs, on one page."""
    import os

    from scenarios.plots import influence_by_scenario, to_svg
    from scenarios.report import render_scenarios
    from scenarios.results import read_run

    if out.exists():
        raise BadInput([f"{out}: exists already; give another file with --out"])
    found = {}
    for path in runs:
        run = read_run(path)
        name = str(run.manifest.get("scenario", path.name))
        found[name if name not in found else f"{name}, {path.name}"] = run.rows
    figure = to_svg(influence_by_scenario(found))
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    partial.write_text(render_scenarios(found, figure, [str(path) for path in runs]), encoding="utf-8")
    partial.rename(out)
    terminal().print(f"Report: {out}", highlight=False, soft_wrap=True)
