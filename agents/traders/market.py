"""The fast world on SimPy's clock: it advances the population bar by bar and passes orders and fills both ways.

Orders of SimPy-side agents enter on the decision lattice (each whole minute), in the order in which they were sent,
whatever the length of a bar. It forms no price of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date
from typing import Any

import simpy

from agents.crude.market import Fill
from agents.traders.curve import MonthBooks, Seat
from agents.traders.population import TraderPopulation
from agents.traders.state import EXTERNAL_ACCOUNT
from exchange.clearing.prices import LastMinutes
from exchange.clock import TradingCalendar
from exchange.codes import Phase, Side, Venue
from exchange.contracts import ContractMonth, Rulebook
from exchange.units import NS_PER_MINUTE
from exchange.venue import DayFigures, Terms

Order = tuple[int, int, Side, int, int]


class FastMarket:
    """Join a population with a SimPy environment from `start_ns` to `end_ns`.

    `tick_prices` is the worth of a tick in each venue's currency. `accounts` are the names of the SimPy-side accounts.
    `each_minute` are told of each whole minute when its orders are in.
    Raises ValueError for a bar that does not divide a minute.
    """

    def __init__(
        self,
        env: simpy.Environment,
        population: TraderPopulation,
        tick_prices: Mapping[Venue, float],
        accounts: Sequence[str],
        *,
        start_ns: int,
        end_ns: int,
        bar_ns: int = NS_PER_MINUTE,
    ) -> None:
        if bar_ns <= 0 or NS_PER_MINUTE % bar_ns:
            raise ValueError(f"a bar must divide a minute, {bar_ns} ns does not")
        self.population = population
        self._env, self._ticks = env, dict(tick_prices)
        self._numbers = {name: number for number, name in enumerate(accounts)}
        self._fills: dict[str, list[Fill]] = {name: [] for name in accounts}
        self._queue: list[Order] = []
        self._start_ns, self._end_ns, self._bar_ns = start_ns, end_ns, bar_ns
        self._lattice_ns = start_ns
        self.each_minute: list[Callable[[int], None]] = []
        env.process(self._run())

    def _run(self) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(max(0, self._start_ns - self._env.now))
        while self._env.now <= self._end_ns:
            self.synchronise()
            yield self._env.timeout(self._bar_ns)

    def synchronise(self) -> None:
        """Bring the population to SimPy's present, and let queued orders in when a lattice point is reached."""
        now = int(self._env.now)
        if not self._start_ns <= now <= self._end_ns:
            return
        self.population.advance(now)
        if now % NS_PER_MINUTE == 0 and now > self._lattice_ns:
            self._lattice_ns = now
            queue, self._queue = self._queue, []
            for account, book, side, lots, ticks in queue:
                self.population.send(account, book, side, lots, ticks)
            for curve in self.population.curves.values():
                curve.leave()
                curve.roll_venue_pairs()
            for note in self.each_minute:
                note(now)
        self._collect()

    def months(self, venue: Venue) -> tuple[ContractMonth, ...]:
        """Return SC's months that trade apart, nearest first; none where a venue is one series."""
        curve = self.population.curves.get(venue.name.lower())
        return curve.months if curve is not None else ()

    def _book(self, venue: Venue, month: ContractMonth | None) -> int:
        curve = self.population.curves.get(venue.name.lower())
        return int(venue) if month is None or curve is None else curve.book(month)

    def is_open(self, venue: Venue) -> bool:
        """Tell whether the venue trades continuously now."""
        self.synchronise()
        return int(self.population.book(venue)["phase"]) == Phase.CONTINUOUS

    def quote(self, venue: Venue, month: ContractMonth | None = None) -> tuple[float, float]:
        """Return best bid and ask of a month (None: the main one) in the venue's currency; nan for an empty side."""
        self.synchronise()
        bid, ask = self.population.quote_ticks(self._book(venue, month))
        tick = self._ticks[venue]
        return (float("nan") if bid is None else bid * tick), (float("nan") if ask is None else ask * tick)

    def submit(
        self,
        account: int | str,
        venue: Venue,
        side: Side,
        quantity_lots: int,
        limit_price: float | None,
        month: ContractMonth | None = None,
    ) -> None:
        """Queue a FAK for the next lattice point; a limit is floored (buy) or raised (sell) to the tick."""
        self.synchronise()
        ticks = 0
        if limit_price is not None:
            exact = limit_price / self._ticks[venue]
            ticks = int(exact + 1e-9) if side is Side.BUY else -int(-exact + 1e-9)
        book = self._book(venue, month)
        self._queue.append((self._numbers[str(account)], book, side, quantity_lots, max(0, ticks)))

    def offer(self, account: int | str, month: ContractMonth, price: float) -> None:
        """Let all that an account holds of a month of SC rest as a sale, at a price or the day's upper limit.

        What it has resting there already stays: it offers the rest. An account that may only close offers nothing: its
        broker closes it.
        """
        if not self.population.is_suspended(self._numbers[str(account)]):
            lots = self.held_lots(account, month) - self.resting_lots(account, month)
            self.rest_sale(account, month, lots, price)

    def rest_sale(self, account: int | str, month: ContractMonth, lots: int, price: float) -> None:
        """Let lots rest as a sale of a month of SC until the day ends, at a price or the day's upper limit."""
        self.synchronise()
        population, number, book = self.population, self._numbers[str(account)], self._book(Venue.SC, month)
        ticks = min(-int(-price / self._ticks[Venue.SC] + 1e-9), population.limits_ticks(book)[1])
        if lots > 0:
            population.rest(number, book, Side.SELL, lots, ticks)

    def account_number(self, account: int | str) -> int:
        """Return an account's number among all of the population, as the clearing house counts them."""
        return EXTERNAL_ACCOUNT + self._numbers[str(account)]

    def held_lots(self, account: int | str, month: ContractMonth) -> int:
        """Return what an account holds of a month of SC, long positive."""
        self.synchronise()
        held = self.population.external_positions(self._numbers[str(account)])
        return int(held[self._book(Venue.SC, month)])

    def resting_lots(self, account: int | str, month: ContractMonth) -> int:
        """Return what an account has resting in a month of SC."""
        return self.population.resting_lots(self._numbers[str(account)], self._book(Venue.SC, month))

    def fills(self, account: int | str) -> list[Fill]:
        """Return the account's fills since the last time it asked."""
        self.synchronise()
        name = str(account)
        fills, self._fills[name] = self._fills[name], []
        return fills

    def position_lots(self, account: int | str) -> int:
        """Return what an account holds over all books, long positive."""
        self.synchronise()
        return int(self.population.external_positions(self._numbers[str(account)]).sum())

    def _collect(self) -> None:
        names = list(self._numbers)
        for row in self.population.new_fills():
            venue, month = self._series(int(row["venue"]))
            fill = Fill(
                venue,
                Side(int(row["side"])),
                int(row["quantity"]),
                int(row["price"]) * self._ticks[venue],
                int(row["at_ns"]),
                month,
            )
            self._fills[names[int(row["account"])]].append(fill)

    def _series(self, book: int) -> tuple[Venue, ContractMonth | None]:
        """Return the venue and the month of a book; months move only between days, when no order is on its way."""
        curve = self.population.curves.get("sc")
        for month in curve.months if curve is not None else ():
            if curve is not None and curve.book(month) == book:
                return Venue.SC, month
        return Venue(book), None


