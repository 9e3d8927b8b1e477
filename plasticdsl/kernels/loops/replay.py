"""Postsynaptic spikes that connections carry out at the next presynaptic one (`plan.passes.replay`): what happens at spikes, and the kernels around it.
What is kept is said in `loops.histories`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Part, of_projection
from plasticdsl.kernels.loops.decays import rate_of
from plasticdsl.kernels.loops.histories import AGE, AT_LEAST, CUT, Replaying, replaying_in
from plasticdsl.kernels.loops.lifted import SINCE, jumps, local, may_repeat
from plasticdsl.kernels.loops.names import STEP, I, J, K, N, each_unit, noted, place_sizes, ring
from plasticdsl.kernels.loops.waiting import held
from plasticdsl.kernels.loops.walks import row
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Element,
    For,
    Function,
    If,
    Let,
    Postponed,
    Read,
    Scalar,
    Size,
    Statement,
    Store,
    While,
    element,
    minus,
    only,
    plus,
    times,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Number, walk
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.support.structure import frame_steps, patience, spikes_kept

# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(plan: Plan, projection: ProjectionPlan) -> Iterator[Size]:
    """Lengths."""
    replaying = replaying_in(plan, projection)
    if replaying is not None:
        yield Size(replaying.field(Part.SPIKES_KEPT), Apply(spikes_kept, (RUN.field(Part.WINDOW) if plan.windowed else 1,)))
        yield from (Size(replaying.field(Part.BROUGHT_LENGTH, name)) for name in replaying.replayed.targets)


def arguments(plan: Plan, projection: ProjectionPlan) -> Iterator[Array | Scalar]:
    """What is kept."""
    replaying = replaying_in(plan, projection)
    if replaying is None:
        return
    lengths, field, replayed = place_sizes(projection), replaying.field, replaying.replayed
    rates = {trace: rate_of(plan, projection, trace) for trace in replayed.traces}
    yield Scalar(field(Part.FRAME_STEPS), "int64", Apply(frame_steps, tuple(rates.values())))
    yield Scalar(field(Part.PATIENCE), "int64", Apply(patience, tuple(rates.values())))
    yield from (Scalar(field(Part.DECAY_RATE, trace), "float64", rate) for trace, rate in rates.items())
    yield from (Array(field(part), "int64", (RUN.field(Part.ONE),)) for part in (Part.BEGUN, Part.CROWDED))
    yield Array(field(Part.ALL_SEEN), "float64", (RUN.field(Part.ONE),))
    of_pre = [field(Part.SEEN), field(Part.MET), *(field(part, x) for x in replayed.traces for part in (Part.LIFTED, Part.TIED_TO))]
    yield from (Array(name, "float64", (lengths[Place.PRE],)) for name in of_pre)
    for kept in replaying.of_spike(ZERO):
        yield Array(kept.array, "float64", (lengths[Place.POST], field(Part.SPIKES_KEPT)))
    for trace in replayed.traces:
        yield Array(field(Part.SCALE_PRE, trace), "float64", (RUN.field(Part.ONE),), 1.0)
        yield Array(field(Part.SCALE_POST, trace), "float64", (lengths[Place.POST],), 1.0)
    yield from (Array(cell.array, "float64", (lengths[Place.POST],)) for kept in replaying.recent for cell in kept)
    for target in replayed.targets:
        yield Array(field(Part.BROUGHT, target), "float64", (field(Part.BROUGHT_LENGTH, target),), changes=False)


def postponed(plan: Plan, projection: ProjectionPlan) -> Iterator[Postponed]:
    """What the engine has to know."""
    replaying = replaying_in(plan, projection)
    if replaying is None:
        return
    rates = (
        replaying.field(Part.FRAME_STEPS),
        replaying.field(Part.PATIENCE),
        *(replaying.field(Part.DECAY_RATE, trace) for trace in replaying.replayed.traces),
    )
    variables = [projection.variable(t).variable for t in replaying.replayed.targets]
    bounds = [b for v in variables for b in (v.low, v.high) if b is not None]
    read = [replaying.names.resolve(e) for e in (*bounds, *(e.value for e in replaying.replayed.events))]
    scalars = dict.fromkeys(n.name for e in read for n in walk(e) if isinstance(n, Read) and isinstance(n.name, Field))
    shared = tuple(name for name in scalars if name.part is Part.VARIABLE)
    for target in replaying.replayed.targets:
        yield Postponed(
            of_projection(projection.name).variable(target),
            replaying.field(Part.BROUGHT, target),
            replaying.field(Part.BROUGHT_LENGTH, target),
            replaying.field(Part.BEGUN),
            (replaying.field(Part.SPIKED), *(kept[0].array for kept in replaying.recent)),
            (*rates, *shared),
            is_up_to_date=True,
        )


# --- at spikes -------------------------------------------------------------------------------------------------------


def first(replaying: Replaying) -> list[Statement]:
    """What is done once in a step with spikes."""
    return [ring(SINCE, Read(N), replaying.field(Part.FRAME_STEPS))] if replaying.replayed.traces else []


def at_pre(replaying: Replaying) -> tuple[list[Statement], list[Statement]]:
    """What is done once, and for each presynaptic spike, before its connections are visited."""
    traces = replaying.replayed.traces
    once, jump = jumps(replaying.plan, replaying.projection, traces)
    rises = [Let(local(trace, "rise"), replaying.lift(trace)) for trace in traces]
    unit = [*replaying.unit(), *jump]
    for trace in traces:
        tied, before = replaying.of_pre(Part.TIED_TO, trace), Read(local(trace, "before"))
        again = Compare("==", replaying.of_pre(Part.MET), Read(N))
        repeats = may_repeat(replaying.plan, replaying.projection)
        unit.append(Store(tied, Choice(((again, tied),), before) if repeats else before))
        unit.append(Store(replaying.of_pre(Part.LIFTED, trace), times(Read(local(trace, "after")), Read(local(trace, "rise")))))
    unit += [Store(replaying.of_pre(part), Read(N)) for part in (Part.SEEN, Part.MET)]
    return [*first(replaying), *rises, *once], unit


def at_post(replaying: Replaying) -> list[Statement]:
    """A spike of post unit i is kept, and the oldest forgotten, which all rows have seen."""
    newer, last = minus(replaying.depth, Read(AGE)), minus(minus(replaying.depth, Read(AGE)), ONE)
    moved = tuple(Store(to, by) for to, by in zip(replaying.of_spike(newer), replaying.of_spike(last), strict=True))
    now = [
        plus(Read(N), ONE),
        *(
            times(replaying.rise(Read(SINCE), trace, -1), element(replaying.field(Part.SCALE_POST, trace), I))
            for trace in replaying.replayed.traces
        ),
        *(Read(noted(name)) for name in replaying.replayed.notes),
    ]
    recent = list(zip(replaying.recent[1:], replaying.recent, strict=False))
    lately = [Store(to, by) for older, newer in reversed(recent) for to, by in zip(older, newer, strict=False)]
    lately += [Store(cell, value) for kept in replaying.recent[:1] for cell, value in zip(kept, now, strict=True)]
    at_once: Expr = Read(RUN.field(Part.WINDOW)) if replaying.plan.windowed else ONE
    crowded = Compare(">", replaying.kept(minus(replaying.depth, at_once)), only(replaying.field(Part.ALL_SEEN)))
    return [
        Comment("the spike is kept for the connections of the unit, before all earlier ones"),
        For(AGE, ONE, replaying.depth, moved),
        *(Store(cell, value) for cell, value in zip(replaying.of_spike(ZERO), now, strict=True)),
        *lately,
        If(crowded, (Store(only(replaying.field(Part.CROWDED)), ONE),)),
    ]


# --- frames and room -------------------------------------------------------------------------------------------------


def make_room(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that brings rows up to date that would miss a spike which a post unit is about to forget. The older half of all spikes that are kept
    is done with then."""
    replaying = replaying_in(plan, projection)
    assert replaying is not None
    own, field = projection.projection, replaying.field
    most = Let(CUT, Call("max", (Read(CUT), replaying.kept(Call("quotient", (replaying.depth, Number(2.0)))))))
    late = (*replaying.unit(), *row(projection, [*replaying.begin(False), *replaying.end()]), Store(replaying.of_pre(Part.SEEN), Read(N)))
    body = (
        Let(CUT, only(field(Part.ALL_SEEN))),
        Let(CUT, Call("max", (Read(CUT), _long_ago(replaying)))),
        each_unit(own.post, (most,), in_order=True),
        each_unit(own.pre, (If(Compare("<", replaying.of_pre(Part.SEEN), Read(CUT)), late),), J, in_order=True),
        Store(only(field(Part.ALL_SEEN)), Read(CUT)),
        Store(only(field(Part.CROWDED)), ZERO),
    )
    doc = f"Where a post unit of {projection.name} could forget a spike that some connections have not carried out, bring these up to date."
    crowded: Expr = Compare("==", only(field(Part.CROWDED)), ONE)
    if plan.windowed:  # before the first step of a window, all shares have come to it
        crowded = Logic("and", (crowded, Compare("==", Read(STEP), ZERO)))
    return Function(Kernel("make_room_{}", (projection.name,)), doc, (If(crowded, body),))


