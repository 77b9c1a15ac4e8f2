"""Information shares: published figures, known truths, twins, invariances, breaks, intervals, refusals."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.influence.information import information_share_grid, information_shares
from scenarios.influence.panel import panel
from scenarios.influence.shares import shares, shares_from_vecm
from scenarios.influence.vecm import estimate_vecm, long_run, vecm_moments

REFDATA = Path(__file__).parents[2] / "shared" / "refdata" / "expected.json"


@pytest.fixture(scope="module")
def expected() -> dict:
    if not REFDATA.exists():
        pytest.skip("the reference data stand beside the project and are not here")
    return json.loads(REFDATA.read_text())


def noisy(
    rng: np.random.Generator, rows: int, noise: tuple[float, ...], names: str = "abcdef"
) -> pd.DataFrame:
    trend = rng.normal(size=rows).cumsum()
    return pd.DataFrame({c: trend + rng.normal(size=rows) * s for c, s in zip(names, noise, strict=False)})


def steady_state(noise: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Innovation form of p_i = random walk + noise_i: gain and innovation covariance of the Kalman filter."""
    r, ones, p = np.diag(np.square(noise)), np.ones(len(noise)), 1.0
    for _ in range(500):
        gain = p * ones @ np.linalg.inv(p * np.outer(ones, ones) + r)
        p = p - p * gain.sum() + 1.0
    return gain, p * np.outer(ones, ones) + r


def test_baillie_2002_table_1(expected: dict) -> None:
    case = expected["baillie2002_table1"]
    for row in case["rows"]:
        rho = row["rho"]
        found = shares_from_vecm([-row["alpha1"], row["alpha2"]], [1, -1], [], [[1, rho], [rho, 1]]).iloc[0]
        published = [row["published_IS_LB"], row["published_IS_UB"], row["published_CS"]]
        assert found[["IS_low", "IS_high", "CS"]].tolist() == pytest.approx(published, abs=case["tolerance"])


def test_noise_and_delay_population(expected: dict) -> None:
    case = expected["noise_delay_population"]
    for row in case["rows"]:
        found = shares(*steady_state(row["noise_sd"])).iloc[0]
        figures = [row["IS"][0], row["IS"][1], row["IS_mid"], row["CS"], row["MIS"], row["PDS"]]
        figures += [row["ILS_mid"], row["PILS"]]
        assert found.drop("d").tolist() == pytest.approx(figures, abs=case["tolerance_population"])


def test_partial_adjustment_population(expected: dict) -> None:
    case = expected["partial_adjustment"]
    for row in case["rows"]:
        impact = np.array([row["delta"], row["bT"]]).T
        found = shares(np.linalg.inv(impact)[0], impact @ impact.T).iloc[0]
        figures = [*row["IS"], row["MIS"], row["ILS_mid"], row["PILS"]]
        names = ["IS_low", "IS_high", "MIS", "ILS", "PILS"]
        assert found[names].tolist() == pytest.approx(figures, abs=case["tolerance_population"])
        if row["CS_signed"] is None:
            assert np.isnan(found["CS"])
        else:
            assert found["CS"] == pytest.approx(row["CS_signed"])


def two_sources(rng: np.random.Generator, rows: int, w: float, kappa: list[float]) -> pd.DataFrame:
    news = rng.normal(size=(rows, 2)) * np.sqrt([1 - w, w])
    trend = news.sum(axis=1).cumsum()
    p = np.zeros((rows, 2))
    for t in range(1, rows):
        p[t] = p[t - 1] + np.array(kappa) * (trend[t - 1] - p[t - 1]) + news[t]
    return pd.DataFrame(p, columns=["one", "two"])


