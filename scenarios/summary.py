"""The table of results: from what worlds left to rows of measures with intervals, base beside changed.

It knows how each measure is read off a table or an estimate; it runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from exchange.codes import Venue
from exchange.units import BBL_PER_SC_LOT
from scenarios import access, import_cost, squeeze
from scenarios.information import clock_note
from scenarios.replication import Replication
from scenarios.results import Estimate, Row, interval, paired
from scenarios.spec import LoadedScenario
from scenarios.structural.marginal import SETTERS
from scenarios.structural.marker import PUSHES as MARKER_PUSHES
from scenarios.structural.marker import Markers
from scenarios.structural.origin import GROUPS, OriginShare
from scenarios.structural.pass_through import PUSHES, Impacts, programme_lots
from scenarios.structural.sobol import Share
from scenarios.world import NAMES

ARMS = ("base", "changed")
ByArm = Mapping[str, Sequence[Replication]]

INFLUENCE, SETTING, PASS_THROUGH, PRICES, GAS, ADOPTION = (
    "Who sets the price",
    "Whose orders set it",
    "Pass-through",
    "Crude and the delivery bases",
    "Gas",
    "Adoption and terms",
)


_ADOPTION = (
    ("crude", "SC", "crude imports priced on SC"),
    ("crude", "Oman/Dubai", "crude imports priced on Oman and Dubai"),
    ("crude", "Brent", "crude imports priced on Brent"),
    ("LNG", "SHPGX", "LNG cargoes priced on SHPGX"),
    ("LNG", "JKM", "LNG cargoes priced on JKM"),
    ("LNG", "oil-linked", "LNG cargoes priced on oil"),
)
_BOUNDS = {
    "IS_low": ("low", "lower bound"),
    "IS": ("mean", "mean of orderings"),
    "IS_high": ("high", "upper bound"),
}


@dataclass(frozen=True)
class Influence:
    """What the structural measures found in an arm: origin shares by horizon, and what pushes moved."""

    origin: Mapping[int, OriginShare]
    impacts: Impacts | None
    markers: Markers | None = None


def rows(
    loaded: LoadedScenario,
    replications: ByArm,
    influence: Mapping[str, Influence],
) -> list[Row]:
    """Return all rows. The changed arm is absent from `replications` for a scenario without shocks and levers."""
    return [
        *_origin_rows(loaded, influence),
        *_information_rows(loaded, replications),
        *_setter_rows(replications),
        *_pass_through_rows(loaded, influence),
        *_marker_rows(loaded, influence),
        *_crude_rows(replications),
        *_gas_rows(loaded, replications),
        *_adoption_rows(replications),
    ]


def _origin_rows(loaded: LoadedScenario, influence: Mapping[str, Influence]) -> list[Row]:
    if not influence["base"].origin:
        return []
    horizon = max(influence["base"].origin)
    base = influence["base"].origin[horizon]
    changed = influence["changed"].origin[horizon] if "changed" in influence else None
    note = f"first-order Sobol index of the {horizon}-day change of the common price, {base.samples} samples"
    result = []
    for part, venue, _ in GROUPS:
        label = f"origin share, {part} at {NAMES[venue]}"
        result.append(_origin_row(f"{part}.{NAMES[venue]}", label, base, changed, venue, part, note))
    for venue in Venue:
        label = f"origin share of {NAMES[venue]}, news and flow"
        result.append(_origin_row(NAMES[venue], label, base, changed, venue, None, note))
    row = _origin_row("rest", "origin share, rest", base, changed, None, None, "")
    rest = "what the shares leave of 1: interactions of groups, and the error of the estimate"
    base_rest, changed_rest = _flipped(row.base, 1.0), _flipped(row.changed, 1.0)
    return [
        *result,
        replace(row, base=base_rest, changed=changed_rest, effect=_flipped(row.effect, 0.0), note=rest),
    ]


def _origin_row(
    key: str,
    label: str,
    base: OriginShare,
    changed: OriginShare | None,
    venue: Venue | None,
    part: Literal["news", "flow"] | None,
    note: str,
) -> Row:
    def told(share: Share) -> Estimate:
        return Estimate(share.value, share.low, share.high, share.n, "share")

    return Row(
        INFLUENCE,
        f"origin_share.{key}",
        label,
        "share",
        told(base.share(venue, part)),
        None if changed is None else told(changed.share(venue, part)),
        None if changed is None else told(base.effect(changed, venue, part)),
        note,
    )


def _flipped(estimate: Estimate | None, whole: float) -> Estimate | None:
    """Return `whole` less an estimate."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return estimate
    value = whole - estimate.value
    return replace(estimate, value=value, low=whole - estimate.high, high=whole - estimate.low)


