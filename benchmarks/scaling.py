"""Measure what a message costs as the book grows, beside random reads of as many bytes, and over ladders of any width.

Run `python benchmarks/scaling.py [--quick] [--json FILE] [--plot FILE]`. State hashes are compared between ladders of
different width before the times are. Medians over rounds in turns, of this process's processor time; one thread.
"""

from __future__ import annotations

import argparse
import json
import resource
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numba
import numpy as np
from _stream import CENTRE, HIGH, LOW, mixed_stream

from exchange.book import Buffers, OrderBook

Array = np.ndarray[Any, np.dtype[Any]]
RESTING = (100, 1_000, 10_000, 100_000, 1_000_000)
WIDTHS = (8_192, 65_536, 262_144)


@numba.njit
def chase(links: Array, steps: int) -> int:
    """Follow links from place to place, each read waiting for the one before."""
    place = 0
    for _ in range(steps):
        place = links[place]
    return place


def ring(size_bytes: int, rng: np.random.Generator) -> Array:
    """Return an array of so many bytes whose links lead through all its places in random order."""
    order = rng.permutation(max(8, size_bytes // 8))
    links = np.empty(len(order), np.int64)
    links[order] = np.roll(order, -1)
    return links


def started(setup: Array, width: int = HIGH + 1) -> OrderBook:
    """Return a book that holds the orders of a setup, on a ladder of `width` ticks."""
    book = OrderBook(
        LOW, LOW + width - 1, previous_settlement_ticks=CENTRE, capacity=len(setup) + len(setup) // 8 + 16
    )
    book.process(setup, events=False, trades=False, quotes=False)
    return book


def nanoseconds(start: OrderBook, stream: Array, buffers: Buffers) -> float:
    """Return what a message costs in one batch with all outputs."""
    book = start.copy()
    began = process_time()
    book.process(stream, buffers=buffers)
    return (process_time() - began) / len(stream) * 1e9


def read_nanoseconds(links: Array, steps: int = 200_000) -> float:
    """Return what a random read costs."""
    began = process_time()
    chase(links, steps)
    return (process_time() - began) / steps * 1e9


def by_resting(counts: tuple[int, ...], messages: int, rounds: int) -> list[dict[str, float]]:
    """Return the costs for books of different size, and of random reads over as many bytes."""
    rng = np.random.default_rng(1)
    cases: list[tuple[int, OrderBook, Array, Array, list[float], list[float]]] = []
    for resting in counts:
        setup, stream = mixed_stream(
            messages, resting=resting, width_ticks=40.0 if resting < 50_000 else 400.0
        )
        start = started(setup)
        cases.append((resting, start, stream, ring(start.state_bytes, rng), [], []))
    buffers = Buffers(messages)
    for _ in range(rounds + 1):
        for _, start, stream, links, costs, reads in cases:
            costs.append(nanoseconds(start, stream, buffers))
            reads.append(read_nanoseconds(links))
    return [
        {
            "resting": resting,
            "state_mb": start.state_bytes / 1e6,
            "ns_per_message": median(costs[1:]),
            "ns_per_random_read": median(reads[1:]),
        }
        for resting, start, _, _, costs, reads in cases
    ]


def by_width(messages: int, rounds: int) -> dict[int, float]:
    """Return the cost by the width of the ladder, for one and the same stream."""
    setup, stream = mixed_stream(messages)
    starts = {width: started(setup, width) for width in WIDTHS}
    hashes = set()
    for start in starts.values():
        book = start.copy()
        book.process(stream)
        hashes.add(book.state_hash())
    if len(hashes) != 1:
        raise AssertionError("the width of the ladder changes what is matched")
    buffers = Buffers(messages)
    costs: dict[int, list[float]] = {width: [] for width in starts}
    for _ in range(rounds):
        for width, start in starts.items():
            costs[width].append(nanoseconds(start, stream, buffers))
    return {width: median(values) for width, values in costs.items()}


def memory_growth_mb(messages: int) -> float:
    """Return by how much ten times as many messages raise the process's memory."""
    setup, stream = mixed_stream(messages // 10)
    buffers = Buffers(10_000)

    def play(times: int) -> float:
        for _ in range(times):
            book = started(setup)
            for k in range(0, len(stream), 10_000):
                book.process(stream[k : k + 10_000], buffers=buffers)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3

    before = play(1)
    return play(9) - before


def plot(rows: list[dict[str, float]], path: Path) -> None:
    """Draw the cost of a message and of a random read by the number of resting orders, both as times the smallest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    resting = [row["resting"] for row in rows]
    for name, label in (
        ("ns_per_message", "a message (all outputs on)"),
        ("ns_per_random_read", "a random read over as many bytes"),
    ):
        values = [row[name] for row in rows]
        axes.loglog(resting, values, marker="o", label=label)
        for x, value in zip(resting, values, strict=True):
            axes.annotate(
                f"{value:.3g}", (x, value), textcoords="offset points", xytext=(0, 6), ha="center", fontsize=8
            )
    axes.set_xlabel("orders resting in the book")
    axes.set_ylabel("nanoseconds")
    axes.set_title("What a message costs as the book grows", loc="left")
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Check, time, print, and write figures and plot where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller books, fewer messages and rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the first table here")
    arguments = parser.parse_args()
    messages, rounds = (50_000, 5) if arguments.quick else (200_000, 9)
    rows = by_resting(RESTING[:-1] if arguments.quick else RESTING, messages, rounds)
    print("What a message costs as the book grows (mixed stream, one batch, all outputs on):\n")
    print(
        f"  {'resting':>9}  {'state, MB':>9}  {'ns a message':>12}  {'ns a random read':>16}   (of as many bytes)"
    )
    for row in rows:
        print(
            f"  {row['resting']:>9,.0f}  {row['state_mb']:9.2f}  {row['ns_per_message']:12.1f}  "
            f"{row['ns_per_random_read']:16.1f}"
        )
    first, last = rows[0], rows[-1]
    growth = {name: last[name] / first[name] for name in ("ns_per_message", "ns_per_random_read")}
    print(
        f"\n  from {first['resting']:,.0f} to {last['resting']:,.0f} orders a message costs "
        f"{growth['ns_per_message']:.1f} times as much, a random read {growth['ns_per_random_read']:.1f} times"
    )
    widths = by_width(messages, rounds)
    told = ", ".join(f"{cost:.1f} ns at {width:,}" for width, cost in widths.items())
    print(f"  by the ladder's width in ticks, same stream and same state hash: {told}")
    figures: dict[str, Any] = {"by_resting": rows, "growth": growth, "by_width": widths}
    if not arguments.quick:
        figures["memory_growth_mb"] = memory_growth_mb(10_000_000)
        print(
            f"  ten million messages take {figures['memory_growth_mb']:.1f} MB more than the first million did"
        )
    if arguments.plot:
        plot(rows, arguments.plot)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
