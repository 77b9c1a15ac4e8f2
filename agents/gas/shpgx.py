"""A trading day of LNG at SHPGX: importers list, lorry buyers take, the index is published.

It brings sellers, buyers and the venue together; the mechanism and the index are the venue's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from agents.gas.demand import Demand
from agents.gas.importers import Importer, Outlook
from agents.gas.lorries import DayOfLorries, LorryBuyers, spread
from agents.gas.parameters import GasParameters
from agents.gas.shocks import DatedShock, LorriesFromElsewhere
from agents.gas.terminals import Terminal
from agents.prices import PriceHistory
from exchange.indices import TradeIndex
from exchange.listing import ListingBoard
from exchange.units import FEN_PER_CNY, TONNES_PER_M3_LNG, tonnes_lng


class ShpgxLng:
    """Hold the board, the index (fen/t) and its history (`published`, CNY/t).

    `share_elsewhere` is the part of the last session's wants that came from outside the delta.
    """

    def __init__(
        self,
        parameters: GasParameters,
        demand: Demand,
        importers: Mapping[str, Importer],
        terminals: Mapping[str, Terminal],
        rng: np.random.Generator,
        start: date,
    ) -> None:
        self.board = ListingBoard()
        self.index = TradeIndex("SHPGX LNG", round(FEN_PER_CNY * parameters.shpgx.first_price_cny_per_t))
        self.published = PriceHistory("shpgx_lng_cny_per_t")
        self.published.publish(start - timedelta(days=1), self.index.last_fen_per_t / FEN_PER_CNY)
        self.buyers = LorryBuyers(parameters.shpgx, list(terminals), rng)
        self._minimum_take_t = parameters.shpgx.minimum_take_t
        self._demand = demand
        self._importers = importers
        self._terminals = terminals
        self._trades_of_before = 0
        self.elsewhere: list[DatedShock] = []
        self._unmet_share = 0.0
        self.share_elsewhere = 0.0
        self._reference_cny_per_t = parameters.demand.reference_price_cny_per_t

    def trade(
        self,
        day: date,
        time_ns: int,
        anomaly_degc: np.ndarray,
        outlooks: Mapping[str, Outlook],
        jkm_usd_per_mmbtu: float,
        fx_cny_per_usd: float,
    ) -> list[DayOfLorries]:
        """Hold the session of a day and return what lorries load on each day until the next session.

        `anomaly_degc` is the expected weather of those days, from today on. What nobody took is withdrawn.
        """
        days = len(anomaly_degc)
        wanted_m3 = self._demand.at_reference_m3(day, anomaly_degc).sum(axis=0)

        def need_t(price_cny_per_t: float) -> float:
            own_t = tonnes_lng(float(self._demand.trucked_m3(wanted_m3, price_cny_per_t).sum()))
            return own_t + self._need_elsewhere_t(day, days, price_cny_per_t)

        last_cny_per_t = self.index.last_fen_per_t / FEN_PER_CNY
        for name, importer in self._importers.items():
            price = importer.list_price_fen_per_t(
                outlooks[name], last_cny_per_t, jkm_usd_per_mmbtu, fx_cny_per_usd, self._unmet_share
            )
            quantities = importer.listed_quantities_t(need_t(last_cny_per_t), days)
            self._post(time_ns, name, f"{day} + {days} days", price, quantities)
        purchases = self.buyers.buy(time_ns, self.board, need_t, last_cny_per_t)
        for listing in self.board.open_listings():
            self.board.withdraw(listing.number, seller=listing.seller)
        wanted_t = sum(purchases.bought_t.values()) + purchases.unmet_t
        self._unmet_share = purchases.unmet_t / wanted_t if wanted_t else 0.0
        self.share_elsewhere = self._need_elsewhere_t(day, days, last_cny_per_t) / max(
            1e-9, need_t(last_cny_per_t)
        )
        loads = {name: round(tonnes / TONNES_PER_M3_LNG) for name, tonnes in purchases.bought_t.items()}
        for name, volume in loads.items():
            self._terminals[name].sell(volume)
        return spread(loads, round(purchases.unmet_t / TONNES_PER_M3_LNG), days)

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

    def publish(self, day: date) -> None:
        """Publish the index of a trading day."""
        value = self.index.publish(day, self.board.trades[self._trades_of_before :])
        self._trades_of_before = len(self.board.trades)
        self.published.publish(day, value.value_fen_per_t / FEN_PER_CNY)

    def _post(
        self, time_ns: int, seller: str, delivery: str, price_fen_per_t: int, quantities_t: Mapping[str, int]
    ) -> None:
        for place, quantity_t in quantities_t.items():
            if quantity_t >= self._minimum_take_t:
                self.board.post(
                    time_ns,
                    seller=seller,
                    place=place,
                    delivery=delivery,
                    price_fen_per_t=price_fen_per_t,
                    quantity_t=quantity_t,
                    minimum_take_t=self._minimum_take_t,
                )
