"""Adoption: the share of physical barrels and cargoes whose price formula refers to a venue's price or index.

It counts what a price-reporting agency would count, off the tables of one world. It says nothing of who discovers the
price: a benchmark can be adopted that discovers nothing. Sold on SC or SHPGX is not yet hedged there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import get_args

import pandas as pd

from agents.adoption import ReferenceInputs, hedge_effectiveness
from agents.crude.references import COLUMNS
from agents.gas.cargoes import Reference as LngReference
from exchange.units import TONNES_PER_M3_LNG
from scenarios.results import Column

COLUMN_TEXTS = {
    "commodity": Column("", "crude: all term imports of the country; LNG: cargoes for the delta"),
    "reference": Column("", "price or index that the price formula refers to"),
    "volume": Column("see unit", "priced on the reference in the days counted"),
    "unit": Column("", "of the volume, or of the prices"),
    "share": Column("share", "of the commodity's volume"),
}
"""Documentation of the columns of `adoption`."""

CRUDE, BASES, LNG, TRUCKED = "crude", "crude at the delivery bases", "LNG", "trucked LNG"
Frames = Mapping[str, pd.DataFrame]


def adoption(frames: Frames, since: date | None = None) -> pd.DataFrame:
    """Return the volume priced on each reference and its share of the commodity's, counted from `since` on.

    Columns commodity, reference, volume, unit, share; the shares of a commodity sum to 1, and are NaN where nothing
    was priced. Every reference has its row.

    "crude": China's term imports of the days counted, by the reference of their origin (`importer`), and the cargoes
    sold on SC and delivered there as warrants (`crude_cargoes`), which are SC's; days of order flow where there are
    any. "crude at the delivery bases": the cargoes booked for them alone. "LNG": cargoes for the delta's terminals by
    contract volume, spot on the day of the window, term on the day of loading; lost ones and those not priced yet do
    not count. "trucked LNG": tonnes sold at SHPGX, which is all that this model sells by lorry.
    Frames: importer, crude_cargoes; with gas lng_cargoes, shpgx_listings; with order flow days. What is not there
    leaves its commodity out.
    """
    parts = []
    if "crude_cargoes" in frames:
        first, last = flow_span(frames, since)
        imports = frames["importer"]
        days = pd.to_datetime(imports["day"])
        counted = imports[(days >= first) & (days <= last)]
        volumes = {str(name): float(counted[column].sum()) for name, column in COLUMNS.items()}
        cargoes = crude_cargoes(frames, since)
        sold = cargoes.loc[cargoes["owner"] == "importer"]
        parts.append(_table(CRUDE, "bbl", _sum(volumes, sold["reference"], sold["bbl"])))
        at_bases = _sum(dict.fromkeys(volumes, 0.0), cargoes["reference"], cargoes["bbl"])
        parts.append(_table(BASES, "bbl", at_bases))
    if "lng_cargoes" in frames:
        lng = lng_cargoes(frames, since)
        tonnes = lng["contract_m3_liquid"] * TONNES_PER_M3_LNG
        none = dict.fromkeys(get_args(LngReference), 0.0)
        parts.append(_table(LNG, "t", _sum(none, lng["reference"], tonnes)))
        parts.append(_table(TRUCKED, "t", {"SHPGX": _listed_t(frames["shpgx_listings"], since)}))
    return pd.concat(parts, ignore_index=True)


def share(table: pd.DataFrame, commodity: str, reference: str) -> float:
    """Return one share of the table that `adoption` gives. Raises KeyError where it has no such row."""
    row = table[(table["commodity"] == commodity) & (table["reference"] == reference)]
    if row.empty:
        raise KeyError(f"{commodity} on {reference}")
    return float(row["share"].iloc[0])


def flow_span(frames: Frames, since: date | None) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day counted for crude: those of order flow where there is any."""
    first, last = pd.Timestamp(since) if since else pd.Timestamp.min, pd.Timestamp.max
    if "days" not in frames:
        return first, last
    days = frames["days"]
    trading = sorted(pd.to_datetime(days.loc[days["venue"] == "SC", "trading_day"]))
    return max(first, trading[0]), trading[-1]


def crude_cargoes(frames: Frames, since: date | None) -> pd.DataFrame:
    """Return the cargoes for the delivery bases booked in the span, with their `day`; lost ones left out."""
    first, last = flow_span(frames, since)
    cargoes = frames["crude_cargoes"]
    day = pd.to_datetime(cargoes["booked_ns"].astype("int64")).dt.normalize()
    kept = (day >= first) & (day <= last) & ~cargoes["lost"].astype(bool)
    return cargoes.assign(day=day)[kept]


