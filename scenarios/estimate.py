"""All estimators of influence on one set of prices: a user's own, or a run's quotes; it defines no estimator.

Every result states its clock, K, beta, rows and drops. Where the prices hold no common trend there is a
reason and no share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from scenarios.influence.granger import Granger, granger
from scenarios.influence.information import (
    InformationShares,
    Lags,
    information_share_grid,
    information_shares,
)
from scenarios.influence.leadlag import LeadLag, lead_lag
from scenarios.influence.panel import MIN_BLOCKS, panel
from scenarios.influence.quotes import log_rate
from scenarios.influence.sampling import MIN_ROWS, Sample, sample
from scenarios.influence.spillover import Spillover, spillover
from scenarios.influence.times import Duration, duration_ns, nanoseconds
from scenarios.influence.whole_day import WholeDayShare, whole_day_information_shares
from scenarios.results import Run, read_run
from scenarios.tomlfile import BadInput
from scenarios.user_prices import LONGEST_GAP, UserPrices, read_user_prices

DAY_NS = 86_400_000_000_000
WEEK_NS = 7 * DAY_NS
HORIZON = 10
LAG_STEPS = 10
FEWEST_DRAWS = 20
VARIANCE_STEPS = 5
"""Steps of a change in the realised variance that weighs the parts of a day: more let less of the noise in."""
NIGHT_FROM, NIGHT_UNTIL = 18, 6
_RARE = 0.01
"""A set of open venues that holds for a smaller part of the clock than this is left out of the whole-day share."""

Beta = Literal["unit", "estimate"]


@dataclass(frozen=True, eq=False)
class Estimates:
    """State what the estimators find in one set of prices.

    sample: the log prices on one clock; clock: that clock in words. shares: information shares with alpha
    and beta (all NaN where the rank test fails, gate.reason says why). grid: IS, and how it moves with K and
    beta; None without a common trend. whole_day: None where hours are unknown or do not differ, or a part
    of the day has no common trend (whole_day_reason). spillover and granger: of log returns. lead_lags: by
    pair; empty for data without a clock.
    """

    name: str
    sample: Sample
    clock: str
    shares: InformationShares
    grid: pd.DataFrame | None
    whole_day: WholeDayShare | None
    whole_day_reason: str
    spillover: Spillover
    granger: Granger
    lead_lags: Mapping[tuple[str, str], LeadLag]
    notes: tuple[str, ...]
    daily: bool

    @property
    def correlation(self) -> float:
        """The largest absolute correlation between two venues' innovations."""
        omega = self.shares.omega.to_numpy()
        sd = np.sqrt(np.diag(omega))
        return float(np.abs(np.triu(omega / np.outer(sd, sd), 1)).max())

    def plot(self, ax: Any = None) -> Any:
        """Draw the information shares with their intervals."""
        return self.shares.plot(ax)

    def to_frame(self) -> pd.DataFrame:
        """Return all estimates in long form: measure, figure, venue, estimate, low, high."""
        rows = [
            _long("information share", self.shares.table),
            _long("alpha", self.shares.alpha[["estimate", "low", "high"]].swaplevel()),
            _long("spillover", self.spillover.directional),
        ]
        if self.whole_day is not None:
            rows.append(_long("whole-day share", pd.concat({"CWIS": self.whole_day.table})))
        for (x, y), found in self.lead_lags.items():
            rows.append(_long("lead and lag", pd.concat({f"{x} leads {y}": found.figures}).swaplevel()))
        return pd.concat(rows, ignore_index=True)


