"""How bidders turn what gas is worth to them into bids: truthfully, shaded as in equilibrium, or as they have learnt.

Each bidder knows its own value. In equilibrium and learning it wants one unit, and the others' values are independent;
a strategy knows nothing of how the sale is run but the number of bidders and units and the reserves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from exchange.mechanisms import Bid


def truthful_bid(value: float) -> float:
    """Return the value itself: dominant for one unit where the winner's own bid does not set the price."""
    return value


def step_bids(buyer: str, need: Callable[[float], float], prices_fen: Sequence[int]) -> list[Bid]:
    """Return the bids of a buyer who needs `need(price_fen)` units at a price: what each lower price adds to it.

    Whole units at each price, the highest price first; a price at which nothing is added has no bid. They tell the
    truth, which is not dominant for more than one unit: a large buyer would ask for less.
    """
    bids, asked = [], 0
    for price_fen in sorted(set(prices_fen), reverse=True):
        wanted = int(need(price_fen))
        if wanted > asked:
            bids.append(Bid(buyer, price_fen, wanted - asked))
            asked = wanted
    return bids


def equilibrium_bid(
    value: float, low: float, high: float, *, bidders: int, units: int = 1, reserve: float | None = None
) -> float:
    """Return the symmetric equilibrium bid where each winner pays its own bid.

    b(v) = E[max(Y, r) | Y < v], Y the `units`-th highest of the other bidders' values, uniform on low to high, r the
    reserve (low if None). With P(t) = P(Y < t) = I_F(t)(n - k, k), the regularised incomplete beta function at
    F(t) = (t - low) / (high - low), that is b(v) = v - integral of P from r to v / P(v), and the integral of I_x(a, b)
    is x I_x(a, b) - a / (a + b) I_x(a + 1, b). For one unit without a reserve: low + (v - low)(n - 1) / n. A value
    that cannot win bids itself; without competition a bid is the reserve. In the unit of `value`. Raises ValueError
    for no bidder, no unit and an interval without length. Source: Krishna, Auction Theory, 2nd ed., ch. 2 and 13.
    """
    if bidders < 1 or units < 1 or not low < high:
        raise ValueError("an equilibrium needs a bidder, a unit and an interval with low < high")
    floor = low if reserve is None else reserve
    if value <= floor:
        return value
    if bidders <= units:
        return floor
    from scipy.special import betainc

    a, b = bidders - units, units

    def integral(x: float) -> float:
        return float(x * betainc(a, b, x) - a / (a + b) * betainc(a + 1, b, x))

    at, start = ((min(max(t, low), high) - low) / (high - low) for t in (value, floor))
    chance = float(betainc(a, b, at))
    if chance <= 0.0:
        return value
    below = (high - low) * (integral(at) - integral(start)) + max(0.0, value - max(high, floor))
    return value - below / chance


def price_to_beat(others: Sequence[float], reserves: Sequence[float]) -> float:
    """Return what a bid for one unit must be above to win against the others' bids and the reserves of the units.

    min over j of max(j-th highest of the others, j-th lowest reserve); infinite without a unit.
    """
    best = math.inf
    ranked = sorted(others, reverse=True)
    for j, reserve in enumerate(sorted(reserves)):
        best = min(best, max(ranked[j], reserve) if j < len(ranked) else reserve)
    return best


class AdaptiveShading:
    """Learn how far to shade, by multiplicative weights over a grid of factors.

    A bid is low + factor x (value - low). After each sale it learns what it would have had to beat, and the weight of
    each factor grows by exp(rate x payoff), the payoff that the factor would have had as a share of `scale`. Draws
    come from `rng`. It is no equilibrium: it knows neither the rule nor the others. Source: Freund and Schapire
    (1997), Hedge.
    """

    def __init__(
        self, rng: np.random.Generator, *, scale: float, rate: float = 0.5, factors: int = 41
    ) -> None:
        if factors < 2 or scale <= 0.0 or rate <= 0.0:
            raise ValueError("learning needs two factors or more, a scale and a rate above 0")
        self.factors = np.linspace(0.0, 1.0, factors)
        self._log_weights = np.zeros(factors)
        self._scale, self._rate, self._rng = scale, rate, rng

    @property
    def weights(self) -> np.ndarray:
        """The probabilities of the factors."""
        weights = np.exp(self._log_weights - self._log_weights.max())
        return weights / weights.sum()

    @property
    def mean_factor(self) -> float:
        """The mean of the factors under their weights."""
        return float(self.weights @ self.factors)

    def bid(self, value: float, low: float = 0.0) -> float:
        """Draw a factor and return the bid."""
        chosen = int(np.searchsorted(np.cumsum(self.weights), self._rng.uniform(), side="right"))
        return low + float(self.factors[min(chosen, len(self.factors) - 1)]) * (value - low)

    def learn(self, value: float, to_beat: float, low: float = 0.0) -> None:
        """Learn from a sale in which a bid above `to_beat` would have won and been paid."""
        bids = low + self.factors * (value - low)
        self._log_weights += self._rate * np.where(bids > to_beat, value - bids, 0.0) / self._scale


@dataclass(frozen=True)
class Sale:
    """Hold one sale to learn from: a value for each bidder, none below `low`, and a reserve for each unit."""

    values: Sequence[float]
    reserves: Sequence[float]
    low: float = 0.0


def learnt_factor(rng: np.random.Generator, sales: Iterable[Sale], *, scale: float) -> float:
    """Let bidders learn against one another in sales in which each winner pays its bid; return their mean factor.

    `scale` is the width of the values. With one unit, no reserve and uniform values it comes near (n - 1) / n. Raises
    ValueError where the number of bidders changes; without a sale the factor is 1/2.
    """
    crowd: list[AdaptiveShading] = []
    for sale in sales:
        crowd = crowd or [AdaptiveShading(rng, scale=scale) for _ in sale.values]
        bids = [bidder.bid(value, sale.low) for bidder, value in zip(crowd, sale.values, strict=True)]
        for i, (bidder, value) in enumerate(zip(crowd, sale.values, strict=True)):
            bidder.learn(value, price_to_beat(bids[:i] + bids[i + 1 :], sale.reserves), sale.low)
    return float(np.mean([bidder.mean_factor for bidder in crowd])) if crowd else 0.5
