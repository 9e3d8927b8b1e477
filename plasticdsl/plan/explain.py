"""What the compiler derived and decided, in words and formulas: the text of `plasticdsl explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from plasticdsl.derive.conservation import rates_of, totals_in_words
from plasticdsl.derive.conserved import conserved_variables
from plasticdsl.model import Block, Network, Population, Presence, RegularSource, Role, Value
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import (
    CLOSE,
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
    variables_of,
)
from plasticdsl.names import accented
from plasticdsl.plan import operations as ops
from plasticdsl.plan.linear_parts import renamed
from plasticdsl.plan.places import Place, Slot
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import AtGivenTimes, AtThreshold, ByHazard, Located, PopulationPlan
from plasticdsl.plan.sweeps import Sweep
from plasticdsl.plan.wording import Words
from plasticdsl.symbolic.block_contents import default_values
from plasticdsl.symbolic.numeric import evaluate

#: Where a variable of a projection is kept.
WHERE = {
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
_STAGES = "stages of Runge–Kutta that are taken together"


def explain(plan: Plan) -> str:
    """One paragraph per population and projection: integrators with reasons, traces with places, what runs when, delays and ties; then
    what became of the equations that the network expects."""
    network = plan.network
    lines = [f"network {network.called}", ""]
    for p in plan.populations:
        lines += [*population_in_words(p, network), ""]
    for projection in plan.projections:
        lines += [*projection_in_words(projection, network), ""]
    lines += ["order of a step:", *(f"  {line}" for line in step_in_words(plan)), *(f"pass {note}" for note in plan.notes)]
    lines += [proof.line for proof in network.proofs]
    return "\n".join(lines).rstrip() + "\n"


# --- populations -----------------------------------------------------------------------------------------------------


def population_in_words(plan: PopulationPlan, network: Network) -> Iterator[str]:
    """The paragraph of a population."""
    population, words = plan.population, Words(network, plan.population.as_owner)
    steps = "" if population.step is None else f", in steps of {words.duration(population.step)} of its own"
    yield f"{population.symbol} = {words.formula(population.size)} {accented(population.block.name)}{steps}"
    for scheme in plan.schemes:
        yield from (f"  {line}" for line in scheme_in_words(scheme, population.block, words))
    yield from _conserved(population.block)
    symbols = {e.name: f"event {e.symbol}" for e in population.block.events}
    for emits in plan.events:
        match emits.emission:
            case AtThreshold(_, rising, condition):
                crossing = ", on the crossing" if rising else ""
                yield f"  {symbols.get(emits.event, 'spikes')} when {words.formula(condition)}{crossing}, tested at every grid time"
            case Located(condition, rising, written):
                crossing = ", on the crossing" if rising else ""
                what = symbols.get(emits.event, "spikes")
                yield f"  {what} when {words.formula(written)}{crossing}, located within steps, counted at the next grid time"
                read = {r.name for r in refs(condition)}
                ways = dict.fromkeys(method(s) for s in plan.schemes if read & {*variables_of(s)})
                yield f"    found to {CLOSE:g} of a step on the course by {' and '.join(ways)}"
            case ByHazard(written=rate):
                yield f"  spikes at rate {words.rate(_given(rate, population))}: the hazard of each step uses up exponential draws"
            case AtGivenTimes() if isinstance(population.source, RegularSource):
                yield f"  spikes at rate {words.rate(_given(population.source.rate, population))}, by the clock"
            case _:
                pass
    if plan.kept:
        yield f"  kept at each spike: {', '.join(words.name(name) for name, _ in plan.kept)}"
    if plan.rest is not None:
        held = ", ".join(words.name(n) for n in plan.rest.held) or "nothing"
        written = plan.rest.written
        from_spike = ", from the time of the spike on" if any(not e.event for e in plan.located) else ", as it is at the spike"
        lasts = f"for {words.duration(written)}{from_spike if plan.rest.at_spike else ''}"
        if plan.rest.condition is not None:
            lasts = f"while {words.formula(written)}, tested at every grid time"
        yield f"  refractory {lasts}; held meanwhile: {held}"


def _conserved(block: Block) -> Iterator[str]:
    """The totals that its flows and reactions leave as they are."""
    rates = rates_of(block)
    named = {v.name: v.symbol for v in block.variables}
    totals = totals_in_words(rates, named) if conserved_variables(rates) else []
    if totals:
        yield f"  conserved: {', '.join(totals)}"


def _given(rate: Expr, population: Population) -> Value:
    """A rate, or what stands for the name that it is."""
    if not (isinstance(rate, Ref) and rate.owner is Whose.OWN):
        return rate
    declared = population.block.variable(rate.name)
    return dict(population.values).get(rate.name) or (declared.value if declared is not None else None) or rate


def scheme_in_words(scheme: Scheme, block: Block, words: Words) -> Iterator[str]:
    """The integrator with its reason, and the equations as it takes them."""
    names = variables_of(scheme)
    rates = {f.variable: f for f in block.flows}
    rows = dict(zip(scheme.variables, zip(scheme.matrix, scheme.offset, strict=True), strict=True)) if isinstance(scheme, Exact) else {}
    yield f"{method(scheme)} for {', '.join(words.name(n) for n in names)}: {scheme.reason}"
    yield from _expected_error(scheme, block, words)
    for name in names:
        flow = rates.get(name)
        if flow is not None:
            noise = f" + ({words.formula(flow.noise)}) ξ(t)" if flow.noise is not None else ""
            yield f"  d{words.name(name)}/dt = {words.formula(flow.rate)}{noise}"
        elif name in rows:
            yield f"  d{words.name(name)}/dt = {words.row(*rows[name], names)}"


def _expected_error(scheme: Scheme, block: Block, words: Words) -> Iterator[str]:
    """What it costs that exponential Euler holds an exact, decaying variable over a step: its mean over the step is less by 1 − φ₁(−dt/τ) ≈ dt/2τ."""
    if not isinstance(scheme, ExponentialEuler) or scheme.closed or scheme.means:
        return
    known = default_values(block)
    read = {r.name for e in (scheme.slope, scheme.offset) for r in refs(e) if r.owner is Whose.OWN}
    for exact in (s for s in block.schemes if isinstance(s, Exact) and len(s.variables) == 1 and s.variables[0] in read):
        rate = -evaluate(exact.matrix[0][0], known)
        if rate > 0:
            yield f"  {words.name(exact.variables[0])} counts about {rate * 1e-4 / 2:.2%} too much at a step of 0.1 ms, in proportion to the step"


def method(scheme: Scheme) -> str:
    """The integrator's name and its order."""
    match scheme:
        case Exact():
            return "exact propagator"
        case ExponentialEuler(closed=closed):
            return "closed form" if closed else f"exponential Euler ({'second' if scheme.means else 'first'} order)"
        case RungeKutta4():
            return "Runge–Kutta 4 (fourth order)"
        case ExponentialRungeKutta():
            return "exponential Runge–Kutta (second order)"
        case Euler(substeps=substeps):
            return "forward Euler (first order)" if substeps == 1 else f"forward Euler (first order), {substeps} per step"
        case EulerMaruyama():
            return "Euler–Maruyama (Itô, order one half)"
        case TwoStages(ahead=ahead, noises=noises):
            if any(noises):
                return "Heun (Stratonovich, order one)"
            return f"{'Heun' if ahead == 1.0 else 'midpoint rule'} (second order)"
        case Milstein(stratonovich=stratonovich):
            return f"Milstein ({'Stratonovich' if stratonovich else 'Itô'}, order one)"
        case Jumps(tolerance=float() as tolerance):
            return f"jumps, several at once where rates change by less than a part of {tolerance:g} (tau-leaping)"
        case Jumps(flowing=flowing):
            return "jumps, each at its own time" + (", with a flow between them (Runge–Kutta 4)" if flowing else "")
        case Cables():
            return "Crank–Nicolson on the tree of segments (second order)"
        case Rosenbrock(tolerance=tolerance):
            length = "" if tolerance is None else f", as many steps as a tolerance of {tolerance:g} takes"
            return f"Rosenbrock (RODAS, fourth order, L-stable{length})"


