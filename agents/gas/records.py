"""The records of the gas world and the frames made of them.

It keeps what it is told; it computes sums only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from agents.gas.cargoes import Cargo
from agents.gas.hours import HOURS, DayHours
from agents.gas.jkm import Assessment
from agents.gas.terminals import Terminal
from exchange.clock import wall_clock
from exchange.listing import ListingTrade


class GasRecords:
    """Keep one row a day, one for each place, edge and terminal a day, and one for each JKM window."""

    def __init__(self, sectors: Sequence[str]) -> None:
        self._sectors = tuple(sectors)
        self._days: list[dict[str, Any]] = []
        self._places: list[dict[str, Any]] = []
        self._edges: list[dict[str, Any]] = []
        self._hours: list[tuple[date, DayHours]] = []
        self._terminals: list[dict[str, Any]] = []
        self._windows: list[dict[str, Any]] = []

    def day(
        self,
        day: date,
        *,
        demand_m3: dict[str, int],
        unserved_m3: dict[str, int],
        unserved_at_m3: dict[str, int],
        **figures: float,
    ) -> None:
        """Keep a day: demand by sector, unserved gas by sector and by place, and other figures with their units."""
        demand, unserved = sum(demand_m3.values()), sum(unserved_m3.values())
        row: dict[str, Any] = {"date": day, "demand_m3": demand}
        row |= {f"demand_{name}_m3": demand_m3[name] for name in self._sectors}
        row |= {"served_m3": demand - unserved, "unserved_m3": unserved}
        row |= {f"unserved_{name}_m3": unserved_m3[name] for name in self._sectors}
        row |= {f"unserved_{place}_m3": volume for place, volume in unserved_at_m3.items()}
        self._days.append(row | figures)

    def places(
        self, day: date, demand_m3: Mapping[str, dict[str, int]], unserved_m3: Mapping[str, dict[str, int]]
    ) -> None:
        """Keep a day's demand and unserved gas by place and sector, lorries included."""
        for place, demand in demand_m3.items():
            unserved = unserved_m3[place]
            row: dict[str, Any] = {"date": day, "place": place, "demand_m3": sum(demand.values())}
            row["unserved_m3"] = sum(unserved.values())
            row |= {f"demand_{name}_m3": demand[name] for name in self._sectors}
            row |= {f"unserved_{name}_m3": unserved[name] for name in self._sectors}
            self._places.append(row)

    def hours(self, day: date, hours: DayHours | None) -> None:
        """Keep what each place burnt and was given in each hour of a day."""
        if hours is not None:
            self._hours.append((day, hours))

    def check_hours(self) -> None:
        """Raise ArithmeticError for a node and hour that does not balance, or a place whose pack is below nothing."""
        last: dict[str, int] = {}
        for day, hours in self._hours:
            for junction, (coming, leaving) in hours.junctions.items():
                if (coming != leaving).any():
                    raise ArithmeticError(f"{junction} does not balance in an hour of {day}")
            for place, own in hours.places.items():
                gained = own.pipeline_m3 + own.lng_m3 + own.through_m3 - own.served_m3
                before = np.concatenate([[last.get(place, own.pack_m3[0] - gained[0])], own.pack_m3[:-1]])
                if (own.pack_m3 - before != gained).any() or own.pack_m3.min() < 0:
                    raise ArithmeticError(f"{place} does not balance in an hour of {day}")
                last[place] = own.pack_m3[-1]

    def edges(self, day: date, flows_m3: Mapping[str, tuple[int, int | None]]) -> None:
        """Keep what flowed on each pipeline, net from its first node, and what it could carry (none: no limit)."""
        self._edges += [
            {"date": day, "edge": edge, "flow_m3": flow, "capacity_m3": limit}
            for edge, (flow, limit) in flows_m3.items()
        ]

    def terminal(
        self, day: date, terminal: Terminal, send_out_m3: int, trucked_m3: int, bunkered_m3: int
    ) -> None:
        """Keep the end of a terminal's day."""
        self._terminals.append(
            {
                "date": day,
                "terminal": terminal.name,
                "stock_m3_liquid": terminal.stock_m3,
                "tank_m3_liquid": terminal.tank_m3,
                "heel_m3_liquid": terminal.heel_m3,
                "capacity_mtpa": terminal.capacity_mtpa,
                "send_out_m3_liquid": send_out_m3,
                "trucked_m3_liquid": trucked_m3,
                "bunkered_m3_liquid": bunkered_m3,
                "ships_waiting": terminal.waiting,
            }
        )

    def window(self, assessment: Assessment) -> None:
        """Keep a JKM window."""
        row = asdict(assessment)
        date_of_window, tenders, _ = row.pop("day"), len(row.pop("filled")), row.pop("resold")
        row |= {f"bought_{basin}_m3": volume for basin, volume in row.pop("bought_m3").items()}
        named = {name + "_liquid" if name.endswith("_m3") else name: value for name, value in row.items()}
        self._windows.append({"date": date_of_window, "chinese_tenders": tenders} | named)

    def totals(self) -> dict[str, int]:
        """Return the sums over days that the ledger needs."""
        names = {
            "demand_gas_m3": "demand_m3",
            "served_gas_m3": "served_m3",
            "unserved_gas_m3": "unserved_m3",
            "pipeline_gas_m3": "pipeline_taken_m3",
            "trucked_away_gas_m3": "trucked_away_m3",
        }
        return {total: sum(row[column] for row in self._days) for total, column in names.items()}

    def tables(self, cargoes: Sequence[Cargo], trades: Sequence[ListingTrade]) -> dict[str, pd.DataFrame]:
        """Return all frames; dates are datetime64, moments are Shanghai wall clock."""
        return {
            "gas_days": _dated(pd.DataFrame(self._days)),
            "gas_places": _dated(pd.DataFrame(self._places)),
            "gas_edges": _dated(pd.DataFrame(self._edges)).astype({"capacity_m3": "float64"}),
            "gas_hours": self._hour_frame(),
            "terminals": _dated(pd.DataFrame(self._terminals)),
            "lng_cargoes": cargo_frame(cargoes),
            "listings": pd.DataFrame([_trade_row(trade) for trade in trades]),
            "jkm": _dated(pd.DataFrame(self._windows)),
        }

    def _hour_frame(self) -> pd.DataFrame:
        """Return the hours of all places; `time` is the start of the hour."""
        names = ("wanted_m3", "unserved_m3", "pipeline_m3", "lng_m3", "through_m3", "pack_m3")
        parts = [(day, place, own) for day, hours in self._hours for place, own in hours.places.items()]
        columns = {name: np.concatenate([getattr(own, name) for *_, own in parts] or [[]]) for name in names}
        days = np.repeat(np.array([day for day, *_ in parts], "datetime64[us]"), HOURS)
        hour = np.tile(np.arange(HOURS), len(parts)).astype("timedelta64[h]")
        places = np.repeat([place for _, place, _ in parts], HOURS)
        return pd.DataFrame({"date": days, "time": days + hour, "place": places} | columns)


