"""Checks of what a caller hands in, each of which names what is wrong; it measures nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return a whole number; raise ValueError where it is none (a bool, 2.0) or below `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: {value!r}, must be a whole number of {least} or more")
    return int(value)


def table(value: Any, name: str, *columns: str) -> pd.DataFrame:
    """Return a frame that has the columns and none twice; raise ValueError otherwise."""
    if not isinstance(value, pd.DataFrame):
        raise ValueError(f"{name}: expected a DataFrame, got {type(value).__name__}")
    if value.columns.duplicated().any():
        raise ValueError(f"{name}: column {value.columns[value.columns.duplicated()][0]!r} stands twice")
    missing = sorted(set(columns) - set(value.columns))
    if missing:
        raise ValueError(f"{name}: columns missing: {missing}")
    return value


def floats(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Return a series as floats, missing values as NaN; raise ValueError unless it holds real numbers."""
    if not isinstance(values, pd.Series):
        raise ValueError(f"{name}: expected a Series, got {type(values).__name__}")
    kind = values.dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind) or kind.kind == "c":
        raise ValueError(f"{name} is not numeric but {kind}")
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def numbers(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a frame's values as floats; raise ValueError naming the first column that is not numeric."""
    columns = [floats(frame[c], f"{name}: column {c!r}") for c in frame]
    return np.column_stack(columns) if columns else np.zeros((len(frame), 0))
