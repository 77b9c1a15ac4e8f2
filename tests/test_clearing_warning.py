"""The early-warning controller: margins rise with volatility and fall back late, and it can be switched and sized."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from houses import SC

from exchange.clearing.rules import LimitRule
from exchange.clearing.warning import (
    Reading,
    Threshold,
    WarningRule,
    Watch,
    observe,
    tightened,
    widened_limit_percent,
)

VOLATILITY_ONLY = WarningRule(interest_growth=None, gap=None)


def levels(rule, moves, interest=None):
    """Return the level after each day of a price that moves by the given shares, up and down in turn."""
    watch, price, seen = Watch(), 100_000, []
    for day, move in enumerate(moves):
        after = round(price * (1 + move * (-1) ** day))
        lots = 30_000 if interest is None else interest[day]
        watch = observe(rule, watch, Reading(after, price, lots))
        price = after
        seen.append(watch.level)
    return seen


def test_margins_rise_with_volatility_and_fall_back_with_hysteresis():
    # 1 % a day is 16 % a year: calm. 4 % is 62 %: warns from 45 %. 2.5 % is 39 %: between 35 and 45 %.
    rule = replace(VOLATILITY_ONLY, calm_days=3)
    storm = levels(rule, [0.01] * 10 + [0.04] * 8)
    assert storm[9] == 0 and storm[-1] == 4 and storm == sorted(storm)
    between = levels(rule, [0.01] * 10 + [0.04] * 8 + [0.025] * 40)
    assert between[-1] == 4  # volatility has fallen below what warned, and the level stays
    after = levels(rule, [0.01] * 10 + [0.04] * 8 + [0.01] * 40)
    falling = after[18:]
    assert falling[0] == 4 and falling[-1] == 0 and falling == sorted(falling, reverse=True)
    steps = [day for day in range(1, len(falling)) if falling[day] < falling[day - 1]]
    assert [b - a for a, b in pairwise(steps)] == [3, 3, 3]
    margins = [tightened([SC], rule, Watch(level))[0].margin.spec_percent for level in (0, 4)]
    assert margins == [12, 24]


@pytest.mark.parametrize(
    ("rule", "moves", "interest", "last"),
    [
        (replace(VOLATILITY_ONLY, volatility=None, gap=Threshold(0.06, 0.03)), [0.01, 0.07], None, 1),
        (replace(VOLATILITY_ONLY, volatility=None, gap=Threshold(0.06, 0.03)), [0.01, 0.05], None, 0),
        (WarningRule(volatility=None, gap=None), [0, 0, 0], [20_000, 20_000, 40_000], 1),
        (WarningRule(volatility=None, gap=None), [0, 0, 0], [20_000, 20_000, 30_000], 0),
        (replace(VOLATILITY_ONLY, enabled=False), [0.2] * 5, None, 0),
        (replace(VOLATILITY_ONLY, levels=2), [0.2] * 5, None, 2),
    ],
)
def test_each_reading_warns_alone_and_the_controller_can_be_switched_and_sized(rule, moves, interest, last):
    assert levels(rule, moves, interest)[-1] == last


def test_what_a_level_does():
    rule = WarningRule(margin_points=3, limit_points=4, opening_lots=3_200)
    capped = replace(SC, limits=LimitRule(opening_lots=1_000))
    seen = [tightened([SC, capped], rule, Watch(level)) for level in (0, 1, 2, 4)]
    assert [[r.margin.hedge_percent for r in rules] for rules in seen] == [
        [11, 11],
        [14, 14],
        [17, 17],
        [23, 23],
    ]
    caps = [[r.limits.opening_lots for r in rules] for rules in seen]
    assert caps == [[None, 1_000], [3_200, 1_000], [1_600, 1_000], [400, 400]]
    assert [widened_limit_percent(9, rule, Watch(level)) for level in (0, 1, 2, 4)] == [9, 13, 17, 20]
    assert widened_limit_percent(22, rule, Watch(4)) == 22
    off = replace(rule, enabled=False)
    assert tightened([SC], off, Watch(4)) == (SC,) and widened_limit_percent(9, off, Watch(4)) == 9


def test_thresholds_must_leave_room():
    with pytest.raises(ValueError, match="above the warning"):
        Threshold(0.3, 0.4)
