"""The flow of units with events that are located within a step: from one event to the next.

A unit sets out with the state at t_n and flows by its integrators, which can go any part of a step. A condition that does not hold where it sets
out and holds at the end has come to hold on the way: the time at which it does is found to `CLOSE` of a step, as the end of the shortest part of the
step at which it is seen to hold. There the unit stands, the statements of the event are carried out, and from there it goes on. The search keeps the
crossing between two parts of the step, and takes the secant through what the condition's two sides differ by at their ends, halved on the side that
stays (the Illinois method; Dowell & Jarratt 1971, BIT 11:168), or every third time the middle.

Where units are refractory they go as far as that lasts, then on. Conditions are looked at where they set out, at every event, and at the end of
refractoriness; events of one moment happen spike first, then in the order of the neuron, and what their jumps make hold happens after them. Where
something holds after its event, it is looked at again after `PARTING` of a step: a ball that has just turned is above the ground by then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from plasticdsl.model import Block, Threshold, Trigger
from plasticdsl.model.crossing import moves_within_step
from plasticdsl.model.expr import Compare, Expr, Logic, Ref
from plasticdsl.model.owners import Whose, owner_text
from plasticdsl.model.parts import Emitted
from plasticdsl.model.schemes import CLOSE, MOST_LOCATED, MOST_TRIES, ON_GRID, PARTING, variables_of
from plasticdsl.model.variables import Role
from plasticdsl.reference.course import Course, seen_from, step_of
from plasticdsl.reference.evaluate import OwnerScope, evaluate
from plasticdsl.reference.handlers import Local, meetings
from plasticdsl.reference.schemes import moved_by
from plasticdsl.reference.state import FOR_EVER, Run
from plasticdsl.reference.structure import Frame, Index
from plasticdsl.runtime.engine.engine import TOO_MANY_LOCATED
from plasticdsl.runtime.instance.instance import Floats
from plasticdsl.support.elementwise import COMPARISONS


def flow_to_events(run: Run, owner: str) -> Callable[[], None]:
    """Lets all units of a population flow through their step; what it gives puts what was found in its place. Raises `RuntimeError` where an event
    happens too often."""
    ways = [_Way.begun(run, owner, unit) for unit in range(run.structure.count(owner))]
    for way in ways:
        way.through()

    def take_over() -> None:
        for way in ways:
            way.take_over()

    return take_over


def located_events(block: Block) -> dict[str, Threshold]:
    """What is located, by its name: spikes (empty) first."""
    spikes = {"": block.spike} if isinstance(block.spike, Threshold) and block.spike.located else {}
    return spikes | {e.name: e.when for e in block.events if e.when.located}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part of a step leads: what flows, and how long the next steps of integrators may be that have some of their own."""

    values: Local
    lengths: Local