def test_two_sources_population_and_estimate(expected: dict) -> None:
    for k, row in enumerate(expected["two_source_pa"]["rows"]):
        w = row["w_origin_market2"]
        found = shares([1, 1], np.diag([1 - w, w])).iloc[1]
        figures = [
            *row["IS2"],
            row["IS2"][0],
            row["CS2"],
            row["MIS2"],
            row["PDS2"],
            row["ILS2"],
            row["PILS2"],
        ]
        assert found.drop("d").tolist() == pytest.approx(figures, abs=1e-4)
        sample = two_sources(np.random.default_rng(k), 20_000, w, row["kappa"])
        estimated = (
            information_shares(sample, lags=4, bootstrap=0).table["estimate"].unstack().loc["IS", "two"]
        )
        assert estimated == pytest.approx(row["IS2"][0], abs=0.08)


def test_noise_and_delay_estimated(expected: dict) -> None:
    for k, row in enumerate(expected["noise_delay_population"]["rows"]):
        sample = noisy(np.random.default_rng(k), 40_000, tuple(row["noise_sd"]))
        found = (
            information_shares(sample, lags="bic", bootstrap=0, beta="unit").table["estimate"].unstack()["a"]
        )
        figures = [row["IS_mid"], row["CS"], row["MIS"], row["PDS"], row["PILS"]]
        assert found[["IS", "CS", "MIS", "PDS", "PILS"]].tolist() == pytest.approx(figures, abs=0.08)


def test_bounds_and_mean_are_those_of_all_orderings() -> None:
    rng = np.random.default_rng(3)
    for n in (2, 3, 5):
        root = rng.normal(size=(n, n))
        omega, psi = root @ root.T, rng.normal(size=n)
        table = np.zeros((0, n))
        for order in permutations(range(n)):
            at = list(order)
            one = np.zeros(n)
            one[at] = (psi[at] @ np.linalg.cholesky(omega[np.ix_(at, at)])) ** 2 / (psi @ omega @ psi)
            table = np.vstack([table, one])
        found = shares(psi, omega)
        assert found["IS_low"].to_numpy() == pytest.approx(table.min(axis=0))
        assert found["IS_high"].to_numpy() == pytest.approx(table.max(axis=0))
        assert found["IS"].to_numpy() == pytest.approx(table.mean(axis=0))
        assert found[["IS", "CS", "MIS", "PDS"]].sum().tolist() == pytest.approx([1.0] * 4)


@pytest.mark.parametrize("deterministic", ["n", "co", "ci"])
@pytest.mark.parametrize("lags", [1, 4])
def test_agrees_with_statsmodels_on_an_unbroken_sample(deterministic: str, lags: int) -> None:
    from statsmodels.tsa.vector_ar.vecm import VECM

    sample = noisy(np.random.default_rng(1), 600, (0.5, 1.0, 0.8))
    mine = information_shares(sample, lags=lags, deterministic=deterministic, bootstrap=0)
    twin = VECM(sample.to_numpy(), k_ar_diff=lags - 1, coint_rank=2, deterministic=deterministic).fit()
    assert mine.alpha["estimate"].to_numpy() == pytest.approx(twin.alpha.ravel(), rel=1e-8, abs=1e-10)
    assert mine.alpha["se"].to_numpy() == pytest.approx(twin.stderr_alpha.ravel(), rel=1e-8)
    assert mine.beta.to_numpy()[:3] == pytest.approx(twin.beta, rel=1e-8, abs=1e-10)
    assert mine.omega.to_numpy() == pytest.approx(twin.sigma_u, rel=1e-8)
    if deterministic == "ci":
        assert mine.beta.loc["const"].to_numpy() == pytest.approx(
            twin.const_coint.ravel(), rel=1e-6, abs=1e-9
        )
    expected = shares_from_vecm(
        twin.alpha, twin.beta, twin.gamma.reshape(3, -1, 3).transpose(1, 0, 2), twin.sigma_u
    )
    assert mine.table["estimate"].to_numpy() == pytest.approx(expected.to_numpy().T.ravel(), nan_ok=True)


