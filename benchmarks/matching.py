"""Measure the matching engine: one order per call, and batches of 10 to a million, beside `bourse` in the same run.

Run `python benchmarks/matching.py [--quick] [--json FILE]`. It compares trades, quotes and state with the naive book,
and trades with bourse's, before it times anything. Rounds take turns, so that what else the machine does meets all
alike; every figure is a median over rounds, in seconds of this process's processor time. One process, one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from _bourse import bourse_book, bourse_calls, play, play_untimed
from _stream import CENTRE, HIGH, LOW, empty_book, mixed_stream

from exchange.book import Buffers, OrderBook
from exchange.codes import Code, Kind, Side
from exchange.naive_book import NaiveBook

Array = np.ndarray[Any, np.dtype[Any]]
Measure = Callable[[], float]
_PEER = "bourse, one call per message (and one to tell its time)"
_FIRST_MATCH = """
import time, numpy
began = time.process_time()
from exchange.book import OrderBook
from exchange.records import MESSAGE
book = OrderBook(0, 99)
book.submit(1, 0, 5, 1)
book.process(numpy.zeros(1, MESSAGE))
print(time.process_time() - began)
"""


# ---- checks ---------------------------------------------------------------------------------------------------------


def check(setup: Array, stream: Array) -> list[str]:
    """Return what was compared and found equal. Raises AssertionError where anything differs."""
    rows = np.concatenate([setup, stream])
    book, naive = empty_book(), NaiveBook(LOW, HIGH, previous_settlement_ticks=CENTRE)
    result = book.process(rows)
    trades: list[tuple[int, int, int, int]] = []
    for k, (_, order_id, price, lots, owner, peak, kind, side, _) in enumerate(rows.tolist()):
        code, done = naive.submit(order_id, side, price, lots, owner, kind, peak)
        trades += done
        assert code == result.events["code"][k], (
            f"message {k}: {Code(int(result.events['code'][k]))!r}, not {code!r}"
        )
        assert naive.quote() == tuple(
            result.quotes[k][["bid", "ask", "bid_quantity", "ask_quantity"]].tolist()
        )
    ours = result.trades[["taker_id", "maker_id", "price", "quantity"]].tolist()
    assert ours == trades and book.state_hash() == naive.state_hash()
    found = [
        f"{len(rows):,} messages: codes, {len(trades):,} trades, quotes and state equal the naive book's"
    ]
    if (peer := bourse_book()) is not None:
        calls, numbers = bourse_calls(rows)
        play(peer, calls)
        names = {number: order_id for order_id, number in numbers.items()}
        theirs = [
            (names[taker], names[maker], price, lots) for _, _, price, lots, taker, maker in peer.get_trades()
        ]
        assert ours == theirs
        found.append(
            f"the same {len(theirs):,} trades are bourse's (one call per message; its NumPy batch shuffles)"
        )
    return found


# ---- bourse ---------------------------------------------------------------------------------------------------------


def bourse_single(setup: Array, stream: Array, timed: bool = True) -> Measure:
    """Return a measure of bourse's rate with one call per message, and one to tell the time where it is `timed`."""
    first, numbers = bourse_calls(setup)
    calls, _ = bourse_calls(stream, numbers)

    def measure() -> float:
        book = bourse_book()
        play(book, first)
        if timed:
            return rate(len(calls), lambda: play(book, calls, len(first)))
        book.set_time(len(first))
        return rate(len(calls), lambda: play_untimed(book, calls))

    return measure


def bourse_arrays(setup: Array, stream: Array, step: int = 1_000) -> Measure:
    """Return a measure of bourse's NumPy batches: `step` messages at a time, which it shuffles."""
    from bourse.core import StepEnvNumpy

    numbers = bourse_calls(stream, bourse_calls(setup)[1])[1]
    batches = []
    for rows in (setup, *(stream[k : k + step] for k in range(0, len(stream), step))):
        cancels = rows["kind"] == Kind.CANCEL
        orders = np.array([numbers[order_id] for order_id in rows["order_id"].tolist()], np.uint64)
        plain = [rows[name].astype(np.uint32) for name in ("quantity", "owner", "price")]
        batches.append((np.where(cancels, 2, 1).astype(np.uint32), rows["side"] == Side.BUY, *plain, orders))

    def measure() -> float:
        env = StepEnvNumpy(1, 0, 1, 1_000)

        def run(some: Any) -> None:
            for batch in some:
                env.submit_instructions(batch)
                env.step()

        run(batches[:1])
        return rate(len(stream), lambda: run(batches[1:]))

    return measure


# ---- ours -----------------------------------------------------------------------------------------------------------


def rate(messages: int, action: Callable[[], Any]) -> float:
    """Return messages per second of processor time."""
    began = process_time()
    action()
    return messages / (process_time() - began)


def single(start: OrderBook, stream: Array) -> Measure:
    """Return a measure of one order per call, trades returned."""
    calls = stream[["order_id", "side", "price", "quantity", "owner", "kind", "at_ns"]].tolist()

    def measure() -> float:
        submit = start.copy().submit

        def run() -> None:
            for call in calls:
                submit(*call)

        return rate(len(calls), run)

    return measure


def batches(start: OrderBook, stream: Array, size: int, **outputs: bool) -> Measure:
    """Return a measure of batches of `size` messages into buffers that are used over and over."""
    parts = [stream[k : k + size] for k in range(0, len(stream), size)]
    buffers = Buffers(size)

    def measure() -> float:
        book = start.copy()

        def run() -> None:
            for part in parts:
                book.process(part, buffers=buffers, **outputs)

        return rate(len(stream), run)

    return measure


