"""Traders who know only a net position and a running cash account, as a compiled population keeps them, at the house.

It turns what changed in a day into lots opened and closed and gains of the day; it reads no state record itself.
"""

from __future__ import annotations

import numpy as np

from exchange.clearing.house import ClearingHouse
from exchange.clearing.rules import Array
from exchange.codes import Side


def book_net(
    house: ClearingHouse,
    contract: int,
    net_lots: Array,
    cash_change_tick_lots: Array,
    *,
    opened_at_ticks: int,
    traded_lots: Array | None = None,
    opened_lots: Array | None = None,
) -> None:
    """Bring all accounts of a month to their net positions and book the day's gains against the previous settlement.

    gain = (cash change + net change x previous settlement) x tick value, where cash change = -sum(+-price x lots):
    exact, whatever was traded in between. What a position grew by counts as opened today at `opened_at_ticks` (the
    day's mean price: an assumption, for the net account has no price of its own); what it shrank by closes earlier
    lots first, at average cost. `traded_lots` (bought + sold) pays fees: lots that closed at the closing rate, the
    rest at the opening rate; where it is known what of them opened (`opened_lots`), what closed beyond what the
    position shrank by pays the rate for closing today. Shapes (accounts,). Raises ValueError, with nothing booked,
    unless net lots and cash changes each sum to nothing.
    """
    held, today = house.held_lots[:, contract], house.today_lots[:, contract]
    before = held[Side.BUY] - held[Side.SELL]
    if held.min(axis=0).any():
        raise ValueError("an account holds both sides of the month; a net account holds one")
    if int(net_lots.sum()) or int(cash_change_tick_lots.sum()):
        raise ValueError("net lots and cash changes must each sum to nothing over all accounts")
    rule, settled = house.rules[contract], int(house.settled_ticks[contract])
    closed_in_all = np.zeros_like(before)
    for side, sign in ((Side.BUY, 1), (Side.SELL, -1)):
        old, new = np.maximum(sign * before, 0), np.maximum(sign * net_lots, 0)
        opened, closed = np.maximum(new - old, 0), np.maximum(old - new, 0)
        cost = house.cost_tick_lots[side, contract]
        cost += opened * opened_at_ticks - cost * closed // np.maximum(old, 1)
        closed_earlier = np.minimum(closed, old - today[side])
        today[side] += opened - (closed - closed_earlier)
        held[side] = new
        if opened_lots is None:
            house.opened_lots[contract] += opened
        closed_in_all += closed
    gain = cash_change_tick_lots + (net_lots - before) * settled
    house.profit_fen += gain * rule.fen_per_tick
    if traded_lots is not None:
        closing = np.minimum(closed_in_all, traded_lots)
        value_fen, rates = opened_at_ticks * rule.fen_per_tick, rule.fees
        close_fen = rates.close_fen + value_fen * rates.close_ppm // 1_000_000
        open_fen = rates.open_fen + value_fen * rates.open_ppm // 1_000_000
        opening = traded_lots - closing
        if opened_lots is not None:
            opening = opened_lots
            today_fen = rates.close_today_fen + value_fen * rates.close_today_ppm // 1_000_000
            house.due_fees_fen += (traded_lots - opening - closing) * today_fen
            house.opened_lots[contract] += opened_lots
        house.due_fees_fen += closing * close_fen + opening * open_fen
