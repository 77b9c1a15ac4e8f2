"""Compiling the population's kernels ahead of time, so that no world waits and workers find the cache."""

from __future__ import annotations

import numpy as np

from agents.traders.kernel import session
from agents.traders.state import FAR_NS, SAMPLE, SLOTS, STATE, TICKS
from exchange.records import TRADE


def warm_up() -> None:
    """Call every kernel that Python calls once, on an empty state."""
    state = np.zeros(1, STATE)[0]
    state["next_ns"][:] = FAR_NS
    state["count"] = len(state["books"])
    for venue in range(len(state["books"])):
        state["books"][venue]["ticks"] = TICKS
    trades, samples = np.zeros(SLOTS + 1, TRADE), np.zeros(2, SAMPLE)
    for venue in range(len(state["books"])):
        session.empty_book(state, venue)
        session.set_phase(state, venue, 0, trades)
        session.external(state, 0, venue, 0, 0, 1, False, trades)
    session.advance(state, 1, trades, samples, 0, 1_000_000_000, 1.0)
