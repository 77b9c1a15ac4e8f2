"""Two runs side by side: the effect B - A of every measure that both have, paired where they share random streams.

The values of each replication are read again from the runs' tables; nothing is run and nothing estimated anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from scenarios import summary
from scenarios.replication import Replication
from scenarios.report import estimate_text
from scenarios.results import Estimate, Row, Run, interval, paired
from scenarios.spec import LoadedScenario, load_scenario
from scenarios.structural.sobol import difference, share
from scenarios.tomlfile import BadInput

_LARGE = ("quotes",)
"""Tables that no measure of a replication is read from."""


@dataclass(frozen=True)
class Compared:
    """State one measure of both runs, and the effect B - A.

    row: base = A, changed = B, effect = B - A. pairs: how many replications were paired, 0 where the interval
    takes the runs as independent. variance_cut: 1 - var(B - A) / (var A + var B) over the pairs, what pairing
    saves; None without pairs, or where nothing varies.
    """

    row: Row
    pairs: int
    variance_cut: float | None


@dataclass(frozen=True)
class Comparison:
    """State what two runs differ in. arms: which arm of each run; paired: whether streams are shared; notes."""

    arms: tuple[str, str]
    paired: bool
    measures: tuple[Compared, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each measure: values, the effect with its interval, pairs and variance_cut."""
        records = []
        for found in self.measures:
            a, b, effect = found.row.base, found.row.changed, found.row.effect
            assert a is not None and b is not None and effect is not None
            records.append(
                {
                    "section": found.row.section,
                    "measure": found.row.measure,
                    "label": found.row.label,
                    "unit": found.row.unit,
                    "a": a.value,
                    "b": b.value,
                    "effect": effect.value,
                    "low": math.nan if effect.low is None else effect.low,
                    "high": math.nan if effect.high is None else effect.high,
                    "pairs": found.pairs,
                    "variance_cut": math.nan if found.variance_cut is None else found.variance_cut,
                }
            )
        return pd.DataFrame(records)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the measures as text, ready to print, by section."""
        sections: dict[str, dict[str, dict[str, str]]] = {}
        for found in self.measures:
            cut = "" if found.variance_cut is None else f"{round(found.variance_cut, 2) + 0.0:.0%}"
            cells = {
                "A": estimate_text(found.row.base),
                "B": estimate_text(found.row.changed),
                "B - A": estimate_text(found.row.effect),
                "": found.row.unit,
            }
            if any(measure.pairs for measure in self.measures):
                cells |= {"pairs": str(found.pairs or "none"), "variance cut": cut}
            sections.setdefault(found.row.section, {})[found.row.label] = cells
        return {title: pd.DataFrame(rows).T for title, rows in sections.items()}


def compare(a: Run, b: Run, *, arm: str | None = None) -> Comparison:
    """Compare every measure that both runs have.

    arm: "base" or "changed"; if not given, each run's scenario as written: its changed arm where it has one,
    else its base. Runs of one seed are paired by the number of the replication or sample. Measures of which a run
    keeps neither (speeds), and runs of different seeds, get the interval of independent estimates. Raises BadInput
    for an arm that a run does not have, and for runs without a common measure.
    """
    arms = (_arm(a, arm), _arm(b, arm))
    same_streams = a.manifest.get("seed") == b.manifest.get("seed")
    notes = _notes(a, b, arms, same_streams)
    values: list[Mapping[str, Mapping[int, float]]] = []
    for run, name in zip((a, b), arms, strict=True):
        try:
            values.append(replication_values(run, name))
        except BadInput:
            values.append({})
            told_why = "this version cannot read its scenario, so its replications are not paired"
            notes.append(f"{run.path}: {told_why}; run it again for paired effects.")
    told = {row.measure: row for row in b.rows}
    measures = []
    for row in a.rows:
        if row.measure not in told:
            continue
        estimates = (_of_arm(row, arms[0]), _of_arm(told[row.measure], arms[1]))
        found = _compared(row, estimates, [v.get(row.measure, {}) for v in values], same_streams)
        if found is not None and same_streams and row.measure.startswith("origin_share."):
            found = _origin_compared(found, (a, b), arms)
        if found is not None:
            measures.append(found)
    if same_streams and any(found.pairs == 0 for found in measures):
        notes.append(
            "No pairs: a run keeps no replications of these measures; their intervals take the runs as "
            "independent, which is too wide."
        )
    if not measures:
        raise BadInput([f"{a.path} and {b.path}: no measure stands in both"])
    return Comparison(arms, same_streams, tuple(measures), tuple(notes))


def replication_values(run: Run, arm: str) -> dict[str, dict[int, float]]:
    """Return, by measure, each replication's own value, read from a run's tables as its summary was.

    A replication without a value (no common trend, no settlement) is absent. Raises BadInput where the run's
    scenario can no longer be read.
    """
    loaded = load_scenario(run.path / "scenario.toml")
    frames = {name: run.table(name) for name in run.tables if name not in _LARGE}
    frames = {name: f[f["arm"] == arm] for name, f in frames.items() if {"arm", "replication"} <= set(f)}
    numbers = sorted({int(k) for frame in frames.values() for k in frame["replication"].unique()})
    found: dict[str, dict[int, float]] = {}
    for number in numbers:
        own = {
            name: f[f["replication"] == number].drop(columns=["arm", "replication"])
            for name, f in frames.items()
        }
        for measure, value in _values(loaded, own).items():
            if math.isfinite(value):
                found.setdefault(measure, {})[number] = value
    return found | _impacts(loaded, run, arm)


def _impacts(loaded: LoadedScenario, run: Run, arm: str) -> dict[str, dict[int, float]]:
    """Return what each sample's push moved at the headline horizon, by measure and sample."""
    if "pass_through" not in run.tables:
        return {}
    table = run.table("pass_through")
    headline = loaded.scenario.measurement.pass_through_horizon_minutes
    table = table[(table["arm"] == arm) & (table["horizon_minutes"] == headline)]
    found: dict[str, dict[int, float]] = {}
    for row in table.to_dict("records"):
        word = "pass_through" if row["kind"] == "flow" else "news_pass_through"
        found.setdefault(f"{word}.{row['pushed']}.{row['moved']}", {})[int(row["sample"])] = row["impact_bps"]
    return found


