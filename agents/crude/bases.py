"""A delivery base: its tanks, berths and leases, and whose oil is in them.

It knows no ship and no trader, only tenants by name; all quantities are whole barrels, and each method keeps them in
balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import simpy

from agents.crude.parameters import COMMERCIAL, Depot, Group, LeasingParameters
from exchange.tanks import lost_bbl


@dataclass
class Holding:
    """Keep a tenant's oil at a base: initial + landed + received = stock + lost + lifted + handed over.

    `inspected_bbl` of the stock may stand under warrant; `coming_bbl` has been bought and will land; `leased_bbl` is
    the room leased for both. The room of oil without an account, `COMMERCIAL`, is what is not leased.
    """

    initial_bbl: int = 0
    stock_bbl: int = 0
    inspected_bbl: int = 0
    coming_bbl: int = 0
    leased_bbl: int = 0
    landed_bbl: int = 0
    received_bbl: int = 0
    handed_bbl: int = 0
    lifted_bbl: int = 0
    lost_bbl: int = 0

    def check(self, name: str) -> None:
        """Raise AssertionError unless the barrels balance and none is negative."""
        gone = self.handed_bbl + self.lifted_bbl + self.lost_bbl
        if self.initial_bbl + self.landed_bbl + self.received_bbl - gone != self.stock_bbl:
            raise AssertionError(f"{name}: {self.stock_bbl:,} bbl in stock, not what flows leave")
        if min(self.integers()) < 0 or self.inspected_bbl > self.stock_bbl:
            raise AssertionError(f"{name}: a quantity is impossible: {self}")

    def integers(self) -> list[int]:
        """Return all quantities in order."""
        return [int(getattr(self, field.name)) for field in fields(self)]


@dataclass
class Lease:
    """Hold room for a tenant's oil at a fixed rent until a day; renewed at the rent of that day while oil stays."""

    tenant: str
    bbl: int
    until_day: int
    premium_cny_per_bbl_day: float


