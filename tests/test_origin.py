"""Origin share: its estimator against known functions, and how the share of SC's news follows from the model.

The headline estimator needs many worlds for a narrow interval; here the news part is read off pairs of worlds that
differ in SC's news alone, which four pairs of four days measure well (see worlds.NewsAt).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from worlds import NewsAt, library, news_at_sc, run, scenario

from scenarios.structural.origin import GROUPS, designs, first_order, origin_share, outcome

CHINA = "traders.news.china_share"
NOISE = ("noise_limit_per_s", "noise_market_per_s")


def outcomes(function, samples: int, groups: int, seed: int = 0) -> np.ndarray:
    """Return a function's values over the designs, with standard normal draws of each group."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(samples):
        draws = rng.standard_normal((2, groups))
        values.append([function(draws[list(run), range(groups)]) for run in designs(groups)])
    return np.array(values)


def test_designs_change_one_group_at_a_time_and_end_at_their_complements():
    runs = designs(6)
    assert len(runs) == 12
    chain = [*runs[:7], *runs[7:], runs[0]]
    assert all(sum(a != b for a, b in itertools.pairwise(runs[:7])) for _ in (0,))
    assert [sum(a != b for a, b in zip(x, y, strict=True)) for x, y in itertools.pairwise(chain)] == [
        1
    ] * 6 + [1] * 6
    assert len(set(runs)) == 12


def test_shares_of_a_sum_are_those_of_its_variances():
    weights = np.array([1.0, 0.5, 2.0, 0.0, 0.0, 1.0])
    share = origin_share(outcomes(lambda x: weights @ x, 4000, 6))
    np.testing.assert_allclose(share.share, weights**2 / (weights**2).sum(), atol=0.03)
    assert share.sd == pytest.approx(2.5, rel=0.03)
    assert abs(share.rest) < 0.05


def test_an_interaction_is_left_to_the_rest():
    share = origin_share(outcomes(lambda x: x[0] + x[1] * x[2], 6000, 3))
    np.testing.assert_allclose(share.share, [0.5, 0.0, 0.0], atol=0.05)
    assert share.rest == pytest.approx(0.5, abs=0.06)


def test_a_group_that_moves_nothing_has_a_share_of_exactly_nothing():
    share = origin_share(outcomes(lambda x: x[0] + 0.0 * x[1], 5, 2))
    assert share.share[1] == share.low[1] == share.high[1] == 0.0


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    weights = np.array([1.0, 0.7, 0.4])
    truth = weights**2 / (weights**2).sum()
    held = 0
    for seed in range(200):
        share = origin_share(outcomes(lambda x: weights @ x, 30, 3, seed))
        held += int(((np.array(share.low) <= truth) & (truth <= np.array(share.high))).sum())
    assert 0.88 < held / 600 < 0.99


@pytest.mark.parametrize(("shape", "message"), [((1, 12), "two samples"), ((3, 5), "not twice")])
def test_outcomes_that_give_no_share_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        origin_share(np.ones(shape))


def test_parts_add_up_to_the_variance_of_a_sum():
    parts, total = first_order(outcomes(lambda x: x.sum(), 50_000, 2))
    assert parts.sum(axis=1).mean() == pytest.approx(total.mean(), rel=0.02)


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
    return {share: news_at_sc(scenario("base", {CHINA: share})) for share in (0.4, 0.8)}


@pytest.fixture(scope="module")
def without_night() -> NewsAt:
    """SC's news without a night session, where China's news is two fifths of all news."""
    return news_at_sc(scenario("night-session-off", {CHINA: 0.4}), changed=True)


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
    louder = news_at_sc(scenario("base", {CHINA: 0.4} | noise))
    np.testing.assert_array_equal(louder.entered, china[0.4].entered)
    assert louder.share < 1.15 * china[0.4].share
