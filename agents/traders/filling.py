"""What declared parameters become in the state record: rates, shares and weights, written into arrays.

It draws nothing but the weights of the noise accounts, and knows no book.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from agents.traders.parameters import Participants, TraderParameters, VenueTraders
from agents.traders.state import NO_LIMIT, NOISE_ACCOUNTS, NOISE_ORDERS, VENUES, Class, Stream
from exchange.codes import Venue

Array = np.ndarray[Any, np.dtype[Any]]
_SECONDS_PER_DAY = 86_400
_TRADING_DAYS_PER_YEAR = 243


def _per_second(half_life_s: float | None) -> float:
    return 0.0 if half_life_s is None else 1.0 - 0.5 ** (1.0 / half_life_s)


def fill_parameters(p: Any, parameters: TraderParameters) -> None:
    """Write the declared parameters into the record that kernels read."""
    curve = parameters.curve
    further = curve.sc_active_months - 1
    names = [*(venue.name.lower() for venue in Venue), *["sc"] * further, *["lu"] * curve.lu_active_months]
    for venue, name in enumerate(names):
        told: VenueTraders = getattr(parameters, name)
        for key in ("noise_limit_per_s", "noise_market_per_s", "maker_half_spread_ticks",
                    "maker_skew_ticks_per_lot", "informed_per_s", "informed_threshold_ticks", "informed_lots_per_tick",
                    "informed_most_lots", "informed_capital_lots", "anchored_share", "imbalance_sd"):  # fmt: skip
            p[key][venue] = getattr(told, key)
        p["imbalance_persistence"][venue] = 0.5 ** (1.0 / told.imbalance_half_life_minutes)
        p["noise_cancel_per_s"][venue] = NOISE_ORDERS / told.noise_order_life_s
        p["noise_lots"][venue] = told.noise_mean_lots
        p["noise_distance_ticks"][venue] = told.noise_mean_distance_ticks
        p["maker_per_s"][venue] = told.maker_looks_per_s
        p["maker_lots"][venue] = told.maker_lots_per_level
        p["impact_per_lot"][venue] = told.impact_bps_per_lot * 1e-4
        p["tape_share"][venue] = told.informed_tape_share
        hours = told.own_learning_half_life_hours
        p["own_learning_per_s"][venue] = _per_second(None if hours is None else hours * 3600)
        p["activity"][venue] = told.activity_by_hour
        p["overseas_share"][venue, : Class.MAKER] = told.overseas.noise
        p["overseas_share"][venue, Class.MAKER] = told.overseas.makers
        p["overseas_share"][venue, [Class.INFORMED, Class.ANCHORED]] = told.overseas.informed
        p["overseas_share"][venue, Class.ARBITRAGE] = told.overseas.arbitrage
    for venue in Venue:
        for other in Venue:
            if other is not venue:
                key = f"{venue.name.lower()}_follows_{other.name.lower()}"
                p["cross_following"][venue, other] = getattr(parameters.cross_learning, key)
                key = f"{venue.name.lower()}_from_{other.name.lower()}_half_life_minutes"
                minutes = getattr(parameters.cross_learning, key)
                p["cross_learning_per_s"][venue, other] = _per_second(
                    None if minutes is None else minutes * 60
                )
    main_lu = VENUES + further
    for book in range(VENUES, len(names)):
        followed = int(Venue.SC) if names[book] == "sc" else int(Venue.BRENT) if book == main_lu else main_lu
        p["cross_learning_per_s"][book, followed] = _per_second(curve.follows_main_half_life_seconds)
    news = parameters.news
    p["maker_most_lots"][:] = NO_LIMIT
    p["anchored_delay_minutes"] = news.anchored_delay_minutes
    shares = {Stream.CHINA: news.china_share, Stream.GULF: news.gulf_share}
    shares[Stream.WORLD] = 1.0 - news.china_share - news.gulf_share
    homes = {Stream.WORLD: Venue.BRENT, Stream.CHINA: Venue.SC, Stream.GULF: Venue.OMAN}
    p["news_public_share"] = news.public_share
    p["weekend_activity"] = news.weekend_activity
    p["tape_reading_per_s"] = _per_second(parameters.cross_learning.tape_half_life_seconds)
    jump_variance = news.jumps_per_day * news.jump_scale**2 / _SECONDS_PER_DAY
    daily_sd = news.volatility_annual / math.sqrt(_TRADING_DAYS_PER_YEAR)
    daily_sd /= math.sqrt(1.0 + jump_variance)
    for stream in Stream:
        profile = np.array(news.china_activity_by_hour if stream is Stream.CHINA else news.activity_by_hour)
        p["news_activity"][stream] = profile / profile.mean()
        p["news_sd_per_root_s"][stream] = daily_sd * math.sqrt(shares[stream] / _SECONDS_PER_DAY)
        p["news_home"][stream] = homes[stream]
    p["jump_per_s"] = news.jumps_per_day / _SECONDS_PER_DAY
    p["jump_scale"] = news.jump_scale
    p["volatility_persistence"] = news.volatility_persistence_hourly
    p["volatility_shock"] = news.volatility_shock_hourly
    for pair, name in enumerate(("sc_oman", "sc_brent", "oman_brent")):
        told_pair = getattr(parameters.arbitrage, name)
        p["arbitrage_most_lots"][pair] = told_pair.capital_lots
        p["arbitrage_slice_lots"][pair] = told_pair.slice_lots
        p["arbitrage_band"][pair] = told_pair.band_bps * 1e-4
        p["arbitrage_exit"][pair] = told_pair.exit_bps * 1e-4


def participants(told: Participants) -> Array:
    """Return the kind of each noise account: as many of a kind as its part of orders, each long beside a short one."""
    half = NOISE_ACCOUNTS // 2
    ends = np.round(np.cumsum([parts.volume for _, parts in told.kinds()]) * half).astype(int)
    kinds = [int(kind) for kind, _ in told.kinds()]
    return np.repeat(np.array(kinds, np.int8)[np.searchsorted(ends, np.arange(half), side="right")], 2)


def holding_weights(told: Participants, rng: np.random.Generator) -> Array:
    """Draw what part of open interest each noise account holds: even accounts long, odd ones short, each side 1."""
    kinds, result = participants(told), np.zeros(NOISE_ACCOUNTS)
    for k, sign in enumerate((1, -1)):
        drawn = rng.dirichlet(np.ones(NOISE_ACCOUNTS // 2))
        side = kinds[k::2]
        for kind, parts in told.kinds():
            mine = side == kind
            drawn[mine] *= parts.open_interest / drawn[mine].sum()
        result[k::2] = sign * drawn
    return result
