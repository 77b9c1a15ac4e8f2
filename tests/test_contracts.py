"""The dated rulebook, contract months, price limits and settlement prices."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.clock import TradingCalendar
from exchange.codes import PriceRule
from exchange.contracts import ContractMonth, Rulebook, rulebook_names
from exchange.limits import (
    delivery_settlement_ticks,
    limit_after_locked_days,
    margin_after_locked_days,
    price_limits,
    settlement_price_ticks,
)
from exchange.rows import RulebookError
from exchange.rules import notes


@pytest.fixture(scope="module")
def calendar() -> TradingCalendar:
    return TradingCalendar()


@pytest.fixture(scope="module")
def sc() -> Rulebook:
    return Rulebook.load("ine_sc")


# date, previous settlement, price that stood at the limit, locked days before, limit in percent, what its row rests on;
# +1 is the high, -1 the low. Made from the daily prices of SC by looking for closes, highs and lows at the day's limit.
PRINT, CIRCULAR = "inferred from a limit print", "INE circular"
LIMIT_PRINTS = [
    (date(2020, 2, 3), 451.7, 415.5, 0, -1, 8, CIRCULAR),
    (date(2020, 3, 9), 359.7, 338.1, 0, -1, 6, CIRCULAR),
    (date(2020, 3, 10), 338.1, 307.6, 1, -1, 9, CIRCULAR),
    (date(2020, 3, 11), 307.6, 273.7, 2, -1, 11, CIRCULAR),
    (date(2020, 4, 22), 234.1, 210.6, 0, -1, 10, CIRCULAR),
    (date(2024, 10, 8), 527.4, 580.1, 0, +1, 10, CIRCULAR),
    (date(2025, 4, 7), 548.6, 510.1, 0, -1, 7, PRINT),
    (date(2026, 3, 2), 484.3, 527.8, 0, +1, 9, CIRCULAR),
    (date(2026, 3, 3), 511.0, 572.3, 1, +1, 12, CIRCULAR),
    (date(2026, 3, 4), 562.4, 641.1, 2, +1, 14, CIRCULAR),
    (date(2026, 3, 5), 624.0, 711.3, 0, +1, 14, CIRCULAR),
    (date(2026, 3, 9), 659.7, 771.8, 0, +1, 17, PRINT),
]


@pytest.mark.parametrize(
    ("day", "settlement", "limit_print", "locked_days", "direction", "percent", "basis"), LIMIT_PRINTS
)
def test_limit_prints(sc, calendar, day, settlement, limit_print, locked_days, direction, percent, basis):
    spec = sc.on(day)
    month = spec.main_contract(day, calendar)
    usual = spec.limit_percent(month, day, calendar)
    assert (
        spec.stepped_limit_percent(usual, locked_days, usual) == percent
    )  # the base was the same on all these days
    low, high = price_limits(spec.to_ticks(settlement), percent)
    assert spec.to_price(low if direction < 0 else high) == limit_print
    rule = sc.in_force(day)["price_limit_percent"]
    assert basis in rule.source
    assert rule.confidence == "medium" or basis == CIRCULAR


def test_observed_prices_at_the_limit_are_those_that_are_tested(sc):
    names = (
        "previous_settlement_cny_per_bbl",
        "limit_print_cny_per_bbl",
        "locked_days_before",
        "limit_percent",
    )
    seen = [(o.first, *(o.values[name] for name in names)) for o in sc.observed if names[1] in o.values]
    tested = [(day, before, at, locked, sign * pc) for day, before, at, locked, sign, pc, _ in LIMIT_PRINTS]
    assert seen == tested
    assert all(o.source and o.first <= o.last for o in (*sc.observed, *Rulebook.load("ine_lu").observed))


def test_an_observation_bears_on_rules_that_there_are(sc):
    astray = sc.observed[0].model_copy(update={"keys": ("price_limits_percent",)})
    with pytest.raises(RulebookError, match="Did you mean 'price_limit_percent'"):
        Rulebook.of(sc.name, sc.rows, sc.model, sc.hours, sc.notes, (astray,))


def test_limits_are_integers_where_floats_fail():
    assert price_limits(2_000, 15) == (1_700, 2_300)  # in floats, floor(200 x 1.15 / 0.1) is 2,299


@given(st.integers(1, 20_000), st.integers(1, 20))
def test_limits_floor_both_ways(settlement, percent):
    low, high = price_limits(settlement, percent)
    assert low * 100 <= settlement * (100 - percent) < (low + 1) * 100
    assert high * 100 <= settlement * (100 + percent) < (high + 1) * 100


def test_ladder_stops_at_twenty_percent_unless_the_base_is_higher():
    assert [limit_after_locked_days(9, days, (3, 5), first_percent=9) for days in range(4)] == [9, 12, 14, 14]
    assert limit_after_locked_days(17, 2, (3, 5), first_percent=17) == 20
    assert limit_after_locked_days(25, 1, (3, 5), first_percent=25) == 25
    assert limit_after_locked_days(17, 2, (3, 5), first_percent=17, ceiling_percent=30) == 22
    assert limit_after_locked_days(14, 3, (3, 5), first_percent=9) == 14  # a base that has risen meanwhile
    assert limit_after_locked_days(10, 3, (3, 5), first_percent=9) == 14


# Limits hold in the trading of the day, margins from its clearing on. A circular "from the settlement of 14 June" has
# its margins in the clearing of the 14th, and its limit in the trading of the 15th.
@pytest.mark.parametrize(
    ("day", "limit", "spec_margin", "hedge_margin", "storage", "opening"),
    [
        (date(2018, 3, 26), 5, 7, 7, 0.2, None),
        (date(2018, 6, 14), 5, 8, 8, 0.2, None),
        (date(2018, 6, 15), 6, 8, 8, 0.2, None),
        (date(2018, 6, 19), 6, 7, 7, 0.2, None),
        (date(2018, 6, 20), 5, 7, 7, 0.2, None),
        (date(2018, 11, 29), 8, 10, 10, 0.2, None),
        (date(2019, 9, 30), 10, 12, 12, 0.2, None),
        (date(2020, 1, 22), 6, 9, 9, 0.2, None),
        (date(2020, 2, 3), 8, 9, 9, 0.2, None),
        (date(2020, 3, 11), 6, 11, 11, 0.2, None),
        (date(2020, 3, 12), 10, 11, 11, 0.2, None),
        (date(2020, 4, 22), 10, 11, 11, 0.2, None),
        (date(2020, 6, 12), 13, 15, 15, 0.2, None),
        (date(2020, 6, 15), 13, 15, 15, 0.4, None),
        (date(2021, 2, 26), 8, 10, 10, 0.4, None),
        (date(2021, 3, 1), 8, 10, 10, 0.3, None),
        (date(2022, 3, 8), 10, 12, 12, 0.3, None),
        (date(2022, 9, 29), 10, 17, 17, 0.3, None),
        (date(2022, 9, 30), 15, 17, 17, 0.3, None),
        (date(2023, 9, 4), 10, 12, 11, 0.3, None),
        (date(2024, 4, 11), 8, 10, 9, 0.3, None),
        (date(2024, 4, 12), 8, 10, 9, 0.3, 3_200),
        (date(2024, 9, 19), 7, 9, 8, 0.3, 3_200),
        (date(2024, 10, 9), 10, 9, 8, 0.3, 3_200),
        (date(2024, 10, 10), 7, 9, 8, 0.3, 3_200),
        (date(2024, 11, 4), 7, 9, 8, 0.3, 3_200),
        (date(2025, 4, 10), 7, 11, 10, 0.3, 3_200),
        (date(2025, 4, 11), 9, 11, 10, 0.3, 3_200),
        (date(2025, 4, 30), 12, 14, 13, 0.3, 3_200),
        (date(2025, 12, 10), 7, 9, 8, 0.3, 3_200),
        (date(2026, 2, 9), 9, 11, 10, 0.3, 3_200),
        (date(2026, 3, 10), 17, 22, 21, 0.3, 400),
        (date(2026, 3, 11), 20, 22, 21, 0.3, 400),
    ],
)
def test_rules_by_date(sc, day, limit, spec_margin, hedge_margin, storage, opening):
    spec = sc.on(day)
    assert (spec.price_limit_percent, spec.margin_spec_percent, spec.margin_hedge_percent) == (
        limit,
        spec_margin,
        hedge_margin,
    )
    assert (spec.storage_fee_cny_per_bbl_day, spec.opening_limit_lots_per_day) == (storage, opening)


def test_hedge_margin_is_a_point_over_the_limit_since_september_2023(sc, calendar):
    for name in ("ine_sc", "ine_lu"):
        book = Rulebook.load(name)
        for day in calendar.trading_days(date(2023, 9, 4), 700):
            limit = book.on(
                calendar.next(day)
            ).price_limit_percent  # in trading the day after its margin's clearing
            assert (book.on(day).margin_hedge_percent, book.on(day).margin_spec_percent) == (
                limit + 1,
                limit + 2,
            )


def test_sc_in_short(sc):
    spec = sc.on(date(2024, 11, 4))
    assert (spec.tick, spec.lot_bbl, spec.max_order_lots) == (0.1, 1_000, 500)
    assert spec.price_rule == PriceRule.MEDIAN
    assert spec.fee_cny_per_lot == 20.0 and spec.deliverable_short_trading_days is None
    assert sc.on(date(2026, 3, 30)).deliverable_short_trading_days == 3
    assert sc.on(date(2020, 5, 1)).delivery_fee_cny_per_bbl == 0.0
    assert sc.on(date(2021, 1, 9)).delivery_fee_cny_per_bbl == 0.05


@pytest.mark.parametrize("name", rulebook_names())
def test_every_figure_has_a_source(name):
    book = Rulebook.load(name)
    spec = book.specification(date(2026, 6, 1))
    assert isinstance(spec.source, dict)
    assert set(spec.source) == set(spec.confidence)
    for row in book.rows:
        assert "facts" not in row.source
        if "inferred" in row.source:
            assert "limit print" in row.source and row.confidence == "medium"


def test_overseas_venues_have_no_limits():
    for name in ("gme_oman", "ice_brent"):
        spec = Rulebook.load(name).on(date(2024, 11, 4))
        assert (spec.price_limit_percent, spec.tick, spec.currency) == (None, 0.01, "USD")
        assert spec.price_rule == PriceRule.RESTING


def test_bad_rulebooks_say_where():
    with pytest.raises(LookupError, match="ine_sc"):
        Rulebook.load("ine_cs")
    with pytest.raises(LookupError, match="begin on 2018-03-26"):
        Rulebook.load("ine_sc").on(date(2018, 3, 25))
    with pytest.raises(ValueError, match="no hours named 'late'"):
        Rulebook.parse(
            'kind = "futures"\nname = "x"\n'
            '[[rows]]\neffective = 2020-01-01\nsource = "s"\nconfidence = "low"\nsessions = "late"\n'
        )


@pytest.mark.parametrize(
    ("month", "last_day"),
    [
        (ContractMonth(2024, 12), date(2024, 11, 29)),
        (ContractMonth(2024, 10), date(2024, 9, 30)),
        (ContractMonth(2025, 2), date(2025, 1, 27)),  # Spring Festival begins on 2025-01-28
        (ContractMonth(2020, 6), date(2020, 5, 29)),
    ],
)
def test_last_trading_day(sc, calendar, month, last_day):
    assert sc.on(date(2024, 1, 2)).last_trading_day(month, calendar) == last_day


def test_main_contract_rolls_when_individuals_must_be_out(sc, calendar):
    spec = sc.on(date(2024, 11, 4))
    # 2024-11-19 is the 8th trading day before 2024-11-29
    assert spec.days_to_expiry(ContractMonth(2024, 12), date(2024, 11, 19), calendar) == 8
    assert spec.main_contract(date(2024, 11, 4), calendar) == ContractMonth(2024, 12)
    assert spec.main_contract(date(2024, 11, 19), calendar) == ContractMonth(2024, 12)
    assert spec.main_contract(date(2024, 11, 20), calendar) == ContractMonth(2025, 1)
    assert spec.days_to_expiry(ContractMonth(2024, 12), date(2024, 11, 29), calendar) == 0
    assert str(ContractMonth(2024, 12).plus(1)) == "2501"


@pytest.mark.parametrize(
    ("name", "first", "month"), [("ine_sc", date(2018, 3, 26), "1809"), ("ine_lu", date(2020, 6, 22), "2101")]
)
def test_the_main_contract_is_listed_from_the_launch_on(calendar, name, first, month):
    book = Rulebook.load(name)
    assert str(book.on(first).main_contract(first, calendar)) == month
    for day in calendar.trading_days(first, 130):
        spec = book.on(day)
        assert spec.main_contract(day, calendar) in spec.listed_months(day, calendar)


def test_months_that_end_after_the_calendar_have_a_provisional_last_day(sc, calendar):
    day = date(2026, 11, 24)
    spec = sc.on(day)
    left = [spec.days_to_expiry(month, day, calendar) for month in spec.listed_months(day, calendar)]
    assert len(left) == 20 and left == sorted(set(left))
    assert spec.last_trading_day(ContractMonth(2027, 2), calendar) == date(2027, 1, 29)
    last = date(2026, 12, 31)
    assert str(sc.on(last).main_contract(last, calendar)) == "2702"
    assert any("last_trading_day_rule" in note.keys and "provisional" in note.text for note in notes(sc, day))


def test_margins_and_position_limits_near_delivery(sc, calendar):
    month, early = ContractMonth(2024, 12), sc.on(date(2020, 6, 1))
    spec = sc.on(date(2024, 11, 4))
    assert spec.margin_percent(month, date(2024, 10, 31), calendar) == 9
    assert spec.margin_percent(month, date(2024, 10, 31), calendar, hedge=True) == 8
    assert spec.margin_percent(month, date(2024, 11, 26), calendar) == 10
    assert spec.margin_percent(month, date(2024, 11, 27), calendar) == 20
    assert spec.position_limit_lots(month, date(2024, 9, 30)) == 3_000
    assert spec.position_limit_lots(month, date(2024, 10, 8)) == 1_500
    assert spec.position_limit_lots(month, date(2024, 11, 1)) == 500
    calm = early.model_copy(update={"margin_spec_percent": 7})
    assert calm.margin_percent(ContractMonth(2020, 8), date(2020, 7, 1), calendar) == 10
    assert calm.margin_percent(ContractMonth(2020, 8), date(2020, 6, 30), calendar) == 7


def test_margin_after_locked_days_is_above_the_next_days_limit(sc, calendar):
    spec, day, month = sc.on(date(2026, 3, 2)), date(2026, 3, 2), ContractMonth(2026, 5)
    limits = [spec.stepped_limit_percent(9, days, 9) for days in range(3)]
    margins = [spec.least_margin_percent(days, limit) for days, limit in enumerate(limits)]
    assert limits == [9, 12, 14] and margins == [0, 14, 16]
    assert spec.margin_percent(month, day, calendar) == 11
    assert margin_after_locked_days(17, 14, 2, 2) == 17


def test_broker_limit_is_a_share_of_open_interest(sc):
    spec = sc.on(date(2024, 11, 4))
    assert spec.broker_limit_lots(74_999) is None
    assert spec.broker_limit_lots(75_003) == 18_750
    assert Rulebook.load("ice_brent").on(date(2024, 11, 4)).broker_limit_lots(10**6) is None


def named(months):
    return [str(month) for month in months]


def test_months_listed_at_launch_and_later(sc, calendar):
    launch = named(sc.listed_months(date(2018, 3, 26), calendar))
    assert " ".join(launch) == ("1809 1810 1811 1812 1901 1902 1903 1906 1909 1912 2003 2006 2009 2012 2103")
    later = named(sc.listed_months(date(2024, 11, 4), calendar))
    assert later[0] == "2412" and later[11] == "2511" and len(later) == 20
    assert later[12:] == ["2512", "2603", "2606", "2609", "2612", "2703", "2706", "2709"]
    lu = Rulebook.load("ine_lu")
    assert named(lu.listed_months(date(2020, 6, 22), calendar)) == [f"21{k:02d}" for k in range(1, 7)]
    assert len(lu.listed_months(date(2024, 11, 4), calendar)) == 12


def test_a_month_leaves_after_its_last_trading_day_and_one_comes(sc, calendar):
    spec, day = sc.on(date(2024, 11, 29)), date(2024, 11, 29)
    listed, after = spec.listed_months(day, calendar), spec.listed_months(date(2024, 12, 2), calendar)
    assert listed[0] == ContractMonth(2024, 12)
    assert set(after) - set(listed) == {ContractMonth(2027, 12)}
    assert set(listed) - set(after) == {ContractMonth(2024, 12)}


def test_twenty_months_are_listed_from_august_2018_on(sc, calendar):
    before = set(sc.listed_months(date(2018, 8, 1), calendar))
    for day in calendar.trading_days(date(2018, 8, 2), 1_950):
        now = set(sc.listed_months(day, calendar))
        assert len(now) == 20 and len(now - before) <= 1
        before = now


def test_limit_doubles_on_the_listing_day(sc, calendar):
    first, spec = date(2018, 3, 26), sc.on(date(2018, 3, 26))
    assert [spec.limit_percent(m, first, calendar) for m in spec.listed_months(first, calendar)] == [10] * 15
    assert spec.limit_percent(ContractMonth(2018, 9), date(2018, 3, 27), calendar) == 5
    lu = Rulebook.load("ine_lu").on(date(2020, 6, 22))
    assert lu.limit_percent(ContractMonth(2021, 1), date(2020, 6, 22), calendar) == 26
    december = sc.on(date(2024, 12, 2))
    assert december.limit_percent(ContractMonth(2027, 12), date(2024, 12, 2), calendar) == 14
    assert december.limit_percent(ContractMonth(2027, 12), date(2024, 12, 3), calendar) == 7


def test_a_moved_last_trading_day(sc, calendar):
    month = ContractMonth(2021, 1)
    assert sc.on(date(2020, 12, 1)).last_trading_day(month, calendar) == date(2020, 12, 24)
    assert sc.on(date(2020, 3, 11)).last_trading_day(month, calendar) == date(
        2020, 12, 31
    )  # not yet announced
    assert month not in sc.listed_months(date(2020, 12, 25), calendar)


def test_lots_of_barrels_and_of_tonnes(sc):
    crude, fuel = sc.on(date(2024, 11, 4)), Rulebook.load("ine_lu").on(date(2024, 11, 4))
    assert (crude.unit, crude.lot_units, crude.minor_units_per_tick_and_lot) == ("bbl", 1_000, 10_000)
    assert (fuel.unit, fuel.lot_units, fuel.minor_units_per_tick_and_lot) == ("tonne", 10, 1_000)
    assert (fuel.tick, fuel.lot_bbl) == (1.0, 0)
    with pytest.raises(ValueError, match="only one"):
        type(crude).model_validate({**crude.model_dump(), "lot_tonnes": 3})


def test_delivery_months_are_named_by_year_and_month():
    assert ContractMonth.named("1809") == ContractMonth(2018, 9)
    for name in ("189", "1813", "18-9"):
        with pytest.raises(ValueError, match="year and month"):
            ContractMonth.named(name)


def test_settlement_prices():
    assert settlement_price_ticks(0, 0, 5_274) == 5_274
    assert settlement_price_ticks(100 * 3 + 101 * 1, 4, 0) == 100
    assert settlement_price_ticks(100 * 1 + 101 * 1, 2, 0) == 101  # half a tick rounds up
    assert delivery_settlement_ticks([900, 100, 101, 102, 103, 104]) == 102
    assert delivery_settlement_ticks([900, 100, 101, 102, 103, 105], days=2) == 104
    assert delivery_settlement_ticks([900, 100, 101, 102, 103, 105], days=10) == 235  # 1,411 / 6, half up
    with pytest.raises(ValueError, match="no settlement"):
        delivery_settlement_ticks([])


def test_trading_at_settlement_has_its_dates():
    book = Rulebook.load("ine_sc")
    # The change of 24 April 2023 begins at 20:55, in the night session of the next trading day.
    days = (date(2020, 10, 9), date(2020, 10, 12), date(2023, 4, 24), date(2023, 4, 25))
    assert [book.on(day).tas_widest_ticks for day in days] == [None, 0, 0, 20]
    assert [book.on(day).tas_months for day in days] == [None, 2, 2, 4]
    assert book.on(date(2023, 4, 25)).tas_ends_trading_days == 8
