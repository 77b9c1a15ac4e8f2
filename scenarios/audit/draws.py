"""Many draws of each design and what the estimators say of each; it compares nothing with the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from scenarios.audit.estimators import CLAIMS, readings
from scenarios.audit.linear import Design, Linear, leader, speed_share
from scenarios.ensemble import Job, Key

CHUNK = 10


@dataclass(frozen=True)
class Size:
    """How much is drawn: draws of each design, rows in days, draws of the bootstrap, rows for own values."""

    draws: int
    days: int = 40
    rows: int = 100
    bootstrap: int = 60
    own_rows: int = 200_000


def plan(designs: Sequence[Design], *, seed: int, size: Size) -> list[Job]:
    """Return the jobs: the draws of each design in chunks, and its own values."""
    jobs = []
    for design in designs:
        known = {"design": design, "seed": seed, "size": size}
        for first in range(0, size.draws, CHUNK):
            count = min(CHUNK, size.draws - first)
            jobs.append(
                Job(
                    ("draws", design.name, first), draw_many, {**known, "first": first, "count": count}, count
                )
            )
        jobs.append(Job(("own", design.name), own_values, known, 10.0))
    return jobs


def draw_many(design: Design, *, seed: int, size: Size, first: int, count: int) -> pd.DataFrame:
    """Return what the estimators say of `count` draws: a row for each draw and estimator, on the first venue.

    Columns draw, estimator, estimate, low, high, correlation, noise_ratio, width (of the draw). Each draw has its own
    stream, told by the seed, the design's name and its number.
    """
    found = []
    for draw in range(first, first + count):
        rng = _generator(seed, design.name, draw)
        told = readings(design.simulate(rng, size.days, size.rows), bootstrap=size.bootstrap, rng=rng)
        frame = told.table.xs(design.venues[0], level="venue").reset_index()
        found.append(
            frame.assign(
                draw=draw, correlation=told.correlation, noise_ratio=told.noise_ratio, width=told.width
            )
        )
    return pd.concat(found, ignore_index=True)


def own_values(design: Design, *, seed: int, size: Size) -> dict[str, float]:
    """Return what each estimator tends to on endless data, for the first venue.

    Those of the common trend from the design's formula, the others from one long sample (in which BIC may choose more
    lags than in a short one). NaN for the bounds of IS, which are no interval of sampling, and for HY's ratio, which
    has no limit where the correlations at all lags are 0.
    """
    rng = _generator(seed, design.name, -1)
    days = max(1, size.own_rows // size.rows)
    told = readings(design.simulate(rng, days, size.rows), bootstrap=0, rng=None).table["estimate"]
    own = {str(k): float(v) for k, v in told.xs(design.venues[0], level="venue").items()}
    exact = design.population().iloc[0]
    pair = exact
    if isinstance(design, Linear) and len(design.venues) > 2:
        ends = [0, -1]
        couple = replace(
            design,
            venues=(design.venues[0], design.venues[-1]),
            read=design.read[ends],
            noise=design.noise[ends],
        )
        pair = couple.population().iloc[0]
    own |= {name: float(exact[name]) for name in ("IS", "MIS", "CS", "PDS")}
    own |= dict.fromkeys(("IS bounds", "HY ratio"), np.nan)
    return own | {name: float(pair[name]) for name in ("ILS", "PILS")}


def truths(design: Design) -> dict[str, float]:
    """Return the truth that each estimator is held against, for the first venue: NaN where there is none."""
    responses = design.response()
    by_claim = {
        "origin": float(design.origin()[0]),
        "speed": speed_share(responses),
        "leader": float(leader(responses)),
    }
    return {name: by_claim[claim] for name, claim in CLAIMS.items()}


def collect(
    designs: Sequence[Design], results: Mapping[Key, Any]
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, float]]]:
    """Return the draws and the own values of each design from the results of `plan`'s jobs."""
    drawn = {
        design.name: pd.concat(
            [value for key, value in results.items() if key[:2] == ("draws", design.name)], ignore_index=True
        )
        for design in designs
    }
    return drawn, {design.name: results["own", design.name] for design in designs}


def _generator(seed: int, name: str, draw: int) -> np.random.Generator:
    key = (crc32(name.encode()), draw + 1)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))