@pytest.mark.parametrize(("n", "rows", "lags"), [(2, 90, 4), (2, 1_000, 10), (3, 180, 5), (3, 600, 2)])
@pytest.mark.parametrize("deterministic", ["n", "co", "ci"])
def test_shares_agree_with_the_responses_of_a_level_autoregression(
    n: int, rows: int, lags: int, deterministic: str
) -> None:
    """The naive twin: statsmodels' VECM in levels, an impulse run to its end, one Cholesky for each ordering."""
    from statsmodels.tsa.vector_ar.vecm import VECM

    rng = np.random.default_rng(rows)
    root = np.linalg.cholesky(0.5 * np.eye(n) + 0.5)
    noise = rng.normal(size=(rows, n)) @ root.T * np.linspace(0.5, 1.5, n)
    prices = rng.normal(size=rows).cumsum()[:, None] + noise
    twin = VECM(prices, k_ar_diff=lags - 1, coint_rank=n - 1, deterministic=deterministic).fit()
    path = [np.eye(n)]
    for h in range(1, 4_000):
        path.append(sum(path[h - 1 - k] @ twin.var_rep[k] for k in range(min(h, lags))))
    psi, omega = path[-1][0], twin.sigma_u
    table = []
    for order in map(list, permutations(range(n))):
        share = np.zeros(n)
        share[order] = (psi[order] @ np.linalg.cholesky(omega[np.ix_(order, order)])) ** 2
        table.append(share / (psi @ omega @ psi))
    frame = pd.DataFrame(prices, columns=list("abc"[:n]))
    found = information_shares(frame, lags, "estimate", deterministic, bootstrap=0)
    assert found.gate.passed
    for figure, twin_of in (("IS_low", np.min), ("IS_high", np.max), ("IS", np.mean)):
        assert found.share(figure)["estimate"].to_numpy() == pytest.approx(twin_of(table, axis=0), abs=1e-7)
    layout = shares_from_vecm(twin.alpha, twin.beta, twin.gamma, omega)
    assert layout["IS"].to_numpy() == pytest.approx(np.mean(table, axis=0), abs=1e-7)
    assert layout["d"].to_numpy() == pytest.approx(omega @ psi / (psi @ omega @ psi) / (path[-1] / psi)[:, 0])
    assert found.share("d")["estimate"].to_numpy() == pytest.approx(layout["d"].to_numpy(), rel=1e-6)


def adjusting(rng: np.random.Generator, rows: int, speed: list[float], noise: np.ndarray) -> pd.DataFrame:
    """Every venue closes a part of its gap to the trend at once, as Yan and Zivot (2010) have it."""
    trend = rng.normal(size=rows).cumsum()
    shocks = rng.normal(size=(rows, noise.shape[1])) @ noise.T
    p = np.zeros((rows, len(speed)))
    for t in range(1, rows):
        p[t] = p[t - 1] + np.array(speed) * (trend[t] - p[t - 1]) + shocks[t]
    return pd.DataFrame(p, columns=list("abc"[: len(speed)]))


