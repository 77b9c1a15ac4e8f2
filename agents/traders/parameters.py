"""What the trader population is told: rates, sizes, learning speeds, news and capital.

Figures stand in the scenario library; here are their names, units and bounds.
"""

from __future__ import annotations

from pydantic import Field, model_validator

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


class TraderParameters(Parameters):
    """The whole population."""

    premium_half_life_days: float = Field(
        gt=0, description="trading days until half of a lasting gap of SC counts as its normal premium"
    )
    sc: VenueTraders
    oman: VenueTraders
    brent: VenueTraders
    cross_learning: CrossLearning
    news: News
    arbitrage: Arbitrage
