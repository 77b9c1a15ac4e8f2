"""The tables of mechanisms in common: their columns, and estimates as a frame.

What is estimated, on drawn markets or in gas worlds, is said in bench.py and winter.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from scenarios.results import Column, Estimate, Row

COLUMNS: Final = {
    "draw": Column("", "number of the draw, from 0; all mechanisms clear the same one"),
    "mechanism": Column("", "name of the mechanism"),
    "level_cny_per_t": Column("CNY/t", "what the buyers' values have in common"),
    "price_cny_per_t": Column("CNY/t", "volume-weighted mean price of what was signed; missing where nothing was"),
    "signed_kt": Column("kt", "volume of the deals made"),
    "delivered_kt": Column("kt", "volume delivered and paid for"),
    "buyer_rent_mn_cny": Column("mn CNY", "value of what buyers got, less what they paid, deposits lost included"),
    "seller_rent_mn_cny": Column("mn CNY", "what sellers were paid, deposits won included, less their cost"),
    "optimum_mn_cny": Column("mn CNY", "surplus of the planner who knows all values and costs"),
    "efficiency": Column("share", "both rents over the optimum; missing where the optimum is nothing"),
    "defaulted": Column("share", "of the volume signed, not fetched by its buyer; missing where nothing was signed"),
    "replication": Column("", "number of the gas world, from 0; all mechanisms sell in the same one"),
    "unmet_kt": Column("kt", "wanted at the dearest price of a session and not sold"),
    "lost_mn_cny": Column("mn CNY", "optimum of the sessions less both rents"),
    "told_r2": Column("R2", "of a session's price with the planner's price of the next, in logs"),
    "measure": Column("", "name of the measure"),
    "unit": Column("", "unit of value, low and high"),
    "value": Column("own unit", "the estimate"),
    "low": Column("own unit", "lower end of its 95 % interval"),
    "high": Column("own unit", "upper end of its 95 % interval"),
    "effect": Column("own unit", "mean difference from listing over the same draws"),
    "effect_low": Column("own unit", "lower end of its 95 % interval"),
    "effect_high": Column("own unit", "upper end of its 95 % interval"),
    "draws": Column("", "number of draws in the estimate"),
}  # fmt: skip
"""Documentation of the columns of both tables."""


def estimates_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Return a row for each mechanism and measure: the estimate, and its paired difference from listing."""
    records = []
    for row in rows:
        record: dict[str, Any] = {"mechanism": row.section, "measure": row.measure.split(".")[1]}
        record["unit"] = row.unit
        record |= dict(zip(("value", "low", "high"), _ends(row.base), strict=True))
        record |= dict(zip(("effect", "effect_low", "effect_high"), _ends(row.effect), strict=True))
        records.append(record | {"draws": row.base.n if row.base else 0})
    return pd.DataFrame(records)


def _ends(estimate: Estimate | None) -> tuple[float, float, float]:
    if estimate is None:
        return math.nan, math.nan, math.nan
    low, high = (math.nan if end is None else end for end in (estimate.low, estimate.high))
    return estimate.value, low, high
