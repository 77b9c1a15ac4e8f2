"""The margin of every account from its positions. It makes no call and knows no price but a lot's margin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exchange.clearing.rules import Array, ContractRules, Netting
from exchange.codes import Side


def required_margin_fen(
    held_lots: Array, hedge: Array, per_lot_fen: Array, rules: Sequence[ContractRules], netting: Netting
) -> Array:
    """Return the margin of each account, in fen.

    PRODUCT: sum over products of max(sum over months of long x rate, same of short), plus long and short in months
    marked `both_sides`. Shapes: held (2, contracts, accounts), hedge (accounts), per_lot_fen (2, contracts) with the
    speculative rates first.
    """
    total = np.zeros(held_lots.shape[2], np.int64)
    sums: dict[int, tuple[Array, Array]] = {}
    for contract, rule in enumerate(rules):
        long, short = held_lots[Side.BUY, contract], held_lots[Side.SELL, contract]
        spec_fen, hedge_fen = (int(rate) for rate in per_lot_fen[:, contract])
        rate: Array | int = spec_fen if spec_fen == hedge_fen else np.where(hedge, hedge_fen, spec_fen)
        if netting is Netting.GROSS or rule.margin.both_sides:
            total += (long + short) * rate
        elif netting is Netting.CONTRACT:
            total += np.maximum(long, short) * rate
        else:
            if rule.product not in sums:
                sums[rule.product] = (np.zeros_like(total), np.zeros_like(total))
            longs, shorts = sums[rule.product]
            longs += long * rate
            shorts += short * rate
    for longs, shorts in sums.values():
        total += np.maximum(longs, shorts)
    return total
