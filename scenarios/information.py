"""Information shares of one world: of its quotes on a common clock, by day, by night and over the whole day.

It prepares a world's quotes and hands them to the estimators (scenarios/influence/), which know no world.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from exchange.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from scenarios.spec import LoadedScenario, Measurement
from scenarios.tables import trading_day_bounds
from scenarios.world import NAMES, World

_BREAK_NS = 5 * NS_PER_MINUTE
"""A stretch without common quotes as long as this is a break; a shorter one is an emptied side."""


_NIGHT_FROM, _NIGHT_UNTIL = 18, 6


def common_clock(world: World, samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return log prices in USD at the ticks at which all venues are quoted, and the trading day of each tick.

    Ticks of the first minute after a break are dropped; a dropped tick is NaN, so that no lag crosses it.
    """
    mids = samples[[f"{name}_mid" for name in NAMES.values()]].set_axis(list(NAMES.values()), axis=1)
    logs = mids.transform(np.log)
    quoted = logs.notna().all(axis=1).to_numpy()
    at_ns = samples.index.to_numpy()
    places = np.flatnonzero(quoted)
    step_ns = int(np.diff(at_ns).min()) if len(at_ns) > 1 else 0
    gap_ns = max(_BREAK_NS, 2 * step_ns)
    after_break = np.r_[True, np.diff(at_ns[places]) >= gap_ns] if len(places) else np.zeros(0, dtype=bool)
    fresh = np.zeros(len(quoted), dtype=bool)
    for start in places[after_break]:
        fresh[start : np.searchsorted(at_ns, at_ns[start] + NS_PER_MINUTE)] = True
    logs = logs.where(pd.Series(quoted & ~fresh, index=logs.index), other=np.nan)
    labels = pd.Series("", index=samples.index, dtype=object)
    for day, opens, closes in trading_day_bounds(world):
        labels[(labels.index >= opens) & (labels.index <= closes)] = str(day)
    inside = (labels != "").to_numpy()
    return logs[inside], labels[inside]


def information_of(world: World, samples: pd.DataFrame) -> tuple[pd.DataFrame | None, str]:
    """Return a world's information shares by figure (rows) and venue (columns), or None and the reason.

    IS_low, IS, IS_high and CS come from all hours in which all venues trade; `day` and `night` are the IS of those
    hours apart, no lag crossing from one to the other; `whole_day` is CWIS = sum of w_k IS_k over SC's day, SC's night
    and the hours in which SC is shut (its share is 0 there), w_k the part of Brent's realised variance. A figure whose
    hours have not one common trend is NaN. Source of CWIS: Dimpfl and Schweikert (2023).
    """
    logs, days = common_clock(world, samples)
    told = world.loaded.scenario.measurement
    table, reason = _shares(logs, days, told)
    if table is None:
        return None, reason
    dark = _dark(logs.index)
    by_part = pd.DataFrame(index=["day", "night", "shut"], columns=list(NAMES.values()), dtype=float)
    for part, inside in (("day", ~dark), ("night", dark)):
        own = logs.where(pd.Series(inside, index=logs.index), other=np.nan)
        if own.notna().any(axis=None):
            found, _ = _shares(own, days, told)
            by_part.loc[part] = np.nan if found is None else found.loc["IS"]
    by_part.loc["shut"] = _shares_while_shut(samples, told)
    weights = _variance_weights(samples)
    whole_day = (by_part.mul(weights, axis=0)[weights > 0]).sum(skipna=False)
    return pd.concat([table, by_part.loc[["day", "night"]], whole_day.to_frame("whole_day").T]), ""


def _shares(logs: pd.DataFrame, days: pd.Series, told: Measurement) -> tuple[pd.DataFrame | None, str]:
    from scenarios.influence.information import information_shares

    try:
        shares = information_shares(logs, days=days, lags=told.lags, beta=told.beta, bootstrap=0)
    except ValueError as error:
        return None, str(error)
    table = (
        shares.table["estimate"].unstack("venue").loc[["IS_low", "IS", "IS_high", "CS"], list(logs.columns)]
    )
    return (None, shares.gate.reason) if table.isna().any(axis=None) else (table, "")


def _dark(at_ns: pd.Index) -> np.ndarray:
    """Tell which moments lie in a Chinese night session: from 18:00 to 06:00."""
    hour = (at_ns.to_numpy() // NS_PER_HOUR) % 24
    return np.asarray((hour >= _NIGHT_FROM) | (hour < _NIGHT_UNTIL))


def _shares_while_shut(samples: pd.DataFrame, told: Measurement) -> pd.Series:
    """Return the information shares of the hours in which SC is shut: 0 for SC, NaN for the others where none."""
    others = [name for name in NAMES.values() if name != "SC"]
    logs = samples[[f"{name}_mid" for name in others]].set_axis(others, axis=1).transform(np.log)
    logs = logs.where(samples["SC_mid"].isna(), other=np.nan)
    days = pd.Series((logs.index.to_numpy() - 8 * NS_PER_HOUR) // NS_PER_DAY, index=logs.index)
    table, _ = _shares(logs, days, told)
    found = pd.Series(0.0, index=["SC", *others])
    found[others] = np.nan if table is None else table.loc["IS", others].to_numpy()
    return found


def _variance_weights(samples: pd.DataFrame) -> pd.Series:
    """Return the parts of Brent's realised variance in SC's day, in its night, and while SC is shut.

    Returns of five minutes, or of one step of a slower clock.
    """
    clock_ns = int(np.diff(samples.index.to_numpy()).min())
    step_ns = clock_ns * max(1, 5 * NS_PER_MINUTE // clock_ns)
    clock = samples.index.to_numpy() % step_ns == 0
    brent = samples.loc[clock, ["Brent_mid"]].transform(np.log)["Brent_mid"]
    steps = np.diff(brent.index.to_numpy()) == step_ns
    squared = brent.diff().iloc[1:].where(steps) ** 2
    quoted = samples.loc[clock, "SC_mid"].notna().to_numpy()[1:]
    part = np.where(quoted, np.where(_dark(brent.index)[1:], "night", "day"), "shut")
    sums = squared.groupby(part).sum().reindex(["day", "night", "shut"], fill_value=0.0)
    return sums / sums.sum()


def clock_note(loaded: LoadedScenario) -> str:
    """Say on which clock and with which choices the information shares were estimated."""
    told = loaded.scenario.measurement
    return f"clock of {told.clock_seconds} s while all three trade, K = {told.lags}, beta {told.beta}"
