"""What the trader population is told: rates, sizes, learning speeds, news and capital.

Figures stand in the scenario library; here are their names, units and bounds.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from exchange.clearing.codes import Participant
from exchange.parameters import Parameters

Hours = tuple[float, ...]


class OverseasShares(Parameters):
    """The parts of each class's orders that have an overseas owner. They name owners and move no price."""

    noise: float = Field(ge=0, le=1)
    makers: float = Field(ge=0, le=1)
    informed: float = Field(ge=0, le=1, description="of anchored traders too")
    arbitrage: float = Field(ge=0, le=1)


class VenueTraders(Parameters):
    """The traders of one venue. Rates are per second at activity 1; ticks and lots are the venue's own."""

    noise_limit_per_s: float = Field(ge=0, le=1000)
    noise_market_per_s: float = Field(ge=0, le=1000)
    noise_order_life_s: float = Field(gt=0, description="mean time until a resting order is cancelled")
    noise_mean_lots: float = Field(ge=1, le=500)
    noise_mean_distance_ticks: float = Field(ge=1, le=100, description="from the opposite best price")
    imbalance_sd: float = Field(
        default=0.0, ge=0, le=0.4, description="of the share of buys among market orders"
    )
    imbalance_half_life_minutes: float = Field(default=30.0, gt=0)
    maker_looks_per_s: float = Field(ge=0, le=1000)
    maker_half_spread_ticks: float = Field(gt=0, le=100)
    maker_lots_per_level: int = Field(ge=1, le=500)
    maker_skew_ticks_per_lot: float = Field(ge=0, le=1)
    impact_bps_per_lot: float = Field(ge=0, le=10, description="what makers learn from one lot of flow")
    informed_per_s: float = Field(ge=0, le=1000)
    informed_threshold_ticks: float = Field(ge=0, le=1000)
    informed_lots_per_tick: float = Field(ge=0, le=100)
    informed_most_lots: int = Field(ge=0, le=500)
    informed_capital_lots: int = Field(ge=0, description="most that they hold of a book, long or short")
    informed_tape_share: float = Field(
        ge=0, le=1, description="share of others' impact that informed traders believe"
    )
    own_learning_half_life_hours: float | None = Field(default=None, gt=0)
    anchored_share: float = Field(
        ge=0, le=1, description="share of informed traders who know all news after a delay"
    )
    activity_by_hour: Hours = Field(
        min_length=24, max_length=24, description="Shanghai wall clock, 1 is normal"
    )
    open_interest_lots: int = Field(ge=0, description="holdings of the noise accounts at the start")
    overseas: OverseasShares


class CrossLearning(Parameters):
    """How a venue's traders learn from another venue's tape.

    `x_follows_y` is the share of y's own moves (its public news, its trades but arbitrage) that traders at x take over,
    as they read them with `tape_half_life_seconds`; `x_from_y_half_life_minutes`
    closes what remains of the gap after the basis, and is left out where nobody does that.
    """

    tape_half_life_seconds: float = Field(default=10.0, gt=0)
    sc_follows_oman: float = Field(default=0.0, ge=0, le=1)
    sc_follows_brent: float = Field(default=0.0, ge=0, le=1)
    oman_follows_sc: float = Field(default=0.0, ge=0, le=1)
    oman_follows_brent: float = Field(default=0.0, ge=0, le=1)
    brent_follows_sc: float = Field(default=0.0, ge=0, le=1)
    brent_follows_oman: float = Field(default=0.0, ge=0, le=1)
    sc_from_oman_half_life_minutes: float | None = Field(default=None, gt=0)
    sc_from_brent_half_life_minutes: float | None = Field(default=None, gt=0)
    oman_from_sc_half_life_minutes: float | None = Field(default=None, gt=0)
    oman_from_brent_half_life_minutes: float | None = Field(default=None, gt=0)
    brent_from_sc_half_life_minutes: float | None = Field(default=None, gt=0)
    brent_from_oman_half_life_minutes: float | None = Field(default=None, gt=0)


class News(Parameters):
    """Permanent news: its yearly volatility and the venues at which its streams enter."""

    volatility_annual: float = Field(ge=0, le=3, description="of a day of median volatility, as a run begins")
    china_share: float = Field(ge=0, le=1, description="of the variance; first seen at SC while SC is open")
    gulf_share: float = Field(ge=0, le=1, description="of the variance; first seen at Oman")
    public_share: float = Field(
        default=0.0, ge=0, le=1, description="of news, that makers of its venue see at once"
    )
    activity_by_hour: Hours = Field(min_length=24, max_length=24)
    china_activity_by_hour: Hours = Field(min_length=24, max_length=24)
    weekend_activity: float = Field(ge=0, le=1, description="news of a weekend's hour beside a weekday's")
    jumps_per_day: float = Field(ge=0, le=1000)
    jump_scale: float = Field(ge=0, description="jump size in standard deviations of one second")
    volatility_persistence_hourly: float = Field(ge=0, lt=1)
    volatility_shock_hourly: float = Field(ge=0, le=2)
    anchored_delay_minutes: int = Field(ge=1, le=1439)

    @model_validator(mode="after")
    def _shares_add_up(self) -> News:
        if self.china_share + self.gulf_share > 1:
            raise ValueError("china_share + gulf_share must be 1 or less; the rest is world news")
        return self


