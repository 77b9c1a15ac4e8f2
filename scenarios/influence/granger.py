"""Granger tests between venues on samples with breaks: whether the past of one helps; not by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from scenarios.influence.panel import Labels, Lags, panel
from scenarios.influence.spillover import enough
from scenarios.influence.var import all_rows, choose_lags


@dataclass(frozen=True, eq=False)
class Granger:
    """Tests that all lags of a cause are 0 in the equation of an effect, all other columns' lags kept.

    table: index (cause, effect), columns F, p, df_num, df_denom. lags, rows, covariance ("HC1" or
    "nonrobust").
    """

    table: pd.DataFrame
    lags: int
    rows: int
    covariance: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table of tests."""
        return self.table

    def plot(self, ax: Any = None) -> Any:
        """Draw the p values, causes down and effects across."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        p = self.table["p"].unstack("effect")
        image = ax.imshow(p.to_numpy(), vmin=0, vmax=0.1, cmap="viridis_r")
        ax.set_xticks(range(p.shape[1]), [str(c) for c in p.columns])
        ax.set_yticks(range(p.shape[0]), [str(c) for c in p.index])
        ax.set_xlabel("effect")
        ax.set_ylabel("cause")
        ax.figure.colorbar(image, ax=ax, label="p")
        return ax


def granger(
    x: pd.DataFrame,
    lags: Lags = "bic",
    *,
    max_lags: int = 10,
    segments: Labels = None,
    covariance: Literal["HC1", "nonrobust"] = "HC1",
) -> Granger:
    """Test for every ordered pair of columns whether the one's past helps to predict the other.

    An F test of least squares with a constant and K = lags of every column, on the rows whose K
    predecessors are in the same segment. x: stationary series (returns), rows = times, columns = venues.
    lags: K, or a criterion over 1..max_lags. covariance: "HC1" allows the variance to change. Raises
    ValueError naming a constant or collinear column, or for too few rows. Source: Granger (1969),
    Econometrica 37:424; estimation by statsmodels.
    """
    from statsmodels.regression.linear_model import OLS

    if covariance not in ("HC1", "nonrobust"):
        raise ValueError(f"covariance: {covariance!r} is neither 'HC1' nor 'nonrobust'")
    data = panel(x, segments=segments, name="x")
    n = enough(data.names)
    lags = choose_lags(data, lags, max_lags)
    z = all_rows(data, lags)
    table = {}
    for effect in range(n):
        fit = OLS(z[:, effect], z[:, n:]).fit(cov_type=covariance, use_t=True)
        for cause in range(n):
            if cause != effect:
                zero = np.zeros((lags, z.shape[1] - n))
                zero[np.arange(lags), 1 + np.arange(lags) * n + cause] = 1
                test = fit.f_test(zero)
                row = {"F": float(test.fvalue), "p": float(test.pvalue)}
                table[data.names[cause], data.names[effect]] = row | {
                    "df_num": float(test.df_num),
                    "df_denom": float(test.df_denom),
                }
    frame = pd.DataFrame(table).T.rename_axis(["cause", "effect"])
    return Granger(frame, lags, len(z), covariance)
