"""At which event a pair of lag 0 is counted.

F is given by cases, and one case decides lag 0. If the value there is the limit of F from above (the formula of a pre spike that came first),
the tie is counted with the post spike; otherwise, the formula of a post spike that came first or a value of its own, with the pre spike.
Where weights are bounded or F depends on them this is of consequence, because w is bounded after each event.

The limit is compared for arbitrary values of all names, not for those of the model, so that the answer belongs to the text: F(0) and F(10⁻¹² s)
must agree to 10⁻⁶ wherever they are tried.
"""

from __future__ import annotations

import random

import numpy as np

from plasticdsl.model import Block, PairRule, Trigger
from plasticdsl.model.expr import Expr, Ref, Special, substitute, walk
from plasticdsl.symbolic.algebra import written_out
from plasticdsl.symbolic.numeric import evaluate

TRIALS = 8
NEARLY_ZERO = 1e-12  # s
AGREEMENT = 1e-6


def tie_side(rule: PairRule, block: Block) -> Trigger:
    """POST or PRE: the event that counts the tie of a rule on a connection block."""
    increment = substitute(rule.increment, written_out(block.definitions))
    return Trigger.POST if all(_continuous_from_above(increment, trial) for trial in range(TRIALS)) else Trigger.PRE


def _continuous_from_above(increment: Expr, trial: int) -> bool:
    numbers = random.Random(trial)
    names = {node for node in walk(increment) if isinstance(node, Ref | Special)}
    values: dict[Expr, float] = {name: numbers.uniform(0.5, 2.0) for name in sorted(names, key=str)}
    at_zero, above = (evaluate(increment, values | {Special("lag"): lag}) for lag in (0.0, NEARLY_ZERO))
    return bool(np.isclose(at_zero, above, rtol=AGREEMENT, atol=0.0, equal_nan=True))
