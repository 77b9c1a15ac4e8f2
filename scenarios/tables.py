"""The tables of one world: what a run folder keeps of it, in USD and with documented columns.

It turns records into frames; it measures nothing.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agents.clearing.private import ExchangedLots
from agents.clearing.records import LargePosition, RefusedOrders
from exchange.clearing.codes import Refusal
from exchange.clearing.rules import Participant
from exchange.clock import ns
from exchange.codes import Phase, Side, Venue
from exchange.rules import explain
from exchange.units import FEN_PER_CNY, GAS_M3_PER_M3_LNG, NS_PER_MINUTE
from scenarios.results import Column

if TYPE_CHECKING:
    from agents.clearing.market import MarketClearing
    from scenarios.world import World

Frames = dict[str, pd.DataFrame]


def samples_frame(world: World) -> pd.DataFrame:
    """Return the quotes of all venues on the common clock: a row for each tick of the clock.

    Index at_ns; columns <venue>_bid, <venue>_ask, <venue>_mid (USD/bbl, NaN where a side is empty or the venue does not
    trade continuously).
    """
    from scenarios.world import NAMES

    samples = world.population.samples()
    columns: dict[str, Any] = {}
    for venue in Venue:
        spec = world.rulebooks[venue].on(world.trading_days[0])
        worth = spec.tick / samples["fx"] if spec.currency == "CNY" else np.full(len(samples), spec.tick)
        quoted = samples["phase"][:, venue] == Phase.CONTINUOUS
        quoted &= (samples["bid_quantity"][:, venue] > 0) & (samples["ask_quantity"][:, venue] > 0)
        for side in ("bid", "ask"):
            columns[f"{NAMES[venue]}_{side}"] = np.where(quoted, samples[side][:, venue] * worth, np.nan)
        columns[f"{NAMES[venue]}_mid"] = (columns[f"{NAMES[venue]}_bid"] + columns[f"{NAMES[venue]}_ask"]) / 2
    return pd.DataFrame(columns, index=pd.Index(samples["at_ns"], name="at_ns"))


def quotes_frame(samples: pd.DataFrame) -> pd.DataFrame:
    """Return `samples_frame`, once a minute, in long form: at_ns, venue, bid, ask, mid."""
    from scenarios.world import NAMES

    minutes = samples[samples.index.to_numpy() % NS_PER_MINUTE == 0]
    parts = []
    for name in NAMES.values():
        part = pd.DataFrame({key: minutes[f"{name}_{key}"] for key in ("bid", "ask", "mid")}).dropna()
        part.insert(0, "venue", name)
        parts.append(part.reset_index())
    return pd.concat(parts, ignore_index=True)


def trading_day_bounds(world: World) -> list[tuple[date, int, int]]:
    """Return each SC trading day with its span: from 16:00 on the trading day before to 15:00."""
    calendar = world.loaded.calendar
    return [(day, ns(calendar.previous(day), time(16)), ns(day, time(15))) for day in world.trading_days]


def trading_days_frame(world: World, samples: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a row for each trading day and venue: prices in USD/bbl, lots, and SC's premiums.

    SC's premium is the mean over the clock's ticks of the day at which both trade, of SC less Oman, less the parity.
    """
    from scenarios.world import NAMES

    samples = samples_frame(world) if samples is None else samples
    gap = samples["SC_mid"] - samples["Oman_mid"]
    bounds = {day: (start, end) for day, start, end in trading_day_bounds(world)}
    rows: list[dict[str, Any]] = []
    for venue in Venue:
        book = world.rulebooks[venue]
        for settlement in world.settlements[venue]:
            day, figures = settlement.trading_day, settlement.figures
            spec = book.on(day)
            worth = spec.tick / (world.prices["fx"].on(day) if spec.currency == "CNY" else 1.0)
            row: dict[str, Any] = {"trading_day": day, "venue": NAMES[venue]}
            ticks = (figures.open_ticks, figures.high_ticks, figures.low_ticks, figures.close_ticks)
            for key, value in zip(("open", "high", "low", "close"), ticks, strict=True):
                row[key] = value * worth if value else np.nan
            row["settlement"] = settlement.settlement_ticks * worth
            row["volume_lots"], row["open_interest_lots"] = figures.volume_lots, figures.open_interest_lots
            row["contract"], row["limit_percent"], row["locked"] = "", np.nan, figures.locked
            row["premium_to_oman_usd_per_bbl"] = row["premium_usd_per_bbl"] = np.nan
            if venue is Venue.SC:
                start, end = bounds[day]
                inside = gap[(gap.index >= start) & (gap.index <= end)]
                row["contract"] = str(spec.main_contract(day, world.loaded.calendar))
                row["limit_percent"] = float(settlement.limit_percent or np.nan)
                row["premium_to_oman_usd_per_bbl"] = float(inside.mean())
                parity = world.crude.parity_usd_per_bbl(day).lowest
                row["premium_usd_per_bbl"] = row["premium_to_oman_usd_per_bbl"] - parity
            rows.append(row)
    return pd.DataFrame(rows)


