"""The vector error-correction model on samples with breaks; statsmodels' is its twin on unbroken ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from scenarios.influence.checks import whole
from scenarios.influence.panel import FloatArray, Panel

Deterministic = Literal["n", "co", "ci"]


@dataclass(frozen=True, eq=False)
class VecmMoments:
    """Cross moments of z = (dp_t, p_{t-1}, 1, dp_{t-1} .. dp_{t-K+1}) by block.

    blocks: (D, q, q) with q = n (K + 1) + 1; levels are measured from `centre` so that squares keep their
    digits.
    """

    blocks: FloatArray
    n: int
    lags: int
    centre: FloatArray

    @property
    def total(self) -> FloatArray:
        """Sum the moments over all blocks."""
        return np.asarray(self.blocks.sum(axis=0))

    def up_to(self, lags: int) -> VecmMoments:
        """Return the moments of a model with fewer lags on the same rows."""
        keep = self.n * (lags + 1) + 1
        return VecmMoments(self.blocks[:, :keep, :keep], self.n, lags, self.centre)


@dataclass(frozen=True, eq=False)
class Vecm:
    """An estimated model dp_t = alpha beta'(p_{t-1}, 1) + sum_{j<K} gamma_j dp_{t-j} + c + e_t, Var e =
    omega.

    alpha (n, r); beta (n or n + 1 rows, r), the last row the restricted constant of "ci"; gammas (K - 1, n,
    n); omega (n, n), divided by the number of rows; alpha_se (n, r) from least squares; alpha_wald (n,), chi2
    with r degrees of freedom of the hypothesis that a venue adjusts to no relation; eigenvalues of
    Johansen's problem.
    """

    alpha: FloatArray
    beta: FloatArray
    gammas: FloatArray
    omega: FloatArray
    alpha_se: FloatArray
    alpha_wald: FloatArray
    eigenvalues: FloatArray
    rows: float


def vecm_moments(data: Panel, lags: int, *, centred: bool = True) -> VecmMoments:
    """Sum z z' over the rows of each block whose K = lags predecessors are in the same segment.

    centred: measure levels from their mean; only a model without a constant needs them as they are.
    """
    n = len(data.names)
    whole(lags, "lags")
    size = n * (lags + 1) + 1
    data.require(lags)
    centre = data.centre * centred
    blocks = np.zeros((len(data.block_labels), size, size))
    for block, rows in data.rows(lags):
        path = [data.values[rows - j] for j in range(lags + 1)]
        changes = [now - before for now, before in pairwise(path)]
        z = np.hstack([changes[0], path[1] - centre, np.ones((len(rows), 1)), *changes[1:]])
        blocks[block] += z.T @ z
    return VecmMoments(blocks[blocks[:, 2 * n, 2 * n] > 0], n, lags, centre)


def _concentrated(moments: FloatArray, n: int, deterministic: Deterministic) -> tuple[FloatArray, ...]:
    """Free the moments of dp (0) and levels (1) of the rest (2): S00, S01, S11, M02, M12, M22^-1."""
    one = 2 * n
    level = [*range(n, 2 * n), *([one] if deterministic == "ci" else [])]
    rest = [*([one] if deterministic == "co" else []), *range(one + 1, len(moments))]
    rows = moments[one, one]
    m = moments / rows
    now = list(range(n))
    m02, m12, m22 = m[np.ix_(now, rest)], m[np.ix_(level, rest)], m[np.ix_(rest, rest)]
    scale = np.sqrt(np.diag(m22))
    inverse = np.linalg.inv(m22 / np.outer(scale, scale)) / np.outer(scale, scale)
    s00 = m[np.ix_(now, now)] - m02 @ inverse @ m02.T
    s01 = m[np.ix_(now, level)] - m02 @ inverse @ m12.T
    s11 = m[np.ix_(level, level)] - m12 @ inverse @ m12.T
    return s00, s01, s11, m02, m12, inverse


def johansen_roots(s00: FloatArray, s01: FloatArray, s11: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Solve |l S11 - S10 S00^-1 S01| = 0: roots in falling order, and the vectors, with v'S11 v = 1."""
    scale = np.sqrt(np.diag(s11))
    factor = np.linalg.cholesky(s11 / np.outer(scale, scale))
    half = np.linalg.solve(factor, (s01 / scale).T)
    roots, vectors = np.linalg.eigh(half @ np.linalg.solve(s00, half.T))
    order = np.argsort(roots)[::-1]
    return roots[order], np.linalg.solve(factor.T, vectors[:, order]) / scale[:, None]


