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
# # What an investment is worth in a hard winter
#
# Yangshan's expansion, the second terminal, the Chongming line and the Shanghai-Zhejiang link, each on and off in one
# hard winter. The winter's causes are recorded ones, at the sizes of their episodes, fixed before any investment was
# run in it. All arms share every random number; an effect is a mean over pairs with its 95 % interval. The same table
# with intervals fit to print:
#
#     yangshan run cold-winter --counterfactual all

# %%
import os
import tempfile
from pathlib import Path

from IPython.display import SVG, display
from matplotlib.figure import Figure

from scenarios import plots
from scenarios.questions import ask_all, forest_rows, side_by_side
from scenarios.spec import load_scenario

FOLDER = Path(tempfile.mkdtemp()) / "winter"


def draw(figure: Figure) -> None:
    """Show a figure as the report does."""
    display(SVG(plots.to_svg(figure)))


winter = load_scenario("cold-winter")
for line in winter.describe():
    print(line)

# %% [markdown]
# ## The table
#
# Import cost is net of what stocks grew by: gas that is still in tank was not used up.

# %%
found = ask_all("cold-winter", out=FOLDER, replications=3, jobs=os.cpu_count() or 1)
side_by_side(found).T

# %% [markdown]
# ## The same as a figure
#
# A filled point has an interval without zero. Gas not served counts lorries that found nothing to load as well as
# consumers on a pipe. Where it is a few million m3 of thirty billion, an investment has no shortage to mend: then it
# shows in prices and in what is paid, and dearer or cheaper LNG moves the queue of lorries more than the pipes do.

# %%
draw(plots.effects_forest(forest_rows(found), whole=True))
