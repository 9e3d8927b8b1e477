"""Presynaptic spikes that reach synapses in a window (`plan.passes.windows`): the pre units' side, for all shares, and the connections' side, for one.

What connections read of the pre side when a spike arrives is written down before any share begins: the spikes of a window, in order (`VISIT_UNITS`), and
with each what it is then (`VISIT`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Local, Part, of_emitted, of_population, of_projection
from plasticdsl.kernels.loops.collect import changed, mentioned, statements
from plasticdsl.kernels.loops.lifted import local
from plasticdsl.kernels.loops.names import REPEAT, SLOT, STEP, J, N, each_unit, ring
from plasticdsl.kernels.loops.shares import begins
from plasticdsl.kernels.loops.waiting import NEW, OLD, waiting_in
from plasticdsl.kernels.loops.walks import AHEAD, NEXT, each_spike, fetching, in_force, row, row_ends
from plasticdsl.kernels.program import ONE, Array, Element, For, Function, If, Let, Read, Size, Statement, Store, element
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Binary, Call, Compare, Expr
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.support.structure import cuts_of, visits_of

#: Which of the spikes.
VISIT = Local("visit")
#: What is a whole number.
_WHOLE = frozenset({OLD, NEW, REPEAT})


@dataclass(frozen=True, slots=True)
class Visits:
    """What happens at presynaptic spikes: `first`, once in a step; `unit`, for each, and `stores` when its connections are through; `connections`.
    `later`: what is read of it later in the step."""

    first: Sequence[Statement]
    unit: Sequence[Statement]
    connections: Sequence[Statement]
    stores: Sequence[Statement]
    later: frozenset[Local] = frozenset()

    @property
    def cells(self) -> dict[Expr, Local]:
        """Variables of the pre unit that connections read, and locals in their place."""
        found = dict.fromkeys(node for node in _elements(self.connections) if node.indices == (Read(J),))
        return {cell: Local("{}_there", (cell.array.text,)) for cell in found}

    @property
    def known(self) -> tuple[Local, ...]:
        """Locals of the unit that its connections read."""
        read = {*mentioned(self.connections), *self.later}
        made = dict.fromkeys((*(s.name for s in statements(self.unit) if isinstance(s, Let)), REPEAT))
        return tuple(one for one in made if one in read)


def _elements(body: Sequence[Statement]) -> Iterator[Element]:
    found: list[Element] = []

    def look(expr: Expr) -> None:
        if isinstance(expr, Element):
            found.append(expr)

    changed(body, look)
    return iter(found)


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(plan: Plan, projection: ProjectionPlan) -> Iterator[Size]:
    """How many spikes a window can hold."""
    if plan.windowed:
        pre = plan.population(projection.projection.pre)
        most = of_population(pre.name).field(Part.UNITS if pre.population.source is None else Part.CAPACITY)
        yield Size(of_projection(projection.name).field(Part.VISITS), Apply(visits_of, (RUN.field(Part.WINDOW), most)))


def arguments(plan: Plan, projection: ProjectionPlan, visits: Visits | None) -> Iterator[Array]:
    """Which spikes arrive, what is known of them, and which connections lead to a share."""
    if visits is None:
        return
    own, p = projection.projection, of_projection(projection.name)
    length, pre = (p.field(Part.VISITS),), of_population(own.pre).field(Part.UNITS)
    cuts = Apply(cuts_of, (p.field(Part.ROWS), p.field(Part.TARGETS), begins(own.post)))
    yield Array(p.field(Part.CUTS), "uint32", (pre, RUN.field(Part.SHARE_ENDS)), cuts, False, own=False)
    yield Array(p.field(Part.VISIT_UNITS), "int32", length, changes=False)
    yield Array(p.field(Part.VISIT_ENDS), "int64", (RUN.field(Part.WINDOW_ENDS),), changes=False)
    for one in (*visits.known, *visits.cells.values()):
        whole = one in _WHOLE or one.of in (("visited",), ("at_once",))
        yield Array(_field(projection, one), "int64" if whole else "float64", length, changes=False)
    waiting = waiting_in(plan, projection)
    for trace in waiting.traces if waiting is not None and waiting.bounded else ():
        yield Array(p.field(Part.BEFORE, trace), "float64", (pre,), changes=False)


def _field(projection: ProjectionPlan, one: Local) -> Field:
    return of_projection(projection.name).field(Part.VISIT, one.text)


# --- the pre units' side ---------------------------------------------------------------------------------------------


def meet(plan: Plan, projection: ProjectionPlan, visits: Visits, held: bool) -> Function:
    """The kernel that writes down the spikes that arrive at step n. `held`: only while rules are on."""
    own, field = projection.projection, of_projection(projection.name).field
    units, here = of_emitted(own.pre), element(field(Part.VISIT_ENDS), STEP)
    after = element(field(Part.VISIT_ENDS), Binary("+", Read(STEP), ONE))
    noted = [Store(element(_field(projection, one), VISIT), Read(one)) for one in visits.known]
    noted += [Store(element(_field(projection, one), VISIT), cell) for cell, one in visits.cells.items()]
    each = (
        *visits.unit,
        Store(element(field(Part.VISIT_UNITS), VISIT), Read(J)),
        *noted,
        Let(VISIT, Binary("+", Read(VISIT), ONE)),
        *visits.stores,
    )
    ago: Expr = Read(N) if own.delays.axonal is None else Binary("-", Read(N), Read(field(Part.AXONAL)))
    spikes = (*visits.first, ring(SLOT, ago, units.field(Part.SLOTS)), *each_spike(units, J, each))
    body = (
        *_before(plan, projection),
        Let(VISIT, here),
        *((in_force(projection, spikes),) if held else spikes),
        Store(after, Read(VISIT)),
    )
    doc = f"Write down the presynaptic spikes that reach the synapses of {projection.name} at step n, and what connections read of them."
    return Function(Kernel("meet_{}", (projection.name,)), doc, body)


def _before(plan: Plan, projection: ProjectionPlan) -> tuple[Statement, ...]:
    """Traces as they are before the step, for weights for which nothing waits."""
    waiting = waiting_in(plan, projection)
    if waiting is None or not waiting.bounded:
        return ()
    keep = [Store(waiting.before(trace), waiting.names.own(trace)) for trace in waiting.traces]
    return (If(Compare("==", waiting.any_at_once, ONE), (each_unit(projection.projection.pre, keep, J, in_order=True),)),)


# --- the connections' side -------------------------------------------------------------------------------------------


def walked(projection: ProjectionPlan, visits: Visits) -> tuple[Statement, ...]:
    """For every spike that arrives at step n, what its connections to units of the share do."""
    connections = changed(visits.connections, {cell: Read(one) for cell, one in visits.cells.items()}.get)
    ends, fetch = row_ends(projection, J, in_share=True), fetching(projection, connections)
    following: tuple[Statement, ...] = ()
    if fetch:
        following = (
            Let(NEXT, element(of_projection(projection.name).field(Part.VISIT_UNITS), _last(projection))),
            Let(AHEAD, Binary("-", row_ends(projection, NEXT, in_share=True)[0], ends[0])),
        )
    known = (*visits.known, *visits.cells.values())
    return each_visit(projection, known, (*following, *row(projection, (*fetch, *connections), ends=ends)))


def _last(projection: ProjectionPlan) -> Expr:
    """The next spike; after the last, one of an earlier window."""
    most = Binary("-", Read(of_projection(projection.name).field(Part.VISITS)), ONE)
    return Call("min", (Binary("+", Read(VISIT), ONE), most))


def each_visit(projection: ProjectionPlan, known: Iterable[Local], body: Sequence[Statement]) -> tuple[Statement, ...]:
    """For every spike that arrives at step n, with what `body` reads of what is known of it."""
    field, read = of_projection(projection.name).field, mentioned(body)
    again = (Let(one, element(_field(projection, one), VISIT)) for one in known if one in read)
    first, after = (element(field(Part.VISIT_ENDS), place) for place in (Read(STEP), Binary("+", Read(STEP), ONE)))
    unit = Let(J, element(field(Part.VISIT_UNITS), VISIT))
    return (For(VISIT, first, after, (unit, *again, *body)),)


def jumps_of(traces: Sequence[str]) -> frozenset[Local]:
    """What is read of traces that jump."""
    return frozenset(local(trace, when) for trace in traces for when in ("before", "after"))
