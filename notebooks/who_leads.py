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
# # Who leads, and whom to believe
#
# Which venue sets the price, and do the estimators of the literature say so? In a simulator the truth is known: where
# the variance of the price enters. An information share is near it where venues differ in speed and hardly in noise; it
# rewards a quiet price, takes common hours for the whole day, and two markets read at different hours show a leader
# where there is none. So hold each estimator against known truth before believing it. The last cell says the figures,
# computed from the cells above it.
#
# One small world and ten draws of each design are run here; figures of the whole audit come with the package. It was
# made by
#
#     yangshan audit --full

# %%
import numpy as np
import pandas as pd
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.audit import draws, score, worlds
from scenarios.audit.advice import advise
from scenarios.audit.designs import all_designs
from scenarios.audit.estimators import readings
from scenarios.audit.measured import shipped
from scenarios.ensemble import run_jobs
from scenarios.influence.information import information_shares
from scenarios.plots.style import VENUE_COLOURS, figure_in_style
from scenarios.results import Estimate, Row
from scenarios.spec import load_scenario
from scenarios.streams import Streams
from scenarios.world import build

SAMPLES, DAYS, DRAWS = 8, 12, 60


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


# %% [markdown]
# ## The truth of a small world
#
# The world is the scenario `base` without jumps in the news: a share of a variance that rests on two or three jumps
# would take hundreds of samples. The truth is the **origin share**: news and order flow of one venue are drawn anew
# while all else stays, and the variance of a day's change of the common price that moves with them is that venue's.
# It, too, is known by its interval only.

# %%
calm = load_scenario("base", worlds.CALM)
truth = pd.DataFrame(worlds.truth(calm, seed=1, number=0, samples=SAMPLES)).T
truth["low"], truth["high"] = (truth["value"] + sign * 1.96 * truth["standard_error"] for sign in (-1, 1))
(100 * truth[["value", "low", "high"]]).round(0).astype(int).rename_axis("origin share, %")

# %% [markdown]
# ## What the estimators say of it
#
# Twelve days of the same world's quotes, every ten seconds; intervals from drawing trading days. Every row but the last
# claims to be the share that the line shows. CWIS joins day, night and the hours in which SC is shut; DY is a share of
# what is transmitted, in prediction. An estimate far from the truth with a narrow interval is no accident of the
# sample: it answers another question.

