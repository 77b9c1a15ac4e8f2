"""The designs of the audit: prices whose origin, speed and leader follow from a formula; nothing is estimated here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.audit.linear import Design, Linear, Overlap

PAIR = ("SC", "Brent")


def noise_delay(
    name: str, title: str, noise: Sequence[float], delay: Sequence[int], source: int = 1
) -> Linear:
    """Two venues see one random walk with a delay and with noise: p_i,t = m_{t-d_i} + s_i v_i.

    source: the venue at which all the news enters. Without delay prices do not tell which one that is.
    """
    size = max(delay) + 1
    transition = np.eye(size, k=-1)
    transition[0, 0] = 1.0
    first = np.eye(size)[0]
    return Linear(
        name, title, PAIR, transition, first[:, None], np.eye(size)[list(delay)], np.array(noise, float), first,
        (source,), identified=delay[0] != delay[1],
    )  # fmt: skip


def partial_adjustment(name: str, title: str, speed: Sequence[float], transitory: Sequence[float]) -> Linear:
    """Two venues close a part of their gap to a public value: dp_i = speed_i (m_t - p_i) + transitory_i v.

    The news is no venue's own. Source: Yan and Zivot (2010), J. Financial Markets 13:1.
    """
    delta = np.array(speed, float)
    transition = np.block([[np.ones((1, 1)), np.zeros((1, 2))], [delta[:, None], np.diag(1 - delta)]])
    impact = np.column_stack([np.r_[1.0, delta], np.r_[0.0, np.array(transitory, float)]])
    read = np.eye(3)[1:]
    return Linear(
        name, title, PAIR, transition, impact, read, np.zeros(2), np.eye(3)[0], (None, None)
    )  # fmt: skip


def two_sources(
    name: str, title: str, share: float, kappa: Sequence[float], noise: Sequence[float] = (0.0, 0.0)
) -> Linear:
    """Each of two venues sees its own news at once and closes kappa of its gap to the trend a step later.

    share: of the news, the part that enters at the first venue. noise: sd of what its price shows beside.
    """
    own = np.sqrt([share, 1 - share])
    closes = np.array(kappa, float)
    transition = np.block([[np.ones((1, 1)), np.zeros((1, 2))], [closes[:, None], np.diag(1 - closes)]])
    impact = np.vstack([own, np.diag(own)])
    read = np.eye(3)[1:]
    return Linear(
        name, title, PAIR, transition, impact, read, np.array(noise, float), np.eye(3)[0], (0, 1)
    )  # fmt: skip


def clocks_apart(name: str, title: str, hours: int, noise: float = 0.2) -> Linear:
    """Read two venues without a leader once a day, Brent `hours` after SC: one hourly random walk and noise.

    Its truth is that of one clock: equal speed, no leader, news that is no venue's.
    """
    transition = np.array([[0.0, 1.0], [0.0, 1.0]])
    impact = np.array([[np.sqrt(24 - hours), 0.0], [np.sqrt(24 - hours), np.sqrt(hours)]])
    return Linear(
        name, title, PAIR, transition, impact, np.eye(2), np.full(2, noise), np.array([0.0, 1.0]), (None, None),
        responses=(1.0, 1.0), identified=False,
    )  # fmt: skip


def star(
    name: str,
    title: str,
    news: Sequence[float],
    read_by_centre: Sequence[float],
    kappa: Sequence[float],
    noise: Sequence[float],
) -> Linear:
    """Three venues: SC and Oman close kappa of their gap to Brent's price, Brent takes over a part of their news.

    news: variance of each venue's own news a step; read_by_centre: what Brent makes of the news of SC and of Oman,
    one step later. So the permanent part of a venue's news is that part, and its origin share part^2 x variance.
    """
    sc, oman = read_by_centre
    transition = np.zeros((5, 5))  # prices of SC, Oman, Brent; the news of SC and Oman of this step
    transition[0, [0, 2]] = 1 - kappa[0], kappa[0]
    transition[1, [1, 2]] = 1 - kappa[1], kappa[1]
    transition[2, 2:] = 1.0, sc, oman
    deviations = np.sqrt(news)
    impact = np.vstack([np.diag(deviations), np.eye(3)[:2] * deviations])
    trend = np.array([0.0, 0.0, 1.0, sc, oman])
    return Linear(
        name, title, ("SC", "Oman", "Brent"), transition, impact, np.eye(5)[:3], np.array(noise, float), trend,
        (0, 1, 2),
    )  # fmt: skip


def all_designs() -> tuple[Design, ...]:
    """Return the designs of the audit in the order in which they are shown."""
    return (
        noise_delay("equal", "one news, equal noise, no delay", (1, 1), (0, 0)),
        noise_delay("quiet", "one news, SC half as noisy, no delay", (0.5, 1), (0, 0)),
        noise_delay("quieter", "one news, SC half as noisy, much noise", (1, 2), (0, 0)),
        noise_delay("loud", "one news, SC twice as noisy, no delay", (2, 1), (0, 0)),
        noise_delay("late", "one news, SC one step late", (0.5, 0.5), (1, 0)),
        noise_delay("late-quiet", "one news, SC one step late, less noise", (0.3, 0.6), (1, 0)),
        noise_delay("later", "one news, SC three steps late", (0.5, 0.5), (3, 0)),
        partial_adjustment("adjust", "public news, SC faster, opposite noise", (0.8, 0.2), (0.5, -0.5)),
        partial_adjustment("adjust-alike", "public news, SC faster, common noise", (0.8, 0.2), (0.5, 0.5)),
        two_sources("quarter", "two sources, a quarter at SC", 0.25, (0.4, 0.3)),
        two_sources("quarter-fast", "two sources, a quarter at SC, SC faster", 0.25, (0.8, 0.1)),
        two_sources("half", "two sources, half at SC", 0.5, (0.4, 0.3)),
        two_sources("noisy", "two sources, a quarter at SC, with noise", 0.25, (0.8, 0.8), (0.5, 0.5)),
        two_sources("noisy-loud", "two sources, a quarter, SC twice as noisy", 0.25, (0.8, 0.8), (1.0, 0.5)),
        clocks_apart("one-clock", "no leader, read at one hour", 0),
        clocks_apart("clocks-4h", "no leader, read 4 hours apart", 4),
        clocks_apart("clocks-11h", "no leader, read 11 hours apart", 11),
        star("star", "star of three, SC read by half", (1.0, 0.5, 1.0), (0.5, 0.2), (0.4, 0.6), (0.2,) * 3),
        star("star-closed", "star of three, SC not read", (1.0, 0.5, 1.0), (0.0, 0.0), (0.4, 0.6), (0.2,) * 3),
        Overlap("overlap", "two sources, SC open two fifths of the day", PAIR, 0.25, (0.4, 0.3), 0.4),
    )  # fmt: skip


def quick_designs() -> tuple[Design, ...]:
    """Return half of the designs: at least one of each kind."""
    kept = (
        "equal", "quiet", "loud", "late", "adjust", "quarter", "noisy", "one-clock", "clocks-11h", "star", "overlap",
    )  # fmt: skip
    return tuple(design for design in all_designs() if design.name in kept)
