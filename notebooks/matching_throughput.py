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
# # How fast orders are matched
#
# How many messages a second does the matching engine take, and on what does that depend? On how they are handed over
# before all: a call from Python costs many times what a match costs, so batches are faster by an order of magnitude;
# on the size of the book far less. Absolute rates are those of the machine that runs this notebook; compare ratios.
# The last cell says the figures, computed from the cells above it.
#
# The full benchmark, with a million messages, fifteen rounds and the time from import to first match:
#
#     yangshan bench matching

# %%
import sys
from pathlib import Path
from statistics import median

import pandas as pd
from IPython.display import SVG, Markdown, display
from matplotlib.figure import Figure

import scenarios
from scenarios import plots
from scenarios.plots.style import figure_in_style, legend_below

sys.path.insert(0, str(Path(scenarios.__file__).parents[1] / "benchmarks"))  # the benchmarks are no package
import _bourse
import _stream
import matching

ROUNDS = 9
OURS, THEIRS = "#D55E00", "#4D4D4D"
PEER = _bourse.bourse_book() is not None
print("bourse is installed" if PEER else "bourse is not installed: no peer is timed (pip install bourse)")


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


# %% [markdown]
# ## First, is it right?
#
# A fast engine that matches wrongly is worth nothing. So before anything is timed, every message's code, every trade,
# every best quote and the final state are compared with the naive book's, which is written to be read and not to be
# fast; and the trades with those of `bourse`, an order book in Rust, where it is installed. Any difference stops here.

# %%
for line in matching.check(*_stream.mixed_stream(10_000)):
    print(line)

# %% [markdown]
# ## What is timed
#
# A mixed stream: orders that rest, cancels of orders that rest, and orders that trade at once, around a book of steady
# size. Each message is validated, matched in price-time priority, and answered with an event, its trades and the best
# quotes after it.

# %%
setup, stream = _stream.mixed_stream(200_000)
start = matching.started(setup)
print(matching.mix(start.copy(), stream))

# %% [markdown]
# ## The larger the batch, the faster
#
# All measures take turns within a round, so that whatever else the machine does meets all alike, and count this
# process's processor time. Shown is the median of nine rounds; its interval runs from the second lowest to the second
# highest round, which holds the true median in 96 of 100 cases.

# %%
SIZES = (10, 100, 1_000, 10_000, 100_000)
few = stream[:50_000]
measures = {"one order per call": matching.single(start, few)}
for size in SIZES:
    measures[f"batches of {size:,}"] = matching.batches(start, few if size < 1_000 else stream, size)
if PEER:
    measures["bourse, one call per message"] = matching.bourse_single(setup, few)
    measures["bourse, its NumPy batches of 1,000"] = matching.bourse_arrays(setup, few)


def timed(measures: dict[str, matching.Measure]) -> pd.DataFrame:
    """Return messages per second: a row for each round, a column for each measure; the first round is not kept."""
    rounds = [{name: measure() for name, measure in measures.items()} for _ in range(ROUNDS + 1)]
    return pd.DataFrame(rounds[1:])


def told(rounds: pd.Series) -> tuple[float, float, float]:
    """Return the median of the rounds and its interval, from the second lowest to the second highest."""
    ordered = sorted(rounds)
    return median(ordered), ordered[1], ordered[-2]


rates = timed(measures)
reference = "bourse, one call per message" if PEER else "one order per call"
table = pd.DataFrame(
    {
        "M messages/s": [
            f"{m / 1e6:.2f} [{a / 1e6:.2f}, {b / 1e6:.2f}]" for m, a, b in map(told, rates.T.to_numpy())
        ],
        f"times {reference}": [
            "{:.2f} [{:.2f}, {:.2f}]".format(*told(rates[name] / rates[reference])) for name in rates
        ],
    },
    index=rates.columns,
)
table

# %%
with figure_in_style("Matching rate by size of batch", 7.2, 3.9) as figure:
    axes = figure.subplots()
    places = [1, *SIZES]
    for place, name in zip(places, measures, strict=False):
        middle, low, high = (value / 1e6 for value in told(rates[name]))
        axes.plot([place, place], [low, high], color=OURS, linewidth=2)
        axes.plot(place, middle, "o", color=OURS)
    medians = [told(rates[name])[0] / 1e6 for name in list(measures)[: len(places)]]
    axes.plot(places, medians, color=OURS, linewidth=1, label="Yangshan: median, interval over rounds")
    for name, style in (("bourse, one call per message", "-"), ("bourse, its NumPy batches of 1,000", ":")):
        if name in rates:
            axes.axhline(told(rates[name])[0] / 1e6, color=THEIRS, linewidth=1.2, linestyle=style, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(places, ["1 (a call each)", *(f"{size:,}" for size in SIZES)])
    axes.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.set_xlabel("messages in a batch")
    axes.set_ylabel("million messages/s")
    legend_below(figure, axes, 1)
draw(figure)

# %% [markdown]
# bourse's line for single calls includes one call to tell it the time of each message: without it an order replaces
# another of the same price and time, and its trades are no longer those of price-time priority. Its NumPy batches
# shuffle the messages of a batch, as a round among agents might; they answer another question and are shown for scale.

# %% [markdown]
# ## The size of the book
#
# The same mix around books of a hundred to a hundred thousand resting orders (the largest over ten times as many
# prices), in batches of 10,000. Finding a price is a few reads of a bitmap however many orders rest. Two things pull
# against one another: the levels of a small book empty more often, and the memory of a large one no longer fits the
# processor's caches.

# %%
RESTING = (100, 1_000, 10_000, 100_000)
books = {}
for resting in RESTING:
    width = 40.0 if resting < 50_000 else 400.0
    first, rows = _stream.mixed_stream(50_000, resting=resting, width_ticks=width, seed=3)
    books[f"{resting:,}"] = matching.batches(matching.started(first, 2 * resting), rows, 10_000)
by_book = timed(books)
with figure_in_style("Matching rate by size of the book", 7.2, 3.4) as figure:
    axes = figure.subplots()
    for place, name in zip(RESTING, by_book, strict=True):
        middle, low, high = (value / 1e6 for value in told(by_book[name]))
        axes.plot([place, place], [low, high], color=OURS, linewidth=2)
        axes.plot(place, middle, "o", color=OURS)
    axes.plot(RESTING, [told(by_book[name])[0] / 1e6 for name in by_book], color=OURS, linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks(RESTING, list(by_book))
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("orders resting in the book (bars: interval over rounds)")
    axes.set_ylabel("million messages/s")
draw(figure)

# %% [markdown]
# ## The answer in figures


# %%
def times(above: pd.Series, below: pd.Series) -> str:
    """Return the ratio of two measures, round by round, with its interval."""
    return "{:.1f} [{:.1f}, {:.1f}]".format(*told(above / below))


largest = f"batches of {SIZES[-1]:,}"
best, worst = by_book.median().idxmax(), by_book.median().idxmin()
text = (
    f"On this machine, in these {ROUNDS} rounds: batches of {SIZES[-1]:,} go {times(rates[largest], rates.iloc[:, 0])} "
    f"times as fast as one order per call, batches of 100 {times(rates['batches of 100'], rates.iloc[:, 0])} times. By "
    f"size of the book the rate is highest at {best} resting orders and lowest at {worst}, a ratio of "
    f"{times(by_book[best], by_book[worst])}. "
)
if PEER:
    theirs = rates[reference]
    text += (
        f"Beside bourse with one call per message: {times(rates.iloc[:, 0], theirs)} times for single calls, "
        f"{times(rates[largest], theirs)} times for the largest batches."
    )
display(Markdown(text))
