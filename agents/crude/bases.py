"""A group of delivery bases: its tanks and berths, and whose oil is in them.

It knows no ship and no trader; all quantities are whole barrels, and each method keeps them in balance.
"""

from __future__ import annotations

import simpy

from agents.crude.parameters import Group
from exchange.units import BBL_PER_SC_LOT


class DeliveryBases:
    """Hold the tanks of a group.

    The oil is refiners' and traders' (`commercial_bbl`), the importer's (`importer_bbl`, of which
    `warrant_bbl` are inspected and deliverable) or the re-exporter's (`export_bbl`). `landing_bbl` is room
    taken by a ship that is discharging; `committed_bbl` is oil that has been bought and will come,
    `importer_committed_bbl` the importer's share of it.
    """

    def __init__(
        self, env: simpy.Environment, name: Group, *, capacity_bbl: int, stock_bbl: int, berths: int
    ) -> None:
        self.name = name
        self.berths = simpy.Resource(env, capacity=berths)
        self.capacity_bbl = capacity_bbl
        self.initial_bbl = self.commercial_bbl = stock_bbl
        self.importer_bbl = self.warrant_bbl = self.export_bbl = 0
        self.landing_bbl = self.committed_bbl = self.importer_committed_bbl = 0
        self.landed_bbl = self.lifted_bbl = self.exported_bbl = 0
        self.lifted_today_bbl = 0

    @property
    def stock_bbl(self) -> int:
        """All oil in the tanks."""
        return self.commercial_bbl + self.importer_bbl + self.export_bbl

    @property
    def room_bbl(self) -> int:
        """The room that no oil and no discharging ship has taken."""
        return self.capacity_bbl - self.stock_bbl - self.landing_bbl

    def uncommitted_bbl(self, planned_load_out_bbl: int) -> int:
        """Return the room for another cargo of the importer, in barrels; it may be negative.

        The smaller of capacity - stock - importer's own coming oil, and capacity - stock - all coming oil
        + what refiners are planned to lift until it comes.
        """
        room = self.capacity_bbl - self.stock_bbl
        return min(room - self.importer_committed_bbl, room - self.committed_bbl + planned_load_out_bbl)

    def commit(self, bbl: int, *, importer: bool) -> None:
        """Count oil that will come; negative to take it back."""
        self.committed_bbl += bbl
        if importer:
            self.importer_committed_bbl += bbl

    def begin_landing(self, bbl: int) -> None:
        """Take room for a parcel. Raises ValueError when there is not enough."""
        if bbl > self.room_bbl:
            raise ValueError(f"{self.name}: no room for {bbl:,} bbl, only {self.room_bbl:,}")
        self.landing_bbl += bbl

    def end_landing(self, bbl: int, *, importer: bool) -> None:
        """Move a parcel into the tanks, to its owner."""
        self.landing_bbl -= bbl
        self.landed_bbl += bbl
        self.commit(-bbl, importer=importer)
        if importer:
            self.importer_bbl += bbl
        else:
            self.commercial_bbl += bbl

    def register_warrants(self, bbl: int) -> None:
        """Make inspected oil of the importer deliverable."""
        self.warrant_bbl += bbl

    def lift(self, bbl: int, tank_bottom_bbl: int) -> None:
        """Let refiners lift up to `bbl` of their oil, leaving the bottoms of the tanks."""
        lifted = max(0, min(bbl, self.commercial_bbl, self.stock_bbl - tank_bottom_bbl))
        self.commercial_bbl -= lifted
        self.lifted_bbl += lifted
        self.lifted_today_bbl = lifted

    def deliver_warrants(self, lots: int) -> int:
        """Hand up to `lots` of the importer's warrants to a buyer; return the lots delivered."""
        delivered = min(lots, self.warrant_bbl // BBL_PER_SC_LOT)
        bbl = delivered * BBL_PER_SC_LOT
        self.warrant_bbl -= bbl
        self.importer_bbl -= bbl
        self.commercial_bbl += bbl
        return delivered

    def take_delivery(self, lots: int) -> int:
        """Hand up to `lots` of commercial oil to the re-exporter; return the lots delivered."""
        delivered = min(lots, self.commercial_bbl // BBL_PER_SC_LOT)
        self.commercial_bbl -= delivered * BBL_PER_SC_LOT
        self.export_bbl += delivered * BBL_PER_SC_LOT
        return delivered

    def export(self, bbl: int) -> None:
        """Ship the re-exporter's oil out."""
        self.export_bbl -= bbl
        self.exported_bbl += bbl

    def check(self) -> None:
        """Raise AssertionError unless barrels balance and the tanks hold what they can."""
        balance = self.initial_bbl + self.landed_bbl - self.lifted_bbl - self.exported_bbl
        if balance != self.stock_bbl:
            raise AssertionError(f"{self.name}: {self.stock_bbl:,} bbl in stock, {balance:,} by flows")
        parts = (self.commercial_bbl, self.importer_bbl, self.export_bbl, self.warrant_bbl, self.landing_bbl)
        if min(*parts, self.committed_bbl, self.importer_committed_bbl) < 0:
            raise AssertionError(f"{self.name}: a quantity is negative: {parts}")
        if self.warrant_bbl > self.importer_bbl:
            raise AssertionError(f"{self.name}: more warrants than the importer's oil")
        if self.stock_bbl + self.landing_bbl > max(self.capacity_bbl, self.initial_bbl):
            raise AssertionError(f"{self.name}: tanks hold more than their capacity")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        return [
            self.capacity_bbl, self.commercial_bbl, self.importer_bbl, self.warrant_bbl, self.export_bbl,
            self.landing_bbl, self.committed_bbl, self.importer_committed_bbl, self.landed_bbl,
            self.lifted_bbl, self.exported_bbl, len(self.berths.queue), self.berths.count,
        ]  # fmt: skip
