"""Kernels of one population: find its spikes, make its jumps, let its state flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.identifiers import RUN, Field, Group, Kernel, Part, of_emitted, of_population, of_projection
from plasticdsl.kernels.loops import cables, calendar, chance, kicks, located, shares
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.emission import COUNT, POSITION, emission
from plasticdsl.kernels.loops.flows import FlowContext, at_stage, flow, let_vanish, scheme_arguments
from plasticdsl.kernels.loops.names import (
    REPEAT,
    SLOT,
    I,
    N,
    Names,
    at_own_ends,
    at_own_steps,
    each_unit,
    every,
    ring,
    stage_kernel,
    stage_time,
)
from plasticdsl.kernels.loops.refractory import differs, free, refractory_steps, shown
from plasticdsl.kernels.loops.small_steps import in_two_ways
from plasticdsl.kernels.loops.walks import S, each_spike
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    For,
    Function,
    If,
    Increase,
    Let,
    Read,
    Return,
    Scalar,
    Size,
    Statement,
    Store,
    element,
    only,
)
from plasticdsl.kernels.recipes import DT, SEED, Apply, Formula
from plasticdsl.model import Trigger
from plasticdsl.model.expr import Binary, Compare, Expr, Ref
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import MOST_LOCATED, Cables, to_tolerance
from plasticdsl.plan import operations as ops
from plasticdsl.plan.places import Kind
from plasticdsl.plan.plan import Plan
from plasticdsl.plan.populations import Emits, PopulationPlan, UnitJump
from plasticdsl.support import structure
from plasticdsl.support.counts import length_of_words
from plasticdsl.support.random import hazards, stream_of
from plasticdsl.support.steps import own_steps, to_step_array

# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(plan: Plan, population: PopulationPlan) -> tuple[Size, ...]:
    """Lengths that belong to the population."""
    p, projections = of_population(population.name), plan.network.projections
    units, given = p.field(Part.UNITS), p.field(Part.GIVEN_STEPS)
    heard = {
        o.name: {h.trigger for h in o.connection.handlers} | ({Trigger.PRE, Trigger.POST} if o.connection.pairs else set())
        for o in projections
    }
    delays = [of_projection(o.name).field(Part.AXONAL) for o in projections if o.pre == population.name and Trigger.PRE in heard[o.name]]
    delays += [
        of_projection(o.name).field(Part.DENDRITIC) for o in projections if o.post == population.name and Trigger.POST in heard[o.name]
    ]
    return (
        Size(units, units),
        *(s for e in population.events for s in _lists(population, e, (units, () if e.event else given), delays)),
        Size(p.field(Part.GIVEN), Apply(len, (given,))),
        Size(p.field(Part.WORDS_LENGTH), Apply(length_of_words, (units,))),
        *calendar.sizes(population),
        *(cables.sizes(along, p) if (along := on_cables(population)) is not None else ()),
    )


def _lists(population: PopulationPlan, emits: Emits, held: tuple[Field, Field | tuple[()]], delays: Sequence[Field]) -> Iterator[Size]:
    """Lengths of lists of spikes, or of another event; `held`: of how many units, and which spikes are given."""
    p, (units, given) = of_emitted(population.name, emits.event), held
    each = (MOST_LOCATED,) if emits in population.located else ()
    yield Size(p.field(Part.SLOTS), Apply(structure.slots, tuple(delays)))
    yield Size(p.field(Part.CAPACITY), Apply(structure.capacity, (given, units, *each)))
    yield Size(p.field(Part.LOG), Apply(structure.log_length, (given, units, *each)))
    yield Size(p.field(Part.LOCATED), MOST_LOCATED)


def arguments(plan: Plan, population: PopulationPlan) -> tuple[Array | Scalar, ...]:
    """Everything the population's kernels may read or write."""
    p, length = of_population(population.name), of_population(population.name).field(Part.UNITS)
    found: list[Array | Scalar] = []
    for stored in population.variables:
        v, full = stored.variable, p.variable(stored.variable.name)
        doc = f"{v.symbol} of {population.name}"
        match stored.kind:
            case Kind.EVALUATED:
                found.append(Array(full, "float64", (length,), doc=f"{doc}, evaluated at t_n", unit=v.unit))
            case Kind.STATE | Kind.CONSTANT as kind:
                wide = v.name in to_tolerance(population.schemes)
                found.append(Array(full, "float64", (length,), full, kind is Kind.STATE, doc, v.unit, wide=wide))
            case Kind.SHARED:
                found.append(Scalar(full, "float64", full, doc, v.unit))
    if (along := on_cables(population)) is not None:
        found += cables.arguments(along, Names(plan, population), _held(population))
    for scheme in population.schemes:
        found += scheme_arguments(scheme, Names(plan, population), length, _held(population))
    found += kicks.arguments(population.schemes, Names(plan, population))
    for change in population.changes:
        if change.period is not None:
            stride = None if population.population.step is None else p.field(Part.STRIDE)
            found.append(period_argument(p, change.number, change.period, stride))
    if population.population.step is not None:
        found.append(Scalar(p.field(Part.STRIDE), "int64", p.field(Part.STRIDE)))
    found += chance.streams(p, (population.events, population.changes))
    found += (a for e in population.events for a in _event_arguments(of_emitted(p.name, e.event), p))
    found += located.arguments(population, Names(plan, population))
    return (*found, *_spike_arguments(population), *calendar.arguments(population))


