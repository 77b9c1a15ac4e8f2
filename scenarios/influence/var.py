"""A vector autoregression on samples with breaks, from cross moments by block; it draws no conclusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.influence.checks import whole
from scenarios.influence.panel import EXACT, FloatArray, Lags, Panel, require_unexplained
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
    z = var_rows(data, lags, np.flatnonzero(data.position >= lags).astype(np.int64))
    require_unexplained(z.T @ z, data.names, "x")
    return z


def var_moments(data: Panel, lags: int) -> FloatArray:
    """Sum z z' of var_rows by block: (D, q, q) with q = n (K + 1) + 1, blocks without a row left out.

    Raises ValueError for too few rows and where a column follows exactly from the past.
    """
    require_rows(data, lags)
    size = len(data.names) * (lags + 1) + 1
    blocks = np.zeros((len(data.block_labels), size, size))
    for block, rows in data.rows(lags):
        z = var_rows(data, lags, rows)
        blocks[block] += z.T @ z
    require_unexplained(blocks.sum(axis=0), data.names, "x")
    return blocks[blocks[:, len(data.names), len(data.names)] > 0]


def require_rows(data: Panel, lags: int) -> None:
    """Raise ValueError where K is no whole number of 1 or more, or the rows are too few for it."""
    whole(lags, "lags")
    data.require(lags)


def solve_var(moments: FloatArray, n: int) -> Var:
    """Estimate by least squares from summed moments; sigma is divided by rows less regressors.

    Raises ValueError where a column is constant in these rows or follows exactly from the past.
    """
    rows, now, before = moments[n, n], moments[:n, n:], moments[n:, n:]
    square = np.diag(moments)[:n] / rows
    variance = square - (moments[:n, n] / rows) ** 2
    scale = np.sqrt(np.diag(before))
    if not (variance > 1e-13 * square).all() or not (scale > 0).all():
        raise ValueError("a column is constant in some rows or draws")
    b = np.linalg.solve(before / np.outer(scale, scale), (now / scale).T).T / scale
    free = rows - len(before)
    if free <= 0:
        raise ValueError(f"too few rows: {rows:g} for {len(before)} coefficients an equation")
    sigma = (moments[:n, :n] - b @ now.T) / free
    if not (np.diag(sigma) > EXACT * variance).all():
        raise ValueError("a column follows exactly from the past in some rows or draws")
    return Var(b[:, 1:].reshape(n, -1, n).transpose(1, 0, 2), (sigma + sigma.T) / 2, float(rows))


def choose_lags(data: Panel, lags: Lags, max_lags: int = 10) -> int:
    """Return K if it is given, or choose it in 1..max_lags by AIC or BIC, all K on the rows that max_lags leaves.

    max_lags is lowered where the rows are too few for it. Raises ValueError for any other criterion.
    """
    if not isinstance(lags, str):
        return whole(lags, "lags")
    if lags not in ("aic", "bic"):
        raise ValueError(f"lags: {lags!r} is neither 'aic' nor 'bic' nor a number")
    most = data.most_lags(whole(max_lags, "max_lags"))
    total, n, values = var_moments(data, most).sum(axis=0), len(data.names), []
    for order in range(1, most + 1):
        size = n * (order + 1) + 1
        fit = solve_var(total[:size, :size], n)
        log_det = np.linalg.slogdet(fit.sigma * (fit.rows - (size - n)) / fit.rows)[1]
        penalty = 2.0 if lags == "aic" else np.log(fit.rows)
        values.append(log_det + penalty * n * (size - n) / fit.rows)
    return int(np.argmin(values)) + 1


def moving_average(coefficients: FloatArray, horizon: int) -> FloatArray:
    """Return A_0 .. A_{H-1} of x_t = sum_h A_h e_{t-h}, shape (H, n, n)."""
    whole(horizon, "horizon")
    lags, n, _ = coefficients.shape
    effects = np.zeros((horizon, n, n))
    effects[0] = np.eye(n)
    for h in range(1, horizon):
        for k in range(1, min(h, lags) + 1):
            effects[h] += effects[h - k] @ coefficients[k - 1]
    return effects
