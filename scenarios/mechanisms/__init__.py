"""One draw of supply and demand, cleared in every way that SHPGX sells: what the mechanism itself does to a price."""

from scenarios.mechanisms import text
from scenarios.mechanisms.bench import MEASURES, Bench, bench
from scenarios.mechanisms.clearing import MECHANISMS, Cleared
from scenarios.mechanisms.estimates import COLUMNS
from scenarios.mechanisms.market import Draw, Market, Planned, draw_market, load_market, plan

__all__ = [
    "COLUMNS",
    "MEASURES",
    "MECHANISMS",
    "Bench",
    "Cleared",
    "Draw",
    "Market",
    "Planned",
    "bench",
    "draw_market",
    "load_market",
    "plan",
    "text",
]
