"""What a planner who knows every worth and every cost would do with a session: the yardstick of mechanisms.

It solves a linear programme and moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array

from agents.gas.sessions import Session


@dataclass(frozen=True)
class Plan:
    """Hold the optimum: tonnes, surplus in fen, and the price in fen/t that would bring it about (nan without any)."""

    tonnes: float
    surplus_fen: float
    price_fen_per_t: float


def plan(session: Session) -> Plan:
    """Return the session's optimum: the most that worth can exceed cost and detours.

    Variables: x of each buyer and lot, y of each buyer's steps. Maximise sum y worth - sum x (cost + detour), where
    each buyer's x sum to its y and each lot's x to its quantity at most. The price is the lots' mean of cost plus
    shadow price, weighted by what the plan sells of each. Raises ArithmeticError when the solver fails.
    """
    lots, wants = session.lots, session.wants
    if not lots or not wants:
        return Plan(0.0, 0.0, nan)
    cheapest = min(lot.cost_fen_per_t for lot in lots)
    useful = [want.worth_fen_per_t >= cheapest for want in wants]
    sizes = [int(mask.sum()) for mask in useful]
    worth = np.concatenate([want.worth_fen_per_t[mask] for want, mask in zip(wants, useful, strict=True)])
    most = np.concatenate([want.tonnes[mask] for want, mask in zip(wants, useful, strict=True)])
    paths = len(wants) * len(lots)
    price = np.array(
        [lot.cost_fen_per_t + want.detour_fen_per_t[lot.place] for want in wants for lot in lots], float
    )
    columns = np.arange(paths + len(worth))
    rows = np.concatenate(
        [np.repeat(np.arange(len(wants)), len(lots)), np.repeat(np.arange(len(wants)), sizes)]
    )
    signs = np.concatenate([np.ones(paths), -np.ones(len(worth))])
    shape = (len(wants), len(columns))
    found = linprog(
        np.concatenate([price, -worth.astype(float)]),
        A_eq=csc_array((signs, (rows, columns)), shape=shape),
        b_eq=np.zeros(len(wants)),
        A_ub=csc_array(
            (np.ones(paths), (np.tile(np.arange(len(lots)), len(wants)), np.arange(paths))),
            shape=(len(lots), len(columns)),
        ),
        b_ub=np.array([lot.quantity_t for lot in lots], float),
        bounds=np.column_stack([np.zeros(len(columns)), np.concatenate([np.full(paths, np.inf), most])]),
        method="highs-ds",
        options={"presolve": False},
    )
    if found.status != 0:
        raise ArithmeticError(f"no plan found: {found.message}")
    sold = found.x[:paths].reshape(len(wants), len(lots)).sum(axis=0)
    shadow = np.array([lot.cost_fen_per_t for lot in lots]) - found.ineqlin.marginals
    total = float(sold.sum())
    return Plan(total, -float(found.fun), float(sold @ shadow / total) if total > 0 else nan)