# --- projections -----------------------------------------------------------------------------------------------------


def projection_in_words(projection: ProjectionPlan, network: Network) -> Iterator[str]:
    """The paragraph of a projection."""
    own, words = projection.projection, Words(network, projection.projection.as_owner)
    connected = own.connectivity
    ends = f"{words.units(own.pre, connected.pre)} → {words.units(own.post, connected.post)}, {words.connections(connected)}"
    yield ends if ends.startswith(f"{projection.label},") else f"{projection.label}: {ends}"
    for word, delay, same in (
        ("axonal", own.delays.axonal, projection.same_axonal),
        ("dendritic", own.delays.dendritic, projection.same_dendritic),
    ):
        if delay is not None:
            text = words.duration(delay) if isinstance(delay, Expr) else words.value(delay)
            yield f"  {word} delay {text}, {'the same for all connections' if same else 'one per connection'}"
    for third in own.thirds:
        chosen = words.units(third.population, third.units)
        yield f"  {third.owner.name} is {chosen}, {'a unit for each postsynaptic one' if third.each else 'one unit for all connections'}"
    for name in own.symmetric:
        yield f"  {words.name(name)} is the same in both directions: drawn or computed once for each pair of units, and changed alike"
    if own.connection.presence is Presence.GROWN:
        yield "  a place for every pair of units that may be connected; the connections above are those that are there at first"
    rests = {name for group in projection.superposed for name in group.rests}
    parts = {name for group in projection.superposed for name in group.others}
    for placed in projection.variables:
        if placed.variable.role is Role.STATE and placed.variable.name not in rests:
            derived = "derived from the learning window; " if placed.derived and placed.variable.name not in parts else ""
            reason = f" ({derived}{placed.reason})" if placed.reason else ""
            yield f"  {placed.variable.symbol}: {WHERE[placed.place]}{reason}"
    for scheme in _as_written(projection):
        yield from (f"  {line}" for line in scheme_in_words(scheme, own.connection, words))
    yield from (f"  {line}" for line in _happenings(projection, words))


