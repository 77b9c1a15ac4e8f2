"""What-if rules in a scenario: SC under other rules than those of the day, beside the same market under its own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from worlds import events, library, run

from exchange.codes import Venue
from exchange.units import NS_PER_HOUR
from scenarios.levers import NightSessionSuspension, RuleChange
from scenarios.spec import load_scenario
from scenarios.structural.impulse import strike_ns
from scenarios.tomlfile import BadInput


def change(rules: dict, start_day: int = 0) -> RuleChange:
    return RuleChange(kind="rule_change", start_day=start_day, rules=rules, source="assumption")


def test_a_narrow_limit_holds_from_its_day_on_and_not_before():
    loaded = events(library("base"), change({"price_limit_percent": 1}, start_day=2))
    narrow, wide = (run(loaded, 5, changed=arm).settlements[Venue.SC] for arm in (True, False))
    assert [day.limit_percent for day in wide] == [wide[0].limit_percent] * 5 and wide[0].limit_percent > 5
    assert narrow[:2] == wide[:2]
    assert narrow[2].limit_percent == 1
    for before, day in pairwise(narrow[1:]):
        reach = before.settlement_ticks * day.limit_percent / 100 + 1
        assert day.figures.high_ticks <= before.settlement_ticks + reach
        assert day.figures.low_ticks >= before.settlement_ticks - reach
    spread = max(day.figures.high_ticks - day.figures.low_ticks for day in wide[2:])
    assert narrow[2].figures.high_ticks - narrow[2].figures.low_ticks < spread


def test_a_rulebook_without_night_hours_is_a_suspended_night_session():
    off = NightSessionSuspension(
        kind="night_session_suspension", start_day=1, duration_trading_days=15, source="assumption"
    )
    by_rule = change({"sessions": "day_only"}, start_day=1)
    told = [run(events(library("base"), event), 4, changed=True) for event in (off, by_rule)]
    assert told[0].state_hash() == told[1].state_hash()
    assert told[0].state_hash() != run(library("base"), 4).state_hash()
    loaded = events(library("base"), by_rule)
    # a rule may add a session on the afternoon before; a suspension takes away the night's, from 20:00
    assert strike_ns(loaded, by_rule) == strike_ns(events(library("base"), off), off) - 4 * NS_PER_HOUR


def test_a_rule_that_is_not_there_is_named_with_its_line_and_the_nearest_name(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text(
        'extends = "base"\ntitle = "x"\n[[levers]]\nkind = "rule_change"\nstart_day = 0\nsource = "assumption"\n'
        "[levers.rules]\nprice_limit_percnt = 5\nprice_rule = 3\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as bad:
        load_scenario(file)
    assert "my.toml:7: levers[0].rules" in str(bad.value) and "Did you mean 'price_limit_percent'?" in str(
        bad.value
    )
