"""The state of the fast world: one structured record, and the names of its places.

Capacities are part of the record's type, so they are fixed here; a book that must grow is exchange/book.py. Values are
log USD/bbl of a common barrel; a venue's price in ticks is exp(value + basis) / tick_usd.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from exchange.codes import Venue
from exchange.matching.bits import words_for
from exchange.records import BOOK, LEVEL, ORDER

VENUES: Final = len(Venue)
TICKS: Final = 8192
SLOTS: Final = 2048
NOISE_ORDERS: Final = 256
MAKERS: Final = 4
MAKER_LEVELS: Final = 3
RING_MINUTES: Final = 1440
PAIRS: Final = (
    (int(Venue.SC), int(Venue.OMAN)),
    (int(Venue.SC), int(Venue.BRENT)),
    (int(Venue.OMAN), int(Venue.BRENT)),
)
LATTICE_NS: Final = 1_000_000_000
FAR_NS: Final = 2**62


class Stream(IntEnum):
    """The streams of permanent news about crude."""

    WORLD = 0
    CHINA = 1
    GULF = 2


class Class(IntEnum):
    """Trader classes, as they stand in volumes and event times."""

    NOISE_LIMIT = 0
    NOISE_MARKET = 1
    NOISE_CANCEL = 2
    MAKER = 3
    INFORMED = 4
    ARBITRAGE = 5
    EXTERNAL = 6
    ANCHORED = 7


OPENING: Final = len(Class)
"""Who sets the price in `moved` where no class does: the first quotes of a session, after its opening auction."""
SETTERS: Final = len(Class) + 1
ORIGINS: Final = 2
"""Domestic and overseas."""

TIMED: Final = 5
"""The first five classes act at random times of their own, one clock for each venue."""

NOISE_ACCOUNTS: Final = 512
MAKER_ACCOUNT: Final = NOISE_ACCOUNTS
INFORMED_ACCOUNT: Final = MAKER_ACCOUNT + MAKERS
ANCHORED_ACCOUNT: Final = INFORMED_ACCOUNT + 1
ARBITRAGE_ACCOUNT: Final = ANCHORED_ACCOUNT + 1
EXTERNAL_ACCOUNT: Final = ARBITRAGE_ACCOUNT + len(PAIRS)
EXTERNAL_ACCOUNTS: Final = 16
ACCOUNTS: Final = EXTERNAL_ACCOUNT + EXTERNAL_ACCOUNTS

PARAMETERS: Final = np.dtype(
    [
        ("noise_limit_per_s", "f8", (VENUES,)),
        ("noise_market_per_s", "f8", (VENUES,)),
        ("noise_cancel_per_s", "f8", (VENUES,)),
        ("noise_lots", "f8", (VENUES,)),
        ("noise_distance_ticks", "f8", (VENUES,)),
        ("imbalance_sd", "f8", (VENUES,)),
        ("imbalance_persistence", "f8", (VENUES,)),
        ("maker_per_s", "f8", (VENUES,)),
        ("maker_half_spread_ticks", "f8", (VENUES,)),
        ("maker_lots", "i8", (VENUES,)),
        ("maker_skew_ticks_per_lot", "f8", (VENUES,)),
        ("impact_per_lot", "f8", (VENUES,)),
        ("informed_per_s", "f8", (VENUES,)),
        ("informed_threshold_ticks", "f8", (VENUES,)),
        ("informed_lots_per_tick", "f8", (VENUES,)),
        ("informed_most_lots", "i8", (VENUES,)),
        ("tape_share", "f8", (VENUES,)),
        ("own_learning_per_s", "f8", (VENUES,)),
        ("cross_learning_per_s", "f8", (VENUES, VENUES)),
        ("cross_following", "f8", (VENUES, VENUES)),
        ("tape_reading_per_s", "f8"),
        ("anchored_share", "f8", (VENUES,)),
        ("anchored_delay_minutes", "i8"),
        ("activity", "f8", (VENUES, 24)),
        ("news_sd_per_root_s", "f8", (len(Stream),)),
        ("news_activity", "f8", (len(Stream), 24)),
        ("news_home", "i8", (len(Stream),)),
        ("news_public_share", "f8"),
        ("weekend_activity", "f8"),
        ("jump_per_s", "f8"),
        ("jump_scale", "f8"),
        ("volatility_persistence", "f8"),
        ("volatility_shock", "f8"),
        ("arbitrage_most_lots", "i8", (len(PAIRS),)),
        ("arbitrage_slice_lots", "i8", (len(PAIRS),)),
        ("arbitrage_band", "f8", (len(PAIRS),)),
        ("arbitrage_exit", "f8", (len(PAIRS),)),
        ("overseas_share", "f8", (VENUES, SETTERS)),
    ],
    align=True,
)
"""What the population is told (see agents/traders/parameters.py for meaning, units and sources)."""

FILL: Final = np.dtype(
    [
        ("at_ns", "i8"),
        ("account", "i4"),
        ("venue", "i4"),
        ("side", "i4"),
        ("price", "i4"),
        ("quantity", "i4"),
        ("unused", "i4"),
    ]
)
"""One fill of a SimPy-side account."""

FILLS: Final = 4096

STATE: Final = np.dtype(
    [
        ("parameters", PARAMETERS),
        ("now_ns", "i8"),
        ("next_ns", "i8", (1 + TIMED * VENUES,)),
        ("rates", "f8", (TIMED * VENUES,)),
        ("flow_words", "u8", (VENUES * TIMED,)),
        ("imbalance_words", "u8", (VENUES,)),
        ("imbalance", "f8", (VENUES,)),
        ("news_words", "u8", (len(Stream) * VENUES,)),
        ("next_id", "i8"),
        ("messages", "i8"),
        ("trades", "i8"),
        ("value", "f8"),
        ("value_ring", "f8", (RING_MINUTES,)),
        ("log_volatility", "f8", (len(Stream),)),
        ("news_scale", "f8", (len(Stream),)),
        ("target_value", "f8"),
        ("target_ns", "i8"),
        ("informed_value", "f8", (VENUES,)),
        ("maker_value", "f8", (VENUES,)),
        ("price_value", "f8", (VENUES,)),
        ("price_seen", "i8", (VENUES,)),
        ("own_move", "f8", (VENUES,)),
        ("unread", "f8", (VENUES, VENUES)),
        ("gap_sum", "f8", (VENUES,)),
        ("gap_count", "i8", (VENUES,)),
        ("basis", "f8", (VENUES,)),
        ("tick_usd", "f8", (VENUES,)),
        ("open", "i4", (VENUES,)),
        ("high", "i4", (VENUES,)),
        ("low", "i4", (VENUES,)),
        ("close", "i4", (VENUES,)),
        ("books", BOOK, (VENUES,)),
        ("levels", LEVEL, (VENUES, 2, TICKS)),
        ("orders", ORDER, (VENUES, SLOTS)),
        ("words", "u8", (VENUES, 2, words_for(TICKS))),
        ("noise_count", "i4", (VENUES,)),
        ("noise_slots", "i4", (VENUES, NOISE_ORDERS)),
        ("noise_place", "i4", (VENUES, SLOTS)),
        ("maker_slots", "i4", (VENUES, MAKERS, 2 * MAKER_LEVELS)),
        ("maker_ids", "i8", (VENUES, MAKERS, 2 * MAKER_LEVELS)),
        ("maker_quotes", "i4", (VENUES, MAKERS, 2)),
        ("positions", "i8", (VENUES, ACCOUNTS)),
        ("endowments", "i8", (VENUES, NOISE_ACCOUNTS)),
        ("cash", "i8", (VENUES, ACCOUNTS)),
        ("pair_lots", "i8", (len(PAIRS),)),
        ("class_lots", "i8", (VENUES, len(Class))),
        ("mid_half_ticks", "i8", (VENUES,)),
        ("opening", "i4", (VENUES,)),
        ("credited", "i8", (VENUES, SETTERS)),
        ("moved", "i8", (VENUES, SETTERS, ORIGINS)),
        ("fill_count", "i8"),
        ("fills", FILL, (FILLS,)),
    ],
    align=True,
)
"""The whole fast world. Cash is in tick x lot, positions in lots."""

SAMPLE: Final = np.dtype(
    [
        ("at_ns", "i8"),
        ("bid", "i4", (VENUES,)),
        ("ask", "i4", (VENUES,)),
        ("bid_quantity", "i4", (VENUES,)),
        ("ask_quantity", "i4", (VENUES,)),
        ("last", "i4", (VENUES,)),
        ("phase", "i4", (VENUES,)),
        ("volume", "i8", (VENUES,)),
        ("moved", "i4", (VENUES, SETTERS, ORIGINS)),
        ("fx", "f8"),
        ("value", "f8"),
    ],
    align=True,
)
"""The quotes of all venues at one tick of the sampling clock. An empty side has quantity 0. `moved` is how far the
orders of each setter have moved a venue's mid so far, in half ticks (see kernel/setters.py)."""
