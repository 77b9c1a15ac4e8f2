"""Which delivery month of an INE product trades in which book of the population, and what a roll moves.

The product's first book is that of its main month; the others hold the months around it, nearest first. A roll moves
what belongs to a month (positions, holdings, last price) to the month's new book, and leaves what belongs to
the role (beliefs, streams, counts of messages). It knows no calendar and forms no price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.traders.parameters import Curve as CurveParameters
from agents.traders.parameters import VenueTraders
from agents.traders.state import (
    ARBITRAGE_ACCOUNT,
    MAKER_ACCOUNT,
    NO_LIMIT,
    NOISE_ACCOUNTS,
    NOISE_ORDERS,
    PAIRS,
)
from exchange.codes import Phase, Side
from exchange.contracts import ContractMonth

if TYPE_CHECKING:
    from agents.traders.population import TraderPopulation

Array = np.ndarray[Any, np.dtype[Any]]

_OF_A_MONTH = (
    "positions", "cash", "endowments", "opened_lots", "gap_sum", "gap_count", "price_value",
    "mid_half_ticks", "open", "high", "low", "close",
)  # fmt: skip
_OF_A_MONTHS_BOOK = ("last", "previous_settlement", "volume", "turnover")
_AT_ANY_COST = -1.0
_ROLLED_LOTS = 10
_LATE_PART = 0.1
"""Of the last day's minutes of trading, the last ones, by which what must go has gone: they are for what could not."""


@dataclass(frozen=True)
class Seat:
    """Say what the traders of a month must know of it: trading days to its last one, and a first price."""

    month: ContractMonth
    days_left: int
    price_ticks: int


