"""Which estimator to trust on given data, and why: rules over the audit's own figures; no estimator is run here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from scenarios.audit.measured import shipped

SAFE: Final = 0.1
"""A share that misses by no more than this in the designs most like the data is called safe."""

_RELIABLE: Final = 0.8  # of draws that name the right leader
_SCALES: Final = {"correlation": 0.2, "noise_ratio": 0.5, "width": 0.3}
_NEAREST: Final = 3
_SHARES: Final = ("IS", "MIS", "CS", "PDS", "DY TO share")
_SPEEDS: Final = ("ILS", "PILS")
_LEADS: Final = ("DY NET", "HY lag", "HY ratio", "TE")

Cell = dict[str, Any]


def advise(
    correlation: float,
    venues: int = 2,
    noise_ratio: float = 1.0,
    *,
    width: float | None = None,
    one_clock: bool = True,
    gate: bool = True,
    whole_day: bool = True,
    measured: dict[str, Any] | None = None,
) -> list[str]:
    """Say, a line each, which estimator to trust for the share, the speed and the leader, and by how much others miss.

    correlation: largest between the venues' innovations; noise_ratio: largest sd of innovations over the smallest;
    width: largest distance between the bounds of IS, where it is known; one_clock: whether all prices are read at one
    time; gate: whether one common trend was found; whole_day: whether the hours of all venues are the same. measured:
    from measured.extract, the figures that come with the package where None. Each line quotes the designs that look
    most like the data: nearest in correlation, log of the noise ratio and width.
    """
    known = shipped() if measured is None else measured
    cells = [c for c in known["designs"] if c["correlation"] is not None]
    clocks = [c for c in cells if c["design"].startswith("clocks")]
    if not one_clock:
        return [clock_line(clocks)] if clocks else []
    near = nearest(
        [c for c in cells if c not in clocks and not c["design"].startswith("overlap")],
        correlation, noise_ratio, width,
    )  # fmt: skip
    lines = []
    if gate and near:
        lines += [share_line(near), speed_line(near, venues)]
    elif not gate:
        lines.append("Without one common trend no share exists; what follows tells of prediction only.")
    lines += [leader_line(near), *(world_lines(known["worlds"]) if gate else [])]
    overlap = next((c for c in cells if c["design"] == "overlap"), None)
    if gate and not whole_day and overlap is not None:
        lines.append(overlap_line(overlap))
    return [line for line in lines if line]


def nearest(
    cells: Sequence[Cell], correlation: float, noise_ratio: float, width: float | None
) -> list[tuple[Cell, float]]:
    """Return up to three cells that look most like the data, with their distance, nearest first.

    The root of the sum of the squared differences in correlation, log noise ratio and width, over .2, .5 and .3; a cell
    that is more than 1 farther than the nearest is left out.
    """

    def distance(c: Cell) -> float:
        gaps = {
            "correlation": c["correlation"] - correlation,
            "noise_ratio": math.log(c["noise_ratio"] / max(noise_ratio, 1e-6)),
            "width": 0.0 if width is None or c["width"] is None else c["width"] - width,
        }
        return math.sqrt(sum((gap / _SCALES[k]) ** 2 for k, gap in gaps.items()))

    found = sorted(((c, distance(c)) for c in cells), key=lambda pair: (pair[1], pair[0]["design"]))
    return [pair for pair in found[:_NEAREST] if pair[1] <= found[0][1] + 1]


def worst(near: Sequence[tuple[Cell, float]], estimators: Sequence[str]) -> list[tuple[str, float, Cell]]:
    """Return estimators by their largest bias over the cells, smallest first, each with the cell where it is.

    An estimator without a figure in any of the cells is left out.
    """
    found = []
    for name in estimators:
        misses = [
            (abs(c["estimators"][name]["bias"]), c)
            for c, _ in near
            if c["estimators"].get(name, {}).get("bias") is not None
        ]
        if misses:
            miss, at = max(misses, key=lambda pair: pair[0])
            found.append((name, miss, at))
    return sorted(found, key=lambda entry: entry[1])


def share_line(near: Sequence[tuple[Cell, float]]) -> str:
    """Say which estimator of the origin share misses least in the designs most like the data."""
    ranked = worst(near, _SHARES)
    if not ranked:
        return "Share: the designs most like these data have no origin (public news)."
    name, miss, at = ranked[0]
    bad, most, where = ranked[-1]
    close = _close(near)
    if miss <= SAFE:
        other = f"; {bad} by up to {_points(most)} ('{where['title']}')" if most > SAFE else ""
        alike = [n for n, m, _ in ranked if m <= miss + 0.02]
        return f"Share: trust {' or '.join(alike)}, off by at most {_points(miss)} {close}{other}."
    blind = any(not c["identified"] for c, _ in near)
    why = (
        ": where all venues see news within a step, prices do not tell where it enters. Sample finer"
        if blind
        else ""
    )
    return (
        f"Share: trust none here. Even the best ({name}) misses by up to {_points(miss)} ('{at['title']}'), the worst "
        f"({bad}) by {_points(most)}, {close}{why}."
    )


def speed_line(near: Sequence[tuple[Cell, float]], venues: int) -> str:
    """Say whether ILS or PILS misses the speed share less in the designs most like the data."""
    ranked = worst(near, _SPEEDS)
    if not ranked:
        return ""
    (name, miss, at), (other, most, where) = ranked[0], ranked[-1]
    pairs = " (two markets at a time)" if venues > 2 else ""
    word = "trust" if miss <= SAFE else "no estimator is safe; least bad is"
    text = f"Speed{pairs}: {word} {name}, off by up to {_points(miss)} ('{at['title']}')"
    gap = "" if other == name or most <= miss + 0.02 else f"; {other} by {_points(most)} ('{where['title']}')"
    return f"{text}{gap}."


def leader_line(near: Sequence[tuple[Cell, float]]) -> str:
    """Say which estimator names the right leader most often in the designs most like the data."""
    rates = {}
    for name in _LEADS:
        told = [
            c["estimators"][name]
            for c, _ in near
            if c["estimators"].get(name, {}).get("coverage") is not None
        ]
        if told:
            rates[name] = (min(t["coverage"] for t in told), max(t["wrong"] or 0.0 for t in told))
    if not rates:
        return ""
    best = max(rates, key=lambda name: (rates[name][0], -rates[name][1]))
    false = max(rates, key=lambda name: rates[name][1])
    rate = f"{100 * rates[best][0]:.0f} %"
    if rates[best][0] < _RELIABLE:
        text = f"Leader: trust none here; the best ({best}) named the right one (or none) in as few as {rate} of draws"
    else:
        text = f"Leader: {best} named the right one (or none) in at least {rate} of draws"
    if rates[false][1] > 0.1:
        text += f"; {false} named a wrong one in up to {100 * rates[false][1]:.0f} %"
    return f"{text} of these designs."


def world_lines(worlds: dict[str, Any]) -> list[str]:
    """Say how the estimators of SC's share did over the simulated worlds: size, and order."""
    scores = {e: s for e, s in worlds["venues"]["SC"].items() if s["bias"] is not None and e != "IS bounds"}
    if not scores or "IS" not in scores:
        return []
    size = min(scores, key=lambda e: scores[e]["rmse"])
    ranked = {
        e: s for e, s in worlds["venues"]["SC"].items() if s["rank"] is not None and e in (*scores, *_SPEEDS)
    }
    own, best = scores["IS"], scores[size]
    span = f"{worlds['truth'][0]:.2f} to {worlds['truth'][1]:.2f}"
    text = (
        f"In {worlds['count']} simulated worlds (origin share {span}) SC's IS was off by {100 * own['bias']:+.0f} "
        f"points on average (root mean square {_points(own['rmse'])}, rank correlation {_rank(own)}); "
    )
    if size == "IS":
        text += "no other came nearer"
    else:
        kept = worlds["count"] - (best["refused"] or 0)
        text += f"{size} came nearest ({100 * best['bias']:+.0f}; {_points(best['rmse'])}"
        text += (
            f"; in the {kept} worlds in which it exists, where IS misses by {_points(best['is_rmse'])})"
            if kept < worlds["count"] and best["is_rmse"] is not None
            else ")"
        )
    if ranked:
        order = max(ranked, key=lambda e: ranked[e]["rank"])
        first = ranked[order]
        text += f"; {order} ordered the worlds best (rank correlation {_rank(first)})"
    return [f"{text}."]


