"""Suppliers of LNG: the schedule of their term cargoes, what outages strike from it, their price formula.

A supplier decides nothing: it loads what its buyers nominate unless it cannot, at its ports in turn. Its spot cargoes
are sold in the JKM window.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from agents.gas.cargoes import Cargo, Reference, nominal_delivery_m3
from agents.gas.freight import Freight
from agents.gas.lifting import Lifting
from agents.gas.maintenance import working
from agents.gas.parameters import HenryHubParameters, NewContractParameters, SupplierParameters
from agents.gas.routes import Routes
from agents.gas.sea import ShippingParameters
from agents.gas.seasons import DailyPattern, Season
from agents.gas.shocks import DatedShock, IndexAdoption, Stoppage
from agents.prices import PriceHistory
from exchange.clock import ns
from exchange.units import NS_PER_DAY, NS_PER_HOUR, TONNES_PER_M3_LNG

_ARRIVAL_HOUR = 6

INDICES: dict[str, Reference] = {"jkm": "JKM", "shpgx": "SHPGX"}
"""The indices that a contract may adopt, and their names as a reference."""

IndexMean = Callable[[date, int], float]
"""Give an index in USD/MMBtu DES: its mean of so many months up to a day, as published by then."""


def oil_linked_usd_per_mmbtu(
    formula: SupplierParameters | NewContractParameters, day: date, brent: PriceHistory
) -> float:
    """Return slope x mean Brent + constant on a day."""
    mean = brent.mean(day, formula.averaging_months, formula.lag_months)
    return formula.oil_slope * mean + formula.constant_usd_per_mmbtu


@dataclass(frozen=True)
class HenryHub:
    """Price by Henry Hub: slope x the mean of the month of loading + fee + freight of the voyage."""

    parameters: HenryHubParameters
    monthly: PriceHistory
    freight: Freight

    def usd_per_mmbtu(self, voyage_days: float, day: date) -> float:
        """Return the price DES of a cargo that loads on a day."""
        formula = self.parameters.slope * self.monthly.on(day) + self.parameters.fee_usd_per_mmbtu
        return formula + self.freight.usd_per_mmbtu(voyage_days, day)


class Supplier:
    """Schedule the term cargoes of one supplier, in the order of their planned arrival.

    Yearly liquid = China's imports x landed share x term share, spread over days by the monthly profile of
    arrivals and by what maintenance leaves at work when they load, which keeps the year's sum; a cargo is due
    when the sum reaches a cargo's size. It goes to the buyer whose deliveries lag its weight most, of those
    whose first terminal `opens` by then. One standard normal is drawn for each cargo's sailing time and one
    uniform at the start, whatever is lost.
    """

    def __init__(
        self,
        name: str,
        parameters: SupplierParameters,
        shipping: ShippingParameters,
        weights: dict[str, float],
        start: date,
        rng: np.random.Generator,
        henry_hub: HenryHub,
        routes: Routes,
        opens: Mapping[str, date] | None = None,
    ) -> None:
        self.name = name
        self._henry_hub = henry_hub
        self._routes = routes
        self._ports = {port: own.share for port, own in routes.ports.items() if own.supplier == name}
        self._turns = {spot: dict.fromkeys(self._ports, 0.0) for spot in (False, True)}
        self._speed_knots = shipping.speed_knots
        self.usual_days = sum(share * routes.usual_days(port) for port, share in self._ports.items())
        self.longest_days = max(routes.usual_days(port) for port in self._ports)
        self.parameters = parameters
        self._rng = rng
        self._weights = {buyer: weights[buyer] for buyer in parameters.term_buyers}
        self._opens = dict(opens or {})
        self._taken: dict[str, float] = {
            buyer: 0.0 for buyer in self._weights if self._opens.get(buyer, start) <= start
        }
        self._season = Season(shipping.monthly_profile)
        usual_days = round(self.usual_days)
        at_work = working(parameters.maintenance, np.roll(self._season.daily, -usual_days))
        self._contract = DailyPattern(self._season.daily * np.roll(at_work.daily, usual_days))
        self._working, self._usual = working(parameters.maintenance), timedelta(days=usual_days)
        self._jitter_days = shipping.arrival_jitter_days
        tonnes = parameters.china_imports_mtpa * 1e6 * shipping.landed_share * parameters.term_share
        self._m3_per_day = tonnes / TONNES_PER_M3_LNG / 365.0
        self._cargo_m3 = nominal_delivery_m3(shipping)
        self._due_m3 = float(rng.uniform()) * self._cargo_m3
        self._next_day = start
        self._outages: list[tuple[DatedShock, frozenset[str]]] = []
        self._struck = 0.0
        self._adoptions: list[tuple[DatedShock, IndexMean]] = []
        self._due_by_reference: dict[Reference, float] = {}
        self._lifting: Lifting | None = None
        self._brent: PriceHistory | None = None
        self._nominated: dict[str, float] = {}
        self._making_up: list[str] = []

    def sell_by(self, lifting: Lifting, brent: PriceHistory) -> None:
        """Let buyers nominate each quarter; without it they take the contract's quantity."""
        self._lifting, self._brent = lifting, brent

    def schedule(self, until: date, number: Callable[[], int]) -> list[Cargo]:
        """Return the cargoes planned to arrive up to `until` that no earlier call returned."""
        cargoes = []
        while self._next_day <= until:
            self._due_m3 += self._lifted_m3(self._next_day)
            while self._due_m3 >= self._cargo_m3:
                self._due_m3 -= self._cargo_m3
                cargoes.append(self._cargo(self._next_day, number()))
            self._next_day += timedelta(days=1)
        self._strike(cargoes)
        self.route(cargoes)
        return cargoes

    def stop(
        self, outage: DatedShock, planned: Sequence[Cargo], ports: Collection[str] | None = None
    ) -> None:
        """Begin an outage: strike its share of the `planned` cargoes to load, and of those planned later.

        It is of all its ports, or of some.
        """
        self._outages.append((outage, frozenset(self._ports if ports is None else ports)))
        self._strike([cargo for cargo in planned if cargo.planned_loading_day >= outage.day])

    def contract_m3(self, day: date) -> float:
        """Return what its contracts give on a day of loading."""
        return self._m3_per_day * self._contract.on(day + self._usual)

    def spot_share_of_window(self, day: date) -> float:
        """Return its part of what can be sold in the window, as its plants work on a day and outages leave it."""
        able = self.parameters.spot_share_of_window * self._working.on(day)
        return able * (1.0 - self.lost_share(day))

    def lost_share(self, day: date) -> float:
        """Return the share of a day's loadings that the outages known by now take, at most 1."""
        return sum(share * self._lost_at(port, day) for port, share in self._ports.items())

    def _lost_at(self, port: str, day: date) -> float:
        lost = 0.0
        for outage, ports in self._outages:
            assert isinstance(outage.event, Stoppage)
            if port in ports:
                lost += outage.event.lost_after(outage.days_since(day))
        return min(1.0, lost)

    @property
    def ports(self) -> tuple[str, ...]:
        """The ports from which it loads."""
        return tuple(self._ports)

    def lost_path(self, first: date, days: int) -> np.ndarray:
        """Return the lost share of each of `days` days; shape (days,)."""
        if not self._outages:
            return np.zeros(days)
        return np.array([self.lost_share(first + timedelta(days=i)) for i in range(days)])

    def contract_price_usd_per_mmbtu(self, loading: date, brent: PriceHistory) -> float:
        """Return the mean price of its contracts for a cargo that loads on a day (prices published by then)."""
        return sum(
            share * self._price_on(reference, loading, brent)
            for reference, share in self.references(loading).items()
            if share > 0
        )

    def adopt(self, lever: DatedShock, index: IndexMean, credit: float = 0.0) -> None:
        """Price a share of what loads from the lever's day on by an index.

        `credit`, from -0.5 to 0.5 cargoes, says how soon the first cargo is the index's turn: credits that differ
        between suppliers keep their sum to the share from the start.
        """
        assert isinstance(lever.event, IndexAdoption)
        self._adoptions.append((lever, index))
        self._due_by_reference.setdefault(INDICES[lever.event.index], credit)

    def references(self, loading: date) -> dict[Reference, float]:
        """Return the shares of its term volume by what the formula refers to; they sum to 1."""
        adopted = self._adopted(loading)
        left, henry_hub = 1.0 - sum(adopted.values()), self.parameters.henry_hub_share
        shares: dict[Reference, float] = {
            "oil-linked": left * (1.0 - henry_hub),
            "Henry Hub": left * henry_hub,
        }
        return shares | adopted

    def fix_price(self, cargo: Cargo, brent: PriceHistory) -> float:
        """Say what the formula of a term cargo that loads refers to, and return its price.

        Cargoes take turns: the reference whose volume is most in arrears comes next, so that counts keep to
        the shares within a cargo and no random number is drawn.
        """
        day = cargo.planned_loading_day
        due = self._due_by_reference
        shares = {reference: share for reference, share in self.references(day).items() if share > 0}
        for reference, share in shares.items():
            due[reference] = due.get(reference, 0.0) + share
        chosen = max(shares, key=due.__getitem__)
        due[chosen] -= 1.0
        cargo.reference = chosen
        return self._price_on(chosen, day, brent)

    def _price_on(self, reference: Reference, day: date, brent: PriceHistory) -> float:
        if reference == "oil-linked":
            return oil_linked_usd_per_mmbtu(self.parameters, day, brent)
        if reference == "Henry Hub":
            return self._henry_hub.usd_per_mmbtu(self.usual_days, day)
        return self._index_usd_per_mmbtu(reference, day)

    def _adopted(self, day: date) -> dict[Reference, float]:
        shares: dict[Reference, float] = {}
        for lever, _ in self._adoptions:
            event = lever.event
            assert isinstance(event, IndexAdoption)
            if lever.days_since(day) >= 0:
                shares[INDICES[event.index]] = event.adopted_share
        left = 1.0
        for reference, share in shares.items():
            shares[reference] = min(share, left)
            left -= shares[reference]
        return shares

    def _index_usd_per_mmbtu(self, reference: Reference, day: date) -> float:
        for lever, index in reversed(self._adoptions):
            event = lever.event
            assert isinstance(event, IndexAdoption)
            if INDICES[event.index] == reference and lever.days_since(day) >= 0:
                return index(day, event.averaging_months)
        raise LookupError(f"{self.name}: no contract on {reference} loads on {day}")

    def next_port(self, day: date, *, spot: bool) -> str:
        """Return the port of its next cargo, term or spot; ports take turns by their shares.

        A spot cargo is of a port that can load on the day on which it is sold.
        """
        turns = self._turns[spot]
        for port, share in self._ports.items():
            turns[port] += share * (1.0 - self._lost_at(port, day)) if spot else share
        chosen = max(turns, key=turns.__getitem__)
        turns[chosen] -= 1.0
        return chosen

    def sailing_ns(self, port: str, arrival: date) -> int:
        """Return the time at sea of a cargo that is to arrive on a day, as its port's seasons are."""
        loading = arrival - timedelta(days=int(self._routes.usual_days(port)))
        return int(self._routes.way(port, loading).days(self._speed_knots) * NS_PER_DAY)

    def route(self, cargoes: Sequence[Cargo]) -> None:
        """Book the way of cargoes that are to load, and move their planned arrival with it."""
        for cargo in cargoes:
            day = cargo.planned_loading_day
            cargo.without = self._routes.without_slot(cargo.port, day, cargo.number, laden=True)
            way = self._routes.way(cargo.port, day, cargo.without)
            days_ns = int(way.days(self._speed_knots) * NS_PER_DAY)
            cargo.route, cargo.sailing_ns = way.name, max(days_ns // 2, days_ns + cargo.jitter_ns)
            cargo.planned_arrival_ns = cargo.planned_loading_ns + days_ns

    def _lifted_m3(self, day: date) -> float:
        """Return what buyers lift on a day; on the first of a quarter they nominate, of a year they settle the last."""
        whole_m3 = self._m3_per_day * self._contract.on(day)
        if self._lifting is None:
            return whole_m3
        if not self._nominated or (day.day == 1 and day.month % 3 == 1):
            self._nominate(day)
        weight = sum(self._weights[buyer] for buyer in self._taken)
        lifted_m3 = 0.0
        for buyer in self._taken:
            annual_m3 = whole_m3 * self._weights[buyer] / weight
            nominated_m3 = annual_m3 * self._nominated.get(buyer, 1.0)
            self._lifting.accrue(self.name, buyer, day, annual_m3, nominated_m3)
            lifted_m3 += nominated_m3
        return lifted_m3

    def _nominate(self, day: date) -> None:
        lifting = self._lifting
        assert lifting is not None and self._brent is not None
        today = lifting.day or day
        price = self.contract_price_usd_per_mmbtu(today, self._brent)
        for buyer in self._taken:
            self._nominated[buyer] = lifting.share(self.name, buyer, price)
            if day.month == 1:
                lifting.settle(self.name, buyer, day.year - 1, price, self._cargo_m3)
            if lifting.wants_make_up(self.name, buyer, self._cargo_m3):
                self._due_m3 += self._cargo_m3
                self._making_up.append(buyer)

    def _cargo(self, arrival: date, number: int) -> Cargo:
        for name in self._weights:
            if name not in self._taken and self._opens[name] <= arrival:  # a new buyer claims no past
                self._taken[name] = self._weights[name] * min(
                    taken / self._weights[other] for other, taken in self._taken.items()
                )
        make_up = bool(self._making_up)
        buyer = self._making_up.pop(0) if make_up else min(self._taken, key=self._taken_with_one)
        if not make_up:  # who nominates more is served the more often: its cargo counts for less
            self._taken[buyer] += 1.0 / self._nominated.get(buyer, 1.0)
        credit_cents = 0
        if self._lifting is not None:
            credit_cents = self._lifting.schedule(self.name, buyer, arrival, self._cargo_m3, make_up=make_up)
        arrival_ns = ns(arrival) + _ARRIVAL_HOUR * NS_PER_HOUR
        jitter = self._jitter_days * float(self._rng.standard_normal())
        port = self.next_port(arrival, spot=False)
        return Cargo(
            number=number,
            supplier=self.name,
            importer=buyer,
            spot=False,
            port=port,
            planned_loading_ns=arrival_ns - self.sailing_ns(port, arrival),
            planned_arrival_ns=arrival_ns,
            jitter_ns=int(jitter * NS_PER_DAY),
            contract_m3=self._cargo_m3,
            contract_year=arrival.year,
            make_up=make_up,
            credit_cents=credit_cents,
        )

    def _taken_with_one(self, buyer: str) -> float:
        return (self._taken[buyer] + 1.0 / self._nominated.get(buyer, 1.0)) / self._weights[buyer]

    def _strike(self, cargoes: Sequence[Cargo]) -> None:
        for cargo in cargoes:
            if cargo.lost:
                continue
            lost = self._lost_at(cargo.port, cargo.planned_loading_day)
            self._struck += lost
            if lost > 0.0 and self._struck >= 1.0 - 1e-9:
                self._struck -= 1.0
                cargo.lost = True
