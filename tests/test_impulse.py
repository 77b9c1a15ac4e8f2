"""Impulse responses: one past and two futures, what is refused, and what the responses say."""

from __future__ import annotations

import dataclasses
from datetime import time

import numpy as np
import pandas as pd
import pytest
from worlds import ONE_MONTH, events, library, scenario

from agents.gas.shocks import LngSupplyOutage
from exchange.clock import ns
from scenarios.levers import BuyingProgramme, CrudeNews, NightSessionSuspension, OverseasAccess
from scenarios.replication import replicate
from scenarios.structural.impulse import fork_ns, impulse_response, strike_ns
from scenarios.tomlfile import BadInput

NEWS = CrudeNews(kind="crude_news", venue="sc", size_bps=80.0, minute=640, start_day=1, source="assumption")

BUYING = BuyingProgramme(
    kind="buying_programme", venue="sc", lots=10, start_minute=600, duration_minutes=5, start_day=0,
    source="assumption",
)  # fmt: skip
NO_NIGHT = NightSessionSuspension(
    kind="night_session_suspension", duration_trading_days=5, start_day=0, source="assumption"
)
OUTAGE = LngSupplyOutage(
    kind="lng_supply_outage",
    supplier="qatar",
    lost_share=1.0,
    duration_days=10,
    start_day=5,
    source="assumption",
)


def short(loaded, days: int = 3):
    """Cut the order flow of a scenario to some days."""
    period = loaded.scenario.period.model_copy(update={"trading_days": days})
    return dataclasses.replace(loaded, scenario=loaded.scenario.model_copy(update={"period": period}))


def responses(loaded, replication: int, **told) -> pd.DataFrame:
    told = {"arms": ("base", "changed"), "seed": 1, "fork_ns": fork_ns(loaded)} | told
    return replicate(loaded, replication=replication, **told)["changed"].frames["responses"]


@pytest.fixture(scope="module")
def after_news() -> pd.DataFrame:
    """Responses to 80 bps of news at SC in three replications."""
    loaded = short(events(scenario("base", ONE_MONTH), NEWS))
    return impulse_response([responses(loaded, k) for k in range(3)])


def at(table: pd.DataFrame, series: str, minutes: int, setter: str = "") -> float:
    own = table[
        (table["series"] == series) & (table["setter"] == setter) & (table["horizon_unit"] == "minutes")
    ]
    return float(own.loc[(own["horizon"] - minutes).abs().idxmin(), "mean"])


def test_news_is_in_the_price_of_its_venue_first_and_then_everywhere(after_news):
    assert at(after_news, "SC", 1) > at(after_news, "Brent", 1) + 5
    for venue in ("SC", "Oman", "Brent"):
        assert 35 < at(after_news, venue, 180) < 90
    whole = after_news[(after_news["series"] == "Oman") & (after_news["horizon"] <= 60)]
    assert whole["horizon"].is_monotonic_increasing and (whole["n"] == 3).all()
    assert (whole["low"] <= whole["mean"]).all() and (whole["mean"] <= whole["high"]).all()


def test_what_the_classes_carried_adds_up_to_the_response(after_news):
    setters = [name for name in after_news["setter"].unique() if name]
    assert len(setters) == 7
    for minutes in (10, 180):
        parts = sum(at(after_news, "SC", minutes, setter) for setter in setters)
        assert parts == pytest.approx(at(after_news, "SC", minutes), abs=3)
    assert at(after_news, "SC", 10, "informed") > 2


def test_gas_answers_to_no_crude_news_but_to_an_outage_day_by_day():
    loaded = short(library("lng-outage"), 1)
    gas = responses(loaded, 0)
    assert set(gas["horizon_unit"]) == {"days"} and "SC" not in set(gas["series"])
    price = gas[gas["series"] == "SHPGX LNG"].set_index("horizon")["response"]
    assert 0 < price.loc[0] < price.loc[20:50].mean()


ACCESS = OverseasAccess(
    kind="overseas_access",
    start_day=0,
    source="assumption",
    participation_multiple=2.0,
    band_bps=8.0,
    fx_haircut_percent=0,
)


@pytest.mark.parametrize(
    ("event", "moment"),
    [
        (NEWS, ("2024-11-05", time(10, 40))),
        (BUYING, ("2024-11-04", time(9, 59))),
        (NO_NIGHT, ("2024-11-01", time(20))),
        (ACCESS, ("2024-11-01", time(16))),
        (OUTAGE, ("2024-11-11", time(0))),
    ],
)
def test_an_event_strikes_when_it_can_first_make_a_difference(event, moment):
    day = pd.Timestamp(moment[0]).date()
    assert strike_ns(events(library("base"), event), event) == ns(day, moment[1])


def test_arms_that_parted_before_the_fork_are_found_out():
    loaded = short(events(library("base"), NEWS), 2)
    late = strike_ns(loaded, NEWS) + 3600 * 10**9
    with pytest.raises(RuntimeError, match="not in one state when they part"):
        replicate(loaded, arms=("base", "changed"), seed=1, replication=0, fork_ns=late)


def test_arms_that_parted_in_gas_are_found_out_too():
    loaded = short(library("lng-outage"), 1)
    late = fork_ns(loaded) + 60 * 86_400 * 10**9
    with pytest.raises(RuntimeError, match="not in one state when they part"):
        replicate(loaded, arms=("base", "changed"), seed=1, replication=0, fork_ns=late)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("tomorrow", "must be a day or a moment"),
        ("2030-01-01", "must be a moment of Shanghai's clock from 2024-08-01 to 2024-12-31"),
        ("2024-11-05T12:00", "the arms part earlier, when crude_news strikes at 2024-11-05T10:40"),
        ("2024-11-04T10:00+08:00", "without a zone"),
    ],
)
def test_a_fork_that_cannot_be_is_refused(asked, message):
    with pytest.raises(BadInput, match=message):
        fork_ns(events(library("base"), NEWS), asked)


def test_an_earlier_fork_only_counts_from_earlier():
    loaded = short(events(library("base"), NEWS), 2)
    early = fork_ns(loaded, "2024-11-05T10:00")
    assert early == fork_ns(loaded) - 40 * 60 * 10**9
    found = responses(loaded, 0, fork_ns=early)
    before = found[(found["horizon_unit"] == "minutes") & (found["horizon"] <= 30)]
    assert len(before) and (before["response"] == 0.0).all()


def test_intervals_are_those_of_the_mean_over_replications():
    frames = [
        pd.DataFrame(
            {
                "series": "SC",
                "setter": "",
                "unit": "bps",
                "horizon": 5,
                "horizon_unit": "minutes",
                "response": [x],
            }
        )
        for x in (1.0, 2.0, 6.0)
    ]
    row = impulse_response(frames).iloc[0]
    half = 4.302652729911275 * np.std([1, 2, 6], ddof=1) / 3**0.5
    assert (row["mean"], row["n"]) == (3.0, 3)
    assert row["low"] == pytest.approx(3 - half) and row["high"] == pytest.approx(3 + half)
