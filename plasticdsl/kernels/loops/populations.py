"""Kernels of one population: find its spikes, make its jumps, let its state flow."""

from __future__ import annotations

from collections.abc import Sequence

from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.flows import FlowContext, at_stage, flow, noise_stream, propagators
from plasticdsl.kernels.loops.names import Names
from plasticdsl.kernels.program import (
    Array,
    Comment,
    Constant,
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
    Return,
    Scalar,
    Size,
    Statement,
    Store,
    While,
    element,
    name,
)
from plasticdsl.model.expr import At, Binary, Call, Choice, Compare, Expr, Logic, Number, Ref
from plasticdsl.model.model import (
    Assign,
    AtRate,
    Block,
    GivenSpikes,
    Handler,
    PoissonSource,
    Population,
    RegularSource,
    Role,
    Threshold,
    Trigger,
)
from plasticdsl.model.owners import OfPopulation, Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import EulerMaruyama, Exact
from plasticdsl.model.undefined import may_be_undefined, undefined
from plasticdsl.plan.inline import definitions, inline, map_refs
from plasticdsl.plan.plan import Plan

ONE, ZERO = Number(1.0), Number(0.0)


def spikes(population: Population) -> bool:
    """Whether the population has spikes at all."""
    return population.block.spike is not None or isinstance(population.source, PoissonSource | RegularSource | GivenSpikes)


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(population: Population) -> tuple[Size, ...]:
    """Lengths that belong to the population."""
    p = population.name
    whats = ("units", "slots", "capacity", "log", "given")
    return tuple(Size(f"{p}_{what}", p, what) for what in whats)  # type: ignore[arg-type]


def arguments(plan: Plan, population: Population) -> tuple[Array | Scalar, ...]:
    """Everything the population's kernels may read or write."""
    p, block, units = population.name, population.block, f"{population.name}_units"
    found: list[Array | Scalar] = []
    for v in block.variables:
        full = f"{p}_{v.name}"
        match v.role:
            case Role.STATE | Role.CLAMPED:
                found.append(Array(full, "float64", (units,), OfState(p, v.name), True, f"{v.symbol} of {p}", v.unit))
            case Role.INPUT | Role.DEFINITION:
                found.append(Array(full, "float64", (units,), Constant(), True, f"{v.symbol} of {p}, evaluated at t_n", v.unit))
            case Role.PARAMETER | Role.GIVEN if Ref(population.as_owner, v.name) in plan.per_unit:
                found.append(Array(full, "float64", (units,), OfParameter(p, v.name), False, f"{v.symbol} of {p}", v.unit))
            case Role.PARAMETER | Role.GIVEN:
                found.append(Scalar(full, "float64", OfParameter(p, v.name), f"{v.symbol} of {p}", v.unit))
    for scheme in block.schemes:
        if isinstance(scheme, Exact):
            found += propagators(scheme, p, Names(plan, population), units, _held(block))
        if isinstance(scheme, EulerMaruyama):
            found += [noise_stream(p, v) for v, n in zip(scheme.variables, scheme.noises, strict=True) if n is not None]
    for number, handler in enumerate(h for h in block.handlers if h.trigger in (Trigger.STEP, Trigger.EVERY)):
        if handler.period is not None:
            period = OfExpression(p, handler.period, steps=True)
            found.append(Scalar(f"{p}_period_{number}", "int64", period, "period in steps"))
    return (*found, *_spike_arguments(plan, population))


