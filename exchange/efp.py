"""Exchange of futures for physical: a long and a short close with each other at a price of their own and pass oil.

It finds no partners and asks for no calendar: whether the day allows it, the caller knows (exchange/expiry.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exchange.clearing.closing import closing_fills
from exchange.clearing.house import FILL, ClearingHouse
from exchange.clearing.rules import Array
from exchange.codes import Side
from exchange.warrants import Warrant, WarrantRegistry


@dataclass(frozen=True)
class Exchanged:
    """What an exchange left: the fills that closed both positions, and the long's new warrants."""

    fills: Array
    received: tuple[Warrant, ...]


def exchange_for_physical(
    house: ClearingHouse,
    contract: int,
    *,
    long: int,
    short: int,
    lots: int,
    price_ticks: int,
    limits_ticks: tuple[int, int],
    registry: WarrantRegistry | None = None,
    warrants: Mapping[int, int] | None = None,
    goods_fen_per_lot: int = 0,
    fee_fen_per_lot: int = 0,
) -> Exchanged:
    """Close a long and a short at their agreed price, and pass warrants against payment when they are named.

    `warrants` are lots by number, all of the short's and as many as are closed; the long pays `goods_fen_per_lot`
    for them. Without warrants the oil is a cargo, and its payment is between the two. Raises ValueError, with
    nothing done, for a price beyond the day's limits, too few lots, or warrants and cash that do not suffice.
    """
    low, high = limits_ticks
    if lots < 1 or long == short:
        raise ValueError("an exchange for physical needs two accounts and 1 lot or more")
    if not low <= price_ticks <= high:
        raise ValueError(f"the price {price_ticks} is beyond the day's limits, {low} to {high}")
    if warrants is not None:
        if registry is None:
            raise ValueError("warrants are passed through the registry; none is given")
        if sum(warrants.values()) != lots:
            raise ValueError(f"{sum(warrants.values())} lots of warrants for {lots} lots")
        for number, part in warrants.items():
            warrant = registry[number]
            if warrant.owner != short or warrant.pledged or not 1 <= part <= warrant.lots:
                raise ValueError(f"warrant {number} has not {part} free lots of account {short}'s")
        if house.spare_fen(long, without=contract) < lots * goods_fen_per_lot:
            raise ValueError(f"account {long} cannot pay for {lots} lots")
    fills = closing_fills(house, long, contract, Side.BUY, lots, price_ticks)
    fills += closing_fills(house, short, contract, Side.SELL, lots, price_ticks)
    booked = np.array(fills, FILL)
    house.book(booked, fees=False)
    for account in (long, short):
        house.due_fees_fen[account] += lots * fee_fen_per_lot
    received: list[Warrant] = []
    if warrants is not None and registry is not None:
        house.cash_fen[long] -= lots * goods_fen_per_lot
        house.cash_fen[short] += lots * goods_fen_per_lot
        received = [registry.transfer(number, long, part) for number, part in warrants.items()]
    return Exchanged(booked, tuple(received))
