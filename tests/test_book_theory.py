"""Random order flow has the probabilities that queueing theory says: Cont, Stoikov and Talreja (2010).

With a spread of one tick, the mid price rises when the ask queue runs empty before the bid queue does. Both are
independent birth-death chains: limit orders arrive at rate LIMIT, market orders take the first at rate MARKET, each
order is cancelled at rate CANCEL. Rates: table 1 of the paper, one tick from the opposite best price.
"""

from __future__ import annotations

import numpy as np
import pytest

from exchange.book import OrderBook
from exchange.codes import Kind, Side

LIMIT, MARKET, CANCEL = 1.85, 0.94, 0.71
BID, ASK = 100, 101
PUBLISHED = [0.500, 0.336, 0.259, 0.216, 0.188]
"""The paper's table for one order at the bid and one to five at the ask (noted from memory, not from the page)."""


def probabilities_of_a_rise(most: int = 40) -> np.ndarray:
    """Return the probability of a rise by bid and ask queue size: the harmonic function of the two chains.

    At (b, a) the next event is a birth or a death of either queue; an empty ask queue is a rise, an empty bid queue a
    fall. Queues are cut at `most` orders, where no more are born.
    """
    size = most + 1
    matrix, known = np.eye(size * size), np.zeros(size * size)

    def place(bids: int, asks: int) -> int:
        return bids * size + asks

    for bids in range(1, size):
        known[place(bids, 0)] = 1.0
        for asks in range(1, size):
            moves = {
                (bids - 1, asks): MARKET + bids * CANCEL,
                (bids, asks - 1): MARKET + asks * CANCEL,
                (min(bids + 1, most), asks): LIMIT,
                (bids, min(asks + 1, most)): LIMIT,
            }
            for (b, a), rate in moves.items():
                matrix[place(bids, asks), place(b, a)] -= rate / sum(moves.values())
    return np.linalg.solve(matrix, known).reshape(size, size)


def test_the_theory_is_symmetric_and_agrees_with_the_published_table() -> None:
    table = probabilities_of_a_rise()
    inner = table[1:20, 1:20]
    np.testing.assert_allclose(inner + inner.T, 1.0, atol=1e-9)
    np.testing.assert_allclose(table[1, 1:6], PUBLISHED, atol=1e-3)


def rises(bids: int, asks: int, rng: np.random.Generator) -> bool:
    """Run one random flow through a book until its mid price moves; say whether it rose."""
    book = OrderBook(90, 110, capacity=64)
    book.submit(1, Side.BUY, BID - 1, 100)
    book.submit(2, Side.SELL, ASK + 1, 100)
    next_id = 3
    queues: tuple[list[int], list[int]] = ([], [])
    for side, count in ((Side.BUY, bids), (Side.SELL, asks)):
        for _ in range(count):
            book.submit(next_id, side, (BID, ASK)[side], 1)
            queues[side].append(next_id)
            next_id += 1
    while True:
        rates = [LIMIT, LIMIT, MARKET, MARKET, CANCEL * len(queues[0]), CANCEL * len(queues[1])]
        event = int(np.searchsorted(np.cumsum(rates), rng.random() * sum(rates)))
        side = Side(event % 2)
        if event < 2:
            book.submit(next_id, side, (BID, ASK)[side], 1)
            queues[side].append(next_id)
            next_id += 1
        elif event < 4:  # a market order takes the first order of `side`
            _, trades = book.submit(2**40, Side(1 - side), (BID, ASK)[side], 1, kind=Kind.FAK)
            assert int(trades["maker_id"][0]) == queues[side].pop(0)
        else:
            book.cancel(queues[side].pop(int(rng.integers(len(queues[side])))))
        bid, _, ask, _ = book.quote()
        assert bid is not None and ask is not None
        if bid + ask != BID + ASK:
            return bid + ask > BID + ASK


@pytest.mark.parametrize(("bids", "asks"), [(1, 1), (1, 3), (3, 2), (5, 1)])
def test_the_engine_has_the_probabilities_of_the_theory(bids: int, asks: int) -> None:
    rng = np.random.default_rng(100 * bids + asks)
    runs = 1_500
    found = sum(rises(bids, asks, rng) for _ in range(runs)) / runs
    wanted = probabilities_of_a_rise()[bids, asks]
    assert abs(found - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / runs), (found, wanted)
