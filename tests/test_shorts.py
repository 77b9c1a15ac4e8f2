"""What shorts without oil buy back by themselves, and up to which price, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.clearing.shorts import default_cost_ticks, leaving_lots
from scenarios.short_rule import ARMS, MEASURES, arm, tables
from scenarios.spec import load_scenario


def test_as_many_leave_on_each_day():
    left, sent = np.array([90, 10, 0]), []
    for days_left in (2, 1, 0):
        sent.append(leaving_lots(left, days_left))
        left = left - sent[-1]
    assert np.array(sent).tolist() == [[30, 4, 0], [30, 3, 0], [30, 3, 0]]
    assert not left.any()


def test_default_costs_the_expected_delivery_price_and_the_penalty():
    """Two settlements are to come at 5,200: the mean of 5,000, 5,100, 5,200, 5,200, 5,200 is 5,140; a fifth more."""
    settled = [4_000, 5_000, 5_100, 5_200]
    assert default_cost_ticks(settled, 5, 1, 20) == 6_168
    assert default_cost_ticks(settled, 5, 1, 0) == 5_140
    assert default_cost_ticks(settled, 5, 4, 20) == 6_240  # all five are to come


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=8), st.integers(0, 6), st.floats(0, 50))
def test_default_is_never_cheaper_than_the_cheapest_day(settled, days_left, penalty):
    assert default_cost_ticks(settled, 5, days_left, penalty) >= min(settled)
    assert default_cost_ticks(settled, 5, days_left, penalty) <= max(settled) * (1 + penalty / 100)


def test_arms_have_the_attempt_and_the_rule_or_not():
    loaded = load_scenario("squeeze-short-rule")
    for corner, rule in ARMS.values():
        told = arm(loaded, corner=corner, rule=rule).scenario
        assert [event.kind for event in told.conditions] == ["rule_change"] * rule
        assert [event.kind for event in told.levers] == ["corner"]
    with pytest.raises(ValueError, match="needs a corner and a rule_change"):
        arm(load_scenario("squeeze"), corner=True, rule=True)


def test_effects_are_paired():
    """In two worlds the rule adds 1 and 3 to the cornered month: 2, with 12.706 x sqrt(2) / sqrt(2) either way."""
    values = {name: [dict.fromkeys(MEASURES, base) for base in (10.0, 50.0)] for name in ARMS}
    values["new, corner"] = [dict.fromkeys(MEASURES, value) for value in (11.0, 53.0)]
    effects = tables(values)["effects"]
    assert set(effects["rule, cornered"]) == {"2 [-10.71, 14.71]"}
    assert set(effects["rule, calm"]) == {"0 [0, 0]"}
