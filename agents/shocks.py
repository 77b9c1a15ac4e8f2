"""The base of all shocks and levers: something that a scenario switches, sizes and dates.

Shocks are what the world does (an outage, a cold wave); levers are what policy does (hours, capacity). Each domain
declares its own kinds beside its model; the scenario file lists them under `[[shocks]]` and `[[levers]]`.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from exchange.parameters import Parameters


class Triangle(BaseModel):
    """A triangular distribution: what a figure may be, and what it is most likely to be."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float
    central: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> Triangle:
        if not (self.low <= self.central <= self.high and self.low < self.high):
            raise ValueError("low <= central <= high and low < high must hold")
        return self

    def draw(self, rng: np.random.Generator) -> float:
        """Return a value from low to high."""
        return float(rng.triangular(self.low, self.central, self.high))


class Event(Parameters):
    """Date a change of the world.

    `start_day` counts trading days after the first trading day of the scenario (0 is that day itself). Where figures
    are to be drawn, the written ones stand only until the world is built.
    """

    start_day: int = Field(ge=0, description="trading days after the start")
    drawn: dict[str, Triangle] | None = Field(
        default=None, description="figures drawn anew for each world, as {low, central, high}"
    )

    @model_validator(mode="after")
    def _draws_are_possible(self) -> Self:
        """Hold the ends of each distribution to the limits of its figure."""
        for key, triangle in (self.drawn or {}).items():
            if key == "start_day" or not isinstance(getattr(self, key, None), int | float):
                raise ValueError(f"drawn.{key}: is no figure of this kind that can be drawn")
            for end in (triangle.low, triangle.high):
                self._with({key: end})
        return self

    def realised(self, rng: np.random.Generator) -> Self:
        """Return the event with its figures drawn, in the order of their names; whole numbers are rounded."""
        drawn = self.drawn or {}
        return self._with({key: drawn[key].draw(rng) for key in sorted(drawn)})

    def _with(self, figures: dict[str, float]) -> Self:
        values = self.model_dump(exclude={"drawn"})
        values |= {
            key: round(value) if isinstance(values[key], int) else value for key, value in figures.items()
        }
        return type(self).model_validate(values)
