"""What LNG cost the delta's importers from a day on, read from a run's tables of payments and of days.

It measures and pays nothing: who pays what is agents/gas/payments.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from agents.gas.payments import IMPORT_COST
from agents.gas.rest import NAME as REST_OF_CHINA

Frames = Mapping[str, pd.DataFrame]


def import_cost_musd(frames: Frames, first: pd.Timestamp) -> float:
    """Return what importers pay, in million USD: cargoes discharged, and gas not taken.

    What is made up was paid for before and costs nothing more; what is sold on is no import.
    """
    return _paid_usd(frames, first, IMPORT_COST) / 1e6


def net_of_stock_musd(frames: Frames, first: pd.Timestamp) -> float:
    """Return the import cost less what LNG in tank grew by, at the mean price of the cargoes landed; million USD.

    Gas that is still in tank at the end was not used up: without this, a terminal that fills its tanks seems dear.
    """
    landed = _own(frames, first, ("cargo",))
    volume_m3 = float(landed["volume_m3_liquid"].sum())
    price_usd_per_m3 = float(landed["paid_usd"].sum()) / volume_m3 if volume_m3 else 0.0
    days = frames["gas_days"]
    stock_m3 = days.loc[pd.to_datetime(days["day"]) >= first, "lng_stock_m3_liquid"]
    grown_m3 = float(stock_m3.iloc[-1] - stock_m3.iloc[0])
    return import_cost_musd(frames, first) - grown_m3 * price_usd_per_m3 / 1e6


def resale_gain_musd(frames: Frames, first: pd.Timestamp) -> float:
    """Return what importers earn with cargoes sold on, less what they pay for them, in million USD."""
    return 0.0 - _paid_usd(frames, first, ("cargo sold on", "resale")) / 1e6


def _paid_usd(frames: Frames, first: pd.Timestamp, what: Sequence[str]) -> float:
    return float(_own(frames, first, what)["paid_usd"].sum())


def _own(frames: Frames, first: pd.Timestamp, what: Sequence[str]) -> pd.DataFrame:
    """Return the payments of the delta's importers of some kinds from a day on."""
    paid = frames["lng_payments"]
    own = (paid["importer"] != REST_OF_CHINA) & (pd.to_datetime(paid["day"]) >= first)
    return paid[own & paid["what"].isin(what)]
