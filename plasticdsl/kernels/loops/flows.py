"""One step of an integrator, for one unit or connection: from x(t_n) to x(t_{n+1}).

All schemes read the values at t_n; new values go to locals first and are stored together at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from plasticdsl.kernels import recipes
from plasticdsl.kernels.identifiers import Field, Local, Part
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.factors import in_common
from plasticdsl.kernels.loops.names import DT, N, Names, T, local, stage_time
from plasticdsl.kernels.program import ZERO, Array, Comment, Element, If, Let, Read, Scalar, Statement, Store, element
from plasticdsl.kernels.recipes import Apply, Formula, Recipe
from plasticdsl.model import Flow, Variable
from plasticdsl.model.expr import (
    Binary,
    Call,
    Choice,
    Compare,
    Expr,
    InPlan,
    Number,
    Ref,
    Special,
    in_jumps,
    moves_with_time,
    rebuild,
    refs,
)
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
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
    TwoStages,
    linear_parts,
    variables_of,
)
from plasticdsl.plan.places import Kind
from plasticdsl.plan.populations import PopulationPlan
from plasticdsl.support.propagators import propagator
from plasticdsl.support.random import stream_of
from plasticdsl.support.steps import half_step, own_step
from plasticdsl.support.structure import entry, square

#: Every so many steps it is looked whether what decays has vanished.
SELDOM = Number(256.0)


@dataclass(frozen=True, slots=True)
class FlowContext:
    """What the flow of one owner needs: where its names are, its flows as the author wrote them, and which variables stand still while `free` does not
    hold (of refractory units; weights while rules are off). `unit`: the index of the loop, which numbers the random draws. `small`: variables whose
    exponential Euler step is known to be small (`loops.small_steps`). `sums`: variables that are kept in parts, which flow elsewhere. `on_the_way`: a
    part of a step is tried, so that what integrators keep from one step to the next is in locals, `…_length_here` where the part begins, and
    `…_length_then` where it leads."""

    names: Names
    unit: Local
    flows: Sequence[Flow]
    held: frozenset[str] = frozenset()
    free: Expr | None = None
    small: frozenset[str] = frozenset()
    sums: frozenset[str] = frozenset()
    drawn: Mapping[str, tuple[Expr, Expr]] = field(default_factory=dict)
    on_the_way: bool = False

    def length_kept(self, variable: str) -> Element | Read:
        """How long the next step of what is integrated to a tolerance may be, by the first such variable of its integrator."""
        kept = element(self.names.group.field(Part.LENGTHS, variable), self.unit)
        return Read(local(variable, "length_here")) if self.on_the_way else kept

    def variable(self, name: str) -> Variable:
        """What moves, with its bounds."""
        return self.names.owner.variable(name).variable


def flow(schemes: Sequence[Scheme], context: FlowContext) -> tuple[Statement, ...]:
    """Statements that move the variables of `schemes` by one step."""
    statements = [statement for scheme in schemes for statement in moved_by(scheme, context)]
    return (*statements, *store_all([v for scheme in schemes for v in variables_of(scheme) if v not in context.sums], context))


def store_all(moved: Sequence[str], context: FlowContext) -> tuple[Statement, ...]:
    """The new values put where they belong. A bound that reads what moves reads it at t_n, before anything is stored."""
    bounds = {v: (context.variable(v).low, context.variable(v).high) for v in moved}
    early = tuple(v for v in moved if any(r.name in moved for bound in bounds[v] if bound is not None for r in refs(bound)))
    return (
        *(Let(local(v, "new"), within_bounds(v, Read(local(v, "new")), context)) for v in early),
        *(_stored(v, context, v in early) for v in moved),
    )


def moved_by(scheme: Scheme, context: FlowContext) -> list[Statement]:
    """Statements that leave where its variables are led in the locals `…_new`, not yet bounded."""
    match scheme:
        case Exact():
            return _exact(scheme, context)
        case ExponentialEuler():
            return _exponential_euler(scheme, context)
        case RungeKutta4():
            return _runge_kutta(scheme, context)
        case ExponentialRungeKutta():
            return _exponential_runge_kutta(scheme, context)
        case Euler():
            return _euler(scheme, context)
        case EulerMaruyama() | TwoStages() | Milstein():
            from plasticdsl.kernels.loops.noise import noisy

            return noisy(scheme, context)
        case Cables():
            raise TypeError("what flows along cables is no flow of one unit")
        case Jumps():
            from plasticdsl.kernels.loops.jumps import jumps

            return jumps(scheme, context)
        case Rosenbrock():
            from plasticdsl.kernels.loops.implicit import rosenbrock

            return rosenbrock(scheme, context)


def within_bounds(variable: str, value: Expr, context: FlowContext) -> Expr:
    """A value of the variable brought into its bounds as they are at t_n."""
    return clipped(value, context.variable(variable), lambda bound: at_start(bound, context.names))


def bounded(variable: str, moved: Local, context: FlowContext) -> list[Statement]:
    """A local brought into the bounds of its variable, where it has bounds."""
    value = within_bounds(variable, Read(moved), context)
    return [] if value == Read(moved) else [Let(moved, value)]


def _stored(variable: str, context: FlowContext, is_bounded: bool) -> Store:
    """The new value put where it belongs, bounded, unless the variable stands still."""
    target = context.names.cell(Ref(Whose.OWN, variable))
    value: Expr = Read(local(variable, "new")) if is_bounded else within_bounds(variable, Read(local(variable, "new")), context)
    if context.free is not None and variable in context.held:
        value = Choice(((context.free, value),), target)
    return Store(target, value)


def comment(variable: str, context: FlowContext, how: str) -> Comment:
    """The flow of a variable as it is written, and its integrator."""
    written = next((f for f in context.flows if f.variable == variable), None)
    text = variable if written is None else f"d{variable}/dt = {pretty(written.rate)}"
    if written is not None and written.noise is not None:
        text += f" + ({pretty(written.noise)}) xi(t)"
    return Comment(f"{text}   [{how}]")


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
        free = _exact_row(scheme, row, reached, context)
        if _meets_held(scheme, row, reached, context.held):
            held = _exact_row(scheme, row, reached, context, standing=True)
            assert context.free is not None
            free = Choice(((context.free, free),), held)
        statements += [comment(variable, context, "exact: x(t+dt) = P x(t) + Q b"), Let(local(variable, "new"), resolve(free))]
    return statements


def let_vanish(
    schemes: Sequence[Scheme], context: FlowContext, loop: Callable[[Sequence[Statement]], Sequence[Statement]]
) -> tuple[Statement, ...]:
    """What decays and is next to nothing becomes 0, now and then: processors take a hundred times as long for numbers below 10⁻³⁰⁸, where it would stay
    for good. `loop`: over all units, or connections."""
    decaying = (v for scheme in schemes if isinstance(scheme, Exact) for v in _decaying(scheme) if v not in context.sums)
    cells = [context.names.cell(Ref(Whose.OWN, v)) for v in decaying]
    if not cells:
        return ()
    now = Compare("==", Call("mod", (Read(N), SELDOM)), ZERO)
    return (If(now, (Comment("numbers next to nothing"), *loop([Store(cell, Call("vanishing", (cell,))) for cell in cells]))),)


def _decaying(scheme: Exact) -> Iterator[str]:
    """Those that nothing drives but others that decay."""
    for row, reached in enumerate(reach(scheme.matrix)):
        if all(offset == ZERO for offset, is_reached in zip(scheme.offset, reached, strict=True) if is_reached):
            yield scheme.variables[row]


def _meets_held(scheme: Exact, row: int, reached: Sequence[Sequence[bool]], held: frozenset[str]) -> bool:
    """Whether the variable of this row goes on while one that it follows stands still."""
    return scheme.variables[row] not in held and any(reached[row][column] and v in held for column, v in enumerate(scheme.variables))


def _exact_row(scheme: Exact, row: int, reached: Sequence[Sequence[bool]], context: FlowContext, *, standing: bool = False) -> Expr:
    """`standing`: while the held variables stand still."""
    p, q = (Part.PROPAGATOR_HELD, Part.INTEGRAL_HELD) if standing else (Part.PROPAGATOR, Part.INTEGRAL)
    terms: list[Expr] = []
    for column, other in enumerate(scheme.variables):
        if reached[row][column]:
            terms.append(Binary("*", _entry(scheme, row, column, p, context), Ref(Whose.OWN, other)))
    for column, offset in enumerate(scheme.offset):
        stays = standing and scheme.variables[column] in context.held
        if reached[row][column] and offset != ZERO and not stays:
            terms.append(Binary("*", _entry(scheme, row, column, q, context), offset))
    return reduce(lambda total, term: Binary("+", total, term), terms)


def _entry(scheme: Exact, row: int, column: int, part: Part, context: FlowContext) -> Expr:
    """The propagator entry as scalar or per unit."""
    names = context.names
    field = names.group.field(part, scheme.variables[row], scheme.variables[column])
    return element(field, context.unit) if varies(scheme, names) else Read(field)


def varies(scheme: Exact, names: Names) -> bool:
    """Whether the matrix depends on a parameter with one value per unit (connection)."""
    own = (r.name for row in scheme.matrix for e in row for r in refs(e) if r.owner is Whose.OWN)
    return any(names.owner.variable(name).kind is Kind.CONSTANT for name in own)


def scheme_arguments(scheme: Scheme, names: Names, size: Field, held: frozenset[str] = frozenset()) -> list[Array | Scalar]:
    """What an integrator needs besides variables: entries of propagators, streams of noise, how long steps are."""
    owner = names.group
    match scheme:
        case Exact():
            return _propagators(scheme, names, size, held)
        case EulerMaruyama() | TwoStages() | Milstein():
            from plasticdsl.kernels.loops.noise import noise_arguments

            return list(noise_arguments(scheme, names))
        case Rosenbrock(variables=(first, *_), tolerance=float()):
            return [Array(owner.field(Part.LENGTHS, first), "float64", (size,))]
        case Jumps(variables=(first, *_)):
            return [Scalar(owner.field(Part.JUMPS, first), "int64", stream_of(owner.name, "jumps", first))]
        case _:
            return []


def _length(names: Names) -> Recipe:
    """Of a step."""
    slow = isinstance(names.owner, PopulationPlan) and names.owner.population.step is not None
    whole = Apply(own_step, (recipes.DT, names.group.field(Part.STRIDE))) if slow else recipes.DT
    return Apply(half_step, (whole,)) if names.half else whole


def _propagators(scheme: Exact, names: Names, size: Field, held: frozenset[str]) -> list[Array | Scalar]:
    reached, owner = reach(scheme.matrix), names.group
    still = tuple(tuple(ZERO for _ in row) if v in held else row for v, row in zip(scheme.variables, scheme.matrix, strict=True))
    kinds = [(scheme.matrix, Part.PROPAGATOR, Part.INTEGRAL)]
    if any(_meets_held(scheme, row, reached, held) for row in range(len(scheme.variables))):
        kinds.append((still, Part.PROPAGATOR_HELD, Part.INTEGRAL_HELD))
    found: list[Array | Scalar] = []
    for matrix, p, q in kinds:
        both = Apply(propagator, (Apply(square, (tuple(tuple(Formula(owner, e) for e in row) for row in matrix),)), _length(names)))
        for row, variable in enumerate(scheme.variables):
            for column, other in enumerate(scheme.variables):
                for part, letter in ((p, "P"), (q, "Q")) if reached[row][column] else ():
                    full, fill = owner.field(part, variable, other), Apply(entry, (both, letter, row, column))
                    found.append(Array(full, "float64", (size,), fill, False) if varies(scheme, names) else Scalar(full, "float64", fill))
    return found


# --- the others ------------------------------------------------------------------------------------------------------


def _exponential_euler(scheme: ExponentialEuler, context: FlowContext) -> list[Statement]:
    variable = scheme.variable

    def resolve(expr: Expr) -> Expr:
        return at_start(expr, context.names)

    x, slope, offset = resolve(Ref(Whose.OWN, variable)), local(variable, "slope"), local(variable, "offset")
    rate = Binary("+", Binary("*", Read(slope), x), Read(offset))
    step, pulled, pushed = in_common(*_linear(scheme, context), context.names.dt)
    if pulled == ZERO:
        new = Let(local(variable, "new"), Binary("+", x, Binary("*", resolve(step), resolve(pushed))))
        return [comment(variable, context, "x' = b, x += dt b"), new]
    dt, quotient = resolve(step), "expm1_over_small_x" if variable in context.small else "expm1_over_x"
    change = Binary("*", Binary("*", dt, rate), Call(quotient, (Binary("*", Read(slope), dt),)))
    how = "x' = a x + b, x += dt (a x + b) expm1(a dt)/(a dt)"
    if step != context.names.dt:
        how = "x' = (a x + b)/p, h = dt/p, x += h (a x + b) expm1(a h)/(a h)"
    return [
        comment(variable, context, f"exponential Euler: {how}"),
        Let(slope, resolve(pulled)),
        Let(offset, resolve(pushed)),
        Let(local(variable, "new"), Binary("+", x, change)),
    ]


def _linear(scheme: ExponentialEuler, context: FlowContext) -> tuple[Expr, Expr]:
    """a and b, which are others where weights stand still."""
    now = scheme.slope, scheme.offset
    if scheme.at_rest is None:
        return now
    assert context.free is not None
    slope, offset = (a if a == b else Choice(((context.free, a),), b) for a, b in zip(now, scheme.at_rest, strict=True))
    return slope, offset


def at_stage(expr: Expr, values: Mapping[str, Expr], time: Expr, names: Names) -> Expr:
    """An expression with the scheme's variables and t taken at a stage, but t at t_n where it changes something in jumps."""
    match expr:
        case Ref(Whose.OWN, variable) if variable in values:
            return values[variable]
        case Special("t"):
            return time
        case Ref() | Special() | InPlan() | Call("sample"):
            return names.resolve(expr)  # the number of a sample changes in jumps alone
        case _:
            at = Read(T) if in_jumps(expr) else time
            return rebuild(expr, lambda part: at_stage(part, values, at, names))


