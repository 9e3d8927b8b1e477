"""Connections that flow when something comes to them (`plan.passes.settle`): what is kept for them, what events do around their statements, and the
kernels that move and bring up to date.

While `SETTLING` is 1, arrays of decays hold C and arrays of drifts u; `DRIFTED` is S, one for each term and unit. While it is 0, arrays hold the values,
all S are 0, and connections flow step by step: that is so until frames begin, and where something was written from outside, since what is outside its
bounds comes within them in the next step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from plasticdsl.kernels.identifiers import RUN, Field, Kernel, Local, Part, of_projection
from plasticdsl.kernels.loops.bounds import within
from plasticdsl.kernels.loops.decays import rate_of
from plasticdsl.kernels.loops.lifted import local
from plasticdsl.kernels.loops.names import DT, INDEX, K, N, Names, each_unit, place_sizes
from plasticdsl.kernels.loops.waiting import added, held
from plasticdsl.kernels.loops.walks import are_on, every_connection
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Array,
    Comment,
    Element,
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
from plasticdsl.model import Variable
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, Number, joined, walk
from plasticdsl.plan.places import Place
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.settled import Drift, Push, Settled
from plasticdsl.support.structure import frame_steps

#: Frames last no longer than 10 000 steps, so that sums of what does not decay lose no digits either; it is the rate that gives frames of so many.
SLOWEST = 5e-4
#: After a turn of what moves them, connections flow step by step until the next multiple of so many steps.
PAUSE = 16

#: Locals: steps since the frame began, and 1 where what moves connections turns.
SINCE, TURNS = Local("since"), Local("turns")


@dataclass(frozen=True, slots=True)
class Settling:
    """The connections of a projection that flow so."""

    plan: Plan
    projection: ProjectionPlan
    settled: Settled

    @property
    def names(self) -> Names:
        """Of the projection."""
        return Names(self.plan, self.projection)

    @property
    def begun(self) -> Compare:
        """Whether arrays hold C and u."""
        return Compare("==", only(self.field(Part.SETTLING)), ONE)

    @property
    def pushes(self) -> tuple[tuple[Drift, int, Push], ...]:
        """Every term, with its number among those of its variable."""
        return tuple((drift, n, push) for drift in self.settled.drifts for n, push in enumerate(drift.pushes))

    @property
    def bounded(self) -> tuple[str, ...]:
        """Variables that have bounds."""
        return tuple(n for n in self.settled.names if self.variable(n).low is not None or self.variable(n).high is not None)

    @property
    def must_fall(self) -> tuple[str, ...]:
        """Decays with bounds on both sides of 0 that move others: one that grows would come to them by itself."""
        moving = {push.decay for _, _, push in self.pushes}
        return tuple(d.name for d in self.settled.decays if d.name in moving and d.name in self.bounded)

    def variable(self, name: str) -> Variable:
        """One of them."""
        return self.projection.variable(name).variable

    def field(self, part: Part, *of: str) -> Field:
        """One of the projection's fields."""
        return of_projection(self.projection.name).field(part, *of)

    def drifted(self, drift: Drift, number: int) -> Element:
        """S of a term, of the unit of the loop."""
        return element(self.field(Part.DRIFTED, drift.name, str(number)), INDEX[drift.pushes[number].place])

    # --- inside kernels ---

    def first(self) -> list[Statement]:
        """By what decays have fallen since the frame began, and bounds: none while something may be outside."""
        ago = Choice(((self.begun, Binary("-", Read(N), only(self.field(Part.FRAME_BEGIN)))),), ZERO)
        lines: list[Statement] = [Let(SINCE, ago)]
        for decay in self.settled.decays:
            since: Expr = Choice(((are_on(self.projection.name), Read(SINCE)),), ZERO) if decay.held else Read(SINCE)
            rate = Read(self.field(Part.DECAY_RATE, decay.name))
            lines.append(Let(local(decay.name, "fall"), Call("exp", (Negate(Binary("*", rate, since)),))))
        for name in self.bounded:
            for what, bound, none in (("low", self.variable(name).low, -math.inf), ("high", self.variable(name).high, math.inf)):
                if bound is not None:
                    lines.append(Let(local(name, what), Choice(((self.begun, self.names.resolve(bound)),), Number(none))))
        return lines

    def value(self, name: str) -> Expr:
        """What a variable of the connection of the loop is."""
        cell = self.names.own(name)
        drift = next((d for d in self.settled.drifts if d.name == name), None)
        value: Expr = Binary("*", cell, Read(local(name, "fall")))
        if drift is not None:
            value = Binary("+", cell, self._moved(drift))
        low, high = (None if b is None else Read(local(name, w)) for w, b in self._bounds(name))
        return within(value, low, high, are_numbers=True)

    def _bounds(self, name: str) -> tuple[tuple[str, Expr | None], tuple[str, Expr | None]]:
        return ("low", self.variable(name).low), ("high", self.variable(name).high)

    def _moved(self, drift: Drift) -> Expr:
        """Σ C S, with C as it is kept: in single precision another than it was stored as."""
        terms: list[Expr] = []
        for number, push in enumerate(drift.pushes):
            here = self.drifted(drift, number)
            terms.append(Binary("*", self.names.own(push.decay), here) if push.decay else here)
        return added(terms)

    def held(self, touched: Set[str], changed: Set[str]) -> tuple[str, ...]:
        """What is in locals where statements touch and change some of them: what a decay moves is kept in other terms where it changes."""
        moved = {d.name for d in self.settled.drifts if any(p.decay in changed for p in d.pushes)}
        return tuple(n for n in self.settled.names if n in touched | moved)

    def around(self, names: Sequence[str], changed: Set[str]) -> tuple[list[Statement], list[Statement]]:
        """What is done for a connection before and after statements that find these variables in locals."""
        begin: list[Statement] = [Let(held(name), self.value(name)) for name in names]
        end: list[Statement] = []
        for name in (d.name for d in self.settled.decays if d.name in changed):
            end.append(Store(self.names.own(name), Binary("/", Read(held(name)), Read(local(name, "fall")))))
        for drift in self.settled.drifts:
            if drift.name in changed or any(p.decay in changed for p in drift.pushes):
                end.append(Store(self.names.own(drift.name), Binary("-", Read(held(drift.name)), self._moved(drift))))
        return [Comment("what has flowed since the frame began"), *begin], end

    def settle(self) -> list[Statement]:
        """Arrays hold the values from now on, all S are 0."""
        stores = [Store(self.names.own(name), self.value(name)) for name in self.settled.names]
        forget = [self._each(push.place, [Store(self.drifted(drift, n), ZERO)]) for drift, n, push in self.pushes]
        return [*self.first(), *every_connection(self.projection, stores), *forget, Store(only(self.field(Part.SETTLING)), ZERO)]

    def _each(self, place: Place, body: Sequence[Statement]) -> Statement:
        own = self.projection.projection
        return each_unit(own.pre if place is Place.PRE else own.post, body, INDEX[place], in_order=True)

    def move(self) -> list[Statement]:
        """Every S gets what this step adds to it."""
        lines: list[Statement] = []
        for drift, n, push in self.pushes:
            step = [Increase(self.drifted(drift, n), self._push(push))]
            lines += self._while_it_moves(drift, [self._each(push.place, step)])
        return lines

    def turns(self) -> list[Statement]:
        """Whether this step would move connections with bounds back."""
        lines: list[Statement] = []
        for drift, n, push in self.pushes:
            if drift.name in self.bounded:
                back = Compare("<", Binary("*", self._push(push), self.drifted(drift, n)), ZERO)
                lines += self._while_it_moves(drift, [self._each(push.place, [If(back, (Let(TURNS, ONE),))])])
        return lines

    def _push(self, push: Push) -> Expr:
        step = Binary("*", DT, self.names.resolve(push.rate))
        return Binary("*", step, Read(local(push.decay, "fall"))) if push.decay else step

    def _while_it_moves(self, drift: Drift, lines: list[Statement]) -> list[Statement]:
        return [If(are_on(self.projection.name), tuple(lines))] if drift.held else lines


