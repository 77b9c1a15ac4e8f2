"""The books of the gas world: what must be conserved, in whole m3 and fen.

It checks what happened; it moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.gas.cargoes import Cargo
from agents.gas.dispatch import GAS_PER_LIQUID
from agents.gas.ships import Ships
from agents.gas.terminals import Terminal


@dataclass(frozen=True)
class Ledger:
    """Totals since the start. LNG in m3 of liquid, gas in m3 of gas, money in fen."""

    loaded_m3: int
    delivered_m3: int
    boil_off_m3: int
    heel_m3: int
    afloat_m3: int
    ships_heel_imbalance_m3: int
    initial_stock_m3: int
    received_m3: int
    sent_out_m3: int
    trucked_m3: int
    bunkered_m3: int
    stock_m3: int
    demand_gas_m3: int
    served_gas_m3: int
    unserved_gas_m3: int
    pipeline_gas_m3: int
    trucked_away_gas_m3: int
    line_pack_gained_m3: int
    cash_fen: int

    def imbalances(self) -> dict[str, int]:
        """Return what is missing from each balance; all are 0 when nothing was made or lost."""
        return {
            "ships: loaded - delivered - boil-off - heel - afloat": self.loaded_m3
            - self.delivered_m3
            - self.boil_off_m3
            - self.heel_m3
            - self.afloat_m3,
            "ships' heels: first + left by cargoes - boiled off - loaded over - aboard": self.ships_heel_imbalance_m3,
            "jetties: delivered - received": self.delivered_m3 - self.received_m3,
            "tanks: initial + received - sent out - trucked - bunkered - stock": self.initial_stock_m3
            + self.received_m3
            - self.sent_out_m3
            - self.trucked_m3
            - self.bunkered_m3
            - self.stock_m3,
            "consumers: demand - served - unserved": self.demand_gas_m3
            - self.served_gas_m3
            - self.unserved_gas_m3,
            "grid: pipeline + LNG - served - trucked away - line pack": self.pipeline_gas_m3
            + GAS_PER_LIQUID * (self.sent_out_m3 + self.trucked_m3)
            - self.served_gas_m3
            - self.trucked_away_gas_m3
            - self.line_pack_gained_m3,
            "listings: cash of all": self.cash_fen,
        }


def ledger(
    cargoes: Iterable[Cargo],
    terminals: Sequence[Terminal],
    ships: Ships,
    *,
    demand_gas_m3: int,
    served_gas_m3: int,
    unserved_gas_m3: int,
    pipeline_gas_m3: int,
    trucked_away_gas_m3: int,
    line_pack_gained_m3: int,
    cash_fen: Iterable[int],
) -> Ledger:
    """Add up the books."""
    loaded = [cargo for cargo in cargoes if cargo.loaded_ns is not None]
    done = [cargo for cargo in loaded if cargo.discharged_ns is not None]
    return Ledger(
        loaded_m3=sum(cargo.loaded_m3 for cargo in loaded),
        delivered_m3=sum(cargo.delivered_m3 for cargo in done),
        boil_off_m3=sum(cargo.boil_off_m3 for cargo in done),
        heel_m3=sum(cargo.heel_m3 for cargo in done),
        afloat_m3=sum(cargo.afloat_m3 for cargo in loaded),
        ships_heel_imbalance_m3=ships.imbalance_m3(),
        initial_stock_m3=sum(terminal.initial_stock_m3 for terminal in terminals),
        received_m3=sum(terminal.received_m3 for terminal in terminals),
        sent_out_m3=sum(terminal.sent_out_m3 for terminal in terminals),
        trucked_m3=sum(terminal.trucked_m3 for terminal in terminals),
        bunkered_m3=sum(terminal.bunkered_m3 for terminal in terminals),
        stock_m3=sum(terminal.stock_m3 for terminal in terminals),
        demand_gas_m3=demand_gas_m3,
        served_gas_m3=served_gas_m3,
        unserved_gas_m3=unserved_gas_m3,
        pipeline_gas_m3=pipeline_gas_m3,
        trucked_away_gas_m3=trucked_away_gas_m3,
        line_pack_gained_m3=line_pack_gained_m3,
        cash_fen=sum(cash_fen),
    )
