"""Mechanisms in a simulated winter: the sessions of a gas world measured, and the same world sold in every way.

The sessions and what each came to are the gas world's (agents/gas/outcomes.py). Here they are summed over a period and
compared over worlds with the same draws; differences are paired with listing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from agents.gas.sales_parameters import MechanismName
from agents.gas.shocks import ShpgxMechanism
from scenarios.ensemble import Job, Progress, run_jobs
from scenarios.mechanisms.estimates import COLUMNS, estimates_frame
from scenarios.results import Row, RunFolder, interval, paired
from scenarios.spec import LoadedScenario, Scenario
from scenarios.streams import Streams

MECHANISMS: Final[tuple[MechanismName, ...]] = get_args(MechanismName)
_AGAINST: Final = "listing"
_TOLD: Final = 4  # sessions without which a correlation says nothing


def _price(days: pd.DataFrame) -> float:
    sold = days.dropna(subset=["price_cny_per_t"])
    return float(np.average(sold["price_cny_per_t"], weights=sold["delivered_t"])) if len(sold) else np.nan


def _told(days: pd.DataFrame) -> float:
    """Return R2 between the price of a session and the planner's price of the next, both in logs."""
    both = pd.DataFrame(
        {
            "price": np.log(days["price_cny_per_t"]),
            "next": np.log(days["planner_price_cny_per_t"]).shift(-1),
        }
    ).dropna()
    if len(both) < _TOLD or both["price"].std() == 0 or both["next"].std() == 0:
        return np.nan
    return float(both["price"].corr(both["next"])) ** 2


def _efficiency(days: pd.DataFrame) -> float:
    best = days["optimum_mn_cny"].sum()
    rents = days["buyer_rent_mn_cny"].sum() + days["seller_rent_mn_cny"].sum()
    return float(rents / best) if best > 0 else np.nan


def _sum(column: str, scale: float = 1.0) -> Callable[[pd.DataFrame], float]:
    return lambda days: float(days[column].sum()) * scale


Figure = Callable[[pd.DataFrame], float]

MEASURES: Final[Mapping[str, tuple[str, str, Figure]]] = {
    "price_cny_per_t": ("price", "CNY/t", _price),
    "delivered_kt": ("volume", "kt", _sum("delivered_t", 1e-3)),
    "unmet_kt": ("wanted and not sold", "kt", _sum("unmet_t", 1e-3)),
    "buyer_rent_mn_cny": ("buyers' rent", "mn CNY", _sum("buyer_rent_mn_cny")),
    "seller_rent_mn_cny": ("sellers' rent", "mn CNY", _sum("seller_rent_mn_cny")),
    "lost_mn_cny": ("lost to the optimum", "mn CNY", _sum("lost_mn_cny")),
    "efficiency": ("efficiency", "share", _efficiency),
    "defaulted": ("defaulted", "share",
                  lambda days: 1.0 - float(days["delivered_t"].sum()) / max(1.0, float(days["signed_t"].sum()))),
    "told_r2": ("next session told by price", "R2", _told),
}  # fmt: skip
"""The measures of a period by name: label, unit, and how they come from its sessions (table gas_mechanism)."""


