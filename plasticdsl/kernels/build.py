"""From the plan to the loop program.

`build(plan)` gives one kernel for each operation of the plan's step and `advance`, which calls them in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from plasticdsl.kernels.identifiers import ADVANCE, NETWORK, RUN, Field, Group, Kernel, Local, Part, of_emitted, of_projection
from plasticdsl.kernels.loops import (
    arrivals,
    blocks,
    calendar,
    defer,
    drive,
    feeds,
    frames,
    lazy,
    ranks,
    replay,
    rests,
    series,
    settle,
    shares,
    stages,
    step_block,
    sums,
    sweep,
    telling,
    visits,
    windows,
)
from plasticdsl.kernels.loops import populations as units
from plasticdsl.kernels.loops import projections as synapses
from plasticdsl.kernels.loops.collect import with_arguments
from plasticdsl.kernels.loops.names import N, T
from plasticdsl.kernels.program import (
    ZERO,
    Array,
    Comment,
    For,
    Function,
    If,
    Invoke,
    Let,
    Member,
    Program,
    Read,
    Return,
    Scalar,
    Shared,
    Size,
    Statement,
    Switch,
    only,
)
from plasticdsl.kernels.recipes import DT, SEED
from plasticdsl.model.expr import Binary, Compare, Expr, Logic, joined
from plasticdsl.model.parts import Emitted
from plasticdsl.model.weights import standing_weights
from plasticdsl.plan import operations as ops
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.populations import ByHazard
from plasticdsl.plan.sweeps import Sweep

#: What `advance` is told.
FIRST_STEP, STEPS = Local("first_step"), Local("steps")


def build(plan: Plan) -> Program:
    """All kernels of a network."""
    declared = _declared(plan)
    made: dict[Kernel, Function] = {}
    late, blocked = [p for p in plan.projections if p.postponed], [p for p in plan.projections if p.block is not None]
    settled = [p for p in plan.projections if p.settled is not None]
    framed = [p for p in plan.projections if p.framed]
    deferred = [p for p in plan.projections if p.deferred is not None]
    replayed = [p for p in plan.projections if p.replayed is not None]
    bring = [
        *(defer.carry_out(plan, p) for p in deferred),  # first: the others tell what there is
        *(frames.bring(plan, p) for p in framed),
        *(lazy.bring(plan, p) for p in late),
        *(replay.bring(plan, p) for p in replayed),
        *(settle.bring(plan, p) for p in settled),
        *(blocks.bring(plan, p) for p in blocked),
    ]
    begin = [frames.begin(plan, p) for p in framed]
    begin += [frames.with_what_is_left(plan, lazy.begin(plan, p)) for p in late]
    begin += [frames.with_what_is_left(plan, replay.begin(plan, p)) for p in replayed]
    begin += [
        calendar.work_out(plan, p) for p in plan.populations if any(isinstance(e.emission, ByHazard) and e.emission.ahead for e in p.events)
    ]
    before = _before_steps([f.name for f in bring], [f.name for f in begin])
    shared: Shared | None = None
    match plan.step:
        case (ops.Window() as window,):
            functions = _in_windows(plan, window, declared, [*bring, *begin], before)
        case _ if plan.spread is not None:
            functions, shared = _on_ranks(plan, declared, [*bring, *begin], before)
        case _:
            body = _calls(plan, plan.step, made)
            functions = [with_arguments(f, declared) for f in (*bring, *begin, *made.values())]
            functions.append(_advance(plan, functions, body, declared, before))
    used = frozenset(n for f in functions for n in (*f.arrays, *f.scalars))
    lengths = frozenset(length for m in declared if isinstance(m, Array) and m.name in used for length in m.shape)
    members = [m for m in declared if m.name in used | lengths]
    return Program(
        name=plan.network.name,
        doc=plan.network.doc,
        sizes=tuple(m for m in members if isinstance(m, Size)),
        scalars=tuple(m for m in members if isinstance(m, Scalar)),
        arrays=tuple(m for m in members if isinstance(m, Array)),
        functions=tuple(functions),
        logs=tuple(Emitted(p.name, e.event) for p in plan.populations for e in p.events),
        asked=plan.asked,
        kept=sweep.kept(plan),
        superposed=tuple(rests.superpositions(plan)),
        windowed=plan.windowed,
        shared=shared,
        switches=tuple(s for s in map(_switch, plan.projections) if s.field in used),
        postponed=(
            *(one for p in late for one in lazy.postponed(plan, p)),
            *(one for p in replayed for one in replay.postponed(plan, p)),
            *(one for p in settled for one in settle.postponed(plan, p)),
            *(blocks.postponed(plan, p) for p in blocked),
            *(one for p in framed for one in frames.postponed(p)),
        ),
        deferred=tuple(map(defer.waits, deferred)),
    )


def _switch(plan: ProjectionPlan) -> Switch:
    group = of_projection(plan.name)
    return Switch(plan.name, group.field(Part.LEARNING), tuple(map(group.variable, sorted(standing_weights(plan.projection)))))


def _declared(plan: Plan) -> tuple[Member, ...]:
    """Everything that kernels may read or write, in the order in which they get it."""
    network = [(NETWORK.variable(v.name), v) for v in plan.parameters]
    return (
        *(s for p in plan.populations for s in units.sizes(plan, p)),
        *(s for p in plan.projections for s in synapses.sizes(p)),
        *(s for p in plan.projections for s in (*lazy.sizes(p), *settle.sizes(p), *frames.sizes(plan, p), *step_block.sizes(plan, p))),
        *feeds.sizes(plan),
        *sweep.sizes(plan),
        *series.sizes(plan),
        *shares.sizes(plan),
        *ranks.sizes(plan),
        *telling.sizes(plan),
        *(s for p in plan.projections for s in (*visits.sizes(plan, p), *replay.sizes(plan, p))),
        Size(RUN.field(Part.ONE)),
        Scalar(DT, "float64", unit="s"),
        Scalar(SEED, "int64"),
        *(Scalar(field, "float64", field, v.symbol, v.unit) for field, v in network),
        *(a for p in plan.populations for a in units.arguments(plan, p)),
        *(a for p in plan.projections for a in (*synapses.arguments(plan, p), *lazy.arguments(plan, p))),
        *(a for p in plan.projections for a in (*replay.arguments(plan, p), *settle.arguments(plan, p))),
        *(a for p in plan.projections for a in (*frames.arguments(plan, p), *step_block.arguments(plan, p))),
        *(a for p in plan.projections for a in defer.arguments(p)),
        *feeds.arguments(plan),
        *series.arguments(plan),
        *sums.arguments(plan),
        *sweep.arguments(plan),
        *stages.arguments(plan),
        *shares.arguments(plan),
        *ranks.arguments(plan),
        *telling.arguments(plan),
        *(a for p in plan.projections for a in visits.arguments(plan, p, synapses.visits_at(plan, p))),
    )


# --- one step --------------------------------------------------------------------------------------------------------


def _calls(plan: Plan, operations: Sequence[ops.Operation], made: dict[Kernel, Function]) -> list[Statement]:
    """The calls that carry out operations in order; each kernel is written once (into `made`), when it is first needed."""
    calls: list[Statement] = []
    for operation in operations:
        match operation:
            case ops.Only(when, parts):
                holds = step_block.condition(when) if isinstance(when, ops.InBlock) else sweep.condition(when)
                calls.append(If(holds, tuple(_calls(plan, parts, made))))
            case ops.Window():
                raise AssertionError("a window is a whole step")
            case ops.EvaluateInput(parts=parts):
                calls += _calls(plan, parts, made)
            case _:
                function = _kernel(plan, operation)
                made.setdefault(function.name, function)
                calls += _call(operation, function.name)
    return calls


def _call(operation: ops.Single, kernel: Kernel) -> tuple[Statement, ...]:
    if not (isinstance(operation, ops.Units) and operation.what is ops.OfUnits.SPIKE):
        return (Invoke(kernel),)
    count = Local("count_{}_{}" if operation.event else "count_{}", tuple(filter(None, (operation.population, operation.event))))
    return Invoke(kernel, count), If(Compare("<", Read(count), ZERO), (Return(Read(count)),))


def _kernel(plan: Plan, operation: ops.Single) -> Function:
    """The loop of one operation."""
    function = _loop(plan, operation)
    return function if isinstance(operation, ops.Flow) else frames.with_what_is_left(plan, function)


def _loop(plan: Plan, operation: ops.Single) -> Function:
    match operation:
        case ops.Units(population, ops.OfUnits.SPIKE, event):
            return units.find_spikes(plan, plan.population(population), event)
        case ops.Units(population, ops.OfUnits.JUMP, event):
            return units.jump_at_spikes(plan, plan.population(population), event)
        case ops.Units(population, what):
            return _OF_UNITS[what](plan, plan.population(population))
        case ops.Connections(projection, of):
            return _OF_CONNECTIONS[of](plan, plan.projection(projection))
        case _:
            return KERNELS[type(operation)](plan, operation)


_OF_UNITS = {
    ops.OfUnits.FLOW: units.flow_units,
    ops.OfUnits.FINISH: stages.finish,
}
_OF_CONNECTIONS = {
    ops.OfConnections.COPY: synapses.copy_for_ties,
    ops.OfConnections.ARRIVE: arrivals.arrive,
    ops.OfConnections.SEND: sums.send,
    ops.OfConnections.REMEMBER: sums.remember_pre,
    ops.OfConnections.ADD: arrivals.add_between,
    ops.OfConnections.SETTLE: settle.end_frame,
    ops.OfConnections.ROOM: replay.make_room,
    ops.OfConnections.TURN_PRE: replay.turn_pre,
    ops.OfConnections.TURN_POST: replay.turn_post,
    ops.OfConnections.TURN: lazy.turn,
    ops.OfConnections.EXCEPT_TIES: lazy.except_ties,
    ops.OfConnections.BEGIN_BLOCK: blocks.begin,
    ops.OfConnections.SUM_BLOCK: blocks.take_sums,
    ops.OfConnections.KEEP_BLOCK: blocks.keep,
    ops.OfConnections.END_BLOCK: blocks.end,
    ops.OfConnections.KEEP_CHANGES: defer.keep,
}

#: What writes the kernel of each other operation.
KERNELS: Mapping[type[ops.Single], Callable[[Plan, Any], Function]] = {
    ops.Feed: feeds.feed,
    ops.KeepTimes: arrivals.keep_times,
    ops.CountArrivals: arrivals.count,
    ops.AtSpikes: drive.at_spikes,
    ops.Meet: synapses.meet,
    ops.AtThird: synapses.at_third,
    ops.Define: units.define,
    ops.BeginLate: sums.begin_late,
    ops.AddLate: sums.add_late,
    ops.BeginSum: sums.begin_sum,
    ops.AddSum: sums.add_sum,
    ops.TakeTotals: sums.take_totals,
    ops.AtStep: synapses.at_step,
    ops.ChangeUnits: units.change_units,
    Sweep: sweep.update_one_by_one,
    ops.Keep: sweep.keep,
    ops.Follow: sweep.follow,
    ops.Summed: sweep.summed,
    ops.AtStage: stages.at,
    ops.Flow: synapses.flow_connections,
}


# --- advance ---------------------------------------------------------------------------------------------------------


def _before_steps(bring: Sequence[Kernel], begin: Sequence[Kernel]) -> tuple[Statement, ...]:
    """No step at all brings up to date what waits for whoever asks; before others frames begin, and sources look at their rates."""
    no_step = (If(Compare("==", Read(STEPS), ZERO), (*map(Invoke, bring), Return(Read(STEPS)))),) if bring else ()
    return (Let(N, Read(FIRST_STEP)), *no_step, *map(Invoke, begin)) if bring or begin else ()


def _advance(
    plan: Plan,
    functions: Sequence[Function],
    calls: Sequence[Statement],
    declared: Sequence[Member],
    before: Sequence[Statement],
    parts: int = 1,
) -> Function:
    """Whole steps, one after the other; stops early where a spike log could not hold another step. `parts`: of a step, of which one is carried out."""
    body: list[Statement] = [Comment("one step: the events of t_n, then the flow to t_{n+1}")]
    full = [_log_is_full(of_emitted(p.name, e.event)) for p in plan.populations for e in p.events]
    if plan.spread is not None and (message := telling.is_full(plan)) is not None:
        full.append(message)
    if full:
        done = Binary("-", Read(N), Read(FIRST_STEP))
        body.append(ranks.only_once(If(joined("or", full), (Return(done),)), parts))
    body += [Let(T, Binary("*", Read(N), Read(DT))), *calls]
    loop = For(N, Read(FIRST_STEP), Binary("+", Read(FIRST_STEP), Read(STEPS)), tuple(body))
    doc = f"Run `steps` steps of {plan.network.name} from step `first_step`; returns how many were done, or -1 where a spike buffer overflowed."
    found = with_arguments(Function(ADVANCE, doc, (*before, loop, Return(Read(STEPS)))), declared, functions)
    return replace(found, locals_in=(FIRST_STEP, STEPS))


def _on_ranks(
    plan: Plan, declared: Sequence[Member], others: Sequence[Function], before: Sequence[Statement]
) -> tuple[list[Function], Shared]:
    """All kernels of a network that several processes share, and what these exchange."""
    assert plan.spread is not None
    spread, arrays = plan.spread, {m.name: m for m in declared if isinstance(m, Array)}
    made: dict[Kernel, Function] = {}
    done = list[ranks.Done]()
    for operation in _one_by_one(plan.step):
        single: ops.Operation = operation
        while isinstance(single, ops.Only):
            single = single.parts[0]
        assert not isinstance(single, ops.Only | ops.EvaluateInput | ops.Window), "they have been taken apart"
        own: dict[Kernel, Function] = {}
        calls = _calls(plan, (operation,), own)
        own = {name: ranks.of_rank(plan, single, function) for name, function in own.items()}
        again = own.keys() <= made.keys()  # what a phase shows is put back at the end of a step, where no more spikes are found
        made |= own
        finds = (isinstance(single, ops.Feed) and not again) or (isinstance(single, ops.Units) and single.what is ops.OfUnits.SPIKE)
        done.append(ranks.Done(tuple(calls), tuple(ranks.touched(plan, single, f, arrays) for f in own.values()), finds))
    parts, needed, at_once = ranks.segments(done, lambda more: more or spread.at_once)
    functions = [with_arguments(f, declared) for f in (*others, *made.values())]
    heard: tuple[Statement, ...] = ()
    if telling.events(plan):
        parts[0].append(Invoke(telling.TELL))
        functions += [with_arguments(f, declared) for f in (telling.tell(plan), telling.hear(plan))]
        heard = telling.first(Read(FIRST_STEP), Read(STEPS))
    functions.append(_advance(plan, functions, ranks.in_segments(parts), declared, (*heard, *before), len(parts)))
    of_post = frozenset[Field]().union(*(t.of_post for part in done for t in part.touched))
    return functions, Shared(spread.members, at_once, tuple(needed), ranks.driving(plan), of_post)


def _one_by_one(operations: Sequence[ops.Operation]) -> Iterator[ops.Single | ops.Only]:
    """Operations with what they consist of beside each other, each under its condition, which holds for a whole step."""
    for operation in operations:
        match operation:
            case ops.EvaluateInput(parts=parts):
                yield from _one_by_one(parts)
            case ops.Only(when, parts):
                for one in _one_by_one(parts):
                    yield ops.Only(when, (one,)) if not isinstance(one, ops.Only) else replace(one, parts=(ops.Only(when, one.parts),))
            case ops.Window():
                raise AssertionError("a network that several processes share has no windows")
            case _:
                yield operation


def _in_windows(
    plan: Plan, window: ops.Window, declared: Sequence[Member], others: Sequence[Function], before: Sequence[Statement]
) -> list[Function]:
    """All kernels of a network whose units advance in shares."""
    made: dict[Kernel, Function] = {}
    ahead, parts = _calls(plan, window.ahead, made), [_kernel(plan, o) for o in window.parts]
    own = [with_arguments(shares.of_share(plan, f), declared) for f in parts]
    known = [with_arguments(units.known(plan.population(name)), declared) for name in shares.members(plan) if plan.population(name).events]
    functions = [*(with_arguments(f, declared) for f in (*others, *made.values())), *known, *own]
    share = replace(with_arguments(windows.of_share([f.name for f in own]), declared, own), locals_in=windows.TOLD)
    body = windows.advance(plan, before, ahead, [f.name for f in known], (FIRST_STEP, STEPS))
    doc = f"Run `steps` steps of {plan.network.name} from step `first_step`; returns how many were done, or -1 where a spike buffer overflowed."
    last = with_arguments(Function(ADVANCE, doc, body), declared, [*functions, share])
    return [*functions, share, replace(last, locals_in=(FIRST_STEP, STEPS))]


def _log_is_full(emitted: Group) -> Expr:
    field = emitted.field
    held = Binary("+", only(field(Part.LOG_COUNT)), Read(field(Part.CAPACITY)))
    on = Compare("!=", Read(field(Part.RECORDING)), ZERO)
    return Logic("and", (on, Compare(">", held, Read(field(Part.LOG)))))
