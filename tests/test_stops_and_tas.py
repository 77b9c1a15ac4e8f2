"""Stop orders at the broker, trading at settlement, and the kinds that a rulebook names."""

from __future__ import annotations

from datetime import date

import pytest
from test_book_tables import book, fills, table

from exchange.codes import Code, Kind, Side, kinds_named
from exchange.contracts import Rulebook
from exchange.stops import Stop, StopService
from exchange.tas import TasBook


def test_a_stop_waits_for_the_last_price() -> None:
    shown, service = book(bids=[(99, [5]), (97, [5])], asks=[(101, [5])]), StopService()
    service.add(Stop(50, Side.SELL, 99, 4, 90))
    assert service.send(shown) == [] and len(service) == 1
    shown.submit(60, Side.SELL, 99, 3)
    (sent,) = service.send(shown)
    assert (sent.code, fills(sent.trades)) == (Code.ACCEPTED, [(50, 1, 99, 2), (50, 2, 97, 2)])
    assert len(service) == 0


def test_one_stop_sets_off_the_next() -> None:
    shown, service = book(asks=[(101, [1]), (102, [1]), (103, [1]), (110, [9])]), StopService()
    for order_id, trigger in ((50, 102), (51, 101), (52, 105)):
        service.add(Stop(order_id, Side.BUY, trigger, 1, 109))
    assert service.send(shown) == []
    shown.submit(60, Side.BUY, 101, 1)
    assert [(sent.stop.order_id, fills(sent.trades)) for sent in service.send(shown)] == [
        (51, [(51, 2, 102, 1)]),
        (50, [(50, 3, 103, 1)]),
    ]
    assert len(service) == 1


def test_a_stop_can_rest_as_a_limit_order_or_be_refused() -> None:
    shown, service = book(bids=[(99, [1])]), StopService()
    shown.submit(60, Side.SELL, 99, 1)
    service.add(Stop(50, Side.SELL, 99, 4, 98, kind=Kind.LIMIT))
    service.add(Stop(51, Side.SELL, 99, 4, 80))
    assert [sent.code for sent in service.send(shown)] == [Code.ACCEPTED, Code.BAD_PRICE]
    assert table(shown) == "| bid | price | ask |\n| | 98 | 4 |"


def test_a_stop_is_cancelled_at_the_broker() -> None:
    service = StopService()
    service.add(Stop(50, Side.SELL, 99, 4, 98))
    with pytest.raises(ValueError, match="50"):
        service.add(Stop(50, Side.SELL, 99, 4, 98))
    assert [service.cancel(50), service.cancel(50)] == [Code.CANCELLED, Code.UNKNOWN_ID]


def test_trading_at_settlement_is_priced_at_the_end_of_the_day() -> None:
    tas = TasBook(20)
    tas.book.submit(1, Side.SELL, -5, 3)
    tas.book.submit(2, Side.SELL, 20, 3)
    assert tas.book.submit(3, Side.BUY, 21, 1)[0] is Code.BAD_PRICE
    tas.note(tas.book.submit(4, Side.BUY, 0, 2)[1])
    tas.note(tas.book.submit(5, Side.BUY, 20, 2)[1])
    settled = tas.settle(5_500, 5_000, 5_510)
    assert fills(settled) == [(4, 1, 5_495, 2), (5, 1, 5_495, 1), (5, 2, 5_510, 1)]
    assert len(tas.settle(5_500, 5_000, 5_510)) == 0


def test_before_2023_only_the_settlement_price_trades() -> None:
    tas = TasBook(0)
    assert tas.book.submit(1, Side.SELL, 1, 3)[0] is Code.BAD_PRICE
    tas.book.submit(1, Side.SELL, 0, 3)
    tas.note(tas.book.submit(2, Side.BUY, 0, 3)[1])
    assert fills(tas.settle(5_500, 5_000, 5_900)) == [(2, 1, 5_500, 3)]
    with pytest.raises(ValueError, match="0 or more"):
        TasBook(-1)


def test_rulebooks_name_kinds_that_the_engine_has() -> None:
    for name in ("ine_sc", "gme_oman", "ice_brent"):
        assert Kind.LIMIT in kinds_named(Rulebook.load(name).on(date(2024, 11, 4)).order_kinds)
    with pytest.raises(ValueError, match=r"'stop'.*limit, fak"):
        kinds_named(["limit", "stop"])
