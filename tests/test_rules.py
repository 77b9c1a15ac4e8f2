"""Every rule has one value on every day, with its source; what changed, why a refusal, and what-if rules."""

from collections import defaultdict
from datetime import date, timedelta

import pytest

from exchange.clearing.closing import Reason
from exchange.clearing.entry import Refusal
from exchange.codes import Code, PriceRule
from exchange.contracts import ContractSpec, Rulebook
from exchange.rows import Row, RulebookError, rule_keys, table_keys
from exchange.rules import (
    REASONS,
    changes,
    explain,
    notes,
    products,
    rulebook_of,
    rules,
    value_data,
    value_text,
)
from exchange.terms import DepotListing, Grade
from exchange.units import BBL_PER_M3

LAST = date(2026, 8, 31)


@pytest.fixture(scope="module")
def sc() -> Rulebook:
    return Rulebook.load("ine_sc")


@pytest.mark.parametrize("name", ["ine_sc", "ine_lu"])
def test_every_day_has_exactly_one_value_of_every_rule(name):
    book = Rulebook.load(name)
    by_key = defaultdict(list)
    for setting in book.settings():
        by_key[setting.key].append(setting)
    tables = table_keys(book.model)
    days_with_rows = {setting.effective for setting in book.settings()}
    day, before = book.first_day, None
    assert day == book.on(day).launched
    while day <= LAST:
        spec = book.on(day)
        if day not in days_with_rows:
            assert spec is before  # nothing can have changed
            day += timedelta(days=1)
            continue
        told = {rule.key: rule for rule in rules(book, day)}
        for key in rule_keys(book.model):
            if key in tables:
                value = getattr(spec, key)
                assert {k for k in told if k.startswith(f"{key}.")} == {f"{key}.{entry}" for entry in value}
                assert (key in told) == (not value)
                continue
            begun = [setting for setting in by_key[key] if setting.effective <= day]
            latest = [s for s in begun if s.effective == max(s.effective for s in begun)]
            assert len(latest) == 1, (day, key)
            assert (told[key].since, told[key].source) == (latest[0].effective, latest[0].source)
            if latest[0].value is None:
                assert getattr(spec, key) in (None, 0, ()), (day, key)
            else:
                assert told[key].value == getattr(spec, key)
                assert told[key].text == value_text(getattr(spec, key))
        day, before = day + timedelta(days=1), spec


@pytest.mark.parametrize("name", ["ine_sc", "ine_lu"])
def test_every_rule_has_a_source_and_a_confidence(name):
    for setting in Rulebook.load(name).settings():
        assert setting.source and setting.confidence in ("high", "medium", "low")
        if "limit print, that of" in setting.source or "inferred" in setting.source:
            assert setting.confidence == "medium"


def test_two_rows_of_one_day_must_not_set_one_key():
    text = (
        'kind = "listing"\nname = "x"\n'
        '[[rows]]\neffective = 2020-01-01\nsource = "s"\nconfidence = "low"\nlot_units = 1\n'
        '[[rows]]\neffective = 2020-01-01\nsource = "t"\nconfidence = "low"\nlot_units = 2\n'
    )
    with pytest.raises(RulebookError, match="x on 2020-01-01: lot_units: is set twice"):
        Rulebook.parse(text)


@pytest.mark.parametrize("line", ["lot_unit = 1", 'absent = ["lot_unit"]'])
def test_unknown_keys_are_refused_with_the_nearest(line):
    text = f'kind = "listing"\nname = "x"\n[[rows]]\neffective = 2020-01-01\nsource = "s"\nconfidence = "low"\n{line}\n'
    with pytest.raises(RulebookError, match=r"lot_unit: unknown\. Did you mean 'lot_units'"):
        Rulebook.parse(text)


def test_rules_are_made_once(sc):
    day = date(2024, 11, 4)
    assert Rulebook.load("ine_sc") is sc
    assert sc.on(day) is sc.on(day + timedelta(days=1)) is sc.specification(day)


# ---- figures by date


