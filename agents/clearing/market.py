"""The clearing house on the market's clock: each close is booked and settled, each opening has its calls behind it.

It joins exchange/clearing to the population's books. It forms no price: what it sends are forced orders, and what it
forbids is that accounts with an unpaid call open. A world in which nobody is called trades as one without it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

import numpy as np
import simpy

from agents.clearing.accounts import Purses, funds_of, roster_of, set_wishes
from agents.clearing.expiry import Expiries
from agents.clearing.forced import ForcedOrder, ForcedOrders, Key, orders_of
from agents.clearing.locked import LockedMonths
from agents.clearing.parameters import ClearingParameters, after_third
from agents.clearing.private import PhysicalSide, PrivateExchanges
from agents.clearing.products import Product, Series
from agents.clearing.records import LargePosition, MonthDay, Participation, ProductDay, Refusals, name_of
from agents.traders.market import FastMarket
from exchange.clearing.closing import Reason, excess_liquidation, margin_liquidation
from exchange.clearing.default import Loss, cover_deficits
from exchange.clearing.house import ClearingHouse
from exchange.clearing.ladder import AfterThird
from exchange.clearing.netting import book_net
from exchange.clearing.reports import large_positions, report_percent_of
from exchange.clearing.rules import Array, CollateralRule, ContractRules, MarginRule, Participant
from exchange.clearing.warning import WarningRule, widened_limit_percent
from exchange.clock import TradingCalendar, ns
from exchange.contracts import Rulebook
from exchange.delivery import DeliveryRule
from exchange.expiry import ExpiryRule
from exchange.units import NS_PER_MINUTE
from exchange.venue import DomesticVenue, Month, Settlement, Terms

_UNUSED = ContractRules("unused", 1, MarginRule(0, 0))
_CLOSE = time(15)
_BUYBACK_MINUTES = 200
"""Over how many of a day's 225 minutes or more shorts without oil spread what they buy back (assumption)."""


