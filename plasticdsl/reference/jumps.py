"""The jumps of one unit within a step, one after the other (`model.schemes.Jumps`).

Comes in: the scheme, the unit's state, and a function that gives the value of an expression in a state. Goes out: its state at the end of the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from plasticdsl.model.expr import Expr
from plasticdsl.model.schemes import CLOSE, MOST_JUMPS, MOST_NEWTON, Jumps
from plasticdsl.support.philox import exponential, uniform

State = dict[str, float]
#: The value of an expression in a state, so long (s) after the beginning of the step.
Value = Callable[[Expr, State, float], float]


def after_jumps(scheme: Jumps, begin: State, length: float, value: Value, key: tuple[int, int, int, int]) -> State:
    """The state at the end of a step; NaN where a propensity is negative or no number. `key`: seed, stream, unit and step, by which numbers are drawn."""
    seed, stream, unit, step = key
    grains = {v: None if grain is None else value(grain, begin, 0.0) for v, grain in zip(scheme.variables, scheme.grains, strict=True)}
    counts = {v: float(round(begin[v] / grain)) for v, grain in grains.items() if grain is not None}
    flowing = {v: begin[v] for v in scheme.flowing}
    behind, made = 0.0, 0

    def state() -> State:
        return {v: flowing[v] if (grain := grains[v]) is None else counts[v] * grain for v in scheme.variables}

    while behind < length and made < MOST_JUMPS:
        wanted = exponential(seed, stream + 2 * made, unit, step)
        ahead = length - behind
        wait, flowing = _next(scheme, state(), behind, ahead, wanted, value)
        if wait is None:
            return state()
        behind += wait
        propensities = [value(t.propensity, state(), behind) for t in scheme.transitions]
        if not all(a >= 0.0 for a in propensities):
            return dict.fromkeys(scheme.variables, math.nan)
        drawn = sum(propensities) * uniform(seed, stream + 2 * made + 1, unit, step)
        for transition, propensity in zip(scheme.transitions, propensities, strict=True):
            if drawn < propensity or transition is scheme.transitions[-1]:
                for v, count in transition.net:
                    if v in counts:
                        counts[v] += count
                    else:
                        flowing[v] += count * value(transition.grain, state(), behind)
                break
            drawn -= propensity
        made += 1
    return state() if made < MOST_JUMPS else dict.fromkeys(scheme.variables, math.nan)


def _next(scheme: Jumps, state: State, behind: float, ahead: float, wanted: float, value: Value) -> tuple[float | None, State]:
    """How long it is until the hazard has come up to `wanted`, None where it does not within `ahead`; and what flows then, or at the end. A hazard that is
    no number, or negative, is left for the jump to find."""
    hazard, end = _flow(scheme, state, behind, ahead, value)
    if not hazard >= 0.0:
        return 0.0, {v: state[v] for v in scheme.flowing}
    if not hazard > wanted:
        return None, end
    if not scheme.flowing:
        return ahead * wanted / hazard, end
    wait, moved = ahead * wanted / hazard, ahead
    for _ in range(MOST_NEWTON):
        if abs(moved) <= CLOSE * ahead:
            break
        hazard, end = _flow(scheme, state, behind, wait, value)
        total = sum(value(t.propensity, {**state, **end}, behind + wait) for t in scheme.transitions)
        moved = min(max(wait + ((wanted - hazard) / total if total > 0.0 else 0.0), 0.0), ahead) - wait
        wait += moved
    return wait, _flow(scheme, state, behind, wait, value)[1]


def _flow(scheme: Jumps, state: State, behind: float, length: float, value: Value) -> tuple[float, State]:
    """The hazard that comes up in a time in which nothing jumps, and what flows at its end: Runge and Kutta's fourth-order scheme."""
    rates = {v: rate for v, rate in zip(scheme.variables, scheme.rates, strict=True) if v in scheme.flowing}

    def slopes(at: State, ahead: float) -> tuple[float, State]:
        found = {v: value(rate, {**state, **at}, behind + ahead) for v, rate in rates.items()}
        propensities = [value(t.propensity, {**state, **at}, behind + ahead) for t in scheme.transitions]
        return sum(propensities) if all(a >= 0.0 for a in propensities) else math.nan, found

    def along(slope: State, ahead: float) -> State:
        return {v: state[v] + ahead * slope[v] for v in rates}

    half = 0.5 * length
    a1, k1 = slopes(along(dict.fromkeys(rates, 0.0), 0.0), 0.0)
    if not rates:
        return length * a1, {}
    a2, k2 = slopes(along(k1, half), half)
    a3, k3 = slopes(along(k2, half), half)
    a4, k4 = slopes(along(k3, length), length)
    end = {v: state[v] + length / 6.0 * (k1[v] + 2.0 * (k2[v] + k3[v]) + k4[v]) for v in rates}
    return length / 6.0 * (a1 + 2.0 * (a2 + a3) + a4), end
