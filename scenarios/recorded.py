"""What is known of a period from outside: figures to hold a run against, never to run it with.

A record names a measure of gas, its days, and a value or a band with its source. Nothing in the model reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pydantic import model_validator

from exchange.parameters import Parameters
from exchange.units import GAS_M3_PER_M3_LNG, TONNES_PER_M3_LNG

if TYPE_CHECKING:
    import pandas as pd

    from agents.gas.parameters import GasParameters

Frames = Mapping[str, "pd.DataFrame"]
DAYS_A_YEAR = 365.0


class Recorded(Parameters):
    """A figure of the world outside: a measure (see `measures`), its days, and a value, or a band from low to high.

    `given` says that the model is told the figure, or what makes it: such a row checks arithmetic, and no theory.
    With `against_first` and `against_last` it is the change of the measure from those days, as a share.
    """

    measure: str
    label: str
    first: date
    last: date
    value: float | None = None
    low: float | None = None
    high: float | None = None
    given: bool = False
    against_first: date | None = None
    against_last: date | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Recorded:
        if self.first > self.last:
            raise ValueError("first <= last must hold")
        if (self.low is None) != (self.high is None):
            raise ValueError("a band needs low and high")
        if (self.against_first is None) != (self.against_last is None):
            raise ValueError("a change needs against_first and against_last")
        if (self.value is None) == (self.low is None):
            raise ValueError("give a value, or a band with low and high")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low <= high must hold")
        return self

    def measured(self, gas: GasParameters, frames: Frames) -> float:
        """Return the measure in a run's frames. Raises KeyError for an unknown one, nan where nothing happened."""
        read = measures(gas)[self.measure][1]

        def over(first: date, last: date) -> float:
            return float(read({name: _cut(frame, first, last) for name, frame in frames.items()}))

        if self.against_first is None or self.against_last is None:
            return over(self.first, self.last)
        return over(self.first, self.last) / over(self.against_first, self.against_last) - 1.0

    def unit(self, gas: GasParameters) -> str:
        """Return the unit of what is measured."""
        if self.against_first is None:
            return measures(gas)[self.measure][0]
        return f"change from {self.against_first} to {self.against_last}"


def measures(gas: GasParameters) -> dict[str, tuple[str, Callable[[Frames], float]]]:
    """Return what can be recorded: unit and reader by name. Readers take the frames of the days alone."""
    found: dict[str, tuple[str, Callable[[Frames], float]]] = {
        "imports.all": ("Mt a year", partial(_imports, supplier=None)),
        "landed": ("Mt", lambda f: _landed_mt(_done(f))),
        "utilisation.all": ("share", lambda f: _utilisation(f, None)),
        "spot_share": ("share of cargoes", lambda f: float(_done(f).spot.mean())),
        "henry_hub_share": (
            "share of term cargoes",
            lambda f: float((_term(f).reference == "Henry Hub").mean()),
        ),
        "contract.oil": ("USD/MMBtu", lambda f: _mean_price(f, "oil-linked")),
        "contract.henry_hub": ("USD/MMBtu", lambda f: _mean_price(f, "Henry Hub")),
        "import_price": ("USD/MMBtu", _import_price),
        "swing.demand": (
            "highest month / lowest",
            lambda f: _swing(f["gas_days"].set_index("date").demand_m3),
        ),
        "swing.imports": ("highest month / lowest", _import_swing),
        "yangshan_share.mean": ("share of Shanghai", lambda f: float(_yangshan(f).mean())),
        "yangshan_share.highest": ("share of Shanghai", lambda f: float(_yangshan(f).max())),
        "stock.lowest": (
            "mn m3 of gas",
            lambda f: _column(f, "lng_stock_m3_liquid", "min", GAS_M3_PER_M3_LNG / 1e6),
        ),
        "stock.mean": ("mn m3 of gas", _reader("lng_stock_m3_liquid", "mean", GAS_M3_PER_M3_LNG / 1e6)),
        "unserved.all": ("mn m3", lambda f: _column(f, "unserved_m3", "sum", 1e-6)),
        "port_delay": ("days a cargo", _port_delay),
    }
    for name, unit, column in (
        ("jkm", "USD/MMBtu", "jkm_usd_per_mmbtu"),
        ("lng", "CNY/t", "shpgx_lng_cny_per_t"),
        ("charter", "USD a day", "charter_usd_per_day"),
    ):
        for word, how in (("mean", "mean"), ("highest", "max"), ("lowest", "min")):
            found[f"{name}.{word}"] = (unit, _reader(column, how))
    for name in gas.suppliers:
        found[f"imports.{name}"] = ("Mt a year", partial(_imports, supplier=name))
    for name in gas.terminals:
        found[f"utilisation.{name}"] = ("share", partial(_utilisation, terminal=name))
    for name in (*gas.demand.sectors, *gas.network.places):
        found[f"unserved.{name}"] = ("mn m3", _reader(f"unserved_{name}_m3", "sum", 1e-6))
    for name in gas.network.places:
        found[f"peak.{name}"] = ("mn m3 a day", partial(_peak, place=name))
    return found


