"""Watches that everything still has a value, and finds the step in which something first did not. States are finite numbers; rates, spike conditions and
definitions are numbers.

Comes in: an observer, and a way to advance. Goes out: nothing, or `NotFinite` with a finding for each quantity that went wrong first, which says where and
when; the network then stands where everything was still well, if that was remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model import AtRate, Block, NamedEvent, Population, Projection, Role, Threshold, Variable
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import Owner
from plasticdsl.model.schemes import Jumps, to_tolerance, variables_of
from plasticdsl.runtime.engine.engine import Engine, State
from plasticdsl.runtime.instance.instance import Instance
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.source import Span

#: Connections are searched at every so many looks, and whenever everything is to be looked at.
_LOOKS_PER_SEARCH = 10

#: What to do about what has no value.
UNDEFINED = "0/0, and roots and logarithms of negative numbers, have no value: say what holds there, in a case of its own with ‘otherwise’ for the rest."

_NO_TOLERANCE = (
    "Where the equations run to infinity within a step, no step is short enough. Else a smaller dt, a larger tolerance or bounds may help."
)

_NO_RATE = "Reactions by chance need rates that are never negative; above ten million of them in a step, leave ‘stochastic’ out."

_UNLIMITED = "A smaller dt, or bounds for what grows without end, may help; record the variable to see it go."


class NotFinite(PlasError):
    """Something has no finite value."""


class Guard:
    """Remembers the network as it was when everything in it was last looked at. `advance(to)` runs to a position of the clock."""

    def __init__(self, observer: Observer, in_steps: bool, advance: Callable[[int], None]) -> None:
        self._observer, self._in_steps, self._advance = observer, in_steps, advance
        self._looks = 0
        self._good: tuple[Engine, State, Instance] | None = None
        self._step = 0
        self._lost: dict[Diagnostic, tuple[Population | Projection, int, tuple[str, ...]]] = {}
        network = observer.network
        self._units = [(p, v) for p in network.populations for v in p.block.variables if v.role is Role.STATE]
        self._connections = [(p, v) for p in network.projections for v in p.connection.variables if v.role is Role.STATE]
        by_owner: dict[Owner, Population] = {p.as_owner: p for p in network.populations}
        read = ((by_owner[ref.owner], observer.declared[ref]) for ref in network.order)
        self._definitions = [(p, v) for p, v in read if v.role is Role.DEFINITION]

    def remember(self) -> None:
        """The network is well now; what goes wrong later is searched for from here."""
        engine = self._observer.engine
        before = self._good[1] if self._good is not None and self._good[0] is engine else None
        self._good, self._step = (engine, engine.snapshot(before, moving=True), engine.instance), engine.step

    def forget(self) -> None:
        """Only one step is to be looked after, so there is nothing to search."""
        self._good = None

    def look(self, everything: bool = True) -> None:
        """Is everything still well, or everything but the connections? Raises `NotFinite`."""
        if self._wrong(everything):
            raise NotFinite(self._first())

    def glance(self) -> None:
        """The same, now and then without the connections; what is well is remembered now and then."""
        self._looks += 1
        everything = self._looks % _LOOKS_PER_SEARCH == 0
        self.look(everything)
        if everything:
            self.remember()

    def _first(self) -> tuple[Diagnostic, ...]:
        """What went wrong first: the stretch since all was well is run again in halves. What is wrong stays so, or is wrong at its end at least."""
        if self._good is None:
            return self._wrong()
        bad = self._observer.engine.step
        self._return()
        found = self._wrong()
        while not found and bad - self._step > 1:
            middle = (self._step + bad) // 2
            self._advance(middle)
            if self._wrong():
                bad = middle
            else:
                self.remember()
            self._return()
        if not found:
            self._advance(bad)
            found = self._wrong()
            self._return()
        return tuple(self._with_last_values(f) for f in found)

    def _with_last_values(self, found: Diagnostic) -> Diagnostic:
        """What did not converge, with what it began its last step from."""
        if found not in self._lost:
            return found
        owner, unit, moved = self._lost[found]
        values = (
            f"{v.symbol} = {self._observer.engine.read(Ref(owner.as_owner, v.name))[unit] / v.scale:.6g}{f' {v.unit}' if v.unit else ''}"
            for v in _block(owner).variables
            if v.name in moved
        )
        return replace(found, message=f"{found.message} Its step began from {', '.join(values)}.")

    def _return(self) -> None:
        assert self._good is not None, "there is something to return to"
        _, state, before = self._good
        engine = self._observer.engine
        engine.restore(state, other_parameters=engine.instance is not before, moving=True)

    # --- what is wrong now ---

    def _wrong(self, projections: bool = True) -> tuple[Diagnostic, ...]:
        """Every unit is looked at and, with `projections`, every connection; definitions that others read have a value at every step."""
        found: list[Diagnostic | None] = []
        if not projections or not self._observer.engine.all_finite():
            found += [self._state(owner, v) for owner, v in self._units]
            found += [self._state(owner, v) for owner, v in self._connections if projections]
        populations = self._observer.network.populations
        found += [self._spikes(p) for p in populations if p.spikes]
        found += [self._event(p, e) for p in populations for e in p.block.events]
        found += [self._definition(p, v) for p, v in self._definitions]
        return tuple(w for w in found if w is not None)

    def _state(self, owner: Population | Projection, variable: Variable) -> Diagnostic | None:
        values = self._observer.engine.read(Ref(owner.as_owner, variable.name))
        with np.errstate(all="ignore"):
            if np.isfinite(values.sum()):  # the quick way; a sum may also overflow
                return None
        units = np.flatnonzero(~np.isfinite(values))
        moved = next((variables_of(s) for s in _block(owner).schemes if to_tolerance([s]) & {variable.name}), ())
        if any(isinstance(s, Jumps) and variable.name in s.variables for s in _block(owner).schemes):
            became, hint = "has a reaction whose rate is negative or no number, or too many of them", _NO_RATE
            return self._finding(owner, f"{owner.symbol}.{variable.symbol} of", units, became, variable.span, hint)
        if moved:
            became, hint = "could not be integrated to its tolerance", _NO_TOLERANCE
            found = self._finding(owner, f"{owner.symbol}.{variable.symbol} of", units, became, variable.span, hint, code="not-converged")
            if found is None or variable.name != moved[0]:  # what goes together is said once
                return None
            self._lost[found] = owner, int(units[0]), moved
            return found
        became = "has no value (NaN)" if units.size and np.isnan(values[units[0]]) else "became infinite"
        return self._finding(owner, f"{owner.symbol}.{variable.symbol} of", units, became, variable.span, _UNLIMITED)

    def _spikes(self, population: Population) -> Diagnostic | None:
        """Its rate or spike condition in the last step, which was taken before that step's flow."""
        match population.source, population.block.spike:
            case None, Threshold(span=span):
                what = "spike condition"
            case None, AtRate(span=span):
                what = "rate"
            case _:
                what, span = "rate", population.span
        units = self._observer.engine.undecided(population.name)
        return self._finding(population, f"The {what} of {population.symbol} for", units, "has no value (NaN)", span, UNDEFINED, ago=1)

    def _event(self, population: Population, event: NamedEvent) -> Diagnostic | None:
        """The condition of an event in the last step."""
        units = self._observer.engine.undecided(population.name, event.name)
        what = f"The condition of {population.symbol}.{event.symbol} for"
        return self._finding(population, what, units, "has no value (NaN)", event.when.span, UNDEFINED, ago=1)

    def _definition(self, owner: Population, variable: Variable) -> Diagnostic | None:
        with np.errstate(all="ignore"):
            values = np.broadcast_to(self._observer.value(Ref(owner.as_owner, variable.name)), (self._observer.size(owner.name),))
        units = np.flatnonzero(np.isnan(values))
        return self._finding(owner, f"{owner.symbol}.{variable.symbol} of", units, "has no value (NaN)", variable.span, UNDEFINED)

    def _finding(
        self,
        owner: Population | Projection,
        what: str,
        units: NDArray[np.int64],
        became: str,
        span: Span,
        hint: str,
        ago: int = 0,
        code: str = "not-finite",
    ) -> Diagnostic | None:
        """What there is to say of these units or connections (from 0) at the grid time so many steps ago; nothing where there are none."""
        if not units.size:
            return None
        where, step = f"unit {units[0] + 1}", self._observer.engine.step - ago
        if isinstance(owner, Projection):
            drawn = self._observer.instance.projections[owner.name]
            pre, post = int(drawn.sources()[units[0]]) + 1, int(drawn.targets[units[0]]) + 1
            where = f"connection {units[0] + 1} (from unit {pre} to unit {post})"
        more = f" and {len(units) - 1} more" if len(units) > 1 else ""
        when = f"in step {step}" if self._in_steps else f"at t = {step * self._observer.instance.dt:.10g} s (step {step})"
        return Diagnostic(code, f"{what} {where}{more} {became} {when}.", span, hint)


def _block(owner: Population | Projection) -> Block:
    return owner.block if isinstance(owner, Population) else owner.connection
