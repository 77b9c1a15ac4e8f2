"""Exchanges of futures for physical that the physical side has agreed on, booked at the close of a day.

It finds no partners: who agrees with whom, and about which warrant, the physical side says. The house's part is
exchange/efp.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from exchange.clearing.house import ClearingHouse
from exchange.clearing.rules import Array, Participant
from exchange.contracts import ContractMonth
from exchange.delivery import DeliveryRule
from exchange.efp import exchange_for_physical
from exchange.warrants import Warrant, WarrantRegistry


@dataclass(frozen=True)
class Agreement:
    """A long and a short exchange lots for the oil of a warrant, at the settlement price less `off_fen_per_bbl`."""

    long: int
    short: int
    lots: int
    warrant: int
    off_fen_per_bbl: int


@dataclass(frozen=True)
class ExchangedLots:
    """A row of the record: what was exchanged for physical oil at a close, by whom."""

    trading_day: date
    month: str
    long: int
    short: int
    base: str
    grade: str
    lots: int
    goods_fen: int


@dataclass(frozen=True)
class PhysicalSide:
    """The seam to those who own oil: what they agree on for a month, and how they are told that it is booked.

    `agreed` is told the month, the day and the shorts of firms, in lots by account.
    """

    registry: WarrantRegistry
    agreed: Callable[[ContractMonth, date, Mapping[int, int]], Sequence[Agreement]]
    done: Callable[[ContractMonth, Agreement, Warrant], None]


class PrivateExchanges:
    """Book agreements of a month's close, at its settlement price, in the order in which they come."""

    def __init__(self, side: PhysicalSide | None) -> None:
        self._side = side
        self.rows: list[ExchangedLots] = []

    def close(
        self,
        house: ClearingHouse,
        month: ContractMonth,
        place: int,
        ticks: int,
        limits_ticks: tuple[int, int] | None,
        rule: DeliveryRule,
        day: date,
    ) -> list[Array]:
        """Book a month's agreements, and return the fills of each.

        The long pays for the oil settlement + differential of grade and base - what both saved; what it lacks of
        that it pays in first: it had the money, outside the market (an assumption, as at delivery).
        """
        side, fills = self._side, []
        if side is None:
            return []
        net = house.net_lots[place]
        firms = np.flatnonzero((house.roster.kind == Participant.FIRM) & (net < 0)).tolist()
        for each in side.agreed(month, day, {account: -int(net[account]) for account in firms}):
            warrant = side.registry[each.warrant]
            per_bbl = rule.differential_fen_per_bbl(warrant.base, warrant.grade) - each.off_fen_per_bbl
            goods = ticks * house.rules[place].fen_per_tick + per_bbl * side.registry.lot_bbl
            missing = each.lots * goods - house.spare_fen(each.long, without=place)
            if missing > 0:
                house.deposit(each.long, missing)
            booked = exchange_for_physical(
                house,
                place,
                long=each.long,
                short=each.short,
                lots=each.lots,
                price_ticks=ticks,
                limits_ticks=limits_ticks or (ticks, ticks),
                registry=side.registry,
                warrants={each.warrant: each.lots},
                goods_fen_per_lot=goods,
                fee_fen_per_lot=rule.fee_fen_per_lot,
            )
            fills.append(booked.fills)
            (received,) = booked.received
            side.done(month, each, received)
            self.rows.append(
                ExchangedLots(
                    day, str(month), each.long, each.short, received.base, received.grade, each.lots,
                    each.lots * goods,
                )
            )  # fmt: skip
        return fills