def test_sessions_by_date(sc):
    text = {rule.key: rule.text for rule in rules(sc, date(2021, 1, 4))}["sessions"]
    assert text == (
        "night 21:00-02:30 (auction from 20:55); "
        "day 09:00-10:15, 10:30-11:30, 13:30-15:00 (auction from 08:55, only without a night session)"
    )
    names = {
        day: [part.name for part in sc.on(day).sessions.parts]
        for day in (date(2020, 1, 23), date(2020, 2, 3), date(2020, 4, 30), date(2020, 5, 7))
    }
    assert list(names.values()) == [["night", "day"], ["day"], ["day"], ["night", "day"]]
    auctions = [sc.on(day).sessions.parts[1].auction for day in (date(2023, 5, 25), date(2023, 5, 26))]
    assert auctions == ["without_night", "always"]


def test_deliverable_grades_by_date(sc):
    def differentials(day):
        return {k: grade.differential_cny_per_bbl for k, grade in sc.on(day).deliverable_grades.items()}

    first = {
        "dubai": 0,
        "upper_zakum": 0,
        "oman": 0,
        "qatar_marine": 0,
        "masila": 5,
        "basrah_light": -5,
        "shengli": -5,
    }
    assert differentials(date(2018, 3, 26)) == first
    split = differentials(date(2020, 6, 19))
    assert set(split) - set(first) == {"basrah_light_high_sulphur", "basrah_light_low_api"}
    assert differentials(date(2021, 6, 1))["murban"] == 5
    assert "murban" not in differentials(date(2021, 5, 31))
    now = differentials(LAST)
    assert "masila" not in now and (now["basrah_medium"], now["tupi"]) == (-10, 10)
    outside = {k for k, grade in sc.on(LAST).deliverable_grades.items() if not grade.inside_hormuz}
    assert outside == {"oman", "murban", "tupi", "shengli"}


def test_depots_add_up_to_the_printed_sums(sc):
    spec = sc.on(date(2020, 11, 2))
    depots = spec.depots.values()
    assert sum(depot.active_bbl for depot in depots) == spec.depot_usable_bbl == 72_740_000
    assert sum(depot.approved_m3 for depot in depots) == spec.depot_approved_m3 == 16_550_000
    assert len(spec.depots) == spec.depot_points == 15
    delta = [depot for depot in depots if depot.yangtze_delta]
    assert (sum(d.approved_m3 for d in delta), sum(d.active_bbl for d in delta)) == (2_500_000, 9_180_000)
    over = {k for k, d in spec.depots.items() if d.active_bbl > d.approved_m3 * BBL_PER_M3 * 1.01}
    assert over == {k for k, d in spec.depots.items() if "exceeds" in d.remark} == {"dalian_port"}
    assert sc.on(date(2020, 4, 20)).depots == {}


def test_depot_capacity_of_april_2020(sc):
    april = sc.on(date(2020, 4, 15))
    assert april.depot_approvals_m3 == {"weifang": 2_000_000, "other_depots": 2_150_000}
    assert april.depot_usable_bbl == 27_000_000
    assert sc.on(date(2020, 4, 30)).depot_usable_bbl == 48_000_000
    assert sc.on(date(2020, 5, 6)).depot_approvals_m3 == {}


def test_fees_of_delivery_were_waived_in_2020(sc):
    assert sc.on(date(2020, 4, 9)).waived_fees == ()
    assert len(sc.on(date(2020, 4, 10)).waived_fees) == len(sc.on(date(2021, 1, 8)).waived_fees) == 3
    assert sc.on(date(2021, 1, 11)).waived_fees == ()


def test_lu_is_a_contract_of_its_own():
    book = Rulebook.load("ine_lu")
    first = book.on(date(2020, 6, 22))
    assert (first.price_limit_percent, first.margin_spec_percent, first.fee_cny_per_lot) == (13, 15, 2.0)
    assert first.listing_benchmarks["all"].price == 2_368
    assert book.on(date(2020, 6, 23)).sessions.parts[0].hours[0][1].hour == 23
    later = book.on(date(2026, 3, 11))
    assert (later.price_limit_percent, later.margin_hedge_percent, later.opening_limit_lots_per_day) == (
        20,
        21,
        1_500,
    )
    assert (later.storage_fee_cny_per_tonne_day, later.person_exit_trading_days) == (2.0, 5)
    assert (later.fee_cny_per_lot, later.fee_ppm_of_turnover) == (None, 10.0)


