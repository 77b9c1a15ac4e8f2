"""Information shares of venues with intervals: the twin of the origin share, not influence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.influence.checks import whole
from scenarios.influence.johansen import Gate, johansen_gate
from scenarios.influence.panel import (
    FloatArray,
    Labels,
    Lags,
    Panel,
    panel,
    percentiles,
    require_unexplained,
    resample_blocks,
)
from scenarios.influence.shares import FIGURES, MAX_VENUES, trend_shares
from scenarios.influence.vecm import (
    Deterministic,
    Vecm,
    VecmMoments,
    estimate_vecm,
    long_run,
    select_lags,
    vecm_moments,
)

Beta = npt.ArrayLike | Literal["estimate", "unit"]

MAX_FAILED = 0.1


@dataclass(frozen=True, eq=False)
class InformationShares:
    """Shares of each venue in the variance of the common trend, and the model they come from.

    table: index (figure, venue), columns estimate, low, high; figures IS_low, IS_high, IS, CS, MIS, PDS,
    ILS, PILS (for two venues) and the impact responses d, as shares.shares explains them; all NaN where the
    gate fails. alpha: index (venue, relation), columns estimate, se, t, p, low, high. adjustment: for each
    venue the Wald test that it adjusts to no relation (all its alphas are 0: weak exogeneity), columns
    chi2, df, p. beta: rows venues (and "const"), columns relations. psi: long-run effect of each venue's
    innovation on the first venue's log price. omega: innovation covariance per step. long_run_sd: standard
    deviation per step of the permanent innovation of the first venue's log price. lags = K, the order in
    levels. beta_mode: "estimate", "unit" or "given". rows: rows in the regression; span: labels of the
    first and last row of the sample; dropped: rows left out, by cause; days: bootstrap blocks; draws: one
    row for each bootstrap draw, columns (figure, venue); failed_draws: draws without a solution.
    """

    venues: tuple[str, ...]
    gate: Gate
    table: pd.DataFrame
    alpha: pd.DataFrame
    adjustment: pd.DataFrame
    beta: pd.DataFrame
    psi: pd.Series
    omega: pd.DataFrame
    long_run_sd: float
    lags: int
    beta_mode: str
    deterministic: str
    rows: int
    span: tuple[Any, Any]
    dropped: pd.Series
    days: int
    confidence: float
    draws: pd.DataFrame
    failed_draws: int

    def to_frame(self) -> pd.DataFrame:
        """Return the shares with their intervals."""
        return self.table

    def share(self, figure: str = "IS") -> pd.DataFrame:
        """Return one figure: rows venues, columns estimate, low, high."""
        if figure not in FIGURES:
            raise ValueError(f"figure: {figure!r} is none of {', '.join(FIGURES)}")
        return pd.DataFrame(self.table.loc[figure])

    def plot(self, ax: Any = None) -> Any:
        """Draw the estimates and intervals of IS, CS, PDS and (for two venues) PILS."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        figures = [f for f in ("IS", "CS", "PDS", "PILS") if not self.share(f)["estimate"].isna().all()]
        for k, venue in enumerate(self.venues):
            rows = pd.DataFrame([self.share(f).loc[venue] for f in figures], index=figures)
            at = np.arange(len(figures)) + (k - (len(self.venues) - 1) / 2) * 0.15
            ax.plot(at, rows["estimate"] if len(figures) else [], "o", label=venue)
            if len(figures) and rows["low"].notna().any():
                ax.vlines(at, rows["low"], rows["high"], f"C{k}")
        ax.set_xticks(range(len(figures)), figures)
        ax.set_ylabel("share")
        ax.set_title(self.gate.reason or f"K = {self.lags}, beta {self.beta_mode}", fontsize="small")
        ax.legend()
        return ax


