"""Gas demand of the delta by sector, and the weather behind it.

It says what consumers want at a price; who serves them, and who is cut off, is the dispatch's.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from agents.gas.parameters import DemandParameters
from agents.gas.seasons import Season, heating_and_cooling_degc
from agents.gas.shocks import ColdWave, DatedShock, DemandShift
from exchange.units import bcm_per_year_to_m3_per_day


class Weather:
    """Move the anomaly of temperature (degrees from the season's normal) by a daily AR(1), one draw a day.

    a_t = persistence x a_(t-1) + sd x sqrt(1 - persistence^2) x e_t. Cold waves come on top, and are known
    once begun.
    """

    def __init__(self, parameters: DemandParameters, rng: np.random.Generator) -> None:
        self._persistence = parameters.temperature_persistence
        self._sd = parameters.temperature_sd_degc * float(np.sqrt(1.0 - self._persistence**2))
        self._rng = rng
        self.last_draw = float(rng.standard_normal())
        self._anomaly = parameters.temperature_sd_degc * self.last_draw
        self._waves: list[DatedShock] = []

    def begin(self, wave: DatedShock) -> None:
        """Begin a cold wave."""
        self._waves.append(wave)

    def advance(self) -> None:
        """Draw the next day."""
        self.last_draw = float(self._rng.standard_normal())
        self._anomaly = self._persistence * self._anomaly + self._sd * self.last_draw

    def anomaly_degc(self, day: date) -> float:
        """Return the anomaly of the present day, cold waves included."""
        return self._anomaly - self._drop(day, 0)

    def forecast_degc(self, day: date, days: int) -> np.ndarray:
        """Return the expected anomaly of `days` days from `day` on, which is today; shape (days,)."""
        fading = self._anomaly * self._persistence ** np.arange(days)
        return fading - np.array([self._drop(day, ahead) for ahead in range(days)])

    def _drop(self, day: date, ahead: int) -> float:
        drop = 0.0
        for wave in self._waves:
            assert isinstance(wave.event, ColdWave)
            if 0 <= wave.days_since(day) + ahead < wave.event.duration_days:
                drop += wave.event.temperature_drop_degc
        return drop


class Demand:
    """Turn season, weather and price into m3 of gas a day, by sector, in the order of the parameters.

    Arrays have shape (days, sectors). What goes by lorry answers to the LNG price in full, what goes by pipe
    with its elasticity times the pass-through, as its price follows in part only.
    """

    def __init__(self, parameters: DemandParameters) -> None:
        sectors = parameters.sectors
        self.sectors: tuple[str, ...] = tuple(sectors)
        self.interruption_order = tuple(sorted(sectors, key=lambda name: sectors[name].interrupted_rank))
        self.interruptible = {name: sector.interruptible_share for name, sector in sectors.items()}
        self._reference = parameters.reference_price_cny_per_t
        self._pass_through = parameters.price_pass_through_by_pipe
        total = bcm_per_year_to_m3_per_day(parameters.demand_bcm_per_year)
        table = list(sectors.values())
        self._level = np.array([total * sector.share for sector in table])
        self._seasons = [Season(sector.monthly_factors) for sector in table]
        self._elasticity = np.array([sector.price_elasticity for sector in table])
        self._heating = np.array([sector.heating_per_degc for sector in table])
        self._cooling = np.array([sector.cooling_per_degc for sector in table])
        self._trucked = np.array([sector.trucked_share for sector in table])
        self._shifts: list[DatedShock] = []

    def begin(self, shift: DatedShock) -> None:
        """Begin a shift of demand. Raises ValueError for an unknown sector."""
        assert isinstance(shift.event, DemandShift)
        if shift.event.sector is not None and shift.event.sector not in self.sectors:
            raise ValueError(f"no sector '{shift.event.sector}'; there are {', '.join(self.sectors)}")
        self._shifts.append(shift)

    def at_reference_m3(self, day: date, anomaly_degc: np.ndarray) -> np.ndarray:
        """Return the demand of consecutive days from `day` on, at the reference price."""
        days = len(anomaly_degc)
        season = np.stack([pattern.path(day, days) for pattern in self._seasons], axis=1)
        cold, hot = heating_and_cooling_degc(day, anomaly_degc)
        weather = 1.0 + np.outer(cold, self._heating) + np.outer(hot, self._cooling)
        wanted = self._level * season * np.maximum(weather, 0.1)
        return wanted * self._shifted(day, days) if self._shifts else wanted

    def _shifted(self, day: date, days: int) -> np.ndarray:
        factor = np.ones((days, len(self.sectors)))
        for shift in self._shifts:
            event = shift.event
            assert isinstance(event, DemandShift)
            begun = shift.days_since(day) + np.arange(days)
            which = np.array([event.sector in (None, name) for name in self.sectors])
            during = (begun >= 0) & (begun < event.duration_days)
            factor[np.ix_(during, which)] *= 1.0 + event.change_share
        return factor

    def piped_m3(self, at_reference_m3: np.ndarray, price_cny_per_t: float) -> np.ndarray:
        """Return what is wanted by pipe at a price, from the demand at the reference price."""
        answer = (price_cny_per_t / self._reference) ** (self._elasticity * self._pass_through)
        return at_reference_m3 * (1.0 - self._trucked) * answer

    def trucked_m3(self, at_reference_m3: np.ndarray, price_cny_per_t: float | np.ndarray) -> np.ndarray:
        """Return what is wanted by lorry at a price, or a column of prices, from the demand at the reference price."""
        return at_reference_m3 * self._trucked * (price_cny_per_t / self._reference) ** self._elasticity