def _cut(frame: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """Keep the rows of the days: by date, cargoes by the end of discharge."""
    import pandas as pd

    column = next((name for name in ("date", "discharged", "time") if name in frame), None)
    if column is None:
        return frame
    return frame[
        frame[column].between(pd.Timestamp(first), pd.Timestamp(last) + pd.Timedelta(days=1, seconds=-1))
    ]


def _reader(column: str, how: str, scale: float = 1.0) -> Callable[[Frames], float]:
    return lambda frames: _column(frames, column, how, scale)


def _column(frames: Frames, column: str, how: str, scale: float = 1.0) -> float:
    return float(frames["gas_days"][column].agg(how)) * scale


def _done(frames: Frames) -> pd.DataFrame:
    return frames["lng_cargoes"]


def _term(frames: Frames) -> pd.DataFrame:
    return frames["lng_cargoes"].query("not spot")


def _landed_mt(cargoes: pd.DataFrame) -> float:
    return float(cargoes.delivered_m3_liquid.sum()) * TONNES_PER_M3_LNG / 1e6


def _imports(frames: Frames, supplier: str | None) -> float:
    """Return China's imports a year: what landed in the delta and in the rest of China."""
    import pandas as pd

    cargoes = pd.concat([_done(frames), frames["lng_cargoes_rest"]])
    own = cargoes if supplier is None else cargoes[cargoes.supplier == supplier]
    years = len(frames["gas_days"]) / DAYS_A_YEAR
    return _landed_mt(own) / years


def _utilisation(frames: Frames, terminal: str | None) -> float:
    cargoes, days = _done(frames), frames["terminals"]
    if terminal is not None:
        cargoes, days = cargoes[cargoes.terminal == terminal], days[days.terminal == terminal]
    return _landed_mt(cargoes) / (float(days.capacity_mtpa.sum()) / DAYS_A_YEAR)


def _mean_price(frames: Frames, reference: str) -> float:
    term = _term(frames)
    return float(term[term.reference == reference].price_usd_per_mmbtu.mean())


def _import_price(frames: Frames) -> float:
    cargoes = _done(frames)
    volume = cargoes.delivered_m3_liquid
    return float((cargoes.price_usd_per_mmbtu * volume).sum() / volume.sum())


def _swing(daily: pd.Series) -> float:
    by_month = daily.resample("MS").mean()
    return float(by_month.max() / by_month.min())


def _import_swing(frames: Frames) -> float:
    """Return the swing of China's imports as the model has it: over all cargoes, by month of discharge."""
    cargoes = _done(frames)
    days = frames["gas_days"].set_index("date").index
    daily = (
        cargoes.groupby(cargoes.discharged.dt.normalize()).delivered_m3_liquid.sum().reindex(days).fillna(0)
    )
    return _swing(daily)


def _peak(frames: Frames, place: str) -> float:
    return float(_at(frames, place).demand_m3.max()) / 1e6


def _at(frames: Frames, place: str) -> pd.DataFrame:
    return frames["gas_places"].query("place == @place").set_index("date")


def _yangshan(frames: Frames) -> pd.Series:
    sent = frames["terminals"].query("terminal == 'yangshan'").set_index("date").send_out_m3_liquid
    return sent * GAS_M3_PER_M3_LNG / _at(frames, "shanghai").demand_m3


def _port_delay(frames: Frames) -> float:
    cargoes = _done(frames)
    return float((cargoes.moored - cargoes.arrived).dt.total_seconds().mean()) / 86_400
