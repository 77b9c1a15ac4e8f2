"""What-if rules in a scenario: SC under other rules than those of the day, beside the same market under its own."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from populations import go, opened
from worlds import events, library, run, scenario

from exchange.codes import Side, Venue
from exchange.contracts import ContractSpec
from exchange.units import NS_PER_HOUR
from scenarios.levers import CrudeNews, LockedDaysPolicy, NightSessionSuspension, RuleChange
from scenarios.rulebooks import ACTING
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


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("minimum_load_in_bbl = 900000", "`yangshan rules show sc` shows it, but nothing acts on it"),
        ("margin_spec_percents = 9", "Did you mean 'margin_spec_percent'?"),
        ("position_limit_broker_percent = 5", "Did you mean 'position_limits_lots'?"),
        ('absent = ["warrant_life"]', "Acting keys: collateral_fx_haircut_percent, deliverable_grades, "),
        ('price_rule = "RESTING"', "is read when trading begins: give it with start_day = 0"),
    ],
)
def test_a_rule_on_which_nothing_acts_is_refused_with_those_that_act(tmp_path, rule, told):
    file = tmp_path / "my.toml"
    head = 'extends = "base"\ntitle = "x"\n[[levers]]\nkind = "rule_change"\nstart_day = 1\nsource = "test"\n'
    file.write_text(f"{head}[levers.rules]\n{rule}\n", encoding="utf-8")
    with pytest.raises(BadInput) as bad:
        load_scenario(file)
    assert told in str(bad.value) and "my.toml:7: levers[0].rules" in str(bad.value)


def test_the_acting_rules_are_those_that_a_world_reads(monkeypatch):
    """Three locked days, a reduction, an expiry and the delivery after it, with every key noted that somebody reads."""
    read, plain = {}, ContractSpec.__getattribute__

    def noted(spec, name):
        if name in ContractSpec.model_fields:
            read.setdefault(plain(spec, "product"), set()).add(name)
        return plain(spec, name)

    policy = LockedDaysPolicy(kind="after_locked_days", source="test", start_day=0, choice="reduce")
    falls = [
        CrudeNews(kind="crude_news", source="test", start_day=k, venue="brent", size_bps=-5000.0, minute=780)
        for k in range(2)
    ]
    figures = {"period.first_trading_day": date(2024, 11, 27), "traders.curve.lu_active_months": 2}
    loaded = events(scenario("base", figures), *falls, policy)
    monkeypatch.setattr(ContractSpec, "__getattribute__", noted)
    run(loaded, 5, changed=True)
    contract = {"product", "currency", "source", "lot_bbl", "lot_tonnes", "minor_units_per_tick", "launched"}
    desk = {"position_limit_broker_percent", "position_limit_broker_from_lots"}  # no desk in the population
    assert read["SC"] - contract - desk == ACTING["sc"]
    in_kind = ACTING["sc"] - ACTING["lu"]
    assert ACTING["lu"] <= read["LU"] <= ACTING["lu"] | contract | desk | in_kind


def test_orders_beyond_the_largest_are_split_from_outside_and_cut_inside():
    small, usual = change({"max_order_lots": 3}), library("base")
    world = run(events(usual, small), 1, changed=True)
    books = [world.population.curves["sc"].book(month) for month in world.population.curves["sc"].months]
    orders = world.population.state["orders"][books]
    assert 0 < orders["quantity"].max() <= 3
    assert world.population.state["books"][books]["largest_order"].tolist() == [3] * len(books)
    assert run(usual, 1).population.state["orders"][books]["quantity"].max() > 3
    made = opened()
    filled = []
    for largest in (500, 7):
        made = opened()
        go(made, 60)
        made.set_largest_order(Venue.SC, largest)
        filled.append(made.send(0, Venue.SC, Side.BUY, 40))
    assert filled[0] == filled[1] > 7


def test_a_rule_of_lu_changes_lu_alone():
    figures = {"traders.curve.lu_active_months": 2}
    rule = RuleChange(
        kind="rule_change", start_day=0, product="lu", rules={"price_limit_percent": 3}, source="test"
    )
    world = run(events(scenario("base", figures), rule), 1, changed=True)
    limits = {name: {s.limit_percent for s in world.month_settlements[name]} for name in ("sc", "lu")}
    assert limits["lu"] == {3} and limits["sc"] == {7}
