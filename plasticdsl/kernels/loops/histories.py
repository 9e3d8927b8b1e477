"""What post units keep of their spikes for connections that carry them out later (`loops.replay`), and what a connection does with it.

Each post unit keeps its last spikes, the newest first: `SPIKED` is the step of each plus one, 0 for none; `FALLEN` is P^(steps since the present frame
began), one for each trace; `NOTED` what statements read of the unit. The newest ones are also kept in arrays of their own (`lately`): what a row of
connections reads of its post units lies side by side then.

Each pre unit j keeps when it spiked last (`MET`), its traces then, just before (`TIED_TO`) and after (`LIFTED`, by P^−(steps since the frame began)), so
that a trace at a spike is LIFTED · FALLEN; both are related to one scale (`SCALE_PRE`, `SCALE_POST`). `SEEN` is the step from which on its
connections have not carried out spikes; what was before `ALL_SEEN` has been by all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from plasticdsl.kernels.identifiers import Field, Local, Part, of_projection
from plasticdsl.kernels.loops.bounds import clipped
from plasticdsl.kernels.loops.lifted import SINCE, local
from plasticdsl.kernels.loops.names import I, J, Names, noted, remembered
from plasticdsl.kernels.loops.waiting import held
from plasticdsl.kernels.loops.walks import are_on
from plasticdsl.kernels.program import (
    ONE,
    ZERO,
    Comment,
    Element,
    For,
    If,
    Let,
    Read,
    Statement,
    Store,
    While,
    element,
    minus,
    only,
    plus,
    times,
)
from plasticdsl.model import Assign
from plasticdsl.model.expr import Binary, Call, Choice, Compare, Expr, Logic, Negate, walk
from plasticdsl.plan.events import Remember
from plasticdsl.plan.plan import Plan, ProjectionPlan
from plasticdsl.plan.replayed import Replayed

#: So many spikes since the last visit are carried out without asking whether there were any, where that takes no longer.
AT_LEAST = 2
#: Functions that take no longer than a wrong guess of the processor.
_FAST = frozenset({"min", "max", "at_least", "at_most", "abs", "step", "sign"})

#: Locals: from when on connections of unit j have not carried out spikes, and what counts as the step of its last one; how many spikes there are and which
#: of them it is; and up to when all rows are brought up to date.
SEEN, TIE, MANY, AGE, OLDER, CUT = (Local(text) for text in ("seen", "tie", "missed", "age", "older", "cut"))


@dataclass(frozen=True, slots=True)
class Replaying:
    """What a projection carries out later."""

    plan: Plan
    projection: ProjectionPlan
    replayed: Replayed

    @property
    def names(self) -> Names:
        """Of the projection."""
        return Names(self.plan, self.projection)

    def field(self, part: Part, *of: str) -> Field:
        """One of the projection's fields."""
        return of_projection(self.projection.name).field(part, *of)

    @property
    def depth(self) -> Read:
        """How many spikes a unit keeps."""
        return Read(self.field(Part.SPIKES_KEPT))

    def kept(self, age: Expr) -> Element:
        """The step, plus one, of a spike of the post unit of the loop."""
        return element(self.field(Part.SPIKED), I, age)

    def of_spike(self, age: Expr) -> list[Element]:
        """All that the post unit of the loop keeps of a spike."""
        fallen = (element(self.field(Part.FALLEN, trace), I, age) for trace in self.replayed.traces)
        return [self.kept(age), *fallen, *(element(self.field(Part.NOTED, name), I, age) for name in self.replayed.notes)]

    def lately(self, age: int) -> list[Element]:
        """The same for the newest spikes; of the last but `AT_LEAST` only the step."""
        place = (str(age),)
        fallen = (element(self.field(Part.FALLEN_LATELY, trace, *place), I) for trace in self.replayed.traces)
        rest = (*fallen, *(element(self.field(Part.NOTED_LATELY, name, *place), I) for name in self.replayed.notes))
        return [element(self.field(Part.SPIKED_LATELY, *place), I), *(rest if age < AT_LEAST else ())]

    @property
    def recent(self) -> list[list[Element]]:
        """All of these, the newest first."""
        return [self.lately(age) for age in range(AT_LEAST + 1)] if self.is_fast else []

    def of_pre(self, part: Part, *of: str) -> Element:
        """Of the pre unit of the loop."""
        return element(self.field(part, *of), J)

    def rise(self, steps: Expr, trace: str, sign: int = 1) -> Expr:
        """P^−steps of a trace, or P^steps."""
        rate: Expr = Read(self.field(Part.DECAY_RATE, trace))
        return Call("exp", (times(rate if sign > 0 else Negate(rate), steps),))

    def lift(self, trace: str) -> Expr:
        """What a trace of a pre unit is multiplied by now, to be related to the frame."""
        return Binary("/", self.rise(Read(SINCE), trace), only(self.field(Part.SCALE_PRE, trace)))

    @property
    def is_fast(self) -> bool:
        """Whether statements take so little time that they are better carried out in vain than guessed at."""
        nodes = (node for e in self.replayed.events for node in walk(e.value))
        return not any((isinstance(n, Binary) and n.operator == "^") or (isinstance(n, Call) and n.function not in _FAST) for n in nodes)

    # --- inside kernels ---

    def unit(self) -> list[Statement]:
        """What connections of pre unit j have to know of it."""
        lines: list[Statement] = [Let(SEEN, self.of_pre(Part.SEEN)), Let(TIE, plus(self.of_pre(Part.MET), ONE))]
        for trace in self.replayed.traces:
            lines += [
                Let(local(trace, "then"), self.of_pre(Part.LIFTED, trace)),
                Let(local(trace, "tied"), self.of_pre(Part.TIED_TO, trace)),
            ]
        return lines

    def begin(self, guess: bool) -> list[Statement]:
        """A connection gets what it has missed; its variables are in locals. `guess`: it is likely that it has missed little."""
        here = [Let(held(t), self.names.own(t)) for t in self.replayed.targets]
        count = Logic("and", (Compare("<", Read(MANY), self.depth), Compare(">", self.kept(Read(MANY)), Read(SEEN))))
        each = (Let(OLDER, minus(minus(Read(MANY), ONE), Read(AGE))), *self._spike(self.of_spike(Read(OLDER)), held))
        all_of_them: tuple[Statement, ...] = (
            Let(MANY, ZERO),
            While(count, (Let(MANY, plus(Read(MANY), ONE)),)),
            For(AGE, ZERO, Read(MANY), each),
        )
        if guess and self.is_fast:
            *newest, (before, *_) = self.recent
            few = tuple(s for kept in reversed(newest) for s in self._if_missed(kept))
            more = Compare(">", before, Read(SEEN))
            all_of_them = (If(more, all_of_them, few),)
        return [Comment("what postsynaptic spikes have done since the last visit"), *here, *all_of_them]

    def _if_missed(self, kept: Sequence[Element]) -> list[Statement]:
        """The same for one spike, with a choice in the place of a branch."""
        missed = Compare(">", kept[0], Read(SEEN))
        tried = [Let(_tried(t), Read(held(t))) for t in self.replayed.targets]
        chosen = [Let(held(t), Choice(((missed, Read(_tried(t))),), Read(held(t)))) for t in self.replayed.targets]
        return [*tried, *self._spike(kept, _tried), *chosen]

    def _spike(self, kept: Sequence[Element], here: Callable[[str], Local]) -> list[Statement]:
        """What a spike of the post unit does, of which this is `kept`; `here`: the locals in which variables of the connection are."""
        lines: list[Statement] = []
        current: dict[str, Expr] = {t: Read(here(t)) for t in self.replayed.targets}
        step, fallen, seen = kept[0], kept[1 : 1 + len(self.replayed.traces)], kept[1 + len(self.replayed.traces) :]
        for trace, since in zip(self.replayed.traces, fallen, strict=True):
            tied = Compare("==", step, Read(TIE))
            at_spike = Choice(((tied, Read(local(trace, "tied"))),), times(Read(local(trace, "then")), since))
            lines.append(Let(local(trace, "at_spike"), at_spike))
            current[trace] = Read(local(trace, "at_spike"))
        lines += [Let(noted(name), cell) for name, cell in zip(self.replayed.notes, seen, strict=True)]
        names = replace(self.names, current=current)
        for event in self.replayed.events:
            match event.statement:
                case Assign(target, value):
                    bounded = clipped(names.resolve(value), self.projection.variable(target.name).variable, names.resolve)
                    local_here = here(target.name)
                    on = event.held and not self.replayed.held
                    chosen = Choice(((are_on(self.projection.name), bounded),), Read(local_here)) if on else bounded
                    lines.append(Let(local_here, chosen))
                case Remember(name, value):
                    lines.append(Let(remembered(name), names.resolve(value)))
        return lines

    def end(self) -> list[Statement]:
        """Back to the arrays."""
        return [Store(self.names.own(t), Read(held(t))) for t in self.replayed.targets]


def _tried(target: str) -> Local:
    return local(target, "tried")


def replaying_in(plan: Plan, projection: ProjectionPlan) -> Replaying | None:
    """What a projection carries out later, if anything."""
    return None if projection.replayed is None else Replaying(plan, projection, projection.replayed)
