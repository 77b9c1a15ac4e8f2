"""What verbs print: tables of measures, frames, a bar of progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from scenarios.results import Row


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


def print_frame(title: str, frames: Sequence[pd.DataFrame], console: Console) -> None:
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


def terminal() -> Console:
    """Return the console of this process."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140)  # a pipe has no width to keep to


@contextmanager
def interruptible() -> Iterator[None]:
    """Exit with 130 and one line when interrupted, or killed politely."""
    import signal

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print("Interrupted; nothing was left behind.", file=sys.stderr)
        raise typer.Exit(130) from None


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[float, float], Any]]:
    """Give a function of (done, total) that moves a bar, or does nothing where no one watches."""
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
