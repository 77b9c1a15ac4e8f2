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
# # Influence on real prices, and on your own
#
# Which leads, Brent or WTI, and can monthly prices tell? They share one common trend over some spans and not over
# others; where they do, nearly all of their news arrives within the same month, so the bounds of the information share
# lie far apart and the choice of lags and of beta moves what is left. Monthly data can say **whether** two markets
# belong together, hardly **who** goes first: for that, bring prices of minutes, as the second half does. The last cell
# says the figures, computed from the cells above it.
#
# The same from a terminal, on a file of your own:
#
#     yangshan influence prices.csv --columns SC,Brent --tz Asia/Shanghai

# %%
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from arch.data import crude
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.estimate import Estimates, estimates_of
from scenarios.estimate_text import advice, facts, tables
from scenarios.influence.information import InformationShares, information_shares
from scenarios.plots.style import figure_in_style, legend_below

COLOURS = {"Brent": "#0072B2", "WTI": "#E69F00"}
folder = Path(tempfile.mkdtemp())
pd.set_option("display.max_colwidth", None)


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


# %% [markdown]
# ## The prices
#
# Monthly means of Brent and WTI, USD/bbl, from the package `arch`; no network is used. From 2011 pipelines out of
# Cushing were full and WTI fell below Brent for years: a premium that wanders is what breaks a common trend.

# %%
monthly = crude.load()
monthly.rename_axis("date").to_csv(folder / "monthly.csv")
with figure_in_style("Brent and WTI, monthly", 7.2, 3.8) as figure:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    for name, colour in COLOURS.items():
        upper.plot(monthly.index, monthly[name], color=colour, label=name, linewidth=1.2)
    upper.set_ylabel("USD/bbl")
    upper.legend()
    lower.plot(monthly.index, monthly["Brent"] - monthly["WTI"], color="#4D4D4D", linewidth=1.2)
    lower.axhline(0, color="#888888", linewidth=0.8)
    lower.set_ylabel("Brent - WTI")
draw(figure)

# %% [markdown]
# ## The gate
#
# A share divides the variance of one common trend. So first Johansen's test, on the whole sample and on three spans;
# where it finds none, no share is given, whatever a formula would return.

# %%
SPANS = {
    "1987 to 2020": (None, None),
    "1987 to 2010": (None, "2010-12-31"),
    "2011 to 2014": ("2011-01-01", "2014-12-31"),
    "2015 to 2020": ("2015-01-01", None),
}
spans = {
    name: estimates_of([folder / "monthly.csv"], first=first, last=last)[0]
    for name, (first, last) in SPANS.items()
}


def tested(of: Estimates) -> dict[str, object]:
    """Return the verdict on one span, with the statistics that it rests on."""
    (none, none_5, _), (one, _, one_1) = of.shares.gate.trace.to_numpy()
    return {
        "months": len(of.sample.log_prices),
        "K": of.shares.lags,
        "no relation: trace (critical, 5 %)": f"{none:.1f} ({none_5:.1f})",
        "no trend: trace (critical, 1 %)": f"{one:.1f} ({one_1:.1f})",
        "verdict": of.shares.gate.reason or "one common trend",
    }


pd.DataFrame({name: tested(of) for name, of in spans.items()}).T

# %% [markdown]
# ## The shares, and what they rest on
#
# All estimators over the whole sample, each with its interval. Read the two bounds of IS first: they are what the order
# of blame for simultaneous news leaves open, not an error of sampling. Then the lines of advice below the table.

# %%
whole = spans["1987 to 2020"]
print("\n".join(facts(whole)))
tables(whole)["Information shares"]

# %%
print("\n".join(advice(whole)))

# %% [markdown]
# ## How far K and beta move it
#
# The mean of orderings by K, the order in levels, with beta estimated and with beta fixed at 1, -1 (which is right
# where the premium does not wander). Neither choice is wrong; a claim about who leads must hold in all of them.

