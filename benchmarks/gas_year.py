"""Measure a year of gas: 150 named ships, contracts, the delta's hours, a linear programme a day, SHPGX and JKM.

Run `python benchmarks/gas_year.py [--quick] [--json FILE]`. It checks first that nothing was made or lost, in m3, kJ,
cents and places, and that the same seed gives the same state; only then does it time. `--quick` takes a quarter.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import simpy

from agents.gas.world import GasWorld
from agents.prices import PriceHistory
from agents.world_price import brent_path
from exchange.clock import ns
from exchange.units import NS_PER_DAY
from scenarios.spec import LoadedScenario, load_scenario
from scenarios.streams import Streams


def year(loaded: LoadedScenario, days: int) -> tuple[GasWorld, float]:
    """Run so many days of gas and return the world and its processor seconds, prices not counted."""
    scenario = loaded.scenario
    streams, start = Streams(1), scenario.period.slow_start
    brent = brent_path(scenario.world_price, streams.generator("world_price"))
    fx = PriceHistory("fx_cny_per_usd")
    fx.publish(start, 7.13)
    env = simpy.Environment(initial_time=ns(start))
    began = process_time()
    world = GasWorld(
        env, scenario.gas, start=start, rng=streams.generator, brent=brent, fx=fx,
        is_trading_day=loaded.calendar.is_trading_day,
    )  # fmt: skip
    env.run(until=ns(start) + days * NS_PER_DAY)
    return world, process_time() - began


def measure(loaded: LoadedScenario, days: int, rounds: int) -> dict[str, Any]:
    """Check a run, then time it."""
    first, _ = year(loaded, days)
    first.check_conservation()
    seconds = []
    for _ in range(rounds):
        world, took = year(loaded, days)
        assert world.state_integers() == first.state_integers(), "the same seed gave another state"
        seconds.append(took)
    tables = first.tables()
    return {
        "days": days,
        "ships": len(first.fleet.ships.all),
        "mean_ships_in_use": round(
            len(first.fleet.ships.all) * tables["gas_days"].ships_employed_share.mean()
        ),
        "legs": len(tables["lng_ships"]),
        "place_hours": len(tables["gas_hours"]),
        "trades": len(tables["listings"]),
        "seconds": round(median(seconds), 2),
        "seconds_a_year": round(median(seconds) * 365 / days, 2),
    }


def main() -> None:
    """Measure the country's cargoes and the delta's gas."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    days, rounds = (92, 1) if asked.quick else (365, 3)
    found = measure(load_scenario("calm-2024"), days, rounds)
    print(
        f"{found['days']} days, {found['ships']} ships ({found['mean_ships_in_use']} in use), {found['legs']} legs, "
        f"{found['place_hours']} hours of places, {found['trades']} trades at SHPGX: "
        f"{found['seconds']} s of processor time, {found['seconds_a_year']} s a year"
    )
    if asked.json:
        machine = platform.processor() or platform.machine()
        asked.json.write_text(json.dumps({"machine": machine} | found, indent=1))


if __name__ == "__main__":
    main()
