"""The bench of mechanisms: the planner, what no mechanism can do, the paired table, the folder and the verb."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from scenarios.cli import main
from scenarios.mechanisms import (
    COLUMNS,
    MECHANISMS,
    Bench,
    Draw,
    Market,
    bench,
    draw_market,
    load_market,
    plan,
    text,
)
from scenarios.mechanisms.bench import explained, measure
from scenarios.plots import mechanisms_side_by_side, to_svg
from scenarios.results import read_run
from scenarios.tomlfile import BadInput

FEW = ["learning_sales=30"]


@pytest.fixture(scope="module")
def market() -> Market:
    return load_market(FEW)


@pytest.fixture(scope="module")
def found(market) -> Bench:
    return bench(market, draws=120, seed=1)


@given(
    st.lists(st.integers(300_000, 600_000), min_size=1, max_size=8),
    st.lists(st.integers(300_000, 600_000), min_size=1, max_size=4),
    st.integers(1, 3),
)
def test_the_merit_order_is_the_best_assignment(values, costs, lots):
    draw = Draw(450_000, tuple(values), tuple(costs), (), 450_000, (), (), ())
    surplus = np.maximum(np.subtract.outer(values, np.repeat(costs, lots)), 0)
    best = linear_sum_assignment(surplus, maximize=True)
    assert plan(draw, lots).surplus_fen == surplus[best].sum()


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_no_mechanism_beats_the_planner_or_makes_money(number, buyers, sellers, lots, learnt):
    market = load_market([f"buyers={buyers}", f"sellers={sellers}", f"lots_per_seller={lots}"])
    draw = draw_market(market, 7, number)
    optimum = plan(draw, lots)
    for name, clear in MECHANISMS.items():
        cleared = clear(market, draw, learnt)
        got = measure(market, draw, cleared, optimum)
        assert sum(cleared.settlement.cash_fen.values()) == 0, name
        both = got["buyer_rent_mn_cny"] + got["seller_rent_mn_cny"]
        assert both <= got["optimum_mn_cny"] + 1e-9, name
        if not optimum.surplus_fen:
            assert np.isnan(got["efficiency"])
        else:
            assert got["efficiency"] <= 1 + 1e-12, name
        bought, sold = {}, {}
        for deal in cleared.signed:
            assert deal.quantity % market.lot_t == 0, name
            bought[deal.buyer] = bought.get(deal.buyer, 0) + deal.quantity
            sold[deal.seller] = sold.get(deal.seller, 0) + deal.quantity
            i, k = int(deal.buyer.split()[1]) - 1, int(deal.seller.split()[1]) - 1
            assert draw.costs_fen[k] <= deal.price_fen, name
            if name != "presale":  # a pre-sale is signed before values are known
                assert deal.price_fen <= draw.values_fen[i], name
        assert all(quantity <= market.lot_t for quantity in bought.values()), name
        assert all(quantity <= lots * market.lot_t for quantity in sold.values()), name


def test_bidding_and_one_price_are_as_good_as_the_planner(found):
    rows = {row.measure: row for row in found.rows()}
    for name in ("uplift", "downward", "tender_one_price"):
        estimate = rows[f"{name}.efficiency"].base
        assert estimate is not None and 0.999 < estimate.value <= 1.0  # less a step of the clock
    for name in ("listing", "uplift_capped", "presale", "book", "tender_own_price", "tender_learnt"):
        estimate = rows[f"{name}.efficiency"].base
        assert (
            estimate is not None and estimate.high is not None and 0.8 < estimate.value < estimate.high < 1.0
        )
    effect = rows["uplift.efficiency"].effect
    assert effect is not None and effect.low is not None and effect.low > 0
    assert rows["listing.efficiency"].effect is None


def test_differences_are_from_listing_over_the_same_draws(found):
    rows = {row.measure: row for row in found.rows()}
    wide = found.draws.pivot(index="draw", columns="mechanism")
    for name in ("seller_rent_mn_cny", "delivered_kt"):
        own, against, effect = (
            rows[f"book.{name}"].base,
            rows[f"listing.{name}"].base,
            rows[f"book.{name}"].effect,
        )
        assert own is not None and against is not None and effect is not None
        assert effect.value == pytest.approx((wide[name]["book"] - wide[name]["listing"]).mean())
        assert effect.value == pytest.approx(own.value - against.value)
        assert effect.high is not None and own.high is not None
        assert effect.high - effect.value < 0.7 * (own.high - own.value)  # pairing pays


def test_revenue_is_equivalent_in_the_bench_where_all_reserves_are_one():
    market = load_market([*FEW, "cost_half_width_cny_per_t=0"])
    wide = bench(market, draws=400, seed=1).draws.pivot(
        index="draw", columns="mechanism", values="seller_rent_mn_cny"
    )
    difference = wide["tender_own_price"] - wide["tender_one_price"]
    assert abs(difference.mean()) < 2.5 * difference.std() / np.sqrt(len(wide))
    assert difference.std() > 0


def test_a_cap_takes_from_sellers_and_serves_who_comes_first(found):
    wide = found.draws.pivot(index="draw", columns="mechanism")
    price = wide["price_cny_per_t"]
    bound = price["uplift"] > price["uplift_capped"]
    assert bound.any() and not bound.all()
    assert (price["uplift_capped"][bound] == 4_680).all()
    assert (price["uplift_capped"][~bound].dropna() == price["uplift"][~bound].dropna()).all()
    assert (wide["efficiency"]["uplift_capped"][bound] <= wide["efficiency"]["uplift"][bound]).all()


def test_the_deposit_decides_who_leaves_his_gas():
    strict = bench(load_market([*FEW, "deposit_percent=20"]), draws=60, seed=1).draws
    loose = bench(load_market([*FEW, "deposit_percent=0"]), draws=60, seed=1).draws
    for name in ("price_cny_per_t", "signed_kt"):
        assert strict[name].equals(loose[name])
    of = [frame[frame["mechanism"] == "presale"]["defaulted"].mean() for frame in (strict, loose)]
    assert of[0] == 0.0 < 0.05 < of[1]


def test_a_better_signal_makes_a_listing_tell_more():
    def told(sd: int) -> float:
        draws = bench(load_market([*FEW, f"listing_signal_sd_cny_per_t={sd}"]), draws=150, seed=1).draws
        own = draws[draws["mechanism"] == "listing"].dropna()
        r2 = explained(own["level_cny_per_t"].tolist(), own["price_cny_per_t"].tolist())
        assert r2 is not None
        return r2.value

    assert told(20) > told(400) + 0.2


def test_mechanisms_share_their_draws(market):
    draw = draw_market(market, 1, 5)
    assert draw == draw_market(market, 1, 5)
    other = draw_market(load_market([*FEW, "sellers=6", "book_rounds=2"]), 1, 5)
    assert (other.level_fen, other.values_fen) == (draw.level_fen, draw.values_fen)
    assert draw_market(market, 1, 6).values_fen != draw.values_fen
    assert draw_market(market, 2, 5).values_fen != draw.values_fen


def test_the_figures_do_not_depend_on_the_number_of_processes(market):
    one, two = (bench(market, draws=60, seed=3, jobs=jobs) for jobs in (1, 2))
    assert one.draws.equals(two.draws) and one.learnt == two.learnt


def test_what_the_price_tells_is_r_squared():
    rng = np.random.default_rng(1)
    level = rng.standard_normal(2_000)
    price = level + rng.standard_normal(2_000)
    found = explained(level.tolist(), price.tolist())
    assert found is not None and found.low is not None and found.high is not None
    assert found.low < 0.5 < found.high and found.high - found.low < 0.1
    assert explained([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) is None
    assert explained([1.0, 2.0, 3.0, 4.0], [5.0] * 4) is None
    exact = explained([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0])
    assert exact is not None and exact.value == pytest.approx(1.0)


def test_a_market_without_trade_is_told_without_prices():
    market = load_market([*FEW, "cost_below_level_cny_per_t=-1500", "base_price_cny_per_t=3000"])
    market = market.model_copy(update={"level_sd_cny_per_t": 1.0})
    none = bench(market, draws=3, seed=1)
    frame = none.to_frame()
    assert frame[frame["measure"] == "price_cny_per_t"]["value"].isna().all()
    assert frame[frame["measure"] == "efficiency"]["value"].isna().all()
    assert to_svg(mechanisms_side_by_side(frame)).startswith("<?xml")
    assert (text.tables(none.rows())["Price and volume"]["price, CNY/t"] == "-").all()


def test_the_verb_prints_the_table_and_leaves_a_folder(tmp_path, capsys):
    folder = tmp_path / "bench"
    with pytest.raises(SystemExit) as done:
        main(
            ["mechanisms", "--draws", "20", "--jobs", "1", "--set", "learning_sales=20", "--out", str(folder)]
        )
    assert done.value.code in (0, None)
    printed = capsys.readouterr().out
    for words in ("tender, one price", "efficiency", "Less listing", "continuous book"):
        assert words in printed
    run = read_run(folder)
    assert run.tables == ["mechanism_draws", "mechanism_estimates"]
    assert run.columns("mechanism_draws")["efficiency"] == COLUMNS["efficiency"]
    assert len(run.table("mechanism_draws")) == 20 * len(MECHANISMS)
    assert (folder / "figures" / "mechanisms.svg").is_file()
    assert len(run.rows) == len(MECHANISMS) * 7
    assert run.manifest["command"].endswith("--set learning_sales=20")
    assert json.loads((folder / "summary.json").read_text())["rows"]


def test_bad_settings_are_refused_all_at_once(capsys):
    with pytest.raises(BadInput) as refused:
        load_market(["buyer=3", "lot_t=0", "deposit_percent=21"])
    assert len(refused.value.messages) == 3
    assert "Did you mean 'buyers'?" in str(refused.value)
    with pytest.raises(BadInput, match="lower end"):
        load_market(["presale_band_cny_per_t=[5000, 4000]"])
    with pytest.raises(BadInput, match="so low"):
        load_market(["level_cny_per_t=500"])


def test_a_buyer_who_comes_late_finds_the_cheap_listing_gone(market):
    draw = replace(
        draw_market(market, 1, 0), level_fen=470_000, signals_fen=(470_000,) * 4, values_fen=(500_000,) * 18
    )
    deals = MECHANISMS["listing"](market, draw, 1.0).signed
    assert [deal.buyer for deal in deals] == [f"buyer {i + 1}" for i in draw.arrivals[:12]]
    assert [deal.price_fen for deal in deals] == sorted(deal.price_fen for deal in deals)


def test_at_the_cap_who_comes_first_is_served_first(market):
    draw = replace(draw_market(market, 1, 0), values_fen=(500_000,) * 18, costs_fen=(400_000,) * 4)
    deals = MECHANISMS["uplift_capped"](market, draw, 1.0).signed
    assert {deal.price_fen for deal in deals} == {468_000}
    assert {deal.buyer for deal in deals} == {f"buyer {i + 1}" for i in draw.arrivals[:12]}
    assert sorted(draw.arrivals[:12]) != list(range(12))