def estimate(
    prices: UserPrices,
    *,
    step: Duration | None = None,
    max_age: Duration | None = None,
    lags: Lags = "aic",
    beta: Beta = "estimate",
    bootstrap: int = 200,
    seed: int = 1,
    night_apart: bool = False,
) -> Estimates:
    """Estimate every measure that a set of prices allows.

    Prices with a clock are read on a common one of `step` (60 s, or the data's own spacing where that is
    wider), each at most `max_age` old; dates are joined where all markets have a price. lags: K in levels,
    or "aic" or "bic". beta: "unit" fixes the cointegrating vectors at 1, -1. Intervals: `bootstrap` draws
    of trading days (of blocks of about sqrt(T) rows for dates). night_apart: in the whole-day share,
    estimate common hours from 18:00 to 06:00 apart. Raises BadInput, naming the file, for a step finer than
    the data and for what the estimators refuse: constant, collinear or too few prices.
    """
    try:
        if prices.daily:
            sampled, clock = _dated(prices)
            if step is not None or max_age is not None:
                clock += " (step and greatest age are for prices with a clock)"
            return _estimated(prices, sampled, clock, None, lags, beta, bootstrap, seed)
        step_ns, age_ns = _clock(prices, step, max_age)
        quotes = prices.quotes()
        arguments = {"step": step_ns, "max_age": age_ns, "fx": prices.rates or None}
        sampled = sample(quotes, **arguments)  # type: ignore[arg-type]
        whole = sample(quotes, require="any", **arguments)  # type: ignore[arg-type]
        if night_apart:
            whole = replace(whole, kinds=_by_night(whole))
        zone = prices.zone or "wall clock as written"
        clock = f"{step_ns / 1e9:g} s, {zone}, each price less than {age_ns / 1e9:g} s old"
        return _estimated(prices, sampled, clock, whole, lags, beta, bootstrap, seed)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise BadInput([f"{prices.name}: {error}"]) from None


def estimate_run(
    run: Run,
    *,
    columns: Sequence[str] = (),
    step: Duration | None = None,
    lags: Lags = "aic",
    beta: Beta = "estimate",
    bootstrap: int = 200,
    seed: int = 1,
) -> list[Estimates]:
    """Estimate every measure from the quotes that a run keeps, for the base arm and for the changed arm.

    A run keeps a quote a minute, in USD. Its replications are pooled: no lag crosses from one to another, and
    the bootstrap draws trading days of replications. Arms whose quotes are equal are estimated once. Raises
    BadInput for a run without order flow and for an unknown venue.
    """
    quotes = run.table("quotes")
    found: list[Estimates] = []
    seen: list[pd.DataFrame] = []
    for arm, of_arm in quotes.groupby("arm", sort=True):
        bare, replications = _one_after_another(of_arm)
        if any(bare.equals(other) for other in seen):
            found[0] = replace(
                found[0], notes=(*found[0].notes, f"{arm}: its quotes are those of the base arm")
            )
            continue
        seen.append(bare)
        markets = {
            str(venue): pd.Series(
                ((own["bid"] + own["ask"]) / 2).to_numpy(), index=pd.DatetimeIndex(own["at_ns"].to_numpy())
            )
            for venue, own in bare.groupby("venue", sort=False, observed=True)
        }
        missing = [c for c in columns if c not in markets]
        if missing:
            raise BadInput([f"{run.path}: no venue '{missing[0]}' among {', '.join(markets)}"])
        chosen = {c: markets[c] for c in columns} if columns else markets
        note = f"replication {replications[0]}"
        if len(replications) > 1:
            note = f"{len(replications)} replications pooled, one after the other on the time axis"
        note += "; mid quotes in USD/bbl"
        prices = UserPrices(
            f"{run.path}, {arm}",
            chosen,
            daily=False,
            zone="Shanghai wall clock",
            notes=(note,),
        )
        found.append(
            replace(
                estimate(
                    prices, step=step, lags=lags, beta=beta, bootstrap=bootstrap, seed=seed, night_apart=True
                ),
                name=str(arm),
            )
        )
    return found


