"""Arrays on loan: they stand for states of a network between runs.

Where kernels keep a state in an array of its own, that array is lent, and stays the state whatever engine goes on with it. Otherwise what a program writes
is taken over before the network goes on (`push`), and afterwards the array holds the new values (`pull`), for as long as somebody holds it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator

import numpy as np

from plasticdsl.model import Role
from plasticdsl.model.expr import Ref
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.support.arrays import Floats

WRITABLE = (Role.STATE, Role.CLAMPED)


class Loans:
    """What was lent of the engine that `observer` reads. `write(target, values)` takes over what was written; it raises ValueError where a variable
    cannot have that. `shared`: arrays of the engine itself, by variable."""

    def __init__(self, observer: Observer, write: Callable[[Ref, Floats], None]) -> None:
        self._observer, self._write = observer, write
        self._lent: dict[Ref, tuple[weakref.ref[Floats], Floats]] = {}
        self._kept: dict[Ref, Floats] = {}
        self.shared: dict[Ref, Floats] = {}

    def share(self, target: Ref) -> Floats | None:
        """The array in which the engine keeps what can have any value, from now on that of all engines; None where there is none."""
        variable = self._observer.declared[target]
        if target not in self.shared and variable.role in WRITABLE and not variable.values:
            array = self._observer.engine.array_of(target)
            if array is not None:
                self.shared[target] = array
        return self.shared.get(target)

    def follow(self, engine: Engine) -> None:
        """Another engine goes on; of connections whose number is another one, arrays that were lent before no longer follow."""
        self.shared = {key: array for key, array in self.shared.items() if engine.adopt(key, array)}

    def lend(self, target: Ref) -> Floats:
        """An array of its own that stands for a state until nobody holds it any more; it is kept until what was written into it has been taken over
        (`net["cell"].V[3] = 0.0` holds it no longer than that)."""
        known = self._lent.get(target)
        array = known[0]() if known is not None else None
        if array is None:
            array = np.array(self._observer.engine.read(target), dtype=np.float64)
            self._lent[target] = (weakref.ref(array), array.copy())
        self._kept[target] = array
        return array

    def push(self) -> None:
        """Takes over what was written into lent arrays."""
        if self.shared:
            self._observer.engine.written()
        for target, array, pristine in self._held() if self._lent else ():
            if (array != pristine).any():  # what has no value is written once more
                self._write(target, array)
                pristine[...] = array
        self._kept.clear()

    def pull(self) -> None:
        """Brings lent arrays up to date."""
        for target, array, pristine in self._held() if self._lent else ():
            array[...] = pristine[...] = self._observer.engine.read(target)

    def _held(self) -> Iterator[tuple[Ref, Floats, Floats]]:
        """The arrays that somebody still holds, each with what it held when it was last looked at."""
        for target, (reference, pristine) in list(self._lent.items()):
            array = reference()
            if array is None:
                del self._lent[target]
            else:
                yield target, array, pristine
