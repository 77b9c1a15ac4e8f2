"""The figures of the gas network: places, entries, pipelines, the hours of a day, heating values.

It holds no figure itself; those of the base scenario stand in the scenario library.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from annotated_types import Len
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from agents.gas.sea import Share
from exchange.parameters import Parameters


class PlaceParameters(Parameters):
    """A place where gas is burnt: its part of each sector's demand, in the order of `demand.sectors`."""

    sector_shares: Annotated[tuple[Share, ...], Len(1)]


class EntryParameters(Parameters):
    """A point where long-distance lines enter the delta: its part of all pipeline gas on offer."""

    share: Share


class EdgeParameters(Parameters):
    """A pipeline from one node to another, both ways if said so, from `from_date` on if one is given.

    Without a capacity it carries whatever its ends can; with 0 it is planned, for a lever to build. The cost
    chooses among ways of serving the same demand; it enters no price.
    """

    from_node: str
    to_node: str
    capacity_m3_per_day: Annotated[int, Field(ge=0)] | None = None
    both_ways: bool = False
    from_date: date | None = None
    transport_cny_per_m3: Annotated[float, Field(ge=0, le=0.1)] = 0.0


class NetworkParameters(Parameters):
    """The network between terminals, entries and places; a junction only passes gas on."""

    places: dict[str, PlaceParameters]
    entries: dict[str, EntryParameters]
    junctions: tuple[str, ...] = ()
    edges: dict[str, EdgeParameters]

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> NetworkParameters:
        check_sum("entries.share", [entry.share for entry in self.entries.values()])
        lengths = {len(place.sector_shares) for place in self.places.values()}
        if len(lengths) != 1:
            raise ValueError("places: each needs a share of every sector")
        for sector, shares in enumerate(zip(*(p.sector_shares for p in self.places.values()), strict=True)):
            check_sum(f"places.sector_shares[{sector}]", list(shares))
        return self

    def check_nodes(self, terminals: Iterable[str]) -> None:
        """Raise ValueError where an edge names no node, a name stands for two, or a source has no edge."""
        nodes = [*self.places, *self.entries, *self.junctions, *terminals]
        twice = {name for name in nodes if nodes.count(name) > 1}
        if twice:
            raise ValueError(f"network: {', '.join(sorted(twice))} named twice")
        for name, edge in self.edges.items():
            for node in (edge.from_node, edge.to_node):
                if node not in nodes:
                    raise ValueError(f"network.edges.{name}: no node '{node}'; there are {', '.join(nodes)}")
            if edge.from_node == edge.to_node:
                raise ValueError(f"network.edges.{name} leads nowhere")
        tapped = {edge.from_node for edge in self.edges.values()}
        for name in (*self.entries, *terminals):
            if name not in tapped:
                raise ValueError(f"network: no edge leads from '{name}'")


class HoursParameters(Parameters):
    """The hours of a day: how each sector's demand lies over them, and what the pipes of each place can hold.

    Line pack is what lies between the lowest and the highest pressure at which all can be served.
    """

    profiles: dict[str, Annotated[tuple[PositiveFloat, ...], Len(24, 24)]]
    line_pack_m3: dict[str, Annotated[int, Field(ge=0)]]


class EnergyParameters(Parameters):
    """Heating values (gross): of each supplier's liquid, of what boils off it, of the gas at each entry.

    `first` values are those of tanks and pipes at the start. Per m3 of liquid or of gas.
    """

    liquid_kj_per_m3: dict[str, PositiveInt]
    boil_off_kj_per_m3: PositiveInt
    gas_kj_per_m3: dict[str, PositiveInt]
    first_liquid_kj_per_m3: PositiveInt
    first_gas_kj_per_m3: PositiveInt


def check_sum(what: str, shares: list[float]) -> None:
    """Raise ValueError for shares that do not sum to 1."""
    if abs(sum(shares) - 1.0) > 1e-9:
        raise ValueError(f"{what} must sum to 1, not {sum(shares):.6g}")
