"""The composition root: a scenario and its streams become one world on one SimPy clock.

It wires and records; it decides nothing and measures nothing. Both arms of a scenario, all replications and all
resamples are built here, with the same components in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from agents.clearing.market import MarketClearing
from agents.corner import NAME as CORNER
from agents.crude.holders import NAME as HOLDERS
from agents.crude.parameters import ACCOUNTS
from agents.crude.world import CrudeWorld
from agents.gas.shocks import DatedShock
from agents.gas.world import GasWorld
from agents.prices import PriceHistory
from agents.shocks import Event
from agents.traders.market import FastMarket
from agents.traders.population import TraderPopulation
from agents.traders.state import EXTERNAL_ACCOUNT
from agents.world_price import brent_path, cny_per_usd, history, oman_path
from exchange.book import digest
from exchange.clock import TradingCalendar, ns
from exchange.codes import Side, Venue
from exchange.contracts import ContractMonth, Rulebook
from exchange.units import NS_PER_DAY, NS_PER_MINUTE
from exchange.venue import Settlement
from scenarios.levers import BuyingProgramme, CornerAttempt, CrudeEvent, CrudeNews, GasEvent
from scenarios.rulebooks import venue_rulebooks
from scenarios.spec import LoadedScenario
from scenarios.squeeze import Squeeze
from scenarios.streams import Streams
from scenarios.venues import EVENING, fast_world, hours, open_venues

if TYPE_CHECKING:
    import pandas as pd

NAMES = {Venue.SC: "SC", Venue.OMAN: "Oman", Venue.BRENT: "Brent"}
_ACCOUNTS = (*ACCOUNTS, "programme", CORNER, HOLDERS)
_CORNER = _ACCOUNTS.index(CORNER)
_MORNING = time(8)


@dataclass(frozen=True)
class Programme:
    """An intervention: an execution agent that buys `lots` at `venue` from `start_ns` on, over `minutes`."""

    venue: Venue
    lots: int
    start_ns: int
    minutes: int


@dataclass(frozen=True)
class News:
    """An intervention: a piece of permanent news of `size_bps`, first seen at `venue` at `at_ns`."""

    venue: Venue
    size_bps: float
    at_ns: int


@dataclass(frozen=True)
class Publication:
    """A settlement price that became known: when, of which market, for which day, in its own currency."""

    at_ns: int
    market: str
    day: date
    price: float


@dataclass
class World:
    """A world that has been built and can be run. `build` makes one."""

    env: simpy.Environment
    loaded: LoadedScenario
    streams: Streams
    trading_days: tuple[date, ...]
    flow_start_ns: int
    flow_end_ns: int
    end_ns: int
    prices: dict[str, PriceHistory]
    crude: CrudeWorld
    gas: GasWorld | None
    market: FastMarket | None
    clearing: MarketClearing | None = None
    squeeze: Squeeze | None = None
    settlements: dict[Venue, list[Settlement]] = field(default_factory=lambda: {venue: [] for venue in Venue})
    month_settlements: dict[str, list[Settlement]] = field(default_factory=lambda: {"sc": [], "lu": []})
    """Of every listed month of a product whose months trade apart; `settlements` has SC's main month."""
    publications: list[Publication] = field(default_factory=list)
    rulebooks: dict[Venue, Rulebook] = field(default_factory=dict)
    past: tuple[str, ...] = ()
    """Digests of the state at the fork, if the world was run to one: of everything, and of gas."""

    def run_to(self, moment_ns: int) -> None:
        """Run to a moment at which another arm will part from this one, and keep the digests of the state."""
        if moment_ns > self.env.now:
            self.env.run(until=moment_ns)
        gas = [] if self.gas is None else [int(value) for value in self.gas.state_integers()]
        self.past = (self.state_hash(), digest(np.array(gas, np.int64)))

    def run(self) -> None:
        """Run to the end, and check that nothing appeared or vanished."""
        self.env.run(until=self.end_ns)
        self.check_conservation()

    def intervene(self, intervention: Programme | News) -> None:
        """Let a programme or a piece of news strike later on. Raises ValueError for a world without order flow."""
        if self.market is None:
            raise ValueError("a world without order flow has no venue to intervene at")
        if isinstance(intervention, Programme):
            self.env.process(_execute(self, self.market, intervention))
        else:
            self.env.process(_tell(self.env, self.market, intervention))

    def check_conservation(self) -> None:
        """Raise an error when lots, money, barrels or gas do not balance."""
        self.crude.check_conservation()
        if self.gas is not None:
            self.gas.check_conservation()
        if self.market is not None:
            self.market.population.check_conservation()
        if self.clearing is not None:
            self.clearing.check_conservation()

    def deliverable_spot_cny_per_bbl(self, day: date) -> float:
        """Return what oil in tank was worth on a day: Oman and the middle of the parities."""
        neutral = self.crude.parity_usd_per_bbl(day).neutral
        return (self.prices["oman"].on(day) + neutral) * self.prices["fx"].on(day)

    def state_hash(self) -> str:
        """Return the digest of all integer state: books, accounts, cargoes, tanks, trades."""
        integers = [int(self.env.now), *self.crude.state_integers()]
        if self.gas is not None:
            integers += [int(value) for value in self.gas.state_integers()]
        if self.market is not None:
            integers += self.market.population.state_integers()
        if self.clearing is not None:
            integers += self.clearing.house.state_integers().tolist()
        return digest(np.array(integers, np.int64))

    @property
    def population(self) -> TraderPopulation:
        """The traders of the fast world. Raises LookupError where no order flow is simulated."""
        if self.market is None:
            raise LookupError("this world has no order flow: period.trading_days is 0")
        return self.market.population

    def days(self) -> pd.DataFrame:
        """Return SC's, Oman's and Brent's trading days in USD/bbl (see results.COLUMNS)."""
        from scenarios.tables import trading_days_frame

        return trading_days_frame(self)


