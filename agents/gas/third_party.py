"""The LNG of third parties in others' tanks: landed through a slot, sold to lorries, to pipes, or at last in tank.

It follows the gas and its money, parcel by parcel; how a slot is bought is agents/gas/slots.py's. Sellers act on the
ex-terminal index as far as it is published. What lorries buy is set aside in the tank at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agents.gas.lorries import DayOfLorries
from agents.gas.sales_parameters import TerminalSlotParameters
from agents.gas.sessions import Lot, place_of, stand
from agents.gas.terminals import Terminal
from exchange.mechanisms import Deal, Members
from exchange.units import FEN_PER_CNY, TONNES_PER_M3_LNG

_BAYS = 0.5  # of a terminal's loading bays, at most, for third parties


@dataclass
class Parcel:
    """A cargo of `holder` in a terminal's tank since `landed`, in m3 of liquid, and what came of it so far, in fen.

    `left_m3` is unsold. Own customers pay by the pipe, outside SHPGX.
    """

    terminal: str
    holder: str
    landed: date
    delivered_m3: int
    left_m3: int
    lorries_m3: int = 0
    piped_m3: int = 0
    taken_over_m3: int = 0
    lorries_fen: int = 0
    piped_fen: int = 0
    taken_over_fen: int = 0

    @property
    def revenue_fen(self) -> int:
        """Return what all sales brought, VAT included."""
        return self.lorries_fen + self.piped_fen + self.taken_over_fen


class ThirdPartyGas:
    """Sell the parcels. Of each, `piped_share` goes to its holder's customers evenly over the days of storage.

    Asked of lorries = published index x (1 - concession x what of the cargo an even sale would have sold by now).
    """

    def __init__(
        self,
        parameters: TerminalSlotParameters,
        terminals: Mapping[str, Terminal],
        members: Members,
        price_step_cny_per_t: int,
    ) -> None:
        self.parcels: list[Parcel] = []
        self.served_m3: dict[str, int] = {}
        self._parameters = parameters
        self._terminals = terminals
        self._members = members
        self._step_cny_per_t = price_step_cny_per_t
        for name in parameters.buyers:
            members.register(name)

    def land(self, terminal: str, holder: str, day: date, delivered_m3: int) -> Parcel:
        """Take note of a cargo that has been discharged."""
        parcel = Parcel(terminal, holder, day, delivered_m3, delivered_m3)
        self.parcels.append(parcel)
        return parcel

    def lots(self, day: date, days: int, index_cny_per_t: float) -> list[Lot]:
        """Return what lorries are offered until the next session in `days` days, each holder's oldest parcel first."""
        lots: dict[str, Lot] = {}
        free_t = {name: _BAYS * own.max_trucks_t_per_day * days for name, own in self._terminals.items()}
        for parcel in self._open():
            place = stand(parcel.terminal, parcel.holder)
            age = min(self._parameters.holding_days, (day - parcel.landed).days)
            rest_days = max(days, self._parameters.holding_days - age)
            for_lorries_m3 = parcel.left_m3 - self._piped_m3(parcel) * max(0, rest_days - days)
            tonnes = int(
                min(
                    free_t[parcel.terminal],
                    for_lorries_m3 * TONNES_PER_M3_LNG * min(1.0, 2 * days / rest_days),
                )
            )
            if tonnes < 1 or place in lots:
                continue
            behind = parcel.left_m3 / parcel.delivered_m3 - rest_days / self._parameters.holding_days
            asked = index_cny_per_t * (1.0 - self._parameters.concession * max(0.0, behind))
            price_fen = FEN_PER_CNY * self._step_cny_per_t * max(1, round(asked / self._step_cny_per_t))
            free_t[parcel.terminal] -= tonnes
            lots[place] = Lot(parcel.terminal, parcel.holder, tonnes, price_fen, price_fen, guest=True)
        return list(lots.values())

    def sold(self, place: str, tonnes: int, amount_fen: int) -> int:
        """Set aside what lorries have bought at a stand, the oldest parcel first; return the m3 of liquid."""
        left = volume = round(tonnes / TONNES_PER_M3_LNG)
        for parcel in self._open():
            if left and stand(parcel.terminal, parcel.holder) == place:
                part = min(left, parcel.left_m3)
                money = amount_fen * part // left
                parcel.left_m3 -= part
                parcel.lorries_m3 += part
                parcel.lorries_fen += money
                left, amount_fen = left - part, amount_fen - money
        terminal = self._terminals[place_of(place)]
        terminal.release(volume)
        terminal.sell(volume)
        return volume

    def serve(self, day: date, index_cny_per_t: float) -> None:
        """Give each holder's customers their day's gas, and the owner what is left when the storage is over."""
        self.served_m3 = {}
        for parcel in self._open():
            terminal = self._terminals[parcel.terminal]
            price_fen = round(FEN_PER_CNY * index_cny_per_t)
            piped_m3 = min(parcel.left_m3, self._piped_m3(parcel))
            parcel.piped_m3 += piped_m3
            parcel.piped_fen += round(price_fen * piped_m3 * TONNES_PER_M3_LNG)
            parcel.left_m3 -= piped_m3
            terminal.release(piped_m3)
            self.served_m3[terminal.name] = self.served_m3.get(terminal.name, 0) + piped_m3
            if (day - parcel.landed).days >= self._parameters.holding_days:
                self._hand_over(parcel, terminal, round(price_fen * (1.0 - self._parameters.concession)))

    def served_with(self, lorries: DayOfLorries) -> dict[str, int]:
        """Return what left the tanks today for third parties' customers and lorries, by terminal."""
        served = dict(self.served_m3)
        for name, volume in lorries.guests_m3.items():
            served[name] = served.get(name, 0) + volume
        return served

    def imbalances(self, landed_m3: Mapping[str, int]) -> dict[str, int]:
        """Return what is missing between parcels and tanks, and within parcels, in m3; all are 0.

        `landed_m3` is by terminal what was discharged and is not a parcel yet.
        """
        held = {name: landed_m3.get(name, 0) for name in self._terminals}
        for parcel in self.parcels:
            held[parcel.terminal] += parcel.left_m3
        gone = sum(p.left_m3 + p.lorries_m3 + p.piped_m3 + p.taken_over_m3 for p in self.parcels)
        found = {
            f"third parties at {name}": held[name] - own.guest_m3 for name, own in self._terminals.items()
        }
        return found | {"third parties' parcels": sum(p.delivered_m3 for p in self.parcels) - gone}

    def _open(self) -> list[Parcel]:
        return [parcel for parcel in self.parcels if parcel.left_m3]

    def _piped_m3(self, parcel: Parcel) -> int:
        """Return what a holder's customers burn of a parcel in a day."""
        share = self._parameters.buyers[parcel.holder].piped_share
        return int(share * parcel.delivered_m3 / self._parameters.holding_days)

    def _hand_over(self, parcel: Parcel, terminal: Terminal, price_fen: int) -> None:
        """Sell what is left to the terminal's owner, in tank, in whole tonnes; less than a tonne goes with it."""
        tonnes = int(parcel.left_m3 * TONNES_PER_M3_LNG)
        if tonnes:
            deal = Deal(parcel.holder, terminal.importer, price_fen, tonnes)
            self._members.perform(self._members.sign(deal, 0), tonnes)
            parcel.taken_over_fen += deal.amount_fen
        terminal.release(parcel.left_m3)
        parcel.taken_over_m3, parcel.left_m3 = parcel.taken_over_m3 + parcel.left_m3, 0
