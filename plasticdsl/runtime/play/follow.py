"""Several steps at once although something is taken after each of them: what it is made of is kept, and it is worked out afterwards.

Comes in: everything that is taken in a run, and where the clock stands. Goes out: how far one may go so, and what the states were on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from plasticdsl.model.expr import Ref
from plasticdsl.runtime.watch.expectations import Watch
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.series import Series
from plasticdsl.runtime.watch.stretches import Stretch, states_of
from plasticdsl.support.arrays import Floats

#: The numbers that one stretch may keep.
ROOM = 1 << 20
#: So few steps are taken one by one.
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Ahead:
    """Up to this planned position of the clock, all that is due is that these are taken after each step, and they are made of these states."""

    to: int
    items: Sequence[Series | Watch]
    states: tuple[Ref, ...]


class Following:
    """What is taken in a run: `due`, and of what it is made, which is looked up once."""

    def __init__(self, due: Sequence[Series | Watch], observer: Observer) -> None:
        self._due, self._observer = due, observer
        self._known: dict[int, frozenset[Ref] | None] = {}

    def ahead(self, step: int, furthest: int, phase: str) -> Ahead | None:
        """How far to go from `step` within a phase; None where it is not worth while, or where something else is due at each step."""
        coming = [(n, item) for item in self._due if item.during in (None, phase) and (n := item.moments.next_after(step)) is not None]
        known = {id(item): made_of for n, item in coming if n == step + 1 and (made_of := self._made_of(item)) is not None}
        if not known:
            return None
        states = tuple(frozenset[Ref]().union(*known.values()))
        stops = [item.moments.last - isinstance(item, Watch) if id(item) in known else n for n, item in coming]
        to = min(furthest, step + self._room(states), *stops)
        return Ahead(to, [item for _, item in coming if id(item) in known], states) if to - step >= FEWEST else None

    def _room(self, states: Iterable[Ref]) -> int:
        return ROOM // max(1, sum(self._observer.owner_size(state.owner) for state in states))

    def _made_of(self, item: Series | Watch) -> frozenset[Ref] | None:
        """The states of which all is made that is taken at each step; None where they do not tell."""
        if item.moments.stride != 1 or not item.read_at_once:
            return None
        if id(item) not in self._known:
            found = [states_of(expr, self._observer) for expr in item.read_at_once]
            known = [states for states in found if states is not None]
            self._known[id(item)] = frozenset[Ref]().union(*known) if len(known) == len(found) else None
        return self._known[id(item)]


def followed(observer: Observer, states: Sequence[Ref], steps: int) -> tuple[Stretch, RuntimeError | None]:
    """Goes on by so many steps, or until an error, and keeps what these states are after each."""
    looks = [_look(observer, state) for state in states]
    rooms = [np.empty((steps, observer.owner_size(state.owner))) for state in states]
    failure, done, once = None, 0, observer.engine.once
    try:
        while done < steps:
            once()
            for room, look in zip(rooms, looks, strict=True):
                room[done] = look()
            done += 1
    except RuntimeError as error:
        failure = error
    return Stretch(done, {state: room[:done] for state, room in zip(states, rooms, strict=True)}), failure


def _look(observer: Observer, state: Ref) -> Callable[[], Floats]:
    """How a state is read: kernels change the array in place where there is one."""
    array = observer.engine.array_of(state)
    return partial(observer.engine.read, state) if array is None else lambda: array
