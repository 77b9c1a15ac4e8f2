"""The NumPy record types that kernels and Python share.

Prices are int32 ticks, quantities int32 lots, times int64 nanoseconds, ids int64. Nothing here is a float.
"""

from __future__ import annotations

from typing import Final

import numpy as np

MESSAGE: Final = np.dtype(
    [
        ("at_ns", "i8"),
        ("order_id", "i8"),
        ("price", "i4"),
        ("quantity", "i4"),
        ("owner", "i4"),
        ("kind", "i1"),
        ("side", "i1"),
        ("unused", "i2"),
    ]
)
"""What a participant sends. A cancel names the resting order by `order_id`; its other fields are not read."""

EVENT: Final = np.dtype([("filled", "i4"), ("rested", "i4"), ("trades", "i4"), ("code", "i4")])
"""The answer to one message: lots filled, lots left resting (or lots cancelled), number of trades, outcome code."""

TRADE: Final = np.dtype(
    [
        ("at_ns", "i8"),
        ("taker_id", "i8"),
        ("maker_id", "i8"),
        ("taker_owner", "i4"),
        ("maker_owner", "i4"),
        ("price", "i4"),
        ("quantity", "i4"),
        ("taker_left", "i4"),
        ("maker_left", "i4"),
        ("taker_slot", "i4"),
        ("maker_slot", "i4"),
        ("aggressor", "i4"),
        ("unused", "i4"),
    ]
)
"""One trade. In an auction the `taker` is the buyer, the `maker` the seller, and `aggressor` is -1.

`*_left` are the lots that remain of the order afterwards (of a continuous taker: before what follows in the same
message); `*_slot` are places in the book's arrays, -1 for a taker that never rested.
"""

QUOTE: Final = np.dtype([("bid", "i4"), ("ask", "i4"), ("bid_quantity", "i4"), ("ask_quantity", "i4")])
"""Best bid and offer after a message. An empty side has quantity 0 and price 0."""

LEVEL: Final = np.dtype([("head", "i4"), ("tail", "i4"), ("quantity", "i4"), ("orders", "i4")])
"""One price of one side: the first and last order in time, and their sums."""

ORDER: Final = np.dtype(
    [
        ("id", "i8"),
        ("price", "i4"),
        ("quantity", "i4"),
        ("owner", "i4"),
        ("previous", "i4"),
        ("next", "i4"),
        ("side", "i4"),
    ]
)
"""One resting order, in its place in the queue of its level. A free slot has id 0 and is chained by `next`."""

BOOK: Final = np.dtype(
    [
        ("base_tick", "i8"),
        ("ticks", "i4"),
        ("best_bid", "i4"),
        ("best_ask", "i4"),
        ("low", "i4"),
        ("high", "i4"),
        ("last", "i4"),
        ("previous_settlement", "i4"),
        ("rule", "i4"),
        ("phase", "i4"),
        ("free", "i4"),
        ("resting", "i4"),
        ("largest_order", "i4"),
        ("unused", "i4"),
        ("volume", "i8"),
        ("turnover", "i8"),
    ]
)
"""The head of a book. `best_*`, `low` and `high` are ladder positions (price - base_tick); -1 is an empty side.

`low` and `high` are the first and last position that today's price limits allow. `last` and
`previous_settlement` are prices. `turnover` is in tick x lot.
"""

SLOT: Final = np.dtype([("id", "i8"), ("slot", "i8")])
"""One place of the open-addressed index from order id to slot; id 0 is a free place."""
