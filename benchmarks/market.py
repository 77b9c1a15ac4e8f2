"""Measure the throughput of the whole market: three crude books with every decision of their traders.

Run `python benchmarks/market.py [--quick] [--json FILE]`. It checks first that the same seed gives the same state, that
a fork runs as its original does, and that lots and money are conserved; only then does it time. `--quick` leaves the
measured year out. One process, one thread.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
from collections.abc import Callable
from datetime import time as wall_time
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from _bourse import bourse_book, bourse_calls, play
from _stream import mixed_stream

from agents.traders.population import TraderPopulation
from agents.traders.warm_up import warm_up
from exchange.clock import ns
from exchange.codes import Phase, Venue
from exchange.units import NS_PER_HOUR, NS_PER_SECOND
from scenarios.spec import load_scenario
from scenarios.streams import Streams
from scenarios.world import World, build

YEAR_DAYS = 243
SC_HOURS_A_DAY = 9.25  # 21:00-02:30 and 09:00-15:00 less two breaks
_YEAR = [f"period.trading_days={YEAR_DAYS}", "period.slow_end=2025-11-14"]
_OPENS = wall_time(22)


def base_world(days: int, sets: list[str] | None = None, *, seed: int = 1) -> World:
    """Build the base scenario's whole world, gas included, with `days` trading days of order flow."""
    loaded = load_scenario("base", sets or [])
    return build(loaded, Streams(seed), changed=False, flow_days=days)


def open_population() -> TraderPopulation:
    """Return the traders at 22:00 on the first evening, when all three books trade."""
    world = base_world(1)
    world.env.run(until=ns(world.loaded.calendar.previous(world.trading_days[0]), _OPENS))
    population = world.population
    if any(population.book(venue)["phase"] != Phase.CONTINUOUS for venue in Venue):
        raise AssertionError("not all books trade at 22:00")
    return population


def check() -> None:
    """Raise AssertionError unless equal seeds give equal states, forks follow, and nothing appears or vanishes."""
    first, second, other = base_world(1), base_world(1), base_world(1, seed=2)
    for world in (first, second, other):
        world.run()  # checks conservation of lots, money, barrels and gas at its end
    if first.state_hash() != second.state_hash() or first.state_hash() == other.state_hash():
        raise AssertionError("the state hash does not follow from the seed")
    original = open_population()
    fork = original.copy()
    for population in (original, fork):
        population.advance(population.now_ns + NS_PER_HOUR)
        population.check_conservation()
    if original.state_hash() != fork.state_hash():
        raise AssertionError("a fork that changes nothing runs apart from its original")


def time_population(rounds: int = 15) -> dict[str, Any]:
    """Time an hour of the three open books from one fork of the state, in turns with `bourse` on a stream of its own.

    Turns make the ratio fair on a machine that others use too; every figure is a median over rounds.
    """
    start = open_population()
    before = {name: int(start.state[name]) for name in ("messages", "next_id", "trades")}
    per_second = float(start.state["rates"].sum())
    bourse = bourse_stream()
    seconds, rates = [], []
    for _ in range(rounds):
        fork = start.copy()
        seconds.append(_timed(lambda: fork.advance(start.now_ns + NS_PER_HOUR)))  # noqa: B023
        if bourse is not None:
            rates.append(bourse())
    moved = {name: int(fork.state[name]) - count for name, count in before.items()}
    hour = median(seconds)
    decisions = (per_second + 1) * NS_PER_HOUR / NS_PER_SECOND  # the one more is the lattice's second
    figures: dict[str, Any] = {
        "messages_per_second": moved["messages"] / hour,
        "decisions_per_second": decisions / hour,
        "messages": moved["messages"],
        "decisions": decisions,
        "orders": moved["next_id"],
        "cancels": moved["messages"] - moved["next_id"],
        "trades": moved["trades"],
        "seconds_per_simulated_hour": hour,
        "sc_hours_of_a_year_seconds_extrapolated": hour * SC_HOURS_A_DAY * YEAR_DAYS,
        "fork_microseconds": 1e6 * median(_timed(start.copy) for _ in range(101)),
    }
    if rates:
        ratio = median(moved["messages"] / s / rate for s, rate in zip(seconds, rates, strict=True))
        figures["bourse_messages_per_second"] = median(rates)
        figures["messages_over_bourse"] = ratio
        figures["decisions_over_bourse"] = ratio * decisions / moved["messages"]
    return figures


