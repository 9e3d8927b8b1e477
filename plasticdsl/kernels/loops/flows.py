"""One step of an integrator, for one unit or connection: from x(t_n) to x(t_{n+1}).

All schemes read the values at t_n; new values go to locals first and are stored together at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.names import Names
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Let,
    OfPropagator,
    OfStream,
    Scalar,
    Statement,
    Store,
    name,
)
from plasticdsl.model.expr import At, Binary, Call, Choice, Expr, Number, Ref, Special, in_jumps, moves_with_time, rebuild, refs
from plasticdsl.model.model import Flow
from plasticdsl.model.owners import OfPopulation, OfProjection, Part, StandIn, Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import (
    SHARES,
    STAGES,
    Euler,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    ExponentialRungeKutta,
    RungeKutta4,
    Scheme,
    linear_parts,
)

ZERO = Number(0.0)


@dataclass(frozen=True, slots=True)
class FlowContext:
    """What the flow of one owner needs: where its names are, which variables stand still while `free` does not hold, its bounds and
    its texts. `unit`: the index that numbers the random draws. `switched` variables stand still while `switch` does not hold."""

    owner: str
    names: Names
    unit: str
    flows: Mapping[str, Flow]
    bounds: Mapping[str, tuple[Expr | None, Expr | None]]
    held: frozenset[str] = frozenset()
    free: Expr | None = None
    switch: Expr | None = None
    switched: frozenset[str] = frozenset()


def flow(schemes: Sequence[Scheme], context: FlowContext) -> tuple[Statement, ...]:
    """Statements that move the variables of `schemes` by one step."""
    statements: list[Statement] = []
    moved: list[str] = []
    for scheme in schemes:
        body, variables = _scheme(scheme, context)
        statements += body
        moved += variables
    return (*statements, *store_all(moved, context))


def store_all(moved: Sequence[str], context: FlowContext) -> tuple[Statement, ...]:
    """The new values put where they belong. A bound that reads what moves reads it at t_n, before anything is stored."""
    early = tuple(v for v in moved if any(r.name in moved for bound in context.bounds.get(v, ()) if bound is not None for r in refs(bound)))
    return (*(Let(f"{v}_new", _clipped(v, context)) for v in early), *(_stored(v, context, v in early) for v in moved))


def _scheme(scheme: Scheme, context: FlowContext) -> tuple[list[Statement], tuple[str, ...]]:
    match scheme:
        case Exact(variables=variables):
            return _exact(scheme, context), variables
        case ExponentialEuler(variable=variable):
            return _exponential_euler(scheme, context), (variable,)
        case RungeKutta4(variables=variables):
            return _runge_kutta(scheme, context), variables
        case ExponentialRungeKutta(variables=variables):
            return _exponential_runge_kutta(scheme, context), variables
        case Euler(variables=variables):
            return _euler(scheme, context), variables
        case EulerMaruyama(variables=variables):
            return _euler_maruyama(scheme, context), variables


def _clipped(variable: str, context: FlowContext) -> Expr:
    low, high = context.bounds.get(variable, (None, None))
    resolve = context.names.resolve
    return clipped(name(f"{variable}_new"), None if low is None else resolve(low), None if high is None else resolve(high))


def _stored(variable: str, context: FlowContext, is_bounded: bool) -> Store:
    """The new value put where it belongs, bounded, unless the variable stands still."""
    target = context.names.resolve(Ref(Whose.OWN, variable))
    assert isinstance(target, At)
    value: Expr = name(f"{variable}_new") if is_bounded else _clipped(variable, context)
    conditions = [context.free] if context.free is not None and variable in context.held else []
    conditions += [context.switch] if context.switch is not None and variable in context.switched else []
    for condition in conditions:
        value = Choice(((condition, value),), target)
    return Store(target, value)


def _comment(variable: str, context: FlowContext, how: str) -> list[Statement]:
    written = context.flows.get(variable)
    text = f"d{variable}/dt = {pretty(written.rate)}" if written is not None else f"{variable}"
    if written is not None and written.noise is not None:
        text += f" + ({pretty(written.noise)}) xi(t)"
    return [Comment(f"{text}   [{how}]")]


# --- exact -----------------------------------------------------------------------------------------------------------


def reach(matrix: Sequence[Sequence[Expr]]) -> tuple[tuple[bool, ...], ...]:
    """Which entries of e^{A dt} can differ from zero: a path from the row's variable to the column's."""
    size = len(matrix)
    found = [[r == c or matrix[r][c] != ZERO for c in range(size)] for r in range(size)]
    for via in range(size):
        for row in range(size):
            for column in range(size):
                found[row][column] = found[row][column] or (found[row][via] and found[via][column])
    return tuple(tuple(row) for row in found)


def _exact(scheme: Exact, context: FlowContext) -> list[Statement]:
    statements: list[Statement] = []
    resolve = context.names.resolve
    reached = reach(scheme.matrix)
    for row, variable in enumerate(scheme.variables):
        statements += _comment(variable, context, "exact: x(t+dt) = P x(t) + Q b")
        free = _exact_row(scheme, row, reached, context, "")
        if context.held and variable not in context.held and _meets_held(scheme, row, reached, context.held):
            standing = _exact_row(scheme, row, reached, context, "_held")
            assert context.free is not None
            free = Choice(((context.free, free),), standing)
        statements.append(Let(f"{variable}_new", resolve(free)))
    return statements


def _meets_held(scheme: Exact, row: int, reached: Sequence[Sequence[bool]], held: frozenset[str]) -> bool:
    return any(reached[row][column] and v in held for column, v in enumerate(scheme.variables))


def _exact_row(scheme: Exact, row: int, reached: Sequence[Sequence[bool]], context: FlowContext, kind: str) -> Expr:
    terms: list[Expr] = []
    for column, other in enumerate(scheme.variables):
        if reached[row][column]:
            terms.append(Binary("*", _entry(scheme, row, column, "P" + kind, context), Ref(Whose.OWN, other)))
    for column, offset in enumerate(scheme.offset):
        standing = kind == "_held" and scheme.variables[column] in context.held
        if reached[row][column] and offset != ZERO and not standing:
            terms.append(Binary("*", _entry(scheme, row, column, "Q" + kind, context), offset))
    total = terms[0]
    for term in terms[1:]:
        total = Binary("+", total, term)
    return total


def _entry(scheme: Exact, row: int, column: int, part: str, context: FlowContext) -> Expr:
    """A reference that `Names` leaves alone: the propagator entry as scalar or per unit."""
    full = f"{context.owner}_{part}_{scheme.variables[row]}_{scheme.variables[column]}"
    if varies(scheme, context.owner, context.names):
        return At(Ref(Whose.OWN, full), (context.names.index if context.names.projection is None else "k",))
    return Ref(StandIn.LOCAL, full)


def varies(scheme: Exact, owner: str, names: Names) -> bool:
    """Whether the matrix depends on a parameter with one value per unit (connection)."""
    itself: Part = OfPopulation(owner) if names.projection is None else OfProjection(owner)
    return any(Ref(itself, r.name) in names.plan.per_unit for row in scheme.matrix for e in row for r in refs(e) if r.owner is Whose.OWN)


def propagators(scheme: Exact, owner: str, names: Names, size: str, held: frozenset[str]) -> tuple[Array | Scalar, ...]:
    """The propagator entries that `flow` reads, as arguments with their fills."""
    reached = reach(scheme.matrix)
    still = tuple(tuple(ZERO for _ in row) if v in held else row for v, row in zip(scheme.variables, scheme.matrix, strict=True))
    found: list[Array | Scalar] = []
    for suffix, matrix in (("", scheme.matrix), *((("_held", still),) if held else ())):
        for row, variable in enumerate(scheme.variables):
            for column, other in enumerate(scheme.variables):
                if not reached[row][column]:
                    continue
                for part in ("P", "Q"):
                    fill = OfPropagator(owner, matrix, part, row, column)
                    full = f"{owner}_{part}{suffix}_{variable}_{other}"
                    meaning = "exp(A dt)" if part == "P" else "the integral of exp(A s) over the step"
                    doc = f"entry ({variable}, {other}) of {meaning}{' while refractory' if suffix else ''}"
                    if varies(scheme, owner, names):
                        found.append(Array(full, "float64", (size,), fill, False, doc))
                    else:
                        found.append(Scalar(full, "float64", fill, doc))
    return tuple(found)


# --- the others ------------------------------------------------------------------------------------------------------


def _exponential_euler(scheme: ExponentialEuler, context: FlowContext) -> list[Statement]:
    resolve, variable = context.names.resolve, scheme.variable
    x, dt = resolve(Ref(Whose.OWN, variable)), name("dt")
    slope, offset = name(f"{variable}_slope"), name(f"{variable}_offset")
    rate = Binary("+", Binary("*", slope, x), offset)
    change = Binary("*", Binary("*", dt, rate), Call("expm1_over_x", (Binary("*", slope, dt),)))
    return [
        *_comment(variable, context, "exponential Euler: x' = a x + b, x += dt (a x + b) expm1(a dt)/(a dt)"),
        Let(f"{variable}_slope", resolve(scheme.slope)),
        Let(f"{variable}_offset", resolve(scheme.offset)),
        Let(f"{variable}_new", Binary("+", x, change)),
    ]


def at_stage(expr: Expr, values: Mapping[str, Expr], time: Expr, names: Names) -> Expr:
    """An expression with the scheme's variables and t taken at a stage, but t at t_n where it changes something in jumps."""
    match expr:
        case Ref(Whose.OWN, variable) if variable in values:
            return values[variable]
        case Special("t"):
            return time
        case Ref() | Special():
            return names.resolve(expr)
        case _:
            at = name("t") if in_jumps(expr) else time
            return rebuild(expr, lambda part: at_stage(part, values, at, names))


