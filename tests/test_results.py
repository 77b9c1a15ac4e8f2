from __future__ import annotations

import json
import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scenarios.results import (
    COLUMNS,
    Column,
    Estimate,
    Row,
    RunFolder,
    digest,
    interval,
    next_folder,
    paired,
    read_run,
    software,
)
from scenarios.tomlfile import BadInput

ROWS = [
    Row(
        "Crude", "premium", "SC over parity", "USD/bbl", Estimate(1 / 3, 0.1, 0.5, 8, "USD/bbl"), note="mean"
    ),
    Row("Gas", "shpgx", "SHPGX LNG", "CNY/t", Estimate(4600.0, None, None, 1, "CNY/t")),
]
FRAME = pd.DataFrame(
    {"arm": ["base", "base"], "replication": [0, 1], "day": pd.to_datetime(["2024-11-04"] * 2)}
)


def write(path, rows=ROWS, frame=FRAME):
    with RunFolder(path) as folder:
        folder.write_scenario({"name": "toy", "shocks": [{"start_day": 1}]})
        folder.write_table("tanks", frame.assign(stock_bbl=[1.5, np.nan]))
        folder.write_summary(rows)
        folder.write_report("<p>")
        folder.write_manifest(seed=1, wall_s=np.float64(1.25))
    return path


def test_an_interval_is_students():
    values = [1.0, 2.0, 4.0, 8.0]
    found = interval(values, "bps", 0.9)
    expected = stats.t.interval(0.9, 3, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected) and found.n == 4 and found.unit == "bps"


def test_an_interval_of_one_value_is_none_and_of_none_an_error():
    assert interval([3.0], "bps") == Estimate(3.0, None, None, 1, "bps")
    with pytest.raises(ValueError, match="at least one"):
        interval([], "bps")


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    found = [interval(rng.standard_normal(5).tolist(), "") for _ in range(2000)]
    assert np.mean([e.low <= 0 <= e.high for e in found]) == pytest.approx(0.95, abs=0.015)


def test_pairs_cancel_what_they_share():
    shared = np.random.default_rng(1).standard_normal(20) * 100
    effect = paired(shared.tolist(), (shared + 1).tolist(), "bps")
    assert effect.value == pytest.approx(1) and effect.high - effect.low < 1e-9
    with pytest.raises(ValueError):
        paired([1.0], [1.0, 2.0], "bps")


def test_a_run_is_read_back(tmp_path):
    run = read_run(write(tmp_path / "runs" / "toy"))
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["toy"]
    assert tomllib.loads((run.path / "scenario.toml").read_text())["shocks"] == [{"start_day": 1}]
    assert (
        run.manifest["seed"] == 1
        and run.manifest["wall_s"] == 1.25
        and run.manifest["versions"] == software()
    )
    assert "numpy" in run.manifest["versions"]
    assert run.rows[0].base.value == 0.3333333333 and run.rows[1].base.low is None
    assert run.summary.loc[0, "base_high"] == 0.5 and np.isnan(run.summary.loc[0, "effect"])
    assert run.tables == ["tanks"] and run.table("tanks")["stock_bbl"].iloc[0] == 1.5
    assert run.columns("tanks")["stock_bbl"] == COLUMNS["stock_bbl"]
    with pytest.raises(BadInput, match="no table 'gas' among tanks"):
        run.table("gas")


def test_equal_results_give_equal_bytes(tmp_path):
    one, two = write(tmp_path / "one"), write(tmp_path / "two", frame=FRAME.set_index([[7, 9]]))
    for name in ("summary.json", "tables/tanks.parquet", "scenario.toml"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_a_summary_has_ten_digits_sorted_keys_and_no_nan(tmp_path):
    row = Row("a", "b", "c", "bps", Estimate(float("nan"), 1e-17, 123456.7890123, 2, "bps"))
    text = (write(tmp_path / "run", [row]) / "summary.json").read_text()
    base = json.loads(text)["rows"][0]["base"]
    assert list(base) == sorted(base)
    assert base["value"] is None and base["low"] == 1e-17 and base["high"] == 123456.789


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_interrupted_run_leaves_nothing(tmp_path, error):
    def interrupted() -> None:
        with RunFolder(tmp_path / "run") as folder:
            folder.write_scenario({})
            assert not (tmp_path / "run").exists(), "nothing that looks finished"
            raise error

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_overwritten(tmp_path):
    write(tmp_path / "run")
    with pytest.raises(BadInput, match="exists already"):
        write(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be made"):
        write(tmp_path / "file" / "run")
    assert next_folder(tmp_path, "run") == tmp_path / "run-1"
    write(tmp_path / "run-1")
    assert next_folder(tmp_path, "run") == tmp_path / "run-2"


def test_every_column_is_documented(tmp_path):
    with pytest.raises(KeyError, match="no documentation of odd"), RunFolder(tmp_path / "run") as folder:
        folder.write_table("days", pd.DataFrame({"odd": [1]}))
    with RunFolder(tmp_path / "run") as folder:
        folder.write_table("days", pd.DataFrame({"odd": [1]}), {"odd": Column("lots", "an odd lot")})


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(BadInput, match="no finished run"):
        read_run(tmp_path)


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
