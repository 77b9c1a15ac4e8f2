"""The gas half of the slow world: it wires suppliers, ships, terminals, consumers and markets on one SimPy clock.

It holds the order of a day and the records; what each part does is said in that part. It knows no crude and no futures book:
Brent and FX come in as published prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import simpy

from agents.gas.cargoes import Cargo, nominal_delivery_m3, voyage
from agents.gas.demand import Demand, Weather
from agents.gas.dispatch import GAS_PER_LIQUID, dispatch, split
from agents.gas.importers import Importer, Outlook, landed_cny_per_t, netback_usd_per_mmbtu
from agents.gas.jkm import JkmWindow, Tender, world_lost_share
from agents.gas.ledger import Ledger, ledger
from agents.gas.lorries import DayOfLorries, LorryBuyers, spread
from agents.gas.parameters import GasParameters
from agents.gas.pipelines import Pipeline
from agents.gas.records import GasRecords
from agents.gas.shocks import (
    ColdWave,
    DatedShock,
    LngSupplyOutage,
    LostCargoes,
    PipelineCut,
    TerminalClosure,
    TerminalExpansion,
)
from agents.gas.suppliers import Supplier
from agents.gas.terminals import Terminal
from agents.prices import PriceHistory
from exchange.clock import day_of, ns
from exchange.indices import TradeIndex
from exchange.listing import ListingBoard
from exchange.units import (
    GAS_M3_PER_M3_LNG,
    NS_PER_DAY,
    NS_PER_HOUR,
    NS_PER_MINUTE,
    TONNES_PER_M3_LNG,
    tonnes_lng,
)

_LISTING = 10 * NS_PER_HOUR
_PUBLICATION = 16 * NS_PER_HOUR
_WINDOW = 16 * NS_PER_HOUR + 30 * NS_PER_MINUTE
_DISPATCH = 23 * NS_PER_HOUR
_CALL_SPEED = 0.3


class GasWorld:
    """Simulate gas in the delta from midnight of `start` for as long as the environment runs.

    `brent` (USD/bbl) and `fx` (CNY per USD) are published by the caller up to each day, from `start` or before.
    `rng(name)` gives the stream of a component; each is asked for once. Shocks come with their dates. `jkm` and
    `shpgx_lng` are the prices that it publishes, as histories. Raises ValueError for a shock at an unknown place or on a
    day before `start`.
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
        self.board = ListingBoard()
        self.index = TradeIndex("SHPGX LNG", round(100 * parameters.shpgx.first_price_cny_per_t))
        self.shpgx_lng = PriceHistory("shpgx_lng_cny_per_t")
        self.shpgx_lng.publish(start - timedelta(days=1), self.index.last_fen_per_t / 100)
        self.cargo_m3 = nominal_delivery_m3(parameters.shipping)
        self.window = JkmWindow(parameters.jkm, self.cargo_m3, brent, rng("gas.jkm"))
        self.jkm = self.window.history
        self.jkm.publish(start - timedelta(days=1), self.window.price_usd_per_mmbtu)
        self.weather = Weather(parameters.demand, rng("gas.weather"))
        self.demand = Demand(parameters.demand)
        self.pipeline = Pipeline(parameters.pipeline, rng("gas.pipeline"))
        self.terminals = {name: Terminal(env, name, table) for name, table in parameters.terminals.items()}
        self.importers = self._make_importers()
        self.suppliers = self._make_suppliers(start, rng)
        self.buyers = LorryBuyers(parameters.shpgx, list(self.terminals), rng("gas.buyers"))
        self.cargoes: list[Cargo] = []
        self.records = GasRecords(self.demand.sectors)
        self._env = env
        self._spot_rng = rng("gas.spot")
        self._brent = brent
        self._fx = fx
        self._is_trading_day = is_trading_day
        self._shocks = tuple(sorted(shocks, key=lambda shock: shock.day))
        self._pending: list[Cargo] = []
        self._lorries: list[DayOfLorries] = []
        self._call = 0.0
        self._numbers = 0
        self._check_shocks(start)
        env.process(self._live(start))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the records as frames: gas_days, terminals, lng_cargoes, listings, jkm. Columns carry units."""
        return self.records.tables(self.cargoes, self.board.trades)

    def ledger(self) -> Ledger:
        """Return the books since the start."""
        totals = self.records.totals()
        return ledger(self.cargoes, list(self.terminals.values()), cash_fen=self.board.cash_fen.values(), **totals)

    def check_conservation(self) -> None:
        """Raise ArithmeticError when any balance of the ledger is not 0."""
        wrong = {name: value for name, value in self.ledger().imbalances().items() if value}
        if wrong:
            raise ArithmeticError(f"gas is not conserved: {wrong}")

    def state_integers(self) -> list[int]:
        """Return the state as integers, for the state hash: stocks, cargoes, prices, trades, books."""
        state = [self._env.now, self.window.ticks, self.index.last_fen_per_t, len(self.board.trades)]
        for terminal in self.terminals.values():
            state += [terminal.stock_m3, terminal.sold_m3, terminal.waiting, terminal.tank_m3]
        for cargo in self.cargoes:
            state += [cargo.planned_loading_ns, cargo.loaded_m3, cargo.delivered_m3, int(cargo.lost)]
        state += [trade.amount_fen for trade in self.board.trades]
        state += [value for value in vars(self.ledger()).values()]
        return state

    # --- the order of a day ---

    def _live(self, start: date) -> Iterator[Any]:
        yield self._env.timeout(max(0, ns(start) - self._env.now))
        day = start
        while True:
            midnight = self._env.now
            self._begin(day)
            yield self._until(midnight + _LISTING)
            lng_demand_m3, outlooks = self._look_ahead(day)
            trades_before = len(self.board.trades)
            if self._is_trading_day(day):
                self._trade(day, outlooks)
            yield self._until(midnight + _PUBLICATION)
            if self._is_trading_day(day):
                value = self.index.publish(day, self.board.trades[trades_before:])
                self.shpgx_lng.publish(day, value.value_fen_per_t / 100)
            yield self._until(midnight + _WINDOW)
            if day.weekday() < 5:
                self._hold_window(day, outlooks)
            yield self._until(midnight + _DISPATCH)
            self._serve(day, lng_demand_m3, outlooks)
            yield self._until(midnight + NS_PER_DAY)
            day += timedelta(days=1)

    def _until(self, moment_ns: int) -> simpy.Event:
        return self._env.timeout(moment_ns - self._env.now)

    def _begin(self, day: date) -> None:
        self.weather.advance()
        self.pipeline.advance()
        self.buyers.advance()
        shape = (len(self.importers), self.parameters.importers.max_tenders_per_day)
        self._spot_draws = self._spot_rng.uniform(size=shape), self._spot_rng.standard_normal(shape)
        self._pending = [cargo for cargo in self._pending if cargo.pending]
        horizon = day + timedelta(days=self.parameters.importers.look_ahead_days)
        for supplier in self.suppliers.values():
            for cargo in supplier.schedule(horizon, self._next_number):
                self._put_to_sea(cargo)
        for shock in self._shocks:
            if shock.day == day:
                self._strike(shock)

    def _look_ahead(self, day: date) -> tuple[np.ndarray, dict[str, Outlook]]:
        days = self.parameters.importers.look_ahead_days
        price = self.shpgx_lng.on(day)
        gas_m3 = self.demand.path_m3(day, self.weather.forecast_degc(day, days), price).sum(axis=1)
        pipeline_m3 = self.pipeline.forecast_m3(day, days, self._call)
        lng_demand_m3 = np.maximum(0.0, gas_m3 - pipeline_m3) / GAS_M3_PER_M3_LNG
        contract_prices = {
            name: supplier.contract_price_usd_per_mmbtu(day, self._brent) for name, supplier in self.suppliers.items()
        }
        outlooks = {}
        for name, importer in self.importers.items():
            own = [cargo for cargo in self._pending if cargo.pending and cargo.importer == name]
            prices = [contract_prices[cargo.supplier] for cargo in own if not cargo.spot]
            contract = float(np.mean(prices or list(contract_prices.values())))
            outlooks[name] = importer.outlook(day, lng_demand_m3, own, contract, self.cargo_m3)
        scarcity = sum(self.importers[name].market_share * view.scarcity for name, view in outlooks.items())
        self._call += _CALL_SPEED * (self.pipeline.swing_call(scarcity) - self._call)
        return lng_demand_m3, outlooks

    def _trade(self, day: date, outlooks: dict[str, Outlook]) -> None:
        days = 1
        while not self._is_trading_day(day + timedelta(days=days)) and days < 15:
            days += 1
        reference = self.parameters.demand.reference_price_cny_per_t
        anomaly = self.weather.forecast_degc(day, days)
        at_reference = self.demand.path_m3(day, anomaly, reference)
        wanted = np.sum([list(self.demand.trucked_m3(row).values()) for row in at_reference], axis=0)

        def need_t(price_cny_per_t: float) -> float:
            return tonnes_lng(float(wanted.sum())) * self.demand.price_response(price_cny_per_t, wanted.tolist())

        last = self.index.last_fen_per_t / 100
        minimum_t = self.parameters.shpgx.minimum_take_t
        for name, importer in self.importers.items():
            price_fen = importer.list_price_fen_per_t(
                outlooks[name], self.window.price_usd_per_mmbtu, self._fx.on(day)
            )
            for place, quantity_t in importer.listed_quantities_t(need_t(last), days).items():
                if quantity_t >= minimum_t:
                    self.board.post(
                        self._env.now, seller=name, place=place, delivery=f"{day} + {days} days",
                        price_fen_per_t=price_fen, quantity_t=quantity_t, minimum_take_t=minimum_t,
                    )  # fmt: skip
        purchases = self.buyers.buy(self._env.now, self.board, need_t, last)
        for listing in self.board.open_listings():
            self.board.withdraw(listing.number, seller=listing.seller)
        loads = {name: round(tonnes / TONNES_PER_M3_LNG) for name, tonnes in purchases.bought_t.items()}
        for name, volume in loads.items():
            self.terminals[name].sell(volume)
        self._lorries = spread(loads, round(purchases.unmet_t / TONNES_PER_M3_LNG), days)

    def _hold_window(self, day: date, outlooks: dict[str, Outlook]) -> None:
        jkm = self.window.price_usd_per_mmbtu
        netback = netback_usd_per_mmbtu(self.shpgx_lng.on(day), self._fx.on(day), self.parameters.shpgx)
        tenders: list[Tender] = []
        draws: list[tuple[float, float]] = []
        for row, (name, importer) in enumerate(self.importers.items()):
            for column, tender in enumerate(importer.tenders(outlooks[name], jkm, netback, self.cargo_m3)):
                tenders.append(tender)
                draws.append((float(self._spot_draws[0][row, column]), float(self._spot_draws[1][row, column])))
        buffer_days = self.parameters.jkm.buffer_days
        first, span = day - timedelta(days=buffer_days), 2 * buffer_days + 1
        suppliers = self.suppliers.values()
        lost = np.sum([s.parameters.world_supply_share * s.lost_path(first, span) for s in suppliers], axis=0)
        lost_spot = sum(s.parameters.spot_share_of_window * s.lost_share(day) for s in suppliers)
        result = self.window.assess(day, tenders, world_lost_share(lost, buffer_days), min(1.0, lost_spot))
        for tender, filled, draw in zip(tenders, result.filled, draws, strict=True):
            if filled:
                self._buy_spot(tender, result.price_usd_per_mmbtu, *draw)
        self.records.window(result)

    def _serve(self, day: date, lng_demand_m3: np.ndarray, outlooks: dict[str, Outlook]) -> None:
        price = self.shpgx_lng.on(day)
        anomaly = self.weather.anomaly_degc(day)
        demand_m3 = self.demand.path_m3(day, np.array([anomaly]), price)[0]
        lorries = self._lorries.pop(0) if self._lorries else DayOfLorries({}, 0)
        for name, volume in lorries.loads_m3.items():
            self.terminals[name].load_trucks(volume)
        sectors = self.demand.sectors
        weights = [int(volume) for volume in self.demand.trucked_m3(demand_m3).values()]
        loaded_m3 = sum(lorries.loads_m3.values())
        wanted = dict(zip(sectors, split(GAS_PER_LIQUID * lorries.wanted_m3, weights), strict=True))
        trucked = dict(zip(sectors, split(GAS_PER_LIQUID * loaded_m3, weights), strict=True))
        piped = self.demand.piped_m3(demand_m3)
        available_m3 = self.pipeline.available_m3(day, self._call)
        result = dispatch(piped, available_m3, list(self.terminals.values()), self.demand.interruption_order)
        lng_m3 = loaded_m3 + sum(result.send_out_m3.values())
        for name, importer in self.importers.items():
            own = sum(
                result.send_out_m3[t.name] + lorries.loads_m3.get(t.name, 0) for t in importer.terminals
            )
            if lng_m3:
                importer.observe_share(own / lng_m3)
        scarcity = sum(self.importers[name].market_share * view.scarcity for name, view in outlooks.items())
        contract = sum(i.market_share * outlooks[n].contract_usd_per_mmbtu for n, i in self.importers.items())
        stock_m3 = sum(t.stock_m3 for t in self.terminals.values())
        usable_m3 = sum(t.available_m3 for t in self.terminals.values())
        fx = self._fx.on(day)
        jkm = self.window.price_usd_per_mmbtu
        shpgx = self.parameters.shpgx
        unserved = {name: result.unserved_m3[name] + wanted[name] - trucked[name] for name in sectors}
        self.records.day(
            day,
            demand_m3={name: piped[name] + wanted[name] for name in sectors},
            unserved_m3=unserved,
            pipeline_available_m3=available_m3,
            pipeline_taken_m3=result.pipeline_taken_m3,
            send_out_m3=result.send_out_gas_m3,
            trucked_m3=GAS_PER_LIQUID * loaded_m3,
            lng_stock_m3_liquid=stock_m3,
            lng_stock_days=usable_m3 / max(1.0, float(lng_demand_m3[:15].mean())),
            lng_afloat_m3_liquid=sum(cargo.afloat_m3 for cargo in self._pending),
            temperature_anomaly_degc=anomaly,
            scarcity=scarcity,
            jkm_usd_per_mmbtu=jkm,
            shpgx_lng_cny_per_t=price,
            contract_usd_per_mmbtu=contract,
            import_parity_contract_cny_per_t=landed_cny_per_t(contract, fx, shpgx),
            import_parity_spot_cny_per_t=landed_cny_per_t(jkm, fx, shpgx),
        )
        for terminal in self.terminals.values():
            self.records.terminal(
                day, terminal, result.send_out_m3[terminal.name], lorries.loads_m3.get(terminal.name, 0)
            )

    # --- cargoes and shocks ---

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _put_to_sea(self, cargo: Cargo) -> None:
        self.cargoes.append(cargo)
        self._pending.append(cargo)
        self._env.process(
            voyage(self._env, cargo, self.parameters.shipping, self._choose_terminal, self._contract_price)
        )

    def _buy_spot(self, tender: Tender, price_usd_per_mmbtu: float, which: float, jitter: float) -> None:
        common = self.parameters.importers
        today = day_of(self._env.now)
        able = {
            name: s.parameters.spot_share_of_window * (1.0 - s.lost_share(today)) for name, s in self.suppliers.items()
        }
        cumulative = np.cumsum(list(able.values()))
        position = int(np.searchsorted(cumulative, which * cumulative[-1], side="right"))
        supplier = self.suppliers[list(able)[min(position, len(able) - 1)]]
        sailing_ns = supplier.sailing_ns(0.0)
        lead_days = common.spot_lead_days + common.spot_lead_sd_days * jitter
        arrival_ns = self._env.now + max(int(lead_days * NS_PER_DAY), sailing_ns + 3 * NS_PER_DAY)
        self._put_to_sea(
            Cargo(
                self._next_number(), supplier.name, tender.importer, True, arrival_ns - sailing_ns, arrival_ns,
                sailing_ns, price_usd_per_mmbtu=price_usd_per_mmbtu,
            )
        )  # fmt: skip

    def _choose_terminal(self, cargo: Cargo) -> Terminal:
        def fill(terminal: Terminal) -> float:
            coming = sum(c.afloat_m3 for c in self._pending if c.terminal == terminal.name)
            return (terminal.stock_m3 + coming) / terminal.tank_m3

        return min(self.importers[cargo.importer].terminals, key=fill)

    def _contract_price(self, cargo: Cargo) -> float:
        supplier = self.suppliers[cargo.supplier]
        return supplier.contract_price_usd_per_mmbtu(cargo.planned_loading_day, self._brent)

    def _strike(self, shock: DatedShock) -> None:
        event = shock.event
        to_load = sorted(
            (cargo for cargo in self._pending if cargo.pending and cargo.loaded_ns is None),
            key=lambda cargo: (cargo.planned_loading_ns, cargo.number),
        )
        if isinstance(event, LngSupplyOutage):
            self.suppliers[event.supplier].stop(shock, [c for c in to_load if c.supplier == event.supplier])
        elif isinstance(event, LostCargoes):
            term = [c for c in to_load if not c.spot and event.supplier in (None, c.supplier)]
            for cargo in term[: event.lost_cargoes]:
                cargo.lost = True
        elif isinstance(event, ColdWave):
            self.weather.begin(shock)
        elif isinstance(event, PipelineCut):
            self.pipeline.begin(shock)
        elif isinstance(event, TerminalClosure):
            self._env.process(self._closure(self.terminals[event.terminal], event.duration_days))
        elif isinstance(event, TerminalExpansion):
            self.terminals[event.terminal].expand(
                tank_m3=event.added_tank_m3,
                berths=event.added_berths,
                send_out_m3=int(event.added_send_out_m3_per_day / GAS_M3_PER_M3_LNG),
                capacity_mtpa=event.added_capacity_mtpa,
            )

    def _closure(self, terminal: Terminal, days: int) -> Iterator[Any]:
        terminal.close()
        yield self._env.timeout(days * NS_PER_DAY)
        terminal.reopen()

    def _check_shocks(self, start: date) -> None:
        for shock in self._shocks:
            event = shock.event
            if shock.day < start:
                raise ValueError(f"{event.kind} on {shock.day} is before the start {start}")
            supplier = getattr(event, "supplier", None)
            if supplier is not None and supplier not in self.suppliers:
                raise ValueError(f"{event.kind}: no supplier '{supplier}'; there are {', '.join(self.suppliers)}")
            terminal = getattr(event, "terminal", None)
            if terminal is not None and terminal not in self.terminals:
                raise ValueError(f"{event.kind}: no terminal '{terminal}'; there are {', '.join(self.terminals)}")

    def _make_importers(self) -> dict[str, Importer]:
        parameters = self.parameters
        shares = _term_shares(parameters)
        importers = {}
        for name, own in parameters.importers.members.items():
            terminals = [terminal for terminal in self.terminals.values() if terminal.importer == name]
            importers[name] = Importer(
                name, own, parameters.importers, parameters.shpgx, terminals, shares[name]
            )
        return importers

    def _make_suppliers(self, start: date, rng: Callable[[str], np.random.Generator]) -> dict[str, Supplier]:
        weights = {name: own.term_weight for name, own in self.parameters.importers.members.items()}
        return {
            name: Supplier(name, table, self.parameters.shipping, weights, start, rng(f"gas.voyages.{name}"))
            for name, table in self.parameters.suppliers.items()
        }


def _term_shares(parameters: GasParameters) -> dict[str, float]:
    """Return each importer's part of term supply, which is its part of LNG demand at the start."""
    members = parameters.importers.members
    volume = dict.fromkeys(members, 0.0)
    for supplier in parameters.suppliers.values():
        weights = {buyer: members[buyer].term_weight for buyer in supplier.term_buyers}
        for buyer, weight in weights.items():
            term_mtpa = supplier.china_imports_mtpa * supplier.term_share
            volume[buyer] += term_mtpa * weight / sum(weights.values())
    total = sum(volume.values())
    return {name: part / total for name, part in volume.items()}
