"""Shocks and levers that strike the crude venues themselves: hours, programmes of orders, news.

Those of the physical worlds stand beside them (agents/crude/levers.py, agents/gas/shocks.py). Here is also the union of
all kinds that a scenario file may list.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agents.clearing.parameters import Choice
from agents.crude.levers import (
    DeliveryBaseExpansion,
    FreightPath,
    FreightSpike,
    LoadOutCut,
    LocalBuying,
    ReferenceAdoption,
    StraitClosure,
)
from agents.gas.shocks import GasEvent
from agents.shocks import Event

VenueName = Literal["sc", "oman", "brent"]


class NightSessionSuspension(Event):
    """Hold no night session at INE for a number of trading days."""

    kind: Literal["night_session_suspension"]
    duration_trading_days: int = Field(ge=1)


class BuyingProgramme(Event):
    """Let an execution agent buy at a venue (or sell, when `lots` is negative), spread evenly over minutes."""

    kind: Literal["buying_programme"]
    venue: VenueName
    lots: int = Field(description="bought in all; negative is sold")
    start_minute: int = Field(ge=0, le=1439, description="minute of the Shanghai day, 570 is 09:30")
    duration_minutes: int = Field(ge=1, le=600)


class CrudeNews(Event):
    """Let one piece of permanent news be seen first at a venue."""

    kind: Literal["crude_news"]
    venue: VenueName
    size_bps: float = Field(ge=-5000, le=5000)
    minute: int = Field(ge=0, le=1439, description="minute of the Shanghai day")


class OverseasAccess(Event):
    """Open SC wider to overseas accounts from a trading day on, or less wide.

    Their informed orders and their part of the arbitrage capital between SC and the world are `participation_multiple`
    times what they were; capital in dollars counts less the haircut; `band_bps` is the gain at which arbitrage pays
    after access, currency and collateral. Their part of a class's orders follows.
    """

    kind: Literal["overseas_access"]
    participation_multiple: float = Field(ge=0, le=20)
    band_bps: float = Field(ge=0, le=200)
    fx_haircut_percent: int = Field(ge=0, le=100, description="5 by the rules of SC")


class CornerAttempt(Event):
    """Let one owner buy most of the month that expires next and stand for its oil, with finite capital.

    Its accounts are held to a client's limits each; margin calls are paid from the capital and what clients have.
    """

    kind: Literal["corner"]
    lots: int = Field(gt=0, description="to be bought in all")
    buying_trading_days: int = Field(ge=1, le=40)
    clients: int = Field(ge=1, le=10_000, description="accounts under one control")
    capital_mn_cny: float = Field(gt=0)
    ask_over_spot_percent: float = Field(
        ge=0, le=100, description="at which it sells back in the month's last days"
    )


class RuleChange(Event):
    """Trade SC, or LU, under other rules from a trading day on, until the end.

    `rules` names keys of its rulebook (`yangshan rules show sc`), as price_limit_percent = 5; what it does not name
    stays as it was on each day.
    """

    kind: Literal["rule_change"]
    product: Literal["sc", "lu"] = "sc"
    rules: dict[str, Any] = Field(min_length=1)


class EarlyWarningControl(Event):
    """Let an early-warning controller tighten the rules of INE's products from a trading day on, until the end.

    Each level of warning adds points to margin and limit, and halves a client's opening cap; thresholds are those of
    `clearing.warning`. A size that is left out stays as there; a reading is calm below half of a threshold given here.
    """

    kind: Literal["early_warning"]
    margin_points: int | None = Field(default=None, ge=0, le=50)
    limit_points: int | None = Field(default=None, ge=0, le=50)
    opening_lots: int | None = Field(default=None, ge=1, description="a client's cap of a day at level 1")
    levels: int | None = Field(default=None, ge=1, le=20)
    gap_warns_from: float | None = Field(default=None, gt=0, description="|settlement / previous - 1|")
    volatility_warns_from: float | None = Field(default=None, gt=0, description="annualised")


class LockedDaysPolicy(Event):
    """Let the exchange choose otherwise after a third day locked the same way, from a trading day on."""

    kind: Literal["after_locked_days"]
    choice: Choice


VenueEvent = (
    NightSessionSuspension
    | BuyingProgramme
    | CrudeNews
    | RuleChange
    | OverseasAccess
    | EarlyWarningControl
    | LockedDaysPolicy
    | CornerAttempt
)
CrudeEvent = (
    DeliveryBaseExpansion
    | FreightPath
    | FreightSpike
    | StraitClosure
    | LoadOutCut
    | LocalBuying
    | ReferenceAdoption
)

AnyEvent = Annotated[VenueEvent | CrudeEvent | GasEvent, Field(discriminator="kind")]
"""Any shock or lever, told apart by `kind`."""
