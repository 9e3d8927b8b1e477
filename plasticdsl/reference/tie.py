"""At which event a pair of lag 0 is counted.

F is given by cases, and one case decides lag 0. If the value there is the limit of F from above (the formula of a pre spike that came first),
the tie is counted with the post spike; otherwise, the formula of a post spike that came first or a value of its own, with the pre spike.
Where weights are bounded or F depends on them this is of consequence, because w is bounded after each event.

The limit is compared for arbitrary values of all names, not for those of the model, so that the answer belongs to the text: F(0) and F(10⁻¹² s)
must agree to 10⁻⁶ wherever they are tried.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticdsl.model.expr import Expr, Ref, Special, refs, walk
from plasticdsl.model.model import Block, PairRule, Trigger
from plasticdsl.model.owners import Whose
from plasticdsl.reference.evaluate import Array, evaluate

TRIALS = 8
NEARLY_ZERO = 1e-12  # s
AGREEMENT = 1e-6


def tie_side(rule: PairRule, block: Block) -> Trigger:
    """POST or PRE: the event that counts the tie of a rule on a connection block."""
    return Trigger.POST if all(_continuous_from_above(rule.increment, block, trial) for trial in range(TRIALS)) else Trigger.PRE


def _continuous_from_above(increment: Expr, block: Block, trial: int) -> bool:
    numbers = random.Random(trial)
    definitions = block.definitions
    values = {name: numbers.uniform(0.5, 2.0) for name in sorted(_names(increment, definitions))}
    at_zero = float(evaluate(increment, _Anything(0.0, values, definitions)))
    above = float(evaluate(increment, _Anything(NEARLY_ZERO, values, definitions)))
    return bool(np.isclose(at_zero, above, rtol=AGREEMENT, atol=0.0, equal_nan=True))


def _names(expr: Expr, definitions: Mapping[str, Expr]) -> set[str]:
    found = {f"special {node.name}" for node in walk(expr) if isinstance(node, Special)}
    for ref in refs(expr):
        inner = definitions.get(ref.name) if ref.owner is Whose.OWN else None
        if inner is None:
            found.add(ref.path)
        else:
            found |= _names(inner, definitions)
    return found


@dataclass(frozen=True, slots=True)
class _Anything:
    """A scope of made-up values."""

    lag: float
    values: Mapping[str, float]
    definitions: Mapping[str, Expr]

    def ref(self, ref: Ref) -> Array:
        """The made-up value; definitions are followed."""
        inner = self.definitions.get(ref.name) if ref.owner is Whose.OWN else None
        if inner is None:
            return np.asarray(self.values[ref.path])
        return evaluate(inner, self)

    def at_grid_time(self) -> _Anything:
        """There are no stages here."""
        return self

    def incoming(self, body: Expr) -> Array:
        """Pairs of spikes know no sums."""
        raise KeyError("a pair of spikes has no sum over connections")

    def special(self, name: str) -> Array:
        """The lag, or a made-up value."""
        return np.asarray(self.lag if name == "lag" else self.values[f"special {name}"])
