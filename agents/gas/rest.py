"""The rest of China as one node: its gas by source, its own demand, tanks, underground storage and cargoes.

It gets what the country's sources give and the delta does not take, and buys LNG like any importer. It has no
network inside, no sectors and no market of its own: its consumers see the price of the delta.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.fleet import Fleet
from agents.gas.importers import Importer, Outlook
from agents.gas.parameters import RestOfChinaParameters
from agents.gas.seasons import Season, by_year, heating_and_cooling_degc, months
from agents.gas.shocks import DatedShock, DemandShift
from agents.gas.sources import Sources
from agents.gas.suppliers import Supplier
from agents.gas.terminals import Terminal
from exchange.units import bcm_per_year_to_m3_per_day

NAME = "rest_of_china"
_DAYS_A_MONTH = 365.0 / 12.0


@dataclass(frozen=True)
class RestDay:
    """A day of the rest of China, in whole m3 of gas. Supply + withdrawn = served + stored + shut in + delta's part."""

    source_m3: dict[str, int]
    to_delta_m3: int
    demand_m3: int
    lng_m3: int
    stored_m3: int
    shut_in_m3: int
    unserved_m3: int
    storage_m3: int
    scarcity: float

    @property
    def imbalance_m3(self) -> int:
        """Return what is missing from the day's balance; storing is positive, withdrawing negative."""
        supply = sum(self.source_m3.values()) + self.lng_m3
        used = self.to_delta_m3 + self.demand_m3 - self.unserved_m3 + self.stored_m3 + self.shut_in_m3
        return supply - used


