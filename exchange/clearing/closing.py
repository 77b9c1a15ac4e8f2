"""Forced liquidation: which positions the exchange closes, of whom, in which sequence and with which orders.

It sends nothing and matches nothing: the rows go to the market as orders at the day's limit, and what a locked market
does not fill stays open.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np

from exchange.clearing.house import FILL, ClearingHouse, Offset
from exchange.clearing.rules import Array, Netting, Participant, margin_per_lot_fen
from exchange.codes import Side


class Reason(IntEnum):
    """Why a position is closed by force."""

    MARGIN = 0
    POSITION_LIMIT = 1
    PERSON_EXIT = 2
    NOT_DELIVERABLE = 3


FORCED = np.dtype([*((name, FILL[name]) for name in FILL.names or ()), ("reason", "i4")])
"""An order of a forced liquidation: a FILL to be, at the day's limit price, and its reason."""


def closing_fills(
    house: ClearingHouse, account: int, contract: int, position: int, lots: int, price_ticks: int
) -> list[tuple[int, int, int, int, int, int]]:
    """Return FILL tuples that close lots of a position, earlier lots before today's. Raises ValueError for too many."""
    held = int(house.held_lots[position, contract, account])
    today = int(house.today_lots[position, contract, account])
    if lots > held:
        raise ValueError(f"account {account} holds {held} lots, not {lots}")
    earlier = min(lots, held - today)
    parts = ((Offset.CLOSE, earlier), (Offset.CLOSE_TODAY, lots - earlier))
    return [(account, contract, 1 - position, offset, price_ticks, part) for offset, part in parts if part]


def margin_liquidation(
    house: ClearingHouse, accounts: Iterable[int], limits_ticks: Array, *, free_fen: Array | None = None
) -> Array:
    """Return FORCED rows that bring accounts with an unpaid margin call back to their margin, and no more.

    `limits_ticks` is (contracts, 2), low and high. An account's months are taken by the value of their open interest,
    the largest first, on the side that sets its margin; a lot frees its margin. `free_fen` are the available amounts
    when known.
    Rows are in the exchange's sequence: speculative accounts before hedging ones, months by open interest, within a
    month the largest loss of a net position first. Source: assumption: domain knowledge of SHFE's and INE's rules.
    """
    free = house.available_fen() if free_fen is None else free_fen
    rates = margin_per_lot_fen(house.rules, house.settled_ticks)
    tick_fen = np.array([rule.fen_per_tick for rule in house.rules], np.int64)
    value_fen = house.open_interest_lots * house.settled_ticks * tick_fen
    by_interest = np.argsort(-value_fen, kind="stable").tolist()
    rows = []
    for account in accounts:
        left = _Left(house, account, rates)
        while (short_fen := left.short_fen(int(free[account]))) > 0:
            if not left.next_part(by_interest, short_fen):
                break
        for (position, contract), lots in left.closed.items():
            price = int(limits_ticks[contract, 1 if position == Side.SELL else 0])
            rows += [
                (*fill, Reason.MARGIN)
                for fill in closing_fills(house, account, contract, position, lots, price)
            ]
    return in_sequence(house, np.array(rows, FORCED))