def period_argument(owner: Group, number: int, duration: Expr, stride: Field | None = None) -> Scalar:
    """Of something that happens periodically; `stride`: of units with steps of their own."""
    asked = (Formula(owner, duration), DT)
    steps = Apply(to_step_array, asked) if stride is None else Apply(own_steps, (*asked, stride))
    return Scalar(owner.field(Part.PERIOD, str(number)), "int64", steps)


def _event_arguments(p: Group, of: Group) -> list[Array | Scalar]:
    """Of spikes, or of another event, of the units `of` a population."""
    units, slots, log = (group.field(part) for group, part in ((of, Part.UNITS), (p, Part.SLOTS), (p, Part.LOG)))
    one = RUN.field(Part.ONE)
    return [
        Array(p.field(Part.SPIKES), "int32", (slots, p.field(Part.CAPACITY))),
        Array(p.field(Part.SPIKE_COUNT), "int64", (slots,)),
        Array(p.field(Part.SPIKE_TOTAL), "int64", (one,)),
        Array(p.field(Part.LOG_STEPS), "int64", (log,), changes=False),
        Array(p.field(Part.LOG_UNITS), "int32", (log,), changes=False),
        Array(p.field(Part.LOG_COUNT), "int64", (one,), changes=False),
        Scalar(p.field(Part.RECORDING), "int64"),
        Array(p.field(Part.WAS_TRUE), "int64", (units,)),
        Array(p.field(Part.UNDECIDED), "int64", (units,)),
    ]


def _spike_arguments(population: PopulationPlan) -> list[Array | Scalar]:
    p = of_population(population.name)
    units, given = ((p.field(part),) for part in (Part.UNITS, Part.GIVEN))
    one, steps = (RUN.field(Part.ONE),), p.field(Part.REFRACTORY_STEPS)
    hazard = Apply(hazards, (SEED, stream_of(p.name), Apply(range, units), 0))
    return [
        *(Array(p.field(Part.LOG_VALUES, name), "float64", (p.field(Part.LOG),), changes=False) for name, _ in population.kept),
        Array(p.field(Part.REFRACTORY_UNTIL), "int64", units),
        Array(steps, "int64", units, steps, False) if differs(population) else Scalar(steps, "int64", steps),
        Array(p.field(Part.HAZARD), "float64", units, hazard),
        Array(p.field(Part.DRAWS), "int64", units),
        Array(p.field(Part.WORDS), "uint32", (p.field(Part.WORDS_LENGTH),), changes=False),
        Scalar(p.field(Part.STREAM), "int64", stream_of(p.name)),
        Array(p.field(Part.GIVEN_STEPS), "int64", given, p.field(Part.GIVEN_STEPS), False),
        Array(p.field(Part.GIVEN_UNITS), "int64", given, p.field(Part.GIVEN_UNITS), False),
        Array(p.field(Part.GIVEN_NEXT), "int64", one),
    ]


