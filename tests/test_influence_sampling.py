"""One clock: last quote at or before the tick, breaks, drops with counts, currency, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scenarios.influence.sampling import align_currency, sample
from scenarios.influence.times import trading_day


def clock(start: str, minutes: int, step: str = "1min") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=minutes, freq=step)


def walk(index: pd.DatetimeIndex, seed: int, level: float = 500.0) -> pd.Series:
    return pd.Series(level * np.exp(np.random.default_rng(seed).normal(0, 1e-4, len(index)).cumsum()), index)


def day_of_quotes() -> pd.DataFrame:
    index = clock("2024-11-04 09:00", 240)
    return pd.DataFrame({"SC": walk(index, 1), "Brent": walk(index, 2, 75.0)})


def sessions(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["start", "end", "kind"])
    return frame.assign(
        start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]), day=frame["start"].str[:10]
    )


TWO = sessions(
    ("2024-11-04 09:00", "2024-11-04 10:15", "day"), ("2024-11-04 10:30", "2024-11-04 11:30", "day")
)


def test_last_quote_at_or_before_the_tick_and_never_a_later_one() -> None:
    times = pd.to_datetime(["2024-11-04 09:00:00", "2024-11-04 09:00:30", "2024-11-04 09:01:01"])
    rows = [("SC", t, p) for t, p in zip(times, (100.0, 101.0, 102.0), strict=True)]
    minutes = clock("2024-11-04 09:00", 60)
    rows += [("Brent", t, 70.0 + k) for k, t in enumerate(minutes)]
    found = sample(
        pd.DataFrame(rows, columns=["venue", "time", "price"]), step="1min", max_age="2h", skip="0min"
    )
    assert np.exp(found.log_prices["SC"].iloc[:3]).round(9).tolist() == [100.0, 101.0, 102.0]
    assert np.exp(found.log_prices["Brent"].iloc[:3]).round(9).tolist() == [70.0, 71.0, 72.0]


def test_naive_twin_reads_the_same_prices() -> None:
    rng = np.random.default_rng(5)
    start = pd.Timestamp("2024-11-04 09:00").as_unit("ns").value
    frames = []
    for venue, count in (("SC", 900), ("Brent", 400)):
        at = np.sort(rng.choice(3_600, count, replace=False)) * 1_000_000_000 + start
        frames.append(
            pd.DataFrame({"time": at, "venue": venue, "price": 70 * np.exp(rng.normal(0, 0.01, count))})
        )
    quotes = pd.concat(frames)
    found = sample(quotes, step="10s", max_age="15s", skip="0s")
    kept = 0
    for tick in range(start, start + 3_600 * 10**9, 10 * 10**9):
        last = [f[(f.time <= tick) & (f.time >= tick - 15 * 10**9)] for f in frames]
        if all(len(f) for f in last):
            kept += 1
            expected = [np.log(f.price.iloc[-1]) for f in last]
            assert found.log_prices.loc[tick].tolist() == pytest.approx(expected, abs=1e-15)
    assert kept == len(found.log_prices)
    assert found.ticks == kept + found.drops.sum()


def test_a_break_starts_a_segment_and_its_first_minute_is_dropped_and_counted() -> None:
    found = sample(day_of_quotes(), step="1min", max_age="90s", sessions=TWO)
    assert found.drops.to_dict() == {"after a break": 2}
    assert found.segments.nunique() == 2
    first = found.segments.ne(found.segments.shift())
    assert found.log_prices.index[first].strftime("%H:%M").tolist() == ["09:01", "10:31"]


def test_without_sessions_a_stale_stretch_is_a_break() -> None:
    quotes = day_of_quotes()
    quotes.loc["2024-11-04 10:16":"2024-11-04 10:29", "SC"] = np.nan
    found = sample(quotes, step="1min", max_age="1min", skip="1min")
    assert found.drops["stale quote"] == 13
    assert found.segments.nunique() == 2


def test_auction_and_locked_minutes_are_dropped_by_cause() -> None:
    quotes = day_of_quotes().stack().rename_axis(["time", "venue"]).rename("price").reset_index()
    quotes["state"] = "continuous"
    in_auction = (quotes.venue == "SC") & quotes.time.between("2024-11-04 09:30", "2024-11-04 09:34")
    quotes.loc[in_auction, "state"] = "auction"
    locked = pd.DataFrame(
        {
            "start": [pd.Timestamp("2024-11-04 09:32")],
            "end": [pd.Timestamp("2024-11-04 09:40")],
            "cause": ["limit-locked"],
        }
    )
    found = sample(quotes, step="1min", max_age="1min", exclude=locked)
    assert found.drops.to_dict() == {"after a break": 1, "auction": 5, "limit-locked": 6}
    assert found.segments.nunique() == 2


def test_currency_is_aligned_by_the_last_rate() -> None:
    quotes = day_of_quotes()
    rate = pd.Series([7.1, 7.2], pd.to_datetime(["2024-11-01 00:00", "2024-11-04 10:00"]))
    plain = sample(quotes, step="1min", max_age="1min")
    converted = sample(quotes, step="1min", max_age="1min", fx={"SC": rate})
    gap = plain.log_prices["SC"] - converted.log_prices["SC"]
    assert np.exp(gap.loc["2024-11-04 09:59"]) == pytest.approx(7.1)
    assert np.exp(gap.loc["2024-11-04 10:00"]) == pytest.approx(7.2)
    assert plain.log_prices["Brent"].equals(converted.log_prices["Brent"])
    with pytest.raises(ValueError, match="same times"):
        align_currency(gap, gap.iloc[1:])


def test_trading_day_of_a_night_session_is_the_next_weekday() -> None:
    times = pd.to_datetime(
        ["2024-11-07 21:30", "2024-11-08 02:00", "2024-11-08 14:00", "2024-11-08 21:30", "2024-11-09 02:00"]
    )
    assert trading_day(times).astype(str).tolist() == [*["2024-11-08"] * 3, *["2024-11-11"] * 2]
    aware = times.tz_localize("Asia/Shanghai")
    assert (trading_day(aware) == trading_day(times)).all()


def test_a_sample_draws_itself_on_the_given_axes() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    found = sample(day_of_quotes(), step="1min", max_age="90s")
    assert found.plot(ax) is ax and len(ax.lines) == 2


def test_only_keeps_one_kind() -> None:
    mixed = TWO.assign(kind=["day", "night"])
    found = sample(day_of_quotes(), step="1min", max_age="90s", sessions=mixed)
    assert set(found.only("night").to_frame()["kind"]) == {"night"}
    with pytest.raises(ValueError, match="evening"):
        found.only("evening")


def _long(quotes: pd.DataFrame) -> pd.DataFrame:
    return quotes.stack().rename_axis(["time", "venue"]).rename("price").reset_index()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda q: q.iloc[::-1], "not sorted"),
        (lambda q: pd.concat([q, q.iloc[-1:]]), "stands twice"),
        (lambda q: q.assign(SC=-q.SC), "SC: prices must be finite and above 0"),
        (lambda q: q.assign(SC=np.inf), "SC: prices must be finite"),
        (lambda q: q.assign(SC=500.0), "SC: the price is constant"),
        (lambda q: q.iloc[:10], "too short"),
        (lambda q: q[["SC"]], "at least two venues"),
        (lambda q: q.set_axis(q.index.astype(str)), "datetime"),
        (lambda q: q.assign(SC=np.nan), "SC: no quotes"),
        (lambda q: _long(q).drop(columns="price"), "price, or bid and ask"),
    ],
)
def test_bad_quotes_are_refused(spoil: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample(spoil(day_of_quotes()), step="1min", max_age="1min")  # type: ignore[operator]


def test_mixed_time_zones_are_refused() -> None:
    aware = day_of_quotes().tz_localize("Asia/Shanghai")
    with pytest.raises(ValueError, match="mixed time zones"):
        sample(aware, step="1min", max_age="1min", sessions=TWO)
    with pytest.raises(ValueError, match="mixed time zones"):
        sample(
            aware, step="1min", max_age="1min", fx={"SC": pd.Series([7.1], pd.to_datetime(["2024-11-01"]))}
        )
    times = [*aware.index, *day_of_quotes().tz_localize("UTC").index]
    venues = np.repeat(["SC", "Brent"], 240)
    mixed = pd.DataFrame({"time": pd.Series(times, dtype=object), "venue": venues, "price": 1.0})
    with pytest.raises(ValueError, match="time zone"):
        sample(mixed, step="1min", max_age="1min")


def test_aware_times_stay_aware() -> None:
    found = sample(day_of_quotes().tz_localize("Asia/Shanghai"), step="1min", max_age="1min")
    assert str(found.log_prices.index.tz) == "Asia/Shanghai"
    assert found.log_prices.index[0] == pd.Timestamp("2024-11-04 09:01", tz="Asia/Shanghai")


@pytest.mark.parametrize("bad", ["soon", 0, -5, True])
def test_bad_step_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="step"):
        sample(day_of_quotes(), step=bad, max_age="1min")  # type: ignore[arg-type]


def test_a_step_longer_than_the_skip_loses_one_tick_after_a_break_and_no_more() -> None:
    first, second = (
        pd.date_range("2024-01-01 09:00", periods=30, freq="5min"),
        pd.date_range("2024-01-01 13:30", periods=30, freq="5min"),
    )
    index = first.append(second)
    prices = np.exp(np.cumsum(np.full(60, 1e-3) * np.resize([1, -1, 1], 60)))
    found = sample(
        pd.DataFrame({"a": prices, "b": prices * 2}, index), step="5min", max_age="5min", skip="1min"
    )
    assert found.drops["after a break"] == 2
    assert len(found.log_prices) >= 58
