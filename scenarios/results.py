"""The results of a run: estimates with intervals, and the folder that holds them.

A folder is whole or absent: it is written under a temporary name and renamed at the end. No measure is
computed here and no figure drawn.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from scenarios.tomlfile import BadInput, dumps

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_FORMAT = 1  # of the run folder


@dataclass(frozen=True)
class Estimate:
    """State a value and its interval, from `n` replications (or whatever `n` counts). No interval: None."""

    value: float
    low: float | None
    high: float | None
    n: int
    unit: str


@dataclass(frozen=True)
class Row:
    """State one measure: in the base, in the changed run, and the paired effect of the change."""

    section: str
    measure: str
    label: str
    unit: str
    base: Estimate | None = None
    changed: Estimate | None = None
    effect: Estimate | None = None
    note: str = ""


@dataclass(frozen=True)
class Column:
    """Document one column of a table: its unit ("" for a name or a count) and what it holds."""

    unit: str
    text: str


COLUMNS: dict[str, Column] = {
    "arm": Column("", "base: without the scenario's shocks and levers; changed: with them"),
    "replication": Column(
        "", "number of the replication, from 0; the arms of one number share all random streams"
    ),
    "venue": Column("", "SC, Oman or Brent"),
    "at_ns": Column("ns", "Shanghai wall clock since 1970-01-01"),
    "bid": Column("USD/bbl", "best bid, converted at the day's exchange rate"),
    "ask": Column("USD/bbl", "best ask, converted at the day's exchange rate"),
    "mid": Column("USD/bbl", "mean of best bid and best ask"),
    "trading_day": Column("", "day that the night session before it belongs to"),
    "open": Column("USD/bbl", "first trade of the trading day"),
    "high": Column("USD/bbl", "highest trade of the trading day"),
    "low": Column("USD/bbl", "lowest trade of the trading day"),
    "close": Column("USD/bbl", "last trade of the trading day"),
    "settlement": Column("USD/bbl", "volume-weighted mean of the trading day's trades"),
    "volume_lots": Column("lots of 1,000 bbl", "traded volume, one-sided"),
    "premium_usd_per_bbl": Column("USD/bbl", "settlement over import parity"),
    "day": Column("", "calendar day"),
    "group": Column("", "group of delivery bases"),
    "stock_bbl": Column("bbl", "crude in tank at the end of the day"),
    "capacity_bbl": Column("bbl", "tankage"),
    "committed_bbl": Column("bbl", "room promised to cargoes on their way"),
    "jkm_usd_per_mmbtu": Column("USD/MMBtu", "assessed price of spot LNG, north-east Asia"),
    "shpgx_lng_cny_per_t": Column("CNY/t", "SHPGX's LNG index"),
    "stock_m3": Column("m3 of gas", "LNG in the terminals' tanks at the end of the day, as gas"),
    "demand_m3": Column("m3 of gas", "demand of the day at the day's price"),
    "served_m3": Column("m3 of gas", "gas delivered in the day"),
    "unserved_m3": Column("m3 of gas", "demand that no gas could be found for"),
}


def interval(values: Sequence[float], unit: str, confidence: float = 0.95) -> Estimate:
    """Estimate a mean with Student's t interval over independent replications.

    mean +- t(n-1) s / sqrt(n). One value has no interval. Raises ValueError for none.
    """
    n = len(values)
    if n == 0:
        raise ValueError("an estimate needs at least one value")
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, None, 1, unit)
    from scipy.stats import t

    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(t.ppf(0.5 + confidence / 2, n - 1)) * deviation / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half, n, unit)


def paired(base: Sequence[float], changed: Sequence[float], unit: str, confidence: float = 0.95) -> Estimate:
    """Estimate the mean of `changed` - `base` over pairs that share their random streams.

    Raises ValueError if the two differ in length.
    """
    return interval([after - before for before, after in zip(base, changed, strict=True)], unit, confidence)


def ratio(
    above: Sequence[Sequence[float]], below: Sequence[Sequence[float]], unit: str, confidence: float = 0.95
) -> Estimate:
    """Estimate a product of means over a product of means, with a jackknife over replications.

    above, below: the factors, each with one value a replication. One replication has no interval. Raises ValueError
    for factors of different lengths.
    """
    import numpy as np

    factors = np.array([*above, *below], dtype=np.float64)
    n, signs = factors.shape[1], np.array([1.0] * len(above) + [-1.0] * len(below))
    value = float(np.prod(factors.mean(axis=1) ** signs))
    if n == 1:
        return Estimate(value, None, None, 1, unit)
    from scipy.stats import t

    means = (factors.sum(axis=1, keepdims=True) - factors) / (n - 1)
    left_out = np.prod(means ** signs[:, None], axis=0)
    error = math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
    half = float(t.ppf(0.5 + confidence / 2, n - 1)) * error
    return Estimate(value, value - half, value + half, n, unit)


def digest(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a resolved scenario, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def software() -> dict[str, str]:
    """Return the version of Python, of this package and of each package it asks for."""
    try:
        asked = [
            re.split(r"[^\w.-]", text)[0] for text in requires("yangshan") or [] if "extra ==" not in text
        ]
        versions = {name.lower(): version(name) for name in ("yangshan", *asked)}
    except PackageNotFoundError:  # run from a source tree that is not installed
        versions = {}
    return {"python": platform.python_version(), **versions}


def git_commit() -> str | None:
    """Return the commit this code runs from, "+" after it if the source tree has changes, or None."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", here, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != here.parent.resolve():
            return None
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def next_folder(parent: str | Path, name: str) -> Path:
    """Return the first of parent/name-1, parent/name-2 ... that does not exist."""
    number = 1
    while (path := Path(parent) / f"{name}-{number}").exists():
        number += 1
    return path


