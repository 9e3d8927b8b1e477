"""What waits in a projection for the next presynaptic spike (`loops.lazy`), and the fields and locals that its kernels share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from plasticdsl.kernels.identifiers import Field, Local, Part, of_projection
from plasticdsl.kernels.loops.bounds import is_number, within
from plasticdsl.kernels.loops.lifted import local
from plasticdsl.kernels.loops.names import I, J, Names
from plasticdsl.kernels.program import ONE, ZERO, Element, If, Let, Read, Statement, element, only
from plasticdsl.model import Variable
from plasticdsl.model.expr import Binary, Choice, Compare, Expr, Number, refs
from plasticdsl.model.owners import Whose
from plasticdsl.plan.events import Postpone
from plasticdsl.plan.places import Kind, Place
from plasticdsl.plan.plan import Layout, Plan, ProjectionPlan

#: A place in an array, or a length.
Index = TypeVar("Index")

#: Locals: the frame of the last visit to a connection, and that of now.
OLD, NEW = Local("frame_then"), Local("frame_now")


def held(target: str) -> Local:
    """The local that is a weight while its connection is visited."""
    return local(target, "here")


def factor(trace: str) -> Local:
    """The local by which a postsynaptic spike multiplies a trace."""
    return local(trace, "factor")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a projection. `terms`: of each weight, a statement for each trace."""

    plan: Plan
    projection: ProjectionPlan
    terms: Mapping[str, tuple[Postpone, ...]]

    @property
    def traces(self) -> tuple[str, ...]:
        """Of the pre units."""
        return tuple(dict.fromkeys(s.trace for many in self.terms.values() for s in many))

    @property
    def signed(self) -> tuple[str, ...]:
        """Traces of the post units that weights with bounds need above 0."""
        read = {r.name for target in self.bounded for s in self.terms[target] for r in refs(s.value) if r.owner is Whose.OWN}
        return tuple(sorted(n for n in read if (p := self.projection.variable(n)).kind is Kind.STATE and p.place is Place.POST))

    @property
    def bounded(self) -> tuple[str, ...]:
        """Weights that have bounds."""
        return tuple(t for t in self.terms if self.variable(t).low is not None or self.variable(t).high is not None)

    def variable(self, target: str) -> Variable:
        """A weight."""
        return self.projection.variable(target).variable

    def field(self, part: Part, *of: str) -> Field:
        """One of the projection's fields."""
        return of_projection(self.projection.name).field(part, *of)

    @property
    def names(self) -> Names:
        """Of the projection."""
        return Names(self.plan, self.projection)

    @property
    def at_once(self) -> Compare:
        """Whether nothing waits for the connections of the pre unit of the loop."""
        return Compare("==", element(self.field(Part.AT_ONCE), J), ONE)

    @property
    def any_at_once(self) -> Element:
        """1 where that holds for some pre unit."""
        return only(self.field(Part.ANY_AT_ONCE))

    def before(self, trace: str) -> Element:
        """A trace of the pre unit of the loop before the events of the step."""
        return element(self.field(Part.BEFORE, trace), J) if self.plan.windowed else self.names.own(trace)

    def unless_at_once(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """For the connections of a pre unit for which changes wait."""
        return (If(Compare("==", element(self.field(Part.AT_ONCE), J), ZERO), body),) if self.bounded else body

    def limits(self) -> list[Statement]:
        """The bounds of the connections of the pre unit of the loop: none where nothing waits, as no event may have happened to a weight outside."""
        found: list[Statement] = []
        for target in self.bounded:
            for what, bound, none in (("low", self.variable(target).low, -math.inf), ("high", self.variable(target).high, math.inf)):
                if bound is not None:
                    found.append(Let(local(target, what), Choice(((self.at_once, Number(none)),), self.names.resolve(bound))))
        return found

    def clipped(self, target: str, value: Expr) -> Expr:
        """Within these bounds."""
        bounds = [(name, b) for name, b in (("low", self.variable(target).low), ("high", self.variable(target).high)) if b is not None]
        here = {name: Read(local(target, name)) for name, _ in bounds}
        return within(value, here.get("low"), here.get("high"), all(is_number(self.names.resolve(b)) for _, b in bounds))

    def missing(self, target: str, lifted: Mapping[str, Expr], frame: Expr) -> Expr:
        """Σ a S, what a weight in the loop lacks."""
        return added([Binary("*", lifted[s.trace], self.sum_of(s, frame)) for s in self.terms[target]])

    def sums(self, statement: Postpone) -> Field:
        """S of a weight and trace."""
        return self.field(Part.WAITING, statement.target, statement.trace)

    def sum_of(self, statement: Postpone, frame: Expr) -> Element:
        """S of the post unit of the loop in a frame."""
        return Element(self.sums(statement), self.of_frames(Read(I), frame))

    def of_frames(self, unit: Index, frame: Index) -> tuple[Index, Index]:
        """Both, in the order in which the sums stand. Where the units of a row follow each other, so do their sums in a frame, and several
        are taken at a time; where units lie far apart, what belongs to one is in one place."""
        return (unit, frame) if self.projection.layout is Layout.LISTED else (frame, unit)

    def rate(self, trace: str) -> Read:
        """By how much the logarithm of a trace falls in a step."""
        return Read(self.field(Part.DECAY_RATE, trace))

    def lifted(self, trace: str) -> Element:
        """Of the pre unit of the loop."""
        return element(self.field(Part.LIFTED, trace), J)

    @property
    def visited(self) -> Element:
        """Of the pre unit of the loop."""
        return element(self.field(Part.VISITED), J)

    @property
    def frame(self) -> Element:
        """That of now."""
        return only(self.field(Part.FRAME))


def added(parts: list[Expr]) -> Expr:
    """Their sum."""
    total = parts[0]
    for part in parts[1:]:
        total = Binary("+", total, part)
    return total


def waiting_in(plan: Plan, projection: ProjectionPlan) -> Waiting | None:
    """What waits in a projection, if anything does."""
    terms: dict[str, list[Postpone]] = {}
    for s in projection.postponed:
        terms.setdefault(s.target, []).append(s)
    return Waiting(plan, projection, {name: tuple(many) for name, many in terms.items()}) if terms else None
