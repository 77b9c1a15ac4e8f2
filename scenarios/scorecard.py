"""A run of gas held against what is recorded of its period: band or value, model, and by how much it misses.

It runs the gas side of a scenario's arms over replications and judges nothing that the scenario does not record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.recorded import Recorded
from scenarios.spec import LoadedScenario
from scenarios.streams import Streams
from scenarios.tomlfile import BadInput

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[float, float], Any]


@dataclass(frozen=True)
class Score:
    """A record beside the model: means over replications, with the lowest and highest of them.

    `without` is the arm without the scenario's events, None where it has none. `verdict` is inside or outside for a
    band; `miss` is model over value less 1, or for a band how far outside its nearer end, as a share of it.
    """

    label: str
    measure: str
    unit: str
    first: str
    last: str
    value: float | None
    low: float | None
    high: float | None
    given: bool
    without: float | None
    model: float
    model_low: float
    model_high: float
    verdict: str
    miss: float
    source: str


def score(
    loaded: LoadedScenario,
    *,
    seed: int = 1,
    replications: int = 4,
    progress: Progress = lambda done, of: None,
) -> list[Score]:
    """Run the scenario's gas and return a score for each record. Raises BadInput for a scenario without records."""
    recorded = loaded.scenario.recorded
    if not recorded:
        raise BadInput([f"{loaded.name}: has no [[recorded]] figures to hold it against"])
    arms = (False, True) if loaded.scenario.events else (False,)
    found: dict[bool, list[list[float]]] = {arm: [] for arm in arms}
    total = len(arms) * replications
    for replication in range(replications):
        for arm in arms:
            frames = gas_frames(loaded, seed=seed, replication=replication, changed=arm)
            found[arm].append([record.measured(loaded.scenario.gas, frames) for record in recorded])
            progress(sum(map(len, found.values())), total)
    base = np.array(found[False])
    model = np.array(found[arms[-1]])
    return [
        _score(record, loaded, base[:, at], model[:, at], with_base=len(arms) > 1)
        for at, record in enumerate(recorded)
    ]


def gas_frames(
    loaded: LoadedScenario, *, seed: int, replication: int = 0, changed: bool
) -> dict[str, pd.DataFrame]:
    """Run one world of an arm without order flow and return its frames of gas."""
    from scenarios.world import build

    world = build(loaded, Streams(seed, replication), changed=changed)
    world.run()
    assert world.gas is not None
    return world.gas.tables()


def _score(
    record: Recorded, loaded: LoadedScenario, base: np.ndarray, model: np.ndarray, *, with_base: bool
) -> Score:
    mean = float(np.mean(model))
    verdict, miss = _judged(record, mean)
    return Score(
        label=record.label,
        measure=record.measure,
        unit=record.unit(loaded.scenario.gas),
        first=str(record.first),
        last=str(record.last),
        value=record.value,
        low=record.low,
        high=record.high,
        given=record.given,
        without=float(np.mean(base)) if with_base else None,
        model=mean,
        model_low=float(np.min(model)),
        model_high=float(np.max(model)),
        verdict=verdict,
        miss=miss,
        source=record.source if isinstance(record.source, str) else "; ".join(record.source.values()),
    )


def _judged(record: Recorded, mean: float) -> tuple[str, float]:
    if record.value is not None:
        return "", mean / record.value - 1.0 if record.value else mean
    assert record.low is not None and record.high is not None
    if record.low <= mean <= record.high:
        return "inside", 0.0
    end = record.low if mean < record.low else record.high
    return "outside", mean / end - 1.0 if end else mean


def data(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return the scores as plain values."""
    return [asdict(one) for one in scores]


def frame(scores: Sequence[Score]) -> pd.DataFrame:
    """Return the scores as text, one row each."""
    import pandas as pd

    rows = {}
    for one in scores:
        recorded = number(one.value) if one.value is not None else f"{number(one.low)} to {number(one.high)}"
        row = {"recorded": recorded}
        if one.without is not None:
            row["without"] = number(one.without)
        row |= {
            "model": f"{number(one.model)} [{number(one.model_low)}, {number(one.model_high)}]",
            "": (one.verdict or f"{100 * one.miss:+.0f} %") + (", given" if one.given else ""),
            "unit": one.unit,
            "days": f"{one.first} to {one.last}",
        }
        rows[one.label] = row
    return pd.DataFrame.from_dict(rows, orient="index")


def number(value: float | None) -> str:
    """Return a number with three or more digits, "-" for none."""
    if value is None or not np.isfinite(value):
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
