"""Johansen's trace test as a gate: n venues must hold one common trend; not a unit-root test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scenarios.influence.vecm import Deterministic, VecmMoments, estimate_vecm

# Restricted constant, 5 and 1 %, n - r = 1 .. 8: Osterwald-Lenum (1992), Oxford Bulletin 54:461, Table 1*.
RESTRICTED_5 = (9.24, 19.96, 34.91, 53.12, 76.07, 102.14, 131.70, 165.58)
RESTRICTED_1 = (12.97, 24.60, 41.07, 60.16, 84.45, 111.01, 143.09, 177.20)


@dataclass(frozen=True, eq=False)
class Gate:
    """The trace test's verdict: trace statistics by hypothesis (rank <= r), with critical values."""

    rank: int
    required: int
    trace: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Say whether the rank found is the rank that one common trend requires."""
        return self.rank == self.required

    @property
    def reason(self) -> str:
        """Say in words why no share is given ("" where the gate passed)."""
        if self.passed:
            return ""
        if self.rank > self.required:
            return (
                f"the prices look stationary (rank {self.rank} at 1 %): there is no permanent component, "
                "or K is too small for so much noise"
            )
        return f"cointegration rank {self.rank} at 5 %, {self.required} needed: more than one common trend"

    def to_frame(self) -> pd.DataFrame:
        """Return the table of trace statistics."""
        return self.trace

    def plot(self, ax: Any = None) -> Any:
        """Draw the trace statistics beside their critical values."""
        from matplotlib import pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        ax.bar(self.trace.index, self.trace["trace"], color="0.7")
        for column, style in (("critical_5", "k_"), ("critical_1", "r_")):
            ax.plot(self.trace.index, self.trace[column], style, markersize=30, label=column)
        ax.set_xticks(self.trace.index)
        ax.set_xlabel("rank at most")
        ax.set_ylabel("trace")
        ax.legend()
        return ax


def johansen_gate(moments: VecmMoments, deterministic: Deterministic) -> Gate:
    """Test the rank with trace(r) = -T sum_{i>r} log(1 - l_i).

    Hypotheses r < n - 1 are tested at 5 %. The last one, that the common trend is no trend, is tested at 1
    %: a price is taken to be a random walk until strong evidence speaks against it. Critical values hold
    for one unbroken sample; jumps between segments make the test of the last hypothesis conservative.
    """
    n = moments.n
    roots = np.clip(estimate_vecm(moments, n, deterministic=deterministic).eigenvalues[:n], 0, 1 - 1e-15)
    rows = moments.total[2 * n, 2 * n]
    trace = -rows * np.cumsum(np.log1p(-roots)[::-1])[::-1]
    critical = np.array([_critical(n - r, deterministic) for r in range(n)])
    limits = np.where(np.arange(n) < n - 1, critical[:, 0], critical[:, 1])
    kept = trace < limits
    rank = int(np.argmax(kept)) if kept.any() else n
    table = pd.DataFrame(
        {"trace": trace, "critical_5": critical[:, 0], "critical_1": critical[:, 1]},
        index=pd.Index(range(n), name="rank at most"),
    )
    return Gate(rank, n - 1, table)


def _critical(trends: int, deterministic: Deterministic) -> tuple[float, float]:
    if deterministic == "ci":
        return RESTRICTED_5[trends - 1], RESTRICTED_1[trends - 1]
    from statsmodels.tsa.coint_tables import c_sjt

    values = c_sjt(trends, -1 if deterministic == "n" else 0)
    return float(values[1]), float(values[2])
