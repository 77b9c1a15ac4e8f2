"""The mechanism of SHPGX in the gas world: nothing made or lost, arms in step, default where it pays, the scenario."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, get_args

import pandas as pd
import pytest
from test_gas_case import base_parameters, gas_world

from agents.gas.parameters import GasParameters
from agents.gas.sales_parameters import MechanismName
from agents.gas.shocks import DatedShock, ShpgxMechanism
from agents.gas.world import GasWorld
from scenarios.cli import main
from scenarios.mechanisms.winter import MEASURES, sell_in_every_way, winter
from scenarios.results import read_run
from scenarios.spec import load_scenario
from scenarios.tomlfile import BadInput

SHORT = [
    "period.slow_start=2024-10-08",
    "period.first_trading_day=2024-10-21",
    "period.slow_end=2024-11-05",
]
MECHANISMS: tuple[MechanismName, ...] = get_args(MechanismName)


def sold_by(mechanism: MechanismName, **changes: Any) -> GasParameters:
    base = base_parameters()
    sales = base.shpgx.sales.model_copy(update=changes)
    shpgx = base.shpgx.model_copy(update={"mechanism": mechanism, "sales": sales})
    return base.model_copy(update={"shpgx": shpgx})


@cache
def world(mechanism: MechanismName) -> GasWorld:
    return gas_world(3, 75, parameters=sold_by(mechanism))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_gas_and_money_are_conserved_and_the_tables_agree(mechanism: MechanismName) -> None:
    """The books balance (gas_world checks), escrow included, and what sessions sold is what lorries load."""
    tables, market = world(mechanism).tables(), world(mechanism).market
    assert sum(market.balances_fen()) == 0
    assert market.members.held_fen >= 0
    assert market.members.held_fen == 0 or mechanism == "presale"
    sessions, days, trades = tables["gas_mechanism"], tables["gas_days"], tables["listings"]
    assert (sessions.mechanism == mechanism).all()
    assert (sessions.delivered_t <= sessions.signed_t).all()
    assert (sessions.delivered_t <= sessions.offered_t).all()
    assert sessions.efficiency.max() <= 1 + 1e-9
    # A cap leaves who gets the gas to chance when it binds, as it does while the rest of China is short, too.
    assert sessions.efficiency[10:].min() > (0.5 if mechanism == "uplift_capped" else 0.8)
    # 622 m3 of gas a m3 of liquid, 1,400 a tonne; each terminal's load is rounded to a m3.
    gas = days.trucked_m3.sum() + days.trucked_away_m3.sum()
    left = 622 * sum(terminal.sold_m3 for terminal in world(mechanism).terminals.values())
    assert gas + left == pytest.approx(1_400 * sessions.delivered_t.sum(), rel=1e-3)
    ahead = trades.quantity_t[~trades.delivery.str.contains("days")].sum()
    assert ahead == sessions.ahead_t.sum()
    if mechanism != "presale":
        assert trades.quantity_t.sum() == sessions.delivered_t.sum()
    assert (trades.listing > 0).all() == (mechanism == "listing")


@pytest.mark.parametrize("mechanism", [name for name in MECHANISMS if name != "listing"])
def test_arms_share_their_draws_and_part_at_the_lever_only(mechanism: MechanismName) -> None:
    day = date(2024, 9, 16)
    event = ShpgxMechanism(kind="shpgx_mechanism", mechanism=mechanism, start_day=0, source="a test")
    calm = world("listing").tables()
    changed = gas_world(3, 75, [DatedShock(day, event)]).tables()
    early = calm["gas_days"].date < pd.Timestamp(day)
    pd.testing.assert_frame_equal(calm["gas_days"][early], changed["gas_days"][early])
    weather = "temperature_anomaly_degc"
    assert (calm["gas_days"][weather] == changed["gas_days"][weather]).all()
    assert (changed["gas_mechanism"].set_index("date").mechanism[pd.Timestamp(day) :] == mechanism).all()
    assert not calm["gas_days"].equals(changed["gas_days"])


def test_bidding_finds_the_price_of_the_planner_and_listing_less_of_it() -> None:
    """One price for all is that of the last tonne, as the planner's is; listed prices are each seller's own."""

    def missed(mechanism: MechanismName) -> float:
        sessions = world(mechanism).tables()["gas_mechanism"].iloc[5:]
        return float((sessions.price_cny_per_t / sessions.planner_price_cny_per_t - 1).abs().mean())

    assert missed("uplift") < 0.01 < missed("listing")
    assert missed("tender_one_price") < 0.01


def test_private_values_are_each_buyers_own_and_the_same_under_any_mechanism() -> None:
    none, some = (gas_world(3, 10, parameters=sold_by("uplift", private_value_sd=sd)) for sd in (0.0, 0.05))
    listed = gas_world(3, 10, parameters=sold_by("listing", private_value_sd=0.05))

    def top(of: GasWorld) -> list[dict[str, int]]:
        return [{w.buyer: int(w.worth_fen_per_t[0]) for w in o.session.wants} for o in of.market.outcomes]

    assert all(len(set(worth.values())) == 1 for worth in top(none))
    assert all(len(set(worth.values())) == 12 for worth in top(some))
    assert top(some) == top(listed)


def test_buyers_leave_a_presale_where_the_deposit_is_less_than_what_they_save() -> None:
    """In the falling market of autumn 2024 spot gas gets cheaper than what was sold ahead: a deposit holds buyers."""

    def defaulted(percent: int) -> pd.Series:
        sessions = gas_world(3, 120, parameters=sold_by("presale", deposit_percent=percent)).tables()[
            "gas_mechanism"
        ]
        return sessions[["forfeited_by_buyers_mn_cny", "signed_t", "delivered_t", "deposits_mn_cny"]].sum()

    none, five, twenty = (defaulted(percent) for percent in (0, 5, 20))
    left = [1 - own.delivered_t / own.signed_t for own in (none, five, twenty)]
    assert left[0] > left[1] > left[2]
    assert left[2] < 0.03
    assert none.forfeited_by_buyers_mn_cny == 0 and none.deposits_mn_cny == 0
    assert five.forfeited_by_buyers_mn_cny > 0


def test_the_sale_of_winter_supply_is_a_presale_of_its_months_within_the_band() -> None:
    """A band below the market keeps prices down, and sellers whose gas is worth more to them away."""

    def sold(highest: float) -> tuple[pd.DataFrame, float]:
        parameters = sold_by("presale", presale_months=(11, 12), presale_band=(0.5, highest))
        world = gas_world(3, 75, parameters=parameters)
        tables = world.tables()
        ahead = tables["listings"][~tables["listings"].delivery.str.contains("days")]
        assert set(ahead.delivery) == {"2411"}
        (day,) = ahead.time.dt.normalize().unique()
        assert day == pd.Timestamp(2024, 10, 8)  # the first session of October
        (session,) = (o.session for o in world.market.outcomes if o.session.day == day.date())
        return ahead, highest * session.month_fen_per_t

    (low, low_end), (wide, _) = sold(0.9), sold(1.2)
    assert (low.price_fen_per_t <= low_end).all() and wide.price_fen_per_t.max() > low_end
    assert 0 < low.quantity_t.sum() < wide.quantity_t.sum()


def test_the_line_of_a_scenario_and_the_winter_in_every_way() -> None:
    one = load_scenario("shpgx-mechanism", ["gas.shpgx.mechanism=book", *SHORT])
    assert one.scenario.gas.shpgx.mechanism == "book"
    with pytest.raises(BadInput, match="mechanism"):
        load_scenario("shpgx-mechanism", ["gas.shpgx.mechanism=auction"])
    chosen: tuple[MechanismName, ...] = ("listing", "uplift")
    found = winter(one, replications=2, seed=1, mechanisms=chosen)
    assert set(found.worlds.columns) == {"replication", "mechanism", *MEASURES}
    frame = found.to_frame().set_index(["mechanism", "measure"])
    wide = found.worlds.pivot(index="replication", columns="mechanism", values="price_cny_per_t")
    effect = frame.effect["uplift", "price_cny_per_t"]
    assert effect == pytest.approx((wide.uplift - wide.listing).mean())
    again = sell_in_every_way(one, 1, 1, chosen)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again), found.worlds.query("replication == 1").reset_index(drop=True)
    )


def test_the_verb_sells_a_scenarios_world_in_every_way(tmp_path, capsys) -> None:
    folder = tmp_path / "out"
    sets = [part for item in SHORT for part in ("--set", item)]
    told = ["--scenario", "shpgx-mechanism", "--replications", "2", "--jobs", "1", "--out", str(folder)]
    with pytest.raises(SystemExit) as done:
        main(["mechanisms", *told, *sets])
    assert done.value.code in (0, None)
    printed = capsys.readouterr().out
    for words in ("listing", "continuous book", "lost to the optimum", "next session told by price"):
        assert words in printed
    estimates = read_run(folder).table("mechanism_estimates")
    assert set(estimates.mechanism) == set(MECHANISMS)
    assert set(estimates.measure) == set(MEASURES)
    assert estimates.effect[estimates.mechanism == "listing"].isna().all()
    assert (folder / "figures/mechanisms.svg").is_file()
    with pytest.raises(SystemExit) as done:
        main(["mechanisms", *told, *sets])
    assert done.value.code == 2
