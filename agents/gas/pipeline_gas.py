"""Pipeline gas sold at SHPGX by bidding: what a seller's lines can bring beyond what is nominated, a week at a time.

Distributors bid what gas from LNG would cost them. What is sold comes through the lines in its week, on top of what
comes anyway, and the delta draws that much less from its tanks. Under the rulebook the price may rise by 20 % over the
base and no further; who bids the cap first is served first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp
from typing import Any, Final

import numpy as np
import pandas as pd

from agents.gas.pipelines import Pipeline
from agents.gas.sales_parameters import PipelineGasParameters
from exchange.mechanisms import Bid, Deal, Fault, Members, Offer, bidding_rules, cap_fen, hold_sale
from exchange.units import FEN_PER_CNY, GAS_M3_PER_TONNE_LNG

UNIT_M3: Final = 10_000
"""The unit of pipeline gas at SHPGX."""

WEEK_DAYS: Final = 7
_STEPS: Final = 5


@dataclass
class WeekOfGas:
    """A sale and what came of it: bids in units of 10^4 m3 for the whole week, deals with their numbers."""

    day: date
    offered: int
    base_fen: int
    cap_fen: int | None
    bids: list[Bid]
    deals: tuple[Deal, ...]
    numbers: list[int] = field(default_factory=list)
    forfeited_fen: int = 0


class PipelineGasSale:
    """Hold the sales and follow their delivery; accounts are those of `members`.

    Draws come every day, so that arms stay in step.
    """

    def __init__(
        self,
        parameters: PipelineGasParameters,
        pipeline: Pipeline,
        members: Members,
        rng: np.random.Generator,
    ) -> None:
        self.weeks: list[WeekOfGas] = []
        self._parameters = parameters
        self._pipeline = pipeline
        self._members = members
        self._rng = rng
        self._names = [f"distributor {name}" for name in parameters.bidders]
        self._order: list[int] = []
        self._values: list[float] = []
        for name in self._names:
            members.register(name)

    def advance(self) -> None:
        """Draw the order in which distributors come and what gas is worth to each."""
        count = len(self._names)
        self._order = self._rng.uniform(size=count).argsort().tolist()
        normals = self._rng.standard_normal(count).tolist()
        self._values = [exp(self._parameters.private_value_sd * normal) for normal in normals]

    def hold(self, day: date, lng_price_cny_per_t: float, lng_gas_m3: float, call: float) -> None:
        """Sell the seven days after a trading day, if they are not sold yet.

        `lng_gas_m3` is what the tanks are expected to send out in them, `call` the present call on swing.
        """
        if self.weeks and day < self.weeks[-1].day + timedelta(days=WEEK_DAYS):
            return
        own = self._parameters
        free_m3 = self._pipeline.unused_m3(day + timedelta(days=1), WEEK_DAYS, call)
        daily = int(own.offered_share * free_m3.min() / UNIT_M3)
        base = round(FEN_PER_CNY * own.base_cny_per_m3 * UNIT_M3)
        rules = bidding_rules("shpgx_png", day)
        highest = cap_fen(base, rules) if own.capped else None
        parity = FEN_PER_CNY * lng_price_cny_per_t / GAS_M3_PER_TONNE_LNG * UNIT_M3
        bids = []
        for at in self._order:
            share = list(own.bidders.values())[at]
            part = int(share * lng_gas_m3 / UNIT_M3 / _STEPS)
            for step in range(_STEPS):
                limit = int(parity * self._values[at] * (1.0 - 0.02 * step))
                if part and limit >= 1:
                    bids.append(Bid(self._names[at], limit, part))
        offers = [Offer(own.seller, base, WEEK_DAYS * daily)] if daily > 0 else []
        outcome = hold_sale(
            "uplift", bids, offers, step_fen=rules.step_fen_per_unit, base_fen=base, cap_fen=highest
        )
        week = WeekOfGas(day, WEEK_DAYS * daily, base, highest, bids, _merged(outcome.deals))
        week.numbers = [self._members.sign(deal, own.deposit_percent) for deal in week.deals]
        self.weeks.append(week)
        sold = sum(deal.quantity for deal in week.deals)
        for ahead in range(WEEK_DAYS):
            self._pipeline.sell(day + timedelta(days=1 + ahead), UNIT_M3 * _part(sold, ahead))

    def deliver(self, day: date, came_share: float, taken_share: float) -> None:
        """Perform a day: `came_share` of the lines' gas was not cut, `taken_share` of what came was taken.

        What did not come is the seller's fault, what was not taken the buyers'; deals share alike.
        """
        for week in self.weeks[-2:]:
            ahead = (day - week.day).days - 1
            if 0 <= ahead < WEEK_DAYS:
                for number, deal in zip(week.numbers, week.deals, strict=True):
                    due = _part(deal.quantity, ahead)
                    came = round(came_share * due)
                    taken = round(taken_share * came)
                    for parts in ((taken, due - came, Fault.SELLER), (0, came - taken, Fault.BUYER)):
                        week.forfeited_fen += self._members.perform(number, *parts)

    def frame(self) -> pd.DataFrame:
        """Return a row for each sale: what was bid and sold, rents against the planner's, delivery so far."""
        frame = pd.DataFrame(
            [self._row(week) for week in self.weeks], columns=None if self.weeks else ["day"]
        )
        frame["day"] = pd.to_datetime(frame["day"])
        return frame

    def _row(self, week: WeekOfGas) -> dict[str, Any]:
        sold = sum(deal.quantity for deal in week.deals)
        price = week.deals[0].price_fen if week.deals else None
        signed = [self._members.signed[number] for number in week.numbers]
        worth = _worth_fen(week.bids, {d.buyer: d.quantity for d in week.deals})
        best = _best_fen(week)
        rent = worth - sum(deal.amount_fen for deal in week.deals)
        cost = week.base_fen * sold
        mn = FEN_PER_CNY * 1e6
        return {
            "day": week.day,
            "base_cny_per_m3": week.base_fen / FEN_PER_CNY / UNIT_M3,
            "price_cny_per_m3": price / FEN_PER_CNY / UNIT_M3 if price else float("nan"),
            "at_cap": price is not None and price == week.cap_fen,
            "offered_m3": week.offered * UNIT_M3,
            "bid_m3": sum(bid.quantity for bid in week.bids) * UNIT_M3,
            "sold_m3": sold * UNIT_M3,
            "delivered_m3": sum(one.delivered for one in signed) * UNIT_M3,
            "missed_m3": sum(one.missed for one in signed) * UNIT_M3,
            "winners": len({deal.buyer for deal in week.deals}),
            "buyer_rent_mn_cny": rent / mn,
            "seller_rent_mn_cny": (sum(deal.amount_fen for deal in week.deals) - cost) / mn,
            "optimum_mn_cny": best / mn,
            "efficiency": (worth - cost) / best if best > 0 else float("nan"),
            "deposits_mn_cny": sum(one.deposit_fen for one in signed) / mn,
            "forfeited_mn_cny": week.forfeited_fen / mn,
        }


