"""The squeeze laboratory: what a corner does to a month, to its end and to its owner, with negative controls."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from worlds import events, library, run, scenario

from agents.traders.state import EXTERNAL_ACCOUNT
from scenarios.levers import CornerAttempt
from scenarios.squeeze import Outcome, least_cover, most_over_next, over_spot_at_the_end
from scenarios.world import World

pytestmark = pytest.mark.xdist_group("squeeze")  # its worlds are long: one worker makes them once

SIZES = {"lots": 14_000, "clients": 30, "capital_mn_cny": 3_000.0}


@cache
def attempt(changed: bool = True, figures: tuple = (), **sizes: float) -> World:
    """Run the laboratory's world, with figures and sizes of the attempt changed."""
    event = CornerAttempt(
        kind="corner", start_day=3, source="assumption", buying_trading_days=10, ask_over_spot_percent=12.0,
        **(SIZES | sizes),
    )  # fmt: skip
    loaded = events(scenario("squeeze", dict(figures)), event)
    return run(loaded, None, changed=changed)


def outcome(world: World) -> Outcome:
    """Return what the attempt came to."""
    assert world.squeeze is not None
    found = world.squeeze.outcome()
    assert found is not None
    return found


def days(world: World) -> pd.DataFrame:
    """Return the days of the watched month."""
    assert world.squeeze is not None
    return world.squeeze.frame()


def not_deliverable_lots(world: World) -> int:
    """Return the lots that were closed by force because there was no oil for them."""
    filled = [day.forced_filled_lots for day in world.clearing.days]
    return sum(lots for day in filled for reason, lots in day.items() if reason.name == "NOT_DELIVERABLE")


def test_a_corner_lifts_its_month_over_the_next_one_when_shorts_must_cover():
    calm, cornered = days(attempt(False)), days(attempt())
    assert abs(most_over_next(calm)) < 8  # about a dollar
    assert most_over_next(cornered) > 20
    assert over_spot_at_the_end(cornered) > over_spot_at_the_end(calm) + 5
    assert least_cover(cornered) < 0.5 < least_cover(calm)


def test_its_sales_pay_and_the_oil_that_is_left_is_dearly_bought():
    """Who must cover pays; what nobody had to buy is paid at the price that was made: the corpse is to be buried."""
    world = attempt()
    found, corner = outcome(world), world.squeeze.corner
    assert found.bought_lots == found.sold_lots + found.received_lots + found.failed_lots == 14_000
    assert found.futures_mn_cny > 0 > found.oil_mn_cny
    over = found.spot_cny_per_bbl - found.delivery_settlement_cny_per_bbl
    paid_mn = found.received_lots * found.delivery_settlement_cny_per_bbl / 1e3
    assert found.oil_mn_cny == pytest.approx(
        found.received_lots * over / 1e3, abs=0.02 * paid_mn
    )  # but for grades
    assert corner.mean_cost_cny_per_bbl == pytest.approx(corner.cost_cny_per_bbl_lots / 14_000)


def test_where_all_oil_can_be_put_under_warrant_nothing_is_cornered():
    ample = days(attempt(figures=(("crude.warrants.commercial_share", 1.0),)))
    assert least_cover(ample) >= 0.9
    assert most_over_next(ample) < 0.4 * most_over_next(days(attempt()))


def test_without_covering_shorts_fail_and_pay_a_fifth():
    world = attempt(figures=(("clearing.shorts.cover_trading_days", 0),))
    found = outcome(world)
    assert found.failed_lots > 3000
    value_mn = found.failed_lots * found.delivery_settlement_cny_per_bbl * 1000 / 1e6
    assert found.penalties_mn_cny == pytest.approx(0.2 * value_mn, rel=1e-3)
    assert most_over_next(days(world)) < most_over_next(days(attempt()))


def test_one_client_is_held_to_its_position_limit():
    world = attempt(clients=1)
    assert outcome(world).bought_lots <= 500  # the limit of the month before delivery
    assert most_over_next(days(world)) < 0.5 * most_over_next(days(attempt()))


def test_too_little_capital_is_closed_by_force_and_ends_in_a_loss():
    world = attempt(capital_mn_cny=700.0)
    forced = sum(sum(day.forced_filled_lots.values()) for day in world.clearing.days)
    calm = sum(sum(day.forced_filled_lots.values()) for day in attempt(False).clearing.days)
    assert forced > calm + 2000
    assert outcome(world).futures_mn_cny < 0 < outcome(attempt()).futures_mn_cny
    assert most_over_next(days(world)) < most_over_next(days(attempt()))


def test_lots_money_and_oil_are_conserved_through_the_corner():
    for world in (attempt(), attempt(figures=(("clearing.shorts.cover_trading_days", 0),))):
        world.check_conservation()
        number = EXTERNAL_ACCOUNT + len(world.crude.numbers) + 1
        assert not world.population.state["positions"][:, number].any()


def test_shorts_decide_under_the_old_rule_and_the_exchange_closes_them_under_the_new_one():
    """The rule closes shorts without oil before the end: the month stands less high, and less is delivered."""
    loaded = library("squeeze-short-rule")
    in_force, under_rule = attempt(), run(loaded, None, changed=True)
    assert not_deliverable_lots(in_force) == 0 and not_deliverable_lots(under_rule) > 1000
    assert sum(in_force.clearing.bought_back_lots.values()) > 1000
    delivery = under_rule.clearing.expiries.delivery_of(under_rule.squeeze.month)
    assert sum(failure.lots for failure in delivery.failures) < 140  # a hundredth of the attempt
    assert most_over_next(days(under_rule)) < most_over_next(days(in_force))
    assert outcome(under_rule).received_lots < outcome(in_force).received_lots


def test_a_corner_needs_months_and_clearing():
    one = scenario("squeeze", {"traders.curve.sc_active_months": 1})
    with pytest.raises(ValueError, match="SC's months and clearing"):
        run(one, 2, changed=True)
