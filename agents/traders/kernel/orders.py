"""Placing, cancelling and booking: the hands of every trader class.

An order goes through here to the one matching function; its trades are booked on both accounts, and what a trade
teaches is learnt here: makers learn from all flow but their own, informed traders from all flow but theirs.
"""

from __future__ import annotations

import math

from agents.traders.state import (
    ANCHORED_ACCOUNT,
    EXTERNAL_ACCOUNT,
    FILLS,
    INFORMED_ACCOUNT,
    MAKER_ACCOUNT,
    NOISE_ORDERS,
    Class,
)
from exchange.clearing.codes import Participant, Refusal
from exchange.codes import Phase
from exchange.matching._jit import kernel
from exchange.matching.continuous import take
from exchange.matching.ladder import remove, rest

_CONTINUOUS, _ENTRY = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY)
_MAKER, _INFORMED, _EXTERNAL = int(Class.MAKER), int(Class.INFORMED), int(Class.EXTERNAL)
_SUSPENDED, _PERSON = int(Refusal.SUSPENDED), int(Refusal.PERSON_BEYOND_EXIT)
_OPENING, _POSITION = int(Refusal.OPENING_LIMIT), int(Refusal.POSITION_LIMIT)
_INDIVIDUAL = int(Participant.INDIVIDUAL)
_NOISE_LIMIT, _ARBITRAGE, _ANCHORED = int(Class.NOISE_LIMIT), int(Class.ARBITRAGE), int(Class.ANCHORED)


@kernel
def log_fill(s, venue, account, side, price, lots, at_ns):
    """Note a fill of a SimPy-side account."""
    fill = s["fills"][s["fill_count"] % FILLS]
    fill["at_ns"] = at_ns
    fill["account"] = account
    fill["venue"] = venue
    fill["side"] = side
    fill["price"] = price
    fill["quantity"] = lots
    s["fill_count"] += 1


@kernel
def account_class(account):
    """Return the trader class of an account; a resting noise order counts as a limit order."""
    if account < MAKER_ACCOUNT:
        return _NOISE_LIMIT
    if account < INFORMED_ACCOUNT:
        return _MAKER
    if account == INFORMED_ACCOUNT:
        return _INFORMED
    if account == ANCHORED_ACCOUNT:
        return _ANCHORED
    return _ARBITRAGE if account < EXTERNAL_ACCOUNT else _EXTERNAL


@kernel
def count_opened(s, venue, account, lots):
    """Count what of a trade opens a position, not closes one; positive lots are bought."""
    held = s["positions"][venue, account]
    s["opened_lots"][venue, account] += abs(lots) - min(abs(lots), max(0, -held if lots > 0 else held))


@kernel
def may_only_close(s, venue, account):
    """Return whether an account is suspended, or an individual who has to be out of the month."""
    if s["suspended"][account] != 0 or s["closing_only"][venue] != 0:
        return True
    return s["persons_out"][venue] != 0 and s["kind"][account] == _INDIVIDUAL


@kernel
def admitted_lots(s, venue, side, account, lots):
    """Return how many lots of an order the exchange admits: all that close, and what limits let the account open.

    Resting orders of the account are not counted; what they carry beyond a limit is closed by force after the day.
    """
    if s["exempt"][account] != 0:
        return lots
    held = s["positions"][venue, account]
    own, other = (held, -held) if side == 0 else (-held, held)
    opening = lots - max(0, min(lots, other))
    if opening == 0:
        return lots
    code, room = 0, opening
    if s["suspended"][account] != 0:
        code, room = _SUSPENDED, 0
    elif s["persons_out"][venue] != 0 and s["kind"][account] == _INDIVIDUAL:
        code, room = _PERSON, 0
    else:
        clients = s["clients"][account]
        left = s["opening_limit_lots"][venue] * clients - s["opened_lots"][venue, account]
        if left < room:
            code, room = _OPENING, left
        left = s["position_limit_lots"][venue] * clients - max(0, own)
        if left < room:
            code, room = _POSITION, left
    if code == 0:
        return lots
    s["refused"][venue, code] += 1
    return lots - opening + max(0, room)


@kernel
def book_trades(s, venue, trades, count, taker_class):
    """Book trades on both accounts, and keep the day's open, high, low and close."""
    positions, cash = s["positions"][venue], s["cash"][venue]
    for k in range(count):
        trade = trades[k]
        lots, price = trade["quantity"], trade["price"]
        worth = price * lots
        taker, maker = trade["taker_owner"], trade["maker_owner"]
        sign = -1 if trade["aggressor"] == 1 else 1
        count_opened(s, venue, taker, sign * lots)
        count_opened(s, venue, maker, -sign * lots)
        positions[taker] += sign * lots
        positions[maker] -= sign * lots
        cash[taker] -= sign * worth
        cash[maker] += sign * worth
        s["class_lots"][venue, taker_class if taker_class >= 0 else account_class(taker)] += lots
        s["class_lots"][venue, account_class(maker)] += lots
        if s["open"][venue] == 0:
            s["open"][venue] = price
            s["high"][venue] = price
            s["low"][venue] = price
        s["high"][venue] = max(s["high"][venue], price)
        s["low"][venue] = min(s["low"][venue], price)
        s["close"][venue] = price
        if trade["maker_left"] == 0:
            drop_noise(s, venue, trade["maker_slot"])
        if trade["taker_slot"] >= 0 and trade["taker_left"] == 0:
            drop_noise(s, venue, trade["taker_slot"])
        if taker >= EXTERNAL_ACCOUNT:
            log_fill(s, venue, taker, 0 if sign > 0 else 1, price, lots, trade["at_ns"])
        if maker >= EXTERNAL_ACCOUNT:
            log_fill(s, venue, maker, 1 if sign > 0 else 0, price, lots, trade["at_ns"])
    s["trades"] += count


