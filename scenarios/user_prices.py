"""A user's own prices of several markets, read from CSV or Parquet or refused at the line; nothing is estimated.

It fills no gap, sorts nothing and guesses no time zone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scenarios.tomlfile import BadInput

TIME_NAMES = ("time", "date", "datetime", "timestamp", "at_ns", "trading_day", "day")
VENUE_NAMES = ("venue", "market", "symbol", "contract")
PRICE_NAMES = ("price", "mid", "close", "settlement")
MOST_MARKETS = 8
LONGEST_GAP = pd.Timedelta(days=10)
SHANGHAI = "Asia/Shanghai"

_A_DAY = pd.Timedelta(hours=20)
"""Prices that come no oftener than this are a day's, whatever hour stands beside the date."""
_MISSING = frozenset({"", ".", "-", "NA", "N/A", "NaN", "nan", "null", "None", "<NA>"})
_DATE = r"\d{4}-\d{2}(?:-\d{2})?"
_CLOCK = r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_ZONE = r" ?(?:Z|UTC|[+-]\d{2}:?\d{2})"
_SHOWN = 10


@dataclass(frozen=True, eq=False)
class UserPrices:
    """Hold prices by market, each indexed by strictly increasing times of one zone.

    markets: prices above 0, in each market's own currency. rates: for a market, units of its currency per
    unit of the common one. daily: the times are dates without a clock (a row a day, a week, a month).
    zone: the zone's name, "" for wall-clock times without one. notes: what was found and left as it is.
    """

    name: str
    markets: Mapping[str, pd.Series]
    daily: bool
    zone: str = ""
    rates: Mapping[str, pd.Series] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def quotes(self) -> pd.DataFrame:
        """Return all prices in long form: columns time, venue, price."""
        parts = [
            pd.DataFrame({"time": series.index, "venue": market, "price": series.to_numpy()})
            for market, series in self.markets.items()
        ]
        return pd.concat(parts, ignore_index=True)


def read_user_prices(
    paths: Sequence[str | Path],
    *,
    columns: Sequence[str] = (),
    time: str | None = None,
    tz: str | None = None,
    fx: Mapping[str, str] | None = None,
    first: str | None = None,
    last: str | None = None,
) -> UserPrices:
    """Read prices from one file of several markets, or from several files.

    A file is wide (a time column and a column for each market; an empty cell is no new price) or long
    (columns time, venue, and price or bid and ask). Of several files, one of bars (high, low, close) or
    with a single column called price, close or value is named after its file. Times are written as
    2024-11-04, 2024/11/04, 20241104 or 2024-11-04 09:01:00, with an offset or without; Parquet may hold
    timestamps, or nanoseconds in `at_ns`.

    columns: the markets to keep, in this order. time: the time column. tz: the zone of times without an
    offset, and the zone to which times with one are converted (Shanghai's if not given). fx: by market, a
    column of the file, a file, or CNY (ECB fixings of CNY per USD). first, last: the dates to keep. Raises
    BadInput, with the line of each problem.
    """
    zone = _checked_zone(tz)
    window = (_date(first, "--from"), _date(last, "--until"))
    tables = [_Table.read(Path(path), time, zone, window) for path in paths]
    name = " and ".join(str(path) for path in paths)
    if len({t.aware for t in tables}) > 1:
        told = "; ".join(f"{t.path}: {'has' if t.aware else 'has no'} time zones" for t in tables)
        raise BadInput([f"{told}: name the zone of the bare times with --tz"])
    rates = dict(fx or {})
    markets: dict[str, pd.Series] = {}
    problems: list[str] = []
    for table in tables:
        found = table.markets(columns, set(rates.values()), alone=len(tables) > 1)
        for market, series in found.items():
            if market in markets:
                problems.append(f"{table.path}: market '{market}' stands in another file already")
            markets[market] = series
        problems += table.problems
    if len(problems) > _SHOWN:
        problems = [*problems[:_SHOWN], f"{name}: and {len(problems) - _SHOWN} more like these"]
    if problems:
        raise BadInput(problems)
    markets = _chosen(name, markets, columns, [c for t in tables for c in t.frame.columns])
    notes = [note for t in tables for note in t.notes]
    daily = all(t.dates_only for t in tables)
    if not daily and all(_spacing(series) >= _A_DAY for series in markets.values()):
        daily = True
        notes += _hours(markets)
        markets = {market: _by_date(name, series) for market, series in markets.items()}
    zone_name = "" if daily else str(next(iter(markets.values())).index.tz or "")  # type: ignore[attr-defined]
    of_markets = {m: _rate(m, source, markets, tables, zone_name) for m, source in rates.items()}
    if daily:
        of_markets = {market: _by_date(name, rate) for market, rate in of_markets.items()}
    return UserPrices(name, markets, daily, zone_name, of_markets, tuple(notes))


