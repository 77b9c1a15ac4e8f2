"""Spillovers: the published table, closed forms, twins, bands, joint index, drift, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.influence.bands import spillover_bands
from scenarios.influence.information import information_shares
from scenarios.influence.joint import joint_spillover
from scenarios.influence.panel import panel
from scenarios.influence.spillover import decomposition, rolling_spillover, spillover
from scenarios.influence.tvp import tvp_spillover
from scenarios.influence.var import Var, all_rows, choose_lags, moving_average, solve_var, var_moments

REFDATA = Path(__file__).parents[2] / "shared" / "refdata"


@pytest.fixture(scope="module")
def expected() -> dict:
    if not REFDATA.exists():
        pytest.skip("the reference data stand beside the project and are not here")
    return json.loads((REFDATA / "expected.json").read_text())


@pytest.fixture(scope="module")
def volatilities(expected: dict) -> pd.DataFrame:
    return pd.read_csv(REFDATA / expected["dy2012"]["file"], index_col=0, parse_dates=True)


def autoregression(rng: np.random.Generator, rows: int, a: np.ndarray, names: str = "abc") -> pd.DataFrame:
    shocks = rng.normal(size=(rows, len(a)))
    x = np.zeros((rows, len(a)))
    for t in range(1, rows):
        x[t] = a @ x[t - 1] + shocks[t]
    return pd.DataFrame(x, columns=list(names[: len(a)]))


LEADER = np.array([[0.3, 0.0, 0.0], [0.4, 0.2, 0.0], [0.2, 0.2, 0.1]])


def test_diebold_yilmaz_2012_table_2(expected: dict, volatilities: pd.DataFrame) -> None:
    case = expected["dy2012"]
    found = spillover(volatilities, 4, 10)
    tolerance = case["tolerance"]
    assert found.table.to_numpy() == pytest.approx(np.array(case["published_table"]), abs=tolerance)
    for figure in ("TO", "FROM", "NET"):
        published = case[f"published_{figure}"]
        assert found.directional.loc[figure, "estimate"].tolist() == pytest.approx(published, abs=tolerance)
    total = found.totals.loc["total", "estimate"]
    assert total == pytest.approx(case["published_TCI"], abs=tolerance)
    assert found.totals.loc["corrected total", "estimate"] == pytest.approx(total * 4 / 3)
    assert found.to_frame().loc["TO", "FROM"] == pytest.approx(total)


def test_correlation_alone_gives_a_total_but_no_net(expected: dict) -> None:
    case = expected["dy_contemporaneous_only"]
    table = decomposition(Var(np.zeros((1, 2, 2)), np.array([[1, 0.5], [0.5, 1]]), 1), 10)
    assert (table[0, 1] + table[1, 0]) / 2 == pytest.approx(case["TCI"], abs=case["tolerance"])
    assert table[0, 1] - table[1, 0] == pytest.approx(0, abs=case["tolerance"])


def test_clock_artefact_vanishes_on_one_clock(expected: dict) -> None:
    rng = np.random.default_rng(0)
    hourly = rng.normal(size=2_001 * 24).cumsum()
    for row in expected["clock_artefact"]["rows"]:
        read = [hourly[15 + d :: 24][:2_000] + rng.normal(0, 0.2, 2_000) for d in (0, row["d"])]
        prices = pd.DataFrame(np.column_stack(read), columns=["SC", "Brent"])
        found = spillover(prices.diff().dropna(), 2, 10)
        assert found.directional.loc[("NET", "SC"), "estimate"] == pytest.approx(row["NET_SC"], abs=3)
        assert found.totals.loc["total", "estimate"] == pytest.approx(row["TCI"], abs=3)
        shares = information_shares(prices, lags=2, beta="unit", bootstrap=0).share("PILS")
        assert shares.loc["SC", "estimate"] == pytest.approx(row["PILS_SC"], abs=0.1)


def naive_table(fit: Var, horizon: int) -> np.ndarray:
    """Sum the formula term by term: the naive twin."""
    lags, n, _ = fit.coefficients.shape
    effects = [np.eye(n)]
    for h in range(1, horizon):
        effects.append(sum(effects[h - k] @ fit.coefficients[k - 1] for k in range(1, min(h, lags) + 1)))
    table = np.zeros((n, n))
    for i in range(n):
        whole = sum(e[i] @ fit.sigma @ e[i] for e in effects)
        for j in range(n):
            table[i, j] = sum((e[i] @ fit.sigma[:, j]) ** 2 for e in effects) / fit.sigma[j, j] / whole
    return 100 * table / table.sum(axis=1, keepdims=True)


def test_twins_of_the_var_and_of_the_table(volatilities: pd.DataFrame) -> None:
    from statsmodels.tsa.vector_ar.var_model import VAR

    data = panel(volatilities)
    fit = solve_var(var_moments(data, 3).sum(axis=0), 4)
    twin = VAR(volatilities.to_numpy()).fit(3)
    assert fit.coefficients == pytest.approx(twin.coefs, rel=1e-7, abs=1e-9)
    assert fit.sigma == pytest.approx(twin.sigma_u, rel=1e-9)
    assert decomposition(fit, 7) == pytest.approx(naive_table(fit, 7))
    cholesky = decomposition(fit, 7, generalised=False)
    assert cholesky == pytest.approx(100 * twin.fevd(7).decomp[:, -1, :], rel=1e-6)
    order = VAR(volatilities.to_numpy()).select_order(8)
    assert (choose_lags(data, "aic", 8), choose_lags(data, "bic", 8)) == (order.aic, order.bic)


def test_no_lag_crosses_a_break() -> None:
    x = autoregression(np.random.default_rng(1), 600, LEADER)
    segments = np.repeat([0, 1, 2], 200)
    pieces = [x[segments == s].to_numpy() for s in range(3)]
    left = np.vstack([p[2:] for p in pieces])
    right = np.vstack([np.column_stack([np.ones(198), p[1:-1], p[:-2]]) for p in pieces])
    slopes = np.linalg.lstsq(right, left, rcond=None)[0]
    fit = solve_var(var_moments(panel(x, segments=segments), 2).sum(axis=0), 3)
    assert np.hstack(list(fit.coefficients)) == pytest.approx(slopes[1:].T)
    assert fit.rows == 594


def test_rolling_windows_are_the_tables_of_their_rows(volatilities: pd.DataFrame) -> None:
    path = rolling_spillover(volatilities, 300, 2, step=500)
    last = path.frame.iloc[-1]
    end = volatilities.index.get_loc(path.frame.index[-1])
    alone = spillover(volatilities.iloc[end - 301 : end + 1], 2)
    assert last["total"] == pytest.approx(alone.totals.loc["total", "estimate"])
    assert last["NET USDX"] == pytest.approx(alone.directional.loc[("NET", "USDX"), "estimate"])


def test_bands_add_up_to_the_table_of_a_long_horizon(volatilities: pd.DataFrame) -> None:
    found = spillover_bands(volatilities, 4)
    whole = found.tables.groupby("receiver").sum().loc[list(volatilities), list(volatilities)]
    assert whole.to_numpy() == pytest.approx(spillover(volatilities, 4, 3_000).table.to_numpy(), abs=1e-3)
    assert found.totals.index.tolist() == ["2-5", "5-20", "20-"]
    drawn = spillover_bands(volatilities, 4, bootstrap=30, rng=np.random.default_rng(0)).totals
    assert (drawn["low"] < drawn["high"]).all()


def test_bands_of_a_horizon_add_up_to_its_table(volatilities: pd.DataFrame) -> None:
    for horizon in (1, 10, 100):
        found = spillover_bands(volatilities, 4, (4, 20), horizon)
        whole = found.tables.groupby("receiver").sum().loc[list(volatilities), list(volatilities)]
        table = spillover(volatilities, 4, horizon).table
        assert whole.to_numpy() == pytest.approx(table.to_numpy(), abs=1e-9)
        total = spillover(volatilities, 4, horizon).totals.loc["total", "estimate"]
        assert found.totals["estimate"].sum() == pytest.approx(total, abs=1e-9)
    short = spillover_bands(volatilities.diff().dropna(), 2, (4, 20), 400).figures["estimate"]
    exact = spillover_bands(volatilities.diff().dropna(), 2, (4, 20)).figures["estimate"]
    assert short.tolist() == pytest.approx(exact.tolist(), abs=1e-4)


def test_bands_are_near_those_of_a_discrete_fourier_transform(volatilities: pd.DataFrame) -> None:
    """The published way: effects A_0 .. A_{H-1} transformed on H points, each point in one band."""
    fit = solve_var(var_moments(panel(volatilities), 4).sum(axis=0), 4)
    horizon = 2_000
    effects = np.fft.fft(moving_average(fit.coefficients, horizon), axis=0)
    power = np.abs(effects @ fit.sigma) ** 2 / np.diag(fit.sigma)
    point = np.minimum(np.arange(horizon), horizon - np.arange(horizon)) / horizon
    whole = power.sum(axis=(0, 2))[:, None]
    found = spillover_bands(volatilities, 4, (5, 20)).tables
    for band, low, high in (("2-5", 1 / 5, 1.0), ("5-20", 1 / 20, 1 / 5), ("20-", -1.0, 1 / 20)):
        table = 100 * power[(point > low) & (point <= high)].sum(axis=0) / whole
        assert found.loc[band].to_numpy() == pytest.approx(table, abs=0.1)


def test_bands_of_white_noise_are_as_wide_as_their_frequencies() -> None:
    shocks = np.random.default_rng(2).normal(size=(50_000, 2)) @ np.array([[1, 0.5], [0, 0.8]])
    found = spillover_bands(pd.DataFrame(shocks, columns=["x", "y"]), 1, (4, 10))
    widths = [b - a for a, b in pairwise([0, 0.2, 0.5, 1.0])]
    totals = found.totals["estimate"]
    assert (totals / totals.sum()).tolist()[::-1] == pytest.approx(widths, abs=0.02)


def test_joint_index_of_two_is_the_generalised_one_before_norming() -> None:
    x = autoregression(np.random.default_rng(3), 2_000, LEADER[:2, :2])
    fit = solve_var(var_moments(panel(x), 1).sum(axis=0), 2)
    found = joint_spillover(x, 1, 10)
    effects = [np.linalg.matrix_power(fit.coefficients[0], h) for h in range(10)]
    whole = sum(e[0] @ fit.sigma @ e[0] for e in effects)
    one = sum((e[0] @ fit.sigma[:, 1]) ** 2 for e in effects) / fit.sigma[1, 1] / whole
    assert found.table.loc["a", "b"] == pytest.approx(100 * one)
    assert found.directional.loc["NET", "estimate"].sum() == pytest.approx(0, abs=1e-9)


def test_joint_index_of_three_is_the_variance_that_all_others_explain() -> None:
    """FROM_i by the definition: the fall of the forecast variance once the others' shocks are known."""
    x = autoregression(np.random.default_rng(13), 2_000, LEADER)
    x["c"] += 0.8 * x["a"]
    fit = solve_var(var_moments(panel(x), 2).sum(axis=0), 3)
    found = joint_spillover(x, 2, 10)
    effects, sigma = moving_average(fit.coefficients, 10), fit.sigma
    for i, name in enumerate(x):
        others = [j for j in range(3) if j != i]
        slopes = sigma[:, others] @ np.linalg.inv(sigma[np.ix_(others, others)])
        left = sigma - slopes @ sigma[others]
        before, after = (sum(a[i] @ s @ a[i] for a in effects) for s in (sigma, left))
        received = found.directional.loc[("FROM", name), "estimate"]
        assert received == pytest.approx(100 * (1 - after / before))
    assert found.totals.loc["total", "estimate"] == pytest.approx(
        found.directional.loc["FROM", "estimate"].mean()
    )
    assert found.table.sum(axis=1).tolist() == pytest.approx([100] * 3)
    assert found.totals.loc["total", "estimate"] > spillover(x, 2).totals.loc["total", "estimate"]


