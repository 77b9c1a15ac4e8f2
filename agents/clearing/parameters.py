"""What the clearing of a running market is told: capital and conduct of accounts, funds, and the exchange's choices.

Figures stand in the scenario library; here are their names, units and bounds. Margins, limits and fees are no
parameters: they are the rulebook's.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from exchange.clearing.ladder import AfterThird
from exchange.clearing.rules import Participant
from exchange.clearing.warning import Threshold, WarningRule
from exchange.parameters import Parameters

Choice = Literal["trade_on", "halt_and_return", "reduce", "halt_and_reduce"]


def after_third(choice: Choice) -> AfterThird:
    """Return what the exchange does after a third locked day, by its name."""
    return AfterThird[choice.upper()]


class Means(Parameters):
    """The money of one kind of account, and whether a call is paid.

    Capital = `capital_cny_per_client` x clients + `capital_over_margin` x margin of the positions that it begins with,
    times a factor of the account's own (`capital_log_sd`), and never less than 1.1 x that margin.
    A call is paid from wealth outside with `pays_probability`, up to `wealth_over_capital` x capital in all.
    """

    capital_over_margin: float = Field(ge=0, le=1000)
    capital_cny_per_client: float = Field(ge=0, le=1e12)
    pays_probability: float = Field(ge=0, le=1)
    wealth_over_capital: float = Field(ge=0, le=1e6)


class EarlyWarning(Parameters):
    """The early-warning controller: from which readings it warns, and what a level changes (0 of a size: nothing).

    A reading warns from `..._warns_from` on and is calm below `..._calm_below`; see exchange/clearing/warning.py.
    """

    enabled: bool
    volatility_warns_from: float = Field(gt=0, description="annualised, of daily settlements")
    volatility_calm_below: float = Field(gt=0)
    interest_growth_warns_from: float = Field(gt=0, description="open interest over its own mean, less 1")
    interest_growth_calm_below: float = Field(gt=0)
    gap_warns_from: float = Field(gt=0, description="|settlement / previous - 1|")
    gap_calm_below: float = Field(gt=0)
    half_life_trading_days: float = Field(gt=0)
    levels: int = Field(ge=1, le=20)
    calm_days: int = Field(ge=1)
    margin_points: int = Field(ge=0, le=50)
    limit_points: int = Field(ge=0, le=50)
    opening_lots: int | None = Field(default=None, ge=1, description="a client's cap of a day at level 1")
    largest_limit_percent: int = Field(ge=1, le=100)

    @model_validator(mode="after")
    def _calm_is_below(self) -> EarlyWarning:
        for name in ("volatility", "interest_growth", "gap"):
            if getattr(self, f"{name}_calm_below") > getattr(self, f"{name}_warns_from"):
                raise ValueError(f"{name}_calm_below must not be above {name}_warns_from")
        return self

    def rule(self) -> WarningRule:
        """Return the controller's rule."""
        thresholds = {
            name: Threshold(getattr(self, f"{name}_warns_from"), getattr(self, f"{name}_calm_below"))
            for name in ("volatility", "interest_growth", "gap")
        }
        return WarningRule(
            self.enabled,
            **thresholds,
            volatility_half_life_days=self.half_life_trading_days,
            levels=self.levels,
            calm_days=self.calm_days,
            margin_points=self.margin_points,
            limit_points=self.limit_points,
            opening_lots=self.opening_lots,
            largest_limit_percent=self.largest_limit_percent,
        )


class ShortCustoms(Parameters):
    """What shorts without oil, and their brokers, do before they must deliver or are closed."""

    cover_trading_days: int = Field(
        ge=0, description="last days over which they leave by themselves, as many on each; 0: all stay"
    )
    lead_trading_days: int = Field(
        ge=0, description="the same days before the rule on shorts looks, where it is in force"
    )
    cover_part: float = Field(ge=0, le=1, description="of brokers, who close their clients in these days")
    default_charge_percent: float = Field(
        ge=0, le=100, description="of value, what a broker takes of a client who does not deliver"
    )


class ClearingParameters(Parameters):
    """The clearing of INE's products in a world with order flow."""

    enabled: bool = Field(
        description="false: nobody pays margin, and expired months leave at their last price"
    )
    brokers: int = Field(ge=1, le=10_000, description="members whose clients the accounts are, in turn")
    capital_log_sd: float = Field(ge=0, le=2, description="of accounts of a kind around its capital, in logs")
    renewal_trading_days: float = Field(
        ge=1,
        description="in each, this part of what an account lacks to its capital is paid in by new clients",
    )
    overseas_dollar_part: float = Field(ge=0, le=1, description="of an overseas account's capital")
    forced_lots_per_minute: int = Field(ge=1, le=500, description="of a month and side, sent each minute")
    persons_leave_trading_days: int = Field(
        ge=0, le=60, description="before individuals have to be out of a month, they begin to leave it"
    )
    after_third_locked_day: Choice
    member_own_cny: float = Field(ge=0, description="a broker's own capital for its clients' losses")
    guarantee_cny: float = Field(ge=0, description="a broker's part of the guarantee fund")
    reserve_cny: float = Field(ge=0, description="the exchange's risk reserve")
    capital_cny: float = Field(ge=0, description="the exchange's own capital")
    individual: Means
    firm: Means
    fund: Means
    overseas: Means
    member: Means
    shorts: ShortCustoms
    warning: EarlyWarning

    def means(self, kind: Participant) -> Means:
        """Return the means of a kind of account."""
        found: Means = getattr(self, kind.name.lower())
        return found