def _spike_arguments(plan: Plan, population: Population) -> list[Array | Scalar]:
    p, units = population.name, f"{population.name}_units"
    refractory = OfRefractory(p)
    per_unit = Ref(population.as_owner, "refractory") in plan.per_unit
    return [
        Array(f"{p}_spikes", "int32", (f"{p}_slots", f"{p}_capacity"), Constant(), True, f"units of {p} that spiked, by step modulo slots"),
        Array(f"{p}_spike_count", "int64", (f"{p}_slots",), Constant(), True, "number of spikes in each slot"),
        Array(f"{p}_total", "int64", ("one",), Constant(), True, f"all spikes of {p} so far"),
        Array(f"{p}_log_steps", "int64", (f"{p}_log",), Constant(), False, "step of each logged spike"),
        Array(f"{p}_log_units", "int32", (f"{p}_log",), Constant(), False, "unit of each logged spike"),
        Array(f"{p}_log_count", "int64", ("one",), Constant(), False, "number of logged spikes"),
        Scalar(f"{p}_recording", "int64", None, f"1 where spikes of {p} are logged, else 0"),
        Array(f"{p}_refractory_until", "int64", (units,), Constant(), True, "first step at which the unit may spike again"),
        Array(f"{p}_refractory_steps", "int64", (units,), refractory, False, "refractory time in steps")
        if per_unit
        else Scalar(f"{p}_refractory_steps", "int64", refractory, "refractory time in steps"),
        Array(f"{p}_was_true", "int64", (units,), Constant(), True, "whether the spike condition held at the previous step"),
        Array(f"{p}_undecided", "int64", (units,), Constant(), True, "1 where the spike condition has once been no number"),
        Array(f"{p}_hazard", "float64", (units,), OfHazard(p), True, "what is left of the hazard until the next spike"),
        Array(f"{p}_draws", "int64", (units,), Constant(), True, "number of the unit's last random draw"),
        Scalar(f"{p}_stream", "int64", OfStream(p), f"random stream of {p}"),
        Array(f"{p}_given_steps", "int64", (f"{p}_given",), OfSource(p, "steps"), False, "steps of the given spikes, sorted"),
        Array(f"{p}_given_units", "int64", (f"{p}_given",), OfSource(p, "units"), False, "units of the given spikes"),
        Array(f"{p}_given_next", "int64", ("one",), Constant(), True, "position of the next given spike"),
    ]


def _held(block: Block) -> frozenset[str]:
    return frozenset(block.refractory.held) if block.refractory is not None else frozenset()


# --- spikes ----------------------------------------------------------------------------------------------------------


def find_spikes(plan: Plan, population: Population) -> Function | None:
    """The kernel that lists the units that spike at t_n; it returns how many, or −1 where they do not fit the buffer."""
    source, spike = population.source, population.block.spike
    names = Names(plan, population)
    p = population.name
    match source, spike:
        case PoissonSource(rate), _:
            body = _by_hazard(p, names, rate, refractory=False)
            how = "a Poisson process"
        case RegularSource() | GivenSpikes(), _:
            body = _given(p)
            how = "given times"
        case _, AtRate(rate):
            body = _by_hazard(p, names, _written_out(rate, population.block), population.block.refractory is not None)
            how = "a Poisson process whose rate follows the state"
        case _, Threshold(condition, rising):
            body = _by_threshold(p, names, _written_out(condition, population.block), rising, population.block.refractory is not None)
            how = f"condition {pretty(condition)}"
        case _:
            return None
    body = (Let("slot", Call("mod", (name("n"), name(f"{p}_slots")))), Let("count", ZERO), *body, *_bookkeeping(p), Return(name("count")))
    return Function(f"spikes_{p}", f"List the units of {p} that spike at step n ({how}).", ("n", "t"), (), (), body)


def _written_out(expr: Expr, block: Block) -> Expr:
    return inline(expr, {Whose.OWN: definitions(block)})


def _append(p: str, unit: Expr) -> tuple[Statement, ...]:
    return (
        If(Compare(">=", name("count"), name(f"{p}_capacity")), (Return(Number(-1.0)),)),
        Store(element(f"{p}_spikes", "slot", "count"), unit),
        Let("count", Binary("+", name("count"), ONE)),
    )


def _by_threshold(p: str, names: Names, condition: Expr, rising: bool, refractory: bool) -> tuple[Statement, ...]:
    resolved = names.resolve(condition)
    may: list[Expr] = [resolved]
    before: list[Statement] = []
    after: list[Statement] = []
    unanswered = undefined(resolved, may_be_undefined)
    if unanswered is not None:
        before.append(If(unanswered, (Store(element(f"{p}_undecided", "i"), ONE),)))
    if rising:
        may.append(Compare("==", element(f"{p}_was_true", "i"), ZERO))
        after.append(Store(element(f"{p}_was_true", "i"), Choice(((resolved, ONE),), ZERO)))
    if refractory:
        may.append(Compare(">=", name("n"), element(f"{p}_refractory_until", "i")))
    fires = Logic("and", tuple(may)) if len(may) > 1 else resolved
    return (For("i", ZERO, name(f"{p}_units"), (Comment(pretty(condition)), *before, If(fires, _append(p, name("i"))), *after)),)


