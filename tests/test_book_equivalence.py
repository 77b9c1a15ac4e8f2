"""The fast book and its naive twin give the same answers and end in the same state, in all three modes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from strategies import HIGH, LOW, fast_answers, naive_answers, random_messages

from exchange.book import OrderBook, digest
from exchange.codes import Code, Phase, PriceRule
from exchange.naive_book import NaiveBook
from exchange.records import TRADE

MANY = int(os.environ.get("YANGSHAN_TEST_MESSAGES", "300000"))
"""How many messages one rule set is tried with, and the other with a quarter of them; the naive book is slow."""
MODE = """
import sys
sys.path.insert(0, "tests")
from test_book_equivalence import answers_digest
print(answers_digest(int(sys.argv[1])))
"""


def answers_digest(count: int) -> str:
    """Return the hashes of the state after a small stream and of all answers."""
    found = []
    for rule in PriceRule:
        book = OrderBook(LOW, HIGH, rule=rule, capacity=16)
        answers = fast_answers(book, random_messages(count, seed=5), batch=100)
        found += [book.state_hash(), *(digest(values.ravel()) for values in answers.values())]
        book.phase = Phase.AUCTION_ENTRY
        book.process(random_messages(count // 4, seed=6))
        auction = book.uncross()
        beyond = book.set_limits(LOW + 90, HIGH - 95)
        found += [
            f"{auction.price_ticks} {auction.volume_lots} {len(auction.trades)} {len(beyond)}",
            book.state_hash(),
        ]
    return " ".join(found)


@pytest.mark.parametrize(("rule", "prevent"), [(PriceRule.RESTING, True), (PriceRule.MEDIAN, False)])
def test_fast_and_naive_agree(rule: PriceRule, prevent: bool) -> None:
    count = MANY if prevent else MANY // 4
    messages = random_messages(count, seed=11)
    fast = OrderBook(LOW, HIGH, rule=rule, prevent_self_trade=prevent)
    naive = NaiveBook(LOW, HIGH, rule=rule, prevent_self_trade=prevent)
    got, wanted = fast_answers(fast, messages), naive_answers(naive, messages)
    for name in wanted:
        np.testing.assert_array_equal(got[name], wanted[name], name)
    assert fast.state_hash() == naive.state_hash()
    assert len(wanted["trades"]) > count // 10
    missing = {Code.PHASE_CLOSED} if prevent else {Code.PHASE_CLOSED, Code.SELF_TRADE}
    assert {Code(code) for code in np.unique(wanted["codes"])} == set(Code) - missing


def test_one_by_one_equals_a_batch() -> None:
    messages = random_messages(5_000, seed=3)
    one, many = OrderBook(LOW, HIGH, rule=PriceRule.MEDIAN), OrderBook(LOW, HIGH, rule=PriceRule.MEDIAN)
    result = many.process(messages)
    trades = []
    for row, event in zip(messages, result.events, strict=True):
        code, done = one.submit(
            int(row["order_id"]), row["side"], int(row["price"]), int(row["quantity"]),
            owner=int(row["owner"]), kind=row["kind"], at_ns=int(row["at_ns"]), peak_lots=int(row["peak"]),
            closes=bool(row["closes"]),
        )  # fmt: skip
        assert code == event["code"] and len(done) == event["trades"]
        trades.append(done.copy())
    for name in TRADE.names or ():
        if name != "maker_slot":  # a place in the arrays, which grow at other moments
            np.testing.assert_array_equal(np.concatenate(trades)[name], result.trades[name], name)
    assert one.state_hash() == many.state_hash()


@pytest.mark.parametrize("flag", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_the_same_without_compilation_and_with_bounds_checks(flag: str, tmp_path: Path) -> None:
    count = 1_500
    environment = {**os.environ, flag: "1", "YANGSHAN_CACHE": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", MODE, str(count)],
        env=environment, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == answers_digest(count)
