"""A book stays sound under any message, grows without losing priority, and copies into independence."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import (
    EDGE_IDS,
    HIGH,
    LARGEST,
    LOW,
    fast_answers,
    messages,
    naive_answers,
    random_messages,
    sound,
)

from exchange.book import Buffers, OrderBook
from exchange.codes import Code, Kind, Phase, Side, explain
from exchange.naive_book import NaiveBook
from exchange.records import MESSAGE


@given(messages())
@settings(max_examples=300, deadline=None)
def test_any_messages_leave_a_sound_book(rows: np.ndarray[Any, Any]) -> None:
    book, naive = OrderBook(LOW, HIGH, capacity=1), NaiveBook(LOW, HIGH)
    wanted = naive_answers(naive, rows)
    result = book.process(rows)
    sound(book)
    np.testing.assert_array_equal(result.events["code"], wanted["codes"])
    assert book.state_hash() == naive.state_hash()


@given(messages())
@settings(max_examples=150, deadline=None)
def test_lots_are_conserved(rows: np.ndarray[Any, Any]) -> None:
    rows["kind"] = np.where(rows["kind"] == Kind.REPLACE, Kind.LIMIT, rows["kind"])
    book = OrderBook(LOW, HIGH)
    result = book.process(rows)
    events, trades = result.events, result.trades
    entered = events["code"] == Code.ACCEPTED
    rested = int(events["rested"][entered].sum())
    withdrawn = int(events["rested"][events["code"] == Code.CANCELLED].sum())
    assert int(trades["quantity"].sum()) == int(events["filled"].sum()) == book.volume_lots
    orders = book.resting_orders()
    assert rested - withdrawn - book.volume_lots == int(orders["quantity"].sum() + orders["hidden"].sum())
    assert (events["filled"] + events["rested"] <= rows["quantity"])[entered].all()
    assert book.turnover_tick_lots == int((trades["quantity"].astype(np.int64) * trades["price"]).sum())


@given(messages())
@settings(max_examples=150, deadline=None)
def test_first_come_first_filled_within_a_price(rows: np.ndarray[Any, Any]) -> None:
    rows["kind"] = np.where(np.isin(rows["kind"], [Kind.REPLACE, Kind.ICEBERG]), Kind.LIMIT, rows["kind"])
    rows["closes"] = 0
    rows["order_id"] = np.where(rows["kind"] == Kind.CANCEL, rows["order_id"], np.arange(1, len(rows) + 1))
    book = OrderBook(LOW, HIGH)
    result = book.process(rows)
    orders = book.resting_orders()
    for side in (0, 1):
        for price in np.unique(orders["price"]):
            here = orders["id"][(orders["side"] == side) & (orders["price"] == price)]
            assert (np.diff(here) > 0).all()
    for taker in np.unique(result.trades["taker_id"]):
        here = result.trades[result.trades["taker_id"] == taker]
        towards = np.diff(here["price"]) * (1 if here["aggressor"][0] == 0 else -1)
        assert (towards >= 0).all()
        assert (np.diff(here["maker_id"])[towards == 0] > 0).all()


REFUSED = [
    ({"quantity": 0}, Code.BAD_QUANTITY),
    ({"quantity": -3}, Code.BAD_QUANTITY),
    ({"quantity": LARGEST + 1}, Code.BAD_QUANTITY),
    ({"quantity": 2**31 - 1}, Code.BAD_QUANTITY),
    ({"price": LOW - 1}, Code.BAD_PRICE),
    ({"price": HIGH + 1}, Code.BAD_PRICE),
    ({"price": -(2**31)}, Code.BAD_PRICE),
    ({"price": 2**31 - 1}, Code.BAD_PRICE),
    ({"order_id": 0}, Code.BAD_ID),
    ({"order_id": -(2**63)}, Code.BAD_ID),
    ({"order_id": 2**63 - 1}, Code.BAD_ID),
    ({"order_id": 7}, Code.DUPLICATE_ID),
    ({"kind": 99}, Code.BAD_KIND),
    ({"kind": -1}, Code.BAD_KIND),
    ({"side": 2}, Code.BAD_SIDE),
    ({"side": -1}, Code.BAD_SIDE),
    ({"kind": Kind.CANCEL, "order_id": 8}, Code.UNKNOWN_ID),
    ({"kind": Kind.CANCEL, "order_id": -(2**63)}, Code.UNKNOWN_ID),
    ({"kind": Kind.CANCEL, "order_id": 2**63 - 1}, Code.UNKNOWN_ID),
    ({"kind": Kind.CANCEL, "order_id": 7, "owner": 2}, Code.NOT_OWNER),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
def test_a_refused_message_changes_nothing(change: dict[str, int], code: Code) -> None:
    book = OrderBook(LOW, HIGH)
    book.submit(7, Side.BUY, 1000, 5, owner=1)
    before = book.state_hash()
    message = np.zeros(1, MESSAGE)
    message[0] = (0, 70, 1000, 5, 1, 0, int(Kind.LIMIT), int(Side.BUY), 0)
    for name, value in change.items():
        message[name] = value
    result = book.process(message)
    assert Code(int(result.events["code"][0])) is code
    assert len(result.trades) == 0 and book.state_hash() == before
    assert explain(code)


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.AUCTION_MATCH, Phase.BREAK])
def test_nothing_is_taken_when_the_phase_forbids(phase: Phase) -> None:
    book = OrderBook(LOW, HIGH)
    book.submit(1, Side.BUY, 1000, 5)
    book.phase = phase
    assert book.submit(2, Side.SELL, 1000, 5)[0] is Code.PHASE_CLOSED
    assert book.cancel(1) is Code.PHASE_CLOSED
    assert book.resting == 1


def test_every_code_has_a_sentence() -> None:
    assert len({explain(code) for code in Code}) == len(Code)
    with pytest.raises(ValueError, match="99"):
        explain(99)


def test_growth_keeps_priority() -> None:
    rows = random_messages(20_000, seed=8)
    small, large = OrderBook(LOW, HIGH, capacity=1), OrderBook(LOW, HIGH, capacity=50_000)
    got, wanted = fast_answers(small, rows, batch=37), fast_answers(large, rows)
    for name in wanted:
        np.testing.assert_array_equal(got[name], wanted[name], name)
    assert small.state_hash() == large.state_hash()


@pytest.mark.parametrize("off", ["events", "trades", "quotes"])
def test_an_output_that_is_off_changes_nothing_else(off: str) -> None:
    rows = random_messages(5_000, seed=4)
    whole, part = OrderBook(LOW, HIGH), OrderBook(LOW, HIGH)
    on = {name: name != off for name in ("events", "trades", "quotes")}
    wanted = whole.process(rows)
    got = part.process(rows, events=on["events"], trades=on["trades"], quotes=on["quotes"])
    for name in ("events", "trades", "quotes"):
        found = getattr(got, name)
        np.testing.assert_array_equal(found, getattr(wanted, name)[: 0 if name == off else None])
    assert part.state_hash() == whole.state_hash()


def test_buffers_are_used_over_and_over() -> None:
    rows = random_messages(6_000, seed=4)
    plain, book, buffers = OrderBook(LOW, HIGH), OrderBook(LOW, HIGH), Buffers(2_000)
    for k in range(0, len(rows), 2_000):
        wanted = plain.process(rows[k : k + 2_000])
        got = book.process(rows[k : k + 2_000], buffers=buffers)
        for name in ("events", "trades", "quotes"):
            np.testing.assert_array_equal(getattr(got, name), getattr(wanted, name))
            assert np.shares_memory(getattr(got, name), getattr(buffers, name))
    with pytest.raises(ValueError, match="2000"):
        book.process(rows, buffers=buffers)


def test_messages_may_be_strided_or_read_only_but_not_something_else() -> None:
    rows = random_messages(2_000, seed=4)
    wanted = OrderBook(LOW, HIGH)
    wanted.process(rows)
    strided = np.repeat(rows, 2)[::2]
    rows.flags.writeable = False
    for same in (strided, rows):
        book = OrderBook(LOW, HIGH)
        book.process(same)
        assert book.state_hash() == wanted.state_hash()
    with pytest.raises(TypeError, match="MESSAGE"):
        wanted.process(np.zeros(3))


def test_a_full_book_still_cancels() -> None:
    book = OrderBook(LOW, HIGH, capacity=2)
    assert [book.submit(order_id, Side.BUY, 1000, 1)[0] for order_id in (1, 2)] == [Code.ACCEPTED] * 2
    assert book.cancel(7) is Code.UNKNOWN_ID
    assert book.cancel(1) is Code.CANCELLED


def test_one_message_may_make_more_trades_than_there_was_room_for() -> None:
    for keep in (True, False):
        book = OrderBook(LOW, HIGH)
        for order_id in range(1, 301):
            book.submit(order_id, Side.SELL, 1000, 1)
        twin = book.copy()
        assert len(book.submit(999, Side.BUY, 1000, 300)[1]) == 300
        message = np.zeros(1, MESSAGE)
        message[0] = (0, 999, 1000, 300, 0, 0, int(Kind.LIMIT), int(Side.BUY), 0)
        result = twin.process(message, trades=keep, buffers=Buffers(1))
        assert result.events["trades"][0] == 300 and len(result.trades) == 300 * keep
        assert twin.state_hash() == book.state_hash()


def test_a_copy_is_independent() -> None:
    rows = random_messages(4_000, seed=9)
    book = OrderBook(LOW, HIGH)
    book.process(rows[:2_000])
    before = book.state_hash()
    twin = book.copy()
    twin.process(rows[2_000:])
    assert book.state_hash() == before != twin.state_hash()
    book.process(rows[2_000:])
    assert book.state_hash() == twin.state_hash()


def test_a_book_is_saved_and_restored() -> None:
    rows = random_messages(4_000, seed=9)
    book = OrderBook(LOW, HIGH)
    book.process(rows[:2_000])
    restored = pickle.loads(pickle.dumps(book))
    assert restored.state_hash() == book.state_hash()
    for each in (book, restored):
        each.process(rows[2_000:])
    assert restored.state_hash() == book.state_hash()


def test_ids_at_the_integer_limits_rest_and_cancel() -> None:
    book = OrderBook(LOW, HIGH)
    for order_id in EDGE_IDS:
        legal = 1 <= order_id <= 2**62
        assert book.submit(order_id, Side.BUY, 1000, 1)[0] is (Code.ACCEPTED if legal else Code.BAD_ID)
        assert book.cancel(order_id) is (Code.CANCELLED if legal else Code.UNKNOWN_ID)
    assert book.resting == 0


def test_a_ladder_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        OrderBook(10, 9)
    with pytest.raises(ValueError, match="ticks"):
        OrderBook(0, 64**3)
