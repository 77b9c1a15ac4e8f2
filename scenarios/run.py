"""Run a scenario: plan the worlds, run them, measure, and leave a run folder.

`run` is what the command line calls, and what a script may call instead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scenarios import access, squeeze
from scenarios.ensemble import Job, Key, one_blas_thread, run_jobs
from scenarios.replication import Replication, replicate
from scenarios.results import Column, Row, RunFolder, digest
from scenarios.spec import LoadedScenario, Measurement
from scenarios.streams import Streams
from scenarios.structural import adoption, impulse, marginal, marker, origin, pass_through, terms
from scenarios.summary import ARMS, Influence, rows
from scenarios.tables import documented
from scenarios.tomlfile import BadInput
from scenarios.world import build

_FULL = 4
"""How many times the worlds of the quick profile the full one runs, in the measures without a stopping rule."""
FULL_PRECISION = 0.02
"""Half-width of the intervals of SC's origin shares at which the full profile stops, if no other is asked for."""
_MOST_SAMPLES = 2_000
_GROWTH = 3
_TYPICAL_HALF_WIDTH = 0.21
"""Half-width x sqrt(samples) of SC's origin share in `base`, over 24 samples: what a first forecast rests on."""


_DOCUMENTED = {
    "price_setters": marginal.COLUMNS,
    "responses": impulse.COLUMNS,
    "adoption": adoption.COLUMN_TEXTS,
    "terms": terms.COLUMN_TEXTS,
    "gas_slots": access.COLUMNS,
    "corner": squeeze.COLUMNS,
    "corner_outcome": squeeze.OUTCOME_COLUMNS,
}


def run(
    loaded: LoadedScenario,
    *,
    seed: int = 1,
    replications: int | None = None,
    jobs: int = 1,
    out: Path,
    progress: Callable[[float, float], Any] = lambda done, total: None,
    say: Callable[[str], Any] = lambda text: None,
    full: bool = False,
    precision: float | None = None,
    fork_at: str | None = None,
) -> tuple[Path, list[Row]]:
    """Run the scenario beside its counterfactual and return the run folder and the rows of its summary.

    `precision` adds samples until the 95 % intervals of SC's origin shares are that narrow, from the middle to an end;
    `full` asks for FULL_PRECISION if nothing else is said, and for more replications. `say` is told how long it will
    take, before it starts and again when the errors are known. The arms part at `fork_at`, a day or moment in ISO form,
    or when the first event strikes: impulse responses count from there. Raises BadInput when the folder exists, and for
    a fork after an event. Nothing is left behind by an error or an interrupt.
    """
    one_blas_thread()
    began = time.perf_counter()
    told = _profile(loaded.scenario.measurement, replications, full)
    goal = precision or (FULL_PRECISION if full else None)
    arms = ARMS if loaded.scenario.events else ARMS[:1]
    if fork_at is not None and not loaded.scenario.events:
        raise BadInput(
            [f"--fork-at {fork_at}: {loaded.name} has no shocks or levers, so there is nothing to part"]
        )
    fork_ns = impulse.fork_ns(loaded, fork_at) if loaded.scenario.events else None
    planned = _plan(loaded, told, arms, seed, fork_ns)
    with RunFolder(out) as folder:
        _compile()
        day_seconds = _seconds_of_a_day(loaded)
        say(_forecast(loaded, told, planned, goal, day_seconds / jobs))
        results = run_jobs(planned, jobs, progress)
        if goal is not None:
            results |= _until_narrow(
                loaded, told, results, seed, goal, jobs, day_seconds / jobs, progress, say
            )
        found = {arm: _replications(results, arm) for arm in arms}
        influence = _influence(loaded, results, arms, seed)
        summary = rows(loaded, found, influence)
        folder.write_scenario(_resolved(loaded))
        _write_tables(folder, found)
        _write_influence(folder, influence)
        folder.write_summary(summary)
        _draw(folder, found, influence, summary)
        told = told.model_copy(update={"origin_samples": _samples(influence)})
        manifest = _manifest(loaded, found, seed, told, jobs, time.perf_counter() - began)
        folder.write_manifest(**manifest)
        _report(folder, loaded, summary, manifest)
    return folder.path, summary


def _profile(told: Measurement, replications: int | None, full: bool) -> Measurement:
    factor = _FULL if full else 1
    return told.model_copy(
        update={
            "replications": replications or told.replications * factor,
            "origin_samples": told.origin_samples * factor,
            "pass_through_samples": told.pass_through_samples * factor,
            "marker_samples": told.marker_samples * factor,
        }
    )


