from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scenarios.tomlfile import BadInput
from scenarios.user_prices import read_user_prices

WIDE = "time,SC,Brent\n2024-11-04 09:01:00,520.1,72.1\n2024-11-04 09:02:00,520.3,\n2024-11-04 09:03:00,519.9,72.0\n"
DAILY = "Date,A,B\n2024-11-04,70,71\n2024-11-05,70.5,71.2\n2024-11-06,70.1,71.4\n"


@pytest.fixture
def write(tmp_path):
    def written(text, name="p.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_a_wide_file_keeps_what_each_market_quotes(write):
    found = read_user_prices([write(WIDE)])
    assert list(found.markets) == ["SC", "Brent"] and not found.daily and found.zone == ""
    assert found.markets["Brent"].tolist() == [72.1, 72.0]
    assert found.quotes().groupby("venue").size().to_dict() == {"SC": 3, "Brent": 2}


@pytest.mark.parametrize("prices", ["price\n{t},SC,4\n{t},B,5\n", "bid,ask\n{t},SC,3,5\n{t},B,4,6\n"])
def test_a_long_file_has_a_row_for_each_price(write, prices):
    found = read_user_prices([write("time,venue," + prices.format(t="2024-11-04 09:01:00"))])
    assert {m: s.tolist() for m, s in found.markets.items()} == {"SC": [4.0], "B": [5.0]}


def test_files_of_one_price_are_named_after_themselves(write):
    files = [write(f"Date,Price\n2024-11-04,{p}\n", f"{n}.csv") for n, p in (("brent", 70), ("wti", 66))]
    found = read_user_prices(files, columns=["wti", "brent"])
    assert list(found.markets) == ["wti", "brent"] and found.daily


def test_bars_give_their_close(write):
    text = "Date,Open,High,Low,Close,Volume\n2024-11-04,1,3,1,2,0\n"
    found = read_user_prices([write(text, "a.csv"), write(text, "b.csv")])
    assert list(found.markets) == ["a", "b"] and found.markets["a"].tolist() == [2.0]
    assert "bars; the close is taken" in found.notes[0]


@pytest.mark.parametrize("date", ["2024-11-04", "2024/11/4", "20241104", "2024-11-04 00:00:00"])
def test_dates_are_read_as_people_write_them(write, date):
    found = read_user_prices([write(f"date;A;B\n{date};1.5;2\n")])
    assert found.daily and found.markets["A"].index[0] == pd.Timestamp("2024-11-04")


def test_columns_choose_and_order_and_remarks_are_left_out(write):
    text = "Date,A,source,B,C\n2024-11-04,1,x,2,3\n"
    assert list(read_user_prices([write(text)], columns=["C", "A"]).markets) == ["C", "A"]
    found = read_user_prices([write(text)])
    assert list(found.markets) == ["A", "B", "C"] and "column 'source' holds no numbers" in found.notes[0]


def test_times_with_an_offset_come_to_one_zone(write):
    text = "time,A,B\n2024-11-04T01:01:00Z,1,2\n2024-11-04T10:02:00+09:00,1.1,2.1\n"
    found = read_user_prices([write(text)])
    assert found.zone == "Asia/Shanghai" and str(found.markets["A"].index[1]) == "2024-11-04 09:02:00+08:00"
    assert read_user_prices([write(text)], tz="Europe/London").markets["A"].index[0].hour == 1


def test_bare_times_take_the_zone_they_are_said_to_have(write):
    found = read_user_prices([write(WIDE)], tz="Asia/Shanghai")
    assert str(found.markets["SC"].index[0]) == "2024-11-04 09:01:00+08:00"


def test_parquet_is_read_by_row(tmp_path):
    times = pd.date_range("2024-11-04 09:00", periods=3, freq="min", tz="UTC")
    frame = pd.DataFrame({"A": [1.0, 2.0, -3.0], "B": [4.0, np.nan, 6.0]}, index=times.rename("time"))
    frame.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(BadInput, match=r"p\.parquet: row 3: A = -3: must be above 0"):
        read_user_prices([tmp_path / "p.parquet"])
    frame.abs().to_parquet(tmp_path / "p.parquet")
    found = read_user_prices([tmp_path / "p.parquet"])
    assert found.zone == "Asia/Shanghai" and len(found.markets["B"]) == 2


def test_nanoseconds_are_times_of_a_run(tmp_path):
    frame = pd.DataFrame({"at_ns": [1_730_710_800_000_000_000], "venue": ["SC"], "mid": [71.0]})
    pd.concat([frame, frame.assign(venue="Oman")]).to_parquet(tmp_path / "q.parquet")
    found = read_user_prices([tmp_path / "q.parquet"])
    assert found.markets["SC"].index[0] == pd.Timestamp("2024-11-04 09:00")


def test_a_long_gap_is_told_and_kept(write):
    days = [*pd.date_range("2024-01-01", periods=5), *pd.date_range("2024-03-01", periods=5)]
    rows = "".join(f"{d.date()},{70 + k},{71 + k}\n" for k, d in enumerate(days))
    found = read_user_prices([write("date,A,B\n" + rows)])
    assert ":7: A has nothing for 56 days before 2024-03-01; no lag crosses it" in found.notes[0]


def test_a_window_leaves_out_what_cannot_be_used(write):
    path = write(DAILY.replace("70,71", "-70,71"))
    with pytest.raises(BadInput, match="--from"):
        read_user_prices([path])
    assert len(read_user_prices([path], first="2024-11-05").markets["A"]) == 2
    with pytest.raises(BadInput, match="has no row from 2030-01-01\n"):
        read_user_prices([path], first="2030-01-01")
    with pytest.raises(BadInput, match="--until soon: must be a day"):
        read_user_prices([path], last="soon")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"p\.csv:1: is empty"),
        ("date,A,B\n", "holds no rows"),
        ("date,A,A\n2024-11-04,1,2\n", ":1: column 'A' stands twice"),
        ("date,A\n2024-11-04,1\n", "two markets or more are needed, there is A"),
        ("x,A,B\n1,2,3\n", "no time column among x, A, B: name it with --time"),
        (DAILY.replace("2024-11-06", "2024-11-03"), r":4: 2024-11-03 is before 2024-11-05 in line 3"),
        (DAILY.replace("2024-11-06", "2024-11-05"), r":4: 2024-11-05 is the same time as 2024-11-05 in line 3"),
        (DAILY.replace("2024-11-05", "05/11/2024"), r":3: Date = '05/11/2024': must be a time such as"),
        (DAILY.replace("2024-11-05", "2024-02-30"), r":3: Date = '2024-02-30': must be a time"),
        (DAILY.replace("2024-11-06", "9999-11-06"), r":4: Date = '9999-11-06': must be a time"),
        (DAILY.replace("71.2", "seventy"), r":3: B = 'seventy': must be a number"),
        (DAILY.replace("71.2", "0"), r":3: B = 0: must be above 0"),
        (DAILY.replace("71.2", "71.2,3"), ":3: has 4 cells, the header has 3"),
        (WIDE.replace("09:02:00", "09:02:00+08:00"), r":3: has a time zone, the rows before have none: mixed"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_at_the_line(write, text, told):
    with pytest.raises(BadInput, match=told) as error:
        read_user_prices([write(text)])
    assert len(error.value.messages) == 1


def test_many_problems_are_told_at_once_but_not_all(write):
    rows = "".join(f"2024-11-{d:02d},x,1\n" for d in range(1, 29))
    with pytest.raises(BadInput) as error:
        read_user_prices([write("date,A,B\n2024-10-31,1,2\n" + rows)])
    assert len(error.value.messages) == 11 and "and 18 more" in error.value.messages[-1]


def test_a_repeated_price_of_one_market_is_named(write):
    text = "time,venue,price\n2024-11-04 09:00,A,1\n2024-11-04 09:00,B,1\n2024-11-04 09:00,A,2\n"
    with pytest.raises(BadInput, match=r":4: 2024-11-04 09:00:00 of A is the same time as .* in line 2"):
        read_user_prices([write(text)])


def test_zones_that_do_not_fit_are_refused(write):
    with pytest.raises(BadInput, match="Did you mean 'Asia/Shanghai'"):
        read_user_prices([write(WIDE)], tz="Asia/Shanghay")
    text = "time,A,B\n2024-03-31 01:30:00,1,2\n2024-04-01 01:31:00,1,2\n"
    with pytest.raises(BadInput, match=r":2: .* comes twice or never in Europe/London"):
        read_user_prices([write(text)], tz="Europe/London")
    aware = write("time,C\n2024-11-04T01:01:00Z,1\n", "q.csv")
    with pytest.raises(BadInput, match="name the zone of the bare times with --tz"):
        read_user_prices([write(WIDE), aware])
    assert len(read_user_prices([write(WIDE), aware], tz="Asia/Shanghai").markets) == 3


def test_rates_come_from_a_column_a_file_or_the_ecb(write):
    text = "date,SC,Brent,usdcny\n2024-11-04,520,72,7.1\n2024-11-05,521,72.1,7.2\n"
    found = read_user_prices([write(text)], fx={"SC": "usdcny"})
    assert list(found.markets) == ["SC", "Brent"] and found.rates["SC"].tolist() == [7.1, 7.2]
    rates = write("date,rate\n2024-11-01,7.0\n", "fx.csv")
    assert read_user_prices([write(text)], fx={"SC": str(rates)}).rates["SC"].tolist() == [7.0]
    assert 7 < read_user_prices([write(text)], fx={"SC": "CNY"}).rates["SC"].iloc[0] < 7.3
    with pytest.raises(BadInput, match="is no column, no file and not CNY"):
        read_user_prices([write(text)], fx={"SC": "EUR"})
    with pytest.raises(BadInput, match="no market 'SP' among"):
        read_user_prices([write(text)], fx={"SP": "CNY"})


def test_missing_files_and_columns_are_named(write, tmp_path):
    with pytest.raises(BadInput, match=r"nothing\.csv: no such file"):
        read_user_prices([tmp_path / "nothing.csv"])
    with pytest.raises(BadInput, match="no market 'WTI' among SC, Brent"):
        read_user_prices([write(WIDE)], columns=["SC", "WTI"])
    with pytest.raises(BadInput, match="no column 'when' among time, SC, Brent"):
        read_user_prices([write(WIDE)], time="when")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00,a\n")
    with pytest.raises(BadInput, match="must be CSV in UTF-8 text"):
        read_user_prices([tmp_path / "b.csv"])
    (tmp_path / "b.parquet").write_bytes(b"no parquet")
    with pytest.raises(BadInput, match=r"b\.parquet: cannot be read"):
        read_user_prices([tmp_path / "b.parquet"])


def test_daily_prices_of_two_hours_are_joined_by_date_with_a_warning(write):
    hours = {"15:00": "SC", "22:30": "B"}
    rows = "".join(f"2024-11-{d:02d}T{at}+08:00,{hours[at]},{70 + d}\n" for d in range(1, 9) for at in hours)
    found = read_user_prices([write("time,venue,price\n" + rows)])
    assert found.daily and found.markets["SC"].index.equals(found.markets["B"].index)
    assert "Two clocks: SC at 15:00, B at 22:30" in found.notes[0]
