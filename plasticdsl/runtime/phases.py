"""What a phase changes while it lasts: values that are held, and rules that are off.

Comes in: the phases of a checked experiment. The `Stage` of a run enters and leaves them: a source that nothing holds gives 0, a held state is
set before every step, a held parameter gets back its value when the phase ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.model.expr import Expr, Special, walk
from plasticdsl.model.model import Clamp, Network, Phase, Role
from plasticdsl.runtime.engine import Engine
from plasticdsl.runtime.instance import Instance, Values
from plasticdsl.runtime.observer import Observer

State = Mapping[str, NDArray[np.generic]]

#: From an instance whose parameters have changed, and a snapshot, to an engine that goes on from there.
Rebuild = Callable[[Instance, State], Engine]


def require_holdable(phases: tuple[Phase, ...], network: Network) -> None:
    """Raises `PlasError` for a clamp that a run cannot hold: something that is computed, or a parameter that would change in time."""
    findings = tuple(f for phase in phases for clamp in phase.clamps if (f := _refused(clamp, network)) is not None)
    if findings:
        raise PlasError(findings)


def _refused(clamp: Clamp, network: Network) -> Diagnostic | None:
    name = f"{clamp.population}.{clamp.name}"
    match _role(clamp, network):
        case Role.DEFINITION | Role.INPUT as role:
            what = "computed from other values" if role is Role.DEFINITION else "the sum of what synapses send"
            hint = "Hold a state, a parameter or the output of a Source instead."
            return Diagnostic("not-clamped", f"‘{name}’ is {what} and cannot be held.", clamp.span, hint)
        case Role.PARAMETER | Role.GIVEN if _in_time(clamp.value):
            hint = "Hold it at a constant in this phase, or let a Source or a rate depend on t."
            return Diagnostic("not-clamped", f"‘{name}’ is a parameter and cannot change within a phase.", clamp.span, hint)
        case _:
            return None


def _role(clamp: Clamp, network: Network) -> Role:
    block = next(p.block for p in network.populations if p.name == clamp.population)
    variable = block.variable(clamp.name)
    return variable.role if variable is not None else Role.CLAMPED


def _in_time(value: Expr) -> bool:
    return any(node == Special("t") for node in walk(value))


class Stage:
    """The engine of a run and what the present phase does to it. `engine` may change when a parameter is held."""

    def __init__(self, network: Network, observer: Observer, rebuild: Rebuild) -> None:
        self._network = network
        self._observer = observer
        self._rebuild = rebuild
        self._held: tuple[Clamp, ...] = ()
        self._before: dict[tuple[str, str], Values] = {}
        self._plastic = {p.name: p.rules for p in network.projections}

    @property
    def every_step(self) -> bool:
        """Whether something has to be set before each step."""
        return bool(self._held)

    def enter(self, phase: Phase) -> None:
        """Begin a phase."""
        self._observer.engine.switch_rules({name: not _is_off(name, rules, phase.rules_off) for name, rules in self._plastic.items()})
        parameters = [c for c in phase.clamps if _role(c, self._network) in (Role.PARAMETER, Role.GIVEN)]
        self._set_parameters({(c.population, c.name): self._observer.value(c.value) for c in parameters})
        others = [c for c in phase.clamps if c not in parameters]
        self._held = tuple(c for c in others if _in_time(c.value) or _role(c, self._network) is Role.STATE)
        for clamp in others:
            self._hold(clamp)

    def hold(self) -> None:
        """Before each step of a phase that asks for it."""
        for clamp in self._held:
            self._hold(clamp)

    def settle(self) -> None:
        """After each step: what flows did to a held state is undone."""
        for clamp in self._held:
            if _role(clamp, self._network) is Role.STATE:
                self._hold(clamp)

    def leave(self, phase: Phase) -> None:
        """End a phase: sources fall silent and parameters return."""
        for clamp in phase.clamps:
            if _role(clamp, self._network) is Role.CLAMPED:
                self._observer.engine.write(clamp.population, clamp.name, 0.0)
        self._held = ()
        self._set_parameters(self._before)
        self._before = {}

    def _hold(self, clamp: Clamp) -> None:
        self._observer.engine.write(clamp.population, clamp.name, self._observer.value(clamp.value))

    def _set_parameters(self, values: dict[tuple[str, str], Values]) -> None:
        """Kernels have parameters built in (propagators, hazards), so another engine goes on from the same state."""
        changed = {key: v for key, v in values.items() if not np.array_equal(self._parameter(key), v)}
        if not changed:
            return
        engine = self._observer.engine
        for (population, name), value in changed.items():
            parameters = engine.instance.populations[population].parameters
            self._before.setdefault((population, name), parameters[name])
            parameters[name] = np.broadcast_to(value, np.shape(parameters[name])).copy() if np.ndim(parameters[name]) else value
        self._observer.engine = self._rebuild(engine.instance, engine.snapshot())

    def _parameter(self, key: tuple[str, str]) -> Values:
        return self._observer.instance.populations[key[0]].parameters[key[1]]


def _is_off(projection: str, rules: tuple[str, ...], off: tuple[str, ...] | None) -> bool:
    """Whether `rules off` (all) or `rules off for …` (by rule or projection) silences this projection."""
    if off is None:
        return False
    return not off or projection in off or any(rule in off for rule in rules)
