"""The flow from t_n to t_{n+1}.

Every scheme starts from the values at t_n, after the events of that time. What other schemes of the block and other units and connections
hold stays at those values during the step, with one exception: the units' variables that Runge–Kutta 4 integrates go through its stages
together, and undelayed sums of flowing variables are evaluated anew at each stage from the stage's values. Bounds, as they are at t_n, are
applied at the end. A population with steps of its own flows through a whole one at the end of the network's step before its next, from the time and with
the inputs of its last one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Expr, Ref, moves_with_time
from plasticdsl.model.geometry import Measure
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.schemes import (
    SHARES,
    STAGES,
    Cables,
    Coupled,
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
from plasticdsl.reference.evaluate import OwnerScope, bounded, evaluate, everything
from plasticdsl.reference.jumps import after_jumps
from plasticdsl.reference.rosenbrock import Equations, one_step, within_tolerance
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame, Index
from plasticdsl.reference.sums import sum_inputs_at_stage
from plasticdsl.reference.trees import on_tree
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.support import random
from plasticdsl.support.propagators import propagator
from plasticdsl.symbolic.algebra import ZERO

Moved = dict[tuple[str, str], Floats]


def flow(run: Run) -> None:
    """Move every flowing variable by one step."""
    new: Moved = {}
    for owner, scheme in _schemes(run):
        _scheme(run, owner, scheme, new)
    _in_stages(run, new)
    for (owner, name), values in _allowed(run, new).items():
        run.frame.values[owner][name] = values


def _scheme(run: Run, owner: str, scheme: Scheme, new: Moved) -> None:
    match scheme:
        case Exact():
            _exact(run, owner, scheme, new)
        case ExponentialEuler():
            _exponential_euler(run, owner, scheme, new)
        case Euler():
            _euler(run, owner, scheme, new)
        case EulerMaruyama():
            _euler_maruyama(run, owner, scheme, new)
        case TwoStages():
            _two_stages(run, owner, scheme, new)
        case Milstein():
            _milstein(run, owner, scheme, new)
        case Rosenbrock():
            _rosenbrock(run, owner, scheme, new)
        case Jumps():
            _jumps(run, owner, scheme, new)
        case Cables():
            _cables(run, owner, scheme, new)
        case RungeKutta4() | ExponentialRungeKutta():
            pass  # all of them together
        case _:
            assert_never(scheme)


def _allowed(run: Run, new: Moved) -> Moved:
    return {(owner, name): _in_bounds(run, owner, name, values) for (owner, name), values in new.items()}


def _in_bounds(run: Run, owner: str, name: str, values: Floats) -> Floats:
    variable = run.structure.block(owner).variable(name)
    if variable is not None and variable.low is None and variable.high is None:
        return values
    return bounded(name, values, everything(run.structure, seen_from(run, owner), owner))


def _schemes(run: Run) -> Iterator[tuple[str, Scheme]]:
    """Of what comes to the end of its step now."""
    for owner in run.structure.owners():
        if (run.frame.step + 1) % run.structure.stride(owner) == 0:
            yield from ((owner, scheme) for scheme in run.structure.block(owner).schemes)


def seen_from(run: Run, owner: str, ahead: float = 0.0) -> Frame:
    """What an owner sees: everything now, the time and step being those at which its step began; `ahead` (s) of that."""
    dt, begun = run.structure.instance.dt, run.frame.step + 1 - run.structure.stride(owner)
    if begun == run.frame.step and ahead == run.frame.ahead:
        return run.frame
    return Frame(run.frame.values, begun, begun * dt, run.frame.arrived, ahead)


def step_of(run: Run, owner: str) -> float:
    """How long its step is (s)."""
    return (0.5 if run.half else 1.0) * run.structure.instance.dt * run.structure.stride(owner)


def standing(run: Run, owner: str, name: str) -> NDArray[np.bool_]:
    """For which units or connections a variable does not flow now: held while refractory, or a weight while rules are off or its connection absent."""
    count, block = run.structure.count(owner), run.structure.block(owner)
    if owner in run.structure.populations:
        if block.refractory is None or name not in block.refractory.held:
            return np.zeros(count, dtype=np.bool_)
        return seen_from(run, owner).step < run.refractory_until[owner]
    if name not in run.held[owner] or not any(f.variable == name and f.is_rule for f in block.flows):
        return np.zeros(count, dtype=np.bool_)
    return _at_rest(run, owner)


def _at_rest(run: Run, projection: str) -> NDArray[np.bool_]:
    """Which connections rules do not change now: all while rules are off, and those that are absent."""
    is_off = np.full(run.structure.count(projection), not run.rules_on[projection])
    return is_off | (run.frame.values[projection][PRESENT] == 0.0) if run.structure.projections[projection].changing else is_off


def _each(run: Run, owner: str, expr: Expr, scope: OwnerScope) -> Floats:
    """One value per unit or connection."""
    values = np.empty(run.structure.count(owner))
    values[...] = evaluate(expr, scope)
    return values


def rate_of(run: Run, owner: str, name: str, expr: Expr, scope: OwnerScope) -> Floats:
    """One value per unit or connection, 0 for those that do not flow now."""
    return np.where(standing(run, owner, name), 0.0, _each(run, owner, expr, scope))


# --- schemes on their own --------------------------------------------------------------------------------------------


def _exact(run: Run, owner: str, scheme: Exact, new: Moved) -> None:
    """x(t+dt) = P x + Q b, with zero rows for what stands still."""
    scope = everything(run.structure, seen_from(run, owner), owner)
    count, size = run.structure.count(owner), len(scheme.variables)
    matrix, offset = np.zeros((count, size, size)), np.zeros((count, size))
    still = np.stack([standing(run, owner, v) for v in scheme.variables], axis=-1)
    for row in range(size):
        offset[:, row] = _each(run, owner, scheme.offset[row], scope)
        for column in range(size):
            matrix[:, row, column] = _each(run, owner, scheme.matrix[row][column], scope)
    matrix[still], offset[still] = 0.0, 0.0
    state = np.stack([run.frame.values[owner][v] for v in scheme.variables], axis=-1)
    moved = np.empty_like(state)
    for unit in range(count):
        growth, integral = _propagator(run, matrix[unit], step_of(run, owner))
        moved[unit] = growth @ state[unit] + integral @ offset[unit]
    for column, name in enumerate(scheme.variables):
        new[owner, name] = np.where(still[:, column], state[:, column], moved[:, column])


def _propagator(run: Run, matrix: Floats, step: float) -> tuple[Floats, Floats]:
    """Computed once for each matrix and step that occur."""
    key = matrix.tobytes(), step
    if key not in run.propagators:
        run.propagators[key] = propagator(matrix, step)
    return run.propagators[key]


def _exponential_euler(run: Run, owner: str, scheme: ExponentialEuler, new: Moved) -> None:
    scope, state = everything(run.structure, seen_from(run, owner), owner), run.frame.values[owner][scheme.variable]
    slope, offset = _each(run, owner, scheme.slope, scope), _each(run, owner, scheme.offset, scope)
    if scheme.at_rest is not None:
        slope, offset = (
            np.where(_at_rest(run, owner), _each(run, owner, one, scope), other)
            for one, other in zip(scheme.at_rest, (slope, offset), strict=True)
        )
    moved = _ahead(state, (slope, offset), step_of(run, owner))
    new[owner, scheme.variable] = np.where(standing(run, owner, scheme.variable), state, moved)


def _ahead(state: Floats, rate: tuple[Floats, Floats], time: float) -> Floats:
    """x + τ (a x + b) φ₁(a τ), for rates (a, b)."""
    slope, offset = rate
    z = slope * time
    none = z == 0
    phi = np.where(none, 1.0, np.expm1(z) / np.where(none, 1.0, z))
    return state + time * (slope * state + offset) * phi


def _euler(run: Run, owner: str, scheme: Euler, new: Moved) -> None:
    step = step_of(run, owner) / scheme.substeps
    state = {v: run.frame.values[owner][v] for v in scheme.variables}
    for substep in range(scheme.substeps):
        scope = everything(run.structure, seen_from(run, owner, substep * step), owner, state)
        rates = [rate_of(run, owner, v, rate, scope) for v, rate in zip(scheme.variables, scheme.rates, strict=True)]
        state = {v: _in_bounds(run, owner, v, state[v] + step * rate) for v, rate in zip(scheme.variables, rates, strict=True)}
    new.update({(owner, v): values for v, values in state.items()})


def _euler_maruyama(run: Run, owner: str, scheme: EulerMaruyama, new: Moved) -> None:
    scope = everything(run.structure, seen_from(run, owner), owner)
    for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
        values = run.frame.values[owner][v] + step_of(run, owner) * _mean_rate(run, owner, v, rate)
        if noise is not None:
            values = values + rate_of(run, owner, v, noise, scope) * _kick(run, owner, v)
        new[owner, v] = values


def _draw(run: Run, owner: str) -> int:
    """The number of a step, or of half of one, for what is drawn in it."""
    step = seen_from(run, owner).step
    return 2 * step + run.half - 1 if run.half else step


def _kick(run: Run, owner: str, name: str) -> Floats:
    """ΔW = √dt N(0, 1) of a variable in this step."""
    everyone, stream = np.arange(run.structure.count(owner)), random.stream_of(owner, "noise", name)
    return math.sqrt(step_of(run, owner)) * random.normals(run.structure.instance.seed, stream, everyone, _draw(run, owner))


def _two_stages(run: Run, owner: str, scheme: TwoStages, new: Moved) -> None:
    step, start = step_of(run, owner), {v: run.frame.values[owner][v] for v in scheme.variables}
    kicks = {v: _kick(run, owner, v) for v, noise in zip(scheme.variables, scheme.noises, strict=True) if noise is not None}

    def change(state: dict[str, Floats], ahead: float) -> dict[str, Floats]:
        scope = everything(run.structure, seen_from(run, owner, ahead * step), owner, state)
        found = {}
        for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
            found[v] = step * rate_of(run, owner, v, rate, scope)
            if noise is not None:
                found[v] = found[v] + rate_of(run, owner, v, noise, scope) * kicks[v]
        return found

    first = change(start, 0.0)
    there = {v: _in_bounds(run, owner, v, start[v] + scheme.ahead * first[v]) for v in scheme.variables}
    second = change(there, scheme.ahead)
    late = 0.5 / scheme.ahead
    new.update({(owner, v): start[v] + ((1.0 - late) * first[v] + late * second[v]) for v in scheme.variables})


def _milstein(run: Run, owner: str, scheme: Milstein, new: Moved) -> None:
    step, scope = step_of(run, owner), everything(run.structure, seen_from(run, owner), owner)
    for v, rate, noise, slope in zip(scheme.variables, scheme.rates, scheme.noises, scheme.slopes, strict=True):
        values = run.frame.values[owner][v] + step * _mean_rate(run, owner, v, rate)
        if noise is not None:
            amplitude, kick = rate_of(run, owner, v, noise, scope), _kick(run, owner, v)
            squared = kick * kick if scheme.stratonovich else kick * kick - step
            values = values + amplitude * kick + 0.5 * amplitude * rate_of(run, owner, v, slope, scope) * squared
        new[owner, v] = values


def _mean_rate(run: Run, owner: str, name: str, rate: Expr) -> Floats:
    """The rate over the step with everything but `t` as it is at t_n."""
    if not moves_with_time(rate):
        return rate_of(run, owner, name, rate, everything(run.structure, seen_from(run, owner), owner))
    frames = [seen_from(run, owner, fraction * step_of(run, owner)) for fraction in STAGES]
    rates = [rate_of(run, owner, name, rate, everything(run.structure, frame, owner)) for frame in frames]
    return np.average(np.stack(rates), axis=0, weights=SHARES)


def _rosenbrock(run: Run, owner: str, scheme: Rosenbrock, new: Moved) -> None:
    count, step = run.structure.count(owner), step_of(run, owner)
    state = np.stack([run.frame.values[owner][v] for v in scheme.variables], axis=-1)
    if scheme.tolerance is None:
        moved, _ = one_step(_equations(run, owner, scheme, np.arange(count)), state, 0.0, step)
    else:
        moved, floors = np.empty_like(state), np.asarray(scheme.floors)
        lengths = run.lengths.setdefault((owner, scheme.variables[0]), np.zeros(count))
        for unit in range(count):  # each has steps of its own
            equations = _equations(run, owner, scheme, np.array([unit]))
            begin, may_be = state[unit : unit + 1], float(lengths[unit])
            end, lengths[unit] = within_tolerance(equations, begin, step, may_be, scheme.tolerance, floors)
            moved[unit] = end[0]
    new.update({(owner, v): moved[:, place] for place, v in enumerate(scheme.variables)})


def _equations(run: Run, owner: str, scheme: Rosenbrock, units: Index) -> Equations:
    """Those of some units or connections; what stands still has a rate of 0."""
    moves = [~standing(run, owner, v)[units] for v in scheme.variables]

    def values(exprs: Sequence[Expr], state: Floats, ahead: float) -> Floats:
        own = {v: state[:, place] for place, v in enumerate(scheme.variables)}
        scope = OwnerScope(run.structure, seen_from(run, owner, ahead), owner, units, own)
        found = np.zeros((*units.shape, len(exprs)))
        for place, (expr, moving) in enumerate(zip(exprs, moves, strict=True)):
            found[:, place] = np.where(moving, evaluate(expr, scope), 0.0)
        return found

    def jacobian(state: Floats, ahead: float) -> Floats:
        columns = [values([row[place] for row in scheme.jacobian], state, ahead) for place in range(len(scheme.variables))]
        return np.stack(columns, axis=-1)

    return Equations(lambda x, ahead: values(scheme.rates, x, ahead), jacobian, lambda x, ahead: values(scheme.drifts, x, ahead))


def _jumps(run: Run, owner: str, scheme: Jumps, new: Moved) -> None:
    """Unit by unit, since each jumps at times of its own. What stands still does not flow between jumps, and is at the end what it was."""
    count, instance = run.structure.count(owner), run.structure.instance
    moved = np.empty((count, len(scheme.variables)))
    stream, step = random.stream_of(owner, "jumps", scheme.variables[0]), _draw(run, owner)
    still = {v: standing(run, owner, v) for v in scheme.variables}
    for unit in range(count):
        index = np.array([unit])
        rates = tuple(ZERO if still[v][unit] else rate for v, rate in zip(scheme.variables, scheme.rates, strict=True))

        def value(expr: Expr, state: dict[str, float], ahead: float, index: Index = index) -> float:
            own = {v: np.array([x]) for v, x in state.items()}
            scope = OwnerScope(run.structure, seen_from(run, owner, ahead), owner, index, own)
            return float(np.broadcast_to(evaluate(expr, scope), (1,))[0])

        begin = {v: float(run.frame.values[owner][v][unit]) for v in scheme.variables}
        end = after_jumps(replace(scheme, rates=rates), begin, step_of(run, owner), value, (instance.seed, stream, unit, step))
        moved[unit] = [begin[v] if still[v][unit] else end[v] for v in scheme.variables]
    new.update({(owner, v): moved[:, place] for place, v in enumerate(scheme.variables)})


def _cables(run: Run, owner: str, scheme: Cables, new: Moved) -> None:
    """Half a step of what is not coupled, a step along the cable, and another half, in a frame that nobody else sees."""
    outside, step = run.frame, step_of(run, owner)
    run.frame = outside.at_stage(outside.ahead)
    _half(run, owner, scheme.before, 1)
    for coupled in scheme.coupled:
        moved = {(owner, coupled.variable): _along(run, owner, scheme, coupled, step)}
        run.frame.values[owner].update({name: values for (_, name), values in _allowed(run, moved).items()})
    _half(run, owner, scheme.after, 2)
    new.update({(owner, v): run.frame.values[owner][v] for v in scheme.variables})
    run.frame = outside


def _half(run: Run, owner: str, schemes: Sequence[Scheme], half: int) -> None:
    new: Moved = {}
    run.half = half
    for scheme in schemes:
        _scheme(run, owner, scheme, new)
        if isinstance(scheme, Staged):
            _together(run, [(owner, scheme)], step_of(run, owner), new)
    run.half = 0
    run.frame.values[owner].update({name: values for (_, name), values in _allowed(run, new).items()})


def _along(run: Run, owner: str, scheme: Cables, one: Coupled, step: float) -> Floats:
    """Crank and Nicolson’s step: twice as far as to its middle, where (2/dt − a) x = (2/dt) x(t) + (rate − a x(t)) + what comes along."""
    scope, now = everything(run.structure, seen_from(run, owner), owner), run.frame.values[owner][one.variable]
    slope, rate, weight = (rate_of(run, owner, one.variable, e, scope) for e in (one.slope, one.rate, one.weight))
    if one.noise is not None:
        rate = rate + rate_of(run, owner, one.variable, one.noise, scope) * _kick(run, owner, one.variable) / step
    resistances = _each(run, owner, one.resistivity, scope) * _each(run, owner, Ref(Whose.OWN, Measure.HALF.value), scope)
    pole = 2.0 / step - slope
    return 2.0 * on_tree(scheme, pole, pole * now + rate, weight, resistances) - now


# --- stages ----------------------------------------------------------------------------------------------------------


def _in_stages(run: Run, new: Moved) -> None:
    """All variables of the network that are integrated in stages, together, as `ExponentialRungeKutta` says; those of a population with steps of its
    own apart."""
    staged = [(owner, scheme) for owner, scheme in _schemes(run) if isinstance(scheme, Staged)]
    slow = {name for name, p in run.structure.populations.items() if p.step is not None}
    _together(run, [(owner, scheme) for owner, scheme in staged if owner not in slow], run.structure.instance.dt, new)
    for name in slow:
        _together(run, [(owner, scheme) for owner, scheme in staged if owner == name], step_of(run, name), new)


def _together(run: Run, schemes: list[tuple[str, Staged]], dt: float, new: Moved) -> None:
    if not schemes:
        return
    start = {(owner, v): run.frame.values[owner][v] for owner, scheme in schemes for v in scheme.variables}
    at, moved = start, start
    for number, share in enumerate(SHARES):
        rates = _rates(run, schemes, at, STAGES[number] * dt)
        moved = {x: _ahead(moved[x], rates[x], share * dt) for x in start}
        if number + 1 < len(STAGES):
            at = {x: _in_bounds(run, *x, _ahead(start[x], rates[x], STAGES[number + 1] * dt)) for x in start}
    new.update(moved)


def _rates(run: Run, schemes: list[tuple[str, Staged]], at: Moved, ahead: float) -> dict[tuple[str, str], tuple[Floats, Floats]]:
    """a and b of the rates a x + b with the variables at `at`, `ahead` of t_n."""
    stage = seen_from(run, schemes[0][0], ahead).at_stage(ahead)
    for (owner, v), values in at.items():
        if owner in run.structure.populations:
            stage.values[owner][v] = values
    sum_inputs_at_stage(run, stage)
    found: dict[tuple[str, str], tuple[Floats, Floats]] = {}
    for owner, scheme in schemes:
        # a connection sees its units as they are at t_n
        seen = stage if owner in run.structure.populations else seen_from(run, owner, ahead)
        scope = everything(run.structure, seen, owner, {v: at[owner, v] for v in scheme.variables})
        for v, slope, offset in linear_parts(scheme):
            found[owner, v] = rate_of(run, owner, v, slope, scope), rate_of(run, owner, v, offset, scope)
    return found
