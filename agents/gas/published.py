"""The weekly indices of LNG that SHPGX publishes from cargoes: of all that arrive, as declared, and of spot deals.

The arrival index takes every cargo of the delta in the week in which it is discharged, at the price of its contract
or deal, in CNY/t without VAT; the spot index takes deals in the week in which they are struck, DES in USD/MMBtu.
Agents see them from the day of publication. LNG sold on the lorry has an index of its own (agents/gas/shpgx.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd

from agents.gas.cargoes import Cargo
from agents.prices import PriceHistory
from exchange.clock import day_of
from exchange.units import TONNES_PER_M3_LNG, cny_per_tonne_lng
from exchange.weekly import Report, WeeklyIndex

_LAG_DAYS = {"arrival": 3, "spot_des": 1}


class PublishedIndices:
    """Keep both indices and their histories (`arrival_cny_per_t`, `spot_des_usd_per_mmbtu`)."""

    def __init__(self) -> None:
        self.arrival = WeeklyIndex("arrival", "CNY/t", _LAG_DAYS["arrival"])
        self.spot_des = WeeklyIndex("spot_des", "USD/MMBtu", _LAG_DAYS["spot_des"])
        self.arrival_cny_per_t = PriceHistory("arrival_cny_per_t")
        self.spot_des_usd_per_mmbtu = PriceHistory("spot_des_usd_per_mmbtu")
        self._arrived: set[int] = set()
        self._dealt: set[int] = set()

    def publish(self, day: date, cargoes: Iterable[Cargo], fx: PriceHistory) -> None:
        """Take what was discharged and dealt up to now, and publish what is due."""
        for cargo in cargoes:
            self._take(cargo, fx)
        for index, history in (
            (self.arrival, self.arrival_cny_per_t),
            (self.spot_des, self.spot_des_usd_per_mmbtu),
        ):
            value = index.publish(day)
            if value is not None:
                history.publish(day, value.value)

    def frame(self) -> pd.DataFrame:
        """Return all values: one row for each index and week."""
        rows: list[dict[str, Any]] = [
            {"name": index.name, "unit": index.unit, **vars(value)}
            for index in (self.arrival, self.spot_des)
            for value in index.values
        ]
        frame = pd.DataFrame(rows, columns=None if rows else ["name", "unit", "published"])
        for name in ("published", "first", "last"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name])
        return frame

    def _take(self, cargo: Cargo, fx: PriceHistory) -> None:
        price = cargo.price_usd_per_mmbtu
        if price is None:
            return
        if cargo.spot and cargo.priced_ns is not None and cargo.number not in self._dealt:
            self._dealt.add(cargo.number)
            volume_t = cargo.contract_m3 * TONNES_PER_M3_LNG
            self.spot_des.report(Report(day_of(cargo.priced_ns), price, volume_t, cargo.supplier))
        if cargo.discharged_ns is not None and cargo.number not in self._arrived:
            self._arrived.add(cargo.number)
            landed, volume_t = day_of(cargo.discharged_ns), cargo.delivered_m3 * TONNES_PER_M3_LNG
            declared = cny_per_tonne_lng(price, fx.on(landed))
            self.arrival.report(Report(landed, declared, volume_t, cargo.supplier))
