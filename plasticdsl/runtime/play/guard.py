"""Watches that a run goes well, and finds the step in which it first did not.

Comes in: an observer, and a way to advance. Goes out: nothing, or `NotFinite` with a finding for each quantity that went wrong first; the network then
stands where everything was still well, if that was remembered.
"""

from __future__ import annotations

from collections.abc import Callable

from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.runtime.engine.engine import Engine, State
from plasticdsl.runtime.engine.finite import Wrong, finding, wrong
from plasticdsl.runtime.watch.observer import Observer

#: Connections are searched at every so many looks, and whenever everything is to be looked at.
_LOOKS_PER_SEARCH = 10


class NotFinite(PlasError):
    """Something has no finite value."""


class Guard:
    """Remembers the network as it was when everything in it was last looked at. `advance(to)` runs to a position of the clock."""

    def __init__(self, observer: Observer, in_steps: bool, advance: Callable[[int], None]) -> None:
        self._observer, self._in_steps, self._advance = observer, in_steps, advance
        self._looks = 0
        self._good: tuple[Engine, State] | None = None
        self._step = 0

    def remember(self) -> None:
        """The network is well now; what goes wrong later is searched for from here."""
        engine = self._observer.engine
        before = self._good[1] if self._good is not None and self._good[0] is engine else None
        self._good, self._step = (engine, engine.snapshot(before)), engine.step

    def forget(self) -> None:
        """Only one step is to be looked after, so there is nothing to search."""
        self._good = None

    def look(self) -> None:
        """Is everything still well? Raises `NotFinite`."""
        self._look(True)

    def glance(self) -> None:
        """The same, now and then without the connections; what is well is remembered now and then."""
        self._looks += 1
        everything = self._looks % _LOOKS_PER_SEARCH == 0
        self._look(everything)
        if everything:
            self.remember()

    def _look(self, everything: bool) -> None:
        if wrong(self._observer, everything):
            raise NotFinite(tuple(finding(w, self._observer, self._in_steps) for w in self._first()))

    def _first(self) -> tuple[Wrong, ...]:
        """What went wrong first: the stretch since all was well is run again in halves. What is wrong stays so, or is wrong at its end at least."""
        if self._good is None:
            return wrong(self._observer)
        bad = self._observer.engine.step
        self._return()
        found = wrong(self._observer)
        while not found and bad - self._step > 1:
            middle = (self._step + bad) // 2
            self._advance(middle)
            if wrong(self._observer):
                bad = middle
            else:
                self.remember()
            self._return()
        if not found:
            self._advance(bad)
            found = wrong(self._observer)
            self._return()
        return found

    def _return(self) -> None:
        assert self._good is not None, "there is something to return to"
        before, state = self._good
        engine = self._observer.engine
        engine.restore(state, other_parameters=engine is not before)
