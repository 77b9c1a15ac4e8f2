"""How a world's venues open: the order flow gets its hours, and each day its exchange rate, parity and curve.

It forms no price: what it tells the traders of a book is the neutral level of its month over the world's crude.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import simpy

from agents.crude.holders import NAME as HOLDERS
from agents.crude.holders import OilHolders
from agents.prices import PriceHistory
from agents.traders.market import CompiledFloor, CurveFloor, FastMarket
from agents.traders.population import TraderPopulation, VenueStart
from agents.traders.state import Class
from agents.world_price import forward_slope
from exchange.clock import OverseasSessions, Sessions, TradingCalendar, day_of, ns
from exchange.codes import Venue
from exchange.contracts import ContractMonth, Rulebook
from exchange.units import NS_PER_SECOND
from exchange.venue import DomesticVenue, Month, OneSeries, OverseasVenue, ProductFloor, Settlement
from scenarios.clearing import LU_RULEBOOK, market_clearing
from scenarios.levers import NightSessionSuspension, OverseasAccess

if TYPE_CHECKING:
    from scenarios.spec import LoadedScenario
    from scenarios.streams import Streams
    from scenarios.world import World

EVENING = time(16)
"""From then on a moment belongs to the next trading day, whose first session opens on the evening before."""

_BRENT_SETTLES = time(3, 30)
"""19:30 in London in winter, on the next day of Shanghai's clock: when a given daily price is to be reached."""


def fast_world(
    env: simpy.Environment,
    loaded: LoadedScenario,
    streams: Streams,
    books: Mapping[Venue, Rulebook],
    prices: Mapping[str, PriceHistory],
    days: Sequence[date],
    span_ns: tuple[int, int],
    accounts: Sequence[str],
    bar_ns: int,
    sample_ns: int | None,
) -> FastMarket:
    """Build the population with its first prices, those of the trading day before the first one."""
    specs = {venue: book.on(days[0]) for venue, book in books.items()}
    before = loaded.calendar.previous(days[0])
    fx, brent, oman = prices["fx"].on(before), prices["brent"].on(before), prices["oman"].on(before)
    first_prices = {Venue.BRENT: brent, Venue.OMAN: oman, Venue.SC: oman}
    starts = []
    for venue, spec in specs.items():
        rate = fx if spec.currency == "CNY" else 1.0
        price = first_prices[venue]
        starts.append(
            VenueStart(
                spec.tick / rate, spec.price_rule, spec.to_ticks(price * rate), math.log(price / brent)
            )
        )
    lu, curve = None, loaded.scenario.traders.curve
    if curve.lu_active_months:
        spec = Rulebook.load(LU_RULEBOOK).on(days[0])
        price_cny = brent * curve.lu_usd_per_tonne_over_brent * fx
        lu = VenueStart(
            spec.tick / fx, spec.price_rule, spec.to_ticks(price_cny), math.log(price_cny / fx / brent)
        )
    population = TraderPopulation(
        loaded.scenario.traders,
        starts,
        span_ns[0],
        word=streams.word,
        rng=streams.generator,
        sample_ns=sample_ns or loaded.scenario.measurement.clock_seconds * NS_PER_SECOND,
        lu=lu,
    )
    ticks = {venue: spec.tick for venue, spec in specs.items()}
    return FastMarket(env, population, ticks, accounts, start_ns=span_ns[0], end_ns=span_ns[1], bar_ns=bar_ns)