def _as_written(projection: ProjectionPlan) -> Iterator[Scheme]:
    """Its integrators, once for a variable that is kept in parts."""
    told = {name for group in projection.superposed for name in group.others}
    told |= {part for placed in projection.schemes for whole, part in placed.sums if whole in variables_of(placed.scheme)}
    for placed in projection.schemes:
        if told.isdisjoint(variables_of(placed.scheme)):
            yield renamed(placed.scheme, dict(placed.sums)) if placed.sums else placed.scheme


def _happenings(projection: ProjectionPlan, words: Words) -> Iterator[str]:
    """What happens at spikes, at every step and now and then, and what is summed."""
    for slot in Slot:
        replayed = projection.replayed.written if projection.replayed is not None and slot is Slot.POST else ()
        for event, later in replayed or ((e, False) for e in projection.at(slot)):
            yield f"{_when(slot, event.of)}: {words.event(event)}{', carried out at the next presynaptic spike' if later else ''}"
    for unit, kind, events in projection.at_thirds:
        yield from (f"{f'at {kind} of' if kind else 'when'} ‘{unit.name}’{'' if kind else ' spikes'}: {words.event(e)}" for e in events)
    for event in projection.each_step:
        yield f"at every step: {words.event(event)}"
    for period, events in projection.periodic:
        yield from (f"every {words.duration(period)}: {words.event(e)}" for e in events)
    for total in projection.sums:
        yield f"post.{words.name(total.target, Whose.POST)} = sum over incoming connections of {words.formula(total.body)}"
    for own in projection.totals:
        yield f"{words.name(own.name)} = sum over the connections of each post unit of {words.formula(own.value)}, with the sums and definitions"
    for name in projection.shadows:
        yield f"{words.name(name)}: the other side reads a copy from before the events of the step"
    for name in projection.forecasts:
        yield f"{words.name(name)}: the other side reads a copy on which the jump has been made"


def _when(slot: Slot, event: str) -> str:
    return _WHEN[slot].replace("spikes", f"events {event}") if event else _WHEN[slot]


# --- the step --------------------------------------------------------------------------------------------------------


