"""Terms: what Chinese importers pay for landed barrels and cargoes over the cheapest netback of the same day.

It prices formulas off the tables of one world. It is no measure of who sets the price: good terms can come with no
influence, and a venue can lead while its buyers pay more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from agents.gas.rest import NAME as REST_OF_CHINA
from exchange.units import MMBTU_PER_TONNE_LNG, TONNES_PER_M3_LNG
from scenarios.results import Column
from scenarios.structural.adoption import crude_cargoes, lng_cargoes

ALL = "all"
Frames = Mapping[str, pd.DataFrame]

COLUMN_TEXTS = {
    "commodity": Column("", "crude: cargoes for the delivery bases; LNG: cargoes for the delta"),
    "reference": Column("", "price or index that the price formula refers to, or all of them"),
    "volume": Column("bbl or MMBtu", "whose price was fixed in the days counted"),
    "landed": Column("see unit", "mean landed price, by volume"),
    "cheapest": Column("see unit", "mean of the cheapest netback on the days of pricing, by volume"),
    "premium": Column("see unit", "landed less cheapest"),
    "unit": Column("", "of the prices"),
}
"""Documentation of the columns of `terms`."""

_NOT_TAKEN = "take-or-pay"
_BY_BRENT_ROUTE = ("Brent", "WTI")


def terms(frames: Frames, since: date | None = None) -> pd.DataFrame:
    """Return landed price, cheapest netback and premium by commodity and reference, and of "all" of them.

    Columns commodity, reference, volume, landed, cheapest, premium (prices in `unit`), unit. Prices are means weighted
    by volume, of bbl or MMBtu, and premium = landed - cheapest = sum v_i (L_i - N_d) / sum v_i over the cargoes i whose
    price was fixed in the span, each against the netbacks of that day d.

    Crude (USD/bbl; cargoes for the delivery bases, days of order flow; no row without any), in tank at group g:
    L = Oman + way of g for Oman/Dubai and Murban, Brent + way of Brent for Brent and WTI, and SC for SC;
    N = least of Oman + way of g over all g, and Brent + way of Brent. Oman and Brent are settlements, SC is Oman and
    the day's mean gap of SC to it on the common clock; the ways bear freight, insurance, quality, money, inspection
    and storage (`tanks`, `importer`). What is sold at SC costs SC; a term formula on SC adds its differential.
    LNG (USD/MMBtu DES): L = the cargo's price; N = least of JKM, the oil formula of a new long-term contract, and the
    sellers' outside option in the JKM window (`gas_days`, `jkm_windows`). What was paid in the span for gas not taken
    (reference "take-or-pay") is spread over all cargoes, and gas made up out of such payments has L = 0.
    """
    parts = []
    if "days" in frames:
        parts.append(_rows("crude", "USD/bbl", _crude(frames, since)))
    if "lng_cargoes" in frames:
        parts.append(_rows("LNG", "USD/MMBtu", _lng(frames, since)))
    columns = ["commodity", "reference", "volume", "landed", "cheapest", "premium", "unit"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def premium(table: pd.DataFrame, commodity: str, reference: str = ALL) -> float:
    """Return one premium of the table that `terms` gives; NaN where it has no such row."""
    row = table[(table["commodity"] == commodity) & (table["reference"] == reference)]
    return float(row["premium"].iloc[0]) if len(row) else float("nan")


def _crude(frames: Frames, since: date | None) -> pd.DataFrame:
    """Return a row for each cargo: reference, volume (bbl), landed and cheapest, USD/bbl."""
    cargoes = crude_cargoes(frames, since)
    day = pd.DatetimeIndex(cargoes["day"])
    tanks = _by_day(frames["tanks"])
    by_group = tanks.groupby(["day", "group"])["import_parity_usd_per_bbl"].min().unstack("group")
    daily = _by_day(frames["importer"])
    way_of_brent, differential = daily["brent_parity_usd_per_bbl"], daily["sc_differential_usd_per_bbl"]
    trading = frames["days"].assign(day=pd.to_datetime(frames["days"]["trading_day"]))
    settlement = trading.pivot(index="day", columns="venue", values="settlement")
    gap = trading[trading["venue"] == "SC"].set_index("day")["premium_to_oman_usd_per_bbl"]

    def on(series: pd.Series) -> np.ndarray:
        return series.dropna().reindex(day, method="ffill").to_numpy(dtype=float)

    oman = on(settlement["Oman"])
    by_gulf = np.column_stack([oman + on(by_group[group]) for group in by_group.columns])
    own_group = by_group.columns.get_indexer(pd.Index(cargoes["group"]))
    by_brent = on(settlement["Brent"]) + on(way_of_brent)
    reference = cargoes["reference"].to_numpy(dtype=object)
    landed = by_gulf[np.arange(len(cargoes)), own_group]
    landed = np.where(np.isin(reference, _BY_BRENT_ROUTE), by_brent, landed)
    by_term = cargoes["owner"].to_numpy(dtype=object) == "base_load"
    sc = oman + on(gap) + np.where(by_term, on(differential), 0.0)
    landed = np.where(reference == "SC", sc, landed)
    cheapest = np.minimum(by_gulf.min(axis=1), by_brent)
    volume = cargoes["bbl"].to_numpy(dtype=float)
    return pd.DataFrame(
        {"reference": reference, "volume": volume, "landed": landed, "cheapest": cheapest}
    ).dropna()


def _lng(frames: Frames, since: date | None) -> pd.DataFrame:
    """Return a row for each cargo: reference, volume (MMBtu), landed and cheapest, USD/MMBtu; `paid` is further USD."""
    cargoes = lng_cargoes(frames, since)
    days = _by_day(frames["gas_days"])
    windows = frames["jkm_windows"]
    outside = pd.Series(
        windows["outside_option_usd_per_mmbtu"].to_numpy(dtype=float), pd.to_datetime(windows["date"])
    )
    netbacks = days[["jkm_usd_per_mmbtu", "new_contract_usd_per_mmbtu"]].assign(
        outside=outside.reindex(days.index, method="ffill")
    )
    cheapest = netbacks.min(axis=1).reindex(pd.DatetimeIndex(cargoes["day"])).to_numpy(dtype=float)
    volume = cargoes["contract_m3_liquid"].to_numpy(dtype=float) * TONNES_PER_M3_LNG * MMBTU_PER_TONNE_LNG
    made_up = (
        cargoes["make_up"].to_numpy(dtype=bool) if "make_up" in cargoes else np.zeros(len(cargoes), bool)
    )
    landed = pd.DataFrame(
        {
            "reference": np.where(made_up, _NOT_TAKEN, cargoes["reference"].to_numpy(dtype=object)),
            "volume": volume,
            "landed": np.where(made_up, 0.0, cargoes["price_usd_per_mmbtu"].to_numpy(dtype=float)),
            "cheapest": cheapest,
            "paid": 0.0,
        }
    ).dropna()
    not_taken = pd.DataFrame(
        {"reference": [_NOT_TAKEN], "volume": 0.0, "landed": 0.0, "cheapest": 0.0}
        | {"paid": _not_taken_usd(frames, since)}
    )
    return pd.concat([landed, not_taken[not_taken["paid"] != 0.0]], ignore_index=True)


def _not_taken_usd(frames: Frames, since: date | None) -> float:
    """Return what the delta's importers paid for gas that they did not take, less what was paid back."""
    if "lng_payments" not in frames:
        return 0.0
    paid = frames["lng_payments"]
    kept = paid["what"].isin(["take-or-pay", "refund"]) & (paid["importer"] != REST_OF_CHINA)
    if since is not None:
        kept &= pd.to_datetime(paid["day"]) >= pd.Timestamp(since)
    return float(paid.loc[kept, "paid_usd"].sum())


def _by_day(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=pd.to_datetime(frame["day"])).set_index("day")


def _rows(commodity: str, unit: str, cargoes: pd.DataFrame) -> pd.DataFrame:
    """Return the weighted means by reference, and of all."""
    rows = []
    for reference, part in [(ALL, cargoes), *cargoes.groupby("reference", sort=True)]:
        volume = part["volume"].sum()
        landed, cheapest = (
            float((part["volume"] * part[column]).sum() / volume) if volume else float("nan")
            for column in ("landed", "cheapest")
        )
        landed += float(part["paid"].sum()) / volume if volume and "paid" in part else 0.0
        rows.append([commodity, reference, float(volume), landed, cheapest, landed - cheapest, unit])
    return pd.DataFrame(
        rows, columns=["commodity", "reference", "volume", "landed", "cheapest", "premium", "unit"]
    )
