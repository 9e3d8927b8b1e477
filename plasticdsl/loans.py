"""Arrays on loan: they stand for states of a network between runs.

Where kernels keep a state in an array of its own, that array is lent, and stays the state whatever engine goes on with it. Otherwise what a program writes
is taken over before the network goes on (`push`), and afterwards the array holds the new values (`pull`), for as long as somebody holds it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator

import numpy as np

from plasticdsl.model import Role, Variable
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.support.arrays import Floats

WRITABLE = (Role.STATE, Role.CLAMPED)


class Loans:
    """What was lent of the engine that `observer` reads. `write(owner, name, values)` takes over what was written; it raises ValueError where a variable
    cannot have that. `shared`: arrays of the engine itself, by owner and name."""

    def __init__(self, observer: Observer, write: Callable[[str, str, Floats], None]) -> None:
        self._observer, self._write = observer, write
        self._lent: dict[tuple[str, str], tuple[weakref.ref[Floats], Floats]] = {}
        self._kept: dict[tuple[str, str], Floats] = {}
        self.shared: dict[tuple[str, str], Floats] = {}

    def share(self, owner: str, variable: Variable) -> Floats | None:
        """The array in which the engine keeps what can have any value, from now on that of all engines; None where there is none."""
        key = owner, variable.name
        if key not in self.shared and variable.role in WRITABLE and not variable.values:
            array = self._observer.engine.array_of(*key)
            if array is not None:
                self.shared[key] = array
        return self.shared.get(key)

    def follow(self, engine: Engine) -> None:
        """Another engine goes on; of connections whose number is another one, arrays that were lent before no longer follow."""
        self.shared = {key: array for key, array in self.shared.items() if engine.adopt(*key, array)}

    def lend(self, owner: str, name: str) -> Floats:
        """An array of its own that stands for a state until nobody holds it any more; it is kept until what was written into it has been taken over
        (`net["cell"].V[3] = 0.0` holds it no longer than that)."""
        known = self._lent.get((owner, name))
        array = known[0]() if known is not None else None
        if array is None:
            array = np.array(self._observer.engine.read(owner, name), dtype=np.float64)
            self._lent[owner, name] = (weakref.ref(array), array.copy())
        self._kept[owner, name] = array
        return array

    def push(self) -> None:
        """Takes over what was written into lent arrays."""
        if self.shared:
            self._observer.engine.written()
        for owner, name, array, pristine in self._held() if self._lent else ():
            if (array != pristine).any():  # what has no value is written once more
                self._write(owner, name, array)
                pristine[...] = array
        self._kept.clear()

    def pull(self) -> None:
        """Brings lent arrays up to date."""
        for owner, name, array, pristine in self._held() if self._lent else ():
            array[...] = pristine[...] = self._observer.engine.read(owner, name)

    def _held(self) -> Iterator[tuple[str, str, Floats, Floats]]:
        """The arrays that somebody still holds, each with what it held when it was last looked at."""
        for (owner, name), (reference, pristine) in list(self._lent.items()):
            array = reference()
            if array is None:
                del self._lent[owner, name]
            else:
                yield owner, name, array, pristine