@dataclass
class _Table:
    """One file: its cells as text or typed, its checked times, and the problems found so far."""

    path: Path
    frame: pd.DataFrame  # indexed by the line (CSV) or the row (Parquet), without the time column
    times: pd.DatetimeIndex
    dates_only: bool
    problems: list[str]
    notes: list[str] = field(default_factory=list)

    @property
    def aware(self) -> bool:
        return self.times.tz is not None

    @classmethod
    def read(
        cls,
        path: Path,
        time: str | None,
        zone: str | None,
        window: tuple[pd.Timestamp | None, pd.Timestamp | None],
    ) -> _Table:
        frame = _cells(path)
        column = _time_column(path, frame, time)
        times = _parsed_times(path, frame[column])
        dates_only = times.tz is None and bool((times == times.normalize()).all())
        if times.tz is not None:
            times = times.tz_convert(zone or SHANGHAI)
        elif zone is not None and not dates_only:
            times = _localised(path, frame.index, times, zone)
        wall = times.tz_localize(None)
        keep = np.ones(len(times), dtype=bool)
        if window[0] is not None:
            keep &= wall >= window[0]
        if window[1] is not None:
            keep &= wall < window[1] + pd.Timedelta(days=1)
        if not keep.any():
            asked = [
                f"{word} {day.date()}"
                for word, day in zip(("from", "until"), window, strict=True)
                if day is not None
            ]
            raise BadInput([f"{path}: has no row {' '.join(asked)}"])
        return cls(path, frame[keep].drop(columns=column), times[keep], dates_only, [])

    def markets(self, wanted: Sequence[str], rates: set[str], alone: bool) -> dict[str, pd.Series]:
        """Return the prices by market; what is wrong with them is added to the problems."""
        by_name = {str(c).lower(): str(c) for c in self.frame.columns}
        venue = next((by_name[n] for n in VENUE_NAMES if n in by_name), None)
        if venue is not None:
            return self._long(venue, by_name, wanted)
        self._check_order(self.times, self.frame.index)
        names = [str(c) for c in self.frame.columns if str(c) not in rates]
        chosen = [c for c in names if c in wanted] or [c for c in names if not self._is_text(c)]
        if {"high", "low", "close"} <= set(by_name) and not set(names) & set(wanted):
            chosen = [by_name["close"]]
            self.notes.append(f"{self.path}: bars; the close is taken")
        if alone and len(chosen) == 1 and chosen[0].lower() in (*PRICE_NAMES, "value"):
            return {self.path.stem: self._prices(self.path.stem, self.frame[chosen[0]], self.times)}
        return {c: self._prices(c, self.frame[c], self.times) for c in chosen}

    def _long(self, venue: str, by_name: dict[str, str], wanted: Sequence[str]) -> dict[str, pd.Series]:
        if {"bid", "ask"} <= set(by_name):
            sides = [_numbers(self.frame[by_name[side]]) for side in ("bid", "ask")]
            price = (sides[0] + sides[1]) / 2
        elif column := next((by_name[n] for n in PRICE_NAMES if n in by_name), None):
            price = self.frame[column]
        else:
            raise BadInput([f"{self.path}: has '{venue}' but no column price, nor bid and ask"])
        found = {}
        for label in pd.unique(self.frame[venue]):
            if wanted and str(label) not in wanted:
                continue
            rows = (self.frame[venue] == label).to_numpy()
            self._check_order(self.times[rows], self.frame.index[rows], f" of {label}")
            found[str(label)] = self._prices(str(label), price[rows], self.times[rows])
        return found

    def _prices(self, market: str, cells: pd.Series, times: pd.DatetimeIndex) -> pd.Series:
        given = (cells.notna() & ~cells.astype(str).str.strip().isin(_MISSING)).to_numpy()
        cells, times = cells[given], times[given]
        values = _numbers(cells)
        bad = ~np.isfinite(values.to_numpy())
        for line, cell in cells[bad].items():
            self._problem(line, f"{market} = '{cell}': must be a number such as 78.5")
        for line, value in values[~bad & (values.to_numpy() <= 0)].items():
            told = "must be above 0, a log has no other (leave the row out, or choose dates with --from, --until)"
            self._problem(line, f"{market} = {value:g}: {told}")
        if not self.problems:
            self._note_gaps(market, times, cells.index)
        return pd.Series(values.to_numpy(), index=times, name=market)

    def _is_text(self, column: str) -> bool:
        """Say whether a column holds no number at all: a remark or a source, no market."""
        is_text = bool(_numbers(self.frame[column]).isna().all())
        if is_text:
            self.notes.append(f"{self.path}: column '{column}' holds no numbers and is left out")
        return is_text

    def _check_order(self, times: pd.DatetimeIndex, lines: pd.Index, whose: str = "") -> None:
        steps = np.diff(times.asi8)
        for wrong, text in ((steps < 0, "is before"), (steps == 0, "is the same time as")):
            if wrong.any():
                at = int(np.argmax(wrong)) + 1
                more = f"; {int(wrong.sum())} such rows" if wrong.sum() > 1 else ""
                told = f"{_short(times[at])}{whose} {text} {_short(times[at - 1])} in {lines.name} {lines[at - 1]}"
                self._problem(lines[at], f"{told}: times must ascend, each once{more}")

    def _note_gaps(self, market: str, times: pd.DatetimeIndex, lines: pd.Index) -> None:
        gaps = np.diff(times.asi8)
        if len(gaps) == 0:
            return
        limit = max(LONGEST_GAP.value, 3 * int(np.median(gaps)))
        wide = np.flatnonzero(gaps > limit)
        if len(wide):
            at = int(wide[np.argmax(gaps[wide])]) + 1
            more = f"; {len(wide)} such gaps" if len(wide) > 1 else ""
            days = gaps[at - 1] / pd.Timedelta(days=1).value
            place = self._place(lines[at])
            self.notes.append(
                f"{place}: {market} has nothing for {days:.0f} days before {_short(times[at])}; no lag crosses it{more}"
            )

    def _place(self, line: Any) -> str:
        return f"{self.path}:{line}" if self.frame.index.name == "line" else f"{self.path}: row {line}"

    def _problem(self, line: Any, text: str) -> None:
        self.problems.append(f"{self._place(line)}: {text}")


