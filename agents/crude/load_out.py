"""Refiners' load-out: how much oil leaves the tanks a day.

It is a given demand that answers fill and premium; it knows no refinery and no product price.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

import numpy as np

from agents.crude.bases import DeliveryBases
from agents.crude.parameters import CrudeParameters, Group


class LoadOut:
    """Lift oil from each group once a day; one normal draw a group and day, whatever happens."""

    def __init__(self, parameters: CrudeParameters, rng: np.random.Generator) -> None:
        self._own, self._groups, self._rng = parameters.load_out, parameters.groups, rng

    def lift(self, bases: Mapping[Group, DeliveryBases], premium_usd: float, share_left: float) -> None:
        """Lift a day's oil, at SC's premium over its neutral basis in USD/bbl; cuts leave `share_left`."""
        own = self._own
        for name, base in bases.items():
            noise = exp(own.daily_noise * float(self._rng.standard_normal()))
            fill = base.stock_bbl / base.capacity_bbl if base.capacity_bbl else 0.0
            fuller = fill / own.calm_fill - 1
            wish = 1 + own.fill_response * fuller - own.premium_response_per_usd * premium_usd
            multiple = min(max(noise * wish, 0.0), own.max_multiple) * share_left
            bbl = int(multiple * self._groups[name].base_load_bbl_per_day)
            base.lift(bbl, tank_bottom_bbl=int(own.tank_bottom_share * base.capacity_bbl))