# %%
world = build(calm, Streams(1), changed=False, with_gas=False, flow_days=DAYS)
world.run()
sample = worlds.on_clock(world)
rng = np.random.default_rng(1)
told = readings(sample, bootstrap=DRAWS, rng=rng, max_lags=20, every=30)
SHOWN = {
    "IS": "IS",
    "MIS": "modified IS",
    "CS": "component share",
    "PDS": "PDS",
    "CWIS": "CWIS, whole day",
    "DY TO share": "DY, share of TO",
}
with figure_in_style("Truth and estimates of one world", 10.0, 3.6) as figure:
    for axes, venue in zip(figure.subplots(1, 3, sharey=True), truth.index, strict=True):
        middle, low, high = 100 * truth.loc[venue, ["value", "low", "high"]]
        axes.axvspan(max(low, -15), min(high, 115), color="#BBBBBB", alpha=0.4)
        axes.axvline(middle, color="#4D4D4D", linewidth=1.5)
        for place, name in enumerate(SHOWN):
            if (name, venue) in told.table.index:
                one = 100 * told.table.loc[(name, venue)]
                axes.plot([one["low"], one["high"]], [place, place], color=VENUE_COLOURS[venue], linewidth=2)
                axes.plot(one["estimate"], place, "o", color=VENUE_COLOURS[venue])
        axes.set_title(venue)
        axes.set_xlim(-15, 115)
        axes.set_yticks(range(len(SHOWN)), list(SHOWN.values()))
        axes.set_ylim(len(SHOWN) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
    text = "share, % (line and grey: the truth and its 95 % interval; bars: 95 % intervals of the estimates)"
    figure.supxlabel(text, fontsize=9)
draw(figure)

# %% [markdown]
# ## By day, by night, over the whole day
#
# The same estimator on SC's day session, on its night session, and over the whole day, in which SC is shut for most of
# London's and New York's hours. By day London and New York sleep, and what moves is what Shanghai learns: a share of
# those hours is not a share of the price. Which of the three is quoted decides who is said to lead.

# %%
rows = []
for kind in ("day", "night"):
    inside = (sample.kinds == kind).to_numpy()
    found = information_shares(
        sample.log_prices[inside],
        segments=sample.segments[inside],
        days=sample.days[inside],
        lags=told.lags,
        bootstrap=DRAWS,
        rng=rng,
    )
    if not found.gate.passed:
        print(f"{kind}: no share, {found.gate.reason}")
        continue
    rows += [(f"information_share.{kind}.{venue}", one) for venue, one in found.share().iterrows()]
if "CWIS" in told.table.index:
    rows += [(f"whole_day_share.{venue}", one) for venue, one in told.table.loc["CWIS"].iterrows()]
by_hours = {name: Estimate(one["estimate"], one["low"], one["high"], DAYS, "share") for name, one in rows}
draw(plots.day_and_night([Row("", name, name, "share", base=of) for name, of in by_hours.items()]))

# %% [markdown]
# ## The estimators against known truth
#
# Prices that are drawn from a formula, so that origin, speed and leader are known to the last digit. Left: how far each
# estimator misses, in points, and in brackets how often its 95 % interval holds the truth. Right: how often it names
# the right leader, or rightly none, and how often a wrong one. Look for
#
# - **noise**: one news, no delay, SC half as noisy, and IS gives SC most of it although nothing of it enters there;
# - **correlation**: with noise or common shocks, ILS misses the speed that PILS finds;
# - **the clock**: no leader, read eleven hours apart, and NET, PILS and transfer entropy find one;
# - **hours**: SC is open two fifths of the day, and IS of the common hours takes them for the whole.

# %%
NAMES = ("quiet", "loud", "late", "quarter", "noisy", "adjust", "one-clock", "clocks-11h", "overlap")
chosen = [design for design in all_designs() if design.name in NAMES]
size = draws.Size(draws=10, bootstrap=40, own_rows=20_000)
drawn, own = draws.collect(chosen, run_jobs(draws.plan(chosen, seed=1, size=size), 1))
scores = pd.concat(
    [score.score_design(d.name, drawn[d.name], draws.truths(d), own[d.name]) for d in chosen],
    ignore_index=True,
)
draw(plots.design_scores(scores, {design.name: design.title for design in chosen}))

# %% [markdown]
# ## Over many worlds
#
# Formulas are cleaner than markets. So the audit also ran a grid of simulated worlds, that differ in news, reading,
# noise and arbitrage, and asked of each estimator whether it puts the worlds in the right **order** by SC's origin
# share: rank correlation 1 is the right order, 0 none. It is the question of whoever compares two years, or a market
# with and without a lever. Where an interval holds 0, nothing is shown.

# %%
grid = shipped()["worlds"]
ranked = {
    name: of for name, of in grid["venues"]["SC"].items() if of["rank"] is not None and name != "IS bounds"
}
order = sorted(ranked, key=lambda name: ranked[name]["rank"])
with figure_in_style(
    f"Do they order {grid['count']} simulated worlds by SC's origin share?", 7.2, 4.4
) as figure:
    axes = figure.subplots()
    for place, name in enumerate(order):
        of = ranked[name]
        axes.plot([of["rank_low"], of["rank_high"]], [place, place], color=VENUE_COLOURS["SC"], linewidth=2)
        axes.plot(of["rank"], place, "o", color=VENUE_COLOURS["SC"])
        missing = f"{of['refused']} without" if of["refused"] else ""
        axes.annotate(missing, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axes.axvline(0, color="#888888", linewidth=0.8)
    axes.set_yticks(range(len(order)), order)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(-0.25, 1)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(
        "rank correlation with the truth (bars: 95 % intervals over worlds; right: worlds without a share)"
    )
draw(figure)

# %% [markdown]
# ## Advice
#
# Which estimator to trust on data like these: from the audit's designs that look most like them in correlation, noise
# and width of the bounds, and from its worlds. `yangshan influence` says the same below its tables.

# %%
lines = advise(told.correlation, 3, told.noise_ratio, width=told.width, whole_day=False)
lines += advise(told.correlation, one_clock=False)
print("\n".join(lines))

# %% [markdown]
# ## The answer in figures
#
# What the first cell says is held against the results before the figures are told.

# %%
of_design = scores.set_index(["design", "estimator"])


def points(design: str, estimator: str) -> str:
    """Return a bias in points with its 95 % interval."""
    row = of_design.loc[(design, estimator)]
    return f"{100 * row['bias']:+.0f} ± {196 * row['bias_se']:.0f}"


def percent(value: float, low: float, high: float) -> str:
    """Return an estimate in per cent with its interval."""
    return f"{100 * value:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def share(name: str) -> str:
    """Return SC's share by an estimator, or that there is none."""
    return percent(*told.table.loc[(name, "SC")]) if (name, "SC") in told.table.index else "nothing"


hours = {"by day": "information_share.day.SC", "by night": "information_share.night.SC"}
parts = "; ".join(
    f"{label} {percent(one.value, one.low, one.high)}"
    for label, name in hours.items()
    if (one := by_hours.get(name))
)
wrong = {name: of_design.loc[(name, "DY NET"), "wrong"] for name in ("clocks-11h", "one-clock")}
best = order[-1]
bias = of_design["bias"].xs("IS", level="estimator")
assert bias["late"] < 0.1 and abs(bias["quarter"]) < 0.1, (
    "near the truth where speed differs and noise hardly does"
)
assert bias["quiet"] > 0.5 and bias["overlap"] > 0.1, (
    "quiet prices are rewarded, common hours taken for the day"
)
assert wrong["clocks-11h"] > 0.5 > wrong["one-clock"], "hours apart show a leader where there is none"
display(
    Markdown(
        f"In the small world {percent(*truth.loc['SC', ['value', 'low', 'high']])} of the price's variance enters at "
        f"SC; IS says {share('IS')} ({parts}), CWIS {share('CWIS')}. In the designs, over {size.draws} draws, biases "
        f"in points: IS {points('quiet', 'IS')} where SC is merely quieter; ILS {points('quiet', 'ILS')} there, PILS "
        f"{points('quiet', 'PILS')}; IS of common hours {points('overlap', 'IS')} where hours overlap in part, CWIS "
        f"{points('overlap', 'CWIS')}. Two venues without a leader show one by NET in {wrong['clocks-11h']:.0%} of "
        f"draws when read eleven hours apart, in {wrong['one-clock']:.0%} on one clock. Over {grid['count']} worlds "
        f"{best} orders best, with a rank correlation of {ranked[best]['rank']:.2f} "
        f"[{ranked[best]['rank_low']:.2f}, {ranked[best]['rank_high']:.2f}]; IS has {ranked['IS']['rank']:.2f} "
        f"[{ranked['IS']['rank_low']:.2f}, {ranked['IS']['rank_high']:.2f}]."
    )
)