def clearing_frames(world: World) -> Frames:
    """Return what clearing left: `clearing` by day and product, `months` by day and month, `participants` by kind,
    `large_positions` by day and account, `exchanges` of futures for physical oil, `refusals` of orders at entry.

    Shares are of both sides of all lots traded, and of the lots held at the closes of a calendar month; `client_...`
    leave out members, who are makers, arbitrageurs and informed traders. Empty where nothing was cleared.
    """
    clearing = world.clearing
    if clearing is None or not clearing.days:
        return {}
    days = []
    for row in clearing.days:
        told = {f.name: getattr(row, f.name) for f in fields(row) if not f.name.startswith("forced_")}
        told = {
            key.replace("_fen", "_cny"): v / FEN_PER_CNY if "_fen" in key else v for key, v in told.items()
        }
        for word, lots in (("asked", row.forced_asked_lots), ("filled", row.forced_filled_lots)):
            told |= {f"forced_{reason.name.lower()}_{word}_lots": count for reason, count in lots.items()}
        days.append(told)
    months = []
    for month in clearing.months:
        spec = clearing.rulebook(month.product).on(month.trading_day)
        told = {f.name: getattr(month, f.name) for f in fields(month)}
        told["settlement_cny"] = spec.to_price(told.pop("settlement_ticks"))
        months.append(told)
    large = pd.DataFrame(clearing.large, columns=[f.name for f in fields(LargePosition)])
    large["kind"] = [Participant(kind).name.lower() for kind in large["kind"]]
    large["side"] = ["short" if side == Side.SELL else "long" for side in large["side"]]
    exchanges = pd.DataFrame(clearing.private.rows, columns=[f.name for f in fields(ExchangedLots)])
    exchanges["goods_cny"] = exchanges.pop("goods_fen") / FEN_PER_CNY
    names = {number: name for name, number in world.crude.numbers.items()}
    for side in ("long", "short"):
        exchanges[side] = [names.get(number, "firm") for number in exchanges[side]]
    parts = pd.DataFrame(
        clearing.participation.rows(), columns=["month", "product", "kind", "volume_lots", "held_lot_days"]
    )
    parts["kind"] = [Participant(kind).name.lower() for kind in parts["kind"]]
    clients = parts["kind"] != "member"
    for name, counted in (("volume", "volume_lots"), ("open_interest", "held_lot_days")):
        sums = parts.groupby(["month", "product"])[counted].transform("sum")
        parts[f"{name}_share"] = parts[counted] / sums.where(sums > 0)
        own = parts[counted].where(clients)
        sums = own.groupby([parts["month"], parts["product"]]).transform("sum")
        parts[f"client_{name}_share"] = own / sums.where(sums > 0)
    parts = parts.drop(columns="volume_lots").rename(columns={"held_lot_days": "held_lots"})
    frames = {"clearing": pd.DataFrame(days), "months": pd.DataFrame(months), "participants": parts}
    return frames | {"large_positions": large, "exchanges": exchanges, "refusals": _refusals(clearing)}