class MonthBooks:
    """Seat the delivery months of one product in its books of the population.

    `books` are the product's books, that of the main month first; `weights` the parts that the noise accounts take of a
    month's open interest, long positive, with a sum of 0 and of 1 over the longs.
    """

    def __init__(
        self,
        population: TraderPopulation,
        product: str,
        books: Sequence[int],
        traders: VenueTraders,
        curve: CurveParameters,
        weights: Array,
        first_pair: int,
    ) -> None:
        self._population, self._traders, self._curve = population, traders, curve
        self.product, self.books = product, tuple(books)
        self._weights, self._first_pair = weights, first_pair
        self._seats: dict[ContractMonth, int] = {}
        self._days_left: dict[ContractMonth, int] = {}
        self._open_minutes = self._minutes_left = 0
        self.informed_multiple = 1.0

    def copy(self, population: TraderPopulation) -> MonthBooks:
        """Return the same seats for a copy of the population."""
        twin = MonthBooks(
            population, self.product, self.books, self._traders, self._curve, self._weights, self._first_pair
        )
        twin._seats, twin._days_left = dict(self._seats), dict(self._days_left)
        twin._open_minutes, twin._minutes_left = self._open_minutes, self._minutes_left
        twin.informed_multiple = self.informed_multiple
        return twin

    @property
    def months(self) -> tuple[ContractMonth, ...]:
        """The months that have a book, nearest first."""
        return tuple(sorted(self._seats))

    @property
    def main(self) -> ContractMonth:
        """The month in the product's first book. Raises LookupError before months are seated."""
        for month, book in self._seats.items():
            if book == self.books[0]:
                return month
        raise LookupError(f"{self.product}: no month has a book yet")

    def book(self, month: ContractMonth | None) -> int:
        """Return the book of a month, of the main month for None. Raises LookupError for a month without one."""
        if month is None:
            return self.books[0]
        if month not in self._seats:
            names = ", ".join(str(each) for each in self.months)
            raise LookupError(f"{self.product}{month} has no book; there are {names}")
        return self._seats[month]

    def seat(self, seats: Sequence[Seat], main: ContractMonth) -> None:
        """Seat the months of a day, nearest first, `main` in the first book, and tell their traders what has changed.

        The first months come with the noise accounts' holdings, later ones begin without positions.
        Books must be empty of orders. Raises ValueError when a month that leaves still has positions.
        """
        months = [seat.month for seat in seats]
        others = [month for month in months if month != main]
        placed = dict(zip([main, *others], self.books, strict=True))
        if placed != self._seats:
            self._move(placed)
        first = not self._seats
        state, fresh = self._population.state, [seat for seat in seats if seat.month not in self._seats]
        self._seats = placed
        for seat in fresh:
            self._list(seat)
        for seat in seats:
            self._set_activity(placed[seat.month], seat, seat.month == main)
            state["endowments"][placed[seat.month]] = self.holdings(seat.days_left)
            if first:
                holdings = state["endowments"][placed[seat.month]]
                state["positions"][placed[seat.month], :NOISE_ACCOUNTS] = holdings
        self._days_left = {seat.month: seat.days_left for seat in seats}
        self._pair(self._days_left)

    def holdings(self, days_left: int) -> Array:
        """Return what each noise account wants to hold of a month, in whole lots that sum to 0."""
        lots = self._traders.open_interest_lots * self._curve.part("open_interest", days_left)
        return whole_lots(self._weights, int(lots))

    def expire(self, month: ContractMonth, settlement_ticks: int) -> Array:
        """Take a month's positions out of its book at a price, and return them by account, long positive.

        What becomes of them, delivery or closing, is not said here; all accounts are paid or pay the price.
        """
        state, book = self._population.state, self.book(month)
        positions = state["positions"][book].copy()
        state["cash"][book] += positions * settlement_ticks
        state["positions"][book] = 0
        state["pair_lots"][self._pair_of(month)] = 0
        return np.asarray(positions)

    def open_for(self, minutes: int) -> None:
        """Say how many minutes the product trades on the day that begins, as its hours in force have it."""
        self._open_minutes = self._minutes_left = minutes

    def leave(self) -> None:
        """Let makers and informed traders close a part of what they hold of a month that is about to expire.

        They deliver no oil. Called each minute: what is held / minutes of trading left until the days of closing only.
        """
        state = self._population.state
        first, last = self._curve.spread_exit_trading_days, self._curve.closing_only_trading_days
        if state["books"][self.books[0]]["phase"] == Phase.CONTINUOUS:
            self._minutes_left -= 1
        for month, days_left in self._days_left.items():
            book = self._seats[month]
            if not last <= days_left < first:
                continue
            if state["books"][book]["phase"] != Phase.CONTINUOUS:
                continue
            left = self._minutes_left + self._open_minutes * (days_left - last - _LATE_PART)
            minutes = max(1, round(left))
            for account in range(MAKER_ACCOUNT, ARBITRAGE_ACCOUNT):
                held = int(state["positions"][book, account])
                lots = -(-abs(held) // minutes)
                if lots:
                    self._population.send_for(account, book, Side.SELL if held > 0 else Side.BUY, lots)

    def roll_venue_pairs(self) -> None:
        """Let arbitrageurs between venues move their leg of SC from an old main month to the new one, in slices."""
        state = self._population.state
        if self.product != "sc":
            return
        for book in self.books[1:]:
            for account in (ARBITRAGE_ACCOUNT, ARBITRAGE_ACCOUNT + 1):
                held = int(state["positions"][book, account])
                if not held or state["books"][book]["phase"] != Phase.CONTINUOUS:
                    continue
                out, back = (Side.SELL, Side.BUY) if held > 0 else (Side.BUY, Side.SELL)
                filled = self._population.send_for(account, book, out, min(abs(held), _ROLLED_LOTS))
                if filled:
                    self._population.send_for(account, self.books[0], back, filled)

    def unwind(self) -> int:
        """Send orders of spread arbitrageurs who hold a leg whose other month has gone; return the lots filled."""
        state, done = self._population.state, 0
        if len(self.books) == 1:
            return 0
        for pair in range(self._first_pair, self._first_pair + len(self.books)):
            account = ARBITRAGE_ACCOUNT + pair
            for book in self.books:
                sides = state["pair_books"][pair]
                held = int(state["positions"][book, account])
                if held and (book not in sides or sides[0] == sides[1]):
                    if state["books"][book]["phase"] != Phase.CONTINUOUS:
                        continue
                    side = Side.SELL if held > 0 else Side.BUY
                    done += self._population.send_for(account, book, side, abs(held))
        return done

    def _move(self, placed: Mapping[ContractMonth, int]) -> None:
        state = self._population.state
        kept = {month: book for month, book in self._seats.items() if month in placed}
        for month, book in self._seats.items():
            if month not in placed and state["positions"][book].any():
                raise ValueError(f"{self.product}{month} leaves with open positions")
        rows = {name: state[name].copy() for name in _OF_A_MONTH}
        heads = {name: [int(state["books"][book][name]) for book in range(len(state["books"]))]
                 for name in _OF_A_MONTHS_BOOK}  # fmt: skip
        free = [book for month, book in self._seats.items() if month not in placed]
        for month, book in placed.items():
            source = kept[month] if month in kept else (free.pop() if free else book)
            for name in _OF_A_MONTH:
                state[name][book] = rows[name][source]
            for name in _OF_A_MONTHS_BOOK:
                state["books"][book][name] = heads[name][source]

    def _list(self, seat: Seat) -> None:
        """Give a book to a month that has none: its first price, no positions, the beliefs of the main month."""
        state, book = self._population.state, self._seats[seat.month]
        state["positions"][book] = 0
        state["gap_sum"][book] = state["gap_count"][book] = 0
        self._population.start_price(book, seat.price_ticks)
        if book != self.books[0]:
            for name in ("maker_value", "informed_value", "price_value"):
                state[name][book] = state[name][self.books[0]]

    def _set_activity(self, book: int, seat: Seat, is_main: bool) -> None:
        """Scale the rates of the product's traders to the month's part of activity."""
        parameters, told = self._population.state["parameters"], self._traders
        part = self._curve.part("activity", seat.days_left)
        parameters["noise_limit_per_s"][book] = told.noise_limit_per_s * part
        parameters["noise_market_per_s"][book] = told.noise_market_per_s * part
        stays = seat.days_left >= self._curve.spread_exit_trading_days
        informed = told.informed_per_s * part * self.informed_multiple
        parameters["informed_per_s"][book] = informed if stays else 0.0
        last = seat.days_left < self._curve.closing_only_trading_days
        parameters["maker_per_s"][book] = 0.0 if last else told.maker_looks_per_s * part**0.5
        self._population.state["closing_only"][book] = last
        leaving = seat.days_left < self._curve.spread_exit_trading_days
        parameters["maker_most_lots"][book] = self._curve.leaving_maker_lots if leaving else NO_LIMIT
        multiple = 1.0 if is_main else self._curve.half_spread_multiple
        parameters["maker_half_spread_ticks"][book] = told.maker_half_spread_ticks * multiple
        parameters["noise_cancel_per_s"][book] = NOISE_ORDERS / told.noise_order_life_s

    def _pair_of(self, month: ContractMonth) -> int:
        """Return the pair of a month and the one after it; a pair keeps its number through its life."""
        return self._first_pair + (12 * month.year + month.month) % len(self.books)

    def _pair(self, days_left: Mapping[ContractMonth, int]) -> None:
        state, curve, months = self._population.state, self._curve, self.months
        if len(months) == 1:
            return
        p = state["parameters"]
        for pair in range(self._first_pair, self._first_pair + len(self.books)):
            p["arbitrage_most_lots"][pair] = 0
            if not state["pair_lots"][pair]:
                state["pair_books"][pair] = self.books[0]
        for near, far in pairwise(months):
            pair = self._pair_of(near)
            state["pair_books"][pair] = self._seats[near], self._seats[far]
            leaves = days_left[near] < curve.spread_exit_trading_days
            p["arbitrage_most_lots"][pair] = 0 if leaves else curve.spread_capital_lots
            p["arbitrage_slice_lots"][pair] = curve.spread_slice_lots
            p["arbitrage_band"][pair] = curve.spread_band_bps * 1e-4
            p["arbitrage_exit"][pair] = _AT_ANY_COST if leaves else curve.spread_exit_bps * 1e-4


def first_pairs(sc_books: int) -> tuple[int, int]:
    """Return the first pair numbers of SC's and LU's neighbours."""
    return len(PAIRS), len(PAIRS) + sc_books


def whole_lots(weights: Array, lots: int) -> Array:
    """Share out `lots` long and `lots` short by weights, in whole lots: floor, then one more to the first of a side."""
    result = np.zeros(len(weights), np.int64)
    for sign in (1, -1):
        side = np.flatnonzero(sign * weights > 0)
        parts = np.floor(np.abs(weights[side]) * lots).astype(np.int64)
        parts[: lots - int(parts.sum())] += 1
        result[side] = sign * parts
    return result
