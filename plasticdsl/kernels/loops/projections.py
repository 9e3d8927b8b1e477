"""Kernels of one projection: what its synapses and rules do when spikes arrive, at every step, and in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import Field, Group, Kernel, Local, Part, of_population, of_projection
from plasticdsl.kernels.loops import arrivals, chance, frames, kicks, lazy, replay, rests, settle, visits
from plasticdsl.kernels.loops.arrivals import RECENT, sum_between
from plasticdsl.kernels.loops.at_once import changed_at_once
from plasticdsl.kernels.loops.bounds import added, clipped
from plasticdsl.kernels.loops.choose import choose
from plasticdsl.kernels.loops.flows import FlowContext, flow, let_vanish, scheme_arguments
from plasticdsl.kernels.loops.histories import Replaying, replaying_in
from plasticdsl.kernels.loops.kicks import HERE, grouped, kicks_of
from plasticdsl.kernels.loops.names import (
    INDEX,
    REPEAT,
    SPIKE_TIME,
    I,
    Names,
    T,
    arrival_place,
    delay,
    every,
    noted,
    place_sizes,
    remembered,
    ring,
)
from plasticdsl.kernels.loops.populations import period_argument
from plasticdsl.kernels.loops.sums import ARRIVAL, DELAY, arrival_of, ring_arguments, total_arguments, with_totals
from plasticdsl.kernels.loops.waiting import held, waiting_in
from plasticdsl.kernels.loops.walks import Stretch, are_on, arriving, at_unit, every_connection, every_place, every_unit, in_force
from plasticdsl.kernels.program import (
    ZERO,
    Array,
    Comment,
    Element,
    For,
    Function,
    If,
    Increase,
    Let,
    Read,
    Scalar,
    Size,
    Statement,
    Store,
    element,
)
from plasticdsl.kernels.recipes import Apply, Formula, Recipe
from plasticdsl.model import AddTo, Assign, AtMost, Total
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Logic, Number, Ref, refs
from plasticdsl.model.owners import Whose
from plasticdsl.model.presence import PRESENT
from plasticdsl.model.pretty import pretty
from plasticdsl.model.schemes import to_tolerance, variables_of
from plasticdsl.plan import operations as ops
from plasticdsl.plan.events import Event, Foresee, Note, Postpone, Remember, SumHistory
from plasticdsl.plan.places import Kind, Place, Slot
from plasticdsl.plan.plan import Placed, Plan, ProjectionPlan
from plasticdsl.plan.totals import stretches
from plasticdsl.support.pairs import counterparts
from plasticdsl.support.structure import by_delay, ends, group_ends, slots, sorting
from plasticdsl.support.values import taken

FUNCTION_NAMES = {
    Slot.POST_EARLY: "post_early_{}",
    Slot.PRE: "on_pre_{}",
    Slot.POST: "on_post_{}",
    Slot.PRE_LATE: "pre_late_{}",
}

#: Locals of a sum over kept spike times: which of them, and the sum.
H, TOTAL = Local("h"), Local("total")


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(projection: ProjectionPlan) -> tuple[Size, ...]:
    """Lengths that belong to the projection."""
    own, field = projection.projection, of_projection(projection.name).field
    pre, post = (of_population(name).field(Part.UNITS) for name in (own.pre, own.post))
    axonal, dendritic = field(Part.AXONAL), field(Part.DENDRITIC)
    return (
        Size(field(Part.CONNECTIONS), Apply(len, (field(Part.TARGETS),))),
        Size(field(Part.AXONAL_SLOTS), Apply(slots, (axonal,))),
        Size(field(Part.DENDRITIC_SLOTS), Apply(slots, (dendritic,))),
        Size(field(Part.ROW_ENDS), Apply(ends, (pre,))),
        Size(field(Part.COLUMN_ENDS), Apply(ends, (post,))),
        Size(field(Part.DELAYED_ROW_ENDS), Apply(ends, (pre, axonal))),
        Size(field(Part.DELAYED_COLUMN_ENDS), Apply(ends, (post, dendritic))),
        *arrivals.history_sizes(projection),
        *rests.sizes(projection),
        *kicks.sizes(projection),
    )


def arguments(plan: Plan, projection: ProjectionPlan) -> tuple[Array | Scalar, ...]:
    """Everything the projection's kernels may read or write."""
    p, lengths = of_projection(projection.name), place_sizes(projection)
    found: list[Array | Scalar] = []
    for placed in projection.variables:
        found += _variable(projection, placed)
    for s in projection.schemes:
        found += scheme_arguments(s.scheme, Names(plan, projection), lengths[s.place], s.held)
    found += kicks.arguments((s.scheme for s in projection.schemes), Names(plan, projection))
    found += [*arrivals.pending_arguments(projection), *arrivals.between_arguments(projection), *ring_arguments(projection)]
    found += [period_argument(p, number, period) for number, (period, _) in enumerate(projection.periodic)]
    found += [Scalar(p.field(Part.THIRD, t.owner.name), "int64", Apply(int, (Formula(p, t.first),))) for t in projection.projection.thirds]
    found += chance.streams(p, (projection.at_spikes, projection.without_spike))
    return (
        *found,
        *rests.arguments(Names(plan, projection)),
        *total_arguments(projection),
        *arrivals.history_arguments(projection),
        *_structure(projection),
        *_counterparts(projection),
    )


