"""The clearing house: who holds what, and whose money is where. It books fills and settles days.

It takes no orders (entry.py), decides on no default (default.py) and knows no clock. Every amount of money moves from
one of its accounts or funds to another, so the sum of all of them never changes; the bank is what stands outside.
Arrays are (side, contract, account); lots are int64, money int64 fen, prices ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from exchange.book import digest
from exchange.clearing.margin import required_margin_fen
from exchange.clearing.rules import (
    Array,
    CollateralRule,
    ContractRules,
    Netting,
    Participant,
    margin_per_lot_fen,
)
from exchange.codes import Side
from exchange.records import TRADE


class Offset(IntEnum):
    """What a fill does to its owner's positions. CLOSE closes what was held before today, as at SHFE and INE."""

    OPEN = 0
    CLOSE = 1
    CLOSE_TODAY = 2


FILL = np.dtype(
    [
        ("account", "i4"),
        ("contract", "i4"),
        ("side", "i4"),
        ("offset", "i4"),
        ("price", "i4"),
        ("lots", "i4"),
    ]
)
"""One side of a trade. `side` is the order's: buying to close makes a short position smaller."""


@dataclass
class Funds:
    """Hold the money that is nobody's margin, in fen: members' own, the guarantee fund, the exchange's, the bank's.

    `member_own_fen` and `guarantee_fen` have one entry for each member. `capital_fen` takes in fees, `escrow_fen` is
    what buyers paid for oil and sellers have not been paid yet. The bank pays in and out what accounts deposit and
    withdraw, and changes dollars; it may be negative.
    """

    member_own_fen: Array
    guarantee_fen: Array
    reserve_fen: int = 0
    capital_fen: int = 0
    escrow_fen: int = 0
    bank_fen: int = 0
    bank_usd_cents: int = 0

    @property
    def total_fen(self) -> int:
        """The sum of all funds, the bank included."""
        own = int(self.member_own_fen.sum()) + int(self.guarantee_fen.sum())
        return own + self.reserve_fen + self.capital_fen + self.escrow_fen + self.bank_fen


@dataclass(frozen=True)
class Roster:
    """Say of each account its type, its member (broker), whether it is for hedging, and for how many clients it stands.

    A firm that hedges and speculates has two accounts, as it has two trading codes. Limits are a client's; `clients`
    is 1 for each account if left out.
    """

    kind: Array
    member: Array
    hedge: Array
    clients: Array = field(default_factory=lambda: np.ones(0, np.int64))

    def __post_init__(self) -> None:
        if not len(self.clients):
            object.__setattr__(self, "clients", np.ones(len(self.kind), np.int64))
        if not len(self.kind) == len(self.member) == len(self.hedge) == len(self.clients):
            raise ValueError("kind, member, hedge and clients must have one entry for each account")

    @classmethod
    def of(
        cls, kinds: Sequence[Participant], members: Sequence[int] | None = None, hedge: Sequence[int] = ()
    ) -> Roster:
        """Write a roster by hand: types, members (all 0), and the numbers of the accounts that hedge."""
        flags = np.zeros(len(kinds), bool)
        flags[list(hedge)] = True
        member = np.zeros(len(kinds), np.int32) if members is None else np.array(members, np.int32)
        return cls(np.array(kinds, np.int8), member, flags)

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True)
class Statement:
    """The outcome of a settlement, one entry for each account, in fen.

    `variation_fen`: gain of the day; `available_fen`: cash less the margin that collateral does not cover;
    `call_fen`: what has to be paid in before the next day opens, 0 where nothing is due.
    """

    settlement_ticks: Array
    variation_fen: Array
    fees_fen: Array
    margin_fen: Array
    available_fen: Array

    @property
    def call_fen(self) -> Array:
        """The margin calls: -available where it is negative."""
        return np.maximum(-self.available_fen, 0)


