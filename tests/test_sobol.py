"""Variance shares by resampling: against functions whose shares are known, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scenarios.structural.sobol import designs, difference, parts, share

ISHIGAMI = {
    "first": (0.3139, 0.4424, 0.0),
    "total": (0.5576, 0.4424, 0.2437),
    "shapley": (0.4357, 0.4424, 0.1218),
}
"""a = 7, b = 0.1: V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2, V1 = (1 + b pi^4/5)^2 / 2, V2 = a^2/8,
V13 = b^2 pi^8 (1/18 - 1/50); the Shapley value halves V13. Source: Ishigami and Homma (1990)."""


def outcomes(function, samples: int, groups: int, seed: int = 0, draw=None):
    """Return a function's values over the designs in random orders, standard normal draws if not told otherwise."""
    rng = np.random.default_rng(seed)
    orders = np.array([rng.permutation(groups) for _ in range(samples)])
    values = []
    for order in orders:
        draws = rng.standard_normal((2, groups)) if draw is None else draw(rng, (2, groups))
        values.append([function(draws[list(run), range(groups)]) for run in designs(order)])
    return np.array(values), orders


def estimates(index: str, values, orders) -> np.ndarray:
    found = parts(values, orders)
    part = found.of(index)
    return np.array([share(part[:, k], found.variance).value for k in range(part.shape[1])])


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (3, 0, 5, 1, 4, 2)])
def test_a_design_goes_round_and_changes_one_group_at_a_time_in_its_order(order):
    runs = designs(order)
    assert len(set(runs)) == 12 and runs[0] == (0,) * 6 and runs[6] == (1,) * 6
    changed = [
        next(k for k in range(6) if a[k] != b[k])
        for a, b in itertools.pairwise([*runs, runs[0]])
        if sum(x != y for x, y in zip(a, b, strict=True)) == 1
    ]
    assert changed == [*order, *order]
    assert all(tuple(1 - draw for draw in runs[k]) == runs[k + 6] for k in range(6))


def test_a_sample_worked_out_by_hand():
    # f(x, y) = x y with A = (1, 2), B = (3, 5), y changing first: f runs over (1,2) (1,5) (3,5) (3,2) = 2, 5, 15, 6.
    # D = 2 - 15 = -13 and 5 - 6 = -1: variance = (169 + 1) / 4 = 42.5.
    # y: F = 2 - 5 = -3, B = 15 - 6 = 9; x: F = 5 - 15 = -10, B = 6 - 2 = 4.
    # first: y 27 / 2, x 40 / 2; total: y (9 + 81) / 4, x (100 + 16) / 4.
    # Shapley, pairs D_0 and D_1: y changes before pair 1, so its sign there is -1; x has + twice:
    # y: (-3 - 9) / 4 x (-13 + 1) / 2 = 18, x: (-10 - 4) / 4 x (-13 - 1) / 2 = 24.5; they add up to 42.5.
    values = np.array([[2.0, 5.0, 15.0, 6.0]])
    found = parts(values, np.array([[1, 0]]))
    assert found.variance.tolist() == [42.5]
    assert found.first.tolist() == [[20.0, 13.5]]
    assert found.total.tolist() == [[29.0, 22.5]]
    assert found.shapley.tolist() == [[24.5, 18.0]]


@pytest.mark.parametrize("index", ["first", "total", "shapley"])
def test_shares_of_the_ishigami_function(index):
    def ishigami(x):
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    found = outcomes(ishigami, 20_000, 3, draw=lambda rng, shape: rng.uniform(-np.pi, np.pi, shape))
    np.testing.assert_allclose(estimates(index, *found), ISHIGAMI[index], atol=0.012)


@pytest.mark.parametrize("index", ["first", "total", "shapley"])
def test_all_indices_of_a_sum_are_the_shares_of_its_variances(index):
    weights = np.array([1.0, 0.5, 2.0, 0.0, 0.0, 1.0])
    found = estimates(index, *outcomes(lambda x: weights @ x, 4000, 6))
    np.testing.assert_allclose(found, weights**2 / (weights**2).sum(), atol=0.03)


def test_an_interaction_is_in_no_first_order_share_and_in_every_total_one():
    found = outcomes(lambda x: x[0] + x[1] * x[2], 20_000, 3)
    np.testing.assert_allclose(estimates("first", *found), [0.5, 0.0, 0.0], atol=0.03)
    np.testing.assert_allclose(estimates("total", *found), [0.5, 0.5, 0.5], atol=0.03)
    np.testing.assert_allclose(estimates("shapley", *found), [0.5, 0.25, 0.25], atol=0.03)


def test_shapley_values_add_up_to_one_in_every_sample():
    values, orders = outcomes(lambda x: np.exp(x[0] * x[1]) + x[2], 50, 4)
    found = parts(values, orders)
    np.testing.assert_allclose(found.shapley.sum(axis=1), found.variance)


def test_a_group_that_moves_nothing_has_shares_of_exactly_nothing():
    found = parts(*outcomes(lambda x: x[0] + 0.0 * x[1], 5, 2))
    for index in ("first", "total", "shapley"):
        nothing = share(found.of(index)[:, 1], found.variance)
        assert nothing.value == nothing.low == nothing.high == 0.0


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    weights = np.array([1.0, 0.7, 0.4])
    truth = weights**2 / (weights**2).sum()
    held = dict.fromkeys(("first", "total", "shapley"), 0)
    for seed in range(200):
        found = parts(*outcomes(lambda x: weights @ x, 30, 3, seed))
        for index in held:
            for k in range(3):
                interval = share(found.of(index)[:, k], found.variance)
                held[index] += int(interval.low <= truth[k] <= interval.high)
    assert all(0.86 < count / 600 < 0.99 for count in held.values()), held


def test_errors_fall_as_the_square_root_of_samples():
    weights = np.array([1.0, 0.7, 0.4])
    errors = []
    for samples in (50, 800):
        found = parts(*outcomes(lambda x: weights @ x, samples, 3, seed=3))
        errors.append(share(found.first[:, 0], found.variance).standard_error)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.25)


def test_a_difference_over_shared_draws_is_known_better_than_either_share():
    def told(weight):
        return parts(*outcomes(lambda x: x[0] + weight * x[1] + x[2], 40, 3, seed=5))

    a, b = told(1.0), told(1.1)
    alone = share(b.first[:, 1], b.variance)
    moved = difference(a.first[:, 1], a.variance, b.first[:, 1], b.variance)
    assert moved.value == pytest.approx(alone.value - share(a.first[:, 1], a.variance).value)
    assert moved.standard_error < 0.3 * alone.standard_error


@pytest.mark.parametrize("shape", [(3, 5), (3, 4)])
def test_outcomes_that_fit_no_design_are_refused(shape):
    with pytest.raises(ValueError, match="2 G runs"):
        parts(np.ones(shape), np.zeros((3, 3), int))


def test_one_sample_gives_no_share():
    found = parts(*outcomes(lambda x: x.sum(), 1, 2))
    with pytest.raises(ValueError, match="two samples"):
        share(found.first[:, 0], found.variance)
    with pytest.raises(ValueError, match="none of first, total, shapley"):
        found.of("closed")  # type: ignore[arg-type]
