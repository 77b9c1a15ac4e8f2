"""Barunik-Krehlik spillovers by frequency band: at what horizon venues move one another; not a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.checks import whole
from scenarios.influence.panel import FloatArray, Labels, Lags, panel, percentiles, resample_blocks
from scenarios.influence.spillover import enough
from scenarios.influence.var import Var, choose_lags, moving_average, solve_var, var_moments

POINTS = 500


@dataclass(frozen=True, eq=False)
class SpilloverBands:
    """Spillovers by band, in per cent of the whole table, so that bands add up.

    tables: index (band, receiver), columns senders; all bands together give rows that sum to 100. figures:
    index (band, figure, venue) with figure FROM, TO or NET, and (band, "total", "all") for the mean of
    FROM; columns estimate, low, high. lags, rows (in the regression), blocks (of the bootstrap),
    confidence.
    """

    tables: pd.DataFrame
    figures: pd.DataFrame
    lags: int
    rows: int
    blocks: int
    confidence: float

    @property
    def totals(self) -> pd.DataFrame:
        """Return the total of each band."""
        return pd.DataFrame(self.figures.xs(("total", "all"), level=("figure", "venue")))

    def to_frame(self) -> pd.DataFrame:
        """Return FROM, TO, NET and total by band."""
        return self.figures

    def plot(self, ax: Any = None) -> Any:
        """Draw the total of each band."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        totals = self.totals
        ax.bar([str(b) for b in totals.index], totals["estimate"], color="0.7")
        if totals["low"].notna().all():
            ax.vlines(range(len(totals)), totals["low"], totals["high"], "k")
        ax.set_xlabel("period, steps")
        ax.set_ylabel("total, per cent")
        return ax


def spillover_bands(
    x: pd.DataFrame,
    lags: Lags = "bic",
    edges: Sequence[float] = (5, 20),
    horizon: int | None = None,
    *,
    max_lags: int = 10,
    segments: Labels = None,
    days: Labels = None,
    bootstrap: int = 0,
    rng: np.random.Generator | None = None,
    confidence: float = 0.95,
) -> SpilloverBands:
    """Split the generalised spillover table by the period of the movements.

    (th_d)_ij = s_jj^-1 int_d |(Psi(w) S)_ij|^2 dw, all bands of a row normed to 100. horizon None: Psi(w) =
    (I - sum A_k exp(-ikw))^-1 exact at the midpoints of a grid of 500 frequencies a band, so that no horizon
    is cut off. A number H: Psi(w) = sum_{h<H} A_h exp(-ihw), as published tables have it, integrated in
    closed form, so that the bands add up to the table of spillover at that horizon. edges: rising periods in
    steps, above 2; (5, 20) gives "2-5", "5-20" and "20-"; none give the whole. x and the other
    arguments: as in spillover; explosive draws of the bootstrap are left out. Raises ValueError for an
    explosive VAR, whose variance is not finite. Source: Barunik and Krehlik (2018), J. Financial
    Econometrics 16:271.
    """
    limits = [2.0, *map(float, edges), np.inf]
    if not all(a < b for a, b in pairwise(limits)):
        raise ValueError(f"edges: {list(edges)}, must rise and lie above 2 steps")
    if horizon is not None:
        whole(horizon, "horizon")
    data = panel(x, segments=segments, days=days, name="x")
    n, venues = enough(data.names), list(data.names)
    lags = choose_lags(data, lags, max_lags)
    moments = var_moments(data, lags)
    fit = solve_var(moments.sum(axis=0), n)
    bands = [f"{a:g}-{b:g}" if np.isfinite(b) else f"{a:g}-" for a, b in pairwise(limits)]
    tables = band_tables(fit, limits, horizon)
    drawn = []
    for counts in resample_blocks(len(moments), bootstrap, rng):
        draw = solve_var(np.tensordot(counts, moments, axes=1), n)
        if is_stationary(draw):
            drawn.append(_figures(band_tables(draw, limits, horizon)))
    point = _figures(tables)
    low, high = percentiles(np.array(drawn).reshape(-1, len(point)), confidence)
    index = pd.MultiIndex.from_tuples(
        [
            (b, f, v)
            for b in bands
            for f in ("FROM", "TO", "NET", "total")
            for v in (venues if f != "total" else ["all"])
        ],
        names=["band", "figure", "venue"],
    )
    parts = {b: pd.DataFrame(t, index=venues, columns=venues) for b, t in zip(bands, tables, strict=True)}
    return SpilloverBands(
        tables=pd.concat(parts, names=["band", "receiver"]),
        figures=pd.DataFrame({"estimate": point, "low": low, "high": high}, index=index),
        lags=lags,
        rows=int(fit.rows),
        blocks=len(moments),
        confidence=confidence,
    )


def is_stationary(fit: Var) -> bool:
    """Say whether all roots of the VAR lie within the unit circle."""
    lags, n, _ = fit.coefficients.shape
    companion = np.eye(n * lags, k=-n)
    companion[:n] = np.hstack(list(fit.coefficients))
    return bool(np.abs(np.linalg.eigvals(companion)).max() < 1)


def _figures(tables: Sequence[FloatArray]) -> FloatArray:
    """Return FROM, TO, NET and the total of each band, one after another."""
    parts = []
    for table in tables:
        own = np.diag(table)
        received, given = table.sum(axis=1) - own, table.sum(axis=0) - own
        parts += [received, given, given - received, [received.mean()]]
    return np.concatenate(parts)


def band_tables(fit: Var, limits: Sequence[float], horizon: int | None = None) -> list[FloatArray]:
    """Return one table for each band between the periods of `limits`, in per cent of the whole."""
    lags, n, _ = fit.coefficients.shape
    if not is_stationary(fit):
        raise ValueError("x: the autoregression is explosive; spillovers need stationary series (returns)")
    impact = fit.sigma / np.sqrt(np.diag(fit.sigma))
    effects = None if horizon is None else moving_average(fit.coefficients, horizon) @ impact
    bands = []
    for short, long in pairwise(limits):
        low, high = (0.0 if np.isinf(long) else 2 * np.pi / long), 2 * np.pi / short
        if effects is not None:
            bands.append(_power(effects, low, high))
            continue
        width = (high - low) / POINTS
        frequency = low + width * (np.arange(POINTS) + 0.5)
        waves = np.exp(-1j * np.outer(frequency, np.arange(1, lags + 1)))
        transfer = np.linalg.inv(np.eye(n) - np.einsum("wk,kij->wij", waves, fit.coefficients))
        bands.append((np.abs(transfer @ impact) ** 2).sum(axis=0) * width)
    everything = np.sum(bands, axis=(0, 2))[:, None]
    return [100 * band / everything for band in bands]


def _power(effects: FloatArray, low: float, high: float) -> FloatArray:
    """Integrate |sum_h B_h exp(-ihw)|^2 over w from low to high: sum_k c_k int cos(kw), c_k = sum_h B_h B_{h+k}."""
    total = (effects**2).sum(axis=0) * (high - low)
    for k in range(1, len(effects)):
        products = (effects[:-k] * effects[k:]).sum(axis=0)
        total += 2 * products * (np.sin(k * high) - np.sin(k * low)) / k
    return np.asarray(total)
