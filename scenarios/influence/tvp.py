"""Spillovers of a VAR whose coefficients drift, by forgetting factors; no window to choose, no look ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scenarios.influence.checks import whole
from scenarios.influence.panel import Labels, panel
from scenarios.influence.spillover import SpilloverPath, decomposition, enough, path_frame
from scenarios.influence.var import Var, all_rows, solve_var

TRAINING_SPREAD = 4.0


def tvp_spillover(
    x: pd.DataFrame,
    lags: int,
    horizon: int = 10,
    *,
    forget: float = 0.99,
    forget_variance: float = 0.96,
    training: int = 200,
    segments: Labels = None,
) -> SpilloverPath:
    """Follow generalised spillovers over time with a Kalman filter over the VAR's coefficients.

    b_t = b_{t-1} + drift with Var(b_t | t-1) = Var(b_{t-1} | t-1) / forget, and S_t = forget_variance
    S_{t-1} + (1 - forget_variance) e_t e_t', e_t the forecast error; at 1 S_t is the mean over all rows so
    far. forget, forget_variance: above 0, at most 1; 1 and 1 approach least squares on all rows. The filter
    starts from least squares on the first `training` rows, with four times its covariance, and the path
    begins after them. x, segments: as in spillover. An explosive draw is kept: a horizon of 10 is finite.
    Raises ValueError for bad factors or too few rows. Sources: Koop and Korobilis (2014), Eur. Econ. Rev.
    71:101; Antonakakis, Chatziantoniou and Gabauer (2020), JRFM 13:84; Primiceri (2005), REStud 72:821 (the
    start).
    """
    for name, factor in (("forget", forget), ("forget_variance", forget_variance)):
        if not isinstance(factor, (int, float)) or not 0 < factor <= 1:
            raise ValueError(f"{name}: {factor!r}, must be above 0 and at most 1")
    data = panel(x, segments=segments, name="x")
    n = enough(data.names)
    z = all_rows(data, lags)
    size = z.shape[1] - n
    if not 2 * size <= whole(training, "training") < len(z):
        raise ValueError(f"training: {training} rows, must be {2 * size} to {len(z) - 1}")
    start = z[:training]
    fit = solve_var(start.T @ start, n)
    before = start[:, n:].T @ start[:, n:]
    state = np.linalg.solve(before, start[:, n:].T @ start[:, :n]).T.ravel()
    spread = TRAINING_SPREAD * np.kron(fit.sigma, np.linalg.inv(before))
    sigma, tables = fit.sigma, []
    weight = 1 / (1 - forget_variance) if forget_variance < 1 else float(training)
    for row in z[training:]:
        now, known = row[:n], row[n:]
        spread = spread / forget
        reach = (spread.reshape(n * size, n, size) @ known).reshape(n * size, n)
        error = now - state.reshape(n, size) @ known
        weight = forget_variance * weight + 1
        sigma = sigma + (np.outer(error, error) - sigma) / weight
        variance = (reach.reshape(n, size, n).transpose(0, 2, 1) @ known) + sigma
        gain = np.linalg.solve(variance, reach.T).T
        state = state + gain @ error
        spread = spread - gain @ reach.T
        spread = (spread + spread.T) / 2
        drifting = state.reshape(n, size)[:, 1:].reshape(n, lags, n).transpose(1, 0, 2)
        tables.append(decomposition(Var(drifting, sigma, 1.0), horizon))
    times = x.index[np.flatnonzero(data.position >= lags)[training:]]
    method = f"drifting coefficients, forgetting factors {forget:g} and {forget_variance:g}"
    return SpilloverPath(path_frame(tables, times, data.names), lags, horizon, method)
