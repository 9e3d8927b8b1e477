"""Kernels of one population: find its spikes, make its jumps, let its state flow."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.identifiers import RUN, Field, Group, Kernel, Local, Part, of_population
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.flows import FlowContext, at_stage, flow, noise_stream, propagators
from plasticdsl.kernels.loops.names import DT, EACH_STEP, SLOT, I, N, Names, number_of, stage_kernel, stage_time
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Constant,
    Element,
    For,
    Function,
    If,
    Increase,
    Let,
    OfExpression,
    OfHazard,
    OfParameter,
    OfRefractory,
    OfSource,
    OfState,
    OfStream,
    Read,
    Return,
    Scalar,
    Size,
    Statement,
    Store,
    While,
    element,
    only,
)
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Number, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import EulerMaruyama, Exact
from plasticdsl.model.undefined import may_be_undefined, undefined
from plasticdsl.plan.operations import Define
from plasticdsl.plan.plan import AtGivenTimes, AtThreshold, ByHazard, Emission, Kind, Plan, PopulationPlan, UnitChange, UnitJump

ONE, ZERO = Number(1.0), Number(0.0)

#: Locals of the kernel that finds spikes: how many so far, where in a list, which of those listed, whether the unit may still fire.
COUNT, POSITION, S, MAY_FIRE = (Local(text) for text in ("count", "position", "s", "may_fire"))


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(population: PopulationPlan) -> tuple[Size, ...]:
    """Lengths that belong to the population."""
    p = of_population(population.name)
    return tuple(Size(p.field(part)) for part in (Part.UNITS, Part.SLOTS, Part.CAPACITY, Part.LOG, Part.GIVEN))


def arguments(plan: Plan, population: PopulationPlan) -> tuple[Array | Scalar, ...]:
    """Everything the population's kernels may read or write."""
    name, p = population.name, of_population(population.name)
    length = (p.field(Part.UNITS),)
    found: list[Array | Scalar] = []
    for stored in population.variables:
        v = stored.variable
        full = p.variable(v.name)
        match stored.kind:
            case Kind.STATE:
                found.append(Array(full, "float64", length, OfState(p, v.name), True, f"{v.symbol} of {name}", v.unit))
            case Kind.EVALUATED:
                found.append(Array(full, "float64", length, Constant(), True, f"{v.symbol} of {name}, evaluated at t_n", v.unit))
            case Kind.CONSTANT:
                found.append(Array(full, "float64", length, OfParameter(p, v.name), False, f"{v.symbol} of {name}", v.unit))
            case Kind.SHARED:
                found.append(Scalar(full, "float64", OfParameter(p, v.name), f"{v.symbol} of {name}", v.unit))
    for scheme in population.schemes:
        if isinstance(scheme, Exact):
            found += propagators(scheme, Names(plan, population), length[0], _held(population))
        if isinstance(scheme, EulerMaruyama):
            found += [noise_stream(p, v) for v, n in zip(scheme.variables, scheme.noises, strict=True) if n is not None]
    for change in population.changes:
        if change.period is not None:
            period = OfExpression(p, change.period, steps=True)
            found.append(Scalar(p.field(Part.PERIOD, str(change.number)), "int64", period, "period in steps"))
    return (*found, *_spike_arguments(population))