class Beliefs:
    """What the traders of each month of SC take for neutral, day by day.

    Neutral = Oman + parity's middle + the world's slope a month x months to delivery, over Brent, and on top what of a
    month's own gap has lasted: that becomes its expected premium, with `premium_half_life_days`, in which what it has
    beyond the main month's halves again. Days that end at their limit teach nothing. Only the physical
    arbitrage, which counts cargoes and tanks, holds on to parity. In a month's last days those who are left deliver or
    receive oil: they take it for no less than the refiner who is shortest of it would give.
    """

    def __init__(self, world: World, population: TraderPopulation) -> None:
        self._world, self._population = world, population
        self._keep = 0.5 ** (1.0 / world.loaded.scenario.traders.premium_half_life_days)
        self._expected: dict[Month, float] = {}

    def neutral_usd_per_bbl(self, day: date, month: Month, brent: float, oman: float) -> float:
        """Return the neutral price of a month as known on a day; `None` is the front contract."""
        loaded = self._world.loaded
        neutral = oman + self._world.crude.parity_usd_per_bbl(day).neutral
        if month is None:
            return neutral
        ahead = ContractMonth.of(day).plus(1).months_to(month)
        return neutral + ahead * forward_slope(loaded.scenario.world_price, day)

    def tell(self, day: date, books: Mapping[Month, int], tick: float) -> None:
        """Set the exchange rate, tick and neutral level of the books of a trading day, and learn what has lasted."""
        world, population = self._world, self._population
        known = world.loaded.calendar.previous(day)  # today's fixing comes later
        fx, brent = world.prices["fx"].on(known), world.prices["brent"].on(known)
        oman = brent * math.exp(population.basis(Venue.OMAN))
        population.fx_cny_per_usd = fx
        gaps = {month: population.take_mean_gap(book) for month, book in books.items()}
        if world.settlements[Venue.SC] and world.settlements[Venue.SC][-1].figures.locked:
            gaps = dict.fromkeys(gaps, 0.0)  # the gap of a day that ended at its limit is the limit's
        main = next(month for month, book in books.items() if book == Venue.SC)
        ending = _last_days_month(world, day) if main is not None else None
        for month, book in books.items():
            learnt = (1.0 - self._keep) * gaps[month]
            expected = self._expected.get(month)
            if expected is None:
                expected = self._neighbours(month)
            expected += (1.0 - self._keep) * (self._expected.get(main, expected) - expected)
            level = self.neutral_usd_per_bbl(known, month, brent, oman)
            if month is not None and month == ending:
                level = max(level, world.crude.refiners_worth_cny_per_bbl(known, oman) / fx)
            population.set_basis(book, math.log(level / brent) + expected, tick / fx)
            population.shift_basis(book, learnt)
            self._expected[month] = expected + learnt

    def _neighbours(self, month: Month) -> float:
        """Return the premium that a new month begins with: that of the nearest known month."""
        known = [each for each in self._expected if each is not None]
        if month is None or not known:
            return 0.0
        return self._expected[min(known, key=lambda each: (abs(each.months_to(month)), each))]


class _ScFloor(CompiledFloor):
    """SC's only series, whose traders learn the day's figures when it opens."""

    def __init__(self, market: FastMarket, tell: Callable[[], None]) -> None:
        super().__init__(market, Venue.SC)
        self._tell = tell

    def open_day(self, previous_settlement_ticks: int, limits_ticks: tuple[int, int] | None) -> None:
        self._market.synchronise()
        self._tell()
        super().open_day(previous_settlement_ticks, limits_ticks)


def open_venues(
    world: World, market: FastMarket, given: PriceHistory, events: Sequence[tuple[date, Any]]
) -> None:
    """Start the venues, each with the parity and the exchange rate of its days, and the clearing of INE's."""
    if world.loaded.scenario.clearing.enabled:
        world.clearing = market_clearing(world, market, events)
    _open_sc(world, market, events)
    if "lu" in market.population.curves:
        _open_lu(world, market, events)
    for venue, name in (("oman", Venue.OMAN), ("brent", Venue.BRENT)):
        overseas = world.rulebooks[name].on(world.trading_days[0])
        if not isinstance(overseas.sessions, OverseasSessions):
            raise TypeError(f"{venue} is an overseas venue")
        before = world.loaded.calendar.previous(world.trading_days[0])
        OverseasVenue(
            world.env,
            CompiledFloor(market, name),
            overseas.sessions,
            (day_of(world.flow_start_ns) - timedelta(days=1), day_of(world.flow_end_ns) + timedelta(days=1)),
            previous_settlement_ticks=overseas.to_ticks(world.prices[venue].on(before)),
            publish=partial(_published, world, name),
        )
    for day, event in events:
        if isinstance(event, OverseasAccess):
            world.env.process(_widen_access(world, market, day, event))
    if world.loaded.prices is not None or world.loaded.scenario.world_price.drives_order_flow:
        world.env.process(_follow(world, market, given))


