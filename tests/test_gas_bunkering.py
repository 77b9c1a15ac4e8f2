"""LNG as ships' fuel: the recorded calls by year, ships that wait, a lever that scales them, and no trace of none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
import simpy
from pydantic import ValidationError
from test_gas_case import START, base_parameters, gas_world

from agents.gas.bunkering import Bunkering, BunkeringParameters
from agents.gas.parameters import GasParameters
from agents.gas.shocks import BunkeringGrowth, DatedShock, PortClosure
from agents.gas.terminals import Terminal

TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
GROWTH = BunkeringGrowth(kind="bunkering_growth", volume_multiple=3.0, **TEST)


def yangshan(stock_m3: int = 600_000) -> Terminal:
    terminal = Terminal(simpy.Environment(), "yangshan", base_parameters().terminals["yangshan"], START)
    terminal.stock_m3 = stock_m3
    return terminal


def calls(bunkering: Bunkering, terminal: Terminal, first: date, last: date) -> list[tuple[date, int]]:
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    return [(day, volume) for day in days if (volume := bunkering.load(day, terminal))]


def with_volumes(yearly_m3: dict[int, int]) -> GasParameters:
    parameters = base_parameters()
    own = parameters.bunkering.model_copy(update={"yearly_m3": yearly_m3})
    return parameters.model_copy(update={"bunkering": own})


def test_the_year_2024_has_its_76_calls() -> None:
    """By hand: 444,000 m3 in 76 calls are 5,842.1 m3 each, a ship each 366 / 76 = 4.8 days.

    1,213.1 m3 fall due a day. The first ship comes on 1 January and takes 5,843; what is due passes that on the fifth
    day (6,065), so the second comes on 5 January, and the third when it passes 11,686: 10 x 1,213.1 = 12,131. 75 calls
    are 438,225, which is passed before the end; 76 are 444,068, which is not. 68 m3 are ahead of the year.
    """
    bunkering, terminal = Bunkering(base_parameters().bunkering), yangshan(800_000)
    found = calls(bunkering, terminal, date(2024, 1, 1), date(2024, 12, 31))
    assert [day.day for day, _ in found[:3]] == [1, 5, 10]
    assert len(found) == 76
    assert {volume for _, volume in found} == {5_843}
    assert terminal.bunkered_m3 == 76 * 5_843 == 444_068
    assert bunkering.due_m3 == 444_000 - 444_068
    assert terminal.stock_m3 == 800_000 - 444_068


@pytest.mark.parametrize(
    ("year", "volume_m3"),
    [(2021, 0), (2022, 132_000), (2023, 264_000), (2024, 444_000), (2025, 700_000), (2026, 1_120_000)],
)
def test_a_years_days_sum_to_its_volume(year: int, volume_m3: int) -> None:
    bunkering = Bunkering(base_parameters().bunkering)
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    assert bunkering.forecast_m3(date(year, 1, 1), days).sum() == volume_m3


def test_the_recorded_growth_is_that_of_the_table() -> None:
    yearly_m3 = base_parameters().bunkering.yearly_m3
    assert yearly_m3[2024] / yearly_m3[2023] - 1 == pytest.approx(0.68, abs=0.005)
    assert yearly_m3[2025] / yearly_m3[2024] - 1 == pytest.approx(0.577, abs=0.005)


def test_the_first_ship_comes_on_the_recorded_day() -> None:
    (first, *_) = calls(
        Bunkering(base_parameters().bunkering), yangshan(), date(2021, 12, 1), date(2022, 5, 1)
    )
    assert first == (date(2022, 3, 15), 5_843)


def test_ships_wait_at_heel_at_a_shut_port_and_at_a_berth_that_is_taken() -> None:
    day = date(2024, 1, 1)
    bunkering, terminal = Bunkering(base_parameters().bunkering), yangshan()
    terminal.stock_m3 = terminal.heel_m3 + 5_842
    assert (bunkering.load(day, terminal), bunkering.waiting) == (0, 1)
    terminal.stock_m3 += 100_000
    terminal.close()
    assert bunkering.load(day, terminal) == 0
    terminal.reopen()
    terminal.moor(100_000)
    assert bunkering.load(day, terminal) == 0
    terminal.discharge(100_000, 100_000)
    assert (bunkering.load(day, terminal), bunkering.waiting) == (5_843, 0)


def test_no_volume_leaves_no_trace() -> None:
    """Negative control: a table of zeros is a world before the first ship, to the last bit; the table is not."""
    none = gas_world(4, 90, parameters=with_volumes({2024: 0, 2025: 0}))
    before = base_parameters().bunkering.model_copy(update={"from_date": date(2030, 1, 1)})
    never = gas_world(4, 90, parameters=base_parameters().model_copy(update={"bunkering": before}))
    assert none.state_integers() == never.state_integers()
    for name, table in none.tables().items():
        pd.testing.assert_frame_equal(table, never.tables()[name])
    assert none.ledger().bunkered_m3 == 0
    assert none.state_integers() != gas_world(4, 90).state_integers()


def test_a_lever_multiplies_the_volume_from_its_day_on_and_disturbs_no_draw() -> None:
    day = START + timedelta(days=45)
    base, more = gas_world(4, 90), gas_world(4, 90, [DatedShock(day, GROWTH)])
    before, after = (world.tables()["gas_days"].set_index("date") for world in (base, more))
    late = before.index >= pd.Timestamp(day)
    pd.testing.assert_frame_equal(before[~late], after[~late])
    ratio = after.bunkered_m3_liquid[late].sum() / before.bunkered_m3_liquid[late].sum()
    assert ratio == pytest.approx(3.0, abs=0.4)  # whole ships
    assert (before.temperature_anomaly_degc == after.temperature_anomaly_degc).all()


def test_tables_and_ledger_agree_and_a_shut_port_has_no_calls() -> None:
    shut = PortClosure(kind="port_closure", terminals=("yangshan",), duration_days=20, **TEST)
    world = gas_world(4, 90, [DatedShock(START + timedelta(days=30), shut)])
    days, terminals = world.tables()["gas_days"].set_index("date"), world.tables()["terminals"]
    at = terminals.pivot(index="date", columns="terminal", values="bunkered_m3_liquid")
    assert (at["yangshan"] == days.bunkered_m3_liquid).all()
    assert at.drop(columns="yangshan").to_numpy().sum() == 0
    assert world.ledger().bunkered_m3 == days.bunkered_m3_liquid.sum() > 90_000
    during = days.iloc[31:50]
    assert during.bunkered_m3_liquid.sum() == 0 and during.bunker_ships_waiting.iloc[-1] >= 4
    assert days.bunker_ships_waiting.iloc[-1] == 0


def test_what_is_bunkered_and_not_booked_is_found() -> None:
    world = gas_world(4, 30)
    world.terminals["yangshan"].bunkered_m3 -= 1
    with pytest.raises(ArithmeticError, match="tanks: initial"):
        world.check_conservation()


def test_impossible_tables_are_refused() -> None:
    table = base_parameters().bunkering.model_dump()
    with pytest.raises(ValidationError, match="a year is missing"):
        BunkeringParameters(**table | {"yearly_m3": {2022: 1, 2024: 1}})
    raw = base_parameters().model_dump()
    raw["bunkering"]["terminal"] = "yangshna"
    with pytest.raises(ValidationError, match="no terminal 'yangshna'"):
        GasParameters(**raw)
