"""Terminal slots in the gas world: what one is worth, who uses it, whose gas is where, and what access changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, gas_world

from agents.gas.parameters import GasParameters
from agents.gas.sales_parameters import MechanismName, SlotBuyerParameters
from agents.gas.shocks import DatedShock, EuropePull, GasEvent, LngSupplyOutage, PortClosure, TerminalAccess
from agents.gas.slots import slot_value_cny_per_m3
from agents.gas.world import GasWorld
from exchange.units import GAS_M3_PER_TONNE_LNG, TONNES_PER_M3_LNG
from scenarios.spec import load_scenario
from scenarios.streams import Streams
from scenarios.tomlfile import BadInput
from scenarios.world import build

DAYS = 150


def cheap_spot(
    share: float = 0.1, mechanism: MechanismName = "listing", usd_per_mmbtu: float = 8.5, **changes: Any
) -> GasParameters:
    """Return the base figures with a JKM near a price at which spot pays on the lorry, and slots as told."""
    base = base_parameters()
    slots = base.shpgx.terminal_slots.model_copy(
        update={"open_share_of_capacity": {date(2018, 10, 24): share}, **changes}
    )
    shpgx = base.shpgx.model_copy(update={"terminal_slots": slots, "mechanism": mechanism})
    jkm = base.jkm.model_copy(
        update={
            "first_price_usd_per_mmbtu": usd_per_mmbtu,
            "oil_slope": 0.0001,
            "constant_usd_per_mmbtu": usd_per_mmbtu,
        }
    )
    return base.model_copy(update={"shpgx": shpgx, "jkm": jkm})


@cache
def opened() -> GasWorld:
    return gas_world(3, DAYS, parameters=cheap_spot())


@cache
def shut() -> GasWorld:
    return gas_world(3, DAYS, parameters=cheap_spot(0.0))


def sold(world: GasWorld) -> pd.DataFrame:
    slots = world.tables()["gas_slots"]
    return slots[slots.buyer.notna()] if len(slots) else slots


# --- what a slot is worth


def test_the_value_of_a_slot_by_hand() -> None:
    """8.9 USD/MMBtu x 51.7 x 7.13 = 3,280.73 CNY/t; x 1.09 = 3,575.99; (4,130 - that) / 1,400 = .3957; - .05."""
    value = slot_value_cny_per_m3(4_130.0, 8.9, 7.13, vat=0.09, margin_cny_per_m3=0.05)
    assert value == pytest.approx(0.34572, abs=1e-5)
    # At 10.5 USD/MMBtu spot is worth less on the lorry than it costs before any fee: no slot is worth having.
    assert slot_value_cny_per_m3(4_130.0, 10.5, 7.13, vat=0.09, margin_cny_per_m3=0.05) < 0.0


def test_slots_go_between_floor_and_ceiling_to_those_to_whom_they_are_worth_it() -> None:
    slots, all_offered = sold(opened()), opened().tables()["gas_slots"]
    assert len(slots) >= 3
    assert slots.fee_cny_per_m3.between(0.20, 0.32).all()
    assert (slots.slot_value_cny_per_m3 >= slots.fee_cny_per_m3).all()
    unsold = all_offered[all_offered.buyer.isna()]
    assert (unsold.bids == 0).all()
    # A cargo of about 100 million m3, as the first slot of 24 to 26 October 2018.
    assert ((slots.quantity_m3 > 95e6) & (slots.quantity_m3 < 110e6)).all()
    assert (slots["last"] - slots["first"] == pd.Timedelta(days=2)).all()


def test_a_slot_dearer_than_the_netback_is_not_bought() -> None:
    dear = gas_world(3, DAYS, parameters=cheap_spot(floor_cny_per_m3=0.9, ceiling_cny_per_m3=1.2))
    assert len(dear.tables()["gas_slots"]) > 5 and sold(dear).empty
    far = gas_world(3, DAYS, parameters=cheap_spot(usd_per_mmbtu=14.0))
    assert len(far.tables()["gas_slots"]) > 5 and sold(far).empty
    # Whoever only looks changes nothing.
    assert dear.state_integers() == shut().state_integers()


def test_without_access_no_slot_is_offered_and_nothing_changes_before_the_first_cargo_is_bid_for() -> None:
    assert shut().tables()["gas_slots"].empty
    before, after = shut().tables(), opened().tables()
    first = sold(opened()).day.min()
    early = before["gas_days"].date < first
    assert early.sum() > 0
    pd.testing.assert_frame_equal(before["gas_days"][early], after["gas_days"][early])
    for column in ("temperature_anomaly_degc",):
        assert (before["gas_days"][column] == after["gas_days"][column]).all()
    assert not before["gas_days"].equals(after["gas_days"])


def test_the_date_of_access_is_the_scenarios() -> None:
    late = date(2024, 10, 15)
    slots = base_parameters().shpgx.terminal_slots.model_copy(update={"open_share_of_capacity": {late: 0.1}})
    parameters = cheap_spot()
    shpgx = parameters.shpgx.model_copy(update={"terminal_slots": slots})
    table = gas_world(3, DAYS, parameters=parameters.model_copy(update={"shpgx": shpgx})).tables()[
        "gas_slots"
    ]
    assert len(table) and (table.day >= pd.Timestamp(late)).all()


def test_a_lever_opens_terminals_and_shuts_them() -> None:
    day = date(2024, 10, 8)

    def by(share: float, parameters: GasParameters) -> pd.DataFrame:
        event = TerminalAccess(kind="terminal_access", open_share=share, start_day=0, source="a test")
        return gas_world(3, 100, [DatedShock(day, event)], parameters=parameters).tables()["gas_slots"]

    assert (by(0.1, cheap_spot(0.0)).day >= pd.Timestamp(day)).all()
    assert (by(0.0, cheap_spot(0.1)).day < pd.Timestamp(day)).all()


def test_an_owner_that_needs_its_tanks_offers_no_slot() -> None:
    parameters = cheap_spot()
    full = parameters.importers.model_copy(update={"max_fill": 0.3})
    assert (
        gas_world(3, 60, parameters=parameters.model_copy(update={"importers": full}))
        .tables()["gas_slots"]
        .empty
    )


# --- cargoes, tanks and money


def test_who_wins_brings_a_cargo_to_that_terminal_and_pays_the_owner() -> None:
    slots, cargoes = sold(opened()), opened().tables()["lng_cargoes"].set_index("cargo")
    bought = slots.dropna(subset="cargo")
    own = cargoes.loc[bought.cargo.astype(int)]
    assert len(own) >= 3 and own.spot.all()
    assert (own.importer.to_numpy() == bought.buyer.to_numpy()).all()
    landed = own.discharged.notna().to_numpy()
    assert (own.terminal[landed].to_numpy() == bought.terminal[landed].to_numpy()).all()
    # It comes in its window, or as soon after as a ship from the supplier can.
    in_time = own.planned_arrival.to_numpy() < bought["last"].to_numpy() + np.timedelta64(1, "D")
    assert in_time.mean() > 0.6 and (own.planned_arrival.to_numpy() >= bought["first"].to_numpy()).all()
    used = slots[slots.landed.notna()]
    fee = used.fee_cny_per_m3 * used.quantity_m3 / 1e6
    assert np.allclose(used.fee_mn_cny, fee)
    tonnes = used.landed_m3_liquid * TONNES_PER_M3_LNG
    paid = used.des_usd_per_mmbtu * 51.7 * 7.13 * 1.09 * tonnes / 1e6
    assert np.allclose(used.profit_mn_cny, used.revenue_mn_cny - used.fee_mn_cny - paid)


def test_tenders_of_slots_count_in_the_window_like_any_other() -> None:
    windows = opened().tables()["jkm"].set_index("date")
    spot = opened().tables()["lng_cargoes"].query("spot")
    rest = opened().tables()["lng_cargoes_rest"].query("spot")
    bought = windows.chinese_bought_m3_liquid.sum()
    everywhere = spot.contract_m3_liquid.sum() + rest.contract_m3_liquid.sum()
    assert bought == everywhere
    assert set(spot.importer) & {"zhenhua_oil", "longkou_shengtong", "city_gas", "power"}


def test_a_slot_without_a_cargo_costs_its_buyer_the_deposit() -> None:
    """JKM leaps between the sale of a slot in the morning and the window in the afternoon: no cargo pays any more."""
    day = sold(opened()).day.iloc[0].date()
    leap = EuropePull(
        kind="europe_pull", ttf_usd_per_mmbtu=2_000.0, duration_days=40, start_day=0, source="a test"
    )
    world = gas_world(3, 60, [DatedShock(day, leap)], parameters=cheap_spot())
    idle = sold(world)
    assert len(idle) and idle.cargo.isna().all() and (idle.day == pd.Timestamp(day)).all()
    assert np.allclose(idle.forfeited_mn_cny, 0.2 * idle.fee_cny_per_m3 * idle.quantity_m3 / 1e6)
    assert (idle.profit_mn_cny == -idle.forfeited_mn_cny).all() and (idle.fee_mn_cny == 0.0).all()
    lost = world.market.members.forfeited_fen
    assert sum(lost.values()) / 1e8 == pytest.approx(idle.forfeited_mn_cny.sum())
    assert {name for name, fen in lost.items() if fen} == set(idle.buyer)
    cash = world.market.members.cash_fen
    assert sum(cash[owner] for owner in set(idle.owner)) == sum(lost.values())


def test_an_owner_does_not_touch_what_is_not_its_own() -> None:
    """A tank with a guest's gas and none of its own sends out nothing and lists nothing."""
    world = gas_world(1, 1)
    ningbo = world.terminals["ningbo"]
    ningbo.guest_m3 = ningbo.stock_m3 - ningbo.heel_m3 - ningbo.sold_m3
    assert ningbo.available_m3 == 0 and ningbo.boil_off_m3 == 0
    with pytest.raises(ValueError, match="cannot send out"):
        ningbo.send_out(1)
    with pytest.raises(ValueError, match="available"):
        ningbo.sell(1)
    ningbo.release(5)
    ningbo.sell(5)
    with pytest.raises(ValueError, match="third parties'"):
        ningbo.release(ningbo.guest_m3 + 1)