def build(
    loaded: LoadedScenario,
    streams: Streams,
    *,
    changed: bool,
    with_gas: bool = True,
    flow_days: int | None = None,
    intervention: Programme | News | None = None,
    bar_ns: int = NS_PER_MINUTE,
    sample_ns: int | None = None,
) -> World:
    """Build the world of one arm.

    `flow_days` cuts the order flow short (and the world with it), `with_gas` leaves gas out: neither moves what
    remains.
    """
    scenario = loaded.scenario
    period, calendar = scenario.period, loaded.calendar
    count = period.trading_days if flow_days is None else min(flow_days, period.trading_days)
    days = calendar.trading_days(period.first_trading_day, count) if count else ()
    env = simpy.Environment(initial_time=ns(period.slow_start))
    happenings = _realised(scenario.happenings(changed=changed), streams)
    events = _dated(happenings, period.first_trading_day, calendar)
    start_ns, end_ns = _flow_span(days, calendar, period.first_trading_day)
    last_ns = end_ns + NS_PER_MINUTE if flow_days is not None else ns(period.slow_end) + NS_PER_DAY

    given = loaded.prices or brent_path(scenario.world_price, streams.generator("world_price"))
    prices = _histories(loaded, given, days[0] if days else None)
    books = venue_rulebooks(events)
    market = (
        fast_world(
            env, loaded, streams, books, prices, days, (start_ns, end_ns), _ACCOUNTS, bar_ns, sample_ns
        )
        if days
        else None
    )
    sc_rulebook = _from(books[Venue.SC], period.slow_start)
    crude = CrudeWorld(
        env,
        scenario.crude,
        start=period.slow_start,
        calendar=calendar,
        rulebook=sc_rulebook,
        sessions_on=hours(sc_rulebook, calendar, events),
        market=market or ClosedMarket(),
        rng=streams.generator,
        oman=prices["oman"],
        sc=prices["sc"],
        fx=prices["fx"],
        levers=[(day, event) for day, event in events if isinstance(event, CrudeEvent)],
        flow_start=days[0] if days else None,
        first_account=EXTERNAL_ACCOUNT if days else 0,
    )
    world = World(
        env, loaded, streams, days, start_ns, end_ns, last_ns, prices, crude, None, market, rulebooks=books
    )
    _publish_sc_at_parity(world)
    if market is not None:
        attempts = [(day, event) for day, event in events if isinstance(event, CornerAttempt)]
        for _, attempt in attempts:
            market.population.hold_to_limits(_CORNER, clients=attempt.clients)
        open_venues(world, market, given, events)
        watched: list[tuple[date, CornerAttempt | None]] = [*attempts] or [
            (day, None)
            for day, event in _dated(scenario.events, period.first_trading_day, calendar)
            if isinstance(event, CornerAttempt)
        ]
        if watched:
            world.squeeze = Squeeze(world, *watched[0], _CORNER, hours(sc_rulebook, calendar, events))
        if intervention is not None:
            world.intervene(intervention)
        for day, event in events:
            if isinstance(event, BuyingProgramme):
                start = ns(day) + event.start_minute * NS_PER_MINUTE
                venue = Venue[event.venue.upper()]
                env.process(
                    _execute(world, market, Programme(venue, event.lots, start, event.duration_minutes))
                )
            elif isinstance(event, CrudeNews):
                moment = ns(day) + event.minute * NS_PER_MINUTE
                env.process(_tell(env, market, News(Venue[event.venue.upper()], event.size_bps, moment)))
    if with_gas:
        world.gas = _gas_world(world, events)
    return world


