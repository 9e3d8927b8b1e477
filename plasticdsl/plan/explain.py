"""What the compiler derived and decided, in words and formulas: the text of `plasticdsl explain`."""

from __future__ import annotations

from collections.abc import Iterator

from plasticdsl.model.expr import Number
from plasticdsl.model.model import (
    AddTo,
    Assign,
    AtRate,
    Block,
    Distribution,
    Euler,
    EulerMaruyama,
    Exact,
    ExponentialEuler,
    Population,
    Role,
    RungeKutta4,
    Scheme,
    Threshold,
    Total,
    Trigger,
    Value,
)
from plasticdsl.model.pretty import pretty
from plasticdsl.plan.plan import Event, Place, Plan, ProjectionPlan, Remember, Slot, SumHistory

_WHERE = {
    Place.CONNECTION: "one value per connection",
    Place.PRE: "one value per presynaptic unit",
    Place.POST: "one value per postsynaptic unit",
}

_WHEN = {
    Slot.POST_EARLY: "when postsynaptic spikes arrive, before anything else reads it",
    Slot.PRE: "when presynaptic spikes arrive",
    Slot.POST: "when postsynaptic spikes arrive",
    Slot.PRE_LATE: "for presynaptic spikes, after both sides have read it",
}


def explain(plan: Plan) -> str:
    """One paragraph per population and projection: integrators with reasons, traces with places, what runs when, delays and ties."""
    lines = [f"network {plan.network.name}", ""]
    for p in plan.populations:
        lines += [*_population(p.population), ""]
    for projection in plan.projections:
        lines += [*_projection(projection), ""]
    lines += list(_order(plan))
    return "\n".join(lines).rstrip() + "\n"


# --- populations -----------------------------------------------------------------------------------------------------


def _population(population: Population) -> Iterator[str]:
    kind = population.block.name if population.source is None else type(population.source).__name__.removesuffix("Source")
    yield f"{population.symbol} = {pretty(population.size)} {kind}"
    yield from (f"  {line}" for line in _flows(population.block, population.block.schemes))
    match population.block.spike:
        case Threshold(condition, rising):
            yield f"  spikes when {pretty(condition)}{', on the crossing' if rising else ''}, tested at every grid time"
        case AtRate(rate):
            yield f"  spikes at rate {pretty(rate)}: the hazard of each step uses up exponential draws"
        case None:
            pass
    if population.block.refractory is not None:
        held = ", ".join(population.block.refractory.held) or "nothing"
        yield f"  refractory for {pretty(population.block.refractory.duration)}; held meanwhile: {held}"


def _flows(block: Block, schemes: tuple[Scheme, ...]) -> Iterator[str]:
    rates = {f.variable: f for f in block.flows}
    for scheme in schemes:
        names = scheme_names(scheme)
        yield f"{method(scheme)} for {', '.join(names)}: {scheme.reason}"
        for name in names:
            if name in rates:
                noise = rates[name].noise
                yield f"  d{name}/dt = {pretty(rates[name].rate)}" + (f" + ({pretty(noise)}) xi(t)" if noise is not None else "")


def scheme_names(scheme: Scheme) -> tuple[str, ...]:
    """The variables of an integrator."""
    match scheme:
        case ExponentialEuler(variable=variable):
            return (variable,)
        case Exact() | RungeKutta4() | Euler() | EulerMaruyama():
            return scheme.variables


def method(scheme: Scheme) -> str:
    """The integrator's name."""
    match scheme:
        case Exact():
            return "exact propagator"
        case ExponentialEuler():
            return "exponential Euler"
        case RungeKutta4():
            return "Runge-Kutta 4"
        case Euler(substeps=substeps):
            return "forward Euler" if substeps == 1 else f"forward Euler, {substeps} per step"
        case EulerMaruyama():
            return "Euler-Maruyama (Ito)"


# --- projections -----------------------------------------------------------------------------------------------------