@dataclass
class ClearingHouse:
    """Keep accounts and positions; `rules` are those of the day, one for each contract.

    `held_lots` are all lots of a side, `today_lots` those of them opened today, `cost_tick_lots` what they were opened
    at (at average cost when some are closed). `profit_fen` and `due_fees_fen` wait for settlement.
    """

    roster: Roster
    rules: tuple[ContractRules, ...]
    settled_ticks: Array
    funds: Funds
    netting: Netting = Netting.PRODUCT
    collateral: CollateralRule = field(default_factory=CollateralRule)
    fx_e4: int = 70_000
    cash_fen: Array = field(init=False)
    usd_cents: Array = field(init=False)

    def __post_init__(self) -> None:
        accounts, contracts = len(self.roster), len(self.rules)
        self.settled_ticks = np.array(self.settled_ticks, np.int64)
        if len(self.settled_ticks) != contracts:
            raise ValueError(f"{contracts} contracts, {len(self.settled_ticks)} settlement prices")
        self.cash_fen, self.usd_cents, self.profit_fen, self.due_fees_fen = np.zeros((4, accounts), np.int64)
        self.held_lots = np.zeros((2, contracts, accounts), np.int64)
        self.today_lots = np.zeros_like(self.held_lots)
        self.cost_tick_lots = np.zeros_like(self.held_lots)
        self.opened_lots = np.zeros((contracts, accounts), np.int64)
        self._scratch = np.zeros_like(self.held_lots)

    @property
    def net_lots(self) -> Array:
        """Lots long less lots short, shape (contracts, accounts)."""
        return self.held_lots[Side.BUY] - self.held_lots[Side.SELL]

    @property
    def open_interest_lots(self) -> Array:
        """Lots held long, which are as many as short, by contract."""
        return self.held_lots[Side.BUY].sum(axis=1)

    @property
    def total_fen(self) -> int:
        """All money in fen, accounts, funds and bank: constant. Unsettled gains sum to nothing."""
        return int(self.cash_fen.sum()) + int(self.profit_fen.sum()) + self.funds.total_fen

    @property
    def total_usd_cents(self) -> int:
        """All foreign cash in cents, the bank's included: constant."""
        return int(self.usd_cents.sum()) + self.funds.bank_usd_cents

    def open_day(self, rules: Sequence[ContractRules]) -> None:
        """Begin a trading day under its rules; what was opened before counts as held, opening counts start at 0."""
        if len(rules) != len(self.rules):
            raise ValueError(f"{len(rules)} rules for {len(self.rules)} contracts")
        self.rules = tuple(rules)
        self.today_lots[:] = 0
        self.opened_lots[:] = 0

    def list_month(self, contract: int, rules: ContractRules, benchmark_ticks: int) -> None:
        """Give an empty place to a newly listed month. Raises ValueError while lots are held there."""
        if self.held_lots[:, contract].any():
            raise ValueError(f"{self.rules[contract].name} still has open interest")
        listed = list(self.rules)
        listed[contract] = rules
        self.rules = tuple(listed)
        self.settled_ticks[contract] = benchmark_ticks

    def deposit(self, account: int, fen: int = 0, *, usd_cents: int = 0) -> None:
        """Pay money in from the bank; negative amounts are paid out, and the caller has asked whether they may be."""
        self.cash_fen[account] += fen
        self.funds.bank_fen -= fen
        self.usd_cents[account] += usd_cents
        self.funds.bank_usd_cents -= usd_cents

    def spare_fen(self, account: int, *, without: int | None = None) -> int:
        """Return an account's cash less the margin that collateral does not cover, leaving out one month if asked."""
        own = slice(account, account + 1)
        held = self.held_lots[:, :, own]
        if without is not None:
            held = held.copy()
            held[:, without] = 0
        rates = margin_per_lot_fen(self.rules, self.settled_ticks)
        margin = required_margin_fen(held, self.roster.hedge[own], rates, self.rules, self.netting)
        value = self.collateral.value_fen(self.usd_cents[own], self.fx_e4)
        return int((self.cash_fen[own] - np.maximum(margin - value, 0))[0])

    def withdrawable_fen(self, account: int) -> int:
        """Return what an account may take out between two days: what it can spare, and no more than its cash."""
        return max(0, min(self.spare_fen(account), int(self.cash_fen[account])))

    def exchange_usd(self, account: int, usd_cents: int) -> int:
        """Change an account's dollars at the midpoint with the bank; return the fen that they brought."""
        fen = usd_cents * self.fx_e4 // 10_000
        self.deposit(account, fen, usd_cents=-usd_cents)
        return fen

    def book(self, fills: Array, *, fees: bool = True) -> None:
        """Book a batch of fills: positions, cost, gains against the previous settlement, fees.

        gain = +-(previous settlement - price) x lots x tick value. Of each account and side, what a batch opens
        counts before what it closes. Raises ValueError, with nothing booked, for fills that are not whole trades
        or that close more than is held.
        """
        account, contract = fills["account"].astype(np.int64), fills["contract"].astype(np.int64)
        lots, price, offset = (fills[name].astype(np.int64) for name in ("lots", "price", "offset"))
        sign = 1 - 2 * fills["side"].astype(np.int64)
        self._must_be_whole_trades(fills, sign * lots, contract, price)
        opens, today = offset == Offset.OPEN, offset == Offset.CLOSE_TODAY
        position = fills["side"] ^ ~opens
        cells = (position * len(self.rules) + contract) * len(self.roster) + account
        self._open(cells[opens], lots[opens], price[opens], 1)
        try:
            self._close(cells[~opens], lots[~opens], cells[today], lots[today])
        except ValueError:
            self._open(cells[opens], lots[opens], price[opens], -1)
            raise
        opened = (contract * len(self.roster) + account)[opens]
        np.add.at(self.opened_lots.reshape(-1), opened, lots[opens])
        tick_fen = np.array([rule.fen_per_tick for rule in self.rules], np.int64)[contract]
        np.add.at(self.profit_fen, account, sign * lots * (self.settled_ticks[contract] - price) * tick_fen)
        if fees:
            np.add.at(self.due_fees_fen, account, self._fees_fen(contract, offset, lots, price, tick_fen))

    def settle(self, settlement_ticks: Array, *, fx_e4: int | None = None) -> Statement:
        """Mark all positions to the settlement, move gains and fees, and return what everybody has and owes.

        cash += unsettled gains + net lots x (settlement - previous) x tick value - fees; fees go to the exchange.
        """
        settlement = np.array(settlement_ticks, np.int64)
        self.fx_e4 = self.fx_e4 if fx_e4 is None else fx_e4
        variation, fees_fen = self.profit_fen, self.due_fees_fen
        for contract, rule in enumerate(self.rules):
            change_fen = int(settlement[contract] - self.settled_ticks[contract]) * rule.fen_per_tick
            if change_fen:
                long, short = self.held_lots[:, contract]
                variation += (long - short) * change_fen
        self.cash_fen += variation - fees_fen
        self.funds.capital_fen += int(fees_fen.sum())
        self.settled_ticks = settlement
        self.profit_fen, self.due_fees_fen = np.zeros((2, len(self.roster)), np.int64)
        margin = self.margin_fen()
        return Statement(settlement, variation, fees_fen, margin, self._available(margin))

    def margin_fen(self) -> Array:
        """Return the margin of each account at the last settlement, in fen."""
        rates = margin_per_lot_fen(self.rules, self.settled_ticks)
        return required_margin_fen(self.held_lots, self.roster.hedge, rates, self.rules, self.netting)

    def available_fen(self) -> Array:
        """Return cash less the margin that collateral does not cover, in fen; negative is a margin call."""
        return self._available(self.margin_fen())

    def check(self) -> None:
        """Raise AssertionError unless longs equal shorts in each month and no quantity is negative."""
        long, short = self.held_lots.sum(axis=2)
        if (long != short).any():
            raise AssertionError(f"longs {long.tolist()}, shorts {short.tolist()}")
        if self.today_lots.min(initial=0) < 0 or (self.held_lots < self.today_lots).any():
            raise AssertionError("more lots opened today than held")
        if (self.cost_tick_lots[self.held_lots == 0] != 0).any():
            raise AssertionError("a cost is left where nothing is held")

    def state_integers(self) -> Array:
        """Return all positions and all money as integers, in a fixed order."""
        funds = self.funds
        exchange = (
            funds.reserve_fen,
            funds.capital_fen,
            funds.escrow_fen,
            funds.bank_fen,
            funds.bank_usd_cents,
        )
        parts = (
            self.cash_fen, self.usd_cents, self.profit_fen, self.due_fees_fen, self.held_lots, self.today_lots,
            self.cost_tick_lots, self.settled_ticks, funds.member_own_fen, funds.guarantee_fen,
            np.array([*exchange, self.fx_e4], np.int64),
        )  # fmt: skip
        return np.concatenate([np.asarray(part, np.int64).ravel() for part in parts])

    def state_hash(self) -> str:
        """Return the digest of `state_integers`."""
        return digest(self.state_integers())

    def _must_be_whole_trades(self, fills: Array, signed_lots: Array, contract: Array, price: Array) -> None:
        _, contracts, accounts = self.held_lots.shape
        for name, most in (
            ("account", accounts),
            ("contract", contracts),
            ("side", 2),
            ("offset", len(Offset)),
        ):
            if len(fills) and not 0 <= int(fills[name].min()) <= int(fills[name].max()) < most:
                raise ValueError(f"a fill's {name} must be from 0 to {most - 1}")
        if fills["lots"].min(initial=1) < 1:
            raise ValueError("a fill has 1 lot or more")
        lots = _summed(contract, signed_lots, contracts)
        value = _summed(contract, signed_lots * price, contracts)
        if lots.any() or value.any():
            raise ValueError("bought and sold lots of a contract must be equal, at equal prices")

    def _open(self, cells: Array, lots: Array, price: Array, sign: int) -> None:
        held, today, cost = (a.reshape(-1) for a in (self.held_lots, self.today_lots, self.cost_tick_lots))
        np.add.at(held, cells, sign * lots)
        np.add.at(today, cells, sign * lots)
        np.add.at(cost, cells, sign * lots * price)

    def _close(self, cells: Array, lots: Array, today_cells: Array, today_lots: Array) -> None:
        """Close lots at average cost. A cell that occurs more than once is written as often, with equal values."""
        held, today, cost = (a.reshape(-1) for a in (self.held_lots, self.today_lots, self.cost_tick_lots))
        closed, closed_today = self._totals(cells, lots, cells), self._totals(today_cells, today_lots, cells)
        before, today_before, cost_before = held[cells], today[cells], cost[cells]
        after, today_after = before - closed, today_before - closed_today
        if (today_after < 0).any() or (after < today_after).any():
            raise ValueError("a fill closes more than is held (today's and earlier lots are counted apart)")
        cost[cells] = cost_before - cost_before * closed // np.maximum(before, 1)
        held[cells], today[cells] = after, today_after

    def _totals(self, cells: Array, lots: Array, of: Array) -> Array:
        """Return what `lots` sum to in each of the cells `of`."""
        scratch = self._scratch.reshape(-1)
        np.add.at(scratch, cells, lots)
        totals = scratch[of]
        scratch[cells] = 0
        return totals

    def _fees_fen(self, contract: Array, offset: Array, lots: Array, price: Array, tick_fen: Array) -> Array:
        """Return the fee of each fill: per lot, and of the value traded, rounded down to the fen."""
        fees = [rule.fees for rule in self.rules]
        per_lot = np.array([[f.open_fen, f.close_fen, f.close_today_fen] for f in fees], np.int64)
        ppm = np.array([[f.open_ppm, f.close_ppm, f.close_today_ppm] for f in fees], np.int64)
        due = lots * per_lot[contract, offset]
        if ppm.any():
            due += lots * price * tick_fen * ppm[contract, offset] // 1_000_000
        return due

    def _available(self, margin_fen: Array) -> Array:
        value_fen = self.collateral.value_fen(self.usd_cents, self.fx_e4)
        return self.cash_fen - np.maximum(margin_fen - value_fen, 0)


def fills_of(trades: Array, contract: int, taker_offset: Array | int, maker_offset: Array | int) -> Array:
    """Return the FILL rows of a book's TRADE rows; offsets are given, as TRADE does not hold them.

    In an auction the taker is the buyer (`aggressor` -1).
    """
    assert trades.dtype == TRADE
    fills = np.zeros((2, len(trades)), FILL)
    takers = np.where(trades["aggressor"] < 0, int(Side.BUY), trades["aggressor"])
    fills["contract"], fills["price"], fills["lots"] = contract, trades["price"], trades["quantity"]
    fills["account"] = trades["taker_owner"], trades["maker_owner"]
    fills["side"] = takers, 1 - takers
    fills["offset"][0], fills["offset"][1] = taker_offset, maker_offset
    return fills.reshape(-1)


def _summed(places: Array, values: Array, count: int) -> Array:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, places, values)
    return sums