def test_what_is_carried_on_over_a_gap_has_low_confidence():
    for name in ("ine_sc", "ine_lu"):
        for setting in Rulebook.load(name).settings():
            if "carried on" in setting.source:
                assert setting.confidence == "low"


def test_sides_counted_and_position_reports(sc):
    assert [sc.on(day).sides_counted_in_volume for day in (date(2019, 12, 31), date(2020, 1, 2))] == [2, 1]
    spec = sc.on(LAST)
    assert (spec.report_percent_of_limit, spec.report_percent_of_limit_intermediary) == (100, 60)
    assert (spec.deliverable_short_trading_days, spec.deliverable_short_closed_from_trading_days) == (3, 2)
    assert (spec.collateral_fx_haircut_percent, spec.person_exit_trading_days) == (5, 8)


# ---- changes


def test_changes_are_the_rows_between_two_days(sc):
    found = changes(sc, date(2026, 3, 8), date(2026, 3, 30))
    told = [(str(c.day), c.key, c.before, c.after) for c in found]
    assert told == [
        ("2026-03-09", "price_limit_percent", "14", "17"),
        ("2026-03-10", "margin_spec_percent", "19", "22"),
        ("2026-03-10", "margin_hedge_percent", "18", "21"),
        ("2026-03-10", "opening_limit_lots_per_day", "3,200", "400"),
        ("2026-03-11", "price_limit_percent", "17", "20"),
        ("2026-03-30", "deliverable_short_trading_days", "none", "3"),
        ("2026-03-30", "deliverable_short_closed_from_trading_days", "none", "2"),
    ]
    assert all(change.source for change in found)
    assert changes(sc, date(2026, 3, 30), LAST) == ()


def test_changes_of_a_table_are_those_of_its_entries(sc):
    found = {c.key: c for c in changes(sc, date(2021, 5, 1), date(2022, 1, 4)) if "grades" in c.key}
    assert found["deliverable_grades.murban"].before is None
    assert (
        found["deliverable_grades.masila"].after is None
        and "ine.cn" in found["deliverable_grades.masila"].source
    )
    assert "API 28" in found["deliverable_grades.basrah_light"].before
    assert "API 29" in found["deliverable_grades.basrah_light"].after
    assert "deliverable_grades.oman" not in found


# ---- why


@pytest.mark.parametrize("code", [*Code, *list(Refusal)[1:], *Reason])
def test_every_code_of_the_engine_and_of_clearing_is_explained(sc, code):
    told = explain(code, sc, date(2024, 11, 4))
    assert told.sentence and told == explain(code.name.lower().replace("_", "-"), sc, date(2024, 11, 4))


@pytest.mark.parametrize("reason", list(REASONS))
def test_every_reason_names_rules_that_there_are(sc, reason):
    told = explain(reason, sc, LAST)
    assert {rule.key for rule in told.rules} == set(REASONS[reason][1])
    assert all(rule.source and rule.since for rule in told.rules)


def test_a_refusal_names_the_rule_its_day_and_its_source(sc):
    told = explain("opening_limit", sc, date(2026, 3, 10))
    assert (told.rules[0].key, told.rules[0].value, told.rules[0].since) == (
        "opening_limit_lots_per_day",
        400,
        date(2026, 3, 10),
    )
    assert "reportify" in told.rules[0].source
    assert explain(Code.BAD_PRICE, sc, date(2026, 3, 6)).notes[0].first == date(2026, 3, 5)
    assert explain(Code.DUPLICATE_ID, sc, LAST).rules == ()


def test_a_rule_is_explained_by_its_own_name(sc):
    assert explain("deliverable_grades.murban", sc, LAST).rules[0].value.differential_cny_per_bbl == 5
    assert len(explain("depots", sc, LAST).rules) == 15
    assert explain("limit-rounding", sc, LAST).sentence == "how limit prices are brought to the tick"