class _Left:
    """What one account would hold if its forced orders were filled, and its margin, kept as whole numbers.

    Months that are netted against each other share a group; a month that is not has none.
    """

    def __init__(self, house: ClearingHouse, account: int, rates: Array) -> None:
        self._rates: list[int] = rates[int(house.roster.hedge[account])].tolist()
        self._held: list[list[int]] = house.held_lots[:, :, account].tolist()
        own = house.usd_cents[account : account + 1]
        self._value_fen = int(house.collateral.value_fen(own, house.fx_e4)[0])
        self._groups = [_group(house, contract) for contract in range(len(house.rules))]
        self._sides_fen = {group: [0, 0] for group in self._groups if group is not None}
        self._gross_fen = 0
        for contract in range(len(house.rules)):
            for position in Side:
                self._add(int(position), contract, self._held[position][contract])
        self._before_fen = self._margin_fen()
        self.closed: dict[tuple[int, int], int] = {}

    def short_fen(self, free_fen: int) -> int:
        """Return what is still missing: the shortfall less the margin that the closed lots free beyond collateral."""
        freed = max(0, self._before_fen - self._value_fen) - max(0, self._margin_fen() - self._value_fen)
        return -free_fen - freed

    def next_part(self, by_interest: list[int], short_fen: int) -> bool:
        """Close a part of the first month that sets the margin; say whether there was one."""
        for contract in by_interest:
            rate, group = max(1, self._rates[contract]), self._groups[contract]
            long_fen, shorts_fen = self._sides_fen[group] if group is not None else (0, 0)
            larger = int(Side.BUY) if long_fen >= shorts_fen else int(Side.SELL)
            for position in (larger, 1 - larger) if group is None else (larger,):
                lots = min(self._held[position][contract], -(-short_fen // rate))
                if lots:
                    self._held[position][contract] -= lots
                    self._add(position, contract, -lots)
                    self.closed[position, contract] = self.closed.get((position, contract), 0) + lots
                    return True
        return False

    def _add(self, position: int, contract: int, lots: int) -> None:
        group, fen = self._groups[contract], lots * self._rates[contract]
        if group is None:
            self._gross_fen += fen
        else:
            self._sides_fen[group][position] += fen

    def _margin_fen(self) -> int:
        return self._gross_fen + sum(max(sides) for sides in self._sides_fen.values())


def _group(house: ClearingHouse, contract: int) -> tuple[str, int] | None:
    rule = house.rules[contract]
    if house.netting is Netting.GROSS or rule.margin.both_sides:
        return None
    return ("product", rule.product) if house.netting is Netting.PRODUCT else ("month", contract)


def excess_liquidation(house: ClearingHouse, limits_ticks: Array) -> Array:
    """Return FORCED rows for what stands beyond position limits, and for individuals who had to be out.

    Hedging accounts have quotas, which the order desk keeps.
    """
    rows = []
    for contract, rule in enumerate(house.rules):
        persons = house.roster.kind == Participant.INDIVIDUAL
        for position in Side:
            held = house.held_lots[position, contract]
            price = int(limits_ticks[contract, 1 if position == Side.SELL else 0])
            excess = np.zeros_like(held)
            if rule.limits.position_lots is not None:
                most = rule.limits.position_lots * house.roster.clients
                excess = np.where(house.roster.hedge, 0, np.maximum(held - most, 0))
            if rule.limits.persons_out:
                excess = np.where(persons, held, excess)
            for account in np.flatnonzero(excess):
                out = rule.limits.persons_out and persons[account]
                reason = Reason.PERSON_EXIT if out else Reason.POSITION_LIMIT
                fills = closing_fills(
                    house, int(account), contract, int(position), int(excess[account]), price
                )
                rows += [(*fill, reason) for fill in fills]
    return in_sequence(house, np.array(rows, FORCED))


def net_loss_fen(house: ClearingHouse, contract: int) -> Array:
    """Return each account's loss on its net position in a month since it was opened, in fen; a gain is negative.

    The net position's price is the average cost of its side.
    """
    loss = np.zeros(len(house.roster), np.int64)
    settled = int(house.settled_ticks[contract])
    for position, sign in ((Side.BUY, 1), (Side.SELL, -1)):
        held, cost = house.held_lots[position, contract], house.cost_tick_lots[position, contract]
        net = np.maximum(held - house.held_lots[1 - position, contract], 0)
        ticks = sign * (cost - settled * held) * net // np.maximum(held, 1)
        loss += ticks * house.rules[contract].fen_per_tick
    return loss


def in_sequence(house: ClearingHouse, rows: Array) -> Array:
    """Return forced orders in the sequence of the rule; see `margin_liquidation`."""
    if not len(rows):
        return rows
    interest = house.open_interest_lots[rows["contract"]]
    losses = {int(c): net_loss_fen(house, int(c)) for c in np.unique(rows["contract"])}
    loss = np.array([losses[int(row["contract"])][row["account"]] for row in rows])
    hedge = house.roster.hedge[rows["account"]]
    order = np.lexsort((rows["offset"], rows["account"], -loss, rows["contract"], -interest, hedge))
    return rows[order]