def _origin_compared(found: Compared, runs: tuple[Run, Run], arms: tuple[str, str]) -> Compared:
    """Return the comparison of an origin share with the interval of pairs, where both runs keep their samples."""
    if any("origin_samples" not in run.tables for run in runs):
        return found
    parts = [
        _origin_parts(run.table("origin_samples"), arm, found.row.measure.split(".")[1:])
        for run, arm in zip(runs, arms, strict=True)
    ]
    both = sorted(set(parts[0].index) & set(parts[1].index))
    if len(both) < 2 or parts[0].attrs != parts[1].attrs:
        return found
    a, b = (frame.loc[both] for frame in parts)
    effect = difference(
        a["part"].to_numpy(), a["variance"].to_numpy(), b["part"].to_numpy(), b["variance"].to_numpy()
    )
    shares = [share(frame["part"].to_numpy(), frame["variance"].to_numpy()) for frame in (a, b)]
    apart = sum(one.standard_error**2 for one in shares)
    cut = 1 - effect.standard_error**2 / apart if apart > 0 else None
    told = [Estimate(one.value, one.low, one.high, one.n, "share") for one in (*shares, effect)]
    row = replace(found.row, base=told[0], changed=told[1], effect=told[2])
    return Compared(row, len(both), cut)


def _origin_parts(table: pd.DataFrame, arm: str, key: Sequence[str]) -> pd.DataFrame:
    """Return part and variance of each sample for news.SC, SC or rest, at the longest horizon (kept in attrs)."""
    horizon = table["horizon_days"].max()
    own = table[(table["arm"] == arm) & (table["horizon_days"] == horizon)]
    variance = own.groupby("sample")["variance"].first()
    if key != ["rest"]:
        own = own[own["venue"] == key[-1]]
        own = own if len(key) == 1 else own[own["part"] == key[0]]
    part = own.groupby("sample")["first"].sum()
    found = pd.DataFrame({"part": variance - part if key == ["rest"] else part, "variance": variance})
    found.attrs["horizon_days"] = int(horizon)
    return found


