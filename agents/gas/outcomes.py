"""What sessions at SHPGX came to: price, volume, rents, default, and the distance from the planner's optimum.

It measures what happened and knows every worth and cost, which no agent does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any

import pandas as pd

from agents.gas.planner import Plan, plan
from agents.gas.sales_parameters import MechanismName
from agents.gas.sessions import Session, place_of
from exchange.mechanisms import Deal
from exchange.units import FEN_PER_CNY

_MN_FEN = FEN_PER_CNY * 1e6


@dataclass(frozen=True, eq=False)
class Outcome:
    """Hold a session and what was delivered of it, at once or from a pre-sale; sellers are terminals.

    `signed_t` was to be delivered now, `ahead_t` was sold today for a later month; `unmet_t` was wanted at the
    session's price and not there. `deposits_fen` were put down today.
    """

    session: Session
    mechanism: MechanismName
    delivered: tuple[Deal, ...]
    signed_t: int
    ahead_t: int
    unmet_t: int
    deposits_fen: int = 0
    forfeited_by_buyers_fen: int = 0
    forfeited_by_sellers_fen: int = 0

    @cached_property
    def plan(self) -> Plan:
        """The planner's optimum of the session."""
        return plan(self.session)

    def rents_fen(self) -> tuple[int, int]:
        """Return the rent of buyers (worth - detour - paid) and of sellers (paid - cost), forfeited deposits moved."""
        moved = self.forfeited_by_sellers_fen - self.forfeited_by_buyers_fen
        costs = {lot.stand: lot.cost_fen_per_t for lot in self.session.lots}
        buyers, sellers = moved, -moved
        for want in self.session.wants:
            own = [deal for deal in self.delivered if deal.buyer == want.buyer]
            buyers += want.worth_fen(sum(deal.quantity for deal in own))
            buyers -= sum(
                deal.amount_fen + want.detour_fen_per_t[place_of(deal.seller)] * deal.quantity for deal in own
            )
        for deal in self.delivered:
            sellers += (deal.price_fen - costs[deal.seller]) * deal.quantity
        return buyers, sellers

    def row(self) -> dict[str, Any]:
        """Return the figures of the session (see scenarios/tables.py for what they are)."""
        quantity = sum(deal.quantity for deal in self.delivered)
        money = sum(deal.amount_fen for deal in self.delivered)
        buyers, sellers = self.rents_fen()
        best = self.plan
        return {
            "date": self.session.day,
            "mechanism": self.mechanism,
            "price_cny_per_t": money / quantity / FEN_PER_CNY if quantity else nan,
            "planner_price_cny_per_t": best.price_fen_per_t / FEN_PER_CNY,
            "offered_t": sum(lot.quantity_t for lot in self.session.lots),
            "signed_t": self.signed_t,
            "delivered_t": quantity,
            "planner_t": best.tonnes,
            "ahead_t": self.ahead_t,
            "unmet_t": self.unmet_t,
            "buyer_rent_mn_cny": buyers / _MN_FEN,
            "seller_rent_mn_cny": sellers / _MN_FEN,
            "optimum_mn_cny": best.surplus_fen / _MN_FEN,
            "lost_mn_cny": (best.surplus_fen - buyers - sellers) / _MN_FEN,
            "efficiency": (buyers + sellers) / best.surplus_fen if best.surplus_fen > 0 else nan,
            "deposits_mn_cny": self.deposits_fen / _MN_FEN,
            "forfeited_by_buyers_mn_cny": self.forfeited_by_buyers_fen / _MN_FEN,
            "forfeited_by_sellers_mn_cny": self.forfeited_by_sellers_fen / _MN_FEN,
            "defaulted": 1.0 - quantity / self.signed_t if self.signed_t else nan,
        }


def frame(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return a row for each session, and in `foretold_error` how far its price missed the next planner's price.

    foretold_error = |ln(price of this session / planner's price of the next one)|.
    """
    import numpy as np

    table = pd.DataFrame([outcome.row() for outcome in outcomes])
    if table.empty:
        return pd.DataFrame(columns=["date", "mechanism"])
    table["date"] = pd.to_datetime(table["date"])
    following = table["planner_price_cny_per_t"].shift(-1)
    table["foretold_error"] = np.abs(np.log(table["price_cny_per_t"] / following))
    return table
