"""A step of neurons with sections: half a step of each unit by itself, one along the cable, and another half (`model.schemes.Cables`).

Comes in: the scheme. Goes out: the body of the kernel, and what it works on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from plasticdsl.kernels.identifiers import Group, Local, Part
from plasticdsl.kernels.loops.flows import FlowContext, comment, flow, scheme_arguments, still, within_bounds
from plasticdsl.kernels.loops.names import I, Names, each_unit
from plasticdsl.kernels.loops.noise import drawn, noise_stream
from plasticdsl.kernels.program import ONE, Array, Comment, Fill, Let, Read, Scalar, Size, Statement, Store, element, minus, plus, times
from plasticdsl.kernels.recipes import Apply, Formula
from plasticdsl.model.expr import Binary, Call, Number, Ref
from plasticdsl.model.geometry import Measure
from plasticdsl.model.owners import Whose
from plasticdsl.model.schemes import Cables, Coupled
from plasticdsl.support.structure import passings, product, quotient

TWO = Number(2.0)
#: 2/dt, which holds for all units (no integrator of a half step has a local of that name), and the slope and rate of a coupled variable.
PER_HALF, SLOPE, RATE = Local("per_half_step"), Local("slope"), Local("rate")


def flow_along(scheme: Cables, context: FlowContext) -> tuple[Statement, ...]:
    """The whole step."""
    names = context.names
    population, first, second = names.owner.name, *(replace(context, names=replace(names, half=half)) for half in (1, 2))
    body: list[Statement] = [Let(PER_HALF, Binary("/", TWO, names.dt))]
    solved = [list(_solve(c, context)) for c in scheme.coupled]
    for number, (one, statements) in enumerate(zip(scheme.coupled, solved, strict=True)):
        before = (*(flow(scheme.before, first) if number == 0 else ()), *statements)
        body += [each_unit(population, before), *_along(one, names.group)]
        last = number == len(scheme.coupled) - 1
        body.append(each_unit(population, (*_moved(one, context), *(flow(scheme.after, second) if last else ()))))
    return tuple(body)


def _solve(one: Coupled, context: FlowContext) -> Iterator[Statement]:
    """What each unit brings to the linear system for x in the middle of the step: (2/dt − a) x = (2/dt) x(t) + (rate − a x(t)) + what comes along."""
    group, names, v = context.names.group, context.names, one.variable
    now = names.resolve(Ref(Whose.OWN, v))
    yield comment(v, context, "Crank-Nicolson along the cable")
    yield Let(SLOPE, still(v, names.resolve(one.slope), context))
    yield Let(RATE, still(v, names.resolve(one.rate), context))
    if one.noise is not None:
        kick = times(Call("sqrt", (Binary("/", ONE, names.dt),)), drawn(v, context))
        yield Let(RATE, plus(Read(RATE), still(v, times(names.resolve(one.noise), kick), context)))
    yield Store(element(group.field(Part.CABLE_DIAGONAL), I), minus(Read(PER_HALF), Read(SLOPE)))
    yield Store(element(group.field(Part.CABLE_RIGHT), I), plus(times(minus(Read(PER_HALF), Read(SLOPE)), now), Read(RATE)))
    yield Store(element(group.field(Part.CABLE_WEIGHTS), I), still(v, names.resolve(one.weight), context))


def _along(one: Coupled, group: Group) -> Iterator[Statement]:
    yield Comment("what comes along the cable, from the tips to the first segment and back")
    parts = (Part.CABLE_WEIGHTS, Part.CABLE_DIAGONAL, Part.CABLE_RIGHT, Part.CABLE_PIVOTS, Part.CABLE_SUMS, Part.CABLE_FOUND)
    fields = (group.field(Part.PARENTS), group.field(Part.SEGMENTS), group.field(Part.PASSING, one.variable), *map(group.field, parts))
    yield Fill(fields, "solve_tree", (Read(group.field(Part.NEURONS)), Read(group.field(Part.POINTS))))


def _moved(one: Coupled, context: FlowContext) -> Iterator[Statement]:
    """Twice as far as to the middle of the step."""
    cell = context.names.cell(Ref(Whose.OWN, one.variable))
    middle = element(context.names.group.field(Part.CABLE_FOUND), I)
    yield Store(cell, within_bounds(one.variable, minus(times(TWO, middle), cell), context))


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(scheme: Cables, group: Group) -> Iterator[Size]:
    """How many neurons and points of a tree there are."""
    units = group.field(Part.UNITS)
    yield Size(group.field(Part.NEURONS), Apply(quotient, (units, scheme.segments)))
    yield Size(group.field(Part.POINTS), len(scheme.nodes))
    yield Size(group.field(Part.ALL_POINTS), Apply(product, (Apply(quotient, (units, scheme.segments)), len(scheme.nodes))))


def arguments(scheme: Cables, names: Names, held: frozenset[str]) -> Iterator[Array | Scalar]:
    """The tree, and arrays to work with."""
    group, halved = names.group, replace(names, half=1)
    units, points, everywhere = (group.field(part) for part in (Part.UNITS, Part.POINTS, Part.ALL_POINTS))
    for local in scheme.before:
        yield from scheme_arguments(local, halved, units, held)
    yield Array(group.field(Part.PARENTS), "int64", (points,), tuple(float(max(node.parent, 0)) for node in scheme.nodes), False)
    yield Array(group.field(Part.SEGMENTS), "int64", (points,), tuple(float(node.segment) for node in scheme.nodes), False)
    ways = tuple(node.way for node in scheme.nodes)
    for one in scheme.coupled:
        if one.noise is not None:
            yield noise_stream(group, one.variable)
        halves = (Formula(group, Ref(Whose.OWN, Measure.HALF.value)), Formula(group, one.resistivity))
        passing = Apply(passings, (ways, *halves, units, scheme.segments))
        yield Array(group.field(Part.PASSING, one.variable), "float64", (everywhere,), passing, False)
    for part in (Part.CABLE_WEIGHTS, Part.CABLE_DIAGONAL, Part.CABLE_RIGHT, Part.CABLE_FOUND):
        yield Array(group.field(part), "float64", (units,), changes=False)
    for part in (Part.CABLE_PIVOTS, Part.CABLE_SUMS):
        yield Array(group.field(part), "float64", (everywhere,), changes=False)
