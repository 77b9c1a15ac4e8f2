"""A trading day of LNG at SHPGX: importers and third parties offer, lorry buyers take or bid, the index is published.

It brings sellers, buyers and the mechanism in force together; mechanisms and indices are the venue's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from agents.gas import outcomes
from agents.gas.demand import Demand
from agents.gas.importers import Importer, Outlook
from agents.gas.lorries import DayOfLorries, LorryBuyers, spread
from agents.gas.mechanism import LorrySales, unmet
from agents.gas.outcomes import Outcome
from agents.gas.parameters import GasParameters
from agents.gas.presales import Called, Presales
from agents.gas.sales_parameters import MechanismName
from agents.gas.sessions import Lot, Session, place_of, price_grid_fen
from agents.gas.shocks import DatedShock, LorriesFromElsewhere
from agents.gas.terminals import Terminal
from agents.gas.third_party import ThirdPartyGas
from agents.prices import PriceHistory
from exchange.indices import TradeIndex
from exchange.listing import ListingBoard, ListingTrade
from exchange.mechanisms import Deal, Members
from exchange.units import FEN_PER_CNY, GAS_M3_PER_TONNE_LNG, TONNES_PER_M3_LNG, tonnes_lng

_LOWEST_OVER_REFERENCE = 0.5


class ShpgxLng:
    """Hold the mechanism in force, the accounts, the index (fen/t) and its history (`published`, CNY/t).

    `trades` has all trades in their order; those that no listing led to have the listing number 0. `outcomes` has a
    session each. `share_elsewhere` is the part of the last session's wants that came from outside the delta.
    """

    def __init__(
        self,
        parameters: GasParameters,
        demand: Demand,
        importers: Mapping[str, Importer],
        terminals: Mapping[str, Terminal],
        rng: Callable[[str], np.random.Generator],
        start: date,
    ) -> None:
        own = parameters.shpgx
        self.mechanism: MechanismName = own.mechanism
        self.board = ListingBoard()
        self.trades: list[ListingTrade] = []
        self.outcomes: list[Outcome] = []
        self.index = TradeIndex("SHPGX LNG", round(FEN_PER_CNY * own.first_price_cny_per_t))
        self.published = PriceHistory("shpgx_lng_cny_per_t")
        self.published.publish(start - timedelta(days=1), self.index.last_fen_per_t / FEN_PER_CNY)
        self.buyers = LorryBuyers(own, list(terminals), rng("gas.buyers"), rng("gas.shpgx.values"))
        self._owners = {terminal.name: name for name, i in importers.items() for terminal in i.terminals}
        self.members = Members([*importers, *self.buyers.names])
        self.guests = ThirdPartyGas(own.terminal_slots, terminals, self.members, own.price_step_cny_per_t)
        self.presales = Presales(own.sales, self.members, self._owners)
        self._step_fen = FEN_PER_CNY * own.price_step_cny_per_t
        self._sales = LorrySales(own.sales, self._step_fen, rng("gas.shpgx.learning"))
        self._book_rng = rng("gas.shpgx.book")
        self._rounds: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...] = ()
        self._minimum_take_t = own.minimum_take_t
        self._parameters = own.sales
        self._demand = demand
        self._importers = importers
        self._terminals = terminals
        self._today: list[ListingTrade] = []
        self.elsewhere: list[DatedShock] = []
        self._unmet_share = 0.0
        self.share_elsewhere = 0.0
        self._reference_cny_per_t = parameters.demand.reference_price_cny_per_t
        self._grid_fen = price_grid_fen(
            _LOWEST_OVER_REFERENCE * self._reference_cny_per_t,
            own.sales.choke_over_reference * self._reference_cny_per_t,
            own.sales.value_step,
        )

    def advance(self) -> None:
        """Draw what the next day may need, whatever the mechanism, so that arms stay in step."""
        self.buyers.advance()
        traders, rounds = len(self.buyers.names) + len(self._terminals), self._parameters.book_rounds
        order = self._book_rng.uniform(size=(rounds, traders)).argsort(axis=1).tolist()
        margins = self._book_rng.uniform(size=(rounds, traders)).tolist()
        self._rounds = tuple(
            (tuple(first), tuple(second)) for first, second in zip(order, margins, strict=True)
        )

    def trade(
        self,
        day: date,
        time_ns: int,
        anomaly_degc: np.ndarray,
        outlooks: Mapping[str, Outlook],
        jkm_usd_per_mmbtu: float,
        fx_cny_per_usd: float,
        ex_terminal_cny_per_t: float,
    ) -> list[DayOfLorries]:
        """Hold the session of a day and return what lorries load on each day until the next session.

        `anomaly_degc` is the expected weather of those days, from today on; `ex_terminal_cny_per_t` is published. What
        nobody took is withdrawn.
        """
        days = len(anomaly_degc)
        need_t = self._need(day, anomaly_degc)
        last_cny_per_t = self.index.last_fen_per_t / FEN_PER_CNY
        guests = self.guests.lots(day, days, ex_terminal_cny_per_t)
        bays_t: dict[str, int] = {}
        for lot in guests:
            bays_t[lot.place] = bays_t.get(lot.place, 0) + lot.quantity_t
        lots: list[Lot] = []
        for name, importer in self._importers.items():
            price = importer.list_price_fen_per_t(
                outlooks[name], last_cny_per_t, jkm_usd_per_mmbtu, fx_cny_per_usd, self._unmet_share
            )
            cost = importer.cost_fen_per_t(outlooks[name], jkm_usd_per_mmbtu, fx_cny_per_usd)
            quantities = importer.listed_quantities_t(outlooks[name], need_t(last_cny_per_t), days, bays_t)
            lots += [
                Lot(place, name, quantity, price, cost)
                for place, quantity in quantities.items()
                if quantity >= self._minimum_take_t
            ]
        month = self.published.mean(day, 1, 0)
        session = Session(
            day=day,
            time_ns=time_ns,
            days=days,
            last_fen_per_t=self.index.last_fen_per_t,
            month_fen_per_t=round(FEN_PER_CNY * month),
            lots=(*lots, *(lot for lot in guests if lot.quantity_t >= self._minimum_take_t)),
            wants=self.buyers.wants(self._need_on_grid_t(day, anomaly_degc), self._grid_fen),
            rounds=self._rounds,
        )
        outcome = self._clear(session, need_t)
        self.outcomes.append(outcome)
        elsewhere_t = self._need_elsewhere_t(day, days, last_cny_per_t)
        return self._lorries(outcome, elsewhere_t / max(1e-9, need_t(last_cny_per_t)))

    def publish(self, day: date) -> list[ListingTrade]:
        """Publish the index of a trading day, of what was sold for now and not ahead, and return those trades."""
        trades, self._today = self._today, []
        value = self.index.publish(day, trades)
        self.published.publish(day, value.value_fen_per_t / FEN_PER_CNY)
        return trades

    def balances_fen(self) -> list[int]:
        """Return all cash, and the deposits held; they sum to 0."""
        return [*self.board.cash_fen.values(), self.members.balance_fen]

    def frame(self) -> pd.DataFrame:
        """Return the figures of all sessions."""
        return outcomes.frame(self.outcomes)

    def _clear(self, session: Session, need_t: Callable[[float], float]) -> Outcome:
        """Deliver what was sold ahead, sell for now by the mechanism in force, and ahead where it is a pre-sale."""
        room_t = {lot.stand: lot.quantity_t for lot in session.lots}
        called = self.presales.call(session.day, session.days, session.wants, room_t, session.last_fen_per_t)
        before, rest = len(self.members.signed), session.after(called.delivered)
        if self.mechanism in ("listing", "presale"):
            deals, unmet_t = self._list(rest, need_t, called)
        else:
            deals = self._sales.clear(self.mechanism, rest)
            unmet_t = unmet(rest, deals, self._step_fen)
            sellers = {lot.stand: lot.seller for lot in rest.lots}
            for deal in deals:
                number = self.members.sign(
                    replace(deal, seller=sellers[deal.seller]), self._parameters.deposit_percent
                )
                self.members.perform(number, deal.quantity)
                delivery = f"{session.day} + {session.days} days"
                self._today.append(self._record(session, deal, sellers[deal.seller], delivery))
        ahead_t = self._sell_ahead(session) if self.mechanism == "presale" else 0
        return Outcome(
            session,
            self.mechanism,
            delivered=(*called.delivered, *deals),
            signed_t=called.due_t + sum(deal.quantity for deal in deals),
            ahead_t=ahead_t,
            unmet_t=unmet_t,
            deposits_fen=sum(signed.deposit_fen for signed in self.members.signed[before:]),
            forfeited_by_buyers_fen=called.forfeited_by_buyers_fen,
            forfeited_by_sellers_fen=called.forfeited_by_sellers_fen,
        )

    def _list(
        self, session: Session, need_t: Callable[[float], float], called: Called
    ) -> tuple[tuple[Deal, ...], int]:
        """Sell by listing: post all lots, let buyers take, withdraw the rest."""
        before, stands = len(self.board.trades), dict[int, str]()
        for lot in session.lots:
            listing = self.board.post(
                session.time_ns,
                seller=lot.seller,
                place=lot.place,
                delivery=f"{session.day} + {session.days} days",
                price_fen_per_t=lot.list_fen_per_t,
                quantity_t=lot.quantity_t,
                minimum_take_t=min(self._minimum_take_t, lot.quantity_t),
            )
            stands[listing.number] = lot.stand
        have_t = {name: called.bought_t(name) for name in self.buyers.names}
        last_cny_per_t = session.last_fen_per_t / FEN_PER_CNY
        purchases = self.buyers.buy(session.time_ns, self.board, need_t, last_cny_per_t, have_t)
        for listing in self.board.open_listings():
            self.board.withdraw(listing.number, seller=listing.seller)
        found = self.board.trades[before:]
        self.trades += [replace(t, number=len(self.trades) + k) for k, t in enumerate(found, 1)]
        self._today += found
        return tuple(
            Deal(stands[t.listing], t.buyer, t.price_fen_per_t, t.quantity_t) for t in found
        ), purchases.unmet_t

    def _sell_ahead(self, session: Session) -> int:
        """Hold the pre-sale of the next month where it is due, at the season's weather; return the tonnes sold."""
        month = self.presales.due(session.day)
        if month is None:
            return 0
        days = (month.plus(1).first_day - month.first_day).days
        need_t = self._parameters.presale_share * self._need_on_grid_t(month.first_day, np.zeros(days))
        wants = self.buyers.wants(need_t, self._grid_fen)
        lots = [
            replace(lot, quantity_t=lot.quantity_t * days // session.days)
            for lot in session.lots
            if not lot.guest
        ]
        orders = []
        for want in wants:
            limit = max((lot.list_fen_per_t for lot in lots), default=1)
            orders.append((want.buyer, limit, want.wanted_t(limit)))
        deals = self.presales.hold(month, lots, orders, session.month_fen_per_t)
        for deal in deals:
            self._record(session, deal, self._owners[deal.seller], str(month))
        return sum(deal.quantity for deal in deals)

    def _record(self, session: Session, deal: Deal, seller: str, delivery: str) -> ListingTrade:
        trade = ListingTrade(
            len(self.trades) + 1, session.time_ns, 0, seller, deal.buyer, place_of(deal.seller), delivery,
            deal.price_fen, deal.quantity,
        )  # fmt: skip
        self.trades.append(trade)
        return trade

    def _lorries(self, outcome: Outcome, share_elsewhere: float) -> list[DayOfLorries]:
        """Set aside in the tanks what lorries will load, and spread it over the days until the next session."""
        bought_t: dict[str, int] = {}
        for deal in outcome.delivered:
            bought_t[deal.seller] = bought_t.get(deal.seller, 0) + deal.quantity
        wanted_t = sum(bought_t.values()) + outcome.unmet_t
        self._unmet_share = outcome.unmet_t / wanted_t if wanted_t else 0.0
        self.share_elsewhere = share_elsewhere
        loads: dict[str, int] = {}
        guests: dict[str, int] = {}
        for at, tonnes in bought_t.items():
            place = place_of(at)
            if at == place:
                volume = round(tonnes / TONNES_PER_M3_LNG)
                self._terminals[place].sell(volume)
            else:
                money = sum(deal.amount_fen for deal in outcome.delivered if deal.seller == at)
                volume = self.guests.sold(at, tonnes, money)
                guests[place] = guests.get(place, 0) + volume
            loads[place] = loads.get(place, 0) + volume
        unmet_m3 = round(outcome.unmet_t / TONNES_PER_M3_LNG)
        return spread(loads, unmet_m3, outcome.session.days, guests)

    def _need(self, day: date, anomaly_degc: np.ndarray) -> Callable[[float], float]:
        """Return all buyers' need of consecutive days from `day` on, in tonnes at a price in CNY/t."""
        wanted_m3 = self._demand.at_reference_m3(day, anomaly_degc).sum(axis=0)

        def need_t(price_cny_per_t: float) -> float:
            own_t = tonnes_lng(float(self._demand.trucked_m3(wanted_m3, price_cny_per_t).sum()))
            return own_t + self._need_elsewhere_t(day, len(anomaly_degc), price_cny_per_t)

        return need_t

    def _need_on_grid_t(self, day: date, anomaly_degc: np.ndarray) -> np.ndarray:
        """Return the same at each price of the grid."""
        wanted_m3 = self._demand.at_reference_m3(day, anomaly_degc).sum(axis=0)
        prices = self._grid_fen / FEN_PER_CNY
        own_t = self._demand.trucked_m3(wanted_m3, prices[:, np.newaxis]).sum(axis=1) / GAS_M3_PER_TONNE_LNG
        if not self.elsewhere:
            return np.asarray(own_t)
        days = len(anomaly_degc)
        return np.array(
            [own + self._need_elsewhere_t(day, days, price) for own, price in zip(own_t, prices, strict=True)]
        )

    def _need_elsewhere_t(self, day: date, days: int, price_cny_per_t: float) -> float:
        """Return what lorries from the rest of China want on `days` days."""
        wanted_t = 0.0
        for shock in self.elsewhere:
            event = shock.event
            assert isinstance(event, LorriesFromElsewhere)
            during = sum(shock.in_force(day + timedelta(days=ahead)) for ahead in range(days))
            answer = (price_cny_per_t / self._reference_cny_per_t) ** event.price_elasticity
            wanted_t += during * event.added_t_per_day * answer
        return wanted_t
