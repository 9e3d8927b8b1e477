"""Phases that end when something has happened.

Comes in: the `until` of a phase and a reader. Goes out: whether the phase is over, looked at after each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model.expr import Expr
from plasticdsl.model.model import Assign, Network, Role, Trigger
from plasticdsl.model.protocol import Until
from plasticdsl.runtime.readings import Reader

#: The most steps of a phase that does not say how many.
MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Ending:
    """How a phase with `until` ended: whether what it waits for has happened, after so many steps."""

    phase: str
    reached: bool
    steps: int


class Waiting:
    """Watches one phase with `until`."""

    def __init__(self, until: Until, network: Network, reader: Reader) -> None:
        self._until, self._reader = until, reader
        self._discrete = _discrete(network)
        self._flowing = _flowing(network) if until.within is not None else ()
        self._within = 0.0 if until.within is None else float(reader.observer.value(until.within))
        self._before = self._now()

    def over(self) -> bool:
        """Whether the phase has reached its end with the last step."""
        if self._until.condition is not None:
            return self._holds(self._until.condition)
        before, self._before = self._before, self._now()
        same = all(np.array_equal(before[k], self._before[k]) for k in self._discrete)
        return same and all(_still(before[k], self._before[k], self._within) for k in self._flowing)

    def not_reached(self, phase: str, steps: int) -> Diagnostic:
        """That the phase took its longest length all the same."""
        if self._until.condition is None:
            message = f"Phase ‘{phase}’ was not stable after {steps} steps."
        else:
            message = f"What phase ‘{phase}’ waits for had not happened after {steps} steps."
        hint = "More steps are allowed by ‘up to … steps’."
        return Diagnostic("not-stable", message, self._until.span, hint, severity=Severity.WARNING)

    def _holds(self, condition: Expr) -> bool:
        step = self._reader.observer.engine.step
        return bool(np.all(np.asarray(self._reader.value(condition, step - 1, step)) == 1.0))

    def _now(self) -> dict[tuple[str, str], NDArray[np.float64]]:
        engine = self._reader.observer.engine
        return {key: np.array(engine.read(*key)) for key in (*self._discrete, *self._flowing)}


def _still(before: NDArray[np.float64], now: NDArray[np.float64], within: float) -> bool:
    largest = float(np.max(np.abs(now), initial=0.0))
    return bool(np.max(np.abs(now - before), initial=0.0) <= within * largest)


def _discrete(network: Network) -> tuple[tuple[str, str], ...]:
    """Variables of units that jump at each step."""
    return tuple((p.name, name) for p in network.populations for name in stepping(network, p.name))


def stepping(network: Network, population: str) -> tuple[str, ...]:
    """The states of a population's units that a statement without a trigger assigns at each step."""
    block = next(p.block for p in network.populations if p.name == population)
    assigned = {
        s.target.name
        for h in block.handlers
        if h.trigger is Trigger.STEP
        for s in h.statements
        if isinstance(s, Assign) and not s.target.owner
    }
    return tuple(v.name for v in block.variables if v.role is Role.STATE and v.name in assigned)


def _flowing(network: Network) -> tuple[tuple[str, str], ...]:
    return tuple((p.name, flow.variable) for p in network.populations for flow in p.block.flows)
