"""The squeeze laboratory: a month that somebody tries to corner, day by day, and what the attempt made or lost.

It starts the attempt in a world and reads what came of it; prices, calls and deliveries are the market's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any

import pandas as pd
import simpy

from agents.corner import Corner
from agents.traders.state import EXTERNAL_ACCOUNT
from exchange.clock import Sessions, day_of, ns
from exchange.codes import Venue
from exchange.units import BBL_PER_SC_LOT, FEN_PER_CNY, NS_PER_DAY
from scenarios.levers import CornerAttempt
from scenarios.results import Column

if TYPE_CHECKING:
    from scenarios.world import World

_AFTER_CLOSE = time(15, 1)
_OFFERS = 6
"""From which evening on, in trading days before the last one, an attempt offers what it holds."""

COLUMNS = {
    "month": Column("", "the delivery month that is to be cornered"),
    "held_lots": Column("lots", "what the attempt holds of it"),
    "mean_cost_cny_per_bbl": Column("CNY/bbl", "mean price of what it has bought"),
    "settlement_cny_per_bbl": Column("CNY/bbl", "settlement price of the month"),
    "next_settlement_cny_per_bbl": Column("CNY/bbl", "settlement price of the month after it"),
    "spot_cny_per_bbl": Column("CNY/bbl", "what oil in tank is worth: Oman and the middle of the parities"),
    "open_interest_lots": Column("lots", "of the month, one-sided"),
    "warrant_lots": Column("lots", "all warrants outstanding"),
    "cover": Column("share", "warrants over open interest"),
}
"""Documentation of the columns of the table `corner`."""


OUTCOME_COLUMNS = {
    "bought_lots": Column("lots", "what the attempt bought"),
    "sold_lots": Column("lots", "what it sold again, or its broker for it"),
    "received_lots": Column("lots", "oil that it received in delivery"),
    "failed_lots": Column("lots", "what sellers did not deliver to it"),
    "delivery_settlement_cny_per_bbl": Column("CNY/bbl", "mean of the month's last five settlement prices"),
    "spot_cny_per_bbl": Column("CNY/bbl", "worth of oil in tank on the month's last trading day"),
    "futures_mn_cny": Column("mn CNY", "gains of trading up to the delivery settlement price"),
    "oil_mn_cny": Column("mn CNY", "worth of the oil received over what was paid for it"),
    "penalties_mn_cny": Column("mn CNY", "from sellers who did not deliver"),
    "profit_mn_cny": Column("mn CNY", "the three together, before fees"),
}
"""Documentation of the columns of the table `corner_outcome`."""

_LAST_DAYS = 5


def most_over_next(days: pd.DataFrame) -> float:
    """Return the most that the month stood over the next one in its last five days, in CNY/bbl."""
    gap = days["settlement_cny_per_bbl"] - days["next_settlement_cny_per_bbl"]
    return float(gap.tail(_LAST_DAYS).max())


def over_spot_at_the_end(days: pd.DataFrame) -> float:
    """Return the month's last settlement price less the worth of oil in tank, in CNY/bbl."""
    last = days.iloc[-1]
    return float(last["settlement_cny_per_bbl"] - last["spot_cny_per_bbl"])


def least_cover(days: pd.DataFrame) -> float:
    """Return the least cover of open interest by warrants from the day on which warrants are first seen."""
    seen = days.loc[days["warrant_lots"] > 0, "cover"]
    return float(seen.min()) if len(seen) else 0.0


