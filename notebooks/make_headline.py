"""Draw the README's figure from the folder of a run that has a gas shock.

yangshan run lng-outage --set measurement.origin_samples=12 --replications 6 --out RUN
python notebooks/make_headline.py RUN
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scenarios.plots import headline, to_svg
from scenarios.results import read_run

FIGURE = Path(__file__).parent / "figures" / "headline.svg"


def main() -> None:
    """Read the run that is named and write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, metavar="RUN", help="the folder of a finished run")
    parser.add_argument("--out", type=Path, default=FIGURE, metavar="FILE.svg")
    arguments = parser.parse_args()
    run = read_run(arguments.run)
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(
        to_svg(headline(run.rows, run.table("gas_days"))), encoding="utf-8", newline="\n"
    )
    print(arguments.out)


if __name__ == "__main__":
    main()
