"""Pipeline gas into the delta: nominations with a season, swing up to the lines' capacity, and cuts.

It is what is nominated and arrives at the entries; the lines behind them are in agents/gas/trunk_lines.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np

from agents.gas.dispatch import split
from agents.gas.parameters import GasParameters, PipelineParameters
from agents.gas.seasons import Season
from agents.gas.shocks import DatedShock, PipelineCut
from agents.gas.sources import Sources
from agents.gas.trunk_lines import TrunkLines
from exchange.units import bcm_per_year_to_m3_per_day

_PPM = 1_000_000


def make_pipeline(
    parameters: GasParameters, sources: Sources, rng: Callable[[str], np.random.Generator]
) -> Pipeline:
    """Return the pipeline gas of a world, with the trunk lines from the country's sources behind it."""
    shares = {name: entry.share for name, entry in parameters.network.entries.items()}
    lines = TrunkLines(parameters.trunk_lines, sources)
    return Pipeline(parameters.pipeline, rng("gas.pipeline"), shares, lines)


class Pipeline:
    """Say how much gas the lines bring in, in whole m3 a day.

    Available = nomination x season x (1 + noise) + called swing - cuts. Swing = call x swing share x
    (capacity - nomination), with a call from 0 to 1. Each entry has its share of it; of that comes what the `lines` to
    it bring, and a cut of the entry takes at most that. One draw a day.
    """

    def __init__(
        self,
        parameters: PipelineParameters,
        rng: np.random.Generator,
        entry_shares: Mapping[str, float],
        lines: TrunkLines,
    ) -> None:
        self.lines = lines
        self._shares = dict(entry_shares)
        self._mean = bcm_per_year_to_m3_per_day(parameters.flow_bcm_per_year)
        self._season = Season(parameters.monthly_factors)
        self._parameters = parameters
        self._rng = rng
        self._noise = 0.0
        self._cuts: list[DatedShock] = []
        self._sold: dict[date, int] = {}

    def sell(self, day: date, volume_m3: int) -> None:
        """Bring in more on a day, which somebody has bought."""
        self._sold[day] = self._sold.get(day, 0) + volume_m3

    def unused_m3(self, day: date, days: int, call: float) -> np.ndarray:
        """Return the capacity that neither nominations nor swing, even if called in full, nor sales need."""
        nominated = self._mean * self._season.path(day, days)
        sold = np.array([self._sold.get(day + timedelta(days=ahead), 0) for ahead in range(days)])
        full = nominated + self._swing(nominated, max(call, 1.0)) + sold
        return np.maximum(0.0, self._parameters.capacity_m3_per_day - full)

    def uncut_share(self, day: date, call: float) -> float:
        """Return the part of the present day's gas that no cut takes."""
        came = self.available_m3(day, call)
        lost = sum(self._cut(day, 0, entry) for entry in (None, *self._shares))
        nominated_m3 = self._nominated_m3(day, call)
        brought_m3 = self.lines.bring_m3(day, nominated_m3)
        lost += sum(max(0, volume - sum(brought_m3[at].values())) for at, volume in nominated_m3.items())
        return came / (came + lost) if came + lost > 0 else 1.0

    def begin(self, cut: DatedShock) -> None:
        """Begin a cut at the entries; one at a source does nothing here."""
        assert isinstance(cut.event, PipelineCut)
        if cut.event.origin is None:
            self._cuts.append(cut)

    def advance(self) -> None:
        """Draw the next day."""
        self._noise = self._parameters.noise * float(self._rng.standard_normal())

    def swing_call(self, scarcity: float) -> float:
        """Return the call on swing, 0 to 1, that a scarcity asks for."""
        return min(1.0, max(0.0, scarcity / self._parameters.full_swing_scarcity))

    def offers_m3(self, day: date, call: float) -> dict[str, int]:
        """Return the gas on offer at each entry on the present day at a swing call."""
        brought_m3 = self.lines.bring_m3(day, self._nominated_m3(day, call))
        return {
            entry: max(0, sum(own.values()) - int(self._cut(day, 0, entry)))
            for entry, own in brought_m3.items()
        }

    def take(self, day: date, call: float, taken_m3: Mapping[str, int]) -> None:
        """Book what was taken at each entry on the present day to the lines that brought it."""
        self.lines.carry(day, self.lines.bring_m3(day, self._nominated_m3(day, call)), taken_m3)

    def available_m3(self, day: date, call: float) -> int:
        """Return the gas on offer at all entries."""
        return sum(self.offers_m3(day, call).values())

    def forecast_m3(self, day: date, days: int, call: float) -> np.ndarray:
        """Return the gas expected on `days` days from `day` on, with the call as it is; shape (days,)."""
        nominated = self._mean * self._season.path(day, days)
        cuts = np.array([self._cut(day, ahead, None) for ahead in range(days)])
        sold = np.array([self._sold.get(day + timedelta(days=ahead), 0) for ahead in range(days)])
        whole = np.maximum(0.0, nominated + self._swing(nominated, call) + sold - cuts)
        gained = np.zeros(days)
        for entry, share in self._shares.items():
            more = self.lines.gained_m3(day, entry, share * whole)
            own = np.array([self._cut(day, ahead, entry) for ahead in range(days)])
            gained += more - np.minimum(own, share * whole + more)
        return whole + gained

    def _nominated_m3(self, day: date, call: float) -> dict[str, int]:
        """Return what is nominated at each entry on the present day, less cuts of the lines as a whole."""
        nominated = self._mean * self._season.on(day) * (1.0 + self._noise)
        coming = nominated + self._swing(nominated, call) + self._sold.get(day, 0)
        whole = int(max(0.0, coming - self._cut(day, 0, None)))
        parts = split(whole, [round(_PPM * share) for share in self._shares.values()])
        return dict(zip(self._shares, parts, strict=True))

    def _swing(self, nominated: np.ndarray | float, call: float) -> np.ndarray | float:
        free = np.maximum(0.0, self._parameters.capacity_m3_per_day - nominated)
        return call * self._parameters.swing_share * free

    def _cut(self, day: date, ahead: int, entry: str | None) -> float:
        """Return what the cuts of an entry, or with None of the lines as a whole, take on a day ahead."""
        cut = 0.0
        for shock in self._cuts:
            assert isinstance(shock.event, PipelineCut)
            under_way = 0 <= shock.days_since(day) + ahead < shock.event.duration_days
            if under_way and shock.event.entry == entry:
                cut += shock.event.cut_m3_per_day
        return cut