def _variable(projection: ProjectionPlan, placed: Placed) -> list[Array | Scalar]:
    p, v = of_projection(projection.name), placed.variable
    full, shape = p.variable(v.name), (place_sizes(projection)[placed.place],)
    doc = f"{v.symbol} of {projection.name}"
    if placed.kind is Kind.SHARED:
        return [Scalar(full, "float64", full, doc, v.unit)]
    doc += {Place.CONNECTION: ", one per connection", Place.PRE: ", one per pre unit", Place.POST: ", one per post unit"}[placed.place]
    if placed.kind is Kind.CONSTANT:
        return [Array(full, "float64", shape, full, False, doc, v.unit)]
    start: Recipe = full
    if placed.derived:  # traces start at 0, times of last spikes where the plan says
        assert v.initial is None or isinstance(v.initial, Number)
        start = 0.0 if v.initial is None else v.initial.value
    wide = v.name in to_tolerance(s.scheme for s in projection.schemes)
    found: list[Array | Scalar] = [
        rests.in_use(Array(full, "float64", shape, start, True, doc, v.unit, placed.place, wide=wide), projection)
    ]
    for part, copied, when in ((Part.SHADOW, projection.shadows, "before"), (Part.FORECAST, projection.forecasts, "after")):
        if v.name in copied:
            copy = f"{doc}, {when} the events of this step"
            found.append(Array(p.field(part, v.name), "float64", shape, start, True, copy, per=placed.place))
    return found


def _counterparts(projection: ProjectionPlan) -> Iterator[Array]:
    p = of_projection(projection.name)
    for o in projection.others:
        own, others = _both(p), _both(of_projection(o.name))
        found = Apply(counterparts, (*(own[::-1] if o.transposed else own), *others))
        yield Array(p.field(Part.COUNTERPART, o.name), "int32", (p.field(Part.CONNECTIONS),), found, False)


def _both(p: Group) -> tuple[Field, Field]:
    return p.field(Part.SOURCES), p.field(Part.TARGETS)


