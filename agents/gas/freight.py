"""What it costs to carry LNG: the charter rate of a day, and voyages at it.

The rate knows the fleet as a share in use: of the world's ships by arithmetic (detours of the trade that a passage
turns away, the longer way of cargoes that Europe lets go), of this model's ships by count (agents/gas/ships.py), each
with its part of the world's fleet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import exp

from agents.gas.parameters import SupplierParameters
from agents.gas.routes import Routes
from agents.gas.sea import PassageParameters, ShippingParameters
from agents.gas.shocks import CharterSpike, DatedShock
from exchange.units import MMBTU_PER_TONNE_LNG, TONNES_PER_M3_LNG


class Freight:
    """Answer what a voyage costs on a day.

    Rate = normal x exp(response x ((1 - w) x extra share of the world's ship-days + w x extra share of own ships in
    use)), or what a spike demands where that is more; w = own ships / the world's. An own ship that goes round is
    in the second share only. Cost = 2 x days at sea x rate / energy of a cargo (there and back). `cargo_m3` is liquid.
    """

    def __init__(
        self,
        parameters: ShippingParameters,
        suppliers: Mapping[str, SupplierParameters],
        passages: Mapping[str, PassageParameters],
        routes: Routes,
        cargo_m3: int,
    ) -> None:
        self._parameters = parameters
        self._routes = routes
        self._passages = passages
        self._passing = {
            name: sum(suppliers[one].world_supply_share * share for one, share in own.exports.items())
            for name, own in passages.items()
            if own.exports
        }
        self._cargo_mmbtu = cargo_m3 * TONNES_PER_M3_LNG * MMBTU_PER_TONNE_LNG
        self._mean_days = sum(
            suppliers[port.supplier].world_supply_share * port.share * routes.usual_days(name)
            for name, port in routes.ports.items()
        )
        self._marginal_passages = {
            name
            for port in routes.ports.values()
            if port.supplier == parameters.marginal_supplier
            for way in port.routes.values()
            for name in way.passages
        }
        ships = sum(own.term_ships + own.charter_ships for own in parameters.ships.values())
        self._own_weight = ships / max(parameters.world_ships, ships)
        self._employed_share = parameters.normal_employed_share
        self._diverted_share = 0.0
        self._spikes: list[DatedShock] = []

    def begin(self, shock: DatedShock) -> None:
        """Begin a charter spike."""
        self._spikes.append(shock)

    def observe(self, employed_share: float, diverted_share: float = 0.0) -> None:
        """Move what the market counts towards today's.

        That is the share of own ships in use, and the share of the world's cargoes that Europe lets go to Asia.
        """
        memory_days = self._parameters.employment_memory_days
        self._employed_share += (employed_share - self._employed_share) / memory_days
        self._diverted_share += (diverted_share - self._diverted_share) / memory_days

    @property
    def restricted(self) -> bool:
        """Tell whether any passage has been restricted or closed by a shock."""
        return self._routes.restricted

    def late_share(self, day: date) -> float:
        """Return the share of world supply that is still on its way round, when it would else have arrived.

        The first cargoes that go round arrive `detour_days` late: until then they are missing, once.
        """
        return sum(
            passing * self._routes.newly_lost_share(name, day, self._passages[name].detour_days)
            for name, passing in self._passing.items()
        )

    def charter_usd_per_day(self, day: date) -> float:
        """Return the charter rate of a day."""
        own = self._parameters
        extra_days = sum(
            passing * self._passages[name].detour_days * self._routes.lost_share(name, day)
            for name, passing in self._passing.items()
        )
        extra_days += self._diverted_share * own.days_saved_by_europe
        world = extra_days / self._mean_days
        ours = self._employed_share / own.normal_employed_share - 1.0
        tightness = (1.0 - self._own_weight) * world + self._own_weight * ours
        rate = own.charter_usd_per_day * exp(own.charter_response * tightness)
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
        days = self._parameters.days_saved_by_europe + sum(
            self._passages[name].detour_days * self._routes.lost_share(name, day)
            for name in self._marginal_passages
            if self._parameters.marginal_supplier in self._passages[name].exports
        )
        return self.usd_per_mmbtu(days, day)
