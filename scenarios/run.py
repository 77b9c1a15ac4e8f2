"""Run a scenario: plan the worlds, run them, measure, and leave a run folder.

`run` is what the command line calls, and what a script may call instead.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exchange.codes import Venue
from scenarios.ensemble import Job, Key, one_blas_thread, run_jobs
from scenarios.replication import Replication, replicate
from scenarios.results import Column, Row, RunFolder, digest
from scenarios.spec import LoadedScenario, Measurement
from scenarios.structural import origin, pass_through
from scenarios.summary import ARMS, Influence, rows
from scenarios.tables import documented

_PUSHED = (Venue.SC, Venue.BRENT)
_FULL = 4
"""How many times the worlds of the quick profile the full one runs, in each measure."""


def run(
    loaded: LoadedScenario,
    *,
    seed: int = 1,
    replications: int | None = None,
    jobs: int = 1,
    out: Path,
    progress: Callable[[float, float], Any] = lambda done, total: None,
    full: bool = False,
) -> tuple[Path, list[Row]]:
    """Run the scenario beside its counterfactual and return the run folder and the rows of its summary.

    Raises BadInput when the folder exists. Nothing is left behind by an error or an interrupt.
    """
    one_blas_thread()
    began = time.perf_counter()
    told = _profile(loaded.scenario.measurement, replications, full)
    arms = ARMS if loaded.scenario.events else ARMS[:1]
    planned = _plan(loaded, told, arms, seed)
    with RunFolder(out) as folder:
        _compile()
        results = run_jobs(planned, jobs, progress)
        found = {arm: _replications(results, arm) for arm in arms}
        influence = {arm: _influence(loaded, results, arm) for arm in arms}
        horizons = pass_through.horizons_minutes(told.programme_minutes, told.pass_through_horizon_minutes)
        summary = rows(loaded, found, influence, horizons)
        folder.write_scenario(_resolved(loaded))
        _write_tables(folder, found)
        folder.write_summary(summary)
        _draw(folder, found, summary)
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
        }
    )


def _plan(loaded: LoadedScenario, told: Measurement, arms: tuple[str, ...], seed: int) -> list[Job]:
    """Return the jobs: whole worlds of each arm, worlds of resampled groups, worlds with programmes.

    Where no event touches crude, the structural measures of crude are the same in both arms and run once.
    """
    days = loaded.scenario.period.trading_days
    planned = []
    for k in range(told.replications):
        arguments: dict[str, Any] = {"loaded": loaded, "arms": arms, "seed": seed, "replication": k}
        worlds = len(arms) if loaded.scenario.touches_crude else 1
        planned.append(Job(("replicate", k), replicate, arguments, weight=max(1, days) * worlds))
    if not days:
        return planned
    for arm in arms if loaded.scenario.touches_crude else arms[:1]:
        changed = arm == "changed"
        horizon = min(told.origin_horizon_trading_days, days)
        for sample in range(told.origin_samples):
            for number, draws in enumerate(origin.designs(len(origin.GROUPS))):
                arguments = {
                    "loaded": loaded, "changed": changed, "seed": seed, "sample": sample, "draws": draws,
                    "horizon_days": horizon,
                }  # fmt: skip
                planned.append(
                    Job(("origin", arm, sample, number), origin.outcome, arguments, weight=horizon)
                )
        for sample in range(told.pass_through_samples):
            for pushed in (None, *_PUSHED):
                arguments = {
                    "loaded": loaded,
                    "changed": changed,
                    "seed": seed,
                    "sample": sample,
                    "pushed": pushed,
                }
                key = ("pass_through", arm, sample, -1 if pushed is None else int(pushed))
                planned.append(Job(key, pass_through.paths, arguments, weight=1))
    return planned


def _replications(results: Mapping[Key, Any], arm: str) -> list[Replication]:
    return [value[arm] for key, value in results.items() if key[0] == "replicate"]


def _influence(loaded: LoadedScenario, results: Mapping[Key, Any], arm: str) -> Influence:
    if not loaded.scenario.touches_crude:
        arm = "base"
    outcomes: dict[int, list[float]] = {}
    for key, value in results.items():
        if key[:2] == ("origin", arm):
            outcomes.setdefault(key[2], []).append(value[-1])
    share = origin.origin_share(np.array(list(outcomes.values()))) if len(outcomes) > 1 else None
    paths = {key[2:]: value for key, value in results.items() if key[:2] == ("pass_through", arm)}
    samples = sorted({sample for sample, _ in paths})
    impacts = {
        pushed: [pass_through.impact_bps(paths[k, int(pushed)], paths[k, -1]) for k in samples]
        for pushed in _PUSHED
        if samples
    }
    return Influence(share, impacts)


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
        frame = stacked(found, name, first_only=name == "quotes")
        folder.write_table(name, frame, documented(frame))
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
            "", "IS_low, IS, IS_high: bounds and mean over orderings; CS: component share; whole_day: CWIS"
        )
        folder.write_table("information_shares", frame, documented(frame) | columns)


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


def _draw(folder: RunFolder, found: Mapping[str, list[Replication]], summary: list[Row]) -> None:
    from scenarios import plots

    measures = {row.measure.split(".")[0] for row in summary}
    first = found["base"][0].frames
    if "origin_share" in measures or "information_share" in measures:
        folder.write_figure("influence", plots.influence_bars(summary))
    if "pass_through" in measures:
        folder.write_figure("pass_through", plots.pass_through_matrix(summary))
    if len(found) > 1:
        folder.write_figure("effects", plots.effects_forest(summary))
    if "gas_days" in first:
        folder.write_figure("gas", plots.gas_prices(stacked(found, "gas_days")))
    if "quotes" in first:
        folder.write_figure("prices", plots.price_paths(stacked(found, "quotes", first_only=True)))
        folder.write_figure("premium", plots.premium_path(stacked(found, "days")))
    folder.write_figure("tanks", plots.tanks(stacked(found, "tanks")))


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
