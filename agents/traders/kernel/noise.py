"""Liquidity without information: limit orders, market orders and cancels at random.

The arrivals of Cont, Stoikov and Talreja (2010): limit orders at a random distance from the opposite best price, market
orders at a fixed rate, cancels in proportion to what rests. Accounts keep to their holdings: of four that are drawn,
the one trades that it brings closest to its holding.
"""

from __future__ import annotations

import math

from agents.traders.kernel.draws import geometric, normal, uniform
from agents.traders.kernel.orders import may_only_close, place, position_of, withdraw
from agents.traders.state import NO_LIMIT, NOISE_ACCOUNTS, NOISE_ORDERS, Class
from exchange.codes import Phase
from exchange.matching._jit import kernel

_CONTINUOUS, _ENTRY = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY)
_LIMIT, _MARKET = int(Class.NOISE_LIMIT), int(Class.NOISE_MARKET)
_FAR_TICKS = 200
_SWEEP_TICKS = 8
_PATIENT_TICKS = 20
_MOST_IMBALANCE = 0.45
_CANDIDATES = 4


@kernel
def choose_account(s, venue, words, k, side):
    """Draw four accounts and return the one that the trade brings closest to its holding. Four words.

    Who may only close is passed over where the trade would open.
    """
    chosen, least = 0, 0
    for candidate in range(_CANDIDATES):
        account = int(uniform(words, k) * NOISE_ACCOUNTS)
        excess = s["positions"][venue, account] - s["endowments"][venue, account]
        if side == 1:
            excess = -excess
        if may_only_close(s, venue, account):
            held = s["positions"][venue, account]
            if (side == 0 and held >= 0) or (side == 1 and held <= 0):
                excess = NO_LIMIT
        if candidate == 0 or excess < least:
            chosen, least = account, excess
    return chosen


@kernel
def limit_order(s, venue, words, k, trades):
    """Place a limit order behind the opposite best price. Seven words."""
    side = 0 if uniform(words, k) < 0.5 else 1
    distance = min(geometric(words, k, s["parameters"]["noise_distance_ticks"][venue]), _FAR_TICKS)
    lots = geometric(words, k, s["parameters"]["noise_lots"][venue])
    account = choose_account(s, venue, words, k, side)
    book = s["books"][venue]
    sign = 1 if side == 0 else -1
    if book["phase"] != _CONTINUOUS or book["best_bid"] < 0 or book["best_ask"] < 0:
        opposite = int(position_of(s, venue, s["maker_value"][venue])) + 2 * sign
    else:
        opposite = book["best_ask"] if side == 0 else book["best_bid"]
    place(s, venue, side, opposite - sign * distance, lots, account, _LIMIT, True, trades)


@kernel
def market_order(s, venue, words, k, trades):
    """Take from the opposite side, a few ticks deep at most; buys are as likely as the imbalance says. Seven words.

    In a month's last days nobody pays much more than the main month's level says: whoever can, delivers instead.
    """
    side = 0 if uniform(words, k) < 0.5 + s["imbalance"][venue] else 1
    lots = geometric(words, k, s["parameters"]["noise_lots"][venue])
    spare = uniform(words, k)
    account = choose_account(s, venue, words, k, side)
    book = s["books"][venue]
    sign = 1 if side == 0 else -1
    if book["phase"] != _CONTINUOUS:
        centre = int(position_of(s, venue, s["maker_value"][venue]))
        place(s, venue, side, centre + sign * int(spare * _SWEEP_TICKS), lots, account, _LIMIT, True, trades)
        return
    best = book["best_ask"] if side == 0 else book["best_bid"]
    if best >= 0:
        position = best + sign * _SWEEP_TICKS
        if s["closing_only"][venue] != 0:
            fair = int(position_of(s, venue, s["maker_value"][venue])) + sign * _PATIENT_TICKS
            position = min(position, fair) if side == 0 else max(position, fair)
        place(s, venue, side, position, lots, account, _MARKET, False, trades)


@kernel
def drift(s):
    """Move each book's order imbalance by one minute: an AR(1) of hedging and programmes. Two words a book."""
    p = s["parameters"]
    for venue in range(s["count"]):
        keep = p["imbalance_persistence"][venue]
        shock = normal(s["imbalance_words"], venue) * p["imbalance_sd"][venue] * math.sqrt(1.0 - keep * keep)
        imbalance = keep * s["imbalance"][venue] + shock
        s["imbalance"][venue] = min(max(imbalance, -_MOST_IMBALANCE), _MOST_IMBALANCE)


@kernel
def random_cancel(s, venue, words, k):
    """Cancel a random order. One word.

    Each of the list's places is as likely, most are empty: so the rate follows the number of resting orders.
    """
    chosen = int(uniform(words, k) * NOISE_ORDERS)
    phase = s["books"][venue]["phase"]
    if chosen < s["noise_count"][venue] and phase in (_CONTINUOUS, _ENTRY):
        withdraw(s, venue, s["noise_slots"][venue, chosen])