def _refusals(clearing: MarketClearing) -> pd.DataFrame:
    """Return the orders refused at entry by day, month and reason, each with the rules behind it and their sources.

    An account is suspended for an unpaid call: then the rules are those of margin.
    """
    behind: dict[tuple[int, Refusal], dict[str, Any]] = {}
    rows = []
    for row in clearing.refusals.rows:
        book = clearing.rulebook(row.product)
        key = id(book.on(row.trading_day)), row.reason
        if key not in behind:
            asked = Refusal.MARGIN if row.reason is Refusal.SUSPENDED else row.reason
            rules = explain(asked, book, row.trading_day).rules
            behind[key] = {
                "rule": "; ".join(f"{rule.key} = {rule.text}" for rule in rules),
                "since": max((rule.since for rule in rules), default=None),
                "source": "; ".join(dict.fromkeys(rule.source for rule in rules)),
            }
        told = {f.name: getattr(row, f.name) for f in fields(row)} | {"reason": row.reason.name.lower()}
        rows.append(told | behind[key])
    names = [*(f.name for f in fields(RefusedOrders)), "rule", "since", "source"]
    return pd.DataFrame(rows, columns=names)


def physical_frames(world: World) -> Frames:
    """Return tanks, importer and crude cargoes, and the gas tables when the world has gas."""
    crude = world.crude.tables()
    frames = {"tanks": crude["tanks"], "importer": crude["importer"], "crude_cargoes": crude["crude_cargoes"]}
    if world.gas is not None:
        gas = world.gas.tables()
        days = gas["gas_days"].rename(columns={"date": "day"})
        days["stock_m3"] = days["lng_stock_m3_liquid"] * GAS_M3_PER_M3_LNG
        frames |= {"gas_days": days, "lng_cargoes": gas["lng_cargoes"], "shpgx_listings": gas["listings"]}
        frames |= {"terminals": gas["terminals"], "jkm_windows": gas["jkm"]}
        frames |= {"gas_indices": gas["gas_indices"].rename(columns={"published": "day"})}
        own = (
            "gas_index_quality", "gas_rmb_cargoes", "gas_slots", "gas_pipeline_sales", "lng_ships", "lng_cargoes_rest",
            "lng_cargoes_diverted", "lng_contracts",
        )  # fmt: skip
        frames |= {name: gas[name] for name in own if name in gas}
        dated = (
            "gas_places", "gas_edges", "gas_hours", "gas_energy", "gas_lines", "gas_mechanism", "gas_plants",
            "lng_payments", "rest_of_china", "gas_basins",
        )  # fmt: skip
        frames |= {name: gas[name].rename(columns={"date": "day"}) for name in dated}
    return frames


_SOURCES = {
    "tarim": "the Tarim basin", "ordos": "the Ordos basin", "sichuan": "the Sichuan basin",
    "east_china_sea": "the East China Sea", "others": "all other basins", "central_asia": "Central Asia",
    "russia_east": "Russia by the east line", "myanmar": "Myanmar",
}  # fmt: skip

