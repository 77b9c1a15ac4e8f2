"""The basins of the world that buy LNG beside China, and the spot volume that they and China buy from.

A basin is a node: it burns, keeps tanks, has term cargoes and buys spot volume in the JKM window. It has no terminals,
ships or network inside, and volumes that it buys are no cargoes of agents/gas/fleet.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp

import numpy as np

from agents.gas.foreign import BasinParameters, ForeignParameters
from agents.gas.jkm import Assessment, Want
from agents.gas.seasons import Season, by_year, heating_and_cooling_degc
from agents.gas.shocks import ColdWave, DatedShock, DemandAbroad
from exchange.units import TONNES_PER_M3_LNG

_DAYS_PER_WINDOW = 7.0 / 5.0
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


def carried_share(lost: np.ndarray, stock_days: int) -> float:
    """Return the share of a loss that prices feel where stocks carry it, from the daily lost shares around today.

    = min(largest day, sum of all days / stock_days): a short loss is carried, a lasting one counts in full. `lost`
    holds the known past and the announced future.
    """
    return min(float(lost.max()), float(lost.sum()) / stock_days)


def log_worth(saved_share: float, saving_elasticity: float) -> float:
    """Return by how much (a log) gas is worth more than elsewhere: the price at which consumers save the share.

    (price / outside option) ^ elasticity = 1 - saved share.
    """
    return float(np.log(1.0 - saved_share)) / saving_elasticity


@dataclass(frozen=True)
class BasinDay:
    """A day of a basin in whole m3 of liquid: term + spot = served + stocked + what waits more at its ports."""

    demand_m3: int
    term_m3: int
    spot_m3: int
    served_m3: int
    stock_m3: int
    waiting_m3: int
    bought_m3: int
    cover_days: float
    saved_share: float
    temperature_anomaly_degc: float


class Basin:
    """Balance one basin day by day; the one draw of its weather is made by the caller."""

    def __init__(self, name: str, own: BasinParameters, common: ForeignParameters, start: date) -> None:
        self.name = name
        self.days: list[tuple[date, BasinDay]] = []
        self._own, self._common = own, common
        self._season, self._target_days = Season(own.monthly_factors), Season(own.target_cover_days)
        self._saving_elasticity = Season(own.saving_elasticity)
        self._shocks: list[DatedShock] = []
        self._degc = self._persistence = 0.0
        needed_m3 = self._level_m3(start, own.lead_days) * (1.0 - own.term_share)
        self._coming: deque[int] = deque(int(volume) for volume in needed_m3)
        self._bought_m3 = self._waiting_m3 = 0
        self._stock_m3 = int(self._target_days.on(start) * float(self._level_m3(start, 1)[0]))
        self._stock_m3 = min(self._stock_m3, own.tank_m3)
        self.initial_m3 = self._stock_m3 + sum(self._coming)
        self._used_to_usd_per_mmbtu: float | None = None
        self._answer = 1.0
        self._saved_share = 0.0

    @property
    def stock_m3(self) -> int:
        """Return what its tanks hold."""
        return self._stock_m3

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
        received_m3 = self._waiting_m3 + np.cumsum(own.term_share * level_m3 * arriving + spot_m3)
        stock_m3 = self._stock_m3 + received_m3 - np.cumsum(demand_m3)
        self._saved_share = share_to_save(stock_m3, demand_m3, own.least_cover_days, self._common.prompt_days)
        target_m3 = min(float(self._target_days.path(day, days)[lead] * level_m3[lead]), own.tank_m3)
        then_m3 = float(stock_m3[lead] + (1.0 - self._answer) * demand_m3[: lead + 1].sum())
        volume_m3 = _DAYS_PER_WINDOW * max(0.0, needed_m3 + (target_m3 - then_m3) / own.restocking_days)
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
        self, day: date, price_usd_per_mmbtu: float, elsewhere_usd_per_mmbtu: float, arriving_share: float
    ) -> BasinDay:
        """Receive, burn and keep the day's gas. Raises ArithmeticError where it does not balance.

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
        term_m3 = int(own.term_share * float(self._level_m3(day, 1)[0]) * arriving_share)
        spot_m3, bought_m3 = self._coming.popleft(), self._bought_m3
        self._coming.append(bought_m3)
        self._bought_m3 = 0
        before_m3 = self._stock_m3 + self._waiting_m3
        there_m3 = before_m3 + term_m3 + spot_m3
        served_m3 = min(demand_m3, there_m3)
        self._stock_m3 = min(there_m3 - served_m3, own.tank_m3)
        self._waiting_m3 = there_m3 - served_m3 - self._stock_m3
        found = BasinDay(
            demand_m3, term_m3, spot_m3, served_m3, self._stock_m3, self._waiting_m3, bought_m3,
            self._stock_m3 / max(1, demand_m3), self._saved_share, self._anomaly_degc(day),
        )  # fmt: skip
        if before_m3 + term_m3 + spot_m3 != served_m3 + found.stock_m3 + found.waiting_m3:
            raise ArithmeticError(f"{self.name} does not balance on {day}: {found}")
        self.days.append((day, found))
        return found

    @property
    def imbalance_m3(self) -> int:
        """Return what is missing since the start: initial + term + bought - served - tank, ports and afloat."""
        came = sum(found.term_m3 + found.bought_m3 - found.served_m3 for _, found in self.days)
        there = self._stock_m3 + self._waiting_m3 + sum(self._coming)
        return self.initial_m3 + came - there

    def _level_m3(self, day: date, days: int) -> np.ndarray:
        return m3_per_day(by_year(self._own.demand_mtpa, day)) * self._season.path(day, days)

    def _anomaly_degc(self, day: date) -> float:
        waves = (shock for shock in self._shocks if shock.in_force(day))
        return self._degc - sum(
            shock.event.temperature_drop_degc for shock in waves if isinstance(shock.event, ColdWave)
        )