def settling_in(plan: Plan, projection: ProjectionPlan) -> Settling | None:
    """The connections of a projection that flow when something comes to them, if they do."""
    return None if projection.settled is None else Settling(plan, projection, projection.settled)


# --- what it works on ------------------------------------------------------------------------------------------------


def sizes(projection: ProjectionPlan) -> Iterator[Size]:
    """Lengths."""
    if projection.settled is not None:
        yield from (Size(of_projection(projection.name).field(Part.BROUGHT_LENGTH, name)) for name in projection.settled.names)


def arguments(plan: Plan, projection: ProjectionPlan) -> Iterator[Array | Scalar]:
    """What is kept."""
    settling = settling_in(plan, projection)
    if settling is None:
        return
    lengths, rates = place_sizes(projection), {d.name: rate_of(plan, projection, d.name) for d in settling.settled.decays}
    yield Scalar(settling.field(Part.SETTLE_STEPS), "int64", Apply(frame_steps, (*rates.values(), SLOWEST)))
    yield from (Scalar(settling.field(Part.DECAY_RATE, name), "float64", rate) for name, rate in rates.items())
    yield from (Array(settling.field(part), "int64", (RUN.field(Part.ONE),)) for part in (Part.SETTLING, Part.FRAME_BEGIN))
    for drift, n, push in settling.pushes:
        yield Array(settling.drifted(drift, n).array, "float64", (lengths[push.place],))
    for name in settling.settled.names:
        yield Array(settling.field(Part.BROUGHT, name), "float64", (settling.field(Part.BROUGHT_LENGTH, name),), changes=False)


