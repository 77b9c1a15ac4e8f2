"""Measure the estimators on a year: one-second quotes of three venues on one clock, their information shares with
intervals, and spillovers with bands on one-minute returns.

Run `python benchmarks/estimators.py [--quick] [--json FILE]`. The quotes are one random walk read by three venues with
noise, whose shares are known exactly: the estimates are checked against them, and the spillover table against its
bands, before any time is told. One thread, linear algebra included; seconds of processor time; the largest memory the
process has had, the quotes included.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported, which reads it once

import argparse
import json
import platform
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from scenarios.influence.bands import SpilloverBands, spillover_bands
from scenarios.influence.information import InformationShares, information_shares
from scenarios.influence.sampling import Sample, sample
from scenarios.influence.shares import shares
from scenarios.influence.spillover import Spillover, spillover

Result = TypeVar("Result")
DAYS, DRAWS, LAGS, HORIZON = 250, 200, 10, 10
NOISE = {"SC": 1.0, "Oman": 2.0, "Brent": 0.5}
STEP = 1e-5  # standard deviation of the walk's step of a second, in logs
SESSIONS = (("-03:00", "02:30"), ("09:00", "10:15"), ("10:30", "11:30"), ("13:30", "15:00"))
SHARE_TOLERANCE = 0.03  # K = 10 cuts the noise's memory off, and a short sample strays


def trading_sessions(days: int) -> pd.DataFrame:
    """Return SC's sessions of so many trading days: 9 hours and a quarter each, the night before the day."""
    rows = []
    for day in pd.bdate_range("2024-01-02", periods=days):
        for first, last in SESSIONS:
            start = day + pd.Timedelta(f"{first}:00")
            end = start.normalize() + pd.Timedelta(f"{last}:00")
            end += pd.Timedelta(days=1) if end < start else pd.Timedelta(0)
            rows.append((start, end, day))
    return pd.DataFrame(rows, columns=["start", "end", "day"])


def one_walk(sessions: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return a quote a second of each venue: one random walk, and noise of the venue's own."""
    times = np.concatenate(
        [
            np.arange(a, b + 1, 10**9)
            for a, b in sessions[["start", "end"]].astype("datetime64[ns]").astype("int64").to_numpy()
        ]
    )
    walk = STEP * rng.standard_normal(len(times)).cumsum()
    columns = {v: 70 * np.exp(walk + STEP * s * rng.standard_normal(len(times))) for v, s in NOISE.items()}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(times), copy=False)


def true_shares() -> pd.DataFrame:
    """Return the shares of the walk with noise from the steady state of its Kalman filter."""
    ones, noise, variance = np.ones(len(NOISE)), np.diag(np.square(list(NOISE.values()))), 1.0
    for _ in range(500):
        gain = variance * ones @ np.linalg.inv(variance * np.outer(ones, ones) + noise)
        variance += 1 - variance * gain.sum()
    return shares(gain, variance * np.outer(ones, ones) + noise, list(NOISE))


def check_shares(found: InformationShares) -> float:
    """Raise AssertionError unless the shares are near the true ones and have intervals; return the largest error."""
    table = found.table["estimate"].unstack("figure").loc[list(NOISE)]
    truth = true_shares()
    names = ["IS_low", "IS_high", "IS", "CS", "MIS", "PDS"]
    error = float((table[names] - truth[names]).abs().to_numpy().max())
    if not found.gate.passed or error > SHARE_TOLERANCE:
        raise AssertionError(f"the shares are {error:.3f} from the truth: {found.gate.reason}")
    if found.table.dropna()["low"].empty or found.failed_draws:
        raise AssertionError("draws of the bootstrap are missing")
    return error


def check_spillovers(table: Spillover, whole: Spillover, bands: SpilloverBands) -> None:
    """Raise AssertionError unless rows sum to 100 and the bands add up to the table of a long horizon."""
    if not np.allclose(table.table.sum(axis=1), 100):
        raise AssertionError("rows of the spillover table do not sum to 100")
    if not np.isclose(bands.totals["estimate"].sum(), whole.totals["estimate"].iloc[0], atol=1e-3):
        raise AssertionError("the bands do not add up to the total")


