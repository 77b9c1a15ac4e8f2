"""Importers of LNG: what they expect, what they list at SHPGX and what they bid for in the JKM window.

An importer owns its terminals' tanks and serves the sectors through them. It keeps no accounts beyond its
cargoes and its listings, and it does not speculate: it wants cover.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp

import numpy as np

from agents.gas.cargoes import Cargo
from agents.gas.jkm import Tender
from agents.gas.parameters import ImporterParameters, ImportersParameters, ShpgxParameters
from agents.gas.seasons import Season
from agents.gas.terminals import Terminal
from exchange.clock import day_of
from exchange.parity import netback_des_usd_per_mmbtu, on_lorry_cny_per_t
from exchange.units import FEN_PER_CNY, TONNES_PER_M3_LNG

_WEEK = 7


@dataclass(frozen=True)
class Outlook:
    """What an importer sees ahead, in m3 of liquid.

    `scarcity` = mean over the look-ahead of 1 - projected stock / wanted stock, from -1 to 1; `missing_m3` is
    what the end of the look-ahead lacks; `contract_usd_per_mmbtu` is the mean price of its term cargoes. From when a
    cargo bought today could arrive, `room_m3` of its tanks stay free at least, and it serves `serves_m3` a day.
    `captive_m3` is what its places need of it on the coming week's hardest day.
    """

    scarcity: float
    missing_m3: float
    contract_usd_per_mmbtu: float
    room_m3: float = 0.0
    serves_m3: float = 0.0
    captive_m3: float = 0.0


def landed_cny_per_t(price_usd_per_mmbtu: float, fx_cny_per_usd: float, shpgx: ShpgxParameters) -> float:
    """Return the cost on the lorry of a price DES: price x FX x (1 + VAT) + terminal fee."""
    fee = shpgx.terminal_fee_cny_per_m3_gas
    return on_lorry_cny_per_t(price_usd_per_mmbtu, fx_cny_per_usd, vat=shpgx.vat, fee_cny_per_m3_gas=fee)


def netback_usd_per_mmbtu(price_cny_per_t: float, fx_cny_per_usd: float, shpgx: ShpgxParameters) -> float:
    """Return the DES price that a tonne sold on the lorry pays for: the inverse of `landed_cny_per_t`."""
    fee = shpgx.terminal_fee_cny_per_m3_gas
    return netback_des_usd_per_mmbtu(price_cny_per_t, fx_cny_per_usd, vat=shpgx.vat, fee_cny_per_m3_gas=fee)


class Importer:
    """Plan, price and bid for one importer. Its draws, if any, are made by the world."""

    def __init__(
        self,
        name: str,
        own: ImporterParameters,
        common: ImportersParameters,
        shpgx: ShpgxParameters,
        terminals: Sequence[Terminal],
        market_share: float,
    ) -> None:
        self.name = name
        self.terminals = tuple(terminals)
        self.market_share = market_share
        self._own = own
        self._common = common
        self._shpgx = shpgx
        self._price_cny_per_t = shpgx.first_price_cny_per_t
        self._premium = 0.0
        self._target_days = Season(common.target_cover_days)
        self._first_tank_m3 = sum(terminal.tank_m3 for terminal in self.terminals)
        self._memory = 1.0 / common.send_out_share_memory_days

    def observe_share(self, share: float) -> None:
        """Move the part of LNG demand that it takes for its own towards the part that it served today."""
        self.market_share += self._memory * (share - self.market_share)

    def outlook(
        self,
        day: date,
        lng_demand_m3: np.ndarray,
        calm_lng_demand_m3: np.ndarray,
        cargoes: Sequence[Cargo],
        contract_usd_per_mmbtu: float,
        cargo_m3: int,
        captive_m3: np.ndarray | float = 0.0,
    ) -> Outlook:
        """Project its stock over the look-ahead from its cargoes (plans included) and its part of LNG demand.

        `lng_demand_m3` is the market's, liquid a day, from today on; shape (look_ahead_days,). Its part is what it is
        used to, or `captive_m3` where its places need more of it than that. Wanted is a number of days of its part of
        `calm_lng_demand_m3`, the same at the reference price and without swing from the pipelines: a shortage that
        keeps demand down is no reason to want less in tank. Tanks are added to be filled: the days grow with its
        tankage.
        """
        days = self._common.look_ahead_days
        arrivals = np.zeros(days)
        for cargo in cargoes:
            ahead = max(0, (day_of(cargo.expected_arrival_ns) - day).days)
            if ahead < days:
                arrivals[ahead] += cargo_m3
        own_demand = np.maximum(self.market_share * lng_demand_m3, captive_m3)
        own_calm_demand = np.maximum(self.market_share * calm_lng_demand_m3, captive_m3)
        stock = float(sum(terminal.available_m3 for terminal in self.terminals))
        projected = stock + np.cumsum(arrivals - own_demand)
        tank_m3 = sum(terminal.tank_m3 for terminal in self.terminals)
        if tank_m3 == 0:
            return Outlook(0.0, 0.0, contract_usd_per_mmbtu)
        self._first_tank_m3 = self._first_tank_m3 or tank_m3
        room = self._common.max_fill * tank_m3 - sum(t.heel_m3 + t.guest_m3 for t in self.terminals)
        growth = tank_m3 / self._first_tank_m3
        wanted = np.clip(
            growth * self._target_days.path(day, days) * own_calm_demand,
            float(cargo_m3),
            max(cargo_m3, room),
        )
        gap = np.clip(1.0 - projected / wanted, -1.0, 1.0)
        missing_m3 = max(0.0, float(wanted[-1] - projected[-1]))
        later = slice(min(self._common.spot_lead_days, days - 1), None)
        return Outlook(
            float(gap.mean()),
            missing_m3,
            contract_usd_per_mmbtu,
            room_m3=room - max(0.0, float(projected[later].max())),
            serves_m3=float(own_demand[later].mean()),
            captive_m3=float(np.broadcast_to(captive_m3, days)[:_WEEK].max()),
        )

    def list_price_fen_per_t(
        self,
        outlook: Outlook,
        index_cny_per_t: float,
        jkm_usd_per_mmbtu: float,
        fx_cny_per_usd: float,
        unmet_share: float = 0.0,
    ) -> int:
        """Revise and return the price that it lists at SHPGX, in price steps.

        What its outlook asks for = cost x (1 + margin) x exp(elasticity x scarcity + premium), where the premium
        grows with `unmet_share`, the part of the last session's wants that found no listing. Cost is that of the next
        tonne on the lorry: contract + w x (JKM - contract), where the weight of spot w rises with scarcity,
        from 0 to 1. Its price moves a part of the way, each trading day, to the mean of this and the last
        index, weighted by its attention to the index.
        """
        common = self._common
        cost = self._next_tonne_cny_per_t(outlook, jkm_usd_per_mmbtu, fx_cny_per_usd)
        self._premium += common.sold_out_response * unmet_share
        if unmet_share == 0.0:
            self._premium *= 1.0 - common.sold_out_fade_per_day
        asked = (
            cost * (1.0 + common.margin) * exp(common.scarcity_elasticity * outlook.scarcity + self._premium)
        )
        aim = common.index_attention * index_cny_per_t + (1.0 - common.index_attention) * asked
        self._price_cny_per_t += common.price_revision_per_day * (aim - self._price_cny_per_t)
        step = self._shpgx.price_step_cny_per_t
        return max(1, round(self._price_cny_per_t / step)) * step * FEN_PER_CNY

    def cost_fen_per_t(self, outlook: Outlook, jkm_usd_per_mmbtu: float, fx_cny_per_usd: float) -> int:
        """Return what it costs to give a tonne away today: the next tonne on the lorry x exp(elasticity x scarcity)."""
        cost = self._next_tonne_cny_per_t(outlook, jkm_usd_per_mmbtu, fx_cny_per_usd)
        return max(1, round(FEN_PER_CNY * cost * exp(self._common.scarcity_elasticity * outlook.scarcity)))

    def _next_tonne_cny_per_t(
        self, outlook: Outlook, jkm_usd_per_mmbtu: float, fx_cny_per_usd: float
    ) -> float:
        """Return contract + w x (JKM - contract) on the lorry, w the weight of spot."""
        common = self._common
        weight = common.spot_weight + common.spot_weight_per_scarcity * outlook.scarcity
        weight = min(1.0, max(0.0, weight))
        price = weight * jkm_usd_per_mmbtu + (1.0 - weight) * outlook.contract_usd_per_mmbtu
        return landed_cny_per_t(price, fx_cny_per_usd, self._shpgx)

    def listed_quantities_t(
        self, outlook: Outlook, expected_t: float, days: int, guests_t: Mapping[str, int] | None = None
    ) -> dict[str, int]:
        """Return the tonnes that each terminal lists for `days` days, when `expected_t` are bought in all.

        Its share and some more, split by stock, within what the loading bays can do beside what third parties list
        there, `guests_t`, and a half of what the tanks have beyond what its places need of it in these days: lorries
        come after city gas.
        """
        wanted_t = self.market_share * expected_t * self._shpgx.listed_over_expected
        stock_m3 = sum(terminal.available_m3 for terminal in self.terminals)
        spare = max(0.0, 1.0 - outlook.captive_m3 * days / stock_m3) if stock_m3 else 0.0
        listed = {}
        for terminal in self.terminals:
            part = terminal.available_m3 / stock_m3 if stock_m3 else 0.0
            sellable_t = 0.5 * spare * terminal.available_m3 * TONNES_PER_M3_LNG
            bays_t = terminal.max_trucks_t_per_day * days - (guests_t or {}).get(terminal.name, 0)
            listed[terminal.name] = int(min(wanted_t * part, bays_t, sellable_t))
        return listed

    def tenders(
        self,
        outlook: Outlook,
        jkm_usd_per_mmbtu: float,
        netback_usd: float,
        cargo_m3: int,
    ) -> list[Tender]:
        """Return its bids for whole cargoes while the look-ahead ends short of its target.

        Limit = security x last JKM x (1 + premium + urgency x scarcity) + (1 - security) x netback.
        """
        cargoes = min(int(outlook.missing_m3 // cargo_m3), self._common.max_tenders_per_day)
        urgency = self._common.bid_premium + self._common.bid_urgency * max(0.0, outlook.scarcity)
        security = self._own.security_weight
        limit = security * jkm_usd_per_mmbtu * (1.0 + urgency) + (1.0 - security) * netback_usd
        return [Tender(self.name, limit, cargo_m3)] * cargoes


def observe_shares(
    importers: Mapping[str, Importer],
    send_out_m3: Mapping[str, int],
    loads_m3: Mapping[str, int],
    guests_m3: Mapping[str, int],
) -> None:
    """Let importers see what part of the day's LNG was theirs; `guests_m3` of it, by terminal, was third parties'."""
    total = sum(send_out_m3.values()) + sum(loads_m3.values())
    for importer in importers.values():
        names = [terminal.name for terminal in importer.terminals]
        own = sum(send_out_m3[name] + loads_m3.get(name, 0) - guests_m3.get(name, 0) for name in names)
        if total:
            importer.observe_share(max(0, own) / total)


def market_scarcity(importers: Mapping[str, Importer], outlooks: Mapping[str, Outlook]) -> float:
    """Return the mean scarcity of the importers, weighted by their market shares."""
    return sum(importer.market_share * outlooks[name].scarcity for name, importer in importers.items())


def market_contract_usd_per_mmbtu(
    importers: Mapping[str, Importer], outlooks: Mapping[str, Outlook]
) -> float:
    """Return the mean contract price of the importers, weighted by their market shares."""
    return sum(i.market_share * outlooks[name].contract_usd_per_mmbtu for name, i in importers.items())
