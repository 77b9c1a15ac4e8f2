"""The products that a market clears: their months in the books and at the house, their rules, the controller's watch.

It books nothing and holds no money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from agents.traders.population import TraderPopulation
from exchange.clearing.house import ClearingHouse
from exchange.clearing.margin import required_margin_fen
from exchange.clearing.rules import Array, ContractRules, LimitRule, margin_per_lot_fen, rules_on
from exchange.clearing.warning import Reading, WarningRule, Watch, observe, tightened, widened_limit_percent
from exchange.clock import TradingCalendar
from exchange.contracts import ContractMonth, ContractSpec, Rulebook
from exchange.venue import DomesticVenue, Month, Settlement

_DELIVERING = 1
"""Places of a product beyond its books: a month in delivery keeps its place while the next one trades."""


class Product:
    """One product at the house, whose places begin at `first_place`.

    Its months are those that have a book of the population; a product that trades as one series has the month None,
    under the rules of its front contract but without limits on positions, since it never expires.
    """

    def __init__(
        self,
        name: str,
        number: int,
        rulebook: Rulebook,
        population: TraderPopulation,
        calendar: TradingCalendar,
        first_place: int,
    ) -> None:
        self.name, self.number, self.rulebook = name, number, rulebook
        self._calendar, self._curve = calendar, population.curves.get(name)
        books = 1 if self._curve is None else len(self._curve.books)
        self.places = range(first_place, first_place + books + _DELIVERING)
        self.venue: DomesticVenue | None = None
        self.watch = Watch()
        self.outcomes: Mapping[Month, Settlement] = {}
        self.fees_fen = 0

    def books(self) -> list[tuple[Month, int]]:
        """Return the months that trade, each with its book."""
        if self._curve is None:
            return [(None, 0)]
        return [(month, self._curve.book(month)) for month in self._curve.months]

    def book(self, month: Month) -> int:
        """Return the book of a month."""
        return 0 if self._curve is None else self._curve.book(month)

    def expire(self, month: ContractMonth, ticks: int) -> Array:
        """Take a month's positions out of its book at a price, and return them."""
        assert self._curve is not None
        return self._curve.expire(month, ticks)

    def free_place(self, used: Iterable[int]) -> int:
        """Return the first place that is not used."""
        taken = set(used)
        return next(place for place in self.places if place not in taken)

    def spec(self, day: date) -> ContractSpec:
        """Return the rules in force on a day."""
        return self.rulebook.on(day)

    def main(self, day: date) -> ContractMonth:
        """Return the front contract of a day."""
        return self.spec(day).main_contract(day, self._calendar)

    def days_left(self, month: ContractMonth, day: date) -> int:
        """Count the trading days from a day to a month's last one."""
        return self.spec(day).days_to_expiry(month, day, self._calendar)

    def rules(
        self,
        month: Month,
        day: date,
        warning: WarningRule,
        *,
        locked_days: int = 0,
        first_limit_percent: int = 0,
    ) -> ContractRules:
        """Return a month's rules of a day, as the early-warning controller leaves them.

        Margins are those at which the day before was cleared; `locked_days` days locked the same way, the first of
        them with the given limit, came before this one.
        """
        of, spec = self.main(day) if month is None else month, self.spec(day)
        cleared = self.spec(max(self._calendar.previous(day), self.rulebook.first_day))
        rules = rules_on(spec, of, day, self._calendar, product=self.number, cleared=cleared)
        if month is None:
            rules = replace(rules, limits=LimitRule(), margin=replace(rules.margin, both_sides=False))
        rules = tightened((rules,), warning, self.watch)[0]
        usual = spec.limit_percent(of, day, self._calendar)
        if not locked_days or usual is None:
            return rules
        usual = widened_limit_percent(usual, warning, self.watch)
        limit = spec.stepped_limit_percent(usual, locked_days, first_limit_percent)
        return rules.with_margin_from(spec.least_margin_percent(locked_days, limit))

    def persons_part(self, month: ContractMonth, day: date, leave_days: int) -> float:
        """Return what part of its holding an individual still wants: a straight line to 0 on the last day it may."""
        exit_days = self.spec(day).person_exit_trading_days
        if exit_days is None:
            return 1.0
        return min(1.0, max(0.0, (self.days_left(month, day) - exit_days) / (leave_days + 1)))

    def observe(self, day: date, warning: WarningRule) -> None:
        """Show the controller the day's settlement of the main month and the open interest of all."""
        main = None if None in self.outcomes else self.main(day)
        if main in self.outcomes:
            interest = sum(each.figures.open_interest_lots for each in self.outcomes.values())
            seen = self.outcomes[main]
            reading = Reading(seen.settlement_ticks, seen.previous_settlement_ticks, interest)
            self.watch = observe(warning, self.watch, reading)

    def margin_fen(self, house: ClearingHouse) -> Array:
        """Return each account's margin in this product, in fen."""
        own = slice(self.places.start, self.places.stop)
        rates = margin_per_lot_fen(house.rules[own], house.settled_ticks[own])
        held = house.held_lots[:, own]
        return required_margin_fen(held, house.roster.hedge, rates, house.rules[own], house.netting)


@dataclass
class Series:
    """A month (or a product's only series) at the house: its place, and the population's cash when last booked."""

    product: Product
    month: Month
    place: int
    booked_cash: Array

    def book_outside(self, state: Array, fills: Array) -> None:
        """Bring fills that came about outside the book, and are booked at the house, into the population.

        A buyer pays, in tick x lot.
        """
        book, signed = self.product.book(self.month), (1 - 2 * fills["side"].astype(np.int64)) * fills["lots"]
        np.add.at(state["positions"][book], fills["account"], signed)
        for cash in (state["cash"][book], self.booked_cash):
            np.add.at(cash, fills["account"], -signed * fills["price"])
