"""Changes at postsynaptic spikes that wait for the next presynaptic one (`plan.passes.lazy`): what post units keep for them, and the kernels around it.

Between two presynaptic spikes of unit j, an array of weights holds u = w − Σ a S: `LIFTED` is a, one for each trace, `WAITING` is S, one for each post
unit and each of the last frames; `VISITED` says in which frame j came last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Local, Part, of_emitted, of_projection
from plasticdsl.kernels.loops.at_once import NEGATIVE, lift, look_at_post
from plasticdsl.kernels.loops.decays import rate_of
from plasticdsl.kernels.loops.lifted import SINCE, jumps, local
from plasticdsl.kernels.loops.names import SLOT, I, J, K, N, each_unit, place_sizes, ring
from plasticdsl.kernels.loops.visits import each_visit, jumps_of
from plasticdsl.kernels.loops.waiting import NEW, OLD, Waiting, added, factor, held, waiting_in
from plasticdsl.kernels.loops.walks import UNIT, each_spike, every_unit, found_in_row, row, row_ends
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
    Postponed,
    Read,
    Scalar,
    Size,
    Statement,
    Store,
    element,
    only,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, walk
from plasticdsl.plan.events import Postpone
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Layout, Plan, ProjectionPlan
from plasticdsl.support.structure import frame_steps

#: So many frames are kept: what was not visited for as long is brought up to date.
FRAMES = 4

#: Locals: how many frames ago, and which of those that are kept.
AGO, KEPT = (Local(text) for text in ("frames_ago", "kept"))
#: Which of the spikes of a step is searched for in a row, and where the row ends.
HERE, END = Local("position"), Local("row_end")


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(projection: ProjectionPlan) -> Iterator[Size]:
    """Lengths."""
    field = of_projection(projection.name).field
    if projection.postponed:
        yield Size(field(Part.FRAMES), FRAMES)
        yield from (Size(field(Part.BROUGHT_LENGTH, name)) for name in dict.fromkeys(s.target for s in projection.postponed))


def arguments(plan: Plan, projection: ProjectionPlan) -> Iterator[Array | Scalar]:
    """What is kept."""
    waiting = waiting_in(plan, projection)
    if waiting is None:
        return
    lengths, rates = place_sizes(projection), {trace: rate_of(plan, projection, trace) for trace in waiting.traces}
    yield Scalar(waiting.field(Part.FRAME_STEPS), "int64", Apply(frame_steps, tuple(rates.values())))
    one = of_projection(projection.name).field(Part.FRAMES)
    yield from (Scalar(waiting.field(Part.DECAY_RATE, trace), "float64", rate) for trace, rate in rates.items())
    yield from (Array(waiting.field(part), "int64", (RUN.field(Part.ONE),)) for part in (Part.FRAME, Part.BEGUN, Part.ANY_AT_ONCE))
    yield from (Array(waiting.field(part), "int64", (lengths[Place.PRE],)) for part in (Part.VISITED, Part.AT_ONCE))
    yield from (Array(waiting.field(Part.LIFTED, trace), "float64", (lengths[Place.PRE],)) for trace in waiting.traces)
    for target, terms in waiting.terms.items():
        for s in terms:
            yield Array(waiting.sums(s), "float64", waiting.of_frames(lengths[Place.POST], one))
            yield Array(waiting.field(Part.TIED, target, s.trace), "float64", (lengths[Place.POST],))
        yield Array(waiting.field(Part.BROUGHT, target), "float64", (waiting.field(Part.BROUGHT_LENGTH, target),), changes=False)


def postponed(plan: Plan, projection: ProjectionPlan) -> Iterator[Postponed]:
    """What the engine has to know."""
    waiting = waiting_in(plan, projection)
    for target, terms in waiting.terms.items() if waiting is not None else ():
        assert waiting is not None
        sums = tuple(map(waiting.sums, terms))
        now, length = waiting.field(Part.BROUGHT, target), waiting.field(Part.BROUGHT_LENGTH, target)
        rates = (waiting.field(Part.FRAME_STEPS), *(waiting.field(Part.DECAY_RATE, s.trace) for s in terms))
        bounds = [waiting.names.resolve(b) for b in (waiting.variable(target).low, waiting.variable(target).high) if b is not None]
        limits = tuple(node.name for b in bounds for node in walk(b) if isinstance(node, Read) and isinstance(node.name, Field))
        weights, begun, on_both_sides = of_projection(projection.name).variable(target), waiting.field(Part.BEGUN), len(bounds) == 2
        yield Postponed(weights, now, length, begun, sums, (*rates, *limits), is_up_to_date=on_both_sides)


# --- presynaptic spikes ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """What is done at presynaptic spikes in addition: `first` before the loop over spikes, `unit` for each of them, `begin` and `end` for a connection."""

    first: tuple[Statement, ...]
    unit: tuple[Statement, ...]
    begin: tuple[Statement, ...]
    end: tuple[Statement, ...]


def visit(waiting: Waiting) -> Visit:
    """Weights get what waits for them, and are then kept without what would have come before."""
    rise = {trace: local(trace, "rise") for trace in waiting.traces}
    first: list[Statement] = [*since_frame(waiting)]
    unit: list[Statement] = []
    for trace in waiting.traces:
        first.append(Let(rise[trace], Call("exp", (Binary("*", waiting.rate(trace), Read(SINCE)),))))
    jumps_first, jump = jumps(waiting.plan, waiting.projection, waiting.traces)
    unit += [*jump, Let(OLD, waiting.visited), Let(NEW, waiting.frame), Store(waiting.visited, Read(NEW))]
    for trace in waiting.traces:
        new, up = local(trace, "lifted_now"), Binary("*", Read(local(trace, "after")), Read(rise[trace]))
        unit += [
            Let(local(trace, "lifted_then"), waiting.lifted(trace)),
            Let(new, Choice(((waiting.at_once, Number(0.0)),), up) if waiting.bounded else up),
        ]
        unit.append(Store(waiting.lifted(trace), Read(new)))
    then, now = ({trace: Read(local(trace, f"lifted_{when}")) for trace in waiting.traces} for when in ("then", "now"))
    begin: list[Statement] = []
    end: list[Statement] = []
    for target in waiting.terms:
        cell, here = waiting.names.own(target), held(target)
        begin += [
            Comment(f"{target} with what postsynaptic spikes have added since the last visit"),
            Let(here, waiting.clipped(target, Binary("+", cell, waiting.missing(target, then, Read(OLD))))),
        ]
        end.append(Store(cell, Binary("-", Read(here), waiting.missing(target, now, Read(NEW)))))
    unit += waiting.limits()
    return Visit((*first, *jumps_first), tuple(unit), tuple(begin), tuple(end))


def since_frame(waiting: Waiting) -> tuple[Statement, ...]:
    """Steps since the frame began."""
    return (ring(SINCE, Read(N), waiting.field(Part.FRAME_STEPS)),)


# --- postsynaptic spikes ---------------------------------------------------------------------------------------------


def wait(waiting: Waiting, statement: Postpone, value: Expr, text: str) -> list[Statement]:
    """What a spike of post unit i leaves for its connections: in the sum of each frame, and for those that spikes reach in this very step."""
    target, trace = statement.target, statement.trace
    amount, fall = factor(trace), local(trace, "fall")
    frames = Read(waiting.field(Part.FRAMES))
    rate, whole = waiting.rate(trace), Read(waiting.field(Part.FRAME_STEPS))
    each: tuple[Statement, ...] = (
        Let(KEPT, Call("mod", (Binary("-", waiting.frame, Read(AGO)), frames))),
        Increase(waiting.sum_of(statement, Read(KEPT)), Binary("*", Read(amount), Read(fall))),
        Let(fall, Binary("*", Read(fall), Call("exp", (Binary("*", Negate(rate), whole),)))),
    )
    return [
        Comment(text),
        Let(amount, value),
        Increase(element(waiting.field(Part.TIED, target, trace), I), Read(amount)),
        Let(fall, Call("exp", (Binary("*", Negate(rate), Read(SINCE)),))),
        For(AGO, ZERO, frames, each),
    ]


def except_ties(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that takes back what a post spike leaves for connections that a presynaptic spike of the same step has reached: there the trace has not
    jumped yet. Where many units spike, rows are walked, otherwise searched."""
    waiting = waiting_in(plan, projection)
    assert waiting is not None
    own = projection.projection
    pre, post = of_emitted(own.pre).field, of_emitted(own.post).field
    reached = Local("post_slot")
    count = element(post(Part.SPIKE_COUNT), reached)
    too_much = {
        target: Binary(
            "-",
            waiting.names.own(target),
            added([Binary("*", _jump_of(s.trace), element(waiting.field(Part.TIED, target, s.trace), I)) for s in terms]),
        )
        for target, terms in waiting.terms.items()
    }
    take_back = tuple(Store(waiting.names.own(target), value) for target, value in too_much.items())
    begin, end = row_ends(projection, J, plan.windowed)
    walked = row(projection, take_back, ends=(begin, end))
    spiked: tuple[Statement, ...] = walked
    if projection.layout is Layout.LISTED:
        many = Compare(">", Binary("*", Number(16.0), count), Binary("-", end, begin))
        spiked = (If(many, walked, _searched(waiting, begin, end, reached, count, take_back)),)
    first, jump = jumps(waiting.plan, waiting.projection, waiting.traces)
    arrivals = (
        ring(SLOT, _ago(projection, Place.PRE), pre(Part.SLOTS)),
        *each_spike(of_emitted(own.pre), J, (*jump, *waiting.unless_at_once(spiked))),
    )
    if plan.windowed:
        first, arrivals = [], each_visit(projection, jumps_of(waiting.traces), waiting.unless_at_once(spiked))
    ties = [element(waiting.field(Part.TIED, target, s.trace), I) for target, terms in waiting.terms.items() for s in terms]
    forget = For(UNIT, ZERO, count, (Let(I, element(post(Part.SPIKES), reached, UNIT)), *(Store(tie, ZERO) for tie in ties)))
    body = (
        ring(reached, _ago(projection, Place.POST), post(Part.SLOTS)),
        If(Compare(">", count, ZERO), (*first, *arrivals, forget)),
    )
    doc = f"Leave out of what waits in {projection.name} the jumps of traces at spikes that reach its synapses at step n."
    return Function(Kernel("except_ties_{}", (projection.name,)), doc, body)


