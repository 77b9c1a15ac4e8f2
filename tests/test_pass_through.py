"""Pass-through: what the impacts of pushes say, worked out by hand, and when they are read."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import library, scenario

from exchange.codes import Venue
from scenarios.results import ratio
from scenarios.structural.pass_through import (
    PUSHES,
    Impacts,
    collect,
    horizons_minutes,
    impact_bps,
    paths,
    plan,
)

SHARES = {Venue.SC: 0.25, Venue.OMAN: 0.15, Venue.BRENT: 0.6}


def impacts(samples: int = 3) -> Impacts:
    """Impacts that tell their push, horizon and venue: sample + 100 push + 10 horizon + venue."""
    s, p, h, v = np.indices((samples, 6, 2, 3))
    return Impacts((s + 100 * p + 10 * h + v).astype(float), (1, 240))


def test_an_impact_is_that_of_its_push_horizon_and_venue():
    found = impacts()
    assert PUSHES[4] == ("news", Venue.OMAN)
    assert found.at("news", Venue.OMAN, Venue.BRENT, 240) == [412.0, 413.0, 414.0]
    frame = found.to_frame()
    row = frame[(frame["kind"] == "flow") & (frame["pushed"] == "Brent") & (frame["moved"] == "Oman")]
    assert row.loc[row["horizon_minutes"] == 1, "impact_bps"].tolist() == [201.0, 202.0, 203.0]
    told = found.summary().set_index(["kind", "pushed", "moved", "horizon_minutes"])
    assert told.loc[("flow", "Brent", "Oman", 1), "mean_bps"] == 202.0
    half = 4.302652729911275 / 3**0.5
    assert told.loc[("flow", "Brent", "Oman", 1), "high"] == pytest.approx(202 + half)


def test_speed_is_the_ratio_of_what_is_there_at_once_as_a_part_of_what_comes():
    # SC answers to each piece of news with 8 of its 10 bps in the first minute, Brent with 5 of its 20: .8 / .25 = 3.2.
    bps = np.zeros((4, 6, 2, 3))
    bps[:, 3:, 0, Venue.SC], bps[:, 3:, 1, Venue.SC] = 8.0, 10.0
    bps[:, 3:, 0, Venue.BRENT], bps[:, 3:, 1, Venue.BRENT] = 5.0, 20.0
    found = Impacts(bps, (1, 240)).speed(Venue.SC, Venue.BRENT, SHARES, 240)
    assert found.value == pytest.approx(3.2) and found.low == pytest.approx(3.2)
    # News at Brent alone decides where it is all the news.
    bps[:, 3, 0, Venue.SC] = 1000.0
    only = Impacts(bps, (1, 240)).speed(Venue.SC, Venue.BRENT, {Venue.BRENT: 1.0}, 240)
    assert only.value == pytest.approx(3.2)


def test_a_ratio_of_means_has_a_jackknife_interval():
    above, below = [2.0, 4.0, 9.0], [1.0, 2.0, 3.0]
    found = ratio([above], [below], "ratio")
    left_out = np.array([13 / 5, 11 / 4, 6 / 3])
    error = np.sqrt(2 / 3 * ((left_out - left_out.mean()) ** 2).sum())
    assert found.value == 2.5 and found.n == 3
    assert found.high == pytest.approx(2.5 + 4.302652729911275 * error)
    assert ratio([[3.0]], [[2.0]], "ratio").low is None


def test_horizons_reach_from_a_minute_over_the_headline_to_the_closes_of_later_days():
    assert horizons_minutes(library("base")) == (1, 5, 10, 30, 240, 1440 + 265)
    weekend = scenario(
        "base", {"period.first_trading_day": "2024-11-08"}
    )  # a Friday: the next close is Monday's
    assert horizons_minutes(weekend)[-1] == 3 * 1440 + 265
    one_day = scenario("base", {"measurement.pass_through_days": 1})
    assert horizons_minutes(one_day)[-1] == 240


def test_news_moves_its_venue_at_once_and_a_push_is_compared_with_its_twin():
    loaded = scenario("base", {"measurement.pass_through_days": 1})
    told = {"changed": False, "seed": 1, "sample": 0}
    twin, moved = (paths(loaded, push=push, **told) for push in (None, ("news", Venue.BRENT)))
    bps = impact_bps(moved, twin)
    assert bps[0][Venue.BRENT] > 10 and bps[-1][Venue.SC] > 20
    assert impact_bps(twin, paths(loaded, push=None, **told)) == [[0.0] * 3] * len(twin)


def test_results_are_collected_by_push_and_sample():
    loaded = scenario("base", {"measurement.pass_through_days": 1})
    jobs = plan(loaded, changed=False, seed=1, samples=2)
    assert len(jobs) == 14
    horizons = len(horizons_minutes(loaded))
    results = {job.key: [[0.01 * (job.key[-1] + 1)] * 3] * horizons for job in jobs}
    found = collect(dict(reversed(results.items())), loaded)
    assert found is not None and found.bps.shape == (2, 6, horizons, 3)
    np.testing.assert_allclose(found.bps[0, :, 0, 0], [100, 200, 300, 400, 500, 600], rtol=1e-6)
    assert collect({}, loaded) is None
