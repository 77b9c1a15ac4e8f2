"""What a sweep measures at a point: worlds of crude, and samples of the origin share; it plans and draws nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from scenarios.results import Estimate, interval, paired
from scenarios.sweep_folder import Finding

if TYPE_CHECKING:
    from scenarios.ensemble import Key
    from scenarios.spec import LoadedScenario

_TRADING_DAYS_PER_YEAR = 243

_SHARES = {
    "IS": "information_share.mean",
    "IS_low": "information_share.low",
    "IS_high": "information_share.high",
    "day": "information_share.day",
    "night": "information_share.night",
    "whole_day": "whole_day_share",
}

HEADLINES = (
    "origin_share.SC", "origin_share.news.SC", "origin_share.flow.SC", "information_share.mean.SC",
    "whole_day_share.SC", "premium.import_parity", "volatility.SC",
)  # fmt: skip
"""The measures that are printed and drawn; the table has all of `measures`."""


@dataclass(frozen=True)
class Failure:
    """What a job left whose world cannot be measured: the reason."""

    reason: str


def attempt(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Do a piece of work; where a world cannot be measured, return the reason as a Failure."""
    try:
        return function(**arguments)
    except ValueError as error:
        return Failure(str(error))


def world_measures(
    loaded: LoadedScenario, *, changed: bool, seed: int, replication: int, days: int
) -> tuple[dict[str, float], str]:
    """Run one world of crude and return its measures by name, and why information shares are absent, if so.

    Shares of 1, USD/bbl, % a year. `volatility.SC` is the root mean square of the changes of SC's log close, which
    needs two days.
    """
    import numpy as np

    from scenarios.information import information_of
    from scenarios.streams import Streams
    from scenarios.tables import samples_frame, trading_days_frame
    from scenarios.world import NAMES, build

    world = build(loaded, Streams(seed, replication), changed=changed, with_gas=False, flow_days=days)
    world.run()
    samples = samples_frame(world)
    table = trading_days_frame(world, samples)
    sc = table[table["venue"] == "SC"]
    found = {
        "premium.import_parity": float(sc["premium_usd_per_bbl"].mean()),
        "premium.oman": float(sc["premium_to_oman_usd_per_bbl"].mean()),
    }
    moves = np.log(sc["close"].to_numpy(float))
    squares = np.diff(moves) ** 2
    if np.isfinite(squares).any():
        found["volatility.SC"] = float(np.sqrt(np.nanmean(squares) * _TRADING_DAYS_PER_YEAR) * 100)
    table_of_shares, reason = information_of(world, samples)
    if table_of_shares is not None:
        for figure, name in _SHARES.items():
            for venue in NAMES.values():
                found[f"{name}.{venue}"] = float(table_of_shares[venue][figure])
    return {name: value for name, value in found.items() if math.isfinite(value)}, reason


def measures() -> dict[str, tuple[str, str]]:
    """Return what a sweep measures, in its order: label and unit by name."""
    from scenarios.world import NAMES

    found: dict[str, tuple[str, str]] = {}
    parts = {"": "news and flow", "news.": "news", "flow.": "order flow", "shapley.": "Shapley value of both"}
    for venue in NAMES.values():
        for part, text in parts.items():
            found[f"origin_share.{part}{venue}"] = (f"origin share of {venue}, {text}", "share")
    found["origin_share.rest"] = ("origin share, rest", "share")
    bounds = ("mean of orderings", "lower bound", "upper bound", "day session", "night session")
    for venue in NAMES.values():
        for name, text in zip(_SHARES.values(), (*bounds, ""), strict=True):
            what = "whole-day information share" if name == "whole_day_share" else "information share"
            found[f"{name}.{venue}"] = (f"{what} of {venue}{f', {text}' if text else ''}", "share")
    found["premium.import_parity"] = ("SC's premium over import parity", "USD/bbl")
    found["premium.oman"] = ("SC's premium over Oman", "USD/bbl")
    found["volatility.SC"] = ("SC, volatility from close to close", "% a year")
    return found


