"""All questions of a scenario in one table, and the investments in a hard winter."""

from __future__ import annotations

import pytest
from worlds import library

from scenarios import plots
from scenarios.cli import main
from scenarios.questions import MEASURES, ask_all, effects, forest_rows, side_by_side
from scenarios.results import Row, interval, paired
from scenarios.tomlfile import BadInput

INVESTMENTS = (
    "yangshan-expansion",
    "second-lng-terminal",
    "chongming-line",
    "shanghai-zhejiang-link",
    "delta-links",
)


def row(measure: str, base: list[float], changed: list[float]) -> Row:
    told = interval(base, "mn m3"), interval(changed, "mn m3"), paired(base, changed, "mn m3")
    return Row("Gas", measure, measure, "mn m3", *told)


FOUND = {
    "tank": [row("unserved_gas", [10.0, 20.0, 30.0], [9.0, 18.0, 27.0]), row("unasked", [1.0], [2.0])],
    "line": [row("unserved_gas", [10.0, 20.0, 30.0], [10.0, 20.0, 30.0])],
}


@pytest.mark.parametrize("name", INVESTMENTS)
def test_an_investment_alone_and_as_a_question_are_the_same_world(name: str) -> None:
    winter, alone = library("cold-winter").scenario, library(name).scenario
    assert alone.conditions == winter.conditions and alone.period == winter.period
    assert [lever.model_dump() for lever in alone.levers] == [
        lever.model_dump() for lever in winter.counterfactuals[name].levers
    ]
    assert tuple(winter.counterfactuals) == INVESTMENTS


def test_the_winter_has_the_sizes_of_its_episodes() -> None:
    winter = library("cold-winter").scenario.conditions
    of_2017 = library("china-shortage-2017").scenario.shocks
    of_2021 = library("cold-snap-2021").scenario.shocks

    def sizes(events):
        return [event.model_dump(exclude={"start_day", "source"}) for event in events]

    known = sizes((*of_2017, *of_2021))
    own = [size for size in sizes(winter) if size not in known]
    assert [(size["kind"], size["temperature_drop_degc"]) for size in own] == [("cold_wave", 4.0)], (
        "January 2008 alone is not of an episode"
    )


def test_effects_are_paired_and_told_beside_the_base() -> None:
    told = effects(FOUND).set_index("question")
    # pairs differ by -1, -2, -3: mean -2, s 1, t(2) 4.303, half-width 4.303 / sqrt 3 = 2.484
    assert told.loc["tank", ["base", "effect", "pairs"]].tolist() == [20.0, -2.0, 3]
    assert told.loc["tank", "low"] == pytest.approx(-4.484, abs=0.001)
    assert told.loc["line", ["effect", "low", "high"]].tolist() == [0.0, 0.0, 0.0]
    assert list(told["measure"].unique()) == ["unserved_gas"]
    table = side_by_side(FOUND)
    assert list(table.columns) == ["base", "tank", "line"] and list(table.index) == ["gas not served, mn m3"]


def test_a_question_without_effect_is_drawn_too() -> None:
    assert [(r.section, r.label) for r in forest_rows(FOUND)] == [
        ("gas not served", "tank"),
        ("gas not served", "line"),
    ]
    (axes,) = plots.effects_forest(forest_rows(FOUND), whole=True).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["tank", "line"]


def test_a_scenario_without_questions_is_refused(tmp_path) -> None:
    with pytest.raises(BadInput, match="base asks no question"):
        ask_all("base", out=tmp_path / "run")


@pytest.mark.slow
def test_investments_in_a_hard_winter(tmp_path) -> None:
    """Tanks lower the peak price of lorry LNG and cost more LNG bought; a small pipe moves less than tanks do."""
    found = ask_all("cold-winter", out=tmp_path / "run", replications=8, jobs=2, seed=1)
    told = effects(found)
    assert set(told["question"]) == set(INVESTMENTS) and set(told["measure"]) <= set(MEASURES)
    assert (told.groupby("measure")["base"].nunique() == 1).all(), "one base arm"
    peak = told[told["measure"] == "shpgx_lng.peak"].set_index("question")
    assert peak.loc["second-lng-terminal", "high"] < 0
    assert peak.loc["second-lng-terminal", "effect"] < peak.loc["shanghai-zhejiang-link", "effect"]
    assert {"questions.csv", "questions.svg", *INVESTMENTS} == {p.name for p in (tmp_path / "run").iterdir()}


@pytest.mark.parametrize("option", [("--precision", "0.02"), ("--fork-at", "2024-11-06T10:35")])
def test_all_questions_refuse_what_would_be_ignored(option, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main(["run", "cold-winter", "--counterfactual", "all", *option])
    assert left.value.code == 2
    assert "takes neither --precision nor --fork-at" in capsys.readouterr().err
