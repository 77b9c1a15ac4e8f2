"""Measure a trading year of eight months of SC, two of LU, Oman and Brent, with every account settled each day.

Run `python benchmarks/trading_year.py [--quick] [--json FILE]`. It checks first that a cleared world conserves money
and lots, that equal seeds give equal states, and that clearing that calls nobody moves no price; only then does it
time. `--quick` takes a week for the year. One process, one thread; gas is left out.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from agents.clearing.market import MarketClearing
from agents.traders.warm_up import warm_up
from scenarios.spec import load_scenario
from scenarios.streams import Streams
from scenarios.world import World, build

YEAR_DAYS, WEEK_DAYS, CHECKED_DAYS = 243, 5, 4
_SETS = [
    "traders.curve.sc_active_months=8",
    "traders.curve.lu_active_months=2",
    "period.slow_end=2025-11-14",
]
_KINDS = ("individual", "firm", "fund", "overseas", "member")
_NO_EXCHANGES = (
    "crude.warrants.exchange_days_ahead=0"  # they are booked at the house, and would tell the two apart
)
_AMPLE = [_NO_EXCHANGES, *(f"clearing.{kind}.capital_cny_per_client=1e9" for kind in _KINDS)]
_NO_CLEARING = [_NO_EXCHANGES, "clearing.enabled=false"]


def world_of(days: int, sets: list[str] | None = None) -> World:
    """Build the base scenario with all its active months and some trading days of order flow."""
    loaded = load_scenario("base", [*_SETS, f"period.trading_days={days}", *(sets or [])])
    return build(loaded, Streams(1), changed=False, with_gas=False, flow_days=days)


def check() -> None:
    """Raise AssertionError unless days clear without loss, equal seeds agree, and idle clearing moves nothing."""
    first, second, idle, none = (world_of(CHECKED_DAYS, sets) for sets in ([], [], _AMPLE, _NO_CLEARING))
    for world in (first, second, idle, none):
        world.run()  # checks conservation of lots and money at its end
    if first.state_hash() != second.state_hash():
        raise AssertionError("the state does not follow from the seed")
    if idle.population.state_hash() != none.population.state_hash():
        raise AssertionError("clearing that calls nobody moves prices")


@contextmanager
def timed(methods: tuple[str, ...]) -> Iterator[list[float]]:
    """Sum the seconds that methods of the clearing take while the context lasts."""
    seconds, before = [0.0], {name: getattr(MarketClearing, name) for name in methods}

    def watched(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began = perf_counter()
            result = method(*arguments)
            seconds[0] += perf_counter() - began
            return result

        return call

    for name, method in before.items():
        setattr(MarketClearing, name, watched(method))
    try:
        yield seconds
    finally:
        for name, method in before.items():
            setattr(MarketClearing, name, method)


def time_days(days: int) -> dict[str, Any]:
    """Time the order flow of so many days from its first to its last moment, and the clearing within it."""
    with timed(("opened", "closed")) as clearing_seconds:
        world = world_of(days)
        world.env.run(until=world.flow_start_ns)
        wall, cpu = perf_counter(), process_time()
        world.env.run(until=world.flow_end_ns + 1)
        wall, cpu = perf_counter() - wall, process_time() - cpu
    world.check_conservation()
    assert world.clearing is not None
    rows = world.clearing.days
    return {
        "days": days,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "cpu_seconds_per_day": cpu / days,
        "clearing_milliseconds_per_day": 1e3 * clearing_seconds[0] / days,
        "messages": int(world.population.state["messages"]),
        "accounts": len(world.clearing.house.roster),
        "calls": sum(row.called_accounts for row in rows),
        "forced_lots": sum(sum(row.forced_filled_lots.values()) for row in rows),
        "defaults": sum(row.defaults for row in rows),
        "cash_settled_lots": sum(row.cash_settled_lots for row in rows),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a week for the year")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    warm_up()
    check()
    found = time_days(WEEK_DAYS if arguments.quick else YEAR_DAYS)
    print("SC (8 months), LU (2), Oman and Brent; all accounts settled each day; no gas.")
    print(
        f"  {found['wall_seconds']:>9,.1f} s for {found['days']} days ({found['cpu_seconds']:,.1f} s of one core)"
    )
    print(
        f"  {found['cpu_seconds_per_day']:>9.2f} s a day, {found['messages'] / found['days']:,.0f} messages"
    )
    print(f"  {found['clearing_milliseconds_per_day']:>9.1f} ms of it clear {found['accounts']} accounts")
    print(f"  {found['peak_megabytes']:>9,.0f} MB of memory at most")
    print(
        f"  {found['calls']:,} calls, {found['forced_lots']:,} lots closed by force, {found['defaults']} defaults, "
        f"{found['cash_settled_lots']:,} lots ended in cash"
    )
    if arguments.json:
        found["python"], found["machine"] = platform.python_version(), platform.machine()
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
