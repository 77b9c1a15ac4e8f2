"""Contracts as buyers lift them: nominations by hand, take-or-pay and make-up, and cargoes that go to Europe."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_gas_case import base_parameters, gas_world
from test_gas_ships import calm, cargo

from agents.gas.cargoes import Cargo
from agents.gas.importers import Outlook
from agents.gas.lifting import Lifting, mmbtu
from agents.gas.parameters import GasParameters
from agents.gas.payments import IMPORT_COST, imbalances, payments
from agents.gas.shocks import DatedShock, EuropePull
from exchange.clock import ns

DAY, CARGO_M3 = date(2024, 10, 1), 166_170
TEST: dict[str, Any] = {"source": "a test", "start_day": 0}
PULL = EuropePull(kind="europe_pull", ttf_usd_per_mmbtu=60.0, duration_days=80, **TEST)


def lifting(scarcity: float = 0.0, spot: float = 12.0, **update: object) -> Lifting:
    made = Lifting(base_parameters().lifting.model_copy(update=update))
    made.observe(DAY, {"cnooc": Outlook(scarcity, 0.0, 10.0)}, spot)
    return made


@pytest.mark.parametrize(
    ("scarcity", "contract", "share"),
    [
        (0.0, 12.0, 1.0),
        (0.01, 10.0, 1.0192),  # 0.1 x ln(12 / 10) + 0.001
        (0.0, 10.0, 1.0018),  # the same, of which a tenth may go elsewhere
        (0.5, 12.0, 1.05),
        (0.9, 6.0, 1.10),  # 0.069 + 0.09, held to the upper tolerance
        (-0.5, 14.0, 0.9346),  # 0.1 x ln(12 / 14) - 0.05
        (-0.6, 80.0, 0.90),  # a price alone never goes below the lower tolerance
        (-0.8, 12.0, 0.75),  # tanks half way from 0.6 to 1 of too full: half way from 0.9 to 0.6
        (-1.0, 12.0, 0.60),
    ],
)
def test_nominations_by_hand(scarcity: float, contract: float, share: float) -> None:
    assert lifting(scarcity).share("qatar", "cnooc", contract) == pytest.approx(share, abs=1e-4)


def test_before_anything_is_seen_the_contract_is_taken() -> None:
    assert Lifting(base_parameters().lifting).share("qatar", "cnooc", 3.0) == 1.0


def year(book: Lifting, cargoes: int, annual_cargoes: float) -> None:
    book.accrue("qatar", "cnooc", DAY, annual_cargoes * CARGO_M3, cargoes * CARGO_M3)
    for _ in range(cargoes):
        book.schedule("qatar", "cnooc", DAY, CARGO_M3, make_up=False)
    book.settle("qatar", "cnooc", 2024, 10.0, CARGO_M3)


def test_what_is_paid_for_and_not_taken_can_be_made_up_by_hand() -> None:
    book = lifting(scarcity=0.2)
    year(book, 5, 10.0)
    own = book.years["qatar", "cnooc", 2024]
    # 0.9 x 10 cargoes less 5: four whole cargoes, 664,680 m3 x 0.444286 t x 51.7 MMBtu x 10 USD = 152.67 million USD.
    assert own.paid_m3 == 4 * CARGO_M3
    assert own.paid_cents / 100 == pytest.approx(152.67e6, rel=1e-3)
    assert book.wants_make_up("qatar", "cnooc", CARGO_M3) and not book.wants_make_up("usa", "cnooc", CARGO_M3)
    book.schedule("qatar", "cnooc", date(2025, 1, 1), CARGO_M3, make_up=True)
    assert book.make_up_m3["qatar", "cnooc"] == 3 * CARGO_M3
    assert not any(book.imbalances().values())
    book.settle("qatar", "cnooc", 2024, 10.0, CARGO_M3)
    assert own.paid_m3 == 4 * CARGO_M3, "a year is settled once"
    book.make_up_m3["qatar", "cnooc"] += 1
    assert any(book.imbalances().values())


def test_who_takes_enough_pays_nothing_more() -> None:
    book = lifting()
    year(book, 9, 10.0)
    assert book.years["qatar", "cnooc", 2024].paid_m3 == 0
    assert not book.wants_make_up("qatar", "cnooc", CARGO_M3)


@given(st.lists(st.tuples(st.integers(0, 12), st.floats(0, 12), st.integers(0, 6)), min_size=1, max_size=6))
def test_money_and_cargoes_of_take_or_pay_are_conserved(years: list[tuple[int, float, int]]) -> None:
    book = lifting(scarcity=0.5)
    for at, (taken, annual, wanted) in enumerate(years):
        day = date(2020 + at, 6, 1)
        book.accrue("qatar", "cnooc", day, annual * CARGO_M3, taken * CARGO_M3)
        for _ in range(taken):
            book.schedule("qatar", "cnooc", day, CARGO_M3, make_up=False)
        for _ in range(wanted):
            if book.wants_make_up("qatar", "cnooc", CARGO_M3):
                book.schedule("qatar", "cnooc", day, CARGO_M3, make_up=True)
        book.settle("qatar", "cnooc", day.year, 7.0 + at, CARGO_M3)
        own = book.years["qatar", "cnooc", day.year]
        assert taken * CARGO_M3 + own.paid_m3 > 0.9 * annual * CARGO_M3 - CARGO_M3
        assert not any(book.imbalances().values())
        assert book.make_up_m3.get(("qatar", "cnooc"), 0) >= 0


# --- what importers pay


def landed(number: int, credit_cents: int = 0, *, lost: bool = False, make_up: bool = False) -> Cargo:
    own = cargo(number, "ras_laffan", 10)
    own.supplier, own.importer, own.spot, own.lost = "qatar", "cnooc", False, lost
    own.make_up, own.credit_cents, own.contract_m3 = make_up, credit_cents, CARGO_M3
    if not lost:
        own.price_usd_per_mmbtu, own.delivered_m3, own.discharged_ns = 8.0, 160_000, ns(date(2025, 2, 1))
    return own


def test_gas_not_taken_is_import_cost_and_gas_made_up_is_not_paid_twice_by_hand() -> None:
    book = lifting(scarcity=0.2)
    year(book, 5, 10.0)
    credit = book.schedule("qatar", "cnooc", date(2025, 1, 1), CARGO_M3, make_up=True)
    # Four cargoes not taken for 152.67 million USD; one of them made up uses a quarter of it.
    assert 4 * credit == pytest.approx(book.years["qatar", "cnooc", 2024].paid_cents, abs=4)
    cargoes = [landed(1), landed(2, credit, make_up=True)]
    found = payments(book, cargoes, date(2025, 12, 31))
    assert [(p.day.isoformat(), p.what) for p in found] == [
        ("2024-12-31", "take-or-pay"), ("2025-02-01", "cargo"), ("2025-02-01", "make-up"),
    ]  # fmt: skip
    # 160,000 m3 x 0.444286 t x 51.7 MMBtu x 8 USD = 29.40 million USD; the other cargo of the same size costs nothing.
    assert [p.paid_cents / 1e8 for p in found] == pytest.approx([152.67, 29.40, 0.0], rel=1e-3)
    assert found[2].credit_cents == credit
    assert [p.what for p in payments(book, cargoes, date(2024, 12, 30))] == ["cargo", "make-up"]
    assert not any(imbalances(book, cargoes).values())
    assert imbalances(book, cargoes[:1]) == {"take-or-pay: credit used - in make-up cargoes": credit}


def test_a_make_up_cargo_that_is_lost_is_paid_back() -> None:
    book = lifting(scarcity=0.2)
    year(book, 5, 10.0)
    credit = book.schedule("qatar", "cnooc", date(2025, 1, 1), CARGO_M3, make_up=True)
    (_, back) = sorted(
        payments(book, [landed(1, credit, lost=True, make_up=True)], date(2025, 12, 31)),
        key=lambda payment: -payment.paid_cents,
    )
    assert (back.what, back.paid_cents, back.credit_cents) == ("refund", -credit, credit)


def test_a_cargo_sold_on_is_paid_by_contract_and_earns_its_resale_by_hand() -> None:
    book, own = lifting(scarcity=0.2), landed(1)
    own.resale_usd_per_mmbtu = 9.5
    sold, kept = payments(book, [own], date(2025, 12, 31)), payments(book, [landed(1)], date(2025, 12, 31))
    # 160,000 m3 x 0.444286 t x 51.7 MMBtu = 3.675 million: paid at 8 USD and sold at 9.5 it earns 5.51 million USD.
    assert {p.what for p in sold} == {"cargo sold on", "resale"} and not {p.what for p in sold} & set(
        IMPORT_COST
    )
    assert -sum(p.paid_cents for p in sold) / 1e8 == pytest.approx(5.51, rel=1e-3)
    assert max(p.paid_cents for p in sold) == kept[0].paid_cents


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4), st.booleans()), min_size=1, max_size=6))
def test_importers_pay_once_for_what_they_get_and_once_for_what_they_leave(
    years: list[tuple[int, int, bool]],
) -> None:
    book, cargoes = lifting(scarcity=0.5), []
    for at, (taken, wanted, loses) in enumerate(years):
        day = date(2020 + at, 6, 1)
        book.accrue("qatar", "cnooc", day, 10.0 * CARGO_M3, taken * CARGO_M3)
        for _ in range(taken):
            book.schedule("qatar", "cnooc", day, CARGO_M3, make_up=False)
            cargoes.append(landed(len(cargoes)))
        for _ in range(wanted):
            if book.wants_make_up("qatar", "cnooc", CARGO_M3):
                credit = book.schedule("qatar", "cnooc", day, CARGO_M3, make_up=True)
                cargoes.append(landed(len(cargoes), credit, lost=loses, make_up=True))
        book.settle("qatar", "cnooc", day.year, 7.0 + at, CARGO_M3)
    found = payments(book, cargoes, date(2040, 1, 1))
    for_cargoes = sum(p.paid_cents for p in found if p.what == "cargo")
    assert for_cargoes == sum(round(800.0 * mmbtu(160_000)) for c in cargoes if not c.make_up)
    # Paid for gas not taken = credit left + credit that landed in cargoes + credit paid back.
    not_taken = sum(p.paid_cents for p in found if p.what == "take-or-pay")
    used = sum(p.credit_cents for p in found)
    assert not_taken == sum(book.credit_cents.values()) + used
    assert sum(p.paid_cents for p in found) == for_cargoes + not_taken - sum(
        c.credit_cents for c in cargoes if c.lost
    )
    assert not any((book.imbalances() | imbalances(book, cargoes)).values())


# --- diversion


def of(supplier: str, spot: bool = False) -> Cargo:
    own = cargo(1, "sabine_pass", 10)
    own.supplier, own.importer, own.spot = supplier, "cnooc", spot
    return own


@pytest.mark.parametrize(
    ("own", "europe", "home", "scarcity", "goes"),
    [
        (of("usa"), 12.0, 10.0, -0.2, True),
        (of("usa"), 10.4, 10.0, -0.2, False),  # not worth the change of way
        (of("usa"), None, 10.0, -0.2, False),
        (of("usa"), 12.0, 10.0, 0.2, False),  # its buyer is short
        (of("malaysia"), 50.0, 10.0, -0.2, False),  # bound to its destination
        (of("usa", spot=True), 50.0, 10.0, -0.2, False),  # sold with its destination
    ],
)
def test_what_may_go_to_europe(
    own: Cargo, europe: float | None, home: float, scarcity: float, goes: bool
) -> None:
    assert lifting(scarcity).diverts(own, europe, home) is goes


def test_a_part_of_a_suppliers_cargoes_is_free_and_takes_turns() -> None:
    book = lifting(-0.2)
    assert [book.diverts(of("others"), 20.0, 10.0) for _ in range(6)] == [False, True] * 3


def test_a_pull_sends_free_cargoes_to_europe_and_their_ships_with_them() -> None:
    """The control: without the pull none goes, and none that is bound ever does."""
    world = gas_world(2, 120, [DatedShock(DAY, PULL)])
    tables = world.tables()
    gone, ships = tables["lng_cargoes_diverted"], tables["lng_ships"].set_index("cargo")
    gone = gone[gone.sold_to == "Europe"]  # what is sold on in the window has tests of its own
    assert not (calm().tables()["lng_cargoes_diverted"].sold_to == "Europe").any()
    free = {name for name, share in base_parameters().lifting.destination_free.items() if share > 0}
    assert len(gone) and set(gone.supplier) <= free
    assert (gone.resale_usd_per_mmbtu == 60.0).all() and gone.terminal.isna().all()
    assert gone.loaded.min() >= pd.Timestamp(DAY)
    done = gone[gone.discharged.notna()]
    parts = done.delivered_m3_liquid + done.boil_off_m3_liquid + done.heel_m3_liquid
    assert len(done) and (parts == done.loaded_m3_liquid).all()
    legs = ships.loc[gone.cargo].query("laden")
    assert set(legs.destination) == {"Europe"}
    landed = pd.concat([tables["lng_cargoes"], tables["lng_cargoes_rest"]])
    assert not set(gone.cargo) & set(landed.cargo)


# --- contracts in a world


def test_contracts_add_up_to_their_cargoes() -> None:
    tables = calm().tables()
    contracts = tables["lng_contracts"]
    assert (contracts.nominated_m3_liquid >= 0.6 * contracts.annual_m3_liquid - 1).all()
    assert (contracts.nominated_m3_liquid <= 1.1 * contracts.annual_m3_liquid + 1).all()
    term = pd.concat([tables["lng_cargoes"], tables["lng_cargoes_rest"]]).query("not spot")
    sold_on = tables["lng_cargoes_diverted"]
    scheduled = contracts.scheduled_m3_liquid.sum() + contracts.made_up_m3_liquid.sum()
    assert scheduled == term.contract_m3_liquid.sum() + sold_on.contract_m3_liquid.sum()
    assert contracts.delivered_m3_liquid.sum() == term.delivered_m3_liquid.sum()
    assert contracts.diverted_m3_liquid.sum() == sold_on.delivered_m3_liquid.sum()


def glut(price_usd_per_mmbtu: float) -> GasParameters:
    """A year in which the rest of China burns a tenth less, and spot costs so much at the start."""
    table = base_parameters().model_dump()
    demand = table["rest_of_china"]["demand_bcm_per_year"]
    table["rest_of_china"]["demand_bcm_per_year"] = {year: 0.86 * own for year, own in demand.items()}
    table["jkm"]["first_price_usd_per_mmbtu"] = price_usd_per_mmbtu
    return GasParameters.model_validate(table)


def test_in_a_glut_buyers_take_less_and_pay_for_it() -> None:
    tables = gas_world(3, 330, parameters=glut(6.0)).tables()
    found = tables["lng_contracts"]
    rest = found[found.importer == "rest_of_china"]
    base = calm().tables()["lng_contracts"].query("importer == 'rest_of_china'")
    taken, usual = (t.nominated_m3_liquid.sum() / t.annual_m3_liquid.sum() for t in (rest, base))
    assert taken < usual - 0.05
    assert rest.take_or_pay_m3_liquid.sum() > 0 == base.take_or_pay_m3_liquid.sum()
    paid = tables["lng_payments"].groupby(["importer", "what"]).paid_usd.sum()
    assert paid["rest_of_china", "take-or-pay"] == pytest.approx(rest.take_or_pay_usd.sum())
    assert not {"take-or-pay", "make-up", "refund"} & set(calm().tables()["lng_payments"].what)
    landed_there = tables["lng_cargoes_rest"].query("discharged.notna() and not make_up")
    due = (landed_there.price_usd_per_mmbtu * landed_there.delivered_m3_liquid.map(mmbtu)).sum()
    assert paid["rest_of_china", "cargo"] == pytest.approx(due, rel=1e-9)


def test_lowest_share_and_tolerance_must_agree() -> None:
    table = base_parameters().model_dump()
    table["lifting"]["lowest_share"] = 0.95
    with pytest.raises(ValueError, match="lowest_share must not be above"):
        GasParameters.model_validate(table)
    table = base_parameters().model_dump()
    table["lifting"]["destination_free"] = {"nauru": 1.0}
    with pytest.raises(ValueError, match="'nauru' is no supplier"):
        GasParameters.model_validate(table)
