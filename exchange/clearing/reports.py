"""Large positions: whose position must be reported. It limits nothing (entry.py) and closes nothing (closing.py)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from exchange.clearing.house import ClearingHouse
from exchange.clearing.rules import Array, Participant
from exchange.codes import Side
from exchange.contracts import ContractSpec

REPORT_PERCENT: Mapping[Participant, int] = MappingProxyType(
    {kind: 60 if kind is Participant.OVERSEAS else 100 for kind in Participant}
)
"""From which share of its position limit an account must report. Source: the exchange's notice on LU (100 % for members
and clients, 60 % for overseas intermediaries), the same article taken for SC; an older rule has 80 % (assumption)."""


def report_percent_of(spec: ContractSpec) -> dict[Participant, int]:
    """Read the shares of the position limit from which a rulebook wants reports; 100 % where it says nothing."""
    intermediary, usual = spec.report_percent_of_limit_intermediary, spec.report_percent_of_limit
    return {
        kind: (intermediary if kind is Participant.OVERSEAS else None) or usual or 100 for kind in Participant
    }


LARGE = np.dtype([("account", "i4"), ("contract", "i4"), ("side", "i4"), ("lots", "i8"), ("limit", "i8")])
"""One report: the lots of a side of a month, and the position limit."""


def large_positions(
    house: ClearingHouse, report_percent: Mapping[Participant, int] = REPORT_PERCENT
) -> Array:
    """Return LARGE rows for positions of at least the given share of their limit, by month, side and account."""
    shares = np.array([report_percent[kind] for kind in Participant], np.int64)[house.roster.kind]
    parts = [np.zeros(0, LARGE)]
    for contract, rule in enumerate(house.rules):
        limit = rule.limits.position_lots
        if limit is None:
            continue
        limits = limit * house.roster.clients
        for side in Side:
            held = house.held_lots[side, contract]
            accounts = np.flatnonzero((held > 0) & (held * 100 >= shares * limits))
            rows = np.zeros(len(accounts), LARGE)
            rows["account"], rows["contract"], rows["side"] = accounts, contract, side
            rows["lots"], rows["limit"] = held[accounts], limits[accounts]
            parts.append(rows)
    return np.concatenate(parts)