def information_shares(
    log_prices: pd.DataFrame,
    lags: Lags = "aic",
    beta: Beta = "estimate",
    deterministic: Deterministic = "ci",
    *,
    segments: Labels = None,
    days: Labels = None,
    max_lags: int = 20,
    bootstrap: int | None = None,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> InformationShares:
    """Estimate every venue's share in the common trend of log prices in one currency on one clock.

    dp_t = a b'p_{t-1} + sum_{j<K} G_j dp_{t-j} + e_t; psi = a row of Psi(1) = b_perp (a_perp'(I - sum G)
    b_perp)^-1 a_perp'; the shares are those of shares.shares(psi, Var e).

    log_prices: rows = times, columns = venues (2 to 8), a missing value takes its row out and breaks the
    sample. segments: a label per row; lags cross no change of label. days: the trading day of each row, the
    bootstrap's block (see panel.panel where None). lags: K, the order in levels, or a criterion over
    1..max_lags, fewer where the rows are too few for that. beta: "estimate", "unit" (p_i - p_n) or an array
    (n, n - 1). deterministic: "n" none, "co" constant, "ci" constant within the relations (statsmodels'
    names). bootstrap: draws of days with replacement (None: 200, or none with fewer than 5 days; rng: None
    takes a generator of seed 0); each re-estimates alpha, gammas, omega and, where it is estimated, beta,
    at the same K, from cross moments summed once for each day.

    Johansen's test must find rank n - 1; where it does not, all figures are NaN and gate.reason says why.
    The last bits of a result can depend on the number of BLAS threads: the runner sets
    OPENBLAS_NUM_THREADS=1. Raises ValueError, naming the column, for constant, collinear, infinite or too
    few prices. Sources: Hasbrouck (1995), J. Finance 50:1175; Gonzalo and Granger (1995), JBES 13:27; Lien
    and Shrestha (2009), J. Futures Markets 29:377; Putnins (2013), J. Empirical Finance 23:68.
    """
    data = _checked(log_prices, segments, days, deterministic)
    order = _order(data, lags, max_lags)
    vectors, mode = _vectors(beta, len(data.names))
    moments = _moments(data, order, deterministic)
    counts = resample_blocks(len(moments.blocks), bootstrap, rng)
    return _estimate(data, moments, vectors, mode, deterministic, counts, confidence)


def information_share_grid(
    log_prices: pd.DataFrame,
    *,
    lags: Sequence[int],
    betas: Sequence[Literal["estimate", "unit"]] = ("estimate", "unit"),
    segments: Labels = None,
    days: Labels = None,
    deterministic: Deterministic = "ci",
) -> pd.DataFrame:
    """Tabulate the shares over several K and beta on the same rows: how far the choice moves the result.

    Returns index (lags, beta, figure), columns venues; NaN where the rank test fails. No intervals.
    """
    data = _checked(log_prices, segments, days, deterministic)
    if isinstance(lags, (int, str)) or not len(lags) or not len(betas):
        raise ValueError(f"lags and betas: {lags!r} and {betas!r}, must be lists with at least one entry")
    moments = _moments(data, max(whole(order, "lags") for order in lags), deterministic)
    none = np.zeros((0, len(moments.blocks)), dtype=np.int64)
    parts = {}
    for order in lags:
        for kind in betas:
            vectors, mode = _vectors(kind, len(data.names))
            found = _estimate(data, moments.up_to(order), vectors, mode, deterministic, none, 0.95)
            parts[order, kind] = found.table["estimate"].unstack("venue").loc[list(FIGURES), list(data.names)]
    return pd.concat(parts, names=["lags", "beta"])


def _checked(log_prices: pd.DataFrame, segments: Labels, days: Labels, deterministic: str) -> Panel:
    if deterministic not in get_args(Deterministic):
        raise ValueError(f"deterministic: {deterministic!r} is none of {', '.join(get_args(Deterministic))}")
    data = panel(log_prices, segments=segments, days=days)
    if not 2 <= len(data.names) <= MAX_VENUES:
        raise ValueError(f"log_prices: {len(data.names)} venues, must be 2 to {MAX_VENUES}")
    return data


def _moments(data: Panel, lags: int, deterministic: Deterministic) -> VecmMoments:
    """Sum the moments and name a column that the past explains without rest."""
    moments = vecm_moments(data, lags, centred=deterministic != "n")
    require_unexplained(moments.total, data.names, "log_prices")
    return moments


def _order(data: Panel, lags: Lags, max_lags: int) -> int:
    if isinstance(lags, str):
        if lags not in ("aic", "bic"):
            raise ValueError(f"lags: {lags!r} is neither 'aic' nor 'bic' nor a number")
        return select_lags(_moments(data, data.most_lags(whole(max_lags, "max_lags")), "co"), lags)
    return whole(lags, "lags")


def _vectors(beta: Beta, n: int) -> tuple[FloatArray | None, str]:
    if isinstance(beta, str):
        if beta == "estimate":
            return None, beta
        if beta == "unit":
            return np.vstack([np.eye(n - 1), -np.ones((1, n - 1))]), beta
        raise ValueError(f"beta: {beta!r} is neither 'estimate' nor 'unit' nor an array")
    given = np.asarray(beta, dtype=np.float64)
    given = given[:, None] if given.ndim == 1 else given
    if given.shape != (n, n - 1) or not np.isfinite(given).all() or np.linalg.matrix_rank(given) < n - 1:
        raise ValueError(f"beta: must be a finite array of shape ({n}, {n - 1}) and full rank")
    return given, "given"


def _estimate(
    data: Panel,
    moments: VecmMoments,
    vectors: FloatArray | None,
    mode: str,
    deterministic: Deterministic,
    counts: npt.NDArray[np.int64],
    confidence: float,
) -> InformationShares:
    n, names = len(data.names), list(data.names)
    gate = johansen_gate(moments, deterministic)
    model = estimate_vecm(moments, n - 1, beta=vectors, deterministic=deterministic)
    effect = long_run(model.alpha, model.beta[:n], model.gammas)
    psi, figures = effect[0], trend_shares(effect, model.omega, names)
    drawn, drawn_alpha, failed = [], [], 0
    for weights in counts if gate.passed else counts[:0]:
        try:
            draw = estimate_vecm(moments, n - 1, beta=vectors, deterministic=deterministic, weights=weights)
            effect = long_run(draw.alpha, draw.beta[:n], draw.gammas)
            drawn.append(trend_shares(effect, draw.omega, names).to_numpy().T.ravel())
            drawn_alpha.append(draw.alpha.ravel())
        except (ValueError, np.linalg.LinAlgError):
            failed += 1
    if failed > MAX_FAILED * len(counts):
        raise ValueError(f"bootstrap: {failed} of {len(counts)} draws have no solution; too short a sample")
    index = pd.MultiIndex.from_product([FIGURES, names], names=["figure", "venue"])
    draws = pd.DataFrame(np.array(drawn).reshape(-1, len(index)), columns=index)
    low, high = percentiles(draws.to_numpy(), confidence)
    point = figures.to_numpy().T.ravel() if gate.passed else np.full(len(index), np.nan)
    short = data.usable(0) - int(moments.total[2 * n, 2 * n])
    relations = [f"relation {k + 1}" for k in range(n - 1)]
    return InformationShares(
        venues=tuple(names),
        gate=gate,
        table=pd.DataFrame({"estimate": point, "low": low, "high": high}, index=index),
        alpha=_alpha_table(
            model, np.array(drawn_alpha).reshape(-1, n * (n - 1)), names, relations, confidence
        ),
        adjustment=_adjustment_table(model, names),
        beta=pd.DataFrame(model.beta, index=[*names, "const"][: len(model.beta)], columns=relations),
        psi=pd.Series(psi, index=names, name="psi"),
        omega=pd.DataFrame(model.omega, index=names, columns=names),
        long_run_sd=float(np.sqrt(psi @ model.omega @ psi)),
        lags=moments.lags,
        beta_mode=mode,
        deterministic=deterministic,
        rows=int(model.rows),
        span=data.span,
        dropped=pd.Series({"missing value": data.missing, "lags would cross a break": short}, name="rows"),
        days=len(moments.blocks),
        confidence=confidence,
        draws=draws,
        failed_draws=failed,
    )


def _adjustment_table(model: Vecm, names: list[str]) -> pd.DataFrame:
    from scipy.special import chdtrc

    df = model.alpha.shape[1]
    columns = {"chi2": model.alpha_wald, "df": df, "p": chdtrc(df, model.alpha_wald)}
    return pd.DataFrame(columns, index=pd.Index(names, name="venue"))


def _alpha_table(
    model: Vecm, draws: FloatArray, names: list[str], relations: list[str], confidence: float
) -> pd.DataFrame:
    from scipy.special import ndtr

    index = pd.MultiIndex.from_product([names, relations], names=["venue", "relation"])
    estimate, se = model.alpha.ravel(), model.alpha_se.ravel()
    low, high = percentiles(draws.reshape(len(draws), len(index)), confidence)
    t = estimate / se
    columns = {"estimate": estimate, "se": se, "t": t, "p": 2 * ndtr(-np.abs(t)), "low": low, "high": high}
    return pd.DataFrame(columns, index=index)