def clock_line(clocks: Sequence[Cell]) -> str:
    """Say what two venues without a leader show when they are read hours apart."""
    at = max(clocks, key=lambda c: abs(c["estimators"]["DY NET"]["own_value"] or 0.0))
    net, pils = at["estimators"]["DY NET"]["own_value"], at["estimators"]["PILS"]["own_value"]
    wrong = at["estimators"]["DY NET"]["wrong"]
    return (
        f"Put all prices on one clock first: two venues without a leader ('{at['title']}') show a NET of {net:+.1f} "
        f"points for the one read first, clear of 0 in {100 * wrong:.0f} % of draws, and a PILS of {pils:.2f} for .50."
    )


def overlap_line(overlap: Cell) -> str:
    """Say what a share of the common hours misses of the whole day's."""
    own, whole = overlap["estimators"]["IS"], overlap["estimators"]["CWIS"]
    return (
        f"Whole day: with hours that overlap in part take CWIS; in '{overlap['title']}' IS of common hours is off by "
        f"{100 * own['bias']:+.0f} points, CWIS by {100 * whole['bias']:+.0f}."
    )


def _close(near: Sequence[tuple[Cell, float]]) -> str:
    names = ", ".join(f"'{c['title']}'" for c, _ in near)
    far = " (the nearest, though not near)" if near[0][1] > 2 else ""
    return f"in the known-truth designs most like these data{far}: {names}"


def _points(share: float) -> str:
    return f"{100 * share:.0f} points"


def _rank(score: dict[str, Any]) -> str:
    if score["rank"] is None:
        return "unknown"
    return f"{score['rank']:.2f} [{score['rank_low']:.2f}, {score['rank_high']:.2f}]"