def at_start(expr: Expr, names: Names) -> Expr:
    """An expression where what flows sets out."""
    return names.resolve(expr) if names.begun == Read(T) else at_stage(expr, {}, names.begun, names)


def _runge_kutta(scheme: RungeKutta4, context: FlowContext) -> list[Statement]:
    names = context.names
    start = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    statements: list[Statement] = [comment(v, context, "Runge-Kutta 4") for v in scheme.variables]
    values, time = dict(start), names.begun
    for stage, fraction in enumerate(STAGES, 1):
        if stage > 1:
            ahead: Expr = names.dt if fraction == 1.0 else Binary("*", Number(fraction), names.dt)
            time = Binary("+", names.begun, ahead)
            for v in scheme.variables:
                there = local(v, f"at{stage}")
                statements.append(Let(there, Binary("+", start[v], Binary("*", ahead, Read(local(v, f"k{stage - 1}"))))))
                statements += bounded(v, there, context)
                values[v] = Read(there)
        for v, rate in zip(scheme.variables, scheme.rates, strict=True):
            statements.append(Let(local(v, f"k{stage}"), still(v, at_stage(rate, values, time, names), context)))
    for v in scheme.variables:
        k1, k2, k3, k4 = (Read(local(v, f"k{s}")) for s in (1, 2, 3, 4))
        total = Binary("+", Binary("+", k1, Binary("*", Number(2.0), Binary("+", k2, k3))), k4)
        step = Binary("*", Binary("/", names.dt, Number(6.0)), total)
        statements.append(Let(local(v, "new"), Binary("+", start[v], step)))
    return statements


