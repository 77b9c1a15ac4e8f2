"""One gas world for the tests: the base figures on monthly means of Brent, at a fixed exchange rate."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
import simpy

from agents.gas.freight import Freight
from agents.gas.parameters import GasParameters
from agents.gas.routes import Routes
from agents.gas.shocks import DatedShock
from agents.gas.world import GasWorld
from agents.prices import PriceHistory
from exchange.clock import ns
from exchange.units import NS_PER_DAY

PART = Path(__file__).parents[1] / "scenarios/library/parts/gas.toml"
START = date(2024, 8, 1)
# World Bank, Commodity Markets (Pink Sheet): Brent, monthly means in USD/bbl, April 2024 to August 2025.
BRENT_USD_PER_BBL = (
    90.05, 82.00, 82.56, 85.30, 80.86, 74.29, 75.66, 74.40, 73.83,
    79.21, 75.16, 72.57, 67.75, 64.21, 71.45, 70.95, 68.20,
)  # fmt: skip
_BRENT_FIRST = date(2024, 4, 15)


@cache
def base_parameters() -> GasParameters:
    with PART.open("rb") as file:
        return GasParameters(**tomllib.load(file)["gas"])


def streams(seed: int) -> Callable[[str], np.random.Generator]:
    def rng(name: str) -> np.random.Generator:
        return np.random.Generator(
            np.random.Philox(np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()),)))
        )

    return rng


def brent_history() -> PriceHistory:
    history = PriceHistory("brent_usd_per_bbl")
    months = [_BRENT_FIRST.toordinal() + round(30.4 * month) for month in range(len(BRENT_USD_PER_BBL))]
    for ordinal in range(months[0], months[-1]):
        history.publish(date.fromordinal(ordinal), float(np.interp(ordinal, months, BRENT_USD_PER_BBL)))
    return history


def is_working_day(day: date) -> bool:
    in_golden_week = (day.month, day.day) in {(10, d) for d in range(1, 8)}
    return day.weekday() < 5 and not in_golden_week


def routes_of(parameters: GasParameters) -> Routes:
    shipping = parameters.shipping
    return Routes(parameters.ports, parameters.passages, shipping.speed_knots, shipping.charter_days)


def freight_of(parameters: GasParameters, routes: Routes | None = None) -> Freight:
    routes = routes or routes_of(parameters)
    return Freight(parameters.shipping, parameters.suppliers, parameters.passages, routes, 166_170)


def gas_world(
    seed: int = 1,
    days: int = 150,
    shocks: Sequence[DatedShock] = (),
    parameters: GasParameters | None = None,
    start: date = START,
    brent: PriceHistory | None = None,
) -> GasWorld:
    """Run a gas world for some days and return it, after checking its books."""
    fx = PriceHistory("fx_cny_per_usd")
    fx.publish(start, 7.13)
    env = simpy.Environment(initial_time=ns(start))
    world = GasWorld(
        env, parameters or base_parameters(), start=start, rng=streams(seed), brent=brent or brent_history(), fx=fx,
        is_trading_day=is_working_day, shocks=shocks,
    )  # fmt: skip
    env.run(until=ns(start) + days * NS_PER_DAY)
    world.check_conservation()
    return world


def test_the_case_is_the_library_part() -> None:
    assert base_parameters().suppliers["qatar"].china_imports_mtpa == 18.35
    assert brent_history().on(START - timedelta(days=1)) > 60