def _projection(projection: ProjectionPlan) -> Iterator[str]:
    own = projection.projection
    yield f"{own.symbol}: {own.pre} -> {own.post}, {own.connectivity.kind}"
    for word, delay, same in (
        ("axonal", own.delays.axonal, projection.same_axonal),
        ("dendritic", own.delays.dendritic, projection.same_dendritic),
    ):
        if delay is not None:
            yield f"  {word} delay {_value(delay)}, {'the same for all connections' if same else 'one per connection'}"
    for placed in projection.variables:
        if placed.variable.role is Role.STATE:
            derived = "derived from the learning window; " if placed.derived else ""
            reason = f" ({derived}{placed.reason})" if placed.reason else ""
            yield f"  {placed.variable.symbol}: {_WHERE[placed.place]}{reason}"
    for placed_scheme in projection.schemes:
        scheme = placed_scheme.scheme
        yield f"  {method(scheme)} for {', '.join(scheme_names(scheme))}: {scheme.reason}"
        if isinstance(scheme, Exact):
            yield from (f"    {line}" for line in _linear(scheme))
    for slot in Slot:
        for event in projection.at(slot):
            yield f"  {_WHEN[slot]}: {_event(event)}"
    for event in projection.each_step:
        yield f"  at every step: {_event(event)}"
    for period, events in projection.periodic:
        yield from (f"  every {pretty(period)}: {_event(e)}" for e in events)
    for total in projection.sums:
        yield f"  post.{total.target} = sum over incoming connections of {pretty(total.body)}"
    for own_total in projection.totals:
        yield f"  {own_total.name} = sum over the connections of each post unit of {pretty(own_total.body)}, with the sums and definitions"
    for name in projection.shadows:
        yield f"  {name}: the other side reads a copy from before the events of the step"
    for name in projection.forecasts:
        yield f"  {name}: the other side reads a copy on which the jump has been made"


def _linear(scheme: Exact) -> Iterator[str]:
    for name, row, offset in zip(scheme.variables, scheme.matrix, scheme.offset, strict=True):
        terms = [f"({pretty(e)}) {other}" for e, other in zip(row, scheme.variables, strict=True) if e != Number(0.0)]
        terms += [pretty(offset)] if offset != Number(0.0) else []
        yield f"d{name}/dt = {' + '.join(terms) or '0'}"


def _value(value: Value) -> str:
    if isinstance(value, Distribution):
        return f"~ {value.name}({', '.join(pretty(a) for a in value.arguments)})"
    return pretty(value)


def _event(event: Event) -> str:
    held = " (not while rules are off)" if event.held else ""
    match event.statement:
        case Assign(target, value):
            return f"{_prefix(target.owner)}{target.name} -> {pretty(value)}{held}"
        case AddTo(target, amount):
            return f"{target.owner}.{target.name} += {pretty(amount)}{held}"
        case Remember(name, value):
            return f"remember {name} = {pretty(value)}"
        case Total(name, body):
            return f"{name} = sum over the connections of each post unit of {pretty(body)}, when all of them have come here"
        case SumHistory(history, target_name, increment):
            return f"{target_name} += sum over the spike times kept in {history} of {pretty(increment)}{held}"


def _prefix(owner: str) -> str:
    return f"{owner} of " if owner else ""


# --- the step --------------------------------------------------------------------------------------------------------


def _order(plan: Plan) -> Iterator[str]:
    yield "order of a step: spikes, jumps, on pre, on post, sums and definitions, changes at every step, flow"
    if plan.network.order:
        yield "  sums and definitions in this order: " + ", ".join(f"{e.population}.{e.name}" for e in plan.network.order)
    for population in plan.populations:
        steps = [h for h in population.population.block.handlers if h.trigger is Trigger.STEP]
        if steps:
            yield f"  {population.population.symbol} changes at every step"
    for note in plan.notes:
        yield f"pass: {note}"
