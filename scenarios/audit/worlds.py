"""The grid of simulated worlds: of each its structural truth and what the estimators say, kept in a cache.

It scores nothing. The truth is the origin share over one trading day, news and order flow of a venue resampled
together; the estimates come from one other run of the same world on the common clock.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path as FilePath
from typing import Any, Final

import numpy as np
import pandas as pd

from exchange.codes import Venue
from exchange.units import NS_PER_HOUR, NS_PER_SECOND
from scenarios.audit.estimators import Readings, readings
from scenarios.audit.linear import Path
from scenarios.ensemble import Job, Progress, run_jobs
from scenarios.information import common_clock
from scenarios.results import digest
from scenarios.spec import LoadedScenario, load_scenario
from scenarios.streams import Streams
from scenarios.structural import origin
from scenarios.structural.sobol import designs, parts, share
from scenarios.tables import samples_frame, trading_day_bounds
from scenarios.world import NAMES, World, build

PARAMETERS: Final[dict[str, tuple[tuple[str, ...], tuple[float, ...]]]] = {
    "China's part of news": (("traders.news.china_share",), (0.1, 0.25, 0.5, 0.75)),
    "Brent reads SC": (("traders.cross_learning.brent_follows_sc",), (0.0, 0.5, 0.9)),
    "SC reads Brent": (("traders.cross_learning.sc_follows_brent",), (0.4, 0.8)),
    "SC's noise orders per s": (("traders.sc.noise_market_per_s",), (0.4, 0.8, 1.6)),
    "reading half-life, s": (("traders.cross_learning.tape_half_life_seconds",), (2.0, 10.0, 60.0)),
    "arbitrage capital, lots": (
        ("traders.arbitrage.sc_brent.capital_lots", "traders.arbitrage.sc_oman.capital_lots"),
        (0.0, 3000.0),
    ),
}
"""What differs between worlds: the scenario's keys, and the levels that they take together."""

CALM: Final = ("traders.news.jumps_per_day=0",)
"""Overrides of all worlds: shares of a variance that rests on a few jumps would need hundreds of samples."""

COLUMNS: Final = ("world", "venue", "truth", "truth_se", "estimator", "estimate", "low", "high")
SOURCES: Final = (
    "exchange/**/*.py", "exchange/**/*.toml", "agents/**/*.py", "scenarios/influence/*.py",
    "scenarios/structural/*.py", "scenarios/audit/worlds.py", "scenarios/audit/estimators.py",
    "scenarios/world.py", "scenarios/tables.py", "scenarios/replication.py", "scenarios/streams.py",
)  # fmt: skip
"""Glob patterns, from the project's root, of the files whose text decides a world's results."""

_GRID_SEED: Final = 1
_FIRST_RUN: Final = 10_000
_FIRST_SAMPLE: Final = 2_000_000
_SAMPLES: Final = 1_000  # more than any world has
_VARIANCE_STEPS: Final = 30  # five minutes of the clock of ten seconds
_ROOT: Final = FilePath(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Effort:
    """How much is run for each world: samples of the truth, days on the clock, draws of the bootstrap."""

    samples: int
    days: int
    bootstrap: int = 100
    max_lags: int = 20


@dataclass(frozen=True)
class GridWorld:
    """A world of the grid: its name, its number (its draws are no other world's) and the level of each parameter."""

    name: str
    number: int
    levels: tuple[tuple[str, float], ...]

    def sets(self) -> list[str]:
        """Return the overrides that make this world of the scenario `base`."""
        own = [f"{key}={value:g}" for name, value in self.levels for key in PARAMETERS[name][0]]
        return [*CALM, *own]


def grid(count: int) -> tuple[GridWorld, ...]:
    """Return `count` worlds in which each level of each parameter stands as often as the others, order at random.

    A Latin hypercube over levels; the same grid for the same count.
    """
    rng = np.random.Generator(np.random.Philox(_GRID_SEED))
    columns = {}
    for parameter, (_, levels) in PARAMETERS.items():
        columns[parameter] = rng.permutation(np.resize(np.array(levels), count))
    names = [f"{count}-{k + 1:02d}" for k in range(count)]
    return tuple(
        GridWorld(name, k, tuple((p, float(column[k])) for p, column in columns.items()))
        for k, name in enumerate(names)
    )


def measure_worlds(
    worlds: Sequence[GridWorld],
    *,
    seed: int,
    effort: Effort,
    cache: FilePath,
    jobs: int,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, dict[str, Any]], int]:
    """Return the record of each world (see `measure_world`) by name, and how many had to be run.

    A record that the cache holds is not run again: its file is named by a digest of the scenario's values, the seed,
    the effort and the sources that decide results.
    """
    code = source_digest()
    paths, missing = {}, []
    for world in worlds:
        loaded = load_scenario("base", world.sets())
        told = {"values": loaded.values, "seed": seed, "effort": asdict(effort), "code": code}
        told["number"] = world.number
        paths[world.name] = cache / f"{digest(told)[:24]}.json"
        if not paths[world.name].exists():
            arguments = {"loaded": loaded, "seed": seed, "number": world.number, "effort": effort}
            arguments["path"] = paths[world.name]
            missing.append(Job((world.name,), measure_world, arguments))
    cache.mkdir(parents=True, exist_ok=True)
    run_jobs(missing, jobs, progress)
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items()}, len(missing)