def test_macroeconomic_data_of_statsmodels_agree_with_a_recomputation() -> None:
    from statsmodels.datasets import macrodata
    from statsmodels.tsa.vector_ar.var_model import VAR

    levels = macrodata.load_pandas().data[["realgdp", "realcons", "realinv"]]
    x = levels.transform(np.log).diff().dropna()
    twin = VAR(x.to_numpy()).fit(2)
    effects, sigma = twin.ma_rep(9), twin.sigma_u
    table = sum((a @ sigma) ** 2 for a in effects) / np.diag(sigma)
    table /= sum(np.diag(a @ sigma @ a.T) for a in effects)[:, None]
    table *= 100 / table.sum(axis=1, keepdims=True)
    found = spillover(x, 2, 10)
    assert found.table.to_numpy() == pytest.approx(table)
    assert found.totals.loc["total", "estimate"] == pytest.approx((table.sum() - np.trace(table)) / 3)
    assert spillover(x, 2, 10, False).table.to_numpy() == pytest.approx(100 * twin.fevd(10).decomp[:, -1])
    shuffled = spillover(x[["realinv", "realgdp", "realcons"]] * [5.0, 0.01, 2.0], 2, 10).table.loc[
        list(x), list(x)
    ]
    assert shuffled.to_numpy() == pytest.approx(found.table.to_numpy())


