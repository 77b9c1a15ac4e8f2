"""The command line: which verbs there are, and what becomes of bad input.

Exit codes: 0 done, 1 the run failed, 2 bad input, 130 interrupted. No model and no measure stands here; a verb imports
what it needs when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from scenarios.cli import (
    audit,
    bench,
    library,
    measure,
    mechanisms,
    report,
    rules,
    run,
    shocks,
    short_rule,
    sweep,
    validate,
)
from scenarios.tomlfile import BadInput

app = typer.Typer(
    help="How much of the price of oil and gas is set in Shanghai, and what would change that.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("list")(library.list_)
for verb in (
    library.show,
    library.check,
    run.run,
    sweep.sweep,
    measure.compare,
    measure.influence,
    report.report,
    audit.audit,
    mechanisms.mechanisms,
    validate.validate,
    short_rule.short_rule,
    bench.bench,
    rules.explain,
):
    app.command()(verb)
app.add_typer(rules.app, name="rules")
app.add_typer(shocks.app, name="shocks")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    from scenarios.ensemble import one_blas_thread

    one_blas_thread()  # before NumPy is loaded, or one worker would add in another order than two
    try:
        app(args=None if arguments is None else list(arguments))
    except BadInput as error:
        print(error, file=sys.stderr)
        sys.exit(2)
