"""The physical crude world: bases, ships, load-out and the traders that move barrels, on one SimPy clock.

It wires the parts and keeps the daily record. It forms no price: prices are given histories and quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from agents.crude.bases import DeliveryBases
from agents.crude.importer import ImportArbitrageur
from agents.crude.levers import CrudeLever, LeverDays
from agents.crude.load_out import LoadOut
from agents.crude.local_buyer import LocalBuyer
from agents.crude.market import CrudeMarket
from agents.crude.parameters import GROUPS, CrudeParameters, Group
from agents.crude.parity import Parities, ParityPremiums, parities, premiums
from agents.crude.records import DailyRecord
from agents.crude.reexporter import ReexportArbitrageur
from agents.crude.references import ImportReferences, brent_parity_usd_per_bbl
from agents.crude.shipping import BaseLoad, Fleet
from agents.prices import PriceHistory
from exchange.clock import TradingCalendar, day_of, ns
from exchange.codes import Venue
from exchange.contracts import ContractMonth, Rulebook
from exchange.units import NS_PER_DAY, NS_PER_MINUTE, USD_PER_BBL_PER_WS_POINT

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
    generator of a named component and is asked once for each. `oman` is USD/bbl, `sc` CNY/bbl, `fx` CNY/USD;
    each needs a value in force on `start`, and a day's own value by 16:00 to count on that day. `levers` are
    pairs of first day and lever.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: CrudeParameters,
        *,
        start: date,
        calendar: TradingCalendar,
        rulebook: Rulebook,
        market: CrudeMarket,
        rng: Callable[[str], np.random.Generator],
        oman: PriceHistory,
        sc: PriceHistory,
        fx: PriceHistory,
        levers: Sequence[tuple[date, CrudeLever]] = (),
        flow_start: date | None,
    ) -> None:
        self._env, self._parameters, self._calendar, self._rulebook = env, parameters, calendar, rulebook
        self._market, self._oman, self._sc, self._fx = market, oman, sc, fx
        self._levers = LeverDays(levers)
        self._lines: tuple[tuple[date, float], Parities, float] | None = None
        self.bases: dict[Group, DeliveryBases] = {}
        for name in GROUPS:
            capacity_bbl = self._capacity_bbl(name, start)
            stock_bbl = int(capacity_bbl * parameters.load_out.initial_fill)
            berths = parameters.groups[name].berths
            self.bases[name] = DeliveryBases(
                env, name, capacity_bbl=capacity_bbl, stock_bbl=stock_bbl, berths=berths
            )
        self._references = ImportReferences(parameters.origins)
        self.fleet = Fleet(env, parameters.shipping, self.bases, self._levers, self._references)
        for name, base in self.bases.items():
            generator = rng(f"crude.base_load.{name}")
            BaseLoad(env, self.fleet, base, parameters.groups[name], parameters.shipping, generator)
        self._load_out = LoadOut(parameters, rng("crude.load_out"))
        self.importer = ImportArbitrageur(
            env, parameters, market, self.bases, self.fleet, self._planned_load_out_bbl, rng("crude.importer")
        )
        self.reexporter = ReexportArbitrageur(env, parameters, market, self.bases)
        self.local_buyer = LocalBuyer(parameters.local_buyer, market, parameters.importer.decision_minutes)
        self._record = DailyRecord()
        env.process(self._days(start))
        if flow_start is not None:
            env.process(self._decisions(flow_start))

    def parity_usd_per_bbl(self, day: date) -> ParityPremiums:
        """Return the parities of a day as premiums over Oman, USD/bbl, at Oman's last published price."""
        lines, _ = self._lines_on(day)
        return premiums(lines, self._oman.on(day), self._fx.on(day))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the record: `tanks` (day, group), `crude_cargoes` (cargo), `importer` (day)."""
        return self._record.tables(self.fleet)

    def check_conservation(self) -> None:
        """Raise AssertionError unless barrels and lots balance everywhere."""
        for name, base in self.bases.items():
            base.check()
            coming = [cargo for cargo in self.fleet.cargoes if cargo.group == name and not cargo.lost]
            if base.landed_bbl != sum(cargo.discharged_bbl for cargo in coming):
                raise AssertionError(f"{name}: barrels landed are not barrels discharged")
            booked_bbl = sum(cargo.bbl - cargo.discharged_bbl for cargo in coming)
            programme = self.importer.programme
            if programme is not None and programme.group == name:
                booked_bbl += self._parameters.shipping.cargo_bbl
            if base.committed_bbl != booked_bbl:
                raise AssertionError(f"{name}: {base.committed_bbl:,} bbl committed, {booked_bbl:,} coming")
        self.importer.check()
        self.reexporter.check()
        self.local_buyer.account.check()

    def state_integers(self) -> list[int]:
        """Return the whole state as integers, in a fixed order, for the state hash."""
        state = [value for base in self.bases.values() for value in base.integers()]
        for cargo in self.fleet.cargoes:
            state += [cargo.bbl, cargo.discharged_bbl, cargo.booked_ns]
            state += [cargo.loaded_ns or 0, cargo.arrived_ns or 0]
        return state + self.importer.integers() + self.reexporter.integers() + self.local_buyer.integers()

    def _days(self, start: date) -> Generator[simpy.Event, Any, None]:
        first_ns = ns(start, DAILY_AT)
        yield self._env.timeout(max(0, first_ns - self._env.now))
        while True:
            self._end_of_day(day_of(int(self._env.now)))
            yield self._env.timeout(NS_PER_DAY)

    def _end_of_day(self, day: date) -> None:
        fx = self._fx.on(day)
        spec = self._rulebook.on(day)
        premium = self.parity_usd_per_bbl(day)
        over_neutral_usd = self._sc.on(day) / fx - self._oman.on(day) - premium.neutral
        for name, base in self.bases.items():
            base.capacity_bbl = self._capacity_bbl(name, day)
        self._load_out.lift(self.bases, over_neutral_usd, self._levers.load_out_share(day))
        self.importer.pay_storage(spec.storage_fee_cny_per_bbl_day or 0.0)
        if spec.last_trading_day(ContractMonth.of(day).plus(1), self._calendar) == day:
            self.importer.deliver()
            self.reexporter.take_delivery(premium.reexport * fx)
        self._record.add(
            day,
            self.bases,
            self.importer,
            self.reexporter,
            premium,
            over_neutral_usd + premium.neutral,
            brent_parity_usd_per_bbl(
                self._parameters.brent_route,
                self._parameters.costs,
                storage_fee_cny_per_bbl_day=spec.storage_fee_cny_per_bbl_day or 0.0,
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
            self.local_buyer.decide(self._levers.local_lots_per_day(day))
            self.importer.decide(lines, freight, fx)
            self.reexporter.decide(lines, fx)
            yield env.timeout(step_ns - env.now % step_ns)

    def _lines_on(self, day: date) -> tuple[Parities, float]:
        """Return a day's parity lines and its freight with insurance, USD/bbl; kept for the day and FX."""
        fx = self._fx.on(day)
        if self._lines is None or self._lines[0] != (day, fx):
            costs = self._parameters.costs
            worldscale = self._levers.freight_worldscale(day, costs.freight_worldscale)
            added_insurance = self._levers.added_insurance_usd_per_bbl(day)
            lines = parities(
                costs,
                self._parameters.groups,
                freight_worldscale=worldscale,
                added_insurance_usd_per_bbl=added_insurance,
                storage_fee_cny_per_bbl_day=self._rulebook.on(day).storage_fee_cny_per_bbl_day or 0.0,
                fx_cny_per_usd=fx,
            )
            freight = worldscale * USD_PER_BBL_PER_WS_POINT + costs.insurance_usd_per_bbl + added_insurance
            self._lines = ((day, fx), lines, freight)
        return self._lines[1], self._lines[2]

    def _capacity_bbl(self, group: Group, day: date) -> int:
        return self._parameters.capacity_bbl(group, day) + self._levers.added_bbl(group, day)

    def _planned_load_out_bbl(self, group: Group) -> int:
        """Return what refiners will lift, at the calm rate, while the base load now at sea comes in."""
        figures = self._parameters.groups[group]
        voyage_days = (figures.voyage_days_min + figures.voyage_days_max) / 2
        share = self._levers.load_out_share(day_of(int(self._env.now)))
        days = self._parameters.shipping.loading_days + voyage_days
        return int(figures.base_load_bbl_per_day * share * days)
