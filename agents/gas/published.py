"""The indices of LNG: of cargoes by the week, of LNG on the lorry by the day, each by rule and on its schedule.

The arrival index takes every cargo of the delta in the week in which it is discharged, at the price of its contract
or deal, in CNY/t without VAT; the spot index takes deals in the week in which they are struck, DES in USD/MMBtu. The
ex-terminal index of the delta and the national ex-plant index weight places by what they sold of late; SHPGX's own
price of the day stands in agents/gas/shpgx.py. Agents see a value from its publication on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from agents.gas.cargoes import Cargo
from agents.gas.importers import netback_usd_per_mmbtu
from agents.gas.parameters import ShpgxParameters
from agents.gas.plants import PlantTrade
from agents.prices import PriceHistory
from exchange.clock import day_of
from exchange.indices import IndexValue
from exchange.listing import ListingTrade
from exchange.place_index import PlaceIndex
from exchange.quality import Contribution, by_month
from exchange.units import FEN_PER_CNY, TONNES_PER_M3_LNG, cny_per_tonne_lng, usd_per_mmbtu
from exchange.weekly import Report, WeeklyIndex


@dataclass(frozen=True)
class PublishedPrices:
    """What traders may know: the ex-terminal index of the delta, JKM and the exchange rate, as they are published.

    Before its first value, SHPGX's own price stands for the ex-terminal index.
    """

    ex_terminal: PriceHistory
    shpgx_lng: PriceHistory
    jkm: PriceHistory
    fx: PriceHistory

    def ex_terminal_cny_per_t(self, day: date) -> float:
        """Return the index in force at this moment of a day: it is published at 16:00 of a trading day."""
        try:
            return self.ex_terminal.on(day)
        except LookupError:
            return self.shpgx_lng.on(day)

    def ex_terminal_usd_per_mmbtu(self, day: date, shpgx: ShpgxParameters) -> float:
        """Return what the index in force pays for LNG DES: less terminal fee and VAT."""
        return netback_usd_per_mmbtu(self.ex_terminal_cny_per_t(day), self.fx.on(day), shpgx)


_LAG_DAYS = {"arrival": 3, "spot_des": 1}


class PublishedIndices:
    """Keep all indices and their histories, each named after its index and its unit.

    `hauls_cny_per_t`: from each place inland to the delta.
    """

    def __init__(self, hauls_cny_per_t: Mapping[str, float]) -> None:
        self.arrival = WeeklyIndex("arrival", "CNY/t", _LAG_DAYS["arrival"])
        self.spot_des = WeeklyIndex("spot_des", "USD/MMBtu", _LAG_DAYS["spot_des"])
        self.ex_terminal = PlaceIndex("ex_terminal_delta")
        self.ex_plant = PlaceIndex("ex_plant_national")
        self.arrival_cny_per_t = PriceHistory("arrival_cny_per_t")
        self.spot_des_usd_per_mmbtu = PriceHistory("spot_des_usd_per_mmbtu")
        self.ex_terminal_cny_per_t = PriceHistory("ex_terminal_cny_per_t")
        self.ex_plant_cny_per_t = PriceHistory("ex_plant_cny_per_t")
        self._hauls = hauls_cny_per_t
        self._national_haul: list[float] = []
        self._behind: dict[str, list[Contribution]] = {}
        self._arrived: set[int] = set()
        self._dealt: set[int] = set()

    def publish_daily(
        self, day: date, at_terminals: Sequence[ListingTrade], at_plants: Sequence[PlantTrade]
    ) -> None:
        """Publish the daily indices from the trades of a trading day."""
        both: list[ListingTrade | PlantTrade] = [*at_terminals, *at_plants]
        published: tuple[tuple[PlaceIndex, PriceHistory, Sequence[ListingTrade | PlantTrade]], ...] = (
            (self.ex_terminal, self.ex_terminal_cny_per_t, at_terminals),
            (self.ex_plant, self.ex_plant_cny_per_t, both),
        )
        for index, history, trades in published:
            value = index.publish(day, trades)
            if value is not None:
                history.publish(day, value.value_fen_per_t / FEN_PER_CNY)
            self._note(index.name, day, trades)
        self._note("shpgx_lng", day, at_terminals)
        if self.ex_plant.values:
            tonnes = sum(trade.quantity_t for trade in both)
            haul = sum(self._hauls.get(trade.place, 0.0) * trade.quantity_t for trade in both)
            last = self._national_haul[-1] if self._national_haul else 0.0
            self._national_haul.append(haul / tonnes if tonnes else last)

    def publish(self, day: date, cargoes: Iterable[Cargo], fx: PriceHistory) -> None:
        """Take what was discharged and dealt up to now, and publish what is due."""
        self.take(cargoes, fx)
        for index, history in (
            (self.arrival, self.arrival_cny_per_t),
            (self.spot_des, self.spot_des_usd_per_mmbtu),
        ):
            value = index.publish(day)
            if value is not None:
                history.publish(day, value.value)

    def take(self, cargoes: Iterable[Cargo], fx: PriceHistory) -> None:
        """Note the cargoes that have been discharged or dealt."""
        for cargo in cargoes:
            self._take(cargo, fx)

    def frame(
        self, shpgx_lng: Sequence[IndexValue], jkm: PriceHistory, fx: PriceHistory, shpgx: ShpgxParameters
    ) -> pd.DataFrame:
        """Return all values, a row for each index and day of publication, and how far each stands over JKM.

        `over_jkm_usd_per_mmbtu` compares them as DES: less terminal fee, VAT and haul where they have them (see
        exchange/parity.py).
        """
        rows: list[dict[str, Any]] = [
            {"name": index.name, "unit": index.unit, **vars(value)}
            for index in (self.arrival, self.spot_des)
            for value in index.values
        ]
        for index in (self.ex_terminal, self.ex_plant):
            for value in index.values:
                own = {"volume_t": value.volume_t, "reports": value.trades, "carried": value.carried}
                rows.append(_daily(index.name, value.published, value.value_fen_per_t, own))
        for one in shpgx_lng:
            own = {"volume_t": one.volume_t, "carried": one.carried}
            rows.append(_daily("shpgx_lng", one.day, one.value_fen_per_t, own))
        hauls = dict(zip((v.published for v in self.ex_plant.values), self._national_haul, strict=True))
        for row in rows:
            day = row["published"]
            haul = hauls[day] if row["name"] == self.ex_plant.name else 0.0
            as_des = _as_des(row["name"], row["value"] + haul, fx.on(day), shpgx)
            row["over_jkm_usd_per_mmbtu"] = as_des - jkm.on(day)
        frame = pd.DataFrame(rows, columns=None if rows else ["name", "unit", "published"])
        for name in ("published", "first", "last"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name])
        return frame

    def quality_frame(self, shpgx_lng: Sequence[IndexValue]) -> pd.DataFrame:
        """Return the quality of each index by calendar month (exchange/quality.py)."""
        values: dict[str, list[tuple[date, bool]]] = {
            index.name: [(value.last, value.carried) for value in index.values]
            for index in (self.arrival, self.spot_des)
        }
        values |= {
            index.name: [(value.published, value.carried) for value in index.values]
            for index in (self.ex_terminal, self.ex_plant)
        }
        values["shpgx_lng"] = [(value.day, value.carried) for value in shpgx_lng]
        rows = [
            {"name": name, **vars(month)}
            for name, own in values.items()
            for month in by_month(own, self._behind.get(name, []))
        ]
        return pd.DataFrame(rows, columns=None if rows else ["name", "period"])

    def _note(self, name: str, day: date, trades: Sequence[ListingTrade | PlantTrade]) -> None:
        self._behind.setdefault(name, []).extend(
            Contribution(day, trade.seller, trade.buyer, trade.quantity_t) for trade in trades
        )

    def _take(self, cargo: Cargo, fx: PriceHistory) -> None:
        price = cargo.price_usd_per_mmbtu
        if price is None:
            return
        if cargo.spot and cargo.priced_ns is not None and cargo.number not in self._dealt:
            self._dealt.add(cargo.number)
            volume_t = cargo.contract_m3 * TONNES_PER_M3_LNG
            dealt = day_of(cargo.priced_ns)
            self.spot_des.report(Report(dealt, price, volume_t, cargo.supplier))
            behind = Contribution(dealt, cargo.supplier, cargo.importer, volume_t)
            self._behind.setdefault(self.spot_des.name, []).append(behind)
        if cargo.discharged_ns is not None and cargo.number not in self._arrived:
            self._arrived.add(cargo.number)
            landed, volume_t = day_of(cargo.discharged_ns), cargo.delivered_m3 * TONNES_PER_M3_LNG
            declared = cny_per_tonne_lng(price, fx.on(landed))
            self.arrival.report(Report(landed, declared, volume_t, cargo.supplier))
            behind = Contribution(landed, cargo.supplier, cargo.importer, volume_t)
            self._behind.setdefault(self.arrival.name, []).append(behind)


def _daily(name: str, day: date, value_fen_per_t: int, figures: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a daily value, of which the first and the last day are its own."""
    told = {"name": name, "unit": "CNY/t", "published": day, "first": day, "last": day}
    return told | {"value": value_fen_per_t / FEN_PER_CNY, **figures}


def _as_des(name: str, value: float, fx_cny_per_usd: float, shpgx: ShpgxParameters) -> float:
    """Return an index as DES in USD/MMBtu: spot is so, arrival is before VAT and fee, the others are on the lorry."""
    if name == "spot_des":
        return value
    if name == "arrival":
        return usd_per_mmbtu(value, fx_cny_per_usd)
    return netback_usd_per_mmbtu(value, fx_cny_per_usd, shpgx)