def _structure(projection: ProjectionPlan) -> list[Array | Scalar]:
    """Connections in other orders. `delayed_rows`: unit j with delay d has positions delayed_rows[j·axonal_slots + d] to
    delayed_rows[j·axonal_slots + d + 1]; likewise `delayed_columns`. The sources stand beside, so that a column walk reads them in sequence."""
    p, (sources, targets) = of_projection(projection.name), _both(of_projection(projection.name))
    axonal, dendritic = p.field(Part.AXONAL), p.field(Part.DENDRITIC)
    late, late_back = Apply(by_delay, (sources, axonal)), Apply(by_delay, (targets, dendritic))

    def ends_of(part: Part, length: Part, values: Recipe) -> Array:
        return Array(p.field(part), "int64", (p.field(length),), values, False, own=False)

    def numbers(part: Part, values: Recipe, of_units: bool = False) -> Array:
        return Array(
            p.field(part), "uint16" if of_units and projection.narrow else "uint32", (p.field(Part.CONNECTIONS),), values, False, own=False
        )

    def groups(keys: Recipe, length: Part) -> Recipe:
        return Apply(group_ends, (keys, p.field(length)))

    def steps_of(steps: Field, same: bool) -> Array | Scalar:
        return Scalar(steps, "int64", steps) if same else Array(steps, "int32", (p.field(Part.CONNECTIONS),), steps, False, own=False)

    return [
        ends_of(Part.ROWS, Part.ROW_ENDS, p.field(Part.ROWS)),
        numbers(Part.TARGETS, targets, True),
        ends_of(Part.COLUMNS, Part.COLUMN_ENDS, groups(targets, Part.COLUMN_ENDS)),
        numbers(Part.COLUMN_CONNECTIONS, Apply(sorting, (targets,))),
        numbers(Part.COLUMN_SOURCES, Apply(taken, (sources, Apply(sorting, (targets,)))), True),
        ends_of(Part.DELAYED_ROWS, Part.DELAYED_ROW_ENDS, groups(late, Part.DELAYED_ROW_ENDS)),
        numbers(Part.DELAYED_ROW_CONNECTIONS, Apply(sorting, (late,))),
        ends_of(Part.DELAYED_COLUMNS, Part.DELAYED_COLUMN_ENDS, groups(late_back, Part.DELAYED_COLUMN_ENDS)),
        numbers(Part.DELAYED_COLUMN_CONNECTIONS, Apply(sorting, (late_back,))),
        numbers(Part.DELAYED_COLUMN_SOURCES, Apply(taken, (sources, Apply(sorting, (late_back,)))), True),
        *arrivals.now_arguments(projection),
        Scalar(p.field(Part.LEARNING), "int64"),
        steps_of(axonal, projection.same_axonal),
        steps_of(dendritic, projection.same_dendritic),
    ]


# --- events ----------------------------------------------------------------------------------------------------------


def at_spikes(plan: Plan, operation: ops.AtSpikes) -> Function:
    """The kernel for the statements of a slot."""
    projection, side, kind = plan.projection(operation.projection), operation.slot.side, operation.event
    writer, first, parts = _written(plan, operation)
    if plan.windowed and operation.slot is Slot.PRE:
        body = writer.while_in_force(visits.walked(projection, _visits(writer, first, parts)))
    else:
        body = writer.while_in_force((*first, *arriving(projection, side, parts, writer.stores(), kind)))
    who = "presynaptic" if side is Place.PRE else "postsynaptic"
    doc = f"What {projection.name} does when {who} {f'events {kind}' if kind else 'spikes'} reach its synapses at step n."
    pattern = FUNCTION_NAMES[operation.slot]
    return Function(Kernel(f"{pattern}_{{}}", (projection.name, kind)) if kind else Kernel(pattern, (projection.name,)), doc, body)