def since(sessions: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """Return the sessions from a day on; the column of the day is `day` in run folders."""
    column = "day" if "day" in sessions else "date"
    return sessions[pd.to_datetime(sessions[column]) >= first].reset_index(drop=True)


def compares(scenario: Scenario) -> bool:
    """Return whether a scenario is about mechanisms: it sells by another one than listing, in either arm."""
    events = (*scenario.conditions, *scenario.events)
    return scenario.gas.shpgx.mechanism != _AGAINST or any(isinstance(e, ShpgxMechanism) for e in events)


@dataclass(frozen=True, eq=False)
class Winter:
    """What was found: `worlds` has a row for each replication and mechanism, a column for each measure."""

    loaded: LoadedScenario
    seed: int
    worlds: pd.DataFrame

    def rows(self) -> list[Row]:
        """Return every measure of every mechanism, with its paired difference from listing."""
        rows = []
        for mechanism in self.worlds["mechanism"].unique():
            for name, (label, unit, _) in MEASURES.items():
                wide = self.worlds.pivot(index="replication", columns="mechanism", values=name).dropna()
                own, against = wide[mechanism].tolist(), wide[_AGAINST].tolist()
                effect = None if mechanism == _AGAINST or not own else paired(against, own, unit)
                base = interval(own, unit) if own else None
                rows.append(Row(mechanism, f"{mechanism}.{name}", label, unit, base=base, effect=effect))
        return rows

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates: a row for each mechanism and measure."""
        return estimates_frame(self.rows())

    def facts(self) -> list[str]:
        """Say, a line each, on what the figures stand."""
        period, count = self.loaded.scenario.period, self.worlds["replication"].nunique()
        return [
            f"{self.loaded.name}: {self.loaded.scenario.title}",
            f"{count} gas worlds from {period.first_trading_day} to {period.slow_end}, each sold in "
            f"{self.worlds['mechanism'].nunique()} ways; stocks and prices answer to what was sold before",
        ]

    def write(self, folder: str | Path, **manifest: Any) -> None:
        """Write the folder: both tables, the figure, summary.json, manifest.json. Raises BadInput where it exists."""
        from scenarios.plots.mechanisms import mechanisms_side_by_side

        frame = self.to_frame()
        with RunFolder(folder) as out:
            out.write_scenario(self.loaded.values)
            out.write_table("mechanism_worlds", self.worlds, COLUMNS)
            out.write_table("mechanism_estimates", frame, COLUMNS)
            out.write_figure("mechanisms", mechanisms_side_by_side(frame, of="world"))
            out.write_summary(self.rows())
            out.write_manifest(
                seed=self.seed, replications=int(self.worlds["replication"].nunique()), **manifest
            )


def winter(
    loaded: LoadedScenario,
    *,
    replications: int,
    seed: int,
    jobs: int = 1,
    mechanisms: Sequence[MechanismName] = MECHANISMS,
    progress: Progress = lambda done, total: None,
) -> Winter:
    """Run the base arm's worlds once for each mechanism, which holds from the start to the end of the gas world.

    The same seed gives the same figures on any number of processes.
    """
    work = [
        Job(
            (k,),
            sell_in_every_way,
            {"loaded": loaded, "seed": seed, "replication": k, "mechanisms": mechanisms},
        )
        for k in range(replications)
    ]
    records = [record for found in run_jobs(work, jobs, progress).values() for record in found]
    return Winter(loaded, seed, pd.DataFrame(records))


def sell_in_every_way(
    loaded: LoadedScenario, seed: int, replication: int, mechanisms: Sequence[MechanismName]
) -> list[dict[str, Any]]:
    """Run one world once for each mechanism and return its measures."""
    from scenarios.world import build, gas_twin

    calm = replace(loaded, scenario=loaded.scenario.model_copy(update={"shocks": (), "levers": ()}))
    base = build(calm, Streams(seed, replication), changed=False, with_gas=False)
    base.run()
    first = pd.Timestamp(loaded.scenario.period.first_trading_day)
    records = []
    for mechanism in mechanisms:
        twin = gas_twin(replace(base, loaded=sold_by(calm, mechanism)))
        twin.run()
        assert twin.gas is not None
        sessions = since(twin.gas.market.frame(), first)
        figures = {name: figure(sessions) for name, (_, _, figure) in MEASURES.items()}
        records.append({"replication": replication, "mechanism": mechanism, **figures})
    return records


def sold_by(loaded: LoadedScenario, mechanism: MechanismName) -> LoadedScenario:
    """Return the scenario with the one line changed."""
    gas = loaded.scenario.gas
    shpgx = gas.shpgx.model_copy(update={"mechanism": mechanism})
    scenario = loaded.scenario.model_copy(update={"gas": gas.model_copy(update={"shpgx": shpgx})})
    return replace(loaded, scenario=scenario)