def _spike_arguments(population: PopulationPlan) -> list[Array | Scalar]:
    name, p = population.name, of_population(population.name)
    units, slots, log, given = ((p.field(part),) for part in (Part.UNITS, Part.SLOTS, Part.LOG, Part.GIVEN))
    one, capacity, steps = (RUN.field(Part.ONE),), p.field(Part.CAPACITY), p.field(Part.REFRACTORY_STEPS)
    refractory = OfRefractory(name)
    return [
        Array(p.field(Part.SPIKES), "int32", (*slots, capacity), Constant(), True, f"units of {name} that spiked, by step modulo slots"),
        Array(p.field(Part.SPIKE_COUNT), "int64", slots, Constant(), True, "number of spikes in each slot"),
        Array(p.field(Part.SPIKE_TOTAL), "int64", one, Constant(), True, f"all spikes of {name} so far"),
        Array(p.field(Part.LOG_STEPS), "int64", log, Constant(), False, "step of each logged spike"),
        Array(p.field(Part.LOG_UNITS), "int32", log, Constant(), False, "unit of each logged spike"),
        Array(p.field(Part.LOG_COUNT), "int64", one, Constant(), False, "number of logged spikes"),
        Scalar(p.field(Part.RECORDING), "int64", None, f"1 where spikes of {name} are logged, else 0"),
        Array(p.field(Part.REFRACTORY_UNTIL), "int64", units, Constant(), True, "first step at which the unit may spike again"),
        Array(steps, "int64", units, refractory, False, "refractory time in steps")
        if _own_refractory(population)
        else Scalar(steps, "int64", refractory, "refractory time in steps"),
        Array(p.field(Part.WAS_TRUE), "int64", units, Constant(), True, "whether the spike condition held at the previous step"),
        Array(p.field(Part.UNDECIDED), "int64", units, Constant(), True, "1 where the spike condition has once been no number"),
        Array(p.field(Part.HAZARD), "float64", units, OfHazard(name), True, "what is left of the hazard until the next spike"),
        Array(p.field(Part.DRAWS), "int64", units, Constant(), True, "number of the unit's last random draw"),
        Scalar(p.field(Part.STREAM), "int64", OfStream(p), f"random stream of {name}"),
        Array(p.field(Part.GIVEN_STEPS), "int64", given, OfSource(name, "steps"), False, "steps of the given spikes, sorted"),
        Array(p.field(Part.GIVEN_UNITS), "int64", given, OfSource(name, "units"), False, "units of the given spikes"),
        Array(p.field(Part.GIVEN_NEXT), "int64", one, Constant(), True, "position of the next given spike"),
    ]


def _own_refractory(population: PopulationPlan) -> bool:
    return population.rest is not None and population.rest.differs


def _held(population: PopulationPlan) -> frozenset[str]:
    return frozenset() if population.rest is None else frozenset(population.rest.held)


# --- spikes ----------------------------------------------------------------------------------------------------------


