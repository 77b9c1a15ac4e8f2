"""Pipeline gas into the delta: nominations with a season, swing up to the lines' capacity, and cuts.

It is one edge into the delta, not a network.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from agents.gas.parameters import PipelineParameters
from agents.gas.seasons import Season
from agents.gas.shocks import DatedShock, PipelineCut
from exchange.units import bcm_per_year_to_m3_per_day


class Pipeline:
    """Say how much gas the lines bring in, in whole m3 a day.

    Available = nomination x season x (1 + noise) + called swing - cuts. Swing = call x swing share x
    (capacity - nomination), with a call from 0 to 1. One draw a day.
    """

    def __init__(self, parameters: PipelineParameters, rng: np.random.Generator) -> None:
        self._mean = bcm_per_year_to_m3_per_day(parameters.flow_bcm_per_year)
        self._season = Season(parameters.monthly_factors)
        self._parameters = parameters
        self._rng = rng
        self._noise = 0.0
        self._cuts: list[DatedShock] = []

    def begin(self, cut: DatedShock) -> None:
        """Begin a cut."""
        self._cuts.append(cut)

    def advance(self) -> None:
        """Draw the next day."""
        self._noise = self._parameters.noise * float(self._rng.standard_normal())

    def swing_call(self, scarcity: float) -> float:
        """Return the call on swing, 0 to 1, that a scarcity asks for."""
        return min(1.0, max(0.0, scarcity / self._parameters.full_swing_scarcity))

    def available_m3(self, day: date, call: float) -> int:
        """Return the gas on offer on the present day at a swing call."""
        nominated = self._mean * self._season.on(day) * (1.0 + self._noise)
        return int(max(0.0, nominated + self._swing(nominated, call) - self._cut(day, 0)))

    def forecast_m3(self, day: date, days: int, call: float) -> np.ndarray:
        """Return the gas expected on `days` days from `day` on, with the call as it is; shape (days,)."""
        nominated = self._mean * self._season.path(day, days)
        cuts = np.array([self._cut(day, ahead) for ahead in range(days)])
        return np.maximum(0.0, nominated + self._swing(nominated, call) - cuts)

    def _swing(self, nominated: np.ndarray | float, call: float) -> np.ndarray | float:
        free = np.maximum(0.0, self._parameters.capacity_m3_per_day - nominated)
        return call * self._parameters.swing_share * free

    def _cut(self, day: date, ahead: int) -> float:
        cut = 0.0
        for shock in self._cuts:
            assert isinstance(shock.event, PipelineCut)
            if 0 <= shock.days_since(day) + ahead < shock.event.duration_days:
                cut += shock.event.cut_m3_per_day
        return cut
