"""Where each integrator leads: of the variables of one scheme, from where they set out to the end of a course (`model.schemes` has the formulas).

Everything else keeps the value that it has where they set out. Bounds at the end are those of whoever asks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from plasticdsl.model.expr import Expr, moves_with_time
from plasticdsl.model.schemes import (
    SHARES,
    STAGES,
    Cables,
    Euler,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    ExponentialRungeKutta,
    Jumps,
    Milstein,
    Rosenbrock,
    RungeKutta4,
    Scheme,
    Staged,
    TwoStages,
    linear_parts,
)
from plasticdsl.reference.course import Course, seen_from
from plasticdsl.reference.evaluate import OwnerScope, evaluate
from plasticdsl.reference.jumps import after_jumps
from plasticdsl.reference.rosenbrock import Equations, one_step, within_tolerance
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Index
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.support import random
from plasticdsl.support.propagators import propagator
from plasticdsl.symbolic.algebra import ZERO

Moved = dict[str, Floats]


def moved_by(scheme: Scheme, course: Course) -> Moved:
    """The scheme's variables at the end, by name."""
    match scheme:
        case Exact():
            return _exact(scheme, course)
        case ExponentialEuler():
            return _exponential_euler(scheme, course)
        case Euler():
            return _euler(scheme, course)
        case EulerMaruyama():
            return _euler_maruyama(scheme, course)
        case TwoStages():
            return _two_stages(scheme, course)
        case Milstein():
            return _milstein(scheme, course)
        case Rosenbrock():
            return _rosenbrock(scheme, course)
        case Jumps():
            return _jumps(scheme, course)
        case RungeKutta4() | ExponentialRungeKutta():
            return _in_stages(scheme, course)
        case Cables():
            raise TypeError("what flows along cables is no flow of single units")
        case _:
            assert_never(scheme)


def _exact(scheme: Exact, course: Course) -> Moved:
    """x(t+dt) = P x + Q b, with zero rows for what stands still."""
    scope, count, size = course.scope(), len(course.index), len(scheme.variables)
    matrix, offset = np.zeros((count, size, size)), np.zeros((count, size))
    still = np.stack([course.standing(v) for v in scheme.variables], axis=-1)
    for row in range(size):
        offset[:, row] = course.each(scheme.offset[row], scope)
        for column in range(size):
            matrix[:, row, column] = course.each(scheme.matrix[row][column], scope)
    matrix[still], offset[still] = 0.0, 0.0
    state = course.joined(scheme.variables)
    moved = np.empty_like(state)
    for unit in range(count):
        growth, integral = _propagator(course.run, matrix[unit], course.length)
        moved[unit] = growth @ state[unit] + integral @ offset[unit]
    return {name: np.where(still[:, column], state[:, column], moved[:, column]) for column, name in enumerate(scheme.variables)}


def _propagator(run: Run, matrix: Floats, step: float) -> tuple[Floats, Floats]:
    """Computed once for each matrix and whole step that occur."""
    key = matrix.tobytes(), step
    known = run.propagators.get(key)
    if known is None:
        known = propagator(matrix, step)
        if len(run.propagators) < 10_000:  # parts of steps seldom come again
            run.propagators[key] = known
    return known


def _exponential_euler(scheme: ExponentialEuler, course: Course) -> Moved:
    scope, state = course.scope(), course.state(scheme.variable)
    slope, offset = course.each(scheme.slope, scope), course.each(scheme.offset, scope)
    if scheme.at_rest is not None:
        slope, offset = (
            np.where(course.at_rest(), course.each(one, scope), other) for one, other in zip(scheme.at_rest, (slope, offset), strict=True)
        )
    moved = led_on(state, (slope, offset), course.length)
    return {scheme.variable: np.where(course.standing(scheme.variable), state, moved)}


