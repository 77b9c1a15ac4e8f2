"""The physical crude world: bases, ships, load-out and the traders that move barrels, on one SimPy clock.

It wires the parts and keeps the daily record. It forms no price: prices are given histories and quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from agents.crude.approvals import Approvals
from agents.crude.bargain import BargainBuyers
from agents.crude.bases import DeliveryBase
from agents.crude.carry import NAME as CARRY
from agents.crude.carry import CarryTrader
from agents.crude.commercial import CommercialWarrants
from agents.crude.deliveries import Deliveries
from agents.crude.expiry import Passed
from agents.crude.grades import GradeSupply
from agents.crude.importer import NAME as IMPORTER
from agents.crude.importer import ImportArbitrageur, Today
from agents.crude.levers import CrudeLever, LeverDays
from agents.crude.local_buyer import LocalBuyer
from agents.crude.market import CrudeMarket
from agents.crude.parameters import ACCOUNTS, CrudeParameters
from agents.crude.parity import Parities, ParityPremiums, parities, premiums, ways
from agents.crude.records import DailyRecord
from agents.crude.reexporter import ReexportArbitrageur
from agents.crude.references import ImportReferences, brent_parity_usd_per_bbl
from agents.crude.refiners import Refiners
from agents.crude.shipping import BaseLoad, Cargo, Fleet
from agents.crude.trades import Month
from agents.prices import PriceHistory
from exchange.clock import Sessions, TradingCalendar, day_of, ns
from exchange.codes import Venue
from exchange.contracts import ContractMonth, ContractSpec, Rulebook
from exchange.delivery import base_key
from exchange.terms import Grade
from exchange.units import BBL_PER_SC_LOT, NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, USD_PER_BBL_PER_WS_POINT
from exchange.warrants import WarrantRegistry

if TYPE_CHECKING:
    import pandas as pd

DAILY_AT = time(16)
"""When a day's load-out, delivery and record happen: after SC's settlement price is published."""

SHUT_STEP_MINUTES = 15
"""How often the traders look whether SC has opened; its sessions open on quarters of an hour."""


class CrudeWorld:
    """Run the physical side of crude from `start`; its traders meet the books from `flow_start` on (never where it
    is None).

    `env.now` is int nanoseconds of Shanghai wall time and stands at midnight of `start`. `rng` gives the
    generator of a named component and is asked once for each; `sessions_on` gives SC's hours on a trading day.
    `oman` is USD/bbl, `sc` CNY/bbl, `fx` CNY/USD; each needs a value in force on `start`, and a day's own value by
    16:00 to count on that day. `levers` are pairs of first day and lever. Warrants' owners are numbered from
    `first_account` on, in the order of ACCOUNTS.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: CrudeParameters,
        *,
        start: date,
        calendar: TradingCalendar,
        rulebook: Rulebook,
        sessions_on: Callable[[date], Sessions],
        market: CrudeMarket,
        rng: Callable[[str], np.random.Generator],
        oman: PriceHistory,
        sc: PriceHistory,
        fx: PriceHistory,
        levers: Sequence[tuple[date, CrudeLever]] = (),
        flow_start: date | None,
        first_account: int = 0,
    ) -> None:
        self._env, self._parameters, self._calendar, self._rulebook = env, parameters, calendar, rulebook
        self._sessions_on, self._market = sessions_on, market
        self._oman, self._sc, self._fx = oman, sc, fx
        self._levers = LeverDays(levers)
        self.numbers = {name: first_account + k for k, name in enumerate(ACCOUNTS)}
        self._lines: tuple[tuple[date, float], Parities, float] | None = None
        self._refined_on = date.min
        loading_days = parameters.shipping.loading_days
        self._days_to_come = {
            name: loading_days + (group.voyage_days_min + group.voyage_days_max) / 2
            for name, group in parameters.groups.items()
        }
        self._ways = ways(parameters)
        self.bases: dict[str, DeliveryBase] = {}
        self.approvals = Approvals(parameters.approval, self.bases)
        for depot in parameters.depots:
            capacity_bbl = self._capacity_bbl(depot.name, start)
            self.bases[depot.name] = DeliveryBase(
                env,
                depot,
                ACCOUNTS,
                parameters.leasing,
                capacity_bbl=capacity_bbl,
                stock_bbl=int(capacity_bbl * parameters.load_out.initial_fill),
                loss_ppm=parameters.shipping.loss_ppm,
            )
        self.registry = WarrantRegistry(lambda name: self.bases[name].inspected_bbl)
        share = parameters.warrants.commercial_share
        self.commercial = CommercialWarrants(
            self.bases, self.registry, set(self.numbers.values()), share, self._paid_at_cny_per_bbl
        )
        self._references = ImportReferences(parameters.origins)
        self._supply = GradeSupply(parameters.grades)
        self.fleet = Fleet(
            env, parameters.shipping, self.bases, self._levers, self._references, self._supply,
            self._grades_now, self._landed,
        )  # fmt: skip
        for name, base in self.bases.items():
            group = parameters.groups[base.group]
            bbl_per_day = parameters.part(name, group.base_load_bbl_per_day)
            generator = rng(f"crude.base_load.{name}")
            BaseLoad(env, self.fleet, base, group, parameters.shipping, bbl_per_day, generator)
        self.refiners = Refiners(parameters, market, rng("crude.load_out"))
        self.importer = ImportArbitrageur(
            env, parameters, market, self.bases, self.fleet, self._supply, self._planned_load_out_bbl,
            self._last_day, rng("crude.importer"),
        )  # fmt: skip
        self.reexporter = ReexportArbitrageur(env, parameters, market, self.bases)
        self.carry = CarryTrader(
            parameters.carry, parameters.leasing, market, self.bases, self.importer.room_bbl, self._last_day,
            parameters.costs.financing_percent_per_year,
        )  # fmt: skip
        self.local_buyer = LocalBuyer(parameters.local_buyer, market, parameters.importer.decision_minutes)
        self.bargain = BargainBuyers(parameters.bargain, market, oman, parameters.importer.decision_minutes)
        self.deliveries = Deliveries(
            self.bases, self.registry, self.numbers, self.commercial, self.importer, self.carry, self.reexporter,
            self.refiners.all, (self.local_buyer.account, self.bargain.account),
        )  # fmt: skip
        self._record = DailyRecord()
        env.process(self._days(start))
        if flow_start is not None:
            env.process(self._decisions(flow_start))

    def parity_usd_per_bbl(self, day: date) -> ParityPremiums:
        """Return the parities of a day as premiums over Oman, USD/bbl, at Oman's last published price."""
        lines, _ = self._lines_on(day)
        return premiums(lines, self._oman.on(day), self._fx.on(day))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the record: `tanks` (day, base), `crude_cargoes` (cargo), `importer` (day)."""
        return self._record.tables(self.fleet)

    def check_conservation(self) -> None:
        """Raise AssertionError unless barrels, lots and warrants balance everywhere."""
        for name, base in self.bases.items():
            base.check()
            coming = [cargo for cargo in self.fleet.cargoes if cargo.base == name and not cargo.lost]
            landed_bbl = sum(holding.landed_bbl for holding in base.holdings.values())
            if landed_bbl != sum(cargo.discharged_bbl for cargo in coming):
                raise AssertionError(f"{name}: barrels landed are not barrels discharged")
            booked_bbl = sum(cargo.bbl - cargo.discharged_bbl for cargo in coming)
            programme = self.importer.programme
            if programme is not None and programme.base == name:
                booked_bbl += programme.lease.bbl
            if base.committed_bbl != booked_bbl:
                raise AssertionError(f"{name}: {base.committed_bbl:,} bbl committed, {booked_bbl:,} coming")
            if self.registry.lots_at(name) * BBL_PER_SC_LOT != base.inspected_bbl:
                raise AssertionError(
                    f"{name}: {base.inspected_bbl:,} bbl inspected, not what is under warrant"
                )
        self.registry.check()
        for account in (self.local_buyer.account, self.bargain.account):
            account.check()
        for trader in (self.importer, self.reexporter, self.carry, self.refiners):
            trader.check()

    def state_integers(self) -> list[int]:
        """Return the whole state as integers, in a fixed order, for the state hash."""
        state = [value for base in self.bases.values() for value in base.integers()]
        for cargo in self.fleet.cargoes:
            state += [cargo.bbl, cargo.discharged_bbl, cargo.booked_ns]
            state += [cargo.loaded_ns or 0, cargo.arrived_ns or 0]
        for warrant in self.registry.all():
            state += [warrant.number, warrant.owner, warrant.lots]
        parts = (
            self._supply, self.approvals, self.importer, self.reexporter, self.carry, self.refiners,
            self.local_buyer, self.bargain,
        )  # fmt: skip
        return state + [value for part in parts for value in part.integers()]

    def expire(self, month: Month, price_cny_per_bbl: float, passed: Sequence[Passed] | None = None) -> None:
        """Deliver an expiring month at today's parity; see Deliveries.expire."""
        day = day_of(int(self._env.now))
        self.deliveries.expire(
            month, price_cny_per_bbl, self.parity_usd_per_bbl(day), self._fx.on(day), passed
        )

    def exchangeable(
        self, month: ContractMonth, day: date, shorts_lots: Mapping[int, int]
    ) -> tuple[list[Passed], float]:
        """Return what refiners would exchange of a month for oil at a day's close, and what both sides save by it.

        `shorts_lots` are the month's shorts by account. Saved, in CNY/bbl, is the storage until the month's last
        trading day; nobody agrees longer ahead than buyers want oil.
        """
        days = (self._last_day(month) - day).days
        if days > self._parameters.warrants.exchange_days_ahead:
            return [], 0.0
        fee = self._rulebook.on(day).storage_fee_cny_per_bbl_day or 0.0
        known = set(self.numbers.values())
        others = {account: lots for account, lots in shorts_lots.items() if account not in known}
        return self.deliveries.exchangeable(month, others, self._fx.on(day)), fee * days

    def exchange(self, month: ContractMonth, passed: Passed, off_cny_per_bbl: float) -> None:
        """Take in an exchange that the house has booked, at so much below the settlement price."""
        day = day_of(int(self._env.now))
        self.deliveries.exchange(
            month, passed, off_cny_per_bbl, self.parity_usd_per_bbl(day), self._fx.on(day)
        )

    def cargo_lots(self) -> dict[int, int]:
        """Return the oil on its way or uninspected of each account, which counts as deliverable cargo, in lots."""
        lots = dict.fromkeys(self.numbers.values(), 0)
        for cargo in self.importer.cargoes:
            if cargo.warrants_ns is None and not cargo.lost:
                lots[self.numbers[IMPORTER]] += cargo.bbl // BBL_PER_SC_LOT
        return lots

    def _days(self, start: date) -> Generator[simpy.Event, Any, None]:
        first_ns = ns(start, DAILY_AT)
        yield self._env.timeout(max(0, first_ns - self._env.now))
        while True:
            self._end_of_day(day_of(int(self._env.now)))
            yield self._env.timeout(NS_PER_DAY)

    def _end_of_day(self, day: date) -> None:
        fx = self._fx.on(day)
        spec = self._rulebook.on(day)
        fee = spec.storage_fee_cny_per_bbl_day or 0.0
        premium = self.parity_usd_per_bbl(day)
        over_neutral_usd = self._sc.on(day) / fx - self._oman.on(day) - premium.neutral
        self.approvals.pass_day(day)
        for name, base in self.bases.items():
            base.capacity_bbl = self._capacity_bbl(name, day)
        self._supply.pass_day(self._grades_now(), self._levers.share_of_loadings_lost(day))
        self.refiners.lift(self.bases, over_neutral_usd, self._levers.load_out_share(day))
        self._pay_storage(day, fee)
        one_series = not self._market.months(Venue.SC)
        if one_series and spec.last_trading_day(ContractMonth.of(day).plus(1), self._calendar) == day:
            self.expire(None, self._sc.on(day))
        self._record.add(
            day,
            self.bases,
            {name: self.registry.lots_at(name) for name in self.bases},
            fee,
            self.importer,
            self.reexporter,
            premium,
            over_neutral_usd + premium.neutral,
            brent_parity_usd_per_bbl(
                self._parameters.brent_route,
                self._parameters.costs,
                storage_fee_cny_per_bbl_day=fee,
                price_usd_per_bbl=self._oman.on(day),
                fx_cny_per_usd=fx,
            ),
            self._levers.sc_differential_usd_per_bbl(day),
            self._references.imports_bbl(self._levers.sc_priced_share(day)),
        )

    def _decisions(self, flow_start: date) -> Generator[simpy.Event, Any, None]:
        """Let the traders decide every few minutes while SC is open; before `flow_start` nobody trades."""
        env, step_ns = self._env, self._parameters.importer.decision_minutes * NS_PER_MINUTE
        shut_step_ns = SHUT_STEP_MINUTES * NS_PER_MINUTE
        # The night session of the first trading day is on the evening of the day before.
        evening = ns(self._calendar.previous(flow_start), DAILY_AT)
        yield env.timeout(max(0, evening - env.now))
        while True:
            if not self._market.is_open(Venue.SC):
                yield env.timeout(shut_step_ns - env.now % shut_step_ns)
                continue
            day = day_of(int(env.now))
            lines, freight = self._lines_on(day)
            fx = self._fx.on(day)
            lost = self._levers.share_of_loadings_lost(day)
            rules, trading_day = self._rulebook.on(day), self._calendar.trading_day_at(int(env.now))
            open_minutes = self._sessions_on(trading_day).open_minutes
            fee = rules.storage_fee_cny_per_bbl_day or 0.0
            self.local_buyer.decide(self._levers.local_lots_per_day(day), open_minutes)
            self.bargain.decide(day, self._month_ahead(rules, day), open_minutes)
            self.importer.decide(Today(lines, freight, fx, fee, self._grades_now(), lost))
            self.reexporter.decide(lines, fx)
            if env.now % NS_PER_HOUR < step_ns:
                self._hourly(day, lines, fx, fee)
            yield env.timeout(step_ns - env.now % step_ns)

    def _month_ahead(self, rules: ContractSpec, day: date) -> ContractMonth | None:
        """Return the month that bargain buyers hold: the main one of days ahead, at most the last that trades."""
        months = self._market.months(Venue.SC)
        if not months:
            return None
        ahead = self._calendar.trading_days(day, 1 + self._parameters.bargain.roll_ahead_trading_days)[-1]
        return min(rules.main_contract(ahead, self._calendar), months[-1])

    def _hourly(self, day: date, lines: Parities, fx_cny_per_usd: float, fee: float) -> None:
        """Let those decide who look at the market once an hour."""
        for name, refiner in self.refiners.all.items():
            if self._refined_on != day:
                refiner.begin_day(self.refiners.shortage(name, self.bases, self._days_to_come))
            refiner.decide(lines, fx_cny_per_usd)
        self._refined_on = day
        self.carry.decide(day, fee)

    def refiners_worth_cny_per_bbl(self, day: date, oman_usd_per_bbl: float) -> float:
        """Return what a barrel in tank is worth to the refiner who needs it most (see RefinerParameters)."""
        lines, _ = self._lines_on(day)
        parity = min(line.cny_per_bbl(oman_usd_per_bbl) for line in lines.imports.values())
        return max(refiner.worth_cny_per_bbl(parity) for refiner in self.refiners.all.values())

    def _lines_on(self, day: date) -> tuple[Parities, float]:
        """Return a day's parity lines and its freight with insurance, USD/bbl; kept for the day and FX."""
        fx = self._fx.on(day)
        if self._lines is None or self._lines[0] != (day, fx):
            costs = self._parameters.costs
            worldscale = self._levers.freight_worldscale(day, costs.freight_worldscale)
            added_insurance = self._levers.added_insurance_usd_per_bbl(day)
            lines = parities(
                costs,
                self._ways,
                freight_worldscale=worldscale,
                added_insurance_usd_per_bbl=added_insurance,
                storage_fee_cny_per_bbl_day=self._rulebook.on(day).storage_fee_cny_per_bbl_day or 0.0,
                fx_cny_per_usd=fx,
            )
            freight = worldscale * USD_PER_BBL_PER_WS_POINT + costs.insurance_usd_per_bbl + added_insurance
            self._lines = ((day, fx), lines, freight)
        return self._lines[1], self._lines[2]

    def _capacity_bbl(self, base: str, day: date) -> int:
        parameters = self._parameters
        group, own_bbl = parameters.depot(base).group, parameters.capacity_bbl(base, day)
        added_bbl = parameters.part(base, self._levers.added_bbl(group, day))
        added_bbl += self._levers.added_at_base_bbl(base, day) + self.approvals.added_bbl(base, day)
        return own_bbl + added_bbl + int(own_bbl * self._levers.added_share(base, group, day))

    def _planned_load_out_bbl(self, base: str) -> int:
        """Return what refiners will lift, at the calm rate, while the base load now at sea comes in."""
        group = self._parameters.depot(base).group
        given = self._parameters.groups[group].base_load_bbl_per_day
        share = self._levers.load_out_share(day_of(int(self._env.now)))
        return int(self._parameters.part(base, given) * share * self._days_to_come[group])

    def _grades_now(self) -> Mapping[str, Grade]:
        return self._rulebook.on(day_of(int(self._env.now))).deliverable_grades

    def _paid_at_cny_per_bbl(self, base: str) -> float:
        """Return what the exchange pays for oil at a base beyond the price."""
        rules = self._rulebook.on(day_of(int(self._env.now)))
        return rules.location_differential_cny_per_bbl.get(base_key(base), 0.0)

    def _last_day(self, month: ContractMonth) -> date:
        return self._rulebook.on(day_of(int(self._env.now))).last_trading_day(month, self._calendar)

    def _landed(self, cargo: Cargo) -> None:
        """Register warrants for a trader's inspected oil, in whole lots."""
        lots = (cargo.bbl - cargo.lost_bbl) // BBL_PER_SC_LOT
        self.bases[cargo.base].inspect(cargo.owner, lots * BBL_PER_SC_LOT)
        self.registry.register(self.numbers[cargo.owner], cargo.base, cargo.grade, lots)

    def _pay_storage(self, day: date, fee_cny_per_bbl: float) -> None:
        """Let traders pay a day's storage, and the premium of leases that are renewed."""
        accounts = {IMPORTER: self.importer.account, CARRY: self.carry.account}
        for base in self.bases.values():
            for name, account in accounts.items():
                account.pay(fee_cny_per_bbl, base.holdings[name].stock_bbl)
            for lease in base.renewals(day.toordinal(), fee_cny_per_bbl):
                term_days = self._parameters.leasing.term_days
                accounts[lease.tenant].pay(lease.premium_cny_per_bbl_day * term_days, lease.bbl)
