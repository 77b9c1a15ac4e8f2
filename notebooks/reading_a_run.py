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
# # Reading a run
#
# A run of Yangshan leaves a folder. What does each figure in it say, and what does it not say? In short: the
# model's own truth (origin share, pass-through) and an econometrician's estimate (information share) stand
# side by side; where they part, believe the first; and read every interval before its value.
#
# This notebook reads the folder named by the environment variable `YANGSHAN_RUN`. Without one it makes a small
# run of its own in under a minute: three trading days, few samples, so **wide intervals**. Editors that know
# `# %%` cells open this file as it is; for Jupyter, with a real run:
#
#     yangshan run lng-outage --out runs/outage
#     jupytext --to ipynb notebooks/reading_a_run.py
#     YANGSHAN_RUN=$PWD/runs/outage jupyter lab notebooks/reading_a_run.ipynb

# %%
import os
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import SVG, display
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.report import estimate_text
from scenarios.results import Row, interval, read_run
from scenarios.run import run
from scenarios.spec import load_scenario

# %% [markdown]
# The small scenario extends one of the library: an LNG supplier is lost. A scenario runs in two arms: `base`
# without its shocks and levers, `changed` with them. Both arms of a replication share every random number, so
# what the shock does not touch is exactly alike in both, here the crude market.

# %%
SMALL = """
extends = "lng-outage"
title = "Three trading days, and six weeks without an LNG supplier"

[period]
trading_days = 3

[measurement]
replications = 3
origin_samples = 3
origin_horizon_trading_days = 1
pass_through_samples = 3
pass_through_days = 1
"""


def small_run() -> Path:
    """Run the small scenario into a temporary folder and return the run's folder."""
    folder = Path(tempfile.mkdtemp())
    scenario = folder / "small.toml"
    scenario.write_text(SMALL, encoding="utf-8")
    path, _ = run(load_scenario(scenario), jobs=os.cpu_count() or 1, out=folder / "run")
    return path


result = read_run(os.environ.get("YANGSHAN_RUN") or small_run())
print(f"{result.manifest['scenario']}, seed {result.manifest['seed']}: tables {', '.join(result.tables)}")


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


# %% [markdown]
# ## The summary
#
# A row is a measure; in brackets is its 95 % interval over replications or samples. An **effect** is
# changed less base, pair by pair: since the pairs share their random numbers, it is known far better than
# either arm. Read the interval before the value. The note says how a measure was taken.


# %%
def told(row: Row) -> dict[str, str]:
    """Return a row as text."""
    texts = {arm: estimate_text(getattr(row, arm)) for arm in ("base", "changed", "effect")}
    return {"measure": row.label, **texts, "unit": row.unit, "note": row.note}


pd.set_option("display.max_rows", None, "display.max_colwidth", None)
pd.DataFrame([told(row) for row in result.rows]).set_index("measure")

# %% [markdown]
# ## Who sets the price: the truth beside an estimate of it
#
# **Origin share** is the model's own truth. The variance of the common price over some days is split by
# where its causes entered: news first seen by the informed traders of a venue, and the venue's own order
# flow. It is found by drawing one group of random streams anew while all others stay. It is not a parameter
# of the scenario: depth, hours and arbitrage stand between the news that a venue has and the price that the
# world takes from it. What the shares leave of 100 % is interaction.
#
# **Information share** (Hasbrouck) is what an econometrician would say who sees prices only. Its bounds are
# those of the order in which simultaneous shocks are blamed; they are not an interval. Where the two
# measures part, the estimator is wrong, not the market: a venue that is quick but only repeats gets a large
# information share and a small origin share.
#
# What the figure does not say: that SC would keep its share with other participants, or in a crisis. An
# arrow marks an interval that goes on beyond what a share can be: too few samples, run more.

# %%
draw(plots.influence_bars(result.rows))

# %% [markdown]
# The same truth as a ladder, and in three indices. **First** is what a group explains alone; **total** also
# counts every interaction that it has a part in; **Shapley** shares the interactions out, so that it adds up to
# 100 % without a rest. Where first and total agree, causes add up and any of the three will do.

# %%
draw(plots.origin_waterfall(result.rows))

# %%
shares = result.table("origin_shares")
shares = shares[(shares["arm"] == "base") & (shares["horizon_days"] == shares["horizon_days"].max())]
texts = (100 * shares[["share", "low", "high"]]).apply(
    lambda row: f"{row['share']:.0f} [{row['low']:.0f}, {row['high']:.0f}]", axis=1
)
shares.assign(text=texts).pivot(index=["venue", "part"], columns="index", values="text").rename_axis(
    columns="index, % of the variance"
)