def led_on(state: Floats, rate: tuple[Floats, Floats], time: float) -> Floats:
    """x + τ (a x + b) φ₁(a τ), for rates (a, b)."""
    slope, offset = rate
    z = slope * time
    none = z == 0
    phi = np.where(none, 1.0, np.expm1(z) / np.where(none, 1.0, z))
    return np.asarray(state + time * (slope * state + offset) * phi)


def _euler(scheme: Euler, course: Course) -> Moved:
    step = course.length / scheme.substeps
    state = {v: course.state(v) for v in scheme.variables}
    for substep in range(scheme.substeps):
        scope = course.scope(substep * step, state)
        rates = [course.rate(v, rate, scope) for v, rate in zip(scheme.variables, scheme.rates, strict=True)]
        state = {v: course.within_bounds(v, state[v] + step * rate) for v, rate in zip(scheme.variables, rates, strict=True)}
    return state


def _euler_maruyama(scheme: EulerMaruyama, course: Course) -> Moved:
    found, scope = {}, course.scope()
    for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
        found[v] = course.state(v) + course.length * _mean_rate(course, v, rate)
        if noise is not None:
            found[v] = found[v] + course.rate(v, noise, scope) * kick(course, v)
    return found


def _draw(course: Course) -> int:
    """The number of a step, or of half of one, for what is drawn in it."""
    step, half = seen_from(course.run, course.owner).step, course.run.half
    return 2 * step + half - 1 if half else step


def kick(course: Course, name: str) -> Floats:
    """ΔW = √dt N(0, 1) of a variable in this step."""
    stream, seed = random.stream_of(course.owner, "noise", name), course.run.structure.instance.seed
    return math.sqrt(course.length) * random.normals(seed, stream, course.index, _draw(course))


def _two_stages(scheme: TwoStages, course: Course) -> Moved:
    start = {v: course.state(v) for v in scheme.variables}
    kicks = {v: kick(course, v) for v, noise in zip(scheme.variables, scheme.noises, strict=True) if noise is not None}

    def change(state: Mapping[str, Floats], ahead: float) -> Moved:
        scope, found = course.scope(ahead * course.length, state), {}
        for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
            found[v] = course.length * course.rate(v, rate, scope)
            if noise is not None:
                found[v] = found[v] + course.rate(v, noise, scope) * kicks[v]
        return found

    first = change(start, 0.0)
    there = {v: course.within_bounds(v, start[v] + scheme.ahead * first[v]) for v in scheme.variables}
    second = change(there, scheme.ahead)
    late = 0.5 / scheme.ahead
    return {v: start[v] + ((1.0 - late) * first[v] + late * second[v]) for v in scheme.variables}


def _milstein(scheme: Milstein, course: Course) -> Moved:
    found, scope = {}, course.scope()
    for v, rate, noise, slope in zip(scheme.variables, scheme.rates, scheme.noises, scheme.slopes, strict=True):
        found[v] = course.state(v) + course.length * _mean_rate(course, v, rate)
        if noise is not None:
            amplitude, moved = course.rate(v, noise, scope), kick(course, v)
            squared = moved * moved if scheme.stratonovich else moved * moved - course.length
            found[v] = found[v] + amplitude * moved + 0.5 * amplitude * course.rate(v, slope, scope) * squared
    return found


def _mean_rate(course: Course, name: str, rate: Expr) -> Floats:
    """The rate over the course with everything but `t` as it is where they set out."""
    if not moves_with_time(rate):
        return course.rate(name, rate, course.scope())
    rates = [course.rate(name, rate, course.scope(fraction * course.length)) for fraction in STAGES]
    return np.average(np.stack(rates), axis=0, weights=SHARES)


