"""The small integers of the market: sides, order kinds, phases, price rules and reject codes.

They are shared by kernels and Python. They carry no behaviour but the sentence that `explain` gives for a code.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Venue(IntEnum):
    """The crude futures books of the fast world, in the order of their arrays."""

    SC = 0
    OMAN = 1
    BRENT = 2


class Side(IntEnum):
    """The side of an order; the value indexes the side's arrays."""

    BUY = 0
    SELL = 1


class Kind(IntEnum):
    """What a message asks for.

    LIMIT: trade up to a price and rest. FAK: trade what there is, cancel the rest. FOK: all or nothing. MARKET: as
    FAK, at any price of the day. REPLACE: new price and quantity of a resting order, at the back of its queue unless
    only the quantity is lowered. ICEBERG: a limit order that shows `peak` lots at a time.
    """

    LIMIT = 0
    FAK = 1
    CANCEL = 2
    FOK = 3
    MARKET = 4
    REPLACE = 5
    ICEBERG = 6


def kinds_named(names: Iterable[str]) -> frozenset[Kind]:
    """Return the order kinds that a rulebook names in small letters. Raises ValueError for a name that is none."""
    known = {kind.name.lower(): kind for kind in Kind}
    names = tuple(names)
    for name in names:
        if name not in known:
            raise ValueError(f"order kind {name!r}: must be one of {', '.join(known)}")
    return frozenset(known[name] for name in names)


class Phase(IntEnum):
    """What a venue accepts at a moment.

    AUCTION_ENTRY: orders that can wait, and cancels. AUCTION_MATCH, BREAK, CLOSED: nothing. CONTINUOUS: everything.
    HALTED: cancels only.
    """

    CLOSED = 0
    AUCTION_ENTRY = 1
    AUCTION_MATCH = 2
    CONTINUOUS = 3
    BREAK = 4
    HALTED = 5


class PriceRule(IntEnum):
    """How a continuous trade is priced.

    RESTING: at the resting order's price. MEDIAN: at the median of best bid, best ask and last price (INE).
    """

    RESTING = 0
    MEDIAN = 1


class Code(IntEnum):
    """The outcome of a message: accepted, or why not."""

    ACCEPTED = 0
    CANCELLED = 1
    DUPLICATE_ID = 2
    UNKNOWN_ID = 3
    BAD_QUANTITY = 4
    BAD_PRICE = 5
    BAD_KIND = 6
    BAD_SIDE = 7
    PHASE_CLOSED = 8
    BAD_PEAK = 9
    BAD_ID = 10
    NOT_OWNER = 11
    REPLACED = 12
    KILLED = 13
    SELF_TRADE = 14


_EXPLANATIONS: dict[Code, str] = {
    Code.ACCEPTED: "accepted",
    Code.CANCELLED: "the resting order was cancelled",
    Code.DUPLICATE_ID: "an order with this id is resting in the book",
    Code.UNKNOWN_ID: "no order with this id is resting in the book",
    Code.BAD_QUANTITY: "the quantity must be from 1 lot to the venue's largest order",
    Code.BAD_PRICE: "the price is outside the day's price limits",
    Code.BAD_KIND: "this venue has no such order",
    Code.BAD_SIDE: "the side must be buy (0) or sell (1)",
    Code.PHASE_CLOSED: "the venue does not take this message in its present phase",
    Code.BAD_PEAK: "an iceberg must show from 1 lot to its whole quantity",
    Code.BAD_ID: "an order id must be from 1 to 2**62",
    Code.NOT_OWNER: "only the owner of an order may cancel or replace it",
    Code.REPLACED: "the resting order has its new price and quantity",
    Code.KILLED: "the order could not be filled whole at once, so nothing was traded (FOK)",
    Code.SELF_TRADE: "the order met one of its owner's own; what was left of it was cancelled",
}


def explain(code: int) -> str:
    """Say in a sentence what an outcome code means. Raises ValueError for an unknown code."""
    return _EXPLANATIONS[Code(code)]
