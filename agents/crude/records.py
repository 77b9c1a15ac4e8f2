"""The daily record of the crude world, and its tables.

Days are calendar days, taken at 16:00; quantities are whole barrels and lots.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from agents.crude.bases import DeliveryBase
from agents.crude.importer import NAME as IMPORTER
from agents.crude.importer import ImportArbitrageur
from agents.crude.parameters import COMMERCIAL, Reference
from agents.crude.parity import ParityPremiums
from agents.crude.reexporter import ReexportArbitrageur
from agents.crude.references import COLUMNS
from agents.crude.shipping import Fleet
from exchange.codes import Venue
from exchange.units import BBL_PER_SC_LOT, FEN_PER_CNY

if TYPE_CHECKING:
    import pandas as pd


class DailyRecord:
    """Collect a row a day, and a row a day and base."""

    def __init__(self) -> None:
        self._tanks: list[dict[str, Any]] = []
        self._importer: list[dict[str, Any]] = []

    def add(
        self,
        day: date,
        bases: Mapping[str, DeliveryBase],
        warrant_lots: Mapping[str, int],
        storage_fee_cny_per_bbl_day: float,
        importer: ImportArbitrageur,
        reexporter: ReexportArbitrageur,
        premium: ParityPremiums,
        sc_premium_usd_per_bbl: float,
        brent_parity_usd_per_bbl: float,
        sc_differential_usd_per_bbl: float,
        imports_bbl: Mapping[Reference, int],
    ) -> None:
        """Add the rows of a day, with the lots under warrant by base.

        `sc_premium_usd_per_bbl` is SC's settlement over Oman, `brent_parity_usd_per_bbl` the cost in tank over Brent,
        `sc_differential_usd_per_bbl` what term formulas add to SC, `imports_bbl` China's term imports by what they are
        priced on.
        """
        for name, base in bases.items():
            rent = storage_fee_cny_per_bbl_day + base.rent_premium(storage_fee_cny_per_bbl_day)
            self._tanks.append(
                {
                    "day": day,
                    "base": name,
                    "group": base.group,
                    "stock_bbl": base.stock_bbl,
                    "capacity_bbl": base.capacity_bbl,
                    "traders_bbl": base.stock_bbl - base.holdings[COMMERCIAL].stock_bbl,
                    "committed_bbl": base.committed_bbl,
                    "importer_committed_bbl": base.holdings[IMPORTER].coming_bbl,
                    "room_for_importer_bbl": importer.room_bbl(name),
                    "leased_bbl": sum(lease.bbl for lease in base.leases),
                    "rent_cny_per_bbl_day": rent,
                    "warrant_bbl": warrant_lots[name] * BBL_PER_SC_LOT,
                    "load_out_bbl": base.lifted_today_bbl,
                    "lost_bbl": base.lost_bbl,
                    "berth_queue": len(base.berths.queue),
                    "import_parity_usd_per_bbl": premium.by_base[name],
                }
            )
        self._importer.append(
            {
                "day": day,
                "open_short_lots": importer.open_short_lots,
                "pending_lots": importer.pending_lots,
                "oman_lots": importer.account.lots[Venue.OMAN],
                "cargoes_outstanding": importer.cargoes_outstanding,
                "delivered_lots": importer.delivered_lots,
                "cash_cny": importer.account.cash_fen / FEN_PER_CNY,
                "reexport_long_lots": reexporter.open_long_lots,
                "reexport_received_lots": reexporter.received_lots,
                "sc_premium_usd_per_bbl": sc_premium_usd_per_bbl,
                "import_parity_usd_per_bbl": premium.lowest,
                "reexport_parity_usd_per_bbl": premium.reexport,
                "brent_parity_usd_per_bbl": brent_parity_usd_per_bbl,
                "sc_differential_usd_per_bbl": sc_differential_usd_per_bbl,
            }
            | {COLUMNS[reference]: bbl for reference, bbl in imports_bbl.items()}
        )

    def tables(self, fleet: Fleet) -> dict[str, pd.DataFrame]:
        """Return the tables. Empty times of cargoes are missing integers."""
        import pandas as pd  # takes half a second

        cargoes = pd.DataFrame(fleet.columns())
        times = [name for name in cargoes.columns if name.endswith("_ns")]
        return {
            "tanks": pd.DataFrame(self._tanks),
            "crude_cargoes": cargoes.astype(dict.fromkeys(times, "Int64")),
            "importer": pd.DataFrame(self._importer),
        }