def _information_rows(loaded: LoadedScenario, replications: ByArm) -> list[Row]:
    found: dict[str, list[pd.DataFrame | None]] = {
        arm: [r.information for r in replications[arm]] for arm in ARMS if arm in replications
    }
    if not any("days" in r.frames for r in replications["base"]):
        return []
    usable = [k for k in range(len(found["base"])) if all(tables[k] is not None for tables in found.values())]
    if not usable:
        reason = next(r.reason for tables in replications.values() for r in tables if r.information is None)
        return [
            Row(INFLUENCE, "information_share", "information shares: none, see the note", "", note=reason)
        ]
    missing = len(found["base"]) - len(usable)
    note = clock_note(loaded) + (
        f"; {missing} replications without one common trend left out" if missing else ""
    )

    def row(measure: str, label: str, figure: str, name: str, text: str) -> Row | None:
        values = {
            arm: [float(table[name].get(figure, np.nan)) for k in usable if (table := tables[k]) is not None]
            for arm, tables in found.items()
        }
        values = {arm: own for arm, own in values.items() if np.isfinite(own).any()}
        known = [k for k in range(len(usable)) if all(np.isfinite(own[k]) for own in values.values())]
        if "base" not in values or not known:
            return None
        kept = {arm: [own[k] for k in known] for arm, own in values.items()}
        return _row(INFLUENCE, measure, label, "share", kept, text)

    result: list[Row | None] = []
    for name in NAMES.values():
        for figure, (key, label) in _BOUNDS.items():
            label = f"information share of {name}, {label}"
            result.append(row(f"information_share.{key}.{name}", label, figure, name, note))
    for part in ("day", "night"):
        text = f"mean of orderings, in SC's {part} sessions alone; {note}"
        for name in NAMES.values():
            label = f"information share of {name}, by {part}"
            result.append(row(f"information_share.{part}.{name}", label, part, name, text))
    text = "day, night and the hours in which SC is shut, weighed by Brent's variance in them; 0 while SC is shut"
    for name in NAMES.values():
        label = f"whole-day information share of {name}"
        result.append(row(f"whole_day_share.{name}", label, "whole_day", name, text))
    return [r for r in result if r is not None]


def _setter_rows(replications: ByArm) -> list[Row]:
    if "price_setters" not in replications["base"][0].frames:
        return []

    def read(column: str, wanted: str) -> Reader:
        def value(frames: Mapping[str, pd.DataFrame]) -> float:
            table = frames["price_setters"]
            return float(table.loc[(table["venue"] == "SC") & (table[column] == wanted), "share"].sum())

        return value

    note = "of the variance of SC's five-minute price changes: what the orders of a class moved"
    named = {name: f"SC's price set by {name}" for name in SETTERS} | {
        "physical": "SC's price set by physical traders",
        "opening": "SC's price set while it is shut",
    }
    rows = [
        _measure(
            replications, SETTING, f"marginal_setter.SC.{name}", label, "share", read("setter", name), note
        )
        for name, label in named.items()
    ]
    label = "SC's price set by overseas owners"
    return [
        *rows,
        _measure(
            replications,
            SETTING,
            "marginal_setter.SC.overseas",
            label,
            "share",
            read("origin", "overseas"),
            note,
        ),
    ]