def _values(loaded: LoadedScenario, frames: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return the summary's measures of one replication."""
    tables = {name: frame for name, frame in frames.items() if len(frame)}
    shares = tables.pop("information_shares", None)
    if shares is not None:
        shares = shares.set_index("figure")
    alone = Replication(tables, shares, "", "", (), 0, 0.0)
    rows = summary.rows(loaded, {"base": [alone]}, {"base": summary.Influence({}, None)})
    return {row.measure: row.base.value for row in rows if row.base is not None}


def _compared(
    row: Row,
    estimates: tuple[Estimate | None, Estimate | None],
    values: Sequence[Mapping[int, float]],
    same_streams: bool,
) -> Compared | None:
    a, b = estimates
    if a is None or b is None:
        return None
    of_a, of_b = values
    both = sorted(set(of_a) & set(of_b)) if same_streams else []
    if both:
        before, after = [of_a[k] for k in both], [of_b[k] for k in both]
        effect, cut = paired(before, after, row.unit), variance_cut(before, after)
        a, b = interval(before, row.unit), interval(after, row.unit)
    elif of_a and of_b:
        effect, cut = unpaired(list(of_a.values()), list(of_b.values()), row.unit), None
    elif same_streams and a == b:
        effect, cut = Estimate(0.0, 0.0, 0.0, a.n, row.unit), None
    else:
        effect, cut = _apart(a, b), None
    return Compared(replace(row, base=a, changed=b, effect=effect), len(both), cut)


def variance_cut(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Return 1 - var(after - before) / (var before + var after): what pairing saves of an unpaired variance.

    None for fewer than two pairs and where neither varies. Below 0 where pairing harms.
    """
    if len(before) < 2:
        return None
    x, y = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    apart = float(x.var(ddof=1) + y.var(ddof=1))
    return 1 - float((y - x).var(ddof=1)) / apart if apart > 0 else None


def unpaired(
    before: Sequence[float], after: Sequence[float], unit: str, confidence: float = 0.95
) -> Estimate:
    """Estimate mean(after) - mean(before) of independent replications, with Welch's interval.

    Fewer than two replications on a side give no interval. Source: Welch (1947), Biometrika 34:28.
    """
    x, y = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    difference, n = float(y.mean() - x.mean()), min(len(x), len(y))
    if n < 2:
        return Estimate(difference, None, None, n, unit)
    parts = [float(v.var(ddof=1)) / len(v) for v in (x, y)]
    error = math.sqrt(sum(parts))
    if error == 0:
        return Estimate(difference, difference, difference, n, unit)
    from scipy.stats import t

    freedom = sum(parts) ** 2 / sum(p**2 / (len(v) - 1) for p, v in zip(parts, (x, y), strict=True))
    half = float(t.ppf(0.5 + confidence / 2, freedom)) * error
    return Estimate(difference, difference - half, difference + half, n, unit)


def _apart(a: Estimate, b: Estimate) -> Estimate:
    """Return b - a of two estimates known by their intervals alone, as if independent."""
    difference, n = b.value - a.value, min(a.n, b.n)
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Estimate(difference, None, None, n, a.unit)
    low = difference - math.hypot(b.value - b.low, a.high - a.value)
    high = difference + math.hypot(b.high - b.value, a.value - a.low)
    return Estimate(difference, low, high, n, a.unit)


def _arm(run: Run, wanted: str | None) -> str:
    has = [arm for arm in summary.ARMS if any(_of_arm(row, arm) is not None for row in run.rows)]
    if wanted is None:
        return has[-1] if has else "base"
    if wanted not in has:
        raise BadInput([f"{run.path}: has no arm '{wanted}'; it has {', '.join(has) or 'none'}"])
    return wanted


def _of_arm(row: Row, arm: str) -> Estimate | None:
    return row.base if arm == "base" else row.changed


def _notes(a: Run, b: Run, arms: tuple[str, str], same_streams: bool) -> list[str]:
    def told(key: str) -> tuple[Any, Any]:
        return a.manifest.get(key), b.manifest.get(key)

    seeds, numbers, digests = told("seed"), told("replications"), told("scenario_digest")
    notes = []
    if not same_streams:
        notes.append(
            f"Seeds differ ({seeds[0]} and {seeds[1]}): the runs share no random numbers and cannot be paired; "
            "intervals are those of independent runs. Run both with one --seed for paired effects."
        )
    elif numbers[0] != numbers[1]:
        notes.append(
            f"Replications differ ({numbers[0]} and {numbers[1]}): the numbers that both have are paired."
        )
    if same_streams and digests[0] == digests[1] and arms[0] == arms[1]:
        notes.append(
            "Both runs are of one scenario and one seed: any effect comes from the versions they ran on."
        )
    versions = [run.manifest.get("commit") for run in (a, b)]
    if versions[0] != versions[1]:
        notes.append(f"The runs come from different commits ({versions[0]} and {versions[1]}).")
    return notes