class Basins:
    """Hold the basins and the sellers' unsold spot volume, and check that no gas is made or lost between them.

    Unsold volume grows by what the world makes and has not promised: production - term of basins - `china_term_mtpa`.
    `let_go_share` is what the outside option let go to Asia in the last window, as a share of the world's production.
    """

    def __init__(
        self,
        parameters: ForeignParameters,
        china_term_mtpa: float,
        start: date,
        rng: np.random.Generator,
        persistence: float,
    ) -> None:
        self.members = {name: Basin(name, own, parameters, start) for name, own in parameters.basins.items()}
        self._parameters = parameters
        self._china_term_mtpa = china_term_mtpa
        self._rng, self._persistence = rng, persistence
        self._unsold_m3 = self.initial_unsold_m3 = int(parameters.offer_days * self._made_m3(start))
        self._made_since_m3 = self._sold_to_china_m3 = self._resold_m3 = 0
        self._arriving: dict[str, np.ndarray] = {}
        self._lost = np.zeros(1)
        self.let_go_share = 0.0

    def begin(self, shock: DatedShock) -> None:
        """Begin a cold wave or a need of the basin that it names."""
        assert isinstance(shock.event, ColdWave | DemandAbroad) and shock.event.basin is not None
        self.members[shock.event.basin].begin(shock)

    def open(
        self,
        day: date,
        delta_draw: float,
        lost_path: Callable[[date, int], np.ndarray],
        late_path: Callable[[date, int], np.ndarray],
        lost_spot_share: float,
    ) -> None:
        """Begin a day: move the weather by one draw a basin, make gas, and see which cargoes will come.

        The paths give the share of world loadings lost, and of arrivals still on their way round, from a day on.
        """
        ahead = back = self._parameters.look_ahead_days
        self._lost = lost = lost_path(day - timedelta(days=back), back + ahead)
        late = late_path(day, ahead)
        draws = self._rng.standard_normal(len(self.members))
        for basin, draw in zip(self.members.values(), draws, strict=True):
            basin.advance(float(draw), delta_draw, self._persistence)
            first = back - self._parameters.basins[basin.name].voyage_days
            self._arriving[basin.name] = (1.0 - lost[first : first + ahead]) * (1.0 - late)
        made_m3 = int(self._made_m3(day) * (1.0 - lost_spot_share))
        self._made_since_m3 += made_m3
        self._unsold_m3 += made_m3

    def offered_m3(self) -> int:
        """Return what sellers offer at the worth of gas in a window: the unsold volume, spread over their time."""
        return int(_DAYS_PER_WINDOW * self._unsold_m3 / self._parameters.offer_days)

    def wants(self, day: date, *, price_is_given: bool) -> list[Want]:
        """Return what each basin bids for in the window of a day.

        The outside option bids what a cargo earns there, and lets go, by its saving elasticity, what gas is worth more
        where it is short. A loss of loadings raises its own price, unless that is given.
        """
        wants = []
        for name, basin in self.members.items():
            want, own = basin.want(day, self._arriving[name]), self._parameters.basins[name]
            if own.is_outside_option and not price_is_given:
                felt = carried_share(self._lost, own.restocking_days)
                want = replace(want, log_worth=log_worth(felt, basin.saving_elasticity(day)))
            wants.append(want)
        scarcity = max(want.log_worth for want in wants)
        found = []
        for want in wants:
            if self._parameters.basins[want.basin].is_outside_option:
                elasticity = self.members[want.basin].saving_elasticity(day)
                kept_m3 = int(want.volume_m3 * exp(elasticity * (scarcity - want.log_worth)))
                self.let_go_share = (want.volume_m3 - kept_m3) / _DAYS_PER_WINDOW / self._production_m3(day)
                want = Want(want.basin, kept_m3, scarcity, is_outside_option=True)
            found.append(want)
        return found

    def settle(self, result: Assessment) -> None:
        """Hand over what a window sold; what importers sold on does not come out of the sellers' spot volume.

        Raises ArithmeticError where sellers sold what they had not.
        """
        for name, volume_m3 in result.bought_m3.items():
            self.members[name].buy(volume_m3)
        sold_m3 = sum(result.bought_m3.values())
        self._sold_to_china_m3 += result.chinese_bought_m3
        self._resold_m3 += result.resold_m3
        self._unsold_m3 -= sold_m3 + result.chinese_bought_m3 - result.resold_m3
        if self._unsold_m3 < 0:
            raise ArithmeticError(f"more spot LNG was sold than there was on {result.day}")

    def serve(self, day: date, price_usd_per_mmbtu: float, elsewhere_usd_per_mmbtu: float) -> None:
        """Let each basin receive, burn and keep the gas of a day: at JKM, or elsewhere's price where it is that."""
        for name, basin in self.members.items():
            outside = self._parameters.basins[name].is_outside_option
            price = elsewhere_usd_per_mmbtu if outside else price_usd_per_mmbtu
            basin.serve(day, price, elsewhere_usd_per_mmbtu, float(self._arriving[name][0]))

    def imbalances(self) -> dict[str, int]:
        """Return what is missing from each basin and from the unsold volume; all are 0 unless gas was made or lost."""
        bought_m3 = sum(found.bought_m3 for basin in self.members.values() for _, found in basin.days)
        pending_m3 = sum(basin.pending_m3 for basin in self.members.values())
        return {name: basin.imbalance_m3 for name, basin in self.members.items()} | {
            "spot LNG": self.initial_unsold_m3
            + self._made_since_m3
            + self._resold_m3
            - bought_m3
            - pending_m3
            - self._sold_to_china_m3
            - self._unsold_m3
        }

    def rows(self) -> list[dict[str, object]]:
        """Return the days of all basins, one row each; volumes are liquid."""
        return [
            {
                "date": day,
                "basin": name,
                "demand_m3_liquid": found.demand_m3,
                "served_m3_liquid": found.served_m3,
                "unserved_m3_liquid": found.demand_m3 - found.served_m3,
                "term_m3_liquid": found.term_m3,
                "spot_m3_liquid": found.spot_m3,
                "bought_m3_liquid": found.bought_m3,
                "stock_m3_liquid": found.stock_m3,
                "waiting_m3_liquid": found.waiting_m3,
                "cover_days": found.cover_days,
                "saved_share": found.saved_share,
                "temperature_anomaly_degc": found.temperature_anomaly_degc,
            }
            for name, basin in self.members.items()
            for day, found in basin.days
        ]

    def _made_m3(self, day: date) -> float:
        """Return the spot volume of a day: what is made and not under contract, at least 0."""
        own = self._parameters
        term = sum(basin.term_share * by_year(basin.demand_mtpa, day) for basin in own.basins.values())
        return max(0.0, self._production_m3(day) - m3_per_day(term + self._china_term_mtpa))

    def _production_m3(self, day: date) -> float:
        return m3_per_day(by_year(self._parameters.production_mtpa, day))
