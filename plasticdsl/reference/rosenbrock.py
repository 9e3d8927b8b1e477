"""Steps of Rosenbrock's scheme (`model.schemes.Rosenbrock`), with full matrices.

Comes in: equations x' = f(t, x) as functions, and where they begin. Goes out: where they lead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plasticdsl.model.schemes import MOST_TRIES, RODAS
from plasticdsl.runtime.instance.instance import Floats


@dataclass(frozen=True, slots=True)
class Equations:
    """Of several units at once, each with its own state: functions of the states, shape (units, variables), and of the time (s) since the step of the grid
    began. `rates`: f, of that shape; `jacobian`: ∂f/∂x, shape (units, variables, variables); `drifts`: ∂f/∂t."""

    rates: Callable[[Floats, float], Floats]
    jacobian: Callable[[Floats, float], Floats]
    drifts: Callable[[Floats, float], Floats]


def one_step(equations: Equations, state: Floats, begin: float, length: float) -> tuple[Floats, Floats]:
    """Where a step leads, and how far that is from a result of third order."""
    matrix = np.eye(state.shape[-1]) / (RODAS.gamma * length) - equations.jacobian(state, begin)
    drift = length * equations.drifts(state, begin)
    increments: list[Floats] = []
    at = state
    for stage, ahead in enumerate(RODAS.ahead):
        at = state + sum((a * u for a, u in zip(RODAS.reached[stage], increments, strict=True)), np.zeros_like(state))
        right = equations.rates(at, begin + ahead * length) + RODAS.drifting[stage] * drift
        right = right + sum((c * u for c, u in zip(RODAS.coupled[stage], increments, strict=True)), np.zeros_like(state)) / length
        increments.append(np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0], dtype=np.float64))
    return at + increments[-1], increments[-1]


def within_tolerance(
    equations: Equations, state: Floats, whole: float, may_be: float, tolerance: float, floors: Floats
) -> tuple[Floats, float]:
    """Where as many steps lead as the tolerance takes for one unit in the time `whole`, NaN where it takes too many; and how long the next may be. The
    first may be as long as `may_be`; 0: as all of it."""
    ahead, behind = whole, 0.0
    length = may_be or whole
    for _ in range(MOST_TRIES):
        tried = min(length, ahead)
        if behind + tried == behind:  # time would stand still
            break
        with np.errstate(all="ignore"):
            end, off = one_step(equations, state, behind, tried)
            error = np.sqrt(np.mean((off / (tolerance * (np.maximum(np.abs(state), np.abs(end)) + floors))) ** 2))
        if error <= 1.0:
            state, behind, ahead = end, behind + tried, ahead - tried
        factor = float(np.clip(0.9 / np.sqrt(np.sqrt(max(error, 1e-9))), 0.2, 5.0)) if error >= 0.0 else 0.2
        length = (
            max(length, tried * factor) if factor >= 5.0 else tried * factor
        )  # what was short only for want of time says no more than that
        if not ahead > 0.0:
            return state, length
    return np.full_like(state, np.nan), 0.0
