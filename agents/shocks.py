"""The base of all shocks and levers: something that a scenario switches, sizes and dates.

Shocks are what the world does (an outage, a cold wave); levers are what policy does (hours, capacity). Each domain
declares its own kinds beside its model; the scenario file lists them under `[[shocks]]` and `[[levers]]`.
"""

from __future__ import annotations

from pydantic import Field

from exchange.parameters import Parameters


class Event(Parameters):
    """Date a change of the world.

    `start_day` counts trading days after the first trading day of the scenario (0 is that day itself).
    """

    start_day: int = Field(ge=0, description="trading days after the start")
