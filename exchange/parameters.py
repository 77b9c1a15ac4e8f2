"""The base of every table of figures: frozen, unknown keys refused, and each figure with its source.

It is not a place for figures: those stand in TOML, in the rulebook and in the scenario library.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator, model_validator


class Parameters(BaseModel):
    """Hold one table of figures and say where they come from.

    `source` is one sentence for the whole table, or a table with an entry for each key. A figure that nobody
    measured says "assumption". Units stand at the end of each key's name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    source: str | dict[str, str]

    @field_validator("source")
    @classmethod
    def _source_is_said(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        texts = [value] if isinstance(value, str) else list(value.values())
        if not texts or not all(text.strip() for text in texts):
            raise ValueError("must name a source, or say 'assumption'")
        return value

    @model_validator(mode="after")
    def _each_figure_has_a_source(self) -> Parameters:
        if isinstance(self.source, dict):
            for key in self.source:
                if key not in type(self).model_fields:
                    raise ValueError(f"source names '{key}', which is no key of this table")
            missing = [name for name, value in self if _is_figure(value) and name not in self.source]
            if missing:
                raise ValueError(f"no source for {', '.join(missing)}")
        return self


def _is_figure(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return True
    return isinstance(value, tuple | list) and any(_is_figure(item) for item in value)
