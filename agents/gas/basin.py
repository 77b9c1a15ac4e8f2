"""One basin of the world that buys LNG beside China: a node with demand, tanks, term cargoes and a bid in the window.

It has no terminals, ships or network inside, and volumes that it buys are no cargoes of agents/gas/fleet.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from agents.gas.foreign import BasinParameters, ForeignParameters
from agents.gas.jkm import Want
from agents.gas.seasons import EVEN, DailyPattern, Season, by_year, heating_and_cooling_degc
from agents.gas.shocks import ColdWave, DatedShock, DemandAbroad
from exchange.units import TONNES_PER_M3_LNG

DAYS_PER_WINDOW = 7.0 / 5.0
_LARGEST_SAVING = 0.95


def m3_per_day(mtpa: float) -> float:
    """Return liquid a day from millions of tonnes a year."""
    return mtpa * 1e6 / TONNES_PER_M3_LNG / 365.0


def share_to_save(
    stock_m3: np.ndarray, demand_m3: np.ndarray, least_cover_days: float, prompt_days: int
) -> float:
    """Return the share of demand that must be saved so that tanks never hold less than the least cover.

    = max over days h from `prompt_days` on of (least cover x demand_h - stock_h) / (demand up to h), from 0 to 0.95.
    `stock_m3` is projected for the end of each day ahead, `demand_m3` is of each day; both have shape (days,).
    """
    short_m3 = least_cover_days * demand_m3 - stock_m3
    saved = short_m3[prompt_days - 1 :] / np.cumsum(demand_m3)[prompt_days - 1 :]
    return float(np.clip(saved.max(), 0.0, _LARGEST_SAVING))


def log_worth(saved_share: float, saving_elasticity: float) -> float:
    """Return by how much (a log) gas is worth more than elsewhere: the price at which consumers save the share.

    (price / outside option) ^ elasticity = 1 - saved share.
    """
    return float(np.log(1.0 - saved_share)) / saving_elasticity


@dataclass(frozen=True)
class BasinDay:
    """A day of a basin in whole m3 of liquid: term + spot + diverted = served + stocked + what waits more at its ports.

    Of term cargoes `term_loaded_m3` sail and `term_m3` come; `diverted_m3` are China's term cargoes that land here.
    """

    demand_m3: int
    term_loaded_m3: int
    term_m3: int
    spot_m3: int
    diverted_m3: int
    served_m3: int
    stock_m3: int
    waiting_m3: int
    bought_m3: int
    cover_days: float
    saved_share: float
    temperature_anomaly_degc: float


class Basin:
    """Balance one basin day by day; the one draw of its weather is made by the caller.

    Term cargoes load `voyage_days` before they are due, as much as the day's level and the world's plants at work,
    `working` with a mean of 1, let them; who goes round comes when the ways are short again.
    """

    def __init__(
        self,
        name: str,
        own: BasinParameters,
        common: ForeignParameters,
        start: date,
        working: DailyPattern = EVEN,
    ) -> None:
        self.name = name
        self.days: list[tuple[date, BasinDay]] = []
        self._own, self._common = own, common
        self._season, self._target_days = Season(own.monthly_factors), Season(own.target_cover_days)
        self._saving_elasticity = Season(own.saving_elasticity)
        self._shocks: list[DatedShock] = []
        self._degc = self._persistence = 0.0
        needed_m3 = self._level_m3(start, own.lead_days) * (1.0 - own.term_share)
        self._coming: deque[int] = deque(int(volume) for volume in needed_m3)
        self._working = working
        term_m3 = self._term_m3(start, own.voyage_days)
        self._term_afloat: deque[int] = deque(int(volume) for volume in term_m3)
        self._bought_m3 = self._waiting_m3 = self._going_round_m3 = 0
        self._term_loaded_m3 = self._diverted_m3 = 0
        self._diverted_path_m3 = np.zeros(common.look_ahead_days)
        self._stock_m3 = int(self._target_days.on(start) * float(self._level_m3(start, 1)[0]))
        self._stock_m3 = min(self._stock_m3, own.tank_m3)
        self.initial_afloat_m3 = self.afloat_m3
        self.initial_m3 = self._stock_m3 + self.initial_afloat_m3
        self._used_to_usd_per_mmbtu: float | None = None
        self._answer = 1.0
        self._saved_share = 0.0

    @property
    def stock_m3(self) -> int:
        """Return what its tanks hold."""
        return self._stock_m3

    @property
    def afloat_m3(self) -> int:
        """Return what is on its way here: term cargoes, also those going round, and spot; today's included."""
        term_m3 = sum(self._term_afloat) + self._going_round_m3 + self._term_loaded_m3
        return term_m3 + sum(self._coming) + self._bought_m3

    @property
    def landing_m3(self) -> int:
        """Return what was diverted here and is discharged in the day that is not over."""
        return self._diverted_m3

    def begin(self, shock: DatedShock) -> None:
        """Begin a cold wave or a need of its own."""
        self._shocks.append(shock)

    def advance(self, draw: float, delta_draw: float, persistence: float) -> None:
        """Move its weather by a day: an AR(1) whose innovations are correlated with those of the delta."""
        own = self._own
        rho = own.correlation_with_delta
        innovation = rho * delta_draw + np.sqrt(1.0 - rho**2) * draw
        self._persistence = persistence
        self._degc = persistence * self._degc + own.temperature_sd_degc * float(
            np.sqrt(1.0 - persistence**2) * innovation
        )

    def demand_m3(self, day: date, days: int) -> np.ndarray:
        """Return what is expected to be burnt on days from today on, at the price it is used to; shape (days,)."""
        own = self._own
        anomaly = self._degc * self._persistence ** np.arange(days)
        added_m3 = np.zeros(days)
        for shock in self._shocks:
            event, begun = shock.event, shock.days_since(day) + np.arange(days)
            if isinstance(event, ColdWave):
                anomaly = anomaly - event.temperature_drop_degc * (begun < event.duration_days)
            elif isinstance(event, DemandAbroad):
                world_m3 = m3_per_day(by_year(self._common.production_mtpa, day))
                added_m3 += event.added_share * world_m3 * (begun < event.duration_days)
        cold, hot = heating_and_cooling_degc(day, anomaly)
        weather = np.maximum(0.1, 1.0 + own.heating_per_degc * cold + own.cooling_per_degc * hot)
        return self._level_m3(day, days) * weather + added_m3

    def load(self, day: date, lost_share: float) -> int:
        """Let the term cargoes of a day sail, but for the share lost, and return their volume."""
        due_m3 = float(self._term_m3(day + timedelta(days=self._own.voyage_days), 1)[0])
        self._term_loaded_m3 = int(due_m3 * (1.0 - lost_share))
        return self._term_loaded_m3

    def land(self, diverted_m3: int) -> None:
        """Take in what was diverted here and is discharged now."""
        self._diverted_m3 += diverted_m3

    def expect(self, diverted_m3: np.ndarray) -> None:
        """Take note of what is being diverted here, by day from today on; shape (look ahead,)."""
        self._diverted_path_m3 = diverted_m3

    def want(self, day: date, arriving: np.ndarray) -> Want:
        """Return what it bids for in the window of a day, and what that is worth to it.

        Volume = its need of the day on which a cargo would come + the gap to its target then / restocking days.
        `arriving` is the share of term cargoes that comes on each day from today on; shape (look ahead,).
        """
        own, days, lead = self._own, len(arriving), self._own.lead_days
        level_m3, demand_m3 = self._level_m3(day, days), self.demand_m3(day, days)
        spot_m3 = (1.0 - own.term_share) * level_m3
        needed_m3 = float(spot_m3[lead]) - (1.0 - self._answer) * float(level_m3[lead])
        spot_m3[:lead] = self._coming
        coming_m3 = self._term_m3(day, days) * arriving + spot_m3 + self._diverted_path_m3
        received_m3 = self._waiting_m3 + self._diverted_m3 + np.cumsum(coming_m3)
        stock_m3 = self._stock_m3 + received_m3 - np.cumsum(demand_m3)
        self._saved_share = share_to_save(stock_m3, demand_m3, own.least_cover_days, self._common.prompt_days)
        target_m3 = min(float(self._target_days.path(day, days)[lead] * level_m3[lead]), own.tank_m3)
        then_m3 = float(stock_m3[lead] + (1.0 - self._answer) * demand_m3[: lead + 1].sum())
        volume_m3 = DAYS_PER_WINDOW * max(0.0, needed_m3 + (target_m3 - then_m3) / own.restocking_days)
        return Want(self.name, int(volume_m3), log_worth(self._saved_share, self.saving_elasticity(day)))

    def saving_elasticity(self, day: date) -> float:
        """Return the answer of its consumers to what short gas costs more."""
        return self._saving_elasticity.on(day)

    @property
    def pending_m3(self) -> int:
        """Return what it bought in a window whose day is not over."""
        return self._bought_m3

    def buy(self, volume_m3: int) -> None:
        """Take note of what it bought in today's window."""
        self._bought_m3 += volume_m3

    def serve(
        self, day: date, price_usd_per_mmbtu: float, elsewhere_usd_per_mmbtu: float, late_share: float
    ) -> BasinDay:
        """Receive, burn and keep the day's gas. Raises ArithmeticError where it does not balance.

        Of the term cargoes due `late_share` go round; where it is below 0, so much of them come that had gone round.
        Demand = at usual prices x (elsewhere / used to) ^ price elasticity x (price / elsewhere) ^ saving elasticity,
        where gas is dearer than elsewhere.
        """
        own = self._own
        used_to = self._used_to_usd_per_mmbtu or elsewhere_usd_per_mmbtu
        self._used_to_usd_per_mmbtu = (
            used_to + (elsewhere_usd_per_mmbtu - used_to) / self._common.price_memory_days
        )
        self._answer = (elsewhere_usd_per_mmbtu / used_to) ** own.price_elasticity
        saving = max(1.0, price_usd_per_mmbtu / elsewhere_usd_per_mmbtu) ** self.saving_elasticity(day)
        demand_m3 = int(float(self.demand_m3(day, 1)[0]) * self._answer * saving)
        due_m3, loaded_m3 = self._term_afloat.popleft(), self._term_loaded_m3
        self._term_afloat.append(loaded_m3)
        late_m3 = max(-self._going_round_m3, int(due_m3 * late_share))
        self._going_round_m3 += late_m3
        term_m3 = due_m3 - late_m3
        spot_m3, bought_m3, diverted_m3 = self._coming.popleft(), self._bought_m3, self._diverted_m3
        self._coming.append(bought_m3)
        self._bought_m3 = self._term_loaded_m3 = self._diverted_m3 = 0
        came_m3 = term_m3 + spot_m3 + diverted_m3
        before_m3 = self._stock_m3 + self._waiting_m3
        there_m3 = before_m3 + came_m3
        served_m3 = min(demand_m3, there_m3)
        self._stock_m3 = min(there_m3 - served_m3, own.tank_m3)
        self._waiting_m3 = there_m3 - served_m3 - self._stock_m3
        found = BasinDay(
            demand_m3, loaded_m3, term_m3, spot_m3, diverted_m3, served_m3, self._stock_m3, self._waiting_m3,
            bought_m3, self._stock_m3 / max(1, demand_m3), self._saved_share, self._anomaly_degc(day),
        )  # fmt: skip
        if before_m3 + came_m3 != served_m3 + found.stock_m3 + found.waiting_m3:
            raise ArithmeticError(f"{self.name} does not balance on {day}: {found}")
        self.days.append((day, found))
        return found

    @property
    def imbalance_m3(self) -> int:
        """Return what is missing since the start: initial + loaded, bought, diverted - served - there or afloat."""
        came_m3 = sum(
            found.term_loaded_m3 + found.bought_m3 + found.diverted_m3 - found.served_m3
            for _, found in self.days
        )
        today_m3 = self._bought_m3 + self._term_loaded_m3
        return self.initial_m3 + came_m3 - (self._stock_m3 + self._waiting_m3 + self.afloat_m3 - today_m3)

    @property
    def received_m3(self) -> int:
        """Return what came since the start, by contract, bought and diverted."""
        return sum(found.term_m3 + found.spot_m3 + found.diverted_m3 for _, found in self.days)

    def _term_m3(self, day: date, days: int) -> np.ndarray:
        """Return what is due by contract from a day on, as plants work when it loads; shape (days,)."""
        loading = day - timedelta(days=self._own.voyage_days)
        return self._own.term_share * self._level_m3(day, days) * self._working.path(loading, days)

    def _level_m3(self, day: date, days: int) -> np.ndarray:
        return m3_per_day(by_year(self._own.demand_mtpa, day)) * self._season.path(day, days)

    def _anomaly_degc(self, day: date) -> float:
        waves = (shock for shock in self._shocks if shock.in_force(day))
        return self._degc - sum(
            shock.event.temperature_drop_degc for shock in waves if isinstance(shock.event, ColdWave)
        )