def _runge_kutta(scheme: RungeKutta4, context: FlowContext) -> list[Statement]:
    names, dt = context.names, name("dt")
    start = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    statements: list[Statement] = []
    for v in scheme.variables:
        statements += _comment(v, context, "Runge-Kutta 4")
    for stage, (fraction, previous) in enumerate(((0.0, 0), (0.5, 1), (0.5, 2), (1.0, 3)), 1):
        values: dict[str, Expr] = dict(start)
        time: Expr = name("t")
        if previous:
            ahead: Expr = dt if fraction == 1.0 else Binary("*", Number(fraction), dt)
            time = Binary("+", time, ahead)
            for v in scheme.variables:
                local = f"{v}_at{stage}"
                statements.append(Let(local, Binary("+", start[v], Binary("*", ahead, name(f"{v}_k{previous}")))))
                values[v] = name(local)
        for v, rate in zip(scheme.variables, scheme.rates, strict=True):
            statements.append(Let(f"{v}_k{stage}", still(v, at_stage(rate, values, time, names), context)))
    for v in scheme.variables:
        k1, k2, k3, k4 = (name(f"{v}_k{s}") for s in (1, 2, 3, 4))
        total = Binary("+", Binary("+", k1, Binary("*", Number(2.0), Binary("+", k2, k3))), k4)
        step = Binary("*", Binary("/", dt, Number(6.0)), total)
        statements.append(Let(f"{v}_new", Binary("+", start[v], step)))
    return statements