def _cells(path: Path) -> pd.DataFrame:
    """Return a file's cells: text for CSV, indexed by line; typed for Parquet, indexed by row."""
    if not path.is_file():
        raise BadInput([f"{path}: no such file"])
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
            if isinstance(frame.index, pd.DatetimeIndex) or frame.index.name in TIME_NAMES:
                frame = frame.reset_index(names=frame.index.name or "time")
            frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
        else:
            frame = _csv_cells(path)
    except UnicodeDecodeError:
        raise BadInput([f"{path}: cannot be read: must be CSV in UTF-8 text, or Parquet"]) from None
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        raise BadInput([f"{path}: cannot be read: {' '.join(str(error).split())}"]) from None
    except ValueError as error:  # pyarrow's errors are ValueErrors
        raise BadInput([f"{path}: cannot be read: {' '.join(str(error).split())}"]) from None
    if frame.empty:
        raise BadInput([f"{path}: holds no rows"])
    return frame


def _csv_cells(path: Path) -> pd.DataFrame:
    with open(path, encoding="utf-8-sig", newline="") as file:
        top = file.readline()
    if not top.strip():
        raise BadInput([f"{path}:1: is empty: expected a header, such as time,SC,Brent"])
    mark = max(",;\t", key=top.count)
    header = [name.strip() for name in next(csv.reader([top], delimiter=mark))]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise BadInput([f"{path}:1: column '{doubled[0]}' stands twice"])
    try:
        frame = pd.read_csv(
            path, sep=mark, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig"
        )
    except pd.errors.ParserError as error:
        if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error)):
            expected, line, cells = found.groups()
            raise BadInput([f"{path}:{line}: has {cells} cells, the header has {expected}"]) from None
        raise
    if not isinstance(frame.index, pd.RangeIndex):
        raise BadInput([f"{path}:2: has more cells than the header, which has {len(header)}"])
    frame = frame.fillna("").set_axis(header, axis=1)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="line")
    return frame[(frame != "").any(axis=1)]