def _exponential_runge_kutta(scheme: ExponentialRungeKutta, context: FlowContext) -> list[Statement]:
    names, parts = context.names, linear_parts(scheme)
    start = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    how = {v: "exponential Runge-Kutta" if slope != ZERO else "Runge-Kutta 4" for v, slope, _ in parts}
    statements: list[Statement] = [comment(v, context, how[v]) for v in scheme.variables]
    values: dict[str, Expr] = dict(start)
    for number, share in enumerate(SHARES, 1):
        for v, slope, offset in parts:
            a, b = (still(v, at_stage(e, values, stage_time(number - 1, names.dt, names.begun), names), context) for e in (slope, offset))
            statements += sixth(v, a, b, names.dt)
        for v in scheme.variables:
            statements += along(v, local(v, "new"), start[v] if number == 1 else Read(local(v, "new")), share)
            if number < len(STAGES):
                staged = local(v, "stage")
                statements += [*along(v, staged, start[v], STAGES[number]), *bounded(v, staged, context)]
                values[v] = Read(staged)
    return statements


def sixth(variable: str, slope: Expr, offset: Expr, dt: Expr = DT) -> list[Statement]:
    """The locals g and c of the step x += g x + c by which x' = a x + b, with a and b held, leads on in τ = dt/6: g = a τ φ₁(a τ), c = b τ φ₁(a τ)."""
    g, c, lead, time = local(variable, "growth"), local(variable, "push"), local(variable, "lead"), Binary("/", dt, Number(6.0))
    if slope == ZERO:
        return [Let(g, ZERO), Let(c, Binary("*", offset, time))]
    return [
        Let(g, slope),
        Let(c, offset),
        Let(lead, Binary("*", time, Call("expm1_over_x", (Binary("*", Read(g), time),)))),
        Let(g, Binary("*", Read(g), Read(lead))),
        Let(c, Binary("*", Read(c), Read(lead))),
    ]