def _plan(
    loaded: LoadedScenario, told: Measurement, arms: tuple[str, ...], seed: int, fork_ns: int | None
) -> list[Job]:
    """Return the jobs: whole worlds of each arm, worlds of resampled groups, worlds with programmes.

    Where no event touches crude, the structural measures of crude are the same in both arms and run once.
    """
    days = loaded.scenario.period.trading_days
    planned = []
    for k in range(told.replications):
        arguments: dict[str, Any] = {
            "loaded": loaded, "arms": arms, "seed": seed, "replication": k, "fork_ns": fork_ns,
        }  # fmt: skip
        worlds = len(arms) if loaded.scenario.touches_crude else 1
        planned.append(Job(("replicate", k), replicate, arguments, weight=max(1, days) * worlds))
    if not days:
        return planned
    for arm in _crude_arms(loaded, arms):
        changed = arm == "changed"
        planned += origin.plan(
            loaded, changed=changed, seed=seed, samples=told.origin_samples,
            horizon_days=_origin_horizon(loaded, told), key=("origin", arm),
        )  # fmt: skip
        planned += pass_through.plan(
            loaded, changed=changed, seed=seed, samples=told.pass_through_samples, key=("pass_through", arm)
        )
        planned += marker.plan(
            loaded, changed=changed, seed=seed, samples=told.marker_samples, key=("marker", arm)
        )
    return planned


def _replications(results: Mapping[Key, Any], arm: str) -> list[Replication]:
    return [value[arm] for key, value in results.items() if key[0] == "replicate"]


def _crude_arms(loaded: LoadedScenario, arms: Sequence[str]) -> Sequence[str]:
    """Return the arms whose crude differs: where no event touches crude, the base arm stands for both."""
    return arms if loaded.scenario.touches_crude else arms[:1]


def _origin_horizon(loaded: LoadedScenario, told: Measurement) -> int:
    return min(told.origin_horizon_trading_days, loaded.scenario.period.trading_days)


def _until_narrow(
    loaded: LoadedScenario,
    told: Measurement,
    results: Mapping[Key, Any],
    seed: int,
    goal: float,
    jobs: int,
    day_seconds: float,
    progress: Callable[[float, float], Any],
    say: Callable[[str], Any],
) -> dict[Key, Any]:
    """Run more samples of the origin share until SC's intervals are as narrow as `goal`; return their results.

    Both arms take the same number of samples, so that their difference is one of pairs.
    """
    horizon = _origin_horizon(loaded, told)
    more: dict[Key, Any] = {}
    arms = sorted({key[1] for key in results if key[0] == "origin"})
    while True:
        found = [origin.collect({**results, **more}, ("origin", arm), seed=seed) for arm in arms]
        if not all(found):
            return more
        have = found[0][horizon].samples
        half_width = max(by_horizon[horizon].half_width() for by_horizon in found)
        needed = max(by_horizon[horizon].samples_needed(goal) for by_horizon in found)
        wanted = min(_MOST_SAMPLES, _GROWTH * have, needed)  # few samples know their own error badly
        if wanted <= have:
            verdict = "as asked" if half_width <= goal else f"at the most samples, not the {goal:g} asked for"
            say(f"SC's origin shares are known to {half_width:.3f} after {have} samples: {verdict}.")
            return more
        planned = []
        for arm in arms:
            planned += origin.plan(
                loaded, changed=arm == "changed", seed=seed, samples=range(have, wanted),
                horizon_days=horizon, key=("origin", arm),
            )  # fmt: skip
        minutes = sum(job.weight for job in planned) * day_seconds / 60 * (needed - have) / (wanted - have)
        text = f"SC's origin shares are known to {half_width:.3f} after {have} samples; {goal:g} takes about {needed}: "
        say(f"{text}{minutes:.0f} more minutes.")
        more |= run_jobs(planned, jobs, progress)


def _seconds_of_a_day(loaded: LoadedScenario) -> float:
    """Return how long one world of one trading day of order flow takes here."""
    if not loaded.scenario.period.trading_days:
        return 0.0
    began = time.perf_counter()
    build(loaded, Streams(0), changed=False, with_gas=False, flow_days=1).run()
    return time.perf_counter() - began


