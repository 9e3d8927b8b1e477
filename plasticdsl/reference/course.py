"""Units or connections on their way through a step, or through a part of one.

A `Course` says who flows, from which values, from when and for how long; integrators (`reference.schemes`) ask it for the values of expressions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Expr
from plasticdsl.model.presence import PRESENT
from plasticdsl.reference.evaluate import OwnerScope, bounded, evaluate
from plasticdsl.reference.state import Run
from plasticdsl.reference.structure import Frame, Index
from plasticdsl.runtime.instance.instance import Floats


def seen_from(run: Run, owner: str, ahead: float = 0.0) -> Frame:
    """What an owner sees: everything now, the time and step being those at which its step began; `ahead` (s) of that."""
    dt, begun = run.structure.instance.dt, run.frame.step + 1 - run.structure.stride(owner)
    if begun == run.frame.step and ahead == run.frame.ahead:
        return run.frame
    return Frame(run.frame.values, begun, begun * dt, run.frame.arrived, ahead)


def step_of(run: Run, owner: str) -> float:
    """How long its step is (s)."""
    return (0.5 if run.half else 1.0) * run.structure.instance.dt * run.structure.stride(owner)


@dataclass(frozen=True, slots=True)
class Course:
    """`index`: which units or connections of the owner, of which `own` holds values that differ from those of the frame. They set out `begun` (s) after
    the step began, for `length` (s). `resting`: whether each is refractory meanwhile; None where the grid says so. `lengths`: by the first variable of
    what is integrated to a tolerance, how long steps may be at first (s; 0: as long as all); `next_lengths` is filled with how long the next may be."""

    run: Run
    owner: str
    index: Index
    length: float
    begun: float = 0.0
    own: Mapping[str, Floats] = field(default_factory=dict)
    resting: NDArray[np.bool_] | None = None
    lengths: Mapping[str, Floats] = field(default_factory=dict)
    next_lengths: dict[str, Floats] = field(default_factory=dict)

    def state(self, name: str) -> Floats:
        """A variable where they set out."""
        return self.own[name] if name in self.own else self.run.frame.values[self.owner][name][self.index]

    def scope(self, ahead: float = 0.0, state: Mapping[str, Floats] | None = None) -> OwnerScope:
        """What names mean `ahead` (s) of where they set out, with these values of theirs."""
        own = {**self.own, **(state or {})}
        return OwnerScope(self.run.structure, seen_from(self.run, self.owner, self.begun + ahead), self.owner, self.index, own)

    def each(self, expr: Expr, scope: OwnerScope) -> Floats:
        """One value for each."""
        values = np.empty(len(self.index))
        values[...] = evaluate(expr, scope)
        return values

    def rate(self, name: str, expr: Expr, scope: OwnerScope) -> Floats:
        """One value for each, 0 for those of which this variable stands still."""
        return np.where(self.standing(name), 0.0, self.each(expr, scope))

    def standing(self, name: str) -> NDArray[np.bool_]:
        """Of which a variable does not flow now: held while refractory, or a weight while rules are off or its connection absent."""
        run, owner = self.run, self.owner
        block = run.structure.block(owner)
        if owner in run.structure.populations:
            if block.refractory is None or name not in block.refractory.held:
                return np.zeros(len(self.index), dtype=np.bool_)
            if self.resting is not None:
                return self.resting
            return np.asarray(seen_from(run, owner).step < run.refractory_until[owner][self.index])
        if name not in run.held[owner] or not any(f.variable == name and f.is_rule for f in block.flows):
            return np.zeros(len(self.index), dtype=np.bool_)
        return self.at_rest()

    def at_rest(self) -> NDArray[np.bool_]:
        """Which connections rules do not change now: all while rules are off, and those that are absent."""
        run, owner = self.run, self.owner
        is_off = np.full(len(self.index), not run.rules_on[owner])
        changing = run.structure.projections[owner].changing
        return is_off | (run.frame.values[owner][PRESENT][self.index] == 0.0) if changing else is_off

    def within_bounds(self, name: str, values: Floats) -> Floats:
        """Values of a variable in its bounds, as they are where they set out."""
        variable = self.run.structure.block(self.owner).variable(name)
        if variable is not None and variable.low is None and variable.high is None:
            return values
        return bounded(name, values, self.scope())

    def joined(self, names: Sequence[str]) -> Floats:
        """Variables where they set out, shape (units, variables)."""
        return np.stack([self.state(name) for name in names], axis=-1)


def whole(run: Run, owner: str) -> Course:
    """All units or connections of an owner, through a whole step."""
    lengths = {first: kept for (whose, first), kept in run.lengths.items() if whose == owner}
    return Course(run, owner, np.arange(run.structure.count(owner)), step_of(run, owner), lengths=lengths)