@dataclass(slots=True)
class _Way:
    """One unit on its way. `step`: how long that is (s), `passed` and `left` of it; `rest`: how long it is refractory from here; `until`, `before`: what
    is said of that at grid times. `held`: whether each condition held when it was last looked at; `parting`: something has just happened. `lengths`: how
    long the next steps of integrators may be. `times`: when events have happened, in steps since the beginning; `kept`: what was to be kept then."""

    run: Run
    owner: str
    index: Index
    block: Block
    step: float
    state: Local
    held: dict[str, bool]
    rest: float
    until: int
    before: float
    left: float
    lengths: Local
    parting: bool = False
    passed: float = 0.0
    times: dict[str, list[float]] = field(default_factory=dict)
    kept: dict[Ref, list[float]] = field(default_factory=dict)

    @classmethod
    def begun(cls, run: Run, owner: str, unit: int) -> _Way:
        """Where a unit sets out."""
        block, index = run.structure.block(owner), np.array([unit])
        state = {name: values[index].copy() for name, values in run.frame.values[owner].items()}
        held = {name: bool(run.condition[Emitted(owner, name)][unit]) for name in located_events(block)}
        until, before = int(run.refractory_until[owner][unit]), float(run.free_before[owner][unit])
        rest = (until - seen_from(run, owner).step) * run.structure.instance.dt - before
        step, lengths = step_of(run, owner), {first: kept[index] for (whose, first), kept in run.lengths.items() if whose == owner}
        return cls(run, owner, index, block, step, state, held, rest, until, before, step, lengths, bool(run.parting[owner][unit]))

    def through(self) -> None:
        """To the end of the step."""
        self._look(located_events(self.block))
        for _ in range(MOST_TRIES):
            if not self.left > 0.0:
                return
            length = min(self.left, self.rest) if self.rest > 0.0 else self.left
            if self.parting and any(self.held.values()):
                length = min(length, PARTING * self.step)
            self.parting = False
            there = self._ahead(length)
            if self._comes(length, there) or not _is_sound(there):
                self._go_to_crossing(length, there)
            else:
                self._go(length, there)
        self.state |= {v: np.full(1, math.nan) for v in self._flowing}

    # --- how far it goes ---------------------------------------------------------------------------------------------

    @property
    def _flowing(self) -> list[str]:
        return [v for scheme in self.block.schemes for v in variables_of(scheme)]

    def _course(self, length: float) -> Course:
        for variable in self.block.variables:
            if variable.role is Role.REFRACTORY:
                self.state[variable.name] = np.full(1, float(self.rest > 0.0))
        return Course(self.run, self.owner, self.index, length, self.passed, self.state, np.array([self.rest > 0.0]), self.lengths)

    def _ahead(self, length: float) -> _Place:
        """What flows, after a time."""
        course, found = self._course(length), dict[str, Floats]()
        for scheme in self.block.schemes:
            found |= moved_by(scheme, course)
        return _Place({name: course.within_bounds(name, values) for name, values in found.items()}, course.next_lengths)

    def _go(self, length: float, there: _Place) -> None:
        """That far, where nothing comes to hold on the way."""
        self.held = {name: self._decided(when.condition, length, there)[0] for name, when in located_events(self.block).items()}
        if self._arrive(length, there) and self.left > 0.0:
            self._look([""])

    def _arrive(self, length: float, there: _Place) -> bool:
        """Whether it is the end of refractoriness."""
        rested = 0.0 < self.rest <= length
        self.state |= there.values
        self.lengths = {**self.lengths, **there.lengths}
        self.left -= length
        self.passed = self.passed + length if self.left > 0.0 else self.step
        self.rest -= length if self.rest > 0.0 else 0.0
        return rested

    def _go_to_crossing(self, length: float, there: _Place) -> None:
        """As far as what comes to hold within `length`, or what leads to no number, allows."""
        low, high, found = 0.0, length, there
        below, above = math.nan, self._excess(length, there)
        tried = side = 0
        while high - low > CLOSE * self.step:
            middle = _between(low, high, below, above, tried, CLOSE * self.step)
            there, tried = self._ahead(middle), tried + 1
            excess = self._excess(middle, there)
            if self._comes(middle, there) or not _is_sound(there):
                below = 0.5 * below if side > 0 else below
                high, found, above, side = middle, there, excess, 1
            else:
                above = 0.5 * above if side < 0 else above
                low, below, side = middle, excess, -1
        if self._comes(high, found):
            rested = self._arrive(high, found)
            self._look([""] if rested else [])
        elif low > 0.0:  # as far as there are numbers
            self._go(low, self._ahead(low))
        else:
            self._go(self.left, found)

    # --- conditions --------------------------------------------------------------------------------------------------

    def _decided(self, condition: Expr, ahead: float, there: _Place) -> tuple[bool, float]:
        """Whether it holds so far ahead, with these values of what flows; and by how much (0 at most where it does not hold)."""
        match condition:
            case Logic(connective, operands):
                found = [self._decided(o, ahead, there) for o in operands]
                if connective == "not":
                    return not found[0][0], -found[0][1]
                choose, join = (all, np.minimum) if connective == "and" else (any, np.maximum)
                return choose(h for h, _ in found), float(join.reduce([x for _, x in found]))
            case Compare(operator, left, right) if moves_within_step(condition, self._flowing, lambda e: self.block.read_through([e])):
                scope = self._course(0.0).scope(ahead, there.values)
                a, b = (float(np.broadcast_to(evaluate(side, scope), (1,))[0]) for side in (left, right))
                return bool(COMPARISONS[operator](a, b)), b - a if operator in ("<", "<=") else a - b
            case _:
                frame = seen_from(self.run, self.owner)
                scope = OwnerScope(self.run.structure, frame, self.owner, self.index, {**self.state, **there.values})
                holds = bool(np.broadcast_to(evaluate(condition, scope), (1,))[0])
                return holds, math.inf if holds else -math.inf

    def _armed(self) -> dict[str, Threshold]:
        """What would happen if its condition held."""
        events = located_events(self.block).items()
        return {name: when for name, when in events if not self.held[name] and (name or not self.rest > 0.0)}

    def _comes(self, ahead: float, there: _Place) -> bool:
        return any(self._decided(when.condition, ahead, there)[0] for when in self._armed().values())

    def _excess(self, ahead: float, there: _Place) -> float:
        """By how much the first of them holds that does."""
        return float(np.maximum.reduce([-math.inf, *(self._decided(w.condition, ahead, there)[1] for w in self._armed().values())]))

    # --- events ------------------------------------------------------------------------------------------------------

    def _look(self, fresh: Collection[str]) -> None:
        """What happens here. `fresh`: where it holds, it happens even if it held before, unless it asks for the crossing."""
        while True:
            self._course(0.0)
            firing = list[str]()
            for name, when in located_events(self.block).items():
                holds = self._decided(when.condition, 0.0, _Place({}, {}))[0]
                anew = not self.held[name] or (name in fresh and not when.rising)
                if holds and anew and (name or not self.rest > 0.0):
                    firing.append(name)
                self.held[name] = holds
            if not firing:
                return
            fresh = ()
            for name in firing:
                self._happen(name)
            self.parting = True

    def _happen(self, name: str) -> None:
        structure, begun = self.run.structure, seen_from(self.run, self.owner)
        number = len(self.times.setdefault(name, []))
        if number == MOST_LOCATED:
            raise RuntimeError(TOO_MANY_LOCATED)
        self.times[name].append(begun.step + self.passed / structure.instance.dt)
        now = Frame(begun.values, begun.step, begun.time + self.passed, begun.arrived)
        if not name:
            scope = OwnerScope(structure, now, self.owner, self.index, self.state)
            for ref in (r for r in self.run.kept if owner_text(r.owner) == self.owner):
                value = np.broadcast_to(evaluate(Ref(Whose.OWN, ref.name), scope), (1,))
                self.kept.setdefault(ref, []).append(float(value[0]))
        for handler in self.block.handlers:
            if handler.trigger is Trigger.SPIKE and handler.event == name:
                scope = OwnerScope(structure, now, self.owner, self.index, repeat=number)
                for _ in meetings(handler, self.state, scope, lambda *_: None):
                    pass
        if not name and self.block.refractory is not None:
            self._begin_rest(OwnerScope(structure, now, self.owner, self.index, self.state))

    def _begin_rest(self, scope: OwnerScope) -> None:
        """From here on, to a time that need not be on the grid."""
        rest, dt, longest = self.block.refractory, self.run.structure.instance.dt, FOR_EVER * self.run.structure.instance.dt
        assert rest is not None
        lasts = longest
        if rest.duration is not None:
            asked = float(np.broadcast_to(evaluate(rest.duration, scope), (1,))[0])
            lasts = min(asked, longest) if asked > 0.0 else 0.0
        end = self.passed + lasts
        steps = math.ceil(end / dt - ON_GRID * max(1.0, end / dt))
        self.until, self.before, self.rest = scope.frame.step + steps, max(0.0, steps * dt - end), lasts

    def take_over(self) -> None:
        """Its state at the end of the step, for everybody to see."""
        unit, run = int(self.index[0]), self.run
        for name, values in self.state.items():
            if self.block.variable(name) is None or self.block.variable(name).role is not Role.REFRACTORY:  # type: ignore[union-attr]
                run.frame.values[self.owner][name][unit] = values[0]
        run.parting[self.owner][unit] = self.parting
        run.refractory_until[self.owner][unit], run.free_before[self.owner][unit] = self.until, self.before
        for first, length in self.lengths.items():
            run.lengths.setdefault((self.owner, first), np.zeros(run.structure.count(self.owner)))[unit] = length[0]
        for name, holds in self.held.items():
            one, times = Emitted(self.owner, name), self.times.get(name, [])
            run.condition[one][unit] = holds
            run.located_count[one][unit] = len(times)
            run.located_at[one][unit, : len(times)] = times
        for ref, noted in self.kept.items():
            kept = run.located_kept.setdefault(self.owner, {})
            kept.setdefault(ref.name, np.zeros((run.structure.count(self.owner), MOST_LOCATED)))[unit, : len(noted)] = noted


def _is_sound(there: _Place) -> bool:
    return all(bool(np.isfinite(values).all()) for values in there.values.values())


def _between(low: float, high: float, below: float, above: float, tried: int, close: float) -> float:
    """Where to look next, at least half of what is close enough away from both ends."""
    known = tried % 3 < 2 and math.isfinite(below) and math.isfinite(above)
    part = below / (below - above) if known and below != above else 0.5
    middle = low + (high - low) * (part if 0.0 <= part <= 1.0 else 0.5)
    return min(max(middle, low + 0.5 * close), high - 0.5 * close)
