"""SHPGX's mechanisms: dated sales, naive twins, conservation, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_mechanisms import (
    books,
    naive_book,
    naive_downward,
    naive_presale,
    naive_slot,
    naive_take,
    naive_tender,
    naive_uplift,
)

from exchange.codes import Side
from exchange.contracts import ContractMonth, ListingSpec, Rulebook
from exchange.listing import ListingBoard
from exchange.mechanisms import (
    Band,
    Bid,
    CargoOffer,
    Deal,
    Fault,
    Message,
    Offer,
    Outcome,
    Performance,
    PresaleOffer,
    PresaleOrder,
    Pricing,
    Rationing,
    Slot,
    Want,
    bidding_rules,
    cap_fen,
    cargo_tender,
    downward,
    hold_sale,
    presale,
    sell_slot,
    settle,
    split,
    take_best,
    tender,
    trade_continuously,
    uplift,
)
from exchange.mechanisms.rationing import fill, ration
from exchange.mechanisms.settlement import deposit_fen

M3_PER_UNIT = 10_000
FEN = 100
JULY, NOVEMBER = ContractMonth(2018, 7), ContractMonth(2018, 11)

PRICES = st.integers(1, 40)
INTERESTS = st.lists(st.tuples(PRICES, st.integers(1, 4)), max_size=6)


def bids_of(pairs: list[tuple[int, int]]) -> list[Bid]:
    return [Bid(f"b{i}", price, quantity) for i, (price, quantity) in enumerate(pairs)]


def offers_of(pairs: list[tuple[int, int]]) -> list[Offer]:
    return [Offer(f"s{k}", price, quantity) for k, (price, quantity) in enumerate(pairs)]


# --- dated sales -----------------------------------------------------------------------------------------------------


def first_sale_of_pipeline_gas(rationing: Rationing) -> Outcome:
    """12 Sep 2017: base 2.08 yuan/m3 in Shanghai, 9 mn m3; what bidders would have paid is an assumption."""
    base_fen = 2_080 * M3_PER_UNIT // 1_000 * FEN
    rules = bidding_rules("shpgx_png", date(2017, 9, 12))
    bids = [
        Bid("a", 2_700 * M3_PER_UNIT // 1_000 * FEN, 500),
        Bid("b", 3_000 * M3_PER_UNIT // 1_000 * FEN, 400),
        Bid("c", 2_600 * M3_PER_UNIT // 1_000 * FEN, 600),
        Bid("d", 2_300 * M3_PER_UNIT // 1_000 * FEN, 900),
    ]
    return uplift(
        bids, [Offer("petrochina", base_fen, 900)], base_fen=base_fen, step_fen=rules.step_fen_per_unit,
        cap_fen=cap_fen(base_fen, rules), rationing=rationing,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rationing", "got"),
    [(Rationing.TIME, {"a": 500, "b": 400}), (Rationing.PRO_RATA, {"b": 240, "a": 300, "c": 360})],
)
def test_the_cap_binds_as_on_12_september_2017(rationing, got):
    outcome = first_sale_of_pipeline_gas(rationing)
    assert {deal.price_fen for deal in outcome.deals} == {24_960 * FEN}  # 2.496 yuan/m3
    assert outcome.quantity * M3_PER_UNIT == 9_000_000
    assert outcome.amount_fen == 22_464_000 * FEN  # told as 22.46 mn yuan
    assert outcome.bought == got


def test_the_first_slot_was_sold_for_26_5_million():
    floor = 2_000 * FEN  # .20 yuan/m3, the low end of the regulated range
    slot = Slot("Yuedong", date(2018, 10, 24), date(2018, 10, 26), 10_000, 3_200 * FEN, floor)
    outcome = sell_slot(slot, [Bid("zhenhua and longkou", 2_650 * FEN, 10_000)], step_fen=10 * FEN)
    assert outcome.quantity * M3_PER_UNIT == 100_000_000
    assert outcome.amount_fen == 26_500_000 * FEN
    parts = split(outcome.deals[0], {"zhenhua": 40, "partner 1": 30, "partner 2": 30})
    assert [part.quantity for part in parts] == [4_000, 3_000, 3_000]


def test_the_first_forward_sale_of_lng_in_its_units():
    """18 Apr 2018: 60 kt of July at 3,380-3,390, 30 kt of November at 4,200-4,210; 18 came, 12 got gas."""
    offers = [
        PresaleOffer("cnooc", month, price * FEN, quantity)
        for month, price, quantity in (
            (JULY, 3_380, 30_000), (JULY, 3_390, 30_000), (NOVEMBER, 4_200, 15_000), (NOVEMBER, 4_210, 15_000),
        )
    ]  # fmt: skip
    orders = [
        PresaleOrder(f"buyer {i}", (JULY, JULY, NOVEMBER)[i % 3], 4_300 * FEN, 7_500) for i in range(18)
    ]
    sold = presale(offers, orders, Band(3_380 * FEN, 4_210 * FEN))
    assert {month: outcome.quantity for month, outcome in sold.items()} == {JULY: 60_000, NOVEMBER: 30_000}
    assert len({d.buyer for outcome in sold.values() for d in outcome.deals}) == 12
    assert sold[JULY].mean_price_fen == 3_385 * FEN
    money_yuan = sum(outcome.amount_fen for outcome in sold.values()) // FEN
    assert money_yuan == 203_100_000 + 126_150_000


def test_a_cargo_is_paid_for_in_yuan():
    offers = [
        CargoOffer("totalenergies", 12.5, "USD"),
        CargoOffer("a", 4_500.0, "CNY"),
        CargoOffer("b", 12.9, "USD"),
    ]
    bid = Bid("cnooc", 5_000 * FEN, 65_000)
    won = cargo_tender(bid, offers, fx_cny_per_usd=6.88)
    assert won.deals == (
        Deal("totalenergies", "cnooc", 444_620, 65_000),
    )  # 12.5 x 51.7 x 6.88 = 4,446.20 yuan/t
    second = cargo_tender(bid, offers, fx_cny_per_usd=6.88, pricing=Pricing.UNIFORM)
    assert second.deals == (Deal("totalenergies", "cnooc", 450_000, 65_000),)
    assert cargo_tender(Bid("cnooc", 400_000, 65_000), offers, fx_cny_per_usd=6.88).deals == ()
    alone = cargo_tender(bid, offers[:1], fx_cny_per_usd=6.88, pricing=Pricing.UNIFORM)
    assert alone.deals[0].price_fen == bid.limit_fen
    assert cargo_tender(bid, [], fx_cny_per_usd=6.88).deals == ()


def test_the_rules_of_bidding_have_dates():
    assert bidding_rules("shpgx_png", date(2024, 11, 4)).cap_over_base_percent == 20
    with pytest.raises(LookupError, match="no rules of bidding on 2017-09-11"):
        bidding_rules("shpgx_png", date(2017, 9, 11))
    with pytest.raises(LookupError, match="shpgx_lng"):
        bidding_rules("shpgx_lng", date(2024, 11, 4))
    with pytest.raises(LookupError, match="no rulebook"):
        bidding_rules("shpgx_png2", date(2024, 11, 4))
    png = Rulebook.load("shpgx_png").specification(date(2017, 9, 12))
    assert (
        isinstance(png, ListingSpec)
        and "bidding" in png.mechanisms
        and png.to_ticks(2.496 * M3_PER_UNIT) == 2_496
    )


# --- against naive twins ---------------------------------------------------------------------------------------------


@given(INTERESTS, INTERESTS, st.integers(1, 20), st.integers(1, 7), st.none() | st.integers(0, 15))
@settings(max_examples=400, deadline=None)
def test_uplift_is_a_clock_that_is_called_aloud(bids, offers, base, step, room):
    cap = None if room is None else base + room
    outcome = uplift(bids_of(bids), offers_of(offers), base_fen=base, step_fen=step, cap_fen=cap)
    assert books(outcome.deals) == naive_uplift(bids_of(bids), offers_of(offers), base, step, cap)


@given(INTERESTS, INTERESTS, st.integers(15, 45), st.integers(1, 7), st.integers(1, 15))
@settings(max_examples=400, deadline=None)
def test_downward_is_a_clock_that_is_called_aloud(bids, offers, ceiling, step, floor):
    outcome = downward(bids_of(bids), offers_of(offers), ceiling_fen=ceiling, step_fen=step, floor_fen=floor)
    assert books(outcome.deals) == naive_downward(bids_of(bids), offers_of(offers), ceiling, step, floor)


@given(INTERESTS, INTERESTS, st.sampled_from(Pricing))
@settings(max_examples=400, deadline=None)
def test_tender_takes_units_off_two_piles(bids, offers, pricing):
    outcome = tender(bids_of(bids), offers_of(offers), pricing)
    twin = naive_tender(bids_of(bids), offers_of(offers), uniform=pricing is Pricing.UNIFORM)
    assert books(outcome.deals) == twin


@given(INTERESTS, st.integers(1, 12), st.integers(20, 45), st.integers(1, 20), st.integers(1, 5))
@settings(deadline=None)
def test_slot_is_a_count_down(bids, quantity, ceiling, floor, step):
    slot = Slot("t", date(2018, 10, 24), date(2018, 10, 26), quantity, ceiling, floor)
    assert books(sell_slot(slot, bids_of(bids), step_fen=step).deals) == naive_slot(slot, bids_of(bids), step)


@given(INTERESTS, st.integers(1, 12), st.integers(1, 20))
@settings(deadline=None)
def test_a_count_down_is_a_sealed_tender_at_own_prices(bids, quantity, floor):
    slot = Slot("s0", date(2018, 10, 24), date(2018, 10, 26), quantity, 41, floor)
    sealed = tender(bids_of(bids), [Offer("s0", floor, quantity)], Pricing.PAY_AS_BID)
    assert books(sell_slot(slot, bids_of(bids)).deals) == books(sealed.deals)


@given(INTERESTS, INTERESTS)
@settings(max_examples=400, deadline=None)
def test_a_fine_clock_is_a_sealed_tender_at_one_price(bids, offers):
    risen = uplift(bids_of(bids), offers_of(offers), base_fen=1, step_fen=1)
    sealed = tender(bids_of(bids), offers_of(offers), Pricing.UNIFORM)
    assert books(risen.deals) == books(sealed.deals)


@given(
    st.lists(st.tuples(st.booleans(), PRICES, st.integers(1, 4)), max_size=6),
    st.lists(st.tuples(st.booleans(), PRICES, st.integers(1, 4)), max_size=6),
)
@settings(deadline=None)
def test_presale_serves_orders_in_time(offers, orders):
    posted = [PresaleOffer(f"s{k}", JULY if j else NOVEMBER, p, q) for k, (j, p, q) in enumerate(offers)]
    placed = [PresaleOrder(f"b{i}", JULY if j else NOVEMBER, p, q) for i, (j, p, q) in enumerate(orders)]
    deals = [deal for outcome in presale(posted, placed).values() for deal in outcome.deals] if posted else []
    assert books(deals) == naive_presale(posted, placed)


PLACES = st.sampled_from(["ningbo", "rudong", "yangshan"])


HAULS = st.dictionaries(PLACES, st.integers(0, 9))


@given(
    st.lists(st.tuples(PLACES, st.booleans(), PRICES, st.integers(1, 4)), max_size=5),
    st.lists(st.tuples(HAULS, st.booleans(), PRICES, st.integers(1, 4)), max_size=5),
)
@settings(deadline=None)
def test_wants_meet_listings_by_price_place_and_month(listings, wants):
    board = ListingBoard()
    for k, (place, july, price, quantity) in enumerate(listings):
        board.post(
            0, seller=f"s{k}", place=place, delivery=str(JULY if july else NOVEMBER), price_fen_per_t=price,
            quantity_t=quantity,
        )  # fmt: skip
    asked = [
        Want(f"b{i}" if i else "s0", JULY if july else NOVEMBER, limit, quantity, hauls)
        for i, (hauls, july, limit, quantity) in enumerate(wants)
    ]
    twin = naive_take(board, asked)
    trades = [trade for at, want in enumerate(asked) for trade in take_best(board, at, want)]
    assert books([Deal(t.seller, t.buyer, t.price_fen_per_t, t.quantity_t) for t in trades]) == twin
    assert sum(board.cash_fen.values()) == 0


def test_what_counts_is_the_price_with_the_haul():
    board = ListingBoard()
    for place, price in (("rudong", 100), ("ningbo", 104), ("yangshan", 90)):
        board.post(0, seller=place, place=place, delivery=str(JULY), price_fen_per_t=price, quantity_t=5)
    want = Want("b", JULY, 110, 12, {"rudong": 9, "ningbo": 3, "yangshan": 21})
    assert [(t.seller, t.quantity_t) for t in take_best(board, 1, want)] == [("ningbo", 5), ("rudong", 5)]


def test_a_want_leaves_listings_alone_whose_smallest_take_is_above_it():
    board = ListingBoard()
    for price, smallest in ((100, 20), (110, 1)):
        board.post(
            0, seller="s", place="ningbo", delivery=str(JULY), price_fen_per_t=price, quantity_t=50,
            minimum_take_t=smallest,
        )  # fmt: skip
    trades = take_best(board, 1, Want("b", JULY, 200, 10, {"ningbo": 5}))
    assert [(t.price_fen_per_t, t.quantity_t) for t in trades] == [(110, 10)]


MESSAGES = st.lists(st.tuples(st.integers(0, 7), PRICES, st.integers(1, 4)), max_size=25)


@given(MESSAGES, st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_the_book_is_a_list_that_is_looked_through(messages, step):
    sent = [
        Message(f"t{who}", Side.BUY if who % 2 else Side.SELL, price, quantity)
        for who, price, quantity in messages
    ]
    outcome = trade_continuously(sent, low_fen=1, high_fen=40, step_fen=step)
    assert books(outcome.deals) == naive_book(sent, step)


# --- what holds for any bids -----------------------------------------------------------------------------------------


@given(INTERESTS, INTERESTS, st.integers(1, 7))
@settings(max_examples=300, deadline=None)
def test_units_and_money_are_conserved_and_nobody_trades_at_a_loss(bids, offers, step):
    asked, offered = bids_of(bids), offers_of(offers)
    limits = {bid.buyer: bid for bid in asked}
    reserves = {offer.seller: offer for offer in offered}
    outcomes = [
        uplift(asked, offered, base_fen=3, step_fen=step),
        uplift(asked, offered, base_fen=3, step_fen=step, cap_fen=20, rationing=Rationing.PRO_RATA),
        downward(asked, offered, ceiling_fen=40, step_fen=step),
        downward(asked, offered, ceiling_fen=40, step_fen=step, floor_fen=9, rationing=Rationing.PRO_RATA),
        tender(asked, offered, Pricing.PAY_AS_BID),
        tender(asked, offered, Pricing.UNIFORM),
    ]
    for outcome in outcomes:
        assert sum(outcome.bought.values()) == sum(outcome.sold.values()) == outcome.quantity
        assert all(units <= limits[name].quantity for name, units in outcome.bought.items())
        assert all(units <= reserves[name].quantity for name, units in outcome.sold.items())
        for deal in outcome.deals:
            assert deal.quantity > 0
            assert reserves[deal.seller].reserve_fen <= deal.price_fen <= limits[deal.buyer].limit_fen
        settlement = settle(outcome.deals, 10)
        assert sum(settlement.cash_fen.values()) == 0
        assert sum(c for c in settlement.cash_fen.values() if c > 0) == outcome.amount_fen


def test_a_sale_is_held_by_its_name():
    bids, offers = [Bid("a", 19, 2), Bid("b", 15, 2)], [Offer("s", 11, 3)]
    expected = {
        "uplift": uplift(bids, offers, base_fen=11, step_fen=2),
        "downward": downward(bids, offers, ceiling_fen=20, step_fen=2),
        "tender_own_price": tender(bids, offers, Pricing.PAY_AS_BID),
        "tender_one_price": tender(bids, offers, Pricing.UNIFORM),
    }
    for name, outcome in expected.items():
        assert hold_sale(name, bids, offers, step_fen=2) == outcome  # type: ignore[arg-type]
        assert hold_sale(name, bids, [], step_fen=2).deals == ()  # type: ignore[arg-type]
        assert hold_sale(name, [], offers, step_fen=2).deals == ()  # type: ignore[arg-type]
    assert len({outcome.deals for outcome in expected.values()}) > 2
    capped = hold_sale("uplift", bids, offers, step_fen=2, cap_fen=13, rationing=Rationing.PRO_RATA)
    assert capped == uplift(bids, offers, base_fen=11, step_fen=2, cap_fen=13, rationing=Rationing.PRO_RATA)
    with pytest.raises(ValueError, match="no sale is called"):
        hold_sale("lottery", bids, offers, step_fen=2)  # type: ignore[arg-type]


@given(INTERESTS, INTERESTS)
@settings(deadline=None)
def test_one_price_is_the_lowest_and_the_highest_that_clear(bids, offers):
    asked, offered = bids_of(bids), offers_of(offers)
    sold = tender(asked, offered, Pricing.UNIFORM)

    def clears(price: int) -> bool:
        wanted = sum(b.quantity for b in asked if b.limit_fen > price)
        at_most = sum(b.quantity for b in asked if b.limit_fen >= price)
        least = sum(o.quantity for o in offered if o.reserve_fen < price)
        most = sum(o.quantity for o in offered if o.reserve_fen <= price)
        return wanted <= most and least <= at_most

    if sold.quantity:
        prices = [price for price in range(1, 42) if clears(price)]
        assert sold.deals[0].price_fen == prices[0]
        assert downward(asked, offered, ceiling_fen=41, step_fen=1).deals[0].price_fen == prices[-1]


@given(st.lists(st.integers(0, 9), min_size=1), st.data())
@settings(deadline=None)
def test_shares_are_whole_fair_and_complete(wanted, data):
    total = data.draw(st.integers(0, sum(wanted)))
    for rule in Rationing:
        shares = ration(wanted, total, rule)
        assert sum(shares) == total
        assert all(0 <= share <= want for share, want in zip(shares, wanted, strict=True))
    if sum(wanted):
        exact = [total * want / sum(wanted) for want in wanted]
        assert all(
            abs(s - e) < 1 for s, e in zip(ration(wanted, total, Rationing.PRO_RATA), exact, strict=True)
        )


def test_time_serves_whole_and_better_ranks_first():
    assert ration([3, 3, 3], 5, Rationing.TIME) == [3, 2, 0]
    assert ration([3, 3, 3], 5, Rationing.PRO_RATA) == [2, 2, 1]
    assert fill([1, 0, 1], [4, 3, 4], 6, Rationing.PRO_RATA) == [2, 3, 1]
    for share in (lambda: ration([1], 2), lambda: ration([1], -1), lambda: fill([0], [1], 2)):
        with pytest.raises(ValueError, match="to share"):
            share()


# --- deposits, delivery, default -------------------------------------------------------------------------------------

DEAL = Deal("s", "b", 101, 30)


@pytest.mark.parametrize(
    ("performance", "cash", "forfeited"),
    [
        (Performance(30, Fault.BUYER), 3_030, {}),
        (Performance(0, Fault.BUYER), 303, {"b": 303}),
        (Performance(0, Fault.SELLER), -303, {"s": 303}),
        (Performance(20, Fault.BUYER), 2_020 + 101, {"b": 101}),
        (Performance(20, Fault.SELLER), 2_020 - 101, {"s": 101}),
    ],
)
def test_who_defaults_loses_the_deposit_of_what_is_missing(performance, cash, forfeited):
    settlement = settle([DEAL], 10, {0: performance})
    assert settlement.cash_fen == {"b": -cash, "s": cash}
    assert settlement.forfeited_fen == forfeited
    assert sum(deal.quantity for deal in settlement.delivered) == performance.delivered


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), PRICES, st.integers(1, 9)), max_size=8),
    st.integers(0, 20),
    st.data(),
)
@settings(deadline=None)
def test_defaults_make_and_lose_no_money(deals, percent, data):
    signed = [Deal(f"s{s}", f"b{b}", price, quantity) for s, b, price, quantity in deals]
    performances = {
        number: Performance(data.draw(st.integers(0, deal.quantity)), data.draw(st.sampled_from(Fault)))
        for number, deal in enumerate(signed)
        if data.draw(st.booleans())
    }
    settlement = settle(signed, percent, performances)
    assert sum(settlement.cash_fen.values()) == 0
    missing = sum(
        deal.quantity - performances[n].delivered for n, deal in enumerate(signed) if n in performances
    )
    assert sum(d.quantity for d in settlement.delivered) + missing == sum(d.quantity for d in signed)
    assert sum(settlement.forfeited_fen.values()) <= sum(deposit_fen(deal, percent) for deal in signed)


def test_bad_settlements_are_refused():
    for arguments, words in (
        (([DEAL], 21), "0 to 20 %"),
        (([DEAL], 10, {1: Performance(0, Fault.BUYER)}), "no deal"),
        (([DEAL], 10, {0: Performance(31, Fault.BUYER)}), "31 of 30"),
        (([DEAL], 10, {0: Performance(-1, Fault.BUYER)}), "-1 of 30"),
    ):
        with pytest.raises(ValueError, match=words):
            settle(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sell", "words"),
    [
        (lambda: tender([Bid("a", 0, 1)], [], Pricing.UNIFORM), "limit of a"),
        (lambda: tender([Bid("a", 1, 0)], [], Pricing.UNIFORM), "quantity of a"),
        (lambda: tender([], [Offer("s", 1.5, 1)], Pricing.UNIFORM), "reserve of s"),  # type: ignore[arg-type]
        (lambda: tender([], [Offer("s", 1, True)], Pricing.UNIFORM), "quantity of s"),
        (lambda: tender([Bid("a", 1, 1)], [Offer("a", 1, 1)], Pricing.UNIFORM), "must not buy and sell"),
        (lambda: uplift([], [], base_fen=10, step_fen=1, cap_fen=9), "below the base"),
        (lambda: uplift([], [], base_fen=10, step_fen=0), "the step"),
        (lambda: downward([], [], ceiling_fen=10, step_fen=1, floor_fen=11), "above the ceiling"),
        (lambda: presale([PresaleOffer("s", JULY, 9, 1)], [], Band(10, 20)), "outside the band"),
        (lambda: presale([PresaleOffer("s", JULY, 21, 1)], [], Band(10, 20)), "outside the band"),
        (lambda: split(DEAL, {"a": 50, "b": 49}), "sum to 100"),
        (
            lambda: sell_slot(Slot("t", date(2018, 10, 26), date(2018, 10, 24), 1, 2, 1), []),
            "last day before",
        ),
        (
            lambda: trade_continuously(
                [Message("a", Side.BUY, 5, 1), Message("a", Side.SELL, 5, 1)],
                low_fen=1,
                high_fen=9,
                step_fen=1,
            ),
            "buy and sell",
        ),
        (
            lambda: trade_continuously([Message("a", Side.BUY, 10, 1)], low_fen=1, high_fen=9, step_fen=1),
            "outside 1 to 9",
        ),
    ],
)
def test_bad_bids_and_sales_are_refused(sell, words):
    with pytest.raises(ValueError, match=words):
        sell()