class CompiledFloor:
    """One book of the population as a venue sees it: days, phases, counts.

    A day is locked by its last `locked_minutes` (LastMinutes).
    """

    locked_minutes = 5

    def __init__(self, market: FastMarket, venue: int) -> None:
        self._market, self._population, self._venue = market, market.population, venue
        self._last: LastMinutes | None = None
        market.each_minute.append(self._note)

    def open_day(self, previous_settlement_ticks: int, limits_ticks: tuple[int, int] | None) -> None:
        """Begin a trading day with an empty book."""
        self._market.synchronise()
        self._last = None if limits_ticks is None else LastMinutes(limits_ticks, self.locked_minutes)
        if limits_ticks is None:
            self._population.set_band(self._venue, int(self._population.book(self._venue)["last"]))
        else:
            self._population.set_limits(self._venue, *limits_ticks)
        self._population.start_day(self._venue, previous_settlement_ticks)

    def set_phase(self, phase: Phase) -> None:
        """Change the phase; leaving an auction uncrosses it."""
        self._market.synchronise()
        self._population.set_phase(self._venue, phase)

    def close_day(self) -> DayFigures:
        """Return what the day counted; the book is emptied when the next day opens."""
        self._market.synchronise()
        book = self._population.book(self._venue)
        opening, high, low, close = self._population.day(self._venue)
        locked = 0 if self._last is None else self._last.locked_way(self._population.now_ns)
        return DayFigures(
            opening, high, low, close, int(book["volume"]), int(book["turnover"]),
            self._population.open_interest_lots(self._venue), locked,
        )  # fmt: skip

    def _note(self, now_ns: int) -> None:
        book = self._population.book(self._venue)
        if self._last is not None and book["phase"] == Phase.CONTINUOUS:
            bid, ask = self._population.quote_ticks(self._venue)
            self._last.note(now_ns, bid, ask, int(book["volume"]), int(book["turnover"]))


