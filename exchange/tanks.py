"""Oil in the tanks of the delivery bases, as the exchange sees it: loaded in and out, with the allowed losses.

It is for markets without a physical world beneath them; where there is one, its own bases say what is in tank.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


def lost_bbl(bbl: int, loss_ppm: int) -> int:
    """Return the barrels lost of `bbl`, rounded up."""
    return -(-bbl * loss_ppm // 1_000_000)


def gross_bbl(net_bbl: int, loss_ppm: int) -> int:
    """Return the least barrels of which `net_bbl` are left after the loss."""
    gross = net_bbl * 1_000_000 // (1_000_000 - loss_ppm)
    while gross - lost_bbl(gross, loss_ppm) < net_bbl:
        gross += 1
    return gross


@dataclass
class Tanks:
    """Keep barrels by base: in = stock + lost + out, always.

    `loss_ppm` of what is loaded in is lost on the way in, and of what is loaded out on the way out. Source:
    assumption: domain knowledge (0.06 % each way).
    """

    loss_ppm: int = 600
    stock_bbl: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    in_bbl: int = 0
    lost_bbl: int = 0
    out_bbl: int = 0

    def oil_bbl(self, base: str) -> int:
        """Return the oil in tank at a base."""
        return self.stock_bbl[base]

    def load_in(self, base: str, bbl: int) -> int:
        """Load oil in and return the barrels that reached the tank."""
        lost = lost_bbl(bbl, self.loss_ppm)
        self.in_bbl += bbl
        self.lost_bbl += lost
        self.stock_bbl[base] += bbl - lost
        return bbl - lost

    def load_out(self, base: str, bbl: int) -> int:
        """Load oil out and return the barrels that reached the ship. Raises ValueError for more than is there."""
        self._draw(base, bbl)
        lost = lost_bbl(bbl, self.loss_ppm)
        self.lost_bbl += lost
        self.out_bbl += bbl - lost
        return bbl - lost

    def lose(self, base: str, bbl: int) -> None:
        """Lose oil by accident. Raises ValueError for more than is there."""
        self._draw(base, bbl)
        self.lost_bbl += bbl

    def check(self) -> None:
        """Raise AssertionError unless barrels balance and none is negative."""
        stock = sum(self.stock_bbl.values())
        if self.in_bbl != stock + self.lost_bbl + self.out_bbl or min(self.stock_bbl.values(), default=0) < 0:
            raise AssertionError(
                f"in {self.in_bbl:,}, stock {stock:,}, lost {self.lost_bbl:,}, out {self.out_bbl:,}"
            )

    def _draw(self, base: str, bbl: int) -> None:
        if not 0 <= bbl <= self.stock_bbl[base]:
            raise ValueError(f"{base}: {self.stock_bbl[base]:,} bbl in tank, {bbl:,} asked for")
        self.stock_bbl[base] -= bbl