def _by_hazard(p: str, names: Names, rate: Expr, refractory: bool) -> tuple[Statement, ...]:
    left, draws = element(f"{p}_hazard", "i"), element(f"{p}_draws", "i")
    draw = Call("exponential", (name("seed"), name(f"{p}_stream"), name("i"), draws))
    due: Expr = Compare("<=", left, ZERO)
    begin: tuple[Statement, ...] = ()
    end: tuple[Statement, ...] = ()
    if refractory:  # a unit that becomes refractory fires once
        steps = _refractory_steps(names, p)
        begin = (Let("may_fire", ONE),)
        end = (If(Compare(">", steps, ZERO), (Let("may_fire", ZERO),)),)
        due = Logic("and", (due, Compare("==", name("may_fire"), ONE)))
    body: tuple[Statement, ...] = (
        Comment(f"the hazard {pretty(rate)} dt uses up an exponential draw; each time it is used up, a spike"),
        Store(left, Binary("-", left, Binary("*", names.resolve(rate), name("dt")))),
        *begin,
        While(due, (*_append(p, name("i")), Store(draws, Binary("+", draws, ONE)), Store(left, Binary("+", left, draw)), *end)),
    )
    if refractory:
        body = (If(Compare(">=", name("n"), element(f"{p}_refractory_until", "i")), body),)
    return (For("i", ZERO, name(f"{p}_units"), body),)


def _refractory_steps(names: Names, p: str) -> Expr:
    return (
        element(f"{p}_refractory_steps", "i")
        if Ref(OfPopulation(p), "refractory") in names.plan.per_unit
        else name(f"{p}_refractory_steps")
    )


def _given(p: str) -> tuple[Statement, ...]:
    position = name("position")
    more = Logic("and", (Compare("<", position, name(f"{p}_given")), Compare("==", element(f"{p}_given_steps", "position"), name("n"))))
    one = At(Ref(Whose.OWN, f"{p}_given_next"), ("0",))
    return (
        Let("position", one),
        While(more, (*_append(p, element(f"{p}_given_units", "position")), Let("position", Binary("+", position, ONE)))),
        Store(one, position),
    )


def _bookkeeping(p: str) -> tuple[Statement, ...]:
    logged = At(Ref(Whose.OWN, f"{p}_log_count"), ("0",))
    return (
        Store(element(f"{p}_spike_count", "slot"), name("count")),
        Increase(At(Ref(Whose.OWN, f"{p}_total"), ("0",)), name("count")),
        If(
            Compare("!=", name(f"{p}_recording"), ZERO),
            (
                For(
                    "s",
                    ZERO,
                    name("count"),
                    (
                        Let("position", logged),
                        Store(element(f"{p}_log_steps", "position"), name("n")),
                        Store(element(f"{p}_log_units", "position"), element(f"{p}_spikes", "slot", "s")),
                        Store(logged, Binary("+", name("position"), ONE)),
                    ),
                ),
            ),
        ),
    )


# --- jumps -----------------------------------------------------------------------------------------------------------


def unit_statements(handler: Handler, names: Names, block: Block) -> tuple[Statement, ...]:
    """The assignments of a handler of a neuron, top to bottom, each bounded."""
    statements: list[Statement] = []
    written = definitions(block)
    for statement in handler.statements:
        assert isinstance(statement, Assign)
        target = names.resolve(Ref(Whose.OWN, statement.target.name))
        assert isinstance(target, At)
        statements.append(Comment(f"{statement.target.name} -> {pretty(statement.value)}"))
        value = names.resolve(_plain(inline(statement.value, {Whose.OWN: written})))
        variable = block.variable(statement.target.name)
        assert variable is not None
        low, high = (None if b is None else names.resolve(b) for b in (variable.low, variable.high))
        statements.append(Store(target, clipped(value, low, high)))
    return tuple(statements)