def timed(action: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds of processor time of an action, and its result."""
    began = process_time()
    found = action()
    return process_time() - began, found


def peak_megabytes() -> float:
    """Return the largest memory the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def time_information(days: int, draws: int) -> dict[str, float]:
    """Sample one-second quotes on one clock and estimate their information shares, both timed."""
    sessions = trading_sessions(days)
    quotes = one_walk(sessions, np.random.default_rng(1))
    made = peak_megabytes()
    seconds, sampled = timed(lambda: sample(quotes, step="1s", max_age="5s", sessions=sessions, skip="1min"))
    return {
        "days": days,
        "rows": len(sampled.log_prices),
        "draws": draws,
        "sampling_seconds": seconds,
        "quotes_megabytes": made,
        **_shares_of(sampled, draws),
    }


def _shares_of(sampled: Sample, draws: int) -> dict[str, float]:
    seconds, found = timed(
        lambda: information_shares(
            sampled.log_prices,
            LAGS,
            segments=sampled.segments,
            days=sampled.days,
            bootstrap=draws,
            rng=np.random.default_rng(2),
        )
    )
    return {"largest_error": check_shares(found), "seconds": seconds, "peak_megabytes": peak_megabytes()}


def time_spillovers(days: int, draws: int) -> dict[str, float]:
    """Estimate the spillover table and its bands on one-minute returns, each with intervals, both timed."""
    sessions = trading_sessions(days)
    quotes = one_walk(sessions, np.random.default_rng(3))
    sampled = sample(quotes, step="1min", max_age="1min", sessions=sessions)
    returns = sampled.log_prices.diff().mask(sampled.segments.diff() != 0)
    labels = {"segments": sampled.segments, "days": sampled.days}
    rng = np.random.default_rng(4)
    table_seconds, table = timed(
        lambda: spillover(returns, LAGS, HORIZON, **labels, bootstrap=draws, rng=rng)
    )
    band_seconds, bands = timed(lambda: spillover_bands(returns, LAGS, **labels, bootstrap=draws, rng=rng))
    check_spillovers(table, spillover(returns, LAGS, 1_000, **labels), bands)
    return {
        "days": days,
        "rows": table.rows,
        "draws": draws,
        "table_seconds": table_seconds,
        "bands_seconds": band_seconds,
    }


def _line(value: float, text: str, decimals: int = 2) -> None:
    print(f"  {value:>12,.{decimals}f} {text}")


def main() -> None:
    """Check, time, print, and write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer days and draws")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    days, draws = (10, 50) if arguments.quick else (DAYS, DRAWS)
    figures: dict[str, Any] = {"information": time_information(days, draws)}
    one = figures["information"]
    print(f"Information shares of three venues, a quote a second, K = {LAGS}, {draws} draws of {days} days:")
    print(f"  Checked: at most {one['largest_error']:.3f} from the true shares, no draw without a solution.")
    _line(one["seconds"], f"s of one core for {one['rows']:,} rows, intervals included")
    _line(one["sampling_seconds"], "s before that to read the quotes on one clock")
    _line(
        one["peak_megabytes"],
        f"MB of memory at most, {one['quotes_megabytes']:,.0f} of them to make the quotes",
        0,
    )
    figures["spillovers"] = two = time_spillovers(days, draws)
    print(
        f"Spillovers of one-minute returns, K = {LAGS}, {draws} draws of {days} days, {two['rows']:,} rows:"
    )
    print("  Checked: rows sum to 100, bands add up to the total.")
    _line(two["table_seconds"], "s of one core for the table with intervals")
    _line(two["bands_seconds"], "s for three bands with intervals")
    if arguments.json:
        figures["python"], figures["machine"] = platform.python_version(), platform.machine()
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