def time_week() -> dict[str, float]:
    """Time five trading days of the whole world, with all hours of Oman and Brent, venues, crude and gas."""
    world = base_world(5)
    world.env.run(until=world.flow_start_ns)
    seconds = []
    for day in world.trading_days:
        close = ns(day, wall_time(15))
        seconds.append(_timed(lambda: world.env.run(until=close)))  # noqa: B023 - called at once
    mean = sum(seconds) / len(seconds)
    messages = int(world.population.state["messages"])
    return {
        "day_seconds": mean,
        "messages_per_day": messages / len(seconds),
        "messages_per_second": messages / sum(seconds),
        "year_seconds_extrapolated": mean * YEAR_DAYS,
    }


def time_year() -> dict[str, float]:
    """Time 243 trading days of the whole world, and read the largest memory the process has had."""
    world = base_world(YEAR_DAYS, _YEAR)
    before = process_time()
    seconds = _timed(world.run)
    cpu_seconds = process_time() - before
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    messages = int(world.population.state["messages"])
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "messages": messages,
        "messages_per_second": messages / seconds,
        "peak_megabytes": kilobytes / (2**20 if sys.platform == "darwin" else 2**10),
    }


def bourse_stream(messages: int = 100_000) -> Callable[[], float] | None:
    """Return a function that measures the messages per second of `bourse`, one call a message; None without bourse.

    It plays the mixed stream of the matching benchmark: half limit orders, two fifths cancels, a tenth that cross.
    A second call tells each message's time, without which bourse loses orders.
    """
    if bourse_book() is None:
        return None
    setup, stream = mixed_stream(messages)
    first, numbers = bourse_calls(setup)
    calls, _ = bourse_calls(stream, numbers)

    def measure() -> float:
        book = bourse_book()
        play(book, first)
        return messages / _timed(lambda: play(book, calls, len(first)))

    return measure


def _timed(action: Callable[[], Any]) -> float:
    began = perf_counter()
    action()
    return perf_counter() - began


def _line(value: float, text: str, decimals: int = 0) -> None:
    print(f"  {value:>12,.{decimals}f} {text}")


def main() -> None:
    """Check, time, print, and write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave the measured year out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    warm_up()
    check()
    print("Whole market: SC, Oman and Brent with all their traders, as in the scenario base, seed 1.")
    print(
        "Checked: equal seeds give equal states, a fork runs as its original, lots and money are conserved.\n"
    )

    figures: dict[str, Any] = {"population": time_population(), "week": time_week()}
    population, week = figures["population"], figures["week"]
    orders = population["orders"] / population["messages"]
    trades = population["trades"] / population["messages"]
    print("Population, an hour (22:00-23:00) of three open books, median of rounds:")
    _line(
        population["messages_per_second"],
        "messages/s, every decision included (an order or a cancel of a book)",
    )
    _line(population["decisions_per_second"], "decisions/s, most of which send nothing")
    print(f"  mix: {orders:.0%} orders, {1 - orders:.0%} cancels, {trades:.2f} trades a message")
    if "messages_over_bourse" in population:
        _line(
            population["bourse_messages_per_second"],
            "messages/s: bourse, one call a message, in turns with the rounds above",
        )
        print(
            "  mix: 50 % limit orders, 40 % cancels, 10 % crossing, some 3,500 resting; no decision, no account"
        )
        _line(population["messages_over_bourse"], "times bourse, by messages", 2)
        _line(population["decisions_over_bourse"], "times bourse, by decisions", 2)
    else:
        print("  bourse is not installed: nothing to compare with")
    _line(population["fork_microseconds"], "us to fork the state")
    _line(
        population["sc_hours_of_a_year_seconds_extrapolated"],
        f"s for SC's hours of {YEAR_DAYS} days on three books, extrapolated from this hour",
    )
    print("Whole world, with all hours of Oman and Brent, venues, cargoes, tanks and gas:")
    _line(
        week["day_seconds"], f"s a trading day, mean of a week, {week['messages_per_day']:,.0f} messages", 2
    )
    _line(week["year_seconds_extrapolated"], f"s for {YEAR_DAYS} days, extrapolated")
    if not arguments.quick:
        year = figures["year"] = time_year()
        _line(year["seconds"], f"s for {YEAR_DAYS} days, measured ({year['cpu_seconds']:,.0f} s of one core)")
        _line(year["messages_per_second"], f"messages/s, of {year['messages']:,.0f}")
        _line(year["peak_megabytes"], "MB of memory at most")
    if arguments.json:
        figures["python"], figures["machine"] = platform.python_version(), platform.machine()
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
