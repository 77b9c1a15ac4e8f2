"""Lead-lag, transfer entropy, Granger tests, whole-day shares and liquidity: references, twins, refusals."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.influence.entropy import entropy_of_counts, transfer_entropy
from scenarios.influence.granger import granger
from scenarios.influence.information import information_shares
from scenarios.influence.leadlag import lead_lag, overlap_products
from scenarios.influence.liquidity import liquidity
from scenarios.influence.sampling import sample
from scenarios.influence.whole_day import (
    realised_variance,
    whole_day_information_shares,
    whole_day_share,
)

REFDATA = Path(__file__).parents[2] / "shared" / "refdata"
SECOND = 10**9
NINE = pd.Timestamp("2024-11-04 09:00").as_unit("ns").value


@pytest.fixture(scope="module")
def expected() -> dict:
    if not REFDATA.exists():
        pytest.skip("the reference data stand beside the project and are not here")
    return json.loads((REFDATA / "expected.json").read_text())


# Lead-lag


def quotes(
    rng: np.random.Generator, delay: int, rows: int = 60_000, counts: tuple[int, int] = (9_000, 5_000)
) -> tuple[pd.Series, ...]:
    """Two venues that quote one random walk at random tenths of a second, the second `delay` tenths late."""
    walk = rng.normal(0, 1e-4, rows).cumsum()
    series = []
    for count, late in zip(counts, (0, delay), strict=True):
        at = np.sort(rng.choice(np.arange(200, rows), count, replace=False))
        series.append(pd.Series(walk[at - late], index=NINE + at * (SECOND // 10)))
    return tuple(series)


def spans(length: int = 300, count: int = 20) -> pd.DataFrame:
    start = NINE + np.arange(count) * length * SECOND
    return pd.DataFrame({"start": start, "end": start + (length - 10) * SECOND, "day": np.arange(count)})


def test_lead_lag_finds_the_delay_and_its_sign() -> None:
    lags = [k * SECOND // 2 for k in range(-12, 13)]
    for delay, seconds in ((20, 2.0), (0, 0.0)):
        rng = np.random.default_rng(delay)
        x, y = quotes(rng, delay)
        found = lead_lag(x, y, lags, sessions=spans(), bootstrap=50, rng=rng)
        assert found.figures.loc["lag", "estimate"] == seconds
        assert found.figures.loc["lag", "low"] <= seconds <= found.figures.loc["lag", "high"]
        assert found.curve["correlation"].max() == pytest.approx(1.0, abs=0.06)
    x, y = quotes(np.random.default_rng(9), 20)
    there = lead_lag(x, y, lags, bootstrap=0, sessions=spans())
    back = lead_lag(y, x, lags, bootstrap=0, sessions=spans())
    assert there.curve["correlation"].to_numpy() == pytest.approx(back.curve["correlation"].to_numpy()[::-1])
    assert there.figures.loc["ratio", "estimate"] == pytest.approx(1 / back.figures.loc["ratio", "estimate"])
    assert there.figures.loc["ratio", "estimate"] > 5
    scaled = lead_lag(7 - 3 * x, 0.2 * y, lags, bootstrap=0, sessions=spans())
    assert scaled.curve["correlation"].to_numpy() == pytest.approx(-there.curve["correlation"].to_numpy())


def test_lead_lag_finds_the_correlation_of_ticks_that_never_coincide() -> None:
    rng = np.random.default_rng(10)
    root = np.linalg.cholesky(np.array([[1, 0.75], [0.75, 1]]))
    walk = (rng.normal(size=(200_000, 2)) @ root.T * 1e-5).cumsum(axis=0)
    ticks = rng.permutation(200_000)
    x, y = (
        pd.Series(walk[at, k], index=NINE + at * SECOND)
        for k, at in enumerate((np.sort(ticks[:20_000]), np.sort(ticks[20_000:50_000])))
    )
    lags = [k * 20 * SECOND for k in range(-3, 4)]
    found = lead_lag(x, y, lags, sessions=spans(2_000, 100))
    assert found.figures.loc["lag", "estimate"] == 0
    row = found.figures.loc["correlation"]
    assert row["estimate"] == pytest.approx(0.75, abs=0.02)
    assert row["low"] < 0.75 < row["high"] and found.blocks == 100
    ahead = found.figures.loc["ratio"]
    assert ahead["low"] < 1 < ahead["high"]


def test_overlap_sum_is_the_double_sum() -> None:
    rng = np.random.default_rng(1)
    tx, ty = (np.sort(rng.choice(200, size, replace=False)).astype(np.int64) for size in (40, 25))
    px, py = rng.normal(size=40), rng.normal(size=25)
    shifts = np.array([-30, -1, 0, 7, 60, 500])
    twin = []
    for shift in shifts:
        total = 0.0
        for i in range(1, 40):
            for j in range(1, 25):
                if tx[i - 1] < ty[j] - shift and ty[j - 1] - shift < tx[i]:
                    total += (px[i] - px[i - 1]) * (py[j] - py[j - 1])
        twin.append(total)
    assert overlap_products(tx, px, ty, py, shifts) == pytest.approx(twin)


def test_lead_lag_increments_stay_within_sessions() -> None:
    x, y = quotes(np.random.default_rng(2), 0)
    table = spans()
    jumped = []
    for series in (x, y):
        number = np.searchsorted(table["start"].to_numpy(), series.index.to_numpy(), side="right")
        jumped.append(series + 5.0 * number)
    lags = [-SECOND, 0, SECOND]
    plain = lead_lag(x, y, lags, sessions=table, bootstrap=0).curve["correlation"]
    moved = lead_lag(*jumped, lags, sessions=table, bootstrap=0).curve["correlation"]
    assert moved.to_numpy() == pytest.approx(plain.to_numpy(), rel=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x, y: (x[::-1], y), "not sorted"),
        (lambda x, y: (x * 0, y), "x: the price is constant"),
        (lambda x, y: (x, y[:3]), "y: 3 points"),
        (lambda x, y: (x, y.where(y.index != y.index[4])), "y: log prices must be finite"),
        (lambda x, y: (x, y.set_axis(pd.DatetimeIndex(y.index))), "mixed time zones"),
    ],
)
def test_lead_lag_refuses(spoil: object, message: str) -> None:
    x, y = quotes(np.random.default_rng(3), 0, rows=2_000, counts=(300, 300))
    with pytest.raises(ValueError, match=message):
        lead_lag(*spoil(x, y), [0, SECOND], bootstrap=0)  # type: ignore[operator]
    with pytest.raises(ValueError, match="lags: must rise"):
        lead_lag(x, y, [SECOND, 0], bootstrap=0)


# Transfer entropy


def test_transfer_entropy_of_the_reference_pair(expected: dict) -> None:
    case = expected["transfer_entropy"]
    pair = pd.read_csv(REFDATA / case["file"])
    found = transfer_entropy(pair, shuffles=100, rng=np.random.default_rng(0)).table
    assert found.loc["x -> y", "raw"] == pytest.approx(case["x_to_y"], abs=case["tolerance"])
    assert found.loc["y -> x", "raw"] == pytest.approx(case["y_to_x"], abs=case["tolerance"])
    assert found.loc["x -> y", "effective"] == pytest.approx(0.121, abs=0.002)
    assert found.loc["x -> y", "p"] < 0.02 < found.loc["y -> x", "p"]


def test_entropy_of_counts_is_the_sum_of_its_formula() -> None:
    counts = np.random.default_rng(1).integers(0, 9, size=(3, 9, 3))
    p = counts / counts.sum()
    total = 0.0
    for a, b, c in np.argwhere(counts > 0):
        given_both = p[a, b, c] / p[:, b, c].sum()
        given_own = p[a, b].sum() / p[:, b].sum()
        total += p[a, b, c] * np.log2(given_both / given_own)
    assert entropy_of_counts(counts.ravel(), 3, (2, 1)) == pytest.approx(total)


@pytest.mark.parametrize("lags", [(1, 1), (1, 2), (2, 1), (3, 2)])
@pytest.mark.parametrize("cuts", [[0.5], [0.05, 0.95], [0.25, 0.5, 0.75]])
def test_transfer_entropy_agrees_with_counting_every_history(
    lags: tuple[int, int], cuts: list[float]
) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=1_500)
    frame = pd.DataFrame({"x": x, "y": np.r_[0, 0, 0.6 * x[:-2]] + rng.normal(size=1_500)})
    coded = {c: np.searchsorted(frame[c].quantile(cuts).to_numpy(), frame[c]) for c in frame}
    found = transfer_entropy(frame, lags, cuts, shuffles=19)
    for source, target in (("x", "y"), ("y", "x")):
        k, source_lags = lags
        seen = [Counter() for _ in range(4)]
        for t in range(max(lags), 1_500):
            now, own = coded[target][t], tuple(coded[target][t - k : t])
            other = tuple(coded[source][t - source_lags : t])
            for count, key in zip(seen, ((now, own, other), (own, other), (now, own), own), strict=True):
                count[key] += 1
        joint, pasts, owns, own_pasts = seen
        bits = sum(
            n * np.log2(n / pasts[own, other] / (owns[now, own] / own_pasts[own]))
            for (now, own, other), n in joint.items()
        )
        row = found.table.loc[f"{source} -> {target}"]
        assert row["raw"] == pytest.approx(bits / (1_500 - max(lags)), abs=0.002)
    if lags[1] == 2:  # y follows x two steps later
        assert found.table.loc["x -> y", "p"] == 0.05


def test_transfer_entropy_knows_ranks_and_not_units() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=1_001)  # quantiles fall on observations, so that ranks alone decide
    frame = pd.DataFrame({"x": x, "y": np.r_[0, 0.5 * x[:-1]] + rng.normal(size=1_001)})
    base = transfer_entropy(frame, quantiles=[0.5], shuffles=0).table["raw"]
    bent = transfer_entropy(frame.transform(np.exp)[["y", "x"]] * 9, quantiles=[0.5], shuffles=0).table["raw"]
    assert bent.loc[base.index].tolist() == pytest.approx(base.tolist())


def test_transfer_entropy_crosses_no_break_and_has_intervals() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=4_000)
    frame = pd.DataFrame({"x": x, "y": np.r_[0, x[:-1]]})
    segments = np.arange(4_000) // 2
    whole = transfer_entropy(frame, shuffles=0, bootstrap=50, rng=rng).table.loc["x -> y"]
    assert whole["raw"] > 0.5
    assert whole["low"] < whole["high"]
    odd = frame.assign(y=np.where(np.arange(4_000) % 2 == 1, rng.normal(size=4_000), frame["y"]))
    inside = transfer_entropy(odd, segments=segments, shuffles=0).table.loc["x -> y", "raw"]
    across = transfer_entropy(odd, shuffles=0).table.loc["x -> y", "raw"]
    assert inside < 0.01 < 0.1 < across


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantiles": [0.9, 0.1]}, "quantiles"),
        ({"quantiles": [0.0, 0.5]}, "quantiles"),
        ({"lags": (0, 1)}, "lags"),
        ({"lags": (6, 6), "quantiles": np.linspace(0.1, 0.9, 9)}, "too few rows|too many states"),
        ({"shuffles": 10, "rng": 3}, "rng: expected a numpy Generator, got int"),
        (
            {
                "returns": pd.DataFrame(
                    {"x": np.r_[np.zeros(390), np.arange(10.0)], "y": np.arange(400.0) ** 2}
                )
            },
            "coincide",
        ),
        ({"returns": pd.DataFrame({"x": np.ones(400), "y": np.arange(400.0)})}, "'x' is constant"),
    ],
)
def test_transfer_entropy_refuses(options: dict, message: str) -> None:
    rng = np.random.default_rng(0)
    arguments = {
        "returns": pd.DataFrame(rng.normal(size=(400, 2)), columns=["x", "y"]),
        "shuffles": 0,
    } | options
    with pytest.raises(ValueError, match=message):
        transfer_entropy(**arguments)


# Granger


def test_granger_agrees_with_statsmodels_and_sees_the_direction() -> None:
    from statsmodels.tsa.stattools import grangercausalitytests

    rng = np.random.default_rng(3)
    x = rng.normal(size=1_000)
    frame = pd.DataFrame({"x": x, "y": np.r_[0, 0.3 * x[:-1]] + rng.normal(size=1_000)})
    found = granger(frame, 2, covariance="nonrobust").table
    twin = grangercausalitytests(frame[["y", "x"]], [2])[2][0]["ssr_ftest"]
    assert found.loc[("x", "y"), ["F", "p"]].tolist() == pytest.approx(twin[:2], rel=1e-6)
    robust = granger(frame, 2, segments=np.arange(1_000) // 50).table["p"]
    assert robust["x", "y"] < 1e-6 < 0.001 < robust["y", "x"]


@pytest.mark.parametrize(
    ("frame", "lags", "message"),
    [
        (pd.DataFrame({"x": np.arange(9.0) ** 2, "y": np.arange(9.0) ** 3}), 3, "too few rows"),
        (pd.DataFrame({"x": np.ones(99), "y": np.arange(99.0)}), 1, "'x' is constant"),
        (pd.DataFrame({"x": np.arange(99.0) ** 2}), 1, "1 columns"),
    ],
)
def test_granger_refuses(frame: pd.DataFrame, lags: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        granger(frame, lags)


# Whole day

PARTS = pd.DataFrame(
    {"Brent": [0.75, 1.0, 0.0], "SC": [0.25, 0.0, 1.0]}, index=["overlap", "Brent only", "SC only"]
)


def test_whole_day_example(expected: dict) -> None:
    weights = pd.Series({"overlap": 0.5, "Brent only": 0.4, "SC only": 0.1})
    found = whole_day_share(PARTS, weights * 7)
    case = expected["cwis_example"]
    assert found.table["estimate"].tolist() == pytest.approx(case["value"], abs=case["tolerance"])
    assert found.weights.to_dict() == pytest.approx(weights.to_dict())


def test_whole_day_intervals_and_refusals() -> None:
    rng = np.random.default_rng(4)
    by_day = pd.DataFrame(rng.uniform(0.5, 1.5, (50, 3)) * [0.5, 0.4, 0.1], columns=PARTS.index)
    draws = pd.DataFrame({"SC": rng.normal(0.25, 0.05, 200)}).assign(Brent=lambda d: 1 - d["SC"])
    found = whole_day_share(PARTS, by_day, draws={"overlap": draws}, bootstrap=300, rng=rng)
    row = found.table.loc["SC"]
    assert row["low"] < row["estimate"] < row["high"]
    assert 0.03 < row["high"] - row["low"] < 0.2
    with pytest.raises(ValueError, match="sum to 1"):
        whole_day_share(PARTS * 2, by_day)
    with pytest.raises(ValueError, match="sum to 1"):
        whole_day_share(PARTS * np.nan, by_day)
    with pytest.raises(ValueError, match="kinds"):
        whole_day_share(PARTS, by_day[["overlap"]])
    with pytest.raises(ValueError, match="nowhere below 0"):
        whole_day_share(PARTS, -by_day)


def test_realised_variance_by_day_and_kind_skips_breaks() -> None:
    prices = pd.DataFrame({"a": [0.0, 1.0, 9.0, 11.0, 0.0, 0.5], "b": [0.0, 1.0, 9.0, 11.0, 0.0, 0.5]})
    found = realised_variance(
        prices,
        np.array(["day", "day", "night", "night", "day", "day"]),
        segments=np.array([0, 0, 1, 1, 2, 2]),
        days=np.array([1, 1, 1, 1, 2, 2]),
    )
    assert found.loc[1].to_dict() == {"day": 1.0, "night": 4.0}
    assert found.loc[2].to_dict() == {"day": 0.25, "night": 0.0}
    unbroken = realised_variance(prices, np.repeat(["day", "night"], 3), days=np.ones(6))
    assert unbroken.loc[1].to_dict() == {"day": 65.0, "night": 121.25}


def test_whole_day_from_quotes_with_partial_hours() -> None:
    rng = np.random.default_rng(8)
    step, hours = 60 * SECOND, 24
    times = NINE + np.arange(20 * hours * 60) * step
    trend = rng.normal(0, 1e-3, len(times)).cumsum()
    hour = (np.arange(len(times)) // 60) % hours
    prices = {}
    for name, noise in (("SC", 5e-4), ("Brent", 1e-3)):
        prices[name] = 70 * np.exp(trend + rng.normal(0, noise, len(times)))
    quotes = pd.DataFrame(prices, index=times)
    quotes.loc[hour >= 6, "SC"] = np.nan
    sampled = sample(quotes, step="1min", max_age="1min", require="any")
    assert set(sampled.kinds) == {"SC+Brent", "Brent"}
    assert (sampled.kinds.groupby(sampled.segments).nunique() == 1).all()
    assert sampled.segments.nunique() == 40
    found = whole_day_information_shares(sampled, lags=5, every=30, rng=rng, bootstrap=50)
    assert found.weights["SC+Brent"] == pytest.approx(0.25, abs=0.03)
    alone = found.shares.loc["SC+Brent", "SC"]
    assert alone > 0.5
    assert found.table.loc["SC", "estimate"] == pytest.approx(alone * found.weights["SC+Brent"])
    assert found.table.loc["SC", "low"] < found.table.loc["SC", "estimate"] < found.table.loc["SC", "high"]


# Liquidity


def market(rng: np.random.Generator, rows: int = 4_000) -> tuple[pd.DataFrame, pd.Series]:
    """A trade every ten seconds; each moves the mid by 1e-5 a lot for good and pays a half spread of 2e-4."""
    side, size = rng.choice([-1, 1], rows), rng.integers(1, 9, rows)
    mid = 500 * np.exp((1e-5 * side * size).cumsum())
    before = np.r_[500.0, mid[:-1]]
    when = NINE + np.arange(rows) * 10 * SECOND
    trades = pd.DataFrame({"time": when, "price": before * (1 + 2e-4 * side), "size": size, "side": side})
    return trades, pd.Series(np.r_[500.0, mid], index=np.r_[NINE - SECOND, when + SECOND])


def test_liquidity_recovers_what_was_built_in() -> None:
    rng = np.random.default_rng(5)
    trades, mid = market(rng)
    days = pd.Series(np.arange(len(trades)) // 400)
    found = liquidity(trades, mid, bar="100s", horizon="5s", days=days, rng=rng, bootstrap=50).table
    assert found.loc["kyle_lambda", "estimate"] == pytest.approx(1e-5, rel=1e-3)
    assert found.loc["effective_spread", "estimate"] == pytest.approx(4e-4, rel=1e-6)
    weight = trades["size"]
    impact = 2 * np.average(np.expm1(1e-5 * weight * trades["side"]) * trades["side"], weights=weight)
    assert found.loc["price_impact", "estimate"] == pytest.approx(impact, rel=0.01)
    parts = found.loc[["realised_spread", "price_impact"], "estimate"].sum()
    assert parts == pytest.approx(found.loc["effective_spread", "estimate"])
    assert (found["low"] <= found["estimate"]).all() and (found["estimate"] <= found["high"]).all()
    plain = market(np.random.default_rng(5))[0]
    change, turnover = [], []
    for k in range(0, 4_000, 10):
        bar = plain.iloc[k : k + 10]
        change.append(abs((1e-5 * bar["side"] * bar["size"]).sum()))
        turnover.append((bar["price"] * bar["size"]).sum())
    amihud = np.mean(np.array(change) / np.array(turnover))
    assert found.loc["amihud", "estimate"] == pytest.approx(amihud, rel=0.02)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t, m: (t.assign(side=0), m), "'side'"),
        (lambda t, m: (t.assign(size=0), m), "'size'"),
        (lambda t, m: (t.assign(price=-1.0), m), "'price'"),
        (lambda t, m: (t[::-1], m), "not sorted"),
        (lambda t, m: (t, m * 0), "above 0"),
        (lambda t, m: (t, m * 0 + 1), "mid: the quote is constant"),
        (lambda t, m: (t.head(4), m), "too few"),
        (lambda t, m: (t.drop(columns="side"), m), "missing"),
        (lambda t, m: (t.assign(time=pd.to_datetime(t["time"])), m), "mixed time zones"),
    ],
)
def test_liquidity_refuses(spoil: object, message: str) -> None:
    trades, mid = market(np.random.default_rng(6), rows=400)
    with pytest.raises(ValueError, match=message):
        liquidity(*spoil(trades, mid), bootstrap=0)  # type: ignore[operator]


# Negative controls: what an information share may and may not be taken for


def venues(seed: int, noise: tuple[float, float], delay: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trend = rng.normal(size=30_010).cumsum()
    shocks = rng.normal(size=(30_000, 2)) * noise
    return pd.DataFrame({"SC": trend[10 - delay : 30_010 - delay], "Brent": trend[10:]}) + shocks


def figures(prices: pd.DataFrame) -> pd.Series:
    found = information_shares(prices, lags="bic", beta="unit", bootstrap=0)
    return found.table["estimate"].unstack("venue")["SC"]


def test_a_venue_that_only_follows_has_no_share() -> None:
    assert figures(venues(1, (0.1, 0.1), delay=2))["IS"] < 0.03


def test_a_quieter_venue_without_news_of_its_own_has_a_large_share() -> None:
    assert figures(venues(2, (0.5, 1.0)))["IS"] == pytest.approx(0.667, abs=0.05)


def test_noise_lowers_the_share_raises_ils_and_leaves_pils() -> None:
    quiet, loud = figures(venues(3, (1.0, 1.0))), figures(venues(3, (2.0, 1.0)))
    assert loud["IS"] < quiet["IS"] - 0.1
    assert loud["ILS"] > quiet["ILS"] + 0.05
    assert loud["PILS"] == pytest.approx(quiet["PILS"], abs=0.08)


def test_plots_draw_on_the_given_axes() -> None:
    from matplotlib.figure import Figure

    rng = np.random.default_rng(7)
    x, y = quotes(rng, 0, rows=3_000, counts=(500, 500))
    pair = pd.DataFrame(rng.normal(size=(500, 2)), columns=["x", "y"])
    results = [
        lead_lag(x, y, [-SECOND, 0, SECOND], bootstrap=0),
        transfer_entropy(pair, shuffles=0),
        granger(pair, 1),
        information_shares(venues(4, (1.0, 1.0))[:500], 2).gate,
        whole_day_share(PARTS, pd.Series(1.0, index=PARTS.index)),
        liquidity(*market(rng), bootstrap=0),
    ]
    for found in results:
        ax = Figure().subplots()
        assert found.plot(ax) is ax
        assert len(found.to_frame())
