"""Phases that end when something has happened.

Comes in: the `until` of a phase and a reader. Goes out: whether the phase is over, looked at after each step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, Severity
from plasticdsl.model import Network
from plasticdsl.model.expr import Call, Expr, Ref, is_sliding, substitute, walk
from plasticdsl.model.parts import Emitted, emitted
from plasticdsl.model.protocol import Until
from plasticdsl.model.undefined import undefined
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance.instance import Values
from plasticdsl.runtime.play.guard import UNDEFINED, NotFinite
from plasticdsl.runtime.watch.kinds import is_of_each, is_spike_statistic
from plasticdsl.runtime.watch.readings import Reader, valued
from plasticdsl.runtime.watch.statistics import rate

#: Statistics of spike times are taken anew when there are so many times as many spikes.
_MORE = 1.01


@dataclass(frozen=True, slots=True)
class Ending:
    """How a phase with `until` ended, or what is repeated: whether what it waits for has happened, after so many steps (`rounds` of them)."""

    phase: str
    reached: bool
    steps: int
    rounds: int | None = None


@dataclass(slots=True)
class Waited:
    """What is known of what a phase waits for: how much of itself counts as no change (`within`), what the states were `before` the last step; since the
    planned position `first`, at which trains had `counts` of spikes, of statistics that were `taken` of how many spikes."""

    within: float
    before: Mapping[Ref, NDArray[np.float64]]
    first: int
    counts: dict[Emitted, int]
    taken: dict[Call, tuple[int, Values]]


class Waiting:
    """Watches one phase with `until`; `waited`: what is known already. Raises `PlasError` where it waits for connections of which there are none."""

    def __init__(self, until: Until, network: Network, reader: Reader, waited: Waited | None = None) -> None:
        self._until, self._reader = until, reader
        if until.condition is not None:
            reader.require_connections(until.condition, "until …", until.span)
        self._discrete = tuple(Ref(p.as_owner, name) for p in network.populations for name in p.block.stepping)
        flowing = (Ref(p.as_owner, flow.variable) for p in network.populations for flow in p.block.flows)
        self._flowing = tuple(flowing) if until.within is not None else ()
        self.waited = waited or Waited(self._near(), self._now(), reader.now, {}, {})
        self._spikes = None if until.condition is None else SpikesSoFar(until.condition, reader, self.waited)
        self._silent = None if until.condition is None else undefined(until.condition, _is_known_at_once)

    def over(self) -> bool:
        """Whether the phase has reached its end with the last step. Raises `NotFinite` for a condition without an answer."""
        if self._until.condition is not None and self._spikes is not None:
            numbers = self._spikes.numbers()
            if self._silent is not None and np.any(self._value(substitute(self._silent, numbers)) == 1.0):
                raise NotFinite((self._no_answer(),))
            return bool(np.all(self._value(substitute(self._until.condition, numbers)) == 1.0))
        before, now = self.waited.before, self._now()
        self.waited.before = now
        same = all(np.array_equal(before[k], now[k]) for k in self._discrete)
        return same and all(_still(before[k], now[k], self.waited.within) for k in self._flowing)

    def not_reached(self, ending: Ending) -> Diagnostic:
        """That the phase, or what is repeated, took its longest length all the same."""
        name = f"phase ‘{ending.phase}’" if ending.rounds is None else f"‘{ending.phase}’"
        what = f"{name[0].upper()}{name[1:]} was not stable" if self._until.condition is None else f"What {name} waits for had not happened"
        length, hint = f"{ending.steps} steps", "More steps are allowed by ‘up to … steps’."
        if ending.rounds is not None:
            length, hint = f"{ending.rounds} rounds", "More rounds are allowed by ‘at most … times’."
        return Diagnostic("not-stable", f"{what} after {length}.", self._until.span, hint, severity=Severity.WARNING)

    def _no_answer(self) -> Diagnostic:
        observer = self._reader.observer
        message = "What the phase waits for compares with something that has no value (NaN) at t = "
        message += f"{observer.time:.10g} s (step {observer.engine.step})."
        return Diagnostic("not-finite", message, self._until.span, UNDEFINED)

    def _value(self, condition: Expr) -> NDArray[np.float64]:
        with valued("until …", self._until.span):
            return np.asarray(self._reader.of_those_there(self._reader.value(condition, 0, 0), condition))

    def _near(self) -> float:
        return 0.0 if self._until.within is None else float(self._reader.observer.value(self._until.within))

    def _now(self) -> dict[Ref, NDArray[np.float64]]:
        return states_now(self._reader.observer.engine, (*self._discrete, *self._flowing))


class SpikesSoFar:
    """The statistics of spikes in a condition, of the phase that begins now: what stands for them after each step.

    Numbers of spikes and rates come from counters. Statistics of times are taken when there are new spikes, from 100 spikes on when there are 1 % more.
    """

    def __init__(self, condition: Expr, reader: Reader, waited: Waited) -> None:
        self._reader, self._waited = reader, waited
        self._calls = tuple(node for node in walk(condition) if is_spike_statistic(node))
        for call in self._calls:
            train, _ = emitted(call.arguments[0])
            waited.counts.setdefault(train, reader.observer.engine.spike_count(*train))

    def numbers(self) -> dict[Expr, Expr]:
        """Each statistic with its number."""
        return {call: self._reader.standing(call, self._found(call)) for call in self._calls}

    def _found(self, call: Call) -> Values:
        train, part = emitted(call.arguments[0])
        observer, now, first = self._reader.observer, self._reader.now, self._waited.first
        count = observer.engine.spike_count(*train) - self._waited.counts[train]
        match call.function:
            case "rate" if is_sliding(call):
                return self._reader.value(call, 0, now)
            case "spike_count" | "rate" if part or is_of_each(call):
                return self._reader.value(call, first, now)
            case "spike_count":
                return float(count)
            case "rate":
                return rate(count, observer.size(train[0]), (now - first) * observer.instance.dt)
        known = self._waited.taken.get(call)
        if known is None or (count != known[0] and count >= _MORE * known[0]):
            known = count, self._reader.value(call, first, now)
            self._waited.taken[call] = known
        return known[1]


def times_needed(condition: Expr) -> frozenset[Emitted]:
    """The spikes and other events of which a condition needs to know when they were."""
    calls = ((c, *emitted(c.arguments[0])) for c in walk(condition) if is_spike_statistic(c))
    counted = ("spike_count", "rate")
    return frozenset(train for c, train, part in calls if part or is_of_each(c) or is_sliding(c) or c.function not in counted)


def _is_known_at_once(side: Expr) -> bool:
    """Whether it has a value from the first step on: the cv of spikes, and the correlation of what does not vary yet, are waited for."""
    return not any(is_spike_statistic(node) or (isinstance(node, Call) and node.function == "correlation") for node in walk(side))


def _still(before: NDArray[np.float64], now: NDArray[np.float64], within: float) -> bool:
    largest = float(np.max(np.abs(now), initial=0.0))
    return bool(np.max(np.abs(now - before), initial=0.0) <= within * largest)


def states_now(engine: Engine, variables: Iterable[Ref]) -> dict[Ref, NDArray[np.float64]]:
    """Copies of these variables."""
    return {ref: np.array(engine.read(ref)) for ref in variables}
