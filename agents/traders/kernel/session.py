"""The clock of the fast world: it lets traders act in the order of their times, up to a given moment.

Event times are stored in the state, and every event uses a fixed number of draws, so the path does not depend on how
often or how far the world is advanced.
"""

from __future__ import annotations

from agents.traders.kernel import informed, makers, noise
from agents.traders.kernel.arbitrage import act_all
from agents.traders.kernel.draws import waiting_ns
from agents.traders.kernel.news import arrive, learn
from agents.traders.kernel.orders import book_trades, place
from agents.traders.kernel.setters import credit, open_session
from agents.traders.state import (
    FAR_NS,
    LATTICE_NS,
    OPENING,
    ORIGINS,
    SETTERS,
    TIMED,
    VENUES,
    Class,
)
from exchange.codes import Phase
from exchange.matching._jit import kernel
from exchange.matching.auction import uncross
from exchange.matching.ladder import clear
from exchange.units import NS_PER_HOUR, NS_PER_MINUTE

_CONTINUOUS, _ENTRY = int(Phase.CONTINUOUS), int(Phase.AUCTION_ENTRY)
_EXTERNAL, _ARBITRAGE = int(Class.EXTERNAL), int(Class.ARBITRAGE)


@kernel
def set_rates(s):
    """Set how often every class acts at every venue in this hour, per second."""
    p = s["parameters"]
    hour = (s["now_ns"] // NS_PER_HOUR) % 24
    for venue in range(s["count"]):
        activity = p["activity"][venue, hour]
        first = venue * TIMED
        s["rates"][first] = p["noise_limit_per_s"][venue] * activity
        s["rates"][first + 1] = p["noise_market_per_s"][venue] * activity
        s["rates"][first + 2] = p["noise_cancel_per_s"][venue] * activity
        s["rates"][first + 3] = p["maker_per_s"][venue] * activity
        s["rates"][first + 4] = p["informed_per_s"][venue] * activity


@kernel
def wake(s, venue):
    """Draw the next moment of every class of a venue that opens."""
    set_rates(s)
    for trader_class in range(TIMED):
        k = venue * TIMED + trader_class
        s["next_ns"][1 + k] = s["now_ns"] + waiting_ns(s["flow_words"], k, s["rates"][k])


@kernel
def sleep(s, venue):
    """Let no class of a venue act until it wakes."""
    for trader_class in range(TIMED):
        s["next_ns"][1 + venue * TIMED + trader_class] = FAR_NS


@kernel
def set_phase(s, venue, phase, trades):
    """Change a venue's phase; on leaving an auction, uncross it. Return the auction's lots."""
    book = s["books"][venue]
    before = book["phase"]
    if before == phase:
        return 0
    lots = 0
    if phase == _CONTINUOUS and book["best_bid"] >= book["best_ask"] and book["best_ask"] >= 0:
        _, lots, count = uncross(
            book, s["levels"][venue], s["orders"][venue], s["words"][venue], s["now_ns"], trades
        )
        book_trades(s, venue, trades, count, -1)
    acted = before in (_CONTINUOUS, _ENTRY)
    acts = phase in (_CONTINUOUS, _ENTRY)
    book["phase"] = phase
    if phase == _CONTINUOUS and venue < VENUES:
        open_session(s, venue)
        credit(s, venue, OPENING)
    if acts and not acted:
        wake(s, venue)
    elif acted and not acts:
        sleep(s, venue)
    return lots


@kernel
def empty_book(s, venue):
    """Cancel everything that rests, as at the end of a trading day."""
    clear(s["books"][venue], s["levels"][venue], s["orders"][venue], s["words"][venue])
    s["noise_count"][venue] = 0
    for slot in range(s["noise_place"].shape[1]):
        s["noise_place"][venue, slot] = -1
    for maker in range(s["maker_slots"].shape[1]):
        for k in range(s["maker_slots"].shape[2]):
            s["maker_slots"][venue, maker, k] = -1


@kernel
def sample(s, row, fx):
    """Write the quotes of all venues into one SAMPLE row."""
    row["at_ns"] = s["now_ns"]
    row["fx"] = fx
    row["value"] = s["value"]
    for venue in range(VENUES):
        book = s["books"][venue]
        bid, ask = book["best_bid"], book["best_ask"]
        row["bid"][venue] = book["base_tick"] + bid if bid >= 0 else 0
        row["ask"][venue] = book["base_tick"] + ask if ask >= 0 else 0
        row["bid_quantity"][venue] = s["levels"][venue, 0, bid]["quantity"] if bid >= 0 else 0
        row["ask_quantity"][venue] = s["levels"][venue, 1, ask]["quantity"] if ask >= 0 else 0
        row["last"][venue] = book["last"]
        row["phase"][venue] = book["phase"]
        row["volume"][venue] = book["volume"]
        for setter in range(SETTERS):
            for origin in range(ORIGINS):
                row["moved"][venue, setter, origin] = s["moved"][venue, setter, origin]


@kernel
def external(s, account, venue, side, price_ticks, lots, resting, trades):
    """Send an order of an account from outside, resting or a FAK; a price of 0 means any. Return the lots filled."""
    book = s["books"][venue]
    if price_ticks > 0:
        position = price_ticks - book["base_tick"]
    else:
        position = book["high"] if side == 0 else book["low"]
    _, filled = place(s, venue, side, position, lots, account, _EXTERNAL, resting, trades)
    if venue < VENUES:
        credit(s, venue, _EXTERNAL)
    return filled


@kernel
def advance(s, until_ns, trades, samples, written, sample_ns, fx):
    """Let all traders act until `until_ns` (that moment itself belongs to the next call).

    Writes a SAMPLE row at each multiple of `sample_ns` from `samples[written]` on; returns the new count.
    """
    times = s["next_ns"]
    count = 1 + TIMED * s["count"]
    while True:
        which = 0
        at = times[0]
        for k in range(1, count):
            if times[k] < at:
                at = times[k]
                which = k
        if at >= until_ns:
            break
        s["now_ns"] = at
        if which == 0:
            arrive(s)
            learn(s)
            if at % NS_PER_HOUR == 0:
                set_rates(s)
            if at % NS_PER_MINUTE == 0:
                noise.drift(s)
            act_all(s, trades)
            for venue in range(VENUES):
                credit(s, venue, _ARBITRAGE)
            if at % sample_ns == 0:
                sample(s, samples[written], fx)
                written += 1
            times[0] = at + LATTICE_NS
            continue
        k = which - 1
        venue = k // TIMED
        trader_class = k - venue * TIMED
        words = s["flow_words"]
        if trader_class == 0:
            noise.limit_order(s, venue, words, k, trades)
        elif trader_class == 1:
            noise.market_order(s, venue, words, k, trades)
        elif trader_class == 2:
            noise.random_cancel(s, venue, words, k)
        elif trader_class == 3:
            makers.quote(s, venue, words, k, trades)
        else:
            trader_class = informed.trade(s, venue, words, k, trades)
        if venue < VENUES:
            credit(s, venue, trader_class)
        times[which] = at + waiting_ns(words, k, s["rates"][k])
    s["now_ns"] = until_ns
    return written
