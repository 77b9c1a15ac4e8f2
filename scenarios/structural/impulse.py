"""Impulse responses: one past, two futures. What the changed arm is, less what the base arm is, since they parted.

Both arms replay the same past from the same streams; that they have is asserted by their state hashes at the fork.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

import numpy as np
import pandas as pd

from agents.shocks import Event
from exchange.clock import day_of, ns
from exchange.codes import Venue
from exchange.units import NS_PER_MINUTE, log_return_to_bps
from scenarios.levers import (
    BuyingProgramme,
    CornerAttempt,
    CrudeNews,
    NightSessionSuspension,
    OverseasAccess,
    RuleChange,
)
from scenarios.results import Column, interval
from scenarios.spec import LoadedScenario
from scenarios.structural.marginal import SETTERS, moved_bps
from scenarios.tables import Frames, samples_frame
from scenarios.tomlfile import BadInput
from scenarios.venues import EVENING
from scenarios.world import NAMES, World

COLUMNS = {
    "series": Column("", "what responds: a venue's price, a gas price, a stock"),
    "setter": Column("", "whose orders carried that part of a venue's response; empty for the whole"),
    "unit": Column("", "of response, mean, low and high"),
    "horizon": Column("", "time since the fork, in horizon_unit"),
    "horizon_unit": Column("", "minutes of the wall clock, or calendar days"),
    "response": Column("see unit", "changed less base in one replication"),
    "mean": Column("see unit", "mean over replications of changed less base"),
    "low": Column("see unit", "lower end of the 95 % interval of the mean"),
    "high": Column("see unit", "upper end of the 95 % interval of the mean"),
    "n": Column("", "replications in which both arms have a value"),
}
"""Documentation of the columns of both frames."""

_NIGHT = time(20)
_DAILY: Final = {
    "SHPGX LNG": ("shpgx_lng_cny_per_t", "CNY/t", 1.0),
    "JKM": ("jkm_usd_per_mmbtu", "USD/MMBtu", 1.0),
    "LNG in tank": ("stock_m3", "mn m3 of gas", 1e-6),
    "gas not served": ("unserved_m3", "mn m3 a day", 1e-6),
}
_STEPS_A_DECADE = 8


def strike_ns(loaded: LoadedScenario, event: Event) -> int:
    """Return the first moment at which an event can make a difference."""
    calendar = loaded.calendar
    day = calendar.trading_days(loaded.scenario.period.first_trading_day, event.start_day + 1)[-1]
    if isinstance(event, NightSessionSuspension | CornerAttempt):
        return ns(calendar.previous(day), _NIGHT)
    if isinstance(event, RuleChange | OverseasAccess):
        return ns(calendar.previous(day), EVENING)
    if isinstance(event, BuyingProgramme):
        return ns(day) + (event.start_minute - 1) * NS_PER_MINUTE
    if isinstance(event, CrudeNews):
        return ns(day) + event.minute * NS_PER_MINUTE
    return ns(day)


def fork_ns(loaded: LoadedScenario, asked: str | None = None) -> int:
    """Return the moment at which the arms part: when the first event strikes, or an earlier one that is asked for.

    `asked` is a day or a moment of Shanghai's clock in ISO form ("2024-11-06", "2024-11-06T10:35"). Raises BadInput for
    another form, a moment outside the run, and one after an event has struck.
    """
    struck = min((strike_ns(loaded, event), k) for k, event in enumerate(loaded.scenario.events))
    if asked is None:
        return struck[0]
    try:
        moment = datetime.fromisoformat(asked)
    except ValueError:
        raise BadInput(
            [f"--fork-at {asked}: must be a day or a moment, as 2024-11-06 or 2024-11-06T10:35"]
        ) from None
    at = ns(moment.date(), moment.time())
    period = loaded.scenario.period
    if moment.tzinfo is not None or not period.slow_start <= moment.date() <= period.slow_end:
        window = f"{period.slow_start} to {period.slow_end}"
        raise BadInput(
            [f"--fork-at {asked}: must be a moment of Shanghai's clock from {window}, without a zone"]
        )
    if at > struck[0]:
        event = loaded.scenario.events[struck[1]]
        kind = getattr(event, "kind", "an event")
        when = _moment_text(struck[0])
        raise BadInput(
            [f"--fork-at {asked}: the arms part earlier, when {kind} strikes at {when}; fork then or before"]
        )
    return at


def responses(base: World, changed: World, frames: tuple[Frames, Frames], at_ns: int) -> pd.DataFrame:
    """Return what changed less base is at each horizon: series, setter, unit, horizon, horizon_unit, response.

    frames: the tables of the base world and of the changed one. Crude: log mids in bps at eight horizons a decade from
    one minute on, each the mean of the last tenth of its time in which both arms quote, and of it what each class of
    traders moved; absent where the arms share their crude side. Gas: every day.
    """
    parts: list[pd.DataFrame] = []
    if base.market is not None and changed.market is not base.market:
        parts.append(_crude(base, changed, at_ns))
    days = [frame.get("gas_days") for frame in frames]
    if days[0] is not None and days[1] is not None:
        parts.append(_gas(days[0], days[1], day_of(at_ns)))
    columns = ["series", "setter", "unit", "horizon", "horizon_unit", "response"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def impulse_response(found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the mean response over replications with its 95 % interval, from one frame of `responses` each.

    Columns series, setter, unit, horizon, horizon_unit, mean, low, high, n; in the order of the first frame.
    """
    rows = []
    keys = ["series", "setter", "unit", "horizon", "horizon_unit"]
    for key, own in pd.concat(found, ignore_index=True).groupby(keys, sort=False):
        estimate = interval(own["response"].tolist(), str(key[2]))
        low = estimate.value if estimate.low is None else estimate.low
        high = estimate.value if estimate.high is None else estimate.high
        rows.append((*key, estimate.value, low, high, estimate.n))
    return pd.DataFrame(rows, columns=[*keys, "mean", "low", "high", "n"])


