"""A continuous book for comparison: the same goods traded as on an exchange, order by order.

SHPGX has no such book. It turns messages into orders of an OrderBook and its trades into deals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.book import OrderBook
from exchange.codes import Side
from exchange.mechanisms.deals import Deal, Outcome


@dataclass(frozen=True)
class Message:
    """Buy or sell up to `quantity` units at `limit_fen` or better; it replaces what `trader` has in the book."""

    trader: str
    side: Side
    limit_fen: int
    quantity: int


def trade_continuously(messages: Sequence[Message], *, low_fen: int, high_fen: int, step_fen: int) -> Outcome:
    """Put the messages into a book in their order and return its trades, each at the resting order's price.

    The units a trader wants are those of its first message; what it has traded is taken off later ones. Limits are
    rounded to the price step against the trader: a bid down, an ask up. Raises ValueError for a limit outside
    `low_fen` to `high_fen`, and for a trader on both sides.
    """
    owners = {name: k for k, name in enumerate(dict.fromkeys(m.trader for m in messages), 1)}
    names = {k: name for name, k in owners.items()}
    sides: dict[str, Side] = {}
    traded = dict.fromkeys(owners, 0)
    book = OrderBook(
        low_fen // step_fen,
        -(-high_fen // step_fen),
        largest_order_lots=max((m.quantity for m in messages), default=1),
    )
    resting: dict[str, int] = {}
    deals = []
    for number, message in enumerate(messages, 1):
        trader = message.trader
        if not low_fen <= message.limit_fen <= high_fen:
            raise ValueError(f"{trader}: {message.limit_fen} fen is outside {low_fen} to {high_fen}")
        if sides.setdefault(trader, message.side) is not message.side:
            raise ValueError(f"{trader}: must not buy and sell in one book")
        if trader in resting:
            book.cancel(resting.pop(trader), owners[trader])
        left = message.quantity - traded[trader]
        if left < 1:
            continue
        buys = message.side is Side.BUY
        ticks = message.limit_fen // step_fen if buys else -(-message.limit_fen // step_fen)
        _, trades = book.submit(number, message.side, ticks, left, owners[trader])
        for trade in trades:
            maker = names[int(trade["maker_owner"])]
            quantity = int(trade["quantity"])
            seller, buyer = (maker, trader) if buys else (trader, maker)
            deals.append(Deal(seller, buyer, int(trade["price"]) * step_fen, quantity))
            traded[maker] += quantity
            traded[trader] += quantity
        resting[trader] = number
    return Outcome(tuple(deals))