def along(variable: str, moved: Local, start: Expr, part: float) -> list[Statement]:
    """A local that is led on from `start` by a part of the step, sixth by sixth: one exponential serves for all of them."""
    statements: list[Statement] = []
    for _ in range(round(6 * part)):
        change = Binary("+", Binary("*", Read(local(variable, "growth")), start), Read(local(variable, "push")))
        statements.append(Let(moved, Binary("+", start, change)))
        start = Read(moved)
    return statements


def still(variable: str, rate: Expr, context: FlowContext) -> Expr:
    """The rate, or zero while the variable is held."""
    if context.free is None or variable not in context.held or rate == ZERO:
        return rate
    return Choice(((context.free, rate),), ZERO)


def _euler(scheme: Euler, context: FlowContext) -> list[Statement]:
    names, step = context.names, Binary("/", context.names.dt, Number(float(scheme.substeps)))
    how = f"forward Euler, {scheme.substeps} per step" if scheme.substeps > 1 else "forward Euler"
    statements: list[Statement] = [comment(v, context, how) for v in scheme.variables]
    values: dict[str, Expr] = {v: names.resolve(Ref(Whose.OWN, v)) for v in scheme.variables}
    for substep in range(scheme.substeps):
        time = names.begun if substep == 0 else Binary("+", names.begun, Binary("*", Number(float(substep)), step))
        for v, rate in zip(scheme.variables, scheme.rates, strict=True):
            statements.append(Let(local(v, "rate"), still(v, at_stage(rate, values, time, names), context)))
        for v in scheme.variables:
            statements.append(Let(local(v, "new"), Binary("+", values[v], Binary("*", step, Read(local(v, "rate"))))))
            statements += bounded(v, local(v, "new"), context) if substep + 1 < scheme.substeps else []
        values = {v: Read(local(v, "new")) for v in scheme.variables}
    return statements


def mean_rate(rate: Expr, names: Names) -> Expr:
    """The rate over the step with everything but t as it is at t_n."""
    if not moves_with_time(rate):
        return names.resolve(rate)
    total: Expr = ZERO
    for fraction, share in zip(STAGES, SHARES, strict=True):
        time = Binary("+", names.begun, Binary("*", Number(fraction), names.dt))
        total = Binary("+", total, Binary("*", Number(share), at_stage(rate, {}, time, names)))
    return total
