"""The verb that measures throughput."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.tomlfile import BadInput


def bench(
    only: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Only the benchmark of this name.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds.")] = False,
    json: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep the figures as NAME.json.")
    ] = None,
) -> None:
    """Measure throughput: of matching, and of the whole market."""
    import subprocess

    folder = Path(__file__).parents[2] / "benchmarks"
    found = {path.stem: path for path in sorted(folder.glob("[a-z]*.py"))}
    if not found:
        raise BadInput([f"{folder}: no benchmarks here; they come with the repository, not with the package"])
    if only is not None and only not in found:
        raise BadInput([f"{only}: no such benchmark; there are {', '.join(found)}"])
    for name in [only] if only else list(found):
        options = ["--quick"] if quick else []
        if json is not None:
            json.mkdir(parents=True, exist_ok=True)
            options += ["--json", str(json / f"{name}.json")]
        code = subprocess.run([sys.executable, str(found[name]), *options], check=False).returncode
        if code:
            raise typer.Exit(1)
