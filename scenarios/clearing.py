"""How a world's clearing is put together: its house, the levers that change its choices, and its oil.

It clears nothing itself (agents/clearing/); oil is the crude world's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.clearing.expiry import Expiries
from agents.clearing.market import MarketClearing
from agents.clearing.parameters import EarlyWarning, after_third
from agents.clearing.private import Agreement, PhysicalSide
from agents.crude.expiry import Passed
from agents.crude.parameters import COMMERCIAL
from agents.traders.market import FastMarket
from agents.traders.state import ACCOUNTS
from exchange.clearing.ladder import AfterThird
from exchange.clearing.rules import Array
from exchange.clearing.warning import WarningRule
from exchange.clock import day_of
from exchange.codes import Venue
from exchange.contracts import ContractMonth
from exchange.delivery import Match
from exchange.units import FEN_PER_CNY
from exchange.warrants import Warrant
from scenarios.levers import EarlyWarningControl, LockedDaysPolicy
from scenarios.rulebooks import product_rulebook

if TYPE_CHECKING:
    from scenarios.world import World


def market_clearing(world: World, market: FastMarket, events: Sequence[tuple[date, Any]]) -> MarketClearing:
    """Return the clearing house of INE's products, with the choices that levers change from their days on."""
    loaded, fx = world.loaded, world.prices["fx"]
    told = loaded.scenario.clearing
    products = {"sc": world.rulebooks[Venue.SC]}
    if "lu" in market.population.curves:
        products["lu"] = product_rulebook("lu", events)

    def warning_on(day: date) -> WarningRule:
        table = told.warning
        for since, event in events:
            if isinstance(event, EarlyWarningControl) and since <= day:
                sizes = event.model_dump(exclude={"source", "kind", "start_day"}, exclude_none=True)
                calm = {
                    key.replace("warns_from", "calm_below"): value / 2
                    for key, value in sizes.items()
                    if key.endswith("warns_from")
                }
                told_now = table.model_dump() | {"enabled": True} | sizes | calm
                table = EarlyWarning.model_validate(told_now)
        return table.rule()

    def third_day_on(day: date) -> AfterThird:
        choices = [told.after_third_locked_day]
        choices += [e.choice for since, e in events if isinstance(e, LockedDaysPolicy) and since <= day]
        return after_third(choices[-1])

    return MarketClearing(
        world.env,
        market,
        told,
        products,
        loaded.calendar,
        fx=lambda day: fx.on(loaded.calendar.previous(day)),  # the day's own fixing comes later
        rng=world.streams.generator,
        warning_on=warning_on,
        third_day_on=third_day_on,
        expiries=_expiries(world, market),
        physical=_physical(world) if "sc" in market.population.curves else None,
    )


def _physical(world: World) -> PhysicalSide:
    """Return the seam by which accounts of the crude world exchange SC for oil; the two share what they save."""
    crude = world.crude
    names = {number: name for name, number in crude.numbers.items()}

    def agreed(month: ContractMonth, day: date, shorts_lots: Mapping[int, int]) -> list[Agreement]:
        pairs, saved_cny_per_bbl = crude.exchangeable(month, day, shorts_lots)
        off_fen_per_bbl = round(saved_cny_per_bbl / 2 * FEN_PER_CNY)
        return [
            Agreement(
                crude.numbers[p.buyer], crude.registry[p.warrant].owner, p.lots, p.warrant, off_fen_per_bbl
            )
            for p in pairs
            if p.warrant is not None
        ]

    def done(month: ContractMonth, each: Agreement, received: Warrant) -> None:
        passed = Passed(
            names.get(each.short, COMMERCIAL),
            names[each.long],
            received.base,
            received.grade,
            each.lots,
            received.number,
        )
        crude.exchange(month, passed, each.off_fen_per_bbl / FEN_PER_CNY)

    return PhysicalSide(crude.registry, agreed, done)


def _expiries(world: World, market: FastMarket) -> Expiries:
    """Return SC's delivery: in kind, with the warrants of the crude world, where months trade apart."""
    if "sc" not in market.population.curves:
        return Expiries()

    def cargo_lots(accounts: int) -> Array:
        lots = np.zeros(accounts, np.int64)
        for account, own in world.crude.cargo_lots().items():
            lots[account] = own
        return lots

    return Expiries(
        world.crude.registry,
        delivered=partial(_delivered, world),
        cargo_lots=cargo_lots,
        cover=world.crude.commercial.register,
        shorts=world.loaded.scenario.clearing.shorts,
    )


def _delivered(world: World, month: ContractMonth, matches: Sequence[Match]) -> None:
    """Let the crude world move the oil of the warrants that the exchange has passed, and close what has not come."""
    assert world.clearing is not None
    spec = world.rulebooks[Venue.SC].on(day_of(int(world.env.now)))
    names = {number: name for name, number in world.crude.numbers.items()}
    passed = [
        Passed(
            names.get(m.seller, COMMERCIAL),
            names.get(m.buyer, COMMERCIAL),
            m.base,
            m.grade,
            m.lots,
            m.warrant,
        )
        for m in matches
    ]
    price = spec.to_price(world.clearing.expiries.settlement_ticks("sc", month))
    world.crude.expire(month, price, passed)
    world.crude.commercial.release(set(range(ACCOUNTS)) - set(names))