def gas_twin(base: World) -> World:
    """Build the changed arm of a world that has run, where no event touches crude.

    Gas does not feed back on crude, so the crude side is that of `base`, and its settlements are published again at
    the moments at which they were. The result is that of a full run of the changed arm. Raises ValueError where an
    event touches crude.
    """
    loaded, period = base.loaded, base.loaded.scenario.period
    if loaded.scenario.touches_crude:
        raise ValueError("an event of this scenario touches crude: run the whole changed arm")
    env = simpy.Environment(initial_time=ns(period.slow_start))
    streams = Streams(base.streams.seed, base.streams.replication)
    given = loaded.prices or brent_path(loaded.scenario.world_price, streams.generator("world_price"))
    prices = _histories(loaded, given, base.trading_days[0] if base.trading_days else None)
    twin = replace(base, env=env, streams=streams, prices=prices, gas=None)
    env.process(_publish_again(env, prices, base.publications))
    happenings = _realised(loaded.scenario.happenings(changed=True), streams)
    events = _dated(happenings, period.first_trading_day, loaded.calendar)
    twin.gas = _gas_world(twin, events)
    return twin


def _gas_world(world: World, events: Sequence[tuple[date, Any]]) -> GasWorld:
    loaded = world.loaded
    return GasWorld(
        world.env,
        loaded.scenario.gas,
        start=loaded.scenario.period.slow_start,
        rng=world.streams.generator,
        brent=world.prices["brent"],
        fx=world.prices["fx"],
        is_trading_day=loaded.calendar.is_trading_day,
        shocks=[DatedShock(day, event) for day, event in events if isinstance(event, GasEvent)],
    )


def _publish_again(
    env: simpy.Environment, prices: dict[str, PriceHistory], publications: Sequence[Publication]
) -> Generator[simpy.Event, Any, None]:
    for publication in publications:
        yield env.timeout(publication.at_ns - env.now)
        if publication.market in prices and publication.market != "sc":
            prices[publication.market].publish(publication.day, publication.price)


