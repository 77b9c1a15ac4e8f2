"""The few figures of an audit that advice quotes, as a small file that comes with the package; it measures nothing."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scenarios.audit.audit import Audit

SHIPPED: Final = Path(__file__).with_name("measured.json")


@cache
def shipped() -> dict[str, Any]:
    """Return the figures that come with the package (see `extract`)."""
    return dict(json.loads(SHIPPED.read_text(encoding="utf-8")))


def extract(of: Audit, made: dict[str, Any]) -> dict[str, Any]:
    """Return made (how they were found), designs and worlds.

    designs: a dictionary for each: design, title, venues, identified, correlation, noise_ratio, width, and by
    estimator claim, truth, own_value, mean, bias, rmse, coverage, wrong. worlds: count, SC's smallest and largest
    origin share, the diagnostics' ranges, and for SC and Brent by estimator bias, rmse, less_noise, is_rmse, rank,
    rank_low, rank_high, coverage, failed, refused.
    """
    kept = ("claim", "truth", "own_value", "mean", "bias", "rmse", "coverage", "wrong")
    designs = []
    for cell in of.cells.to_dict("records"):
        own = of.designs[of.designs["design"] == cell["design"]].set_index("estimator")
        designs.append({**cell, "estimators": {str(e): {k: own.at[e, k] for k in kept} for e in own.index}})
    scores = of.scores.set_index(["venue", "estimator"])
    told = (
        "bias",
        "rmse",
        "less_noise",
        "is_rmse",
        "rank",
        "rank_low",
        "rank_high",
        "coverage",
        "failed",
        "refused",
    )
    truth = of.worlds[of.worlds["venue"] == "SC"].drop_duplicates("world")
    worlds = {
        "count": of.depth.world_count,
        "truth": [truth["truth"].min(), truth["truth"].max()],
        "truth_se": truth["truth_se"].mean(),
        **{k: [of.levels[k].min(), of.levels[k].max()] for k in ("correlation", "noise_ratio", "width")},
        "venues": {
            venue: {
                str(e): {k: scores.at[(venue, e), k] for k in told}
                for e in of.scores.loc[of.scores["venue"] == venue, "estimator"]
            }
            for venue in ("SC", "Brent")
        },
    }
    return dict(_plain({"made": made, "designs": designs, "worlds": worlds}))


def write(measured: dict[str, Any], path: Path) -> None:
    """Write the figures as JSON, whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    text = json.dumps(measured, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.rename(path)


def _plain(value: Any) -> Any:
    """Return Python's own types, floats of four digits, None for what is not finite."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value