def _rosenbrock(scheme: Rosenbrock, course: Course) -> Moved:
    state = course.joined(scheme.variables)
    if scheme.tolerance is None:
        moved, _ = one_step(_equations(scheme, course), state, 0.0, course.length)
    else:
        moved, floors, first = np.empty_like(state), np.asarray(scheme.floors), scheme.variables[0]
        lengths = course.lengths.get(first, np.zeros(len(course.index)))
        course.next_lengths[first] = np.zeros_like(lengths)
        for place, may_be in enumerate(lengths.tolist()):  # each has steps of its own
            equations, begin = _equations(scheme, _single(course, place)), state[place : place + 1]
            end, course.next_lengths[first][place] = within_tolerance(equations, begin, course.length, may_be, scheme.tolerance, floors)
            moved[place] = end[0]
    return {v: moved[:, place] for place, v in enumerate(scheme.variables)}


def _single(course: Course, place: int) -> Course:
    """One of them."""
    own = {name: values[place : place + 1] for name, values in course.own.items()}
    resting = None if course.resting is None else course.resting[place : place + 1]
    return replace(course, index=course.index[place : place + 1], own=own, resting=resting)


def _equations(scheme: Rosenbrock, course: Course) -> Equations:
    """Those of all of them; what stands still has a rate of 0."""
    moves = [~course.standing(v) for v in scheme.variables]

    def values(exprs: Sequence[Expr], state: Floats, ahead: float) -> Floats:
        scope = course.scope(ahead, {v: state[:, place] for place, v in enumerate(scheme.variables)})
        found = np.zeros((len(course.index), len(exprs)))
        for place, (expr, moving) in enumerate(zip(exprs, moves, strict=True)):
            found[:, place] = np.where(moving, evaluate(expr, scope), 0.0)
        return found

    def jacobian(state: Floats, ahead: float) -> Floats:
        columns = [values([row[place] for row in scheme.jacobian], state, ahead) for place in range(len(scheme.variables))]
        return np.stack(columns, axis=-1)

    return Equations(lambda x, ahead: values(scheme.rates, x, ahead), jacobian, lambda x, ahead: values(scheme.drifts, x, ahead))


def _jumps(scheme: Jumps, course: Course) -> Moved:
    """One after the other, since each jumps at times of its own. What stands still does not flow between jumps, and is at the end what it was."""
    instance, moved = course.run.structure.instance, np.empty((len(course.index), len(scheme.variables)))
    stream, step = random.stream_of(course.owner, "jumps", scheme.variables[0]), _draw(course)
    still = {v: course.standing(v) for v in scheme.variables}
    for place, unit in enumerate(course.index.tolist()):
        rates = tuple(ZERO if still[v][place] else rate for v, rate in zip(scheme.variables, scheme.rates, strict=True))

        def value(expr: Expr, state: dict[str, float], ahead: float, index: Index = course.index[place : place + 1]) -> float:
            own = {v: np.array([x]) for v, x in state.items()}
            scope = OwnerScope(course.run.structure, seen_from(course.run, course.owner, ahead), course.owner, index, own)
            return float(np.broadcast_to(evaluate(expr, scope), (1,))[0])

        begin = {v: float(course.state(v)[place]) for v in scheme.variables}
        end = after_jumps(replace(scheme, rates=rates), begin, course.length, value, (instance.seed, stream, unit, step))
        moved[place] = [begin[v] if still[v][place] else end[v] for v in scheme.variables]
    return {v: moved[:, place] for place, v in enumerate(scheme.variables)}


def _in_stages(scheme: Staged, course: Course) -> Moved:
    """Of those that take the stages alone (`ExponentialRungeKutta` says how)."""
    start = {v: course.state(v) for v in scheme.variables}
    at, moved = start, start
    for number, share in enumerate(SHARES):
        scope = course.scope(STAGES[number] * course.length, at)
        rates = {v: (course.rate(v, slope, scope), course.rate(v, offset, scope)) for v, slope, offset in linear_parts(scheme)}
        moved = {v: led_on(moved[v], rates[v], share * course.length) for v in start}
        if number + 1 < len(STAGES):
            ahead = STAGES[number + 1] * course.length
            at = {v: course.within_bounds(v, led_on(start[v], rates[v], ahead)) for v in start}
    return moved
