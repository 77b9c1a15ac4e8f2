"""What importers pay suppliers for LNG: cargoes that land, gas paid for and not taken, and gas made up out of that.

It settles nothing itself: cargoes have their prices, contracts their years (agents/gas/lifting.py). What a cargo sold
on to Europe costs and earns is not import cost and stands with the cargo.
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

What = Literal["cargo", "take-or-pay", "make-up", "refund"]


@dataclass(frozen=True)
class Payment:
    """A payment in cents from an importer to a supplier; `credit_cents` is what was paid earlier and is used now.

    A make-up cargo is not paid again. One that the supplier lost is paid back: a refund, below 0.
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
        elif cargo.discharged_ns is not None and not cargo.diverted:
            day, volume = day_of(cargo.discharged_ns), cargo.delivered_m3
            if cargo.make_up:
                found.append(Payment(day, *who, "make-up", cargo.number, volume, 0, cargo.credit_cents))
                continue
            assert cargo.price_usd_per_mmbtu is not None
            cents = round(CENTS_PER_USD * cargo.price_usd_per_mmbtu * mmbtu(volume))
            found.append(Payment(day, *who, "cargo", cargo.number, volume, cents, 0))
    return sorted(found, key=lambda payment: payment.day)


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
