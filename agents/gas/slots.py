"""Terminal slots at SHPGX: owners offer room that their outlook leaves free, members without a terminal bring a cargo.

A slot is a window of days at a terminal for one spot cargo, sold by falling price (exchange/mechanisms/slot.py). Who
wins one tenders in the JKM window until the cargo must be on its way, and leaves its deposit if it finds none. Bids and
tenders go by published prices alone; the gas in tank is agents/gas/third_party.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor
from typing import Any, Final

import numpy as np
import pandas as pd

from agents.gas.bidders import equilibrium_bid
from agents.gas.cargoes import Cargo
from agents.gas.fleet import Fleet
from agents.gas.importers import Importer, Outlook
from agents.gas.jkm import Tender
from agents.gas.parameters import ShpgxParameters
from agents.gas.pipeline_gas import UNIT_M3
from agents.gas.published import PublishedPrices
from agents.gas.terminals import Terminal
from agents.gas.third_party import Parcel, ThirdPartyGas
from exchange.clock import day_of, ns
from exchange.mechanisms import Bid, Deal, Members, Slot, sell_slot
from exchange.parity import netback_des_usd_per_mmbtu, on_lorry_cny_per_t
from exchange.units import (
    FEN_PER_CNY,
    GAS_M3_PER_M3_LNG,
    GAS_M3_PER_TONNE_LNG,
    NS_PER_DAY,
    TONNES_PER_M3_LNG,
    cny_per_tonne_lng,
)

_STEP_FEN: Final = 1_000  # a unit of 10^4 m3: a tenth of a fen a m3
_BERTH_SHARE: Final = (
    0.5  # of the berths' days in a window, at most, for the owner's own ships where a slot is offered
)


@dataclass
class OfferedSlot:
    """A slot on offer and what came of it. `value_cny_per_m3` is what the winner's netback left for the slot."""

    slot: Slot
    owner: str
    offered: date
    bids: int
    deal: Deal | None = None
    number: int = -1
    value_cny_per_m3: float = float("nan")
    private_cny_per_m3: float = 0.0
    cargo: Cargo | None = None
    parcel: Parcel | None = None
    used: bool = False
    over: bool = False
    forfeited_fen: int = 0

    @property
    def under_way(self) -> bool:
        """Tell whether it is sold, and neither used nor given up yet."""
        return self.deal is not None and not self.over


def slot_value_cny_per_m3(
    index_cny_per_t: float,
    jkm_usd_per_mmbtu: float,
    fx_cny_per_usd: float,
    vat: float,
    margin_cny_per_m3: float,
) -> float:
    """Return what regasification is worth to who buys spot: (index - JKM landed with VAT) / 1,400 - margin.

    In CNY a m3 of gas. LNG pays no import duty.
    """
    landed = on_lorry_cny_per_t(jkm_usd_per_mmbtu, fx_cny_per_usd, vat=vat, fee_cny_per_m3_gas=0.0)
    return (index_cny_per_t - landed) / GAS_M3_PER_TONNE_LNG - margin_cny_per_m3


