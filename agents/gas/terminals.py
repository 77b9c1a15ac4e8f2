"""LNG terminals: berths, the queue at the anchorage, tanks.

A terminal stores and hands out what it is told to; who sells the gas and how much is sent out is decided
elsewhere. All volumes are whole m3 of liquid.
"""

from __future__ import annotations

from collections import deque
from datetime import date

import simpy

from agents.gas.parameters import TerminalParameters
from exchange.units import GAS_M3_PER_M3_LNG, NS_PER_HOUR, TONNES_PER_M3_LNG


class Terminal:
    """Keep the tanks and berths of one terminal.

    Ships are called in from the anchorage in the order of arrival, late ones last, when a berth is free, the port
    is open and the tanks have room for the whole cargo. The queue is its own, as a `simpy.Resource` can neither
    close nor grow. `waiting` counts the ships at anchor; `stock_m3` includes the heel; `sold_m3` is what lorries
    have paid for, `guest_m3` the stock of third parties, who have bought a slot; neither is the owner's. What comes
    into use after `start` waits in `to_come`. New tanks are cooled down by the owner's first cargoes: their heel is
    filled before any of it can be sent out, and `heel_m3` rises as it is.
    """

    def __init__(
        self, env: simpy.Environment, name: str, parameters: TerminalParameters, start: date | None = None
    ) -> None:
        self.name = name
        self.to_come = tuple(s for s in parameters.stages if start is not None and s.from_date > start)
        self.importer = parameters.importer
        self.peak_shaving = parameters.peak_shaving
        self.capacity_mtpa = parameters.capacity_mtpa - sum(s.capacity_mtpa for s in self.to_come)
        self.tank_m3 = parameters.tank_m3 - sum(s.tank_m3 for s in self.to_come)
        later_m3 = sum(s.max_send_out_m3_per_day for s in self.to_come)
        self.max_send_out_m3 = int((parameters.max_send_out_m3_per_day - later_m3) / GAS_M3_PER_M3_LNG)
        self.max_trucks_t_per_day = parameters.max_trucks_t_per_day
        self.unloading_ns = parameters.unloading_hours * NS_PER_HOUR
        self.initial_stock_m3 = int(self.tank_m3 * parameters.initial_fill)
        self.stock_m3 = self.initial_stock_m3
        self.sold_m3 = 0
        self.guest_m3 = 0
        self.received_m3 = 0
        self.sent_out_m3 = 0
        self.trucked_m3 = 0
        self.bunkered_m3 = 0
        self._env = env
        self._heel = parameters.heel
        self._heel_to_fill_m3 = 0
        self._boil_off_ppm = round(parameters.boil_off_per_day * 1_000_000)
        self.berths = self._free_berths = parameters.berths - sum(s.berths for s in self.to_come)
        self._promised_room_m3 = 0
        self._closures = 0
        self._anchorage: deque[tuple[int, simpy.Event, bool]] = deque()

    @property
    def waiting(self) -> int:
        """Return the number of ships at anchor."""
        return len(self._anchorage)

    @property
    def has_free_berth(self) -> bool:
        """Return whether the port is open and a berth is free."""
        return self._closures == 0 and self._free_berths > 0

    @property
    def heel_m3(self) -> int:
        """Return what must stay in the tanks to keep them cold, those that have been cooled down."""
        return int(self.tank_m3 * self._heel) - self._heel_to_fill_m3

    @property
    def available_m3(self) -> int:
        """Return the owner's stock above the heel that lorries have not paid for."""
        return max(0, self.stock_m3 - self.heel_m3 - self.sold_m3 - self.guest_m3)

    @property
    def boil_off_m3(self) -> int:
        """Return the liquid that boils off in a day; it is sent out as gas, before any other."""
        return min(self.stock_m3 * self._boil_off_ppm // 1_000_000, self.available_m3)

    @property
    def capacity_m3_per_year(self) -> float:
        """Return what it may land in a year."""
        return self.capacity_mtpa * 1e6 / TONNES_PER_M3_LNG

    def has_room_for(self, volume_m3: int) -> bool:
        """Return whether so much fits into the tanks beside what is alongside."""
        return self.stock_m3 + self._promised_room_m3 + volume_m3 <= self.tank_m3

    def moor(self, volume_m3: int, *, late: bool = False) -> simpy.Event:
        """Queue a ship with `volume_m3` to discharge; the event fires when it is alongside, its room kept."""
        alongside = self._env.event()
        ahead = len(self._anchorage) if late else sum(not behind for _, _, behind in self._anchorage)
        self._anchorage.insert(ahead, (volume_m3, alongside, late))
        self._call_ships()
        return alongside

    def discharge(self, volume_m3: int, promised_m3: int, *, guest: bool = False) -> None:
        """Put a cargo into the tanks, give back the room kept for it, and free the berth."""
        self.stock_m3 += volume_m3
        if guest:
            self.guest_m3 += volume_m3
        else:
            self._heel_to_fill_m3 -= min(self._heel_to_fill_m3, volume_m3)
        self.received_m3 += volume_m3
        self._promised_room_m3 -= promised_m3
        self._free_berths += 1
        self._call_ships()

    def release(self, volume_m3: int) -> None:
        """Make stock of third parties the owner's, who sends it out to their customers or has bought it.

        Raises ValueError beyond their stock.
        """
        if volume_m3 > self.guest_m3:
            raise ValueError(f"{self.name}: {volume_m3} m3 of third parties' {self.guest_m3} m3")
        self.guest_m3 -= volume_m3

    def sell(self, volume_m3: int) -> None:
        """Set aside what lorries have paid for. Raises ValueError beyond the available stock."""
        if volume_m3 > self.available_m3:
            raise ValueError(f"{self.name}: {volume_m3} m3 sold of {self.available_m3} m3 available")
        self.sold_m3 += volume_m3

    def load_trucks(self, volume_m3: int) -> None:
        """Load liquid that has been sold onto lorries. Raises ValueError beyond what was sold."""
        if volume_m3 > self.sold_m3:
            raise ValueError(f"{self.name}: {volume_m3} m3 to load of {self.sold_m3} m3 sold")
        self.sold_m3 -= volume_m3
        self.stock_m3 -= volume_m3
        self.trucked_m3 += volume_m3
        self._call_ships()

    def bunker(self, volume_m3: int) -> None:
        """Load a bunker ship. Raises ValueError beyond the available stock."""
        if volume_m3 > self.available_m3:
            raise ValueError(f"{self.name}: {volume_m3} m3 to bunker of {self.available_m3} m3 available")
        self.stock_m3 -= volume_m3
        self.bunkered_m3 += volume_m3
        self._call_ships()

    def send_out(self, volume_m3: int) -> None:
        """Turn liquid into gas for the pipes. Raises ValueError beyond stock or the day's send-out."""
        if volume_m3 > min(self.available_m3, self.max_send_out_m3):
            raise ValueError(f"{self.name}: cannot send out {volume_m3} m3")
        self.stock_m3 -= volume_m3
        self.sent_out_m3 += volume_m3
        self._call_ships()

    def close(self) -> None:
        """Close the port once; it opens when every closure has been lifted."""
        self._closures += 1

    def reopen(self) -> None:
        """Lift one closure."""
        self._closures -= 1
        self._call_ships()

    def expand(self, *, tank_m3: int, berths: int, send_out_m3: int, capacity_mtpa: float) -> None:
        """Add tanks, warm and empty, berths, send-out (m3 of liquid a day) and yearly capacity."""
        heel_m3 = self.heel_m3
        self.tank_m3 += tank_m3
        self._heel_to_fill_m3 = int(self.tank_m3 * self._heel) - heel_m3
        self.berths += berths
        self._free_berths += berths
        self.max_send_out_m3 += send_out_m3
        self.capacity_mtpa += capacity_mtpa
        self._call_ships()

    def open_stages(self, day: date) -> None:
        """Bring into use what comes on a day."""
        for stage in self.to_come:
            if stage.from_date == day:
                self.expand(
                    tank_m3=stage.tank_m3,
                    berths=stage.berths,
                    send_out_m3=int(stage.max_send_out_m3_per_day / GAS_M3_PER_M3_LNG),
                    capacity_mtpa=stage.capacity_mtpa,
                )

    def _call_ships(self) -> None:
        while self._anchorage and self._free_berths > 0 and self._closures == 0:
            volume_m3, alongside, _ = self._anchorage[0]
            if not self.has_room_for(volume_m3):
                return
            self._anchorage.popleft()
            self._free_berths -= 1
            self._promised_room_m3 += volume_m3
            alongside.succeed()