def _jump_of(trace: str) -> Expr:
    return Binary("-", Read(local(trace, "after")), Read(local(trace, "before")))


def _ago(projection: ProjectionPlan, side: Place) -> Expr:
    """The step of the spikes that reach the synapses now."""
    delays, at_pre = projection.projection.delays, side is Place.PRE
    if (delays.axonal if at_pre else delays.dendritic) is None:
        return Read(N)
    return Binary("-", Read(N), Read(of_projection(projection.name).field(Part.AXONAL if at_pre else Part.DENDRITIC)))


def _searched(waiting: Waiting, begin: Expr, end: Expr, reached: Local, count: Expr, body: Sequence[Statement]) -> tuple[Statement, ...]:
    """The connections of row j to units that spike: targets are in order."""
    own = waiting.projection.projection
    spikes = of_emitted(own.post).field(Part.SPIKES)
    before = element(spikes, reached, Call("max", (Binary("-", Read(HERE), ONE), ZERO)))
    again = Logic("and", (Compare(">", Read(HERE), ZERO), Compare("==", before, Read(I))))
    found = found_in_row(waiting.projection, begin, Read(END), body)
    search = (Let(I, element(spikes, reached, HERE)), If(Logic("not", (again,)), found))
    return Let(END, end), For(HERE, ZERO, count, search)


