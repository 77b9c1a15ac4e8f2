"""Generated input of the book and clearing tests: long random streams by NumPy, short ones by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from exchange.book import OrderBook
from exchange.clearing.house import FILL, ClearingHouse, Offset
from exchange.codes import Code, Kind
from exchange.naive_book import NaiveBook
from exchange.records import MESSAGE

LOW, HIGH, LARGEST = 900, 1100, 500
KIND_SHARES = [0.5, 0.05, 0.33, 0.03, 0.02, 0.04, 0.03]
"""How many of a random stream's messages are of each kind, in the order of Kind."""
EDGE_IDS = (0, -1, 2**62, 2**62 + 1, 2**63 - 1, -(2**63))
EDGE_INTS = (0, -1, 1, LARGEST, LARGEST + 1, 2**31 - 1, -(2**31))
Answers = dict[str, np.ndarray[Any, Any]]


def random_messages(count: int, seed: int, malformed: float = 0.04) -> np.ndarray[Any, Any]:
    """Return MESSAGE rows: adds around a wandering price, cancels of recent orders, and some of every malformation."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, MESSAGE)
    rows["at_ns"] = np.arange(count)
    rows["order_id"] = np.arange(1, count + 1)
    rows["owner"] = rows["order_id"] % 7
    rows["side"] = rng.integers(0, 2, count)
    centre = 1000 + np.clip(np.cumsum(rng.normal(0, 0.05, count)), -60, 60)
    away = rng.geometric(0.12, count) - 3
    at_limit = rng.random(count) < 0.03
    rows["price"] = np.where(rows["side"] == 0, centre - away, centre + away)
    rows["price"][at_limit] = np.where(rows["side"] == 0, LOW, HIGH)[at_limit]
    rows["quantity"] = rng.geometric(0.1, count)
    rows["kind"] = rng.choice(list(Kind), count, p=KIND_SHARES)
    rows["closes"] = rng.random(count) < 0.3
    rows["peak"] = np.maximum(rows["quantity"] // 4, 1)
    cancels = (rows["kind"] == Kind.CANCEL) | (rows["kind"] == Kind.REPLACE)
    targets = np.maximum(rows["order_id"] - rng.geometric(0.01, count), 1)
    rows["order_id"][cancels] = targets[cancels]
    rows["owner"][cancels] = targets[cancels] % 7
    for name, values in {
        "order_id": [*EDGE_IDS, 1, count // 2],
        "price": [*EDGE_INTS, LOW, LOW - 1, HIGH, HIGH + 1],
        "quantity": EDGE_INTS,
        "owner": [0, 3],
        "peak": EDGE_INTS,
        "kind": [-1, 99],
        "side": [-1, 2],
    }.items():
        bad = np.flatnonzero(rng.random(count) < malformed / 7)
        rows[name][bad] = rng.choice(np.array(values, MESSAGE[name]), len(bad))
    return rows


def naive_answers(book: NaiveBook, messages: np.ndarray[Any, Any]) -> Answers:
    """Send messages one by one to a naive book and return codes, trades and quotes as arrays."""
    codes, trades, quotes = [], [], []
    for _, order_id, price, quantity, owner, peak, kind, side, closes in messages.tolist():
        code, done = book.submit(order_id, side, price, quantity, owner, kind, peak, bool(closes))
        codes.append(code)
        trades += done
        quotes.append(book.quote())
    return {
        "codes": np.array(codes),
        "trades": np.array(trades, np.int64).reshape(-1, 4),
        "quotes": np.array(quotes, np.int64).reshape(-1, 4),
    }


def fast_answers(book: OrderBook, messages: np.ndarray[Any, Any], batch: int = 10_000) -> Answers:
    """Send messages in batches and return codes, trades and quotes in the shape of `naive_answers`."""
    parts = [book.process(messages[k : k + batch]) for k in range(0, len(messages), batch)]
    events, trades, quotes = (
        np.concatenate([getattr(p, n) for p in parts]) for n in ("events", "trades", "quotes")
    )
    return {
        "codes": events["code"],
        "trades": np.stack([trades[n] for n in ("taker_id", "maker_id", "price", "quantity")], 1).astype(
            np.int64
        ),
        "quotes": np.stack([quotes[n] for n in ("bid", "ask", "bid_quantity", "ask_quantity")], 1).astype(
            np.int64
        ),
    }


def mostly(usual: list[int], absurd: Sequence[int]) -> st.SearchStrategy[int]:
    """Draw a usual value, and an absurd one about once in twenty."""
    return st.integers(0, 19).flatmap(lambda drawn: st.sampled_from(absurd if drawn == 19 else usual))


@st.composite
def messages(draw: st.DrawFn, most: int = 60) -> np.ndarray[Any, Any]:
    """Draw MESSAGE rows on few prices and few ids, so that they cross, repeat and cancel; any field may be absurd."""
    kinds = [int(kind) for kind in (*Kind, *Kind, Kind.LIMIT, Kind.LIMIT, Kind.LIMIT, Kind.ICEBERG)]
    row = st.tuples(
        st.just(0),
        mostly(list(range(1, 13)), EDGE_IDS),
        mostly(list(range(LOW, LOW + 9)), (*EDGE_INTS, HIGH, HIGH + 1, LOW - 1)),
        mostly(list(range(1, 10)), EDGE_INTS),
        st.sampled_from([0, 0, 0, 0, 1]),
        mostly([1, 2, 3], EDGE_INTS),
        mostly(kinds, (-128, -1, 7, 99, 127)),
        mostly([0, 1], (-128, -1, 2, 127)),
        st.integers(0, 1),
    )
    return np.array(draw(st.lists(row, max_size=most)), MESSAGE)


def sound(book: OrderBook) -> None:
    """Assert what must hold after any message between auctions: not crossed, sums right, ids unique, orders whole."""
    orders = book.resting_orders()
    assert len(orders) == book.resting == len(np.unique(orders["id"]))
    assert (
        (orders["quantity"] > 0).all() and (orders["price"] >= LOW).all() and (orders["price"] <= HIGH).all()
    )
    bid, bid_lots, ask, ask_lots = book.quote()
    assert int(orders["hidden"].sum()) == book._head["hidden"]
    assert ((orders["hidden"] == 0) | (orders["kind"] == Kind.ICEBERG)).all()
    for side, best, lots, extreme in ((0, bid, bid_lots, max), (1, ask, ask_lots, min)):
        here = orders[orders["side"] == side]
        assert best == (int(extreme(here["price"])) if len(here) else None)
        assert lots == int(here["quantity"][here["price"] == best].sum()) if len(here) else lots == 0
    assert bid is None or ask is None or bid < ask


def accepted(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return where new orders were accepted."""
    return np.asarray(codes == Code.ACCEPTED)


