"""The order of a step: the one place that says what comes after what (docs/language, "Time and order"), beside the reference interpreter.

Comes in: the parts of a plan. Goes out: the operations of a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from plasticdsl.model import AddTo, Role, Total, Trigger
from plasticdsl.model.expr import Expr, Ref, refs
from plasticdsl.model.inline import inline, plain
from plasticdsl.model.mapping import expressions
from plasticdsl.model.owners import OfPopulation, Whose, owner_text
from plasticdsl.plan import operations as ops
from plasticdsl.plan.others import readers_first, walks_other
from plasticdsl.plan.places import Place, Slot
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import PopulationPlan
from plasticdsl.plan.sweeps import Sweep


def in_order(plan: Plan, sweeps: Sequence[Sweep], entries: Sequence[Ref]) -> Iterator[ops.Operation]:
    """Everything that happens in a step. `entries`: inputs and definitions that have a value at the stages of an integrator."""
    units, synapses = plan.populations, plan.projections
    yield from (ops.Feed(owner_text(r.owner), r.name) for r in plan.asked.fed)
    yield from (ops.Units(p.name, ops.OfUnits.SPIKE, e.event) for p in units for e in p.events)
    yield from (ops.Connections(p.name, ops.OfConnections.COPY) for p in synapses if p.shadows or p.forecasts)
    yield from (ops.KeepTimes(p.name, h.name) for p in synapses for h in p.histories)
    jumping = ((p, e) for p in units for e in p.events if e not in p.located and (e.jumps or (p.rest is not None and not e.event)))
    yield from (ops.Units(p.name, ops.OfUnits.JUMP, e.event) for p, e in jumping)
    yield from (ops.Connections(p.name, ops.OfConnections.ARRIVE) for p in synapses if p.arriving)
    yield from (ops.CountArrivals(p.name, side) for p in synapses for side in p.counts_now)
    emitted = {p.name: [e.event for e in p.events] for p in units}
    yield from (ops.AtSpikes(p.name, slot, event) for slot in Slot for p in synapses for event in _arriving(p, slot, emitted))
    yield from (ops.AtThird(p.name, number) for p in synapses for number in range(len(p.at_thirds)))
    yield from (ops.CountArrivals(p.name, side, anew=True) for p in synapses for side in p.counts_now)
    yield from (_evaluate(plan, ref, None) for ref in plan.network.order)
    yield from (ops.TakeTotals(p.name, _groups(p.totals)) for p in synapses if p.totals)
    yield from (sent for p in synapses for sent in _sent(p))
    by_name = {p.name: p for p in synapses}
    order = [by_name[name] for name in readers_first(plan.network)]
    yield from (step for p in order for step in _at_steps(p))
    yield from _unit_changes(plan, sweeps)
    yield from (ops.Connections(p.name, ops.OfConnections.ADD) for p in synapses if p.between)
    yield from (_evaluate(plan, ref, None) for ref in _changed(plan, entries))
    for stage in range(4 if any(p.coupled for p in units) else 0):
        yield from (ops.AtStage(p.name, stage, slopes=False) for p in units if p.coupled)
        yield from (_evaluate(plan, ref, stage) for ref in entries)
        yield from (ops.AtStage(p.name, stage, slopes=True) for p in units if p.coupled)
    # all schemes read the values at t_n: connections before the units that they read, what stages have found last
    yield from (flow for p in order for flow in flows(p))
    yield from (ops.Units(p.name, ops.OfUnits.FLOW) for p in units if p.alone)
    yield from (ops.Units(p.name, ops.OfUnits.FINISH) for p in units if p.coupled)
    last = ((p, r.name) for p in units for r in plan.asked.fed if r.owner == p.population.as_owner)
    yield from (ops.Feed(p.name, v) for p, v in last if p.variable(v).variable.role in (Role.STATE, Role.INPUT))


def _arriving(projection: ProjectionPlan, slot: Slot, emitted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The kinds of events for which something happens in a slot, in the order in which they happen to the unit."""
    wanted = {e.of for e in projection.at(slot)}
    own = projection.projection
    return (event for event in emitted[own.pre if slot.side is Place.PRE else own.post] if event in wanted)


# --- sums and definitions --------------------------------------------------------------------------------------------


def _evaluate(plan: Plan, evaluated: Ref, stage: int | None) -> ops.Define | ops.EvaluateInput:
    """An input or a definition, at t_n or at a stage."""
    name = evaluated.name
    population = plan.population(owner_text(evaluated.owner))
    declared = population.variable(name).variable
    if declared.role is Role.DEFINITION and isinstance(declared.value, Expr):
        value = plain(inline(declared.value, {Whose.OWN: population.population.block.definitions}))
        return ops.Define(population.name, name, value, declared.value, stage)
    return ops.EvaluateInput(population.name, name, tuple(_input(plan, population, name, stage)), stage)