def _open_sc(world: World, market: FastMarket, events: Sequence[tuple[date, Any]]) -> None:
    calendar, prices, population = world.loaded.calendar, world.prices, market.population
    rulebook, first = world.rulebooks[Venue.SC], world.trading_days[0]
    spec, before = rulebook.on(first), calendar.previous(first)
    fx, brent = prices["fx"].on(before), prices["brent"].on(before)
    population.set_basis(Venue.SC, math.log(prices["sc"].on(before) / fx / brent), spec.tick / fx)
    population.start_price(Venue.SC, spec.to_ticks(prices["sc"].on(before)))
    beliefs, curve = Beliefs(world, population), population.curves.get("sc")
    if curve is not None and world.clearing is not None:
        _let_holders_sell(world, market)
    settled: dict[Month, int] = {None: spec.to_ticks(prices["sc"].on(before))}
    sessions_on = hours(rulebook, calendar, events)
    floor: ProductFloor
    if curve is None:

        def tell_one() -> None:
            day = calendar.trading_day_at(int(world.env.now))
            beliefs.tell(day, {None: int(Venue.SC)}, rulebook.on(day).tick)

        floor = OneSeries(_ScFloor(market, tell_one))
    else:
        months = rulebook.listed_months(first, calendar)
        oman = prices["oman"].on(before)
        levels = {month: beliefs.neutral_usd_per_bbl(before, month, brent, oman) * fx for month in months}
        settled = {month: spec.to_ticks(level) for month, level in levels.items()}

        def tell_all(day: date, months: Sequence[ContractMonth]) -> None:
            curve.open_for(sessions_on(day).open_minutes)
            books: dict[Month, int] = {month: curve.book(month) for month in months}
            beliefs.tell(day, books, rulebook.on(day).tick)

        floor = CurveFloor(market, curve, rulebook, calendar, tell_all)
    _domestic(
        world,
        "sc",
        floor,
        rulebook,
        settled,
        sessions_on,
        partial(_published, world, Venue.SC) if curve is None else partial(_month_published, world, "sc"),
    )


def _let_holders_sell(world: World, market: FastMarket) -> None:
    """Let owners of oil in tank sell a month in the days in which accounts without oil only close."""
    calendar = world.loaded.calendar
    margin = 1 + world.loaded.scenario.crude.warrants.holders_margin_percent / 100

    def expiring() -> ContractMonth | None:
        return _last_days_month(world, calendar.trading_day_at(int(world.env.now)))

    def room_lots() -> int:
        return world.crude.commercial.room_lots(market.account_number(HOLDERS))

    def ask() -> float:
        known = calendar.previous(calendar.trading_day_at(int(world.env.now)))
        needed = world.crude.refiners_worth_cny_per_bbl(known, world.prices["oman"].on(known))
        return max(world.deliverable_spot_cny_per_bbl(known) * margin, needed)

    OilHolders(world.env, market, expiring=expiring, room_lots=room_lots, ask=ask)


def _last_days_month(world: World, day: date) -> ContractMonth | None:
    """Return the month of SC in which accounts without oil only close on a day; None on other days."""
    calendar, spec = world.loaded.calendar, world.rulebooks[Venue.SC].on(day)
    month = spec.listed_months(day, calendar)[0]
    last_days = world.loaded.scenario.traders.curve.closing_only_trading_days
    return month if spec.days_to_expiry(month, day, calendar) < last_days else None


def _open_lu(world: World, market: FastMarket, events: Sequence[tuple[date, Any]]) -> None:
    calendar, prices, population = world.loaded.calendar, world.prices, market.population
    rulebook, curve, first = Rulebook.load(LU_RULEBOOK), population.curves["lu"], world.trading_days[0]
    spec, before = rulebook.on(first), calendar.previous(first)
    level, sessions_on = population.basis(curve.books[0]), hours(rulebook, calendar, events)
    ticks = spec.to_ticks(prices["brent"].on(before) * math.exp(level) * prices["fx"].on(before))

    def tell(day: date, months: Sequence[ContractMonth]) -> None:
        curve.open_for(sessions_on(day).open_minutes)
        fx = prices["fx"].on(calendar.previous(day))
        for month in months:
            population.set_basis(curve.book(month), level, rulebook.on(day).tick / fx)

    _domestic(
        world,
        "lu",
        CurveFloor(market, curve, rulebook, calendar, tell),
        rulebook,
        dict.fromkeys(rulebook.listed_months(first, calendar), ticks),
        sessions_on,
        partial(_month_published, world, "lu"),
    )


def _domestic(
    world: World,
    product: str,
    floor: ProductFloor,
    rulebook: Rulebook,
    settled_ticks: Mapping[Month, int],
    sessions_on: Callable[[date], Sessions],
    publish: Callable[[Settlement], None],
) -> None:
    """Start an INE product's venue, joined to the clearing house where there is one."""
    clearing, hooks = world.clearing, dict[str, Any]()
    hooks["expire"] = partial(_expired, world, product)
    if clearing is not None:
        hooks |= {
            "limit_on": partial(clearing.limit_percent, product),
            "opened": partial(clearing.opened, product),
            "closed": partial(clearing.closed, product),
            "is_halted": partial(clearing.is_halted, product),
        }
    venue = DomesticVenue(
        world.env,
        floor,
        rulebook,
        world.loaded.calendar,
        world.trading_days,
        settled_ticks=settled_ticks,
        sessions_on=sessions_on,
        publish=publish,
        **hooks,
    )
    if clearing is not None:
        clearing.join(product, venue)


