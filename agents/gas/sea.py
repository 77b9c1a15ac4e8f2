"""The figures of the sea: ports of loading, routes and what they pass, the ships and their market.

It holds no figure itself and moves nothing; see agents/gas/routes.py and agents/gas/ships.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from annotated_types import Len
from pydantic import Field, PositiveFloat, PositiveInt

from exchange.parameters import Parameters

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Monthly = Annotated[tuple[PositiveFloat, ...], Len(12, 12)]
"""Twelve values, January to December."""
Month = Annotated[int, Field(ge=1, le=12)]
ALL_YEAR = tuple(range(1, 13))


class PassageParameters(Parameters):
    """A canal, a strait or an icy sea: the months in which it is open, and from when on LNG ships keep out of it.

    `slots_per_day` is what the ships of this model can have a day, each way. `exports` gives the part of each
    supplier's exports that passes it in the world's trade, which takes `detour_days` more where it cannot.
    """

    open_months: Annotated[tuple[Month, ...], Len(1)] = ALL_YEAR
    closed_from: date | None = None
    slots_per_day: PositiveInt | None = None
    exports: dict[str, Share] = Field(default_factory=dict)
    detour_days: Annotated[float, Field(ge=0)] = 0.0


class RouteParameters(Parameters):
    """A way from a port to China: its length, what it passes, and days lost on it (ice, a queue)."""

    nm: PositiveFloat
    passages: tuple[str, ...] = ()
    added_days: Annotated[float, Field(ge=0)] = 0.0


class PortParameters(Parameters):
    """A port of loading: its part of its supplier's cargoes to China, its routes, and its distance from Europe."""

    supplier: str
    share: Share
    europe_nm: PositiveFloat
    routes: Annotated[dict[str, RouteParameters], Len(1)]


class ShipClassParameters(Parameters):
    """Ships of one class: how many sail for contracts, and how many more can be chartered.

    Loaded = capacity x fill; the heel stays aboard for the way back. Laden, a share `boil_off_per_day` of what was
    loaded is lost; in ballast a part `ballast_boil_off` of that rate, out of the heel.
    """

    term_ships: Annotated[int, Field(ge=0)]
    charter_ships: Annotated[int, Field(ge=0)]
    capacity_m3: PositiveInt
    fill: Share
    heel: Share
    boil_off_per_day: Share
    ballast_boil_off: Share
    speed_knots: PositiveFloat


class ShippingParameters(Parameters):
    """The sea: what a contract's cargo is, when cargoes come, the fleet, its charter market.

    A contract's cargo is capacity x (fill - heel). `landed_share` is the part of China's imports that lands in the
    delta. `monthly_profile` shapes scheduled arrivals. A term cargo is given a ship `nomination_days` before it
    loads; a ship open to charter is in the trade of others, `charter_days` from any port. A ship may moor from
    `window_days` before its day on, and one that is as much late has lost its turn.

    Rate = `charter_usd_per_day` x exp(`charter_response` x extra share of ship-days in use), where the fleet of this
    model counts with its part of the world's ships (see agents/gas/freight.py) and is normal when a share
    `normal_employed_share` of it is employed. The marginal cargo comes from `marginal_supplier`, and would be in
    Europe `days_saved_by_europe` earlier.
    """

    landed_share: Share
    capacity_m3: PositiveInt
    fill: Share
    heel: Share
    arrival_jitter_days: NonNegative
    monthly_profile: Monthly
    speed_knots: PositiveFloat
    port_days: NonNegative
    nomination_days: PositiveInt
    charter_days: NonNegative
    window_days: NonNegative
    world_ships: PositiveInt
    normal_employed_share: Share
    employment_memory_days: PositiveFloat
    charter_usd_per_day: PositiveFloat
    charter_response: NonNegative
    marginal_supplier: str
    days_saved_by_europe: NonNegative
    ships: dict[str, ShipClassParameters]


def check_sea(
    ports: Mapping[str, PortParameters],
    passages: Mapping[str, PassageParameters],
    suppliers: Mapping[str, object],
) -> None:
    """Raise ValueError where a port has no supplier, a route an unknown passage, or shares do not sum to 1."""
    shares = dict.fromkeys(suppliers, 0.0)
    for name, port in ports.items():
        if port.supplier not in suppliers:
            raise ValueError(f"ports.{name}.supplier: '{port.supplier}' is no supplier")
        shares[port.supplier] += port.share
        for via, route in port.routes.items():
            for passage in route.passages:
                if passage not in passages:
                    known = ", ".join(passages)
                    raise ValueError(f"ports.{name}.routes.{via}: no passage '{passage}'; there are {known}")
    for supplier, share in shares.items():
        if abs(share - 1.0) > 1e-9:
            raise ValueError(f"ports: the shares of {supplier}'s ports must sum to 1, not {share:.6g}")
    for name, own in passages.items():
        for supplier in own.exports:
            if supplier not in suppliers:
                raise ValueError(f"passages.{name}.exports: '{supplier}' is no supplier")
