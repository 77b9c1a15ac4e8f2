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
# # The loss of an LNG supplier
#
# What do six weeks without a Qatar-sized supplier do to prices, stocks and terms in the Yangtze delta, and how well
# can one know? The same winter is lived twice, with the outage and without it; since both share every random number,
# their difference is known far better than that of two unlike winters. JKM and SHPGX rise and tanks are drawn down;
# crude does not move, because nothing in this model leads from gas to crude: an assumption, not a finding. The last
# cell says the figures, computed from the cells above it.
#
# Gas alone takes a second a winter, so there are six pairs here, and two with a few days of crude. With the crude
# market of a month, origin shares and pass-through, and intervals fit to print:
#
#     yangshan run lng-outage --full

# %%
import os
import tempfile
from pathlib import Path

import pandas as pd
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.compare import compare
from scenarios.plots.style import ARM_COLOURS, figure_in_style, legend_below
from scenarios.report import estimate_text
from scenarios.results import Run, read_run
from scenarios.run import run
from scenarios.spec import load_scenario

FOLDER = Path(tempfile.mkdtemp())


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


def winter(name: str, scenario: str, *, seed: int = 1, pairs: int = 6, trading_days: int = 0) -> Run:
    """Run a scenario up to mid-February, with `trading_days` days of crude's order flow."""
    sets = ["period.slow_end=2025-02-14", f"period.trading_days={trading_days}"]
    sets += ["measurement.origin_samples=0", "measurement.pass_through_samples=0"]
    loaded = load_scenario(scenario, sets)
    path, _ = run(loaded, seed=seed, replications=pairs, jobs=os.cpu_count() or 1, out=FOLDER / name)
    return read_run(path)


outage = winter("outage", "lng-outage")
print(load_scenario("lng-outage").scenario.description)

# %% [markdown]
# ## Two arms
#
# A winter is a draw of weather, ships and demand. Each band is the 95 % interval of the mean over winters: it tells how
# well an arm is known, and the arms overlap where both are known badly. It tells nothing of what we do not know about
# the model.

# %%
draw(plots.gas_prices(outage.table("gas_days")))

# %% [markdown]
# ## One past, two futures
#
# Up to the outage the arms of a pair are one world, which the run asserts. What the changed winter has more than the
# base from then on is the impulse response. JKM answers at once: importers bid in its window for what they know they
# will lack. SHPGX follows within days. Tanks answer weeks later, because cargoes that are at sea still arrive, and
# meanwhile dear gas is bought less. The response outlives the outage until stocks are rebuilt.

# %%
responses = outage.table("impulse_response")
moved = responses.groupby("series")["mean"].transform(lambda values: values.abs().max() > 0)
draw(plots.impulse_bands(responses[moved]))

# %% [markdown]
# ## What sharing the random numbers is worth
#
# Compare the winters with the outage once with the same winters without it, and once with as many other winters without
# it, drawn from another seed. Both comparisons estimate the same effect. **Variance cut** is the part of the unpaired
# variance that pairing saves: with a cut of 90 %, ten times as many unpaired winters would tell as much.

# %%
calm = winter("calm", "base")
other = winter("other", "base", seed=2)
same, apart = compare(calm, outage), compare(other, outage)

SHOWN = {
    "shpgx_lng.mean": "SHPGX LNG, mean",
    "jkm.mean": "JKM, mean",
    "terms.LNG": "landed over cheapest",
    "lng_stock.mean": "LNG in tank, mean",
    "lng_cover.low": "lowest stock cover",
}
by_pairs = {found.row.measure: found for found in same.measures}
by_seeds = {found.row.measure: found for found in apart.measures}
pd.DataFrame(
    [
        {
            "measure": f"{by_pairs[name].row.label}, {by_pairs[name].row.unit}",
            "without": estimate_text(by_pairs[name].row.base),
            "with": estimate_text(by_pairs[name].row.changed),
            "effect, same winters": estimate_text(by_pairs[name].row.effect),
            "effect, other winters": estimate_text(by_seeds[name].row.effect),
            "variance cut": "" if (cut := by_pairs[name].variance_cut) is None else f"{cut:.0%}",
        }
        for name in SHOWN
    ]
).set_index("measure")

