"""Whole lots or fen shared out in proportion, by largest remainder. It knows not what it shares."""

from __future__ import annotations

import numpy as np

from exchange.clearing.rules import Array


def pro_rata(total: int, weights: Array) -> Array:
    """Return whole shares of `total` in proportion to `weights`, which sum to it exactly.

    floor(total x weight / sum), then one more to the largest remainders, the first of equals. Raises ValueError when
    there is something to share and nobody to take it.
    """
    whole = int(weights.sum())
    if total == 0:
        return np.zeros(len(weights), np.int64)
    if whole <= 0:
        raise ValueError(f"{total} to share, and all weights are 0")
    products = [total * int(weight) for weight in weights]  # whole numbers of any size
    shares = np.array([product // whole for product in products], np.int64)
    remainders = np.array([product % whole for product in products], np.int64)
    left = total - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    return shares
