"""Measure a year of the delta's gas: cargoes, tanks, a linear programme a day, SHPGX and the JKM window.

Run `python benchmarks/gas_year.py [--quick] [--json FILE]`. It checks first that nothing was made or lost and that the
same seed gives the same state; only then does it time. Send-out is daily, not hourly, and ships are not named: it says
how many were at sea at once. `--quick` takes a quarter of a year.
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

SHIPS_AT_SEA = 150


def year(loaded: LoadedScenario, days: int, times: float = 1.0) -> tuple[GasWorld, float]:
    """Run so many days of gas and return the world and its processor seconds, prices not counted.

    `times` makes the delta so many times as large: cargoes, tanks, berths, pipes and demand.
    """
    scenario = loaded.scenario
    streams, start = Streams(1), scenario.period.slow_start
    brent = brent_path(scenario.world_price, streams.generator("world_price"))
    fx = PriceHistory("fx_cny_per_usd")
    fx.publish(start, 7.13)
    gas = scenario.gas
    if times != 1.0:
        gas = type(gas).model_validate(scaled(gas.model_dump(), times))
    env = simpy.Environment(initial_time=ns(start))
    began = process_time()
    world = GasWorld(
        env, gas, start=start, rng=streams.generator, brent=brent, fx=fx,
        is_trading_day=loaded.calendar.is_trading_day,
    )  # fmt: skip
    env.run(until=ns(start) + days * NS_PER_DAY)
    return world, process_time() - began


def scaled(gas: dict[str, Any], factor: float) -> dict[str, Any]:
    """Return the figures of a delta so many times as large."""
    for supplier in gas["suppliers"].values():
        supplier["china_imports_mtpa"] *= factor
    gas["importers"]["max_tenders_per_day"] = round(factor)
    for terminal in gas["terminals"].values():
        terminal["stages"] = ()
        terminal["berths"] = round(terminal["berths"] * factor) or 1
        for key in ("tank_m3", "max_send_out_m3_per_day", "max_trucks_t_per_day"):
            terminal[key] = round(terminal[key] * factor)
    gas["pipeline"]["flow_bcm_per_year"] *= factor
    gas["pipeline"]["capacity_m3_per_day"] = round(gas["pipeline"]["capacity_m3_per_day"] * factor)
    gas["demand"]["demand_bcm_per_year"] *= factor
    for edge in gas["network"]["edges"].values():
        if edge["capacity_m3_per_day"] is not None:
            edge["capacity_m3_per_day"] = round(edge["capacity_m3_per_day"] * factor)
    return gas


def at_sea(world: GasWorld) -> int:
    """Return the largest number of ships under way at once, the way back counted like the way out."""
    moves = []
    for cargo in world.fleet.cargoes:
        if cargo.loaded_ns is not None:
            left = cargo.discharged_ns or int(world.env.now)
            moves += [(cargo.loaded_ns, 1), (left + cargo.sailing_ns, -1)]
    ships = most = 0
    for _, change in sorted(moves):
        ships += change
        most = max(most, ships)
    return most


def measure(loaded: LoadedScenario, days: int, rounds: int, times: float = 1.0) -> dict[str, Any]:
    """Check a case, then time it."""
    first, _ = year(loaded, days, times)
    first.check_conservation()
    seconds = []
    for _ in range(rounds):
        world, took = year(loaded, days, times)
        assert world.state_integers() == first.state_integers(), "the same seed gave another state"
        seconds.append(took)
    return {
        "days": days,
        "cargoes": sum(cargo.loaded_ns is not None for cargo in first.fleet.cargoes),
        "ships_at_once": at_sea(first),
        "seconds": round(median(seconds), 2),
        "seconds_a_year": round(median(seconds) * 365 / days, 2),
    }


def main() -> None:
    """Measure the delta, and a delta so large that about 150 ships serve it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    days, rounds = (92, 1) if asked.quick else (365, 3)
    loaded = load_scenario("calm-2024")
    own = measure(loaded, days, rounds)
    large = measure(loaded, days, rounds, SHIPS_AT_SEA / own["ships_at_once"])
    found = {
        "machine": platform.processor() or platform.machine(),
        "delta": own,
        f"{SHIPS_AT_SEA} ships": large,
    }
    for name in ("delta", f"{SHIPS_AT_SEA} ships"):
        case: Any = found[name]
        print(
            f"{name}: {case['days']} days, {case['cargoes']} cargoes, {case['ships_at_once']} ships at once: "
            f"{case['seconds']} s of processor time, {case['seconds_a_year']} s a year"
        )
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
