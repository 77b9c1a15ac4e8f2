"""Daily indices of LNG over places, their quality, plants inland, prices at parity: by hand and in the gas world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters, gas_world, streams

from agents.gas.importers import netback_usd_per_mmbtu
from agents.gas.plants import Plants, clearing_cny_per_t, local_t, output_t, outward_t
from exchange.parity import netback_des_usd_per_mmbtu, on_lorry_cny_per_t
from exchange.place_index import PlaceIndex
from exchange.quality import Contribution, by_month

MONDAY = date(2024, 11, 4)


@dataclass(frozen=True)
class Trade:
    place: str
    price_fen_per_t: int
    quantity_t: int


# --- the rule


def test_two_days_by_hand() -> None:
    """Monday: Ningbo 100 t at 4,600 and 300 t at 4,700, mean 4,675; Rudong 400 t at 4,500. Weights 400 and 400.

    (4,675 + 4,500) / 2 = 4,587.50. Tuesday: Rudong alone, 800 t at 4,400. Ningbo keeps 4,675; weights 400 and 1,200:
    (400 x 4,675 + 1,200 x 4,400) / 1,600 = 4,468.75, of which 3/4 of the weights traded. The plain mean of trades
    would have said 4,400.
    """
    index = PlaceIndex("by hand")
    first = index.publish(
        MONDAY,
        [Trade("ningbo", 460_000, 100), Trade("ningbo", 470_000, 300), Trade("rudong", 450_000, 400)],
    )
    second = index.publish(MONDAY + timedelta(days=1), [Trade("rudong", 440_000, 800)])
    assert first is not None and second is not None
    assert (first.value_fen_per_t, first.volume_t, first.trades, first.traded_weight) == (
        458_750,
        800,
        3,
        1.0,
    )
    assert (second.value_fen_per_t, second.trades, second.traded_weight) == (446_875, 1, 0.75)


def test_a_place_without_trade_drops_out_and_a_value_without_any_is_carried() -> None:
    index = PlaceIndex("stale", weight_days=30, stale_days=7)
    assert index.publish(MONDAY, []) is None
    index.publish(MONDAY + timedelta(days=1), [Trade("ningbo", 500_000, 100), Trade("rudong", 400_000, 100)])
    values = [
        index.publish(MONDAY + timedelta(days=1 + days), [Trade("rudong", 400_000, 100)]) for days in (7, 8)
    ]
    # Ningbo's price still counts seven days later, with 100 of 300 t; on the eighth day it is gone.
    assert [value.value_fen_per_t for value in values if value] == [433_333, 400_000]
    none = index.publish(MONDAY + timedelta(days=60), [])
    assert none is not None and none.carried and none.value_fen_per_t == 400_000 and none.traded_weight == 0.0
    with pytest.raises(ValueError, match="not after"):
        index.publish(MONDAY, [])
    with pytest.raises(ValueError, match="go stale"):
        PlaceIndex("x", weight_days=5, stale_days=6)


@given(
    st.lists(
        st.lists(
            st.builds(Trade, st.sampled_from("abc"), st.integers(1, 10**6), st.integers(1, 10**4)), max_size=5
        ),
        min_size=1,
        max_size=12,
    )
)
def test_a_value_lies_within_the_prices_behind_it(days: list[list[Trade]]) -> None:
    index = PlaceIndex("any", weight_days=4, stale_days=3)
    for at, trades in enumerate(days):
        value = index.publish(MONDAY + timedelta(days=at), trades)
        behind = [trade.price_fen_per_t for own in days[max(0, at - 3) : at + 1] for trade in own]
        assert (value is None) == (not any(days[: at + 1]))
        if value is not None and behind:
            assert min(behind) <= value.value_fen_per_t <= max(behind)
            assert 0.0 <= value.traded_weight <= 1.0
            assert value.carried == (not trades)


def test_the_quality_of_a_month_by_hand() -> None:
    """Three values, one carried; 60 t of one seller and 40 t of another to two buyers: HHI .36 + .16 = .52."""
    values = [(date(2024, 11, 4), False), (date(2024, 11, 5), False), (date(2024, 11, 6), True)]
    behind = [
        Contribution(date(2024, 11, 4), "a", "x", 60.0),
        Contribution(date(2024, 11, 5), "b", "y", 40.0),
        Contribution(date(2024, 12, 2), "b", "z", 900.0),
    ]
    november, december = by_month([*values, (date(2024, 12, 2), False)], behind)
    assert (november.period, november.values, november.days_without_trades, november.trades) == (
        "2024-11",
        3,
        1,
        2,
    )
    assert november.trade_backed_share == pytest.approx(2 / 3)
    assert (november.sellers, november.parties, november.largest, november.largest_share) == (2, 4, "a", 0.6)
    assert november.seller_hhi == pytest.approx(0.52)
    # One seller alone: the concentration is whole.
    assert (december.seller_hhi, december.largest, december.parties) == (1.0, "b", 2)
    (empty,) = by_month([(date(2024, 10, 8), True)], behind)
    assert (empty.trade_backed_share, empty.trades, empty.seller_hhi, empty.largest) == (0.0, 0, 0.0, "")


# --- parity


def test_jkm_on_the_lorry_inland_by_hand() -> None:
    """12 USD/MMBtu x 51.7 x 7.2 = 4,466.88; x 1.09 = 4,868.90; + .25 x 1,400 = 5,218.90; + 450 of haul = 5,668.90."""
    terms = {"vat": 0.09, "fee_cny_per_m3_gas": 0.25, "haul_cny_per_t": 450.0}
    assert on_lorry_cny_per_t(12.0, 7.2, **terms) == pytest.approx(5_668.8992, abs=1e-6)
    assert netback_des_usd_per_mmbtu(5_668.8992, 7.2, **terms) == pytest.approx(12.0)
    # Without tax, fee and haul the same lorry would seem to pay 5,668.90 / 51.7 / 7.2 = 15.23 USD/MMBtu.
    naive = netback_des_usd_per_mmbtu(5_668.8992, 7.2, vat=0.0, fee_cny_per_m3_gas=0.0)
    assert naive == pytest.approx(15.23, abs=0.01)


# --- plants


@pytest.mark.parametrize("delta_cny_per_t", [3_500.0, 4_600.0, 6_000.0])
def test_at_the_gate_lorries_want_what_plants_make(delta_cny_per_t: float) -> None:
    for own in base_parameters().plants.values():
        price = clearing_cny_per_t(own, delta_cny_per_t, 1.0)
        wanted = local_t(own, price) + outward_t(own, price, delta_cny_per_t)
        assert wanted == pytest.approx(output_t(own, price, 1.0), rel=2e-3)


def test_plants_follow_the_coast_up_when_haulage_pays_and_not_below_cost() -> None:
    own = base_parameters().plants["inner_mongolia"]

    def price(delta: float) -> float:
        return clearing_cny_per_t(own, delta, 1.0)

    low, lower = price(3_000.0), price(2_500.0)
    assert low == lower > own.cost_cny_per_t - 50  # nothing goes to the coast: the coast no longer matters
    assert outward_t(own, low, 3_000.0) == 0.0
    assert price(4_400.0) < price(4_700.0)
    assert price(4_700.0) <= 4_700.0 - own.haul_cny_per_t
    assert price(4_700.0) < clearing_cny_per_t(own, 4_700.0, 0.7)  # an outage makes gas dearer


def test_plants_draw_alike_whatever_the_price() -> None:
    first, second = (Plants(base_parameters().plants, streams(1)("gas.plants")) for _ in range(2))
    for plants in (first, second):
        plants.advance()
    first.trade(MONDAY, 1, 9_000.0)
    for plants in (first, second):
        plants.advance()
    assert first.trade(MONDAY, 3, 4_600.0) == second.trade(MONDAY, 3, 4_600.0)


# --- in the world


def test_the_daily_indices_are_those_of_the_trades_and_seen_from_their_publication() -> None:
    world = gas_world(3, 75)
    tables = world.tables()
    listings, indices = tables["listings"], tables["gas_indices"].set_index("published")
    delta = indices[indices["name"] == "ex_terminal_delta"]
    day = pd.Timestamp(2024, 9, 20)
    sold = listings.assign(day=listings.time.dt.normalize())
    # The rule once more, by frames: each terminal's last day of trade in seven, weighted by its tonnes of thirty days.
    recent = sold[(sold.day > day - pd.Timedelta(days=30)) & (sold.day <= day)]
    weights = recent.groupby("terminal").quantity_t.sum()
    last = recent[recent.day == recent.groupby("terminal").day.transform("max")]
    last = (
        last[last.day >= day - pd.Timedelta(days=7)].groupby("terminal")[["amount_fen", "quantity_t"]].sum()
    )
    prices = np.floor(last.amount_fen / last.quantity_t + 0.5)
    expected = (prices * weights[prices.index]).sum() / weights[prices.index].sum() / 100
    assert delta.value[day] == pytest.approx(expected, abs=0.006)
    assert world.indices.ex_terminal_cny_per_t.on(day.date()) == delta.value[day]
    # Before its publication an agent knows the value of the day before.
    known = [
        value for published, value in world.indices.ex_terminal_cny_per_t.items() if published < day.date()
    ]
    assert known[-1] == delta.value[day - pd.Timedelta(days=1)]


def test_inland_is_cheaper_than_the_coast_by_haulage_and_moves_with_it() -> None:
    tables = gas_world(3, 300).tables()
    indices = tables["gas_indices"]
    wide = indices.pivot(index="published", columns="name", values="value").dropna(subset="ex_plant_national")
    gap = wide.ex_terminal_delta - wide.ex_plant_national
    assert 150 < gap.mean() < 700
    assert np.corrcoef(wide.ex_terminal_delta, wide.ex_plant_national)[0, 1] > 0.7
    # An inland price is compared as if hauled to the delta, with part of 350 to 700 CNY/t of haul.
    inland = indices.query("name == 'ex_plant_national'").set_index("published")
    shpgx = base_parameters().shpgx
    unhauled = [netback_usd_per_mmbtu(value, 7.13, shpgx) for value in inland.value]
    jkm = tables["gas_days"].set_index("date").jkm_usd_per_mmbtu[inland.index]
    hauled_cny_per_t = (inland.over_jkm_usd_per_mmbtu + jkm - unhauled) * 1.09 * 51.7 * 7.13
    assert hauled_cny_per_t.between(250, 600).all()
    over = indices.query("name == 'spot_des' and not carried")
    # Spot deals are struck at JKM: brought to DES they lie on it; contracts on oil lie below in that autumn.
    assert over.over_jkm_usd_per_mmbtu.abs().mean() < 0.8
    assert indices.query("name == 'arrival'").over_jkm_usd_per_mmbtu.mean() < -1.0


def test_the_quality_table_counts_what_the_other_tables_hold() -> None:
    tables = gas_world(3, 75).tables()
    quality = tables["gas_index_quality"].set_index(["name", "period"])
    listings = tables["listings"]
    own = listings[listings.time.dt.strftime("%Y-%m") == "2024-09"]
    september = quality.loc[("shpgx_lng", "2024-09")]
    assert september.trades == len(own)
    shares = own.groupby("seller").quantity_t.sum() / own.quantity_t.sum()
    assert september.seller_hhi == pytest.approx((shares**2).sum())
    assert (september.largest, september.largest_share) == (shares.idxmax(), pytest.approx(shares.max()))
    assert september.parties == own.seller.nunique() + own.buyer.nunique()
    national = quality.loc[("ex_plant_national", "2024-09")]
    assert national.trades > september.trades and national.sellers == september.sellers + 5
    assert national.seller_hhi < september.seller_hhi
    spot = tables["gas_indices"].query("name == 'spot_des'")
    carried = spot.carried[spot["last"].dt.strftime("%Y-%m") == "2024-09"]
    assert quality.loc[("spot_des", "2024-09")].days_without_trades == carried.sum()
    assert quality.loc[("spot_des", "2024-09")].trade_backed_share == pytest.approx(1 - carried.mean())