def agrees(world: GasWorld) -> None:
    """Hold the slots' table against listings, cargoes, members' accounts and tanks."""
    tables = world.tables()
    slots, trades, terminals = tables["gas_slots"], tables["listings"], tables["terminals"]
    assert sum(world.market.balances_fen()) == 0
    assert (terminals.stock_m3_liquid <= terminals.tank_m3_liquid).all()
    if slots.empty:
        return
    parts = ["lorries_m3_liquid", "piped_m3_liquid", "taken_over_m3_liquid", "left_m3_liquid"]
    assert (slots[parts].sum(axis=1) == slots.landed_m3_liquid).all() and (slots[parts] >= 0).all().all()
    guests = trades[trades.seller.isin(list(world.parameters.shpgx.terminal_slots.buyers))]
    parcels = world.market.guests.parcels
    assert guests.amount_fen.sum() == sum(parcel.lorries_fen for parcel in parcels)
    assert guests.quantity_t.sum() == pytest.approx(
        TONNES_PER_M3_LNG * slots.lorries_m3_liquid.sum(), abs=1 + len(guests)
    )
    for terminal in world.terminals.values():
        assert terminal.stock_m3 - terminal.guest_m3 - terminal.sold_m3 >= 0
    landed = slots[slots.landed.notna()]
    cargoes = tables["lng_cargoes"].set_index("cargo").loc[landed.cargo.astype(int)]
    assert (cargoes.delivered_m3_liquid.to_numpy() == landed.landed_m3_liquid.to_numpy()).all()