# %%
sample, orders = whole.sample, (1, 2, 3, 4, 6)
found = {
    (lags, beta): information_shares(
        sample.log_prices, lags=lags, beta=beta, segments=sample.segments, days=sample.days, bootstrap=100
    )
    for lags in orders
    for beta in ("estimate", "unit")
}
with figure_in_style("Brent's information share by K and beta, monthly", 7.6, 4.0) as figure:
    axes = figure.subplots()
    for (lags, beta), of in found.items():
        place = orders.index(lags) + (-0.12 if beta == "estimate" else 0.12)
        if not of.gate.passed:
            axes.annotate("no common trend", (place, 50), ha="center", va="center", rotation=90, fontsize=9)
            continue
        colour = {"estimate": COLOURS["Brent"], "unit": "#4D4D4D"}[beta]
        bounds = [100 * of.share(name).loc["Brent", "estimate"] for name in ("IS_low", "IS_high")]
        mean = 100 * of.share().loc["Brent"]
        label = f"beta {'estimated' if beta == 'estimate' else 'fixed at 1, -1'}" if lags == 1 else ""
        axes.bar(place, bounds[1] - bounds[0], 0.2, bounds[0], color=colour, alpha=0.25)
        axes.plot([place, place], [mean["low"], mean["high"]], color=colour, linewidth=2)
        axes.plot(place, mean["estimate"], "o", color=colour, label=label)
    axes.bar(0, 0, 0, color="#777777", alpha=0.4, label="between the bounds")
    axes.plot([], [], color="#777777", linewidth=2, label="95 % interval of the mean")
    axes.axhline(50, color="#888888", linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 100)
    axes.set_xticks(range(len(orders)), orders)
    axes.set_xlim(-0.5, len(orders) - 0.5)
    axes.set_xlabel("K, order in levels")
    axes.set_ylabel("share of Brent, %")
    legend_below(figure, axes, 2)
draw(figure)

# %% [markdown]
# ## Spillovers
#
# Of the variance of each market's forecast errors, what the other's news explains. Two returns that correlate within
# the month share half of it whoever leads: at a correlation of .5 the total is 20 % without any dynamics at all. Only
# NET, which is TO less FROM, could tell of direction.

# %%
next(frame for title, frame in tables(whole).items() if title.startswith("Spillover"))

# %% [markdown]
# ## Bring your own prices
#
# A file has a time column and a column for each market. The next cell writes one as a data vendor might: SC in CNY,
# Brent in USD, an exchange rate, six hours of minutes on twenty days. Its prices are drawn at random, so the truth is
# known: **all news enters at Brent, SC has half of it a minute later and the rest two minutes later**, and both prices
# bounce a little.

# %%
rng = np.random.default_rng(7)
days = pd.bdate_range("2024-11-04", periods=20)
minutes = [pd.date_range(day + pd.Timedelta(hours=9), periods=360, freq="min") for day in days]
news = rng.normal(0, 4e-4, (len(days), 360))
late = (np.pad(news, ((0, 0), (1, 0)))[:, :-1] + np.pad(news, ((0, 0), (2, 0)))[:, :-2]) / 2
level = np.concatenate([[0], news.sum(axis=1).cumsum()[:-1]])[:, None]
bounce = rng.normal(0, 2e-4, (2, len(days), 360))
own = pd.DataFrame(
    {
        "time": np.concatenate([m.to_numpy() for m in minutes]),
        "SC": (525 * np.exp(level + late.cumsum(axis=1) + bounce[0])).ravel().round(2),
        "Brent": (73 * np.exp(level + news.cumsum(axis=1) + bounce[1])).ravel().round(3),
        "usdcny": 7.2,
    }
)
own.to_csv(folder / "prices.csv", index=False)
own.head(3)


