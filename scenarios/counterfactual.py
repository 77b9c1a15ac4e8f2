"""A counterfactual of a scenario: what was changed by events is taken as given, and one thing is made otherwise.

A scenario file names its own under `[counterfactuals.NAME]`. Taken as given, its shocks and levers strike both arms;
the changed arm alone has the levers of the counterfactual.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from exchange.parameters import Parameters
from scenarios.levers import AnyEvent
from scenarios.tomlfile import BadInput, did_you_mean


class Counterfactual(Parameters):
    """Ask one question of an episode: what if these levers had been pulled, and all else had been as it was."""

    title: str
    levers: tuple[AnyEvent, ...] = Field(min_length=1)


def what_if(scenario: str, values: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the values of a checked scenario as those of its counterfactual. Raises BadInput for an unknown name."""
    known = values.get("counterfactuals", {})
    if name not in known:
        there = f"Counterfactuals of {scenario}: {', '.join(known) or 'none'}"
        raise BadInput(
            [f"--counterfactual {name}: no such one{did_you_mean(name, list(known)) or '.'} {there}"]
        )
    asked = known[name]
    given = [*values.get("conditions", []), *values.get("shocks", []), *values.get("levers", [])]
    kept = {key: value for key, value in values.items() if key not in ("counterfactuals", "shocks", "levers")}
    title = f"{values['title']}: what if {asked['title']}"
    return kept | {"title": title, "conditions": given, "levers": asked["levers"]}
