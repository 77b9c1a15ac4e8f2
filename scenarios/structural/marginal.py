"""The marginal price setter: whose orders moved a venue's mid, by class of trader and by origin of the owner.

It reads what the kernel booked (agents/traders/kernel/setters.py). Who moves the price is not who learnt something
first: makers set most quotes, and follow.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from agents.traders.state import OPENING, Class
from exchange.codes import Phase, Venue
from exchange.units import NS_PER_MINUTE, log_return_to_bps
from scenarios.results import Column
from scenarios.world import NAMES, World

SETTERS: Final[dict[str, tuple[int, ...]]] = {
    "noise": (Class.NOISE_LIMIT, Class.NOISE_MARKET, Class.NOISE_CANCEL),
    "makers": (Class.MAKER,),
    "informed": (Class.INFORMED,),
    "anchored": (Class.ANCHORED,),
    "arbitrage": (Class.ARBITRAGE,),
    "physical": (Class.EXTERNAL,),
    "opening": (OPENING,),
}
"""Who can set the price: classes of traders, the physical ones together, and the first quotes of a session."""

ORIGINS: Final = ("domestic", "overseas")
STEP_MINUTES: Final = 5

COLUMNS = {
    "setter": Column(
        "", "class of trader; opening: the first quotes of a session; physical: importers and the like"
    ),
    "origin": Column(
        "", "of the owner of the order: domestic or overseas; openings have none and count as domestic"
    ),
    "share": Column("share", "of the variance of five-minute changes of the mid (openings as one change)"),
}
"""Documentation of the columns of `marginal_setter`."""


def marginal_setter(world: World, step_minutes: int = STEP_MINUTES) -> pd.DataFrame:
    """Return each setter's share in the variance of a venue's price changes: venue, setter, origin, share.

    With m_ct what the orders of c moved the mid in step t, and D_t = sum_c m_ct its whole change,
    share_c = sum_t m_ct D_t / sum_t D_t^2. The shares add up to 1; one is below 0 where a setter's orders push the mid
    back. Steps are clock steps at whose ends the venue is quoted; a break is one step. Source of the decomposition by
    order: Brogaard, Hendershott and Riordan (2019), J. Finance 74:1621.
    """
    samples = world.population.samples()
    rows = []
    for venue in Venue:
        moved = _moved(samples, venue, step_minutes)
        change = moved.sum(axis=(1, 2))
        total = float(change @ change)
        for name, codes in SETTERS.items():
            for k, origin in enumerate(ORIGINS):
                part = moved[:, list(codes), k].sum(axis=1)
                rows.append((NAMES[venue], name, origin, float(part @ change) / total if total else np.nan))
    return pd.DataFrame(rows, columns=["venue", "setter", "origin", "share"])


def moved_bps(samples: np.ndarray[Any, Any], venue: Venue) -> pd.DataFrame:
    """Return how far each setter has moved a venue's log mid since the start, in bps: index at_ns, columns SETTERS.

    Half ticks are turned into logs at the mid of the first quoted moment; for the moves of some days that is exact
    enough (a move of 3 % is 1.5 % off).
    """
    quoted = _quoted(samples, venue)
    rows = samples[quoted]
    start = (rows["bid"][0, venue] + rows["ask"][0, venue]) / 2 if len(rows) else np.nan
    half_tick_bps = log_return_to_bps(0.5 / start)
    moved = rows["moved"][:, venue].sum(axis=2) * half_tick_bps
    columns = {name: moved[:, list(codes)].sum(axis=1) for name, codes in SETTERS.items()}
    return pd.DataFrame(columns, index=pd.Index(rows["at_ns"], name="at_ns"))


def _moved(samples: np.ndarray[Any, Any], venue: Venue, step_minutes: int) -> np.ndarray[Any, Any]:
    """Return what each setter and origin moved in each step: (step, setter, origin), in half ticks."""
    on_clock = samples["at_ns"] % (step_minutes * NS_PER_MINUTE) == 0
    at_steps = samples[on_clock & _quoted(samples, venue)]
    return np.diff(at_steps["moved"][:, venue].astype(np.float64), axis=0)


def _quoted(samples: np.ndarray[Any, Any], venue: Venue) -> np.ndarray[Any, Any]:
    open_ = samples["phase"][:, venue] == Phase.CONTINUOUS
    both = (samples["bid_quantity"][:, venue] > 0) & (samples["ask_quantity"][:, venue] > 0)
    return np.asarray(open_ & both)
