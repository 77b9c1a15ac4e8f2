"""Small clearing houses for tests, set up in a line."""

from __future__ import annotations

import numpy as np

from exchange.clearing.house import FILL, ClearingHouse, Funds, Offset, Roster
from exchange.clearing.rules import ContractRules, FeeRule, MarginRule, Participant
from exchange.codes import Side

INDIVIDUAL, FIRM, FUND, OVERSEAS, MEMBER = Participant
BUY, SELL = Side
OPEN, CLOSE, CLOSE_TODAY = Offset
SC = ContractRules("SC2412", 10_000, MarginRule(12, 11), FeeRule(2_000, 2_000, 0))
"""A month of SC on a calm day: a tick is worth 100 yuan a lot, margin 12 and 11 %, fee 20 yuan, closing today free."""


def house_of(kinds, rules=(SC,), settled=(5_000,), members=1, hedge=(), funds=None, **more) -> ClearingHouse:
    """Set up a house whose funds are empty unless given; account k belongs to member k modulo `members`."""
    roster = Roster.of(kinds, [k % members for k in range(len(kinds))], hedge)
    funds = funds or Funds(np.zeros(members, np.int64), np.zeros(members, np.int64))
    return ClearingHouse(roster, tuple(rules), np.array(settled), funds, **more)


def trade(house, buyer, seller, price, lots, contract=0, offsets=(OPEN, OPEN), fees=True):
    """Book one trade between two accounts."""
    rows = [
        (buyer, contract, BUY, offsets[0], price, lots),
        (seller, contract, SELL, offsets[1], price, lots),
    ]
    house.book(np.array(rows, FILL), fees=fees)
