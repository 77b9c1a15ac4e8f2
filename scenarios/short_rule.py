"""The short rule's laboratory: a cornered month and a calm one, under the old rule and the new, in the same worlds.

It runs worlds and tables what they left; what shorts decide stands in agents/clearing/shorts.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from scenarios.ensemble import Job, Progress, run_jobs
from scenarios.levers import CornerAttempt, RuleChange
from scenarios.results import Estimate, interval, paired
from scenarios.spec import LoadedScenario
from scenarios.squeeze import least_cover, most_over_next, over_spot_at_the_end
from scenarios.streams import Streams
from scenarios.world import build

ARMS = {
    "old, no corner": (False, False),
    "new, no corner": (False, True),
    "old, corner": (True, False),
    "new, corner": (True, True),
}
"""Arms of the laboratory: is there an attempt, is the rule in force."""

PAIRS = {
    "rule, cornered": ("old, corner", "new, corner"),
    "rule, calm": ("old, no corner", "new, no corner"),
    "corner, old rule": ("old, no corner", "old, corner"),
    "corner, new rule": ("new, no corner", "new, corner"),
}
"""Effects: the second arm less the first."""

MEASURES = {
    "peak_cny_per_bbl": "highest settlement of the month's last ten days",
    "over_next_cny_per_bbl": "most over the next month in the last five days",
    "over_spot_cny_per_bbl": "over oil in tank at the end",
    "least_cover": "least of warrants over open interest",
    "delivered_lots": "delivered in all",
    "failed_lots": "not delivered in all",
    "penalties_mn_cny": "paid for what was not delivered",
    "trading_mn_cny": "the attempt: gains of trading",
    "oil_mn_cny": "the attempt: worth of oil received less what was paid",
    "profit_mn_cny": "the attempt: all of it, with penalties received",
}
"""What is measured of each world; a world without an attempt has zeros in its last three."""

_LAST_DAYS = 10


def arm(loaded: LoadedScenario, *, corner: bool, rule: bool) -> LoadedScenario:
    """Return the scenario with its attempt and its rule change each kept in force or left out.

    Raises ValueError where the scenario has not both.
    """
    events = (*loaded.scenario.conditions, *loaded.scenario.events)
    attempts = [event for event in events if isinstance(event, CornerAttempt)]
    rules = [event for event in events if isinstance(event, RuleChange)]
    if not attempts or not rules:
        raise ValueError(f"{loaded.name}: needs a corner and a rule_change, as squeeze-short-rule has")
    # without an attempt the month is watched all the same: the attempt then stands in the other arm only
    given = rules if rule else []
    update: dict[str, Any] = {"conditions": tuple(given), "shocks": (), "levers": tuple(attempts)}
    return replace(loaded, scenario=loaded.scenario.model_copy(update=update))


def measure(
    loaded: LoadedScenario, seed: int, replication: int, name: str
) -> tuple[dict[str, float], pd.DataFrame]:
    """Run one arm's world and return its measures and the days of its month."""
    corner, rule = ARMS[name]
    world = build(
        arm(loaded, corner=corner, rule=rule), Streams(seed, replication), changed=corner, with_gas=False
    )
    world.run()
    world.check_conservation()
    assert world.squeeze is not None and world.clearing is not None
    days, found = world.squeeze.frame(), world.squeeze.outcome()
    delivery = world.clearing.expiries.delivery_of(world.squeeze.month)
    if delivery is None:
        raise ValueError(f"{loaded.name}: the period ends before the month's delivery")
    return {
        "peak_cny_per_bbl": float(days["settlement_cny_per_bbl"].tail(_LAST_DAYS).max()),
        "over_next_cny_per_bbl": most_over_next(days),
        "over_spot_cny_per_bbl": over_spot_at_the_end(days),
        "least_cover": least_cover(days),
        "delivered_lots": float(sum(match.lots for match in delivery.delivered)),
        "failed_lots": float(sum(failure.lots for failure in delivery.failures)),
        "penalties_mn_cny": sum(failure.penalty_fen for failure in delivery.failures) / 1e8,
        "trading_mn_cny": found.futures_mn_cny if found else 0.0,
        "oil_mn_cny": found.oil_mn_cny if found else 0.0,
        "profit_mn_cny": found.profit_mn_cny if found else 0.0,
    }, days


def compare(
    loaded: LoadedScenario,
    *,
    seed: int,
    replications: int,
    workers: int = 1,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Run all arms in the same worlds; return the tables `arms` and `effects` in words, and days by arm.

    Effects are paired by replication, with Student's 95 % intervals; one replication gives none.
    """
    jobs = [
        Job((name, k), measure, {"loaded": loaded, "seed": seed, "replication": k, "name": name})
        for name in ARMS
        for k in range(replications)
    ]
    found = run_jobs(jobs, workers, progress)
    values = {name: [found[name, k][0] for k in range(replications)] for name in ARMS}
    days = [found[name, k][1].assign(arm=name, replication=k) for name in ARMS for k in range(replications)]
    return tables(values), pd.concat(days, ignore_index=True)


def tables(values: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, pd.DataFrame]:
    """Return the means of the arms and the paired effects, from each arm's measures by replication."""
    arms: dict[str, dict[str, str]] = {name: {} for name in ARMS}
    effects: dict[str, dict[str, str]] = {name: {} for name in PAIRS}
    for key, label in MEASURES.items():
        of = {name: [each[key] for each in values[name]] for name in ARMS}
        for name in ARMS:
            arms[name][label] = _told(interval(of[name], ""))
        for name, (before, after) in PAIRS.items():
            effects[name][label] = _told(paired(of[before], of[after], ""))
    return {"arms": pd.DataFrame(arms), "effects": pd.DataFrame(effects)}


def by_day(days: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return, day by day and by arm, the mean cover and what the month is over the next one and over oil in tank."""
    gaps = days.assign(
        over_next=days["settlement_cny_per_bbl"] - days["next_settlement_cny_per_bbl"],
        over_spot=days["settlement_cny_per_bbl"] - days["spot_cny_per_bbl"],
    )
    titles = {
        "cover": "cover of open interest by warrants",
        "over_next": "over the next month, CNY/bbl",
        "over_spot": "over oil in tank, CNY/bbl",
    }
    found = {}
    for column, title in titles.items():
        means = gaps.groupby(["day", "arm"])[column].mean().unstack("arm")[list(ARMS)].tail(_LAST_DAYS)
        means.index = means.index.map(str)
        found[title] = means.map("{:,.2f}".format).rename_axis(None).rename_axis(None, axis=1)
    return found


def _told(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:,.4g}"
    return f"{estimate.value:,.4g} [{estimate.low:,.4g}, {estimate.high:,.4g}]"
