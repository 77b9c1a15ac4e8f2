"""The prices that China's crude imports refer to, by origin, and the way of Brent-priced barrels.

It counts barrels and prices a route; it decides no purchase. Adoption of SC is a share of all term barrels.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.crude.parameters import BrentRouteParameters, CostParameters, OriginParameters, Reference

COLUMNS: dict[Reference, str] = {
    "Oman/Dubai": "imports_oman_dubai_bbl",
    "Brent": "imports_brent_bbl",
    "Murban": "imports_murban_bbl",
    "WTI": "imports_wti_bbl",
    "SC": "imports_sc_bbl",
}
"""Each reference, and the column of the daily record that has the term barrels priced on it."""


class ImportReferences:
    """Say what China's term imports of a day refer to, and what the next base-load cargo does.

    A base-load cargo stands for all imports: cargoes take turns, so that counts keep to the shares and no random
    number is drawn.
    """

    def __init__(self, origins: Mapping[str, OriginParameters]) -> None:
        self._bbl_per_day: dict[Reference, int] = dict.fromkeys(COLUMNS, 0)
        for origin in origins.values():
            self._bbl_per_day[origin.reference] += origin.imports_bbl_per_day
        self._total_bbl = sum(self._bbl_per_day.values())
        self._due: dict[Reference, float] = dict.fromkeys(COLUMNS, 0.0)

    def imports_bbl(self, sc_share: float) -> dict[Reference, int]:
        """Return a day's term imports by reference, `sc_share` of each origin's priced on SC; they sum to all."""
        found = {name: round(bbl * (1.0 - sc_share)) for name, bbl in self._bbl_per_day.items()}
        found["SC"] += self._total_bbl - sum(found.values())
        return found

    def next(self, sc_share: float) -> Reference:
        """Return the reference of the next base-load cargo: the one whose barrels are most in arrears."""
        shares = {n: bbl / self._total_bbl for n, bbl in self.imports_bbl(sc_share).items() if bbl}
        for name, share in shares.items():
            self._due[name] += share
        chosen = max(shares, key=self._due.__getitem__)
        self._due[chosen] -= 1.0
        return chosen


def brent_parity_usd_per_bbl(
    route: BrentRouteParameters,
    costs: CostParameters,
    *,
    storage_fee_cny_per_bbl_day: float,
    price_usd_per_bbl: float,
    fx_cny_per_usd: float,
) -> float:
    """Return what a Brent-priced barrel of SC's grade costs in tank, as a premium over Brent, USD/bbl.

    (price + quality + freight + insurance) x (1 + rate x days financed / 365) + (inspection + load-in + storage fee
    x storage days) / FX - price. `price_usd_per_bbl` only bears the money cost: the level of crude will do.
    """
    on_land = costs.inspection_cny_per_bbl + costs.load_in_cny_per_bbl
    on_land += storage_fee_cny_per_bbl_day * costs.storage_days
    days = max(0.0, route.voyage_days + costs.storage_days - costs.credit_days)
    money = 1 + costs.financing_percent_per_year / 100 * days / 365
    by_sea = route.quality_usd_per_bbl + route.freight_usd_per_bbl + costs.insurance_usd_per_bbl
    return (price_usd_per_bbl + by_sea) * money + on_land / fx_cny_per_usd - price_usd_per_bbl
