"""Origin share: what its samples give, and how the share of SC's news follows from the model.

The headline estimator needs many worlds for a narrow interval; here the news part is read off pairs of worlds that
differ in SC's news alone, which four pairs of four days measure well (see worlds.NewsAt).
"""

from __future__ import annotations

import numpy as np
import pytest
from worlds import ONE_MONTH, NewsAt, library, news_at_sc, run, scenario

from exchange.codes import Venue
from scenarios.ensemble import run_jobs
from scenarios.structural.origin import GROUPS, OriginShare, collect, outcome, plan

pytestmark = pytest.mark.xdist_group("origin")  # its fixtures are long: one worker makes them once

CHINA = "traders.news.china_share"
NOISE = ("noise_limit_per_s", "noise_market_per_s")


@pytest.fixture(scope="module")
def measured() -> dict[int, OriginShare]:
    """Four samples of two days of the base scenario with one month, by horizon."""
    jobs = plan(scenario("base", ONE_MONTH), changed=False, seed=1, samples=4, horizon_days=2)
    assert len(jobs) == 48
    return collect(run_jobs(jobs, 1), seed=1)


def test_shares_of_a_run_have_the_parts_of_each_sample(measured):
    assert list(measured) == [1, 2]
    for horizon, found in measured.items():
        frame = found.to_frame()
        assert len(frame) == 18 and set(frame["horizon_days"]) == {horizon}
        by_venue = [found.share(venue) for venue in Venue]
        assert sum(s.value for s in by_venue) == pytest.approx(found.share().value)
        assert found.share().value + found.rest().value == pytest.approx(1.0)
        assert found.share(index="shapley").value == pytest.approx(1.0)
        assert found.samples == 4 and len(found.samples_frame()) == 24
        assert 0.01 < found.sd / horizon**0.5 < 0.05


def test_first_order_shares_add_up_to_no_more_than_one(measured):
    for found in measured.values():
        whole = found.share()
        assert whole.value - 2 * whole.standard_error <= 1.0


def test_total_shares_are_no_smaller_than_first_order_ones(measured):
    for part, venue, _ in GROUPS:
        first, total = (measured[2].share(venue, part, index) for index in ("first", "total"))
        assert total.value > first.value - 2 * np.hypot(first.standard_error, total.standard_error)


def test_more_samples_are_asked_for_as_the_square_of_the_precision(measured):
    found = measured[1]
    error = max(found.share(Venue.SC, part).standard_error for part in ("news", "flow", None))
    assert found.samples_needed(found.half_width()) == 4
    assert found.samples_needed(1.959964 * error / 3) in (36, 37)
    assert found.samples_needed(10.0) == 4


def test_samples_come_back_whatever_their_order_and_one_gives_no_share():
    jobs = plan(library("base"), changed=False, seed=1, samples=range(1, 3), horizon_days=1)
    results = {job.key: [4.0 + 0.01 * k] for k, job in enumerate(jobs)}
    again = dict(reversed(results.items()))
    a, b = (collect(r, seed=1)[1].to_frame() for r in (results, again))
    assert a.equals(b)
    assert collect({k: v for k, v in results.items() if k[1] == 1}, seed=1) == {}


def test_groups_are_the_news_and_the_flow_of_each_venue():
    assert [glob for _, _, glob in GROUPS] == [
        "news.*.sc", "news.*.oman", "news.*.brent", "flow.sc.*", "flow.oman.*", "flow.brent.*",
    ]  # fmt: skip


def test_an_outcome_is_the_common_price_at_each_close_and_moves_with_every_group():
    told = {"changed": False, "seed": 1, "sample": 0, "horizon_days": 1}
    base = outcome(library("base"), draws=[0] * 6, **told)
    assert len(base) == 1
    assert 4.0 < base[0] < 4.6
    moved = [outcome(library("base"), draws=[int(k == j) for j in range(6)], **told)[0] for k in range(6)]
    assert len({base[0], *moved}) == 7


def test_without_news_of_its_own_the_news_part_of_sc_is_exactly_nothing():
    loaded = scenario("base", {CHINA: 0.0})
    for options in ({}, {"with_gas": True}):
        base, resampled = (run(loaded, 2, draws=draws, **options) for draws in ({}, {"news.*.sc": 1}))
        assert resampled.state_hash() == base.state_hash()


def test_without_news_of_its_own_and_with_no_delay_the_news_part_is_still_nothing():
    no_delay = {"traders.cross_learning.sc_follows_brent": 1.0, "traders.cross_learning.sc_follows_oman": 0.0}
    loaded = scenario("base", {CHINA: 0.0} | no_delay)
    base, resampled = (run(loaded, 1, draws=draws) for draws in ({}, {"news.*.sc": 1}))
    assert resampled.state_hash() == base.state_hash()


@pytest.fixture(scope="module")
def china() -> dict[float, NewsAt]:
    """SC's news where China's news is two and four fifths of all news."""
    return {share: news_at_sc(scenario("base", ONE_MONTH | {CHINA: share})) for share in (0.4, 0.8)}


@pytest.fixture(scope="module")
def without_night() -> NewsAt:
    """SC's news without a night session, where China's news is two fifths of all news."""
    return news_at_sc(scenario("night-session-off", ONE_MONTH | {CHINA: 0.4}), changed=True)


def test_the_news_part_of_sc_rises_with_its_own_news(china):
    assert 0.05 < china[0.4].share < china[0.8].share - 0.05
    assert (china[0.8].entered > china[0.4].entered).all()


def test_the_news_part_is_not_simply_the_share_of_the_news(china):
    for nominal, found in china.items():
        assert found.entered.mean() < 0.75 * nominal  # much of it comes while SC is shut
        assert found.response + 2 * found.response_error < 1.1  # and the others answer to a part
        assert found.share < 0.6 * nominal


def test_a_venue_that_is_shut_more_hours_loses_share(china, without_night):
    assert without_night.entered.mean() < 0.8 * china[0.4].entered.mean()
    assert without_night.share < 0.8 * china[0.4].share


def test_twice_the_noise_at_sc_does_not_raise_the_news_part(china):
    own = library("base").scenario.traders.sc
    noise = {f"traders.sc.{key}": 2 * getattr(own, key) for key in NOISE}
    louder = news_at_sc(scenario("base", ONE_MONTH | {CHINA: 0.4} | noise))
    np.testing.assert_array_equal(louder.entered, china[0.4].entered)
    assert louder.share < 1.15 * china[0.4].share
