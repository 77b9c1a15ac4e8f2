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
        ("peak", "i4"),
        ("kind", "i1"),
        ("side", "i1"),
        ("closes", "i1"),
    ],
    align=True,
)
"""What a participant sends. A cancel or a replacement names the resting order by `order_id`.

A cancel reads no other field but `owner`, a market order no price, a replacement no side. `peak` is what an iceberg
shows, `closes` is 1 for an order that closes a position.
"""

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
    ],
    align=True,
)
"""One trade. In an auction the `taker` is the buyer, the `maker` the seller, and `aggressor` is -1.

`*_left` are the lots that remain of the order afterwards (of a continuous taker: before what follows in the same
message); `*_slot` are places in the book's arrays, -1 for a taker that never rested.
"""

QUOTE: Final = np.dtype([("bid", "i4"), ("ask", "i4"), ("bid_quantity", "i4"), ("ask_quantity", "i4")])
"""Best bid and offer after a message. An empty side has quantity 0 and price 0."""

DEPTH: Final = np.dtype([("price", "i4"), ("quantity", "i4"), ("orders", "i4")])
"""One price of a depth snapshot: its shown lots and its number of orders."""

LEVEL: Final = np.dtype([("head", "u4"), ("tail", "u4"), ("quantity", "i4"), ("orders", "i4")])
"""One price of one side: the slots of the first and last order in time (0: none), and their sums (of shown lots)."""

ORDER: Final = np.dtype(
    [
        ("id", "i8"),
        ("price", "i4"),
        ("quantity", "i4"),
        ("owner", "i4"),
        ("previous", "u4"),
        ("next", "u4"),
        ("hidden", "i4"),
        ("peak", "i4"),
        ("side", "i1"),
        ("closes", "i1"),
        ("kind", "i1"),
        ("parked", "i1"),
    ]
)
"""One resting order, in its place in the queue of its level. A free slot has id 0 and is chained by `next`.

Slot 0 is nobody's: it ends every chain, and kernels write to it where they would otherwise have to ask.
`hidden` are an iceberg's lots beyond `quantity`, of which at most `peak` are shown at a time. A parked order stands in
no level: its price is outside the day's limits.
"""

BOOK: Final = np.dtype(
    [
        ("base_tick", "i8"),
        ("volume", "i8"),
        ("turnover", "i8"),
        ("hidden", "i8"),
        ("ticks", "i4"),
        ("capacity", "i4"),
        ("places", "i4"),
        ("best_bid", "i4"),
        ("best_ask", "i4"),
        ("low", "i4"),
        ("high", "i4"),
        ("last", "i4"),
        ("previous_settlement", "i4"),
        ("rule", "i4"),
        ("phase", "i4"),
        ("kinds", "i4"),
        ("self_trade", "i4"),
        ("largest_order", "i4"),
        ("free", "u4"),
        ("resting", "i4"),
        ("parked", "i4"),
        ("parked_head", "u4"),
        ("parked_tail", "u4"),
        ("unused", "i4"),
    ]
)
"""The head of a book. `best_*`, `low` and `high` are ladder positions (price - base_tick); -1 is an empty side.

`low` and `high` are the first and last position that today's price limits allow. `last` and `previous_settlement` are
prices. `turnover` is in tick x lot. `kinds` has bit k set where orders of kind k are taken. `ticks`, `capacity` and
`places` are the sizes of the ladder, of the orders and of the index. `parked` counts the orders beyond the price
limits, which do not count as `resting`.
"""

SLOT: Final = np.dtype([("mark", "u4"), ("slot", "u4")])
"""One place of the open-addressed index from order id to slot: a part of the id's hash, and the slot (0 is free)."""