def _time_column(path: Path, frame: pd.DataFrame, wanted: str | None) -> str:
    names = [str(c) for c in frame.columns]
    if wanted is not None:
        if wanted not in names:
            raise BadInput([f"{path}: no column '{wanted}' among {', '.join(names)}"])
        return wanted
    by_name = {name.lower(): name for name in names}
    for name in TIME_NAMES:
        if name in by_name:
            return by_name[name]
    if frame[names[0]].astype(str).str.match(r"\d{4}[-/]\d").iloc[0]:
        return names[0]
    raise BadInput([f"{path}: no time column among {', '.join(names)}: name it with --time"])


def _parsed_times(path: Path, cells: pd.Series) -> pd.DatetimeIndex:
    """Return times without a zone, or in UTC; raise for a cell that is no time, and for mixed ones."""
    if pd.api.types.is_datetime64_any_dtype(cells) and not cells.isna().any():
        return pd.DatetimeIndex(cells).as_unit("ns")
    if pd.api.types.is_integer_dtype(cells) and cells.name == "at_ns":
        return pd.DatetimeIndex(cells.to_numpy(dtype="datetime64[ns]"))
    text = cells.astype(str).str.strip()
    if cells.name == "at_ns" and text.str.fullmatch(r"-?\d{15,19}").all():
        return pd.DatetimeIndex(text.astype(np.int64).to_numpy(dtype="datetime64[ns]"))
    if text.str.fullmatch(r"(?:19|20)\d{6}").all():
        text = text.str[:4] + "-" + text.str[4:6] + "-" + text.str[6:]
    if not text.str.fullmatch(f"{_DATE}(?:{_CLOCK}(?:{_ZONE})?)?").all():
        text = text.str.replace("/", "-").str.replace(r"(?<=[-T ])(\d)(?=[-: T]|$)", r"0\1", regex=True)
    place = f"{path}:" if cells.index.name == "line" else f"{path}: row "
    shaped = text.str.fullmatch(f"{_DATE}(?:{_CLOCK}(?:{_ZONE})?)?").to_numpy()
    parsed = pd.to_datetime(text.where(shaped), format="ISO8601", errors="coerce", utc=True)
    wrong = ~parsed.dt.year.between(1700, 2200).to_numpy()  # nanoseconds reach no further
    if wrong.any():
        line, cell = next(iter(cells[wrong].items()))
        more = f" ({int(wrong.sum())} such rows)" if wrong.sum() > 1 else ""
        raise BadInput(
            [f"{place}{line}: {cells.name} = '{cell}': must be a time such as 2024-11-04 09:01:00{more}"]
        )
    zoned = text.str.contains(rf":\d{{2}}.*?{_ZONE}$|:\d{{2}}{_ZONE}$").to_numpy()
    if zoned.any() and not zoned.all():
        line = cells.index[int(np.argmax(zoned != zoned[0]))]
        one, other = ("no time zone", "one") if zoned[0] else ("a time zone", "none")
        raise BadInput([f"{place}{line}: has {one}, the rows before have {other}: mixed time zones"])
    times = pd.DatetimeIndex(parsed).as_unit("ns")
    return times if zoned.any() else times.tz_localize(None)


def _localised(path: Path, lines: pd.Index, times: pd.DatetimeIndex, zone: str) -> pd.DatetimeIndex:
    found = times.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")  # type: ignore[arg-type]
    if found.hasnans:
        at = int(np.argmax(found.isna()))
        told = f"{_short(times[at])} comes twice or never in {zone} (summer time): write times with an offset"
        raise BadInput([f"{path}:{lines[at]}: {told}"])
    return found


def _checked_zone(tz: str | None) -> str | None:
    if tz is None:
        return None
    import difflib
    from zoneinfo import available_timezones

    known = available_timezones()
    if tz not in known:
        near = difflib.get_close_matches(tz, known, 1) or [SHANGHAI]
        raise BadInput([f"--tz {tz}: no such time zone. Did you mean '{near[0]}'?"])
    return tz


