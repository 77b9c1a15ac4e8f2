"""The report of a run: one HTML page that needs nothing beside itself.

It arranges rows, figures and the manifest; it measures and draws nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from scenarios.results import Estimate, Row

_MOST_DECIMALS = 3
_CAPTIONS = {
    "influence": "Origin share: how much of the permanent change of the price comes from news first seen at "
    "a venue, and from its own order flow, found by resampling these alone. Information share: what an "
    "econometrician would estimate from the prices, between its bounds. An arrow: the interval goes on.",
    "pass_through": "A programme of buying at one venue, and what is left of the price change at each venue.",
    "origin": "Where the variance of the common price enters, group by group; the rest is interactions and error.",
    "day_and_night": "Information shares in SC's day and night sessions apart, and of the whole day: weighed by "
    "Brent's variance in SC's day, in its night and while it is shut.",
    "horizons": "What is left of a push after a minute, an hour, a day: a programme of buying, and a piece of news.",
    "setters": "Whose orders moved SC's mid: shares in the variance of its five-minute changes, adding up to one. "
    "A share below 0: these orders push the price back.",
    "impulse": "One past, two futures: the changed run less the base since they parted, mean and 95 % interval.",
    "effects": "Changed less base under the same random numbers: the headline, and every measure whose interval has no "
    "zero (a filled point). An arrow says that the interval goes on.",
    "prices": "Mid prices in one of the replications; the two arms share all random numbers. A gap is a closed market.",
    "squeeze": "A month on its way to delivery: what it stands over the next one and over oil in tank, who holds it, "
    "and the warrants that can be delivered.",
    "premium": "SC over Oman, less freight, insurance, inspection and storage: the mean of a trading day.",
    "tanks": "Crude in tank, cargoes on their way on top of it, and tankage: what does not fit waits at sea.",
    "gas": "The four sides of the delta's gas market; means over replications.",
}


def render(
    title: str,
    rows: Sequence[Row],
    figures: Mapping[str, str],
    manifest: Mapping[str, Any],
    scenario_toml: str,
) -> str:
    """Return the report as HTML. `figures` are SVG texts by name, in the order in which they are shown."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("scenarios"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"estimate": estimate_text, "plain": _plain}
    return environment.get_template("report.html.j2").render(
        title=title,
        sections=[
            (section, [(note, list(same)) for note, same in groupby(group, key=lambda row: row.note)])
            for section, group in groupby(rows, key=lambda row: row.section)
        ],
        has_change=any(row.changed or row.effect for row in rows),
        figures=[(name, _CAPTIONS.get(name, ""), _inline(svg)) for name, svg in figures.items()],
        manifest=manifest,
        scenario_toml=scenario_toml,
    )


HEADLINE = (
    "origin_share.SC", "origin_share.news.SC", "origin_share.flow.SC", "information_share.mean.SC",
    "information_share.day.SC", "information_share.night.SC", "whole_day_share.SC", "pass_through.SC.Brent",
    "news_pass_through.SC.Brent", "speed.SC.Brent", "marginal_setter.SC.opening", "premium.import_parity",
    "adoption.crude.SC", "terms.crude", "shpgx_lng.mean", "jkm.mean", "terms.LNG", "unserved_gas",
)  # fmt: skip
"""The measures that a page over several scenarios shows."""


def render_scenarios(runs: Mapping[str, Sequence[Row]], figure: str, paths: Sequence[str]) -> str:
    """Return one HTML page over several runs, by name: the figure (SVG text) and the headline measures of each."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rows = []
    for measure in HEADLINE:
        found = {name: next((r for r in own if r.measure == measure), None) for name, own in runs.items()}
        known = next((row for row in found.values() if row is not None), None)
        if known is None:
            continue
        arms = [
            (arm, [estimate_text(getattr(row, arm)) if row else "" for row in found.values()])
            for arm in ("base", "changed", "effect")
        ]
        rows.append((known.label, known.unit, [(arm, cells) for arm, cells in arms if any(cells)]))
    environment = Environment(loader=PackageLoader("scenarios"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("scenarios.html.j2").render(
        names=list(runs), rows=rows, figure=_inline(figure), paths=list(paths)
    )


def estimate_text(estimate: Estimate | None) -> str:
    """Write an estimate as `value [low, high]`, to two digits of its half width; "0" if exactly so, "" for None."""
    if estimate is None:
        return ""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value == (low or 0.0) == (high or 0.0) == 0:
        return "0"
    if low is None or high is None:
        return number_text(value, value / 100)
    value_text, low_text, high_text = (number_text(v, (high - low) / 2) for v in (value, low, high))
    return f"{value_text} [{low_text}, {high_text}]"


def number_text(value: float, scale: float, most: int = _MOST_DECIMALS) -> str:
    """Write a number to two significant digits of `scale`, with `most` decimals at most."""
    scale = abs(scale)
    places = min(most, 1 - math.floor(math.log10(scale))) if math.isfinite(scale) and scale > 0 else 2
    if not math.isfinite(value):
        return f"{value}"
    return f"{round(value, places) + 0.0:,.{max(0, places)}f}"


def _plain(value: Any) -> str:
    """Write an entry of the manifest: a list by its members, a rate with four digits."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _inline(svg: str) -> str:
    return svg[svg.index("<svg") :]
