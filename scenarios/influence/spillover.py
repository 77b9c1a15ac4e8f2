"""Diebold-Yilmaz spillovers: who predicts whom, by a VAR's forecast errors; prediction, not influence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.checks import whole
from scenarios.influence.panel import FloatArray, Labels, Lags, Panel, panel, percentiles, resample_blocks
from scenarios.influence.var import Var, all_rows, choose_lags, moving_average, solve_var, var_moments


@dataclass(frozen=True, eq=False)
class Spillover:
    """A spillover table in per cent.

    table: rows receive from columns, each row sums to 100. directional: index (figure, venue) for FROM (a
    row without its own share), TO (a column without it) and NET = TO - FROM; totals: index "total" = mean
    of FROM and "corrected total" = total n / (n - 1), which can reach 100 (Chatziantoniou-Gabauer 2021);
    both with columns estimate, low, high. lags, horizon, method, rows (in the regression), blocks (of the
    bootstrap), confidence.
    """

    table: pd.DataFrame
    directional: pd.DataFrame
    totals: pd.DataFrame
    lags: int
    horizon: int
    method: str
    rows: int
    blocks: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table with FROM beside it, TO and NET below it and the total in the corner."""
        sides = self.directional["estimate"].unstack("figure").loc[self.table.index]
        frame = pd.concat([self.table, sides[["FROM"]]], axis=1)
        below = sides[["TO", "NET"]].T.assign(FROM=[self.totals["estimate"].iloc[0], np.nan])
        return pd.concat([frame, below])

    def plot(self, ax: Any = None) -> Any:
        """Draw NET of each venue with its interval."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        net = self.directional.loc["NET"]
        at = np.arange(len(net))
        ax.bar(at, net["estimate"], color="0.7")
        if net["low"].notna().all():
            ax.vlines(at, net["low"], net["high"], "k")
        ax.axhline(0, color="k", linewidth=0.5)
        ax.set_xticks(at, [str(v) for v in net.index])
        ax.set_ylabel("NET, percentage points")
        return ax


@dataclass(frozen=True, eq=False)
class SpilloverPath:
    """Spillovers over time: frame indexed by time, columns total and NET of each venue; method: how."""

    frame: pd.DataFrame
    lags: int
    horizon: int
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return the path."""
        return self.frame

    def plot(self, ax: Any = None) -> Any:
        """Draw the total and each venue's NET over time."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        for column in self.frame:
            ax.plot(self.frame.index, self.frame[column], label=str(column))
        ax.set_ylabel("per cent")
        ax.legend()
        return ax


def spillover(
    x: pd.DataFrame,
    lags: Lags = "bic",
    horizon: int = 10,
    generalised: bool = True,
    *,
    max_lags: int = 10,
    segments: Labels = None,
    days: Labels = None,
    bootstrap: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Spillover:
    """Estimate the spillover table of stationary series (returns or log volatilities, not prices).

    Generalised: th_ij = s_jj^-1 sum_h (e_i'A_h S e_j)^2 / sum_h e_i'A_h S A_h'e_i over h < horizon, rows
    normed to 100. Otherwise the Cholesky decomposition in the order of the columns. x: rows = times on one
    clock, columns = venues. lags: the order of the VAR, or a criterion over 1..max_lags, fewer where the
    rows are too few for that. segments, days, bootstrap, rng: as in information_shares. Correlation within
    one step alone gives a total above 0 (20 at a correlation of .5), so a total is no proof of influence.
    Raises ValueError naming a constant or collinear column, or for too few rows. Sources: Diebold and
    Yilmaz (2009), Econ. J. 119:158; (2012), IJF 28:57.
    """
    data = panel(x, segments=segments, days=days, name="x")
    order = choose_lags(data, lags, max_lags)
    method = "generalised" if generalised else "Cholesky"
    rule = partial(decomposition, horizon=horizon, generalised=generalised)
    return spillover_by(rule, method, data, order, horizon, bootstrap, rng, confidence)


def spillover_by(
    rule: Callable[[Var], FloatArray],
    method: str,
    data: Panel,
    lags: int,
    horizon: int,
    bootstrap: int,
    rng: np.random.Generator | None,
    confidence: float,
) -> Spillover:
    """Estimate a VAR and its bootstrap draws, and apply a rule that turns a VAR into a table in per cent."""
    n = enough(data.names)
    moments = var_moments(data, lags)
    fit = solve_var(moments.sum(axis=0), n)
    counts = resample_blocks(len(moments), bootstrap, rng)
    drawn = [rule(solve_var(np.tensordot(c, moments, axes=1), n)) for c in counts]
    return _result(
        rule(fit), drawn, data.names, lags, horizon, method, int(fit.rows), len(moments), confidence
    )


def decomposition(fit: Var, horizon: int, generalised: bool = True) -> FloatArray:
    """Return the forecast-error variance shares of a VAR in per cent, rows normed to 100."""
    effects, sigma = moving_average(fit.coefficients, horizon), fit.sigma
    impact = sigma / np.sqrt(np.diag(sigma)) if generalised else np.linalg.cholesky(sigma)
    shares = ((effects @ impact) ** 2).sum(axis=0)
    return 100 * shares / shares.sum(axis=1, keepdims=True)


def rolling_spillover(
    x: pd.DataFrame,
    window: int,
    lags: int,
    horizon: int = 10,
    generalised: bool = True,
    *,
    step: int = 1,
    segments: Labels = None,
) -> SpilloverPath:
    """Estimate spillovers over windows of `window` regression rows, each dated by its last row.

    x, lags and other arguments as in spillover. Raises ValueError for a window of too few rows or more than
    there are, and for one in which a column is constant.
    """
    data = panel(x, segments=segments, name="x")
    n = enough(data.names)
    z = all_rows(data, lags)
    if not 2 * (n * lags + 1) <= whole(window, "window") <= len(z):
        raise ValueError(f"window: {window} rows, must be {2 * (n * lags + 1)} to {len(z)}")
    ends = range(window, len(z) + 1, whole(step, "step"))
    times = x.index[np.flatnonzero(data.position >= lags)[[e - 1 for e in ends]]]
    tables = []
    for end, time in zip(ends, times, strict=True):
        rows = z[end - window : end]
        try:
            tables.append(decomposition(solve_var(rows.T @ rows, n), horizon, generalised))
        except ValueError as error:
            raise ValueError(f"x: in the window up to {time}: {error}") from None
    return SpilloverPath(
        path_frame(tables, times, data.names), lags, horizon, f"rolling window of {window} rows"
    )


def path_frame(tables: Sequence[FloatArray], times: pd.Index, names: Sequence[str]) -> pd.DataFrame:
    """Return the total and NET of each table of a path."""
    stack = np.array(tables)
    own = np.einsum("tii->ti", stack)
    net = (stack.sum(axis=1) - own) - (stack.sum(axis=2) - own)
    columns = ["total", *(f"NET {name}" for name in names)]
    total = (stack.sum(axis=2) - own).mean(axis=1)
    return pd.DataFrame(np.column_stack([total, net]), index=times, columns=columns)


def enough(names: Sequence[str]) -> int:
    """Return the number of columns; raise ValueError where there are fewer than two."""
    if len(names) < 2:
        raise ValueError(f"x: {len(names)} columns, 2 or more are needed")
    return len(names)


def _figures(table: FloatArray) -> FloatArray:
    """Return FROM, TO, NET, total and corrected total in one row."""
    n = len(table)
    own = np.diag(table)
    received, given = table.sum(axis=1) - own, table.sum(axis=0) - own
    return np.concatenate([received, given, given - received, [received.mean(), received.sum() / (n - 1)]])


def _result(
    table: FloatArray,
    drawn: Sequence[FloatArray],
    names: Sequence[str],
    lags: int,
    horizon: int,
    method: str,
    rows: int,
    blocks: int,
    confidence: float,
) -> Spillover:
    point = _figures(table)
    draws = np.array([_figures(d) for d in drawn]).reshape(-1, len(point))
    low, high = percentiles(draws, confidence)
    figures = pd.DataFrame({"estimate": point, "low": low, "high": high})
    index = pd.MultiIndex.from_product([["FROM", "TO", "NET"], names], names=["figure", "venue"])
    return Spillover(
        table=pd.DataFrame(table, index=list(names), columns=list(names)),
        directional=figures.iloc[:-2].set_index(index),
        totals=figures.iloc[-2:].set_index(pd.Index(["total", "corrected total"])),
        lags=lags,
        horizon=horizon,
        method=method,
        rows=rows,
        blocks=blocks,
        confidence=confidence,
    )