def _pass_through_rows(loaded: LoadedScenario, influence: Mapping[str, Influence]) -> list[Row]:
    found = {arm: own.impacts for arm, own in influence.items() if own.impacts is not None}
    if "base" not in found:
        return []
    told = loaded.scenario.measurement
    after = f"after {told.pass_through_horizon_minutes} minutes"
    result = []
    for kind, pushed in PUSHES:
        name = NAMES[pushed]
        lots = f"up to {programme_lots(told, pushed):,} lots in {told.programme_minutes} minutes, as the book gives"
        note = f"{lots if kind == 'flow' else f'news of {told.news_bps:g} bps first seen there'}, {after}"
        push, measure = (
            (f"{name} bought", "pass_through") if kind == "flow" else (f"news at {name}", "news_pass_through")
        )
        for moved in Venue:
            values = {
                arm: own.at(kind, pushed, moved, told.pass_through_horizon_minutes)
                for arm, own in found.items()
            }
            label = f"{push}: move of {NAMES[moved]}"
            result.append(_row(PASS_THROUGH, f"{measure}.{name}.{NAMES[moved]}", label, "bps", values, note))
    news = loaded.scenario.traders.news
    shares = {Venue.SC: news.china_share, Venue.OMAN: news.gulf_share}
    shares[Venue.BRENT] = 1.0 - sum(shares.values())
    speeds = {
        arm: own.speed(Venue.SC, Venue.BRENT, shares, told.pass_through_horizon_minutes)
        for arm, own in found.items()
    }
    text = f"of the response to permanent news, what is there after one minute as a part of what is there {after}"
    label = "speed of SC over Brent"
    changed = speeds.get("changed")
    row = Row(PASS_THROUGH, "speed.SC.Brent", label, "ratio", speeds["base"], changed, note=text)
    return [*result, row]


def _marker_rows(loaded: LoadedScenario, influence: Mapping[str, Influence]) -> list[Row]:
    found = {arm: own.markers for arm, own in influence.items() if own.markers is not None}
    if "base" not in found:
        return []
    when = {"day": "in the ten minutes before SC's close", "window": "from 16:20 to 16:30"}
    result = []
    for number, (at, venue, _) in enumerate(MARKER_PUSHES):
        name = NAMES[venue]
        lots = {arm: own.bought_lots[:, number].mean() for arm, own in found.items()}
        wanted = programme_lots(loaded.scenario.measurement, venue)
        note = f"{wanted:,} lots wanted {when[at]}, bought " + ", ".join(
            f"{bought:,.0f} ({arm})" for arm, bought in lots.items()
        )
        values = {arm: own.bps[:, number].tolist() for arm, own in found.items()}
        label = f"{name} bought {'by day' if at == 'day' else 'in the window'}: move of Oman's marker"
        result.append(_row(PASS_THROUGH, f"marker.{at}.{name}", label, "bps", values, note))
    return result


def _crude_rows(replications: ByArm) -> list[Row]:
    result = []
    first = replications["base"][0].frames
    if "days" in first:
        by_venue = {name: _reader("days", "settlement", "last", venue=name) for name in NAMES.values()}
        for name, read in by_venue.items():
            result.append(
                _measure(
                    replications, PRICES, f"settlement.{name}", f"{name}, last settlement", "USD/bbl", read
                )
            )
        sc = {"venue": "SC"}
        result += [
            _measure(replications, PRICES, "premium.import_parity", "SC's premium over import parity", "USD/bbl",
                     _reader("days", "premium_usd_per_bbl", "mean", **sc), "mean over trading days"),
            _measure(replications, PRICES, "premium.oman", "SC's premium over Oman", "USD/bbl",
                     _reader("days", "premium_to_oman_usd_per_bbl", "mean", **sc), "mean over trading days"),
            _measure(replications, PRICES, "volatility.SC", "SC, volatility of settlements to settlements", "% a year",
                     _volatility),
            _measure(replications, PRICES, "volume.SC", "SC, volume", "lots a day",
                     _reader("days", "volume_lots", "mean", **sc)),
        ]  # fmt: skip
    if "refusals" in first:
        result.append(
            _measure(replications, PRICES, "refused_orders", "orders refused or cut at a limit, SC and LU", "a day",
                     _refused_orders, "why: table refusals")
        )  # fmt: skip
    if "corner" in first:
        result += _squeeze_rows(replications)
    groups = sorted(first["tanks"]["group"].unique())
    for group in groups:
        label = f"tanks in use, {group.replace('_', ' ')}"
        result.append(
            _measure(
                replications,
                PRICES,
                f"tank_use.{group}",
                label,
                "share",
                _tank_use(group),
                "mean of the order-flow days, or of all",
            )
        )
    result.append(
        _measure(replications, PRICES, "importer.short", "SC sold against cargoes, most", "mn bbl",
                 lambda frames: float(frames["importer"]["open_short_lots"].max()) * BBL_PER_SC_LOT / 1e6)
    )  # fmt: skip
    return result


