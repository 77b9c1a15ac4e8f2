from __future__ import annotations

import math
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from agents.world_price import WorldPrice, brent_path, cny_per_usd, oman_path
from scenarios.prices_file import read_prices
from scenarios.spec import load_scenario
from scenarios.tomlfile import BadInput

TABLE = {
    "monthly_mean_brent_usd_per_bbl": {
        "2024-08": 80.36,
        "2024-09": 74.02,
        "2024-10": 75.63,
        "2024-11": 74.35,
    },
    "point_brent_usd_per_bbl": {date(2024, 9, 10): 69.7, date(2024, 10, 7): 80.9},
    "volatility_per_sqrt_year": 0.3,
    "oman_minus_brent_usd_per_bbl": {date(2024, 9, 1): -0.5, date(2024, 10, 1): 0.5},
    "source": "assumption",
}


def table(**changes):
    return WorldPrice.model_validate(TABLE | changes)


def test_the_path_meets_means_and_points():
    brent = brent_path(table(), np.random.default_rng(1))
    for month, mean in TABLE["monthly_mean_brent_usd_per_bbl"].items():
        values = [value for day, value in brent.items() if f"{day:%Y-%m}" == month]
        assert len(values) > 19 and np.mean(values) == pytest.approx(mean, rel=1e-11)
    for day, value in TABLE["point_brent_usd_per_bbl"].items():
        assert brent.on(day) == pytest.approx(value, rel=1e-9)
    assert brent.on(date(2024, 8, 4)) == brent.on(date(2024, 8, 2)), "a Sunday has Friday's price"


def test_paths_have_the_volatility_of_the_table():
    for volatility in (0.2, 0.8):
        rng = np.random.default_rng(2)
        given = table(volatility_per_sqrt_year=volatility, point_brent_usd_per_bbl={})
        paths = [[math.log(value) for _, value in brent_path(given, rng).items()] for _ in range(40)]
        assert np.diff(paths).std() * math.sqrt(261) == pytest.approx(volatility, rel=0.06)


def test_the_path_follows_its_generator_only():
    first, again = (brent_path(table(), np.random.default_rng(1)).items() for _ in range(2))
    assert first == again != brent_path(table(), np.random.default_rng(2)).items()


def test_points_and_means_that_contradict_each_other_are_refused():
    days = [date(2024, 8, 1) + timedelta(days=n) for n in range(31)]
    points = {day: 50.0 for day in days if day.weekday() < 5}
    with pytest.raises((ValueError, np.linalg.LinAlgError)):
        brent_path(table(point_brent_usd_per_bbl=points), np.random.default_rng(1))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"point_brent_usd_per_bbl": {date(2024, 8, 3): 80.0}}, "2024-08-03 is no weekday"),
        ({"point_brent_usd_per_bbl": {date(2025, 8, 1): 80.0}}, "2025-08-01 lies in no month"),
        ({"monthly_mean_brent_usd_per_bbl": {"2024-08": 80.0, "2024-10": 80.0}}, "nothing between"),
        ({"monthly_mean_brent_usd_per_bbl": {"2024-13": 80.0}}, 'must be a month such as "2024-11"'),
        ({"monthly_mean_brent_usd_per_bbl": {"2024-08": -1}}, "greater than 0"),
    ],
)
def test_a_bad_table_is_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        table(**changes)


def test_oman_is_brent_plus_the_differential_in_force():
    brent = brent_path(table(), np.random.default_rng(1))
    oman = oman_path(brent, table())
    for day, expected in [(date(2024, 8, 1), -0.5), (date(2024, 9, 30), -0.5), (date(2024, 10, 1), 0.5)]:
        assert oman.on(day) - brent.on(day) == pytest.approx(expected)


def test_fx_is_the_cross_of_the_ecb_fixings():
    start = time.perf_counter()
    fx = cny_per_usd(date(2024, 10, 1), date(2024, 11, 30))
    assert time.perf_counter() - start < 0.5
    assert fx.on(date(2024, 11, 4)) == pytest.approx(7.7363 / 1.0904)
    assert fx.on(date(2024, 11, 3)) == fx.on(date(2024, 11, 1)), "the previous fixing on a Sunday"
    assert fx.items()[0][0] == date(2024, 10, 1) and fx.items()[-1][0] == date(2024, 11, 29)
    assert cny_per_usd(date(2024, 11, 3), date(2024, 11, 4)).items()[0][0] == date(2024, 11, 1)
    with pytest.raises(LookupError):
        cny_per_usd(date(1999, 1, 1), date(1999, 12, 31))


