"""From the plan to the loop program.

`build(plan)` gives one kernel per thing that happens and `advance`, which calls them in the order that docs/language fixes for a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from plasticdsl.kernels.identifiers import ADVANCE, NETWORK, RUN, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops import arrivals, feeds, stages, sums, sweep
from plasticdsl.kernels.loops import populations as units
from plasticdsl.kernels.loops import projections as synapses
from plasticdsl.kernels.loops.collect import statements, with_arguments
from plasticdsl.kernels.loops.names import DT, N, T
from plasticdsl.kernels.program import (
    Array,
    Comment,
    For,
    Function,
    If,
    Invoke,
    Let,
    OfParameter,
    Program,
    Read,
    Return,
    Scalar,
    Size,
    Statement,
    Store,
    only,
)
from plasticdsl.model.expr import Binary, Compare, Expr, Logic, Number
from plasticdsl.model.model import Population, Role
from plasticdsl.plan.plan import Plan, Slot

ZERO = Number(0.0)

#: What `advance` is told.
FIRST_STEP, STEPS = Local("first_step"), Local("steps")


def build(plan: Plan) -> Program:
    """All kernels of a network."""
    arguments = _arguments(plan)
    arrays = tuple(a for a in arguments if isinstance(a, Array))
    scalars = tuple(a for a in arguments if isinstance(a, Scalar))
    sizes = _sizes(plan)
    ordered, body = _step(plan)
    functions = tuple(with_arguments(f, arrays, scalars, sizes) for f in ordered)
    advance = _advance(plan, functions, body, arrays, scalars, sizes)
    used = frozenset(n for f in (*functions, advance) for n in (*f.arrays, *f.scalars))
    names = [p.projection.name for p in plan.projections]
    lengths = frozenset(length for a in arrays if a.name in used for length in a.shape)
    return Program(
        name=plan.network.name,
        doc=plan.network.doc,
        sizes=tuple(s for s in sizes if s.name in used or s.name in lengths),
        scalars=tuple(s for s in scalars if s.name in used),
        arrays=tuple(a for a in arrays if a.name in used),
        functions=(*functions, advance),
        logs=tuple(p.population.name for p in plan.populations if units.spikes(p.population)),
        feeds=plan.network.fed,
        visits=plan.network.asynchronous,
        kept=sweep.ages(plan),
        switches=tuple(p for p in names if of_projection(p).field(Part.LEARNING) in used),
    )


def _sizes(plan: Plan) -> tuple[Size, ...]:
    return (
        *(s for p in plan.populations for s in units.sizes(p.population)),
        *(s for p in plan.projections for s in synapses.sizes(p)),
        *feeds.sizes(plan),
        Size(RUN.field(Part.ONE)),
    )


def _arguments(plan: Plan) -> tuple[Array | Scalar, ...]:
    network = [
        Scalar(NETWORK.variable(v.name), "float64", OfParameter(NETWORK, v.name), v.symbol, v.unit)
        for v in plan.network.variables
        if v.role in (Role.PARAMETER, Role.GIVEN)
    ]
    return (
        Scalar(RUN.field(Part.DT), "float64", None, "step", "s"),
        Scalar(RUN.field(Part.SEED), "int64", None, "seed of all random draws"),
        *network,
        *(a for p in plan.populations for a in units.arguments(plan, p.population)),
        *(a for p in plan.projections for a in synapses.arguments(plan, p)),
        *feeds.arguments(plan),
        *sums.arguments(plan),
        *sweep.arguments(plan),
        *stages.arguments(plan),
    )


def _step(plan: Plan) -> tuple[list[Function], list[Statement]]:
    """The kernels in the order of a step, and the calls that run them."""
    functions: list[Function] = []
    calls: list[Statement] = []

    def call(function: Function | None) -> None:
        if function is not None:
            functions.append(function)
            calls.append(Invoke(function.name))

    for function in feeds.feeds(plan):
        call(function)
    for population in (p.population for p in plan.populations):
        spikes = units.find_spikes(plan, population)
        if spikes is not None:
            functions.append(spikes)
            count = Local("count_{}", (population.name,))
            calls.append(Invoke(spikes.name, count))
            calls.append(If(Compare("<", Read(count), ZERO), (Return(Number(-1.0)),)))
    for p in plan.projections:
        call(synapses.copies(plan, p))
    for p in plan.projections:
        for function in arrivals.keep_history(p):
            call(function)
    for population in (p.population for p in plan.populations):
        call(units.jump_at_spikes(plan, population))
    for p in plan.projections:
        call(arrivals.arrive(plan, p))
    _events(plan, call)
    summed = _evaluations(plan, call, calls)
    for p in plan.readers_first:
        for function in synapses.each_step(plan, p):
            call(function)
    _unit_changes(plan, functions, calls, summed)
    for p in plan.projections:
        call(arrivals.add_between(plan, p))
    for function in stages.flows(plan):
        call(function)
    calls += [Invoke(again) for again in feeds.moved(plan)]
    for function in sweep.keep(plan):
        call(function)
    return functions, calls


def _events(plan: Plan, call: object) -> None:
    assert callable(call)
    counts = [arrivals.count_now(p) for p in plan.projections]
    for many in counts:
        for function in many[::2]:
            call(function)
    kernels = [kernel for p in plan.projections for kernel in synapses.event_kernels(plan, p)]
    for slot in Slot:
        for at, function in kernels:
            if at is slot:
                call(function)
    for many in counts:
        for function in many[1::2]:
            call(function)


def _unit_changes(
    plan: Plan, functions: list[Function], calls: list[Statement], summed: Mapping[tuple[str, str], Sequence[Statement]]
) -> None:
    """What units do at a step by themselves: one after the other, then all at once. Sums that rules have changed are formed anew before the first unit
    moves, while the definitions that they read still hold; from then on they follow the units."""
    for one in plan.sweeps:
        anew = tuple(s for target in one.anew for s in sweep.when_learnt(plan, one.population, target, summed[one.population, target]))
        calls.extend([If(sweep.visiting(one.population), anew)] if anew else [])
    for one in plan.sweeps:
        functions.append(sweep.sweep_kernel(plan, next(p.population for p in plan.populations if p.population.name == one.population), one))
        calls.append(If(sweep.visiting(one.population), (Invoke(functions[-1].name),)))
    for population in (p.population for p in plan.populations):
        for function in units.each_step(plan, population):
            functions.append(function)
            calls.append(_unless_visiting(plan, population, Invoke(function.name)))


def _unless_visiting(plan: Plan, population: Population, invoke: Invoke) -> Statement:
    """All units at once, where they do not update one after the other."""
    if all(s.population != population.name for s in plan.sweeps):
        return invoke
    return If(sweep.off(sweep.visiting(population.name)), (invoke,))


def _evaluations(
    plan: Plan, call: Callable[[Function | None], None], calls: list[Statement]
) -> dict[tuple[str, str], tuple[Statement, ...]]:
    """Inputs and definitions, each after what it depends on; what feeds an input replaces its sum. Gives what makes each input."""
    by_name = {p.population.name: p.population for p in plan.populations}
    made: dict[tuple[str, str], tuple[Statement, ...]] = {}
    for entry in plan.network.order:
        population = by_name[entry.population]
        variable = population.block.variable(entry.name)
        assert variable is not None
        if variable.role is Role.DEFINITION:
            call(units.define(plan, population, entry.name))
            continue
        begin = len(calls)
        for function in sums.evaluate(plan, population, entry.name):
            call(function)
        if feeds.fed(plan, population.name, entry.name):
            calls.append(Invoke(feeds.kernel(population.name, entry.name)))
        made[population.name, entry.name] = tuple(calls[begin:])
        calls[begin:] = sweep.when_due(plan, population.name, entry.name, calls[begin:])
    for p in plan.projections:
        call(sums.own_totals(plan, p))
    for p in plan.projections:
        for function in sums.send(plan, p):
            call(function)
    return made


# --- advance ---------------------------------------------------------------------------------------------------------


def _advance(
    plan: Plan,
    functions: Sequence[Function],
    calls: Sequence[Statement],
    arrays: Sequence[Array],
    scalars: Sequence[Scalar],
    sizes: Sequence[Size],
) -> Function:
    """Whole steps, one after the other; stops early where a spike log could not hold another step."""
    body: list[Statement] = []
    full = [_log_is_full(p.population.name) for p in plan.populations if units.spikes(p.population)]
    if full:
        done = Binary("-", Read(N), Read(FIRST_STEP))
        body.append(If(full[0] if len(full) == 1 else Logic("or", tuple(full)), (Return(done),)))
    body += [Let(T, Binary("*", Read(N), DT)), *calls]
    stop = Binary("+", Read(FIRST_STEP), Read(STEPS))
    loop = For(N, Read(FIRST_STEP), stop, (Comment("one step: the events of t_n, then the flow to t_{n+1}"), *body))
    values: tuple[Size | Scalar, ...] = (*sizes, *scalars)
    needed = frozenset(n for f in functions for n in (*f.arrays, *f.scalars))
    found = with_arguments(Function(ADVANCE, "", (), (), (), (loop,)), arrays, scalars, sizes)
    doc = f"Run `steps` steps of {plan.network.name} from step `first_step`; returns how many were done, or -1 where a spike buffer overflowed."
    assert not [s for s in statements(loop.body) if isinstance(s, Store)]
    return Function(
        ADVANCE,
        doc,
        (FIRST_STEP, STEPS),
        tuple(s.name for s in values if s.name in needed or s.name in found.scalars or s.name == DT.name),
        tuple(a.name for a in arrays if a.name in needed or a.name in found.arrays),
        (loop, Return(Read(STEPS))),
    )


def _log_is_full(population: str) -> Expr:
    field = of_population(population).field
    held = Binary("+", only(field(Part.LOG_COUNT)), Read(field(Part.CAPACITY)))
    on = Compare("!=", Read(field(Part.RECORDING)), ZERO)
    return Logic("and", (on, Compare(">", held, Read(field(Part.LOG)))))
