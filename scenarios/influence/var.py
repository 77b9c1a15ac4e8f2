"""A vector autoregression on samples with breaks, from cross moments by block; it draws no conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scenarios.influence.panel import FloatArray, Panel
from scenarios.influence.times import IntArray


@dataclass(frozen=True, eq=False)
class Var:
    """x_t = c + sum_k coefficients_k x_{t-k} + e_t: coefficients (K, n, n), sigma (n, n), rows used."""

    coefficients: FloatArray
    sigma: FloatArray
    rows: float


def var_rows(data: Panel, lags: int, rows: IntArray) -> FloatArray:
    """Return (x_t, 1, x_{t-1}, .., x_{t-K}) at the given rows, measured from the mean of x."""
    lagged = [data.values[rows - j] - data.centre for j in range(lags + 1)]
    return np.hstack([lagged[0], np.ones((len(rows), 1)), *lagged[1:]])


def all_rows(data: Panel, lags: int) -> FloatArray:
    """Return the rows of var_rows wherever K = lags predecessors are in the same segment, in time order."""
    require_rows(data, lags)
    return var_rows(data, lags, np.flatnonzero(data.position >= lags).astype(np.int64))


def var_moments(data: Panel, lags: int) -> FloatArray:
    """Sum z z' of var_rows by block: (D, q, q) with q = n (K + 1) + 1, blocks without a row left out."""
    require_rows(data, lags)
    size = len(data.names) * (lags + 1) + 1
    blocks = np.zeros((len(data.block_labels), size, size))
    for block, rows in data.rows(lags):
        z = var_rows(data, lags, rows)
        blocks[block] += z.T @ z
    return blocks[blocks[:, len(data.names), len(data.names)] > 0]


def require_rows(data: Panel, lags: int) -> None:
    """Raise ValueError where K is no whole number of 1 or more, or the rows are too few for it."""
    if isinstance(lags, bool) or not isinstance(lags, (int, np.integer)) or lags < 1:
        raise ValueError(f"lags: {lags!r}, must be a whole number of 1 or more")
    needed = 3 * (len(data.names) * (lags + 1) + 1)
    if data.usable(lags) < needed:
        raise ValueError(
            f"too few rows: {data.usable(lags)} have {lags} predecessors in their segment, {needed} needed"
        )


def solve_var(moments: FloatArray, n: int) -> Var:
    """Estimate by least squares from summed moments; sigma is divided by rows less regressors."""
    rows, now, before = moments[n, n], moments[:n, n:], moments[n:, n:]
    scale = np.sqrt(np.diag(before))
    b = np.linalg.solve(before / np.outer(scale, scale), (now / scale).T).T / scale
    free = rows - len(before)
    if free <= 0:
        raise ValueError(f"too few rows: {rows:g} for {len(before)} coefficients an equation")
    sigma = (moments[:n, :n] - b @ now.T) / free
    return Var(b[:, 1:].reshape(n, -1, n).transpose(1, 0, 2), (sigma + sigma.T) / 2, float(rows))


def choose_lags(data: Panel, criterion: Literal["aic", "bic"], max_lags: int) -> int:
    """Choose K in 1..max_lags by AIC or BIC, all K on the rows that max_lags leaves."""
    total, n, values = var_moments(data, max_lags).sum(axis=0), len(data.names), []
    for lags in range(1, max_lags + 1):
        size = n * (lags + 1) + 1
        fit = solve_var(total[:size, :size], n)
        log_det = np.linalg.slogdet(fit.sigma * (fit.rows - (size - n)) / fit.rows)[1]
        penalty = 2.0 if criterion == "aic" else np.log(fit.rows)
        values.append(log_det + penalty * n * (size - n) / fit.rows)
    return int(np.argmin(values)) + 1


def moving_average(coefficients: FloatArray, horizon: int) -> FloatArray:
    """Return A_0 .. A_{H-1} of x_t = sum_h A_h e_{t-h}, shape (H, n, n)."""
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 1:
        raise ValueError(f"horizon: {horizon!r}, must be a whole number of 1 or more")
    lags, n, _ = coefficients.shape
    effects = np.zeros((horizon, n, n))
    effects[0] = np.eye(n)
    for h in range(1, horizon):
        for k in range(1, min(h, lags) + 1):
            effects[h] += effects[h - k] @ coefficients[k - 1]
    return effects