def _part(quantity: int, day: int) -> int:
    """Return the day's part of a week's quantity, in whole units that sum to the whole."""
    return quantity * (day + 1) // WEEK_DAYS - quantity * day // WEEK_DAYS


def _merged(deals: tuple[Deal, ...]) -> tuple[Deal, ...]:
    """Return one deal for each buyer, as all pay one price."""
    merged: dict[tuple[str, str, int], int] = {}
    for deal in deals:
        key = deal.seller, deal.buyer, deal.price_fen
        merged[key] = merged.get(key, 0) + deal.quantity
    return tuple(Deal(*key, quantity) for key, quantity in merged.items())


def _worth_fen(bids: list[Bid], bought: dict[str, int]) -> int:
    """Return what buyers' gas is worth to them, the dearest use first."""
    left, worth = dict(bought), 0
    for bid in sorted(bids, key=lambda bid: -bid.limit_fen):
        got = min(bid.quantity, left.get(bid.buyer, 0))
        left[bid.buyer] = left.get(bid.buyer, 0) - got
        worth += got * bid.limit_fen
    return worth


def _best_fen(week: WeekOfGas) -> int:
    """Return the planner's surplus: the dearest uses of all first, while they are worth the seller's cost."""
    left, surplus = week.offered, 0
    for bid in sorted(week.bids, key=lambda bid: -bid.limit_fen):
        got = min(bid.quantity, left) if bid.limit_fen >= week.base_fen else 0
        left, surplus = left - got, surplus + got * (bid.limit_fen - week.base_fen)
    return surplus
