"""What buyers take of their term contracts: nominations within tolerance, take-or-pay, make-up, diversion.

It is the buyer's side of a contract: the supplier schedules what is nominated (agents/gas/suppliers.py). A buyer sees
today's prices and its outlook; it does not hedge, and it renegotiates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import log

from agents.gas.cargoes import Cargo
from agents.gas.importers import Outlook
from agents.gas.parameters import LiftingParameters
from exchange.units import MMBTU_PER_TONNE_LNG, TONNES_PER_M3_LNG

CENTS_PER_USD = 100
_NEUTRAL = Outlook(0.0, 0.0, 0.0)


@dataclass
class ContractYear:
    """A buyer's year with a supplier, in m3 of liquid and cents.

    `paid_m3` was paid for and not taken; `made_up_m3` was taken out of what earlier years paid for.
    """

    annual_m3: float = 0.0
    nominated_m3: float = 0.0
    scheduled_m3: int = 0
    made_up_m3: int = 0
    paid_m3: int = 0
    paid_cents: int = 0
    settled: bool = False


class Lifting:
    """Nominate, settle and divert for all buyers.

    Change of a quarter's quantity = price response x log(spot / contract) + stock response x scarcity, within the
    tolerances. Beyond the lower one a buyer goes only when its tanks are to be full, down to `lowest_share`.
    """

    def __init__(self, parameters: LiftingParameters) -> None:
        self.years: dict[tuple[str, str, int], ContractYear] = {}
        self.make_up_m3: dict[tuple[str, str], int] = {}
        self.credit_cents: dict[tuple[str, str], int] = {}
        self.used_cents = 0
        self._parameters = parameters
        self._outlooks: Mapping[str, Outlook] = {}
        self._spot_usd_per_mmbtu: float | None = None
        self.day: date | None = None
        self._turns: dict[str, float] = {}

    def observe(self, day: date, outlooks: Mapping[str, Outlook], spot_usd_per_mmbtu: float) -> None:
        """Take note of what buyers see on a day, and of the price of spot."""
        self.day = day
        self._outlooks, self._spot_usd_per_mmbtu = outlooks, spot_usd_per_mmbtu

    def share(self, supplier: str, buyer: str, contract_usd_per_mmbtu: float) -> float:
        """Return what a buyer nominates for a quarter, as a share of the contract's quantity.

        Who is not short has use for more only as far as it may sell it elsewhere.
        """
        own = self._parameters
        if self._spot_usd_per_mmbtu is None:
            return 1.0
        scarcity = self._outlooks.get(buyer, _NEUTRAL).scarcity
        change = own.price_response * log(self._spot_usd_per_mmbtu / contract_usd_per_mmbtu)
        change += own.stock_response * scarcity
        if scarcity <= 0.0 < change:
            change *= own.destination_free.get(supplier, 0.0)
        share = 1.0 + min(own.upward_tolerance, max(-own.downward_tolerance, change))
        overflow = (-scarcity - own.full_scarcity) / (1.0 - own.full_scarcity)
        if overflow > 0:
            share = min(
                share,
                1.0 - own.downward_tolerance - overflow * (1.0 - own.downward_tolerance - own.lowest_share),
            )
        return share

    def accrue(self, supplier: str, buyer: str, day: date, annual_m3: float, nominated_m3: float) -> None:
        """Add a day's part of the contract's quantity, and of what was nominated, to its year."""
        year = self.years.setdefault((supplier, buyer, day.year), ContractYear())
        year.annual_m3 += annual_m3
        year.nominated_m3 += nominated_m3

    def schedule(self, supplier: str, buyer: str, day: date, cargo_m3: int, *, make_up: bool) -> int:
        """Count a cargo towards its year, or out of what was paid for before; return the cents of credit it uses."""
        year = self.years.setdefault((supplier, buyer, day.year), ContractYear())
        if not make_up:
            year.scheduled_m3 += cargo_m3
            return 0
        contract = supplier, buyer
        credit = self.credit_cents[contract] * cargo_m3 // self.make_up_m3[contract]
        self.make_up_m3[contract] -= cargo_m3
        self.credit_cents[contract] -= credit
        self.used_cents += credit
        year.made_up_m3 += cargo_m3
        return credit

    def wants_make_up(self, supplier: str, buyer: str, cargo_m3: int) -> bool:
        """Tell whether a buyer has paid for a whole cargo that it did not take, and has use for it now."""
        scarcity = self._outlooks.get(buyer, _NEUTRAL).scarcity
        return self.make_up_m3.get((supplier, buyer), 0) >= cargo_m3 and scarcity > 0.0

    def settle(self, supplier: str, buyer: str, year: int, price_usd_per_mmbtu: float, cargo_m3: int) -> None:
        """Settle take-or-pay at the end of a year, in whole cargoes: what is paid for can be made up later.

        A cargo that the supplier lost counts as taken.
        """
        own = self.years.get((supplier, buyer, year))
        if own is None or own.settled:
            return
        own.settled = True
        short_m3 = self._parameters.take_or_pay_share * own.annual_m3 - own.scheduled_m3
        cargoes = max(0, int(short_m3 // cargo_m3))
        if cargoes:
            own.paid_m3 = cargoes * cargo_m3
            own.paid_cents = round(CENTS_PER_USD * price_usd_per_mmbtu * mmbtu(own.paid_m3))
            contract = supplier, buyer
            self.make_up_m3[contract] = self.make_up_m3.get(contract, 0) + own.paid_m3
            self.credit_cents[contract] = self.credit_cents.get(contract, 0) + own.paid_cents

    def diverts(self, cargo: Cargo, europe_usd_per_mmbtu: float | None, home_usd_per_mmbtu: float) -> bool:
        """Tell whether a term cargo that loads goes to Europe: netbacks at the port of loading, both free of freight.

        Only what is free of destination, cargoes in turn, and only from a buyer that is not short.
        """
        share = self._parameters.destination_free.get(cargo.supplier, 0.0)
        if cargo.spot or europe_usd_per_mmbtu is None or share == 0.0:
            return False
        if europe_usd_per_mmbtu <= home_usd_per_mmbtu + self._parameters.diversion_margin_usd_per_mmbtu:
            return False
        if self._outlooks.get(cargo.importer, _NEUTRAL).scarcity > 0.0:
            return False
        turn = self._turns.get(cargo.supplier, 0.0) + share
        self._turns[cargo.supplier] = turn - (turn >= 1.0)
        return turn >= 1.0

    def imbalances(self) -> dict[str, int]:
        """Return what is missing from the balances of what was paid for and not taken, in m3 and cents."""
        years = self.years.values()
        return {
            "take-or-pay: paid for - made up - still to make up": sum(y.paid_m3 - y.made_up_m3 for y in years)
            - sum(self.make_up_m3.values()),
            "take-or-pay: cents paid - used - credit": sum(y.paid_cents for y in years)
            - self.used_cents
            - sum(self.credit_cents.values()),
        }

    def rows(self, cargoes: list[Cargo]) -> list[dict[str, object]]:
        """Return the contracts by year, with what became of the cargoes planned to arrive in it."""
        rows = []
        for (supplier, buyer, year), own in self.years.items():
            mine = [
                c
                for c in cargoes
                if (c.supplier, c.importer, c.contract_year) == (supplier, buyer, year) and not c.spot
            ]
            rows.append(
                {
                    "year": year,
                    "supplier": supplier,
                    "importer": buyer,
                    "annual_m3_liquid": own.annual_m3,
                    "nominated_m3_liquid": own.nominated_m3,
                    "scheduled_m3_liquid": own.scheduled_m3,
                    "made_up_m3_liquid": own.made_up_m3,
                    "lost_m3_liquid": sum(c.contract_m3 for c in mine if c.lost),
                    "delivered_m3_liquid": sum(c.delivered_m3 for c in mine if not c.diverted),
                    "diverted_m3_liquid": sum(c.delivered_m3 for c in mine if c.diverted),
                    "take_or_pay_m3_liquid": own.paid_m3,
                    "take_or_pay_usd": own.paid_cents / CENTS_PER_USD,
                }
            )
        return rows


def mmbtu(volume_m3: int) -> float:
    """Return the energy of a volume of liquid, as contracts count it."""
    return volume_m3 * TONNES_PER_M3_LNG * MMBTU_PER_TONNE_LNG