def _squeeze_rows(replications: ByArm) -> list[Row]:
    days = {
        "over_next": (
            "the month over the next one, most of its last days",
            "CNY/bbl",
            squeeze.most_over_next,
        ),
        "over_spot": ("the month over oil in tank, at its end", "CNY/bbl", squeeze.over_spot_at_the_end),
        "cover": ("warrants over open interest, least", "share", squeeze.least_cover),
    }
    rows = []
    for key, (label, unit, figure) in days.items():

        def of_days(frames: Mapping[str, pd.DataFrame], figure: Callable[..., float] = figure) -> float:
            return figure(frames["corner"])

        rows.append(_measure(replications, PRICES, f"squeeze.{key}", label, unit, of_days))
    for column, label, unit in (
        ("received_lots", "oil received by the attempt", "lots"),
        ("failed_lots", "not delivered to the attempt", "lots"),
        ("profit_mn_cny", "profit of the attempt", "mn CNY"),
    ):
        read = _reader("corner_outcome", column, "last")
        rows.append(_measure(replications, PRICES, f"squeeze.{column}", label, unit, read))
    return rows


def _gas_rows(loaded: LoadedScenario, replications: ByArm) -> list[Row]:
    if "gas_days" not in replications["base"][0].frames:
        return []
    first = pd.Timestamp(loaded.scenario.period.first_trading_day)

    def read(column: str, how: str, scale: float = 1.0) -> Callable[[Mapping[str, pd.DataFrame]], float]:
        def value(frames: Mapping[str, pd.DataFrame]) -> float:
            days = frames["gas_days"]
            return float(days.loc[pd.to_datetime(days["day"]) >= first, column].agg(how)) * scale

        return value

    table = [
        ("shpgx_lng.mean", "SHPGX LNG, mean", "CNY/t", read("shpgx_lng_cny_per_t", "mean")),
        ("shpgx_lng.peak", "SHPGX LNG, peak", "CNY/t", read("shpgx_lng_cny_per_t", "max")),
        ("jkm.mean", "JKM, mean", "USD/MMBtu", read("jkm_usd_per_mmbtu", "mean")),
        ("jkm.peak", "JKM, peak", "USD/MMBtu", read("jkm_usd_per_mmbtu", "max")),
        ("lng_stock.mean", "LNG in tank, mean", "mn m3 of gas", read("stock_m3", "mean", 1e-6)),
        ("lng_stock.low", "LNG in tank, lowest", "mn m3 of gas", read("stock_m3", "min", 1e-6)),
        ("lng_cover.mean", "LNG stock cover, mean", "days", read("lng_stock_days", "mean")),
        ("lng_cover.low", "LNG stock cover, lowest", "days", read("lng_stock_days", "min")),
        ("unserved_gas", "gas not served", "mn m3", read("unserved_m3", "sum", 1e-6)),
    ]
    table += [
        (f"unserved_gas.{place}", f"gas not served in {place.title()}", "mn m3",
         read(f"unserved_{place}_m3", "sum", 1e-6))
        for place in loaded.scenario.gas.network.places
    ]  # fmt: skip
    table += [
        (measure, label, "mn USD", partial(figure, first=first))
        for measure, label, figure in (
            ("import_cost", "LNG landed or not taken, paid DES", import_cost.import_cost_musd),
            ("import_cost.net_of_stock", "the same less what stocks grew by", import_cost.net_of_stock_musd),
            ("resale_gain", "LNG sold on: earned less paid", import_cost.resale_gain_musd),
        )
    ]
    note = f"from {loaded.scenario.period.first_trading_day} to {loaded.scenario.period.slow_end}"
    table += _sessions_table(loaded, first)
    table += access.measures(first) if access.asks(loaded.scenario) else []
    return [
        _measure(replications, GAS, measure, label, unit, reader, note)
        for measure, label, unit, reader in table
    ]