class CurveFloor:
    """The months of an INE product that have traders, as its venue sees them.

    `price(day, months)` tells the traders of the day's months what these are worth to them, after they are seated.
    """

    def __init__(
        self,
        market: FastMarket,
        curve: MonthBooks,
        rulebook: Rulebook,
        calendar: TradingCalendar,
        price: Callable[[date, Sequence[ContractMonth]], None],
    ) -> None:
        self._market, self._population, self._curve = market, market.population, curve
        self._rulebook, self._calendar, self._price = rulebook, calendar, price
        self._floors = {book: CompiledFloor(market, book) for book in curve.books}
        self._halted: set[int] = set()

    def open_day(self, day: date, terms: Mapping[ContractMonth | None, Terms]) -> None:
        """Seat the nearest months in the books, and begin the day with empty books and the day's limits."""
        self._market.synchronise()
        spec = self._rulebook.on(day)
        months = [month for month in terms if month is not None][: len(self._curve.books)]
        left = {month: spec.days_to_expiry(month, day, self._calendar) for month in months}
        seats = [Seat(month, left[month], terms[month].previous_settlement_ticks) for month in months]
        self._curve.seat(seats, spec.main_contract(day, self._calendar))
        self._price(day, months)
        self._halted = {self._curve.book(month) for month in months if terms[month].halted}
        for month in months:
            book = self._curve.book(month)
            self._floors[book].locked_minutes = spec.limit_locked_minutes or CompiledFloor.locked_minutes
            self._floors[book].open_day(terms[month].previous_settlement_ticks, terms[month].limits_ticks)
            self._population.set_largest_order(book, spec.max_order_lots)
            exit_days = spec.person_exit_trading_days
            self._population.limit_entry(
                book,
                position_lots=spec.position_limit_lots(month, day),
                opening_lots=spec.opening_limit_lots_per_day,
                persons_out=exit_days is not None and left[month] < exit_days,
            )

    def set_phase(self, phase: Phase) -> None:
        """Change the phase of all books but halted ones, and let arbitrageurs leave legs that stand alone."""
        for book, floor in self._floors.items():
            floor.set_phase(Phase.CLOSED if book in self._halted else phase)
        if phase is Phase.CONTINUOUS:
            self._curve.unwind()

    def close_day(self) -> Mapping[ContractMonth | None, DayFigures]:
        """Return what the day counted, by month."""
        return {month: self._floors[self._curve.book(month)].close_day() for month in self._curve.months}
