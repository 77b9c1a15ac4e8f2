"""What third-party access to terminals came to: slots sold, gas that third parties landed, and LNG landed in all.

It reads tables; slots are sold and used in agents/gas/slots.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from agents.gas.shocks import TerminalAccess
from exchange.units import TONNES_PER_M3_LNG
from scenarios.results import Column
from scenarios.spec import Scenario

Reader = Callable[[Mapping[str, pd.DataFrame]], float]

COLUMNS = {
    "owner": Column("", "owner of the terminal that offers the slot"),
    "first": Column("", "first day of the slot"),
    "last": Column("", "last day of the slot"),
    "bids": Column("", "buyers who would say yes above the floor"),
    "fee_cny_per_m3": Column("CNY/m3 of gas", "price of the slot"),
    "slot_value_cny_per_m3": Column(
        "CNY/m3 of gas", "published ex-terminal index less JKM landed, VAT and margin, to the winner"
    ),
    "cargo": Column("", "number of the cargo"),
    "landed": Column("", "day of discharge"),
    "lorries_m3_liquid": Column("m3 of LNG", "of the slot's cargo, sold to lorries at SHPGX"),
    "piped_m3_liquid": Column("m3 of LNG", "sent out by pipe to the buyer's own customers"),
    "taken_over_m3_liquid": Column("m3 of LNG", "bought in tank by the owner when the storage was over"),
    "fee_mn_cny": Column("mn CNY", "paid to the owner for a slot that was used"),
    "forfeited_mn_cny": Column("mn CNY", "deposit left to the owner for a slot that was not"),
    "revenue_mn_cny": Column("mn CNY", "of all sales of the cargo, VAT included"),
    "profit_mn_cny": Column("mn CNY", "revenue less cargo, VAT and fee, or the deposit lost"),
}
"""Documentation of the columns of gas_slots."""


def asks(scenario: Scenario) -> bool:
    """Return whether a scenario is about third-party access."""
    return any(isinstance(event, TerminalAccess) for event in (*scenario.conditions, *scenario.events))


def measures(first: pd.Timestamp) -> list[tuple[str, str, str, Reader]]:
    """Return the measures from a day on: name, label, unit, and how each is read."""

    def slots(figure: Callable[[pd.DataFrame], float]) -> Reader:
        def value(frames: Mapping[str, pd.DataFrame]) -> float:
            table = frames["gas_slots"]
            return figure(table[pd.to_datetime(table["day"]) >= first]) if len(table) else 0.0

        return value

    def landed_mt(frames: Mapping[str, pd.DataFrame]) -> float:
        cargoes = frames["lng_cargoes"]
        landed = cargoes[pd.to_datetime(cargoes["discharged"]) >= first]
        return float(landed["delivered_m3_liquid"].sum()) * TONNES_PER_M3_LNG / 1e6

    return [
        ("lng_landed", "LNG landed in the delta", "Mt", landed_mt),
        ("slots.offered", "terminal slots offered", "slots", slots(lambda table: float(len(table)))),
        (
            "slots.sold",
            "terminal slots sold",
            "slots",
            slots(lambda table: float(table["buyer"].notna().sum())),
        ),
        (
            "slots.landed",
            "LNG landed by third parties",
            "Mt",
            slots(lambda table: float(table["landed_m3_liquid"].sum()) * TONNES_PER_M3_LNG / 1e6),
        ),
        (
            "slots.profit",
            "third parties' profit",
            "mn CNY",
            slots(lambda table: float(table["profit_mn_cny"].sum())),
        ),
    ]