def test_names_that_there_are_not(sc):
    with pytest.raises(LookupError, match=r"rule 'bad_prise': unknown\. Did you mean 'bad_price'"):
        explain("bad_prise", sc, LAST)
    with pytest.raises(LookupError, match="Did you mean 'brent'"):
        rulebook_of("brend")
    assert products()["lu"] == "ine_lu" and rulebook_of("SC").name == rulebook_of("ine_sc").name == "ine_sc"


def test_notes_hold_for_their_days(sc):
    assert notes(sc, date(2024, 11, 4)) and not any(
        "price_limit" in k for n in notes(sc, date(2018, 4, 2)) for k in n.keys
    )
    for note in sc.notes:
        assert note.first <= note.last and set(note.keys) <= set(rule_keys(ContractSpec))


def test_values_in_words_and_as_data():
    grade = Grade(min_api=28, max_sulphur_percent=0.8, load_ports=("Santos",))
    assert value_text(grade) == "not at hand: API 28 or more, sulphur 0.8 % or less, loaded at Santos"
    depot = DepotListing(operator="O", approved_m3=1_000, active_bbl=2_000, remark="odd")
    assert value_text(depot) == "O: 1,000 m3 approved, 2,000 bbl active (odd)"
    assert [value_text(v) for v in (None, True, 20.0, (3, 5), (), PriceRule.MEDIAN)] == [
        "none", "yes", "20", "3 / 5", "none", "median"
    ]  # fmt: skip
    assert value_data((PriceRule.MEDIAN, date(2020, 1, 1), 3)) == ["median", "2020-01-01", 3]


# ---- what if

SINCE = date(2021, 1, 4)


def test_an_override_holds_from_its_day_on_whatever_later_rows_say(sc):
    changed = sc.with_overrides({"price_limit_percent": 5, "fee_cny_per_lot": 0}, SINCE)
    for day in (SINCE, date(2022, 9, 30), date(2026, 3, 11)):
        assert (changed.on(day).price_limit_percent, changed.on(day).fee_cny_per_lot) == (5, 0)
        assert changed.on(day).source["price_limit_percent"] == "what-if"
        assert changed.on(day).margin_spec_percent == sc.on(day).margin_spec_percent
    assert changed.on(date(2020, 12, 31)) == sc.on(date(2020, 12, 31))
    assert sc.on(SINCE).price_limit_percent == 8  # the book itself is as it was
    rule = next(r for r in rules(changed, LAST) if r.key == "price_limit_percent")
    assert (rule.since, rule.source, rule.confidence) == (SINCE, "what-if", "what-if")


def test_overrides_follow_one_another(sc):
    twice = sc.with_overrides({"price_limit_percent": 5}, SINCE).with_overrides(
        {"price_limit_percent": 7}, date(2022, 1, 4), source="tighter"
    )
    days = (date(2020, 12, 31), SINCE, date(2022, 1, 4))
    assert [twice.on(day).price_limit_percent for day in days] == [8, 5, 7]
    assert twice.on(LAST).source["price_limit_percent"] == "tighter"


def test_an_override_reaches_one_figure_of_an_entry_and_later_rows_keep_the_others(sc):
    key = "deliverable_grades.basrah_light.differential_cny_per_bbl"
    changed = sc.with_overrides({key: -7.5}, SINCE)
    then, later = (changed.on(day).deliverable_grades["basrah_light"] for day in (SINCE, LAST))
    assert (then.min_api, then.differential_cny_per_bbl) == (28, -7.5)
    assert (later.min_api, later.differential_cny_per_bbl) == (
        29,
        -7.5,
    )  # the list of 2022 raised the gravity
    nested = sc.with_overrides(
        {"deliverable_grades": {"basrah_light": {"differential_cny_per_bbl": -7.5}}}, SINCE
    )
    assert nested.specifications == changed.specifications
    assert changed.on(LAST).deliverable_grades["tupi"] == sc.on(LAST).deliverable_grades["tupi"]