COLUMNS: dict[str, Column] = {
    "premium_usd_per_bbl": Column(
        "USD/bbl", "SC less import parity: mean over the day of SC - Oman, less freight to tank"
    ),
    "premium_to_oman_usd_per_bbl": Column("USD/bbl", "SC less Oman: mean over the day's common clock"),
    "open_interest_lots": Column("lots", "lots held long at the close, over all accounts"),
    "value": Column("see unit", "value of an index of LNG"),
    "first": Column("", "first day that a value tells: a Monday, or the day itself"),
    "last": Column("", "last day that a value tells: a Sunday, or the day itself"),
    "reports": Column("", "cargoes or trades behind a value"),
    "carried": Column("", "nothing was reported or traded: the value before stands"),
    "largest_share": Column("share", "the largest seller's part of a week's volume, or of a month's"),
    "over_jkm_usd_per_mmbtu": Column(
        "USD/MMBtu", "an index brought to DES (less haul, fee, VAT) over JKM of its day"
    ),
    "period": Column("", "calendar month, of values by the last day that they tell"),
    "trade_backed_share": Column("share", "of the values, those with trades or reports of their own"),
    "days_without_trades": Column("", "values that were carried"),
    "parties": Column("", "different sellers and buyers behind the values"),
    "seller_hhi": Column("", "sum of the squared shares of sellers in the volume, 1 where there is one"),
    "largest": Column("", "the largest seller"),
    "place": Column("", "province or city of the gas network"),
    "basin": Column("", "buyers of LNG outside China; or the source of the feed gas of a region's plants"),
    "term_m3_liquid": Column("m3 of LNG", "term cargoes that came on the day"),
    "spot_m3_liquid": Column("m3 of LNG", "spot volume that came on the day, bought a voyage before"),
    "bought_m3_liquid": Column("m3 of LNG", "bought in the day's JKM window, to come later"),
    "waiting_m3_liquid": Column("m3 of LNG", "at the ports, as tanks are full"),
    "cover_days": Column("days", "stock over the demand of the day"),
    "saved_share": Column("share", "of demand that must be saved so that tanks keep their least cover"),
    "log_scarcity": Column(
        "", "what gas is worth more to the basin in greatest need than elsewhere, as a log of prices"
    ),
    "edge": Column("", "pipeline of the gas network"),
    "flow_m3": Column("m3 of gas", "net flow of the day, from the pipeline's first node to its second"),
    "capacity_m3": Column("m3 of gas", "what the pipeline can carry in the day; none is without limit"),
    "line": Column("", "trunk line from the sources to the delta or past it"),
    "volume_m3_liquid": Column("m3 of LNG", "landed, or paid for and not taken"),
    "what": Column(
        "", "cargo: landed; take-or-pay: not taken; make-up: paid for before; refund: make-up that was lost"
    ),
    "paid_usd": Column("USD", "paid by the importer to the supplier; below 0 paid back"),
    "credit_usd": Column("USD", "of what was paid for gas not taken, used by a make-up cargo"),
    "gas_in_m3": Column("m3 of gas", "feed gas of a region's plants: made liquid, and own use"),
    "own_use_m3": Column("m3 of gas", "burnt by the plants"),
    "made_t": Column("t", "LNG made and loaded at the plants' gates"),
    "owed_t": Column("t", "sold and not made for want of feed gas"),
    "section_m3": Column("m3 of gas", "what the line's last section, into the delta, can carry in the day"),
    "put_in_m3": Column("m3 of gas", "out of storage along the line, for the delta"),
    "taken_off_m3": Column("m3 of gas", "burnt or stored by the rest of China along the line"),
    "to_delta_m3": Column("m3 of gas", "taken by the delta: of the line, of `rest_of_china` from all lines"),
    "interrupted_m3": Column("m3 of gas", "the part of unserved gas whose contracts allow it"),
    "mechanism": Column("", "how LNG by lorry is sold at SHPGX in the session"),
    "price_cny_per_t": Column("CNY/t", "volume-weighted mean of what a session delivered"),
    "planner_price_cny_per_t": Column(
        "CNY/t", "cost and shadow price of gas in the planner's optimum of the session"
    ),
    "offered_t": Column("t", "on sale in the session"),
    "signed_t": Column("t", "to be delivered until the next session, sold today or ahead"),
    "delivered_t": Column("t", "delivered of it"),
    "planner_t": Column("t", "what the planner would deliver, who knows every worth and cost"),
    "ahead_t": Column("t", "sold today for the next month"),
    "unmet_t": Column("t", "wanted at the session's price (under bidding, its dearest) and not sold"),
    "buyer_rent_mn_cny": Column(
        "mn CNY", "worth of what buyers got, less detours, payments and deposits lost"
    ),
    "seller_rent_mn_cny": Column("mn CNY", "what sellers were paid, deposits won, less cost"),
    "optimum_mn_cny": Column("mn CNY", "worth less cost and detours in the planner's optimum"),
    "lost_mn_cny": Column("mn CNY", "optimum less both rents"),
    "efficiency": Column("share", "both rents over the optimum"),
    "deposits_mn_cny": Column("mn CNY", "put down for the deals of the session"),
    "forfeited_by_buyers_mn_cny": Column("mn CNY", "deposits lost by buyers who did not fetch"),
    "forfeited_by_sellers_mn_cny": Column(
        "mn CNY", "lost by sellers who did not deliver, beside what they returned"
    ),
    "defaulted": Column("share", "of what was to be delivered"),
    "foretold_error": Column("", "|ln(price / the planner's price of the next session)|"),
    "sold_to": Column("", "where a term cargo was sold on: Europe, or Northeast Asia in the JKM window"),
    "resold_m3_liquid": Column("m3 of LNG", "term cargoes that importers sold on in the window"),
    "at_cap": Column("", "the price rose to the cap over its base, and gas was shared by who came first"),
    "bid_m3": Column("m3 of gas", "bid for in a sale of pipeline gas, at any price"),
    "sold_m3": Column("m3 of gas", "sold in it, for seven days"),
    "missed_m3": Column("m3 of gas", "of it not delivered or not taken, so far"),
    "price_cny_per_m3": Column("CNY/m3 of gas", "at which pipeline gas was sold"),
    "base_cny_per_m3": Column("CNY/m3 of gas", "from which bidding rose"),
    "contract": Column("", "SC's front contract, as 2412 for December 2024"),
    "limit_percent": Column("%", "price limit of the day"),
    "locked": Column(
        "",
        "1 for a day whose last minutes stood at its upper limit with no seller, -1 at the lower with no buyer",
    ),
    "margin_spec_percent": Column("%", "speculative margin at which the day's close was cleared"),
    "margin_hedge_percent": Column("%", "hedge margin at which the day's close was cleared"),
    "reason": Column("", "why orders were refused or cut at entry"),
    "orders": Column("", "orders refused or cut in the day, all accounts"),
    "rule": Column("", "the rules behind it on that day"),
    "source": Column("", "where they are from"),
    "since": Column("", "the latest day on which one of them was set"),
    "product": Column("", "sc or lu"),
    "month": Column("", "delivery month, as 2412; of `participants` a calendar month"),
    "settlement_cny": Column("CNY", "settlement price of a barrel (SC) or tonne (LU)"),
    "locked_days": Column(
        "", "days closed at the limit the same way, the last of them this one; negative downwards"
    ),
    "margin_cny": Column("CNY", "margin of all positions at the close, at the margins of `months`"),
    "fees_cny": Column("CNY", "transaction fees of the day"),
    "holders": Column("", "accounts with positions; an account stands for many clients"),
    "called_accounts": Column("", "accounts called at the close; each counts where most of its margin is"),
    "call_cny": Column("CNY", "what was called, at the close"),
    "paid_cny": Column("CNY", "what of it was paid in before the next opening"),
    "suspended_accounts": Column("", "accounts that may only close on the next day"),
    "defaults": Column("", "accounts closed out with a deficit"),
    "deficit_cny": Column("CNY", "what they owed"),
    "uncovered_cny": Column("CNY", "what of it no layer of the waterfall could pay"),
    "reduced_lots": Column("lots", "closed by forced reduction after days locked the same way"),
    "cash_settled_lots": Column("lots", "ended at the delivery settlement price without oil"),
    "warning_level": Column("", "level of the early-warning controller, 0 is calm"),
    "kind": Column("", "type of account: individual, firm, fund, overseas, member"),
    "account": Column("", "number of an account, which stands for many clients"),
    "side": Column("", "long or short"),
    "lots": Column("lots", "lots of a side of a month at the close"),
    "limit_lots": Column("lots", "position limit of a client, times the clients of the account"),
    "held_lots": Column("lots", "lots held at the closes, both sides, summed over days and months"),
    "volume_share": Column("share", "of both sides of all trades"),
    "client_volume_share": Column("share", "of the trades of clients, members left out"),
    "open_interest_share": Column("share", "of the lots held"),
    "client_open_interest_share": Column("share", "of the lots that clients hold"),
} | {
    f"{name}_m3": Column("m3 of gas", f"out of {text}: all that it gives, or what is in the trunk line")
    for name, text in _SOURCES.items()
}
"""Documentation of the columns that results.COLUMNS does not know."""

_UNITS = (
    ("_usd_per_mmbtu", "USD/MMBtu"), ("_usd_per_bbl", "USD/bbl"), ("_cny_per_t", "CNY/t"), ("_fen_per_t", "fen/t"),
    ("_fen", "fen"), ("_cny", "CNY"), ("_m3_liquid", "m3 of LNG"), ("_m3", "m3 of gas"), ("_bbl", "bbl"),
    ("_lots", "lots of 1,000 bbl"), ("_mtpa", "Mt a year"), ("_degc", "degrees C"), ("_ns", "ns, Shanghai wall clock"),
    ("_t", "t"), ("_days", "days"), ("_percent", "%"),
)  # fmt: skip


def documented(frame: pd.DataFrame) -> dict[str, Column]:
    """Return the documentation of every column of a frame: from COLUMNS, or read off its name and its unit."""
    from scenarios.results import COLUMNS as KNOWN

    known = KNOWN | COLUMNS
    result = {}
    for name in frame.columns:
        unit = next((text for ending, text in _UNITS if name.endswith(ending)), "")
        result[name] = known.get(name) or Column(unit, name.replace("_", " "))
    return result