@pytest.mark.parametrize(
    "table",
    [
        lambda x: spillover(x, 2, 10).table,
        lambda x: joint_spillover(x, 2, 10).table,
        lambda x: spillover_bands(x, 2).tables.xs("5-20", level="band"),
        lambda x: tvp_spillover(x, 2, training=200).frame.iloc[[-1], 1:].rename(columns=lambda c: c[4:]).T,
        lambda x: (
            rolling_spillover(x, 200, 2, step=50).frame.iloc[[-1], 1:].rename(columns=lambda c: c[4:]).T
        ),
    ],
    ids=["generalised", "joint", "bands", "drifting", "rolling"],
)
def test_order_and_units_of_venues_do_not_matter(table: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    x = autoregression(np.random.default_rng(15), 500, LEADER)
    x["c"] += 0.5 * x["a"]
    base, turned = table(x), table(x[["c", "a", "b"]] * [1e-3, 40.0, -7.0] + 5)
    again = turned.loc[base.index, list(base.columns)]
    assert again.to_numpy() == pytest.approx(base.to_numpy(), rel=1e-6, abs=1e-8)


def test_a_criterion_on_few_rows_takes_fewer_lags_instead_of_failing() -> None:
    x = autoregression(np.random.default_rng(14), 60, LEADER)
    assert spillover(x, "aic").lags == spillover(x, "aic", max_lags=4).lags
    assert joint_spillover(x, "bic").lags == spillover_bands(x, "bic").lags == spillover(x, "bic").lags


def test_intervals_hold_the_truth() -> None:
    truth = decomposition(Var(LEADER[None], np.eye(3), 1), 10)
    net = truth[:, 0].sum() - truth[0].sum()
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = spillover(autoregression(rng, 1_500, LEADER), 1, 10, bootstrap=60, rng=rng, confidence=0.9)
        row = found.directional.loc[("NET", "a")]
        inside += row["low"] <= net <= row["high"]
    assert 29 <= inside <= 40


def test_still_coefficients_are_recursive_least_squares() -> None:
    x = autoregression(np.random.default_rng(4), 4_000, LEADER)
    path = tvp_spillover(x, 1, 10, forget=1.0, forget_variance=1.0, training=100)
    whole = spillover(x, 1, 10)
    assert path.frame["total"].iloc[-1] == pytest.approx(whole.totals.loc["total", "estimate"], abs=0.3)
    net = whole.directional.loc["NET", "estimate"]
    assert path.frame.iloc[-1, 1:].tolist() == pytest.approx(net.tolist(), abs=0.3)
    assert len(path.frame) == 4_000 - 1 - 100


def test_drifting_coefficients_agree_with_the_textbook_filter() -> None:
    x = autoregression(np.random.default_rng(5), 120, LEADER[:2, :2])
    z = all_rows(panel(x), 1)
    start = z[:30]
    fit = solve_var(start.T @ start, 2)
    state = np.linalg.lstsq(start[:, 2:], start[:, :2], rcond=None)[0].T.ravel()
    p, sigma = 4 * np.kron(fit.sigma, np.linalg.inv(start[:, 2:].T @ start[:, 2:])), fit.sigma
    for row in z[30:]:
        h = np.kron(np.eye(2), row[2:])
        p = p / 0.98
        error = row[:2] - h @ state
        sigma = 0.95 * sigma + 0.05 * np.outer(error, error)
        gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + sigma)
        state, p = state + gain @ error, p - gain @ h @ p
    last = naive_table(Var(state.reshape(2, 3)[:, 1:][None], sigma, 1), 10)
    path = tvp_spillover(x, 1, 10, forget=0.98, forget_variance=0.95, training=30)
    assert path.frame["total"].iloc[-1] == pytest.approx((last[0, 1] + last[1, 0]) / 2)
    assert path.frame["NET a"].iloc[-1] == pytest.approx(last[1, 0] - last[0, 1])


