"""Measure the clearing house: a trading day of 100,000 accounts, and what comes after it.

Run `python benchmarks/clearing.py [--quick] [--json FILE]`. It checks first that the house repeats its naive twin to
the fen and that money and lots are conserved; only then does it time. `--quick` takes fewer accounts and rounds.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from exchange.clearing.closing import margin_liquidation
from exchange.clearing.default import cover_deficits
from exchange.clearing.house import FILL, ClearingHouse, Funds, Offset, Roster, Statement
from exchange.clearing.naive import NaiveHouse
from exchange.clearing.reduction import reduce_by_force
from exchange.clearing.rules import ContractRules, FeeRule, MarginRule, Participant

Array = np.ndarray[Any, np.dtype[Any]]
MONTHS, MEMBERS, SETTLED = 20, 150, 5_000
FRONT_SHARE = 0.6
"""How much of the day's trading is in the first month."""


def house_of(accounts: int) -> ClearingHouse:
    """Return a house with SC's 20 months, the mix of account types that facts on SC give, and cash for all."""
    rng = np.random.default_rng(1)
    kinds = rng.choice(list(Participant), accounts, p=[0.9, 0.05, 0.03, 0.015, 0.005]).astype(np.int8)
    roster = Roster(kinds, rng.integers(0, MEMBERS, accounts).astype(np.int32), kinds == Participant.FIRM)
    rules = tuple(
        ContractRules(
            f"M{month}", 10_000, MarginRule(12, 11, both_sides=month == 0), FeeRule(2_000, 2_000, 0)
        )
        for month in range(MONTHS)
    )
    funds = Funds(np.full(MEMBERS, 10**10), np.full(MEMBERS, 10**9), reserve_fen=10**11)
    house = ClearingHouse(roster, rules, np.full(MONTHS, SETTLED), funds)
    house.cash_fen[:] = rng.integers(0, 10**8, accounts)
    funds.bank_fen -= int(house.cash_fen.sum())
    return house


def day_of_trades(house: ClearingHouse, trades: int, seed: int) -> Array:
    """Return the fills of the next day: random pairs; who holds the other side closes it, others open."""
    rng = np.random.default_rng(seed)
    accounts = len(house.roster)
    month = np.where(rng.random(trades) < FRONT_SHARE, 0, rng.integers(0, MONTHS, trades))
    rows = np.zeros((2, trades), FILL)
    rows["contract"], rows["lots"] = month, rng.geometric(0.3, trades)
    rows["price"] = house.settled_ticks[month] + rng.integers(-100, 101, trades)
    rows["account"] = rng.integers(0, accounts, (2, trades))
    rows["side"] = [[0], [1]]
    earlier = house.held_lots[1 - rows["side"], rows["contract"], rows["account"]]
    cells = np.ravel_multi_index((rows["side"], rows["contract"], rows["account"]), (2, MONTHS, accounts))
    once = np.zeros(cells.shape, bool)
    once.reshape(-1)[np.unique(cells, return_index=True)[1]] = True
    rows["offset"] = np.where(once & (earlier >= rows["lots"]), Offset.CLOSE, Offset.OPEN)
    return rows.reshape(-1)


def clear(house: ClearingHouse, fills: Array, settlement: Array) -> Statement:
    """Clear a day: book all fills, mark to the settlement, take fees, compute margins and calls."""
    house.open_day(house.rules)
    house.book(fills)
    return house.settle(settlement)


def settlements(house: ClearingHouse, day: int) -> Array:
    """Return the next settlement prices."""
    return house.settled_ticks + np.random.default_rng(day).integers(-150, 151, MONTHS)


def check(accounts: int = 400) -> None:
    """Raise AssertionError unless the house repeats its twin, and money and lots are conserved."""
    house = house_of(accounts)
    twin = NaiveHouse(house.roster.hedge, house.rules, house.settled_ticks.tolist())
    twin.cash = house.cash_fen.tolist()
    before = house.total_fen
    for day in range(4):
        fills, settlement = day_of_trades(house, 4 * accounts, day), settlements(house, day)
        statement = clear(house, fills, settlement)
        twin.open_day(house.rules)
        twin.book(fills.tolist())
        twin.settle(settlement.tolist())
        if house.cash_fen.tolist() != twin.cash:
            raise AssertionError("cash is not the twin's")
        if statement.available_fen.tolist() != [twin.available(account) for account in range(accounts)]:
            raise AssertionError("available money is not the twin's")
        house.check()
        if house.total_fen != before:
            raise AssertionError("money has appeared or vanished")
        if not (fills["offset"] == Offset.CLOSE).any() and day:
            raise AssertionError("nobody closes")


