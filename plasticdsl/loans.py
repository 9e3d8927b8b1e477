"""Arrays on loan: they stand for states of a network between runs.

What a program writes into one is taken over before the network goes on (`push`), and afterwards the array holds the new values (`pull`). An array is
kept up to date for as long as somebody holds it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator

import numpy as np

from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.support.arrays import Floats


class Loans:
    """What was lent of the engine that `observer` reads. `write(owner, name, values)` takes over what was written; it raises ValueError where a variable
    cannot have that."""

    def __init__(self, observer: Observer, write: Callable[[str, str, Floats], None]) -> None:
        self._observer, self._write = observer, write
        self._lent: dict[tuple[str, str], tuple[weakref.ref[Floats], Floats]] = {}
        self._kept: dict[tuple[str, str], Floats] = {}

    def __contains__(self, key: tuple[str, str]) -> bool:
        """Whether this variable (owner, name) is lent."""
        return key in self._lent

    def lend(self, owner: str, name: str) -> Floats:
        """An array that stands for a state until nobody holds it any more; it is kept until what was written into it has been taken over
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
