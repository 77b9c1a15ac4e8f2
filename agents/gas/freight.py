"""What it costs and takes to carry LNG: charter rates, canals, the way round.

Ships themselves are not named: a ship is there when a cargo is due to load. Their scarcity shows in the charter
rate only, which rises as detours keep more of the world's ships at sea.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import exp

from agents.gas.parameters import CanalParameters, ShippingParameters, SupplierParameters
from agents.gas.shocks import CanalRestriction, CharterSpike, DatedShock
from exchange.units import MMBTU_PER_TONNE_LNG, TONNES_PER_M3_LNG


class Freight:
    """Answer what a voyage costs on a day.

    Rate = normal x exp(response x extra share of the world's ship-days), or what a spike demands where that is more.
    Cost = 2 x days at sea x rate / energy of a cargo (there and back). `cargo_m3` is liquid.
    """

    def __init__(
        self, parameters: ShippingParameters, suppliers: Mapping[str, SupplierParameters], cargo_m3: int
    ) -> None:
        self._parameters = parameters
        self._suppliers = suppliers
        self._canals = [
            (s.canal, s.world_supply_share * s.canal.export_share)
            for s in suppliers.values()
            if s.canal is not None
        ]
        self._cargo_mmbtu = cargo_m3 * TONNES_PER_M3_LNG * MMBTU_PER_TONNE_LNG
        self._mean_days = sum(s.world_supply_share * s.voyage_days for s in suppliers.values())
        self._spikes: list[DatedShock] = []
        self._restrictions: list[DatedShock] = []

    def begin(self, shock: DatedShock) -> None:
        """Begin a charter spike or the restriction of a canal."""
        (self._spikes if isinstance(shock.event, CharterSpike) else self._restrictions).append(shock)

    def lost_slots_share(self, canal: CanalParameters, day: date) -> float:
        """Return the share of a canal's ships that must go round on a day, at most 1."""
        lost = 0.0
        for shock in self._restrictions:
            assert isinstance(shock.event, CanalRestriction)
            if shock.event.canal == canal.name and shock.in_force(day):
                lost += shock.event.lost_slots_share
        return min(1.0, lost)

    def late_share(self, day: date) -> float:
        """Return the share of world supply that is still on its way round, when it would else have arrived.

        The first cargoes that go round arrive `detour_days` late: until then they are missing, once.
        """
        late = 0.0
        for shock in self._restrictions:
            assert isinstance(shock.event, CanalRestriction)
            for canal, passing in self._canals:
                gap_days = min(canal.detour_days, shock.event.duration_days)
                if canal.name == shock.event.canal and 0 <= shock.days_since(day) < gap_days:
                    late += passing * shock.event.lost_slots_share
        return late

    def charter_usd_per_day(self, day: date) -> float:
        """Return the charter rate of a day."""
        extra_days = sum(
            passing * canal.detour_days * self.lost_slots_share(canal, day) for canal, passing in self._canals
        )
        rate = self._parameters.charter_usd_per_day * exp(
            self._parameters.charter_response * extra_days / self._mean_days
        )
        for shock in self._spikes:
            assert isinstance(shock.event, CharterSpike)
            if shock.in_force(day):
                rate = max(rate, shock.event.rate_usd_per_day)
        return rate

    def usd_per_mmbtu(self, voyage_days: float, day: date) -> float:
        """Return the cost of a voyage of so many days, there and back."""
        return 2.0 * voyage_days * self.charter_usd_per_day(day) / self._cargo_mmbtu

    def diversion_usd_per_mmbtu(self, day: date) -> float:
        """Return what the marginal cargo costs more to Asia than to Europe: its longer way, by canal or round."""
        marginal = self._suppliers[self._parameters.marginal_supplier]
        days = self._parameters.days_saved_by_europe
        if marginal.canal is not None:
            days += marginal.canal.detour_days * self.lost_slots_share(marginal.canal, day)
        return self.usd_per_mmbtu(days, day)
