"""The daily rule as if the delta were one place: piped demand against pipeline gas and send-out, in whole m3.

It is a rule, not a market: gas by pipe first, then LNG from each terminal in proportion to what it holds,
then what is kept for peaks, then cuts in the sectors' order. What it asks for is nominated to the network
(agents/gas/flows.py); it is also the naive twin of the network's dispatch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.gas.terminals import Terminal
from exchange.units import GAS_M3_PER_M3_LNG

GAS_PER_LIQUID = int(GAS_M3_PER_M3_LNG)


@dataclass(frozen=True)
class Dispatch:
    """A day's outcome. Gas in m3 of gas; `send_out_m3` is liquid, by terminal."""

    pipeline_taken_m3: int
    send_out_m3: dict[str, int]
    unserved_m3: dict[str, int]

    @property
    def send_out_gas_m3(self) -> int:
        """Return the send-out as gas."""
        return GAS_PER_LIQUID * sum(self.send_out_m3.values())


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, in whole units that sum to it, largest remainder first.

    All 0 when the weights are.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def share_out(total: int, weights: Sequence[int], limits: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` within `limits`, and what is over by the room left."""
    parts = [min(part, limit) for part, limit in zip(split(total, weights), limits, strict=True)]
    room = [limit - part for part, limit in zip(parts, limits, strict=True)]
    more = split(min(total - sum(parts), sum(room)), room)
    return [part + extra for part, extra in zip(parts, more, strict=True)]


def nominate(
    demand_m3: dict[str, int],
    pipeline_m3: int,
    terminals: Sequence[Terminal],
    interruption_order: Sequence[str],
) -> Dispatch:
    """Return what would serve a day's piped demand if the delta were one place; no tank is drawn down.

    Boil-off goes out in any case and takes the pipeline's place when demand is that low. Served + unserved =
    demand and pipeline + 622 x send-out = served, exactly.
    """
    total = sum(demand_m3.values())
    boil_off = [min(t.boil_off_m3, t.max_send_out_m3) for t in terminals]
    limits = [min(t.available_m3, t.max_send_out_m3) for t in terminals]
    wanted = max(0, -(-(total - pipeline_m3) // GAS_PER_LIQUID), sum(boil_off))
    wanted = min(wanted, total // GAS_PER_LIQUID)
    sent = share_out(wanted, boil_off, boil_off)
    room = [limit - done for limit, done in zip(limits, sent, strict=True)]
    for peak_shaving in (False, True):
        turn = [
            left if t.peak_shaving == peak_shaving else 0 for t, left in zip(terminals, room, strict=True)
        ]
        more = share_out(wanted - sum(sent), [t.available_m3 for t in terminals], turn)
        sent = [done + extra for done, extra in zip(sent, more, strict=True)]
    gas = GAS_PER_LIQUID * sum(sent)
    served = min(total, gas + pipeline_m3)
    unserved = dict.fromkeys(demand_m3, 0)
    missing = total - served
    for sector in interruption_order:
        unserved[sector] = min(missing, demand_m3[sector])
        missing -= unserved[sector]
    return Dispatch(
        pipeline_taken_m3=served - gas,
        send_out_m3={t.name: volume for t, volume in zip(terminals, sent, strict=True)},
        unserved_m3=unserved,
    )


def dispatch(
    demand_m3: dict[str, int],
    pipeline_m3: int,
    terminals: Sequence[Terminal],
    interruption_order: Sequence[str],
) -> Dispatch:
    """Serve a day's piped demand by `nominate` and draw the tanks down."""
    result = nominate(demand_m3, pipeline_m3, terminals, interruption_order)
    for terminal in terminals:
        terminal.send_out(result.send_out_m3[terminal.name])
    return result
