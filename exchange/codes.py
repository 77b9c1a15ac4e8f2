"""The small integers of the market: sides, order kinds, phases, price rules and reject codes.

They are shared by kernels and Python. They carry no behaviour but the sentence that `explain` gives for a code.
"""

from __future__ import annotations

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
    """What a message asks for."""

    LIMIT = 0
    FAK = 1
    CANCEL = 2


class Phase(IntEnum):
    """What a venue accepts at a moment."""

    CLOSED = 0
    AUCTION_ENTRY = 1
    AUCTION_MATCH = 2
    CONTINUOUS = 3
    BREAK = 4


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
    BOOK_FULL = 9
    BAD_ID = 10
    NOT_OWNER = 11


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
    Code.BOOK_FULL: "the book has no room for another resting order; grow it between batches",
    Code.BAD_ID: "an order id must be from 1 to 2**62",
    Code.NOT_OWNER: "only the owner of an order may cancel it",
}


def explain(code: int) -> str:
    """Say in a sentence what an outcome code means. Raises ValueError for an unknown code."""
    return _EXPLANATIONS[Code(code)]
