"""The basins of the world that buy LNG beside China, and the volume that is made for them and for China.

One basin is in agents/gas/basin.py. What is made for nobody, and what China's buyers leave of their contracts, is sold
in the JKM window; what they take on top is missing there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from math import exp

import numpy as np

from agents.gas.basin import DAYS_PER_WINDOW, Basin, log_worth, m3_per_day
from agents.gas.foreign import ForeignParameters
from agents.gas.jkm import Assessment, Want
from agents.gas.seasons import EVEN, DailyPattern, by_year
from agents.gas.shocks import ColdWave, DatedShock, DemandAbroad


def carried_share(lost: np.ndarray, stock_days: int) -> float:
    """Return the share of a loss that prices feel where stocks carry it, from the daily lost shares around today.

    = min(largest day, sum of all days / stock_days): a short loss is carried, a lasting one counts in full. `lost`
    holds the known past and the announced future.
    """
    return min(float(lost.max()), float(lost.sum()) / stock_days)


@dataclass
class ChinasCargoes:
    """What became of China's term cargoes up to a moment, in m3 of liquid without heels.

    `lifted` is loaded since the start, or taken out of spot for a cargo sold on and then lost; `lost` was not made.
    `diverted` is bound for Europe, of which `landed` has come and `boiled_off` will not; `path` is when the rest will.
    """

    lifted: int = 0
    lost: int = 0
    lost_spot: int = 0
    diverted: int = 0
    landed: int = 0
    boiled_off: int = 0
    path: np.ndarray = field(default_factory=lambda: np.zeros(0))


class Basins:
    """Hold the basins and the sellers' unsold spot volume, and check that no gas is made or lost between them.

    The world makes what basins and China have by contract, and a spot volume, production - all contracts, which
    `working_spot` shapes over the year. Unsold volume grows by the spot volume and by what China's contracts give, and
    falls by the cargoes that its buyers load: what they leave is offered to others.
    `let_go_share` is what the outside option let go to Asia in the last window, as a share of the world's production.
    """

    def __init__(
        self,
        parameters: ForeignParameters,
        china_term_mtpa: float,
        start: date,
        rng: np.random.Generator,
        persistence: float,
        working: DailyPattern = EVEN,
        working_spot: DailyPattern = EVEN,
    ) -> None:
        self.members = {
            name: Basin(name, own, parameters, start, working) for name, own in parameters.basins.items()
        }
        self.start = start
        self._europe = next(name for name, own in parameters.basins.items() if own.is_outside_option)
        self._parameters = parameters
        self._china_term_mtpa = china_term_mtpa
        self._rng, self._persistence, self._working_spot = rng, persistence, working_spot
        self._unsold_m3 = self.initial_unsold_m3 = int(parameters.offer_days * self._free_m3(start))
        self._made_m3 = self._sold_to_china_m3 = self._resold_m3 = 0
        self._china = ChinasCargoes()
        self._arriving: dict[str, np.ndarray] = {}
        self._late_share = 0.0
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
        china_contract_m3: float = 0.0,
    ) -> None:
        """Begin a day: move the weather by one draw a basin, make gas, and see which cargoes will come.

        The paths give the share of world loadings lost, and of arrivals still on their way round, from a day on;
        `china_contract_m3` is what China's contracts give on the day.
        """
        ahead = back = self._parameters.look_ahead_days
        self._lost = lost = lost_path(day - timedelta(days=back), back + ahead)
        late = late_path(day, ahead)
        self._late_share = float(late[0])
        draws = self._rng.standard_normal(len(self.members))
        for basin, draw in zip(self.members.values(), draws, strict=True):
            basin.advance(float(draw), delta_draw, self._persistence)
            first = back - self._parameters.basins[basin.name].voyage_days
            self._arriving[basin.name] = (1.0 - lost[first : first + ahead]) * (1.0 - late)
            self._made_m3 += basin.load(day, float(lost[back]))
        made_m3 = int(self._free_m3(day) * (1.0 - lost_spot_share)) + int(china_contract_m3)
        self._made_m3 += made_m3
        self._unsold_m3 += made_m3

    def hand_over(self, china: ChinasCargoes) -> None:
        """Take what China's cargoes loaded since the last time out of the unsold volume, and land what was diverted.

        A cargo that is lost was not made, whoever had bought it.
        """
        last = self._china
        lost_m3 = china.lost - last.lost
        self._made_m3 -= lost_m3 + china.lost_spot - last.lost_spot
        self._unsold_m3 -= lost_m3 + china.lifted - last.lifted
        europe = self.members[self._europe]
        europe.land(china.landed - last.landed)
        europe.expect(china.path)
        self._china = china

    def offered_m3(self) -> int:
        """Return what sellers offer at the worth of gas in a window: the unsold volume, spread over their time.

        Days in which China loads more than is made for it are smoothed by that time; below 0 there is none to offer.
        """
        return max(0, int(DAYS_PER_WINDOW * self._unsold_m3 / self._parameters.offer_days))

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
                self.let_go_share = (want.volume_m3 - kept_m3) / DAYS_PER_WINDOW / self._production_m3(day)
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
        out_of_spot_m3 = sold_m3 + result.chinese_bought_m3 - result.resold_m3
        self._unsold_m3 -= out_of_spot_m3
        if out_of_spot_m3 > 0 > self._unsold_m3:
            raise ArithmeticError(f"more spot LNG was sold than there was on {result.day}")

    def serve(self, day: date, price_usd_per_mmbtu: float, elsewhere_usd_per_mmbtu: float) -> None:
        """Let each basin receive, burn and keep the gas of a day: at JKM, or elsewhere's price where it is that."""
        for name, basin in self.members.items():
            outside = self._parameters.basins[name].is_outside_option
            price = elsewhere_usd_per_mmbtu if outside else price_usd_per_mmbtu
            basin.serve(day, price, elsewhere_usd_per_mmbtu, self._late_share)

    def world(self) -> dict[str, int]:
        """Return where what was made since the start went, in m3: made = the sum of all the rest.

        China's part is what it lifted and bought less what it sold on, which is in the basins' purchases, and diverted;
        what was sold on and is not loaded yet is owed by it.
        """
        china, basins = self._china, self.members.values()
        return {
            "made": self._made_m3,
            "received by basins": sum(basin.received_m3 + basin.landing_m3 for basin in basins),
            "afloat to basins": sum(basin.afloat_m3 - basin.initial_afloat_m3 for basin in basins),
            "lifted by China": china.lifted,
            "bought by China": self._sold_to_china_m3 - china.lost_spot,
            "sold on by China": -self._resold_m3,
            "diverted from China": -china.diverted,
            "afloat to Europe": china.diverted - china.landed - china.boiled_off,
            "boiled off to Europe": china.boiled_off,
            "unsold": self._unsold_m3 - self.initial_unsold_m3,
        }

    def imbalances(self) -> dict[str, int]:
        """Return what is missing from each basin and from the world; all are 0 unless gas was made or lost."""
        world = self.world()
        return {name: basin.imbalance_m3 for name, basin in self.members.items()} | {
            "the world's LNG": 2 * world["made"] - sum(world.values())
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
                "term_loaded_m3_liquid": found.term_loaded_m3,
                "term_m3_liquid": found.term_m3,
                "spot_m3_liquid": found.spot_m3,
                "diverted_m3_liquid": found.diverted_m3,
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

    def _free_m3(self, day: date) -> float:
        """Return the spot volume of a day: what is made and not under contract, at least 0."""
        own = self._parameters
        term = sum(basin.term_share * by_year(basin.demand_mtpa, day) for basin in own.basins.values())
        free_m3 = max(0.0, self._production_m3(day) - m3_per_day(term + self._china_term_mtpa))
        return free_m3 * self._working_spot.on(day)

    def _production_m3(self, day: date) -> float:
        return m3_per_day(by_year(self._parameters.production_mtpa, day))