def test_the_tables_agree() -> None:
    agrees(opened())
    slots = sold(opened())
    assert slots.lorries_m3_liquid.sum() > 0 and slots.piped_m3_liquid.sum() > 0
    old = slots[slots.landed < pd.Timestamp(START + timedelta(days=DAYS - 31))]
    assert len(old) and (old.left_m3_liquid == 0).all()


EVENTS: st.SearchStrategy[GasEvent] = st.one_of(
    st.builds(
        PortClosure, kind=st.just("port_closure"), duration_days=st.integers(1, 40), source=st.just("a test"),
        terminals=st.just(tuple(base_parameters().terminals)), start_day=st.just(0),
    ),
    st.builds(
        LngSupplyOutage, kind=st.just("lng_supply_outage"), supplier=st.sampled_from(["qatar", "australia", "others"]),
        lost_share=st.just(1.0), duration_days=st.integers(20, 60), source=st.just("a test"), start_day=st.just(0),
    ),
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    share=st.floats(0.0, 1.0),
    mechanism=st.sampled_from(["listing", "uplift", "book", "tender_one_price", "presale"]),
    deposit=st.sampled_from([0, 20]),
    holding=st.integers(1, 40),
    piped=st.floats(0.0, 1.0),
    shocks=st.lists(st.tuples(st.integers(5, 70), EVENTS), max_size=2),
)
def test_gas_and_money_are_conserved_whatever_is_open(
    seed: int,
    share: float,
    mechanism: MechanismName,
    deposit: int,
    holding: int,
    piped: float,
    shocks: Sequence[tuple[int, GasEvent]],
) -> None:
    """The world's books are checked in `gas_world`; the tables here."""
    buyers = {
        name: SlotBuyerParameters(piped_share=piped, source="a test") for name in ("one", "two", "three")
    }
    parameters = cheap_spot(
        share, mechanism, 7.0, deposit_percent=deposit, holding_days=holding, buyers=buyers, most_slots=4
    )
    dated = [DatedShock(START + timedelta(days=day), event) for day, event in shocks]
    agrees(gas_world(seed, 100, dated, parameters=parameters))


