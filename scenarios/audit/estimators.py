"""Every estimator on one sample, and what each claims to tell; it knows no truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from scenarios.audit.linear import Path
from scenarios.influence.entropy import transfer_entropy
from scenarios.influence.information import InformationShares, Lags, information_shares
from scenarios.influence.leadlag import lead_lag
from scenarios.influence.sampling import Sample
from scenarios.influence.spillover import spillover
from scenarios.influence.whole_day import realised_variance, whole_day_information_shares

Claim = Literal["origin", "speed", "leader"]

CLAIMS: Final[dict[str, Claim]] = {
    "IS": "origin",
    "IS bounds": "origin",
    "MIS": "origin",
    "CS": "origin",
    "PDS": "origin",
    "DY TO share": "origin",
    "CWIS": "origin",
    "IS x hours": "origin",
    "ILS": "speed",
    "PILS": "speed",
    "DY NET": "leader",
    "HY lag": "leader",
    "HY ratio": "leader",
    "TE": "leader",
}
"""What each estimator is read as: origin share, speed share, or who leads (the sign of its value).

IS x hours, where a venue is shut for a part of the day, is its IS times the part of the last venue's realised variance
that falls into the hours in which all trade: CWIS without estimating day and night apart.
"""

UNITS: Final = {"DY NET": "points", "HY lag": "steps", "HY ratio": "log", "TE": "bits"}
_SHARES: Final = ("IS", "MIS", "CS", "PDS")
_SPEEDS: Final = ("ILS", "PILS")
_STEP_NS: Final = 1_000_000_000


@dataclass(frozen=True, eq=False)
class Readings:
    """What the estimators say on one sample.

    table: index (estimator, venue), columns estimate, low, high; of two venues or of the first and the last of more,
    speed and leader are those of the first against the last. reason: why there are no shares ("" where there are).
    correlation: largest between two innovations; noise_ratio: largest sd of innovations over the smallest; width:
    largest distance between the bounds of IS; lags: K.
    """

    table: pd.DataFrame
    reason: str
    correlation: float
    noise_ratio: float
    width: float
    lags: int


def readings(
    sample: Path,
    *,
    bootstrap: int,
    rng: np.random.Generator | None,
    lags: Lags = "aic",
    max_lags: int = 10,
    most_steps: int = 5,
    every: int = 5,
) -> Readings:
    """Read all estimators that apply off a sample, with 95 % intervals from resampled days (none where bootstrap is 0).

    Shares are those of rows with all venues; where kinds of rows differ, CWIS joins them, their variance taken over
    `every` rows. HY looks `most_steps` rows to either side; TE has one lag and three symbols cut at 5 and 95 %; DY a
    horizon of ten steps. An estimator that finds no answer is NaN; shares of a sample without one common trend too.
    """
    prices = sample.log_prices
    venues = [str(v) for v in prices.columns]
    whole = prices.notna().all(axis=1).to_numpy()
    cut = prices[whole].reset_index(drop=True)
    segments, days = (np.asarray(labels)[whole] for labels in (sample.segments, sample.days))
    found: dict[tuple[str, str], tuple[float, float, float]] = {}

    def shares(columns: Sequence[str]) -> InformationShares:
        return information_shares(
            cut[list(columns)],
            segments=segments,
            days=days,
            lags=lags,
            max_lags=max_lags,
            bootstrap=bootstrap,
            rng=rng,
        )

    told = shares(venues)
    add_shares(found, told)
    pair = [venues[0], venues[-1]]
    add_speeds(found, told if len(venues) == 2 else shares(pair))
    if len(np.unique(sample.kinds)) > 1:
        parted = Sample(
            prices,
            sample.segments,
            sample.days,
            sample.kinds,
            _STEP_NS,
            pd.Series(dtype=np.int64),
            len(prices),
        )
        add_whole_day(found, parted, told.lags, every, bootstrap, rng)
        add_hours(found, parted, whole, every)
    starts = pd.Series(np.r_[True, np.diff(segments) != 0])
    returns = cut.diff().mask(starts)
    spilled = spillover(
        returns, "bic", 10, max_lags=max_lags, segments=segments, days=days, bootstrap=bootstrap, rng=rng
    )
    given = spilled.directional.loc["TO"]
    for venue in venues:
        found["DY TO share", venue] = _triple(given.loc[venue] / given["estimate"].sum())
    found["DY NET", venues[0]] = _triple(spilled.directional.loc["NET"].loc[venues[0]])
    add_leads(found, cut[pair], segments, days, most_steps, bootstrap, rng)
    add_entropy(found, returns[pair], segments, days, bootstrap, rng)
    table = pd.DataFrame(found, index=["estimate", "low", "high"]).T
    table.index = table.index.set_names(["estimator", "venue"])
    return Readings(table, told.gate.reason, *diagnostics(told), told.lags)


def diagnostics(told: InformationShares) -> tuple[float, float, float]:
    """Return correlation, noise ratio and width of the bounds of a model, as Readings states them."""
    omega = told.omega.to_numpy()
    sd = np.sqrt(np.diag(omega))
    apart = ~np.eye(len(sd), dtype=bool)
    width = float((told.share("IS_high") - told.share("IS_low"))["estimate"].max())
    return float(np.abs(omega / np.outer(sd, sd))[apart].max()), float(sd.max() / sd.min()), width


Found = dict[tuple[str, str], tuple[float, float, float]]


def add_shares(found: Found, told: InformationShares) -> None:
    """Add IS, MIS, CS, PDS with intervals, and the bounds of IS in the place of an interval."""
    for venue in told.venues:
        for name in _SHARES:
            found[name, venue] = _triple(told.share(name).loc[venue])
        low, high = (float(told.share(bound)["estimate"].loc[venue]) for bound in ("IS_low", "IS_high"))
        found["IS bounds", venue] = ((low + high) / 2, low, high)


def add_speeds(found: Found, told: InformationShares) -> None:
    """Add ILS and PILS of the first of two venues."""
    for name in _SPEEDS:
        found[name, told.venues[0]] = _triple(told.share(name).loc[told.venues[0]])


def add_whole_day(
    found: Found, parted: Sample, lags: int, every: int, bootstrap: int, rng: np.random.Generator | None
) -> None:
    """Add the whole-day share of each venue; NaN where a part of the day has no common trend."""
    try:
        whole = whole_day_information_shares(
            parted, lags=lags, every=every, bootstrap=bootstrap, rng=rng
        ).table
    except ValueError:
        whole = pd.DataFrame(np.nan, parted.log_prices.columns, ["estimate", "low", "high"])
    for venue in whole.index:
        found["CWIS", str(venue)] = _triple(whole.loc[venue])


def add_hours(found: Found, parted: Sample, whole: np.ndarray, every: int) -> None:
    """Add IS x hours of the first venue; its interval takes the part of variance as known."""
    last = parted.log_prices.iloc[:, [-1]]
    kinds = np.where(whole, "all", "some")
    variance = realised_variance(last, kinds, every=every, segments=parted.segments, days=parted.days).sum()
    first = str(parted.log_prices.columns[0])
    part = float(variance["all"] / variance.sum())
    estimate, low, high = found["IS", first]
    found["IS x hours", first] = (part * estimate, part * low, part * high)


def add_leads(
    found: Found,
    pair: pd.DataFrame,
    segments: np.ndarray,
    days: np.ndarray,
    most_steps: int,
    bootstrap: int,
    rng: np.random.Generator | None,
) -> None:
    """Add the Hayashi-Yoshida lag (in steps, above 0: the first leads) and the log of its ratio."""
    at = np.arange(len(pair), dtype=np.int64) * _STEP_NS
    edges = np.flatnonzero(np.r_[True, np.diff(segments) != 0, True])
    first, last = edges[:-1], edges[1:] - 1
    keep = last > first
    sessions = pd.DataFrame({"start": at[first], "end": at[last], "day": days[first]})[keep]
    steps = [k * _STEP_NS for k in range(-most_steps, most_steps + 1)]
    x, y = (pd.Series(pair[column].to_numpy(), index=at) for column in pair)
    figures = lead_lag(x, y, steps, sessions=sessions, bootstrap=bootstrap, rng=rng).figures
    found["HY lag", str(pair.columns[0])] = _triple(figures.loc["lag"])
    with np.errstate(divide="ignore"):
        found["HY ratio", str(pair.columns[0])] = _triple(np.log(figures.loc["ratio"]))


def add_entropy(
    found: Found,
    returns: pd.DataFrame,
    segments: np.ndarray,
    days: np.ndarray,
    bootstrap: int,
    rng: np.random.Generator | None,
) -> None:
    """Add transfer entropy from the first to the last less that of the other way.

    The interval is that of the difference of independent ends, which is wide: low less high, and high less low.
    """
    try:
        table = transfer_entropy(
            returns, segments=segments, days=days, shuffles=0, bootstrap=bootstrap, rng=rng
        ).table
    except ValueError:
        found["TE", str(returns.columns[0])] = (np.nan, np.nan, np.nan)
        return
    there, back = table.iloc[0], table.iloc[1]
    ends = (there["raw"] - back["raw"], there["low"] - back["high"], there["high"] - back["low"])
    found["TE", str(returns.columns[0])] = tuple(float(v) for v in ends)  # type: ignore[assignment]


def _triple(row: Any) -> tuple[float, float, float]:
    return float(row["estimate"]), float(row["low"]), float(row["high"])
