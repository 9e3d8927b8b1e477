"""Traces of units that decay when somebody looks (`plan.passes.frames`): what is kept of them, what other kernels find in its place, and the kernels that
begin frames and bring up to date.

While `FRAMED` is 1, arrays hold x̂ = x P^−(n mod F), F = `FRAME_LENGTH`; `LEFT` has the powers of P. While it is 0, arrays hold the values: that is so
until the first step, and where something was written from outside. The beginning of a frame follows from the number of the step, so that shares of the
units may be at different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Local, Part, of_projection
from plasticdsl.kernels.loops.collect import changed, mentioned
from plasticdsl.kernels.loops.decays import factor_of, rate_of
from plasticdsl.kernels.loops.names import INDEX, N, each_unit, place_sizes, ring
from plasticdsl.kernels.loops.waiting import waiting_in
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Element,
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
    While,
    element,
    only,
    plus,
    times,
)
from plasticdsl.kernels.recipes import Apply
from plasticdsl.model.expr import Binary, Call, Compare, Expr, Negate
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.support.structure import ends, frame_steps, powers

#: Tables of powers have no more than two thousand entries: it is the rate that gives frames of so many steps.
SLOWEST = 2.5e-3

#: Local: which step of its frame this is, from 0.
SINCE = Local("in_frame")


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(plan: Plan, projection: ProjectionPlan) -> Iterator[Size]:
    """Lengths."""
    field = of_projection(projection.name).field
    if projection.framed:
        yield Size(field(Part.LEFT_LENGTH), Apply(ends, (_length(plan, projection),)))
        yield from (Size(field(Part.BROUGHT_LENGTH, name)) for name in projection.framed)


def _length(plan: Plan, projection: ProjectionPlan) -> Apply:
    """Of a frame, in steps."""
    return Apply(frame_steps, (*(rate_of(plan, projection, name) for name in projection.framed), SLOWEST))


def arguments(plan: Plan, projection: ProjectionPlan) -> Iterator[Array | Scalar]:
    """What is kept."""
    field = of_projection(projection.name).field
    if not projection.framed:
        return
    yield Scalar(field(Part.FRAME_LENGTH), "int64", _length(plan, projection))
    yield Array(field(Part.FRAMED), "int64", (RUN.field(Part.ONE),))
    known = () if (waiting := waiting_in(plan, projection)) is None else waiting.traces
    known += () if projection.replayed is None else projection.replayed.traces
    for name in projection.framed:
        left = Apply(powers, (factor_of(plan, projection, name), field(Part.LEFT_LENGTH)))
        if name not in known:
            yield Scalar(field(Part.DECAY_RATE, name), "float64", rate_of(plan, projection, name))
        yield Array(field(Part.LEFT, name), "float64", (field(Part.LEFT_LENGTH),), left, False, own=False)
        yield Array(field(Part.BROUGHT, name), "float64", (field(Part.BROUGHT_LENGTH, name),), changes=False)


def postponed(projection: ProjectionPlan) -> Iterator[Postponed]:
    """What the engine has to know."""
    group = of_projection(projection.name)
    for name in projection.framed:
        now, length, begun = group.field(Part.BROUGHT, name), group.field(Part.BROUGHT_LENGTH, name), group.field(Part.FRAMED)
        rests_on = (group.field(Part.FRAME_LENGTH), group.field(Part.DECAY_RATE, name))
        yield Postponed(group.variable(name), now, length, begun, (), rests_on)


# --- other kernels ---------------------------------------------------------------------------------------------------


def with_what_is_left(plan: Plan, function: Function) -> Function:
    """A kernel that reads and changes x, with x̂ in its place."""
    framed = {of_projection(p.name).variable(name): (p, name) for p in plan.projections for name in p.framed}
    met = [framed[name] for name in framed if name in mentioned(function.body)]
    if not met:
        return function
    left = {of_projection(p.name).variable(name): Local("{}_left_now", (name, p.name)) for p, name in met}
    begin: list[Statement] = []
    for p in dict.fromkeys(p for p, _ in met):
        begin.append(ring(SINCE, Read(N), of_projection(p.name).field(Part.FRAME_LENGTH)))
        for name in (name for of, name in met if of is p):
            field = of_projection(p.name)
            begin.append(Let(left[field.variable(name)], element(field.field(Part.LEFT, name), SINCE)))
    return replace(function, body=(*begin, *_kept(function.body, left)))


def _kept(body: Sequence[Statement], left: Mapping[Field, Local]) -> Iterator[Statement]:
    def read(expr: Expr) -> Expr | None:
        return times(expr, Read(left[expr.array])) if isinstance(expr, Element) and expr.array in left else None

    for statement in body:
        match statement:
            case Store(target, value) | Increase(target, value) if target.array in left:
                (found,) = changed((Let(SINCE, value),), read)
                assert isinstance(found, Let)
                yield replace(statement, value=Binary("/", found.value, Read(left[target.array])))
            case If(condition, then, otherwise):
                (found,) = changed((If(condition, ()),), read)
                assert isinstance(found, If)
                yield If(found.condition, tuple(_kept(then, left)), tuple(_kept(otherwise, left)))
            case For(body=inner) | While(body=inner):
                (found,) = changed((replace(statement, body=()),), read)
                assert isinstance(found, For | While)
                yield replace(found, body=tuple(_kept(inner, left)))
            case _:
                yield changed((statement,), read)[0]


# --- its own ---------------------------------------------------------------------------------------------------------


def _each(projection: ProjectionPlan, names: Sequence[str], body: Callable[[str, Element], Statement]) -> Iterator[Statement]:
    """For all units, what is done with some traces."""
    own, group = projection.projection, of_projection(projection.name)
    for place in (Place.PRE, Place.POST):
        here = [name for name in names if projection.variable(name).place is place]
        done = [body(name, element(group.variable(name), INDEX[place])) for name in here]
        if done:
            yield each_unit(own.pre if place is Place.PRE else own.post, done, INDEX[place])


def end_frame(projection: ProjectionPlan, place: Place) -> tuple[Statement, ...]:
    """Where the step ends a frame, arrays of a side hold what is left of their traces at its end; what is next to nothing becomes 0."""
    field = of_projection(projection.name).field
    names = [name for name in projection.framed if projection.variable(name).place is place]
    if not names:
        return ()
    length = field(Part.FRAME_LENGTH)
    over = Compare("==", Call("mod", (plus(Read(N), ONE), Read(length))), ZERO)

    def fallen(name: str, cell: Element) -> Store:
        return Store(cell, Call("vanishing", (times(cell, element(field(Part.LEFT, name), Read(length))),)))

    return (If(over, (Comment("a frame ends"), *_each(projection, names, fallen))),)


def begin(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that lets frames begin, at the first step and where something was written from outside."""
    field = of_projection(projection.name).field
    begun = only(field(Part.FRAMED))

    def lifted(name: str, cell: Element) -> Store:
        return Store(cell, Binary("/", cell, element(field(Part.LEFT, name), SINCE)))

    body = (ring(SINCE, Read(N), field(Part.FRAME_LENGTH)), *_each(projection, projection.framed, lifted), Store(begun, ONE))
    doc = f"Let a frame begin in which traces of {projection.name} stand still."
    return Function(Kernel("frame_{}", (projection.name,)), doc, (If(Compare("==", begun, ZERO), body),))


def bring(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that tells what traces are now, for whoever asks; nothing changes. It computes powers by itself: what is kept may be of other parameters
    than those of now."""
    own, field = projection.projection, of_projection(projection.name).field
    body: list[Statement] = [ring(SINCE, Read(N), field(Part.FRAME_LENGTH))]
    for name in projection.framed:
        place = projection.variable(name).place
        left = Local("{}_left_now", (name, projection.name))
        body.append(Let(left, Call("exp", (Negate(times(Read(field(Part.DECAY_RATE, name)), Read(SINCE))),))))
        cell = element(of_projection(projection.name).variable(name), INDEX[place])
        store = Store(element(field(Part.BROUGHT, name), INDEX[place]), times(cell, Read(left)))
        wanted = Compare("==", Read(field(Part.BROUGHT_LENGTH, name)), Read(place_sizes(projection)[place]))
        body.append(If(wanted, (each_unit(own.pre if place is Place.PRE else own.post, [store], INDEX[place], in_order=True),)))
    doc = f"What traces of {projection.name} are now, where that is asked."
    return Function(Kernel("look_at_{}", (projection.name,)), doc, tuple(body))
