"""Permanent news: who sees it first, and what others learn from prices.

Each stream has a home venue. What arrives while the home is open enters there; what arrives while it is shut enters at
Brent, where the same people trade meanwhile. Volatility of news is itself random (a log AR(1) each hour), and a part
of the news comes in jumps.
"""

from __future__ import annotations

import math

from agents.traders.kernel.draws import normal, uniform
from agents.traders.state import RING_MINUTES, VENUES, Stream
from exchange.codes import Phase, Venue
from exchange.matching._jit import kernel
from exchange.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE

_STREAMS = len(Stream)
_CONTINUOUS, _BRENT = int(Phase.CONTINUOUS), int(Venue.BRENT)
_LEAST_BRIDGE_S = 60.0
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; 0 is Monday
_WEEKEND_BEGINS = 7  # on Saturday, when London's Friday has ended


@kernel
def entry_venue(s, stream):
    """Return the venue at which news of a stream enters now."""
    home = s["parameters"]["news_home"][stream]
    if s["books"][home]["phase"] == _CONTINUOUS:
        return home
    return _BRENT


@kernel
def turn_the_hour(s):
    """Move the volatility of each stream by an hour, and set the scale of its news for the hour."""
    p = s["parameters"]
    hour = (s["now_ns"] // NS_PER_HOUR) % 24
    day = (s["now_ns"] // NS_PER_DAY + _FIRST_WEEKDAY) % 7
    weekend = day == 6 or (day == 5 and hour >= _WEEKEND_BEGINS)
    for stream in range(_STREAMS):
        k = stream * VENUES + entry_venue(s, stream)
        shock = p["volatility_shock"] * normal(s["news_words"], k)
        s["log_volatility"][stream] = p["volatility_persistence"] * s["log_volatility"][stream] + shock
        activity = p["news_activity"][stream, hour] * (p["weekend_activity"] if weekend else 1.0)
        scale = p["news_sd_per_root_s"][stream] * math.sqrt(activity)
        s["news_scale"][stream] = scale * math.exp(s["log_volatility"][stream])


@kernel
def arrive(s):
    """Add one second of news to the value of the barrel and to the beliefs at the venue where it enters.

    Makers there see its public share at once, informed traders all of it.

    Four words of the stream's generator at its entry venue, and two more on the hour.
    """
    p = s["parameters"]
    words = s["news_words"]
    if s["now_ns"] % NS_PER_HOUR == 0 or s["news_scale"][0] < 0.0:
        turn_the_hour(s)
    for stream in range(_STREAMS):
        venue = entry_venue(s, stream)
        k = stream * VENUES + venue
        scale = s["news_scale"][stream]
        step = scale * normal(words, k)
        jumps = uniform(words, k) < p["jump_per_s"]
        sign = 1.0 if uniform(words, k) < 0.5 else -1.0
        if jumps:
            step += scale * p["jump_scale"] * sign
        s["value"] += step
        s["informed_value"][venue] += step
        s["maker_value"][venue] += p["news_public_share"] * step
        s["own_move"][venue] += p["news_public_share"] * step
    if s["target_ns"] > s["now_ns"]:
        left_s = max(_LEAST_BRIDGE_S, float(s["target_ns"] - s["now_ns"]) * 1e-9)
        pull = (s["target_value"] - s["informed_value"][_BRENT]) / left_s
        s["value"] += pull
        s["informed_value"][_BRENT] += pull
    if s["now_ns"] % NS_PER_MINUTE == 0:
        s["value_ring"][(s["now_ns"] // NS_PER_MINUTE) % RING_MINUTES] = s["value"]


@kernel
def read_tapes(s):
    """Let traders elsewhere take over their share of what a venue's own news and trades moved, as they read it.

    What a venue moved by following others, or through arbitrage, is no move of its own and comes back to nobody.
    """
    p, unread = s["parameters"], s["unread"]
    for venue in range(VENUES):
        move = s["own_move"][venue]
        s["own_move"][venue] = 0.0
        for other in range(VENUES):
            if other == venue:
                continue
            waiting = unread[other, venue] + move
            read = p["tape_reading_per_s"] * waiting
            unread[other, venue] = waiting - read
            share = p["cross_following"][other, venue] * read
            s["maker_value"][other] += share
            s["informed_value"][other] += share


@kernel
def learn(s):
    """Move beliefs for one second: towards the own price, and by what the other venues' tapes say.

    Traders follow a share of another venue's own moves, and close what remains of the gap to its price (after the
    basis) at a rate.
    """
    p = s["parameters"]
    values, seen = s["price_value"], s["price_seen"]
    read_tapes(s)
    for venue in range(s["count"]):
        book = s["books"][venue]
        seen[venue] = 0
        if book["phase"] == _CONTINUOUS and book["best_bid"] >= 0 and book["best_ask"] >= 0:
            mid = book["base_tick"] + 0.5 * (book["best_bid"] + book["best_ask"])
            value = math.log(mid * s["tick_usd"][venue]) - s["basis"][venue]
            values[venue] = value
            seen[venue] = 1
            own = p["own_learning_per_s"][venue]
            s["informed_value"][venue] += own * (value - s["informed_value"][venue])
    for venue in range(s["count"]):
        if seen[venue] > 0 and seen[_BRENT] > 0:
            s["gap_sum"][venue] += values[venue] - values[_BRENT]
            s["gap_count"][venue] += 1
        for other in range(s["count"]):
            rate = p["cross_learning_per_s"][venue, other]
            if rate > 0.0 and seen[other] > 0:
                s["maker_value"][venue] += rate * (values[other] - s["maker_value"][venue])
                s["informed_value"][venue] += rate * (values[other] - s["informed_value"][venue])