def test_impact_responses_are_the_speeds_of_adjustment_for_any_number_of_venues() -> None:
    delta, transitory = np.array([0.8, 0.2]), np.array([0.5, -0.5])
    impact = np.column_stack([delta, transitory])
    exact = shares(np.linalg.inv(impact)[0], impact @ impact.T)
    assert exact["d"].tolist() == pytest.approx(delta.tolist())
    assert exact["PILS"].iloc[0] == pytest.approx(0.8**2 / (0.8**2 + 0.2**2))
    noise = np.array([[0.4, 0.1], [-0.3, 0.3], [0.1, -0.4]])
    sample = adjusting(np.random.default_rng(16), 40_000, [0.9, 0.5, 0.2], noise)
    found = information_shares(sample, lags=12, beta="unit", bootstrap=20, days=np.arange(40_000) // 1_000)
    row = found.share("d")
    assert row["estimate"].tolist() == pytest.approx([0.9, 0.5, 0.2], abs=0.05)
    assert (row["low"] < row["estimate"]).all() and (row["estimate"] < row["high"]).all()
    assert found.share("PILS")["estimate"].isna().all()


def test_a_venue_that_does_not_adjust_is_told_by_the_test_of_all_its_alphas() -> None:
    from statsmodels.regression.linear_model import OLS

    rng = np.random.default_rng(19)
    sample = noisy(rng, 800, (0.5, 1.0, 0.7))
    found = information_shares(sample, 1, "unit", "co", bootstrap=0)
    p = sample.to_numpy()
    spreads = np.column_stack([p[:-1, 0] - p[:-1, 2], p[:-1, 1] - p[:-1, 2], np.ones(799)])
    for j, venue in enumerate(sample):
        fit = OLS(np.diff(p[:, j]), spreads).fit()
        twin = fit.wald_test(np.eye(3)[:2], use_f=False, scalar=True)
        row = found.adjustment.loc[venue]
        assert row["chi2"] == pytest.approx(twin.statistic * 799 / 796, rel=1e-6)
        assert (row["df"], row["p"]) == (2, pytest.approx(twin.pvalue, abs=0.01))
    leader = rng.normal(size=3_000).cumsum()
    late = np.r_[0, 0, leader[:-2]]
    pair = pd.DataFrame({"Brent": leader, "SC": late + rng.normal(size=3_000)})
    tests = information_shares(pair, 4, "unit", bootstrap=0)
    assert tests.adjustment.loc["SC", "p"] < 1e-9 < 0.01 < tests.adjustment.loc["Brent", "p"]
    assert tests.adjustment["chi2"].to_numpy() == pytest.approx(tests.alpha["t"].to_numpy() ** 2)


def test_arguments_stand_in_the_order_of_their_names() -> None:
    sample = good()
    found = information_shares(sample, 3, [1, -1], "co")
    assert (found.lags, found.beta_mode, found.deterministic) == (3, "given", "co")
    assert (found.rows, found.span) == (397, (0, 399)) and len(found.draws) == 200
    pd.testing.assert_frame_equal(
        found.table, information_shares(sample, lags=3, beta="unit", deterministic="co").table
    )
    with pytest.raises(FrozenInstanceError):
        found.lags = 4  # type: ignore[misc]


def test_whole_numbers_of_days_or_of_rows_make_the_default_blocks() -> None:
    index = pd.date_range("2024-11-04 09:00", periods=400, freq="1min")
    one_day = information_shares(good().set_axis(index), 2)
    assert one_day.days == 20 and one_day.table["low"].notna().any()
    dates = pd.DatetimeIndex(np.repeat(pd.bdate_range("2024-11-04", periods=8), 50)) + pd.to_timedelta(
        np.tile(np.arange(50), 8) + 540, unit="min"
    )
    assert information_shares(good().set_axis(dates), 2).days == 8
    few = information_shares(good(), 2, days=np.repeat([1, 2], 200))
    assert few.table["low"].isna().all() and few.table["estimate"].notna().any()


def test_the_bootstrap_is_that_of_arch() -> None:
    from arch.bootstrap import IIDBootstrap

    sample = noisy(np.random.default_rng(17), 600, (0.5, 1.0))
    days = np.repeat(range(12), 50)
    found = information_shares(
        sample,
        2,
        "unit",
        segments=days,
        days=days,
        bootstrap=40,
        rng=np.random.default_rng(5),
        confidence=0.9,
    )

    def again(picked: np.ndarray) -> np.ndarray:
        pieces = pd.concat([sample[days == d] for d in picked], ignore_index=True)
        moments = vecm_moments(panel(pieces, segments=np.repeat(range(12), 50)), 2)
        one = estimate_vecm(moments, 1, beta=np.array([[1.0], [-1.0]]))
        return shares_from_vecm(one.alpha, one.beta[:2], one.gammas, one.omega).to_numpy().T.ravel()

    twin = IIDBootstrap(np.arange(12), seed=np.random.default_rng(5)).conf_int(
        again, 40, method="percentile", size=0.9
    )
    assert found.table["low"].to_numpy() == pytest.approx(twin[0], rel=1e-6)
    assert found.table["high"].to_numpy() == pytest.approx(twin[1], rel=1e-6)


def test_lag_choice_on_few_rows_takes_fewer_lags_instead_of_failing() -> None:
    few = noisy(np.random.default_rng(18), 100, (0.3, 0.6))
    for criterion in ("aic", "bic"):
        chosen = information_shares(few, criterion, bootstrap=0)
        assert chosen.lags == information_shares(few, criterion, max_lags=13, bootstrap=0).lags
    with pytest.raises(ValueError, match="too few rows: 85 have 15 predecessors in their segment, 99 needed"):
        information_shares(few, 15)


def test_lag_choice_and_trace_agree_with_statsmodels() -> None:
    from statsmodels.tsa.vector_ar.vecm import coint_johansen, select_order

    sample = noisy(np.random.default_rng(2), 800, (0.3, 1.0))
    order = select_order(sample.to_numpy(), 9)
    for criterion, twin in (("aic", order.aic), ("bic", order.bic)):
        assert information_shares(sample, lags=criterion, max_lags=10, bootstrap=0).lags == twin + 1
    trace = information_shares(sample, lags=3, deterministic="co", bootstrap=0).gate.trace["trace"]
    assert trace.to_numpy() == pytest.approx(coint_johansen(sample.to_numpy(), 0, 2).trace_stat)


def stacked(
    sample: pd.DataFrame, segments: np.ndarray, lags: int, spread: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Run the plain regression on stacked rows, segment by segment: the naive twin."""
    left, right = [], []
    for label in np.unique(segments):
        p = sample.to_numpy()[segments == label]
        for t in range(lags, len(p)):
            lagged = [p[t - j] - p[t - j - 1] for j in range(1, lags)]
            left.append(p[t] - p[t - 1])
            right.append(np.concatenate([spread.T @ p[t - 1], [1.0], *lagged]))
    y, x = np.array(left), np.array(right)
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = y - x @ coefficients
    return coefficients.T, residual.T @ residual / len(y)


def test_no_lag_crosses_a_break() -> None:
    rng = np.random.default_rng(7)
    sample = noisy(rng, 900, (0.5, 1.0))
    segments = np.repeat([3, 1, 2], 300)
    for label, jump in ((1, (5.0, -40.0)), (2, (-70.0, 30.0))):
        sample.loc[segments == label] += np.array(jump)
    beta = np.array([[1.0], [-1.0]])
    coefficients, omega = stacked(sample, segments, 3, beta)
    found = information_shares(
        sample, segments=segments, lags=3, beta="unit", deterministic="co", bootstrap=0
    )
    assert found.alpha["estimate"].to_numpy() == pytest.approx(coefficients[:, 0], rel=1e-8)
    assert found.omega.to_numpy() == pytest.approx(omega, rel=1e-8)
    assert found.rows == 900 - 3 * 3
    assert found.dropped["lags would cross a break"] == 9
    crossing = information_shares(sample, lags=3, beta="unit", deterministic="co", bootstrap=0)
    assert crossing.omega.loc["a", "a"] > 2 * found.omega.loc["a", "a"]


def test_a_missing_value_is_a_break() -> None:
    sample = noisy(np.random.default_rng(8), 500, (0.5, 1.0))
    holed = sample.copy()
    holed.loc[250, "b"] = np.nan
    found = information_shares(holed, lags=2, bootstrap=0)
    cut = information_shares(
        sample.drop(index=250), segments=np.repeat([0, 1], [250, 249]), lags=2, bootstrap=0
    )
    assert found.table["estimate"].to_numpy() == pytest.approx(cut.table["estimate"].to_numpy())
    assert found.dropped["missing value"] == 1


def test_resampled_moments_are_those_of_the_resampled_days() -> None:
    sample = noisy(np.random.default_rng(9), 600, (0.5, 1.0))
    days = np.repeat(range(6), 100)
    picked = [0, 0, 3, 5, 5, 5]
    moments = vecm_moments(panel(sample, segments=days, days=days), 2)
    weights = np.bincount(picked, minlength=6)
    fast = estimate_vecm(moments, 1, weights=weights)
    again = pd.concat([sample[days == d] for d in picked], ignore_index=True)
    slow_moments = vecm_moments(panel(again, segments=np.repeat(range(6), 100)), 2)
    slow = estimate_vecm(slow_moments, 1)
    assert fast.alpha == pytest.approx(slow.alpha, rel=1e-6)
    assert fast.beta == pytest.approx(slow.beta, rel=1e-6)
    assert fast.omega == pytest.approx(slow.omega, rel=1e-8)


def test_long_run_effect_is_where_an_impulse_ends() -> None:
    rng = np.random.default_rng(15)
    sample = noisy(rng, 2_000, (0.5, 1.0, 0.7)) * [1.0, 2.0, 1.0]
    model = estimate_vecm(vecm_moments(panel(sample), 3), 2)
    pull = model.alpha @ model.beta[:3].T
    path = [np.zeros((3, 3))] * 3 + [np.eye(3)]
    for _ in range(300):
        change = pull @ path[-1] + sum(g @ (path[-1 - j] - path[-2 - j]) for j, g in enumerate(model.gammas))
        path.append(path[-1] + change)
    assert long_run(model.alpha, model.beta[:3], model.gammas) == pytest.approx(path[-1], abs=1e-8)
    found = information_shares(sample, lags=3, bootstrap=0)
    assert found.psi.to_numpy() == pytest.approx(path[-1][0], abs=1e-8)
    assert found.long_run_sd == pytest.approx(1.0, abs=0.1)


def test_order_and_units_of_venues_do_not_matter() -> None:
    sample = noisy(np.random.default_rng(10), 3_000, (0.5, 1.0, 0.7))
    base = information_shares(sample, lags=3, bootstrap=0).table["estimate"].unstack()
    turned = information_shares(sample[["c", "a", "b"]], lags=3, bootstrap=0).table["estimate"].unstack()
    assert turned[list("abc")].to_numpy() == pytest.approx(base.to_numpy(), rel=1e-6, nan_ok=True)
    shifted = (
        information_shares(sample + np.array([6.0, 0.0, -3.0]), lags=3, bootstrap=0)
        .table["estimate"]
        .unstack()
    )
    assert shifted.to_numpy() == pytest.approx(base.to_numpy(), rel=1e-6, nan_ok=True)
    stretched = information_shares(sample * [1.0, 3.0, 0.5], lags=3, bootstrap=0)
    for figure in ("IS_low", "IS_high", "IS", "PDS", "MIS", "d"):
        assert stretched.share(figure)["estimate"].to_numpy() == pytest.approx(
            base.loc[figure].to_numpy(), rel=1e-6
        )


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    truth = shares(*steady_state([0.5, 1.0])).iloc[0]
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sample = noisy(rng, 4_000, (0.5, 1.0))
        days = np.repeat(range(40), 100)
        found = information_shares(
            sample, segments=days, days=days, lags=6, beta="unit", bootstrap=50, rng=rng, confidence=0.9
        )
        row = found.share("PDS").loc["a"]
        inside += row["low"] <= truth["PDS"] <= row["high"]
    assert 29 <= inside <= 40


def test_same_generator_same_numbers_and_every_figure_has_an_interval() -> None:
    sample = noisy(np.random.default_rng(11), 1_000, (0.5, 1.0))
    one, two = (
        information_shares(sample, lags=2, bootstrap=20, rng=np.random.default_rng(4)) for _ in range(2)
    )
    assert one.table.equals(two.table)
    assert one.table.notna().all().all()
    assert one.alpha.notna().all().all()
    assert (one.table["low"] <= one.table["high"]).all()
    assert len(one.draws) == 20


def test_gate_refuses_prices_without_a_common_trend() -> None:
    rng = np.random.default_rng(12)
    apart = pd.DataFrame(rng.normal(size=(2_000, 2)).cumsum(axis=0), columns=["SC", "Brent"])
    found = information_shares(apart, lags=2, bootstrap=20, rng=rng)
    assert found.gate.rank == 0
    assert "more than one common trend" in found.gate.reason
    assert found.table.isna().all().all()
    still = pd.DataFrame(rng.normal(size=(2_000, 2)), columns=["SC", "Brent"])
    assert "stationary" in information_shares(still, lags=2, bootstrap=0).gate.reason


def test_size_of_the_gate_with_a_restricted_constant() -> None:
    refused = 0
    for seed in range(150):
        rng = np.random.default_rng(1_000 + seed)
        apart = pd.DataFrame(rng.normal(size=(300, 2)).cumsum(axis=0), columns=["x", "y"])
        refused += information_shares(apart, lags=1, bootstrap=0).gate.rank == 0
    assert 134 <= refused <= 149


def test_grid_shows_every_choice() -> None:
    sample = noisy(np.random.default_rng(13), 1_000, (0.5, 1.0))
    grid = information_share_grid(sample, lags=[2, 4])
    assert grid.loc[(4, "unit", "IS")].sum() == pytest.approx(1.0)
    alone = information_shares(sample, lags=4, beta="unit", bootstrap=0).table["estimate"].unstack()
    assert grid.loc[(4, "unit")].loc["IS", "a"] == pytest.approx(alone.loc["IS", "a"])


def good() -> pd.DataFrame:
    return noisy(np.random.default_rng(14), 400, (0.5, 1.0))


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (lambda s: s.assign(b=3.0), {}, "'b' is constant"),
        (lambda s: s.assign(b=2 * s["a"] + 1), {}, "'b' moves exactly with 'a'"),
        (lambda s: s.assign(c=s["a"] - s["b"]), {}, "'c' moves exactly"),
        (lambda s: s.assign(b=s["a"].shift(1)).iloc[1:], {}, "'b' follows exactly from the past"),
        (
            lambda s: s.assign(b=s["a"].shift(3)).iloc[3:],
            {"lags": "aic"},
            "'b' follows exactly from the past",
        ),
        (lambda s: s.assign(b=np.where(s.index == 5, -np.inf, s["b"])), {}, "'b' holds an infinite"),
        (lambda s: s.assign(b="x"), {}, "'b' is not numeric"),
        (lambda s: s.assign(b=np.nan), {}, "column 'b' holds no value"),
        (lambda s: s[["a"]], {}, "1 venues, must be 2"),
        (lambda s: s.iloc[:15], {"lags": 4}, "too few rows"),
        (lambda s: s.iloc[::-1], {}, "times are not sorted, first at row 1"),
        (lambda s: s, {"lags": 0}, "lags"),
        (lambda s: s, {"lags": "hq"}, "lags"),
        (lambda s: s, {"beta": [1, 2, 3]}, "beta"),
        (
            lambda s: s.assign(c=s["a"] + np.sin(s.index)),
            {"beta": [[1, 0, -1], [0, 1, -1]]},
            r"beta: .* \(3, 2\)",
        ),
        (lambda s: s, {"beta": "fixed"}, "beta"),
        (lambda s: s, {"deterministic": "li"}, "deterministic"),
        (lambda s: s, {"segments": [1, 2]}, "segments: 2 labels for 400 rows"),
        (lambda s: s, {"segments": np.arange(400)}, "within every segment|too few rows"),
        (lambda s: s, {"bootstrap": 10, "rng": 3}, "rng: expected a numpy Generator, got int"),
        (lambda s: s, {"bootstrap": -1}, "bootstrap"),
        (lambda s: s, {"days": np.zeros(400), "bootstrap": 9, "rng": np.random.default_rng(0)}, "1 blocks"),
        (lambda s: s, {"confidence": 1.5}, "confidence"),
    ],
)
def test_bad_input_never_gives_a_number(spoil: object, options: dict, message: str) -> None:
    arguments = {"lags": 2, "bootstrap": 0} | options
    with pytest.raises(ValueError, match=message):
        information_shares(spoil(good()), **arguments)  # type: ignore[operator]


def test_plot_draws_on_the_given_axes() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    found = information_shares(good(), lags=2, bootstrap=10, rng=np.random.default_rng(0))
    assert found.plot(ax) is ax
    assert len(ax.lines) == 2