def _long_ago(replaying: Replaying) -> Expr:
    """So long ago that numbers become large."""
    return minus(Read(N), Read(replaying.field(Part.PATIENCE)))


def turn_pre(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that relates traces of pre units to the frame that begins at step n, if one does."""
    replaying = replaying_in(plan, projection)
    assert replaying is not None
    first, lines = list[Statement](), list[Statement]()
    for trace in replaying.replayed.traces:
        lifted = replaying.of_pre(Part.LIFTED, trace)
        first += _scaled(replaying, trace, only(replaying.field(Part.SCALE_PRE, trace)))
        lines.append(Store(lifted, Binary("/", lifted, Read(local(trace, "power")))))
    late = Compare("<", replaying.of_pre(Part.SEEN), _long_ago(replaying))
    lines.append(If(late, (Store(only(replaying.field(Part.CROWDED)), ONE),)))
    body = [*first, each_unit(projection.projection.pre, lines, J, in_order=True)]
    doc = f"Where a frame begins at step n, relate to it what pre units of {projection.name} keep."
    return Function(Kernel("turn_pre_{}", (projection.name,)), doc, (_where_a_frame_begins(replaying, body),))


def turn_post(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that relates the spikes of post units to it."""
    replaying = replaying_in(plan, projection)
    assert replaying is not None
    lines, ages = list[Statement](), list[Statement]()
    for number, trace in enumerate(replaying.replayed.traces):
        fallen, power = element(replaying.field(Part.FALLEN, trace), I, Read(AGE)), Read(local(trace, "power"))
        lines += _scaled(replaying, trace, element(replaying.field(Part.SCALE_POST, trace), I))
        lines += [Store(kept[1 + number], times(kept[1 + number], power)) for kept in replaying.recent[:AT_LEAST]]
        ages.append(Store(fallen, times(fallen, power)))
    body = [each_unit(projection.projection.post, (*lines, For(AGE, ZERO, replaying.depth, tuple(ages))), in_order=True)]
    doc = f"Where a frame begins at step n, relate to it what post units of {projection.name} keep."
    return Function(Kernel("turn_post_{}", (projection.name,)), doc, (_where_a_frame_begins(replaying, body),))


def _scaled(replaying: Replaying, trace: str, scale: Element) -> list[Statement]:
    """The scale of the frame that begins: P^frame of that before, times the power of 2 that brings it near 1, by which numbers are multiplied. Nothing is
    rounded then, so that no bit depends on when connections carry out a spike."""
    here, power = local(trace, "scale"), local(trace, "power")
    half, two = Number(0.5), Number(2.0)
    return [
        Let(here, times(scale, replaying.rise(Read(replaying.field(Part.FRAME_STEPS)), trace, -1))),
        Let(power, Number(1.0)),
        While(Compare("<", Read(here), half), (Let(here, times(Read(here), two)), Let(power, times(Read(power), two)))),
        While(Compare(">", Read(here), two), (Let(here, times(Read(here), half)), Let(power, times(Read(power), half)))),
        Store(scale, Read(here)),
    ]


def _where_a_frame_begins(replaying: Replaying, body: Sequence[Statement]) -> If:
    return If(Compare("==", Call("mod", (Read(N), Read(replaying.field(Part.FRAME_STEPS)))), ZERO), tuple(body))


def begin(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that lets histories begin, at the first step and where something was written from outside: connections have missed nothing then."""
    replaying = replaying_in(plan, projection)
    assert replaying is not None
    field, whole = replaying.field, Read(replaying.field(Part.FRAME_STEPS))
    # where a frame is about to begin, this one is the one before
    since = Let(SINCE, Choice(((Compare("==", Read(SINCE), ZERO), whole),), Read(SINCE)))
    unit: list[Statement] = [Store(replaying.of_pre(part), Read(N)) for part in (Part.SEEN, Part.MET)]
    for trace in replaying.replayed.traces:
        now = replaying.names.own(trace)
        unit.append(Store(replaying.of_pre(Part.TIED_TO, trace), now))
        unit.append(Store(replaying.of_pre(Part.LIFTED, trace), times(now, replaying.lift(trace))))
    body = (
        *([*first(replaying), since] if replaying.replayed.traces else []),
        each_unit(projection.projection.pre, unit, J, in_order=True),
        Store(only(field(Part.ALL_SEEN)), Read(N)),
        Store(only(field(Part.CROWDED)), ZERO),
        Store(only(field(Part.BEGUN)), ONE),
    )
    doc = f"Let post units of {projection.name} begin to keep their spikes."
    return Function(Kernel("begin_{}", (projection.name,)), doc, (If(Compare("==", only(field(Part.BEGUN)), ZERO), body),))


def bring(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that tells what connections are now, for whoever asks; nothing changes."""
    replaying = replaying_in(plan, projection)
    assert replaying is not None
    body: list[Statement] = []
    for target in replaying.replayed.targets:
        store = Store(element(replaying.field(Part.BROUGHT, target), K), Read(held(target)))
        wanted = Compare("==", Read(replaying.field(Part.BROUGHT_LENGTH, target)), Read(replaying.field(Part.CONNECTIONS)))
        visit = (*replaying.unit(), *row(projection, [*replaying.begin(True), store]))
        body.append(If(wanted, (each_unit(projection.projection.pre, visit, J, in_order=True),)))
    doc = f"What the connections of {projection.name} are now, where that is asked."
    return Function(Kernel("bring_{}", (projection.name,)), doc, tuple(body))
