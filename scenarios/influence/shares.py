"""Shares of venues in the common trend, from a model's figures; formulas only, no estimation."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.panel import FloatArray
from scenarios.influence.vecm import long_run

FIGURES = ("IS_low", "IS_high", "IS", "CS", "MIS", "PDS", "ILS", "PILS", "d")
MAX_VENUES = 8


def shares(
    psi: npt.ArrayLike,
    omega: npt.ArrayLike,
    names: Sequence[str] | None = None,
    *,
    response: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Compute every share from the permanent innovation u = psi'e and the covariance omega of e.

    psi: (n,), any multiple of alpha_perp; omega: (n, n), positive definite. Columns of the result, rows =
    venues: IS_low, IS_high, IS (mean over all orderings; Hasbrouck 1995), CS = psi_j / sum psi
    (Gonzalo-Granger 1995), MIS (Lien-Shrestha 2009), PDS = psi_j (omega psi)_j / psi'omega psi
    (Shen-Sultan-Zivot 2024) and, for two venues, ILS (Putnins 2013, from the mean IS) and PILS
    (Shen-Zhang-Zivot 2025). ILS and PILS are NaN for n > 2, CS is NaN where psi sums to 0. A venue's IS
    after the venues S is (V(S + j) - V(S)) / V(all), V(S) = the variance of u that the innovations of S
    explain: orderings reduce to subsets.

    d_j = (omega psi)_j / (psi'omega psi response_j) is the impact response of venue j to permanent news, for
    any n: the part of its long-run response that comes within the step (Yan-Zivot 2010). response: the
    long-run response of each log price to u (None: 1 each, which takes psi to be a row of Psi(1) and beta to
    be of the kind 1, -1); with that, PILS_1 = d_1^2 / (d_1^2 + d_2^2). Raises ValueError for values that are
    not finite, psi = 0 and an omega that is not symmetric and positive definite.
    """
    psi, omega = np.asarray(psi, dtype=np.float64), np.asarray(omega, dtype=np.float64)
    n = len(psi) if psi.ndim == 1 else 0
    if not 2 <= n <= MAX_VENUES:
        raise ValueError(
            f"psi: shape {psi.shape}, shares need one figure for each of 2 to {MAX_VENUES} venues"
        )
    if omega.shape != (n, n):
        raise ValueError(f"omega: shape {omega.shape} for {n} venues")
    if not (np.isfinite(psi).all() and np.abs(psi).max() > 0):
        raise ValueError(f"psi: {psi}, must be finite and not 0")
    variances = np.diag(omega)
    if not (np.isfinite(omega).all() and (variances > 0).all()):
        raise ValueError("omega: variances must be finite and above 0")
    sd = np.sqrt(variances)
    if np.abs(omega - omega.T).max() > 1e-8 * variances.max():
        raise ValueError("omega: must be symmetric")
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
    table["d"] = reach / total / (np.ones(n) if response is None else np.asarray(response, dtype=np.float64))
    return table


def shares_from_vecm(
    alpha: npt.ArrayLike,
    beta: npt.ArrayLike,
    gammas: npt.ArrayLike,
    omega: npt.ArrayLike,
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compute every share of a VECM with known coefficients.

    alpha, beta: (n, n - 1) or (n,) for two venues, beta without a constant; gammas: (K - 1, n, n), side by
    side as (n, n (K - 1)) like statsmodels', or empty for K = 1; omega: (n, n). psi is a row of Psi(1); all
    rows give the same shares.
    """
    alpha, beta = (np.asarray(m, dtype=np.float64).reshape(len(np.asarray(m)), -1) for m in (alpha, beta))
    n = len(alpha)
    if beta.shape != alpha.shape:
        raise ValueError(f"beta: shape {beta.shape}, alpha's is {alpha.shape}")
    short = np.asarray(gammas, dtype=np.float64)
    if short.ndim == 2 and len(short) == n and short.shape[1] % n == 0:
        short = short.reshape(n, -1, n).transpose(1, 0, 2)
    if short.size and (short.ndim != 3 or short.shape[1:] != (n, n)):
        raise ValueError(f"gammas: shape {short.shape}, must be (K - 1, {n}, {n}) or ({n}, {n} (K - 1))")
    if not np.isfinite(short).all():
        raise ValueError("gammas: must be finite")
    return trend_shares(long_run(alpha, beta, short), omega, names)


def trend_shares(
    effect: FloatArray, omega: npt.ArrayLike, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Compute every share from Psi(1), shape (n, n), whose columns give the long-run responses."""
    row, column = np.unravel_index(int(np.argmax(np.abs(effect))), effect.shape)
    return shares(effect[row], omega, names, response=effect[:, column] / effect[row, column])


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