def test_overrides_add_and_end_entries_and_rules(sc):
    espo = {"min_api": 34, "max_sulphur_percent": 0.6, "differential_cny_per_bbl": 4}
    changed = sc.with_overrides(
        {
            "deliverable_grades": {"espo": espo},
            "absent": ["deliverable_grades.dubai", "opening_limit_lots_per_day", "depots"],
        },
        SINCE,
    )
    grades = changed.on(LAST).deliverable_grades
    assert grades["espo"].differential_cny_per_bbl == 4 and "dubai" not in grades and "oman" in grades
    assert changed.on(LAST).opening_limit_lots_per_day is None  # also after the rows of 2024 and 2026
    assert changed.on(LAST).depots == {}
    early = sc.with_overrides(
        {"depots.lingang": {"operator": "X", "approved_m3": 1, "active_bbl": 1}}, date(2019, 1, 2)
    )
    assert list(early.on(date(2019, 1, 2)).depots) == ["lingang"] and len(early.on(LAST).depots) == 16


def test_an_override_survives_a_later_row_that_ends_its_table(sc):
    changed = sc.with_overrides({"depot_approvals_m3.yangshan": 500_000}, date(2020, 4, 7))
    assert changed.on(date(2020, 4, 7)).depot_approvals_m3["weifang"] == 2_000_000
    assert changed.on(LAST).depot_approvals_m3 == {"yangshan": 500_000}


def test_sessions_may_be_named(sc):
    changed = sc.with_overrides({"sessions": "day_only"}, SINCE)
    assert [part.name for part in changed.on(LAST).sessions.parts] == ["day"]
    with pytest.raises(RulebookError, match=r"'day_onli': unknown\. Did you mean 'day_only'"):
        sc.with_overrides({"sessions": "day_onli"}, SINCE)


@pytest.mark.parametrize(
    ("figures", "key", "message"),
    [
        ({"price_limit_percen": 5}, "price_limit_percen", "unknown. Did you mean 'price_limit_percent'?"),
        ({"price_limit_percent": "wide"}, "price_limit_percent", "'wide': must be a valid integer"),
        ({"price_limit_percent": 0}, "price_limit_percent", "0: must be greater than 0"),
        ({"price_limit_percent": 5.5}, "price_limit_percent", "5.5: must be a valid integer"),
        ({"price_limit_percent.sc": 5}, "price_limit_percent.sc", "is one figure, not a table"),
        ({"position_limits_lots": [1, 2]}, "position_limits_lots.2", "field required"),
        ({"deliverable_grades.omann.min_api": 3}, "deliverable_grades.omann", "Did you mean 'deliverable_grades.oman'"),
        ({"deliverable_grades.oman.min_apy": 30}, "deliverable_grades.oman.min_apy", "Did you mean 'min_api'"),
        ({"deliverable_grades": 5}, "deliverable_grades", "must be a table of named entries"),
        ({"absent": ["tas_hour"]}, "absent: tas_hour", "Did you mean 'tas_hours'"),
        ({"absent": ["product"]}, "product", "field required"),
        ({"price_rule": "MEDIUM"}, "price_rule", "must be"),
    ],
)  # fmt: skip
def test_bad_overrides_say_which_and_why(sc, figures, key, message):
    with pytest.raises(RulebookError) as caught:
        sc.with_overrides(figures, SINCE)
    assert [k for k, _ in caught.value.problems] == [key]
    assert message in caught.value.problems[0][1]


def test_all_bad_overrides_are_told_at_once(sc):
    with pytest.raises(RulebookError) as caught:
        sc.with_overrides(
            {
                "lot_bbls": 1,
                "price_limit_percent": 0,
                "deliverable_grades.omann.min_api": 3,
                "absent": ["tas_hour", "options"],
            },
            SINCE,
        )
    keys = {key for key, _ in caught.value.problems}
    assert keys == {"lot_bbls", "absent: tas_hour", "price_limit_percent", "deliverable_grades.omann"}
    with pytest.raises(RulebookError, match="since: 2017-01-03: ine_sc has rules from 2018-03-26 on"):
        sc.with_overrides({"lot_bbl": 1}, date(2017, 1, 3))


def test_a_row_tells_its_figures():
    row = Row(effective=SINCE, source="s", confidence="low", lot_units=2)
    assert row.figures == {"lot_units": 2}
