"""Information shares of a world: which hours count as day and night, and what they weigh."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds import library, run

from exchange.clock import ns
from exchange.units import NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from scenarios import information
from scenarios.information import common_clock, information_of
from scenarios.tables import samples_frame


def samples() -> pd.DataFrame:
    """A day of five-minute quotes: Brent moves 1 % a step by day, 2 % by night, 3 % while SC is shut."""
    at_ns = ns(pd.Timestamp("2024-11-05").date()) + np.arange(0, 24 * 12) * 5 * NS_PER_MINUTE
    hour = (at_ns // NS_PER_HOUR) % 24
    day, night = (hour >= 9) & (hour < 15), (hour >= 21) | (hour < 2)
    size = np.where(day, 0.01, np.where(night, 0.02, 0.03))
    brent = 70 * np.exp(np.cumsum(size * np.resize([1, -1], len(at_ns))))
    sc = np.where(day | night, brent, np.nan)
    return pd.DataFrame({"Brent_mid": brent, "SC_mid": sc}, index=pd.Index(at_ns, name="at_ns"))


def test_hours_weigh_what_brent_moves_in_them():
    weights = information._variance_weights(samples())
    # 72 steps by day, 60 by night (one lacks its predecessor), the rest while SC is shut
    squares = {"day": 72 * 1.0, "night": 59 * 4.0, "shut": (288 - 72 - 60) * 9.0}
    assert weights.sum() == pytest.approx(1.0)
    for part, square in squares.items():
        assert weights[part] == pytest.approx(square / sum(squares.values()), rel=1e-9)


@pytest.fixture(scope="module")
def world():
    return run(library("base"), 4, replication=3, sample_ns=10 * NS_PER_SECOND)


def test_the_whole_day_is_the_weighed_mean_of_its_parts(world, monkeypatch):
    frame = samples_frame(world)
    table, reason = information_of(world, frame)
    assert reason == "" and list(table.index[:4]) == ["IS_low", "IS", "IS_high", "CS"]
    weights = information._variance_weights(frame)
    whole = weights["day"] * table.loc["day", "SC"] + weights["night"] * table.loc["night", "SC"]
    if np.isfinite(whole):
        assert table.loc["whole_day", "SC"] == pytest.approx(whole)
    monkeypatch.setattr(
        information, "_variance_weights", lambda _: pd.Series({"day": 1.0, "night": 0.0, "shut": 0.0})
    )
    by_day, _ = information_of(world, frame)
    np.testing.assert_allclose(by_day.loc["whole_day"], by_day.loc["day"])


def test_a_slow_clock_keeps_its_ticks_and_drops_those_after_a_break(world):
    frame = samples_frame(world)
    slow = frame[frame.index.to_numpy() % (5 * NS_PER_MINUTE) == 0]
    logs, days = common_clock(world, slow)
    kept = logs.dropna()
    assert len(kept) > 0.8 * slow["SC_mid"].notna().sum()
    assert days.nunique() == 4
    minute = (kept.index.to_numpy() // NS_PER_MINUTE) % (24 * 60)
    assert not np.isin(minute, [9 * 60, 13 * 60 + 30, 21 * 60]).any()  # the first ticks after a break