def cargo_frame(cargoes: Sequence[Cargo]) -> pd.DataFrame:
    """Return cargoes as a frame, one row each."""
    return pd.DataFrame([_cargo_row(cargo) for cargo in cargoes])


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    if "date" in frame:
        frame["date"] = pd.to_datetime(frame["date"])
    return frame


def _moment(at_ns: int | None) -> datetime | None:
    return None if at_ns is None else wall_clock(at_ns)


def _cargo_row(cargo: Cargo) -> dict[str, Any]:
    return {
        "cargo": cargo.number,
        "supplier": cargo.supplier,
        "importer": cargo.importer,
        "terminal": cargo.terminal,
        "port": cargo.port,
        "ship": cargo.ship.name if cargo.ship else None,
        "way": cargo.route,
        "hire_usd_per_day": cargo.hire_usd_per_day,
        "spot": cargo.spot,
        "lost": cargo.lost,
        "planned_loading": _moment(cargo.planned_loading_ns),
        "planned_arrival": _moment(cargo.planned_arrival_ns),
        "loaded": _moment(cargo.loaded_ns),
        "arrived": _moment(cargo.arrived_ns),
        "moored": _moment(cargo.moored_ns),
        "discharged": _moment(cargo.discharged_ns),
        "loaded_m3_liquid": cargo.loaded_m3,
        "boil_off_m3_liquid": cargo.boil_off_m3,
        "heel_m3_liquid": cargo.heel_m3,
        "delivered_m3_liquid": cargo.delivered_m3,
        "contract_m3_liquid": cargo.contract_m3,
        "make_up": cargo.make_up,
        "sold_to": cargo.sold_to,
        "resale_usd_per_mmbtu": cargo.resale_usd_per_mmbtu,
        "price_usd_per_mmbtu": cargo.price_usd_per_mmbtu,
        "reference": cargo.reference,
        "priced": _moment(cargo.priced_ns),
    }


def _trade_row(trade: ListingTrade) -> dict[str, Any]:
    return {
        "trade": trade.number,
        "time": _moment(trade.time_ns),
        "listing": trade.listing,
        "seller": trade.seller,
        "buyer": trade.buyer,
        "terminal": trade.place,
        "delivery": trade.delivery,
        "price_fen_per_t": trade.price_fen_per_t,
        "quantity_t": trade.quantity_t,
        "amount_fen": trade.amount_fen,
    }