# %% [markdown]
# ## By day, by night, over the whole day
#
# Information shares come from hours in which all three venues trade, so from SC's own hours. The whole-day share
# weighs SC's day, its night and the hours in which SC is shut by Brent's variance in them; shut, SC has none. So a
# venue can lead while it is open and still set little of a day's price. It joins estimates, and inherits their
# errors.

# %%
draw(plots.day_and_night(result.rows))

# %% [markdown]
# ## Whose orders set it
#
# Every move of SC's mid is booked to the owner of the order that made it. Who moves the price is not who learnt
# something first: makers set most quotes because they follow. A share below 0 pushes the price back.

# %%
draw(plots.marginal_setter_bars(result.rows))

# %% [markdown]
# ## Pass-through
#
# A programme buys at one venue, ten minutes long, and the same world runs without it. What is left of the
# difference hours later is the price that the programme set. A row that is even across venues says that the
# world took the price; a row that fades says that arbitrage or capital ended. Orders carry no news; so the second
# line of the figure over time pushes with a piece of **news** first seen at one venue instead. How soon a venue
# has what it will have in the end is its speed; how much it has is not.

# %%
draw(plots.pass_through_matrix(result.rows))

# %%
impacts = result.table("pass_through")
impacts = impacts[impacts["arm"] == "base"].groupby(["kind", "pushed", "moved", "horizon_minutes"])[
    "impact_bps"
]
found = impacts.agg(lambda values: interval(values.tolist(), "bps")).to_dict()
responses = pd.DataFrame(
    [(*key, one.value, one.low, one.high) for key, one in found.items()],
    columns=["kind", "pushed", "moved", "horizon_minutes", "mean_bps", "low", "high"],
)
draw(plots.pass_through_horizons(responses))

# %% [markdown]
# ## Prices by day and by night
#
# One replication, so one of many possible months: compare the arms, not the path with history. SC is drawn
# only while it trades; its gaps are when Oman and Brent move without it, and its first trade after a gap
# shows what it caught up with.

# %%
draw(plots.price_paths(result.table("quotes")))

# %% [markdown]
# ## The premium and the tanks
#
# Import parity is Oman plus freight, insurance, inspection and storage. SC far above it pays for a cargo,
# as long as a tank has room: so a premium that lasts is one of full tanks or tied capital. Below parity,
# nothing needs to happen until re-export pays. Cargoes take three weeks, so three days of order flow show
# the level and no adjustment.

# %%
draw(plots.premium_path(result.table("days")))

# %%
draw(plots.tanks(result.table("tanks")))

# %% [markdown]
# ## Gas
#
# LNG at SHPGX is what importers list and buyers take; JKM is assessed from a window in which Chinese
# tenders bid. Tanks carry the delta for some weeks: the price moves before any gas is missing, and demand
# that pays no more is priced out before it is cut off. The band is over replications of weather, ships and
# demand, not over what we do not know about the model. Oil prices are the same in both arms unless the
# change touches crude; pipeline gas is a given flow.

# %%
draw(plots.gas_prices(result.table("gas_days")))

# %% [markdown]
# ## One past, two futures
#
# Both arms replay the same past up to the shock and part there; what the changed run has more than the base, day by
# day, is the shock's impulse response. Its band is far narrower than those above: weather and ships are the same in
# both futures and cancel.

# %%
impulse = result.table("impulse_response")
impulse = impulse[impulse["setter"] == ""]
moved = impulse.groupby("series")["mean"].transform(lambda values: values.abs().max() > 0)
draw(plots.impulse_bands(impulse[moved]))

# %% [markdown]
# ## Adoption and terms
#
# Adoption counts volume by the price that its formula names, as a price-reporting agency would; terms are what
# importers pay over the cheapest netback of the day. Neither says who discovers the price: a benchmark can be
# adopted that discovers nothing.

# %%
pd.DataFrame([told(row) for row in result.rows if row.section == "Adoption and terms"]).set_index("measure")

# %% [markdown]
# ## What the change did
#
# All effects, each section and unit with an axis of its own. A filled point has an interval without zero.
# Among forty measures, two would be filled by chance.

# %%
draw(plots.effects_forest(result.rows))

# %% [markdown]
# ## Your own question
#
# Every table of the folder is a frame with documented columns; `arm` and `replication` say from which world
# a row comes.

# %%
{name: f"{column.text} [{column.unit}]" for name, column in result.columns("days").items()}

# %%
days = result.table("days")
days[days["venue"] == "SC"].groupby("arm")[["volume_lots", "premium_usd_per_bbl"]].mean().round(2)
