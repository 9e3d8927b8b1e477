"""The jumps of one unit within a step, one after the other (`model.schemes.Jumps`).

Comes in: the scheme, the unit's state, and a function that gives the value of an expression in a state. Goes out: its state at the end of the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from plasticdsl.model.expr import Expr
from plasticdsl.model.schemes import CLOSE, FEW, IN_TURN, MOST_JUMPS, MOST_NEWTON, WORTH, Jumps
from plasticdsl.support.draws import poisson
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
    if scheme.tolerance is not None:
        return _leaping(scheme, grains, counts, length, value, key)
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


# --- many at once ----------------------------------------------------------------------------------------------------


def _leaping(
    scheme: Jumps, grains: Mapping[str, float | None], begin: State, length: float, value: Value, key: tuple[int, int, int, int]
) -> State:
    """The state at the end of a step in which many transitions may happen at once, with the formulas of `model.schemes.Jumps`; `begin`: counts."""
    seed, stream, unit, step = key
    x, behind, ahead, made, in_a_row, limit = dict(begin), 0.0, length, 0, 0, math.inf
    nets = [dict(t.net) for t in scheme.transitions]

    def state() -> State:
        return {v: x[v] * grain for v, grain in grains.items() if grain is not None}

    while ahead > 0.0 and made < MOST_JUMPS:
        a = [value(t.propensity, state(), behind) for t in scheme.transitions]
        total = sum(a)
        if not all(one >= 0.0 for one in a):
            break
        if total == 0.0:
            return state()
        slopes = [{v: value(slope, state(), behind) for v, slope in of_one} for of_one in scheme.slopes]
        many, leap = _longest(scheme, x, a, slopes, min(limit, ahead)) if in_a_row < 1 else (a, 0.0)
        if in_a_row < 1 and leap * total < WORTH:
            in_a_row = IN_TURN
        if in_a_row > 0:
            wait = exponential(seed, stream + made, unit, step) / total
            if not wait < ahead:
                return state()
            chosen = _chosen(a, total * uniform(seed, stream + made + 1, unit, step))
            x = {v: x[v] + nets[chosen].get(v, 0) for v in x}
            behind, ahead, made, in_a_row = behind + wait, ahead - wait, made + 2, in_a_row - 1
            continue
        critical = [one - often for one, often in zip(a, many, strict=True)]
        wait = exponential(seed, stream + made, unit, step) / sum(critical) if sum(critical) > 0.0 else math.inf
        long = min(wait, leap)
        often = [poisson(seed, stream + made + 2 + j, unit, step, one * long) for j, one in enumerate(many)]
        if wait < leap:
            often[_chosen(critical, sum(critical) * uniform(seed, stream + made + 1, unit, step))] += 1.0
        left = {v: x[v] + sum(net.get(v, 0) * one for net, one in zip(nets, often, strict=True)) for v in x}
        if all(one >= 0.0 for one in left.values()):
            x, behind, ahead, limit = left, behind + long, ahead - long, math.inf
        else:
            limit = 0.5 * long
        made += 2 + len(a)
    return dict.fromkeys(scheme.variables, math.nan) if ahead > 0.0 else state()


def _longest(scheme: Jumps, x: State, a: Sequence[float], slopes: Sequence[Mapping[str, float]], leap: float) -> tuple[list[float], float]:
    """The propensities of transitions that are not critical, and how long a leap may be."""
    many = [
        0.0 if any(count < 0 and x[v] < -FEW * count for v, count in t.net) else one for t, one in zip(scheme.transitions, a, strict=True)
    ]
    assert scheme.tolerance is not None, "who leaps has a tolerance"
    for v, order in scheme.orders:
        net = [dict(t.net).get(v, 0) for t in scheme.transitions]
        room = max(scheme.tolerance / order * x[v], 1.0)
        mean = abs(sum(count * one for count, one in zip(net, many, strict=True)))
        variance = sum(count * count * one for count, one in zip(net, many, strict=True))
        lost = sum(-count * one for count, one, of_one in zip(net, many, slopes, strict=True) if count < 0 and not of_one)
        lost += x[v] * sum(abs(count * of_one[v]) for count, of_one in zip(net, slopes, strict=True) if v in of_one)
        leap = min((leap, *(most / by for most, by in ((room, mean), (room * room, variance), (room, lost)) if by > 0.0)))
    for of_one, propensity in zip(slopes, a, strict=True):
        if of_one:
            changes = [sum(of_one[v] * count for v, count in t.net if v in of_one) for t in scheme.transitions]
            room = max(scheme.tolerance * propensity, min(map(abs, of_one.values())))
            mean = abs(sum(change * one for change, one in zip(changes, many, strict=True)))
            variance = sum(change * change * one for change, one in zip(changes, many, strict=True))
            leap = min((leap, *(most / by for most, by in ((room, mean), (room * room, variance)) if by > 0.0)))
    return many, leap


def _chosen(shares: Sequence[float], drawn: float) -> int:
    """Which of them a number up to their sum falls into."""
    for number, share in enumerate(shares[:-1]):
        if drawn < share:
            return number
        drawn -= share
    return len(shares) - 1
