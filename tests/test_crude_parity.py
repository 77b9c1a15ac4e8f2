"""Import and re-export parity, worked by hand."""

import pytest

from agents.crude.parameters import CostParameters
from agents.crude.parity import Way, parities, premiums

COSTS = CostParameters(
    freight_worldscale=60.0,
    insurance_usd_per_bbl=0.15,
    inspection_cny_per_bbl=0.2,
    load_in_cny_per_bbl=2.0,
    load_out_cny_per_bbl=1.8,
    storage_days=10,
    financing_percent_per_year=3.65,
    credit_days=0.0,
    reexport_cost_usd_per_bbl=2.0,
    source="assumption: test",
)


def test_parity_by_hand():
    lines = parities(
        COSTS,
        {"Yangshan": Way(20, 0.0), "Yangpu": Way(20, 0.5), "Weifang": Way(20, 0.0, 1.5)},
        freight_worldscale=60.0,
        added_insurance_usd_per_bbl=0.0,
        storage_fee_cny_per_bbl_day=0.3,
        fx_cny_per_usd=7.0,
    )
    # By sea: 60 x 0.029 = 1.74 freight, 0.15 insurance: 75 + 1.89 = 76.89 USD.
    # Financed 20 + 10 days at 3.65 % a year = 0.01 % a day: factor 1.003. 76.89 x 7 x 1.003 = 539.84469 yuan.
    # On land: 0.2 inspection + 2.0 load-in + 0.3 x 10 storage = 5.2 yuan. Together 545.04469 yuan.
    assert lines.imports["Yangshan"].cny_per_bbl(75.0) == pytest.approx(545.04469)
    # Weifang: 1.5 yuan more to load in. Yangpu: 0.5 USD more freight: 0.5 x 7 x 1.003 = 3.5105 yuan more.
    assert lines.imports["Yangpu"].cny_per_bbl(75.0) == pytest.approx(548.55519)
    assert lines.imports["Weifang"].cny_per_bbl(75.0) == pytest.approx(546.54469)
    # Out: (75 + 1.89 - 2.0) x 7 = 524.23, less 1.8 load-out and 0.2 inspection: 522.23 yuan.
    assert lines.reexport.cny_per_bbl(75.0) == pytest.approx(522.23)

    premium = premiums(lines, 75.0, 7.0)
    assert premium.lowest == premium.by_base["Yangshan"] == pytest.approx(545.04469 / 7 - 75)
    assert premium.reexport == pytest.approx(522.23 / 7 - 75)
    assert premium.neutral == pytest.approx((545.04469 + 522.23) / 14 - 75)