CONTRACTS, ACCOUNTS = 3, 6
Wish = tuple[int, int, int, int, int, bool, bool]
"""A trade that two accounts wish for: buyer, seller, contract, price less settlement in ticks, lots, and who closes."""


def wishes(most: int = 12, accounts: int = ACCOUNTS) -> st.SearchStrategy[list[Wish]]:
    """Draw the trades of a day between few accounts, so that they meet again; a buyer may be its own seller."""
    account = st.integers(0, accounts - 1)
    trade = st.tuples(
        account, account, st.integers(0, CONTRACTS - 1), st.integers(-400, 400), st.integers(1, 30),
        st.booleans(), st.booleans(),
    )  # fmt: skip
    return st.lists(trade, max_size=most)


def random_wishes(count: int, seed: int, accounts: int, contracts: int = CONTRACTS) -> list[Wish]:
    """Return many trades by NumPy, as `wishes` draws few."""
    rng = np.random.default_rng(seed)
    columns = (
        rng.integers(0, accounts, count), rng.integers(0, accounts, count), rng.integers(0, contracts, count),
        rng.integers(-400, 401, count), rng.geometric(0.2, count), rng.random(count) < 0.5, rng.random(count) < 0.5,
    )  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))


def fills_wished(house: ClearingHouse, trades: Sequence[Wish]) -> np.ndarray[Any, Any]:
    """Return FILL rows of a day's trades; whoever closes takes earlier lots, then today's, and opens the rest."""
    today = house.today_lots.copy()
    earlier = house.held_lots - today
    rows = []
    for buyer, seller, contract, away, lots, buyer_closes, seller_closes in trades:
        price = int(house.settled_ticks[contract]) + away
        for account, side, closes in ((buyer, 0, buyer_closes), (seller, 1, seller_closes)):
            left = lots
            for offset, stock in ((Offset.CLOSE, earlier), (Offset.CLOSE_TODAY, today)):
                part = min(left, int(stock[1 - side, contract, account])) if closes else 0
                if part:
                    stock[1 - side, contract, account] -= part
                    rows.append((account, contract, side, offset, price, part))
                    left -= part
            if left:
                rows.append((account, contract, side, Offset.OPEN, price, left))
                today[side, contract, account] += left
    return np.array(rows, FILL)