# %%
with figure_in_style("How well the effect of the outage is known", 8.4, 3.6) as figure:
    axes = figure.subplots()
    arms = (
        (by_pairs, "same winters with and without", ARM_COLOURS["changed"]),
        (by_seeds, "other winters without", "#777777"),
    )
    for k, (found, label, colour) in enumerate(arms):
        for place, name in enumerate(SHOWN):
            effect, whole = found[name].row.effect, by_pairs[name].row.effect.value / 100
            at, ends = place + 0.3 * k - 0.15, [effect.low / whole, effect.high / whole]
            axes.plot(
                ends, [at, at], color=colour, linewidth=2.5, label="" if place else f"{label}, 95 % interval"
            )
            axes.plot(effect.value / whole, at, "o", color=colour, markersize=6)
    axes.axvline(0, color="#888888", linewidth=0.8)
    axes.axvline(100, color="#888888", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(SHOWN)), list(SHOWN.values()))
    axes.set_ylim(len(SHOWN) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("effect, % of its mean over pairs (0: none)")
    legend_below(figure, axes, 2)
draw(figure)

# %% [markdown]
# ## Terms and adoption
#
# Terms are what importers pay over the cheapest netback of the day, by volume. In an outage spot cargoes go to who bids
# most while contracts keep their formula, so the premium tells of both. The share priced on JKM, on oil or on SHPGX is
# a count of cargoes, which an outage changes by whose cargoes are lost.

# %%
pd.DataFrame(
    [
        {
            "measure": found.row.label,
            "without": estimate_text(found.row.base),
            "with": estimate_text(found.row.changed),
            "effect": estimate_text(found.row.effect),
            "unit": found.row.unit,
        }
        for found in same.measures
        if found.row.section == "Adoption and terms" and "LNG" in found.row.measure
    ]
).set_index("measure")

# %% [markdown]
# ## Why crude does not move
#
# Gas reads oil: contract prices follow an average of past Brent. Crude reads nothing of gas: no trader of crude burns
# gas, and no refinery switches fuel. So the two arms of a pair must have the same quotes to the last tick, and they do;
# whoever believes in switching must add it, and will find it in this test first.

# %%
crude = winter("crude", "lng-outage", pairs=2, trading_days=3)
quotes = crude.table("quotes").set_index(["arm", "replication", "venue", "at_ns"])
assert quotes.loc["base"].equals(quotes.loc["changed"])
print(f"{len(quotes.loc['base']):,} quotes of SC, Oman and Brent are alike in both arms")

# %% [markdown]
# ## The answer in figures
#
# What the first cell says is held against the run before the figures are told.


# %%
def told(name: str) -> str:
    """Return an effect with its interval and unit."""
    row = by_pairs[name].row
    return f"{estimate_text(row.effect)} {row.unit}"


peaks = responses.loc[responses.groupby("series")["mean"].idxmax()].set_index("series")
lowest = responses[responses["series"] == "LNG in tank"].set_index("horizon")["mean"]
assert all(by_pairs[name].row.effect.low > 0 for name in ("shpgx_lng.mean", "jkm.mean", "terms.LNG"))
assert by_pairs["lng_stock.mean"].row.effect.high < 0
cuts = [found.variance_cut for name in SHOWN if (found := by_pairs[name]).variance_cut is not None]
display(
    Markdown(
        f"Over {outage.manifest['replications']} pairs of winters, 95 % intervals in brackets: SHPGX's LNG index "
        f"changes by {told('shpgx_lng.mean')} on average and JKM by {told('jkm.mean')}. JKM's response is largest "
        f"{peaks.loc['JKM', 'horizon']} days after the outage begins, "
        f"SHPGX's after {peaks.loc['SHPGX LNG', 'horizon']}; stocks are furthest below the calm winter's after "
        f"{lowest.idxmin()} days. LNG in tank changes by "
        f"{told('lng_stock.mean')}, gas not served by {told('unserved_gas')}, and the landed price over the cheapest "
        f"netback by {told('terms.LNG')}. Pairing saves {min(cuts):.0%} to {max(cuts):.0%} of the variance of these "
        "effects."
    )
)