def _forecast(
    loaded: LoadedScenario, told: Measurement, planned: Sequence[Job], goal: float | None, day_seconds: float
) -> str:
    """Say how long the run will take: days of order flow to simulate, at the pace of one of them."""
    work = sum(job.weight for job in planned)
    if goal is not None and told.origin_samples > 1:
        wanted = min(_MOST_SAMPLES, (_TYPICAL_HALF_WIDTH / goal) ** 2)
        a_sample = sum(job.weight for job in planned if job.key[0] == "origin") / told.origin_samples
        work += max(0.0, wanted - told.origin_samples) * a_sample
    seconds = work * day_seconds
    length = f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{seconds:.0f} seconds"
    until = "" if goal is None else f", until SC's origin shares are known to {goal:g}"
    return f"About {length}{until} ({work:,.0f} days of order flow)."


def _influence(
    loaded: LoadedScenario, results: Mapping[Key, Any], arms: Sequence[str], seed: int
) -> dict[str, Influence]:
    found = {arm: _influence_of(loaded, results, arm, seed) for arm in _crude_arms(loaded, arms)}
    return {arm: found.get(arm, found["base"]) for arm in arms}


def _influence_of(loaded: LoadedScenario, results: Mapping[Key, Any], arm: str, seed: int) -> Influence:
    shares = origin.collect(results, ("origin", arm), seed=seed)
    impacts = pass_through.collect(results, loaded, ("pass_through", arm))
    return Influence(shares, impacts, marker.collect(results, ("marker", arm)))


def _samples(influence: Mapping[str, Influence]) -> int:
    return max((share.samples for share in influence["base"].origin.values()), default=0)


def _compile() -> None:
    """Compile the kernels here, once, before workers start and find them in the cache."""
    from agents.traders.warm_up import warm_up

    warm_up()


def _resolved(loaded: LoadedScenario) -> dict[str, Any]:
    values = dict(loaded.values)
    if loaded.prices is not None:
        values["user_prices_brent_usd_per_bbl"] = {f"{day}": value for day, value in loaded.prices.items()}
    return values


def _write_tables(folder: RunFolder, found: Mapping[str, list[Replication]]) -> None:
    names = sorted({name for replications in found.values() for r in replications for name in r.frames})
    for name in names:
        frame = stacked(found, name)
        folder.write_table(name, frame, documented(frame) | _DOCUMENTED.get(name, {}))
    if "responses" in names:
        told = impulse.impulse_response([r.frames["responses"] for r in found["changed"]])
        folder.write_table("impulse_response", told, documented(told) | impulse.COLUMNS)
    shares = []
    for arm, replications in found.items():
        for k, replication in enumerate(replications):
            if replication.information is not None:
                table = replication.information.rename_axis("figure").reset_index()
                shares.append(table.assign(arm=arm, replication=k))
    if shares:
        frame = pd.concat(shares, ignore_index=True)
        columns = {v: Column("share", f"share of {v}") for v in ("SC", "Oman", "Brent")}
        columns["figure"] = Column(
            "",
            "IS_low, IS, IS_high: bounds and mean; CS: component share; day, night: IS of these hours; whole_day: CWIS",
        )
        folder.write_table("information_shares", frame, documented(frame) | columns)


def _write_influence(folder: RunFolder, influence: Mapping[str, Influence]) -> None:
    """Write origin shares of every horizon and index, impacts, and each sample's part, so that runs can be paired."""
    shares, samples = [], []
    for arm, found in influence.items():
        for share in found.origin.values():
            shares.append(share.to_frame().assign(arm=arm))
            samples.append(share.samples_frame().assign(arm=arm))
    if shares:
        for name, frames in (("origin_shares", shares), ("origin_samples", samples)):
            frame = pd.concat(frames, ignore_index=True)
            folder.write_table(name, frame, documented(frame) | origin.COLUMNS)
    impacts = [found.impacts.to_frame().assign(arm=arm) for arm, found in influence.items() if found.impacts]
    if impacts:
        frame = pd.concat(impacts, ignore_index=True)
        folder.write_table("pass_through", frame, documented(frame) | pass_through.COLUMNS)
    markers = [
        pd.DataFrame(own.markers.rows()).assign(arm=arm) for arm, own in influence.items() if own.markers
    ]
    if markers:
        frame = pd.concat(markers, ignore_index=True)
        folder.write_table("marker", frame, documented(frame) | marker.COLUMNS)


