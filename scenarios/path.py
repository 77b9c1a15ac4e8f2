"""The path of a long run, as tables ready to print: SC by half months, the tanks base by base. It estimates nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from scenarios.report import estimate_text, number_text
from scenarios.results import Estimate, Run, interval

SHORTEST_TRADING_DAYS = 30
"""A run of fewer has no path worth a table."""

_READ: dict[str, tuple[str, str]] = {
    "SC, USD/bbl": ("settlement", "mean"),
    "over Oman": ("premium_to_oman_usd_per_bbl", "mean"),
    "over import parity": ("premium_usd_per_bbl", "mean"),
    "locked days": ("locked_days", "sum"),
}


def path_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return, by title, what a run of SHORTEST_TRADING_DAYS or more went through; nothing for a shorter one.

    SC by half month: mean settlement price and premiums in USD/bbl, days locked at a limit, up less down, with 95 %
    intervals over replications. Use of the tanks by base: mean over replications on the first day of order flow, on
    the day when it is highest, on the last. A column for each arm.
    """
    if "days" not in run.tables:
        return {}
    days = run.table("days")
    days = days[days["venue"] == "SC"].assign(day=lambda frame: pd.to_datetime(frame["trading_day"]))
    if days["day"].nunique() < SHORTEST_TRADING_DAYS:
        return {}
    span = days["day"].min(), days["day"].max()
    return {
        "SC by half month, USD/bbl": _by_half_month(days),
        "Tanks in use, share of capacity": _by_base(run.table("tanks"), *span),
    }


def _by_half_month(days: pd.DataFrame) -> pd.DataFrame:
    days = days.assign(locked_days=days["locked"])
    begins = days["day"].dt.to_period("M").dt.to_timestamp() + pd.to_timedelta(
        15 * (days["day"].dt.day > 15), unit="D"
    )
    arms = list(dict.fromkeys(days["arm"]))
    cells: dict[str, dict[str, str]] = {}
    for since, own in days.groupby(begins):
        row = cells.setdefault(f"{pd.Timestamp(str(since)):%d %b %Y} on", {})
        for label, (column, how) in _READ.items():
            for arm in arms:
                values = own[own["arm"] == arm].groupby("replication")[column].agg(how)
                row[_column(label, arm, arms)] = _told(values.tolist())
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


def _told(values: Sequence[float]) -> str:
    """Write a mean over replications with its interval; alike values by themselves."""
    if max(values) - min(values) < 1e-9:
        return number_text(values[0], 0.1) if values[0] % 1 else f"{values[0]:.0f}"
    found: Estimate = interval(values, "")
    return estimate_text(found)
