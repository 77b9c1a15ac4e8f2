# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # More tanks at the delivery bases
#
# Tanks are full and SC is bought, as in April 2020: does more room in the Yangtze delta bring SC's premium over import
# parity down, and who brings it down? Where the premium pays for a cargo, room lets the importer sell SC against one,
# and his selling is what holds SC to parity; without room nothing does, and the premium goes on opening. The last cell
# says the figures, computed from the cells above it.
#
# The run is small: ten trading days, three replications, the room from the first day; and so that it fits in ten days,
# buyers are twice as many as in the scenario of the library and traders take a lasting gap for normal within half a day
# instead of two. A month as it stands there, with origin shares and intervals fit to print:
#
#     yangshan run delivery-base-expansion --full

# %%
import os
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.estimate import estimate_run
from scenarios.plots.style import ARM_COLOURS, figure_in_style
from scenarios.report import estimate_text
from scenarios.results import interval, paired, read_run
from scenarios.run import run
from scenarios.spec import load_scenario

SMALL = """
extends = "delivery-base-expansion"
title = "Ten trading days of short tanks, and room from the first of them"

[period]
trading_days = 10
slow_end = 2024-11-30

[crude.local_buyer]
lots_per_day = 32000
source = "assumption: a quarter of SC's volume, so that the premium opens within days"

[traders]
premium_half_life_days = 0.5

[measurement]
replications = 3
origin_samples = 0
pass_through_samples = 0

[[levers]]
kind = "delivery_base_expansion"
start_day = 0
group = "yangtze_delta"
added_bbl = 20_000_000
approval_lag_days = 0
source = "as in the scenario that this one extends"
"""
folder = Path(tempfile.mkdtemp())
(folder / "small.toml").write_text(SMALL, encoding="utf-8")
path, _ = run(load_scenario(folder / "small.toml"), jobs=os.cpu_count() or 1, out=folder / "run")
result = read_run(path)
rows = {row.measure: row for row in result.rows}


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


# %% [markdown]
# ## The premium
#
# Import parity is Oman plus freight, insurance, inspection, storage and money. Both arms have full tanks and the same
# buyers; the changed arm has room. They share every random number, so the effect of the room, day by day in the second
# figure, is known better than either arm.

# %%
days = result.table("days")
draw(plots.premium_path(days))

# %%
sc = days[days["venue"] == "SC"].pivot(
    index=["trading_day", "arm"], columns="replication", values="premium_usd_per_bbl"
)
effects = {
    day: paired(
        own.xs("base", level="arm").iloc[0].tolist(),
        own.xs("changed", level="arm").iloc[0].tolist(),
        "USD/bbl",
    )
    for day, own in sc.groupby("trading_day")
}
with figure_in_style("What the room does to the premium (changed less base)", 7.2, 3.0) as figure:
    axes = figure.subplots()
    axes.axhline(0, color="#888888", linewidth=0.8)
    for k, effect in enumerate(effects.values(), start=1):
        axes.plot([k, k], [effect.low, effect.high], color=ARM_COLOURS["changed"], linewidth=2)
        axes.plot(k, effect.value, "o", color=ARM_COLOURS["changed"])
    axes.set_xlabel("trading day (bars: 95 % intervals over pairs)")
    axes.set_ylabel("USD/bbl")
    axes.set_xticks(range(1, len(effects) + 1))
draw(figure)

# %% [markdown]
# ## Tank use, base by base
#
# The room is added to one group of bases. A cargo takes three weeks, so within ten days it is **promised** room that
# lets the importer sell (the shaded part), not oil in tank. More promised than there is tankage is no error: full bases
# count on what will be lifted before the ship is there.

# %%
draw(plots.tanks(result.table("tanks")))

# %%
tanks = result.table("tanks")
tanks = tanks[pd.to_datetime(tanks["day"]).isin(pd.to_datetime(days["trading_day"]))]
tanks = tanks.groupby(["group", "arm", "replication", "day"])[
    ["stock_bbl", "committed_bbl", "capacity_bbl"]
].sum()
use = 100 * (tanks["stock_bbl"] + tanks["committed_bbl"]) / tanks["capacity_bbl"]
means = use.groupby(["group", "arm", "replication"]).mean().groupby(["group", "arm"])
pd.DataFrame(
    {key: estimate_text(interval(values.tolist(), "%")) for key, values in means}, index=["% of tankage"]
).T.unstack().rename_axis(["group of bases"])

