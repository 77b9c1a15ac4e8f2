"""The joint spillover index: what all others together explain of a venue; prediction, not influence."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from scenarios.influence.panel import FloatArray, Labels, Lags, panel
from scenarios.influence.spillover import Spillover, decomposition, spillover_by
from scenarios.influence.var import Var, choose_lags, moving_average


def joint_spillover(
    x: pd.DataFrame,
    lags: Lags = "bic",
    horizon: int = 10,
    *,
    max_lags: int = 10,
    segments: Labels = None,
    days: Labels = None,
    bootstrap: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> Spillover:
    """Estimate joint spillovers: the part of a forecast's variance removed by knowing all others' shocks.

    FROM_i = sum_h e_i'A_h S M_i (M_i'S M_i)^-1 M_i'S A_h'e_i / sum_h e_i'A_h S A_h'e_i, M_i = the unit
    matrix without column i; each row's cells are the generalised ones scaled to FROM_i, so that NET adds up
    to 0. The total needs no correction; "corrected total" repeats the formula of spillover and has no
    meaning here. Arguments and errors as in spillover. Sources: Lastrapes and Wiesen (2021), Economic
    Modelling 94:681; Balcilar, Gabauer and Umar (2021), Resources Policy 73:102219 (the scaling).
    """
    data = panel(x, segments=segments, days=days, name="x")
    rule = partial(joint_decomposition, horizon=horizon)
    order = choose_lags(data, lags, max_lags)
    return spillover_by(rule, "joint", data, order, horizon, bootstrap, rng, confidence)


def joint_decomposition(fit: Var, horizon: int) -> FloatArray:
    """Return the joint table of a VAR in per cent, rows summing to 100."""
    effects, sigma = moving_average(fit.coefficients, horizon), fit.sigma
    table = decomposition(fit, horizon)
    for i in range(len(sigma)):
        others = np.delete(np.arange(len(sigma)), i)
        rows = effects[:, i, :] @ sigma
        known = np.linalg.solve(sigma[np.ix_(others, others)], rows[:, others].T)
        received = (rows[:, others] * known.T).sum() / (rows * effects[:, i, :]).sum()
        table[i, others] *= 100 * received / table[i, others].sum()
        table[i, i] = 100 * (1 - received)
    return table