def stacked(found: Mapping[str, list[Replication]], name: str, *, first_only: bool = False) -> pd.DataFrame:
    """Return one table of all arms and replications, with the columns arm and replication in front."""
    parts = []
    for arm, replications in found.items():
        for k, replication in enumerate(replications[:1] if first_only else replications):
            if name in replication.frames:
                part = replication.frames[name].copy()
                part.insert(0, "replication", k)
                part.insert(0, "arm", arm)
                parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _draw(
    folder: RunFolder,
    found: Mapping[str, list[Replication]],
    influence: Mapping[str, Influence],
    summary: list[Row],
) -> None:
    from scenarios import plots

    measures = {row.measure.split(".")[0] for row in summary}
    first = found["base"][0].frames
    if "origin_share" in measures or "information_share" in measures:
        folder.write_figure("influence", plots.influence_bars(summary))
    if "origin_share" in measures:
        folder.write_figure("origin", plots.origin_waterfall(summary))
    if "whole_day_share" in measures:
        folder.write_figure("day_and_night", plots.day_and_night(summary))
    if "pass_through" in measures:
        folder.write_figure("pass_through", plots.pass_through_matrix(summary))
    if influence["base"].impacts is not None:
        folder.write_figure("horizons", plots.pass_through_horizons(influence["base"].impacts.summary()))
    if "marginal_setter" in measures:
        folder.write_figure("setters", plots.marginal_setter_bars(summary))
    if len(found) > 1:
        folder.write_figure("effects", plots.effects_forest(_worth_drawing(summary)))
    if "changed" in found and "responses" in found["changed"][0].frames:
        responses = impulse.impulse_response([r.frames["responses"] for r in found["changed"]])
        whole = responses[responses["setter"] == ""]
        moved = whole.groupby("series")["mean"].transform(lambda mean: mean.abs().max()) > 0
        if moved.any():
            folder.write_figure("impulse", plots.impulse_bands(whole[moved]))
    if "gas_days" in first:
        folder.write_figure("gas", plots.gas_prices(stacked(found, "gas_days")))
    if "quotes" in first:
        folder.write_figure("prices", plots.price_paths(stacked(found, "quotes", first_only=True)))
        folder.write_figure("premium", plots.premium_path(stacked(found, "days")))
    if "corner" in first:
        folder.write_figure("squeeze", plots.cornered_month(stacked(found, "corner")))
    folder.write_figure("tanks", plots.tanks(stacked(found, "tanks")))


_ALWAYS_DRAWN = (
    "origin_share.SC", "information_share.mean.SC", "whole_day_share.SC", "premium.import_parity", "shpgx_lng.mean",
    "jkm.mean", "lng_stock.mean", "unserved_gas",
)  # fmt: skip


def _worth_drawing(summary: Sequence[Row]) -> list[Row]:
    """Return the rows with an effect to see: those whose interval has no zero, and the headline whatever it says."""
    kept = []
    for row in summary:
        effect = row.effect
        clear = effect is not None and effect.low is not None and effect.low * (effect.high or 0.0) > 0
        if clear or row.measure in _ALWAYS_DRAWN:
            kept.append(row)
    return kept


def _manifest(
    loaded: LoadedScenario,
    found: Mapping[str, list[Replication]],
    seed: int,
    told: Measurement,
    jobs: int,
    seconds: float,
) -> dict[str, Any]:
    everything = [r for replications in found.values() for r in replications]
    busy = sum(r.seconds for r in everything)
    messages = sum(r.messages for r in everything)
    return {
        "scenario": loaded.name,
        "scenario_digest": digest(_resolved(loaded)),
        "seed": seed,
        "replications": told.replications,
        "origin_samples": told.origin_samples,
        "pass_through_samples": told.pass_through_samples,
        "marker_samples": told.marker_samples,
        "jobs": jobs,
        "command": " ".join(["yangshan", *sys.argv[1:]]),
        "streams": sorted({name for r in everything for name in r.streams}),
        "state_hash": {arm: [r.state_hash for r in replications] for arm, replications in found.items()},
        "wall_seconds": seconds,
        "rates": {
            "messages_per_second_of_a_world": messages / busy if messages else 0.0,
            "wall_seconds": seconds,
        },
    }


def _report(folder: RunFolder, loaded: LoadedScenario, summary: list[Row], manifest: dict[str, Any]) -> None:
    from scenarios.report import render
    from scenarios.results import git_commit, software
    from scenarios.tomlfile import dumps

    entries = {"commit": git_commit(), "versions": software()} | manifest
    text = dumps(loaded.values)
    folder.write_report(render(loaded.scenario.title, summary, folder.figures, entries, text))
