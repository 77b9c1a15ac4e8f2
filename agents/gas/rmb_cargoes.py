"""LNG cargoes that are paid for in yuan through SHPGX: spot deals of importers, struck at the day's exchange rate.

Which cargoes are so settled is a share of all that is imported, not a choice; the price is that of the window. From
the deal on the seller bears the exchange rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from agents.gas.cargoes import Cargo
from agents.prices import PriceHistory
from exchange.clock import day_of
from exchange.mechanisms import Bid, CargoOffer, Fault, Members, cargo_tender
from exchange.units import FEN_PER_CNY, TONNES_PER_M3_LNG


@dataclass
class Settled:
    """A cargo settled in yuan: its number among the members' deals, and the exchange rate at which it was struck."""

    cargo: Cargo
    number: int
    signed: date
    fx_cny_per_usd: float


class RmbCargoes:
    """Settle the next spot cargo in yuan whenever `share` of all tonnes imported so far amounts to one more.

    Cargoes are whole, so the share holds in the long run; nothing is drawn. Without deposit, as the buyer is known.
    """

    def __init__(self, share: float, members: Members) -> None:
        self.settled: list[Settled] = []
        self.share = share
        self._members = members
        self._due_t = 0.0
        self._seen: set[int] = set()
        self._open: list[Settled] = []

    def follow(self, day: date, cargoes: Iterable[Cargo], fx: PriceHistory) -> None:
        """Take up what has been bought, and pay for what has been discharged, up to now."""
        for cargo in cargoes:
            if cargo.price_usd_per_mmbtu is None or cargo.number in self._seen:
                continue
            self._seen.add(cargo.number)
            tonnes = cargo.contract_m3 * TONNES_PER_M3_LNG
            self._due_t += self.share * tonnes
            if cargo.spot and self._due_t >= tonnes > 0:
                self._due_t -= tonnes
                self._sign(cargo, day, fx)
        for settled in [one for one in self._open if one.cargo.lost or one.cargo.discharged_ns is not None]:
            self._open.remove(settled)
            wanted = self._members.signed[settled.number].deal.quantity
            delivered = 0 if settled.cargo.lost else round(settled.cargo.delivered_m3 * TONNES_PER_M3_LNG)
            delivered = min(delivered, wanted)
            self._members.perform(settled.number, delivered, wanted - delivered, Fault.SELLER)

    def frame(self) -> pd.DataFrame:
        """Return a row for each cargo settled in yuan."""
        rows = []
        for one in self.settled:
            deal, cargo = self._members.signed[one.number], one.cargo
            rows.append(
                {
                    "day": one.signed,
                    "cargo": cargo.number,
                    "supplier": cargo.supplier,
                    "importer": cargo.importer,
                    "price_usd_per_mmbtu": cargo.price_usd_per_mmbtu,
                    "fx_cny_per_usd": one.fx_cny_per_usd,
                    "price_cny_per_t": deal.deal.price_fen / FEN_PER_CNY,
                    "quantity_t": deal.deal.quantity,
                    "delivered_t": deal.delivered,
                    "discharged": None if cargo.discharged_ns is None else day_of(cargo.discharged_ns),
                }
            )
        frame = pd.DataFrame(rows, columns=None if rows else ["day", "cargo"])
        frame["day"] = pd.to_datetime(frame["day"])
        if rows:
            frame["discharged"] = pd.to_datetime(frame["discharged"])
        return frame

    def _sign(self, cargo: Cargo, day: date, fx: PriceHistory) -> None:
        assert cargo.price_usd_per_mmbtu is not None
        rate = fx.on(day)
        offer = CargoOffer(f"supplier {cargo.supplier}", cargo.price_usd_per_mmbtu, "USD")
        bid = Bid(cargo.importer, offer.fen_per_t(rate), round(cargo.contract_m3 * TONNES_PER_M3_LNG))
        (deal,) = cargo_tender(bid, [offer], fx_cny_per_usd=rate).deals
        settled = Settled(cargo, self._members.sign(deal, 0), day, rate)
        self.settled.append(settled)
        self._open.append(settled)
