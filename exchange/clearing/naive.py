"""The clearing house as one would write it on a napkin: dicts of dicts, the readable twin of house.py.

It serves tests and benchmarks as the truth that the fast house must repeat. It is not for use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.clearing.house import Offset
from exchange.clearing.rules import CollateralRule, ContractRules, Netting
from exchange.codes import Side

Key = tuple[int, int]
"""A contract and a position's side."""


@dataclass
class Holding:
    """Lots of one side of one month: all of them, today's, and what they cost."""

    lots: int = 0
    today: int = 0
    cost: int = 0


class NaiveHouse:
    """Book fills and settle days, the slow and plain way; one account is a dict of holdings."""

    def __init__(
        self,
        hedge: Sequence[bool],
        rules: Sequence[ContractRules],
        settled: Sequence[int],
        *,
        netting: Netting = Netting.PRODUCT,
        collateral: CollateralRule = CollateralRule(),  # noqa: B008 - frozen
        fx_e4: int = 70_000,
    ) -> None:
        self.hedge, self.rules, self.settled = list(hedge), list(rules), list(settled)
        self.netting, self.collateral, self.fx_e4 = netting, collateral, fx_e4
        self.cash, self.usd, self.profit, self.fees = ([0] * len(hedge) for _ in range(4))
        self.holdings: list[dict[Key, Holding]] = [defaultdict(Holding) for _ in hedge]
        self.exchange = 0

    def open_day(self, rules: Sequence[ContractRules]) -> None:
        """Begin a day: what was opened before is no longer today's."""
        self.rules = list(rules)
        for holdings in self.holdings:
            for holding in holdings.values():
                holding.today = 0

    def book(self, fills: Sequence[tuple[int, int, int, int, int, int]]) -> None:
        """Book fills of a batch: openings one by one, then each account's closings of a side at average cost."""
        closed: dict[tuple[int, Key], int] = defaultdict(int)
        for account, contract, side, offset, price, lots in fills:
            rule = self.rules[contract]
            sign = 1 if side == Side.BUY else -1
            self.profit[account] += sign * lots * (self.settled[contract] - price) * rule.fen_per_tick
            fees = rule.fees
            self.fees[account] += lots * (fees.open_fen, fees.close_fen, fees.close_today_fen)[offset]
            ppm = (fees.open_ppm, fees.close_ppm, fees.close_today_ppm)[offset]
            self.fees[account] += lots * price * rule.fen_per_tick * ppm // 1_000_000
            key = (contract, side if offset == Offset.OPEN else 1 - side)
            holding = self.holdings[account][key]
            if offset == Offset.OPEN:
                holding.lots += lots
                holding.today += lots
                holding.cost += lots * price
            else:
                closed[account, key] += lots
                holding.today -= lots if offset == Offset.CLOSE_TODAY else 0
        for (account, key), lots in closed.items():
            holding = self.holdings[account][key]
            holding.cost -= holding.cost * lots // holding.lots
            holding.lots -= lots

    def settle(self, settlement: Sequence[int]) -> None:
        """Mark every position to its settlement and take the fees."""
        for account, holdings in enumerate(self.holdings):
            for (contract, side), holding in holdings.items():
                sign = 1 if side == Side.BUY else -1
                change = settlement[contract] - self.settled[contract]
                self.profit[account] += sign * holding.lots * change * self.rules[contract].fen_per_tick
            self.cash[account] += self.profit[account] - self.fees[account]
            self.exchange += self.fees[account]
            self.profit[account] = self.fees[account] = 0
        self.settled = list(settlement)

    def margin(self, account: int) -> int:
        """Return an account's margin: in each product the larger side, months near their end on both."""
        total = 0
        netted: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
        for (contract, side), holding in self.holdings[account].items():
            rule = self.rules[contract]
            percent = rule.margin.hedge_percent if self.hedge[account] else rule.margin.spec_percent
            hundredths = self.settled[contract] * rule.fen_per_tick * percent
            margin = holding.lots * (hundredths // 100 + (hundredths % 100 > 0))
            if self.netting == Netting.GROSS or rule.margin.both_sides:
                total += margin
            else:
                group = ("product", rule.product) if self.netting == Netting.PRODUCT else ("month", contract)
                netted[group][side] += margin
        return total + sum(max(sides) for sides in netted.values())

    def available(self, account: int) -> int:
        """Return what an account has beyond its margin, of which collateral may carry a part."""
        value = self.usd[account] * self.fx_e4 // 10_000 * (100 - self.collateral.fx_haircut_percent) // 100
        return self.cash[account] - max(self.margin(account) - value, 0)