class DeliveryBase:
    """Hold the tanks of one depot.

    `landing_bbl` is room taken by a ship that is discharging. `tenants` fixes who may hold oil here, and the order
    of the state. Losses are counted in `lost_bbl` of the tenant whose oil it was.
    """

    def __init__(
        self,
        env: simpy.Environment,
        depot: Depot,
        tenants: tuple[str, ...],
        leasing: LeasingParameters,
        *,
        capacity_bbl: int,
        stock_bbl: int,
        loss_ppm: int,
    ) -> None:
        self.name, self.depot, self._leasing, self._loss_ppm = depot.name, depot, leasing, loss_ppm
        self.berths = simpy.Resource(env, capacity=depot.berths)
        self.capacity_bbl = self.first_capacity_bbl = capacity_bbl
        self.holdings = {tenant: Holding() for tenant in (COMMERCIAL, *tenants)}
        self.holdings[COMMERCIAL].initial_bbl = self.holdings[COMMERCIAL].stock_bbl = stock_bbl
        self.initial_bbl = stock_bbl
        self.leases: list[Lease] = []
        self.landing_bbl = 0
        self.lifted_today_bbl = 0
        self.grade = ""
        """The grade that landed last for refiners: what their oil is taken for."""

    @property
    def group(self) -> Group:
        """The group that the base is reported in."""
        return self.depot.group

    @property
    def stock_bbl(self) -> int:
        """All oil in the tanks."""
        return sum(holding.stock_bbl for holding in self.holdings.values())

    @property
    def committed_bbl(self) -> int:
        """All oil that has been bought and will come."""
        return sum(holding.coming_bbl for holding in self.holdings.values())

    @property
    def traders_coming_bbl(self) -> int:
        """The part of it that comes to leased room."""
        return self.committed_bbl - self.holdings[COMMERCIAL].coming_bbl

    @property
    def inspected_bbl(self) -> int:
        """All oil that may stand under warrant."""
        return sum(holding.inspected_bbl for holding in self.holdings.values())

    @property
    def lost_bbl(self) -> int:
        """All oil lost on its way in or out."""
        return sum(holding.lost_bbl for holding in self.holdings.values())

    @property
    def room_bbl(self) -> int:
        """The room that no oil and no discharging ship has taken."""
        return self.capacity_bbl - self.stock_bbl - self.landing_bbl

    @property
    def use(self) -> float:
        """The share of the tanks that is full or being filled; 1 for a base without tanks."""
        return 1 - self.room_bbl / self.capacity_bbl if self.capacity_bbl else 1.0

    def uncommitted_bbl(self, planned_load_out_bbl: int) -> int:
        """Return the room for another cargo of a trader, in barrels; it may be negative.

        The smaller of capacity - stock - traders' coming oil, and capacity - stock - all coming oil + what refiners
        are planned to lift until it comes.
        """
        room = self.capacity_bbl - self.stock_bbl
        return min(room - self.traders_coming_bbl, room - self.committed_bbl + planned_load_out_bbl)

    def rent_premium(self, storage_fee_cny_per_bbl_day: float) -> float:
        """Return what leased room costs now beyond the storage fee, CNY/bbl a day."""
        own = self._leasing
        tight = max(0.0, self.use - own.rent_from_use) / (1 - own.rent_from_use)
        return storage_fee_cny_per_bbl_day * own.rent_response * tight

    def lease(self, tenant: str, bbl: int, until_day: int, premium_cny_per_bbl_day: float) -> Lease:
        """Lease room to a tenant; that there is some is for who asks to see."""
        lease = Lease(tenant, bbl, until_day, premium_cny_per_bbl_day)
        self.leases.append(lease)
        self.holdings[tenant].leased_bbl += bbl
        return lease

    def resize(self, lease: Lease, bbl: int) -> None:
        """Change the room of a lease; without room it ends."""
        self.holdings[lease.tenant].leased_bbl += bbl - lease.bbl
        lease.bbl = bbl
        if not bbl:
            self.leases.remove(lease)

    def free_room(self, tenant: str) -> None:
        """End what a tenant has leased beyond its oil here and on its way, the oldest lease first."""
        holding = self.holdings[tenant]
        excess = holding.leased_bbl - holding.stock_bbl - holding.coming_bbl
        for lease in [each for each in self.leases if each.tenant == tenant]:
            freed = max(0, min(excess, lease.bbl))
            self.resize(lease, lease.bbl - freed)
            excess -= freed

    def renewals(self, today: int, storage_fee_cny_per_bbl_day: float) -> Iterator[Lease]:
        """Renew the leases that are due at today's rent, and yield them."""
        for lease in self.leases:
            if lease.until_day <= today:
                lease.until_day = today + self._leasing.term_days
                lease.premium_cny_per_bbl_day = self.rent_premium(storage_fee_cny_per_bbl_day)
                yield lease

    def commit(self, tenant: str, bbl: int) -> None:
        """Count oil that will come; negative to take it back."""
        self.holdings[tenant].coming_bbl += bbl

    def begin_landing(self, tenant: str, bbl: int) -> None:
        """Take room for a parcel. Raises ValueError when there is not enough, or the tenant has not leased it."""
        if bbl > self.room_bbl:
            raise ValueError(f"{self.name}: no room for {bbl:,} bbl, only {self.room_bbl:,}")
        holding = self.holdings[tenant]
        if tenant != COMMERCIAL and holding.stock_bbl + bbl > holding.leased_bbl:
            raise ValueError(
                f"{self.name}: {tenant} has leased {holding.leased_bbl:,} bbl, no lease, no landing"
            )
        self.landing_bbl += bbl

    def end_landing(self, tenant: str, bbl: int, lost: int) -> None:
        """Move a parcel into the tanks, to its tenant, less what is lost."""
        holding = self.holdings[tenant]
        self.landing_bbl -= bbl
        holding.coming_bbl -= bbl
        holding.landed_bbl += bbl
        holding.lost_bbl += lost
        holding.stock_bbl += bbl - lost

    def inspect(self, tenant: str, bbl: int) -> None:
        """Let inspected oil of a tenant stand under warrant."""
        self.holdings[tenant].inspected_bbl += bbl

    def release(self, tenant: str, bbl: int) -> None:
        """Take oil whose warrants are cancelled out of what may stand under warrant."""
        self.holdings[tenant].inspected_bbl -= bbl

    def lift(self, tenant: str, bbl: int, tank_bottom_bbl: int = 0) -> int:
        """Load up to `bbl` of a tenant's oil out, leaving the bottoms of the tanks; return what left them.

        Oil under warrant stays. The loss on the way out is part of what is returned.
        """
        holding = self.holdings[tenant]
        free = min(holding.stock_bbl - holding.inspected_bbl, self.stock_bbl - tank_bottom_bbl)
        out = max(0, min(bbl, free))
        lost = lost_bbl(out, self._loss_ppm)
        holding.stock_bbl -= out
        holding.lost_bbl += lost
        holding.lifted_bbl += out - lost
        self.lifted_today_bbl += out
        return out

    def hand_over(self, seller: str, buyer: str, bbl: int) -> None:
        """Pass inspected oil in tank from one tenant to another. Raises ValueError for more than there is."""
        giver, taker = self.holdings[seller], self.holdings[buyer]
        if bbl > giver.inspected_bbl:
            raise ValueError(
                f"{self.name}: {seller} has {giver.inspected_bbl:,} bbl inspected, {bbl:,} asked for"
            )
        for holding, sign in ((giver, -1), (taker, 1)):
            holding.stock_bbl += sign * bbl
            holding.inspected_bbl += sign * bbl
        giver.handed_bbl += bbl
        taker.received_bbl += bbl

    def check(self) -> None:
        """Raise AssertionError unless barrels and leases balance and the tanks hold what they can."""
        for tenant, holding in self.holdings.items():
            holding.check(f"{tenant} at {self.name}")
            leased = sum(lease.bbl for lease in self.leases if lease.tenant == tenant)
            if leased != holding.leased_bbl:
                raise AssertionError(
                    f"{self.name}: {tenant} has leased {leased:,} bbl, not {holding.leased_bbl:,}"
                )
        handed = sum(holding.handed_bbl - holding.received_bbl for holding in self.holdings.values())
        if handed:
            raise AssertionError(f"{self.name}: {handed:,} bbl handed over and not received")
        if self.landing_bbl < 0 or self.stock_bbl + self.landing_bbl > max(
            self.capacity_bbl, self.initial_bbl
        ):
            raise AssertionError(f"{self.name}: tanks hold more than their capacity")

    def integers(self) -> list[int]:
        """Return the state for the state hash."""
        state = [
            self.capacity_bbl,
            self.landing_bbl,
            len(self.berths.queue),
            self.berths.count,
            len(self.leases),
        ]
        return state + [value for holding in self.holdings.values() for value in holding.integers()]