def _held(population: PopulationPlan) -> frozenset[str]:
    return frozenset() if population.rest is None else frozenset(population.rest.held)


# --- spikes ----------------------------------------------------------------------------------------------------------


def find_spikes(plan: Plan, population: PopulationPlan, event: str) -> Function:
    """The kernel that lists the units that spike (or have another event) at t_n; it returns how many, or −1 where they do not fit the buffer."""
    name, p = population.name, of_emitted(population.name, event)
    how, body = emission(plan, population, population.emits(event))
    doc = f"List the units of {name} that {_happens(event)} at step n ({how})."
    place, none = ring(SLOT, Read(N), p.field(Part.SLOTS)), Let(COUNT, ZERO)
    if plan.windowed and population.population.source is None:  # what is done with the list is done when all shares are through
        listed = (place, none, *body, Store(element(p.field(Part.SPIKE_COUNT), SLOT), Read(COUNT)), Return(Read(COUNT)))
        return Function(_kernel("spikes_{}", name, event), doc, listed)
    kept = () if event else _keep(plan, population)
    logged = population.emits(event) not in population.located  # else they are, with their times
    body = (place, none, *at_own_steps(population, body), *_bookkeeping(p, kept, logged), Return(Read(COUNT)))
    return Function(_kernel("spikes_{}", name, event), doc, body)


def known(population: PopulationPlan) -> Function:
    """The kernel that lists for all which units of the shares spiked at a step of the window."""
    return shares.known(population, _bookkeeping(of_population(population.name), ()))


def _kernel(pattern: str, population: str, event: str) -> Kernel:
    return Kernel(f"{pattern}_{{}}", (population, event)) if event else Kernel(pattern, (population,))


def _happens(event: str) -> str:
    return f"have the event {event}" if event else "spike"


def _bookkeeping(p: Group, kept: tuple[Statement, ...], logs: bool = True) -> tuple[Statement, ...]:
    """`kept`: what is logged beside the step and the unit, where spikes are logged here."""
    logged = only(p.field(Part.LOG_COUNT))
    log = (
        Let(POSITION, logged),
        Store(element(p.field(Part.LOG_STEPS), POSITION), Read(N)),
        Store(element(p.field(Part.LOG_UNITS), POSITION), element(p.field(Part.SPIKES), SLOT, S)),
        *kept,
        Store(logged, Binary("+", Read(POSITION), ONE)),
    )
    return (
        Store(element(p.field(Part.SPIKE_COUNT), SLOT), Read(COUNT)),
        Increase(only(p.field(Part.SPIKE_TOTAL)), Read(COUNT)),
        *((If(Compare("!=", Read(p.field(Part.RECORDING)), ZERO), (For(S, ZERO, Read(COUNT), log),)),) if logs else ()),
    )


def _keep(plan: Plan, population: PopulationPlan) -> tuple[Statement, ...]:
    """The values that are logged with a spike."""
    p, names = of_population(population.name), Names(plan, population)
    values = [(element(p.field(Part.LOG_VALUES, name), POSITION), names.resolve(value)) for name, value in population.kept]
    return (Let(I, element(p.field(Part.SPIKES), SLOT, S)), *(Store(*one) for one in values)) if values else ()


# --- jumps -----------------------------------------------------------------------------------------------------------


def unit_statements(jumps: Sequence[UnitJump], names: Names, population: PopulationPlan) -> tuple[Statement, ...]:
    """The assignments of units, top to bottom, each bounded."""
    statements: list[Statement] = []
    for jump in jumps:
        value = clipped(names.resolve(jump.value), population.variable(jump.target).variable, names.resolve)
        statements += [Comment(f"{jump.target} -> {pretty(jump.written)}"), Store(names.cell(Ref(Whose.OWN, jump.target)), value)]
    return tuple(statements)


