"""What importers pay suppliers for LNG and what they earn with cargoes that they sell on.

They pay for cargoes that land or are sold on, for gas not taken, and nothing more for gas made up out of that. It
settles nothing itself: cargoes have their prices, contracts their years (agents/gas/lifting.py). What a cargo sold on
costs and earns is not import cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from agents.gas.cargoes import Cargo
from agents.gas.lifting import CENTS_PER_USD, Lifting, mmbtu
from exchange.clock import day_of

What = Literal["cargo", "take-or-pay", "make-up", "refund", "cargo sold on", "resale"]
IMPORT_COST: tuple[What, ...] = ("cargo", "take-or-pay", "make-up", "refund")
"""The payments that are for gas of one's own; the others are the two sides of a cargo sold on."""


@dataclass(frozen=True)
class Payment:
    """A payment in cents from an importer to a supplier; `credit_cents` is what was paid earlier and is used now.

    A make-up cargo is not paid again. One that the supplier lost is paid back: a refund, below 0. Of a cargo sold on
    the importer pays the contract's price and earns the resale's, below 0 too, from whoever bought it.
    """

    day: date
    importer: str
    supplier: str
    what: What
    cargo: int | None
    volume_m3: int
    paid_cents: int
    credit_cents: int


def payments(lifting: Lifting, cargoes: Iterable[Cargo], today: date) -> list[Payment]:
    """Return what has been paid up to a day, by day; take-or-pay is due at the end of the contract's year."""
    found = [
        Payment(due, buyer, supplier, "take-or-pay", None, own.paid_m3, own.paid_cents, 0)
        for (supplier, buyer, year), own in lifting.years.items()
        if own.paid_cents and (due := date(year, 12, 31)) <= today
    ]
    for cargo in cargoes:
        who = cargo.importer, cargo.supplier
        if cargo.lost and cargo.make_up:
            if cargo.planned_loading_day <= today:
                back = -cargo.credit_cents
                found.append(Payment(cargo.planned_loading_day, *who, "refund", cargo.number, 0, back, -back))
        elif cargo.discharged_ns is not None:
            day, volume = day_of(cargo.discharged_ns), cargo.delivered_m3
            if cargo.resale_usd_per_mmbtu is not None:
                earned = _cents(cargo.resale_usd_per_mmbtu, volume)
                found.append(Payment(day, *who, "resale", cargo.number, volume, -earned, 0))
            if cargo.make_up:
                found.append(Payment(day, *who, "make-up", cargo.number, volume, 0, cargo.credit_cents))
                continue
            assert cargo.price_usd_per_mmbtu is not None
            what: What = "cargo sold on" if cargo.diverted else "cargo"
            cents = _cents(cargo.price_usd_per_mmbtu, volume)
            found.append(Payment(day, *who, what, cargo.number, volume, cents, 0))
    return sorted(found, key=lambda payment: payment.day)


def _cents(usd_per_mmbtu: float, volume_m3: int) -> int:
    return round(CENTS_PER_USD * usd_per_mmbtu * mmbtu(volume_m3))


def imbalances(lifting: Lifting, cargoes: Iterable[Cargo]) -> dict[str, int]:
    """Return the cents of credit that were used and are in no make-up cargo; 0 when no money was made or lost."""
    used = sum(cargo.credit_cents for cargo in cargoes)
    return {"take-or-pay: credit used - in make-up cargoes": lifting.used_cents - used}


def frame(found: Sequence[Payment]) -> pd.DataFrame:
    """Return payments as a frame, one row each, in USD."""
    columns = ["date", "importer", "supplier", "what", "cargo", "volume_m3_liquid", "paid_usd", "credit_usd"]
    rows = [(p.day, p.importer, p.supplier, p.what, p.cargo, p.volume_m3) for p in found]
    usd = [(p.paid_cents / CENTS_PER_USD, p.credit_cents / CENTS_PER_USD) for p in found]
    table = pd.DataFrame([(*row, *pair) for row, pair in zip(rows, usd, strict=True)], columns=columns)
    return table.astype({"date": "datetime64[us]", "cargo": "Int64"})
