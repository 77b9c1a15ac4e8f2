"""The verbs that read the dated rulebooks: rules show, rules diff, explain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from datetime import date

    from exchange.contracts import Rulebook
    from exchange.rows import Note, Observation
    from exchange.rules import Rule

T = TypeVar("T")

app = typer.Typer(
    help="Read the exchanges' rules by date.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Product = Annotated[str, typer.Argument(metavar="PRODUCT", help="sc, lu, oman, brent ...")]
Day = Annotated[str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The day; today if not given.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(
    product: Product,
    day: Day = None,
    only: Annotated[str | None, typer.Option(metavar="TEXT", help="Rules whose name has this in it.")] = None,
    as_json: Json = False,
) -> None:
    """Show every rule in force on a day: its value, since when, and where it comes from."""
    from exchange.rows import unknown
    from exchange.rules import notes, rules
    from scenarios.tomlfile import BadInput

    book = _book(product)
    on = _day(day, "--date", book)
    found = rules(book, on)
    if only is not None:
        keys = list(dict.fromkeys(rule.key for rule in found))
        found = tuple(rule for rule in found if only.lower() in rule.key)
        if not found:
            raise BadInput([f"--only {only}: {unknown(only.lower(), keys)}"])
    said = [note for note in notes(book, on) if _touches(note, found)]
    if as_json:
        _print_json({"product": product, "date": on, "rules": [_data(rule) for rule in found], "notes": said})
        return
    rows = [
        (rule.section, (rule.key, rule.text, str(rule.since), rule.confidence, rule.source)) for rule in found
    ]
    _print_table(f"{product.upper()} on {on}", ("rule", "value", "since", "confidence", "source"), rows)
    _print_notes(said)


@app.command()
def diff(
    product: Product,
    first: Annotated[str, typer.Argument(metavar="FROM", help="A day, as 2020-01-02.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="A later day.")],
    as_json: Json = False,
) -> None:
    """Show which rules changed between two days, each with its day and source."""
    from exchange.rules import changes
    from scenarios.tomlfile import BadInput

    book = _book(product)
    start, end = _day(first, "FROM", book), _day(last, "TO", book)
    if start >= end:
        raise BadInput([f"FROM {start}: must be before TO {end}"])
    found = changes(book, start, end)
    if as_json:
        _print_json({"product": product, "from": start, "to": end, "changes": found})
        return
    if not found:
        print(f"{product.upper()}: no rule changed from {start} to {end}")
        return
    rows = [("", (str(c.day), c.key, c.before or "-", c.after or "-", c.confidence, c.source)) for c in found]
    title = f"{product.upper()} from {start} to {end}"
    _print_table(title, ("day", "rule", "before", "after", "confidence", "source"), rows)


@app.command()
def observed(product: Product, as_json: Json = False) -> None:
    """Show what was observed under a product's rules; no rule follows from it."""
    book = _book(product)
    if as_json:
        _print_json({"product": product, "observed": book.observed})
        return
    if not book.observed:
        print(f"{product.upper()}: no observed figure is on record")
        return
    rows = [
        ("", (_days(o), o.what, name, f"{value:,g}", o.confidence, o.source))
        for o in book.observed
        for name, value in o.values.items()
    ]
    _print_table(
        f"{product.upper()}: observed", ("day", "what", "figure", "value", "confidence", "source"), rows
    )


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="A refusal, as bad-price, or the name of a rule.")
    ],
    product: Annotated[str, typer.Option(metavar="PRODUCT", help="sc, lu, oman, brent ...")] = "sc",
    day: Day = None,
    as_json: Json = False,
) -> None:
    """Explain a refusal or a rule: which rule it is, since when, and where it comes from."""
    from exchange.rules import explain as explain_rule

    book = _book(product)
    on = _day(day, "--date", book)
    told = _known(lambda: explain_rule(rule, book, on))
    if as_json:
        rules = [_data(rule) for rule in told.rules]
        _print_json({"name": told.name, "sentence": told.sentence, "rules": rules, "notes": told.notes})
        return
    print(f"{told.name}: {told.sentence}")
    for found in told.rules:
        print(f"\n{product.upper()} on {on}: {found.key} = {found.text}")
        if found.description and found.description != told.sentence:
            print(f"  {found.description}")
        print(f"  since {found.since}; confidence {found.confidence}; source: {found.source}")
    if not told.rules:
        print("No dated rule is behind it.")
    _print_notes(told.notes)


def _book(product: str) -> Rulebook:
    from exchange.rules import rulebook_of

    return _known(lambda: rulebook_of(product))


def _day(text: str | None, name: str, book: Rulebook) -> date:
    from datetime import date

    from scenarios.tomlfile import BadInput

    try:
        day = date.today() if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadInput([f"{name} {text}: must be a date such as 2024-11-04"]) from None
    if day < book.first_day:
        raise BadInput(
            [f"{name} {day}: must be {book.first_day} or later, when the rules of {book.name} begin"]
        )
    return day


def _known(read: Callable[[], T]) -> T:
    """Return what `read` reads; a name that there is not is bad input."""
    from scenarios.tomlfile import BadInput

    try:
        return read()
    except LookupError as error:
        raise BadInput([str(error.args[0])]) from None


def _days(seen: Observation) -> str:
    return str(seen.first) if seen.first == seen.last else f"{seen.first} to {seen.last}"


def _touches(note: Note, found: Sequence[Rule]) -> bool:
    return any(rule.key.partition(".")[0] in note.keys for rule in found)


def _data(rule: Rule) -> dict[str, Any]:
    from dataclasses import asdict

    from exchange.rules import value_data

    return {**asdict(rule), "value": value_data(rule.value)}


def _print_json(values: dict[str, Any]) -> None:
    import json
    from dataclasses import asdict, is_dataclass

    from pydantic import BaseModel

    def plain(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json")
        return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)

    print(json.dumps(values, default=plain, ensure_ascii=False, indent=2))


def _print_table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Print rows under their section, if they have one; a pipe gets every row on one line."""
    from rich.markup import escape
    from rich.table import Table

    from scenarios.cli.console import terminal

    console = terminal()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=not console.is_terminal or name in ("since", "day"), overflow="fold")
    section = ""
    for above, cells in rows:
        if above != section:
            section = above
            table.add_row(f"[bold]{escape(section)}[/bold]")
        table.add_row(*map(escape, cells))
    if not console.is_terminal:
        needed = console.measure(table, options=console.options.update(max_width=10_000)).maximum
        console.width = max(console.width, needed)
    console.print(title, highlight=False, markup=False)
    console.print(table, highlight=False)


def _print_notes(found: Sequence[Note]) -> None:
    for note in found:
        print(f"\nNote, {note.first} to {note.last} ({', '.join(note.keys)}): {note.text}")