def _written(plan: Plan, operation: ops.AtSpikes) -> tuple[_Writer, tuple[Statement, ...], list[Stretch]]:
    """The statements of a slot: what is done once in a step, and stretch by stretch what the unit does and its connections."""
    projection = plan.projection(operation.projection)
    events = [e for e in projection.at(operation.slot) if e.of == operation.event]
    writer = _Writer(plan, projection, operation.slot.side, events)
    writer.names = replace(writer.names, repeat=REPEAT)
    if operation.slot is Slot.PRE and writer.waiting is not None:
        writer.hold(writer.waiting.terms)
    if operation.slot is Slot.PRE and writer.replaying is not None:
        writer.hold(writer.replaying.replayed.targets)
    parts: list[Stretch] = []
    for totals, statements in stretches(events):
        parts = with_totals(parts, totals, writer.names, projection.same_dendritic)
        for event in statements:
            writer.add(event)
        parts.append(Stretch(*writer.taken()))
    return writer, *_with_what_waits(writer, operation.slot, parts)


def _visits(writer: _Writer, first: Sequence[Statement], parts: Sequence[Stretch]) -> visits.Visits:
    unit, connections = [s for part in parts for s in part.unit], [s for part in parts for s in part.connections]
    later = frozenset[Local]() if writer.waiting is None else visits.jumps_of(writer.waiting.traces)
    return visits.Visits(first, unit, connections, writer.stores(), later)


def visits_at(plan: Plan, projection: ProjectionPlan) -> visits.Visits | None:
    """What happens at presynaptic spikes, where it is divided into what pre units and connections do."""
    if not (plan.windowed and projection.at(Slot.PRE)):
        return None
    return _visits(*_written(plan, ops.AtSpikes(projection.name, Slot.PRE)))


def meet(plan: Plan, operation: ops.Meet) -> Function:
    """The kernel for the pre units' side of it."""
    projection = plan.projection(operation.projection)
    writer, first, parts = _written(plan, ops.AtSpikes(projection.name, Slot.PRE))
    return visits.meet(plan, projection, _visits(writer, first, parts), writer.held)


def _with_what_waits(writer: _Writer, slot: Slot, parts: list[Stretch]) -> tuple[tuple[Statement, ...], list[Stretch]]:
    """What waits for presynaptic spikes is carried out around what else connections do then."""
    if writer.replaying is not None:
        return _with_what_is_replayed(writer, writer.replaying, slot, parts)
    if writer.waiting is None or slot not in (Slot.PRE, Slot.POST):
        return (), parts
    if slot is Slot.POST:
        return lazy.since_frame(writer.waiting), parts
    (stretch,), visit = parts, lazy.visit(writer.waiting)
    return visit.first, [Stretch((*stretch.unit, *visit.unit), (*visit.begin, *stretch.connections, *visit.end))]


def _with_what_is_replayed(
    writer: _Writer, replaying: Replaying, slot: Slot, parts: list[Stretch]
) -> tuple[tuple[Statement, ...], list[Stretch]]:
    """Connections carry out spikes of post units before what else they do at presynaptic spikes; post units keep theirs."""
    (stretch,) = parts or (Stretch((), ()),)
    match slot:
        case Slot.PRE:
            (first, unit), connections = replay.at_pre(replaying), (*replaying.begin(True), *stretch.connections, *replaying.end())
            return tuple(first), [Stretch((*stretch.unit, *unit), connections)]
        case Slot.POST:
            kept = replay.at_post(replaying)
            if replaying.replayed.held and not writer.held:
                kept = [in_force(writer.projection, kept)]
            return tuple(replay.first(replaying)), [Stretch((*stretch.unit, *kept), stretch.connections)]
        case _:
            return (), parts


def at_third(plan: Plan, operation: ops.AtThird) -> Function:
    """The kernel for the statements at the spikes of a unit that is an argument."""
    projection = plan.projection(operation.projection)
    unit, kind, events = projection.at_thirds[operation.number]
    writer = _Writer(plan, projection, Place.CONNECTION, events)
    writer.names = replace(writer.names, repeat=REPEAT)
    for event in events:
        writer.add(event)
    _, statements = writer.taken()
    body = writer.while_in_force(at_unit(projection, unit, statements, kind))
    doc = f"What {projection.name} does at {kind or 'spikes'} of {unit.name} at step n."
    return Function(Kernel("on_{}_{}", (f"{kind}_{unit.name}" if kind else unit.name, projection.name)), doc, body)