def _changed(plan: Plan, entries: Sequence[Ref]) -> Iterator[Ref]:
    """The definitions of units that flows of connections read, or sums at the stages of an integrator, and that changes without a spike have given
    another value since they were evaluated."""
    network, at_steps = plan.network, (Trigger.STEP, Trigger.EVERY)
    changed = {Ref(p.as_owner, s.target.name) for p in network.populations for s in p.block.statements(*at_steps)}
    changed |= {q.from_outside(s.target) for q in network.projections for s in q.connection.statements(*at_steps) if isinstance(s, AddTo)}
    read = {ref for q in plan.projections for ref in q.projection.of_units(r for e in expressions(q.schemes) for r in refs(e))}
    read |= {
        ref
        for q in plan.projections
        for s in q.sums
        if Ref(OfPopulation(q.projection.post), s.target) in entries
        for ref in q.projection.of_units(refs(s.body))
    }
    for ref in network.order:
        block = plan.population(owner_text(ref.owner)).population.block
        if ref in read and any(Ref(ref.owner, r.name) in changed for r in block.read_through([Ref(Whose.OWN, ref.name)])):
            yield ref


def _input(plan: Plan, population: PopulationPlan, target: str, stage: int | None) -> Iterator[ops.Operation]:
    """What arrives late (the same at all stages), then the sums over connections without delays; what feeds an input replaces its sum."""
    into = [p for p in plan.projections if p.projection.post == population.name and any(s.target == target for s in p.sums)]
    late = [p for p in into if p.late]
    if late and stage is None:
        yield ops.BeginLate(population.name, target)
        for p in late:
            if p.projection.delays.dendritic is not None:
                yield ops.AddLate(p.name, target, sent=True)
            yield ops.AddLate(p.name, target, sent=False)
    yield ops.BeginSum(population.name, target, bool(late), stage)
    for p in into:
        if not p.late:
            other = walks_other(p.projection, tuple(s for s in p.sums if s.target == target), p.others)
            yield ops.AddSum(p.name, target, None if other is None else other.name, stage)
    if Ref(population.population.as_owner, target) in plan.asked.fed:
        yield ops.Feed(population.name, target, stage)


def _groups(totals: Sequence[Total]) -> tuple[tuple[Total, ...], ...]:
    """Groups of sums of which none reads another of its group."""
    groups: list[list[Total]] = []
    for total in totals:
        read = {r.name for r in refs(total.value) if r.owner is Whose.OWN}
        if not groups or any(t.name in read for t in groups[-1]):
            groups.append([])
        groups[-1].append(total)
    return tuple(tuple(group) for group in groups)


def _sent(projection: ProjectionPlan) -> Iterator[ops.Operation]:
    """When all inputs and definitions are known."""
    delays = projection.projection.delays
    if projection.late and delays.dendritic is not None:
        yield ops.Connections(projection.name, ops.OfConnections.SEND)
    if projection.past and delays.axonal is not None:
        yield ops.Connections(projection.name, ops.OfConnections.REMEMBER)


# --- steps and flows -------------------------------------------------------------------------------------------------


def _at_steps(projection: ProjectionPlan) -> Iterator[ops.Operation]:
    if projection.each_step:
        yield ops.AtStep(projection.name, None)
    yield from (ops.AtStep(projection.name, number) for number in range(len(projection.periodic)))


def _unit_changes(plan: Plan, sweeps: Sequence[Sweep]) -> Iterator[ops.Operation]:
    """One unit after the other, then all at once. Sums that rules have changed are formed anew before the first unit moves, while the definitions that
    they read still hold; from then on they follow the units."""
    for one in sweeps:
        if one.anew:
            anew = (Ref(OfPopulation(one.population), target) for target in one.anew)
            yield ops.Only(ops.OneByOne(one.population), tuple(_evaluate(plan, ref, None) for ref in anew))
    yield from (ops.Only(ops.OneByOne(one.population), (one,)) for one in sweeps)
    swept = {one.population for one in sweeps}
    for p in plan.populations:
        for change in p.changes:
            at_once = ops.ChangeUnits(p.name, change.number)
            yield ops.Only(ops.OneByOne(p.name, off=True), (at_once,)) if p.name in swept else at_once


def flows(projection: ProjectionPlan) -> tuple[ops.Flow, ...]:
    """One for each place in which something flows."""
    return tuple(ops.Flow(projection.name, place) for place in Place if any(s.place is place for s in projection.schemes))
