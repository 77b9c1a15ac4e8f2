"""Terms: the premium over the cheapest netback, worked out by hand, and what moves it in a world."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from test_adoption import SINCE, adopted, by_lever, calm, frames_of, given_glut, jkm_half, shpgx_half
from worlds import events, library, run

from agents.crude.levers import FreightSpike, ReferenceAdoption
from agents.crude.references import brent_parity_usd_per_bbl
from exchange.clock import ns
from exchange.units import MMBTU_PER_TONNE_LNG, TONNES_PER_M3_LNG
from scenarios.import_cost import import_cost_musd, net_of_stock_musd, resale_gain_musd
from scenarios.structural.terms import premium, terms
from scenarios.tables import physical_frames, trading_days_frame

MONDAY, TUESDAY, SATURDAY = date(2024, 11, 4), date(2024, 11, 5), date(2024, 11, 9)

# Way to tank over Oman: delta 2.0, south 1.8. Way of Brent: 1.0 on Monday, 0.5 on Tuesday.
#              Oman  Brent  SC-Oman   delta  south  by Brent   cheapest
#   Monday      70     72      1.0     72.0   71.8     73.0      71.8
#   Tuesday     72     73      3.0     74.0   73.8     73.5      73.5
CRUDE = {
    "days": pd.DataFrame(
        [
            (date(2024, 11, 1), "Oman", 60.0, None),  # before the flow: not counted
            (MONDAY, "SC", 71.3, 1.0),
            (MONDAY, "Oman", 70.0, None),
            (MONDAY, "Brent", 72.0, None),
            (TUESDAY, "SC", 74.9, 3.0),
            (TUESDAY, "Oman", 72.0, None),
            (TUESDAY, "Brent", 73.0, None),
        ],
        columns=["trading_day", "venue", "settlement", "premium_to_oman_usd_per_bbl"],
    ),
    "tanks": pd.DataFrame(
        [(day, group, way) for day in (MONDAY, TUESDAY) for group, way in (("yangtze_delta", 2.0), ("south", 1.8))],
        columns=["day", "group", "import_parity_usd_per_bbl"],
    ),
    "importer": pd.DataFrame(
        {"day": [MONDAY, TUESDAY], "brent_parity_usd_per_bbl": [1.0, 0.5], "sc_differential_usd_per_bbl": [0.0, 0.4]}
    ),
    "crude_cargoes": pd.DataFrame(
        [
            # reference, owner, group, day, mn bbl, lost     landed  premium
            ("Oman/Dubai", "base_load", "yangtze_delta", MONDAY, 2, False),  # 72.0  0.2
            ("Brent", "base_load", "south", MONDAY, 1, False),  # 73.0  1.2
            ("SC", "importer", "yangtze_delta", TUESDAY, 1, False),  # 75.0  1.5
            ("SC", "base_load", "south", TUESDAY, 1, False),  # 75.0 + 0.4  1.9
            ("Murban", "base_load", "south", TUESDAY, 2, False),  # 73.8  0.3
            ("Brent", "base_load", "south", TUESDAY, 9, True),  # lost
            ("Brent", "base_load", "south", date(2024, 11, 1), 9, False),  # before the flow
            ("Brent", "base_load", "south", SATURDAY, 9, False),  # after it
        ],
        columns=["reference", "owner", "group", "day", "bbl", "lost"],
    ).assign(booked_ns=lambda f: [ns(day) + 10**12 for day in f["day"]], bbl=lambda f: f["bbl"] * 10**6),
}  # fmt: skip

# On Saturday there is no window: Friday's outside option stands. The cheapest: 10.0 (contract), 10.5 (contract),
# 8.0 (JKM).
GAS = {
    "gas_days": pd.DataFrame(
        {
            "day": pd.to_datetime([date(2024, 11, 8), SATURDAY, date(2024, 11, 11)]),
            "jkm_usd_per_mmbtu": [12.0, 12.0, 8.0],
            "new_contract_usd_per_mmbtu": [10.0, 10.5, 10.5],
        }
    ),
    "jkm_windows": pd.DataFrame(
        {
            "date": pd.to_datetime([date(2024, 11, 8), date(2024, 11, 11)]),
            "outside_option_usd_per_mmbtu": [11.0, 9.0],
        }
    ),
    "lng_cargoes": pd.DataFrame(
        [
            # reference, priced, price, m3, lost          premium
            ("oil-linked", "2024-11-08 06:00", 10.2, 100_000, False),  # 0.2
            ("JKM", "2024-11-09 16:30", 12.5, 50_000, False),  # 2.0
            ("SHPGX", "2024-11-11 06:00", 9.0, 100_000, False),  # 1.0
            ("SHPGX", "2024-11-11 06:00", 99.0, 100_000, True),  # lost
            ("oil-linked", None, None, 100_000, False),  # not priced yet
            ("oil-linked", "2024-10-01 06:00", 99.0, 100_000, False),  # before
        ],
        columns=["reference", "priced", "price_usd_per_mmbtu", "contract_m3_liquid", "lost"],
    ).assign(priced=lambda f: pd.to_datetime(f["priced"])),
}


def test_crude_by_hand() -> None:
    found = terms(CRUDE, MONDAY)
    assert premium(found, "crude", "Oman/Dubai") == pytest.approx(0.2)
    assert premium(found, "crude", "Brent") == pytest.approx(1.2)
    assert premium(found, "crude", "SC") == pytest.approx((1.5 + 1.9) / 2)
    assert premium(found, "crude", "Murban") == pytest.approx(0.3)
    # (2 x 0.2 + 1 x 1.2 + 1 x 1.5 + 1 x 1.9 + 2 x 0.3) / 7 = 5.6 / 7
    assert premium(found, "crude") == pytest.approx(0.8)
    total = found[found["reference"] == "all"].iloc[0]
    assert total["volume"] == 7_000_000
    # (2 x 72.0 + 73.0 + 75.0 + 75.4 + 2 x 73.8) / 7
    assert total["landed"] == pytest.approx(515.0 / 7)
    assert total["unit"] == "USD/bbl"


def test_lng_by_hand() -> None:
    found = terms(GAS, date(2024, 11, 8))
    # (100 x 0.2 + 50 x 2.0 + 100 x 1.0) / 250 = 220 / 250
    assert premium(found, "LNG") == pytest.approx(0.88)
    assert [premium(found, "LNG", name) for name in ("oil-linked", "JKM", "SHPGX")] == pytest.approx(
        [0.2, 2.0, 1.0]
    )
    volume = found.loc[found["reference"] == "all", "volume"].item()
    assert volume == pytest.approx(250_000 * TONNES_PER_M3_LNG * MMBTU_PER_TONNE_LNG)


def test_gas_paid_for_and_not_taken_is_in_the_terms_and_made_up_gas_is_not_paid_twice() -> None:
    mmbtu = 250_000 * TONNES_PER_M3_LNG * MMBTU_PER_TONNE_LNG
    paid = pd.DataFrame(
        [
            ("2024-12-31", "cnooc", "take-or-pay", 0.1 * mmbtu),
            ("2024-12-31", "rest_of_china", "take-or-pay", 9.0 * mmbtu),  # not the delta's
            ("2024-11-01", "cnooc", "take-or-pay", 9.0 * mmbtu),  # before
            ("2024-11-11", "cnooc", "cargo", 9.0 * mmbtu),  # priced with its cargo
        ],
        columns=["day", "importer", "what", "paid_usd"],
    )
    found = terms(GAS | {"lng_payments": paid}, date(2024, 11, 8))
    assert premium(found, "LNG") == pytest.approx(0.88 + 0.1)
    assert premium(found, "LNG", "oil-linked") == pytest.approx(0.2)
    # The cargo in oil-linked of 10.2 is made up: it costs nothing more. 0.98 - 0.4 x 10.2.
    cargoes = GAS["lng_cargoes"].assign(make_up=[True, *[False] * 5])
    made_up = terms(GAS | {"lng_payments": paid, "lng_cargoes": cargoes}, date(2024, 11, 8))
    assert premium(made_up, "LNG") == pytest.approx(0.98 - 0.4 * 10.2)
    assert pd.isna(premium(made_up, "LNG", "oil-linked"))


def test_import_cost_is_what_the_deltas_importers_pay_from_a_day_on() -> None:
    paid = pd.DataFrame(
        [
            ("2024-11-11", "cnooc", "cargo", 30e6),
            ("2024-11-12", "cnooc", "make-up", 0.0),  # paid for before
            ("2024-12-31", "sinopec", "take-or-pay", 12e6),
            ("2025-01-05", "sinopec", "refund", -4e6),
            ("2024-11-11", "rest_of_china", "cargo", 99e6),
            ("2024-11-01", "cnooc", "cargo", 99e6),  # before
            ("2024-12-02", "cnooc", "cargo sold on", 20e6),
            ("2024-12-02", "cnooc", "resale", -23e6),
        ],
        columns=["day", "importer", "what", "paid_usd"],
    )
    since, frames = pd.Timestamp(2024, 11, 8), {"lng_payments": paid}
    assert import_cost_musd(frames, since) == pytest.approx(38.0)
    assert resale_gain_musd(frames, since) == pytest.approx(3.0)


def test_gas_still_in_tank_is_not_used_up_by_hand() -> None:
    paid = pd.DataFrame(
        [
            ("2024-11-11", "cnooc", "cargo", 30e6, 100_000),
            ("2024-12-31", "cnooc", "take-or-pay", 5e6, 40_000),
        ],
        columns=["day", "importer", "what", "paid_usd", "volume_m3_liquid"],
    )
    days = pd.DataFrame(
        {"day": ["2024-11-07", "2024-11-08", "2024-12-31"], "lng_stock_m3_liquid": [999, 500_000, 520_000]}
    )
    # 300 USD/m3 landed; 20,000 m3 more in tank are 6 of the 35 million.
    frames = {"lng_payments": paid, "gas_days": days}
    assert net_of_stock_musd(frames, pd.Timestamp(2024, 11, 8)) == pytest.approx(29.0)


def test_a_span_without_cargoes_has_no_premium_and_a_world_without_flow_no_crude_row() -> None:
    late = date(2025, 6, 1)
    assert pd.isna(premium(terms(GAS, late), "LNG"))
    without_flow = {name: frame for name, frame in CRUDE.items() if name != "days"}
    assert terms(without_flow, MONDAY).empty
    assert pd.isna(premium(terms(without_flow, MONDAY), "crude"))


def test_the_way_of_brent_by_hand() -> None:
    crude = library("base").scenario.crude
    costs = crude.costs.model_copy(
        update={"insurance_usd_per_bbl": 0.2, "inspection_cny_per_bbl": 1.0, "load_in_cny_per_bbl": 2.0,
                "storage_days": 10, "financing_percent_per_year": 3.65, "credit_days": 0.0}
    )  # fmt: skip
    route = crude.brent_route.model_copy(
        update={"freight_usd_per_bbl": 3.8, "quality_usd_per_bbl": -2.0, "voyage_days": 40.0}
    )
    # By sea -2 + 3.8 + .2 = 2; money .0365 x 50 / 365 = .005 on 80 + 2: .41; on land (1 + 2 + .4 x 10) / 7 = 1.
    found = brent_parity_usd_per_bbl(
        route, costs, storage_fee_cny_per_bbl_day=0.4, price_usd_per_bbl=80.0, fx_cny_per_usd=7.0
    )
    assert found == pytest.approx(3.41)


def test_an_index_dearer_than_oil_worsens_terms_and_a_cheaper_one_betters_them() -> None:
    for lever in (jkm_half(), shpgx_half()):
        assert lng_premium(by_lever(lever)) > lng_premium(calm()) + 0.2
    glut = given_glut()
    assert frames_of(glut())["gas_days"]["jkm_usd_per_mmbtu"].max() < 9
    assert lng_premium(glut(jkm_half())) < lng_premium(glut()) - 0.2


def lng_premium(world) -> float:
    return premium(terms(frames_of(world), SINCE), "LNG")


@pytest.fixture(scope="module")
def priced_on_sc():
    """Both arms of six days of crude, in which 60 % of term cargoes come to refer to SC on the first day."""
    loaded = events(library("base"), ReferenceAdoption(start_day=0, adopted_share=0.6, source="a test"))
    return [crude_frames(loaded, changed) for changed in (False, True)]


def crude_frames(loaded, changed):
    world = run(loaded, 6, changed=changed)
    return physical_frames(world) | {"days": trading_days_frame(world)}


def test_pricing_on_sc_pays_what_sc_is_worth(priced_on_sc) -> None:
    base, changed = (terms(frames, SINCE) for frames in priced_on_sc)
    gap = priced_on_sc[1]["days"].query("venue == 'SC'")["premium_usd_per_bbl"]
    assert gap.max() < 0, "SC stands under import parity in a calm market"
    assert premium(changed, "crude", "SC") < 0 < premium(base, "crude")
    assert premium(changed, "crude") < premium(base, "crude")
    assert adopted(priced_on_sc[1], "crude", "SC") == pytest.approx(0.6)


def test_a_differential_over_sc_is_paid_in_full(priced_on_sc) -> None:
    lever = ReferenceAdoption(start_day=0, adopted_share=0.6, differential_usd_per_bbl=1.25, source="a test")
    dearer = crude_frames(events(library("base"), lever), True)
    flat = terms(priced_on_sc[1], SINCE)
    assert premium(terms(dearer, SINCE), "crude", "SC") - premium(flat, "crude", "SC") == pytest.approx(1.25)


def test_dear_freight_from_the_gulf_leaves_brent_barrels_cheapest() -> None:
    spike = FreightSpike(
        start_day=0,
        freight_worldscale=400.0,
        added_insurance_usd_per_bbl=1.0,
        duration_days=10,
        source="a test",
    )
    loaded = events(library("base"), spike)
    base, dear = (terms(crude_frames(loaded, changed), SINCE) for changed in (False, True))
    assert 0 < premium(base, "crude", "Oman/Dubai") < 0.3 < premium(base, "crude", "Brent")
    assert premium(dear, "crude", "Brent") == pytest.approx(0.0)
    # 400 - 60 points are 9.86 USD/bbl, and war risk 1.0 more, less what the Gulf was cheaper by before.
    assert 8.5 < premium(dear, "crude", "Oman/Dubai") < 11.0
