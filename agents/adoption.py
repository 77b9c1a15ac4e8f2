"""Adoption: on what price physical traders base their new contracts, year by year.

It is arithmetic on measured inputs: a logit of those whose contracts end, over a stock of contracts that turns over
slowly. It runs beside the simulation, not in it: nothing here trades, and a run of a month does not change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from exchange.parameters import Parameters

if TYPE_CHECKING:
    import pandas as pd


class AdoptionParameters(Parameters):
    """Weigh what a trader looks at when a contract ends.

    Utility of a reference = hedge_weight x hedge effectiveness + liquidity_weight x ln(relative liquidity)
    + network_weight x its share of the contracts in force + policy; one that is not the contract's own costs
    `switching_cost` of it. A contract lives `contract_life_years`: so much of the stock chooses in a year.
    """

    hedge_weight: float = Field(ge=0)
    liquidity_weight: float = Field(ge=0)
    network_weight: float = Field(ge=0)
    switching_cost: float = Field(ge=0)
    contract_life_years: float = Field(ge=1)

    @property
    def turnover_per_year(self) -> float:
        """Return the share of the stock of contracts that ends in a year."""
        return 1.0 / self.contract_life_years


@dataclass(frozen=True)
class ReferenceInputs:
    """What a reference offers.

    `hedge_effectiveness`: R2 of the trader's exposure on its returns, 0 to 1. `relative_liquidity`: its volume over
    that of the most liquid one, above 0. `policy`: what policy adds to its utility, by the year from which it holds;
    0 before the first.
    """

    hedge_effectiveness: float
    relative_liquidity: float
    policy: Mapping[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError for a figure out of its range."""
        if not 0.0 <= self.hedge_effectiveness <= 1.0:
            raise ValueError(f"hedge_effectiveness = {self.hedge_effectiveness}: must be from 0 to 1")
        if not self.relative_liquidity > 0.0:
            raise ValueError(f"relative_liquidity = {self.relative_liquidity}: must be more than 0")

    def policy_in(self, year: int) -> float:
        """Return what policy adds in a year."""
        begun = [first for first in self.policy if first <= year]
        return self.policy[max(begun)] if begun else 0.0


def hedge_effectiveness(exposure_returns: Sequence[float], reference_returns: Sequence[float]) -> float:
    """Return R2 of the regression of an exposure on a reference, 0 where either does not move (Ederington 1979)."""
    exposure, reference = np.asarray(exposure_returns, float), np.asarray(reference_returns, float)
    if exposure.shape != reference.shape or exposure.ndim != 1 or len(exposure) < 3:
        raise ValueError("hedge effectiveness needs two series of one length, of three returns or more")
    if not (np.isfinite(exposure).all() and np.isfinite(reference).all()):
        raise ValueError("hedge effectiveness needs returns without gaps")
    exposure, reference = exposure - exposure.mean(), reference - reference.mean()
    scale = float((exposure**2).sum() * (reference**2).sum())
    return 0.0 if scale <= 0.0 else min(1.0, float((exposure * reference).sum() ** 2) / scale)


def choices(
    parameters: AdoptionParameters,
    inputs: Mapping[str, ReferenceInputs],
    shares: Mapping[str, float],
    year: int,
) -> np.ndarray:
    """Return the chance of each new reference (columns) for a contract on each old one (rows), in a year."""
    utility = np.array(
        [
            parameters.hedge_weight * given.hedge_effectiveness
            + parameters.liquidity_weight * float(np.log(given.relative_liquidity))
            + parameters.network_weight * shares[name]
            + given.policy_in(year)
            for name, given in inputs.items()
        ]
    )
    table = utility[None, :] - parameters.switching_cost * (1.0 - np.eye(len(utility)))
    weights = np.exp(table - table.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def adoption_path(
    parameters: AdoptionParameters,
    inputs: Mapping[str, ReferenceInputs],
    initial: Mapping[str, float],
    *,
    first_year: int,
    last_year: int = 2035,
) -> pd.DataFrame:
    """Return the shares of contracts in force by reference (columns) at the end of each year (index).

    The row of `first_year` is `initial`; then A' = (1 - turnover) A + turnover x A P(A): what ends in a year chooses
    by last year's shares. Rows sum to 1, and no share moves by more than the turnover in a year. Raises ValueError
    where `initial` names other references than `inputs`, or does not sum to 1.
    """
    import pandas as pd

    if set(initial) != set(inputs):
        raise ValueError(f"initial names {', '.join(sorted(initial))}; inputs {', '.join(sorted(inputs))}")
    if min(initial.values()) < 0 or abs(sum(initial.values()) - 1.0) > 1e-9:
        raise ValueError(f"initial shares must be 0 or more and sum to 1, not {sum(initial.values()):.6g}")
    if last_year < first_year:
        raise ValueError(f"last_year {last_year} is before first_year {first_year}")
    names, turnover = list(inputs), parameters.turnover_per_year
    shares = np.array([initial[name] for name in names])
    rows = [shares]
    for year in range(first_year + 1, last_year + 1):
        chance = choices(parameters, inputs, dict(zip(names, shares.tolist(), strict=True)), year)
        shares = (1.0 - turnover) * shares + turnover * shares @ chance
        rows.append(shares)
    return pd.DataFrame(rows, pd.RangeIndex(first_year, last_year + 1, name="year"), pd.Index(names))
