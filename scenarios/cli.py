"""The command line: each verb is a thin wrapper over a public function, which it imports when called.

Exit codes: 0 done, 1 the run failed, 2 bad input, 130 interrupted. No model and no measure stands here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.tomlfile import BadInput

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from scenarios.results import Row

app = typer.Typer(
    help="How much of the price of oil and gas is set in Shanghai, and what would change that.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or a name that `list` shows.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as gas.demand_m3=1e8.")
]
Prices = Annotated[
    Path | None,
    typer.Option(metavar="FILE.csv", help="Your own daily Brent: columns date, brent_usd_per_bbl."),
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    from scenarios.ensemble import one_blas_thread

    one_blas_thread()  # before NumPy is loaded, or one worker would add in another order than two
    try:
        app(args=None if arguments is None else list(arguments))
    except BadInput as error:
        print(error, file=sys.stderr)
        sys.exit(2)


@app.command("list")
def list_() -> None:
    """List the scenarios of the library."""
    from scenarios.tomlfile import library_names, load

    names = library_names()
    for name in names:
        title = load(name).values.get("title", "")
        print(f"{name:<{max(map(len, names))}}  {title}".rstrip())


@app.command()
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


@app.command()
def check(file: ScenarioName, sets: Sets = None, prices: Prices = None) -> None:
    """Check a scenario and run nothing; all problems at once."""
    from scenarios.spec import load_scenario

    load_scenario(file, sets or [], prices)
    print(f"{file}: no problems")


@app.command()
def run(
    scenario: ScenarioName,
    sets: Sets = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random streams.")] = 1,
    replications: Annotated[int | None, typer.Option(min=1, help="Worlds in each arm.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores if not given.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; runs/NAME-1, -2 ... if not given.")
    ] = None,
    prices: Prices = None,
    full: Annotated[
        bool, typer.Option("--full", help="For publication: until the intervals are narrow.")
    ] = False,
) -> None:
    """Run a scenario beside its counterfactual; print the results and leave a run folder."""
    with _interruptible():
        _run(scenario, sets or [], seed, replications, jobs, out, prices, full)


def _run(
    scenario: str,
    sets: list[str],
    seed: int,
    replications: int | None,
    jobs: int | None,
    out: Path | None,
    prices: Path | None,
    full: bool,
) -> None:
    import os

    from scenarios.results import next_folder, read_run
    from scenarios.spec import load_scenario

    loaded = load_scenario(scenario, sets, prices)
    folder = out or next_folder("runs", loaded.name)
    console = _console()
    for line in loaded.describe():
        console.print(line, highlight=False)
    console.print(f"Seed {seed}; writing {folder}", highlight=False)

    from scenarios.run import run as run_scenario

    with _progress(console) as progress:
        path, rows = run_scenario(
            loaded,
            seed=seed,
            replications=replications,
            jobs=jobs or os.cpu_count() or 1,
            out=folder,
            progress=progress,
            full=full,
        )
    print_rows(rows, console)
    rates = read_run(path).manifest.get("rates", {})
    for name, value in rates.items():
        console.print(f"{name.replace('_', ' ')}: {value:,.4g}", highlight=False)
    console.print(f"Report: {path / 'report.html'}", highlight=False, soft_wrap=True)
    console.print(
        f"Next: yangshan show {scenario}; run it with --set KEY=VALUE, --seed 2, --full", highlight=False
    )


@app.command()
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
    console = _console()
    for letter, path, name in zip("AB", (a, b), found.arms, strict=True):
        console.print(f"{letter}: {path}, {name} arm", highlight=False, markup=False, soft_wrap=True)
    for title, frame in found.tables().items():
        _print_frame(title, [frame], console)
    for note in found.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


@app.command()
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
    from scenarios.estimate_text import advice, facts, tables

    arms = estimates_of(
        sources, columns=_listed(columns), time=time, tz=tz, step=step, max_age=max_age, lags=lags, beta=beta,
        fx=fx or [], first=first, last=last, bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    console = _console()
    for arm in arms:
        console.print(f"[bold]{arm.name}[/bold]" if len(arms) > 1 else arm.name, highlight=False)
        for fact in facts(arm):
            console.print(f"  {fact}", highlight=False, markup=False, soft_wrap=True)
    told = {arm.name: tables(arm) for arm in arms}
    for title in dict.fromkeys(title for by_title in told.values() for title in by_title):
        having = {name: by_title[title] for name, by_title in told.items() if title in by_title}
        frames = [frame.add_suffix(f", {name}") if len(arms) > 1 else frame for name, frame in having.items()]
        _print_frame(title, frames, console)
    for line in dict.fromkeys(line for arm in arms for line in advice(arm)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
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

    folder = Path(__file__).parents[1] / "benchmarks"
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


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print the measures as a table, by section; effects whose interval has no zero stand out."""
    from rich.markup import escape
    from rich.table import Table

    from scenarios.report import estimate_text

    has_change = any(row.changed or row.effect for row in rows)
    has_room = console.width >= 138  # for the changed run, which base and effect imply
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=console.width >= 112)
    for name in ["base", *["changed"] * has_room, "effect"] if has_change else ["base"]:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    section = None
    for row in rows:
        if row.section != section:
            section = row.section
            table.add_row(f"[bold]{escape(row.section)}[/bold]")
        effect = row.effect
        clear = effect is not None and effect.low is not None and effect.low * (effect.high or 0.0) > 0
        values = [estimate_text(row.base)]
        if has_change:
            values += [estimate_text(row.changed)] * has_room + [estimate_text(effect)]
        if clear:
            values[-1] = f"[bold magenta]{values[-1]}[/]"
        table.add_row(f" {escape(row.label)}", *values, row.unit)
    console.print(table, highlight=False)


def _print_frame(title: str, frames: Sequence[pd.DataFrame], console: Console) -> None:
    """Print frames of text under one title, beside one another; a row that one of them lacks is blank there."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(escape(title), no_wrap=True)
    for frame in frames:
        for column in frame.columns:
            table.add_column(escape(str(column)), justify="right", no_wrap=not console.is_terminal)
    for row in dict.fromkeys(row for frame in frames for row in frame.index):
        cells = [
            str(frame.at[row, c]) if row in frame.index else "" for frame in frames for c in frame.columns
        ]
        table.add_row(f" {escape(str(row))}", *map(escape, cells))
    if not console.is_terminal:  # a file has no edge to crop at
        needed = console.measure(table, options=console.options.update(max_width=1000)).maximum
        console.width = max(console.width, needed)
    console.print(table, highlight=False)
    console.print()


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()] if text else []


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140)  # a pipe has no width to keep to


@contextmanager
def _interruptible() -> Iterator[None]:
    """Exit with 130 and one line when interrupted, or killed politely."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print("Interrupted; nothing was left behind.", file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[float, float], Any]]:
    """Give a function of (done, total) that moves a bar, or does nothing where no one watches."""
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
