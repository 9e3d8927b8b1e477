"""Noise that is 0 in many units: numbers are drawn for those alone in which it is not, several together.

Comes in: the loop over units or connections. Goes out: a loop over groups of them. In each group the amplitudes are found first, several units at a time;
where one of them is not 0, numbers are drawn for such units (`support.noise`). Then all units of the group flow, and add the product of the two: an
amplitude of 0 meets a number of an earlier step. A number is a function of its unit and of the step, so that nothing depends on the groups.

An amplitude that hangs on the unit by steps alone, as σ √((Θ(c − θ₁) + Θ(c − θ₂))/τ), has as many values as there are cases: they are computed before
the loop, and chosen from in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from plasticdsl.kernels.identifiers import Local, Part, of_projection
from plasticdsl.kernels.loops.flows import FlowContext, still
from plasticdsl.kernels.loops.names import K, Names, local
from plasticdsl.kernels.loops.noise import stream, vanishing
from plasticdsl.kernels.loops.seldom import GROUP, MEMBER, MEMBERS
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Element,
    Fill,
    For,
    If,
    Let,
    Read,
    Size,
    Statement,
    Store,
    element,
    minus,
    plus,
    times,
)
from plasticdsl.kernels.recipes import SEED
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Number, joined, rebuild, walk
from plasticdsl.model.schemes import Scheme
from plasticdsl.plan.plan import ProjectionPlan
from plasticdsl.plan.populations import PopulationPlan

#: So many units or connections are a group.
TOGETHER = 256

#: An amplitude is written out for so many steps at most.
MOST_STEPS = 3

#: Locals: where a group of connections begins, and the number of its first.
BEGIN, BASE = Local("begin"), Local("base")

#: Stands where the body of a loop will be.
HERE = Comment("here")


@dataclass(frozen=True, slots=True)
class Kicks:
    """The noises of a loop that may be 0. `first`: what is computed before the loop; `amplitudes`: what they are in it; `offset`: where the group has its
    room in the arrays, None: at their beginning."""

    context: FlowContext
    first: tuple[Statement, ...]
    amplitudes: Mapping[str, Expr]
    offset: Local | None

    def at(self, part: Part, variable: str, place: Local) -> Element:
        """An element of the room that a group has."""
        where: Expr = Read(place) if self.offset is None else plus(Read(self.offset), Read(place))
        return element(self.context.names.group.field(part, variable), where)

    @property
    def moving(self) -> FlowContext:
        """For the flow of units whose numbers are drawn."""
        ready = {v: (self.at(Part.AMPLITUDE, v, MEMBER), self.at(Part.DRAWN, v, MEMBER)) for v in self.amplitudes}
        return replace(self.context, drawn=ready)

    @property
    def begin(self) -> tuple[Statement, ...]:
        """For a group, before it is looked at."""
        return tuple(Let(_some(v), ZERO) for v in self.amplitudes)

    @property
    def look(self) -> tuple[Statement, ...]:
        """For each unit of a group."""
        return tuple(statement for v, amplitude in self.amplitudes.items() for statement in self._look(v, amplitude))

    def _look(self, v: str, amplitude: Expr) -> Iterator[Statement]:
        found = local(v, "amplitude")
        yield Let(found, amplitude)
        yield Store(self.at(Part.AMPLITUDE, v, MEMBER), Read(found))
        yield Let(_some(v), plus(Read(_some(v)), Choice(((Compare("!=", Read(found), ZERO), ONE),), ZERO)))

    def draw(self, unit: Expr, before: Sequence[Statement] = ()) -> tuple[Statement, ...]:
        """For a group that has been looked at: numbers for the units in which noise is not 0. `unit`: the number of the first, known after `before`."""
        names, first = self.context.names, ZERO if self.offset is None else Read(self.offset)
        found: list[Statement] = []
        for v in self.amplitudes:
            room = (
                names.group.field(Part.AMPLITUDE, v),
                *map(names.group.field, (Part.ACTIVE, Part.FOUND)),
                names.group.field(Part.DRAWN, v),
            )
            drawn = Fill(room, "draw_where", (Read(SEED), stream(v, self.context), names.draw, unit, first, Read(MEMBERS)))
            found.append(If(Compare(">", Read(_some(v)), ZERO), (*before, drawn)))
        return tuple(found)


def _some(variable: str) -> Local:
    """The local that counts the units of a group in which noise is not 0."""
    return local(variable, "some")


def kicks_of(schemes: Sequence[Scheme], context: FlowContext, offset: Local | None = None) -> Kicks | None:
    """The noises of these schemes that may be 0; None where there are none."""
    first, amplitudes = list[Statement](), dict[str, Expr]()
    for v, noise in vanishing(schemes).items():
        before, amplitude = _in_cases(v, context.names.resolve(noise))
        first += before
        amplitudes[v] = still(v, amplitude, context)
    return Kicks(context, tuple(first), amplitudes, offset) if amplitudes else None


def sizes(projection: ProjectionPlan) -> Iterator[Size]:
    """How much room there is for connections; a population has some for each unit, since several threads may be at it."""
    if vanishing(s.scheme for s in projection.schemes):
        yield Size(of_projection(projection.name).field(Part.TOGETHER), TOGETHER)


def arguments(schemes: Iterable[Scheme], names: Names) -> Iterator[Array]:
    """The room of groups."""
    field, found = names.group.field, vanishing(schemes)
    length = field(Part.UNITS if isinstance(names.owner, PopulationPlan) else Part.TOGETHER)
    for v in found:
        yield from (Array(field(part, v), "float64", (length,), changes=False) for part in (Part.AMPLITUDE, Part.DRAWN))
    if found:
        yield Array(field(Part.ACTIVE), "int64", (length,), changes=False)
        yield Array(field(Part.FOUND), "float64", (length,), changes=False)


# --- amplitudes ------------------------------------------------------------------------------------------------------


def _in_cases(variable: str, amplitude: Expr) -> tuple[list[Statement], Expr]:
    """An amplitude that hangs on the unit by a few steps alone: what it is in each case, and the choice."""
    steps = list(dict.fromkeys(node for node in walk(amplitude) if isinstance(node, Call) and node.function == "step"))
    without = _put(amplitude, dict.fromkeys(steps, ZERO))
    if not 0 < len(steps) <= MOST_STEPS or any(isinstance(n, Element | Choice) or n == Read(MEMBER) for n in walk(without)):
        return [], amplitude
    first, branches = list[Statement](), list[tuple[Expr, Expr]]()
    for values in product((ONE, ZERO), repeat=len(steps)):
        name = local(variable, f"noise_{''.join('1' if v == ONE else '0' for v in values)}")
        first.append(Let(name, _put(amplitude, dict(zip(steps, values, strict=True)))))
        holds = [Compare(">", step.arguments[0], ZERO) for step, value in zip(steps, values, strict=True) if value == ONE]
        if holds:
            branches.append((joined("and", holds), Read(name)))
        else:
            return first, Choice(tuple(branches), Read(name))
    raise AssertionError(steps)


def _put(expr: Expr, values: Mapping[Expr, Expr]) -> Expr:
    """The expression with numbers for steps, and sums of such numbers."""
    if expr in values:
        return values[expr]
    match rebuild(expr, lambda part: _put(part, values)):
        case Binary("+", Number(left), Number(right)):
            return Number(left + right)
        case found:
            return found


# --- groups of connections -------------------------------------------------------------------------------------------


def grouped(loops: Sequence[Statement], kicks: Kicks, values: Sequence[Statement], flow: Sequence[Statement]) -> tuple[Statement, ...]:
    """Loops over connections, with `HERE` in the innermost, in groups. `values`: what is known of each connection before it flows."""
    return (*kicks.first, *(_grouped(loop, kicks, values, flow) for loop in loops))


def _grouped(statement: Statement, kicks: Kicks, values: Sequence[Statement], flow: Sequence[Statement]) -> Statement:
    match statement:
        case For(index, start, stop, (*head, last)) if last is HERE:
            connection = (Let(index, plus(Read(BEGIN), Read(MEMBER))), *head)
            whole, together = stop if start == ZERO else minus(stop, start), Number(float(TOGETHER))
            first = times(Read(GROUP), together)
            groups = Call("quotient", (plus(whole, Number(TOGETHER - 1.0)), together))
            body = (
                Let(BEGIN, Call("max", (first if start == ZERO else plus(start, first), ZERO))),
                Let(MEMBERS, Call("min", (together, minus(stop, Read(BEGIN))))),
                *kicks.begin,
                For(MEMBER, ZERO, Read(MEMBERS), (*connection, *values, *kicks.look)),
                *kicks.draw(Read(BASE), (Let(index, Read(BEGIN)), *head, Let(BASE, Read(K)))),
                For(MEMBER, ZERO, Read(MEMBERS), (*connection, *values, *flow)),
            )
            return For(GROUP, ZERO, groups, body)
        case For(body=inner):
            return replace(statement, body=tuple(_grouped(s, kicks, values, flow) for s in inner))
        case _:
            return statement