class RunFolder:
    """Write a run's folder; the end of a `with` block renames it, or removes it after an error.

    Raises BadInput at the start if `path` exists or cannot be made.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        whole = self.path.absolute()
        self._partial = whole.parent / f".{whole.name}.partial-{os.getpid()}"
        self._figures: dict[str, str] = {}

    def __enter__(self) -> RunFolder:
        if self.path.exists():
            raise BadInput([f"{self.path}: exists already; give another folder with --out"])
        try:
            self._partial.mkdir(parents=True)
        except OSError as error:
            raise BadInput([f"{self.path}: cannot be made: {error.strerror}"]) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._partial.rename(self.path)
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    @property
    def figures(self) -> dict[str, str]:
        """The SVG text of every figure written so far, by name."""
        return dict(self._figures)

    def write_scenario(self, values: Mapping[str, Any]) -> None:
        """Write the resolved scenario as scenario.toml."""
        self._write("scenario.toml", dumps(values))

    def write_manifest(self, **entries: Any) -> None:
        """Write manifest.json: how the run came about. Wall time and rates belong here and nowhere else."""
        fixed = {"format": _FORMAT, "commit": git_commit(), "versions": software()}
        self._write("manifest.json", _json(fixed | entries))

    def write_summary(self, rows: Sequence[Row]) -> None:
        """Write the rows as summary.json, its floats with ten significant digits."""
        self._write("summary.json", _json({"rows": [asdict(row) for row in rows]}))

    def write_table(
        self, name: str, frame: pd.DataFrame, columns: Mapping[str, Column] | None = None
    ) -> None:
        """Write a frame as tables/`name`.parquet, each column documented; equal frames, equal bytes.

        A column is documented in `columns` or else in COLUMNS. Raises KeyError for one that is not.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        known = COLUMNS | dict(columns or {})
        undocumented = [column for column in frame.columns if column not in known]
        if undocumented:
            raise KeyError(f"table {name}: no documentation of {', '.join(undocumented)}")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        fields = [
            field.with_metadata({"unit": known[field.name].unit, "text": known[field.name].text})
            for field in table.schema
        ]
        table = table.cast(pa.schema(fields))  # drops pandas' own metadata
        path = self._partial / "tables" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(table, path, compression="zstd", version="2.6", row_group_size=1 << 20)

    def write_figure(self, name: str, figure: Figure) -> None:
        """Write a figure as figures/`name`.svg; equal figures, equal bytes."""
        from scenarios.plots import to_svg

        self._figures[name] = to_svg(figure)
        self._write(f"figures/{name}.svg", self._figures[name])

    def write_report(self, html: str) -> None:
        """Write report.html."""
        self._write("report.html", html)

    def _write(self, name: str, text: str) -> None:
        path = self._partial / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Run:
    """Read a finished run: its manifest, its summary, and its tables when asked for."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """How the run came about."""
        return json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))

    @cached_property
    def rows(self) -> list[Row]:
        """The measures, as they were written."""
        entries = json.loads((self.path / "summary.json").read_text(encoding="utf-8"))["rows"]
        arms = ("base", "changed", "effect")
        return [Row(**e | {arm: Estimate(**e[arm]) if e[arm] else None for arm in arms}) for e in entries]

    @property
    def summary(self) -> pd.DataFrame:
        """The measures as a frame: section, measure, label, unit, note, and base, base_low, base_high ..."""
        import pandas as pd

        records = []
        for row in self.rows:
            record: dict[str, Any] = {k: getattr(row, k) for k in ("section", "measure", "label", "unit")}
            for arm in ("base", "changed", "effect"):
                estimate: Estimate | None = getattr(row, arm)
                record[arm] = estimate.value if estimate else math.nan
                record[f"{arm}_low"] = math.nan if not estimate or estimate.low is None else estimate.low
                record[f"{arm}_high"] = math.nan if not estimate or estimate.high is None else estimate.high
            records.append(record | {"note": row.note})
        return pd.DataFrame(records)

    @property
    def tables(self) -> list[str]:
        """The names of the tables, sorted."""
        return sorted(path.stem for path in (self.path / "tables").glob("*.parquet"))

    def table(self, name: str) -> pd.DataFrame:
        """Read one table. Raises BadInput for a name that the run does not have."""
        import pandas as pd

        if name not in self.tables:
            raise BadInput([f"{self.path}: no table '{name}' among {', '.join(self.tables) or 'none'}"])
        return pd.read_parquet(self.path / "tables" / f"{name}.parquet")

    def columns(self, name: str) -> dict[str, Column]:
        """Return the documentation of a table's columns."""
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.path / "tables" / f"{name}.parquet")
        return {f.name: Column(f.metadata[b"unit"].decode(), f.metadata[b"text"].decode()) for f in schema}


def read_run(path: str | Path) -> Run:
    """Open a finished run's folder. Raises BadInput if it is none."""
    run = Run(Path(path))
    if not (run.path / "manifest.json").is_file() or not (run.path / "summary.json").is_file():
        raise BadInput([f"{path}: is no finished run (it needs manifest.json and summary.json)"])
    return run


def _json(value: Any) -> str:
    return json.dumps(_rounded(value), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(value: Any) -> Any:
    """Round floats to ten significant digits; one that is not finite has no JSON form and becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    if isinstance(value, float):
        return (float(f"{value:.10g}") + 0.0) if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item"):  # a NumPy scalar
        return _rounded(value.item())
    return str(value)