def _plain(expr: Expr) -> Expr:
    return map_refs(expr, lambda ref: Ref(ref.owner, ref.name))


def jump_at_spikes(plan: Plan, population: Population) -> Function | None:
    """The kernel for the jumps of the units that spike at t_n and for the beginning of their refractory time."""
    handlers = [h for h in population.block.handlers if h.trigger is Trigger.SPIKE]
    refractory = population.block.refractory is not None
    if not spikes(population) or not (any(h.statements for h in handlers) or refractory):
        return None
    p, names = population.name, Names(plan, population)
    body: list[Statement] = [Let("i", element(f"{p}_spikes", "slot", "s"))]
    for handler in handlers:
        body += unit_statements(handler, names, population.block)
    if refractory:
        body.append(Store(element(f"{p}_refractory_until", "i"), Binary("+", name("n"), _refractory_steps(names, p))))
    loop = For("s", ZERO, element(f"{p}_spike_count", "slot"), tuple(body))
    start = Let("slot", Call("mod", (name("n"), name(f"{p}_slots"))))
    return Function(f"jump_{p}", f"Jumps of the units of {p} that spike at step n.", ("n", "t"), (), (), (start, loop))


# --- flow ------------------------------------------------------------------------------------------------------------


def flow_context(plan: Plan, population: Population) -> FlowContext:
    """What `flows.flow` needs to know of the population."""
    block, p = population.block, population.name
    free = Compare(">=", name("n"), element(f"{p}_refractory_until", "i")) if block.refractory is not None else None
    return FlowContext(
        owner=p,
        names=Names(plan, population),
        unit="i",
        flows={f.variable: f for f in block.flows},
        bounds={v.name: (v.low, v.high) for v in block.variables if v.role is Role.STATE},
        held=_held(block),
        free=free,
    )


def flow_units(plan: Plan, population: Population) -> Function | None:
    """The kernel that moves the population's state from t_n to t_{n+1}."""
    block, p = population.block, population.name
    if not block.schemes:
        return None
    body = flow(block.schemes, flow_context(plan, population))
    loop = For("i", ZERO, name(f"{p}_units"), body, independent=True)
    return Function(f"flow_{p}", f"Let the state of {p} flow from step n to n + 1.", ("n", "t"), (), (), (loop,))


def each_step(plan: Plan, population: Population) -> tuple[Function, ...]:
    """Kernels for what the units do at every step (discrete updates), or periodically: those check the step themselves."""
    p, block = population.name, population.block
    found = []
    handlers = list(enumerate(h for h in block.handlers if h.trigger in (Trigger.STEP, Trigger.EVERY)))
    for number, handler in sorted(handlers, key=lambda h: h[1].trigger is Trigger.EVERY):
        body: Sequence[Statement] = unit_statements(handler, Names(plan, population), block)
        loop: Statement = For("i", ZERO, name(f"{p}_units"), tuple(body), independent=True)
        if handler.trigger is Trigger.EVERY:
            loop = If(Compare("==", Call("mod", (name("n"), name(f"{p}_period_{number}"))), ZERO), (loop,))
        found.append(Function(f"step_{p}_{number}", f"What the units of {p} do at a step by themselves.", ("n", "t"), (), (), (loop,)))
    return tuple(found)


def define(
    plan: Plan, population: Population, variable: str, staged: frozenset[tuple[str, str]] = frozenset(), time: Expr | None = None
) -> Function:
    """The kernel that evaluates a definition of the population for those who read it (`staged`: at an integrator's stage)."""
    block, p = population.block, population.name
    declared = block.variable(variable)
    assert declared is not None and isinstance(declared.value, Expr)
    names = Names(plan, population, staged=staged)
    value = at_stage(_plain(_written_out(declared.value, block)), {}, time or name("t"), names)
    cell = names.unit(population, variable, "i")
    assert isinstance(cell, At)
    body = (Comment(f"{variable} = {pretty(declared.value)}"), Store(cell, value))
    loop = For("i", ZERO, name(f"{p}_units"), body, independent=True)
    return Function(f"define_{p}_{variable}", f"Evaluate {variable} of {p}.", ("n", "t"), (), (), (loop,))