def _sessions_table(loaded: LoadedScenario, first: pd.Timestamp) -> list[tuple[str, str, str, Reader]]:
    """Return how to read what SHPGX's sessions came to, where the scenario is about its mechanisms."""
    from scenarios.mechanisms.winter import MEASURES, compares, since

    if not compares(loaded.scenario):
        return []

    def reader(figure: Callable[[pd.DataFrame], float]) -> Reader:
        return lambda frames: figure(since(frames["gas_mechanism"], first))

    return [
        (f"shpgx_sessions.{name}", f"SHPGX: {label}", unit, reader(figure))
        for name, (label, unit, figure) in MEASURES.items()
    ]


def _adoption_rows(replications: ByArm) -> list[Row]:
    tables = replications["base"][0].frames
    rows = []
    if "adoption" in tables:
        for commodity, reference, label in _ADOPTION:
            where = {"commodity": commodity, "reference": reference}
            measure = f"adoption.{commodity}.{reference}".replace(" ", "_")
            read = _reader("adoption", "share", "last", **where)
            note = "share of the volume whose price formula refers to it, as a price-reporting agency counts"
            rows.append(_known(replications, measure, f"adoption: {label}", "share", read, note))
    if "terms" in tables:
        for commodity, unit in (("crude", "USD/bbl"), ("LNG", "USD/MMBtu")):
            read = _reader("terms", "premium", "last", commodity=commodity, reference="all")
            note = "landed price less the cheapest netback of the day, by volume"
            label = f"terms: {commodity}, landed over the cheapest"
            rows.append(_known(replications, f"terms.{commodity}", label, unit, read, note))
    return [row for row in rows if row is not None]


def _known(replications: ByArm, measure: str, label: str, unit: str, read: Reader, note: str) -> Row | None:
    """Return a measure's row, or None where a replication does not have it."""
    try:
        row = _measure(replications, ADOPTION, measure, label, unit, read, note)
    except (IndexError, KeyError):
        return None
    return row


Reader = Callable[[Mapping[str, pd.DataFrame]], float]


def _reader(table: str, column: str, how: str, **where: str) -> Reader:
    def value(frames: Mapping[str, pd.DataFrame]) -> float:
        frame = frames[table]
        for key, wanted in where.items():
            frame = frame[frame[key] == wanted]
        values = frame[column].dropna()
        return float(values.iloc[-1]) if how == "last" else float(values.agg(how))

    return value


def _refused_orders(frames: Mapping[str, pd.DataFrame]) -> float:
    return float(frames["refusals"]["orders"].sum()) / frames["clearing"]["trading_day"].nunique()


def _volatility(frames: Mapping[str, pd.DataFrame]) -> float:
    days = frames["days"]
    closes = days.loc[days["venue"] == "SC", "close"].dropna()
    return float(np.log(closes).diff().std() * np.sqrt(243) * 100)


def _tank_use(group: str) -> Reader:
    def value(frames: Mapping[str, pd.DataFrame]) -> float:
        tanks = frames["tanks"][frames["tanks"]["group"] == group]
        if "days" in frames:
            days = pd.to_datetime(frames["days"].loc[frames["days"]["venue"] == "SC", "trading_day"])
            tanks = tanks[pd.to_datetime(tanks["day"]).between(days.min(), days.max())]
        days_of_group = tanks.groupby("day")[["stock_bbl", "capacity_bbl"]].sum()
        return float((days_of_group["stock_bbl"] / days_of_group["capacity_bbl"]).mean())

    return value


def _measure(
    replications: ByArm, section: str, measure: str, label: str, unit: str, read: Reader, note: str = ""
) -> Row:
    values = {arm: [read(r.frames) for r in found] for arm, found in replications.items()}
    return _row(section, measure, label, unit, values, note)


def _row(
    section: str, measure: str, label: str, unit: str, values: Mapping[str, Sequence[float]], note: str = ""
) -> Row:
    base = interval(values["base"], unit)
    if "changed" not in values:
        return Row(section, measure, label, unit, base, note=note)
    changed = interval(values["changed"], unit)
    return Row(
        section, measure, label, unit, base, changed, paired(values["base"], values["changed"], unit), note
    )
