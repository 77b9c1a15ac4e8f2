"""Term cargoes that importers sell on in the JKM window: those free of destination, by who has no room for them.

A cargo is offered whole and DES in Northeast Asia, which is as far as Shanghai, at what it would bring at home; what
the contract asks is paid in any case. Cargoes for Europe are agents/gas/lifting.py's, and no importer trades for gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import exp

from agents.gas.abroad import Abroad
from agents.gas.cargoes import Cargo
from agents.gas.fleet import Fleet
from agents.gas.importers import Outlook
from agents.gas.jkm import Tender
from agents.gas.parameters import GasParameters
from agents.gas.published import PublishedPrices


class Resales:
    """Offer the cargoes and keep what was sold.

    Limit = max(netback at home x exp(elasticity x scarcity), Europe's price + what Asia is farther) + margin.
    Of a supplier's term cargoes no more leave China than are free of destination, those for Europe counted in.
    """

    def __init__(
        self, parameters: GasParameters, fleet: Fleet, abroad: Abroad, prices: PublishedPrices
    ) -> None:
        self.sold: list[Cargo] = []
        self._free = parameters.lifting.destination_free
        self._margin = parameters.lifting.diversion_margin_usd_per_mmbtu
        self._elasticity = parameters.importers.scarcity_elasticity
        self._shpgx = parameters.shpgx
        self._fleet, self._abroad, self._prices = fleet, abroad, prices

    def offers(self, day: date, outlooks: Mapping[str, Outlook]) -> list[tuple[Cargo, Tender]]:
        """Return the next free cargo to load of each importer that has a cargo more coming than its tanks will hold.

        Home is what the ex-terminal index in force pays for DES.
        """
        home_usd_per_mmbtu = self._prices.ex_terminal_usd_per_mmbtu(day, self._shpgx)
        elsewhere = self._abroad.elsewhere(day)
        europe_usd_per_mmbtu = max(elsewhere.given_usd_per_mmbtu or 0.0, elsewhere.pull_usd_per_mmbtu)
        found: list[tuple[Cargo, Tender]] = []
        for name, outlook in outlooks.items():
            if outlook.room_m3 > -self._fleet.cargo_m3:
                continue
            for cargo in self._fleet.to_load():
                own = cargo.importer == name and not cargo.spot
                if own and self._may_leave(cargo, [offered for offered, _ in found]):
                    home = home_usd_per_mmbtu * exp(self._elasticity * outlook.scarcity)
                    limit = max(home, europe_usd_per_mmbtu) + self._margin
                    found.append((cargo, Tender(name, limit, cargo.contract_m3)))
                    break
        return found

    def sell(
        self, offers: Iterable[tuple[Cargo, Tender]], filled: Iterable[bool], price_usd_per_mmbtu: float
    ) -> None:
        """Take what was bought off its importer's list; it goes its way when it loads."""
        for (cargo, _), gone in zip(offers, filled, strict=True):
            if gone:
                cargo.resale_usd_per_mmbtu = price_usd_per_mmbtu
                self.sold.append(cargo)

    def _may_leave(self, cargo: Cargo, offered: Sequence[Cargo]) -> bool:
        share = self._free.get(cargo.supplier, 0.0)
        if share == 0.0 or cargo.diverted:
            return False
        loaded_elsewhere = self._fleet.diverted
        term = [
            c
            for c in (*self._fleet.cargoes, *loaded_elsewhere)
            if c.supplier == cargo.supplier and not c.spot
        ]
        leaving = sum(own.diverted for own in term) + sum(own.supplier == cargo.supplier for own in offered)
        return leaving + 1 <= share * len(term)
