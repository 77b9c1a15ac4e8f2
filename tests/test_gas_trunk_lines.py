"""Trunk lines: a day by hand, cuts at a source that reach the delta by contract, capacities that bind, the books."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_gas_case import START, base_parameters, gas_world

from agents.gas.parameters import GasParameters
from agents.gas.shocks import DatedShock, PipelineCut, TrunkSection
from agents.gas.sources import Sources
from agents.gas.trunk_lines import TrunkLines
from agents.gas.upstream import SourceParameters, TrunkLineParameters

DAY = date(2025, 1, 10)
TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
MN = 1_000_000


def bcm(mn_m3_per_day: float) -> float:
    return mn_m3_per_day * 365.0 / 1000.0


def line(capacity: float, carries: dict[str, float], **more: Any) -> TrunkLineParameters:
    made = {
        "capacity_bcm_per_year": {date(2000, 1, 1): bcm(capacity)},
        "carries": carries,
        "source": "a test",
    }
    if "section" in more:
        more["section_bcm_per_year"] = {date(2000, 1, 1): bcm(more.pop("section"))}
    return TrunkLineParameters.model_validate(made | more)


def small() -> tuple[TrunkLines, Sources]:
    """Two sources, two lines to one entry and one past it, in million m3 a day."""
    figures = {"field": 100.0, "border": 60.0}
    sources = Sources(
        {
            name: SourceParameters(bcm_per_year={2025: bcm(mn)}, source="a test")
            for name, mn in figures.items()
        }
    )
    lines = {
        "old": line(50, {"field": 0.4}, entry="gate", entry_share=0.6, section=30),
        "new": line(80, {"field": 0.2, "border": 0.5}, entry="gate", entry_share=0.4, section=25),
        "past": line(20, {"border": 0.5}),
    }
    return TrunkLines(lines, sources), sources


def cut(origin: str, mn: float, days: int = 10, day: date = DAY) -> DatedShock:
    event = PipelineCut(
        kind="pipeline_cut", origin=origin, cut_m3_per_day=int(mn * MN), duration_days=days, **TEST
    )
    return DatedShock(day, event)


def test_a_day_by_hand() -> None:
    lines, sources = small()
    # Old: 40 of the field. New: 20 of it and 30 of the border. Past: 20 of 30, as it can carry no more; 10 stay.
    brought = lines.bring_m3(DAY, {"gate": 40 * MN})
    assert brought == {"gate": {"old": 24 * MN, "new": 16 * MN}}
    lines.carry(DAY, brought, {"gate": 40 * MN})
    ((_, found),) = lines.days
    assert found["old"].source_m3 == {"field": 40 * MN} and found["old"].taken_off_m3 == 16 * MN
    assert found["new"].source_m3 == {"field": 20 * MN, "border": 30 * MN}
    assert (found["new"].to_delta_m3, found["new"].taken_off_m3) == (16 * MN, 34 * MN)
    assert found["past"].source_m3 == {"border": 20 * MN}
    assert lines.local_m3 == {"field": 40 * MN, "border": 10 * MN}

    # The border gives 40 less of 60: it has 10 for new, which then has 30 of 50, so the delta gets 9.6 of 16 there.
    sources.begin(cut("border", 40))
    assert lines.bring_m3(DAY, {"gate": 40 * MN}) == {"gate": {"old": 24 * MN, "new": int(0.6 * 16 * MN)}}
    after = DAY + timedelta(days=10)
    assert lines.bring_m3(after, {"gate": 40 * MN})["gate"]["new"] == 16 * MN


def test_sections_bind_and_room_in_another_is_used() -> None:
    lines, _ = small()
    # 60 are asked for: 36 and 24 by the shares, but old brings 30 and new 25 at most.
    assert lines.bring_m3(DAY, {"gate": 60 * MN}) == {"gate": {"old": 30 * MN, "new": 25 * MN}}
    assert lines.bring_m3(DAY, {"gate": 52 * MN}) == {"gate": {"old": 30 * MN, "new": 22 * MN}}
    shut = TrunkSection(kind="trunk_section", line="new", capacity_m3_per_day=0, **TEST)
    lines.begin(DatedShock(DAY, shut))
    assert lines.bring_m3(DAY, {"gate": 40 * MN}) == {"gate": {"old": 30 * MN, "new": 0}}
    assert lines.bring_m3(DAY - timedelta(days=1), {"gate": 40 * MN})["gate"]["new"] == 16 * MN


def test_a_wider_section_brings_what_is_contracted_through_it() -> None:
    lines, sources = small()
    wide = TrunkSection(
        kind="trunk_section", line="new", capacity_m3_per_day=35 * MN, contract_m3_per_day=20 * MN, **TEST
    )
    lines.begin(DatedShock(DAY, wide))
    # 16 of the usual and 20 more are 36, of which the section brings 35; at a cut of the border 0.6 of that.
    assert lines.bring_m3(DAY, {"gate": 40 * MN})["gate"]["new"] == 35 * MN
    sources.begin(cut("border", 40))
    assert lines.bring_m3(DAY, {"gate": 40 * MN})["gate"]["new"] == 21 * MN


def test_what_the_delta_nominates_over_the_lines_gas_comes_out_of_storage() -> None:
    lines, _ = small()
    lines.carry(DAY, {"gate": {"old": 45 * MN, "new": 0}}, {"gate": 45 * MN})
    old = lines.days[0][1]["old"]
    assert (old.put_in_m3, old.to_delta_m3, old.taken_off_m3) == (5 * MN, 45 * MN, 0)
    assert old.imbalance_m3 == 15 * MN, "the section carries 30: to book more is an error"


CUTS = st.lists(
    st.tuples(
        st.sampled_from(["field", "border"]), st.floats(0.001, 150.0), st.integers(1, 20), st.integers(0, 9)
    ),
    max_size=4,
)
LEVERS = st.lists(
    st.tuples(st.sampled_from(["old", "new"]), st.integers(0, 90), st.integers(0, 40), st.integers(0, 9)),
    max_size=3,
)


@settings(max_examples=150, deadline=None)
@given(CUTS, LEVERS, st.integers(0, 200 * MN), st.floats(0.0, 1.0))
def test_every_source_and_line_balances_whatever_is_cut(
    cuts: list[tuple[str, float, int, int]],
    levers: list[tuple[str, int, int, int]],
    nominated: int,
    taken_share: float,
) -> None:
    lines, sources = small()
    rest: dict[str, int] = {}
    to_delta = 0
    for ahead in range(10):
        day = DAY + timedelta(days=ahead)
        for origin, mn, days, at in cuts:
            if at == ahead:
                sources.begin(cut(origin, mn, days, day))
        for name, mn, contract, at in levers:
            if at == ahead:
                event = TrunkSection(
                    kind="trunk_section", line=name, capacity_m3_per_day=mn * MN,
                    contract_m3_per_day=contract * MN, **TEST,
                )  # fmt: skip
                lines.begin(DatedShock(day, event))
        brought = lines.bring_m3(day, {"gate": nominated})
        came = sum(brought["gate"].values())
        # The forecast is the same rule in floats: it differs by the rounding of shares and of two lines.
        gained = lines.gained_m3(day, "gate", np.array([float(nominated)]))[0]
        assert nominated + gained == pytest.approx(came, abs=4)
        taken = int(taken_share * came)
        lines.carry(day, brought, {"gate": taken})
        to_delta += taken
        for name, volume in sources.given_m3(day).items():
            rest[name] = rest.get(name, 0) + volume
    assert not any(lines.imbalances(rest, to_delta).values())
    assert lines.imbalances(rest, to_delta + 1)["trunk lines: to the delta"] == -1
    rest["border"] += 1
    assert any(lines.imbalances(rest, to_delta).values())


# --- in the world


@cache
def calm() -> dict[str, pd.DataFrame]:
    return gas_world(1, 60).tables()


def by_day(tables: dict[str, pd.DataFrame], day: date) -> pd.DataFrame:
    lines = tables["gas_lines"]
    return lines[lines.date == pd.Timestamp(day)].set_index("line")


CUT_DAY = date(2024, 8, 20)


def test_a_cut_of_central_asia_reaches_the_delta_through_the_lines_that_carry_it() -> None:
    tables = gas_world(1, 60, [cut("central_asia", 25, 14, CUT_DAY)]).tables()
    before, after = by_day(calm(), CUT_DAY), by_day(tables, CUT_DAY)
    lost = before.central_asia_m3 - after.central_asia_m3
    assert lost.sum() == pytest.approx(25 * MN, abs=10)
    assert set(lost[lost > 0].index) == {
        "west_east_1", "west_east_2", "west_east_3", "west_east_4", "hebei_nanjing",
    }  # fmt: skip
    short = calm()["gas_days"].pipeline_available_m3 - tables["gas_days"].pipeline_available_m3
    assert short[:19].abs().max() == 0
    at = (pd.Timestamp(CUT_DAY) - pd.Timestamp(START)).days
    # By hand: each line to the entry is short by its lost part of its gas, and so is what is nominated through it.
    names = ["west_east_1", "west_east_2", "hebei_nanjing"]
    sources = [f"{name}_m3" for name in base_parameters().rest_of_china.sources]
    missing = (before.to_delta_m3 * lost / before[sources].sum(axis=1))[names].sum()
    assert 3 * MN < missing < 10 * MN
    # Some swing is called the same morning.
    assert 0.95 * missing < short[at] < missing
    assert (after.to_delta_m3[["sichuan_east", "sino_russian_east"]] > 0).all()


def test_a_stop_of_russias_gas_leaves_the_other_entries_and_ends() -> None:
    stop = cut("russia_east", 200, 7, CUT_DAY)
    tables = gas_world(1, 60, [stop]).tables()
    during, later = by_day(tables, CUT_DAY), by_day(tables, CUT_DAY + timedelta(days=8))
    calm_day = by_day(calm(), CUT_DAY)
    assert during.russia_east_m3.sum() == 0 < later.russia_east_m3.sum()
    # What is left is the gas of others in the line, a twelfth of it.
    left = during.to_delta_m3["sino_russian_east"] / calm_day.to_delta_m3["sino_russian_east"]
    assert left == pytest.approx(0.08, abs=0.03)
    others = ["west_east_1", "west_east_2", "hebei_nanjing", "sichuan_east"]
    assert (during.to_delta_m3[others] >= 0.99 * calm_day.to_delta_m3[others]).all()


def test_the_east_lines_last_section_is_a_lever() -> None:
    def arm(capacity: int, contract: int = 0) -> pd.DataFrame:
        event = TrunkSection(
            kind="trunk_section", line="sino_russian_east", capacity_m3_per_day=capacity,
            contract_m3_per_day=contract, **TEST,
        )  # fmt: skip
        tables = gas_world(1, 60, [DatedShock(CUT_DAY, event)]).tables()
        return tables["gas_days"].set_index("date").loc[pd.Timestamp(CUT_DAY) :]

    base = calm()["gas_days"].set_index("date").loc[pd.Timestamp(CUT_DAY) :]
    off, wide = arm(0), arm(52 * MN, 10 * MN)
    short = base.pipeline_available_m3 - off.pipeline_available_m3
    assert short.iloc[0] > 25 * MN and 15 * MN < short.mean() < 25 * MN, (
        "swing at the other entries makes up for some"
    )
    sent = [arm_days.send_out_m3.sum() for arm_days in (off, base, wide)]
    assert sent[0] > 1.1 * sent[1] and sent[1] > 1.05 * sent[2], "tanks give what the line does not"
    same = arm(int(18.9e9 / 365))
    assert same.pipeline_available_m3.equals(base.pipeline_available_m3)


def test_nothing_flows_in_a_line_or_from_a_source_before_its_date() -> None:
    own = base_parameters()
    sources = Sources(own.rest_of_china.sources)
    lines = TrunkLines(own.trunk_lines, sources)
    assert (
        sources.given_m3(date(2019, 12, 1))["russia_east"]
        == 0
        < sources.given_m3(date(2019, 12, 2))["russia_east"]
    )
    for day, ends in (
        (date(2019, 11, 1), 0.0),
        (date(2020, 12, 2), 0.0),
        (date(2020, 12, 3), 10.0),
        (date(2024, 11, 18), 18.9),
    ):
        found = lines.bring_m3(day, {"east_line": 10**9})["east_line"]["sino_russian_east"]
        assert found == pytest.approx(1e9 * ends / 365, abs=1)
    # Before West-East IV all of Central Asia's gas is in the other lines.
    for day in (date(2023, 6, 1), date(2024, 7, 1)):
        lines.carry(day, {}, {})
        _, found = lines.days[-1]
        carried = sum(line.source_m3.get("central_asia", 0) for line in found.values())
        assert carried == pytest.approx(sources.given_m3(day)["central_asia"], rel=0.02)
        assert bool(found["west_east_4"].source_m3) is (day.year == 2024)


def test_the_calm_year_fills_no_section() -> None:
    lines = calm()["gas_lines"]
    assert (lines.to_delta_m3 <= lines.section_m3).all()
    assert lines.groupby("date").to_delta_m3.sum().to_numpy() == pytest.approx(
        calm()["gas_days"].pipeline_taken_m3
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"carries": {"siberia": 1.0}}, "no source 'siberia'; there are tarim"),
        ({"carries": {"sichuan": 0.9, "tarim": 0.5}}, "1.2 of 'tarim' is carried, more than all of it"),
        ({"entry": "north"}, "no entry 'north'; there are west_east"),
        ({"entry_share": 0.5}, "entry_share of lines to 'sichuan_east' must sum to 1"),
        ({"section_bcm_per_year": {}}, "a line with an entry needs section_bcm_per_year"),
    ],
)
def test_bad_lines_are_refused(change: dict[str, Any], message: str) -> None:
    table = base_parameters().model_dump()
    table["trunk_lines"]["sichuan_east"] |= change
    with pytest.raises(ValueError, match=message):
        GasParameters.model_validate(table)