def test_drift_does_not_look_ahead() -> None:
    x = autoregression(np.random.default_rng(6), 400, LEADER)
    cut = tvp_spillover(x.iloc[:300], 1, training=100).frame
    longer = tvp_spillover(x, 1, training=100).frame.loc[cut.index]
    assert cut.corrwith(longer).min() > 0.999


def ok() -> pd.DataFrame:
    return autoregression(np.random.default_rng(7), 300, LEADER)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spillover(ok().assign(b=1.0), 1), "'b' is constant"),
        (lambda: spillover(ok().assign(c=ok()["a"]), 1), "'c' moves exactly with 'a'"),
        (lambda: spillover(ok()[["a"]], 1), "1 columns"),
        (lambda: spillover(ok(), 0), "lags"),
        (lambda: spillover(ok(), 1, 0), "horizon"),
        (lambda: spillover(ok().iloc[:12], 2), "too few rows"),
        (lambda: spillover(ok(), 1, bootstrap=10, rng=3), "rng: expected a numpy Generator, got int"),
        (lambda: spillover(ok(), "hq"), "lags: 'hq' is neither"),
        (
            lambda: rolling_spillover(ok().assign(b=ok()["b"].where(ok().index > 150, 0.5)), 100, 1),
            "window up to 100",
        ),
        (lambda: rolling_spillover(ok(), 5, 2), "window"),
        (lambda: rolling_spillover(ok(), 500, 2), "window"),
        (lambda: rolling_spillover(ok(), 100, 2, step=0), "step"),
        (lambda: spillover_bands(ok(), 1, (20, 5)), "edges"),
        (
            lambda: spillover_bands(autoregression(np.random.default_rng(8), 300, 3.4 * LEADER), 1),
            "explosive",
        ),
        (lambda: tvp_spillover(ok(), 1, forget=0), "forget"),
        (lambda: tvp_spillover(ok(), 1, training=300), "training"),
        (lambda: joint_spillover(ok().replace(ok()["a"].iloc[3], np.inf), 1), "'a' holds an infinite"),
    ],
)
def test_bad_input_never_gives_a_number(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_plots_draw_on_the_given_axes(volatilities: pd.DataFrame) -> None:
    from matplotlib.figure import Figure

    short = volatilities.iloc[:400]
    results = [
        spillover(short, 1),
        joint_spillover(short, 1),
        spillover_bands(short, 1),
        rolling_spillover(short, 200, 1, step=50),
        tvp_spillover(short, 1),
    ]
    for found in results:
        ax = Figure().subplots()
        assert found.plot(ax) is ax
        assert len(found.to_frame())