def _date(text: str | None, option: str) -> pd.Timestamp | None:
    if text is None:
        return None
    try:
        return pd.Timestamp(pd.to_datetime(text, format="%Y-%m-%d"))
    except ValueError:
        raise BadInput([f"{option} {text}: must be a day such as 2024-11-04"]) from None


def _chosen(
    name: str, markets: dict[str, pd.Series], columns: Sequence[str], headers: Sequence[str]
) -> dict[str, pd.Series]:
    missing = [c for c in columns if c not in markets]
    if missing:
        known = ", ".join(map(str, dict.fromkeys([*markets, *headers])))
        raise BadInput([f"{name}: no market '{missing[0]}' among {known}"])
    if columns:
        markets = {c: markets[c] for c in columns}
    if len(markets) < 2:
        told = ", ".join(markets) or "none"
        raise BadInput([f"{name}: two markets or more are needed, there is {told}; give a second file?"])
    if len(markets) > MOST_MARKETS:
        raise BadInput(
            [f"{name}: {len(markets)} markets, {MOST_MARKETS} at most; choose with --columns A,B,..."]
        )
    for market, series in markets.items():
        if series.empty:
            raise BadInput([f"{name}: {market} has no price"])
    return markets


def _spacing(series: pd.Series) -> pd.Timedelta:
    steps = np.diff(pd.DatetimeIndex(series.index).asi8)
    return pd.Timedelta(int(np.median(steps)) if len(steps) else 0)


def _hours(markets: Mapping[str, pd.Series]) -> list[str]:
    """Say at which hours daily prices are read, where markets differ."""
    read = {m: f"{pd.DatetimeIndex(s.index)[0]:%H:%M}" for m, s in markets.items()}
    if len(set(read.values())) == 1:
        return []
    told = ", ".join(f"{market} at {hour}" for market, hour in read.items())
    return [
        f"Two clocks: {told}; joined by date, the one read earlier looks like a follower without being one"
    ]


def _by_date(name: str, series: pd.Series) -> pd.Series:
    days = pd.DatetimeIndex(series.index).tz_localize(None).normalize()
    if days.has_duplicates:
        raise BadInput([f"{name}: {series.name} has two prices on {days[days.duplicated()][0].date()}"])
    return series.set_axis(days)


def _rate(
    market: str, source: str, markets: Mapping[str, pd.Series], tables: Sequence[_Table], zone: str
) -> pd.Series:
    """Return units of the market's currency per unit of the common one, in the prices' zone."""
    if market not in markets:
        raise BadInput([f"--fx {market}={source}: no market '{market}' among {', '.join(markets)}"])
    for table in tables:
        if source in table.frame.columns:
            rate = table._prices(source, table.frame[source], table.times)
            if table.problems:
                raise BadInput(table.problems[:_SHOWN])
            return rate
    if source == "CNY":
        return _ecb_cny_per_usd(markets[market].index, zone)
    if not Path(source).is_file():
        raise BadInput([f"--fx {market}={source}: is no column, no file and not CNY"])
    table = _Table.read(Path(source), None, zone or None, (None, None))
    found = table.markets((), set(), alone=False)
    if table.problems:
        raise BadInput(table.problems[:_SHOWN])
    if len(found) != 1:
        raise BadInput([f"{source}: a file of rates has a time column and one of rates, not {len(found)}"])
    rate = next(iter(found.values()))
    return _in_zone(rate, zone)


def _ecb_cny_per_usd(times: pd.Index, zone: str) -> pd.Series:
    from agents.world_price import cny_per_usd

    days = pd.DatetimeIndex(times)
    try:
        history = cny_per_usd(days[0].date(), days[-1].date())
    except LookupError as error:
        raise BadInput([f"--fx CNY: {error}"]) from None
    series = pd.Series({pd.Timestamp(day): value for day, value in history.items()})
    return _in_zone(series, zone)


def _in_zone(series: pd.Series, zone: str) -> pd.Series:
    index = pd.DatetimeIndex(series.index)
    if zone and index.tz is None:
        index = index.tz_localize(zone)
    return series.set_axis(index)


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.Series(pd.to_numeric(cells, errors="coerce"), index=cells.index, dtype=np.float64)


def _short(when: pd.Timestamp) -> str:
    return f"{when.date()}" if when == when.normalize() else f"{when:%Y-%m-%d %H:%M:%S}"