def _one_after_another(quotes: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    """Lay the replications of one arm one after the other, and return their numbers.

    Each is moved by the same whole number of weeks, which keeps weekdays and hours and leaves more than a week
    between two: no lag, quote or trading day reaches across.
    """
    at = quotes["at_ns"].to_numpy(dtype=np.int64)
    code, replications = pd.factorize(quotes["replication"], sort=True)
    shift = ((np.ptp(at) // WEEK_NS) + 2) * WEEK_NS
    if at.max() + float(shift) * (len(replications) - 1) > np.iinfo(np.int64).max:
        raise BadInput([f"quotes: {len(replications)} replications of this length fit on no time axis"])
    moved = quotes[["at_ns", "venue", "bid", "ask"]].assign(at_ns=at + code * shift)
    moved = moved.iloc[np.argsort(code, kind="stable")].reset_index(drop=True)
    return moved, [int(r) for r in replications]


def estimates_of(
    sources: Sequence[str | Path],
    *,
    columns: Sequence[str] = (),
    time: str | None = None,
    tz: str | None = None,
    step: str | None = None,
    max_age: str | None = None,
    lags: str = "aic",
    beta: str = "estimate",
    fx: Sequence[str] = (),
    first: str | None = None,
    last: str | None = None,
    bootstrap: int = 200,
    seed: int = 1,
) -> list[Estimates]:
    """Estimate every measure from what the command line was given: a run folder, or files of prices.

    Text as the user writes it: lags "aic", "bic" or a number, fx "SC=CNY". Other arguments as in
    read_user_prices, estimate and estimate_run. Raises BadInput, all wrong options at once.
    """
    problems = []
    order: Lags = 0
    if lags in ("aic", "bic"):
        order = lags  # type: ignore[assignment]
    elif lags.isdigit() and int(lags) > 0:
        order = int(lags)
    else:
        problems.append(f"--lags {lags}: must be aic, bic or a whole number of 1 or more")
    if beta not in ("unit", "estimate"):
        problems.append(f"--beta {beta}: must be unit or estimate")
    if 0 < bootstrap < FEWEST_DRAWS:
        problems.append(f"--bootstrap {bootstrap}: must be 0 (no intervals), or {FEWEST_DRAWS} or more")
    for option, text in (("--step", step), ("--max-age", max_age)):
        try:
            if text is not None and duration_ns(text, option) <= 0:
                problems.append(f"{option} {text}: must be above 0")
        except ValueError:
            problems.append(f"{option} {text}: must be a duration such as 1s, 60s or 5min")
    for item in fx:
        if not all(part.strip() for part in item.partition("=")):
            problems.append(f"--fx {item}: must be MARKET=RATE, as SC=CNY or SC=usdcny or SC=rates.csv")
    folders = [source for source in sources if Path(source).is_dir()]
    if folders and len(sources) > 1:
        problems.append(f"{folders[0]}: a run folder is read alone, not beside other files")
    elif folders:
        own = {"--time": time, "--tz": tz, "--max-age": max_age, "--fx": fx, "--from": first, "--until": last}
        problems += [
            f"{name}: is for files of prices; a run says this itself" for name, given in own.items() if given
        ]
    if problems:
        raise BadInput(problems)
    chosen: Beta = "unit" if beta == "unit" else "estimate"
    if folders:
        run = read_run(folders[0])
        return estimate_run(
            run, columns=columns, step=step, lags=order, beta=chosen, bootstrap=bootstrap, seed=seed
        )
    rates = {item.partition("=")[0].strip(): item.partition("=")[2].strip() for item in fx}
    prices = read_user_prices(sources, columns=columns, time=time, tz=tz, fx=rates, first=first, last=last)
    return [
        estimate(prices, step=step, max_age=max_age, lags=order, beta=chosen, bootstrap=bootstrap, seed=seed)
    ]


def _clock(prices: UserPrices, step: Duration | None, max_age: Duration | None) -> tuple[int, int]:
    """Return step and greatest age in ns: a price of regular bars lasts one bar, a quote five minutes."""
    gaps = {m: np.diff(nanoseconds(s.index, m)) for m, s in prices.markets.items()}
    short = [m for m, gap in gaps.items() if len(gap) < 2]
    if short:
        raise ValueError(f"{short[0]}: {len(gaps[short[0]]) + 1} prices are too few")
    spacing = {m: int(np.median(gap)) for m, gap in gaps.items()}
    slowest = max(spacing, key=lambda m: spacing[m])
    step_ns = max(60_000_000_000, spacing[slowest]) if step is None else duration_ns(step, "step")
    if step_ns < spacing[slowest]:
        raise ValueError(
            f"step: {step_ns / 1e9:g} s is finer than the prices of {slowest}, "
            f"which come every {spacing[slowest] / 1e9:g} s"
        )
    if max_age is not None:
        return step_ns, duration_ns(max_age, "max_age")
    regular = all((gap == spacing[m]).mean() > 0.8 for m, gap in gaps.items())
    return step_ns, step_ns - 1 if regular else max(300_000_000_000, 5 * step_ns)


def _by_night(sampled: Sample) -> pd.Series:
    """Return the kinds, those of several open venues parted into day and night."""
    hour = pd.DatetimeIndex(sampled.kinds.index).hour
    part = np.where((hour >= NIGHT_FROM) | (hour < NIGHT_UNTIL), "night ", "day ")
    return sampled.kinds.where(~sampled.kinds.str.contains("+", regex=False), part + sampled.kinds)


def _dated(prices: UserPrices) -> tuple[Sample, str]:
    """Join dates at which every market has a price; a gap of more than ten days (or three rows) is a break."""
    frame = pd.concat([s.rename(m) for m, s in prices.markets.items()], axis=1, sort=True)
    kept = frame.dropna()
    dropped = {f"no price of {m}": int(n) for m, n in frame.isna().sum().items() if n}
    if len(kept) < MIN_ROWS:
        raise ValueError(
            f"sample too short: {len(kept)} of {len(frame)} dates have a price of every market, {MIN_ROWS} needed"
        )
    logs = kept.transform(np.log)
    times = nanoseconds(logs.index, "time")
    for market, rate in prices.rates.items():
        logs[market] -= log_rate(rate, times, int(LONGEST_GAP.value), market, "naive")
    gaps = np.diff(times)
    step_ns = int(np.median(gaps))
    breaks = np.cumsum(np.r_[0, gaps > max(int(LONGEST_GAP.value), 3 * step_ns)])
    size = max(1, round(len(logs) ** 0.5))
    sampled = Sample(
        logs,
        pd.Series(breaks, index=logs.index, name="segment"),
        pd.Series(np.arange(len(logs)) // size, index=logs.index, name="day"),
        pd.Series("", index=logs.index, name="kind"),
        step_ns,
        pd.Series(dropped, name="ticks", dtype=np.int64).rename_axis("cause"),
        len(frame),
    )
    days = step_ns / DAY_NS
    word = "daily" if days < 4 else "weekly" if days < 10 else f"every {days:.0f} days"
    return sampled, f"{word}, {logs.index[0].date()} to {logs.index[-1].date()}, where all have a price"


def _estimated(
    prices: UserPrices,
    sampled: Sample,
    clock: str,
    whole: Sample | None,
    lags: Lags,
    beta: Beta,
    bootstrap: int,
    seed: int,
) -> Estimates:
    notes = list(prices.notes)
    blocks = sampled.days.nunique()
    if bootstrap and blocks < MIN_BLOCKS:
        notes.append(f"no intervals: {blocks} trading days are too few to resample, {MIN_BLOCKS} are needed")
        bootstrap = 0
    rng = np.random.Generator(np.random.Philox(seed))
    most = _most_lags(sampled)
    shares = information_shares(
        sampled.log_prices,
        segments=sampled.segments,
        days=sampled.days,
        lags=lags,
        max_lags=most,
        beta=beta,
        bootstrap=bootstrap,
        rng=rng,
    )
    whole_day, reason = _whole_day(whole, shares, beta, bootstrap, rng)
    returns = sampled.log_prices.diff().mask(sampled.segments.diff() != 0)
    spilled = spillover(
        returns,
        "bic",
        HORIZON,
        max_lags=min(10, most),
        segments=sampled.segments,
        days=sampled.days,
        bootstrap=bootstrap,
        rng=rng,
    )
    return Estimates(
        prices.name,
        sampled,
        clock,
        shares,
        _grid(sampled, shares, most) if shares.gate.passed else None,
        whole_day,
        reason,
        spilled,
        granger(returns, spilled.lags, segments=sampled.segments),
        {} if prices.daily else _lead_lags(prices, sampled, bootstrap, rng),
        tuple(notes),
        prices.daily,
    )


def _most_lags(sampled: Sample) -> int:
    """Return the most lags, up to 20, that leave four rows of five of what one lag leaves."""
    data = panel(sampled.log_prices, segments=sampled.segments, days=sampled.days)
    n = len(data.names)
    for lags in range(20, 1, -1):
        if data.usable(lags) >= max(6 * (n * (lags + 1) + 1), 0.8 * data.usable(1)):
            return lags
    return 1


def _grid(sampled: Sample, shares: InformationShares, most: int) -> pd.DataFrame:
    """Return the mean IS by K (half, chosen, twice) and beta: rows (lags, beta), columns venues."""
    orders = sorted({max(1, shares.lags // 2), shares.lags, max(shares.lags, min(2 * shares.lags, most))})
    table = information_share_grid(
        sampled.log_prices, lags=orders, segments=sampled.segments, days=sampled.days
    )
    return pd.DataFrame(table.xs("IS", level="figure")).dropna()


def _whole_day(
    whole: Sample | None,
    shares: InformationShares,
    beta: Beta,
    bootstrap: int,
    rng: np.random.Generator,
) -> tuple[WholeDayShare | None, str]:
    """Return the whole-day share over the kinds of hours that are not rare, or why there is none."""
    if whole is None:
        return None, "dates tell no hours"
    if not shares.gate.passed:
        return None, "the common hours hold no common trend"
    part = whole.kinds.map(whole.kinds.value_counts(normalize=True))
    keep = (part >= _RARE).to_numpy()
    labels = (whole.segments[keep], whole.days[keep], whole.kinds[keep])
    kept = Sample(whole.log_prices[keep], *labels, whole.step_ns, whole.drops, whole.ticks)
    if kept.kinds.nunique() == 1:
        return None, f"the same venues are open at all hours ({kept.kinds.iloc[0]}), so it is IS"
    try:
        found = whole_day_information_shares(
            kept, lags=shares.lags, beta=beta, every=VARIANCE_STEPS, bootstrap=bootstrap, rng=rng
        )
    except (ValueError, np.linalg.LinAlgError) as error:
        return None, str(error)
    return found, ""


def _lead_lags(
    prices: UserPrices, sampled: Sample, bootstrap: int, rng: np.random.Generator
) -> dict[tuple[str, str], LeadLag]:
    """Return the lead of each venue before each other one, from prices as they come, within segments."""
    ends = sampled.segments.reset_index().groupby("segment")["time"].agg(["first", "last", "size"])
    days = sampled.days.groupby(sampled.segments.to_numpy()).first()
    ends = ends.assign(day=days.to_numpy())[ends["size"] > 1]
    sessions = ends.rename(columns={"first": "start", "last": "end"}).reset_index(drop=True)
    lags = [k * sampled.step_ns for k in range(-LAG_STEPS, LAG_STEPS + 1)]
    logs = {m: s.transform(np.log) for m, s in prices.markets.items()}
    return {
        (x, y): lead_lag(logs[x], logs[y], lags, sessions=sessions, bootstrap=bootstrap, rng=rng)
        for x, y in combinations(prices.markets, 2)
    }


def _long(measure: str, table: pd.DataFrame) -> pd.DataFrame:
    frame = table[["estimate", "low", "high"]].reset_index()
    frame.columns = pd.Index(["figure", "venue", "estimate", "low", "high"])
    frame.insert(0, "measure", measure)
    return frame