@kernel
def keep_noise(s, venue, slot):
    """Add a resting order to the list from which random cancels are drawn."""
    count = s["noise_count"][venue]
    s["noise_slots"][venue, count] = slot
    s["noise_place"][venue, slot] = count
    s["noise_count"][venue] = count + 1


@kernel
def drop_noise(s, venue, slot):
    """Take an order off the list of random cancels, if it is there."""
    place = s["noise_place"][venue, slot]
    if place < 0:
        return
    last = s["noise_count"][venue] - 1
    moved = s["noise_slots"][venue, last]
    s["noise_slots"][venue, place] = moved
    s["noise_place"][venue, moved] = place
    s["noise_place"][venue, slot] = -1
    s["noise_count"][venue] = last


@kernel
def withdraw(s, venue, slot):
    """Cancel a resting order."""
    drop_noise(s, venue, slot)
    remove(s["books"][venue], s["levels"][venue], s["orders"][venue], s["words"][venue], slot)
    s["messages"] += 1


@kernel
def place(s, venue, side, position, lots, account, trader_class, resting, trades):
    """Send one order at a ladder position; return its slot (-1 when nothing rests) and the lots filled.

    Whoever would pay more than the day's limits allow (or sell for less) gets the limit; an order that could only wait
    beyond them is not sent. Outside continuous trading and auction entry nothing happens. An order that does not rest
    is a FAK. One beyond the largest order is cut to it. Where one side stands alone at its limit, nobody bids more (or
    asks less) than that until it is used up: by the median rule a stale last price would stay the price otherwise.
    """
    book = s["books"][venue]
    phase = book["phase"]
    if phase != _CONTINUOUS and (phase != _ENTRY or not resting):
        return -1, 0
    if trader_class == _NOISE_LIMIT and s["noise_count"][venue] >= NOISE_ORDERS:
        resting = False
    if (side == 0 and position < book["low"]) or (side == 1 and position > book["high"]):
        return -1, 0
    position = min(max(position, book["low"]), book["high"])
    s["messages"] += 1
    lots = admitted_lots(s, venue, side, account, min(lots, book["largest_order"]))
    if lots == 0:
        return -1, 0
    order_id = s["next_id"]
    s["next_id"] = order_id + 1
    left = lots
    if phase == _CONTINUOUS:
        first, count = position, 0
        if side == 0 and book["best_bid"] < 0 and book["best_ask"] == book["low"]:
            first = book["low"]
        elif side == 1 and book["best_ask"] < 0 and book["best_bid"] == book["high"]:
            first = book["high"]
        for at in (first, position):
            left, count = take(
                book, s["levels"][venue], s["orders"][venue], s["words"][venue], side, at, left, order_id, account,
                s["now_ns"], trades, count,
            )  # fmt: skip
            if left == 0 or first == position:
                break
        if count > 0:
            book_trades(s, venue, trades, count, trader_class)
            push = s["parameters"]["impact_per_lot"][venue] * (lots - left)
            if side == 1:
                push = -push
            if trader_class != _MAKER:
                s["maker_value"][venue] += push
                if trader_class != _ARBITRAGE:
                    s["own_move"][venue] += push
            if trader_class != _INFORMED and trader_class != _MAKER:
                s["informed_value"][venue] += s["parameters"]["tape_share"][venue] * push
    if left == 0 or not resting:
        return -1, lots - left
    slot = rest(
        book,
        s["levels"][venue],
        s["orders"][venue],
        s["words"][venue],
        side,
        position,
        left,
        account,
        order_id,
    )
    if slot >= 0 and trader_class == _NOISE_LIMIT:
        keep_noise(s, venue, slot)
    return slot, lots - left


@kernel
def position_of(s, venue, value):
    """Return the ladder position, as a float, at which a venue's price equals a common value."""
    ticks = math.exp(value + s["basis"][venue]) / s["tick_usd"][venue]
    return ticks - s["books"][venue]["base_tick"]


@kernel
def mid_position(s, venue):
    """Return the mid quote as a ladder position, or the last price where a side is empty."""
    book = s["books"][venue]
    bid, ask = book["best_bid"], book["best_ask"]
    if bid >= 0 and ask >= 0:
        return 0.5 * (bid + ask)
    return float(book["last"] - book["base_tick"])
