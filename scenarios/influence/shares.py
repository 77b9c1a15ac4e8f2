"""Shares of venues in the common trend, from a model's figures; formulas only, no estimation."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.panel import FloatArray
from scenarios.influence.vecm import long_run

FIGURES = ("IS_low", "IS_high", "IS", "CS", "MIS", "PDS", "ILS", "PILS")
MAX_VENUES = 8


def shares(psi: npt.ArrayLike, omega: npt.ArrayLike, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute every share from the permanent innovation u = psi'e and the covariance omega of e.

    psi: (n,), any multiple of alpha_perp; omega: (n, n), positive definite. Columns of the result, rows =
    venues: IS_low, IS_high, IS (mean over all orderings; Hasbrouck 1995), CS = psi_j / sum psi
    (Gonzalo-Granger 1995), MIS (Lien-Shrestha 2009), PDS = psi_j (omega psi)_j / psi'omega psi
    (Shen-Sultan-Zivot 2024) and, for two venues, ILS (Putnins 2013, from the mean IS) and PILS
    (Shen-Zhang-Zivot 2025). ILS and PILS are NaN for n > 2, CS is NaN where psi sums to 0. A venue's IS
    after the venues S is (V(S + j) - V(S)) / V(all), V(S) = the variance of u that the innovations of S
    explain: orderings reduce to subsets.
    """
    psi, omega = np.asarray(psi, dtype=np.float64), np.asarray(omega, dtype=np.float64)
    n = len(psi)
    if omega.shape != (n, n):
        raise ValueError(f"omega: shape {omega.shape} for {n} venues")
    if not 2 <= n <= MAX_VENUES:
        raise ValueError(f"{n} venues: shares need 2 to {MAX_VENUES}")
    sd = np.sqrt(np.diag(omega))
    if not (np.isfinite(omega).all() and (sd > 0).all()):
        raise ValueError("omega: variances must be finite and above 0")
    correlation = omega / np.outer(sd, sd)
    spectrum, axes = np.linalg.eigh(correlation)
    if spectrum[0] < 1e-12:
        raise ValueError("omega: innovations are collinear; a venue repeats others exactly")
    reach = omega @ psi
    total = float(psi @ reach)
    low, high, mean = _orderings(reach / sd, correlation, total)
    root = axes @ np.diag(np.sqrt(spectrum)) @ axes.T
    trend = psi.sum()
    table = pd.DataFrame(np.nan, index=pd.Index(names or range(n), name="venue"), columns=pd.Index(FIGURES))
    table["IS_low"], table["IS_high"], table["IS"] = low, high, mean
    if abs(trend) > 1e-9 * np.abs(psi).sum():
        table["CS"] = psi / trend
    table["MIS"] = ((psi * sd) @ root) ** 2 / total
    table["PDS"] = psi * reach / total
    if n == 2:
        table["ILS"] = _leadership(mean[0] * psi[1], mean[1] * psi[0])
        table["PILS"] = _leadership(reach[0], reach[1])
    return table


def shares_from_vecm(
    alpha: npt.ArrayLike,
    beta: npt.ArrayLike,
    gammas: npt.ArrayLike,
    omega: npt.ArrayLike,
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compute every share of a VECM with known coefficients.

    alpha, beta: (n, n - 1) or (n,) for two venues, beta without a constant; gammas: (K - 1, n, n), empty
    for K = 1; omega: (n, n). psi is the row of Psi(1); all rows give the same shares.
    """
    alpha, beta = (np.asarray(m, dtype=np.float64).reshape(len(np.asarray(m)), -1) for m in (alpha, beta))
    psi = long_run(alpha, beta, np.asarray(gammas, dtype=np.float64))
    return shares(psi[int(np.argmax(np.abs(psi).sum(axis=1)))], omega, names)


def _orderings(reach: FloatArray, correlation: FloatArray, total: float) -> tuple[FloatArray, ...]:
    """Return minimum, maximum and mean over all orderings of the share of variance a venue adds."""
    n = len(reach)
    explained = np.zeros(2**n)
    for subset in range(1, 2**n):
        members = [j for j in range(n) if subset >> j & 1]
        inner = correlation[np.ix_(members, members)]
        explained[subset] = reach[members] @ np.linalg.solve(inner, reach[members])
    low, high, mean = np.full(n, np.inf), np.full(n, -np.inf), np.zeros(n)
    for j in range(n):
        for subset in range(2**n):
            if subset >> j & 1:
                continue
            added = (explained[subset | 1 << j] - explained[subset]) / total
            before = subset.bit_count()
            low[j], high[j] = min(low[j], added), max(high[j], added)
            mean[j] += added * factorial(before) * factorial(n - 1 - before) / factorial(n)
    return low, high, mean


def _leadership(first: float, second: float) -> tuple[float, float]:
    """Turn a ratio r into the pair r^2 / (r^2 + 1) and its rest."""
    a, b = first**2, second**2
    return (a / (a + b), b / (a + b)) if a + b > 0 else (np.nan, np.nan)