def jump_at_spikes(plan: Plan, population: PopulationPlan, event: str) -> Function:
    """The kernel for the jumps of the units that spike (or have another event) at t_n, and for the beginning of their refractory time."""
    name, p = population.name, of_emitted(population.name, event)
    body = list[Statement]()
    body += unit_statements(population.emits(event).jumps, Names(plan, population, repeat=REPEAT), population)
    if population.rest is not None and not event:
        until = element(p.field(Part.REFRACTORY_UNTIL), I)
        body += [Store(until, Binary("+", Read(N), refractory_steps(plan, population))), *shown(population)]
    doc = f"Jumps of the units of {name} that {_happens(event)} at step n."
    return Function(_kernel("jump_{}", name, event), doc, (ring(SLOT, Read(N), p.field(Part.SLOTS)), *each_spike(p, I, body)))


# --- flow ------------------------------------------------------------------------------------------------------------


def flow_context(plan: Plan, population: PopulationPlan) -> FlowContext:
    """What `flows.flow` needs to know of the population."""
    not_refractory = None if population.rest is None else free(of_population(population.name))
    return FlowContext(Names(plan, population), I, population.population.block.flows, _held(population), not_refractory)


def on_cables(population: PopulationPlan) -> Cables | None:
    """How the segments of neurons with sections are integrated."""
    return next((s for s in population.schemes if isinstance(s, Cables)), None)


def flow_units(plan: Plan, population: PopulationPlan) -> Function:
    """The kernel that moves the population's state from t_n to t_{n+1}."""
    if (along := on_cables(population)) is not None:
        doc = f"Let the state of {population.name} flow from step n to n + 1, also along its cables."
        context = flow_context(plan, population)
        first = let_vanish(along.before, context, lambda body: (each_unit(population.name, body),))
        body = at_own_ends(population, cables.flow_along(along, context))
        return Function(Kernel("flow_{}", (population.name,)), doc, (*first, *body))
    context, doc = flow_context(plan, population), f"Let the state of {population.name} flow from step n to n + 1."
    if population.located:
        first = let_vanish(population.alone, context, lambda body: (each_unit(population.name, body),))
        loops = located.flow_to_events(plan, population, context)
        doc = f"{doc[:-1]}, from event to event."
        return Function(Kernel("flow_{}", (population.name,)), doc, (*first, *at_own_ends(population, loops)))
    loops = in_two_ways(population.name, population.alone, context, lambda known: flow(population.alone, known))
    first = let_vanish(population.alone, context, lambda body: (each_unit(population.name, body),))
    return Function(Kernel("flow_{}", (population.name,)), doc, (*first, *at_own_ends(population, loops)))


def change_units(plan: Plan, operation: ops.ChangeUnits) -> Function:
    """The kernel for what the units do at every step (discrete updates), or periodically: it checks the step itself."""
    p, number, population = operation.population, operation.number, plan.population(operation.population)
    change = next(c for c in population.changes if c.number == number)
    all_units = (each_unit(p, unit_statements(change.jumps, Names(plan, population), population)),)
    periodic = change.period is not None
    body = (every(of_population(p).field(Part.PERIOD, str(number)), all_units),) if periodic else at_own_steps(population, all_units)
    return Function(Kernel("step_{}_{}", (p, str(number))), f"What the units of {p} do at a step by themselves.", body)


def define(plan: Plan, operation: ops.Define) -> Function:
    """The kernel that evaluates a definition of the population for those who read it, at t_n or at an integrator's stage."""
    p, variable, stage = operation.population, operation.name, operation.stage
    names = Names(plan, plan.population(p), stage=stage)
    store = Store(names.cell(Ref(Whose.OWN, variable)), at_stage(operation.value, {}, stage_time(stage), names))
    kernel = stage_kernel(Kernel("define_{}_{}", (p, variable)), stage)
    body = each_unit(p, [Comment(f"{variable} = {pretty(operation.written)}"), store])
    return Function(kernel, f"Evaluate {variable} of {p}.", (body,))
