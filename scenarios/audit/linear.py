"""A design whose truth is known: a linear state space of log prices; not an estimator and not the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scenarios.influence.panel import FloatArray
from scenarios.influence.shares import shares

_CONVERGED = 1e-14


@dataclass(frozen=True, eq=False)
class Path:
    """A simulated sample: log prices by venue, and of each row its segment (no lag crosses), day and kind."""

    log_prices: pd.DataFrame
    segments: pd.Series
    days: pd.Series
    kinds: pd.Series


@dataclass(frozen=True, eq=False)
class Linear:
    """x_t = F x_{t-1} + B z_t, p_t = H x_t + D v_t with independent standard normals z, v and a trend l'x.

    transition F (m, m), impact B (m, s), read H (n, m), noise D (n,): sd of what is seen in prices only. trend l (m,):
    all prices tend to l'x, and l'F = l'. owner: of each shock of z the venue at which it enters, or None where it is no
    venue's. responses: impact of the permanent news on each price where the rows of the table are not read at one time
    (None: from the matrices). name: short and unique; title: in words. identified: whether prices tell the origin.
    """

    name: str
    title: str
    venues: tuple[str, ...]
    transition: FloatArray
    impact: FloatArray
    read: FloatArray
    noise: FloatArray
    trend: FloatArray
    owner: tuple[int | None, ...]
    responses: tuple[float, ...] | None = None
    identified: bool = True

    def origin(self) -> FloatArray:
        """Return the share of permanent variance that enters at each venue, NaN where all of it is no venue's.

        sum of (l'B_k)^2 over the shocks of the venue, over the sum over all.
        """
        power = (self.trend @ self.impact) ** 2
        entered = np.zeros(len(self.venues))
        for owner, part in zip(self.owner, power, strict=True):
            if owner is not None:
                entered[owner] += part
        return entered / power.sum() if entered.sum() > 0 else np.full(len(entered), np.nan)

    def response(self) -> FloatArray:
        """Return how much of the permanent news each price shows within the step: (HB)(l'B)' / |l'B|^2."""
        if self.responses is not None:
            return np.array(self.responses)
        permanent = self.trend @ self.impact
        return np.asarray(self.read @ self.impact @ permanent / (permanent @ permanent))

    def innovations(self) -> tuple[FloatArray, FloatArray]:
        """Return psi and omega of the prices' innovations: the long-run effect of each, and their covariance.

        The steady state of the Kalman filter; psi = l'K with gain K. Raises ValueError where it does not settle.
        """
        f, h, r = self.transition, self.read, np.diag(self.noise**2)
        news = self.impact @ self.impact.T
        state = news.copy()
        for _ in range(20_000):
            omega = h @ state @ h.T + r
            gain = state @ h.T @ np.linalg.inv(omega)
            after = f @ (state - gain @ h @ state) @ f.T + news
            if np.abs(after - state).max() < _CONVERGED * np.abs(news).max():
                return self.trend @ gain, omega
            state = after
        raise ValueError(f"{self.name}: the filter does not settle")

    def population(self) -> pd.DataFrame:
        """Return what information shares tend to with all lags and no end of data: rows venues (see shares)."""
        return shares(*self.innovations(), names=self.venues)

    def simulate(self, rng: np.random.Generator, days: int, rows: int) -> Path:
        """Draw `days` of `rows` each: one path without a gap, whose days are segments and the bootstrap's blocks."""
        total = days * rows
        steps = rng.normal(size=(total, self.impact.shape[1])) @ self.impact.T
        state = np.zeros(len(self.trend))
        seen = np.empty((total, len(self.trend)))
        for t in range(total):
            state = self.transition @ state + steps[t]
            seen[t] = state
        prices = seen @ self.read.T + rng.normal(size=(total, len(self.venues))) * self.noise
        return path(pd.DataFrame(prices, columns=list(self.venues)), days, rows)


@dataclass(frozen=True, eq=False)
class Overlap:
    """A design whose first venue is shut for a part of each day, during which all news enters at the last one.

    While both are open, shock k enters at venue k and each venue closes kappa of its gap to the trend a step (two
    sources); the first venue opens at the trend. share: of the news while both are open, the part of the first venue;
    open_part: of the day's rows.
    """

    name: str
    title: str
    venues: tuple[str, str]
    share: float
    kappa: tuple[float, float]
    open_part: float
    identified: bool = True

    def origin(self) -> FloatArray:
        """Return the share over the whole day: open_part x share for the first venue."""
        first = self.open_part * self.share
        return np.array([first, 1 - first])

    def response(self) -> FloatArray:
        """Return the impact responses while both are open."""
        return np.array([self.share, 1 - self.share])

    def population(self) -> pd.DataFrame:
        """Return what information shares tend to while both are open."""
        return shares([1.0, 1.0], np.diag([self.share, 1 - self.share]), names=self.venues)

    def simulate(self, rng: np.random.Generator, days: int, rows: int) -> Path:
        """Draw `days` of `rows` each, missing values where the first venue is shut."""
        together = round(self.open_part * rows)
        both = np.arange(days * rows) % rows < together
        deviations = np.where(both[:, None], np.sqrt([self.share, 1 - self.share]), [0.0, 1.0])
        news = rng.normal(size=(days * rows, 2)) * deviations
        trend = np.r_[0.0, news.sum(axis=1).cumsum()]
        prices = np.empty((days * rows, 2))
        now = np.zeros(2)
        for t in range(days * rows):
            if t % rows == 0:
                now[0] = trend[t]
            if t % rows == together:
                now[1] = trend[t]
            now = now + (self.kappa * (trend[t] - now) if both[t] else [0.0, 0.0]) + news[t]
            prices[t] = now
        prices[~both, 0] = np.nan
        drawn = path(pd.DataFrame(prices, columns=list(self.venues)), days, rows)
        kinds = pd.Series(np.where(both, "+".join(self.venues), self.venues[1]), index=drawn.log_prices.index)
        segments = drawn.segments * 2 + ~both
        return Path(drawn.log_prices, segments, drawn.days, kinds)


Design = Linear | Overlap


def path(log_prices: pd.DataFrame, days: int, rows: int) -> Path:
    """Cut rows into days that are segments and blocks."""
    labels = pd.Series(np.repeat(np.arange(days), rows), index=log_prices.index)
    return Path(log_prices, labels, labels, pd.Series("", index=log_prices.index))


def speed_share(responses: Sequence[float] | FloatArray) -> float:
    """Return the speed share of the first of two venues, r1^2 / (r1^2 + r2^2), from impact responses."""
    first, second = float(responses[0]), float(responses[-1])
    return first**2 / (first**2 + second**2)


def leader(responses: Sequence[float] | FloatArray) -> int:
    """Return 1 where the first venue shows news before the last one, -1 where the last does, 0 where neither."""
    gap = float(responses[0]) - float(responses[-1])
    return 0 if abs(gap) < 1e-9 else (1 if gap > 0 else -1)