def step_in_words(plan: Plan) -> Iterator[str]:
    """`spikes: cells, inputs`, one line after the other in the order of the step."""
    phrases = _phrases(plan, plan.step)
    for what, many in groupby(phrases, key=lambda phrase: phrase[0]):
        yield f"{what}: {', '.join(dict.fromkeys(who for _, who in many))}"


def _phrases(plan: Plan, operations: Iterable[ops.Operation]) -> Iterator[tuple[str, str]]:
    for operation in operations:
        if isinstance(operation, ops.Only):
            when = _condition(plan, operation.when)
            yield from ((f"{what}, {when}", who) for what, who in _phrases(plan, operation.parts))
        elif isinstance(operation, ops.Window):
            yield from ((f"{what}, ahead for a window of steps", who) for what, who in _phrases(plan, operation.ahead))
            yield from ((f"{what}, share by share", who) for what, who in _phrases(plan, operation.parts))
        elif not (isinstance(operation, ops.CountArrivals) and operation.anew):
            yield _what(plan, operation), _who(plan, operation)


def _condition(plan: Plan, when: ops.Condition) -> str:
    match when:
        case ops.OneByOne(population, off):
            return f"while {plan.population(population).population.symbol} update {'all at once' if off else 'unit by unit'}"
        case ops.Due():
            return "unless kept from before"
        case ops.InBlock(over=True):
            return "where a block of steps is over"
        case ops.InBlock(off=off):
            return "where steps are taken one by one" if off else "in a block of steps"
        case ops.RulesOn(projections):
            return f"while the rules of {', '.join(plan.projection(p).label for p in projections)} are on"


def _who(plan: Plan, operation: ops.Single | ops.EvaluateInput) -> str:
    """`cells`, `cells.I`, `inputs → cells`."""
    match operation:
        case ops.Feed(p, name) | ops.Define(p, name) | ops.EvaluateInput(p, name) | ops.Keep(p, name):
            return _variable(plan, p, name)
        case ops.Follow(kept) | ops.Summed(kept):
            return _variable(plan, kept.population, kept.target)
        case ops.Units(p) | ops.BeginLate(p) | ops.BeginSum(p) | ops.ChangeUnits(p) | ops.AtStage(p) | Sweep(p):
            return plan.population(p).population.symbol
        case _:
            return plan.projection(operation.projection).label


def _variable(plan: Plan, owner: str, name: str) -> str:
    population = plan.population(owner).population
    return f"{population.symbol}.{Words(plan.network, population.as_owner).name(name)}"


def _what(plan: Plan, operation: ops.Single | ops.EvaluateInput) -> str:
    match operation:
        case ops.Define(stage=int()) | ops.EvaluateInput(stage=int()) | ops.AtStage():
            return _STAGES
        case ops.Units(_, ops.OfUnits.FLOW | ops.OfUnits.FINISH) | ops.Flow():
            return "flow"
        case ops.Units(event=str(event)) if event:
            return str(operation.what).replace("spike", event)
        case ops.Units() | ops.Connections():
            return str(operation.what)
        case ops.AtSpikes(_, slot, event):
            return _when(slot, event)
        case ops.AtStep(_, periodic):
            return "at every step" if periodic is None else "periodically"
        case ops.ChangeUnits(p, number):
            change = next(c for c in plan.population(p).changes if c.number == number)
            return "at every step" if change.period is None else "periodically"
        case _:
            return _WORDS[type(operation)]


_WORDS: dict[type[ops.Single | ops.EvaluateInput], str] = {
    ops.Feed: "from what a phase shows",
    ops.KeepTimes: "spike times are kept",
    ops.CountArrivals: "spikes that arrive are counted",
    ops.Meet: "presynaptic spikes that arrive are written down",
    ops.AtThird: "when units that are arguments spike",
    ops.Define: "sums and definitions",
    ops.EvaluateInput: "sums and definitions",
    ops.TakeTotals: "sums that flows of connections read",
    Sweep: "at every step",
    ops.Keep: "whether sums are still right",
    ops.Follow: "sums that are kept follow the units that have changed, if these are few",
    ops.Summed: "of which values they are is kept",
}