def estimate_vecm(
    moments: VecmMoments,
    rank: int,
    *,
    beta: FloatArray | None = None,
    deterministic: Deterministic = "ci",
    weights: FloatArray | None = None,
) -> Vecm:
    """Estimate the model by maximum likelihood from cross moments.

    beta: fixed vectors (n, r), or None to estimate them by Johansen's reduced-rank regression, normed so
    that their first r rows are the identity. With "ci" and a fixed beta the constants stay free. weights:
    how often each block counts (the bootstrap). Errors of alpha are those of least squares given beta, from
    omega (x) (X'X)^-1.
    """
    n = moments.n
    total = moments.total if weights is None else np.tensordot(weights, moments.blocks, axes=1)
    if rank < 1:
        raise ValueError(f"rank: {rank}, must be 1 or more")
    rows = float(total[2 * n, 2 * n])
    s00, s01, s11, m02, m12, inverse22 = _concentrated(total, n, deterministic)
    frame = np.eye(len(s11))
    if beta is not None:
        constant = len(s11) - n
        frame = np.block([[beta, np.zeros((n, constant))], [np.zeros((constant, rank)), np.eye(constant)]])
    roots, vectors = johansen_roots(s00, s01 @ frame, frame.T @ s11 @ frame)
    chosen = vectors[:, :rank] @ np.linalg.inv(vectors[:rank, :rank])
    full = frame @ chosen
    gram = full.T @ s11 @ full
    alpha = s01 @ full @ np.linalg.inv(gram)
    omega = s00 - alpha @ (s01 @ full).T
    short = (m02 - alpha @ full.T @ m12) @ inverse22
    lagged = short[:, short.shape[1] - n * (moments.lags - 1) :]
    gammas = lagged.reshape(n, moments.lags - 1, n).transpose(1, 0, 2)
    alpha_se = np.sqrt(np.outer(np.diag(omega), np.diag(np.linalg.inv(gram))) / rows)
    wald = rows * np.einsum("ir,rs,is->i", alpha, gram, alpha) / np.diag(omega)
    report = full.copy()
    if deterministic == "ci":
        report[-1] -= moments.centre @ full[:n]
    return Vecm(alpha, report, gammas, (omega + omega.T) / 2, alpha_se, wald, roots, rows)


def select_lags(moments: VecmMoments, criterion: Literal["aic", "bic"]) -> int:
    """Choose K by an information criterion of the unrestricted model, all K on the rows of the moments.

    AIC = log det(omega) + 2 m / T, BIC with log(T) for 2; m = coefficients (Luetkepohl 2005, section 4.3).
    """
    n, values = moments.n, []
    for lags in range(1, moments.lags + 1):
        total = moments.up_to(lags).total
        rows = total[2 * n, 2 * n]
        s00, s01, s11, *_ = _concentrated(total, n, "co")
        omega = s00 - s01 @ np.linalg.solve(s11, s01.T)
        penalty = 2.0 if criterion == "aic" else np.log(rows)
        values.append(np.linalg.slogdet(omega)[1] + penalty * (n * n * lags + n) / rows)
    return int(np.argmin(values)) + 1


def long_run(alpha: FloatArray, beta: FloatArray, gammas: FloatArray) -> FloatArray:
    """Return Psi(1) = beta_perp (alpha_perp' (I - sum gammas) beta_perp)^-1 alpha_perp', shape (n, n).

    alpha, beta: (n, n - 1), beta without a constant's row; gammas: (K - 1, n, n), K = 1 gives none.
    Raises ValueError where the inner matrix is singular (no common trend of order one).
    Source: Johansen (1991), Econometrica 59:1551.
    """
    n = len(alpha)
    across, along = _perpendicular(alpha, "alpha"), _perpendicular(beta, "beta")
    inner = across @ (np.eye(n) - np.asarray(gammas).reshape(-1, n, n).sum(axis=0)) @ along
    if abs(inner) < 1e-12:
        raise ValueError("no common trend of order one: alpha_perp'(I - sum gammas) beta_perp is 0")
    return np.outer(along, across) / inner


def _perpendicular(matrix: FloatArray, name: str) -> FloatArray:
    """Return the unit vector at right angles to the n - 1 columns."""
    n, rank = matrix.shape
    if rank != n - 1:
        raise ValueError(f"{name}: must have n - 1 = {n - 1} columns, not {rank}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name}: must be finite")
    axes, sizes, _ = np.linalg.svd(matrix)
    if sizes.min() <= 1e-12 * sizes.max():
        raise ValueError(
            f"{name}: its columns are not independent: rank below {rank}, more than one common trend"
        )
    return np.asarray(axes[:, -1])
