"""Import parity and re-export parity: between which prices of SC no cargo moves.

It is arithmetic on given prices and costs; it holds no market and trades nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.crude.parameters import CostParameters, CrudeParameters
from exchange.units import USD_PER_BBL_PER_WS_POINT


@dataclass(frozen=True)
class ParityLine:
    """State a parity as a line in the price of Oman: cny_per_bbl = intercept + slope x oman_usd_per_bbl."""

    intercept_cny_per_bbl: float
    slope_cny_per_usd: float

    def cny_per_bbl(self, oman_usd_per_bbl: float) -> float:
        """Return the price of SC at which the trade breaks even."""
        return self.intercept_cny_per_bbl + self.slope_cny_per_usd * oman_usd_per_bbl


@dataclass(frozen=True)
class Way:
    """Describe the way from the Gulf into a base's tanks, beside what all ways have in common."""

    voyage_days: float
    freight_differential_usd_per_bbl: float = 0.0
    added_load_in_cny_per_bbl: float = 0.0


def ways(parameters: CrudeParameters) -> dict[str, Way]:
    """Return the way to each base, with the mean voyage of its group."""
    found = {}
    for depot in parameters.depots:
        group = parameters.groups[depot.group]
        days = (group.voyage_days_min + group.voyage_days_max) / 2
        differential = group.freight_differential_usd_per_bbl
        found[depot.name] = Way(days, differential, depot.added_load_in_cny_per_bbl)
    return found


@dataclass(frozen=True)
class Parities:
    """Hold the parity lines of a day: imports by base, and re-export."""

    imports: Mapping[str, ParityLine]
    reexport: ParityLine


@dataclass(frozen=True)
class ParityPremiums:
    """Give parities as premiums over Oman, USD/bbl: imports by base, their lowest, re-export, the middle.

    `neutral` is the middle of the band in which no cargo moves, between `reexport` and `lowest`.
    """

    by_base: Mapping[str, float]
    lowest: float
    reexport: float
    neutral: float


def parities(
    costs: CostParameters,
    bases: Mapping[str, Way],
    *,
    freight_worldscale: float,
    added_insurance_usd_per_bbl: float,
    storage_fee_cny_per_bbl_day: float,
    fx_cny_per_usd: float,
) -> Parities:
    """Return the parity lines of a day.

    imports = (Oman + freight + insurance) x FX x (1 + rate x days financed / 365) + inspection + load-in
    + storage fee x storage days, with days financed = voyage + storage - credit;
    re-export = (Oman + freight + insurance - re-export cost) x FX - load-out - inspection: the oil is sold in
    the region, where its buyer's other choice is a cargo from the Gulf.
    """
    by_sea = freight_worldscale * USD_PER_BBL_PER_WS_POINT
    by_sea += costs.insurance_usd_per_bbl + added_insurance_usd_per_bbl
    on_land = costs.inspection_cny_per_bbl + costs.load_in_cny_per_bbl
    on_land += storage_fee_cny_per_bbl_day * costs.storage_days
    imports: dict[str, ParityLine] = {}
    for name, way in bases.items():
        financed_days = max(0.0, way.voyage_days + costs.storage_days - costs.credit_days)
        slope = fx_cny_per_usd * (1 + costs.financing_percent_per_year / 100 * financed_days / 365)
        by_sea_to_base = by_sea + way.freight_differential_usd_per_bbl
        imports[name] = ParityLine(by_sea_to_base * slope + on_land + way.added_load_in_cny_per_bbl, slope)
    out_cny = costs.load_out_cny_per_bbl + costs.inspection_cny_per_bbl
    out = (by_sea - costs.reexport_cost_usd_per_bbl) * fx_cny_per_usd - out_cny
    return Parities(imports, ParityLine(out, fx_cny_per_usd))


def premiums(lines: Parities, oman_usd_per_bbl: float, fx_cny_per_usd: float) -> ParityPremiums:
    """Return the parities as premiums over Oman, USD/bbl."""

    def premium(line: ParityLine) -> float:
        return line.cny_per_bbl(oman_usd_per_bbl) / fx_cny_per_usd - oman_usd_per_bbl

    by_base = {name: premium(line) for name, line in lines.imports.items()}
    lowest, reexport = min(by_base.values()), premium(lines.reexport)
    return ParityPremiums(by_base, lowest, reexport, (lowest + reexport) / 2)