def measure_world(loaded: LoadedScenario, *, seed: int, number: int, effort: Effort, path: FilePath) -> None:
    """Measure one world and leave its record at `path`, whole or not at all.

    A record has truth (by venue: value, standard_error, first, first_se), readings (estimator, venue, estimate, low,
    high), reason, correlation, noise_ratio, width, lags, rows.
    """
    told = read_world(loaded, seed=seed, number=number, effort=effort)
    readings_found = [
        [*(str(name) for name in key), *(float(v) for v in values)]
        for key, values in zip(told.table.index, told.table.to_numpy(), strict=True)
    ]
    record = {
        "truth": truth(loaded, seed=seed, number=number, samples=effort.samples),
        "readings": readings_found,
        "reason": told.reason,
        "correlation": told.correlation,
        "noise_ratio": told.noise_ratio,
        "width": told.width,
        "lags": told.lags,
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(record, indent=1), encoding="utf-8")
    partial.rename(path)


def truth(loaded: LoadedScenario, *, seed: int, number: int, samples: int) -> dict[str, dict[str, float]]:
    """Return each venue's share of the variance of the common price's change over one trading day.

    News and flow of a venue are one group. value: its Shapley value, so that the venues' shares add up to 1; first: the
    first-order index; each with its standard error.
    """
    venues = list(Venue)
    orders, outcomes = [], []
    first = _FIRST_SAMPLE + number * _SAMPLES
    for sample in range(first, first + samples):
        rng = Streams(seed, sample).generator("audit.order")
        order = [int(k) for k in rng.permutation(len(venues))]
        orders.append(order)
        outcomes.append(
            [
                origin.outcome(
                    loaded, changed=False, seed=seed, sample=sample, horizon_days=1,
                    draws=[draws[venues.index(venue)] for _, venue, _ in origin.GROUPS],
                )[0]
                for draws in designs(order)
            ]
        )  # fmt: skip
    found = parts(np.array(outcomes), np.array(orders))
    shares = {}
    for k, venue in enumerate(venues):
        whole = share(found.shapley[:, k], found.variance)
        own = share(found.first[:, k], found.variance)
        shares[NAMES[venue]] = {
            "value": whole.value,
            "standard_error": whole.standard_error,
            "first": own.value,
            "first_se": own.standard_error,
        }
    return shares


def read_world(loaded: LoadedScenario, *, seed: int, number: int, effort: Effort) -> Readings:
    """Run one world for `effort.days` trading days and read the estimators off its quotes on the common clock.

    Whole-day shares join SC's day, its night and the hours in which it is shut.
    """
    streams = Streams(seed, replication=_FIRST_RUN + number)
    world = build(loaded, streams, changed=False, with_gas=False, flow_days=effort.days)
    world.run()
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(number,))))
    sample = on_clock(world)
    return readings(
        sample, bootstrap=effort.bootstrap, rng=rng, max_lags=effort.max_lags, every=_VARIANCE_STEPS
    )


def on_clock(world: World) -> Path:
    """Return log prices on the clock: rows at which all venues are quoted, and rows at which SC alone is shut.

    kinds: day, night (18:00 to 06:00) or shut; a row of other quotes is left out and breaks the sample.
    """
    samples = samples_frame(world)
    common, _ = common_clock(world, samples)
    names = list(NAMES.values())
    mids = samples[[f"{name}_mid" for name in names]].set_axis(names, axis=1).transform(np.log)
    whole = common.reindex(samples.index).notna().all(axis=1).to_numpy()
    shut = mids["SC"].isna().to_numpy() & mids[names[1:]].notna().all(axis=1).to_numpy()
    at_ns = samples.index.to_numpy()
    closes = np.array([close for _, _, close in trading_day_bounds(world)])
    keep = (whole | shut) & (at_ns <= closes[-1])
    mids, at_ns, shut = mids[keep], at_ns[keep], shut[keep]
    hour = (at_ns // NS_PER_HOUR) % 24
    kind = np.where(shut, "shut", np.where((hour >= 18) | (hour < 6), "night", "day"))
    step = world.loaded.scenario.measurement.clock_seconds * NS_PER_SECOND
    breaks = np.r_[True, (kind[1:] != kind[:-1]) | (np.diff(at_ns) != step)]
    labels = (np.cumsum(breaks), np.searchsorted(closes, at_ns), kind)
    return Path(mids, *(pd.Series(values, index=mids.index) for values in labels))


def worlds_table(worlds: Sequence[GridWorld], records: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each world, venue and estimator, columns COLUMNS; the truth of speeds is the same share."""
    rows = []
    for world in worlds:
        record = records[world.name]
        for estimator, venue, estimate, low, high in record["readings"]:
            true = record["truth"][venue]
            values = (true["value"], true["standard_error"], estimator, estimate, low, high)
            rows.append((world.name, venue, *values))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def levels_table(worlds: Sequence[GridWorld], records: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return the level of each parameter by world, and what the data told of themselves: correlation and so on."""
    rows = [
        {
            "world": world.name,
            **dict(world.levels),
            **{
                key: records[world.name][key]
                for key in ("correlation", "noise_ratio", "width", "lags", "reason")
            },
        }
        for world in worlds
    ]
    return pd.DataFrame(rows)


def source_digest(root: FilePath = _ROOT) -> str:
    """Return a digest of the sources that decide a world's results."""
    found = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            found.update(path.relative_to(root).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()