def compile_seconds() -> tuple[float, float]:
    """Return the processor seconds from the import to the first matches of a fresh process: cold and warm cache."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "YANGSHAN_CACHE": folder, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-c", _FIRST_MATCH]
        cold, warm = (
            float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
            for _ in range(2)
        )
    return cold, warm


def copy_microseconds(book: OrderBook, times: int = 200) -> float:
    """Return the median time that a copy of a book takes."""
    spent = []
    for _ in range(times):
        began = perf_counter()
        book.copy()
        spent.append(perf_counter() - began)
    return median(spent) * 1e6


def started(setup: Array, capacity: int = 8_192) -> OrderBook:
    """Return a book that holds the orders of a setup."""
    book = empty_book(capacity)
    book.process(setup, quotes=False)
    return book


# ---- the run --------------------------------------------------------------------------------------------------------


def mix(book: OrderBook, stream: Array) -> str:
    """Say what a stream is made of and how many orders rest while it runs."""
    events, resting = [], [book.resting]
    for k in range(0, len(stream), 10_000):
        events.append(book.process(stream[k : k + 10_000], quotes=False).events)
        resting.append(book.resting)
    rows = np.concatenate(events)
    taken = np.mean((rows["filled"] > 0) & (stream["kind"] == Kind.LIMIT))
    cancels, missed = np.mean(rows["code"] == Code.CANCELLED), np.mean(rows["code"] == Code.UNKNOWN_ID)
    return (
        f"{len(stream):,} messages: {1 - taken - cancels - missed:.0%} orders that rest, {cancels:.0%} cancels, "
        f"{taken:.0%} that trade at once, {missed:.1%} cancels too late;\n  "
        f"{rows['trades'].sum() / len(rows):.2f} trades a message; {min(resting):,} to {max(resting):,} orders rest"
    )


def measures(count: int) -> tuple[dict[str, Measure], dict[str, str]]:
    """Return the measures by name, and what the streams are made of."""
    setup, stream = mixed_stream(count)
    thin_setup, thin = mixed_stream(count // 10, resting=20, width_ticks=200.0, seed=2)
    start, thin_start = started(setup), started(thin_setup)
    few = stream[: min(count, 100_000)]
    off = {"events": False, "trades": False, "quotes": False}
    found: dict[str, Measure] = {"one order per call": single(start, few)}
    for size in (10, 100, 1_000, 10_000, 100_000, 1_000_000):
        if size <= count:
            rows = few if size < 1_000 else stream
            found[f"batches of {size:,}"] = batches(start, rows, size)
    found["one batch"] = batches(start, stream, count)
    for name in ("events", "trades", "quotes"):
        found[f"one batch, only {name}"] = batches(start, stream, count, **{**off, name: True})
    found["one batch, outputs off"] = batches(start, stream, count, **off)
    found["one batch, thin book"] = batches(thin_start, thin, len(thin))
    if bourse_book() is not None:
        found[_PEER] = bourse_single(setup, few)
        found["bourse, one call per message, time not told (loses orders)"] = bourse_single(
            setup, few, timed=False
        )
        found["bourse, NumPy batches of 1,000"] = bourse_arrays(setup, few)
    return found, {"mixed": mix(start.copy(), stream), "thin": mix(thin_start.copy(), thin)}


def main() -> None:
    """Check, time, print, and write the figures as JSON when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer messages and rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    arguments = parser.parse_args()
    count, rounds = (200_000, 5) if arguments.quick else (1_000_000, 15)
    checked = check(*mixed_stream(10_000 if arguments.quick else 100_000))
    found, mixes = measures(count)
    for measure in found.values():
        measure()  # compile, and touch memory
    taken: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, measure in found.items():
            taken[name].append(measure())
    rates = {name: median(values) for name, values in taken.items()}
    peer = rates.get(_PEER)

    print("Matching: price-time priority, validation, an event a message, trades, best quotes.")
    for line in checked:
        print(f"Checked: {line}.")
    for name, text in mixes.items():
        print(f"{name.capitalize()} stream, {text}.")
    print(f"\nMedian of {rounds} rounds in turns, of processor time:\n")
    print(f"  {'M messages/s':>12}  {'ns a message':>12}  {'times bourse':>12}")
    for name, value in rates.items():
        over = f"{value / peer:12.2f}" if peer else f"{'':12}"
        print(f"  {value / 1e6:12.2f}  {1e9 / value:12.1f}  {over}  {name}")
    figures: dict[str, Any] = {
        "messages_per_second": rates,
        "mixes": mixes,
        "checked": checked,
        "rounds": rounds,
    }
    share = rates["one batch"] / rates["one batch, outputs off"]
    print(f"\n  {share:.2f} of the rate without outputs is kept with events, trades and quotes")
    if peer:
        arrays = rates["one batch"] / rates["bourse, NumPy batches of 1,000"]
        print(f"  {arrays:.1f} times bourse's NumPy batches, whose order of messages is shuffled")
    book = started(mixed_stream(0, resting=5_000)[0])
    large = started(mixed_stream(0, resting=100_000, width_ticks=400.0)[0], 100_000)
    cold, warm = compile_seconds()
    figures |= {
        "copy_us_at_5000_resting": copy_microseconds(book),
        "state_mb_at_100000_resting": large.state_bytes / 1e6,
        "first_match_cold_s": cold,
        "first_match_warm_s": warm,
    }
    print(f"  {figures['copy_us_at_5000_resting']:.0f} us to copy a book of {book.resting:,} resting orders")
    print(f"  {figures['state_mb_at_100000_resting']:.1f} MB of state with {large.resting:,} resting orders")
    print(f"  {cold:.1f} s from import to the first match with an empty cache, {warm:.2f} s with a warm one")
    if arguments.json:
        figures["python"], figures["machine"] = platform.python_version(), platform.machine()
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