# %% [markdown]
# ## Where the difference comes from, and how far it passes
#
# One past, two futures: what the room does to each price since the arms parted. If the importer's selling only
# brought SC back to the world's price, SC alone would move. He also buys the cargo, so he buys Oman, in a book a tenth
# as busy as SC's, and Brent reads Oman: what Oman and Brent do is the pass-through of Shanghai's tanks to the world.
# The premium falls by what SC does less than Oman. (Both are what *this* importer does: that he hedges every barrel in
# Oman's book at once is an assumption.)

# %%
responses = result.table("impulse_response")
whole = responses[(responses["setter"] == "") & (responses["unit"] == "bps")]
draw(plots.impulse_bands(whole))

# %% [markdown]
# ## Terms and adoption
#
# Terms: what crude for the bases costs landed over the cheapest netback of the day. Barrels sold on SC cost SC, so a
# premium on SC is a premium in the terms of those who buy there, and more room means more such barrels. Adoption counts
# whose price a cargo's formula names: a cargo that is sold on SC and delivered there counts as SC's. So room can raise
# adoption and make terms worse at once, and neither says who discovers the price.

# %%
pd.DataFrame(
    [
        {
            "measure": row.label,
            "full tanks": estimate_text(row.base),
            "with room": estimate_text(row.changed),
            "effect": estimate_text(row.effect),
            "unit": row.unit,
        }
        for row in result.rows
        if row.section == "Adoption and terms" and "crude" in row.measure
    ]
).set_index("measure")

# %% [markdown]
# ## Why there may be no information share
#
# An information share divides the variance of **one** common trend, so a run gives none for a replication in which
# Johansen's test does not find it. While the premium wanders, SC and Oman are tied to one another loosely or not at
# all; a share that is computed anyway is a number about a model that does not hold. That is a result in itself: full
# tanks cut Shanghai's price loose. How loose, says the test: the less the trace statistic of the second relation (rank
# at most 1) is above its critical value, the weaker the tie. From the run's quotes of a minute, replications pooled:

# %%
told = [row.note for row in result.rows if row.measure in ("information_share", "information_share.mean.SC")]
print(f"Shares of the run: {told[0]}")
gates = {arm.name: arm.shares.gate for arm in estimate_run(result, bootstrap=0)}
traces = {name: gate.trace["trace"].round(1) for name, gate in gates.items()}
pd.DataFrame(traces | {"critical value, 5 %": gates["base"].trace["critical_5"].round(1)})

# %% [markdown]
# ## The answer in figures
#
# What the first cell says is held against the run before the figures are told.

# %%
final = list(effects.values())[-1]
ends = whole[whole["horizon"] == whole["horizon"].max()].set_index("series")
without = sc.xs("base", level="arm").mean(axis=1)
mean_effect = rows["premium.import_parity"].effect
assert without.iloc[-1] > without.iloc[0] and mean_effect.value < 0, (
    "the premium opens, and room holds it down"
)
moves = "; ".join(f"{name} {r['mean']:.0f} [{r['low']:.0f}, {r['high']:.0f}]" for name, r in ends.iterrows())
verdicts = "; ".join(f"{name} {gate.trace['trace'][1]:.0f}" for name, gate in gates.items())


def effect(name: str) -> str:
    """Return an effect with its interval and unit."""
    return f"{estimate_text(rows[name].effect)} {rows[name].unit}".removesuffix(" share")


display(
    Markdown(
        f"Over {result.manifest['replications']} pairs, 95 % intervals in brackets: with room in the delta SC's "
        f"premium over import parity is different by {estimate_text(final)} USD/bbl on the last day, and by "
        f"{effect('premium.import_parity')} on average. Since the arms parted the room has moved, in bps: {moves}. The "
        f"importer's sales against cargoes change by {effect('importer.short')} at most, the share of crude imports "
        f"priced on SC by {effect('adoption.crude.SC')}, landed crude over the cheapest netback by "
        f"{effect('terms.crude')}. The trace statistic of the second relation, whose critical value is "
        f"{gates['base'].trace['critical_5'][1]:.0f}: {verdicts}."
    )
)