def _exponential_runge_kutta(scheme: ExponentialRungeKutta, context: FlowContext) -> list[Statement]:
    names, dt, parts = context.names, name("dt"), linear_parts(scheme)
    start = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    statements: list[Statement] = []
    for v, slope, _ in parts:
        statements += _comment(v, context, "exponential Runge-Kutta" if slope != ZERO else "Runge-Kutta 4")
    values: dict[str, Expr] = dict(start)
    for number, (fraction, share) in enumerate(zip(STAGES, SHARES, strict=True), 1):
        time = name("t") if number == 1 else Binary("+", name("t"), Binary("*", Number(fraction), dt))
        for v, slope, offset in parts:
            a, b = (still(v, at_stage(e, values, time, names), context) for e in (slope, offset))
            statements += sixth(v, a, b)
        for v in scheme.variables:
            statements += along(v, f"{v}_new", start[v] if number == 1 else name(f"{v}_new"), share)
            if number < len(STAGES):
                statements += along(v, f"{v}_stage", start[v], STAGES[number])
                values[v] = name(f"{v}_stage")
    return statements


def sixth(variable: str, slope: Expr, offset: Expr) -> list[Statement]:
    """The locals g and c of the step x += g x + c by which x' = a x + b, with a and b held, leads on in τ = dt/6: g = a τ φ₁(a τ), c = b τ φ₁(a τ)."""
    growth, push, time = name(f"{variable}_growth"), name(f"{variable}_push"), Binary("/", name("dt"), Number(6.0))
    if slope == ZERO:
        return [Let(f"{variable}_growth", ZERO), Let(f"{variable}_push", Binary("*", offset, time))]
    lead = Binary("*", time, Call("expm1_over_x", (Binary("*", growth, time),)))
    return [
        Let(f"{variable}_growth", slope),
        Let(f"{variable}_push", offset),
        Let(f"{variable}_lead", lead),
        Let(f"{variable}_growth", Binary("*", growth, name(f"{variable}_lead"))),
        Let(f"{variable}_push", Binary("*", push, name(f"{variable}_lead"))),
    ]