# %%
def yangshan(*arguments: str) -> None:
    """Run the command as a terminal would, in the folder of the file, and print what it says."""
    command = [sys.executable, "-m", "scenarios", *arguments]
    environment = {k: v for k, v in os.environ.items() if "COLOR" not in k} | {"COLUMNS": "110"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    print(f"$ yangshan {' '.join(arguments)}\n{done.stdout}{done.stderr}(exit code {done.returncode})")


yangshan("influence", "prices.csv", "--columns", "SC,Brent", "--fx", "SC=usdcny", "--tz", "Asia/Shanghai")

# %% [markdown]
# The same from Python, and on ever slower clocks. Who leads is all there in prices of a minute; the slower the clock,
# the more of the news arrives within one step, until both orders of blame explain the same prices. That is what a
# month does.

# %%
STEPS = {"1 min": "1min", "2 min": "2min", "5 min": "5min", "15 min": "15min", "30 min": "30min"}
by_clock = {
    label: estimates_of(
        [folder / "prices.csv"],
        columns=("SC", "Brent"),
        fx=["SC=usdcny"],
        tz="Asia/Shanghai",
        step=step,
        max_age=step,
        beta="unit",
        bootstrap=100,
    )[0].shares
    for label, step in STEPS.items()
}
with figure_in_style("The same prices on slower clocks (truth: Brent 100 %)", 7.2, 3.8) as figure:
    axes = figure.subplots()
    for place, of in enumerate(by_clock.values()):
        if not of.gate.passed:
            axes.annotate("no common trend", (place, 50), ha="center", va="center", rotation=90, fontsize=9)
            continue
        low, high = (100 * of.share(name).loc["Brent"] for name in ("IS_low", "IS_high"))
        axes.bar(
            place, high["estimate"] - low["estimate"], 0.5, low["estimate"], color=COLOURS["Brent"], alpha=0.3
        )
        axes.plot([place, place], [low["low"], high["high"]], color="black", linewidth=1)
        axes.plot(place, 100 * of.share().loc["Brent", "estimate"], "o", color=COLOURS["Brent"])
    axes.bar(0, 0, 0, color=COLOURS["Brent"], alpha=0.3, label="between the bounds of IS")
    axes.plot([], [], "o", color=COLOURS["Brent"], label="mean of orderings")
    axes.plot([], [], color="black", linewidth=1, label="95 % interval of the bounds")
    axes.set_ylim(0, 105)
    axes.set_xticks(range(len(STEPS)), list(STEPS))
    axes.set_xlabel("clock")
    axes.set_ylabel("information share of Brent, %")
    legend_below(figure, axes, 3)
draw(figure)

# %% [markdown]
# ## When it cannot
#
# It refuses rather than guesses, and names the file, the line and what would do: a clock finer than the prices, and a
# cell that is no price (here line 5 of a copy of the file).

# %%
lines = (folder / "prices.csv").read_text().splitlines()
lines[4] = lines[4].replace(lines[4].split(",")[1], "-525.1")
(folder / "typo.csv").write_text("\n".join(lines), encoding="utf-8")
yangshan("influence", "prices.csv", "--columns", "SC,Brent", "--fx", "SC=usdcny", "--step", "1s")
yangshan("influence", "typo.csv", "--columns", "SC,Brent")

# %% [markdown]
# ## The answer in figures
#
# What the first cell says is held against the results before the figures are told.

# %%
passed = [name for name, of in spans.items() if of.shares.gate.passed]
table = whole.shares.table
low, mean, high = (100 * table.loc[(name, "Brent")] for name in ("IS_low", "IS", "IS_high"))
means = [100 * of.share().loc["Brent", "estimate"] for of in found.values() if of.gate.passed]
net = whole.spillover.directional.loc[("NET", "Brent")]
first, last = by_clock["1 min"], list(by_clock.values())[-1]
assert 0 < len(passed) < len(spans), "one common trend in some spans and not in others"
assert high["estimate"] - low["estimate"] > 50 and whole.correlation > 0.9, (
    "the news of a month is simultaneous"
)
assert net["low"] < 0 < net["high"], "monthly data do not say who goes first"


def bounds(of: InformationShares) -> str:
    """Return the bounds of Brent's IS, or why there are none."""
    if not of.gate.passed:
        return "not defined (no common trend found)"
    return " to ".join(
        f"{100 * of.share(name).loc['Brent', 'estimate']:.0f} %" for name in ("IS_low", "IS_high")
    )


display(
    Markdown(
        f"One common trend is found in {len(passed)} of {len(spans)} spans ({'; '.join(passed)}). Over the whole "
        f"sample Brent's information share is {mean['estimate']:.0f} % [{mean['low']:.0f}, {mean['high']:.0f}] by the "
        f"mean of orderings, but anything from {low['estimate']:.0f} to {high['estimate']:.0f} % by their order, since "
        f"innovations of a month correlate by {whole.correlation:.2f}; K and beta move the mean from "
        f"{min(means):.0f} to {max(means):.0f} %. NET spillover of Brent: {net['estimate']:.1f} "
        f"[{net['low']:.1f}, {net['high']:.1f}] points. In the drawn prices, whose leader is known, the bounds are "
        f"{bounds(first)} on a clock of a minute and {bounds(last)} on one of half an hour."
    )
)
