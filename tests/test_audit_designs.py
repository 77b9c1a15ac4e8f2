"""The designs of the audit: their truths against brute force and the reference data, and the negative controls."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scenarios.audit.designs import (
    all_designs,
    clocks_apart,
    noise_delay,
    partial_adjustment,
    quick_designs,
    two_sources,
)
from scenarios.audit.draws import Size, draw_many, own_values, truths
from scenarios.audit.estimators import CLAIMS, readings
from scenarios.audit.linear import Linear, Overlap, leader, speed_share
from scenarios.audit.score import score_design

REFDATA = Path(__file__).parents[2] / "shared" / "refdata" / "expected.json"
BY_NAME = {design.name: design for design in all_designs()}
LINEAR = [design for design in all_designs() if isinstance(design, Linear)]


@pytest.fixture(scope="module")
def expected() -> dict:
    if not REFDATA.exists():
        pytest.skip("the reference data stand beside the project and are not here")
    return json.loads(REFDATA.read_text())


@pytest.mark.parametrize("design", LINEAR, ids=lambda d: d.name)
def test_every_shock_ends_at_the_trend_of_all_prices(design):
    ends = design.read @ np.linalg.matrix_power(design.transition, 400) @ design.impact
    assert ends == pytest.approx(np.tile(design.trend @ design.impact, (len(design.venues), 1)), abs=1e-9)


@pytest.mark.parametrize("name", ["late", "quarter", "noisy", "star"])
def test_origin_is_the_variance_that_each_venue_brings_by_simulation(name):
    design = BY_NAME[name]
    variance = np.zeros(len(design.venues))
    for venue in range(len(design.venues)):
        mine = np.array([owner == venue for owner in design.owner])
        alone = replace(design, impact=design.impact * mine, noise=0 * design.noise)
        prices = alone.simulate(np.random.default_rng(venue), 4_000, 50).log_prices
        variance[venue] = np.diff(prices.iloc[::50, -1].to_numpy()).var()
    assert variance / variance.sum() == pytest.approx(design.origin(), abs=0.03)


@pytest.mark.parametrize("name", ["adjust", "noisy", "star"])
def test_response_is_the_regression_of_changes_on_the_permanent_news_by_simulation(name):
    design = replace(BY_NAME[name], noise=0 * BY_NAME[name].noise)
    with_trend = replace(design, read=np.vstack([design.read, design.trend]), noise=np.zeros(len(design.read) + 1),
                         venues=(*design.venues, "trend"))  # fmt: skip
    steps = with_trend.simulate(np.random.default_rng(1), 1, 60_000).log_prices.diff().dropna().to_numpy()
    news = steps[:, -1]
    slopes = steps[:, :-1].T @ news / (news @ news)
    assert slopes == pytest.approx(design.response(), abs=0.03)


def test_whole_day_truth_of_partly_overlapping_hours():
    design = BY_NAME["overlap"]
    assert isinstance(design, Overlap)
    assert design.origin().tolist() == pytest.approx([0.4 * 0.25, 1 - 0.4 * 0.25])
    drawn = design.simulate(np.random.default_rng(1), 3, 100)
    assert drawn.log_prices["SC"].isna().sum() == 180
    assert not drawn.log_prices["Brent"].isna().any()
    assert drawn.segments.nunique() == 6


@pytest.mark.parametrize("name", ["noisy", "late", "star"])
def test_population_is_what_a_long_sample_tends_to(name):
    design = BY_NAME[name]
    told = readings(design.simulate(np.random.default_rng(3), 600, 100), bootstrap=0, rng=None).table[
        "estimate"
    ]
    exact = design.population()
    for figure in ("IS", "MIS", "CS", "PDS"):
        assert told[figure].to_numpy() == pytest.approx(exact[figure].to_numpy(), abs=0.03)


def test_reference_noise_and_delay(expected):
    for row in expected["noise_delay_population"]["rows"]:
        design = noise_delay("x", "", row["noise_sd"], row["delay"])
        found = design.population().iloc[0][["IS_low", "IS_high", "IS", "CS", "MIS", "PDS", "ILS", "PILS"]]
        told = [*row["IS"], row["IS_mid"], row["CS"], row["MIS"], row["PDS"], row["ILS_mid"], row["PILS"]]
        assert found.tolist() == pytest.approx(told, abs=1e-4)
        assert leader(design.response()) == 0
        assert speed_share(design.response()) == 0.5


def test_reference_partial_adjustment(expected):
    for row in expected["partial_adjustment"]["rows"]:
        design = partial_adjustment("x", "", row["delta"], row["bT"])
        found = design.population().iloc[0][["IS_low", "IS_high", "MIS", "ILS", "PILS"]]
        assert found.tolist() == pytest.approx(
            [*row["IS"], row["MIS"], row["ILS_mid"], row["PILS"]], abs=1e-4
        )
        first, second = design.response()
        assert first / second == pytest.approx(row["true_IL"])
        assert speed_share(design.response()) == pytest.approx(row["PILS"], abs=1e-5)


def test_reference_two_sources(expected):
    for row in expected["two_source_pa"]["rows"]:
        design = two_sources("x", "", 1 - row["w_origin_market2"], row["kappa"])
        found = design.population().iloc[1]
        figures = ["IS_low", "IS_high", "CS", "MIS", "PDS", "ILS", "PILS"]
        told = [*row["IS2"], row["CS2"], row["MIS2"], row["PDS2"], row["ILS2"], row["PILS2"]]
        assert found[figures].tolist() == pytest.approx(told, abs=1e-4)
        assert design.origin()[1] == pytest.approx(row["w_origin_market2"])


def test_reference_clock_artefact(expected):
    for row in expected["clock_artefact"]["rows"]:
        design = clocks_apart("x", "", row["d"])
        assert design.population()["PILS"].iloc[0] == pytest.approx(row["PILS_SC"], abs=0.006)
        own = own_values(design, seed=1, size=Size(draws=0, days=1, rows=100, own_rows=30_000))
        assert own["DY NET"] == pytest.approx(row["NET_SC"], abs=2.0)
        assert truths(design)["DY NET"] == 0.0


def scored(name: str) -> dict:
    size = Size(draws=4, days=20, rows=100, bootstrap=40, own_rows=10_000)
    design = BY_NAME[name]
    drawn = draw_many(design, seed=1, size=size, first=0, count=4)
    frame = score_design(name, drawn, truths(design), own_values(design, seed=1, size=size))
    return frame.set_index("estimator").to_dict("index")


def test_control_a_late_venue_without_news_has_no_share():
    late, later = scored("late"), scored("later")
    assert late["IS"]["truth"] == 0.0
    assert abs(late["IS"]["bias"]) < 0.1
    assert abs(later["IS"]["bias"]) < 0.01
    assert later["HY lag"]["mean"] == -1.0


def test_control_a_quiet_venue_without_news_still_has_two_thirds():
    quiet = scored("quiet")
    assert quiet["IS"]["truth"] == 0.0
    assert quiet["IS"]["bias"] == pytest.approx(2 / 3, abs=0.05)
    assert quiet["IS"]["coverage"] == 0.0
    assert quiet["IS"]["own_coverage"] >= 0.5
    assert not BY_NAME["quiet"].identified


def test_control_twice_the_noise_moves_is_and_ils_but_neither_truth_nor_pils():
    equal, loud = BY_NAME["equal"], BY_NAME["loud"]
    before, after = equal.population().iloc[0], loud.population().iloc[0]
    assert after["IS"] < before["IS"] - 0.2
    assert after["ILS"] > before["ILS"] + 0.1
    assert after["PILS"] == pytest.approx(before["PILS"])
    assert loud.origin().tolist() == equal.origin().tolist()
    found = scored("loud")
    assert found["PILS"]["bias"] == pytest.approx(0.0, abs=0.05)
    assert found["ILS"]["bias"] > 0.1


def test_control_two_clocks_make_a_leader_and_one_clock_none():
    apart, together = scored("clocks-11h"), scored("one-clock")
    assert apart["DY NET"]["wrong"] == 1.0
    assert together["DY NET"]["wrong"] == 0.0
    assert apart["PILS"]["bias"] < -0.2
    assert abs(together["PILS"]["bias"]) < 0.02


def test_whole_day_share_mends_the_share_of_common_hours():
    found = scored("overlap")
    assert found["IS"]["bias"] > 0.08
    assert abs(found["CWIS"]["bias"]) < 0.06


def test_a_draw_depends_on_its_number_alone():
    size = Size(draws=3, days=10, rows=50, bootstrap=10)
    whole = draw_many(BY_NAME["noisy"], seed=1, size=size, first=0, count=3)
    part = draw_many(BY_NAME["noisy"], seed=1, size=size, first=2, count=1)
    assert whole[whole["draw"] == 2].reset_index(drop=True).equals(part)
    assert set(whole["estimator"]) <= set(CLAIMS)
    assert whole.loc[whole["estimator"] == "IS", "estimate"].nunique() == 3


def test_quick_designs_are_some_of_all_and_names_are_unique():
    names = [design.name for design in all_designs()]
    assert len(set(names)) == len(names)
    assert {design.name for design in quick_designs()} < set(names)
