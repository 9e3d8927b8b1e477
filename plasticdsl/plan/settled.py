"""How the connections of a projection flow where nobody looks at them in every step: what decays, and what drifts (`passes.settle`)."""

from __future__ import annotations

from dataclasses import dataclass

from plasticdsl.model.expr import Expr
from plasticdsl.plan.places import Place


@dataclass(frozen=True, slots=True)
class Push:
    """c_ij A dt in each step. `decay`: c, which decays; "" for 1. `rate`: A, the same for all connections of a unit of `place`."""

    decay: str
    rate: Expr
    place: Place


@dataclass(frozen=True, slots=True)
class Drift:
    """A variable that changes by the sum of its pushes. `held`: it stands still while rules are off."""

    name: str
    pushes: tuple[Push, ...]
    held: bool


@dataclass(frozen=True, slots=True)
class Decay:
    """A variable that is multiplied by the same number in each step. `held`: it stands still while rules are off."""

    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """All that flows in the connections of a projection."""

    decays: tuple[Decay, ...]
    drifts: tuple[Drift, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all its variables: drifts first, which are settled by decays as they are kept."""
        return (*(d.name for d in self.drifts), *(d.name for d in self.decays))
