"""The accounts of the population at the clearing house: of which kind and whose client each is, and its money.

It books nothing and makes no call; who pays one, it says with one draw an account and day.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.clearing.parameters import ClearingParameters
from agents.traders.state import ACCOUNTS, EXTERNAL_ACCOUNT, NOISE_ACCOUNTS
from exchange.clearing.house import ClearingHouse, Funds, Roster
from exchange.clearing.rules import Array, Participant
from exchange.units import FEN_PER_CNY

_LEAST_OVER_MARGIN = 1.1


def roster_of(state: Any, brokers: int) -> Roster:
    """Return who is who: noise accounts as the state has them, the SimPy side's as firms, all others as members.

    What the state exempts from limits counts as hedging. Account k is a client of broker k modulo `brokers`.
    """
    kind = np.full(ACCOUNTS, int(Participant.MEMBER), np.int8)
    kind[:NOISE_ACCOUNTS] = state["kind"][:NOISE_ACCOUNTS]
    kind[EXTERNAL_ACCOUNT:] = int(Participant.FIRM)
    member = (np.arange(ACCOUNTS) % brokers).astype(np.int32)
    return Roster(kind, member, state["exempt"] != 0, np.array(state["clients"], np.int64))


def funds_of(told: ClearingParameters) -> Funds:
    """Return members' own money, the guarantee fund, and the exchange's, all paid in by the bank."""
    own, guarantee = (
        np.full(told.brokers, round(cny * FEN_PER_CNY), np.int64)
        for cny in (told.member_own_cny, told.guarantee_cny)
    )
    reserve, capital = (round(cny * FEN_PER_CNY) for cny in (told.reserve_cny, told.capital_cny))
    paid_in = int(own.sum()) + int(guarantee.sum()) + reserve + capital
    return Funds(own, guarantee, reserve, capital, bank_fen=-paid_in)


def set_wishes(state: Any, book: int, persons_part: float) -> None:
    """Let individuals want a part of their holding of a month, and suspended accounts no more than they have."""
    wanted, held = state["endowments"][book], state["positions"][book][:NOISE_ACCOUNTS]
    if persons_part < 1:
        persons = state["kind"][:NOISE_ACCOUNTS] == Participant.INDIVIDUAL
        wanted[persons] = np.trunc(wanted[persons] * persons_part)
    shut = state["suspended"][:NOISE_ACCOUNTS] != 0
    wanted[shut] = np.clip(held, np.minimum(wanted, 0), np.maximum(wanted, 0))[shut]


class Purses:
    """Hold what accounts can still pay in from outside, and say who pays a call.

    Members, and the SimPy side's accounts, have the means of members: they always pay.
    """

    def __init__(self, told: ClearingParameters, roster: Roster, rng: np.random.Generator) -> None:
        self._told, self._rng, self._roster = told, rng, roster
        kinds = np.where(roster.hedge, int(Participant.MEMBER), roster.kind)
        means = [told.means(Participant(kind)) for kind in kinds]
        self._pays = np.array([each.pays_probability for each in means])
        self._over_margin = np.array([each.capital_over_margin for each in means])
        self._floor_fen = np.array([each.capital_cny_per_client for each in means]) * FEN_PER_CNY
        self._over_capital = np.array([each.wealth_over_capital for each in means])
        self._factor = np.exp(told.capital_log_sd * rng.standard_normal(len(roster)))
        self._renewal_days = told.renewal_trading_days
        self.capital_fen, self.wealth_fen, self._full_fen = np.zeros((3, len(roster)), np.int64)

    def endow(self, house: ClearingHouse, margin_fen: Array, *, first: bool) -> None:
        """Pay in the capital for positions of that margin, and with the first product the part for each client."""
        capital = self._over_margin * margin_fen
        if first:
            capital = capital + self._floor_fen * self._roster.clients
        capital = np.maximum(capital * self._factor, _LEAST_OVER_MARGIN * margin_fen)
        fen = np.round(capital).astype(np.int64)
        self.capital_fen += fen
        self._full_fen += np.round(capital * self._over_capital).astype(np.int64)
        self.wealth_fen = self._full_fen.copy()
        overseas = self._roster.kind == Participant.OVERSEAS
        in_dollars = np.where(overseas, np.round(fen * self._told.overseas_dollar_part), 0).astype(np.int64)
        cents = in_dollars * 10_000 // house.fx_e4
        house.cash_fen += fen - in_dollars
        house.usd_cents += cents
        house.funds.bank_fen -= int((fen - in_dollars).sum())
        house.funds.bank_usd_cents -= int(cents.sum())

    def answer(self, house: ClearingHouse, calls_fen: Array) -> Array:
        """Let accounts answer their calls, from their dollars first, then from outside; return what they paid in.

        One draw for each account, whoever is called: so a call moves no other account's luck.
        """
        willing = self._rng.random(len(calls_fen)) < self._pays
        paid = np.zeros(len(calls_fen), np.int64)
        for account in np.flatnonzero(calls_fen).tolist():
            self._change_dollars(house, account)
            short = -house.spare_fen(account)
            if short <= 0 or not willing[account]:
                continue
            fen = min(short, int(self.wealth_fen[account]))
            self.wealth_fen[account] -= fen
            house.deposit(account, fen)
            paid[account] = fen
        return paid

    def renew(self, house: ClearingHouse) -> None:
        """Let clients come and go: pay in a part of what an account lacks to its capital, take out one of its surplus.

        part = 1 / `renewal_trading_days`; what is needed as margin stays, and members' accounts are left alone. Wealth
        outside grows back at the same pace.
        """
        self.wealth_fen += np.trunc((self._full_fen - self.wealth_fen) / self._renewal_days).astype(np.int64)
        equity = house.cash_fen + house.collateral.value_fen(house.usd_cents, house.fx_e4)
        change = np.trunc((self.capital_fen - equity) / self._renewal_days).astype(np.int64)
        spare = np.maximum(0, np.minimum(house.available_fen(), house.cash_fen))
        change = np.where(self._roster.hedge, 0, np.maximum(change, -spare))
        house.cash_fen += change
        house.funds.bank_fen -= int(change.sum())

    def recovered(self, house: ClearingHouse) -> Array:
        """Return which accounts have half of their capital, or more."""
        equity = house.cash_fen + house.collateral.value_fen(house.usd_cents, house.fx_e4)
        return equity * 2 >= self.capital_fen

    def _change_dollars(self, house: ClearingHouse, account: int) -> None:
        """Change dollars for losses that are due in renminbi; for margin they count as they are."""
        owed = -int(house.cash_fen[account])
        cents = int(house.usd_cents[account])
        if owed > 0 and cents > 0:
            house.exchange_usd(account, min(cents, -(-owed * 10_000 // house.fx_e4)))