class ClosedMarket:
    """The market of a world without order flow: never open, no quote, no fill."""

    def is_open(self, venue: Venue) -> bool:
        """Return False."""
        return False

    def months(self, venue: Venue) -> tuple[ContractMonth, ...]:
        """Return none."""
        return ()

    def quote(self, venue: Venue, month: ContractMonth | None = None) -> tuple[float, float]:
        """Return no quote."""
        return math.nan, math.nan

    def submit(
        self,
        account: int | str,
        venue: Venue,
        side: Side,
        quantity_lots: int,
        limit_price: float | None,
        month: ContractMonth | None = None,
    ) -> None:
        """Refuse. Raises RuntimeError."""
        raise RuntimeError("no venue is open")

    def fills(self, account: int | str) -> list[Any]:
        """Return none."""
        return []


def _from(book: Rulebook, day: date) -> Rulebook:
    """Return a rulebook that has rules from a day on: before the listing the first ones stand in; nothing trades."""
    if day >= book.first_day:
        return book
    return replace(book, specifications=((day, book.specifications[0][1]), *book.specifications))


def _realised(events: Sequence[Event], streams: Streams) -> list[Event]:
    """Draw the figures that an event leaves to be drawn, each event from a stream of its place."""
    return [
        event.realised(streams.generator(f"events.{place}")) if event.drawn else event
        for place, event in enumerate(events)
    ]


def _dated(events: Sequence[Event], first: date, calendar: TradingCalendar) -> list[tuple[date, Any]]:
    return [(calendar.trading_days(first, event.start_day + 1)[-1], event) for event in events]


def _flow_span(days: Sequence[date], calendar: TradingCalendar, first: date) -> tuple[int, int]:
    """Return when order flow begins (on the afternoon before the first day, or on its morning) and ends."""
    if not days:
        return ns(first), ns(first)
    begins = ns(calendar.previous(days[0]), EVENING) if calendar.has_night(days[0]) else ns(days[0], _MORNING)
    return begins, ns(days[-1], time(15))


def _histories(
    loaded: LoadedScenario, given: PriceHistory, date_of_flow: date | None
) -> dict[str, PriceHistory]:
    """Return what is published before the flow begins; without flow, the whole given path."""
    period = loaded.scenario.period
    last = period.slow_end if date_of_flow is None else loaded.calendar.previous(date_of_flow)
    brent = history("brent_usd_per_bbl", ((day, value) for day, value in given.items() if day <= last))
    fx = cny_per_usd(given.items()[0][0], period.slow_end)
    oman = oman_path(brent, loaded.scenario.world_price)
    return {"brent": brent, "oman": oman, "fx": fx, "sc": PriceHistory("sc_cny_per_bbl")}


def _publish_sc_at_parity(world: World) -> None:
    """Publish SC before the flow at Oman plus the neutral premium of the day."""
    sc, oman, fx = (world.prices[name] for name in ("sc", "oman", "fx"))
    start = world.loaded.scenario.period.slow_start
    days = [start, *(day for day, _ in oman.items() if day > start)]
    for day in days:
        neutral = world.crude.parity_usd_per_bbl(day).neutral
        sc.publish(day, (oman.on(day) + neutral) * fx.on(day))


def _execute(world: World, market: FastMarket, programme: Programme) -> Generator[simpy.Event, Any, None]:
    """Send a programme in equal parts, one each minute; what an empty side refuses goes with the next part."""
    env = world.env
    yield env.timeout(max(0, programme.start_ns - NS_PER_MINUTE - env.now))
    side = Side.BUY if programme.lots > 0 else Side.SELL
    done, total = 0, abs(programme.lots)
    for minute in range(1, programme.minutes + 1):
        done += sum(fill.quantity_lots for fill in market.fills("programme"))
        wanted = total * minute // programme.minutes - done
        if wanted > 0 and market.is_open(programme.venue):
            market.submit("programme", programme.venue, side, wanted, None)
        yield env.timeout(NS_PER_MINUTE)


def _tell(env: simpy.Environment, market: FastMarket, news: News) -> Generator[simpy.Event, Any, None]:
    yield env.timeout(max(0, news.at_ns - env.now))
    market.synchronise()
    market.population.tell(news.venue, news.size_bps * 1e-4)
