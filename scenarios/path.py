"""The path of a long run, as tables ready to print: SC by half months, the tanks base by base. It estimates nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from scenarios.report import estimate_text, number_text
from scenarios.results import Estimate, Run, interval

SHORTEST_TRADING_DAYS = 30
"""A run of fewer has no path worth a table."""

_READ: dict[str, tuple[str, str]] = {
    "SC": ("settlement", "mean"),
    "over Oman": ("premium_to_oman_usd_per_bbl", "mean"),
    "over parity": ("premium_usd_per_bbl", "mean"),
    "locked": ("locked", "sum"),
}
_EFFECTS = {"effect on SC": "SC", "effect on locked": "locked"}


def path_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return, by title, what a run of SHORTEST_TRADING_DAYS or more went through; nothing for a shorter one.

    SC by half month in the changed arm (the only one, if there is one): mean settlement price and premiums over Oman
    and import parity in USD/bbl, days locked at a limit, up less down; and its difference from the base arm, paired.
    All with 95 % intervals over replications. Use of the tanks by base: mean over replications on the first day of
    order flow, on the day when it is highest, on the last, in each arm.
    """
    if "days" not in run.tables:
        return {}
    days = run.table("days")
    days = days[days["venue"] == "SC"].assign(day=lambda frame: pd.to_datetime(frame["trading_day"]))
    if days["day"].nunique() < SHORTEST_TRADING_DAYS:
        return {}
    span = days["day"].min(), days["day"].max()
    return {
        "SC by half month, USD/bbl; days locked": _by_half_month(days),
        "Tanks in use, share of capacity": _by_base(run.table("tanks"), *span),
    }


def _by_half_month(days: pd.DataFrame) -> pd.DataFrame:
    begins = days["day"].dt.to_period("M").dt.to_timestamp()
    begins += pd.to_timedelta(15 * (days["day"].dt.day > 15), unit="D")
    arms = list(dict.fromkeys(days["arm"]))
    cells: dict[str, dict[str, str]] = {}
    for since, own in days.groupby(begins):
        told = {
            label: [
                own[own["arm"] == arm].groupby("replication")[column].agg(how).to_numpy(float) for arm in arms
            ]
            for label, (column, how) in _READ.items()
        }
        row = {label: _told(values[-1]) for label, values in told.items()}
        if len(arms) > 1:
            row |= {label: _told(told[of][1] - told[of][0]) for label, of in _EFFECTS.items()}
        cells[f"{pd.Timestamp(str(since)):%d %b %Y} on"] = row
    return pd.DataFrame(cells).T


def _by_base(tanks: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    tanks = tanks.assign(day=pd.to_datetime(tanks["day"]), use=tanks["stock_bbl"] / tanks["capacity_bbl"])
    tanks = tanks[(tanks["day"] >= first) & (tanks["day"] <= last) & (tanks["capacity_bbl"] > 0)]
    arms = list(dict.fromkeys(tanks["arm"]))
    read: dict[str, Callable[[pd.Series], str]] = {
        f"{first:%d %b}": lambda mean: f"{mean.iloc[0]:.2f}",
        "highest": lambda mean: f"{mean.max():.2f}",
        "on": lambda mean: f"{mean.idxmax():%d %b}",
        f"{last:%d %b}": lambda mean: f"{mean.iloc[-1]:.2f}",
    }
    cells: dict[str, dict[str, str]] = {}
    for base, own in tanks.groupby("base", sort=False):
        for label, reader in read.items():
            for arm in arms:
                mean = own[own["arm"] == arm].groupby("day")["use"].mean()
                cells.setdefault(str(base), {})[_column(label, arm, arms)] = reader(mean)
    return pd.DataFrame(cells).T


def _column(label: str, arm: str, arms: Sequence[str]) -> str:
    return label if len(arms) == 1 else f"{label}, {arm}"


def _told(values: np.ndarray) -> str:
    """Write a mean over replications with its interval; alike values by themselves."""
    if np.ptp(values) < 1e-9:
        return number_text(values[0], 0.1) if values[0] % 1 else f"{values[0]:.0f}"
    found: Estimate = interval(values.tolist(), "")
    return estimate_text(found)
