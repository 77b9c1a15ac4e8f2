"""Barunik-Krehlik spillovers by frequency band: at what horizon venues move one another; not a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.panel import FloatArray, Labels, panel
from scenarios.influence.var import Var, solve_var, var_moments

POINTS = 2_000


@dataclass(frozen=True, eq=False)
class SpilloverBands:
    """Spillovers by band, in per cent of the whole table, so that bands add up.

    tables: index (band, receiver), columns senders; all bands together give rows that sum to 100. figures:
    index (band, figure) with figure FROM, TO or NET, columns venues; totals: one number for each band.
    lags, rows.
    """

    tables: pd.DataFrame
    figures: pd.DataFrame
    totals: pd.Series
    lags: int
    rows: int

    def to_frame(self) -> pd.DataFrame:
        """Return FROM, TO and NET by band."""
        return self.figures

    def plot(self, ax: Any = None) -> Any:
        """Draw the total of each band."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.bar([str(b) for b in self.totals.index], self.totals)
        ax.set_xlabel("period, steps")
        ax.set_ylabel("total, per cent")
        return ax


def spillover_bands(
    x: pd.DataFrame, lags: int, edges: Sequence[float] = (5, 20), *, segments: Labels = None
) -> SpilloverBands:
    """Split the generalised spillover table of an infinite horizon by the period of the movements.

    (th_d)_ij = s_jj^-1 int_d |(Psi(w) S)_ij|^2 dw / int (Psi(w) S Psi(w)*)_ii dw, with Psi(w) = (I - sum
    A_k exp(-ikw))^-1 exact at the midpoints of a grid of 2,000 frequencies per band, so that no horizon is
    cut off. edges: rising periods in steps, above 2; (5, 20) gives "2-5", "5-20" and "20-". x, segments: as
    in spillover. Raises ValueError for an explosive VAR, whose variance is not finite. Source: Barunik and
    Krehlik (2018), J. Financial Econometrics 16:271.
    """
    limits = [2.0, *map(float, edges), np.inf]
    if any(b <= a for a, b in pairwise(limits)):
        raise ValueError(f"edges: {list(edges)}, must rise and lie above 2 steps")
    data = panel(x, segments=segments, name="x")
    if len(data.names) < 2:
        raise ValueError(f"x: {len(data.names)} columns, spillovers need 2 or more")
    fit = solve_var(var_moments(data, lags).sum(axis=0), len(data.names))
    names = [f"{a:g}-{b:g}" if np.isfinite(b) else f"{a:g}-" for a, b in pairwise(limits)]
    tables = band_tables(fit, limits)
    figures, totals = {}, {}
    for name, table in zip(names, tables, strict=True):
        own = np.diag(table)
        received, given = table.sum(axis=1) - own, table.sum(axis=0) - own
        rows = [received, given, given - received]
        figures[name] = pd.DataFrame(rows, index=["FROM", "TO", "NET"], columns=list(data.names))
        totals[name] = received.mean()
    parts = {
        name: pd.DataFrame(t, index=list(data.names), columns=list(data.names))
        for name, t in zip(names, tables, strict=True)
    }
    return SpilloverBands(
        pd.concat(parts, names=["band", "receiver"]),
        pd.concat(figures, names=["band", "figure"]),
        pd.Series(totals, name="total"),
        lags,
        int(fit.rows),
    )


def band_tables(fit: Var, limits: Sequence[float]) -> list[FloatArray]:
    """Return one table for each band between the periods of `limits`, in per cent of the whole."""
    lags, n, _ = fit.coefficients.shape
    companion = np.eye(n * lags, k=-n)
    companion[:n] = np.hstack(list(fit.coefficients))
    if np.abs(np.linalg.eigvals(companion)).max() >= 1:
        raise ValueError("x: the autoregression is explosive; spillovers need stationary series (returns)")
    impact = fit.sigma / np.sqrt(np.diag(fit.sigma))
    root = np.linalg.cholesky(fit.sigma)
    bands, whole = [], np.zeros(n)
    for short, long in pairwise(limits):
        low, high = (0.0 if np.isinf(long) else 2 * np.pi / long), 2 * np.pi / short
        width = (high - low) / POINTS
        frequency = low + width * (np.arange(POINTS) + 0.5)
        waves = np.exp(-1j * np.outer(frequency, np.arange(1, lags + 1)))
        transfer = np.linalg.inv(np.eye(n) - np.einsum("wk,kij->wij", waves, fit.coefficients))
        bands.append((np.abs(transfer @ impact) ** 2).sum(axis=0) * width)
        whole += (np.abs(transfer @ root) ** 2).sum(axis=(0, 2)) * width
    raw = [band / whole[:, None] for band in bands]
    norm = sum(band.sum(axis=1, keepdims=True) for band in raw)
    return [100 * band / norm for band in raw]
