"""Counterfactuals of an episode, its path as tables, and worlds forked from one past."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from worlds import run, scenario

from exchange.codes import Venue
from scenarios.fork import can_fork, in_forks
from scenarios.path import path_tables
from scenarios.spec import load_scenario
from scenarios.structural.pass_through import all_paths, collect, horizons_minutes, paths, plan
from scenarios.tomlfile import BadInput

EPISODES = {
    "storage-glut-2020": ("twice-the-delta", "night-session-open", "short-rule"),
    "hormuz-2026": (
        "twice-the-delta",
        "night-session-shut",
        "short-rule",
        "early-warning",
        "controller-instead",
    ),
}
SHORT = ["period.trading_days=2", "measurement.pass_through_start_day=0", "clearing.enabled=false"]


@pytest.mark.parametrize(("episode", "name"), [(e, n) for e, names in EPISODES.items() for n in names])
def test_a_counterfactual_takes_the_shocks_as_given_and_changes_its_levers_alone(episode, name):
    told, asked = load_scenario(episode).scenario, load_scenario(episode, counterfactual=name)
    assert asked.scenario.happenings(changed=False) == told.happenings(changed=True)
    assert asked.scenario.levers == told.counterfactuals[name].levers and not asked.scenario.shocks
    assert asked.name == f"{episode}-{name}" and asked.scenario.title.startswith(told.title)


def test_its_base_arm_is_the_episode_itself_and_its_changed_arm_is_not():
    episode = load_scenario("hormuz-2026", SHORT)
    asked = load_scenario("hormuz-2026", SHORT, counterfactual="night-session-shut")
    itself = run(episode, 2, changed=True).state_hash()
    assert run(asked, 2).state_hash() == itself
    assert run(asked, 2, changed=True).state_hash() != itself


def test_an_unknown_counterfactual_names_the_nearest_and_all():
    with pytest.raises(BadInput, match=r"Did you mean 'short-rule'\? Counterfactuals of hormuz-2026: twice"):
        load_scenario("hormuz-2026", counterfactual="shortrule")
    with pytest.raises(BadInput, match="Counterfactuals of base: none"):
        load_scenario("base", counterfactual="x")


def test_a_wrong_lever_of_a_counterfactual_is_refused_with_its_place(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'extends = "hormuz-2026"\n[[counterfactuals.short-rule.levers]]\nkind = "rule_change"\n'
        'start_day = 900\nsource = "s"\nrules = { sessions = "day_only" }\n',
        encoding="utf-8",
    )
    with pytest.raises(
        BadInput, match=r"mine\.toml:4: counterfactuals\.short-rule\.levers\[0\]\.start_day = 900"
    ):
        load_scenario(path)


@pytest.mark.skipif(not can_fork(), reason="this system cannot copy a process")
def test_a_fork_leaves_nothing_behind_and_tells_its_error():
    state = [0]

    def future(value):
        def change():
            state[0] += value
            return state[0], os.getpid()

        return change

    told = in_forks([future(1), future(10)])
    assert [value for value, _ in told] == [1, 10] and state == [0]
    assert os.getpid() not in {pid for _, pid in told}
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        in_forks([lambda: 1 // 0])


@pytest.mark.skipif(not can_fork(), reason="this system cannot copy a process")
def test_pushes_forked_from_one_past_are_those_of_worlds_built_anew():
    loaded = scenario("base", {"measurement.pass_through_days": 1, "measurement.pass_through_start_day": 1})
    told = {"changed": False, "seed": 1, "sample": 0}
    forked = all_paths(loaded, **told)
    for number, push in enumerate([None, ("flow", Venue.SC)]):
        assert forked[number] == paths(loaded, push=push, **told)
    (job,) = plan(loaded, changed=False, seed=1, samples=1)
    found = collect({job.key: forked}, loaded)
    assert found.bps.shape == (1, 6, len(horizons_minutes(loaded)), 3)
    assert found.at("flow", Venue.SC, Venue.SC, 240)[0] > 10


class Told:
    """A run of two arms and two replications, of which one day closed locked."""

    tables = ("days", "tanks")

    def table(self, name):
        days = pd.bdate_range("2020-02-03", periods=40)
        arms = [(arm, k) for arm in ("base", "changed") for k in (0, 1)]
        if name == "days":
            frames = []
            for arm, k in arms:
                level = 60.0 + (arm == "changed") + k
                own = {
                    "arm": arm,
                    "replication": k,
                    "trading_day": days.date,
                    "venue": "SC",
                    "settlement": level,
                }
                own |= {"premium_to_oman_usd_per_bbl": 2.0, "premium_usd_per_bbl": 0.0}
                frames.append(pd.DataFrame(own | {"locked": np.where(days == days[15], -1, 0)}))
            return pd.concat(frames)
        day = np.tile(days.date, 2)
        stock = {"arm": "base", "replication": 0, "day": day, "base": np.repeat(["A", "B"], 40)}
        stock |= {"stock_bbl": np.r_[np.arange(40), np.full(40, 20)], "capacity_bbl": 80}
        frame = pd.DataFrame(stock)
        return pd.concat([frame.assign(arm=arm, replication=k) for arm, k in arms])


def test_the_path_is_told_by_half_months_and_by_base():
    prices, tanks = path_tables(Told()).values()
    assert list(prices.index) == ["01 Feb 2020 on", "16 Feb 2020 on", "01 Mar 2020 on", "16 Mar 2020 on"]
    assert prices["locked"].tolist() == ["0", "-1", "0", "0"]
    assert prices.iloc[0]["SC"].startswith("61.5 [") and prices.iloc[0]["over Oman"] == "2"
    # each replication of the changed arm stands a dollar over its twin, and locks on the same day
    assert prices["effect on SC"].tolist() == ["1"] * 4 and prices["effect on locked"].tolist() == ["0"] * 4
    row = tanks.loc["A"]
    assert (row["03 Feb, base"], row["highest, base"], row["on, base"]) == ("0.00", "0.49", "27 Mar")
    assert tanks.loc["B", "27 Mar, changed"] == "0.25"