class ArbitragePair(Parameters):
    """Arbitrageurs between two venues."""

    capital_lots: int = Field(ge=0, description="largest position on each leg; 0 is no arbitrage")
    slice_lots: int = Field(ge=1, le=500)
    band_bps: float = Field(ge=0, description="gain after the basis beyond which they enter")
    exit_bps: float = Field(
        description="gain of closing beyond which they leave; below 0 is a cost they bear"
    )


class Arbitrage(Parameters):
    """The three pairs."""

    sc_oman: ArbitragePair
    sc_brent: ArbitragePair
    oman_brent: ArbitragePair


Table = tuple[tuple[float, float], ...]


class Curve(Parameters):
    """How delivery months of INE's products trade beside each other.

    A month's activity and open interest, as parts of the main month's at their height, are straight lines between
    points (trading days to its last one, part). Makers of a further month read the main month's price; calendar-spread
    arbitrageurs trade each pair of neighbours and leave a month that is about to expire.
    """

    sc_active_months: int = Field(
        ge=1, le=8, description="nearest months with a book; 1 is the main one alone"
    )
    lu_active_months: int = Field(ge=0, le=2)
    lu_usd_per_tonne_over_brent: float = Field(
        gt=0, description="a tonne of LU over a barrel of Brent, in calm times"
    )
    activity: Table = Field(min_length=2)
    open_interest: Table = Field(min_length=2)
    follows_main_half_life_seconds: float = Field(gt=0)
    half_spread_multiple: float = Field(ge=1, description="of a further month, over the main one's")
    spread_capital_lots: int = Field(ge=0, description="largest position of each pair of neighbours, a leg")
    spread_slice_lots: int = Field(ge=1, le=500)
    spread_band_bps: float = Field(ge=0)
    spread_exit_bps: float
    spread_exit_trading_days: int = Field(ge=1, description="before the last trading day of the nearer month")
    leaving_maker_lots: int = Field(
        ge=1,
        description="beyond which a maker no longer quotes the side that adds to it, in a month that it leaves",
    )
    closing_only_trading_days: int = Field(
        ge=0,
        description="last days of a month in which accounts without oil only close, and nobody makes a market",
    )

    @model_validator(mode="after")
    def _tables_rise(self) -> Curve:
        for name in ("activity", "open_interest"):
            days = [point[0] for point in getattr(self, name)]
            if days != sorted(set(days)):
                raise ValueError(f"{name}: trading days must rise")
            if min(part for _, part in getattr(self, name)) < 0:
                raise ValueError(f"{name}: parts must not be negative")
        return self

    def part(self, name: Literal["activity", "open_interest"], days_left: int) -> float:
        """Return a month's activity or open interest, as a part of the main month's at its height."""
        days, parts = zip(*getattr(self, name), strict=True)
        return float(np.interp(days_left, days, parts))


class ParticipantParts(Parameters):
    """One kind's parts of the orders without information and of the open interest."""

    volume: float = Field(ge=0, le=1)
    open_interest: float = Field(ge=0, le=1)


class Participants(Parameters):
    """The kinds of accounts that trade without information. Their parts add up to 1."""

    clients_per_account: int = Field(
        ge=1, description="clients for whom an account stands; limits are a client's"
    )
    individual: ParticipantParts
    firm: ParticipantParts
    fund: ParticipantParts
    overseas: ParticipantParts

    @model_validator(mode="after")
    def _parts_add_up(self) -> Participants:
        for name in ("volume", "open_interest"):
            if abs(sum(getattr(parts, name) for _, parts in self.kinds()) - 1) > 1e-9:
                raise ValueError(f"{name}: the parts of the four kinds must add up to 1")
        return self

    def kinds(self) -> tuple[tuple[Participant, ParticipantParts], ...]:
        """Return each kind with its parts."""
        return (
            (Participant.INDIVIDUAL, self.individual),
            (Participant.FIRM, self.firm),
            (Participant.FUND, self.fund),
            (Participant.OVERSEAS, self.overseas),
        )


class TraderParameters(Parameters):
    """The whole population."""

    premium_half_life_days: float = Field(
        gt=0, description="trading days until half of a lasting gap of SC counts as its normal premium"
    )
    sc: VenueTraders
    oman: VenueTraders
    brent: VenueTraders
    lu: VenueTraders
    curve: Curve
    participants: Participants
    cross_learning: CrossLearning
    news: News
    arbitrage: Arbitrage