class TerminalSlots:
    """Offer, sell and follow the slots. Draws come every day for every buyer, so that arms stay in step.

    `open_share`, where a lever has set it, takes the place of the dated share of capacity.
    """

    def __init__(
        self,
        shpgx: ShpgxParameters,
        terminals: Mapping[str, Terminal],
        importers: Mapping[str, Importer],
        fleet: Fleet,
        members: Members,
        gas: ThirdPartyGas,
        prices: PublishedPrices,
        rng: np.random.Generator,
    ) -> None:
        self.offered: list[OfferedSlot] = []
        self.open_share: float | None = None
        self._shpgx, self._parameters = shpgx, shpgx.terminal_slots
        self._terminals, self._importers, self._fleet = terminals, importers, fleet
        self._members, self._gas, self._prices = members, gas, prices
        self._rng = rng
        self._names = list(self._parameters.buyers)
        self._private: list[float] = []
        self._which: list[float] = []
        cargo_t, count = fleet.cargo_m3 * TONNES_PER_M3_LNG, len(terminals)
        self._cargo_t = cargo_t
        self._due_t = {name: (at + 0.5) / count * cargo_t for at, name in enumerate(terminals)}

    def advance(self, day: date) -> None:
        """Draw the next day, and let the open part of capacity add up to a cargo at each terminal."""
        self._private, self._which = self._rng.uniform(size=(2, len(self._names))).tolist()
        for name, terminal in self._terminals.items():
            open_t = self._open_share(day) * terminal.capacity_mtpa * 1e6 / 365.0
            self._due_t[name] = min(self._cargo_t, self._due_t[name] + open_t)

    def hold(self, day: date, outlooks: Mapping[str, Outlook]) -> None:
        """Offer a slot at each terminal where one is due and its owner has room to spare, and sell it."""
        for name, terminal in self._terminals.items():
            due = self._due_t[name] >= self._cargo_t and self._open_share(day) > 0.0
            if due and self._spare(day, terminal, outlooks[terminal.importer]):
                self._due_t[name] = 0.0
                self._sell(day, terminal)

    def tenders(self, day: date) -> list[tuple[OfferedSlot, Tender]]:
        """Return the bids in the JKM window of those who have a slot and no cargo for it.

        Limit = published index less VAT, margin and what of the slot's price is still to be paid.
        """
        own, found = self._parameters, []
        for one in self.offered:
            if one.under_way and one.cargo is None and one.deal is not None and not self._too_late(day, one):
                fee = one.deal.price_fen / FEN_PER_CNY / UNIT_M3 * (1.0 - own.deposit_percent / 100)
                limit = netback_des_usd_per_mmbtu(
                    self._prices.ex_terminal_cny_per_t(day),
                    self._prices.fx.on(day),
                    vat=self._shpgx.vat,
                    fee_cny_per_m3_gas=fee + own.margin_cny_per_m3 - one.private_cny_per_m3,
                )
                if limit > 0.0:
                    found.append((one, Tender(one.deal.buyer, limit, self._fleet.cargo_m3)))
        return found

    def buy(
        self,
        tenders: Sequence[tuple[OfferedSlot, Tender]],
        filled: Iterable[bool],
        price_usd_per_mmbtu: float,
    ) -> None:
        """Plan the cargoes of the tenders that were filled, each for the middle of its slot."""
        for (one, tender), got in zip(tenders, filled, strict=True):
            if got:
                middle_ns = (ns(one.slot.first_day) + ns(one.slot.last_day) + NS_PER_DAY) // 2
                which = self._which[self._names.index(tender.importer)]
                one.cargo = self._fleet.buy_spot(
                    tender,
                    price_usd_per_mmbtu,
                    which,
                    0.0,
                    slot_terminal=one.slot.terminal,
                    arrival_ns=middle_ns,
                )

    def follow(self, day: date) -> None:
        """Take up what was discharged up to now, settle slots that are used or never will be, and serve customers."""
        for one in self.offered:
            if not one.under_way or one.deal is None:
                continue
            cargo = one.cargo
            if cargo is not None and cargo.discharged_ns is not None:
                one.used = one.over = True
                self._members.perform(one.number, one.deal.quantity)
                landed = day_of(cargo.discharged_ns)
                one.parcel = self._gas.land(one.slot.terminal, one.deal.buyer, landed, cargo.delivered_m3)
            elif (cargo is None and self._too_late(day, one)) or (cargo is not None and cargo.lost):
                one.over = True
                one.forfeited_fen = self._members.perform(one.number, 0, one.deal.quantity)
        if self._gas.parcels:
            self._gas.serve(day, self._prices.ex_terminal_cny_per_t(day))

    def imbalances(self) -> dict[str, int]:
        """Return what is missing from the balances of third parties' gas, in m3; all are 0."""
        landed: dict[str, int] = {}
        for one in self.offered:
            cargo = one.cargo
            if cargo is not None and cargo.discharged_ns is not None and one.parcel is None:
                landed[one.slot.terminal] = landed.get(one.slot.terminal, 0) + cargo.delivered_m3
        return self._gas.imbalances(landed)

    def state_integers(self) -> list[int]:
        """Return the state as integers: prices of slots sold, and the gas of third parties."""
        sold = [one.deal.price_fen for one in self.offered if one.deal is not None]
        return sold + [part for p in self._gas.parcels for part in (p.left_m3, p.revenue_fen)]

    def frame(self) -> pd.DataFrame:
        """Return a row for each slot that was offered."""
        frame = pd.DataFrame(
            [self._row(one) for one in self.offered], columns=None if self.offered else ["day", "terminal"]
        )
        for name in ("day", "first", "last", "landed"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name])
        return frame.astype({"cargo": "Int64"}) if "cargo" in frame else frame

    def _open_share(self, day: date) -> float:
        if self.open_share is not None:
            return self.open_share
        steps = self._parameters.open_share_of_capacity
        return next((steps[first] for first in sorted(steps, reverse=True) if first <= day), 0.0)

    def _window(self, day: date) -> tuple[date, date]:
        first = day + timedelta(days=self._parameters.notice_days)
        return first, first + timedelta(days=self._parameters.window_days - 1)

    def _too_late(self, day: date, one: OfferedSlot) -> bool:
        return day > one.slot.first_day - timedelta(days=self._parameters.lead_days)

    def _spare(self, day: date, terminal: Terminal, outlook: Outlook) -> bool:
        """Tell whether the owner can do without a cargo's tank room, a berth, and the send-out of its gas.

        Room that it wants for cargoes still to be bought is not free; slots already sold have theirs.
        """
        terminals = self._importers[terminal.importer].terminals
        first, last = self._window(day)
        promised = [one for one in self.offered if one.under_way and one.owner == terminal.importer]
        cargo_m3 = self._fleet.cargo_m3
        room_m3 = outlook.room_m3 - outlook.missing_m3 - cargo_m3 * len(promised)
        ships = sum(
            first <= day_of(cargo.expected_arrival_ns) <= last
            for cargo in self._fleet.coming_to(terminal.importer)
        ) + sum(one.slot.first_day <= last and one.slot.last_day >= first for one in promised)
        berth_days = sum(own.berths for own in terminals) * self._parameters.window_days
        send_out_m3 = sum(own.max_send_out_m3 for own in terminals) - outlook.serves_m3
        return (
            terminal.tank_m3 > 0
            and room_m3 >= cargo_m3
            and ships <= _BERTH_SHARE * berth_days
            and send_out_m3 * self._parameters.holding_days >= cargo_m3 * (1 + len(promised))
        )

    def _sell(self, day: date, terminal: Terminal) -> None:
        """Sell a slot among the buyers who do not hold as many as they can pay."""
        own = self._parameters
        quantity = int(self._fleet.cargo_m3 * GAS_M3_PER_M3_LNG / UNIT_M3)
        ceiling, floor_fen = (_fen(price) for price in (own.ceiling_cny_per_m3, own.floor_cny_per_m3))
        slot = Slot(terminal.name, *self._window(day), quantity, ceiling, floor_fen)
        prices = self._prices
        common = slot_value_cny_per_m3(
            prices.ex_terminal_cny_per_t(day),
            prices.jkm.on(day),
            prices.fx.on(day),
            self._shpgx.vat,
            own.margin_cny_per_m3,
        )
        width = own.private_half_width_cny_per_m3
        private = {
            name: width * (2.0 * draw - 1.0)
            for name, draw in zip(self._names, self._private, strict=True)
            if self._held(name) < own.most_slots
        }
        bids = []
        for name in sorted(private, key=lambda name: -private[name]):
            value = common + private[name]
            if value > own.floor_cny_per_m3:
                asked = equilibrium_bid(
                    value, common - width, common + width, bidders=len(private), reserve=own.floor_cny_per_m3
                )
                bids.append(Bid(name, max(floor_fen, _fen(asked)), quantity))
        found = OfferedSlot(slot, terminal.importer, day, len(bids))
        self.offered.append(found)
        deals = sell_slot(slot, bids, step_fen=_STEP_FEN).deals
        if deals:
            (found.deal,) = (Deal(terminal.importer, d.buyer, d.price_fen, d.quantity) for d in deals)
            found.number = self._members.sign(found.deal, own.deposit_percent)
            found.private_cny_per_m3 = private[found.deal.buyer]
            found.value_cny_per_m3 = common + found.private_cny_per_m3

    def _held(self, name: str) -> int:
        return sum(one.under_way and one.deal is not None and one.deal.buyer == name for one in self.offered)

    def _row(self, one: OfferedSlot) -> dict[str, Any]:
        deal, cargo, parcel = one.deal, one.cargo, one.parcel
        mn_fen = FEN_PER_CNY * 1e6
        profit = -one.forfeited_fen / mn_fen
        if deal is not None and cargo is not None and parcel is not None:
            assert cargo.price_usd_per_mmbtu is not None
            landed_cny_per_t = cny_per_tonne_lng(cargo.price_usd_per_mmbtu, self._prices.fx.on(parcel.landed))
            paid = landed_cny_per_t * (1.0 + self._shpgx.vat) * parcel.delivered_m3 * TONNES_PER_M3_LNG
            profit = (parcel.revenue_fen - deal.amount_fen) / mn_fen - paid / 1e6
        return {
            "day": one.offered,
            "terminal": one.slot.terminal,
            "owner": one.owner,
            "first": one.slot.first_day,
            "last": one.slot.last_day,
            "quantity_m3": one.slot.quantity * UNIT_M3,
            "bids": one.bids,
            "buyer": None if deal is None else deal.buyer,
            "fee_cny_per_m3": float("nan") if deal is None else deal.price_fen / FEN_PER_CNY / UNIT_M3,
            "slot_value_cny_per_m3": one.value_cny_per_m3,
            "cargo": None if cargo is None else cargo.number,
            "des_usd_per_mmbtu": float("nan") if cargo is None else cargo.price_usd_per_mmbtu,
            "landed": None if parcel is None else parcel.landed,
            "landed_m3_liquid": 0 if parcel is None else parcel.delivered_m3,
            "lorries_m3_liquid": 0 if parcel is None else parcel.lorries_m3,
            "piped_m3_liquid": 0 if parcel is None else parcel.piped_m3,
            "taken_over_m3_liquid": 0 if parcel is None else parcel.taken_over_m3,
            "left_m3_liquid": 0 if parcel is None else parcel.left_m3,
            "fee_mn_cny": 0.0 if deal is None or not one.used else deal.amount_fen / mn_fen,
            "forfeited_mn_cny": one.forfeited_fen / mn_fen,
            "revenue_mn_cny": 0.0 if parcel is None else parcel.revenue_fen / mn_fen,
            "profit_mn_cny": profit if one.over else float("nan"),
        }


def _fen(price_cny_per_m3: float) -> int:
    """Return a price of gas as whole steps of fen for a unit of 10^4 m3, rounded down."""
    return floor(price_cny_per_m3 * FEN_PER_CNY * UNIT_M3 / _STEP_FEN + 1e-9) * _STEP_FEN
