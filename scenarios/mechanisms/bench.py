"""The bench: many draws, each cleared by every mechanism, measured against the planner and against listing.

It measures what mechanisms did; how they do it is clearing.py's. Differences are paired: the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from agents.gas.bidders import Sale, learnt_factor
from exchange.units import FEN_PER_CNY
from scenarios.ensemble import Job, Progress, run_jobs
from scenarios.mechanisms.clearing import MECHANISMS, Cleared
from scenarios.mechanisms.estimates import COLUMNS, estimates_frame
from scenarios.mechanisms.market import Draw, Market, Planned, draw_market, plan
from scenarios.results import Estimate, Row, RunFolder, interval, paired, ratio
from scenarios.streams import Streams

_CHUNK: Final = 50  # draws of one job
_LEARNING: Final = 1_000_000_000  # the number of the first draw to learn from
_AGAINST: Final = "listing"

MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "price_cny_per_t": ("price", "CNY/t"),
    "delivered_kt": ("volume", "kt"),
    "buyer_rent_mn_cny": ("buyers' rent", "mn CNY"),
    "seller_rent_mn_cny": ("sellers' rent", "mn CNY"),
    "efficiency": ("efficiency", "share"),
    "defaulted": ("defaulted", "share"),
}
"""The measures of one draw by column: label and unit."""


@dataclass(frozen=True, eq=False)
class Bench:
    """What was found: `draws` has a row for each draw and mechanism, `learnt` is the factor of tender_learnt."""

    market: Market
    seed: int
    learnt: float
    draws: pd.DataFrame

    def rows(self) -> list[Row]:
        """Return every measure of every mechanism, with its paired difference from listing."""
        rows = []
        for name, (label, unit) in MEASURES.items():
            wide = self.draws.pivot(index="draw", columns="mechanism", values=name)
            for mechanism in MECHANISMS:
                if name == "efficiency":
                    estimate, effect = self._efficiency(mechanism)
                else:
                    estimate, effect = _estimates(wide[mechanism], wide[_AGAINST], unit)
                if mechanism == _AGAINST:
                    effect = None
                rows.append(Row(mechanism, f"{mechanism}.{name}", label, unit, base=estimate, effect=effect))
        for mechanism in MECHANISMS:
            own = self.draws[self.draws["mechanism"] == mechanism].dropna(subset=["price_cny_per_t"])
            r2 = explained(own["level_cny_per_t"].tolist(), own["price_cny_per_t"].tolist())
            rows.append(Row(mechanism, f"{mechanism}.level_r2", "level told by price", "R2", base=r2))
        order = {name: k for k, name in enumerate(MECHANISMS)}
        return sorted(rows, key=lambda row: order[row.section])

    def _efficiency(self, mechanism: str) -> tuple[Estimate | None, Estimate | None]:
        """Return the efficiency over all draws, rents summed over optimum summed, and its difference from listing's."""
        rents = self.draws["buyer_rent_mn_cny"] + self.draws["seller_rent_mn_cny"]
        wide = self.draws.assign(rents=rents).pivot(index="draw", columns="mechanism")
        optimum = wide["optimum_mn_cny"][_AGAINST].tolist()
        if not any(optimum):
            return None, None
        own, against = (wide["rents"][name].to_numpy() for name in (mechanism, _AGAINST))
        estimate = ratio([own.tolist()], [optimum], "share")
        return estimate, ratio([(own - against).tolist()], [optimum], "share")

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates: a row for each mechanism and measure."""
        return estimates_frame(self.rows())

    def write(self, folder: str | Path, **manifest: Any) -> None:
        """Write the folder: both tables, the figure, summary.json, manifest.json. Raises BadInput where it exists."""
        from scenarios.plots.mechanisms import mechanisms_side_by_side

        told = {"seed": self.seed, "draws": int(self.draws["draw"].nunique()), "learnt_factor": self.learnt}
        frame = self.to_frame()
        with RunFolder(folder) as out:
            out.write_scenario(self.market.model_dump(mode="json"))
            out.write_table("mechanism_draws", self.draws, COLUMNS)
            out.write_table("mechanism_estimates", frame, COLUMNS)
            out.write_figure("mechanisms", mechanisms_side_by_side(frame))
            out.write_summary(self.rows())
            out.write_manifest(**told, **manifest)


def bench(
    market: Market,
    *,
    draws: int,
    seed: int,
    jobs: int = 1,
    progress: Progress = lambda done, total: None,
) -> Bench:
    """Clear `draws` draws by every mechanism. The same seed gives the same figures on any number of processes."""
    learnt = learn(market, seed)
    chunks = [
        Job(
            (first,),
            clear_draws,
            {"market": market, "seed": seed, "learnt": learnt, "first": first, "count": min(_CHUNK, draws - first)},
            float(min(_CHUNK, draws - first)),
        )
        for first in range(0, draws, _CHUNK)
    ]  # fmt: skip
    records = [record for found in run_jobs(chunks, jobs, progress).values() for record in found]
    return Bench(market, seed, learnt, pd.DataFrame(records))


def learn(market: Market, seed: int) -> float:
    """Return the factor that bidders have learnt in sealed tenders at own prices, in draws of their own."""
    width = 2 * FEN_PER_CNY * market.value_half_width_cny_per_t
    sales = (
        Sale(
            draw.values_fen,
            [cost for cost in draw.costs_fen for _ in range(market.lots_per_seller)],
            draw.level_fen - width / 2,
        )
        for draw in (draw_market(market, seed, _LEARNING + k) for k in range(market.learning_sales))
    )
    return learnt_factor(Streams(seed).generator("mechanisms.learning"), sales, scale=width)


def clear_draws(market: Market, seed: int, learnt: float, first: int, count: int) -> list[dict[str, Any]]:
    """Draw `count` months from number `first` on, clear each by every mechanism, and return the measures."""
    records = []
    for number in range(first, first + count):
        draw = draw_market(market, seed, number)
        optimum = plan(draw, market.lots_per_seller)
        for name, clear in MECHANISMS.items():
            measures = measure(market, draw, clear(market, draw, learnt), optimum)
            records.append({"draw": number, "mechanism": name, **measures})
    return records


def measure(market: Market, draw: Draw, cleared: Cleared, optimum: Planned) -> dict[str, float]:
    """Return the measures of a cleared draw, in the units of COLUMNS."""
    values = {f"buyer {i + 1}": value for i, value in enumerate(draw.values_fen)}
    costs = {f"seller {k + 1}": cost for k, cost in enumerate(draw.costs_fen)}
    cash = cleared.settlement.cash_fen
    buyer_rent = sum(cash.get(name, 0) for name in values)
    seller_rent = sum(cash.get(name, 0) for name in costs)
    for deal in cleared.settlement.delivered:
        buyer_rent += values[deal.buyer] * deal.quantity
        seller_rent -= costs[deal.seller] * deal.quantity
    signed = sum(deal.quantity for deal in cleared.signed)
    delivered = sum(deal.quantity for deal in cleared.settlement.delivered)
    best = optimum.surplus_fen * market.lot_t
    money = sum(deal.amount_fen for deal in cleared.signed)
    return {
        "level_cny_per_t": draw.level_fen / FEN_PER_CNY,
        "price_cny_per_t": money / signed / FEN_PER_CNY if signed else math.nan,
        "signed_kt": signed / 1e3,
        "delivered_kt": delivered / 1e3,
        "buyer_rent_mn_cny": buyer_rent / FEN_PER_CNY / 1e6,
        "seller_rent_mn_cny": seller_rent / FEN_PER_CNY / 1e6,
        "optimum_mn_cny": best / FEN_PER_CNY / 1e6,
        "efficiency": (buyer_rent + seller_rent) / best if best else math.nan,
        "defaulted": (signed - delivered) / signed if signed else math.nan,
    }


def explained(levels: list[float], prices: list[float]) -> Estimate | None:
    """Return the share of the level's variance that the price explains over draws, R2 = r^2.

    The interval is Fisher's for r, squared: atanh(r) +- 1.96 / sqrt(n - 3). None for fewer than four draws, or where
    one of the two does not vary.
    """
    import numpy as np

    n = len(levels)
    if n < 4 or np.ptp(levels) == 0.0 or np.ptp(prices) == 0.0:
        return None
    r = float(np.clip(np.corrcoef(levels, prices)[0, 1], -1.0, 1.0))
    centre, half = math.atanh(min(abs(r), 1.0 - 1e-12)), 1.96 / math.sqrt(n - 3)
    low, high = (math.tanh(max(0.0, end)) ** 2 for end in (centre - half, centre + half))
    return Estimate(r * r, low, high, n, "R2")


def _estimates(own: pd.Series, against: pd.Series, unit: str) -> tuple[Estimate | None, Estimate | None]:
    """Return the mean where there is one, and the mean difference over the draws in which both have one."""
    both = own.notna() & against.notna()
    estimate = interval(own.dropna().tolist(), unit) if own.notna().any() else None
    effect = paired(against[both].tolist(), own[both].tolist(), unit) if both.any() else None
    return estimate, effect
