"""The gas half of the slow world: suppliers, ships, terminals, consumers and markets on one SimPy clock.

It holds the order of a day; what each part does is said in that part. It knows no crude and no futures book:
Brent and FX come in as published prices.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import simpy

from agents.gas import books
from agents.gas.abroad import Abroad
from agents.gas.bunkering import Bunkering
from agents.gas.captive import CaptiveDemand
from agents.gas.cargoes import Cargo, nominal_delivery_m3
from agents.gas.contracts import make_basins, make_importers, make_rest, make_suppliers
from agents.gas.delivery import Delivery
from agents.gas.demand import Demand, Weather
from agents.gas.dispatch import GAS_PER_LIQUID, split
from agents.gas.effects import check, resale_usd_per_mmbtu, strike
from agents.gas.energy import EnergyBook
from agents.gas.fleet import Fleet
from agents.gas.freight import Freight
from agents.gas.importers import (
    Outlook,
    landed_cny_per_t,
    market_contract_usd_per_mmbtu,
    market_scarcity,
    observe_shares,
)
from agents.gas.jkm import JkmWindow
from agents.gas.ledger import Ledger, ledger
from agents.gas.lifting import Lifting
from agents.gas.lorries import DayOfLorries
from agents.gas.network import Network
from agents.gas.outlooks import look_ahead
from agents.gas.parameters import GasParameters
from agents.gas.pipelines import make_pipeline
from agents.gas.plants import Plants, PlantTrade
from agents.gas.products import OtherProducts
from agents.gas.published import PublishedIndices, PublishedPrices
from agents.gas.records import GasRecords
from agents.gas.resales import Resales
from agents.gas.routes import Routes
from agents.gas.shocks import DatedShock
from agents.gas.shpgx import ShpgxLng
from agents.gas.spot import hold_window, open_basins
from agents.gas.suppliers import oil_linked_usd_per_mmbtu
from agents.gas.terminals import Terminal
from agents.prices import PriceHistory
from exchange.clock import ns
from exchange.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE

_LISTING = 10 * NS_PER_HOUR
_PUBLICATION = 16 * NS_PER_HOUR
_WINDOW = 16 * NS_PER_HOUR + 30 * NS_PER_MINUTE
_DISPATCH = 23 * NS_PER_HOUR
_LONGEST_HOLIDAY_DAYS = 15


class GasWorld:
    """Simulate gas in the delta from midnight of `start` for as long as the environment runs.

    `brent` (USD/bbl) and `fx` (CNY per USD) are published by the caller up to each day, from `start` or
    before. `rng(name)` gives the stream of a component; each is asked for once. Shocks come with their dates.
    `jkm` (USD/MMBtu) and `shpgx_lng` (CNY/t) are the prices that it publishes. Raises ValueError for a shock
    at an unknown place or before `start`.
    """

    def __init__(
        self,
        env: simpy.Environment,
        parameters: GasParameters,
        *,
        start: date,
        rng: Callable[[str], np.random.Generator],
        brent: PriceHistory,
        fx: PriceHistory,
        is_trading_day: Callable[[date], bool],
        shocks: Sequence[DatedShock] = (),
    ) -> None:
        self.parameters = parameters
        self.weather = Weather(parameters.demand, rng("gas.weather"))
        self.demand = Demand(parameters.demand)
        self.terminals = {
            name: Terminal(env, name, table, start) for name, table in parameters.terminals.items()
        }
        self.bunkering = Bunkering(parameters.bunkering)
        self.importers = make_importers(parameters, self.terminals)
        shipping = parameters.shipping
        self.routes = Routes(
            parameters.ports, parameters.passages, shipping.speed_knots, shipping.charter_days
        )
        self.freight = Freight(
            shipping, parameters.suppliers, parameters.passages, self.routes, nominal_delivery_m3(shipping)
        )
        self.abroad = Abroad(parameters.europe, self.freight, start)
        self.suppliers = make_suppliers(parameters, start, rng, self.freight, self.routes)
        for_peaks = [name for name, terminal in self.terminals.items() if terminal.peak_shaving]
        self.network = Network(parameters.network, self.terminals, self.demand.sectors, for_peaks)
        self.captive = CaptiveDemand(self.network, self.terminals)
        self.delivery = Delivery(
            self.network, self.demand.interruption_order, self.demand.interruptible, parameters.hours
        )
        pack = {} if self.delivery.hours is None else self.delivery.hours.pack_m3
        self.energy = EnergyBook(parameters.energy, self.network, list(self.terminals.values()), pack)
        check(shocks, start, parameters, self.network)
        self.fleet = Fleet(
            env,
            shipping,
            parameters.importers,
            self.routes,
            self.freight,
            self.suppliers,
            self.terminals,
            brent,
        )
        self.rest = make_rest(env, parameters, start, rng, self.fleet, self.freight, brent)
        self.pipeline = make_pipeline(parameters, self.rest.sources, rng)
        self.lifting = Lifting(parameters.lifting)
        for suppliers in (self.suppliers, self.rest.suppliers):
            for supplier in suppliers.values():
                supplier.sell_by(self.lifting, brent)
        self.fleet.resale = self.rest.fleet.resale = partial(resale_usd_per_mmbtu, self)
        self.window = JkmWindow(parameters.jkm, brent, rng("gas.jkm"))
        self.basins = make_basins(parameters, start, rng)
        self.jkm = self.window.history
        self.jkm.publish(start - timedelta(days=1), self.window.price_usd_per_mmbtu)
        selling = {name: terminal for name, terminal in self.terminals.items() if name not in for_peaks}
        self.market = ShpgxLng(parameters, self.demand, self.importers, selling, rng, start)
        self.shpgx_lng = self.market.published
        self.plants = Plants(parameters.plants, rng("gas.plants"))
        self._at_plants: list[PlantTrade] = []
        self.indices = PublishedIndices(self.plants.hauls_cny_per_t)
        self.prices = PublishedPrices(self.indices.ex_terminal_cny_per_t, self.shpgx_lng, self.jkm, fx)
        self.resales = Resales(parameters, self.fleet, self.abroad, self.prices)
        self.products = OtherProducts(
            parameters, self.pipeline, self.market, self.importers, self.fleet, self.prices, rng
        )
        self.records = GasRecords(self.demand.sectors)
        self.env = env
        self._spot_rng, self._rest_rng = rng("gas.spot"), rng("gas.rest.spot")
        self.rest_outlook = Outlook(0.0, 0.0, 0.0)
        self.brent = brent
        self.fx = fx
        self._is_trading_day = is_trading_day
        self._shocks = tuple(shocks)
        self._lorries: list[DayOfLorries] = []
        self.swing_call = 0.0
        env.process(self._live(start))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the records as frames."""
        return books.tables(self)

    def ledger(self) -> Ledger:
        """Return the books since the start."""
        return ledger(
            self.fleet.cargoes,
            list(self.terminals.values()),
            self.fleet.ships,
            line_pack_gained_m3=self.delivery.line_pack_m3 - self.delivery.initial_pack_m3,
            cash_fen=self.market.balances_fen(),
            **self.records.totals(),
        )

    def check_conservation(self) -> None:
        """Raise ArithmeticError when a balance is not 0, an hour does not balance or a ship was in two places."""
        self.fleet.ships.check()
        self.records.check_hours()
        wrong = {name: value for name, value in books.imbalances(self).items() if value}
        if wrong:
            raise ArithmeticError(f"gas is not conserved: {wrong}")

    def state_integers(self) -> list[int]:
        """Return the state as integers, for the state hash: clock, prices, tanks, cargoes, trades, books."""
        state = [int(self.env.now), self.window.ticks, self.market.index.last_fen_per_t]
        for terminal in self.terminals.values():
            state += [
                terminal.stock_m3,
                terminal.sold_m3,
                terminal.waiting,
                terminal.tank_m3,
                terminal.heel_m3,
            ]
        state.append(self.bunkering.due_m3)
        state += [basin.stock_m3 for basin in self.basins.members.values()]
        for cargo in (*self.fleet.cargoes, *self.rest.fleet.cargoes):
            state += [cargo.planned_loading_ns, cargo.loaded_m3, cargo.delivered_m3, int(cargo.lost)]
        state += [trade.amount_fen for trade in self.market.trades] + self.products.slots.state_integers()
        state += [*self.pipeline.lines.state_integers(), *self.plants.state_integers()]
        state += list(vars(self.ledger()).values())
        return state

    def _live(self, start: date) -> Generator[simpy.Event, Any, None]:
        yield self._until(max(ns(start), int(self.env.now)))
        day = start
        while True:
            midnight = int(self.env.now)
            draws = self._begin(day)
            yield self._until(midnight + _LISTING)
            lng_demand_m3, outlooks = look_ahead(self, day)
            if self._is_trading_day(day):
                self._trade(day, outlooks)
                self.products.hold(day, outlooks, lng_demand_m3, self.swing_call)
            yield self._until(midnight + _PUBLICATION)
            if self._is_trading_day(day):
                self.indices.publish_daily(day, self.market.publish(day), self._at_plants)
            self.indices.publish(day, self._recent_cargoes(), self.fx)
            self.products.follow(day, self.fleet.cargoes, self.fx)
            yield self._until(midnight + _WINDOW)
            if day.weekday() < 5:
                hold_window(self, day, outlooks, draws)
            yield self._until(midnight + _DISPATCH)
            self._serve(day, lng_demand_m3, outlooks)
            yield self._until(midnight + NS_PER_DAY)
            day += timedelta(days=1)

    def _until(self, moment_ns: int) -> simpy.Event:
        return self.env.timeout(moment_ns - int(self.env.now))

    def _begin(self, day: date) -> np.ndarray:
        """Draw what the day may need, plan cargoes, let shocks strike; return the draws for spot cargoes.

        The draws are made for every importer whether it buys or not, so that two arms stay in step.
        """
        self.weather.advance()
        self.pipeline.advance()
        self.market.advance()
        self.plants.advance()
        self.products.advance(day)
        common = self.parameters.importers
        shape = (len(self.importers), common.max_tenders_per_day)
        draws = np.stack([self._spot_rng.uniform(size=shape), self._spot_rng.standard_normal(shape)], axis=-1)
        rest = self.parameters.rest_of_china.tenders_per_day
        self.rest_draws = np.stack(
            [self._rest_rng.uniform(size=rest), self._rest_rng.standard_normal(rest)], axis=-1
        )
        self.energy.receive(self.fleet.recent)
        self.indices.take(self._recent_cargoes(), self.fx)
        self.fleet.plan(day)
        self.rest.fleet.plan(day)
        self.freight.observe(self.fleet.ships.employed_share(), self.basins.let_go_share)
        for terminal in self.terminals.values():
            terminal.open_stages(day)
        for shock in self._shocks:
            if shock.day == day:
                strike(self, shock)
        open_basins(self, day)
        return draws

    def _recent_cargoes(self) -> list[Cargo]:
        """Return the country's cargoes that were still to be discharged this morning: customs count all coasts."""
        return [*self.fleet.recent, *self.rest.fleet.recent]

    def price_ratio(self, price_cny_per_t: float) -> float:
        """Return a price over the one at which demand is given."""
        return price_cny_per_t / self.parameters.demand.reference_price_cny_per_t

    def _trade(self, day: date, outlooks: dict[str, Outlook]) -> None:
        days = 1
        while days < _LONGEST_HOLIDAY_DAYS and not self._is_trading_day(day + timedelta(days=days)):
            days += 1
        ex_terminal = self.prices.ex_terminal_cny_per_t(day)
        self._at_plants = self.plants.trade(day, days, ex_terminal)
        self._lorries = self.market.trade(
            day,
            int(self.env.now),
            self.weather.forecast_degc(day, days),
            outlooks,
            self.window.price_usd_per_mmbtu,
            self.fx.on(day),
            ex_terminal,
        )

    def _serve(self, day: date, lng_demand_m3: np.ndarray, outlooks: dict[str, Outlook]) -> None:
        price = self.shpgx_lng.on(day)
        anomaly = self.weather.anomaly_degc(day)
        wanted_m3 = self.demand.at_reference_m3(day, np.array([anomaly]))[0]
        self.energy.receive(self.fleet.recent)
        lorries = self._lorries.pop(0) if self._lorries else DayOfLorries({}, 0)
        for name, volume in lorries.loads_m3.items():
            self.terminals[name].load_trucks(volume)
            self.energy.load_trucks(name, volume)
        sectors = self.demand.sectors
        piped = dict(zip(sectors, map(int, self.demand.piped_m3(wanted_m3, price)), strict=True))
        offers_m3 = self.pipeline.offers_m3(day, self.swing_call)
        terminals = list(self.terminals.values())
        places_m3 = {place: sum(own.values()) for place, own in self.network.at_places(piped).items()}
        result = self.delivery.serve(day, piped, offers_m3, terminals)
        served_m3 = {p: demand - sum(result.unserved_at_m3[p].values()) for p, demand in places_m3.items()}
        self.energy.deliver(day, self.delivery.arcs, result.flow_m3, result.send_out_m3, served_m3)
        bunker_port = self.bunkering.terminal
        bunkered_m3 = self.bunkering.load(day, self.terminals[bunker_port])
        self.energy.bunker(bunker_port, bunkered_m3)
        elsewhere = self.window.elsewhere_usd_per_mmbtu(day, self.abroad.elsewhere(day))
        self.basins.serve(day, self.window.price_usd_per_mmbtu, elsewhere)
        self.rest.serve(day, anomaly, self.price_ratio(price), result.pipeline_taken_m3, self.rest_outlook)
        self.pipeline.take(day, self.swing_call, self.delivery.entries_m3(result))
        self.plants.run(day, self.pipeline.lines.local_m3)
        self.products.deliver(day, sum(offers_m3.values()), result.pipeline_taken_m3, self.swing_call)

        weights = [int(volume) for volume in self.demand.trucked_m3(wanted_m3, price)]
        loaded_m3 = sum(lorries.loads_m3.values())
        away_m3, missing_m3 = (
            int(self.market.share_elsewhere * volume) for volume in (loaded_m3, lorries.wanted_m3 - loaded_m3)
        )
        kept_m3, own_missing_m3 = loaded_m3 - away_m3, lorries.wanted_m3 - loaded_m3 - missing_m3
        wanted = split(GAS_PER_LIQUID * (kept_m3 + own_missing_m3), weights)
        missing = split(GAS_PER_LIQUID * own_missing_m3, weights)
        loads_m3 = dict(lorries.loads_m3)
        loads_m3[bunker_port] = loads_m3.get(bunker_port, 0) + bunkered_m3
        observe_shares(self.importers, result.send_out_m3, loads_m3, self.market.guests.served_with(lorries))
        fx, jkm, shpgx = self.fx.on(day), self.window.price_usd_per_mmbtu, self.parameters.shpgx
        contract = market_contract_usd_per_mmbtu(self.importers, outlooks)
        demand_m3 = {name: piped[name] + more for name, more in zip(sectors, wanted, strict=True)}
        by_lorry_m3 = self.network.at_places(dict(zip(sectors, missing, strict=True)))
        unserved_at_m3 = {
            place: {name: own[name] + by_lorry_m3[place][name] for name in sectors}
            for place, own in result.unserved_at_m3.items()
        }
        self.records.places(day, self.network.at_places(demand_m3), unserved_at_m3)
        self.records.hours(day, result.hours)
        self.records.edges(day, self.delivery.edges_m3(day, result))
        usable_m3 = sum(terminal.available_m3 for terminal in terminals)
        self.records.day(
            day,
            demand_m3=demand_m3,
            unserved_m3={n: result.unserved_m3[n] + more for n, more in zip(sectors, missing, strict=True)},
            unserved_at_m3={place: sum(own.values()) for place, own in unserved_at_m3.items()},
            interrupted_m3=result.interrupted_m3,
            pipeline_available_m3=sum(offers_m3.values()),
            pipeline_taken_m3=result.pipeline_taken_m3,
            send_out_m3=result.send_out_gas_m3,
            trucked_m3=GAS_PER_LIQUID * kept_m3,
            trucked_away_m3=GAS_PER_LIQUID * away_m3,
            bunkered_m3_liquid=bunkered_m3,
            bunker_ships_waiting=self.bunkering.waiting,
            line_pack_m3=self.delivery.line_pack_m3,
            lng_stock_m3_liquid=sum(terminal.stock_m3 for terminal in terminals),
            lng_stock_days=usable_m3 / max(1.0, float(lng_demand_m3[:15].mean())),
            lng_afloat_m3_liquid=self.fleet.afloat_m3(),
            temperature_anomaly_degc=anomaly,
            scarcity=market_scarcity(self.importers, outlooks),
            swing_call=self.swing_call,
            charter_usd_per_day=self.freight.charter_usd_per_day(day),
            ships_employed_share=self.fleet.ships.employed_share(),
            jkm_usd_per_mmbtu=jkm,
            shpgx_lng_cny_per_t=price,
            contract_usd_per_mmbtu=contract,
            new_contract_usd_per_mmbtu=oil_linked_usd_per_mmbtu(
                self.parameters.new_contract, day, self.brent
            ),
            import_parity_contract_cny_per_t=landed_cny_per_t(contract, fx, shpgx),
            import_parity_spot_cny_per_t=landed_cny_per_t(jkm, fx, shpgx),
        )
        for terminal in terminals:
            name = terminal.name
            at_quay_m3 = bunkered_m3 if name == bunker_port else 0
            self.records.terminal(
                day, terminal, result.send_out_m3[name], lorries.loads_m3.get(name, 0), at_quay_m3
            )
