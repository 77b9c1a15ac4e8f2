"""The state of the fast world: one structured record, and the names of its places.

Capacities are part of the record's type, so they are fixed here; a book that must grow is exchange/book.py. Values are
log USD/bbl of a common barrel; a book's price in ticks is exp(value + basis) / tick_usd.

A book stands for a role, not for a delivery month: the first three are the main months of the venues, whose numbers are
those of Venue, the others further months of INE's products. Which month has which book, agents/traders/curve.py says.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from exchange.clearing.codes import Refusal
from exchange.codes import Venue
from exchange.matching.bits import words_for
from exchange.records import BOOK, LEVEL, ORDER

VENUES: Final = len(Venue)
BOOKS: Final = 12
"""Room for eight months of SC, two of LU, Oman and Brent; `count` says how many are in use."""
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
"""The pairs of venues; pairs of months come after them."""
MOST_PAIRS: Final = len(PAIRS) + BOOKS
LATTICE_NS: Final = 1_000_000_000
FAR_NS: Final = 2**62
NO_LIMIT: Final = 2**40
REFUSALS: Final = len(Refusal)


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
EXTERNAL_ACCOUNT: Final = ARBITRAGE_ACCOUNT + MOST_PAIRS
EXTERNAL_ACCOUNTS: Final = 16
ACCOUNTS: Final = EXTERNAL_ACCOUNT + EXTERNAL_ACCOUNTS

PARAMETERS: Final = np.dtype(
    [
        ("noise_limit_per_s", "f8", (BOOKS,)),
        ("noise_market_per_s", "f8", (BOOKS,)),
        ("noise_cancel_per_s", "f8", (BOOKS,)),
        ("noise_lots", "f8", (BOOKS,)),
        ("noise_distance_ticks", "f8", (BOOKS,)),
        ("imbalance_sd", "f8", (BOOKS,)),
        ("imbalance_persistence", "f8", (BOOKS,)),
        ("maker_per_s", "f8", (BOOKS,)),
        ("maker_half_spread_ticks", "f8", (BOOKS,)),
        ("maker_lots", "i8", (BOOKS,)),
        ("maker_most_lots", "i8", (BOOKS,)),
        ("maker_skew_ticks_per_lot", "f8", (BOOKS,)),
        ("impact_per_lot", "f8", (BOOKS,)),
        ("informed_per_s", "f8", (BOOKS,)),
        ("informed_threshold_ticks", "f8", (BOOKS,)),
        ("informed_lots_per_tick", "f8", (BOOKS,)),
        ("informed_most_lots", "i8", (BOOKS,)),
        ("informed_capital_lots", "i8", (BOOKS,)),
        ("tape_share", "f8", (BOOKS,)),
        ("own_learning_per_s", "f8", (BOOKS,)),
        ("cross_learning_per_s", "f8", (BOOKS, BOOKS)),
        ("cross_following", "f8", (VENUES, VENUES)),
        ("tape_reading_per_s", "f8"),
        ("anchored_share", "f8", (BOOKS,)),
        ("anchored_delay_minutes", "i8"),
        ("activity", "f8", (BOOKS, 24)),
        ("news_sd_per_root_s", "f8", (len(Stream),)),
        ("news_activity", "f8", (len(Stream), 24)),
        ("news_home", "i8", (len(Stream),)),
        ("news_public_share", "f8"),
        ("weekend_activity", "f8"),
        ("jump_per_s", "f8"),
        ("jump_scale", "f8"),
        ("volatility_persistence", "f8"),
        ("volatility_shock", "f8"),
        ("arbitrage_most_lots", "i8", (MOST_PAIRS,)),
        ("arbitrage_slice_lots", "i8", (MOST_PAIRS,)),
        ("arbitrage_band", "f8", (MOST_PAIRS,)),
        ("arbitrage_exit", "f8", (MOST_PAIRS,)),
        ("overseas_share", "f8", (BOOKS, SETTERS)),
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
        ("count", "i8"),
        ("pairs", "i8"),
        ("pair_books", "i8", (MOST_PAIRS, 2)),
        ("now_ns", "i8"),
        ("next_ns", "i8", (1 + TIMED * BOOKS,)),
        ("rates", "f8", (TIMED * BOOKS,)),
        ("flow_words", "u8", (BOOKS * TIMED,)),
        ("imbalance_words", "u8", (BOOKS,)),
        ("imbalance", "f8", (BOOKS,)),
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
        ("informed_value", "f8", (BOOKS,)),
        ("maker_value", "f8", (BOOKS,)),
        ("price_value", "f8", (BOOKS,)),
        ("price_seen", "i8", (BOOKS,)),
        ("own_move", "f8", (BOOKS,)),
        ("unread", "f8", (VENUES, VENUES)),
        ("gap_sum", "f8", (BOOKS,)),
        ("gap_count", "i8", (BOOKS,)),
        ("basis", "f8", (BOOKS,)),
        ("tick_usd", "f8", (BOOKS,)),
        ("open", "i4", (BOOKS,)),
        ("high", "i4", (BOOKS,)),
        ("low", "i4", (BOOKS,)),
        ("close", "i4", (BOOKS,)),
        ("books", BOOK, (BOOKS,)),
        ("levels", LEVEL, (BOOKS, 2, TICKS)),
        ("orders", ORDER, (BOOKS, SLOTS)),
        ("words", "u8", (BOOKS, 2, words_for(TICKS))),
        ("noise_count", "i4", (BOOKS,)),
        ("noise_slots", "i4", (BOOKS, NOISE_ORDERS)),
        ("noise_place", "i4", (BOOKS, SLOTS)),
        ("maker_slots", "i4", (BOOKS, MAKERS, 2 * MAKER_LEVELS)),
        ("maker_ids", "i8", (BOOKS, MAKERS, 2 * MAKER_LEVELS)),
        ("maker_quotes", "i4", (BOOKS, MAKERS, 2)),
        ("positions", "i8", (BOOKS, ACCOUNTS)),
        ("endowments", "i8", (BOOKS, NOISE_ACCOUNTS)),
        ("cash", "i8", (BOOKS, ACCOUNTS)),
        ("pair_lots", "i8", (MOST_PAIRS,)),
        ("kind", "i1", (ACCOUNTS,)),
        ("exempt", "i1", (ACCOUNTS,)),
        ("clients", "i8", (ACCOUNTS,)),
        ("suspended", "i1", (ACCOUNTS,)),
        ("position_limit_lots", "i8", (BOOKS,)),
        ("opening_limit_lots", "i8", (BOOKS,)),
        ("persons_out", "i1", (BOOKS,)),
        ("closing_only", "i1", (BOOKS,)),
        ("opened_lots", "i8", (BOOKS, ACCOUNTS)),
        ("refused", "i8", (BOOKS, REFUSALS)),
        ("class_lots", "i8", (BOOKS, len(Class))),
        ("mid_half_ticks", "i8", (BOOKS,)),
        ("opening", "i4", (BOOKS,)),
        ("credited", "i8", (BOOKS, SETTERS)),
        ("moved", "i8", (BOOKS, SETTERS, ORIGINS)),
        ("fill_count", "i8"),
        ("fills", FILL, (FILLS,)),
    ],
    align=True,
)
"""The whole fast world. Cash is in tick x lot, positions in lots.

`kind` is a participant's type (exchange/clearing/rules.py), `clients` how many an account stands for, `exempt` marks
hedging, arbitrage and market making, which limits leave alone. A limit of NO_LIMIT is none. `opened_lots` counts what
a day opened, `refused` the orders that a limit refused or cut, by the code of exchange/clearing/entry.py."""

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
