"""Bad input never gives a number: every estimator against every kind of it, each with an error that says what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scenarios.influence.bands import spillover_bands
from scenarios.influence.entropy import transfer_entropy
from scenarios.influence.granger import granger
from scenarios.influence.information import information_share_grid, information_shares
from scenarios.influence.joint import joint_spillover
from scenarios.influence.leadlag import lead_lag
from scenarios.influence.liquidity import liquidity
from scenarios.influence.quotes import by_venue
from scenarios.influence.sampling import sample
from scenarios.influence.shares import shares, shares_from_vecm
from scenarios.influence.spillover import rolling_spillover, spillover
from scenarios.influence.tvp import tvp_spillover
from scenarios.influence.whole_day import realised_variance, whole_day_share

ROWS = 300
TIMES = pd.date_range("2024-11-04 09:00", periods=ROWS, freq="1min")


def frame(levels: bool) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(ROWS, 2))
    trend = rng.normal(size=ROWS).cumsum() if levels else np.zeros(ROWS)
    return pd.DataFrame(noise + trend[:, None], columns=["a", "b"], index=TIMES)


def mixed_zones(index: pd.Index) -> pd.Index:
    zones = ("Asia/Shanghai", "UTC")
    return pd.Index([t.tz_localize(zones[k % 2]) for k, t in enumerate(index)], dtype=object)


ESTIMATORS: dict[str, Callable[..., Any]] = {
    "information_shares": lambda x, **o: information_shares(x, **({"lags": 2} | o)),
    "grid": lambda x, **o: information_share_grid(x, **({"lags": [2]} | o)),
    "spillover": lambda x, **o: spillover(x, **({"lags": 2} | o)),
    "Cholesky": lambda x, **o: spillover(x, **({"lags": 2, "generalised": False} | o)),
    "rolling": lambda x, **o: rolling_spillover(x, **({"window": 100, "lags": 2} | o)),
    "bands": lambda x, **o: spillover_bands(x, **({"lags": 2} | o)),
    "joint": lambda x, **o: joint_spillover(x, **({"lags": 2} | o)),
    "tvp": lambda x, **o: tvp_spillover(x, **({"lags": 2, "training": 100} | o)),
    "granger": lambda x, **o: granger(x, **({"lags": 2} | o)),
    "transfer_entropy": lambda x, **o: transfer_entropy(x, **({"shuffles": 5} | o)),
}
LEVELS = ("information_shares", "grid")

BAD_FRAMES: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "constant": (lambda x: x.assign(b=7.0), "column 'b' is constant"),
    "collinear": (lambda x: x.assign(b=1 - 2 * x["a"]), "'b' moves exactly with 'a'"),
    "unsorted": (lambda x: x.iloc[[0, 2, 1, *range(3, ROWS)]], "times are not sorted, first at row 2"),
    "doubled time": (lambda x: pd.concat([x[:3], x[2:]]), "a time stands twice, first at row 3"),
    "unsorted integers": (lambda x: x.reset_index(drop=True)[::-1], "not sorted, first at row 1"),
    "mixed zones": (lambda x: x.set_axis(mixed_zones(x.index)), "time zone"),
    "missing time": (lambda x: x.set_axis([pd.NaT, *x.index[1:]]), "a time is missing"),
    "infinite": (lambda x: x.assign(b=x["b"].where(x.index != x.index[7], -np.inf)), "'b' .*infinite.* row 7"),
    "no value": (lambda x: x.assign(b=np.nan), "column 'b' holds no value"),
    "one venue": (lambda x: x[["a"]], "1 (venues|columns)"),
    "no venue": (lambda x: x[[]], "0 (venues|columns)|too few"),
    "no rows": (lambda x: x[:0], "too few rows"),
    "few rows": (lambda x: x[:9], "too few rows"),
    "a Series": (lambda x: x["a"], "expected a DataFrame, got Series"),
    "an array": (lambda x: x.to_numpy(), "expected a DataFrame, got ndarray"),
    "text": (lambda x: x.assign(b="x"), "column 'b' is not numeric"),
    "truth values": (lambda x: x.assign(b=x["a"] > 0), "column 'b' is not numeric but bool"),
    "complex": (lambda x: x.assign(b=x["b"] + 1j), "column 'b' is not numeric but complex"),
    "doubled name": (lambda x: x.set_axis(["a", "a"], axis=1), "column 'a' stands twice"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_FRAMES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_refuses_a_bad_frame(name: str, kind: str) -> None:
    spoil, message = BAD_FRAMES[kind]
    with pytest.raises(ValueError, match=message):
        ESTIMATORS[name](spoil(frame(name in LEVELS)))


@pytest.mark.parametrize("name", [n for n in ESTIMATORS if n != "transfer_entropy"])
def test_a_delayed_copy_is_no_venue_of_its_own(name: str) -> None:
    x = frame(name in LEVELS)
    with pytest.raises(ValueError, match="'b' follows exactly from the past"):
        ESTIMATORS[name](x.assign(b=-x["a"].shift(1))[1:])


@pytest.mark.parametrize("lags", [True, 0, -1, 2.0, "hq", None, 10_000])
@pytest.mark.parametrize("name", [n for n in ESTIMATORS if n not in ("grid", "transfer_entropy")])
def test_every_estimator_refuses_bad_lags(name: str, lags: object) -> None:
    with pytest.raises(ValueError, match=r"lags|too few rows"):
        ESTIMATORS[name](frame(name in LEVELS), lags=lags)


@pytest.mark.parametrize("horizon", [True, 0, -1, 2.5, "x"])
@pytest.mark.parametrize("name", ["spillover", "Cholesky", "rolling", "bands", "joint", "tvp"])
def test_every_spillover_refuses_a_bad_horizon(name: str, horizon: object) -> None:
    with pytest.raises(ValueError, match="horizon"):
        ESTIMATORS[name](frame(False), horizon=horizon)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("grid", {"lags": []}, "lags and betas"),
        ("grid", {"lags": 3}, "lags and betas"),
        ("grid", {"lags": [True]}, "lags"),
        ("information_shares", {"lags": "aic", "max_lags": 2.5}, "max_lags"),
        ("information_shares", {"bootstrap": 2.5}, "bootstrap"),
        ("information_shares", {"bootstrap": True}, "bootstrap"),
        ("information_shares", {"segments": np.zeros((ROWS, 2))}, "segments"),
        ("information_shares", {"days": pd.Series(1, index=range(ROWS))}, "days: its index"),
        ("spillover", {"lags": "aic", "max_lags": 0}, "max_lags"),
        ("rolling", {"window": 100.5}, "window"),
        ("rolling", {"window": 10_000}, "window"),
        ("rolling", {"step": True}, "step"),
        ("tvp", {"training": 100.5}, "training"),
        ("tvp", {"forget": np.nan}, "forget"),
        ("tvp", {"forget": "x"}, "forget"),
        ("tvp", {"forget_variance": 1.2}, "forget_variance"),
        ("bands", {"edges": (np.nan,)}, "edges"),
        ("bands", {"edges": (1, 5)}, "edges"),
        ("transfer_entropy", {"lags": 1}, "lags"),
        ("transfer_entropy", {"lags": (True, 1)}, "lags"),
        ("transfer_entropy", {"lags": (1.0, 1)}, "lags"),
        ("transfer_entropy", {"shuffles": -3}, "shuffles"),
        ("transfer_entropy", {"quantiles": [5, 95]}, "quantiles"),
        ("transfer_entropy", {"quantiles": [np.nan]}, "quantiles"),
    ],
)
def test_bad_options_are_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ESTIMATORS[name](frame(name in LEVELS), **options)


def test_whole_numbers_are_prices_too() -> None:
    whole = (frame(True) * 100).round().astype(int)
    assert information_shares(whole, 2).share("IS")["estimate"].sum() == pytest.approx(1)
    nullable = whole.astype("Int64")
    nullable.iloc[5, 0] = pd.NA
    assert information_shares(nullable, 2).dropped["missing value"] == 1


# Series: lead and lag, liquidity

BAD_SERIES: dict[str, tuple[Callable[[pd.Series], Any], str]] = {
    "constant": (lambda s: s * 0 + 5, "constant"),
    "unsorted": (lambda s: s[::-1], "not sorted, first at row 1"),
    "doubled time": (lambda s: pd.concat([s[:3], s[2:]]), "stands twice, first at row 3"),
    "mixed zones": (lambda s: s.set_axis(mixed_zones(s.index)), "time zone"),
    "other zone": (lambda s: s.tz_localize("UTC"), "mixed time zones"),
    "missing time": (lambda s: s.set_axis([pd.NaT, *s.index[1:]]), "a time is missing"),
    "text for times": (lambda s: s.set_axis(s.index.astype(str)), "datetime"),
    "infinite": (lambda s: s.where(s.index != s.index[3], np.inf), "finite"),
    "missing": (lambda s: s.where(s.index != s.index[3]), "finite"),
    "few": (lambda s: s[:4], "few"),
    "empty": (lambda s: s[:0], "few|none"),
    "a frame": (lambda s: s.to_frame(), "expected a Series"),
    "an array": (lambda s: s.to_numpy(), "expected a Series"),
    "text": (lambda s: s.astype(str), "not numeric"),
    "truth values": (lambda s: s > 0, "not numeric"),
}


@pytest.mark.parametrize("kind", BAD_SERIES)
def test_lead_lag_and_liquidity_refuse_a_bad_series(kind: str) -> None:
    spoil, message = BAD_SERIES[kind]
    x, y = frame(True)["a"], frame(True)["b"]
    lags = ["-1min", "0s", "1min"]
    for pair in ((spoil(x), y), (x, spoil(y))):
        with pytest.raises(ValueError, match=message):
            lead_lag(*pair, lags)
    with pytest.raises(ValueError, match=message):
        liquidity(trades(), spoil(mids()), bar="10min", horizon="1min")


def trades() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    side = rng.choice([-1, 1], ROWS)
    columns = {"time": TIMES, "price": 500 + 0.1 * side, "size": rng.integers(1, 5, ROWS), "side": side}
    return pd.DataFrame(columns)


def mids() -> pd.Series:
    return 500 + pd.Series(np.random.default_rng(3).normal(0, 0.01, ROWS), index=TIMES - pd.Timedelta("1s"))


def spans(*rows: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame({"start": [TIMES[a] for a, _ in rows], "end": [TIMES[b] for _, b in rows], "day": 1})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": []}, "lags"),
        ({"lags": "5s"}, "lags: '5s', must be a list"),
        ({"lags": 5}, "lags: 5, must be a list"),
        ({"lags": [np.nan]}, "lags: expected a duration"),
        ({"lags": [True]}, "lags: expected a duration"),
        ({"sessions": pd.DataFrame()}, "sessions: columns missing"),
        ({"sessions": spans((0, 100)).drop(columns="day")}, r"sessions: columns missing: \['day'\]"),
        ({"sessions": spans((0, 100), (50, 200))}, "sessions: row 1 overlaps"),
        ({"sessions": spans((100, 20))}, "sessions: the end is not after the start at row 0"),
        ({"sessions": spans((0, 100)).assign(end=TIMES[100].tz_localize("UTC"))}, "mixed time zones"),
        ({"bootstrap": -1}, "bootstrap"),
        ({"bootstrap": 9}, "1 blocks are too few"),
    ],
)
def test_lead_lag_refuses_bad_options(options: dict[str, Any], message: str) -> None:
    arguments = {"lags": ["-1min", "0s", "1min"]} | options
    with pytest.raises(ValueError, match=message):
        lead_lag(frame(True)["a"], frame(True)["b"], **arguments)


def test_a_ratio_needs_the_same_lags_both_ways() -> None:
    x, y = frame(True)["a"], frame(True)["b"]
    assert np.isnan(lead_lag(x, y, ["0s", "1min"]).figures.loc["ratio", "estimate"])
    assert np.isnan(lead_lag(x, y, ["-1min", "0s", "1min", "2min"]).figures.loc["ratio", "estimate"])
    assert lead_lag(x, y, ["-1min", "0s", "1min"]).figures.loc["ratio", "estimate"] > 0


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (lambda t: t[:0], {}, "too few"),
        (lambda t: t["price"], {}, "expected a DataFrame"),
        (lambda t: t.assign(price=np.inf), {}, "'price' must be finite and above 0, not so at row 0"),
        (lambda t: t.assign(side="buy"), {}, "'side' is not numeric"),
        (lambda t: t.assign(side=1, size=2), {}, "the same in every bar"),
        (lambda t: t.iloc[[0, 2, 1, *range(3, ROWS)]], {}, "not sorted, first at row 2"),
        (lambda t: t.assign(time=mixed_zones(t["time"])), {}, "time zone"),
        (lambda t: t, {"days": pd.Series([np.nan] * ROWS)}, "days: a label is missing at row 0"),
        (lambda t: t, {"bar": True}, "bar"),
        (lambda t: t, {"horizon": "soon"}, "horizon"),
    ],
)
def test_liquidity_refuses_bad_trades(
    spoil: Callable[..., Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        liquidity(spoil(trades()), mids(), **({"bar": "10min", "horizon": "1min"} | options))


def test_a_day_of_trades_has_figures_and_no_interval() -> None:
    found = liquidity(trades(), mids(), bar="10min", horizon="1min")
    assert found.table["estimate"].notna().all() and found.table["low"].isna().all()


# Quotes, whole days, formulas

LONG = pd.DataFrame({"time": [*TIMES, *TIMES], "venue": ["SC"] * ROWS + ["Brent"] * ROWS, "price": 70.0})


@pytest.mark.parametrize(
    ("quotes", "options", "message"),
    [
        (frame(True)["a"], {}, "quotes: expected a DataFrame"),
        (pd.DataFrame(), {}, "at least two venues"),
        (np.exp(frame(True)).set_axis(["a", "a"], axis=1), {}, "'a' stands twice"),
        (frame(True) > 0, {}, "a: the price is not numeric but bool"),
        (np.exp(frame(True)).astype(str), {}, "a: the price is not numeric"),
        (np.exp(frame(True)).set_axis(mixed_zones(TIMES)), {}, "time zone"),
        (LONG.assign(venue=LONG["venue"].where(LONG.index != 4)), {}, "a venue is missing at row 4"),
        (LONG.assign(state=np.nan), {}, "a state is missing at row 0"),
        (LONG.assign(bid=71.0, ask=70.0).drop(columns="price"), {}, "the bid is above the ask at row 0"),
        (np.exp(frame(True)), {"step": 1}, "step: 1e-09 s makes"),
        (np.exp(frame(True)), {"sessions": 3}, "sessions: expected a DataFrame"),
        (np.exp(frame(True)), {"sessions": spans((0, 100), (50, 200))}, "sessions: row 1 overlaps"),
        (np.exp(frame(True)), {"exclude": spans((0, 100))}, r"exclude: columns missing: \['cause'\]"),
        (np.exp(frame(True)), {"fx": {"a": 7.1}}, r"fx\[a\]: expected a Series"),
    ],
)
def test_sampling_refuses(quotes: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample(quotes, **({"step": "1min", "max_age": "1min"} | options))


def test_times_without_a_type_are_no_times() -> None:
    with pytest.raises(ValueError, match="time zone"):
        by_venue(LONG.assign(time=[*mixed_zones(TIMES), *mixed_zones(TIMES)]))


PARTS = pd.DataFrame({"Brent": [0.75, 1.0], "SC": [0.25, 0.0]}, index=["both", "Brent only"])
VARIANCE = pd.Series({"both": 1.0, "Brent only": 3.0})


@pytest.mark.parametrize(
    ("parts", "variance", "draws", "message"),
    [
        (PARTS[:0], VARIANCE[:0], None, "must be one or more"),
        (PARTS["SC"], VARIANCE, None, "expected a DataFrame"),
        (PARTS.set_axis(["both", "both"]), VARIANCE, None, "each once"),
        (PARTS.set_axis(["SC", "SC"], axis=1), VARIANCE, None, "'SC' stands twice"),
        (PARTS.astype(str), VARIANCE, None, "not numeric"),
        (PARTS, dict(VARIANCE), None, "variance: expected a DataFrame"),
        (PARTS, VARIANCE * np.inf, None, "variance: must be finite"),
        (PARTS, VARIANCE, {"both": PARTS[["SC"]]}, r"draws\[both\]: columns missing: \['Brent'\]"),
        (PARTS, VARIANCE, {"both": PARTS * np.nan}, r"draws\[both\]: must be finite"),
    ],
)
def test_whole_day_share_refuses(parts: Any, variance: Any, draws: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        whole_day_share(parts, variance, draws=draws)


@pytest.mark.parametrize(
    ("kinds", "every", "message"),
    [
        (np.zeros(ROWS), 10_000, "fit into no segment"),
        (np.zeros(ROWS), 2.5, "every"),
        (np.zeros(3), 1, "one label is needed for each of 300 rows"),
        (np.full(ROWS, np.nan), 1, "one label is needed"),
    ],
)
def test_realised_variance_refuses(kinds: np.ndarray, every: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        realised_variance(frame(True), kinds, every=every)


HALF = np.array([[1.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize(
    ("psi", "omega", "message"),
    [
        ([np.nan, 1], HALF, "psi"),
        ([0, 0], HALF, "psi"),
        ([1], [[1.0]], "psi"),
        ([1, 1, 1], HALF, "omega: shape"),
        ([1, 1], HALF * np.nan, "omega"),
        ([1, 1], -HALF, "omega"),
        ([1, 1], [[1, 0.5], [0.1, 1]], "omega: must be symmetric"),
        ([1, 1], np.ones((2, 2)), "omega: innovations are collinear"),
        ([1, 1], [[1, 2], [2, 1]], "omega"),
    ],
)
def test_shares_refuse(psi: Any, omega: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shares(psi, omega)


@pytest.mark.parametrize(
    ("alpha", "beta", "gammas", "message"),
    [
        ([np.nan, 0.1], [1, -1], [], "alpha: must be finite"),
        ([0, 0], [1, -1], [], "alpha: its columns are not independent"),
        ([-0.1, 0.1], [0, 0], [], "beta: its columns are not independent"),
        ([-0.1, 0.1], [1, -1, 2], [], "beta: shape"),
        ([-0.1, 0.1], [1, -1], np.ones((3, 2)), "gammas: shape"),
        ([-0.1, 0.1], [1, -1], np.full((1, 2, 2), np.nan), "gammas: must be finite"),
    ],
)
def test_shares_from_coefficients_refuse(alpha: Any, beta: Any, gammas: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shares_from_vecm(alpha, beta, gammas, HALF)
