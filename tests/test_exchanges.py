"""Exchanges of SC for oil in tank before the expiry: by hand at the house, and between refiners and owners of oil."""

from __future__ import annotations

from datetime import date

import numpy as np
from houses import FIRM, house_of, trade
from populations import check_books
from worlds import events, library, run, scenario

from agents.clearing.private import Agreement, PhysicalSide, PrivateExchanges
from exchange.contracts import ContractMonth
from exchange.delivery import DeliveryRule
from exchange.warrants import WarrantRegistry
from scenarios.levers import RuleChange
from scenarios.tables import clearing_frames

MONTH, DAY = ContractMonth(2024, 12), date(2024, 11, 4)
YUAN = 100  # fen


def test_an_exchange_closes_both_sides_at_the_settlement_and_pays_for_the_oil_by_hand():
    # Long and short of 5 lots at 500.0 yuan, settled at 500.0. They exchange 3 lots for a warrant of Basrah light,
    # which is worth 5 yuan less a barrel, 0.40 yuan a barrel below that: half of what storage would have cost.
    house, registry = house_of([FIRM, FIRM]), WarrantRegistry(lambda base: 1_000_000)
    for account in (0, 1):
        house.deposit(account, 1_000_000 * YUAN)
    trade(house, 0, 1, 5_000, 5, fees=False)
    house.settle([5_000])
    warrant = registry.register(1, "Zhoushan", "basrah_light", 4)
    told, done = [], []

    def agreed(month, day, shorts_lots):
        told.append((month, day, shorts_lots))
        return [Agreement(0, 1, 3, warrant.number, 40)]

    side = PhysicalSide(registry, agreed, lambda month, each, received: done.append((month, received)))
    exchanges = PrivateExchanges(side)
    rule = DeliveryRule(fee_fen_per_lot=5_000, grade_fen_per_bbl={"basrah_light": -500})
    (fills,) = exchanges.close(house, MONTH, 0, 5_000, (4_500, 5_500), rule, DAY)
    assert told == [(MONTH, DAY, {1: 5})]
    assert house.held_lots[:, 0].tolist() == [[2, 0], [0, 2]] and fills["price"].tolist() == [5_000, 5_000]
    assert registry.lots_by_owner(2).tolist() == [3, 1] and done[0][1].lots == 3
    # 3 lots x 1,000 bbl x (500.0 - 5.0 - 0.4) = 1,483,800 yuan. The margin of the 2 lots left, 2 x 60,000, counts as
    # that of another month would not: the long has 1,000,000 and pays in the 483,800 that are missing.
    house.settle([5_000])  # the fees of delivery, 50 yuan a lot
    assert house.cash_fen.tolist() == [-150 * YUAN, (1_000_000 + 1_483_800 - 150) * YUAN]
    (row,) = exchanges.rows
    assert (row.lots, row.base, row.goods_fen) == (3, "Zhoushan", 1_483_800 * YUAN)
    house.check()
    assert house.total_fen == 0


def test_nobody_exchanges_without_a_physical_side():
    assert PrivateExchanges(None).close(house_of([FIRM]), MONTH, 0, 5_000, None, DeliveryRule(), DAY) == []


def _told(world):
    world.clearing.check_conservation()
    world.crude.check_conservation()
    check_books(world.population)
    return clearing_frames(world)["exchanges"]


def test_refiners_who_lack_oil_take_it_from_hedgers_before_the_expiry_and_not_after_the_last_day():
    days = 5  # from 26 February 2026: the strait is shut, and refiners buy SC
    world = run(library("hormuz-2026"), days, changed=True)
    exchanges, crude = _told(world), world.crude
    takers = [*crude.refiners.all.values(), crude.reexporter]
    assert exchanges["lots"].sum() == sum(taker.received_lots for taker in takers) > 500
    assert set(exchanges["month"]) == {"2604"} and set(exchanges["short"]) <= {"firm", "importer", "carry"}
    assert set(exchanges["long"]) <= {*crude.refiners.all, "reexporter"}
    # cheaper by half of the storage until 31 March, and dearer or cheaper by grade; never by more than a few yuan
    (series,) = [s for key, s in world.clearing._series.items() if str(key[1]) == "2604"]
    settled = {m.trading_day: m.settlement_ticks for m in world.clearing.months if m.month == "2604"}
    per_bbl = exchanges["goods_cny"] / exchanges["lots"] / 1_000
    gap = per_bbl - exchanges["trading_day"].map(settled) / 10
    assert series.month == ContractMonth(2026, 4) and gap.between(-15.0, 15.0).all() and gap.nunique() > 1

    never = run(scenario("hormuz-2026", {"crude.warrants.exchange_days_ahead": 0}), days, changed=True)
    assert _told(never).empty
    # until what was exchanged frees refiners to buy more, the two markets are one; warrants of the shorts are gone
    assert [day.figures for day in never.settlements[0][:2]] == [
        day.figures for day in world.settlements[0][:2]
    ]
    short = world.clearing.house.net_lots[series.place]
    assert np.minimum(short, 0).sum() > np.minimum(never.clearing.house.net_lots[series.place], 0).sum()

    ends = RuleChange(
        kind="rule_change", start_day=0, rules={"efp_ends_trading_days": 24}, source="assumption"
    )
    loaded = library("hormuz-2026")
    happens = (*loaded.scenario.shocks, *loaded.scenario.levers)
    assert len(_told(run(events(loaded, *happens), days, changed=True)))
    assert _told(run(events(loaded, *happens, ends), days, changed=True)).empty