def find_spikes(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel that lists the units that spike at t_n; it returns how many, or −1 where they do not fit the buffer."""
    assert population.emission is not None
    name, p = population.name, of_population(population.name)
    how, body = _emission(plan, population, population.emission)
    body = (now(p), Let(COUNT, ZERO), *body, *_bookkeeping(p), Return(Read(COUNT)))
    return Function(Kernel("spikes_{}", (name,)), f"List the units of {name} that spike at step n ({how}).", EACH_STEP, (), (), body)


def _emission(plan: Plan, population: PopulationPlan, emission: Emission) -> tuple[str, tuple[Statement, ...]]:
    """In words, and as statements."""
    match emission:
        case ByHazard(rate, of_state):
            return f"a Poisson process{' whose rate follows the state' if of_state else ''}", _by_hazard(plan, population, rate)
        case AtGivenTimes():
            return "given times", _given(of_population(population.name))
        case AtThreshold(condition, rising, written):
            return f"condition {pretty(written)}", _by_threshold(plan, population, condition, rising)


def now(p: Group) -> Let:
    """Where a population's spikes of this step stand in its ring."""
    return Let(SLOT, Call("mod", (Read(N), Read(p.field(Part.SLOTS)))))


def _append(p: Group, unit: Expr) -> tuple[Statement, ...]:
    return (
        If(Compare(">=", Read(COUNT), Read(p.field(Part.CAPACITY))), (Return(Number(-1.0)),)),
        Store(element(p.field(Part.SPIKES), SLOT, COUNT), unit),
        Let(COUNT, Binary("+", Read(COUNT), ONE)),
    )


def _by_threshold(plan: Plan, population: PopulationPlan, condition: Expr, rising: bool) -> tuple[Statement, ...]:
    p, resolved = of_population(population.name), Names(plan, population).resolve(condition)
    may: list[Expr] = [resolved]
    before: list[Statement] = []
    after: list[Statement] = []
    unanswered = undefined(resolved, may_be_undefined)
    if unanswered is not None:
        before.append(If(unanswered, (Store(element(p.field(Part.UNDECIDED), I), ONE),)))
    if rising:
        was_true = element(p.field(Part.WAS_TRUE), I)
        may.append(Compare("==", was_true, ZERO))
        after.append(Store(was_true, Choice(((resolved, ONE),), ZERO)))
    if population.rest is not None:
        may.append(_free(p))
    fires = Logic("and", tuple(may)) if len(may) > 1 else resolved
    return (For(I, ZERO, number_of(population.name), (Comment(pretty(condition)), *before, If(fires, _append(p, Read(I))), *after)),)


def _by_hazard(plan: Plan, population: PopulationPlan, rate: Expr) -> tuple[Statement, ...]:
    p, names = of_population(population.name), Names(plan, population)
    left, draws = element(p.field(Part.HAZARD), I), element(p.field(Part.DRAWS), I)
    draw = Call("exponential", (Read(RUN.field(Part.SEED)), Read(p.field(Part.STREAM)), Read(I), draws))
    due: Expr = Compare("<=", left, ZERO)
    begin: tuple[Statement, ...] = ()
    end: tuple[Statement, ...] = ()
    if population.rest is not None:  # a unit that becomes refractory fires once
        begin = (Let(MAY_FIRE, ONE),)
        end = (If(Compare(">", _refractory_steps(population), ZERO), (Let(MAY_FIRE, ZERO),)),)
        due = Logic("and", (due, Compare("==", Read(MAY_FIRE), ONE)))
    body: tuple[Statement, ...] = (
        Comment(f"the hazard {pretty(rate)} dt uses up an exponential draw; each time it is used up, a spike"),
        Store(left, Binary("-", left, Binary("*", names.resolve(rate), DT))),
        *begin,
        While(due, (*_append(p, Read(I)), Store(draws, Binary("+", draws, ONE)), Store(left, Binary("+", left, draw)), *end)),
    )
    if population.rest is not None:
        body = (If(_free(p), body),)
    return (For(I, ZERO, number_of(population.name), body),)


def _free(p: Group) -> Expr:
    """Whether the unit is not refractory."""
    return Compare(">=", Read(N), element(p.field(Part.REFRACTORY_UNTIL), I))


def _refractory_steps(population: PopulationPlan) -> Expr:
    steps = of_population(population.name).field(Part.REFRACTORY_STEPS)
    return element(steps, I) if _own_refractory(population) else Read(steps)


def _given(p: Group) -> tuple[Statement, ...]:
    position, one = Read(POSITION), only(p.field(Part.GIVEN_NEXT))
    due = Compare("==", element(p.field(Part.GIVEN_STEPS), POSITION), Read(N))
    more = Logic("and", (Compare("<", position, Read(p.field(Part.GIVEN))), due))
    return (
        Let(POSITION, one),
        While(more, (*_append(p, element(p.field(Part.GIVEN_UNITS), POSITION)), Let(POSITION, Binary("+", position, ONE)))),
        Store(one, position),
    )


def _bookkeeping(p: Group) -> tuple[Statement, ...]:
    logged = only(p.field(Part.LOG_COUNT))
    log = (
        Let(POSITION, logged),
        Store(element(p.field(Part.LOG_STEPS), POSITION), Read(N)),
        Store(element(p.field(Part.LOG_UNITS), POSITION), element(p.field(Part.SPIKES), SLOT, S)),
        Store(logged, Binary("+", Read(POSITION), ONE)),
    )
    return (
        Store(element(p.field(Part.SPIKE_COUNT), SLOT), Read(COUNT)),
        Increase(only(p.field(Part.SPIKE_TOTAL)), Read(COUNT)),
        If(Compare("!=", Read(p.field(Part.RECORDING)), ZERO), (For(S, ZERO, Read(COUNT), log),)),
    )


# --- jumps -----------------------------------------------------------------------------------------------------------


def unit_statements(jumps: Sequence[UnitJump], names: Names, population: PopulationPlan) -> tuple[Statement, ...]:
    """The assignments of units, top to bottom, each bounded."""
    statements: list[Statement] = []
    for jump in jumps:
        target = names.resolve(Ref(Whose.OWN, jump.target))
        assert isinstance(target, Element)
        variable = population.variable(jump.target).variable
        low, high = (None if b is None else names.resolve(b) for b in (variable.low, variable.high))
        statements.append(Comment(f"{jump.target} -> {pretty(jump.written)}"))
        statements.append(Store(target, clipped(names.resolve(jump.value), low, high)))
    return tuple(statements)


def jump_at_spikes(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel for the jumps of the units that spike at t_n and for the beginning of their refractory time."""
    name, p = population.name, of_population(population.name)
    body: list[Statement] = [Let(I, element(p.field(Part.SPIKES), SLOT, S))]
    body += unit_statements(population.jumps, Names(plan, population), population)
    if population.rest is not None:
        until = element(p.field(Part.REFRACTORY_UNTIL), I)
        body.append(Store(until, Binary("+", Read(N), _refractory_steps(population))))
    loop = For(S, ZERO, element(p.field(Part.SPIKE_COUNT), SLOT), tuple(body))
    return Function(Kernel("jump_{}", (name,)), f"Jumps of the units of {name} that spike at step n.", EACH_STEP, (), (), (now(p), loop))


# --- flow ------------------------------------------------------------------------------------------------------------


def flow_context(plan: Plan, population: PopulationPlan) -> FlowContext:
    """What `flows.flow` needs to know of the population."""
    p = of_population(population.name)
    return FlowContext(
        names=Names(plan, population),
        unit=I,
        flows={f.variable: f for f in population.population.block.flows},
        bounds={s.variable.name: (s.variable.low, s.variable.high) for s in population.variables if s.kind is Kind.STATE},
        held=_held(population),
        free=None if population.rest is None else _free(p),
    )


def flow_units(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel that moves the population's state from t_n to t_{n+1}."""
    p = population.name
    loop = For(I, ZERO, number_of(p), flow(population.alone, flow_context(plan, population)), independent=True)
    return Function(Kernel("flow_{}", (p,)), f"Let the state of {p} flow from step n to n + 1.", EACH_STEP, (), (), (loop,))


def change_units(plan: Plan, population: PopulationPlan, change: UnitChange) -> Function:
    """The kernel for what the units do at every step (discrete updates), or periodically: it checks the step itself."""
    p = population.name
    body = unit_statements(change.jumps, Names(plan, population), population)
    loop: Statement = For(I, ZERO, number_of(p), body, independent=True)
    if change.period is not None:
        loop = every(of_population(p).field(Part.PERIOD, str(change.number)), (loop,))
    doc = f"What the units of {p} do at a step by themselves."
    return Function(Kernel("step_{}_{}", (p, str(change.number))), doc, EACH_STEP, (), (), (loop,))


def every(period: Field, body: tuple[Statement, ...]) -> If:
    """Only at whole multiples of a period."""
    return If(Compare("==", Call("mod", (Read(N), Read(period))), ZERO), body)


def define(plan: Plan, population: PopulationPlan, definition: Define) -> Function:
    """The kernel that evaluates a definition of the population for those who read it, at t_n or at an integrator's stage."""
    p, variable, stage = population.name, definition.name, definition.stage
    names = Names(plan, population, stage=stage)
    cell = names.unit(population, variable, I)
    assert isinstance(cell, Element)
    value = at_stage(definition.value, {}, stage_time(stage), names)
    loop = For(I, ZERO, number_of(p), (Comment(f"{variable} = {pretty(definition.written)}"), Store(cell, value)), independent=True)
    kernel = stage_kernel(Kernel("define_{}_{}", (p, variable)), stage)
    return Function(kernel, f"Evaluate {variable} of {p}.", EACH_STEP, (), (), (loop,))
