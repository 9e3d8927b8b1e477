"""A network that several processes share: which units are divided, and what keeps a network from being divided.

Comes in: a plan after all passes. Goes out: the same with `Plan.spread`. Units of `members` are divided in blocks, and a process has the connections
that lead to its own. Everything else is on all processes alike: sources that nothing leads to, and what lives with the pre units of a projection, which
hangs on spikes that all know. Which values of units one process needs of another follows from the loops (`kernels.loops.ranks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import AddTo, Total
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Cables
from plasticdsl.plan import operations as ops
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan, Spread
from plasticdsl.plan.populations import ByHazard, PopulationPlan
from plasticdsl.plan.sweeps import Sweep
from plasticdsl.source import Span

#: Passes that store connections of all units together.
FOR_WHOLE = frozenset({"blocks", "layout", "windows"})
HINT = "Run it in one process: without mpiexec, or with ‘-n 1’."


def refusal(what: str, span: Span, hint: str = HINT) -> PlasError:
    """A network that several processes cannot share."""
    return PlasError((Diagnostic("not-divisible", f"{what}, which several processes cannot share in this version.", span, hint),))


def members(plan: Plan) -> tuple[str, ...]:
    """Populations whose units are divided: all but sources that nothing leads to."""
    reached = {p.projection.post for p in plan.projections}
    return tuple(p.name for p in plan.populations if p.population.source is None or p.name in reached)


def spread_out(plan: Plan, at_once: bool) -> Plan:
    """The plan for several processes. `at_once`: a delay is less than a step. Raises `PlasError` where they cannot share it."""
    among = members(plan)
    for population in plan.populations:
        for what in _of_population(population, population.name in among):
            raise refusal(f"‘{population.population.symbol or population.name}’ {what}", population.population.span)
    for projection in plan.projections:
        for what in _of_projection(projection):
            raise refusal(f"‘{projection.label}’ {what}", projection.projection.span)
    for operation in plan.step:
        if isinstance(operation, ops.Only) and isinstance(operation.when, ops.OneByOne | ops.Due | ops.InBlock):
            raise refusal("Its units update one by one", plan.network.span)
        if isinstance(operation, ops.Keep | ops.Follow | ops.Summed | Sweep):
            raise refusal("Its sums are kept from step to step", plan.network.span, "‘--without keep’ sums anew in each step.")
    undelayed = any(p.projection.pre in among and p.projection.delays.axonal is None and _hears(p) for p in plan.projections)
    third = any(t.population in among for p in plan.projections for t in p.projection.thirds if p.at_thirds)
    return replace(plan, spread=Spread(among, at_once or undelayed or third))


def _hears(projection: ProjectionPlan) -> bool:
    """Whether spikes of the pre units do something."""
    at_pre = any(events for slot, events in projection.events if slot.side is Place.PRE)
    return at_pre or Place.PRE in projection.counts_now or any(h.side is Place.PRE for h in projection.histories)


def _of_population(population: PopulationPlan, divided: bool) -> Iterator[str]:
    """What keeps it from being divided."""
    if not divided:
        return
    if population.located:
        yield "has events that are located within steps"
    if any(isinstance(s, Cables) for s in population.schemes):
        yield "has neurons of several segments"
    if any(isinstance(e.emission, ByHazard) and e.emission.ahead for e in population.events):
        yield "looks ahead for its next spikes"


def _of_projection(projection: ProjectionPlan) -> Iterator[str]:
    own = projection.projection
    if not (projection.same_axonal and projection.same_dendritic):
        yield "has delays that differ between connections"
    if own.changing:
        yield "has connections that come and go"
    if any(o.transposed for o in projection.others):
        yield "reads connections in the opposite direction"
    at_pre = [e for slot, events in projection.events if slot.side is Place.PRE for e in events]
    if any(isinstance(e.statement, Total) for e in at_pre):
        yield "sums over the connections of a presynaptic unit when it spikes"
    statements = [e.statement for e in (*projection.at_spikes, *projection.without_spike)]
    if any(isinstance(s, AddTo) and s.target.owner is not Whose.POST for s in statements):
        yield "changes units other than the postsynaptic one"