FIRST, LAST = date(2024, 11, 4), date(2024, 11, 29)
DAYS = [FIRST + timedelta(days=n) for n in range(-3, 26) if (FIRST + timedelta(days=n)).weekday() < 5]
GOOD = ["date,brent_usd_per_bbl", *(f"{day},{70 + n / 8}" for n, day in enumerate(DAYS))]


def write(tmp_path, lines):
    path = tmp_path / "my.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "lines",
    [
        GOOD,
        ["Date,Price", *GOOD[1:]],
        ["\ufeffdate,remark,settle", *(line.replace(",", ",calm,") for line in GOOD[1:])],
        ["date,open,brent_usd_per_bbl", *(line.replace(",", ",1,") for line in GOOD[1:])],
        [*GOOD[:3], "", *GOOD[3:]],
    ],
)
def test_a_series_is_taken_exactly(tmp_path, lines):
    history = read_prices(write(tmp_path, lines), FIRST, LAST)
    assert history.items() == [(day, 70 + n / 8) for n, day in enumerate(DAYS)]


def swap(line: int, text: str) -> list[str]:
    return [*GOOD[: line - 1], text, *GOOD[line:]]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (swap(3, "04/11/2024,70"), "my.csv:3: date = '04/11/2024': must be a day such as 2024-11-04"),
        (swap(3, "2024-11-04,x"), "my.csv:3: price = 'x': must be a number"),
        (swap(3, "2024-11-04,0"), "my.csv:3: price = 0: must be more than 0"),
        (swap(3, "2024-11-04,nan"), "my.csv:3: price = nan: must be more than 0"),
        (swap(3, "2024-11-04"), "my.csv:3: has 1 cells, the header has 2"),
        (swap(4, "2024-11-04,70"), "my.csv:4: 2024-11-04 stands in line 3 already"),
        ([*GOOD[:3], GOOD[4], GOOD[3], *GOOD[5:]], "my.csv:5: 2024-11-05 is before 2024-11-06: dates must"),
        (GOOD[:8], "my.csv: is too short: it has 2024-11-01 to 2024-11-11; the scenario needs 2024-11-04 to"),
        ([GOOD[0], *GOOD[5:]], "my.csv: is too short: it has 2024-11-07 to 2024-11-29"),
        ([*GOOD[:6], *GOOD[16:]], "my.csv:7: nothing for 15 days before 2024-11-22: a gap may be 10"),
        (["day,brent_usd_per_bbl", *GOOD[1:]], "my.csv:1: no column 'date' among day, brent_usd_per_bbl"),
        (["date,a,b", "2024-11-04,1,2"], "my.csv:1: no column 'brent_usd_per_bbl' among date, a, b"),
        (["date,brent_usd_per_bbl"], "my.csv: has no prices"),
        ([], "my.csv: is empty"),
        (['date,"brent', *GOOD[1:]], "cannot be read as CSV"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_line(tmp_path, monkeypatch, lines, said):
    write(tmp_path, lines)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as caught:
        read_prices("my.csv", FIRST, LAST)
    assert len(caught.value.messages) == 1 and said in caught.value.messages[0]


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "my.csv").write_bytes(b"\x89PNG\xff\x00")
    for name, said in [("none.csv", "no such file"), (".", "cannot be read"), ("my.csv", "UTF-8")]:
        with pytest.raises(BadInput, match=said):
            read_prices(tmp_path / name, FIRST, LAST)


def test_a_file_full_of_problems_shows_the_first_ten(tmp_path):
    lines = [GOOD[0], *(line.replace(",", ",-") for line in GOOD[1:])]
    with pytest.raises(BadInput) as caught:
        read_prices(write(tmp_path, lines), FIRST, LAST)
    assert len(caught.value.messages) == 11 and "and 11 more" in caught.value.messages[-1]


def test_the_library_prices_are_those_of_the_world_bank():
    path = Path(__file__).parents[2] / "shared" / "data" / "worldbank-pink-sheet" / "wb_energy_monthly.csv"
    if not path.exists():
        pytest.skip("the reference data are not beside the project")
    bank = pd.read_csv(path, index_col="month")
    table = load_scenario("base").scenario.world_price
    for month, value in table.monthly_mean_brent_usd_per_bbl.items():
        assert value == pytest.approx(bank.loc[month, "Crude oil, Brent"], abs=1e-9), month
    for day, value in table.oman_minus_brent_usd_per_bbl.items():
        row = bank.loc[f"{day:%Y-%m}"]
        assert value == pytest.approx(row["Crude oil, Dubai"] - row["Crude oil, Brent"], abs=0.0051), day