def _crude(base: World, changed: World, at_ns: int) -> pd.DataFrame:
    paths: dict[tuple[str, str], pd.Series] = {}
    mids = [samples_frame(world)[[f"{name}_mid" for name in NAMES.values()]] for world in (base, changed)]
    moved = [moved_bps(world.population.samples(), Venue.SC) for world in (base, changed)]
    for name in NAMES.values():
        logs = [frame[f"{name}_mid"].transform(np.log) for frame in mids]
        paths[name, ""] = (logs[1] - logs[0]).map(log_return_to_bps)
    for setter in SETTERS:
        apart = moved[1][setter] - moved[0][setter]
        paths["SC", setter] = apart - apart[apart.index <= at_ns].tail(1).sum()
    rows = []
    for (series, setter), path in paths.items():
        known = path[path.index > at_ns].dropna()
        for minutes in _horizons((int(known.index[-1]) - at_ns) // NS_PER_MINUTE if len(known) else 0):
            until = at_ns + minutes * NS_PER_MINUTE
            width = max(1, minutes // 10) * NS_PER_MINUTE
            window = known[(known.index > until - width) & (known.index <= until)]
            if len(window):
                rows.append((series, setter, "bps", minutes, "minutes", float(window.mean())))
    return pd.DataFrame(rows, columns=["series", "setter", "unit", "horizon", "horizon_unit", "response"])


def _horizons(last_minutes: int) -> list[int]:
    if last_minutes < 1:
        return []
    decades = np.log10(last_minutes)
    steps = 10 ** (np.arange(int(decades * _STEPS_A_DECADE) + 1) / _STEPS_A_DECADE)
    return sorted({round(float(step)) for step in steps} | {last_minutes})


def _gas(base: pd.DataFrame, changed: pd.DataFrame, day: date) -> pd.DataFrame:
    first = pd.Timestamp(day)
    rows: list[tuple[Any, ...]] = []
    for series, (column, unit, scale) in _DAILY.items():
        apart = (changed.set_index("day")[column] - base.set_index("day")[column]) * scale
        since = (pd.to_datetime(apart.index) - first).days
        for days, value in zip(since.tolist(), apart.tolist(), strict=True):
            if days >= 0 and np.isfinite(value):
                rows.append((series, "", unit, days, "days", float(value)))
    return pd.DataFrame(rows, columns=["series", "setter", "unit", "horizon", "horizon_unit", "response"])


def _moment_text(at_ns: int) -> str:
    minutes = (at_ns - ns(day_of(at_ns))) // NS_PER_MINUTE
    return f"{day_of(at_ns)}T{minutes // 60:02}:{minutes % 60:02}"
