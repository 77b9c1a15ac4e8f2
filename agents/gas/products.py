"""What SHPGX sells beside LNG by lorry: terminal slots, LNG cargoes in yuan, and pipeline gas where a scenario has it.

It only keeps them together for the world; how each is sold is its own module's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd

from agents.gas.cargoes import Cargo
from agents.gas.fleet import Fleet
from agents.gas.importers import Importer, Outlook
from agents.gas.parameters import GasParameters
from agents.gas.pipeline_gas import WEEK_DAYS, PipelineGasSale
from agents.gas.pipelines import Pipeline
from agents.gas.published import PublishedPrices
from agents.gas.rmb_cargoes import RmbCargoes
from agents.gas.shpgx import ShpgxLng
from agents.gas.slots import TerminalSlots
from agents.prices import PriceHistory
from exchange.units import GAS_M3_PER_M3_LNG


class OtherProducts:
    """Hold `slots`, `rmb_cargoes` and, if it is sold, `pipeline_gas`; suppliers and distributors become members."""

    def __init__(
        self,
        parameters: GasParameters,
        pipeline: Pipeline,
        market: ShpgxLng,
        importers: Mapping[str, Importer],
        fleet: Fleet,
        prices: PublishedPrices,
        rng: Callable[[str], np.random.Generator],
    ) -> None:
        own, members = parameters.pipeline_gas, market.members
        self.pipeline_gas = (
            None if own is None else PipelineGasSale(own, pipeline, members, rng("gas.pipeline_gas"))
        )
        for name in parameters.suppliers:
            members.register(f"supplier {name}")
        self.rmb_cargoes = RmbCargoes(parameters.shpgx.rmb_cargo_share, members)
        terminals = {terminal.name: terminal for own in importers.values() for terminal in own.terminals}
        terminals = {name: terminals[name] for name in parameters.terminals if name in terminals}
        self.slots = TerminalSlots(
            parameters.shpgx, terminals, importers, fleet, members, market.guests, prices, rng("gas.slots")
        )
        self._pipeline = pipeline
        self._prices = prices

    def advance(self, day: date) -> None:
        """Draw the next day."""
        self.slots.advance(day)
        if self.pipeline_gas is not None:
            self.pipeline_gas.advance()

    def hold(
        self, day: date, outlooks: Mapping[str, Outlook], lng_demand_m3: np.ndarray, call: float
    ) -> None:
        """Sell slots, and pipeline gas if a sale is due; `lng_demand_m3` is liquid a day, from today on."""
        self.slots.hold(day, outlooks)
        if self.pipeline_gas is not None:
            week_m3 = GAS_M3_PER_M3_LNG * float(lng_demand_m3[1 : 1 + WEEK_DAYS].sum())
            self.pipeline_gas.hold(day, self._prices.ex_terminal_cny_per_t(day), week_m3, call)

    def deliver(self, day: date, offered_m3: int, taken_m3: int, call: float) -> None:
        """Perform what was sold of pipeline gas for a day on which the lines offered and the delta took so much."""
        if self.pipeline_gas is not None:
            came_share = self._pipeline.uncut_share(day, call)
            self.pipeline_gas.deliver(day, came_share, taken_m3 / max(1, offered_m3))

    def follow(self, day: date, cargoes: Iterable[Cargo], fx: PriceHistory) -> None:
        """Take up cargoes bought and discharged up to now."""
        self.rmb_cargoes.follow(day, cargoes, fx)
        self.slots.follow(day)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables gas_rmb_cargoes, gas_slots and, if it is sold, gas_pipeline_sales."""
        frames = {"gas_rmb_cargoes": self.rmb_cargoes.frame(), "gas_slots": self.slots.frame()}
        if self.pipeline_gas is not None:
            frames["gas_pipeline_sales"] = self.pipeline_gas.frame()
        return frames