def _expired(world: World, product: str, settlement: Settlement) -> None:
    """Let a month expire: the crude world delivers its part of SC, the books or the clearing house close the rest."""
    curve = world.population.curves[product]
    if settlement.month not in curve.months:
        return
    if world.clearing is not None:
        world.clearing.expire(product, settlement)
    else:
        curve.expire(settlement.month, settlement.settlement_ticks)
        if product == "sc":
            spec = world.rulebooks[Venue.SC].on(settlement.trading_day)
            world.crude.expire(settlement.month, spec.to_price(settlement.settlement_ticks))


def _widen_access(
    world: World, market: FastMarket, day: date, event: OverseasAccess
) -> Generator[simpy.Event, Any, None]:
    """Change what overseas accounts do at SC from a trading day on, before its first session."""
    env, traders = world.env, world.loaded.scenario.traders
    yield env.timeout(max(0, ns(world.loaded.calendar.previous(day), EVENING) - env.now))
    market.synchronise()
    population, own, multiple = market.population, traders.sc.overseas, event.participation_multiple
    informed = 1.0 - own.informed + own.informed * multiple
    population.scale_informed(Venue.SC, informed)
    for setter in (Class.INFORMED, Class.ANCHORED):
        population.set_overseas_share(
            Venue.SC, setter, own.informed * multiple / informed if informed else 0.0
        )
    haircut = world.rulebooks[Venue.SC].on(day).collateral_fx_haircut_percent or 0
    counted = (100 - event.fx_haircut_percent) / (100 - haircut)
    capital = 1.0 - own.arbitrage + own.arbitrage * multiple * counted
    for pair, told in enumerate((traders.arbitrage.sc_oman, traders.arbitrage.sc_brent)):
        population.set_arbitrage(
            pair, most_lots=round(told.capital_lots * capital), band=event.band_bps * 1e-4
        )
    share = own.arbitrage * multiple * counted / capital if capital else 0.0
    population.set_overseas_share(Venue.SC, Class.ARBITRAGE, share)


def hours(
    rulebook: Rulebook, calendar: TradingCalendar, events: Sequence[tuple[date, Any]]
) -> Callable[[date], Sessions]:
    """Return the function that gives a Shanghai product's sessions on a trading day: its rule's less nights not held.

    It raises TypeError for a product of another place.
    """
    suspended: set[date] = set()
    for day, event in events:
        if isinstance(event, NightSessionSuspension):
            suspended |= set(calendar.trading_days(day, event.duration_trading_days))

    def sessions_on(day: date) -> Sessions:
        sessions = rulebook.on(day).sessions
        if not isinstance(sessions, Sessions):
            raise TypeError(f"the sessions of {rulebook.name} are those of a Shanghai product")
        held = calendar.has_night(day) and day not in suspended
        return sessions if held else sessions.without_night()

    return sessions_on


def _month_published(world: World, product: str, settlement: Settlement) -> None:
    world.month_settlements[product].append(settlement)
    if product == "sc":
        spec = world.rulebooks[Venue.SC].on(settlement.trading_day)
        if settlement.month == spec.main_contract(settlement.trading_day, world.loaded.calendar):
            _published(world, Venue.SC, settlement)


def _published(world: World, venue: Venue, settlement: Settlement) -> None:
    from scenarios.world import Publication

    world.settlements[venue].append(settlement)
    spec = world.rulebooks[venue].on(settlement.trading_day)
    price = spec.to_price(settlement.settlement_ticks)
    name = venue.name.lower()
    last = world.prices[name].items()[-1][0]
    if settlement.trading_day >= last:
        world.prices[name].publish(settlement.trading_day, price)
        world.publications.append(Publication(int(world.env.now), name, settlement.trading_day, price))


def _follow(world: World, market: FastMarket, given: PriceHistory) -> Generator[simpy.Event, Any, None]:
    """Drive Brent to the given price of each day, at the moment when Brent settles."""
    env = world.env
    targets = [(ns(day + timedelta(days=1), _BRENT_SETTLES), value) for day, value in given.items()]
    yield env.timeout(world.flow_start_ns - env.now)
    for at_ns, value in targets:
        if at_ns <= env.now:
            continue
        market.synchronise()
        market.population.set_target(math.log(value), at_ns)
        if at_ns > world.flow_end_ns:
            break
        yield env.timeout(at_ns - env.now)