@dataclass(frozen=True)
class CornerDay:
    """One day of the attempted month (see COLUMNS)."""

    day: date
    month: str
    held_lots: int
    mean_cost_cny_per_bbl: float
    settlement_cny_per_bbl: float
    next_settlement_cny_per_bbl: float
    spot_cny_per_bbl: float
    open_interest_lots: int
    warrant_lots: int
    cover: float


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to, in million CNY where it is money.

    futures: gains of trading up to the delivery settlement price; oil: worth of the oil received over what was paid;
    penalties: from sellers who did not deliver; fees are left out. profit = futures + oil + penalties.
    """

    bought_lots: int
    sold_lots: int
    received_lots: int
    failed_lots: int
    delivery_settlement_cny_per_bbl: float
    spot_cny_per_bbl: float
    futures_mn_cny: float
    oil_mn_cny: float
    penalties_mn_cny: float

    @property
    def profit_mn_cny(self) -> float:
        """The whole of it."""
        return self.futures_mn_cny + self.oil_mn_cny + self.penalties_mn_cny


class Squeeze:
    """Watch a month of SC from a trading day on, with an attempt to corner it, or without (`attempt` None).

    `number` is the attempt's account among those of the SimPy side, `sessions_on` gives SC's hours in force. Raises
    ValueError where SC trades as one series or without clearing, for then no month is delivered.
    """

    def __init__(
        self,
        world: World,
        since: date,
        attempt: CornerAttempt | None,
        number: int,
        sessions_on: Callable[[date], Sessions],
    ) -> None:
        market = world.market
        if market is None or world.clearing is None or "sc" not in market.population.curves:
            raise ValueError(
                "a corner needs SC's months and clearing: set traders.curve.sc_active_months to 2 or more"
            )
        self._world, self._account = world, EXTERNAL_ACCOUNT + number
        rulebook, calendar = world.rulebooks[Venue.SC], world.loaded.calendar
        self.month = rulebook.listed_months(since, calendar)[0]
        self.days: list[CornerDay] = []
        self.corner: Corner | None = None
        last = rulebook.on(since).last_trading_day(self.month, calendar)
        evening = ns(calendar.previous(since), time(20))
        if attempt is not None:
            buying = calendar.trading_days(since, attempt.buying_trading_days)
            self.corner = Corner(
                world.env, market, self.month, attempt.lots, start_ns=evening,
                trading_minutes=sum(sessions_on(day).open_minutes for day in buying),
                offer_ns=ns(calendar.previous(last, _OFFERS), time(20)),
                ask_on=lambda: self._ask_cny_per_bbl(attempt.ask_over_spot_percent),
            )  # fmt: skip
            world.env.process(self._fund(evening, round(attempt.capital_mn_cny * 1e6 * FEN_PER_CNY)))
        world.env.process(self._watch(ns(since, _AFTER_CLOSE)))

    def _fund(self, at_ns: int, fen: int) -> Generator[simpy.Event, Any, None]:
        yield self._world.env.timeout(max(0, at_ns + NS_PER_DAY // 24 - self._world.env.now))
        assert self._world.clearing is not None
        self._world.clearing.house.deposit(self._account, fen)

    def _watch(self, from_ns: int) -> Generator[simpy.Event, Any, None]:
        env = self._world.env
        yield env.timeout(max(0, from_ns - env.now))
        while True:
            self._note(day_of(int(env.now)))
            yield env.timeout(NS_PER_DAY)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables `corner`, a row a day, and `corner_outcome`, one row, zeros where nothing was attempted."""
        found = self.outcome()
        outcome = dict.fromkeys(OUTCOME_COLUMNS, 0.0) if found is None else {
            **asdict(found), "profit_mn_cny": found.profit_mn_cny,
        }  # fmt: skip
        return {"corner": self.frame(), "corner_outcome": pd.DataFrame([outcome])}

    def _note(self, day: date) -> None:
        world = self._world
        outcomes = {s.month: s for s in world.month_settlements["sc"] if s.trading_day == day}
        own, following = outcomes.get(self.month), outcomes.get(self.month.plus(1))
        if own is None or following is None:
            return
        spec = world.rulebooks[Venue.SC].on(day)
        if self.corner is not None:
            self.corner.read_fills()
        interest = own.figures.open_interest_lots
        warrants = sum(warrant.lots for warrant in world.crude.registry.all())
        self.days.append(
            CornerDay(
                day,
                str(self.month),
                int(world.clearing.house.net_lots[:, self._account].sum()) if world.clearing else 0,
                self.corner.mean_cost_cny_per_bbl if self.corner is not None else 0.0,
                spec.to_price(own.settlement_ticks),
                spec.to_price(following.settlement_ticks),
                self._world.deliverable_spot_cny_per_bbl(day),
                interest,
                warrants,
                warrants / interest if interest else float("nan"),
            )
        )

    def _ask_cny_per_bbl(self, over_spot_percent: float) -> float:
        day = self._world.loaded.calendar.previous(day_of(int(self._world.env.now)))
        return self._world.deliverable_spot_cny_per_bbl(day) * (1 + over_spot_percent / 100)

    def frame(self) -> pd.DataFrame:
        """Return the days of the month as a table (see COLUMNS)."""
        return pd.DataFrame([asdict(day) for day in self.days])

    def outcome(self) -> Outcome | None:
        """Return what the attempt came to; None without one, or before the month's delivery has ended."""
        world, clearing = self._world, self._world.clearing
        assert clearing is not None
        delivery = clearing.expiries.delivery_of(self.month)
        if self.corner is None or delivery is None:
            return None
        spec = world.rulebooks[Venue.SC].on(self.days[-1].day)
        settled = spec.to_price(delivery.settlement_ticks)
        spot = self._world.deliverable_spot_cny_per_bbl(self.days[-1].day)
        tick_lots = int(world.population.state["cash"][:, self._account].sum())  # it traded this month alone
        received = [m for m in delivery.delivered if m.buyer == self._account]
        lots = sum(m.lots for m in received)
        paid = sum(m.amount_fen for m in received) / FEN_PER_CNY
        failures = [f for f in delivery.failures if f.compensated == self._account]
        return Outcome(
            self.corner.bought_lots,
            self.corner.sold_lots,
            lots,
            sum(f.lots for f in failures),
            settled,
            spot,
            tick_lots * spec.minor_units_per_tick_and_lot / FEN_PER_CNY / 1e6,
            (lots * BBL_PER_SC_LOT * spot - paid) / 1e6,
            sum(f.penalty_fen for f in failures) / FEN_PER_CNY / 1e6,
        )