class _Writer:
    """Collects the statements of one slot: those that are the same for all connections of the unit run once, before its connections, on
    locals; each later reader gets the version that was current at its place in the sequence. Where nothing happens in the slot while rules are
    off, its connections need not be walked then."""

    def __init__(self, plan: Plan, projection: ProjectionPlan, side: Place, events: Sequence[Event]) -> None:
        self.names = Names(plan, projection)
        self.projection, self.side = projection, side
        self.waiting = waiting_in(plan, projection)
        self.settling = settle.settling_in(plan, projection)
        self.replaying = replaying_in(plan, projection)
        self.in_locals: dict[str, Local] = {}
        later = projection.replayed.events if projection.replayed is not None and side is Place.POST else ()
        self.held = all(e.held or isinstance(e.statement, Remember | Total) for e in (*events, *later))
        self.unit: list[Statement] = []
        self.connections: list[Statement] = []
        self.versions: dict[Field, tuple[Element, Local]] = {}
        self.first: list[Statement] = []
        self.around: tuple[list[Statement], list[Statement]] = [], []
        if self.settling is not None:
            self._hold_what_flows(self.settling, events)

    def _hold_what_flows(self, settling: settle.Settling, events: Sequence[Event]) -> None:
        """What statements touch of it is settled around them."""
        changed = {e.assigned for e in events if e.assigned is not None}
        read = {r.name for e in events for r in refs(e.value) if r.owner is Whose.OWN}
        if names := settling.held(changed | read, changed):
            self.hold(names)
            self.first, self.around = settling.first(), settling.around(names, changed)

    def hold(self, targets: Iterable[str]) -> None:
        """These variables of connections are in locals while a connection is visited."""
        self.in_locals |= {name: held(name) for name in targets}
        self.names = replace(self.names, current={**self.names.current, **{name: Read(local) for name, local in self.in_locals.items()}})

    def add(self, event: Event) -> None:
        """The next statement of the slot."""
        statement = event.statement
        value = self.names.resolve(statement.value)
        match statement:
            case Remember(local):
                (self.unit if event.once else self.connections).append(Let(remembered(local), value))
            case Note(name):
                self.unit.append(Let(noted(name), value))
            case Assign(target, raw):
                self._assign(event, target.name, raw, value, Part.VARIABLE)
            case Foresee(target_name, raw):
                self._assign(event, target_name, raw, value, Part.FORECAST)
            case Postpone(target_name, trace):
                text = f"{target_name} += {trace} * ({pretty(statement.value)}) at the next presynaptic spike"
                assert self.waiting is not None
                lines = lazy.wait(self.waiting, statement, value, text)
                if statement is self.waiting.terms[target_name][-1]:
                    lines += changed_at_once(self.waiting, target_name)
                self.unit += self.guarded(event, lines)
            case SumHistory():
                self.connections += self.guarded(event, self._sum_history(statement))
            case AddTo(target, raw):
                lines = [Comment(f"{target.path} += {pretty(raw)}"), *self._add_to(target, value)]
                self.connections += self.guarded(event, lines)

    def guarded(self, event: Event, lines: list[Statement]) -> list[Statement]:
        """Only while rules are on, where the statement is held."""
        return [in_force(self.projection, lines)] if event.held and not self.held else lines

    def while_in_force(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """The whole slot."""
        whole = (*self.first, *body)
        return (in_force(self.projection, whole),) if self.held else whole

    def taken(self) -> tuple[list[Statement], list[Statement]]:
        """What has come together for the unit and for its connections, which begins anew."""
        (begin, end), connections = self.around, self.connections
        found = self.unit, [*begin, *connections, *end] if connections else connections
        self.unit, self.connections = [], []
        return found

    def stores(self) -> list[Statement]:
        """The last versions of the unit's variables, back to their arrays."""
        return [Store(cell, Read(local)) for cell, local in self.versions.values()]

    def _assign(self, event: Event, target: str, raw: Expr, value: Expr, copy: Part) -> None:
        cell, bounded, comment = self.names.own(target, copy), self._bounded(target, value), Comment(f"{target} -> {pretty(raw)}")
        if self.side is Place.CONNECTION or self.projection.variable(target).place is not self.side:
            kept = Let(self.in_locals[target], bounded) if target in self.in_locals else Store(cell, bounded)
            self.connections += self.guarded(event, [comment, kept])
            return
        pattern = f"{copy.pattern}_{{}}"
        before = [c for c in self.unit if isinstance(c, Let) and (c.name.pattern, c.name.of[:1]) == (pattern, (target,))]
        local = Local(pattern, (target, str(len(before) + 1)))
        self.unit += [comment, Let(local, bounded)]
        self.versions[cell.array] = (cell, local)
        if copy is Part.VARIABLE:
            self.names = replace(self.names, current={**self.names.current, target: Read(local)})

    def _sum_history(self, statement: SumHistory) -> list[Statement]:
        field = of_projection(self.projection.name).field
        history = next(h for h in self.projection.histories if h.name == statement.history)
        unit = INDEX[arrival_place(self.projection, history.side)]
        count, length = element(field(Part.HISTORY_COUNT, history.name), unit), Read(field(Part.HISTORY_LENGTH, history.name))
        increment = self.names.resolve(statement.value)
        counted = Compare("<=" if statement.with_now else "<", Read(SPIKE_TIME), Read(T))
        body: tuple[Statement, ...] = (
            ring(RECENT, Read(H), field(Part.HISTORY_LENGTH, history.name)),
            Let(SPIKE_TIME, element(field(Part.HISTORY, history.name), unit, RECENT)),
            If(counted, (Let(TOTAL, Binary("+", Read(TOTAL), increment)),)),
        )
        cell = self.names.own(statement.target)
        return [
            Comment(f"{statement.target} += sum over the kept spikes of {pretty(statement.value)}"),
            Let(TOTAL, ZERO),
            For(H, Call("max", (ZERO, Binary("-", count, length))), count, body),
            Store(cell, self._bounded(statement.target, Binary("+", cell, Read(TOTAL)))),
        ]

    def _bounded(self, variable: str, value: Expr) -> Expr:
        return clipped(value, self.projection.variable(variable).variable, self.names.resolve)

    def _add_to(self, target: Ref, amount: Expr) -> list[Statement]:
        own = self.projection.projection
        at_once: list[Statement] = [added(self.names, target, amount)]
        if self.names.repeat is None:  # no spike: everywhere at once
            at_once = [Increase(element(sum_between(self.projection, target), self.names.number(target.owner)), amount)]
        if target.owner is not Whose.POST or own.delays.dendritic is None:
            return at_once
        pending = element(of_projection(own.name).field(Part.PENDING, target.name), ARRIVAL, I)
        later = (arrival_of(self.projection), Increase(pending, amount))
        return [Let(DELAY, delay(self.projection, Part.DENDRITIC)), If(Compare("==", Read(DELAY), ZERO), tuple(at_once), later)]


def copy_for_ties(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that renews the shadows and forecasts at the beginning of a step's events."""
    names, body = Names(plan, projection), list[Statement]()
    for variable, kind in [(v, Part.SHADOW) for v in projection.shadows] + [(v, Part.FORECAST) for v in projection.forecasts]:
        copy, source = names.own(variable, kind), names.own(variable)
        body += every_place(projection, projection.variable(variable).place, [Store(copy, source)])
    doc = f"Remember what the traces of {projection.name} are before the events of step n."
    return Function(Kernel("copy_{}", (projection.name,)), doc, tuple(body))


# --- steps and flows -------------------------------------------------------------------------------------------------


def at_step(plan: Plan, operation: ops.AtStep) -> Function:
    """The kernel for changes without a spike: at every step, or periodically."""
    projection, periodic = plan.projection(operation.projection), operation.periodic
    p, number = projection.name, 0 if periodic is None else periodic + bool(projection.each_step)
    events = projection.each_step if periodic is None else projection.periodic[periodic][1]
    writer = _Writer(plan, projection, Place.CONNECTION, events)
    writer.names = replace(writer.names, totals=True)
    body = writer.while_in_force(_in_stretches(projection, events, writer))
    if periodic is not None:
        body = (every(of_projection(p).field(Part.PERIOD, str(periodic)), body),)
    doc = f"What {p} does at a step without a spike."
    return Function(Kernel("step_{}_{}", (p, str(number))), doc, body)


def _in_stretches(projection: ProjectionPlan, events: Sequence[Event], writer: _Writer) -> tuple[Statement, ...]:
    """One walk over all connections for the statements between two sums; the sums that wait for it are taken in the same walk."""
    p, body = of_projection(projection.name), list[Statement]()
    groups = list(stretches(events))
    for (_, statements), (totals, _) in zip(groups, [*groups[1:], ((), ())], strict=True):
        for event in statements:
            if isinstance(event.statement, AtMost):
                body += _walk(projection, writer)
                body += writer.guarded(event, choose(projection, event.statement, writer.names))
            else:
                writer.add(event)
        for total in totals:
            cell = element(p.field(Part.SUM, total.name), I)
            body += every_unit(projection, Place.POST, [Store(cell, ZERO)])
            writer.connections += [Comment(f"{total.name} += {pretty(total.value)}"), Increase(cell, writer.names.resolve(total.value))]
        body += _walk(projection, writer)
    return tuple(body)


def _walk(projection: ProjectionPlan, writer: _Writer) -> tuple[Statement, ...]:
    """What has come together, at all connections."""
    unit, connections = writer.taken()
    return every_connection(projection, [*unit, *connections]) if unit or connections else ()


def flow_connections(plan: Plan, operation: ops.Flow) -> Function:
    """The kernel that moves the projection's variables of one place from t_n to t_{n+1}."""
    projection, place = plan.projection(operation.projection), operation.place
    own = [s for s in projection.schemes if s.place is place and not {*projection.framed}.intersection(variables_of(s.scheme))]
    moved_by_rules = frozenset[str]().union(*(s.held for s in own))
    names, flows = Names(plan, projection), projection.projection.connection.flows
    sums = {name: part for s in own for name, part in s.sums}
    wholes = [Let(Local(name), names.resolve(rests.whole(projection, part))) for name, part in sums.items()]
    names = replace(names, current={name: Read(Local(name)) for name in sums})
    on: Expr = are_on(projection.name)
    if projection.projection.changing and moved_by_rules:
        on = Logic("and", (on, Compare("!=", names.own(PRESENT), ZERO)))
    context = FlowContext(names, INDEX[place], flows, moved_by_rules, on, sums=frozenset(sums))
    doc = f"Let the variables of {projection.name} with the {place}s flow from step n to n + 1."
    kernel = Kernel("flow_{}" if place is Place.CONNECTION else f"flow_{{}}_{place}", (projection.name,))
    schemes, settling = [s.scheme for s in own], settle.settling_in(plan, projection)
    noise = kicks_of(schemes, context) if place is Place.CONNECTION else None
    if noise is not None:
        body = grouped(every_connection(projection, (HERE,)), noise, wholes, flow(schemes, noise.moving))
    else:
        body = every_place(projection, place, (*wholes, *flow(schemes, context))) if own else ()
    if settling is not None and place is Place.CONNECTION:
        return Function(kernel, doc, settle.flow(settling, body))
    vanish = let_vanish(schemes, context, lambda stores: every_place(projection, place, stores))
    return Function(kernel, doc, (*vanish, *body, *frames.end_frame(projection, place), *rests.moved(names, place)))