def along(variable: str, local: str, start: Expr, part: float) -> list[Statement]:
    """A local led on from `start` by a part of the step, sixth by sixth: one exponential serves for all of them."""
    statements: list[Statement] = []
    for _ in range(round(6 * part)):
        change = Binary("+", Binary("*", name(f"{variable}_growth"), start), name(f"{variable}_push"))
        statements.append(Let(local, Binary("+", start, change)))
        start = name(local)
    return statements


def still(variable: str, rate: Expr, context: FlowContext) -> Expr:
    """The rate, or zero while the variable is held."""
    if context.free is None or variable not in context.held:
        return rate
    return Choice(((context.free, rate),), ZERO)


def _euler(scheme: Euler, context: FlowContext) -> list[Statement]:
    names, step = context.names, Binary("/", name("dt"), Number(float(scheme.substeps)))
    statements: list[Statement] = []
    for v in scheme.variables:
        statements += _comment(v, context, f"forward Euler, {scheme.substeps} per step" if scheme.substeps > 1 else "forward Euler")
    values: dict[str, Expr] = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    for substep in range(scheme.substeps):
        time: Expr = name("t") if substep == 0 else Binary("+", name("t"), Binary("*", Number(float(substep)), step))
        for v, rate in zip(scheme.variables, scheme.rates, strict=True):
            statements.append(Let(f"{v}_rate", still(v, at_stage(rate, values, time, names), context)))
        for v in scheme.variables:
            statements.append(Let(f"{v}_new", Binary("+", values[v], Binary("*", step, name(f"{v}_rate")))))
        values = {v: name(f"{v}_new") for v in scheme.variables}
    return statements


def _mean(rate: Expr, names: Names) -> Expr:
    """The rate over the step with everything but t as it is at t_n."""
    if not moves_with_time(rate):
        return names.resolve(rate)
    total: Expr = ZERO
    for fraction, share in zip(STAGES, SHARES, strict=True):
        time = Binary("+", name("t"), Binary("*", Number(fraction), name("dt")))
        total = Binary("+", total, Binary("*", Number(share), at_stage(rate, {}, time, names)))
    return total


def noise_stream(owner: str, variable: str) -> Scalar:
    """The stream that keys the noise of a variable."""
    return Scalar(f"{owner}_noise_{variable}", "int64", OfStream(owner, ("noise", variable)), f"random stream of the noise of {variable}")


def _euler_maruyama(scheme: EulerMaruyama, context: FlowContext) -> list[Statement]:
    resolve, dt = context.names.resolve, name("dt")
    statements: list[Statement] = []
    for v, rate, noise in zip(scheme.variables, scheme.rates, scheme.noises, strict=True):
        statements += _comment(v, context, "Euler-Maruyama")
        drift = Binary("*", dt, still(v, _mean(rate, context.names), context))
        value = Binary("+", resolve(Ref(Whose.OWN, v)), drift)
        if noise is not None:
            draw = Call("normal", (name("seed"), name(f"{context.owner}_noise_{v}"), name(context.unit), name("n")))
            kick = Binary("*", Binary("*", resolve(noise), Call("sqrt", (dt,))), draw)
            value = Binary("+", value, still(v, kick, context))
        statements.append(Let(f"{v}_new", value))
    return statements