def lng_cargoes(frames: Frames, since: date | None) -> pd.DataFrame:
    """Return the LNG cargoes priced from `since` on, with the `day`; lost ones left out."""
    cargoes = frames["lng_cargoes"]
    if cargoes.empty:
        return pd.DataFrame(columns=["reference", "contract_m3_liquid", "price_usd_per_mmbtu", "day"])
    day = pd.to_datetime(cargoes["priced"]).dt.normalize()
    kept = day.notna() & ~cargoes["lost"].astype(bool)
    if since is not None:
        kept &= day >= pd.Timestamp(since)
    return cargoes.assign(day=day)[kept]


def crude_inputs(frames: Frames) -> dict[str, ReferenceInputs]:
    """Return what SC, Oman and Brent offer to a buyer of a Gulf cargo, as a run shows it, for `adoption_path`.

    Hedge effectiveness: R2 of daily changes of the landed price (Oman + way) on those of each venue, all at the last
    common minute of SC's day: settlements of different hours would understate it. Relative liquidity: mean lots a day
    over the most liquid venue's. Needs `quotes`, `days` and `importer`.
    """
    days, quotes = frames["days"], frames["quotes"]
    mids = quotes.pivot(index="at_ns", columns="venue", values="mid").dropna()
    at = pd.to_datetime(pd.Index(mids.index, dtype="int64"))
    by_day = (at.hour >= 9) & (at.hour < 15)
    prices = mids[by_day].groupby(at[by_day].normalize()).last()
    lots = days.groupby("venue")["volume_lots"].mean().clip(lower=1.0)
    way = frames["importer"].assign(day=pd.to_datetime(frames["importer"]["day"])).set_index("day")
    landed = (prices["Oman"] + way["import_parity_usd_per_bbl"].reindex(prices.index)).diff().dropna()
    return {
        str(name): ReferenceInputs(
            hedge_effectiveness(landed.tolist(), prices[name].diff()[landed.index].tolist()),
            float(lots[name] / lots.max()),
        )
        for name in prices.columns
    }


def lng_inputs(frames: Frames, step_days: int = 5) -> dict[str, ReferenceInputs]:
    """Return what oil, JKM and SHPGX offer to an importer who sells in the delta, as a run shows it.

    Hedge effectiveness: R2 of changes over `step_days` of SHPGX's price, which is what he sells at, on those of each
    reference; SHPGX itself has 1. Relative liquidity: tonnes a day traded in the JKM window and by listing at SHPGX;
    oil counts as liquid as the more liquid of them, which is an assumption. Needs gas_days, jkm_windows,
    shpgx_listings.
    """
    days = frames["gas_days"]
    columns = {
        "oil-linked": "new_contract_usd_per_mmbtu",
        "JKM": "jkm_usd_per_mmbtu",
        "SHPGX": "shpgx_lng_cny_per_t",
    }
    steps = days[list(columns.values())].iloc[::step_days].diff().dropna()
    exposure = steps["shpgx_lng_cny_per_t"].tolist()
    count = max(1, len(days))
    jkm = float(frames["jkm_windows"]["volume_m3_liquid"].sum()) * TONNES_PER_M3_LNG / count
    shpgx = _listed_t(frames["shpgx_listings"], None) / count
    most = max(jkm, shpgx, 1.0)
    liquidity = {"oil-linked": 1.0, "JKM": max(jkm, 1.0) / most, "SHPGX": max(shpgx, 1.0) / most}
    return {
        name: ReferenceInputs(hedge_effectiveness(exposure, steps[column].tolist()), liquidity[name])
        for name, column in columns.items()
    }


def _listed_t(listings: pd.DataFrame, since: date | None) -> float:
    if listings.empty:
        return 0.0
    if since is not None:
        listings = listings[pd.to_datetime(listings["time"]) >= pd.Timestamp(since)]
    return float(listings["quantity_t"].sum())


def _sum(volumes: Mapping[str, float], references: pd.Series, volume: pd.Series) -> dict[str, float]:
    """Return `volumes` with those of cargoes added, by reference."""
    found = dict(volumes)
    for reference, more in volume.astype(float).groupby(references.astype(str)).sum().items():
        found[str(reference)] = found.get(str(reference), 0.0) + float(more)
    return found


def _table(commodity: str, unit: str, volumes: Mapping[str, float]) -> pd.DataFrame:
    table = pd.DataFrame({"reference": list(volumes), "volume": list(volumes.values())})
    table.insert(0, "commodity", commodity)
    total = table["volume"].sum()
    return table.assign(unit=unit, share=table["volume"] / total if total else float("nan"))