def postponed(plan: Plan, projection: ProjectionPlan) -> Iterator[Postponed]:
    """What the engine has to know; drifts before the decays that they are worked out from."""
    settling = settling_in(plan, projection)
    if settling is None:
        return
    rates = tuple(settling.field(Part.DECAY_RATE, d.name) for d in settling.settled.decays)
    sums = {d.name: tuple(settling.drifted(d, n).array for n in range(len(d.pushes))) for d in settling.settled.drifts}
    for name in settling.settled.names:
        bounds = [settling.names.resolve(b) for b in (settling.variable(name).low, settling.variable(name).high) if b is not None]
        limits = tuple(node.name for b in bounds for node in walk(b) if isinstance(node, Read) and isinstance(node.name, Field))
        yield Postponed(
            of_projection(projection.name).variable(name),
            settling.field(Part.BROUGHT, name),
            settling.field(Part.BROUGHT_LENGTH, name),
            settling.field(Part.SETTLING),
            sums.get(name, ()),
            (*rates, *limits),
        )


# --- kernels ---------------------------------------------------------------------------------------------------------


def end_frame(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that settles all connections where a frame ends."""
    settling = settling_in(plan, projection)
    assert settling is not None
    lasted = Binary("-", Read(N), only(settling.field(Part.FRAME_BEGIN)))
    over = Logic("and", (settling.begun, Compare(">=", lasted, Read(settling.field(Part.SETTLE_STEPS)))))
    doc = f"Where a frame of what flows in {projection.name} has lasted long enough, bring its connections up to date."
    return Function(Kernel("settle_{}", (projection.name,)), doc, (If(over, tuple(settling.settle())),))


def flow(settling: Settling, step_by_step: Sequence[Statement]) -> tuple[Statement, ...]:
    """What a step does: it moves the units' sums, or else all connections, after which a frame may begin."""
    following = Binary("+", Read(N), ONE)
    falls = [Compare(">=", Read(settling.field(Part.DECAY_RATE, name)), ZERO) for name in settling.must_fall]
    begins = If(
        joined("and", [Compare("==", Call("mod", (following, Number(float(PAUSE)))), ZERO), *falls]),
        (Store(only(settling.field(Part.FRAME_BEGIN)), following), Store(only(settling.field(Part.SETTLING)), ONE)),
    )
    turns: tuple[Statement, ...] = ()
    if found := settling.turns():
        turning = Compare("==", Read(TURNS), ONE)
        turns = (If(settling.begun, (Let(TURNS, ZERO), *found, If(turning, tuple(settling.settle())))),)
    return (
        *settling.first(),
        *turns,
        If(settling.begun, tuple(settling.move()), (*step_by_step, begins)),
    )


def bring(plan: Plan, projection: ProjectionPlan) -> Function:
    """The kernel that tells what connections are now, for whoever asks; nothing changes."""
    settling = settling_in(plan, projection)
    assert settling is not None
    body: list[Statement] = settling.first()
    for name in settling.settled.names:
        length = Read(settling.field(Part.BROUGHT_LENGTH, name))
        store = Store(element(settling.field(Part.BROUGHT, name), K), settling.value(name))
        body.append(If(Compare("==", length, Read(settling.field(Part.CONNECTIONS))), every_connection(projection, [store])))
    doc = f"What the connections of {projection.name} are now, where that is asked."
    return Function(Kernel("bring_flowing_{}", (projection.name,)), doc, tuple(body))