# --- what is known when


def test_nobody_acts_on_an_index_before_it_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    from agents.gas.published import PublishedPrices

    asked: list[tuple[int, date, float]] = []
    envs: list[Any] = []
    told = PublishedPrices.ex_terminal_cny_per_t

    def spy(self: PublishedPrices, day: date) -> float:
        value = told(self, day)
        asked.append((int(envs[0].now) if envs else -1, day, value))
        return value

    begun = GasWorld._live

    def live(self: GasWorld, start: date) -> Any:
        envs.append(self.env)
        return begun(self, start)

    monkeypatch.setattr(PublishedPrices, "ex_terminal_cny_per_t", spy)
    monkeypatch.setattr(GasWorld, "_live", live)
    world = gas_world(3, 60, parameters=cheap_spot())
    published = dict(world.indices.ex_terminal_cny_per_t.items())
    hours: set[int] = set()
    for now_ns, day, value in asked:
        hour = (now_ns // 3_600_000_000_000) % 24
        known = [own for at, own in published.items() if at < day or (at == day and hour >= 16)]
        if known:
            assert value == known[-1]
        hours.add(hour)
    assert hours == {10, 16}  # sessions and auctions before, tenders and storage after the publication


def frozen_from(day: date, monkeypatch: pytest.MonkeyPatch) -> GasWorld:
    """Run a world in which the ex-terminal index is published no more from a day on."""
    from agents.prices import PriceHistory

    publish = PriceHistory.publish

    def held(self: PriceHistory, at: date, value: float) -> None:
        if self.name != "ex_terminal_cny_per_t" or at < day:
            publish(self, at, value)

    with monkeypatch.context() as patch:
        patch.setattr(PriceHistory, "publish", held)
        return gas_world(3, 40)


def test_a_publication_that_fails_is_missed_the_trading_day_after(monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2024, 8, 21)  # a Wednesday
    plain, frozen = gas_world(3, 40), frozen_from(day, monkeypatch)

    def inland(world: GasWorld) -> pd.Series:
        indices = world.tables()["gas_indices"]
        return indices[indices.name == "ex_plant_national"].set_index("published").value

    before, after = inland(plain), inland(frozen)
    known = before.index <= pd.Timestamp(day)
    assert (before[known] == after[known]).all()
    assert (before[~known] != after[~known]).any()
    # Plants price by the index of the day before, so the first price that can differ is the next trading day's.
    changed = before.index[(before != after)]
    assert changed.min() == pd.Timestamp(day) + pd.Timedelta(days=1)


def test_plants_follow_the_terminals_and_not_what_has_not_been_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = gas_world(3, 60)
    asked: list[tuple[date, float]] = []
    trade = world.plants.trade

    def spy(day: date, days: int, delta: float) -> Any:
        asked.append((day, delta))
        return trade(day, days, delta)

    monkeypatch.setattr(world.plants, "trade", spy)
    world.env.run(until=int(world.env.now) + 30 * 86_400_000_000_000)
    history = world.indices.ex_terminal_cny_per_t.items()
    assert len(asked) > 10
    for day, value in asked:
        assert value == [own for at, own in history if at < day][-1]


# --- in a scenario


def test_the_scenario_asks_what_access_would_change() -> None:
    """More gas lands in spring and SHPGX is cheaper then; with little open a few slots are sold, as recorded."""
    loaded = load_scenario("third-party-access")
    prices, landed, counts = [], [], []
    for seed in (1, 2):
        arms = []
        for changed in (False, True):
            world = build(loaded, Streams(seed), changed=changed)
            world.run()
            assert world.gas is not None
            world.gas.check_conservation()
            tables = world.gas.tables()
            spring = tables["gas_days"].set_index("date")["2024-04-01":"2024-05-31"]
            slots = tables["gas_slots"]
            year = slots[slots.day >= "2024-01-02"]
            arms.append(
                (
                    spring.shpgx_lng_cny_per_t.mean(),
                    slots.landed_m3_liquid.sum() * 622 / GAS_M3_PER_TONNE_LNG / 1e6,
                    int(year.buyer.notna().sum()),
                )
            )
        prices.append(arms[1][0] - arms[0][0])
        landed.append(arms[1][1] - arms[0][1])
        counts.append((arms[0][2], arms[1][2]))
    assert min(landed) > 0.2
    assert max(prices) < -80
    few, many = np.sum(counts, axis=0)
    assert few <= 12 and many > 2 * few


def test_bad_figures_of_slots_are_refused() -> None:
    key = "gas.shpgx.terminal_slots"
    for setting, said in (
        (f"{key}.floor_cny_per_m3=0.5", "must not be above ceiling_cny_per_m3"),
        (f"{key}.lead_days=50", "must be below notice_days"),
        (f"{key}.deposit_percent=30", "20"),
        (f"{key}.open_share=0.1", "open_share_of_capacity"),
    ):
        with pytest.raises(BadInput, match=said):
            load_scenario("base", [setting])
    raw = base_parameters().model_dump()
    raw["shpgx"]["terminal_slots"]["buyers"]["cnooc"] = {"piped_share": 0.1, "source": "a test"}
    with pytest.raises(ValueError, match="'cnooc' is an importer"):
        GasParameters.model_validate(raw)


def test_a_slot_is_data_and_keeps_its_words() -> None:
    (first, *_) = opened().products.slots.offered
    assert dataclasses.is_dataclass(first) and first.slot.terminal in base_parameters().terminals