class RestOfChina:
    """Balance the rest of China day by day.

    LNG demand = demand - sources + what the delta takes - the planned withdrawal from storage; storage gives or
    takes what the day's LNG cannot, as fast as it may, then sources are shut in or consumers go without.
    """

    def __init__(
        self,
        parameters: RestOfChinaParameters,
        importer: Importer,
        terminal: Terminal,
        suppliers: Mapping[str, Supplier],
        fleet: Fleet,
        start: date,
    ) -> None:
        self.importer = importer
        self.terminal = terminal
        self.suppliers = suppliers
        self.fleet = fleet
        self.sources = Sources(parameters.sources)
        self.days: list[tuple[date, RestDay]] = []
        self._parameters = parameters
        self._season = Season(parameters.monthly_factors)
        self._shocks: list[DatedShock] = []
        self._storage_m3 = self.initial_storage_m3 = int(self._working_m3(start) * self._fill(start))

    def begin(self, shock: DatedShock) -> None:
        """Begin a shift of demand; one of the delta alone does nothing here."""
        self._shocks.append(shock)

    def demand_m3(self, day: date, anomaly_degc: np.ndarray, price_ratio: float) -> np.ndarray:
        """Return its demand on consecutive days from `day` on, by season, cold and price; shape (days,)."""
        own = self._parameters
        days = len(anomaly_degc)
        cold, _ = heating_and_cooling_degc(day, anomaly_degc)
        level = bcm_per_year_to_m3_per_day(by_year(own.demand_bcm_per_year, day))
        weather = np.maximum(0.1, 1.0 + own.heating_per_degc * cold)
        wanted = level * self._season.path(day, days) * weather * price_ratio**own.price_elasticity
        for shock in self._shocks:
            if isinstance(shock.event, DemandShift):
                begun = shock.days_since(day) + np.arange(days)
                during = (begun >= 0) & (begun < shock.event.duration_days)
                wanted = wanted * np.where(during, 1.0 + shock.event.rest_change_share, 1.0)
        return wanted

    def lng_demand_m3(
        self, day: date, anomaly_degc: np.ndarray, price_ratio: float, delta_m3: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the liquid needed on the days ahead at today's price and at the reference price; each (days,).

        `delta_m3` is what the delta takes by pipe.
        """
        reference_m3 = self.demand_m3(day, anomaly_degc, 1.0)
        today_m3 = reference_m3 * price_ratio**self._parameters.price_elasticity
        given_m3 = sum(self.sources.given_m3(day).values()) - delta_m3 + self._plan_m3(day, len(anomaly_degc))
        today, reference = (
            np.maximum(0.0, m3 - given_m3) / GAS_PER_LIQUID for m3 in (today_m3, reference_m3)
        )
        return today, reference

    def spare(self, scarcity: float, delta_scarcity: float) -> float:
        """Return the part of the swing called by the delta that the rest lets go: less, the more it is in need."""
        return 1.0 - min(1.0, max(0.0, scarcity - delta_scarcity))

    def serve(
        self, day: date, anomaly_degc: float, price_ratio: float, to_delta_m3: int, outlook: Outlook
    ) -> RestDay:
        """Balance a day and draw tank and storage. Raises ArithmeticError if it does not."""
        sources = self.sources.given_m3(day)
        demand = int(self.demand_m3(day, np.array([anomaly_degc]), price_ratio)[0])
        gap = demand + to_delta_m3 - sum(sources.values())
        most = min(self.terminal.available_m3, self.terminal.max_send_out_m3)
        least = min(self.terminal.boil_off_m3, most)
        liquid = min(most, max(least, -(-(gap - int(self._plan_m3(day, 1)[0])) // GAS_PER_LIQUID)))
        stored = self._store(day, GAS_PER_LIQUID * liquid - gap)
        missing = gap + stored - GAS_PER_LIQUID * liquid
        more = min(most - liquid, -(-max(0, missing) // GAS_PER_LIQUID))
        liquid += more
        left = GAS_PER_LIQUID * liquid - gap - stored
        self.terminal.send_out(liquid)
        self._storage_m3 += stored
        found = RestDay(
            sources, to_delta_m3, demand, GAS_PER_LIQUID * liquid, stored, max(0, left), max(0, -left),
            self._storage_m3, outlook.scarcity,
        )  # fmt: skip
        if found.imbalance_m3 or self._storage_m3 < 0:
            raise ArithmeticError(f"the rest of China does not balance on {day}: {found}")
        self.days.append((day, found))
        return found

    def imbalances(self) -> dict[str, int]:
        """Return what is missing from its balances since the start; all are 0 when nothing was made or lost."""
        tank, cargoes = self.terminal, self.fleet.cargoes
        loaded = [cargo for cargo in cargoes if cargo.loaded_ns is not None]
        done = [cargo for cargo in loaded if cargo.discharged_ns is not None]
        sent_out_m3 = sum(found.lng_m3 for _, found in self.days) // GAS_PER_LIQUID
        return {
            "rest of China, ships": sum(cargo.loaded_m3 - cargo.afloat_m3 for cargo in loaded)
            - sum(cargo.delivered_m3 + cargo.boil_off_m3 + cargo.heel_m3 for cargo in done),
            "rest of China, tanks": tank.initial_stock_m3 + tank.received_m3 - sent_out_m3 - tank.stock_m3,
            "rest of China, jetties": sum(cargo.delivered_m3 for cargo in done) - tank.received_m3,
            "rest of China, storage": self.initial_storage_m3
            + sum(found.stored_m3 for _, found in self.days)
            - self._storage_m3,
            "rest of China, gas": sum(found.imbalance_m3 for _, found in self.days),
        }

    def pipeline_books(self) -> tuple[dict[str, int], int]:
        """Return what each source gave since the start, and what of it the delta took, as its own days say."""
        given: dict[str, int] = {}
        for _, found in self.days:
            for name, volume in found.source_m3.items():
                given[name] = given.get(name, 0) + volume
        return given, sum(found.to_delta_m3 for _, found in self.days)

    def rows(self) -> list[dict[str, object]]:
        """Return its days, one row each."""
        return [
            {"date": day}
            | {f"{name}_m3": volume for name, volume in found.source_m3.items()}
            | {
                "to_delta_m3": found.to_delta_m3,
                "demand_m3": found.demand_m3,
                "lng_m3": found.lng_m3,
                "stored_m3": found.stored_m3,
                "shut_in_m3": found.shut_in_m3,
                "unserved_m3": found.unserved_m3,
                "storage_m3": found.storage_m3,
                "scarcity": found.scarcity,
            }
            for day, found in self.days
        ]

    def _store(self, day: date, surplus_m3: int) -> int:
        """Return what storage takes of a surplus, or gives (below 0), within its rates and its room."""
        own, working = self._parameters, self._working_m3(day)
        most_in = min(int(working * own.injection_share_per_day), max(0, int(working) - self._storage_m3))
        most_out = min(int(working * own.withdrawal_share_per_day), self._storage_m3)
        return max(-most_out, min(most_in, surplus_m3))

    def _working_m3(self, day: date) -> float:
        return 1e9 * by_year(self._parameters.working_gas_bcm, day)

    def _fill(self, day: date) -> float:
        """Return how full storage is on a day by its plan, which fills it from April to October."""
        flows = self._parameters.withdrawal_share_by_month
        order = (*range(4, 13), 1, 2, 3)
        return min(1.0, max(0.0, -sum(flows[month - 1] for month in order[: order.index(day.month)])))

    def _plan_m3(self, day: date, days: int) -> np.ndarray:
        """Return the planned withdrawal of days from `day` on, below 0 for filling; shape (days,)."""
        share = np.array(self._parameters.withdrawal_share_by_month)[months(day, days) - 1]
        return self._working_m3(day) * share / _DAYS_A_MONTH
