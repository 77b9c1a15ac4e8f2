"""A user's own daily prices: a CSV file read as the world price, or refused with every problem at its line.

It reads a price for each day and checks its form and reach; it fills no gap and converts no unit.
"""

from __future__ import annotations

import csv
import math
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from agents.prices import PriceHistory
from scenarios.tomlfile import BadInput

PRICE_COLUMN = "brent_usd_per_bbl"
LONGEST_GAP = timedelta(days=10)
_SHOWN = 10


def read_prices(path: str | Path, first: date, last: date, column: str | None = None) -> PriceHistory:
    """Read the daily Brent prices, in USD/bbl, that a scenario from `first` to `last` runs on.

    The file has a header, a column `date` (2024-11-04) in ascending order, and the prices: `column` or else
    `brent_usd_per_bbl` or else the only column of numbers. It has no gap of more than ten days and reaches
    over the whole window. Raises BadInput.
    """
    rows = _rows(path)
    if not rows:
        raise BadInput([f"{path}: is empty: expected a header with date and {PRICE_COLUMN}"])
    header = [name.strip() for name in rows[0][1]]
    lower = [name.lower() for name in header]
    if "date" not in lower:
        raise BadInput([f"{path}:{rows[0][0]}: no column 'date' among {', '.join(header)}"])
    at_date = lower.index("date")
    at_price = _price_column(path, header, at_date, rows, column)

    problems: list[str] = []
    prices: dict[date, tuple[int, float]] = {}
    previous: date | None = None
    for line, row in rows[1:]:
        try:
            day, value = _entry(row, at_date, at_price, len(header))
            if day in prices:
                raise ValueError(f"{day} stands in line {prices[day][0]} already")
            if previous and day < previous:
                raise ValueError(f"{day} is before {previous}: dates must ascend")
        except ValueError as error:
            problems.append(f"{path}:{line}: {error}")
        else:
            previous = day
            prices[day] = line, value
    if not problems:
        problems = _reach(path, prices, first, last)
    if len(problems) > _SHOWN:
        problems = [*problems[:_SHOWN], f"{path}: and {len(problems) - _SHOWN} more like these"]
    if problems:
        raise BadInput(problems)
    history = PriceHistory(PRICE_COLUMN)
    for day, (_, value) in prices.items():
        history.publish(day, value)
    return history


def _rows(path: str | Path) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with its line from 1."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except FileNotFoundError:
        raise BadInput([f"{path}: no such file"]) from None
    except OSError as error:
        raise BadInput([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise BadInput([f"{path}: cannot be read: must be CSV in UTF-8 text"]) from None
    except csv.Error as error:
        raise BadInput([f"{path}:{reader.line_num}: cannot be read as CSV: {error}"]) from None


def _price_column(
    path: str | Path, header: list[str], at_date: int, rows: list[tuple[int, list[str]]], column: str | None
) -> int:
    others = [place for place in range(len(header)) if place != at_date]
    wanted = column or PRICE_COLUMN
    if wanted in header:
        return header.index(wanted)
    if column is None:
        if len(others) > 1 and len(rows) > 1:
            others = [place for place in others if place < len(rows[1][1]) and _is_number(rows[1][1][place])]
        if len(others) == 1:
            return others[0]
    raise BadInput([f"{path}:{rows[0][0]}: no column '{wanted}' among {', '.join(header)}"])


def _entry(row: list[str], at_date: int, at_price: int, width: int) -> tuple[date, float]:
    if len(row) != width:
        raise ValueError(f"has {len(row)} cells, the header has {width}")
    try:
        day = date.fromisoformat(row[at_date].strip())
    except ValueError:
        raise ValueError(f"date = {row[at_date]!r}: must be a day such as 2024-11-04") from None
    text = row[at_price].strip()
    if not _is_number(text):
        raise ValueError(f"price = {text!r}: must be a number (leave out a day without a price)")
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"price = {text}: must be more than 0")
    return day, value


def _reach(path: str | Path, prices: dict[date, tuple[int, float]], first: date, last: date) -> list[str]:
    window = f"the scenario needs {first} to {last}"
    if not prices:
        return [f"{path}: has no prices; {window}"]
    days = list(prices)
    problems = [
        f"{path}:{prices[later][0]}: nothing for {(later - earlier).days} days before {later}: "
        f"a gap may be {LONGEST_GAP.days} days long"
        for earlier, later in pairwise(days)
        if later - earlier > LONGEST_GAP and later > first and earlier < last
    ]
    if days[0] > first or days[-1] + LONGEST_GAP < last:
        problems.append(f"{path}: is too short: it has {days[0]} to {days[-1]}; {window}")
    return problems


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
