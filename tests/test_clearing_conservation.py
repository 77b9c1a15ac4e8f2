"""Nothing appears and nothing vanishes: money, lots and oil through whole random histories of the house."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from houses import FIRM, FUND, INDIVIDUAL, OVERSEAS, SC, house_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CONTRACTS, fills_wished, random_wishes, wishes

from exchange.clearing.closing import excess_liquidation, margin_liquidation
from exchange.clearing.default import cover_deficits
from exchange.clearing.house import FILL, ClearingHouse, Funds, Offset
from exchange.clearing.reduction import reduce_by_force
from exchange.clearing.rules import LimitRule
from exchange.delivery import Delivery, DeliveryRule
from exchange.efp import exchange_for_physical
from exchange.tanks import Tanks
from exchange.warrants import WarrantRefused, WarrantRegistry

ACTIONS = (
    "trade",
    "settle",
    "call",
    "excess",
    "default",
    "reduce",
    "deliver",
    "efp",
    "dollars",
    "load",
    "lose",
)
KINDS = [INDIVIDUAL, FIRM, FUND, OVERSEAS, FIRM, FUND]
RULES = tuple(
    replace(SC, limits=LimitRule(position_lots=40, persons_out=out)) for out in (False, True, False)
)


@dataclass
class History:
    """Live through actions one after another; each may be drawn at any time."""

    house: ClearingHouse
    tanks: Tanks = field(default_factory=Tanks)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.registry = WarrantRegistry(self.tanks.oil_bbl)

    def trade(self, trades, number):
        self.house.book(fills_wished(self.house, trades))

    def settle(self, trades, number):
        change = np.array([number, -number // 2, number // 3])
        self.house.settle(np.maximum(self.house.settled_ticks + change, 100), fx_e4=70_000 + number)
        self.house.open_day(self.house.rules)

    def _fill(self, rows):
        """Fill forced orders against the last account, which never asks for it, and skip what it holds itself."""
        other = len(self.house.roster) - 1
        for row in rows[rows["account"] != other]:
            mine = tuple(int(row[name]) for name in FILL.names)
            theirs = (other, mine[1], 1 - mine[2], Offset.OPEN, *mine[4:])
            self.house.book(np.array([mine, theirs], FILL))
            self.seen.add("forced")

    def call(self, trades, number):
        called = np.flatnonzero(self.house.available_fen() < 0).tolist()
        self._fill(margin_liquidation(self.house, called, self._limits()))

    def excess(self, trades, number):
        self._fill(excess_liquidation(self.house, self._limits()))

    def default(self, trades, number):
        for loss in cover_deficits(self.house, with_positions=number > 0):
            assert loss.uncovered_fen == max(0, -int(self.house.cash_fen[loss.account]))
            self.seen.add("default")

    def reduce(self, trades, number):
        contract, way = number % CONTRACTS, 1 if number > 0 else -1
        asked = np.abs(self.house.net_lots[contract])
        price = int(self._limits()[contract, 1 if way > 0 else 0])
        done = reduce_by_force(self.house, contract, way, asked, price)
        self.house.book(done.fills, fees=False)
        self.seen.add("reduced" if len(done.fills) else "not reduced")

    def deliver(self, trades, number):
        self.settle(trades, 0)  # gains of trades are settled first
        delivery = Delivery(
            self.house, number % CONTRACTS, self.registry, 5_000 + number, rule=DeliveryRule()
        )
        for warrant in self.registry.all():
            room = int(delivery.shorts_lots[warrant.owner]) - delivery.presented_lots(warrant.owner)
            if room > 0:
                delivery.present(warrant.owner, warrant.number, min(room, warrant.lots))
        for _ in range(5):
            delivery.next_day()
            self.check()
        assert not self.house.held_lots[:, number % CONTRACTS].any()
        self.seen.add("delivered" if delivery.delivered else "not delivered")

    def efp(self, trades, number):
        contract = number % CONTRACTS
        long, short = (int(np.argmax(side)) for side in self.house.held_lots[:, contract])
        lots = int(self.house.held_lots[:, contract].max(axis=1).min())
        if lots and long != short:
            price = int(self.house.settled_ticks[contract]) + 10
            exchange_for_physical(
                self.house,
                contract,
                long=long,
                short=short,
                lots=lots,
                price_ticks=price,
                limits_ticks=(1, 20_000),
            )

    def dollars(self, trades, number):
        account = abs(number) % len(self.house.roster)
        self.house.deposit(account, usd_cents=1_000_000)
        self.house.exchange_usd(account, abs(number))
        self.house.deposit(account, -self.house.withdrawable_fen(account) // 2)

    def load(self, trades, number):
        self.tanks.load_in("yangshan", 20_000)
        try:
            self.registry.register(
                abs(number) % len(self.house.roster), "yangshan", "oman", 1 + abs(number) % 19
            )
        except WarrantRefused:
            assert self.registry.lots_at("yangshan") > 0

    def lose(self, trades, number):
        self.tanks.lose("yangshan", min(self.tanks.oil_bbl("yangshan"), 50 * abs(number)))
        self.registry.write_down("yangshan")
        for warrant in self.registry.all()[:1]:
            self.tanks.load_out("yangshan", self.registry.cancel(warrant.number))

    def _limits(self):
        settled = self.house.settled_ticks
        return np.stack([settled * 92 // 100, settled * 108 // 100], axis=1)

    def check(self):
        self.house.check()
        self.registry.check()
        self.tanks.check()
        assert self.house.total_fen == 1_000_000_000 and self.house.total_usd_cents == 0


def lived(steps) -> History:
    members = np.array([200_000_000, 100_000_000]), np.array([150_000_000, 150_000_000])
    funds = Funds(*members, reserve_fen=300_000_000, capital_fen=100_000_000)
    history = History(house_of(KINDS, RULES, (5_000, 4_900, 5_100), members=2, hedge=[1], funds=funds))
    for account in range(len(KINDS)):
        history.house.deposit(account, 200_000_000)
    for name, trades, number in steps:
        getattr(history, name)(trades, number)
        history.check()
    return history


STEP = st.tuples(st.sampled_from(("trade", "settle", *ACTIONS)), wishes(6), st.integers(-700, 700))


@settings(max_examples=150)
@given(st.lists(STEP, min_size=4, max_size=16))
def test_nothing_appears_or_vanishes(steps):
    lived(steps)


def test_long_histories_see_everything():
    rng, seen = np.random.default_rng(5), set()
    for _ in range(30):
        steps = [
            (
                str(rng.choice(["trade", "trade", *ACTIONS])),
                random_wishes(3, seed, 6),
                int(rng.integers(-700, 700)),
            )
            for seed in rng.integers(0, 10**6, 60)
        ]
        seen |= lived(steps).seen
    assert seen >= {"forced", "default", "reduced", "not reduced", "delivered", "not delivered"}