class MarketClearing:
    """Clear the INE products of a market from their first day on.

    `rulebooks` are those of its products, by name; `fx` gives CNY per USD as known on a day. `warning_on` and
    `third_day_on` are the exchange's choices of a day, those of `told` if left out. Call `opened` after a product's
    books have opened, `expire` for months on their last trading day, then `closed`; the day is settled when all
    products have closed.
    """

    def __init__(
        self,
        env: simpy.Environment,
        market: FastMarket,
        told: ClearingParameters,
        rulebooks: Mapping[str, Rulebook],
        calendar: TradingCalendar,
        *,
        fx: Callable[[date], float],
        rng: Callable[[str], np.random.Generator],
        warning_on: Callable[[date], WarningRule] | None = None,
        third_day_on: Callable[[date], AfterThird] | None = None,
        expiries: Expiries | None = None,
        physical: PhysicalSide | None = None,
    ) -> None:
        self._env, self._market, self._population = env, market, market.population
        self._calendar, self._fx = calendar, fx
        self._warning_on = warning_on or (lambda day: told.warning.rule())
        self.expiries = expiries or Expiries()
        self.private = PrivateExchanges(physical)
        self._products: dict[str, Product] = {}
        places = 0
        for number, (name, rulebook) in enumerate(rulebooks.items()):
            product = Product(name, number, rulebook, self._population, calendar, places)
            self._products[name] = product
            places = product.places.stop
        roster = roster_of(self._population.state, told.brokers)
        self.house = ClearingHouse(roster, (_UNUSED,) * places, np.ones(places), funds_of(told))
        self._purses = Purses(told, roster, rng("clearing.calls"))
        self._forced = ForcedOrders(self._population, self._book_of, told.forced_lots_per_minute)
        self._own = ForcedOrders(self._population, self._book_of, 1)
        self.bought_back_lots: dict[date, int] = {}
        self._leave_days = told.persons_leave_trading_days
        self._series: dict[Key, Series] = {}
        self._closed: set[str] = set()
        self._expiring: list[tuple[Key, Settlement]] = []
        self._booked: list[tuple[int, MonthDay]] = []
        self._barred = np.zeros(len(roster), bool)
        choice = after_third(told.after_third_locked_day)
        self.locked = LockedMonths(
            self.house, self._population, self._forced, third_day_on or (lambda day: choice)
        )
        self.days: list[ProductDay] = []
        self.months: list[MonthDay] = []
        self.large: list[LargePosition] = []
        self.losses: list[tuple[date, Loss]] = []
        self.participation = Participation(roster.kind)
        self.refusals = Refusals(self._population.state["refused"])

    def rulebook(self, product: str) -> Rulebook:
        """Return a product's rulebook."""
        return self._products[product].rulebook

    # --- what the venue asks ---

    def join(self, product: str, venue: DomesticVenue) -> None:
        """Name the venue of a product, which keeps the count of locked days."""
        self._products[product].venue = venue

    def limit_percent(self, product: str, day: date, percent: int) -> int:
        """Return the price limit that the early-warning controller makes of the rulebook's."""
        return widened_limit_percent(percent, self._warning_on(day), self._products[product].watch)

    def is_halted(self, product: str, day: date, month: Month) -> bool:
        """Tell whether a month does not trade on a day, after three days locked the same way."""
        return self.locked.is_halted((product, month), day)

    # --- the course of a day ---

    def opened(self, product: str, day: date, terms: Mapping[Month, Terms]) -> None:
        """Give places to months that are new in the books, and set the day's entry limits."""
        told, house, state = self._products[product], self.house, self._population.state
        begins = not any(name == product for name, _ in self._series)
        house.fx_e4 = round(self._fx(day) * 10_000)
        for month, book in told.books():
            if (product, month) in self._series:
                continue
            used = {series.place for series in self._series.values()} | self.expiries.places
            place, settled = told.free_place(used), terms[month].previous_settlement_ticks
            house.list_month(place, told.rules(month, day, self._warning_on(day)), settled)
            self._series[product, month] = Series(told, month, place, state["cash"][book].copy())
            held = state["positions"][book].copy()
            book_net(house, place, held, -held * settled, opened_at_ticks=settled)
        house.today_lots[:] = 0
        if told.number == 0:  # one haircut for all that an account holds
            house.collateral = CollateralRule.of(told.spec(day))
        if begins:
            self._purses.endow(house, told.margin_fen(house), first=told.number == 0)
        for month, book in told.books():
            if month is None:
                continue
            limits = house.rules[self._series[product, month].place].limits
            self._population.limit_entry(
                book,
                position_lots=limits.position_lots,
                opening_lots=limits.opening_lots,
                persons_out=limits.persons_out,
            )
            set_wishes(state, book, told.persons_part(month, day, self._leave_days))

    def expire(self, product: str, settlement: Settlement) -> None:
        """Note that a month has had its last trading day; it leaves the books when the day is settled."""
        key = product, settlement.month
        if key in self._series:
            self._expiring.append((key, settlement))

    def closed(self, product: str, day: date, outcomes: Mapping[Month, Settlement]) -> None:
        """Book what the accounts traded in a product; settle the day when it was the last to close."""
        told = self._products[product]
        told.outcomes = outcomes
        before_fen = int(self.house.due_fees_fen.sum())
        for month, book in told.books():
            self._book((product, month), book, outcomes[month])
        told.fees_fen = int(self.house.due_fees_fen.sum()) - before_fen
        self._closed.add(product)
        if len(self._closed) == len(self._products):
            self._closed = set()
            self._settle(day)

    def check_conservation(self) -> None:
        """Raise AssertionError when money, dollars or lots appeared or vanished at the house."""
        house = self.house
        house.check()
        if house.total_fen or house.total_usd_cents:
            raise AssertionError(f"{house.total_fen} fen and {house.total_usd_cents} cents too many")

    # --- what each close does ---

    def _book(self, key: Key, book: int, outcome: Settlement) -> None:
        """Bring a month's net positions over, with the day's gains and fees."""
        state, house, series, figures = self._population.state, self.house, self._series[key], outcome.figures
        net, cash = state["positions"][book].copy(), state["cash"][book].copy()
        opened = state["opened_lots"][book].copy()
        # what closed is what opened less what positions grew by
        traded = 2 * opened + np.abs(house.net_lots[series.place]) - np.abs(net)
        mean = outcome.settlement_ticks
        if figures.volume_lots:
            mean = figures.turnover_tick_lots // figures.volume_lots
        book_net(
            house,
            series.place,
            net,
            cash - series.booked_cash,
            opened_at_ticks=mean,
            traded_lots=traded,
            opened_lots=opened,
        )
        series.booked_cash = cash
        name, day, rules = key[0], outcome.trading_day, house.rules[series.place]
        self.expiries.note(name, key[1], outcome.settlement_ticks, series.product.spec(day))
        self.participation.add(day, name, traded, net)
        month = name_of(key[1], str(series.product.main(day)))
        self.refusals.add(day, name, month, book, state["refused"])
        row = MonthDay(
            day,
            name,
            month,
            outcome.settlement_ticks,
            figures.volume_lots,
            int(np.maximum(net, 0).sum()),
            outcome.limit_percent,
            rules.margin.spec_percent,
            rules.margin.hedge_percent,
            outcome.locked_days,
        )
        self._booked.append((series.place, row))

    def _settle(self, day: date) -> None:
        """Settle a day, let its calls be answered, and prepare the forced orders of the next one."""
        house, forced = self.house, self._forced
        outcomes = {
            (p.name, month): each for p in self._products.values() for month, each in p.outcomes.items()
        }
        settled = house.settled_ticks.copy()
        for key, series in self._series.items():
            settled[series.place] = outcomes[key].settlement_ticks
        in_cash, in_kind = self._leave()
        house.settle(settled)
        for series, ticks in in_kind:
            assert series.month is not None
            self.expiries.begin(house, series.month, series.place, ticks, series.product.spec(day))
        self.expiries.next_day(house)
        self._exchange(day, outcomes)
        reduced = self._reduce(day, outcomes)
        self._report(day)
        for product in self._products.values():
            product.observe(day, self._warning_on(day))
        after = self._next(day, outcomes)
        calls = np.maximum(-house.available_fen(), 0)
        paid = self._purses.answer(house, calls)
        losses = cover_deficits(house)
        self._barred &= ~self._purses.recovered(house)
        self._barred[[loss.account for loss in losses]] = True
        self.losses += [(day, loss) for loss in losses]
        short = house.available_fen() < 0
        self._population.state["suspended"][:] = short | self._barred
        self._record_months()
        self._record(day, calls, paid, short | self._barred, losses, reduced, in_cash)
        self.bought_back_lots[day] = sum(self._own.filled_lots.values())
        orders, own = self._orders(np.flatnonzero(short).tolist(), after) if after else ([], [])
        forced.replace(orders)
        per_minute = -(-sum(order.left_lots for order in own) // _BUYBACK_MINUTES)
        self._own = ForcedOrders(self._population, self._book_of, per_minute)
        self._own.replace(own)
        if after and (forced.pending or self._own.pending):
            self._env.process(self._send_until(ns(after, _CLOSE)))
        self._purses.renew(house)
        house.check()

    def _leave(self) -> tuple[dict[str, int], list[tuple[Series, int]]]:
        """Take expired months out of the population; book those that end in cash, and return those that do not."""
        lots, in_kind = dict.fromkeys(self._products, 0), []
        for key, settlement in self._expiring:
            series = self._series.pop(key)
            assert settlement.month is not None
            ticks = self.expiries.settlement_ticks(*key)
            held = series.product.expire(settlement.month, ticks)
            if self.expiries.in_kind(key[0]):
                in_kind.append((series, ticks))
                continue
            lots[key[0]] += int(np.maximum(held, 0).sum())
            none = np.zeros_like(held)
            book_net(self.house, series.place, none, held * ticks, opened_at_ticks=ticks)
        self._expiring = []
        return lots, in_kind

    def _exchange(self, day: date, outcomes: Mapping[Key, Settlement]) -> None:
        """Book what the physical side has agreed to exchange for oil, on the days that the rule allows."""
        for (name, month), series in self._series.items():
            spec = series.product.spec(day)
            if month is None or not self.expiries.in_kind(name):
                continue
            if not ExpiryRule.of(spec).efp_allowed(series.product.days_left(month, day)):
                continue
            ticks, limits = outcomes[name, month].settlement_ticks, outcomes[name, month].limits_ticks
            rule = DeliveryRule.of(spec)
            for fills in self.private.close(self.house, month, series.place, ticks, limits, rule, day):
                series.book_outside(self._population.state, fills)
                self.house.settle(self.house.settled_ticks)

    def _reduce(self, day: date, outcomes: Mapping[Key, Settlement]) -> dict[str, int]:
        """Halt or reduce months that were locked for three days; return the lots reduced by product."""
        lots = dict.fromkeys(self._products, 0)
        for key, series in self._series.items():
            book, spec = self._book_of(key), series.product.spec(day)
            fills = self.locked.after(key, outcomes[key], series.place, book, spec, self._calendar)
            if fills is None:
                continue
            series.book_outside(self._population.state, fills)
            lots[key[0]] += int(fills["lots"].sum()) // 2
            if series.product.venue is not None:
                series.product.venue.count_anew(key[1])
            self.house.settle(self.house.settled_ticks)  # the fills' gains against the settlement
        return lots

    def _report(self, day: date) -> None:
        """Let accounts report positions that are large beside their limits."""
        kinds = self.house.roster.kind
        for product in self._products.values():
            rows = large_positions(self.house, report_percent_of(product.spec(day)))
            months = {s.place: name_of(s.month, "") for s in self._series.values() if s.product is product}
            self.large += [
                LargePosition(
                    day, product.name, months[place], account, Participant(kinds[account]), side, lots, limit
                )
                for account, place, side, lots, limit in rows.tolist()
                if place in months
            ]

    def _next(self, day: date, outcomes: Mapping[Key, Settlement]) -> date | None:
        """Put in force the margins of this clearing and the next trading day's limits, and return that day.

        None when the calendar ends.
        """
        try:
            after = self._calendar.next(day)
        except LookupError:
            return None
        kept = self.expiries.places
        rules = [rule if place in kept else _UNUSED for place, rule in enumerate(self.house.rules)]
        for key, series in self._series.items():
            anew = self.locked.reduced_on == day and key in self.locked.reduced
            rules[series.place] = series.product.rules(
                series.month,
                after,
                self._warning_on(after),
                locked_days=0 if anew else abs(outcomes[key].locked_days),
                first_limit_percent=outcomes[key].first_limit_percent,
            )
        self.house.open_day(rules)
        return after

    def _orders(self, called: Sequence[int], day: date) -> tuple[list[ForcedOrder], list[ForcedOrder]]:
        """Return a day's forced orders, and what shorts without oil buy back by themselves.

        Unpaid calls come first, then what stands beyond limits or has no oil.
        """
        house, none = self.house, np.zeros((len(self.house.rules), 2), np.int64)  # prices are the market's
        rows, own = [margin_liquidation(house, called, none), excess_liquidation(house, none)], []
        for (name, month), series in self._series.items():
            if month is None or not self.expiries.in_kind(name):
                continue
            left, spec = series.product.days_left(month, day), series.product.spec(day)
            closed, bought = self.expiries.without_oil(house, month, series.place, spec, left)
            rows.append(closed)
            own += [
                ForcedOrder(b.account, (name, month), False, b.lots, Reason.NOT_DELIVERABLE, b.most_ticks)
                for b in bought
            ]
        keys = {series.place: key for key, series in self._series.items()}
        return orders_of(np.concatenate(rows), keys), own

    def _send_until(self, until_ns: int) -> Generator[simpy.Event, Any, None]:
        """Send slices of the day's orders each minute; a shut or locked book fills nothing."""
        while self._env.now + NS_PER_MINUTE < until_ns and (self._forced.pending or self._own.pending):
            yield self._env.timeout(NS_PER_MINUTE)
            self._market.synchronise()
            self._forced.send()
            self._own.send()

    def _record_months(self) -> None:
        """Keep the day's months with the margins of their clearing; one that has ended keeps those it had."""
        cleared = {series.place for series in self._series.values()}
        for place, row in self._booked:
            if place in cleared:
                margin = self.house.rules[place].margin
                row = replace(
                    row, margin_spec_percent=margin.spec_percent, margin_hedge_percent=margin.hedge_percent
                )
            self.months.append(row)
        self._booked = []

    def _record(
        self,
        day: date,
        calls: Array,
        paid: Array,
        suspended: Array,
        losses: Sequence[Loss],
        reduced: Mapping[str, int],
        in_cash: Mapping[str, int],
    ) -> None:
        margins = np.array([product.margin_fen(self.house) for product in self._products.values()])
        home = margins.argmax(axis=0)
        forced = self._forced
        for product in self._products.values():
            here, margin = home == product.number, margins[product.number]
            lost = [loss for loss in losses if here[loss.account]]
            self.days.append(
                ProductDay(
                    day,
                    product.name,
                    int(margin.sum()),
                    product.fees_fen,
                    int((margin > 0).sum()),
                    int((calls[here] > 0).sum()),
                    int(calls[here].sum()),
                    int(paid[here].sum()),
                    int(suspended[here].sum()),
                    {reason: forced.asked_lots.get((product.name, reason), 0) for reason in Reason},
                    {reason: forced.filled_lots.get((product.name, reason), 0) for reason in Reason},
                    len(lost),
                    sum(loss.owed_fen for loss in lost),
                    sum(loss.uncovered_fen for loss in lost),
                    reduced[product.name],
                    in_cash[product.name],
                    product.watch.level,
                )
            )

    def _book_of(self, key: Key) -> int:
        return self._products[key[0]].book(key[1])
