"""The economics of the crude books, each law by paired worlds that share all random streams.

What moves is the effect of one figure alone, so a few short worlds suffice where unpaired ones would need hundreds.
"""

from __future__ import annotations

import numpy as np
import pytest
from worlds import NO_ARBITRAGE, NO_TAPE, ONE_MONTH, VENUE_NAMES, impacts, library, run, scenario

from exchange.codes import Venue
from scenarios.moments import sc_moments

SAMPLES = range(3)
END, LATER = 0, 1
"""Rows of an impact as `worlds.impacts` gives it: the end of the ten-minute programme, four hours after its start."""


@pytest.fixture(scope="module")
def by_capital() -> dict[int, dict[Venue, np.ndarray]]:
    """Impacts of a programme at SC and at Brent by arbitrage capital, where nobody learns from another venue's tape."""
    found = {}
    for lots in (0, 1000, 10_000):
        loaded = scenario("base", ONE_MONTH | NO_TAPE | dict.fromkeys(NO_ARBITRAGE, lots))
        found[lots] = {venue: impacts(loaded, venue, SAMPLES) for venue in (Venue.SC, Venue.BRENT)}
    return found


def test_without_arbitrage_and_learning_a_push_stays_where_it_is(by_capital):
    alone = by_capital[0]
    assert (alone[Venue.SC][:, :, Venue.BRENT] == 0).all()
    assert (alone[Venue.BRENT][:, :, Venue.SC] == 0).all()
    assert (alone[Venue.SC][:, :, Venue.SC] > 20).all()
    assert (alone[Venue.BRENT][:, :, Venue.BRENT] > 15).all()


@pytest.mark.parametrize(("pushed", "moved"), [(Venue.SC, Venue.BRENT), (Venue.BRENT, Venue.SC)])
def test_a_push_reaches_the_other_venue_as_far_as_arbitrage_capital_goes(by_capital, pushed, moved):
    reached = {lots: found[pushed][:, LATER, moved].mean() for lots, found in by_capital.items()}
    own = {lots: found[pushed][:, LATER, pushed].mean() for lots, found in by_capital.items()}
    assert 0 == reached[0] <= reached[1000] + 1 < reached[10_000]
    assert reached[10_000] > 8
    assert own[10_000] < own[0]
    assert reached[10_000] == pytest.approx(own[10_000], abs=4)  # with capital enough there is one price


def test_a_programme_moves_its_own_venue_more_than_the_other_where_capital_is_short(by_capital):
    for pushed, moved in ((Venue.SC, Venue.BRENT), (Venue.BRENT, Venue.SC)):
        found = by_capital[1000][pushed]
        assert (found[:, LATER, pushed] > found[:, LATER, moved] + 5).all()


def test_learning_from_the_tape_carries_a_push_without_any_arbitrage():
    found = impacts(scenario("base", ONE_MONTH | NO_ARBITRAGE), Venue.BRENT, SAMPLES)
    assert (found[:, LATER, Venue.SC] > 5).all()


def test_a_push_decays_faster_the_more_traders_know_all_news():
    left = []
    for share in (0.0, 0.005, 0.02):
        figures = NO_TAPE | NO_ARBITRAGE | {f"traders.{venue}.anchored_share": share for venue in VENUE_NAMES}
        found = impacts(scenario("base", ONE_MONTH | figures), Venue.BRENT, SAMPLES)[:, :, Venue.BRENT].mean(
            axis=0
        )
        left.append(found[LATER] / found[END])
    assert left[0] > 0.7
    assert left[0] > left[1] + 0.1 > left[2] + 0.2
    assert left[2] < 0.2


@pytest.fixture(scope="module")
def moments() -> dict[str, list[dict[str, float]]]:
    """SC's moments over three days in the base and without some class of traders, in two replications."""
    figures = {
        "base": {},
        "no informed": {f"traders.{venue}.informed_per_s": 0.0 for venue in VENUE_NAMES},
        "no makers": {f"traders.{venue}.maker_looks_per_s": 0.0 for venue in VENUE_NAMES},
    }
    return {
        name: [sc_moments(run(scenario("base", ONE_MONTH | own), 3, replication=r)) for r in range(2)]
        for name, own in figures.items()
    }


def test_without_informed_traders_volatility_is_much_lower(moments):
    for base, without in zip(moments["base"], moments["no informed"], strict=True):
        assert without["quarter_hour_volatility_percent"] < 0.75 * base["quarter_hour_volatility_percent"]


def test_without_makers_spreads_are_wide_and_books_are_thin(moments):
    for base, without in zip(moments["base"], moments["no makers"], strict=True):
        assert without["spread_ticks"] > 2 * base["spread_ticks"]
        assert without["best_lots"] < 0.6 * base["best_lots"]


def test_without_a_night_session_sc_trades_less_and_the_others_go_on():
    loaded = library("night-session-off")
    volumes = []
    for changed in (False, True):
        days = run(loaded, 2, changed=changed).days()
        volumes.append(days.groupby("venue")["volume_lots"].sum())
    base, without = volumes
    assert without["SC"] < 0.6 * base["SC"]
    assert without["Brent"] > 0.8 * base["Brent"]