# --- frames ----------------------------------------------------------------------------------------------------------


def turn(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that ends a frame: rows that were visited last in the oldest one are brought up to date, and its sums are those of the next."""
    waiting = waiting_in(plan, projection)
    assert waiting is not None
    frames = Read(waiting.field(Part.FRAMES))
    then = {trace: Read(local(trace, "lifted_then")) for trace in waiting.traces}
    weights = [
        Store(waiting.names.own(t), waiting.clipped(t, Binary("+", waiting.names.own(t), waiting.missing(t, then, Read(NEW)))))
        for t in waiting.terms
    ]
    late: list[Statement] = [Let(local(trace, "lifted_then"), waiting.lifted(trace)) for trace in waiting.traces]
    late += [
        *waiting.limits(),
        *row(projection, weights),
        *(Store(waiting.lifted(trace), waiting.names.own(trace)) for trace in waiting.traces),
    ]
    visited: Statement = If(Compare("==", waiting.visited, Read(NEW)), tuple(late))
    look: tuple[Statement, ...] = ()
    if waiting.bounded:
        visited = If(waiting.at_once, (*lift(waiting, {}), Store(waiting.visited, Read(NEW))), (visited,))
        look = (Let(NEGATIVE, ZERO), If(Compare("==", waiting.any_at_once, ONE), look_at_post(waiting)))
    sums = [waiting.sum_of(s, Read(NEW)) for terms in waiting.terms.values() for s in terms]
    body = (
        Let(NEW, Call("mod", (Binary("+", waiting.frame, ONE), frames))),
        *look,
        each_unit(projection.projection.pre, (visited,), J, in_order=True),
        *every_unit(projection, Place.POST, [Store(one, ZERO) for one in sums]),
        Store(waiting.frame, Read(NEW)),
    )
    ends = Compare("==", Call("mod", (Read(N), Read(waiting.field(Part.FRAME_STEPS)))), ZERO)
    doc = f"Where a frame of what waits in {projection.name} ends at step n, bring up to date what was visited in the oldest."
    return Function(Kernel("turn_{}", (projection.name,)), doc, (If(ends, body),))


def begin(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that lets frames begin, at the first step and where something was written from outside: nothing waits then."""
    waiting = waiting_in(plan, projection)
    assert waiting is not None
    whole = Read(waiting.field(Part.FRAME_STEPS))
    # where a frame is about to end, this one is the one before
    since = Let(SINCE, Choice(((Compare("==", Read(SINCE), ZERO), whole),), Read(SINCE)))
    rise = {trace: Call("exp", (Binary("*", waiting.rate(trace), Read(SINCE)),)) for trace in waiting.traces}
    unit = (Store(waiting.visited, waiting.frame), *lift(waiting, rise))
    each = each_unit(projection.projection.pre, unit, J, in_order=True)
    begun = only(waiting.field(Part.BEGUN))
    body = (*since_frame(waiting), since, *look_at_post(waiting), each, Store(begun, ONE))
    doc = f"Let the frames begin for which changes of {projection.name} are summed."
    return Function(Kernel("begin_{}", (projection.name,)), doc, (If(Compare("==", begun, ZERO), body),))


def bring(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that tells what weights are now, for whoever asks; nothing changes."""
    waiting = waiting_in(plan, projection)
    assert waiting is not None
    lifted = {trace: waiting.lifted(trace) for trace in waiting.traces}
    body: list[Statement] = []
    for target in waiting.terms:
        value = Binary("+", waiting.names.own(target), waiting.missing(target, lifted, waiting.visited))
        store = Store(element(waiting.field(Part.BROUGHT, target), K), waiting.clipped(target, value))
        wanted = Compare("==", Read(waiting.field(Part.BROUGHT_LENGTH, target)), Read(waiting.field(Part.CONNECTIONS)))
        each = each_unit(projection.projection.pre, (*waiting.limits(), *row(projection, [store])), J, in_order=True)
        body.append(If(wanted, (each,)))
    return Function(
        Kernel("bring_{}", (projection.name,)), f"What the weights of {projection.name} are now, where that is asked.", tuple(body)
    )