def time_day(accounts: int, trades: int, rounds: int) -> dict[str, float]:
    """Time whole days, and their parts, after two days that fill the accounts; the time is the median day's."""
    house = house_of(accounts)
    for day in range(2):
        clear(house, day_of_trades(house, trades, day), settlements(house, day))
    days, books, settles = [], [], []
    for day in range(2, 2 + rounds):
        fills, settlement = day_of_trades(house, trades, day), settlements(house, day)
        house.open_day(house.rules)
        books.append(_timed(lambda: house.book(fills)))  # noqa: B023 - called at once
        settles.append(_timed(lambda: house.settle(settlement)))  # noqa: B023
        fills, settlement = day_of_trades(house, trades, 100 + day), settlements(house, 100 + day)
        days.append(_timed(lambda: clear(house, fills, settlement)))  # noqa: B023
    house.check()
    called = np.flatnonzero(house.available_fen() < 0)
    house.open_day(house.rules)
    limits = np.stack([house.settled_ticks * 9 // 10, house.settled_ticks * 11 // 10], axis=1)
    some = called[:1_000].tolist()
    forced = _timed(lambda: margin_liquidation(house, some, limits))
    asked = house.held_lots[0, 0].copy()
    house.settled_ticks[0] = house.settled_ticks[0] * 85 // 100
    reduced = _timed(lambda: reduce_by_force(house, 0, -1, asked, int(limits[0, 0])))
    return {
        "accounts": accounts,
        "fills": 2 * trades,
        "positions": int((house.held_lots > 0).sum()),
        "day_seconds": median(days),
        "day_seconds_worst": max(days),
        "book_seconds": median(books),
        "settle_seconds": median(settles),
        "called_accounts": len(called),
        "liquidation_seconds_per_thousand_accounts": forced * 1_000 / max(1, len(some)),
        "reduction_seconds": reduced,
        "default_seconds": _timed(lambda: cover_deficits(house)),
    }


def time_twin(accounts: int = 1_000) -> float:
    """Return the naive twin's seconds a day for an account, with as many fills an account as the house has."""
    house = house_of(accounts)
    twin = NaiveHouse(house.roster.hedge, house.rules, house.settled_ticks.tolist())
    seconds = 0.0
    for day in range(3):
        fills, settlement = day_of_trades(house, 2 * accounts, day), settlements(house, day)
        clear(house, fills, settlement)

        def naive_day() -> None:
            twin.open_day(house.rules)
            twin.book(fills.tolist())  # noqa: B023
            twin.settle(settlement.tolist())  # noqa: B023
            for account in range(accounts):
                twin.available(account)

        seconds = _timed(naive_day)
    return seconds / accounts


def _timed(action: Any) -> float:
    began = perf_counter()
    action()
    return perf_counter() - began


def main() -> None:
    """Check, time, print, and write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="10,000 accounts and three rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    check()
    print("Checked: the house repeats its naive twin to the fen; money and lots are conserved.")
    accounts, rounds = (10_000, 3) if arguments.quick else (100_000, 9)
    figures: dict[str, Any] = time_day(accounts, 2 * accounts, rounds)
    twin = time_twin()
    figures["naive_seconds_per_account"] = twin
    figures["times_naive"] = twin * accounts / figures["day_seconds"]
    print(
        f"A day: {accounts:,} accounts, {MONTHS} months, {figures['fills']:,} fills, "
        f"{figures['positions']:,} positions; median of {rounds} days, one thread."
    )
    for key, text in (
        ("day_seconds", "s a day: fills booked, marked to market, fees, margins and calls"),
        ("day_seconds_worst", "s the slowest of them"),
        ("book_seconds", "s of it: booking the fills"),
        ("settle_seconds", "s of it: settlement, margins, calls"),
        (
            "liquidation_seconds_per_thousand_accounts",
            "s to lay out the forced orders of 1,000 called accounts",
        ),
        ("reduction_seconds", "s a forced reduction of the first month"),
        ("times_naive", "times the naive twin, by accounts"),
    ):
        print(f"  {figures[key]:>10.3f} {text}")
    if arguments.json:
        figures["python"], figures["machine"] = platform.python_version(), platform.machine()
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
