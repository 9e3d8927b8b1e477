"""What a phase changes while it lasts: values that are held, and rules that are off.

Comes in: the phases of a checked experiment. The `Stage` of a run enters and leaves them: a source that nothing holds gives 0, a held state is
set before every step, a held parameter gets back its value when the phase ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from plasticdsl.model.expr import Expr, Number, Special, walk
from plasticdsl.model.model import Clamp, Network, Phase, Role
from plasticdsl.runtime.engine import Engine
from plasticdsl.runtime.observer import Observer
from plasticdsl.runtime.settings import Place
from plasticdsl.runtime.sides import Settings

#: From the parameters that are held, and the engine so far, to an engine that goes on from there with these parameters.
Rebuild = Callable[[Settings, Engine], Engine]


def _role(clamp: Clamp, network: Network) -> Role:
    block = next(p.block for p in network.populations if p.name == clamp.population)
    variable = block.variable(clamp.name)
    return variable.role if variable is not None else Role.CLAMPED


def _in_time(value: Expr) -> bool:
    return any(node == Special("t") for node in walk(value))


class Stage:
    """What the present phase does to the network that `observer` reads; its engine is replaced when other parameters are held."""

    def __init__(self, network: Network, observer: Observer, rebuild: Rebuild) -> None:
        self._network = network
        self._observer = observer
        self._rebuild = rebuild
        self._held: tuple[Clamp, ...] = ()
        self._parameters: dict[Place, float | NDArray[np.float64]] = {}
        self._plastic = {p.name: p.rules for p in network.projections}

    @property
    def every_step(self) -> bool:
        """Whether something has to be set before each step."""
        return bool(self._held)

    def enter(self, phase: Phase) -> None:
        """Begin a phase."""
        parameters = [c for c in phase.clamps if _role(c, self._network) in (Role.PARAMETER, Role.GIVEN)]
        self._hold_parameters({(c.population, c.name): self._like_before(c) for c in parameters})
        self._observer.engine.switch_rules({name: not _is_off(name, rules, phase.rules_off) for name, rules in self._plastic.items()})
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
        """End a phase: sources fall silent. Parameters return when the next phase begins."""
        for clamp in phase.clamps:
            if _role(clamp, self._network) is Role.CLAMPED:
                self._observer.engine.write(clamp.population, clamp.name, 0.0)
        self._held = ()

    def _hold(self, clamp: Clamp) -> None:
        self._observer.engine.write(clamp.population, clamp.name, self._observer.value(clamp.value))

    def _like_before(self, clamp: Clamp) -> float | NDArray[np.float64]:
        """The value to hold, one for each unit where the parameter has one for each."""
        value = self._observer.value(clamp.value)
        before = self._observer.variable(clamp.population, clamp.name)
        return value if isinstance(before, float) else np.array(np.broadcast_to(value, before.shape))

    def _hold_parameters(self, wanted: dict[Place, float | NDArray[np.float64]]) -> None:
        """Much depends on parameters (propagators, other parameters), so another network goes on from the same state."""
        same = wanted.keys() == self._parameters.keys() and all(np.array_equal(v, self._parameters[k]) for k, v in wanted.items())
        if not same:
            self._observer.engine = self._rebuild(
                {k: Number(v) if isinstance(v, float) else v for k, v in wanted.items()}, self._observer.engine
            )
            self._parameters = wanted


def _is_off(projection: str, rules: tuple[str, ...], off: tuple[str, ...] | None) -> bool:
    """Whether `rules off` (all) or `rules off for …` (by rule or projection) silences this projection."""
    if off is None:
        return False
    return not off or projection in off or any(rule in off for rule in rules)
