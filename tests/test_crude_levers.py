"""Levers and shocks of the crude world, and the dated capacity."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from agents.crude.levers import CrudeLever, LeverDays
from agents.crude.parameters import CrudeParameters

FIGURES = Path(__file__).parents[1] / "scenarios" / "library" / "parts" / "crude.toml"
DAY = date(2024, 11, 4)

LEVERS = """
[[levers]]
kind = "delivery_base_expansion"
start_day = 0
group = "yangtze_delta"
added_bbl = 5_000_000
approval_lag_days = 30
source = "assumption: test"

[[levers]]
kind = "freight_spike"
start_day = 0
freight_worldscale = 410.0
added_insurance_usd_per_bbl = 1.5
duration_days = 10
source = "assumption: test"

[[levers]]
kind = "load_out_cut"
start_day = 0
share_lost = 0.5
duration_days = 10
source = "assumption: test"

[[levers]]
kind = "load_out_cut"
start_day = 0
share_lost = 0.2
duration_days = 5
source = "assumption: test"

[[levers]]
kind = "strait_closure"
start_day = 0
share_lost = 0.9
duration_days = 10
source = "assumption: test"

[[levers]]
kind = "local_buying"
start_day = 0
lots_per_day = 700
duration_days = 10
source = "assumption: test"
"""


@pytest.fixture
def days():
    levers = TypeAdapter(list[CrudeLever]).validate_python(tomllib.loads(LEVERS)["levers"])
    return LeverDays([(DAY, lever) for lever in levers])


@pytest.mark.parametrize(
    ("after_days", "added", "freight", "insurance", "lost", "load_out", "local"),
    [
        (-1, 0, 60.0, 0.0, 0.0, 1.0, 0),
        (0, 0, 410.0, 1.5, 0.9, 0.4, 700),
        (5, 0, 410.0, 1.5, 0.9, 0.5, 700),
        (10, 0, 60.0, 0.0, 0.0, 1.0, 0),
        (29, 0, 60.0, 0.0, 0.0, 1.0, 0),
        (30, 5_000_000, 60.0, 0.0, 0.0, 1.0, 0),
    ],
)
def test_levers_by_day(days, after_days, added, freight, insurance, lost, load_out, local):
    day = DAY + timedelta(days=after_days)
    assert days.added_bbl("yangtze_delta", day) == added
    assert days.added_bbl("south", day) == 0
    assert days.freight_worldscale(day, otherwise=60.0) == freight
    assert days.added_insurance_usd_per_bbl(day) == insurance
    assert days.share_of_loadings_lost(day) == lost
    assert days.load_out_share(day) == pytest.approx(load_out)
    assert days.local_lots_per_day(day) == local


def test_unknown_keys_and_missing_sources_are_refused():
    adapter = TypeAdapter(CrudeLever)
    spike = {"kind": "freight_spike", "start_day": 0, "freight_worldscale": 1.0, "duration_days": 1}
    with pytest.raises(ValidationError, match="source"):
        adapter.validate_python(spike)
    with pytest.raises(ValidationError, match="points"):
        adapter.validate_python({**spike, "source": "s", "points": 3})


@pytest.mark.parametrize(
    ("day", "total_bbl"),
    [(date(2020, 4, 3), 27e6), (date(2020, 4, 30), 48e6), (date(2020, 11, 1), 72.74e6), (DAY, 72.74e6)],
)
def test_capacity_by_date(day, total_bbl):
    figures = CrudeParameters.model_validate(tomllib.loads(FIGURES.read_text(encoding="utf-8"))["crude"])
    total = sum(figures.capacity_bbl(depot.name, day) for depot in figures.depots)
    assert total == pytest.approx(total_bbl, rel=0.001)


def test_a_freight_path_holds_each_value_until_the_next_and_begins_with_its_event():
    path = """
    kind = "freight_path"
    start_day = 0
    source = "assumption: test"
    [freight_worldscale]
    2024-10-01 = 100.0
    2024-11-06 = 410.0
    [war_risk_usd_per_bbl]
    2024-11-05 = 4.0
    """
    days = LeverDays([(DAY, TypeAdapter(CrudeLever).validate_python(tomllib.loads(path)))])
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=2)
    assert [days.freight_worldscale(day, otherwise=60.0) for day in (before, DAY, after)] == [
        60.0,
        100.0,
        410.0,
    ]
    assert [days.added_insurance_usd_per_bbl(day) for day in (before, DAY, after)] == [0.0, 0.0, 4.0]


def test_an_expansion_is_of_a_base_or_of_a_group():
    adapter = TypeAdapter(CrudeLever)
    told = {
        "kind": "delivery_base_expansion",
        "start_day": 0,
        "added_bbl": 7,
        "approval_lag_days": 3,
        "source": "s",
    }
    days = LeverDays([(DAY, adapter.validate_python(told | {"base": "Yangshan"}))])
    ready = DAY + timedelta(days=3)
    assert days.added_at_base_bbl("Yangshan", ready) == 7 and days.added_at_base_bbl("Yangshan", DAY) == 0
    assert days.added_at_base_bbl("Weifang", ready) == days.added_bbl("yangtze_delta", ready) == 0
    for wrong in ({}, {"base": "Yangshan", "group": "south"}):
        with pytest.raises(ValidationError, match="either group or base"):
            adapter.validate_python(told | wrong)
