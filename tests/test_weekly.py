"""Weekly indices: the rule by hand, on schedule, seen only when published; those of the gas world from its cargoes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import gas_world

from agents.gas.shocks import DatedShock, EuropePull
from agents.gas.world import GasWorld
from exchange.units import TONNES_PER_M3_LNG
from exchange.weekly import Report, WeeklyIndex, WeeklyValue, quality

MONDAY = date(2024, 11, 4)


def index(lag_days: int = 3) -> WeeklyIndex:
    return WeeklyIndex("arrival", "CNY/t", lag_days)


def publish_until(one: WeeklyIndex, days: int) -> list[WeeklyValue]:
    found = [one.publish(MONDAY + timedelta(days=day)) for day in range(days)]
    return [value for value in found if value is not None]


def test_a_week_by_hand() -> None:
    """60 kt at 4,000 and 180 kt at 5,000: (60 x 4,000 + 180 x 5,000) / 240 = 4,750, on the Wednesday after."""
    one = index()
    one.report(Report(MONDAY, 4_000.0, 60_000.0, "qatar"))
    one.report(Report(MONDAY + timedelta(days=6), 5_000.0, 180_000.0, "australia"))
    one.report(Report(MONDAY + timedelta(days=7), 9_000.0, 60_000.0, "usa"))
    (value,) = publish_until(one, 11)
    assert value == WeeklyValue(
        date(2024, 11, 13), MONDAY, date(2024, 11, 10), 4_750.0, 240_000.0, 2, False, 0.75
    )


def test_nothing_is_published_before_the_first_report_and_a_gap_is_carried() -> None:
    one = index(lag_days=1)
    assert publish_until(one, 10) == []
    one.report(Report(date(2024, 11, 12), 4_000.0, 60_000.0, "qatar"))
    values = [one.publish(date(2024, 11, 14) + timedelta(days=day)) for day in range(13)]
    first, second = (value for value in values if value is not None)
    assert (first.value, first.carried, first.published) == (4_000.0, False, date(2024, 11, 18))
    assert (second.value, second.carried, second.reports, second.largest_share) == (4_000.0, True, 0, 0.0)
    found = quality(one.values)
    assert (found.values, found.trade_backed_share, found.reports_per_value, found.largest_share) == (
        2,
        0.5,
        0.5,
        1.0,
    )


REPORTS = st.lists(
    st.builds(
        Report, st.integers(0, 27).map(lambda day: MONDAY + timedelta(days=day)), st.floats(1.0, 1e5),
        st.floats(1.0, 1e6), st.sampled_from(["qatar", "usa"]),
    ),
    min_size=1, max_size=30,
)  # fmt: skip


@given(REPORTS, st.integers(1, 10))
def test_each_report_counts_once_in_its_own_week(reports: list[Report], lag_days: int) -> None:
    one = index(lag_days)
    for report in reports:
        one.report(report)
    values = publish_until(one, 28 + lag_days)
    for value in values:
        own = [report for report in reports if value.first <= report.day <= value.last]
        assert value.reports == len(own) and value.published == value.last + timedelta(days=lag_days)
        if own:
            prices, volumes = ([getattr(r, key) for r in own] for key in ("price", "volume_t"))
            assert value.value == pytest.approx(np.average(prices, weights=volumes))
            assert min(prices) * (1 - 1e-9) <= value.value <= max(prices) * (1 + 1e-9)
            assert 0.5 <= value.largest_share <= 1.0
    assert sum(value.reports for value in values) == len(reports)


def test_what_comes_late_or_is_no_report_is_refused() -> None:
    one = index()
    one.report(Report(MONDAY, 4_000.0, 60_000.0, "qatar"))
    publish_until(one, 11)
    for report in (Report(MONDAY, 4_000.0, 1.0, "usa"), Report(date(2024, 11, 14), 0.0, 1.0, "usa")):
        with pytest.raises(ValueError):
            one.report(report)
    with pytest.raises(ValueError, match="before it is over"):
        index(lag_days=0)
    with pytest.raises(ValueError, match="no value"):
        quality([])


def country(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the cargoes of all coasts, as customs count them."""
    return pd.concat([tables["lng_cargoes"], tables["lng_cargoes_rest"]])


def test_the_arrival_index_is_that_of_the_cargoes_and_is_seen_when_published() -> None:
    world = gas_world(1, 240)
    tables = world.tables()
    values = tables["gas_indices"].query("name == 'arrival'").set_index("last")
    cargoes = country(tables).dropna(subset="discharged")
    week = pd.Timestamp(2024, 12, 8)
    own = cargoes[
        cargoes.discharged.between(week - pd.Timedelta(days=6), week + pd.Timedelta(hours=23, minutes=59))
    ]
    volume = own.delivered_m3_liquid * TONNES_PER_M3_LNG
    expected = (own.price_usd_per_mmbtu * 51.7 * 7.13 * volume).sum() / volume.sum()
    assert values.value[week] == pytest.approx(expected)
    assert values.volume_t[week] == pytest.approx(volume.sum())
    # An agent on Tuesday knows the week before last.
    tuesday = date(2024, 12, 10)
    assert world.indices.arrival_cny_per_t.on(tuesday) == values.value[pd.Timestamp(2024, 12, 1)]
    assert world.indices.arrival_cny_per_t.on(tuesday + timedelta(days=1)) == values.value[week]
    found = quality(world.indices.arrival.values)
    assert (
        found.trade_backed_share == 1.0
        and 15 < found.reports_per_value < 25
        and 0.2 < found.largest_share < 0.7
    )


def test_the_arrival_index_lags_the_spot_market_and_moves_by_the_spot_share_of_it() -> None:
    """Spot cargoes arrive about 35 days after their deal, and eight in ten cargoes are not spot."""
    day = date(2025, 1, 6)
    pull = EuropePull(
        kind="europe_pull", ttf_usd_per_mmbtu=28.0, duration_days=90, start_day=0, source="a test"
    )
    calm, struck = gas_world(1, 240), gas_world(1, 240, [DatedShock(day, pull)])

    def values(world: GasWorld, name: str) -> pd.Series:
        frame = world.tables()["gas_indices"]
        return frame[frame["name"] == name].set_index("last").value

    def change(name: str) -> pd.Series:
        return np.log(values(struck, name) / values(calm, name))

    def jkm(world: GasWorld) -> pd.Series:
        return world.tables()["gas_days"].set_index("date").jkm_usd_per_mmbtu

    # The market, not the spot index: at twice the price China buys nothing, and the index stays at its last deals.
    arrival, spot = change("arrival"), np.log(jkm(struck) / jkm(calm))
    assert (arrival[: pd.Timestamp(2025, 1, 19)] == 0).all()
    later = slice(pd.Timestamp(2025, 2, 17), pd.Timestamp(2025, 3, 23))
    assert spot[later].mean() > 0.3
    assert arrival[later].mean() < 0.6 * spot[later].mean()


def test_the_spot_index_is_of_deals_only() -> None:
    tables = gas_world(1, 240).tables()
    spot = tables["gas_indices"].query("name == 'spot_des'")
    cargoes = country(tables)
    assert spot.reports.sum() <= cargoes.spot.sum() and spot.reports.sum() >= cargoes.spot.sum() - 4
    backed = spot[~spot.carried]
    prices = cargoes[cargoes.spot].price_usd_per_mmbtu
    assert backed.value.between(prices.min() - 1e-9, prices.max() + 1e-9).all()