def measured(results: Mapping[Key, Any], seed: int) -> dict[str, Any]:
    """Return what a point's file says: findings, and the worlds and the samples of the origin share behind them."""
    shares, reason, samples = _origin_shares({k: v for k, v in results.items() if k[0] == "origin"}, seed)
    worlds = [value for key, value in sorted(results.items()) if key[0] == "world"]
    findings = []
    for name, (label, unit) in measures().items():
        if name.startswith("origin_share."):
            if name in shares or reason:
                findings.append(Finding(name, label, unit, shares.get(name), reason))
            continue
        values = [w[0][name] for w in worlds if not isinstance(w, Failure) and name in w[0]]
        missing = len(worlds) - len(values)
        note = f"absent in {missing} of {len(worlds)} worlds: {_why(name, worlds)}" if missing else ""
        findings.append(Finding(name, label, unit, interval(values, unit) if values else None, note))
    by_world = [{} if isinstance(world, Failure) else world[0] for world in worlds]
    told = [asdict(finding) for finding in findings]
    return {"findings": told, "worlds": by_world, "samples": samples}


def _why(name: str, worlds: Sequence[Failure | tuple[dict[str, float], str]]) -> str:
    """Say why the first world that lacks a measure does."""
    for world in worlds:
        if isinstance(world, Failure):
            return world.reason
        if name not in world[0] and name == "volatility.SC":
            return "needs two trading days"
        if name not in world[0]:
            return world[1] or "not one common trend in its hours"
    return ""


def _origin_shares(
    results: Mapping[Key, Any], seed: int
) -> tuple[dict[str, Estimate], str, dict[str, dict[str, float]]]:
    """Return the origin shares over the longest horizon by name, what was left out, and each sample's parts by name.

    A sample with a world that cannot be measured is left out whole.
    """
    from scenarios.structural import origin
    from scenarios.world import NAMES

    failed = {key[1]: value.reason for key, value in results.items() if isinstance(value, Failure)}
    kept = {key: value for key, value in results.items() if key[1] not in failed}
    count = len({key[1] for key in results})
    note = f"{len(failed)} of {count} samples left out: {next(iter(failed.values()))}" if failed else ""
    shares = origin.collect(kept, seed=seed)
    if not shares:
        return {}, note, {}
    last = shares[max(shares)]
    numbers = sorted({key[1] for key in kept})
    samples = {str(number): {"variance": float(last.parts.variance[k])} for k, number in enumerate(numbers)}
    found: dict[str, Estimate] = {}

    def keep(name: str, share: Any) -> None:
        found[f"origin_share.{name}"] = Estimate(share.value, share.low, share.high, share.n, "share")

    for venue, name in NAMES.items():
        keep(name, last.share(venue))
        keep(f"news.{name}", last.share(venue, "news"))
        keep(f"flow.{name}", last.share(venue, "flow"))
        keep(f"shapley.{name}", last.share(venue, index="shapley"))
    keep("rest", last.rest())
    for k, number in enumerate(numbers):
        parts = samples[str(number)]
        for name, wanted in _sums().items():
            index = last.parts.shapley if name.startswith("shapley.") else last.parts.first
            parts[f"origin_share.{name}"] = float(index[k, wanted].sum())
        parts["origin_share.rest"] = parts["variance"] - float(last.parts.first[k].sum())
    return found, note, samples


def _sums() -> dict[str, list[int]]:
    """Return the groups whose parts each share of a venue adds up, by its name."""
    from scenarios.structural.origin import GROUPS
    from scenarios.world import NAMES

    found: dict[str, list[int]] = {}
    for k, (part, venue, _) in enumerate(GROUPS):
        for prefix in ("", "shapley.", f"{part}."):
            found.setdefault(f"{prefix}{NAMES[venue]}", []).append(k)
    return found


def paired_difference(name: str, point: Mapping[str, Any], reference: Mapping[str, Any]) -> Estimate | None:
    """Return a measure at a point less that at the reference, by the pairs that both have."""
    import numpy as np

    from scenarios.structural.sobol import difference

    if not name.startswith("origin_share."):
        pairs = [
            (before[name], after[name])
            for before, after in zip(reference["worlds"], point["worlds"], strict=True)
            if name in before and name in after
        ]
        return paired([before for before, _ in pairs], [after for _, after in pairs], "") if pairs else None
    both = [number for number in reference["samples"] if number in point["samples"]]
    if len(both) < 2:
        return None
    mine, theirs = ([side["samples"][k] for k in both] for side in (point, reference))
    before, variance, after, new_variance = (
        np.array([sample[column] for sample in side])
        for side in (theirs, mine)
        for column in (name, "variance")
    )
    share = difference(before, variance, after, new_variance)
    return Estimate(share.value, share.low, share.high, share.n, "")
